//! What a marketplace sends by itself: a hint to read something back, or an order.

use super::aftersale::Aftersale;
use super::order::ChannelOrder;
use crate::exchange::Message;
use docket_domain::Time;

/// A push as it came.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    /// Headers and body, every byte as it came.
    pub message: Message<'a>,
    /// What stands behind the question mark of its URL; some marketplaces push by `GET`.
    pub query: &'a str,
    /// The URL as it is registered at the marketplace, which may differ from the one that reached us behind a proxy.
    pub url: &'a str,
    /// When it came, by our clock.
    pub came_at: Time,
}

/// One thing that a push tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushEvent {
    /// The same for the same event, however often it comes.
    pub key: String,
    /// The app that it came for.
    pub app_key: String,
    /// The marketplace's number of the shop, where it is named.
    pub shop: Option<String>,
    /// The order's number, where it is named.
    pub order: Option<String>,
    /// What happened.
    pub kind: PushKind,
    /// Their code of the order's new status.
    pub status: Option<String>,
    /// When it happened, by the marketplace's clock.
    pub happened_at: Option<Time>,
    /// What there is to be read.
    pub body: PushBody,
    /// What was told, compact and without personal data.
    pub payload: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushKind {
    /// An order is new or has another status.
    OrderChanged,
    /// A buyer wants a cancel, or one was decided.
    CancelChanged,
    /// The address of an order changed.
    AddressChanged,
    /// Something after the sale changed.
    AftersaleChanged,
    /// The marketplace tries whether we hear.
    Test,
    /// A word that we do not know: kept.
    Other(String),
}

/// What there is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushBody {
    /// Nothing: it has to be asked for.
    Hint,
    /// The order itself.
    Order(Box<ChannelOrder>),
    /// What a buyer wants back.
    Aftersale(Box<Aftersale>),
}

/// Why a push is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushRefused {
    /// Headers of a signature are missing, or came twice.
    #[error("it is not signed")]
    Unsigned,
    /// It is for an app that we do not have.
    #[error("it is meant for an app that is not ours")]
    UnknownApp,
    /// Secret, body or headers are others than those that were signed.
    #[error("the signature is wrong")]
    WrongSignature,
    /// It is signed by an app of ours, and yet cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(&'static str),
}

impl PushRefused {
    /// Its word in logs and figures.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::UnknownApp => "unknown_app",
            Self::WrongSignature => "wrong_signature",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is written down and will not be lost.
    Taken,
    /// It is not believed, and never will be.
    Refused,
    /// It could not be written down: it should come again.
    Later,
}
