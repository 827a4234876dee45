//! Credentials in the clear: a value that opens something is not taken under a path that everybody may read.
//!
//! What must stay true: what is refused stands in the plan as its mask, so that nothing made of the plan repeats it; what
//! this store's own history holds may return, because whoever has to go back at night must be able to.

use super::{Going, Known, Planner};
use crate::api::change::Issue;
use crate::domain::credential::{Finding, forbidden};
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::secret::MASKED;
use crate::domain::value::{Value, canonical};
use crate::store::history;

impl Planner<'_> {
    /// What is kept of a value whose setting is no secret. A credential is an issue, unless the manifest allows it or
    /// the change goes back to it.
    pub(super) fn take_open(&mut self, path: &Path, value: Value, known: Option<&Known>) -> Result<Value> {
        // What is too large or too deep is refused as that, and not walked through.
        if self.is_within_limits(path, &value)
            && let Some(finding) = forbidden(path, &value, &self.secrets.allow)
        {
            if self.going == Going::On || !history::was_ever(self.view.db, path, &canonical(&value))? {
                self.refuse(finding);
                return Ok(Value::from(MASKED));
            }
            self.warnings.push(format!("{} It stood here before, and returns.", finding.sentence()));
        }
        self.check_setting(path, &value, known);
        Ok(value)
    }

    fn refuse(&mut self, finding: Finding) {
        if self.issues.is_empty() {
            self.hint = Some(finding.way_out());
        }
        let (message, credential) = (finding.refusal(), Some(finding.kind));
        self.issues.push(Issue { path: Some(finding.path), rule: None, credential, message });
    }
}
