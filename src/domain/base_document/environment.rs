//! An environment's variables as entries: `APP_DATABASE_HOST` is `database.host`.
//!
//! What must stay true: a registered path wins over how its name could be split; two underscores are always a dot; no
//! variable with the prefix is passed over in silence, and two variables for one path are an error.

use super::{Expected, typed};
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::value::{self, Value};
use std::collections::{BTreeMap, HashMap};

/// How the name ends of a variable that names a file with the value.
const OF_A_FILE: &str = "_FILE";

/// What the variables with the prefix say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapping {
    /// The paths, in their order.
    pub entries: Vec<FromVariable>,
    /// Sentences about variables that were passed over.
    pub warnings: Vec<String>,
}

/// A path and the variable it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct FromVariable {
    /// The path.
    pub path: Path,
    /// The variable's name.
    pub variable: String,
    /// What the variable gives.
    pub given: Given,
}

/// What a variable gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// The value itself.
    Value(Value),
    /// The name of the file that holds it; its text is to be read by [`typed`], without the newline at its end.
    FromFile(String),
}

/// Maps the variables whose names begin with the prefix; `registered` are the manifest's paths.
///
/// What follows the prefix is a registered path where it is one, written with underscores for its dots and signs, in
/// whatever case. Else it is split: its first underscore is a dot, `__` is a dot everywhere, and the letters are made
/// small. `NAME_FILE` names a file where `NAME` is a registered path and `NAME_FILE` is none. An empty text for a
/// setting that is no text sets nothing.
pub fn map<'a>(
    prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
    registered: impl IntoIterator<Item = &'a Path>,
    expected: Expected<'_>,
) -> Result<Mapping> {
    if prefix.trim_end_matches('_').is_empty() {
        return Err(Error::invalid("The prefix of an environment's variables may not be empty.")
            .hint("Name one, such as APP_."));
    }
    mapped(&format!("{}_", prefix.trim_end_matches('_')), variables, registered, expected)
}

/// The same for names that a file gives, which need no prefix; see [`is_variable`].
pub fn map_names<'a>(
    names: impl IntoIterator<Item = (String, String)>,
    registered: impl IntoIterator<Item = &'a Path>,
    expected: Expected<'_>,
) -> Result<Mapping> {
    mapped("", names, registered, expected)
}

/// Whether a path of a dotenv file is a variable's name, in capitals, and no path.
pub fn is_variable(path: &Path) -> bool {
    let name = path.as_str();
    let in_capitals = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(in_capitals)
}

fn mapped<'a>(
    prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
    registered: impl IntoIterator<Item = &'a Path>,
    expected: Expected<'_>,
) -> Result<Mapping> {
    let known = Known::new(registered);
    let mut mapping = Mapping::default();
    let mut found: BTreeMap<Path, FromVariable> = BTreeMap::new();
    for (variable, text) in variables {
        let Some(rest) = variable.strip_prefix(prefix) else { continue };
        let (path, is_file) = match known.find(&variable, rest)? {
            Some(path) => (path, false),
            None => match rest.strip_suffix(OF_A_FILE).map(|name| known.find(&variable, name)).transpose()? {
                Some(Some(path)) => (path, true),
                _ => match split(rest) {
                    Some(path) => (path, false),
                    None => {
                        mapping.warnings.push(passed_over(&variable));
                        continue;
                    }
                },
            },
        };
        let given =
            if is_file { Some(Given::FromFile(text)) } else { read(&path, &variable, &text, expected)? };
        let Some(given) = given else { continue };
        let entry = FromVariable { path: path.clone(), variable, given };
        if let Some(first) = found.get(&path) {
            return Err(Error::invalid(format!(
                "The variables {} and {} both give {path}.",
                first.variable, entry.variable
            ))
            .hint("Unset one of the two."));
        }
        found.insert(path, entry);
    }
    check_apart(&found)?;
    mapping.entries = found.into_values().collect();
    Ok(mapping)
}

/// The name of the variable that a path makes, in capitals: its first dot is `_`, later ones are `__`, and so is every
/// other sign that no name can hold `_`.
pub fn variable_name(path: &Path) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let segment = |segment: &String| segment.chars().map(allowed).collect::<String>();
    let segments: Vec<String> = path.segments().iter().map(segment).collect();
    match segments.as_slice() {
        [section, key @ ..] if !key.is_empty() => format!("{section}_{}", key.join("__")),
        segments => segments.concat(),
    }
}

fn read(path: &Path, variable: &str, text: &str, expected: Expected<'_>) -> Result<Option<Given>> {
    let named = |error: Error| Error { message: format!("{variable} ({path}): {}", error.message), ..error };
    let value = typed(path, text, expected).map_err(named)?;
    if let Some(value) = &value {
        value::check_limits(value).map_err(named)?;
    }
    Ok(value.map(Given::Value))
}

