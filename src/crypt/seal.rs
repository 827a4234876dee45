//! Values sealed with a key, bound to their store and their path.
//!
//! A value is encrypted with XChaCha20-Poly1305 (RFC 8439 with the 24-byte nonce of draft-irtf-cfrg-xchacha). The nonce
//! is synthetic, after the idea of RFC 5297: HMAC-SHA-256 of the place and the value, cut to 24 bytes. The associated
//! data, the place, is the store's id, a zero byte and the canonical path. Nonce and encryption have keys of their own,
//! each HMAC-SHA-256 of the key in the file over a label.
//!
//! What must stay true: the same value at the same path under the same key gives the same text, so that hashes, the
//! check whether anything changes, and comparing need no key; no nonce is ever used for two values, because it follows
//! from the value; a text that was moved to another path or store, or altered, does not open; no message holds a value.
//!
//! Its limit: whoever reads the store sees which values of one path are equal, and how long each is.

use super::keys::{Key, Keyring};
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::sealed::{NONCE, Sealed};
use crate::domain::value::{Value, canonical};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use crate::domain::sealed::{fingerprint, is_sealed};

const ENCRYPTION: &[u8] = b"cfgctl seal 1 encryption";
const SYNTHETIC: &[u8] = b"cfgctl seal 1 nonce";

/// Seals a value for its place with the newest key.
pub fn seal(keys: &Keyring, store: &str, path: &Path, value: &Value) -> Result<String> {
    let key = keys.newest();
    let place = place(store, path);
    let plain = Zeroizing::new(canonical(value).into_bytes());
    let nonce = nonce(key, &place, &plain);
    let content = cipher(key)
        .encrypt(&XNonce::from(nonce), Payload { msg: &plain, aad: &place })
        .map_err(|_| Error::internal(format!("The value of {path} could not be sealed.")))?;
    Ok(Sealed { key: key.id().to_owned(), nonce, content }.to_text())
}

/// Opens a sealed value at its place. `integrity` where no key opens it, or it was moved or altered.
pub fn open(keys: &Keyring, store: &str, path: &Path, text: &str) -> Result<Value> {
    let sealed = Sealed::parse(text).ok_or_else(|| damaged(path))?;
    let key = keys.find(&sealed.key).ok_or_else(|| {
        Error::integrity(format!(
            "The value of {path} is sealed with the key {}, which the key file does not hold.",
            sealed.key
        ))
        .hint("Put the key file back that holds it, then look: cfgctl doctor")
    })?;
    let place = place(store, path);
    let payload = Payload { msg: &sealed.content, aad: &place };
    let plain = cipher(key).decrypt(&XNonce::from(sealed.nonce), payload).map_err(|_| damaged(path))?;
    let plain = Zeroizing::new(plain);
    // A fingerprint that does not follow from the value would let two equal values look different.
    if nonce(key, &place, &plain) != sealed.nonce {
        return Err(damaged(path));
    }
    serde_json::from_slice(&plain).map_err(|_| damaged(path))
}

fn damaged(path: &Path) -> Error {
    Error::integrity(format!(
        "The sealed value of {path} does not open: it was altered, or sealed for another path or store."
    ))
    .hint(format!("Look at where it came from: cfgctl history {path:#}"))
}

fn place(store: &str, path: &Path) -> Vec<u8> {
    [store.as_bytes(), path.as_str().as_bytes()].join(&0)
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(*key.derive(ENCRYPTION)).into())
}

/// The place counts with its length, so that no part of a value can be taken for a part of its place.
fn nonce(key: &Key, place: &[u8], plain: &[u8]) -> [u8; NONCE] {
    let length = (place.len() as u64).to_be_bytes();
    let whole = authenticate(key.derive(SYNTHETIC).as_slice(), &[&length, place, plain]);
    let mut nonce = [0; NONCE];
    nonce.copy_from_slice(&whole[..NONCE]);
    nonce
}

