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
use crate::store::overrides::Override;
use crate::store::{history, manifest, version};

/// How far back a risk rule looks.
const BACK: Span = Span::days(1);

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

/// For each item, whose rows as they are stand beside it: what was effective a day ago, where that is not what is
/// effective now. Below the overrides, what holds now counts as what held then.
pub(super) fn a_day_ago(
    view: &View<'_>,
    items: &[Item],
    rows: &[Option<Override>],
) -> Result<Vec<Option<Former>>> {
    let then = view.clock.before(BACK);
    let moved = |row: &Option<Override>| row.as_ref().is_some_and(|row| row.at > then);
    if !rows.iter().any(moved) {
        return Ok(vec![None; items.len()]);
    }
    let version = version::at_time(view.db, then)?.map_or(0, |version| version.id);
    let former = |(item, row): (&Item, &Option<Override>)| -> Result<Option<Former>> {
        if !moved(row) {
            return Ok(None);
        }
        // Where older rows were pruned, the oldest that is left says what it replaced.
        let Some(overridden) = history::value_at(view.db, &item.path, version)? else { return Ok(None) };
        let default = manifest::default(view.db, item.path.as_str())?;
        let value = overridden.or_else(|| default.clone());
        Ok((value != item.before.clone().or(default)).then_some(Former { value }))
    };
    items.iter().zip(rows).map(former).collect()
}
