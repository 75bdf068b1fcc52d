//! What sales in a channel shop take of our stock.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod channel_reports;

use channel_reports::{
    anomalies, line, packages, parcel, report, shipped, stamp, take_down_from, told,
};
use docket_domain::ledger::stock::sales;
use docket_domain::record::channel::ChannelReport;
use docket_domain::record::channel::stock::{Mapping, Shelves, Sold, kept, unmapped};
use docket_domain::words::{AnomalyKind, Status};
use docket_domain::{Quantity, Time, Tree};
use serde_json::json;

fn mapping(sku: &str, per_piece: i64) -> Mapping {
    Mapping { sku_id: sku.into(), place: "main".into(), per_piece: Quantity(per_piece) }
}

fn shelves(map: &[(&str, Mapping)]) -> Shelves {
    let map = map.iter().map(|(code, mapping)| ((*code).to_owned(), mapping.clone())).collect();
    Shelves { from: Some(Time(1000)), map, ..Shelves::NONE }
}

/// The shelves of `sku-a` and `sku-b`.
fn both() -> Shelves {
    shelves(&[("sku-a", mapping("tea", 1000)), ("sku-b", mapping("cup", 1000))])
}

/// The tree after these reports, and what was taken of each SKU.
fn after(shelves: &Shelves, reports: &[ChannelReport]) -> (Tree, Vec<(String, i64)>) {
    let mut tree: Option<Tree> = None;
    for report in reports {
        if let Some(change) = take_down_from(tree.as_ref(), report, shelves).unwrap() {
            tree = Some(change.tree);
        }
    }
    let tree = tree.unwrap();
    let taken = sales(None, &tree).into_iter().map(|moved| (moved.sku_id, -moved.on_hand.0));
    let taken = taken.collect();
    (tree, taken)
}

fn taken(shelves: &Shelves, reports: &[ChannelReport]) -> Vec<(String, i64)> {
    after(shelves, reports).1
}

#[test]
fn a_sale_is_taken_as_soon_as_it_is_known_and_once() {
    let both_of_three = vec![("cup".to_owned(), 3000), ("tea".to_owned(), 3000)];
    assert_eq!(taken(&both(), &[report()]), both_of_three);
    assert_eq!(taken(&both(), &[report(), shipped(2500, 3500)]), both_of_three);
    assert_eq!(taken(&both(), &[report(), report(), shipped(2500, 3500), report()]), both_of_three);
}

#[test]
fn what_was_created_before_the_shop_counts_takes_nothing_ever() {
    let later = Shelves { from: Some(Time(1001)), ..both() };
    assert_eq!(taken(&later, &[report(), shipped(2500, 3500)]), []);
    assert_eq!(taken(&Shelves::NONE, &[report()]), []);
    let (tree, _) = after(&later, &[report()]);
    assert!(unmapped(&tree, &later).is_empty());
}

#[test]
fn the_moment_of_creation_must_be_known_for_certain() {
    let untold = ChannelReport { created_at: None, ..report() };
    assert_eq!(taken(&both(), std::slice::from_ref(&untold)), []);
    assert_eq!(taken(&both(), &[untold, report()]).len(), 2);
}

#[test]
fn cancelled_units_are_on_the_shelf_again_once() {
    let part = |read_at| {
        told(|order| {
            order.stamp = stamp(2400, 2, read_at);
            order.lines[0].cancelled = Quantity(1000);
        })
    };
    let left = vec![("cup".to_owned(), 3000), ("tea".to_owned(), 2000)];
    assert_eq!(taken(&both(), &[report(), part(3400)]), left);
    assert_eq!(taken(&both(), &[report(), part(3400), part(3500), report()]), left);
    let whole = told(|order| {
        order.stamp = stamp(2600, 7, 3600);
        order.status = Some(Status::Cancelled);
    });
    assert_eq!(taken(&both(), &[report(), part(3400), whole.clone(), part(3700)]), []);
    assert_eq!(taken(&both(), &[whole, report()]), [], "a late page brings no sale back");
}

#[test]
fn what_left_is_gone_though_the_order_is_cancelled_later() {
    let gone = packages(3200, &["a"], vec![parcel("P1", &["a"])]);
    let left = told(|order| {
        order.stamp = stamp(2500, 3, 3300);
        order.lines[0].status = Some(Status::Shipped);
    });
    let whole = told(|order| {
        order.stamp = stamp(2600, 7, 3600);
        order.status = Some(Status::Cancelled);
    });
    assert_eq!(taken(&both(), &[report(), gone, left, whole]), [("tea".to_owned(), 3000)]);
}

#[test]
fn a_set_takes_what_it_is_made_of_by_the_sellers_codes_first() {
    let sold = |code: &str, sku: &str, pieces| Sold {
        code: Some(code.into()),
        sku_id: Some(sku.into()),
        pieces,
    };
    let set = told(|order| {
        let (name, made_of) = kept(&[sold("MUG", "77", 2), sold("LID", "78", 1)]);
        let mut set = line("a");
        set.extra = Some(json!({ name: made_of }));
        order.lines = vec![set];
    });
    let by_code = shelves(&[
        ("MUG", mapping("mug", 1000)),
        ("77", mapping("never", 1000)),
        ("78", mapping("lid", 500)),
    ]);
    let (tree, taken_by_code) = after(&by_code, std::slice::from_ref(&set));
    assert_eq!(taken_by_code, [("lid".to_owned(), 1500), ("mug".to_owned(), 6000)]);
    assert!(unmapped(&tree, &by_code).is_empty());

    // All of it or none: a set of which a part is not known waits as a whole, and loses nothing.
    let without_lid = shelves(&[("MUG", mapping("mug", 1000))]);
    let (waiting, nothing) = after(&without_lid, std::slice::from_ref(&set));
    assert_eq!(nothing, []);
    let waits = unmapped(&waiting, &without_lid);
    assert_eq!(waits.into_iter().collect::<Vec<_>>(), [("LID".to_owned(), Some("tea".to_owned()))]);
    let nothing_new = ChannelReport { order: None, ..report() };
    let mapped = take_down_from(Some(&waiting), &nothing_new, &by_code).unwrap().unwrap();
    assert_eq!(sales(Some(&waiting), &mapped.tree), sales(None, &tree));
    assert_eq!(take_down_from(Some(&mapped.tree), &nothing_new, &by_code).unwrap(), None);
}

#[test]
fn a_map_that_changes_changes_no_sale_that_is_allocated() {
    let other = shelves(&[("sku-a", mapping("coffee", 9000)), ("sku-b", mapping("cup", 9000))]);
    let (tree, before) = after(&both(), &[report()]);
    let change = take_down_from(Some(&tree), &shipped(2500, 3500), &other).unwrap().unwrap();
    assert_eq!(sales(Some(&tree), &change.tree), []);
    assert_eq!(before.len(), 2);
}

#[test]
fn more_sold_than_there_is_is_noted_once_and_taken_all_the_same() {
    let shelf = |sku: &str| ("main".to_owned(), sku.to_owned());
    let few = Shelves {
        available: [(shelf("tea"), Quantity(2999)), (shelf("cup"), Quantity(3000))].into(),
        ..both()
    };
    let (tree, taken) = after(&few, &[report(), shipped(2500, 3500)]);
    assert_eq!(taken.len(), 2);
    assert_eq!(anomalies(&tree), [AnomalyKind::Oversold]);
    let detail = &tree.payment.anomalies[0].detail;
    assert_eq!(*detail, json!({"sku": "tea", "place": "main"}));
}
