//! Sending a request and taking its answer.
//!
//! What must stay true: what is trusted is read when the first `https` request goes out, and for plain `http` never; a
//! connection is not kept, so that nothing is open between two requests; no compression is asked for, so that a short
//! answer cannot become a long one.

use super::exchange::{Answer, Method, Request};
use super::{address::Address, body, failure, redirect};
use crate::domain::error::{Error, Result};
use crate::domain::wording::plain_reason;
use reqwest::blocking::{Client as Sender, Response};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Certificate, NoProxy, Proxy};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What is never asked of a proxy: this machine.
const NEVER_BY_PROXY: &str = "localhost,127.0.0.0/8,::1";
/// The longest file of certificates.
const LONGEST_CERTIFICATES: u64 = 4 << 20;

/// What a client trusts, and by which way it goes.
#[derive(Clone, Default)]
pub struct Settings {
    /// A file of certificates (PEM) that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The proxy for `https`; may hold a password.
    pub https_proxy: Option<String>,
    /// Which hosts are asked without it, as `NO_PROXY` is written.
    pub no_proxy: Option<String>,
}

impl Settings {
    /// With the proxy that the environment names, in capitals or in small letters.
    pub fn of_environment(lookup: impl Fn(&str) -> Option<String>, ca_file: Option<PathBuf>) -> Settings {
        let either = |capitals: &str| {
            [capitals.to_owned(), capitals.to_lowercase()]
                .iter()
                .find_map(|name| lookup(name).filter(|value| !value.is_empty()))
        };
        Settings { ca_file, https_proxy: either("HTTPS_PROXY"), no_proxy: either("NO_PROXY") }
    }
}

/// The client. Making one costs nothing; the first request does.
#[derive(Default)]
pub struct Client {
    settings: Settings,
    plain: Mutex<Option<Sender>>,
    safe: Mutex<Option<Sender>>,
}

impl Client {
    /// A client that nothing is built of yet.
    pub fn new(settings: Settings) -> Client {
        Client { settings, ..Client::default() }
    }

    /// Sends a request, follows its redirects, and reads the whole answer, whatever its status. `unavailable` where
    /// there is none, `invalid` where the request or the answer's length is not fit.
    pub fn send(&self, request: &Request) -> Result<Answer> {
        let begun = Instant::now();
        let mut at = Address::parse(&request.url, request.allow_plain)?;
        // What was meant for one server is nobody else's, nor for whatever another one leads back to.
        let mut is_own = true;
        for followed in 0.. {
            let response = self.send_once(request, &at, is_own, begun)?;
            let location = response.headers().get("location").and_then(|value| value.to_str().ok());
            let status = response.status().as_u16();
            match redirect::next(&at, request.method, status, location, followed, request.allow_plain)? {
                Some(next) => {
                    is_own &= next.is_same_server(&at);
                    at = next;
                }
                None => return answer(response, &at, request, begun),
            }
        }
        Err(Error::internal("A row of redirects did not end."))
    }

    fn send_once(&self, request: &Request, to: &Address, is_own: bool, begun: Instant) -> Result<Response> {
        let left = request.timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(failure::too_slow(&to.host(), request.timeout));
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut sent = self.sender(to)?.request(method, to.url().clone()).timeout(left);
        for (name, value) in request.headers.iter().filter(|_| is_own) {
            let key = failure::of_header(name, HeaderName::from_bytes(name.as_bytes()))?;
            let mut secret = failure::of_header(name, HeaderValue::from_str(value))?;
            secret.set_sensitive(true);
            sent = sent.header(key, secret);
        }
        if is_own && (request.method != Method::Get || !request.body.is_empty()) {
            sent = sent.body(request.body.clone());
        }
        sent.send().map_err(|error| failure::of_request(&to.host(), request.timeout, &error))
    }

    /// The library's client for an address, built where it is not yet.
    fn sender(&self, to: &Address) -> Result<Sender> {
        let kept = if to.is_plain() { &self.plain } else { &self.safe };
        let mut kept = kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(sender) = &*kept {
            return Ok(sender.clone());
        }
        let built = if to.is_plain() { self.build_plain() } else { self.build_safe() }?;
        Ok(kept.insert(built).clone())
    }

