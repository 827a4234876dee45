//! Asking services what they run with and how they are, several at once.
//!
//! What must stay true: what was not answered is no success, and one good answer right after a signal is none yet; who has
//! had time enough and does not run with the new values gets the former file back; no secret is kept of what was answered.

use super::PAUSE;
use super::act::{take_back, with_surroundings};
use super::job::Ask;
use crate::deliver::Surroundings;
use crate::deliver::health::probe;
use crate::deliver::read_back::{agrees, read_back};
use crate::domain::delivery::{Found, State};
use crate::domain::path::Path;
use crate::domain::service::Reload;
use crate::domain::time::{Span, Timestamp};
use crate::engine::Machine;
use crate::store::delivery::Delivery;
use std::collections::{BTreeMap, HashMap};
use std::thread;

/// How many are asked at once.
const AT_ONCE: usize = 16;

/// Asks all of them; of each what is new, if anything is.
pub(super) fn ask_all(
    machine: &Machine,
    place: Option<&std::path::Path>,
    jobs: &[Ask],
) -> Vec<Option<Delivery>> {
    let begun = (machine.elapsed)();
    let every: Vec<&Ask> = jobs.iter().collect();
    let mut asked = all_at_once(machine, place, &every, ask);
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
        let problems = all_at_once(machine, place, &again, is_well);
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

/// Does the same for all of these, several at once.
fn all_at_once<T: Send>(
    machine: &Machine,
    place: Option<&std::path::Path>,
    jobs: &[&Ask],
    body: impl Fn(&Ask, &Surroundings<'_>) -> T + Sync,
) -> Vec<T> {
    let environment: HashMap<_, _> = (machine.environment)().into_iter().collect();
    let home = with_surroundings(machine, place, &[], |around| around.home.clone());
    let one = |job: &Ask| {
        let variable = |name: &str| environment.get(std::ffi::OsStr::new(name))?.to_str().map(str::to_owned);
        let secrets = job.used.secret_texts();
        body(job, &Surroundings { home: home.clone(), variable: &variable, secrets: &secrets })
    };
    let mut done = Vec::new();
    for some in jobs.chunks(AT_ONCE) {
        done.extend(thread::scope(|scope| {
            let handles: Vec<_> = some.iter().map(|job| scope.spawn(|| one(job))).collect();
            let joined = handles
                .into_iter()
                .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            joined.collect::<Vec<_>>()
        }));
    }
    done
}

fn ask(job: &Ask, around: &Surroundings<'_>) -> Asked {
    let left = job.time_left();
    let mut asked = Asked { found: BTreeMap::new(), problem: None };
    if let Some(definition) = job.instance.read_back.as_ref().filter(|_| job.delivery.state == State::Told) {
        match read_back(&definition.within(left), &job.paths, around) {
            Ok(said) => {
                for (path, value) in said {
                    let wanted = job.used.values.get(&path);
                    let matches_expected = match (wanted, &value) {
                        (Some(wanted), Some(value)) => agrees(wanted, value),
                        (None, None) => true,
                        _ => false,
                    };
                    if !matches_expected && asked.problem.is_none() {
                        asked.problem = Some(format!("It does not run with the new value of {path}."));
                    }
                    let value = value.filter(|_| !job.used.secrets.contains(&path));
                    asked.found.insert(path, Found { value, matches_expected });
                }
            }
            Err(error) => asked.problem = Some(error.message),
        }
    }
    if asked.problem.is_none() {
        asked.problem = is_well(job, around);
    }
    asked
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
