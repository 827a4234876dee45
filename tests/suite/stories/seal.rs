//! Secrets that are kept in the store: sealed on their way in, and never in the clear again.

use crate::harness::{User, World};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const CANARY: &str = "canary-Zx81-first";
const SECOND: &str = "canary-Qp47-second";
const SET: &str = "set database.password --stdin --reason 'New password' --rollback-plan 'The former one'";

/// A solo store with a key.
fn with_key() -> (World, User) {
    let (world, alice) = World::solo();
    alice.run("secret keygen").ok();
    (world, alice)
}

fn key_file(world: &World) -> std::path::PathBuf {
    world.folder().join("store/config_overrides.db.key")
}

/// What is shown of the password: its mask.
fn mask(alice: &User) -> String {
    alice.run("get database.password").ok().trim_end().to_owned()
}

/// Every file below a folder that holds a text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_key_is_made_once_beside_the_store_and_closed_to_others() {
    let (world, alice) = World::solo();
    let ran = alice.run("secret keygen");
    assert!(ran.ok().contains("config_overrides.db.key"));
    assert!(ran.err.contains("Keep a copy"), "{}", ran.err);
    assert_eq!(fs::metadata(key_file(&world)).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(key_file(&world)).unwrap();
    alice.run("secret keygen").refused(5, "There is a key file already");
    assert_eq!(fs::read(key_file(&world)).unwrap(), before);
    assert!(alice.run("audit list").ok().contains("secret.keygen"));
    let elsewhere = alice.with("CFGCTL_KEY_FILE", &world.folder().join("elsewhere").display().to_string());
    elsewhere.run("secret keygen").ok();
    assert!(world.folder().join("elsewhere").exists());
}

#[test]
fn whoever_is_no_admin_makes_and_renews_no_key() {
    let team = World::team();
    for line in ["secret keygen", "secret rotate --reason x", "secret rotate --forget 1a2b3c4d --reason x"] {
        team.frank.run(line).refused(4, "asks for admin");
    }
    team.erin.run("secret keygen").ok();
    assert!(team.erin.run("secret rotate --reason x").ok().contains("Older keys"));
}

#[test]
fn a_secret_is_sealed_where_there_is_a_key_and_refused_where_there_is_none() {
    let (world, alice) = World::solo();
    let ran = alice.run_with_input(SET, CANARY);
    ran.refused(6, "not the value itself");
    assert!(ran.err.contains("cfgctl secret keygen"), "{}", ran.err);
    alice.run("secret keygen").ok();
    alice.run_with_input(SET, CANARY).ok();
    assert!(mask(&alice).starts_with("(secret ") && mask(&alice).len() == 21, "{}", mask(&alice));
    let ran = alice.run(&format!("set database.password {SECOND} --reason x --rollback-plan p"));
    ran.refused(6, "not the value itself");
    assert!(ran.err.contains("--stdin"), "{}", ran.err);
    assert_eq!(files_with(world.folder(), CANARY), Vec::<String>::new());
}

#[test]
fn the_same_secret_again_is_no_change_and_the_same_hash() {
    let (_world, alice) = with_key();
    alice.run_with_input(SET, CANARY).ok();
    let hash = |user: &User| super::version(user).1;
    let first = hash(&alice);
    assert!(alice.run_with_input(SET, CANARY).ok().contains("already"));
    alice.run_with_input(SET, SECOND).ok();
    assert_ne!(hash(&alice), first);
    alice.run_with_input(SET, CANARY).ok();
    assert_eq!(hash(&alice), first);
    // What is shown of it, given back, is what it is.
    let shown = alice.run("get -o json").ok();
    assert!(!shown.contains("sealed:"));
    assert!(alice.run_with_input("apply -f - --reason x --rollback-plan p", shown).ok().contains("already"));
    alice
        .run("set database.password '(secret 000000000000)' --reason x --rollback-plan p")
        .refused(6, "in the place of its value");
}

#[test]
fn a_secret_is_checked_by_its_setting_before_it_is_sealed() {
    let (world, alice) = with_key();
    let text = alice.run("manifest show -o raw").ok();
    let strict = "\nsettings:\n  app.pin: {type: integer, minimum: 1000, secret: true, risk: high}\n";
    world.file("strict.yaml", text.replacen("\nsettings:\n", strict, 1));
    alice.run("manifest apply strict.yaml --reason 'A pin'").ok();
    for (input, says) in [("12", "must be at least 1000"), ("hunter2", "must be a whole number")] {
        let ran = alice.run_with_input("set app.pin --stdin --reason x --rollback-plan p", input);
        ran.refused(6, says);
        let said = ran.err.lines().filter(|line| !line.starts_with("store: "));
        assert!(!said.collect::<String>().contains(input), "{}", ran.err);
    }
    alice.run_with_input("set app.pin --stdin --reason x --rollback-plan p", "4711").ok();
    assert!(alice.run("doctor").ok().contains("secrets"));
}

