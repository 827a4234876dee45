//! The steps of random sequences: what may be done, by whom, and what a model writes down of it.

use super::random_model::{Content, Items, Model, PATHS, Policy, Request};
use crate::survival::library::Library;
use cfgctl::api::change::{ChangeView, Input, ItemSpec, MakeChange, Mode, Terms};
use cfgctl::api::change_request::*;
use cfgctl::api::confirm::{Confirm, Decision, Due, Settle};
use cfgctl::api::manifest::{ApplyManifest, ShowManifest};
use cfgctl::api::member::{ChangeRole, RemoveMember};
use cfgctl::domain::change::{Kind, State};
use cfgctl::domain::dossier::Dossier;
use cfgctl::domain::error::{Code, Result};
use cfgctl::domain::member::Claim;
use cfgctl::domain::role::Role;
use cfgctl::domain::time::{Span, SpanOrDefault, Timestamp};
use cfgctl::engine::{Access, Engine, Handle};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The people, their users, and the roles they begin with.
pub(super) const PEOPLE: [(&str, u32, Role); 7] = [
    ("alice", 1000, Role::Board),
    ("bob", 1001, Role::Board),
    ("carol", 1002, Role::Board),
    ("dave", 1003, Role::SeniorAdmin),
    ("erin", 1004, Role::Admin),
    ("frank", 1005, Role::Operator),
    ("grace", 1006, Role::Viewer),
];

/// When the sequences begin.
const BEGIN: &str = "2026-11-21T10:00:00Z";

/// What is done in a step.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Set,
    Create,
    Draft,
    Edit,
    Reword,
    Submit,
    Approve,
    ApproveAndExecute,
    Meeting,
    Test,
    Reject,
    Refresh,
    Schedule,
    Execute,
    Due,
    Settle,
    Confirm,
    TakeBack,
    Extend,
    Cancel,
    Role,
    Remove,
    Policy,
    Pass,
}

/// A step: what, by whom, to which open request or path, with which value.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) what: What,
    pub(super) who: usize,
    on: usize,
    path: usize,
    value: i64,
    confirm: bool,
}

impl Step {
    /// Whether it is done to a request by whoever made it.
    fn of_its_people(&self) -> bool {
        use What::{Edit, Execute, Refresh, Schedule, Submit, Test};
        matches!(self.what, Edit | Execute | Refresh | Schedule | Submit | Test)
    }
}

/// Each as often as it is worth.
pub(super) fn step() -> impl Strategy<Value = Step> {
    use What::*;
    let often = vec![
        Set,
        Set,
        Set,
        Create,
        Create,
        Create,
        Draft,
        Meeting,
        Meeting,
        Meeting,
        Edit,
        Reword,
        Submit,
        Approve,
        Approve,
        Approve,
        Approve,
        Approve,
        ApproveAndExecute,
        ApproveAndExecute,
        Test,
        Test,
        Test,
        Reject,
        Refresh,
        Refresh,
        Schedule,
        Execute,
        Execute,
        Execute,
        Due,
        Settle,
        Confirm,
        TakeBack,
        Extend,
        Cancel,
        Role,
        Role,
        Remove,
        Policy,
        Pass,
        Pass,
    ];
    let who = select(vec![0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 6]);
    (select(often), who, 0..64_usize, select(vec![0, 1, 1, 1, 2, 2, 3]), 0..3_i64, prop::bool::weighted(0.2))
        .prop_map(|(what, who, on, path, value, confirm)| Step { what, who, on, path, value, confirm })
}

/// A store in the middle of a sequence, and what is known of it.
pub(super) struct Run {
    pub(super) library: Library,
    pub(super) model: Model,
    /// Every change's state after the last step, by id.
    pub(super) states: BTreeMap<String, State>,
    pub(super) manifest: i64,
}

impl Run {
    pub(super) fn begin(place: &Path) -> Run {
        let library = Library::open(place, Access::Write, BEGIN).unwrap();
        let model = Model {
            policy: Policy::First,
            roles: PEOPLE.iter().map(|(name, _, role)| ((*name).to_owned(), *role)).collect(),
            requests: BTreeMap::new(),
            values: BTreeMap::new(),
        };
        let mut run = Run { library, model, states: BTreeMap::new(), manifest: 0 };
        run.states = run.list().into_iter().map(|change| (change.id, change.state)).collect();
        run.manifest = run.library.ask(ShowManifest::default()).unwrap().number;
        run
    }

    /// Asks as one of the people.
    pub(super) fn ask<R: cfgctl::api::Request>(&mut self, who: usize, request: R) -> Result<R::Reply>
    where
        Engine: Handle<R>,
    {
        let (name, uid, _) = PEOPLE[who];
        self.library.caller.claim = Claim::User { uid, name: name.to_owned(), sudo: false };
        self.library.ask(request)
    }

    pub(super) fn list(&mut self) -> Vec<RequestSummary> {
        self.ask(0, ListRequests { all: true, limit: Some(1000), ..ListRequests::default() }).unwrap().items
    }

