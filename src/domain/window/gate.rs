//! Whether a change may be executed at a moment, and when it could be.

use super::Window;
use crate::domain::risk::Risk;
use crate::domain::role::Role;
use crate::domain::time::{Span, Timestamp};

/// How far ahead an opening is looked for.
const AHEAD: Span = Span::days(366);

/// Whether a change of some risk may be executed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate<'a> {
    /// Nothing is in the way.
    Open,
    /// A freeze holds it until then; whether it may be executed then, [`next_open`] says.
    Frozen {
        /// The freeze; of several the one that ends last.
        by: &'a Window,
        /// When its span ends.
        until: Timestamp,
    },
    /// It needs an open window and none is.
    Shut {
        /// The next opening that no freeze takes away; none where there is none within a year.
        next: Option<Timestamp>,
    },
}

/// What stands in the way, without what comes next.
enum Held<'a> {
    By(&'a Window, Timestamp),
    NoWindow,
}

/// Whether a change of this risk may be executed at a moment by a member with this role. A freeze that concerns the
/// risk and does not except the role holds it; else, where `needs_window`, an allow window for the risk must be open.
pub fn gate<'a>(
    windows: &'a [Window],
    at: Timestamp,
    risk: Risk,
    role: Role,
    needs_window: bool,
) -> Gate<'a> {
    match held(windows, at, risk, role, needs_window) {
        None => Gate::Open,
        Some(Held::By(by, until)) => Gate::Frozen { by, until },
        Some(Held::NoWindow) => Gate::Shut { next: next_open(windows, at, risk, role, needs_window) },
    }
}

/// The first moment from `at` on when the gate would be open, looking a year ahead.
pub fn next_open(
    windows: &[Window],
    at: Timestamp,
    risk: Risk,
    role: Role,
    needs_window: bool,
) -> Option<Timestamp> {
    let horizon = at.after(AHEAD);
    let mut moment = at;
    // Every step goes to a later moment: a freeze ends after the moment it holds, a beginning is looked for after it.
    loop {
        let next = match held(windows, moment, risk, role, needs_window) {
            None => return Some(moment),
            Some(Held::By(_, until)) => until,
            Some(Held::NoWindow) => {
                let allowing = windows.iter().filter(|window| window.allow && window.concerns(risk));
                allowing.filter_map(|window| window.next_beginning(moment, horizon)).min()?
            }
        };
        if next >= horizon {
            return None;
        }
        moment = next;
    }
}

