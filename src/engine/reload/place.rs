//! Where the files of sources are: a relative name counts from `CONFIG_DIR`, or from the store's folder.

use super::read::{Prepared, variables};
use crate::domain::error::Result;
use crate::domain::source::Source;
use crate::engine::Machine;
use crate::engine::transact::View;
use crate::store::manifest;
use std::path::{Path, PathBuf};

/// Where a file's name leads.
pub(in crate::engine) fn place_of(machine: &Machine, prepared: &Prepared, name: &str) -> PathBuf {
    let environment = (machine.environment)();
    place_in(variables(&environment).get("CONFIG_DIR"), prepared.folder.as_deref(), name)
}

/// The sources that are read from files, each with where its file or folder is.
pub(in crate::engine) fn places(view: &View<'_>) -> Result<Vec<(String, PathBuf)>> {
    let environment = (view.machine.environment)();
    let variables = variables(&environment);
    let of = |source: Source| {
        let place = place_in(variables.get("CONFIG_DIR"), folder_of(view), source.file.as_deref()?);
        Some((source.name, std::path::absolute(&place).unwrap_or(place)))
    };
    Ok(manifest::sources(view.db)?.into_iter().filter_map(of).collect())
}

/// The store's folder; none in memory.
pub(super) fn folder_of<'a>(view: &View<'a>) -> Option<&'a Path> {
    view.place.and_then(Path::parent)
}

/// The same from these two folders.
pub(super) fn place_in(config_dir: Option<&String>, folder: Option<&Path>, name: &str) -> PathBuf {
    let root = match config_dir.filter(|folder| !folder.is_empty()) {
        Some(config_dir) => Path::new(config_dir),
        None => folder.unwrap_or(Path::new("")),
    };
    root.join(name)
}
