//! A secret in the clear is refused where it would be written, and repeated nowhere.

use crate::harness::{Ran, User, World};

const CANARY: &str = "canary-h5nter2";

#[track_caller]
fn says_nothing(ran: &Ran) {
    assert!(!ran.out.contains(CANARY) && !ran.err.contains(CANARY), "{}\n{}{}", ran.line, ran.out, ran.err);
}

/// The manifest in force, with something added to its settings.
fn add_to_manifest(alice: &User, settings: &str) {
    let text = alice.run("manifest show -o raw").ok();
    let text = text.replacen("\nsettings:\n", &format!("\nsettings:\n{settings}\n"), 1);
    alice.world.file("more.yaml", text);
    alice.run("manifest apply more.yaml --reason 'A secret more'").ok();
}

#[test]
fn what_is_only_looked_at_is_not_repeated_in_the_clear() {
    let (world, alice) = World::solo();
    world.file("sec.yaml", format!("database: {{password: {CANARY}}}\n"));
    world.file("inside.yaml", format!("database: {{password: {{now: {CANARY}}}}}\n"));
    let former = format!(
        r#"{{"timestamp": "2025-01-01T00:00:00", "configurations": {{
        "database.password": {{"value": "{CANARY}", "data_type": "string"}},
        "log_level": {{"value": "debug", "data_type": "string"}}}}}}"#
    );
    world.file("former.json", former);
    for format in ["table", "json", "yaml"] {
        for (line, code) in [
            (format!("assess database.password {CANARY}"), 0),
            ("assess -f sec.yaml".to_owned(), 0),
            ("assess -f inside.yaml".to_owned(), 0),
            ("validate -f sec.yaml".to_owned(), 1),
            ("diff -f sec.yaml".to_owned(), 1),
            ("diff -f inside.yaml".to_owned(), 1),
            ("diff ./former.json".to_owned(), 1),
            ("restore ./former.json --skip-invalid --reason x --rollback-plan p --dry-run".to_owned(), 1),
            ("restore ./former.json --reason x --rollback-plan p --dry-run".to_owned(), 6),
            ("apply -f sec.yaml --reason x --rollback-plan p --dry-run".to_owned(), 6),
        ] {
            let ran = alice.run(&format!("{line} -o {format}"));
            says_nothing(ran.exits(code));
            if line.starts_with("diff") {
                assert!(ran.out.contains("(secret)"), "{line}: {}", ran.out);
            }
        }
    }
    // A reference is no secret.
    assert!(alice.run("assess database.password env:CFGCTL_SECRET_DB").ok().contains("env:CFGCTL_SECRET_DB"));
}

#[test]
fn what_became_a_secret_after_it_was_set_is_shown_no_more() {
    let (_world, alice) = World::solo();
    alice.run(&format!("set legacy.door {CANARY} --reason 'before anybody knew'")).ok();
    assert_eq!(
        alice.run("get legacy.door").ok(),
        format!("{CANARY}\n"),
        "unregistered, it is a value like any"
    );
    add_to_manifest(&alice, "  legacy.door: {type: string, secret: true, risk: high}");
    for line in [
        "get legacy.door",
        "get",
        "get legacy.door --at 2 -o json",
        "explain legacy.door",
        "history",
        "blame legacy",
        "cr show 2",
        "version show 2",
        "version diff 1 2",
        "set legacy.door env:CFGCTL_SECRET_LEGACY --reason x --dry-run",
        "rollback --version 1 --reason x --dry-run -o json",
        "undo 2 --reason x --dry-run -o json",
    ] {
        let ran = alice.run(line);
        assert!(ran.code < 2, "{line}: {}", ran.err);
        says_nothing(&ran);
    }
    for name in alice.run("backup list -o name").ok().lines() {
        says_nothing(&alice.run(&format!("backup show {name}")));
    }
    let ran = alice.run("exec --prefix legacy -- env");
    says_nothing(ran.refused(6, "legacy.door"));
}
