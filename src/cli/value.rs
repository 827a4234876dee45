//! Reading values: `get`, `explain`, `blame`.

use super::complete;
use super::session::Session;
use crate::api::secret::Reveal;
use crate::api::value::{self, GetReply, Layer, ValueView};
use crate::api::{Outcome, version};
use crate::domain::error::{Code, Error, Result};
use crate::domain::path::Path;
use crate::domain::value::read_untyped;
use crate::output::{self, Format};
use clap::Args;

/// Show values: of one path bare, of prefixes and sections as a list, and everything where nothing is named.
///
/// The value shown is the one in force: the strongest layer's. A path that nobody set and nothing defaults is exit 3.
#[derive(Args, Default, PartialEq)]
#[command(after_help = "\
Examples:
  cfgctl get session_timeout_minutes
  cfgctl get server database.pool -o yaml
  cfgctl get --section server --layer override
  cfgctl get server.port --at 2026-11-20T18:00:00Z
  timeout=$(cfgctl get session_timeout_minutes --default 30)
  password=$(cfgctl get database.password --reveal)")]
pub(crate) struct Get {
    /// Paths and prefixes
    #[arg(value_name = "PATH", add = complete::paths())]
    paths: Vec<String>,
    /// Only this section; \"\" is the top level
    #[arg(long, value_name = "SECTION")]
    section: Option<String>,
    /// As of a version, a tag or a time
    #[arg(long, value_name = "VERSION|TAG|TIME", add = complete::versions())]
    at: Option<String>,
    /// Only what this layer says: override, default, a source, or base for all below the overrides
    #[arg(long, value_name = "LAYER", add = complete::layers())]
    layer: Option<String>,
    /// The value where the path has none
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    default: Option<String>,
    /// Show a secret itself, opened or fetched from where it is kept. For operators and above, and on record
    #[arg(long, conflicts_with_all = ["section", "layer", "default"], requires = "paths")]
    reveal: bool,
}

impl Get {
    /// Of one path, with nothing else said.
    pub(crate) fn of_path(path: &str) -> Get {
        Get { paths: vec![path.to_owned()], ..Get::default() }
    }

    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        if self.default.is_some() && self.paths.len() != 1 {
            return Err(Error::usage("--default is for one path.").hint("cfgctl get PATH --default VALUE"));
        }
        if self.reveal {
            let reply = session.write(Reveal { paths: self.paths.clone(), at: self.at })?;
            if session.format == Format::Table && output::is_one_revealed(&reply, &self.paths) {
                session.format = Format::Raw;
            }
            return session.answer(&reply);
        }
        let request =
            value::Get { paths: self.paths.clone(), section: self.section, at: self.at, layer: self.layer };
        let reply = match (session.read(request), self.default) {
            (Err(error), Some(default)) if error.code == Code::NotFound => {
                only(&self.paths, &default, session)?
            }
            (reply, _) => reply?,
        };
        if session.format == Format::Table && output::is_one_value(&reply, &self.paths) {
            session.format = Format::Raw;
        }
        session.answer(&reply)
    }
}

/// The answer that a default makes up.
fn only(paths: &[String], default: &str, session: &mut Session) -> Result<GetReply> {
    let path = Path::parse(&paths.concat())?;
    let newest = session.read(version::ListVersions { limit: Some(1), ..Default::default() })?;
    Ok(GetReply {
        format: value::VALUES_FORMAT.to_owned(),
        version: newest.items.first().map_or(0, |newest| newest.version),
        items: vec![ValueView { path, value: read_untyped(default)?, layer: Layer::Default }],
    })
}

/// Show every layer's value of one path, which wins, who set it and why, and what the path touches.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl explain server.port
  cfgctl explain server.port -o json")]
pub(crate) struct Explain {
    /// The path
    #[arg(add = complete::paths())]
    path: String,
}

impl Explain {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(value::Explain { path: self.path })?;
        session.answer(&reply)
    }
}

/// Show who set each override, when and why.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl blame
  cfgctl blame server")]
pub(crate) struct Blame {
    /// Only below this prefix
    #[arg(add = complete::paths())]
    prefix: Option<String>,
}

impl Blame {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(value::Blame { prefix: self.prefix })?;
        session.answer(&reply)
    }
}
