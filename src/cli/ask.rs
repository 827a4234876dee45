//! What asks first: the request is sent as a dry run, shown, and sent again with the digest that was shown.
//!
//! What must stay true: what is done is what was shown, or it is a conflict; a name that must be typed is asked for
//! whatever `--yes` says; a refusal met while trying goes on record like any other.

use super::session::Session;
use super::target::Operation;
use crate::api::backup::{PruneBackups, PruneBackupsReply};
use crate::api::change::{ApplyDocument, ChangeReply, MakeChange};
use crate::api::emergency::{EmergencyReply, MakeEmergency};
use crate::api::manifest::{ApplyManifest, ApplyManifestReply};
use crate::api::member::{ChangeRole, EndSolo, EndSoloReply, MemberReply, RemoveMember};
use crate::api::rollback::{Restore, Rollback, RollbackReply, Undo};
use crate::api::service::{AdoptService, AdoptServiceReply};
use crate::api::version::{PruneVersions, PruneVersionsReply};
use crate::api::{Outcome, Reply};
use crate::domain::error::{Code, Error, Result};
use crate::output::Render;

/// A request that can be tried first.
pub(crate) trait AsksFirst: Operation + Clone {
    /// Where it says that this is a dry run.
    fn dry_run(&mut self) -> &mut bool;

    /// Where the digest goes that was shown.
    fn expect(&mut self) -> Option<&mut Option<String>> {
        None
    }
}

/// The answer to a try.
pub(crate) trait Tried: Reply + Render {
    /// The digest of what would be done.
    fn digest(&self) -> Option<&str> {
        None
    }

    /// The name that must be typed first.
    fn name_to_type(&self) -> Option<&str> {
        None
    }

    /// Why a name must be typed.
    fn why_type(&self) -> &'static str {
        "This replaces what is in force."
    }

    /// Whether it is worth a question.
    fn is_worth_asking(&self) -> bool {
        self.outcome() != Outcome::Unchanged
    }
}

/// Sends a request that asks first where a person can be asked; nothing where the answer was no.
pub(crate) fn first<R>(session: &mut Session, request: R, question: &str) -> Result<Option<R::Reply>>
where
    R: AsksFirst,
    R::Reply: Tried,
{
    send(session, request, question, false)
}

/// The same for what may need a name typed: it is tried first even where nobody can be asked.
pub(crate) fn first_by_name<R>(session: &mut Session, request: R, question: &str) -> Result<Option<R::Reply>>
where
    R: AsksFirst,
    R::Reply: Tried,
{
    send(session, request, question, true)
}

fn send<R>(
    session: &mut Session,
    mut request: R,
    question: &str,
    may_need_name: bool,
) -> Result<Option<R::Reply>>
where
    R: AsksFirst,
    R::Reply: Tried,
{
    if *request.dry_run() {
        return session.read(request).map(Some);
    }
    let asks = session.prompts.confirms();
    if !asks && !may_need_name {
        return session.write(request).map(Some);
    }
    session.before_writing()?;
    let tried = match attempt(session, &request) {
        Ok(tried) => tried,
        Err(error) => return Err(on_record(session, request, error)),
    };
    let name = tried.name_to_type().map(str::to_owned);
    if tried.is_worth_asking() && (asks || (name.is_some() && session.prompts.may_ask())) {
        session.show(&tried)?;
        if let (Some(expect), Some(digest)) = (request.expect(), tried.digest()) {
            *expect = Some(digest.to_owned());
        }
    }
    match name {
        Some(name) => session.prompts.type_name(&name, tried.why_type())?,
        None if tried.is_worth_asking() && !session.prompts.confirm(question)? => {
            session.say("Nothing was done.");
            return Ok(None);
        }
        None => {}
    }
    session.write(request).map(Some)
}

fn attempt<R: AsksFirst>(session: &mut Session, request: &R) -> Result<R::Reply> {
    let mut tried = request.clone();
    *tried.dry_run() = true;
    session.read(tried)
}

/// Lets the refusal that a try met go on record: sent with a digest that nothing has, so that nothing can come of it.
fn on_record<R: AsksFirst>(session: &mut Session, mut request: R, error: Error) -> Error {
    if let Some(expect) = request.expect()
        && is_refusal(error.code)
        && session.is_there()
    {
        *expect = Some("refused when it was tried".to_owned());
        let _ = session.write(request);
    }
    error
}

/// What the audit log keeps: a rule or a right said no. What merely could not be done is none of it.
fn is_refusal(code: Code) -> bool {
    matches!(code, Code::Refused | Code::Denied | Code::Invalid | Code::Conflict | Code::Unauthenticated)
}

macro_rules! with_terms {
    ($($request:ty),*) => {$(
        impl AsksFirst for $request {
            fn dry_run(&mut self) -> &mut bool {
                &mut self.terms.dry_run
            }

            fn expect(&mut self) -> Option<&mut Option<String>> {
                Some(&mut self.terms.expect)
            }
        }
    )*};
}
with_terms!(
    MakeChange,
    ApplyDocument,
    MakeEmergency,
    Rollback,
    Undo,
    Restore,
    ApplyManifest,
    RemoveMember,
    ChangeRole,
    EndSolo
);

macro_rules! without_digest {
    ($($request:ty => $($field:ident).+),*) => {$(
        impl AsksFirst for $request {
            fn dry_run(&mut self) -> &mut bool {
                &mut self.$($field).+
            }
        }
    )*};
}
without_digest!(
    PruneVersions => dry_run,
    PruneBackups => dry_run
);

impl Tried for ChangeReply {
    fn digest(&self) -> Option<&str> {
        self.change.as_ref().map(|change| change.digest.as_str())
    }

    fn is_worth_asking(&self) -> bool {
        self.change.as_ref().is_some_and(|change| change.items.len() > 1)
    }
}

impl Tried for RollbackReply {
    fn digest(&self) -> Option<&str> {
        self.change.digest()
    }

    fn name_to_type(&self) -> Option<&str> {
        self.confirm_name.as_deref()
    }
}

impl Tried for EmergencyReply {
    fn digest(&self) -> Option<&str> {
        self.change.digest()
    }

    fn name_to_type(&self) -> Option<&str> {
        self.confirm_name.as_deref()
    }

    fn why_type(&self) -> &'static str {
        "An emergency skips approvals and windows."
    }
}

impl AsksFirst for AdoptService {
    fn dry_run(&mut self) -> &mut bool {
        &mut self.dry_run
    }

    fn expect(&mut self) -> Option<&mut Option<String>> {
        Some(&mut self.expect)
    }
}

impl Tried for AdoptServiceReply {
    fn digest(&self) -> Option<&str> {
        Some(&self.digest)
    }

    fn name_to_type(&self) -> Option<&str> {
        self.confirm_name.as_deref()
    }

    fn why_type(&self) -> &'static str {
        "Another instance of cfgctl wrote what stands there."
    }
}

impl Tried for ApplyManifestReply {}
impl Tried for MemberReply {}
impl Tried for EndSoloReply {}
impl Tried for PruneBackupsReply {
    fn is_worth_asking(&self) -> bool {
        !self.removed.is_empty() || !self.lost.is_empty()
    }
}
impl Tried for PruneVersionsReply {
    fn is_worth_asking(&self) -> bool {
        self.removed > 0
    }
}
