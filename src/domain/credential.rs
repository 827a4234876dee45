//! The scan for hardcoded credentials: values in the clear that open something.
//!
//! A value is found by its shape (what providers give out, private keys, URLs with passwords), by its setting's name, or
//! because it is long and random. Whoever looks decides what follows from it.
//!
//! What must stay true: no finding holds the value or a part of it, only where it stands and how long it is; ordinary
//! configuration gives none (identifiers, hashes, public keys, placeholders, references), because a scan that cries wolf
//! is switched off; looking at an ordinary value costs microseconds, and nothing is prepared for it.

mod connection;
mod key;
mod literal;
mod odd;
mod provider;
mod shape;

use super::path::Path;
use super::sealed::is_sealed;
use super::secret::is_reference_text;
use super::secret::name::{Naming, naming};
use super::value::Value;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// No shape is shorter, a URL's with a password of three characters among them.
const SHORTEST: usize = 8;

/// A credential that stands somewhere in the clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The setting.
    pub path: Path,
    /// Where inside its value, as a JSON Pointer; empty for the value itself.
    pub pointer: String,
    /// Which bytes of the text it is.
    pub span: Range<usize>,
    /// What kind it is, as the manifest's `secrets.allow` names it: `github`, `private-key`, `by-name`.
    pub kind: String,
    /// Why it is taken for one, as the end of a sentence.
    pub why: String,
}

/// A finding of the manifest's that is meant: `secrets.allow`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// A path, everything below one as `server.*`, or `*`.
    pub path: String,
    /// The kind; every kind where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Why it may stand there.
    pub reason: String,
}

/// What was found in a text, before it is known where the text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    span: Range<usize>,
    kind: &'static str,
    why: String,
}

impl Found {
    fn new(span: Range<usize>, kind: &'static str, why: impl Into<String>) -> Found {
        Found { span, kind, why: why.into() }
    }
}

impl Finding {
    /// One sentence: where, what and how long, and never the value.
    pub fn sentence(&self) -> String {
        let inside = if self.pointer.is_empty() { String::new() } else { format!(" at {}", self.pointer) };
        format!("{}{inside} {} ({}, {} bytes).", self.path, self.why, self.kind, self.span.len())
    }
}

impl Allowed {
    /// Whether the finding is one that is meant.
    pub fn allows(&self, finding: &Finding) -> bool {
        let path = match self.path.strip_suffix(".*") {
            Some(above) => finding.path.is_within(above),
            None => self.path == "*" || self.path == finding.path.as_str(),
        };
        path && self.kind.as_ref().is_none_or(|kind| *kind == finding.kind)
    }
}

/// Every kind that a finding can have, in order.
pub fn kinds() -> Vec<&'static str> {
    let own = [connection::PARAMETER, connection::URL, key::PRIVATE, literal::BY_NAME, literal::HEADER];
    let mut kinds: Vec<&str> = own.into_iter().chain([literal::RANDOM]).collect();
    kinds.extend(provider::PROVIDERS.iter().map(|shape| shape.kind));
    kinds.extend(odd::KINDS);
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Whether a text has the shape of something that opens a door, whatever its name.
pub fn has_known_shape(text: &str) -> bool {
    !by_shape(text).is_empty()
}

/// The credentials in a setting's value.
pub fn find(path: &Path, value: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    walk(path, &mut path.segments(), "", value, &mut findings);
    findings
}

/// The credentials in a whole document, by the paths that it would be applied as.
pub fn find_in(document: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    descend(&mut Vec::new(), document, &mut findings);
    findings
}

fn descend(segments: &mut Vec<String>, value: &Value, findings: &mut Vec<Finding>) {
    if let Value::Object(members) = value {
        // What a name would make too long or too deep for a path is looked at as a part of what is above it.
        let names = |name: &String| Path::from_segments(segments.iter().chain([name])).is_ok();
        if !members.is_empty() && !key::is_key_object(members) && members.keys().all(names) {
            for (name, member) in members {
                segments.push(name.clone());
                descend(segments, member, findings);
                segments.pop();
            }
            return;
        }
    }
    if let Ok(path) = Path::from_segments(segments.iter()) {
        walk(&path, segments, "", value, findings);
    }
}

