//! Documents from one file, or from all files of a folder.
//!
//! What must stay true: what is given was all there at one moment. A mounted ConfigMap is replaced by swapping the link
//! `..data`: its files are read in the folder that the link names, and read again where it names another afterwards.
//! Files come in the order of their names' bytes; hidden ones and those of an unknown kind are left out, but a file of a
//! known kind that cannot be read is an error, never as if it were not there.

use super::regular::{self, Links};
use crate::domain::change::hex;
use crate::domain::document::{Format, LONGEST_DOCUMENT};
use crate::domain::error::{Code, Error, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// How often a folder is read anew that is replaced meanwhile, and how long it is waited for each time.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);
/// The most files of one folder.
const MOST_FILES: usize = 10_000;

/// A document as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What origins and errors call it.
    pub name: String,
    /// The file's own name, which tells its format.
    pub file_name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// The documents of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// In the order in which they count, the last being the strongest.
    pub documents: Vec<Document>,
    /// SHA-256 over their names and bytes: the same where nothing changed.
    pub sha256: String,
}

/// Reads a file, or the files of a folder; `named` is how the manifest calls it. `not-found` where there is nothing.
pub fn read(place: &Path, named: &str) -> Result<Loaded> {
    let is_folder = place.metadata().map_err(|error| regular::cannot_read(named, &error))?.is_dir();
    let documents = if is_folder { folder(place, named)? } else { vec![one(place, named, named)?] };
    let sha256 = fingerprint(&documents);
    Ok(Loaded { documents, sha256 })
}

/// What changes when documents do.
fn fingerprint(documents: &[Document]) -> String {
    let mut hasher = Sha256::new();
    for part in documents.iter().flat_map(|one| [one.name.as_bytes(), one.bytes.as_slice()]) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

fn one(place: &Path, named: &str, shown: &str) -> Result<Document> {
    let bytes = regular::read(place, named, LONGEST_DOCUMENT as u64, Links::Followed)?;
    let file_name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Document { name: shown.to_owned(), file_name, bytes })
}

fn folder(place: &Path, named: &str) -> Result<Vec<Document>> {
    for attempt in 1..=TRIES {
        match folder_at_once(place, named) {
            Ok(Some(documents)) => return Ok(documents),
            // What was there a moment ago went with the generation that it belonged to.
            Err(error) if error.code != Code::NotFound || attempt == TRIES => return Err(error),
            _ => thread::sleep(PAUSE),
        }
    }
    Err(Error::unavailable(format!("The folder {named} is being replaced and does not hold still."))
        .hint("Try again when whoever writes it has ended."))
}

/// What a folder gives; nothing where it was replaced meanwhile.
fn folder_at_once(place: &Path, named: &str) -> Result<Option<Vec<Document>>> {
    let before = Moment::of(place, named)?;
    let documents = before.read(named)?;
    Ok((before == Moment::of(place, named)?).then_some(documents))
}

/// What a folder holds at one moment: where its files are, and which.
#[derive(PartialEq, Eq)]
struct Moment {
    home: PathBuf,
    names: Vec<String>,
}

impl Moment {
    fn of(place: &Path, named: &str) -> Result<Moment> {
        let cannot_read = |error: &std::io::Error| regular::cannot_read(named, error);
        let home = match fs::read_link(place.join("..data")) {
            Ok(target) => place.join(target),
            Err(_) => place.to_path_buf(),
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&home).map_err(|error| cannot_read(&error))? {
            let name = entry.map_err(|error| cannot_read(&error))?.file_name();
            let shown = name.to_string_lossy();
            if shown.starts_with('.') || Format::of_name(&shown).is_none() {
                continue;
            }
            if name.to_str().is_none() {
                return Err(Error::invalid(format!("{named}/{shown} has a name that is not UTF-8."))
                    .hint("Rename it."));
            }
            names.push(shown.into_owned());
            if names.len() > MOST_FILES {
                return Err(Error::invalid(format!(
                    "The folder {named} holds more than {MOST_FILES} files."
                ))
                .hint("Name a folder of configuration alone."));
            }
        }
        names.sort_unstable();
        Ok(Moment { home, names })
    }

    fn read(&self, named: &str) -> Result<Vec<Document>> {
        if self.names.is_empty() {
            return Err(Error::not_found(format!("The folder {named} holds no document."))
                .hint("Put one there, such as app.yaml; a mount that is missing looks like this too."));
        }
        let mut documents = Vec::with_capacity(self.names.len());
        let mut total = 0;
        for name in &self.names {
            let shown = format!("{}/{name}", named.trim_end_matches('/'));
            let document = one(&self.home.join(name), &shown, &shown)?;
            total += document.bytes.len();
            if total > LONGEST_DOCUMENT {
                return Err(Error::invalid(format!(
                    "The documents of the folder {named} are together longer than {LONGEST_DOCUMENT} bytes."
                ))
                .hint("Name a folder with fewer."));
            }
            documents.push(document);
        }
        Ok(documents)
    }
}

#[cfg(test)]
mod tests;
