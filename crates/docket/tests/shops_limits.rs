//! How often a marketplace is asked, and whom it lets in: told to wait, several processes, tokens that die and clocks that
//! are off. A marketplace, centers and a Redis as processes of their own.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::Client;
use docket_testkit::{Database, RedisServer, eventually, within};
use market::{Center, Market, same};
use serde_json::{Value, json};
use std::time::Duration;

const LIST: &str = "bg.order.list";
/// A shop is pulled by hand, and asked as often as it may be.
const BY_HAND: (&str, &str) = ("DOCKET_CHANNELS__TEMU__INTERVAL", "30d");

fn ended_whole(center: &Center, market: &Market, shop: &str, nth: usize) {
    let run = center.ended(shop);
    assert_eq!((&run["state"], &run["gaps"]), (&json!("done"), &json!(0)), "{run:#}");
    center.has_all_parcels(shop);
    same(&center.numbers(shop), &market.listed(nth));
}

/// What the marketplace measured: no second, wherever it began, had more calls than it allows.
fn kept_to_the_limit(market: &Market) {
    let calls = market.calls();
    let most = calls["most_in_a_second"].as_u64().expect("a number");
    assert!(most <= 20, "{calls:#}");
    assert_eq!(calls["throttled"], 0, "{calls:#}");
}

#[test]
fn a_shop_that_is_told_to_wait_waits_and_ends_done_without_a_failed_attempt() {
    let market = Market::start(&["--count", "30", "--limit", "0"]);
    let center = Center::with(Database::Sqlite, &[BY_HAND]);
    let shop = center.connect(&market, 0);
    market.behave("throttle", &json!({"seconds": 3}));
    center.start(&shop, "incremental");
    let says = || center.shop(&shop)["waits_until"].as_str().map(str::to_owned);
    assert!(within(Duration::from_secs(3), says).is_some(), "whoever looks is told that it waits");
    ended_whole(&center, &market, &shop, 0);
    assert!(market.calls_of(LIST) > 1, "it was told to wait");
    let tasks = center.get("/api/tasks?kind=channel_pull");
    let task = &tasks["tasks"][0];
    assert_eq!((&task["state"], &task["claims"]), (&json!("done"), &json!(1)), "{task:#}");
    assert_eq!((&task["attempts"], &task["errors"]), (&json!(0), &json!([])), "{task:#}");
}

#[test]
fn two_shops_of_one_app_are_pulled_at_once_within_one_limit_and_in_turns() {
    let market = Market::start(&["--count", "40"]);
    let center = Center::with(Database::Sqlite, &[BY_HAND]);
    let shops = [center.connect(&market, 0), center.connect(&market, 1)];
    for shop in &shops {
        center.start(shop, "incremental");
    }
    for (nth, shop) in shops.iter().enumerate() {
        ended_whole(&center, &market, shop, nth);
    }
    kept_to_the_limit(&market);
}

/// Two processes on one database pull two shops, and what `in_between` does happens while they look for parcels.
fn together(settings: &[(&str, &str)], in_between: impl FnOnce()) {
    let market = Market::start(&["--count", "70"]);
    let center = Center::with(Database::Mariadb, &[&[BY_HAND], settings].concat());
    let shops = [center.connect(&market, 0), center.connect(&market, 1)];
    let (other, _data) = center.beside();
    let mut beside = Client::new(other.base_url(), &center.key).expect("a connection");
    center.start(&shops[0], "incremental");
    let path = format!("/api/sync/shops/{}/orders", shops[1]);
    let started = beside.post(&path, &json!({})).expect("an answer");
    assert_eq!(started.status, 202, "{started:?}");
    let detail = "bg.order.detail";
    eventually("parcels are looked for", || market.calls_of(detail) > 15);
    in_between();
    let before = market.calls_of(detail);
    eventually("they still are", || market.calls_of(detail) > before + 15);
    for (nth, shop) in shops.iter().enumerate() {
        ended_whole(&center, &market, shop, nth);
    }
    kept_to_the_limit(&market);
    let by_shop = &market.calls()["by_shop"];
    assert!(by_shop.as_object().is_some_and(|shops| shops.len() >= 2), "{by_shop:#}");
}

#[test]
fn two_processes_share_the_limit_through_redis_and_keep_to_it_when_redis_goes_away() {
    let redis = RedisServer::start().expect("Redis");
    let url = redis.url();
    together(&[("DOCKET_REDIS__URL", &url)], || {
        redis.end();
    });
}

#[test]
fn two_processes_without_redis_each_take_their_share_of_the_limit() {
    together(&[], || {});
}

