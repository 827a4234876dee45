//! How the instance stands: `status`, `doctor`.

use super::session::Session;
use crate::api::Outcome;
use crate::api::status;
use crate::domain::error::{Code, Result};
use clap::Args;

/// Show how the instance stands: who you are here, the version, what waits, and what needs attention.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl status
  cfgctl status -o json")]
pub(crate) struct Status {}

impl Status {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(status::Status {})?;
        session.answer(&reply)
    }
}

/// Look the store over: the file, the chain, the hashes, the rows, permissions and space. Exit 9 where it is broken.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl doctor
  cfgctl doctor -o json")]
pub(crate) struct Doctor {}

impl Doctor {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = match session.read_at_length(status::Doctor {}, "looking the store over") {
            // A store too damaged to be asked is what doctors are called for.
            Err(error) if error.code == Code::Integrity => status::DoctorReply::broken(error.message),
            other => other?,
        };
        session.answer(&reply)
    }
}
