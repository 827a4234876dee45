//! The stores that have a name: this user's file of contexts over the machine's.
//!
//! What must stay true: the file is replaced whole or not at all, and is readable by its owner only; only the user's
//! own file is ever written.

use super::input;
use super::place::{Because, Place};
use crate::domain::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const SYSTEM_FILE: &str = "/etc/cfgctl/contexts.json";

/// A named store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Named {
    /// The store's file, as an absolute path.
    pub(crate) store: PathBuf,
    /// Whether writes ask to type the instance's name.
    #[serde(default)]
    pub(crate) protected: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Listed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default)]
    contexts: BTreeMap<String, Named>,
}

/// All named stores, the user's and the machine's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Contexts {
    user: Listed,
    system: Listed,
}

impl Contexts {
    /// Reads both files; one that is not there holds nothing.
    pub(crate) fn load() -> Result<Contexts> {
        let user = user_file().map_or_else(|| Ok(Listed::default()), |path| read(&path))?;
        Ok(Contexts { user, system: read(Path::new(SYSTEM_FILE))? })
    }

    /// The name that `context use` chose.
    pub(crate) fn in_use(&self) -> Option<&str> {
        self.user.current.as_deref().or(self.system.current.as_deref())
    }

    /// The store of that name. `not-found` names the ones there are.
    pub(crate) fn named(&self, name: &str) -> Result<&Named> {
        self.user.contexts.get(name).or_else(|| self.system.contexts.get(name)).ok_or_else(|| {
            let known: Vec<&str> = self.all().map(|(name, ..)| name).collect();
            let hint = match known.as_slice() {
                [] => "Name one: cfgctl context add NAME --store PATH.".to_owned(),
                known => format!("There are: {}.", known.join(", ")),
            };
            Error::not_found(format!("There is no context {name:?}.")).hint(hint)
        })
    }

    /// The store that this user's own file gives that name.
    pub(crate) fn own(&self, name: &str) -> Option<&Named> {
        self.user.contexts.get(name)
    }

    /// The place that the name stands for.
    pub(crate) fn place(&self, name: &str, because: Because) -> Result<Place> {
        let Named { store, protected } = self.named(name)?.clone();
        Ok(Place { store, because, context: Some(name.to_owned()), protected })
    }

    /// Every name once, with its store and whether the user's own file says so, in the order of names.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Named, bool)> {
        let all: BTreeMap<&str, (&Named, bool)> = (self.system.contexts.iter().map(|named| (named, false)))
            .chain(self.user.contexts.iter().map(|named| (named, true)))
            .map(|((name, named), own)| (name.as_str(), (named, own)))
            .collect();
        all.into_iter().map(|(name, (named, own))| (name, named, own))
    }

    /// Names a store; whether the name is new.
    pub(crate) fn add(&mut self, name: &str, store: PathBuf, protected: bool) -> bool {
        self.user.contexts.insert(name.to_owned(), Named { store, protected }).is_none()
    }

    /// Forgets a name of the user's own file, also as the one in use. `not-found` where it is not there.
    pub(crate) fn remove(&mut self, name: &str) -> Result<()> {
        self.named(name)?;
        if self.user.contexts.remove(name).is_none() {
            return Err(Error::denied(format!(
                "The context {name:?} is this machine's, from {SYSTEM_FILE}."
            ))
            .hint("Whoever keeps the machine can remove it there."));
        }
        self.user.current.take_if(|current| current == name);
        Ok(())
    }

    /// Chooses the context in use, or none.
    pub(crate) fn choose(&mut self, name: Option<String>) {
        self.user.current = name;
    }

    /// Writes the user's file.
    pub(crate) fn save(&self) -> Result<()> {
        let path = user_file().ok_or_else(|| {
            Error::usage("There is no place for this user's contexts: neither $XDG_CONFIG_HOME nor $HOME is an absolute path.")
        })?;
        let text =
            serde_json::to_string_pretty(&self.user).map_err(|error| Error::internal(error.to_string()))?;
        replace(&path, format!("{text}\n").as_bytes()).map_err(|error| {
            Error::unavailable(format!("The contexts cannot be written to {}: {error}.", path.display()))
                .not_retryable()
        })
    }
}

fn user_file() -> Option<PathBuf> {
    input::user_folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("cfgctl").join("contexts.json"))
}

fn read(path: &Path) -> Result<Listed> {
    let name = path.display();
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
            Error::invalid(format!("The file of contexts {name} does not hold contexts: {error}."))
                .hint(format!("Mend it, or move it away and name the stores again: mv {name} {name}.broken"))
        }),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Listed::default())
        }
        Err(error) => Err(input::cannot(&name.to_string(), &error)),
    }
}

/// Puts a file of this content in the place of the former one, in one step that survives a crash.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let temporary = folder.join(format!(".contexts.{}", std::process::id()));
    let written =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&temporary, path)
        });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn sample() -> Contexts {
        let mut contexts = Contexts::default();
        contexts.add("mine", PathBuf::from("/mine.db"), false);
        contexts.add("both", PathBuf::from("/both-mine.db"), false);
        contexts
            .system
            .contexts
            .insert("both".to_owned(), Named { store: "/both.db".into(), protected: true });
        contexts
            .system
            .contexts
            .insert("theirs".to_owned(), Named { store: "/theirs.db".into(), protected: true });
        contexts.system.current = Some("theirs".to_owned());
        contexts
    }

    #[test]
    fn the_users_contexts_beat_the_machines() {
        let mut contexts = sample();
        let names: Vec<_> =
            contexts.all().map(|(name, named, own)| (name, named.store.to_str().unwrap(), own)).collect();
        assert_eq!(
            names,
            [("both", "/both-mine.db", true), ("mine", "/mine.db", true), ("theirs", "/theirs.db", false)]
        );
        assert_eq!(contexts.in_use(), Some("theirs"));
        contexts.choose(Some("mine".to_owned()));
        assert_eq!(contexts.in_use(), Some("mine"));
    }

    #[test]
    fn removing_forgets_the_choice_and_leaves_the_machines_alone() {
        let mut contexts = sample();
        contexts.choose(Some("mine".to_owned()));
        contexts.remove("mine").unwrap();
        assert_eq!(contexts.in_use(), Some("theirs"));
        contexts.remove("both").unwrap();
        assert_eq!(contexts.named("both").unwrap().store, Path::new("/both.db"));
        assert!(contexts.remove("both").unwrap_err().message.contains(SYSTEM_FILE));
        assert!(contexts.remove("none").unwrap_err().hint.unwrap().contains("both, theirs"));
    }

    #[test]
    fn the_file_is_replaced_whole_closed_to_others_and_read_back() {
        let folder = std::env::temp_dir().join(format!("cfgctl-contexts-{}", std::process::id()));
        let path = folder.join("deeper").join("contexts.json");
        let listed = sample().user;
        for _ in 0..2 {
            replace(&path, &serde_json::to_vec(&listed).unwrap()).unwrap();
            assert_eq!(read(&path).unwrap(), listed);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        fs::write(&path, "{").unwrap();
        assert!(read(&path).unwrap_err().message.contains("contexts.json"));
        assert_eq!(read(&folder.join("none")).unwrap(), Listed::default());
        fs::remove_dir_all(&folder).unwrap();
    }
}
