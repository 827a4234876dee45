//! Values with their secrets in the clear: opened, or fetched from where they are kept.
//!
//! What must stay true: who may not see them is refused before anything is opened, which is on record too; no transaction
//! is open while a secret is fetched; no record, no secret: the entry is durable before the answer is given.

use super::resolve::Resolver;
use crate::api::secret::{Reveal, RevealReply};
use crate::api::value::{Get, ValueView};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::role::Role;
use crate::domain::sealed::is_sealed;
use crate::domain::secret::{SecretReferences, is_reference};
use crate::domain::value::Value;
use crate::engine::seal::Sealer;
use crate::engine::transact::{Note, View};
use crate::engine::value::gathered;
use crate::engine::{Engine, Handle};
use crate::store::manifest;
use serde_json::json;

/// How many paths the entry names.
const NAMED: usize = 100;

/// What is known before anything is fetched.
struct Found {
    items: Vec<ValueView>,
    /// Which of them are secrets.
    secrets: Vec<usize>,
    /// Which of those are kept elsewhere.
    elsewhere: Vec<usize>,
    references: SecretReferences,
}

impl Handle<Reveal> for Engine {
    fn handle(&mut self, caller: &Caller, request: Reveal) -> Result<RevealReply> {
        let target = request.paths.join(" ");
        let attempt = ("secret.reveal", target.as_str());
        let (found, _) = self.transact(caller, attempt, |view| Ok((find(view, &request)?, None)))?;
        let Found { mut items, secrets, elsewhere, references } = found;
        let fetched = {
            let resolver = Resolver::new(&self.machine, &references);
            let fetch =
                |at: &usize| items.get(*at).map(|item| resolver.resolve(&item.path, &item.value)).transpose();
            elsewhere.iter().map(fetch).collect::<Result<Vec<Option<Value>>>>()?
        };
        let revealed: Vec<Path> =
            secrets.iter().filter_map(|at| Some(items.get(*at)?.path.clone())).collect();
        let mut audit_head = None;
        if !revealed.is_empty() {
            let named: Vec<&str> = revealed.iter().take(NAMED).map(Path::as_str).collect();
            let detail = json!({"paths": named, "secrets": revealed.len(), "at": request.at});
            let note = Note::new("secret.reveal", target.as_str(), detail);
            let entry = |view: &View<'_>| view.actor.require(Role::Operator, WHAT).map(|()| ((), Some(note)));
            audit_head = self.transact(caller, attempt, entry)?.1.map(|head| head.to_string());
        }
        for (at, value) in elsewhere.into_iter().zip(fetched) {
            if let (Some(item), Some(value)) = (items.get_mut(at), value) {
                item.value = value;
            }
        }
        Ok(RevealReply { items, revealed, audit_head })
    }
}

const WHAT: &str = "seeing a secret";

/// The values, sealed ones opened. `denied` where one of them is a secret and the caller may not see it.
fn find(view: &View<'_>, request: &Reveal) -> Result<Found> {
    let get = Get { paths: request.paths.clone(), at: request.at.clone(), ..Get::default() };
    let registered = manifest::secrets(view.db)?;
    let (_, mut items) = gathered(view, &get)?;
    let is_secret = |item: &ValueView| {
        item.value.as_str().is_some_and(is_sealed) || registered.contains(item.path.as_str())
    };
    let secrets: Vec<usize> =
        items.iter().enumerate().filter(|(_, item)| is_secret(item)).map(|(at, _)| at).collect();
    let mut elsewhere = Vec::new();
    if !secrets.is_empty() {
        view.actor.require(Role::Operator, WHAT)?;
        let sealer = Sealer::of(view)?;
        for at in &secrets {
            let Some(item) = items.get_mut(*at) else { continue };
            if let Some(text) = item.value.as_str().filter(|text| is_sealed(text)) {
                item.value = sealer.open(&item.path, text)?;
            } else if is_reference(&item.value) {
                elsewhere.push(*at);
            } else {
                return Err(Error::refused(format!("{} is a secret that stands in the clear: nobody gets it so.", item.path))
                    .hint("Seal it: cfgctl secret rotate --reason \"…\", or say where it is kept, env:NAME or file:/PATH"));
            }
        }
    }
    Ok(Found { items, secrets, elsewhere, references: manifest::part(view.db, "secrets")? })
}
