//! The manifest's rules, asked of what a change would make effective.
//!
//! What must stay true: a rule that cannot be evaluated never counts as passed.

use super::{Planner, base};
use crate::api::change::Issue;
use crate::domain::error::Result;
use crate::domain::path::Path;
use crate::domain::risk::{Risk, RiskReason};
use crate::domain::rule::{Compiled, Facts, Rule, Severity};
use crate::domain::setting::Setting;
use crate::domain::value::{self, Value};
use crate::engine::former;
use crate::engine::mask::Mask;
use crate::engine::transact::View;
use crate::store::{base as store_base, manifest, overrides};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::thread::JoinHandle;

pub(super) type Compiling = HashMap<String, JoinHandle<std::result::Result<Compiled, String>>>;

/// Begins to compile the rules that concern every path and could raise a risk that is this high already: any may, below
/// critical, for one that cannot be evaluated raises to that.
pub(super) fn begin_compiling(view: &View<'_>, risk: Risk) -> Result<Compiling> {
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

impl Planner<'_> {
    pub(super) fn ask_rules(&mut self) -> Result<()> {
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
            } else if self.of_base || self.reasons.highest() < Risk::Critical {
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
                values = store_base::values(db, None)?;
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
            Ok(at) if self.of_base => return Ok(self.items[at].after.clone()),
            Ok(at) => self.items[at].after.clone(),
            Err(_) => overrides::value(self.view.db, path.as_str())?,
        };
        overridden.map_or_else(|| store_base::value(self.view.db, path.as_str()), |value| Ok(Some(value)))
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
            Severity::Error => self.issues.push(Issue {
                path: None,
                rule: Some(rule.name.clone()),
                credential: None,
                message,
            }),
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
            self.former = Some(if self.of_base {
                base::a_day_ago(self.view, &self.items)?
            } else {
                former::a_day_ago(self.view, &self.items, &self.origins)?
            });
        }
        let formers = self.former.as_deref().filter(|_| compares).unwrap_or_default();
        let highest = self.reasons.highest();
        let (mut found, mut risks) = (Vec::new(), std::mem::take(&mut self.risks));
        for (at, item) in self.items.iter().enumerate() {
            let old = match &item.before {
                Some(before) => Some(before.clone()),
                None if self.of_base => None,
                None => store_base::value(self.view.db, item.path.as_str())?,
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
            if let (Some(reason), Some(risk)) = (&worst, risks.get_mut(at)) {
                *risk = reason.risk.max(*risk);
            }
            found.extend(worst.filter(|reason| reason.risk > highest));
        }
        self.risks = risks;
        self.reasons.add(found);
        Ok(())
    }
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
