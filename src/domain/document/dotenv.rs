//! Dotenv files as names with texts: what shells, compose files and the well-known readers agree on.
//!
//! `NAME=text`, with or without `export`. Single quotes keep everything as it is, double quotes know escapes; both may
//! go over several lines. Unquoted, a text ends at ` #`. Nothing is expanded here: that is interpolation's work.

use super::Source;
use super::pair::{Pair, path};
use crate::domain::error::Result;

pub(super) fn read(source: &Source<'_>) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    let mut at = 0;
    while at < source.text.len() {
        let rest = &source.text[at..];
        let line = rest.split('\n').next().unwrap_or(rest);
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            at += line.len() + 1;
            continue;
        }
        let (pair, end) = pair(source, at, line)?;
        pairs.push(pair);
        at = end;
    }
    Ok(pairs)
}

/// The pair that begins on this line, and where the line after it begins.
fn pair(source: &Source<'_>, at: usize, line: &str) -> Result<(Pair, usize)> {
    let exported = line.trim_start().strip_prefix("export").and_then(|rest| {
        let name = rest.trim_start();
        (name.len() < rest.len()).then_some(name)
    });
    let begun = exported.unwrap_or(line.trim_start());
    let start = at + line.len() - begun.len();
    let named = begun.split_once('=').map(|(name, _)| (name.trim_end(), start + name.len() + 1));
    let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
    let Some((name, sign)) = named.filter(|(name, _)| is_name(name)) else {
        return Err(source.wrong_at(start, "the line has no NAME=text and is no comment").hint(
            "Write NAME=text; a text of several lines stands in quotes, and a comment begins with #.",
        ));
    };
    let path = path(source, &[name], start)?;
    let rest = &source.text[sign..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let begin = sign + blank;
    let (text, end) = match source.text[begin..].chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(source, begin, quote)?,
        // A text may be missing altogether, with a comment in its place.
        _ => unquoted(&source.text[sign..], sign, begin),
    };
    let after = &source.text[end..];
    let tail = after.split('\n').next().unwrap_or(after);
    if !tail.trim().is_empty() && !tail.trim_start().starts_with('#') {
        return Err(source
            .wrong_at(end, "something stands behind the quoted text")
            .hint("Put all of the text into the quotes, or a # before a comment."));
    }
    let span = begin.min(end)..end;
    Ok((Pair { path, text, start, span }, end + tail.len() + 1))
}

/// The text up to the closing quote, and where what follows begins.
fn quoted(source: &Source<'_>, begin: usize, quote: char) -> Result<(String, usize)> {
    let mut text = String::new();
    let mut chars = source.text[begin + 1..].char_indices();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Ok((text, begin + 1 + at + 1));
        }
        if c != '\\' || quote == '\'' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some((_, 'n')) => text.push('\n'),
            Some((_, 'r')) => text.push('\r'),
            Some((_, 't')) => text.push('\t'),
            Some((_, c @ ('"' | '\\' | '$' | '\'' | '`'))) => text.push(c),
            Some((_, other)) => text.extend(['\\', other]),
            None => break,
        }
    }
    Err(source
        .wrong_at(begin, "the quote is not closed")
        .hint("Close it, or quote it with the other quotes."))
}

/// The text up to a comment or the line's end, and where it ends.
fn unquoted(rest: &str, sign: usize, begin: usize) -> (String, usize) {
    let line = rest.split('\n').next().unwrap_or(rest);
    let comment = line.match_indices('#').map(|(at, _)| at).find(|at| line[..*at].ends_with([' ', '\t']));
    let text = line[..comment.unwrap_or(line.len())].trim();
    let end = if text.is_empty() { sign } else { begin + text.len() };
    (text.to_owned(), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<(String, String)>> {
        let pairs = read(&Source { name: ".env", text })?;
        Ok(pairs.into_iter().map(|pair| (pair.path.as_str().to_owned(), pair.text)).collect())
    }

    #[test]
    fn a_line_is_a_name_with_its_text() {
        for (line, name, text) in [
            ("A=b", "A", "b"),
            ("  export A=b", "A", "b"),
            ("export\tA = b c \r", "A", "b c"),
            ("exported=1", "exported", "1"),
            ("A=", "A", ""),
            ("A= # nothing", "A", ""),
            ("A=b # comment", "A", "b"),
            ("A=b#c", "A", "b#c"),
            ("A=#b", "A", "#b"),
            ("A='b # \\n ${C}' # comment", "A", "b # \\n ${C}"),
            ("A=\"b\\n\\t\\\"c\\\" \\$ \\d\"", "A", "b\n\t\"c\" $ \\d"),
            ("A=\"one\ntwo\"", "A", "one\ntwo"),
            ("A=b'c'", "A", "b'c'"),
            ("A=b=c", "A", "b=c"),
            ("server.port=1", "server.port", "1"),
            ("A={\"x\": [1]}", "A", "{\"x\": [1]}"),
        ] {
            let all = read_text(&format!("# head\n\n{line}\nZ=1\n")).unwrap();
            assert_eq!(all[0], (name.to_owned(), text.to_owned()), "{line:?}");
            assert_eq!(all[1].0, "Z", "{line:?}");
        }
    }

    #[test]
    fn what_is_no_line_of_dotenv_is_refused_with_its_place() {
        for (line, place) in [
            ("A", "line 2, column 1: the line has no NAME=text"),
            ("export A", "line 2, column 8: the line has no NAME=text"),
            ("A B=1", "line 2, column 1"),
            ("=1", "line 2, column 1"),
            ("A=\"open", "line 2, column 3: the quote is not closed"),
            ("A='b' c", "line 2, column 6: something stands behind"),
            ("A=\"b\\", "line 2, column 3: the quote is not closed"),
        ] {
            let message = read_text(&format!("X=1\n{line}")).unwrap_err().message;
            assert!(message.contains(place), "{message}");
        }
    }

    #[test]
    fn a_pair_knows_where_it_stands() {
        let text = "A= x y # c\nexport B= 'q' # d\nC=   # e\n";
        let pairs = read(&Source { name: "x", text }).unwrap();
        let written: Vec<_> = pairs.iter().map(|pair| &text[pair.span.clone()]).collect();
        assert_eq!(written, ["x y", "'q'", ""]);
        assert_eq!(&text[pairs[2].span.end - 2..][..3], "C= ");
    }
}