    fn build_plain(&self) -> Result<Sender> {
        // No certificate is needed, so none is loaded.
        let builder = Sender::builder().tls_certs_only([]).no_proxy();
        finish(builder).map_err(|error| failure::of_start(&error))
    }

    fn build_safe(&self) -> Result<Sender> {
        let mut builder = Sender::builder().https_only(true).no_proxy();
        if let Some(url) = &self.settings.https_proxy {
            let listed = self.settings.no_proxy.as_deref().unwrap_or_default();
            let direct = NoProxy::from_string(&format!("{NEVER_BY_PROXY},{listed}"));
            let proxy = Proxy::https(url).map_err(|_| {
                Error::invalid("The variable HTTPS_PROXY does not hold the address of a proxy.")
                    .hint("Write it as http://HOST:PORT, or unset it.")
            })?;
            builder = builder.proxy(proxy.no_proxy(direct));
        }
        if self.settings.ca_file.is_some() {
            builder = builder.tls_certs_merge(self.certificates()?);
        }
        finish(builder).map_err(|error| failure::of_trust(&error))
    }

    fn certificates(&self) -> Result<Vec<Certificate>> {
        let Some(file) = &self.settings.ca_file else { return Ok(Vec::new()) };
        let named = file.display();
        let failed = |why: String| {
            Error::unavailable(format!("The file of certificates {named} cannot be read: {why}."))
                .not_retryable()
                .hint("Look at the file and its permissions, or name another as ca_file in the manifest.")
        };
        let metadata = file.metadata().map_err(|error| failed(plain_reason(&error.to_string())))?;
        if !metadata.is_file() || metadata.len() > LONGEST_CERTIFICATES {
            return Err(failed("it is not a file of certificates".to_owned()));
        }
        let text = std::fs::read(file).map_err(|error| failed(plain_reason(&error.to_string())))?;
        match Certificate::from_pem_bundle(&text) {
            Ok(found) if !found.is_empty() => Ok(found),
            _ => Err(failed("it holds no certificate in PEM form".to_owned())),
        }
    }
}

/// What every client has in common.
fn finish(builder: reqwest::blocking::ClientBuilder) -> reqwest::Result<Sender> {
    builder
        .user_agent(concat!("cfgctl/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .pool_max_idle_per_host(0)
        .timeout(None::<Duration>)
        .build()
}

fn answer(response: Response, from: &Address, request: &Request, begun: Instant) -> Result<Answer> {
    let status = response.status().as_u16();
    let longest = request.longest_answer;
    if response.content_length().is_some_and(|length| length > longest as u64) {
        return Err(body::too_long(&from.host(), longest));
    }
    let headers = response
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let body = body::read(response, &from.host(), longest, begun, request.timeout)?;
    Ok(Answer { status, headers, body, took: begun.elapsed() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_is_the_one_that_the_environment_names_in_capitals_or_small_letters() {
        let of = |names: &[(&str, &str)]| {
            let lookup = |asked: &str| {
                names.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
            };
            let settings = Settings::of_environment(lookup, None);
            (settings.https_proxy, settings.no_proxy)
        };
        let proxy = Some("http://proxy:3128".to_owned());
        assert_eq!(of(&[("HTTPS_PROXY", "http://proxy:3128")]), (proxy.clone(), None));
        assert_eq!(
            of(&[("HTTPS_PROXY", ""), ("https_proxy", "http://proxy:3128"), ("no_proxy", "a")]),
            (proxy, Some("a".to_owned()))
        );
        assert_eq!(of(&[("HTTP_PROXY", "http://x"), ("ALL_PROXY", "http://x")]), (None, None));
    }

    #[test]
    fn a_client_is_built_of_nothing_until_it_is_asked() {
        let client = Client::new(Settings { ca_file: Some("/no/such/file".into()), ..Settings::default() });
        assert!(client.plain.lock().unwrap().is_none() && client.safe.lock().unwrap().is_none());
    }
}
