//! One value is sealed for whoever puts it into a document; nothing is kept.
//!
//! What must stay true: what is sealed here would be taken by `set`, and nothing else is.

use crate::api::secret::{Seal, SealReply};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::role::Role;
use crate::domain::schema::CompiledSetting;
use crate::domain::secret::is_reference;
use crate::engine::seal::Sealer;
use crate::engine::transact::View;
use crate::engine::wanted::read_secret;
use crate::engine::{Engine, Handle};
use crate::store::manifest;

impl Handle<Seal> for Engine {
    fn handle(&mut self, caller: &Caller, request: Seal) -> Result<SealReply> {
        self.look(caller, |view| seal(view, &request))
    }
}

fn seal(view: &View<'_>, request: &Seal) -> Result<SealReply> {
    view.actor.require(Role::Operator, "sealing a value")?;
    let path = Path::parse(&request.path)?;
    let setting = manifest::setting(view.db, path.as_str())?.filter(|setting| setting.secret);
    let setting = setting.ok_or_else(|| {
        Error::invalid(format!("{path} is no secret: nothing is sealed for it."))
            .hint("Mark it in the manifest, secret: true, and put that in force: cfgctl manifest apply FILE")
    })?;
    let value = read_secret(view, &path, &setting, &request.text, false)?;
    if is_reference(&value) {
        return Err(Error::invalid(format!(
            "What is given for {path} says where its value is kept: there is nothing to seal."
        ))
        .hint(format!("Set it as it is: cfgctl set {path:#} env:NAME --reason \"…\"")));
    }
    let compiled = CompiledSetting::compile(&path, &setting).map_err(Error::invalid)?;
    let sealer = Sealer::of(view)?;
    sealer.present()?;
    match sealer.take(view, &path, &compiled, value, &manifest::part(view.db, "secrets")?)? {
        Ok(sealed) => Ok(SealReply { path, sealed: sealed.as_str().unwrap_or_default().to_owned() }),
        Err(wrong) => {
            let hint = format!("What the setting takes: cfgctl explain {path:#}");
            let told: Vec<String> = wrong.into_iter().map(|wrong| wrong.message).collect();
            Err(Error::invalid(told.join(" ")).hint(hint))
        }
    }
}
