//! How much harm a change can do, in four ordered steps (requirement P1).

use serde::{Deserialize, Serialize};
use std::fmt;

/// How much harm a change can do. Ordered: a change has the highest risk of its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// No effect on stability or performance.
    Low,
    /// May affect performance or users.
    Medium,
    /// Could destabilise; whatever needs a restart.
    High,
    /// Security or core parameters.
    Critical,
}

impl Risk {
    /// All four, the lowest first.
    pub const ALL: [Risk; 4] = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];

    /// The word in files, output and the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Risk::Low => "low",
            Risk::Medium => "medium",
            Risk::High => "high",
            Risk::Critical => "critical",
        }
    }

    /// The risk of that name.
    pub fn parse(name: &str) -> Option<Risk> {
        Risk::ALL.into_iter().find(|risk| risk.as_str() == name)
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One reason why a change has the risk it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskReason {
    /// The risk this reason asks for.
    pub risk: Risk,
    /// The path it concerns; none where it concerns the whole change.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<String>,
    /// One sentence: registered so, needs a restart, unregistered, or the rule's own message.
    pub reason: String,
}

/// How many reasons a refusal tells.
const TOLD: usize = 3;

/// Why a change has its risk, for whoever is refused because of it: the reasons that ask for the highest.
pub fn why(reasons: &[RiskReason]) -> String {
    let risk = highest(reasons);
    let asking: Vec<&str> = reasons
        .iter()
        .filter(|reason| reason.risk == risk)
        .map(|reason| reason.reason.trim_end_matches('.'))
        .collect();
    if asking.is_empty() {
        return format!("It is {risk}.");
    }
    let more = asking.len().saturating_sub(TOLD);
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("It is {risk} because: {}{rest}.", asking[..asking.len() - more].join("; "))
}

/// The highest risk among the reasons; low where there is none.
pub fn highest(reasons: &[RiskReason]) -> Risk {
    reasons.iter().map(|reason| reason.risk).max().unwrap_or(Risk::Low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_reasons_for_the_highest_risk_are_told_and_no_others() {
        let reason = |risk, reason: &str| RiskReason { risk, path: None, reason: reason.to_owned() };
        assert_eq!(why(&[]), "It is low.");
        let two = [reason(Risk::Low, "a."), reason(Risk::High, "b."), reason(Risk::High, "c")];
        assert_eq!(why(&two), "It is high because: b; c.");
        let many: Vec<RiskReason> = ["a", "b", "c", "d"].map(|text| reason(Risk::Medium, text)).into();
        assert_eq!(why(&many), "It is medium because: a; b; c; and 1 more.");
    }
}
