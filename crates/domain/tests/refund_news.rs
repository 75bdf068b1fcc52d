//! What is heard of refunds is taken down in every state and once: news that contradict open a part again, or are
//! counted as what was given back too much.

mod harness;

use ActorKind::{Buyer, Gateway, Seller, Store, Till};
use docket_domain::decide::Decided;
use docket_domain::operation::{Operation, RefundAsked};
use docket_domain::time::DAY;
use docket_domain::tree::FreightAsked;
use docket_domain::words::RefundStatus::{Failed, Refunded, Refunding};
use docket_domain::words::{AnomalyKind, DeadlineKind, DueCause, RefundAxis, Status, StoreStatus};
use docket_domain::{ActorKind, Id, Refusal};
use harness::*;

fn one_at(list_price: i64) -> Harness {
    let mut harness = Harness::place(&order(vec![shop(0, vec![item(list_price, 1)])]));
    harness.does(Gateway, paid("card", "a", list_price));
    harness
}

fn everything() -> Operation {
    Operation::RefundByStore(RefundAsked::default())
}

/// Gives all that is left back, and answers the number of the refund.
fn refund(harness: &mut Harness) -> Id {
    harness.does(Store, everything());
    harness.shop().refunds.last().expect("just made").refund_id
}

fn anomalies(harness: &Harness) -> Vec<(AnomalyKind, Option<i64>)> {
    let anomalies = harness.tree.payment.anomalies.iter();
    anomalies.map(|anomaly| (anomaly.kind, anomaly.detail["amount"].as_i64())).collect()
}

fn went(refund: Id, reference: &str) -> Operation {
    heard(refund, None, reference, Refunded)
}

fn came_not(refund: Id, reference: &str) -> Operation {
    heard(refund, None, reference, Failed)
}

#[test]
fn a_refund_that_bounced_is_open_again_and_can_be_given_again() {
    for again in [false, true] {
        let mut harness = one_at(1000);
        let first = refund(&mut harness);
        harness.does(Gateway, went(first, "ra"));
        let stands = harness.standing();
        assert_eq!((stands.status, stands.refunded), (Status::Closed, 1000));
        harness.does(Gateway, came_not(first, ""));
        assert_eq!(anomalies(&harness), [(AnomalyKind::RefundBounced, Some(1000))]);
        let stands = harness.shop_standing();
        assert_eq!((stands.status, stands.store_status), (Status::Paid, StoreStatus::RefundFailed));
        assert_eq!((stands.refunded, stands.refund_status), (0, RefundAxis::Failed));
        assert_eq!(harness.last.entry.parameters["anomaly"], "refund_bounced");
        let next = if again {
            harness.does(Store, Operation::AgreeRefund { refund_id: Some(first) });
            first
        } else {
            refund(&mut harness)
        };
        assert_eq!(harness.shop().refunds.last().expect("there").parts[0].status, Refunding);
        harness.does(Gateway, went(next, "rb"));
        let stands = harness.standing();
        assert_eq!((stands.status, stands.refunded), (Status::Closed, 1000));
        assert_eq!(harness.stock().on_hand, 0, "the unit is on the shelf once");
    }
}

#[test]
fn a_refund_that_came_through_after_another_took_its_place_is_counted_as_too_much() {
    let mut harness = one_at(1000);
    let first = refund(&mut harness);
    harness.does(Gateway, came_not(first, ""));
    let second = refund(&mut harness);
    harness.does(Gateway, went(first, "rb1"));
    assert_eq!(anomalies(&harness), [], "so far it was given once");
    harness.does(Gateway, went(second, "rb2"));
    assert_eq!(harness.standing().refunded, 2000);
    assert_eq!(anomalies(&harness), [(AnomalyKind::RefundedTwice, Some(1000))]);
    assert_eq!(harness.last.entry.parameters["anomaly"], "refunded_twice");
    assert_eq!(harness.standing().status, Status::Closed);
    assert_eq!(harness.stock().on_hand, 0, "the unit is on the shelf once");
    harness.does(Gateway, came_not(second, "rb2"));
    let bounced = [(AnomalyKind::RefundBounced, Some(1000))];
    assert_eq!(anomalies(&harness), bounced, "one of the two came back: nothing is too much");
    let stands = harness.standing();
    assert_eq!((stands.refunded, stands.status), (1000, Status::Closed));
}

