//! What stands where services have their files.

use super::ok;
use crate::api::status::{Check, CheckStatus};
use crate::deliver::file::{Found, leftovers, look};
use crate::domain::error::Result;
use crate::domain::service::Form;
use crate::engine::transact::View;
use crate::store::{manifest, service};

/// Files that were written by something else since, and what killed deliveries left; nothing where no file is written.
pub(super) fn check(view: &View<'_>) -> Result<Option<Check>> {
    let owner = manifest::instance(view.db)?;
    let (mut problems, mut any) = (Vec::new(), false);
    let (mut strange, mut left) = (None, false);
    for service in manifest::services(view.db)?.into_values() {
        for instance in service.instances() {
            let Some(deliver) = &instance.deliver else { continue };
            let Some(place) = deliver.place() else { continue };
            any = true;
            let known = service::state(view.db, &service.name, &instance.name)?;
            let stamping = deliver.form().and_then(Form::stamp);
            let delivered = known.version.is_some() && known.digest.is_some();
            let changed = match look(place, stamping, &owner) {
                Err(error) => Some(error.message),
                _ if !delivered => None,
                Ok(Found::Nothing) => Some(format!("{} is gone.", place.file)),
                Ok(Found::Others(stamp)) => {
                    Some(format!("{} was written by the instance {} since.", place.file, stamp.instance))
                }
                Ok(Found::Ours(stamp)) if Some(&stamp.hash) != known.digest.as_ref() => {
                    Some(format!("{} is not what was delivered last.", place.file))
                }
                Ok(Found::Unstamped) if stamping.is_some() => {
                    Some(format!("{} was written by something else since.", place.file))
                }
                Ok(_) => None,
            };
            if let Some(changed) = changed {
                problems.push(changed);
                strange.get_or_insert_with(|| service.name.clone());
            }
            // A folder that cannot be read was told of above.
            for file in leftovers(place).unwrap_or_default() {
                left = true;
                problems.push(format!("{} was left by a delivery that was killed.", file.display()));
            }
        }
    }
    let advice = match (&strange, left) {
        (Some(name), _) => format!(
            "Look at it, and give the service what is in force again: cfgctl service sync {name} --reason \"…\""
        ),
        _ => "The next delivery removes it: cfgctl service sync --reason \"…\"".to_owned(),
    };
    Ok(match (any, problems.is_empty()) {
        (false, _) => None,
        (true, true) => Some(ok("services", "their files are as they were delivered")),
        (true, false) => {
            Some(super::check("services", CheckStatus::Warning, problems.join(" "), Some(&advice)))
        }
    })
}
