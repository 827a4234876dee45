//! Asks a rule: true, false, or a sentence about why it cannot say.
//!
//! What must stay true: no sentence holds a setting's value, because a rule may look at secrets; nothing that an
//! expression does to the evaluator ends the process.

use super::path::Path;
use super::rule_expression::{Expression, empty_context};
use super::rule_value::Facts;
use cel::common::types::CelBool;
use cel::{ExecutionError, Value as CelValue};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// About how many steps the loops of one evaluation may take: the items of the longest list or object in reach to the
/// power of the loops inside one another, where a `map` counts twice.
pub const MOST_STEPS: usize = 1_000_000;

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
    /// anything but true or false, or would take its loops more than `MOST_STEPS` steps.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, String> {
        self.evaluate(facts).map_err(|why| format!("The rule {} cannot be evaluated: {why}.", self.name))
    }

    /// The paths that the rule reads; nothing where that does not show, so that it concerns every path.
    pub fn paths_named(&self) -> Option<&[Path]> {
        self.paths.as_deref()
    }

    /// Whether the answer can depend on what the changed path was before.
    pub fn reads_old(&self) -> bool {
        self.expression.uses.names.contains("old")
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<bool, String> {
        let uses = &self.expression.uses;
        if uses.power > 0 {
            let items = facts.longest(self.paths_named()).max(uses.items);
            if items.saturating_pow(uses.power) > MOST_STEPS {
                return Err(format!(
                    "over {items} items its loops take more than {MOST_STEPS} steps (a `map` takes most)"
                ));
            }
        }
        let mut context = empty_context();
        for name in &uses.names {
            if let Some(value) = facts.variable(name, self.paths_named()) {
                context.add_variable_as_val(name.as_str(), value);
            }
        }
        // The evaluator reports failures as errors, yet a few of its branches are written to panic; a rule that hits
        // one must refuse a change, not end the program in the middle of it.
        catch_unwind(AssertUnwindSafe(|| {
            let result =
                CelValue::resolve_val(&self.expression.tree, &context).map_err(|error| self.why(&error))?;
            result
                .downcast_ref::<CelBool>()
                .map(|truth| *truth.inner())
                .ok_or_else(|| format!("it gives a {}, not true or false", result.get_type().name()))
        }))
        .unwrap_or_else(|_| Err("the evaluator failed on it".to_owned()))
    }

    /// Why the evaluation failed, in words that hold types and names but no values.
    fn why(&self, error: &ExecutionError) -> String {
        match error {
            ExecutionError::NoSuchKey(key) if self.expression.uses.keys.contains(key.as_str()) => {
                format!("there is no value at {key}")
            }
            ExecutionError::NoSuchKey(key) if self.expression.uses.fields.contains(key.as_str()) => {
                format!("there is no key {key}")
            }
            ExecutionError::NoSuchKey(_) => "it reads a key that is not there".to_owned(),
            ExecutionError::NoSuchOverload(overload) => {
                format!(
                    "{} does not take {}",
                    overload.function().trim_matches('_'),
                    overload.argument_types().join(" and ")
                )
            }
            ExecutionError::UnsupportedBinaryOperator(operator, left, right) => {
                format!("{operator} does not take {} and {}", type_name(left), type_name(right))
            }
            ExecutionError::ValuesNotComparable(left, right) => {
                format!("a {} does not compare to a {}", type_name(left), type_name(right))
            }
            ExecutionError::UnexpectedType { got, want } => {
                format!("it gives a {got} where a {want} must be")
            }
            ExecutionError::UndeclaredReference(name) => format!("there is no {name}"),
            ExecutionError::FunctionError { function, .. } => {
                format!("the function {function} fails on what it is given")
            }
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
                "it divides by zero".to_owned()
            }
            ExecutionError::Overflow(..) => "a number gets too large".to_owned(),
            ExecutionError::IndexOutOfBounds(_) => "a list is shorter than the index".to_owned(),
            ExecutionError::DuplicateKey(_) => "a map has one key twice".to_owned(),
            _ => "the evaluator cannot do what it says".to_owned(),
        }
    }
}

