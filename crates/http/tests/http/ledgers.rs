//! Coins, points, gift packs and weigh slips over real HTTP: held, spent, granted and given back with the change
//! that causes it, each effect once.

use crate::center::{TestCenter, every_actor, example, text};
use docket_app::{LedgerSettings, Scope};
use serde_json::{Value, json};
use std::sync::Arc;

/// A center that gives a point for each 1.00.
async fn center() -> TestCenter {
    let ledgers = LedgerSettings { points_per: Some(100), ..LedgerSettings::default() };
    TestCenter::start_with(|settings| settings.ledgers = Arc::new(ledgers)).await
}

async fn open_coins(center: &TestCenter, balance: i64) {
    let body = json!({"balance": balance, "currency": "CNY", "reason": "opening"});
    center.put("/api/accounts/coins/1001", &body).await.ok(200);
}

/// Balance and held.
async fn stands(center: &TestCenter, ledger: &str) -> (i64, i64) {
    let account = center.get(&format!("/api/accounts/{ledger}/1001")).await.ok(200);
    let number = |name: &str| account[name].as_i64().expect("a number");
    assert_eq!(number("available"), number("balance") - number("held"));
    (number("balance"), number("held"))
}

async fn pay(center: &TestCenter, tree: &Value) -> Value {
    let amount = tree["payable"].clone();
    let reference = format!("r-{}", text(&tree["order_id"]));
    let paid = json!({
        "type": "payment_succeeded", "tender": "card", "reference": reference, "amount": amount,
        "actor": {"kind": "gateway"}
    });
    center.operate(&tree["order_id"], &paid).await.ok(200)
}

async fn effects(center: &TestCenter, tree: &Value) -> Vec<(String, i64)> {
    let path = format!("/api/orders/{}/effects", text(&tree["order_id"]));
    let listed = center.get(&path).await.ok(200);
    let listed = listed["effects"].as_array().expect("a list").iter();
    let one = |effect: &Value| {
        (text(&effect["effect"]).to_owned(), effect["amount"].as_i64().expect("a number"))
    };
    listed.map(one).collect()
}

fn no_total(order: &mut Value) {
    order.as_object_mut().expect("an order").remove("expected_total");
}

/// Gives units of the only line back, and reports that the money went.
async fn give_back(center: &TestCenter, tree: &Value, quantity: &str) -> String {
    let shop = &tree["shops"][0];
    let lines = json!([{"order_id": shop["items"][0]["order_id"], "quantity": quantity}]);
    let refund = json!({"type": "refund_by_store", "lines": lines, "actor": {"kind": "store"}});
    let tree = center.operate(&shop["order_id"], &refund).await.ok(200);
    let refunds = tree["shops"][0]["refunds"].as_array().expect("a list");
    let id = text(&refunds.last().expect("it was just made")["refund_id"]).to_owned();
    let done = json!({"type": "refund_succeeded", "refund_id": id, "actor": {"kind": "gateway"}});
    center.operate(&shop["order_id"], &done).await.ok(200);
    id
}

#[tokio::test]
async fn coins_are_held_at_placement_spent_by_payment_and_given_back_by_refunds() {
    let center = center().await;
    open_coins(&center, 250).await;
    let tree = center.placed(&example()).await;
    assert_eq!(stands(&center, "coins").await, (250, 100));
    pay(&center, &tree).await;
    assert_eq!(stands(&center, "coins").await, (150, 0));
    assert_eq!(stands(&center, "points").await, (109, 0), "a point for each 1.00 of 109.05");
    let first = give_back(&center, &tree, "1").await;
    assert_eq!(stands(&center, "coins").await, (197, 0), "half of the 95 that fell to the line");
    assert_eq!(stands(&center, "points").await, (55, 0));
    let second = give_back(&center, &tree, "1").await;
    assert_eq!(stands(&center, "coins").await, (250, 0), "with what had fallen to the freight");
    assert_eq!(stands(&center, "points").await, (0, 0));
    let expected = [
        ("coins.spend".to_owned(), 100),
        ("points.grant".to_owned(), 109),
        (format!("coins.return:{first}"), 47),
        (format!("points.reverse:{first}"), 54),
        (format!("coins.return:{second}"), 53),
        (format!("points.reverse:{second}"), 55),
    ];
    assert_eq!(effects(&center, &tree).await, expected);
}

