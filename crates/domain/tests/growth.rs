//! What an order costs that is asked for the same thing again and again: each row of its log costs what changed, and
//! of every kind of fact an order takes so many and no more.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod harness;

use docket_domain::change::{self, Remark};
use docket_domain::decide::{self, Context, Decided};
use docket_domain::limits::TooMany;
use docket_domain::operation::{By, Operation, PaymentAsked, PriceAsked, RefundAsked};
use docket_domain::time::{DAY, MINUTE};
use docket_domain::words::RefundStatus;
use docket_domain::{Actor, ActorKind, Id, Limits, LogEntry, Refusal, Request};
use harness::*;

use ActorKind::{Buyer, Gateway, Seller, Store, Till};

const WITHDRAWN: Operation = Operation::WithdrawRefund { refund_id: None };

fn refund() -> Operation {
    Operation::RequestRefund(RefundAsked::default())
}

fn note(words: &str) -> Request {
    let remark = Remark { en: Some(words.to_owned()), cn: None };
    Request { operation: Operation::Note, node: Id(1), expected_version: None, remark }
}

fn paid_parcels() -> Harness {
    let mut harness = parcels();
    harness.does(Till, paid("cash", "r-1", 16600));
    harness
}

fn bytes(entry: &LogEntry) -> usize {
    entry.before.to_string().len() + entry.after.to_string().len()
}

/// Asks without the laws of the harness, which look at every refund that there is.
fn change(harness: &mut Harness, operation: Operation) -> LogEntry {
    let request =
        Request { operation, node: Id(1), expected_version: None, remark: Remark::default() };
    harness.at = harness.at.plus(1);
    let mut next = 10_000 * i64::from(harness.tree.payment.version);
    let mut next_id = || {
        next += 1;
        Id(next)
    };
    let mut cx = Context {
        at: harness.at,
        policy: &harness.policy,
        limits: &Limits::NONE,
        next_id: &mut next_id,
        seat: &docket_domain::Seat::Center,
        can_hold: &|_| true,
    };
    let actor = Actor::of(Buyer);
    let by = By { actor: &actor, issuer: "web", may_refund_settled: false };
    match decide::decide(&harness.tree, &request, by, &mut cx).unwrap() {
        Decided::Change(change) => {
            harness.tree = change.tree;
            change.entry
        }
        Decided::Already => panic!("it changes the order"),
    }
}

#[test]
fn a_row_costs_what_changed_however_often_a_refund_was_asked_for_before() {
    let mut harness = paid_parcels();
    let rows =
        (0..700).flat_map(|_| [change(&mut harness, refund()), change(&mut harness, WITHDRAWN)]);
    let rows: Vec<LogEntry> = rows.collect();
    let bytes: Vec<usize> = rows.iter().map(bytes).collect();
    let (first, last) = (bytes[..2].iter().sum::<usize>(), bytes[1398..].iter().sum::<usize>());
    assert!(last <= first + 60, "the first pair costs {first} bytes, the last {last}");
    let all: usize = bytes.iter().sum();
    assert!(all <= 700 * 1200, "700 requests and withdrawals cost {all} bytes");
    // And back: what is asked of the last is asked of all by the properties of the log.
    let mut tree = harness.tree.clone();
    for row in rows[1360..].iter().rev() {
        tree = change::undo(&tree, row).unwrap().unwrap();
    }
    assert_eq!(tree.shops[0].refunds, harness.tree.shops[0].refunds[..680]);
}

#[test]
fn every_fact_that_is_asked_for_costs_the_same_the_hundredth_time() {
    /// The cost of the second row and of the hundredth.
    fn of(harness: &Harness, rows: usize) -> (usize, usize) {
        let own = &harness.log[harness.log.len() - rows..];
        (bytes(&own[1]), bytes(&own[rows - 1]))
    }
    let mut desks: Vec<(&str, Harness)> = Vec::new();
    let mut shipped = Harness::place(&order(vec![shop(0, vec![item(100, 200)])]));
    shipped.does(Till, paid("cash", "r-1", 20000));
    for _ in 0..100 {
        shipped.at = shipped.at.plus(1);
        let line = shipped.units(0, 1);
        shipped.does(Store, ship(Some(vec![line])));
    }
    desks.push(("shipments", shipped));
    let mut paying = parcels();
    paying.limits = Limits::NONE;
    for n in 0..100 {
        paying.at = paying.at.plus(1);
        paying.does(Till, paid("cash", &format!("r-{n}"), 0));
    }
    desks.push(("payments", paying));
    let mut tried = parcels();
    tried.limits = Limits::NONE;
    for _ in 0..100 {
        tried.at = tried.at.plus(1);
        let asked = PaymentAsked { tender: "card".into(), ..PaymentAsked::default() };
        tried.does(Buyer, Operation::StartPayment(asked));
    }
    desks.push(("attempts", tried));
    let mut noted = parcels();
    for _ in 0..100 {
        noted.at = noted.at.plus(1);
        noted.request(Store, &note("so it is")).unwrap();
    }
    desks.push(("notes", noted));
    for (what, harness) in desks {
        let (second, last) = of(&harness, 100);
        assert!(last <= second + 16, "of {what}, a row grows from {second} to {last} bytes");
    }
}

