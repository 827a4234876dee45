//! Reading the sources anew: all they say is put in force at once, or nothing is.
//!
//! What must stay true: no transaction is open while a source is read; a reload that fails leaves every reader with the
//! former base; every reload leaves a record, whatever came of it (requirement Z1).

mod decide;
mod fresh;
mod load;
mod put;
mod read;
mod request;
mod resolve;

use super::change::id_taken;
use super::history::{cursor, cut, page};
use super::terms::check_text;
use super::transact::{Note, View};
use super::{Engine, Handle, governance, view};
use crate::api::Outcome;
use crate::api::change::ItemView;
use crate::api::reload::{ListReloads, ListReloadsReply, OperationView, Reload, ReloadReply, SourceResult};
use crate::domain::change::check_id;
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::domain::source::Source;
use crate::domain::time::Timestamp;
use crate::store::operation::{self, Operation, SourceState};
use crate::store::{change, manifest};
use decide::{Decided, decide};
use resolve::{Layers, Move, check_apart, former, present, read_anew, resolve};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) use fresh::fresh;
pub(super) use load::Loaded;
pub(super) use put::{new_generation, new_version};
pub(super) use read::{Prepared, Remote, limits_of, place_of, prepare, read_all};
pub(super) use request::{execute, moved};

/// How many values of one kind an answer shows.
const SHOWN: usize = 1000;

impl Handle<Reload> for Engine {
    fn handle(&mut self, caller: &Caller, request: Reload) -> Result<ReloadReply> {
        check_text("reason", request.reason.as_deref().unwrap_or_default())?;
        if !request.dry_run {
            check_id(&request.id)?;
        }
        let begun = (self.machine.elapsed)();
        let prepared = self.look(caller, |view| {
            view.actor.require(Role::Operator, "reading the sources")?;
            prepare(view, &request)
        })?;
        let loaded = match request.to {
            Some(_) => Vec::new(),
            None => read_all(&self.machine, &prepared),
        };
        let loading = (self.machine.elapsed)().saturating_sub(begun);
        let target = request.source.clone().unwrap_or_default();
        let body = |view: &View<'_>| {
            let attempt = Attempt { request: &request, prepared: &prepared, loaded: &loaded, begun, loading };
            attempt.record(view)
        };
        let attempt = ("reload", target.as_str());
        let (answer, audit_head) = self.act(caller, attempt, request.dry_run, body)?;
        // A failed one is on record by now, and an error for who asked.
        Ok(ReloadReply { audit_head, ..answer? })
    }
}

impl Handle<ListReloads> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListReloads) -> Result<ListReloadsReply> {
        self.look(caller, |view| {
            let limit = page(request.limit);
            let mut found = operation::list(view.db, cursor(request.after.as_deref())?, limit + 1)?;
            let next = cut(&mut found, limit, |operation| operation.number);
            Ok(ListReloadsReply { items: found.into_iter().map(to_view).collect(), next })
        })
    }
}

/// One reload, with what was read for it.
pub(super) struct Attempt<'a> {
    pub(super) request: &'a Reload,
    pub(super) prepared: &'a Prepared,
    pub(super) loaded: &'a [Loaded],
    pub(super) begun: Duration,
    pub(super) loading: Duration,
}

/// A reload weighed, and nothing written yet.
struct Weighed {
    wanted: Layers,
    decided: Decided,
}

