//! A web server on this machine to ask, and what is asked of it.

use super::*;
use crate::domain::time::Span;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// A server on this machine that always answers alike and remembers what it was asked.
pub(in crate::deliver) struct Server {
    address: String,
    asked: Arc<Mutex<String>>,
}

impl Server {
    pub(in crate::deliver) fn answering(status: u16, kind: &str, body: &str) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answer = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let asked = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut text = String::new();
                let mut bytes = [0; 4096];
                while !is_whole(&text) {
                    let count = stream.read(&mut bytes).unwrap();
                    if count == 0 {
                        break;
                    }
                    text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
                }
                *heard.lock().unwrap() = text;
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Server { address, asked }
    }

    pub(in crate::deliver) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(in crate::deliver) fn asked(&self) -> String {
        self.asked.lock().unwrap().clone()
    }
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn call(url: String, headers: &[(&str, &str)]) -> Call {
    let headers: BTreeMap<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Call { url, headers, plain: false, ca_file: None, timeout: Span::seconds(10) }
}

#[test]
fn a_body_is_sent_with_headers_from_the_environment() {
    let server = Server::answering(204, "text/plain", "");
    let variable = |name: &str| (name == "TOKEN").then(|| "canary".to_owned());
    let around = Surroundings { home: PathBuf::new(), variable: &variable, secrets: &[] };
    let to = call(server.url("/x"), &[("authorization", "Bearer ${TOKEN} $${y}")]);
    send_well(&to, Method::Put, Some(("application/json", b"{}".to_vec())), &around).unwrap();
    let asked = server.asked();
    assert!(asked.starts_with("PUT /x HTTP/1.1\r\n") && asked.ends_with("\r\n\r\n{}"), "{asked}");
    assert!(asked.contains("authorization: Bearer canary ${y}\r\n"), "{asked}");
    assert!(asked.contains("content-type: application/json\r\n"), "{asked}");
}

#[test]
fn what_is_wrong_is_told_without_a_secret() {
    let server = Server::answering(500, "text/plain", "canary");
    let around = Surroundings { home: PathBuf::new(), variable: &|_| None, secrets: &[] };
    for (to, says) in [
        (call(server.url("/x?canary"), &[]), "/x answers with status 500."),
        (call("http://192.0.2.1/x".to_owned(), &[]), "plain http, which is not allowed here"),
        (call("http://127.0.0.1:x@192.0.2.1/".to_owned(), &[]), "plain http, which is not allowed here"),
        (call(server.url("/"), &[("a", "${NONE}")]), "needs the variable NONE, which is not set"),
    ] {
        let error = send_well(&to, Method::Get, None, &around).unwrap_err();
        assert!(error.message.contains(says) && !error.message.contains("canary"), "{}", error.message);
    }
}
