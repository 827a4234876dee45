//! Java's properties as names with texts, by the rules of `java.util.Properties`.
//!
//! What must stay true: whatever Java reads is read as Java does, in UTF-8; only a key given twice, of which Java would
//! keep the last, is refused later on.

use super::Source;
use super::pair::{Pair, path};
use crate::domain::error::{Error, Result};

pub(super) fn read(source: &Source<'_>) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    let mut at = 0;
    loop {
        let rest = &source.text[at..];
        let start = at + rest.len() - rest.trim_start_matches(is_blank).len();
        match source.text[start..].chars().next() {
            None => return Ok(pairs),
            Some('\n' | '\r') => at = start + 1,
            Some('#' | '!') => {
                let rest = &source.text[start..];
                at = start + rest.find(['\n', '\r']).unwrap_or(rest.len());
            }
            Some(_) => {
                let mut cursor = Cursor { source, at: start };
                pairs.push(cursor.pair()?);
                at = cursor.at;
            }
        }
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

/// Walks through one logical line: over the ends of lines that a backslash joins, and through the escapes.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    source: &'a Source<'a>,
    at: usize,
}

impl Cursor<'_> {
    fn pair(&mut self) -> Result<Pair> {
        let start = self.at;
        let name = self.collect(|c| matches!(c, '=' | ':') || is_blank(c))?;
        self.skip(is_blank)?;
        let mut ahead = *self;
        if matches!(ahead.take()?, Some(('=' | ':', false))) {
            *self = ahead;
            self.skip(is_blank)?;
        }
        let begin = self.at;
        let text = self.collect(|_| false)?;
        Ok(Pair { path: path(self.source, &[&name], start)?, text, start, span: begin..self.at })
    }

    /// What stands before the first unescaped character of this kind, or before the line's end.
    fn collect(&mut self, ends: impl Fn(char) -> bool) -> Result<String> {
        let mut text = String::new();
        loop {
            let mut ahead = *self;
            match ahead.take()? {
                Some((c, escaped)) if escaped || !ends(c) => text.push(c),
                Some(_) => return Ok(text),
                None => {
                    *self = ahead;
                    return Ok(text);
                }
            }
            *self = ahead;
        }
    }

    fn skip(&mut self, what: impl Fn(char) -> bool) -> Result<()> {
        let mut ahead = *self;
        while let Some((c, false)) = ahead.take()? {
            if !what(c) {
                break;
            }
            *self = ahead;
        }
        Ok(())
    }

    /// The next character and whether it was escaped; nothing at the end of the logical line.
    fn take(&mut self) -> Result<Option<(char, bool)>> {
        loop {
            let rest = &self.source.text[self.at..];
            let mut chars = rest.chars();
            match chars.next() {
                None | Some('\n' | '\r') => return Ok(None),
                Some('\\') => {}
                Some(c) => {
                    self.at += c.len_utf8();
                    return Ok(Some((c, false)));
                }
            }
            let after = chars.as_str();
            let join = ["\r\n", "\n", "\r"].into_iter().find(|end| after.starts_with(end));
            if let Some(end) = join {
                let next = &after[end.len()..];
                self.at += rest.len() - next.trim_start_matches(is_blank).len();
                continue;
            }
            let Some(escaped) = chars.next() else {
                self.at += 1;
                return Ok(None);
            };
            if escaped == 'u' {
                return self.unicode().map(|c| Some((c, true)));
            }
            self.at += 1 + escaped.len_utf8();
            let meant = match escaped {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                'f' => '\u{c}',
                other => other,
            };
            return Ok(Some((meant, true)));
        }
    }

    /// `\uXXXX`, or two of them where one character needs a pair.
    fn unicode(&mut self) -> Result<char> {
        let wrong = |what: &str| -> Error {
            self.source
                .wrong_at(self.at, what)
                .hint("Write four hexadecimal digits after \\u, or the character itself.")
        };
        let first =
            self.unit(self.at).ok_or_else(|| wrong("\\u is not followed by four hexadecimal digits"))?;
        let (read, units) = match self.unit(self.at + 6).filter(|_| (0xD800..0xDC00).contains(&first)) {
            Some(second) => (char::decode_utf16([first, second]).next(), 2),
            None => (char::decode_utf16([first]).next(), 1),
        };
        let c = read.and_then(|c| c.ok()).ok_or_else(|| wrong("\\u names half of a surrogate pair"))?;
        self.at += 6 * units;
        Ok(c)
    }

    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.source.text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<(String, String)>> {
        let pairs = read(&Source { name: "x.properties", text })?;
        Ok(pairs.into_iter().map(|pair| (pair.path.as_str().to_owned(), pair.text)).collect())
    }

    #[test]
    fn a_line_is_read_as_java_reads_it() {
        for (line, name, text) in [
            ("a=b", "a", "b"),
            ("  a  =  b  ", "a", "b  "),
            ("a:b", "a", "b"),
            ("a b", "a", "b"),
            ("a = = b", "a", "= b"),
            ("a \t:\u{c}b", "a", "b"),
            ("a", "a", ""),
            ("a=", "a", ""),
            ("a\\ b=c", "\"a b\"", "c"),
            ("a\\=b\\:c=d", "\"a=b:c\"", "d"),
            ("a.b[0]=x", "a.\"b[0]\"", "x"),
            ("a=1, \\\n   2, \\\r\n\t3", "a", "1, 2, 3"),
            ("a \\\n = b", "a", "b"),
            ("a=b\\\\", "a", "b\\"),
            ("a=b\\", "a", "b"),
            ("a=\\u00e4\\ud83d\\ude00\\t\\n\\q\\#", "a", "ä😀\t\nq#"),
            ("a=#no comment!", "a", "#no comment!"),
            (".level= INFO", "\".level\"", "INFO"),
        ] {
            let text_of_all = format!("# one\r\n! two \\\n\n{line}\n");
            assert_eq!(read_text(&text_of_all).unwrap(), [(name.to_owned(), text.to_owned())], "{line:?}");
        }
        assert_eq!(read_text("# c\ra=1\rb=2").unwrap().len(), 2, "a lone carriage return ends a line");
    }

    #[test]
    fn an_escape_that_is_none_is_refused_with_its_place() {
        for text in ["a=1\nb=\\u12", "a=1\nb=\\u00zz", "a=1\nb=\\ud83d", "a=1\nb=\\ude00x", "a=1\nb=\\u+123"]
        {
            let message = read_text(text).unwrap_err().message;
            assert!(message.starts_with("x.properties, line 2, column 3: \\u"), "{message}");
        }
    }

    #[test]
    fn a_pair_knows_where_it_stands() {
        let text = "x=1\n  a.b : 1, \\\n   2\ny";
        let pairs = read(&Source { name: "x", text }).unwrap();
        assert_eq!(&text[pairs[1].start..][..3], "a.b");
        assert_eq!(&text[pairs[1].span.clone()], "1, \\\n   2");
        assert_eq!(pairs[2].span, text.len()..text.len());
    }
}
