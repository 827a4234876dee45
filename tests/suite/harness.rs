//! A world with a store, a clock that a test moves, and users who run the program in a cleared environment.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Where the program is that is tested: built with the feature `fakes`.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_cfgctl");

/// The moment at which every world begins.
pub(crate) const BEGINNING: &str = "2026-11-21T09:00:00Z";

/// How long any one command may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder of its own, a clock, and a count that makes every command's randomness differ and yet repeat.
#[derive(Clone)]
pub(crate) struct World {
    inner: Rc<Inner>,
}

struct Inner {
    folder: PathBuf,
    seconds: Cell<i64>,
    commands: Cell<u64>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if std::env::var_os("CFGCTL_KEEP_WORLDS").is_none() {
            // What a test made unwritable is made writable again, so that nothing stays behind.
            let _ =
                Command::new("chmod").arg("-R").arg("u+rwX").arg(&self.folder).stderr(Stdio::null()).status();
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

impl World {
    /// An empty world.
    pub(crate) fn new() -> World {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("cfgctl-world-{}-{next}", std::process::id()));
        std::fs::create_dir_all(folder.join("home")).unwrap();
        World { inner: Rc::new(Inner { folder, seconds: Cell::new(0), commands: Cell::new(0) }) }
    }

    /// A world with a solo store that alice (uid 1000) made from the starter manifest.
    pub(crate) fn solo() -> (World, User) {
        let world = World::new();
        let alice = world.user("alice", 1000);
        alice.run("init --solo").ok();
        (world, alice)
    }

    /// A world with a team: alice owns and is board, then bob board, carol board, dave senior-admin, erin admin,
    /// frank operator, grace viewer. Solo has ended.
    pub(crate) fn team() -> Team {
        let (world, alice) = World::solo();
        let join = |name: &str, uid: u32, role: &str| {
            let code = alice
                .run(&format!("member invite {name} --role {role} --uid {uid} --keep-solo --reason team"))
                .ok();
            let user = world.user(name, uid);
            user.run(&format!("member join {}", code.trim())).ok();
            user
        };
        let bob = join("bob", 1001, "board");
        let carol = join("carol", 1002, "board");
        let dave = join("dave", 1003, "senior-admin");
        let erin = join("erin", 1004, "admin");
        let frank = join("frank", 1005, "operator");
        let grace = join("grace", 1006, "viewer");
        alice.run("member end-solo --reason 'the team is complete'").ok();
        Team { world, alice, bob, carol, dave, erin, frank, grace }
    }

    /// The world's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// The world's store.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder().join("store/config_overrides.db")
    }

    /// A user of this machine.
    pub(crate) fn user(&self, name: &str, uid: u32) -> User {
        User { world: self.clone(), name: name.to_owned(), uid, variables: Vec::new() }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: i64) {
        self.inner.seconds.set(self.inner.seconds.get() + seconds);
    }

    /// A file in the world, with this content; gives its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn now(&self) -> String {
        let beginning = chrono::DateTime::parse_from_rfc3339(BEGINNING).unwrap();
        (beginning + chrono::Duration::seconds(self.inner.seconds.get())).to_rfc3339()
    }
}

/// A team with every role.
pub(crate) struct Team {
    pub(crate) world: World,
    pub(crate) alice: User,
    pub(crate) bob: User,
    pub(crate) carol: User,
    pub(crate) dave: User,
    pub(crate) erin: User,
    pub(crate) frank: User,
    pub(crate) grace: User,
}

/// Somebody who runs the program.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) world: World,
    pub(crate) name: String,
    pub(crate) uid: u32,
    variables: Vec<(String, String)>,
}

impl User {
    /// The same user with a variable in the environment.
    pub(crate) fn with(&self, name: &str, value: &str) -> User {
        let mut user = self.clone();
        user.variables.push((name.to_owned(), value.to_owned()));
        user
    }

    /// The program, ready to run with these words, its environment cleared.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let world = &self.world;
        let count = world.inner.commands.get();
        world.inner.commands.set(count + 1);
        let mut command = Command::new(PROGRAM);
        command
            .args(words)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", world.folder().join("home"))
            .env("CFGCTL_STORE", world.store())
            .env("CFGCTL_FAKE_UID", self.uid.to_string())
            .env("CFGCTL_FAKE_USER", &self.name)
            .env("CFGCTL_FAKE_NOW", world.now())
            .env("CFGCTL_FAKE_SEED", count.to_string())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(world.folder())
            .stdin(Stdio::null());
        command
    }

    /// Runs one line as a shell would split it (quotes, no expansion). A second passes after each command.
    pub(crate) fn run(&self, line: &str) -> Ran {
        let words = split(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run_words(&words)
    }

    /// Runs with these very words.
    pub(crate) fn run_words(&self, words: &[&str]) -> Ran {
        self.finish(self.command(words), words, b"")
    }

    /// Runs one line with something on standard input.
    pub(crate) fn run_with_input(&self, line: &str, input: impl AsRef<[u8]>) -> Ran {
        let words = split(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.finish(self.command(&words), &words, input.as_ref())
    }

    fn finish(&self, mut command: Command, words: &[&str], input: &[u8]) -> Ran {
        use std::io::Write;
        let begun = Instant::now();
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A program that does not read its input closes the pipe, which is its right.
        let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert!(begun.elapsed() < PATIENCE, "{words:?} took {:?}", begun.elapsed());
        self.world.pass(1);
        Ran {
            line: format!("{} {}", self.name, words.join(" ")),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

/// What came of a command.
#[derive(Debug, Clone)]
pub(crate) struct Ran {
    pub(crate) line: String,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl Ran {
    /// Standard output, of a command that must succeed.
    #[track_caller]
    pub(crate) fn ok(&self) -> String {
        self.exits(0).out.clone()
    }

    /// The command must end with this code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Ran {
        assert_eq!(self.code, code, "{}\nstdout: {}\nstderr: {}", self.line, self.out, self.err);
        self
    }

    /// An error: this code, nothing on stdout, and these words on stderr.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, words: &str) -> &Ran {
        self.exits(code);
        assert_eq!(self.out, "", "{}: an error leaves stdout empty", self.line);
        assert!(self.err.contains(words), "{}\nwanted {words:?} in: {}", self.line, self.err);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}\n{}", self.line, self.out, self.err))
    }

    /// Both streams with what differs from run to run (the world's folder) made equal, for snapshots.
    pub(crate) fn shown(&self, world: &World) -> String {
        let clean = |text: &str| text.replace(&world.folder().display().to_string(), "WORLD");
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, clean(&self.out), clean(&self.err))
    }
}

/// Splits a line into words as a shell does: blanks part, quotes of both kinds and backslashes keep together.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), character) if character == open => quote = None,
            (Some('\''), character) => word.get_or_insert_default().push(character),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (_, '\\') => word.get_or_insert_default().extend(characters.next()),
            (None, character) if character.is_whitespace() => words.extend(word.take()),
            (_, character) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}
