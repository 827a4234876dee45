//! Who may act: `member invite`, `join`, `add-program`, `list`, `role`, `remove`, `end-solo`, `token`.

use super::session::Session;
use super::terms::{Noted, Writing};
use super::{ask, complete, delegation, input};
use crate::api::Outcome;
use crate::api::member::{
    AddProgram, ChangeRole, EndSolo, Invite, IssueToken, Join, ListMembers, ListTokens, RemoveMember,
    RevokeToken,
};
use crate::domain::error::Result;
use crate::domain::role::Role;
use crate::domain::time::Span;
use clap::{Args, Subcommand};
use std::path::Path;

/// Who may act here, with which role, and how they prove who they are.
///
/// People come by invitation, and redeem it for a token that nobody else has seen. A program's token is made by the
/// member who answers for it. On this machine the operating system's user is proof enough.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member list
  cfgctl member invite bob --role admin --uid 1001 --reason \"Joins the on-call rota\"
  cfgctl member add-program deploy --role operator --reason \"The delivery pipeline\"")]
pub(crate) struct Member {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Action {
    /// Invite a person: prints the code that they redeem
    Invite(Inviting),
    /// Redeem an invitation: prints your token
    Join(Joining),
    /// Add a program that you answer for
    AddProgram(AddingProgram),
    /// List the members
    List(List),
    /// Give a member another role
    Role(ChangingRole),
    /// Remove a member
    Remove(Removing),
    /// End that one person's approval counts for everything
    EndSolo(EndingSolo),
    /// Let another member approve in your place
    Delegate(delegation::Delegating),
    /// List who may approve in whose place
    Delegations(delegation::Delegations),
    /// Make, list and revoke tokens
    Token(Token),
}

impl Member {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Action::Invite(action) => action.run(session),
            Action::Join(action) => action.run(session),
            Action::AddProgram(action) => action.run(session),
            Action::List(action) => action.run(session),
            Action::Role(action) => action.run(session),
            Action::Remove(action) => action.run(session),
            Action::EndSolo(action) => action.run(session),
            Action::Delegate(action) => action.run(session),
            Action::Delegations(action) => action.run(session),
            Action::Token(action) => action.run(session),
        }
    }
}

/// Invite a person: the code is printed this once, and works once.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member invite bob --role admin --reason \"Joins the on-call rota\"
  cfgctl member invite eve --role operator --uid 1002 --end-solo --reason \"No longer alone\"")]
struct Inviting {
    /// Their name here
    name: String,
    /// Their role: viewer, operator, admin, senior-admin or board
    #[arg(long, value_name = "ROLE", value_parser = super::arguments::typed(Role::parse))]
    role: Role,
    /// The operating system's user they are on this machine
    #[arg(long, value_name = "UID")]
    uid: Option<u32>,
    /// They may change members and manifest too
    #[arg(long)]
    owner: bool,
    /// On a solo store: solo ends with this
    #[arg(long, conflicts_with = "keep_solo")]
    end_solo: bool,
    /// On a solo store: it stays solo
    #[arg(long)]
    keep_solo: bool,
    #[command(flatten)]
    writing: Writing,
}

impl Inviting {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let end_solo = match (self.end_solo, self.keep_solo) {
            (false, false) => asked_about_solo(session)?,
            (end, _) => Some(end),
        };
        let terms = self.writing.terms(session)?;
        let dry_run = terms.dry_run;
        let Inviting { name, role, uid, owner, .. } = self;
        let reply = session.write_unless(dry_run, Invite { name, role, uid, owner, end_solo, terms })?;
        session.answer(&reply)
    }
}

/// Whether solo is to end, where there is somebody to ask and it is solo at all.
fn asked_about_solo(session: &mut Session) -> Result<Option<bool>> {
    if !session.prompts.may_ask() || !session.is_there() || !session.read(ListMembers::default())?.solo {
        return Ok(None);
    }
    session.prompts.choose("This store is solo: your own approval counts for everything. End that?").map(Some)
}

/// Redeem an invitation: the token is printed this once, alone on standard output.
#[derive(Args)]
#[command(after_help = "\
Examples:
  (umask 077; cfgctl member join - > ~/.cfgctl-token)
  cfgctl --token-file ~/.cfgctl-token status")]
struct Joining {
    /// The invitation's code; - reads it from standard input, where no list of processes shows it
    #[arg(value_name = "CODE")]
    code: String,
    /// How long the token lives; without an end where this is not given
    #[arg(long, value_name = "DURATION", value_parser = super::arguments::typed(Span::parse))]
    expires_in: Option<Span>,
    #[command(flatten)]
    noted: Noted,
}

impl Joining {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let code = match self.code.as_str() {
            "-" => input::read(Path::new("-"))?.text()?.trim().to_owned(),
            _ => self.code,
        };
        let Noted { reason, dry_run } = self.noted;
        let request = Join { code, expires_in: seconds(self.expires_in), reason, dry_run };
        let reply = session.write_unless(dry_run, request)?;
        session.answer(&reply)
    }
}

fn seconds(span: Option<Span>) -> Option<u64> {
    span.map(|span| span.duration().as_secs())
}

/// Add a program. You answer for it, and make its token.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member add-program deploy --role operator --reason \"The delivery pipeline\"
  cfgctl member token deploy --expires-in 90d")]
