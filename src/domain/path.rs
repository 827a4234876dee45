//! The name of one setting, in one canonical form.
//!
//! A path is a list of segments. A segment of letters, digits, `_` and `-` stands bare; any other is quoted like
//! a JSON string. Because there is one form only, equal paths are equal bytes, and bytewise order is path order.

use super::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;

/// The longest canonical path, in bytes.
pub const LONGEST_PATH: usize = 1024;
/// The most segments a path may have.
pub const DEEPEST_PATH: usize = 64;

/// The canonical name of one setting: `session_timeout_minutes`, `server.port`, `a."b.c"`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Path(String);

impl Path {
    /// Reads a path as people write it and makes it canonical. `invalid` names what is wrong and the limit.
    pub fn parse(text: &str) -> Result<Path> {
        if text.len() <= LONGEST_PATH && is_plain(text) {
            return check_depth(text.matches('.').count() + 1).map(|()| Path(text.to_owned()));
        }
        if text.len() > 4 * LONGEST_PATH {
            return Err(too_long(text.len()));
        }
        Path::from_segments(split(text)?)
    }

    /// The path made of these segments, quoted where they must be.
    pub fn from_segments<S: AsRef<str>>(segments: impl IntoIterator<Item = S>) -> Result<Path> {
        let mut canonical = String::new();
        let mut count = 0;
        for segment in segments {
            if count > 0 {
                canonical.push('.');
            }
            push_segment(&mut canonical, segment.as_ref());
            count += 1;
            if canonical.len() > LONGEST_PATH {
                return Err(too_long(canonical.len()));
            }
        }
        if count == 0 {
            return Err(empty());
        }
        check_depth(count)?;
        Ok(Path(canonical))
    }

    /// A path that is known to be canonical: it comes from our own store.
    pub fn from_canonical(text: String) -> Path {
        Path(text)
    }

    /// The path from a section and a key as the store's columns hold them.
    pub fn from_section_and_key(section: &str, key: &str) -> Path {
        if section.is_empty() { Path(key.to_owned()) } else { Path(format!("{section}.{key}")) }
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Up to the first dot; empty for a top-level path.
    pub fn section(&self) -> &str {
        self.cut().map_or("", |dot| &self.0[..dot])
    }

    /// What follows the section.
    pub fn key(&self) -> &str {
        self.cut().map_or(&self.0, |dot| &self.0[dot + 1..])
    }

    /// The segments, without their quotes.
    pub fn segments(&self) -> Vec<String> {
        split(&self.0).unwrap_or_default()
    }

    /// Every proper prefix, the shortest first: for `a.b.c` that is `a`, then `a.b`.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        dots(&self.0).map(|dot| &self.0[..dot])
    }

