//! Asking a service which values it runs with.
//!
//! What must stay true: what was not answered is not taken for an answer; no error holds what was.

use super::file::read_regular;
use super::{Surroundings, run_well, web};
use crate::domain::base_document::environment::variable_name;
use crate::domain::document::{Format, LONGEST_DOCUMENT, read};
use crate::domain::error::{Error, Result};
use crate::domain::flatten::flatten;
use crate::domain::path::Path;
use crate::domain::service::{Answer, Ask, ReadBack};
use crate::domain::value::{Value, bare};
use crate::net::{Method, shown};
use std::collections::BTreeMap;

/// What a service says of the paths that are asked and that it is asked about: its value, or nothing where its answer
/// does not have the path. `unavailable` where it does not answer, `invalid` where the answer is no document.
pub fn read_back(
    definition: &ReadBack,
    asked: &[Path],
    around: &Surroundings<'_>,
) -> Result<BTreeMap<Path, Option<Value>>> {
    let told = ask(&definition.ask, around)?;
    Ok(match &definition.answer {
        Answer::Bare(path) => {
            let value = told.bare()?;
            asked
                .iter()
                .filter(|asked| *asked == path)
                .map(|path| (path.clone(), Some(value.clone())))
                .collect()
        }
        Answer::Values { values, format } => {
            let document = told.document(*format)?;
            let wanted = values.iter().filter(|(path, _)| asked.contains(path));
            wanted.map(|(path, pointer)| (path.clone(), said(document.pointer(pointer)))).collect()
        }
        Answer::Document { format, prefix } => {
            let document = told.document(*format)?;
            let leaves: BTreeMap<Path, Option<Value>> = flatten(&document, &mut |path| asked.contains(path))
                .map(|found| found.into_iter().collect())
                .unwrap_or_default();
            let find = |path: &Path| {
                if *format == Format::Dotenv {
                    return said(document.get(format!("{prefix}{}", variable_name(path))));
                }
                let nested = path.segments().iter().try_fold(&document, |at, segment| at.get(segment));
                said(nested).or_else(|| leaves.get(path).cloned().flatten())
            };
            asked.iter().map(|path| (path.clone(), find(path))).collect()
        }
    })
}

/// Whether what a service says is what it should run with: the same value, or a text that spells it.
pub fn agrees(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Number(a), Value::Number(b)) => a == b || (a.as_f64().is_some() && a.as_f64() == b.as_f64()),
        (Value::String(_), _) | (_, Value::String(_)) => bare(wanted) == bare(found),
        _ => wanted == found,
    }
}

fn said(value: Option<&Value>) -> Option<Value> {
    value.filter(|value| !value.is_null()).cloned()
}

/// An answer as it came.
struct Told {
    named: String,
    bytes: Vec<u8>,
    is_json: bool,
}

impl Told {
    fn document(&self, format: Format) -> Result<Value> {
        read(&self.bytes, Some(format), &self.named)
    }

    fn bare(&self) -> Result<Value> {
        if self.is_json {
            return self.document(Format::Json);
        }
        let text = std::str::from_utf8(&self.bytes)
            .map_err(|_| Error::invalid(format!("{} is not UTF-8.", self.named)))?;
        Ok(Value::from(text.trim_end_matches(['\n', '\r'])))
    }
}

