//! What a channel reports of its orders, rule by rule. That the order of reports does not matter is in
//! `channel_in_any_order`.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod channel_reports;
mod reports;

use channel_reports::*;
use docket_domain::record::channel::{ChannelReport, Draft, Fitted, LineHeard, NotRecorded};
use docket_domain::tree::{Home, Received, Reported, Stamp, Tax, When};
use docket_domain::words::{
    AnomalyKind, CancelKind, PaymentStatus, ReceiveType, RefundKind, RefundStatus, Status,
    StoreStatus,
};
use docket_domain::{Amount, Quantity, Time, Tree, status};

#[test]
fn the_first_report_makes_a_tree_at_home_in_its_shop() {
    let change = take_down(None, &report()).unwrap().unwrap();
    let tree = &change.tree;
    assert_eq!(tree.payment.home, Home::Channel("temu-1".into()));
    assert_eq!(tree.payment.external_id.as_deref(), Some("PO-1"));
    assert_eq!(tree.payment.created_at, Time(1000));
    assert_eq!(status::of(tree).status, Status::Paid);
    assert_eq!(status::of(tree).payable, Amount::UNKNOWN);
    assert_eq!(tree.shops[0].channel_status.as_ref().unwrap().word, "2");
    assert_eq!(tree.due_at(), None);
    assert_eq!(anomalies(tree), []);
    assert_eq!(change.entry.actor.id.as_deref(), Some("temu:temu-1"));
}

#[test]
fn what_is_read_again_and_says_the_same_changes_nothing() {
    let mut full = shipped(2500, 3000);
    full.packages = packages(3000, &["a", "b"], vec![parcel("PK-1", &["a", "b"])]).packages;
    full.amounts = amounts(3000, "USD", &[("a", 100), ("b", 200)]).amounts;
    // A discount above what is left is cut each time it is told.
    full.amounts.as_mut().unwrap().shop_discount = Amount::of(99_999);
    full.refunds = vec![refund("AS-1", 2600, "a", 1000)];
    let tree = after([&full]);
    assert_eq!(take_down(Some(&tree), &full), Ok(None));
    let mut later = full;
    later.order.as_mut().unwrap().stamp.read_at = Time(9000);
    later.packages.as_mut().unwrap().read_at = Time(9000);
    later.amounts.as_mut().unwrap().read_at = Time(9000);
    later.refunds[0].stamp.read_at = Time(9000);
    assert_eq!(take_down(Some(&tree), &later), Ok(None));
}

#[test]
fn of_one_update_time_what_was_read_later_counts() {
    let label = |read_at, tag: &str| {
        told(|order| {
            order.stamp = stamp(2000, 2, read_at);
            order.tags = vec![tag.into()];
        })
    };
    let (first, second) = (label(3000, "late"), label(4000, "in_time"));
    assert_eq!(after([&first, &second]).shops[0].tags, ["in_time"]);
    assert_eq!(after([&second, &first]).shops[0].tags, ["in_time"]);
}

#[test]
fn a_stale_page_undoes_nothing() {
    let tree = after([&shipped(2500, 3000), &report()]);
    assert_eq!(status::of(&tree).status, Status::Shipped);
    assert_eq!(tree.shops[0].channel_status.as_ref().unwrap().word, "4");
    assert_eq!(anomalies(&tree), []);
    assert_eq!(take_down(Some(&tree), &report()), Ok(None));
}

#[test]
fn a_newer_report_that_goes_back_is_shown_and_unships_nothing() {
    let back = told(|order| order.stamp = stamp(2900, 2, 3500));
    let tree = after([&shipped(2500, 3000), &back]);
    assert_eq!(status::of(&tree).status, Status::Shipped);
    let word = tree.shops[0].channel_status.as_ref().unwrap();
    assert_eq!((word.word.as_str(), word.at), ("2", Time(3500)));
    assert_eq!(anomalies(&tree), [AnomalyKind::StatusWentBack]);
    let tree = after([&shipped(2500, 3000), &back, &shipped(3900, 4000)]);
    assert_eq!(anomalies(&tree), [], "it went on");
}

