//! Which stretches of time of a list have been read to the end, and which are to be read next.
//!
//! What is kept is the set of finished stretches, not a mark: a stretch that failed in the middle stays a hole that can be
//! seen and filled, and what was read behind it is not read again. The mark, the end of the unbroken beginning, follows
//! from the set.

use super::call::{TimeField, Window};
use docket_domain::Time;
use docket_domain::time::{MINUTE, Millis};

/// The time of a list is no finer than a second.
pub(super) const SECOND: Millis = 1000;

/// A stretch of time with both its ends, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first moment of it.
    pub from: Time,
    /// The last moment of it.
    pub to: Time,
}

impl Span {
    /// From one second to another, both included; none if there is none between them.
    pub fn new(from: Time, to: Time) -> Option<Self> {
        let span = Self { from: second_of(from), to: second_of(to) };
        (span.from <= span.to).then_some(span)
    }

    /// As the window of a list.
    pub const fn by(self, by: TimeField) -> Window {
        Window { by, from: self.from, to: self.to }
    }

    /// How many seconds it has.
    pub(super) const fn seconds(self) -> i64 {
        self.to.since(self.from) / SECOND + 1
    }
}

impl From<Window> for Span {
    fn from(window: Window) -> Self {
        Self { from: window.from, to: window.to }
    }
}

fn second_of(time: Time) -> Time {
    Time(time.0.div_euclid(SECOND) * SECOND)
}

/// A set of moments, as stretches that neither touch nor overlap, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spans(Vec<Span>);

impl Spans {
    /// The stretches, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Span> {
        self.0.iter().copied()
    }

    /// Adds a stretch; what it touches or overlaps becomes one with it.
    pub fn add(&mut self, mut span: Span) {
        let first = self.0.partition_point(|known| known.to.plus(SECOND) < span.from);
        let end = self.0.partition_point(|known| known.from <= span.to.plus(SECOND));
        for known in &self.0[first..end] {
            span.from = span.from.min(known.from);
            span.to = span.to.max(known.to);
        }
        self.0.splice(first..end, [span]);
    }

    /// The parts of a stretch that are not in the set, oldest first.
    pub fn missing(&self, within: Span) -> Vec<Span> {
        let mut missing = Vec::new();
        let mut from = within.from;
        for known in &self.0 {
            missing.extend(Span::new(from, within.to.min(known.from.plus(-SECOND))));
            from = from.max(known.to.plus(SECOND));
        }
        missing.extend(Span::new(from, within.to));
        missing
    }
}

impl FromIterator<Span> for Spans {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let mut set = Self::default();
        spans.into_iter().for_each(|span| set.add(span));
        set
    }
}

/// How near to now a list is read, and how far what was read is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// A row may be listed so much later than its time says, in milliseconds: so far each reading goes back behind the
    /// end of the one before.
    pub overlap: Millis,
    /// Nothing younger is read, in milliseconds.
    pub lag: Millis,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { overlap: 15 * MINUTE, lag: 2 * MINUTE }
    }
}

/// A list of a shop that is read by time: since when, and what of it is finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    since: Time,
    finished: Spans,
}

impl Coverage {
    /// A list that is read from a moment on, with what is finished of it.
    pub fn new(since: Time, finished: Spans) -> Self {
        Self { since: second_of(since), finished }
    }

    /// Adds a stretch all of whose rows are written down.
    pub fn finish(&mut self, span: Span) {
        self.finished.add(span);
    }

    /// What is finished.
    pub const fn finished(&self) -> &Spans {
        &self.finished
    }

    /// The end of the unbroken beginning: up to here nothing is missing. None while even the beginning is.
    pub fn mark(&self) -> Option<Time> {
        let before = self.since.plus(-SECOND);
        let reached = self.finished.iter().find(|span| span.to >= before)?;
        (reached.from <= self.since).then_some(reached.to)
    }

    /// What is to be read at a moment of the marketplace's clock, oldest first: every hole, each from the overlap before
    /// it on, since rows before it may have been listed late. What is set aside until its next try stays out. Nothing if
    /// nothing is missing.
    ///
    /// Without holes this is one stretch, from the mark less the overlap to now less the lag.
    pub fn due(&self, now: Time, freshness: Freshness, set_aside: &Spans) -> Vec<Span> {
        let Some(all) = Span::new(self.since, now.plus(-freshness.lag)) else {
            return Vec::new();
        };
        let known: Spans = self.finished.iter().chain(set_aside.iter()).collect();
        let earlier = |hole: Span| Span {
            from: hole.from.plus(-SECOND - freshness.overlap).max(self.since),
            to: hole.to,
        };
        let holes: Spans = known.missing(all).into_iter().map(earlier).collect();
        // What is set aside fails: it is not read as the overlap of its neighbour either.
        holes.iter().flat_map(|hole| set_aside.missing(hole)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time(second * SECOND)
    }

    fn span(from: i64, to: i64) -> Span {
        Span::new(at(from), at(to)).unwrap()
    }

    const NEAR: Freshness = Freshness { overlap: 10 * SECOND, lag: 2 * SECOND };

    fn due(since: i64, finished: &[Span], now: i64, set_aside: &[Span]) -> Vec<Span> {
        let stream = Coverage::new(at(since), finished.iter().copied().collect());
        stream.due(at(now), NEAR, &set_aside.iter().copied().collect())
    }

    #[test]
    fn stretches_that_touch_become_one() {
        let spans: Spans =
            [span(10, 19), span(40, 50), span(20, 29), span(35, 39)].into_iter().collect();
        assert_eq!(spans.0, [span(10, 29), span(35, 50)]);
        let spans: Spans = spans.iter().chain([span(0, 100)]).collect();
        assert_eq!(spans.0, [span(0, 100)]);
    }

    #[test]
    fn a_reading_goes_from_before_the_mark_to_near_now() {
        assert_eq!(due(100, &[], 202, &[]), [span(100, 200)], "the first");
        assert_eq!(due(100, &[span(100, 200)], 302, &[]), [span(190, 300)]);
        assert_eq!(due(100, &[span(100, 200)], 202, &[]), [], "nothing is new");
        assert_eq!(due(100, &[span(100, 105)], 110, &[]), [span(100, 108)], "not before the first");
    }

    #[test]
    fn a_hole_is_read_and_what_was_read_behind_it_is_not() {
        let finished = [span(100, 200), span(250, 300)];
        assert_eq!(due(100, &finished, 402, &[]), [span(190, 249), span(290, 400)]);
        assert_eq!(due(100, &finished, 402, &[span(201, 249)]), [span(290, 400)]);
        // Set aside beside the end: its neighbours go on without it, and the overlap leaves it out too.
        let around = [span(200, 200), span(211, 300)];
        assert_eq!(due(100, &[span(100, 200)], 302, &[span(201, 210)]), around);
    }

    #[test]
    fn the_mark_is_the_end_of_the_unbroken_beginning() {
        let mark =
            |finished: &[Span]| Coverage::new(at(100), finished.iter().copied().collect()).mark();
        assert_eq!(mark(&[]), None);
        assert_eq!(mark(&[span(101, 200)]), None, "the beginning is missing");
        assert_eq!(mark(&[span(100, 200), span(202, 300)]), Some(at(200)));
        assert_eq!(mark(&[span(100, 200), span(201, 300)]), Some(at(300)));
        assert_eq!(mark(&[span(10, 20), span(90, 150)]), Some(at(150)));
    }
}
