//! Names with texts: what INI, properties and dotenv have in common.
//!
//! What must stay true: every name is a path, however odd. Dots part segments where they part something; a name such
//! as `.level` or `a..b` is one quoted segment, and so is `b[0]` in `a.b[0]`: a list is not guessed from its items.

use super::{Source, twice};
use crate::domain::error::Result;
use crate::domain::flatten::nest;
use crate::domain::path::Path;
use crate::domain::value::{Value, from_text};
use std::collections::HashMap;
use std::ops::Range;

/// A name with its text, and where they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) path: Path,
    pub(super) text: String,
    /// Where the name begins.
    pub(super) start: usize,
    /// The bytes of the text as it is written, quotes and escapes and all.
    pub(super) span: Range<usize>,
}

/// The path that these names give, one below the other.
pub(super) fn path(source: &Source<'_>, names: &[&str], start: usize) -> Result<Path> {
    Path::from_segments(names.iter().flat_map(|name| segments(name))).map_err(|error| {
        let what = error.message.trim_end_matches('.').replacen("The", "the", 1);
        source.wrong_at(start, what).hint(error.hint.unwrap_or_default())
    })
}

fn segments(name: &str) -> Vec<String> {
    if let Ok(path) = Path::parse(name) {
        return path.segments();
    }
    if name.contains('"') || name.split('.').any(str::is_empty) {
        return vec![name.to_owned()];
    }
    name.split('.').map(str::to_owned).collect()
}

/// Refuses a name given twice, and a name with a text that another lies below.
pub(super) fn check_apart(source: &Source<'_>, pairs: &[Pair]) -> Result<()> {
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(pairs.len());
    for pair in pairs {
        if seen.insert(pair.path.as_str(), pair.start).is_some() {
            return Err(source.wrong_at(pair.start, twice(pair.path.as_str())).hint("Keep one of the two."));
        }
    }
    for pair in pairs {
        if let Some((above, start)) =
            pair.path.ancestors().find_map(|above| seen.get(above).map(|start| (above, *start)))
        {
            let what = format!("{above} has a value, and {} lies below it", pair.path);
            return Err(source
                .wrong_at(start.max(pair.start), what)
                .hint("Keep one of the two: a path is a value or a group of settings."));
        }
    }
    Ok(())
}

/// The pairs as one object whose texts are read as what is typed for an unregistered path.
pub(super) fn to_value(source: &Source<'_>, pairs: Vec<Pair>) -> Result<Value> {
    check_apart(source, &pairs)?;
    Ok(nest(pairs.into_iter().map(|pair| (pair.path, from_text(pair.text)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_path() {
        for (name, path) in [
            ("server.port", "server.port"),
            ("a.b[0].c", r#"a."b[0]".c"#),
            ("a.b c", r#"a."b c""#),
            (r#"a."b.c""#, r#"a."b.c""#),
            (".level", r#"".level""#),
            ("a..b", r#""a..b""#),
            (r#"remote "origin""#, r#""remote \"origin\"""#),
            ("grüße", r#""grüße""#),
        ] {
            let source = Source { name: "x", text: "" };
            assert_eq!(super::path(&source, &[name], 0).unwrap().as_str(), path);
            assert_eq!(super::path(&source, &["s", name], 0).unwrap().as_str(), format!("s.{path}"));
        }
        let source = Source { name: "x.ini", text: "\n\nk" };
        let error = super::path(&source, &["k".repeat(5000).as_str()], 2).unwrap_err();
        assert!(error.message.starts_with("x.ini, line 3, column 1: the path is"), "{}", error.message);
    }
}
