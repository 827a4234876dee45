//! Files replaced in real folders: whole, with their owner and mode, and given back.

use super::*;
use crate::domain::time::Span;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("cfgctl-swap-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Folder(folder.canonicalize().unwrap())
    }

    fn place(&self, name: &str) -> Place {
        Place { file: self.0.join(name).display().to_string(), owner: None, mode: None }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.0.join(name)).unwrap().mode() & 0o7777
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Puts bytes in place, with one secret that nobody may see.
fn put_with(place: &Place, text: &str, check: Option<&Check>) -> Result<Delivered> {
    let secrets = ["canary".to_owned()];
    let around = Surroundings { home: PathBuf::new(), variable: &|_| None, secrets: &secrets };
    put(place, text.as_bytes(), check, &around)
}

fn check(script: &str, in_place: bool) -> Check {
    let vector = ["/bin/sh", "-c", script, "check", "${file}"].map(str::to_owned).to_vec();
    Check { vector, timeout: Span::seconds(30), in_place }
}

#[test]
fn a_file_is_replaced_with_its_mode_and_given_back_once() {
    let folder = Folder::new("back");
    let place = folder.place("a.yaml");
    fs::write(&place.file, "old\n").unwrap();
    fs::set_permissions(&place.file, fs::Permissions::from_mode(0o604)).unwrap();
    let delivered = put_with(&place, "new\n", None).unwrap();
    assert_eq!((folder.read("a.yaml").as_str(), folder.mode("a.yaml")), ("new\n", 0o604));
    assert_eq!(folder.read(".a.yaml.cfgctl-former"), "old\n");
    let kept = serde_json::to_string(&delivered).unwrap();
    let delivered: Delivered = serde_json::from_str(&kept).unwrap();
    assert_eq!(give_back(&delivered).unwrap(), GaveBack::Former);
    assert_eq!((folder.read("a.yaml").as_str(), folder.mode("a.yaml")), ("old\n", 0o604));
    assert_eq!(give_back(&delivered).unwrap(), GaveBack::Already);
    assert_eq!(folder.names(), ["a.yaml"]);
    let again = put_with(&place, "newer\n", None).unwrap();
    forget_former(&again).unwrap();
    assert_eq!(folder.names(), ["a.yaml"]);
}

#[test]
fn a_new_file_has_the_mode_that_is_said_and_is_removed_again() {
    let folder = Folder::new("new");
    let said = Place { mode: Some(0o600), ..folder.place("said") };
    put_with(&said, "x", None).unwrap();
    let delivered = put_with(&folder.place("unsaid"), "x", None).unwrap();
    assert_eq!((folder.mode("said"), folder.mode("unsaid")), (0o600, 0o640));
    assert_eq!(delivered.former, None);
    assert_eq!(give_back(&delivered).unwrap(), GaveBack::Removed);
    assert_eq!(give_back(&delivered).unwrap(), GaveBack::Already);
    assert_eq!(folder.names(), ["said"]);
}

#[test]
fn an_owner_is_given_where_this_user_may() {
    let folder = Folder::new("owner");
    let own = rustix::process::getuid().as_raw();
    let place = Place { owner: Some(format!("{own}")), ..folder.place("a") };
    put_with(&place, "x", None).unwrap();
    assert_eq!(fs::metadata(&place.file).unwrap().uid(), own);
    let nobody = Place { owner: Some("nobody-of-this-name".to_owned()), ..folder.place("a") };
    assert_eq!(put_with(&nobody, "y", None).unwrap_err().code, Code::NotFound);
    if own == 0 {
        let other = Place { owner: Some("12:34".to_owned()), ..folder.place("b") };
        put_with(&other, "x", None).unwrap();
        put_with(&folder.place("b"), "y", None).unwrap();
        let metadata = fs::metadata(&other.file).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (12, 34));
    }
    assert_eq!(folder.read("a"), "x");
}

#[test]
fn a_check_looks_at_the_staged_file_and_a_failed_one_changes_nothing() {
    let folder = Folder::new("check");
    let place = folder.place("a.conf");
    fs::write(&place.file, "old\n").unwrap();
    let staged = check("grep -q new \"$1\" && test \"$1\" != \"$(dirname \"$1\")/a.conf\"", false);
    put_with(&place, "new\n", Some(&staged)).unwrap();
    let error = put_with(&place, "other\n", Some(&check("cat \"$1\" >&2; echo canary >&2; exit 1", false)))
        .unwrap_err();
    assert_eq!(error.code, Code::Refused);
    assert!(error.message.ends_with("exit code 1. It says: other / (secret)"), "{}", error.message);
    assert_eq!(folder.read("a.conf"), "new\n");
    assert_eq!(folder.names(), [".a.conf.cfgctl-former", "a.conf"]);
}

#[test]
fn a_check_in_place_sees_the_new_file_there_and_a_failed_one_gives_the_former_back() {
    let folder = Folder::new("in-place");
    let place = folder.place("a.conf");
    put_with(&place, "one\n", Some(&check("grep -q one \"$1\"", true))).unwrap();
    let error = put_with(&place, "two\n", Some(&check("grep -q one \"$1\"", true))).unwrap_err();
    assert!(error.message.ends_with("The former is in its place again."), "{}", error.message);
    assert_eq!((folder.read("a.conf").as_str(), folder.names()), ("one\n", vec!["a.conf".to_owned()]));
    let first = folder.place("b.conf");
    assert!(put_with(&first, "two\n", Some(&check("exit 1", true))).is_err());
    assert_eq!(folder.names(), ["a.conf"]);
}

