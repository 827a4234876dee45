//! A piece of evidence as it was attached.

use super::{Render, Style, escape};
use crate::api::change_request::ShowEvidenceReply;

impl Render for ShowEvidenceReply {
    /// The very content; a terminal obeys nothing of it.
    fn table(&self, style: &Style) -> String {
        if style.terminal { escape::lines(&self.content).into_owned() } else { self.content.clone() }
    }

    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }

    fn raw(&self) -> Option<String> {
        Some(self.content.strip_suffix('\n').unwrap_or(&self.content).to_owned())
    }
}
