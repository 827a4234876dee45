//! Where the parts of a JSON document stand.

use super::{Form, Lines, Place};

/// The top's place. The text is known to be JSON; of one that is not, the places mean nothing.
pub(super) fn place(text: &str, lines: &Lines) -> Place {
    let mut walk = Walk { text, lines, at: 0 };
    walk.blank();
    walk.value(1, 0..0)
}

struct Walk<'a> {
    text: &'a str,
    lines: &'a Lines,
    at: usize,
}

impl Walk<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(b'}')
    }

    fn blank(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r' | b',' | b':') {
            self.at += 1;
        }
    }

    fn value(&mut self, line: u32, key: std::ops::Range<usize>) -> Place {
        let start = self.at;
        let mut place = Place::new(line, key, start..start, Form::Inline);
        match self.peek() {
            b'{' => {
                self.at += 1;
                self.blank();
                while self.peek() == b'"' {
                    let begin = self.at;
                    self.string();
                    let key = begin..self.at;
                    let name = self.text.get(key.clone()).and_then(|name| serde_json::from_str(name).ok());
                    self.blank();
                    let below = self.value(self.lines.line(begin), key);
                    place.fields.insert(name.unwrap_or_default(), below);
                    self.blank();
                }
                self.at += 1;
            }
            b'[' => {
                self.at += 1;
                self.blank();
                while !matches!(self.peek(), b']' | b'}') {
                    self.value(line, start..start);
                    self.blank();
                }
                self.at += 1;
            }
            b'"' => self.string(),
            _ => {
                let ends = |b: &u8| b",:]} \t\r\n".contains(b);
                let rest = self.text.as_bytes().get(start..).unwrap_or_default();
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        place.span = start..self.at;
        place
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            self.at += if *byte == b'\\' { 2 } else { 1 };
            if *byte == b'"' {
                return;
            }
        }
    }
}
