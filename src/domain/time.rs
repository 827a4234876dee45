//! Moments and lengths of time as values; nothing here reads a clock.
//!
//! What must stay true: a moment has one text form of fixed width, so that sorting the text sorts the moments.

use super::error::{Error, Result};
use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A moment in UTC, to the millisecond: `2026-11-21T00:52:19.000Z` (RFC 3339).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// From milliseconds since 1970, kept between 1970 and the end of the year 9999: beyond, the text form would be of
    /// another width.
    pub fn from_millis(millis: i64) -> Timestamp {
        const END_OF_9999: i64 = 253_402_300_799_999;
        Timestamp(DateTime::from_timestamp_millis(millis.clamp(0, END_OF_9999)).unwrap_or_default())
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// Reads RFC 3339, or `YYYY-MM-DD HH:MM[:SS]` with a zone (`Z`, `UTC`, `+02:00`). `invalid` shows the forms.
    pub fn parse(text: &str) -> Result<Timestamp> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(Timestamp::from_millis(moment.timestamp_millis()));
        }
        let spelled = text
            .replacen(" UTC", "Z", 1)
            .replacen(" Z", "Z", 1)
            .replacen(" +", "+", 1)
            .replacen(" -", "-", 1);
        let utc = spelled.replacen('Z', "+00:00", 1);
        ["%Y-%m-%d %H:%M%:z", "%Y-%m-%d %H:%M:%S%:z", "%Y-%m-%dT%H:%M%:z"]
            .iter()
            .find_map(|form| DateTime::parse_from_str(&utc, form).ok())
            .map(|moment| Timestamp::from_millis(moment.timestamp_millis()))
            .ok_or_else(|| {
                let what = if looks_zoneless(text) { "has no zone" } else { "is not a time" };
                Error::usage(format!("{text:?} {what}."))
                    .hint("Write 2026-11-21T09:30:00Z, or \"2026-11-21 09:30 +01:00\".")
            })
    }

    /// This long before; the earliest moment where that would be before the calendar.
    #[must_use]
    pub fn before(self, span: Span) -> Timestamp {
        Timestamp::from_millis(self.millis().saturating_sub(span.millis()))
    }

    /// This long after.
    #[must_use]
    pub fn after(self, span: Span) -> Timestamp {
        Timestamp::from_millis(self.millis().saturating_add(span.millis()))
    }

    /// The day in UTC: `2026-11-21`.
    pub fn day(self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }

    /// As in backup names: `20261121_005219`.
    pub fn compact(self) -> String {
        self.0.format("%Y%m%d_%H%M%S").to_string()
    }

    /// For people: seconds are enough. `2026-11-21 00:52:19Z`
    pub fn short(self) -> String {
        self.0.format("%Y-%m-%d %H:%M:%SZ").to_string()
    }
}

fn looks_zoneless(text: &str) -> bool {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
        || ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]
            .iter()
            .any(|form| NaiveDateTime::parse_from_str(text, form).is_ok())
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Timestamp::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A length of time, written `10m`, `48h`, `14d`, `7y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(Duration);

impl Span {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Span {
        Span(Duration::from_secs(seconds))
    }

    /// So many days of 24 hours.
    pub const fn days(days: u64) -> Span {
        Span::seconds(days * 86_400)
    }

    /// From the standard library's type.
    pub const fn of(duration: Duration) -> Span {
        Span(duration)
    }

    /// As the standard library's type.
    pub fn duration(self) -> Duration {
        self.0
    }

    fn millis(self) -> i64 {
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }

    /// Reads `10m`, `48h`, `1h 30m`. `usage` shows the form.
    pub fn parse(text: &str) -> Result<Span> {
        humantime::parse_duration(text).map(Span).map_err(|_| {
            Error::usage(format!("{text:?} is not a length of time.")).hint("Write 30s, 10m, 48h or 14d.")
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if self.0.subsec_nanos() != 0 {
            return write!(f, "{}", humantime::format_duration(self.0));
        }
        let (unit, name) = [(31_557_600, "y"), (86_400, "d"), (3_600, "h"), (60, "m")]
            .into_iter()
            .find(|(unit, _)| seconds != 0 && seconds.is_multiple_of(*unit))
            .unwrap_or((1, "s"));
        write!(f, "{}{name}", seconds / unit)
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Span::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A length of time that somebody named, or the one that the policy has for it: `10m`, `default`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanOrDefault {
    /// The policy's.
    Default,
    /// The one named.
    Span(Span),
}

impl SpanOrDefault {
    /// Reads `10m` or `default`. `usage` shows the form.
    pub fn parse(text: &str) -> Result<SpanOrDefault> {
        if text == "default" {
            Ok(SpanOrDefault::Default)
        } else {
            Span::parse(text).map(SpanOrDefault::Span)
        }
    }

    /// The length, where this is the policy's.
    pub fn or(self, default: Span) -> Span {
        match self {
            SpanOrDefault::Default => default,
            SpanOrDefault::Span(span) => span,
        }
    }
}

impl Serialize for SpanOrDefault {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            SpanOrDefault::Default => serializer.serialize_str("default"),
            SpanOrDefault::Span(span) => span.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SpanOrDefault {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        SpanOrDefault::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_the_documented_forms_and_needs_a_zone() {
        for text in [
            "2026-11-21T09:30:00Z",
            "2026-11-21T10:30:00+01:00",
            "2026-11-21 09:30 UTC",
            "2026-11-21 10:30 +01:00",
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), "2026-11-21T09:30:00.000Z", "{text}");
        }
        for text in ["2026-11-21", "2026-11-21 09:30", "2026-11-21T09:30:00"] {
            assert!(Timestamp::parse(text).unwrap_err().message.contains("no zone"), "{text}");
        }
        assert!(Timestamp::parse("yesterday").unwrap_err().message.contains("not a time"));
    }

    #[test]
    fn a_span_reads_and_prints_in_its_largest_whole_unit() {
        for (text, shown) in
            [("10m", "10m"), ("48h", "2d"), ("90s", "90s"), ("14d", "14d"), ("0s", "0s"), ("1h 30m", "90m")]
        {
            assert_eq!(Span::parse(text).unwrap().to_string(), shown);
        }
        assert!(Span::parse("soon").is_err());
    }
}
