//! Credentials that no prefix tells: by something in their middle, by their whole form, or by form and name together.
//!
//! What must stay true: what is found in the middle looks no further to either side than its form is long; a form that other things have too (hexadecimal digits, a UUID) counts only under a name that
//! speaks of the provider and of a key.

use super::literal::is_made_up;
use super::shape::Class;
use super::{Found, Held, Name};
use crate::domain::secret::name::{Naming, naming};
use crate::domain::word::words;
use std::ops::Range;

/// The kinds that are found here alone.
pub(super) const KINDS: [&str; 11] = [
    "azure",
    "algolia",
    "datadog",
    "fastly",
    "jwt",
    "mailchimp",
    "mailgun",
    "okta",
    "teams",
    "telegram",
    "terraform",
];

/// No form here is shorter.
const SHORTEST: usize = 30;
/// So far is looked to either side of what was found in the middle.
const LONGEST: usize = 512;

/// Finds them in a text.
pub(super) fn look(text: &str, held: &Held, found: &mut Vec<Found>) {
    if text.len() < SHORTEST {
        return;
    }
    let mut tell = |span: Range<usize>, kind: &'static str, whose: &str| {
        if text.get(span.clone()).is_some_and(|part| !is_made_up(part)) {
            found.push(Found::new(span, kind, format!("looks like it holds a credential of {whose}")));
        }
    };
    if held.all(b"hok/") {
        hooks(text, &mut tell);
    }
    if held.all(b":A") {
        telegram(text, &mut tell);
    }
    if held.all(b"Q~") {
        azure(text, &mut tell);
    }
    if held.all(b".atlsv1") {
        terraform(text, &mut tell);
    }
    if held.all(b".eyJ") {
        jwt(text, &mut tell);
    }
    if held.all(b".") {
        discord(text, &mut tell);
    }
    if text.ends_with("NRAL") && text.len() == 40 && is_hex(&text[..36], 36) {
        tell(0..40, "new-relic", "New Relic");
    }
    let is_mailchimp = |(key, place): (&str, &str)| {
        is_hex(key, 32) && (1..=2).contains(&place.len()) && place.bytes().all(|byte| byte.is_ascii_digit())
    };
    if text.split_once("-us").is_some_and(is_mailchimp) {
        tell(0..text.len(), "mailchimp", "Mailchimp");
    }
    let is_mailgun =
        text.strip_prefix("key-").is_some_and(|key| is_hex(key, 32)) || is_parted(text, &[32, 8, 8]);
    if is_mailgun {
        tell(0..text.len(), "mailgun", "Mailgun");
    }
}

