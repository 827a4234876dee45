//! Names that complete what was typed.

use super::table::table;
use super::{Render, Style};
use crate::api::complete::CompleteReply;

impl Render for CompleteReply {
    fn table(&self, style: &Style) -> String {
        let rows = self.items.iter().map(|candidate| [(&candidate.name).into(), (&candidate.about).into()]);
        table(["NAME", "ABOUT"], rows, style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|candidate| candidate.name.clone()).collect()
    }
}
