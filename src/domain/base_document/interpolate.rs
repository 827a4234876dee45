//! Variables put into the texts of a document.
//!
//! What must stay true: `${NAME}` never disappears in silence: it becomes the variable's value or its default, or it is
//! an error; a variable's value is put in as it is and not looked through again.

use super::{Entry, Lookup};
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::value::Value;

/// How many missing variables one error tells.
const MOST_TOLD: usize = 20;

/// Puts the variables into every text. `invalid` names each one that is needed and not set, with its line and path.
pub(super) fn put_in(entries: &mut [Entry], name: &str, lookup: Lookup<'_>) -> Result<()> {
    let mut missing: Vec<(u32, Path, String)> = Vec::new();
    for entry in entries {
        let mut work = Work { lookup, used: Vec::new(), missing: Vec::new() };
        let is_one = matches!(&entry.value, Value::String(text) if is_one_variable(text));
        let wrong = |what: String| {
            let (line, path) = (entry.line, &entry.path);
            Error::invalid(format!("{name}, line {line}: {path}: {what}."))
                .hint("Write ${NAME} or ${NAME:default}; to keep the signs as they are, write $${.")
        };
        work.walk(&mut entry.value).map_err(wrong)?;
        missing.extend(work.missing.into_iter().map(|variable| (entry.line, entry.path.clone(), variable)));
        entry.variables = work.used;
        entry.untyped |= is_one;
    }
    if missing.is_empty() { Ok(()) } else { Err(not_set(name, &missing)) }
}

/// A text with its variables put in; `said` is what errors call it. `invalid` where one is needed and not set.
pub fn text_with_variables(said: &str, text: &str, lookup: Lookup<'_>) -> Result<String> {
    let mut work = Work { lookup, used: Vec::new(), missing: Vec::new() };
    let whole = work.text(text).map_err(|what| Error::invalid(format!("{said}: {what}.")))?;
    match work.missing.first() {
        None => Ok(whole),
        Some(variable) => {
            Err(Error::invalid(format!("{said} needs the variable {variable}, which is not set."))
                .hint(format!("Set it where cfgctl runs: export {variable}=…")))
        }
    }
}

fn not_set(name: &str, missing: &[(u32, Path, String)]) -> Error {
    let told = |(line, path, variable): &(u32, Path, String)| format!("{variable} (line {line}, {path})");
    let message = match missing {
        [(line, path, variable)] => {
            format!("{name}, line {line}: {path} needs the variable {variable}, which is not set.")
        }
        _ => {
            let listed: Vec<String> = missing.iter().take(MOST_TOLD).map(told).collect();
            let more = missing.len().saturating_sub(MOST_TOLD);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{name} needs variables that are not set: {}{more}.", listed.join(", "))
        }
    };
    let variable = missing.first().map_or("NAME", |(_, _, variable)| variable);
    Error::invalid(message)
        .hint(format!("Set it where cfgctl runs, or write a default into the file: ${{{variable}:default}}."))
}

struct Work<'a> {
    lookup: Lookup<'a>,
    used: Vec<String>,
    missing: Vec<String>,
}

