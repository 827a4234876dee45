//! One part of a service's definition while it is read, and what is wrong with it.
//!
//! What must stay true: the manifest's shape was checked before, so that a key of the wrong kind was told already and
//! is passed over here.

use super::{Call, Command, Fault};
use crate::domain::notice::unusable_program;
use crate::domain::time::Span;
use crate::domain::value::Value;
use crate::domain::wording::join;
use serde_json::Map;

/// A part: its keys, where it stands, and the faults found so far.
pub(super) struct Part<'a> {
    pub(super) place: String,
    pub(super) fields: &'a Map<String, Value>,
    pub(super) faults: &'a mut Vec<Fault>,
}

impl<'a> Part<'a> {
    pub(super) fn has(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        Some(self.fields.get(key)?.as_str()?.to_owned())
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.fields.get(key)?.as_bool()
    }

    pub(super) fn whole(&self, key: &str) -> Option<u64> {
        self.fields.get(key)?.as_u64()
    }

    pub(super) fn span(&self, key: &str, usual: Span) -> Span {
        self.text(key).and_then(|text| Span::parse(&text).ok()).unwrap_or(usual)
    }

    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let items = self.fields.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    pub(super) fn map(&self, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.fields.get(key).and_then(Value::as_object).into_iter().flatten()
    }

    pub(super) fn tell(&mut self, key: &str, message: impl Into<String>) {
        let place = if key.is_empty() { self.place.clone() } else { format!("{}.{key}", self.place) };
        self.faults.push(Fault { place, message: message.into() });
    }

    /// Tells of keys that mean nothing beside the others.
    pub(super) fn without(&mut self, keys: &[&str], why: &str) {
        for key in keys.iter().filter(|key| self.fields.contains_key(**key)).copied().collect::<Vec<_>>() {
            self.tell(key, format!("{key} {why}."));
        }
    }

    /// A program's vector; the program must be found wherever somebody stands.
    pub(super) fn vector(&mut self, key: &str) -> Option<Vec<String>> {
        let vector = self.texts(key);
        if let Some(message) = vector.first().and_then(|program| unusable_program(program)) {
            self.tell(&format!("{key}[0]"), message);
        }
        (!vector.is_empty()).then_some(vector)
    }

    pub(super) fn command(&mut self, key: &str, usual: Span) -> Option<Command> {
        let timeout = self.span("timeout", usual);
        self.vector(key).map(|vector| Command { vector, timeout })
    }

    /// A file's or folder's name, which must be whole.
    pub(super) fn place_of(&mut self, key: &str) -> Option<String> {
        let file = self.text(key)?;
        self.check_whole(key, &file);
        Some(file)
    }

    pub(super) fn check_whole(&mut self, key: &str, file: &str) {
        if !file.starts_with('/') || file.split('/').any(|part| part == "..") {
            self.tell(key, format!("{file:?} must be a whole path without .., such as /etc/app/app.yaml."));
        }
    }

    /// A resource on a web server. Plain HTTP may go to this machine, and elsewhere where that is said.
    pub(super) fn call(&mut self, key: &str, usual: Span) -> Option<Call> {
        let url = self.text(key)?;
        let plain = self.flag("plain").unwrap_or_default();
        let is_plain = url.starts_with("http://");
        if !url.starts_with("https://") && !is_plain {
            self.tell(key, format!("{url:?} is no address: it begins with https://."));
        } else if is_plain && !is_on_this_machine(&url) && !plain {
            let message = "is plain HTTP to another machine: write plain: true where that is meant";
            self.tell(key, format!("{url} {message}."));
        }
        let headers =
            self.map("headers").filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let headers = headers.collect();
        let ca_file = self.text("ca_file");
        Some(Call { url, headers, plain, ca_file, timeout: self.span("timeout", usual) })
    }

    /// Tells of the keys of a resource where none is named.
    pub(super) fn without_call(&mut self, how: &str) {
        self.without(&["headers", "plain", "ca_file"], &format!("belongs to http, and this is {how}"));
    }

    /// The part below a key.
    pub(super) fn below(&mut self, key: &str) -> Option<Part<'_>> {
        let fields = self.fields.get(key)?.as_object()?;
        Some(Part { place: format!("{}.{key}", self.place), fields, faults: self.faults })
    }

    /// Tells that one of these must be there; the manifest's shape did so already where it can.
    pub(super) fn lacks(&mut self, keys: &[&str], what: &str) {
        self.tell("", format!("{} lacks {}: {what}.", self.place, join(keys, "or")));
    }
}

/// Whether an address is one of this machine, as far as it can be told without asking for a name.
pub fn is_on_this_machine(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match place.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    };
    let numbers: Vec<&str> = host.split('.').collect();
    let is_loopback = numbers.len() == 4
        && numbers[0] == "127"
        && numbers.iter().all(|number| number.parse::<u8>().is_ok());
    // What stands before an @ is no host.
    !place.contains('@') && (host.eq_ignore_ascii_case("localhost") || host == "::1" || is_loopback)
}
