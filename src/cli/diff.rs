//! Comparing two states: `diff`.

use super::context_file::Contexts;
use super::place::Because;
use super::session::Session;
use super::{complete, input};
use crate::api::Outcome;
use crate::api::diff::{self, Side};
use crate::api::value::Get;
use crate::domain::document::{self, Format};
use crate::domain::error::{Error, Result};
use crate::domain::value::Value;
use clap::Args;
use std::path::{Path, PathBuf};

/// Show what differs between two states: exit 1 where something does.
///
/// A state is a version, a tag, a backup's name, `base` (what the layers below the overrides say), `effective`, a
/// context (what is effective in its store), or a file: a backup, or a document, of which only the paths it names are
/// compared. Where one state is named it is compared with the overrides as they are, a context with what is effective
/// here; where none is, or one of these two alone, `base` with `effective`. Where a name is both a tag's and a context's, write tag:NAME or
/// context:NAME. Secrets of two stores are never compared.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl diff
  cfgctl diff 12
  cfgctl diff known-good 15 --path server
  cfgctl diff context:staging context:production
  cfgctl diff -f peak.yaml
  cfgctl diff 12 ./config_backup_full_20261121_093005.json")]
pub(crate) struct Diff {
    /// The former state
    #[arg(add = complete::versions())]
    a: Option<String>,
    /// The latter state
    #[arg(conflicts_with = "file", add = complete::versions())]
    b: Option<String>,
    /// A document or backup as the latter state; - is standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Only this path, or what lies below it
    #[arg(long = "path", value_name = "PATH", add = complete::paths())]
    paths: Vec<String>,
}

impl Diff {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let (a, b) = match (self.a, self.b, self.file) {
            (None, None, None) => (Side::Named("base".to_owned()), Side::Named("effective".to_owned())),
            (None, _, Some(file)) => (Side::Current, from_file(&file)?),
            (Some(a), _, Some(file)) => (side(session, a)?, from_file(&file)?),
            (Some(a), Some(b), None) => (side(session, a)?, side(session, b)?),
            (Some(a), None, None) => match side(session, a)? {
                context @ Side::Context { .. } => (context, Side::Named("effective".to_owned())),
                Side::Named(layers) if is_of_layers(&layers) => {
                    (Side::Named("base".to_owned()), Side::Named("effective".to_owned()))
                }
                a => (a, Side::Current),
            },
            (None, Some(b), None) => (Side::Current, side(session, b)?),
        };
        let reply = session.read(diff::Diff { a, b, paths: self.paths })?;
        session.answer(&reply)
    }
}

fn side(session: &Session, named: String) -> Result<Side> {
    if let Some(name) = named.strip_prefix("context:") {
        return of_context(session, name, false);
    }
    let path = Path::new(&named);
    if is_file_name(&named) && path.exists() {
        return from_file(path);
    }
    if may_be_context(&named) && Contexts::load()?.all().any(|(name, ..)| name == named) {
        return of_context(session, &named, true);
    }
    Ok(Side::Named(named))
}

/// Whether a name is that of a state with all layers, of which the overrides alone are a part.
fn is_of_layers(named: &str) -> bool {
    matches!(named, "base" | "effective")
}

/// Whether a bare name may be a context's: what names a state of every store is that state.
fn may_be_context(named: &str) -> bool {
    !is_of_layers(named) && !named.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is effective in a context's store, which is only read and closed again.
fn of_context(session: &Session, name: &str, bare: bool) -> Result<Side> {
    let place = Contexts::load()?.place(name, Because::ContextNamed)?;
    let values = session.ask_elsewhere(&place, Get::default())?.items;
    let values = values.into_iter().map(|item| (item.path, item.value)).collect();
    Ok(Side::Context { name: name.to_owned(), bare, values })
}

fn is_file_name(named: &str) -> bool {
    named.contains('/') || Format::of_name(named).is_some()
}

fn from_file(file: &Path) -> Result<Side> {
    let given = input::read(file)?;
    let name = given.name.clone();
    let document = document::read(&given.bytes, Format::of_name(&name), &name)?;
    if is_backup(&document) {
        return Ok(Side::Backup { name, content: given.text()? });
    }
    if document.is_null() {
        return Err(Error::invalid(format!("{name} is empty.")));
    }
    Ok(Side::Document { name, document })
}

/// Whether a document is a backup file (requirement P6), ours or the former system's.
fn is_backup(document: &Value) -> bool {
    document.get("configurations").is_some_and(Value::is_object) && document.get("timestamp").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_slash_or_an_ending_makes_a_file_name() {
        for (named, is_file) in [
            ("12", false),
            ("known-good", false),
            ("v1.2", false),
            ("./12", true),
            ("peak.yaml", true),
            ("a.JSON", true),
        ] {
            assert_eq!(is_file_name(named), is_file, "{named}");
        }
    }

    #[test]
    fn what_names_a_state_of_every_store_is_no_context() {
        for (named, may_be) in
            [("staging", true), ("v12", true), ("12", false), ("base", false), ("effective", false)]
        {
            assert_eq!(may_be_context(named), may_be, "{named}");
        }
    }

    #[test]
    fn a_backup_is_known_by_its_two_members() {
        for (document, backup) in [
            (json!({"timestamp": "2024-01-15T10:30:00", "configurations": {}}), true),
            (json!({"configurations": {"a": 1}}), false),
            (json!({"timestamp": 1, "configurations": 2}), false),
            (json!([]), false),
        ] {
            assert_eq!(is_backup(&document), backup, "{document}");
        }
    }
}
