//! The laws that every change holds, whatever was asked.

use docket_domain::change::{self, Change};
use docket_domain::operation::{Group, OperationKind};
use docket_domain::price::{self, sums};
use docket_domain::status::{self, ShopStanding};
use docket_domain::tree::{Refund, Revoke};
use docket_domain::words::{
    AnomalyKind, CancelKind, DeadlineKind, DeliveryStatus, Fulfilment, Level, PaymentStatus,
    RefundAxis, RefundStatus, RevokeStatus, Status, StoreStatus,
};
use docket_domain::{
    Amount, Id, ItemOrder, LogEntry, PaymentOrder, Quantity, ShopOrder, Tree, event,
};
use std::collections::BTreeMap;

/// Of the very first change.
pub fn hold_at_placement(change: &Change) {
    assert_eq!(change.tree.payment.version, 1, "the first change is version 1");
    assert_eq!(change.entry.seq, 1);
    assert_eq!(change.entry.from_status, None);
    assert!(change::new_terms(None, &change.tree), "the agreed tree is kept");
    of_tree(&change.tree);
    names_its_currency(change);
}

/// Of every later one.
pub fn hold(before: &Tree, change: &Change) {
    let after = &change.tree;
    of_tree(after);
    assert_eq!(after.payment.version, before.payment.version + 1, "versions are dense");
    assert_eq!(change.entry.seq, after.payment.version);
    assert!(change.entry.at >= before.payment.updated_at, "time does not fall inside an order");
    assert_eq!(after.payment.updated_at, change.entry.at);
    assert_eq!(change.entry.from_status, Some(status::of(before).status));
    assert_eq!(change.entry.to_status, status::of(after).status);
    goes_forward(before, after);
    promises_no_more_than_there_is(before, change);
    names_its_currency(change);
    let undone = change::undo(after, &change.entry).expect("the log row fits");
    assert_eq!(undone.as_ref(), Some(before), "undone, a change gives the order as it was");
    let redone = change::redo(before, &change.entry).expect("the log row fits");
    assert_eq!(&redone, after, "redone, a change gives the order as it became");
    touches_its_groups(after, &change.entry);
    is_told_by_a_word_of_its_own(after, &change.entry);
}

/// An operation changes the groups that its row in the table declares, deadlines and bookkeeping aside.
fn touches_its_groups(tree: &Tree, entry: &LogEntry) {
    let declared = entry.kind.definition().groups;
    let always = [Group::Deadlines, Group::Bookkeeping];
    let (before, after) = (entry.before.as_object(), entry.after.as_object());
    let nodes = before.into_iter().chain(after).flatten();
    for (id, fields) in nodes {
        let id: Id = id.parse().expect("a number");
        let level = match tree.shop(id) {
            _ if id == tree.id() => Level::Payment,
            Some(_) => Level::Shop,
            None => Level::Item,
        };
        for field in fields.as_object().into_iter().flat_map(|fields| fields.keys()) {
            let group = change::group_of(level, field).expect("a field of an order");
            let may = always.contains(&group) || declared.contains(&group);
            assert!(may, "{} touches {field}, of {group:?}; declared: {declared:?}", entry.kind);
        }
    }
}

/// Webhooks are told an operation by a word that its definition has.
fn is_told_by_a_word_of_its_own(after: &Tree, entry: &LogEntry) {
    let words = entry.kind.definition().event.words();
    let told = event::of(entry, after);
    assert!(told.is_none_or(|word| words.contains(&word)), "{}: {told:?}", entry.kind);
}

/// A number in a log row that counts nothing is money, and money has a currency beside it.
fn names_its_currency(change: &Change) {
    const COUNTS: &[&str] = &["days", "lines", "score", "shops", "terms_version"];
    let parameters = &change.entry.parameters;
    let money = |(name, value): (&String, &docket_domain::Json)| {
        value.is_number() && !COUNTS.contains(&name.as_str())
    };
    if parameters.iter().any(money) {
        let currency = change.tree.payment.currency.code();
        assert_eq!(parameters.get("currency"), Some(&currency.into()), "{parameters:?}");
    }
}

fn of_tree(tree: &Tree) {
    assert_eq!(price::check(tree), Ok(()), "amounts add up");
    survives_json(tree);
    money_adds_up(tree);
    let standing = status::of(tree);
    for (shop, stands) in tree.shops.iter().zip(&standing.shops) {
        units_add_up(shop, stands);
        super::pieces::are_whole(shop);
        refunds_close(tree, shop, stands);
        deadline_fits(shop, stands);
        if shop.fulfilment == Fulfilment::Takeaway {
            stands_in_the_table(stands);
        }
    }
    if matches!(standing.revoke_status, RevokeStatus::Revoked) {
        assert_eq!(standing.paid, 0, "a revoked order keeps no money");
        assert!(tree.payment.deadline.is_none(), "a revoked order waits for nothing");
    }
    if standing.payment_status == PaymentStatus::Paid {
        assert!(tree.payment.deadline.is_none(), "a paid order is not waited for");
        assert!(standing.times.paid_at.is_some(), "a paid order knows since when");
    }
}

