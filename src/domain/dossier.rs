//! What people say of a change request beside its values: what an approver reads and a reviewer looks back on
//! (requirement P2).

use super::error::{Error, Result};
use super::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The longest text of a dossier, in bytes.
const LONGEST: usize = 16 * 1024;
/// The most names in a list of it.
const MOST_NAMES: usize = 100;

/// What people say of a change request. Every part may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Dossier {
    /// In a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the business needs it for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<String>,
    /// What it is expected to do to services and people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    /// How it is, or was, tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_plan: Option<String>,
    /// When its people would like it to happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_window: Option<String>,
    /// Services that it affects beside those that the settings name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Members who are asked to look at it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
    /// Members who edited it: they count as requesters too (design.md §3.3).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub editors: Vec<String>,
    /// How often it was edited; approvals are bound to it.
    #[serde(skip_serializing_if = "is_zero")]
    pub edition: u32,
    /// Services whose restart was recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restarted: Vec<String>,
    /// When it was scheduled for, where a freeze or a window has moved that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted_at: Option<Timestamp>,
    /// The services are watched for so long afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor: Option<Span>,
    /// Conditions on how a service fares, each reason enough to take the change back (requirement P13).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rollback_if: Vec<String>,
    /// Once executed, it must be confirmed within this long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_within: Option<Span>,
}

fn is_zero(edition: &u32) -> bool {
    *edition == 0
}

impl Dossier {
    /// Whether nobody said anything.
    pub fn is_empty(&self) -> bool {
        *self == Dossier::default()
    }

    /// Takes over what another one says.
    pub fn take(&mut self, said: Dossier) {
        for (mine, new) in [
            (&mut self.title, said.title),
            (&mut self.need, said.need),
            (&mut self.impact, said.impact),
            (&mut self.test_plan, said.test_plan),
            (&mut self.requested_window, said.requested_window),
        ] {
            if new.is_some() {
                *mine = new.filter(|text| !text.is_empty());
            }
        }
        for (mine, new) in [(&mut self.services, said.services), (&mut self.reviewers, said.reviewers)] {
            if !new.is_empty() {
                *mine = new;
            }
        }
        self.confirm_within = said.confirm_within.or(self.confirm_within);
    }

    /// Refuses endless texts and lists. `invalid`.
    pub fn check(&self) -> Result<()> {
        let texts = [
            ("title", &self.title),
            ("need", &self.need),
            ("impact", &self.impact),
            ("test plan", &self.test_plan),
            ("requested window", &self.requested_window),
        ];
        for (name, text) in texts {
            let length = text.as_ref().map_or(0, String::len);
            if length > LONGEST {
                return Err(Error::invalid(format!(
                    "The {name} is {length} bytes long; the limit is {LONGEST}."
                ))
                .hint("Say it shorter, and name a ticket that says the rest: --ticket T"));
            }
        }
        for (name, names) in [("services", &self.services), ("reviewers", &self.reviewers)] {
            if names.len() > MOST_NAMES || names.iter().any(|name| name.len() > 256) {
                return Err(Error::invalid(format!(
                    "A request names at most {MOST_NAMES} {name}, each of at most 256 bytes."
                ))
                .hint("Name the ones that matter most."));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_anew_replaces_and_an_empty_text_takes_away() {
        let mut dossier = Dossier {
            title: Some("old".into()),
            need: Some("because".into()),
            reviewers: vec!["ann".into()],
            edition: 2,
            ..Dossier::default()
        };
        dossier.take(Dossier { title: Some("new".into()), need: Some(String::new()), ..Dossier::default() });
        assert_eq!((dossier.title.as_deref(), dossier.need.as_deref()), (Some("new"), None));
        assert_eq!((dossier.reviewers.len(), dossier.edition), (1, 2));
    }

    #[test]
    fn endless_texts_are_refused() {
        assert!(Dossier { impact: Some("x".repeat(LONGEST + 1)), ..Dossier::default() }.check().is_err());
        assert!(Dossier { reviewers: vec!["x".into(); 101], ..Dossier::default() }.check().is_err());
        assert!(Dossier { impact: Some("x".repeat(LONGEST)), ..Dossier::default() }.check().is_ok());
    }
}