fn ask(ask: &Ask, around: &Surroundings<'_>) -> Result<Told> {
    match ask {
        Ask::Http(call) => {
            let answer = web::send_well(call, Method::Get, None, around)?;
            let is_json = answer.header("content-type").is_some_and(|kind| kind.contains("json"));
            Ok(Told { named: format!("The answer of {}", shown(&call.url)), bytes: answer.body, is_json })
        }
        Ask::Command(command) => {
            let ran = run_well(&command.vector, "", command.timeout.duration(), around)?;
            if ran.stdout.cut {
                return Err(Error::invalid(format!("{} writes more than is read.", ran.program))
                    .hint("Let it print the values alone."));
            }
            let named = format!("What {} prints", ran.program);
            Ok(Told { named, bytes: ran.stdout.text.into_bytes(), is_json: false })
        }
        Ask::File(file) => {
            let bytes = read_regular(std::path::Path::new(file), file, LONGEST_DOCUMENT as u64)?;
            Ok(Told { named: file.clone(), bytes, is_json: false })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::web::tests::Server;
    use super::*;
    use crate::domain::service::read;
    use serde_json::json;

    const AROUND: Surroundings<'_> =
        Surroundings { home: std::path::PathBuf::new(), variable: &|_| None, secrets: &[] };

    fn back(definition: &Value, asked: &[&str]) -> Result<BTreeMap<String, Option<Value>>> {
        let services = read(&json!({"web": {"read_back": definition}})).unwrap();
        let definition = services["web"].instances()[0].read_back.clone().unwrap();
        let asked: Vec<Path> = asked.iter().map(|path| Path::parse(path).unwrap()).collect();
        let told = read_back(&definition, &asked, &AROUND)?;
        Ok(told.into_iter().map(|(path, value)| (path.to_string(), value)).collect())
    }

    fn expected(of: &[(&str, Option<Value>)]) -> BTreeMap<String, Option<Value>> {
        of.iter().map(|(path, value)| ((*path).to_owned(), value.clone())).collect()
    }

    #[test]
    fn a_server_s_answer_is_read_by_pointer_or_whole() {
        let body = r#"{"server": {"port": 5050, "gone": null}, "session": "x", "limits": {"a": 1}}"#;
        let server = Server::answering(200, "application/json", body);
        let url = server.url("/config");
        let one = json!({"http": url, "pointer": "/server/port", "of": "server.port"});
        assert_eq!(
            back(&one, &["server.port", "session"]).unwrap(),
            expected(&[("server.port", Some(json!(5050)))])
        );
        let several = json!({"http": url, "values": {"server.port": "/server/port", "session": "/no"}});
        assert_eq!(
            back(&several, &["server.port", "session"]).unwrap(),
            expected(&[("server.port", Some(json!(5050))), ("session", None)])
        );
        assert_eq!(
            back(&json!({"http": url}), &["server.port", "server.gone", "limits", "other"]).unwrap(),
            expected(&[
                ("server.port", Some(json!(5050))),
                ("server.gone", None),
                ("limits", Some(json!({"a": 1}))),
                ("other", None)
            ])
        );
        let error = back(&json!({"http": url, "format": "toml"}), &["session"]).unwrap_err();
        assert!(error.message.contains("The answer of http://127.0.0.1"), "{}", error.message);
        let broken = Server::answering(503, "text/plain", "canary");
        let error = back(&json!({"http": broken.url("/"), "of": "session"}), &["session"]).unwrap_err();
        assert!(error.message.contains("status 503") && !error.message.contains("canary"), "{error:?}");
    }

    #[test]
    fn a_command_s_output_and_a_file_are_read_too() {
        let prints = |text: &str| json!({"command": ["printf", "%s", text], "of": "session"});
        for (definition, value) in [(prints("5050\n"), json!("5050")), (prints("a b"), json!("a b"))] {
            assert_eq!(back(&definition, &["session"]).unwrap(), expected(&[("session", Some(value))]));
        }
        let whole = json!({"command": ["printf", "%s", "a.b=1\nc=x"], "format": "properties"});
        assert_eq!(
            back(&whole, &["a.b", "c", "d"]).unwrap(),
            expected(&[("a.b", Some(json!(1))), ("c", Some(json!("x"))), ("d", None)])
        );
        let file = std::env::temp_dir().join(format!("cfgctl-read-back-{}.env", std::process::id()));
        std::fs::write(&file, "# c\nAPP_SERVER_PORT='5050'\n").unwrap();
        let of_file = json!({"file": file.display().to_string(), "prefix": "APP_"});
        assert_eq!(
            back(&of_file, &["server.port", "a"]).unwrap(),
            expected(&[("server.port", Some(json!(5050))), ("a", None)])
        );
        std::fs::remove_file(&file).unwrap();
        assert!(back(&of_file, &["a"]).unwrap_err().message.contains("There is no file"));
        let failing = json!({"command": ["/bin/sh", "-c", "echo gone >&2; exit 3"], "of": "a"});
        let error = back(&failing, &["a"]).unwrap_err();
        assert!(error.message.ends_with("exit code 3. It says: gone"), "{error:?}");
    }

    #[test]
    fn values_agree_where_they_say_the_same() {
        for (wanted, found, agree) in [
            (json!(5050), json!(5050), true),
            (json!(5050), json!("5050"), true),
            (json!("5050"), json!(5050), true),
            (json!(1), json!(1.0), true),
            (json!(true), json!("true"), true),
            (json!(["a"]), json!("[\"a\"]"), true),
            (json!(["a"]), json!(["a"]), true),
            (json!(5050), json!(5051), false),
            (json!("a"), json!("a "), false),
            (json!(""), json!([]), false),
            (json!({"a": 1}), json!({"a": 2}), false),
        ] {
            assert_eq!(agrees(&wanted, &found), agree, "{wanted} {found}");
        }
    }
}
