//! Replies with fixed content, for the tests of how they read.

mod change;

pub(super) use change::{
    applied, decided, pending, request, requests, rolled_back, taken_back, tried, unchanged,
};

use crate::api::backup::BackupView;
use crate::api::change::{ItemKind, ItemView};
use crate::api::diff::{DiffReply, Difference};
use crate::api::history::{HistoryReply, HistoryView};
use crate::api::member::MemberView;
use crate::api::status::{Kept, StatusReply};
use crate::api::value::{
    BlameReply, BlameView, ExplainReply, GetReply, Layer, LayerView, VALUES_FORMAT, ValueView,
};
use crate::api::version::VersionView;
use crate::domain::risk::Risk;
use crate::domain::{path::Path, role::Role, time::Timestamp, value::Value};
use serde_json::json;

pub(super) const ID: &str = "01JD0000000000000000000000";
pub(super) const BACKUP: &str = "config_backup_change_12_20261121_093005.json";
const HEAD: &str = "14:3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c3f9c";

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn now() -> Timestamp {
    at("2026-11-21T09:30:05Z")
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

pub(super) fn values(items: &[(&str, Value)]) -> GetReply {
    let item = |(name, value): &(&str, Value)| ValueView {
        path: path(name),
        value: value.clone(),
        layer: Layer::Override,
    };
    GetReply { format: VALUES_FORMAT.to_owned(), version: 9, items: items.iter().map(item).collect() }
}

pub(super) fn item(path: &str, before: Option<Value>, after: Option<Value>) -> ItemView {
    ItemView { what: ItemKind::Value, path: path.to_owned(), before, after, base: None, base_layer: None }
}

pub(super) fn differences(items: &[(&str, Option<Value>, Option<Value>)]) -> DiffReply {
    let item = |(name, a, b): &(&str, Option<Value>, Option<Value>)| Difference {
        path: path(name),
        a: a.clone(),
        b: b.clone(),
    };
    DiffReply {
        a: "version 8".into(),
        b: "version 9".into(),
        items: items.iter().map(item).collect(),
        not_compared: vec![],
    }
}

pub(super) fn explained() -> ExplainReply {
    let below = LayerView {
        layer: Layer::Default,
        origin: None,
        value: Some(json!(5050)),
        wins: false,
        by: None,
        at: None,
        reason: None,
        version: None,
    };
    let above = LayerView {
        layer: Layer::Override,
        origin: None,
        value: Some(json!(5051)),
        wins: true,
        by: Some("ann".into()),
        at: Some(now()),
        reason: Some("the old port is taken".into()),
        version: Some(9),
    };
    ExplainReply {
        path: path("server.port"),
        value: Some(json!(5051)),
        layer: Some(Layer::Override),
        layers: vec![above, below],
        registered: true,
        setting: Some(
            json!({"type": "integer", "minimum": 1, "default": 5050, "restart": true, "description": "Where it listens."}),
        ),
        risk: Risk::High,
        restart: true,
        services: vec!["web".into(), "worker".into()],
        rules: vec![],
        demand: "1 approval by senior-admin, not the requester".into(),
        open_requests: vec![ID.into()],
    }
}

pub(super) fn blamed() -> BlameReply {
    let item = BlameView {
        path: path("server.port"),
        value: json!(5051),
        version: 9,
        by: "ann".into(),
        at: now(),
        reason: "the old port\nis taken".into(),
    };
    BlameReply { items: vec![item] }
}

pub(super) fn version(number: i64) -> VersionView {
    VersionView {
        version: number,
        config_hash: "a".repeat(64),
        effective_hash: "b".repeat(64),
        created_at: now(),
        created_by: "ann".into(),
        description: "people are logged out".into(),
        is_baseline: true,
        parent: Some(number - 1),
        change: Some(ID.into()),
        generation: 0,
        tags: vec!["before-launch".into()],
    }
}

pub(super) fn history() -> HistoryReply {
    let row = |version, operation: &str, before, after| HistoryView {
        layer: None,
        origin: None,
        path: path("server.port"),
        operation: operation.into(),
        before,
        after,
        at: now(),
        by: "ann".into(),
        reason: "the old port is taken".into(),
        source_ip: "local".into(),
        version,
        emergency: false,
    };
    let items = vec![
        row(9, "UPDATE", Some(json!(5050)), Some(json!(5051))),
        row(8, "CREATE", None, Some(json!(5050))),
    ];
    HistoryReply { items, next: None }
}

pub(super) fn backup() -> BackupView {
    BackupView {
        name: BACKUP.into(),
        scope: "change".into(),
        automatic: true,
        created_at: now(),
        created_by: "ann".into(),
        version: 8,
        paths: 1,
        size: 512,
        checksum: "c".repeat(64),
        change: Some(12),
    }
}

pub(super) fn member() -> MemberView {
    MemberView {
        name: "bob".into(),
        kind: "person".into(),
        role: Role::Admin,
        owner: false,
        state: "invited".into(),
        uid: Some(1001),
        answerable: None,
        since: now(),
        by: "ann".into(),
        reason: "joins the team".into(),
    }
}

pub(super) fn status() -> StatusReply {
    StatusReply {
        instance: "prod".into(),
        store: Some("/var/lib/cfgctl/config_overrides.db".into()),
        store_id: ID.into(),
        caller: "ann".into(),
        role: Some(Role::Board),
        proof: "uid:1000".into(),
        version: 9,
        config_hash: "a".repeat(64),
        effective_hash: "b".repeat(64),
        changed_at: Some(now()),
        changed_by: Some("ann".into()),
        overrides: 1200,
        base: None,
        settings: 40,
        manifest: 3,
        members: 2,
        solo: false,
        one_owner: true,
        identity_asserted: true,
        unmeetable: vec![Risk::Critical],
        open_requests: 1,
        unreviewed: 0,
        restart_pending: vec![],
        services: None,
        last_full_backup: None,
        backups: 12,
        store_size: 1_048_576,
        store_free: 4096,
        store_warns_above: 1 << 30,
        kept: Kept { versions: 9, history_after: 0, history_rows: 1234, audit_after: 0, audit_entries: 14 },
        housekeeping: vec![],
        audit_head: HEAD.into(),
        attention: vec!["Change request 12 waits for you.".into()],
    }
}
