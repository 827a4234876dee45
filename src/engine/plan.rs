//! What a change would do: validated, classified, weighed. Nothing here writes, so a dry run is the same work.

use super::former::{self, Former};
use super::mask::Mask;
use super::transact::View;
use crate::api::change::Issue;
use crate::domain::change::{Item, digest};
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::policy::{Demand, Policy};
use crate::domain::risk::{self, Risk, RiskReason};
use crate::domain::rule::{Compiled, Facts, Rule, Severity};
use crate::domain::schema::CompiledSetting;
use crate::domain::secret::SecretReferences;
use crate::domain::setting::Setting;
use crate::domain::value::{self, Value, ValueType};
use crate::store::overrides::Origin;
use crate::store::{manifest, overrides};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::thread::JoinHandle;

/// What is wanted of one path: a value, or none.
pub(super) type Wanted = (Path, Option<Value>);

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

    /// `invalid` with everything that is wrong.
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
        let hint = match &first.path {
            Some(path) => format!("What the setting takes: cfgctl explain {path}"),
            None => "The rules are in the manifest: cfgctl manifest show".to_owned(),
        };
        Err(Error::invalid(message).hint(hint))
    }
}

/// What is wrong, and by which rule.
fn told(issue: &Issue) -> String {
    match &issue.rule {
        Some(rule) => format!("The rule {rule} does not hold: {}", issue.message),
        None => issue.message.clone(),
    }
}

/// Plans a change. With `relieved`, history proves its values, and the lesser demand holds.
pub(super) fn plan(view: &View<'_>, wanted: Vec<Wanted>, policy: &Policy, relieved: bool) -> Result<Plan> {
    let mut planner = Planner::new(view)?;
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
    let Planner { items, origins, unchanged, issues, warnings, reasons, restart, services, .. } = planner;
    let reasons = reasons.finish();
    let risk = risk::highest(&reasons);
    let demand = policy.demand(risk);
    let demand = if relieved { demand.relieved(risk, &policy.restore) } else { demand.clone() };
    let services = services.into_iter().collect();
    Ok(Plan { items, origins, unchanged, issues, warnings, reasons, risk, demand, restart, services })
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

/// The values that a rule saw, as they may be shown.
fn in_words(view: &View<'_>, values: &BTreeMap<Path, Value>) -> Result<String> {
    let mask = Mask::new(view);
    let mut words = Vec::new();
    for (path, value) in values.iter().take(SEEN) {
        let shown: String =
            value::bare(&mask.shown(path, value.clone())?).chars().take(LONGEST_SEEN).collect();
        words.push(format!("{path} would be {shown}"));
    }
    Ok(if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) })
}

/// How many values a rule's refusal tells, and how many characters of each.
const SEEN: usize = 8;
const LONGEST_SEEN: usize = 60;

/// Settings by path, compiled once.
struct Known {
    setting: Setting,
    compiled: std::result::Result<CompiledSetting, String>,
}

struct Planner<'a> {
    view: &'a View<'a>,
    secrets: SecretReferences,
    unregistered: Risk,
    items: Vec<Item>,
    origins: Vec<Option<Origin>>,
    unchanged: Vec<Path>,
    issues: Vec<Issue>,
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

type Compiling = HashMap<String, JoinHandle<std::result::Result<Compiled, String>>>;

/// Begins to compile the rules that concern every path and could raise a risk that is this high already: any may, below
/// critical, for one that cannot be evaluated raises to that.
fn begin_compiling(view: &View<'_>, risk: Risk) -> Result<Compiling> {
    let mut compiling = HashMap::new();
    for rule in manifest::rules(view.db, &manifest::rules_for_every_path(view.db)?)? {
        if rule.check.is_none() && risk == Risk::Critical {
            continue;
        }
        let name = rule.name.clone();
        // Where no thread is to be had, the rule is compiled when it is asked.
        if let Ok(handle) = std::thread::Builder::new().spawn(move || rule.compile()) {
            compiling.insert(name, handle);
        }
    }
    Ok(compiling)
}

