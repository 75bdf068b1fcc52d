//! Why a reply is no answer. One set for all marketplaces, so that whoever asks knows by it whether to wait, to try
//! again, to stop a shop or an app, or to call a person.

use super::capabilities::LimitScope;
use docket_domain::Time;
use std::fmt;

/// A call that was not answered, with all that helps to find out why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// The marketplace's code, or `http_` and the status.
    pub code: Option<String>,
    /// What it said, cut to what a log can bear.
    pub message: String,
    /// Its number of the request: support asks for it.
    pub request_id: Option<String>,
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        for (name, value) in [("code", &self.code), ("request", &self.request_id)] {
            if let Some(value) = value {
                write!(f, ", {name} {value}")?;
            }
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It was asked too often.
    Throttled {
        /// Who has to wait.
        scope: LimitScope,
        /// Until when, where it says so.
        until: Option<Time>,
    },
    /// What may be asked in a day, or another long stretch, is used up.
    Quota {
        /// Until when, where it says so.
        until: Option<Time>,
    },
    /// It is out of order and may answer soon.
    Transient,
    /// Our clock and its own differ too much.
    Clock,
    /// It computes another signature than we do: the secret is wrong, or the connector.
    Signature,
    /// The token is unknown, ended, was replaced or belongs to another app.
    TokenDead,
    /// Token or app do not allow this call.
    ScopeMissing,
    /// The app is unknown, suspended or asked from an address that is not allowed.
    AppDead,
    /// The answer is about another shop.
    WrongShop,
    /// It has no such thing.
    NotFound,
    /// It refuses this call, and will again.
    Rejected,
    /// What came cannot be read as an answer.
    Garbled,
}

impl FaultKind {
    /// One of each kind.
    pub const EACH: [Self; 12] = [
        Self::Throttled { scope: LimitScope::App, until: None },
        Self::Quota { until: None },
        Self::Transient,
        Self::Clock,
        Self::Signature,
        Self::TokenDead,
        Self::ScopeMissing,
        Self::AppDead,
        Self::WrongShop,
        Self::NotFound,
        Self::Rejected,
        Self::Garbled,
    ];
}

/// How much stands still by a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// This call.
    Call,
    /// Everything of the shop.
    Shop,
    /// Every shop of the app.
    App,
}

impl Fault {
    /// The word of its kind in logs, figures and gaps.
    pub const fn word(&self) -> &'static str {
        match self.kind {
            FaultKind::Throttled { .. } => "throttled",
            FaultKind::Quota { .. } => "quota",
            FaultKind::Transient => "transient",
            FaultKind::Clock => "clock",
            FaultKind::Signature => "signature",
            FaultKind::TokenDead => "token_dead",
            FaultKind::ScopeMissing => "scope_missing",
            FaultKind::AppDead => "app_dead",
            FaultKind::WrongShop => "wrong_shop",
            FaultKind::NotFound => "not_found",
            FaultKind::Rejected => "rejected",
            FaultKind::Garbled => "garbled",
        }
    }

    /// Whether it counts among the attempts of what was to be done. Being told to wait, and what stops a whole shop, say
    /// nothing about the thing that was asked for.
    pub const fn spends_attempt(&self) -> bool {
        match self.kind {
            FaultKind::Throttled { .. }
            | FaultKind::Quota { .. }
            | FaultKind::Clock
            | FaultKind::TokenDead
            | FaultKind::AppDead
            | FaultKind::WrongShop => false,
            FaultKind::Transient
            | FaultKind::Signature
            | FaultKind::ScopeMissing
            | FaultKind::NotFound
            | FaultKind::Rejected
            | FaultKind::Garbled => true,
        }
    }

    /// Whether the same call, signed anew, may well be answered without anybody doing something.
    pub const fn is_passing(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::Throttled { .. }
                | FaultKind::Quota { .. }
                | FaultKind::Transient
                | FaultKind::Clock
                | FaultKind::Garbled
        )
    }

    /// How much stands still until it is over.
    pub const fn concern(&self) -> Concern {
        match self.kind {
            FaultKind::Throttled { scope: LimitScope::App, .. } | FaultKind::AppDead => {
                Concern::App
            }
            FaultKind::Throttled { scope: LimitScope::Shop, .. }
            | FaultKind::Quota { .. }
            | FaultKind::Clock
            | FaultKind::Signature
            | FaultKind::TokenDead
            | FaultKind::WrongShop => Concern::Shop,
            FaultKind::Throttled { scope: LimitScope::ShopAndCall, .. }
            | FaultKind::Transient
            | FaultKind::ScopeMissing
            | FaultKind::NotFound
            | FaultKind::Rejected
            | FaultKind::Garbled => Concern::Call,
        }
    }

    /// What a person should do; none where waiting suffices.
    pub const fn advice(&self) -> Option<&'static str> {
        match self.kind {
            FaultKind::Throttled { .. } | FaultKind::Quota { .. } | FaultKind::Transient => None,
            FaultKind::Clock => Some("Set the clock of this machine: it is minutes off."),
            FaultKind::Signature => Some("Enter the app secret again: requests are not believed."),
            FaultKind::TokenDead => {
                Some("Fetch a new token in the marketplace's seller center and enter it.")
            }
            FaultKind::ScopeMissing => {
                Some("Let the marketplace grant the app this permission, then enter the new token.")
            }
            FaultKind::AppDead => {
                Some("Look at the app in the marketplace's partner center: it is not let in.")
            }
            FaultKind::WrongShop => {
                Some("Enter the token of this shop: the one given belongs to another.")
            }
            FaultKind::NotFound => Some("Look in the seller center whether it still exists."),
            FaultKind::Rejected => Some("Read what the marketplace says: it will refuse again."),
            FaultKind::Garbled => {
                Some("If it lasts, give the marketplace's support the number of the request.")
            }
        }
    }
}
