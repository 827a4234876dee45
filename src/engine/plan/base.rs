//! What a reload would make of effective values, planned like a set: validated, classified, asked of the rules.
//!
//! What must stay true: nothing that a reload alters is weighed less than a set of the same would be (design.md §3.1).

use super::{Going, Plan, Planner};
use crate::domain::change::Item;
use crate::domain::error::Result;
use crate::domain::policy::Policy;
use crate::domain::risk::Risk;
use crate::engine::former::{BACK, Former};
use crate::engine::transact::View;
use crate::store::{base, manifest, version};

/// Plans what moves below the overrides: items whose values before and after are the effective ones, in path order.
/// Gives the risk of each item beside the plan.
pub(in crate::engine) fn plan_base(
    view: &View<'_>,
    items: Vec<Item>,
    policy: &Policy,
) -> Result<(Plan, Vec<Risk>)> {
    let mut planner = Planner::new(view, Going::On)?;
    planner.of_base = true;
    let settings = manifest::settings_of(view.db, items.iter().map(|item| &item.path))?;
    for (item, setting) in items.into_iter().zip(settings) {
        planner.take_of_base(item, setting)?;
    }
    planner.ask_rules()?;
    let risks = planner.risks.clone();
    Ok((planner.finish(policy), risks))
}

/// For each item what was effective a day ago, where a reload altered it since.
pub(super) fn a_day_ago(view: &View<'_>, items: &[Item]) -> Result<Vec<Option<Former>>> {
    let then = version::at_time(view.db, view.clock.before(BACK))?.map_or(0, |version| version.id);
    let former = |item: &Item| {
        let first = base::first_since(view.db, item.path.as_str(), then)?;
        Ok(first.filter(|event| event.before != item.before).map(|event| Former { value: event.before }))
    };
    items.iter().map(former).collect()
}
