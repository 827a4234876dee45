//! Restarting, stopping and starting a service, and the commands that dump what it keeps and take it back.

use super::{Surroundings, run_well};
use crate::domain::error::{Error, Result};
use crate::domain::service::{Act, Command, Restart};
use std::path::Path;

/// Restarts, stops or starts a service. `refused` where its definition does not say how, `unavailable` where the
/// command does not succeed.
pub fn act(service: &str, restart: Option<&Restart>, act: Act, around: &Surroundings<'_>) -> Result<()> {
    let Some(command) = restart.and_then(|restart| restart.command(act)) else {
        let word = act.as_str();
        let key = if act == Act::Restart { "restart" } else { "restart.stop and restart.start" };
        return Err(Error::refused(format!("The manifest does not say how to {word} {service}."))
            .hint(format!("Do it yourself, or write {key} into services.{service}.")));
    };
    run_well(&command.vector, "", command.timeout.duration(), around).map(drop)
}

/// Runs a command that is about a file: a dump or its restore. `unavailable` where it does not succeed.
pub fn about_file(command: &Command, file: &Path, around: &Surroundings<'_>) -> Result<()> {
    let vector = command.vector_for(&file.to_string_lossy());
    run_well(&vector, "", command.timeout.duration(), around).map(drop)
}
