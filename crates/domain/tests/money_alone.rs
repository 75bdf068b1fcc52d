//! Refunds that are of money and not of goods: freight, part of it, goodwill; before the goods, beside them and after
//! them, and never more than was paid for the shop order.

mod harness;

use docket_domain::operation::{Operation, RefundAsked};
use docket_domain::time::DAY;
use docket_domain::tree::FreightAsked::{self, All, No, Part};
use docket_domain::words::{CancelKind, RefundAxis, RefundStatus, Status, StoreStatus};
use docket_domain::{ActorKind, Amount, Id, Refusal};
use harness::*;
use proptest::prelude::*;

use ActorKind::{Buyer, Gateway, Store, Till};

/// 166.00 paid, 6.00 of it freight.
fn paid_parcels() -> Harness {
    let mut harness = parcels();
    harness.pay();
    harness
}

fn shipped() -> Harness {
    let mut harness = paid_parcels();
    harness.does(Store, ship(None));
    harness
}

fn give(freight: FreightAsked, goodwill: i64) -> Operation {
    Operation::RefundByStore(money_alone(freight, goodwill))
}

fn all_goods(freight: FreightAsked) -> Operation {
    Operation::RefundByStore(RefundAsked { freight, ..RefundAsked::default() })
}

fn last(harness: &Harness) -> &docket_domain::tree::Refund {
    harness.shop().refunds.last().expect("a refund was asked for")
}

fn goes_back(harness: &mut Harness) {
    let id = last(harness).refund_id;
    harness.does(Till, money_back(id));
}

fn code(refusal: &Refusal) -> (&'static str, String) {
    match refusal {
        Refusal::Invalid(errors) | Refusal::TooMuch(errors) => {
            (errors[0].code, errors[0].field.clone())
        }
        other => panic!("a field should be wrong, but: {other:?}"),
    }
}

#[test]
fn freight_goes_back_alone_and_takes_no_goods_with_it() {
    let mut harness = shipped();
    harness.does(Store, give(All, 0));
    assert_eq!(
        (last(&harness).amount, last(&harness).freight, last(&harness).lines.len()),
        (600, 600, 0)
    );
    assert_eq!(harness.shop_standing().store_status, StoreStatus::Refunding);
    goes_back(&mut harness);
    let stands = harness.shop_standing();
    assert_eq!((stands.status, stands.refund_status), (Status::Shipped, RefundAxis::None));
    assert_eq!(stands.refunded, 600);
    assert_eq!(state_of(&harness.refuses(Store, give(All, 0))), "shipped", "once");
    assert_eq!(harness.stock().on_hand, -5000, "no unit moved");
    harness.does(Store, all_goods(No));
    goes_back(&mut harness);
    assert_eq!(harness.standing().refunded, 16_600);
    assert_eq!(harness.standing().status, Status::Closed);
}

#[test]
fn freight_goes_back_after_the_goods_whether_lines_are_left_out_or_empty() {
    for lines in [None, Some(Vec::new())] {
        let mut harness = shipped();
        harness.does(Store, all_goods(No));
        goes_back(&mut harness);
        assert_eq!(
            (harness.standing().status, harness.standing().refunded),
            (Status::Closed, 16_000)
        );
        let after = RefundAsked { lines, freight: All, ..RefundAsked::default() };
        harness.does(Store, Operation::RefundByStore(after));
        assert_eq!(harness.shop_standing().store_status, StoreStatus::Refunding);
        goes_back(&mut harness);
        let stands = harness.shop_standing();
        assert_eq!((stands.store_status, stands.refunded), (StoreStatus::Refunded, 16_600));
    }
}

#[test]
fn a_part_of_the_freight_goes_back_and_the_rest_with_what_empties_the_order() {
    let mut harness = paid_parcels();
    harness.does(Store, give(Part(250), 0));
    harness.does(Store, give(Part(50), 0));
    assert_eq!(code(&harness.refuses(Store, give(Part(301), 0))), ("too_much", "freight".into()));
    harness.does(Store, all_goods(No));
    assert_eq!((last(&harness).freight, last(&harness).amount), (300, 16_300));
}

#[test]
fn a_part_of_the_freight_brings_its_coins_and_all_parts_close_at_all_of_it() {
    let mut placement = order(vec![shop(1000, vec![item(1000, 1)])]);
    placement.coins = Amount::of(201);
    placement.third_party_discount = Amount::of(99);
    let mut harness = Harness::place(&placement);
    harness.pay();
    harness.does(Store, ship(None));
    let money = 1700 - harness.line_standing(0).to_pay.known().expect("known");
    let mut given = (0, 0, 0);
    for part in [333, 1, money - 334] {
        harness.does(Store, give(Part(part), 0));
        let refund = last(&harness);
        assert_eq!(refund.amount, part);
        given = (given.0 + part, given.1 + refund.coins, given.2 + refund.third_party);
        goes_back(&mut harness);
    }
    let shares = harness.shop().freight_shares;
    let shares = (shares.coins.known().unwrap_or(0), shares.third_party.known().unwrap_or(0));
    assert_eq!(given, (money, shares.0, shares.1));
}

