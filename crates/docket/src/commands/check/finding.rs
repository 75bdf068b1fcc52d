//! What was looked at, what was seen, and what that means.

use crate::output::Output;
use crate::said::Said;
use serde::Serialize;

/// What a finding means for the center.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mark {
    /// As it should be.
    Fine,
    /// Away, and work goes on without it.
    Warning,
    /// The center cannot work.
    Failed,
}

impl Mark {
    pub(super) const fn sign(self) -> char {
        match self {
            Self::Fine => '✓',
            Self::Warning => '!',
            Self::Failed => '✗',
        }
    }
}

/// What was looked at, and what was seen.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) what: String,
    /// Whether the center can work.
    pub(super) ok: bool,
    pub(super) mark: Mark,
    pub(super) says: String,
}

impl Finding {
    pub(super) fn of(what: &str, seen: &Result<Said, Said>, out: &Output) -> Self {
        Self::marked(what, seen, Mark::Failed, out)
    }

    /// The same of what can be done without.
    pub(super) fn of_help(what: &str, seen: &Result<Said, Said>, out: &Output) -> Self {
        Self::marked(what, seen, Mark::Warning, out)
    }

    fn marked(what: &str, seen: &Result<Said, Said>, where_not: Mark, out: &Output) -> Self {
        let (Ok(says) | Err(says)) = seen;
        let mark = if seen.is_ok() { Mark::Fine } else { where_not };
        Self::seen(what, &(mark, says.clone()), out)
    }

    pub(super) fn seen(what: &str, (mark, says): &(Mark, Said), out: &Output) -> Self {
        let says = out.tell(says).to_owned();
        Self { what: what.to_owned(), ok: *mark != Mark::Failed, mark: *mark, says }
    }
}
