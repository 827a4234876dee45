//! A document from a web server: from the first of its addresses that gives one.
//!
//! What must stay true: an address says "unchanged" only to the stamp that came from that very address; whatever is
//! neither a document nor that is an error which names the status.

use crate::domain::document::Format;
use crate::domain::error::{Error, Result};
use crate::net::{Answer, Client, Method, Request, shown};
use std::fmt;
use std::time::Duration;

/// Where a document is served.
#[derive(Clone)]
pub struct HttpSource {
    /// Its addresses, tried in this order: the primary, then its backups.
    pub urls: Vec<String>,
    /// What is sent along; the values may be secret.
    pub headers: Vec<(String, String)>,
    /// How long each address has.
    pub timeout: Duration,
    /// The longest document, in bytes.
    pub longest: usize,
    /// Whether it may be fetched in the clear.
    pub allow_plain: bool,
}

/// What a server calls the content that it gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// At which address.
    pub url: String,
    /// Its `ETag`.
    pub etag: String,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// What is known already still holds, says this address.
    Unchanged {
        /// Which.
        url: String,
    },
    /// A document.
    Document {
        /// What it holds.
        bytes: Vec<u8>,
        /// By what to ask next time, where the server gives one.
        etag: Option<String>,
        /// As the server names it.
        content_type: Option<String>,
        /// The format that this, or else the address's ending, announces.
        format: Option<Format>,
        /// From which address.
        url: String,
    },
}

/// Fetches a document, or learns that the known one still holds. The error is the last address's, and tells of the
/// others.
pub fn fetch(client: &Client, source: &HttpSource, known: Option<&Stamp>) -> Result<Fetched> {
    let mut failures: Vec<Error> = Vec::new();
    for url in &source.urls {
        let etag = known.filter(|known| known.url == *url).map(|known| known.etag.as_str());
        match fetch_one(client, source, url, etag) {
            Ok(fetched) => return Ok(fetched),
            Err(error) => failures.push(error),
        }
    }
    let Some(mut last) = failures.pop() else {
        return Err(Error::invalid("The source names no address.").hint("Name one: http: https://HOST/PATH"));
    };
    if !failures.is_empty() {
        let all: Vec<String> = failures.iter().map(|error| error.message.clone()).collect();
        last.message = format!("{} {}", all.join(" "), last.message);
        last.retryable |= failures.iter().any(|error| error.retryable);
    }
    Err(last)
}

fn fetch_one(client: &Client, source: &HttpSource, url: &str, etag: Option<&str>) -> Result<Fetched> {
    let mut headers = source.headers.clone();
    headers.extend(etag.map(|etag| ("if-none-match".to_owned(), etag.to_owned())));
    let answer = client.send(&Request {
        method: Method::Get,
        url: url.to_owned(),
        headers,
        body: Vec::new(),
        timeout: source.timeout,
        longest_answer: source.longest,
        allow_plain: source.allow_plain,
    })?;
    match answer.status {
        200 => Ok(document(answer, url)),
        304 if etag.is_some() => Ok(Fetched::Unchanged { url: url.to_owned() }),
        status => Err(refusal(url, status)),
    }
}

fn document(answer: Answer, url: &str) -> Fetched {
    let own = |name| answer.header(name).map(str::to_owned);
    let (etag, content_type) = (own("etag"), own("content-type"));
    let format = format_of(content_type.as_deref(), url);
    Fetched::Document { bytes: answer.body, etag, content_type, format, url: url.to_owned() }
}

/// The format that a media type, or else the address's ending, announces.
pub fn format_of(content_type: Option<&str>, url: &str) -> Option<Format> {
    content_type.and_then(of_content_type).or_else(|| Format::of_name(&shown(url)))
}

/// The format that a media type names; nothing where it says no more than that it is text.
fn of_content_type(content_type: &str) -> Option<Format> {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (_, kind) = media.split_once('/')?;
    match kind.rsplit('+').next().unwrap_or(kind).trim_start_matches("x-") {
        "json" => Some(Format::Json),
        "yaml" | "yml" => Some(Format::Yaml),
        "toml" => Some(Format::Toml),
        _ => None,
    }
}

fn refusal(url: &str, status: u16) -> Error {
    let place = shown(url);
    let error = Error::unavailable(format!("{place} answers with status {status} instead of a document."));
    match status {
        401 | 403 => error
            .not_retryable()
            .hint("Look at the headers that the manifest sends to it, and at their secret."),
        404 | 410 => error.not_retryable().hint("Look at the address in the manifest."),
        429 | 500.. => error.hint("See the server's log; then try again."),
        _ => error.not_retryable().hint("Look at the address in the manifest, and at the server's log."),
    }
}

impl fmt::Debug for HttpSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls: Vec<String> = self.urls.iter().map(|url| shown(url)).collect();
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HttpSource").field("urls", &urls).field("headers", &headers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_what_the_server_says_and_else_what_the_address_ends_in() {
        for (content_type, url, format) in [
            (Some("application/json; charset=utf-8"), "https://h/a.yaml", Some(Format::Json)),
            (Some("application/vnd.app+JSON"), "https://h/a", Some(Format::Json)),
            (Some("application/yaml"), "https://h/a", Some(Format::Yaml)),
            (Some("text/x-yaml"), "https://h/a", Some(Format::Yaml)),
            (Some("application/toml"), "https://h/a", Some(Format::Toml)),
            (Some("text/plain"), "https://h/a.toml?v=1.json", Some(Format::Toml)),
            (Some("application/octet-stream"), "https://h/a", None),
            (None, "https://h/a.json", Some(Format::Json)),
            (Some(""), "https://h/a", None),
        ] {
            let headers = content_type.map(|text| ("content-type".to_owned(), text.to_owned()));
            let headers = headers.into_iter().collect();
            let answer = Answer { status: 200, headers, body: Vec::new(), took: Duration::ZERO };
            let Fetched::Document { format: found, .. } = document(answer, url) else { panic!() };
            assert_eq!(found, format, "{content_type:?} {url}");
        }
    }

    #[test]
    fn a_source_is_printed_without_its_secrets() {
        let source = HttpSource {
            urls: vec!["https://h/a?token=canary".to_owned()],
            headers: vec![("authorization".to_owned(), "canary".to_owned())],
            timeout: Duration::ZERO,
            longest: 0,
            allow_plain: false,
        };
        assert!(!format!("{source:?}").contains("canary"));
    }
}
