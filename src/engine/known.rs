//! Whether anything is known of a path or a section: a slip of the pen is told as one, and not answered with nothing.

use super::transact::View;
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::store::{base, manifest, overrides};

/// `not-found` where neither the manifest nor a source nor any override, present or former, has this path or one below it.
pub(super) fn check_path(view: &View<'_>, path: &Path) -> Result<()> {
    let known = manifest::is_registered(view.db, path.as_str())?
        || overrides::find(view.db, path.as_str())?.is_some()
        || base::is_set(view.db, path.as_str())?
        || is_known_below(view, path.as_str())?;
    if known {
        return Ok(());
    }
    Err(Error::not_found(format!("Nobody ever set {path}, and the manifest does not register it."))
        .hint("See what there is: cfgctl get"))
}

/// The same for a section. The top level is always there.
pub(super) fn check_section(view: &View<'_>, section: &str) -> Result<()> {
    if section.is_empty() || is_known_below(view, section)? {
        return Ok(());
    }
    Err(Error::not_found(format!(
        "There is no section {section}: nobody ever set anything in it, and the manifest registers nothing there."
    ))
    .hint("See what there is: cfgctl get"))
}

fn is_known_below(view: &View<'_>, prefix: &str) -> Result<bool> {
    Ok(manifest::registered_below(view.db, prefix)?.is_some()
        || overrides::was_set_below(view.db, prefix)?
        || base::set_below(view.db, prefix)?.is_some())
}