    /// Whether this path is `prefix` or lies below it.
    pub fn is_within(&self, prefix: &str) -> bool {
        self.0.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Whether a pattern means this path: `*` any, `server.*` whatever lies below, or a path itself.
    pub fn matches(&self, pattern: &str) -> bool {
        match pattern.strip_suffix(".*") {
            _ if pattern == "*" => true,
            Some(prefix) => self.is_within(prefix) && self.0 != prefix,
            None => Path::parse(pattern).is_ok_and(|path| path == *self),
        }
    }

    fn cut(&self) -> Option<usize> {
        dots(&self.0).next()
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Path::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The canonical text; `{:#}` writes it as one word of a shell, for commands that are to be typed.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() && !is_plain(&self.0) {
            return write!(f, "'{}'", self.0.replace('\'', r"'\''"));
        }
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Path {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Path {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

fn is_bare(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn is_plain(text: &str) -> bool {
    text.split('.').all(is_bare)
}

fn push_segment(out: &mut String, segment: &str) {
    if is_bare(segment) {
        out.push_str(segment);
    } else {
        out.push_str(&serde_json::Value::from(segment).to_string());
    }
}

/// The positions of the dots that part segments (not those inside quotes) of a canonical path.
fn dots(canonical: &str) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    let mut escaped = false;
    canonical.bytes().enumerate().filter_map(move |(at, byte)| {
        if escaped {
            escaped = false;
        } else if quoted {
            escaped = byte == b'\\';
            quoted = byte != b'"';
        } else if byte == b'"' {
            quoted = true;
        } else if byte == b'.' {
            return Some(at);
        }
        None
    })
}

/// Splits what a person wrote into segments; quoted ones are read as JSON strings.
fn split(text: &str) -> Result<Vec<String>> {
    if text.is_empty() {
        return Err(empty());
    }
    let mut segments = Vec::new();
    let mut rest = text;
    loop {
        let end = if rest.starts_with('"') {
            let end = end_of_quoted(rest).ok_or_else(|| odd(text, "a quote is not closed"))?;
            let segment = serde_json::from_str(&rest[..end])
                .map_err(|_| odd(text, "a quoted segment is not a JSON string"))?;
            segments.push(segment);
            end
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            let segment = &rest[..end];
            if segment.is_empty() {
                return Err(odd(text, "a segment is empty"));
            }
            if let Some(bad) =
                segment.chars().find(|c| c.is_control() || c.is_whitespace() || *c == '"' || *c == '=')
            {
                return Err(odd(text, &format!("{bad:?} must stand inside a quoted segment")));
            }
            segments.push(segment.to_owned());
            end
        };
        match rest[end..].strip_prefix('.') {
            Some(more) => rest = more,
            None if rest[end..].is_empty() => return Ok(segments),
            None => return Err(odd(text, "a dot must follow a quoted segment")),
        }
    }
}

fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().enumerate().skip(1).find_map(|(at, byte)| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes.then_some(at + 1)
    })
}

fn check_depth(segments: usize) -> Result<()> {
    if segments > DEEPEST_PATH {
        return Err(Error::invalid(format!(
            "The path has {segments} segments; the limit is {DEEPEST_PATH}."
        ))
        .hint("Keep what lies deeper as one value: a setting of type object."));
    }
    Ok(())
}

fn empty() -> Error {
    Error::invalid("A path may not be empty.").hint("Name a setting, such as server.port.")
}

fn too_long(length: usize) -> Error {
    Error::invalid(format!("The path is {length} bytes long; the limit is {LONGEST_PATH}."))
        .hint("Keep what lies deeper as one value: a setting of type object.")
}

fn odd(text: &str, what: &str) -> Error {
    Error::invalid(format!("{text:?} is not a path: {what}."))
        .hint(r#"Segments are parted by dots; quote an odd one: a."b.c"."#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_canonical_form() {
        for (written, canonical, section, key) in [
            ("server.port", "server.port", "server", "port"),
            ("log_level", "log_level", "", "log_level"),
            ("database.pool.max_size", "database.pool.max_size", "database", "pool.max_size"),
            (r#""server"."port""#, "server.port", "server", "port"),
            (r#"a."b.c""#, r#"a."b.c""#, "a", r#""b.c""#),
            (r#""a.b".c"#, r#""a.b".c"#, r#""a.b""#, "c"),
            (r#"a."""#, r#"a."""#, "a", r#""""#),
            (r#"a."q\"x\\""#, r#"a."q\"x\\""#, "a", r#""q\"x\\""#),
            ("a.ü", r#"a."ü""#, "a", r#""ü""#),
            ("a/b", r#""a/b""#, "", r#""a/b""#),
        ] {
            let path = Path::parse(written).unwrap();
            assert_eq!((path.as_str(), path.section(), path.key()), (canonical, section, key));
            assert_eq!(Path::parse(canonical).unwrap(), path);
            assert_eq!(Path::from_segments(path.segments()).unwrap(), path);
        }
    }

    #[test]
    fn what_is_no_path_is_refused_with_the_reason() {
        for text in ["", ".", "a.", ".a", "a..b", "a b", "a=b", "\"a", "\"a\"b", "a\nb", "a\0b"] {
            assert!(Path::parse(text).is_err(), "{text:?}");
        }
        let long = Path::parse(&"x".repeat(1 << 20)).unwrap_err();
        assert!(long.message.contains("1024"), "{}", long.message);
        assert!(Path::parse(&["a"; 65].join(".")).unwrap_err().message.contains("64"));
    }

    #[test]
    fn in_a_command_a_path_is_one_word() {
        for (written, word) in
            [("a.b-c", "a.b-c"), ("a.\"b.c\"", "'a.\"b.c\"'"), ("\"it's\"", r#"'"it'\''s"'"#)]
        {
            assert_eq!(format!("{:#}", Path::parse(written).unwrap()), word);
        }
    }

    #[test]
    fn within_means_the_prefix_itself_or_below_it() {
        let path = Path::parse("server.tls.port").unwrap();
        for (prefix, within) in
            [("server", true), ("server.tls", true), ("server.tls.port", true), ("serv", false)]
        {
            assert_eq!(path.is_within(prefix), within, "{prefix}");
        }
        assert_eq!(path.ancestors().collect::<Vec<_>>(), ["server", "server.tls"]);
    }
}
