//! Figures from Prometheus: from a page in its text format, or from what a server answers to a query.
//!
//! What must stay true: what is not there, or not a number, is no figure; never zero.

use crate::domain::service::Series;
use crate::domain::value::Value;
use std::collections::BTreeMap;

/// What a page says of a series: the sum of the lines that fit, or its share of another sum.
pub(super) fn of_page(page: &str, series: &Series) -> Option<f64> {
    let sum = sum(page, series)?;
    let Some(over) = &series.over else { return Some(sum) };
    let whole = of_page(page, over)?;
    // Of nothing that was asked, nothing went wrong.
    if whole == 0.0 && sum == 0.0 { Some(0.0) } else { finite(sum / whole) }
}

fn sum(page: &str, series: &Series) -> Option<f64> {
    let fits = |sample: &Sample| {
        sample.name == series.metric
            && series.labels.iter().all(|(name, value)| sample.labels.get(name) == Some(value))
    };
    let samples = page.lines().filter_map(Sample::parse).filter(fits);
    samples.map(|sample| sample.value).reduce(|a, b| a + b).and_then(finite)
}

/// One line of a page.
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Sample {
    /// `name{label="text"} 1.5 1700000000`; nothing where the line is a comment or cannot be read.
    fn parse(line: &str) -> Option<Sample> {
        let line = line.trim();
        let is_sign = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':');
        let (name, rest) = line.split_at(line.find(is_sign)?);
        if name.is_empty() {
            return None;
        }
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(inner) => labels(inner)?,
            None => (BTreeMap::new(), rest),
        };
        let value = rest.split_whitespace().next()?.parse().ok()?;
        Some(Sample { name: name.to_owned(), labels, value })
    }
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, quoted) = rest.split_once('=')?;
        let quoted = quoted.trim_start().strip_prefix('"')?;
        let mut text = String::new();
        let mut characters = quoted.char_indices();
        let end = loop {
            match characters.next()? {
                (at, '"') => break at + 1,
                (_, '\\') => match characters.next()?.1 {
                    'n' => text.push('\n'),
                    other => text.push(other),
                },
                (_, other) => text.push(other),
            }
        };
        labels.insert(name.trim().to_owned(), text);
        rest = &quoted[end..];
    }
}

/// The one number of an answer of Prometheus' API, or why there is none.
pub(super) fn of_answer(answer: &Value) -> Result<f64, String> {
    if answer["status"] != "success" {
        return Err("the query is refused".to_owned());
    }
    let result = &answer["data"]["result"];
    let sample = match answer["data"]["resultType"].as_str() {
        Some("scalar") => result,
        Some("vector") => match result.as_array().map(Vec::as_slice).unwrap_or_default() {
            [] => return Err("there is no data".to_owned()),
            [one] => &one["value"],
            several => return Err(format!("there are {} series, and one is needed", several.len())),
        },
        _ => return Err("the query gives no number".to_owned()),
    };
    let number = sample[1].as_str().and_then(|text| text.parse().ok()).and_then(finite);
    number.ok_or_else(|| "there is no data".to_owned())
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PAGE: &str = "\
# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code=\"200\",path=\"/a b\"} 90 1700000000
http_requests_total{code=\"500\", path=\"/\\\"q\\\"\\n}\",} 6 # {trace=\"1\"} 1
http_requests_total{code=\"503\"} 4
idle_total 0
process_resident_memory_bytes 1.5e+06
broken{code= 5
nothing NaN
endless +Inf
";

    fn series(metric: &str, labels: &[(&str, &str)], over: Option<Series>) -> Series {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Series { metric: metric.to_owned(), labels, over: over.map(Box::new) }
    }

    #[test]
    fn a_page_gives_sums_and_shares_and_nothing_where_there_is_nothing() {
        let requests = || series("http_requests_total", &[], None);
        let idle = || series("idle_total", &[], None);
        for (asked, figure) in [
            (requests(), Some(100.0)),
            (series("http_requests_total", &[("code", "500")], Some(requests())), Some(0.06)),
            (series("http_requests_total", &[("path", "/\"q\"\n}")], None), Some(6.0)),
            (series("process_resident_memory_bytes", &[], None), Some(1_500_000.0)),
            (series("idle_total", &[], Some(idle())), Some(0.0)),
            (series("http_requests_total", &[], Some(idle())), None),
            (series("http_requests", &[], None), None),
            (series("broken", &[], None), None),
            (series("nothing", &[], None), None),
            (series("endless", &[], None), None),
        ] {
            assert_eq!(of_page(PAGE, &asked), figure, "{asked:?}");
        }
    }

    #[test]
    fn a_server_s_answer_is_one_number_or_none() {
        let vector =
            |result: Value| json!({"status": "success", "data": {"resultType": "vector", "result": result}});
        let scalar = json!({"status": "success", "data": {"resultType": "scalar", "result": [1.7e9, "0.5"]}});
        assert_eq!(of_answer(&scalar), Ok(0.5));
        assert_eq!(of_answer(&vector(json!([{"metric": {}, "value": [1, "0.25"]}]))), Ok(0.25));
        for (answer, says) in [
            (vector(json!([])), "no data"),
            (vector(json!([{"value": [1, "NaN"]}])), "no data"),
            (vector(json!([{"value": [1, "1"]}, {"value": [1, "2"]}])), "2 series"),
            (json!({"status": "error"}), "refused"),
            (json!({"status": "success", "data": {"resultType": "matrix", "result": []}}), "no number"),
            (json!([]), "refused"),
        ] {
            assert!(of_answer(&answer).unwrap_err().contains(says), "{answer}");
        }
    }
}
