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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;
    use crate::domain::service::{Instance, read};
    use serde_json::json;
    use std::path::PathBuf;

    const AROUND: Surroundings<'_> = Surroundings { home: PathBuf::new(), variable: &|_| None, secrets: &[] };

    fn instance(definition: serde_json::Value) -> Instance {
        read(&json!({"web": definition})).unwrap()["web"].instances()[0].clone()
    }

    #[test]
    fn a_service_is_restarted_stopped_and_started_by_its_own_commands() {
        let file = std::env::temp_dir().join(format!("cfgctl-restart-{}", std::process::id()));
        let says = |word: &str| {
            let script = "echo \"$1\" >> \"$2\"";
            json!(["/bin/sh", "-c", script, "says", word, file.display().to_string()])
        };
        let web = instance(
            json!({"restart": {"command": says("restart"), "stop": says("stop"), "start": says("start")}}),
        );
        for what in [Act::Stop, Act::Start, Act::Restart] {
            act("web", web.restart.as_ref(), what, &AROUND).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "stop\nstart\nrestart\n");
        std::fs::remove_file(&file).unwrap();
        let fails = instance(json!({"restart": {"command": ["/bin/sh", "-c", "echo busy; exit 1"]}}));
        let error = act("web", fails.restart.as_ref(), Act::Restart, &AROUND).unwrap_err();
        assert_eq!(error.message, "/bin/sh ended with exit code 1. It says: busy");
        let error = act("web", fails.restart.as_ref(), Act::Stop, &AROUND).unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (Code::Refused, "The manifest does not say how to stop web.")
        );
        assert_eq!(act("web", None, Act::Restart, &AROUND).unwrap_err().code, Code::Refused);
    }

    #[test]
    fn a_dump_and_its_restore_are_given_the_file_as_one_argument() {
        let file = std::env::temp_dir().join(format!("cfgctl dump '$HOME' {}", std::process::id()));
        let copy = |script: &str| json!({"command": ["/bin/sh", "-c", script, "dump", "${file}"]});
        let web =
            instance(json!({"dump": copy("echo kept > \"$1\""), "restore": copy("grep -q kept \"$1\"")}));
        about_file(web.dump.as_ref().unwrap(), &file, &AROUND).unwrap();
        about_file(web.restore.as_ref().unwrap(), &file, &AROUND).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(about_file(web.restore.as_ref().unwrap(), &file, &AROUND).is_err());
    }
}
