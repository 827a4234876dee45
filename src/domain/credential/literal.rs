//! Whether a text is a secret itself: not a placeholder, not the name of something, not kept elsewhere; and whether it
//! is random.
//!
//! What must stay true: what says where a secret is kept, what is filled in later, and what was made of a secret and
//! does not give it away (a hash, a sealed or encrypted value) is none.

use super::shape::Class;
use super::{Found, Name};
use crate::domain::sealed::is_sealed;
use crate::domain::secret::name::Naming;
use crate::domain::secret::{MASKED, is_reference_text};
use crate::domain::word::words;

/// The kinds of what is found here.
pub(super) const BY_NAME: &str = "by-name";
pub(super) const RANDOM: &str = "random-text";
pub(super) const HEADER: &str = "authorization-header";

/// What stands where a secret is to be filled in, or says that there is none.
#[rustfmt::skip]
const PLACEHOLDERS: [&str; 56] = [
    "auto", "bar", "baz", "changeit", "default", "disabled", "dummy", "empty", "enabled", "fake", "false",
    "fixme", "foo", "foobar", "generated", "hidden", "inherit", "insecure", "key", "masked", "missing", "n/a",
    "na", "nil", "no", "none", "null", "off", "on", "optional", "pass", "passphrase", "passwd", "password",
    "passw0rd", "plain", "prompt", "pwd", "redacted", "required", "sample", "secret", "string", "tbd", "test",
    "todo", "token", "true", "undefined", "unknown", "unset", "user", "value", "void", "yes", "apikey",
];
/// What a made-up value holds.
const MADE_UP: [&str; 17] = [
    "example",
    "xxxx",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "redacted",
    "replaceme",
    "replace-",
    "replace_",
    "your-",
    "your_",
    "yourpass",
    "0123456789",
    "1234567890",
    "abcdefghij",
    "not-a-real",
];
/// What begins a value that is kept elsewhere, or encrypted.
#[rustfmt::skip]
const ELSEWHERE: [&str; 23] = [
    "arn:", "kms:", "keyring:", "secretref:", "secret-ref:", "ref+", "ENC[", "ENC(", "{cipher}", "vault:v1:",
    "$ANSIBLE_VAULT", "$2a$", "$2b$", "$2y$", "$argon2", "$1$", "$5$", "$6$", "$apr1$", "$pbkdf2", "{SSHA",
    "sha256:", "data:",
];

/// What a long random text is, where its name says so.
#[rustfmt::skip]
const EXPLAINS: [&str; 27] = [
    "ca", "cert", "certificate", "checksum", "commit", "content", "data", "digest", "etag", "fingerprint", "hash",
    "icon", "id", "image", "integrity", "logo", "nonce", "path", "payload", "pub", "public", "revision", "sha",
    "sha256", "sha512", "signature", "url",
];

