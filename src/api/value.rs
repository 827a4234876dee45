//! Reading values: what is in force, which layer gives it, who set it and why.

use super::Reply;
use crate::domain::{path::Path, risk::Risk, time::Timestamp, value::Value};
use serde::{Deserialize, Serialize};

/// The name of the shape that `get` gives and that `apply -f` takes back without loss (requirement P17).
pub const VALUES_FORMAT: &str = "cfgctl-values/1";

/// Where a value can come from, the weakest first. Its text is `default`, `override`, or a source's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Layer {
    /// The setting's default in the manifest.
    Default,
    /// A source, by its name.
    Source(String),
    /// The store.
    Override,
}

impl From<String> for Layer {
    fn from(name: String) -> Layer {
        match name.as_str() {
            "default" => Layer::Default,
            "override" => Layer::Override,
            _ => Layer::Source(name),
        }
    }
}

impl From<Layer> for String {
    fn from(layer: Layer) -> String {
        layer.as_str().to_owned()
    }
}

impl Layer {
    /// Its name.
    pub fn as_str(&self) -> &str {
        match self {
            Layer::Default => "default",
            Layer::Source(name) => name,
            Layer::Override => "override",
        }
    }
}

/// Values by path, prefix or section, now or at a version; everything where nothing is named.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Get {
    /// Whole paths and prefixes.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Only this section; the empty one is the top level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// As of a version's number, a tag, or a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Only what this layer says: `override`, `default`, a source's name, or `base` for all below the overrides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
}

/// The values asked for, in path order. `not-found` where a path or prefix named gives none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetReply {
    /// Always [`VALUES_FORMAT`].
    pub format: String,
    /// The version they are of.
    pub version: i64,
    /// One a path.
    pub items: Vec<ValueView>,
}

/// One effective value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueView {
    /// Its path.
    pub path: Path,
    /// The value.
    pub value: Value,
    /// The layer it comes from.
    pub layer: Layer,
}

/// Everything about one path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Explain {
    /// The path.
    pub path: String,
}

/// What every layer says of one path, which wins, and what the path touches.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExplainReply {
    /// The path.
    pub path: Path,
    /// The effective value; null where there is none.
    pub value: Option<Value>,
    /// The layer that wins; none where no layer has the path.
    pub layer: Option<Layer>,
    /// Every layer, the strongest first.
    pub layers: Vec<LayerView>,
    /// Whether the manifest registers the path.
    pub registered: bool,
    /// The setting's definition as the manifest has it.
    pub setting: Option<Value>,
    /// The risk of changing it, before rules are asked.
    pub risk: Risk,
    /// Whether a change of it needs a restart.
    pub restart: bool,
    /// The services that use it.
    pub services: Vec<String>,
    /// The names of the rules that read it.
    pub rules: Vec<String>,
    /// What a change of it demands, in words.
    pub demand: String,
    /// Open change requests that would change it.
    pub open_requests: Vec<String>,
}

/// What one layer says of a path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LayerView {
    /// The layer.
    pub layer: Layer,
    /// Its value; null where it says nothing.
    pub value: Option<Value>,
    /// Where in a source it stands: a file and its line, a variable, an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Whether this is the effective one.
    pub wins: bool,
    /// Who set or unset it last.
    pub by: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// The version that did.
    pub version: Option<i64>,
}

/// Who last set each override.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Blame {
    /// Only below this prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// One line an override, in path order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BlameReply {
    /// One an override.
    pub items: Vec<BlameView>,
}

/// Who set one override, when and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BlameView {
    /// Its path.
    pub path: Path,
    /// Its value.
    pub value: Value,
    /// The version that set it.
    pub version: i64,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl Reply for GetReply {}
impl Reply for ExplainReply {}
impl Reply for BlameReply {}
