//! INI as names with texts.
//!
//! There are as many INIs as programs that read them; this one takes what they share and refuses the rest. A section's
//! name is a path, and its keys lie below it. `=` or `:` ends a key, whichever comes first. `;` and `#` begin a comment
//! only where a line begins, since values hold both. Quotes around a whole value come off, and nothing is an escape.
//! A section may come again, a key may not. A line that is none of these is refused: no line goes on on the next.

use super::Source;
use super::pair::{Pair, path};
use crate::domain::error::Result;

pub(super) fn read(source: &Source<'_>) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    let mut section: Option<&str> = None;
    let mut next = 0;
    for line in source.text.split_inclusive('\n') {
        let content = line.trim();
        let start = next + (line.len() - line.trim_start().len());
        next += line.len();
        if content.is_empty() || content.starts_with([';', '#']) {
            continue;
        }
        if let Some(rest) = content.strip_prefix('[') {
            let name = section_name(rest).map(str::trim).filter(|name| !name.is_empty());
            section = Some(name.ok_or_else(|| {
                source.wrong_at(start, "the section's name is not there, or not closed").hint("Write [name].")
            })?);
            continue;
        }
        let parted = content.find(['=', ':']).map(|at| (content[..at].trim_end(), at + 1));
        let Some((name, after)) = parted.filter(|(name, _)| !name.is_empty()) else {
            return Err(source
                .wrong_at(start, "the line is no section, no key with a value and no comment")
                .hint("Write it as key = value, all on one line."));
        };
        let written = content[after..].trim_start();
        let names: Vec<&str> = section.into_iter().chain([name]).collect();
        let end = start + content.len();
        pairs.push(Pair {
            path: path(source, &names, start)?,
            text: unquoted(written).to_owned(),
            start,
            span: end - written.len()..end,
        });
    }
    Ok(pairs)
}

/// What stands before the bracket that closes the section; nothing but a comment may follow it.
fn section_name(rest: &str) -> Option<&str> {
    rest.match_indices(']').map(|(at, _)| rest.split_at(at)).find_map(|(name, after)| {
        let after = after[1..].trim_start();
        (after.is_empty() || after.starts_with([';', '#'])).then_some(name)
    })
}

fn unquoted(written: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| {
            let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inner.contains(quote)).then_some(inner)
        })
        .unwrap_or(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<(String, String)>> {
        let pairs = read(&Source { name: "app.ini", text })?;
        Ok(pairs.into_iter().map(|pair| (pair.path.as_str().to_owned(), pair.text)).collect())
    }

    #[test]
    fn sections_are_paths_and_values_are_what_stands_behind_the_sign() {
        let text = "; head\ntop = 1\r\n[server] ; the server\n  port=8080\nname : a=b ; c\n[server.tls]\n\
                    cert = \"/etc/x y \"\nempty=\nq = 'a' or 'b'\n[remote \"origin\"]\nurl=https://x/#y\n[server]\nz = \"\"\n";
        let expected = [
            ("top", "1"),
            ("server.port", "8080"),
            ("server.name", "a=b ; c"),
            ("server.tls.cert", "/etc/x y "),
            ("server.tls.empty", ""),
            ("server.tls.q", "'a' or 'b'"),
            (r#""remote \"origin\"".url"#, "https://x/#y"),
            ("server.z", ""),
        ];
        assert_eq!(read_text(text).unwrap(), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn what_is_no_line_of_ini_is_refused_with_its_place() {
        for (text, place) in [
            ("a = 1\nskip-networking\n", "line 2, column 1: the line is no section"),
            ("a = 1\n  more text\n", "line 2, column 3: the line is no section"),
            ("= 1\n", "line 1, column 1"),
            ("[open\n", "line 1, column 1: the section's name"),
            ("[]\n", "line 1, column 1: the section's name"),
            ("[a] b\n", "line 1"),
        ] {
            let message = read_text(text).unwrap_err().message;
            assert!(message.contains(place), "{message}");
        }
    }

    #[test]
    fn a_pair_knows_where_it_stands() {
        let text = "[s]\n  k =  \"v w\"  \nü= ä\nz=";
        let pairs = read(&Source { name: "x", text }).unwrap();
        let written: Vec<_> = pairs
            .iter()
            .map(|pair| (&text[pair.start..pair.start + 1], &text[pair.span.clone()]))
            .take(1)
            .collect();
        assert_eq!(written, [("k", "\"v w\"")]);
        assert_eq!((&text[pairs[1].span.clone()], pairs[2].span.clone()), ("ä", text.len()..text.len()));
    }
}
