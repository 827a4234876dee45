//! A service's files that something else wrote are replaced, once somebody has seen by what.
//!
//! What must stay true: what is replaced is what was shown, or it is a conflict; that it may be is on record before it is.

use super::difference::difference;
use super::named;
use crate::api::Outcome;
use crate::api::service::{AdoptFile, AdoptService, AdoptServiceReply};
use crate::deliver::Surroundings;
use crate::deliver::file::{Found, look, standing};
use crate::domain::change::hex;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::domain::service::{Form, Instance, Service};
use crate::engine::delivery::{Used, bytes, used, with_surroundings};
use crate::engine::terms::check_text;
use crate::engine::transact::Note;
use crate::engine::{Engine, Handle};
use crate::store::{manifest, service};
use serde_json::json;
use sha2::{Digest, Sha256};

impl Handle<AdoptService> for Engine {
    fn handle(&mut self, caller: &Caller, request: AdoptService) -> Result<AdoptServiceReply> {
        check_text("reason", request.reason.as_deref().unwrap_or_default())?;
        let (service, mut used, owner) = self.look(caller, |view| {
            view.actor.require(Role::Operator, "adopting a service's files")?;
            let service = named(view, &request.name)?;
            if let Some(disabled) = service::disabled(view.db, &service.name)? {
                return Err(Error::refused(format!("{} is disabled: {}", service.name, disabled.reason))
                    .hint(format!("Enable it: cfgctl service enable {} --reason \"…\"", service.name)));
            }
            let used = used(view, &service)?;
            Ok((service, used, manifest::instance(view.db)?))
        })?;
        used.fetch(&self.machine)?;
        let mut seen = Seen { files: Vec::new(), hasher: Sha256::new(), other: None };
        with_surroundings(&self.machine, self.store.place(), &used.secret_texts(), |around| {
            service.instances().iter().try_for_each(|instance| seen.see(instance, &used, &owner, around))
        })?;
        if seen.files.is_empty() {
            return Err(Error::refused(format!("No file of {} is written here.", service.name))
                .hint(format!("See how it gets its settings: cfgctl service show {}", service.name)));
        }
        let digest = hex(&seen.hasher.finalize());
        if request.expect.as_ref().is_some_and(|expected| *expected != digest) {
            return Err(Error::conflict(
                "What stands there, or what would be written, has changed meanwhile.",
            )
            .hint(format!("Look again: cfgctl service adopt {} --dry-run", service.name)));
        }
        let mut reply = AdoptServiceReply {
            dry_run: request.dry_run,
            outcome: Outcome::Done,
            service: service.name.clone(),
            files: seen.files,
            digest,
            confirm_name: seen.other,
            items: Vec::new(),
            audit_head: None,
        };
        if !request.dry_run {
            reply.audit_head = self.mark_adopted(caller, &service, &reply, request.reason.as_deref())?;
            (reply.items, reply.outcome) = self.bring(caller, "service.give", &[service])?;
        }
        Ok(reply)
    }
}

impl Engine {
    /// Records that a service's files may be replaced.
    fn mark_adopted(
        &mut self,
        caller: &Caller,
        service: &Service,
        reply: &AdoptServiceReply,
        reason: Option<&str>,
    ) -> Result<Option<String>> {
        let ((), head) = self.transact(caller, ("service.adopt", service.name.as_str()), |view| {
            view.actor.require(Role::Operator, "adopting a service's files")?;
            for instance in service.instances() {
                let known = service::state(view.db, &service.name, &instance.name)?;
                service::put(view.db, &service::State { adopted: true, ..known })?;
            }
            let files = reply.files.iter().map(|file| json!({"file": file.file, "found": file.found}));
            let detail = json!({"files": files.collect::<Vec<_>>(), "written_by": reply.confirm_name});
            Ok(((), Some(Note::new("service.adopt", service.name.as_str(), detail).because(reason))))
        })?;
        Ok(head.map(|head| head.to_string()))
    }
}

/// What stands in the files of a service, and what would be written there.
struct Seen {
    files: Vec<AdoptFile>,
    hasher: Sha256,
    /// Another instance of cfgctl that wrote one of them.
    other: Option<String>,
}

impl Seen {
    fn see(
        &mut self,
        instance: &Instance,
        used: &Used,
        owner: &str,
        around: &Surroundings<'_>,
    ) -> Result<()> {
        let Some(deliver) = &instance.deliver else { return Ok(()) };
        let Some(place) = deliver.place() else { return Ok(()) };
        let found = look(place, deliver.form().and_then(Form::stamp), owner)?;
        let before = standing(place)?;
        let after = bytes(deliver, used, instance, owner, around)?;
        let masked = bytes(deliver, &used.masked(), instance, owner, around)?;
        let present = before.as_deref().unwrap_or_default();
        for part in [place.file.as_bytes(), present, &after] {
            self.hasher.update((part.len() as u64).to_be_bytes());
            self.hasher.update(part);
        }
        let (word, written_by) = match found {
            Found::Nothing => ("nothing", None),
            Found::Ours(stamp) => ("ours", Some(stamp.instance)),
            Found::Others(stamp) => ("others", Some(stamp.instance)),
            Found::Unstamped => ("unstamped", None),
        };
        if word == "others" {
            self.other.clone_from(&written_by);
        }
        let text = |bytes| std::str::from_utf8(bytes).ok();
        let shown =
            text(present).zip(text(&after)).zip(text(&masked)).and_then(|((before, after), masked)| {
                difference(&place.file, before, after, masked, &used.secrets)
            });
        self.files.push(AdoptFile {
            instance: instance.name.clone(),
            file: place.file.clone(),
            found: word.to_owned(),
            written_by,
            diff: shown,
        });
        Ok(())
    }
}
