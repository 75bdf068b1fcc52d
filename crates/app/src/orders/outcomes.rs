//! What became of orders that were asked for, counted for whoever watches the center.

use crate::{Answer, App, Error};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What may become of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became {
    /// A new order.
    Placed,
    /// It was placed before: the same answer again.
    Replayed,
    /// It cannot be as it was asked for.
    Refused,
    /// No fault of its own: the database was away, or too much waits.
    Failed,
    /// It waits to be decided, and is counted again then.
    Accepted,
    /// It was placed elsewhere, and is taken down here.
    Recorded,
}

const ALL: [(Became, &str); 6] = [
    (Became::Placed, "placed"),
    (Became::Replayed, "replayed"),
    (Became::Refused, "refused"),
    (Became::Failed, "failed"),
    (Became::Accepted, "accepted"),
    (Became::Recorded, "recorded"),
];

/// How often each came about since this process began.
#[derive(Debug, Default)]
pub(crate) struct Outcomes([AtomicU64; ALL.len()]);

impl Became {
    fn of(placed: &Result<Answer, Error>) -> Self {
        match placed {
            Ok(answer) if answer.replayed => Self::Replayed,
            Ok(_) => Self::Placed,
            Err(Error::RejectedLater) => Self::Replayed,
            Err(
                Error::Unavailable(_)
                | Error::Busy
                | Error::TooSlow
                | Error::Moved(_)
                | Error::Damaged(_)
                | Error::Internal(_)
                | Error::ArchiveUnreachable(_)
                | Error::ArchiveDamaged(_),
            ) => Self::Failed,
            Err(_) => Self::Refused,
        }
    }
}

impl Outcomes {
    /// Counts one.
    pub fn count(&self, outcome: Became) {
        self.0[outcome as usize].fetch_add(1, Relaxed);
    }

    /// Counts what came of placing, and hands it on.
    pub fn counted(&self, placed: Result<Answer, Error>) -> Result<Answer, Error> {
        self.count(Became::of(&placed));
        placed
    }
}

impl App {
    /// How many orders were asked for since this process began, by what became of them.
    pub fn order_figures(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = &self.inner.outcomes.0;
        ALL.iter().map(|(outcome, word)| (*word, counts[*outcome as usize].load(Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_a_count_of_its_own() {
        let outcomes = Outcomes::default();
        for (at, (outcome, _)) in ALL.iter().enumerate() {
            assert_eq!(*outcome as usize, at);
            outcomes.count(*outcome);
        }
        assert!(outcomes.0.iter().all(|count| count.load(Relaxed) == 1));
        assert_eq!(Became::of(&Err(Error::Busy)), Became::Failed);
        assert_eq!(Became::of(&Err(Error::TooSlow)), Became::Failed);
        assert_eq!(Became::of(&Err(Error::IdempotencyKeyReused)), Became::Refused);
    }
}
