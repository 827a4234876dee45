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
pub(super) mod tests;
