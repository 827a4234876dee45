//! Maintenance mode: `maintenance`. Turning it on and off are ordinary changes of `maintenance.enabled`.

use super::change::make;
use super::session::Session;
use super::terms::Changing;
use super::value::Get;
use super::wait::Waiting;
use crate::api::Outcome;
use crate::api::change::{Input, ItemSpec};
use crate::domain::change::Kind;
use crate::domain::error::Result;
use crate::domain::value::Value;
use clap::{Args, Subcommand};

/// The setting that says whether maintenance mode is on.
const PATH: &str = "maintenance.enabled";

/// Maintenance mode: whether users see the maintenance page instead of the application.
///
/// It is the value of `maintenance.enabled`, changed like any other: validated, classified, approved, on record.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl maintenance on --reason \"Database upgrade\" --confirm-within 30m
  cfgctl maintenance status
  cfgctl maintenance off --reason \"Upgrade done\"")]
pub(crate) struct Maintenance {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// Turn it on
    On(On),
    /// Turn it off
    Off(Off),
    /// Show whether it is on
    Status(Status),
}

/// Turn maintenance mode on.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl maintenance on --reason \"Database upgrade\"
  cfgctl maintenance on --reason \"Database upgrade\" --confirm-within 30m")]
struct On {
    #[command(flatten)]
    changing: Changing,
    #[command(flatten)]
    waiting: Waiting,
}

/// Turn maintenance mode off.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl maintenance off --reason \"Upgrade done\"")]
struct Off {
    #[command(flatten)]
    changing: Changing,
    #[command(flatten)]
    waiting: Waiting,
}

/// Show whether maintenance mode is on.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl maintenance status
  test \"$(cfgctl maintenance status)\" = true && echo closed")]
struct Status {}

impl Maintenance {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let set = |session: &mut Session, on: bool, changing, waiting: &Waiting| {
            let items = vec![ItemSpec { path: PATH.to_owned(), input: Input::Json(Value::Bool(on)) }];
            make(session, Kind::Set, items, changing, waiting)
        };
        match self.action {
            Action::On(On { changing, waiting }) => set(session, true, changing, &waiting),
            Action::Off(Off { changing, waiting }) => set(session, false, changing, &waiting),
            Action::Status(_) => Get::of_path(PATH).run(session),
        }
    }
}
