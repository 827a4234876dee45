//! Members and their tokens. A code or a token stands alone on standard output, this once.

use super::change::warnings;
use super::color::Paint;
use super::facts::Facts;
use super::table::{Field, or_dash, table};
use super::{Render, Style, escape, words};
use crate::api::change::Awaiting;
use crate::api::member::{
    EndSoloReply, InviteReply, ListMembersReply, ListTokensReply, MemberReply, MemberView, TokenReply,
    TokenView,
};

impl Render for InviteReply {
    fn table(&self, _style: &Style) -> String {
        match &self.code {
            Some(code) => code.clone(),
            None => format!("Would invite {} as {}.", escape::line(&self.member.name), self.member.role),
        }
    }

    fn names(&self) -> Vec<String> {
        vec![self.code.as_ref().unwrap_or(&self.member.name).clone()]
    }

    fn raw(&self) -> Option<String> {
        self.code.clone()
    }

    fn remarks(&self, style: &Style) -> Vec<String> {
        let mut remarks = warnings(&self.warnings);
        if self.code.is_some() {
            let name = escape::line(&self.member.name);
            remarks.push(format!(
                "The code is for {name} alone and shown this once, good until {}.",
                style.time(self.expires_at)
            ));
            remarks.push(format!("{name} redeems it: cfgctl member join CODE"));
        }
        remarks.extend(self.awaits.as_ref().map(|awaits| {
            let missing = lacks(awaits);
            format!(
                "It works once change request {} is approved and executed; that lacks {missing}.",
                awaits.number
            )
        }));
        remarks.extend(audit(self.audit_head.as_deref()));
        remarks
    }
}

impl Render for TokenReply {
    fn table(&self, style: &Style) -> String {
        match &self.token {
            Some(token) => token.clone(),
            None => format!("Would make a token for {}{}.", escape::line(&self.member), self.end(style)),
        }
    }

    fn names(&self) -> Vec<String> {
        self.token.iter().cloned().collect()
    }

    fn raw(&self) -> Option<String> {
        self.token.clone()
    }

    fn remarks(&self, style: &Style) -> Vec<String> {
        let Some(number) = self.number else { return Vec::new() };
        let (member, end) = (escape::line(&self.member), self.end(style));
        let mut remarks = vec![
            format!("Token {number} of {member} is shown this once{end}."),
            "Keep it in a file that only its owner reads, and name that with --token-file, or set CFGCTL_TOKEN.".to_owned(),
        ];
        remarks.extend(audit(self.audit_head.as_deref()));
        remarks
    }
}

impl TokenReply {
    fn end(&self, style: &Style) -> String {
        self.expires_at.map(|at| format!(", good until {}", style.time(at))).unwrap_or_default()
    }
}

fn lacks(awaits: &Awaiting) -> String {
    awaits.missing.iter().map(words::lack).collect::<Vec<_>>().join("; ")
}

/// The name of what waits for the board, where something does: a script goes on with that.
fn waits_as(awaits: Option<&Awaiting>) -> Option<String> {
    awaits.map(|awaits| awaits.id.clone())
}

/// What waits for the board.
pub(super) fn waiting(awaits: &Awaiting, style: &Style) -> String {
    let head = Paint::Bold.on(&format!("Change request {}", awaits.number), style);
    let mut facts = Facts::default();
    facts.paint("Missing", lacks(awaits), Paint::Bold);
    facts.add("Next", format!("cfgctl change-request wait {}", awaits.id));
    format!(
        "{head} ({}) waits: members and manifest are the board's\n{}",
        escape::line(&awaits.id),
        facts.text(style)
    )
}

/// The chain's head, where the answer itself must stay alone.
fn audit(head: Option<&str>) -> Option<String> {
    head.map(|head| format!("Audit {}", escape::line(head)))
}

fn facts(view: &MemberView, style: &Style) -> Facts {
    let owner = if view.owner { ", owner" } else { "" };
    let mut facts = Facts::default();
    facts.add("Member", format!("{} ({})", view.name, view.kind));
    facts.add("Role", format!("{}{owner}", view.role));
    facts.add(
        "State",
        format!("{} since {}, by {}: {}", view.state, style.time(view.since), view.by, view.reason),
    );
    facts.maybe("User", view.uid.map(|uid| format!("uid {uid}")));
    facts.maybe("Answers", view.answerable.as_ref().map(|name| format!("{name} answers for it")));
    facts
}

impl Render for EndSoloReply {
    fn table(&self, style: &Style) -> String {
        if let Some(awaits) = &self.awaits {
            return waiting(awaits, style);
        }
        let head = if self.dry_run { "Solo would end" } else { "Solo has ended" };
        format!("{head}: the policy's approvals are asked of everybody.\n")
    }

    fn names(&self) -> Vec<String> {
        vec![waits_as(self.awaits.as_ref()).unwrap_or_else(|| "solo".to_owned())]
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        let mut remarks = warnings(&self.warnings);
        remarks.extend(audit(self.audit_head.as_deref()));
        remarks
    }
}

