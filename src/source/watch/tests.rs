use super::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const QUIET: Duration = Duration::from_millis(200);
const PATIENT: Duration = Duration::from_secs(10);

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cfgctl-watch-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("etc")).unwrap();
    folder
}

fn by_looking() -> Terms {
    Terms { poll: Some(Duration::from_millis(20)), debounce: QUIET }
}

/// With the kernel's help, where this machine has any to give, and without.
fn both_ways() -> [Terms; 2] {
    [Terms { poll: None, debounce: QUIET }, by_looking()]
}

fn write(place: &Path, text: &str) {
    fs::write(place, text).unwrap();
}

/// One generation of a mounted ConfigMap, put in the place of the one before.
fn mount(folder: &Path, generation: &str, text: &str) {
    fs::create_dir_all(folder.join(generation)).unwrap();
    write(&folder.join(generation).join("app.yaml"), text);
    symlink(generation, folder.join("..data_tmp")).unwrap();
    fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
}

/// A way of writing: its name, the place that is watched, what is there at first, and what is done to it.
type Way = (&'static str, &'static str, fn(&Path), fn(&Path));

fn nothing(_: &Path) {}

fn one_file(folder: &Path) {
    write(&folder.join("etc/app.yaml"), "a: 1\n");
}

fn one_mount(folder: &Path) {
    mount(&folder.join("etc"), "..1", "a: 1\n");
    symlink("..data/app.yaml", folder.join("etc/app.yaml")).unwrap();
}

fn swap_mount(folder: &Path) {
    mount(&folder.join("etc"), "..2", "a: 2\n");
    fs::remove_dir_all(folder.join("etc/..1")).unwrap();
}

fn one_linked_folder(folder: &Path) {
    fs::create_dir_all(folder.join("releases/1")).unwrap();
    write(&folder.join("releases/1/app.yaml"), "a: 1\n");
    symlink("releases/1", folder.join("current")).unwrap();
}

fn swap_linked_folder(folder: &Path) {
    fs::create_dir_all(folder.join("releases/2")).unwrap();
    write(&folder.join("releases/2/app.yaml"), "a: 2\n");
    symlink("releases/2", folder.join("new")).unwrap();
    fs::rename(folder.join("new"), folder.join("current")).unwrap();
}

const WAYS: &[Way] = &[
    ("truncated and written", "etc/app.yaml", one_file, |folder| {
        write(&folder.join("etc/app.yaml"), "a: 2\n")
    }),
    ("in two pieces", "etc/app.yaml", one_file, |folder| {
        use std::io::Write;
        let mut file = fs::File::create(folder.join("etc/app.yaml")).unwrap();
        file.write_all(b"a: 2\n").unwrap();
        thread::sleep(QUIET / 4);
        file.write_all(b"b: 3\n").unwrap();
    }),
    ("written aside and renamed", "etc/app.yaml", one_file, |folder| {
        write(&folder.join("etc/.app.yaml.tmp"), "a: 2\n");
        fs::rename(folder.join("etc/.app.yaml.tmp"), folder.join("etc/app.yaml")).unwrap();
    }),
    ("renamed to a backup and made anew, as vim does", "etc/app.yaml", one_file, |folder| {
        fs::rename(folder.join("etc/app.yaml"), folder.join("etc/app.yaml~")).unwrap();
        write(&folder.join("etc/app.yaml"), "a: 2\n");
        fs::remove_file(folder.join("etc/app.yaml~")).unwrap();
    }),
    ("removed and made anew", "etc/app.yaml", one_file, |folder| {
        fs::remove_file(folder.join("etc/app.yaml")).unwrap();
        write(&folder.join("etc/app.yaml"), "a: 2\n");
    }),
    ("removed", "etc/app.yaml", one_file, |folder| fs::remove_file(folder.join("etc/app.yaml")).unwrap()),
    ("a mount's file", "etc/app.yaml", one_mount, swap_mount),
    ("a mount's folder", "etc", one_mount, swap_mount),
    ("behind a link that is swapped", "current/app.yaml", one_linked_folder, swap_linked_folder),
    ("a folder behind a link that is swapped", "current", one_linked_folder, swap_linked_folder),
    ("in a folder that another takes the place of", "etc/app.yaml", one_file, |folder| {
        fs::create_dir(folder.join("new")).unwrap();
        write(&folder.join("new/app.yaml"), "a: 2\n");
        fs::rename(folder.join("etc"), folder.join("old")).unwrap();
        fs::rename(folder.join("new"), folder.join("etc")).unwrap();
    }),
    ("another document in a folder", "etc", one_file, |folder| {
        write(&folder.join("etc/more.yaml"), "b: 2\n")
    }),
    ("made at last", "etc/app.yaml", nothing, |folder| write(&folder.join("etc/app.yaml"), "a: 2\n")),
    ("made with its folders", "etc/b/c/app.yaml", nothing, |folder| {
        fs::create_dir_all(folder.join("etc/b/c")).unwrap();
        write(&folder.join("etc/b/c/app.yaml"), "a: 2\n");
    }),
];

#[test]
fn however_a_file_is_written_it_is_told_once() {
    thread::scope(|scope| {
        for (number, (way, place, before, done)) in WAYS.iter().enumerate() {
            for (how, terms) in ["told", "looking"].into_iter().zip(both_ways()) {
                let folder = folder(&format!("way-{number}-{how}"));
                let what = format!("{way}, {how}");
                scope.spawn(move || is_told_once(&folder, place, terms, before, done, &what));
            }
        }
    });
}