#[test]
fn money_that_came_through_after_all_ends_what_is_owed_where_the_second_try_fails() {
    let mut harness = one_at(1000);
    let first = refund(&mut harness);
    harness.does(Gateway, came_not(first, ""));
    let second = refund(&mut harness);
    harness.does(Gateway, went(first, "rb1"));
    harness.does(Gateway, came_not(second, ""));
    assert_eq!(anomalies(&harness), []);
    let stands = harness.standing();
    assert_eq!((stands.refunded, stands.status), (1000, Status::Closed));
}

#[test]
fn what_was_heard_once_under_a_number_is_not_news_whatever_was_heard_since() {
    let mut harness = one_at(1000);
    let id = refund(&mut harness);
    harness.does(Gateway, came_not(id, "x"));
    assert_eq!(harness.ask(Gateway, came_not(id, "x")), Ok(Decided::Already));
    harness.does(Gateway, went(id, "x"));
    assert_eq!(harness.ask(Gateway, went(id, "x")), Ok(Decided::Already));
    assert_eq!(
        harness.ask(Gateway, came_not(id, "x")),
        Ok(Decided::Already),
        "heard before it went"
    );
    assert_eq!(harness.standing().refunded, 1000);
    harness.does(Gateway, came_not(id, "y"));
    assert_eq!(harness.ask(Gateway, came_not(id, "y")), Ok(Decided::Already));
    assert_eq!(harness.ask(Gateway, went(id, "x")), Ok(Decided::Already), "an old report again");
    assert_eq!(harness.standing().refunded, 0);
    harness.does(Gateway, went(id, "z"));
    assert_eq!(harness.standing().refunded, 1000);
}

#[test]
fn late_news_of_a_former_try_undo_nothing_that_went_since() {
    let (gone, failed) = (|number| (Refunded, number), |number| (Failed, number));
    // What was heard before the money went as `z`, and whether it is news that `x` failed.
    for (before, is_news) in [
        (vec![failed("")], true),
        (vec![failed("x")], false),
        (vec![gone("x"), failed("x")], false),
        (vec![gone("x"), failed("b")], false),
    ] {
        let mut of_goods = one_at(1000);
        let id = refund(&mut of_goods);
        let mut overpaid = one_at(1000);
        overpaid.does(Gateway, paid("card", "b", 1000));
        let due = overpaid.tree.payment.refunds_due[0].refund_id;
        for (mut harness, id, refunded) in [(of_goods, id, 1000), (overpaid, due, 0)] {
            for (end, number) in &before {
                harness.does(Gateway, heard(id, None, number, *end));
            }
            if refunded > 0 {
                harness.does(Store, Operation::AgreeRefund { refund_id: Some(id) });
            }
            harness.does(Gateway, went(id, "z"));
            let known = anomalies(&harness);
            if is_news {
                harness.does(Gateway, came_not(id, "x"));
            }
            assert_eq!(harness.ask(Gateway, came_not(id, "x")), Ok(Decided::Already), "{before:?}");
            assert_eq!((harness.standing().refunded, anomalies(&harness)), (refunded, known));
            harness.does(Gateway, came_not(id, "z"));
            let bounced = (AnomalyKind::RefundBounced, Some(1000));
            assert_eq!(anomalies(&harness).last(), Some(&bounced), "that of the last one is news");
        }
    }
}

#[test]
fn money_that_goes_twice_for_one_refund_is_counted_and_may_come_back_once() {
    let mut harness = one_at(1000);
    let id = refund(&mut harness);
    harness.does(Gateway, went(id, "x"));
    harness.does(Gateway, went(id, "y"));
    assert_eq!(harness.standing().refunded, 2000);
    assert_eq!(anomalies(&harness), [(AnomalyKind::RefundedTwice, Some(1000))]);
    harness.does(Gateway, went(id, "z"));
    assert_eq!(anomalies(&harness), [(AnomalyKind::RefundedTwice, Some(2000))]);
    for (reference, left) in [("y", 2000), ("x", 1000)] {
        harness.does(Gateway, came_not(id, reference));
        assert_eq!(harness.standing().refunded, left);
    }
    assert_eq!(harness.standing().status, Status::Closed);
    assert!(anomalies(&harness).iter().all(|(kind, _)| *kind == AnomalyKind::RefundBounced));
    harness.does(Gateway, came_not(id, "z"));
    let stands = harness.standing();
    assert_eq!((stands.refunded, stands.status), (0, Status::Paid));
}

#[test]
fn the_number_of_money_that_went_is_learnt_and_is_no_second_time() {
    let mut harness = one_at(1000);
    let id = refund(&mut harness);
    harness.does(Till, went(id, ""));
    harness.does(Gateway, went(id, "x"));
    assert_eq!(harness.refund(0).parts[0].reference.as_deref(), Some("x"));
    assert_eq!((harness.standing().refunded, anomalies(&harness).len()), (1000, 0));
}

