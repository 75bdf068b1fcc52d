//! How two reports of one thing come to one: the newer wins, and of two as new as each other the greater, so that it
//! does not matter which one comes first.
//!
//! A report that was only read later and tells the same changes nothing, not even how new it is: else an order that
//! is read every hour were written every hour. What that costs: where a channel tells A, then B, then A again of one
//! update time and one status, and the reply with B comes last, B stays until the next reading.

use crate::Json;
use crate::tree::Stamp;

/// How new a report is beside the one that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Newer,
    Same,
    Older,
}

impl Turn {
    pub(super) fn of<T: Ord + Copy>(known: Option<T>, told: T) -> Self {
        match known {
            Some(known) if told < known => Self::Older,
            Some(known) if told == known => Self::Same,
            _ => Self::Newer,
        }
    }

    /// Puts what is told into the place of what is known, if it wins; whether that changed it.
    pub(super) fn settle<T: Ord + Clone>(self, known: &mut T, told: &T) -> bool {
        let wins = match self {
            Self::Newer => *told != *known,
            Self::Same => *told > *known,
            Self::Older => false,
        };
        if wins {
            known.clone_from(told);
        }
        wins
    }

    /// The same of free JSON, which has no order of its own.
    pub(super) fn settle_free(self, known: &mut Option<Json>, told: Option<&Json>) -> bool {
        let text = |json: Option<&Json>| json.map(Json::to_string);
        let wins = match self {
            Self::Newer => told != known.as_ref(),
            Self::Same => text(told) > text(known.as_ref()),
            Self::Older => false,
        };
        if wins {
            *known = told.cloned();
        }
        wins
    }
}

/// How new what is kept is after `told`, of which it was seen whether it `changed` something.
pub(super) fn stamped(
    known: Option<Stamp>,
    told: Stamp,
    turn: Turn,
    changed: bool,
) -> Option<Stamp> {
    let other_change = known.is_none_or(|known| !known.is_of_same_change(told));
    if turn == Turn::Newer && (changed || other_change) { Some(told) } else { known }
}
