//! Shops of a marketplace are connected and pulled: two processes and real HTTP between them, on every database.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::{Database, eventually};
use market::{Center, Market, wish};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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
        center.has_all_amounts(&shop);
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
        // And what has changed since: one call, nothing; and one each for cancels and refunds.
        let since = center.pull(&shop, "incremental");
        assert_eq!((&since["calls"], &since["new"]), (&json!(3), &json!(0)), "{since:#}");
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
    let again = wish(&market, &market.said["shops"][0]["access_token"]);
    let (status, refused) = center.post("/api/shops", &again);
    let code = &refused["errors"][0]["code"];
    assert_eq!((status, code), (422, &json!("already_connected")), "{refused:#}");
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
    let run = center.start_stream(&shop, "products", "full");
    let stopped = docket_stop(&center, &format!("/api/sync/shops/{shop}/products"));
    assert_eq!(stopped["run_id"], run, "products too: {stopped:#}");
    market.control(&json!({"behave": ""}));
    let next = center.pull(&shop, "incremental");
    assert_eq!((&next["state"], &next["done"]), (&json!("done"), &json!(300)), "{next:#}");
}

fn docket_stop(center: &Center, path: &str) -> Value {
    let mut client =
        client::Client::new(center.serve.base_url(), &center.key).expect("a connection");
    client.send_with("DELETE", path, &[], "").expect("an answer").body
}

#[test]
fn the_search_for_parcels_is_started_by_hand_and_counted() {
    let market = Market::start(&["--count", "80", "--limit", "0"]);
    for database in Database::ALL {
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        center.pull(&shop, "incremental");
        let path = format!("/api/sync/shops/{shop}/orders/enrich-details");
        let (status, started) = center.post(&path, &json!({}));
        assert_eq!(status, 202, "{started:#}");
        center.has_all_parcels(&shop);
        let counts = center.get("/api/sync/orders/enrich-tasks/stats");
        assert!(counts["completed"].as_u64() >= Some(1), "{database}: {counts:#}");
        assert_eq!(counts["failed"], 0, "{database}: {counts:#}");
    }
}

/// Orders by day and status, as the marketplace knows them.
fn truth_by_day(market: &Market, shop: usize) -> BTreeMap<(String, String), u64> {
    let mall = market.said["shops"][shop]["mall_id"].as_str().expect("a number");
    let truth = market.get(&format!("/control/truth?shop={mall}"));
    let mut orders = BTreeMap::new();
    for day in truth["days"].as_array().expect("days") {
        let count = day["listed"]["orders"].as_u64().expect("a number");
        if count > 0 {
            orders.insert((text(&day["day"]), day["status"].to_string()), count);
        }
    }
    orders
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[test]
fn theirs_beside_ours_is_the_truth_by_day_and_status_and_what_no_list_has_is_counted_apart() {
    let market = Market::start(&["--count", "300", "--limit", "0"]);
    for database in Database::ALL {
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        assert_eq!(center.get(&completeness(&shop))["complete"], Value::Null, "no pass yet");
        let run = center.pull(&shop, "full");
        assert_eq!(run["state"], "done", "{run:#}");
        let found = center.get(&completeness(&shop));
        assert_eq!((&found["complete"], &found["gaps"]), (&json!(true), &json!([])), "{database}");
        let mut told = [BTreeMap::new(), BTreeMap::new()];
        for day in found["days"].as_array().expect("days") {
            for status in day["statuses"].as_array().expect("statuses") {
                let key = (text(&day["day"]), text(&status["status"]));
                for (told, side) in told.iter_mut().zip(["theirs", "ours"]) {
                    told.insert(key.clone(), status[side].as_u64().expect("a number"));
                }
            }
        }
        let truth = truth_by_day(&market, 0);
        assert_eq!(told, [truth.clone(), truth.clone()], "{database}");
        let (day, _) = truth.keys().next().expect("an order").clone();
        let one = center.get(&format!("{}?day={day}", completeness(&shop)));
        assert_eq!(one["days"].as_array().expect("days").len(), 1, "{one:#}");
        assert_eq!(one["days"][0]["day"], day, "{one:#}");
    }
}

fn completeness(shop: &str) -> String {
    format!("/api/sync/shops/{shop}/completeness")
}

#[test]
fn what_is_pushed_is_read_back_at_once_and_a_forged_push_changes_nothing() {
    let market = Market::start(&["--count", "50", "--limit", "0"]);
    for database in Database::ALL {
        let center = Center::on(database);
        let hook = center.serve.url("/api/channels/temu/push");
        market.control(&json!({"fine": true, "push_url": hook}));
        let shop = center.connect(&market, 0);
        center.pull(&shop, "incremental");
        let mall = &market.said["shops"][0]["mall_id"];
        let insert = json!({"orders": [{"does": "insert", "shop": mall, "count": 1, "status": 2, "hidden": true}]});
        let hidden = text(&market.control(&insert)["changed"][0]);
        let status = || {
            center.get(&format!("/api/orders?external_id={hidden}&expand=tree"))["orders"][0]
            ["shops"][0]["channel_status"]["word"].clone()
        };
        eventually("an order that no list has is here", || status() == "2");
        market.control(&json!({"behave": "duplicate=3", "orders": [
            {"does": "move", "shop": mall, "order": hidden, "to": 4}]}));
        eventually("its change is here", || status() == "4");
        let counted = center.get(&completeness(&shop));
        let days = counted["days"].as_array().expect("days");
        let hidden_ones: u64 = days.iter().filter_map(|day| day["hidden"].as_u64()).sum();
        assert_eq!(hidden_ones, 1, "{database}: hidden by the list");
        market.control(&json!({"behave": "forged", "orders": [
            {"does": "move", "shop": mall, "order": hidden, "to": 5}]}));
        let refused = |truth: &Value| truth.to_string().contains("401");
        eventually("a forged push is refused", || {
            refused(&market.get(&format!("/control/truth/pushes?shop={}&size=1000", text(mall))))
        });
        assert_eq!(status(), "4", "{database}: nothing is changed by it");
    }
}

#[test]
fn a_second_of_more_than_a_page_is_counted_once_and_what_is_too_young_is_not_claimed() {
    let market = Market::start(&["--count", "40", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    let at = market.now() - 3600;
    market.happens(0, &json!({"does": "insert", "count": 250, "status": 2, "at": at}));
    let full = center.pull(&shop, "full");
    assert_eq!((&full["done"], &full["total"]), (&json!(290), &json!(290)), "{full:#}");
    let counted = center.get(&completeness(&shop));
    assert_eq!(counted["complete"], true, "{counted:#}");
    let young = market.happens(0, &json!({"does": "insert", "count": 1, "status": 2})).remove(0);
    market.skip(240);
    let run = center.catch_up(&market, &shop);
    assert_eq!(run["state"], "done", "{run:#}");
    let orders = center.orders(&shop);
    let young = orders.iter().find(|order| order["external_id"] == *young).expect("it");
    assert!(counted["read_to"].as_str() < young["created_at"].as_str(), "{young:#}");
}
