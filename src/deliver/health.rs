//! Asking a service whether it is well.
//!
//! What must stay true: whatever is not surely well is not well, and no data is no good sign; a probe that does not
//! answer ends when its time is over.

use super::{Surroundings, metrics, run_well, web};
use crate::domain::error::{Error, Result};
use crate::domain::service::{Call, Figure, Figures, Probe};
use crate::domain::value::Value;
use crate::domain::wording::plain_reason;
use crate::net::{Method, shown};
use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What one probe found.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    /// Whether the service is well.
    pub well: bool,
    /// How long the probe took.
    pub took: Duration,
    /// The figures that it gave.
    pub figures: Figures,
    /// Why it is not well, in a sentence.
    pub problem: Option<String>,
}

/// Asks a service once.
pub fn probe(probe: &Probe, around: &Surroundings<'_>) -> Probed {
    let begun = Instant::now();
    let mut figures = Figures::new();
    let asked = match probe {
        Probe::Http { call, expect } => status(call, *expect, around),
        Probe::Tcp { address, timeout } => connect(address, timeout.duration()),
        Probe::Command(command) => run_well(&command.vector, "", command.timeout.duration(), around)
            .and_then(|ran| printed(&ran.program, &ran.stdout.text, &mut figures)),
        Probe::Metrics { call, figures: wanted } => {
            web::send_well(call, Method::Get, None, around).and_then(|answer| {
                let page = String::from_utf8_lossy(&answer.body).into_owned();
                each(wanted, &shown(&call.url), &mut figures, |series| {
                    metrics::of_page(&page, series).ok_or_else(|| "there is no data".to_owned())
                })
            })
        }
        Probe::Prometheus { call, queries } => {
            each(queries, &shown(&call.url), &mut figures, |query| ask(call, query, around))
        }
    };
    let problem = asked.err().map(|error| error.message);
    Probed { well: problem.is_none(), took: begun.elapsed(), figures, problem }
}

fn status(call: &Call, expect: u16, around: &Surroundings<'_>) -> Result<()> {
    let answer = web::send(call, Method::Get, None, around)?;
    if answer.status == expect {
        return Ok(());
    }
    let (place, status) = (shown(&call.url), answer.status);
    Err(Error::unavailable(format!("{place} answers with status {status} instead of {expect}.")))
}

/// Connects to one of the addresses that a name has.
fn connect(address: &str, timeout: Duration) -> Result<()> {
    let begun = Instant::now();
    let failed =
        |why: &str| Error::unavailable(format!("{address} accepts no connection: {}.", plain_reason(why)));
    let (sender, found) = mpsc::channel();
    let name = address.to_owned();
    // The system gives no way to stop looking a name up; whoever waits stops waiting.
    let looking = thread::Builder::new().spawn(move || {
        let _ = sender.send(name.to_socket_addrs().map(Iterator::collect::<Vec<_>>));
    });
    looking.map_err(|error| failed(&error.to_string()))?;
    let found = found.recv_timeout(timeout).map_err(|_| failed("its name was not resolved in time"))?;
    let mut last = "its name has no address".to_owned();
    for one in found.map_err(|error| failed(&error.to_string()))? {
        let left = timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(failed("it did not answer in time"));
        }
        match TcpStream::connect_timeout(&one, left) {
            Ok(_) => return Ok(()),
            Err(error) => last = error.to_string(),
        }
    }
    Err(failed(&last))
}

/// The figures that a command prints, if it prints an object with some.
fn printed(program: &str, text: &str, figures: &mut Figures) -> Result<()> {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return Ok(()) };
    for figure in Figure::ALL {
        let Some(value) = fields.get(figure.as_str()) else { continue };
        let number = value.as_f64().ok_or_else(|| {
            Error::unavailable(format!("{program} prints {} and no number with it.", figure.as_str()))
        })?;
        figures.insert(figure, number);
    }
    Ok(())
}

/// Each figure that is wanted; the first that is not to be had is the problem, and the others are taken all the same.
fn each<T>(
    wanted: &BTreeMap<Figure, T>,
    place: &str,
    figures: &mut Figures,
    mut get: impl FnMut(&T) -> std::result::Result<f64, String>,
) -> Result<()> {
    let mut problem = Ok(());
    for (figure, how) in wanted {
        match get(how) {
            Ok(number) => {
                figures.insert(*figure, number);
            }
            Err(why) if problem.is_ok() => {
                let what = format!("{place} does not tell {}: {why}.", figure.as_str());
                problem = Err(Error::unavailable(what));
            }
            Err(_) => {}
        }
    }
    problem
}