#[test]
fn an_unknown_status_is_kept_as_a_word_and_moves_nothing() {
    let tree = after([&told(|order| {
        order.stamp = stamp(2500, 0, 3000);
        order.channel_status = "99".into();
        order.status = None;
    })]);
    assert_eq!(tree.shops[0].channel_status.as_ref().unwrap().word, "99");
    assert_eq!(status::of(&tree).status, Status::Paid);
}

#[test]
fn lines_are_met_by_their_child_number_and_never_by_position() {
    let same_sku = |number: &str, quantity| LineHeard {
        sku_id: "one".into(),
        ordered: Quantity(quantity),
        ..line(number)
    };
    let first = told(|order| order.lines = vec![same_sku("a", 1000), same_sku("b", 2000)]);
    let second = told(|order| {
        order.stamp = stamp(2500, 2, 3500);
        order.lines = vec![same_sku("c", 4000), same_sku("b", 3000)];
    });
    let tree = after([&first, &second]);
    let lines: Vec<_> = tree.shops[0]
        .items
        .iter()
        .map(|item| (item.external_id.as_deref().unwrap(), item.quantity.0))
        .collect();
    assert_eq!(lines, [("a", 1000), ("b", 3000), ("c", 4000)]);
}

#[test]
fn a_line_all_of_which_was_cancelled_stays_and_its_units_went_back_for_unknown_money() {
    let some = told(|order| order.lines[0].cancelled = Quantity(3000));
    let tree = after([&some]);
    let shop = &tree.shops[0];
    assert_eq!(shop.items[0].quantity, Quantity(3000), "what was ordered stays apart");
    assert_eq!(shop.items[0].cancelled_quantity, Quantity(3000));
    let refund = &shop.refunds[0];
    assert_eq!((refund.kind, refund.status), (RefundKind::Cancel, RefundStatus::Refunded));
    assert!(refund.money_unknown);
    let standing = status::of(&tree);
    assert_eq!(standing.shops[0].items[0].status, Status::Closed);
    assert_eq!(standing.status, Status::Paid, "the other line goes on");
    assert_eq!(anomalies(&tree), []);
    // One unit less is another report's.
    let less = told(|order| {
        order.stamp = stamp(2500, 2, 3500);
        order.lines[0].cancelled = Quantity(1000);
    });
    let tree = after([&some, &less]);
    assert_eq!(tree.shops[0].refunds[0].lines[0].quantity, Quantity(1000));
    assert_eq!(units(&tree, 0), (Quantity::ZERO, Quantity(2000)));
}

#[test]
fn an_order_of_cancelled_lines_alone_is_a_tree() {
    let all = |payment_status| {
        after([&told(|order| {
            order.payment_status = payment_status;
            order.lines.iter_mut().for_each(|line| line.cancelled = line.ordered);
        })])
    };
    let paid = all(Some(PaymentStatus::Paid));
    let standing = status::of(&paid);
    assert_eq!((standing.status, standing.store_status), (Status::Closed, StoreStatus::Refunded));
    assert_eq!(standing.shops[0].cancel_kind, Some(CancelKind::SystemRefund));
    let unpaid = all(None);
    let standing = status::of(&unpaid);
    assert_eq!((standing.status, standing.store_status), (Status::Cancelled, StoreStatus::Revoked));
    let expected = Some(Reported { status: Status::Cancelled, at: Time(2000) });
    assert_eq!(unpaid.shops[0].reported, expected);
    assert_eq!(unpaid.shops[0].refunds, []);
}

#[test]
fn a_cancelled_order_is_closed_with_money_and_cancelled_without() {
    let cancelled = |payment_status| {
        after([&told(|order| {
            order.stamp = stamp(2500, 6, 3000);
            order.status = Some(Status::Cancelled);
            order.payment_status = payment_status;
        })])
    };
    let paid = cancelled(Some(PaymentStatus::Paid));
    assert_eq!(status::of(&paid).status, Status::Closed);
    assert!(paid.shops[0].refunds[0].money_unknown);
    assert_eq!(anomalies(&paid), []);
    assert_eq!(status::of(&cancelled(None)).status, Status::Cancelled);
}

