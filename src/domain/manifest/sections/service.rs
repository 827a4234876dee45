//! What the manifest's section of services looks like.

use super::{COMMAND, COUNT, FORMATS, PRIORITY};
use crate::domain::manifest::shape::{Shape, may, must};
use crate::domain::service::Signal;

const HEADERS: Shape = Shape::Named(&Shape::Text);
const ABOUT_HEADERS: &str = "Headers for the URL; ${NAME} is taken from the environment.";
const ABOUT_PLAIN: &str = "Whether plain HTTP may go to another machine.";
const ABOUT_CA_FILE: &str = "Certificates that the URL is trusted by, beside the system's.";
const ABOUT_TIMEOUT: &str = "How long it has; 10s where nothing is said.";

/// A program that uses settings.
pub(super) const SERVICE: Shape = Shape::Fields(
    &[
        may("description", Shape::Text, "What it is."),
        may("uses", Shape::List(&Shape::Paths), "The settings it uses."),
        may("priority", PRIORITY, "Whoever has the higher priority is told first."),
        may("critical", Shape::Flag, "Whether its failure is a reason to roll back."),
        may(
            "instances",
            Shape::Named(&Shape::Named(&Shape::Text)),
            "Its processes by name, each with variables: ${instance} is the name, ${port} the variable port.",
        ),
        may("rollout", ROLLOUT, "How a change comes to its instances."),
        may("deliver", DELIVER, "How it gets its settings."),
        may("reload", RELOAD, "How it is told to read them again."),
        may("read_back", READ_BACK, "How to ask it what it runs with."),
        may("health", Shape::OneOrMore(&HEALTH), "How to ask it whether it is well: one probe, or several."),
        may("restart", RESTART, "How it is restarted."),
        may("fallback", Shape::Values, "Values built in, put in place where its own are rolled back."),
        may("dump", DUMP, "The command that writes what it keeps to ${file}."),
        may("restore", DUMP, "The command that takes such a file back."),
        may("program_files", Shape::Some(&Shape::Text), "The program's own files and folders."),
    ],
    &[],
);

const ROLLOUT: Shape = Shape::Fields(
    &[
        may("at_once", COUNT, "How many instances at once; 1 where nothing is said."),
        may("bake", Shape::Span, "How long they are watched before the next."),
    ],
    &[],
);

const DELIVER: Shape = Shape::Fields(
    &[
        may("file", Shape::Text, "Where the file is written."),
        may("command", COMMAND, "A command that gets them on its standard input."),
        may("http", Shape::Text, "A URL that they are sent to."),
        may("format", Shape::Word(&FORMATS), "The format, where the file's name does not tell."),
        may("prefix", Shape::Text, "What the names begin with in dotenv, such as APP_."),
        may("template", Shape::Text, "The template that it is rendered from, instead of a format."),
        may("comment", Shape::Text, "What begins a comment in what the template makes: # or //."),
        may("stamp", Shape::Text, "The key of a JSON document that says where it comes from."),
        may("patch", Shape::Flag, "Whether others write the file too: only the values change that it uses."),
        may("owner", Shape::Text, "The file's owner: user, user:group or :group."),
        may("mode", Shape::Text, "The file's mode, in quotes: \"0640\"."),
        may(
            "check",
            COMMAND,
            "A command that must succeed before the service is told; ${file} names the file that it looks at.",
        ),
        may(
            "check_in_place",
            Shape::Flag,
            "Whether the file is put in its place for the check, and taken back where it fails; true where ${file} is \
             not named.",
        ),
        may("check_timeout", Shape::Span, "How long the check has; 60s where nothing is said."),
        may("method", Shape::Word(&["PUT", "POST"]), "How the URL gets them; PUT where nothing is said."),
        may("headers", HEADERS, ABOUT_HEADERS),
        may("plain", Shape::Flag, ABOUT_PLAIN),
        may("ca_file", Shape::Text, ABOUT_CA_FILE),
        may("timeout", Shape::Span, "How long the command or the URL has; 10s where nothing is said."),
    ],
    &["file", "command", "http"],
);

