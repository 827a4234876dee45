//! What a sealed value looks like: `sealed:1:KEY:TEXT`, a JSON string like any other.
//!
//! What must stay true: one sealed value has one text, so that equal texts are equal values to hashes and to whoever
//! compares; the text alone tells which key opens it and, by its fingerprint, whether two are equal. Nothing here can
//! open one.

use super::secret::MASKED;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

/// What every sealed value begins with: the form, and its number.
const PREFIX: &str = "sealed:1:";
/// The digits of a key's name.
const KEY_DIGITS: usize = 8;
/// The bytes of the nonce, which come first.
pub const NONCE: usize = 24;
/// The bytes that an authenticated text has at least, beside the nonce: its tag and one of content.
const LEAST: usize = 16 + 1;
/// So many of base64's characters stand for the first six bytes of the nonce.
const FINGERPRINT: usize = 8;

/// A sealed value in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The name of the key that opens it.
    pub key: String,
    /// The nonce, which is the keyed fingerprint of the value and its place.
    pub nonce: [u8; NONCE],
    /// What is sealed, with its tag.
    pub content: Vec<u8>,
}

impl Sealed {
    /// Reads a sealed value; nothing where the text is none.
    pub fn parse(text: &str) -> Option<Sealed> {
        let (key, body) = parts(text)?;
        let bytes = BASE64.decode(body).ok()?;
        let (nonce, content) = bytes.split_first_chunk::<NONCE>()?;
        (content.len() >= LEAST).then(|| Sealed {
            key: key.to_owned(),
            nonce: *nonce,
            content: content.to_vec(),
        })
    }

    /// The text that stands in the store.
    pub fn to_text(&self) -> String {
        let bytes = [self.nonce.as_slice(), &self.content].concat();
        format!("{PREFIX}{}:{}", self.key, BASE64.encode(bytes))
    }
}

/// Whether a text has the form of a sealed value. Whether a key opens it is another matter.
pub fn is_sealed(text: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let least = ((NONCE + LEAST) * 4).div_ceil(3);
    parts(text).is_some_and(|(_, body)| body.len() >= least && body.bytes().all(is_base64))
}

/// The twelve hexadecimal digits by which people tell sealed values apart: equal ones at one path have equal digits.
pub fn fingerprint(text: &str) -> Option<String> {
    let (_, body) = parts(text).filter(|_| is_sealed(text))?;
    let bytes = BASE64.decode(body.get(..FINGERPRINT)?).ok()?;
    Some(super::change::hex(&bytes))
}

/// What is shown in the place of a sealed value: `(secret 1a2b3c4d5e6f)`, with its fingerprint; nothing where the text is
/// none.
pub fn masked(text: &str) -> Option<String> {
    fingerprint(text).map(|digits| format!("(secret {digits})"))
}

/// Whether a text is what is shown in the place of a secret, and so never a secret itself.
pub fn is_mask(text: &str) -> bool {
    let digits = text.strip_prefix("(secret ").and_then(|rest| rest.strip_suffix(')'));
    text == MASKED || digits.is_some_and(|digits| digits.len() == 12 && digits.bytes().all(is_digit))
}

fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn parts(text: &str) -> Option<(&str, &str)> {
    let (key, body) = text.strip_prefix(PREFIX)?.split_once(':')?;
    is_key_name(key).then_some((key, body))
}

/// Whether a key may be called this: eight hexadecimal digits in lower case.
pub fn is_key_name(name: &str) -> bool {
    name.len() == KEY_DIGITS && name.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Sealed {
        Sealed { key: "00c0ffee".into(), nonce: [0xab; NONCE], content: vec![7; 20] }
    }

    #[test]
    fn a_sealed_value_is_read_as_it_was_written() {
        let text = sealed().to_text();
        assert!(text.starts_with("sealed:1:00c0ffee:q6ur"), "{text}");
        assert_eq!(Sealed::parse(&text), Some(sealed()));
        assert!(is_sealed(&text));
        assert_eq!(fingerprint(&text).as_deref(), Some("abababababab"));
    }

    #[test]
    fn a_mask_is_known_as_one_and_no_sealed_value_is() {
        let mask = masked(&sealed().to_text()).unwrap();
        assert_eq!(mask, "(secret abababababab)");
        assert!(is_mask(&mask) && is_mask("(secret)"));
        for other in [&sealed().to_text(), "(secret abc)", "(secret ABABABABABAB)", "secret", "(secret )"] {
            assert!(!is_mask(other), "{other}");
        }
        assert_eq!(masked("hunter2"), None);
    }

    #[test]
    fn what_only_begins_like_one_is_none() {
        let text = sealed().to_text();
        for other in [
            "sealed:1:hunter2",
            "sealed:1:00c0ffee:hunter2",
            "sealed:1:00C0FFEE:q6urq6urq6ur",
            "hunter2",
            "",
            &text.replace(":1:", ":2:"),
            &text.replace("00c0ffee", "c0ffee"),
            &format!("{text} and more"),
        ] {
            assert!(!is_sealed(other) && fingerprint(other).is_none(), "{other}");
            assert_eq!(Sealed::parse(other), None, "{other}");
        }
    }
}