#[test]
fn a_cancel_with_a_number_counts_once_beside_what_lines_say() {
    let mut report = told(|order| order.lines[0].cancelled = Quantity(2000));
    let mut numbered = refund("C-1", 2400, "a", 2000);
    numbered.kind = RefundKind::Cancel;
    numbered.amount = Some(700);
    report.refunds = vec![numbered];
    let tree = after([&report]);
    let refunds = &tree.shops[0].refunds;
    assert_eq!(refunds.len(), 1, "{refunds:?}");
    assert_eq!((refunds[0].amount, refunds[0].money_unknown), (700, false));
    assert_eq!(units(&tree, 0), (Quantity::ZERO, Quantity(1000)));
}

#[test]
fn a_refund_after_delivery_is_met_by_its_number() {
    let received = told(|order| {
        order.stamp = stamp(2500, 5, 3000);
        order.status = Some(Status::Received);
    });
    let refunded =
        ChannelReport { order: None, refunds: vec![refund("AS-1", 2600, "a", 1000)], ..report() };
    let mut more = refunded.clone();
    more.refunds[0].stamp = stamp(2700, 1, 2700);
    more.refunds[0].lines[0].1 = Quantity(3000);
    let tree = after([&received, &more, &refunded]);
    let refunds = &tree.shops[0].refunds;
    assert_eq!(refunds.len(), 1);
    let line = refunds[0].lines[0];
    assert_eq!((line.quantity, line.shipped), (Quantity(3000), Quantity(3000)));
    assert_eq!(status::of(&tree).shops[0].items[0].status, Status::Closed);
    assert_eq!(status::of(&tree).status, Status::Received);
}

#[test]
fn a_time_known_only_by_then_is_marked_and_no_anomaly() {
    let received = told(|order| {
        order.stamp = stamp(900, 5, 3000);
        order.status = Some(Status::Received);
    });
    let tree = after([&received]);
    let got = Received { at: Time(900), by_then: true, by: ReceiveType::Courier };
    assert_eq!(tree.shops[0].received, Some(got));
    assert!(tree.shops[0].shipments[0].by_then);
    assert_eq!(anomalies(&tree), [], "it contradicts nothing, although it was placed at 1000");
    let told_better = told(|order| {
        order.stamp = stamp(950, 5, 3500);
        order.status = Some(Status::Received);
        order.received = Some(When::at(Time(2100)));
    });
    let tree = after([&received, &told_better]);
    let got = Received { at: Time(2100), by_then: false, by: ReceiveType::Courier };
    assert_eq!(tree.shops[0].received, Some(got));
}

#[test]
fn a_currency_that_was_guessed_gives_way_until_amounts_are_known() {
    let guess = after([&report()]);
    assert_eq!(guess.payment.currency, currency("USD"));
    let mexico = ChannelReport {
        currency: currency("MXN"),
        ..told(|order| order.stamp = stamp(2500, 2, 3500))
    };
    assert_eq!(after([&report(), &mexico]).payment.currency, currency("MXN"));
    let known = amounts(4000, "CAD", &[("a", 100), ("b", 200)]);
    let tree = after([&report(), &known, &mexico]);
    assert_eq!(tree.payment.currency, currency("CAD"));
    assert_eq!(status::of(&tree).payable, Amount::of(1400));
    assert_eq!(tree.payment.terms_version, 1, "what was unknown was filled");
    assert_eq!(anomalies(&tree), []);
    let other = amounts(5000, "USD", &[("a", 100), ("b", 200)]);
    let tree = after([&report(), &known, &other]);
    assert_eq!(tree.payment.currency, currency("CAD"));
    assert_eq!(anomalies(&tree), [AnomalyKind::CurrencyMismatch]);
}

#[test]
fn another_amount_is_a_new_agreement_and_an_older_reading_is_none() {
    let known = amounts(4000, "USD", &[("a", 100), ("b", 200)]);
    let other = amounts(5000, "USD", &[("a", 150), ("b", 200)]);
    let tree = after([&report(), &known, &other]);
    assert_eq!(status::of(&tree).payable, Amount::of(1550));
    assert_eq!(tree.payment.terms_version, 2);
    assert_eq!(anomalies(&tree), [AnomalyKind::TermsChanged]);
    let tree = after([&report(), &other]);
    assert_eq!(take_down(Some(&tree), &known), Ok(None));
}

