//! Orders of a marketplace at the API, and on their way through a file.

#![allow(clippy::unwrap_used)] // a test fails by panicking

#[path = "../../domain/tests/channel_reports/mod.rs"]
mod channel_reports;

use channel_reports::*;
use docket_domain::deadline::Policy;
use docket_domain::decide::Context;
use docket_domain::record::channel::{ChannelReport, ParcelHeard};
use docket_domain::tree::When;
use docket_domain::words::{RefundKind, Status};
use docket_domain::{Id, Quantity, Tree, record, status};
use docket_wire::view::view;
use docket_wire::{Face, Look, Markets};
use serde_json::{Value, json};

/// Shipped in part: `a` is in two parcels, of `b` a label was bought, one number is void, and one unit was cancelled.
fn order() -> Tree {
    let mut shipped = told(|order| {
        order.stamp = stamp(2500, 3, 3000);
        order.channel_status = "41".into();
        order.shipped = Some(When::at(docket_domain::Time(1500)));
        order.lines[0].status = Some(Status::Shipped);
        order.lines[0].cancelled = Quantity::ONE;
    });
    let tracked = |package, line: &[&str]| ParcelHeard {
        carrier: Some("YunExpress".into()),
        tracking: Some(format!("T-{package}")),
        ..parcel(package, line)
    };
    let old = vec![tracked("PK-0", &["b"])];
    let new = vec![tracked("PK-1", &["a"]), parcel("PK-2", &["a"]), parcel("PK-3", &["b"])];
    shipped.packages = packages(3000, &["a", "b"], old).packages;
    let refunds =
        ChannelReport { order: None, refunds: vec![refund("AS-1", 2600, "a", 1000)], ..report() };
    after([&shipped, &packages(4000, &["a", "b"], new), &refunds])
}

fn shown(tree: &Tree) -> Value {
    let markets: &'static Markets = Box::leak(Box::default());
    let standing = status::of(tree);
    let look = Look::whole(markets, NOW);
    serde_json::to_value(view(tree, &standing, Face::None, &look)).unwrap()
}

#[test]
fn an_order_of_a_marketplace_shows_its_words_and_numbers() {
    let shown = shown(&order());
    let shop = &shown["shops"][0];
    assert_eq!(shop["channel_status"]["word"], "41");
    let item = &shop["items"][0];
    assert_eq!((&item["external_id"], &item["quantity"]), (&json!("a"), &json!("3")));
    assert_eq!(item["cancelled_quantity"], "1");
    let parcels = shop["shipments"].as_array().unwrap();
    let of = |number: &str| parcels.iter().find(|parcel| parcel["package"] == number).unwrap();
    assert_eq!(of("PK-0")["state"], "void");
    assert_eq!((&of("PK-0")["at"], &of("PK-0")["lines"]), (&Value::Null, &json!([])));
    assert_eq!((of("PK-1").get("state"), &of("PK-1")["tracking"]), (None, &json!("T-PK-1")));
    assert_eq!(of("PK-3")["state"], "announced");
    let refunds = shop["refunds"].as_array().unwrap();
    assert!(refunds.iter().all(|refund| refund["amount"].is_null()), "nobody told their money");
    assert!(refunds.iter().any(|refund| refund["external_id"] == "AS-1"));
}

/// Without the numbers that each center gives anew.
fn without_ours(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for ours in ["order_id", "refund_id", "shipment_id", "updated_at", "version"] {
                fields.remove(ours);
            }
            fields.values_mut().for_each(without_ours);
        }
        Value::Array(values) => values.iter_mut().for_each(without_ours),
        _ => {}
    }
}

#[test]
fn an_order_of_a_marketplace_is_the_same_in_another_center() {
    let here = shown(&order());
    let line = here.to_string();
    let read = docket_wire::record::read(line.as_bytes(), &Markets::default(), "import").unwrap();
    let mut next = 0;
    let mut next_id = || {
        next += 1;
        Id(next)
    };
    let mut cx = Context {
        at: NOW,
        policy: &Policy::default(),
        limits: &docket_domain::Limits::NONE,
        next_id: &mut next_id,
        seat: &docket_domain::Seat::Center,
        can_hold: &|_| false,
    };
    let tree = record::record(None, &read.report, false, &mut cx).unwrap().unwrap().tree;
    assert_eq!(tree.shops[0].refunds.iter().filter(|r| r.kind == RefundKind::Cancel).count(), 1);
    let (mut here, mut there) = (here, shown(&tree));
    without_ours(&mut here);
    without_ours(&mut there);
    assert_eq!(here, there);
}
