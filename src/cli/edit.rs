//! The values in an editor, and what changed there as one change: `edit`.
//!
//! What must stay true: nobody else can read the file; nothing that was typed is lost without saying where it is;
//! values that were changed meanwhile are a conflict, not overwritten.

use super::caller::TOKEN_VARIABLE;
use super::session::Session;
use super::terms::Changing;
use super::wait::Waiting;
use super::{ask, complete, environment, signals};
use crate::api::Outcome;
use crate::api::change::{ChangeReply, Input, ItemSpec, MakeChange};
use crate::api::value::{Get, GetReply, Layer};
use crate::domain::change::Kind;
use crate::domain::document::{self, Format};
use crate::domain::error::{Error, Result};
use crate::domain::flatten::{flatten, nest};
use crate::domain::path::Path;
use crate::domain::value::{Value, same};
use clap::Args;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Command;

/// Edit the values in force in $VISUAL or $EDITOR; what changed becomes one change.
///
/// An added line sets a path, a removed one takes its override away. An empty or unchanged file does nothing.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cfgctl edit server --reason \"New listener\"
  EDITOR=nano cfgctl edit")]
pub(crate) struct Edit {
    /// Only what lies below this prefix
    #[arg(add = complete::paths())]
    prefix: Option<String>,
    #[command(flatten)]
    changing: Changing,
    #[command(flatten)]
    waiting: Waiting,
}

impl Edit {
    pub(crate) fn run(mut self, session: &mut Session) -> Result<Outcome> {
        let former = session.read(Get { paths: self.prefix.iter().cloned().collect(), ..Get::default() })?;
        let draft = Draft::create(&session.new_id()?, &heading(&former, self.prefix.as_deref()))?;
        let edited = draft.edited(session, |text| changed(&former, text));
        let items = match edited {
            Ok(items) if items.is_empty() => {
                draft.remove();
                return session.answer(&ChangeReply::unchanged());
            }
            Ok(items) => items,
            Err(error) => return Err(draft.kept(error)),
        };
        // What was shown is what may be replaced: whatever changed since is a conflict.
        self.changing.if_version.get_or_insert(former.version);
        let made = self.changing.terms(session).and_then(|terms| {
            ask::first(session, MakeChange { kind: Kind::Edit, items, terms }, "Make this change?")
        });
        match made {
            Ok(Some(reply)) => {
                draft.remove();
                self.waiting.answer(session, reply)
            }
            Ok(None) => {
                draft.remove();
                Ok(Outcome::No)
            }
            Err(error) => Err(draft.kept(error)),
        }
    }
}

/// The text that the editor opens.
fn heading(values: &GetReply, prefix: Option<&str>) -> String {
    let below = prefix.map(|prefix| format!(" below {prefix}")).unwrap_or_default();
    let nested = nest(values.items.iter().map(|item| (item.path.clone(), item.value.clone())));
    let body = if values.items.is_empty() { String::new() } else { document::write_yaml(&nested) };
    format!(
        "# The values in force{below}, as of version {}. Save what you change, and leave the editor.\n\
         # A removed line takes the override away; an empty or unchanged file does nothing.\n{body}",
        values.version
    )
}

/// What the edited text asks for.
fn changed(former: &GetReply, text: &str) -> Result<Vec<ItemSpec>> {
    let document = document::read(text.as_bytes(), Some(Format::Yaml), "the edited text")?;
    if document.is_null() {
        return Ok(Vec::new());
    }
    let before: BTreeMap<&Path, &Value> = former.items.iter().map(|item| (&item.path, &item.value)).collect();
    let is_whole = |path: &Path| before.get(path).is_some_and(|value| value.is_object());
    let after: BTreeMap<Path, Option<Value>> =
        flatten(&document, &mut |path| is_whole(path))?.into_iter().collect();
    let mut items = Vec::new();
    for (path, value) in &after {
        let was = before.get(path).copied();
        let input = match value {
            Some(value) if same(was, Some(value)) => continue,
            Some(value) => Input::Json(value.clone()),
            None => continue,
        };
        items.push(ItemSpec { path: path.to_string(), input });
    }
    let removed = former.items.iter().filter(|item| !after.get(&item.path).is_some_and(Option::is_some));
    for item in removed {
        if item.layer != Layer::Override {
            return Err(Error::invalid(format!(
                "{} has no override that could be removed: its value is the default.",
                item.path
            ))
            .hint("Put the line back, or give it another value."));
        }
        items.push(ItemSpec { path: item.path.to_string(), input: Input::Unset });
    }
    Ok(items)
}

/// The file that is edited.
struct Draft {
    path: PathBuf,
    original: String,
}

