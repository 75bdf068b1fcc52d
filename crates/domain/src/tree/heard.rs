//! What was heard of an order from its channel, and when: kept with the order, so that an older report never undoes
//! a newer one, whichever comes first.

use super::is_default;
use crate::Time;
use serde::{Deserialize, Serialize};

/// How new a report is: by the change that it tells of, then by how far the order was, then by when it was read,
/// since some changes move no update time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// When the channel says that the order changed last; a reply that does not say it is older than one that does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Time>,
    /// How far the status of the channel is; 0 where nobody knows the word.
    pub rank: u8,
    /// When it was read, by the channel's clock.
    pub read_at: Time,
}

impl Stamp {
    /// Whether both tell of the same change, whenever they were read.
    pub fn is_of_same_change(self, other: Self) -> bool {
        (self.updated_at, self.rank) == (other.updated_at, other.rank)
    }
}

/// When something happened: at a moment, or at one that is only known to be no later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// The moment.
    pub at: Time,
    /// Whether it had happened by then, nobody knows when.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by_then: bool,
}

impl When {
    /// At this moment.
    pub const fn at(at: Time) -> Self {
        Self { at, by_then: false }
    }

    /// By this moment.
    pub const fn by(at: Time) -> Self {
        Self { at, by_then: true }
    }

    /// What two sources say together: a moment wins over "by then", the earlier over the later.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        if (self.by_then, self.at) <= (other.by_then, other.at) { self } else { other }
    }

    /// The same where either may say nothing.
    pub fn join_all(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.join(other)),
            (one, other) => one.or(other),
        }
    }
}

/// The marketplace's own word for where an order is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelStatus {
    /// The word, whatever it is.
    pub word: String,
    /// When it was heard first.
    pub at: Time,
}

/// What was heard of a shop order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Heard {
    /// Of statuses and labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Stamp>,
    /// The furthest rank that any report had.
    #[serde(default, skip_serializing_if = "is_default")]
    pub furthest: u8,
    /// When the amounts of the whole order were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amounts: Option<Time>,
    /// What was given back of it in all, and when that was read: not every reading of amounts tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<(i64, Time)>,
    /// Whether its currency is a guess: it gives way while every amount is unknown.
    #[serde(default, skip_serializing_if = "is_default")]
    pub currency_guessed: bool,
    /// Whether the moment of its placement is only known to be no later.
    #[serde(default, skip_serializing_if = "is_default")]
    pub created_by_then: bool,
    /// Whether it was cancelled as a whole.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancelled: bool,
    /// The first moment at which units of it are known to have been cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Time>,
}

/// What was heard of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HeardLine {
    /// Of its quantities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Stamp>,
    /// Of what it is called, where that was not told with its quantities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Stamp>,
    /// When it left; all of it that was not cancelled did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<When>,
    /// When the packages it is in were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<Time>,
    /// Whether that reading told how much of it is in each.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shares_told: bool,
    /// When its amounts were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amounts: Option<Time>,
}
