//! Tokens by the prefix that their provider gives them.
//!
//! What must stay true: linear in the text, whatever stands in it; nothing is compiled or allocated for a text in which
//! no prefix stands.

use super::Found;
use super::literal::is_made_up;
use super::provider::PROVIDERS;

/// Which characters a token has after its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Hexadecimal digits.
    Hex,
    /// Hexadecimal digits and hyphens.
    HexDash,
    /// Capital letters and digits.
    Upper,
    /// Letters and digits.
    Alnum,
    /// The same and `_`.
    Word,
    /// The same and `-`: base64 as in URLs.
    Url,
    /// The same and `.`.
    Dotted,
    /// Base64 as in mail, or its parts with dots, colons and the like.
    Base64,
}

impl Class {
    pub(super) fn has(self, byte: u8) -> bool {
        let alnum = byte.is_ascii_alphanumeric();
        match self {
            Class::Hex => byte.is_ascii_hexdigit(),
            Class::HexDash => byte.is_ascii_hexdigit() || byte == b'-',
            Class::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Class::Alnum => alnum,
            Class::Word => alnum || byte == b'_',
            Class::Url => alnum || b"_-".contains(&byte),
            Class::Dotted => alnum || b"_-.".contains(&byte),
            Class::Base64 => alnum || b"_-.+/=:".contains(&byte),
        }
    }
}

/// What the tokens of a provider look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// The kind that findings have.
    pub(super) kind: &'static str,
    /// Whose it is, as people call them.
    pub(super) whose: &'static str,
    /// What it begins with.
    pub(super) prefix: &'static str,
    /// What follows.
    pub(super) class: Class,
    /// How many of that at least.
    pub(super) least: usize,
    /// And at most.
    pub(super) most: usize,
    /// What else must hold of what follows the prefix.
    pub(super) also: fn(&str) -> bool,
}

/// Which two bytes a prefix begins with, a bit each: nearly every place in a text is passed by at one look.
const FIRST: [u64; 1024] = {
    let mut first = [0; 1024];
    let mut at = 0;
    while at < PROVIDERS.len() {
        let prefix = PROVIDERS[at].prefix.as_bytes();
        let pair = (prefix[0] as usize) << 8 | prefix[1] as usize;
        first[pair / 64] |= 1 << (pair % 64);
        at += 1;
    }
    first
};

fn may_begin(bytes: &[u8]) -> bool {
    let [first, second, ..] = bytes else { return false };
    let pair = usize::from(*first) << 8 | usize::from(*second);
    FIRST[pair / 64] >> (pair % 64) & 1 == 1
}

/// The tokens in a text.
pub(super) fn look(text: &str, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let inside = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let token = if !inside && may_begin(&bytes[at..]) { token(&bytes[at..]) } else { None };
        let Some((shape, end)) = token else {
            at += 1;
            continue;
        };
        // What has the shape and is invented is passed by as a whole, so that it is looked at once.
        let tail = text.get(at + shape.prefix.len()..at + end).unwrap_or_default();
        if !is_made_up(tail) {
            let why = format!("looks like it holds a credential of {}", shape.whose);
            found.push(Found::new(at..at + end, shape.kind, why));
        }
        at += end;
    }
}

/// The shape of the token that begins here, and where it ends.
fn token(bytes: &[u8]) -> Option<(&'static Shape, usize)> {
    PROVIDERS.iter().find_map(|shape| {
        let tail = bytes.strip_prefix(shape.prefix.as_bytes())?;
        // One more than may be there tells that there are too many.
        let length = tail.iter().take(shape.most + 1).take_while(|byte| shape.class.has(**byte)).count();
        let tail = std::str::from_utf8(tail.get(..length)?).ok()?;
        let fits = (shape.least..=shape.most).contains(&length) && is_mixed(tail) && (shape.also)(tail);
        fits.then_some((shape, shape.prefix.len() + length))
    })
}

/// Whether there are digits or letters of both cases: words alone are no token.
fn is_mixed(tail: &str) -> bool {
    let any = |test: fn(&u8) -> bool| tail.as_bytes().iter().any(test);
    any(u8::is_ascii_digit) || (any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase))
}
