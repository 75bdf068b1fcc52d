//! What buyers paid in a marketplace shop: two processes and real HTTP between them, on every database.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::{Database, within};
use market::{Center, Market};
use run::docket;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const AMOUNTS: &str = "bg.order.amount.query";
const DETAIL: &str = "bg.order.detail.v2.get";

/// The money of an order as the marketplace would say it. Units that were cancelled before shipment cost nothing, those of
/// an order that was cancelled as a whole what they cost before.
fn money(order: &Value) -> Value {
    let shop = &order["shops"][0];
    let items = shop["items"].as_array().expect("items");
    let left = |item: &Value| -> Option<i64> {
        let of = |name: &str| -> f64 {
            item[name].as_str().map_or(0.0, |text| text.parse().expect("a quantity"))
        };
        let is_whole = shop["channel_status"]["word"] == "3";
        let units = of("quantity") - if is_whole { 0.0 } else { of("cancelled_quantity") };
        Some(item["list_price"].as_i64()? * units.round() as i64)
    };
    let goods: Option<i64> = items.iter().map(left).sum();
    json!({
        "parent": order["external_id"],
        "currency": order["currency"],
        "goods": goods,
        "freight": shop["freight"],
        "seller_discount": shop["shop_discount"],
        "channel_discount": order["platform_discount"],
    })
}

/// Every order of a shop by its number.
fn orders(center: &Center, shop: &str) -> BTreeMap<String, Value> {
    let by_number =
        |order: Value| (order["external_id"].as_str().expect("a number").to_owned(), order);
    center.orders(shop).into_iter().map(by_number).collect()
}

fn is_priced(order: &Value) -> bool {
    order["payable"].is_i64()
}

/// Every order of a shop, once their amounts are known.
fn all_priced(center: &Center, shop: &str) -> BTreeMap<String, Value> {
    center.has_all_amounts(shop);
    orders(center, shop)
}

/// Holds the money of every order against what is true.
fn is_the_truth(market: &Market, nth: usize, orders: &BTreeMap<String, Value>) {
    let truth = market.amounts(nth);
    assert_eq!(orders.keys().collect::<Vec<_>>(), truth.keys().collect::<Vec<_>>());
    let mut with_tax = 0;
    for (number, order) in orders {
        let theirs = &truth[number];
        let told = money(order);
        for (name, ours) in told.as_object().expect("an object") {
            assert_eq!(ours, &theirs[name], "{number}: {name}\n{order:#}\n{theirs:#}");
        }
        if theirs["cancelled"] == 0 {
            assert_eq!(order["payable"], theirs["paid"], "{number}: {order:#}\n{theirs:#}");
            with_tax += u64::from(theirs["tax"] != 0);
        }
    }
    assert!(with_tax > 0, "some have a tax on top");
}

#[test]
fn what_buyers_paid_is_known_to_the_cent_where_the_token_allows_it() {
    for database in Database::ALL {
        let market = Market::start(&["--count", "60", "--limit", "0"]);
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        assert_eq!(center.pull(&shop, "incremental")["state"], "done", "{database}");
        is_the_truth(&market, 0, &all_priced(&center, &shop));
        center.has_all_parcels(&shop);
        assert_eq!(market.calls_of(AMOUNTS), 60, "{database}: each order is asked for once");
        let shown = center.shop(&shop);
        assert_eq!((&shown["scopes_missing"], &shown["advice"]), (&json!([]), &Value::Null));
        // Read again, nothing is asked for again.
        center.pull(&shop, "full");
        assert_eq!(market.calls_of(AMOUNTS), 60, "{database}");
    }
}

