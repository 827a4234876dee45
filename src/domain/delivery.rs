//! A change on its way to the services: how far each has come, and what all of it amounts to.
//!
//! What must stay true: written, told and verified are three things; what is not known to have succeeded has not; a
//! critical service that fails is enough to go back (requirement Z7).

use super::change::named_by_serde;
use super::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How far an instance of a service has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its turn is yet to come.
    Waiting,
    /// Its turn has begun; what became of it is not known.
    Begun,
    /// It has the values and was told of them.
    Told,
    /// It was found to run with them, and to be well.
    Verified,
    /// It could not be given them, or does not run with them.
    Failed,
}
named_by_serde!(State);

impl State {
    /// Whether nothing more is to come.
    pub fn is_settled(self) -> bool {
        matches!(self, State::Verified | State::Failed)
    }
}

/// How an instance of a service stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It has what is in force.
    Current,
    /// It has what was in force earlier.
    Behind,
    /// It has what is in force, and takes some of it only when it restarts.
    RestartPending,
    /// It was never given anything.
    NeverDelivered,
    /// What was done last did not succeed.
    Failed,
    /// Nothing is delivered to it.
    Disabled,
}
named_by_serde!(Standing);

impl Standing {
    /// Whether it is not known to have what is in force, and can be given it.
    pub fn is_behind(self) -> bool {
        matches!(self, Standing::Behind | Standing::NeverDelivered | Standing::Failed)
    }
}

/// What an instance said of one path when it was asked what it runs with (requirement P11).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What it runs with; none where it did not say, and for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether that is what it should run with.
    pub matches_expected: bool,
}

/// What a delivery amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every service runs with the values.
    Verified,
    /// Enough do; these do not.
    Partly(Vec<String>),
    /// Too few do, or one without which nothing works does not: the former values have to come back.
    Failed(Vec<String>),
}

/// One instance, as it is weighed.
#[derive(Debug, Clone, Copy)]
pub struct Weighed<'a> {
    /// Its service.
    pub service: &'a str,
    /// Whether that is critical.
    pub critical: bool,
    /// How far it has come.
    pub state: State,
}

/// What a settled delivery amounts to: a service has succeeded where all its instances have, and at least this fraction
/// of the services must.
pub fn verdict<'a>(instances: impl IntoIterator<Item = Weighed<'a>>, threshold: f64) -> Verdict {
    let mut services: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for Weighed { service, critical, state } in instances {
        let (well, is_critical) = services.entry(service).or_insert((true, critical));
        *well &= state == State::Verified;
        *is_critical |= critical;
    }
    let failed: Vec<String> =
        services.iter().filter(|(_, (well, _))| !well).map(|(name, _)| (*name).to_owned()).collect();
    if failed.is_empty() {
        return Verdict::Verified;
    }
    let succeeded = (services.len() - failed.len()) as f64 / services.len() as f64;
    let is_fatal = services.values().any(|(well, critical)| !well && *critical);
    if is_fatal || succeeded < threshold { Verdict::Failed(failed) } else { Verdict::Partly(failed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::{Failed, Told, Verified};

    #[test]
    fn too_few_successes_or_a_critical_failure_bring_the_former_values_back() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (instances, threshold, expected) in [
            (vec![], 0.5, Verdict::Verified),
            (vec![("a", false, Verified), ("b", true, Verified)], 1.0, Verdict::Verified),
            (vec![("a", false, Verified), ("b", false, Failed)], 0.5, Verdict::Partly(names(&["b"]))),
            (vec![("a", false, Verified), ("b", false, Failed)], 0.51, Verdict::Failed(names(&["b"]))),
            (vec![("a", false, Verified), ("b", true, Failed)], 0.0, Verdict::Failed(names(&["b"]))),
            (vec![("a", false, Failed)], 0.0, Verdict::Partly(names(&["a"]))),
            // One instance of two makes the service fail.
            (
                vec![("a", false, Verified), ("a", false, Failed), ("b", false, Verified)],
                0.6,
                Verdict::Failed(names(&["a"])),
            ),
            // What was only told has not succeeded.
            (vec![("a", false, Told), ("b", false, Verified)], 0.5, Verdict::Partly(names(&["a"]))),
        ] {
            let weighed = instances.iter().map(|(service, critical, state)| Weighed {
                service,
                critical: *critical,
                state: *state,
            });
            assert_eq!(verdict(weighed, threshold), expected, "{instances:?} {threshold}");
        }
    }
}
