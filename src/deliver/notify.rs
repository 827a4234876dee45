//! Telling people: the manifest's notify command, with one notice.

use crate::domain::notice::{Notice, Notify};
use crate::run::command::{Command, Ran, run};

/// Runs the notify command with a notice: as JSON on its standard input, and the gist of it in its environment.
pub fn tell(terms: &Notify, notice: &Notice) -> Ran {
    let input = notice.to_json() + "\n";
    run(&Command {
        vector: &terms.command,
        input: &input,
        variables: &notice.variables(),
        timeout: terms.timeout.duration(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::Event;
    use crate::domain::time::{Span, Timestamp};

    #[test]
    fn the_command_gets_the_notice_as_json_and_its_gist_in_the_environment() {
        let notice = Notice {
            event: Event::Decision,
            summary: "dave approved\nchange 9".to_owned(),
            instance: "billing".to_owned(),
            change: Some(9),
            id: None,
            kind: None,
            state: None,
            risk: None,
            by: "dave".to_owned(),
            reason: "line\nand \u{1b}[31mmore".to_owned(),
            to: vec!["frank".to_owned()],
            missing: Vec::new(),
            next: None,
            at: Timestamp::from_millis(0),
        };
        let script = "cat; printf '%s ' \"$CFGCTL_EVENT\" \"$CFGCTL_CHANGE\" \"$CFGCTL_SUMMARY\" >&2";
        let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let ran = tell(&Notify { command, timeout: Span::seconds(30), events: Vec::new() }, &notice);
        assert!(ran.succeeded(), "{}", ran.sentence());
        assert_eq!(serde_json::from_str::<Notice>(&ran.stdout.text).unwrap(), notice);
        assert_eq!(ran.stdout.text.lines().count(), 1);
        assert_eq!(ran.stderr.text, "decision 9 dave approved\\nchange 9 ");
    }
}