/// `segments` are the path's and, inside an object, its members' names.
fn walk(path: &Path, segments: &mut Vec<String>, pointer: &str, value: &Value, findings: &mut Vec<Finding>) {
    let mut tell = |found: Found| {
        let (pointer, kind) = (pointer.to_owned(), found.kind.to_owned());
        findings.push(Finding { path: path.clone(), pointer, span: found.span, kind, why: found.why });
    };
    match value {
        Value::String(text) => look(segments, text).into_iter().for_each(tell),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                walk(path, segments, &format!("{pointer}/{at}"), item, findings);
            }
        }
        Value::Object(members) => {
            if let Some(found) = key::in_object(members) {
                return tell(found);
            }
            for (name, member) in members {
                segments.push(name.clone());
                let escaped = name.replace('~', "~0").replace('/', "~1");
                walk(path, segments, &format!("{pointer}/{escaped}"), member, findings);
                segments.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What is found in one text under a name.
fn look(segments: &[String], text: &str) -> Vec<Found> {
    let mut found = by_shape(text);
    if found.is_empty() && !literal::is_elsewhere(text) {
        found.extend(by_name(segments, text));
    }
    found
}

fn by_shape(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    if text.len() < SHORTEST || is_reference_text(text) || is_sealed(text) {
        return found;
    }
    key::look(text, &mut found);
    if found.is_empty() {
        shape::look(text, &mut found);
        odd::look(text, &mut found);
        connection::look(text, &mut found);
        found.extend(literal::header(text));
    }
    found.sort_by_key(|found| (found.span.start, std::cmp::Reverse(found.span.end)));
    // A token in a URL is one finding, not two.
    let mut end = 0;
    found.retain(|found| {
        let new = found.span.start >= end;
        end = end.max(found.span.end);
        new
    });
    found
}

fn by_name(segments: &[String], text: &str) -> Option<Found> {
    if let Some(found) = odd::named(segments, text) {
        return Some(found);
    }
    match naming(segments) {
        Naming::Nothing => literal::random(segments, text),
        naming => literal::is_secret(text, naming).then(|| {
            Found::new(0..text.len(), literal::BY_NAME, "is named like a secret and holds a literal")
        }),
    }
}

#[cfg(test)]
mod table;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    #[test]
    fn a_finding_says_where_and_never_what() {
        let value = json!({"users": [{"name": "alice", "password": "hunter2"}], "a/b": {"pwd": "hunter2"}});
        let findings = find(&path("directory"), &value);
        let places: Vec<&str> = findings.iter().map(|finding| finding.pointer.as_str()).collect();
        assert_eq!(places, ["/a~1b/pwd", "/users/0/password"]);
        assert_eq!(
            findings[1].sentence(),
            "directory at /users/0/password is named like a secret and holds a literal (by-name, 7 bytes)."
        );
        assert!(!format!("{findings:?}").contains("hunter2"));
    }

    #[test]
    fn a_document_is_found_by_the_paths_it_would_be_applied_as() {
        let document = json!({"a": {"password": "hunter2", "port": 1}, "list": [{"token": "Zx81kQ02"}]});
        let findings = find_in(&document);
        let places: Vec<_> =
            findings.iter().map(|finding| (finding.path.as_str(), finding.pointer.as_str())).collect();
        assert_eq!(places, [("a.password", ""), ("list", "/0/token")]);
        let long = json!({"x".repeat(2000): {"password": "hunter2"}, "a": "hunter2"});
        assert_eq!(find_in(&json!({"top": long})).len(), 1);
    }

    #[test]
    fn what_the_manifest_allows_is_allowed_by_path_and_kind() {
        let finding = &find(&path("demo.db.password"), &json!("hunter2"))[0];
        for (pattern, kind, expected) in [
            ("demo.db.password", None, true),
            ("demo.*", None, true),
            ("*", None, true),
            ("demo.db.*", Some("by-name"), true),
            ("demo.db.*", Some("github"), false),
            ("demo", None, false),
            ("dem.*", None, false),
        ] {
            let allowed = Allowed {
                path: pattern.into(),
                kind: kind.map(str::to_owned),
                reason: "the demonstration's".into(),
            };
            assert_eq!(allowed.allows(finding), expected, "{pattern} {kind:?}");
        }
    }

    #[test]
    fn the_kinds_are_names_and_there_are_many_providers() {
        assert!(kinds().len() >= 70, "{}", kinds().len());
        for kind in kinds() {
            assert!(
                kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{kind}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_under_any_name_is_looked_at(
            name in "(password|token|api_key|x|url|\\PC{1,10})",
            text in "(|://|:|@|=|-----BEGIN |eyJ|ghp_|Bearer |@tcp\\(|\u{2003}|Q~|:AA|\\.eyJ|pwd=|\"|[a-zA-Z0-9+/=_.@:;&?-]{0,8}|\\PC{0,8}){0,12}",
        ) {
            let path = Path::from_segments([name]).unwrap();
            for finding in find(&path, &json!(text)) {
                prop_assert!(text.get(finding.span.clone()).is_some_and(|part| !part.is_empty()));
                prop_assert!(kinds().contains(&finding.kind.as_str()));
            }
        }
    }
}
