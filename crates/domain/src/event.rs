//! What others are told of an order: each row of the log is one event, with a word that stays. Which word an operation
//! is told by stands in its definition ([`crate::operation::Event`]).

use crate::{LogEntry, OperationKind, Tree};

/// The word of the event that `entry` is; `after` is the tree right after it. None for what was taken over from
/// elsewhere: it did not happen here.
pub fn of(entry: &LogEntry, after: &Tree) -> Option<&'static str> {
    entry.kind.definition().event.of(entry, after)
}

/// Every word that [`of`] answers, each once, for whoever chooses among them.
pub fn words() -> Vec<&'static str> {
    let mut words = Vec::new();
    for word in OperationKind::ALL.iter().flat_map(|kind| kind.definition().event.words()) {
        if !words.contains(word) {
            words.push(*word);
        }
    }
    words
}