fn passed_over(variable: &str) -> String {
    format!("The variable {variable} is passed over: what follows the prefix names no path.")
}

fn check_apart(found: &BTreeMap<Path, FromVariable>) -> Result<()> {
    for entry in found.values() {
        if let Some(above) = entry.path.ancestors().find_map(|above| found.get(above)) {
            return Err(Error::invalid(format!(
                "The variable {} gives {} a value, and {} gives {} below it.",
                above.variable, above.path, entry.variable, entry.path
            ))
            .hint("Unset one of the two: a path is a value or a group of settings."));
        }
    }
    Ok(())
}

/// The path that a name splits into; nothing where a part of it is empty.
fn split(rest: &str) -> Option<Path> {
    let rest = rest.to_lowercase();
    let (section, key) = match rest.split_once('_') {
        Some((section, key)) => (section, Some(key.strip_prefix('_').unwrap_or(key))),
        None => (rest.as_str(), None),
    };
    let mut segments = vec![section];
    segments.extend(key.into_iter().flat_map(|key| key.split("__")));
    let is_whole =
        |segment: &&str| !segment.is_empty() && !segment.starts_with('_') && !segment.ends_with('_');
    segments.iter().all(is_whole).then(|| Path::from_segments(&segments).ok()).flatten()
}

/// The registered paths by how a variable would write them.
struct Known<'a>(HashMap<String, Vec<&'a Path>>);

impl<'a> Known<'a> {
    fn new(registered: impl IntoIterator<Item = &'a Path>) -> Known<'a> {
        let mut known: HashMap<String, Vec<&Path>> = HashMap::new();
        for path in registered {
            known.entry(plain(&path.segments().join("_"))).or_default().push(path);
        }
        Known(known)
    }

    /// The registered path that this name writes. `invalid` where it could be several.
    fn find(&self, variable: &str, name: &str) -> Result<Option<Path>> {
        let Some(candidates) = self.0.get(&plain(name)) else { return Ok(None) };
        let fitting: Vec<&Path> = candidates.iter().copied().filter(|path| writes(name, path)).collect();
        match fitting.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some((*one).clone())),
            [one, two, ..] => {
                let by_split = split(name).filter(|path| fitting.contains(&path));
                by_split.map(Some).ok_or_else(|| {
                    Error::invalid(format!("The variable {variable} could be {one} or {two}."))
                        .hint("Write two underscores where the path has a dot.")
                })
            }
        }
    }
}

/// Letters made small, and a single underscore for whatever else stands there.
fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    out
}

