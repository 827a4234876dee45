//! The variables that cfgctl reads. An empty one counts as unset.

use crate::domain::error::{Error, Result};
use std::ffi::OsString;

/// A variable's value, unless it is empty.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A variable's value as text. `usage` where it is not UTF-8; the value itself is not shown.
pub(crate) fn text(name: &str) -> Result<Option<String>> {
    variable(name)
        .map(|value| value.into_string().map_err(|_| Error::usage(format!("${name} is not UTF-8."))))
        .transpose()
}
