//! An instance's variables in the texts of its definition: `${instance}`, `${port}`.
//!
//! What must stay true: a variable stands for text inside one text, whatever it holds; `$${` is `${` itself; no name is
//! passed over in silence but a header's, which the environment has at run time.

use super::{FILE_VARIABLE, Fault};
use crate::domain::value::Value;
use crate::domain::wording::{join, nearest};
use std::collections::BTreeMap;

/// Where `${file}` stands for a file that is known at run time.
const ABOUT_A_FILE: [&str; 3] = ["check", "dump", "restore"];

/// What variables there are, and whatever went wrong with them.
pub(super) struct Variables<'a> {
    pub(super) known: &'a BTreeMap<String, String>,
    pub(super) faults: &'a mut Vec<Fault>,
}

/// What a text may name beside the instance's variables.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    File,
    Environment,
}

impl Variables<'_> {
    /// A part of a definition, under its key, with the variables put into all of its texts.
    pub(super) fn put_into(&mut self, key: &str, part: &Value, place: &str) -> Value {
        let beside = if ABOUT_A_FILE.contains(&key) { Beside::File } else { Beside::Nothing };
        self.walk(part, place, beside)
    }

    fn walk(&mut self, part: &Value, place: &str, beside: Beside) -> Value {
        match part {
            Value::String(text) => Value::String(self.text(text, place, beside)),
            Value::Array(items) => {
                let each = items.iter().enumerate();
                each.map(|(at, item)| self.walk(item, &format!("{place}[{at}]"), beside)).collect()
            }
            Value::Object(fields) => {
                let each = fields.iter().map(|(key, field)| {
                    let beside = match key.as_str() {
                        "headers" => Beside::Environment,
                        key if ABOUT_A_FILE.contains(&key) => Beside::File,
                        _ => beside,
                    };
                    (key.clone(), self.walk(field, &format!("{place}.{key}"), beside))
                });
                Value::Object(each.collect())
            }
            other => other.clone(),
        }
    }

    fn text(&mut self, text: &str, place: &str, beside: Beside) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, marked) = rest.split_at(at);
            let (inner, after) = match marked[2..].split_once('}') {
                Some(parted) => parted,
                None => {
                    self.tell(
                        place,
                        format!("{text:?} has ${{ without its end; write $${{ for the signs themselves."),
                    );
                    return text.to_owned();
                }
            };
            if let Some(before) = before.strip_suffix('$') {
                out.push_str(before);
                // Where something is put in at run time, it must still be told apart there.
                out.push_str(if beside == Beside::Nothing { "${" } else { "$${" });
                out.push_str(inner);
                out.push('}');
            } else {
                out.push_str(before);
                match self.known.get(inner) {
                    Some(value) => out.push_str(value),
                    None => {
                        out.extend(["${", inner, "}"]);
                        self.check_name(inner, place, beside);
                    }
                }
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn check_name(&mut self, name: &str, place: &str, beside: Beside) {
        let is_known = match beside {
            Beside::Environment => true,
            Beside::File => name == FILE_VARIABLE,
            Beside::Nothing => false,
        };
        if is_known {
            return;
        }
        let mut names: Vec<&str> = self.known.keys().map(String::as_str).collect();
        if beside == Beside::File {
            names.push(FILE_VARIABLE);
        }
        let message = match nearest(name, names.iter().copied()) {
            Some(near) => format!("There is no variable {name} here; did you mean {near}?"),
            None => format!("There is no variable {name} here; there is {}.", join(&names, "and")),
        };
        self.tell(place, message);
    }

    fn tell(&mut self, place: &str, message: String) {
        self.faults.push(Fault { place: place.to_owned(), message });
    }
}

/// The arguments of a command that is about a file, with its name put in.
pub(super) fn with_file(vector: &[String], file: &str) -> Vec<String> {
    let marked = format!("${{{FILE_VARIABLE}}}");
    let apart = |text: &str| text.replace(&marked, file);
    vector.iter().map(|text| text.split("$${").map(apart).collect::<Vec<_>>().join("${")).collect()
}

/// Whether the arguments name the file that the command is about.
pub(super) fn names_file(vector: &[String]) -> bool {
    let marked = format!("${{{FILE_VARIABLE}}}");
    vector.iter().skip(1).any(|text| text.split("$${").any(|part| part.contains(&marked)))
}
