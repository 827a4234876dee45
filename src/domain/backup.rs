//! The backup file (requirement P6): values that restore without the store.
//!
//! The file is JSON with one path a line. Its checksum is SHA-256 over the canonical text of the document without the
//! checksum itself (compact, keys sorted), so that reformatting does no harm and any other difference shows. It is
//! written as a stream: a full backup of a large store never stands in memory.

use super::change::hex;
use super::error::{Error, Result};
use super::path::Path;
use super::time::Timestamp;
use super::value::{self, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The name of the file's shape.
pub const FORMAT: &str = "cfgctl-backup/1";

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Every override: what it does not hold was not set.
    Full,
    /// The paths that one change, or a few that shared a commit, touched.
    Change,
}

impl Scope {
    /// The word in files and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Full => "full",
            Scope::Change => "change",
        }
    }
}

/// Everything in a backup file but the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Paths that had no override (in a change's backup).
    pub absent: Vec<Path>,
    /// The number of the change it was made before.
    pub change: Option<i64>,
    /// The content hash of the version it leads from.
    pub config_hash: String,
    /// The instance's name.
    pub instance: String,
    /// What it holds.
    pub scope: Scope,
    /// Which store it is from.
    pub store_id: String,
    /// When it was made.
    pub timestamp: Timestamp,
    /// The version it leads from.
    pub version: i64,
}

/// One value in a backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// Its type, as the store names it.
    pub data_type: String,
    /// When it was set.
    pub updated_at: String,
    /// By whom.
    pub updated_by: String,
    /// The value.
    pub value: Value,
}

/// A backup file that was read and whose checksum holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Backup {
    /// Everything but the values; none in a file of the former system, which had neither scope nor checksum.
    pub header: Option<Header>,
    /// The values by path.
    pub values: BTreeMap<Path, Saved>,
    /// The checksum; empty in a file of the former system.
    pub checksum: String,
}

/// Writes a backup file as a stream: the header, each value in path order, the checksum.
pub struct Writer<W> {
    out: W,
    hasher: Sha256,
    header: Header,
    entries: u64,
    /// The line that is being put together: one for all of them.
    line: String,
}

impl<W: Write> Writer<W> {
    /// Begins the file.
    pub fn new(out: W, header: Header) -> io::Result<Writer<W>> {
        let mut writer = Writer { out, hasher: Sha256::new(), header, entries: 0, line: String::new() };
        let absent = text(&writer.header.absent)?;
        let change = text(&writer.header.change)?;
        let hash = text(&writer.header.config_hash)?;
        writer.member("{", "absent", &absent)?;
        writer.member(",", "change", &change)?;
        writer.member(",", "config_hash", &hash)?;
        writer.member(",", "configurations", "{")?;
        Ok(writer)
    }

    /// One value; paths must come in order.
    pub fn value(
        &mut self,
        path: &str,
        canonical: &str,
        data_type: &str,
        updated_at: &str,
        updated_by: &str,
    ) -> io::Result<()> {
        let comma = if self.entries == 0 { "" } else { "," };
        self.entries += 1;
        let line = &mut self.line;
        line.clear();
        line.push_str(comma);
        push_text(line, path);
        let columns = [("data_type", data_type), ("updated_at", updated_at), ("updated_by", updated_by)];
        for (before, (name, text)) in [":{\"", ",\"", ",\""].into_iter().zip(columns) {
            line.push_str(before);
            line.push_str(name);
            line.push_str("\":");
            push_text(line, text);
        }
        line.push_str(",\"value\":");
        line.push_str(canonical);
        line.push('}');
        self.hasher.update(&*line);
        self.out.write_all(comma.as_bytes())?;
        self.out.write_all(b"\n  ")?;
        self.out.write_all(&line.as_bytes()[comma.len()..])
    }