fn survives_json(tree: &Tree) {
    let json = |text: serde_json::Result<String>| text.expect("a node serialises");
    let payment: PaymentOrder =
        serde_json::from_str(&json(serde_json::to_string(&tree.payment))).expect("L1 reads");
    assert_eq!(payment, tree.payment);
    for shop in &tree.shops {
        let mut read: ShopOrder =
            serde_json::from_str(&json(serde_json::to_string(shop))).expect("L2 reads");
        for item in &shop.items {
            let item: ItemOrder =
                serde_json::from_str(&json(serde_json::to_string(item))).expect("L3 reads");
            read.items.push(item);
        }
        assert_eq!(&read, shop);
    }
}

fn money_adds_up(tree: &Tree) {
    let standing = status::of(tree);
    let came: i64 = tree.payment.payments.iter().map(|payment| payment.amount).sum();
    let due: i64 = tree.payment.refunds_due.iter().map(|due| due.amount).sum();
    assert_eq!(standing.paid + due, came, "paid and due back is what came in");
    if let Some(payable) = standing.payable.known() {
        assert!(standing.paid <= payable, "what exceeds the payable is due back");
    }
    let excess: i64 = twice(tree).filter(|(id, _)| *id != tree.id()).map(|(_, more)| more).sum();
    assert!(
        standing.refunded - excess <= standing.paid,
        "more was given back than was paid, and nobody says so"
    );
    for refund in tree.shops.iter().flat_map(|shop| &shop.refunds) {
        of_refund(refund);
    }
}

fn of_refund(refund: &Refund) {
    let lines = |f: fn(&docket_domain::tree::RefundLine) -> i64| refund.lines.iter().map(f).sum();
    let (money, coins, third): (i64, i64, i64) =
        (lines(|l| l.amount), lines(|l| l.coins), lines(|l| l.third_party));
    let worth = money + refund.freight + refund.goodwill;
    assert_eq!(refund.amount, worth - refund.cut, "a refund is its lines, freight and goodwill");
    assert!(refund.cut >= 0 && refund.goodwill >= 0);
    assert!(refund.coins >= coins && refund.third_party >= third);
    assert!(refund.lines.iter().all(|line| line.quantity > Quantity::ZERO));
    assert!(refund.lines.iter().all(|line| line.shipped <= line.quantity));
    assert!(refund.amount >= 0 && refund.freight >= 0);
    let drawn: i64 = refund.parts.iter().map(|part| part.amount).sum();
    match refund.status {
        RefundStatus::Refunded => {
            assert!(refund.parts.iter().all(|part| part.status == RefundStatus::Refunded));
            assert!(
                drawn >= refund.amount || refund.parts.is_empty() && refund.amount == 0,
                "done means that all the money went back"
            );
            assert!(refund.turns.last().is_some_and(|turn| turn.until.is_none()));
        }
        RefundStatus::Failed => {
            assert!(refund.parts.iter().all(|part| part.status == RefundStatus::Failed));
        }
        RefundStatus::Applied => assert!(refund.parts.is_empty(), "no money before an answer"),
        _ => {}
    }
    let done = refund.status == RefundStatus::Refunded;
    assert!(done || refund.turns.iter().all(|turn| turn.until.is_some()));
}

fn counted(shop: &ShopOrder) -> impl Iterator<Item = &Refund> {
    use RefundStatus::{Applied, Refunded, Refunding};
    shop.refunds.iter().filter(|r| matches!(r.status, Applied | Refunding | Refunded))
}

fn units_add_up(shop: &ShopOrder, standing: &ShopStanding) {
    for (item, stands) in shop.items.iter().zip(&standing.items) {
        let taken: Quantity = counted(shop)
            .flat_map(|refund| &refund.lines)
            .filter(|line| line.order_id == item.id)
            .map(|line| line.quantity)
            .sum();
        if taken > item.quantity {
            continue; // money moved for them twice
        }
        let agreed = counted(shop).filter(|refund| refund.status != RefundStatus::Applied);
        let lines: Vec<_> = agreed
            .flat_map(|refund| &refund.lines)
            .filter(|line| line.order_id == item.id)
            .collect();
        let kept: Quantity = lines.iter().map(|line| line.quantity - line.shipped).sum();
        let shipped: Quantity = lines.iter().map(|line| line.shipped).sum();
        if item.dropped_at.is_none() && stands.status != Status::Cancelled {
            assert!(stands.shipped + kept <= item.quantity, "a unit is shipped or given back");
            assert!(shipped <= stands.shipped, "a refund takes no shipped unit that never left");
        }
    }
}

