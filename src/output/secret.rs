//! Keys and what they seal.

use super::facts::Facts;
use super::table::{Field, table};
use super::value::values;
use super::{Render, Style, words};
use crate::api::secret::{
    FindingView, ForgetReply, KeygenReply, RevealReply, RotateReply, ScanReply, SealReply,
};
use crate::domain::path::Path;
use crate::domain::value::bare;

impl Render for KeygenReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        facts.add("Key", &self.key);
        facts.add("File", &self.file);
        facts.maybe("Audit", self.audit_head.as_ref());
        facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        vec![self.key.clone()]
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        vec![format!(
            "Keep a copy of {} elsewhere, apart from every backup: without it no secret opens again.",
            self.file
        )]
    }
}

impl Render for RotateReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        facts.maybe("Key", self.key.as_ref());
        facts.add("Older keys", words::list(&self.older));
        let to_do = if self.change.dry_run { "Would seal" } else { "Sealed anew" };
        facts
            .add(to_do, format!("{}, {}", count(self.overrides, "override"), count(self.base, "base value")));
        let facts = facts.text(style);
        if self.change.change.is_none() { facts } else { format!("{}{facts}", self.change.table(style)) }
    }

    fn names(&self) -> Vec<String> {
        self.change.names()
    }

    fn remarks(&self, style: &Style) -> Vec<String> {
        self.change.remarks(style)
    }
}

impl Render for ForgetReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = Facts::default();
        facts.add(if self.dry_run { "Would forget" } else { "Forgotten" }, &self.key);
        facts.add("Left", words::list(&self.left));
        facts.maybe("Audit", self.audit_head.as_ref());
        facts.text(style)
    }

    fn names(&self) -> Vec<String> {
        vec![self.key.clone()]
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        vec![format!("What history and backups hold that {} sealed does not open without it.", self.key)]
    }
}

/// Whether the answer is the value of the one whole path asked for, which is printed bare.
pub fn is_one_revealed(reply: &RevealReply, asked: &[String]) -> bool {
    let path = |asked: &String| Path::parse(asked).ok();
    matches!((asked, reply.items.as_slice()), ([asked], [item]) if path(asked).as_ref() == Some(&item.path))
}

impl Render for RevealReply {
    fn table(&self, style: &Style) -> String {
        values(&self.items, style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.path.to_string()).collect()
    }

    fn raw(&self) -> Option<String> {
        match self.items.as_slice() {
            [item] => Some(bare(&item.value)),
            _ => None,
        }
    }
}

impl Render for SealReply {
    fn table(&self, _style: &Style) -> String {
        format!("{}\n", self.sealed)
    }

    fn names(&self) -> Vec<String> {
        vec![self.path.to_string()]
    }

    fn raw(&self) -> Option<String> {
        Some(self.sealed.clone())
    }
}

impl Render for ScanReply {
    fn table(&self, style: &Style) -> String {
        if self.items.is_empty() {
            return "Nothing stands in the clear.\n".to_owned();
        }
        let row = |found: &FindingView| -> [Field; 5] {
            let inside =
                if found.pointer.is_empty() { String::new() } else { format!(" at {}", found.pointer) };
            [
                (&found.place).into(),
                format!("{}{inside}", found.path).into(),
                (&found.kind).into(),
                found.bytes.into(),
                (&found.why).into(),
            ]
        };
        table(["PLACE", "PATH", "KIND", "BYTES", "WHY"], self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|found| found.path.to_string()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        let mut remarks = vec![format!("{} looked at.", count(self.checked, "value"))];
        if self.allowed > 0 {
            remarks.push(format!("{} allowed by the manifest.", count(self.allowed, "finding")));
        }
        remarks
    }
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