    /// Ends the file; gives it back with the checksum and the number of values.
    pub fn finish(mut self) -> io::Result<(W, String, u64)> {
        if self.entries > 0 {
            self.out.write_all(b"\n")?;
        }
        self.both("}")?;
        let header = self.header.clone();
        self.member(",", "format", &text(FORMAT)?)?;
        self.member(",", "instance", &text(&header.instance)?)?;
        self.member(",", "scope", &text(&header.scope)?)?;
        self.member(",", "store_id", &text(&header.store_id)?)?;
        self.member(",", "timestamp", &text(&header.timestamp)?)?;
        self.member(",", "version", &text(&header.version)?)?;
        self.hasher.update("}");
        let checksum = hex(&self.hasher.finalize());
        writeln!(self.out, ",\n\"checksum\":\"{checksum}\"\n}}")?;
        Ok((self.out, checksum, self.entries))
    }

    fn member(&mut self, before: &str, name: &str, value: &str) -> io::Result<()> {
        self.both(before)?;
        self.out.write_all(b"\n")?;
        self.both(&format!("\"{name}\":{value}"))
    }

    /// Writes what belongs to the canonical text; whitespace is written past the hash.
    fn both(&mut self, text: &str) -> io::Result<()> {
        self.hasher.update(text);
        self.out.write_all(text.as_bytes())
    }
}

/// Appends text as a JSON string; nearly all of it stands there as it is.
fn push_text(line: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        line.push_str(&Value::from(text).to_string());
    } else {
        line.push('"');
        line.push_str(text);
        line.push('"');
    }
}

fn text<T: Serialize + ?Sized>(value: &T) -> io::Result<String> {
    serde_json::to_string(value).map_err(io::Error::other)
}

/// The shape of the file, every member named, so that a damaged name shows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    absent: Vec<Path>,
    change: Option<i64>,
    config_hash: String,
    configurations: BTreeMap<String, Saved>,
    format: String,
    instance: String,
    scope: Scope,
    store_id: String,
    timestamp: String,
    version: i64,
    checksum: String,
}

/// The former system's file: `timestamp` and `configurations`, no checksum.
#[derive(Deserialize)]
struct FormerFile {
    timestamp: Value,
    configurations: BTreeMap<String, FormerSaved>,
}

#[derive(Deserialize)]
struct FormerSaved {
    value: Value,
    #[serde(default)]
    data_type: Value,
    #[serde(default)]
    updated_at: Value,
    #[serde(default)]
    updated_by: Value,
}

/// Reads a backup file. `integrity` where it is truncated, altered or no backup at all; the store is not touched.
pub fn read(name: &str, content: &str) -> Result<Backup> {
    let damaged = |what: &str| {
        Error::integrity(format!("The backup {name:?} does not hold: {what}."))
            .hint("Take another one: cfgctl backup list, cfgctl backup verify.")
    };
    let document: Value =
        serde_json::from_str(content).map_err(|error| damaged(&format!("it is not whole JSON ({error})")))?;
    let ours =
        ["checksum", "format", "scope", "store_id"].iter().any(|member| document.get(member).is_some());
    let shape = document.is_object();
    drop(document);
    if !shape {
        return Err(damaged("it is no object with values"));
    }
    if !ours {
        return read_former(content).map_err(|what| damaged(&what));
    }
    let file: File = serde_json::from_str(content).map_err(|error| damaged(&error.to_string()))?;
    if file.format != FORMAT {
        return Err(damaged(&format!("its format is {:?}, and this program reads {FORMAT:?}", file.format)));
    }
    let timestamp = Timestamp::parse(&file.timestamp).map_err(|error| damaged(&error.message))?;
    if timestamp.to_string() != file.timestamp {
        return Err(damaged("its timestamp is not written as backups write it"));
    }
    let header = Header {
        absent: file.absent,
        change: file.change,
        config_hash: file.config_hash,
        instance: file.instance,
        scope: file.scope,
        store_id: file.store_id,
        timestamp,
        version: file.version,
    };
    let internal = |error: io::Error| Error::internal(error.to_string());
    let mut writer = Writer::new(io::sink(), header.clone()).map_err(internal)?;
    let mut values = BTreeMap::new();
    for (path, saved) in file.configurations {
        writer
            .value(
                &path,
                &value::canonical(&saved.value),
                &saved.data_type,
                &saved.updated_at,
                &saved.updated_by,
            )
            .map_err(internal)?;
        values.insert(Path::parse(&path).map_err(|error| damaged(&error.message))?, saved);
    }
    let (_, checksum, _) = writer.finish().map_err(internal)?;
    if checksum != file.checksum {
        return Err(damaged("its checksum is another one"));
    }
    Ok(Backup { header: Some(header), values, checksum })
}

