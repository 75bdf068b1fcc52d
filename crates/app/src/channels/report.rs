//! What a marketplace tells of an order, as a report that can be recorded. Pure.

use super::paid::amounts;
use docket_connectors::channel::{
    Aftersale, AftersaleKind, AftersaleState, ChannelLine, ChannelOrder, Fulfilment as SentBy,
    Package, PackageRef, SoldProduct, Stage,
};
use docket_domain::record::channel::stock::{Sold, kept};
use docket_domain::record::channel::{
    ChannelReport, LineHeard, OrderHeard, PackagesHeard, ParcelHeard, RefundHeard,
};
use docket_domain::tree::{Stamp, When};
use docket_domain::words::{PaymentStatus, Platform, RefundKind, RefundStatus, Status};
use docket_domain::{ActorKind, Currency, Json, Quantity, Time};
use docket_store::ChannelShop;
use docket_wire::moment::Moment;
use serde_json::json;

/// Their word for an order that is paid when it is handed over.
const CASH_ON_DELIVERY: &str = "COD";

/// What `order` of `shop` tells of itself, read at `read_at` by the marketplace's clock.
pub(super) fn of_order(shop: &ChannelShop, order: &ChannelOrder, read_at: Time) -> ChannelReport {
    let ordered: Vec<_> =
        order.lines.iter().map(|line| (&*line.number, units(line.ordered))).collect();
    ChannelReport {
        created_at: order.created_at,
        order: Some(order_heard(order, read_at)),
        packages: packages(order, &[], read_at),
        amounts: order.amounts.as_ref().and_then(|told| amounts(told, shop, &ordered, read_at)),
        refunds: order.aftersales.iter().map(|told| refund(told, order, read_at)).collect(),
        ..of_nothing(shop, &order.number)
    }
}

/// What aftersales of an order tell.
pub(super) fn of_aftersales(
    shop: &ChannelShop,
    order: &ChannelOrder,
    told: &[Aftersale],
    read_at: Time,
) -> ChannelReport {
    ChannelReport {
        refunds: told.iter().map(|told| refund(told, order, read_at)).collect(),
        ..of_nothing(shop, &order.number)
    }
}

/// A report of one order that says nothing yet.
pub(super) fn of_nothing(shop: &ChannelShop, number: &str) -> ChannelReport {
    let shop_id = shop.id.to_string();
    ChannelReport {
        issuer: format!("{}:{shop_id}", shop.channel),
        shop_id,
        channel: shop.channel.clone(),
        external_id: number.to_owned(),
        place: "main".to_owned(),
        market: 0,
        platform: Platform::All,
        currency: guessed_currency(&shop.more.region),
        created_at: None,
        order: None,
        packages: None,
        amounts: None,
        refunds: Vec::new(),
    }
}

/// How far a stage is; 0 where it is not known.
fn rank(stage: Option<Stage>) -> u8 {
    stage.map_or(0, |stage| stage.rank() + 1)
}

fn order_heard(order: &ChannelOrder, read_at: Time) -> OrderHeard {
    OrderHeard {
        stamp: Stamp { updated_at: order.updated_at, rank: rank(order.stage), read_at },
        channel_status: order.status.clone(),
        status: order.stage.and_then(status),
        payment_status: payment(order),
        shipped: order.shipped_at.map(When::at),
        received: None,
        cancelled_at: None,
        tags: order.labels.clone(),
        extra: extra(order),
        lines: order.lines.iter().map(line).collect(),
    }
}

/// What a stage is here. Of an order that left in part, its lines say which ones did.
const fn status(stage: Stage) -> Option<Status> {
    match stage {
        Stage::Pending => None,
        Stage::Unshipped | Stage::PartlyShipped | Stage::PartlyReceived => Some(Status::Paid),
        Stage::Shipped => Some(Status::Shipped),
        Stage::Received => Some(Status::Received),
        Stage::Cancelled => Some(Status::Cancelled),
    }
}

