//! Backups: made, listed, looked into, verified, pruned.

use super::color::Paint;
use super::facts::Facts;
use super::table::{Field, or_dash, table};
use super::{Render, Style, words};
use crate::api::backup::{
    BackupReply, BackupView, ListBackupsReply, PruneBackupsReply, ShowBackupReply, VerifyBackupsReply,
};
use crate::domain::value::Value;

impl Render for ListBackupsReply {
    fn table(&self, style: &Style) -> String {
        let row = |view: &BackupView| -> [Field; 8] {
            [
                (&view.name).into(),
                (&view.scope).into(),
                style.time(view.created_at).into(),
                (&view.created_by).into(),
                view.version.into(),
                or_dash(view.change),
                view.paths.into(),
                words::size(view.size).into(),
            ]
        };
        let header = ["NAME", "SCOPE", "TIME", "BY", "VERSION", "CHANGE", "PATHS", "SIZE"];
        table(header, self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|view| view.name.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "No backups.", self.next.as_deref())
    }
}

fn facts(view: &BackupView, style: &Style) -> Facts {
    let mut facts = Facts::default();
    facts.add("Backup", &view.name);
    let what = view.change.map_or_else(|| view.scope.clone(), |change| format!("before change {change}"));
    let paths = words::count(u64::try_from(view.paths).unwrap_or_default(), "path");
    facts.add("Holds", format!("version {}: {paths}, {} ({what})", view.version, words::size(view.size)));
    let automatic = if view.automatic { ", by itself" } else { "" };
    facts.add("Made", format!("by {}, {}{automatic}", view.created_by, style.time(view.created_at)));
    facts.maybe("Checksum", (!view.checksum.is_empty()).then_some(&view.checksum));
    facts
}

impl Render for BackupReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = facts(&self.backup, style);
        facts.maybe("Audit", self.audit_head.as_ref());
        let head = if self.dry_run { "Would write:\n" } else { "" };
        format!("{head}{}", facts.text(style))
    }

    fn names(&self) -> Vec<String> {
        vec![self.backup.name.clone()]
    }
}

impl Render for ShowBackupReply {
    fn table(&self, style: &Style) -> String {
        let member = |key: &str| self.document.get(key);
        let saved = member("configurations").and_then(Value::as_object).into_iter().flatten();
        let absent =
            member("absent").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let text =
            |saved: &Value, key: &str| saved.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut rows: Vec<(&str, [Field; 4])> = saved
            .map(|(path, saved)| {
                let value = saved.get("value").map(words::value);
                (
                    path.as_str(),
                    [
                        path.into(),
                        or_dash(value),
                        text(saved, "updated_by").into(),
                        text(saved, "updated_at").into(),
                    ],
                )
            })
            .chain(absent.map(|path| (path, [path.into(), "(not set)".into(), "-".into(), "-".into()])))
            .collect();
        rows.sort_by_key(|(path, _)| *path);
        let values = table(["PATH", "VALUE", "BY", "TIME"], rows.into_iter().map(|(_, row)| row), style);
        let gap = if values.is_empty() { "" } else { "\n" };
        format!("{}{gap}{values}", facts(&self.backup, style).text(style))
    }

    fn names(&self) -> Vec<String> {
        vec![self.backup.name.clone()]
    }
}

impl Render for VerifyBackupsReply {
    fn table(&self, style: &Style) -> String {
        let rows = self.items.iter().map(|check| {
            let (word, paint) = if check.ok { ("holds", Paint::Green) } else { ("broken", Paint::Alarm) };
            [(&check.name).into(), Field::painted(word, paint), or_dash(check.problem.as_ref())]
        });
        table(["NAME", "RESULT", "PROBLEM"], rows, style)
    }

    /// The broken ones.
    fn names(&self) -> Vec<String> {
        self.items.iter().filter(|check| !check.ok).map(|check| check.name.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "No backups.", None)
    }
}

impl Render for PruneBackupsReply {
    fn table(&self, style: &Style) -> String {
        let what = if self.dry_run { "Would remove" } else { "Removed" };
        let mut facts = Facts::default();
        facts.add(what, words::count(self.removed.len() as u64, "backup"));
        facts.all("", &self.removed);
        facts.all(
            if self.dry_run { "Would forget" } else { "Forgotten" },
            self.lost.iter().map(|name| format!("{name}: its file is gone")),
        );
        facts.all("Kept", self.kept.iter().map(|kept| format!("{}: {}", kept.name, kept.because)));
        facts.maybe("Audit", self.audit_head.as_ref());
        facts.text(style)
    }

    fn raw(&self) -> Option<String> {
        Some(self.removed.join("\n"))
    }

    fn names(&self) -> Vec<String> {
        self.removed.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::backup::{BackupCheck, KeptBackup};
    use crate::output::samples;
    use insta::assert_snapshot;
    use serde_json::json;

    #[test]
    fn backups_are_listed_by_file_name() {
        let full = BackupView { scope: "full".into(), change: None, automatic: false, ..samples::backup() };
        let reply = ListBackupsReply { items: vec![samples::backup(), full], next: None };
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        NAME                                          SCOPE   TIME                  BY   VERSION  CHANGE  PATHS  SIZE
        config_backup_change_12_20261121_093005.json  change  2026-11-21 09:30:05Z  ann  8        12      1      512 B
        config_backup_change_12_20261121_093005.json  full    2026-11-21 09:30:05Z  ann  8        -       1      512 B
        ");
        assert_eq!(reply.names()[0], samples::BACKUP);
    }

    #[test]
    fn a_backup_shows_what_it_holds_and_what_was_not_set() {
        let saved = json!({"value": "5050", "data_type": "string", "updated_at": "2026-11-20T08:00:00.000Z", "updated_by": "ann"});
        let document = json!({"absent": ["a.new", "z.new"], "configurations": {"server.port": saved}});
        let reply = ShowBackupReply { backup: samples::backup(), document };
        assert_snapshot!(reply.table(&Style::PLAIN), @r#"
        Backup    config_backup_change_12_20261121_093005.json
        Holds     version 8: 1 path, 512 B (before change 12)
        Made      by ann, 2026-11-21 09:30:05Z, by itself
        Checksum  cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc

        PATH         VALUE      BY   TIME
        a.new        (not set)  -    -
        server.port  "5050"     ann  2026-11-20T08:00:00.000Z
        z.new        (not set)  -    -
        "#);
    }

    #[test]
    fn verifying_names_the_broken_ones() {
        let check = |name: &str, problem: Option<&str>| BackupCheck {
            name: name.to_owned(),
            ok: problem.is_none(),
            problem: problem.map(str::to_owned),
        };
        let reply = VerifyBackupsReply {
            items: vec![check("a.json", None), check("b.json", Some("The checksum differs."))],
        };
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        NAME    RESULT  PROBLEM
        a.json  holds   -
        b.json  broken  The checksum differs.
        ");
        assert_eq!(reply.names(), ["b.json"]);
    }

    #[test]
    fn pruning_names_what_went_and_why_others_stay() {
        let kept = vec![KeptBackup { name: "c.json".into(), because: "it is of a baseline".into() }];
        let reply = PruneBackupsReply {
            dry_run: false,
            removed: vec!["a.json".into(), "b.json".into()],
            kept,
            lost: vec!["d.json".into()],
            audit_head: None,
        };
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        Removed    2 backups
                   a.json
                   b.json
        Forgotten  d.json: its file is gone
        Kept       c.json: it is of a baseline
        ");
    }
}
