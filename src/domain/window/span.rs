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
