//! What definitions mean, part by part.

use super::*;
use crate::domain::document::Format;
use crate::domain::manifest::Manifest;
use serde_json::json;

fn services(section: Value) -> BTreeMap<String, Service> {
    read(&section).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The only instance of a service with this one part.
fn with(part: &str, definition: Value) -> Instance {
    let service = json!({"web": {"uses": ["*"], part: definition}});
    services(service)["web"].instances()[0].clone()
}

fn vector(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn a_service_uses_paths_and_what_lies_below_them() {
    let services = services(json!({"web": {"uses": ["server.*", "session_timeout_minutes"]}}));
    for (path, uses) in [
        ("server.port", true),
        ("server.tls.cert", true),
        ("server", false),
        ("session_timeout_minutes", true),
        ("session_timeout_minutes.x", false),
        ("serverless.x", false),
    ] {
        assert_eq!(services["web"].uses(&Path::parse(path).unwrap()), uses, "{path}");
    }
}

#[test]
fn what_is_not_written_has_its_default() {
    let section = json!({"web": {}});
    let services = services(section.clone());
    let web = &services["web"];
    assert_eq!((web.priority, web.critical), (USUAL_PRIORITY, false));
    assert_eq!(web.rollout, Rollout { at_once: 1, bake: Span::seconds(0) });
    let [only] = web.instances() else { panic!() };
    assert_eq!(only.name, "web");
    assert_eq!(only.variables, BTreeMap::from([("instance".to_owned(), "web".to_owned())]));
    assert!(only.deliver.is_none() && only.health.is_empty() && only.restart.is_none());
    assert_eq!(to_value(&services), section);
}

#[test]
fn settings_are_delivered_as_a_file_to_a_command_or_to_a_server() {
    let place = |file: &str| Place { file: file.to_owned(), owner: None, mode: None };
    let comment = || Some(Stamping::Comment("#".to_owned()));
    let document = |format, stamp| Form::Document { format, prefix: String::new(), stamp };
    let command =
        |words: &[&str], seconds| Command { vector: vector(words), timeout: Span::seconds(seconds) };
    for (definition, deliver) in [
        (
            json!({"file": "/etc/a.yaml"}),
            Deliver::Render {
                place: place("/etc/a.yaml"),
                form: document(Format::Yaml, comment()),
                check: None,
            },
        ),
        (
            json!({"file": "/etc/a", "format": "json", "stamp": "_from", "mode": "0640", "owner": "app:app"}),
            Deliver::Render {
                place: Place { owner: Some("app:app".to_owned()), mode: Some(0o640), ..place("/etc/a") },
                form: document(Format::Json, Some(Stamping::Key("_from".to_owned()))),
                check: None,
            },
        ),
        (
            json!({"file": "/etc/a.conf", "template": "a.j2", "check": ["nginx", "-t"]}),
            Deliver::Render {
                place: place("/etc/a.conf"),
                form: Form::Template { file: "a.j2".to_owned(), stamp: None },
                check: Some(Check {
                    vector: vector(&["nginx", "-t"]),
                    timeout: Span::seconds(60),
                    in_place: true,
                }),
            },
        ),
        (
            json!({"file": "/etc/.env", "patch": true, "prefix": "APP_", "check": ["test", "-s", "${file}"],
                   "check_timeout": "5s"}),
            Deliver::Patch {
                place: place("/etc/.env"),
                format: Format::Dotenv,
                prefix: "APP_".to_owned(),
                check: Some(Check {
                    vector: vector(&["test", "-s", "${file}"]),
                    timeout: Span::seconds(5),
                    in_place: false,
                }),
            },
        ),
        (
            json!({"command": ["/usr/bin/take", "-"], "format": "toml", "timeout": "3s"}),
            Deliver::Command {
                command: command(&["/usr/bin/take", "-"], 3),
                form: document(Format::Toml, comment()),
            },
        ),
        (
            json!({"http": "https://h/x", "format": "json", "method": "POST", "headers": {"a": "${TOKEN} $${x}"}}),
            Deliver::Http {
                call: Call {
                    url: "https://h/x".to_owned(),
                    headers: BTreeMap::from([("a".to_owned(), "${TOKEN} $${x}".to_owned())]),
                    plain: false,
                    ca_file: None,
                    timeout: USUAL_TIMEOUT,
                },
                method: Sending::Post,
                form: document(Format::Json, None),
            },
        ),
    ] {
        assert_eq!(with("deliver", definition.clone()).deliver, Some(deliver), "{definition}");
    }
}

#[test]
fn a_check_gets_the_file_inside_of_its_arguments() {
    let check = |words: &[&str]| {
        let definition = json!({"file": "/etc/a.yaml", "check": words});
        let deliver = with("deliver", definition).deliver.unwrap();
        deliver.check().unwrap().clone()
    };
    let named = check(&["sh", "-c", "test -s \"$1\"", "x", "a=${file}", "$${file}"]);
    assert!(!named.in_place);
    let file = "/tmp/a b'; rm -rf ${HOME}";
    assert_eq!(
        named.vector_for(file),
        vector(&["sh", "-c", "test -s \"$1\"", "x", &format!("a={file}"), "${file}"])
    );
    assert!(check(&["nginx", "-t", "$${file}"]).in_place);
}

#[test]
fn a_service_is_told_asked_and_restarted_as_it_says() {
    let told = with("reload", json!({"signal": "USR1", "pid_file": "/run/a.pid"})).reload;
    let process = Process::PidFile("/run/a.pid".to_owned());
    assert_eq!(told, Some(Reload::Signal { signal: Signal::User1, process }));
    let told = with("reload", json!({"signal": "HUP", "unit": "a@1.service"})).reload;
    let process = Process::Unit("a@1.service".to_owned());
    assert_eq!(told, Some(Reload::Signal { signal: Signal::Hangup, process }));
    assert!(matches!(with("reload", json!({"http": "http://[::1]:9/r"})).reload, Some(Reload::Http(_))));

    let asked = |definition: Value| with("read_back", definition).read_back.unwrap().answer;
    let path = |text: &str| Path::parse(text).unwrap();
    assert_eq!(asked(json!({"command": ["x"], "of": "a.b"})), Answer::Bare(path("a.b")));
    let values = BTreeMap::from([(path("a.b"), "/a".to_owned())]);
    let format = Format::Json;
    assert_eq!(
        asked(json!({"http": "https://h/", "of": "a.b", "pointer": "/a"})),
        Answer::Values { values: values.clone(), format }
    );
    assert_eq!(
        asked(json!({"file": "/a.toml", "values": {"a.b": "/a"}})),
        Answer::Values { values, format: Format::Toml }
    );
    assert_eq!(asked(json!({"http": "https://h/"})), Answer::Document { format, prefix: String::new() });

    let unit = with("restart", json!({"unit": "a.service"})).restart.unwrap();
    let stop = unit.command(Act::Stop).unwrap();
    assert_eq!((stop.vector, stop.timeout), (vector(&["systemctl", "stop", "a.service"]), RESTART_TIMEOUT));
    let commands = with("restart", json!({"command": ["again"], "timeout": "5s"})).restart.unwrap();
    assert_eq!(commands.command(Act::Restart).unwrap().timeout, Span::seconds(5));
    assert_eq!(commands.command(Act::Stop), None);
}

#[test]
fn a_service_may_have_several_probes_with_figures() {
    let one = with("health", json!({"http": "http://localhost:80/", "expect": 204})).health;
    assert!(matches!(one.as_slice(), [Probe::Http { expect: 204, .. }]));
    let page = json!({"metrics": "http://127.0.0.1/m", "figures": {
        "error_rate": {"metric": "e", "labels": {"code": "5"}, "over": {"metric": "all"}}}});
    let server = json!({"prometheus": "https://p/", "figures": {"memory": {"query": "up{a=\"b\"}"}}});
    let all = with("health", json!([{"tcp": "db:5432"}, {"command": ["well"]}, page, server])).health;
    let [
        Probe::Tcp { timeout, .. },
        Probe::Command(_),
        Probe::Metrics { figures, .. },
        Probe::Prometheus { queries, .. },
    ] = all.as_slice()
    else {
        panic!("{all:?}")
    };
    assert_eq!(*timeout, USUAL_TIMEOUT);
    let over = Series { metric: "all".to_owned(), labels: BTreeMap::new(), over: None };
    let labels = BTreeMap::from([("code".to_owned(), "5".to_owned())]);
    let series = Series { metric: "e".to_owned(), labels, over: Some(Box::new(over)) };
    assert_eq!(figures, &BTreeMap::from([(Figure::ErrorRate, series)]));
    assert_eq!(queries, &BTreeMap::from([(Figure::Memory, "up{a=\"b\"}".to_owned())]));
}

#[test]
fn every_instance_has_its_own_variables_and_they_stay_in_their_texts() {
    let section = json!({"web": {
        "uses": ["*"],
        "instances": {"a": {"port": "8081"}, "b": {"port": "8082; rm -rf / \" '"}, "c": {"port": "1"}},
        "rollout": {"at_once": 2, "bake": "30s"},
        "deliver": {"file": "/etc/${instance}.yaml", "check": ["x", "${port}", "${file}", "$${port}"]},
        "reload": {"signal": "HUP", "pid_file": "/run/web-${instance}.pid"},
        "health": {"http": "http://127.0.0.1:${port}/", "headers": {"x": "${instance} ${TOKEN}"}},
        "dump": {"command": ["dump", "--port=${port}", "${file}"]},
        "restore": {"command": ["restore", "${file}"]},
        "program_files": ["/opt/${instance}"],
    }});
    let services = services(section.clone());
    let web = &services["web"];
    let names = |wave: &[Instance]| wave.iter().map(|one| one.name.clone()).collect::<Vec<_>>().join(" ");
    assert_eq!(web.waves().map(names).collect::<Vec<_>>(), ["a b", "c"]);
    assert_eq!(web.rollout.bake, Span::seconds(30));
    let [a, b, _] = web.instances() else { panic!() };
    assert_eq!((a.file(), b.file()), (Some("/etc/a.yaml"), Some("/etc/b.yaml")));
    let check = b.deliver.as_ref().unwrap().check().unwrap();
    assert_eq!(check.vector_for("/f"), vector(&["x", "8082; rm -rf / \" '", "/f", "${port}"]));
    let Some(Reload::Signal { process, .. }) = &a.reload else { panic!() };
    assert_eq!(*process, Process::PidFile("/run/web-a.pid".to_owned()));
    let Probe::Http { call, .. } = &a.health[0] else { panic!() };
    assert_eq!((call.url.as_str(), call.headers["x"].as_str()), ("http://127.0.0.1:8081/", "a ${TOKEN}"));
    assert_eq!(a.dump.as_ref().unwrap().vector_for("/d"), vector(&["dump", "--port=8081", "/d"]));
    assert_eq!(a.dump.as_ref().unwrap().timeout, DUMP_TIMEOUT);
    assert_eq!(b.program_files, ["/opt/b"]);
    assert_eq!(to_value(&services), section);
}

#[test]
fn plain_http_stays_on_this_machine_where_nothing_else_is_said() {
    for (url, is_here) in [
        ("http://127.0.0.1:8080/x", true),
        ("http://127.9.9.9", true),
        ("http://localhost:1/", true),
        ("http://[::1]:80/", true),
        ("http://127.0.0.1.example.com/", false),
        ("http://localhost.example.com/", false),
        ("http://127.0.0.1@example.com/", false),
        ("http://127.0.0.1:x@example.com/", false),
        ("http://example.com/127.0.0.1", false),
        ("http://127.1/", false),
        ("http://0.0.0.0/", false),
    ] {
        assert_eq!(is_on_this_machine(url), is_here, "{url}");
    }
}

#[test]
fn names_of_services_that_nobody_defined_are_told_with_what_was_meant() {
    let text = "format: 1\ninstance: a\nsettings: {x: {services: [web]}, y: {services: [wbe, other]}}\n";
    let manifest = Manifest::read(&format!("{text}services: {{web: {{}}}}\n")).unwrap();
    let found: Vec<_> = unknown_names(&manifest.services, &manifest.settings)
        .into_iter()
        .map(|(name, path, near)| (name, path.as_str(), near))
        .collect();
    assert_eq!(found, [("other", "y", None), ("wbe", "y", Some("web"))]);
    let none = Manifest::read(text).unwrap();
    assert_eq!(unknown_names(&none.services, &none.settings), []);
}

#[test]
fn whoever_is_asked_late_has_no_more_time_than_is_left() {
    let services = read(&json!({"web": {
        "read_back": {"http": "http://127.0.0.1/config", "timeout": "30s"},
        "health": [{"tcp": "127.0.0.1:80", "timeout": "2s"}, {"command": ["true"], "timeout": "20s"}],
    }}))
    .unwrap();
    let instance = &services["web"].instances()[0];
    let asked = instance.read_back.clone().unwrap().within(Span::seconds(5));
    assert!(matches!(asked.ask, Ask::Http(call) if call.timeout == Span::seconds(5)));
    let probes: Vec<Probe> = instance.health.iter().map(|probe| probe.within(Span::seconds(5))).collect();
    assert!(matches!(&probes[0], Probe::Tcp { timeout, .. } if *timeout == Span::seconds(2)));
    assert!(matches!(&probes[1], Probe::Command(command) if command.timeout == Span::seconds(5)));
}
