//! How the services fare after a change, and when that is reason enough to take it back (requirements P12, P13, B1, B6).
//!
//! What must stay true: who cannot be asked is not well; one bad moment is no reason, several in a row are.

use super::error::{Error, Result};
use super::risk::Risk;
use super::rule::{Rule, Severity};
use super::rule_compiled::Compiled;
use super::rule_value::Facts;
use super::service::{Figure, Figures};
use super::time::{Span, Timestamp};
use super::value::Value;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Terms of watching the services after a change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Monitor {
    /// How often they are asked.
    pub interval: Span,
    /// How many bad answers in a row are too many.
    pub failures: u32,
    /// The share of requests that may fail.
    pub error_rate: f64,
    /// The share of its memory that a service may use.
    pub memory: f64,
    /// How many times slower than before the change an answer may come.
    pub slower: u32,
}

impl Eq for Monitor {}

impl Default for Monitor {
    fn default() -> Monitor {
        Monitor { interval: Span::seconds(30), failures: 3, error_rate: 0.5, memory: 0.9, slower: 5 }
    }
}

/// How one instance was found at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// Whether it was well.
    pub well: bool,
    /// How long it took to answer, in microseconds.
    pub took_us: i64,
    /// What it said in numbers.
    pub figures: Figures,
    /// Why it was not well.
    pub problem: Option<String>,
}

/// The name under which a condition finds whether a service is well.
const WELL: &str = "well";

/// How long the services are watched where conditions are given and no time is.
pub const USUAL: Span = Span::seconds(300);
/// How often conditions are looked at, at the least.
pub const LOOK_AT_CONDITIONS: Span = Span::seconds(10);

/// A condition on how a service fares: an expression in CEL over `new`, how it was found just now, and `old`, how it was
/// found before the change: `well`, `response_time` in seconds, `error_rate`, `memory`.
#[derive(Debug)]
pub struct Condition {
    text: String,
    compiled: Compiled,
}

impl Condition {
    /// Reads one. `usage` says what is wrong with it.
    pub fn read(text: &str) -> Result<Condition> {
        let rule = Rule {
            name: "rollback-if".to_owned(),
            check: None,
            when: Some(text.to_owned()),
            risk: Some(Risk::High),
            severity: Severity::Error,
            message: String::new(),
        };
        let wrong = |why: &str| {
            Error::usage(format!("The condition {text:?} cannot be read: {why}"))
                .hint("Write one such as: --rollback-if 'new.response_time > 2.0 * old.response_time'")
        };
        let compiled = rule.compile().map_err(|why| wrong(&why))?;
        let known = |field: &str| field == WELL || Figure::ALL.iter().any(|figure| figure.as_str() == field);
        let uses = &compiled.expression.uses;
        if let Some(field) = uses.fields.iter().find(|field| !known(field)) {
            let names = Figure::ALL.map(Figure::as_str).join(", ");
            return Err(wrong(&format!("nobody says anything of {field}, only {WELL}, {names}.")));
        }
        Ok(Condition { text: text.to_owned(), compiled })
    }

    /// Why it is reason to take the change back. Where what it asks for is not known, it is: no data is no good sign.
    pub fn trouble(&self, sample: &Sample, before_us: Option<i64>) -> Option<String> {
        let new = figures(sample.well, Some(sample.took_us), &sample.figures);
        let old = figures(true, before_us, &Figures::new());
        let facts = Facts {
            values: &BTreeMap::new(),
            old: Some(&old),
            new: Some(&new),
            path: None,
            setting: None,
            actor: None,
            now: Some(sample.at),
        };
        match self.compiled.holds(&facts) {
            Ok(false) => None,
            Ok(true) => Some(format!("came to where {}", self.text)),
            Err(_) => Some(format!("does not say what {:?} asks for", self.text)),
        }
    }
}

fn figures(well: bool, took_us: Option<i64>, figures: &Figures) -> Value {
    let mut object = json!({WELL: well});
    if let Some(took) = took_us {
        object[Figure::ResponseTime.as_str()] = json!(took as f64 / 1_000_000.0);
    }
    for (figure, value) in figures {
        object[figure.as_str()] = json!(value);
    }
    object
}

/// An answer faster than this is never slow, whatever it was before: in microseconds.
const NEVER_SLOW: f64 = 50_000.0;

