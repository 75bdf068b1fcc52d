//! Orders as the API shows them, to whom, and the way back from an export.

use docket_domain::status;
use docket_domain::tree::{
    Anomaly, Attempt, Deadline, FreightAsked, Home, Payment, Received, Refund, RefundLine,
    RefundPart, Shipment,
};
use docket_domain::words::{
    AnomalyKind, AttemptStatus, DeadlineKind, ParcelState, ReceiveType, RefundKind, RefundStatus,
    Status,
};
use docket_domain::{ActorKind, Amount, Id, Json, Quantity, Time, Tree, price};
use docket_wire::view::view;
use docket_wire::{
    Access, Codes, Face, Ids, Look, Markets, Person, Placed, Recorded, Shape, Unreadable,
    placement, record,
};
use serde_json::{Value, json};

/// 2026-11-20T10:00:00Z.
const PLACED_AT: Time = Time(1_795_168_800_000);

/// The placement of the contract, with `shops` shops.
fn placed(shops: usize) -> Placed {
    let shop = |shop_id: usize| {
        json!({"shop_id": shop_id.to_string(), "freight": 600, "freight_tax": 54, "shop_discount": 300,
            "ship_to": {"name": "王小明", "phone": "13800000000", "city": "杭州", "address": "1 Lake Road"},
            "items": [{"sku_id": "1", "item_id": "9", "title": "Tea", "quantity": "2", "list_price": 6000,
                "item_discount": 200, "tax": 1000, "attributes": {"size": "L"}}]})
    };
    let shops: Vec<Value> = (11..11 + shops).map(shop).collect();
    let body = json!({"buyer_id": "1001", "currency": "CNY", "platform": "h5", "market": "zebra",
        "platform_discount": 500, "coins": 100, "client_token": "t-1", "external_id": "e-1",
        "buyer": {"name": "王小明", "phone": "13800000000"}, "tags": ["gift"], "shops": shops});
    placement::read(body.to_string().as_bytes(), &Markets::default()).expect("it is right")
}

/// A numbered tree of `shops` shops with its people; ids from 101.
fn tree(shops: usize) -> (Tree, Person) {
    let Placed { placement, person, .. } = placed(shops);
    let mut tree =
        price::assemble(&placement, "till-key", PLACED_AT).expect("the prices are right");
    let mut last = 100;
    price::number(&mut tree, &mut || {
        last += 1;
        Id(last)
    });
    (tree, person)
}

fn later(minutes: i64) -> Time {
    PLACED_AT.plus(minutes * 60_000)
}

/// A tree that was paid, shipped, received and partly refunded.
fn lived() -> (Tree, Person) {
    let (mut tree, person) = tree(1);
    tree.payment.version = 6;
    tree.payment.attempts = vec![Attempt {
        attempt_id: Id(200),
        tender: "wechat".into(),
        gateway: Some("wechatpay".into()),
        amount: 11_500,
        terms_version: 1,
        status: AttemptStatus::Succeeded,
        created_at: later(1),
    }];
    tree.payment.payments = vec![Payment {
        payment_id: Id(201),
        tender: "wechat".into(),
        reference: "r-1".into(),
        amount: 11_500,
        currency: tree.payment.currency,
        terms_version: 1,
        paid_at: later(2),
        issuer: None,
        gateway: None,
        attempt_id: None,
    }];
    tree.payment.anomalies = vec![Anomaly {
        kind: AnomalyKind::TimeUnknown,
        at: later(9),
        detail: json!({"fact": "shipped"}),
    }];
    let shop = &mut tree.shops[0];
    let line = shop.items[0].id;
    shop.shipments = vec![Shipment {
        shipment_id: Id(202),
        package: None,
        carrier: Some("SF".into()),
        tracking: Some("SF1".into()),
        at: later(30),
        by_then: false,
        state: ParcelState::Left,
        heard_at: None,
        lines: vec![docket_domain::tree::Line { order_id: line, quantity: Quantity(2000) }],
    }];
    shop.received = Some(Received { at: later(60), by_then: false, by: ReceiveType::Buyer });
    shop.deadline =
        Some(Deadline { kind: DeadlineKind::SettleAt, at: later(10_140), stopped_with: None });
    shop.refunds = vec![refund(line)];
    shop.updated_at = later(90);
    tree.payment.updated_at = later(90);
    (tree, person)
}

