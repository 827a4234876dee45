//! A manifest proposed from existing configuration, for somebody to read and correct.
//!
//! What must stay true: the draft parses as a manifest, its defaults are the values found, no value that may be a
//! secret stands in it, and the documents it was drafted from are valid under it as they are. What names alone suggest
//! is marked as guessed, setting by setting.

mod found;
mod guess;
mod setting;

use super::credential::find;
use super::document::write_yaml_inline;
use super::error::{Error, Result};
use super::manifest::{INSTANCE_NAME, is_instance_name};
use super::path::Path;
use super::secret::{Reference, is_reference};
use super::value::Value;
use found::{Found, collect};
use guess::Secrecy;
use setting::push_setting;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A manifest that is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// As YAML, with what is to be known in comments.
    pub text: String,
    /// The guessed secrets that stand in the documents themselves.
    pub in_the_clear: Vec<Path>,
}

/// Proposes a manifest from documents with the names of their files.
///
/// Where several documents have a path, the last one's value counts. `invalid` names the file that is no
/// configuration, or the path that is a value in one place and holds settings in another; or the instance's name.
pub fn draft(documents: &[(String, Value)], instance: &str) -> Result<Draft> {
    if !is_instance_name(instance) {
        return Err(Error::usage(format!("{instance:?} cannot be an instance's name."))
            .hint(format!("Name it with {INSTANCE_NAME}: --instance NAME")));
    }
    let found = collect(documents)?;
    let mut settings = String::new();
    let mut in_the_clear = Vec::new();
    for (path, value) in &found {
        if push_setting(&mut settings, path, value.as_ref()) {
            in_the_clear.push(path.clone());
        }
    }
    let mut text = header(documents, in_the_clear.len());
    let _ = write!(text, "format: 1\ninstance: {}\n", write_yaml_inline(&Value::from(instance)));
    text.push_str(&secrets(&found));
    if found.is_empty() {
        text.push_str("\nsettings: {}\n");
    } else {
        let _ = write!(text, "\nsettings:\n{settings}");
    }
    Ok(Draft { text, in_the_clear })
}

fn header(documents: &[(String, Value)], in_the_clear: usize) -> String {
    let names: Vec<_> =
        documents.iter().map(|(name, _)| write_yaml_inline(&Value::from(name.as_str()))).collect();
    let clear = match in_the_clear {
        0 => String::new(),
        count => format!("# - {}:\n#   look for \"a secret, kept in the clear\";\n", clear_in_words(count)),
    };
    format!(
        "\
# Drafted from {}. Check it before it governs anything:
# - risk, restart, unit and range marked as guessed follow from names alone;
# - a guessed secret has no default, and what was found is not repeated here: keep it where the service can read it,
#   then set env:NAME or file:/PATH; a secret that was not guessed stands here in the clear, so remove it;
{clear}# - a setting without a value was text as far as anybody can tell: correct its type;
# - add what a name cannot say: description, owner, services, limits.
",
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    )
}

/// That so many guessed secrets stand in the files, and what to do about it.
pub fn clear_in_words(count: usize) -> String {
    let (secrets, stand, are) =
        if count == 1 { ("secret", "stands", "is") } else { ("secrets", "stand", "are") };
    format!(
        "{count} {secrets}, to judge by the names, {stand} in the clear in the files and {are} not marked `secret: true` yet"
    )
}

