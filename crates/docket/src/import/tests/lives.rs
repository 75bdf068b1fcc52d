//! Orders of every kind, and the steps that bring each to a stage of its life.

use docket_app::{GatewayAt, Settings};
use docket_domain::Json;
use serde_json::json;

/// One step: who takes it, and the operation. In it `of` names another node than the whole, and `@/a/b` is what
/// stands there in the tree at that moment.
pub type Step = (&'static str, Json);

/// A name, which is also the token the order is placed with, and the steps of its life.
pub type Life = (&'static str, Vec<Step>);

/// Of a center at which the attempts of these lives can be started; nobody speaks to their gateway.
pub fn settings(database_url: String) -> Settings {
    let gateways = vec![GatewayAt::external("sandbox")];
    Settings { gateways, ..Settings::new(database_url) }
}

/// An order of one shop: three of one line, one of another, every kind of discount.
pub fn order(name: &str) -> Json {
    json!({
        "buyer_id": "1001", "currency": "CNY", "client_token": name, "tags": ["t"], "extra": {"a": 1},
        "actor": {"kind": "buyer"}, "coins": 101, "platform_discount": 500,
        "shops": [{"shop_id": "11", "freight": 600, "shop_discount": 301,
            "ship_to": {"name": "王小明", "phone": "13800001111", "city": "广州", "address": "天河路 1 号"},
            "items": [
                {"sku_id": "tea", "title": "Tea", "quantity": "3", "list_price": 6001, "item_discount": 200},
                {"sku_id": "cup", "quantity": "1", "list_price": 999}
            ]}],
    })
}

/// The same as a meal.
pub fn meal(name: &str) -> Json {
    let mut order = order(name);
    order["type"] = "takeaway".into();
    order
}

/// So much of the first line.
pub fn tea(quantity: &str) -> Json {
    json!([{"order_id": "@/shops/0/items/0/order_id", "quantity": quantity}])
}

pub fn pay(tender: &str, reference: &str, amount: impl Into<Json>) -> Step {
    let (kind, amount) = ("payment_succeeded", amount.into());
    let paid = json!({"type": kind, "tender": tender, "reference": reference, "amount": amount});
    ("gateway", paid)
}

/// All of it, with a reference of its own.
pub fn paid(reference: &str) -> Step {
    pay("wechat", reference, "@/payable")
}

pub fn step(who: &'static str, kind: &str) -> Step {
    (who, json!({"type": kind}))
}

pub fn shipped() -> Step {
    ("seller", json!({"type": "ship", "carrier": "SF", "tracking": "SF1"}))
}

/// Asks for money back for so much of the first line.
pub fn asked(quantity: &str) -> Step {
    ("buyer", json!({"type": "request_refund", "lines": tea(quantity), "reason": "torn"}))
}

fn asked_with(quantity: &str, field: &str) -> Step {
    let (who, mut asked) = asked(quantity);
    asked[field] = true.into();
    (who, asked)
}

/// An answer to the first refund, or its end.
pub fn of_refund(who: &'static str, kind: &str) -> Step {
    (who, json!({"type": kind, "refund_id": "@/shops/0/refunds/0/refund_id"}))
}

pub fn agreed() -> Step {
    of_refund("seller", "agree_refund")
}

fn rejected() -> Step {
    of_refund("seller", "reject_refund")
}

pub fn given_back() -> Step {
    of_refund("gateway", "refund_succeeded")
}

fn came_back(quantity: &str) -> Step {
    let (who, mut returned) = of_refund("store", "receive_return");
    returned["lines"] = tea(quantity);
    returned["restock"] = false.into();
    (who, returned)
}

fn end_of_part(kind: &str, payment: usize) -> Step {
    let (who, mut end) = of_refund("gateway", kind);
    end["payment_id"] = format!("@/payments/{payment}/payment_id").into();
    end["reference"] = format!("part-{payment}").into();
    (who, end)
}

/// The same of the first refund, under a number of its own.
fn heard(kind: &str, reference: &str) -> Step {
    let (who, mut news) = of_refund("gateway", kind);
    news["reference"] = reference.into();
    (who, news)
}

fn money_alone(freight: impl Into<Json>, goodwill: i64) -> Step {
    let freight: Json = freight.into();
    let asked =
        json!({"type": "refund_by_store", "lines": [], "freight": freight, "goodwill": goodwill});
    ("store", asked)
}

/// Orders of parcels.
pub fn of_parcels() -> Vec<Life> {
    let lives = [waiting_for_money_back(), with_money_back(), with_money_alone()];
    [lives.concat(), with_news_that_contradict(), unpaid(), revoked(), changed()].concat()
}

fn with_money_alone() -> Vec<Life> {
    vec![
        ("freight alone", vec![paid("f1"), shipped(), money_alone(true, 0), given_back()]),
        ("a part of it", vec![paid("f2"), shipped(), money_alone(100, 50)]),
        (
            "cut by goodwill",
            vec![paid("f3"), money_alone(false, 70), step("store", "refund_by_store")],
        ),
    ]
}

fn with_news_that_contradict() -> Vec<Life> {
    let (went, not) = ("refund_succeeded", "refund_failed");
    let all = || step("store", "refund_by_store");
    let due = |kind: &str, reference: &str| {
        let id = "@/refunds_due/0/refund_id";
        ("gateway", json!({"type": kind, "refund_id": id, "reference": reference}))
    };
    let too_much = || pay("cash", "n9", 20_000);
    vec![
        ("bounced", vec![paid("n1"), all(), heard(went, "n1a"), heard(not, "n1b")]),
        (
            "bounced, tried again",
            vec![paid("n2"), all(), heard(went, "n2a"), heard(not, "n2b"), agreed()],
        ),
        ("given twice", vec![paid("n3"), all(), heard(went, "n3a"), heard(went, "n3b")]),
        (
            "a payment too much, bounced and given twice",
            vec![too_much(), due(went, "a"), due(not, "b"), due(went, "c"), due(went, "d")],
        ),
    ]
}

fn waiting_for_money_back() -> Vec<Life> {
    let (goods, freight) = ("goods_back", "freight");
    vec![
        ("asked for money", vec![paid("r1"), shipped(), asked_with("1", goods)]),
        ("asked for freight", vec![paid("r2"), asked_with("1", freight)]),
        ("waits for goods", vec![paid("r3"), shipped(), asked_with("2", goods), agreed()]),
        (
            "some goods are back",
            vec![paid("r4"), shipped(), asked_with("2", goods), agreed(), came_back("1")],
        ),
        ("under way, the rest shipped", vec![paid("r5"), asked("1"), agreed(), shipped()]),
        ("asked to cancel", vec![paid("r6"), step("buyer", "request_cancel")]),
        ("the seller asks to cancel", vec![paid("r7"), step("seller", "request_cancel")]),
        (
            "one part failed",
            vec![
                pay("voucher", "r8", 5000),
                pay("wechat", "r9", 13_500),
                step("store", "refund_by_store"),
                end_of_part("refund_failed", 0),
                end_of_part("refund_succeeded", 1),
            ],
        ),
    ]
}

fn with_money_back() -> Vec<Life> {
    let back = |quantity| asked_with(quantity, "goods_back");
    vec![
        (
            "goods and money are back",
            vec![paid("b1"), shipped(), back("2"), agreed(), came_back("2"), given_back()],
        ),
        (
            "given back, the rest shipped",
            vec![paid("b2"), asked("1"), agreed(), given_back(), shipped()],
        ),
        ("rejected", vec![paid("b3"), asked("1"), rejected()]),
        ("rejected, then shipped", vec![paid("b4"), asked("1"), rejected(), shipped()]),
        ("withdrawn", vec![paid("b5"), asked("1"), of_refund("buyer", "withdraw_refund")]),
        ("failed", vec![paid("b6"), asked("1"), agreed(), of_refund("gateway", "refund_failed")]),
        (
            "cancelled",
            vec![
                paid("b7"),
                step("buyer", "request_cancel"),
                step("seller", "agree_cancel"),
                given_back(),
            ],
        ),
        ("the store gives all", vec![paid("b8"), step("store", "refund_by_store"), given_back()]),
    ]
}

fn attempt() -> Step {
    ("buyer", json!({"type": "start_payment", "tender": "wechat", "gateway": "sandbox"}))
}

fn unpaid() -> Vec<Life> {
    vec![
        ("placed", vec![]),
        ("paying", vec![attempt()]),
        ("partly paid", vec![pay("card", "u1", 5000)]),
        ("payment failed", vec![attempt(), step("gateway", "payment_failed")]),
        ("paid too much", vec![pay("cash", "u2", 20_000)]),
    ]
}

fn revoked() -> Vec<Life> {
    let revoke = || ("buyer", json!({"type": "revoke", "reason": "no more"}));
    let due = json!({
        "type": "refund_succeeded", "refund_id": "@/refunds_due/0/refund_id", "reference": "v3",
    });
    vec![
        ("revoked", vec![revoke()]),
        ("revoked by the store", vec![step("store", "revoke")]),
        ("being revoked", vec![attempt(), revoke()]),
        ("could not be revoked", vec![attempt(), revoke(), step("gateway", "attempt_stuck")]),
        ("revoked when partly paid", vec![pay("card", "v1", 5000), revoke()]),
        ("paid too late", vec![revoke(), paid("v2"), ("gateway", due)]),
    ]
}

fn changed() -> Vec<Life> {
    let line = "@/shops/0/items/1/order_id";
    let drop = json!({"type": "drop", "lines": [{"order_id": line}]});
    let cheaper = json!({"type": "adjust_price", "shop_discount": 77, "freight": 0});
    let free = json!({"type": "adjust_price", "shop_discount": 18_302, "freight": 0});
    let later = json!({"type": "extend_receipt", "days": 3});
    let note = json!({"type": "note", "text": "fragile"});
    let rate = json!({"type": "rate", "of": line, "score": 4, "text": "good"});
    let received = || step("buyer", "receive");
    vec![
        ("without a line", vec![("store", drop)]),
        ("for another price", vec![("seller", cheaper), paid("c1")]),
        ("for nothing", vec![("seller", free)]),
        ("hidden", vec![paid("c2"), shipped(), received(), step("buyer", "hide")]),
        (
            "rated, with words",
            vec![
                paid("c3"),
                shipped(),
                ("seller", later),
                ("seller", note),
                received(),
                ("buyer", rate),
            ],
        ),
    ]
}

/// Orders of meals.
pub fn of_meals() -> Vec<Life> {
    let by_store = |kind| step("store", kind);
    let with_courier = || ("store", json!({"type": "pick_up", "courier": "Wang"}));
    vec![
        ("a meal awaits its store", vec![paid("m1")]),
        ("a meal is prepared", vec![paid("m2"), by_store("accept"), by_store("prepare")]),
        ("a meal is with its courier", vec![paid("m3"), by_store("accept"), with_courier()]),
        ("a meal is there", vec![paid("m4"), by_store("accept"), by_store("deliver")]),
        ("a meal is rejected", vec![paid("m5"), by_store("reject")]),
    ]
}
