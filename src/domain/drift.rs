//! Which differences between the base and what is in force are meant to be there.

use super::path::Path;
use super::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The manifest's section about drift.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Drift {
    /// Differences that are meant.
    pub ignore: Vec<Ignore>,
}

/// A difference that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignore {
    /// The path, or everything below one: `server.*`.
    pub path: String,
    /// Why.
    pub reason: String,
    /// The day after which it counts as drift again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl Ignore {
    /// When it ends: with its last day, in UTC.
    pub fn end(&self) -> Option<Timestamp> {
        let day = Timestamp::parse(&format!("{}T00:00:00Z", self.until.as_deref()?)).ok()?;
        Some(day.after(Span::days(1)))
    }

    /// Whether it has ended.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.end().is_some_and(|end| end <= now)
    }

    /// Whether the day it names is one.
    pub fn is_well_formed(&self) -> bool {
        self.until.is_none() || self.end().is_some()
    }
}

impl Drift {
    /// What makes a difference at a path one that is meant, at this time.
    pub fn ignored(&self, path: &Path, now: Timestamp) -> Option<&Ignore> {
        self.ignore.iter().find(|ignore| path.matches(&ignore.path) && !ignore.is_over(now))
    }

    /// What made it one that was meant, and does no longer.
    pub fn ended(&self, path: &Path, now: Timestamp) -> Option<&Ignore> {
        self.ignore.iter().find(|ignore| path.matches(&ignore.path) && ignore.is_over(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_meant_until_its_last_day_is_over() {
        let ignore = |path: &str| Ignore {
            path: path.to_owned(),
            reason: "set per host".to_owned(),
            until: Some("2027-03-01".to_owned()),
        };
        let drift = Drift { ignore: vec![ignore("server.*")] };
        let path = Path::parse("server.name").unwrap();
        for (now, meant) in [("2027-03-01T23:59:59Z", true), ("2027-03-02T00:00:00Z", false)] {
            let now = Timestamp::parse(now).unwrap();
            assert_eq!(drift.ignored(&path, now).is_some(), meant, "{now}");
            assert_eq!(drift.ended(&path, now).is_some(), !meant, "{now}");
            assert!(drift.ignored(&Path::parse("serverless").unwrap(), now).is_none());
        }
        assert!(!Ignore { until: Some("soon".to_owned()), ..ignore("a") }.is_well_formed());
    }
}
