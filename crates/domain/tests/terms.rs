//! What was agreed, changed before it is paid; and what may still change after.

mod harness;

use docket_domain::decide::Decided;
use docket_domain::operation::{Asked, Operation, PaymentAsked, PriceAsked};
use docket_domain::placement::Placement;
use docket_domain::refusal::DiscountTooLarge;
use docket_domain::words::{Status, StoreStatus, Visible};
use docket_domain::{ActorKind, Amount, Refusal};
use harness::*;

use ActorKind::{Buyer, Gateway, Seller, Store};

fn adjust(shop_discount: Option<i64>, freight: Option<i64>) -> Operation {
    Operation::AdjustPrice(PriceAsked { shop_discount, freight, ..PriceAsked::default() })
}

fn to_another(freight: Option<i64>) -> Operation {
    Operation::ChangeAddress { freight, freight_tax: None }
}

fn drop_lines(lines: Option<Vec<Asked>>) -> Operation {
    Operation::Drop { lines, platform_discount: None, third_party_discount: None }
}

/// Two shops of 100.00 and 60.00, freight 6.00 each, with a discount at every level.
fn two_shops() -> Placement {
    let mut placement =
        order(vec![shop(600, vec![item(5000, 2)]), shop(600, vec![item(2000, 2), item(1000, 2)])]);
    placement.shops[0].shop_discount = Amount::of(1000);
    placement.platform_discount = Amount::of(1500);
    placement.coins = Amount::of(1570);
    placement.third_party_discount = Amount::of(157);
    placement
}

fn too_large(field: &str, discount: i64, left: i64) -> Refusal {
    Refusal::DiscountTooLarge(vec![DiscountTooLarge { field: field.to_owned(), discount, left }])
}

fn payable(harness: &Harness) -> i64 {
    harness.standing().payable.known().expect("known")
}

#[test]
fn an_adjusted_price_is_absolute_and_a_new_terms_version() {
    let mut harness = parcels();
    harness.does(Seller, adjust(Some(400), Some(0)));
    assert_eq!((payable(&harness), harness.tree.payment.terms_version), (15600, 2));
    assert!(docket_domain::change::new_terms(harness.was.as_ref(), &harness.tree));
    harness.does(Seller, adjust(Some(100), None));
    assert_eq!(payable(&harness), 15900, "a discount replaces the one before");
    assert_eq!(harness.ask(Seller, adjust(Some(100), None)), Ok(Decided::Already));
}

#[test]
fn an_adjusted_price_names_the_terms_it_expects() {
    let mut harness = parcels();
    harness.does(Seller, adjust(Some(400), None));
    let stale = Operation::AdjustPrice(PriceAsked {
        shop_discount: Some(500),
        expected_terms_version: Some(1),
        ..PriceAsked::default()
    });
    let refusal = harness.refuses(Seller, stale);
    assert_eq!(refusal, Refusal::TermsConflict { expected: 1, current: 2 });
}

#[test]
fn an_open_attempt_must_be_closed_before_terms_change() {
    let mut harness = parcels();
    let (amount, gateway) = (None, Some("wx".to_owned()));
    harness.does(
        Buyer,
        Operation::StartPayment(PaymentAsked {
            tender: "wechat".into(),
            amount,
            gateway,
            terms_version: None,
        }),
    );
    let refusal = harness.refuses(Seller, adjust(Some(1), None));
    assert_eq!(refusal.code(), "payment_open");
    let attempt_id = None;
    harness.does(Gateway, Operation::AttemptClosed { attempt_id, reason: None });
    harness.does(Seller, adjust(Some(1), None));
}

#[test]
fn a_discount_above_what_is_left_names_the_field_that_was_sent() {
    let mut harness = parcels();
    let refusal = harness.refuses(Seller, adjust(Some(16001), None));
    assert_eq!(refusal, too_large("shop_discount", 16001, 16000));
}