impl<'a> Planner<'a> {
    fn new(view: &'a View<'a>) -> Result<Planner<'a>> {
        Ok(Planner {
            view,
            secrets: manifest::part(view.db, "secrets")?,
            unregistered: manifest::policy(view.db)?.unregistered,
            items: Vec::new(),
            origins: Vec::new(),
            unchanged: Vec::new(),
            issues: Vec::new(),
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
        self.issues.push(Issue { path: Some(path.clone()), rule: None, message });
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
        if let Some(after) = &after {
            if let Err(error) = value::check_limits(after) {
                self.issue(&path, format!("{path}: {}", error.message));
            }
            match &known {
                Some(Known { compiled: Ok(compiled), .. }) => {
                    for message in compiled.check(after, &self.secrets) {
                        self.issue(&path, message);
                    }
                }
                Some(Known { compiled: Err(problem), .. }) => self.issue(&path, problem.clone()),
                None => {}
            }
        }
        match known {
            Some(Known { setting, .. }) => {
                self.reasons.add(setting.risk_reasons(&path));
                self.restart |= setting.restart;
                self.services.extend(setting.services.iter().cloned());
                self.settings.insert(path.clone(), setting);
            }
            None => self.reasons.add_one(self.unregistered, || RiskReason {
                risk: self.unregistered,
                path: Some(path.to_string()),
                reason: format!("{path} is not registered in the manifest."),
            }),
        }
        if self.compiling.is_none() {
            self.compiling = Some(begin_compiling(self.view, self.reasons.highest())?);
        }
        self.items.push(Item { path, before, after });
        self.origins.push(origin);
        Ok(())
    }

    /// No path is both a value and another's prefix, in the state the change would leave.
    fn check_conflicts(&mut self) -> Result<()> {
        let db = self.view.db;
        let begins = |item: &Item| item.after.is_some() && item.before.is_none();
        if !self.items.iter().any(begins) {
            return Ok(());
        }
        let after: BTreeMap<&str, bool> =
            self.items.iter().map(|item| (item.path.as_str(), item.after.is_some())).collect();
        let mut clear: HashSet<&str> = HashSet::new();
        let mut found = Vec::new();
        for item in self.items.iter().filter(|item| begins(item)) {
            let path = &item.path;
            for above in path.ancestors() {
                if clear.contains(above) {
                    continue;
                }
                let taken = match after.get(above) {
                    Some(set) => *set,
                    None => overrides::is_set(db, above)? || manifest::is_registered(db, above)?,
                };
                if taken {
                    found.push((
                        path.clone(),
                        format!("{path} lies inside {above}, which is a value of its own."),
                    ));
                } else {
                    clear.insert(above);
                }
            }
            let from = format!("{path}.");
            let mut inside = after
                .range(from.as_str()..)
                .take_while(|(below, _)| below.starts_with(&from))
                .find(|(_, set)| **set)
                .map(|(below, _)| (*below).to_owned());
            if inside.is_none() {
                let unset =
                    after.range(from.as_str()..).take_while(|(below, _)| below.starts_with(&from)).count();
                let limit = u32::try_from(unset + 1).unwrap_or(u32::MAX);
                inside = overrides::paths_below(db, path.as_str(), limit)?
                    .into_iter()
                    .find(|below| after.get(below.as_str()).is_none_or(|set| *set));
            }
            if inside.is_none() {
                inside = manifest::registered_below(db, path.as_str())?;
            }
            if let Some(below) = inside {
                found.push((
                    path.clone(),
                    format!("{path} cannot have a value, because {below} lies inside it."),
                ));
            }
        }
        for (path, message) in found {
            self.issue(&path, message);
        }
        Ok(())
    }

    fn ask_rules(&mut self) -> Result<()> {
        let db = self.view.db;
        let mut names: BTreeSet<String> = manifest::rules_for_every_path(db)?.into_iter().collect();
        let has_rules = !names.is_empty() || manifest::has_rules(db)?;
        if self.items.is_empty() || !has_rules {
            return Ok(());
        }
        for item in &self.items {
            names.extend(manifest::rules_naming(db, item.path.as_str())?);
        }
        let names: Vec<String> = names.into_iter().collect();
        for rule in manifest::rules(db, &names)? {
            if rule.check.is_some() {
                self.ask_check(&rule)?;
            } else if self.reasons.highest() < Risk::Critical {
                // Even a rule that raises no further is asked: where it fails, the risk is critical.
                self.ask_risk_rule(&rule)?;
            }
        }
        Ok(())
    }

    /// What the change would make effective, for the paths a rule names (or all, where it does not say).
    fn values(&self, named: Option<&[Path]>) -> Result<BTreeMap<Path, Value>> {
        let db = self.view.db;
        let mut values = BTreeMap::new();
        match named {
            Some(paths) => {
                for path in paths {
                    if let Some(value) = self.effective_after(path)? {
                        values.insert(path.clone(), value);
                    }
                }
            }
            None => {
                manifest::each_default(db, None, |path, value| {
                    values.insert(path, value);
                    Ok(())
                })?;
                overrides::each(db, None, |row| {
                    if let Some(value) = row.value {
                        values.insert(row.path, value);
                    }
                    Ok(())
                })?;
                for item in &self.items {
                    match self.effective_after(&item.path)? {
                        Some(value) => values.insert(item.path.clone(), value),
                        None => values.remove(&item.path),
                    };
                }
            }
        }
        Ok(values)
    }

    fn effective_after(&self, path: &Path) -> Result<Option<Value>> {
        let overridden = match self.items.binary_search_by(|item| item.path.cmp(path)) {
            Ok(at) => self.items[at].after.clone(),
            Err(_) => overrides::value(self.view.db, path.as_str())?,
        };
        overridden.map_or_else(|| manifest::default(self.view.db, path.as_str()), |value| Ok(Some(value)))
    }

    /// A rule compiled: where that was begun early, it is done by now.
    fn compiled(&mut self, rule: &Rule) -> std::result::Result<Compiled, String> {
        match self.compiling.as_mut().and_then(|begun| begun.remove(&rule.name)).map(JoinHandle::join) {
            Some(Ok(compiled)) => compiled,
            _ => rule.compile(),
        }
    }

    fn ask_check(&mut self, rule: &Rule) -> Result<()> {
        let mut seen = String::new();
        let holds = self.compiled(rule).and_then(|compiled| {
            let values = self.values(compiled.paths_named()).map_err(|error| error.message)?;
            if compiled.paths_named().is_some() {
                seen = in_words(self.view, &values).map_err(|error| error.message)?;
            }
            compiled.holds(&Facts {
                values: &values,
                old: None,
                new: None,
                path: None,
                setting: None,
                actor: None,
                now: None,
            })
        });
        let message = match holds {
            Ok(true) => return Ok(()),
            // A warning is its sentence; who is refused needs to see what to change.
            Ok(false) if rule.severity == Severity::Warning => rule.sentence(),
            Ok(false) => format!("{}{seen}", rule.sentence()),
            // A check that cannot be evaluated never counts as passed.
            Err(problem) => problem,
        };
        match rule.severity {
            Severity::Warning => self.warnings.push(message),
            Severity::Error => self.issues.push(Issue { path: None, rule: Some(rule.name.clone()), message }),
        }
        Ok(())
    }

    fn ask_risk_rule(&mut self, rule: &Rule) -> Result<()> {
        let compiled = self.compiled(rule);
        let values = match &compiled {
            Ok(compiled) => self.values(compiled.paths_named())?,
            Err(_) => BTreeMap::new(),
        };
        let compares = compiled.as_ref().is_ok_and(Compiled::reads_old);
        if compares && self.former.is_none() {
            self.former = Some(former::a_day_ago(self.view, &self.items, &self.origins)?);
        }
        let formers = self.former.as_deref().filter(|_| compares).unwrap_or_default();
        let highest = self.reasons.highest();
        let mut found = Vec::new();
        for (at, item) in self.items.iter().enumerate() {
            let old = match &item.before {
                Some(before) => Some(before.clone()),
                None => manifest::default(self.view.db, item.path.as_str())?,
            };
            let new = self.effective_after(&item.path)?;
            let known = self.settings.get(&item.path);
            let setting = known.map(Setting::to_value);
            let ask = |old: Option<&Value>| {
                compiled.as_ref().map_err(Clone::clone).and_then(|compiled| {
                    compiled.holds(&Facts {
                        values: &values,
                        old,
                        new: new.as_ref(),
                        path: Some(&item.path),
                        setting: setting.as_ref(),
                        actor: Some((self.view.actor.name(), self.view.actor.member.role)),
                        now: Some(self.view.now),
                    })
                })
            };
            let mut worst = raised(rule, &item.path, ask(old.as_ref()), None);
            if let Some(former) = formers.get(at).and_then(Option::as_ref) {
                let secret = known.is_some_and(|setting| setting.secret);
                let than = Some(former.in_words(secret));
                let then = raised(rule, &item.path, ask(former.value.as_ref()), than);
                if then.as_ref().map(|reason| reason.risk) > worst.as_ref().map(|reason| reason.risk) {
                    worst = then;
                }
            }
            found.extend(worst.filter(|reason| reason.risk > highest));
        }
        self.reasons.add(found);
        Ok(())
    }
}

/// Why a risk rule raises the risk of a path, where it does; `compared` says with what, where that is not the present
/// value.
fn raised(
    rule: &Rule,
    path: &Path,
    holds: std::result::Result<bool, String>,
    compared: Option<String>,
) -> Option<RiskReason> {
    let (risk, reason) = match holds {
        Ok(false) => return None,
        Ok(true) => (rule.risk.unwrap_or(Risk::Critical), format!("{path}: {}", rule.sentence())),
        Err(problem) => (
            Risk::Critical,
            format!(
                "The risk rule {} could not be evaluated, which counts as critical: {problem}",
                rule.name
            ),
        ),
    };
    let reason = match compared {
        Some(compared) => format!("{} {compared}.", reason.trim_end_matches('.')),
        None => reason,
    };
    Some(RiskReason { risk, path: Some(path.to_string()), reason })
}

/// Reasons as they come; of many alike, a few are kept by name and the rest by number.
#[derive(Default)]
struct Reasons {
    kept: Vec<RiskReason>,
    more: BTreeMap<Risk, usize>,
}

impl Reasons {
    const KEPT: usize = 20;

    fn add(&mut self, reasons: impl IntoIterator<Item = RiskReason>) {
        for reason in reasons {
            self.add_one(reason.risk, || reason);
        }
    }

    /// A reason that is only worded where it is kept.
    fn add_one(&mut self, risk: Risk, reason: impl FnOnce() -> RiskReason) {
        let alike = self.kept.iter().filter(|kept| kept.risk == risk).count();
        if alike < Self::KEPT {
            self.kept.push(reason());
        } else {
            *self.more.entry(risk).or_default() += 1;
        }
    }

    fn highest(&self) -> Risk {
        risk::highest(&self.kept)
    }

    fn finish(self) -> Vec<RiskReason> {
        let mut reasons = self.kept;
        for (risk, count) in self.more {
            reasons.push(RiskReason {
                risk,
                path: None,
                reason: format!("{count} more reasons for {risk} risk."),
            });
        }
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.risk));
        reasons
    }
}
