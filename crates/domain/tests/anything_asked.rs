//! Random operations on random orders: nothing panics, and the laws of `harness` hold after every change.

mod dice;
mod harness;

use dice::Dice;
use docket_domain::operation::{
    Asked, Operation, OperationKind, PaymentAsked, PaymentReport, PriceAsked, RefundAsked, TaxAsked,
};
use docket_domain::placement::{PlacedCoupon, Placement};
use docket_domain::time::{DAY, HOUR, MINUTE};
use docket_domain::tree::{FreightAsked, Tax};
use docket_domain::words::{
    AnomalyKind, AttemptStatus, CancelKind, DeliveryStatus, Fulfilment, Level, PaymentStatus,
    RefundAxis, RefundStatus, Status, StoreStatus,
};
use docket_domain::{ActorKind, Amount, Id, Quantity, Refusal, Time};
use harness::{Harness, heard, item, order, shop};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn placement(dice: &mut Dice) -> Placement {
    let shops = 1 + dice.roll(3).saturating_sub(1);
    let fulfilments =
        [Fulfilment::Parcel, Fulfilment::Takeaway, Fulfilment::Counter, Fulfilment::Code];
    let mut placed = order(Vec::new());
    placed.tax = dice.of(&[Tax::Included, Tax::OnTop]);
    for _ in 0..shops {
        let mut lines = Vec::new();
        for _ in 0..=dice.roll(3) {
            let list_price = dice.of(&[0, 1, 7, 100, 333, 5000]);
            let mut line = item(list_price, 1 + dice.roll(3) as i64);
            if dice.one_in(4) {
                line.quantity = Quantity(1 + dice.amount(3000));
                line.weighed = true;
            }
            line.tax = Amount::of(dice.of(&[0, 0, 1, 13, 999]));
            lines.push(line);
        }
        let mut part = shop(dice.of(&[0, 0, 5, 600]), lines);
        let first = dice.roll(2);
        part.freight_tax = Amount::of(dice.of(&[0, 0, 3, 60]));
        part.fulfilment = if dice.one_in(3) { dice.of(&fulfilments) } else { fulfilments[first] };
        placed.shops.push(part);
    }
    for discount in 0..4 {
        if dice.one_in(2) {
            continue;
        }
        // As large as it may be, or smaller: the refusal of one names what is left.
        let mut tried = placed.clone();
        let huge = Amount::of(100_000_000);
        match discount {
            0 => tried.shops[0].shop_discount = huge,
            1 => tried.platform_discount = huge,
            2 => tried.coins = huge,
            _ => tried.third_party_discount = huge,
        }
        let Err(Refusal::DiscountTooLarge(too_large)) =
            docket_domain::price::assemble(&tried, "web", Time(0))
        else {
            continue;
        };
        let left = too_large[0].left;
        let amount = if dice.one_in(12) { left } else { dice.amount(left / 2) };
        match discount {
            0 => placed.shops[0].shop_discount = Amount::of(amount),
            1 => placed.platform_discount = Amount::of(amount),
            2 => placed.coins = Amount::of(amount),
            _ => placed.third_party_discount = Amount::of(amount),
        }
    }
    for (code, shop_id, discount) in
        [("S", Some("11"), placed.shops[0].shop_discount), ("P", None, placed.platform_discount)]
    {
        let amount = discount.known().filter(|discount| *discount > 0).map(|whole| whole / 2);
        if amount.is_some() {
            let (code, shop_id) = (code.to_owned(), shop_id.map(ToOwned::to_owned));
            placed.coupons.push(PlacedCoupon { code, shop_id, amount });
        }
    }
    placed
}

fn lines_of(harness: &Harness, shop: usize, dice: &mut Dice) -> Option<Vec<Asked>> {
    if dice.one_in(3) {
        return None;
    }
    let items = &harness.tree.shops[shop].items;
    let some = 1 + dice.roll(2);
    let one = |dice: &mut Dice| {
        let item = &items[dice.roll(items.len())];
        let whole = item.quantity.0;
        let quantity = match dice.roll(4) {
            0 => None,
            1 => Some(Quantity(whole)),
            2 => Some(Quantity((whole / 3).max(1))),
            _ => Some(Quantity(1 + dice.amount(whole))),
        };
        Asked { order_id: item.id, quantity }
    };
    Some((0..some).map(|_| one(dice)).collect())
}

fn refund_in(harness: &Harness, shop: usize, dice: &mut Dice) -> Id {
    let dues = harness.tree.payment.refunds_due.iter().map(|due| due.refund_id);
    let of_shop = harness.tree.shops[shop].refunds.iter().map(|refund| refund.refund_id);
    let all: Vec<Id> = if dice.one_in(5) { dues.collect() } else { of_shop.collect() };
    if all.is_empty() { Id(99) } else { dice.of(&all) }
}

