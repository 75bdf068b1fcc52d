//! Why a reply is no answer. One set for all gateways; what an answer says stands in `payment`.

use crate::payment::Paid;
use docket_domain::time::Millis;

/// Why a reply, or a callback, says nothing that may be acted upon. None of them decides anything about money:
/// whoever gets one asks again later, or calls a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The gateway wants fewer requests.
    #[error("the gateway wants fewer requests; ask again in {retry_after} ms")]
    Throttled {
        /// How long to wait, in milliseconds.
        retry_after: Millis,
    },
    /// The gateway, or something before it, is out of order (5xx). Whether it did what was asked is not known.
    #[error("the gateway is out of order (status {status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// The gateway, by its signature, refuses the request as it is; the same request will be refused again.
    #[error("the gateway refuses the request: {code}")]
    Refused {
        /// Its word for the cause.
        code: String,
    },
    /// It is signed, and yet cannot be read.
    #[error("the reply cannot be read: {part}")]
    Garbage {
        /// Which part of it.
        part: &'static str,
    },
    /// It is signed and readable, and about something else than what was asked.
    #[error(transparent)]
    Mismatch(Box<Mismatch>),
    /// It does not prove that it comes from the gateway, now, and for this request.
    #[error("the reply cannot be trusted: {0}")]
    Untrusted(Distrust),
}

impl Fault {
    /// The word of this code in logs and figures.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Throttled { .. } => "throttled",
            Self::Unavailable { .. } => "unavailable",
            Self::Refused { .. } => "refused",
            Self::Garbage { .. } => "garbage",
            Self::Mismatch(_) => "mismatch",
            Self::Untrusted(_) => "untrusted",
        }
    }

    /// Whether the same thing asked again, with a fresh stamp, may well be answered. Of the others a person should
    /// hear at once.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable { .. } | Self::Garbage { .. })
    }
}

/// What was asked and what was told differ.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the gateway speaks of another {}: asked {asked}, told {told}", of.word())]
pub struct Mismatch {
    /// In what they differ.
    pub of: Compared,
    /// What was asked.
    pub asked: String,
    /// What was told.
    pub told: String,
    /// Money that the gateway says it has taken none the less: for a person, or for a decision of its own. Never a
    /// payment of what was asked.
    pub paid: Option<Paid>,
}

/// What is compared in every reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// The number of the payment.
    Payment,
    /// The number of the refund.
    Refund,
    /// The order.
    Order,
    /// The currency.
    Currency,
    /// The amount.
    Amount,
}

impl Compared {
    /// Its word in logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Order => "order",
            Self::Currency => "currency",
            Self::Amount => "amount",
        }
    }
}

/// Why a reply or a callback is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It is not signed, or what belongs to a signature cannot be read.
    #[error("it is not signed")]
    Unsigned,
    /// Secret, body or head are others than those that were signed.
    #[error("the signature is wrong")]
    WrongSignature,
    /// It was signed for another merchant.
    #[error("it is meant for another merchant")]
    OtherMerchant,
    /// It was signed too long ago, or is ahead of the clock: perhaps sent a second time by somebody else.
    #[error("it was not signed now")]
    Stale,
    /// It answers another request.
    #[error("it answers another request")]
    OtherRequest,
    /// The gateway does not believe us (401, 403): merchant, secret or clock of ours are wrong.
    #[error("the gateway does not know us")]
    OfUs,
}
