//! Packages beside those of a detail.

use super::body_of;
use super::said::{parse, success};
use docket_connectors::channel::{Answer, Call, Held, PackagesPage, Page};
use serde_json::{Value, json};

pub fn unshipped_call() -> Call {
    Call::UnshippedPackages { orders: vec!["PO-211-1".into()], page: Page::First }
}

pub fn shipments_call() -> Call {
    Call::Shipments { order: "PO-211-1".into(), line: "211-1-1".into() }
}

pub fn unshipped(number: u32) -> Value {
    let inside = |order: u32, line: u32| {
        json!({
            "parentOrderSn": format!("PO-211-{order}"), "orderSn": format!("211-{order}-{line}"),
            "quantity": 2, "mallId": 1, "semiUniqueId": "x",
        })
    };
    json!({
        "packageSn": format!("PK-{number}"), "mainPackageSn": format!("PK-{number}"),
        "subPackageSnList": [format!("PK-{number}-S")], "subPackageType": null,
        "trackingNumber": "1Z-9", "carrierId": 7, "carrierName": "Post",
        "packageDetail": {"shippableOrders": [inside(1, 1), inside(2, 1)], "canceledOrders": [inside(3, 1)]},
    })
}

pub fn shipped(number: u32) -> Value {
    json!({
        "carrierId": 7, "carrierName": "Post", "trackingNumber": "1Z-9", "skuId": 5, "quantity": 2,
        "packageSn": format!("PK-{number}"), "packageDeliveryType": 1, "trackingWarningLabel": 0,
        "subPackageShipmentInfoList": [{"packageSn": format!("PK-{number}-S"), "trackingNumber": "1Z-10"}],
    })
}

fn read(call: &Call, result: &Value) -> PackagesPage {
    match parse(call, &success(result)) {
        Ok(Answer::Packages(page)) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_lists_are_asked_as_temu_wants_it() {
    let asked = body_of(&unshipped_call());
    assert_eq!(asked["type"], "bg.order.unshipped.package.get");
    assert_eq!((&asked["pageNumber"], &asked["pageSize"]), (&json!(1), &json!(100)));
    assert_eq!(asked["parentOrderSnList"], json!(["PO-211-1"]));
    let asked = body_of(&shipments_call());
    assert_eq!(asked["type"], "bg.logistics.shipment.v2.get");
    assert_eq!(
        (&asked["parentOrderSn"], &asked["orderSn"]),
        (&json!("PO-211-1"), &json!("211-1-1"))
    );
}

#[test]
fn a_package_counts_for_the_orders_it_names_and_no_other() {
    let result = json!({"totalItemNum": 1, "unshippedPackage": [unshipped(9)]});
    let page = read(&unshipped_call(), &result);
    let package = &page.packages[0];
    assert_eq!(package.numbers, ["PK-9", "PK-9-S"]);
    assert_eq!(
        (package.carrier.as_deref(), package.tracking.as_deref()),
        (Some("Post"), Some("1Z-9"))
    );
    assert!(!package.shipped);
    let held = Held { order: "PO-211-1".into(), line: Some("211-1-1".into()), units: Some(2) };
    assert_eq!(package.of_order("PO-211-1").collect::<Vec<_>>(), [&held]);
    assert_eq!(package.of_order("PO-211-3").count(), 0, "what was cancelled is not in it");
    assert_eq!(package.of_order("PO-211-4").count(), 0);
}

#[test]
fn a_number_that_is_longer_than_any_of_theirs_is_handed_on() {
    let long = "7".repeat(100);
    let mut row = shipped(9);
    (row["packageSn"], row["subPackageShipmentInfoList"]) =
        (json!(long), json!([{"packageSn": format!("{long}8")}]));
    let page = read(&shipments_call(), &json!({"shipmentInfoDTO": [row]}));
    assert_eq!(page.packages[0].numbers, [long.clone(), format!("{long}8")]);
    let mut row = unshipped(9);
    row["subPackageSnList"] = json!(["x".repeat(5_000)]);
    let page = read(&unshipped_call(), &json!({"totalItemNum": 1, "unshippedPackage": [row]}));
    assert_eq!(page.packages[0].numbers[1].len(), 1024, "and no longer than anybody could keep");
}

#[test]
fn a_confirmed_package_holds_the_line_it_was_asked_for() {
    let page =
        read(&shipments_call(), &json!({"shipmentInfoDTO": [shipped(9), {"packageSn": ""}]}));
    let package = &page.packages[0];
    assert_eq!(
        (&package.numbers[..], package.shipped),
        (&["PK-9".into(), "PK-9-S".into()][..], true)
    );
    assert_eq!(package.of_order("PO-211-1").count(), 1);
    assert_eq!(page.refused[0].reason, "The package has no number.");
    let none = read(&shipments_call(), &json!({"shipmentInfoDTO": null}));
    assert_eq!((none.packages.len(), none.total), (0, Some(0)));
}
