//! The manifest: the one document that says what an instance governs.
//!
//! What must stay true: a manifest that was read holds together (every default satisfies its own schema, no path is
//! another's prefix, every rule and every name means something), and one that does not is refused with everything that
//! is wrong, each with its line.

mod json_schema;
mod located;
mod read;
mod sections;
mod shape;

use super::drift::Drift;
use super::notice::Notify;
use super::path::Path;
use super::policy::Policy;
use super::rule::Rule;
use super::secret::SecretReferences;
use super::service::{self, Service};
use super::setting::Setting;
use super::source::Source;
use super::value::Value;
use super::window::Window;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use std::collections::BTreeMap;
use std::fmt;

pub use json_schema::json_schema;

/// The format of manifests that this program reads.
pub const FORMAT: u64 = 1;
/// The longest manifest, in bytes.
pub const LONGEST_MANIFEST: usize = 16 * 1024 * 1024;

/// The manifest of an instance that was given none of its own.
pub const STARTER: &str = include_str!("starter.yaml");

/// What an instance governs.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The instance's short name; typed where a confirmation asks for it.
    pub instance: String,
    /// The registry.
    pub settings: BTreeMap<Path, Setting>,
    /// The rules across settings, in the order of the document.
    pub rules: Vec<Rule>,
    /// What each risk demands, and the terms of everything else.
    pub policy: Policy,
    /// When changes of which risk may be made, and when not.
    pub windows: Vec<Window>,
    /// Whom to call.
    pub contacts: Vec<Contact>,
    /// The command that tells people what happens.
    pub notify: Option<Notify>,
    /// Where secrets may be kept.
    pub secrets: SecretReferences,
    /// Where values below the overrides come from.
    pub sources: Vec<Source>,
    /// Which differences are meant to be there.
    pub drift: Drift,
    /// The programs that use settings.
    pub services: BTreeMap<String, Service>,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What they are called for: primary, database.
    pub role: String,
    /// Who.
    pub name: String,
    /// A telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// An address for mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A room or channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// A page, such as a rota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The line, counted from 1, where it is known.
    pub line: Option<u32>,
    /// Where in the document: `settings.server.port.minimum`, `rules[2].check`.
    pub path: String,
    /// One sentence that says what is wrong and what would be right.
    pub message: String,
}

impl Manifest {
    /// Reads and checks a manifest. Gives everything that is wrong, in the order of the document.
    pub fn read(text: &str) -> Result<Manifest, Vec<Problem>> {
        read::read(text)
    }

    /// The setting registered under a path.
    pub fn setting(&self, path: &Path) -> Option<&Setting> {
        self.settings.get(path)
    }

    /// The whole manifest as one value with sorted keys: equal manifests give equal text.
    pub fn to_value(&self) -> Value {
        let mut whole = Map::new();
        let sections = [
            ("format", Value::from(FORMAT)),
            ("instance", Value::from(self.instance.as_str())),
            ("settings", as_value(&self.settings)),
            ("rules", as_value(&self.rules)),
            ("policy", as_value(&self.policy)),
            ("windows", as_value(&self.windows)),
            ("contacts", as_value(&self.contacts)),
            ("secrets", as_value(&self.secrets)),
        ];
        whole.extend(sections.map(|(key, value)| (key.to_owned(), value)));
        if !self.sources.is_empty() {
            whole.insert("sources".to_owned(), as_value(&self.sources));
        }
        if !self.services.is_empty() {
            whole.insert("services".to_owned(), service::to_value(&self.services));
        }
        if !self.drift.ignore.is_empty() {
            whole.insert("drift".to_owned(), as_value(&self.drift));
        }
        whole.extend(self.notify.iter().map(|notify| ("notify".to_owned(), as_value(notify))));
        Value::Object(whole)
    }
}

impl Problem {
    /// A problem on a line.
    pub fn at(line: u32, path: &str, message: impl Into<String>) -> Problem {
        Problem { line: Some(line), path: path.to_owned(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.path.as_str()) {
            (Some(line), path) if self.message.starts_with(path) => {
                write!(f, "line {line}: {}", self.message)
            }
            (Some(line), path) => write!(f, "line {line}, {path}: {}", self.message),
            (None, _) => f.write_str(&self.message),
        }
    }
}

fn as_value<T: Serialize>(section: &T) -> Value {
    serde_json::to_value(section).unwrap_or_default()
}

/// What an instance may be called.
pub const INSTANCE_NAME: &str = "1 to 63 lower-case letters, digits and hyphens, such as billing-production";

/// Whether an instance may be called this.
pub fn is_instance_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keep::Keep;
    use crate::domain::notice::Event;
    use crate::domain::risk::Risk;
    use crate::domain::role::Role;
    use crate::domain::time::Span;
    use serde_json::json;

