//! One effect of an order on a ledger: it has a key, and the key is used once.

use crate::seat::Matter;
use crate::words::words;
use crate::{Id, Json, Tree};
use serde_json::json;

words! {
    /// A ledger that orders move.
    pub enum Ledger {
        /// What stands at places.
        Stock = 1 "stock",
        /// Coupons of buyers.
        Coupons = 2 "coupons",
        /// Coins of buyers, counted as their value in money.
        Coins = 3 "coins",
        /// Points of buyers.
        Points = 4 "points",
        /// Gift packs.
        Gifts = 5 "gifts",
        /// Slips of what is to be weighed.
        Slips = 6 "slips",
    }
}

impl Ledger {
    /// What of an order it holds.
    pub const fn matter(self) -> Matter {
        match self {
            Self::Stock => Matter::Stock,
            Self::Coupons => Matter::Coupons,
            Self::Coins | Self::Points => Matter::Accounts,
            Self::Gifts => Matter::Gifts,
            Self::Slips => Matter::Slips,
        }
    }
}

words! {
    /// What an effect does.
    pub enum EffectKind {
        /// What was held is taken.
        Deduct = 1 "deduct",
        /// Something is credited.
        Grant = 2 "grant",
        /// A pack is given out.
        Issue = 3 "issue",
        /// A slip is made.
        Create = 4 "create",
        /// A coupon is used up.
        Redeem = 5 "redeem",
        /// What was granted or issued is taken back.
        Reverse = 6 "reverse",
        /// What was taken goes back to its owner.
        Return = 7 "return",
    }
}

words! {
    /// Where a ledger is kept.
    #[derive(Default)]
    pub enum LedgerLocation {
        /// In tables of ours: the effect is done with its row.
        #[default]
        Here = 0 "here",
        /// By others: the effect is sent to them until they acknowledge it.
        Elsewhere = 1 "elsewhere",
    }
}

/// One effect. With the order's number its key is what a ledger knows it by, here and elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Unique in the order: `stock.deduct`, `points.grant`, `coins.return:REFUND`, `coupon.redeem:CODE`,
    /// `coupon.return.VERSION:CODE`.
    pub key: String,
    /// On which ledger.
    pub ledger: Ledger,
    /// Where that ledger is kept.
    pub kept: LedgerLocation,
    /// What it does.
    pub kind: EffectKind,
    /// The buyer whose ledger it is, if it is a buyer's.
    pub owner: Option<String>,
    /// How much, in the units of the ledger: minor units of money, points, thousandths of goods, pieces.
    pub amount: i64,
    /// What else the ledger needs to know, such as `{"lines": [{"order_id", "amount"}]}`; null where nothing.
    pub detail: Json,
}

/// `{"lines": […]}` of what falls to each line.
pub(super) fn by_line(lines: impl IntoIterator<Item = (Id, i64)>) -> Json {
    let line = |(order_id, amount): (Id, i64)| json!({ "order_id": order_id, "amount": amount });
    json!({ "lines": lines.into_iter().map(line).collect::<Vec<_>>() })
}

/// That the stock an order held is taken from the shelf.
pub(super) fn deduct(tree: &Tree) -> Option<Effect> {
    let open = tree.lines().map(|(_, item)| item);
    let open = open.filter(|item| item.holds_stock && item.dropped_at.is_none());
    let amount: i64 = open.map(|item| item.quantity.0).sum();
    (amount > 0).then(|| Effect {
        key: "stock.deduct".to_owned(),
        ledger: Ledger::Stock,
        kept: LedgerLocation::Here,
        kind: EffectKind::Deduct,
        owner: None,
        amount,
        detail: Json::Null,
    })
}
