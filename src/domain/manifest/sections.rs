//! What a manifest's sections look like: the tables that reading checks against and that editors' schema is made of.

mod secret;
mod service;

use super::shape::{Field, Shape, may, must};
use crate::domain::notice::Event;
use secret::SECRETS;
use service::SERVICE;

const COMMAND: Shape = Shape::Some(&Shape::Text);
const COUNT: Shape = Shape::Whole(1, u64::MAX);
const PRIORITY: Shape = Shape::Whole(0, 1000);
const NAMES: Shape = Shape::List(&Shape::Text);
const RISKS: Shape = Shape::Some(&Shape::Risk);

/// The whole manifest.
pub(super) const MANIFEST: Shape = Shape::Fields(
    &[
        must("format", Shape::Whole(1, u64::MAX), "The format of this document; write 1."),
        must("instance", Shape::Name, "The instance's short name; typed where a confirmation asks for it."),
        may(
            "settings",
            Shape::Settings,
            "What this instance governs: paths, each with type, limits, default, risk.",
        ),
        may(
            "rules",
            Shape::List(&RULE),
            "What must hold across settings, and what makes a change riskier, in CEL.",
        ),
        may("policy", POLICY, "What each risk demands before a change is made and after."),
        may("windows", Shape::List(&WINDOW), "When changes of which risk may be made, and when not."),
        may("sources", Shape::List(&SOURCE), "Where values below the overrides come from."),
        may(
            "services",
            Shape::Named(&SERVICE),
            "The programs that use settings: how they get them and how they are asked.",
        ),
        may("contacts", Shape::List(&CONTACT), "Whom to call in an emergency."),
        may("notify", NOTIFY, "The command that tells people of requests, decisions and outcomes."),
        may("secrets", SECRETS, "Where the values of secrets may be kept."),
        may("drift", DRIFT, "Which differences are meant to be there."),
    ],
    &[],
);

const RULE: Shape = Shape::Fields(
    &[
        must("name", Shape::Name, "The name, by which refusals speak of it."),
        may("check", Shape::Text, "What must be true of `values`, as a CEL expression."),
        may("when", Shape::Text, "What raises a change's risk where it is true, as a CEL expression."),
        may("risk", Shape::Risk, "The risk that `when` raises to."),
        may(
            "severity",
            Shape::Word(&["error", "warning"]),
            "Whether a check that fails refuses the change or warns.",
        ),
        may("message", Shape::Text, "What to tell people, in a sentence."),
    ],
    &[],
);

/// What each risk demands, and the terms of everything else.
pub(super) const POLICY: Shape = Shape::Fields(
    &[
        may("unregistered", Shape::Risk, "The risk of a path that is not registered here."),
        may("low", DEMAND, "What low changes demand."),
        may("medium", DEMAND, "What medium changes demand."),
        may("high", DEMAND, "What high changes demand."),
        may("critical", DEMAND, "What critical changes demand."),
        may(
            "groups",
            Shape::Named(&NAMES),
            "Groups of members by name, from which a demand may ask for approvals.",
        ),
        may("governance", Shape::Word(&["owner", "board"]), "Who decides about members and this manifest."),
        may(
            "requests",
            Shape::Fields(
                &[
                    may("expire_after", Shape::Span, "When an open request ends."),
                    may(
                        "others",
                        Shape::Role,
                        "Who may edit, schedule, execute and take back others' requests.",
                    ),
                ],
                &[],
            ),
            "Terms of change requests.",
        ),
        may("restore", RESTORE, "Terms of going back to what was in force lately."),
        may("members", MEMBERS, "Terms of membership."),
        may("confirm", CONFIRM, "Terms of changes that roll back unless they are confirmed."),
        may("verify", VERIFY, "Terms of verification at the services."),
        may("monitor", MONITOR, "Terms of watching the services after a change."),
        may("emergency", EMERGENCY, "Terms of emergencies."),
        may("backups", BACKUPS, "Terms of backups."),
        may("baselines", BASELINES, "When a version becomes a baseline by itself."),
        may("keep", KEEP, "How long things are kept, and how large the store may grow."),
    ],
    &[],
);

