//! The services: proven before they are needed, given what is in force, asked, restarted, left alone.

use super::{column, json, json_exits};
use crate::harness::{User, World};
use crate::sources::server::{Asked, Server, Stream, answer};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A program that reads its settings from a file when it is told to, takes some only when it restarts, and says what it
/// runs with.
struct Program {
    file: PathBuf,
    runs_with: Mutex<Value>,
    obeys: AtomicBool,
    well: AtomicBool,
}

impl Program {
    fn served(world: &World, name: &str) -> (Arc<Program>, Server) {
        let file = world.folder().join(format!("{name}.json"));
        let program = Arc::new(Program {
            file,
            runs_with: Mutex::new(json!({})),
            obeys: AtomicBool::new(true),
            well: AtomicBool::new(true),
        });
        let its = program.clone();
        (program, Server::new(move |asked, stream| its.answer(asked, stream)))
    }

    fn answer(&self, asked: &Asked, stream: &mut dyn Stream) {
        let line = asked.line.as_str();
        if line.starts_with("POST /reload") && self.obeys.load(Ordering::Relaxed) {
            self.read(false);
        } else if line.starts_with("POST /restart") {
            self.read(true);
        } else if line.starts_with("GET /config") {
            let body = self.runs_with.lock().unwrap().to_string();
            return answer(stream, 200, "content-type: application/json\r\n", &body);
        } else if line.starts_with("GET /health") && !self.well.load(Ordering::Relaxed) {
            return answer(stream, 503, "", "");
        }
        answer(stream, 200, "", "");
    }

    /// Reads its file; the port only where it restarts.
    fn read(&self, restarts: bool) {
        let mut read: Value = serde_json::from_slice(&std::fs::read(&self.file).unwrap()).unwrap();
        let mut runs_with = self.runs_with.lock().unwrap();
        if !restarts && !runs_with["port"].is_null() {
            read["port"] = runs_with["port"].clone();
        }
        *runs_with = read;
    }
}

const SETTINGS: &str = r"
format: 1
instance: shop
settings:
  timeout: {type: integer, minimum: 5, default: 120, risk: low, services: [web]}
  colour: {type: string, default: blue, risk: low, services: [jobs]}
  port: {type: integer, default: 4949, risk: low, restart: true, services: [web]}
policy:
  unregistered: low
  low: {approvals: []}
  high: {approvals: [{role: senior-admin, count: 1}], test: recommended}
  critical: {approvals: [{role: board, count: 2}]}
  verify: {timeout: 1s, threshold: 0.5}
";

/// The definition of a service that is a [`Program`].
fn definition(name: &str, uses: &str, more: &str, program: &Program, server: &Server) -> String {
    let file = program.file.display();
    let url = |path: &str| server.url(path);
    format!(
        "  {name}:\n    uses: [{uses}]\n{more}    deliver: {{file: {file}, stamp: _from}}\n    \
         reload: {{http: \"{}\"}}\n    read_back: {{http: \"{}\"}}\n    health: {{http: \"{}\"}}\n    \
         restart: {{command: [/bin/sh, {}/restart, \"{}\"]}}\n",
        url("/reload"),
        url("/config"),
        url("/health"),
        program.file.parent().unwrap().display(),
        server.host(),
    )
}

/// A solo store with these services, and alice with a clock that goes on: what is not verified has its time.
fn with_services(world: &World, services: &str) -> User {
    // A POST without a program that a machine may lack.
    world.file(
        "restart",
        "exec /bin/bash -c 'exec 3<>/dev/tcp/${0%:*}/${0##*:}; printf \"POST /restart HTTP/1.1\\r\\n\\r\\n\" >&3; cat <&3' \"$1\"\n",
    );
    let alice = world.user("alice", 1000).with("CFGCTL_FAKE_NOW", "");
    alice.run("init --solo").ok();
    world.file("m.yaml", format!("{SETTINGS}services:\n{services}"));
    alice.run("manifest apply m.yaml --reason services").ok();
    alice
}

fn states(user: &User) -> Vec<String> {
    column(&json(user, "service list")["items"], "state")
}

fn file(place: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(place).unwrap()).unwrap()
}

