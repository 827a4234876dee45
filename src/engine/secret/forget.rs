//! An older key is forgotten.
//!
//! What must stay true: nothing that is in force or asked for is sealed with it any more; what history holds of it does
//! not open again, and whoever forgets it is told so.

use super::held::Held;
use super::require_keeper;
use crate::api::secret::{Forget, ForgetReply};
use crate::crypt::keys::file;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::sealed::{Sealed, is_key_name};
use crate::domain::value::Value;
use crate::engine::seal::Sealer;
use crate::engine::terms::check_reason;
use crate::engine::transact::{Note, View};
use crate::engine::{Engine, Handle};
use crate::store::base;
use crate::store::change::{self, Which};
use serde_json::json;
use std::collections::BTreeSet;

/// How many paths a refusal names.
const NAMED: usize = 5;

impl Handle<Forget> for Engine {
    fn handle(&mut self, caller: &Caller, request: Forget) -> Result<ForgetReply> {
        check_reason(&request.reason)?;
        // What is no key's name may be a key, which belongs in no log.
        let target = if is_key_name(&request.key) { request.key.clone() } else { String::new() };
        let attempt = ("secret.forget", target.as_str());
        let (reply, audit_head) =
            self.act(caller, attempt, request.dry_run, |view| forget(view, &request))?;
        Ok(ForgetReply { audit_head, ..reply })
    }
}

fn forget(view: &View<'_>, request: &Forget) -> Result<(ForgetReply, Option<Note>)> {
    require_keeper(view, "forgetting a key")?;
    let sealer = Sealer::of(view)?;
    let keys = sealer.present()?;
    let (key, dry_run) = (request.key.clone(), request.dry_run);
    let used: BTreeSet<Path> = sealed_with(view, &key)?;
    if !used.is_empty() {
        let paths: Vec<&str> = used.iter().take(NAMED).map(Path::as_str).collect();
        let more =
            if used.len() > NAMED { format!(" and {} more", used.len() - NAMED) } else { String::new() };
        return Err(Error::refused(format!("The key {key} still opens {}{more}.", paths.join(", "))).hint(
            "Seal them with the newest key, and settle the requests that hold them: cfgctl secret rotate",
        ));
    }
    if dry_run {
        let left = keys.ids().filter(|id| *id != key).map(str::to_owned).collect();
        return Ok((ForgetReply { key, left, dry_run, audit_head: None }, None));
    }
    let left: Vec<String> = file::forget(sealer.place()?, &key)?.ids().map(str::to_owned).collect();
    let note = Note::new("secret.forget", key.as_str(), json!({"left": left})).because(Some(&request.reason));
    Ok((ForgetReply { key, left, dry_run, audit_head: None }, Some(note)))
}

/// The paths of what is in force or asked for that is sealed with a key.
fn sealed_with(view: &View<'_>, key: &str) -> Result<BTreeSet<Path>> {
    let is_so =
        |value: &Value| value.as_str().and_then(Sealed::parse).is_some_and(|sealed| sealed.key == key);
    let held = Held::of(view)?;
    let mut used: BTreeSet<Path> =
        held.values().filter(|(_, value)| is_so(value)).map(|(path, _)| path.clone()).collect();
    for open in change::list(view.db, Which::Open, None, u32::MAX)? {
        let items = change::value_items(view.db, open.number)?.into_iter();
        used.extend(items.filter(|item| item.after.as_ref().is_some_and(is_so)).map(|item| item.path));
        let asked = base::asked(view.db, open.number)?.into_iter();
        used.extend(asked.filter(|said| is_so(&said.value)).map(|said| said.path));
    }
    Ok(used)
}