/// Whether the secret is somewhere else: a reference, a sealed or encrypted value, a template, what is shown for one.
pub(super) fn is_elsewhere(text: &str) -> bool {
    let text = text.trim();
    let bracketed = |open: char, close: char| text.starts_with(open) && text.ends_with(close);
    let is_variable = text.strip_prefix('$').is_some_and(|name| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    text.is_empty()
        || text == MASKED
        || is_reference_text(text)
        || is_sealed(text)
        || is_variable
        || bracketed('<', '>')
        || bracketed('%', '%')
        || (text.len() < 200
            && ["${", "{{", "$(", "#{", "@{", "%{"].iter().any(|open| text.starts_with(open)))
        || ELSEWHERE.iter().any(|begin| text.starts_with(begin))
}

/// Whether a text under such a name is the secret itself.
pub(super) fn is_secret(text: &str, naming: Naming) -> bool {
    let text = text.trim();
    if text.chars().count() < 3 || is_placeholder(text) || is_place(text) || is_public(text) || is_prose(text)
    {
        return false;
    }
    match naming {
        Naming::Nothing => false,
        Naming::Strong => !is_length_of_time(text),
        Naming::Weak => is_made(text),
    }
}

/// The value of an `Authorization` header.
pub(super) fn header(text: &str) -> Option<Found> {
    let (scheme, rest) = text.trim_end().split_once(' ')?;
    let known = ["bearer", "basic", "token", "ssws"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let is_token = rest.len() >= 12 && rest.bytes().all(|byte| Class::Base64.has(byte));
    let fits = known && is_token && !is_placeholder(rest) && is_made(rest);
    fits.then(|| {
        Found::new(scheme.len() + 1..scheme.len() + 1 + rest.len(), HEADER, "is an authorization header")
    })
}

/// A long random text under a name that says nothing of secrets and does not explain it either.
pub(super) fn random(name: &Name<'_>, text: &str) -> Option<Found> {
    let is_long = (40..=4096).contains(&text.len());
    if !is_long || !text.bytes().all(|byte| Class::Base64.has(byte) && byte != b':' && byte != b'.') {
        return None;
    }
    let fits = is_random(text) && !is_placeholder(text) && !is_place(text) && !is_public(text);
    let explains = |word: &String| EXPLAINS.contains(&word.as_str());
    let explained = || name.segments().iter().any(|segment| words(segment).iter().any(explains));
    (fits && !explained()).then(|| Found::new(0..text.len(), RANDOM, "is as random as a key"))
}

/// Whether something is plainly invented, as in documentation.
pub(super) fn is_made_up(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = |at: usize, part: &[u8]| {
        bytes[at].eq_ignore_ascii_case(&part[0])
            && bytes.get(at..at + part.len()).is_some_and(|there| there.eq_ignore_ascii_case(part))
    };
    distinct(bytes) < 5.min(bytes.len())
        || (0..bytes.len()).any(|at| MADE_UP.iter().any(|part| begins(at, part.as_bytes())))
}

fn is_placeholder(text: &str) -> bool {
    // Nobody invents a longer one.
    if text.len() > 128 {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let own = lower.strip_prefix("my").map(|rest| rest.trim_start_matches(['-', '_']));
    let is_one = |word: &str| PLACEHOLDERS.contains(&word);
    is_one(&lower)
        || own.is_some_and(is_one)
        || distinct(lower.as_bytes()) < 2
        || MADE_UP.iter().any(|part| lower.contains(part))
        || ["your", "insert", "enter", "put-", "put_", "some-", "some_"]
            .iter()
            .any(|begin| lower.starts_with(begin))
        || (lower.starts_with('[') && lower.ends_with(']'))
}

/// A file, a URL: where something is, and not the thing.
fn is_place(text: &str) -> bool {
    let begins = ["./", "../", "~/", "/"].iter().any(|begin| text.starts_with(begin));
    let drive = text.as_bytes().get(1..3) == Some(b":\\") || text.starts_with("\\\\");
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-~@{}$ ".contains(&byte));
    let ends =
        [".pem", ".key", ".crt", ".cer", ".p12", ".pfx", ".jks", ".json", ".txt", ".yaml", ".yml", ".conf"];
    let is_url = text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    drive
        || is_url
        || (begins && plain && !text.split('/').any(|part| part.len() >= 20 && is_random(part)))
        || (plain && ends.iter().any(|end| text.ends_with(end)))
}

/// A public key or a certificate, as PEM, in OpenSSH's form, or as DER in base64.
fn is_public(text: &str) -> bool {
    let begins = [
        "ssh-",
        "ecdsa-sha2-",
        "sk-ssh-",
        "AAAA",
        "-----BEGIN CERTIFICATE",
        "-----BEGIN PUBLIC KEY",
        "-----BEGIN RSA PUBLIC KEY",
        "-----BEGIN PGP PUBLIC",
        "age1",
        "iVBORw0KGgo",
        "/9j/",
        "R0lGOD",
        "UklGR",
        "PHN2Zy",
        "sha256-",
        "sha384-",
        "sha512-",
    ];
    let is_der = text.len() > 200 && text.starts_with("MII");
    is_der || begins.iter().any(|begin| text.starts_with(begin))
}

/// A sentence: help for people, and no passphrase.
fn is_prose(text: &str) -> bool {
    let count = text.split_whitespace().count();
    count > 5 || (count > 2 && text.ends_with(['.', '!', '?', ':']))
}

fn is_length_of_time(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && matches!(&text[digits..], "ms" | "s" | "m" | "h" | "d" | "w" | "y" | "min" | "%")
}

/// Whether a machine made it, and it is no name such as `etcd-cluster` or `db-credentials-v2`.
fn is_made(text: &str) -> bool {
    if text.contains(char::is_whitespace) || text.len() < 6 {
        return false;
    }
    let is_word = |part: &str| {
        let letters = part.bytes().take_while(u8::is_ascii_alphabetic).count();
        let digits = &part[letters..];
        let one_case = part.bytes().skip(1).all(|byte| !byte.is_ascii_uppercase())
            || part.bytes().all(|byte| !byte.is_ascii_lowercase());
        one_case && letters <= 16 && digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split(['-', '_', '.', '/', ':']).collect();
    if parts.len() > 1 && parts.iter().all(|part| is_word(part)) {
        return false;
    }
    let any = |test: fn(&u8) -> bool| text.as_bytes().iter().any(test);
    let (digit, letter) = (any(u8::is_ascii_digit), any(u8::is_ascii_alphabetic));
    let cases = any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase);
    (digit && letter) || (cases && text.len() >= 24) || (text.len() >= 20 && digit)
}

/// Whether the characters are spread as if by chance: letters of both cases, digits, and hardly any twice.
fn is_random(text: &str) -> bool {
    let bytes = text.as_bytes();
    let any = |test: fn(&u8) -> bool| bytes.iter().any(test);
    let mixed = any(u8::is_ascii_digit) && any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase);
    mixed && entropy(bytes) >= if bytes.len() < 40 { 3.8 } else { 4.5 }
}

/// Shannon's entropy in bits a byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let all = bytes.len() as f64;
    let part = |count: &u32| f64::from(*count) / all;
    counts.iter().filter(|count| **count > 0).map(part).map(|part| -part * part.log2()).sum()
}

fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    bytes.iter().filter(|byte| !std::mem::replace(&mut seen[usize::from(**byte)], true)).count()
}
