//! Parcels of a channel's orders: met by their numbers, and void when a newer reading has a number no more.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod channel_reports;

use channel_reports::*;
use docket_domain::record::channel::ParcelHeard;
use docket_domain::words::{ParcelState, Status};
use docket_domain::{Quantity, Time, status};

#[test]
fn goods_that_left_lie_in_a_parcel_without_a_number_until_it_comes() {
    let left = after([&shipped(2500, 3000)]);
    let bare = left.shops[0].shipments[0].clone();
    assert_eq!((bare.package.as_deref(), bare.lines.len(), bare.at), (None, 2, Time(1500)));
    let one = packages(4000, &["a"], vec![parcel("PK-1", &["a"])]);
    let two = packages(4100, &["b"], vec![parcel("PK-2", &["b"])]);
    let tree = after([&shipped(2500, 3000), &one]);
    assert_eq!(tree.shops[0].shipments.len(), 2, "one line still has none");
    let tree = after([&shipped(2500, 3000), &one, &two]);
    let parcels = &tree.shops[0].shipments;
    let numbers: Vec<_> = parcels.iter().map(|parcel| parcel.package.as_deref().unwrap()).collect();
    assert_eq!(numbers, ["PK-2", "PK-1"]);
    assert_eq!(parcels[0].shipment_id, bare.shipment_id, "the number took it over");
    assert_eq!(units(&tree, 1), (Quantity(3000), Quantity::ZERO));
}

#[test]
fn a_label_that_was_bought_ships_nothing() {
    let mut labelled = report();
    labelled.packages = packages(3000, &["a"], vec![parcel("PK-1", &["a"])]).packages;
    let tree = after([&labelled]);
    assert_eq!(tree.shops[0].shipments[0].state, ParcelState::Announced);
    assert_eq!(units(&tree, 0), (Quantity::ZERO, Quantity(3000)));
    assert_eq!(status::of(&tree).shops[0].times.shipped_at, None);
    let tree = after([&labelled, &shipped(3500, 4000)]);
    assert_eq!(tree.shops[0].shipments[0].state, ParcelState::Left);
    assert_eq!(units(&tree, 0), (Quantity(3000), Quantity::ZERO));
}

#[test]
fn a_child_may_have_many_parcels_and_a_parcel_many_children() {
    let mut report = shipped(2500, 3000);
    let both = vec![parcel("PK-1", &["a", "b"]), parcel("PK-2", &["a"])];
    report.packages = packages(3000, &["a", "b"], both).packages;
    let tree = after([&report]);
    let parcels: Vec<Vec<i64>> = tree.shops[0]
        .shipments
        .iter()
        .map(|parcel| parcel.lines.iter().map(|line| line.quantity.0).collect())
        .collect();
    assert_eq!(parcels, [vec![2000, 3000], vec![1000]], "units go round once");
    assert_eq!(status::of(&tree).status, Status::Shipped);
}

#[test]
fn how_much_is_in_each_parcel_is_taken_where_it_is_told() {
    let mut report = shipped(2500, 3000);
    let told = |package: &str, quantity| ParcelHeard {
        lines: vec![("a".into(), Some(Quantity(quantity)))],
        tracking: Some(format!("T-{package}")),
        ..parcel(package, &[])
    };
    report.packages = packages(3000, &["a"], vec![told("PK-1", 1000), told("PK-2", 2000)]).packages;
    let tree = after([&report]);
    let parcels = &tree.shops[0].shipments;
    let of =
        |package: &str| parcels.iter().find(|p| p.package.as_deref() == Some(package)).unwrap();
    assert_eq!(of("PK-1").lines[0].quantity, Quantity(1000));
    assert_eq!(of("PK-2").lines[0].quantity, Quantity(2000));
    assert_eq!(of("PK-2").tracking.as_deref(), Some("T-PK-2"));
}

#[test]
fn a_number_that_a_newer_reading_has_no_more_is_void_and_ships_nothing() {
    let mut report = shipped(2500, 3000);
    report.packages = packages(3000, &["a", "b"], vec![parcel("PK-1", &["a", "b"])]).packages;
    let other = packages(4000, &["a", "b"], vec![parcel("PK-2", &["a", "b"])]);
    let tree = after([&report, &other]);
    let parcels = &tree.shops[0].shipments;
    assert_eq!(
        (parcels[0].package.as_deref(), parcels[0].state),
        (Some("PK-1"), ParcelState::Void)
    );
    assert_eq!(parcels[0].lines, []);
    assert_eq!(parcels[1].state, ParcelState::Left);
    assert_eq!(units(&tree, 0), (Quantity(3000), Quantity::ZERO), "shipped once");
    let gone = packages(5000, &["a", "b"], Vec::new());
    let tree = after([&report, &other, &gone]);
    assert_eq!(units(&tree, 0), (Quantity(3000), Quantity::ZERO), "it left all the same");
}

#[test]
fn children_ship_one_by_one() {
    let partly = told(|order| {
        order.stamp = stamp(2500, 3, 3000);
        order.channel_status = "41".into();
        order.lines[1].status = Some(Status::Shipped);
    });
    let tree = after([&partly]);
    assert_eq!(units(&tree, 0), (Quantity::ZERO, Quantity(3000)));
    assert_eq!(units(&tree, 1), (Quantity(3000), Quantity::ZERO));
    assert_eq!(status::of(&tree).status, Status::Paid);
}
