//! The house of the design: who may import whom, read from the `use` lines; and what must not stand in the source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which folders each folder may import, beside `domain` and itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("api", &[]),
    ("store", &[]),
    ("net", &[]),
    ("run", &[]),
    ("crypt", &[]),
    ("source", &["net", "run"]),
    ("deliver", &["net", "run"]),
    ("engine", &["api", "store", "source", "deliver", "crypt", "net", "run"]),
    ("output", &["api"]),
    ("cli", &["api", "output", "run"]),
];

/// The files of `cli` where a target is built may import the engine too.
const BUILDS_TARGETS: &[&str] = &["cli/target.rs", "cli/init.rs"];

fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The part of a file that is not its unit tests.
fn without_tests(text: &str) -> &str {
    let beginnings = ["#[cfg(test)]\nmod ", "#[cfg(test)]\npub(super) mod "];
    let end = beginnings.iter().filter_map(|beginning| text.find(beginning)).min();
    &text[..end.unwrap_or(text.len())]
}

#[test]
fn every_folder_imports_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let Some((folder, _)) = name.split_once('/') else { continue };
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(known, _)| *known == folder)
            .unwrap_or_else(|| panic!("{folder} is not in the table: add it, with what it may import"));
        for (other, _) in MAY_IMPORT.iter().filter(|(other, _)| *other != folder && *other != "domain") {
            let mentions =
                text.contains(&format!("crate::{other}::")) || text.contains(&format!("crate::{{{other}"));
            let may =
                allowed.contains(other) || (*other == "engine" && BUILDS_TARGETS.contains(&name.as_str()));
            if mentions && !may {
                wrong.push(format!("{name} imports {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_domain_knows_no_machine() {
    let machines = [
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "rusqlite",
        "SystemTime",
        "Instant::now",
        "Utc::now",
    ];
    let mut wrong = Vec::new();
    for (name, text) in sources().into_iter().filter(|(name, _)| name.starts_with("domain/")) {
        for machine in machines.iter().filter(|machine| without_tests(&text).contains(**machine)) {
            wrong.push(format!("{name} names {machine}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sql_stands_in_the_store_alone() {
    for (name, text) in sources().into_iter().filter(|(name, _)| !name.starts_with("store/")) {
        let text = without_tests(&text);
        for word in ["INSERT INTO", "SELECT ", "UPDATE config", "DELETE FROM", "rusqlite::"] {
            assert!(!text.contains(word), "{name} holds {word:?}");
        }
    }
}

#[test]
fn nothing_prints_by_itself_and_nothing_unwraps() {
    // What only tests compile may unwrap.
    let tests_alone = |name: &str| {
        name.starts_with("output/samples")
            || name == "domain/approval/table.rs"
            || name.ends_with("/tests.rs")
            || name.starts_with("domain/credential/table")
    };
    for (name, text) in sources().into_iter().filter(|(name, _)| !tests_alone(name)) {
        let text = without_tests(&text);
        for word in [
            "println!",
            "eprintln!",
            "print!(",
            "eprint!(",
            ".unwrap()",
            ".expect(\"",
            "todo!",
            "unimplemented!",
            "dbg!",
        ] {
            assert!(!text.contains(word), "{name} holds {word:?}");
        }
    }
}
