//! What a change was decided by, as it is kept with it.
//!
//! What must stay true: what was kept by an earlier program is read as it was meant.

use crate::domain::policy::Demand;
use crate::domain::risk::{Risk, RiskReason};
use serde::{Deserialize, Serialize};

/// What a change was decided by, as it stood then.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Decision {
    /// Why it has its risk.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "short_reasons")]
    pub reasons: Vec<RiskReason>,
    /// What its risk demanded; none where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<Demand>,
    /// Whether history proved that its values were in force lately.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proven: bool,
    /// Whether a service must restart.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restart: bool,
    /// The services that use its paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// What it goes back to, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns_to: Option<String>,
    /// What set a rollback off (requirement B2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// The change that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<i64>,
    /// Whose approvals counted when it was executed; nothing where it waited for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<String>,
}

/// Reasons as every change keeps them: the risk, how much of the sentence is the path it begins with, the sentence.
mod short_reasons {
    use super::{Risk, RiskReason};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Short {
        BeginsWithPath(Risk, usize, String),
        Whole(RiskReason),
    }

    pub(super) fn serialize<S: Serializer>(reasons: &[RiskReason], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(reasons.iter().map(|reason| match &reason.path {
            Some(path) if reason.reason.starts_with(path.as_str()) => {
                Short::BeginsWithPath(reason.risk, path.len(), reason.reason.clone())
            }
            _ => Short::Whole(reason.clone()),
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<RiskReason>, D::Error> {
        let short = Vec::<Short>::deserialize(deserializer)?;
        let whole = |short| match short {
            Short::Whole(reason) => reason,
            Short::BeginsWithPath(risk, length, reason) => {
                RiskReason { risk, path: reason.get(..length).map(str::to_owned), reason }
            }
        };
        Ok(short.into_iter().map(whole).collect())
    }
}
