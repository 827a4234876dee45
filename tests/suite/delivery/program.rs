//! A service of the tests' own: reads its file at SIGHUP, answers what it runs with, and misbehaves on command.
//!
//! It is this very binary, started as a child in that role. What must stay true: it ends with whoever started it.

use crate::sources::server::{Server, answer};
use signal_hook::consts::SIGHUP;
use signal_hook::iterator::Signals;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Names the folder of the service that this process is to be.
const FOLDER_VARIABLE: &str = "CFGCTL_TEST_SERVICE";
/// How long a service may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service that runs, until this is dropped.
pub(super) struct Program {
    child: Child,
    pub(super) folder: PathBuf,
}

impl Program {
    /// Starts one that reads `app.json` in this folder, and does not wait until it is there.
    pub(super) fn starting(folder: &Path) -> Program {
        fs::create_dir_all(folder).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "delivery::program::a_service", "--ignored", "--nocapture"])
            .env(FOLDER_VARIABLE, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Program { child, folder: folder.to_owned() }
    }

    /// Waits until it is there.
    pub(super) fn wait(&mut self) {
        let begun = Instant::now();
        while !self.folder.join("pid").exists() {
            assert!(begun.elapsed() < PATIENCE, "{} does not start", self.folder.display());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its address.
    pub(super) fn url(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join("url")).unwrap() + path
    }

    /// What it is to do from now on: words a line. `ignore` its signal, `die` of it, `slow 500` to answer, be `broken`
    /// (500), be `sick` or `sick-when TEXT` is in what it runs with.
    pub(super) fn behaves(&self, how: &str) {
        let passing = self.folder.join("behaviour.new");
        fs::write(&passing, how).unwrap();
        fs::rename(passing, self.folder.join("behaviour")).unwrap();
    }

    /// Its file.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.join("app.json")
    }

    /// What stands in its file.
    pub(super) fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// How often it was told to read its file.
    pub(super) fn times_told(&self) -> usize {
        told(self.folder.parent().unwrap()).iter().filter(|name| **name == self.name()).count()
    }

    fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who was told in this folder, in their order.
pub(super) fn told(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("told")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "a program that other tests start"]
fn a_service() {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        serve(Path::new(&folder));
    }
}

fn serve(folder: &Path) {
    let mut signals = Signals::new([SIGHUP]).unwrap();
    let runs_with = Arc::new(Mutex::new(read(folder)));
    let server = {
        let (runs_with, folder) = (runs_with.clone(), folder.to_owned());
        Server::new(move |asked, stream| {
            let has = runs_with.lock().unwrap().clone();
            let behaviour = behaviour(&folder);
            for line in behaviour.lines() {
                if let Some(millis) = line.strip_prefix("slow ") {
                    thread::sleep(Duration::from_millis(millis.parse().unwrap()));
                }
            }
            let is_sick = |line: &str| {
                line == "sick" || line.strip_prefix("sick-when ").is_some_and(|text| has.contains(text))
            };
            match asked.line.split(' ').nth(1) {
                Some("/config") if behaviour.lines().any(|line| line == "broken") => {
                    answer(stream, 500, "", "");
                }
                Some("/config") => answer(stream, 200, "content-type: application/json\r\n", &has),
                _ if behaviour.lines().any(is_sick) => answer(stream, 503, "", "sick"),
                _ => answer(stream, 200, "", "well"),
            }
        })
    };
    fs::write(folder.join("url"), server.url("")).unwrap();
    // Whoever reads it reads it whole.
    fs::write(folder.join("pid.new"), format!("{}\n", std::process::id())).unwrap();
    fs::rename(folder.join("pid.new"), folder.join("pid")).unwrap();
    let of_signals = folder.to_owned();
    thread::spawn(move || {
        for _ in signals.forever() {
            let name = of_signals.file_name().unwrap().to_string_lossy();
            let log = of_signals.parent().unwrap().join("told");
            let mut log = OpenOptions::new().create(true).append(true).open(log).unwrap();
            log.write_all(format!("{name}\n").as_bytes()).unwrap();
            let behaviour = behaviour(&of_signals);
            if behaviour.lines().any(|line| line == "die") {
                std::process::exit(1);
            }
            if !behaviour.lines().any(|line| line == "ignore") {
                *runs_with.lock().unwrap() = read(&of_signals);
            }
        }
    });
    // Its starter holds the other end, and is gone when that closes.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    std::process::exit(0);
}

fn read(folder: &Path) -> String {
    fs::read_to_string(folder.join("app.json")).unwrap_or_else(|_| "{}".to_owned())
}

fn behaviour(folder: &Path) -> String {
    fs::read_to_string(folder.join("behaviour")).unwrap_or_default()
}
