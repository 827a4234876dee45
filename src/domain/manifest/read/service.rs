//! How the manifest's section of services is read.
//!
//! What must stay true: every fault has the line of what it is about; a fallback value could be set, too.

use super::Reader;
use crate::domain::manifest::located::Node;
use crate::domain::path::Path;
use crate::domain::schema::CompiledSetting;
use crate::domain::secret::SecretReferences;
use crate::domain::service::{self, Service};
use crate::domain::setting::Setting;
use crate::domain::source::Source;
use std::collections::BTreeMap;

impl Reader<'_> {
    pub(super) fn services(
        &mut self,
        settings: &BTreeMap<Path, Setting>,
        sources: &[Source],
        secrets: &SecretReferences,
    ) -> BTreeMap<String, Service> {
        let Some(entry) = self.node.get("services").filter(|_| !self.is_misshapen("services")) else {
            return BTreeMap::new();
        };
        let (services, mut faults) = service::read_all(&entry.node.to_value());
        faults.extend(service::faults(&services, sources));
        for fault in faults {
            self.tell(line(&entry.node, &fault.place), &format!("services.{}", fault.place), fault.message);
        }
        for service in services.values() {
            for (path, value) in &service.fallback {
                let Some(compiled) =
                    settings.get(path).and_then(|setting| CompiledSetting::compile(path, setting).ok())
                else {
                    continue;
                };
                for problem in compiled.check(value, secrets) {
                    let place = format!("{}.fallback.{path}", service.name);
                    self.tell(line(&entry.node, &place), &format!("services.{place}"), problem);
                }
            }
        }
        services
    }
}

/// The line of the deepest part that a place such as `web.health[1].tcp` leads to.
fn line(section: &Node, place: &str) -> u32 {
    let mut at = section;
    let mut found = section.line;
    let mut rest = place;
    while !rest.is_empty() {
        if let Some((index, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let item = index.parse::<usize>().ok().and_then(|index| at.items()?.get(index));
            let Some(item) = item else { break };
            (at, found, rest) = (item, item.line, after.trim_start_matches('.'));
            continue;
        }
        // A key may hold dots of its own, as a path does: the longest that is there counts.
        let ends = rest.match_indices(['.', '[']).map(|(end, _)| end).chain([rest.len()]);
        let ends: Vec<usize> = ends.collect();
        let known = ends.into_iter().rev().find_map(|end| Some((at.get(&rest[..end])?, end)));
        let Some((entry, end)) = known else { break };
        (at, found, rest) = (&entry.node, entry.line, rest[end..].trim_start_matches('.'));
    }
    found
}

#[cfg(test)]
mod tests;