/// What a refund had moved is moved back where its money comes back, whatever the buyer did with it meanwhile.
#[tokio::test]
async fn a_refund_that_bounces_takes_back_what_it_had_moved_until_it_is_given_again() {
    let center = center().await;
    open_coins(&center, 100).await;
    let pack = json!({"title": "Cup", "currency": "CNY", "min_price": 0, "total": 1});
    center.put("/api/gift-packs/one", &pack).await.ok(200);
    let tree = center.placed(&example()).await;
    pay(&center, &tree).await;
    let all = json!({"type": "refund_by_store", "actor": {"kind": "store"}});
    let shop = &tree["shops"][0]["order_id"];
    let given = center.operate(shop, &all).await.ok(200);
    let refund = text(&given["shops"][0]["refunds"][0]["refund_id"]).to_owned();
    let news = |kind: &str, reference: &str| {
        json!({"type": kind, "refund_id": refund, "reference": reference,
               "actor": {"kind": "gateway"}})
    };
    center.operate(shop, &news("refund_succeeded", "x")).await.ok(200);
    assert_eq!(stands(&center, "coins").await, (100, 0));
    // The buyer spends the coins that came back, and is left with fewer than none.
    pay(&center, &center.placed(&example()).await).await;
    assert_eq!(stands(&center, "coins").await, (0, 0));
    center.operate(shop, &news("refund_failed", "bank")).await.ok(200);
    assert_eq!(stands(&center, "coins").await, (-100, 0));
    let again = json!({"type": "agree_refund", "refund_id": refund, "actor": {"kind": "store"}});
    center.operate(shop, &again).await.ok(200);
    center.operate(shop, &news("refund_succeeded", "y")).await.ok(200);
    assert_eq!(stands(&center, "coins").await, (0, 0));
    let keys: Vec<String> = effects(&center, &tree).await.into_iter().map(|(key, _)| key).collect();
    let expected = [
        "coins.spend".to_owned(),
        "gift.issue:one".to_owned(),
        "points.grant".to_owned(),
        format!("coins.return:{refund}"),
        "gift.take_back:one".to_owned(),
        format!("points.reverse:{refund}"),
        format!("coins.retake:{refund}:1"),
        "gift.issue:one:1".to_owned(),
        format!("points.restore:{refund}:1"),
        format!("coins.return:{refund}:1"),
        "gift.take_back:one:1".to_owned(),
        format!("points.reverse:{refund}:1"),
    ];
    let sorted = |keys: &[String]| {
        let mut keys = keys.to_vec();
        keys.sort();
        keys
    };
    assert_eq!(sorted(&keys), sorted(&expected));
}

#[tokio::test]
async fn whoever_has_a_coins_account_needs_nobody_to_vouch_for_it() {
    let center = center().await;
    let mut order = example();
    order["platform_discount"] = json!(0);
    order["shops"][0]["shop_discount"] = json!(0);
    order["shops"][0]["items"][0]["item_discount"] = json!(0);
    no_total(&mut order);
    let plain = center.key(&[Scope::OrdersWrite], &every_actor(), &[]).await;
    let refused = center.post_as(&plain, "/api/orders", &order).await.problem(403, "scope_missing");
    assert!(text(&refused["detail"]).contains("prices"), "{refused}");
    open_coins(&center, 150).await;
    center.post_as(&plain, "/api/orders", &order).await.ok(201);
    let short = center.post_as(&plain, "/api/orders", &order).await;
    assert_eq!(short.problem(409, "not_enough_coins")["current"], 50);
    assert_eq!(stands(&center, "coins").await, (150, 100));
    order["currency"] = json!("EUR");
    center
        .post_as(&plain, "/api/orders", &order)
        .await
        .wrong_fields(&[("coins", "wrong_currency")]);
}

#[tokio::test]
async fn coins_keep_their_currency_once_an_order_has_spent_some() {
    let center = center().await;
    open_coins(&center, 150).await;
    let other = json!({"balance": 0, "currency": "EUR", "reason": "moved"});
    let own = json!({"balance": 150, "currency": "CNY", "reason": "typed wrong"});
    for set in [&other, &own] {
        center.put("/api/accounts/coins/1001", set).await.ok(200);
    }
    let tree = center.placed(&example()).await;
    pay(&center, &tree).await;
    center.put("/api/accounts/coins/1001", &other).await.wrong_fields(&[("currency", "spent")]);
    give_back(&center, &tree, "2").await;
    let account = center.get("/api/accounts/coins/1001").await.ok(200);
    assert_eq!((&account["currency"], &account["balance"]), (&json!("CNY"), &json!(150)));
}

