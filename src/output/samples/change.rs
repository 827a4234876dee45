//! Changes with fixed content.

use super::{BACKUP, HEAD, ID, at, item, now, path};
use crate::api::Outcome;
use crate::api::change::{ApprovalView, ChangeReply, ChangeView, EvidenceView, StepView, TakenBackView};
use crate::api::change_request::{DecisionReply, ListRequestsReply, RequestSummary, ShowRequestReply};
use crate::api::delivery::DeliveryView;
use crate::api::rollback::{PathResult, RollbackReply};
use crate::domain::approval::Lack;
use crate::domain::change::{Kind, State, Validity};
use crate::domain::delivery;
use crate::domain::dossier::Dossier;
use crate::domain::policy::{Policy, Test};
use crate::domain::risk::{Risk, RiskReason};
use crate::domain::role::Role;
use serde_json::json;
use std::collections::BTreeMap;

fn change(state: State, risk: Risk) -> ChangeView {
    ChangeView {
        id: ID.into(),
        number: Some(12),
        kind: Kind::Set,
        state,
        risk,
        risk_reasons: vec![RiskReason {
            risk,
            path: Some("session_timeout_minutes".into()),
            reason: "registered so".into(),
        }],
        reason: "people are logged out in meetings".into(),
        ticket: None,
        rollback_plan: None,
        requested_by: "ann".into(),
        created_at: now(),
        updated_at: now(),
        expires_at: Some(at("2026-12-05T09:30:05Z")),
        items: vec![item("session_timeout_minutes", Some(json!(120)), Some(json!(180)))],
        stricter: None,
        demand: Policy::default().demand(risk).clone(),
        missing: vec![],
        advice: vec![],
        approvals: vec![],
        evidence: vec![],
        digest: "d".repeat(64),
        base_version: 8,
        version: None,
        executed_by: None,
        backup: None,
        steps: vec![],
        restart_required: false,
        affected_services: vec![],
        identity_asserted: false,
        ended_because: None,
        returns_to: None,
        trigger: None,
        validity: None,
        dossier: Dossier::default(),
        comments: vec![],
        conflicts: vec![],
        scheduled_at: None,
        confirm_by: None,
        restart: None,
        takes_back: None,
        delivery: Vec::new(),
        taken_back: None,
        emergency: None,
        unreviewed: false,
        review: None,
    }
}

fn reply(outcome: Outcome, change: Option<ChangeView>) -> ChangeReply {
    let audit_head = change.as_ref().map(|_| HEAD.to_owned());
    ChangeReply {
        outcome,
        dry_run: false,
        change,
        unchanged: vec![],
        warnings: vec![],
        next: None,
        audit_head,
    }
}

pub(in crate::output) fn applied() -> ChangeReply {
    let step = |name: &str, duration_us, result: &str| StepView {
        name: name.into(),
        status: "completed".into(),
        duration_us,
        result: result.into(),
    };
    let change = ChangeView {
        version: Some(9),
        executed_by: Some("ann".into()),
        backup: Some(BACKUP.into()),
        steps: vec![step("validation", 85, "1 value is valid"), step("apply_change", 2_340, "version 9")],
        ..change(State::Completed, Risk::Medium)
    };
    reply(Outcome::Done, Some(change))
}

/// A change that did not take effect at one service of two; where the change that takes it back stands.
pub(in crate::output) fn taken_back(back: State) -> ChangeReply {
    let delivery = |service: &str, error: Option<&str>| DeliveryView {
        service: service.into(),
        instance: service.into(),
        critical: false,
        wave: 0,
        state: if error.is_some() { delivery::State::Failed } else { delivery::State::Verified },
        written_at: Some(now()),
        reloaded_at: Some(now()),
        verified_at: error.is_none().then(now),
        matches_expected: error.is_none(),
        values: BTreeMap::new(),
        error: error.map(str::to_owned),
        propagation_time_ms: error.is_none().then_some(140),
    };
    let sick = Some("It is not well.").filter(|_| back == State::Failed);
    let change = ChangeView {
        ended_because: Some("it did not take effect at web".into()),
        affected_services: vec!["web".into()],
        delivery: vec![delivery("web", Some("It does not run with the new value.")), delivery("jobs", None)],
        taken_back: Some(TakenBackView {
            number: 13,
            id: ID.into(),
            state: back,
            kept: vec![path("server.name")],
            delivery: vec![delivery("web", sick), delivery("jobs", None)],
        }),
        ..change(State::RolledBack, Risk::Low)
    };
    let outcome = if sick.is_some() { Outcome::RollbackFailed } else { Outcome::RolledBack };
    reply(outcome, Some(change))
}

