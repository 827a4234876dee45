//! What the manifest's section of secrets looks like.

use super::{COMMAND, NAMES};
use crate::domain::manifest::shape::{Shape, may, must};

/// Where the values of secrets may be kept, and which literals are meant.
pub(super) const SECRETS: Shape = Shape::Fields(
    &[
        may("env", NAMES, "Names of variables, with * for any run of characters."),
        may("folders", NAMES, "Absolute folders."),
        may(
            "commands",
            Shape::Named(&COMMAND),
            "Commands by name, each a program and its arguments, which print a secret: command:NAME.",
        ),
        may("vault", VAULT, "HashiCorp Vault, for vault:PATH#KEY."),
        may("aws", AWS, "AWS Secrets Manager, for aws:NAME, with #KEY for a member of a JSON object."),
        may(
            "allow",
            Shape::List(&ALLOWED),
            "What looks like a credential in the clear and may stay, each with the reason.",
        ),
    ],
    &[],
);
const VAULT: Shape = Shape::Fields(
    &[
        may("address", Shape::Text, "Its URL; that of the variable VAULT_ADDR where it is absent."),
        may(
            "token",
            Shape::Text,
            "Where its token is kept, env:NAME or file:/PATH; env:VAULT_TOKEN where it is absent.",
        ),
        must("paths", Shape::Some(&Shape::Text), "What may be named: these paths and what lies below them."),
    ],
    &[],
);
const AWS: Shape = Shape::Fields(
    &[
        may("region", Shape::Text, "The region; that of the variable AWS_REGION where it is absent."),
        must(
            "names",
            Shape::Some(&Shape::Text),
            "Names and ARNs that may be named, with * for any run of characters.",
        ),
    ],
    &[],
);
const ALLOWED: Shape = Shape::Fields(
    &[
        must("path", Shape::Paths, "The path, or everything below one: server.*."),
        may(
            "kind",
            Shape::Text,
            "The kind of finding, such as by-name or github; every kind where it is absent.",
        ),
        must("reason", Shape::Text, "Why it may stand there."),
    ],
    &[],
);
