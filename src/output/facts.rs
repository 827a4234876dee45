//! Labelled lines: a word, then what there is to say about it.

use super::color::Paint;
use super::{Style, escape};

/// The labels of lines that are commands.
const COMMANDS: [&str; 2] = ["Next", "Undo"];

/// Lines of `Label  text`, the texts aligned. A label said twice stands once.
#[derive(Default)]
pub(super) struct Facts(Vec<(&'static str, String, Paint)>);

impl Facts {
    /// One line; the text is escaped.
    pub(super) fn add(&mut self, label: &'static str, text: impl AsRef<str>) {
        self.paint(label, text, Paint::Plain);
    }

    /// One line that stands out.
    pub(super) fn paint(&mut self, label: &'static str, text: impl AsRef<str>, paint: Paint) {
        self.0.push((label, escape::line(text.as_ref()).into_owned(), paint));
    }

    /// One line where there is something to say.
    pub(super) fn maybe(&mut self, label: &'static str, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.add(label, text);
        }
    }

    /// Another's lines after these.
    pub(super) fn followed_by(mut self, others: Facts) -> Facts {
        self.0.extend(others.0);
        self
    }

    /// A line each.
    pub(super) fn all<T: AsRef<str>>(&mut self, label: &'static str, texts: impl IntoIterator<Item = T>) {
        texts.into_iter().for_each(|text| self.add(label, text));
    }

    /// The lines.
    pub(super) fn text(&self, style: &Style) -> String {
        let width = self.0.iter().map(|(label, ..)| label.len()).max().unwrap_or_default() + 2;
        let mut former = "";
        self.0
            .iter()
            .map(|(label, text, paint)| {
                let shown = if *label == former { "" } else { label };
                former = label;
                let text = if COMMANDS.contains(label) { style.named.in_text(text) } else { text.into() };
                format!("{shown:width$}{}\n", paint.on(&text, style))
            })
            .collect()
    }
}
