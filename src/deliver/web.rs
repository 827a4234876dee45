//! Asking a web server that a definition names.
//!
//! What must stay true: plain HTTP goes to this machine, and elsewhere only where the definition says so; a header's
//! value comes from the environment at the last moment, and is in no message.

use super::Surroundings;
use crate::domain::base_document::text_with_variables;
use crate::domain::error::{Error, Result};
use crate::domain::service::{Call, is_on_this_machine};
use crate::net::{Address, Answer, Client, Method, Request, Settings, shown};

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Sends a request and takes its answer, whatever its status.
pub(super) fn send(
    call: &Call,
    method: Method,
    body: Option<(&str, Vec<u8>)>,
    around: &Surroundings<'_>,
) -> Result<Answer> {
    let mut headers = Vec::with_capacity(call.headers.len() + 1);
    let mut bytes = Vec::new();
    if let Some((content_type, content)) = body {
        bytes = content;
        if !call.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("content-type".to_owned(), content_type.to_owned()));
        }
    }
    headers.extend(self::headers(call, around)?);
    let ca_file = call.ca_file.as_deref().map(|name| around.home.join(name));
    Client::new(Settings::of_environment(around.variable, ca_file)).send(&Request {
        method,
        url: call.url.clone(),
        headers,
        body: bytes,
        timeout: call.timeout.duration(),
        longest_answer: LONGEST_ANSWER,
        allow_plain: call.plain || is_on_this_machine(&call.url),
    })
}

/// `invalid` where a request could not even be sent: the address is none, or a header's variable is not set.
pub(super) fn check(call: &Call, around: &Surroundings<'_>) -> Result<()> {
    Address::parse(&call.url, call.plain || is_on_this_machine(&call.url))?;
    headers(call, around).map(drop)
}

/// The headers of a call, with what the environment says.
fn headers(call: &Call, around: &Surroundings<'_>) -> Result<Vec<(String, String)>> {
    let filled = |(name, value): (&String, &String)| {
        let said = format!("The header {name} for {}", shown(&call.url));
        Ok((name.clone(), text_with_variables(&said, value, around.variable)?))
    };
    call.headers.iter().map(filled).collect()
}

/// The same, and the answer's status must be one of success.
pub(super) fn send_well(
    call: &Call,
    method: Method,
    body: Option<(&str, Vec<u8>)>,
    around: &Surroundings<'_>,
) -> Result<Answer> {
    let answer = send(call, method, body, around)?;
    match answer.status {
        200..300 => Ok(answer),
        status => Err(Error::unavailable(format!("{} answers with status {status}.", shown(&call.url)))
            .hint("See its log; then try again.")),
    }
}

#[cfg(test)]
pub(super) mod tests {
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
        let around = Surroundings { home: PathBuf::new(), variable: &variable };
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
        let around = Surroundings { home: PathBuf::new(), variable: &|_| None };
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
}
