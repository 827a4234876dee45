//! The languages a document can be written in, by their names and by the names of files.
//!
//! What must stay true: a name announces one language or none. `.conf` announces none, because every program means
//! another language by it.

use crate::domain::error::{Error, Result};
use crate::domain::wording::join;
use std::fmt;

/// The languages a document can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2, with fewer surprises: see [`super::read`].
    Yaml,
    /// JSON (RFC 8259).
    Json,
    /// TOML 1.
    Toml,
    /// Sections with `key = value` lines.
    Ini,
    /// Java's properties.
    Properties,
    /// `NAME=value` lines, as a shell would export them.
    Dotenv,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 6] =
        [Format::Yaml, Format::Json, Format::Toml, Format::Ini, Format::Properties, Format::Dotenv];

    /// The format that a file's name announces: `app.yaml`, `setup.cfg`, `.env`, `.env.local`, `prod.env`.
    pub fn of_name(file_name: &str) -> Option<Format> {
        let name = file_name.rsplit('/').next().unwrap_or(file_name).to_ascii_lowercase();
        match name.rsplit_once('.')?.1 {
            "yaml" | "yml" => Some(Format::Yaml),
            "json" => Some(Format::Json),
            "toml" => Some(Format::Toml),
            "ini" | "cfg" => Some(Format::Ini),
            "properties" => Some(Format::Properties),
            "env" => Some(Format::Dotenv),
            _ if name.starts_with(".env.") => Some(Format::Dotenv),
            _ => None,
        }
    }

    /// The name that a manifest has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Yaml => "yaml",
            Format::Json => "json",
            Format::Toml => "toml",
            Format::Ini => "ini",
            Format::Properties => "properties",
            Format::Dotenv => "dotenv",
        }
    }

    /// The format of that name. `invalid` lists the names.
    pub fn parse(name: &str) -> Result<Format> {
        Format::ALL.into_iter().find(|format| format.as_str() == name).ok_or_else(|| {
            Error::invalid(format!("{name:?} is not a format of documents."))
                .hint(format!("The formats are {}.", join(&Format::ALL.map(Format::as_str), "and")))
        })
    }

    /// Whether the language knows nothing but text, so that the setting says what a text means.
    pub fn is_text_alone(self) -> bool {
        matches!(self, Format::Ini | Format::Properties | Format::Dotenv)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Yaml => "YAML",
            Format::Json => "JSON",
            Format::Toml => "TOML",
            Format::Ini => "INI",
            Format::Properties => "properties",
            Format::Dotenv => "dotenv",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_announces_its_format() {
        for (name, format) in [
            ("app.yaml", Some(Format::Yaml)),
            ("/etc/app.d/x.YML", Some(Format::Yaml)),
            ("a.b.json", Some(Format::Json)),
            ("Cargo.toml", Some(Format::Toml)),
            ("app.ini", Some(Format::Ini)),
            ("setup.cfg", Some(Format::Ini)),
            ("application.properties", Some(Format::Properties)),
            ("/srv/.env", Some(Format::Dotenv)),
            ("prod.env", Some(Format::Dotenv)),
            (".env.local", Some(Format::Dotenv)),
            (".env.yaml", Some(Format::Yaml)),
            ("app.conf", None),
            ("/srv/.env.d/app", None),
            ("yaml", None),
            ("", None),
        ] {
            assert_eq!(Format::of_name(name), format, "{name}");
        }
    }

    #[test]
    fn a_format_is_known_by_its_name_alone() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.as_str()).unwrap(), format);
        }
        let error = Format::parse("xml").unwrap_err();
        assert!(error.hint.unwrap().contains("yaml, json, toml, ini, properties and dotenv"));
    }
}