/// What a stage says of the payment. One that is paid when it is handed over is not paid before.
fn payment(order: &ChannelOrder) -> Option<PaymentStatus> {
    let on_delivery = order.payment.as_deref() == Some(CASH_ON_DELIVERY);
    let paid = match order.stage? {
        Stage::Pending | Stage::Cancelled => false,
        Stage::Received => true,
        Stage::Unshipped | Stage::PartlyShipped | Stage::Shipped | Stage::PartlyReceived => {
            !on_delivery
        }
    };
    paid.then_some(PaymentStatus::Paid)
}

fn line(line: &ChannelLine) -> LineHeard {
    let product = line.products.first();
    let sku = line.sku_id.clone().or_else(|| product.and_then(|product| product.sku_id.clone()));
    let cancelled =
        if line.stage == Some(Stage::Cancelled) { line.ordered } else { line.cancelled };
    // A line that arrived in part has left.
    let status = line.stage.and_then(|stage| match stage {
        Stage::PartlyReceived => Some(Status::Shipped),
        // Its units say so.
        Stage::Cancelled => Some(Status::Paid),
        stage => status(stage),
    });
    LineHeard {
        external_id: line.number.clone(),
        sku_id: sku.unwrap_or_else(|| line.number.clone()),
        item_id: line.product_id.clone(),
        title: line.title.clone(),
        image: line.image.clone(),
        attributes: line.spec.as_ref().map(|spec| json!({ "spec": spec })),
        extra: line_extra(line),
        ordered: units(line.ordered),
        cancelled: units(cancelled),
        status,
        shipped: line.shipped_at.map(When::at),
    }
}

fn units(units: u32) -> Quantity {
    Quantity(i64::from(units) * Quantity::ONE.0)
}

/// What else is kept of an order: its dates, where it goes, and what its marketplace warns of.
fn extra(order: &ChannelOrder) -> Option<Json> {
    let mut extra = Extra::default();
    extra.time("ship_by", order.ship_by);
    extra.time("deliver_by", order.deliver_by);
    extra.time("pending_until", order.pending_until);
    extra.time("confirmed_at", order.confirmed_at);
    extra.text("region", order.region.as_deref());
    extra.text("site", order.site.as_deref());
    extra.text("payment", order.payment.as_deref());
    extra.list("warnings", &order.warnings);
    extra.into_json()
}

fn line_extra(line: &ChannelLine) -> Option<Json> {
    let mut extra = Extra::default();
    extra.text(
        "fulfilment",
        line.fulfilment.map(|sent_by| match sent_by {
            SentBy::Seller => "seller",
            SentBy::Cooperative => "cooperative",
        }),
    );
    extra.text("warehouse", line.warehouse.as_deref());
    extra.text("channel_status", line.status.as_deref());
    extra.list("labels", &line.labels);
    let sold = |sold: &SoldProduct| Sold {
        code: sold.code.clone(),
        sku_id: sold.sku_id.clone(),
        pieces: sold.factor,
    };
    let sold: Vec<Sold> = line.products.iter().map(sold).collect();
    if !sold.is_empty() {
        let (name, kept) = kept(&sold);
        extra.0.insert(name.to_owned(), kept);
    }
    extra.into_json()
}

#[derive(Default)]
struct Extra(serde_json::Map<String, Json>);

impl Extra {
    fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.0.insert(name.to_owned(), text.into());
        }
    }

    fn time(&mut self, name: &str, time: Option<Time>) {
        if let Some(time) = time {
            self.0.insert(name.to_owned(), json!(Moment(time)));
        }
    }

    fn list(&mut self, name: &str, list: &[String]) {
        if !list.is_empty() {
            self.0.insert(name.to_owned(), list.into());
        }
    }

    fn into_json(self) -> Option<Json> {
        (!self.0.is_empty()).then(|| self.0.into())
    }
}

