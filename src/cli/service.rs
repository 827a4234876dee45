//! The programs that use settings: `service`.

use super::session::Session;
use super::terms::{Noted, Recorded};
use super::{ask, complete};
use crate::api::Outcome;
use crate::api::service::{
    AdoptService, CheckServices, DisableService, EnableService, ListServices, ProbeServices, RestartService,
    ShowService, SyncServices,
};
use crate::domain::error::{Error, Result};
use clap::{Args, Subcommand};

/// The programs that use settings: how they stand, and what is done to them beside bringing a change to them.
///
/// The manifest says under `services` how each gets its settings, is told of them, and is asked what it runs with.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl service list
  cfgctl service check web
  cfgctl service sync --all-behind --reason \"After the outage\"
  cfgctl service restart web --reason \"Port of change 41\"")]
pub(crate) struct Service {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// List the services and how they stand
    List(List),
    /// Show one service in full
    Show(Show),
    /// Prove that what the manifest says of services can be carried out
    Check(Check),
    /// Give services what is in force
    Sync(Sync),
    /// Replace files that something else wrote
    Adopt(Adopt),
    /// Ask services whether they are well
    Health(Health),
    /// Restart a service, and see that it runs with everything
    Restart(Restart),
    /// Deliver nothing to a service
    Disable(Disable),
    /// Deliver to a service again
    Enable(Enable),
}

impl Service {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::List(_) => {
                let reply = session.read(ListServices {})?;
                session.answer(&reply)
            }
            Action::Show(action) => {
                let reply = session.read(ShowService { name: action.name })?;
                session.answer(&reply)
            }
            Action::Check(action) => {
                let reply = session.read_at_length(CheckServices { names: action.names }, "checking")?;
                session.answer(&reply)
            }
            Action::Sync(action) => action.run(session),
            Action::Adopt(action) => action.run(session),
            Action::Health(action) => {
                let reply = session.read_at_length(ProbeServices { names: action.names }, "asking")?;
                session.answer(&reply)
            }
            Action::Restart(action) => action.run(session),
            Action::Disable(action) => {
                let dry_run = action.recorded.dry_run;
                let request =
                    DisableService { name: action.name, reason: action.recorded.reason(session)?, dry_run };
                let reply = session.write_unless(dry_run, request)?;
                session.answer(&reply)
            }
            Action::Enable(action) => {
                let Enable { name, sync, recorded } = action;
                let dry_run = recorded.dry_run;
                let request = EnableService { name, sync, reason: recorded.reason(session)?, dry_run };
                let reply = session.write_unless(dry_run, request)?;
                session.answer(&reply)
            }
        }
    }
}

/// List the services, instance by instance, as they were left. Asks none of them.
///
/// A service is behind where the values that it was given are not those in force. Written, reloaded and verified are
/// three facts, each with its time.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl service list
  cfgctl service list -o json")]
struct List {}

/// Show one service: what it uses, how it is dealt with, how each instance stands.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl service show web
  cfgctl service show web -o json")]
struct Show {
    /// The service
    #[arg(add = complete::services())]
    name: String,
}

/// Prove that what the manifest says of services can be carried out, before it is needed. Exit 1 where it cannot.
///
/// Renders what would be delivered, looks whose file stands there, lets the check look at the new one beside it, sees
/// that the service could be told, asks it what it runs with and whether it is well. Nothing is written or told.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl service check
  cfgctl service check web -o json")]
struct Check {
    /// Only these services
    #[arg(value_name = "NAME", add = complete::services())]
    names: Vec<String>,
}

/// Give services what is in force, tell them, and see that they run with it. No change, and harmless to repeat.
///
/// Exit 13 where it was given and is not verified at every service, 7 where nothing could be delivered.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl service sync web --reason \"Its folder was restored\"
  cfgctl service sync --all-behind --reason \"After the outage\" --dry-run")]
struct Sync {
    /// These services; all where none is named
    #[arg(value_name = "NAME", add = complete::services())]
    names: Vec<String>,
    /// Only those that are behind, failed, or were never given anything
    #[arg(long)]
    all_behind: bool,
    #[command(flatten)]
    recorded: Recorded,
}

impl Sync {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let Sync { names, all_behind, recorded } = self;
        let dry_run = recorded.dry_run;
        let request = SyncServices { names, all_behind, reason: recorded.reason(session)?, dry_run };
        let reply = session.write_unless(dry_run, request)?;
        session.answer(&reply)
    }
}

/// Replace files that something else wrote: shows what would change, asks, and gives the service what is in force.
///
/// A file that another instance of cfgctl wrote asks for that instance's name: --answer NAME.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl service adopt web --dry-run
  cfgctl service adopt web --reason \"From now on by cfgctl\" --yes")]
struct Adopt {
    /// The service
    #[arg(add = complete::services())]
    name: String,
    #[command(flatten)]
    noted: Noted,
}

impl Adopt {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let Adopt { name, noted: Noted { reason, dry_run } } = self;
        if !dry_run && !session.prompts.may_ask() && !session.options.yes {
            return Err(Error::usage("Without a terminal nobody can look at what would be replaced.").hint(
                format!(
                    "See it: cfgctl service adopt {name} --dry-run; then say so: cfgctl service adopt {name} --yes"
                ),
            ));
        }
        let request = AdoptService { name, reason, expect: None, dry_run };
        match ask::first_by_name(session, request, "Replace it?")? {
            Some(reply) => session.answer(&reply),
            None => Ok(Outcome::No),
        }
    }
}

/// Ask services whether they are well, and for their figures. Exit 1 where one is not. Records nothing.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl service health
  cfgctl service health web -o json")]
struct Health {
    /// Only these services
    #[arg(value_name = "NAME", add = complete::services())]
    names: Vec<String>,
}

/// Restart a service, instance by instance, and see that it runs with everything that it was given.
///
/// Gives it first what is in force, where it is behind. Refused outside the windows that the changes ask for that wait
/// for this restart. Where it is verified, the restart is recorded for them; where not, exit 13.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl service restart web --reason \"Port of change 41\"
  cfgctl service restart web --instance web-2 --reason \"It hangs\"
  cfgctl service restart web --reason \"It cannot wait\" --force")]
struct Restart {
    /// The service
    #[arg(add = complete::services())]
    name: String,
    /// Only this instance
    #[arg(long, value_name = "INSTANCE")]
    instance: Option<String>,
    /// Whatever windows and freezes say; it is recorded
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    recorded: Recorded,
}

impl Restart {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let Restart { name, instance, force, recorded } = self;
        let dry_run = recorded.dry_run;
        let request = RestartService { name, instance, force, reason: recorded.reason(session)?, dry_run };
        let reply = session.write_unless(dry_run, request)?;
        session.answer(&reply)
    }
}

/// Deliver nothing to a service until it is enabled again.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl service disable web --reason \"Rebuilt until Monday\"
  cfgctl service enable web --sync --reason \"Rebuilt\"")]
struct Disable {
    /// The service
    #[arg(add = complete::services())]
    name: String,
    #[command(flatten)]
    recorded: Recorded,
}

/// Deliver to a service again.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl service enable web --sync --reason \"Rebuilt\"")]
struct Enable {
    /// The service
    #[arg(add = complete::services())]
    name: String,
    /// Give it at once what is in force
    #[arg(long)]
    sync: bool,
    #[command(flatten)]
    recorded: Recorded,
}