#[tokio::test]
async fn coins_that_nobody_counts_are_vouched_for_as_before() {
    let center = center().await;
    let tree = center.placed(&example()).await;
    pay(&center, &tree).await;
    center.get("/api/accounts/coins/1001").await.problem(404, "not_found");
    assert_eq!(effects(&center, &tree).await, [("points.grant".to_owned(), 109)]);
    open_coins(&center, 10).await;
    give_back(&center, &tree, "2").await;
    assert_eq!(
        stands(&center, "coins").await,
        (10, 0),
        "fixed at placement, not by what came later"
    );
}

#[tokio::test]
async fn a_revoke_and_a_cut_release_what_was_held() {
    let center = center().await;
    open_coins(&center, 11_600).await;
    let mut order = example();
    order["coins"] = json!(11_600);
    order["expected_total"] = json!(0);
    let tree = center.placed(&order).await;
    assert_eq!(tree["store_status"], "paid", "an order that coins pay is paid at once");
    assert_eq!(stands(&center, "coins").await, (0, 0));
    let adjust = json!({"delta": 11_000, "reason": "x"});
    center.post("/api/accounts/coins/1001/adjustments", &adjust).await.ok(200);
    order["coins"] = json!(11_000);
    order["expected_total"] = json!(600);
    let tree = center.placed(&order).await;
    assert_eq!(stands(&center, "coins").await, (11_000, 11_000));
    let cut = json!({"type": "adjust_price", "shop_discount": 5_300, "actor": {"kind": "seller"}});
    let tree = center.operate(&tree["shops"][0]["order_id"], &cut).await.ok(200);
    assert_eq!(tree["coins"], 6_600);
    assert_eq!(tree["store_status"], "paid");
    assert_eq!(stands(&center, "coins").await, (4_400, 0), "what was cut is free again");
    order["coins"] = json!(4_400);
    no_total(&mut order);
    let tree = center.placed(&order).await;
    assert_eq!(stands(&center, "coins").await, (4_400, 4_400));
    let revoke = json!({"type": "revoke", "actor": {"kind": "buyer"}});
    center.operate(&tree["order_id"], &revoke).await.ok(200);
    assert_eq!(stands(&center, "coins").await, (4_400, 0));
    assert_eq!(effects(&center, &tree).await, []);
}

#[tokio::test]
async fn late_money_revives_an_order_only_if_its_coins_can_be_taken_again() {
    let center = center().await;
    open_coins(&center, 100).await;
    for (left, currency, revived) in [(100, "EUR", false), (100, "CNY", true), (99, "CNY", false)] {
        let tree = center.placed(&example()).await;
        let placed_at = center.app.now();
        center.clock.advance(31 * 60_000);
        center.app.run_due().await.expect("timers");
        assert_eq!(stands(&center, "coins").await, (100, 0), "the timer revoked it");
        let body = json!({"balance": left, "currency": currency, "reason": "elsewhere"});
        center.put("/api/accounts/coins/1001", &body).await.ok(200);
        let paid_at = written_time(placed_at.0 + 60_000);
        let paid = json!({
            "type": "payment_succeeded", "tender": "card", "reference": format!("late-{left}-{currency}"),
            "amount": 11_500, "paid_at": paid_at, "actor": {"kind": "gateway"}
        });
        let tree = center.operate(&tree["order_id"], &paid).await.ok(200);
        assert_eq!(tree["store_status"] == "paid", revived, "{left}: {tree:#}");
        let expected = if revived { (0, 0) } else { (left, 0) };
        assert_eq!(stands(&center, "coins").await, expected);
        let body = json!({"balance": 100, "currency": "CNY", "reason": "again"});
        center.put("/api/accounts/coins/1001", &body).await.ok(200);
    }
}

fn written_time(ms: i64) -> String {
    docket_wire::moment::format(docket_domain::Time(ms), &mut [0; 24]).to_owned()
}