#[test]
fn texts_that_are_too_long_are_cut_and_noted() {
    let tree = after([&told(|order| {
        order.lines[0].title = Some("茶".repeat(500));
        order.lines[0].sku_id = "s".repeat(200);
        order.lines[1].ordered = Quantity::ZERO;
        order.channel_status = "one\ntwo".into();
    })]);
    let item = &tree.shops[0].items[0];
    assert_eq!(item.title.as_ref().unwrap().chars().count(), 128);
    assert_eq!(item.sku_id.len(), 64);
    assert_eq!(tree.shops[0].items.len(), 1, "a line of nothing is none");
    assert_eq!(tree.shops[0].channel_status.as_ref().unwrap().word, "one two");
    assert_eq!(anomalies(&tree), [AnomalyKind::TextCut, AnomalyKind::TextCut]);
}

#[test]
fn a_report_of_another_home_is_kept_aside() {
    let mut tree = after([&report()]);
    tree.payment.home = Home::Branch("north".into());
    let before = tree.clone();
    let other = take_down(Some(&tree), &shipped(2500, 3000));
    assert_eq!(other, Err(NotRecorded::OtherHome(Home::Branch("north".into()))));
    assert_eq!(tree, before);
}

#[test]
fn what_says_nothing_of_an_order_that_is_not_known_makes_none() {
    let lines = |refused: Result<_, NotRecorded>| match refused.unwrap_err() {
        NotRecorded::NoOrder(error) => error.code,
        NotRecorded::OtherHome(home) => panic!("{home:?}"),
    };
    assert_eq!(lines(take_down(None, &packages(3000, &["a"], Vec::new()))), "no_lines");
    assert_eq!(lines(take_down(None, &told(|order| order.lines.clear()))), "no_lines");
}

#[test]
fn a_detail_that_comes_before_the_list_is_older_than_it() {
    let detail = told(|order| {
        order.stamp = Stamp { updated_at: None, ..stamp(0, 4, 9000) };
        order.channel_status = "4".into();
        order.status = Some(Status::Shipped);
    });
    let tree = after([&detail, &report()]);
    assert_eq!(status::of(&tree).status, Status::Shipped, "what has happened stays");
    assert_eq!(tree.shops[0].channel_status.as_ref().unwrap().word, "2");
    assert_eq!(anomalies(&tree), [], "nobody can say that it went back");
}

#[test]
fn a_draft_without_numbers_is_what_is_agreed() {
    let mut report = report();
    report.amounts = amounts(3000, "USD", &[("a", 100), ("b", 200)]).amounts;
    let agreed = Draft::of(&Fitted::of(report.clone()), NOW).unwrap().agreed();
    let tree = after([&report]);
    assert_eq!(status::of(&agreed).payable, status::of(&tree).payable);
    assert!(agreed.lines().all(|(shop, item)| (shop.id.0, item.id.0) == (0, 0)));
    assert!(Draft::of(&Fitted::of(packages(3000, &[], Vec::new())), NOW).is_none());
}

#[test]
fn a_word_that_nobody_knows_is_no_step_back() {
    let unknown = told(|order| {
        order.stamp = stamp(2900, 0, 3500);
        order.channel_status = "99".into();
        order.status = None;
    });
    let tree = after([&shipped(2500, 3000), &unknown]);
    assert_eq!(tree.shops[0].channel_status.as_ref().unwrap().word, "99");
    assert_eq!(anomalies(&tree), []);
}

/// The order of `report` as an import tells it, without the channel's numbers.
fn imported(edit: impl FnOnce(&mut docket_domain::record::Report)) -> Tree {
    let mut told = reports::told(edit);
    told.home = Some(Home::Channel("temu-1".into()));
    reports::recorded(&told).tree
}