#[test]
fn a_sealed_text_is_taken_where_it_opens_and_nowhere_else() {
    let (world, alice) = with_key();
    let sealed = alice.run_with_input("secret seal database.password", CANARY).ok();
    assert!(sealed.starts_with("sealed:1:"), "{sealed}");
    let batch = world.file("batch.yaml", format!("database: {{password: \"{}\"}}\n", sealed.trim_end()));
    let apply = format!("apply -f {} --reason x --rollback-plan p", batch.display());
    alice.run(&apply).ok();
    assert!(alice.run_with_input(SET, CANARY).ok().contains("already"));
    alice.run_with_input("secret seal log_level", CANARY).refused(6, "is no secret");
    let other = World::solo().1;
    // Tests repeat what is random: another command before makes it another key.
    other.run("status").ok();
    other.run("secret keygen").ok();
    other.run(&apply).refused(6, "which the key file does not hold");
}

#[test]
fn a_new_key_seals_everything_anew_as_one_change_and_the_old_one_can_be_forgotten() {
    let (_world, alice) = with_key();
    alice.run_with_input(SET, CANARY).ok();
    let (before, version) = (mask(&alice), super::version(&alice).0);
    let tried = alice.run("secret rotate --reason yearly --dry-run -o json").json();
    assert_eq!((tried["overrides"].as_u64(), tried["key"].as_str()), (Some(1), None));
    let old = tried["older"][0].as_str().unwrap().to_owned();
    let rotated = alice.run("secret rotate --reason yearly -o json").json();
    assert_eq!(rotated["change"]["change"]["kind"], "rotate");
    assert_eq!(super::version(&alice).0, version + 1);
    assert_ne!(mask(&alice), before);
    // What is in force is the same secret, sealed with the new key.
    assert!(alice.run_with_input(SET, CANARY).ok().contains("already"));
    // What history holds still opens, and may come back.
    alice.run_with_input(SET, SECOND).ok();
    alice.run(&format!("rollback --version {version} --reason x --rollback-plan p")).ok();
    assert_eq!(mask(&alice), before);
    alice.run(&format!("secret rotate --forget {old} --reason lost")).refused(6, "database.password");
    alice.run("secret rotate --reason again").ok();
    let left = alice.run(&format!("secret rotate --forget {old} --reason lost -o json")).json();
    assert_eq!(left["left"].as_array().unwrap().len(), 2);
    alice
        .run(&format!("rollback --version {version} --reason x --rollback-plan p"))
        .refused(6, "which the key file does not hold");
    for verify in ["audit verify --full", "doctor", "backup verify"] {
        alice.run(verify).ok();
    }
}

#[test]
fn a_store_without_its_key_still_reads_and_goes_back_and_doctor_says_what_is_missing() {
    let (world, alice) = with_key();
    alice.run_with_input(SET, CANARY).ok();
    let (shown, version) = (mask(&alice), super::version(&alice).0);
    alice.run_with_input(SET, SECOND).ok();
    fs::rename(key_file(&world), world.folder().join("aside")).unwrap();
    assert!(alice.run("doctor").ok().contains("there is no key file"));
    alice.run(&format!("rollback --version {version} --reason x --rollback-plan p")).ok();
    assert_eq!(mask(&alice), shown);
    alice.run_with_input(SET, SECOND).refused(6, "not the value itself");
    // Another key opens none of it.
    alice.run("secret keygen").ok();
    let ran = alice.run("doctor");
    assert!(ran.exits(9).out.contains("which the key file does not hold"), "{}", ran.out);
    fs::rename(world.folder().join("aside"), key_file(&world)).unwrap();
    alice.run("doctor").ok();
}