impl Work<'_> {
    fn walk(&mut self, value: &mut Value) -> Result<(), String> {
        match value {
            Value::String(text) if text.contains("${") => *text = self.text(text)?,
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.walk(item))?,
            Value::Object(fields) => fields.values_mut().try_for_each(|field| self.walk(field))?,
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if let Some(before) = rest[..at].strip_suffix('$') {
                out.push_str(before);
                out.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            out.push_str(&rest[..at]);
            let reference = Reference::read(&rest[at..])?;
            rest = &rest[at + reference.length..];
            if !self.used.iter().any(|used| used == reference.name) {
                self.used.push(reference.name.to_owned());
            }
            match ((self.lookup)(reference.name), reference.default) {
                (Some(value), None) => out.push_str(&value),
                (Some(value), Some(_)) if !value.is_empty() => out.push_str(&value),
                (_, Some(default)) => out.push_str(default),
                (None, None) => self.missing.push(reference.name.to_owned()),
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// `${NAME}` or `${NAME:default}`.
struct Reference<'a> {
    name: &'a str,
    default: Option<&'a str>,
    /// How many bytes it is long.
    length: usize,
}

impl<'a> Reference<'a> {
    /// The reference that this text begins with, or why it is none.
    fn read(text: &'a str) -> Result<Reference<'a>, String> {
        let Some((inner, _)) = text[2..].split_once('}') else {
            return Err("`${` is not closed".to_owned());
        };
        let (name, default) = match inner.split_once(':') {
            Some((name, default)) => (name, Some(default.strip_prefix('-').unwrap_or(default))),
            None => (inner, None),
        };
        if default.is_some_and(|default| default.contains("${")) {
            return Err("a default may not hold a variable itself".to_owned());
        }
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name {
            return Err("what stands in `${…}` is no variable's name".to_owned());
        }
        Ok(Reference { name, default, length: inner.len() + 3 })
    }
}

fn is_one_variable(text: &str) -> bool {
    text.starts_with("${") && Reference::read(text).is_ok_and(|reference| reference.length == text.len())
}

/// Whether something would be put into one of this value's texts.
pub(super) fn is_interpolated(value: &Value) -> bool {
    match value {
        Value::String(text) => text.replace("$${", "").contains("${"),
        Value::Array(items) => items.iter().any(is_interpolated),
        Value::Object(fields) => fields.values().any(is_interpolated),
        _ => false,
    }
}

/// The value whose texts become these once variables are put in.
pub(super) fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("${", "$${")),
        Value::Array(items) => items.iter().map(escaped).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, field)| (key.clone(), escaped(field))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(text: &str) -> Result<String, String> {
        let lookup = |name: &str| match name {
            "A" => Some("1".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICK" => Some("${A}".to_owned()),
            _ => None,
        };
        let mut work = Work { lookup: &lookup, used: Vec::new(), missing: Vec::new() };
        let read = work.text(text)?;
        if work.missing.is_empty() { Ok(read) } else { Err(work.missing.join(" ")) }
    }

    #[test]
    fn a_variable_is_its_value_or_its_default() {
        for (text, read) in [
            ("${A}", "1"),
            ("x${A}y${A}", "x1y1"),
            ("${A:2}", "1"),
            ("${B:2}", "2"),
            ("${B:-2}", "2"),
            ("${B:--2}", "-2"),
            ("${B:}", ""),
            ("${B:http://x:1/}", "http://x:1/"),
            ("${EMPTY}", ""),
            ("${EMPTY:2}", "2"),
            ("${TRICK}", "${A}"),
            ("$${A}", "${A}"),
            ("$$${A}", "$${A}"),
            ("$A $ $$ {A} %{A}", "$A $ $$ {A} %{A}"),
            ("$${A} is ${A}", "${A} is 1"),
        ] {
            assert_eq!(work(text).as_deref(), Ok(read), "{text}");
        }
        assert_eq!(work("${B} ${A} ${C}").unwrap_err(), "B C");
    }

    #[test]
    fn what_is_no_variable_is_refused() {
        for (text, why) in [
            ("${A", "not closed"),
            ("${}", "no variable's name"),
            ("${a.b}", "no variable's name"),
            ("${1A}", "no variable's name"),
            ("${A B}", "no variable's name"),
            ("${B:${A}}", "may not hold a variable"),
        ] {
            assert!(work(text).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn an_escaped_value_becomes_itself() {
        for text in ["${A}", "$${A}", "$$${", "${", "$", "a$${${b"] {
            let Value::String(escaped) = escaped(&Value::from(text)) else { panic!() };
            assert_eq!(work(&escaped).as_deref(), Ok(text));
        }
    }
}
