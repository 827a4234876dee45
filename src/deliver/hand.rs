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

#[cfg(test)]
mod tests {
    use super::super::web::tests::Server;
    use super::*;
    use crate::domain::service::{Deliver, read};
    use serde_json::json;
    use std::path::PathBuf;

    fn deliver(definition: &serde_json::Value, bytes: &[u8]) -> Result<()> {
        let services = read(&json!({"web": {"uses": ["*"], "deliver": definition}})).unwrap();
        let secrets = ["canary".to_owned()];
        let around = Surroundings { home: PathBuf::new(), variable: &|_| None, secrets: &secrets };
        match services["web"].instances()[0].deliver.clone().unwrap() {
            Deliver::Command { command, .. } => to_command(&command, bytes, &around),
            Deliver::Http { call, method, form } => to_server(&call, method, &form, bytes.to_vec(), &around),
            _ => panic!("{definition}"),
        }
    }

    #[test]
    fn a_command_gets_exactly_the_bytes_and_no_word_of_its_failure_holds_a_secret() {
        let file = std::env::temp_dir().join(format!("cfgctl-hand-{}", std::process::id()));
        let bytes = "a: \"$HOME `id` 'q' ; \\\\ {{ x }}\"\n";
        let script = "cat > \"$1\"";
        let take = json!({"command": ["/bin/sh", "-c", script, "take", file.display().to_string()], "format": "yaml"});
        deliver(&take, bytes.as_bytes()).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), bytes);
        std::fs::remove_file(&file).unwrap();
        let refuses =
            json!({"command": ["/bin/sh", "-c", "echo \"no: $(cat)\" >&2; exit 4"], "format": "yaml"});
        let error = deliver(&refuses, b"password: canary").unwrap_err();
        assert_eq!(error.message, "/bin/sh ended with exit code 4. It says: no: password: (secret)");
    }

    #[test]
    fn a_server_gets_the_document_with_its_media_type() {
        let server = Server::answering(204, "text/plain", "");
        for (method, format, kind) in
            [("PUT", "json", "application/json"), ("POST", "yaml", "application/yaml")]
        {
            deliver(&json!({"http": server.url("/s"), "method": method, "format": format}), b"{}").unwrap();
            let asked = server.asked();
            assert!(asked.starts_with(&format!("{method} /s ")) && asked.ends_with("\r\n\r\n{}"), "{asked}");
            assert!(asked.contains(&format!("content-type: {kind}\r\n")), "{asked}");
        }
        let refuses = Server::answering(409, "text/plain", "canary");
        let error = deliver(&json!({"http": refuses.url("/s"), "format": "json"}), b"{}").unwrap_err();
        assert!(error.message.ends_with("/s answers with status 409."), "{}", error.message);
    }
}
