//! What documents give, path by path: the last one's value counts.
//!
//! What must stay true: a path that is a value in one and holds settings in another is refused by name.

use crate::domain::error::{Error, Result};
use crate::domain::flatten::flatten;
use crate::domain::path::Path;
use crate::domain::value::Value;
use std::collections::BTreeMap;

/// A value that was found, and the file it was found in.
pub(super) type Found<'a> = (&'a str, Value);

/// Every path with the last value found for it; nothing where no document gives one.
pub(super) fn collect(documents: &[(String, Value)]) -> Result<BTreeMap<Path, Option<Found<'_>>>> {
    let mut found: BTreeMap<Path, Option<Found<'_>>> = BTreeMap::new();
    for (name, document) in documents {
        let leaves = flatten(document, &mut |_| false).map_err(|mut error| {
            error.message = format!("{name}: {}", error.message);
            error
        })?;
        for (path, value) in leaves {
            let kept = found.entry(path).or_default();
            *kept = value.map(|value| (name.as_str(), value)).or(kept.take());
        }
    }
    let mut groups = Vec::new();
    for path in found.keys() {
        for above in path.ancestors() {
            match found.get(above) {
                Some(Some(_)) => return Err(both(above, path)),
                Some(None) => groups.push(Path::from_canonical(above.to_owned())),
                None => {}
            }
        }
    }
    // An empty key that holds settings elsewhere is their section.
    for group in groups {
        found.remove(&group);
    }
    Ok(found)
}

fn both(above: &str, path: &Path) -> Error {
    Error::invalid(format!("The documents give {above} a value and also {path} below it."))
        .hint("Draft from one of them, or correct the other: a path is a value or a group of settings.")
}
