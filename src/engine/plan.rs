//! What a change would do: validated, classified, weighed. Nothing here writes, so a dry run is the same work.

mod base;
mod conflict;
mod credential;
mod reason;
mod rule;
mod secret;

use super::former::Former;
use super::seal::Sealer;
use super::transact::View;
use crate::api::change::Issue;
use crate::domain::change::{Item, digest};
use crate::domain::error::{Code, Error, Result};
use crate::domain::path::Path;
use crate::domain::policy::{Demand, Policy};
use crate::domain::risk::{self, Risk, RiskReason};
use crate::domain::schema::CompiledSetting;
use crate::domain::secret::SecretReferences;
use crate::domain::setting::Setting;
use crate::domain::value::{self, Value, ValueType};
use crate::store::overrides::Origin;
use crate::store::{manifest, overrides};
pub(super) use base::plan_base;
use reason::Reasons;
use rule::{Compiling, begin_compiling};
use std::collections::{BTreeSet, HashMap};

/// What is wanted of one path: a value, or none.
pub(super) type Wanted = (Path, Option<Value>);

/// Whether a change goes back to what was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Going {
    /// Its values are new.
    On,
    /// What this store's history holds may return.
    Back,
    /// History proves that all its values were in force lately, and the lesser demand holds.
    BackProven,
}

impl Going {
    pub(super) fn back(returns: bool, proven: bool) -> Going {
        match (returns, proven) {
            (_, true) => Going::BackProven,
            (true, false) => Going::Back,
            (false, false) => Going::On,
        }
    }
}

/// What a change would do, and what that means.
pub(super) struct Plan {
    /// What differs, in path order.
    pub(super) items: Vec<Item>,
    /// Where the values before are from.
    pub(super) origins: Vec<Option<Origin>>,
    /// Paths that are so already.
    pub(super) unchanged: Vec<Path>,
    /// What is wrong.
    pub(super) issues: Vec<Issue>,
    /// What to do about the first thing that is wrong, where that is not to look at its setting.
    pub(super) hint: Option<String>,
    /// What is only noteworthy.
    pub(super) warnings: Vec<String>,
    /// Why it has its risk.
    pub(super) reasons: Vec<RiskReason>,
    /// Its risk.
    pub(super) risk: Risk,
    /// What that risk demands.
    pub(super) demand: Demand,
    /// Whether a service must restart.
    pub(super) restart: bool,
    /// The services that use its paths.
    pub(super) services: Vec<String>,
}

impl Plan {
    /// What approvals are bound to.
    pub(super) fn digest(&self, edition: u32) -> String {
        digest(self.items.iter().map(Item::parts), self.risk, &self.demand, edition)
    }

    /// `invalid` with everything that is wrong; `refused` where all of it are credentials in the clear.
    pub(super) fn refuse_issues(&self) -> Result<()> {
        let Some(first) = self.issues.first() else { return Ok(()) };
        let message = match self.issues.len() {
            1 => told(first),
            count => {
                let all: Vec<String> = self.issues.iter().take(20).map(told).collect();
                let more = if count > 20 { format!("\n  and {} more", count - 20) } else { String::new() };
                format!("{count} things are wrong:\n  {}{more}", all.join("\n  "))
            }
        };
        let hint = match (&self.hint, &first.path) {
            (Some(hint), _) => hint.clone(),
            (None, Some(path)) => format!("What the setting takes: cfgctl explain {path:#}"),
            (None, None) => "The rules are in the manifest: cfgctl manifest show".to_owned(),
        };
        let credentials = self.issues.iter().all(|issue| issue.credential.is_some());
        Err(Error::new(if credentials { Code::Refused } else { Code::Invalid }, message).hint(hint))
    }
}

/// What is wrong, and by which rule.
fn told(issue: &Issue) -> String {
    match &issue.rule {
        Some(rule) => format!("The rule {rule} does not hold: {}", issue.message),
        None => issue.message.clone(),
    }
}

/// Plans a change.
pub(super) fn plan(view: &View<'_>, wanted: Vec<Wanted>, policy: &Policy, going: Going) -> Result<Plan> {
    let mut planner = Planner::new(view, going)?;
    let wanted = merge(wanted)?;
    let paths = || wanted.iter().map(|(path, _)| path);
    let present = overrides::of_each(view.db, paths())?;
    let settings = manifest::settings_of(view.db, paths())?;
    planner.items.reserve(wanted.len());
    planner.origins.reserve(wanted.len());
    for (((path, value), present), setting) in wanted.into_iter().zip(present).zip(settings) {
        planner.take(path, value, present, setting)?;
    }
    planner.check_conflicts()?;
    planner.ask_rules()?;
    let mut plan = planner.finish(policy);
    if going == Going::BackProven {
        plan.demand = plan.demand.relieved(plan.risk, &policy.restore);
    }
    Ok(plan)
}

/// Path order, each path once. `invalid` where one path is wanted to be two things.
fn merge(mut wanted: Vec<Wanted>) -> Result<Vec<Wanted>> {
    wanted.sort_by(|(a, _), (b, _)| a.cmp(b));
    let differs = |pair: &[Wanted]| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1;
    if let Some(pair) = wanted.windows(2).find(|pair| differs(pair)) {
        return Err(Error::invalid(format!("{} is named twice, with different values.", pair[0].0))
            .hint("Name each path once."));
    }
    wanted.dedup_by(|a, b| a.0 == b.0);
    Ok(wanted)
}

