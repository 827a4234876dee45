//! One instance is given its values and told of them.
//!
//! What must stay true: a file that somebody else wrote is left alone until somebody says that it may be replaced; where
//! the instance cannot be told, it gets its former file back and is told of that.

use super::around::with_surroundings;
use super::content::{Used, used};
use super::job::Give;
use crate::deliver::file::{Delivered, Found, give_back, look, put, standing};
use crate::deliver::health::probe;
use crate::deliver::lock::lock;
use crate::deliver::patch::patch;
use crate::deliver::reload::reload;
use crate::deliver::render::render;
use crate::deliver::stamp::Stamp;
use crate::deliver::{Surroundings, hand};
use crate::domain::delivery::State;
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::Caller;
use crate::domain::service::{Deliver, Form, Instance, Place};
use crate::domain::time::Span;
use crate::engine::identity::itself;
use crate::engine::transact::View;
use crate::engine::{Engine, Machine};
use crate::store::delivery::Delivery;
use crate::store::service;
use std::path::Path;
use std::time::Duration;

/// How long somebody else may be at a service.
pub(in crate::engine) const LONGEST_LOCK: Duration = Duration::from_secs(30);

/// What came of giving an instance its values.
pub(super) struct Done {
    /// The version whose values it was given.
    pub(super) version: i64,
    /// How many secrets were among them.
    pub(super) secrets: usize,
    digest: String,
    restart: bool,
    before_us: Option<i64>,
    /// Whether anything was done to it, whatever came of that.
    touched: bool,
    written: bool,
    former: Option<Delivered>,
    problem: Option<Error>,
}

impl Done {
    /// Nothing yet, where this is how to give back what was there before.
    fn beginning(former: Option<Delivered>) -> Done {
        Done {
            version: 0,
            secrets: 0,
            digest: String::new(),
            restart: false,
            before_us: None,
            touched: false,
            written: false,
            former,
            problem: None,
        }
    }
}

/// Gives an instance what it uses, and tells it.
pub(super) fn give(engine: &Engine, caller: &Caller, locks: &Path, job: &Give) -> Result<Done> {
    let held = lock(locks, &job.service.name, LONGEST_LOCK);
    // Only now: whoever had the lock may have given it what was older.
    let used = engine.look_as(caller, |_, now| Ok(itself(now)), |view| used(view, &job.service));
    let mut done = Done::beginning(None);
    let outcome = held.and_then(|lock| {
        let mut used = used?;
        used.fetch(&engine.machine)?;
        done.version = used.version;
        done.secrets = used.secrets.len();
        done.digest.clone_from(&used.digest);
        done.restart = job.touched.iter().any(|path| used.restart.contains(path));
        let secrets = used.secret_texts();
        let told = with_surroundings(&engine.machine, engine.store.place(), &secrets, |around| {
            if job.is_watched {
                done.before_us = time_to_answer(&job.instance, around);
            }
            write(job, &used, around, &mut done)?;
            job.instance.reload.as_ref().map_or(Ok(()), |definition| {
                done.touched = true;
                reload(definition, around).map_err(|error| undo(&job.instance, &mut done, error, around))
            })
        });
        drop(lock);
        told
    });
    done.problem = outcome.err();
    Ok(done)
}

/// How long a figure is waited for that is only good to have.
const LONGEST_FOR_A_FIGURE: Span = Span::seconds(1);

/// How long an instance takes to answer that it is well, in microseconds.
fn time_to_answer(instance: &Instance, around: &Surroundings<'_>) -> Option<i64> {
    let probed = probe(&instance.health.first()?.within(LONGEST_FOR_A_FIGURE), around);
    probed.well.then(|| i64::try_from(probed.took.as_micros()).unwrap_or(i64::MAX))
}

fn write(job: &Give, used: &Used, around: &Surroundings<'_>, done: &mut Done) -> Result<()> {
    let Some(deliver) = &job.instance.deliver else { return Ok(()) };
    let bytes = || bytes(deliver, used, &job.instance, &job.owner, around);
    if let Some(place) = deliver.place() {
        refuse_foreign(job, place, deliver.form(), bytes)?;
    }
    let bytes = bytes()?;
    match deliver {
        Deliver::Render { place, check, .. } | Deliver::Patch { place, check, .. } => {
            let put = put(place, &bytes, check.as_ref(), around);
            done.touched = put.as_ref().err().is_none_or(|error| error.code == Code::UnknownOutcome);
            done.former = Some(put?);
        }
        Deliver::Command { command, .. } => {
            done.touched = true;
            hand::to_command(command, &bytes, around)?;
        }
        Deliver::Http { call, method, form } => {
            done.touched = true;
            hand::to_server(call, *method, form, bytes, around)?;
        }
    }
    done.written = true;
    Ok(())
}

/// What an instance would be given; `owner` is the manifest's instance, which a stamp names.
pub(in crate::engine) fn bytes(
    deliver: &Deliver,
    used: &Used,
    instance: &Instance,
    owner: &str,
    around: &Surroundings<'_>,
) -> Result<Vec<u8>> {
    let stamp = Stamp { instance: owner.to_owned(), version: used.version, hash: used.digest.clone() };
    used.with(instance, |content| match deliver {
        Deliver::Patch { place, format, prefix, .. } => {
            patch(*format, prefix, Path::new(&place.file), content)
        }
        Deliver::Render { form, .. } | Deliver::Command { form, .. } | Deliver::Http { form, .. } => {
            render(form, content, &stamp, around)
        }
    })
}

