//! How the services fare after a change, and when that is reason enough to take it back (requirements P12, P13, B1, B6).
//!
//! What must stay true: who cannot be asked is not well; one bad moment is no reason, several in a row are.

use super::service::{Figure, Figures};
use super::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

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