fn refund(line: Id) -> Refund {
    Refund {
        refund_id: Id(203),
        external_id: None,
        kind: RefundKind::Refund,
        by: ActorKind::Till,
        status: RefundStatus::Refunded,
        amount: 5452,
        money_unknown: false,
        money_by_total: false,
        coins: 47,
        third_party: 0,
        freight: 0,
        tax: Amount::of(500),
        freight_given: false,
        freight_asked: FreightAsked::No,
        goodwill: 0,
        cut: 0,
        lines: vec![RefundLine {
            order_id: line,
            quantity: Quantity::ONE,
            shipped: Quantity::ONE,
            amount: 5452,
            coins: 47,
            third_party: 0,
            tax: Amount::of(500),
        }],
        parts: vec![RefundPart {
            payment_id: Id(201),
            amount: 5452,
            status: RefundStatus::Refunded,
            reference: Some("back-1".into()),
        }],
        former: Vec::new(),
        turns: Vec::new(),
        goods_back: false,
        returned: Vec::new(),
        restocked: Vec::new(),
        reason: Some("torn".into()),
        round: 0,
        failed_on: vec![],
        created_at: later(80),
        answered_at: Some(later(80)),
        ended_at: Some(later(90)),
        heard: None,
    }
}

fn shown<'a>(tree: &Tree, face: Face<'_>, change: impl FnOnce(&mut Look<'a>)) -> Value {
    // The names of markets live as long as the test, so that a look may hold what the test gave it.
    let markets: &'static Markets = Box::leak(Box::default());
    let standing = status::of(tree);
    let mut look: Look<'a> = Look::whole(markets, later(100));
    change(&mut look);
    serde_json::to_value(view(tree, &standing, face, &look)).expect("a view is JSON")
}

/// Asserts that `wanted` stands in `found`, whatever else does.
fn assert_holds(found: &Value, wanted: &Value, at: &str) {
    match wanted {
        Value::Object(map) => {
            for (name, wanted) in map {
                let found = found.get(name).unwrap_or_else(|| panic!("{at}.{name} is missing"));
                assert_holds(found, wanted, &format!("{at}.{name}"));
            }
        }
        Value::Array(list) => {
            assert_eq!(found.as_array().map(Vec::len), Some(list.len()), "{at}");
            for (index, wanted) in list.iter().enumerate() {
                assert_holds(&found[index], wanted, &format!("{at}[{index}]"));
            }
        }
        _ => assert_eq!(found, wanted, "{at}"),
    }
}

#[test]
fn the_answer_to_a_placement_is_that_of_the_contract() {
    let (tree, person) = tree(1);
    let item = json!({"order_id": "103", "level": "item", "sku_id": "1", "title": "Tea", "quantity": "2",
        "list_price": 6000, "item_discount": 200, "tax": 1000, "price": 11800, "now_price": 5900, "rate_status": 0,
        "shares": {"shop": 300, "platform": 500, "coins": 95, "third_party": 0}, "to_pay": 10905,
        "refunded": 0, "refunded_quantity": "0", "paid_at": null, "deadline": null});
    let shop = json!({"order_id": "102", "level": "shop", "shop_id": "11", "status": "created",
        "store_status": "unpaid", "fulfilment": "parcel", "delivery_status": null, "refund_status": "none",
        "price": 11500, "freight": 600, "freight_tax": 54, "tax": 1054, "shop_discount": 300, "to_pay": 11500, "refunds": [],
        "freight_shares": {"coins": 5, "third_party": 0}, "shipments": [], "place": "main",
        "cancel_kind": "none", "reverse_status": 0, "receive_type": null, "items": [item],
        "ship_to": {"name": "王**", "phone": "138****0000", "city": "杭州", "address": "***"}});
    let order = json!({"order_id": "101", "level": "payment", "buyer_id": "1001", "status": "created",
        "store_status": "unpaid", "payment_status": "unpaid", "revoke_status": "none", "currency": "CNY",
        "price": 11000, "freight": 600, "tax": 1054, "tax_included": true, "platform_discount": 500, "coins": 100, "third_party_discount": 0,
        "payable": 11500, "paid": 0, "refunded": 0, "terms_version": 1, "version": tree.payment.version,
        "created_at": "2026-11-20T10:00:00.000Z", "updated_at": "2026-11-20T10:00:00.000Z",
        "home": "center", "visible": "yes", "market": "zebra", "platform": "h5", "type": "goods",
        "payments": [], "attempts": [], "refunds_due": [], "anomalies": [], "shops": [shop]});
    assert_holds(&shown(&tree, Face::Masked(&person), |_| {}), &order, "");
}

