//! Feature flags: who sees a feature that is rolled out by steps (requirement H9).
//!
//! What must stay true: whether a user sees a feature follows from its name, the user and the percentage alone, the same
//! in every version of this program and on every machine: who is in at 10 % is in at 20 %.

use super::value::Value;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Below which path features stand.
pub const SECTION: &str = "features";
/// So many places there are: a percentage of them, to a hundredth of one, is in.
const PLACES: u64 = 10_000;

/// A feature as its value says it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Whether anybody sees it.
    pub enabled: bool,
    /// How many of the users, of a hundred.
    pub rollout_percentage: f64,
}

impl Feature {
    /// Reads a feature's value: an object with `enabled` and, unless all see it, `rollout_percentage`; or true or false.
    /// None where it is neither.
    pub fn of(value: &Value) -> Option<Feature> {
        if let Some(enabled) = value.as_bool() {
            return Some(Feature { enabled, rollout_percentage: 100.0 });
        }
        let fields = value.as_object()?;
        let rollout_percentage = match fields.get("rollout_percentage") {
            None => 100.0,
            Some(percentage) => percentage.as_f64().filter(|number| (0.0..=100.0).contains(number))?,
        };
        Some(Feature { enabled: fields.get("enabled")?.as_bool()?, rollout_percentage })
    }

    /// Whether a user sees it.
    pub fn is_on_for(&self, name: &str, user: &str) -> bool {
        self.enabled && (place_of(name, user) as f64) < self.rollout_percentage * (PLACES as f64 / 100.0)
    }
}

/// A user's place in a feature's rollout, from 0 to 9,999: the first eight bytes, big-endian, of the SHA-256 of
/// `NAME:USER`, modulo 10,000.
pub fn place_of(name: &str, user: &str) -> u64 {
    let digest = Sha256::digest(format!("{name}:{user}"));
    let first = digest.iter().take(8).fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
    first % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_users_place_is_the_same_in_every_version() {
        for (name, user, place) in [
            ("beta_search", "alice", 779),
            ("beta_search", "bob", 4184),
            ("new_dashboard", "alice", 4167),
            ("", "", 4368),
        ] {
            assert_eq!(place_of(name, user), place, "{name}:{user}");
        }
    }

    #[test]
    fn whoever_is_in_stays_in_while_the_percentage_grows_and_the_part_is_about_right() {
        let users: Vec<String> = (0..5000).map(|number| format!("user-{number}")).collect();
        let mut former: Vec<&String> = Vec::new();
        for percentage in [0.0, 0.5, 10.0, 25.0, 50.0, 99.0, 100.0] {
            let feature = Feature { enabled: true, rollout_percentage: percentage };
            let seen: Vec<&String> = users.iter().filter(|user| feature.is_on_for("beta", user)).collect();
            assert!(former.iter().all(|user| seen.contains(user)), "{percentage}");
            let part = seen.len() as f64 / 50.0;
            assert!((part - percentage).abs() < 2.0, "{percentage} % gave {part} %");
            former = seen;
        }
        assert_eq!(former.len(), users.len());
        let off = Feature { enabled: false, rollout_percentage: 100.0 };
        assert!(!off.is_on_for("beta", "user-1"));
    }

    #[test]
    fn what_is_no_feature_is_none() {
        for (value, feature) in [
            (json!({"enabled": true, "rollout_percentage": 12.5}), Some((true, 12.5))),
            (json!({"enabled": false}), Some((false, 100.0))),
            (json!(true), Some((true, 100.0))),
            (json!({"rollout_percentage": 5}), None),
            (json!({"enabled": true, "rollout_percentage": 101}), None),
            (json!({"enabled": "yes"}), None),
            (json!("on"), None),
        ] {
            let read = Feature::of(&value).map(|feature| (feature.enabled, feature.rollout_percentage));
            assert_eq!(read, feature, "{value}");
        }
    }
}
