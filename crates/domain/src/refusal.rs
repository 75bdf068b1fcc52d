//! Why something that was asked for is not done: one enum, each case with a stable code.

use crate::coupon::WhyNot;
use crate::limits::TooMany;
use crate::operation::OperationKind;
use crate::seat::{Elsewhere, Site};
use crate::{ActorKind, Currency, Id};
use std::fmt;

/// One wrong field of a request; a request is told all of them at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where, as `shops[0].items[2].quantity`; empty for the body as a whole.
    pub field: String,
    /// A stable code, such as `required`, `unknown_field`, `too_large`.
    pub code: &'static str,
    /// What is wrong and what would be right, in a sentence.
    pub message: String,
}

/// A discount above what is left to take it from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscountTooLarge {
    /// The field that holds it.
    pub field: String,
    /// What was asked, in minor units.
    pub discount: i64,
    /// What is left.
    pub left: i64,
}

impl fmt::Display for DiscountTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, discount, left } = self;
        write!(f, "{field} is {discount} but only {left} is left to take it from")
    }
}

/// A price that is not the product table's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongPrice {
    /// The field that holds it.
    pub field: String,
    /// The SKU.
    pub sku: String,
    /// As the table says, in minor units.
    pub current: i64,
    /// In which currency.
    pub currency: Currency,
    /// As the caller said.
    pub given: i64,
}

impl fmt::Display for WrongPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sku, current, currency, given, .. } = self;
        write!(f, "{sku} costs {current} {}, not {given}", currency.code())
    }
}

/// A coupon that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponRefused {
    /// The field that names it.
    pub field: String,
    /// Its code.
    pub code: String,
    /// Why.
    pub why: WhyNot,
}

impl fmt::Display for CouponRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "coupon {} {}", self.code, self.why)
    }
}

/// All of several wrong things in one sentence.
fn listed(wrong: &[impl fmt::Display]) -> String {
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// All wrong fields in one sentence.
fn told(errors: &[FieldError]) -> String {
    let all = errors.iter().map(|FieldError { field, message, .. }| format!("{field}: {message}"));
    all.collect::<Vec<_>>().join("; ")
}

/// Why `decide` refuses. `Display` is the sentence a person reads; [`Refusal::code`] is for programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The fields are wrong, each for itself.
    #[error("the request has {} wrong field(s)", .0.len())]
    Invalid(Vec<FieldError>),
    /// The state does not allow the operation.
    #[error("an order that is {state} cannot be asked to {operation}: {why}")]
    State {
        /// What the node is, in words: `paid`, `revoked`, `shipped`.
        state: String,
        /// What was asked.
        operation: OperationKind,
        /// What would have to hold.
        why: &'static str,
    },
    /// This kind of actor may not ask for it.
    #[error("a {actor} may not ask for {operation}")]
    Actor {
        /// Who asked.
        actor: ActorKind,
        /// What was asked.
        operation: OperationKind,
    },
    /// The tree is a copy here.
    #[error("this order is at home at {home}; only its home decides")]
    NotHome {
        /// Where it is at home.
        home: String,
    },
    /// The other site of its home decides this.
    #[error("the {site} site decides this; ask there")]
    NotHere {
        /// Which site.
        site: Site,
    },
    /// The number names a node of another level, and the tree has not exactly one of the right level.
    #[error("{operation} needs the number of a {wanted} order, and this tree has several")]
    WrongLevel {
        /// What was asked.
        operation: OperationKind,
        /// The level it needs.
        wanted: crate::words::Level,
    },
    /// `expected_version` does not match.
    #[error("the order is at version {current}, not {expected}")]
    VersionConflict {
        /// As the caller thought.
        expected: u32,
        /// As it is.
        current: u32,
    },
    /// `expected_terms_version` or a payment's terms version does not match.
    #[error("the terms are at version {current}, not {expected}")]
    TermsConflict {
        /// As the caller thought.
        expected: u32,
        /// As it is.
        current: u32,
    },
    /// `expected_total` does not match.
    #[error("the total is {current}, not {expected}")]
    TotalMismatch {
        /// As the caller thought.
        expected: i64,
        /// As we compute it.
        current: i64,
    },
    /// Discounts are above what is left to take them from: all that fail at the same step of the price.
    #[error("{}", listed(.0))]
    DiscountTooLarge(Vec<DiscountTooLarge>),
    /// An open attempt to pay forbids a change of terms.
    #[error("attempt {attempt} to pay is open; close it before the terms change")]
    PaymentOpen {
        /// The attempt.
        attempt: Id,
    },
    /// The payment reference belongs to another order or another amount.
    #[error("the payment reference is taken by order {order}")]
    PaymentReferenceTaken {
        /// By which tree.
        order: Id,
    },
    /// The reference of money that went back stands under another refund.
    #[error("the reference of this money is taken by refund {refund}")]
    RefundReferenceTaken {
        /// By which refund.
        refund: Id,
    },
    /// There is not enough stock.
    #[error("not enough stock of {}", .skus.join(", "))]
    OutOfStock {
        /// Of which SKUs.
        skus: Vec<String>,
    },
    /// The buyer's account has too few coins.
    #[error("only {available} of the {asked} coins asked for are available")]
    NotEnoughCoins {
        /// What may be used.
        available: i64,
        /// What the order would use.
        asked: i64,
    },
    /// An amount the operation needs is unknown in this recorded tree.
    #[error("{operation} needs amounts that this recorded order does not know")]
    AmountUnknown {
        /// What was asked.
        operation: OperationKind,
    },
    /// A number inside the request names nothing in the tree.
    #[error("there is no {what} {id} in this order")]
    NoSuchPart {
        /// `node`, `refund`, `attempt`, `payment`.
        what: &'static str,
        /// The number.
        id: Id,
    },
    /// Lines of the request that the order does not have, each told by itself.
    #[error("{}", told(.0))]
    NoSuchLine(Vec<FieldError>),
    /// More is asked of lines than they have left, each told by itself.
    #[error("{}", told(.0))]
    TooMuch(Vec<FieldError>),
    /// Prices differ from the product table's and the key may not set prices.
    #[error("{}; a key with scope `prices` may set prices", listed(.0))]
    PriceMismatch(Vec<WrongPrice>),
    /// The order has had so many facts of this kind that no more may be asked for.
    #[error("{0}")]
    TooMany(TooMany),
    /// Coupons are not taken, each for a reason of its own.
    #[error("{}", listed(.0))]
    Coupons(Vec<CouponRefused>),
    /// The key lacks a scope.
    #[error("this needs a key with scope `{scope}`")]
    Scope {
        /// The scope.
        scope: &'static str,
    },
}