#[test]
fn a_freight_that_coins_have_paid_is_given_back_as_coins() {
    let mut placement = order(vec![shop(100, vec![item(100, 1)])]);
    placement.coins = Amount::of(200);
    let mut harness = Harness::place(&placement);
    harness.does(Store, ship(None));
    harness.does(Store, give(All, 0));
    assert_eq!((last(&harness).amount, last(&harness).coins), (0, 100));
    goes_back(&mut harness);
    assert!(harness.ask(Store, give(All, 0)).is_err(), "once");
}

#[test]
fn goodwill_is_money_for_no_goods_and_later_goods_are_cut_to_what_is_left() {
    let mut harness = shipped();
    harness.does(Store, give(No, 1000));
    assert_eq!(
        (last(&harness).amount, last(&harness).goodwill, last(&harness).cut),
        (1000, 1000, 0)
    );
    goes_back(&mut harness);
    assert_eq!(harness.shop_standing().status, Status::Shipped);
    harness.does(Store, all_goods(All));
    let refund = last(&harness);
    assert_eq!((refund.amount, refund.freight, refund.cut), (15_600, 600, 1000));
    goes_back(&mut harness);
    assert_eq!((harness.standing().refunded, harness.standing().status), (16_600, Status::Closed));
    assert_eq!(state_of(&harness.refuses(Store, give(All, 0))), "refunded");
    assert_eq!(code(&harness.refuses(Store, give(No, 1))), ("too_much", "goodwill".into()));
}

#[test]
fn freight_and_goodwill_together_are_at_most_what_is_left() {
    let mut harness = shipped();
    let too_much = harness.refuses(Store, give(All, 16_001));
    assert_eq!(code(&too_much), ("too_much", "goodwill".into()));
    harness.does(Store, give(All, 16_000));
    assert_eq!((last(&harness).amount, last(&harness).freight), (16_600, 600));
    assert_eq!(harness.shop_standing().status, Status::Shipped, "no goods were given back");
}

#[test]
fn a_request_for_nothing_and_goodwill_beside_goods_are_wrong() {
    let mut harness = shipped();
    let nothing = harness.refuses(Buyer, Operation::RequestRefund(money_alone(No, 0)));
    assert_eq!(code(&nothing), ("empty", "lines".into()));
    let one = vec![harness.units(0, 1)];
    for lines in [None, Some(one)] {
        let beside = RefundAsked { lines, goodwill: 5, ..RefundAsked::default() };
        let refusal = harness.refuses(Store, Operation::RefundByStore(beside));
        assert_eq!(code(&refusal), ("out_of_place", "goodwill".into()));
    }
    let negative = harness.refuses(Store, give(All, -1));
    assert_eq!(code(&negative), ("out_of_range", "goodwill".into()));
}

#[test]
fn a_request_for_money_alone_is_answered_like_any_other() {
    let mut harness = shipped();
    harness.does(Buyer, Operation::RequestRefund(money_alone(Part(100), 400)));
    assert_eq!(harness.shop_standing().refund_status, RefundAxis::Applied);
    harness.does(Store, Operation::RejectRefund { refund_id: None, reason: None });
    assert_eq!(harness.shop_standing().store_status, StoreStatus::RefundFailed);
    harness.does(Buyer, Operation::RequestRefund(money_alone(No, 400)));
    harness.does(Buyer, Operation::WithdrawRefund { refund_id: None });
    harness.does(Buyer, Operation::RequestRefund(money_alone(No, 500)));
    harness.wait(3 * DAY);
    assert_eq!(last(&harness).status, RefundStatus::Refunding, "unanswered, it is agreed");
    let id = last(&harness).refund_id;
    harness.does(Gateway, money_not_back(id));
    harness.does(Store, Operation::AgreeRefund { refund_id: Some(id) });
    goes_back(&mut harness);
    assert_eq!(harness.standing().refunded, 500);
}

#[test]
fn a_cut_is_looked_at_again_when_the_request_is_agreed() {
    let mut harness = shipped();
    harness.does(Buyer, Operation::RequestRefund(money_alone(No, 1000)));
    harness.does(
        Buyer,
        Operation::RequestRefund(RefundAsked { freight: All, ..RefundAsked::default() }),
    );
    assert_eq!((last(&harness).amount, last(&harness).cut), (15_600, 1000));
    let (first, second) = (harness.refund(0).refund_id, last(&harness).refund_id);
    harness.does(Store, Operation::RejectRefund { refund_id: Some(first), reason: None });
    harness.does(Store, Operation::AgreeRefund { refund_id: Some(second) });
    assert_eq!((last(&harness).amount, last(&harness).cut), (16_600, 0));
}

