//! Taxes are carried: on top they are paid, shared out to nobody's discount, and go back with what they are of;
//! inside they change no sum.

mod harness;
mod reports;

use docket_domain::operation::{Asked, Operation, PriceAsked, TaxAsked};
use docket_domain::placement::Placement;
use docket_domain::price::{self, sums};
use docket_domain::tree::{FreightAsked, Tax};
use docket_domain::words::{AnomalyKind, Status};
use docket_domain::{ActorKind, Amount, Quantity, Refusal, Time};
use harness::*;

use ActorKind::{Buyer, Seller, Store};

fn known(amount: Amount) -> i64 {
    amount.known().expect("known")
}

/// Two units at 100.00 with 26.00 of tax, freight 10.00 with 1.30: 237.30 to pay.
fn taxed() -> Placement {
    let mut placement = order(vec![shop(1000, vec![item(10_000, 2)])]);
    placement.tax = Tax::OnTop;
    placement.shops[0].freight_tax = Amount::of(130);
    placement.shops[0].items[0].tax = Amount::of(2600);
    placement
}

#[test]
fn tax_on_top_is_paid_beside_the_price_and_bears_no_discount() {
    let mut placement = taxed();
    placement.shops[0].shop_discount = Amount::of(2000);
    placement.platform_discount = Amount::of(3000);
    let tree = price::assemble(&placement, "web", Time(0)).expect("it is right");
    let (shop, line) = (&tree.shops[0], &tree.shops[0].items[0]);
    assert_eq!(known(sums::tree_price(&tree)), 15_000, "discounts are taken off the price alone");
    assert_eq!(known(sums::tree_tax(&tree)), 2730);
    assert_eq!(known(sums::payable(&tree)), 15_000 + 1000 + 2730);
    assert_eq!(known(sums::line_to_pay(line, Tax::OnTop)), 15_000 + 2600);
    assert_eq!(known(sums::freight_to_pay(shop, Tax::OnTop)), 1130);

    // A discount of all of the price leaves the tax to pay; one of more is refused although tax is left.
    placement.platform_discount = Amount::of(18_000);
    let tree = price::assemble(&placement, "web", Time(0)).expect("it is right");
    assert_eq!(known(sums::payable(&tree)), 1000 + 2730);
    placement.platform_discount = Amount::of(18_001);
    assert!(price::assemble(&placement, "web", Time(0)).is_err());
}

#[test]
fn coins_and_third_party_pay_tax_on_top_like_anything_else() {
    let mut placement = taxed();
    placement.coins = Amount::of(2373);
    placement.third_party_discount = Amount::of(2373);
    let tree = price::assemble(&placement, "web", Time(0)).expect("it is right");
    let shop = &tree.shops[0];
    // 226.00 of the line and 11.30 of the freight are left: a tenth of each, twice.
    assert_eq!(known(shop.items[0].shares.coins), 2260);
    assert_eq!(known(shop.freight_shares.coins), 113);
    assert_eq!(known(shop.items[0].shares.third_party), 2260);
    assert_eq!(known(shop.freight_shares.third_party), 113);
    assert_eq!(known(sums::payable(&tree)), 23_730 - 2 * 2373);
    placement.third_party_discount = Amount::of(23_730 - 2373);
    let tree = price::assemble(&placement, "web", Time(0)).expect("nothing is left to pay");
    assert_eq!(known(sums::payable(&tree)), 0);
    placement.third_party_discount = Amount::of(23_730 - 2372);
    assert!(price::assemble(&placement, "web", Time(0)).is_err());
}

#[test]
fn bounds_of_taxes_are_those_of_amounts() {
    let wrong = |edit: fn(&mut Placement)| {
        let mut placement = taxed();
        edit(&mut placement);
        match price::assemble(&placement, "web", Time(0)) {
            Err(Refusal::Invalid(errors)) => {
                errors.into_iter().map(|error| (error.field, error.code)).collect::<Vec<_>>()
            }
            other => panic!("it should be refused, but: {other:?}"),
        }
    };
    let is = |field: &str, code: &'static str| vec![(field.to_owned(), code)];
    assert_eq!(
        wrong(|p| p.shops[0].freight_tax = Amount::of(-1)),
        is("shops[0].freight_tax", "negative")
    );
    let huge = Amount::of(1_000_000_000_000);
    assert_eq!(huge.known(), Some(docket_domain::money::AMOUNT_LIMIT));
    let line = "shops[0].items[0].tax";
    assert_eq!(wrong(|p| p.shops[0].items[0].tax = Amount::of(-1)), is(line, "negative"));
    let limit = |p: &mut Placement| p.shops[0].items[0].tax = Amount::of(1_000_000_000_000);
    assert_eq!(wrong(limit), is(line, "too_large"));
    // On top it is a part of what the order comes to; inside it is a sum of its own.
    let nearly = |p: &mut Placement| p.shops[0].items[0].tax = Amount::of(999_999_999_000);
    assert_eq!(wrong(nearly), is("", "too_large"));
    let mut inside = taxed();
    (inside.tax, inside.shops[0].freight_tax) = (Tax::Included, Amount::ZERO);
    nearly(&mut inside);
    assert!(price::assemble(&inside, "web", Time(0)).is_ok());
    inside.shops[0].freight_tax = Amount::of(1000);
    assert!(price::assemble(&inside, "web", Time(0)).is_err());
}

