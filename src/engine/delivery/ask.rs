//! Asking services what they run with and how they are, several at once.
//!
//! What must stay true: what was not answered is no success, and one good answer right after a signal is none yet; who has
//! had time enough and does not run with the new values gets the former file back; no secret is kept of what was answered.

use super::PAUSE;
use super::act::take_back;
use super::around::for_each;
use super::content::Used;
use super::job::Ask;
use crate::deliver::Surroundings;
use crate::deliver::health::probe;
use crate::deliver::read_back::{agrees, read_back};
use crate::domain::delivery::{Found, State};
use crate::domain::path::Path;
use crate::domain::service::Reload;
use crate::domain::time::{Span, Timestamp};
use crate::domain::value::Value;
use crate::engine::Machine;
use crate::store::delivery::Delivery;
use std::collections::BTreeMap;
use std::thread;

/// Asks all of them; of each what is new, if anything is.
pub(super) fn ask_all(
    machine: &Machine,
    place: Option<&std::path::Path>,
    jobs: &[Ask],
) -> Vec<Option<Delivery>> {
    let begun = (machine.elapsed)();
    let secrets = |job: &&Ask| job.used.secret_texts();
    let every: Vec<&Ask> = jobs.iter().collect();
    let mut asked = for_each(machine, place, &every, secrets, |job, around| ask(job, around));
    // Whoever was just sent a signal may have answered as what it was before.
    let is_doubtful = |job: &Ask, asked: &Asked| {
        asked.problem.is_none()
            && job.delivery.state == State::Told
            && !job.instance.health.is_empty()
            && matches!(job.instance.reload, Some(Reload::Signal { .. }))
    };
    let (again, slots): (Vec<&Ask>, Vec<&mut Asked>) =
        jobs.iter().zip(&mut asked).filter(|(job, asked)| is_doubtful(job, asked)).unzip();
    if !again.is_empty() {
        thread::sleep(PAUSE);
        let problems = for_each(machine, place, &again, secrets, |job, around| is_well(job, around));
        for (slot, problem) in slots.into_iter().zip(problems) {
            slot.problem = problem;
        }
    }
    // Asking took its time.
    let took = Span::of((machine.elapsed)().saturating_sub(begun));
    let news = |(job, asked): (&Ask, Asked)| news(machine, place, job, asked, job.now.after(took));
    jobs.iter().zip(asked).map(news).collect()
}

/// What an instance said.
struct Asked {
    found: BTreeMap<Path, Found>,
    problem: Option<String>,
}

fn ask(job: &Ask, around: &Surroundings<'_>) -> Asked {
    let left = job.time_left();
    let mut asked = Asked { found: BTreeMap::new(), problem: None };
    if let Some(definition) = job.instance.read_back.as_ref().filter(|_| job.delivery.state == State::Told) {
        match read_back(&definition.within(left), &job.paths, around) {
            Ok(said) => {
                asked.found = compared(&job.used, said);
                let wrong = asked.found.iter().find(|(_, found)| !found.matches_expected);
                asked.problem =
                    wrong.map(|(path, _)| format!("It does not run with the new value of {path}."));
            }
            Err(error) => asked.problem = Some(error.message),
        }
    }
    if asked.problem.is_none() {
        asked.problem = is_well(job, around);
    }
    asked
}

/// What an instance said beside what it should run with; of a secret only whether it is the same.
pub(in crate::engine) fn compared(used: &Used, said: BTreeMap<Path, Option<Value>>) -> BTreeMap<Path, Found> {
    let found = |(path, value): (Path, Option<Value>)| {
        let matches_expected = match (used.values.get(&path), &value) {
            (Some(wanted), Some(value)) => agrees(wanted, value),
            (wanted, value) => wanted.is_none() && value.is_none(),
        };
        let value = value.filter(|_| !used.secrets.contains(&path));
        (path, Found { value, matches_expected })
    };
    said.into_iter().map(found).collect()
}

/// Why an instance is not well, where it is not.
fn is_well(job: &Ask, around: &Surroundings<'_>) -> Option<String> {
    job.instance.health.iter().find_map(|definition| {
        let probed = probe(&definition.within(job.time_left()), around);
        (!probed.well).then(|| probed.problem.unwrap_or_else(|| "It is not well.".to_owned()))
    })
}

/// What an answer changes.
fn news(
    machine: &Machine,
    place: Option<&std::path::Path>,
    job: &Ask,
    asked: Asked,
    now: Timestamp,
) -> Option<Delivery> {
    let Asked { found, problem } = asked;
    let was = &job.delivery;
    let Some(problem) = problem else {
        let answers = job.instance.read_back.is_some() || !job.instance.health.is_empty();
        let verified_at = answers.then_some(now);
        return (was.state == State::Told).then(|| Delivery {
            state: State::Verified,
            verified_at,
            problem: None,
            found,
            ..was.clone()
        });
    };
    let over = was.state == State::Verified || now >= job.until;
    if over {
        let problem = take_back(machine, place, &job.instance, was, problem);
        return Some(Delivery {
            state: State::Failed,
            problem: Some(problem),
            former: None,
            found,
            ..was.clone()
        });
    }
    (was.problem.as_ref() != Some(&problem)).then(|| Delivery {
        problem: Some(problem),
        found,
        ..was.clone()
    })
}