    pub(super) fn show(&mut self, id: &str) -> ChangeView {
        self.ask(0, ShowRequest { id: id.to_owned() }).unwrap().change
    }

    /// Does a step and writes down what came of it; gives whether it was done.
    pub(super) fn step(&mut self, step: &Step) -> bool {
        self.library.clock.set(self.library.clock.get() + 1_000);
        let id = self.request(step);
        let who = self.who(step, &id);
        let name = PEOPLE[who].0.to_owned();
        let item = ItemSpec { path: PATHS[step.path].to_owned(), input: Input::Json(json!(step.value)) };
        let within = step.confirm.then(|| Span::seconds(600));
        let now = Timestamp::from_millis(self.library.clock.get());
        let minutes = |minutes: usize| now.after(Span::seconds(60 * minutes as u64));
        let terms = Terms { confirm_within: within.map(SpanOrDefault::Span), ..self.library.terms() };
        let done = match step.what {
            What::Set | What::Create | What::Draft => {
                let mode = match step.what {
                    What::Set => Mode::Execute,
                    What::Create => Mode::Request,
                    _ => Mode::Draft,
                };
                let schedule = step.on.is_multiple_of(8).then(|| minutes(5));
                let terms = Terms { mode, schedule, ..terms };
                let made = self.ask(who, MakeChange { kind: Kind::Set, items: vec![item], terms });
                made.map(|reply| {
                    let Some(view) = reply.change else { return };
                    if view.state.is_open() && !self.model.requests.contains_key(&view.id) {
                        let content = self.content(&view);
                        let request = Request {
                            content,
                            authors: BTreeSet::from([name.clone()]),
                            approvals: Vec::new(),
                            tested: Vec::new(),
                        };
                        self.model.requests.insert(view.id.clone(), request);
                        self.give_own(&name, &view);
                    }
                })
            }
            What::Edit | What::Reword | What::Submit => {
                let items = if matches!(step.what, What::Edit) { vec![item] } else { Vec::new() };
                let title = matches!(step.what, What::Reword).then(|| format!("title {}", step.value));
                let request = EditRequest {
                    id: id.clone(),
                    items,
                    leave_out: Vec::new(),
                    reason: None,
                    ticket: None,
                    rollback_plan: None,
                    dossier: Dossier { title, ..Dossier::default() },
                    submit: matches!(step.what, What::Submit),
                    dry_run: false,
                };
                self.ask(who, request).map(|reply| {
                    let (id, view) = (reply.change.id.clone(), reply.change);
                    let edits = !matches!(step.what, What::Submit);
                    let request = self.model.requests.get_mut(&id).unwrap();
                    if edits {
                        request.authors.insert(name.clone());
                        request.content.edition += 1;
                    }
                    self.remade(&name, &view);
                })
            }
            What::Refresh => self
                .ask(who, RefreshRequest { id, dry_run: false })
                .map(|reply| self.remade(&name, &reply.change)),
            What::Approve | What::ApproveAndExecute => {
                let execute = matches!(step.what, What::ApproveAndExecute);
                self.approve(who, &id, execute, within.filter(|_| execute))
            }
            What::Test => self.test(who, &id),
            // Those who are there look at it one after the other, and most have nothing to say against it.
            What::Meeting => {
                let tested = self.test(1, &id);
                (0..5)
                    .filter(|who| step.on & (1 << who) == 0)
                    .for_each(|who| drop(self.approve(who, &id, false, None)));
                tested
            }
            What::Reject => self.ask(who, Reject { id, reason: "no".to_owned(), dry_run: false }).map(drop),
            What::Cancel => self.ask(who, Cancel { id, reason: "no".to_owned(), dry_run: false }).map(drop),
            What::Schedule => {
                let at = (step.value > 0).then(|| minutes(1 + step.on % 20));
                self.ask(who, Schedule { id, at, dry_run: false }).map(drop)
            }
            What::Execute => self
                .ask(
                    who,
                    Execute {
                        id,
                        reason: None,
                        confirm_within: within.map(SpanOrDefault::Span),
                        dry_run: false,
                    },
                )
                .map(drop),
            What::Due => self.ask(who, Settle { which: Due::Scheduled, dry_run: false }).map(drop),
            What::Settle => self.ask(who, Settle { which: Due::All, dry_run: false }).map(drop),
            What::Confirm | What::TakeBack | What::Extend => {
                let decision = match step.what {
                    What::Confirm => Decision::Confirm,
                    What::TakeBack => Decision::Cancel,
                    _ => Decision::Extend(Span::seconds(300)),
                };
                self.ask(who, Confirm { id: None, decision, dry_run: false }).map(drop)
            }
            What::Role => {
                let (name, role) = (
                    PEOPLE[1 + step.on % 6].0.to_owned(),
                    Role::ALL[step.value as usize + 2 * (step.path % 2)],
                );
                let request = ChangeRole {
                    name: name.clone(),
                    role: Some(role),
                    owner: None,
                    terms: self.library.terms(),
                };
                self.ask(0, request).map(|_| {
                    self.model.roles.insert(name, role);
                })
            }
            What::Remove if step.on.is_multiple_of(4) => {
                let name = PEOPLE[1 + step.path].0.to_owned();
                let request = RemoveMember { name: name.clone(), terms: self.library.terms() };
                self.ask(0, request).map(|_| {
                    self.model.roles.remove(&name);
                })
            }
            What::Policy => {
                let policy = if step.value == 0 { Policy::First } else { Policy::Second };
                let request = ApplyManifest { text: policy.manifest(), terms: self.library.terms() };
                self.ask(0, request).map(|_| self.model.policy = policy)
            }
            What::Remove => Ok(()),
            What::Pass => {
                let millis = if step.on < 4 { 15 * 86_400_000 } else { 60_000 * (step.on as i64 % 12) };
                self.library.clock.set(self.library.clock.get() + millis);
                Ok(())
            }
        };
        if let Err(error) = &done {
            assert!(
                !matches!(error.code, Code::Internal | Code::Integrity | Code::UnknownOutcome),
                "{error:?}"
            );
        }
        done.is_ok()
    }

