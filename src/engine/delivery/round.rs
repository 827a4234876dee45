//! A delivery that is no change's own: services are given what is in force, in the order and with the proofs of one.
//!
//! What must stay true: each thing that is done is on record before the next is; cut short, it leaves nothing to go on
//! with but facts, and a service that is behind is known by its digest.

use super::ask::ask_all;
use super::content::in_force;
use super::job::{Give, Next, of_rows};
use super::{PAUSE, act, begin, view};
use crate::domain::delivery::{Verdict, Weighed, verdict};
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::service::Service;
use crate::engine::Engine;
use crate::engine::transact::{Note, View};
use crate::store::delivery::Delivery;
use crate::store::{base, manifest, overrides};
use serde_json::json;
use std::collections::BTreeSet;
use std::thread;

/// What is brought to whom.
pub(in crate::engine) struct Round {
    /// How far each instance has come, in the order in which they are told.
    pub(in crate::engine) rows: Vec<Delivery>,
    /// The paths that moved; none where the services are given all that they use, whatever they had.
    moved: Option<BTreeSet<Path>>,
}

impl Round {
    /// For these services.
    pub(in crate::engine) fn of<'a>(
        services: impl IntoIterator<Item = &'a Service>,
        moved: Option<BTreeSet<Path>>,
    ) -> Round {
        let mut rows: Vec<Delivery> = services.into_iter().flat_map(begin::rows).collect();
        rows.sort_by(|a, b| {
            let order = |row: &Delivery| (std::cmp::Reverse(row.priority), row.service.clone(), row.wave);
            order(a).cmp(&order(b)).then_with(|| a.instance.cmp(&b.instance))
        });
        Round { rows, moved }
    }

    /// What it amounts to.
    pub(in crate::engine) fn verdict(&self, threshold: f64) -> Verdict {
        verdict(self.rows.iter().map(weighed), threshold)
    }

    fn take(&mut self, news: Delivery) {
        let same = |row: &&mut Delivery| row.service == news.service && row.instance == news.instance;
        if let Some(row) = self.rows.iter_mut().find(same) {
            *row = news;
        }
    }

    fn next(&self, view: &View<'_>) -> Result<Next> {
        let patience = manifest::policy(view.db)?.verify.timeout;
        match &self.moved {
            Some(moved) => of_rows(view, &self.rows, moved, patience),
            None => of_rows(view, &self.rows, &self.used(view)?, patience),
        }
    }

    /// All paths that the services use.
    fn used(&self, view: &View<'_>) -> Result<BTreeSet<Path>> {
        let services = manifest::services(view.db)?;
        let named: BTreeSet<&str> = self.rows.iter().map(|row| row.service.as_str()).collect();
        let mut used = BTreeSet::new();
        for service in services.values().filter(|service| named.contains(service.name.as_str())) {
            used.extend(in_force(view, service)?.into_keys());
        }
        Ok(used)
    }
}

impl Engine {
    /// Brings a round to its end; `action` is what the record calls each step of it.
    pub(in crate::engine) fn go_round(
        &mut self,
        caller: &Caller,
        action: &str,
        round: &mut Round,
    ) -> Result<()> {
        let locks = self.locks()?;
        loop {
            let news = match self.look_itself(caller, |view| round.next(view))? {
                Next::Nothing | Next::Decide | Next::Watch(_) | Next::EndWatch => return Ok(()),
                Next::Give(jobs) => {
                    for mut job in jobs {
                        if round.moved.is_none() {
                            job.touched = self.look_itself(caller, |view| moved_since(view, &job))?;
                        }
                        let done = act::give(self, caller, &locks, &job)?;
                        let attempt = (action, job.delivery.service.as_str());
                        let (given, _) = self.transact_itself(caller, attempt, |view| {
                            let given = done.record(view, &job)?;
                            let detail = json!({
                                "instance": given.instance, "state": given.state, "version": done.version,
                                "secrets": done.secrets, "problem": given.problem,
                            });
                            let note = Note::new(action, given.service.clone(), detail);
                            Ok((given, Some(note)))
                        })?;
                        round.take(given);
                    }
                    continue;
                }
                Next::Ask(jobs) => {
                    ask_all(&self.machine, self.store.place(), &jobs).into_iter().flatten().collect()
                }
                Next::Note(news) => news,
                Next::Wait => Vec::new(),
            };
            if news.is_empty() {
                thread::sleep(PAUSE);
            } else {
                self.keep_facts(caller, action, &news)?;
                news.into_iter().for_each(|one| round.take(one));
            }
        }
    }

    /// Records what was found of some instances.
    fn keep_facts(&mut self, caller: &Caller, action: &str, news: &[Delivery]) -> Result<()> {
        let names: BTreeSet<&str> = news.iter().map(|one| one.service.as_str()).collect();
        let target = names.into_iter().collect::<Vec<_>>().join(" ");
        self.transact_itself(caller, (action, target.as_str()), |view| {
            news.iter().try_for_each(|one| view::keep_fact(view, one))?;
            let detail = news.iter().map(|one| {
                json!({"service": one.service, "instance": one.instance, "state": one.state, "problem": one.problem})
            });
            Ok(((), Some(Note::new(action, target.as_str(), detail.collect()))))
        })?;
        Ok(())
    }
}

/// An instance, as it is weighed.
pub(super) fn weighed(row: &Delivery) -> Weighed<'_> {
    Weighed { service: &row.service, critical: row.critical, state: row.state }
}

/// The paths that have moved since an instance was given its values last; all, where that is not known.
fn moved_since(view: &View<'_>, job: &Give) -> Result<BTreeSet<Path>> {
    let values = in_force(view, &job.service)?;
    let Some(version) = job.known.version else { return Ok(values.into_keys().collect()) };
    let mut moved = BTreeSet::new();
    for path in values.into_keys() {
        let overridden = overrides::find(view.db, path.as_str())?.is_some_and(|row| row.version > version);
        if overridden || base::first_since(view.db, path.as_str(), version)?.is_some() {
            moved.insert(path);
        }
    }
    Ok(moved)
}
