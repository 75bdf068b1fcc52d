//! Shops of a marketplace are connected and pulled: two processes and real HTTP between them, on every database.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::Database;
use market::{Center, Market, wish};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn numbers(orders: &[Value]) -> BTreeSet<String> {
    orders.iter().map(|order| order["external_id"].as_str().expect("a number").to_owned()).collect()
}

#[test]
fn a_shop_is_pulled_whole_and_pulled_again_nothing_is_written() {
    let market = Market::start(&["--count", "450", "--limit", "0"]);
    for database in Database::ALL {
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        let run = center.pull(&shop, "incremental");
        assert_eq!((&run["state"], &run["done"]), (&json!("done"), &json!(450)), "{run:#}");
        center.has_all_parcels(&shop);
        let orders = center.orders(&shop);
        let there: u64 = market.by_status(0).values().sum();
        let aside = run["refused"].as_u64().expect("a number");
        assert_eq!(orders.len() as u64 + aside, there, "{database}: {run:#}");
        assert_eq!(numbers(&orders).len(), orders.len(), "{database}: none twice");
        for order in &orders {
            assert_eq!(order["home"], format!("channel:{shop}"));
            assert_eq!(order["channel"], "temu");
        }
        // All of it once more, by the time of creation: nothing says anything new.
        let again = center.pull(&shop, "full");
        assert_eq!((&again["state"], &again["done"]), (&json!("done"), &json!(450)), "{again:#}");
        assert_eq!((&again["new"], &again["changed"]), (&json!(0), &json!(0)), "{again:#}");
        assert!(center.orders(&shop) == orders, "{database}: not a byte of any order");
        // And what has changed since: one call, nothing.
        let since = center.pull(&shop, "incremental");
        assert_eq!((&since["calls"], &since["new"]), (&json!(1), &json!(0)), "{since:#}");
    }
}

#[test]
fn a_shop_of_a_token_that_is_not_let_in_is_not_connected_and_says_why() {
    let market = Market::start(&["--count", "3"]);
    let center = Center::on(Database::Sqlite);
    let (status, refused) = center.post("/api/shops", &wish(&market, &json!("no token at all")));
    assert_eq!(status, 422, "{refused:#}");
    assert_eq!(refused["errors"][0]["field"], "access_token", "{refused:#}");
    assert_eq!(refused["errors"][0]["code"], "token_dead", "{refused:#}");
    let mut other = wish(&market, &market.said["shops"][0]["access_token"]);
    other["app_secret"] = json!("another secret, which is wrong");
    let (status, refused) = center.post("/api/shops", &other);
    assert_eq!((status, &refused["errors"][0]["code"]), (422, &json!("signature")), "{refused:#}");
    other["base_url"] = json!("http://127.0.0.1:9");
    let (status, refused) = center.post("/api/shops", &other);
    assert_eq!((status, &refused["code"]), (503, &json!("marketplace_unreachable")), "{refused:#}");
    assert_eq!(center.get("/api/shops")["shops"], json!([]));
}

#[test]
fn the_token_of_another_shop_is_refused_and_one_of_its_own_taken() {
    let market = Market::start(&["--count", "3"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    let path = format!("/api/shops/{shop}");
    let there = center.get(&path);
    assert_eq!(there["external_shop_id"], market.said["shops"][0]["mall_id"], "{there:#}");
    let foreign = json!({"access_token": market.said["shops"][1]["access_token"]});
    let (status, refused) = center.put(&path, &foreign);
    assert_eq!((status, &refused["errors"][0]["code"]), (422, &json!("other_shop")), "{refused:#}");
    let (status, changed) =
        center.put(&path, &json!({"access_token": market.said["shops"][0]["access_token"]}));
    assert_eq!(status, 200, "{changed:#}");
    assert!(!changed.to_string().contains("docket-sandbox-secret"), "secrets are never shown");
}

#[test]
fn one_run_at_a_time_and_a_stopped_one_ends_at_once() {
    let market = Market::start(&["--count", "300"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    market.control(&json!({"behave": "stall=3000"}));
    let run = center.start(&shop, "incremental");
    let path = format!("/api/sync/shops/{shop}/orders");
    let (status, refused) = center.post(&path, &json!({}));
    assert_eq!((status, &refused["code"]), (409, &json!("run_in_progress")), "{refused:#}");
    assert_eq!(refused["run_id"], run, "{refused:#}");
    let stopped = docket_stop(&center, &path);
    assert_eq!(stopped["run_id"], run, "{stopped:#}");
    assert_eq!(center.progress(&shop)["state"], "stopped");
    market.control(&json!({"behave": ""}));
    let next = center.pull(&shop, "incremental");
    assert_eq!((&next["state"], &next["done"]), (&json!("done"), &json!(300)), "{next:#}");
}

fn docket_stop(center: &Center, path: &str) -> Value {
    let mut client =
        client::Client::new(center.serve.base_url(), &center.key).expect("a connection");
    client.send_with("DELETE", path, &[], "").expect("an answer").body
}