#[test]
fn a_token_that_does_not_allow_amounts_is_asked_once_and_the_next_one_fills_them_in() {
    for database in Database::ALL {
        let market = Market::start(&["--count", "60", "--limit", "0"]);
        // Its token does not say what it allows: only the answer does.
        market.behave("no_scope", &json!({"shop": market.mall(0), "type": AMOUNTS}));
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        for mode in ["incremental", "full"] {
            assert_eq!(center.pull(&shop, mode)["state"], "done", "{database}");
            center.has_all_parcels(&shop);
        }
        let missing = || center.shop(&shop)["scopes_missing"].clone();
        let noted =
            within(Duration::from_mins(1), || (missing() == json!([AMOUNTS])).then_some(()));
        assert!(noted.is_some(), "{database}: {:#}", center.shop(&shop));
        assert_eq!(market.calls_of(AMOUNTS), 1, "{database}: once for the whole shop");
        assert!(orders(&center, &shop).values().all(|order| !is_priced(order)), "{database}");
        let shown = center.shop(&shop);
        assert_eq!(shown["paused"], Value::Null, "{database}: the shop goes on");
        let advice = shown["advice"].as_str().expect("a sentence").to_owned();
        assert!(advice.contains(AMOUNTS) && advice.contains("new token"), "{advice}");
        let said = docket(center.data.path(), &["shop", "status", &shop]).fine();
        assert!(said.contains(&advice), "{said}");
        let details = market.calls_of(DETAIL);
        let path = format!("/api/sync/shops/{shop}/orders/enrich-tasks?status=waiting");
        let waiting = center.get(&path)["tasks"].as_array().expect("tasks").len() as u64;

        market.fine();
        let told = center.renew(&market, 0, &shop);
        assert_eq!(told["scopes_missing"], json!([]), "{told:#}");
        is_the_truth(&market, 0, &all_priced(&center, &shop));
        assert_eq!(market.calls_of(AMOUNTS), 61, "{database}: one call an order");
        let more = market.calls_of(DETAIL) - details;
        assert!(more <= waiting, "{database}: no other but of parcels that are waited for: {more}");
    }
}

#[test]
fn a_token_that_says_that_it_does_not_allow_amounts_is_asked_for_none() {
    let market = Market::start(&["--count", "20", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    // Every second shop of the sandbox lacks it.
    let shop = center.connect(&market, 1);
    center.pull(&shop, "incremental");
    center.has_all_parcels(&shop);
    let missing = within(Duration::from_mins(1), || {
        (center.shop(&shop)["scopes_missing"] == json!([AMOUNTS])).then_some(())
    });
    assert!(missing.is_some(), "{:#}", center.shop(&shop));
    assert_eq!(market.calls_of(AMOUNTS), 0);
    market.scope(1, "grant", AMOUNTS);
    center.renew(&market, 1, &shop);
    is_the_truth(&market, 1, &all_priced(&center, &shop));
    assert_eq!(market.calls_of(AMOUNTS), 20);
}

#[test]
fn what_went_back_is_known_by_what_the_marketplace_says_went_back_in_all() {
    let market = Market::start(&["--count", "60", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    center.pull(&shop, "incremental");
    let known = all_priced(&center, &shop);
    let number = known.iter().find(|(_, order)| {
        let shop = &order["shops"][0];
        shop["channel_status"]["word"] == "5" && shop["refunds"] == json!([])
    });
    let number = number.expect("one that arrived").0.clone();
    let back = json!({"does": "want_back", "order": number, "kind": "refund", "group": 5});
    market.happens(0, &back);
    Center::finds_a_change(|| center.pull(&shop, "incremental"));
    let amount = || orders(&center, &shop)[&number]["shops"][0]["refunds"][0]["amount"].clone();
    let told = within(Duration::from_mins(1), || Some(amount()).filter(Value::is_i64));
    let truth = market.amounts(0)[&number]["refunded"].clone();
    assert!(truth.as_i64() > Some(0), "{truth}");
    assert_eq!(told.as_ref(), Some(&truth), "{:#}", orders(&center, &shop)[&number]);
}

#[test]
fn amounts_that_cannot_be_read_are_asked_for_again_and_parcels_are_known_all_the_same() {
    let market = Market::start(&["--count", "20", "--limit", "0"]);
    market.behave("error=500", &json!({"shop": market.mall(0), "type": AMOUNTS, "calls": 8}));
    let center = Center::with(
        Database::Sqlite,
        &[
            ("DOCKET_CHANNELS__TEMU__INTERVAL", "30d"),
            ("DOCKET_CHANNELS__TEMU__CALLS_PER_SECOND", "0"),
        ],
    );
    let shop = center.connect(&market, 0);
    center.pull(&shop, "incremental");
    center.has_all_parcels(&shop);
    let left =
        || orders(&center, &shop).values().filter(|order| money(order)["goods"].is_null()).count();
    assert!(left() <= 2, "those that were asked for in vain");
    // Half a minute later they are asked for again.
    market.skip(60);
    let told = within(Duration::from_mins(1), || {
        center.catch_up(&market, &shop);
        (left() == 0).then_some(())
    });
    assert!(told.is_some());
    is_the_truth(&market, 0, &all_priced(&center, &shop));
}
