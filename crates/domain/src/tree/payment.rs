//! The payment order (L1), with its payments, attempts to pay and the revoke axis.

use super::{Anomaly, Deadline, Home, Ledgers, RefundDue, Tax, is_default};
use crate::words::{AttemptStatus, OrderType, PaymentStatus, Platform, Visible};
use crate::{ActorKind, Amount, AppliedCoupon, Currency, Id, Json, Time};
use serde::{Deserialize, Serialize};

/// What the buyer pays at once (L1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentOrder {
    /// Its number, and the number of the whole tree.
    pub id: Id,
    /// How many changes the tree has seen; also the sequence number of the newest log row of this site.
    pub version: u32,
    /// How often what was agreed has changed; 1 at placement.
    pub terms_version: u32,
    /// When the current terms were agreed, where that was after placement: an order that became free of
    /// charge by them was paid then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_at: Option<Time>,
    /// Whose order it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub home: Home,
    /// What is sold.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// Market number; names in config.
    #[serde(default, skip_serializing_if = "is_default")]
    pub market: u16,
    /// Where it was placed.
    pub platform: Platform,
    /// The channel it came through, such as `temu`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Its number there; unique per channel, or per issuer without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Who vouches for tokens and cash references: the issuer of the key that placed it.
    pub issuer: String,
    /// The caller's own token, unique for ever per issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    /// Where it came from, as the caller said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Json>,
    /// The buyer's account number; none at an anonymous till sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_id: Option<String>,
    /// The one currency of the tree.
    pub currency: Currency,
    /// Whether the buyer sees it.
    pub visible: Visible,
    /// Free extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Json>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Platform discount, over all lines.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub platform_discount: Amount,
    /// The platform's coupons, part of its discount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<AppliedCoupon>,
    /// Coins, as their value in money, over all lines and freights.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub coins: Amount,
    /// A third party's discount, over all lines and freights.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub third_party_discount: Amount,
    /// Whether prices and freights have their tax inside.
    #[serde(rename = "tax_included", default, skip_serializing_if = "is_default")]
    pub tax: Tax,
    /// Payments: facts, in the order they were learnt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<Payment>,
    /// Attempts to pay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// Money that goes back to the payment it came with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds_due: Vec<RefundDue>,
    /// The revoke axis with its facts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub revoke: Revoke,
    /// Pay-by, or the retry of a failed revoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// Until when it was to be paid. It stays when the deadline has gone: money that moved before it may
    /// revive an order that only a timer revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_by: Option<Time>,
    /// What the source of a recorded tree with unknown amounts says of its payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_payment: Option<PaymentStatus>,
    /// How many notes were taken down in its log.
    #[serde(default, skip_serializing_if = "is_default")]
    pub notes: u32,
    /// What contradicts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<Anomaly>,
    /// The ledgers it takes part in.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ledgers: Ledgers,
    /// When it was placed.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// Money that came in. Unique by (tender, reference), cash by (issuer, reference).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Our number for it.
    pub payment_id: Id,
    /// How it was paid: `cash`, `wechat`, `card`, `voucher`, …
    pub tender: String,
    /// The payer's or gateway's number for it.
    pub reference: String,
    /// Cash only: the issuer its reference is unique under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Minor units, at least 0.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// The terms it was paid under.
    pub terms_version: u32,
    /// When the money moved.
    pub paid_at: Time,
    /// The gateway it came through, by which it can go back; none where it came by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// The attempt that it ended at that gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_id: Option<Id>,
}

/// One attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Our number for it.
    pub attempt_id: Id,
    /// The tender chosen.
    pub tender: String,
    /// The gateway asked; none where a till takes the money itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Minor units asked for.
    pub amount: i64,
    /// The terms it is for.
    pub terms_version: u32,
    /// Where it stands.
    pub status: AttemptStatus,
    /// When it was opened.
    pub created_at: Time,
}

/// The revoke axis.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Revoke {
    /// Nobody asked.
    #[default]
    None,
    /// Attempts are being closed.
    Revoking {
        /// Who asked.
        by: ActorKind,
        /// When.
        at: Time,
        /// In their words.
        reason: Option<String>,
    },
    /// Done.
    Revoked {
        /// Who asked.
        by: ActorKind,
        /// When it was done.
        at: Time,
        /// In their words.
        reason: Option<String>,
    },
    /// An attempt could not be closed.
    Failed {
        /// Who asked.
        by: ActorKind,
        /// When it failed.
        at: Time,
        /// In their words.
        reason: Option<String>,
    },
}
