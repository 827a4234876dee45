//! The audit log: its entries, and whether the chain holds.

use super::color::Paint;
use super::facts::Facts;
use super::table::{Field, table};
use super::{Render, Style, escape, words};
use crate::api::audit::{AuditView, ListAuditReply, VerifyAuditReply};

impl Render for ListAuditReply {
    fn table(&self, style: &Style) -> String {
        let row = |view: &AuditView| -> [Field; 8] {
            let paint = if view.outcome == "refused" { Paint::Yellow } else { Paint::Plain };
            [
                view.seq.into(),
                style.time(view.at).into(),
                (&view.actor).into(),
                (&view.proof).into(),
                (&view.origin).into(),
                (&view.action).into(),
                (&view.target).into(),
                Field::painted(&view.outcome, paint),
            ]
        };
        let header = ["SEQ", "TIME", "ACTOR", "PROOF", "ORIGIN", "ACTION", "TARGET", "OUTCOME"];
        table(header, self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|view| view.seq.to_string()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        let asserted =
            "Identity on this store is asserted: whoever can write its file could have forged these names.";
        let mut remarks = words::about_list(self.items.len(), "No such entries.", self.next.as_deref());
        if self.identity_asserted && !self.items.is_empty() {
            remarks.insert(0, asserted.to_owned());
        }
        remarks
    }
}

impl Render for VerifyAuditReply {
    fn table(&self, style: &Style) -> String {
        let head = if self.ok {
            Paint::Green.on("The chain holds", style)
        } else {
            Paint::Alarm.on("The chain does not hold", style)
        };
        let mut facts = Facts::default();
        facts.all("Broken", &self.problems);
        facts.add("Verified", words::count(u64::try_from(self.entries).unwrap_or_default(), "entry"));
        facts.maybe(
            "Begins",
            (self.begins_after > 0)
                .then(|| format!("after entry {}; older ones were pruned", self.begins_after)),
        );
        facts.add("Head", &self.head);
        format!("{head}\n{}", facts.text(style))
    }

    fn names(&self) -> Vec<String> {
        vec![escape::line(&self.head).into_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;
    use insta::assert_snapshot;
    use serde_json::Value;

    #[test]
    fn entries_say_who_did_what_and_whether_it_was_refused() {
        let entry = AuditView {
            seq: 14,
            at: samples::at("2026-11-21T09:30:05Z"),
            actor: "ann".into(),
            proof: "uid:1000".into(),
            origin: "local".into(),
            program: "0.1.0".into(),
            action: "change.MakeChange".into(),
            target: "server.port\n".into(),
            outcome: "refused".into(),
            detail: Value::Null,
            rows: String::new(),
            prev_hash: String::new(),
            hash: String::new(),
        };
        let reply = ListAuditReply { identity_asserted: true, items: vec![entry], next: Some("14".into()) };
        assert_snapshot!(reply.table(&Style::PLAIN), @r"
        SEQ  TIME                  ACTOR  PROOF     ORIGIN  ACTION             TARGET         OUTCOME
        14   2026-11-21 09:30:05Z  ann    uid:1000  local   change.MakeChange  server.port\n  refused
        ");
        assert_eq!(reply.names(), ["14"]);
        assert_snapshot!(reply.remarks(&Style::PLAIN).join("\n"), @"
        Identity on this store is asserted: whoever can write its file could have forged these names.
        There is more: --after 14
        ");
    }

    #[test]
    fn a_broken_chain_names_the_first_broken_entry_first() {
        let problems = vec!["Entry 7 has been altered.".to_owned(), "Entry 9 is missing.".to_owned()];
        let mut reply =
            VerifyAuditReply { ok: false, entries: 6, begins_after: 8, head: "14:3f9c".into(), problems };
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        The chain does not hold
        Broken    Entry 7 has been altered.
                  Entry 9 is missing.
        Verified  6 entries
        Begins    after entry 8; older ones were pruned
        Head      14:3f9c
        ");
        (reply.ok, reply.problems) = (true, vec![]);
        assert!(reply.table(&Style::PLAIN).starts_with("The chain holds\n"));
    }
}
