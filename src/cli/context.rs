//! Naming stores and choosing among them: `context`.

use super::context_file::{Contexts, Named};
use super::place::{self, Because, Place, Presence};
use super::session::Session;
use super::{complete, environment};
use crate::api::Outcome;
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::is_name;
use crate::output::{Render, Style, escape};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::path::PathBuf;

/// Name stores and choose among them.
///
/// The names are this user's, in $XDG_CONFIG_HOME/cfgctl/contexts.json, over the machine's, in
/// /etc/cfgctl/contexts.json. Without a terminal a write never rests on `context use` alone.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl context add prod --store /srv/prod/config_overrides.db --protected
  cfgctl context use prod
  cfgctl context show
  cfgctl --context prod get server.port")]
pub(crate) struct Context {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// Name a store
    Add(Add),
    /// Choose the store that is meant where none is named
    Use(Use),
    /// List the named stores
    List(List),
    /// Show which store is meant, and why
    Show(Show),
    /// Forget a name; the store stays
    Remove(Remove),
}

impl Context {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::Add(action) => action.run(session),
            Action::Use(action) => action.run(session),
            Action::List(action) => action.run(session),
            Action::Show(action) => action.run(session),
            Action::Remove(action) => action.run(session),
        }
    }
}

/// Name a store. The store itself is `--store`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl context add prod --store /srv/prod/config_overrides.db --protected
  cfgctl context add scratch --store ./scratch.db")]
struct Add {
    /// The name: letters, digits, '.', '-', '_' and '@'
    name: String,
    /// Writes ask to type the instance's name, or need --answer
    #[arg(long)]
    protected: bool,
    /// Give an existing name to this store; a protected one stays protected
    #[arg(long)]
    replace: bool,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Add {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        if !is_name(&self.name) {
            return Err(Error::usage(format!("{:?} cannot be a context's name.", self.name)).hint(
                "Use 1 to 64 letters, digits, '.', '-', '_' and '@', beginning with a letter or digit.",
            ));
        }
        let store = session.options.store.as_ref().ok_or_else(|| {
            Error::usage("A context needs a store.")
                .hint(format!("cfgctl context add {} --store PATH", self.name))
        })?;
        let store = std::path::absolute(store)
            .map_err(|error| Error::usage(format!("{} is no path: {error}.", store.display())))?;
        let mut contexts = Contexts::load()?;
        let former = contexts.own(&self.name).cloned();
        if let (Some(former), false) = (&former, self.replace) {
            return Err(Error::conflict(format!(
                "There is a context {} already: {}.",
                self.name,
                former.store.display()
            ))
            .hint("To give the name to another store, say so: --replace"));
        }
        let was_protected = former.as_ref().is_some_and(|former| former.protected);
        let protected = self.protected || was_protected;
        contexts.add(&self.name, store.clone(), protected);
        let verb = if former.is_none() { "names" } else { "now names" };
        let still = if was_protected { "; it stays protected" } else { "" };
        let said = format!("{} {verb} {}{still}.", self.name, store.display());
        done(
            session,
            contexts,
            Done { context: Some(self.name), store: Some(store), protected, dry_run: self.dry_run, said },
        )
    }
}

/// Choose the store that is meant where none is named.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl context use prod
  cfgctl context use --none")]
struct Use {
    /// The context's name
    #[arg(required_unless_present = "none", add = complete::contexts())]
    name: Option<String>,
    /// None: the default store is meant again
    #[arg(long, conflicts_with = "name")]
    none: bool,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Use {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let mut contexts = Contexts::load()?;
        let named = self.name.as_deref().map(|name| contexts.named(name)).transpose()?.cloned();
        let said = match (&self.name, &named) {
            (Some(name), Some(named)) => format!("{name} is in use: {}.", named.store.display()),
            _ => "No context is in use.".to_owned(),
        };
        contexts.choose(self.name.clone());
        let (protected, store) = named.map_or((false, None), |named| (named.protected, Some(named.store)));
        done(session, contexts, Done { context: self.name, store, protected, dry_run: self.dry_run, said })
    }
}

/// What became of a name.
#[derive(Serialize)]
struct Done {
    context: Option<String>,
    store: Option<PathBuf>,
    protected: bool,
    dry_run: bool,
    #[serde(skip)]
    said: String,
}

impl Render for Done {
    /// What is done is said beside the answer, which is for programs.
    fn table(&self, _style: &Style) -> String {
        String::new()
    }

    fn names(&self) -> Vec<String> {
        self.context.iter().cloned().collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        vec![if self.dry_run { format!("Would be: {}", self.said) } else { self.said.clone() }]
    }
}

/// Keeps the contexts as they are now, unless only asked, and says so.
fn done(session: &mut Session, contexts: Contexts, done: Done) -> Result<Outcome> {
    if !done.dry_run {
        contexts.save()?;
    }
    session.print(&done)?;
    Ok(Outcome::Done)
}

/// List the named stores.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl context list
  cfgctl context list -o json")]
struct List {}

