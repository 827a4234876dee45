//! The keys that values are sealed with, the newest first. See [`file`] for where they are kept.
//!
//! What must stay true: a key is never shown, not in errors and not by `Debug`, and is wiped from memory when it is
//! dropped; a key's name follows from the key, so that a key file in which a bit was flipped is found out.

pub mod file;

use super::seal::authenticate;
use crate::domain::change::hex;
use crate::domain::sealed::is_key_name;
use std::fmt;
use zeroize::Zeroizing;

/// The first line of a key file: what it is, and the number of its form.
const FIRST: &str = "cfgctl keys 1";
const NOTE: &str =
    "# The newest key is first. Keep this file apart from every backup: both together open every secret.";
/// The most keys of one file.
const MOST: usize = 100;

/// A key, and its name.
pub struct Key {
    id: String,
    bytes: Zeroizing<[u8; 32]>,
}

/// The keys of one instance: the newest seals, all of them open. There is always one.
pub struct Keyring {
    newest: Key,
    older: Vec<Key>,
}

impl Key {
    fn new(bytes: [u8; 32]) -> Key {
        let bytes = Zeroizing::new(bytes);
        let name = authenticate(bytes.as_slice(), &[b"cfgctl key name"]);
        Key { id: hex(&name[..4]), bytes }
    }

    /// The key's name: eight hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key of this key's for one purpose.
    pub(super) fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        authenticate(self.bytes.as_slice(), &[purpose])
    }
}

impl Keyring {
    /// A keyring of one key, made of 32 random bytes.
    pub fn new(random: [u8; 32]) -> Keyring {
        Keyring { newest: Key::new(random), older: Vec::new() }
    }

    /// The key that seals.
    pub fn newest(&self) -> &Key {
        &self.newest
    }

    /// The key of that name.
    pub fn find(&self, id: &str) -> Option<&Key> {
        self.all().find(|key| key.id == id)
    }

    /// Every key's name, the newest first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.all().map(Key::id)
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    /// Puts a key in front of the others.
    fn push(&mut self, random: [u8; 32]) {
        let former = std::mem::replace(&mut self.newest, Key::new(random));
        self.older.insert(0, former);
    }

    /// The text of a key file.
    fn to_text(&self) -> Zeroizing<String> {
        // Room for all of it at once: a text that grows leaves its former self behind in memory.
        let mut text = Zeroizing::new(String::with_capacity(200 + 100 * (1 + self.older.len())));
        text.push_str(&format!("{FIRST}\n{NOTE}\n"));
        for key in self.all() {
            let digits = Zeroizing::new(hex(key.bytes.as_slice()));
            for part in [key.id.as_str(), " ", &digits, "\n"] {
                text.push_str(part);
            }
        }
        text
    }

    /// Reads the text of a key file. The error says which line is wrong and how, and repeats nothing of it.
    fn parse(text: &str) -> Result<Keyring, String> {
        let mut lines = text.lines().zip(1..);
        match lines.next() {
            Some((FIRST, _)) => {}
            Some((first, _)) if first.starts_with("cfgctl keys ") => {
                return Err("it is of a form that this program does not know".into());
            }
            _ => return Err(format!("it does not begin with {FIRST:?}")),
        }
        let mut keys: Vec<Key> = Vec::new();
        for (line, at) in lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#')) {
            let named = line.split_once(' ').filter(|(id, _)| is_key_name(id));
            let bytes = named.and_then(|(_, digits)| unhex(digits));
            let (Some((id, _)), Some(bytes)) = (named, bytes) else {
                return Err(format!("line {at} is no key"));
            };
            let key = Key::new(*bytes);
            if key.id != id {
                return Err(format!("line {at} was altered: the key {id} is another one now"));
            }
            if keys.iter().any(|known| known.id == key.id) {
                return Err(format!("line {at} holds the key {id} again"));
            }
            keys.push(key);
        }
        if keys.is_empty() || keys.len() > MOST {
            return Err(format!("it holds {} keys, and must hold 1 to {MOST}", keys.len()));
        }
        let newest = keys.remove(0);
        Ok(Keyring { newest, older: keys })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

fn unhex(digits: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digits = digits.as_bytes();
    let mut bytes = Zeroizing::new([0; 32]);
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Keyring {
        let mut keys = Keyring::new([1; 32]);
        keys.push([2; 32]);
        keys.push([3; 32]);
        keys
    }

    #[test]
    fn a_keyring_is_read_as_it_was_written_the_newest_first() {
        let text = three().to_text();
        let read = Keyring::parse(&text).unwrap();
        assert!(read.ids().eq(three().ids()));
        assert_eq!(read.newest().id(), Keyring::new([3; 32]).newest().id());
        assert_eq!(read.find(Keyring::new([1; 32]).newest().id()).unwrap().bytes[..], [1; 32]);
        assert!(read.find("00000000").is_none());
        assert_eq!(*read.to_text(), *text);
    }

    #[test]
    fn no_key_is_ever_shown() {
        let shown = format!("{:?} {:#?}", three(), three().newest());
        assert!(!shown.contains("0303") && !shown.contains("3, 3"), "{shown}");
        assert!(shown.contains(three().newest().id()));
    }

    #[test]
    fn a_damaged_text_is_told_by_its_line_and_never_repeated() {
        let whole = three().to_text();
        let digits = "03".repeat(32);
        for (text, says) in [
            (whole.replace(&digits, &format!("1{}", &digits[1..])), "line 3 was altered"),
            (whole.replace(&digits, &digits[..62]), "line 3 is no key"),
            (whole.replace(&digits, &"x".repeat(64)), "line 3 is no key"),
            (whole.replace("keys 1", "keys 2"), "does not know"),
            ("hunter2".to_owned(), "does not begin with"),
            (String::new(), "does not begin with"),
            (format!("{FIRST}\n"), "holds 0 keys"),
            (format!("{}{}", *whole, whole.lines().last().unwrap()), "line 6 holds the key"),
        ] {
            let told = Keyring::parse(&text).unwrap_err();
            assert!(told.contains(says), "{told}");
            assert!(!told.contains("hunter2") && !told.contains("0303"), "{told}");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.as_bytes().to_vec();
            bytes[at] ^= 1;
            let _ = Keyring::parse(&String::from_utf8_lossy(&bytes));
        }
    }
}
