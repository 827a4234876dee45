//! What was due and what became of it.

use super::color::Paint;
use super::table::{Field, or_dash, table};
use super::{Render, Style, words};
use crate::api::confirm::{Chore, SettleReply, Settled};

impl Render for SettleReply {
    fn table(&self, style: &Style) -> String {
        let row = |item: &Settled| -> [Field; 5] {
            let paint = match item.result.as_str() {
                "failed" => Paint::Red,
                "held" | "rolled-back" => Paint::Yellow,
                _ => Paint::Plain,
            };
            [
                item.change.into(),
                (&item.duty).into(),
                style.time(item.due_at).into(),
                Field::painted(&item.result, paint),
                or_dash(
                    item.problem
                        .clone()
                        .or_else(|| item.rollback.map(|number| format!("by change {number}"))),
                ),
            ]
        };
        let duties = table(["CHANGE", "DUTY", "DUE", "RESULT", "ABOUT"], self.items.iter().map(row), style);
        let chore = |chore: &Chore| -> [Field; 4] {
            let paint = if chore.problem.is_some() { Paint::Red } else { Paint::Plain };
            [
                (&chore.what).into(),
                chore.up_to.into(),
                Field::painted(&chore.result, paint),
                chore.problem.clone().unwrap_or_else(|| chore.in_words()).into(),
            ]
        };
        let chores = self.housekeeping.iter().map(chore);
        let chores = table(["HOUSEKEEPING", "UP TO", "RESULT", "ABOUT"], chores, style);
        let gap = if duties.is_empty() || chores.is_empty() { "" } else { "\n" };
        format!("{duties}{gap}{chores}")
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.id.clone()).collect()
    }

    fn remarks(&self, style: &Style) -> Vec<String> {
        let mut remarks =
            words::about_list(self.items.len() + self.housekeeping.len(), "Nothing is due.", None);
        remarks.extend(self.next.map(|at| format!("The next falls due at {}.", style.time(at))));
        remarks
    }
}

impl Chore {
    /// What it came to, or would come to.
    fn in_words(&self) -> String {
        let went = if self.result == "due" { "would go" } else { "went" };
        match self.what.as_str() {
            "versions" => format!(
                "{} and {} {went}",
                words::count(self.removed, "version"),
                words::count(self.history_removed, "history row"),
            ),
            "audit" => format!("{} {went}", words::count(self.removed, "entry")),
            _ => format!("version {}", self.up_to),
        }
    }
}
