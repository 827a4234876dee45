//! Credentials that no prefix tells: by something in their middle, by their whole form, or by form and name together.
//!
//! What must stay true: a form that other things have too (hexadecimal digits, a UUID) counts only under a name that
//! speaks of the provider and of a key.

use super::Found;
use super::literal::is_made_up;
use super::shape::Class;
use crate::domain::secret::name::{Naming, naming};
use crate::domain::word::words;

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
pub(super) fn look(text: &str, found: &mut Vec<Found>) {
    if text.len() < SHORTEST {
        return;
    }
    let mut tell = |span: std::ops::Range<usize>, kind: &'static str, whose: &str| {
        if text.get(span.clone()).is_some_and(|part| !is_made_up(part)) {
            found.push(Found::new(span, kind, format!("looks like it holds a credential of {whose}")));
        }
    };
    for (host, least, kind, whose) in [
        ("hooks.slack.com/services/T", 35, "slack", "Slack"),
        ("hooks.slack.com/workflows/", 35, "slack", "Slack"),
        ("/api/webhooks/", 70, "discord", "Discord"),
        (".webhook.office.com/webhookb2/", 70, "teams", "Microsoft Teams"),
    ] {
        if let Some(at) = text.find(host) {
            let from = at + host.len();
            let length = run(&text[from..], |byte| Class::Dotted.has(byte) || byte == b'/' || byte == b'@');
            if length >= least {
                tell(at..from + length, kind, whose);
            }
        }
    }
    // A number of 8 to 10 digits, a colon, and 35 characters, of which the first are AA.
    for (at, _) in text.match_indices(":AA") {
        let before = text[..at].bytes().rev().take(LONGEST).take_while(u8::is_ascii_digit).count();
        let after = run(&text[at + 1..], |byte| Class::Url.has(byte));
        if (8..=10).contains(&before) && after == 35 {
            tell(at - before..at + 1 + after, "telegram", "Telegram");
        }
    }
    for (at, middle) in text.match_indices(".atlasv1.") {
        let before = text[..at].bytes().rev().take(LONGEST).take_while(u8::is_ascii_alphanumeric).count();
        let from = at + middle.len();
        let after = run(&text[from..], |byte| Class::Url.has(byte));
        if before == 14 && (60..=70).contains(&after) {
            tell(at - before..from + after, "terraform", "HCP Terraform");
        }
    }
    // Three characters, a digit, `Q~`, and 31 to 34 more.
    for (at, middle) in text.match_indices("Q~") {
        let is_part = |byte: u8| Class::Dotted.has(byte) || byte == b'~';
        let before = text[..at].bytes().rev().take(LONGEST).take_while(|byte| is_part(*byte)).count();
        let from = at + middle.len();
        let after = run(&text[from..], is_part);
        if before == 4 && text[..at].ends_with(|c: char| c.is_ascii_digit()) && (31..=34).contains(&after) {
            tell(at - before..from + after, "azure", "Microsoft Azure");
        }
    }
    // Head, content and signature; head and content are JSON objects in base64.
    for (at, _) in text.match_indices(".eyJ") {
        let is_part = |byte: u8| Class::Url.has(byte);
        let before = text[..at].bytes().rev().take(LONGEST).take_while(|byte| is_part(*byte)).count();
        let content = text[at + 1..].bytes().take_while(|byte| is_part(*byte)).count();
        let end = at + 1 + content;
        let signature = text[end..].strip_prefix('.').map_or(0, |rest| run(rest, is_part));
        if text[at - before..].starts_with("eyJ") && before >= 10 && content >= 10 && signature >= 16 {
            tell(at - before..end + 1 + signature, "jwt", "whoever signed this JSON Web Token");
        }
    }
    // A user's number in base64, a time of six characters, and a signature.
    for (at, _) in text.match_indices('.') {
        let is_part = |byte: u8| Class::Url.has(byte);
        let before = text[..at].bytes().rev().take(64).take_while(|byte| is_part(*byte)).count();
        let time = text[at + 1..].bytes().take(7).take_while(|byte| is_part(*byte)).count();
        let rest = text[at + 1 + time..].strip_prefix('.').map_or(0, |rest| run(rest, is_part));
        let begins = text[at - before..].starts_with(['M', 'N', 'O']);
        let has_digit = text[at - before..at].bytes().any(|byte| byte.is_ascii_digit());
        if begins && has_digit && (23..=28).contains(&before) && time == 6 && (27..=38).contains(&rest) {
            tell(at - before..at + 2 + time + rest, "discord", "Discord");
        }
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

/// By name and form together: whose name it must be, the form, the kind.
pub(super) fn named(segments: &[String], text: &str) -> Option<Found> {
    // Every form here is at least as long.
    if text.len() < 32 || text.len() > 64 || is_made_up(text) {
        return None;
    }
    let is_uuid = || is_parted(text, &[8, 4, 4, 4, 12]);
    let of_base64 = |length: usize| text.len() == length && text.bytes().all(|byte| Class::Base64.has(byte));
    let (kind, whose) = [
        ("datadog", "Datadog", is_hex(text, 32) || is_hex(text, 40)),
        ("cloudflare", "Cloudflare", is_hex(text, 37) || of_base64(40)),
        ("heroku", "Heroku", is_uuid()),
        ("twilio", "Twilio", is_hex(text, 32)),
        ("okta", "Okta", text.starts_with("00") && of_base64(42)),
        ("algolia", "Algolia", is_hex(text, 32)),
        ("fastly", "Fastly", of_base64(32)),
        ("aws", "Amazon Web Services", of_base64(40)),
    ]
    .into_iter()
    .filter(|(.., fits)| *fits)
    .find(|(name, ..)| segments.iter().any(|segment| words(segment).iter().any(|word| word == name)))
    .map(|(name, whose, _)| (name, whose))?;
    let opens = |word: &String| matches!(word.as_str(), "key" | "token" | "secret" | "auth");
    let last = segments.last().map(|last| words(last)).unwrap_or_default();
    // `datadog.app_key` says enough here, although `key` alone does not.
    let speaks = last.last().is_some_and(opens) || naming(segments) > Naming::Nothing;
    speaks.then(|| Found::new(0..text.len(), kind, format!("looks like it holds a credential of {whose}")))
}

fn run(text: &str, is_part: impl Fn(u8) -> bool) -> usize {
    text.bytes().take(LONGEST).take_while(|byte| is_part(*byte)).count()
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_parted(text: &str, lengths: &[usize]) -> bool {
    let mut parts = text.split('-');
    lengths.iter().all(|length| parts.next().is_some_and(|part| is_hex(part, *length)))
        && parts.next().is_none()
}
