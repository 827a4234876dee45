//! Secrets in a change: what is given in the clear is sealed before anything else looks at it.
//!
//! What must stay true: a plan never holds a secret in the clear, so that whatever is made of it (items, digests,
//! backups, history, answers) cannot either; what is shown in the place of a secret is never taken for one.

use super::{Known, Planner};
use crate::domain::change::Item;
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::schema::CompiledSetting;
use crate::domain::sealed::{is_mask, masked};
use crate::domain::secret::MASKED;
use crate::domain::setting::Setting;
use crate::domain::value::Value;
use crate::engine::seal::{Sealer, Wrong};

impl Planner<'_> {
    /// Takes what a reload would make of an effective value: the sources' secrets are sealed by now.
    pub(super) fn take_of_base(&mut self, item: Item, setting: Option<Setting>) -> Result<()> {
        let known = setting
            .map(|setting| Known { compiled: CompiledSetting::compile(&item.path, &setting), setting });
        match (&item.after, known.as_ref().filter(|known| known.setting.secret)) {
            (Some(value), Some(secret)) => {
                if self.take_secret(&item.path, &secret.compiled, value.clone(), None)? != *value
                    && self.issues.is_empty()
                {
                    self.issue(&item.path, format!("{} is a secret that stands in the clear.", item.path));
                }
            }
            // What opens something was looked for where the sources were compared.
            (Some(value), None) => {
                self.is_within_limits(&item.path, value);
                self.check_setting(&item.path, value, known.as_ref());
            }
            (None, _) => {}
        }
        self.take_item(item, None, known)
    }

    /// What is kept of a secret's value. What cannot be kept is an issue, and stands in the plan as its mask.
    pub(super) fn take_secret(
        &mut self,
        path: &Path,
        setting: &std::result::Result<CompiledSetting, String>,
        value: Value,
        before: Option<&Value>,
    ) -> Result<Value> {
        if let Some(shown) = value.as_str().filter(|text| is_mask(text)) {
            if let Some(before) = before.filter(|before| mask_of(before) == shown) {
                return Ok(before.clone());
            }
            self.issue(
                path,
                format!("{path} is shown as {shown} in the place of its value, which is another."),
            );
            return Ok(Value::from(MASKED));
        }
        let compiled = match setting {
            Ok(compiled) => compiled,
            Err(problem) => {
                self.issue(path, problem.clone());
                return Ok(Value::from(MASKED));
            }
        };
        let sealer = match self.sealer.take() {
            Some(sealer) => sealer,
            None => Sealer::of(self.view)?,
        };
        let taken = sealer.take(self.view, path, compiled, value, &self.secrets);
        self.sealer = Some(sealer);
        match taken? {
            Ok(kept) => Ok(kept),
            Err(wrong) => {
                for Wrong { message, hint } in wrong {
                    self.issue(path, message);
                    self.hint = self.hint.take().or(hint);
                }
                Ok(Value::from(MASKED))
            }
        }
    }
}

/// What is shown of a secret that is no reference.
fn mask_of(value: &Value) -> String {
    value.as_str().and_then(masked).unwrap_or_else(|| MASKED.to_owned())
}
