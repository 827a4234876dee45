//! One service: verified, not verified, and what is told of it.

use super::stage::{Stage, change, entry, same_but_for_the_stamp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const LONG: &str = "{timeout: 60s}";
const SHORT: &str = "{timeout: 1s}";

/// P3, P9, P11: written, told and found to run with it are three facts, each with its time.
#[test]
fn a_change_is_written_told_and_verified_and_each_is_on_record() {
    let stage = Stage::begun("", LONG);
    let told = stage.web().times_told();
    let ran = stage.alice.run("set shared.limit 20 --reason more -o json");
    let shown = change(ran.exits(0));
    assert_eq!(ran.json()["outcome"], "done");
    assert_eq!(shown["state"], "completed");
    assert_eq!(stage.runs_with(stage.web())["shared"]["limit"], 20);
    assert_eq!(stage.web().times_told(), told + 1);
    let entry = entry(&shown, "web");
    assert_eq!(entry["state"], "verified");
    assert_eq!(entry["matches_expected"], true);
    assert_eq!(entry["values"], json!({"shared.limit": {"value": 20, "matches_expected": true}}));
    assert_eq!(entry["error"], Value::Null);
    let times =
        ["written_at", "reloaded_at", "verified_at"].map(|name| entry[name].as_str().unwrap().to_owned());
    assert!(times.is_sorted(), "{times:?}");
    let took = entry["propagation_time_ms"].as_u64().unwrap();
    assert!((1..60_000).contains(&took), "{took} ms");
    let steps: Vec<&str> =
        shown["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(steps, ["validation", "backup", "apply_change", "verification"]);
    // Nothing stays of the deliveries but the lock of the service.
    let locks = std::fs::read_dir(stage.world.store().parent().unwrap().join("locks")).unwrap();
    let locks: Vec<_> = locks.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(locks, ["web.lock"]);
    let id = shown["id"].as_str().unwrap();
    let later = stage.alice.run(&format!("cr show {id} -o json")).json();
    assert_eq!(later["delivery"], shown["delivery"]);
    let table = stage.alice.run("set shared.limit 21 --reason more").ok();
    assert!(table.contains("web: verified in "), "{table}");
}

/// P9, P11: who does not take it within the time gets the former file back, and so does the store.
#[test]
fn a_reload_that_is_ignored_is_found_out_in_time_and_the_former_state_is_back() {
    let stage = Stage::begun("", SHORT);
    let former = stage.web().text();
    stage.web().behaves("ignore");
    let begun = Instant::now();
    let ran = stage.alice.run("set shared.limit 20 --reason more -o json");
    let shown = change(ran.exits(10));
    assert!(begun.elapsed() > Duration::from_secs(1), "given up after {:?}", begun.elapsed());
    assert_eq!(ran.json()["outcome"], "rolled-back");
    assert_eq!(shown["state"], "rolled-back");
    assert_eq!(shown["ended_because"], "it did not take effect at web");
    let entry = entry(&shown, "web");
    assert_eq!(entry["state"], "failed");
    assert_eq!(entry["values"], json!({"shared.limit": {"value": 11, "matches_expected": false}}));
    assert_eq!(
        entry["error"],
        "It does not run with the new value of shared.limit. The former file is in its place again."
    );
    let back = &shown["taken_back"];
    assert_eq!(back["state"], "completed");
    assert_eq!(back["kept"], json!([]));
    assert_eq!(back["delivery"][0]["state"], "verified");
    same_but_for_the_stamp(&stage.web().text(), &former);
    assert_eq!(stage.alice.run("get shared.limit").ok(), "11\n");
    let shown = stage.alice.run(&format!("cr show {}", shown["number"])).ok();
    assert!(shown.contains("was rolled back") && shown.contains("Taken back"), "{shown}");
    stage.alice.run("audit verify").ok();
}

/// B7, P9: what the check stops reaches nobody.
#[test]
fn a_value_that_the_check_refuses_is_rolled_back_and_the_service_never_notices() {
    let check = "deliver: {file: FOLDER/app.json, stamp: _from, check: [/bin/sh, -c, '! grep -q 1313 \"$1\" || { echo unlucky >&2; exit 1; }', check, '${file}']}";
    let stage = Stage::begun(check, LONG);
    let (former, told) = (stage.web().text(), stage.web().times_told());
    let ran = stage.alice.run("set shared.limit 1313 --reason bad -o json");
    let shown = change(ran.exits(10));
    let error = entry(&shown, "web")["error"].as_str().unwrap().to_owned();
    assert!(error.contains("The check of") && error.contains("It says: unlucky"), "{error}");
    assert_eq!(shown["taken_back"]["delivery"], json!([]));
    assert_eq!(stage.web().text(), former);
    assert_eq!(stage.web().times_told(), told);
    assert_eq!(stage.alice.run("get shared.limit").ok(), "11\n");
    // The next good one comes as ever.
    stage.alice.run("set shared.limit 14 --reason good").ok();
    assert_eq!(stage.runs_with(stage.web())["shared"]["limit"], 14);
}

/// Z7: the rollback itself fails, and what stands where is said.
#[test]
fn a_way_back_that_fails_asks_for_a_person_and_says_what_stands_where() {
    let stage = Stage::begun("", SHORT);
    stage.web().behaves("die");
    let ran = stage.alice.run("set shared.limit 20 --reason more");
    ran.exits(11);
    for said in ["was rolled back, and that failed", "Taken back", "a person is needed", "web: failed: "] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    let shown = stage.alice.run("cr show 3 -o json").json();
    assert_eq!(shown["taken_back"]["state"], "failed");
    assert_eq!(stage.alice.run("get shared.limit").ok(), "11\n");
    // The file is the former one for whoever starts the service again.
    let text: Value = serde_json::from_str(&stage.web().text()).unwrap();
    assert_eq!(text["shared"]["limit"], 11);
    assert!(stage.alice.run("status").err.is_empty());
}

/// P10: an emergency has five seconds, however long the service would take.
#[test]
fn an_emergency_is_verified_within_its_own_time() {
    let stage = Stage::begun("", "{timeout: 3s}");
    let code = stage.alice.run("member invite bob --role admin --uid 1001 --keep-solo --reason team").ok();
    stage
        .world
        .user("bob", 1001)
        .with("CFGCTL_FAKE_NOW", "")
        .run(&format!("member join {}", code.trim()))
        .ok();
    stage.web().behaves("slow 20000");
    let begun = Instant::now();
    let ran = stage.alice.run("emergency set shared.limit 20 --reason fire --justification fire --approver bob --answer stage -o json");
    let took = begun.elapsed();
    // Five for the change, and its way back finds the service no better.
    assert_eq!(ran.json()["change"]["delivery"][0]["state"], "failed", "{ran:?}");
    ran.exits(11);
    assert!((5..20).contains(&took.as_secs()), "{took:?}");
}

/// P4: what needs a restart is written, and not asked for.
#[test]
fn what_needs_a_restart_is_written_and_not_asked_for() {
    let stage = Stage::begun("", LONG);
    stage.web().behaves("ignore");
    let ran = stage.alice.run("set shared.core 2 --reason restart -o json");
    let shown = change(ran.exits(0));
    assert_eq!(entry(&shown, "web")["state"], "verified");
    assert!(stage.web().text().contains("\"core\": 2") || stage.web().text().contains("\"core\":2"));
    assert_eq!(stage.runs_with(stage.web())["shared"]["core"], 1);
    assert_eq!(shown["restart"], "pending");
}

/// A change that waits to be confirmed is delivered at once, and what goes back goes to the service too.
#[test]
fn a_change_that_waits_to_be_confirmed_is_delivered_and_so_is_its_return() {
    let stage = Stage::begun("", SHORT);
    let ran = stage.alice.run("set shared.limit 20 --reason more --confirm-within 10m -o json");
    let shown = change(ran.exits(0));
    assert_eq!((&shown["state"], &entry(&shown, "web")["state"]), (&json!("confirming"), &json!("verified")));
    assert_eq!(stage.runs_with(stage.web())["shared"]["limit"], 20);
    stage.alice.run("confirm --cancel").exits(0);
    assert_eq!(stage.runs_with(stage.web())["shared"]["limit"], 11);
    // One that is not verified does not wait for the deadline.
    stage.web().behaves("ignore");
    stage.alice.run("set shared.limit 30 --reason more --confirm-within 10m").exits(10);
    stage.alice.run("confirm").refused(3, "No change waits to be confirmed");
    stage.web().behaves("");
    stage.alice.run("set shared.limit 31 --reason more").ok();
}

/// P11: a service that is slow, or comes to itself in time, is waited for.
#[test]
fn a_service_that_is_sick_for_a_while_is_waited_for() {
    let stage = Stage::begun("", LONG);
    stage.web().behaves("sick\nslow 50");
    let web = stage.web().folder.clone();
    let recovers = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1500));
        std::fs::write(web.join("behaviour"), "slow 50").unwrap();
    });
    let ran = stage.alice.run("set shared.limit 20 --reason more -o json");
    recovers.join().unwrap();
    let entry = entry(&change(ran.exits(0)), "web");
    assert!(entry["propagation_time_ms"].as_u64().unwrap() > 1000, "{entry}");
}

/// P11: an answer that is none is no success, and is told by its status alone.
#[test]
fn an_answer_of_500_and_a_service_that_is_sick_are_no_success() {
    let stage = Stage::begun("", SHORT);
    for (behaviour, says) in
        [("broken", "answers with status 500"), ("sick-when 20", "answers with status 503 instead of 200")]
    {
        stage.web().behaves(behaviour);
        let ran = stage.alice.run("set shared.limit 20 --reason more -o json --allow-rolled-back");
        let error = entry(&change(&ran), "web")["error"].as_str().unwrap().to_owned();
        assert!(error.contains(says), "{error}");
        // What did harm is not applied again by accident (P13).
        stage.alice.run("set shared.limit 20 --reason again").refused(6, "did harm with change");
        // Who is broken anyway is so with the former values, too.
        ran.exits(if behaviour == "broken" { 11 } else { 10 });
    }
}
