//! When a window takes place: its spans, each from its first moment to the first one after it.

use super::{Day, Edge, Window};
use crate::domain::time::Timestamp;
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};

/// From the first moment to the first one after it.
type Span = (Timestamp, Timestamp);

impl Window {
    /// The span of it that holds this moment, as `[from, to)`; where clocks that are set back make two of them hold it,
    /// the one that ends later.
    pub fn span_at(&self, at: Timestamp) -> Option<Span> {
        let after = Timestamp::from_millis(at.millis().saturating_add(1));
        self.all_spans(at, after).filter(|span| holds(*span, at)).max_by_key(|(_, to)| *to)
    }

    /// Its spans that begin before `until` and end after `from`, in order, at most `limit`.
    pub fn spans(&self, from: Timestamp, until: Timestamp, limit: usize) -> Vec<Span> {
        self.all_spans(from, until).take(limit).collect()
    }

    /// The first span of it that begins after a moment and before another.
    pub(super) fn next_beginning(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        self.all_spans(after, until).map(|(from, _)| from).find(|from| *from > after)
    }

    fn all_spans(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = Span> {
        let weekly = match (self.from, self.to) {
            (Edge::Time(begins), Edge::Time(ends)) => Some((begins, ends)),
            _ => None,
        };
        // No span is longer than a day and what the clocks are set back by, and they are set by a day at most.
        let first = self.zone.local(from).date().checked_sub_days(Days::new(3)).unwrap_or(NaiveDate::MIN);
        let days =
            first.iter_days().filter(|date| self.days.is_empty() || self.days.contains(&Day::of(*date)));
        let weekly = weekly
            .into_iter()
            .flat_map(move |(begins, ends)| days.clone().map_while(move |date| self.on(date, begins, ends)));
        weekly
            .chain(self.dated())
            .take_while(move |(begins, _)| *begins < until)
            .filter(move |(begins, ends)| begins < ends && *ends > from)
    }

    /// The span that begins on a date; nothing past the end of the calendar.
    fn on(&self, date: NaiveDate, begins: NaiveTime, ends: NaiveTime) -> Option<Span> {
        let last = if begins < ends { date } else { date.succ_opt()? };
        Some(self.between(date.and_time(begins), last.and_time(ends)))
    }

    /// The span of a window that takes place once; nothing where it has no moment.
    pub(super) fn dated(&self) -> Option<Span> {
        let begins = match self.from {
            Edge::Time(_) => return None,
            Edge::Date(date) => date.and_time(NaiveTime::MIN),
            Edge::Moment(moment) => moment,
        };
        let ends = match self.to {
            Edge::Time(_) => return None,
            Edge::Date(date) => date.succ_opt()?.and_time(NaiveTime::MIN),
            Edge::Moment(moment) => moment,
        };
        Some(self.between(begins, ends)).filter(|(from, to)| begins < ends && from < to)
    }

    fn between(&self, begins: NaiveDateTime, ends: NaiveDateTime) -> Span {
        (self.zone.first(begins), self.zone.last(ends))
    }
}

fn holds((from, to): Span, at: Timestamp) -> bool {
    from <= at && at < to
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::window::Zone;

    fn window(days: &[Day], from: &str, to: &str, zone: &str) -> Window {
        Window {
            name: "w".to_owned(),
            allow: true,
            days: days.to_vec(),
            from: Edge::parse(from).unwrap(),
            to: Edge::parse(to).unwrap(),
            zone: Zone::parse(zone).unwrap(),
            risk: Vec::new(),
            except: Vec::new(),
        }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("{text}Z")).unwrap()
    }

    /// `2026-03-29 01:00` and so on, in UTC.
    fn shown(span: Span) -> [String; 2] {
        [span.0, span.1].map(|moment| moment.short().replace(":00Z", ""))
    }

