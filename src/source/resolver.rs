//! Where secrets are kept, asked for one of them.
//!
//! What must stay true: a secret goes from where it is kept to whoever asked and nowhere else: no message, no file, no
//! argument of a program holds it; nothing outside what the manifest allows is read; nothing waits longer than it was
//! told to.

mod aws;
mod command;
mod file;
mod json;
mod signature;
mod vault;

use super::environment;
use super::secret::Secret;
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use crate::net::Client;
use std::ffi::OsString;
use std::time::Duration;

pub use aws::AwsSecrets;
pub use command::SecretCommand;
pub use vault::Vault;

/// Which secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolverRequest<'a> {
    /// What a variable holds.
    Environment {
        /// Its name.
        name: &'a str,
    },
    /// What a file holds.
    File {
        /// Its whole path, inside a folder that is allowed.
        file: &'a str,
    },
    /// What a program writes that the manifest names.
    Command {
        /// Which.
        command: &'a SecretCommand,
        /// What stands for `{name}` in its arguments.
        name: &'a str,
    },
    /// What Vault keeps.
    Vault {
        /// The path of its API after `/v1/`: `secret/data/app`.
        path: &'a str,
        /// Which key of it.
        key: &'a str,
    },
    /// What AWS Secrets Manager keeps.
    Aws {
        /// The secret's name or ARN.
        name: &'a str,
        /// Which key, where the secret is a JSON object.
        key: Option<&'a str>,
    },
}

/// What the manifest and the machine give to all of them.
#[derive(Clone, Copy)]
pub struct ResolverContext<'a> {
    /// The environment.
    pub lookup: &'a dyn Fn(&str) -> Option<OsString>,
    /// The folders whose files may be read.
    pub folders: &'a [String],
    /// The client for those that are asked by HTTP.
    pub client: &'a Client,
    /// How long one of those may take.
    pub timeout: Duration,
    /// The Vault, where the manifest names one.
    pub vault: Option<&'a Vault>,
    /// The AWS Secrets Manager, where the manifest names it.
    pub aws: Option<&'a AwsSecrets>,
    /// The present moment, which a signature holds.
    pub now: Timestamp,
}

/// Gets a secret. An error names where it was looked for, and never what was found.
pub fn resolve(request: &ResolverRequest<'_>, context: &ResolverContext<'_>) -> Result<Secret> {
    match *request {
        ResolverRequest::Environment { name } => environment::secret(name, context.lookup),
        ResolverRequest::File { file } => file::resolve(file, context.folders),
        ResolverRequest::Command { command, name } => command::resolve(command, name, context.lookup),
        ResolverRequest::Vault { path, key } => {
            let vault = context.vault.ok_or_else(|| not_named("Vault", "secrets.vault"))?;
            vault::resolve(vault, path, key, context)
        }
        ResolverRequest::Aws { name, key } => {
            let aws = context.aws.ok_or_else(|| not_named("AWS Secrets Manager", "secrets.aws"))?;
            aws::resolve(aws, name, key, context)
        }
    }
}

fn not_named(what: &str, place: &str) -> Error {
    Error::invalid(format!("A secret is to come from {what}, and the manifest names none."))
        .hint(format!("Name it in the manifest under {place}."))
}
