//! How a service is asked whether it is well, and for the figures that say how well.
//!
//! What must stay true: a figure is a number with one meaning: `error_rate` a fraction of what was asked, `memory` a
//! fraction or bytes as whoever names its limit counts it, `response_time` seconds.

use super::part::Part;
use super::{Call, Command, USUAL_TIMEOUT};
use crate::domain::time::Span;
use crate::domain::value::Value;
use std::collections::BTreeMap;

/// One way to ask a service whether it is well.
#[derive(Debug, Clone, PartialEq)]
pub enum Probe {
    /// A web server that must answer with this status.
    Http {
        /// Where.
        call: Call,
        /// The status that means well.
        expect: u16,
    },
    /// A port that must accept a connection.
    Tcp {
        /// HOST:PORT.
        address: String,
        /// How long it has.
        timeout: Span,
    },
    /// A command that must succeed; where it prints a JSON object, its figures stand there under their names.
    Command(Command),
    /// A page of metrics in Prometheus' text format, with the figures to take from it.
    Metrics {
        /// Where.
        call: Call,
        /// What stands there.
        figures: BTreeMap<Figure, Series>,
    },
    /// A Prometheus server, with a query for each figure.
    Prometheus {
        /// Where; `/api/v1/query` is added.
        call: Call,
        /// The queries, in PromQL.
        queries: BTreeMap<Figure, String>,
    },
}

impl Probe {
    /// The same with no more time than this to answer.
    pub fn within(&self, longest: Span) -> Probe {
        let mut probe = self.clone();
        let timeout = match &mut probe {
            Probe::Http { call, .. } | Probe::Metrics { call, .. } | Probe::Prometheus { call, .. } => {
                &mut call.timeout
            }
            Probe::Command(command) => &mut command.timeout,
            Probe::Tcp { timeout, .. } => timeout,
        };
        *timeout = (*timeout).min(longest);
        probe
    }
}

/// A number that says how well a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Which fraction of what it was asked went wrong.
    ErrorRate,
    /// How much memory it uses.
    Memory,
    /// How long it takes to answer, in seconds.
    ResponseTime,
}

/// Figures with their numbers.
pub type Figures = BTreeMap<Figure, f64>;

impl Figure {
    /// All of them.
    pub const ALL: [Figure; 3] = [Figure::ErrorRate, Figure::Memory, Figure::ResponseTime];

    /// Its word in the manifest and in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Figure::ErrorRate => "error_rate",
            Figure::Memory => "memory",
            Figure::ResponseTime => "response_time",
        }
    }
}

/// Which lines of a page of metrics make a figure: the sum of those that fit, or its share of another sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The metric's name.
    pub metric: String,
    /// Labels that a line must have with these values.
    pub labels: BTreeMap<String, String>,
    /// What it is divided by.
    pub over: Option<Box<Series>>,
}

pub(super) fn read(mut part: Part<'_>) -> Option<Probe> {
    let kinds = ["http", "tcp", "command", "metrics", "prometheus"];
    let kind = kinds.into_iter().find(|kind| part.has(kind))?;
    if kind != "http" {
        part.without(&["expect"], "belongs to http, and this is none");
    }
    if matches!(kind, "tcp" | "command") {
        part.without_call(if kind == "tcp" { "a port" } else { "a command" });
    }
    if !matches!(kind, "metrics" | "prometheus") {
        let why = "belongs to metrics or prometheus; a command prints its figures as JSON";
        part.without(&["figures"], why);
    }
    match kind {
        "http" => {
            let expect = part.whole("expect").and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
            Some(Probe::Http { call: part.call("http", USUAL_TIMEOUT)?, expect })
        }
        "tcp" => tcp(&mut part),
        "command" => part.command("command", USUAL_TIMEOUT).map(Probe::Command),
        "metrics" => {
            let call = part.call("metrics", USUAL_TIMEOUT)?;
            let figures = figures(&mut part, series)?;
            Some(Probe::Metrics { call, figures })
        }
        _ => {
            let call = part.call("prometheus", USUAL_TIMEOUT)?;
            if call.url.contains(['?', '#']) {
                part.tell(
                    "prometheus",
                    "prometheus is the server's address, and the query stands in figures.",
                );
            }
            let queries = figures(&mut part, |part| {
                part.without(&["metric", "labels", "over"], "belongs to metrics; a server is asked by query");
                let query = part.text("query");
                if query.is_none() {
                    part.lacks(&["query"], "what to ask the server for");
                }
                query
            })?;
            Some(Probe::Prometheus { call, queries })
        }
    }
}

fn tcp(part: &mut Part<'_>) -> Option<Probe> {
    let address = part.text("tcp")?;
    let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    let port = port.and_then(|(_, port)| port.parse::<u16>().ok()).filter(|port| *port > 0);
    if port.is_none() {
        part.tell("tcp", format!("{address:?} is no HOST:PORT, such as 127.0.0.1:8080."));
    }
    Some(Probe::Tcp { address, timeout: part.span("timeout", USUAL_TIMEOUT) })
}

fn figures<T>(
    part: &mut Part<'_>,
    mut read: impl FnMut(&mut Part<'_>) -> Option<T>,
) -> Option<BTreeMap<Figure, T>> {
    let mut found = BTreeMap::new();
    if let Some(mut figures) = part.below("figures") {
        for figure in Figure::ALL {
            if let Some(mut below) = figures.below(figure.as_str())
                && let Some(read) = read(&mut below)
            {
                found.insert(figure, read);
            }
        }
    }
    if !part.has("figures") {
        part.lacks(&["figures"], "error_rate, memory or response_time, each with where it stands");
    }
    (!found.is_empty()).then_some(found)
}

fn series(part: &mut Part<'_>) -> Option<Series> {
    part.without(&["query"], "belongs to prometheus; a page of metrics is read by metric");
    let over = part.below("over").and_then(|mut over| summed(&mut over)).map(Box::new);
    let series = summed(part)?;
    Some(Series { over, ..series })
}

fn summed(part: &mut Part<'_>) -> Option<Series> {
    let Some(metric) = part.text("metric") else {
        part.lacks(&["metric"], "the name of the metric");
        return None;
    };
    let is_name = metric.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b));
    if !is_name {
        part.tell("metric", format!("{metric:?} is no name of a metric; labels stand under labels."));
    }
    let labels = part
        .map("labels")
        .filter_map(|(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some(Series { metric, labels: labels.collect(), over: None })
}