/// Does `ask` as often as it is allowed; tells how often that was, and the refusal.
fn as_often_as_allowed(mut ask: impl FnMut() -> Result<Decided, Refusal>) -> (u32, Refusal) {
    for times in 0..1000 {
        match ask() {
            Ok(_) => {}
            Err(refusal) => return (times, refusal),
        }
    }
    panic!("it is allowed without end");
}

fn few() -> Limits {
    Limits {
        refunds: 3,
        shipments: 4,
        payments: 5,
        attempts: 2,
        notes: 6,
        tags: 7,
        extended_days: 60,
        changes: 40,
    }
}

fn with_few(mut harness: Harness) -> Harness {
    harness.limits = few();
    harness
}

#[test]
fn withdrawn_requests_count_and_each_side_has_its_own() {
    let mut harness = with_few(paid_parcels());
    let asked = as_often_as_allowed(|| {
        let decided = harness.ask(Buyer, refund())?;
        harness.does(Buyer, WITHDRAWN);
        Ok(decided)
    });
    assert_eq!(asked, (3, Refusal::TooMany(TooMany::Refunds(3))));
    let cancel = Operation::RequestCancel { reason: None };
    assert_eq!(harness.refuses(Buyer, cancel.clone()), Refusal::TooMany(TooMany::Refunds(3)));
    // A buyer who asks and withdraws takes nothing from the store.
    harness.does(Seller, cancel);
    harness.does(Seller, Operation::WithdrawCancel { refund_id: None });
    for _ in 0..2 {
        let asked =
            RefundAsked { lines: Some(vec![harness.units(1, 1)]), ..RefundAsked::default() };
        harness.does(Store, Operation::RefundByStore(asked));
    }
    let rest = Operation::RefundByStore(RefundAsked::default());
    assert_eq!(harness.refuses(Store, rest), Refusal::TooMany(TooMany::Refunds(3)));
}

#[test]
fn a_refund_is_tried_again_so_often_and_what_gateways_say_of_it_is_always_taken() {
    let mut harness = with_few(paid_parcels());
    harness.does(Store, Operation::RefundByStore(RefundAsked::default()));
    let id = harness.refund(0).refund_id;
    let tried = as_often_as_allowed(|| {
        harness.does(Gateway, money_not_back(id));
        harness.ask(Store, Operation::AgreeRefund { refund_id: Some(id) })
    });
    assert_eq!(tried, (2, Refusal::TooMany(TooMany::Refunds(3))));
    for number in 0..9 {
        let reference = format!("b-{number}");
        harness.does(Gateway, heard(id, None, &reference, RefundStatus::Refunded));
    }
    let told = heard(id, None, "b-10", RefundStatus::Refunded);
    assert_eq!(harness.refuses(Till, told), Refusal::TooMany(TooMany::RefundNews(5)));
}

#[test]
fn a_shop_order_takes_so_many_shipments() {
    let mut harness = with_few(Harness::place(&order(vec![shop(0, vec![item(100, 20)])])));
    harness.does(Till, paid("cash", "r-1", 2000));
    let shipped = as_often_as_allowed(|| {
        let line = harness.units(0, 1);
        harness.ask(Store, ship(Some(vec![line])))
    });
    assert_eq!(shipped, (4, Refusal::TooMany(TooMany::Shipments(4))));
}