#[test]
fn a_shop_whose_token_is_replaced_in_mid_run_stands_still_and_goes_on_with_the_new_one() {
    let market = Market::start(&["--count", "700", "--limit", "0"]);
    let slowly = ("DOCKET_CHANNELS__TEMU__CALLS_PER_SECOND", "3");
    let center = Center::with(Database::Sqlite, &[BY_HAND, slowly]);
    let shop = center.connect(&market, 0);
    center.start(&shop, "incremental");
    eventually("some of it is here", || center.progress(&shop)["done"] != json!(0));
    let dead = json!({"shop": market.mall(0), "does": "replace"});
    market.control(&json!({"tokens": [dead]}));
    let run = center.ended(&shop);
    assert_eq!(run["state"], "failed", "{run:#}");
    let done = run["done"].as_u64().expect("a number");
    assert!((1..700).contains(&done), "{run:#}");
    let paused = &center.shop(&shop)["paused"];
    assert_eq!(paused["cause"], "token_dead", "{paused:#}");
    assert!(paused["why"].as_str().is_some_and(|why| why.contains("new token")), "{paused:#}");
    let start = center.post(&format!("/api/sync/shops/{shop}/orders"), &json!({}));
    assert_eq!((start.0, &start.1["code"]), (409, &json!("wrong_state")), "{start:?}");
    // Another shop goes on.
    let other = center.connect(&market, 1);
    center.start(&other, "incremental");
    let new = json!({"access_token": market.token(0)});
    let (status, shown) = center.put(&format!("/api/shops/{shop}"), &new);
    assert_eq!((status, &shown["paused"]), (200, &Value::Null), "{shown:#}");
    let rest = center.pull(&shop, "incremental");
    assert_eq!(rest["state"], "done", "{rest:#}");
    let again = rest["done"].as_u64().expect("a number");
    assert!(again < 700, "it went on at its mark: {rest:#}");
    same(&center.numbers(&shop), &market.listed(0));
    assert_eq!(center.ended(&other)["state"], "done");
    same(&center.numbers(&other), &market.listed(1));
}

#[test]
fn a_token_that_lacks_the_permission_pauses_its_shop_with_a_sentence_and_no_other() {
    let market = Market::start(&["--count", "20", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shops = [center.connect(&market, 0), center.connect(&market, 1)];
    let scope =
        |does: &str| json!({"shop": market.mall(0), "does": does, "type": "bg.order.list.v2.get"});
    market.control(&json!({"tokens": [scope("deny")]}));
    let run = center.pull(&shops[0], "incremental");
    assert_eq!((&run["state"], &run["calls"]), (&json!("failed"), &json!(1)), "{run:#}");
    let paused = &center.shop(&shops[0])["paused"];
    assert_eq!(paused["cause"], "scope_missing", "{paused:#}");
    assert!(paused["why"].as_str().is_some_and(|why| why.contains("permission")), "{paused:#}");
    center.start(&shops[1], "incremental");
    ended_whole(&center, &market, &shops[1], 1);
    market.control(&json!({"tokens": [scope("grant")]}));
    let (status, _) = center.put(&format!("/api/shops/{}", shops[0]), &json!({"paused": false}));
    assert_eq!(status, 200);
    center.start(&shops[0], "incremental");
    ended_whole(&center, &market, &shops[0], 0);
}

#[test]
fn orders_are_pulled_without_the_permission_to_look_for_parcels_and_looks_wait_for_it() {
    let market = Market::start(&["--count", "20", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    let scope = |does: &str| json!({"shop": market.mall(0), "does": does, "type": "bg.order.detail.v2.get"});
    market.control(&json!({"tokens": [scope("deny")]}));
    let run = center.pull(&shop, "incremental");
    assert_eq!(run["state"], "done", "{run:#}");
    eventually("one is looked for", || market.calls_of("bg.order.detail") > 0);
    assert_eq!(center.shop(&shop)["paused"], Value::Null);
    market.control(&json!({"tokens": [scope("grant")]}));
    center.start(&shop, "incremental");
    ended_whole(&center, &market, &shop, 0);
    let failed = center.get(&format!("/api/sync/shops/{shop}/orders/enrich-tasks?status=failed"));
    assert_eq!(failed["tasks"], json!([]), "no attempt of any order was spent");
}

#[test]
fn a_marketplace_whose_clock_is_ten_minutes_off_is_pulled_all_the_same() {
    for offset in [600_000, -600_000] {
        let market = Market::start(&["--count", "20", "--limit", "0"]);
        market.control(&json!({"offset_ms": offset}));
        let center = Center::on(Database::Sqlite);
        let shop = center.connect(&market, 0);
        let now = market.now();
        let fresh = market.happens(0, &json!({"does": "insert", "at": now - 180, "status": 4}));
        center.start(&shop, "incremental");
        ended_whole(&center, &market, &shop, 0);
        assert!(center.numbers(&shop).contains(&fresh[0]));
        let newest = center.windows(&shop, "finished").pop().expect("a window");
        let to = seconds(newest["to"].as_str().expect("a moment"));
        assert!((now - 125..now + 60).contains(&to), "{newest:#} by {now}");
    }
}

/// The seconds since 1970 of a moment such as 2026-11-29T16:39:33Z.
fn seconds(moment: &str) -> i64 {
    docket_wire::moment::parse(moment).expect("a moment").0.div_euclid(1000)
}

#[test]
fn a_clock_that_is_set_back_in_between_finishes_no_time_that_is_still_to_come() {
    let market = Market::start(&["--count", "5", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    market.control(&json!({"offset_ms": 3_600_000}));
    center.pull(&shop, "incremental");
    // By four minutes: nothing is refused for it, and what is believed to be now lies ahead until the next reply.
    market.control(&json!({"offset_ms": 3_600_000 - 240_000}));
    center.pull(&shop, "incremental");
    let now = market.now();
    for window in center.windows(&shop, "finished") {
        let to = seconds(window["to"].as_str().expect("a moment"));
        assert!(to <= now, "{window:#} lies ahead of {now}");
    }
}
