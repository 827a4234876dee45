//! What is read from files and from standard input, and the folders of this user.
//!
//! What must stay true: whatever is read is bounded, so that no file, however large or endless, fills the memory.

use super::environment;
use crate::domain::document::LONGEST_DOCUMENT;
use crate::domain::error::{Error, Result};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What standard input is called in messages.
pub(crate) const STANDARD_INPUT: &str = "standard input";

/// Something that was read, with what messages call it.
pub(crate) struct Given {
    /// The file's name, or `standard input`.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
}

impl Given {
    /// What it holds, as text. `invalid` where it is not UTF-8.
    pub(crate) fn text(self) -> Result<String> {
        String::from_utf8(self.bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            Error::invalid(format!("{} is not UTF-8 text: the byte at offset {offset} is not.", self.name))
        })
    }
}

/// Reads a file, or standard input where the name is `-`.
pub(crate) fn read(path: &Path) -> Result<Given> {
    if path == Path::new("-") {
        return read_standard_input();
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| cannot(&name, &error))?;
    bounded(file, name)
}

/// Reads standard input to its end.
pub(crate) fn read_standard_input() -> Result<Given> {
    bounded(io::stdin().lock(), STANDARD_INPUT.to_owned())
}

fn bounded(source: impl Read, name: String) -> Result<Given> {
    let mut bytes = Vec::new();
    // One byte more than allowed shows that there is more.
    source
        .take(LONGEST_DOCUMENT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot(&name, &error))?;
    if bytes.len() > LONGEST_DOCUMENT {
        return Err(Error::invalid(format!(
            "{name} is longer than {LONGEST_DOCUMENT} bytes (64 MiB), the limit."
        ))
        .hint("Split it into several files."));
    }
    Ok(Given { name, bytes })
}

/// Why a file cannot be read, as an error that names it.
pub(crate) fn cannot(name: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::not_found(format!("There is no file {name}."))
            .hint("Look at the name, and at the folder you are in."),
        io::ErrorKind::PermissionDenied => {
            Error::denied(format!("The file {name} may not be read by this user."))
        }
        io::ErrorKind::IsADirectory => Error::usage(format!("{name} is a directory, not a file.")),
        _ => Error::unavailable(format!("{name} cannot be read: {error}.")),
    }
}

/// A folder that a variable of the XDG base directory specification names, else one below the home directory.
pub(crate) fn user_folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    // The specification says that a relative path counts as unset.
    let absolute =
        |name: &str| environment::variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home)))
}