const KINDS: &[OperationKind] = {
    use OperationKind as K;
    &[
        K::StartPayment,
        K::StartPayment,
        K::PaymentSucceeded,
        K::PaymentSucceeded,
        K::PaymentSucceeded,
        K::PaymentSucceeded,
        K::PaymentFailed,
        K::AttemptClosed,
        K::AttemptStuck,
        K::Revoke,
        K::Drop,
        K::Drop,
        K::Drop,
        K::AdjustPrice,
        K::Accept,
        K::Accept,
        K::Reject,
        K::StartPreparing,
        K::Prepare,
        K::CallCourier,
        K::PickUp,
        K::PickUp,
        K::Deliver,
        K::Ship,
        K::Ship,
        K::Ship,
        K::Receive,
        K::ExtendReceipt,
        K::RequestCancel,
        K::AgreeCancel,
        K::RefuseCancel,
        K::WithdrawCancel,
        K::RequestRefund,
        K::RequestRefund,
        K::RequestRefund,
        K::AgreeRefund,
        K::AgreeRefund,
        K::RejectRefund,
        K::WithdrawRefund,
        K::RefundByStore,
        K::RefundSucceeded,
        K::RefundSucceeded,
        K::RefundSucceeded,
        K::RefundFailed,
        K::RefundFailed,
        K::ReceiveReturn,
        K::Weigh,
        K::ChangeAddress,
        K::Settle,
        K::Rate,
        K::Note,
        K::Tag,
        K::Hide,
        K::Delete,
        K::Restore,
    ]
};

fn start_payment(payable: i64, dice: &mut Dice) -> Operation {
    Operation::StartPayment(PaymentAsked {
        tender: dice.of(&["wechat", "card"]).into(),
        amount: dice.one_in(2).then(|| 1 + dice.amount(payable)),
        gateway: dice.one_in(2).then(|| "wx".into()),
        terms_version: dice.one_in(8).then_some(1),
    })
}

/// Goods, with or without the freight, or money alone.
fn refund_asked(harness: &Harness, shop: usize, dice: &mut Dice) -> RefundAsked {
    let payable = harness.standing().payable.known().expect("amounts are known here");
    let freight = match dice.roll(6) {
        0 => FreightAsked::All,
        1 => FreightAsked::Part(1 + dice.amount(600)),
        _ => FreightAsked::No,
    };
    let alone = dice.one_in(4);
    let lines = if alone { Some(Vec::new()) } else { lines_of(harness, shop, dice) };
    let goodwill = if alone && dice.one_in(2) { 1 + dice.amount(payable / 2) } else { 0 };
    RefundAsked { lines, freight, goodwill, goods_back: dice.one_in(3), reason: None }
}

