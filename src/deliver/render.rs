//! Values as the bytes that a service reads.
//!
//! What must stay true: the same values, stamp and template give the same bytes.

use super::stamp::Stamp;
use super::{Content, Surroundings, template};
use crate::domain::base_document::render;
use crate::domain::error::Result;
use crate::domain::service::{Form, Stamping};

/// The values in this form, with the stamp where the form has a place for it. `invalid` names a path that the format
/// cannot hold, or the template's line that is wrong.
pub fn render(
    form: &Form,
    content: &Content<'_>,
    stamp: &Stamp,
    around: &Surroundings<'_>,
) -> Result<Vec<u8>> {
    let text = stamp.text();
    let head = match form.stamp() {
        Some(Stamping::Key(key)) => Some((key.as_str(), text.as_str())),
        _ => None,
    };
    let body = match form {
        Form::Document { format, prefix, .. } => render::render(*format, prefix, content.values, head)?,
        Form::Template { file, .. } => template::render(&around.home.join(file), file, content)?,
    };
    Ok(match form.stamp() {
        Some(Stamping::Comment(sign)) => format!("{sign} {text}\n{body}"),
        _ => body,
    }
    .into_bytes())
}
