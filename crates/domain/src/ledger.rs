//! What an order moves in the ledgers beside it: coins, points, gift packs, weigh slips, and the effects that
//! say so.
//!
//! What an order holds, has spent and has been given is a function of the order as it stands; what one change
//! moves is the difference between the order before and after it ([`moves`]). So no rule of
//! [`crate::decide`] can forget it, and whatever the sequence, the sums close. Each ledger has a file of its own.

mod coins;
mod coupons;
mod effect;
mod gifts;
mod points;
mod slips;
pub mod stock;

pub use effect::{Effect, EffectKind, Ledger, LedgerLocation};
pub use gifts::{GiftMove, GiftStatus};
pub use slips::{Slip, SlipLine, SlipStatus};

use crate::seat::Matter;
use crate::status;
use crate::tree::{Refund, Revoke};
use crate::words::{PaymentStatus, RefundStatus};
use crate::{ShopOrder, Time, Tree};

/// What one change moves in the ledgers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Moves {
    /// Accounts, each once.
    pub accounts: Vec<AccountMove>,
    /// What comes about by it, each once in the life of the order.
    pub effects: Vec<Effect>,
    /// Gift packs that are issued or taken back.
    pub gifts: Vec<GiftMove>,
    /// Weigh slips, new or changed.
    pub slips: Vec<Slip>,
}

impl Moves {
    /// Whether nothing moves.
    pub const fn is_empty(&self) -> bool {
        self.accounts.is_empty()
            && self.effects.is_empty()
            && self.gifts.is_empty()
            && self.slips.is_empty()
    }

    /// Leaves what moves a matter that is kept here.
    pub fn retain(&mut self, keeps: impl Fn(Matter) -> bool) {
        self.accounts.retain(|moved| keeps(moved.ledger.matter()));
        self.effects.retain(|effect| keeps(effect.ledger.matter()));
        self.gifts.retain(|_| keeps(Matter::Gifts));
        self.slips.retain(|_| keeps(Matter::Slips));
    }
}

/// What is added to one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMove {
    /// Coins, points, or gifts for how often a limited pack may be given.
    pub ledger: Ledger,
    /// The buyer, or the pack.
    pub owner: String,
    /// Added to what there is.
    pub balance: i64,
    /// Added to what of it is held.
    pub held: i64,
    /// Whether enough must be available: not where something comes back, or where points go below zero.
    pub guarded: bool,
}

/// How far the money of an order is: what ledgers go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is not placed yet.
    Unborn,
    /// It is to be paid: what it uses is held.
    Open,
    /// It is paid: what it uses is spent, what it brings is granted.
    Paid,
    /// It was revoked: it holds nothing.
    Over,
}

impl Stage {
    fn of(tree: &Tree) -> Self {
        if matches!(tree.payment.revoke, Revoke::Revoked { .. }) {
            Self::Over
        } else if status::payment_of(tree) == PaymentStatus::Paid {
            Self::Paid
        } else {
            Self::Open
        }
    }
}

/// One change of an order, as the ledgers see it.
struct Step<'a> {
    before: Option<&'a Tree>,
    after: &'a Tree,
    was: Stage,
    is: Stage,
}

impl Step<'_> {
    /// Whether this change is what pays the order.
    fn pays(&self) -> bool {
        self.is == Stage::Paid && self.was != Stage::Paid
    }

    /// Refunds that this change completes, in the order in which they came to be done.
    fn refunded(&self) -> Vec<Turned<'_>> {
        let mut done: Vec<Turned<'_>> = turned(self.after).collect();
        let was_done = |turned: &Turned<'_>| {
            let before = self.before.and_then(|before| refund_of(before, turned));
            before.is_some_and(|refund| is_done(refund) && turns(refund) == turns(turned.refund))
        };
        done.retain(|turned| is_done(turned.refund) && !was_done(turned));
        done.sort_by_key(Turned::order);
        done
    }

    /// Refunds that were done, and are not by this change: their money came back.
    fn bounced(&self) -> Vec<Turned<'_>> {
        let was_done = |turned: &Turned<'_>| {
            let before = self.before.and_then(|before| refund_of(before, turned));
            !is_done(turned.refund) && before.is_some_and(is_done)
        };
        turned(self.after).filter(was_done).collect()
    }

    /// How often money came back in the life of the order: what comes about again after it has a key of its own.
    fn bounces(&self) -> usize {
        let refunds = self.after.shops.iter().flat_map(|shop| &shop.refunds);
        let ended = refunds.flat_map(|refund| &refund.turns).filter(|turn| turn.until.is_some());
        ended.count()
    }
}

