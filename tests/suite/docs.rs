//! Every console example in the README and in docs/, run as it stands.
//!
//! In a block fenced as `console`, `$ ` begins what alice types and `bob$ ` what bob does; `> ` goes on with the line
//! before; what follows is what the terminal showed, both streams in their order. A comment of one line,
//! `<!-- $ … -->`, is run and not shown. A document has one world and its examples run from top to bottom.
//!
//! `/var/lib/cfgctl` stands for the folder of the world's store.
//!
//! What varies is made equal on both sides before they are compared: blanks (runs count as one), hashes, ULIDs, codes,
//! dates, times, sizes, the store's place; and that a store was made on the spot, as a test's store is named. A line
//! that is only `…` stands for any lines. `CFGCTL_WRITE_DOCS=1` writes what was shown into the documents instead.

use crate::harness::{PROGRAM, User, World};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PEOPLE: [(&str, u32); 6] =
    [("alice", 1000), ("bob", 1001), ("carol", 1002), ("dave", 1003), ("erin", 1004), ("frank", 1005)];
const DOCUMENTS: [&str; 6] = [
    "README.md",
    "docs/operators-guide.md",
    "docs/reference.md",
    "docs/runbooks.md",
    "docs/security.md",
    "docs/attacks.md",
];
const STORE_FOLDER: &str = "/var/lib/cfgctl";
const SCRIPT: &str = include_str!("../../docs/recompute_hash.py");

enum Piece {
    Text(String),
    Example(Example),
}

struct Example {
    line: usize,
    shown: Vec<String>,
    person: &'static str,
    command: String,
    expected: Vec<String>,
    hidden: bool,
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        let typed = |line: &str, hidden| {
            let (before, command) = line.split_once("$ ")?;
            let name = if before.is_empty() { "alice" } else { before };
            let (person, _) = PEOPLE.into_iter().find(|(person, _)| *person == name)?;
            let shown = vec![if hidden { format!("<!-- {line} -->") } else { line.to_owned() }];
            let command = command.replace("cargo run --release --", "cfgctl");
            Some(Example { line: number + 1, shown, person, command, expected: Vec::new(), hidden })
        };
        let comment = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        let example = if inside { typed(line, false) } else { comment.and_then(|line| typed(line, true)) };
        match (example, pieces.last_mut()) {
            (Some(example), _) => pieces.push(Piece::Example(example)),
            (None, Some(Piece::Example(example))) if inside && line != "```" => match line.strip_prefix("> ")
            {
                Some(more) if example.expected.is_empty() => {
                    example.shown.push(line.to_owned());
                    example.command.push_str(&format!("\n{more}"));
                }
                _ => example.expected.push(line.to_owned()),
            },
            _ => {
                inside = if inside { line != "```" } else { line == "```console" };
                pieces.push(Piece::Text(line.to_owned()));
            }
        }
    }
    pieces
}

/// A terminal in a world: what it shows, line by line, and how the last command ended.
struct Terminal {
    world: World,
    last: i32,
}

impl Terminal {
    fn new() -> Terminal {
        let world = World::new();
        fs::create_dir(world.folder().join("bin")).unwrap();
        std::os::unix::fs::symlink(PROGRAM, world.folder().join("bin/cfgctl")).unwrap();
        world.file("docs/recompute_hash.py", SCRIPT);
        Terminal { world, last: 0 }
    }

    fn user(&self, person: &str) -> User {
        let uid = PEOPLE.iter().find(|(name, _)| *name == person).map_or(0, |(_, uid)| *uid);
        self.world.user(person, uid)
    }

