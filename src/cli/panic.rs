//! A bug that stops the program: reported as an error like any other, once, and without what the program was holding.

use crate::domain::error::{Error, Result};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

static WHERE: Mutex<Option<String>> = Mutex::new(None);

/// What the action gives, or `internal` where it panicked.
pub(crate) fn caught<T>(action: impl FnOnce() -> Result<T>) -> Result<T> {
    // Only its place is told: its words may hold values.
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
        if let Ok(mut known) = WHERE.lock() {
            known.get_or_insert(place.unwrap_or_default());
        }
    }));
    panic::catch_unwind(AssertUnwindSafe(action)).unwrap_or_else(|_| {
        let place = WHERE.lock().ok().and_then(|mut known| known.take()).unwrap_or_default();
        Err(Error::internal(format!("This is a bug in cfgctl {}, at {place}.", env!("CARGO_PKG_VERSION")))
            .hint(
                "Please report it with the command and this line; then see how things stand: cfgctl doctor.",
            ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;

    #[test]
    fn a_panic_becomes_one_error_that_names_the_place_and_not_the_values() {
        let error = caught(|| -> Result<()> { panic!("a secret") }).unwrap_err();
        let _ = panic::take_hook();
        assert_eq!(error.code, Code::Internal);
        assert!(
            error.message.contains("panic.rs") && !error.message.contains("a secret"),
            "{}",
            error.message
        );
        assert!(error.hint.unwrap().contains("report"));
    }
}
