//! What was asked under an id, as text that is hashed and kept.
//!
//! What must stay true: the hash of a secret in the clear is never kept, because whoever reads the store could try
//! guesses against it; the same request has the same text.

use super::Sealer;
use crate::api::change::{Input, ItemSpec};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::sealed::is_sealed;
use crate::domain::secret::{MASKED, is_reference};
use crate::domain::value::{Value, canonical};
use crate::engine::transact::View;
use crate::engine::wanted::{read_document, read_item};
use crate::store::manifest;
use serde_json::json;
use std::collections::HashSet;

/// The text of items as they were asked for: secrets sealed, or as their mask where there is no key.
pub(in crate::engine) fn text_of_items(view: &View<'_>, items: &[ItemSpec]) -> Result<String> {
    let mut told = items.to_vec();
    for item in &mut told {
        let Ok(path) = Path::parse(&item.path) else { continue };
        if item.input == Input::Unset || !manifest::is_secret(view.db, path.as_str())? {
            continue;
        }
        let given = read_item(view, item).ok().and_then(|(_, value)| value);
        item.input = Input::Json(told_of(&Sealer::of(view)?, &path, given.unwrap_or_default()));
    }
    Ok(serde_json::to_string(&told).unwrap_or_default())
}

/// The same of a document.
pub(in crate::engine) fn text_of_document(view: &View<'_>, document: &Value) -> Result<String> {
    let secrets = manifest::secrets(view.db)?;
    if secrets.is_empty() || !holds_secret(view, document, &secrets)? {
        return Ok(canonical(document));
    }
    let sealer = Sealer::of(view)?;
    let told = read_document(view, document)?.into_iter().map(|(path, value)| {
        let value = match value {
            Some(value) if secrets.contains(path.as_str()) => Some(told_of(&sealer, &path, value)),
            value => value,
        };
        json!([path, value])
    });
    Ok(canonical(&Value::Array(told.collect())))
}

fn holds_secret(view: &View<'_>, document: &Value, secrets: &HashSet<String>) -> Result<bool> {
    Ok(read_document(view, document)?.iter().any(|(path, _)| secrets.contains(path.as_str())))
}

fn told_of(sealer: &Sealer, path: &Path, value: Value) -> Value {
    if is_reference(&value) || value.as_str().is_some_and(is_sealed) {
        return value;
    }
    sealer.seal(path, &value).unwrap_or_else(|_| Value::from(MASKED))
}
