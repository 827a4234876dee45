//! Where overrides differ from their base, and the two ways to end that: `drift`.

use super::session::Session;
use super::terms::Noted;
use super::wait::Waiting;
use super::{ask, complete};
use crate::api::change::{Input, ItemSpec, MakeChange, Terms};
use crate::api::drift::{AdoptDrift, FindDrift, FindServiceDrift, Status};
use crate::api::{Outcome, Reply};
use crate::domain::change::Kind;
use crate::domain::error::{Error, Result};
use crate::output::Unified;
use clap::Args;

/// Show where overrides differ from what lies below them: exit 1 where one does that is not meant to.
///
/// The base is what the last reload resolved; no source is opened unless --fresh asks for it. What the manifest's
/// drift.ignore or --ignore names is shown as suppressed and does not count; an override that says what its base says
/// is redundant. --services looks at what the services run with instead, by asking them now. --revert takes overrides away; --adopt writes their values into the source's file first.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl drift
  cfgctl drift server -o json
  cfgctl drift --fresh --unified --ignore 'features.*'
  cfgctl drift --services
  cfgctl drift --adopt server.port --reason \"It proved itself\" --dry-run
  cfgctl drift --revert server --reason \"Back to what the file says\"")]
#[command(group = clap::ArgGroup::new("act").requires("names"))]
pub(crate) struct Drift {
    /// Only this section, path, or what lies below it; \"\" is the top level
    #[arg(value_name = "SECTION|PATH", add = complete::paths())]
    names: Vec<String>,
    /// What is meant to differ, for this one look: a path, all below one as server.*, or *
    #[arg(long, value_name = "PATTERN")]
    ignore: Vec<String>,
    /// Also read the sources, and show where they say something else than at the last reload
    #[arg(long, conflicts_with = "act")]
    fresh: bool,
    /// Ask the services what they run with, and show where that is not what is in force
    #[arg(long, conflicts_with_all = ["act", "fresh", "ignore", "unified"])]
    services: bool,
    /// As a unified diff
    #[arg(short = 'U', long, conflicts_with = "act")]
    unified: bool,
    /// Write the values of these paths into their source's file, and take the overrides away
    #[arg(long, group = "act", conflicts_with = "ignore")]
    adopt: bool,
    /// Take these overrides away; of a section or prefix, those that drift
    #[arg(long, group = "act")]
    revert: bool,
    /// With --adopt: the source that is to say it
    #[arg(long, value_name = "NAME", requires = "adopt", add = complete::sources())]
    source: Option<String>,
    #[command(flatten)]
    noted: Noted,
    /// The ticket it belongs to
    #[arg(long, value_name = "TICKET", requires = "act")]
    ticket: Option<String>,
    #[command(flatten)]
    waiting: Waiting,
}

impl Drift {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        if self.adopt || self.revert {
            return self.act(session);
        }
        if self.noted.reason.is_some() || self.noted.dry_run {
            return Err(Error::usage("--reason and --dry-run are for --adopt and --revert.")
                .hint("Looking writes nothing: cfgctl drift"));
        }
        let Drift { names, ignore, fresh, unified, services, .. } = self;
        if services {
            let reply = session.read_at_length(FindServiceDrift { names }, "asking")?;
            return session.answer(&reply);
        }
        let reply = session.read_at_length(FindDrift { names, ignore, fresh }, "comparing")?;
        if !unified {
            return session.answer(&reply);
        }
        let outcome = reply.outcome();
        session.print(&Unified(reply))?;
        Ok(outcome)
    }

    fn act(self, session: &mut Session) -> Result<Outcome> {
        let Drift { names, ignore, adopt, source, noted: Noted { reason, dry_run }, ticket, waiting, .. } =
            self;
        let reason = match reason {
            None if dry_run => "dry run".to_owned(),
            given => session.prompts.reason(given)?,
        };
        let terms = Terms { id: session.new_id()?, reason, ticket, dry_run, ..Terms::default() };
        if adopt {
            let reply = session.write_unless(dry_run, AdoptDrift { paths: names, source, terms })?;
            return session.answer(&reply);
        }
        let items = reverted(session, names, ignore)?;
        if items.is_empty() {
            session.say("Nothing drifts there.");
            return Ok(Outcome::Unchanged);
        }
        let request = MakeChange { kind: Kind::Unset, items, terms };
        match ask::first(session, request, "Take these overrides away?")? {
            Some(reply) => waiting.answer(session, reply),
            None => Ok(Outcome::No),
        }
    }
}

/// The overrides that are named: each path that has one, and of what is no path itself whatever drifts below it.
fn reverted(session: &mut Session, names: Vec<String>, ignore: Vec<String>) -> Result<Vec<ItemSpec>> {
    let mut paths = Vec::new();
    for name in names {
        let look = FindDrift { names: vec![name.clone()], ignore: ignore.clone(), fresh: false };
        let found = session.read(look)?.items;
        let is_itself = found.iter().any(|item| item.path.as_str() == name);
        let meant = found.into_iter().filter(|item| match is_itself {
            true => item.path.as_str() == name,
            false => item.status == Status::Drift,
        });
        paths.extend(meant.map(|item| item.path.to_string()));
    }
    paths.sort();
    paths.dedup();
    Ok(paths.into_iter().map(|path| ItemSpec { path, input: Input::Unset }).collect())
}