impl Draft {
    /// Makes the file, which must not be there yet, for this user only.
    fn create(id: &str, text: &str) -> Result<Draft> {
        let path = std::env::temp_dir().join(format!("cfgctl-edit-{id}.yaml"));
        let draft = Draft { path, original: text.to_owned() };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft.path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| draft.cannot("written", &error))?;
        Ok(draft)
    }

    /// Opens the editor until what it left can be read; gives what that asks for.
    fn edited(
        &self,
        session: &Session,
        read: impl Fn(&str) -> Result<Vec<ItemSpec>>,
    ) -> Result<Vec<ItemSpec>> {
        loop {
            self.open_editor(session)?;
            let text = fs::read_to_string(&self.path).map_err(|error| self.cannot("read", &error))?;
            if text == self.original {
                return Ok(Vec::new());
            }
            match read(&text) {
                Err(error) if session.prompts.may_ask() => {
                    session.tell(&error);
                    if !session.prompts.choose("Edit again?")? {
                        return Err(Error::new(error.code, "Nothing was done."));
                    }
                }
                result => return result,
            }
        }
    }

    fn open_editor(&self, session: &Session) -> Result<()> {
        let named = environment::variable("VISUAL").or_else(|| environment::variable("EDITOR"));
        let editor = match named {
            Some(editor) => editor,
            None if session.prompts.at_terminal() => OsString::from("vi"),
            None => {
                return Err(Error::usage("There is no terminal to edit on, and no editor is named.").hint(
                    "Name one that needs none: EDITOR=PROGRAM cfgctl edit; or use cfgctl apply -f FILE.",
                ));
            }
        };
        let shown = editor.to_string_lossy().into_owned();
        let mut script = editor;
        script.push(" \"$1\"");
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg("cfgctl-edit").arg(&self.path).env_remove(TOKEN_VARIABLE);
        let status = signals::for_editor(|| command.status())?.map_err(|error| {
            Error::unavailable(format!("The editor {shown:?} cannot be started: {error}."))
        })?;
        if signals::is_put_off() {
            self.remove();
            signals::end_now();
        }
        if status.success() {
            return Ok(());
        }
        Err(Error::usage(format!(
            "The editor {shown:?} ended with an error ({status}), so nothing was done."
        ))
        .hint("Choose another: EDITOR=nano cfgctl edit"))
    }

    fn remove(&self) {
        let _ = fs::remove_file(&self.path);
    }

    /// The error with where the text is that was typed; without a trace where nothing was.
    fn kept(&self, mut error: Error) -> Error {
        if fs::read_to_string(&self.path).is_ok_and(|text| text == self.original) {
            self.remove();
            return error;
        }
        let kept = format!("What you typed is kept in {}.", self.path.display());
        error.hint =
            Some(error.hint.map_or(kept.clone(), |hint| format!("{}. {kept}", hint.trim_end_matches('.'))));
        error
    }

    fn cannot(&self, what: &str, error: &io::Error) -> Error {
        Error::unavailable(format!("The file {} cannot be {what}: {error}.", self.path.display()))
            .not_retryable()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::value::{VALUES_FORMAT, ValueView};
    use serde_json::json;

    fn former() -> GetReply {
        let item = |path: &str, value, layer| ValueView { path: Path::parse(path).unwrap(), value, layer };
        GetReply {
            format: VALUES_FORMAT.to_owned(),
            version: 7,
            items: vec![
                item("limits", json!({"a": 1}), Layer::Override),
                item("server.name", json!("web"), Layer::Default),
                item("server.port", json!(5050), Layer::Override),
            ],
        }
    }

    fn asked(text: &str) -> Vec<(String, Option<Value>)> {
        let items = changed(&former(), text).unwrap();
        let item = |item: ItemSpec| match item.input {
            Input::Json(value) => (item.path, Some(value)),
            _ => (item.path, None),
        };
        items.into_iter().map(item).collect()
    }

    #[test]
    fn what_the_editor_opens_asks_for_nothing_unless_it_is_changed() {
        assert!(asked(&heading(&former(), Some("x"))).is_empty());
        assert!(asked("# nothing left\n").is_empty());
    }

    #[test]
    fn changed_added_and_removed_lines_are_the_items() {
        let all = "limits: {a: 1}\nserver: {name: web, port: 5050}\n";
        for (text, items) in [
            (all.replace("5050", "5051"), vec![("server.port", Some(json!(5051)))]),
            (all.replace("{a: 1}", "{a: 2}"), vec![("limits", Some(json!({"a": 2})))]),
            (format!("{all}new.path: yes\n"), vec![("new.path", Some(json!("yes")))]),
            (all.replace(", port: 5050", ""), vec![("server.port", None)]),
            (all.replace("5050", "null"), vec![("server.port", None)]),
            (all.replace("name: web", "name: other"), vec![("server.name", Some(json!("other")))]),
        ] {
            let items: Vec<_> = items.into_iter().map(|(path, value)| (path.to_owned(), value)).collect();
            assert_eq!(asked(&text), items, "{text}");
        }
    }

    #[test]
    fn a_default_cannot_be_removed_and_broken_text_is_an_error() {
        let error = changed(&former(), "limits: {a: 1}\nserver: {port: 5050}\n").unwrap_err();
        assert!(error.message.contains("server.name"), "{}", error.message);
        assert!(changed(&former(), "server: [").is_err());
        assert!(changed(&former(), "just words").is_err());
    }

    #[test]
    fn the_file_is_private_and_stays_where_something_was_typed() {
        use std::os::unix::fs::PermissionsExt;
        let id = format!("test-{}", std::process::id());
        let draft = Draft::create(&id, "a: 1\n").unwrap();
        assert_eq!(fs::metadata(&draft.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Draft::create(&id, "").is_err());
        fs::write(&draft.path, "a: 2\n").unwrap();
        let error = draft.kept(Error::invalid("No."));
        assert!(error.hint.unwrap().contains(&id) && draft.path.exists());
        fs::write(&draft.path, "a: 1\n").unwrap();
        assert!(draft.kept(Error::invalid("No.")).hint.is_none() && !draft.path.exists());
    }
}