impl List {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let contexts = Contexts::load()?;
        let items = contexts
            .all()
            .map(|(name, named, own)| Listed {
                name: name.to_owned(),
                store: named.store.clone(),
                protected: named.protected,
                in_use: contexts.in_use() == Some(name),
                of: if own { "user" } else { "machine" },
            })
            .collect();
        session.print(&ContextList { items })?;
        Ok(Outcome::Done)
    }
}

/// Forget a name; the store stays.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl context remove scratch")]
struct Remove {
    /// The context's name
    #[arg(add = complete::contexts())]
    name: String,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Remove {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let mut contexts = Contexts::load()?;
        let Named { store, protected } = contexts.named(&self.name)?.clone();
        let was_in_use = contexts.in_use() == Some(&self.name);
        contexts.remove(&self.name)?;
        let mut said = format!("{} is forgotten; the store stays where it is.", self.name);
        if was_in_use {
            said.push_str(match contexts.in_use() {
                Some(_) => {
                    " It was in use: from now on the machine's own choice is meant, see cfgctl context show."
                }
                None => " It was in use: from now on the default store is meant, see cfgctl context show.",
            });
        }
        done(
            session,
            contexts,
            Done { context: Some(self.name), store: Some(store), protected, dry_run: self.dry_run, said },
        )
    }
}

/// Show which store is meant, what decided, and what was weaker.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl context show
  CFGCTL_STORE=/tmp/try.db cfgctl context show -o json")]
struct Show {}

impl Show {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let place = match session.place() {
            // The very thing that is asked about: the machine's store is meant, and this user may not read it.
            Err(error) if error.code == Code::Denied => Place::system(),
            place => place?,
        };
        let contexts = Contexts::load()?;
        let options = &session.options;
        let path = |store: Option<PathBuf>| store.map(|store| store.display().to_string());
        let candidates = [
            (Because::StoreFlag, path(options.store.clone())),
            (Because::ContextFlag, options.context.clone()),
            (Because::StoreVariable, path(environment::variable("CFGCTL_STORE").map(PathBuf::from))),
            (Because::ContextVariable, environment::text("CFGCTL_CONTEXT")?),
            (Because::ContextInUse, contexts.in_use().map(str::to_owned)),
        ];
        let mut settings: Vec<Setting> = candidates
            .into_iter()
            .filter_map(|(because, value)| {
                Some(Setting { by: because.words(), value: value?, wins: because == place.because })
            })
            .collect();
        if place.is_default() {
            let value = place.store.display().to_string();
            settings.push(Setting { by: place.because.words(), value, wins: true });
        }
        let shown = Shown {
            there: !matches!(place::presence(&place.store), Presence::Absent),
            readable: !matches!(place::presence(&place.store), Presence::Unreadable),
            by: place.because.words(),
            store: place.store,
            context: place.context,
            protected: place.protected,
            settings,
        };
        session.print(&shown)?;
        Ok(Outcome::Done)
    }
}

/// The named stores.
#[derive(Serialize)]
struct ContextList {
    items: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: String,
    store: PathBuf,
    protected: bool,
    in_use: bool,
    of: &'static str,
}

impl Render for ContextList {
    fn table(&self, _style: &Style) -> String {
        let widest = self.items.iter().map(|item| item.name.len()).max().unwrap_or_default();
        let line = |item: &Listed| {
            let mark = if item.in_use { '*' } else { ' ' };
            let store = item.store.display().to_string();
            let protected = if item.protected { "  (protected)" } else { "" };
            format!("{mark} {:widest$}  {}{protected}\n", item.name, escape::line(&store))
        };
        self.items.iter().map(line).collect()
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.name.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        let none = "No store has a name. Name one: cfgctl context add NAME --store PATH.";
        if self.items.is_empty() { vec![none.to_owned()] } else { Vec::new() }
    }
}

/// The store that is meant, and why.
#[derive(Serialize)]
struct Shown {
    store: PathBuf,
    there: bool,
    readable: bool,
    by: &'static str,
    context: Option<String>,
    protected: bool,
    settings: Vec<Setting>,
}

#[derive(Serialize)]
struct Setting {
    by: &'static str,
    value: String,
    wins: bool,
}

impl Render for Shown {
    fn table(&self, _style: &Style) -> String {
        let store = self.store.display().to_string();
        let there = match (self.there, self.readable) {
            (true, true) => "",
            (true, false) => " (not to be read by this user)",
            (false, _) => " (not there yet)",
        };
        let protected = if self.protected { ", protected" } else { "" };
        let mut text = format!("{}{there}{protected}\n", escape::line(&store));
        for setting in &self.settings {
            let verdict = if setting.wins { "decides" } else { "is weaker" };
            text.push_str(&format!("  {} {verdict}: {}\n", setting.by, escape::line(&setting.value)));
        }
        text
    }

    fn names(&self) -> Vec<String> {
        self.context.iter().cloned().collect()
    }

    fn raw(&self) -> Option<String> {
        Some(self.store.display().to_string())
    }
}