fn operation(harness: &Harness, kind: OperationKind, shop: usize, dice: &mut Dice) -> Operation {
    use OperationKind as K;
    let standing = harness.standing();
    let payable = standing.payable.known().expect("amounts are known here");
    let refund_id = (!dice.one_in(3)).then(|| refund_in(harness, shop, dice));
    let attempts = &harness.tree.payment.attempts;
    let attempt_id = (!attempts.is_empty() && dice.one_in(2))
        .then(|| attempts[dice.roll(attempts.len())].attempt_id);
    let reason = None;
    let courier = None;
    match kind {
        K::StartPayment => start_payment(payable, dice),
        K::PaymentSucceeded => {
            let left = (payable - standing.paid).max(0);
            Operation::PaymentSucceeded(PaymentReport {
                tender: dice.of(&["cash", "wechat", "card"]).into(),
                reference: format!("r-{}", dice.roll(6)),
                amount: if dice.one_in(2) { left } else { dice.amount(payable + 5) },
                paid_at: dice.one_in(3).then(|| harness.at.plus(-dice.amount(40 * MINUTE))),
                terms_version: None,
                attempt_id,
            })
        }
        K::PaymentFailed => Operation::PaymentFailed { attempt_id, reason },
        K::AttemptClosed => Operation::AttemptClosed { attempt_id, reason },
        K::AttemptStuck => Operation::AttemptStuck { attempt_id, reason },
        K::Revoke => Operation::Revoke { reason },
        K::Drop => Operation::Drop {
            lines: lines_of(harness, shop, dice)
                .map(|l| l.into_iter().map(|a| Asked { quantity: None, ..a }).collect()),
            platform_discount: dice.one_in(2).then(|| dice.amount(50)),
            third_party_discount: dice.one_in(2).then(|| dice.amount(50)),
        },
        K::AdjustPrice => Operation::AdjustPrice(PriceAsked {
            shop_discount: dice.one_in(2).then(|| dice.amount(payable / 2)),
            freight: dice.one_in(2).then(|| dice.amount(700)),
            freight_tax: dice.one_in(3).then(|| dice.amount(90)),
            taxes: (lines_of(harness, shop, dice).unwrap_or_default().iter())
                .map(|line| TaxAsked { order_id: line.order_id, tax: dice.amount(900) })
                .collect(),
            expected_terms_version: None,
        }),
        K::Accept => Operation::Accept,
        K::Reject => Operation::Reject { reason },
        K::StartPreparing => Operation::StartPreparing,
        K::Prepare => Operation::Prepare,
        K::CallCourier => Operation::CallCourier { courier },
        K::PickUp => Operation::PickUp { courier },
        K::Deliver => Operation::Deliver { courier },
        K::Ship => {
            let lines = lines_of(harness, shop, dice);
            Operation::Ship { lines, carrier: None, tracking: None }
        }
        K::ExtendReceipt => Operation::ExtendReceipt { days: dice.roll(32) as u32 },
        K::RequestCancel => Operation::RequestCancel { reason },
        K::AgreeCancel => Operation::AgreeCancel { refund_id },
        K::RefuseCancel => Operation::RefuseCancel { refund_id, reason },
        K::WithdrawCancel => Operation::WithdrawCancel { refund_id },
        K::RequestRefund => Operation::RequestRefund(refund_asked(harness, shop, dice)),
        K::AgreeRefund => Operation::AgreeRefund { refund_id },
        K::RejectRefund => Operation::RejectRefund { refund_id, reason },
        K::WithdrawRefund => Operation::WithdrawRefund { refund_id },
        K::RefundByStore => Operation::RefundByStore(refund_asked(harness, shop, dice)),
        K::RefundSucceeded | K::RefundFailed => {
            let refund_id = refund_in(harness, shop, dice);
            let payments = &harness.tree.payment.payments;
            let payment_id = (!payments.is_empty() && dice.one_in(3))
                .then(|| payments[dice.roll(payments.len())].payment_id);
            let reference =
                if dice.one_in(2) { "" } else { dice.of(&["b-1", "b-2", "b-3", "b-4"]) };
            let succeeded = kind == K::RefundSucceeded;
            let end = if succeeded { RefundStatus::Refunded } else { RefundStatus::Failed };
            heard(refund_id, payment_id, reference, end)
        }
        K::ReceiveReturn => Operation::ReceiveReturn {
            refund_id: refund_in(harness, shop, dice),
            lines: lines_of(harness, shop, dice),
            restock: dice.one_in(2),
        },
        K::Weigh => Operation::Weigh { lines: lines_of(harness, shop, dice).unwrap_or_default() },
        K::ChangeAddress => Operation::ChangeAddress {
            freight: dice.one_in(2).then(|| dice.amount(700)),
            freight_tax: dice.one_in(3).then(|| dice.amount(90)),
        },
        K::Settle => Operation::Settle,
        K::Rate => Operation::Rate { score: dice.roll(7) as u8, text: None },
        K::Note => Operation::Note,
        K::Tag => Operation::Tag { add: vec!["new".into()], remove: vec![] },
        K::Hide => Operation::Hide,
        K::Delete => Operation::Delete,
        K::Restore => Operation::Restore,
        K::Receive | K::Place | K::Record => Operation::Receive,
    }
}

fn node(harness: &Harness, kind: OperationKind, shop: usize, dice: &mut Dice) -> Id {
    if dice.one_in(8) {
        return harness.tree.id();
    }
    let shop = &harness.tree.shops[shop];
    match kind.definition().target.level() {
        Some(Level::Payment) => harness.tree.id(),
        Some(Level::Item) => shop.items[dice.roll(shop.items.len())].id,
        Some(Level::Shop) | None => shop.id,
    }
}

/// An order, in most cases paid: what may happen before payment is soon over.
fn placed(dice: &mut Dice) -> Harness {
    let mut harness = Harness::place(&placement(dice));
    if !dice.one_in(3) && harness.standing().payment_status != PaymentStatus::Paid {
        harness.pay();
    }
    harness
}

/// One thing that happens: time passes, or somebody asks.
fn step(harness: &mut Harness, dice: &mut Dice) {
    if dice.one_in(10) {
        harness.stock_is_left = !dice.one_in(4);
        let long = dice.of(&[MINUTE, MINUTE, MINUTE, 20 * MINUTE, HOUR, DAY, 4 * DAY, 16 * DAY]);
        return harness.wait(long);
    }
    harness.at = harness.at.plus(dice.amount(1));
    let kind = dice.of(KINDS);
    let shop = dice.roll(harness.tree.shops.len());
    let actor =
        if dice.one_in(10) { dice.of(ActorKind::ALL) } else { dice.of(kind.definition().who) };
    harness.may_refund_settled = dice.one_in(2);
    let operation = operation(harness, kind, shop, dice);
    let node = node(harness, kind, shop, dice);
    let outside = !kind.definition().who.contains(&actor);
    let decided = harness.ask_of(node, actor, operation);
    if outside {
        assert!(matches!(decided, Err(Refusal::Actor { .. })), "{actor} may not {kind}");
    }
}

