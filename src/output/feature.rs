//! Feature flags.

use super::table::{Field, table};
use super::{Render, Style, escape, words};
use crate::api::feature::{CheckFeatureReply, FeatureView, ListFeaturesReply};

impl Render for ListFeaturesReply {
    fn table(&self, style: &Style) -> String {
        let row = |view: &FeatureView| -> [Field; 3] {
            let enabled = if view.enabled { "yes" } else { "no" };
            [(&view.name).into(), enabled.into(), format!("{} %", view.rollout_percentage).into()]
        };
        table(["FEATURE", "ENABLED", "ROLLOUT"], self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|view| view.name.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "There are no features.", None)
    }
}

impl Render for CheckFeatureReply {
    fn table(&self, _style: &Style) -> String {
        let FeatureView { name, enabled, rollout_percentage } = &self.feature;
        let (user, name) = (escape::line(&self.user), escape::line(name));
        let because = match enabled {
            true => format!("place {:.2} of a rollout of {rollout_percentage} %", self.place),
            false => "nobody does".to_owned(),
        };
        let does = if self.on { "sees" } else { "does not see" };
        format!("{user} {does} {name} ({because})\n")
    }

    fn names(&self) -> Vec<String> {
        if self.on { vec![self.feature.name.clone()] } else { Vec::new() }
    }

    fn raw(&self) -> Option<String> {
        Some(self.on.to_string())
    }
}
