//! Keys: made, renewed, forgotten.
//!
//! What must stay true: nothing that is in force is ever sealed with a key that is gone; a new key is durable before
//! anything is sealed with it; what is sealed anew is one change, with its backup, version and audit entry.

mod forget;
mod held;
mod resolve;
mod reveal;
mod rotate;
mod scan;
mod seal;

pub(super) use held::Held;
pub(super) use resolve::Resolver;

use super::Engine;
use super::seal::place as key_place;
use super::transact::{Note, View};
use crate::api::secret::KeygenReply;
use crate::crypt::keys::file;
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::Caller;
use crate::domain::role::Role;
use crate::store::owner::Owner;
use serde_json::json;
use std::cell::RefCell;
use std::path::PathBuf;

impl Engine {
    /// Makes the store's key file. `conflict` where there is one.
    pub fn keygen(&mut self, caller: &Caller) -> Result<KeygenReply> {
        let made: RefCell<Option<PathBuf>> = RefCell::default();
        let answer = self.transact(caller, "secret.keygen", |view| {
            require_keeper(view, "making a key")?;
            let place = key_place(view).ok_or_else(|| {
                Error::usage("A store in memory has no key file.").hint("Make a store first: cfgctl init")
            })?;
            let owner = view.place.and_then(Owner::of_store);
            let keys = file::create(&place, &mut || view.machine.secret(), |file| Owner::give(owner, file))?;
            made.replace(Some(place.clone()));
            let (key, file) = (keys.newest().id().to_owned(), place.display().to_string());
            let note = Note::new("secret.keygen", key.as_str(), json!({"file": file}));
            Ok((KeygenReply { key, file, audit_head: None }, Some(note)))
        });
        // No record, no key: nothing can be sealed with it yet.
        if let (Err(error), Some(place)) = (&answer, made.take())
            && error.code != Code::UnknownOutcome
        {
            let _ = std::fs::remove_file(place);
        }
        let (reply, head) = answer?;
        Ok(KeygenReply { audit_head: head.map(|head| head.to_string()), ..reply })
    }
}

/// `denied` to whoever is neither an owner nor an admin or above.
fn require_keeper(view: &View<'_>, what: &str) -> Result<()> {
    let member = &view.actor.member;
    if member.owner && member.is_person() { Ok(()) } else { view.actor.require(Role::Admin, what) }
}