#[tokio::test]
async fn gift_packs_are_promised_issued_and_taken_back() {
    let center = center().await;
    let pack = |min: i64| json!({"title": "Cup", "currency": "CNY", "min_price": min});
    center.put("/api/gift-packs/cup", &pack(11_000)).await.ok(200);
    center.put("/api/gift-packs/pot", &pack(11_001)).await.ok(200);
    let mut limited = pack(0);
    limited["total"] = json!(1);
    center.put("/api/gift-packs/one", &limited).await.ok(200);
    let packs = center.get("/api/gift-packs").await.ok(200);
    assert_eq!(packs["gift_packs"].as_array().map(Vec::len), Some(3), "{packs}");
    let first = center.placed(&example()).await;
    let second = center.placed(&example()).await;
    let taken = center.get("/api/gift-packs/one").await.ok(200);
    assert_eq!((&taken["total"], &taken["taken"]), (&json!(1), &json!(1)), "the promise counts");
    center.put("/api/members/1001", &json!({"level": "gold"})).await.ok(200);
    pay(&center, &second).await;
    pay(&center, &first).await;
    let of = |tree| {
        let center = &center;
        async move { effects(center, tree).await.into_iter().map(|(key, _)| key).collect::<Vec<_>>() }
    };
    assert_eq!(of(&first).await, ["gift.issue:cup", "gift.issue:one", "points.grant"]);
    assert_eq!(of(&second).await, ["gift.issue:cup", "points.grant"], "there was only one");
    give_back(&center, &first, "1").await;
    give_back(&center, &first, "1").await;
    let member = center.get("/api/members/1001").await.ok(200);
    assert_eq!(member["level"], "gold");
    let gifts = member["gifts"].as_array().expect("a list").iter();
    let gifts: Vec<_> = gifts.map(|gift| (text(&gift["pack_id"]), text(&gift["status"]))).collect();
    assert_eq!(gifts, [("cup", "issued"), ("cup", "taken_back"), ("one", "taken_back")]);
    assert_eq!(
        center.get("/api/gift-packs/one").await.ok(200)["taken"],
        0,
        "it may be given again"
    );
    assert_eq!(member["accounts"][0]["ledger"], "points");
}

#[tokio::test]
async fn payment_makes_a_slip_and_the_scales_fill_it() {
    let center = center().await;
    let mut order = example();
    order["shops"][0]["items"][0]["weighed"] = json!(true);
    let tree = center.placed(&order).await;
    assert_eq!(center.get("/api/weigh-slips").await.ok(200)["weigh_slips"], json!([]));
    pay(&center, &tree).await;
    let awaiting = "/api/weigh-slips?place=main&status=awaiting";
    let slips = center.get(awaiting).await.ok(200);
    let slip = &slips["weigh_slips"][0];
    assert_eq!(slip["order_id"], tree["shops"][0]["order_id"]);
    assert_eq!(
        (&slip["lines"][0]["ordered"], &slip["lines"][0]["weighed"]),
        (&json!("2"), &Value::Null)
    );
    let line = &tree["shops"][0]["items"][0]["order_id"];
    let weigh = json!({
        "type": "weigh", "lines": [{"order_id": line, "quantity": "1.5"}], "actor": {"kind": "store"}
    });
    let tree = center.operate(&slip["order_id"], &weigh).await.ok(200);
    assert_eq!(tree["shops"][0]["refunds"][0]["kind"], "weigh");
    assert_eq!(center.get(awaiting).await.ok(200)["weigh_slips"], json!([]));
    let slips = center.get("/api/weigh-slips?status=weighed").await.ok(200);
    assert_eq!(slips["weigh_slips"][0]["lines"][0]["weighed"], "1.5");
    let own = effects(&center, &tree).await;
    let made = format!("weigh.create:{}", text(&tree["shops"][0]["order_id"]));
    assert_eq!(own, [("points.grant".to_owned(), 109), (made, 2_000)]);
    center.get("/api/weigh-slips?status=lost").await.wrong_fields(&[("status", "not_a_word")]);
}