/// HMAC-SHA-256 over the parts, one after the other.
pub(super) fn authenticate(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    // A key of any length is fit for HMAC, so this never takes the empty way.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Zeroizing::new([0; 32]) };
    parts.iter().for_each(|part| mac.update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;
    use proptest::prelude::*;
    use serde_json::json;

    const STORE: &str = "01JD7Y0000000000000000000A";

    fn keys(byte: u8) -> Keyring {
        Keyring::new([byte; 32])
    }

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_at_its_place() {
        for value in [json!("hunter2"), json!(""), json!(4711), json!(["a", {"b": null}]), json!("ü\u{0}\n")]
        {
            let text = seal(&keys(1), STORE, &path("database.password"), &value).unwrap();
            assert!(is_sealed(&text) && !text.contains("hunter2"), "{text}");
            assert_eq!(open(&keys(1), STORE, &path("database.password"), &text).unwrap(), value);
        }
    }

    #[test]
    fn equal_values_at_one_path_are_equal_texts_and_others_are_not() {
        let of = |key: u8, store: &str, at: &str, value: &str| {
            seal(&keys(key), store, &path(at), &json!(value)).unwrap()
        };
        let first = of(1, STORE, "a.b", "hunter2");
        assert_eq!(first, of(1, STORE, "a.b", "hunter2"));
        for other in [
            of(1, STORE, "a.b", "hunter3"),
            of(1, STORE, "a.c", "hunter2"),
            of(1, "another", "a.b", "hunter2"),
            of(2, STORE, "a.b", "hunter2"),
        ] {
            assert_ne!(fingerprint(&first), fingerprint(&other));
        }
        assert_eq!(fingerprint(&first).unwrap().len(), 12);
    }

    #[test]
    fn the_text_of_a_sealed_value_stays_what_it_is() {
        // Another text would make every store look changed: form, labels and order are a promise.
        let text = seal(&keys(7), STORE, &path("database.password"), &json!("hunter2")).unwrap();
        assert_eq!(
            text,
            "sealed:1:2ca7cc16:vF-b6vTZ2UiSAwaOzPwSqW72IgUXQHNn-x1Q0Nrs4lB5sMX00Ggp17MG2AGqY3NdgQ"
        );
    }

    #[test]
    fn a_sealed_value_that_was_moved_does_not_open() {
        let text = seal(&keys(1), STORE, &path("a.b"), &json!("hunter2")).unwrap();
        for (store, at) in [(STORE, "a.c"), ("another", "a.b"), (STORE, "b")] {
            let error = open(&keys(1), store, &path(at), &text).unwrap_err();
            assert_eq!(error.code, Code::Integrity);
            assert!(error.message.contains(&format!("of {at} does not open")), "{}", error.message);
        }
    }

    #[test]
    fn a_key_that_is_not_there_is_named() {
        let text = seal(&keys(1), STORE, &path("a.b"), &json!("hunter2")).unwrap();
        let error = open(&keys(2), STORE, &path("a.b"), &text).unwrap_err();
        let id = keys(1).newest().id().to_owned();
        assert!(error.code == Code::Integrity && error.message.contains(&id), "{}", error.message);
    }

    #[test]
    fn an_altered_text_does_not_open_wherever_it_was_altered() {
        let text = seal(&keys(1), STORE, &path("a.b"), &json!("hunter2")).unwrap();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let error = open(&keys(1), STORE, &path("a.b"), &String::from_utf8(bytes).unwrap()).unwrap_err();
            assert_eq!(error.code, Code::Integrity, "{at}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        for cut in 0..text.len() {
            assert!(open(&keys(1), STORE, &path("a.b"), &text[..cut]).is_err(), "{cut}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn sealed_values_are_equal_and_hash_alike_just_where_the_values_do(a in "[ab]{0,3}", b in "[ab]{0,3}") {
            let (keys, path) = (keys(3), path("a.b"));
            let sealed = |value: &str| seal(&keys, STORE, &path, &json!(value)).unwrap();
            let leaf = |text: &str| crate::domain::tree::leaf_of_text(path.as_str(), &canonical(&json!(text)));
            prop_assert_eq!(sealed(&a) == sealed(&b), a == b);
            prop_assert_eq!(leaf(&sealed(&a)) == leaf(&sealed(&b)), a == b);
        }

        #[test]
        fn any_text_opens_as_it_was_sealed_and_no_other_text_opens(value in ".{0,200}", other in ".{0,200}") {
            let (keys, path) = (keys(3), path("a.b"));
            let text = seal(&keys, STORE, &path, &json!(value)).unwrap();
            prop_assert_eq!(open(&keys, STORE, &path, &text).unwrap(), json!(value));
            prop_assert!(open(&keys, STORE, &path, &other).is_err());
        }
    }
}
