//! How a service gets its settings: a file that is rendered or patched, a command's standard input, a web server.
//!
//! What must stay true: what is written where is known without looking at the machine, but for a template's content.

use super::part::Part;
use super::variables::{names_file, with_file};
use super::{Call, Command, Instance, RESTART_TIMEOUT, USUAL_TIMEOUT};
use crate::domain::document::Format;
use crate::domain::time::Span;

/// How a service gets its settings.
#[derive(Debug, Clone, PartialEq)]
pub enum Deliver {
    /// As a file of which nothing else writes anything.
    Render {
        /// Which file.
        place: Place,
        /// What is in it.
        form: Form,
        /// What must succeed before the service is told.
        check: Option<Check>,
    },
    /// In a file that others write too: only the values change that the service uses.
    Patch {
        /// Which file.
        place: Place,
        /// Its language.
        format: Format,
        /// What the names begin with in dotenv.
        prefix: String,
        /// What must succeed before the service is told.
        check: Option<Check>,
    },
    /// On a command's standard input.
    Command {
        /// Which command.
        command: Command,
        /// What it gets.
        form: Form,
    },
    /// In the body of a request.
    Http {
        /// Where to.
        call: Call,
        /// By which method.
        method: Sending,
        /// What is in it.
        form: Form,
    },
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its whole name.
    pub file: String,
    /// Who owns it, as `user`, `user:group` or `:group`; whoever owns the former where nothing is said.
    pub owner: Option<String>,
    /// Its mode; the former's where nothing is said, and 0640 for a new one.
    pub mode: Option<u32>,
}

/// What values are written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A document.
    Document {
        /// In this language.
        format: Format,
        /// What the names begin with in dotenv.
        prefix: String,
        /// How it says which instance and version it comes from.
        stamp: Option<Stamping>,
    },
    /// What a template says.
    Template {
        /// The file it is read from; a relative one lies in the manifest's folder.
        file: String,
        /// How the result says which instance and version it comes from.
        stamp: Option<Stamping>,
    },
}

/// Where a stamp stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stamping {
    /// On the first line, behind these signs.
    Comment(String),
    /// Under this key at the top.
    Key(String),
}

/// By which method a document is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// PUT.
    Put,
    /// POST.
    Post,
}

/// A command that looks at what is about to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The program and its arguments.
    pub vector: Vec<String>,
    /// How long it may take.
    pub timeout: Span,
    /// Whether it looks at the file in its own place: it is swapped first, and put back where the check fails.
    pub in_place: bool,
}

impl Check {
    /// The arguments with the name of the file in the place of `${file}`.
    pub fn vector_for(&self, file: &str) -> Vec<String> {
        with_file(&self.vector, file)
    }
}

impl Form {
    /// Where its stamp stands.
    pub fn stamp(&self) -> Option<&Stamping> {
        match self {
            Form::Document { stamp, .. } | Form::Template { stamp, .. } => stamp.as_ref(),
        }
    }
}

impl Deliver {
    /// The file that it writes.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Deliver::Render { place, .. } | Deliver::Patch { place, .. } => Some(place),
            _ => None,
        }
    }

    /// What it writes values as; nothing where it patches.
    pub fn form(&self) -> Option<&Form> {
        match self {
            Deliver::Render { form, .. } | Deliver::Command { form, .. } | Deliver::Http { form, .. } => {
                Some(form)
            }
            Deliver::Patch { .. } => None,
        }
    }

    /// What looks at the file before the service is told.
    pub fn check(&self) -> Option<&Check> {
        match self {
            Deliver::Render { check, .. } | Deliver::Patch { check, .. } => check.as_ref(),
            _ => None,
        }
    }

    /// Where it delivers to, for people.
    pub fn target(&self) -> &str {
        match self {
            Deliver::Render { place, .. } | Deliver::Patch { place, .. } => &place.file,
            Deliver::Command { command, .. } => command.vector.first().map_or("", String::as_str),
            Deliver::Http { call, .. } => &call.url,
        }
    }
}

impl Instance {
    /// The file that it is delivered to.
    pub fn file(&self) -> Option<&str> {
        self.deliver.as_ref().and_then(Deliver::place).map(|place| place.file.as_str())
    }
}

/// The keys that only a file has.
const OF_A_FILE: [&str; 6] = ["mode", "owner", "check", "check_in_place", "check_timeout", "patch"];

