//! The audit log: listed and verified.

use super::history::{LARGEST_PAGE, cursor, cut};
use super::{Engine, Handle, verify};
use crate::api::audit::{AuditView, ListAudit, ListAuditReply, VerifyAudit, VerifyAuditReply};
use crate::domain::audit::parse_head;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::value::Value;
use crate::store::audit::{self, Filter, Stored};

impl Handle<ListAudit> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListAudit) -> Result<ListAuditReply> {
        self.look(caller, |view| {
            let limit = request.limit.unwrap_or(super::history::PAGE).clamp(1, LARGEST_PAGE);
            let filter = Filter {
                since: request.since,
                until: request.until,
                by: request.by.clone(),
                action: request.action.clone(),
                cursor: cursor(request.after.as_deref())?,
            };
            let mut entries = audit::list(view.db, &filter, request.oldest_first, limit + 1)?;
            let next = cut(&mut entries, limit, |stored| stored.entry.seq);
            Ok(ListAuditReply {
                identity_asserted: true,
                items: entries.into_iter().map(to_view).collect(),
                next,
            })
        })
    }
}

fn to_view(stored: Stored) -> AuditView {
    let entry = stored.entry;
    AuditView {
        seq: entry.seq,
        at: entry.at,
        actor: entry.actor,
        proof: entry.proof,
        origin: entry.origin,
        program: entry.program,
        action: entry.action,
        target: entry.target,
        outcome: entry.outcome,
        detail: serde_json::from_str(&entry.detail).unwrap_or(Value::Null),
        rows: entry.rows,
        prev_hash: stored.prev_hash,
        hash: stored.hash,
    }
}

impl Handle<VerifyAudit> for Engine {
    fn handle(&mut self, caller: &Caller, request: VerifyAudit) -> Result<VerifyAuditReply> {
        self.look(caller, |view| {
            let expected = request.head.as_deref().map(parse_head).transpose()?;
            let begins_after = audit::checkpoint(view.db)?.seq;
            if let Some((seq, _)) = expected.as_ref().filter(|(seq, _)| *seq < begins_after && *seq > 0) {
                return Err(Error::not_found(format!(
                    "Entry {seq} was pruned: the audit log begins after entry {begins_after}."
                ))
                .hint("Compare with a head that was seen later, or look into what was exported before."));
            }
            let chain = verify::chain(view.db, expected.as_ref(), request.full)?;
            let mut problems = chain.problems;
            if request.full {
                problems.extend(verify::file(view.db)?);
                problems.extend(verify::records(view.db, &chain.vouched)?);
                problems.extend(verify::values(view.db)?);
                problems.extend(verify::base(view.db)?);
                problems.extend(verify::registry(view.db)?);
            }
            Ok(VerifyAuditReply {
                ok: problems.is_empty(),
                entries: chain.entries,
                begins_after: chain.after,
                head: chain.head,
                problems,
            })
        })
    }
}