#[test]
fn a_tree_that_has_lived_is_shown_with_all_its_facts() {
    let (tree, person) = lived();
    insta::assert_json_snapshot!(shown(&tree, Face::Masked(&person), |_| {}));
}

#[test]
fn expire_at_and_deadline_are_the_pay_by() {
    let (mut tree, _) = tree(1);
    tree.payment.deadline =
        Some(Deadline { kind: DeadlineKind::PayBy, at: later(30), stopped_with: None });
    let order = shown(&tree, Face::None, |_| {});
    assert_eq!(order["expire_at"], "2026-11-20T10:30:00.000Z");
    assert_eq!(order["deadline"], json!({"kind": "pay_by", "at": "2026-11-20T10:30:00.000Z"}));
    tree.payment.deadline =
        Some(Deadline { kind: DeadlineKind::RetryRevoke, at: later(5), stopped_with: None });
    assert_eq!(shown(&tree, Face::None, |_| {})["expire_at"], Value::Null);
}

#[test]
fn receive_by_stands_on_every_node_and_a_stopped_deadline_says_so() {
    let (mut tree, _) = tree(2);
    let deadline = Deadline { kind: DeadlineKind::ReceiveBy, at: later(60), stopped_with: Some(7) };
    tree.shops[1].deadline = Some(deadline);
    tree.shops[1].extended_by = 5;
    let order = shown(&tree, Face::None, |_| {});
    let at = "2026-11-20T11:00:00.000Z";
    assert_eq!((&order["receive_by"], &order["extended_by"]), (&json!(at), &json!(5)));
    assert_eq!(order["shops"][0]["receive_by"], Value::Null);
    assert_eq!(order["shops"][1]["items"][0]["receive_by"], at);
    let stopped = json!({"kind": "receive_by", "at": at, "stopped": true});
    assert_eq!(order["shops"][1]["deadline"], stopped);
}

#[test]
fn a_row_leaves_shops_out_and_a_quote_every_number_of_ours() {
    let (tree, person) = tree(1);
    let row = shown(&tree, Face::Masked(&person), |look| look.shape = Shape::Row);
    assert!(row.get("shops").is_none());
    assert_eq!(row["buyer"], json!({"name": "王**", "phone": "138****0000"}));
    let quote = shown(&tree, Face::None, |look| look.ids = Ids::LeftOut);
    assert!(!quote.to_string().contains("order_id"));
    assert_eq!(quote["payable"], 11_500);
}

#[test]
fn a_key_of_a_shop_sees_its_own_orders_and_neither_payments_nor_coins() {
    let (mut tree, person) = tree(3);
    tree.payment.payments = lived().0.payment.payments;
    let own: Vec<_> =
        tree.shops.iter().filter(|shop| shop.shop_id == "12").map(|shop| shop.id).collect();
    let seen = shown(&tree, Face::Masked(&person), |look| look.access = Access::Only(&own));
    let shop_ids: Vec<&Value> =
        seen["shops"].as_array().expect("shops").iter().map(|shop| &shop["shop_id"]).collect();
    assert_eq!(shop_ids, ["12"]);
    for hidden in ["payments", "attempts", "refunds_due", "coins"] {
        assert!(seen.get(hidden).is_none(), "{hidden}");
    }
    // The ship-to is that of this shop, not of the first one.
    assert_eq!(seen["shops"][0]["ship_to"]["city"], "杭州");
}

