//! What is kept comes back as it was, and nothing else does.

use super::*;
use std::os::unix::fs::PermissionsExt;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("cfgctl-cache-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("central.cache")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn entry(bytes: &[u8]) -> Entry {
    Entry {
        url: "https://config.example.com/app.json?token=canary".to_owned(),
        fetched_at: Timestamp::from_millis(1_800_000_000_000),
        etag: Some("\"1\"".to_owned()),
        content_type: Some("application/json".to_owned()),
        bytes: bytes.to_vec(),
    }
}

fn urls() -> Vec<String> {
    vec!["https://other.example.com/".to_owned(), entry(b"").url]
}

#[test]
fn what_is_kept_comes_back_and_the_file_is_its_owners_alone() {
    let folder = Folder::new("back");
    assert_eq!(read(&folder.file(), &urls()).unwrap(), None);
    for bytes in [&b"{\"a\": 1}\n\n"[..], b"", &[0, 10, 255], &[b'x'; 100_000]] {
        write(&folder.file(), &entry(bytes)).unwrap();
        assert_eq!(read(&folder.file(), &urls()).unwrap(), Some(entry(bytes)));
    }
    assert_eq!(fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(folder.names(), ["central.cache"]);
    assert!(!String::from_utf8_lossy(&fs::read(folder.file()).unwrap()).contains("canary"));
}

#[test]
fn a_byte_changed_anywhere_is_noticed() {
    let folder = Folder::new("damage");
    write(&folder.file(), &entry(b"{\"a\": 1}")).unwrap();
    let whole = fs::read(folder.file()).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(folder.file(), &damaged).unwrap();
        let error = read(&folder.file(), &urls()).unwrap_err();
        assert_eq!(error.code, Code::Integrity, "byte {at}");
        fs::write(folder.file(), &whole[..at]).unwrap();
        assert_eq!(read(&folder.file(), &urls()).unwrap_err().code, Code::Integrity, "cut at {at}");
    }
}

#[test]
fn what_is_of_another_address_or_open_to_others_is_not_used() {
    let folder = Folder::new("foreign");
    write(&folder.file(), &entry(b"{}")).unwrap();
    let other =
        read(&folder.file(), &["https://config.example.com/app.json?token=x".to_owned()]).unwrap_err();
    assert!(other.message.contains("another address") && !other.message.contains("canary"), "{other}");
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o660)).unwrap();
    assert!(read(&folder.file(), &urls()).unwrap_err().message.contains("may write to it"));
}

#[test]
fn neither_a_link_nor_a_folder_is_read_or_written_through() {
    let folder = Folder::new("link");
    let elsewhere = folder.0.join("elsewhere");
    write(&elsewhere, &entry(b"{}")).unwrap();
    let before = fs::read(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.file()).unwrap();
    assert_eq!(read(&folder.file(), &urls()).unwrap_err().code, Code::Integrity);
    assert!(
        write(&folder.file(), &entry(b"new")).unwrap_err().message.contains("something else than a file")
    );
    assert_eq!(fs::read(&elsewhere).unwrap(), before);
    fs::remove_file(folder.file()).unwrap();
    fs::create_dir(folder.file()).unwrap();
    assert!(write(&folder.file(), &entry(b"new")).is_err() && read(&folder.file(), &urls()).is_err());
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_former_one_and_nothing_else() {
    let folder = Folder::new("former");
    let missing = folder.0.join("missing/central.cache");
    let error = write(&missing, &entry(b"{}")).unwrap_err();
    assert!(error.message.contains("no such file or directory") && error.hint.is_some(), "{error}");
    // A link in the place of the passing name, which somebody else put there, is not written through.
    let target = folder.0.join("target");
    fs::write(&target, "untouched").unwrap();
    for number in 0..1000 {
        let draft = folder.0.join(format!(".central.cache.{}.{number}.new", std::process::id()));
        std::os::unix::fs::symlink(&target, draft).unwrap();
    }
    write(&folder.file(), &entry(b"{}")).unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "untouched");
    assert_eq!(read(&folder.file(), &urls()).unwrap(), Some(entry(b"{}")));
}