const DEMAND: Shape = Shape::Fields(
    &[
        may("approvals", Shape::List(&GROUP), "The groups of approvers, each of which must be filled."),
        may("own", Shape::Flag, "Whether the requester's own approval counts."),
        may(
            "test",
            Shape::Word(&["none", "recommended", "required", "full"]),
            "What test evidence is demanded.",
        ),
        may("rollback_plan", Shape::Flag, "Whether a rollback plan must be written down."),
        may("window", Shape::Flag, "Whether a maintenance window must be open."),
        may("review", Shape::Flag, "Whether a review must follow."),
        may("monitor", Shape::Span, "How long the services are watched afterwards."),
    ],
    &[],
);

const GROUP: Shape = Shape::Fields(
    &[
        may("role", Shape::Role, "The least role that counts."),
        may("group", Shape::Name, "The group of this policy that they must belong to."),
        must("count", Shape::Whole(1, 100), "How many people."),
    ],
    &[],
);

const RESTORE: Shape = Shape::Fields(
    &[
        may("within", Shape::Span, "How lately it must have been in force."),
        may("role", Shape::Role, "Whose approval is enough."),
        may("critical", Shape::Role, "Whose approval is enough for critical changes."),
    ],
    &[],
);

const MEMBERS: Shape = Shape::Fields(
    &[
        may("invited_for", Shape::Span, "How long an invitation can be redeemed."),
        may("delegated_for", Shape::Span, "How long a member may let another approve in their place."),
    ],
    &[],
);

const CONFIRM: Shape = Shape::Fields(
    &[
        may("default", Shape::Span, "The deadline where none is named."),
        may("longest", Shape::Span, "The longest deadline."),
    ],
    &[],
);

const VERIFY: Shape = Shape::Fields(
    &[
        may("timeout", Shape::Span, "How long the services have."),
        may("threshold", Shape::Fraction, "The fraction of services that must succeed."),
    ],
    &[],
);

const MONITOR: Shape = Shape::Fields(
    &[
        may("interval", Shape::Span, "How often they are asked: 30s where nothing is said."),
        may("failures", COUNT, "How many bad answers in a row are too many: 3 where nothing is said."),
        may("error_rate", Shape::Fraction, "The share of requests that may fail: 0.5 where nothing is said."),
        may("memory", Shape::Fraction, "The share of its memory that it may use: 0.9 where nothing is said."),
        may(
            "slower",
            COUNT,
            "How many times slower than before an answer may come: 5 where nothing is said.",
        ),
    ],
    &[],
);

const EMERGENCY: Shape = Shape::Fields(
    &[
        may("role", Shape::Role, "Who may, beside those on call."),
        may("on_call", NAMES, "Members who may whatever their role."),
        may("verify", Shape::Span, "How long verification has."),
        may("review_within", Shape::Span, "When the review is due."),
        may("unreviewed_at_most", Shape::Whole(0, 1_000_000), "How many may stand unreviewed."),
    ],
    &[],
);

const BACKUPS: Shape = Shape::Fields(
    &[
        may("keep", Shape::Whole(1, 1_000_000), "How many automatic ones are kept."),
        may("full_every", Shape::Span, "How often a full one is taken with a change."),
        may("keep_for", Shape::Span, "Nothing younger than this is pruned."),
    ],
    &[],
);

const BASELINES: Shape = Shape::Fields(
    &[
        may("every", COUNT, "After so many versions since the last one."),
        may("after", Shape::Span, "With the first version after this long since the last one."),
    ],
    &[],
);

const KEEP: Shape = Shape::Fields(
    &[
        may("versions", COUNT, "So many of the newest versions stay, with their history."),
        may("history", Shape::Span, "Versions younger than this stay, with their history."),
        may("audit", Shape::Span, "Entries of the audit log younger than this stay."),
        may("size", Shape::Size, "The size of the store above which `status` warns."),
    ],
    &[],
);

