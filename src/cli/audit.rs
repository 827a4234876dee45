//! The audit log: `audit list`, `verify`, `export`.

use super::session::Session;
use super::terms::Page;
use super::{complete, csv};
use crate::api::Outcome;
use crate::api::audit::{ListAudit, ListAuditReply, VerifyAudit};
use crate::domain::error::{Error, Result};
use crate::domain::value::Value;
use crate::output::{Format, escape};
use clap::{Args, Subcommand};

/// The audit log: every write, refusal and reveal, in a hash chain.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl audit list --since 1d
  cfgctl audit verify --full
  cfgctl audit export > audit.ndjson")]
pub(crate) struct Audit {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// List entries, the newest first
    List(List),
    /// Verify the chain
    Verify(Verify),
    /// Write out entries, the oldest first
    Export(Export),
}

impl Audit {
    /// Whether it writes out an export.
    pub(crate) fn exports(&self) -> bool {
        matches!(self.action, Action::Export(_))
    }

    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::List(action) => action.run(session),
            Action::Verify(action) => action.run(session),
            Action::Export(action) => action.run(session),
        }
    }
}

/// Which entries.
#[derive(Args, Clone)]
struct Chosen {
    /// Only since this time, or for so long
    #[arg(long, value_name = "TIME|DURATION")]
    since: Option<String>,
    /// Only until this time, or so long ago
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<String>,
    /// Only by this member
    #[arg(long, value_name = "MEMBER", add = complete::members())]
    by: Option<String>,
    /// Only this action
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
}

impl Chosen {
    fn request(self, session: &Session) -> Result<ListAudit> {
        Ok(ListAudit {
            since: session.moment_of(self.since)?,
            until: session.moment_of(self.until)?,
            by: self.by,
            action: self.action,
            ..ListAudit::default()
        })
    }
}

/// List entries, the newest first.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl audit list --limit 20
  cfgctl audit list --by alice --since 7d -o json")]
struct List {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    page: Page,
}

impl List {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let Page { limit, after } = self.page;
        let request = ListAudit { limit, after, ..self.chosen.request(session)? };
        let reply = session.read(request)?;
        session.answer(&reply)
    }
}

/// Verify the chain of entries: exit 9 where it does not hold, naming the first broken entry.
///
/// Whoever can rewrite the whole file can rewrite the chain: compare with a head that was printed or sent elsewhere.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl audit verify
  cfgctl audit verify --full
  cfgctl audit verify --head \"$(cat head-of-last-night)\"")]
struct Verify {
    /// A head seen earlier: the chain must still contain it
    #[arg(long, value_name = "SEQ:HASH")]
    head: Option<String>,
    /// Verify also every row that the entries vouch for
    #[arg(long)]
    full: bool,
}

impl Verify {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read_at_length(VerifyAudit { head: self.head, full: self.full }, "verifying")?;
        session.answer(&reply)
    }
}

/// Write out entries, the oldest first: one JSON object a line, or CSV.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl audit export > audit.ndjson
  cfgctl audit export --csv --since 2026-01-01T00:00:00Z > audit.csv
  cfgctl audit export -o json")]
struct Export {
    #[command(flatten)]
    chosen: Chosen,
    /// Write CSV
    #[arg(long)]
    csv: bool,
}

/// How many entries are held at once.
const PAGE: u32 = 1000;

const COLUMNS: [&str; 14] = [
    "seq",
    "at",
    "actor",
    "proof",
    "origin",
    "program",
    "action",
    "target",
    "outcome",
    "detail",
    "rows",
    "prev_hash",
    "hash",
    "identity_asserted",
];

impl Export {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let mut request =
            ListAudit { oldest_first: true, limit: Some(PAGE), ..self.chosen.request(session)? };
        if !self.csv && matches!(session.format, Format::Json | Format::Yaml) {
            return whole(session, request);
        }
        let csv = self.csv || session.format == Format::Csv;
        if !csv && matches!(session.format, Format::Raw | Format::Md) {
            return Err(Error::usage(
                "raw and md are not for this export: it is JSON lines, CSV, JSON or YAML.",
            )
            .hint("cfgctl audit export -o csv"));
        }
        if csv {
            session.print_text(&csv::line(COLUMNS.iter().copied()))?;
        }
        loop {
            let page = session.read(request.clone())?;
            let mut text = String::new();
            for entry in entries(&page)? {
                if csv {
                    let field = |column: &&str| entry.get(*column).map_or_else(String::new, csv::text);
                    text.push_str(&csv::line(COLUMNS.iter().map(field)));
                } else {
                    text.push_str(&escape::json(&entry.to_string()));
                    text.push('\n');
                }
            }
            let is_read = session.print_text(&text)?;
            match page.next {
                Some(next) if is_read => request.after = Some(next),
                _ => return Ok(Outcome::Done),
            }
        }
    }
}

/// The entries as JSON objects, each with whether identity is only asserted on this store.
fn entries(page: &ListAuditReply) -> Result<Vec<Value>> {
    let entry = |entry| {
        let mut value = serde_json::to_value(entry).map_err(|error| Error::internal(error.to_string()))?;
        value["identity_asserted"] = Value::from(page.identity_asserted);
        Ok(value)
    };
    page.items.iter().map(entry).collect()
}

/// One object with all entries.
fn whole(session: &mut Session, mut request: ListAudit) -> Result<Outcome> {
    let mut reply = session.read(request.clone())?;
    while let Some(next) = reply.next.take() {
        request.after = Some(next);
        let page = session.read(request.clone())?;
        reply.items.extend(page.items);
        reply.next = page.next;
    }
    session.answer(&reply)
}