impl Refusal {
    /// The stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::State { .. } => "operation_refused",
            Self::Actor { .. } => "actor_not_allowed",
            Self::NotHome { .. } => "not_home",
            Self::NotHere { .. } => "not_here",
            Self::WrongLevel { .. } => "wrong_level",
            Self::VersionConflict { .. } => "version_conflict",
            Self::TermsConflict { .. } => "terms_conflict",
            Self::TotalMismatch { .. } => "total_mismatch",
            Self::DiscountTooLarge(_) => "discount_too_large",
            Self::PaymentOpen { .. } => "payment_open",
            Self::PaymentReferenceTaken { .. } => "payment_reference_taken",
            Self::RefundReferenceTaken { .. } => "refund_reference_taken",
            Self::OutOfStock { .. } => "out_of_stock",
            Self::NotEnoughCoins { .. } => "not_enough_coins",
            Self::AmountUnknown { .. } => "amount_unknown",
            Self::NoSuchPart { .. } | Self::NoSuchLine(_) => "no_such_part",
            Self::TooMuch(_) => "too_much",
            Self::PriceMismatch(_) => "price_mismatch",
            Self::TooMany(of) => of.code(),
            Self::Coupons(refused) => match refused.as_slice() {
                [first, ..] => first.why.code(),
                [] => "coupon_not_applicable",
            },
            Self::Scope { .. } => "scope_missing",
        }
    }
}

impl From<Elsewhere> for Refusal {
    fn from(elsewhere: Elsewhere) -> Self {
        match elsewhere {
            Elsewhere::Home(home) => Self::NotHome { home: home.word() },
            Elsewhere::Site(site) => Self::NotHere { site },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_for_the_state_names_state_and_operation() {
        let refusal = Refusal::State {
            state: "revoked".into(),
            operation: OperationKind::Ship,
            why: "it must be paid",
        };
        assert_eq!(refusal.code(), "operation_refused");
        let said = "an order that is revoked cannot be asked to ship: it must be paid";
        assert_eq!(refusal.to_string(), said);
    }
}
