//! Cancels and refunds of a marketplace shop: two processes and real HTTP between them, on every database.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::{Database, within};
use market::{Center, Market};
use serde_json::{Value, json};
use std::time::Duration;

const REFUNDS: &str = "bg.aftersales.parentaftersales.list.get";
const CANCELS: &str = "bg.aftersales.cancel.list.get";

/// An order that arrived, by its number.
fn arrived(center: &Center, shop: &str) -> String {
    let orders = center.orders(shop);
    let found = orders.iter().find(|order| {
        let shop = &order["shops"][0];
        shop["channel_status"]["word"] == "5" && shop["refunds"] == json!([])
    });
    found.expect("one")["external_id"].as_str().expect("a number").to_owned()
}

fn want_back(market: &Market, shop: usize, order: &str, kind: &str, group: u8) {
    let mall = &market.said["shops"][shop]["mall_id"];
    market.control(&json!({"orders": [
        {"does": "want_back", "shop": mall, "order": order, "kind": kind, "group": group}]}));
}

fn refunds(center: &Center, number: &str) -> Vec<Value> {
    let found = center.get(&format!("/api/orders?external_id={number}&expand=tree"));
    found["orders"][0]["shops"][0]["refunds"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_refund_after_delivery_is_recorded_though_its_order_moves_no_more() {
    for database in Database::ALL {
        let market = Market::start(&["--count", "60", "--limit", "0"]);
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        let first = center.pull(&shop, "incremental");
        assert_eq!(first["state"], "done", "{first:#}");
        let order = arrived(&center, &shop);
        want_back(&market, 0, &order, "refund", 9);
        let run = Center::finds_a_change(|| center.pull(&shop, "incremental"));
        assert_eq!((&run["state"], &run["changed"]), (&json!("done"), &json!(1)), "{run:#}");
        // The list does not tell its money; what went back of the order in all does.
        let money = || refunds(&center, &order)[0]["amount"].is_i64().then_some(());
        assert!(within(Duration::from_mins(1), money).is_some(), "{database}");
        let told = refunds(&center, &order);
        assert_eq!((told.len(), &told[0]["kind"]), (1, &json!("refund")), "{database}: {told:#?}");
        assert!(!told[0]["lines"].as_array().expect("lines").is_empty(), "{database}: its goods");
        let again = center.pull(&shop, "incremental");
        assert_eq!(again["changed"], 0, "{database}: once {again:#}");
        assert_eq!(refunds(&center, &order), told, "{database}");
    }
}

#[test]
fn an_order_that_a_cancel_names_and_no_list_has_is_found_by_it() {
    let market = Market::start(&["--count", "10", "--limit", "0"]);
    for database in Database::ALL {
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        center.pull(&shop, "incremental");
        let mall = &market.said["shops"][0]["mall_id"];
        let insert = json!({"orders": [
            {"does": "insert", "shop": mall, "count": 1, "status": 2, "hidden": true}]});
        let hidden = market.control(&insert)["changed"][0].as_str().expect("one").to_owned();
        want_back(&market, 0, &hidden, "cancel", 8);
        let run = center.pull(&shop, "incremental");
        assert_eq!(
            (&run["state"], &run["new"]),
            (&json!("done"), &json!(1)),
            "{database}: {run:#}"
        );
        let told = refunds(&center, &hidden);
        assert_eq!((told.len(), &told[0]["kind"]), (1, &json!("cancel")), "{database}: {told:#?}");
        let counted = center.get(&format!("/api/sync/shops/{shop}/completeness"));
        let days = counted["days"].as_array().expect("days");
        let hidden: u64 = days.iter().filter_map(|day| day["hidden"].as_u64()).sum();
        assert!(hidden >= 1, "{database}: hidden by the list");
    }
}

#[test]
fn what_the_token_does_not_allow_is_said_once_and_not_asked_for_again() {
    let market = Market::start(&["--count", "10", "--limit", "0"]);
    let mall = market.said["shops"][0]["mall_id"].clone();
    let token = |does: &str| {
        let wish = |kind| json!({"shop": mall, "does": does, "type": kind});
        market.control(&json!({"tokens": [wish(REFUNDS), wish(CANCELS)]}));
    };
    token("deny");
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    for _ in 0..2 {
        let run = center.pull(&shop, "incremental");
        assert_eq!(run["state"], "done", "the shop goes on without: {run:#}");
        let shown = center.get(&format!("/api/shops/{shop}"));
        assert_eq!(shown["scopes_missing"], json!([REFUNDS, CANCELS]), "{shown:#}");
    }
    let asked = || [market.calls_of(REFUNDS), market.calls_of(CANCELS)];
    assert_eq!(asked(), [0, 0], "nothing is asked in vain");
    token("grant");
    let given = json!({"access_token": market.said["shops"][0]["access_token"]});
    assert_eq!(center.put(&format!("/api/shops/{shop}"), &given).0, 200);
    center.pull(&shop, "incremental");
    assert_eq!(asked(), [1, 1], "another token is asked again");
    let shown = center.get(&format!("/api/shops/{shop}"));
    assert_eq!(shown["scopes_missing"], json!([]), "{shown:#}");
}