#[test]
fn the_secrets_of_a_source_are_sealed_on_their_way_into_the_base() {
    let (world, alice) = with_key();
    let source = world.file("base.yaml", format!("database: {{password: {CANARY}}}\n"));
    let text = alice.run("manifest show -o raw").ok();
    let sources = format!(
        "\nsources:\n  - {{name: files, priority: 10, file: {}, max_risk: critical}}\nsettings:\n",
        source.display()
    );
    world.file("sources.yaml", text.replacen("\nsettings:\n", &sources, 1));
    alice.run("manifest apply sources.yaml --reason 'A source'").ok();
    alice.run("reload").ok();
    let first = mask(&alice);
    assert!(first.starts_with("(secret "), "{first}");
    assert!(alice.run("explain database.password").ok().contains(&first));
    let rotated = alice.run("secret rotate --reason yearly -o json").json();
    assert_eq!((rotated["base"].as_u64(), rotated["overrides"].as_u64()), (Some(1), Some(0)));
    assert_ne!(mask(&alice), first);
    alice.run("reload --force").ok();
    alice.run("audit verify --full").ok();
    alice.run("doctor").ok();
    assert_eq!(files_with(&world.folder().join("store"), CANARY), Vec::<String>::new());
}

#[test]
fn a_scan_names_what_stands_in_the_clear_and_never_shows_it() {
    let (world, alice) = with_key();
    alice.run_with_input(SET, CANARY).ok();
    let clean = alice.run("secret scan");
    assert!(clean.ok().contains("Nothing stands in the clear"), "{}", clean.out);
    let file = world.file("planted.yaml", format!("smtp: {{password: {SECOND}}}\nport: 25\n"));
    for format in ["table", "json", "yaml", "name"] {
        let ran = alice.run(&format!("secret scan {} -o {format}", file.display()));
        assert!(ran.exits(1).out.contains("smtp.password"), "{}", ran.out);
        assert!(!ran.out.contains(SECOND) && !ran.err.contains(SECOND));
    }
}

#[test]
fn a_secret_is_in_no_output_no_log_no_backup_and_no_byte_of_the_store() {
    let (world, alice) = with_key();
    alice.run_with_input(SET, CANARY).ok();
    world.file("second.txt", SECOND);
    let second = "set database.password --value-file second.txt --reason x --rollback-plan p";
    alice.run(&format!("{second} --dry-run")).ok();
    alice.run(second).ok();
    fs::remove_file(world.folder().join("second.txt")).unwrap();
    let whole = alice.run("backup create --name whole -o name").ok();
    let (show, restore) = (
        format!("backup show {} -o json", whole.trim()),
        format!("restore {} --reason x --rollback-plan p --dry-run", whole.trim()),
    );
    for line in [
        "secret rotate --reason yearly",
        "get",
        "get database.password -o json",
        "explain database.password -o json",
        "diff 1",
        "diff base effective",
        "history -o json",
        "blame -o json",
        "audit list -o json",
        "audit export",
        "version show -o json",
        "version diff 2 3 -o json",
        "cr list -o json",
        "cr show 2 -o json",
        &show,
        "undo 4 --reason x --rollback-plan p --dry-run",
        "rollback --version 2 --reason x --rollback-plan p",
        &restore,
        "doctor",
        "status -o json",
    ] {
        let ran = alice.run(line);
        assert!(ran.code < 2, "{line}: {} {}", ran.out, ran.err);
        for canary in [CANARY, SECOND] {
            assert!(!ran.out.contains(canary) && !ran.err.contains(canary), "{line}: {}", ran.out);
        }
    }
    for canary in [CANARY, SECOND] {
        assert_eq!(files_with(world.folder(), canary), Vec::<String>::new());
    }
}

#[test]
fn a_secret_is_revealed_alone_on_standard_output_and_on_record() {
    let team = World::team();
    team.alice.run("secret keygen").ok();
    let sealed = team.alice.run_with_input("secret seal database.password", CANARY).ok();
    team.world.file("batch.yaml", format!("database: {{password: \"{}\"}}\n", sealed.trim_end()));
    let emergency =
        "emergency apply -f batch.yaml --reason x --justification y --approver bob --answer local";
    let ran = team.alice.run(emergency);
    assert!(ran.code == 0, "{} {}", ran.out, ran.err);
    let reveals = |user: &User| {
        let entries = user.run("audit list -o json").json();
        let of = |entry: &&serde_json::Value| entry["action"] == "secret.reveal";
        entries["items"].as_array().unwrap().iter().filter(of).cloned().collect::<Vec<_>>()
    };
    let ran = team.frank.run("get database.password --reveal");
    assert_eq!(ran.ok(), format!("{CANARY}\n"));
    assert!(!ran.err.contains(CANARY));
    let entries = reveals(&team.alice);
    assert_eq!((entries.len(), entries[0]["actor"].as_str()), (1, Some("frank")));
    assert!(!entries[0].to_string().contains(CANARY));
    // A viewer gets nothing, and that too is on record.
    let refused = team.grace.run("get database.password --reveal");
    refused.refused(4, "asks for operator");
    assert_eq!(reveals(&team.alice).len(), 2);
    // What is no secret needs no record.
    team.grace.run("get log_level --reveal").ok();
    assert_eq!(reveals(&team.alice).len(), 2);
    assert_eq!(files_with(team.world.folder(), CANARY), Vec::<String>::new());
}