#[test]
fn coins_are_cut_to_what_is_left_and_a_third_party_discount_is_not() {
    let mut placement = order(vec![shop(0, vec![item(1000, 1)])]);
    placement.coins = Amount::of(700);
    placement.third_party_discount = Amount::of(200);
    let mut harness = Harness::place(&placement);
    harness.does(Seller, adjust(Some(500), None));
    assert_eq!(harness.tree.payment.coins, Amount::of(300));
    assert_eq!(payable(&harness), 0);
    assert_eq!(harness.standing().status, Status::Paid, "nothing is left to pay");
    assert_eq!(harness.standing().times.paid_at, Some(harness.at));

    let mut harness = Harness::place(&placement);
    let refusal = harness.refuses(Seller, adjust(Some(801), None));
    assert_eq!(refusal, too_large("third_party_discount", 200, 199));
}

#[test]
fn a_free_order_was_paid_when_its_terms_became_free() {
    let mut harness = parcels();
    harness.at = MORNING.plus(5000);
    harness.does(Seller, adjust(Some(16000), Some(0)));
    assert_eq!(harness.standing().times.paid_at, Some(MORNING.plus(5000)));
    assert_eq!(harness.stock(), Shelf { on_hand: -5000, held: 0 });
}

#[test]
fn a_dropped_line_stays_at_nothing_and_its_hold_is_released() {
    let mut harness = parcels();
    let line = harness.units(0, 2);
    harness.does(Store, drop_lines(Some(vec![line])));
    assert_eq!(payable(&harness), 6600);
    assert_eq!(harness.stock(), Shelf { on_hand: 0, held: 3000 });
    let dropped = harness.line_standing(0);
    assert_eq!((dropped.status, dropped.to_pay), (Status::Cancelled, Amount::ZERO));
    assert_eq!(dropped.times.cancelled_at, Some(harness.at));
    harness.pay();
    assert_eq!(harness.standing().status, Status::Paid, "a dropped line is outside all statuses");
    harness.does(Store, ship(None));
    assert_eq!(harness.shop().shipments[0].lines.len(), 1);
}

#[test]
fn a_dropped_shop_order_takes_its_discount_and_freight_with_it() {
    let mut harness = Harness::place(&two_shops());
    assert_eq!(payable(&harness), 12973);
    let first = harness.shop().id;
    let refusal = harness.refuses(Store, drop_lines(None));
    assert!(matches!(refusal, Refusal::WrongLevel { .. }), "the tree has two shop orders");
    let decided = harness.ask_of(first, Store, drop_lines(None));
    assert!(matches!(decided, Ok(Decided::Change(_))));
    assert_eq!(payable(&harness), 6000 + 600 - 1500 - 1570 - 157);
    let shop = harness.shop_standing();
    assert_eq!((shop.status, shop.store_status), (Status::Cancelled, StoreStatus::Revoked));
    assert_eq!(shop.to_pay, Amount::ZERO);
    harness.does(Seller, adjust(Some(1), None));
    assert_eq!(
        harness.last.entry.node, harness.tree.shops[1].id,
        "one shop order is left to be meant"
    );
}

#[test]
fn discounts_that_no_longer_fit_are_given_anew_with_the_drop() {
    let mut placement = order(vec![shop(0, vec![item(1000, 1), item(500, 1)])]);
    placement.platform_discount = Amount::of(800);
    let mut harness = Harness::place(&placement);
    let line = harness.units(0, 1);
    let refusal = harness.refuses(Buyer, drop_lines(Some(vec![line])));
    assert_eq!(refusal, too_large("platform_discount", 800, 500));
    harness.does(
        Buyer,
        Operation::Drop {
            lines: Some(vec![line]),
            platform_discount: Some(200),
            third_party_discount: None,
        },
    );
    assert_eq!(payable(&harness), 300);
}

#[test]
fn a_discount_alone_is_dropped_without_lines() {
    let mut harness = Harness::place(&two_shops());
    let first = harness.shop().id;
    let without = Operation::Drop {
        lines: Some(Vec::new()),
        platform_discount: Some(0),
        third_party_discount: None,
    };
    harness.ask_of(first, Buyer, without).expect("the discount is taken out");
    assert_eq!(payable(&harness), 12973 + 1500);
}

