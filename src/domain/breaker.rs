//! The circuit breaker of one thing that is asked over a network: after some failures in a row it is left alone for a
//! while, then tried once.
//!
//! What must stay true: a breaker never stays open for ever, whatever the clock does; while it is open nobody waits
//! for a thing that does not answer; of many who ask at once after the pause, one tries.

use super::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// After so many failures in a row it opens; 0 counts as 1.
    pub failures: u32,
    /// For so long nobody tries.
    pub pause: Span,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { failures: 5, pause: Span::seconds(30) }
    }
}

/// What a breaker remembers; a new one is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// How many times in a row it failed.
    pub failures: u32,
    /// Since when it is open; nothing while it is closed. A trial that has begun counts as opening again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
}

/// Whether a thing may be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// It may: nothing is wrong.
    Try,
    /// Once, to see whether it is well again. Whoever does says so with [`Breaker::trial_begun`].
    Trial,
    /// Not before this moment.
    Open {
        /// When the pause ends.
        until: Timestamp,
    },
}

/// What a breaker is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// All is well.
    Closed,
    /// It is left alone.
    Open,
    /// The pause is over: the next attempt is the trial.
    HalfOpen,
}

impl Breaker {
    /// Whether to ask now.
    pub fn may_try(&self, now: Timestamp, limits: &Limits) -> May {
        let Some(opened_at) = self.opened_at else { return May::Try };
        let until = opened_at.after(limits.pause);
        // A clock that was set back says nothing about how long the pause has been: then it is over.
        if now >= until || now < opened_at { May::Trial } else { May::Open { until } }
    }

    /// What it is now.
    pub fn state(&self, now: Timestamp, limits: &Limits) -> State {
        match self.may_try(now, limits) {
            May::Try => State::Closed,
            May::Trial => State::HalfOpen,
            May::Open { .. } => State::Open,
        }
    }

    /// The trial begins: until it has ended, or another pause is over, there is no second one.
    #[must_use]
    pub fn trial_begun(self, now: Timestamp) -> Breaker {
        Breaker { opened_at: self.opened_at.map(|_| now), ..self }
    }

    /// It answered as it should: closed.
    #[must_use]
    pub fn succeeded(self) -> Breaker {
        Breaker::default()
    }

    /// It did not: one failure more, and open where that is one too many or where this was the trial.
    #[must_use]
    pub fn failed(self, now: Timestamp, limits: &Limits) -> Breaker {
        let failures = self.failures.saturating_add(1);
        let opens = self.opened_at.is_some() || failures >= limits.failures.max(1);
        Breaker { failures, opened_at: opens.then_some(now) }
    }
}

impl State {
    /// `closed`, `open` or `half-open`.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half-open",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { failures: 3, pause: Span::seconds(30) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + seconds * 1000)
    }

    fn open() -> Breaker {
        Breaker { failures: 3, opened_at: Some(at(0)) }
    }

    #[test]
    fn what_happens_in_a_row_decides_the_state() {
        // f: it fails, s: it succeeds, t: a trial begins; each at the second before it.
        for (steps, now, expected) in [
            ("", 0, "closed"),
            ("0f 1f", 2, "closed"),
            ("0f 1f 2f", 2, "open"),
            ("0f 1f 2f", 31, "open"),
            ("0f 1f 2f", 32, "half-open"),
            ("0f 1f 2s 3f 4f", 5, "closed"),
            ("0f 1f 2f 32t", 33, "open"),
            ("0f 1f 2f 32t", 62, "half-open"),
            ("0f 1f 2f 32t 33s", 34, "closed"),
            ("0f 1f 2f 32t 33f", 34, "open"),
            ("0f 1f 2f 32t 33f", 62, "open"),
            ("0f 1f 2f 32t 33f", 63, "half-open"),
            ("0f 1f 2f 33f", 62, "open"),
            ("0f 1f 2f 33s 34f", 35, "closed"),
        ] {
            let mut breaker = Breaker::default();
            for step in steps.split_whitespace() {
                let (seconds, what) = step.split_at(step.len() - 1);
                let moment = at(seconds.parse().unwrap());
                breaker = match what {
                    "f" => breaker.failed(moment, &LIMITS),
                    "s" => breaker.succeeded(),
                    _ => breaker.trial_begun(moment),
                };
            }
            assert_eq!(breaker.state(at(now), &LIMITS).as_str(), expected, "{steps:?} at {now}");
        }
    }

    #[test]
    fn an_open_breaker_says_until_when_and_a_trial_comes_at_that_moment() {
        assert_eq!(open().may_try(at(1), &LIMITS), May::Open { until: at(30) });
        assert_eq!(open().may_try(at(29), &LIMITS), May::Open { until: at(30) });
        assert_eq!(open().may_try(at(30), &LIMITS), May::Trial);
        assert_eq!(open().trial_begun(at(30)).may_try(at(30), &LIMITS), May::Open { until: at(60) });
        assert_eq!(Breaker::default().may_try(at(0), &LIMITS), May::Try);
        assert_eq!(Breaker::default().trial_begun(at(0)), Breaker::default());
    }

    #[test]
    fn a_clock_set_back_or_far_ahead_does_not_hold_it_open() {
        assert_eq!(open().may_try(at(-1), &LIMITS), May::Trial);
        assert_eq!(open().may_try(at(-1_000_000), &LIMITS), May::Trial);
        let end = Breaker { failures: 3, opened_at: Some(Timestamp::from_millis(i64::MAX)) };
        assert_eq!(end.may_try(Timestamp::from_millis(i64::MAX), &LIMITS), May::Trial);
        assert_eq!(
            open().failed(at(-500), &LIMITS).may_try(at(-499), &LIMITS),
            May::Open { until: at(-470) }
        );
    }

    #[test]
    fn the_limits_have_sane_ends() {
        assert_eq!(Limits::default(), Limits { failures: 5, pause: Span::seconds(30) });
        let never = Limits { failures: 0, pause: Span::seconds(0) };
        assert_eq!(Breaker::default().state(at(0), &never), State::Closed);
        assert_eq!(Breaker::default().failed(at(0), &never).state(at(0), &never), State::HalfOpen);
        let many = Breaker { failures: u32::MAX, opened_at: None };
        assert_eq!(many.failed(at(0), &LIMITS).failures, u32::MAX);
    }

    #[test]
    fn it_is_kept_as_json_and_read_back() {
        for (breaker, json) in [
            (Breaker::default(), r#"{"failures":0}"#),
            (
                Breaker { failures: 5, opened_at: Some(Timestamp::from_millis(0)) },
                r#"{"failures":5,"opened_at":"1970-01-01T00:00:00.000Z"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&breaker).unwrap(), json);
            assert_eq!(serde_json::from_str::<Breaker>(json).unwrap(), breaker);
        }
        assert_eq!(serde_json::to_string(&State::HalfOpen).unwrap(), r#""half-open""#);
        assert!(serde_json::from_str::<Breaker>(r#"{"failures":0,"other":1}"#).is_err());
    }
}
