//! The file that holds an instance's keys.
//!
//! What must stay true: nobody but its owner can read it, and one that others can read is not used; what is opened is a
//! file and no link or pipe; it is made where there is none, and later replaced whole or not at all, durable before
//! anything is sealed with what is new in it. A key that is lost is lost with all that it sealed.

use super::{Key, Keyring};
use crate::domain::error::{Error, Result};
use crate::domain::sealed::is_key_name;
use crate::domain::wording::plain_reason;
use rustix::fs::OFlags;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The largest key file that is read.
const LARGEST: u64 = 64 * 1024;

/// Makes a key file with one key. `give` may give the open file to another owner. `conflict` where there is one.
pub fn create(
    place: &Path,
    random: &mut dyn FnMut() -> [u8; 32],
    give: impl FnOnce(&File) -> io::Result<()>,
) -> Result<Keyring> {
    let name = place.display();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::conflict(format!("There is a key file already: {name}."))
            .hint("To seal with a new key from now on: cfgctl secret rotate"),
        _ => cannot_write(place, &error),
    };
    let keys = Keyring::new(random());
    // Written under another name, so that a crash leaves no half of a key file where one is looked for.
    let _turn = folder_of(place).and_then(|folder| lock(&folder)).map_err(failed)?;
    let draft = draft(place);
    let written = write_draft(&draft, &keys, give).and_then(|()| {
        let (here, flags) = (rustix::fs::CWD, rustix::fs::RenameFlags::NOREPLACE);
        Ok(rustix::fs::renameat_with(here, &draft, here, place, flags)?)
    });
    finish(place, &draft, written).map_err(failed)?;
    Ok(keys)
}

/// Reads a key file. `not-found`, `denied`; `invalid` where it is no file or others can read it; `integrity` where it is
/// damaged.
pub fn read(place: &Path) -> Result<Keyring> {
    read_with_owner(place).map(|(keys, _)| keys)
}

/// Adds a key in front: what is sealed from now on is sealed with it, and the older ones still open.
pub fn rotate(place: &Path, random: &mut dyn FnMut() -> [u8; 32]) -> Result<Keyring> {
    replace(place, |keys| {
        let bytes = random();
        if keys.find(Key::new(bytes).id()).is_some() {
            return Err(Error::internal("The new key has an older one's name. Try again."));
        }
        keys.push(bytes);
        Ok(())
    })
}

/// Forgets an older key: what is still sealed with it does not open any more. `not-found`, `refused` for the newest.
pub fn forget(place: &Path, id: &str) -> Result<Keyring> {
    replace(place, |keys| {
        if keys.newest.id == id {
            return Err(Error::refused(format!(
                "The key {id} is the newest: what is set is sealed with it."
            ))
            .hint("Add a new one before: cfgctl secret rotate"));
        }
        let before = keys.older.len();
        keys.older.retain(|key| key.id != id);
        if keys.older.len() == before {
            let known: Vec<&str> = keys.ids().collect();
            // What is no key's name may be anything, a key itself among it.
            let which = if is_key_name(id) { format!("key {id}") } else { "such key".to_owned() };
            return Err(Error::not_found(format!("There is no {which} in {}.", place.display()))
                .hint(format!("There are, the newest first: {}.", known.join(", "))));
        }
        Ok(())
    })
}

fn replace(place: &Path, alter: impl FnOnce(&mut Keyring) -> Result<()>) -> Result<Keyring> {
    let failed = |error: io::Error| cannot_write(place, &error);
    let _turn = folder_of(place).and_then(|folder| lock(&folder)).map_err(failed)?;
    let (mut keys, owner) = read_with_owner(place)?;
    alter(&mut keys)?;
    let draft = draft(place);
    let give = |file: &File| {
        let made = file.metadata()?;
        let same = (made.uid(), made.gid()) == (owner.uid(), owner.gid());
        if same { Ok(()) } else { fchown(file, Some(owner.uid()), Some(owner.gid())) }
    };
    let written = write_draft(&draft, &keys, give).and_then(|()| fs::rename(&draft, place));
    finish(place, &draft, written).map_err(failed)?;
    Ok(keys)
}

fn read_with_owner(place: &Path) -> Result<(Keyring, Metadata)> {
    let name = place.display();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Error::not_found(format!("There is no key file {name}."))
                .hint("Put it back where it was; for an instance that has none yet: cfgctl secret keygen")
        }
        io::ErrorKind::PermissionDenied => {
            Error::denied(format!("The key file {name} may not be read by this user."))
        }
        // Opened without following links, a link is an error of its own.
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => no_file(place, "a link"),
        _ => {
            let why = plain_reason(&error.to_string());
            Error::unavailable(format!("The key file {name} cannot be read: {why}.")).not_retryable()
        }
    };
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(place).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(no_file(place, if metadata.is_dir() { "a folder" } else { "no file" }));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(Error::invalid(format!("The key file {name} can be read or written by others.")).hint(
            format!(
                "Close it: chmod 600 {name}. Whoever could read it may have the keys: cfgctl secret rotate"
            ),
        ));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(metadata.len().min(LARGEST) as usize + 1));
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    let damaged = |why: &str| {
        Error::integrity(format!("The key file {name} does not hold: {why}."))
            .hint("Put a whole copy of it in its place, with mode 0600, then look: cfgctl doctor")
    };
    if bytes.len() as u64 > LARGEST {
        return Err(damaged("it is larger than a key file can be"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| damaged("it is no text"))?;
    Ok((Keyring::parse(text).map_err(|why| damaged(&why))?, metadata))
}

fn no_file(place: &Path, what: &str) -> Error {
    Error::invalid(format!("The key file {} is {what}, and must be a file of its own.", place.display()))
        .hint("Put the file itself there, with mode 0600.")
}

fn cannot_write(place: &Path, error: &io::Error) -> Error {
    let (name, why) = (place.display(), plain_reason(&error.to_string()));
    Error::unavailable(format!("The key file {name} cannot be written: {why}. Nothing was changed."))
        .not_retryable()
        .hint("Mend its folder: its space, its permissions. Then try again.")
}

fn folder_of(place: &Path) -> io::Result<PathBuf> {
    let folder = place.parent().ok_or(io::ErrorKind::IsADirectory)?;
    Ok(if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_path_buf() })
}

