//! Replies become text: tables, JSON, YAML, bare values, names. Nothing here decides anything.
//!
//! What must stay true: whether standard output is a terminal changes colour, borders and wrapping, never the content;
//! whatever comes from outside (values, reasons, names) is escaped before a terminal sees it, except a bare value,
//! which is the very bytes; only [`stream`] writes.

mod assess;
mod audit;
mod backup;
mod change;
mod change_request;
mod color;
mod complete;
mod confirm;
mod delegation;
pub mod delivery;
mod diff;
mod drift;
mod emergency;
pub mod escape;
mod evidence;
pub mod export;
mod facts;
mod feature;
mod history;
mod items;
mod manifest;
mod member;
pub mod named;
mod notify;
mod reload;
mod restart;
mod rollback;
mod rule;
#[cfg(test)]
mod samples;
mod secret;
mod service;
mod source;
mod stats;
mod status;
pub mod stream;
mod table;
mod value;
mod version;
mod watch;
pub mod words;

pub use drift::Unified;
pub use named::Named;
pub use secret::is_one_revealed;
pub use status::initialised;
pub use value::is_one_value;

use crate::domain::document::write_yaml;
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use crate::domain::value::Value;
use serde::Serialize;

/// The forms an answer can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON object.
    Json,
    /// The same as YAML.
    Yaml,
    /// A single value, bare.
    Raw,
    /// Identifiers only, one a line.
    Name,
    /// One compact JSON object a line.
    Ndjson,
    /// Comma-separated values, of an export.
    Csv,
    /// Markdown, of an export.
    Md,
}

impl Format {
    /// All of them, as `-o` names them.
    pub const ALL: [(&str, Format); 8] = [
        ("table", Format::Table),
        ("json", Format::Json),
        ("yaml", Format::Yaml),
        ("raw", Format::Raw),
        ("name", Format::Name),
        ("ndjson", Format::Ndjson),
        ("csv", Format::Csv),
        ("md", Format::Md),
    ];

    /// The form of that name. `usage` lists them.
    pub fn parse(name: &str) -> Result<Format> {
        Format::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, format)| format).ok_or_else(|| {
            Error::usage(format!("{name:?} is not an output format."))
                .hint("The formats are table, json, yaml, raw, name and ndjson; of an export csv and md too.")
        })
    }

    /// Whether only exports come in this form.
    pub fn is_for_exports(self) -> bool {
        matches!(self, Format::Csv | Format::Md)
    }

    /// Whether the whole reply is in the text, its warnings too.
    fn is_whole(self) -> bool {
        matches!(self, Format::Json | Format::Yaml)
    }
}

/// How text for people looks. None of it touches what the text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// Whether colours are wanted.
    pub color: bool,
    /// Whether standard output is a terminal.
    pub terminal: bool,
    /// How wide the terminal is, in columns.
    pub width: usize,
    /// Whether times are shown in the local zone instead of UTC.
    pub local_time: bool,
    /// How the store was named, for the commands that are shown.
    pub named: Named,
}

impl Style {
    /// As in a file or a pipe: no colour, no wrapping, UTC.
    pub const PLAIN: Style =
        Style { color: false, terminal: false, width: 80, local_time: false, named: Named::BY_NOTHING };

    /// A moment as people read it, to the second.
    pub fn time(&self, moment: Timestamp) -> String {
        if !self.local_time {
            return moment.short();
        }
        chrono::DateTime::from_timestamp_millis(moment.millis()).map_or_else(
            || moment.short(),
            |utc| utc.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M:%S%:z").to_string(),
        )
    }
}

/// The name of what a reply is about, where that is one thing: the bare form of what has no value.
fn one_name<R: Render>(reply: &R) -> Option<String> {
    let mut names = reply.names();
    (names.len() <= 1).then(|| names.pop().unwrap_or_default())
}

/// How a reply reads in the forms that are not derived from its fields.
pub trait Render {
    /// For people. Empty where there is nothing to show.
    fn table(&self, style: &Style) -> String;

    /// The identifiers in it.
    fn names(&self) -> Vec<String>;

    /// The single value it stands for, byte for byte, where it stands for one.
    fn raw(&self) -> Option<String> {
        None
    }