fn is_told_once(folder: &Path, place: &str, terms: Terms, before: &fn(&Path), done: &fn(&Path), what: &str) {
    before(folder);
    let place = folder.join(place);
    let mut watcher = Watcher::new(terms);
    watcher.watch(std::slice::from_ref(&place));
    assert!(watcher.wait(Duration::from_millis(1)).is_empty(), "{what}");
    done(folder);
    assert_eq!(watcher.wait(PATIENT), std::slice::from_ref(&place), "{what}");
    assert!(watcher.wait(QUIET * 2).is_empty(), "{what}: told twice");
    // And it goes on from there.
    if !place.is_dir() && place.exists() {
        write(&place, "a: 3\n");
        assert_eq!(watcher.wait(PATIENT), [place], "{what}: written again");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_leaves_the_content_as_it_is_is_not_told_unless_it_was_forgotten() {
    for (how, terms) in ["told", "looking"].into_iter().zip(both_ways()) {
        let folder = folder(&format!("same-{how}"));
        one_file(&folder);
        let place = folder.join("etc/app.yaml");
        let mut watcher = Watcher::new(terms);
        watcher.watch(std::slice::from_ref(&place));
        write(&place, "a: 1\n");
        write(&folder.join("etc/other.yaml"), "a: 1\n");
        assert!(watcher.wait(QUIET * 3).is_empty(), "{how}");
        watcher.forget(&place);
        assert!(watcher.wait(QUIET * 3).is_empty(), "{how}: forgetting is no reason to look");
        write(&place, "a: 2\n");
        assert_eq!(watcher.wait(PATIENT), [place], "{how}");
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_burst_is_told_seldom_and_its_last_content_always() {
    for (how, terms) in ["told", "looking"].into_iter().zip(both_ways()) {
        let folder = folder(&format!("burst-{how}"));
        one_file(&folder);
        let place = folder.join("etc/app.yaml");
        let mut watcher = Watcher::new(terms);
        watcher.watch(std::slice::from_ref(&place));
        let (over, writes) = (Arc::new(AtomicBool::new(false)), place.clone());
        let told_it_is_over = Arc::clone(&over);
        let writer = thread::spawn(move || {
            for number in 0..100 {
                write(&writes, &format!("a: {number}\n"));
                thread::sleep(Duration::from_millis(5));
            }
            told_it_is_over.store(true, Ordering::SeqCst);
        });
        let (mut times, mut last) = (0, String::new());
        while !over.load(Ordering::SeqCst) || last != "a: 99\n" {
            assert!(times < 40, "{how}: told {times} times");
            if !watcher.wait(PATIENT).is_empty() {
                times += 1;
                last = fs::read_to_string(&place).unwrap();
            }
        }
        writer.join().unwrap();
        // 100 writes within half a second, each a reason to wait on; a busy machine pauses now and then.
        assert!((1..=10).contains(&times), "{how}: told {times} times");
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn where_the_kernel_cannot_tell_it_says_so_once_and_looks() {
    let folder = folder("deaf");
    one_file(&folder);
    let place = folder.join("etc/app.yaml");
    let too_many = io::Error::from(rustix::io::Errno::MFILE);
    let mut watcher = Watcher::with(Some(Err(too_many)), Terms { poll: None, debounce: QUIET });
    watcher.watch(std::slice::from_ref(&place));
    assert!(watcher.take_deaf().is_some() && watcher.take_deaf().is_none());
    write(&place, "a: 2\n");
    assert_eq!(watcher.wait(PATIENT), [place]);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn places_come_and_go() {
    let folder = folder("places");
    let [one, other] = ["etc/one.yaml", "etc/other.yaml"].map(|name| folder.join(name));
    write(&one, "a: 1\n");
    let mut watcher = Watcher::new(Terms { poll: None, debounce: QUIET });
    watcher.watch(std::slice::from_ref(&one));
    watcher.watch(&[one.clone(), other.clone()]);
    write(&one, "a: 2\n");
    write(&other, "a: 2\n");
    assert_eq!(watcher.wait(PATIENT), [one.clone(), other.clone()]);
    watcher.watch(std::slice::from_ref(&other));
    write(&one, "a: 3\n");
    assert!(watcher.wait(QUIET * 3).is_empty());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_folders_on_the_way_tell_through_links_and_circles_end() {
    let folder = folder("spots").canonicalize().unwrap();
    one_mount(&folder);
    let spots = spots::of(&[folder.join("etc/app.yaml")]);
    let names = |place: &str| {
        let spot = &spots[&folder.join(place)];
        let names: Vec<&str> = spot.names.iter().map(|name| name.to_str().unwrap()).collect();
        (names.join(" "), spot.contents)
    };
    assert_eq!(names("etc"), ("..1 ..data app.yaml".to_owned(), false));
    assert_eq!(names("etc/..1"), ("app.yaml".to_owned(), true));
    symlink("circle", folder.join("circle")).unwrap();
    assert!(spots::of(&[folder.join("circle")]).contains_key(&folder));
    fs::remove_dir_all(folder).unwrap();
}
