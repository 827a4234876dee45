//! A request and its answer, as values.
//!
//! What must stay true: neither shows what may be secret, headers' values and bodies, when it is printed.

use std::fmt;
use std::time::Duration;

/// What is asked of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// To be read. The only one that follows redirects.
    Get,
    /// To take something.
    Post,
    /// To be replaced.
    Put,
    /// To go.
    Delete,
}

/// What is sent.
#[derive(Clone)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// Of which resource: an `https` address, or `http` where that is allowed, without a password in it.
    pub url: String,
    /// Names and values; the values may be secret.
    pub headers: Vec<(String, String)>,
    /// What goes with it; may be secret.
    pub body: Vec<u8>,
    /// How long all of it may take: finding the host, connecting, redirects, and the whole answer.
    pub timeout: Duration,
    /// The longest answer that is read, in bytes.
    pub longest_answer: usize,
    /// Whether it may go in the clear: to this machine too only where that is said.
    pub allow_plain: bool,
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status: 200, 304, 500.
    pub status: u16,
    /// Names in small letters, and values; a value that is no text is left out.
    pub headers: Vec<(String, String)>,
    /// The whole body; may be secret.
    pub body: Vec<u8>,
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    /// The first header of this name, which is written in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &super::shown(&self.url))
            .field("headers", &names(&self.headers))
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("timeout", &self.timeout)
            .field("longest_answer", &self.longest_answer)
            .field("allow_plain", &self.allow_plain)
            .finish()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &names(&self.headers))
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("took", &self.took)
            .finish()
    }
}

fn names(headers: &[(String, String)]) -> Vec<&str> {
    headers.iter().map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_and_its_answer_are_printed_without_what_may_be_secret() {
        let headers = vec![("authorization".to_owned(), "Bearer canary".to_owned())];
        let request = Request {
            method: Method::Get,
            url: "https://canary:canary@config.example.com/app.json?token=canary#canary".to_owned(),
            headers: headers.clone(),
            body: b"canary".to_vec(),
            timeout: Duration::from_secs(1),
            longest_answer: 1,
            allow_plain: false,
        };
        let answer = Answer { status: 200, headers, body: b"canary".to_vec(), took: Duration::ZERO };
        assert!(!format!("{request:?} {answer:?}").contains("canary"), "{request:?} {answer:?}");
        assert!(format!("{request:?}").contains("https://config.example.com/app.json"), "{request:?}");
        assert_eq!(answer.header("authorization"), Some("Bearer canary"));
        assert_eq!(answer.header("etag"), None);
    }
}
