//! How long things are kept, and which versions become baselines by themselves: the part of the policy that keeps the
//! store from growing for ever.
//!
//! What must stay true: what the policy does not name does not go by itself.

use super::error::Result;
use super::size::Size;
use super::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// How long things are kept, and how large the store may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// So many of the newest versions stay, with their history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<u64>,
    /// Versions younger than this stay, with their history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<Span>,
    /// Entries of the audit log younger than this stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<Span>,
    /// The size of the store above which `status` warns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
}

/// What stays, whoever prunes by hand, where the policy says nothing.
const USUAL: Keep = Keep { versions: Some(10_000), history: Some(Span::days(400)), audit: None, size: None };
/// A larger store is worth a warning where the policy says nothing.
const USUAL_SIZE: Size = Size::mebibytes(1024);

impl Keep {
    /// The same, with the usual terms where it says nothing of versions: those under which somebody prunes by hand.
    #[must_use]
    pub fn or_usual(self) -> Keep {
        if self.versions.is_none() && self.history.is_none() { USUAL } else { self }
    }

    /// Up to which version everything may go: what is neither among the newest nor young enough. None where nothing
    /// may. `in_force` says which version was in force so long ago, 0 where there was none.
    pub fn floor(&self, current: i64, in_force: impl FnOnce(Span) -> Result<i64>) -> Result<Option<i64>> {
        let by_number = self.versions.map(|newest| current - i64::try_from(newest).unwrap_or(i64::MAX));
        // What was in force then is younger than that: it ended later.
        let by_age = self.history.map(in_force).transpose()?.map(|in_force| in_force - 1);
        Ok(by_number.into_iter().chain(by_age).min().filter(|floor| *floor > 0))
    }

    /// The size of the store above which `status` warns.
    pub fn warns_above(&self) -> Size {
        self.size.unwrap_or(USUAL_SIZE)
    }
}

/// When a version becomes a baseline by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Baselines {
    /// After so many versions since the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// With the first version after this long since the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Span>,
}

impl Baselines {
    /// Whether none does.
    pub fn is_never(&self) -> bool {
        *self == Baselines::default()
    }

    /// Whether the current version is to be one, so long after the last one (or the first version there is).
    pub fn is_due(&self, last: (i64, Timestamp), current: i64, now: Timestamp) -> bool {
        let newer = u64::try_from(current - last.0).unwrap_or(0);
        let by_number = self.every.is_some_and(|every| newer >= every);
        newer > 0 && (by_number || self.after.is_some_and(|after| last.1.after(after) <= now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: u64) -> Option<Span> {
        Some(Span::days(days))
    }

    #[test]
    fn a_version_goes_once_it_is_neither_among_the_newest_nor_young() {
        for (versions, history, current, in_force, floor) in [
            (None, None, 100, 90, None),
            (Some(10), None, 100, 0, Some(90)),
            (Some(100), None, 100, 0, None),
            (Some(u64::MAX), None, 100, 0, None),
            (None, days(30), 100, 40, Some(39)),
            (None, days(30), 100, 0, None),
            (None, days(30), 100, 1, None),
            (Some(10), days(30), 100, 40, Some(39)),
            (Some(80), days(30), 100, 40, Some(20)),
            (Some(10), days(30), 100, 0, None),
            (Some(1), days(30), 100, 100, Some(99)),
        ] {
            let keep = Keep { versions, history, ..Keep::default() };
            assert_eq!(keep.floor(current, |_| Ok(in_force)), Ok(floor), "{keep:?} {current} {in_force}");
        }
    }

    #[test]
    fn by_hand_the_usual_terms_hold_only_where_nothing_is_said() {
        let only_age = Keep { history: days(3), ..Keep::default() };
        assert_eq!(only_age.or_usual(), only_age);
        assert_eq!(Keep { audit: days(3), ..Keep::default() }.or_usual().versions, Some(10_000));
    }

    #[test]
    fn a_baseline_is_due_after_so_many_versions_or_so_long_and_never_without_a_new_version() {
        let day = |day: i64| Timestamp::from_millis(day * 86_400_000);
        for (every, after, last, current, today, due) in [
            (None, None, (1, day(0)), 1000, day(1000), false),
            (Some(100), None, (1, day(0)), 100, day(1000), false),
            (Some(100), None, (1, day(0)), 101, day(0), true),
            (None, days(7), (5, day(1)), 6, day(7), false),
            (None, days(7), (5, day(1)), 6, day(8), true),
            (None, days(7), (5, day(1)), 5, day(80), false),
            (Some(100), days(7), (5, day(1)), 6, day(9), true),
            (Some(2), days(7), (5, day(1)), 7, day(1), true),
        ] {
            let baselines = Baselines { every, after };
            assert_eq!(baselines.is_due(last, current, today), due, "{baselines:?} {last:?} {current}");
        }
    }
}
