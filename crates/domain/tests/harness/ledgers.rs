//! The ledgers beside the order, kept from what each change moves, and the laws that hold between them and the
//! order after every change, whatever was asked.

use docket_domain::ledger::{
    self, AccountMove, GiftStatus, Ledger, LedgerLocation, Moves, SlipStatus,
};
use docket_domain::price::sums;
use docket_domain::status;
use docket_domain::tree::{GiftRule, Ledgers, PointsRule, Revoke};
use docket_domain::words::{PaymentStatus, RefundStatus};
use docket_domain::{Id, Json, Quantity, Tree};
use std::collections::BTreeMap;

/// Minor units for a point here: small, so that most lines bring some.
pub const PER: i64 = 3;
/// The least price for the pack that not every order brings.
const MIN_PRICE: i64 = 500;

/// An order takes part in everything here.
pub fn all() -> Ledgers {
    let gift = |pack_id: &str, min_price, limited| GiftRule {
        pack_id: pack_id.to_owned(),
        title: "Cup".to_owned(),
        shop_id: None,
        min_price,
        limited,
        kept: LedgerLocation::Here,
    };
    Ledgers {
        coins: Some(LedgerLocation::Here),
        points: Some(PointsRule { per: PER, kept: LedgerLocation::Here }),
        gifts: vec![gift("any", 0, true), gift("large", MIN_PRICE, false)],
        slips: LedgerLocation::Here,
    }
}

/// What one order has moved so far.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Balance and held, by ledger; every order has one buyer and one limited pack.
    accounts: BTreeMap<Ledger, (i64, i64)>,
    /// Amounts by key.
    effects: BTreeMap<String, i64>,
    /// What was reversed of a line.
    reversed: BTreeMap<String, i64>,
    granted: BTreeMap<String, i64>,
    gifts: BTreeMap<String, GiftStatus>,
    slips: BTreeMap<Id, SlipStatus>,
}

impl Book {
    /// Keeps what the change from `before` to `after` moves.
    pub fn keep(&mut self, before: Option<&Tree>, after: &Tree) {
        let Moves { accounts, effects, gifts, slips } = ledger::moves(before, after);
        for AccountMove { ledger, balance, held, guarded, .. } in accounts {
            let account = self.accounts.entry(ledger).or_default();
            account.0 += balance;
            account.1 += held;
            assert!(account.1 >= 0, "more is released than was held: {ledger}");
            let takes = held > balance;
            assert!(!guarded || takes, "only what is taken needs a guard");
            let came_back = before.is_some_and(|before| bounces(after) > bounces(before));
            let may = guarded || came_back || ledger != Ledger::Coins;
            assert!(may || !takes, "coins are just taken only where money came back");
        }
        for effect in effects {
            self.by_line(&effect.key, &effect.detail);
            let (key, amount) = (effect.key, effect.amount);
            // A gift takes nothing off, and a price that was changed later may leave a coupon nothing to take off.
            let least = i64::from(effect.ledger != Ledger::Coupons);
            assert!(amount >= least, "{key} is worth nothing");
            let known = self.effects.insert(key.clone(), amount);
            assert_eq!(known, None, "{key} comes about twice");
        }
        for gift in gifts {
            let was = self.gifts.insert(gift.pack_id, gift.status);
            let again = bounces(after) > 0 && was == Some(GiftStatus::TakenBack);
            let expected = match gift.status {
                GiftStatus::Issued if again => Some(GiftStatus::TakenBack),
                GiftStatus::Issued => None,
                GiftStatus::TakenBack => Some(GiftStatus::Issued),
            };
            assert_eq!(was, expected, "issued and taken back in turn");
        }
        for slip in slips {
            let was = self.slips.insert(slip.shop_order, slip.status);
            let made = self.effects.contains_key(&format!("weigh.create:{}", slip.shop_order));
            assert!(made, "a slip is made once, with its effect");
            // A line that was given back need not be weighed, until its money comes back.
            let opened = before.is_some_and(|before| bounces(after) > bounces(before));
            let weighed = was == Some(SlipStatus::Weighed);
            assert!(!weighed || slip.status == SlipStatus::Weighed || opened);
        }
        self.agrees_with(after);
    }

    fn by_line(&mut self, key: &str, detail: &Json) {
        let (sums, sign) = match key.split(':').next() {
            Some("points.grant") => (&mut self.granted, 1),
            Some("points.reverse") => (&mut self.reversed, 1),
            Some("points.restore") => (&mut self.reversed, -1),
            _ => return,
        };
        for line in detail["lines"].as_array().expect("points fall to lines") {
            let id = line["order_id"].as_str().expect("a number").to_owned();
            *sums.entry(id).or_default() += sign * line["amount"].as_i64().expect("an amount");
        }
    }

