//! Trees for tests: a plain one, and one in which every field holds something.

#![allow(dead_code)] // each test file uses what it needs

use docket_domain::tree::*;
use docket_domain::words::*;
use docket_domain::{
    ActorKind, Amount, Currency, Id, ItemOrder, PaymentOrder, Quantity, ShopOrder, Time, Tree,
};
use serde_json::json;

/// Yuan.
pub fn cny() -> Currency {
    Currency::in_use("CNY").expect("CNY is a currency")
}

/// A line of two at 60.00.
pub fn item(id: i64) -> ItemOrder {
    ItemOrder {
        id: Id(id),
        sku_id: format!("sku-{id}"),
        external_id: None,
        item_id: None,
        title: None,
        image: None,
        attributes: None,
        deliver_area_id: None,
        deliver_code: None,
        extra: None,
        list_price: Amount::of(6000),
        quantity: Quantity(2000),
        cancelled_quantity: Quantity::ZERO,
        item_discount: Amount::ZERO,
        tax: Amount::ZERO,
        shares: Shares::default(),
        weighed: false,
        weighed_as: None,
        holds_stock: false,
        allocations: Vec::new(),
        dropped_at: None,
        rates: Vec::new(),
        heard: None,
    }
}

/// A shop order of the lines `items`.
pub fn shop(id: i64, items: Vec<ItemOrder>) -> ShopOrder {
    ShopOrder {
        id: Id(id),
        shop_id: format!("shop-{id}"),
        place: "main".into(),
        fulfilment: Fulfilment::Parcel,
        shop_discount: Amount::ZERO,
        coupons: Vec::new(),
        freight: Amount::ZERO,
        freight_tax: Amount::ZERO,
        freight_shares: FreightShares::default(),
        has_ship_to: false,
        buyer_comment: None,
        seller_comment: None,
        promotions: None,
        tags: Vec::new(),
        dropped_at: None,
        dropped_by: None,
        shipments: Vec::new(),
        delivery: Vec::new(),
        reported: None,
        channel_status: None,
        received: None,
        refunds: Vec::new(),
        receive_by: None,
        extended_by: 0,
        settled_at: None,
        deadline: None,
        answers: Vec::new(),
        heard: None,
        created_at: Time(1000),
        updated_at: Time(1000),
        items,
    }
}

/// A tree of `shops`, number 1.
pub fn tree(shops: Vec<ShopOrder>) -> Tree {
    let payment = PaymentOrder {
        id: Id(1),
        version: 1,
        terms_version: 1,
        terms_at: None,
        home: Home::Center,
        order_type: OrderType::Goods,
        market: 0,
        platform: Platform::All,
        channel: None,
        external_id: None,
        issuer: "web".into(),
        client_token: None,
        source: None,
        buyer_id: None,
        currency: cny(),
        visible: Visible::Yes,
        extra: None,
        tags: Vec::new(),
        platform_discount: Amount::ZERO,
        coupons: Vec::new(),
        coins: Amount::ZERO,
        third_party_discount: Amount::ZERO,
        tax: Tax::Included,
        payments: Vec::new(),
        attempts: Vec::new(),
        refunds_due: Vec::new(),
        revoke: Revoke::None,
        deadline: None,
        pay_by: None,
        reported_payment: None,
        notes: 0,
        anomalies: Vec::new(),
        ledgers: Ledgers::default(),
        created_at: Time(1000),
        updated_at: Time(1000),
    };
    Tree { payment, shops }
}

/// Two shop orders of two lines and one.
pub fn plain_tree() -> Tree {
    tree(vec![shop(2, vec![item(3), item(4)]), shop(5, vec![item(6)])])
}

/// A tree of one line in which no field is left out of its JSON.
pub fn full_tree() -> Tree {
    let line = Line { order_id: Id(3), quantity: Quantity::ONE };
    let deadline = Some(Deadline { kind: DeadlineKind::PayBy, at: Time(9), stopped_with: Some(1) });
    let mut tree = tree(vec![shop(2, vec![item(3)])]);
    let payment = &mut tree.payment;
    payment.terms_at = Some(Time(2));
    payment.pay_by = Some(Time(9));
    payment.home = Home::Sites;
    payment.market = 100;
    payment.channel = Some("temu".into());
    payment.external_id = Some("PO-1".into());
    payment.client_token = Some("token".into());
    payment.source = Some(json!({"page": "home"}));
    payment.buyer_id = Some("1001".into());
    payment.extra = Some(json!({"a": 1}));
    payment.tags = vec!["new".into()];
    payment.platform_discount = Amount::of(500);
    payment.coins = Amount::UNKNOWN;
    payment.third_party_discount = Amount::of(1);
    payment.tax = Tax::OnTop;
    payment.payments = vec![payment_of(10, "wechat", "wx-1", 11500)];
    payment.attempts = vec![Attempt {
        attempt_id: Id(11),
        tender: "wechat".into(),
        gateway: Some("wx".into()),
        amount: 11500,
        terms_version: 1,
        status: AttemptStatus::Open,
        created_at: Time(3),
    }];
    payment.refunds_due = vec![RefundDue {
        refund_id: Id(12),
        payment_id: Id(10),
        amount: 5,
        cause: DueCause::Overpaid,
        status: RefundStatus::Refunding,
        reference: Some("r".into()),
        former: vec![part(RefundStatus::Failed)],
        again: vec![part(RefundStatus::Refunded)],
        created_at: Time(4),
    }];
    payment.revoke = Revoke::Revoking { by: ActorKind::Buyer, at: Time(5), reason: None };
    payment.deadline = deadline;
    payment.reported_payment = Some(PaymentStatus::Paid);
    payment.notes = 3;
    payment.anomalies =
        vec![Anomaly { kind: AnomalyKind::Underpaid, at: Time(6), detail: json!({"paid": 1}) }];
    fill_shop(&mut tree.shops[0], line, deadline);
    tree.shops[0].set_answer_by(Id(14), Some(Time(20)));
    let item = &mut tree.shops[0].items[0];
    item.external_id = Some("211-1".into());
    item.cancelled_quantity = Quantity(10);
    item.heard = Some(HeardLine { sent: Some(When::by(Time(7))), ..HeardLine::default() });
    item.item_id = Some("9".into());
    item.title = Some("Tea".into());
    item.image = Some("tea.png".into());
    item.attributes = Some(json!({"size": "L"}));
    item.deliver_area_id = Some("area".into());
    item.deliver_code = Some("code".into());
    item.extra = Some(json!([1, 2]));
    item.item_discount = Amount::of(200);
    item.tax = Amount::UNKNOWN;
    item.shares.shop = Amount::of(300);
    item.weighed = true;
    item.weighed_as = Some(Quantity(1990));
    item.holds_stock = true;
    item.dropped_at = Some(Time(8));
    item.rates = vec![Rate { score: 5, text: Some("good".into()), at: Time(9) }];
    tree
}

