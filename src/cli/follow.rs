//! A change that was made is followed to the services, until they run with it or the former state is back.
//!
//! What must stay true: what is shown on the way is on standard error, and only on a terminal; the answer is one, and it
//! says what came of all of it.

use super::session::Session;
use crate::api::Outcome;
use crate::api::change::ChangeView;
use crate::api::delivery::{DeliveryView, Follow, FollowReply};
use crate::domain::error::Result;
use crate::output::delivery::progress;
use crate::output::stream::Progress;

/// Goes along with a change's delivery, and with that of the change that takes it back where it comes to that.
pub(super) fn to_the_end(
    session: &mut Session,
    change: &mut ChangeView,
    outcome: &mut Outcome,
) -> Result<()> {
    let is_going = |delivery: &[DeliveryView]| delivery.iter().any(|one| !one.state.is_settled());
    if is_going(&change.delivery) {
        let shown = Progress::begin("delivering", None, session.options.quiet);
        let done = follow(session, &change.id, &shown)?;
        (*change, *outcome) = (done.change, done.outcome);
    }
    let Some(back) = change.taken_back.as_ref().filter(|back| is_going(&back.delivery)) else {
        return Ok(());
    };
    let shown = Progress::begin("going back", None, session.options.quiet);
    follow(session, &back.id, &shown)?;
    let done = follow(session, &change.id, &shown)?;
    if done.outcome == Outcome::RollbackFailed {
        *outcome = done.outcome;
    }
    *change = done.change;
    Ok(())
}

fn follow(session: &mut Session, id: &str, shown: &Progress) -> Result<FollowReply> {
    loop {
        let reply = session.send(Follow { id: id.to_owned() })?;
        if reply.settled {
            return Ok(reply);
        }
        shown.say_lines(&progress(&reply.change));
    }
}