fn adjust(edit: impl FnOnce(&mut PriceAsked)) -> Operation {
    let mut asked = PriceAsked::default();
    edit(&mut asked);
    Operation::AdjustPrice(asked)
}

#[test]
fn another_price_carries_its_taxes_on_unless_others_are_given() {
    let mut harness = Harness::place(&taxed());
    let line = harness.shop().items[0].id;
    harness.does(Seller, adjust(|a| a.shop_discount = Some(5000)));
    assert_eq!(known(harness.standing().payable), 23_730 - 5000);
    harness.does(
        Seller,
        adjust(|a| {
            a.freight = Some(500);
            a.freight_tax = Some(65);
            a.taxes = vec![TaxAsked { order_id: line, tax: 1950 }];
        }),
    );
    assert_eq!(known(harness.standing().payable), 20_000 - 5000 + 500 + 1950 + 65);
    assert_eq!(harness.tree.payment.terms_version, 3);
    assert_eq!(harness.last.entry.parameters["tax"], 1950 + 65);
    let same = adjust(|a| a.freight_tax = Some(65));
    assert_eq!(harness.ask(Seller, same), Ok(docket_domain::decide::Decided::Already));

    let of = |order_id, tax| adjust(|a| a.taxes = vec![TaxAsked { order_id, tax }]);
    let unknown = of(docket_domain::Id(99), 1);
    assert!(matches!(harness.refuses(Seller, unknown), Refusal::NoSuchLine(_)));
    for tax in [-1, docket_domain::money::AMOUNT_LIMIT] {
        let Refusal::Invalid(errors) = harness.refuses(Seller, of(line, tax)) else {
            panic!("a field")
        };
        assert_eq!((errors[0].field.as_str(), errors[0].code), ("lines[0].tax", "out_of_range"));
    }
    let nothing = adjust(|_| ());
    assert!(matches!(harness.refuses(Seller, nothing), Refusal::Invalid(_)));

    let mut harness = Harness::place(&taxed());
    let to = |freight, freight_tax| Operation::ChangeAddress { freight, freight_tax };
    harness.does(Buyer, to(Some(2000), Some(260)));
    assert_eq!(known(harness.standing().payable), 20_000 + 2600 + 2000 + 260);
    harness.does(Buyer, to(None, Some(0)));
    assert_eq!(known(harness.standing().payable), 20_000 + 2600 + 2000);
    harness.pay();
    assert_eq!(state_of(&harness.refuses(Buyer, to(None, Some(1)))), "paid");
}

#[test]
fn what_is_dropped_takes_its_tax_along() {
    let mut placement = taxed();
    placement.shops.push(placement.shops[0].clone());
    placement.shops[1].items.push(item(300, 1));
    let mut harness = Harness::place(&placement);
    let before = known(harness.standing().payable);
    let (first, second) = (harness.tree.shops[0].id, harness.tree.shops[1].items[0].id);
    let drop =
        |lines| Operation::Drop { lines, platform_discount: None, third_party_discount: None };
    harness.ask_of(first, Store, drop(None)).expect("it is unpaid");
    assert_eq!(known(harness.standing().payable), before - 23_730);
    let line = vec![Asked { order_id: second, quantity: None }];
    let shop = harness.tree.shops[1].id;
    harness.ask_of(shop, Store, drop(Some(line))).expect("it is unpaid");
    assert_eq!(known(harness.standing().payable), before - 23_730 - 22_600);
    assert_eq!(known(harness.standing().tax), 130);
}

#[test]
fn a_refund_tells_the_tax_of_its_lines_and_of_its_freight() {
    let mut harness = Harness::place(&taxed());
    harness.pay();
    let lines = Some(vec![harness.units(0, 1)]);
    harness.does(Buyer, Operation::RequestRefund(refund_of(lines)));
    let refund = harness.refund(0);
    assert_eq!((refund.amount, refund.tax), (11_300, Amount::of(1300)));
    assert_eq!((refund.lines[0].amount, refund.lines[0].tax), (11_300, Amount::of(1300)));
    assert_eq!(harness.last.entry.parameters["tax"], 1300);
    let part = money_alone(FreightAsked::Part(565), 0);
    harness.does(Store, Operation::RefundByStore(part));
    let refund = harness.refund(1);
    assert_eq!((refund.freight, refund.amount, refund.tax), (565, 565, Amount::of(65)));
    let above = money_alone(FreightAsked::Part(566), 0);
    assert!(matches!(harness.refuses(Store, Operation::RefundByStore(above)), Refusal::TooMuch(_)));
    harness.does(Store, Operation::RefundByStore(refund_of(None)));
    let refund = harness.refund(2);
    assert_eq!((refund.freight, refund.amount), (565, 11_300 + 565), "it empties the shop order");
    assert_eq!(refund.tax, Amount::of(1300 + 65));
}

