//! What was attached to a request, for whoever decides from it.

use super::{Engine, Handle, change_request};
use crate::api::change_request::{ShowEvidence, ShowEvidenceReply};
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::store::approval;

impl Handle<ShowEvidence> for Engine {
    fn handle(&mut self, caller: &Caller, request: ShowEvidence) -> Result<ShowEvidenceReply> {
        self.look(caller, |view| {
            let found = change_request::find(view, &request.id)?;
            let all = approval::evidence_of(view.db, found.number)?;
            // Attached twice under one name, the last one is meant.
            let position = all.iter().rposition(|evidence| evidence.name == request.name);
            let content = position
                .map(|at| approval::content_of_evidence(view.db, found.number, at))
                .transpose()?
                .flatten();
            let Some((evidence, content)) = position.map(|at| &all[at]).zip(content) else {
                let names: Vec<&str> = all.iter().map(|evidence| evidence.name.as_str()).collect();
                let hint = match names.as_slice() {
                    [] => format!("Attach some: cfgctl change-request test {} --evidence FILE", found.number),
                    names => format!("There is: {}.", names.join(", ")),
                };
                return Err(Error::not_found(format!(
                    "Change request {} has no evidence named {}.",
                    found.number, request.name
                ))
                .hint(hint));
            };
            Ok(ShowEvidenceReply {
                name: evidence.name.clone(),
                sha256: evidence.sha256.clone(),
                by: evidence.by.clone(),
                at: evidence.at,
                content,
            })
        })
    }
}
