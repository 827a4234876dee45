//! What happened to the values: `history`.

use super::{column, json};
use crate::harness::World;

#[test]
fn history_is_filtered_by_path_time_member_and_read_page_by_page() {
    let team = World::team();
    let (world, erin, frank) = (&team.world, &team.erin, &team.frank);
    erin.run("set cache.ttl 310 --reason one").ok();
    world.pass(7200);
    frank.run("set server.name web-2 --reason two").ok();
    erin.run("set cache.ttl=320 cache.max_size=260 --reason three").ok();
    erin.run("unset cache.ttl --reason four").ok();
    let all = json(erin, "history");
    assert_eq!(column(&all["items"], "reason"), ["four", "three", "three", "two", "one"]);
    assert_eq!(column(&all["items"], "operation"), ["DELETE", "UPDATE", "CREATE", "CREATE", "CREATE"]);
    for (line, reasons) in [
        ("history cache.ttl", vec!["four", "three", "one"]),
        ("history cache", vec!["four", "three", "three", "one"]),
        ("history --by frank", vec!["two"]),
        ("history --by nobody", vec![]),
        ("history --since 1h", vec!["four", "three", "three", "two"]),
        ("history --until 1h", vec!["one"]),
        ("history cache --since 1h --by erin --limit 1", vec!["four"]),
        ("history --since 2030-01-01T00:00:00Z", vec![]),
        ("history server.port", vec![]),
    ] {
        assert_eq!(column(&json(erin, line)["items"], "reason"), reasons, "{line}");
    }
    let (mut paged, mut after) = (Vec::new(), String::new());
    for _ in 0..10 {
        let page = json(erin, &format!("history --limit 2 {after}"));
        assert!(page["items"].as_array().unwrap().len() <= 2);
        paged.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("--after {next}"),
            None => break,
        }
    }
    assert_eq!(paged, *all["items"].as_array().unwrap(), "pages and the whole list differ");
    erin.run("history --after nonsense").refused(2, "nonsense");
    erin.run("history --since yesterday").refused(2, "yesterday");
    erin.run("history --limit 0").refused(2, "0");
    insta::assert_snapshot!(super::transcript(erin, &["history --limit 3", "history server.port", "history nothing"]), @"
    $ cfgctl history --limit 3
    VERSION  TIME                  BY    OPERATION  PATH            BEFORE  AFTER  REASON
    5        2026-11-21 11:00:17Z  erin  DELETE     cache.ttl       320     -      four
    4        2026-11-21 11:00:16Z  erin  UPDATE     cache.ttl       310     320    three
    4        2026-11-21 11:00:16Z  erin  CREATE     cache.max_size  -       260    three
    ! There is more: --after 4.3
    $ cfgctl history server.port
    ! No such history.
    $ cfgctl history nothing
    ! error: Nobody ever set nothing, and the manifest does not register it.
    ! hint: See what there is: cfgctl get
    [exit 3]
    ");
}