fn refunds_close(tree: &Tree, shop: &ShopOrder, standing: &ShopStanding) {
    for (item, stands) in shop.items.iter().zip(&standing.items) {
        let given = |f: fn(&docket_domain::tree::RefundLine) -> i64| -> i64 {
            let lines = counted(shop).flat_map(|refund| &refund.lines);
            lines.filter(|line| line.order_id == item.id).map(f).sum()
        };
        let whole = |amount: Amount| amount.known().expect("amounts are known here");
        let components = [
            (given(|l| l.amount), whole(sums::line_to_pay(item, tree.payment.tax))),
            (given(|l| l.coins), whole(item.shares.coins)),
            (given(|l| l.third_party), whole(item.shares.third_party)),
        ];
        for (given, whole) in components {
            let taken: Quantity = counted(shop)
                .flat_map(|refund| &refund.lines)
                .filter(|line| line.order_id == item.id)
                .map(|line| line.quantity)
                .sum();
            let fits = given <= whole || taken > item.quantity;
            assert!(fits, "a line gives back more than it cost: {tree:#?}");
        }
        if stands.status == Status::Closed {
            assert_eq!(stands.refunded_quantity, item.quantity);
        }
    }
}

/// What is noted to have gone back above what was owed, by node.
fn twice(tree: &Tree) -> impl Iterator<Item = (Id, i64)> {
    let noted = tree.payment.anomalies.iter().filter(|a| a.kind == AnomalyKind::RefundedTwice);
    noted.map(|anomaly| {
        let id = anomaly.detail["order_id"].as_str().expect("a number");
        let amount = anomaly.detail["amount"].as_i64().expect("an amount");
        assert!(amount > 0, "what is not too much any more is not noted");
        (id.parse().expect("a number"), amount)
    })
}

/// What refunds that count come to beside what there is of it: units, money of freight and of shop orders, and
/// what payments give.
fn promised(tree: &Tree) -> BTreeMap<(&'static str, Id), (i64, i64)> {
    let (mut promised, tax) = (BTreeMap::new(), tree.payment.tax);
    let known = |amount: Amount| amount.known().expect("amounts are known here");
    for shop in &tree.shops {
        let freight = counted(shop).map(|refund| refund.freight).sum();
        promised.insert(("freight", shop.id), (freight, known(sums::freight_to_pay(shop, tax))));
        let money = counted(shop).map(|refund| refund.amount).sum();
        promised.insert(("money", shop.id), (money, known(sums::shop_to_pay(shop, tax))));
        super::taxes::promised(shop, counted(shop), &mut promised);
        for item in &shop.items {
            let lines = counted(shop).flat_map(|refund| &refund.lines);
            let units = lines.filter(|line| line.order_id == item.id).map(|line| line.quantity.0);
            promised.insert(("units", item.id), (units.sum(), item.quantity.0));
        }
    }
    for payment in &tree.payment.payments {
        let dues = tree.payment.refunds_due.iter().filter(|d| d.payment_id == payment.payment_id);
        let dues: i64 = dues.map(|due| due.amount).sum();
        let parts = tree.shops.iter().flat_map(|s| &s.refunds).flat_map(|refund| &refund.parts);
        let drawn = parts.filter(|part| {
            part.payment_id == payment.payment_id && part.status != RefundStatus::Failed
        });
        let drawn: i64 = drawn.map(|part| part.amount).sum();
        promised.insert(("payment", payment.payment_id), (dues + drawn, payment.amount));
    }
    promised
}

/// Whether a try is under way of a refund that came back to be done by a former one.
fn may_move_twice(tree: &Tree) -> bool {
    let drawn = |refund: &Refund| {
        let parts = refund.parts.iter().filter(|part| part.status != RefundStatus::Failed);
        parts.map(|part| part.amount).sum::<i64>()
    };
    let mut refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
    refunds.any(|refund| !refund.parts.is_empty() && drawn(refund) > refund.amount)
}

/// Nothing that is decided promises more than there is. Only what is heard may: money that moved twice.
fn promises_no_more_than_there_is(before: &Tree, change: &Change) {
    if change.entry.kind == OperationKind::RefundSucceeded {
        return;
    }
    let was = promised(before);
    // What moved twice, or may, is missing for others.
    if twice(before).next().is_none()
        && !may_move_twice(before)
        && was.values().all(|(now, whole)| now <= whole)
    {
        let old: Vec<&Refund> = before.shops.iter().flat_map(|shop| &shop.refunds).collect();
        let new = change.tree.shops.iter().flat_map(|shop| &shop.refunds);
        let drawn = new.filter(|new| {
            !old.iter().any(|old| old.refund_id == new.refund_id && old.round == new.round)
        });
        for refund in drawn.filter(|refund| !refund.parts.is_empty()) {
            let sum: i64 = refund.parts.iter().map(|part| part.amount).sum();
            assert!(sum >= refund.amount, "the parts of a refund are all of it");
        }
    }
    for (of, (now, whole)) in promised(&change.tree) {
        let before = was.get(&of).map_or(0, |(before, _)| *before);
        assert!(now <= whole || now <= before, "{of:?} gives {now} of {whole}: {:#?}", change.tree);
    }
}

