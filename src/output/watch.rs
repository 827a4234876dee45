//! Changes as they happen, a line each.

use super::color::Paint;
use super::{Render, Style, escape, words};
use crate::api::history::HistoryView;
use crate::api::watch::{WatchReply, WatchView};
use crate::domain::value::Value;

impl Render for WatchReply {
    fn table(&self, style: &Style) -> String {
        self.items.iter().map(|item| line(&item.event, style) + "\n").collect()
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|WatchView { event, .. }| event.path.to_string()).collect()
    }
}

fn line(event: &HistoryView, style: &Style) -> String {
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), words::value);
    let operation = match event.emergency {
        true => Paint::Yellow.on(&format!("{} (emergency)", event.operation), style),
        false => event.operation.clone(),
    };
    let place: Vec<&str> = [&event.layer, &event.origin].into_iter().flatten().map(String::as_str).collect();
    format!(
        "{}  {}  {operation}  {}  {} → {}  ({}, by {}: {})",
        style.time(event.at),
        event.version,
        escape::line(event.path.as_str()),
        value(&event.before),
        value(&event.after),
        escape::line(&place.join(", ")),
        escape::line(&event.by),
        escape::line(&event.reason),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Format, render, samples};
    use insta::assert_snapshot;

    fn reply() -> WatchReply {
        let mut events = samples::history().items;
        events.reverse();
        events[0].layer = Some("override".to_owned());
        events[0].reason = "moved\nto\u{1b}[2J".to_owned();
        events[1].layer = Some("file".to_owned());
        events[1].origin = Some("app.yaml:3".to_owned());
        events[1].emergency = true;
        let item = |(id, event)| WatchView { event, cursor: format!("9.{id}") };
        WatchReply { items: (1..).zip(events).map(item).collect(), next: "9".to_owned() }
    }

    #[test]
    fn a_change_is_a_line() {
        assert_snapshot!(reply().table(&Style::PLAIN), @r#"
        2026-11-21 09:30:05Z  8  CREATE  server.port  - → 5050  (override, by ann: moved\nto\u{1b}[2J)
        2026-11-21 09:30:05Z  9  UPDATE (emergency)  server.port  5050 → 5051  (file, app.yaml:3, by ann: the old port is taken)
        "#);
        assert_eq!(reply().names(), ["server.port", "server.port"]);
    }

    #[test]
    fn each_change_is_an_object_with_its_cursor() {
        assert_snapshot!(render(&reply(), Format::Ndjson, &Style::PLAIN).unwrap(), @r#"
        {"after":5050,"at":"2026-11-21T09:30:05.000Z","before":null,"by":"ann","cursor":"9.1","layer":"override","operation":"CREATE","path":"server.port","reason":"moved\nto\u001b[2J","source_ip":"local","version":8}
        {"after":5051,"at":"2026-11-21T09:30:05.000Z","before":5050,"by":"ann","cursor":"9.2","emergency":true,"layer":"file","operation":"UPDATE","origin":"app.yaml:3","path":"server.port","reason":"the old port is taken","source_ip":"local","version":9}
        "#);
    }
}