#[test]
fn a_link_stays_one_and_the_file_it_leads_to_is_replaced_in_its_own_folder() {
    let folder = Folder::new("link");
    fs::create_dir(folder.0.join("real")).unwrap();
    fs::write(folder.0.join("real/a"), "old").unwrap();
    symlink("real/a", folder.0.join("a")).unwrap();
    let delivered = put_with(&folder.place("a"), "new", None).unwrap();
    assert!(folder.0.join("a").is_symlink());
    assert_eq!((folder.read("real/a").as_str(), &delivered.file), ("new", &folder.0.join("real/a")));
    assert_eq!(folder.read("real/.a.cfgctl-former"), "old");
    symlink("nowhere", folder.0.join("broken")).unwrap();
    assert!(put_with(&folder.place("broken"), "x", None).is_err());
}

#[test]
fn what_is_no_file_is_refused_and_never_waited_for() {
    let folder = Folder::new("kinds");
    fs::create_dir(folder.0.join("folder")).unwrap();
    std::process::Command::new("mkfifo").arg(folder.0.join("pipe")).status().unwrap();
    fs::create_dir(folder.0.join("..2026")).unwrap();
    fs::write(folder.0.join("..2026/m"), "x").unwrap();
    symlink("..2026/m", folder.0.join("m")).unwrap();
    symlink("pipe", folder.0.join("link")).unwrap();
    for (name, says) in [
        ("folder", "no regular file"),
        ("pipe", "no regular file"),
        ("link", "no regular file"),
        ("m", "is mounted"),
    ] {
        for error in [
            put_with(&folder.place(name), "x", None).unwrap_err(),
            look(&folder.place(name), None, "billing").unwrap_err(),
        ] {
            assert!(error.code == Code::Refused && error.message.contains(says), "{name}: {}", error.message);
        }
    }
    let nowhere = put_with(&folder.place("no/such/folder"), "x", None).unwrap_err();
    assert!(nowhere.message.contains("cannot be written"), "{}", nowhere.message);
}

#[test]
fn what_somebody_changed_meanwhile_is_not_taken_back() {
    let folder = Folder::new("meanwhile");
    let place = folder.place("a");
    fs::write(&place.file, "old").unwrap();
    let delivered = put_with(&place, "new", None).unwrap();
    fs::write(&place.file, "theirs").unwrap();
    let error = give_back(&delivered).unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    assert!(error.hint.unwrap().contains(".a.cfgctl-former"));
    assert_eq!(folder.read("a"), "theirs");
}

#[test]
fn what_a_killed_delivery_left_is_removed_by_the_next_and_the_file_was_whole_all_the_time() {
    let folder = Folder::new("killed");
    let place = folder.place("a");
    fs::write(&place.file, "old").unwrap();
    let real = PathBuf::from(&place.file);
    // Killed between staging and swapping, nothing of a program runs any more, its destructors included.
    std::mem::forget(Staged::write(&real, b"half", None, None).unwrap());
    fs::write(folder.0.join(".a.cfgctl-notes"), "mine").unwrap();
    fs::write(folder.0.join(".ab.cfgctl-1-0"), "another's").unwrap();
    assert_eq!(folder.read("a"), "old");
    assert_eq!(leftovers(&place).unwrap().len(), 1);
    put_with(&place, "new", None).unwrap();
    assert_eq!(folder.names(), [".a.cfgctl-former", ".a.cfgctl-notes", ".ab.cfgctl-1-0", "a"]);
}

#[test]
fn a_delivery_repeated_after_a_kill_still_gives_back_what_was_there_before() {
    let folder = Folder::new("repeated");
    let place = folder.place("a");
    fs::write(&place.file, "old").unwrap();
    // Nobody kept what this said: the program was killed after the swap.
    put_with(&place, "new", None).unwrap();
    let delivered = put_with(&place, "new", None).unwrap();
    assert_eq!(give_back(&delivered).unwrap(), GaveBack::Former);
    assert_eq!((folder.read("a").as_str(), folder.names()), ("old", vec!["a".to_owned()]));
    // Delivered where just this stood already and nothing is kept, there is nothing to go back to.
    let same = put_with(&place, "old", None).unwrap();
    assert_eq!(give_back(&same).unwrap(), GaveBack::Already);
    assert_eq!(folder.read("a"), "old");
}

#[test]
fn whoever_wrote_a_file_is_known_by_its_stamp() {
    let folder = Folder::new("stamp");
    let place = folder.place("a");
    let stamping = Stamping::Comment("#".to_owned());
    let found = || look(&place, Some(&stamping), "billing").unwrap();
    assert_eq!(found(), Found::Nothing);
    fs::write(&place.file, "a: 1\n").unwrap();
    assert_eq!(found(), Found::Unstamped);
    let stamp = |instance: &str| Stamp { instance: instance.to_owned(), version: 3, hash: "ab".to_owned() };
    for instance in ["billing", "shop"] {
        fs::write(&place.file, format!("# {}\na: 1\n", stamp(instance).text())).unwrap();
        let expected =
            if instance == "billing" { Found::Ours(stamp(instance)) } else { Found::Others(stamp(instance)) };
        assert_eq!(found(), expected);
    }
    assert_eq!(look(&place, None, "billing").unwrap(), Found::Unstamped);
}
