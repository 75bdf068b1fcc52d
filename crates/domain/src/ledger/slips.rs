//! Weigh slips: payment makes one for each shop order with lines sold by weight, the scales fill it. What the
//! lighter goods are worth is given back by the operation that weighs.

use super::{Effect, EffectKind, Ledger, LedgerLocation, Moves, Stage, Step, effect};
use crate::status::{self, goods};
use crate::words::words;
use crate::{Id, ItemOrder, Quantity, ShopOrder, Time, Tree};
use serde::{Deserialize, Serialize};

words! {
    /// How far a slip is.
    pub enum SlipStatus {
        /// Something is to be weighed.
        Awaiting = 1 "awaiting",
        /// All of it was.
        Weighed = 2 "weighed",
        /// What was to be weighed was given back before.
        Void = 3 "void",
    }
}

/// The slip of one shop order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The shop order.
    pub shop_order: Id,
    /// The shop.
    pub shop_id: String,
    /// Where it is weighed.
    pub place: String,
    /// How far it is.
    pub status: SlipStatus,
    /// What is to be weighed.
    pub lines: Vec<SlipLine>,
    /// When the order was paid.
    pub created_at: Time,
}

/// One line of a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlipLine {
    /// The item order.
    pub order_id: Id,
    /// The SKU.
    pub sku_id: String,
    /// What the buyer saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How much was ordered.
    pub ordered: Quantity,
    /// What the scales said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighed: Option<Quantity>,
}

fn of_shop(tree: &Tree, stage: Stage, shop: &ShopOrder) -> Option<Slip> {
    let is_weighed = |item: &&ItemOrder| item.weighed && item.dropped_at.is_none();
    let weighed: Vec<&ItemOrder> = shop.items.iter().filter(is_weighed).collect();
    if stage != Stage::Paid || weighed.is_empty() {
        return None;
    }
    let waits =
        |item: &&ItemOrder| item.weighed_as.is_none() && !goods(shop, item, None).all_given_back();
    let status = if weighed.iter().any(waits) {
        SlipStatus::Awaiting
    } else if weighed.iter().any(|item| item.weighed_as.is_some()) {
        SlipStatus::Weighed
    } else {
        SlipStatus::Void
    };
    let line = |item: &ItemOrder| SlipLine {
        order_id: item.id,
        sku_id: item.sku_id.clone(),
        title: item.title.clone(),
        ordered: item.quantity,
        weighed: item.weighed_as,
    };
    Some(Slip {
        shop_order: shop.id,
        shop_id: shop.shop_id.clone(),
        place: shop.place.clone(),
        status,
        lines: weighed.into_iter().map(line).collect(),
        created_at: status::paid_at(tree).unwrap_or(tree.payment.updated_at),
    })
}

pub(super) fn add(moves: &mut Moves, step: &Step<'_>) {
    let kept = step.after.payment.ledgers.slips;
    for shop in &step.after.shops {
        let Some(slip) = of_shop(step.after, step.is, shop) else { continue };
        let before = step.before.and_then(|tree| of_shop(tree, step.was, tree.shop(shop.id)?));
        if before.as_ref() == Some(&slip) {
            continue;
        }
        if before.is_none() {
            let lines = slip.lines.iter().map(|line| (line.order_id, line.ordered.0));
            moves.effects.push(Effect {
                key: format!("weigh.create:{}", shop.id),
                ledger: Ledger::Slips,
                kept,
                kind: EffectKind::Create,
                owner: None,
                amount: slip.lines.iter().map(|line| line.ordered.0).sum(),
                detail: effect::by_line(lines),
            });
        }
        if kept == LedgerLocation::Here {
            moves.slips.push(slip);
        }
    }
}