#[test]
fn p11_a_service_is_given_what_is_in_force_and_asked_whether_it_runs_with_it() {
    let world = World::new();
    let (program, server) = Program::served(&world, "web");
    let alice = with_services(&world, &definition("web", "timeout, port", "", &program, &server));
    assert_eq!(states(&alice), ["never-delivered"]);

    let dry = json(&alice, "service sync --reason x --dry-run");
    assert_eq!((dry["items"][0]["state"].clone(), program.file.exists()), (json!("waiting"), false));
    let synced = json(&alice, "service sync web --reason 'a new machine'");
    assert_eq!(synced["outcome"], "done");
    assert_eq!(synced["items"][0]["values"]["timeout"], json!({"value": 120, "matches_expected": true}));
    assert_eq!(file(&program.file)["timeout"], 120);
    // What takes effect with a restart may be what it runs with, or not: nobody knows before it restarts.
    assert_eq!(states(&alice), ["restart-pending"]);

    // A change comes to it by itself, and it is not behind; told by the values and not by the version's number.
    alice.run("set timeout 90 --reason x").exits(0);
    assert_eq!(file(&program.file)["timeout"], 90);
    alice.run("version create --reason x").exits(0);
    let shown = json(&alice, "service list")["items"][0].clone();
    assert_eq!((shown["state"].clone(), shown["problem"].clone()), (json!("restart-pending"), Value::Null));
    assert!(
        !shown["verified_at"].is_null() && !shown["written_at"].is_null() && !shown["reloaded_at"].is_null()
    );

    // Nobody but an operator has services told, and it is on record who had.
    let log = json(&alice, "audit list --limit 50")["items"].to_string();
    assert!(log.contains("service.sync") && log.contains("service.give"), "{log}");
    alice.run("audit verify").exits(0);
}

#[test]
fn p11_where_it_does_not_run_with_the_values_it_gets_the_former_file_back_and_that_is_told() {
    let world = World::new();
    let (program, server) = Program::served(&world, "web");
    let alice = with_services(&world, &definition("web", "timeout", "", &program, &server));
    alice.run("service sync --reason x").exits(0);
    alice.run("service disable web --reason 'rebuilt until Monday'").exits(0);
    alice.run("set timeout 90 --reason x").exits(0);
    assert_eq!(
        (states(&alice), file(&program.file)["timeout"].clone()),
        (vec!["disabled".to_owned()], json!(120))
    );
    assert_eq!(json(&alice, "status")["services"]["disabled"], 1);
    alice.run("service sync web --reason x").refused(6, "web is disabled since");
    assert_eq!(json(&alice, "service sync --reason x")["outcome"], "unchanged");

    alice.run("service enable web --reason 'rebuilt'").exits(0);
    assert_eq!(states(&alice), ["behind"]);
    program.obeys.store(false, Ordering::Relaxed);
    let failed = json_exits(&alice, "service sync --all-behind --reason x", 13);
    assert!(
        failed["items"][0]["error"].as_str().unwrap().contains("does not run with the new value of timeout")
    );
    assert_eq!(file(&program.file)["timeout"], 120, "the former file is back");
    assert_eq!(states(&alice), ["failed"]);
    assert_eq!(json(&alice, "status")["services"]["failed"], 1);

    let drift = json_exits(&alice, "drift --services", 1);
    assert_eq!(drift["items"][0]["path"], "timeout");
    assert_eq!(
        (drift["items"][0]["effective"].clone(), drift["items"][0]["there"].clone()),
        (json!(90), json!(120))
    );
    program.obeys.store(true, Ordering::Relaxed);
    alice.run("service sync --all-behind --reason again").exits(0);
    assert_eq!(states(&alice), ["current"]);
    alice.run("drift --services").exits(0);
    assert_eq!(json(&alice, "service sync --all-behind --reason x")["outcome"], "unchanged");
}

