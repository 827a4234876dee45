//! What is told of everything that may be wrong with services, case by case.

use crate::domain::manifest::{Manifest, Problem};

fn problems(text: &str) -> Vec<Problem> {
    Manifest::read(text).map(|_| Vec::new()).unwrap_or_else(|problems| problems)
}

/// The problems of a manifest with one service, whose keys begin on line 5.
fn of_service(keys: &str) -> Vec<Problem> {
    problems(&format!("format: 1\ninstance: a\nservices:\n  web:\n    {keys}\n"))
}

#[test]
fn what_is_wrong_with_a_service_is_told_with_its_line_and_its_place() {
    for (keys, line, place, says) in [
        ("delivr: {}", 5, "delivr", "did you mean deliver?"),
        ("deliver: {mode: \"0640\"}", 5, "deliver", "exactly one of file, command or http; it has none"),
        ("deliver: {file: /a.yaml}", 4, "", "web lacks uses: the settings that it is given"),
        (
            "uses: [a]\n    deliver:\n      file: a.yaml",
            7,
            "deliver.file",
            "\"a.yaml\" must be a whole path without ..",
        ),
        ("uses: [a]\n    deliver: {file: /a/../b.yaml}", 6, "deliver.file", "whole path without .."),
        ("uses: [a]\n    deliver: {file: /a.yaml/}", 6, "deliver.file", "is a folder's name"),
        ("uses: [a]\n    deliver: {file: /a.conf}", 6, "deliver", "lacks format or template"),
        ("uses: [a]\n    deliver: {file: /a.yaml, mode: \"4755\"}", 6, "deliver.mode", "no mode of a file"),
        (
            "uses: [a]\n    deliver: {file: /a.yaml, mode: \"0648\"}",
            6,
            "deliver.mode",
            "write it as \"0640\"",
        ),
        ("uses: [a]\n    deliver: {file: /a.yaml, owner: \"a b\"}", 6, "deliver.owner", "no owner"),
        ("uses: [a]\n    deliver: {file: /a.yaml, method: PUT}", 6, "deliver.method", "belongs to http"),
        ("uses: [a]\n    deliver: {file: /a.yaml, plain: true}", 6, "deliver.plain", "belongs to http"),
        ("uses: [a]\n    deliver: {file: /a.yaml, timeout: 1s}", 6, "deliver.timeout", "has check_timeout"),
        (
            "uses: [a]\n    deliver: {file: /a.yaml, template: t, format: yaml}",
            6,
            "deliver.format",
            "no place beside a template",
        ),
        (
            "uses: [a]\n    deliver: {file: /a.yaml, patch: true, template: t}",
            6,
            "deliver.template",
            "no place where a file is patched",
        ),
        (
            "uses: [a]\n    deliver: {file: /a.yaml, comment: ;}",
            6,
            "deliver.comment",
            "belongs to a template",
        ),
        ("uses: [a]\n    deliver: {file: /a.yaml, stamp: x}", 6, "deliver.stamp", "a comment is written"),
        ("uses: [a]\n    deliver: {file: /a.yaml, prefix: X_}", 6, "deliver.prefix", "and this is YAML"),
        (
            "uses: [a]\n    deliver: {file: /a.env, prefix: X-}",
            6,
            "deliver.prefix",
            "begin a variable's name",
        ),
        ("uses: [a]\n    deliver: {file: /a.yaml, check: [./x]}", 6, "deliver.check[0]", "whole path"),
        (
            "uses: [a]\n    deliver: {file: /a.yaml, check: [x], check_in_place: false}",
            6,
            "deliver.check_in_place",
            "does not name ${file}",
        ),
        (
            "uses: [a]\n    deliver: {file: /a.yaml, check_timeout: 1s}",
            6,
            "deliver.check_timeout",
            "belongs to a check",
        ),
        ("uses: [a]\n    deliver: {command: [x]}", 6, "deliver", "lacks format or template"),
        (
            "uses: [a]\n    deliver: {command: [x], format: json, mode: \"0640\"}",
            6,
            "deliver.mode",
            "belongs to a file",
        ),
        (
            "uses: [a]\n    deliver: {http: \"http://h/\", format: json}",
            6,
            "deliver.http",
            "write plain: true",
        ),
        ("uses: [a]\n    deliver: {http: \"h/\", format: json}", 6, "deliver.http", "is no address"),
        ("reload: {signal: TERM, pid_file: /a}", 5, "reload.signal", "HUP, USR1 or USR2"),
        ("reload: {signal: HUP}", 5, "reload", "exactly one of pid_file or unit"),
        ("reload: {signal: HUP, pid_file: /a, unit: b}", 5, "reload", "exactly one of pid_file or unit"),
        ("reload: {signal: HUP, unit: \"-H evil\"}", 5, "reload.unit", "is no name of a unit"),
        ("reload: {command: [x], unit: b}", 5, "reload.unit", "belongs to a signal"),
        ("reload: {command: [x], headers: {a: b}}", 5, "reload.headers", "this is a command"),
        ("read_back: {http: \"https://h/\", pointer: /a}", 5, "read_back.pointer", "say of which, with of"),
        ("read_back: {http: \"https://h/\", values: {a: 5}}", 5, "read_back.values.a", "no JSON Pointer"),
        (
            "read_back: {http: \"https://h/\", values: {a..b: /a}}",
            5,
            "read_back.values.a..b",
            "is not a path",
        ),
        ("read_back: {http: \"https://h/\", prefix: A_}", 5, "read_back.prefix", "and this is none"),
        (
            "read_back: {http: \"https://h/\", pointer: a, of: b}",
            5,
            "read_back.pointer",
            "\"a\" is no JSON Pointer",
        ),
        ("read_back: {http: \"https://h/\", of: b.*}", 5, "read_back.of", "of names one path"),
        (
            "read_back:\n      http: \"https://h/\"\n      values:\n        a.b: /a\n        c.d: x",
            9,
            "read_back.values.c.d",
            "\"x\" is no JSON Pointer",
        ),
        (
            "read_back: {http: \"https://h/\", of: a, values: {b: /b}}",
            5,
            "read_back.values",
            "one of the two",
        ),
        ("read_back: {http: \"https://h/\", of: a, format: json}", 5, "read_back.format", "one value"),
        ("read_back: {file: /a.conf}", 5, "read_back", "lacks format"),
        ("health: []", 5, "health", "must have at least one item"),
        ("health: 5", 5, "health", "must be an object with http"),
        ("health:\n      - tcp: \"a:1\"\n      - tcp: a", 7, "health[1].tcp", "is no HOST:PORT"),
        ("health: {tcp: \"a:1\", expect: 200}", 5, "health.expect", "belongs to http"),
        ("health: {command: [x], figures: {}}", 5, "health.figures", "prints its figures as JSON"),
        ("health: {metrics: \"https://h/\"}", 5, "health", "lacks figures"),
        (
            "health: {metrics: \"https://h/\", figures: {memory: {query: x}}}",
            5,
            "health.figures.memory",
            "lacks metric",
        ),
        (
            "health: {metrics: \"https://h/\", figures: {memory: {metric: \"a{b}\"}}}",
            5,
            "health.figures.memory.metric",
            "is no name of a metric",
        ),
        (
            "health: {prometheus: \"https://h/?x\", figures: {memory: {query: x}}}",
            5,
            "health.prometheus",
            "the query stands in figures",
        ),
        ("restart: {command: [x], stop: [y]}", 5, "restart", "write both stop and start"),
        ("restart: {unit: x, stop: [y], start: [z]}", 5, "restart.start", "is known of a unit"),
        ("dump: {command: [x, \"${file}\"]}", 5, "dump", "write both dump and restore"),
        (
            "dump: {command: [x, \"${file}\"]}\n    restore:\n      command: [x]",
            7,
            "restore.command",
            "put \"${file}\" into its arguments",
        ),
        ("program_files: [/a, b]", 5, "program_files[1]", "must be a whole path"),
        ("rollout: {at_once: 2}", 5, "rollout", "there are no instances"),
        ("instances: {}", 5, "instances", "names no instance"),
        ("instances: {a: {port: 8081}}", 5, "instances.a.port", "Put it in quotes: \"8081\"."),
        ("instances: {a: {file: x}}", 5, "instances.a.file", "has a meaning already"),
        ("instances: {a: {a-b: x}}", 5, "instances.a.a-b", "no name of a variable"),
        ("instances: {a: {b: \"${c}\"}}", 5, "instances.a.b", "holds plain text"),
        (
            "instances: {a: {port: \"1\"}}\n    reload: {http: \"http://127.0.0.1:${prot}/\"}",
            6,
            "reload.http",
            "There is no variable prot here; did you mean port?",
        ),
        (
            "reload: {command: [x, \"${file}\"]}",
            5,
            "reload.command[1]",
            "no variable file here; there is instance.",
        ),
        ("reload: {command: [x, \"${instance\"]}", 5, "reload.command[1]", "without its end"),
    ] {
        let found = of_service(keys);
        let place =
            if place.is_empty() { "services.web".to_owned() } else { format!("services.web.{place}") };
        let wanted = found.iter().find(|problem| problem.path == place && problem.message.contains(says));
        assert!(wanted.is_some(), "{keys}: {found:#?}");
        assert_eq!(wanted.unwrap().line, Some(line), "{keys}: {found:#?}");
        assert!(found.len() <= 2, "{keys}: {found:#?}");
        assert!(found.iter().all(|problem| problem.message.ends_with(['.', '?'])), "{found:#?}");
    }
}

