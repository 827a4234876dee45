//! Where a request goes: what is accepted as an address, and what of it may be shown.

use crate::domain::error::{Error, Result};
use reqwest::Url;

/// An address that a request may go to.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads one: `https`, or `http` where that is allowed; with a host, and without a user or password, which belong
    /// into a header. `invalid` says why not, and does not repeat it.
    pub fn parse(url: &str, allow_plain: bool) -> Result<Address> {
        let parsed = Url::parse(url).map_err(|error| {
            Error::invalid(format!("The address {} is not a URL: {error}.", shown(url)))
                .hint("Write it whole: https://HOST/PATH")
        })?;
        Address::check(parsed, allow_plain)
    }

    /// What an answer of this address refers to.
    pub(super) fn join(&self, location: &str, allow_plain: bool) -> Result<Address> {
        let joined = self.0.join(location).map_err(|error| {
            Error::invalid(format!("{} redirects to what is not a URL: {error}.", self.host()))
        })?;
        Address::check(joined, allow_plain)
    }

    fn check(url: Url, allow_plain: bool) -> Result<Address> {
        let place = shown(url.as_str());
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(Error::invalid(format!("The address {place} is not one of a web server."))
                .hint("Write it whole: https://HOST/PATH"));
        }
        if url.scheme() == "http" && !allow_plain {
            return Err(Error::invalid(format!(
                "The address {place} is plain http, which is not allowed here."
            ))
            .hint("Use https; where nobody can listen in between, let the manifest allow plain http."));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::invalid(format!("The address {place} holds a user or a password."))
                .hint("Send them in a header instead, with the password as a reference."));
        }
        Ok(Address(url))
    }

    /// The host, and the port where it is not the usual one. Fit for messages and for the header `Host`.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The path as it is sent.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Whether what was meant for the one may be sent to the other.
    pub(super) fn is_same_server(&self, other: &Address) -> bool {
        self.0.origin() == other.0.origin()
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

/// What of an address may be shown: neither user, password, query nor fragment, and no control character.
pub fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (place, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = place.rsplit('@').next().unwrap_or_default();
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{host}{path}").chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_web_servers_are_accepted_and_plain_ones_where_that_is_allowed() {
        for (url, allow_plain, host) in [
            ("https://config.example.com/app.json?token=x", false, "config.example.com"),
            ("https://config.example.com:443/", false, "config.example.com"),
            ("https://config.example.com:8443/", false, "config.example.com:8443"),
            ("http://127.0.0.1:8080", true, "127.0.0.1:8080"),
            ("https://[::1]:9/", false, "[::1]:9"),
        ] {
            assert_eq!(Address::parse(url, allow_plain).map(|address| address.host()).unwrap(), host);
        }
        for (url, says) in [
            ("http://127.0.0.1:8080/x?canary", "http://127.0.0.1:8080/x is plain http"),
            ("https://user:canary@config.example.com/", "holds a user or a password"),
            ("https://canary@config.example.com/", "holds a user or a password"),
            ("file:///etc/passwd", "not one of a web server"),
            ("ftp://config.example.com/", "not one of a web server"),
            ("config.example.com/app?canary", "is not a URL"),
            ("", "is not a URL"),
            ("https://", "is not a URL"),
            ("https://exa mple.com/?canary", "is not a URL"),
        ] {
            let error = Address::parse(url, false).err().unwrap();
            assert!(error.message.contains(says), "{url}: {}", error.message);
            assert!(!error.message.contains("canary") && error.hint.is_some(), "{}", error.message);
        }
    }

    #[test]
    fn what_is_shown_of_an_address_holds_no_secret() {
        for (url, expected) in [
            ("https://u:p@host:1/a/b?q#f", "https://host:1/a/b"),
            ("https://host?q=/x@y", "https://host"),
            ("host/path", "host/path"),
            ("u:p@host", "host"),
            ("https://p@ss@host/a@b", "https://host/a@b"),
            ("a\u{1b}[31m", "a[31m"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }

    #[test]
    fn servers_differ_by_scheme_host_or_port() {
        let address = |url| Address::parse(url, true).unwrap();
        let one = address("https://a.example.com/x");
        assert!(one.is_same_server(&address("https://a.example.com:443/y")));
        for other in ["https://a.example.com:444/", "http://a.example.com/", "https://b.example.com/"] {
            assert!(!one.is_same_server(&address(other)), "{other}");
        }
    }
}
