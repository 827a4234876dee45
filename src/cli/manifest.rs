//! What the instance governs: `manifest show`, `check`, `diff`, `apply`, `schema`, `draft`.

use super::session::Session;
use super::terms::Writing;
use super::{ask, document, input};
use crate::api::Outcome;
use crate::api::manifest::{ApplyManifest, CheckManifest, DiffManifest, ShowManifest};
use crate::domain::document::{Format as Language, read as yaml};
use crate::domain::error::{Error, Result};
use crate::domain::{draft, manifest};
use crate::output::Format;
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

/// The manifest: the one YAML document that says what this instance governs.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl manifest show > manifest.yaml
  cfgctl manifest check manifest.yaml
  cfgctl manifest apply manifest.yaml --reason \"Register the cache settings\"")]
pub(crate) struct Manifest {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// Show the manifest in force, or a former one
    Show(Show),
    /// Ask whether a manifest would be accepted
    Check(Check),
    /// Show what a manifest would change
    Diff(Diff),
    /// Put a manifest in force
    Apply(Apply),
    /// Show the JSON Schema of manifests
    Schema(Schema),
    /// Propose a manifest from existing configuration
    Draft(Draft),
}

impl Manifest {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::Show(action) => action.run(session),
            Action::Check(action) => action.run(session),
            Action::Diff(action) => action.run(session),
            Action::Apply(action) => action.run(session),
            Action::Schema(action) => action.run(session),
            Action::Draft(action) => action.run(session),
        }
    }
}

/// Show the manifest in force, or a former one, as it was given.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl manifest show > manifest.yaml
  cfgctl manifest show 3 -o json")]
struct Show {
    /// The number of a former one
    number: Option<i64>,
}

impl Show {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(ShowManifest { number: self.number })?;
        session.answer(&reply)
    }
}

/// Ask whether a manifest would be accepted here: every error with its line and path; exit 1 where not.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl manifest check manifest.yaml
  cfgctl manifest check manifest.yaml --explain
  cfgctl manifest draft app.yaml | cfgctl manifest check -")]
struct Check {
    /// The manifest; - is standard input
    file: PathBuf,
    /// Show for each rule what it does, with an example that fires it
    #[arg(long)]
    explain: bool,
}

impl Check {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(CheckManifest { text: text(&self.file)?, explain: self.explain })?;
        session.answer(&reply)
    }
}

/// Show what a manifest would change, part by part: exit 1 where something.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl manifest diff manifest.yaml")]
struct Diff {
    /// The manifest; - is standard input
    file: PathBuf,
}

impl Diff {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(DiffManifest { text: text(&self.file)? })?;
        session.answer(&reply)
    }
}

/// Put a manifest in force. That is the owner's, or the board's where the policy says so.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl manifest apply manifest.yaml --reason \"Register the cache settings\"
  cfgctl manifest apply manifest.yaml --dry-run")]
struct Apply {
    /// The manifest; - is standard input
    file: PathBuf,
    #[command(flatten)]
    writing: Writing,
}

impl Apply {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let text = text(&self.file)?;
        let terms = self.writing.terms(session)?;
        match ask::first(session, ApplyManifest { text, terms }, "Put this manifest in force?")? {
            Some(reply) => session.answer(&reply),
            None => Ok(Outcome::No),
        }
    }
}

/// Show the JSON Schema of manifests, for editors.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl manifest schema > manifest.schema.json")]
struct Schema {}

impl Schema {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let text = serde_json::to_string_pretty(&manifest::json_schema())
            .map_err(|error| Error::internal(error.to_string()))?;
        session.print_text(&(text + "\n"))?;
        Ok(Outcome::Done)
    }
}

/// Propose a manifest from existing configuration, for somebody to read and correct.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl manifest draft config/app.yaml config/local.toml > manifest.yaml
  cfgctl manifest draft app.json --instance billing-production")]
struct Draft {
    /// YAML, JSON, TOML, INI, properties or dotenv files; where several have a path, the last one's value counts
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The instance's name
    #[arg(long, value_name = "NAME", default_value = "local")]
    instance: String,
}

impl Draft {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let read = |file: &PathBuf| Ok((file.display().to_string(), document::read(file)?));
        let documents = self.files.iter().map(read).collect::<Result<Vec<_>>>()?;
        let draft::Draft { text, in_the_clear } = draft::draft(&documents, &self.instance)?;
        if session.format == Format::Json {
            let document = yaml(text.as_bytes(), Some(Language::Yaml), "the draft")?;
            let text = serde_json::to_string_pretty(&document)
                .map_err(|error| Error::internal(error.to_string()))?;
            session.print_text(&(text + "\n"))?;
        } else {
            session.print_text(&text)?;
        }
        if !in_the_clear.is_empty() {
            session.say(&format!("warning: {}.", draft::clear_in_words(in_the_clear.len())));
        }
        Ok(Outcome::Done)
    }
}

/// A manifest's text. One in another language than YAML is refused here, where the file's name says so.
pub(crate) fn text(file: &Path) -> Result<String> {
    let given = input::read(file)?;
    if let Some(other @ (Language::Toml | Language::Ini | Language::Properties | Language::Dotenv)) =
        Language::of_name(&given.name)
    {
        return Err(Error::usage(format!("{} is {other}; a manifest is YAML.", given.name)));
    }
    given.text()
}
