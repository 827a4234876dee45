//! What is told of everything that may be wrong with a manifest, case by case.

use super::read;
use crate::domain::manifest::Problem;

fn problems(text: &str) -> Vec<Problem> {
    read(text).map(|_| Vec::new()).unwrap_or_else(|problems| problems)
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_its_place() {
    for (body, line, path, says) in [
        ("colour: red", 3, "colour", "colour is no key of the manifest, which knows format"),
        ("setings: {}", 3, "setings", "did you mean settings?"),
        ("settings:", 3, "settings", "settings is empty"),
        ("settings: [a]", 3, "settings", "must be an object of paths"),
        ("settings:\n  a.b: 5", 4, "settings.a.b", "a value is set by `cfgctl set`"),
        ("settings:\n  a..b: {}", 4, "settings.a..b", "is not a path"),
        ("settings:\n  a: {minimun: 5}", 4, "settings.a.minimun", "did you mean minimum?"),
        (
            "settings:\n  a:\n    type: integer\n    risk: hihg",
            6,
            "settings.a.risk",
            "low, medium, high or critical",
        ),
        (
            "settings:\n  a:\n    type: integer\n    default: x",
            6,
            "settings.a.default",
            "must be a whole number",
        ),
        ("settings:\n  a:\n    default:", 5, "settings.a.default", "default is empty"),
        ("settings:\n  a:\n    b: {type: integer}", 5, "settings.a.b", "write its whole path: a.b."),
        ("settings:\n  a: {items: {typ: string}}", 4, "settings.a.items.typ", "did you mean type?"),
        ("settings:\n  a: {}\n  a.b: {}", 5, "settings.a.b", "a.b and a (line 4) cannot both be settings"),
        ("settings:\n  a: {}\n  a: {}", 5, "a", "line 4 already"),
        ("settings:\n  a.b: {}\n  \"\\\"a\\\".b\": {}", 5, "settings.\"a\".b", "is a.b, which is on line 4"),
        ("settings:\n  a: {default: 1e999}", 4, "default", "1.8e308"),
        ("settings:\n  a: {secret: true, default: hunter2}", 4, "settings.a.default", "is a secret"),
        ("rules:\n  - {name: a, check: values.x == 1, wen: 1}", 4, "rules[0].wen", "did you mean when?"),
        ("rules:\n  - {check: 'true'}", 4, "rules[0].name", "rules[0] lacks name"),
        ("rules:\n  - {name: a, check: 'values[\"a\"] >'}", 4, "rules[0]", "The rule a:"),
        ("rules:\n  - {name: a, when: 'true'}", 4, "rules[0]", "needs the `risk`"),
        (
            "rules:\n  - {name: a, check: 'values[\"a\"]', severity: fatal}",
            4,
            "rules[0].severity",
            "error or warning",
        ),
        (
            "rules:\n  - {name: a, check: 'values[\"a\"]'}\n  - {name: a, check: 'values[\"b\"]'}",
            5,
            "rules[1].name",
            "taken already, on line 4",
        ),
        ("policy:\n  high: {aprovals: []}", 4, "policy.high.aprovals", "did you mean approvals?"),
        (
            "policy:\n  high: {approvals: [{role: senior_admin, count: 1}]}",
            4,
            "policy.high.approvals[0].role",
            "Did you mean senior-admin?",
        ),
        (
            "policy:\n  high: {approvals: [{role: admin, count: 0}]}",
            4,
            "policy.high.approvals[0].count",
            "between 1 and 100, not 0",
        ),
        (
            "policy:\n  low: {approvals: [{role: viewer, count: 1}]}",
            4,
            "policy.low.approvals[0].role",
            "may not approve",
        ),
        ("policy: {verify: {threshold: 50}}", 3, "policy.verify.threshold", "above 0 and at most 1"),
        ("policy: {verify: {timeout: 60}}", 3, "policy.verify.timeout", "such as 30s"),
        ("policy: {confirm: {default: 2h}}", 3, "policy.confirm.default", "may not be longer"),
        ("policy: {unregistered: hi}", 3, "policy.unregistered", "low, medium, high or critical"),
        (
            "windows: [{name: a, from: \"22:00\", to: \"05:00\"}]",
            3,
            "windows[0].allow",
            "windows[0] lacks allow",
        ),
        (
            "windows: [{name: a, allow: yes, from: \"22:00\", to: \"05:00\"}]",
            3,
            "windows[0].allow",
            "true or false",
        ),
        (
            "windows:\n  - name: a\n    allow: true\n    from: \"25:99\"\n    to: 05:00",
            6,
            "windows[0].from",
            "\"25:99\" is not a time: write \"22:00\", or a date like 2026-12-20.",
        ),
        (
            "windows:\n  - name: a\n    allow: true\n    from: 22:00\n    to: 5",
            7,
            "windows[0].to",
            "a time such as \"22:00\", or a date such as 2026-12-20, not 5.",
        ),
        (
            "windows:\n  - {name: a, allow: true, from: 22:00, to: 05:00,\n     zone: Europe/Berln}",
            5,
            "windows[0].zone",
            "\"Europe/Berln\" is not a time zone: write a name like Europe/Berlin or UTC.",
        ),
        (
            "windows:\n  - {name: a, allow: true, from: 22:00, to: 05:00}\n  \
             - {name: b, allow: false, from: 2027-01-03, to: 2026-12-20}",
            5,
            "windows[1]",
            "The window b: It must end after it begins; it begins 2027-01-03 and ends 2026-12-20.",
        ),
        (
            "windows:\n  - {name: a, allow: true, from: 22:00, to: 05:00}\n  \
             - {name: a, allow: false, from: 22:00, to: 05:00}",
            5,
            "windows[1].name",
            "The name a is taken already, on line 4.",
        ),
        (
            "policy:\n  high:\n    window: true",
            5,
            "policy.high.window",
            "high changes need an open window, and no window of this manifest is ever open for them.",
        ),
        (
            "windows:\n  - {name: a, allow: false, from: 22:00, to: 05:00}",
            3,
            "windows",
            "critical changes need an open window, and no window",
        ),
        (
            "policy: {high: {window: true}}\nwindows: [{name: a, allow: true, from: 22:00, to: 05:00, risk: [critical]}]",
            3,
            "policy.high.window",
            "high changes need an open window, and no window",
        ),
        (
            "sources: [{name: a, priority: 1}]",
            3,
            "sources[0]",
            "exactly one of file, env or http; it has none",
        ),
        ("sources: [{name: a, priority: 1, file: x, env: y}]", 3, "sources[0]", "it has file and env"),
        ("services: {web: {helth: {}}}", 3, "services.web.helth", "did you mean health?"),
        (
            "services: {web: {restart: {command: reboot}}}",
            3,
            "services.web.restart.command",
            "must be a list",
        ),
        ("services: {web: {fallback: {a..b: 1}}}", 3, "services.web.fallback.a..b", "is not a path"),
        ("contacts: [{role: a, name: b, or c}]", 3, "contacts[0].or c", "put that text in quotes"),
        (
            "contacts: [{role: a, name: b, phone: 12345}]",
            3,
            "contacts[0].phone",
            "Put it in quotes: \"12345\".",
        ),
        ("notify: {command: [tell], event: [outcome]}", 3, "notify.event", "did you mean events?"),
        ("notify: {timeout: 5s}", 3, "notify.command", "notify lacks command"),
        ("notify: {command: tell --now}", 3, "notify.command", "must be a list"),
        ("notify: {command: []}", 3, "notify.command", "at least one item"),
        ("notify:\n  command: [./tell]", 4, "notify.command[0]", "must be a whole path such as"),
        ("notify:\n  command: [tell]\n  timeout: 61s", 5, "notify.timeout", "at most 60s, not 61s"),
        ("notify: {command: [tell], timeout: 0s}", 3, "notify.timeout", "above 0s"),
        ("notify: {command: [tell], timeout: 5}", 3, "notify.timeout", "such as 30s"),
        ("notify: {command: [tell], events: [requests]}", 3, "notify.events[0]", "Did you mean request?"),
        ("secrets: {env: [\"A B\"]}", 3, "secrets.env[0]", "no pattern of variable names"),
        ("secrets: {folders: [secrets]}", 3, "secrets.folders[0]", "absolute folder"),
        ("secrets: {commands: {pass: pass show}}", 3, "secrets.commands.pass", "must be a list"),
        ("secrets:\n  commands:\n    pass: [./pass]", 5, "secrets.commands.pass[0]", "must be a whole path"),
        ("secrets: {vault: {token: env:VAULT_TOKEN}}", 3, "secrets.vault.paths", "lacks paths"),
        ("secrets:\n  vault:\n    paths: [a/../b]", 5, "secrets.vault.paths[0]", "no path in Vault"),
        (
            "secrets: {vault: {paths: [kv], token: hunter2}}",
            3,
            "secrets.vault.token",
            "where the token is kept",
        ),
        ("secrets: {vault: {paths: [kv], address: vault}}", 3, "secrets.vault.address", "must be a URL"),
        ("secrets: {aws: {names: [\"a b\"]}}", 3, "secrets.aws.names[0]", "no pattern of names"),
        ("secrets: {aws: {names: [a], region: Frankfurt}}", 3, "secrets.aws.region", "is no region"),
        ("secrets: {allow: [{path: a}]}", 3, "secrets.allow[0].reason", "lacks reason"),
        (
            "secrets: {allow: [{path: a, kind: githbu, reason: b}]}",
            3,
            "secrets.allow[0]",
            "did you mean github?",
        ),
        ("drift: {ignore: [{path: a}]}", 3, "drift.ignore[0].reason", "lacks reason"),
        ("policy: {low: [}", 3, "", "not YAML"),
    ] {
        let found = problems(&format!("format: 1\ninstance: a\n{body}\n"));
        assert_eq!(found.len(), 1, "{body}: {found:#?}");
        assert_eq!((found[0].line, found[0].path.as_str()), (Some(line), path), "{found:?}");
        assert!(found[0].message.contains(says), "{body}: {}", found[0].message);
        assert!(found[0].message.ends_with(['.', '?']), "{}", found[0].message);
        assert!(!found[0].message.contains("hunter2"), "{}", found[0].message);
    }
}

#[test]
fn a_document_that_is_no_manifest_of_ours_is_told_so() {
    for (text, says) in [
        ("", "the document is empty"),
        ("[]", "this document is none"),
        ("format: 2\nwhat: ever\n", "has format 2; this program reads format 1"),
        ("instance: a\n", "The manifest lacks format"),
        ("format: 1\n", "The manifest lacks instance"),
        ("format: 1\ninstance: Billing\n", "lower-case letters"),
        ("format: x\ninstance: a\n", "format must be a whole number"),
    ] {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{text}: {found:#?}");
        assert!(found[0].message.contains(says), "{}", found[0].message);
    }
}

#[test]
fn a_manifest_that_says_nothing_of_windows_has_the_default_policy_s() {
    for body in [
        "",
        "policy: {low: {own: true}}",
        "policy: {critical: {window: false}}\nwindows: [{name: a, allow: false, from: 22:00, to: 05:00}]",
        "policy: {high: {window: true}}\nwindows: [{name: a, allow: true, from: 22:00, to: 05:00}]",
    ] {
        assert_eq!(problems(&format!("format: 1\ninstance: a\n{body}\n")), [], "{body}");
    }
}

#[test]
fn all_that_is_wrong_is_told_in_the_order_of_the_document() {
    let text = "format: 1\ninstance: A\nsettings:\n  a: {typ: integer, risk: none}\n  b: {default: 1, type: string}\n  \
                a: {}\nrules: [{name: x}]\npolicy: {low: {own: maybe}, verify: {threshold: 2}}\ntypo: 1\n";
    let lines: Vec<Option<u32>> = problems(text).into_iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [2, 4, 4, 5, 6, 7, 8, 8, 9].map(Some));
}

#[test]
fn a_large_manifest_is_read_and_all_its_problems_are_told() {
    let setting = |at: usize, default: &str| {
        format!(
            "  section_{}.key_{at}: {{type: integer, minimum: 5, maximum: 1440, default: {default}, unit: minutes, \
             risk: medium, services: [web], description: \"{}\"}}\n",
            at % 50,
            "What it does. ".repeat(5)
        )
    };
    let manifest = |default: &str| {
        let settings: String = (0..2000).map(|at| setting(at, default)).collect();
        format!("format: 1\ninstance: a\nsettings:\n{settings}")
    };
    assert_eq!(problems(&manifest("120")), []);
    assert_eq!(problems(&manifest("1441")).len(), 2000);
}
