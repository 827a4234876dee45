//! Settings handed over without a file: to a command's standard input, or to a web server.

use super::{Surroundings, run_well, web};
use crate::domain::document::Format;
use crate::domain::error::{Error, Result};
use crate::domain::service::{Call, Command, Form, Sending};
use crate::net::Method;

/// Gives a command the bytes on its standard input. `unavailable` where it does not succeed.
pub fn to_command(command: &Command, bytes: &[u8], around: &Surroundings<'_>) -> Result<()> {
    let input = std::str::from_utf8(bytes)
        .map_err(|_| Error::internal("What is handed to a command is not UTF-8."))?;
    run_well(&command.vector, input, command.timeout.duration(), around).map(drop)
}

/// Sends the bytes to a web server, which must answer with 2xx. `unavailable` where it does not.
pub fn to_server(
    call: &Call,
    method: Sending,
    form: &Form,
    bytes: Vec<u8>,
    around: &Surroundings<'_>,
) -> Result<()> {
    let method = match method {
        Sending::Put => Method::Put,
        Sending::Post => Method::Post,
    };
    web::send_well(call, method, Some((content_type(form), bytes)), around).map(drop)
}

fn content_type(form: &Form) -> &'static str {
    match form {
        Form::Document { format: Format::Json, .. } => "application/json",
        Form::Document { format: Format::Yaml, .. } => "application/yaml",
        Form::Document { format: Format::Toml, .. } => "application/toml",
        Form::Document { .. } | Form::Template { .. } => "text/plain; charset=utf-8",
    }
}
