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
use super::secret::name::{Naming, may_speak, naming};
use super::value::{Value, canonical};
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

/// What a text stands under: a setting's path and, inside an object, its members' names.
struct Name<'a> {
    path: &'a Path,
    inside: Vec<String>,
}

impl Name<'_> {
    fn segments(&self) -> Vec<String> {
        self.path.segments().into_iter().chain(self.inside.iter().cloned()).collect()
    }

    fn naming(&self) -> Naming {
        let may_speak = may_speak(self.path.as_str()) || self.inside.iter().any(|name| may_speak(name));
        if may_speak { naming(&self.segments()) } else { Naming::Nothing }
    }
}

/// Which bytes a text holds, a bit each: what needs one that is not there is not looked for.
struct Held(u128);

impl Held {
    fn by(text: &str) -> Held {
        Held(text.bytes().filter(u8::is_ascii).fold(0, |held, byte| held | 1 << byte))
    }

    fn any(&self, bytes: &[u8]) -> bool {
        bytes.iter().any(|byte| self.0 >> byte & 1 == 1)
    }

    fn all(&self, bytes: &[u8]) -> bool {
        bytes.iter().all(|byte| self.0 >> byte & 1 == 1)
    }
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
        format!("{}.", self.in_words())
    }

    /// The same as the reason why the value is not taken.
    pub fn refusal(&self) -> String {
        format!("{}: no credential is kept in the clear.", self.in_words())
    }

    /// What to do instead, with the very line that would allow it.
    pub fn way_out(&self) -> String {
        let path = &self.path;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let quoted = match path.as_str().bytes().all(plain) {
            true => path.to_string(),
            false => canonical(&Value::from(path.as_str())),
        };
        format!(
            "Register {path} with secret: true and set where its value is kept, such as env:NAME; or, if it is meant, \
             allow it in the manifest (cfgctl manifest apply FILE) with this line under secrets.allow: - {{path: \
             {quoted}, kind: {}, reason: \"…\"}}",
            self.kind
        )
    }

    fn in_words(&self) -> String {
        let inside = if self.pointer.is_empty() { String::new() } else { format!(" at {}", self.pointer) };
        format!("{}{inside} {} ({}, {} bytes)", self.path, self.why, self.kind, self.span.len())
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
    walk(&mut Name { path, inside: Vec::new() }, "", value, &mut findings);
    findings
}

/// The first credential in a setting's value that is not allowed by name.
pub fn forbidden(path: &Path, value: &Value, allowed: &[Allowed]) -> Option<Finding> {
    find(path, value).into_iter().find(|finding| !allowed.iter().any(|allowed| allowed.allows(finding)))
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
        findings.extend(find(&path, value));
    }
}

fn walk(name: &mut Name<'_>, pointer: &str, value: &Value, findings: &mut Vec<Finding>) {
    let mut tell = |path: &Path, found: Found| {
        let (pointer, kind) = (pointer.to_owned(), found.kind.to_owned());
        findings.push(Finding { path: path.clone(), pointer, span: found.span, kind, why: found.why });
    };
    match value {
        Value::String(text) => look(name, text).into_iter().for_each(|found| tell(name.path, found)),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate().filter(|(_, item)| may_hold_text(item)) {
                walk(name, &format!("{pointer}/{at}"), item, findings);
            }
        }
        Value::Object(members) => {
            if let Some(found) = key::in_object(members) {
                return tell(name.path, found);
            }
            for (member, item) in members.iter().filter(|(_, item)| may_hold_text(item)) {
                name.inside.push(member.clone());
                let escaped = member.replace('~', "~0").replace('/', "~1");
                walk(name, &format!("{pointer}/{escaped}"), item, findings);
                name.inside.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn may_hold_text(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(_) | Value::Number(_))
}

/// What is found in one text under a name.
fn look(name: &Name<'_>, text: &str) -> Vec<Found> {
    let mut found = by_shape(text);
    if found.is_empty() {
        found.extend(by_name(name, text).filter(|_| !literal::is_elsewhere(text)));
    }
    found
}

fn by_shape(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    if text.len() < SHORTEST || is_reference_text(text) || is_sealed(text) {
        return found;
    }
    let held = Held::by(text);
    key::look(text, &held, &mut found);
    if found.is_empty() {
        shape::look(text, &mut found);
        odd::look(text, &held, &mut found);
        connection::look(text, &held, &mut found);
        found.extend(Some(text).filter(|_| held.any(b" ")).and_then(literal::header));
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

fn by_name(name: &Name<'_>, text: &str) -> Option<Found> {
    if let Some(found) = odd::named(name, text) {
        return Some(found);
    }
    match name.naming() {
        Naming::Nothing => literal::random(name, text),
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
        assert!(findings[1].refusal().ends_with("(by-name, 7 bytes): no credential is kept in the clear."));
        assert!(findings[1].way_out().contains("- {path: directory, kind: by-name, reason:"));
        assert!(!format!("{findings:?}").contains("hunter2"));
    }

    #[test]
    fn the_line_that_would_allow_a_finding_does_so_whatever_its_path() {
        for text in ["database.password", r#"a."b.c".password"#, r#""x y".password"#] {
            let (path, value) = (path(text), json!("hunter2"));
            let way_out = forbidden(&path, &value, &[]).unwrap().way_out();
            let line = way_out.split_once("secrets.allow: ").unwrap().1;
            let allowed: Vec<Allowed> = serde_saphyr::from_str(line).unwrap();
            assert_eq!(forbidden(&path, &value, &allowed), None, "{line}");
        }
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
