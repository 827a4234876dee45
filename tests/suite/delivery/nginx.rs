//! nginx, governed.

use super::stage::{change, entry};
use crate::harness::World;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const TEMPLATE: &str = "\
worker_processes 1;
daemon off;
pid PREFIX/nginx.pid;
error_log PREFIX/error.log;
events { worker_connections {{ web.connections }}; }
http {
  access_log off;
  client_body_temp_path PREFIX/body; proxy_temp_path PREFIX/proxy; fastcgi_temp_path PREFIX/fastcgi;
  uwsgi_temp_path PREFIX/uwsgi; scgi_temp_path PREFIX/scgi;
  keepalive_timeout {{ web.keepalive }};
  server {
    listen 127.0.0.1:PORT;
    location = /config { default_type application/json; return 200 '{\"web\": {\"keepalive\": {{ web.keepalive }}, \"connections\": {{ web.connections }}, \"health\": {{ web.health }}}}'; }
    location = /health { return {{ web.health }}; }
  }
}
";

const SETTINGS: &str = "\
format: 1
instance: edge
settings:
  web.connections: {type: integer, default: 64, risk: low}
  web.keepalive: {type: string, default: \"65\", risk: low}
  web.health: {type: integer, default: 200, risk: low}
policy:
  unregistered: low
  low: {approvals: []}
  verify: {timeout: 3s}
services:
  nginx:
    uses: [\"web.*\"]
    deliver: {file: PREFIX/nginx.conf, template: PREFIX/nginx.j2, comment: \"#\", check: [nginx, -t, -p, PREFIX, -c, \"${file}\"]}
    reload: {signal: HUP, pid_file: PREFIX/nginx.pid}
    read_back: {http: \"http://127.0.0.1:PORT/config\"}
    health: {http: \"http://127.0.0.1:PORT/health\"}
";

/// Where nginx is looked for.
const PROGRAMS: &str = "/usr/sbin:/usr/bin:/bin";

struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers go with it where it may end them itself.
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

fn is_there() -> bool {
    let there = Command::new("nginx")
        .env("PATH", PROGRAMS)
        .arg("-v")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    if !there {
        eprintln!("skipped: nginx governed: nginx is not installed");
    }
    there
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

/// The workers of nginx, which a reload replaces.
fn workers(prefix: &Path) -> Vec<String> {
    let pid = fs::read_to_string(prefix.join("nginx.pid")).unwrap();
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", pid.trim())).unwrap();
    children.split_whitespace().map(str::to_owned).collect()
}

/// P3, P9, P11, B7.
#[test]
fn nginx_is_governed_a_bad_value_never_reaches_it_and_a_harmful_one_is_taken_back() {
    if !is_there() {
        return;
    }
    let world = World::new();
    let prefix = world.folder().join("nginx");
    fs::create_dir_all(&prefix).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let fill =
        |text: &str| text.replace("PREFIX", &prefix.display().to_string()).replace("PORT", &port.to_string());
    fs::write(prefix.join("nginx.j2"), fill(TEMPLATE)).unwrap();
    world.file("m.yaml", fill(SETTINGS));
    let alice = world.user("alice", 1000).with("CFGCTL_FAKE_NOW", "").with("PATH", PROGRAMS);
    alice.run("init --manifest m.yaml --solo").ok();
    let first = fill(TEMPLATE)
        .replace("{{ web.connections }}", "64")
        .replace("{{ web.keepalive }}", "65")
        .replace("{{ web.health }}", "200");
    fs::write(prefix.join("nginx.conf"), format!("# cfgctl: instance=edge version=0 hash=none\n{first}"))
        .unwrap();
    let child = Command::new("nginx")
        .env("PATH", PROGRAMS)
        .arg("-p")
        .arg(&prefix)
        .arg("-c")
        .arg(prefix.join("nginx.conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _nginx = Nginx(child);
    let begun = Instant::now();
    while get(port, "/health").is_none_or(|text| !text.contains(" 200 "))
        || !prefix.join("nginx.pid").exists()
    {
        assert!(begun.elapsed() < Duration::from_secs(30), "nginx does not start");
        std::thread::sleep(Duration::from_millis(20));
    }

    let ran = alice.run("set web.keepalive 30 --reason quicker -o json");
    assert_eq!(entry(&change(ran.exits(0)), "nginx")["values"]["web.keepalive"]["matches_expected"], true);
    assert!(get(port, "/config").unwrap().contains("\"keepalive\": 30"));

    // What nginx does not understand: its own check says so, and it never notices.
    let (file, ran_by) = (fs::read_to_string(prefix.join("nginx.conf")).unwrap(), workers(&prefix));
    let ran = alice.run("set web.keepalive soon --reason bad -o json");
    let shown = change(ran.exits(10));
    let error = entry(&shown, "nginx")["error"].as_str().unwrap().to_owned();
    assert!(error.contains("The check of") && error.contains("invalid value"), "{error}");
    assert_eq!(fs::read_to_string(prefix.join("nginx.conf")).unwrap(), file);
    assert_eq!(workers(&prefix), ran_by, "nginx was told of what its check refused");

    // What it understands and does harm: the former configuration answers again, within the time.
    let begun = Instant::now();
    let ran = alice.run("set web.health 503 --reason harmful -o json");
    let shown = change(ran.exits(10));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(shown["taken_back"]["delivery"][0]["state"], "verified");
    assert!(get(port, "/health").unwrap().contains(" 200 "));
    assert!(get(port, "/config").unwrap().contains("\"keepalive\": 30"));
    assert_eq!(alice.run("get web.health").ok(), "200\n");
    alice.run("audit verify").ok();
}