    /// Approves a request, and writes down what was looked at.
    fn approve(&mut self, who: usize, id: &str, execute: bool, confirm_within: Option<Span>) -> Result<()> {
        let seen = self.model.requests.get(id).map(|request| request.content.clone());
        let (id, name) = (id.to_owned(), PEOPLE[who].0.to_owned());
        let request = Approve {
            id: id.clone(),
            comment: None,
            expect: None,
            execute,
            confirm_within: confirm_within.map(SpanOrDefault::Span),
            dry_run: false,
        };
        self.ask(who, request)?;
        self.model.requests.get_mut(&id).unwrap().approvals.push((name, seen.unwrap()));
        Ok(())
    }

    /// Attaches evidence to a request, and writes down of what.
    fn test(&mut self, who: usize, id: &str) -> Result<()> {
        let (name, content) = ("run.log".to_owned(), "fine".to_owned());
        self.ask(who, AttachEvidence { id: id.to_owned(), name, content, dry_run: false })?;
        let request = self.model.requests.get_mut(id).unwrap();
        request.tested.push(request.content.clone());
        Ok(())
    }

    /// The open request that it is done to: one of the last, and often one that is ready for it.
    fn request(&self, step: &Step) -> String {
        let ready = match step.what {
            What::Approve | What::ApproveAndExecute | What::Meeting | What::Test => Some(State::Pending),
            What::Execute | What::Schedule => Some(State::Approved),
            What::Submit => Some(State::Draft),
            _ => None,
        };
        let of = |ready: Option<State>| -> Vec<&String> {
            let fits = |state: &State| state.is_open() && ready.is_none_or(|ready| *state == ready);
            self.states.iter().filter(|(_, state)| fits(state)).map(|(id, _)| id).collect()
        };
        let open = match of(ready.filter(|_| step.value > 0)) {
            none if none.is_empty() => of(None),
            some => some,
        };
        open.iter().rev().nth(step.on % open.len().clamp(1, 4)).map(|id| (*id).clone()).unwrap_or_default()
    }

    /// Who does it: often somebody who may, so that sequences get somewhere.
    fn who(&self, step: &Step, id: &str) -> usize {
        let may_decide = matches!(step.what, What::Approve | What::ApproveAndExecute);
        let request =
            self.model.requests.get(id).filter(|_| step.value > 0 && !may_decide && step.of_its_people());
        let author =
            request.and_then(|request| PEOPLE.iter().position(|(name, ..)| request.authors.contains(*name)));
        match author {
            Some(author) => author,
            None if may_decide => step.who % 5,
            None => step.who,
        }
    }

    /// What a request would do now, as the engine shows it; its edition is the model's own count.
    fn content(&self, view: &ChangeView) -> Content {
        let edition = self.model.requests.get(&view.id).map_or(0, |request| request.content.edition);
        Content { items: items_of(view), edition, policy: self.model.policy }
    }

    /// A request was edited or refreshed: who made it approves it anew where their own approval counts.
    fn remade(&mut self, name: &str, view: &ChangeView) {
        let content = self.content(view);
        self.model.requests.get_mut(&view.id).unwrap().content = content;
        if view.requested_by == name {
            self.give_own(name, view);
        }
    }

    fn give_own(&mut self, name: &str, view: &ChangeView) {
        let content = self.content(view);
        if view.state != State::Draft && self.model.gives_own(name, &content.items) {
            self.model.requests.get_mut(&view.id).unwrap().approvals.push((name.to_owned(), content));
        }
    }
}

fn items_of(view: &ChangeView) -> Items {
    view.items.iter().map(|item| (item.path.clone(), (item.before.clone(), item.after.clone()))).collect()
}
