//! A clock that is set back or forward: order is by version, and no time that is kept goes back.

use super::tools::small;
use crate::harness::{User, World};

/// The user at this moment, whatever the world's clock says.
fn at(user: &User, moment: &str) -> User {
    user.with("CFGCTL_FAKE_NOW", moment)
}

/// Every time in a list of objects, as text of fixed width.
fn times(user: &User, line: &str, field: &str) -> Vec<String> {
    let items = user.run(line).json()["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|item| item[field].as_str().unwrap_or_else(|| panic!("{line}: {item}")).to_owned())
        .collect()
}

/// Measure 10.
#[test]
fn kept_times_never_go_back_whatever_the_clock_does() {
    let (_world, alice, bob) = small();
    let moments = [
        "2026-11-21T12:00:00Z",
        "2026-11-21T11:00:00Z",
        "2025-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "2026-11-21T14:00:00+02:00",
        "2026-11-21T12:00:00.001Z",
        "2027-06-01T00:00:00Z",
        "2026-11-22T00:00:00Z",
    ];
    for (number, moment) in moments.iter().enumerate() {
        at(&alice, moment).run(&format!("set limit {} --reason 'at {moment}'", 100 + number)).ok();
        at(&alice, moment).run(&format!("backup create --name n{number}")).ok();
    }
    // By the number of the version: the newest first.
    let reader = at(&bob, "2020-01-01T00:00:00Z");
    for (line, field) in [
        ("version list -o json", "created_at"),
        ("history limit -o json", "at"),
        ("audit list -o json", "at"),
        ("backup list -o json", "created_at"),
    ] {
        let times = times(&reader, line, field);
        assert!(times.len() >= moments.len(), "{line}: {times:?}");
        assert!(times.windows(2).all(|pair| pair[0] >= pair[1]), "{line}: {times:?}");
        assert!(times.iter().all(|time| time.ends_with('Z')), "{line}: {times:?}");
    }
    let values: Vec<u64> = reader.run("history limit -o json").json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .take(moments.len())
        .map(|item| item["after"].as_u64().unwrap())
        .collect();
    assert_eq!(values, [107, 106, 105, 104, 103, 102, 101, 100], "order is by version");
    reader.run("audit verify --full").ok();
    reader.run("doctor").ok();
    assert_eq!(reader.run("get limit").ok(), "107\n");
    // Back to before the last two, although the clock says that all of it lies in the future.
    at(&alice, "1999-01-01T00:00:00Z").run("rollback --steps 2 --reason r --yes").ok();
    assert_eq!(reader.run("get limit").ok(), "105\n");
}

/// Measure 10.
#[test]
fn what_has_expired_stays_so_when_the_clock_is_set_back() {
    let (world, alice, bob) = small();
    let moment = "2026-12-01T00:00:00Z";
    let id = at(&alice, moment).run("set pool 9 --reason r -o name").exits(8).out.trim().to_owned();
    let code = at(&alice, moment).run("member invite carol --role operator --uid 1002 --reason r").ok();
    at(&bob, moment).run(&format!("change-request approve {id}")).ok();
    let shown = at(&alice, moment).run(&format!("change-request show {id} -o json")).json().to_string();
    assert!(shown.contains("\"expires_at\":\"2026-12-15T00:00:00.000Z\""), "{shown}");
    at(&alice, "2026-12-15T06:00:00Z").run("set limit 30 --reason 'time passes'").ok();
    for moment in ["2026-12-15T06:00:01Z", "2026-12-14T20:00:00Z"] {
        let ran = at(&alice, moment).run(&format!("change-request execute {id}"));
        assert!(
            matches!(ran.code, 5 | 6) && ran.err.contains("expired"),
            "{moment}: {} {}",
            ran.code,
            ran.err
        );
        let ran = at(&world.user("carol", 1002), moment).run(&format!("member join {}", code.trim()));
        assert!(
            ran.code != 0 && ran.err.contains("expired"),
            "{moment}: an invitation outlived its end: {}",
            ran.err
        );
    }
    assert_eq!(alice.run("get pool").ok(), "5\n");
}

/// Measure 10: one command under a clock far ahead neither ends what is open nor holds every deadline still.
#[test]
fn a_clock_that_was_far_ahead_once_does_no_lasting_harm() {
    let (_world, alice, bob) = small();
    let before = at(&alice, "2026-12-01T00:00:00Z")
        .run("set pool 9 --reason r -o name")
        .exits(8)
        .out
        .trim()
        .to_owned();
    at(&alice, "2099-01-01T00:00:00Z").run("set limit 30 --reason 'the battery is empty'").ok();
    let now = "2026-12-02T00:00:00Z";
    at(&bob, now).run(&format!("change-request approve {before}")).ok();
    at(&alice, now).run(&format!("change-request execute {before}")).ok();
    assert_eq!(alice.run("get pool").ok(), "9\n");
    let after = at(&alice, now).run("set pool 10 --reason r -o name").exits(8).out.trim().to_owned();
    at(&bob, "2026-12-17T00:00:00Z").run(&format!("change-request approve {after}")).exits(6);
    at(&alice, now).run("doctor").ok();
    at(&alice, now).run("audit verify --full").ok();
    // The far ends of the calendar.
    for moment in ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"] {
        let ran = at(&alice, moment).run("set pool 11 --reason r");
        assert!([2, 5, 6, 8].contains(&ran.code), "{moment}: {} {}", ran.code, ran.err);
        at(&alice, moment).run("doctor").ok();
    }
}

/// Measure 10: the zone changes nothing that is kept or compared.
#[test]
fn the_zone_changes_what_people_are_shown_and_nothing_else() {
    let (_world, alice) = World::solo();
    let zoned = |zone: &str| alice.with("TZ", zone);
    for (value, zone) in
        [(10, "Pacific/Kiritimati"), (11, "America/Los_Angeles"), (12, "XXX-99:99"), (13, "")]
    {
        zoned(zone).run(&format!("set max_concurrent_jobs {value} --reason r"));
    }
    let plain = alice.run("history -o json").ok();
    for zone in ["Pacific/Kiritimati", "Europe/Berlin", "nonsense", ":/dev/null"] {
        assert_eq!(zoned(zone).run("history -o json").ok(), plain, "{zone}");
        zoned(zone).run("--local history").ok();
        zoned(zone).run("audit verify --full").ok();
    }
}
