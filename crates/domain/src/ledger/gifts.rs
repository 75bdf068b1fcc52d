//! Gift packs: promised at placement, issued by payment where their minimum is met, taken back when everything
//! they were given for has gone back. Of a limited pack the promise counts already.

use super::{AccountMove, Effect, EffectKind, Ledger, LedgerLocation, Moves, Stage, Step};
use crate::price::sums;
use crate::status;
use crate::tree::GiftRule;
use crate::words::words;
use crate::{Amount, Json, ShopOrder, Tree};

words! {
    /// What became of a gift pack that was issued.
    pub enum GiftStatus {
        /// The buyer has it.
        Issued = 1 "issued",
        /// It was taken back.
        TakenBack = 2 "taken_back",
    }
}

/// A gift pack that is issued or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiftMove {
    /// The pack.
    pub pack_id: String,
    /// What people call it.
    pub title: String,
    /// Whose it is.
    pub owner: String,
    /// What it is now.
    pub status: GiftStatus,
    /// What it was before; none where it is issued for the first time.
    pub was: Option<GiftStatus>,
}

/// Where an order stands with one pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Not this order's, or not any more.
    None,
    Promised,
    Issued,
    TakenBack,
}

impl Standing {
    fn of(tree: &Tree, stage: Stage, rule: &GiftRule) -> Self {
        match stage {
            Stage::Unborn | Stage::Over => Self::None,
            Stage::Open => Self::Promised,
            Stage::Paid if !is_met(tree, rule) => Self::None,
            Stage::Paid if meant(tree, rule).all(status::all_given_back) => Self::TakenBack,
            Stage::Paid => Self::Issued,
        }
    }

    /// What is kept of a pack that was given.
    const fn kept(self) -> Option<GiftStatus> {
        match self {
            Self::None | Self::Promised => None,
            Self::Issued => Some(GiftStatus::Issued),
            Self::TakenBack => Some(GiftStatus::TakenBack),
        }
    }

    /// How many it counts of a limited pack.
    const fn counts(self) -> i64 {
        match self {
            Self::Promised | Self::Issued => 1,
            Self::None | Self::TakenBack => 0,
        }
    }
}

/// The open shop orders a pack is given for.
fn meant<'a>(tree: &'a Tree, rule: &'a GiftRule) -> impl Iterator<Item = &'a ShopOrder> {
    let open = tree.shops.iter().filter(|shop| shop.dropped_at.is_none());
    open.filter(|shop| rule.shop_id.as_ref().is_none_or(|id| *id == shop.shop_id))
}

fn is_met(tree: &Tree, rule: &GiftRule) -> bool {
    let price = match rule.shop_id {
        None => sums::tree_price(tree),
        Some(_) => meant(tree, rule).map(sums::shop_price).sum::<Amount>(),
    };
    let some = meant(tree, rule).next().is_some();
    some && price.known().is_some_and(|price| price >= rule.min_price)
}

pub(super) fn add(moves: &mut Moves, step: &Step<'_>) {
    let order = &step.after.payment;
    let Some(owner) = &order.buyer_id else { return };
    for rule in &order.ledgers.gifts {
        let was = step.before.map_or(Standing::None, |tree| Standing::of(tree, step.was, rule));
        let is = Standing::of(step.after, step.is, rule);
        if rule.limited && rule.kept == LedgerLocation::Here && was.counts() != is.counts() {
            moves.accounts.push(AccountMove {
                ledger: Ledger::Gifts,
                owner: rule.pack_id.clone(),
                balance: 0,
                held: is.counts() - was.counts(),
                // Late money that revives an order brings its gift with it, even if it is one too many.
                guarded: step.before.is_none(),
            });
        }
        let (status, kind, name) = match (was, is) {
            (Standing::Issued, Standing::TakenBack) => {
                (GiftStatus::TakenBack, EffectKind::Reverse, "gift.take_back")
            }
            (Standing::Issued, _) => continue,
            (_, Standing::Issued) => (GiftStatus::Issued, EffectKind::Issue, "gift.issue"),
            _ => continue,
        };
        if rule.kept == LedgerLocation::Here {
            let (pack_id, title) = (rule.pack_id.clone(), rule.title.clone());
            let was = was.kept();
            moves.gifts.push(GiftMove { pack_id, title, owner: owner.clone(), status, was });
        }
        let key = match step.bounces() {
            0 => format!("{name}:{}", rule.pack_id),
            _ if step.pays() => format!("{name}:{}", rule.pack_id),
            // Given and taken before: money came back since.
            times => format!("{name}:{}:{times}", rule.pack_id),
        };
        moves.effects.push(Effect {
            key,
            ledger: Ledger::Gifts,
            kept: rule.kept,
            kind,
            owner: Some(owner.clone()),
            amount: 1,
            detail: Json::Null,
        });
    }
}
