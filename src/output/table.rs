//! Rows in columns.
//!
//! What must stay true: every cell is escaped here, so that no caller can forget it; away from a terminal nothing is
//! wrapped or cut, and a row is a line.

use super::color::Paint;
use super::{Style, escape};
use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Table, presets};

/// One cell: its text, and how it stands out.
pub(super) struct Field {
    text: String,
    paint: Paint,
}

impl Field {
    /// A cell that stands out.
    pub(super) fn painted(text: impl ToString, paint: Paint) -> Field {
        Field { text: text.to_string(), paint }
    }
}

impl<T: ToString> From<T> for Field {
    fn from(text: T) -> Field {
        Field::painted(text, Paint::Plain)
    }
}

/// A cell of what may be absent.
pub(super) fn or_dash<T: ToString>(text: Option<T>) -> Field {
    text.map_or_else(|| "-".into(), Field::from)
}

/// Columns no wider than this (identifiers, times, names) are not broken on a terminal while there is room.
const KEPT_WHOLE: u16 = 26;
/// The room that each broken column must have for that.
const LEAST_ROOM: u16 = 16;

/// Rows under a header, two spaces between columns; empty where there are no rows. An empty cell stands as `-`.
pub(super) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [Field; N]>,
    style: &Style,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    if style.color {
        table.enforce_styling();
    }
    table.set_header(header.map(|name| Paint::Bold.on_cell(Cell::new(name))));
    table.add_rows(rows.into_iter().map(|row| row.map(|field| cell(&field))));
    if table.is_empty() {
        return String::new();
    }
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    if style.terminal {
        fit(&mut table, u16::try_from(style.width).unwrap_or(u16::MAX).max(20));
    }
    table.trim_fmt() + "\n"
}

/// Wraps the table to a terminal's width.
fn fit(table: &mut Table, width: u16) {
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    let widths = table.column_max_content_widths();
    let kept = |width: &&u16| **width <= KEPT_WHOLE;
    let taken: usize = widths.iter().filter(kept).map(|width| usize::from(*width) + 2).sum();
    let broken = widths.iter().filter(|width| **width > KEPT_WHOLE).count();
    if taken + broken * usize::from(LEAST_ROOM) <= usize::from(width) {
        for (column, width) in table.column_iter_mut().zip(&widths) {
            if kept(&width) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
    }
}

fn cell(field: &Field) -> Cell {
    let text = if field.text.is_empty() { "-".into() } else { escape::line(&field.text) };
    field.paint.on_cell(Cell::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn sample(style: &Style) -> String {
        let reason = "the pool was too small for the evening, as the ticket says\u{1b}[2J";
        let rows: [[Field; 3]; 2] = [
            ["database.pool".into(), Field::painted("high", Paint::Red), reason.into()],
            ["a".into(), "low".into(), "".into()],
        ];
        table(["PATH", "RISK", "REASON"], rows, style)
    }

    #[test]
    fn away_from_a_terminal_a_row_is_a_line_and_nothing_is_cut() {
        assert_snapshot!(sample(&Style::PLAIN), @r"
        PATH           RISK  REASON
        database.pool  high  the pool was too small for the evening, as the ticket says\u{1b}[2J
        a              low   -
        ");
    }

    #[test]
    fn on_a_terminal_rows_wrap_to_its_width() {
        let narrow = sample(&Style { terminal: true, width: 44, ..Style::PLAIN });
        assert!(narrow.lines().all(|line| line.chars().count() <= 44), "{narrow}");
        assert!(narrow.contains("\ndatabase.pool  high  "), "{narrow}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let mut both = [words(&narrow), words(&sample(&Style::PLAIN))];
        both.iter_mut().for_each(|words| words.sort());
        assert_eq!(both[0], both[1], "the same words, wrapped or not");
    }

    #[test]
    fn colours_do_not_move_columns() {
        let coloured = sample(&Style { color: true, ..Style::PLAIN });
        assert!(coloured.contains("\u{1b}["));
        assert!(!coloured.contains("\u{1b}[2J"));
    }

    #[test]
    fn no_rows_are_no_text() {
        assert_eq!(table(["PATH"], [], &Style::PLAIN), "");
    }
}
