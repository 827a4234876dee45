//! What would change in a service's file, as people may see it.
//!
//! What must stay true: no secret is shown, neither one that is in force nor one that somebody else wrote there.

use crate::domain::path::Path;
use similar::{DiffOp, TextDiff};
use std::collections::BTreeSet;

/// What stands for a line of the present file that may hold a secret.
const HIDDEN: &str = "(not shown: it may hold a secret)\n";

/// A unified diff of what stands there and what would be written: `masked` is the same as `after` with marks in the
/// place of secrets. Nothing where a secret cannot be told apart.
pub(super) fn difference(
    named: &str,
    before: &str,
    after: &str,
    masked: &str,
    secrets: &BTreeSet<Path>,
) -> Option<String> {
    let (new, shown): (Vec<&str>, Vec<&str>) = (lines(after), lines(masked));
    if new.len() != shown.len() {
        return None;
    }
    let keys: Vec<String> =
        secrets.iter().filter_map(|path| path.segments().last().map(|key| key.to_lowercase())).collect();
    let names_secret = |line: &str| {
        let line = line.to_lowercase();
        keys.iter().any(|key| line.contains(key))
    };
    let old = lines(before);
    let mut before = String::new();
    for op in TextDiff::from_slices(&old, &new).ops() {
        let replaces_secret = op.new_range().any(|at| new[at] != shown[at]);
        for at in op.old_range() {
            match op {
                DiffOp::Equal { old_index, new_index, .. } => {
                    before.push_str(shown[new_index + at - old_index])
                }
                _ if replaces_secret || names_secret(old[at]) => before.push_str(HIDDEN),
                _ => before.push_str(old[at]),
            }
        }
    }
    let diff = TextDiff::from_lines(before.as_str(), masked);
    Some(diff.unified_diff().context_radius(3).header(named, named).to_string())
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(before: &str, after: &str, masked: &str) -> Option<String> {
        let secrets = BTreeSet::from([Path::parse("database.password").unwrap()]);
        difference("f", before, after, masked, &secrets)
    }

    #[test]
    fn what_changes_is_shown_and_no_secret_of_either_side() {
        let shown = of(
            "port: 1\nname: a\npassword: old-canary\nsecret = other-canary\n",
            "port: 2\nname: a\npassword: canary\n",
            "port: 2\nname: a\npassword: (secret)\n",
        )
        .unwrap();
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("-port: 1\n") && shown.contains("+port: 2\n"), "{shown}");
        assert!(shown.contains("+password: (secret)\n") && shown.contains(" name: a\n"), "{shown}");
        // A line that only somebody else's file has, and that a secret's key stands in.
        let shown = of("x: 1\nold_password: canary\n", "x: 1\n", "x: 1\n").unwrap();
        assert!(shown.contains("-(not shown") && !shown.contains("canary"), "{shown}");
    }

    #[test]
    fn what_stays_the_same_is_no_difference_and_what_cannot_be_told_apart_is_not_shown() {
        let (with, masked) = ("a: 1\npassword: canary\n", "a: 1\npassword: (secret)\n");
        assert_eq!(of(with, with, masked), Some(String::new()));
        assert_eq!(of("", "key: |\n  a\n  b\n", "key: (secret)\n"), None);
    }
}
