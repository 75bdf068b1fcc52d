//! What a marketplace tells of an order, as a report that can be recorded. Pure.

use docket_connectors::channel::{ChannelLine, ChannelOrder, Package, Stage};
use docket_domain::record::channel::{
    ChannelReport, LineHeard, OrderHeard, PackagesHeard, ParcelHeard,
};
use docket_domain::tree::{Stamp, When};
use docket_domain::words::{PaymentStatus, Platform, Status};
use docket_domain::{Currency, Json, Quantity, Time};
use docket_store::ChannelShop;
use serde_json::json;
use std::collections::BTreeMap;

/// A report of an order of `shop` that tells nothing of it.
pub(super) fn of_nothing(shop: &ChannelShop, number: &str) -> ChannelReport {
    ChannelReport {
        shop_id: shop.id.to_string(),
        issuer: shop.channel.clone(),
        channel: shop.channel.clone(),
        external_id: number.to_owned(),
        place: "main".to_owned(),
        market: 0,
        platform: Platform::All,
        currency: currency(&shop.more.region),
        created_at: None,
        order: None,
        packages: None,
        amounts: None,
        refunds: Vec::new(),
    }
}

/// What `order` tells of itself, read at `read_at` by the marketplace's clock.
pub(super) fn of_order(shop: &ChannelShop, order: &ChannelOrder, read_at: Time) -> ChannelReport {
    let rank = order.stage.map_or(0, |stage| stage.rank() + 1);
    let stamp = Stamp { updated_at: order.updated_at, rank, read_at };
    let by = order.updated_at.unwrap_or(read_at);
    let heard = OrderHeard {
        stamp,
        channel_status: order.status.clone(),
        status: order.stage.and_then(status),
        payment_status: order.stage.and_then(payment),
        shipped: order.stage.and_then(|stage| shipped(stage, order.shipped_at, by)),
        received: (order.stage == Some(Stage::Received)).then(|| When::by(by)),
        cancelled_at: order.updated_at.filter(|_| order.stage == Some(Stage::Cancelled)),
        tags: order.labels.clone(),
        extra: extra(order),
        lines: order.lines.iter().map(|line| line_heard(line, by)).collect(),
    };
    ChannelReport {
        created_at: order.created_at,
        order: Some(heard),
        ..of_nothing(shop, &order.number)
    }
}

/// What a detail and what was asked beside it tell of the parcels of an order, read at `read_at`.
pub(super) fn of_packages(
    shop: &ChannelShop,
    detail: &ChannelOrder,
    packages: &[Package],
    read_at: Time,
) -> ChannelReport {
    let mut parcels: BTreeMap<&str, ParcelHeard> = BTreeMap::new();
    for line in &detail.lines {
        for package in line.packages.iter().flatten() {
            let heard = parcel(&mut parcels, &package.number);
            heard.carrier = heard.carrier.take().or_else(|| package.carrier.clone());
            heard.tracking = heard.tracking.take().or_else(|| package.tracking.clone());
            heard.lines.push((line.number.clone(), None));
        }
    }
    for package in packages {
        let Some(number) = package.numbers.first() else { continue };
        let heard = parcel(&mut parcels, number);
        heard.carrier = package.carrier.clone().or(heard.carrier.take());
        heard.tracking = package.tracking.clone().or(heard.tracking.take());
        for held in package.holds.iter().filter(|held| held.order == detail.number) {
            let Some(line) = &held.line else { continue };
            let units = held.units.map(|units| Quantity(i64::from(units) * Quantity::ONE.0));
            match heard.lines.iter_mut().find(|(known, _)| known == line) {
                Some((_, known)) => *known = units.or(*known),
                None => heard.lines.push((line.clone(), units)),
            }
        }
    }
    let lines = detail.lines.iter().map(|line| line.number.clone()).collect();
    let parcels = parcels.into_values().collect();
    ChannelReport {
        packages: Some(PackagesHeard { read_at, lines, parcels }),
        ..of_nothing(shop, &detail.number)
    }
}

fn parcel<'a, 'b>(
    parcels: &'b mut BTreeMap<&'a str, ParcelHeard>,
    number: &'a str,
) -> &'b mut ParcelHeard {
    let package = Some(number.to_owned());
    let fresh = || ParcelHeard { package, carrier: None, tracking: None, lines: Vec::new() };
    parcels.entry(number).or_insert_with(fresh)
}

fn line_heard(line: &ChannelLine, by: Time) -> LineHeard {
    let product = line.products.first();
    let sku = line.sku_id.clone().or_else(|| product.and_then(|product| product.sku_id.clone()));
    let units = |units: u32| Quantity(i64::from(units) * Quantity::ONE.0);
    LineHeard {
        external_id: line.number.clone(),
        sku_id: sku.unwrap_or_else(|| line.number.clone()),
        item_id: line.product_id.clone(),
        title: line.title.clone(),
        image: line.image.clone(),
        attributes: line.spec.as_ref().map(|spec| json!({ "spec": spec })),
        extra: None,
        ordered: units(line.ordered),
        cancelled: units(line.cancelled),
        status: line.stage.and_then(status),
        shipped: line.stage.and_then(|stage| shipped(stage, line.shipped_at, by)),
    }
}

/// When something left that is as far as `stage`: at its time, or by the time of the change where it has none.
fn shipped(stage: Stage, at: Option<Time>, by: Time) -> Option<When> {
    let is_shipped = matches!(stage, Stage::Shipped | Stage::PartlyReceived | Stage::Received);
    at.map(When::at).or_else(|| is_shipped.then(|| When::by(by)))
}

fn extra(order: &ChannelOrder) -> Option<Json> {
    let time = |time: Option<Time>| time.map(|time| time.0);
    let fields = [
        ("ship_by", json!(time(order.ship_by))),
        ("deliver_by", json!(time(order.deliver_by))),
        ("pending_until", json!(time(order.pending_until))),
        ("region", json!(order.region)),
        ("site", json!(order.site)),
        ("payment", json!(order.payment)),
    ];
    let told = fields.into_iter().filter(|(_, value)| !value.is_null());
    let told: serde_json::Map<_, _> = told.map(|(name, value)| (name.to_owned(), value)).collect();
    (!told.is_empty()).then_some(Json::Object(told))
}

const fn status(stage: Stage) -> Option<Status> {
    match stage {
        Stage::Pending => None,
        Stage::Unshipped => Some(Status::Paid),
        Stage::PartlyShipped | Stage::Shipped => Some(Status::Shipped),
        Stage::PartlyReceived | Stage::Received => Some(Status::Received),
        Stage::Cancelled => Some(Status::Cancelled),
    }
}

const fn payment(stage: Stage) -> Option<PaymentStatus> {
    match stage {
        Stage::Pending | Stage::Cancelled => None,
        _ => Some(PaymentStatus::Paid),
    }
}

/// The currency that a region most likely sells in; it gives way to whatever an amount says.
fn currency(region: &str) -> Currency {
    let code = if region == "eu" { "EUR" } else { "USD" };
    Currency::ever(code).expect("euro and dollar are currencies")
}
