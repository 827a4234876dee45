//! What happened to the values, a line a path and version.

use super::color::Paint;
use super::table::{Field, or_dash, table};
use super::{Render, Style, words};
use crate::api::history::{HistoryReply, HistoryView};

impl Render for HistoryReply {
    fn table(&self, style: &Style) -> String {
        let row = |view: &HistoryView| -> [Field; 8] {
            [
                view.version.into(),
                style.time(view.at).into(),
                (&view.by).into(),
                operation(view),
                (&view.path).into(),
                or_dash(view.before.as_ref().map(words::value)),
                or_dash(view.after.as_ref().map(words::value)),
                (&view.reason).into(),
            ]
        };
        let header = ["VERSION", "TIME", "BY", "OPERATION", "PATH", "BEFORE", "AFTER", "REASON"];
        table(header, self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        let mut versions: Vec<String> = self.items.iter().map(|view| view.version.to_string()).collect();
        versions.dedup();
        versions
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "No such history.", self.next.as_deref())
    }
}

/// What was done to the path; an emergency stands out.
fn operation(view: &HistoryView) -> Field {
    if view.emergency {
        return Field::painted(format!("{} (emergency)", view.operation), Paint::Yellow);
    }
    match (&view.layer, &view.origin) {
        (Some(layer), Some(origin)) => format!("{} ({layer}, {origin})", view.operation).into(),
        (Some(layer), None) => format!("{} ({layer})", view.operation).into(),
        (None, _) => (&view.operation).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;
    use insta::assert_snapshot;

    #[test]
    fn history_reads_from_left_to_right() {
        assert_snapshot!(samples::history().table(&Style::PLAIN), @"
        VERSION  TIME                  BY   OPERATION  PATH         BEFORE  AFTER  REASON
        9        2026-11-21 09:30:05Z  ann  UPDATE     server.port  5050    5051   the old port is taken
        8        2026-11-21 09:30:05Z  ann  CREATE     server.port  -       5050   the old port is taken
        ");
        assert_eq!(samples::history().names(), ["9", "8"]);
    }
}