fn type_name(value: &CelValue) -> String {
    match value {
        CelValue::Float(_) => "double".to_owned(),
        other => other.type_of().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::risk::Risk;
    use super::super::role::Role;
    use super::super::rule::{Rule, Severity};
    use super::super::time::Timestamp;
    use super::super::value::Value;
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn rule(expression: &str) -> Compiled {
        let when = Some(expression.to_owned());
        let rule = Rule {
            name: "r".into(),
            check: None,
            when,
            risk: Some(Risk::High),
            severity: Severity::Error,
            message: String::new(),
        };
        rule.compile().unwrap_or_else(|problem| panic!("{expression}: {problem}"))
    }

    fn values(object: Value) -> BTreeMap<Path, Value> {
        let fields = object.as_object().unwrap().clone();
        fields.into_iter().map(|(key, value)| (Path::parse(&key).unwrap(), value)).collect()
    }

    fn some_values() -> BTreeMap<Path, Value> {
        values(json!({
            "pool.min": 4, "pool.max": 20, "ratio": 1.5, "name": "web", "on": true, "list": ["a", "b"],
            "limits": {"jobs": 10, "deep": {"x": null}}, "huge": u64::MAX, "top": i64::MAX,
        }))
    }

    fn facts(values: &BTreeMap<Path, Value>) -> Facts<'_> {
        Facts { values, old: None, new: None, path: None, setting: None, actor: None, now: None }
    }

    #[test]
    fn a_rule_is_true_or_false_of_the_values() {
        let values = some_values();
        for (expression, holds) in [
            (r#"values["pool.min"] <= values["pool.max"]"#, true),
            (r#"values["pool.max"] <= 19"#, false),
            (r#"values["ratio"] <= 200"#, true),
            (r#"values["ratio"] > 1 && 2 > values["ratio"] && values["pool.min"] < 4.5"#, true),
            (r#"values["pool.min"] == 4.0 && values["pool.min"] != 4.5"#, true),
            (r#"values["huge"] > values["top"] && values["huge"] == 18446744073709551615u"#, true),
            (r#"type(values["huge"]) == uint && type(values["ratio"]) == double"#, true),
            (r#"type(values["on"]) == bool && type(values["list"]) == list"#, true),
            (r#"values["limits"].jobs == 10 && values.limits.deep.x == null"#, true),
            (r#""a" in values["list"] && !("c" in values["list"]) && size(values["list"]) == 2"#, true),
            (r#""name" in values && !("nothing" in values) && has(values.on)"#, true),
            (r#"values[?"nothing"].orValue(7) == 7"#, true),
            (r#"values["name"].matches("^[a-z]+$") && values["name"] + "x" == "webx""#, true),
            (r#"values["list"].all(x, x < "c") && values["list"].map(x, size(x)) == [1, 1]"#, true),
            ("values.exists(key, key.startsWith('pool.'))", true),
            // As CEL has it: what is false anyway is false, even where the other side fails.
            (r#"false && values["nothing"] > 1"#, false),
            (r#"values["nothing"] > 1 && false"#, false),
            (r#"values["name"] == 4"#, false),
        ] {
            assert_eq!(rule(expression).holds(&facts(&values)), Ok(holds), "{expression}");
        }
    }

    #[test]
    fn a_risk_rule_sees_the_change_and_what_is_absent_is_null() {
        let values = some_values();
        let (old, new, path) = (json!(5), json!(11), Path::parse("pool.max").unwrap());
        let setting = json!({"type": "integer", "services": ["web"]});
        let now = Timestamp::parse("2026-11-21T23:30:00Z").unwrap();
        let full = Facts {
            old: Some(&old),
            new: Some(&new),
            path: Some(&path),
            setting: Some(&setting),
            actor: Some(("alice", Role::SeniorAdmin)),
            now: Some(now),
            values: &values,
        };
        let doubled = "type(new) == int && old != null && new > 2 * old";
        for (expression, facts, holds) in [
            (doubled, full, true),
            (doubled, Facts { new: Some(&json!(10)), ..full }, false),
            (doubled, Facts { old: None, ..full }, false),
            (doubled, Facts { new: Some(&json!("x")), ..full }, false),
            (doubled, Facts { new: None, ..full }, false),
            (r#"path == "pool.max" && path.startsWith("pool.")"#, full, true),
            (r#"setting.type == "integer" && "web" in setting.services && !has(setting.unit)"#, full, true),
            (r#"actor.name == "alice" && actor.role == "senior-admin""#, full, true),
            (r#"now.getHours() == 23 && now.getDate("Europe/Berlin") == 22"#, full, true),
            (r#"now > timestamp("2026-11-21T23:29:59.999Z")"#, full, true),
            (r#"now == timestamp("2026-11-22T00:30:00+01:00")"#, full, true),
            (
                "old == null && new == null && path == null && setting == null && actor == null && now == null",
                super::tests::facts(&values),
                true,
            ),
        ] {
            assert_eq!(rule(expression).holds(&facts), Ok(holds), "{expression}");
        }
    }

    #[test]
    fn what_cannot_be_evaluated_says_why_in_a_sentence() {
        let values = some_values();
        let huge = json!(i64::MAX);
        let facts = Facts { old: Some(&huge), ..facts(&values) };
        for (expression, why) in [
            (r#"values["no.such"] > 1"#, "there is no value at no.such"),
            ("values.pool.min > 1", "there is no value at pool"),
            ("values.limits.nothing > 1", "there is no key nothing"),
            ("2 * old > 1", "a number gets too large"),
            ("old + 1 > 1 || -(-old - 1) > 1", "a number gets too large"),
            ("1 / 0 > 1", "it divides by zero"),
            ("old % 0 > 1", "it divides by zero"),
            ("2 * values.ratio > 1.0", "mul does not take int and double"),
            ("values.name > 3", "> does not take string and int"),
            ("new > 3", "> does not take null_type and int"),
            ("values.name.size(1) > 3", "size does not take string and int"),
            ("!values.name", "! does not take string"),
            ("values.list[7] == 'a'", "a list is shorter than the index"),
            ("values.name", "it gives a string, not true or false"),
            ("values.name && true", "&& does not take string and bool"),
            ("values.name.matches('(')", "the function matches fails on what it is given"),
            ("int(values.name) > 1", "the function int fails on what it is given"),
            ("timestamp('soon') > now", "the function timestamp fails on what it is given"),
            ("{old: 1, old: 2} == {}", "a map has one key twice"),
            ("{null: 1} == {}", "the evaluator cannot do what it says"),
        ] {
            let sentence = format!("The rule r cannot be evaluated: {why}.");
            assert_eq!(rule(expression).holds(&facts), Err(sentence), "{expression}");
        }
    }

    #[test]
    fn a_secret_value_is_in_no_sentence() {
        let values = values(json!({"password": "hunter2", "map": {"a": 1}, "list": [1]}));
        let secret = json!("hunter2");
        let facts = Facts { new: Some(&secret), ..facts(&values) };
        for expression in [
            "new",
            "new > 1",
            "new - 1 > 1",
            "1 - new > 1",
            "-new > 1",
            "!new",
            "new ? true : false",
            "new in 3",
            "3 in new",
            "new in {1: 2}[1]",
            "values[new] == 1",
            "values.map[new] == 1",
            "values.list[new] == 1",
            "new[0] == 1",
            "new.a == 1",
            "has(new.a)",
            "int(new) > 1",
            "double(new) > 1.0",
            "bool(new)",
            "uint(new) > 1u",
            "timestamp(new) > now",
            "duration(new) > now",
            "bytes(new) > 1",
            "new.matches('(' + new)",
            "new.size(new) > 1",
            "new.all(x, x)",
            "[new].all(x, x)",
            "new && true",
            "{[new]: 1} == {}",
            "{new: 1, new: 2} == {}",
            "new.getHours() > 1",
            "now.getHours(new) > 1",
            "timestamp(0).getHours(new) > 1",
            "new.hasValue()",
            "optional.of(new).value() > 1",
            "new.startsWith(1)",
            "[new] + 1 == []",
            "new % 2 == 1",
            "new / 2 == 1",
            "dyn(new) > 1",
            "string(new) > 1",
            "type(new) > 1",
            "values.map.a.b > 1",
            "values.password > 1",
        ] {
            let error = rule(expression).holds(&facts).unwrap_err();
            assert!(!error.contains("hunter2"), "{expression}: {error}");
        }
    }

    #[test]
    fn loops_that_would_take_too_many_steps_fail_before_they_start() {
        let long = |items: usize| values(json!({"list": vec![1; items]}));
        let once = rule("values.list.all(x, x == 1)");
        let twice = rule("values.list.all(x, values.list.exists(y, y == x))");
        let gathers = rule("values.list.map(x, values.list) == []");
        for (rule, items, fits) in [
            (&once, 100_000, true),
            (&twice, 1_000, true),
            (&twice, 1_001, false),
            (&gathers, 300, true),
            (&gathers, 1_001, false),
        ] {
            let answer = rule.holds(&facts(&long(items)));
            assert_eq!(answer.is_ok(), fits, "{items}: {answer:?}");
        }
        let error = twice.holds(&facts(&long(2_000))).unwrap_err();
        assert!(error.contains("over 2000 items its loops take more than 1000000 steps"), "{error}");
    }

    #[test]
    fn the_deepest_expressions_evaluate_on_a_thread_of_ordinary_stack() {
        let wrapped = |open: &str, inner: &str, close: &str, times: usize| {
            open.repeat(times) + inner + &close.repeat(times)
        };
        let deepest = [
            "1+".repeat(30) + "1 == 31",
            "1==2?false:".repeat(15) + "true",
            wrapped("[", "1", "]", 30) + " != []",
            wrapped("{1:", "1", "}", 15) + " != {}",
            wrapped("size([", "1", "])", 14) + " == 1",
            wrapped("!(", "true", ")", 30),
            wrapped("(", "true", ")", 30),
            "old".to_owned() + &".a".repeat(30) + " == 1",
            "new".to_owned() + &"[0]".repeat(30) + " == 1",
        ];
        let rules: Vec<Compiled> = deepest.iter().map(|expression| rule(expression)).collect();
        let answers = std::thread::Builder::new()
            .stack_size(2 * 1024 * 1024)
            .spawn(move || {
                let values = BTreeMap::new();
                let old = (0..30).fold(json!(1), |inner, _| json!({"a": inner}));
                let new = (0..30).fold(json!(1), |inner, _| json!([inner]));
                let facts = Facts { old: Some(&old), new: Some(&new), ..facts(&values) };
                rules.into_iter().map(|rule| rule.holds(&facts)).collect::<Vec<_>>()
            })
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(answers, vec![Ok(true); deepest.len()]);
    }
}
