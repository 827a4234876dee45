//! Where the parts of a TOML document stand.

use super::{Form, Lines, Place};
use std::ops::Range;
use toml_edit::{Document, Item, TableLike, Value};

/// The top's place. The text is known to be TOML; of one that is not, nothing is known.
pub(super) fn place(text: &str, lines: &Lines) -> Place {
    let mut top = Place::new(1, 0..0, 0..text.len(), Form::Block);
    if let Ok(document) = Document::parse(text) {
        fields(&mut top, document.as_table(), lines);
    }
    top
}

fn fields(place: &mut Place, table: &dyn TableLike, lines: &Lines) {
    for (name, item) in table.iter() {
        let key = table.key(name).and_then(|key| key.span()).unwrap_or(0..0);
        place.fields.insert(name.to_owned(), below(key, item, lines));
    }
}

fn below(key: Range<usize>, item: &Item, lines: &Lines) -> Place {
    let at_key = lines.line(key.start);
    let span = item.span().unwrap_or_else(|| key.clone());
    match item {
        Item::Value(value) => {
            let dotted = matches!(value, Value::InlineTable(table) if table.is_dotted());
            let form = if dotted { Form::Block } else { Form::Inline };
            let mut place = Place::new(at_key, key, span, form);
            if let Value::InlineTable(table) = value {
                fields(&mut place, table, lines);
            }
            place
        }
        Item::Table(table) => {
            let line = if table.is_dotted() || table.is_implicit() { at_key } else { lines.line(span.start) };
            let mut place = Place::new(line, key, span, Form::Block);
            fields(&mut place, table, lines);
            place
        }
        Item::ArrayOfTables(_) | Item::None => Place::new(lines.line(span.start), key, span, Form::Block),
    }
}