/// Why an instance's samples, the newest last, are reason to take the change back; `before_us` is how long it took to
/// answer before the change.
pub fn trouble(terms: &Monitor, samples: &[Sample], before_us: Option<i64>) -> Option<String> {
    let count = terms.failures.max(1) as usize;
    let last = samples.get(samples.len().checked_sub(count)?..)?;
    let times = if count == 1 { String::new() } else { format!(" {count} times in a row") };
    if last.iter().all(|sample| !sample.well) {
        let why = last.last()?.problem.as_deref().unwrap_or("it did not say why").trim_end_matches('.');
        return Some(format!("was not well{times}: {why}"));
    }
    let above = |figure: Figure, limit: f64| {
        let figures: Vec<f64> =
            last.iter().filter_map(|sample| sample.figures.get(&figure).copied()).collect();
        (figures.len() == count && figures.iter().all(|value| *value > limit)).then(|| figures[count - 1])
    };
    if let Some(rate) = above(Figure::ErrorRate, terms.error_rate) {
        return Some(format!("had an error rate of {rate:.2}{times}, above {}", terms.error_rate));
    }
    if let Some(memory) = above(Figure::Memory, terms.memory) {
        return Some(format!("used {memory:.2} of its memory{times}, above {}", terms.memory));
    }
    let slow = (before_us? as f64 * f64::from(terms.slower)).max(NEVER_SLOW);
    let took = |sample: &Sample| {
        sample
            .figures
            .get(&Figure::ResponseTime)
            .map_or(sample.took_us as f64, |seconds| seconds * 1_000_000.0)
    };
    last.iter().all(|sample| took(sample) > slow).then(|| {
        let millis = |us: f64| us / 1000.0;
        format!(
            "took {:.0} ms to answer{times}, and {:.0} ms before the change",
            millis(took(&last[count - 1])),
            millis(before_us.unwrap_or_default() as f64)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(well: bool, took_us: i64, figure: Option<(Figure, f64)>) -> Sample {
        let problem = (!well).then(|| "status 500".to_owned());
        let figures = figure.into_iter().collect();
        Sample { at: Timestamp::from_millis(0), well, took_us, figures, problem }
    }

    #[test]
    fn a_condition_is_over_what_is_found_now_and_what_was_found_before() {
        let slow = sample(true, 600_000, Some((Figure::ErrorRate, 0.2)));
        for (text, before, expected) in [
            (
                "new.response_time > 2.0 * old.response_time",
                Some(100_000),
                Some("came to where new.response_time > 2.0 * old.response_time"),
            ),
            ("new.response_time > 2.0 * old.response_time", Some(500_000), None),
            (
                "new.error_rate > 0.1 || !new.well",
                None,
                Some("came to where new.error_rate > 0.1 || !new.well"),
            ),
            ("!new.well", None, None),
            ("new.memory > 0.5", None, Some("does not say what \"new.memory > 0.5\" asks for")),
            (
                "new.response_time > old.response_time",
                None,
                Some("does not say what \"new.response_time > old.response_time\" asks for"),
            ),
        ] {
            assert_eq!(Condition::read(text).unwrap().trouble(&slow, before).as_deref(), expected, "{text}");
        }
        for (text, says) in [
            ("new.response_time >", "cannot be read"),
            (
                "new.response > 1.0",
                "nobody says anything of response, only well, error_rate, memory, response_time.",
            ),
            ("value > 1", "There is no variable value here"),
        ] {
            let error = Condition::read(text).unwrap_err();
            assert!(error.message.contains(says), "{}", error.message);
        }
    }

    #[test]
    fn several_bad_answers_in_a_row_are_reason_and_one_is_none() {
        let (well, bad) = (sample(true, 1000, None), sample(false, 1000, None));
        let rate = |rate| sample(true, 1000, Some((Figure::ErrorRate, rate)));
        let memory = |share| sample(true, 1000, Some((Figure::Memory, share)));
        let slow = sample(true, 600_000, None);
        for (samples, before, expected) in [
            (vec![], None, None),
            (vec![bad.clone(); 2], None, None),
            (vec![bad.clone(); 3], None, Some("was not well 3 times in a row: status 500")),
            (vec![bad.clone(), bad.clone(), well.clone(), bad.clone(), bad.clone()], None, None),
            (
                vec![well.clone(), bad.clone(), bad.clone(), bad],
                None,
                Some("was not well 3 times in a row: status 500"),
            ),
            (vec![rate(0.6); 3], None, Some("had an error rate of 0.60 3 times in a row, above 0.5")),
            (vec![rate(0.6), rate(0.5), rate(0.6)], None, None),
            // What it did not say is no figure.
            (vec![rate(0.6), well.clone(), rate(0.6)], None, None),
            (vec![memory(0.95); 3], None, Some("used 0.95 of its memory 3 times in a row, above 0.9")),
            (
                vec![slow.clone(); 3],
                Some(100_000),
                Some("took 600 ms to answer 3 times in a row, and 100 ms before the change"),
            ),
            (vec![slow.clone(); 3], Some(200_000), None),
            (vec![slow; 3], None, None),
            // Twenty times slower, and fast all the same.
            (vec![sample(true, 40_000, None); 3], Some(2_000), None),
        ] {
            assert_eq!(trouble(&Monitor::default(), &samples, before).as_deref(), expected, "{samples:?}");
        }
        assert!(
            trouble(&Monitor { failures: 1, ..Monitor::default() }, &[sample(false, 1, None)], None)
                .is_some()
        );
    }
}