#[test]
fn the_last_open_line_is_not_dropped_but_revoked() {
    let mut harness = parcels();
    assert_eq!(state_of(&harness.refuses(Store, drop_lines(None))), "unpaid");
}

#[test]
fn a_line_is_dropped_whole() {
    let mut harness = parcels();
    let part = harness.units(0, 1);
    assert!(matches!(harness.refuses(Store, drop_lines(Some(vec![part]))), Refusal::Invalid(_)));
}

#[test]
fn another_address_may_cost_another_freight_until_it_is_paid() {
    let mut harness = parcels();
    harness.does(Buyer, to_another(Some(900)));
    assert_eq!((payable(&harness), harness.tree.payment.terms_version), (16900, 2));
    harness.does(Buyer, to_another(Some(900)));
    assert_eq!(harness.tree.payment.terms_version, 2, "the same freight is no new terms");
    harness.pay();
    assert_eq!(state_of(&harness.refuses(Buyer, to_another(Some(1)))), "paid");
    harness.does(Buyer, to_another(None));
    let line = harness.units(0, 1);
    harness.does(Store, ship(Some(vec![line])));
    assert_eq!(state_of(&harness.refuses(Buyer, to_another(None))), "paid");
}

#[test]
fn terms_do_not_grow_past_the_limit_of_amounts() {
    let mut harness = parcels();
    let refusal =
        harness.refuses(Seller, adjust(None, Some(docket_domain::money::AMOUNT_LIMIT - 1)));
    assert_eq!(refusal.code(), "invalid");
}

#[test]
fn shares_of_a_paid_order_are_never_spread_again() {
    let mut harness = Harness::place(&two_shops());
    harness.pay();
    let shares =
        |harness: &Harness| harness.tree.lines().map(|(_, item)| item.shares).collect::<Vec<_>>();
    let before = shares(&harness);
    let first = harness.shop().id;
    harness.ask_of(first, Store, Operation::RefundByStore(refund_of(None))).expect("it is paid");
    assert_eq!(shares(&harness), before);
}

#[test]
fn a_finished_order_is_hidden_shown_again_and_deleted_for_good() {
    let mut harness = parcels();
    assert_eq!(state_of(&harness.refuses(Buyer, Operation::Hide)), "unpaid");
    let mut revoked = harness.clone();
    revoked.does(Buyer, Operation::Revoke { reason: None });
    assert_eq!(state_of(&revoked.refuses(Buyer, Operation::Delete)), "revoked");
    harness.pay();
    harness.does(Store, ship(None));
    harness.does(Buyer, Operation::Receive);
    harness.does(Buyer, Operation::Hide);
    assert_eq!(harness.tree.payment.visible, Visible::Deleted);
    harness.does(Buyer, Operation::Restore);
    assert_eq!(harness.tree.payment.visible, Visible::Yes);
    harness.does(Buyer, Operation::Delete);
    assert_eq!(harness.tree.payment.visible, Visible::Purged);
    assert_eq!(state_of(&harness.refuses(Buyer, Operation::Restore)), "received");
}

#[test]
fn tags_are_put_on_once_and_taken_off() {
    let mut harness = parcels();
    let tag = |add: &[&str], remove: &[&str]| Operation::Tag {
        add: add.iter().map(ToString::to_string).collect(),
        remove: remove.iter().map(ToString::to_string).collect(),
    };
    harness.does(Seller, tag(&["gift", "vip"], &[]));
    assert_eq!(harness.ask(Seller, tag(&["gift"], &[])), Ok(Decided::Already));
    harness.does(Seller, tag(&[], &["gift"]));
    assert_eq!(harness.tree.payment.tags, ["vip"]);
}

#[test]
fn a_sellers_note_on_a_shop_order_is_its_comment() {
    let mut harness = parcels();
    let shop = harness.shop().id;
    harness.ask_of(shop, Seller, Operation::Note).expect("a note is always taken");
    assert_eq!(harness.shop().seller_comment.as_deref(), Some("as asked"));
    harness.ask_of(shop, Buyer, Operation::Note).expect("a note is always taken");
    assert_eq!(harness.shop().buyer_comment, None, "what the buyer said when ordering stays");
}
