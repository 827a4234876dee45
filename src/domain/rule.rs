//! What the manifest demands of values that belong together, and what makes a change riskier: rules in CEL.
//!
//! What must stay true: a rule that passes `problems` can be compiled, and asking it ends, whatever the values are; a
//! rule that cannot be evaluated never counts as passed.

use super::path::Path;
use super::risk::Risk;
pub use super::rule_compiled::{Compiled, MOST_STEPS};
use super::rule_expression::Expression;
pub use super::rule_expression::{DEEPEST_EXPRESSION, LONGEST_EXPRESSION, MOST_NESTED_LOOPS};
pub use super::rule_value::Facts;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str) -> Rule {
        serde_json::from_value(serde_json::json!({"name": "r", "check": expression})).unwrap()
    }

    fn when(expression: &str) -> Rule {
        serde_json::from_value(serde_json::json!({"name": "r", "when": expression, "risk": "high"})).unwrap()
    }

    #[test]
    fn a_rule_reads_as_the_manifest_writes_it_and_refuses_other_fields() {
        let rule = check(r#"values["a"] < 3"#);
        assert_eq!((rule.severity, rule.risk, rule.message.as_str()), (Severity::Error, None, ""));
        assert_eq!(rule.sentence(), r#"The rule r does not hold: values["a"] < 3."#);
        let warning =
            r#"{"name":"r","check":"values[\"a\"] < 3","severity":"warning","message":"Too many."}"#;
        let rule: Rule = serde_json::from_str(warning).unwrap();
        assert_eq!(serde_json::to_string(&rule).unwrap(), warning);
        assert_eq!(rule.sentence(), "Too many.");
        assert!(serde_json::from_str::<Rule>(r#"{"name":"r","chek":"true"}"#).is_err());
        assert!(serde_json::from_str::<Rule>(r#"{"name":"r","severity":"fatal"}"#).is_err());
    }

    #[test]
    fn a_well_formed_rule_has_no_problems() {
        for rule in [
            check(r#"values["database.pool.min_size"] <= values["database.pool.max_size"]"#),
            check(r#"!("tls.port" in values) || values["tls.port"] != values["server.port"]"#),
            check(r#"!has(values.tls) || values.tls.port > 0"#),
            check(r#"values[?"a.b"].orValue(0) >= 0 && optional.of(1).hasValue()"#),
            check("values.all(key, !key.startsWith('x.') || type(values[key]) == string)"),
            check(r#"values["auth.backends"].exists(backend, backend in ["ldap", "oidc"])"#),
            check(r#"values["a"].all(x, values["b"].exists(y, x == y))"#),
            when("type(new) == int && old != null && new > 2 * old"),
            when("path.startsWith('server.') && setting.services.size() > 2"),
            when(r#"actor.role == "operator" && now.getDayOfWeek("Europe/Berlin") in [0, 6]"#),
            when(r#"now >= timestamp("2026-12-20T00:00:00Z") && now - timestamp(0) > duration("1h")"#),
            when("old == null"),
        ] {
            assert_eq!(rule.problems(), Vec::<String>::new(), "{rule:?}");
            assert!(rule.compile().is_ok());
        }
    }

    #[test]
    fn every_problem_is_a_sentence_that_names_the_thing() {
        let bare = Rule { check: None, ..check("") };
        let both = Rule { when: Some("true".into()), ..check("true") };
        let named = |name: &str| Rule { name: name.into(), ..when("old == new") };
        for (rule, part) in [
            (bare, "needs `check` or `when`"),
            (both, "not both"),
            (named(""), "not a rule's name"),
            (named("a b"), "\"a b\" is not a rule's name"),
            (Rule { risk: None, ..when("true") }, "needs the `risk`"),
            (Rule { risk: Some(Risk::Low), ..check("true") }, "has no `risk`"),
            (check(""), "line 1, column 1"),
            (check(r#"values["a"] <"#), "cannot be read at line 1"),
            (check("values[\"a\"] &&\n values["), "cannot be read at line 2"),
            (check("true"), "must read at least one value"),
            (check(r#"new > values["a"]"#), "no variable new"),
            (when("nwe > 3"), "no variable nwe"),
            (when("new.startWith('a')"), "no function startWith"),
            (when("sqrt(new) > 1"), "no function sqrt"),
            (when("Config{a: 1} == new"), "no variable Config"),
            (when("[1].all(old, old > 1)"), "may not bind old"),
            (check(r#"values["a..b"] == 1"#), "a segment is empty"),
            (check(r#"values["\"a\".b"] == 1"#), "as \"a.b\""),
            (check(&format!("values.a == {}", "1".repeat(2_000))), "2012 bytes long; the limit is 2000"),
            (when(&"(".repeat(40)), "deeper than 32"),
            (when("[[1]].all(x, x.all(y, [y].all(z, z > 1)))"), "3 loops inside one another"),
        ] {
            let problems = rule.problems();
            assert!(problems.iter().any(|problem| problem.contains(part)), "{rule:?}: {problems:?}");
            assert!(problems.iter().all(|problem| problem.ends_with('.')), "{problems:?}");
            assert_eq!(rule.compile().unwrap_err(), problems.join(" "));
        }
    }

    #[test]
    fn the_paths_named_are_those_read_at_a_literal_and_none_where_that_does_not_show() {
        let paths = |rule: Rule| {
            rule.paths_named().map(|paths| paths.iter().map(Path::to_string).collect::<Vec<_>>().join(" "))
        };
        for (expression, named) in [
            (r#"values["b.c"] <= values["a"] && values['a'] > 1"#, Some("a b.c")),
            (r#""a.b" in values"#, Some("a.b")),
            ("has(values.a) && values.b.c > 1", Some("a b")),
            (r#"values[?"a.b"].orValue(1) > values.?c.orValue(2)"#, Some("a.b c")),
            (r#"values["a"].all(x, x < values["b"])"#, Some("a b")),
            (r#"{"k": values["a"]}["k"] == [values["b"]][0]"#, Some("a b")),
            (r#".values["a"] == 1"#, Some("a")),
            (r#"values["a"] == values["a" + ".b"]"#, None),
            ("size(values) > 3", None),
            ("values.all(key, values[key] != 3)", None),
            ("{} == values", None),
        ] {
            assert_eq!(paths(check(expression)).as_deref(), named, "{expression}");
        }
        assert_eq!(paths(when("new > 1")).as_deref(), Some(""));
        assert_eq!(paths(when("path in values")), None);
    }
}