/// Where the values of secrets may be kept: what the references that were found need, else how that would be said.
fn secrets(found: &BTreeMap<Path, Option<Found<'_>>>) -> String {
    let (mut variables, mut folders) = (BTreeSet::new(), BTreeSet::new());
    let (mut paths, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (path, value) in found {
        let Some((_, value)) = value else { continue };
        if guess::secrecy(&path.segments(), Some(value)) != Secrecy::Secret || !is_kept_elsewhere(value) {
            continue;
        }
        match value.as_str().and_then(Reference::parse) {
            Some(Reference::Env(name)) => drop(variables.insert(name.to_owned())),
            Some(Reference::File(file)) => {
                let folder = file.rsplit_once('/').map_or("/", |(folder, _)| folder);
                folders.insert(if folder.is_empty() { "/" } else { folder }.to_owned());
            }
            Some(Reference::Vault { path, .. }) => drop(paths.insert(path.to_owned())),
            Some(Reference::Aws { name, .. }) => drop(names.insert(name.to_owned())),
            // What a command runs is nothing to guess.
            Some(Reference::Command(_)) | None => {}
        }
    }
    let list = |items: BTreeSet<String>| write_yaml_inline(&Value::from_iter(items));
    let allowed = allowed(found);
    if [&variables, &folders, &paths, &names].into_iter().all(BTreeSet::is_empty) && allowed.is_empty() {
        return "\n\
# Which variables and folders a secret may name, once there are some:
# secrets:
#   env: [APP_SECRET_*]
#   folders: [/run/secrets]
"
        .to_owned();
    }
    let mut text = format!("\nsecrets:\n  env: {}\n  folders: {}\n", list(variables), list(folders));
    for (resolver, key, items) in [("vault", "paths", paths), ("aws", "names", names)] {
        if !items.is_empty() {
            let _ = writeln!(text, "  {resolver}: {{{key}: {}}}", list(items));
        }
    }
    text.push_str(&allowed);
    text
}

/// What opens something and stands in the files, allowed by name: they go in as they are, and what is to be moved is
/// written down.
fn allowed(found: &BTreeMap<Path, Option<Found<'_>>>) -> String {
    let mut text = String::new();
    for (path, (file, value)) in found.iter().filter_map(|(path, found)| Some((path, found.as_ref()?))) {
        let kinds: BTreeSet<String> = find(path, value).into_iter().map(|finding| finding.kind).collect();
        for kind in kinds {
            if text.is_empty() {
                text.push_str("  # What stands in the clear may stay until it is moved; then its line goes too:\n  allow:\n");
            }
            let (path, reason) = (Value::from(path.as_str()), Value::from(format!("It stands in {file}.")));
            let (path, reason) = (write_yaml_inline(&path), write_yaml_inline(&reason));
            let _ = writeln!(text, "    - {{path: {path}, kind: {kind}, reason: {reason}}}");
        }
    }
    text
}

/// Whether a value says where a secret is kept, in a way that a draft can allow: of a command, only the name is known.
fn is_kept_elsewhere(value: &Value) -> bool {
    is_reference(value) && !matches!(value.as_str().and_then(Reference::parse), Some(Reference::Command(_)))
}

#[cfg(test)]
mod tests {
    use super::super::document::{Format, read};
    use super::super::flatten::flatten;
    use super::super::risk::Risk;
    use super::super::setting::Setting;
    use super::super::value::{ValueType, type_of};
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn document(name: &str, text: &str) -> (String, Value) {
        (name.to_owned(), read(text.as_bytes(), Format::of_name(name), name).unwrap())
    }

    /// The settings of a draft, each of which must be one.
    fn settings(draft: &str) -> BTreeMap<Path, Setting> {
        let manifest =
            read(draft.as_bytes(), Some(Format::Yaml), "draft").unwrap_or_else(|e| panic!("{e}\n{draft}"));
        assert_eq!(manifest["format"], json!(1));
        let settings = manifest["settings"].as_object().unwrap().clone();
        settings
            .into_iter()
            .map(|(path, flat)| (Path::parse(&path).unwrap(), Setting::try_from(flat).unwrap()))
            .collect()
    }

    fn check_fits(settings: &BTreeMap<Path, Setting>) {
        for (path, setting) in settings {
            let Some(default) = &setting.default else { continue };
            assert!(!setting.secret, "{path}");
            assert_eq!(Some(type_of(default)), setting.value_type(), "{path}");
            assert!(path.ancestors().all(|above| !settings.contains_key(above)), "{path}");
        }
    }

    const ETCD: &str = "\
name: 'default'
data-dir:
quota-backend-bytes: 0
listen-client-urls: http://localhost:2379
cors:
initial-cluster-token: 'etcd-canary'
strict-reconfig-check: false
client-transport-security:
  cert-file:
  client-cert-auth: false
log-outputs: [stderr]
auto-compaction-retention: \"1\"
";

    #[test]
    fn a_draft_is_a_manifest_with_every_guess_marked() {
        let draft = draft(&[document("etcd.conf.yml", ETCD)], "etcd-1").unwrap().text;
        let body = draft.split_once("format: 1\n").unwrap().1;
        assert_eq!(
            body,
            "\
instance: etcd-1

# Which variables and folders a secret may name, once there are some:
# secrets:
#   env: [APP_SECRET_*]
#   folders: [/run/secrets]

settings:
  auto-compaction-retention: {type: string, default: \"1\", risk: medium}  # guessed: risk
  client-transport-security.cert-file: {type: string, risk: high, restart: true}  # guessed: risk, restart; no value found
  client-transport-security.client-cert-auth: {type: boolean, default: false, risk: high}  # guessed: risk
  cors: {type: string, risk: medium}  # guessed: risk; no value found
  data-dir: {type: string, risk: high, restart: true}  # guessed: risk, restart; no value found
  initial-cluster-token: {type: string, risk: critical}  # guess: a secret, kept in the clear in etcd.conf.yml; move it to env:NAME or file:/PATH, then write secret: true
  listen-client-urls: {type: string, default: http://localhost:2379, risk: high, restart: true}  # guessed: risk, restart
  log-outputs: {type: array, items: {type: string}, default: [stderr], risk: low}  # guessed: risk
  name: {type: string, default: default, risk: medium}  # guessed: risk
  quota-backend-bytes: {type: integer, default: 0, unit: bytes, risk: medium}  # guessed: risk, unit
  strict-reconfig-check: {type: boolean, default: false, risk: medium}  # guessed: risk
"
        );
        check_fits(&settings(&draft));
        assert!(draft.starts_with("# Drafted from etcd.conf.yml. Check it"));
    }

    #[test]
    fn a_secret_is_called_one_where_the_file_keeps_it_elsewhere_or_nowhere() {
        let text = "\
database: {password: hunter2, salt: '', token: env:DB_TOKEN, secret: file:/etc/keys/db}
pin: {password: 4711}
smtp: {password: }
";
        let Draft { text, in_the_clear } = draft(&[document("app.yaml", text)], "shop").unwrap();
        assert!(!text.contains("hunter2") && !text.contains("4711"), "{text}");
        let clear: Vec<&str> = in_the_clear.iter().map(Path::as_str).collect();
        assert_eq!(clear, ["database.password", "pin.password"]);
        assert!(text.contains("# - 2 secrets, to judge by the names, stand in the clear"), "{text}");
        assert!(text.contains("secrets:\n  env: [DB_TOKEN]\n  folders: [/etc/keys]\n"), "{text}");
        let allowed = "  allow:\n    - {path: database.password, kind: by-name, reason: It stands in app.yaml.}\n\nsettings:";
        assert!(text.contains(allowed), "{text}");
        let settings = settings(&text);
        for (path, secret, kind) in [
            ("database.password", false, ValueType::String),
            ("database.salt", false, ValueType::String),
            ("database.token", true, ValueType::String),
            ("database.secret", true, ValueType::String),
            ("pin.password", false, ValueType::Integer),
            ("smtp.password", true, ValueType::String),
        ] {
            let setting = &settings[path];
            assert_eq!((setting.secret, setting.value_type()), (secret, Some(kind)), "{path}");
            assert_eq!((setting.risk, &setting.default), (Some(Risk::Critical), &None), "{path}");
        }
    }

    #[test]
    fn a_name_that_no_instance_can_have_is_refused_before_the_draft_is() {
        for name in ["t-etcd.conf.yml", "", "Prod", "-x"] {
            assert_eq!(draft(&[], name).unwrap_err().code, crate::domain::error::Code::Usage, "{name:?}");
        }
    }

    #[test]
    fn every_type_is_drafted_as_it_was_found() {
        let toml = "\
[entryPoints.web]
address = \":80\"
port = 8080
ratio = 0.5
trustedIPs = [\"10.0.0.1\", \"10.0.0.2\"]
weights = [1, 2.5]
mixed = [1, \"a\"]
none = []
labels = {}
motd = \"\"
banner = \"two\\nlines: # yes\"
users = [{name = \"a\", password = \"canary\"}]
\"odd.name\" = true
";
        let draft = draft(&[document("traefik.toml", toml)], "edge").unwrap().text;
        let settings = settings(&draft);
        check_fits(&settings);
        assert!(!draft.contains("canary"));
        let web = |key: &str| settings[format!("entryPoints.web.{key}").as_str()].to_value();
        for (key, value) in [
            (
                "port",
                json!({"type": "integer", "minimum": 1, "maximum": 65535, "default": 8080, "risk": "high", "restart": true}),
            ),
            ("ratio", json!({"type": "number", "default": 0.5, "risk": "medium"})),
            (
                "weights",
                json!({"type": "array", "items": {"type": "number"}, "default": [1, 2.5], "risk": "medium"}),
            ),
            ("mixed", json!({"type": "array", "default": [1, "a"], "risk": "medium"})),
            ("none", json!({"type": "array", "default": [], "risk": "medium"})),
            ("labels", json!({"type": "object", "default": {}, "risk": "low"})),
            ("motd", json!({"type": "string", "default": "", "risk": "medium"})),
            ("banner", json!({"type": "string", "default": "two\nlines: # yes", "risk": "low"})),
            ("users", json!({"type": "array", "items": {"type": "object"}, "risk": "critical"})),
            ("\"odd.name\"", json!({"type": "boolean", "default": true, "risk": "medium"})),
        ] {
            assert_eq!(web(key), value, "{key}");
        }
    }

    #[test]
    fn later_documents_win_and_contradictions_are_named() {
        let both = [
            document("a.yaml", "a: 1\nb: x\nc:\nd:\n"),
            document("b.json", r#"{"a": 2, "b": null, "d": {"e": 1}}"#),
        ];
        let settings = settings(&draft(&both, "x").unwrap().text);
        assert_eq!(settings["a"].default, Some(json!(2)));
        assert_eq!(settings["b"].default, Some(json!("x")));
        assert_eq!(settings["c"].value_type(), Some(ValueType::String));
        assert_eq!(settings["d.e"].default, Some(json!(1)));
        assert!(!settings.contains_key("d"));
        let clash = [document("a.yaml", "a: 1\n"), document("b.yaml", "a: {b: 1}\n")];
        assert!(draft(&clash, "x").unwrap_err().message.contains("a a value and also a.b"));
        let list = [document("list.yaml", "[1]")];
        assert!(draft(&list, "x").unwrap_err().message.starts_with("list.yaml: "));
        assert!(settings_of_nothing().is_empty());
    }

    fn settings_of_nothing() -> BTreeMap<Path, Setting> {
        settings(&draft(&[], "no").unwrap().text)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_value_under_a_secrets_name_is_in_the_draft(
            names in proptest::collection::vec("[a-z]{1,5}", 0..3),
            secret in "password|secret|[a-z]{1,4}_token|apiKey|private-key|credentials|db-passwd",
            plain in any::<String>(),
            inside in 0..4,
        ) {
            let canary = "ca9n7ary";
            let value = match inside {
                0 => json!(canary),
                1 => json!([canary]),
                2 => json!({"x": [canary]}),
                _ => json!([{"x": canary}]),
            };
            let document = names.iter().rev().fold(json!({secret: value, "plain": plain}), |inner, name| json!({name: inner}));
            let text = draft(&[("odd\n#name".to_owned(), document.clone())], "odd").unwrap().text;
            prop_assert!(!text.contains(canary), "{}", text);
            prop_assert_eq!(&text, &draft(&[("odd\n#name".to_owned(), document)], "odd").unwrap().text);
            check_fits(&settings(&text));
        }
    }

    /// With `CFGCTL_REAL_DATA` naming a folder of real configuration files, every one of them drafts.
    #[test]
    fn real_files_draft_where_they_are_given() {
        let Some(folder) = std::env::var_os("CFGCTL_REAL_DATA") else { return };
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let Some(format) = Format::of_name(&name) else { continue };
            let document = read(&std::fs::read(&file).unwrap(), Some(format), &name).unwrap();
            let leaves = flatten(&document, &mut |_| false).unwrap();
            let text = draft(&[(name.clone(), document)], "real").unwrap().text;
            let settings = settings(&text);
            check_fits(&settings);
            assert_eq!(settings.len(), leaves.len(), "{name}");
            for (path, value) in leaves {
                let drafted = &settings[&path];
                assert!(drafted.default == value || drafted.default.is_none(), "{name} {path}");
            }
            println!("{text}");
        }
    }
}
