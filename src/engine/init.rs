//! Making a store: its schema, its manifest, its owner, its first version, all or nothing.

use super::identity::{Actor, ITSELF};
use super::manifest::{put_in_force, read};
use super::transact::{Note, View};
use super::{Engine, Machine};
use crate::domain::audit::Head;
use crate::domain::change::{Kind, State, hex};
use crate::domain::dossier::Dossier;
use crate::domain::error::{Error, Result};
use crate::domain::manifest::STARTER;
use crate::domain::member::{Caller, Claim, Member, Membership, Nature, Proof, is_name};
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::value::Value;
use crate::store::change::{self, Change, Decision, Other};
use crate::store::database::Store;
use crate::store::manifest::Applied;
use crate::store::{member, metadata, migration};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::Path;

/// What was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InitReply {
    /// Where the store is.
    pub store: String,
    /// Its identity.
    pub store_id: String,
    /// The instance's name.
    pub instance: String,
    /// Its first member and owner.
    pub owner: String,
    /// Whether it is one person's.
    pub solo: bool,
    /// How many settings its manifest registers.
    pub settings: usize,
    /// The audit chain's head.
    pub audit_head: String,
}

/// Makes a store at a place with a manifest; the caller is its first member, owner and board. `conflict` where there is
/// something already, `invalid` where the manifest does not hold together.
pub fn init(
    place: &Path,
    manifest: &str,
    solo: bool,
    machine: Machine,
    caller: &Caller,
) -> Result<InitReply> {
    read(manifest)?;
    let uid = match &caller.claim {
        Claim::User { uid, .. } => Some(*uid),
        Claim::Token(_) => None,
    };
    let store = Store::create(place, uid)?;
    let mut engine = Engine::on(store, machine);
    let reply = fill(&mut engine, manifest, solo, caller);
    let store = engine.store;
    match reply {
        Ok(reply) => store.publish().map(|()| reply),
        Err(error) => {
            store.discard();
            Err(error)
        }
    }
}

/// A store in memory with the starter manifest, where the caller is the only member.
pub(super) fn starter(machine: Machine, caller: &Caller) -> Result<Engine> {
    let mut engine = Engine::on(Store::in_memory()?, machine);
    fill(&mut engine, STARTER, true, caller)?;
    Ok(engine)
}

fn fill(engine: &mut Engine, text: &str, solo: bool, caller: &Caller) -> Result<InitReply> {
    let manifest = read(text)?;
    migration::migrate(&engine.store)?;
    let store_id = engine.machine.ulid();
    let change_id = engine.machine.ulid();
    let (uid, name, sudo) = match &caller.claim {
        Claim::User { uid, name, sudo } => (*uid, name.clone(), *sudo),
        Claim::Token(_) => {
            return Err(Error::usage("A store is made by a user of this machine, not with a token.")
                .hint("Leave CFGCTL_TOKEN and --token-file out."));
        }
    };
    let name = if is_name(&name) && name != ITSELF { name } else { format!("uid-{uid}") };
    let place = engine.store.place().map(|place| place.display().to_string()).unwrap_or_default();
    let found = {
        let (name, change_id) = (name.clone(), change_id.clone());
        move |_: &_, now| {
            let member = Member {
                name: name.clone(),
                nature: Nature::Person,
                role: Role::Board,
                owner: true,
                membership: Membership::Active,
                uid: Some(uid),
                answerable: None,
                since: now,
                by: name,
                reason: format!("created the store ({change_id})"),
            };
            Ok(Actor { member, proof: if sudo { Proof::Sudo(uid) } else { Proof::User(uid) } })
        }
    };
    let ((), head) = engine.transact_as(caller, "store.init", found, |view: &View<'_>| {
        let db = view.db;
        metadata::set(db, metadata::STORE_ID, &store_id, view.now)?;
        metadata::set(db, metadata::SOLO, if solo { "1" } else { "0" }, view.now)?;
        metadata::set(db, metadata::HISTORY_FLOOR, "0", view.now)?;
        member::put(db, &view.actor.member)?;
        let hash = hex(&Sha256::digest(text));
        let reason = "created the store".to_owned();
        let mut change = Change {
            number: 1,
            id: change_id.clone(),
            kind: Kind::Init,
            state: State::Completed,
            risk: Risk::Critical,
            reason: reason.clone(),
            requested_by: name.clone(),
            created_at: view.now,
            updated_at: None,
            content_hash: hash[..24].to_owned(),
            manifest: 1,
            base_version: 0,
            version: None,
            executed_by: Some(name.clone()),
            backup: None,
            steps: Vec::new(),
            ticket: None,
            rollback_plan: None,
            decision: Decision::default(),
            digest: None,
            expires_at: None,
            ended_because: None,
            dossier: Dossier::default(),
            restart: None,
            review: None,
        };
        let applied = Applied {
            id: 1,
            text: text.to_owned(),
            hash: hash.clone(),
            created_at: view.now,
            created_by: name.clone(),
            reason,
            change: Some(1),
        };
        change.version = put_in_force(view, &applied, &manifest, 1)?.map(|version| version.id);
        change::put(db, &change)?;
        let what = |what: &str, path: &str, after: Value| Other {
            what: what.to_owned(),
            path: path.to_owned(),
            before: None,
            after: Some(after),
        };
        change::insert_item(db, 1, 0, &what("manifest", &manifest.instance, Value::from(hash)))?;
        change::insert_item(
            db,
            1,
            1,
            &what("member", &name, json!({"role": Role::Board, "owner": true, "uid": uid})),
        )?;
        change::insert_item(db, 1, 2, &what("instance", "solo", Value::Bool(solo)))?;
        let detail = json!({"store_id": store_id, "instance": manifest.instance, "solo": solo});
        let note = Note::new("store.init", &store_id, detail)
            .record("fact", metadata::STORE_ID)
            .record("fact", metadata::SOLO)
            .record("fact", metadata::HISTORY_FLOOR)
            .record("member", &name)
            .record("manifest", 1)
            .record("generation", 1)
            .record("version", 1)
            .record("change", 1);
        Ok(((), Some(note)))
    })?;
    Ok(InitReply {
        store: place,
        store_id,
        instance: manifest.instance,
        owner: name,
        solo,
        settings: manifest.settings.len(),
        audit_head: head.as_ref().map(Head::to_string).unwrap_or_default(),
    })
}