    fn sum(&self, prefix: &str) -> i64 {
        let of = |key: &&String| key.starts_with(prefix);
        self.effects.iter().filter(|(key, _)| of(key)).map(|(_, amount)| amount).sum()
    }

    fn agrees_with(&self, tree: &Tree) {
        let paid = status::of(tree).payment_status == PaymentStatus::Paid;
        let over = matches!(tree.payment.revoke, Revoke::Revoked { .. });
        self.coins_close(tree, paid, over);
        self.points_close(tree, paid);
        let stock = tree.lines().any(|(_, item)| item.holds_stock && item.dropped_at.is_none());
        assert_eq!(self.effects.contains_key("stock.deduct"), paid && stock);
        let all_back = paid && tree.shops.iter().all(gave_all_back);
        let any = self.gifts.get("any").copied();
        let expected = if all_back { GiftStatus::TakenBack } else { GiftStatus::Issued };
        assert_eq!(any, paid.then_some(expected));
        let promised = !over && (!paid || any == Some(GiftStatus::Issued));
        let counted = self.accounts.get(&Ledger::Gifts).map_or(0, |account| account.1);
        assert_eq!(counted, i64::from(promised), "of a limited pack each promise counts");
        let met = paid && sums::tree_price(tree).known().is_some_and(|price| price >= MIN_PRICE);
        assert_eq!(self.gifts.contains_key("large"), met);
        for shop in &tree.shops {
            let weighed =
                |item: &docket_domain::ItemOrder| item.weighed && item.dropped_at.is_none();
            let expected = paid && shop.items.iter().any(weighed);
            assert_eq!(self.slips.contains_key(&shop.id), expected);
        }
    }

    /// Held while it is to be paid, spent by payment, given back by refunds, and never anything else.
    fn coins_close(&self, tree: &Tree, paid: bool, over: bool) {
        let (balance, held) = self.accounts.get(&Ledger::Coins).copied().unwrap_or_default();
        let coins = tree.payment.coins.known().unwrap_or(0);
        assert_eq!(held, if paid || over { 0 } else { coins });
        let spent = self.sum("coins.spend");
        let returned = self.sum("coins.return:") - self.sum("coins.retake:");
        assert_eq!(spent, if paid { coins } else { 0 });
        assert_eq!(balance, returned - spent);
        assert!(returned <= spent, "{returned} of {spent} coins came back");
        let done = |shop: &docket_domain::ShopOrder| {
            let done = shop.refunds.iter().filter(|r| r.status == RefundStatus::Refunded);
            let of_freight = |refund: &docket_domain::tree::Refund| {
                refund.coins - refund.lines.iter().map(|line| line.coins).sum::<i64>()
            };
            let given: i64 = done.map(of_freight).sum();
            let no_freight = shop.freight_shares.coins.known().is_some_and(|coins| coins <= given);
            shop.dropped_at.is_some() || (gave_all_back(shop) && no_freight)
        };
        if paid && tree.shops.iter().all(done) {
            assert_eq!(balance, 0, "everything went back, with its coins");
        }
    }

    /// What was granted line by line is reversed in the measure of what was given back, to the point.
    fn points_close(&self, tree: &Tree, paid: bool) {
        let (balance, _) = self.accounts.get(&Ledger::Points).copied().unwrap_or_default();
        let reversed = self.sum("points.reverse:") - self.sum("points.restore:");
        assert_eq!(balance, self.sum("points.grant") - reversed);
        assert!(balance >= 0, "an order reverses no more than it granted");
        for (shop, item) in tree.lines() {
            let id = item.id.to_string();
            let to_pay = sums::line_to_pay(item, tree.payment.tax).known().unwrap_or(0);
            let expected = if paid { to_pay / PER } else { 0 };
            let granted = self.granted.get(&id).copied().unwrap_or(0);
            assert_eq!(granted, expected, "points of line {id}");
            let reversed = self.reversed.get(&id).copied().unwrap_or(0);
            let back = back(shop, item.id).min(item.quantity);
            assert_eq!(reversed, granted * back.0 / item.quantity.0, "line {id}");
        }
    }
}

/// How often money that had gone back came back.
fn bounces(tree: &Tree) -> usize {
    let refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
    refunds.flat_map(|refund| &refund.turns).filter(|turn| turn.until.is_some()).count()
}

/// How much of a line refunds that are done gave back.
fn back(shop: &docket_domain::ShopOrder, item: Id) -> Quantity {
    let done = shop.refunds.iter().filter(|refund| refund.status == RefundStatus::Refunded);
    let lines = done.flat_map(|refund| &refund.lines).filter(|line| line.order_id == item);
    lines.map(|line| line.quantity).sum()
}

/// Whether nothing of its open lines is left; true where it has none.
fn gave_all_back(shop: &docket_domain::ShopOrder) -> bool {
    let mut open = shop.items.iter().filter(|item| item.dropped_at.is_none());
    open.all(|item| back(shop, item.id) >= item.quantity)
}
