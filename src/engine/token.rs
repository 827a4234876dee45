//! Tokens and invitations: made, redeemed, renewed, listed, revoked. The secret is shown once and kept as a hash.

use super::identity::{Actor, hash_of_secret};
use super::member::to_view;
use super::terms::{check_terms, check_text};
use super::transact::{Note, View};
use super::{Engine, Handle};
use crate::api::member::{
    IssueToken, Join, ListTokens, ListTokensReply, MemberReply, RevokeToken, TokenReply, TokenView,
};
use crate::domain::audit::Head;
use crate::domain::change::hex;
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::{Caller, Claim, Member, Membership, Proof};
use crate::domain::time::{Span, Timestamp};
use crate::store::credential::{self, Credential, Kind};
use crate::store::member as store_member;
use serde_json::json;

/// What a token begins with, so that scanners know one.
pub(super) const TOKEN_PREFIX: &str = "cfgctl_";
/// What an invitation's code begins with.
pub(super) const INVITATION_PREFIX: &str = "cfginv_";

/// A secret that was just made, and the number it is kept under.
pub(super) struct Made {
    pub(super) secret: String,
    pub(super) number: i64,
}

/// A secret of 256 random bits, and its hash.
pub(super) fn secret(view: &View<'_>, prefix: &str) -> (String, Vec<u8>) {
    let secret = format!("{prefix}{}", hex(&view.machine.secret()));
    let hash = hash_of_secret(&secret);
    (secret, hash)
}

/// Makes a secret and keeps its hash.
pub(super) fn make(
    view: &View<'_>,
    prefix: &str,
    member: &str,
    kind: Kind,
    expires_at: Option<Timestamp>,
) -> Result<Made> {
    let (secret, hash) = secret(view, prefix);
    let number = credential::insert(view.db, member, kind, &hash, view.now, view.actor.name(), expires_at)?;
    Ok(Made { secret, number })
}

/// A token that was made, or in a dry run would be.
fn token_reply(member: &str, made: Option<Made>, expires_at: Option<Timestamp>) -> TokenReply {
    let dry_run = made.is_none();
    let (number, token) = made.map(|made| (made.number, made.secret)).unzip();
    TokenReply { dry_run, member: member.to_owned(), number, token, expires_at, audit_head: None }
}

fn end_of(view: &View<'_>, expires_in: Option<u64>) -> Option<Timestamp> {
    expires_in.map(|seconds| view.clock.after(Span::seconds(seconds)))
}

impl Handle<Join> for Engine {
    fn handle(&mut self, caller: &Caller, request: Join) -> Result<TokenReply> {
        check_text("reason", request.reason.as_deref().unwrap_or_default())?;
        let hash = hash_of_secret(&request.code);
        let identify = |db: &crate::store::Connection, now: Timestamp| {
            let refused = |why: &str| {
                Err(Error::new(Code::Unauthenticated, format!("The invitation {why}."))
                    .hint("Ask an owner for a new one: cfgctl member invite NAME --role ROLE"))
            };
            let Some(found) = credential::by_hash(db, &hash)?.filter(|found| found.kind == Kind::Invitation)
            else {
                return refused("is not one that this store knows");
            };
            if found.state(now) != "active" {
                return refused(&format!("is {}", found.state(now)));
            }
            let invited = store_member::find(db, &found.member)?
                .filter(|member| member.membership == Membership::Invited);
            let Some(member) = invited else { return refused("is nobody's any more") };
            // An invitation for a user of this machine is redeemed by that user.
            let Claim::User { uid: caller, name, .. } = &caller.claim else {
                return refused("is redeemed by a person, without a token");
            };
            if member.uid.is_some_and(|uid| uid != *caller) {
                return refused(&format!(
                    "is for the user {}, and {name} is {caller}",
                    member.uid.unwrap_or_default()
                ));
            }
            // One person is one member, whatever they were called.
            if let Some(known) = store_member::by_uid(db, *caller)? {
                return Err(Error::new(
                    Code::Unauthenticated,
                    format!("The invitation is for {}, and you are {} already.", found.member, known.name),
                )
                .hint("One person is one member: let them redeem it themselves, as their own user."));
            }
            Ok(Actor { member, proof: Proof::Invitation(found.id) })
        };
        let dry_run = request.dry_run;
        let body = |view: &View<'_>| {
            let Proof::Invitation(invitation) = view.actor.proof else {
                return Err(Error::internal("An invitation was redeemed without one."));
            };
            let joined = Member {
                membership: Membership::Active,
                since: view.now,
                by: view.actor.name().to_owned(),
                reason: request.reason.clone().unwrap_or_else(|| "joined by invitation".to_owned()),
                ..view.actor.member.clone()
            };
            let expires_at = end_of(view, request.expires_in);
            if dry_run {
                return Ok((token_reply(&joined.name, None, expires_at), None));
            }
            store_member::put(view.db, &joined)?;
            credential::end(view.db, invitation, "used", view.now, view.actor.name())?;
            let made = make(view, TOKEN_PREFIX, &joined.name, Kind::Token, expires_at)?;
            let by = match &caller.claim {
                Claim::User { uid, .. } => Some(*uid),
                Claim::Token(_) => None,
            };
            let detail = json!({"role": joined.role, "uid": joined.uid, "redeemed_by_uid": by});
            let note = Note::new("member.join", &joined.name, detail)
                .record("member", &joined.name)
                .record("credential", invitation)
                .record("credential", made.number);
            Ok((token_reply(&joined.name, Some(made), expires_at), Some(note)))
        };
        if dry_run {
            return self.look_as(caller, identify, |view| Ok(body(view)?.0));
        }
        let (reply, head) = self.transact_as(caller, "member.join", identify, body)?;
        Ok(TokenReply { audit_head: head.as_ref().map(Head::to_string), ..reply })
    }
}

