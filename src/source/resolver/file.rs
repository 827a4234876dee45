//! A secret in a file.
//!
//! What must stay true: the file that is opened lies inside a folder that the manifest allows, whatever links there are
//! and whoever swaps them meanwhile. Inside it links lead on, because a mounted secret is one; out of it none does.

use crate::domain::error::{Error, Result};
use crate::domain::secret::plain_parts;
use crate::source::environment::{LONGEST_SECRET, of_bytes};
use crate::source::regular;
use crate::source::secret::Secret;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;
use std::fs::File;
use std::io;

/// Reads the secret in a file.
pub(super) fn resolve(file: &str, folders: &[String]) -> Result<Secret> {
    let parts = plain_parts(file);
    let allowed = |folder: &String| {
        let (parts, folder) = (parts.as_ref()?, plain_parts(folder)?);
        let below = parts.strip_prefix(folder.as_slice()).filter(|below| !below.is_empty())?;
        Some((format!("/{}", folder.join("/")), below.join("/")))
    };
    let Some((folder, below)) = folders.iter().find_map(allowed) else {
        return Err(Error::invalid("A secret is to come from a file in no folder that the manifest allows.")
            .hint("Look at the manifest's secrets.folders."));
    };
    let named = format!("{folder}/{below}");
    let bytes = regular::read_with(&named, LONGEST_SECRET, || open(&folder, &below))?;
    of_bytes(bytes).ok_or_else(|| {
        Error::invalid(format!("The secret in the file {named} is not UTF-8.")).hint("Keep text in it.")
    })
}

fn open(folder: &str, below: &str) -> io::Result<File> {
    let folder = openat(CWD, folder, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let opened = match openat2(&folder, below, flags, Mode::empty(), inside) {
        // A kernel or a sandbox without this call: then no link at all.
        Err(Errno::NOSYS | Errno::PERM) => open_without_links(&folder, below, flags),
        opened => opened,
    };
    match opened {
        Ok(file) => Ok(file.into()),
        Err(Errno::XDEV) => Err(io::Error::other("it is a link that leads out of the allowed folder")),
        Err(error) => Err(error.into()),
    }
}

/// Opens what is below a folder, part by part, and follows no link.
fn open_without_links(
    folder: &rustix::fd::OwnedFd,
    below: &str,
    flags: OFlags,
) -> rustix::io::Result<rustix::fd::OwnedFd> {
    let mut at = folder.try_clone().map_err(|_| Errno::MFILE)?;
    let (parents, name) = below.rsplit_once('/').unwrap_or(("", below));
    for part in parents.split('/').filter(|part| !part.is_empty()) {
        at = openat(&at, part, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    }
    openat(&at, name, flags | OFlags::NOFOLLOW, Mode::empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let folder = std::env::temp_dir().join(format!("cfgctl-resolve-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(folder.join("secrets/..1")).unwrap();
            fs::write(folder.join("secrets/plain"), "canary\n").unwrap();
            fs::write(folder.join("secrets/..1/mounted"), "canary").unwrap();
            fs::write(folder.join("outside"), "canary").unwrap();
            Folder(folder)
        }

        fn link(&self, to: &str, name: &str) {
            symlink(to, self.0.join("secrets").join(name)).unwrap();
        }

        fn resolve(&self, file: &str) -> Result<Secret> {
            let folder = self.0.join("secrets").display().to_string();
            resolve(&format!("{}/{file}", self.0.display()), &["/nowhere".to_owned(), folder])
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_in_an_allowed_folder_is_read_and_so_is_a_mounted_one() {
        let folder = Folder::new("read");
        folder.link("..1", "..data");
        folder.link("..data/mounted", "mounted");
        for file in ["secrets/plain", "secrets//./plain", "secrets/mounted", "secrets/..1/mounted"] {
            assert_eq!(folder.resolve(file).unwrap().reveal(), "canary", "{file}");
        }
    }

    #[test]
    fn nothing_outside_is_read_whichever_way_it_is_named() {
        let folder = Folder::new("outside");
        let outside = folder.0.join("outside").display().to_string();
        folder.link("../outside", "relative");
        folder.link(&outside, "absolute");
        folder.link("..", "up");
        folder.link("/proc/self/root", "magic");
        for file in ["outside", "secrets", "secrets/../outside", "secrets/", "secretsx/plain"] {
            assert_eq!(folder.resolve(file).unwrap_err().code, Code::Invalid, "{file}");
        }
        for file in
            ["secrets/relative", "secrets/absolute", "secrets/up/outside", "secrets/magic/etc/hostname"]
        {
            let error = folder.resolve(file).unwrap_err();
            assert!(error.message.contains("leads out") || error.message.contains("link"), "{file}: {error}");
        }
    }

    #[test]
    fn what_is_no_small_text_is_refused_and_never_waited_for() {
        let folder = Folder::new("kinds");
        let place = |name: &str| folder.0.join("secrets").join(name);
        std::process::Command::new("mkfifo").arg(place("pipe")).status().unwrap();
        fs::write(place("bytes"), b"canary\xff").unwrap();
        fs::write(place("long"), "c".repeat(65_537)).unwrap();
        for (name, says) in [
            ("pipe", "no regular file"),
            ("bytes", "not UTF-8"),
            ("long", "longer than 65536 bytes"),
            ("..1", "a folder"),
            ("missing", "There is no file"),
        ] {
            let error = folder.resolve(&format!("secrets/{name}")).unwrap_err();
            assert!(error.message.contains(says) && !error.message.contains("canary"), "{name}: {error}");
        }
    }

    #[test]
    fn without_the_kernels_help_no_link_is_followed_at_all() {
        let folder = Folder::new("fallback");
        folder.link("..1", "..data");
        folder.link("plain", "last");
        let opened = openat(CWD, folder.0.join("secrets"), OFlags::DIRECTORY, Mode::empty()).unwrap();
        let open = |below| open_without_links(&opened, below, OFlags::empty()).is_ok();
        assert!(open("plain") && open("..1/mounted"));
        assert!(!open("last") && !open("..data/mounted"));
    }
}
