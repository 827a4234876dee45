//! Who is calling, as this machine knows it: a token, or the operating system's user.
//!
//! What must stay true: never a name in a flag. A token comes from a variable or from a file that nobody else may
//! read; under `sudo` the caller is the person who typed it.

use super::environment;
use crate::domain::error::{Code, Error, Result};
use crate::domain::member::{Caller, Claim};
use crate::domain::wording::plain_reason;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The variable that holds a token; no program that cfgctl starts gets to see it.
pub(crate) const TOKEN_VARIABLE: &str = "CFGCTL_TOKEN";

const LONGEST_TOKEN: u64 = 4096;

/// The caller of this process.
pub(crate) fn caller(token_file: Option<&Path>) -> Result<Caller> {
    Ok(Caller {
        claim: claim(token_file)?,
        origin: "local".to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

fn claim(token_file: Option<&Path>) -> Result<Claim> {
    if let Some(file) = token_file {
        return token_from(file).map(Claim::Token);
    }
    if let Some(token) = environment::text(TOKEN_VARIABLE)? {
        return Ok(Claim::Token(token.trim().to_owned()));
    }
    user()
}

fn token_from(path: &Path) -> Result<String> {
    let shown = path.display();
    let cannot = |error: std::io::Error| {
        let why = plain_reason(&error.to_string());
        Error::usage(format!("The token file {shown} cannot be read: {why}."))
            .hint("Name the file that holds your token, or make a new token: cfgctl member token")
    };
    let mut file = File::open(path).map_err(cannot)?;
    let about = file.metadata().map_err(cannot)?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err(Error::new(
            Code::Unauthenticated,
            format!("The token file {shown} is open to others, so what it holds is no secret."),
        )
        .hint(format!("Close it, and renew the token: chmod 600 {shown}; cfgctl member token.")));
    }
    let mut text = String::new();
    file.by_ref().take(LONGEST_TOKEN).read_to_string(&mut text).map_err(cannot)?;
    let token = text.trim();
    if token.is_empty() {
        return Err(Error::usage(format!("The token file {shown} is empty.")));
    }
    Ok(token.to_owned())
}

#[cfg(feature = "fakes")]
fn user() -> Result<Claim> {
    let Some(uid) = environment::text("CFGCTL_FAKE_UID")? else {
        return real_user();
    };
    let uid = uid.parse().map_err(|_| Error::usage("$CFGCTL_FAKE_UID is no number."))?;
    let name = environment::text("CFGCTL_FAKE_USER")?.unwrap_or_else(|| name_of(uid));
    Ok(Claim::User { uid, name, sudo: false })
}

#[cfg(not(feature = "fakes"))]
fn user() -> Result<Claim> {
    real_user()
}

fn real_user() -> Result<Claim> {
    // Both: a program that is only run with root's rights is not root calling.
    if rustix::process::geteuid().is_root()
        && rustix::process::getuid().is_root()
        && let Some(uid) = environment::text("SUDO_UID")?.and_then(|uid| uid.parse().ok())
    {
        let name = environment::text("SUDO_USER")?.unwrap_or_else(|| name_of(uid));
        return Ok(Claim::User { uid, name, sudo: true });
    }
    let uid = rustix::process::getuid().as_raw();
    Ok(Claim::User { uid, name: name_of(uid), sudo: false })
}

fn name_of(uid: u32) -> String {
    let accounts = fs::read("/etc/passwd").unwrap_or_default();
    name_in(&String::from_utf8_lossy(&accounts), uid).unwrap_or_else(|| format!("uid-{uid}"))
}

/// The first account of this number in the text of `/etc/passwd`.
fn name_in(accounts: &str, uid: u32) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _password, number) = (fields.next()?, fields.next()?, fields.next()?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    #[test]
    fn a_name_is_the_first_accounts_with_that_number() {
        let accounts = "root:x:0:0::/root:/bin/sh\n# comment\nbroken\n:x:7::\nann:x:1000:1000::/:/bin/sh\ntwin:x:1000::\n";
        for (uid, name) in [(0, Some("root")), (1000, Some("ann")), (7, None), (5, None)] {
            assert_eq!(name_in(accounts, uid).as_deref(), name, "{uid}");
        }
    }

    #[test]
    fn a_token_file_must_be_closed_to_others_and_hold_something() {
        let folder = std::env::temp_dir().join(format!("cfgctl-caller-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, mode, content, expected) in [
            ("good", 0o600, "secret\n", Ok("secret")),
            ("open", 0o644, "secret\n", Err(Code::Unauthenticated)),
            ("group", 0o640, "secret\n", Err(Code::Unauthenticated)),
            ("empty", 0o600, "\n", Err(Code::Usage)),
        ] {
            let path = folder.join(name);
            let mut file = fs::OpenOptions::new().write(true).create(true).mode(mode).open(&path).unwrap();
            file.set_permissions(fs::Permissions::from_mode(mode)).unwrap();
            file.write_all(content.as_bytes()).unwrap();
            let token = token_from(&path);
            assert_eq!(token.as_deref().map_err(|error| error.code), expected, "{name}");
        }
        assert_eq!(token_from(&folder.join("none")).unwrap_err().code, Code::Usage);
        fs::remove_dir_all(&folder).unwrap();
    }
}