#[test]
fn a_program_gets_the_secrets_of_its_prefix_and_one_entry_tells_of_it() {
    let (world, alice) = with_key();
    let text = alice.run("manifest show -o raw").ok();
    let more = "\nsettings:\n  mailer.password: {type: string, secret: true, risk: high}\n  mailer.token: {type: string, secret: true, risk: high}\n";
    world.file("more.yaml", text.replacen("\nsettings:\n", more, 1));
    alice.run("manifest apply more.yaml --reason 'Two secrets'").ok();
    alice.run_with_input("set mailer.password --stdin --reason x --rollback-plan p", CANARY).ok();
    alice.run("set mailer.token env:CFGCTL_SECRET_SMTP --reason x --rollback-plan p").ok();
    alice.run("exec --prefix mailer -- env").refused(3, "CFGCTL_SECRET_SMTP");
    let alice = alice.with("CFGCTL_SECRET_SMTP", SECOND);
    let ran = alice.run("exec --prefix mailer -- sh -c 'echo $MAILER_PASSWORD $MAILER_TOKEN'");
    assert_eq!(ran.ok(), format!("{CANARY} {SECOND}\n"));
    assert_eq!(alice.run("audit list -o json").ok().matches("\"secret.reveal\"").count(), 1);
    assert_eq!(alice.run("get mailer.token --reveal").ok(), format!("{SECOND}\n"));
    assert_eq!(files_with(world.folder(), CANARY), Vec::<String>::new());
    assert_eq!(files_with(world.folder(), SECOND), Vec::<String>::new());
}

/// A backup of another store holds what was sealed with that store's key.
#[test]
fn a_secret_that_another_store_sealed_is_not_restored_and_it_is_said_which_key_it_takes() {
    let (theirs, bob) = with_key();
    bob.run_with_input(SET, CANARY).ok();
    bob.run("set server.port 5050 --reason x").ok();
    let backup = bob.run("backup create --name theirs -o name").ok();
    let copy = fs::read(theirs.folder().join("store/backups").join(backup.trim())).unwrap();
    let (world, alice) = World::solo();
    // Tests repeat what is random: another command before makes it another key.
    alice.run("status").ok();
    alice.run("secret keygen").ok();
    world.file("theirs.json", copy);
    let restore = "restore ./theirs.json --foreign --answer local --reason moved --rollback-plan p";
    let ran = alice.run(restore);
    ran.refused(6, "database.password");
    assert!(ran.err.contains("which the key file does not hold"), "{}", ran.err);
    assert_eq!(super::overrides(&alice), serde_json::json!({}));
    // The rest comes without it.
    let answer = alice.run(&format!("{restore} --skip-invalid -o json"));
    assert_eq!(super::pairs(&answer.exits(1).json()["results"], "status")["database.password"], "failed");
    assert_eq!(super::overrides(&alice), serde_json::json!({"server.port": 5050}));
    assert!(!answer.out.contains("sealed:"), "{}", answer.out);
}

/// What `get` prints is a document that says the same: its masks are no difference, but for another secret's.
#[test]
fn a_document_with_masks_differs_from_the_store_only_where_the_secret_does() {
    let (world, alice) = with_key();
    alice.run_with_input(SET, CANARY).ok();
    alice.run("set server.port 5050 --reason x").ok();
    for format in ["json", "yaml"] {
        let file = format!("printed.{format}");
        world.file(&file, alice.run(&format!("get --layer override -o {format}")).ok());
        assert_eq!(alice.run(&format!("diff -f {file} -o name")).exits(0).out, "");
    }
    world.file("nested.yaml", format!("database: {{password: '{}'}}\n", mask(&alice)));
    alice.run("diff -f nested.yaml").exits(0);
    alice.run_with_input(SET, SECOND).ok();
    for file in ["printed.json", "nested.yaml"] {
        let ran = alice.run(&format!("diff -f {file}"));
        assert!(ran.exits(1).out.contains("database.password"), "{}", ran.out);
        assert!(!ran.out.contains("server.port"), "{}", ran.out);
    }
}
