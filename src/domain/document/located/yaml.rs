//! Where the parts of a YAML document stand.

use super::{Form, MERGED, Place};
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, Span, StrInput};
use std::ops::Range;

/// The top's place. The text is known to be YAML that can be read; of one that is not, nothing is known.
pub(super) fn place(text: &str) -> Place {
    let options = granit_parser::options! { emit_comments: false };
    let mut walk = Walk { text, events: Parser::new_from_str_with_options(text, options) };
    while let Some((event, _)) = walk.next() {
        if matches!(event, Event::DocumentStart(..)) {
            return walk.below(1, 0..0).unwrap_or_else(|| nowhere(text));
        }
    }
    nowhere(text)
}

fn nowhere(text: &str) -> Place {
    Place::new(1, 0..0, 0..text.len(), Form::Block)
}

struct Walk<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
}

impl<'a> Walk<'a> {
    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        self.events.next_event()?.ok()
    }

    fn below(&mut self, line: u32, key: Range<usize>) -> Option<Place> {
        let (event, span) = self.next()?;
        self.node(&event, &span, line, key)
    }

    fn node(&mut self, event: &Event<'a>, span: &Span, line: u32, key: Range<usize>) -> Option<Place> {
        let at = span.byte_range()?;
        // An anchor or a tag may stand before the collection; in a flow collection the bracket comes first.
        let flow = self.text.get(at.clone()).is_some_and(|begin| begin.starts_with(['{', '[']));
        let form = if flow { Form::Inline } else { Form::Block };
        let mut place = Place::new(line, key, at.clone(), form);
        match event {
            Event::Scalar(_, style, _, _) => {
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                place.form = if block { Form::Block } else { Form::Inline };
            }
            Event::SequenceStart(..) => loop {
                let (event, span) = self.next()?;
                if matches!(event, Event::SequenceEnd) {
                    place.span.end = span.byte_range()?.end;
                    break;
                }
                self.node(&event, &span, line, at.clone())?;
            },
            Event::MappingStart(..) => loop {
                let (event, span) = self.next()?;
                if matches!(event, Event::MappingEnd) {
                    place.span.end = span.byte_range()?.end;
                    break;
                }
                let Event::Scalar(name, style, _, tag) = event else { return None };
                let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
                let mut below = self.below(line, span.byte_range()?)?;
                if name == MERGED && style == ScalarStyle::Plain && tag.is_none() {
                    below.form = Form::Elsewhere;
                    below.fields.clear();
                }
                place.fields.insert(name.into_owned(), below);
            },
            _ => place.form = Form::Elsewhere,
        }
        Some(place)
    }
}