/// Whether each `__` of the name stands where the path has a dot.
fn writes(name: &str, path: &Path) -> bool {
    let mut segments = path.segments().into_iter();
    name.split("__").all(|part| {
        let part = plain(part);
        let mut so_far = String::new();
        for segment in segments.by_ref() {
            if !so_far.is_empty() {
                so_far.push('_');
            }
            so_far.push_str(&segment);
            if plain(&so_far).len() >= part.len() {
                break;
            }
        }
        plain(&so_far) == part
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::ValueType;
    use proptest::prelude::*;
    use serde_json::json;

    const REGISTERED: [&str; 8] = [
        "session_timeout_minutes",
        "database.pool.max_size",
        "log.file",
        "database.password",
        "a.b_c",
        "a_b.c",
        "etcd.snapshot-count",
        "server.port",
    ];

    fn map_all(variables: &[(&str, &str)]) -> Result<Mapping> {
        let registered = REGISTERED.map(|path| Path::parse(path).unwrap());
        let expected = |path: &Path| match path.as_str() {
            "server.port" => Some(ValueType::Integer),
            "log.file" | "database.password" => Some(ValueType::String),
            _ => None,
        };
        let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        map("APP_", variables, &registered, &expected)
    }

    fn path_of(variable: &str) -> String {
        let mapping = map_all(&[(variable, "x")]).unwrap();
        mapping.entries.first().map_or(mapping.warnings.concat(), |entry| entry.path.as_str().to_owned())
    }

    #[test]
    fn a_path_makes_the_name_that_reads_back_as_it() {
        for (path, name) in [
            ("session_timeout_minutes", "SESSION_TIMEOUT_MINUTES"),
            ("server.port", "SERVER_PORT"),
            ("database.pool.max_size", "DATABASE_POOL__MAX_SIZE"),
            ("a.b.c.d", "A_B__C__D"),
            ("server.tls-cert", "SERVER_TLS_CERT"),
            (r#"a."b.c""#, "A_B_C"),
            (r#"a."ü x""#, "A___X"),
        ] {
            assert_eq!(variable_name(&Path::parse(path).unwrap()), name, "{path}");
        }
    }

    #[test]
    fn a_name_is_a_registered_path_or_is_split() {
        for (variable, path) in [
            ("APP_DATABASE_HOST", "database.host"),
            ("APP_DATABASE_POOL_SIZE", "database.pool_size"),
            ("APP_DATABASE__POOL__SIZE", "database.pool.size"),
            ("APP_DATABASE_POOL__SIZE", "database.pool.size"),
            ("APP_DEBUG", "debug"),
            ("APP_SESSION_TIMEOUT_MINUTES", "session_timeout_minutes"),
            ("APP_Session_Timeout_Minutes", "session_timeout_minutes"),
            ("APP_SESSION__TIMEOUT_MINUTES", "session.timeout_minutes"),
            ("APP_DATABASE_POOL_MAX_SIZE", "database.pool.max_size"),
            ("APP_DATABASE__POOL__MAX_SIZE", "database.pool.max_size"),
            ("APP_DATABASE_POOL__MAX_SIZE", "database.pool.max_size"),
            ("APP_DATABASE__POOL__MAX__SIZE", "database.pool.max.size"),
            ("APP_ETCD_SNAPSHOT_COUNT", "etcd.snapshot-count"),
            ("APP_LOG_FILE", "log.file"),
            ("APP_A_B_C", "a.b_c"),
            ("APP_A_B__C", "a_b.c"),
            ("APP_A__B_C", "a.b_c"),
        ] {
            assert_eq!(path_of(variable), path, "{variable}");
        }
        for variable in ["APP_", "APP__X", "APP_X_", "APP_X____Y", "APP_X__"] {
            assert_eq!(path_of(variable), passed_over(variable), "{variable}");
        }
        assert_eq!(map_all(&[("PATH", "/bin"), ("APPLE", "1"), ("app_x", "1")]).unwrap(), Mapping::default());
    }

    #[test]
    fn a_text_is_read_by_its_setting_or_as_json() {
        let mapping = map_all(&[
            ("APP_SERVER_PORT", "8080"),
            ("APP_X_LIST", "[1, \"a\"]"),
            ("APP_X_FLAG", "true"),
            ("APP_X_TEXT", "no"),
            ("APP_LOG_FILE", "17"),
            ("APP_DATABASE_PASSWORD_FILE", "/run/secrets/db"),
        ])
        .unwrap();
        let given: Vec<_> =
            mapping.entries.iter().map(|entry| (entry.path.as_str(), entry.given.clone())).collect();
        assert_eq!(
            given,
            [
                ("database.password", Given::FromFile("/run/secrets/db".to_owned())),
                ("log.file", Given::Value(json!("17"))),
                ("server.port", Given::Value(json!(8080))),
                ("x.flag", Given::Value(json!(true))),
                ("x.list", Given::Value(json!([1, "a"]))),
                ("x.text", Given::Value(json!("no"))),
            ]
        );
        assert_eq!(map_all(&[("APP_SERVER_PORT", " ")]).unwrap().entries, []);
    }

    #[test]
    fn contradictions_name_the_variables() {
        for (variables, told) in [
            (&[("APP_X_Y", "1"), ("APP_X__Y", "2")][..], "The variables APP_X_Y and APP_X__Y both give x.y."),
            (
                &[("APP_DATABASE_PASSWORD", "x"), ("APP_DATABASE_PASSWORD_FILE", "/f")],
                "The variables APP_DATABASE_PASSWORD and APP_DATABASE_PASSWORD_FILE both give database.password.",
            ),
            (
                &[("APP_X", "1"), ("APP_X_Y", "2")],
                "The variable APP_X gives x a value, and APP_X_Y gives x.y below it.",
            ),
            (&[("APP_SERVER_PORT", "abc")], "APP_SERVER_PORT (server.port): \"abc\" is not a whole number"),
        ] {
            let message = map_all(variables).unwrap_err().message;
            assert!(message.starts_with(told), "{message}");
        }
        assert!(map("_", [], [], &|_| None).unwrap_err().message.contains("may not be empty"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_variable_is_told_whatever_its_name(rest in prop_oneof!["[A-C_]{0,10}", "\\PC{0,8}"]) {
            let variable = format!("APP_{rest}");
            if let Ok(mapping) = map_all(&[(&variable, "x")]) {
                prop_assert_eq!(mapping.entries.len() + mapping.warnings.len(), 1);
            }
        }

        #[test]
        fn a_registered_path_is_found_by_its_own_name(segments in proptest::collection::vec("[a-c]([-_]?[a-c]){0,3}", 1..4)) {
            let path = Path::from_segments(&segments).unwrap();
            let variable = format!("X_{}", segments.join("__").replace('-', "_").to_uppercase());
            let mapping = map("X", [(variable, "x".to_owned())], [&path], &|_| None).unwrap();
            prop_assert_eq!(&mapping.entries[0].path, &path);
        }
    }
}