/// Settings by path, compiled once.
struct Known {
    setting: Setting,
    compiled: std::result::Result<CompiledSetting, String>,
}

struct Planner<'a> {
    view: &'a View<'a>,
    secrets: SecretReferences,
    /// The keys, once a secret comes in.
    sealer: Option<Sealer>,
    going: Going,
    unregistered: Risk,
    /// Whether the items are of the base, with effective values before and after.
    of_base: bool,
    items: Vec<Item>,
    /// The risk of each item.
    risks: Vec<Risk>,
    origins: Vec<Option<Origin>>,
    unchanged: Vec<Path>,
    issues: Vec<Issue>,
    hint: Option<String>,
    warnings: Vec<String>,
    reasons: Reasons,
    restart: bool,
    services: BTreeSet<String>,
    /// The definitions of the changed paths, for the rules that ask.
    settings: HashMap<Path, Setting>,
    /// The rules that concern every path, by name: parsing one takes as long as all else that a change computes, so it
    /// goes on while that is done.
    compiling: Option<Compiling>,
    /// What the changed paths were a day ago, item by item, once a rule compares with it.
    former: Option<Vec<Option<Former>>>,
}

impl<'a> Planner<'a> {
    fn new(view: &'a View<'a>, going: Going) -> Result<Planner<'a>> {
        Ok(Planner {
            view,
            secrets: manifest::part(view.db, "secrets")?,
            sealer: None,
            going,
            unregistered: manifest::policy(view.db)?.unregistered,
            of_base: false,
            items: Vec::new(),
            risks: Vec::new(),
            origins: Vec::new(),
            unchanged: Vec::new(),
            issues: Vec::new(),
            hint: None,
            warnings: Vec::new(),
            reasons: Reasons::default(),
            restart: false,
            services: BTreeSet::new(),
            settings: HashMap::new(),
            compiling: None,
            former: None,
        })
    }

    fn issue(&mut self, path: &Path, message: String) {
        self.issues.push(Issue { path: Some(path.clone()), rule: None, credential: None, message });
    }

    fn take(
        &mut self,
        path: Path,
        mut after: Option<Value>,
        present: Option<(Value, Origin)>,
        setting: Option<Setting>,
    ) -> Result<()> {
        let is_integer = |setting: &Setting| setting.value_type() == Some(ValueType::Integer);
        if after.as_ref().is_some_and(Value::is_f64) && setting.as_ref().is_some_and(is_integer) {
            after = after.map(value::folded);
        }
        let (before, origin) = present.unzip();
        if before == after {
            self.unchanged.push(path);
            return Ok(());
        }
        let known =
            setting.map(|setting| Known { compiled: CompiledSetting::compile(&path, &setting), setting });
        after = match (after, known.as_ref().filter(|known| known.setting.secret)) {
            (Some(value), Some(secret)) => {
                Some(self.take_secret(&path, &secret.compiled, value, before.as_ref())?)
            }
            (Some(value), None) => Some(self.take_open(&path, value, known.as_ref())?),
            (None, _) => None,
        };
        if before == after {
            self.unchanged.push(path);
            return Ok(());
        }
        self.take_item(Item { path, before, after }, origin, known)
    }

    /// Whether a value is neither too large nor too deep; what is, is an issue.
    fn is_within_limits(&mut self, path: &Path, value: &Value) -> bool {
        let checked = value::check_limits(value);
        if let Err(error) = &checked {
            self.issue(path, format!("{path}: {}", error.message));
        }
        checked.is_ok()
    }

    /// What its setting says of a value that is no secret.
    fn check_setting(&mut self, path: &Path, value: &Value, known: Option<&Known>) {
        match known {
            Some(Known { compiled: Ok(compiled), .. }) => {
                for message in compiled.check(value, &self.secrets) {
                    self.issue(path, message);
                }
            }
            Some(Known { compiled: Err(problem), .. }) => self.issue(path, problem.clone()),
            None => {}
        }
    }

    /// Takes an item whose value was checked.
    fn take_item(&mut self, item: Item, origin: Option<Origin>, known: Option<Known>) -> Result<()> {
        let path = &item.path;
        let risk = match known {
            Some(Known { setting, .. }) => {
                let reasons = setting.risk_reasons(path);
                let risk = risk::highest(&reasons);
                self.reasons.add(reasons);
                self.restart |= setting.restart;
                self.services.extend(setting.services.iter().cloned());
                self.settings.insert(path.clone(), setting);
                risk
            }
            None => {
                self.reasons.add_one(self.unregistered, || RiskReason {
                    risk: self.unregistered,
                    path: Some(path.to_string()),
                    reason: format!("{path} is not registered in the manifest."),
                });
                self.unregistered
            }
        };
        if self.compiling.is_none() {
            self.compiling = Some(begin_compiling(self.view, self.reasons.highest())?);
        }
        self.items.push(item);
        self.risks.push(risk);
        self.origins.push(origin);
        Ok(())
    }

    fn finish(self, policy: &Policy) -> Plan {
        let Planner { items, origins, unchanged, issues, hint, warnings, reasons, restart, services, .. } =
            self;
        let reasons = reasons.finish();
        let risk = risk::highest(&reasons);
        let demand = policy.demand(risk).clone();
        let services = services.into_iter().collect();
        Plan { items, origins, unchanged, issues, hint, warnings, reasons, risk, demand, restart, services }
    }
}
