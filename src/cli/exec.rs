//! Running a program with the values in its environment: `exec`.
//!
//! What must stay true: the names follow the rule by which environment sources are read back (contract, "Input"); two
//! paths never share one; the caller's token does not reach the program.

use super::caller::TOKEN_VARIABLE;
use super::complete;
use super::session::Session;
use crate::api::Outcome;
use crate::api::secret::Reveal;
use crate::api::value::{self, ValueView};
use crate::domain::base_document::environment::variable_name;
use crate::domain::error::{Error, Result};
use crate::domain::path::Path;
use crate::domain::sealed::is_mask;
use crate::domain::secret::is_reference_text;
use crate::domain::value::bare;
use clap::Args;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Run a program with the values as environment variables.
///
/// A path becomes a name in capitals: its first dot is `_`, later ones are `__`, and so is every other character that
/// no name can hold `_`: database.pool.max_size is DATABASE_POOL__MAX_SIZE. The program takes this one's place, so
/// that signals and the exit code are its own. Secrets are opened, or fetched from where they are kept, and that is on
/// record.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl exec --prefix server -- ./start.sh
  cfgctl exec --prefix database --env-prefix APP_ -- env
  cfgctl exec -- sh -c 'echo $SESSION_TIMEOUT_MINUTES'")]
pub(crate) struct Exec {
    /// Only the values of this path and below it
    #[arg(long = "prefix", value_name = "PATH", add = complete::paths())]
    prefixes: Vec<String>,
    /// What the names begin with
    #[arg(long, value_name = "TEXT", default_value = "")]
    env_prefix: String,
    /// As of a version, a tag or a time
    #[arg(long, value_name = "VERSION|TAG|TIME")]
    at: Option<String>,
    /// The program and its arguments
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<OsString>,
}

impl Exec {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let (paths, at) = (self.prefixes, self.at);
        let request = value::Get { paths: paths.clone(), at: at.clone(), ..Default::default() };
        let mut items = session.read(request)?.items;
        // Only where there is a secret is anything written, for the record of who got it.
        if items
            .iter()
            .any(|item| item.value.as_str().is_some_and(|text| is_mask(text) || is_reference_text(text)))
        {
            items = session.write(Reveal { paths, at })?.items;
        }
        let variables = variables(&self.env_prefix, &items)?;
        session.finish();
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(
                Error::usage("There is no program to run.").hint("cfgctl exec --prefix PATH -- COMMAND")
            );
        };
        let failure = Command::new(program).args(arguments).env_remove(TOKEN_VARIABLE).envs(variables).exec();
        let program = program.to_string_lossy();
        Err(match failure.kind() {
            ErrorKind::NotFound => Error::not_found(format!("There is no program {program:?} to run.")),
            ErrorKind::PermissionDenied => Error::denied(format!("The program {program:?} may not be run.")),
            _ => Error::unavailable(format!("The program {program:?} cannot be run: {failure}."))
                .not_retryable(),
        })
    }
}

/// The variables that these values make. `conflict` names two paths that would share one.
fn variables(prefix: &str, items: &[ValueView]) -> Result<BTreeMap<String, String>> {
    if prefix.contains(['=', '\0']) {
        return Err(Error::usage(format!("{prefix:?} cannot begin a variable's name.")));
    }
    let mut paths: BTreeMap<String, &Path> = BTreeMap::new();
    let mut variables = BTreeMap::new();
    for ValueView { path, value, .. } in items {
        let name = format!("{prefix}{}", variable_name(path));
        let text = bare(value);
        if text.contains('\0') {
            return Err(Error::invalid(format!("The value of {path} holds a NUL, which no variable can.")));
        }
        if let Some(other) = paths.insert(name.clone(), path) {
            return Err(Error::conflict(format!("{other} and {path} would both be the variable {name}."))
                .hint("Choose with --prefix."));
        }
        variables.insert(name, text);
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::value::Layer;
    use serde_json::json;

    fn items(paths: &[&str]) -> Vec<ValueView> {
        let item = |path: &&str| ValueView {
            path: Path::parse(path).unwrap(),
            value: json!(1),
            layer: Layer::Default,
        };
        paths.iter().map(item).collect()
    }

    #[test]
    fn two_paths_that_make_one_name_are_refused_naming_both() {
        let error = variables("APP_", &items(&["a.b-c", "a.b_c"])).unwrap_err();
        assert!(
            ["a.b-c", "a.b_c", "APP_A_B_C"].iter().all(|part| error.message.contains(part)),
            "{}",
            error.message
        );
        let made = variables("APP_", &items(&["a.b", "c"])).unwrap();
        assert_eq!(
            made.into_iter().collect::<Vec<_>>(),
            [("APP_A_B".to_owned(), "1".to_owned()), ("APP_C".to_owned(), "1".to_owned())]
        );
        assert!(variables("A=", &[]).is_err());
    }
}