fn ask(call: &Call, query: &str, around: &Surroundings<'_>) -> std::result::Result<f64, String> {
    let url = format!("{}/api/v1/query?query={}", call.url.trim_end_matches('/'), encoded(query));
    let call = Call { url, ..call.clone() };
    let answer = web::send_well(&call, Method::Get, None, around)
        .map_err(|error| error.message.trim_end_matches('.').to_owned())?;
    let answer: Value =
        serde_json::from_slice(&answer.body).map_err(|_| "the answer is no JSON".to_owned())?;
    metrics::of_answer(&answer)
}

/// A text as a part of a query string.
fn encoded(text: &str) -> String {
    let byte = |b: u8| match b {
        b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::super::web::tests::Server;
    use super::*;
    use crate::domain::service::read;
    use serde_json::json;
    use std::net::TcpListener;

    const AROUND: Surroundings<'_> =
        Surroundings { home: std::path::PathBuf::new(), variable: &|_| None, secrets: &[] };

    fn probed(definition: &Value) -> Probed {
        let services = read(&json!({"web": {"health": definition}})).unwrap();
        probe(&services["web"].instances()[0].health[0], &AROUND)
    }

    fn problem(definition: &Value) -> String {
        let probed = probed(definition);
        assert!(!probed.well, "{definition}");
        probed.problem.unwrap()
    }

    #[test]
    fn a_status_is_well_where_it_is_the_expected_one() {
        let (good, bad) =
            (Server::answering(200, "text/plain", "ok"), Server::answering(503, "text/plain", ""));
        assert!(probed(&json!({"http": good.url("/health")})).well);
        assert!(probed(&json!({"http": bad.url("/health"), "expect": 503})).well);
        let told = problem(&json!({"http": bad.url("/health?token=canary")}));
        assert!(told.ends_with("/health answers with status 503 instead of 200."), "{told}");
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        assert!(
            problem(&json!({"http": url, "timeout": "100ms"})).contains("did not answer whole within 100ms")
        );
    }

    #[test]
    fn a_port_is_well_where_it_accepts_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        assert!(probed(&json!({"tcp": address})).well);
        drop(listener);
        assert!(problem(&json!({"tcp": address})).contains("accepts no connection: connection refused"));
        assert!(
            problem(&json!({"tcp": "no.such.host.invalid:80"}))
                .contains("no.such.host.invalid:80 accepts no")
        );
    }

    #[test]
    fn a_command_is_well_where_it_succeeds_and_may_print_figures() {
        let shell = |script: &str| json!({"command": ["/bin/sh", "-c", script]});
        let figures = probed(&shell("echo '{\"error_rate\": 0.5, \"memory\": 7, \"other\": \"x\"}'"));
        assert_eq!(figures.figures, BTreeMap::from([(Figure::ErrorRate, 0.5), (Figure::Memory, 7.0)]));
        assert!(figures.well && probed(&shell("echo fine")).well);
        assert!(problem(&shell("echo sick >&2; exit 1")).ends_with("exit code 1. It says: sick"));
        assert!(problem(&shell("echo '{\"memory\": null}'")).contains("prints memory and no number"));
        assert!(
            problem(&json!({"command": ["sleep", "9"], "timeout": "100ms"})).contains("did not end within")
        );
    }

    #[test]
    fn figures_come_from_a_page_or_a_server_and_no_data_is_not_well() {
        let page = "errors_total{a=\"1\"} 1\nerrors_total 1\nall_total 8\n";
        let server = Server::answering(200, "text/plain; version=0.0.4", page);
        let figures = json!({"error_rate": {"metric": "errors_total", "over": {"metric": "all_total"}}});
        let found = probed(&json!({"metrics": server.url("/metrics"), "figures": figures}));
        assert_eq!((found.well, found.figures), (true, BTreeMap::from([(Figure::ErrorRate, 0.25)])));
        let figures = json!({"error_rate": {"metric": "all_total"}, "memory": {"metric": "nothing"}});
        let found = probed(&json!({"metrics": server.url("/metrics"), "figures": figures}));
        assert_eq!(found.figures, BTreeMap::from([(Figure::ErrorRate, 8.0)]));
        assert!(found.problem.unwrap().ends_with("does not tell memory: there is no data."));

        let answer = r#"{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"0.5"]}]}}"#;
        let server = Server::answering(200, "application/json", answer);
        let figures = json!({"error_rate": {"query": "sum(rate(x{a=\"b\"}[5m])) + 1"}});
        let found = probed(&json!({"prometheus": server.url("/"), "figures": figures}));
        assert_eq!(found.figures, BTreeMap::from([(Figure::ErrorRate, 0.5)]), "{:?}", found.problem);
        let line = server.asked().lines().next().unwrap().to_owned();
        assert!(
            line.contains("/api/v1/query?query=sum%28rate%28x%7Ba%3D%22b%22%7D%5B5m%5D%29%29%20%2B%201 "),
            "{line}"
        );
    }
}