    /// What to say beside it on standard error: warnings, how to get more, that there is nothing.
    fn remarks(&self, _style: &Style) -> Vec<String> {
        Vec::new()
    }
}

/// The answer's text, ending with a newline where it is not empty. `usage` where it is no single value and `raw` is asked.
pub fn render<R: Render + Serialize>(reply: &R, format: Format, style: &Style) -> Result<String> {
    Ok(match format {
        Format::Table => ended(reply.table(style)),
        Format::Json => ended(escape::json(&serde_json::to_string_pretty(reply).map_err(not_json)?)),
        Format::Yaml => ended(write_yaml(&as_value(reply)?)),
        Format::Ndjson => lines(as_value(reply)?),
        Format::Name => {
            reply.names().iter().map(|name| escape::json(name).replace('\n', "\\n") + "\n").collect()
        }
        Format::Csv | Format::Md => return Err(not_single()),
        Format::Raw => format!("{}\n", reply.raw().or_else(|| one_name(reply)).ok_or_else(not_single)?),
    })
}

/// What belongs on standard error beside the answer; nothing where the format carries it already.
pub fn remarks<R: Render>(reply: &R, format: Format, style: &Style) -> Vec<String> {
    if format.is_whole() { Vec::new() } else { reply.remarks(style) }
}

fn ended(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A list's items one a line, anything else as a whole on one.
fn lines(value: Value) -> String {
    let items = match value {
        Value::Object(mut fields) => match fields.remove("items") {
            Some(Value::Array(items)) => items,
            Some(other) => {
                fields.insert("items".to_owned(), other);
                vec![Value::Object(fields)]
            }
            None => vec![Value::Object(fields)],
        },
        other => vec![other],
    };
    items.iter().map(|item| escape::json(&item.to_string()) + "\n").collect()
}

fn as_value<R: Serialize>(reply: &R) -> Result<Value> {
    serde_json::to_value(reply).map_err(not_json)
}

fn not_json(error: serde_json::Error) -> Error {
    Error::internal(format!("The answer can't be written as JSON: {error}."))
}

fn not_single() -> Error {
    Error::usage("raw is for a single value, and this answer is none.")
        .hint("Ask for one path, or use -o json.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;
    use crate::output::samples;
    use insta::assert_snapshot;

    #[test]
    fn one_answer_reads_in_every_format() {
        let reply = samples::values(&[("server.port", 5050.into()), ("title", "on call\u{9b}1m".into())]);
        let shown = |format| render(&reply, format, &Style::PLAIN).unwrap();
        assert_snapshot!(shown(Format::Json), @r#"
        {
          "format": "cfgctl-values/1",
          "version": 9,
          "items": [
            {
              "path": "server.port",
              "value": 5050,
              "layer": "override"
            },
            {
              "path": "title",
              "value": "on call\u009b1m",
              "layer": "override"
            }
          ]
        }
        "#);
        assert_snapshot!(shown(Format::Yaml), @r#"
        format: cfgctl-values/1
        items:
          - layer: override
            path: server.port
            value: 5050
          - layer: override
            path: title
            value: "on call\x9B1m"
        version: 9
        "#);
        assert_snapshot!(shown(Format::Ndjson), @r#"
        {"layer":"override","path":"server.port","value":5050}
        {"layer":"override","path":"title","value":"on call\u009b1m"}
        "#);
        assert_snapshot!(shown(Format::Name), @r"
        server.port
        title
        ");
        let error = render(&reply, Format::Raw, &Style::PLAIN).unwrap_err();
        assert_eq!((error.code, error.hint.is_some()), (Code::Usage, true));
    }

    #[test]
    fn every_format_has_the_name_it_is_asked_by() {
        for (name, format) in Format::ALL {
            assert_eq!(Format::parse(name).unwrap(), format);
        }
        assert_eq!(Format::parse("xml").unwrap_err().code, Code::Usage);
    }

    #[test]
    fn times_are_in_utc_unless_local_ones_are_asked_for() {
        let moment = samples::at("2026-11-21T09:30:05Z");
        assert_eq!(Style::PLAIN.time(moment), "2026-11-21 09:30:05Z");
        let local = Style { local_time: true, ..Style::PLAIN }.time(moment);
        assert_eq!(Timestamp::parse(&local.replacen(' ', "T", 1)).unwrap(), moment);
    }
}
