//! A file's owner by name: the numbers that the system has for it.

use crate::domain::error::{Error, Result};
use crate::run::command::{Command, run};
use std::time::Duration;

/// How long the system has to look a name up, which may be kept on another machine.
const LONGEST: Duration = Duration::from_secs(10);

/// The numbers of `user`, `user:group` or `:group`. `not-found` names whoever is not known here.
pub(super) fn numbers(owner: &str) -> Result<(Option<u32>, Option<u32>)> {
    let (user, group) = owner.split_once(':').unwrap_or((owner, ""));
    Ok((number("user", "passwd", user)?, number("group", "group", group)?))
}

/// A name's number; nothing where there is no name.
fn number(what: &str, database: &str, name: &str) -> Result<Option<u32>> {
    if name.is_empty() {
        return Ok(None);
    }
    if let Ok(number) = name.parse() {
        return Ok(Some(number));
    }
    let local = std::fs::read(format!("/etc/{database}")).unwrap_or_default();
    if let Some(number) = number_in(&String::from_utf8_lossy(&local), name) {
        return Ok(Some(number));
    }
    let vector = ["getent", database, name].map(str::to_owned);
    let ran = run(&Command { vector: &vector, input: "", variables: &[], timeout: LONGEST });
    number_in(&ran.stdout.text, name).map(Some).ok_or_else(|| {
        Error::not_found(format!("There is no {what} {name} on this machine."))
            .hint(format!("Make it, or name another as the owner: getent {database}"))
    })
}

fn number_in(accounts: &str, name: &str) -> Option<u32> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (known, _password, number) = (fields.next()?, fields.next()?, fields.next()?);
        (known == name).then(|| number.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_a_name_or_a_number_for_each_of_the_two() {
        for (owner, known) in [
            ("root", (Some(0), None)),
            ("root:root", (Some(0), Some(0))),
            (":root", (None, Some(0))),
            ("1000:12", (Some(1000), Some(12))),
        ] {
            assert_eq!(numbers(owner).unwrap(), known, "{owner}");
        }
        let error = numbers("nobody-of-this-name").unwrap_err();
        assert!(error.message.contains("There is no user nobody-of-this-name"), "{}", error.message);
    }
}
