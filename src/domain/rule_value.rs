//! What a rule may look at, as CEL values.
//!
//! What must stay true: whole numbers stay whole and text is borrowed, not copied; of `values` no more is turned into
//! CEL than the expression can read.

use super::path::Path;
use super::role::Role;
use super::time::Timestamp;
use super::value::Value;
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelTimestamp, CelUInt,
};
use cel::common::value::Val;
use std::collections::{BTreeMap, HashMap};

/// What a rule may look at; what is absent is null to the expression.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What the change would make effective; it must hold at least the paths that the rule names.
    pub values: &'a BTreeMap<Path, Value>,
    /// The changed path's value before.
    pub old: Option<&'a Value>,
    /// The changed path's value after.
    pub new: Option<&'a Value>,
    /// The changed path.
    pub path: Option<&'a Path>,
    /// The changed path's definition in the manifest.
    pub setting: Option<&'a Value>,
    /// Who asks for the change: name and role.
    pub actor: Option<(&'a str, Role)>,
    /// The moment of the question.
    pub now: Option<Timestamp>,
}

impl<'a> Facts<'a> {
    /// The CEL value of a variable, or nothing where there is none of that name. `read` are the paths that `values` is
    /// read at, where they are known.
    pub(super) fn variable(&self, name: &str, read: Option<&[Path]>) -> Option<Box<dyn Val + 'a>> {
        Some(match name {
            "values" => self.values(read),
            "old" => or_null(self.old.map(to_cel)),
            "new" => or_null(self.new.map(to_cel)),
            "setting" => or_null(self.setting.map(to_cel)),
            "path" => or_null(self.path.map(|path| text(path.as_str()))),
            "actor" => {
                or_null(self.actor.map(|(name, role)| {
                    map([("name", text(name)), ("role", text(role.as_str()))].into_iter())
                }))
            }
            "now" => or_null(self.now.and_then(moment)),
            _ => return None,
        })
    }

    fn values(&self, read: Option<&[Path]>) -> Box<dyn Val + 'a> {
        match read {
            Some(paths) => map(paths
                .iter()
                .filter_map(|path| self.values.get_key_value(path))
                .map(|(path, value)| (path.as_str(), to_cel(value)))),
            None => map(self.values.iter().map(|(path, value)| (path.as_str(), to_cel(value)))),
        }
    }

    /// How many items the longest list or object has that an expression with these paths can reach.
    pub(super) fn longest(&self, read: Option<&[Path]>) -> usize {
        let others =
            [self.old, self.new, self.setting].into_iter().flatten().map(longest).fold(0, usize::max);
        match read {
            Some(paths) => {
                paths.iter().filter_map(|path| self.values.get(path)).map(longest).fold(others, usize::max)
            }
            None => self.values.values().map(longest).fold(others.max(self.values.len()), usize::max),
        }
    }
}

fn longest(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(longest).fold(items.len(), usize::max),
        Value::Object(fields) => fields.values().map(longest).fold(fields.len(), usize::max),
        _ => 0,
    }
}

fn to_cel(value: &Value) -> Box<dyn Val + '_> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(truth) => Box::new(CelBool::from(*truth)),
        Value::String(string) => text(string),
        Value::Number(number) => {
            if let Some(whole) = number.as_i64() {
                Box::new(CelInt::from(whole))
            } else if let Some(whole) = number.as_u64() {
                Box::new(CelUInt::from(whole))
            } else {
                Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN)))
            }
        }
        Value::Array(items) => Box::new(CelList::from(items.iter().map(to_cel).collect::<Vec<_>>())),
        Value::Object(fields) => map(fields.iter().map(|(name, field)| (name.as_str(), to_cel(field)))),
    }
}

fn or_null<'v>(value: Option<Box<dyn Val + 'v>>) -> Box<dyn Val + 'v> {
    value.unwrap_or_else(|| Box::new(CelNull))
}

fn text(text: &str) -> Box<dyn Val + '_> {
    Box::new(CelString::from(text))
}

fn map<'v>(entries: impl Iterator<Item = (&'v str, Box<dyn Val + 'v>)>) -> Box<dyn Val + 'v> {
    let entries: HashMap<CelMapKey<'v>, _> =
        entries.map(|(key, value)| (CelMapKey::String(CelString::from(key)), value)).collect();
    Box::new(CelMap::from(entries))
}

fn moment<'v>(moment: Timestamp) -> Option<Box<dyn Val + 'v>> {
    let moment = chrono::DateTime::from_timestamp_millis(moment.millis())?;
    Some(Box::new(CelTimestamp::from(moment.fixed_offset())))
}
