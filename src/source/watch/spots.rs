//! Which folders tell of a file: each that has a name in it on the way there, through links too.
//!
//! What must stay true: whoever replaces anything on the way (the file, a link to it, a folder above it) is noticed in a
//! folder that is still the one on the way; what does not exist yet is noticed where it will be made.

use crate::domain::document::Format;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The most links on the way to one place: more lead in a circle.
const MOST_LINKS: usize = 40;

/// What in one folder matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spot {
    /// Only these names,
    pub(super) names: BTreeSet<OsString>,
    /// or those of all documents too.
    pub(super) documents: bool,
    /// What is written into them too, and not only what they are.
    pub(super) contents: bool,
}

impl Spot {
    /// Whether this name matters here.
    pub(super) fn concerns(&self, name: &OsStr) -> bool {
        let shown = name.to_string_lossy();
        let document = !shown.starts_with('.') && Format::of_name(&shown).is_some();
        self.names.contains(name) || (self.documents && (document || shown == "..data"))
    }
}

/// The folders that tell of these places.
pub(super) fn of(places: &[PathBuf]) -> BTreeMap<PathBuf, Spot> {
    let mut spots = BTreeMap::new();
    for place in places {
        let mut ways = vec![place.clone()];
        for _ in 0..MOST_LINKS {
            let Some(way) = ways.pop() else { break };
            along(&way, &mut spots, &mut ways);
        }
    }
    spots
}

/// Goes one way to its end, or to the first link on it, which is another way.
fn along(way: &Path, spots: &mut BTreeMap<PathBuf, Spot>, ways: &mut Vec<PathBuf>) {
    let mut at = PathBuf::new();
    let mut components = way.components();
    while let Some(component) = components.next() {
        let folder = at.clone();
        at.push(component);
        let Component::Normal(name) = component else { continue };
        let rest = components.as_path();
        let spot = spots.entry(folder.clone()).or_default();
        spot.names.insert(name.to_owned());
        if let Ok(target) = fs::read_link(&at) {
            return ways.push(folder.join(target).join(rest));
        }
        spot.contents |= rest.as_os_str().is_empty();
        if !at.exists() {
            return;
        }
    }
    if at.is_dir() {
        let spot = spots.entry(at.clone()).or_default();
        (spot.documents, spot.contents) = (true, true);
        // A mounted ConfigMap: its files are behind this link.
        if let Ok(target) = fs::read_link(at.join("..data")) {
            ways.push(at.join(target));
        }
    }
}
