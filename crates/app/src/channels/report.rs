//! What a marketplace tells of an order, as a report that can be recorded. Pure.

use docket_connectors::channel::{ChannelLine, ChannelOrder, Stage};
use docket_domain::placement::{PlacedItem, PlacedShop, Placement};
use docket_domain::record::{Report, ReportedShop};
use docket_domain::tree::{Home, Received, Revoke, Tax};
use docket_domain::words::{Fulfilment, OrderType, PaymentStatus, Platform, ReceiveType, Status};
use docket_domain::{Amount, Currency, Quantity};
use docket_store::ChannelShop;
use serde_json::json;

/// The report that `order` of `shop` comes to.
pub(super) fn report(shop: &ChannelShop, order: &ChannelOrder) -> Report {
    let number = shop.id.to_string();
    let placed = PlacedShop {
        shop_id: number.clone(),
        place: "main".to_owned(),
        fulfilment: Fulfilment::Parcel,
        shop_discount: Amount::ZERO,
        freight: Amount::UNKNOWN,
        freight_tax: Amount::ZERO,
        has_ship_to: false,
        buyer_comment: None,
        promotions: None,
        tags: Vec::new(),
        items: order.lines.iter().map(item).collect(),
    };
    let placement = Placement {
        buyer_id: None,
        currency: currency(&shop.more.region),
        order_type: OrderType::Goods,
        market: 0,
        platform: Platform::All,
        channel: Some(shop.channel.clone()),
        external_id: Some(order.number.clone()),
        client_token: None,
        source: None,
        extra: None,
        tags: Vec::new(),
        expected_total: None,
        platform_discount: Amount::ZERO,
        coins: Amount::ZERO,
        third_party_discount: Amount::ZERO,
        tax: Tax::default(),
        shops: vec![placed],
        coupons: Vec::new(),
    };
    Report {
        placement,
        home: Some(Home::Channel(number)),
        issuer: shop.channel.clone(),
        created_at: order.created_at,
        created_guess: order.updated_at,
        terms_at: None,
        visible: None,
        payments: Vec::new(),
        attempts: Vec::new(),
        refunds_due: Vec::new(),
        revoke: Revoke::None,
        payment_status: order.stage.and_then(payment),
        shops: vec![reported(order)],
        total: Amount::UNKNOWN,
        anomalies: Vec::new(),
    }
}

fn item(line: &ChannelLine) -> PlacedItem {
    let product = line.products.first();
    let sku = line.sku_id.clone().or_else(|| product.and_then(|product| product.sku_id.clone()));
    let left = line.ordered.saturating_sub(line.cancelled);
    PlacedItem {
        sku_id: sku.unwrap_or_else(|| line.number.clone()),
        item_id: line.product_id.clone(),
        title: line.title.clone(),
        image: line.image.clone(),
        attributes: line.spec.as_ref().map(|spec| json!({ "spec": spec })),
        deliver_area_id: None,
        deliver_code: None,
        extra: None,
        quantity: Quantity(i64::from(left) * Quantity::ONE.0),
        list_price: Amount::UNKNOWN,
        item_discount: Amount::ZERO,
        tax: Amount::ZERO,
        weighed: false,
    }
}

fn reported(order: &ChannelOrder) -> ReportedShop {
    let status = order.stage.and_then(status);
    let received = matches!(order.stage, Some(Stage::Received));
    ReportedShop {
        status,
        shipped_at: order.shipped_at,
        received: received.then_some(order.updated_at).flatten().map(|at| Received {
            at,
            by_then: true,
            by: ReceiveType::Courier,
        }),
        cancelled_at: order.updated_at.filter(|_| order.stage == Some(Stage::Cancelled)),
        ..ReportedShop::default()
    }
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
