//! Passwords in URLs and among the parameters of a connection: `postgres://app:…@db`, `Server=db;Password=…`.
//!
//! What must stay true: a name among parameters means what it would mean as a setting's; a password that is filled in
//! later (`${DB_PASSWORD}`) is none.

use super::literal::{is_elsewhere, is_secret};
use super::{Found, Held};
use crate::domain::secret::name::{Naming, naming_of_word};

/// The kinds of what is found here.
pub(super) const URL: &str = "url-password";
pub(super) const PARAMETER: &str = "parameter";
/// So much of a parameter's value is looked at.
const LONGEST: usize = 256;

/// Finds passwords in the URLs and parameters of a text.
pub(super) fn look(text: &str, held: &Held, found: &mut Vec<Found>) {
    if held.any(b":") {
        urls(text, found);
    }
    // Microsoft Azure's signature has a short name, and its version and its end beside it.
    let is_signed = held.any(b"=") && text.contains("sig=") && text.contains("sv=") && text.contains("se=");
    let mut seen = 0;
    for (at, sign) in text.match_indices(['=', ':']).filter(|_| held.any(b"=\"'")) {
        if at >= seen {
            seen = parameter(text, (at, sign), is_signed, found);
        }
    }
}

fn urls(text: &str, found: &mut Vec<Found>) {
    let mut from = 0;
    while let Some(at) = text[from..].find("://").map(|at| from + at + 3) {
        from = at;
        // One URL ends where the next begins, so that no part of a text is looked at twice.
        let whole = &text[at..text[at..].find("://").map_or(text.len(), |next| at + next)];
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`');
        let whole = &whole[..whole.find(ends).unwrap_or(whole.len())];
        if let Some((begin, password)) = password(whole) {
            let span = at + begin..at + begin + password.len();
            found.push(Found::new(span, URL, "is a URL with a password"));
        }
    }
    // Go's form for MySQL has no scheme.
    if let Some(at) = text.find("@tcp(").or_else(|| text.find("@unix(")) {
        let user = text[..at].rsplit(char::is_whitespace).next().unwrap_or_default();
        let filled = user.split_once(':').filter(|(_, password)| is_filled(password));
        if let Some((_, password)) = filled.filter(|_| !user.contains("://")) {
            found.push(Found::new(at - password.len()..at, URL, "is a connection's name with a password"));
        }
    }
}

/// The password before the `@` of what follows `://`, and where it begins.
fn password(whole: &str) -> Option<(usize, &str)> {
    let authority = whole.split(['/', '?', '#']).next().unwrap_or(whole);
    let at = match authority.rfind('@') {
        Some(at) => at,
        // An unescaped / in the password; what has a port's number after its colon is a host.
        None => {
            let (_, after) = authority.split_once(':')?;
            let is_port = after.bytes().all(|byte| byte.is_ascii_digit());
            whole.rfind('@').filter(|_| !is_port)?
        }
    };
    let (user, password) = whole[..at].split_once(':')?;
    is_filled(password).then_some((user.len() + 1, password))
}

fn is_filled(password: &str) -> bool {
    !password.is_empty() && !is_elsewhere(password) && is_secret(password, Naming::Strong)
}

/// `Password=…;`, `&access_token=…`, `--db-password=…`, `"password": "…"`. Gives how far it looked: what stands in one
/// value is looked at once.
fn parameter(text: &str, (at, sign): (usize, &str), is_signed: bool, found: &mut Vec<Found>) -> usize {
    let before = &text[..at];
    let quoted = before.ends_with('"') || before.ends_with('\'');
    if sign == ":" && !quoted {
        return at;
    }
    let name = before.trim_end_matches(['"', '\'']);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let length = name.bytes().rev().take(64).take_while(is_part).count();
    let name = &name[name.len() - length..];
    if length < 3 {
        return at;
    }
    let (naming, kind, why) = match name {
        "AccountKey" | "SharedAccessKey" => (Naming::Strong, "azure", "holds a key of Microsoft Azure"),
        "sig" if is_signed => (Naming::Strong, "azure", "holds a shared access signature of Microsoft Azure"),
        name => (naming_of_word(name), PARAMETER, "holds a parameter that is named like a secret"),
    };
    if naming == Naming::Nothing {
        return at;
    }
    let rest = text[at + 1..].trim_start_matches(' ');
    let inner = rest.trim_start_matches(['"', '\'']);
    let begin = text.len() - inner.len();
    let ends = |c: char| c.is_whitespace() || matches!(c, ';' | '&' | '"' | '\'' | ',' | ')' | '}' | ']');
    let templated = ["${", "{{", "$(", "#{", "<"].iter().any(|open| inner.starts_with(open));
    let near = &inner[..inner.floor_char_boundary(LONGEST)];
    let value = &near[..near.find(ends).unwrap_or(near.len())];
    if !templated && !is_elsewhere(value) && is_secret(value, naming) {
        found.push(Found::new(begin..begin + value.len(), kind, why));
    }
    begin + value.len()
}
