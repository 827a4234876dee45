//! Feature flags.

use super::{Outcome, Reply};
use serde::{Deserialize, Serialize};

/// The features: the values below `features`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListFeatures {}

/// One a feature, by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListFeaturesReply {
    /// By name.
    pub items: Vec<FeatureView>,
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureView {
    /// Its name.
    pub name: String,
    /// Whether anybody sees it.
    pub enabled: bool,
    /// How many of the users, of a hundred.
    pub rollout_percentage: f64,
}

/// Whether a user sees a feature. `not-found` where there is none of that name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckFeature {
    /// The feature.
    pub name: String,
    /// The user, by whatever name the application has for them.
    pub user: String,
}

/// Whether they do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckFeatureReply {
    /// The feature.
    #[serde(flatten)]
    pub feature: FeatureView,
    /// The user.
    pub user: String,
    /// Their place in the rollout, from 0 to 99.99: they see it where that is below the percentage.
    pub place: f64,
    /// Whether they see it.
    pub on: bool,
}

impl Reply for ListFeaturesReply {}
impl Reply for CheckFeatureReply {
    fn outcome(&self) -> Outcome {
        if self.on { Outcome::Done } else { Outcome::No }
    }
}
