//! Coins: held while the order is to be paid, spent by payment, given back by refunds, taken again where the money of
//! one came back. A cut of what was agreed
//! and a revoke release the hold by themselves, since they change what is held.

use super::{
    AccountMove, Effect, EffectKind, Ledger, LedgerLocation, Moves, Stage, Step, effect,
    refunds_done,
};
use crate::tree::Refund;
use crate::{ItemOrder, Quantity, ShopOrder, Tree};

/// What an order has of its buyer's coins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Position {
    held: i64,
    spent: i64,
    returned: i64,
}

impl Position {
    fn of(tree: &Tree, stage: Stage) -> Self {
        let coins = tree.payment.coins.known().unwrap_or(0);
        match stage {
            Stage::Unborn | Stage::Over => Self::default(),
            Stage::Open => Self { held: coins, ..Self::default() },
            Stage::Paid => {
                let of_shop = |shop| returned(shop, &refunds_done(shop).collect::<Vec<_>>());
                let returned = tree.shops.iter().map(of_shop).sum();
                Self { spent: coins, returned, held: 0 }
            }
        }
    }

    const fn balance(self) -> i64 {
        self.returned - self.spent
    }
}

/// What these refunds of a shop order give back of its coins: of no line and of no freight more than it took, also
/// where money moved for them twice, and of a line that is given back whole all of them.
fn returned(shop: &ShopOrder, refunds: &[&Refund]) -> i64 {
    let lines = || refunds.iter().flat_map(|refund| &refund.lines);
    let of = |item: &ItemOrder| {
        let own = || lines().filter(|line| line.order_id == item.id);
        let given = own().map(|line| line.coins).sum();
        let units: Quantity = own().map(|line| line.quantity).sum();
        match item.shares.coins.known() {
            Some(whole) if units >= item.quantity => whole,
            whole => whole.unwrap_or(i64::MAX).min(given),
        }
    };
    let all: i64 = refunds.iter().map(|refund| refund.coins).sum();
    let freight = all - lines().map(|line| line.coins).sum::<i64>();
    let of_freight = shop.freight_shares.coins.known().unwrap_or(i64::MAX).min(freight);
    shop.items.iter().map(of).sum::<i64>() + of_freight
}

pub(super) fn add(moves: &mut Moves, step: &Step<'_>) {
    let order = &step.after.payment;
    let (Some(kept), Some(owner)) = (order.ledgers.coins, &order.buyer_id) else { return };
    let was = step.before.map_or(Position::default(), |before| Position::of(before, step.was));
    let is = Position::of(step.after, step.is);
    if kept == LedgerLocation::Here && was != is {
        let (balance, held) = (is.balance() - was.balance(), is.held - was.held);
        // Coins that are taken again because money came back are taken, whether they are there or not.
        let guarded = balance < held && step.bounced().is_empty();
        let (ledger, owner) = (Ledger::Coins, owner.clone());
        moves.accounts.push(AccountMove { ledger, owner, balance, held, guarded });
    }
    let of = |key: String, kind, amount, detail| Effect {
        key,
        ledger: Ledger::Coins,
        kept,
        kind,
        owner: Some(owner.clone()),
        amount,
        detail,
    };
    if step.pays() && is.spent > 0 {
        let lines = step.after.lines().filter(|(_, item)| item.dropped_at.is_none());
        let lines = lines.map(|(_, item)| (item.id, item.shares.coins.known().unwrap_or(0)));
        let detail = effect::by_line(lines.filter(|(_, coins)| *coins > 0));
        moves.effects.push(of("coins.spend".to_owned(), EffectKind::Deduct, is.spent, detail));
    }
    for done in step.refunded() {
        let (before, mut with) = (done.before(), done.before());
        with.push(done.refund);
        let came = returned(done.shop, &with) - returned(done.shop, &before);
        if came > 0 {
            let detail = of_lines(done.refund);
            moves.effects.push(of(done.key("coins.return"), EffectKind::Return, came, detail));
        }
    }
    for bounced in step.bounced() {
        let now: Vec<&Refund> = refunds_done(bounced.shop).collect();
        let mut then = now.clone();
        then.push(bounced.refund);
        let taken = returned(bounced.shop, &then) - returned(bounced.shop, &now);
        if taken > 0 {
            let detail = of_lines(bounced.refund);
            moves.effects.push(of(bounced.key("coins.retake"), EffectKind::Deduct, taken, detail));
        }
    }
}

fn of_lines(refund: &Refund) -> crate::Json {
    let lines = refund.lines.iter().map(|line| (line.order_id, line.coins));
    effect::by_line(lines.filter(|(_, coins)| *coins > 0))
}