#[test]
fn people_are_shown_in_full_only_when_revealed() {
    let (tree, person) = tree(1);
    let revealed = shown(&tree, Face::Revealed(&person), |_| {});
    assert_eq!(revealed["shops"][0]["ship_to"]["address"], "1 Lake Road");
    let masked = shown(&tree, Face::Masked(&person), |_| {}).to_string();
    for secret in ["13800000000", "王小明", "Lake"] {
        assert!(!masked.contains(secret), "{secret}");
    }
    assert_eq!(shown(&tree, Face::None, |_| {})["shops"][0]["ship_to"], Value::Null);
}

#[test]
fn an_export_with_codes_writes_the_stored_numbers() {
    let (tree, _) = lived();
    let order = shown(&tree, Face::None, |look| look.codes = Codes::Numbers);
    let codes = json!({"level": 1, "type": 1, "market": 1, "platform": 3, "visible": 0, "status": 4,
        "store_status": status::of(&tree).store_status.code(), "payment_status": "paid",
        "shops": [{"level": 2, "status": 4, "cancel_kind": 0, "fulfilment": "parcel",
            "items": [{"level": 3, "status": 4}]}]});
    assert_holds(&order, &codes, "");
    let mut words = order.clone();
    words.as_object_mut().expect("an object").remove("level");
    let read = back(&words).expect("a record may be told in numbers");
    assert_eq!(
        (read.report.placement.market, read.report.shops[0].status),
        (1, Some(Status::Received))
    );
}

#[test]
fn a_market_that_lost_its_name_is_shown_by_its_number() {
    let (mut tree, _) = tree(1);
    tree.payment.market = 130;
    assert_eq!(shown(&tree, Face::None, |_| {})["market"], 130);
}

#[test]
fn unknown_amounts_are_null() {
    let (mut tree, _) = tree(1);
    tree.shops[0].items[0].list_price = Amount::UNKNOWN;
    let order = shown(&tree, Face::None, |_| {});
    for pointer in ["/price", "/payable", "/shops/0/price", "/shops/0/items/0/list_price"] {
        assert_eq!(order.pointer(pointer), Some(&Value::Null), "{pointer}");
    }
}

fn back(line: &Value) -> Result<Recorded, Vec<(String, &'static str)>> {
    record::read(line.to_string().as_bytes(), &Markets::default(), "k").map_err(|why| match why {
        Unreadable::NotJson(error) => vec![(error.field, error.code)],
        Unreadable::Wrong(errors) => {
            errors.into_iter().map(|error| (error.field, error.code)).collect()
        }
    })
}

#[test]
fn what_is_exported_reads_back_as_the_same_facts() {
    let (tree, person) = lived();
    let Recorded { report, person: read } =
        back(&shown(&tree, Face::Revealed(&person), |_| {})).expect("it reads its own export");
    let mut placement = placed(1).placement;
    placement.platform_discount = tree.payment.platform_discount;
    assert_eq!(report.placement, placement);
    assert_eq!((report.issuer.as_str(), report.home), ("k", Some(Home::Center)));
    assert_eq!(report.created_at, Some(PLACED_AT));
    assert_eq!(report.total.known(), Some(11_500));
    let payment = &report.payments[0];
    assert_eq!((&*payment.tender, &*payment.reference, payment.amount), ("wechat", "r-1", 11_500));
    assert_eq!(payment.paid_at, Some(later(2)));
    let shop = &report.shops[0];
    assert_eq!(shop.status, None, "it follows from facts");
    assert_eq!((shop.refunds[0].tax, shop.refunds[0].lines[0].tax), (Some(500), Some(500)));
    assert_eq!(shop.shipments[0].lines, [(0, Quantity(2000))]);
    assert_eq!(shop.shipments[0].tracking.as_deref(), Some("SF1"));
    assert_eq!(
        shop.received,
        Some(Received { at: later(60), by_then: false, by: ReceiveType::Buyer })
    );
    assert_eq!(read, person);
}

