//! Which store a command works on (design.md §5, "Where").
//!
//! What must stay true: a store that was named is that store or an error, and an unreadable system store is an error
//! too: never silently another one.

use super::context_file::Contexts;
use super::environment;
use super::input::user_folder;
use crate::domain::error::{Error, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The store of the whole machine.
pub(crate) const SYSTEM_STORE: &str = "/var/lib/cfgctl/config_overrides.db";

const FILE_NAME: &str = "config_overrides.db";

/// A store's place, and why it is this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The store's file.
    pub(crate) store: PathBuf,
    /// What decided.
    pub(crate) because: Because,
    /// The context's name, where one decided.
    pub(crate) context: Option<String>,
    /// Whether writes ask to type the instance's name.
    pub(crate) protected: bool,
}

/// What decided on a store, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    /// `--store`.
    StoreFlag,
    /// `--context`.
    ContextFlag,
    /// A context that the command compares with.
    ContextNamed,
    /// `$CFGCTL_STORE`.
    StoreVariable,
    /// `$CFGCTL_CONTEXT`.
    ContextVariable,
    /// `cfgctl context use`.
    ContextInUse,
    /// Nothing was named: the machine's store.
    System,
    /// Nothing was named: this user's store.
    User,
}

impl Because {
    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Because::StoreFlag => "--store",
            Because::ContextFlag => "--context",
            Because::ContextNamed => "the context",
            Because::StoreVariable => "$CFGCTL_STORE",
            Because::ContextVariable => "$CFGCTL_CONTEXT",
            Because::ContextInUse => "context use",
            Because::System => "the default of this machine",
            Because::User => "the default of this user",
        }
    }
}

impl Place {
    /// The machine's store, which nobody named.
    pub(crate) fn system() -> Place {
        let store = PathBuf::from(SYSTEM_STORE);
        Place { store, because: Because::System, context: None, protected: false }
    }

    /// Whether nobody named it, so that the first write makes it.
    pub(crate) fn is_default(&self) -> bool {
        matches!(self.because, Because::System | Because::User)
    }

    /// That a store which was named is not there.
    pub(crate) fn missing(&self) -> Error {
        let store = self.store.display();
        Error::not_found(format!("There is no store at {store}, which {} names.", self.because.words()))
            .hint(format!("Make it: cfgctl init --store {store}"))
    }

    /// Whether the file is there. `denied` where this user may not even look.
    pub(crate) fn exists(&self) -> Result<bool> {
        match presence(&self.store) {
            Presence::Absent => Ok(false),
            Presence::Readable => Ok(true),
            Presence::Unreadable => Err(unreadable(&self.store)),
        }
    }
}

/// Whether a file is there and may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It is not there.
    Absent,
    /// It is there.
    Readable,
    /// It is there, or may be, and this user may not read it.
    Unreadable,
}

/// Everything that decides on the place.
pub(crate) struct Wishes<'a> {
    /// `--store`.
    pub(crate) store_flag: Option<PathBuf>,
    /// `--context`.
    pub(crate) context_flag: Option<String>,
    /// `$CFGCTL_STORE`.
    pub(crate) store_variable: Option<PathBuf>,
    /// `$CFGCTL_CONTEXT`.
    pub(crate) context_variable: Option<String>,
    /// Reads the contexts; asked only where no store is named.
    pub(crate) contexts: &'a dyn Fn() -> Result<Contexts>,
    /// Whether the machine's store is there; asked last.
    pub(crate) system_store: &'a dyn Fn() -> Presence,
    /// Whether the effective user is root.
    pub(crate) root: bool,
    /// The folder of this user's data.
    pub(crate) data_folder: Option<PathBuf>,
}

impl Wishes<'_> {
    /// The place that these wishes come to.
    pub(crate) fn resolve(self) -> Result<Place> {
        let named = |store: PathBuf, because| Place { store, because, context: None, protected: false };
        if let Some(store) = self.store_flag {
            return Ok(named(store, Because::StoreFlag));
        }
        if let Some(name) = self.context_flag {
            return (self.contexts)()?.place(&name, Because::ContextFlag);
        }
        if let Some(store) = self.store_variable {
            return Ok(named(store, Because::StoreVariable));
        }
        if let Some(name) = self.context_variable {
            return (self.contexts)()?.place(&name, Because::ContextVariable);
        }
        let contexts = (self.contexts)()?;
        if let Some(name) = contexts.in_use() {
            return contexts.place(name, Because::ContextInUse);
        }
        match (self.system_store)() {
            Presence::Unreadable => return Err(unreadable(Path::new(SYSTEM_STORE))),
            Presence::Absent if !self.root => {}
            _ => return Ok(named(PathBuf::from(SYSTEM_STORE), Because::System)),
        }
        let folder = self.data_folder.ok_or_else(|| {
            Error::usage("There is no place for this user's store: neither $XDG_DATA_HOME nor $HOME is an absolute path.")
                .hint("Name the store: --store PATH.")
        })?;
        Ok(named(folder.join("cfgctl").join(FILE_NAME), Because::User))
    }
}

