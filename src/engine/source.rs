//! The sources: how they were found, and how they would be.

use super::reload::{Attempt, Remote, limits_of, prepare, read_all, result_of};
use super::{Engine, Handle};
use crate::api::reload::{Reload, SourceResult};
use crate::api::source::{CheckSources, CheckSourcesReply, ListSources, ListSourcesReply, SourceView};
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::source::{Kind, Source};
use crate::domain::time::Timestamp;
use crate::store::manifest;
use crate::store::operation::{self, SourceState};
use std::time::Duration;

impl Handle<ListSources> for Engine {
    fn handle(&mut self, caller: &Caller, _: ListSources) -> Result<ListSourcesReply> {
        self.look(caller, |view| {
            let states = operation::source_states(view.db)?;
            let mut sources = manifest::sources(view.db)?;
            sources.sort_by_key(|source| std::cmp::Reverse(source.priority));
            let items = sources.into_iter().map(|source| to_view(source, &states, view.clock)).collect();
            Ok(ListSourcesReply { generation: manifest::current_generation(view.db)?.id, items })
        })
    }
}

/// How a source stands.
pub(super) fn to_view(source: Source, states: &[SourceState], now: Timestamp) -> SourceView {
    let state = states.iter().find(|state| state.source == source.name);
    let breaker = Remote::of(states, &source.name).breaker.state(now, &limits_of(&source));
    SourceView {
        kind: source.kind().as_str().to_owned(),
        place: source.place(),
        priority: source.priority,
        max_risk: source.max_risk,
        optional: source.optional,
        ok: state.map(|state| state.problem.is_none()),
        entries: state.and_then(|state| u64::try_from(state.entries).ok()).unwrap_or(0),
        checked_at: state.map(|state| state.checked_at),
        loaded_at: state.and_then(|state| state.loaded_at),
        problem: state.and_then(|state| state.problem.clone()),
        breaker: (source.kind() == Kind::Http).then(|| breaker.as_str().to_owned()),
        name: source.name,
    }
}

impl Handle<CheckSources> for Engine {
    fn handle(&mut self, caller: &Caller, request: CheckSources) -> Result<CheckSourcesReply> {
        let asked = Reload { source: request.source, force: true, dry_run: true, ..Reload::default() };
        let prepared = self.look(caller, |view| prepare(view, &asked))?;
        let loaded = read_all(&self.machine, &prepared);
        let items: Vec<SourceResult> =
            loaded.iter().map(|loaded| result_of(loaded, &prepared.states)).collect();
        let attempt = Attempt {
            request: &asked,
            prepared: &prepared,
            loaded: &loaded,
            begun: Duration::ZERO,
            loading: Duration::ZERO,
        };
        let weighed = self.look(caller, |view| attempt.summary(view));
        let (problems, warnings, would_alter) = match weighed {
            Ok((warnings, would_alter)) => (Vec::new(), warnings, would_alter),
            // What cannot be read is told source by source.
            Err(_) if items.iter().any(|item| !item.ok) => (Vec::new(), Vec::new(), 0),
            Err(error) => (vec![error.message], Vec::new(), 0),
        };
        let ok = problems.is_empty() && items.iter().all(|item| item.ok);
        Ok(CheckSourcesReply { ok, items, problems, warnings, would_alter })
    }
}
