//! Packages: those with a label that nobody handed over yet, and those of a line that were sent.

use super::orders::named;
use super::{Call, Paging, written};
use crate::temu::order::{Child, Order, Package};
use crate::temu::received::Received;
use crate::temu::refusal::{BAD_PACKAGE_ORDER, BAD_PARAMS, Refusal};
use crate::temu::render::delivery_type;
use crate::temu::seeded::status;
use crate::temu::shop::Shop;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CARRIER_ID: u64 = 960_246_690;
const CARRIER: &str = "Sandbox Post";
const PAGE_SIZE_MAX: i64 = 100;

/// What stands in one package that was not handed over.
type Inside<'a> = Vec<(&'a Order, &'a Child)>;

pub fn unshipped(shop: &Shop, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let asked = call.asked;
    let required = [asked.number("pageNumber")?, asked.number("pageSize")?];
    if required.contains(&None) {
        return Err(BAD_PARAMS);
    }
    let paging = Paging::of(call, "pageNumber", PAGE_SIZE_MAX)?;
    let parents: Vec<String> = asked.member("parentOrderSnList")?.unwrap_or_default();
    let children: Vec<String> = asked.member("orderSnList")?.unwrap_or_default();
    if parents.iter().any(|number| shop.order(number).is_none()) {
        return Err(BAD_PACKAGE_ORDER);
    }
    let is_meant = |order: &Order, child: &Child| {
        (parents.is_empty() || parents.iter().any(|number| **number == *order.number))
            && (children.is_empty() || children.iter().any(|number| **number == *child.number))
    };
    // Named orders are looked up; otherwise all of the shop are looked at, the newest first.
    let orders: Vec<&Order> = if parents.is_empty() {
        shop.orders.iter().rev().collect()
    } else {
        parents.iter().filter_map(|number| shop.order(number)).collect()
    };
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found: Vec<(&Package, Inside<'_>)> = vec![];
    for order in orders {
        for child in order.children.iter().filter(|child| is_meant(order, child)) {
            for package in child.packages.iter().filter(|package| is_waiting(package)) {
                let place = *places.entry(&package.number).or_insert_with(|| {
                    found.push((package, vec![]));
                    found.len() - 1
                });
                found[place].1.push((order, child));
            }
        }
    }
    let total = found.len();
    let rows: Vec<Value> =
        paging.of_rows(found).iter().map(|(package, inside)| row(shop, package, inside)).collect();
    Ok(written(&json!({"totalItemNum": total, "unshippedPackage": rows})))
}

const fn is_waiting(package: &Package) -> bool {
    package.is_bought && !package.is_confirmed
}

fn row(shop: &Shop, package: &Package, inside: &Inside<'_>) -> Value {
    let entry = |(order, child): &(&Order, &Child)| {
        json!({
            "semiUniqueId": format!("SU-{}", order.number),
            "quantity": child.ordered.saturating_sub(child.cancelled),
            "orderSn": child.number,
            "parentOrderSn": order.number,
            "mallId": shop.mall_number(),
        })
    };
    let is_cancelled = |(_, child): &&(&Order, &Child)| child.status == status::CANCELED;
    let (cancelled, shippable): (Vec<_>, Vec<_>) = inside.iter().partition(is_cancelled);
    json!({
        "packageSn": package.number,
        "mainPackageSn": package.number,
        "subPackageSnList": package.parts,
        "subPackageType": null,
        "trackingNumber": tracking(&package.number),
        "carrierId": CARRIER_ID,
        "carrierName": CARRIER,
        "packageDetail": {
            "shippableOrders": shippable.into_iter().map(entry).collect::<Vec<_>>(),
            "canceledOrders": cancelled.into_iter().map(entry).collect::<Vec<_>>(),
        },
    })
}

/// What the carrier calls a package.
fn tracking(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    format!("SBX{digits}")
}

/// The packages of a line that were sent.
pub fn shipments(shop: &Shop, asked: &Received) -> Result<Vec<u8>, Refusal> {
    let order = named(shop, asked)?;
    let line = asked.text("orderSn").ok_or(BAD_PARAMS)?;
    let child = order.children.iter().find(|child| *child.number == *line);
    let child = child.ok_or(BAD_PACKAGE_ORDER)?;
    let part = |number: &str| {
        json!({
            "carrierId": CARRIER_ID,
            "carrierName": CARRIER,
            "packageSn": number,
            "packageDeliveryType": delivery_type(child),
            "trackingNumber": tracking(number),
        })
    };
    let told = |package: &Package| {
        json!({
            "carrierId": CARRIER_ID,
            "carrierName": CARRIER,
            "trackingNumber": tracking(&package.number),
            "skuId": shop.products[child.product as usize].sku_id,
            "quantity": child.ordered.saturating_sub(child.cancelled),
            "packageSn": package.number,
            "packageDeliveryType": delivery_type(child),
            "trackingWarningLabel": 0,
            "subPackageShipmentInfoList": package.parts.iter().map(|number| part(number)).collect::<Vec<_>>(),
        })
    };
    let sent = child.packages.iter().filter(|package| package.is_bought && package.is_confirmed);
    Ok(written(&json!({"shipmentInfoDTO": sent.map(told).collect::<Vec<_>>()})))
}