    fn type_in(&mut self, person: &str, command: &str) -> Vec<String> {
        let output = self.world.folder().join("output");
        let file = fs::File::create(&output).unwrap();
        let path = format!(
            "{}:{}",
            self.world.folder().join("bin").display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let like = self.user(person).command(&[]);
        let mut shell = Command::new("bash");
        let store = self.world.store();
        let folder = store.parent().unwrap().display().to_string();
        let command = command.replace(STORE_FOLDER, &folder);
        shell.arg("-c").arg(format!("(exit {}); {command}", self.last)).env_clear();
        shell.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("PATH", path);
        shell.current_dir(self.world.folder()).stdin(std::process::Stdio::null());
        let status = shell.stdout(file.try_clone().unwrap()).stderr(file).status().unwrap();
        self.last = status.code().unwrap_or(-1);
        self.world.pass(1);
        let text = fs::read_to_string(output).unwrap().replace(&folder, STORE_FOLDER);
        let text = text.replace(&self.world.folder().display().to_string(), "/home/alice");
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}

/// A line with what varies made equal.
fn masked(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        let is_unit = matches!(word.trim_end_matches([',', '.', ')']), "B" | "KiB" | "MiB" | "ms" | "s");
        if let (true, Some(number)) =
            (is_unit, words.last_mut().filter(|word| word.starts_with(|c: char| c.is_ascii_digit())))
        {
            *number = "SIZE".to_owned();
            continue;
        }
        let word = match word.find("config_overrides.db") {
            Some(at) => format!("STORE{}", &word[at + "config_overrides.db".len()..]),
            None => word.to_owned(),
        };
        words.push(masked_word(&word));
    }
    words.join(" ")
}

fn masked_word(word: &str) -> String {
    let digits: String = word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let mut word = word.to_owned();
    for time in ["0000-00-00", "00:00:00.000", "00:00:00", "00000000_000000"] {
        if let Some(at) = digits.find(time).filter(|at| word.is_char_boundary(*at)) {
            word.replace_range(at..at + time.len(), time);
        }
    }
    let mut masked = String::new();
    let mut rest = word.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        let is_hash = run.len() >= 12 && run.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let is_code = run.len() >= 26 && run.bytes().any(|b| b.is_ascii_digit());
        masked.push_str(if is_hash || is_code { "HASH" } else { run });
        let next = after.chars().next();
        masked.extend(next);
        rest = &after[next.map_or(0, char::len_utf8)..];
    }
    masked
}

/// Whether the lines are as expected, where `…` stands for any lines.
fn fits(expected: &[String], shown: &[String]) -> bool {
    match expected.split_first() {
        None => shown.is_empty(),
        Some((first, rest)) if first == "…" => (0..=shown.len()).any(|from| fits(rest, &shown[from..])),
        Some((first, rest)) => {
            shown.split_first().is_some_and(|(line, more)| first == line && fits(rest, more))
        }
    }
}

fn has_python() -> bool {
    Command::new("python3").arg("--version").output().is_ok()
}

fn comparable(lines: &[String]) -> Vec<String> {
    let made_on_the_spot = |line: &&String| line.starts_with("There was no store yet");
    lines.iter().filter(|line| !made_on_the_spot(line)).map(|line| masked(line)).collect()
}

fn try_document(name: &str) {
    let path = repository().join(name);
    let mut terminal = Terminal::new();
    let mut written: Vec<String> = Vec::new();
    let mut wrong: Vec<String> = Vec::new();
    let mut tried = 0;
    for piece in pieces(&fs::read_to_string(&path).unwrap()) {
        let example = match piece {
            Piece::Text(line) => {
                written.push(line);
                continue;
            }
            Piece::Example(example) => example,
        };
        written.extend(example.shown.iter().cloned());
        if example.command.contains("python3") && !has_python() {
            println!("skipped: {name} from line {} on: there is no python3", example.line);
            return;
        }
        let shown = terminal.type_in(example.person, &example.command);
        tried += 1;
        if example.hidden {
            if terminal.last != 0 {
                wrong.push(format!(
                    "{name}:{} ended with {}:\n{}",
                    example.line,
                    terminal.last,
                    shown.join("\n")
                ));
            }
        } else if fits(&comparable(&example.expected), &comparable(&shown)) {
            written.extend(example.expected);
        } else {
            wrong.push(format!("{name}:{}: {} showed\n{}", example.line, example.command, shown.join("\n")));
            written.extend(shown);
        }
    }
    if std::env::var_os("CFGCTL_WRITE_DOCS").is_some() {
        fs::write(&path, written.join("\n") + "\n").unwrap();
    }
    assert!(tried > 0, "{name} has no example");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_readme_shows_what_happens() {
    try_document(DOCUMENTS[0]);
}

#[test]
fn the_operators_guide_shows_what_happens() {
    try_document(DOCUMENTS[1]);
}

#[test]
fn the_reference_shows_what_happens() {
    try_document(DOCUMENTS[2]);
}

#[test]
fn the_runbooks_show_what_happens() {
    try_document(DOCUMENTS[3]);
}

#[test]
fn the_page_on_security_shows_what_happens() {
    try_document(DOCUMENTS[4]);
}

#[test]
fn the_page_on_attacks_shows_what_happens() {
    try_document(DOCUMENTS[5]);
}

#[test]
fn every_document_is_tried_and_its_links_lead_somewhere() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(repository().join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    assert_eq!(files.len() + 1, DOCUMENTS.len(), "{files:?}");
    for name in DOCUMENTS.into_iter().chain(["CONTRIBUTING.md", "CHANGELOG.md"]) {
        let path = repository().join(name);
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") {
                continue;
            }
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{name}: {link}");
            let headings = || fs::read_to_string(&target).unwrap().lines().map(anchor).collect::<Vec<_>>();
            assert!(heading.is_empty() || headings().iter().any(|own| own == heading), "{name}: {link}");
        }
    }
}