fn held<'a>(
    windows: &'a [Window],
    at: Timestamp,
    risk: Risk,
    role: Role,
    needs_window: bool,
) -> Option<Held<'a>> {
    let concerning = || windows.iter().filter(|window| window.concerns(risk));
    let freezes = concerning().filter(|window| !window.allow && !window.excepts(role));
    let holding = freezes.filter_map(|window| Some((window, window.span_at(at)?.1)));
    if let Some((by, until)) = holding.max_by_key(|(_, until)| *until) {
        return Some(Held::By(by, until));
    }
    let open = || concerning().any(|window| window.allow && window.span_at(at).is_some());
    (needs_window && !open()).then_some(Held::NoWindow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::window::Day;
    use proptest::prelude::*;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("{text}Z")).unwrap()
    }

    fn windows(written: serde_json::Value) -> Vec<Window> {
        serde_json::from_value(written).unwrap()
    }

    /// The gate in words, in UTC without seconds.
    fn shown(gate: Gate<'_>) -> String {
        let short = |at: Timestamp| at.short().replace(":00Z", "");
        match gate {
            Gate::Open => "open".to_owned(),
            Gate::Frozen { by, until } => format!("frozen by {} until {}", by.name, short(until)),
            Gate::Shut { next } => format!("shut until {}", next.map_or_else(|| "ever".to_owned(), short)),
        }
    }

    #[test]
    fn a_freeze_beats_an_open_window_and_excepts_by_role() {
        let windows = windows(json!([
            {"name": "night", "allow": true, "from": "22:00", "to": "05:00", "risk": ["critical"]},
            {"name": "release", "allow": false, "from": "2026-06-01 12:00", "to": "2026-06-02 02:00",
             "except": ["senior-admin"]},
            {"name": "audit", "allow": false, "from": "2026-06-02 01:00", "to": "2026-06-02 04:00",
             "risk": ["high", "critical"]},
        ]));
        use Risk::{Critical, High, Low};
        use Role::{Admin, Board, SeniorAdmin};
        for (moment, risk, role, needs, expected) in [
            ("2026-06-01 11:59", Low, Admin, false, "open"),
            ("2026-06-01 12:00", Low, Admin, false, "frozen by release until 2026-06-02 02:00"),
            ("2026-06-01 12:00", Low, SeniorAdmin, false, "open"),
            ("2026-06-01 12:00", Low, Board, false, "open"),
            ("2026-06-02 02:00", Low, Admin, false, "open"),
            // Of two freezes the one that ends last; the one that excepts the role is none.
            ("2026-06-02 01:30", High, Admin, false, "frozen by audit until 2026-06-02 04:00"),
            ("2026-06-02 01:30", High, Board, false, "frozen by audit until 2026-06-02 04:00"),
            ("2026-06-02 01:30", Low, Admin, false, "frozen by release until 2026-06-02 02:00"),
            // Who needs a window: shut, open, and frozen although one is open.
            ("2026-06-01 11:59", Critical, Admin, true, "shut until 2026-06-02 04:00"),
            ("2026-06-01 11:59", Critical, Board, true, "shut until 2026-06-01 22:00"),
            ("2026-06-01 22:00", Critical, Board, true, "open"),
            ("2026-06-01 22:00", Critical, Admin, true, "frozen by release until 2026-06-02 02:00"),
            ("2026-06-02 04:00", Critical, Admin, true, "open"),
            ("2026-06-02 05:00", Critical, Admin, true, "shut until 2026-06-02 22:00"),
            // A window for critical changes opens nothing to high ones.
            ("2026-06-02 23:00", High, Admin, true, "shut until ever"),
            ("2026-06-02 23:00", High, Admin, false, "open"),
        ] {
            let found = shown(gate(&windows, at(moment), risk, role, needs));
            assert_eq!(found, expected, "{moment} {risk} {role} {needs}");
        }
    }

    #[test]
    fn windows_and_freezes_that_follow_on_each_other_leave_no_gap() {
        let days = windows(json!([{"name": "days", "allow": true, "from": "00:00", "to": "00:00"}]));
        for moment in ["2026-06-01 23:59", "2026-06-02 00:00"] {
            assert_eq!(gate(&days, at(moment), Risk::High, Role::Admin, true), Gate::Open, "{moment}");
        }
        let weekend =
            windows(json!([{"name": "weekend", "allow": false, "days": ["sat", "sun"], "from": "00:00",
            "to": "00:00"}]));
        let shown_at = |moment| shown(gate(&weekend, at(moment), Risk::High, Role::Admin, false));
        assert_eq!(shown_at("2026-06-06 00:00"), "frozen by weekend until 2026-06-07 00:00");
        assert_eq!(shown_at("2026-06-07 00:00"), "frozen by weekend until 2026-06-08 00:00");
        assert_eq!(shown_at("2026-06-08 00:00"), "open");
        let next = next_open(&weekend, at("2026-06-06 00:00"), Risk::High, Role::Admin, false);
        assert_eq!(next, Some(at("2026-06-08 00:00")));
    }

    #[test]
    fn the_next_opening_is_the_first_that_no_freeze_takes_away() {
        let night =
            json!({"name": "night", "allow": true, "from": "22:00", "to": "05:00", "zone": "Europe/Berlin"});
        let frozen = |from, to| json!({"name": "f", "allow": false, "from": from, "to": to});
        for (more, moment, needs, expected) in [
            (vec![], "2026-06-01 12:00", true, Some("2026-06-01 20:00")),
            (vec![], "2026-06-01 20:00", true, Some("2026-06-01 20:00")),
            (vec![], "2026-06-02 03:00", true, Some("2026-06-02 20:00")),
            (vec![], "2026-06-02 12:00", false, Some("2026-06-02 12:00")),
            // A freeze that ends inside the night, at its end, and in the day after.
            (vec![frozen("2026-06-01", "2026-06-01")], "2026-06-01 12:00", true, Some("2026-06-02 00:00")),
            (
                vec![frozen("2026-06-01", "2026-06-02 03:00")],
                "2026-06-01 12:00",
                true,
                Some("2026-06-02 20:00"),
            ),
            (
                vec![frozen("2026-06-01", "2026-06-02 12:00")],
                "2026-06-01 21:00",
                true,
                Some("2026-06-02 20:00"),
            ),
            // Two that follow on each other.
            (
                vec![frozen("2026-06-01", "2026-06-02"), frozen("2026-06-03", "2026-06-03 21:30")],
                "2026-06-01 12:00",
                true,
                Some("2026-06-03 21:30"),
            ),
            // Every night frozen, for ever and for longer than is looked ahead.
            (
                vec![json!({"name": "f", "allow": false, "from": "20:00", "to": "04:00"})],
                "2026-06-01 12:00",
                true,
                None,
            ),
            (vec![frozen("2026-06-01", "2029-01-01")], "2026-06-01 12:00", false, None),
        ] {
            let mut all = more;
            all.push(night.clone());
            let all = windows(all.into());
            let found = next_open(&all, at(moment), Risk::Critical, Role::Admin, needs);
            assert_eq!(found, expected.map(at), "{moment} {all:?}");
        }
    }

    #[test]
    fn where_no_window_will_open_none_is_named() {
        let shut = Gate::Shut { next: None };
        assert_eq!(gate(&[], at("2026-06-01 12:00"), Risk::Critical, Role::Board, true), shut);
        assert_eq!(gate(&[], at("2026-06-01 12:00"), Risk::Critical, Role::Board, false), Gate::Open);
        for (from, to) in [("2026-01-01", "2026-05-31"), ("2027-06-03", "2027-06-04")] {
            let once = windows(json!([{"name": "a", "allow": true, "from": from, "to": to}]));
            assert_eq!(
                gate(&once, at("2026-06-01 12:00"), Risk::Critical, Role::Board, true),
                shut,
                "{from}"
            );
        }
    }

    fn edge_of_day() -> impl Strategy<Value = String> {
        // Often on the hours at which clocks change.
        (
            prop_oneof![Just(0u32), Just(1), Just(2), Just(3), 0..24u32],
            prop_oneof![Just(0u32), Just(30), 0..60u32],
        )
            .prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"))
    }

    fn moment_of_2026() -> impl Strategy<Value = Timestamp> {
        // The days around the clock changes as often as all others.
        let (march, october) = (at("2026-03-27 00:00").millis(), at("2026-10-23 00:00").millis());
        let days = |days: i64| days * 86_400_000;
        prop_oneof![
            march..march + days(4),
            october..october + days(4),
            at("2026-01-01 00:00").millis()..at("2027-01-01 00:00").millis(),
        ]
        .prop_flat_map(|millis| prop_oneof![Just(millis - millis % 900_000), Just(millis)])
        .prop_map(Timestamp::from_millis)
    }

    fn edges() -> impl Strategy<Value = (String, String, Vec<Day>)> {
        let weekly = (edge_of_day(), edge_of_day(), proptest::sample::subsequence(Day::ALL.to_vec(), 0..=7));
        let dated = (moment_of_2026(), 0..40u64, edge_of_day(), any::<[bool; 2]>()).prop_map(
            |(begins, days, time, [plain_from, plain_to])| {
                let from = if plain_from { begins.day() } else { format!("{} {time}", begins.day()) };
                let last = begins.after(Span::days(days + 1)).day();
                (from, if plain_to { last } else { format!("{last} {time}") }, Vec::new())
            },
        );
        prop_oneof![3 => weekly, 1 => dated]
    }

    fn window() -> impl Strategy<Value = Window> {
        let zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];
        let risks = proptest::sample::subsequence(Risk::ALL.to_vec(), 0..=4);
        let roles = proptest::sample::subsequence(Role::ALL.to_vec(), 0..=2);
        (edges(), any::<bool>(), proptest::sample::select(zones.to_vec()), risks, roles).prop_map(
            |((from, to, days), allow, zone, risk, roles)| {
                let except = if allow { Vec::new() } else { roles };
                serde_json::from_value(
                    json!({"name": "w", "allow": allow, "days": days, "from": from, "to": to,
                    "zone": zone, "risk": risk, "except": except}),
                )
                .unwrap()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_moment_has_a_span_where_one_of_the_spans_around_it_holds_it(
            window in window(), at in moment_of_2026(), before in 0..30u64, after in 0..30u64,
        ) {
            prop_assert_eq!(window.problems(), Vec::<String>::new());
            let (from, until) = (at.before(Span::days(before)), at.after(Span::days(after + 1)));
            let spans = window.spans(from, until, usize::MAX);
            for (begins, ends) in &spans {
                prop_assert!(begins < ends && *begins < until && *ends > from);
                prop_assert!(window.span_at(*begins).is_some_and(|(_, last)| last >= *ends));
            }
            prop_assert!(spans.is_sorted());
            let holding: Vec<_> = spans.into_iter().filter(|(begins, ends)| *begins <= at && at < *ends).collect();
            prop_assert_eq!(window.span_at(at), holding.into_iter().max_by_key(|(_, ends)| *ends));
        }

        #[test]
        fn the_gate_is_open_at_the_next_opening_and_at_no_moment_before(
            windows in proptest::collection::vec(window(), 0..5),
            from in moment_of_2026(),
            risk in proptest::sample::select(Risk::ALL.to_vec()),
            role in proptest::sample::select(Role::ALL.to_vec()),
            needs_window in any::<bool>(),
            part in 0.0..1.0f64,
        ) {
            let gate_at = |at| gate(&windows, at, risk, role, needs_window);
            let next = next_open(&windows, from, risk, role, needs_window);
            prop_assert_eq!(gate_at(from) == Gate::Open, next == Some(from));
            if let Some(next) = next {
                prop_assert_eq!(gate_at(next), Gate::Open);
            }
            if let Gate::Shut { next: told } = gate_at(from) {
                prop_assert_eq!(told, next);
            }
            let end = next.unwrap_or_else(|| from.after(AHEAD)).millis();
            let between = from.millis() + ((end - from.millis()) as f64 * part) as i64;
            for at in [between, end - 1].into_iter().filter(|at| (from.millis()..end).contains(at)) {
                prop_assert_ne!(gate_at(Timestamp::from_millis(at)), Gate::Open);
            }
        }
    }
}