#[test]
fn a_file_has_one_writer_and_is_no_source_too() {
    let with = |rest: &str| problems(&format!("format: 1\ninstance: a\n{rest}"));
    let service = |name: &str, more: &str| {
        format!("  {name}:\n    uses: [a]\n    deliver:\n      file: /etc/app/a.yaml\n      patch: {more}\n")
    };
    let told = |found: &[Problem]| -> Vec<(Option<u32>, String)> {
        found.iter().map(|problem| (problem.line, problem.message.clone())).collect()
    };
    for source in ["/etc/app/a.yaml", "/etc/app", "/etc//app/./a.yaml"] {
        let sources = format!("sources: [{{name: file, file: {source}, priority: 1}}]\n");
        let found = with(&format!("{sources}services:\n{}", service("web", "false")));
        let message =
            "/etc/app/a.yaml is what the source file is read from: a file is read or written, never both.";
        assert_eq!(told(&found), [(Some(8), message.to_owned())]);
    }
    let other = "sources: [{name: file, file: /etc/ap, priority: 1}]\n";
    assert_eq!(with(&format!("{other}services:\n{}", service("web", "false"))), []);
    let two = |first: &str, second: &str| {
        with(&format!("services:\n{}{}", service("jobs", first), service("web", second)))
    };
    assert_eq!(two("true", "true"), []);
    for (first, second) in [("false", "false"), ("true", "false"), ("false", "true")] {
        let message =
            "/etc/app/a.yaml would be written by jobs and web: give each its own, or let both patch it.";
        assert_eq!(told(&two(first, second)), [(Some(12), message.to_owned())]);
    }
    let instances =
        "services:\n  web:\n    uses: [a]\n    instances: {a: {}, b: {}}\n    deliver: {file: /a.yaml}\n";
    let found = with(instances);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("by the instances a and b of web"), "{found:?}");
    assert_eq!(with(&instances.replace("/a.yaml", "\"/${instance}.yaml\"")), []);
}

#[test]
fn a_fallback_value_must_be_one_that_could_be_set() {
    let text = "format: 1\ninstance: a\nsettings: {a: {type: integer, minimum: 5}, s: {secret: true}}\nservices:\n  web:\n    \
                fallback:\n      other: 1\n      a: 4\n      s: canary\n";
    let found = problems(text);
    let places: Vec<_> = found.iter().map(|problem| (problem.line, problem.path.as_str())).collect();
    assert_eq!(places, [(Some(8), "services.web.fallback.a"), (Some(9), "services.web.fallback.s")]);
    assert!(found.iter().all(|problem| !problem.message.contains("canary")), "{found:?}");
}