#[test]
fn a_lighter_line_gives_the_tax_of_what_is_missing_back() {
    let mut placement = taxed();
    placement.shops[0].items[0].weighed = true;
    let mut harness = Harness::place(&placement);
    harness.pay();
    let weighed = Asked { quantity: Some(Quantity(1500)), ..harness.units(0, 1) };
    harness.does(Store, Operation::Weigh { lines: vec![weighed] });
    assert_eq!((harness.refund(0).amount, harness.refund(0).tax), (5650, Amount::of(650)));
}

#[test]
fn a_tax_that_nobody_knows_is_unknown_in_refunds_and_hinders_none_where_it_is_inside() {
    let report = |tax: Tax| {
        reports::told(|r| {
            r.placement.tax = tax;
            r.placement.shops[0].items[0].tax = Amount::UNKNOWN;
            r.payments = vec![reports::paid("a", 12_000, Some(2000))];
            r.home = Some(docket_domain::tree::Home::Center);
        })
    };
    let inside = reports::recorded(&report(Tax::Included)).tree;
    let standing = docket_domain::status::of(&inside);
    assert_eq!((standing.payable, standing.tax), (Amount::of(12_000), Amount::UNKNOWN));
    assert_eq!(standing.status, Status::Paid);
    let on_top = reports::recorded(&report(Tax::OnTop)).tree;
    assert_eq!(docket_domain::status::of(&on_top).payable, Amount::UNKNOWN);

    // Known later, it fills the same terms; another one is a change of them.
    let told = |tax| {
        let mut told = report(Tax::OnTop);
        told.placement.shops[0].items[0].tax = Amount::of(tax);
        told
    };
    let filled = reports::again(&on_top, &told(700)).expect("it is new").tree;
    assert_eq!(docket_domain::status::of(&filled).payable, Amount::of(12_700));
    assert_eq!(filled.payment.terms_version, 1);
    let changed = reports::again(&filled, &told(800)).expect("it is new").tree;
    assert_eq!(docket_domain::status::of(&changed).payable, Amount::of(12_800));
    assert_eq!(changed.payment.terms_version, 2);
    assert!(reports::anomalies(&changed).contains(&AnomalyKind::TermsChanged));

    let mut silent = report(Tax::Included);
    silent.placement.shops[0].items[0].tax = Amount::ZERO;
    let heard = reports::again(&filled, &silent).map_or(filled.clone(), |change| change.tree);
    assert_eq!(
        heard.payment.tax,
        Tax::OnTop,
        "a source without taxes says nothing of where they stand"
    );
}

/// What is stored of an order without taxes is what was stored before there were any, so what was agreed then has
/// the same sum as ever.
#[test]
fn an_order_without_taxes_is_written_and_read_as_it_always_was() {
    let mut harness = Harness::place(&order(vec![shop(600, vec![item(5000, 2)])]));
    harness.pay();
    harness.does(Store, Operation::RefundByStore(refund_of(None)));
    let (order, shop) = (&harness.tree.payment, &harness.tree.shops[0]);
    let bodies = [
        serde_json::to_value(order).expect("JSON"),
        serde_json::to_value(shop).expect("JSON"),
        serde_json::to_value(&shop.items[0]).expect("JSON"),
    ];
    assert!(bodies.iter().all(|body| !body.to_string().contains("tax")), "{bodies:?}");
    let [payment, of_shop, of_item] = bodies;
    assert_eq!(serde_json::from_value(payment).ok().as_ref(), Some(order));
    let read: docket_domain::ShopOrder = serde_json::from_value(of_shop).expect("it is read");
    assert_eq!((read.freight_tax, read.refunds[0].tax), (Amount::ZERO, Amount::ZERO));
    assert_eq!(serde_json::from_value(of_item).ok().as_ref(), Some(&shop.items[0]));

    // Tax on top stands in them, also where it is nothing or nobody knows it.
    let mut placement = taxed();
    placement.shops[0].items[0].tax = Amount::UNKNOWN;
    let mut tree = price::assemble(&placement, "web", Time(0)).expect("a record may not know");
    price::number(&mut tree, &mut || docket_domain::Id(7));
    let written = |node: &docket_domain::ItemOrder| serde_json::to_value(node).expect("JSON");
    assert_eq!(written(&tree.shops[0].items[0])["tax"], serde_json::Value::Null);
    let payment = serde_json::to_value(&tree.payment).expect("JSON");
    assert_eq!(payment["tax_included"], false);
    assert_eq!(serde_json::from_value(payment).ok().as_ref(), Some(&tree.payment));
}
