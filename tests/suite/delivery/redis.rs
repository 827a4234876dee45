//! Redis, governed without a file.

use super::stage::{change, entry};
use crate::harness::World;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SETTINGS: &str = "\
format: 1
instance: cache
settings:
  maxmemory-samples: {type: integer, default: 5, risk: low}
policy:
  unregistered: low
  low: {approvals: []}
  verify: {timeout: 3s}
services:
  redis:
    uses: [maxmemory-samples]
    deliver: {command: [redis-cli, -e, -s, SOCKET], template: TEMPLATE}
    read_back:
      command: [/bin/sh, -c, 'redis-cli -s \"$1\" config get maxmemory-samples | tail -n 1', ask, SOCKET]
      of: maxmemory-samples
    health: {command: [redis-cli, -e, -s, SOCKET, ping]}
";

struct Redis(Child);

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// P3, P11: told by a command's standard input, asked by a command.
#[test]
fn redis_is_told_on_standard_input_and_asked_by_a_command() {
    let there = ["redis-server", "redis-cli"].iter().all(|name| {
        Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    });
    if !there {
        eprintln!("skipped: redis governed: redis-server or redis-cli is not installed");
        return;
    }
    let world = World::new();
    let socket = world.folder().join("redis.sock");
    let template =
        world.file("redis.j2", "CONFIG SET maxmemory-samples {{ values['maxmemory-samples'] | json }}\n");
    let settings = SETTINGS
        .replace("SOCKET", &socket.display().to_string())
        .replace("TEMPLATE", &template.display().to_string());
    world.file("m.yaml", settings);
    let child = Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
        .arg(&socket)
        .current_dir(world.folder())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let _redis = Redis(child);
    let ask = |what: &str| {
        let output = Command::new("redis-cli").arg("-s").arg(&socket).args(what.split(' ')).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let begun = Instant::now();
    while ask("ping") != "PONG\n" {
        assert!(begun.elapsed() < Duration::from_secs(30), "redis does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    let alice = world.user("alice", 1000).with("CFGCTL_FAKE_NOW", "");
    alice.run("init --manifest m.yaml --solo").ok();
    let ran = alice.run("set maxmemory-samples 7 --reason better -o json");
    let entry = entry(&change(ran.exits(0)), "redis");
    assert_eq!(entry["values"]["maxmemory-samples"]["value"], "7");
    assert_eq!(ask("config get maxmemory-samples"), "maxmemory-samples\n7\n");
    // Redis itself refuses what is out of its range, and keeps what it has.
    let ran = alice.run("set maxmemory-samples 0 --reason bad");
    assert!(
        ran.exits(10).out.contains("It does not run with the new value of maxmemory-samples."),
        "{}",
        ran.out
    );
    assert_eq!(ask("config get maxmemory-samples"), "maxmemory-samples\n7\n");
    assert_eq!(alice.run("get maxmemory-samples").ok(), "7\n");
}