const WINDOW: Shape = Shape::Fields(
    &[
        must("name", Shape::Name, "The name, by which refusals speak of it."),
        must("allow", Shape::Flag, "Whether changes may be made in it (true) or may not (false: a freeze)."),
        may(
            "days",
            Shape::Some(&Shape::Word(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"])),
            "The days of the week on which it begins; every day where none is named.",
        ),
        must(
            "from",
            Shape::Edge,
            "When it begins: every week at a time of day (\"22:00\"), or once (2026-12-20, 2026-12-20 18:00).",
        ),
        must(
            "to",
            Shape::Edge,
            "When it ends: at a time of day (\"05:00\", the next day where that is not later), with a day \
             (2027-01-03) or at a moment of it.",
        ),
        may("zone", Shape::Zone, "The time zone, such as Europe/Berlin; UTC where it is absent."),
        may("risk", RISKS, "The risks that it is about; all where none is named."),
        may(
            "except",
            Shape::Some(&Shape::Role),
            "The roles, and those above them, that a freeze does not hold back.",
        ),
    ],
    &[],
);

const BREAKER: Shape = Shape::Fields(
    &[may("failures", COUNT, "After so many failures in a row."), may("pause", Shape::Span, "For so long.")],
    &[],
);

const FORMATS: [&str; 6] = ["yaml", "json", "toml", "ini", "properties", "dotenv"];

const SOURCE: Shape = Shape::Fields(
    &[
        must("name", Shape::Name, "The name."),
        may(
            "file",
            Shape::Text,
            "A file, or a folder of files, in YAML, JSON, TOML, INI, properties or dotenv.",
        ),
        may("format", Shape::Word(&FORMATS), "The format, where the name does not tell."),
        may("env", Shape::Text, "The prefix of environment variables, such as APP_."),
        may("http", Shape::Texts, "A URL, or several, each asked where the one before does not answer."),
        may(
            "headers",
            Shape::Named(&Shape::Text),
            "Headers for the URL; ${NAME} is taken from the environment.",
        ),
        may("timeout", Shape::Span, "How long the URL has to answer; 10s where nothing is said."),
        may("longest", COUNT, "The longest answer, in bytes."),
        may("plain", Shape::Flag, "Whether plain HTTP is allowed."),
        may("ca_file", Shape::Text, "Certificates that the URL is trusted by, beside the system's."),
        may("cache", Shape::Text, "The file that serves where no URL does."),
        may("breaker", BREAKER, "When the URLs are left alone for a while."),
        must("priority", PRIORITY, "The stronger source has the higher priority."),
        may(
            "max_risk",
            Shape::Risk,
            "What a reload may alter without a request; medium where nothing is said.",
        ),
        may("optional", Shape::Flag, "Whether a reload goes on without it where it cannot be read."),
    ],
    &["file", "env", "http"],
);

const CONTACT: Shape = Shape::Fields(
    &[
        must("role", Shape::Text, "What they are called for: primary, database."),
        must("name", Shape::Text, "Who."),
        may("phone", Shape::Text, "A telephone number, in quotes."),
        may("email", Shape::Text, "An address for mail."),
        may("chat", Shape::Text, "A room or channel."),
        may("url", Shape::Text, "A page, such as a rota."),
    ],
    &[],
);

const NOTIFY: Shape = Shape::Fields(
    &[
        must(
            "command",
            COMMAND,
            "A program and its arguments; it gets each notice as JSON on its standard input.",
        ),
        may("timeout", Shape::Span, "How long it has: 10s where nothing is said, and at most 60s."),
        may(
            "events",
            Shape::Some(&Shape::Word(Event::NAMES)),
            "What it is told of; everything where nothing is named.",
        ),
    ],
    &[],
);

const DRIFT: Shape =
    Shape::Fields(&[may("ignore", Shape::List(&IGNORE), "Differences that are meant.")], &[]);

const IGNORE: Shape = Shape::Fields(
    &[
        must("path", Shape::Paths, "The path."),
        must("reason", Shape::Text, "Why."),
        may("until", Shape::Text, "The day after which it counts as drift again."),
    ],
    &[],
);

/// The keys of a setting that are ours, for editors.
pub(super) const SETTING: &[Field] = &[
    may("default", Shape::Any, "The value where no layer gives one."),
    may("unit", Shape::Text, "What the number counts: minutes, MiB."),
    may(
        "risk",
        Shape::Risk,
        "How much harm a change can do; medium where it is absent, at least high with restart or secret.",
    ),
    may("restart", Shape::Flag, "Whether a service must restart to take the value; otherwise it is hot."),
    may("services", NAMES, "The services that use it."),
    may(
        "secret",
        Shape::Flag,
        "Whether the value is a secret, kept as a reference such as env:NAME or file:/PATH.",
    ),
    may("owner", Shape::Text, "Who answers for it."),
    may("description", Shape::Text, "What it does, in a sentence."),
];
