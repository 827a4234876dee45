//! How the manifest's section of secrets is read.
//!
//! What must stay true: what is written there means something (a pattern that no name fits allows nothing, and its author
//! thinks otherwise); no message repeats what stands in the place of a token.

use super::Reader;
use crate::domain::credential::kinds;
use crate::domain::manifest::located::Node;
use crate::domain::notice::unusable_program;
use crate::domain::secret::{
    Aws, Reference, SecretReferences, Vault, is_aws_pattern, is_variable_pattern, plain_parts, vault_parts,
};
use crate::domain::wording::nearest;

impl Reader<'_> {
    pub(super) fn secrets(&mut self) -> SecretReferences {
        let secrets: SecretReferences = self.section("secrets");
        for (at, pattern) in secrets.env.iter().enumerate() {
            if !is_variable_pattern(pattern) {
                let message =
                    format!("{pattern:?} is no pattern of variable names, such as CFGCTL_SECRET_*.");
                self.wrong(&["env"], Some(at), message);
            }
        }
        for (at, folder) in secrets.folders.iter().enumerate() {
            if plain_parts(folder).is_none_or(|parts| parts.is_empty()) {
                let message =
                    format!("{folder:?} must be an absolute folder without .., such as /run/secrets.");
                self.wrong(&["folders"], Some(at), message);
            }
        }
        for (name, vector) in &secrets.commands {
            if let Some(message) = vector.first().and_then(|program| unusable_program(program)) {
                self.wrong(&["commands", name], Some(0), message);
            }
        }
        secrets.vault.iter().for_each(|vault| self.vault(vault));
        secrets.aws.iter().for_each(|aws| self.aws(aws));
        for (at, kind) in secrets.allow.iter().enumerate() {
            let Some(kind) = kind.kind.as_deref().filter(|kind| !kinds().contains(kind)) else { continue };
            let message = match nearest(kind, kinds()) {
                Some(near) => format!("{kind:?} is no kind of finding; did you mean {near}?"),
                None => format!(
                    "{kind:?} is no kind of finding, which are such as by-name, url-password or github."
                ),
            };
            self.wrong(&["allow"], Some(at), message);
        }
        secrets
    }

    fn vault(&mut self, vault: &Vault) {
        if let Some(address) = &vault.address {
            let rest = ["https://", "http://"].iter().find_map(|scheme| address.strip_prefix(scheme));
            let fits = |rest: &str| {
                !rest.is_empty() && !rest.contains(['@', '?', '#']) && !rest.contains(char::is_whitespace)
            };
            if !rest.is_some_and(fits) {
                let message = "secrets.vault.address must be a URL without user, such as https://vault.example.com:8200.";
                self.wrong(&["vault", "address"], None, message.to_owned());
            }
        }
        if let Some(token) = &vault.token {
            let kept = Reference::parse(token).filter(|reference| reference.misshapen().is_none());
            if !matches!(kept, Some(Reference::Env(_) | Reference::File(_))) {
                let message = "secrets.vault.token must say where the token is kept, env:NAME or file:/PATH.";
                self.wrong(&["vault", "token"], None, message.to_owned());
            }
        }
        for (at, path) in vault.paths.iter().enumerate() {
            if vault_parts(path).is_none() {
                let message = format!("{path:?} is no path in Vault, such as secret/data/shop.");
                self.wrong(&["vault", "paths"], Some(at), message);
            }
        }
    }

    fn aws(&mut self, aws: &Aws) {
        let is_region =
            |region: &str| region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if let Some(region) = aws.region.as_deref().filter(|region| !is_region(region)) {
            self.wrong(&["aws", "region"], None, format!("{region:?} is no region, such as eu-central-1."));
        }
        for (at, name) in aws.names.iter().enumerate() {
            if !is_aws_pattern(name) {
                let message = format!("{name:?} is no pattern of names, such as shop/*.");
                self.wrong(&["aws", "names"], Some(at), message);
            }
        }
    }

    /// Tells what is wrong under these keys of the section, on its line; `at` is the item's place in a list.
    fn wrong(&mut self, keys: &[&str], at: Option<usize>, message: String) {
        let mut line = self.node.get("secrets").map_or(0, |entry| entry.line);
        let mut node: Option<&Node> = self.node.get("secrets").map(|entry| &entry.node);
        for key in keys {
            let entry = node.and_then(|node| node.get(key));
            line = entry.map_or(line, |entry| entry.line);
            node = entry.map(|entry| &entry.node);
        }
        let mut place = format!("secrets.{}", keys.join("."));
        if let Some(at) = at {
            let item = node.and_then(Node::items).and_then(|items| items.get(at));
            line = item.map_or(line, |item| item.line);
            place.push_str(&format!("[{at}]"));
        }
        self.tell(line, &place, message);
    }
}
