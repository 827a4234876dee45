//! Asking services what they run with and how they are, several at once.
//!
//! What must stay true: what was not answered is no success; who has had time enough and does not run with the new values
//! gets the former file back; no secret is kept of what was answered.

use super::act::{take_back, with_surroundings};
use super::job::Ask;
use crate::deliver::health::probe;
use crate::deliver::read_back::{agrees, read_back};
use crate::domain::delivery::{Found, State};
use crate::domain::path::Path;
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
    let environment: HashMap<_, _> = (machine.environment)().into_iter().collect();
    let begun = (machine.elapsed)();
    let mut asked = Vec::new();
    for some in jobs.chunks(AT_ONCE) {
        asked.extend(with_surroundings(machine, place, &[], |around| {
            let home = around.home.clone();
            thread::scope(|scope| {
                let handles: Vec<_> = some
                    .iter()
                    .map(|job| {
                        let (home, environment) = (home.clone(), &environment);
                        scope.spawn(move || ask(job, home, environment))
                    })
                    .collect();
                let joined = handles
                    .into_iter()
                    .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
                joined.collect::<Vec<_>>()
            })
        }));
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

fn ask(
    job: &Ask,
    home: std::path::PathBuf,
    environment: &HashMap<std::ffi::OsString, std::ffi::OsString>,
) -> Asked {
    let variable = |name: &str| environment.get(std::ffi::OsStr::new(name))?.to_str().map(str::to_owned);
    let secrets = job.used.secret_texts();
    let left = job.time_left();
    let around = crate::deliver::Surroundings { home, variable: &variable, secrets: &secrets };
    let mut asked = Asked { found: BTreeMap::new(), problem: None };
    if let Some(definition) = job.instance.read_back.as_ref().filter(|_| job.delivery.state == State::Told) {
        match read_back(&definition.within(left), &job.paths, &around) {
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
    for definition in &job.instance.health {
        if asked.problem.is_some() {
            break;
        }
        let probed = probe(&definition.within(left), &around);
        if !probed.well {
            let why = probed.problem.unwrap_or_else(|| "It is not well.".to_owned());
            asked.problem = Some(why);
        }
    }
    asked
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
