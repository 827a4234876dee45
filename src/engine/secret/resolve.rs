//! A reference is followed to where its secret is kept, by the manifest's terms.
//!
//! What must stay true: what the manifest in force does not allow is not asked for, whatever it allowed when the
//! reference was set.

use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::secret::{Reference, SecretReferences};
use crate::domain::value::Value;
use crate::engine::Machine;
use crate::net::{Client, Settings};
use crate::source::resolver::{AwsSecrets, ResolverContext, ResolverRequest, SecretCommand, Vault, resolve};
use crate::source::secret::Secret;
use std::collections::HashMap;
use std::ffi::OsString;
use std::time::Duration;

/// How long a command, Vault or AWS may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Where Vault and its token are looked for where the manifest does not say.
const VAULT_ADDRESS: &str = "VAULT_ADDR";
const VAULT_TOKEN: &str = "env:VAULT_TOKEN";

/// Follows references.
pub(in crate::engine) struct Resolver<'a> {
    machine: &'a Machine,
    references: &'a SecretReferences,
    environment: HashMap<OsString, OsString>,
    client: Client,
}

impl<'a> Resolver<'a> {
    pub(in crate::engine) fn new(machine: &'a Machine, references: &'a SecretReferences) -> Resolver<'a> {
        let environment: HashMap<OsString, OsString> = (machine.environment)().into_iter().collect();
        let text =
            |name: &str| environment.get(OsString::from(name).as_os_str())?.to_str().map(str::to_owned);
        let client = Client::new(Settings::of_environment(text, None));
        Resolver { machine, references, environment, client }
    }

    /// What a path's reference leads to.
    pub(in crate::engine) fn resolve(&self, path: &Path, value: &Value) -> Result<Value> {
        if let Some(refusal) = self.references.refusal(value) {
            return Err(Error::refused(format!("{path} {refusal}"))
                .hint("The manifest says what a reference may name: cfgctl manifest show"));
        }
        let reference = value.as_str().and_then(Reference::parse);
        let reference = reference.ok_or_else(|| Error::internal(format!("{path} holds no reference.")))?;
        let secret = self.fetch(reference).map_err(|mut error| {
            error.message = format!("{path}: {}", error.message);
            error
        })?;
        Ok(Value::from(secret.reveal()))
    }

    fn fetch(&self, reference: Reference<'_>) -> Result<Secret> {
        let (vault, aws, command);
        let mut context = self.context();
        let request = match reference {
            Reference::Env(name) => ResolverRequest::Environment { name },
            Reference::File(file) => ResolverRequest::File { file },
            Reference::Command(name) => {
                let vector = self.references.commands.get(name).cloned().unwrap_or_default();
                command = SecretCommand { vector, variables: Vec::new(), timeout: TIMEOUT };
                ResolverRequest::Command { command: &command, name }
            }
            Reference::Vault { path, key } => {
                vault = self.vault()?;
                context.vault = vault.as_ref();
                ResolverRequest::Vault { path, key }
            }
            Reference::Aws { name, key } => {
                let region = self.references.aws.as_ref().and_then(|aws| aws.region.clone());
                aws = AwsSecrets { region, ..AwsSecrets::default() };
                context.aws = Some(&aws);
                ResolverRequest::Aws { name, key }
            }
        };
        let lookup = |name: &str| self.environment.get(OsString::from(name).as_os_str()).cloned();
        resolve(&request, &ResolverContext { lookup: &lookup, ..context })
    }

    fn context(&self) -> ResolverContext<'_> {
        ResolverContext {
            lookup: &|_| None,
            folders: &self.references.folders,
            client: &self.client,
            timeout: TIMEOUT,
            vault: None,
            aws: None,
            now: (self.machine.now)(),
        }
    }

    /// The manifest's Vault with its token, which is itself kept in the environment or in a file.
    fn vault(&self) -> Result<Option<Vault>> {
        let Some(named) = &self.references.vault else { return Ok(None) };
        let lookup = |name: &str| self.environment.get(OsString::from(name).as_os_str()).cloned();
        let from_environment = || lookup(VAULT_ADDRESS).and_then(|address| address.into_string().ok());
        let address = named.address.clone().or_else(from_environment).ok_or_else(|| {
            Error::invalid("The address of Vault is not known.").hint(
                "Name it in the manifest, secrets.vault.address, or set it: export VAULT_ADDR=https://…",
            )
        })?;
        let kept = named.token.as_deref().unwrap_or(VAULT_TOKEN);
        let context = ResolverContext { lookup: &lookup, ..self.context() };
        // The manifest itself says where the token is: a file there needs no folder that settings may name.
        let token = match Reference::parse(kept) {
            Some(Reference::Env(name)) => resolve(&ResolverRequest::Environment { name }, &context)?,
            Some(Reference::File(file)) => {
                let folder = file.rsplit_once('/').map_or("/", |(folder, _)| folder).to_owned();
                let folders = [folder];
                resolve(&ResolverRequest::File { file }, &ResolverContext { folders: &folders, ..context })?
            }
            _ => return Err(Error::invalid("The manifest does not say where Vault's token is kept.")),
        };
        // The variable of the same name as Vault's own program reads.
        let namespace = lookup("VAULT_NAMESPACE").and_then(|name| name.into_string().ok());
        let allow_plain = address.starts_with("http://");
        Ok(Some(Vault { address, namespace, token, allow_plain }))
    }
}
