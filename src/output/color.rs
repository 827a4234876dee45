//! The few colours there are, and only where the style wants them.

use super::Style;
use crate::domain::risk::Risk;
use comfy_table::{Attribute, Cell, Color};

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Paint {
    /// Not at all.
    #[default]
    Plain,
    /// A heading, or what it is about.
    Bold,
    /// Good, or added.
    Green,
    /// To be looked at, or changed.
    Yellow,
    /// Bad, or removed.
    Red,
    /// As bad as can be.
    Alarm,
}

impl Paint {
    /// The colour of a risk.
    pub(super) fn of_risk(risk: Risk) -> Paint {
        match risk {
            Risk::Low => Paint::Green,
            Risk::Medium => Paint::Yellow,
            Risk::High => Paint::Red,
            Risk::Critical => Paint::Alarm,
        }
    }

    /// The text in this colour.
    pub(super) fn on(self, text: &str, style: &Style) -> String {
        let code = match self {
            _ if !style.color => return text.to_owned(),
            Paint::Plain => return text.to_owned(),
            Paint::Bold => "1",
            Paint::Green => "32",
            Paint::Yellow => "33",
            Paint::Red => "31",
            Paint::Alarm => "1;31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// The cell in this colour.
    pub(super) fn on_cell(self, cell: Cell) -> Cell {
        match self {
            Paint::Plain => cell,
            Paint::Bold => cell.add_attribute(Attribute::Bold),
            Paint::Green => cell.fg(Color::DarkGreen),
            Paint::Yellow => cell.fg(Color::DarkYellow),
            Paint::Red => cell.fg(Color::DarkRed),
            Paint::Alarm => cell.fg(Color::DarkRed).add_attribute(Attribute::Bold),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_show_only_where_they_are_wanted() {
        let coloured = Style { color: true, ..Style::PLAIN };
        assert_eq!(Paint::of_risk(Risk::Critical).on("critical", &coloured), "\u{1b}[1;31mcritical\u{1b}[0m");
        assert_eq!(Paint::of_risk(Risk::Critical).on("critical", &Style::PLAIN), "critical");
        assert_eq!(Paint::Plain.on("x", &coloured), "x");
    }
}
