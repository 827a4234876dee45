//! Values and secrets from the environment, which is a parameter.
//!
//! What must stay true: no message holds a variable's value.

use super::regular::{self, Links};
use super::secret::Secret;
use crate::domain::error::{Error, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use zeroize::Zeroizing;

/// The longest secret, in bytes.
pub const LONGEST_SECRET: u64 = 64 * 1024;

/// The variables whose names begin so, by name. `invalid` where one of them is not UTF-8.
pub fn variables(
    prefix: &str,
    of: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<(String, String)>> {
    let mut found = BTreeMap::new();
    for (name, value) in of {
        let shown = name.to_string_lossy().into_owned();
        if !shown.starts_with(prefix) {
            continue;
        }
        if name.to_str().is_none() {
            return Err(Error::invalid(format!("The name of the variable {shown:?} is not UTF-8."))
                .hint("Rename it, or unset it."));
        }
        let value = value.into_string().map_err(|_| not_utf8(&shown))?;
        // Where one stands there twice, the first is what every program finds.
        found.entry(shown).or_insert(value);
    }
    Ok(found.into_iter().collect())
}

fn not_utf8(name: &str) -> Error {
    Error::invalid(format!("The variable {name} is not UTF-8."))
        .hint("Set it to text; for other bytes, keep them in a file or encode them.")
}

/// The secret in the file that a variable with a name in `_FILE` names. A newline at its end does not count.
pub fn secret_file(variable: &str, place: &Path) -> Result<Secret> {
    let named = place.display().to_string();
    let bytes = regular::read(place, &named, LONGEST_SECRET, Links::Followed).map_err(|mut error| {
        error.message = format!("The variable {variable} names a file: {}", error.message);
        error
    })?;
    of_bytes(bytes).ok_or_else(|| {
        Error::invalid(format!("The file {named}, which the variable {variable} names, is not UTF-8."))
            .hint("Keep text in it.")
    })
}

/// The secret that a variable holds. `not-found` where there is none, or an empty one.
pub(super) fn secret(name: &str, lookup: &dyn Fn(&str) -> Option<OsString>) -> Result<Secret> {
    let value = lookup(name).filter(|value| !value.is_empty()).ok_or_else(|| {
        Error::not_found(format!("The variable {name}, which a secret is to come from, is not set."))
            .hint(format!("Set it where cfgctl runs: export {name}=…"))
    })?;
    value.into_string().map(Secret::new).map_err(|_| not_utf8(name))
}

/// A secret as a file or a program gives it: text, of which one newline at the end does not count.
pub(super) fn of_bytes(bytes: Vec<u8>) -> Option<Secret> {
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).ok()?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    Some(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    fn pair(name: &[u8], value: &[u8]) -> (OsString, OsString) {
        (OsString::from_vec(name.to_vec()), OsString::from_vec(value.to_vec()))
    }

    #[test]
    fn variables_come_by_prefix_and_name_and_the_first_of_two_counts() {
        let of = [
            pair(b"APP_PORT", b"1"),
            pair(b"PATH", b"/bin"),
            pair(b"OTHER\xff", b"\xff"),
            pair(b"APP_", b""),
            pair(b"APP_HOST", b"a=b"),
            pair(b"APP_PORT", b"2"),
        ];
        let expected = [("APP_", ""), ("APP_HOST", "a=b"), ("APP_PORT", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(variables("APP_", of).unwrap(), expected);
    }

    #[test]
    fn a_variable_that_is_no_text_is_named_and_its_value_is_not() {
        let error = variables("APP_", [pair(b"APP_KEY", b"canary\xff")]).unwrap_err();
        assert!(error.message.contains("APP_KEY") && !error.message.contains("canary"), "{}", error.message);
        assert!(variables("APP_", [pair(b"APP_\xff", b"canary")]).unwrap_err().message.contains("APP_"));
        let lookup = |_: &str| Some(OsString::from_vec(b"canary\xff".to_vec()));
        assert!(!secret("A", &lookup).unwrap_err().message.contains("canary"));
    }

    #[test]
    fn a_secret_is_the_whole_content_but_for_one_newline() {
        for (bytes, text) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a \n", " a "),
            ("", ""),
            ("a\r", "a\r"),
        ] {
            assert_eq!(of_bytes(bytes.into()).unwrap().reveal(), text, "{bytes:?}");
        }
        assert!(of_bytes(vec![0xff]).is_none());
    }

    #[test]
    fn a_secret_file_is_small_text_and_the_variable_is_named_where_it_is_not() {
        let place = std::env::temp_dir().join(format!("cfgctl-secret-file-{}", std::process::id()));
        std::fs::write(&place, "canary\n").unwrap();
        assert_eq!(secret_file("DB_FILE", &place).unwrap().reveal(), "canary");
        std::fs::write(&place, b"canary\xff").unwrap();
        let wrong = secret_file("DB_FILE", &place).unwrap_err().message;
        assert!(wrong.contains("DB_FILE") && !wrong.contains("canary"), "{wrong}");
        std::fs::write(&place, "c".repeat(64 * 1024 + 1)).unwrap();
        assert!(secret_file("DB_FILE", &place).unwrap_err().message.contains("longer than 65536 bytes"));
        std::fs::remove_file(&place).unwrap();
        assert!(secret_file("DB_FILE", &place).unwrap_err().message.contains("There is no file"));
    }
}