pub(in crate::output) fn pending() -> ChangeReply {
    let missing = vec![
        Lack::Approvals { role: Role::SeniorAdmin, missing: 1, other_than_requester: true, group: None },
        Lack::Evidence { test: Test::Required },
    ];
    let change = ChangeView {
        missing,
        restart_required: true,
        affected_services: vec!["web".into(), "worker".into()],
        ..change(State::Pending, Risk::High)
    };
    reply(Outcome::Pending, Some(change))
}

pub(in crate::output) fn tried() -> ChangeReply {
    let change = ChangeView {
        number: None,
        advice: vec![Lack::Evidence { test: Test::Recommended }],
        ..change(State::Approved, Risk::Medium)
    };
    ChangeReply { dry_run: true, audit_head: None, ..reply(Outcome::Done, Some(change)) }
}

pub(in crate::output) fn unchanged(paths: &[&str]) -> ChangeReply {
    ChangeReply {
        unchanged: paths.iter().map(|name| path(name)).collect(),
        ..reply(Outcome::Unchanged, None)
    }
}

pub(in crate::output) fn request() -> ShowRequestReply {
    let approval = ApprovalView {
        member: "bob".into(),
        role: "senior-admin".into(),
        in_place_of: Vec::new(),
        decision: "approve".into(),
        proof: "token:3".into(),
        at: now(),
        comment: Some("before the edit\u{1b}[2J".into()),
        counts: false,
    };
    let evidence = EvidenceView {
        name: "staging.txt".into(),
        sha256: "e".repeat(64),
        size: 2048,
        by: "ann".into(),
        at: now(),
        nature: "attached, not measured".into(),
        counts: true,
    };
    let change = ChangeView {
        ticket: Some("OPS-1".into()),
        rollback_plan: Some("undo it".into()),
        approvals: vec![approval],
        evidence: vec![evidence],
        identity_asserted: true,
        validity: Some(Validity::Stale),
        ..pending().change.unwrap()
    };
    let issues = vec!["session_timeout_minutes changed: bob did at version 9".into()];
    ShowRequestReply {
        change,
        stale: true,
        issues,
        next: Some(format!("cfgctl change-request refresh {ID}")),
    }
}

pub(in crate::output) fn decided(state: State, dry_run: bool) -> DecisionReply {
    let ended_because = (!state.is_open()).then(|| "not tonight".to_owned());
    let change = ChangeView { ended_because, ..change(state, Risk::High) };
    let audit_head = (!dry_run).then(|| HEAD.to_owned());
    DecisionReply {
        outcome: Outcome::Done,
        dry_run,
        change,
        comes_back: vec![],
        warnings: vec![],
        next: None,
        audit_head,
    }
}

pub(in crate::output) fn requests() -> ListRequestsReply {
    let item = RequestSummary {
        id: ID.into(),
        number: 12,
        kind: Kind::Set,
        state: State::Pending,
        risk: Risk::High,
        requested_by: "ann".into(),
        created_at: now(),
        reason: "people are logged out".into(),
        version: None,
        validity: Some(Validity::Valid),
        title: None,
        unreviewed: false,
        restart: None,
    };
    ListRequestsReply { items: vec![item], next: Some("7".into()) }
}

pub(in crate::output) fn rolled_back() -> RollbackReply {
    let result = |name: &str, status: &str, error: Option<&str>| PathResult {
        path: path(name),
        status: status.into(),
        value: None,
        error: error.map(str::to_owned),
    };
    let change = ChangeView { kind: Kind::Rollback, ..applied().change.unwrap() };
    RollbackReply {
        change: reply(Outcome::No, Some(change)),
        to: "version 7".into(),
        results: vec![
            result("session_timeout_minutes", "restored", None),
            result("workers", "failed", Some("must be at most 100")),
        ],
        confirm_name: None,
    }
}
