//! Credentials in the clear, wherever values are kept.
//!
//! What must stay true: no answer holds a value or a part of it; what the manifest allows by name is counted, not told.

use crate::api::secret::{FindingView, Scan, ScanDocument, ScanReply};
use crate::domain::credential::{Allowed, Finding, find, find_in};
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::domain::path::Path;
use crate::domain::sealed::is_sealed;
use crate::domain::secret::{SecretReferences, is_reference};
use crate::domain::value::{Value, bare};
use crate::engine::transact::View;
use crate::engine::wanted::read_document;
use crate::engine::{Engine, Handle};
use crate::store::{base, manifest, overrides};
use std::collections::HashSet;

/// The kind of what stands in the clear under a secret's path and looks like nothing else.
const BY_NAME: &str = "by-name";

impl Handle<Scan> for Engine {
    fn handle(&mut self, caller: &Caller, request: Scan) -> Result<ScanReply> {
        self.look(caller, |view| {
            let mut scanned = Scanned::new(view)?;
            overrides::each(view.db, None, |row| {
                if let Some(value) = row.value {
                    scanned.take("override", &row.path, &value);
                }
                Ok(())
            })?;
            base::each(view.db, None, |said| {
                scanned.take(&format!("{} ({})", said.source, said.origin), &said.path, &said.value);
                Ok(())
            })?;
            manifest::each_default(view.db, None, |path, value| {
                scanned.take("default", &path, &value);
                Ok(())
            })?;
            request.documents.iter().for_each(|document| scanned.document(view, document));
            Ok(scanned.reply)
        })
    }
}

struct Scanned {
    allowed: Vec<Allowed>,
    secrets: HashSet<String>,
    reply: ScanReply,
}

impl Scanned {
    fn new(view: &View<'_>) -> Result<Scanned> {
        let references: SecretReferences = manifest::part(view.db, "secrets")?;
        Ok(Scanned {
            allowed: references.allow,
            secrets: manifest::secrets(view.db)?,
            reply: ScanReply { items: Vec::new(), checked: 0, allowed: 0 },
        })
    }

    fn take(&mut self, place: &str, path: &Path, value: &Value) {
        self.reply.checked += 1;
        let findings = find(path, value);
        self.tell(place, path, value, findings);
    }

    /// A document, by the leaves it would be applied as; one that has none is looked at as it stands.
    fn document(&mut self, view: &View<'_>, document: &ScanDocument) {
        let leaves = read_document(view, &document.content).unwrap_or_default();
        if leaves.is_empty() {
            self.reply.checked += 1;
            for finding in find_in(&document.content) {
                self.keep(&document.name, finding);
            }
        }
        for (path, value) in leaves {
            self.take(&document.name, &path, &value.unwrap_or_default());
        }
    }

    fn tell(&mut self, place: &str, path: &Path, value: &Value, mut findings: Vec<Finding>) {
        let kept_elsewhere = is_reference(value) || value.as_str().is_some_and(is_sealed) || value.is_null();
        if findings.is_empty() && !kept_elsewhere && self.secrets.contains(path.as_str()) {
            findings.push(Finding {
                path: path.clone(),
                pointer: String::new(),
                span: 0..bare(value).len(),
                kind: BY_NAME.to_owned(),
                why: "is a secret and stands in the clear".to_owned(),
            });
        }
        findings.into_iter().for_each(|finding| self.keep(place, finding));
    }

    fn keep(&mut self, place: &str, finding: Finding) {
        if self.allowed.iter().any(|allowed| allowed.allows(&finding)) {
            self.reply.allowed += 1;
            return;
        }
        self.reply.items.push(FindingView {
            place: place.to_owned(),
            bytes: finding.span.len() as u64,
            path: finding.path,
            pointer: finding.pointer,
            kind: finding.kind,
            why: finding.why,
        });
    }
}
