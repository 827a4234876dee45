//! Making a store: by `init`, and of the default one at the first write.

use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::engine::{self, Machine};
use std::path::Path;

/// Makes the default store with the starter manifest; gives what to say about it.
pub(crate) fn make_default(store: &Path, machine: Machine, caller: &Caller) -> Result<String> {
    let made = engine::init(store, "", true, machine, caller)?;
    Ok(format!(
        "There was no store yet: {} was made with the starter manifest. {} owns it, and it is solo: the owner's own approval counts at every risk.",
        made.store, made.owner
    ))
}