#[test]
fn a_definition_is_proven_before_it_is_needed_and_nothing_is_written() {
    let world = World::new();
    let (program, server) = Program::served(&world, "web");
    let pid = world.folder().join("jobs.pid");
    let jobs = format!(
        "  jobs:\n    uses: [colour]\n    deliver: {{file: {}/jobs.yaml, check: [grep, -q, colour, \"${{file}}\"]}}\n    \
         reload: {{signal: HUP, pid_file: {}}}\n",
        world.folder().display(),
        pid.display()
    );
    let alice = with_services(&world, &(definition("web", "timeout, port", "", &program, &server) + &jobs));
    world.file("jobs.yaml", "colour: red # by hand\n");
    let before = std::fs::read_dir(world.folder()).unwrap().count();
    let checked = json_exits(&alice, "service check", 1);
    let step = |at: usize, name: &str| {
        let steps = checked["items"][at]["steps"].as_array().unwrap();
        let step =
            steps.iter().find(|step| step["step"] == name).unwrap_or_else(|| panic!("{name}: {steps:?}"));
        (step["status"].as_str().unwrap().to_owned(), step["finding"].as_str().unwrap().to_owned())
    };
    assert_eq!(step(0, "render").0, "ok");
    assert!(step(0, "target").1.contains("service adopt jobs"));
    assert_eq!(step(0, "check"), ("ok".to_owned(), "grep accepts it".to_owned()));
    assert!(step(0, "reload").1.contains("There is no pid file"));
    assert_eq!(step(1, "reload").0, "ok");
    // The program has read nothing yet, so it answers and says nothing.
    assert!(step(1, "read_back").1.contains("says nothing of any path"));
    assert_eq!(step(1, "health"), ("ok".to_owned(), "well".to_owned()));
    assert_eq!(std::fs::read_dir(world.folder()).unwrap().count(), before, "nothing was left");
    assert!(!server.asked().iter().any(|asked| asked.line.starts_with("POST")), "nobody was told");

    let mut child: Child = Command::new("/bin/sh")
        .args(["-c", "trap : HUP; while :; do sleep 0.02; done"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::fs::write(&pid, child.id().to_string()).unwrap();
    let checked = json_exits(&alice, "service check jobs", 1);
    assert!(checked["items"][0]["steps"].to_string().contains("HUP would go to the process"));
    child.kill().unwrap();
    child.wait().unwrap();

    // A probe that fails is exit 1, and is told.
    assert_eq!(json(&alice, "service health web")["items"][0]["well"], true);
    program.well.store(false, Ordering::Relaxed);
    let health = json_exits(&alice, "service health", 1);
    assert_eq!(
        (health["items"][0]["well"].clone(), health["items"][1]["well"].clone()),
        (Value::Null, json!(false))
    );
    alice.run("service check wep").refused(3, "Did you mean web?");
}

#[test]
fn a_file_that_something_else_wrote_is_replaced_once_somebody_has_seen_by_what() {
    let world = World::new();
    let jobs = format!(
        "  jobs:\n    uses: [colour]\n    deliver: {{file: {}/jobs.yaml}}\n",
        world.folder().display()
    );
    let alice = with_services(&world, &jobs);
    let place = world.file("jobs.yaml", "colour: red # by hand\nsize: 3\n");
    alice.run("service sync jobs --reason x").refused(7, "nobody has said yet that it may be replaced");
    alice.run("service adopt jobs").refused(2, "--yes");
    let shown = json(&alice, "service adopt jobs --dry-run");
    assert_eq!(shown["files"][0]["found"], "unstamped");
    let diff = shown["files"][0]["diff"].as_str().unwrap();
    assert!(diff.contains("-colour: red # by hand") && diff.contains("+colour: blue"), "{diff}");
    assert!(std::fs::read_to_string(&place).unwrap().contains("by hand"));
    alice.run("service adopt jobs --reason 'ours from now on' --yes").exits(0);
    let written = std::fs::read_to_string(&place).unwrap();
    assert!(written.contains("cfgctl: instance=shop") && written.contains("colour: blue"), "{written}");
    assert_eq!(json(&alice, "service show jobs")["instances"][0]["adopted"], true);

    // What another instance wrote asks for that one's name.
    world.file("jobs.yaml", written.replace("instance=shop", "instance=elsewhere"));
    let doctor = json(&alice, "doctor")["checks"].to_string();
    assert!(doctor.contains("was written by the instance elsewhere since"), "{doctor}");
    alice.run("service adopt jobs --yes").refused(2, "--answer elsewhere");
    alice.run("service adopt jobs --yes --answer elsewhere").exits(0);
    // What a delivery that was killed left is told, and gone after the next.
    let left = world.file(".jobs.yaml.cfgctl-1-0", "");
    assert!(json(&alice, "doctor")["checks"].to_string().contains("left by a delivery that was killed"));
    alice.run("service sync jobs --reason x").exits(0);
    assert!(!left.exists());
    assert!(!json(&alice, "doctor")["checks"].to_string().contains("left by a delivery"));
}

#[test]
fn p4_a_change_waits_for_a_restart_until_the_service_is_proven_to_run_with_it() {
    let world = World::new();
    let (program, server) = Program::served(&world, "web");
    let alice = with_services(&world, &definition("web", "timeout, port", "", &program, &server));
    alice.run("service sync --reason x").exits(0);
    let set = json(&alice, "set port 5050 --reason x");
    let number = set["change"]["number"].as_i64().unwrap();
    assert_eq!(json(&alice, "status")["restart_pending"][0]["number"], number);
    let drift = json_exits(&alice, "drift --services", 1);
    assert_eq!(drift["items"][0]["restart_pending"], true);

    // A program that does not take the value leaves the change waiting.
    program.well.store(false, Ordering::Relaxed);
    let failed = json_exits(&alice, "service restart web --reason x", 13);
    assert_eq!((failed["recorded"].clone(), failed["waiting"].clone()), (json!([]), json!([number])));
    program.well.store(true, Ordering::Relaxed);

    // A freeze holds it, unless somebody says otherwise, on record.
    let manifest = std::fs::read_to_string(world.folder().join("m.yaml")).unwrap();
    let frozen = format!(
        "{manifest}windows: [{{name: quiet, allow: false, from: 2020-01-01, to: 2090-01-01, zone: UTC, risk: [high]}}]\n"
    );
    world.file("frozen.yaml", frozen);
    alice.run("manifest apply frozen.yaml --reason x").exits(0);
    alice.run("service restart web --reason x").refused(6, "--force");
    let restarted = json(&alice, "service restart web --reason 'it cannot wait' --force");
    assert_eq!(restarted["recorded"], json!([number]));
    assert_eq!(restarted["items"][0]["values"]["port"], json!({"value": 5050, "matches_expected": true}));
    assert!(restarted["overridden"].as_str().unwrap().contains("quiet"), "{restarted}");
    assert_eq!(states(&alice), ["current"]);
    assert_eq!(json(&alice, "status")["restart_pending"], json!([]));
    assert_eq!(json(&alice, &format!("cr show {number}"))["restart"], "recorded");
    alice.run("service restart web --instance web-9 --reason x --dry-run").refused(3, "no instance web-9");
    alice.run("audit verify").exits(0);
}

#[test]
fn z1_z7_a_reload_tells_the_services_and_goes_back_where_too_few_run_with_it() {
    let world = World::new();
    let (web, web_server) = Program::served(&world, "web");
    let (jobs, jobs_server) = Program::served(&world, "jobs");
    let services = definition("web", "timeout", "    priority: 50\n    critical: true\n", &web, &web_server)
        + &definition("jobs", "timeout, colour", "", &jobs, &jobs_server);
    let sources = "sources: [{name: file, file: app.yaml, priority: 20}]\n";
    let alice = with_services(&world, &format!("{services}{sources}"));
    alice.run("service sync --reason x").exits(0);
    world.file("store/app.yaml", "timeout: 90\n");
    let reloaded = json(&alice, "reload");
    assert_eq!(reloaded["services_notified"], json!(["web:success", "jobs:success"]));
    assert_eq!(
        (file(&web.file)["timeout"].clone(), file(&jobs.file)["timeout"].clone()),
        (json!(90), json!(90))
    );
    assert_eq!(json(&alice, "reload --list")["items"][0]["services_notified"], reloaded["services_notified"]);

    // One of two that is not critical: kept, and told.
    jobs.obeys.store(false, Ordering::Relaxed);
    world.file("store/app.yaml", "timeout: 80\n");
    let partly = json_exits(&alice, "reload", 13);
    assert_eq!(partly["services_notified"], json!(["web:success", "jobs:failed"]));
    assert_eq!(json(&alice, "get timeout")["items"][0]["value"], 80);
    assert_eq!(states(&alice), ["current", "failed"]);

    // A critical one: the former base is back, at the service too.
    jobs.obeys.store(true, Ordering::Relaxed);
    alice.run("service sync --all-behind --reason x").exits(0);
    web.obeys.store(false, Ordering::Relaxed);
    world.file("store/app.yaml", "timeout: 70\n");
    let back = json_exits(&alice, "reload", 10);
    assert!(back["taken_back_by"].is_string(), "{back}");
    assert_eq!(json(&alice, "get timeout")["items"][0]["value"], 80);
    assert_eq!(
        (file(&web.file)["timeout"].clone(), file(&jobs.file)["timeout"].clone()),
        (json!(80), json!(80))
    );
    assert_eq!(states(&alice), ["current", "current"]);
    alice.run("audit verify").exits(0);
}