impl Render for MemberReply {
    fn table(&self, style: &Style) -> String {
        let mut facts = facts(&self.member, style);
        facts.maybe("Audit", self.audit_head.as_ref());
        let head = match &self.awaits {
            Some(awaits) => waiting(awaits, style) + "Would become:\n",
            None if self.dry_run => "Would become:\n".to_owned(),
            None => String::new(),
        };
        format!("{head}{}", facts.text(style))
    }

    fn names(&self) -> Vec<String> {
        vec![waits_as(self.awaits.as_ref()).unwrap_or_else(|| self.member.name.clone())]
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        warnings(&self.warnings)
    }
}

impl Render for ListMembersReply {
    fn table(&self, style: &Style) -> String {
        let row = |view: &MemberView| -> [Field; 8] {
            [
                (&view.name).into(),
                (&view.kind).into(),
                view.role.into(),
                if view.owner { "yes" } else { "no" }.into(),
                (&view.state).into(),
                or_dash(view.uid),
                style.time(view.since).into(),
                (&view.by).into(),
            ]
        };
        let header = ["NAME", "KIND", "ROLE", "OWNER", "STATE", "UID", "SINCE", "BY"];
        table(header, self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|view| view.name.clone()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        let solo = "This store is one person's: their own approval counts at every risk.";
        if self.solo {
            vec![solo.to_owned()]
        } else {
            words::about_list(self.items.len(), "No members.", None)
        }
    }
}

impl Render for ListTokensReply {
    fn table(&self, style: &Style) -> String {
        let row = |view: &TokenView| -> [Field; 7] {
            [
                view.number.into(),
                (&view.member).into(),
                (&view.kind).into(),
                (&view.state).into(),
                style.time(view.created_at).into(),
                (&view.created_by).into(),
                or_dash(view.expires_at.map(|at| style.time(at))),
            ]
        };
        let header = ["NUMBER", "MEMBER", "KIND", "STATE", "MADE", "BY", "EXPIRES"];
        table(header, self.items.iter().map(row), style)
    }

    fn names(&self) -> Vec<String> {
        self.items.iter().map(|view| view.number.to_string()).collect()
    }

    fn remarks(&self, _style: &Style) -> Vec<String> {
        words::about_list(self.items.len(), "No tokens.", None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Format, remarks, render, samples};
    use insta::assert_snapshot;

    fn invited(code: Option<&str>) -> InviteReply {
        InviteReply {
            dry_run: code.is_none(),
            member: samples::member(),
            code: code.map(str::to_owned),
            expires_at: samples::at("2026-11-22T09:30:05Z"),
            awaits: None,
            warnings: vec![],
            audit_head: Some("14:3f9c".into()),
        }
    }

    #[test]
    fn a_code_and_a_token_stand_alone() {
        let token = TokenReply {
            dry_run: false,
            member: "bob".into(),
            number: Some(3),
            token: Some("cfgctl_secret".into()),
            expires_at: None,
            audit_head: None,
        };
        for format in [Format::Table, Format::Raw, Format::Name] {
            assert_eq!(render(&invited(Some("code-1")), format, &Style::PLAIN).unwrap(), "code-1\n");
            assert_eq!(render(&token, format, &Style::PLAIN).unwrap(), "cfgctl_secret\n");
        }
        assert_eq!(invited(None).names(), ["bob"]);
        assert_snapshot!(remarks(&invited(Some("code-1")), Format::Table, &Style::PLAIN).join("\n"), @"
        The code is for bob alone and shown this once, good until 2026-11-22 09:30:05Z.
        bob redeems it: cfgctl member join CODE
        Audit 14:3f9c
        ");
        assert!(remarks(&token, Format::Json, &Style::PLAIN).is_empty());
        assert_eq!(
            render(&invited(None), Format::Table, &Style::PLAIN).unwrap(),
            "Would invite bob as admin.\n"
        );
    }

    #[test]
    fn members_and_what_became_of_one_read_plainly() {
        let list = ListMembersReply { solo: false, items: vec![samples::member()] };
        assert_snapshot!(list.table(&Style::PLAIN), @"
        NAME  KIND    ROLE   OWNER  STATE    UID   SINCE                 BY
        bob   person  admin  no     invited  1001  2026-11-21 09:30:05Z  ann
        ");
        let reply = MemberReply {
            dry_run: true,
            member: samples::member(),
            awaits: None,
            warnings: vec![],
            audit_head: None,
        };
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        Would become:
        Member  bob (person)
        Role    admin
        State   invited since 2026-11-21 09:30:05Z, by ann: joins the team
        User    uid 1001
        ");
    }

    #[test]
    fn tokens_are_listed_by_number() {
        let token = TokenView {
            number: 3,
            member: "bob".into(),
            kind: "token".into(),
            state: "active".into(),
            created_at: samples::at("2026-11-21T09:30:05Z"),
            created_by: "bob".into(),
            expires_at: None,
        };
        let reply = ListTokensReply { items: vec![token] };
        assert_snapshot!(reply.table(&Style::PLAIN), @"
        NUMBER  MEMBER  KIND   STATE   MADE                  BY   EXPIRES
        3       bob     token  active  2026-11-21 09:30:05Z  bob  -
        ");
        assert_eq!(reply.names(), ["3"]);
    }
}