/// Who alters a key file in a folder does it alone: two at once would each lose the other's key.
fn lock(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

fn draft(place: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(".new");
    place.with_file_name(name)
}

fn write_draft(draft: &Path, keys: &Keyring, give: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    // What a crash left of an earlier one; whoever holds the folder's lock is alone.
    match fs::remove_file(draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    give(&file)?;
    file.write_all(keys.to_text().as_bytes())?;
    file.sync_all()
}

/// Makes the new name durable, or removes the draft of what failed.
fn finish(place: &Path, draft: &Path, written: io::Result<()>) -> io::Result<()> {
    if written.is_err() {
        let _ = fs::remove_file(draft);
    }
    written.and_then(|()| File::open(folder_of(place)?)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;
    use std::os::unix::fs::symlink;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let folder = std::env::temp_dir().join(format!("cfgctl-keys-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).unwrap();
            Folder(folder)
        }

        fn key(&self) -> PathBuf {
            self.0.join("key")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn random() -> impl FnMut() -> [u8; 32] {
        let mut last = 0;
        move || {
            last += 1;
            [last; 32]
        }
    }

    fn make(place: &Path) -> Result<Keyring> {
        create(place, &mut random(), |_| Ok(()))
    }

    fn mode(place: &Path) -> u32 {
        fs::metadata(place).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_key_file_is_made_once_closed_to_others_and_read_back() {
        let folder = Folder::new("made");
        let made = make(&folder.key()).unwrap();
        assert_eq!(mode(&folder.key()), 0o600);
        assert!(read(&folder.key()).unwrap().ids().eq(made.ids()));
        let before = fs::read(folder.key()).unwrap();
        assert_eq!(make(&folder.key()).unwrap_err().code, Code::Conflict);
        assert_eq!(fs::read(folder.key()).unwrap(), before);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    }

    #[test]
    fn a_new_key_comes_first_and_an_older_one_can_be_forgotten() {
        let folder = Folder::new("rotated");
        let mut random = random();
        let first = create(&folder.key(), &mut random, |_| Ok(())).unwrap().newest().id().to_owned();
        let rotated = rotate(&folder.key(), &mut random).unwrap();
        let second = rotated.newest().id().to_owned();
        assert_eq!(rotated.ids().collect::<Vec<_>>(), [second.as_str(), first.as_str()]);
        assert_eq!(mode(&folder.key()), 0o600);
        assert_eq!(forget(&folder.key(), &second).unwrap_err().code, Code::Refused);
        let unknown = forget(&folder.key(), "00000000").unwrap_err();
        assert!(unknown.code == Code::NotFound && unknown.hint.unwrap().contains(&second));
        forget(&folder.key(), &first).unwrap();
        assert_eq!(read(&folder.key()).unwrap().ids().collect::<Vec<_>>(), [second.as_str()]);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let folder = Folder::new("open");
        make(&folder.key()).unwrap();
        for open in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(folder.key(), fs::Permissions::from_mode(open)).unwrap();
            let error = read(&folder.key()).unwrap_err();
            assert!(error.code == Code::Invalid && error.hint.unwrap().contains("chmod 600"), "{open:o}");
            assert!(rotate(&folder.key(), &mut random()).is_err());
        }
    }

    #[test]
    fn what_is_no_file_of_its_own_is_refused_without_waiting() {
        let folder = Folder::new("odd");
        assert_eq!(read(&folder.key()).unwrap_err().code, Code::NotFound);
        make(&folder.0.join("real")).unwrap();
        symlink("real", folder.key()).unwrap();
        assert!(read(&folder.key()).unwrap_err().message.contains("a link"));
        assert_eq!(make(&folder.key()).unwrap_err().code, Code::Conflict);
        fs::remove_file(folder.key()).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, folder.key(), fifo, 0o600.into(), 0).unwrap();
        assert!(read(&folder.key()).unwrap_err().message.contains("no file"));
        fs::remove_file(folder.key()).unwrap();
        fs::create_dir(folder.key()).unwrap();
        assert!(read(&folder.key()).unwrap_err().message.contains("a folder"));
    }

    #[test]
    fn a_damaged_file_is_told_and_nothing_of_it_is_repeated() {
        let folder = Folder::new("damaged");
        make(&folder.key()).unwrap();
        let whole = fs::read(folder.key()).unwrap();
        let digits = whole.len() - 20;
        let mut flipped = whole.clone();
        flipped[digits] ^= 1;
        for content in [flipped, whole[..digits].to_vec(), vec![0xff; 200], Vec::new(), vec![b'#'; 70_000]] {
            fs::write(folder.key(), content).unwrap();
            let error = read(&folder.key()).unwrap_err();
            assert_eq!(error.code, Code::Integrity, "{error:?}");
            assert!(!format!("{error:?}").contains("0101"), "{error:?}");
        }
    }

    #[test]
    fn a_draft_that_a_crash_left_behind_is_no_obstacle() {
        let folder = Folder::new("crashed");
        fs::write(folder.0.join(".key.new"), "half").unwrap();
        make(&folder.key()).unwrap();
        fs::write(folder.0.join(".key.new"), "half").unwrap();
        rotate(&folder.key(), &mut || [9; 32]).unwrap();
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    }
}