impl Attempt<'_> {
    /// Weighs it, writes what it comes to and its record. What makes it fail is the inner error: the record of the
    /// failure is written all the same.
    fn record(&self, view: &View<'_>) -> Result<(Result<ReloadReply>, Option<Note>)> {
        if let Some(former) = operation::by_id(view.db, &self.request.id)?.filter(|_| !self.request.dry_run) {
            return Ok((self.answer_again(view, former), None));
        }
        let weighing = (view.machine.elapsed)();
        let weighed = self.weigh(view);
        let validation = (view.machine.elapsed)().saturating_sub(weighing);
        match weighed {
            Ok(weighed) if self.request.dry_run => Ok((self.announce(view, weighed, validation), None)),
            Ok(weighed) => self.put(view, weighed, validation).map(|(reply, note)| (Ok(reply), Some(note))),
            Err(error) if self.request.dry_run || !is_outcome(&error) => Err(error),
            Err(error) => {
                let mut operation = self.operation(view, validation);
                operation.status = "failed".to_owned();
                operation.detail = self.detail(&[], &[], &[], Some(&error.message));
                self.finish(view, &mut operation, false)?;
                let detail = json!({"operation": operation.id, "status": "failed", "problem": error.message});
                let note = Note::new("reload", self.sources_named(), detail);
                Ok((Err(error), Some(note)))
            }
        }
    }

    /// What is noteworthy about it, and how many effective values it would move.
    pub(super) fn summary(&self, view: &View<'_>) -> Result<(Vec<String>, u64)> {
        let Weighed { decided, .. } = self.weigh(view)?;
        let moves = decided.taken.moves.len() + decided.held.len();
        Ok((self.warnings(&decided), moves as u64))
    }

    /// What the same reload came to when it was asked for before.
    fn answer_again(&self, view: &View<'_>, former: Operation) -> Result<ReloadReply> {
        if former.reason != self.request.reason || former.forced != self.request.force {
            return Err(id_taken(&former.id));
        }
        if former.status == "failed" {
            let problem = former.detail["problem"].as_str().unwrap_or("It failed.").to_owned();
            return Err(Error::invalid(problem).hint("See how it went: cfgctl reload --list"));
        }
        let awaits = match former.change {
            Some(number) => change::by_number(view.db, number)?,
            None => None,
        };
        Ok(ReloadReply {
            dry_run: false,
            outcome: outcome_of(&former.status),
            operation: to_view(former),
            items: Vec::new(),
            held: Vec::new(),
            awaits: awaits.as_ref().map(|change| governance::awaiting_of(view, change)).transpose()?,
            audit_head: None,
        })
    }

    /// Everything that must hold before it is put in force, and what of it may be.
    fn weigh(&self, view: &View<'_>) -> Result<Weighed> {
        if manifest::current_id(view.db)? != self.prepared.manifest {
            return Err(Error::conflict("The manifest was changed while the sources were read.")
                .hint("Read them again: cfgctl reload"));
        }
        let sources = &self.prepared.sources;
        let present = present(view)?;
        let wanted = match self.request.to {
            Some(generation) => former(view, generation)?,
            None => {
                self.refuse_unread()?;
                read_anew(&present, sources, self.loaded)
            }
        };
        check_apart(view, &wanted)?;
        let resolved = resolve(view, &present, &wanted, sources)?;
        let policy = manifest::policy(view.db)?;
        let decided = decide(view, &policy, &wanted, resolved, true)?;
        Ok(Weighed { wanted, decided })
    }

    /// The error of the first source that had to be read and could not.
    fn refuse_unread(&self) -> Result<()> {
        for loaded in self.loaded {
            let optional = self.source(&loaded.name).is_some_and(|source| source.optional);
            if let Err(error) = &loaded.entries
                && !optional
            {
                let message = format!("The source {} cannot be read: {}", loaded.name, error.message);
                return Err(Error { message, ..error.clone() });
            }
        }
        Ok(())
    }

    fn source(&self, name: &str) -> Option<&Source> {
        self.prepared.sources.iter().find(|source| source.name == name)
    }

    fn sources_named(&self) -> String {
        match (&self.request.source, self.request.to) {
            (Some(source), _) => source.clone(),
            (None, Some(generation)) => format!("generation {generation}"),
            (None, None) => "all".to_owned(),
        }
    }

    /// Whether it need not go on: every source says what it said, and nobody insists.
    fn is_idle(&self) -> bool {
        self.request.to.is_none()
            && !self.request.force
            && self.prepared.is_current
            && self.loaded.iter().all(|loaded| loaded.is_unchanged(&self.prepared.states))
    }

    fn warnings(&self, decided: &Decided) -> Vec<String> {
        let unread = self.loaded.iter().filter_map(|loaded| {
            let error = loaded.entries.as_ref().err()?;
            Some(format!(
                "The source {} could not be read, and keeps what it said: {}",
                loaded.name, error.message
            ))
        });
        let of_sources = self.loaded.iter().flat_map(|loaded| loaded.warnings.iter().cloned());
        unread.chain(of_sources).chain(decided.warnings.iter().cloned()).collect()
    }

    fn put(&self, view: &View<'_>, weighed: Weighed, validation: Duration) -> Result<(ReloadReply, Note)> {
        let applying = (view.machine.elapsed)();
        let Weighed { wanted, decided } = weighed;
        let mut operation = self.operation(view, validation);
        let warnings = self.warnings(&decided);
        let idle = self.is_idle();
        let mut note = Note::new("reload", self.sources_named(), Value::Null);
        let (mut put, mut asked) = (put::Put::default(), None);
        if !idle {
            let named = self.sources_named();
            let why = self.request.reason.clone().unwrap_or_else(|| format!("reload of {named}"));
            put = put::put(view, &decided.taken, None, Some(why.clone()))?;
            note = put.recorded(note);
            let policy = manifest::policy(view.db)?;
            let held = request::ask(view, &policy, &decided.held, decided.request.as_ref(), &wanted, &why)?;
            for part in held.notes {
                note.records.extend(part.records);
                note.tell.extend(part.tell);
            }
            asked = held.change;
        }
        operation.generation = put.generation;
        operation.version = put.version;
        operation.change = asked.as_ref().map(|change| change.number);
        operation.status = match (&asked, put.generation) {
            (Some(_), _) => "held",
            (None, Some(_)) => "completed",
            (None, None) => "unchanged",
        }
        .to_owned();
        operation.apply_us = micros((view.machine.elapsed)().saturating_sub(applying));
        let (taken, held): (&[Move], &[Move]) =
            if idle { (&[], &[]) } else { (&decided.taken.moves, &decided.held) };
        operation.detail = self.detail(taken, held, &warnings, None);
        self.finish(view, &mut operation, true)?;
        note.detail = json!({
            "operation": operation.id, "status": operation.status, "generation": operation.generation,
            "version": operation.version, "altered": taken.len(), "held": held.len(), "request": operation.change,
            "reason": operation.reason,
        });
        let reply = ReloadReply {
            dry_run: false,
            outcome: outcome_of(&operation.status),
            operation: to_view(operation),
            items: shown(view, taken)?,
            held: shown(view, held)?,
            awaits: asked.as_ref().map(|change| governance::awaiting_of(view, change)).transpose()?,
            audit_head: None,
        };
        Ok((reply, note))
    }

    fn announce(&self, view: &View<'_>, weighed: Weighed, validation: Duration) -> Result<ReloadReply> {
        let decided = weighed.decided;
        let mut operation = self.operation(view, validation);
        let idle = self.is_idle();
        let (taken, held): (&[Move], &[Move]) =
            if idle { (&[], &[]) } else { (&decided.taken.moves, &decided.held) };
        operation.status = match (held.is_empty(), decided.taken.altered.is_empty() || idle) {
            (false, _) => "held",
            (true, false) => "completed",
            (true, true) => "unchanged",
        }
        .to_owned();
        operation.detail = self.detail(taken, held, &self.warnings(&decided), None);
        operation.total_us = micros((view.machine.elapsed)().saturating_sub(self.begun));
        Ok(ReloadReply {
            dry_run: true,
            outcome: outcome_of(&operation.status),
            operation: to_view(operation),
            items: shown(view, taken)?,
            held: shown(view, held)?,
            awaits: None,
            audit_head: None,
        })
    }

    fn operation(&self, view: &View<'_>, validation: Duration) -> Operation {
        Operation {
            number: 0,
            id: self.request.id.clone(),
            cause: self.request.cause.as_str().to_owned(),
            status: String::new(),
            forced: self.request.force,
            begun_at: view.now,
            actor: view.actor.name().to_owned(),
            manifest: self.prepared.manifest,
            reason: self.request.reason.clone(),
            total_us: 0,
            loading_us: micros(self.loading),
            validation_us: micros(validation),
            apply_us: 0,
            generation: None,
            version: None,
            change: None,
            detail: Value::Null,
        }
    }

    fn detail(&self, taken: &[Move], held: &[Move], warnings: &[String], problem: Option<&str>) -> Value {
        let sources: Vec<SourceResult> =
            self.loaded.iter().map(|loaded| result_of(loaded, &self.prepared.states)).collect();
        json!({
            "sources": sources, "altered": taken.len(), "held": held.len(), "warnings": warnings, "problem": problem,
        })
    }

    /// Keeps the record and how the sources were found. What a source said counts as known once it was weighed.
    fn finish(&self, view: &View<'_>, operation: &mut Operation, weighed: bool) -> Result<()> {
        operation.total_us = micros((view.machine.elapsed)().saturating_sub(self.begun));
        operation.number = operation::insert(view.db, operation)?;
        for loaded in self.loaded {
            let known = self.prepared.states.iter().find(|state| state.source == loaded.name);
            operation::put_source_state(view.db, &state_of(loaded, known, view.now, weighed))?;
        }
        let names: Vec<String> = self.prepared.declared.clone();
        operation::forget_sources_but(view.db, &names)
    }
}

