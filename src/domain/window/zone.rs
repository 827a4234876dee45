//! A time zone, and what its clocks make of a local time.

use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use crate::domain::wording::nearest;
use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A time zone by its name in the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

impl Default for Zone {
    /// UTC.
    fn default() -> Zone {
        Zone(Tz::UTC)
    }
}

impl Zone {
    /// The zone of that name. `invalid` names the text and shows a right one, the nearest where one is near.
    pub fn parse(text: &str) -> Result<Zone> {
        text.parse().map(Zone).map_err(|_| {
            let near = nearest(text, TZ_VARIANTS.iter().map(|zone| zone.name())).unwrap_or("Europe/Berlin");
            let names =
                if near == "UTC" { "UTC or Europe/Berlin".to_owned() } else { format!("{near} or UTC") };
            Error::invalid(format!("{text:?} is not a time zone: write a name like {names}."))
        })
    }

    /// What the clocks show at a moment.
    pub(super) fn local(self, at: Timestamp) -> NaiveDateTime {
        let utc = DateTime::from_timestamp_millis(at.millis()).unwrap_or_default();
        utc.with_timezone(&self.0).naive_local()
    }

    /// The moment at which a span that begins at a local time begins: the earlier where the clocks show that time
    /// twice, the end of the gap where they skip it.
    pub(super) fn first(self, local: NaiveDateTime) -> Timestamp {
        self.moment(local, |earlier, _| earlier)
    }

    /// The moment at which a span that ends at a local time ends: the later where the clocks show that time twice,
    /// the end of the gap where they skip it.
    pub(super) fn last(self, local: NaiveDateTime) -> Timestamp {
        self.moment(local, |_, later| later)
    }

    fn moment(
        self,
        local: NaiveDateTime,
        of_two: impl Fn(DateTime<Tz>, DateTime<Tz>) -> DateTime<Tz>,
    ) -> Timestamp {
        let moment = match self.0.from_local_datetime(&local) {
            LocalResult::Single(moment) => moment,
            LocalResult::Ambiguous(one, other) => of_two(one.min(other), one.max(other)),
            LocalResult::None => GapInfo::new(&local, &self.0)
                .and_then(|gap| gap.end)
                .unwrap_or_else(|| self.0.from_utc_datetime(&local)),
        };
        Timestamp::from_millis(moment.timestamp_millis())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Zone::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_its_name_and_what_is_none_is_told_with_the_nearest() {
        for text in ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC", "Etc/GMT+3"] {
            let zone: Zone = serde_json::from_value(text.into()).unwrap();
            assert_eq!(serde_json::to_value(zone).unwrap(), text);
        }
        for (text, names) in [
            ("Europe/Berln", "Europe/Berlin or UTC"),
            ("Berlin", "Europe/Berlin or UTC"),
            ("", "Europe/Berlin or UTC"),
            ("America/NewYork", "America/New_York or UTC"),
            ("europe/paris", "Europe/Paris or UTC"),
            ("utc", "UTC or Europe/Berlin"),
        ] {
            let error = serde_json::from_value::<Zone>(text.into()).unwrap_err().to_string();
            assert_eq!(error, format!("{text:?} is not a time zone: write a name like {names}."));
        }
    }

    #[test]
    fn every_local_time_has_a_first_and_a_last_moment() {
        for (zone, local, first, last) in [
            // The clocks go from 02:00 to 03:00 on 29 March, and from 03:00 back to 02:00 on 25 October.
            ("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z", "2026-03-29T00:59:59Z"),
            ("Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T01:59:59", "2026-10-24T23:59:59Z", "2026-10-24T23:59:59Z"),
            ("Europe/Berlin", "2026-10-25T02:00:00", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T02:59:59", "2026-10-25T00:59:59Z", "2026-10-25T01:59:59Z"),
            ("Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z"),
            // 8 March and 1 November.
            ("America/New_York", "2026-03-08T02:15:00", "2026-03-08T07:00:00Z", "2026-03-08T07:00:00Z"),
            ("America/New_York", "2026-11-01T01:15:00", "2026-11-01T05:15:00Z", "2026-11-01T06:15:00Z"),
            ("Asia/Kathmandu", "2026-03-29T02:30:00", "2026-03-28T20:45:00Z", "2026-03-28T20:45:00Z"),
            ("UTC", "2026-03-29T02:30:00", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z"),
            // A midnight that is skipped, and a whole day.
            ("Asia/Beirut", "2026-03-29T00:00:00", "2026-03-28T22:00:00Z", "2026-03-28T22:00:00Z"),
            ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
        ] {
            let (zone, local): (_, NaiveDateTime) = (Zone::parse(zone).unwrap(), local.parse().unwrap());
            let found = (zone.first(local), zone.last(local));
            let expected = (Timestamp::parse(first).unwrap(), Timestamp::parse(last).unwrap());
            assert_eq!(found, expected, "{zone} {local}");
        }
    }
}
