//! Which windows of time were read whole, and what is to be read next. Pure.

use docket_domain::Time;
use docket_domain::channel::WindowState;
use docket_domain::time::{Millis, SECOND};
use docket_store::WindowRow;

/// The time of a marketplace is no finer: a window that begins so long behind another joins it.
const GRAIN: Millis = SECOND;

/// Until when everything is here, from the first window on: the end of the unbroken prefix of `windows`, which are in
/// the order of their first moments. Nothing where nothing was read yet.
pub(super) fn mark(windows: &[WindowRow]) -> Option<Time> {
    let finished = windows.iter().filter(|window| window.state == WindowState::Finished);
    finished.fold(None, |mark, window| match mark {
        None => Some(window.to),
        Some(mark) if window.from <= mark.plus(GRAIN) => Some(mark.max(window.to)),
        Some(mark) => Some(mark),
    })
}