/// Whether an error is what the reload came to, and not that it could not be tried at all.
fn is_outcome(error: &Error) -> bool {
    matches!(
        error.code,
        Code::Invalid | Code::Refused | Code::NotFound | Code::Unavailable | Code::Denied | Code::Usage
    )
}

fn outcome_of(status: &str) -> Outcome {
    match status {
        "held" => Outcome::Pending,
        "unchanged" => Outcome::Unchanged,
        _ => Outcome::Done,
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn state_of(loaded: &Loaded, known: Option<&SourceState>, now: Timestamp, weighed: bool) -> SourceState {
    let former = |read: fn(&SourceState) -> Option<String>| known.and_then(read);
    let hash = loaded.content_hash();
    SourceState {
        source: loaded.name.clone(),
        checked_at: now,
        loaded_at: if hash.is_some() { Some(now) } else { known.and_then(|known| known.loaded_at) },
        problem: loaded.entries.as_ref().err().map(|error| error.message.clone()),
        content_hash: match hash {
            Some(hash) if weighed => Some(hash),
            _ => former(|known| known.content_hash.clone()),
        },
        entries: match &loaded.entries {
            Ok(entries) => i64::try_from(entries.len()).unwrap_or(i64::MAX),
            Err(_) => known.map_or(0, |known| known.entries),
        },
        remote: loaded.remote.clone().or_else(|| known.and_then(|known| known.remote.clone())),
    }
}

/// What reading a source came to, beside how it was found last.
pub(super) fn result_of(loaded: &Loaded, states: &[SourceState]) -> SourceResult {
    SourceResult {
        source: loaded.name.clone(),
        ok: loaded.entries.is_ok(),
        entries: loaded.count() as u64,
        unchanged: loaded.is_unchanged(states),
        from_cache: loaded.from_cache,
        problem: loaded.entries.as_ref().err().map(|error| error.message.clone()),
        duration_ms: millis(micros(loaded.took)),
    }
}

fn millis(micros: i64) -> f64 {
    micros as f64 / 1000.0
}

fn shown(view: &View<'_>, moves: &[Move]) -> Result<Vec<ItemView>> {
    let items: Vec<_> = moves.iter().take(SHOWN).map(Move::item).collect();
    view::of_items(view, &items)
}

pub(super) fn to_view(operation: Operation) -> OperationView {
    let of = |key: &str| operation.detail.get(key).cloned().unwrap_or_default();
    let sources = serde_json::from_value(of("sources")).unwrap_or_default();
    let validation_warnings = serde_json::from_value(of("warnings")).unwrap_or_default();
    OperationView {
        operation_id: operation.id,
        trigger: operation.cause,
        success: operation.status != "failed",
        status: operation.status,
        forced: operation.forced,
        begun_at: operation.begun_at,
        by: operation.actor,
        reason: operation.reason,
        total_duration_ms: millis(operation.total_us),
        loading_duration_ms: millis(operation.loading_us),
        validation_duration_ms: millis(operation.validation_us),
        apply_duration_ms: millis(operation.apply_us),
        services_notified: Vec::new(),
        validation_warnings,
        problem: of("problem").as_str().map(str::to_owned),
        sources,
        altered: of("altered").as_u64().unwrap_or(0),
        held_back: of("held").as_u64().unwrap_or(0),
        generation: operation.generation,
        version: operation.version,
        change: operation.change,
    }
}
