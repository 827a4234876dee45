//! Where a window begins or ends, as it is written: a time of day, a date, or a moment of a date.

use crate::domain::error::{Error, Result};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};
use std::fmt;

const TIME: &str = "%H:%M";
const DATE: &str = "%Y-%m-%d";
const MOMENT: &str = "%Y-%m-%d %H:%M";

/// Where a window begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// A time of day, of every day that the window names: `22:00`.
    Time(NaiveTime),
    /// A date: as the beginning its first moment, as the end the whole of it: `2026-12-20`.
    Date(NaiveDate),
    /// A moment of one date: `2026-12-20 18:00`.
    Moment(NaiveDateTime),
}

impl Edge {
    /// The time of day at which a date begins.
    pub const MIDNIGHT: Edge = Edge::Time(NaiveTime::MIN);

    /// A full hour of the day.
    pub fn at(hour: u32) -> Edge {
        Edge::Time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN))
    }

    /// Reads `22:00`, `2026-12-20` or `2026-12-20 18:00`. `invalid` names the text and shows the forms.
    pub fn parse(text: &str) -> Result<Edge> {
        let read = NaiveTime::parse_from_str(text, TIME)
            .map(Edge::Time)
            .or_else(|_| NaiveDate::parse_from_str(text, DATE).map(Edge::Date))
            .or_else(|_| NaiveDateTime::parse_from_str(text, MOMENT).map(Edge::Moment));
        match read {
            Ok(edge) if edge.to_string() == text => Ok(edge),
            // The reader takes `9:00` and `2026-1-5`; one moment has one text.
            Ok(edge) => Err(wrong(text, &format!("write \"{edge}\""))),
            Err(_) if text == "24:00" => Err(wrong(text, "write \"00:00\" for midnight")),
            Err(_) => Err(wrong(text, "write \"22:00\", or a date like 2026-12-20")),
        }
    }
}

fn wrong(text: &str, instead: &str) -> Error {
    Error::invalid(format!("{text:?} is not a time: {instead}."))
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Edge::Time(time) => write!(f, "{}", time.format(TIME)),
            Edge::Date(date) => write!(f, "{}", date.format(DATE)),
            Edge::Moment(moment) => write!(f, "{}", moment.format(MOMENT)),
        }
    }
}

impl Serialize for Edge {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Edge {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Edge::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_has_one_text_and_keeps_it() {
        for text in ["22:00", "00:00", "23:59", "2026-12-20", "2028-02-29", "2026-12-20 18:00"] {
            let edge = Edge::parse(text).unwrap();
            assert_eq!(edge.to_string(), text);
            assert_eq!(serde_json::to_value(edge).unwrap(), text);
            assert_eq!(serde_json::from_value::<Edge>(text.into()).unwrap(), edge);
        }
        assert!(matches!(Edge::parse("22:00"), Ok(Edge::Time(_))));
        assert!(matches!(Edge::parse("2026-12-20"), Ok(Edge::Date(_))));
        assert!(matches!(Edge::parse("2026-12-20 18:00"), Ok(Edge::Moment(_))));
    }

    #[test]
    fn what_is_no_edge_is_told_with_a_right_one() {
        let forms = "write \"22:00\", or a date like 2026-12-20.";
        for (text, instead) in [
            ("25:99", forms),
            ("", forms),
            ("noon", forms),
            ("22:00:30", forms),
            ("2026-02-29", forms),
            ("2026-12-20 18:00 +01:00", forms),
            ("24:00", "write \"00:00\" for midnight."),
            ("9:00", "write \"09:00\"."),
            (" 22:00", "write \"22:00\"."),
            ("2026-1-5", "write \"2026-01-05\"."),
        ] {
            let expected = format!("{text:?} is not a time: {instead}");
            assert_eq!(Edge::parse(text).unwrap_err().message, expected);
            let error = serde_json::from_value::<Edge>(text.into()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
