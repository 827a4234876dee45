//! Values, what explains one, and who set them.

use super::color::Paint;
use super::facts::Facts;
use super::table::{Field, or_dash, table};
use super::{Render, Style, escape, words};
use crate::api::value::{BlameReply, ExplainReply, GetReply, Layer, LayerView, ValueView};
use crate::domain::value::{Value, bare};

/// Whether the answer to `get` is the value of the one whole path asked for, which is printed bare.
pub fn is_one_value(reply: &GetReply, asked: &[String]) -> bool {
    match (asked, reply.items.as_slice()) {
        ([path], [item]) => crate::domain::path::Path::parse(path).is_ok_and(|path| path == item.path),
        _ => false,
    }
}

/// Paths with their values and layers.
pub(super) fn values(items: &[ValueView], style: &Style) -> String {
    let row = |item: &ValueView| -> [Field; 3] {
        [(&item.path).into(), words::value(&item.value).into(), item.layer.as_str().into()]
    };
    table(["PATH", "VALUE", "LAYER"], items.iter().map(row), style)
}

impl Render for GetReply {
    fn table(&self, style: &Style) -> String {
        values(&self.items, style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.path.to_string()).collect()
    }

    fn raw(&self) -> Option<String> {
        match self.items.as_slice() {
            [item] => Some(bare(&item.value)),
            _ => None,
        }
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        if self.items.is_empty() { vec!["Nothing is set.".to_owned()] } else { Vec::new() }
    }
}

impl Render for ExplainReply {
    fn table(&self, style: &Style) -> String {
        let head = match (&self.value, &self.layer) {
            (Some(value), Some(from)) => {
                let path = Paint::Bold.on(&escape::line(self.path.as_str()), style);
                let from = match from {
                    Layer::Source(name) => format!("source {}", escape::line(name)),
                    layer => layer.as_str().to_owned(),
                };
                format!("{path} = {}, from the {from}\n", words::value(value))
            }
            _ => format!("{} has no value\n", escape::line(self.path.as_str())),
        };
        let layers = table(
            ["LAYER", "VALUE", "WINS", "BY", "TIME", "VERSION", "REASON", "WHERE"],
            self.layers.iter().map(|layer| layer_row(layer, style)),
            style,
        );
        format!("{head}\n{layers}\n{}", facts(self).text(style))
    }

    fn names(&self) -> Vec<String> {
        vec![self.path.to_string()]
    }

    fn raw(&self) -> Option<String> {
        self.value.as_ref().map(bare)
    }
}

fn layer_row(view: &LayerView, style: &Style) -> [Field; 8] {
    [
        view.layer.as_str().into(),
        or_dash(view.value.as_ref().map(words::value)),
        if view.wins { Field::painted("yes", Paint::Green) } else { "no".into() },
        or_dash(view.by.as_ref()),
        or_dash(view.at.map(|at| style.time(at))),
        or_dash(view.version),
        or_dash(view.reason.as_ref()),
        or_dash(view.origin.as_ref()),
    ]
}

fn facts(reply: &ExplainReply) -> Facts {
    let mut facts = Facts::default();
    let fields = reply.setting.as_ref().and_then(Value::as_object);
    let of = |key: &str| fields.and_then(|fields| fields.get(key)).map(words::value);
    facts.maybe("About", of("description"));
    if !reply.registered {
        facts.add("Setting", "not in the manifest");
    }
    let told = ["description", "risk", "restart", "services", "unit", "owner", "default"];
    let schema: Vec<String> = fields
        .into_iter()
        .flatten()
        .filter(|(key, _)| !told.contains(&key.as_str()))
        .map(|(key, value)| format!("{key} {}", words::value(value)))
        .collect();
    facts.maybe("Setting", (!schema.is_empty()).then(|| schema.join(", ")));
    facts.maybe("Unit", of("unit"));
    facts.maybe("Owner", of("owner"));
    let restart = if reply.restart { ", and a change needs a restart" } else { "" };
    facts.paint("Risk", format!("{}{restart}", reply.risk), Paint::of_risk(reply.risk));
    facts.add("Demands", &reply.demand);
    facts.add("Services", words::list(&reply.services));
    facts.add("Rules", words::list(&reply.rules));
    facts.all("Requests", &reply.open_requests);
    facts
}

impl Render for BlameReply {
    fn table(&self, style: &Style) -> String {
        let rows = self.items.iter().map(|item| {
            [
                (&item.path).into(),
                words::value(&item.value).into(),
                item.version.into(),
                (&item.by).into(),
                style.time(item.at).into(),
                (&item.reason).into(),
            ]
        });
        table(["PATH", "VALUE", "VERSION", "BY", "TIME", "REASON"], rows, style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.path.to_string()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        if self.items.is_empty() { vec!["Nobody has set anything.".to_owned()] } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Format, render, samples};
    use insta::assert_snapshot;
    use serde_json::json;

    #[test]
    fn values_stand_in_a_table() {
        let reply = samples::values(&[
            ("name", json!("a\u{1b}[2J\nb")),
            ("port", json!(5050)),
            ("text", json!("5050")),
        ]);
        assert_snapshot!(reply.table(&Style::PLAIN), @r#"
        PATH  VALUE          LAYER
        name  a\u{1b}[2J\nb  override
        port  5050           override
        text  "5050"         override
        "#);
    }

    #[test]
    fn one_value_is_bare_to_the_byte() {
        for (value, raw) in [
            (json!("two\nlines\u{1b}\n"), "two\nlines\u{1b}\n\n"),
            (json!("5050"), "5050\n"),
            (json!({"b": 1, "a": [true]}), "{\"a\":[true],\"b\":1}\n"),
            (json!(""), "\n"),
        ] {
            assert_eq!(render(&samples::values(&[("p", value)]), Format::Raw, &Style::PLAIN).unwrap(), raw);
        }
    }

    #[test]
    fn an_answer_is_one_value_only_where_its_whole_path_was_asked_for() {
        let reply = samples::values(&[("server.port", json!(1))]);
        for (asked, one) in
            [(&["server.port"][..], true), (&["server"], false), (&["server.port", "x"], false), (&[], false)]
        {
            let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
            assert_eq!(is_one_value(&reply, &asked), one, "{asked:?}");
        }
    }

    #[test]
    fn explaining_shows_every_layer_and_what_a_change_would_touch() {
        assert_snapshot!(samples::explained().table(&Style::PLAIN), @"
        server.port = 5051, from the override

        LAYER     VALUE  WINS  BY   TIME                  VERSION  REASON                 WHERE
        override  5051   yes   ann  2026-11-21 09:30:05Z  9        the old port is taken  -
        default   5050   no    -    -                     -        -                      -

        About     Where it listens.
        Setting   minimum 1, type integer
        Risk      high, and a change needs a restart
        Demands   1 approval by senior-admin, not the requester
        Services  web, worker
        Rules     none
        Requests  01JD0000000000000000000000
        ");
        assert_eq!(samples::explained().raw().as_deref(), Some("5051"));
    }

    #[test]
    fn blame_names_who_when_and_why() {
        assert_snapshot!(samples::blamed().table(&Style::PLAIN), @r"
        PATH         VALUE  VERSION  BY   TIME                  REASON
        server.port  5051   9        ann  2026-11-21 09:30:05Z  the old port\nis taken
        ");
        assert_eq!(samples::blamed().names(), ["server.port"]);
    }
}
