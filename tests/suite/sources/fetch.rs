//! A document over HTTP: primary, backup, unchanged, refused.

use super::server::{Server, answer, nobody};
use super::{LONG, check, client};
use cfgctl::domain::document::Format;
use cfgctl::domain::error::Code;
use cfgctl::source::http::{Fetched, HttpSource, Stamp, fetch};

fn source(urls: Vec<String>) -> HttpSource {
    let headers = vec![("authorization".to_owned(), "Bearer canary".to_owned())];
    HttpSource { urls, headers, timeout: LONG, longest: 1 << 20, allow_plain: true }
}

/// Serves a document with an `ETag`, and says where it is known already.
fn stamped() -> Server {
    Server::new(|asked, stream| match asked.header("if-none-match") {
        Some("\"one\"") => answer(stream, 304, "etag: \"one\"\r\n", ""),
        _ => answer(stream, 200, "etag: \"one\"\r\ncontent-type: application/yaml\r\n", "a: 1"),
    })
}

#[test]
fn a_document_is_fetched_and_then_only_asked_about() {
    let server = stamped();
    let url = server.url("/app.json?token=canary");
    let source = source(vec![url.clone()]);
    let Fetched::Document { bytes, etag, content_type, format, url: from } =
        fetch(&client(), &source, None).unwrap()
    else {
        panic!("nothing was known");
    };
    assert_eq!((bytes.as_slice(), etag.as_deref()), (&b"a: 1"[..], Some("\"one\"")));
    assert_eq!((content_type.as_deref(), format), (Some("application/yaml"), Some(Format::Yaml)));
    assert_eq!(from, url);
    let known = Stamp { url: url.clone(), etag: etag.unwrap() };
    assert_eq!(fetch(&client(), &source, Some(&known)).unwrap(), Fetched::Unchanged { url });
}

#[test]
fn a_stamp_is_shown_only_to_the_address_that_it_came_from() {
    let (first, second) = (stamped(), stamped());
    let known = Stamp { url: second.url("/"), etag: "\"one\"".to_owned() };
    let source = source(vec![first.url("/"), second.url("/")]);
    assert!(matches!(fetch(&client(), &source, Some(&known)).unwrap(), Fetched::Document { .. }));
    assert_eq!(first.asked()[0].header("if-none-match"), None);
}

#[test]
fn the_backup_answers_where_the_primary_does_not() {
    let (broken, backup) = (Server::new(|_, stream| answer(stream, 500, "", "canary")), stamped());
    let urls = vec![nobody(), broken.url("/"), backup.url("/app.yaml")];
    let Fetched::Document { url, .. } = fetch(&client(), &source(urls), None).unwrap() else { panic!() };
    assert_eq!(url, backup.url("/app.yaml"));
    let error = fetch(&client(), &source(vec![nobody(), broken.url("/?canary")]), None).unwrap_err();
    check(&error, Code::Unavailable, "refuses the connection");
    check(&error, Code::Unavailable, "answers with status 500");
}

#[test]
fn what_is_no_document_is_an_error_that_names_the_status() {
    for (status, retryable) in [
        (204, false),
        (304, false),
        (401, false),
        (403, false),
        (404, false),
        (429, true),
        (500, true),
        (503, true),
    ] {
        let server = Server::new(move |_, stream| answer(stream, status, "", ""));
        let url = server.url("/app.json");
        let error = fetch(&client(), &source(vec![url.clone() + "?token=canary"]), None).unwrap_err();
        assert_eq!(error.message, format!("{url} answers with status {status} instead of a document."));
        assert_eq!((error.code, error.retryable), (Code::Unavailable, retryable), "{status}");
        assert!(!format!("{error:?}").contains("canary"));
    }
    assert_eq!(fetch(&client(), &source(Vec::new()), None).unwrap_err().code, Code::Invalid);
}
