//! What is wanted, read from words and documents: typed values by their settings, documents by their leaves.

use super::plan::Wanted;
use super::transact::View;
use crate::api::change::{Input, ItemSpec};
use crate::api::value::VALUES_FORMAT;
use crate::domain::error::{Error, Result};
use crate::domain::flatten::flatten;
use crate::domain::path::Path;
use crate::domain::sealed::{is_mask, is_sealed};
use crate::domain::secret::{Reference, SecretReferences};
use crate::domain::setting::Setting;
use crate::domain::value::{self, Value};
use crate::store::{manifest, overrides};

/// What was typed, item by item.
pub(super) fn read_items(view: &View<'_>, items: &[ItemSpec]) -> Result<Vec<Wanted>> {
    if items.is_empty() {
        return Err(Error::usage("Nothing was named to change.")
            .hint("Name a path: cfgctl set PATH VALUE --reason \"…\""));
    }
    items.iter().map(|item| read_item(view, item)).collect()
}

/// One item as typed: its value read by the setting's type, or by the type named.
pub(super) fn read_item(view: &View<'_>, item: &ItemSpec) -> Result<Wanted> {
    let path = Path::parse(&item.path)?;
    let value = match &item.input {
        Input::Unset if is_unheard_of(view, &path)? => {
            return Err(Error::not_found(format!(
                "Nobody ever set {path}, and the manifest does not register it."
            ))
            .hint("See what there is: cfgctl get"));
        }
        Input::Unset => None,
        Input::Json(value) => Some(value.clone()),
        Input::Text { text, value_type, in_words } => {
            let setting = manifest::setting(view.db, path.as_str())?;
            if let Some(setting) = setting.as_ref().filter(|setting| setting.secret) {
                return Ok((path.clone(), Some(read_secret(view, &path, setting, text, *in_words)?)));
            }
            let read = match (&setting, value_type) {
                (Some(setting), None) => match setting.value_type() {
                    Some(expected) => value::read_typed(text, expected),
                    None => value::read_untyped(text),
                },
                (_, Some(named)) => value::read_typed(text, *named),
                (None, None) => value::read_untyped(text),
            };
            Some(read.map_err(|error| {
                let message = format!("{path}: {}", error.message);
                let hint = error
                    .hint
                    .clone()
                    .unwrap_or_else(|| format!("What the setting takes: cfgctl explain {path:#}"));
                Error { message, hint: Some(hint), ..error }
            })?)
        }
    };
    if let Some(value) = &value
        && value.is_null()
    {
        return Ok((path, None));
    }
    Ok((path, value))
}

/// A secret as it was given. What was among a command's words is refused, unless it only says where the secret is.
pub(super) fn read_secret(
    view: &View<'_>,
    path: &Path,
    setting: &Setting,
    text: &str,
    in_words: bool,
) -> Result<Value> {
    let given = Value::from(text);
    if Reference::parse(text).is_some() || is_sealed(text) || is_mask(text) {
        return Ok(given);
    }
    if in_words {
        let references: SecretReferences = manifest::part(view.db, "secrets")?;
        let refusal = references.refusal(&given).unwrap_or_default();
        return Err(Error::invalid(format!("{path} {refusal}")).hint(format!(
            "Or give the value where nobody else can read it: cfgctl set {path:#} --stdin --reason \"…\""
        )));
    }
    // What cannot be read by the setting's type is refused by its schema, which repeats nothing.
    let read = setting.value_type().and_then(|expected| value::read_typed(text, expected).ok());
    Ok(read.unwrap_or(given))
}

/// A path that nobody ever set and the manifest does not register is a slip of the pen.
fn is_unheard_of(view: &View<'_>, path: &Path) -> Result<bool> {
    Ok(overrides::find(view.db, path.as_str())?.is_none()
        && !manifest::is_registered(view.db, path.as_str())?)
}

/// The leaves of a document: nested or flat, or the very shape that `get -o json` gives.
pub(super) fn read_document(view: &View<'_>, document: &Value) -> Result<Vec<Wanted>> {
    if document.is_null() {
        return Err(Error::invalid("The document is empty.").hint("If nothing is what you mean, write {}."));
    }
    if document.get("format").and_then(Value::as_str) == Some(VALUES_FORMAT) {
        return read_values(document);
    }
    let mut failed = None;
    let leaves = flatten(document, &mut |path| match manifest::setting(view.db, path.as_str()) {
        Ok(setting) => setting.is_some_and(|setting| setting.is_object()),
        Err(error) => {
            failed.get_or_insert(error);
            false
        }
    })?;
    failed.map_or(Ok(leaves), Err)
}

fn read_values(document: &Value) -> Result<Vec<Wanted>> {
    let odd = || Error::invalid(format!("The document calls itself {VALUES_FORMAT} and has not its shape."));
    let items = document.get("items").and_then(Value::as_array).ok_or_else(odd)?;
    let mut wanted = Vec::new();
    for item in items {
        let path = item.get("path").and_then(Value::as_str).ok_or_else(odd)?;
        let value = item.get("value").ok_or_else(odd)?;
        // Defaults are the manifest's to say; giving them back as overrides would change what is effective later.
        if item.get("layer").and_then(Value::as_str) != Some("default") {
            wanted.push((Path::parse(path)?, Some(value.clone()).filter(|value| !value.is_null())));
        }
    }
    Ok(wanted)
}

/// Below the prefix, whatever the document leaves out is to be unset.
pub(super) fn leave_nothing_else(view: &View<'_>, prefix: &str, wanted: &mut Vec<Wanted>) -> Result<()> {
    let prefix = (!prefix.is_empty()).then(|| Path::parse(prefix)).transpose()?;
    let prefix = prefix.as_ref().map(Path::as_str);
    if let Some((path, _)) =
        wanted.iter().find(|(path, _)| prefix.is_some_and(|prefix| !path.is_within(prefix)))
    {
        return Err(Error::invalid(format!(
            "{path} is not below {}, which --exact names.",
            prefix.unwrap_or_default()
        ))
        .hint("Leave it out of the document, or name a shorter prefix."));
    }
    let named: std::collections::HashSet<Path> = wanted.iter().map(|(path, _)| path.clone()).collect();
    overrides::each(view.db, prefix, |row| {
        if !named.contains(&row.path) {
            wanted.push((row.path, None));
        }
        Ok(())
    })
}
