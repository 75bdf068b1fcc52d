//! Reports of a channel in any order, any of them twice, give one tree.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod channel_reports;

use channel_reports::{NOW, currency, line, report, stamp, take_down_from};
use docket_domain::deadline::Policy;
use docket_domain::decide::Context;
use docket_domain::ledger::stock::sales;
use docket_domain::record::channel::stock::{Mapping, Shelves};
use docket_domain::record::channel::{
    AmountsHeard, ChannelReport, Draft, Fitted, LineAmounts, LineHeard, OrderHeard, PackagesHeard,
    ParcelHeard, RefundHeard, record,
};
use docket_domain::tree::{Stamp, Tax, When};
use docket_domain::words::{PaymentStatus, RefundKind, RefundStatus, Status};
use docket_domain::{
    ActorKind, Amount, Id, Json, Limits, Quantity, Seat, Time, Tree, change, price,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Moments of an order that a channel can be read at; at each everything it tells differs from every other one.
const MOMENTS: usize = 6;

/// One moment of the order. Numbers are different from moment to moment, in no order.
#[derive(Debug, Clone)]
struct Moment {
    /// Its update time; several moments may have one.
    updated_at: i64,
    /// 0 pending, 1 paid, 2 shipped, 3 received, 4 cancelled.
    stage: u8,
    number: i64,
    quantity: i64,
    parcel: i64,
    price: i64,
    refund: RefundStatus,
    /// Whether times are told with what happened.
    timed: bool,
}

/// What one reply shows of a moment.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // each is one thing that a reply may leave out
struct View {
    moment: usize,
    /// Details carry no update time.
    detail: bool,
    packages: bool,
    shares: bool,
    amounts: bool,
    refunds: bool,
    titled: bool,
    created: bool,
    /// Which lines it shows: the first, the second, both.
    lines: usize,
}

fn any_order() -> impl Strategy<Value = Vec<Moment>> {
    let numbers = || Just((0..MOMENTS as i64).collect::<Vec<_>>()).prop_shuffle();
    let times = prop::collection::vec(0_i64..3, MOMENTS);
    let stages = prop::collection::vec(0_u8..5, MOMENTS);
    let refund = prop::sample::select(RefundStatus::ALL.to_vec());
    let refunds = prop::collection::vec((refund, any::<bool>()), MOMENTS);
    (times, stages, numbers(), numbers(), numbers(), numbers(), refunds).prop_map(
        |(mut times, stages, number, quantity, parcel, price, refunds)| {
            times.sort_unstable();
            (0..MOMENTS)
                .map(|at| Moment {
                    updated_at: 2000 + times[at] * 100,
                    stage: stages[at],
                    number: number[at],
                    quantity: quantity[at],
                    parcel: parcel[at],
                    price: price[at],
                    refund: refunds[at].0,
                    timed: refunds[at].1,
                })
                .collect()
        },
    )
}

fn any_view() -> impl Strategy<Value = View> {
    (0..MOMENTS, any::<[bool; 7]>(), 0_usize..3).prop_map(|(moment, flags, lines)| View {
        moment,
        detail: flags[0],
        packages: flags[1],
        shares: flags[2],
        amounts: flags[3],
        refunds: flags[4],
        titled: flags[5],
        created: flags[6],
        lines,
    })
}

const fn status(stage: u8) -> Status {
    match stage {
        0 => Status::Created,
        1 => Status::Paid,
        2 => Status::Shipped,
        3 => Status::Received,
        _ => Status::Cancelled,
    }
}

/// What a reply says of a moment.
fn seen(order: &[Moment], view: &View) -> ChannelReport {
    let moment = &order[view.moment];
    let read_at = 5000 + i64::try_from(view.moment).unwrap() * 10;
    let lines: &[&str] = [&["a"][..], &["b"], &["a", "b"]][view.lines];
    let mut report = ChannelReport {
        created_at: view.created.then_some(Time(1000)),
        order: Some(heard(moment, view, read_at, lines)),
        ..report()
    };
    if view.packages {
        report.packages = Some(packages(moment, view, read_at, lines));
    }
    if view.amounts {
        report.amounts = Some(amounts(moment, read_at, lines));
    }
    // A refund names all of its lines.
    if view.refunds && lines.len() == 2 {
        report.refunds = vec![refund(moment, read_at, lines)];
    }
    report
}

fn heard(moment: &Moment, view: &View, read_at: i64, lines: &[&str]) -> OrderHeard {
    let stamp = stamp(moment.updated_at, moment.stage, read_at);
    let line = |external_id: &&str| LineHeard {
        ordered: Quantity((2 + moment.quantity) * 1000),
        cancelled: match moment.quantity {
            // All of it is cancelled at one of the moments.
            5 => Quantity(7000),
            some => Quantity(some * 200),
        },
        title: view.titled.then(|| format!("tea {}", moment.number)),
        extra: Some(json!({"number": moment.number})),
        ..line(external_id)
    };
    let moment_of = |at: i64| moment.timed.then_some(When::at(Time(at + moment.number)));
    OrderHeard {
        stamp: if view.detail { Stamp { updated_at: None, ..stamp } } else { stamp },
        channel_status: format!("word {}", moment.number),
        status: Some(status(moment.stage)),
        payment_status: (moment.stage > 0).then_some(PaymentStatus::Paid),
        shipped: moment_of(1500),
        received: moment_of(1800),
        cancelled_at: None,
        tags: vec![moment.number.to_string()],
        extra: Some(json!({"ship_by": moment.number})),
        lines: lines.iter().map(line).collect(),
    }
}

/// At one moment there is no package, at one there is one without a number, and some have two.
fn packages(moment: &Moment, view: &View, read_at: i64, lines: &[&str]) -> PackagesHeard {
    let parcel = |number: Option<String>, tracking: Option<String>| ParcelHeard {
        package: number,
        carrier: tracking.as_ref().map(|_| "YunExpress".to_owned()),
        tracking,
        lines: lines
            .iter()
            .map(|line| ((*line).to_owned(), view.shares.then_some(Quantity(500 + moment.number))))
            .collect(),
    };
    let number = Some(format!("PK-{}", moment.parcel));
    let parcels = match moment.parcel {
        0 => Vec::new(),
        1 => vec![parcel(None, Some("T-1".into()))],
        2 => vec![parcel(number, Some("T-1".into()))],
        3 => vec![parcel(number, None), parcel(Some("PK-2".into()), None)],
        4 => vec![parcel(number, Some(format!("T-{}", moment.number + 10)))],
        _ => vec![parcel(number, None)],
    };
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    PackagesHeard { read_at: Time(read_at), lines, parcels }
}

fn amounts(moment: &Moment, read_at: i64, lines: &[&str]) -> AmountsHeard {
    let line = |line: &&str| LineAmounts {
        external_id: (*line).to_owned(),
        list_price: Amount::of(1000 + moment.price),
        item_discount: Amount::of(moment.price),
        tax: Amount::of(10 + moment.price),
    };
    AmountsHeard {
        read_at: Time(read_at),
        currency: currency("EUR"),
        platform_discount: Amount::of(moment.price),
        shop_discount: Amount::of(5 - moment.price),
        freight: Amount::of(100 + moment.price),
        freight_tax: Amount::ZERO,
        tax: Some(Tax::Included),
        // At some of the moments it is not told.
        refunded: (moment.price > 1).then_some(990 * moment.price),
        lines: lines.iter().map(line).collect(),
    }
}

fn refund(moment: &Moment, read_at: i64, lines: &[&str]) -> RefundHeard {
    let kind = if moment.timed { RefundKind::Cancel } else { RefundKind::Refund };
    RefundHeard {
        external_id: "AS-1".into(),
        stamp: stamp(moment.updated_at, moment.stage, read_at),
        kind,
        by: ActorKind::Buyer,
        status: moment.refund,
        amount: moment.timed.then_some(moment.number),
        lines: lines.iter().map(|line| ((*line).to_owned(), Quantity::ONE)).collect(),
        reason: Some(moment.number.to_string()),
        created_at: None,
        ended_at: None,
    }
}

/// The tree without the numbers that we gave and without what counts how often the terms changed here.
fn facts(tree: &Tree) -> Value {
    let item = |id: &Json| {
        let id = id.as_str().unwrap().parse().unwrap();
        let found = tree.lines().find(|(_, item)| item.id == id).unwrap().1;
        json!(found.external_id)
    };
    let mut payment = serde_json::to_value(&tree.payment).unwrap();
    let fields = payment.as_object_mut().unwrap();
    for ours in ["version", "terms_version", "terms_at"] {
        fields.remove(ours);
    }
    let mut anomalies: Vec<Json> = tree
        .payment
        .anomalies
        .iter()
        .filter(|a| a.kind.word() != "terms_changed")
        .map(|a| json!(a))
        .collect();
    for anomaly in &mut anomalies {
        if tree.lines().any(|(_, item)| json!(item.id) == anomaly["detail"]["order_id"]) {
            anomaly["detail"]["order_id"] = item(&anomaly["detail"]["order_id"]);
        }
    }
    anomalies.sort_by_key(Json::to_string);
    fields.insert("anomalies".into(), anomalies.into());
    let shop = &tree.shops[0];
    let mut shop_order = serde_json::to_value(shop).unwrap();
    for (list, id) in [("shipments", "shipment_id"), ("refunds", "refund_id")] {
        let Some(facts) = shop_order.get_mut(list).and_then(Json::as_array_mut) else { continue };
        for fact in facts.iter_mut() {
            fact.as_object_mut().unwrap().remove(id);
            // Which of two readings that told the same is named, is the one that came first.
            fact.as_object_mut().unwrap().remove("heard_at");
            let lines = fact["lines"].as_array_mut().unwrap();
            for line in lines.iter_mut() {
                line["order_id"] = item(&line["order_id"]);
            }
            lines.sort_by_key(Json::to_string);
        }
        facts.sort_by_key(Json::to_string);
    }
    let mut items: Vec<Json> = shop
        .items
        .iter()
        .map(|item| {
            let mut item = serde_json::to_value(item).unwrap();
            item.as_object_mut().unwrap().remove("id");
            item
        })
        .collect();
    items.sort_by_key(|item| item["external_id"].to_string());
    json!({"payment": payment, "shop": shop_order, "items": items})
}

/// Shelves on which all stands that the order sells: of the second line, two for each.
fn shelves() -> Shelves {
    let mapping = |sku: &str, per_piece| Mapping {
        sku_id: sku.into(),
        place: "main".into(),
        per_piece: Quantity(per_piece),
    };
    let map = [("sku-a", mapping("ours-a", 1000)), ("sku-b", mapping("ours-b", 2000))];
    let map = map.into_iter().map(|(code, mapping)| (code.to_owned(), mapping)).collect();
    Shelves { from: Some(Time(1000)), map, ..Shelves::NONE }
}

/// What all of these reports have moved of the shelves, one after another.
type Moved = BTreeMap<String, i64>;

fn after(reports: &[&ChannelReport]) -> (Tree, Moved) {
    let (mut tree, mut moved): (Option<Tree>, Moved) = (None, Moved::new());
    let shelves = shelves();
    let take_down =
        |known: Option<&Tree>, report: &ChannelReport| take_down_from(known, report, &shelves);
    for report in reports {
        let Some(change) = take_down(tree.as_ref(), report).unwrap() else { continue };
        for one in sales(tree.as_ref(), &change.tree) {
            *moved.entry(one.sku_id).or_default() += one.on_hand.0;
            assert_eq!(one.held, Quantity::ZERO, "what has happened is not held");
        }
        assert_eq!(price::check(&change.tree), Ok(()));
        assert_eq!(take_down(Some(&change.tree), report), Ok(None), "twice is once");
        let undone = change::undo(&change.tree, &change.entry);
        assert_eq!(undone.as_ref().map(Option::as_ref), Ok(tree.as_ref()));
        if let Some(tree) = &tree {
            assert_eq!(change::redo(tree, &change.entry).as_ref(), Ok(&change.tree));
        }
        assert_eq!(change.entry.at, NOW);
        tree = Some(change.tree);
    }
    moved.retain(|_, moved| *moved != 0);
    assert!(moved.values().all(|moved| *moved < 0), "no report brings goods: {moved:?}");
    (tree.unwrap(), moved)
}

/// The change that a draft comes to, under the numbers that [`take_down`] gives a new tree.
fn drafted(report: &ChannelReport) -> Option<change::Change> {
    let told = Fitted::of(report.clone());
    // It is made ready some time before.
    let draft = Draft::of(&told, Time(NOW.0 - 5000))?;
    let mut next = 0;
    let mut next_id = || {
        next += 1;
        // Not the numbers that held their places.
        Id(next * 100)
    };
    let mut cx = Context {
        at: NOW,
        policy: &Policy::default(),
        limits: &Limits::NONE,
        next_id: &mut next_id,
        seat: &Seat::Center,
        can_hold: &|_| false,
    };
    let shelves = shelves();
    let at_its_turn = record(None, &told, &shelves, &mut cx).unwrap().unwrap();
    let mut next = 0;
    let mut next_id = || {
        next += 1;
        Id(next * 100)
    };
    let change = draft.record(&told, &shelves, &mut Context { next_id: &mut next_id, ..cx });
    assert_eq!(change, at_its_turn);
    Some(change)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_draft_that_is_numbered_is_what_is_recorded_at_its_turn(order in any_order(), view in any_view()) {
        drafted(&seen(&order, &view));
    }

    #[test]
    fn any_order_of_any_four_reports_any_of_them_twice_gives_one_tree(
        order in any_order(),
        views in prop::collection::vec(any_view(), 4),
        other_order in Just(vec![0_usize, 1, 2, 3, 0, 1, 2, 3]).prop_shuffle(),
    ) {
        let reports: Vec<ChannelReport> = views.iter().map(|view| seen(&order, view)).collect();
        let one_way: Vec<&ChannelReport> = reports.iter().collect();
        let other_way: Vec<&ChannelReport> = other_order.iter().map(|at| &reports[*at]).collect();
        let ((one, moved), (other, also_moved)) = (after(&one_way), after(&other_way));
        prop_assert_eq!(facts(&one), facts(&other));
        prop_assert_eq!(moved, also_moved, "stock is a function of the facts");
    }
}