#[test]
fn an_order_that_was_imported_goes_on_with_what_is_known_of_it() {
    let one_line = told(|order| {
        order.lines = vec![LineHeard { sku_id: "tea".into(), ..line("a") }];
        order.lines[0].ordered = Quantity(2000);
    });
    let tree = imported(|told| {
        told.payments = vec![reports::paid("wx", 12_000, Some(2000))];
        told.shops[0].shipments = vec![reports::parcel(Some("SF1"), Some(3000), &[(0, 2000)])];
    });
    let change = take_down(Some(&tree), &one_line).unwrap().unwrap();
    let after = &change.tree;
    assert_eq!(after.shops[0].items[0].external_id.as_deref(), Some("a"), "it is met by its SKU");
    assert_eq!(after.shops[0].items.len(), 1);
    assert_eq!(units(after, 0), (Quantity(2000), Quantity::ZERO), "nothing is unshipped");
    assert_eq!(after.shops[0].shipments, tree.shops[0].shipments);
    assert_eq!(status::of(after).payable, Amount::of(12_000));
    assert_eq!(after.payment.currency, tree.payment.currency, "amounts are known");

    let words = |status| imported(move |told| told.shops[0].status = Some(status));
    let known = |tree: &Tree| {
        let change = take_down(Some(tree), &one_line).unwrap().unwrap();
        status::of(&change.tree).status
    };
    assert_eq!(known(&words(Status::Shipped)), Status::Shipped);
    assert_eq!(known(&words(Status::Received)), Status::Received);
    assert_eq!(known(&words(Status::Cancelled)), Status::Closed, "the channel says it was paid");
}

#[test]
fn an_order_that_was_paid_at_its_marketplace_is_paid_when_its_amounts_are_known() {
    let known = amounts(4000, "USD", &[("a", 100), ("b", 200)]);
    let tree = after([&report(), &known]);
    let standing = status::of(&tree);
    assert_eq!((standing.payment_status, standing.status), (PaymentStatus::Paid, Status::Paid));
    assert_eq!(anomalies(&tree), []);
}

/// A report of the amounts of both lines, and of what went back in all.
fn refunded(read_at: i64, total: i64) -> ChannelReport {
    let mut told = amounts(read_at, "USD", &[("a", 100), ("b", 200)]);
    told.amounts.as_mut().unwrap().refunded = Some(total);
    told
}

#[test]
fn what_went_back_in_all_is_the_money_of_the_refunds_that_it_can_be_told_of() {
    let money = |reports: &[&ChannelReport]| -> Vec<Option<i64>> {
        let tree = after([&report()].into_iter().chain(reports.iter().copied()));
        let refunds = tree.shops[0].refunds.iter();
        refunds.map(|refund| (!refund.money_unknown).then_some(refund.amount)).collect()
    };
    let told = |refunds| ChannelReport { order: None, refunds, ..report() };
    let first = told(vec![refund("AS-1", 5000, "a", 1000)]);
    let both = told(vec![refund("AS-1", 5000, "a", 1000), refund("AS-2", 6000, "b", 2000)]);
    assert_eq!(money(&[&first]), [None]);
    assert_eq!(money(&[&first, &refunded(4000, 0)]), [None], "the total is of before");
    assert_eq!(money(&[&first, &refunded(5500, 90)]), [Some(90)], "whatever its goods cost");
    assert_eq!(money(&[&refunded(5500, 90), &first]), [Some(90)]);
    assert_eq!(money(&[&first, &refunded(5500, 90), &both]), [None, None], "nobody knows of which");
    let total = refunded(6500, 500);
    assert_eq!(money(&[&first, &refunded(5500, 90), &both, &total]), [Some(100), Some(400)]);
    let mut named = both.clone();
    named.refunds[0].amount = Some(30);
    assert_eq!(money(&[&named, &total]), [Some(30), Some(470)], "one of them is told");
    let tree = after([&report(), &both, &total]);
    assert_eq!(take_down(Some(&tree), &both), Ok(None), "it is told again");
}

#[test]
fn where_nobody_says_whether_tax_is_inside_it_stays_as_it_is_known() {
    let on_top = |read_at: i64, tax: Option<Tax>| {
        let mut told = amounts(read_at, "USD", &[("a", 100), ("b", 200)]);
        let amounts = told.amounts.as_mut().unwrap();
        amounts.tax = tax;
        amounts.lines[0].tax = Amount::of(7);
        told
    };
    let payable = |reports: &[ChannelReport]| {
        status::of(&after([&report()].into_iter().chain(reports))).payable
    };
    let first = on_top(4000, Some(Tax::OnTop));
    assert_eq!(payable(std::slice::from_ref(&first)), Amount::of(1407));
    assert_eq!(payable(&[first.clone(), on_top(5000, None)]), Amount::of(1407));
    assert_eq!(payable(&[on_top(4000, None)]), Amount::of(1400));
    assert_eq!(payable(&[first, on_top(5000, Some(Tax::Included))]), Amount::of(1400));
}
