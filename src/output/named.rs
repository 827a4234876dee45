//! Commands as they are to be typed: where the store was named by a flag, they name it too.
//!
//! What must stay true: a command that is shown, typed as it stands, goes to the store that it was shown about.

use std::borrow::Cow;
use std::fmt::Write;

/// The commands that work on the store in question. What makes or names another one says so itself.
pub const COMMANDS: [&str; 37] = [
    "apply",
    "assess",
    "audit",
    "backup",
    "blame",
    "change-request",
    "confirm",
    "cr",
    "diff",
    "doctor",
    "drift",
    "edit",
    "emergency",
    "exec",
    "explain",
    "feature",
    "get",
    "history",
    "maintenance",
    "manifest",
    "member",
    "notify",
    "reload",
    "restore",
    "rollback",
    "secret",
    "service",
    "set",
    "settle",
    "source",
    "stats",
    "status",
    "undo",
    "unset",
    "validate",
    "version",
    "watch",
];

/// How the store was named on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named(String);

impl Named {
    /// By no flag: commands are shown as they are.
    pub const BY_NOTHING: Named = Named(String::new());

    /// By `--store`.
    pub fn by_store(store: &str) -> Named {
        Named(format!(" --store {}", quoted(store)))
    }

    /// By `--context`.
    pub fn by_context(name: &str) -> Named {
        Named(format!(" --context {}", quoted(name)))
    }

    /// The text with the flag in every command of it.
    pub fn in_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.0.is_empty() || !text.contains(PROGRAM) {
            return Cow::Borrowed(text);
        }
        let mut named = String::with_capacity(text.len() + self.0.len());
        let mut rest = text;
        while let Some(at) = rest.find(PROGRAM) {
            let (before, from) = rest.split_at(at);
            let after = &from[PROGRAM.len()..];
            named.push_str(before);
            let whole = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_'));
            let command =
                after.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap_or_default();
            if whole && COMMANDS.contains(&command) {
                let _ = write!(named, "cfgctl{} ", self.0);
            } else {
                named.push_str(PROGRAM);
            }
            rest = after;
        }
        named.push_str(rest);
        Cow::Owned(named)
    }
}

/// What every command begins with.
const PROGRAM: &str = "cfgctl ";

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:,%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_in_a_text_names_the_store_that_was_named() {
        let named = Named::by_store("/srv/a/x.db");
        for (text, expected) in [
            ("cfgctl undo 22 --reason \"…\"", "cfgctl --store /srv/a/x.db undo 22 --reason \"…\""),
            ("Type `cfgctl doctor`.", "Type `cfgctl --store /srv/a/x.db doctor`."),
            (
                "See it: cfgctl get a; then cfgctl cr list",
                "See it: cfgctl --store /srv/a/x.db get a; then cfgctl --store /srv/a/x.db cr list",
            ),
            ("Make one: cfgctl init --store PATH", "Make one: cfgctl init --store PATH"),
            ("cfgctl context add NAME --store PATH", "cfgctl context add NAME --store PATH"),
            ("Backups are made by cfgctl itself.", "Backups are made by cfgctl itself."),
            ("/opt/cfgctl get", "/opt/cfgctl get"),
        ] {
            assert_eq!(named.in_text(text), expected);
            assert_eq!(Named::BY_NOTHING.in_text(text), text);
        }
        assert_eq!(Named::by_context("prod").in_text("cfgctl status"), "cfgctl --context prod status");
    }

    #[test]
    fn a_name_that_a_shell_would_part_is_quoted() {
        let named = Named::by_store("/srv/it's here/x.db");
        assert_eq!(named.in_text("cfgctl status"), r"cfgctl --store '/srv/it'\''s here/x.db' status");
    }
}
