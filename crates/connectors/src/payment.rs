//! What is asked of a gateway, and the small set of codes that every gateway's answers are mapped onto.

use docket_domain::{Currency, Id, Time};
use std::fmt;

/// The largest number of bytes in a [`MerchantKey`].
pub const KEY_BYTES_MAX: usize = 64;

/// A number that we give to a payment or refund. A gateway does a thing at most once per key, however often it is
/// asked; a refund that failed is tried again under another key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MerchantKey(Box<str>);

/// What was given cannot be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key of ours is made of 1 to 64 letters, digits, `-` and `_`")]
pub struct NotAKey;

impl MerchantKey {
    /// Takes `text` as a key.
    pub fn new(text: &str) -> Result<Self, NotAKey> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain);
        if fits { Ok(Self(text.into())) } else { Err(NotAKey) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Id> for MerchantKey {
    fn from(id: Id) -> Self {
        Self(id.to_string().into())
    }
}

impl fmt::Display for MerchantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A payment as we know it. Every answer about it is compared with this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Our number of it: one attempt, one key.
    pub key: MerchantKey,
    /// The order it is for.
    pub order: MerchantKey,
    /// How much, in minor units; above zero.
    pub amount: i64,
    /// In which currency.
    pub currency: Currency,
}

/// What else a gateway must know to start a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// What the payer reads.
    pub title: String,
    /// Where the gateway tells of the payment by itself.
    pub callback_url: String,
    /// From when on the gateway takes no money for it.
    pub expires_at: Time,
}

/// A refund as we know it: a part of one payment goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Our number of this try.
    pub key: MerchantKey,
    /// The payment it is taken from.
    pub payment: MerchantKey,
    /// The order of that payment.
    pub order: MerchantKey,
    /// How much goes back, in minor units; above zero.
    pub amount: i64,
    /// In which currency.
    pub currency: Currency,
    /// What the payer reads.
    pub reason: String,
}

/// Money that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    /// How much, in minor units of the payment's currency.
    pub amount: i64,
    /// The gateway's number of it.
    pub reference: String,
    /// When, by the gateway's clock.
    pub paid_at: Time,
}

/// How a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentState {
    /// The money is there: exactly what was asked, as far as it was compared.
    Paid(Paid),
    /// The payer may still pay.
    Waiting,
    /// The payer tried and failed; no money will come under this key.
    Failed {
        /// The gateway's word for the cause.
        reason: String,
    },
    /// Closed by us or by time; no money will come under this key.
    Closed,
    /// The gateway has no such payment: it was never started there.
    Unknown,
}

impl PaymentState {
    /// The word of this code.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Paid(_) => "paid",
            Self::Waiting => "waiting",
            Self::Failed { .. } => "failed",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        }
    }
}

/// What became of starting a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// It waits for the payer; also where it was started before.
    Open {
        /// The gateway's number of it.
        reference: String,
        /// Where the payer pays.
        pay_url: String,
    },
    /// It was started before, and has come to an end since: any state but `Waiting` and `Unknown`.
    Ended(PaymentState),
}

/// What became of closing a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// It is closed, now or since long; no money will come.
    Closed,
    /// The money was faster. Query it.
    AlreadyPaid,
    /// The gateway has no such payment, so that no money can come.
    NotFound,
    /// The payer is paying at this moment. Close it again soon.
    TryLater,
}

impl Closing {
    /// The word of this code.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::AlreadyPaid => "already_paid",
            Self::NotFound => "not_found",
            Self::TryLater => "try_later",
        }
    }
}

/// How a refund stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundState {
    /// The money went back.
    Done {
        /// The gateway's number of it.
        reference: String,
    },
    /// Under way.
    Waiting,
    /// It did not work and will not under this key.
    Failed {
        /// The gateway's word for the cause.
        reason: String,
    },
    /// The gateway has no such refund: it was never asked for there.
    Unknown,
}

impl RefundState {
    /// The word of this code.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Waiting => "waiting",
            Self::Failed { .. } => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What a callback says. A hint that something may have happened, and no more: look up the payment or refund by its
/// key, query it, and believe the answer to that. What is told here is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// About a payment.
    Payment {
        /// Our number of it.
        key: MerchantKey,
        /// How it is said to stand.
        told: PaymentState,
    },
    /// About a refund.
    Refund {
        /// Our number of it.
        key: MerchantKey,
        /// The payment it was taken from.
        payment: MerchantKey,
        /// How it is said to stand.
        told: RefundState,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_plain() {
        assert!(MerchantKey::new("7-r_1").is_ok());
        assert!(MerchantKey::new(&"9".repeat(KEY_BYTES_MAX)).is_ok());
        for wrong in ["", "a b", "a/b", "茶", &"9".repeat(KEY_BYTES_MAX + 1)] {
            assert_eq!(MerchantKey::new(wrong), Err(NotAKey), "{wrong}");
        }
        assert_eq!(MerchantKey::from(Id(17)).as_str(), "17");
    }
}
