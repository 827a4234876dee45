//! What changed paths were a day ago, so that many small steps are weighed as the one large step that they make.
//!
//! What must stay true: history is read only for paths that changed within that day, so that a change of any other path
//! costs what it did without a past.

use super::transact::View;
use crate::domain::change::Item;
use crate::domain::error::Result;
use crate::domain::time::Span;
use crate::domain::value::Value;
use crate::domain::wording::shown;
use crate::store::overrides::Origin;
use crate::store::{base, history, overrides, version};

/// How far back a risk rule looks.
pub(super) const BACK: Span = Span::days(1);

/// What was effective at a path a day ago.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Former {
    /// The value; none where there was none.
    pub(super) value: Option<Value>,
}

impl Former {
    /// The end of a sentence about a comparison with it. What a secret held is not repeated: it may have been set
    /// before its path was registered as one.
    pub(super) fn in_words(&self, secret: bool) -> String {
        match &self.value {
            _ if secret => "(compared with 24 hours ago)".to_owned(),
            Some(value) => format!("(compared with 24 hours ago, when it was {})", shown(value)),
            None => "(compared with 24 hours ago, when it had no value)".to_owned(),
        }
    }
}

/// For each item, the origin of whose override stands beside it: what was effective a day ago, where that is not what
/// is effective now. Below the overrides, what holds now counts as what held then.
pub(super) fn a_day_ago(
    view: &View<'_>,
    items: &[Item],
    origins: &[Option<Origin>],
) -> Result<Vec<Option<Former>>> {
    let then = view.clock.before(BACK);
    let mut moved = Vec::with_capacity(items.len());
    for (item, origin) in items.iter().zip(origins) {
        moved.push(match origin {
            // Moments sort as their texts do.
            Some(origin) => *origin.at > *then.to_string(),
            // What has no override now may have lost it since.
            None => overrides::find(view.db, item.path.as_str())?.is_some_and(|row| row.at > then),
        });
    }
    if !moved.contains(&true) {
        return Ok(vec![None; items.len()]);
    }
    let version = version::at_time(view.db, then)?.map_or(0, |version| version.id);
    let former = |(item, moved): (&Item, bool)| -> Result<Option<Former>> {
        if !moved {
            return Ok(None);
        }
        // Where older rows were pruned, the oldest that is left says what it replaced.
        let Some(overridden) = history::value_at(view.db, &item.path, version)? else { return Ok(None) };
        let base = base::value(view.db, item.path.as_str())?;
        let value = overridden.or_else(|| base.clone());
        Ok((value != item.before.clone().or(base)).then_some(Former { value }))
    };
    items.iter().zip(moved).map(former).collect()
}
