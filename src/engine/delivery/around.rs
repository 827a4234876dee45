//! What of this machine a service's definition may refer to.

use crate::deliver::Surroundings;
use crate::engine::Machine;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

/// How many services are asked at once.
const AT_ONCE: usize = 16;

/// The environment, and the folder of relative names.
struct Around {
    environment: HashMap<OsString, OsString>,
    home: PathBuf,
}

impl Around {
    fn of(machine: &Machine, store: Option<&Path>) -> Around {
        let environment: HashMap<_, _> = (machine.environment)().into_iter().collect();
        let named = environment.get(OsStr::new("CONFIG_DIR")).filter(|folder| !folder.is_empty());
        let beside = || store.and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default();
        let home = named.map_or_else(beside, PathBuf::from);
        Around { environment, home }
    }

    fn with<T>(&self, secrets: &[String], body: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let variable = |name: &str| self.environment.get(OsStr::new(name))?.to_str().map(str::to_owned);
        body(&Surroundings { home: self.home.clone(), variable: &variable, secrets })
    }
}

/// Does something with what definitions may refer to: the store's folder, or `CONFIG_DIR`, and the environment.
pub(in crate::engine) fn with_surroundings<T>(
    machine: &Machine,
    store: Option<&Path>,
    secrets: &[String],
    body: impl FnOnce(&Surroundings<'_>) -> T,
) -> T {
    Around::of(machine, store).with(secrets, body)
}

/// Does it for each job, several at once; the secrets of a job are what nobody's words may hold.
pub(in crate::engine) fn for_each<J: Sync, T: Send>(
    machine: &Machine,
    store: Option<&Path>,
    jobs: &[J],
    secrets: impl Fn(&J) -> Vec<String> + Sync,
    body: impl Fn(&J, &Surroundings<'_>) -> T + Sync,
) -> Vec<T> {
    let around = Around::of(machine, store);
    let one = |job| around.with(&secrets(job), |around| body(job, around));
    let mut done = Vec::with_capacity(jobs.len());
    for some in jobs.chunks(AT_ONCE) {
        thread::scope(|scope| {
            let threads: Vec<_> = some.iter().map(|job| scope.spawn(|| one(job))).collect();
            let joined =
                threads.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)));
            done.extend(joined);
        });
    }
    done
}
