//! Keys and secrets: `secret`.

use super::change::value_text;
use super::session::Session;
use super::terms::Writing;
use super::{complete, document, input};
use crate::api::Outcome;
use crate::api::secret::{Forget, Rotate, Scan, ScanDocument, Seal};
use crate::domain::error::Result;
use crate::output::Format;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// The key that secrets are sealed with, and what it seals.
///
/// A setting that the manifest marks `secret: true` holds a reference to where its value is kept, or the value itself,
/// sealed with the key in $CFGCTL_KEY_FILE or, where that is not set, in the file STORE.key beside the store.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl secret keygen
  cfgctl secret rotate --reason \"Once a year\"
  cfgctl secret scan peak.yaml")]
pub(crate) struct Secret {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// Make the key file
    Keygen(Keygen),
    /// Seal everything with a new key, or forget an old one
    Rotate(Rotating),
    /// Seal one value, for a document
    Seal(Sealing),
    /// Look for credentials in the clear
    Scan(Scanning),
}

impl Secret {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::Keygen(_) => {
                let reply = session.keygen()?;
                session.answer(&reply)
            }
            Action::Rotate(action) => action.run(session),
            Action::Seal(action) => action.run(session),
            Action::Scan(action) => action.run(session),
        }
    }
}

/// Make the key file, where there is none. It is never part of a backup: keep a copy elsewhere.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl secret keygen
  CFGCTL_KEY_FILE=/etc/cfgctl/key cfgctl secret keygen")]
struct Keygen {}

/// Make a new key and seal with it whatever is in force, as one change. For owners and admins.
///
/// Older keys stay in the file, because history and backups hold what they sealed; one of them is forgotten with
/// --forget, once nothing in force is sealed with it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl secret rotate --reason \"Once a year\"
  cfgctl secret rotate --forget 1a2b3c4d --reason \"It was on a lost laptop\"")]
struct Rotating {
    /// Forget this key instead: what history holds of it never opens again
    #[arg(long, value_name = "KEY")]
    forget: Option<String>,
    #[command(flatten)]
    writing: Writing,
}

impl Rotating {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let terms = self.writing.terms(session)?;
        let dry_run = terms.dry_run;
        match self.forget {
            Some(key) => {
                let reply = session.write_unless(dry_run, Forget { key, reason: terms.reason, dry_run })?;
                session.answer(&reply)
            }
            None => {
                let reply = session.write_unless(dry_run, Rotate { terms })?;
                session.answer(&reply)
            }
        }
    }
}

/// Print a value sealed for a path, for a document that is applied later. Nothing is changed.
///
/// The value is read from standard input, or from a file. What is printed opens for this path of this store alone.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl secret seal database.password < password
  cfgctl secret seal database.password --value-file password")]
struct Sealing {
    /// The path
    #[arg(add = complete::paths())]
    path: String,
    /// Read the value from a file
    #[arg(long, value_name = "FILE")]
    value_file: Option<PathBuf>,
}

impl Sealing {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let given = match self.value_file {
            Some(file) => input::read(&file)?,
            None => input::read_standard_input()?,
        };
        let reply = session.read(Seal { path: self.path, text: value_text(given)? })?;
        if session.format == Format::Table {
            session.format = Format::Raw;
        }
        session.answer(&reply)
    }
}

/// Look for credentials in the clear: in the values in force, the base and the defaults, and in files beside them. Exit 1
/// where there are any; no value is ever printed.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl secret scan
  cfgctl secret scan peak.yaml app.properties
  cfgctl secret scan -o json")]
struct Scanning {
    /// Documents to look into beside the store
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Scanning {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let read = |file: &PathBuf| {
            Ok(ScanDocument { name: file.display().to_string(), content: document::read(file)? })
        };
        let documents = self.files.iter().map(read).collect::<Result<_>>()?;
        let reply = session.read(Scan { documents })?;
        session.answer(&reply)
    }
}
