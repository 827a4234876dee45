//! How far a change has come at the services.

use super::color::Paint;
use super::facts::Facts;
use super::{escape, words};
use crate::api::change::ChangeView;
use crate::api::delivery::DeliveryView;
use crate::domain::change::State as ChangeState;
use crate::domain::delivery::State;
use crate::domain::path::Path;

/// One line an instance, for whoever waits.
pub fn progress(change: &ChangeView) -> Vec<String> {
    let line = |one: &DeliveryView| {
        let why = one.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        escape::line(&format!("  {}  {}{why}", name(one), word(one))).into_owned()
    };
    let head = format!("delivering change {}", change.number.unwrap_or_default());
    std::iter::once(head).chain(change.delivery.iter().map(line)).collect()
}

/// How far each instance has come.
pub(super) fn facts(facts: &mut Facts, change: &ChangeView) {
    of_instances(facts, "Service", &change.delivery);
    let Some(back) = &change.taken_back else { return };
    match back.state {
        ChangeState::Failed => {
            let text = format!(
                "by change {}, which the services below did not all take: a person is needed",
                back.number
            );
            facts.paint("Taken back", text, Paint::Red);
        }
        _ => facts.add("Taken back", format!("by change {}", back.number)),
    }
    of_instances(facts, "Now", &back.delivery);
    if !back.kept.is_empty() {
        let kept: Vec<&str> = back.kept.iter().map(Path::as_str).collect();
        facts.paint("Kept", format!("{}: changed since by somebody else", kept.join(", ")), Paint::Yellow);
    }
}

/// The same of instances that no change is brought to, too.
pub(super) fn of_instances(facts: &mut Facts, label: &'static str, instances: &[DeliveryView]) {
    for one in instances {
        let took = one
            .propagation_time_ms
            .map(|took| format!(" in {}", words::microseconds(took.saturating_mul(1000))));
        let why = one.error.as_ref().map(|error| format!(": {error}"));
        let text =
            format!("{}: {}{}{}", name(one), word(one), took.unwrap_or_default(), why.unwrap_or_default());
        match one.state {
            State::Failed => facts.paint(label, text, Paint::Red),
            State::Verified => facts.add(label, text),
            _ => facts.paint(label, text, Paint::Yellow),
        }
    }
}

fn name(one: &DeliveryView) -> String {
    if one.service == one.instance {
        one.service.clone()
    } else {
        format!("{} {}", one.service, one.instance)
    }
}

/// How far an instance has come, in a word.
fn word(one: &DeliveryView) -> &'static str {
    match (one.state, one.reloaded_at, one.verified_at) {
        (State::Waiting, ..) => "waiting",
        (State::Begun, ..) => "begun",
        (State::Failed, ..) => "failed",
        (State::Told, None, _) => "written",
        (State::Told, Some(_), _) => "reloaded",
        (State::Verified, _, Some(_)) => "verified",
        (State::Verified, _, None) => "told, and cannot be asked",
    }
}
