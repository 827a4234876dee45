//! What was due and what became of it.

use super::color::Paint;
use super::table::{Field, or_dash, table};
use super::{Render, Style, words};
use crate::api::confirm::{SettleReply, Settled};

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
        table(["CHANGE", "DUTY", "DUE", "RESULT", "ABOUT"], self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.id.clone()).collect()
    }

    fn remarks(&self, style: &Style) -> Vec<String> {
        let mut remarks = words::about_list(self.items.len(), "Nothing is due.", None);
        remarks.extend(self.next.map(|at| format!("The next falls due at {}.", style.time(at))));
        remarks
    }
}
