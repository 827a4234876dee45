//! The JSON of trying the notify command.

use super::answers;
use crate::harness::World;

#[test]
fn json_of_trying_the_notify_command() {
    let (world, alice) = World::solo();
    let manifest = alice.run("manifest show -o raw").ok();
    let notify = "notify: {command: [sh, -c, 'cat >/dev/null; echo sent; echo late >&2; exit 3']}";
    world.file("next.yaml", format!("{manifest}{notify}\n"));
    alice.run("manifest apply next.yaml --yes --reason told").ok();
    let lines = ["notify test", "notify test --event outcome --dry-run"];
    insta::assert_snapshot!(answers(&alice, &lines), @"");
}