#[test]
fn one_number_is_the_money_of_one_refund() {
    let mut harness = parcels();
    harness.pay();
    let one =
        |harness: &Harness| Operation::RefundByStore(refund_of(Some(vec![harness.units(0, 1)])));
    harness.does(Store, one(&harness.clone()));
    harness.does(Store, one(&harness.clone()));
    let (first, second) = (harness.refund(0).refund_id, harness.refund(1).refund_id);
    harness.does(Till, went(first, "x"));
    let taken = Refusal::RefundReferenceTaken { refund: first };
    assert_eq!(harness.refuses(Till, went(second, "x")), taken);
    harness.does(Till, went(second, "y"));
}

#[test]
fn money_that_went_before_anybody_agreed_or_goods_came_back_is_taken_down() {
    for answered in [None, Some(false), Some(true)] {
        let mut harness = one_at(1000);
        harness.does(Buyer, Operation::RequestRefund(RefundAsked::default()));
        let refund_id = Some(harness.refund(0).refund_id);
        match answered {
            None => {}
            Some(false) => harness.does(Buyer, Operation::WithdrawRefund { refund_id }),
            Some(true) => harness.does(Store, Operation::RejectRefund { refund_id, reason: None }),
        }
        let id = harness.refund(0).refund_id;
        assert_eq!(harness.ask(Till, came_not(id, "")), Ok(Decided::Already));
        harness.does(Till, went(id, "x"));
        let stands = harness.standing();
        assert_eq!((stands.status, stands.refunded), (Status::Closed, 1000));
        assert_eq!(harness.tree.due_at(), None);
    }
    let mut harness = one_at(1000);
    harness.does(Store, ship(None));
    let asked = RefundAsked { goods_back: true, ..RefundAsked::default() };
    harness.does(Store, Operation::RefundByStore(asked));
    let id = harness.refund(0).refund_id;
    harness.does(Till, went(id, "x"));
    assert_eq!(harness.standing().refunded, 1000);
    harness.does(Store, Operation::ReceiveReturn { refund_id: id, lines: None, restock: true });
    assert_eq!(harness.refund(0).parts.len(), 1, "and flows once");
}

#[test]
fn a_request_whose_units_money_has_moved_for_meanwhile_gives_what_is_left() {
    let mut harness = Harness::place(&order(vec![shop(0, vec![item(1000, 1), item(700, 1)])]));
    harness.pay();
    let one = refund_of(Some(vec![harness.units(0, 1)]));
    harness.does(Store, Operation::RefundByStore(one.clone()));
    let first = harness.refund(0).refund_id;
    harness.does(Gateway, came_not(first, ""));
    harness.does(Buyer, Operation::RequestRefund(one));
    harness.does(Gateway, went(first, "x"));
    harness.does(Store, Operation::AgreeRefund { refund_id: None });
    assert_eq!(harness.refund(1).amount, 0);
}

#[test]
fn of_a_refund_on_two_payments_one_part_bounces_and_waits_for_somebody() {
    let mut harness = parcels();
    harness.does(Till, paid("voucher", "v-1", 5000));
    harness.at = harness.at.plus(1);
    harness.does(Till, paid("card", "r-1", 11600));
    harness.does(Store, everything());
    let (refund, payments) = (harness.refund(0).refund_id, harness.tree.payment.payments.clone());
    let (voucher, card) = (payments[0].payment_id, payments[1].payment_id);
    harness.does(Gateway, heard(refund, Some(voucher), "v", Refunded));
    harness.does(Gateway, heard(refund, Some(card), "c", Refunded));
    assert!(matches!(harness.refuses(Gateway, came_not(refund, "")), Refusal::Invalid(_)));
    harness.does(Gateway, heard(refund, Some(card), "", Failed));
    let parts: Vec<_> = harness.refund(0).parts.iter().map(|p| (p.payment_id, p.status)).collect();
    assert_eq!(parts, [(card, Failed), (voucher, Refunded)]);
    assert_eq!((harness.refund(0).status, harness.standing().refunded), (Refunding, 5000));
    let round = harness.refund(0).round;
    harness.does(Seller, Operation::AgreeRefund { refund_id: Some(refund) });
    assert_eq!(harness.refund(0).round, round + 1, "under another key");
    harness.does(Gateway, heard(refund, Some(card), "c2", Refunded));
    assert_eq!((harness.refund(0).status, harness.standing().refunded), (Refunded, 16_600));
}