/// Addresses that are secret: who knows one may post there.
fn hooks(text: &str, tell: &mut impl FnMut(Range<usize>, &'static str, &str)) {
    for (host, least, kind, whose) in [
        ("hooks.slack.com/services/T", 35, "slack", "Slack"),
        ("hooks.slack.com/workflows/", 35, "slack", "Slack"),
        ("/api/webhooks/", 70, "discord", "Discord"),
        (".webhook.office.com/webhookb2/", 70, "teams", "Microsoft Teams"),
    ] {
        if let Some(at) = text.find(host) {
            let from = at + host.len();
            let is_part = |byte| Class::Dotted.has(byte) || byte == b'/' || byte == b'@';
            let length = after(text, from, LONGEST, is_part);
            if length >= least {
                tell(at..from + length, kind, whose);
            }
        }
    }
}

/// A number of 8 to 10 digits, a colon, and 35 characters, of which the first are AA.
fn telegram(text: &str, tell: &mut impl FnMut(Range<usize>, &'static str, &str)) {
    for (at, _) in text.match_indices(":AA") {
        let digits = before(text, at, 11, |byte| byte.is_ascii_digit());
        if (8..=10).contains(&digits) && after(text, at + 1, 36, is_url) == 35 {
            tell(at - digits..at + 36, "telegram", "Telegram");
        }
    }
}

/// Three characters, a digit, `Q~`, and 31 to 34 more.
fn azure(text: &str, tell: &mut impl FnMut(Range<usize>, &'static str, &str)) {
    let is_part = |byte: u8| Class::Dotted.has(byte) || byte == b'~';
    for (at, middle) in text.match_indices("Q~") {
        let from = at + middle.len();
        if before(text, at, 5, is_part) != 4 || !text.as_bytes()[at - 1].is_ascii_digit() {
            continue;
        }
        let rest = after(text, from, 35, is_part);
        if (31..=34).contains(&rest) {
            tell(at - 4..from + rest, "azure", "Microsoft Azure");
        }
    }
}

/// Fourteen characters, `.atlasv1.`, and 60 to 70 more.
fn terraform(text: &str, tell: &mut impl FnMut(Range<usize>, &'static str, &str)) {
    for (at, middle) in text.match_indices(".atlasv1.") {
        let from = at + middle.len();
        if before(text, at, 15, |byte| byte.is_ascii_alphanumeric()) == 14 {
            let rest = after(text, from, 71, is_url);
            if (60..=70).contains(&rest) {
                tell(at - 14..from + rest, "terraform", "HCP Terraform");
            }
        }
    }
}

/// Head, content and signature; head and content are JSON objects in base64.
fn jwt(text: &str, tell: &mut impl FnMut(Range<usize>, &'static str, &str)) {
    for (at, _) in text.match_indices(".eyJ") {
        let head = before(text, at, LONGEST, is_url);
        if head < 10 || !text[at - head..].starts_with("eyJ") {
            continue;
        }
        let end = at + 1 + after(text, at + 1, usize::MAX, is_url);
        let signature = if text[end..].starts_with('.') { after(text, end + 1, LONGEST, is_url) } else { 0 };
        if end - at > 10 && signature >= 16 {
            tell(at - head..end + 1 + signature, "jwt", "whoever signed this JSON Web Token");
        }
    }
}

/// A user's number in base64, a time of six characters, and a signature.
fn discord(text: &str, tell: &mut impl FnMut(Range<usize>, &'static str, &str)) {
    for (at, _) in text.match_indices('.') {
        let user = before(text, at, 29, is_url);
        if !(23..=28).contains(&user) || !text[at - user..].starts_with(['M', 'N', 'O']) {
            continue;
        }
        let has_digit = text.as_bytes()[at - user..at].iter().any(u8::is_ascii_digit);
        if has_digit && after(text, at + 1, 7, is_url) == 6 && text[at + 7..].starts_with('.') {
            let rest = after(text, at + 8, 39, is_url);
            if (27..=38).contains(&rest) {
                tell(at - user..at + 8 + rest, "discord", "Discord");
            }
        }
    }
}

/// By name and form together: whose name it must be, the form, the kind.
pub(super) fn named(name: &Name<'_>, text: &str) -> Option<Found> {
    // Every form here is at least as long.
    if text.len() < 32 || text.len() > 64 {
        return None;
    }
    if !text.bytes().all(|byte| Class::Base64.has(byte)) {
        return None;
    }
    let segments = name.segments();
    let words: Vec<Vec<String>> = segments.iter().map(|segment| words(segment)).collect();
    let (kind, whose) = [
        ("datadog", "Datadog", is_hex(text, 32) || is_hex(text, 40)),
        ("cloudflare", "Cloudflare", is_hex(text, 37) || text.len() == 40),
        ("heroku", "Heroku", is_parted(text, &[8, 4, 4, 4, 12])),
        ("twilio", "Twilio", is_hex(text, 32)),
        ("okta", "Okta", text.starts_with("00") && text.len() == 42),
        ("algolia", "Algolia", is_hex(text, 32)),
        ("fastly", "Fastly", text.len() == 32),
        ("aws", "Amazon Web Services", text.len() == 40),
    ]
    .into_iter()
    .filter(|(.., fits)| *fits)
    .find(|(name, ..)| words.iter().flatten().any(|word| word == name))
    .map(|(name, whose, _)| (name, whose))?;
    let opens = |word: &String| matches!(word.as_str(), "key" | "token" | "secret" | "auth");
    // `datadog.app_key` says enough here, although `key` alone does not.
    let speaks =
        words.last().and_then(|last| last.last()).is_some_and(opens) || naming(&segments) > Naming::Nothing;
    (speaks && !is_made_up(text))
        .then(|| Found::new(0..text.len(), kind, format!("looks like it holds a credential of {whose}")))
}

fn is_url(byte: u8) -> bool {
    Class::Url.has(byte)
}

/// How many such characters stand right before a place; no more are counted than asked for.
fn before(text: &str, at: usize, most: usize, is_part: impl Fn(u8) -> bool) -> usize {
    text.as_bytes()[..at].iter().rev().take(most).take_while(|byte| is_part(**byte)).count()
}

/// How many stand from a place on.
fn after(text: &str, from: usize, most: usize, is_part: impl Fn(u8) -> bool) -> usize {
    text.as_bytes()[from..].iter().take(most).take_while(|byte| is_part(**byte)).count()
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_parted(text: &str, lengths: &[usize]) -> bool {
    let mut parts = text.split('-');
    lengths.iter().all(|length| parts.next().is_some_and(|part| is_hex(part, *length)))
        && parts.next().is_none()
}