/// A refund that is done, or was, with its shop order and its place among those.
#[derive(Clone, Copy)]
struct Turned<'a> {
    shop: &'a ShopOrder,
    refund: &'a Refund,
    at: usize,
}

impl<'a> Turned<'a> {
    /// When it came to be done the last time: the version of the tree, and for what was done before versions were
    /// taken down its time.
    fn order(&self) -> (u32, Option<Time>, usize) {
        let from = self.refund.turns.last().map_or(0, |turn| turn.from);
        (from, self.refund.ended_at.filter(|_| from == 0), self.at)
    }

    /// The refunds of its shop order that were done when it came to be done.
    fn before(&self) -> Vec<&'a Refund> {
        let (version, ..) = self.order();
        let place = self.order();
        let earlier = |other: &Turned<'a>| match other.refund.turns.as_slice() {
            _ if other.at == self.at => false,
            [] => is_done(other.refund) && other.order() < place,
            turns => turns.iter().any(|turn| turn.covers(version)),
        };
        of_shop(self.shop).filter(earlier).map(|other| other.refund).collect()
    }

    /// The key of one of its effects: with how often it was undone before, where it was.
    fn key(&self, name: &str) -> String {
        let id = self.refund.refund_id;
        match self.refund.turns.iter().filter(|turn| turn.until.is_some()).count() {
            0 => format!("{name}:{id}"),
            undone => format!("{name}:{id}:{undone}"),
        }
    }
}

fn of_shop(shop: &ShopOrder) -> impl Iterator<Item = Turned<'_>> {
    shop.refunds.iter().enumerate().map(move |(at, refund)| Turned { shop, refund, at })
}

fn turned(tree: &Tree) -> impl Iterator<Item = Turned<'_>> {
    tree.shops.iter().flat_map(of_shop)
}

fn refund_of<'a>(tree: &'a Tree, turned: &Turned<'_>) -> Option<&'a Refund> {
    let refunds = tree.shop(turned.shop.id).map(|shop| &shop.refunds)?;
    refunds.iter().find(|refund| refund.refund_id == turned.refund.refund_id)
}

const fn turns(refund: &Refund) -> usize {
    refund.turns.len()
}

fn is_done(refund: &Refund) -> bool {
    refund.status == RefundStatus::Refunded
}

fn refunds_done(shop: &ShopOrder) -> impl Iterator<Item = &Refund> {
    shop.refunds.iter().filter(|refund| is_done(refund))
}

/// Whether an order takes part in any ledger at all. One that does not costs nothing.
fn takes_part(tree: &Tree) -> bool {
    let order = &tree.payment;
    order.ledgers != crate::tree::Ledgers::default()
        || crate::coupon::applied(tree).next().is_some()
        || tree.lines().any(|(_, item)| item.holds_stock || item.weighed)
}

/// What the change from `before` to `after` moves; `before` is none at placement. What is recorded of
/// elsewhere moves nothing here: whoever has it recorded does not ask.
pub fn moves(before: Option<&Tree>, after: &Tree) -> Moves {
    let mut moves = Moves::default();
    if !takes_part(after) {
        return moves;
    }
    let was = before.map_or(Stage::Unborn, Stage::of);
    let step = Step { before, after, was, is: Stage::of(after) };
    if step.pays() {
        moves.effects.extend(effect::deduct(after));
    }
    coupons::add(&mut moves, &step);
    coins::add(&mut moves, &step);
    points::add(&mut moves, &step);
    gifts::add(&mut moves, &step);
    slips::add(&mut moves, &step);
    moves
}

/// What a late payment that revives `tree` would take of accounts again.
pub fn retaken(tree: &Tree) -> Vec<AccountMove> {
    let mut moves = Moves::default();
    let step = Step { before: None, after: tree, was: Stage::Over, is: Stage::Paid };
    coins::add(&mut moves, &step);
    moves.accounts
}