fn fill_shop(shop: &mut ShopOrder, line: Line, deadline: Option<Deadline>) {
    let stamp = Stamp { updated_at: Some(Time(8)), rank: 2, read_at: Time(9) };
    shop.shop_discount = Amount::of(300);
    shop.freight = Amount::UNKNOWN;
    shop.freight_tax = Amount::of(60);
    shop.freight_shares.coins = Amount::of(5);
    shop.has_ship_to = true;
    shop.buyer_comment = Some("soon, please".into());
    shop.seller_comment = Some("gladly".into());
    shop.promotions = Some(json!(["spring"]));
    shop.tags = vec!["fragile".into()];
    (shop.dropped_at, shop.dropped_by) = (Some(Time(8)), Some(ActorKind::Buyer));
    shop.shipments = vec![Shipment {
        shipment_id: Id(13),
        package: Some("PK-1".into()),
        carrier: Some("SF".into()),
        tracking: Some("SF1".into()),
        at: Time(7),
        by_then: true,
        state: ParcelState::Announced,
        heard_at: Some(Time(7)),
        lines: vec![line],
    }];
    shop.delivery = vec![DeliveryStep {
        status: DeliveryStatus::Accepted,
        at: Time(6),
        courier: Some("Li".into()),
    }];
    shop.channel_status = Some(ChannelStatus { word: "2".into(), at: Time(9) });
    shop.heard = Some(Heard { order: Some(stamp), furthest: 4, ..Heard::default() });
    shop.reported = Some(Reported { status: Status::Shipped, at: Time(7) });
    shop.received = Some(Received { at: Time(8), by_then: false, by: ReceiveType::Buyer });
    shop.refunds = vec![full_refund(line, stamp)];
    shop.extended_by = 5;
    shop.settled_at = Some(Time(30));
    shop.deadline = deadline;
}

/// A refund with every field set.
fn full_refund(line: Line, stamp: Stamp) -> Refund {
    Refund {
        refund_id: Id(14),
        external_id: Some("AS-1".into()),
        kind: RefundKind::Refund,
        by: ActorKind::Buyer,
        status: RefundStatus::Refunding,
        amount: 5,
        money_unknown: true,
        money_by_total: false,
        coins: 1,
        third_party: 1,
        freight: 1,
        tax: Amount::of(1),
        freight_given: true,
        freight_asked: FreightAsked::Part(1),
        goodwill: 2,
        cut: 2,
        lines: vec![RefundLine {
            order_id: Id(3),
            quantity: Quantity::ONE,
            shipped: Quantity::ONE,
            amount: 4,
            coins: 1,
            third_party: 1,
            tax: Amount::UNKNOWN,
        }],
        parts: vec![RefundPart {
            payment_id: Id(10),
            amount: 5,
            status: RefundStatus::Refunding,
            reference: None,
        }],
        former: vec![part(RefundStatus::Refunded)],
        turns: vec![Turn { from: 5, until: Some(6) }],
        goods_back: true,
        returned: vec![line],
        restocked: vec![line],
        reason: Some("broken".into()),
        round: 0,
        failed_on: vec![],
        created_at: Time(9),
        answered_at: Some(Time(10)),
        ended_at: None,
        heard: Some(stamp),
    }
}

/// A part of a refund of 5.
fn part(status: RefundStatus) -> RefundPart {
    RefundPart { payment_id: Id(10), amount: 5, status, reference: Some("rb".into()) }
}

/// A payment of `amount` in yuan.
pub fn payment_of(id: i64, tender: &str, reference: &str, amount: i64) -> Payment {
    Payment {
        payment_id: Id(id),
        tender: tender.into(),
        reference: reference.into(),
        issuer: None,
        amount,
        currency: cny(),
        terms_version: 1,
        paid_at: Time(2000),
        gateway: None,
        attempt_id: None,
    }
}
