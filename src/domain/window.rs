//! Maintenance windows and freezes: when changes of which risk may be made, and when not.
//!
//! What must stay true: an allow window and a freeze are never shorter than they read, whatever the clocks do; a freeze
//! beats an open window; a span begins with its first moment and ends before its last.

mod edge;
mod gate;
mod span;
mod zone;

use super::risk::Risk;
use super::role::Role;
use super::wording::join;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;

pub use edge::Edge;
pub use gate::{Gate, gate, next_open};
pub use zone::Zone;

/// One window of the manifest.
///
/// With times of day it comes back every week; with dates or moments it is there once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The name, by which refusals speak of it.
    pub name: String,
    /// Whether changes may be made in it (true) or may not (false: a freeze).
    pub allow: bool,
    /// The days of the week on which it begins; every day where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// When it begins.
    pub from: Edge,
    /// When it ends.
    pub to: Edge,
    /// The time zone of both.
    #[serde(default)]
    pub zone: Zone,
    /// The risks that it is about; all where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risk: Vec<Risk>,
    /// The roles that a freeze does not hold back, and with them those above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Role>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    /// All seven, Monday first.
    pub const ALL: [Day; 7] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];

    /// The word in files, output and the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Day::Mon => "mon",
            Day::Tue => "tue",
            Day::Wed => "wed",
            Day::Thu => "thu",
            Day::Fri => "fri",
            Day::Sat => "sat",
            Day::Sun => "sun",
        }
    }

    /// The day of the week of a date.
    pub fn of(date: NaiveDate) -> Day {
        Day::ALL[date.weekday().num_days_from_monday() as usize]
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Window {
    /// The default policy's window: critical changes at night, UTC (design.md §7).
    pub fn nightly() -> Window {
        Window {
            name: "nightly".to_owned(),
            allow: true,
            days: Vec::new(),
            from: Edge::at(22),
            to: Edge::at(5),
            zone: Zone::default(),
            risk: vec![Risk::Critical],
            except: Vec::new(),
        }
    }

    /// What is wrong with it, as sentences; nothing where it is well-formed.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        match (self.from, self.to) {
            (Edge::Time(_), Edge::Time(_)) => {}
            (Edge::Time(_), _) | (_, Edge::Time(_)) => problems.push(format!(
                "{} and {} do not go together: write two times of day, for every week, or two dates, for once.",
                self.from, self.to
            )),
            _ => {
                if !self.days.is_empty() {
                    problems.push("With dates it takes place once and has no `days`.".to_owned());
                }
                if self.dated().is_none() {
                    let (from, to) = (self.from, self.to);
                    problems.push(format!("It must end after it begins; it begins {from} and ends {to}."));
                }
            }
        }
        if self.allow && !self.except.is_empty() {
            problems.push("With `allow: true` it holds nobody back and has no `except`.".to_owned());
        }
        problems
    }

    /// Whether it concerns a risk: all risks where none is named.
    pub fn concerns(&self, risk: Risk) -> bool {
        self.risk.is_empty() || self.risk.contains(&risk)
    }

    /// Whether a member with this role is excepted: the least role that is named, or one above it.
    pub fn excepts(&self, role: Role) -> bool {
        self.except.iter().min().is_some_and(|least| role >= *least)
    }

    /// In words: `night: open mon–thu 22:00–05:00 Europe/Berlin, critical`.
    pub fn in_words(&self) -> String {
        let what = if self.allow { "open" } else { "frozen" };
        let mut words = format!("{}: {what} {} {}", self.name, self.when_in_words(), self.zone);
        words.push_str(", ");
        match self.risk.as_slice() {
            [] => words.push_str("every risk"),
            risks => {
                words.push_str(&join(&risks.iter().map(|risk| risk.as_str()).collect::<Vec<_>>(), "and"))
            }
        }
        if let Some(least) = self.except.iter().min() {
            let above = if *least == Role::Board { "" } else { " and above" };
            words.push_str(&format!(", except {least}{above}"));
        }
        words
    }

    fn when_in_words(&self) -> String {
        let (Edge::Time(from), Edge::Time(to)) = (self.from, self.to) else {
            return format!("{} to {}", self.from, self.to);
        };
        let days = self.days_in_words();
        match from == to {
            true if self.from == Edge::MIDNIGHT => format!("{days} all day"),
            true => format!("{days} 24 hours from {}", self.from),
            false => format!("{days} {}–{}", self.from, self.to),
        }
    }

    /// Three or more days in a row are a range.
    fn days_in_words(&self) -> String {
        let named: Vec<Day> = Day::ALL.into_iter().filter(|day| self.days.contains(day)).collect();
        if named.is_empty() || named.len() == Day::ALL.len() {
            return "every day".to_owned();
        }
        let rows = named.chunk_by(|one, next| *next as usize == *one as usize + 1);
        let words = rows.map(|row| match row {
            [first, _, .., last] => format!("{first}–{last}"),
            few => few.iter().map(|day| day.as_str()).collect::<Vec<_>>().join(", "),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn window(written: Value) -> Window {
        serde_json::from_value(written).unwrap()
    }

    #[test]
    fn a_window_is_read_as_it_is_written_and_refuses_other_keys() {
        let least = window(json!({"name": "a", "allow": true, "from": "22:00", "to": "05:00"}));
        assert_eq!((least.zone, &least.days[..], &least.risk[..]), (Zone::default(), &[][..], &[][..]));
        for written in [
            json!({"name": "night", "allow": true, "days": ["mon", "sun"], "from": "22:00", "to": "05:00",
                "zone": "Europe/Berlin", "risk": ["high", "critical"]}),
            json!({"name": "end", "allow": false, "from": "2026-12-20 18:00", "to": "2027-01-03", "zone": "UTC",
                "except": ["senior-admin"]}),
        ] {
            assert_eq!(serde_json::to_value(window(written.clone())).unwrap(), written);
        }
        for (key, value) in [("day", json!(["mon"])), ("days", json!(["monday"])), ("zone", json!("Here"))] {
            let mut written = json!({"name": "a", "allow": true, "from": "22:00", "to": "05:00"});
            written[key] = value;
            assert!(serde_json::from_value::<Window>(written).is_err(), "{key}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_window_is_told() {
        let together = "do not go together: write two times of day, for every week, or two dates, for once.";
        for (allow, from, to, more, says) in [
            (true, "22:00", "05:00", json!({"days": ["mon"]}), ""),
            (true, "22:00", "22:00", json!({}), ""),
            (false, "2026-12-20", "2026-12-20", json!({"except": ["board"]}), ""),
            (false, "2026-12-20", "2026-12-20 00:01", json!({}), ""),
            (false, "2026-12-20 18:00", "2026-12-20", json!({}), ""),
            (true, "22:00", "2026-12-20", json!({}), together),
            (true, "2026-12-20 18:00", "05:00", json!({"days": ["mon"]}), together),
            (
                true,
                "2026-12-20",
                "2026-12-21",
                json!({"days": ["mon"]}),
                "takes place once and has no `days`",
            ),
            (
                true,
                "2026-12-20",
                "2026-12-19",
                json!({}),
                "It must end after it begins; it begins 2026-12-20 and",
            ),
            (true, "2026-12-20 18:00", "2026-12-20 18:00", json!({}), "It must end after it begins"),
            (true, "2026-12-20", "2026-12-20 00:00", json!({}), "It must end after it begins"),
            // The clocks skip all of it.
            (
                true,
                "2026-03-29 02:10",
                "2026-03-29 02:50",
                json!({"zone": "Europe/Berlin"}),
                "must end after",
            ),
            (true, "22:00", "05:00", json!({"except": ["admin"]}), "holds nobody back and has no `except`"),
        ] {
            let mut written = json!({"name": "a", "allow": allow, "from": from, "to": to});
            written.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let problems = window(written.clone()).problems();
            assert_eq!(problems.is_empty(), says.is_empty(), "{written}: {problems:?}");
            assert!(problems.iter().all(|problem| problem.contains(says)), "{written}: {problems:?}");
        }
    }

    #[test]
    fn a_window_concerns_the_risks_and_excepts_the_roles_that_it_names_or_those_above() {
        let all = window(json!({"name": "a", "allow": false, "from": "22:00", "to": "05:00"}));
        assert!(Risk::ALL.iter().all(|risk| all.concerns(*risk)));
        assert!(!Role::ALL.iter().any(|role| all.excepts(*role)));
        let some = Window { risk: vec![Risk::Low], except: vec![Role::Board, Role::Admin], ..all };
        assert_eq!(Risk::ALL.map(|risk| some.concerns(risk)), [true, false, false, false]);
        assert_eq!(Role::ALL.map(|role| some.excepts(role)), [false, false, true, true, true]);
    }

    #[test]
    fn a_window_is_told_in_words() {
        for (written, words) in [
            (
                json!({"name": "night", "allow": true, "days": ["tue", "mon", "wed", "thu"], "from": "22:00",
                    "to": "05:00", "zone": "Europe/Berlin", "risk": ["critical"]}),
                "night: open mon–thu 22:00–05:00 Europe/Berlin, critical",
            ),
            (
                json!({"name": "a", "allow": true, "days": ["mon", "tue", "fri", "sat", "sun"], "from": "01:00",
                    "to": "02:00", "risk": ["high", "critical"]}),
                "a: open mon, tue, fri–sun 01:00–02:00 UTC, high and critical",
            ),
            (
                json!({"name": "a", "allow": true, "days": Day::ALL, "from": "06:00", "to": "06:00"}),
                "a: open every day 24 hours from 06:00 UTC, every risk",
            ),
            (
                json!({"name": "a", "allow": false, "days": ["sat", "sun"], "from": "00:00", "to": "00:00",
                    "except": ["board"]}),
                "a: frozen sat, sun all day UTC, every risk, except board",
            ),
            (
                json!({"name": "b", "allow": false, "from": "2026-12-20 18:00", "to": "2027-01-03",
                    "except": ["board", "senior-admin"]}),
                "b: frozen 2026-12-20 18:00 to 2027-01-03 UTC, every risk, except senior-admin and above",
            ),
        ] {
            assert_eq!(window(written).in_words(), words);
        }
    }
}