#[test]
fn money_after_settlement_needs_the_scope_for_it_also_when_the_goods_are_back() {
    let mut harness = shipped();
    harness.does(Buyer, Operation::Receive);
    harness.wait(7 * DAY);
    assert_eq!(harness.refuses(Store, give(All, 0)), Refusal::Scope { scope: "refunds" });
    harness.may_refund_settled = true;
    harness.does(Store, all_goods(No));
    goes_back(&mut harness);
    harness.may_refund_settled = false;
    assert_eq!(harness.refuses(Store, give(All, 0)), Refusal::Scope { scope: "refunds" });
    assert!(harness.ask(Buyer, Operation::RequestRefund(money_alone(All, 0))).is_err());
    harness.may_refund_settled = true;
    harness.does(Store, give(All, 0));
}

#[test]
fn who_ended_the_order_is_who_gave_its_goods_back_not_who_was_kind_later() {
    let mut harness = shipped();
    harness.does(Buyer, Operation::RequestRefund(RefundAsked::default()));
    harness.does(Store, Operation::AgreeRefund { refund_id: None });
    goes_back(&mut harness);
    let ended = harness.shop_standing().times.refunded_at;
    harness.at = harness.at.plus(DAY);
    harness.does(Store, give(All, 0));
    goes_back(&mut harness);
    assert_eq!(harness.shop_standing().cancel_kind, Some(CancelKind::CustomerRefund));
    assert_eq!(harness.shop_standing().times.refunded_at, ended);
}

#[test]
fn money_alone_leaves_the_freight_with_goods_that_are_still_to_be_shipped() {
    let mut harness = paid_parcels();
    let lines = Some(vec![harness.units(0, 2), harness.units(1, 3)]);
    harness.does(Buyer, Operation::RequestRefund(refund_of(lines)));
    assert_eq!(last(&harness).freight, 600, "it empties the order");
    let first = last(&harness).refund_id;
    harness.does(Store, Operation::RejectRefund { refund_id: Some(first), reason: None });
    harness.does(Store, give(No, 100));
    assert_eq!(last(&harness).freight, 0);
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Lines(i64),
    Freight(i64),
    Goodwill(i64),
    Answer(usize, u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..4_i64).prop_map(Step::Lines),
        (0..700_i64).prop_map(Step::Freight),
        (1..6000_i64).prop_map(Step::Goodwill),
        ((0..8_usize), (0..6_u8)).prop_map(|(which, how)| Step::Answer(which, how)),
        ((0..8_usize), (0..6_u8)).prop_map(|(which, how)| Step::Answer(which, how)),
    ]
}

fn answer(harness: &mut Harness, refund_id: Id, how: u8) {
    let id = Some(refund_id);
    let _ = match how {
        0 => harness.ask(Store, Operation::RejectRefund { refund_id: id, reason: None }),
        1 => harness.ask(Buyer, Operation::WithdrawRefund { refund_id: id }),
        2 => harness.ask(Gateway, money_not_back(refund_id)),
        3 => harness.ask(Gateway, heard(refund_id, None, "", RefundStatus::Refunded)),
        _ => harness.ask(Store, Operation::AgreeRefund { refund_id: id }),
    };
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The laws of the harness hold on the way: nothing that is decided promises more than was paid.
    #[test]
    fn whatever_became_of_refunds_all_that_is_left_closes_at_exactly_what_was_paid(
        leaves in any::<bool>(),
        steps in prop::collection::vec(step(), 0..25),
    ) {
        let mut harness = if leaves { shipped() } else { paid_parcels() };
        for step in steps {
            harness.at = harness.at.plus(1);
            let asked = match step {
                Step::Lines(units) => refund_of(Some(vec![harness.units(1, units)])),
                Step::Freight(0) => money_alone(All, 0),
                Step::Freight(part) => money_alone(Part(part), 0),
                Step::Goodwill(amount) => money_alone(No, amount),
                Step::Answer(which, how) => {
                    if let Some(refund) = harness.shop().refunds.get(which).map(|r| r.refund_id) {
                        answer(&mut harness, refund, how);
                    }
                    continue;
                }
            };
            let _ = harness.ask(Buyer, Operation::RequestRefund(asked));
        }
        for refund in harness.shop().refunds.clone() {
            if refund.status == RefundStatus::Applied {
                answer(&mut harness, refund.refund_id, 4);
            }
        }
        let rest = [all_goods(All), give(All, 0)];
        for operation in rest {
            let _ = harness.ask(Store, operation);
        }
        let counts = |refund: &&docket_domain::tree::Refund| {
            matches!(refund.status, RefundStatus::Refunding | RefundStatus::Refunded)
        };
        let promised: i64 = harness.shop().refunds.iter().filter(counts).map(|r| r.amount).sum();
        let excess = harness.tree.payment.anomalies.len();
        if promised < 16_600 {
            harness.does(Store, give(No, 16_600 - promised));
        }
        for refund in harness.shop().refunds.clone() {
            if refund.status == RefundStatus::Refunding {
                answer(&mut harness, refund.refund_id, 3);
            }
        }
        if excess == 0 {
            prop_assert!(harness.standing().refunded >= 16_600);
            let noted = harness.tree.payment.anomalies.first();
            let more = noted.and_then(|a| a.detail["amount"].as_i64()).unwrap_or(0);
            prop_assert_eq!(harness.standing().refunded - more, 16_600);
        }
        prop_assert_eq!(harness.standing().status, Status::Closed);
    }
}