fn read_former(content: &str) -> std::result::Result<Backup, String> {
    let file: FormerFile = serde_json::from_str(content).map_err(|error| error.to_string())?;
    if file.timestamp.is_null() {
        return Err("it has no timestamp".into());
    }
    let mut values = BTreeMap::new();
    for (path, saved) in file.configurations {
        let path = Path::parse(&path).map_err(|error| error.message)?;
        let saved = Saved {
            data_type: value::bare(&saved.data_type),
            updated_at: value::bare(&saved.updated_at),
            updated_by: value::bare(&saved.updated_by),
            value: saved.value,
        };
        values.insert(path, saved);
    }
    Ok(Backup { header: None, values, checksum: String::new() })
}

/// The file's name: `config_backup_{name}_{YYYYMMDD_HHMMSS}.json` (requirement P6). `usage` where the name is odd.
pub fn file_name(name: &str, at: Timestamp) -> Result<String> {
    check_name(name)?;
    Ok(format!("config_backup_{name}_{}.json", at.compact()))
}

/// Refuses a name that could lead out of the backup folder or hide there.
pub fn check_name(name: &str) -> Result<()> {
    let fits = (1..=100).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if fits {
        return Ok(());
    }
    Err(Error::usage(format!("{name:?} cannot be a backup's name."))
        .hint("Use 1 to 100 letters, digits, '-', '_' and '.', beginning with a letter or digit."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> String {
        let header = Header {
            absent: vec![Path::parse("new.path").unwrap()],
            change: Some(3),
            config_hash: "ab".into(),
            instance: "local".into(),
            scope: Scope::Change,
            store_id: "01J".into(),
            timestamp: Timestamp::from_millis(1_760_000_000_000),
            version: 7,
        };
        let mut writer = Writer::new(Vec::new(), header).unwrap();
        writer.value("a.b", "180", "integer", "2026-11-21T00:00:00.000Z", "alice").unwrap();
        writer.value("a.c", r#"["x","\u0007"]"#, "list", "2026-11-21T00:00:00.000Z", "alice").unwrap();
        let (bytes, _, count) = writer.finish().unwrap();
        assert_eq!(count, 2);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_was_written_is_read_back_and_reformatting_does_no_harm() {
        let text = sample();
        let backup = read("x", &text).unwrap();
        assert_eq!(backup.values[&Path::parse("a.b").unwrap()].value, json!(180));
        assert_eq!(backup.header.as_ref().unwrap().absent.len(), 1);
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read("x", &serde_json::to_string_pretty(&document).unwrap()).unwrap(), backup);
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_refused() {
        let text = sample();
        for at in 0..text.trim_end().len() {
            let cut = &text.as_bytes()[..at];
            assert!(read("x", &String::from_utf8_lossy(cut)).is_err(), "truncated at {at}");
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                if let Ok(text) = String::from_utf8(bytes) {
                    assert!(read("x", &text).is_err(), "bit {bit} at {at}");
                }
            }
        }
    }

    #[test]
    fn the_former_systems_file_is_read_as_plain_values() {
        let text = r#"{"timestamp": "2024-01-15T10:30:00", "configurations":
            {"session_timeout_minutes": {"value": 120, "data_type": "integer", "updated_at": null, "updated_by": "admin"}}}"#;
        let backup = read("x", text).unwrap();
        assert!(backup.header.is_none());
        assert_eq!(backup.values[&Path::parse("session_timeout_minutes").unwrap()].value, json!(120));
        for text in ["[]", "{}", r#"{"configurations": {}}"#] {
            assert!(read("x", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_folder() {
        for name in ["../x", "/x", "", ".hidden", "a/b", "a\nb", "ü", "-x"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        let at = Timestamp::parse("2026-11-21T09:30:05Z").unwrap();
        assert_eq!(
            file_name("before-upgrade", at).unwrap(),
            "config_backup_before-upgrade_20261121_093005.json"
        );
    }
}