const RELOAD: Shape = Shape::Fields(
    &[
        may("signal", Shape::Word(Signal::NAMES), "A signal to send."),
        may("pid_file", Shape::Text, "The file with the process's number."),
        may("unit", Shape::Text, "The unit of systemd whose main process it is."),
        may("command", COMMAND, "A command to run."),
        may("http", Shape::Text, "A URL to post to."),
        may("headers", HEADERS, ABOUT_HEADERS),
        may("plain", Shape::Flag, ABOUT_PLAIN),
        may("ca_file", Shape::Text, ABOUT_CA_FILE),
        may("timeout", Shape::Span, ABOUT_TIMEOUT),
    ],
    &["signal", "command", "http"],
);

const READ_BACK: Shape = Shape::Fields(
    &[
        may("http", Shape::Text, "A URL to get."),
        may("file", Shape::Text, "A file to read."),
        may("command", COMMAND, "A command to run."),
        may(
            "of",
            Shape::Paths,
            "The path whose value it is: all of the answer, or what stands at the pointer.",
        ),
        may("pointer", Shape::Text, "Where the value stands in the answer, as a JSON Pointer."),
        may("values", Shape::Values, "Several paths, each with the JSON Pointer to where its value stands."),
        may("format", Shape::Word(&FORMATS), "The answer's format; JSON where nothing tells it."),
        may("prefix", Shape::Text, "What the names of a dotenv file begin with."),
        may("headers", HEADERS, ABOUT_HEADERS),
        may("plain", Shape::Flag, ABOUT_PLAIN),
        may("ca_file", Shape::Text, ABOUT_CA_FILE),
        may("timeout", Shape::Span, ABOUT_TIMEOUT),
    ],
    &["http", "file", "command"],
);

const HEALTH: Shape = Shape::Fields(
    &[
        may("http", Shape::Text, "A URL to get."),
        may("expect", Shape::Whole(100, 599), "The HTTP status that means well; 200 where nothing is said."),
        may("tcp", Shape::Text, "HOST:PORT that must accept a connection."),
        may("command", COMMAND, "A command that must succeed; it may print its figures as a JSON object."),
        may("metrics", Shape::Text, "The URL of a page of metrics in Prometheus' text format."),
        may("prometheus", Shape::Text, "The URL of a Prometheus server."),
        may("figures", FIGURES, "The numbers to take from the metrics or to ask the server for."),
        may("headers", HEADERS, ABOUT_HEADERS),
        may("plain", Shape::Flag, ABOUT_PLAIN),
        may("ca_file", Shape::Text, ABOUT_CA_FILE),
        may("timeout", Shape::Span, ABOUT_TIMEOUT),
    ],
    &["http", "tcp", "command", "metrics", "prometheus"],
);

const FIGURES: Shape = Shape::Fields(
    &[
        may("error_rate", FIGURE, "Which fraction of what it was asked went wrong."),
        may("memory", FIGURE, "How much memory it uses."),
        may("response_time", FIGURE, "How long it takes to answer, in seconds."),
    ],
    &[],
);

const FIGURE: Shape = Shape::Fields(
    &[
        may("metric", Shape::Text, "The name of the metric; lines that differ in other labels are added up."),
        may("labels", HEADERS, "The labels that a line must have, with their values."),
        may("over", OVER, "What it is divided by."),
        may("query", Shape::Text, "What to ask the Prometheus server, in PromQL: one number."),
    ],
    &[],
);

const OVER: Shape = Shape::Fields(
    &[
        must("metric", Shape::Text, "The name of the metric."),
        may("labels", HEADERS, "The labels that a line must have, with their values."),
    ],
    &[],
);

const RESTART: Shape = Shape::Fields(
    &[
        may("command", COMMAND, "A command that restarts it."),
        may("stop", COMMAND, "A command that stops it."),
        may("start", COMMAND, "A command that starts it."),
        may("unit", Shape::Text, "The unit of systemd that it is, instead of commands."),
        may("timeout", Shape::Span, "How long each has; 60s where nothing is said."),
    ],
    &["command", "unit"],
);

const DUMP: Shape = Shape::Fields(
    &[
        must("command", COMMAND, "A program and its arguments, among them \"${file}\"."),
        may("timeout", Shape::Span, "How long it has; 10m where nothing is said."),
    ],
    &[],
);
