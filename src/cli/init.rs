//! Making a store: `init`, and the default one at the first write.

use super::session::Session;
use super::{caller, machine, manifest};
use crate::api::Outcome;
use crate::api::manifest::CheckManifest;
use crate::domain::error::Result;
use crate::domain::manifest::STARTER;
use crate::domain::member::Caller;
use crate::engine::{self, InitReply};
use crate::output::{self, Render, Style};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Make a store, with its manifest and its owner: you.
///
/// Without a manifest the store begins with the starter manifest, which registers a few settings to try things with.
/// On a solo store one person's approval counts at every risk, and evidence and windows are advice.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl init --solo
  cfgctl init --store /srv/billing/config_overrides.db --manifest billing.yaml
  cfgctl init --manifest billing.yaml --dry-run")]
pub(crate) struct Init {
    /// The manifest; - is standard input
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// One person's store
    #[arg(long)]
    solo: bool,
    /// Only ask whether the manifest would be accepted
    #[arg(long)]
    dry_run: bool,
}

impl Init {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let text = match &self.manifest {
            Some(file) => manifest::text(file)?,
            None => STARTER.to_owned(),
        };
        if self.dry_run {
            let reply = session.ask_starter(CheckManifest { text, explain: false })?;
            return session.answer(&reply);
        }
        session.before_making()?;
        let place = session.place()?;
        let caller = caller::caller(session.options.token_file.as_deref())?;
        let made = engine::init(&place.store, &text, self.solo, machine::machine("engine")?, &caller)?;
        session.print(&Made(made))?;
        Ok(Outcome::Done)
    }
}

/// The answer to `init`.
#[derive(Serialize)]
#[serde(transparent)]
struct Made(InitReply);

impl Render for Made {
    fn table(&self, style: &Style) -> String {
        let Made(made) = self;
        output::initialised(&made.store, &made.instance, &made.owner, made.solo, made.settings, style)
    }

    fn names(&self) -> Vec<String> {
        vec![self.0.instance.clone()]
    }

    fn raw(&self) -> Option<String> {
        Some(self.0.store.clone())
    }
}

/// Makes the default store with the starter manifest; gives what to say about it.
pub(crate) fn make_default(store: &Path, caller: &Caller) -> Result<String> {
    let made = engine::init(store, STARTER, true, machine::machine("making")?, caller)?;
    Ok(format!(
        "There was no store yet: {} was made with the starter manifest. {} owns it, and it is solo: the owner's own \
         approval counts at every risk.",
        made.store, made.owner
    ))
}