#[test]
fn money_of_a_payment_that_was_given_up_comes_through_and_the_other_one_is_too_much() {
    let mut harness = parcels();
    harness.does(Till, paid("voucher", "v-1", 8000));
    harness.at = harness.at.plus(1);
    harness.does(Till, paid("card", "r-1", 8600));
    let one = refund_of(Some(vec![harness.units(0, 1)]));
    harness.does(Store, Operation::RefundByStore(one));
    let refund = harness.refund(0).refund_id;
    let (voucher, card) =
        (harness.tree.payment.payments[0].payment_id, harness.tree.payment.payments[1].payment_id);
    harness.does(Gateway, heard(refund, Some(card), "", Failed));
    harness.does(Store, Operation::AgreeRefund { refund_id: Some(refund) });
    assert_eq!(harness.refund(0).parts[0].payment_id, voucher);
    harness.does(Gateway, heard(refund, Some(card), "late", Refunded));
    assert_eq!(harness.refund(0).status, Refunding, "the other one is still on its way");
    let mut fails = harness.clone();
    fails.does(Gateway, heard(refund, Some(voucher), "", Failed));
    assert_eq!((fails.refund(0).status, fails.standing().refunded), (Refunded, 5000));
    harness.does(Gateway, heard(refund, Some(voucher), "v", Refunded));
    assert_eq!(harness.standing().refunded, 10_000);
    assert_eq!(anomalies(&harness), [(AnomalyKind::RefundedTwice, Some(5000))]);
}

#[test]
fn freight_that_went_twice_is_too_much() {
    let mut harness = parcels();
    harness.pay();
    harness.does(Store, ship(None));
    let freight = || Operation::RefundByStore(money_alone(FreightAsked::All, 0));
    harness.does(Store, freight());
    let first = harness.refund(0).refund_id;
    harness.does(Gateway, came_not(first, ""));
    harness.does(Store, freight());
    let second = harness.refund(1).refund_id;
    harness.does(Gateway, went(first, "1"));
    harness.does(Gateway, went(second, "2"));
    assert_eq!(anomalies(&harness), [(AnomalyKind::RefundedTwice, Some(600))]);
}

#[test]
fn an_order_that_opens_again_has_its_deadline_again() {
    let mut harness = one_at(1000);
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::Receive);
    let id = refund(&mut harness);
    harness.does(Gateway, went(id, "x"));
    assert_eq!(harness.shop().deadline, None);
    harness.does(Gateway, came_not(id, ""));
    assert_eq!(harness.shop().deadline.map(|d| d.kind), Some(DeadlineKind::SettleAt));
    harness.wait(8 * DAY);
    assert_eq!(harness.standing().status, Status::Completed);
}

#[test]
fn units_whose_refund_bounced_are_to_be_shipped_or_refunded_again() {
    let mut harness = parcels();
    harness.pay();
    let one = refund_of(Some(vec![harness.units(0, 1)]));
    harness.does(Store, Operation::RefundByStore(one));
    let id = harness.refund(0).refund_id;
    harness.does(Gateway, went(id, "x"));
    harness.does(Store, ship(None));
    assert_eq!(harness.standing().status, Status::Shipped);
    harness.does(Gateway, came_not(id, ""));
    assert_eq!(harness.standing().status, Status::Paid);
    assert_eq!(harness.shop().deadline, None, "nothing is to be received before it has left");
    assert_eq!(harness.stock().on_hand, -5000, "it is not on the shelf any more");
    harness.does(Store, ship(None));
    assert_eq!(harness.shop().deadline.map(|d| d.kind), Some(DeadlineKind::ReceiveBy));
}

#[test]
fn what_is_heard_of_a_refund_due_is_taken_down_in_any_order_too() {
    let mut harness = parcels();
    harness.does(Till, paid("card", "r-1", 16_700));
    let due = |harness: &Harness| harness.tree.payment.refunds_due[0].clone();
    let id = due(&harness).refund_id;
    assert_eq!(due(&harness).cause, DueCause::Overpaid);
    let stands = |harness: &Harness| (due(harness).status, anomalies(harness));
    harness.does(Gateway, came_not(id, "x"));
    harness.does(Gateway, went(id, "x"));
    assert_eq!(harness.ask(Gateway, came_not(id, "x")), Ok(Decided::Already));
    harness.does(Gateway, went(id, "y"));
    let twice = (AnomalyKind::RefundedTwice, Some(100));
    assert_eq!(stands(&harness), (Refunded, vec![twice]));
    harness.does(Gateway, came_not(id, "y"));
    let bounced = (AnomalyKind::RefundBounced, Some(100));
    assert_eq!(stands(&harness), (Refunded, vec![bounced]));
    assert_eq!(harness.ask(Gateway, went(id, "y")), Ok(Decided::Already));
    harness.does(Gateway, came_not(id, ""));
    assert_eq!(stands(&harness), (Failed, vec![bounced, bounced]));
    harness.does(Gateway, went(id, "z"));
    assert_eq!(due(&harness).status, Refunded);
    assert_eq!(harness.standing().paid, 16_600, "the payable is covered all the while");
}

