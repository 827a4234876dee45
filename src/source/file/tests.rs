//! What a file or a folder gives is whole and of one moment.

use super::*;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("cfgctl-source-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let place = self.0.join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, text).unwrap();
        place
    }

    /// A generation as a kubelet makes it: a folder of its own, then the link `..data` swapped to it.
    fn swap(&self, generation: &str, files: &[(&str, &str)]) {
        for (name, text) in files {
            self.write(&format!("{generation}/{name}"), text);
            let link = self.0.join(name);
            if link.symlink_metadata().is_err() {
                symlink(format!("..data/{name}"), link).unwrap();
            }
        }
        let new = self.0.join("..data_tmp");
        symlink(generation, &new).unwrap();
        fs::rename(new, self.0.join("..data")).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn texts(loaded: &Loaded) -> Vec<(&str, &str)> {
    loaded.documents.iter().map(|one| (one.name.as_str(), std::str::from_utf8(&one.bytes).unwrap())).collect()
}

#[test]
fn one_file_is_one_document_named_as_the_manifest_names_it() {
    let folder = Folder::new("one");
    let place = folder.write("app.yaml", "a: 1");
    let loaded = read(&place, "config/app.yaml").unwrap();
    assert_eq!(texts(&loaded), [("config/app.yaml", "a: 1")]);
    assert_eq!(loaded.documents[0].file_name, "app.yaml");
    let link = folder.0.join("link.yaml");
    symlink("app.yaml", &link).unwrap();
    assert_eq!(texts(&read(&link, "x").unwrap()), [("x", "a: 1")]);
}

#[test]
fn a_folder_gives_its_documents_in_the_order_of_their_bytes_and_leaves_out_the_rest() {
    let folder = Folder::new("order");
    for name in ["b.yaml", "B.json", "10.toml", "2.yml", ".hidden.yaml", "notes.txt", "sub/c.yaml", "no"] {
        folder.write(name, name);
    }
    let loaded = read(&folder.0, "conf.d/").unwrap();
    let names: Vec<&str> = loaded.documents.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["conf.d/10.toml", "conf.d/2.yml", "conf.d/B.json", "conf.d/b.yaml"]);
}

#[test]
fn the_fingerprint_changes_with_any_name_or_byte_and_with_nothing_else() {
    let folder = Folder::new("fingerprint");
    folder.write("a.yaml", "ab");
    folder.write("b.yaml", "c");
    let first = read(&folder.0, "d").unwrap().sha256;
    assert_eq!(read(&folder.0, "d").unwrap().sha256, first);
    folder.write("notes.txt", "x");
    assert_eq!(read(&folder.0, "d").unwrap().sha256, first);
    folder.write("a.yaml", "a");
    folder.write("b.yaml", "bc");
    assert_ne!(read(&folder.0, "d").unwrap().sha256, first);
    folder.write("a.yaml", "ab");
    fs::rename(folder.0.join("b.yaml"), folder.0.join("c.yaml")).unwrap();
    folder.write("c.yaml", "c");
    assert_ne!(read(&folder.0, "d").unwrap().sha256, first);
}

#[test]
fn what_cannot_be_read_is_told_and_never_waited_for() {
    let folder = Folder::new("wrong");
    let pipe = folder.0.join("pipe.yaml");
    std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    fs::create_dir(folder.0.join("empty")).unwrap();
    fs::create_dir_all(folder.0.join("nested/a.yaml")).unwrap();
    fs::create_dir(folder.0.join("dangling")).unwrap();
    symlink("nowhere", folder.0.join("dangling/a.yaml")).unwrap();
    let long = folder.write("long.yaml", "");
    fs::File::options().write(true).open(&long).unwrap().set_len(64 * 1024 * 1024 + 1).unwrap();
    for (place, code, says) in [
        (folder.0.join("missing.yaml"), Code::NotFound, "no file shown"),
        (pipe, Code::Unavailable, "no regular file"),
        (folder.0.clone(), Code::Invalid, "longer than 67108864 bytes"),
        (PathBuf::from("/dev/zero"), Code::Unavailable, "no regular file"),
        (folder.0.join("empty"), Code::NotFound, "holds no document"),
        (folder.0.join("nested"), Code::Unavailable, "shown/a.yaml cannot be read: it is a folder"),
        (folder.0.join("dangling"), Code::NotFound, "no file shown/a.yaml"),
        (long, Code::Invalid, "longer than 67108864 bytes"),
    ] {
        let error = read(&place, "shown").unwrap_err();
        assert!(error.code == code && error.message.contains(says), "{place:?}: {}", error.message);
        assert!(error.hint.is_some(), "{}", error.message);
    }
}

#[test]
fn a_mounted_config_map_is_read_in_one_generation_while_it_is_swapped_all_the_time() {
    let folder = Folder::new("mounted");
    folder.swap("..1", &[("a.yaml", "1"), ("b.yaml", "1")]);
    assert_eq!(texts(&read(&folder.0, "m").unwrap()), [("m/a.yaml", "1"), ("m/b.yaml", "1")]);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 2.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let text = number.to_string();
                folder.swap(&format!("..{number}"), &[("a.yaml", &text), ("b.yaml", &text)]);
                let _ = fs::remove_dir_all(folder.0.join(format!("..{}", number - 1)));
                std::thread::sleep(Duration::from_micros(500));
            }
        });
        let mut whole = 0;
        for _ in 0..200 {
            // One that is swapped faster than it can be read is an error, never a mixture.
            if let Ok(loaded) = read(&folder.0, "m") {
                assert_eq!(loaded.documents.len(), 2);
                assert_eq!(loaded.documents[0].bytes, loaded.documents[1].bytes);
                whole += 1;
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(whole > 0);
    });
}

#[test]
fn a_generation_that_a_former_one_left_behind_is_not_read() {
    let folder = Folder::new("left");
    folder.swap("..1", &[("a.yaml", "1"), ("old.yaml", "1")]);
    folder.swap("..2", &[("a.yaml", "2")]);
    // The link of a key that is gone still stands in the folder itself.
    assert_eq!(texts(&read(&folder.0, "m").unwrap()), [("m/a.yaml", "2")]);
}
