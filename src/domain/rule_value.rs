//! Evaluates a rule: what it may look at becomes CEL values, and what comes out is true, false or a sentence.
//!
//! What must stay true: no sentence holds a setting's value, because a rule may look at secrets; nothing that an
//! expression does to the evaluator ends the process.

use super::path::Path;
use super::role::Role;
use super::rule_expression::{Expression, MOST_NESTED_LOOPS, empty_context};
use super::time::Timestamp;
use super::value::Value;
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelTimestamp, CelUInt,
};
use cel::common::value::Val;
use cel::{ExecutionError, Value as CelValue};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How long a list may be that loops inside one another run over.
pub const LONGEST_NESTED_LOOP: usize = 1_000;

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

/// A rule that is ready to be asked.
#[derive(Debug)]
pub struct Compiled {
    pub(super) name: String,
    pub(super) expression: Expression,
    pub(super) paths: Option<Vec<Path>>,
}

impl Compiled {
    /// Whether the rule's expression is true of these facts; the error is a sentence that names the rule.
    ///
    /// An expression fails where it reads a value that is not there, mixes types that do not mix, overflows, gives
    /// anything but true or false, or runs two loops inside one another over more than 1,000 items.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, String> {
        self.evaluate(facts).map_err(|why| format!("The rule {} cannot be evaluated: {why}.", self.name))
    }

    /// The paths that the rule reads; nothing where that does not show, so that it concerns every path.
    pub fn paths_named(&self) -> Option<&[Path]> {
        self.paths.as_deref()
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<bool, String> {
        let uses = &self.expression.uses;
        if uses.loops == MOST_NESTED_LOOPS && self.longest(facts) > LONGEST_NESTED_LOOP {
            return Err(format!("its loops run over more than {LONGEST_NESTED_LOOP} items"));
        }
        let mut context = empty_context();
        for name in &uses.names {
            if let Some(value) = self.variable(name, facts) {
                context.add_variable_as_val(name.as_str(), value);
            }
        }
        // The evaluator reports failures as errors, yet a few of its branches are written to panic; a rule that hits
        // one must refuse a change, not end the program in the middle of it.
        catch_unwind(AssertUnwindSafe(|| {
            let result =
                CelValue::resolve_val(&self.expression.tree, &context).map_err(|error| why(&error))?;
            result
                .downcast_ref::<CelBool>()
                .map(|truth| *truth.inner())
                .ok_or_else(|| format!("it gives a {}, not true or false", result.get_type().name()))
        }))
        .unwrap_or_else(|_| Err("the evaluator failed on it".to_owned()))
    }

    fn variable<'v>(&self, name: &str, facts: &Facts<'v>) -> Option<Box<dyn Val + 'v>> {
        Some(match name {
            "values" => self.values(facts),
            "old" => optional(facts.old.map(to_cel)),
            "new" => optional(facts.new.map(to_cel)),
            "setting" => optional(facts.setting.map(to_cel)),
            "path" => optional(facts.path.map(|path| text(path.as_str()))),
            "actor" => {
                optional(facts.actor.map(|(name, role)| {
                    map([("name", text(name)), ("role", text(role.as_str()))].into_iter())
                }))
            }
            "now" => optional(facts.now.and_then(moment)),
            _ => return None,
        })
    }

    /// `values`, with no more in it than the expression can read.
    fn values<'v>(&self, facts: &Facts<'v>) -> Box<dyn Val + 'v> {
        match &self.paths {
            Some(paths) => map(paths
                .iter()
                .filter_map(|path| facts.values.get_key_value(path))
                .map(|(path, value)| (path.as_str(), to_cel(value)))),
            None => map(facts.values.iter().map(|(path, value)| (path.as_str(), to_cel(value)))),
        }
    }

    /// How many items the longest list or object has that the expression can reach.
    fn longest(&self, facts: &Facts<'_>) -> usize {
        let reached: Vec<&Value> = match &self.paths {
            Some(paths) => paths.iter().filter_map(|path| facts.values.get(path)).collect(),
            None => facts.values.values().collect(),
        };
        let whole = if self.paths.is_none() { facts.values.len() } else { 0 };
        let others = [facts.old, facts.new, facts.setting].into_iter().flatten();
        reached.into_iter().chain(others).map(longest).fold(whole, usize::max)
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

fn optional<'v>(value: Option<Box<dyn Val + 'v>>) -> Box<dyn Val + 'v> {
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

/// Why the evaluation failed, in words that hold types and names but no values.
fn why(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("there is no value at {key}"),
        other => other.to_string(),
    }
}