#[test]
fn masked_people_of_an_export_are_not_taken_for_people() {
    let (tree, person) = lived();
    let Recorded { report, person } =
        back(&shown(&tree, Face::Masked(&person), |_| {})).expect("it reads its own export");
    assert!(person.is_empty());
    assert!(!report.placement.shops[0].has_ship_to);
}

#[test]
fn a_report_may_leave_amounts_unknown_and_its_tree_speaks_for_its_shops() {
    let line = json!({"external_id": "e", "currency": "CNY", "status": "received", "payment_status": "paid",
        "received_at": "2026-11-20T18:00:00+08:00", "coins": null, "payable": null,
        "shops": [{"shop_id": "1", "items": [{"sku_id": "1", "quantity": "1", "list_price": null}]}]});
    let report = back(&line).expect("it is right").report;
    assert_eq!(report.placement.coins.known(), None);
    assert_eq!(report.placement.shops[0].items[0].list_price.known(), None);
    assert_eq!(report.shops[0].status, Some(Status::Received));
    let received = Some(Received { at: PLACED_AT, by_then: false, by: ReceiveType::Buyer });
    assert_eq!(report.shops[0].received, received);
    assert_eq!(report.total.known(), None);
}

#[test]
fn a_report_without_lines_is_refused_with_its_payments() {
    let mut line =
        json!({"currency": "CNY", "payments": [{"tender": "card", "reference": "r", "amount": 5}]});
    let why = record::read(line.to_string().as_bytes(), &Markets::default(), "k");
    let Err(Unreadable::Wrong(errors)) = why else { panic!("it is refused") };
    assert_eq!((errors.len(), &*errors[0].field, errors[0].code), (1, "shops", "no_lines"));
    assert!(errors[0].message.contains("card r 5"), "{}", errors[0].message);
    for shops in [json!([]), json!(null)] {
        line["shops"] = shops;
        assert_eq!(back(&line), Err(vec![("shops".to_owned(), "no_lines")]));
    }
    line["shops"] = json!([{"shop_id": "1", "items": []}]);
    assert_eq!(back(&line), Err(vec![("shops[0].items".to_owned(), "no_lines")]));
}

#[test]
fn dropped_nodes_of_an_export_are_left_out() {
    let (mut tree, _) = tree(2);
    tree.shops[0].dropped_at = Some(later(1));
    tree.shops[0].items[0].dropped_at = Some(later(1));
    let report = back(&shown(&tree, Face::None, |_| {})).expect("it is right").report;
    assert_eq!(report.placement.shops.len(), 1);
    assert_eq!(report.shops.len(), 1);
    assert_eq!(report.placement.shops[0].shop_id, "12");
}

#[test]
fn a_report_tells_its_wrong_fields_too() {
    let (tree, _) = lived();
    let mut line = shown(&tree, Face::None, |_| {});
    line["shops"][0]["shipments"][0]["lines"][0]["order_id"] = "999".into();
    line["shops"][0]["colour"] = "red".into();
    line["home"] = "moon".into();
    line["payments"][0]["amount"] = Json::Null;
    let mut errors = back(&line).expect_err("it is refused");
    errors.sort();
    let expected = [
        ("home", "not_a_word"),
        ("payments[0].amount", "required"),
        ("shops[0].colour", "unknown_field"),
        ("shops[0].shipments[0].lines[0].order_id", "no_such_part"),
    ];
    assert_eq!(errors, expected.map(|(field, code)| (field.to_owned(), code)));
}

#[test]
fn the_openapi_document_names_every_part_once() {
    use utoipa::OpenApi;
    #[derive(OpenApi)]
    #[openapi(components(schemas(
        docket_wire::PaymentView,
        docket_wire::LogView,
        docket_wire::Activity,
        docket_wire::Problem
    )))]
    struct Document;
    let document = serde_json::to_value(Document::openapi()).expect("JSON");
    let names: Vec<&String> =
        document["components"]["schemas"].as_object().expect("schemas").keys().collect();
    insta::assert_json_snapshot!(names);
    let status = &document["components"]["schemas"]["Status"]["enum"];
    assert_eq!(status.as_array().map(Vec::len), Some(7));
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a split has a first part");
        assert!(names.iter().any(|known| *known == name), "{name}");
    }
}