#[tokio::test]
async fn stock_that_payment_takes_is_an_effect_and_a_plain_order_has_none() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    pay(&center, &tree).await;
    assert_eq!(effects(&center, &tree).await, []);
    let count = json!({"on_hand": "5", "reason": "count"});
    center.put("/api/stock/1", &count).await.ok(200);
    let tree = center.placed(&example()).await;
    pay(&center, &tree).await;
    assert_eq!(effects(&center, &tree).await, [("stock.deduct".to_owned(), 2_000)]);
    let limited = center.key(&[Scope::OrdersRead], &every_actor(), &["11"]).await;
    let path = format!("/api/orders/{}/effects", text(&tree["order_id"]));
    assert_eq!(center.get_as(&limited, &path).await.ok(200)["effects"], json!([]), "L1 is not its");
}

#[tokio::test]
async fn accounts_are_set_adjusted_and_booked_once() {
    let center = center().await;
    open_coins(&center, 500).await;
    let adjust = json!({"delta": -200, "reason": "mistake"});
    let path = "/api/accounts/coins/1001/adjustments";
    let key = [("idempotency-key", "one")];
    let first = center.post_with(&center.key, path, &adjust, &key).await;
    let again = center.post_with(&center.key, path, &adjust, &key).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(
        (first.ok(200)["balance"].clone(), again.ok(200)["balance"].clone()),
        (json!(300), json!(300))
    );
    let book = center.get(path).await.ok(200);
    let lines: Vec<_> = book["adjustments"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| (text(&line["kind"]), line["amount"].as_i64(), line["balance"].as_i64()))
        .collect();
    assert_eq!(lines, [("adjustment", Some(-200), Some(300)), ("set", Some(500), Some(500))]);
    center
        .post(path, &json!({"delta": -301, "reason": "x"}))
        .await
        .wrong_fields(&[("delta", "too_small")]);
    center
        .post(path, &json!({"delta": 0}))
        .await
        .wrong_fields(&[("delta", "too_small"), ("reason", "required")]);
    center
        .put("/api/accounts/coins/2", &json!({"balance": 1, "reason": "x"}))
        .await
        .wrong_fields(&[("currency", "required")]);
    center
        .post("/api/accounts/coins/2/adjustments", &json!({"delta": 1, "reason": "x"}))
        .await
        .wrong_fields(&[("owner", "no_account")]);
    center
        .put("/api/accounts/points/2", &json!({"balance": 1, "currency": "CNY", "reason": "x"}))
        .await
        .wrong_fields(&[("currency", "not_allowed")]);
    center.get("/api/accounts/stock/1").await.wrong_fields(&[("ledger", "not_a_word")]);
    center
        .post("/api/accounts/points/2/adjustments", &json!({"delta": 7, "reason": "hello"}))
        .await
        .ok(200);
    let listed = center.get("/api/accounts?limit=1").await.ok(200);
    assert_eq!(listed["accounts"][0]["owner"], "1001");
    let next = center
        .get(&format!("/api/accounts?limit=1&cursor={}", text(&listed["next"])))
        .await
        .ok(200);
    assert_eq!(
        (&next["accounts"][0]["owner"], &next["accounts"][0]["balance"]),
        (&json!("2"), &json!(7))
    );
    let own = center.get("/api/accounts?owner=1001").await.ok(200);
    assert_eq!(own["accounts"].as_array().map(Vec::len), Some(1));
    let reader = center.key(&[Scope::OrdersRead], &every_actor(), &[]).await;
    center.get_as(&reader, "/api/accounts/coins/1001").await.ok(200);
    center.post_as(&reader, path, &adjust).await.problem(403, "scope_missing");
}

#[tokio::test]
async fn wrong_packs_and_members_are_named() {
    let center = center().await;
    center.put("/api/gift-packs/a", &json!({"min_price": -1, "total": -1})).await.wrong_fields(&[
        ("title", "required"),
        ("currency", "required"),
        ("min_price", "too_small"),
        ("total", "too_small"),
    ]);
    let upside = json!({
        "title": "a", "currency": "CNY", "min_price": 0,
        "from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"
    });
    center.put("/api/gift-packs/a", &upside).await.wrong_fields(&[("until", "too_early")]);
    center.get("/api/gift-packs/a").await.problem(404, "not_found");
    center.put("/api/members/1", &json!({})).await.wrong_fields(&[("level", "required")]);
    center.get("/api/members/1").await.problem(404, "not_found");
    center.put("/api/members/1", &json!({"level": "gold"})).await.ok(200);
    assert_eq!(center.get("/api/members").await.ok(200)["members"][0]["level"], "gold");
}
