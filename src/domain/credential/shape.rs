//! Tokens by the prefix that their provider gives them.
//!
//! What must stay true: linear in the text, whatever stands in it (a run of characters is looked at once, however many
//! prefixes stand in it); nothing is compiled or allocated for a text in which no prefix stands.

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

/// How many classes there are.
const CLASSES: usize = Class::Base64 as usize + 1;

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

/// No shape.
const NONE: u8 = u8::MAX;

/// For every byte the first shape that begins with it, and for every shape the next that begins alike, in the table's
/// order.
const ALIKE: ([u8; 256], [u8; PROVIDERS.len()]) = {
    let (mut first, mut next) = ([NONE; 256], [NONE; PROVIDERS.len()]);
    let mut at = PROVIDERS.len();
    while at > 0 {
        at -= 1;
        let byte = PROVIDERS[at].prefix.as_bytes()[0] as usize;
        next[at] = first[byte];
        first[byte] = at as u8;
    }
    (first, next)
};

fn alike(byte: u8) -> impl Iterator<Item = &'static Shape> {
    let one = |at: u8| Some(at).filter(|at| *at != NONE);
    std::iter::successors(one(ALIKE.0[usize::from(byte)]), move |at| one(ALIKE.1[usize::from(*at)]))
        .map(|at| &PROVIDERS[usize::from(at)])
}

/// Characters of one class, one beside the other.
#[derive(Clone, Copy, Default)]
struct Run {
    begin: usize,
    end: usize,
    /// Where the last of each ends.
    digit: usize,
    lower: usize,
    upper: usize,
}

impl Run {
    fn read(bytes: &[u8], class: Class, begin: usize) -> Run {
        let mut run = Run { begin, end: begin, ..Run::default() };
        for byte in bytes[begin..].iter().take_while(|byte| class.has(**byte)) {
            run.end += 1;
            match byte {
                b'0'..=b'9' => run.digit = run.end,
                b'a'..=b'z' => run.lower = run.end,
                b'A'..=b'Z' => run.upper = run.end,
                _ => {}
            }
        }
        run
    }

    /// Whether there are digits or letters of both cases from there on: words alone are no token.
    fn is_mixed(&self, from: usize) -> bool {
        self.digit > from || (self.lower > from && self.upper > from)
    }
}

/// A text, with the run of each class that was looked at last.
struct Runs<'a> {
    text: &'a str,
    last: [Run; CLASSES],
}

impl Runs<'_> {
    /// The run that a place lies in.
    fn around(&mut self, class: Class, from: usize) -> Run {
        let last = &mut self.last[class as usize];
        if from < last.begin || from >= last.end {
            *last = Run::read(self.text.as_bytes(), class, from);
        }
        *last
    }

    /// The shape of the token that begins here, and where it ends.
    fn token(&mut self, at: usize) -> Option<(&'static Shape, usize)> {
        let bytes = &self.text.as_bytes()[at..];
        alike(*bytes.first()?).filter(|shape| bytes.starts_with(shape.prefix.as_bytes())).find_map(|shape| {
            let from = at + shape.prefix.len();
            let run = self.around(shape.class, from);
            let fits = (shape.least..=shape.most).contains(&(run.end - from)) && run.is_mixed(from);
            (fits && (shape.also)(self.text.get(from..run.end)?)).then_some((shape, run.end))
        })
    }
}

/// The tokens in a text.
pub(super) fn look(text: &str, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let mut runs = Runs { text, last: [Run::default(); CLASSES] };
    let mut at = 0;
    while at < bytes.len() {
        let inside = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let token = if !inside && may_begin(&bytes[at..]) { runs.token(at) } else { None };
        let Some((shape, end)) = token else {
            at += 1;
            continue;
        };
        // What has the shape and is invented is passed by as a whole, so that it is looked at once.
        if !is_made_up(text.get(at + shape.prefix.len()..end).unwrap_or_default()) {
            let why = format!("looks like it holds a credential of {}", shape.whose);
            found.push(Found::new(at..end, shape.kind, why));
        }
        at = end;
    }
}
