//! Looking back on a change that was executed (requirement P2).

use super::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// The longest text of a review, in bytes.
const LONGEST: usize = 16 * 1024;

/// Whether a change did what it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Met {
    /// It did.
    Yes,
    /// It did not.
    No,
    /// In part.
    Partly,
}

impl Met {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Met::Yes => "yes",
            Met::No => "no",
            Met::Partly => "partly",
        }
    }
}

/// What was found when a change was looked back on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Findings {
    /// Of an emergency.
    Emergency {
        /// What happened.
        happened: String,
        /// Whether it was right to do.
        right: bool,
        /// What solves it for good.
        solution: String,
    },
    /// Of any other change.
    Change {
        /// Whether it did what it was made for.
        objectives_met: Met,
        /// What went wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issues: Option<String>,
        /// What is to follow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follow_ups: Option<String>,
    },
}

impl Findings {
    /// In a line.
    pub fn in_words(&self) -> String {
        match self {
            Findings::Emergency { happened, right, solution } => {
                let right = if *right { "it was right" } else { "it was not right" };
                format!("{right}; happened: {happened}; solution: {solution}")
            }
            Findings::Change { objectives_met, issues, follow_ups } => {
                let mut words = match objectives_met {
                    Met::Yes => "objectives met".to_owned(),
                    Met::No => "objectives not met".to_owned(),
                    Met::Partly => "objectives partly met".to_owned(),
                };
                for (name, text) in [("issues", issues), ("follow-ups", follow_ups)] {
                    if let Some(text) = text {
                        words += &format!("; {name}: {text}");
                    }
                }
                words
            }
        }
    }

    /// Refuses what says nothing, and endless texts. `usage`, `invalid`.
    pub fn check(&self) -> Result<()> {
        let texts = match self {
            Findings::Emergency { happened, solution, .. } => {
                [("--happened", Some(happened)), ("--solution", Some(solution))]
            }
            Findings::Change { issues, follow_ups, .. } => {
                [("--issues", issues.as_ref()), ("--follow-ups", follow_ups.as_ref())]
            }
        };
        for (flag, text) in texts {
            let Some(text) = text else { continue };
            if text.trim().is_empty() {
                return Err(
                    Error::usage(format!("{flag} says nothing.")).hint(format!("Say it: {flag} \"…\""))
                );
            }
            if text.len() > LONGEST {
                return Err(Error::invalid(format!(
                    "What {flag} says is {} bytes long; the limit is {LONGEST}.",
                    text.len()
                ))
                .hint("Say it shorter, and name a ticket that says the rest."));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn findings_read_back_as_what_they_are_of() {
        let emergency = Findings::Emergency {
            happened: "the pool ran dry".into(),
            right: true,
            solution: "a larger machine".into(),
        };
        let change =
            Findings::Change { objectives_met: Met::Partly, issues: Some("slow".into()), follow_ups: None };
        for findings in [emergency, change] {
            let text = serde_json::to_string(&findings).unwrap();
            assert_eq!(serde_json::from_str::<Findings>(&text).unwrap(), findings);
        }
        let odd = serde_json::from_value::<Findings>(json!({"objectives_met": "maybe"}));
        assert!(odd.is_err());
    }

    #[test]
    fn a_finding_that_says_nothing_or_too_much_is_refused() {
        let happened = |text: &str| Findings::Emergency {
            happened: text.to_owned(),
            right: false,
            solution: "none yet".into(),
        };
        assert!(happened(" ").check().is_err() && happened(&"x".repeat(LONGEST + 1)).check().is_err());
        assert!(happened("fire").check().is_ok());
        let none = Findings::Change { objectives_met: Met::Yes, issues: None, follow_ups: None };
        assert!(none.check().is_ok());
    }
}