/// The name under which a heading can be linked to.
fn anchor(line: &str) -> String {
    let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    words.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

#[test]
fn what_varies_is_masked_and_nothing_else() {
    for (line, expected) in [
        ("Audit  2:add7ee2e36c175d07e953bcb8ce0ac6b", "Audit 2:HASH"),
        ("Holds version 3: 2 paths, 612 B (full)", "Holds version 3: 2 paths, SIZE (full)"),
        ("config_backup_full_20261121_090006.json", "config_backup_full_00000000_000000.json"),
        ("by alice, 2026-11-21 09:00:06Z", "by alice, 0000-00-00 00:00:00Z"),
        ("store: /srv/x/config_overrides.db", "store: STORE"),
        ("~ session_timeout_minutes  120 → 180", "~ session_timeout_minutes 120 → 180"),
        ("01M7YNAZK8Y4C8ZFGW255TM2CA", "HASH"),
    ] {
        assert_eq!(masked(line), expected);
    }
}

/// Anybody can recompute a version's hashes from its values, without cfgctl: numbers and text as they were written.
#[test]
fn the_script_recomputes_the_hashes_and_tells_a_forged_one() {
    let mut terminal = Terminal::new();
    if !has_python() {
        println!("skipped: the_script_recomputes_the_hashes_and_tells_a_forged_one: there is no python3");
        return;
    }
    let many: String = (0..600).map(|number| format!("many.k{number}: {number}\n")).collect();
    terminal.world.file("many.yaml", many);
    for (command, code) in [
        ("cfgctl init --solo", 0),
        (
            "cfgctl set big=1e25 small=-0.0 exact=0.10 most=18446744073709551615 least=-9223372036854775808 --reason numbers",
            0,
        ),
        (
            r#"cfgctl set 'text=Ä "quoted" \ /é𝄞' 'deep={"b":[1.50,{"é":null,"a":1e-7}],"a":true}' --reason text"#,
            0,
        ),
        ("printf 'tab\\tbell\\a del\\x7f line\\nend\\u2028' | cfgctl set control --stdin --reason text", 0),
        ("cfgctl apply -f many.yaml --reason many", 0),
        ("cfgctl version show 1 -o json | python3 docs/recompute_hash.py", 0),
        ("cfgctl version show 2 -o json | python3 docs/recompute_hash.py", 0),
        ("cfgctl version show 3 -o json | python3 docs/recompute_hash.py", 0),
        ("cfgctl version show -o json | python3 docs/recompute_hash.py", 0),
        (
            "cfgctl version show -o json | sed 's/\"value\": 599/\"value\": 598/' | python3 docs/recompute_hash.py",
            1,
        ),
    ] {
        let shown = terminal.type_in("alice", command);
        assert_eq!(terminal.last, code, "{command}\n{}", shown.join("\n"));
    }
}