/// The place for this process: the flags, the variables, the contexts, this machine.
pub(crate) fn resolve(store: Option<&Path>, context: Option<&str>) -> Result<Place> {
    Wishes {
        store_flag: store.map(absolute),
        context_flag: context.map(str::to_owned),
        store_variable: environment::variable("CFGCTL_STORE").map(|store| absolute(Path::new(&store))),
        context_variable: environment::text("CFGCTL_CONTEXT")?,
        contexts: &Contexts::load,
        system_store: &|| presence(Path::new(SYSTEM_STORE)),
        root: rustix::process::geteuid().is_root(),
        data_folder: user_folder("XDG_DATA_HOME", ".local/share"),
    }
    .resolve()
}

/// A place as it is named from anywhere, so that what is shown of it still holds in another folder. What is no place
/// at all stays as it is, for whoever opens it to say so.
pub(crate) fn absolute(store: &Path) -> PathBuf {
    std::path::absolute(store).unwrap_or_else(|_| store.to_path_buf())
}

/// Looks without opening: SQLite's locks on the file would go with a second descriptor.
pub(crate) fn presence(store: &Path) -> Presence {
    match fs::metadata(store) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Presence::Unreadable,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Presence::Absent
        }
        Ok(_) if rustix::fs::access(store, rustix::fs::Access::READ_OK).is_err() => Presence::Unreadable,
        _ => Presence::Readable,
    }
}

fn unreadable(store: &Path) -> Error {
    Error::denied(format!("The store {} may not be read by this user.", store.display()))
        .hint("Ask whoever keeps it, or name another one: --store PATH.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;

    fn contexts(in_use: Option<&str>) -> Contexts {
        let mut contexts = Contexts::default();
        contexts.add("prod", PathBuf::from("/prod.db"), true);
        contexts.add("test", PathBuf::from("/test.db"), false);
        contexts.choose(in_use.map(str::to_owned));
        contexts
    }

    struct Case {
        store_flag: Option<&'static str>,
        context_flag: Option<&'static str>,
        store_variable: Option<&'static str>,
        context_variable: Option<&'static str>,
        in_use: Option<&'static str>,
        system: Presence,
        root: bool,
        data: Option<&'static str>,
    }

    const NOTHING: Case = Case {
        store_flag: None,
        context_flag: None,
        store_variable: None,
        context_variable: None,
        in_use: None,
        system: Presence::Absent,
        root: false,
        data: Some("/home/ann/.local/share"),
    };

    fn resolved(case: &Case) -> Result<Place> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Wishes {
            store_flag: case.store_flag.map(PathBuf::from),
            context_flag: owned(case.context_flag),
            store_variable: case.store_variable.map(PathBuf::from),
            context_variable: owned(case.context_variable),
            contexts: &|| Ok(contexts(case.in_use)),
            system_store: &|| case.system,
            root: case.root,
            data_folder: case.data.map(PathBuf::from),
        }
        .resolve()
    }

    #[test]
    fn flags_beat_variables_beat_the_context_in_use_beats_the_default() {
        let all = Case {
            store_flag: Some("/flag.db"),
            context_flag: None,
            store_variable: Some("/variable.db"),
            context_variable: Some("test"),
            in_use: Some("prod"),
            system: Presence::Readable,
            ..NOTHING
        };
        let user = "/home/ann/.local/share/cfgctl/config_overrides.db";
        for (case, store, because) in [
            (Case { ..all }, "/flag.db", Because::StoreFlag),
            (Case { store_flag: None, context_flag: Some("prod"), ..all }, "/prod.db", Because::ContextFlag),
            (Case { store_flag: None, ..all }, "/variable.db", Because::StoreVariable),
            (Case { store_flag: None, store_variable: None, ..all }, "/test.db", Because::ContextVariable),
            (Case { in_use: Some("prod"), ..NOTHING }, "/prod.db", Because::ContextInUse),
            (Case { system: Presence::Readable, ..NOTHING }, SYSTEM_STORE, Because::System),
            (Case { root: true, ..NOTHING }, SYSTEM_STORE, Because::System),
            (Case { ..NOTHING }, user, Because::User),
        ] {
            let place = resolved(&case).unwrap();
            assert_eq!((place.store.to_str().unwrap(), place.because), (store, because));
            assert_eq!(place.protected, store == "/prod.db");
        }
    }

    #[test]
    fn an_unreadable_machine_store_a_missing_context_and_no_home_are_errors() {
        for (case, code) in [
            (Case { system: Presence::Unreadable, ..NOTHING }, Code::Denied),
            (Case { system: Presence::Unreadable, root: true, ..NOTHING }, Code::Denied),
            (Case { context_flag: Some("other"), ..NOTHING }, Code::NotFound),
            (Case { in_use: Some("gone"), ..NOTHING }, Code::NotFound),
            (Case { data: None, ..NOTHING }, Code::Usage),
        ] {
            assert_eq!(resolved(&case).unwrap_err().code, code);
        }
    }

    #[test]
    fn a_named_store_needs_neither_contexts_nor_machine() {
        let place = Wishes {
            store_flag: Some(PathBuf::from("file:x?mode=memory")),
            context_flag: None,
            store_variable: None,
            context_variable: None,
            contexts: &|| Err(Error::internal("asked for contexts")),
            system_store: &|| Presence::Unreadable,
            root: true,
            data_folder: None,
        }
        .resolve()
        .unwrap();
        assert_eq!(place.store, Path::new("file:x?mode=memory"));
    }
}
