//! Telling people by the manifest's notify command, after the commit; and trying that command out.
//!
//! What must stay true: no transaction is open while the command runs; whatever becomes of it, what was done is done:
//! a failure is a remark beside the answer and a line in the system log, never an error.

use super::transact::{Note, View};
use super::{Engine, Handle, system_log};
use crate::api::Outcome;
use crate::api::notify::{TestNotify, TestNotifyReply};
use crate::deliver::notify;
use crate::domain::error::{Error, Result};
use crate::domain::member::Caller;
use crate::domain::notice::{Event, Notice, Notify};
use crate::domain::role::Role;
use crate::run::command::End;
use crate::store::manifest;
use serde_json::json;

/// How many lines of each output a test shows.
const SHOWN: usize = 10;

impl Engine {
    /// Tells people what a transaction did, now that it is durable.
    pub(super) fn tell(&mut self, store_id: &str, notices: Vec<Notice>) {
        if notices.is_empty() {
            return;
        }
        let terms = match self.store.read(manifest::notify) {
            Ok(Some(terms)) => terms,
            Ok(None) => return,
            Err(error) => {
                return self.warn(store_id, format!("Nobody was told of this: {}", error.message));
            }
        };
        for notice in notices.iter().filter(|notice| terms.wants(notice.event)) {
            let ran = notify::tell(&terms, notice);
            if ran.succeeded() {
                continue;
            }
            let about = notice.change.map(|number| format!(" about change {number}")).unwrap_or_default();
            let remark = format!(
                "The notice of the {}{about} may have reached nobody: {} Try the command: cfgctl notify test",
                notice.event,
                ran.sentence()
            );
            self.warn(store_id, remark);
            // What hangs, or is not there, is not tried twice: whoever made the change waits for it.
            if !matches!(ran.end, End::Exited(_)) {
                return;
            }
        }
    }

    fn warn(&self, store_id: &str, remark: String) {
        if self.machine.system_log {
            system_log::warn(store_id, &remark);
        }
        self.remark([remark]);
    }
}

impl Handle<TestNotify> for Engine {
    fn handle(&mut self, caller: &Caller, request: TestNotify) -> Result<TestNotifyReply> {
        let event = request.event.unwrap_or(Event::Request);
        let body = |view: &View<'_>| {
            let (terms, notice) = prepare(view, event)?;
            let detail = json!({"event": event, "program": terms.program()});
            Ok(((terms, notice), Some(Note::new("notify.test", event.as_str(), detail))))
        };
        // The entry comes first: no record, no action.
        let attempt = ("notify.test", event.as_str());
        let ((terms, notice), audit_head) = self.act(caller, attempt, request.dry_run, body)?;
        if request.dry_run {
            return Ok(reply(&terms, notice));
        }
        let begun = (self.machine.elapsed)();
        let ran = notify::tell(&terms, &notice);
        let took = (self.machine.elapsed)().saturating_sub(begun);
        let lines = |captured: &crate::run::Captured| -> Vec<String> {
            captured.first_lines(SHOWN).map(str::to_owned).collect()
        };
        Ok(TestNotifyReply {
            outcome: if ran.succeeded() { Outcome::Done } else { Outcome::No },
            dry_run: false,
            result: Some(ran.sentence()),
            exit_code: ran.exit_code(),
            duration_us: i64::try_from(took.as_micros()).ok(),
            stdout: lines(&ran.stdout),
            stderr: lines(&ran.stderr),
            audit_head,
            ..reply(&terms, notice)
        })
    }
}

/// The terms and a notice to try them with. `denied`; `not-found` where the manifest names no command.
fn prepare(view: &View<'_>, event: Event) -> Result<(Notify, Notice)> {
    let actor = &view.actor;
    if !actor.member.owner {
        actor.require(Role::Admin, "trying the notify command")?;
    }
    let terms = manifest::notify(view.db)?.ok_or_else(|| {
        Error::not_found("The manifest names no notify command.").hint(
            "Add one, such as `notify: {command: [/usr/local/bin/tell]}`, and apply it: cfgctl manifest apply FILE",
        )
    })?;
    let instance = manifest::instance(view.db)?;
    let notice = Notice {
        event,
        summary: format!(
            "{instance}: {} tests how people are told of this ({event}); nothing has happened.",
            actor.name()
        ),
        instance,
        change: None,
        id: None,
        kind: None,
        state: None,
        risk: None,
        by: actor.name().to_owned(),
        reason: "test".to_owned(),
        to: vec![actor.name().to_owned()],
        missing: Vec::new(),
        next: None,
        at: view.now,
    };
    Ok((terms, notice))
}

/// The answer as far as it is known before the command runs.
fn reply(terms: &Notify, notice: Notice) -> TestNotifyReply {
    let event = notice.event;
    let unwanted = format!("The command is not told of this in earnest: notify.events leaves {event} out.");
    TestNotifyReply {
        outcome: Outcome::Done,
        dry_run: true,
        program: terms.program().to_owned(),
        timeout: terms.timeout,
        result: None,
        exit_code: None,
        duration_us: None,
        stdout: Vec::new(),
        stderr: Vec::new(),
        notice,
        warnings: if terms.wants(event) { Vec::new() } else { vec![unwanted] },
        audit_head: None,
    }
}