fn deadline_fits(shop: &ShopOrder, standing: &ShopStanding) {
    let over = matches!(standing.status, Status::Cancelled | Status::Closed | Status::Completed);
    assert!(!over || shop.deadline.is_none(), "what is over waits for nothing");
    let open = counted(shop).any(|refund| refund.status != RefundStatus::Refunded);
    let Some(deadline) = shop.deadline else { return };
    if matches!(deadline.kind, DeadlineKind::ReceiveBy | DeadlineKind::SettleAt) {
        assert_eq!(deadline.stopped_with.is_some(), open, "an open refund stops the deadline");
    } else {
        assert_eq!(deadline.stopped_with, None);
        let left = standing.items.iter().any(|item| item.left_to_ship > Quantity::ZERO);
        let awaits = standing.delivery_status == Some(DeliveryStatus::AwaitingAcceptance) && left;
        assert!(awaits, "the store is waited for while it has something to answer");
    }
}

/// A shop order's main status only advances, except that late money may revive an order, and money that comes back
/// open it again.
fn goes_forward(before: &Tree, after: &Tree) {
    let revived = matches!(before.payment.revoke, Revoke::Revoked { .. })
        && after.payment.revoke == Revoke::None;
    let bounced: Vec<bool> = before.shops.iter().zip(&after.shops).map(bounced).collect();
    let (before, after) = (status::of(before), status::of(after));
    for (at, (was, is)) in before.shops.iter().zip(&after.shops).enumerate() {
        assert!(was.delivery_status <= is.delivery_status, "delivery never goes back");
        if revived || bounced[at] {
            continue;
        }
        let ended = |status| matches!(status, Status::Cancelled | Status::Closed);
        assert!(!ended(was.status) || was.status == is.status, "an end is an end");
        assert!(ended(is.status) || was.status <= is.status, "{} → {}", was.status, is.status);
    }
}

/// Whether money of a refund that was done came back.
fn bounced((before, after): (&ShopOrder, &ShopOrder)) -> bool {
    let is_done = |refund: &&Refund| refund.status == RefundStatus::Refunded;
    let still = |was: &Refund| {
        after.refunds.iter().filter(is_done).any(|refund| refund.refund_id == was.refund_id)
    };
    before.refunds.iter().filter(is_done).any(|was| !still(was))
}

/// The till's table of store status, refund, delivery and cancel kind; `awaiting_acceptance` may also stand
/// beside paid, refunding, refunded and `refund_failed`.
fn stands_in_the_table(shop: &ShopStanding) {
    use CancelKind as C;
    use RefundAxis as R;
    use StoreStatus as S;
    type Row = (&'static [S], &'static [R], &'static [DeliveryStatus], &'static [Option<C>]);
    const ANY: &[DeliveryStatus] = DeliveryStatus::ALL;
    const AWAITING: &[DeliveryStatus] = &[DeliveryStatus::AwaitingAcceptance];
    const TABLE: &[Row] = &[
        (
            &[S::Unpaid, S::Paying, S::PayFailed, S::Revoking, S::RevokeFailed],
            &[R::None],
            AWAITING,
            &[None],
        ),
        (&[S::Paid], &[R::None, R::Rejected, R::Failed], ANY, &[None]),
        (
            &[S::Revoked],
            &[R::None],
            AWAITING,
            &[Some(C::SystemRevoke), Some(C::CustomerRevoke), Some(C::StoreRevoke)],
        ),
        (&[S::Refunding], &[R::Applied, R::Refunding], ANY, &[None]),
        (
            &[S::Refunded],
            &[R::Refunded],
            ANY,
            &[Some(C::SystemRefund), Some(C::CustomerRefund), Some(C::StoreRefund)],
        ),
        (&[S::RefundFailed], &[R::Rejected, R::Failed], ANY, &[None]),
    ];
    let delivery = shop.delivery_status.expect("takeaway has a delivery axis");
    let stands = TABLE.iter().any(|(store, refund, deliveries, cancel)| {
        store.contains(&shop.store_status)
            && refund.contains(&shop.refund_status)
            && deliveries.contains(&delivery)
            && cancel.contains(&shop.cancel_kind)
    });
    assert!(
        stands,
        "no row of the table: {} {} {delivery} {:?}",
        shop.store_status, shop.refund_status, shop.cancel_kind
    );
}