    #[test]
    fn a_window_begins_and_ends_when_its_clocks_say() {
        let berlin = "Europe/Berlin";
        let new_york = "America/New_York";
        for (from, to, zone, inside, expected) in [
            ("22:00", "05:00", "UTC", "2026-06-01 23:00", ["2026-06-01 22:00", "2026-06-02 05:00"]),
            ("22:00", "05:00", "UTC", "2026-06-01 04:59", ["2026-05-31 22:00", "2026-06-01 05:00"]),
            ("22:00", "00:00", "UTC", "2026-12-31 23:00", ["2026-12-31 22:00", "2027-01-01 00:00"]),
            ("06:00", "06:00", "UTC", "2026-06-02 05:59", ["2026-06-01 06:00", "2026-06-02 06:00"]),
            ("06:00", "06:00", "UTC", "2026-06-02 06:00", ["2026-06-02 06:00", "2026-06-03 06:00"]),
            // Kathmandu is 5:45 ahead, without clock changes.
            (
                "22:00",
                "05:00",
                "Asia/Kathmandu",
                "2026-03-28 17:00",
                ["2026-03-28 16:15", "2026-03-28 23:15"],
            ),
            // The clocks of Berlin go forward at 01:00 UTC on 29 March 2026: the night is an hour shorter,
            ("22:00", "05:00", berlin, "2026-03-29 00:00", ["2026-03-28 21:00", "2026-03-29 03:00"]),
            // what begins in the gap begins after it, and what ends in the gap ends there.
            ("02:30", "05:00", berlin, "2026-03-29 01:00", ["2026-03-29 01:00", "2026-03-29 03:00"]),
            ("01:00", "02:30", berlin, "2026-03-29 00:59", ["2026-03-29 00:00", "2026-03-29 01:00"]),
            // They go back at 01:00 UTC on 25 October 2026: the night is an hour longer,
            ("22:00", "05:00", berlin, "2026-10-25 00:30", ["2026-10-24 20:00", "2026-10-25 04:00"]),
            // and what begins or ends at a time that is twice begins at the earlier and ends at the later.
            ("02:30", "05:00", berlin, "2026-10-25 00:30", ["2026-10-25 00:30", "2026-10-25 04:00"]),
            ("01:00", "02:30", berlin, "2026-10-25 01:29", ["2026-10-24 23:00", "2026-10-25 01:30"]),
            ("02:15", "02:45", berlin, "2026-10-25 01:00", ["2026-10-25 00:15", "2026-10-25 01:45"]),
            ("00:00", "00:00", berlin, "2026-10-25 12:00", ["2026-10-24 22:00", "2026-10-25 23:00"]),
            ("00:00", "00:00", berlin, "2026-03-29 12:00", ["2026-03-28 23:00", "2026-03-29 22:00"]),
            // New York: 8 March at 07:00 UTC and 1 November at 06:00 UTC.
            ("22:00", "05:00", new_york, "2026-03-08 05:00", ["2026-03-08 03:00", "2026-03-08 09:00"]),
            ("22:00", "05:00", new_york, "2026-11-01 05:00", ["2026-11-01 02:00", "2026-11-01 10:00"]),
            ("01:30", "03:00", new_york, "2026-11-01 05:30", ["2026-11-01 05:30", "2026-11-01 08:00"]),
            // Once.
            (
                "2026-12-20",
                "2027-01-03",
                berlin,
                "2027-01-03 22:59",
                ["2026-12-19 23:00", "2027-01-03 23:00"],
            ),
            ("2026-12-20", "2026-12-20", "UTC", "2026-12-20 12:00", ["2026-12-20 00:00", "2026-12-21 00:00"]),
            (
                "2026-12-20 18:00",
                "2027-01-03 06:30",
                berlin,
                "2026-12-24 00:00",
                ["2026-12-20 17:00", "2027-01-03 05:30"],
            ),
            (
                "2026-10-25",
                "2026-10-25 02:30",
                berlin,
                "2026-10-25 01:00",
                ["2026-10-24 22:00", "2026-10-25 01:30"],
            ),
            (
                "2026-03-29 02:30",
                "2026-03-30",
                berlin,
                "2026-03-29 01:00",
                ["2026-03-29 01:00", "2026-03-30 22:00"],
            ),
        ] {
            let window = window(&[], from, to, zone);
            let found = window.span_at(at(inside)).map(shown);
            assert_eq!(found, Some(expected.map(str::to_owned)), "{} at {inside}", window.in_words());
        }
    }

    #[test]
    fn the_first_moment_is_in_a_span_and_the_last_is_not() {
        let millis = |text: &str, more: i64| Timestamp::from_millis(at(text).millis() + more);
        for (days, from, to) in [
            (&[][..], "22:00", "05:00"),
            (&[Day::Mon][..], "22:00", "05:00"),
            (&[], "2026-06-01 22:00", "2026-06-02 05:00"),
        ] {
            let window = window(days, from, to, "UTC");
            for (moment, more, holds) in [
                ("2026-06-01 22:00", -1, false),
                ("2026-06-01 22:00", 0, true),
                ("2026-06-02 05:00", -1, true),
                ("2026-06-02 05:00", 0, false),
            ] {
                let found = window.span_at(millis(moment, more));
                assert_eq!(found.is_some(), holds, "{} at {moment} {more}", window.in_words());
            }
        }
    }