/// The packages of the lines that tell of theirs, and those that were told of beside; none where nothing tells of any.
pub(super) fn packages(
    order: &ChannelOrder,
    beside: &[Package],
    read_at: Time,
) -> Option<PackagesHeard> {
    let mut heard = PackagesHeard { read_at, lines: Vec::new(), parcels: Vec::new() };
    for line in &order.lines {
        let Some(packages) = &line.packages else { continue };
        heard.lines.push(line.number.clone());
        for PackageRef { number, carrier, tracking, .. } in packages {
            let parcel = parcel(&mut heard.parcels, number, carrier.as_ref(), tracking.as_ref());
            parcel.lines.push((line.number.clone(), None));
        }
    }
    for package in beside {
        let here: Vec<_> = package.holds.iter().filter(|held| held.order == order.number).collect();
        // Each number is a box of its own; how much is in which of several nobody tells.
        let is_one = package.numbers.len() == 1;
        for (nth, number) in package.numbers.iter().enumerate() {
            let is_first = nth == 0;
            let carrier = package.carrier.as_ref().filter(|_| is_first);
            let tracking = package.tracking.as_ref().filter(|_| is_first);
            for held in &here {
                let Some(line) = &held.line else { continue };
                let parcel = parcel(&mut heard.parcels, number, carrier, tracking);
                let inside = held.units.filter(|_| is_one).map(units);
                match parcel.lines.iter_mut().find(|(known, _)| known == line) {
                    Some((_, known)) => *known = inside.or(*known),
                    None => parcel.lines.push((line.clone(), inside)),
                }
            }
        }
    }
    (!heard.lines.is_empty() || !heard.parcels.is_empty()).then_some(heard)
}

/// The parcel of a number among those that were heard of, with what is new of it.
fn parcel<'a>(
    parcels: &'a mut Vec<ParcelHeard>,
    number: &str,
    carrier: Option<&String>,
    tracking: Option<&String>,
) -> &'a mut ParcelHeard {
    let known = parcels.iter().position(|known| known.package.as_deref() == Some(number));
    let at = known.unwrap_or_else(|| {
        let package = Some(number.to_owned());
        parcels.push(ParcelHeard { package, carrier: None, tracking: None, lines: Vec::new() });
        parcels.len() - 1
    });
    let parcel = &mut parcels[at];
    parcel.carrier = parcel.carrier.take().or_else(|| carrier.cloned());
    parcel.tracking = parcel.tracking.take().or_else(|| tracking.cloned());
    parcel
}

/// What an aftersale of `order` comes to. Goods that name no line are those of the line that sold them.
fn refund(told: &Aftersale, order: &ChannelOrder, read_at: Time) -> RefundHeard {
    let goods = told.goods.iter().flatten().filter_map(|goods| {
        let sold = |line: &&ChannelLine| match &goods.line {
            Some(number) => line.number == *number,
            None => goods.sku_id.is_some() && line.sku_id == goods.sku_id,
        };
        let line = order.lines.iter().find(sold)?;
        Some((line.number.clone(), units(goods.units.unwrap_or(line.ordered))))
    });
    let (status, rank) = match told.state {
        None => (RefundStatus::Applied, 0),
        Some(AftersaleState::Open) => (RefundStatus::Applied, 1),
        Some(AftersaleState::Withdrawn) => (RefundStatus::Withdrawn, 2),
        Some(AftersaleState::Refused) => (RefundStatus::Rejected, 3),
        Some(AftersaleState::Granted) => (RefundStatus::Refunded, 4),
    };
    RefundHeard {
        external_id: told.number.clone(),
        stamp: Stamp { updated_at: told.updated_at.or(told.created_at), rank, read_at },
        kind: match told.kind {
            AftersaleKind::Cancel => RefundKind::Cancel,
            AftersaleKind::Refund => RefundKind::Refund,
        },
        by: ActorKind::Buyer,
        status,
        amount: None,
        lines: goods.collect(),
        reason: None,
        created_at: told.created_at,
        ended_at: None,
    }
}

/// The currency that a region most likely sells in; it gives way to whatever an amount says.
pub(super) fn guessed_currency(region: &str) -> Currency {
    let code = if region == "eu" { "EUR" } else { "USD" };
    Currency::ever(code).expect("euro and dollar are currencies")
}