pub(super) fn read(mut part: Part<'_>) -> Option<Deliver> {
    if part.has("file") {
        part.without(&["method"], "belongs to http, and this is a file");
        part.without_call("a file");
        return file(part);
    }
    part.without(&OF_A_FILE, "belongs to a file, and this is none");
    let form = form(&mut part, None);
    if part.has("command") {
        part.without(&["method"], "belongs to http, and this is a command");
        part.without_call("a command");
        let command = part.command("command", USUAL_TIMEOUT)?;
        return Some(Deliver::Command { command, form: form? });
    }
    let method = if part.text("method").as_deref() == Some("POST") { Sending::Post } else { Sending::Put };
    let call = part.call("http", USUAL_TIMEOUT)?;
    Some(Deliver::Http { call, method, form: form? })
}

fn file(mut part: Part<'_>) -> Option<Deliver> {
    let place = place(&mut part)?;
    let check = check(&mut part);
    part.without(&["timeout"], "belongs to http or a command; a file's check has check_timeout");
    if part.flag("patch") != Some(true) {
        let form = form(&mut part, Some(&place.file))?;
        return Some(Deliver::Render { place, form, check });
    }
    part.without(&["template", "comment", "stamp"], "has no place where a file is patched");
    let format = format(&mut part, Some(&place.file))?;
    let prefix = prefix(&mut part, format);
    Some(Deliver::Patch { place, format, prefix, check })
}

fn place(part: &mut Part<'_>) -> Option<Place> {
    let file = part.place_of("file")?;
    if file.ends_with('/') {
        part.tell("file", format!("{file:?} is a folder's name; name the file."));
    }
    let owner = part.text("owner");
    if let Some(owner) = owner.as_deref().filter(|owner| !is_owner(owner)) {
        part.tell("owner", format!("{owner:?} is no owner: write user, user:group or :group."));
    }
    let mode = part.text("mode");
    let read = mode.as_deref().map(read_mode);
    if let (Some(mode), Some(None)) = (&mode, read) {
        part.tell("mode", format!("{mode:?} is no mode of a file: write it as \"0640\"."));
    }
    Some(Place { file, owner, mode: read.flatten() })
}

/// Four or three octal digits that let the owner read, and nobody run it as somebody else.
fn read_mode(text: &str) -> Option<u32> {
    let is_octal = (3..=4).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && mode & 0o7000 == 0 && mode & 0o400 != 0)
}

fn is_owner(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-$".contains(&b))
    };
    match text.split_once(':') {
        Some(("", group)) => is_name(group),
        Some((user, group)) => is_name(user) && is_name(group),
        None => is_name(text),
    }
}

fn check(part: &mut Part<'_>) -> Option<Check> {
    let Some(vector) = part.vector("check") else {
        part.without(&["check_in_place", "check_timeout"], "belongs to a check, and there is none");
        return None;
    };
    let named = names_file(&vector);
    let in_place = part.flag("check_in_place").unwrap_or(!named);
    if !named && !in_place {
        let message = "The check does not name ${file}, so it can only look at the file in its place: name it, or \
                       leave check_in_place out.";
        part.tell("check_in_place", message);
    }
    Some(Check { vector, timeout: part.span("check_timeout", RESTART_TIMEOUT), in_place })
}

fn form(part: &mut Part<'_>, file: Option<&str>) -> Option<Form> {
    let Some(template) = part.text("template") else {
        part.without(&["comment"], "belongs to a template; other formats know their comments");
        let format = format(part, file)?;
        let prefix = prefix(part, format);
        let key = part.text("stamp");
        if key.is_some() && format != Format::Json {
            part.tell("stamp", format!("stamp names a key of JSON; in {format} a comment is written."));
        }
        let stamp = match format {
            Format::Json => key.map(Stamping::Key),
            _ => Some(Stamping::Comment("#".to_owned())),
        };
        return Some(Form::Document { format, prefix, stamp });
    };
    part.without(&["format", "prefix", "stamp"], "has no place beside a template");
    let comment = part.text("comment");
    if comment.as_deref().is_some_and(|comment| comment.contains(char::is_control)) {
        part.tell("comment", "comment must be on one line, such as \"#\" or \"//\".");
    }
    Some(Form::Template { file: template, stamp: comment.map(Stamping::Comment) })
}

fn format(part: &mut Part<'_>, file: Option<&str>) -> Option<Format> {
    let told = part.text("format").and_then(|name| Format::parse(&name).ok());
    let found = told.or_else(|| file.and_then(Format::of_name));
    if found.is_none() {
        part.lacks(&["format", "template"], "what is written there cannot be told from a name");
    }
    found
}

fn prefix(part: &mut Part<'_>, format: Format) -> String {
    let prefix = part.text("prefix").unwrap_or_default();
    if !prefix.is_empty() && format != Format::Dotenv {
        part.tell("prefix", format!("prefix begins the names in dotenv, and this is {format}."));
    }
    let is_name = prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_name || prefix.starts_with(|c: char| c.is_ascii_digit()) {
        part.tell("prefix", format!("{prefix:?} cannot begin a variable's name: write such as APP_."));
    }
    prefix
}