struct AddingProgram {
    /// Its name
    name: String,
    /// Its role: viewer, operator, admin, senior-admin or board
    #[arg(long, value_name = "ROLE", value_parser = super::arguments::typed(Role::parse))]
    role: Role,
    #[command(flatten)]
    writing: Writing,
}

impl AddingProgram {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let terms = self.writing.terms(session)?;
        let reply =
            session.write_unless(terms.dry_run, AddProgram { name: self.name, role: self.role, terms })?;
        session.answer(&reply)
    }
}

/// List the members, as they are or as they were at a time.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member list
  cfgctl member list --at 2026-01-01T00:00:00Z -o json")]
struct List {
    /// As of this time, or so long ago
    #[arg(long, value_name = "TIME|DURATION")]
    at: Option<String>,
}

impl List {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(ListMembers { at: session.moment_of(self.at)? })?;
        session.answer(&reply)
    }
}

/// Give a member another role, or make them an owner or no longer one.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member role bob senior-admin --reason \"Takes over the database\"
  cfgctl member role bob --owner --reason \"A second owner\"")]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["role", "owner", "no_owner"]))]
#[command(override_usage = "cfgctl member role [OPTIONS] --reason <TEXT> <NAME> <ROLE|--owner|--no-owner>")]
struct ChangingRole {
    /// Who
    #[arg(add = complete::members())]
    name: String,
    /// The role: viewer, operator, admin, senior-admin or board
    #[arg(value_name = "ROLE", value_parser = super::arguments::typed(Role::parse))]
    role: Option<Role>,
    /// They become an owner
    #[arg(long, conflicts_with = "no_owner")]
    owner: bool,
    /// They are no longer an owner
    #[arg(long)]
    no_owner: bool,
    #[command(flatten)]
    writing: Writing,
}

impl ChangingRole {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let owner = (self.owner || self.no_owner).then_some(self.owner);
        let terms = self.writing.terms(session)?;
        let request = ChangeRole { name: self.name, role: self.role, owner, terms };
        match ask::first(session, request, "Change this member?")? {
            Some(reply) => session.answer(&reply),
            None => Ok(Outcome::No),
        }
    }
}

/// Remove a member: their credentials end at once, and what they did stays on record.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member remove bob --reason \"Left the team\"")]
struct Removing {
    /// Who
    #[arg(add = complete::members())]
    name: String,
    #[command(flatten)]
    writing: Writing,
}

impl Removing {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let terms = self.writing.terms(session)?;
        match ask::first(session, RemoveMember { name: self.name, terms }, "Remove this member?")? {
            Some(reply) => session.answer(&reply),
            None => Ok(Outcome::No),
        }
    }
}

/// End solo: from then on a requester's own approval counts only where the policy says so.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member end-solo --reason \"There are two of us now\"")]
struct EndingSolo {
    #[command(flatten)]
    writing: Writing,
}

impl EndingSolo {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let terms = self.writing.terms(session)?;
        match ask::first(session, EndSolo { terms }, "End solo?")? {
            Some(reply) => session.answer(&reply),
            None => Ok(Outcome::No),
        }
    }
}

/// Make a token: for a program that you answer for, or a new one for yourself. It is printed this once.
///
/// A new token for yourself revokes the one it was asked with.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  (umask 077; cfgctl member token deploy --expires-in 90d > deploy.token)
  cfgctl member token list
  cfgctl member token revoke 3 --reason \"Lost laptop\""
)]
struct Token {
    #[command(subcommand)]
    action: Option<TokenAction>,
    /// The program; yourself where none is named
    #[arg(value_name = "PROGRAM", add = complete::members())]
    program: Option<String>,
    /// How long the token lives; without an end where this is not given
    #[arg(long, value_name = "DURATION", value_parser = super::arguments::typed(Span::parse))]
    expires_in: Option<Span>,
    #[command(flatten)]
    noted: Noted,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum TokenAction {
    /// List tokens and open invitations: yours, or everybody's for an owner
    List(ListingTokens),
    /// Revoke a token or an open invitation
    Revoke(Revoking),
}

impl Token {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.action {
            Some(TokenAction::List(action)) => action.run(session),
            Some(TokenAction::Revoke(action)) => action.run(session),
            None => {
                let Token { program, expires_in, noted: Noted { reason, dry_run }, .. } = self;
                let request = IssueToken { program, expires_in: seconds(expires_in), reason, dry_run };
                let reply = session.write_unless(dry_run, request)?;
                session.answer(&reply)
            }
        }
    }
}

/// List tokens and open invitations, never the secrets: yours, or everybody's for an owner.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member token list
  cfgctl member token list --all -o json")]
struct ListingTokens {
    /// The ended ones too
    #[arg(long)]
    all: bool,
}

impl ListingTokens {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let reply = session.read(ListTokens { all: self.all })?;
        session.answer(&reply)
    }
}

/// Revoke a token or an open invitation: it ends at once.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl member token revoke 3 --reason \"Lost laptop\"")]
struct Revoking {
    /// Its number
    number: i64,
    #[command(flatten)]
    writing: Writing,
}

impl Revoking {
    fn run(self, session: &mut Session) -> Result<Outcome> {
        let terms = self.writing.terms(session)?;
        let reply = session.write_unless(terms.dry_run, RevokeToken { number: self.number, terms })?;
        session.answer(&reply)
    }
}
