//! What several stories need: the command that a hint names, a manifest with parts replaced, moments.

use crate::harness::User;
use serde_json::Value;

/// The user at this moment, whatever the world's clock says.
pub(super) fn at(user: &User, moment: &str) -> User {
    user.with("CFGCTL_FAKE_NOW", moment)
}

/// The first command that an error's hint names, without the program's name.
#[track_caller]
pub(super) fn hinted(error: &Value) -> String {
    let hint = error["hint"].as_str().unwrap();
    let (_, command) = hint.split_once("cfgctl ").unwrap_or_else(|| panic!("no command in {hint:?}"));
    command.split(", or ").next().unwrap_or_default().to_owned()
}

/// What a hint says to add to the command: from the first option on.
#[track_caller]
pub(super) fn option(error: &Value) -> String {
    let hint = error["hint"].as_str().unwrap();
    let from = hint.find("--").unwrap_or_else(|| panic!("no option in {hint:?}"));
    hint[from..].to_owned()
}

/// The manifest in force with parts replaced, as a file of that name.
pub(super) fn manifest(user: &User, name: &str, parts: &[(&str, &str)]) {
    let mut text = user.run("manifest show -o raw").ok();
    for (from, to) in parts {
        assert!(text.contains(from), "the manifest has no {from:?}");
        text = text.replace(from, to);
    }
    user.world.file(name, text);
}

/// Puts the manifest in force with parts replaced.
pub(super) fn govern(owner: &User, parts: &[(&str, &str)]) {
    manifest(owner, "governed.yaml", parts);
    owner.run("manifest apply governed.yaml --reason 'as decided'").ok();
}

/// A request's state, as everybody sees it.
#[track_caller]
pub(super) fn state(user: &User, id: &str) -> String {
    super::shown(user, id)["state"].as_str().unwrap().to_owned()
}
