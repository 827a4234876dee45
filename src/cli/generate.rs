//! What is made from the table of commands: completion scripts and man pages.

use super::arguments::Arguments;
use super::complete;
use super::session::Session;
use crate::api::Outcome;
use crate::domain::error::{Error, Result};
use clap::{Args, Command, CommandFactory, ValueEnum};
use clap_complete::env::Shells;
use clap_mangen::Man;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A shell that can complete.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    const ALL: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

    fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
        }
    }

    /// The file's name where distributions keep such scripts.
    fn file_name(self) -> &'static str {
        match self {
            Shell::Bash => "cfgctl.bash",
            Shell::Zsh => "_cfgctl",
            Shell::Fish => "cfgctl.fish",
        }
    }

    /// The script; it asks this program for the words when it completes.
    fn script(self) -> Result<Vec<u8>> {
        let mut script = Vec::new();
        Shells::builtins()
            .completer(self.name())
            .ok_or_else(|| Error::internal(format!("There is no completion for {}.", self.name())))?
            .write_registration(complete::VARIABLE, "cfgctl", "cfgctl", "cfgctl", &mut script)
            .map_err(|error| Error::internal(error.to_string()))?;
        Ok(script)
    }
}

/// Print the completion script of a shell: commands, options, and the paths, versions and names of your store.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl completions bash > ~/.local/share/bash-completion/completions/cfgctl
  source <(cfgctl completions zsh)
  cfgctl completions fish > ~/.config/fish/completions/cfgctl.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let script = self.shell.script()?;
        session.print_text(&String::from_utf8_lossy(&script))?;
        Ok(Outcome::Done)
    }
}

/// Write the man pages to a folder, one a command.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl man ~/.local/share/man/man1")]
pub(crate) struct ManPages {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl ManPages {
    pub(crate) fn run(self, _session: &mut Session) -> Result<Outcome> {
        write_man_pages(&self.folder)?;
        Ok(Outcome::Done)
    }
}

/// Write all generated files below a folder: completions and man.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl generate .")]
pub(crate) struct Generate {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Generate {
    pub(crate) fn run(self, _session: &mut Session) -> Result<Outcome> {
        let folder = self.folder.join("completions");
        for shell in Shell::ALL {
            write(&folder, shell.file_name(), &shell.script()?)?;
        }
        write_man_pages(&self.folder.join("man"))?;
        Ok(Outcome::Done)
    }
}

fn write_man_pages(folder: &Path) -> Result<()> {
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    write_man_page(folder, program)
}

fn write_man_page(folder: &Path, command: Command) -> Result<()> {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()).cloned() {
        write_man_page(folder, inner)?;
    }
    let page = Man::new(command).manual("cfgctl");
    let mut text = Vec::new();
    page.render(&mut text).map_err(|error| Error::internal(error.to_string()))?;
    // The generator has one heading for all that stands after the help; ours is examples everywhere.
    let text = String::from_utf8_lossy(&text).replace(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n");
    write(folder, &page.get_filename(), text.as_bytes())
}

fn write(folder: &Path, name: &str, content: &[u8]) -> Result<()> {
    let path = folder.join(name);
    let written: io::Result<()> = fs::create_dir_all(folder).and_then(|()| fs::write(&path, content));
    written.map_err(|error| {
        Error::unavailable(format!("{} cannot be written: {error}.", path.display())).not_retryable()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_a_script_that_asks_the_program() {
        for shell in Shell::ALL {
            let script = String::from_utf8(shell.script().unwrap()).unwrap();
            assert!(script.contains(complete::VARIABLE), "{}", shell.name());
        }
    }

    #[test]
    fn every_command_has_a_man_page_with_examples() {
        let folder = std::env::temp_dir().join(format!("cfgctl-man-{}", std::process::id()));
        write_man_pages(&folder).unwrap();
        let pages: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        for name in ["cfgctl.1", "cfgctl-set.1", "cfgctl-version-list.1", "cfgctl-member-token-revoke.1"] {
            assert!(folder.join(name).exists(), "{name}");
        }
        for page in &pages {
            assert!(fs::read_to_string(page).unwrap().contains(".SH EXAMPLES"), "{}", page.display());
        }
        assert!(!folder.join("cfgctl-generate.1").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
