//! Whom the client trusts.

use super::server::{Server, answer};
use super::{check, get};
use cfgctl::domain::error::Code;
use cfgctl::net::{Client, Request, Settings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::path::PathBuf;
use std::sync::Arc;

/// Whoever vouches for servers, in a file of its own.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Where its own certificate is.
    pub(crate) file: PathBuf,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Authority {
        let mut terms = CertificateParams::new(Vec::new()).unwrap();
        terms.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        terms.distinguished_name.push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(terms, KeyPair::generate().unwrap()).unwrap();
        let file = std::env::temp_dir().join(format!("cfgctl-{name}-{}.pem", std::process::id()));
        std::fs::write(&file, issuer.pem()).unwrap();
        Authority { issuer, file }
    }

    /// A server with a certificate for these names, valid until this year.
    fn server(&self, names: &[&str], until: i32) -> Server {
        Server::with_tls(self.certified(names, until), |_, stream| answer(stream, 200, "", "safe"))
    }

    pub(crate) fn certified(&self, names: &[&str], until: i32) -> rustls::ServerConfig {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut terms = CertificateParams::new(names).unwrap();
        terms.not_after = rcgen::date_time_ymd(until, 1, 1);
        let certificate = terms.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }

    fn client(&self) -> Client {
        Client::new(Settings { ca_file: Some(self.file.clone()), ..Settings::default() })
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn safely(server: &Server) -> Request {
    let headers = vec![("authorization".to_owned(), "canary".to_owned())];
    Request { allow_plain: false, headers, ..get(server.url("/?token=canary")) }
}

#[test]
fn a_certificate_is_accepted_only_where_whoever_issued_it_is_trusted() {
    let authority = Authority::new("trusted");
    let server = authority.server(&["127.0.0.1"], 2100);
    assert_eq!(authority.client().send(&safely(&server)).unwrap().body, b"safe");
    let other = Authority::new("other");
    check(
        &other.client().send(&safely(&server)).unwrap_err(),
        Code::Unavailable,
        "nobody who is trusted here",
    );
    assert_eq!(server.asked().len(), 1, "nothing is said to whom nobody vouches for");
}

#[test]
fn a_certificate_must_be_for_this_name_and_of_this_time() {
    let authority = Authority::new("strict");
    for (names, until, says) in
        [(&["localhost"][..], 2100, "it is for another name"), (&["127.0.0.1"], 2020, "it has expired")]
    {
        let server = authority.server(names, until);
        check(&authority.client().send(&safely(&server)).unwrap_err(), Code::Unavailable, says);
        assert!(server.asked().is_empty());
    }
}

#[test]
fn what_speaks_no_tls_is_told() {
    let authority = Authority::new("plain");
    let server = Server::new(|_, stream| answer(stream, 400, "", ""));
    let url = server.url("/?token=canary").replacen("http", "https", 1);
    let error = authority.client().send(&Request { allow_plain: false, ..get(url) }).unwrap_err();
    check(&error, Code::Unavailable, &server.host());
}

#[test]
fn from_https_nothing_leads_to_plain_http() {
    let authority = Authority::new("down");
    let plain = Server::new(|_, stream| answer(stream, 200, "", ""));
    let to = plain.url("/");
    let tls = authority.certified(&["127.0.0.1"], 2100);
    let server =
        Server::with_tls(tls, move |_, stream| answer(stream, 302, &format!("location: {to}\r\n"), ""));
    let request = Request { allow_plain: true, ..safely(&server) };
    check(&authority.client().send(&request).unwrap_err(), Code::Unavailable, "redirects to plain http");
    assert!(plain.asked().is_empty());
}

#[test]
fn a_file_of_certificates_that_is_none_is_told_when_it_is_needed() {
    let empty = std::env::temp_dir().join(format!("cfgctl-empty-{}.pem", std::process::id()));
    std::fs::write(&empty, "no certificate").unwrap();
    let plain = Server::new(|_, stream| answer(stream, 200, "", "plain"));
    for (file, says) in [
        (PathBuf::from("/no/such/file"), "no such file or directory"),
        (PathBuf::from("/dev/zero"), "not a file of certificates"),
        (empty.clone(), "no certificate in PEM form"),
    ] {
        let client = Client::new(Settings { ca_file: Some(file), ..Settings::default() });
        let error = client.send(&get("https://127.0.0.1:1/".to_owned())).unwrap_err();
        assert!(error.message.contains(says) && !error.retryable && error.hint.is_some(), "{error}");
        assert_eq!(client.send(&get(plain.url("/"))).unwrap().body, b"plain");
    }
    std::fs::remove_file(empty).unwrap();
}

#[test]
fn a_proxy_is_asked_for_far_hosts_by_https_alone_and_is_told_nothing() {
    let authority = Authority::new("proxy");
    let proxy = Server::new(|_, stream| answer(stream, 403, "", "canary"));
    let settings = |no_proxy: &str| Settings {
        ca_file: Some(authority.file.clone()),
        https_proxy: Some(proxy.url("/")),
        no_proxy: Some(no_proxy.to_owned()),
    };
    let far = |settings| {
        let headers = vec![("authorization".to_owned(), "canary".to_owned())];
        let request = Request { headers, ..get("https://config.invalid/?token=canary".to_owned()) };
        Client::new(settings).send(&request).unwrap_err()
    };
    check(&far(settings("other.invalid")), Code::Unavailable, "config.invalid cannot be reached");
    let asked = proxy.asked();
    assert_eq!((asked.len(), asked[0].line.as_str()), (1, "CONNECT config.invalid:443 HTTP/1.1"));
    assert!(!format!("{asked:?}").contains("canary"), "{asked:?}");

    check(&far(settings("config.invalid")), Code::Unavailable, "config.invalid");
    let safe = authority.server(&["127.0.0.1"], 2100);
    assert_eq!(Client::new(settings("")).send(&safely(&safe)).unwrap().body, b"safe");
    let plain = Server::new(|_, stream| answer(stream, 200, "", "plain"));
    assert_eq!(Client::new(settings("")).send(&get(plain.url("/"))).unwrap().body, b"plain");
    assert_eq!(proxy.asked().len(), 1);
}
