//! Where base values come from, as the manifest says it.
//!
//! What must stay true: sources are told apart by name and ordered by priority, no two alike, so that of two that know
//! a path one wins.

use super::risk::Risk;
use super::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names that layers have already.
pub const RESERVED: [&str; 4] = ["override", "default", "base", "effective"];
/// How much a server's answer may be, in bytes, where the manifest does not say.
pub const LONGEST_ANSWER: u64 = 16 * 1024 * 1024;

/// One source below the overrides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// The stronger source has the higher priority.
    pub priority: u32,
    /// What a reload may alter without a request.
    #[serde(default = "medium")]
    pub max_risk: Risk,
    /// Whether a reload goes on without it where it cannot be read.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// A file, or a folder of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The format, where the name does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The prefix of environment variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// Addresses, each asked where the one before does not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Addresses>,
    /// Headers for the addresses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How long an address has to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// The longest answer, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<u64>,
    /// Whether plain HTTP is allowed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub plain: bool,
    /// The file of certificates that the addresses are trusted by, beside the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// The file that serves where no address does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<String>,
    /// When the addresses are no longer asked for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerTerms>,
}

/// One address or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Addresses {
    /// One.
    One(String),
    /// Several, the first before the second.
    Several(Vec<String>),
}

impl Addresses {
    /// All of them, in order.
    pub fn all(&self) -> &[String] {
        match self {
            Addresses::One(one) => std::slice::from_ref(one),
            Addresses::Several(several) => several,
        }
    }
}

/// When a server is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerTerms {
    /// After so many failures in a row.
    pub failures: u32,
    /// For so long.
    pub pause: Span,
}

impl Default for BreakerTerms {
    fn default() -> Self {
        BreakerTerms { failures: 5, pause: Span::seconds(30) }
    }
}

fn medium() -> Risk {
    Risk::Medium
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What a source is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file or a folder.
    File,
    /// The environment.
    Environment,
    /// An address.
    Http,
}

impl Kind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::File => "file",
            Kind::Environment => "environment",
            Kind::Http => "http",
        }
    }
}

impl Source {
    /// What it is read from; the manifest's shape sees to it that one is named.
    pub fn kind(&self) -> Kind {
        match (&self.file, &self.env) {
            (Some(_), _) => Kind::File,
            (_, Some(_)) => Kind::Environment,
            _ => Kind::Http,
        }
    }

    /// What it is read from, for people.
    pub fn place(&self) -> String {
        let addresses = || self.http.as_ref().map(|http| http.all().join(", ")).unwrap_or_default();
        self.file.clone().or_else(|| self.env.as_ref().map(|env| format!("{env}*"))).unwrap_or_else(addresses)
    }

    /// How long an address has to answer.
    pub fn timeout(&self) -> Span {
        self.timeout.unwrap_or(Span::seconds(10))
    }
}

/// What is wrong with a list of sources: of which one, in which field, and why.
pub fn faults(sources: &[Source]) -> Vec<(usize, &'static str, String)> {
    let mut faults = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let name = &source.name;
        if RESERVED.contains(&name.as_str()) {
            faults.push((at, "name", format!("No source can be called {name}: a layer is.")));
        }
        let earlier = &sources[..at];
        if earlier.iter().any(|other| other.name == *name) {
            faults.push((at, "name", format!("There are two sources called {name}.")));
        }
        if let Some(other) = earlier.iter().find(|other| other.priority == source.priority) {
            let message = format!(
                "{name} and {} have the same priority, {}: say which wins.",
                other.name, source.priority
            );
            faults.push((at, "priority", message));
        }
        for address in source.http.iter().flat_map(Addresses::all) {
            if address.starts_with("http://") && !source.plain {
                let message = format!("{address} is plain HTTP: write plain: true where that is meant.");
                faults.push((at, "http", message));
            } else if !address.starts_with("http://") && !address.starts_with("https://") {
                faults.push((at, "http", format!("{address:?} is no address: it begins with https://.")));
            }
        }
        for (only, given) in [
            ("headers", !source.headers.is_empty()),
            ("timeout", source.timeout.is_some()),
            ("longest", source.longest.is_some()),
            ("plain", source.plain),
            ("ca_file", source.ca_file.is_some()),
            ("cache", source.cache.is_some()),
            ("breaker", source.breaker.is_some()),
        ] {
            if given && source.kind() != Kind::Http {
                faults.push((at, only, format!("{only} belongs to a source over HTTP, and {name} is none.")));
            }
        }
        if source.format.is_some() && source.kind() == Kind::Environment {
            faults.push((at, "format", format!("{name} reads variables, which have no format.")));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, priority: u32, http: &str, plain: bool) -> Source {
        let text = serde_json::json!({"name": name, "priority": priority, "http": http, "plain": plain});
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn what_makes_an_order_or_an_address_unclear_is_a_fault() {
        let good = [of("a", 1, "https://a/b", false), of("b", 2, "http://127.0.0.1/b", true)];
        assert_eq!(faults(&good), []);
        for (sources, field) in [
            (vec![of("override", 1, "https://a", false)], "name"),
            (vec![of("a", 1, "https://a", false), of("a", 2, "https://a", false)], "name"),
            (vec![of("a", 1, "https://a", false), of("b", 1, "https://a", false)], "priority"),
            (vec![of("a", 1, "http://a", false)], "http"),
            (vec![of("a", 1, "ftp://a", false)], "http"),
        ] {
            let found = faults(&sources);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].1, field);
        }
        let mut file = of("a", 1, "https://a", false);
        (file.file, file.http, file.cache) = (Some("a.yaml".to_owned()), None, Some("b".to_owned()));
        assert_eq!(faults(&[file])[0].1, "cache");
    }
}
