//! What is kept of the windows of a shop, as what was read and what is set aside, and what of it may be put together. Pure.

use docket_connectors::channel::{Span, Spans};
use docket_domain::Time;
use docket_domain::channel::WindowState;
use docket_store::{WindowRow, WindowWrite};

/// The stretches of time that were read whole.
pub(super) fn finished(windows: &[WindowRow]) -> Spans {
    spans(windows.iter().filter(|window| window.state == WindowState::Finished))
}

/// The gaps that are not to be tried again yet.
pub(super) fn set_aside(windows: &[WindowRow], now: Time) -> Spans {
    spans(windows.iter().filter(|window| !is_due(window, now) && window.state == WindowState::Gap))
}

/// The gaps that are to be tried now.
pub(super) fn due(windows: &[WindowRow], now: Time) -> Vec<WindowRow> {
    windows.iter().filter(|window| is_due(window, now)).cloned().collect()
}

fn is_due(window: &WindowRow, now: Time) -> bool {
    window.state == WindowState::Gap && window.next_try_at.is_none_or(|at| at <= now)
}

fn spans<'a>(windows: impl Iterator<Item = &'a WindowRow>) -> Spans {
    windows.filter_map(span_of).collect()
}

fn span_of(window: &WindowRow) -> Option<Span> {
    Span::new(window.from, window.to)
}

/// Takes a window out.
pub(super) fn forget(window: &WindowRow) -> WindowWrite {
    let WindowRow { shop, series, from, to, .. } = *window;
    WindowWrite::Forget { shop, series, from, to }
}

/// Puts windows together that ended before `time` and have nothing missing between them: what they had each is not
/// looked at any more, and there is one row for a year as for a day.
pub(super) fn put_together(windows: &[WindowRow], time: Time) -> Vec<WindowWrite> {
    let old: Vec<_> = windows
        .iter()
        .filter(|window| window.state == WindowState::Finished && window.to < time)
        .collect();
    let mut writes = Vec::new();
    for span in spans(old.iter().copied()).iter() {
        let inside = |window: &&&WindowRow| window.from >= span.from && window.to <= span.to;
        let parts: Vec<_> = old.iter().filter(inside).collect();
        let [first, _, ..] = parts[..] else { continue };
        writes.extend(parts.iter().map(|part| forget(part)));
        let ours = parts.iter().map(|part| part.ours).sum();
        let whole = WindowRow { to: span.to, theirs: None, ours, ..(**first).clone() };
        writes.push(WindowWrite::Put(whole));
    }
    writes
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::Id;
    use docket_domain::channel::Series;
    use docket_domain::time::SECOND;

    fn at(second: i64) -> Time {
        Time(second * SECOND)
    }

    fn window(from: i64, to: i64, state: WindowState) -> WindowRow {
        WindowRow {
            shop: Id(1),
            series: Series::Updated,
            from: at(from),
            to: at(to),
            state,
            theirs: Some(1),
            ours: 1,
            run: Id(2),
            at: at(to),
            tries: 0,
            next_try_at: (state == WindowState::Gap).then(|| at(500)),
            reason: None,
        }
    }

    /// The rows after writes, by their ends.
    fn after(mut rows: Vec<WindowRow>, writes: &[WindowWrite]) -> Vec<(i64, i64, u64)> {
        for write in writes {
            if let WindowWrite::Forget { from, to, .. } = write {
                rows.retain(|row| (row.from, row.to) != (*from, *to));
            }
        }
        for write in writes {
            if let WindowWrite::Put(row) = write {
                rows.push(row.clone());
            }
        }
        rows.sort_by_key(|row| row.from);
        let ends = |row: &WindowRow| (row.from.0 / SECOND, row.to.0 / SECOND, row.ours);
        rows.iter().map(ends).collect()
    }

    #[test]
    fn old_windows_become_one_and_a_gap_stays_between_them() {
        let done = WindowState::Finished;
        let rows = vec![
            window(0, 99, done),
            window(90, 199, done),
            window(200, 209, WindowState::Gap),
            window(210, 299, done),
            window(290, 399, done),
            window(390, 600, done),
        ];
        let writes = put_together(&rows, at(500));
        assert_eq!(
            after(rows.clone(), &writes),
            [(0, 199, 2), (200, 209, 1), (210, 399, 2), (390, 600, 1)]
        );
        let before: Vec<_> = finished(&rows).iter().collect();
        assert_eq!(before.len(), 2, "the same is read whole as before");
        assert_eq!(put_together(&rows[..1], at(500)), [], "one is one already");
        assert_eq!(due(&rows, at(499)).len(), 0);
        assert_eq!(due(&rows, at(500)).len(), 1);
        assert_eq!(set_aside(&rows, at(499)).iter().count(), 1);
    }
}
