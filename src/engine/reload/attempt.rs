//! One reload, once its sources were read: weighed, put in force, recorded.
//!
//! What must stay true: what makes it fail is on record too, in the transaction that altered nothing else; the same
//! reload asked for again is answered and not done again.

use super::credential;
use super::decide::{Decided, decide, refuse_invalid};
use super::load::Loaded;
use super::put;
use super::read::Prepared;
use super::request;
use super::resolve::{Move, check_apart, former, present, read_anew, resolve};
use super::view::{micros, outcome_of, result_of, shown, state_of, to_view};
use crate::api::reload::{Reload, ReloadReply, SourceResult};
use crate::domain::error::{Code, Error, Result};
use crate::domain::source::Source;
use crate::engine::change::id_taken;
use crate::engine::governance;
use crate::engine::transact::{Note, View};
use crate::store::base::Said;
use crate::store::operation::{self, Operation};
use crate::store::{change, manifest};
use serde_json::{Value, json};
use std::time::Duration;

/// One reload, with what was read for it.
pub(in crate::engine) struct Attempt<'a> {
    pub(in crate::engine) request: &'a Reload,
    pub(in crate::engine) prepared: &'a Prepared,
    pub(in crate::engine) loaded: &'a [Loaded],
    pub(in crate::engine) begun: Duration,
    pub(in crate::engine) loading: Duration,
}

impl Attempt<'_> {
    /// Weighs it, writes what it comes to and its record. What makes it fail is the inner error: the record of the
    /// failure is written all the same.
    pub(super) fn record(&self, view: &View<'_>) -> Result<(Result<ReloadReply>, Option<Note>)> {
        if let Some(former) = operation::by_id(view.db, &self.request.id)?.filter(|_| !self.request.dry_run) {
            return Ok((self.answer_again(view, former), None));
        }
        let weighing = (view.machine.elapsed)();
        let weighed = self.weigh(view);
        let validation = (view.machine.elapsed)().saturating_sub(weighing);
        match weighed {
            Ok(decided) if self.request.dry_run => Ok((self.announce(view, &decided, validation), None)),
            Ok(decided) => self.put(view, &decided, validation).map(|(reply, note)| (Ok(reply), Some(note))),
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
    pub(in crate::engine) fn summary(&self, view: &View<'_>) -> Result<(Vec<String>, u64)> {
        let decided = self.weigh(view)?;
        let moves = decided.taken.moves.len() + decided.held_moves().len();
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
            services: Vec::new(),
            taken_back_by: None,
            awaits: awaits.as_ref().map(|change| governance::awaiting_of(view, change)).transpose()?,
            audit_head: None,
        })
    }

    /// Everything that must hold before it is put in force, and what of it may be.
    fn weigh(&self, view: &View<'_>) -> Result<Decided> {
        if manifest::current_id(view.db)? != self.prepared.manifest {
            return Err(Error::conflict("The manifest was changed while the sources were read.")
                .hint("Read them again: cfgctl reload"));
        }
        if self.is_idle() {
            return Ok(Decided { warnings: gone_back(view)?, ..Decided::default() });
        }
        let sources = &self.prepared.sources;
        let present = present(view)?;
        let last = request::asked_over(view, &present)?;
        let wanted = match self.request.to {
            Some(generation) => former(view, &present, generation)?,
            None => {
                self.refuse_unread()?;
                read_anew(&last, sources, self.loaded)
            }
        };
        let resolved = resolve(view, &present, &wanted, sources)?;
        // What stands as it stood was found valid under this manifest already.
        let fresh: Vec<&Said> = match self.prepared.is_current && !self.request.force {
            true => resolved.altered.iter().filter_map(|altered| altered.after.as_ref()).collect(),
            false => wanted.iter().collect(),
        };
        check_apart(view, self.prepared, &wanted, &fresh)?;
        let returning = credential::look(view, &resolved.altered, self.request.to.is_some())?;
        refuse_invalid(view, &fresh)?;
        let mut decided = decide(view, &manifest::policy(view.db)?, &wanted, resolved)?;
        decided.warnings.extend(returning);
        Ok(decided)
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

    fn put(&self, view: &View<'_>, decided: &Decided, validation: Duration) -> Result<(ReloadReply, Note)> {
        let applying = (view.machine.elapsed)();
        let mut operation = self.operation(view, validation);
        let named = self.sources_named();
        let why = self.request.reason.clone().unwrap_or_else(|| format!("reload of {named}"));
        let put = put::put(view, &decided.taken, None, Some(why.clone()))?;
        let mut note = put.recorded(Note::new("reload", named, Value::Null));
        let mut asked = None;
        if let Some(held) = &decided.held {
            let policy = manifest::policy(view.db)?;
            let request::Asked { change, notes } = request::ask(view, &policy, held, &why)?;
            for part in notes {
                note.records.extend(part.records);
                note.tell.extend(part.tell);
            }
            asked = change;
        }
        operation.generation = put.generation;
        operation.version = put.version;
        operation.change = asked.as_ref().map(|change| change.number);
        operation.status = decided.status().to_owned();
        operation.apply_us = micros((view.machine.elapsed)().saturating_sub(applying));
        let (taken, held) = (&decided.taken.moves, decided.held_moves());
        operation.detail = self.detail(taken, held, &self.warnings(decided), None);
        self.finish(view, &mut operation, true)?;
        note.detail = json!({
            "operation": operation.id, "status": operation.status, "generation": operation.generation,
            "version": operation.version, "altered": taken.len(), "held": held.len(), "request": operation.change,
            "reason": operation.reason,
        });
        let awaits = asked.as_ref().map(|change| governance::awaiting_of(view, change)).transpose()?;
        Ok((ReloadReply { awaits, ..self.reply(view, decided, operation)? }, note))
    }

    fn announce(&self, view: &View<'_>, decided: &Decided, validation: Duration) -> Result<ReloadReply> {
        let mut operation = self.operation(view, validation);
        operation.status = decided.status().to_owned();
        operation.detail =
            self.detail(&decided.taken.moves, decided.held_moves(), &self.warnings(decided), None);
        operation.total_us = micros((view.machine.elapsed)().saturating_sub(self.begun));
        self.reply(view, decided, operation)
    }

    fn reply(&self, view: &View<'_>, decided: &Decided, operation: Operation) -> Result<ReloadReply> {
        Ok(ReloadReply {
            dry_run: self.request.dry_run,
            outcome: outcome_of(&operation.status),
            operation: to_view(operation),
            items: shown(view, &decided.taken.moves)?,
            held: shown(view, decided.held_moves())?,
            services: Vec::new(),
            taken_back_by: None,
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
            "back_to": self.request.to,
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

/// What stays in force although the sources say otherwise, where somebody went back to an earlier base.
fn gone_back(view: &View<'_>) -> Result<Vec<String>> {
    let generation = manifest::current_generation(view.db)?.id;
    let made_by = operation::by_generation(view.db, generation)?;
    let back_to = made_by.and_then(|operation| operation.detail["back_to"].as_i64());
    let told = |to| {
        format!(
            "The base is that of generation {to}, by reload --to. Take what the sources say: cfgctl reload --force"
        )
    };
    Ok(back_to.map(told).into_iter().collect())
}

/// Whether an error is what the reload came to, and not that it could not be tried at all.
fn is_outcome(error: &Error) -> bool {
    matches!(
        error.code,
        Code::Invalid | Code::Refused | Code::NotFound | Code::Unavailable | Code::Denied | Code::Usage
    )
}
