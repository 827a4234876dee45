//! Secrets on their way to a service: in its file, and nowhere else.

use super::stage::{Stage, change, entry};
use crate::harness::World;

const FIRST: &str = "canary-Zx81-first";
const SECOND: &str = "canary-Qp47-second";

/// A service that complains of its file, with all that is in it and was before, once it holds the second secret.
fn stage() -> Stage {
    let world = World::new();
    let folder = world.folder().display().to_string();
    let complains = format!(
        "grep -q second {folder}/app.json || exit 0; grep -h token {folder}/app.json {folder}/.app.json.cfgctl-former >&2; exit 1"
    );
    let services = format!(
        "services:\n  web:\n    uses: [\"shared.*\"]\n    deliver: {{file: {folder}/app.json, stamp: _from}}\n    health: {{command: [/bin/sh, -c, '{complains}']}}\n"
    );
    let secrets = "secrets: {env: [\"APP_*\"]}\n";
    Stage::with(world, &format!("{secrets}{services}"), "{timeout: 1s}")
}

fn nowhere(stage: &Stage, said: &[&crate::harness::Ran]) {
    let mut told: Vec<u8> =
        said.iter().flat_map(|ran| [ran.out.clone(), ran.err.clone()]).collect::<String>().into_bytes();
    for command in [
        "audit list -o json",
        "cr list -o json",
        "history -o json",
        "status -v",
        "cr show 3 -o json",
        "cr show 3",
    ] {
        let ran = stage.alice.run(command);
        told.extend(ran.out.into_bytes());
        told.extend(ran.err.into_bytes());
    }
    told.extend(stage.kept());
    for secret in [FIRST, SECOND] {
        let holds = told.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!holds, "{secret} is told or kept in the clear");
    }
}

/// P11: a sealed secret is in the service's file alone; what the service says of its failure is told without it.
#[test]
fn a_sealed_secret_reaches_the_file_and_is_told_nowhere() {
    let stage = stage();
    stage.alice.run("secret keygen").ok();
    let first = stage.alice.run_with_input("set shared.token --stdin --reason first", FIRST);
    first.exits(0);
    let file = stage.world.folder().join("app.json");
    assert!(std::fs::read_to_string(&file).unwrap().contains(FIRST));
    let second = stage.alice.run_with_input("set shared.token --stdin --reason second -o json", SECOND);
    let shown = change(second.exits(10));
    let error = entry(&shown, "web")["error"].as_str().unwrap().to_owned();
    assert!(error.contains("exit code 1. It says: ") && error.contains("(secret)"), "{error}");
    assert!(std::fs::read_to_string(&file).unwrap().contains(FIRST));
    nowhere(&stage, &[&first, &second]);
}

/// P11: the same for a secret that is kept elsewhere, which nobody fetches only to look for it.
#[test]
fn a_secret_that_is_kept_elsewhere_is_told_nowhere() {
    let stage = stage();
    let alice = stage.alice.with("APP_FIRST", FIRST).with("APP_SECOND", SECOND);
    let first = alice.run("set shared.token env:APP_FIRST --reason first");
    first.exits(0);
    let file = stage.world.folder().join("app.json");
    assert!(std::fs::read_to_string(&file).unwrap().contains(FIRST));
    let second = alice.run("set shared.token env:APP_SECOND --reason second");
    assert!(second.exits(10).out.contains("ended with exit code 1."), "{}", second.out);
    assert!(std::fs::read_to_string(&file).unwrap().contains(FIRST));
    nowhere(&stage, &[&first, &second]);
}
