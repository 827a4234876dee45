//! A template filled with values.
//!
//! What must stay true: what is not there is an error, never an empty place; nothing is escaped unless the template says
//! so, and then by the rules of the language it writes; no error holds a value.

use super::{Content, file::read_regular};
use crate::domain::base_document::patch::toml;
use crate::domain::base_document::render::nested;
use crate::domain::document::write_yaml_inline;
use crate::domain::error::{Error, Result};
use crate::domain::value::{Value, bare};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use std::path::Path;

/// The longest template, in bytes.
const LONGEST_TEMPLATE: u64 = 4 << 20;
/// How many steps a template may take.
const MOST_STEPS: u64 = 10_000_000;
/// What our own filters' complaints begin with; others' may hold a value.
const OURS: &str = "cfgctl: ";

/// Fills the template in a file, which errors call `named`. `invalid` names the line that is wrong.
pub(super) fn render(file: &Path, named: &str, content: &Content<'_>) -> Result<String> {
    let bytes = read_regular(file, named, LONGEST_TEMPLATE)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::invalid(format!("The template {named} is not UTF-8.")))?;
    fill(&text, named, content)
}

fn fill(text: &str, named: &str, content: &Content<'_>) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let mut syntax = SyntaxConfig::builder();
    syntax.keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true);
    environment.set_syntax(syntax.build().map_err(|error| wrong(named, &error))?);
    environment.set_fuel(Some(MOST_STEPS));
    environment.add_filter("json", |value: Serde<Value>| value.to_string());
    environment.add_filter("yaml", |value: Serde<Value>| write_yaml_inline(&value));
    environment.add_filter("toml", |value: Serde<Value>| toml(&value));
    environment.add_filter("shell", |value: Serde<Value>| {
        quoted("a shell", &value, |text| {
            (!text.contains('\0')).then(|| format!("'{}'", text.replace('\'', "'\\''")))
        })
    });
    environment.add_filter("nginx", |value: Serde<Value>| {
        quoted("nginx", &value, |text| {
            // nginx puts variables into quoted texts too, and knows no way to write the sign itself.
            let is_fit = !text.contains('$') && !text.contains(char::is_control);
            is_fit.then(|| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
        })
    });
    environment.render_named_str(named, text, context(content)).map_err(|error| wrong(named, &error))
}

/// What a template finds: the values nested by their paths and, under `values`, by the paths themselves; the instance's
/// variables under `instance`.
fn context(content: &Content<'_>) -> minijinja::Value {
    let mut top = match nested(content.values) {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    let by_path = content.values.iter().map(|(path, value)| (path.as_str().to_owned(), value.clone()));
    top.insert("values".to_owned(), Value::Object(by_path.collect()));
    let mut variables: serde_json::Map<String, Value> =
        content.variables.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    if let Some(name) = variables.remove("instance") {
        variables.insert("name".to_owned(), name);
    }
    top.insert("instance".to_owned(), Value::Object(variables));
    minijinja::Value::from(Serde(Value::Object(top)))
}

fn quoted(
    whose: &str,
    value: &Value,
    quote: impl Fn(&str) -> Option<String>,
) -> std::result::Result<String, minijinja::Error> {
    quote(&bare(value)).ok_or_else(|| {
        let what = format!("{OURS}the value holds signs that {whose} cannot be given in quotes");
        minijinja::Error::new(ErrorKind::InvalidOperation, what)
    })
}

fn wrong(named: &str, error: &minijinja::Error) -> Error {
    let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
    let detail = error.detail().unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::UndefinedError => "it uses a value that is not there".to_owned(),
        ErrorKind::OutOfFuel => "it does not come to an end".to_owned(),
        ErrorKind::SyntaxError
        | ErrorKind::UnknownFilter
        | ErrorKind::UnknownFunction
        | ErrorKind::UnknownTest => {
            format!("{}: {detail}", error.kind())
        }
        kind => detail.strip_prefix(OURS).map_or_else(|| kind.to_string(), str::to_owned),
    };
    Error::invalid(format!("The template {named}{line}: {what}.")).hint(
        "A value stands as {{ server.port }} or {{ values[\"server.port\"] }}; one that may be absent as \
         {{ server.port | default(4949) }}.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::path;
    use serde_json::json;
    use std::collections::{BTreeMap, BTreeSet};

    fn filled(text: &str) -> Result<String> {
        let values = [
            ("server.port", json!(5050)),
            ("server.name", json!("a \"b\" \\ {{ x }}; }")),
            ("a.\"b c\"", json!(["x", 1, true])),
            ("secret", json!("canary $HOME")),
        ];
        let values: BTreeMap<_, _> =
            values.into_iter().map(|(path, value)| (path::Path::parse(path).unwrap(), value)).collect();
        let variables = [("instance", "web-1"), ("port", "8081")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let secrets = BTreeSet::new();
        let content =
            Content { values: &values, secrets: &secrets, expected: &|_| None, variables: &variables };
        fill(text, "app.j2", &content)
    }

    #[test]
    fn values_stand_nested_and_by_their_paths_and_are_quoted_where_that_is_said() {
        for (text, made) in [
            ("listen {{ server.port }};\n", "listen 5050;\n"),
            ("{{ values[\"server.port\"] + 1 }}", "5051"),
            ("{{ values['a.\"b c\"'][0] }} {{ a['b c'] | json }}", "x [\"x\",1,true]"),
            ("{{ server.name }}", "a \"b\" \\ {{ x }}; }"),
            ("{{ server.name | nginx }}", r#""a \"b\" \\ {{ x }}; }""#),
            ("{{ server.name | json }}", r#""a \"b\" \\ {{ x }}; }""#),
            ("{{ server.name | shell }} {{ server.port | yaml }}", "'a \"b\" \\ {{ x }}; }' 5050"),
            ("{{ server | toml }}", r#"{ name = "a \"b\" \\ {{ x }}; }", port = 5050 }"#),
            ("{{ instance.name }}:{{ instance.port }}", "web-1:8081"),
            (
                "{% for x in values %}\n{{ x }}\n{% endfor %}\n",
                "a.\"b c\"\nsecret\nserver.name\nserver.port\n",
            ),
            ("{{ server.host | default('none') }}", "none"),
        ] {
            assert_eq!(filled(text).unwrap_or_else(|error| panic!("{text}: {error}")), made, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_in_a_template_is_told_with_its_line_and_without_a_value() {
        for (text, says) in [
            ("a\n{{ server.prot }}", "app.j2, line 2: it uses a value that is not there"),
            ("{{ nothing }}", "a value that is not there"),
            ("{% if nothing %}x{% endif %}", "a value that is not there"),
            ("\n\n{% if x", "app.j2, line 3: syntax error"),
            ("{{ server.port | quot }}", "unknown filter"),
            ("{{ secret | nginx }}", "the value holds signs that nginx cannot be given in quotes"),
            ("{{ secret + 1 }}", "app.j2, line 1: "),
            (
                "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
                "come to an end",
            ),
            ("{% include 'other' %}", "app.j2, line 1"),
        ] {
            let error = filled(text).unwrap_err();
            assert!(error.message.contains(says), "{text}: {}", error.message);
            assert!(!error.message.contains("canary"), "{}", error.message);
        }
    }
}
