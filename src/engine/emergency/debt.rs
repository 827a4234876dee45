//! The reviews that emergencies owe, and who may make them.

use crate::domain::approval::Vote;
use crate::domain::emergency::reviewers;
use crate::domain::error::{Error, Result};
use crate::domain::policy::Policy;
use crate::engine::case::requesters_of;
use crate::engine::transact::View;
use crate::engine::vote;
use crate::store::change::{self, Change};
use crate::store::emergency::{self, Mark};
use crate::store::metadata;

/// How many names a hint gives.
const NAMED: usize = 5;

/// Who of those present may review an emergency.
pub(in crate::engine) fn reviewers_of(
    view: &View<'_>,
    policy: &Policy,
    change: &Change,
    mark: &Mark,
) -> Result<Vec<String>> {
    let present = vote::present(view, policy)?;
    among(view, policy, &present, change, mark)
}

fn among(
    view: &View<'_>,
    policy: &Policy,
    present: &[Vote],
    change: &Change,
    mark: &Mark,
) -> Result<Vec<String>> {
    let requesters = requesters_of(view, &change.requested_by)?;
    let solo = metadata::is_solo(view.db)?;
    let found = reviewers(&mark.demand, present, &requesters, policy.emergency.role, solo);
    Ok(found.into_iter().map(|vote| vote.member.clone()).collect())
}

/// Refuses another emergency while one of the caller's own is overdue for review though somebody else could have
/// looked, and while as many stand unreviewed as the policy allows.
pub(super) fn refuse(view: &View<'_>, policy: &Policy) -> Result<()> {
    let unreviewed = change::unreviewed_emergencies(view.db)?;
    if unreviewed.is_empty() && policy.emergency.unreviewed_at_most > 0 {
        return Ok(());
    }
    let present = vote::present(view, policy)?;
    let mine = requesters_of(view, view.actor.name())?;
    let mut oldest = None;
    for number in &unreviewed {
        let Some((change, mark)) = marked(view, *number)? else { continue };
        let able = among(view, policy, &present, &change, &mark)?;
        let others = able.iter().any(|name| !mine.contains(name));
        if mine.contains(&change.requested_by) && mark.review_due <= view.clock && others {
            return Err(Error::refused(format!(
                "The review of your emergency change {number} was due by {}.",
                mark.review_due.short()
            ))
            .hint(how(*number, &able)));
        }
        oldest.get_or_insert((*number, able));
    }
    let most = policy.emergency.unreviewed_at_most;
    if u32::try_from(unreviewed.len()).unwrap_or(u32::MAX) < most {
        return Ok(());
    }
    let refused = Error::refused(format!(
        "{} stand unreviewed, and the policy lets {most} stand.",
        match unreviewed.len() {
            1 => "1 emergency change".to_owned(),
            count => format!("{count} emergency changes"),
        }
    ));
    Err(match oldest {
        Some((number, able)) => refused.hint(how(number, &able)),
        None => refused.hint("Ask for the change: cfgctl change-request create"),
    })
}

fn marked(view: &View<'_>, number: i64) -> Result<Option<(Change, Mark)>> {
    let change = change::by_number(view.db, number)?;
    Ok(change.zip(emergency::of_change(view.db, number)?))
}

/// The command that mends it, and who may type it.
fn how(number: i64, able: &[String]) -> String {
    let by = if able.is_empty() {
        "nobody present could: invite somebody".to_owned()
    } else {
        format!("by {}", who(able))
    };
    format!(
        "Have it reviewed, {by}: cfgctl emergency review {number} --happened \"…\" --right ANSWER --solution \"…\""
    )
}

/// The first few names.
pub(in crate::engine) fn who<T: AsRef<str>>(names: &[T]) -> String {
    let named: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" or {more} more") } else { String::new() };
    named.join(", ") + &rest
}
