//! Feature flags, read from the values in force.

use super::transact::View;
use super::{Engine, Handle};
use crate::api::feature::{CheckFeature, CheckFeatureReply, FeatureView, ListFeatures, ListFeaturesReply};
use crate::domain::error::{Error, Result};
use crate::domain::feature::{Feature, SECTION, place_of};
use crate::domain::flatten::nest;
use crate::domain::member::Caller;
use crate::domain::value::Value;
use crate::store::{base, overrides};
use serde_json::Map;

impl Handle<ListFeatures> for Engine {
    fn handle(&mut self, caller: &Caller, _: ListFeatures) -> Result<ListFeaturesReply> {
        self.look(caller, |view| {
            let features = features(view)?;
            let of =
                |(name, value): (String, Value)| Feature::of(&value).map(|feature| to_view(name, feature));
            Ok(ListFeaturesReply { items: features.into_iter().filter_map(of).collect() })
        })
    }
}

impl Handle<CheckFeature> for Engine {
    fn handle(&mut self, caller: &Caller, request: CheckFeature) -> Result<CheckFeatureReply> {
        self.look(caller, |view| {
            let name = request.name.strip_prefix("features.").unwrap_or(&request.name).to_owned();
            let value = features(view)?.remove(&name).ok_or_else(|| {
                Error::not_found(format!("There is no feature {name}."))
                    .hint("See what there is: cfgctl feature list")
            })?;
            let feature = Feature::of(&value).ok_or_else(|| {
                Error::invalid(format!(
                    "features.{name} is no feature: it has no `enabled`, or a percentage that is none."
                ))
                .hint(format!("See its value: cfgctl get features.{name}"))
            })?;
            Ok(CheckFeatureReply {
                on: feature.is_on_for(&name, &request.user),
                place: place_of(&name, &request.user) as f64 / 100.0,
                user: request.user.clone(),
                feature: to_view(name, feature),
            })
        })
    }
}

fn to_view(name: String, feature: Feature) -> FeatureView {
    FeatureView { name, enabled: feature.enabled, rollout_percentage: feature.rollout_percentage }
}

/// The values in force below `features`, whether each is one object or path by path.
fn features(view: &View<'_>) -> Result<Map<String, Value>> {
    let mut values = base::values(view.db, Some(SECTION))?;
    overrides::each(view.db, Some(SECTION), |row| {
        values.extend(row.value.map(|value| (row.path, value)));
        Ok(())
    })?;
    match nest(values) {
        Value::Object(mut top) => Ok(match top.remove(SECTION) {
            Some(Value::Object(features)) => features,
            _ => Map::new(),
        }),
        _ => Ok(Map::new()),
    }
}
