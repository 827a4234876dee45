//! Versions: the list, one with what it held, and what was done to one.

use super::facts::Facts;
use super::table::{Field, table};
use super::{Render, Style, words};
use crate::api::version::{
    ListVersionsReply, PruneVersionsReply, ShowVersionReply, VersionReply, VersionView,
};

/// So many digits of a content hash name it in a list; `rollback --hash` takes them.
const SHORT_HASH: usize = 12;

impl Render for ListVersionsReply {
    fn table(&self, style: &Style) -> String {
        let row = |view: &VersionView| -> [Field; 6] {
            [
                view.version.into(),
                style.time(view.created_at).into(),
                (&view.created_by).into(),
                view.config_hash.get(..SHORT_HASH).unwrap_or(&view.config_hash).into(),
                marks(view).into(),
                (&view.description).into(),
            ]
        };
        table(["VERSION", "TIME", "BY", "HASH", "TAGS", "DESCRIPTION"], self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|view| view.version.to_string()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "No such versions.", self.next.as_deref())
    }
}

/// Its tags, and `baseline` in brackets where it is one.
fn marks(view: &VersionView) -> String {
    let mut marks = view.tags.clone();
    if view.is_baseline {
        marks.push("(baseline)".to_owned());
    }
    marks.join(", ")
}

fn facts(view: &VersionView, style: &Style) -> Facts {
    let mut facts = Facts::default();
    facts.add("Version", view.version.to_string());
    facts.add("Made", format!("by {}, {}", view.created_by, style.time(view.created_at)));
    facts.add("About", &view.description);
    let marks = marks(view);
    facts.maybe("Tags", (!marks.is_empty()).then_some(marks));
    facts.maybe("Parent", view.parent.map(|parent| parent.to_string()));
    facts.maybe("Change", view.change.as_ref());
    facts.add("Hash", &view.config_hash);
    facts.add("Effective", &view.effective_hash);
    facts
}

impl Render for ShowVersionReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = facts(&self.version, style);
        facts.add("Base", &self.base_hash);
        facts.add("Overrides", words::thousands(self.items.len() as u64));
        let values = self.items.iter().map(|item| [(&item.path).into(), words::value(&item.value).into()]);
        let values = table(["PATH", "VALUE"], values, style);
        let gap = if values.is_empty() { "" } else { "\n" };
        format!("{}{gap}{values}", facts.text(style))
    }

    fn names(&self) -> Vec<String> {
        vec![self.version.version.to_string()]
    }
}

impl Render for VersionReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = facts(&self.version, style);
        facts.maybe("Audit", self.audit_head.as_ref());
        let head = if self.dry_run { "Would become:\n" } else { "" };
        format!("{head}{}", facts.text(style))
    }

    fn names(&self) -> Vec<String> {
        vec![self.version.version.to_string()]
    }
}

impl Render for PruneVersionsReply {
    fn table(&self, style: &Style) -> String {
        let what = if self.dry_run { "Would remove" } else { "Removed" };
        let (versions, rows) =
            (words::count(self.removed, "version"), words::count(self.history_removed, "history row"));
        let mut facts = Facts::default();
        facts.add(what, format!("{versions}, {rows}"));
        facts.add("History", format!("begins after version {}", self.floor));
        let kept: Vec<String> = self.kept.iter().map(i64::to_string).collect();
        facts.maybe(
            "Kept",
            (!kept.is_empty()).then(|| format!("{} (tags and baselines)", words::list(&kept))),
        );
        facts.maybe("Audit", self.audit_head.as_ref());
        facts.text(style)
    }

    fn raw(&self) -> Option<String> {
        Some(self.removed.to_string())
    }

    fn names(&self) -> Vec<String> {
        self.kept.iter().map(i64::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;
    use insta::assert_snapshot;
    use serde_json::json;

    #[test]
    fn versions_are_listed_with_their_tags() {
        let items = vec![
            samples::version(9),
            VersionView { tags: vec![], is_baseline: false, ..samples::version(8) },
        ];
        let reply = ListVersionsReply { items, next: None };
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        VERSION  TIME                  BY   HASH          TAGS                       DESCRIPTION
        9        2026-11-21 09:30:05Z  ann  aaaaaaaaaaaa  before-launch, (baseline)  people are logged out
        8        2026-11-21 09:30:05Z  ann  aaaaaaaaaaaa  -                          people are logged out
        ");
        assert_eq!(reply.names(), ["9", "8"]);
        assert!(reply.remarks(&Style::PLAIN).is_empty());
    }

    #[test]
    fn a_version_shows_what_it_held_and_its_hashes() {
        let reply = ShowVersionReply {
            version: samples::version(9),
            base_hash: "0".repeat(64),
            items: samples::values(&[("server.port", json!(5051))]).items,
        };
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        Version    9
        Made       by ann, 2026-11-21 09:30:05Z
        About      people are logged out
        Tags       before-launch, (baseline)
        Parent     8
        Change     01JD0000000000000000000000
        Hash       aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        Effective  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
        Base       0000000000000000000000000000000000000000000000000000000000000000
        Overrides  1

        PATH         VALUE
        server.port  5051
        ");
    }

    #[test]
    fn pruning_says_what_went_and_what_stayed() {
        let reply = PruneVersionsReply {
            dry_run: true,
            removed: 1200,
            history_removed: 1,
            floor: 90,
            kept: vec![12, 40],
            audit_head: None,
        };
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        Would remove  1,200 versions, 1 history row
        History       begins after version 90
        Kept          12, 40 (tags and baselines)
        ");
    }
}