#[test]
fn payments_of_nothing_are_counted_and_money_of_a_gateway_is_always_taken() {
    let mut harness = with_few(parcels());
    let mut number = 0;
    let mut pay = |harness: &mut Harness, actor, amount| {
        number += 1;
        harness.ask(actor, paid("wechat", &format!("w-{number}"), amount))
    };
    let paid = as_often_as_allowed(|| pay(&mut harness, Gateway, 0));
    assert_eq!(paid, (5, Refusal::TooMany(TooMany::Payments(5))));
    let by_hand = pay(&mut harness, Till, 5);
    assert_eq!(by_hand, Err(Refusal::TooMany(TooMany::Payments(5))));
    for _ in 0..9 {
        assert!(matches!(pay(&mut harness, Gateway, 5), Ok(Decided::Change(_))), "it has happened");
    }
    // What is known already is no further payment.
    assert_eq!(harness.ask(Till, paid_again()), Ok(Decided::Already));
}

fn paid_again() -> Operation {
    paid("wechat", "w-1", 0)
}

#[test]
fn attempts_notes_tags_and_days_of_grace_have_an_end() {
    let mut harness = with_few(parcels());
    let tried = as_often_as_allowed(|| {
        let asked = PaymentAsked { tender: "card".into(), ..PaymentAsked::default() };
        harness.ask(Buyer, Operation::StartPayment(asked))
    });
    assert_eq!(tried, (2, Refusal::TooMany(TooMany::Attempts(2))));
    let noted = as_often_as_allowed(|| harness.request(Store, &note("so it is")));
    assert_eq!(noted, (6, Refusal::TooMany(TooMany::Notes(6))));
    let mut number = 0;
    let tagged = as_often_as_allowed(|| {
        number += 1;
        harness.ask(Store, Operation::Tag { add: vec![format!("t-{number}")], remove: vec![] })
    });
    assert_eq!(tagged, (7, Refusal::TooMany(TooMany::Tags(7))));
    // One goes, one comes.
    harness.does(Store, Operation::Tag { add: vec!["new".into()], remove: vec!["t-1".into()] });

    let mut harness = with_few(paid_parcels());
    harness.does(Store, ship(None));
    let put_off = as_often_as_allowed(|| harness.ask(Buyer, Operation::ExtendReceipt { days: 25 }));
    assert_eq!(put_off, (2, Refusal::TooMany(TooMany::Extensions(60))));
    harness.does(Buyer, Operation::ExtendReceipt { days: 10 });
}

#[test]
fn words_labels_and_prices_end_with_so_many_changes_and_goods_and_money_go_on() {
    let mut harness = with_few(parcels());
    let mut freight = 0;
    let changed = as_often_as_allowed(|| {
        freight += 1;
        let asked = PriceAsked { freight: Some(freight), ..PriceAsked::default() };
        harness.ask(Store, Operation::AdjustPrice(asked))
    });
    assert_eq!(changed, (39, Refusal::TooMany(TooMany::Changes(40))), "placing it was one");
    let tag = Operation::Tag { add: vec!["late".into()], remove: vec![] };
    assert_eq!(harness.refuses(Store, tag), Refusal::TooMany(TooMany::Changes(40)));
    let payable = harness.standing().payable.known().unwrap();
    harness.does(Till, paid("cash", "r-1", payable));
    harness.does(Buyer, refund());
    harness.does(Buyer, WITHDRAWN);
    harness.does(Store, ship(None));
    harness.wait(16 * DAY);
    harness.wait(8 * DAY + MINUTE);
    assert_eq!(harness.standing().status, docket_domain::words::Status::Completed);
}

#[test]
fn a_tree_that_has_more_than_it_takes_may_still_lose_some() {
    let mut harness = parcels();
    let all: Vec<String> = (0..9).map(|n| format!("t-{n}")).collect();
    harness.does(Store, Operation::Tag { add: all, remove: vec![] });
    harness.limits = few();
    harness.does(Store, Operation::Tag { add: vec![], remove: vec!["t-1".into()] });
}

#[test]
fn a_reference_of_others_is_noted_so_often() {
    let harness = parcels();
    let (mut tree, limits, mut noted) = (harness.tree.clone(), few(), 0);
    for number in 0..20 {
        let mut next_id = || Id(1000 + number);
        let mut cx = Context {
            at: harness.at,
            policy: &harness.policy,
            limits: &limits,
            next_id: &mut next_id,
            seat: &docket_domain::Seat::Center,
            can_hold: &|_| false,
        };
        let actor = Actor::of(Till);
        let by = By { actor: &actor, issuer: "till", may_refund_settled: false };
        let reference = format!("r-{number}");
        if let Some(change) = decide::note_reference_taken(&tree, &reference, Id(7), by, &mut cx) {
            tree = change.tree;
            noted += 1;
        }
    }
    assert_eq!(noted, 5);
}
