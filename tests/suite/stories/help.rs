//! Help: every command explains itself and shows how it is typed.

use crate::harness::{User, World};

/// Every command there is, with its words, found by following `--help`.
pub(super) fn commands(user: &User) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![String::new(), "generate".to_owned()];
    while let Some(words) = open.pop() {
        let help = user.run(&format!("{words} --help")).ok();
        let listed = help
            .lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| line.starts_with("  "));
        // A name stands at the third column; what goes on below it stands further in.
        let names =
            listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
        open.extend(
            names.filter(|name| *name != "help").map(|name| format!("{words} {name}").trim().to_owned()),
        );
        found.push((words, help));
    }
    found.sort();
    found
}

/// The commands that do something themselves.
pub(super) fn leaves(user: &User) -> Vec<String> {
    let all: Vec<String> = commands(user).into_iter().map(|(words, _)| words).collect();
    let is_leaf = |words: &String| {
        words == "member token" || !all.iter().any(|other| other.starts_with(&format!("{words} ")))
    };
    all.iter().filter(|words| !words.is_empty() && is_leaf(words)).cloned().collect()
}

#[test]
fn every_command_has_help_with_an_example_of_itself_whose_options_exist() {
    let world = World::new();
    let nobody = world.user("alice", 1000);
    let all = commands(&nobody);
    assert!(all.len() > 60, "only {} commands were found", all.len());
    for (words, help) in &all {
        let examples =
            help.split_once("Examples:").unwrap_or_else(|| panic!("{words}: no example in\n{help}")).1;
        let spoken = words.replace("change-request", "cr");
        let own =
            |line: &&str| [words, &spoken].iter().any(|words| line.contains(&format!("cfgctl {words}")));
        assert!(
            examples.lines().any(|line| own(&line)) || words.starts_with("member join"),
            "{words}: no example shows it"
        );
        for line in examples.lines().filter(own) {
            let typed = line.split(" -- ").next().unwrap().split(['|', '&', '$']).next().unwrap();
            for option in typed.split([' ', '=']).filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{words}: the example names {option}, which help does not");
            }
        }
    }
    assert!(!world.folder().join("store").exists(), "help made a store");
}

#[test]
fn help_goes_to_standard_output_and_a_wrong_word_is_a_usage_error_on_standard_error() {
    let world = World::new();
    let alice = world.user("alice", 1000);
    assert_eq!(alice.run("--help").exits(0).err, "");
    assert!(alice.run("--version").ok().starts_with("cfgctl "));
    alice.run("frobnicate").refused(2, "frobnicate");
    alice.run("set --frobnicate").refused(2, "--frobnicate");
    alice.run("get -o xml").refused(2, "xml");
    let error: serde_json::Value =
        serde_json::from_str(&alice.run("-o json frobnicate").refused(2, "").err).unwrap();
    assert_eq!(error["error"]["code"], "usage");
    assert_eq!(error["error"]["exit_code"], 2);
}