    /// A manifest with everything in it.
    const FULL: &str = r##"
format: 1
instance: billing-production
settings:
  session_timeout_minutes:
    {type: integer, minimum: 5, maximum: 1440, default: 120, unit: minutes, risk: medium, services: [web],
     description: Minutes without activity before a session ends.}
  server.port: {type: integer, minimum: 1, maximum: 65535, default: 4949, risk: high, restart: true, services: [web]}
  auth.backends: {type: array, items: {enum: [local, ldap, oidc]}, default: [local], risk: high}
  limits: {type: object, risk: medium}
  a."b.c": {type: string, default: "017"}
  database.pool.min_size: {type: integer, minimum: 0, default: 4}
  database.pool.max_size: {type: integer, minimum: 1, default: 20}
  database.password: {type: string, secret: true, risk: critical, restart: true, owner: dba}
rules:
  - name: pool-bounds
    check: values["database.pool.min_size"] <= values["database.pool.max_size"]
    message: The pool's minimum is above its maximum.
  - {name: doubled, when: "type(new) == int && old != null && new > 2 * old", risk: high, message: Doubled.}
policy:
  unregistered: critical
  low: {approvals: []}
  medium: {approvals: [{role: admin, count: 1}], own: true, test: recommended}
  high: {approvals: [{role: senior-admin, count: 1}], test: required, review: true, monitor: 5m}
  critical: {approvals: [{role: board, count: 2}], test: full, rollback_plan: true, window: true, monitor: 10m}
  governance: board
  requests: {expire_after: 14d}
  confirm: {default: 10m, longest: 1h}
  verify: {timeout: 60s, threshold: 0.5}
  emergency: {role: admin, on_call: [bob], verify: 5s, review_within: 48h, unreviewed_at_most: 5}
  backups: {keep: 50, full_every: 1d}
  keep: {versions: 10000, history: 400d, audit: 7y}
windows:
  - {name: night, allow: true, days: [mon, tue], from: "22:00", to: "05:00", zone: Europe/Berlin, risk: [critical]}
  - {name: year-end, allow: false, from: 2026-12-20, to: 2027-01-03, zone: Europe/Berlin, except: [senior-admin]}
sources:
  - {name: central, http: "https://config.example.com/app.json", headers: {Authorization: "Bearer ${TOKEN}"},
     timeout: 10s, priority: 30, max_risk: high}
  - {name: file, file: config/app.yaml, priority: 20}
  - {name: environment, env: APP_, priority: 10}
services:
  web:
    uses: ["server.*", session_timeout_minutes, "database.*"]
    priority: 50
    critical: true
    deliver: {file: /etc/nginx/app.conf, template: templates/app.conf.j2, mode: "0640", check: [nginx, -t]}
    reload: {signal: HUP, pid_file: /run/nginx.pid}
    read_back: {http: "http://127.0.0.1:8080/config", pointer: /session, of: session_timeout_minutes}
    health: {http: "http://127.0.0.1:8080/health", expect: 200, timeout: 10s}
    restart: {command: [systemctl, restart, nginx]}
    fallback: {session_timeout_minutes: 120, max_concurrent_jobs: 10}
contacts:
  - {role: primary, name: On call, phone: "+49 …", chat: "#on-call"}
notify: {command: [/usr/local/bin/tell, --channel, ops], timeout: 5s, events: [request, outcome]}
secrets:
  env: ["APP_*"]
  folders: [/run/secrets]
  commands: {pass: [pass, show, shop/database]}
  vault: {address: "https://vault.example.com:8200", token: file:/run/secrets/vault, paths: [secret/data/shop]}
  aws: {region: eu-central-1, names: ["shop/*"]}
  allow: [{path: demo.*, kind: by-name, reason: the demonstration's own password}]
drift:
  ignore: [{path: server.name, reason: set per host, until: 2027-03-01}]
"##;

    fn read(text: &str) -> Manifest {
        Manifest::read(text).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    #[test]
    fn a_full_manifest_is_read_whole() {
        let manifest = read(FULL);
        assert_eq!(manifest.instance, "billing-production");
        assert_eq!(manifest.settings.len(), 8);
        assert_eq!(manifest.settings[r#"a."b.c""#].default, Some(json!("017")));
        assert_eq!(manifest.settings["database.password"].base_risk(), Risk::Critical);
        assert_eq!(manifest.rules[1].risk, Some(Risk::High));
        assert_eq!(manifest.policy.unregistered, Risk::Critical);
        assert_eq!(manifest.policy.critical.approvals[0].role, Role::Board);
        assert_eq!(
            manifest.windows.iter().map(Window::in_words).collect::<Vec<_>>(),
            [
                "night: open mon, tue 22:00–05:00 Europe/Berlin, critical",
                "year-end: frozen 2026-12-20 to 2027-01-03 Europe/Berlin, every risk, except senior-admin and above"
            ]
        );
        assert_eq!(manifest.contacts[0].chat.as_deref(), Some("#on-call"));
        let notify = manifest.notify.as_ref().unwrap();
        assert_eq!((notify.program(), notify.timeout), ("/usr/local/bin/tell", Span::seconds(5)));
        assert!(notify.wants(Event::Outcome) && !notify.wants(Event::Decision));
        assert_eq!(manifest.secrets.env, ["APP_*"]);
        let web = &manifest.services["web"];
        assert_eq!((web.priority, web.critical, web.instances().len()), (50, true, 1));
        let named: Vec<_> =
            manifest.sources.iter().map(|source| (source.name.as_str(), source.max_risk)).collect();
        assert_eq!(named, [("central", Risk::High), ("file", Risk::Medium), ("environment", Risk::Medium)]);
        assert_eq!(manifest.drift.ignore[0].path, "server.name");
        assert_eq!(manifest.secrets.commands["pass"], ["pass", "show", "shop/database"]);
        assert_eq!(manifest.secrets.vault.as_ref().unwrap().paths, ["secret/data/shop"]);
        assert_eq!(manifest.secrets.aws.as_ref().unwrap().names, ["shop/*"]);
        assert_eq!(manifest.secrets.allow[0].kind.as_deref(), Some("by-name"));
        assert_eq!(manifest.to_value()["services"]["web"]["deliver"]["mode"], "0640");
    }

    #[test]
    fn what_is_not_written_has_its_default() {
        let manifest = read("{format: 1, instance: a}");
        assert_eq!(
            (manifest.policy, manifest.rules, manifest.services.len()),
            (Policy::default(), vec![], 0)
        );
        assert!(manifest.settings.is_empty() && manifest.contacts.is_empty() && manifest.notify.is_none());
        assert_eq!(manifest.windows, [Window::nightly()]);
        let notify = read("{format: 1, instance: a, notify: {command: [tell]}}").notify.unwrap();
        assert_eq!((notify.timeout, notify.events), (Span::seconds(10), vec![]));
    }

    #[test]
    fn the_whole_value_is_a_manifest_and_equal_manifests_give_equal_text() {
        for text in [FULL, STARTER] {
            let manifest = read(text);
            let json = manifest.to_value().to_string();
            let again = read(&json);
            assert_eq!(again, manifest);
            assert_eq!(again.to_value().to_string(), json);
        }
    }

    #[test]
    fn the_starter_is_a_manifest_with_the_default_policy() {
        let starter = read(STARTER);
        assert_eq!(starter.instance, "local");
        assert!(starter.settings.len() >= 40, "{}", starter.settings.len());
        let keep = Keep { audit: Some(Span::days(7 * 365)), ..Keep::default().or_usual() };
        assert_eq!(starter.policy, Policy { keep, ..Policy::default() });
        assert_eq!(starter.windows[0].in_words(), "nightly: open every day 22:00–05:00 UTC, critical");
        for (path, risk, default) in [
            ("session_timeout_minutes", Risk::Medium, json!(120)),
            ("rate_limit_per_user_per_hour", Risk::Medium, json!(1000)),
            ("max_concurrent_jobs", Risk::Medium, json!(10)),
            ("default_job_timeout", Risk::Medium, json!(300)),
            ("server.port", Risk::High, json!(4949)),
            ("auth.backends", Risk::High, json!(["local"])),
            ("auth.cache_ttl", Risk::Medium, json!(300)),
            ("log_level", Risk::Low, json!("info")),
        ] {
            let setting = &starter.settings[path];
            assert_eq!((setting.base_risk(), setting.default.clone()), (risk, Some(default)), "{path}");
        }
        for (path, setting) in &starter.settings {
            assert!(setting.description.is_some() && setting.risk.is_some(), "{path}");
            assert!(setting.default.is_some() != setting.secret, "{path} has a default or is a secret");
        }
    }
}
