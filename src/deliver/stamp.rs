//! The stamp on what is delivered: which instance it comes from, which version, which content.
//!
//! What must stay true: whoever writes a stamp can be told by reading it back; what is not surely a stamp is none.

use crate::domain::service::Stamping;
use crate::domain::value::Value;
use serde::{Deserialize, Serialize};

/// What a stamp begins with.
const MARK: &str = "cfgctl:";

/// Where something delivered comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The instance's name.
    pub instance: String,
    /// The version of its values.
    pub version: i64,
    /// What changes when the values do.
    pub hash: String,
}

impl Stamp {
    /// The stamp as text: `cfgctl: instance=billing version=12 hash=0a1b`.
    pub fn text(&self) -> String {
        format!("{MARK} instance={} version={} hash={}", self.instance, self.version, self.hash)
    }

    /// The stamp that a text is, nothing where it is none.
    pub fn parse(text: &str) -> Option<Stamp> {
        let mut words = text.trim().strip_prefix(MARK)?.split_whitespace();
        let mut next = |name: &str| Some(words.next()?.strip_prefix(name)?.strip_prefix('=')?.to_owned());
        let (instance, version, hash) = (next("instance")?, next("version")?, next("hash")?);
        Some(Stamp { instance, version: version.parse().ok()?, hash })
    }

    /// The stamp on these bytes, where they bear one.
    pub fn of(bytes: &[u8], stamping: &Stamping) -> Option<Stamp> {
        match stamping {
            Stamping::Comment(sign) => {
                let first = bytes.split(|b| *b == b'\n').next()?;
                Stamp::parse(std::str::from_utf8(first).ok()?.trim_start().strip_prefix(sign.as_str())?)
            }
            Stamping::Key(key) => {
                let document: Value = serde_json::from_slice(bytes).ok()?;
                Stamp::parse(document.get(key)?.as_str()?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_where_it_was_written_and_nowhere_else() {
        let stamp = Stamp { instance: "billing".to_owned(), version: 12, hash: "0a1b".to_owned() };
        let text = stamp.text();
        let (comment, key) = (Stamping::Comment("#".to_owned()), Stamping::Key("_from".to_owned()));
        for (bytes, stamping, found) in [
            (format!("# {text}\na: 1\n"), &comment, true),
            (format!("#{text}\r\n"), &comment, true),
            (format!("a: 1\n# {text}\n"), &comment, false),
            (format!("// {text}\n"), &comment, false),
            ("# cfgctl: instance=billing version=x hash=1\n".to_owned(), &comment, false),
            ("# cfgctl is good\n".to_owned(), &comment, false),
            (String::new(), &comment, false),
            (format!("{{\"_from\": \"{text}\"}}"), &key, true),
            (format!("{{\"other\": \"{text}\"}}"), &key, false),
            ("{".to_owned(), &key, false),
        ] {
            assert_eq!(Stamp::of(bytes.as_bytes(), stamping), found.then(|| stamp.clone()), "{bytes}");
        }
    }
}