/// `refused` where the file is somebody else's and nobody has said that it may be replaced.
fn refuse_foreign(
    job: &Give,
    place: &Place,
    form: Option<&Form>,
    bytes: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<()> {
    let found = look(place, form.and_then(Form::stamp), &job.owner)?;
    let Some(whose) = foreign(&found, &job.known) else { return Ok(()) };
    // Whoever was killed after the swap finds what it wrote itself.
    if found == Found::Unstamped && bytes().ok() == standing(place)? {
        return Ok(());
    }
    Err(Error::refused(format!("{} {whose}, and nobody has said yet that it may be replaced.", place.file))
        .hint(format!("See the difference, and say so: cfgctl service adopt {}", job.service.name)))
}

/// Whose a file is that may not be replaced before somebody says so.
pub(in crate::engine) fn foreign(found: &Found, known: &service::State) -> Option<String> {
    match found {
        Found::Nothing | Found::Ours(_) => None,
        _ if known.adopted => None,
        Found::Unstamped if known.version.is_some() => None,
        Found::Unstamped => Some("was not written by this instance".to_owned()),
        Found::Others(stamp) => Some(format!("was written by the instance {}", stamp.instance)),
    }
}

/// Gives the former file back to an instance that could not be told, and tells it of that.
fn undo(instance: &Instance, done: &mut Done, mut error: Error, around: &Surroundings<'_>) -> Error {
    let Some(delivered) = done.former.take() else { return error };
    done.written = false;
    let back = give_back(&delivered);
    let told = instance.reload.as_ref().map_or(Ok(()), |definition| reload(definition, around));
    error.message = ended(error.message);
    error.message.push_str(&match (back, told) {
        (Ok(_), Ok(())) => " The former file is in its place again.".to_owned(),
        (Ok(_), Err(worse)) => {
            format!(" The former file is in its place again, but it was not told: {}", worse.message)
        }
        (Err(worse), _) => format!(" And the former file is NOT back: {}", worse.message),
    });
    error
}

/// Gives the former file back to an instance that does not run with the new one, and tells it of that.
pub(super) fn take_back(
    machine: &Machine,
    place: Option<&Path>,
    instance: &Instance,
    delivery: &Delivery,
    problem: String,
) -> String {
    let former = delivery.former.clone().and_then(|former| serde_json::from_value(former).ok());
    let mut done = Done::beginning(former);
    let locks = place.and_then(Path::parent).map(|folder| folder.join("locks"));
    let held = locks.map(|locks| lock(&locks, &delivery.service, LONGEST_LOCK)).transpose();
    match held {
        // Whoever else is at the service gives it what is in force then.
        Err(error) => format!("{} And the former file is NOT back: {}", ended(problem), error.message),
        Ok(_held) => {
            with_surroundings(machine, place, &[], |around| {
                undo(instance, &mut done, Error::unavailable(problem), around)
            })
            .message
        }
    }
}

impl Done {
    /// Whether the instance could not be given its values, or not be told.
    pub(super) fn has_failed(&self) -> bool {
        self.problem.is_some()
    }

    /// What is kept of it: what the instance has now, and how far it has come.
    pub(super) fn record(&self, view: &View<'_>, job: &Give) -> Result<Delivery> {
        let known = &job.known;
        let succeeded = self.problem.is_none();
        // What fetches its values itself has them once it was told.
        let written = (self.written || (succeeded && job.instance.deliver.is_none())).then_some(view.now);
        let told = written.filter(|_| succeeded && job.instance.reload.is_some());
        let state = service::State {
            version: if self.touched || succeeded { Some(self.version) } else { known.version },
            digest: match (succeeded, self.touched) {
                (true, _) => Some(self.digest.clone()),
                // It may have taken some of it.
                (false, true) => None,
                (false, false) => known.digest.clone(),
            },
            written_at: written.or(known.written_at),
            reloaded_at: told.or(known.reloaded_at),
            verified_at: if self.touched { None } else { known.verified_at },
            problem: self.problem.as_ref().map(|error| error.message.clone()),
            restart_since: known.restart_since.or(written.filter(|_| self.restart)),
            ..known.clone()
        };
        service::put(view.db, &state)?;
        let former = self.former.as_ref().map(serde_json::to_value).transpose();
        Ok(Delivery {
            state: if self.problem.is_some() { State::Failed } else { State::Told },
            written_at: written,
            reloaded_at: told,
            verified_at: None,
            problem: self.problem.as_ref().map(in_words),
            before_us: job.delivery.before_us.or(self.before_us),
            former: former.map_err(|error| Error::internal(error.to_string()))?,
            ..job.delivery.clone()
        })
    }
}

/// A problem with what to do about it.
fn in_words(error: &Error) -> String {
    match &error.hint {
        Some(hint) => format!("{} {hint}", ended(error.message.clone())),
        None => error.message.clone(),
    }
}

/// A sentence with its end, which the words of another program may lack.
fn ended(mut text: String) -> String {
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}