impl Handle<IssueToken> for Engine {
    fn handle(&mut self, caller: &Caller, request: IssueToken) -> Result<TokenReply> {
        check_text("reason", request.reason.as_deref().unwrap_or_default())?;
        let (reply, audit_head) = self.act(caller, "token.issue", request.dry_run, |view| {
            let me = &view.actor.member;
            let whose = request.program.as_deref().unwrap_or(&me.name);
            if whose != me.name {
                let program =
                    store_member::find(view.db, whose)?.filter(Member::is_active).ok_or_else(|| {
                        Error::not_found(format!("{whose} is no member."))
                            .hint("See who is: cfgctl member list")
                    })?;
                if program.is_person() {
                    return Err(Error::denied(format!(
                        "{whose} is a person, and nobody makes a token for somebody else."
                    ))
                    .hint("They renew their own: cfgctl member token"));
                }
                if program.answerable.as_deref() != Some(&me.name) {
                    return Err(Error::denied(format!(
                        "{} answers for the program {whose}, and only they make its token.",
                        program.answerable.unwrap_or_default()
                    ))
                    .hint("See who answers for what: cfgctl member list"));
                }
            }
            if whose == me.name && !me.is_person() {
                return Err(Error::denied(format!(
                    "{whose} is a program, and its token is made by the member who answers for it."
                ))
                .hint(format!("They make a new one: cfgctl member token {whose}")));
            }
            let mut expires_at = end_of(view, request.expires_in);
            if let (Proof::Token(used), true) = (&view.actor.proof, whose == me.name) {
                // A token gives at most its own length of life on: a short one that leaked does not become a long one.
                let used = credential::find(view.db, *used)?;
                if let Some(end) = used.as_ref().and_then(|used| used.expires_at) {
                    let length = end.millis() - used.map_or(0, |used| used.created_at.millis());
                    let latest = Timestamp::from_millis(view.clock.millis().saturating_add(length));
                    expires_at = Some(expires_at.map_or(latest, |asked| asked.min(latest)));
                }
            }
            if request.dry_run {
                return Ok((token_reply(whose, None, expires_at), None));
            }
            let made = make(view, TOKEN_PREFIX, whose, Kind::Token, expires_at)?;
            let mut note =
                Note::new("token.issue", whose, json!({"number": made.number, "expires_at": expires_at}))
                    .because(request.reason.as_deref())
                    .record("credential", made.number);
            // Renewing with a token replaces that token.
            if let (true, Proof::Token(used)) = (whose == me.name, &view.actor.proof) {
                credential::end(view.db, *used, "revoked", view.now, &me.name)?;
                note = note.record("credential", used);
            }
            Ok((token_reply(whose, Some(made), expires_at), Some(note)))
        })?;
        Ok(TokenReply { audit_head, ..reply })
    }
}

impl Handle<ListTokens> for Engine {
    fn handle(&mut self, caller: &Caller, request: ListTokens) -> Result<ListTokensReply> {
        self.look(caller, |view| {
            let me = &view.actor.member;
            let mut items = Vec::new();
            for found in credential::list(view.db, None)? {
                let mine = found.member == me.name || answers_for(view, &me.name, &found)?;
                let state = found.state(view.clock).to_owned();
                if (me.owner || mine) && (request.all || state == "active") {
                    items.push(TokenView {
                        number: found.id,
                        member: found.member,
                        kind: found.kind.as_str().to_owned(),
                        state,
                        created_at: found.created_at,
                        created_by: found.created_by,
                        expires_at: found.expires_at,
                    });
                }
            }
            Ok(ListTokensReply { items })
        })
    }
}

fn answers_for(view: &View<'_>, name: &str, token: &Credential) -> Result<bool> {
    Ok(store_member::find(view.db, &token.member)?
        .is_some_and(|member| member.answerable.as_deref() == Some(name)))
}

impl Handle<RevokeToken> for Engine {
    fn handle(&mut self, caller: &Caller, request: RevokeToken) -> Result<MemberReply> {
        check_terms(&request.terms)?;
        let dry_run = request.terms.dry_run;
        let body = |view: &View<'_>| {
            let missing = || {
                Error::not_found(format!("There is no token {}.", request.number))
                    .hint("See what there is: cfgctl member token list")
            };
            let found = credential::find(view.db, request.number)?.ok_or_else(missing)?;
            let me = &view.actor.member;
            if found.member != me.name && !answers_for(view, &me.name, &found)? {
                view.actor.require_owner("somebody else's token")?;
            }
            if found.ended_at.is_some() {
                return Err(Error::conflict(format!(
                    "Token {} is {} already.",
                    found.id,
                    found.state(view.clock)
                ))
                .hint("See how they stand: cfgctl member token list --all"));
            }
            let whose = store_member::find(view.db, &found.member)?.ok_or_else(missing)?;
            let reply = MemberReply {
                dry_run,
                member: to_view(&whose),
                awaits: None,
                warnings: Vec::new(),
                audit_head: None,
            };
            if dry_run {
                return Ok((reply, None));
            }
            credential::end(view.db, found.id, "revoked", view.now, &me.name)?;
            let detail =
                json!({"number": found.id, "kind": found.kind.as_str(), "reason": request.terms.reason});
            Ok((reply, Some(Note::new("token.revoke", &found.member, detail).record("credential", found.id))))
        };
        let (reply, audit_head) = self.act(caller, "token.revoke", dry_run, body)?;
        Ok(MemberReply { audit_head, ..reply })
    }
}
