//! How a manifest's settings are read.
//!
//! What must stay true: every default satisfies its own schema, and no path is another's prefix.

use super::Reader;
use crate::domain::manifest::located::{Entry, to_fields};
use crate::domain::path::Path;
use crate::domain::schema::check_schema;
use crate::domain::secret::SecretReferences;
use crate::domain::setting::{OWN_KEYS, SCHEMA_KEYWORDS, Setting};
use std::collections::{BTreeMap, HashMap};

impl Reader<'_> {
    pub(super) fn settings(&mut self, secrets: &SecretReferences) -> BTreeMap<Path, Setting> {
        let entries = self.node.get("settings").and_then(|entry| entry.node.entries()).unwrap_or_default();
        let mut settings = BTreeMap::new();
        let mut lines: HashMap<Path, u32> = HashMap::with_capacity(entries.len());
        for entry in entries {
            let place = format!("settings.{}", entry.key);
            let path = match Path::parse(&entry.key) {
                Ok(path) => path,
                Err(error) => {
                    self.tell(entry.line, &place, error.message);
                    continue;
                }
            };
            match lines.get(&path) {
                Some(before) if path.as_str() != entry.key => {
                    let message = format!("{} is {path}, which is on line {before} already.", entry.key);
                    self.tell(entry.line, &place, message);
                }
                _ => {
                    lines.insert(path.clone(), entry.line);
                }
            }
            if let Some(setting) = self.setting(&path, entry, &place, secrets) {
                settings.insert(path, setting);
            }
        }
        self.conflicts(&settings, &lines);
        settings
    }

    fn setting(
        &mut self,
        path: &Path,
        entry: &Entry,
        place: &str,
        secrets: &SecretReferences,
    ) -> Option<Setting> {
        let Some(keys) = entry.node.entries() else {
            let message = format!(
                "{path} must be a setting such as {{type: integer, default: 5}}; a value is set by `cfgctl set`, not \
                 here."
            );
            self.tell(entry.line, place, message);
            return None;
        };
        let line = |key: &str| {
            let first = key.split(['.', '[']).next().unwrap_or(key);
            keys.iter().rev().find(|entry| entry.key == first).map_or(entry.line, |entry| entry.line)
        };
        let (setting, mut faults) = Setting::from_flat(to_fields(keys));
        for fault in &mut faults {
            let holds_more =
                keys.iter().any(|entry| entry.key == fault.key && entry.node.entries().is_some());
            if holds_more
                && !OWN_KEYS.contains(&fault.key.as_str())
                && !SCHEMA_KEYWORDS.contains(&fault.key.as_str())
            {
                fault.message = format!(
                    "{} is no key of a setting; if it is a setting of its own, write its whole path: {path}.{}.",
                    fault.key, fault.key
                );
            }
        }
        if faults.is_empty() {
            faults = check_schema(path, &setting, secrets);
        }
        for fault in faults {
            self.tell(line(&fault.key), &format!("{place}.{}", fault.key), fault.message);
        }
        Some(setting)
    }

    /// No path is both a value and another's prefix.
    fn conflicts(&mut self, settings: &BTreeMap<Path, Setting>, lines: &HashMap<Path, u32>) {
        for path in settings.keys() {
            for ancestor in path.ancestors().filter(|ancestor| settings.contains_key(*ancestor)) {
                let line_of = |path: &str| lines.get(path).copied().unwrap_or(0);
                let (line, above) = (line_of(path.as_str()), line_of(ancestor));
                let message = format!(
                    "{path} and {ancestor} (line {above}) cannot both be settings: a path that has a value has no \
                     paths below it."
                );
                self.tell(line, &format!("settings.{path}"), message);
            }
        }
    }
}
