//! A change of an order: the tree as it is now, its row of the log, and how it came to be here. What follows it,
//! in ledgers and elsewhere, is a function of the trees before and after it.
//!
//! The log row is computed by comparing the two trees node by node and field by field, so nothing can
//! change without standing in it, and applying its `before` backwards gives the tree as it was.

mod claims;
mod elements;
mod fields;
mod images;
mod laying;
pub mod older;
mod origin;

pub use claims::{PaymentClaim, claims};
pub use fields::{Field, Join, fields_of, group_of};
pub use images::images;
pub use laying::{redo, undo};
pub use origin::Origin;

use crate::operation::{OperationKind, Parameters};
use crate::words::{AnomalyKind, Status};
use crate::{Actor, Hlc, Id, Json, Quantity, Seat, Time, Tree};
use serde::{Deserialize, Serialize};

/// What `decide` or `record` answers when there is something to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The tree after the change, version raised.
    pub tree: Tree,
    /// Its row of the log.
    pub entry: LogEntry,
    /// How it came to be here.
    pub origin: Origin,
}

/// Whether what both sides agreed to is new in `after`, or another than in `before`, which is none at placement.
pub fn new_terms(before: Option<&Tree>, after: &Tree) -> bool {
    before.is_none_or(|tree| tree.payment.terms_version != after.payment.terms_version)
}

/// One row of an order's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The tree.
    pub tree: Id,
    /// Whose hand wrote it, the same number on every copy: 0 a center or a branch, 1 the buyers' site, 2 the
    /// sellers', 3 a merge.
    pub site: u8,
    /// Dense per tree and site, from 1.
    pub seq: u32,
    /// The version of the tree that it led to here; none of a row that another hand wrote.
    pub version: Option<u32>,
    /// When it was written, in the order that all copies agree on.
    pub hlc: Hlc,
    /// The node it was asked of or acts at.
    pub node: Id,
    /// What happened.
    pub kind: OperationKind,
    /// Who asked.
    pub actor: Actor,
    /// Main status of the tree before; none at placement.
    pub from_status: Option<Status>,
    /// Main status of the tree after.
    pub to_status: Status,
    /// Parameters of its sentence: amounts, tenders, quantities. No personal data.
    pub parameters: Parameters,
    /// `{node id: {field: value before}}` of every changed field; null for a node that is new, and null as
    /// a whole at placement. Of a list of facts stands `{element: value before}`, each by its number or place.
    pub before: Json,
    /// `{node id: {field: value after}}`; left empty at placement (the tree itself says it).
    pub after: Json,
    /// Words kept with it.
    pub remark: Remark,
    /// When, by our clock.
    pub at: Time,
    /// When it happened at its source, where that differs: an import, a gateway's time.
    pub happened_at: Option<Time>,
}

/// What happened, as the caller of [`LogEntry::between`] knows it; the rest of the row follows from the trees.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// What happened.
    pub kind: OperationKind,
    /// The node it was asked of or acts at.
    pub node: Id,
    /// Who asked.
    pub actor: Actor,
    /// Main status of the tree before; none at placement.
    pub from_status: Option<Status>,
    /// Main status of the tree after.
    pub to_status: Status,
    /// Parameters of its sentence; the tree's currency is added where one of them is money.
    pub parameters: Parameters,
    /// Words kept with it.
    pub remark: Remark,
    /// When, by our clock.
    pub at: Time,
    /// When it happened at its source, where that differs.
    pub happened_at: Option<Time>,
}

/// Parameters that are money in minor units, so that their sentence needs the currency.
const MONEY_PARAMETERS: [&str; 15] = [
    "amount",
    "coins",
    "cut",
    "due",
    "excess",
    "freight",
    "goodwill",
    "paid",
    "payable",
    "platform_discount",
    "shop_discount",
    "tax",
    "third_party",
    "third_party_discount",
    "total",
];

/// Puts the currency of `tree` beside the money in the parameters of a row, if there is any.
pub(crate) fn name_currency(parameters: &mut Parameters, tree: &Tree) {
    if MONEY_PARAMETERS.iter().any(|name| parameters.contains_key(*name)) {
        let currency = tree.payment.currency.code();
        parameters.entry("currency").or_insert_with(|| Json::from(currency));
    }
}

impl LogEntry {
    /// Whether this row noted a contradiction of this kind.
    pub fn notes(&self, kind: AnomalyKind) -> bool {
        self.parameters.get("anomaly").and_then(Json::as_str) == Some(kind.word())
    }

    /// The row that is written at `seat` between two states of a tree; `before` is `None` at placement.
    pub fn between(before: Option<&Tree>, after: &Tree, what: Happening, seat: &Seat) -> Self {
        let (old, new) = images(before, after);
        let version = after.payment.version;
        let mut parameters = what.parameters;
        name_currency(&mut parameters, after);
        Self {
            tree: after.id(),
            site: seat.log_site(),
            seq: version,
            version: Some(version),
            hlc: Hlc::of(what.at, version),
            node: what.node,
            kind: what.kind,
            actor: what.actor,
            from_status: what.from_status,
            to_status: what.to_status,
            parameters,
            before: old,
            after: new,
            remark: what.remark,
            at: what.at,
            happened_at: what.happened_at,
        }
    }
}

/// Words in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Remark {
    /// In English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
    /// In Chinese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cn: Option<String>,
}

/// What a change moves at one place of one SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockMove {
    /// The SKU.
    pub sku_id: String,
    /// The place.
    pub place: String,
    /// Added to what is there.
    pub on_hand: Quantity,
    /// Added to what is held.
    pub held: Quantity,
}

/// A log row does not fit the tree it is undone on: somebody wrote past the lane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("log row {seq} of order {tree} does not fit the order: {what}")]
pub struct BrokenLog {
    /// The tree.
    pub tree: Id,
    /// The row.
    pub seq: u32,
    /// What does not fit.
    pub what: String,
}
