//! The steps of a change's execution, as a few words each in its row.

/// What nearly every step came to.
const COMPLETED: &str = "completed";

/// One recorded step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// validation, backup, apply_change, verification.
    pub name: String,
    /// completed, failed or skipped.
    pub status: String,
    /// In microseconds.
    pub duration_us: i64,
    /// What came of it.
    pub result: String,
}

/// Steps as the store keeps them: a line each, with what is not the usual status before the name.
pub(super) fn steps_text(steps: &[Step]) -> Option<String> {
    let line = |step: &Step| {
        let status = if step.status == COMPLETED { String::new() } else { format!("{}!", step.status) };
        format!("{status}{} {} {}", step.name, step.duration_us, step.result)
    };
    (!steps.is_empty()).then(|| steps.iter().map(line).collect::<Vec<_>>().join("\n"))
}

pub(super) fn steps_of(text: &str) -> Vec<Step> {
    let step = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let name = words.next().unwrap_or_default();
        let (status, name) = name.split_once('!').unwrap_or((COMPLETED, name));
        Step {
            name: name.to_owned(),
            status: status.to_owned(),
            duration_us: words.next().and_then(|word| word.parse().ok()).unwrap_or_default(),
            result: words.next().unwrap_or_default().to_owned(),
        }
    };
    text.lines().map(step).collect()
}
