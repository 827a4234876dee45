//! The card's own lines.

use crate::harness::World;

#[test]
fn a_setting_is_changed_and_brought_back() {
    let (_world, alice) = World::solo();
    alice.run("set session_timeout_minutes 180 --reason 'long shifts'").ok();
    assert_eq!(alice.run("get session_timeout_minutes").ok(), "180\n");
    alice.run("backup create").ok();
    alice.run("rollback --version 1 --reason 'back again' --yes").ok();
    assert_eq!(alice.run("get session_timeout_minutes").ok(), "120\n");
    let team = World::team();
    team.frank.run("set server.port 5050 --reason x").exits(8);
}
