//! Coins: held while the order is to be paid, spent by payment, given back by refunds. A cut of what was agreed
//! and a revoke release the hold by themselves, since they change what is held.

use super::{
    AccountMove, Effect, EffectKind, Kept, Ledger, Moves, Stage, Step, effect, refunds_done,
};
use crate::Tree;

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
                let returned = tree.shops.iter().flat_map(refunds_done).map(|refund| refund.coins);
                Self { spent: coins, returned: returned.sum(), held: 0 }
            }
        }
    }

    const fn balance(self) -> i64 {
        self.returned - self.spent
    }
}

pub(super) fn add(moves: &mut Moves, step: &Step<'_>) {
    let order = &step.after.payment;
    let (Some(kept), Some(owner)) = (order.ledgers.coins, &order.buyer_id) else { return };
    let was = step.before.map_or(Position::default(), |before| Position::of(before, step.was));
    let is = Position::of(step.after, step.is);
    if kept == Kept::Here && was != is {
        let (balance, held) = (is.balance() - was.balance(), is.held - was.held);
        let guarded = balance < held;
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
    for (_, refund) in step.refunded().filter(|(_, refund)| refund.coins > 0) {
        let lines = refund.lines.iter().map(|line| (line.order_id, line.coins));
        let detail = effect::by_line(lines.filter(|(_, coins)| *coins > 0));
        let key = format!("coins.return:{}", refund.refund_id);
        moves.effects.push(of(key, EffectKind::Return, refund.coins, detail));
    }
}
