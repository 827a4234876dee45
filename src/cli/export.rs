//! All changes for auditors: `change-request export`.

use super::csv;
use super::session::Session;
use crate::api::Outcome;
use crate::api::export::{ExportRequests, ExportRequestsReply};
use crate::domain::error::{Error, Result};
use crate::output::{Format, escape, export};
use clap::Args;

/// How many changes are held at once.
const PAGE: u32 = 200;

/// Write out all changes with everything that is on record of them, the oldest first, numbered without gaps: who asked,
/// who approved and how they proved who they are, evidence with its hash, what was executed, emergencies, reviews.
///
/// As CSV unless -o says md, json, yaml or ndjson. In CSV a text that a spreadsheet could take for a formula begins with
/// an apostrophe.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl cr export --since 2026-01-01T00:00:00Z --until 2026-03-31T23:59:59Z > first-quarter.csv
  cfgctl cr export --since 90d -o md > changes.md
  cfgctl cr export -o json")]
pub(super) struct Export {
    /// Only changes made since this time, or for so long
    #[arg(long, value_name = "TIME|DURATION")]
    since: Option<String>,
    /// Only changes made until this time, or so long ago
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<String>,
}

impl Export {
    pub(super) fn run(self, session: &mut Session) -> Result<Outcome> {
        let (since, until) = (session.moment_of(self.since)?, session.moment_of(self.until)?);
        let mut request = ExportRequests { since, until, limit: Some(PAGE), after: None };
        match session.format {
            Format::Json | Format::Yaml => return whole(session, request),
            Format::Raw => {
                return Err(Error::usage("raw is for a single value, and an export is none.")
                    .hint("cfgctl change-request export -o csv"));
            }
            _ => {}
        }
        let mut first = true;
        loop {
            let page = session.read(request.clone())?;
            let text = text(session.format, &page, std::mem::take(&mut first))?;
            let is_read = session.print_text(&text)?;
            match page.next {
                Some(next) if is_read => request.after = Some(next),
                _ => return Ok(Outcome::Done),
            }
        }
    }
}

/// One page as text, with what comes before the first.
fn text(format: Format, page: &ExportRequestsReply, first: bool) -> Result<String> {
    let mut text = String::new();
    match format {
        Format::Md if first => text += &export::markdown_head(page.identity_asserted),
        Format::Table | Format::Csv if first => text += &csv::line(export::COLUMNS),
        _ => {}
    }
    for row in &page.items {
        match format {
            Format::Md => text += &export::markdown(row),
            Format::Name => text += &format!("{}\n", escape::json(&row.change.id)),
            Format::Ndjson => {
                let line = serde_json::to_string(row).map_err(|error| Error::internal(error.to_string()))?;
                text += &escape::json(&line);
                text.push('\n');
            }
            _ => text += &csv::line(export::fields(row)),
        }
    }
    Ok(text)
}

/// One object with all changes.
fn whole(session: &mut Session, mut request: ExportRequests) -> Result<Outcome> {
    let mut reply = session.read(request.clone())?;
    while let Some(next) = reply.next.take() {
        request.after = Some(next);
        let page = session.read(request.clone())?;
        reply.items.extend(page.items);
        reply.next = page.next;
    }
    session.answer(&reply)
}
