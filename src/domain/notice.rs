//! What people are told of a change, and on which terms.
//!
//! What must stay true: a notice carries no value of a setting, before or after, and nothing that proves who somebody
//! is. Whoever gets it learns that something happened and which command shows it.

use super::change::{Kind, State};
use super::risk::Risk;
use super::time::{Span, Timestamp};
use super::value::Value;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest that a notify command may take: whoever made the change waits for it.
pub const LONGEST_TIMEOUT: Span = Span::seconds(60);

/// The longest summary in the environment, in characters: the operating system limits what a variable may hold.
const LONGEST_SUMMARY: usize = 1000;

/// What happened that people may want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A change waits for somebody.
    Request,
    /// Somebody decided about it.
    Decision,
    /// It was executed, or came to another end.
    Outcome,
    /// An emergency was declared or ended.
    Emergency,
    /// A change waits to be confirmed.
    Confirm,
}

impl Event {
    /// All of them.
    pub const ALL: [Event; 5] =
        [Event::Request, Event::Decision, Event::Outcome, Event::Emergency, Event::Confirm];

    /// The words of all of them.
    pub const NAMES: &'static [&'static str] = &["request", "decision", "outcome", "emergency", "confirm"];

    /// The word in files and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Event::Request => "request",
            Event::Decision => "decision",
            Event::Outcome => "outcome",
            Event::Emergency => "emergency",
            Event::Confirm => "confirm",
        }
    }

    /// What that word means.
    pub fn parse(name: &str) -> Option<Event> {
        Event::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The manifest's terms: which command tells people, of what, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// How long it may take.
    #[serde(default = "usual_timeout")]
    pub timeout: Span,
    /// The events it is told of; all where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

fn usual_timeout() -> Span {
    Span::seconds(10)
}

impl Notify {
    /// Whether the command is told of this event.
    pub fn wants(&self, event: Event) -> bool {
        self.events.is_empty() || self.events.contains(&event)
    }

    /// The program, without its arguments.
    pub fn program(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }
}

/// Why text cannot name a program to run, where it cannot: it is one of `PATH`, or a whole path. What a relative path
/// means would depend on where somebody happens to stand.
pub fn unusable_program(program: &str) -> Option<String> {
    let relative = program.contains('/') && !program.starts_with('/');
    relative.then(|| {
        format!(
            "{} must be a whole path such as /usr/local/bin/tell, or a program's bare name.",
            Value::from(program)
        )
    })
}

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What happened.
    pub event: Event,
    /// The same in a sentence.
    pub summary: String,
    /// The instance it happened on.
    pub instance: String,
    /// The change's number.
    pub change: Option<i64>,
    /// The change's ULID.
    pub id: Option<String>,
    /// The change's kind.
    pub kind: Option<Kind>,
    /// Where the change stands.
    pub state: Option<State>,
    /// The change's risk.
    pub risk: Option<Risk>,
    /// Who made it happen.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
    /// The members whom it concerns.
    pub to: Vec<String>,
    /// What the change still lacks.
    pub missing: Vec<String>,
    /// The command to type next.
    pub next: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Notice {
    /// The notice as one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What the command finds in its environment, for scripts that read no JSON.
    pub fn variables(&self) -> Vec<(String, String)> {
        let change = self.change.map(|number| number.to_string()).unwrap_or_default();
        let summary: String = on_one_line(&self.summary).chars().take(LONGEST_SUMMARY).collect();
        [("CFGCTL_EVENT", self.event.to_string()), ("CFGCTL_CHANGE", change), ("CFGCTL_SUMMARY", summary)]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }
}

/// Text on one line, its control characters escaped: for places that a terminal or a log may show as they are.
pub fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn notice() -> Notice {
        Notice {
            event: Event::Request,
            summary: "two\nlines \u{1b}[31m".to_owned(),
            instance: "billing".to_owned(),
            change: Some(12),
            id: None,
            kind: Some(Kind::Set),
            state: Some(State::Pending),
            risk: Some(Risk::High),
            by: "ann".to_owned(),
            reason: "a\nb\u{1b}".to_owned(),
            to: vec!["bob".to_owned()],
            missing: Vec::new(),
            next: Some("cfgctl change-request show 12".to_owned()),
            at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn a_notice_is_one_line_of_json_that_reads_back() {
        let line = notice().to_json();
        assert!(!line.contains(char::is_control), "{line}");
        assert_eq!(serde_json::from_str::<Notice>(&line).unwrap(), notice());
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["event"], &value["id"]), (&json!("request"), &Value::Null));
    }

    #[test]
    fn variables_hold_no_control_character_and_are_never_endless() {
        let variables = notice().variables();
        assert_eq!(variables[2].1, r"two\nlines \u{1b}[31m");
        assert_eq!(variables[1], ("CFGCTL_CHANGE".to_owned(), "12".to_owned()));
        let endless = Notice { summary: "\0".repeat(100_000), change: None, ..notice() };
        let variables = endless.variables();
        assert!(variables[2].1.len() <= LONGEST_SUMMARY && !variables[2].1.contains('\0'));
        assert_eq!(variables[1].1, "");
    }

    #[test]
    fn terms_without_events_want_all_and_otherwise_those_named() {
        let read = |terms: Value| serde_json::from_value::<Notify>(terms).unwrap();
        let all = read(json!({"command": ["tell"]}));
        assert!(Event::ALL.into_iter().all(|event| all.wants(event)));
        assert_eq!(all.timeout, Span::seconds(10));
        let some = read(json!({"command": ["tell"], "events": ["outcome"]}));
        assert!(some.wants(Event::Outcome) && !some.wants(Event::Request));
    }

    #[test]
    fn every_event_has_its_word() {
        assert_eq!(Event::ALL.map(Event::as_str).as_slice(), Event::NAMES);
        for event in Event::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), json!(event.as_str()));
            assert_eq!(Event::parse(event.as_str()), Some(event));
        }
    }

    #[test]
    fn a_program_is_a_whole_path_or_a_bare_name() {
        for usable in ["tell", "/usr/local/bin/tell"] {
            assert_eq!(unusable_program(usable), None);
        }
        for unusable in ["./tell", "bin/tell"] {
            assert!(unusable_program(unusable).unwrap().contains("whole path"));
        }
    }
}