#[test]
fn what_bounces_takes_back_what_its_refund_had_moved_in_the_ledgers() {
    let mut placement = order(vec![shop(0, vec![item(1000, 2)])]);
    placement.coins = docket_domain::Amount::of(100);
    let mut harness = Harness::place(&placement);
    harness.pay();
    let one = refund_of(Some(vec![harness.units(0, 1)]));
    harness.does(Store, Operation::RefundByStore(one));
    let id = harness.refund(0).refund_id;
    let keys = |before: &Harness, after: &Harness| -> Vec<String> {
        let moves = docket_domain::ledger::moves(Some(&before.tree), &after.tree);
        moves.effects.into_iter().map(|effect| effect.key).collect()
    };
    for (undone, reference) in ["x", "y"].into_iter().enumerate() {
        let before = harness.clone();
        harness.does(Gateway, went(id, reference));
        let again = if undone == 0 { String::new() } else { format!(":{undone}") };
        let expected = [format!("coins.return:{id}{again}"), format!("points.reverse:{id}{again}")];
        assert_eq!(keys(&before, &harness), expected);
        let before = harness.clone();
        harness.does(Gateway, came_not(id, ""));
        let times = undone + 1;
        let expected =
            [format!("coins.retake:{id}:{times}"), format!("points.restore:{id}:{times}")];
        assert_eq!(keys(&before, &harness), expected);
        harness.does(Store, Operation::AgreeRefund { refund_id: Some(id) });
    }
}

fn reversals(harness: &Harness) -> Vec<String> {
    let moves = docket_domain::ledger::moves(None, &harness.tree);
    let keys = moves.effects.into_iter().map(|effect| effect.key);
    keys.filter(|key| key.starts_with("points.reverse")).collect()
}

/// 1.50 for 1 point: of two refunds of a half each the one that is done last reverses it, whichever was asked first.
#[test]
fn what_is_expected_of_points_follows_from_the_order_in_which_refunds_were_done() {
    for order_of_ends in [[0, 1], [1, 0]] {
        let mut harness = Harness::place(&order(vec![shop(0, vec![item(2, 2)])]));
        harness.pay();
        let one = Operation::RefundByStore(refund_of(Some(vec![harness.units(0, 1)])));
        harness.does(Store, one.clone());
        harness.does(Store, one);
        let ids = [harness.refund(0).refund_id, harness.refund(1).refund_id];
        for at in order_of_ends {
            let id = ids[at];
            harness.does(Gateway, money_back(id)); // at the same moment: the clock says nothing of their order
        }
        assert_eq!(reversals(&harness), [format!("points.reverse:{}", ids[order_of_ends[1]])]);
    }
}

#[test]
fn a_refund_that_was_done_counts_for_those_after_it_also_where_it_bounced() {
    let mut harness = Harness::place(&order(vec![shop(0, vec![item(2, 2)])]));
    harness.pay();
    let one = Operation::RefundByStore(refund_of(Some(vec![harness.units(0, 1)])));
    harness.does(Store, one.clone());
    harness.does(Store, one);
    let ids = [harness.refund(0).refund_id, harness.refund(1).refund_id];
    harness.does(Gateway, money_back(ids[0]));
    harness.does(Gateway, money_back(ids[1]));
    harness.does(Gateway, money_not_back(ids[0]));
    assert_eq!(reversals(&harness), [format!("points.reverse:{}", ids[1])]);
}

/// An order that the version before this one wrote: what it does not say is as it was then.
#[test]
fn a_refund_written_before_reads_as_it_was() {
    let text = r#"{"refund_id":"9","kind":"refund","by":"store","status":"refunded","amount":1600,
        "freight":600,"freight_given":true,"freight_asked":true,"lines":[],"created_at":5}"#;
    let refund: docket_domain::tree::Refund = serde_json::from_str(text).expect("it reads");
    assert_eq!((refund.freight_asked, refund.goodwill, refund.cut), (FreightAsked::All, 0, 0));
    assert_eq!(refund.status, Refunded);
    assert!(refund.former.is_empty() && refund.turns.is_empty());
}
