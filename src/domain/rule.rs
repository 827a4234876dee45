//! What the manifest demands of values that belong together, and what makes a change riskier: rules in CEL.
//!
//! What must stay true: a rule that passes `problems` can be compiled, and asking it ends, whatever the values are; a
//! rule that cannot be evaluated never counts as passed.

use super::path::Path;
use super::risk::Risk;
use super::rule_expression::Expression;
pub use super::rule_expression::{DEEPEST_EXPRESSION, LONGEST_EXPRESSION, MOST_NESTED_LOOPS};
pub use super::rule_value::{Compiled, Facts, LONGEST_NESTED_LOOP};
use serde::{Deserialize, Serialize};

/// What a check does that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It refuses the change.
    #[default]
    Error,
    /// It warns.
    Warning,
}

/// One rule of the manifest: either a check of what a change would make effective, or a condition that raises its risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The name, by which refusals speak of it.
    pub name: String,
    /// What must be true of `values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// What raises the risk where it is true of a changed path: over `old`, `new`, `path`, `setting`, `values`,
    /// `actor` (name, role) and `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The risk that `when` raises to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// What a check does that does not hold.
    #[serde(default)]
    pub severity: Severity,
    /// What to tell people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

const CHECK_VARIABLES: &[&str] = &["values"];
const WHEN_VARIABLES: &[&str] = &["old", "new", "path", "setting", "values", "actor", "now"];
const TYPES: &[&str] = &[
    "int",
    "uint",
    "double",
    "bool",
    "string",
    "bytes",
    "list",
    "map",
    "null_type",
    "type",
    "optional_type",
];
const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "type",
    "dyn",
    "int",
    "uint",
    "double",
    "bool",
    "string",
    "bytes",
    "timestamp",
    "duration",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "of",
    "none",
    "ofNonZeroValue",
    "hasValue",
    "value",
    "or",
    "orValue",
];

impl Rule {
    /// What is wrong with the rule, as sentences; nothing where it is well-formed.
    pub fn problems(&self) -> Vec<String> {
        self.examine().err().unwrap_or_default()
    }

    /// The paths that the rule reads; nothing where that does not show, so that it concerns every path.
    pub fn paths_named(&self) -> Option<Vec<Path>> {
        self.examine().ok()?.paths
    }

    /// The rule ready to be asked; the error tells what is wrong with it.
    pub fn compile(&self) -> Result<Compiled, String> {
        self.examine().map_err(|problems| problems.join(" "))
    }

    /// What to tell people: the rule's message, or a sentence made from its expression.
    pub fn sentence(&self) -> String {
        if !self.message.is_empty() {
            return self.message.clone();
        }
        match (&self.check, &self.when) {
            (Some(check), _) => format!("The rule {} does not hold: {check}.", self.name),
            (None, Some(when)) => format!("The rule {} applies: {when}.", self.name),
            (None, None) => format!("The rule {} applies.", self.name),
        }
    }

    fn examine(&self) -> Result<Compiled, Vec<String>> {
        let mut problems = Vec::new();
        if !is_name(&self.name) {
            problems
                .push(format!("{:?} is not a rule's name: use 1 to 64 letters, digits, - and _.", self.name));
        }
        let (source, variables) = match (&self.check, &self.when) {
            (Some(check), None) => (check, CHECK_VARIABLES),
            (None, Some(when)) => (when, WHEN_VARIABLES),
            (Some(_), Some(_)) => {
                problems.push("A rule has either `check` or `when`, not both.".to_owned());
                return Err(problems);
            }
            (None, None) => {
                problems.push("A rule needs `check` or `when`.".to_owned());
                return Err(problems);
            }
        };
        match (self.when.is_some(), self.risk) {
            (true, None) => {
                problems.push("A rule with `when` needs the `risk` that it raises to.".to_owned())
            }
            (false, Some(_)) => {
                problems.push("A rule with `check` has no `risk`; it has a `severity`.".to_owned());
            }
            _ => {}
        }
        match Expression::read(source) {
            Err(problem) => problems.push(problem),
            Ok(expression) => {
                let paths = examine_uses(&expression, variables, &mut problems);
                if problems.is_empty() {
                    return Ok(Compiled { name: self.name.clone(), expression, paths });
                }
            }
        }
        Err(problems)
    }
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Notes what an expression uses that it may not, and gives the paths that it reads.
fn examine_uses(
    expression: &Expression,
    variables: &[&str],
    problems: &mut Vec<String>,
) -> Option<Vec<Path>> {
    let uses = &expression.uses;
    for name in uses.names.iter().map(String::as_str) {
        if !variables.contains(&name) && !TYPES.contains(&name) {
            problems.push(format!("There is no variable {name} here; there is {}.", variables.join(", ")));
        }
    }
    for name in uses.functions.iter().filter(|name| !FUNCTIONS.contains(&name.as_str())) {
        problems.push(format!("There is no function {name}."));
    }
    for name in uses.bound.iter().filter(|name| WHEN_VARIABLES.contains(&name.as_str())) {
        problems.push(format!("A loop may not bind {name}, which means something else already."));
    }
    if variables == CHECK_VARIABLES && !uses.names.contains("values") {
        problems.push("A check must read at least one value, as in values[\"server.port\"].".to_owned());
    }
    let mut paths = Vec::new();
    for key in &uses.keys {
        match Path::parse(key) {
            Ok(path) if path.as_str() == key => paths.push(path),
            Ok(path) => problems.push(format!("Write the path {key:?} as {:?}.", path.as_str())),
            Err(error) => problems.push(error.message),
        }
    }
    (!uses.any_key).then_some(paths)
}
