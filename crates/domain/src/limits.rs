//! How much of one kind an order takes of those who ask: each of these facts stands in its rows and in every answer
//! for good. What has happened is taken down whatever its number: reports of channels and imports, news of gateways,
//! what time brings about.

use std::fmt;

/// How many facts of each kind may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one side for money back of one shop order, withdrawn ones included; also tries of one of them.
    pub refunds: u32,
    /// Shipments of one shop order.
    pub shipments: u32,
    /// Payments of an order that a till reports, and payments of nothing whoever reports them; also what a till
    /// reports of the money of one refund, and contradictions between references.
    pub payments: u32,
    /// Attempts to pay of an order.
    pub attempts: u32,
    /// Notes on an order.
    pub notes: u32,
    /// Labels on one node.
    pub tags: u32,
    /// Days by which receipt of a shop order is put off in all.
    pub extended_days: u32,
    /// Changes of an order, of whatever kind, after which no words, labels or new terms are taken any more. What
    /// moves goods or money goes on.
    pub changes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            refunds: 200,
            shipments: 200,
            payments: 200,
            attempts: 20,
            notes: 200,
            tags: 50,
            extended_days: 180,
            changes: 2000,
        }
    }
}

impl Limits {
    /// For what nobody asks for: it has happened, or time brings it about.
    pub const NONE: Self = Self {
        refunds: u32::MAX,
        shipments: u32::MAX,
        payments: u32::MAX,
        attempts: u32::MAX,
        notes: u32::MAX,
        tags: u32::MAX,
        extended_days: u32::MAX,
        changes: u32::MAX,
    };
}

/// Of what an order has had as many as it takes, and how many that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooMany {
    /// See [`Limits::refunds`].
    Refunds(u32),
    /// What a till reported of the money of one refund; see [`Limits::payments`].
    RefundNews(u32),
    /// See [`Limits::shipments`].
    Shipments(u32),
    /// See [`Limits::payments`].
    Payments(u32),
    /// See [`Limits::attempts`].
    Attempts(u32),
    /// See [`Limits::notes`].
    Notes(u32),
    /// See [`Limits::tags`].
    Tags(u32),
    /// See [`Limits::extended_days`].
    Extensions(u32),
    /// See [`Limits::changes`].
    Changes(u32),
}

impl TooMany {
    /// The stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refunds(_) => "too_many_refunds",
            Self::RefundNews(_) => "too_many_refund_news",
            Self::Shipments(_) => "too_many_shipments",
            Self::Payments(_) => "too_many_payments",
            Self::Attempts(_) => "too_many_attempts",
            Self::Notes(_) => "too_many_notes",
            Self::Tags(_) => "too_many_tags",
            Self::Extensions(_) => "too_many_extensions",
            Self::Changes(_) => "too_many_changes",
        }
    }

    /// How many are taken.
    pub const fn most(self) -> u32 {
        match self {
            Self::Refunds(most)
            | Self::RefundNews(most)
            | Self::Shipments(most)
            | Self::Payments(most)
            | Self::Attempts(most)
            | Self::Notes(most)
            | Self::Tags(most)
            | Self::Extensions(most)
            | Self::Changes(most) => most,
        }
    }
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.most();
        match self {
            Self::Refunds(_) => write!(
                f,
                "one side may ask {most} times for money back of a shop order, withdrawn requests \
                 included, and it has done so"
            ),
            Self::RefundNews(_) => {
                write!(
                    f,
                    "{most} reports are taken of the money of one refund, and it has had them"
                )
            }
            Self::Shipments(_) => {
                write!(f, "a shop order takes {most} shipments, and this one has had them")
            }
            Self::Payments(_) => {
                write!(f, "an order takes {most} payments, and this one has had them")
            }
            Self::Attempts(_) => {
                write!(f, "an order takes {most} attempts to pay, and this one has had them")
            }
            Self::Notes(_) => write!(f, "an order takes {most} notes, and this one has had them"),
            Self::Tags(_) => write!(f, "a node has at most {most} tags"),
            Self::Extensions(_) => {
                write!(f, "receipt may be put off by {most} days in all, and this is more")
            }
            Self::Changes(_) => write!(
                f,
                "after {most} changes an order takes no more words, labels or new terms, and this \
                 one has had them"
            ),
        }
    }
}

/// `Err` where `had` of something are as many as `most`.
pub(crate) fn below(
    had: usize,
    most: u32,
    too_many: fn(u32) -> TooMany,
) -> Result<(), crate::Refusal> {
    if had >= most as usize { Err(crate::Refusal::TooMany(too_many(most))) } else { Ok(()) }
}