    #[test]
    fn a_window_belongs_to_the_day_on_which_it_begins() {
        // 1 June 2026 is a Monday.
        for (days, from, to, moment, holds) in [
            (&[Day::Mon][..], "22:00", "05:00", "2026-06-02 04:59", true),
            (&[Day::Mon], "22:00", "05:00", "2026-06-02 22:00", false),
            (&[Day::Mon], "22:00", "05:00", "2026-06-01 04:59", false),
            (&[Day::Sun], "22:00", "05:00", "2026-06-01 04:59", true),
            (&[Day::Sun], "22:00", "05:00", "2026-06-07 23:00", true),
            (&[Day::Sun], "00:00", "00:00", "2026-06-08 00:00", false),
            (&[Day::Sat, Day::Sun], "12:00", "12:00", "2026-06-08 11:59", true),
            (&[Day::Sat, Day::Sun], "12:00", "12:00", "2026-06-06 11:59", false),
        ] {
            let window = window(days, from, to, "UTC");
            assert_eq!(window.span_at(at(moment)).is_some(), holds, "{} at {moment}", window.in_words());
        }
        // Where it is Monday already while it is Sunday in UTC.
        let early = window(&[Day::Mon], "00:00", "05:00", "Asia/Kathmandu");
        assert!(early.span_at(at("2026-05-31 18:15")).is_some());
        assert!(early.span_at(at("2026-06-01 18:15")).is_none());
    }

    #[test]
    fn spans_come_in_order_and_only_those_that_touch_what_was_asked() {
        let night = window(&[Day::Mon, Day::Wed], "22:00", "05:00", "UTC");
        let found = |from: &str, until: &str, limit| -> Vec<String> {
            night.spans(at(from), at(until), limit).into_iter().map(|span| shown(span)[0].clone()).collect()
        };
        let (one, two, three) = ("2026-06-01 22:00", "2026-06-03 22:00", "2026-06-08 22:00");
        assert_eq!(found("2026-06-01 00:00", "2026-06-09 00:00", 9), [one, two, three]);
        assert_eq!(found("2026-06-01 00:00", "2026-06-09 00:00", 2), [one, two]);
        assert_eq!(found("2026-06-02 04:59", "2026-06-08 22:00", 9), [one, two]);
        assert_eq!(found("2026-06-02 05:00", "2026-06-08 22:01", 9), [two, three]);
        assert_eq!(found("2026-06-02 05:00", "2026-06-03 22:00", 9), [""; 0]);
        assert_eq!(found("2026-06-01 00:00", "9999-12-31 00:00", 1), [one]);
        assert_eq!(found("2026-06-01 00:00", "9999-12-31 00:00", 0), [""; 0]);
        let once = window(&[], "2026-12-20", "2027-01-03", "UTC");
        let count = |from: &str, until: &str| once.spans(at(from), at(until), 9).len();
        assert_eq!(count("2026-01-01 00:00", "2028-01-01 00:00"), 1);
        assert_eq!(count("2027-01-03 23:59", "2028-01-01 00:00"), 1);
        assert_eq!(count("2027-01-04 00:00", "2028-01-01 00:00"), 0);
        assert_eq!(count("2026-01-01 00:00", "2026-12-20 00:00"), 0);
    }

    #[test]
    fn where_the_clocks_are_set_back_two_spans_of_a_daily_window_overlap_and_the_later_end_counts() {
        let daily = window(&[], "02:30", "02:30", "Europe/Berlin");
        let both = daily.spans(at("2026-10-24 12:00"), at("2026-10-25 02:00"), 9);
        assert_eq!(shown(both[0]), ["2026-10-24 00:30", "2026-10-25 01:30"]);
        assert_eq!(shown(both[1]), ["2026-10-25 00:30", "2026-10-26 01:30"]);
        assert_eq!(daily.span_at(at("2026-10-25 01:00")), Some(both[1]));
    }

    #[test]
    fn a_window_that_is_not_well_formed_and_the_ends_of_the_calendar_do_no_harm() {
        let (first, last) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
        for (from, to) in [("22:00", "2026-12-20"), ("2026-12-20", "05:00"), ("2026-12-20", "2026-12-19")] {
            let odd = window(&[], from, to, "UTC");
            assert_eq!((odd.spans(first, last, 9), odd.span_at(at("2026-12-20 00:00"))), (vec![], None));
        }
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            let always = window(&[], "00:00", "00:00", zone);
            assert!(always.span_at(first).is_some());
            always.span_at(last);
            always.spans(last, last, 9);
        }
        assert!(window(&[], "2026-01-01", "9999-12-31", "UTC").span_at(at("9999-12-30 00:00")).is_some());
    }
}