/// Lets the order come to its end by itself: gateways close what is open, money goes back, time passes.
fn live_out(harness: &mut Harness) {
    for _ in 0..60 {
        for attempt in harness.tree.payment.attempts.clone() {
            if attempt.status == AttemptStatus::Open {
                let attempt_id = Some(attempt.attempt_id);
                let closed = Operation::AttemptClosed { attempt_id, reason: None };
                harness.ask(ActorKind::Gateway, closed).expect("an open attempt may be closed");
            }
        }
        for shop in harness.tree.shops.clone() {
            for refund in &shop.refunds {
                let back = Operation::ReceiveReturn {
                    refund_id: refund.refund_id,
                    lines: None,
                    restock: true,
                };
                let _ = harness.ask(ActorKind::Store, back);
                if refund.status == RefundStatus::Refunding {
                    let back = heard(refund.refund_id, None, "", RefundStatus::Refunded);
                    let _ = harness.ask(ActorKind::Gateway, back);
                }
            }
            let _ = harness.ask_of(shop.id, ActorKind::Store, harness::ship(None));
            let _ = harness.ask_of(shop.id, ActorKind::Store, Operation::Accept);
            let _ = harness.ask_of(shop.id, ActorKind::Store, Operation::Deliver { courier: None });
        }
        harness.wait(20 * DAY);
    }
}

proptest! {
    // The default number of cases, or PROPTEST_CASES; a failing case is printed and replays from its numbers.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_operations_breaks_a_law(
        first in any::<u64>(),
        steps in prop::collection::vec(any::<u64>(), 0..70),
    ) {
        let mut harness = placed(&mut Dice(first));
        for seed in steps {
            step(&mut harness, &mut Dice(seed));
        }
        live_out(&mut harness);
        let standing = harness.standing();
        prop_assert_eq!(harness.stock().held, 0, "at the end of its life an order holds nothing");
        for (shop, stands) in harness.tree.shops.iter().zip(&standing.shops) {
            use docket_domain::words::Status::{Cancelled, Closed, Completed};
            prop_assert!(
                matches!(stands.status, Cancelled | Closed | Completed),
                "left to itself an order ends, but: {} {:#?}", stands.status, shop
            );
        }
        prop_assert_eq!(harness.tree.due_at(), None, "what has ended waits for nothing");
    }
}

/// The property above says something only where the random orders go everywhere.
#[test]
fn random_operations_reach_every_status_and_do_every_operation() {
    let (mut done, mut seen) = (BTreeMap::new(), BTreeMap::new());
    for seed in 0..500 {
        let mut dice = Dice(seed);
        let mut harness = placed(&mut dice);
        for _ in 0..50 {
            step(&mut harness, &mut dice);
            for shop in &harness.standing().shops {
                *seen.entry(shop.status.word()).or_insert(0) += 1;
                *seen.entry(shop.store_status.word()).or_insert(0) += 1;
                *seen.entry(shop.refund_status.word()).or_insert(0) += 1;
                let kinds = [
                    shop.cancel_kind.map(CancelKind::word),
                    shop.delivery_status.map(DeliveryStatus::word),
                ];
                for word in kinds.into_iter().flatten() {
                    *seen.entry(word).or_insert(0) += 1;
                }
            }
        }
        for anomaly in &harness.tree.payment.anomalies {
            *seen.entry(anomaly.kind.word()).or_insert(0) += 1;
        }
        for entry in &harness.log {
            *done.entry(entry.kind).or_insert(0) += 1;
        }
    }
    println!("changes that every law was held against: {done:?}");
    let never = OperationKind::ALL.iter().filter(|kind| !done.contains_key(kind));
    assert_eq!(never.collect::<Vec<_>>(), [&OperationKind::Record], "only a copy is recorded");
    let words = Status::ALL.iter().map(|s| s.word());
    let words = words.chain(StoreStatus::ALL.iter().map(|s| s.word()));
    let words = words.chain(RefundAxis::ALL.iter().map(|s| s.word()));
    let words = words.chain(CancelKind::ALL.iter().map(|s| s.word()));
    let mut words = words.chain(DeliveryStatus::ALL.iter().map(|s| s.word()));
    assert_eq!(words.find(|word| !seen.contains_key(word)), None, "a status is never reached");
    let contradictions = [AnomalyKind::RefundBounced, AnomalyKind::RefundedTwice];
    let mut kinds = contradictions.iter().map(|kind| kind.word());
    assert_eq!(kinds.find(|word| !seen.contains_key(word)), None, "news never contradicts");
}
