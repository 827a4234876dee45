//! A store with services that run, by the real clock.

use super::program::Program;
use crate::harness::{Ran, User, World};
use serde_json::Value;
use std::path::{Path, PathBuf};

const SETTINGS: &str = "\
format: 1
instance: stage
settings:
  shared.limit: {type: integer, minimum: 0, maximum: 1000000, default: 10, risk: low}
  shared.name: {type: string, default: nobody, risk: low}
  shared.core: {type: integer, default: 1, risk: low, restart: true}
  shared.token: {type: string, secret: true, risk: low}
";
const POLICY: &str = "\
policy:
  unregistered: low
  low: {approvals: []}
  medium: {approvals: []}
  high: {approvals: []}
  critical: {approvals: []}
  backups: {keep: 5, full_every: 1d}
";

/// A store, its owner alice, and the services that its manifest names.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) alice: User,
    pub(super) programs: Vec<Program>,
}

impl Stage {
    /// A stage with these services, each with what its definition says beside the usual; `verify` are the policy's terms.
    pub(super) fn new(services: &[(&str, &str)], verify: &str) -> Stage {
        let world = World::new();
        let folders: Vec<PathBuf> = services.iter().map(|(name, _)| folder(&world, name)).collect();
        let mut programs: Vec<Program> = folders.iter().map(|folder| Program::starting(folder)).collect();
        programs.iter_mut().for_each(Program::wait);
        let definitions: String = services
            .iter()
            .zip(&programs)
            .map(|((name, said), program)| usual(name, said, program))
            .collect();
        let stage = Stage::with(world, &format!("services:\n{definitions}"), verify);
        Stage { programs, ..stage }
    }

    /// A stage with this section of services, of which none runs yet.
    pub(super) fn with(world: World, services: &str, verify: &str) -> Stage {
        let alice = world.user("alice", 1000).with("CFGCTL_FAKE_NOW", "");
        world.file("m.yaml", format!("{SETTINGS}{services}{POLICY}  verify: {verify}\n"));
        alice.run("init --manifest m.yaml --solo").ok();
        Stage { world, alice, programs: Vec::new() }
    }

    /// A stage with one usual service, which has been given its values.
    pub(super) fn begun(said: &str, verify: &str) -> Stage {
        let stage = Stage::new(&[("web", said)], verify);
        stage.alice.run("set shared.limit 11 --reason first").ok();
        stage
    }

    /// The first service.
    pub(super) fn web(&self) -> &Program {
        &self.programs[0]
    }

    /// What a service runs with.
    pub(super) fn runs_with(&self, program: &Program) -> Value {
        use std::io::{Read, Write};
        let url = program.url("");
        let mut stream = std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(b"GET /config HTTP/1.1\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// Everything that the store's files hold, as bytes.
    pub(super) fn kept(&self) -> Vec<u8> {
        let mut kept = Vec::new();
        let mut folders = vec![self.world.store().parent().unwrap().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => kept.extend(std::fs::read(path).unwrap()),
                }
            }
        }
        kept
    }
}

/// The folder of a service.
pub(super) fn folder(world: &World, name: &str) -> PathBuf {
    world.folder().join("services").join(name)
}

/// The usual definition of a service: a JSON file, SIGHUP, both questions; and what else it says.
pub(super) fn usual(name: &str, said: &str, program: &Program) -> String {
    let (folder, config, health) = (program.folder.display(), program.url("/config"), program.url("/health"));
    let check = if said.contains("deliver:") {
        String::new()
    } else {
        format!("    deliver: {{file: {folder}/app.json, stamp: _from}}\n")
    };
    let said: String =
        said.lines().map(|line| format!("    {}\n", line.replace("FOLDER", &folder.to_string()))).collect();
    format!(
        "  {name}:\n    uses: [\"shared.*\"]\n{check}{said}    reload: {{signal: HUP, pid_file: {folder}/pid}}\n    read_back: {{http: \"{config}\"}}\n    health: {{http: \"{health}\"}}\n"
    )
}

/// A delivery's entry for a service in an answer.
#[track_caller]
pub(super) fn entry(change: &Value, service: &str) -> Value {
    let found =
        change["delivery"].as_array().and_then(|all| all.iter().find(|one| one["service"] == service));
    found.cloned().unwrap_or_else(|| panic!("no {service} in {change:#}"))
}

/// The change that a command answers with, which must be one object.
#[track_caller]
pub(super) fn change(ran: &Ran) -> Value {
    ran.json()["change"].clone()
}

/// What was there before is back: the file, byte for byte but for the version in its stamp.
#[track_caller]
pub(super) fn same_but_for_the_stamp(left: &str, right: &str) {
    let values = |text: &str| {
        let mut document: Value = serde_json::from_str(text).unwrap();
        document.as_object_mut().unwrap().remove("_from");
        document
    };
    assert_eq!(values(left), values(right));
}

/// The hidden names beside a file that deliveries leave.
pub(super) fn beside(file: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(file.parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.contains(".cfgctl-")).collect();
    names.sort();
    names
}
