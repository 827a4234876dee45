//! What differs between two states.

use super::color::Paint;
use super::items::{Item, items};
use super::{Render, Style, escape, words};
use crate::api::diff::{DiffReply, Difference};
use crate::domain::path::Path;

impl Render for DiffReply {
    fn table(&self, style: &Style) -> String {
        if self.items.is_empty() {
            return String::new();
        }
        let side =
            |sign: &str, name: &str, paint: Paint| paint.on(&format!("{sign} {}", escape::line(name)), style);
        let (former, latter) = (side("---", &self.a, Paint::Red), side("+++", &self.b, Paint::Green));
        let differences: Vec<Item<'_>> = self.items.iter().map(item).collect();
        format!("{former}\n{latter}\n{}", items(&differences, None, style))
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.path.to_string()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.items.is_empty() {
            let compared = if self.not_compared.is_empty() { "" } else { " in what can be compared" };
            let (a, b) = (escape::line(&self.a), escape::line(&self.b));
            remarks.push(format!("{a} and {b} do not differ{compared}."));
        }
        if !self.not_compared.is_empty() {
            let secrets: Vec<&str> = self.not_compared.iter().map(Path::as_str).collect();
            remarks.push(format!(
                "Secrets of two stores cannot be compared, whose keys differ: {}",
                escape::line(&words::list(&secrets))
            ));
        }
        remarks
    }
}

fn item(difference: &Difference) -> Item<'_> {
    Item {
        label: difference.path.to_string(),
        before: difference.a.as_ref(),
        after: difference.b.as_ref(),
        base: None,
        base_layer: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;
    use insta::assert_snapshot;
    use serde_json::json;

    #[test]
    fn differences_stand_a_path_a_line_and_colour_changes_nothing_else() {
        let reply = samples::differences(&[
            ("added", None, Some(json!("x"))),
            ("certificate", Some(json!("a\nb\nc\n")), Some(json!("a\nB\nc\n"))),
            ("gone", Some(json!(1)), None),
            ("session_timeout_minutes", Some(json!(120)), Some(json!(180))),
        ]);
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        --- version 8
        +++ version 9
        + added                    x
        ~ certificate
           a
          -b
          +B
           c
        - gone                     1
        ~ session_timeout_minutes  120 → 180
        ");
        let coloured = reply.table(&Style { color: true, ..Style::PLAIN });
        let bare = ["0", "31", "32", "33"]
            .iter()
            .fold(coloured.clone(), |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
        assert_ne!(coloured, bare);
        assert_eq!(bare, reply.table(&Style::PLAIN));
        assert_eq!(reply.names(), ["added", "certificate", "gone", "session_timeout_minutes"]);
    }

    #[test]
    fn secrets_of_two_stores_are_said_to_be_left_out() {
        let secrets = ["database.password", "token"].map(|path| Path::parse(path).unwrap()).to_vec();
        let reply = DiffReply { not_compared: secrets, ..samples::differences(&[]) };
        assert_eq!(
            reply.remarks(&Style::PLAIN),
            [
                "version 8 and version 9 do not differ in what can be compared.",
                "Secrets of two stores cannot be compared, whose keys differ: database.password, token"
            ]
        );
    }

    #[test]
    fn no_difference_is_no_text_and_a_remark() {
        let reply = samples::differences(&[]);
        assert_eq!(reply.table(&Style::PLAIN), "");
        assert_eq!(reply.remarks(&Style::PLAIN), ["version 8 and version 9 do not differ."]);
    }
}
