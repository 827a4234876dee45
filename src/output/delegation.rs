//! Who may approve in whose place.

use super::facts::Facts;
use super::table::{Field, table};
use super::{Render, Style, words};
use crate::api::delegation::{DelegateReply, DelegationView, ListDelegationsReply};

impl Render for DelegateReply {
    fn table(&self, style: &Style) -> String {
        let DelegationView { member, to, until, reason, state, .. } = &self.delegation;
        let mut facts = Facts::default();
        let head = match (self.dry_run, state.as_str()) {
            (true, "active") => format!("{to} would approve in {member}'s place"),
            (false, "active") => format!("{to} may approve in {member}'s place"),
            (true, _) => format!("{to} would no longer approve in {member}'s place"),
            (false, _) => format!("{to} no longer approves in {member}'s place"),
        };
        facts.add("Delegation", head);
        if state == "active" {
            facts.add("Until", style.time(*until));
        }
        facts.add("Reason", reason);
        facts.maybe("Audit", self.audit_head.as_ref());
        facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        vec![self.delegation.number.to_string()]
    }
}

impl Render for ListDelegationsReply {
    fn table(&self, style: &Style) -> String {
        let row = |view: &DelegationView| -> [Field; 7] {
            [
                view.number.into(),
                (&view.member).into(),
                (&view.to).into(),
                style.time(view.since).into(),
                style.time(view.until).into(),
                (&view.state).into(),
                (&view.reason).into(),
            ]
        };
        table(
            ["NUMBER", "MEMBER", "TO", "SINCE", "UNTIL", "STATE", "REASON"],
            self.items.iter().map(row),
            style,
        )
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|view| view.number.to_string()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "Nobody approves in somebody else's place.", None)
    }
}
