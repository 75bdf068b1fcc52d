//! Parcels of a marketplace shop that are told in unusual ways: two processes and real HTTP between them.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::{Database, within};
use market::{Center, Market};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const MINUTE: u64 = 60;

/// An order by its number, whole.
fn order(center: &Center, number: &str) -> Value {
    let found = center.get(&format!("/api/orders?external_id={number}&expand=tree"));
    found["orders"][0].clone()
}

/// The packages of an order by their numbers, and how each stands.
fn packages(center: &Center, number: &str) -> BTreeMap<String, String> {
    let order = order(center, number);
    let shipments = order["shops"][0]["shipments"].as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let told = shipments.iter().filter_map(|parcel| {
        Some((
            word(&parcel["package"])?,
            word(&parcel["state"]).unwrap_or_else(|| "left".to_owned()),
        ))
    });
    told.collect()
}

/// An order of several lines of which nothing has left, with the numbers of its lines.
fn of_several_lines(center: &Center, shop: &str) -> (String, Vec<String>) {
    let orders = center.orders(shop);
    let found = orders.iter().find_map(|order| {
        let shop = &order["shops"][0];
        let lines: Vec<_> = shop["items"]
            .as_array()?
            .iter()
            .filter(|item| item["cancelled_quantity"].is_null())
            .map(|item| item["external_id"].as_str().expect("a number").to_owned())
            .collect();
        let is_it = shop["channel_status"]["word"] == "2" && lines.len() > 1;
        is_it.then(|| (order["external_id"].as_str().expect("a number").to_owned(), lines))
    });
    found.expect("one")
}

#[test]
fn boxes_within_boxes_are_parcels_of_the_order_before_they_are_sent_and_afterwards() {
    for database in Database::ALL {
        let market = Market::start(&["--count", "400", "--limit", "0"]);
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        center.pull(&shop, "incremental");
        center.has_all_parcels(&shop);
        let (number, lines) = of_several_lines(&center, &shop);
        // A part of it leaves; of what is still here there is a label, for three boxes in one.
        market.happens(0, &json!({"does": "move", "order": number, "to": 41}));
        market.happens(0, &json!({"does": "pack", "order": number}));
        let first =
            json!({"does": "pack", "order": number, "child": lines[0], "package": "PK-SENT"});
        market.happens(0, &first);
        let boxes = |unshipped: bool| {
            let parts = ["PK-BOX-A", "PK-BOX-B"];
            market.happens(
                0,
                &json!({"does": "pack", "order": number, "child": lines[1],
                "package": "PK-BOX", "parts": parts, "unshipped": unshipped}),
            );
        };
        boxes(true);
        market.skip(5 * MINUTE);
        center.catch_up(&market, &shop);
        let seen = within(Duration::from_mins(1), || {
            let told = packages(&center, &number);
            (told.contains_key("PK-SENT") && told.contains_key("PK-BOX-B")).then_some(told)
        });
        let seen = seen.unwrap_or_else(|| panic!("{:#}", order(&center, &number)));
        for number in ["PK-BOX", "PK-BOX-A", "PK-BOX-B"] {
            assert_eq!(seen[number], "announced", "{database}: it has not left: {seen:?}");
        }
        // It leaves: the detail of the order tells of one box, its shipments of all.
        market.happens(0, &json!({"does": "pack", "order": number, "child": lines[1]}));
        boxes(false);
        market.happens(0, &json!({"does": "move", "order": number, "to": 4}));
        market.skip(5 * MINUTE);
        center.catch_up(&market, &shop);
        let left = within(Duration::from_mins(1), || {
            let told = packages(&center, &number);
            told.values().all(|state| state == "left").then_some(told)
        });
        let left = left.unwrap_or_else(|| panic!("{:#}", order(&center, &number)));
        let numbers: Vec<_> = left.keys().map(String::as_str).collect();
        assert_eq!(numbers, ["PK-BOX", "PK-BOX-A", "PK-BOX-B", "PK-SENT"], "{database}");
    }
}

#[test]
fn a_package_number_that_is_too_long_is_cut_and_said_to_be() {
    let market = Market::start(&["--count", "20", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    let at = market.now() - 7200;
    let number = market.happens(0, &json!({"does": "insert", "status": 4, "at": at})).remove(0);
    let long = format!("PK-{}", "7".repeat(97));
    market.happens(0, &json!({"does": "pack", "order": number}));
    market.happens(0, &json!({"does": "pack", "order": number, "package": long}));
    market.skip(5 * MINUTE);
    center.catch_up(&market, &shop);
    let cut = long[..64].to_owned();
    let told = within(Duration::from_mins(1), || {
        packages(&center, &number).contains_key(&cut).then_some(())
    });
    let order = order(&center, &number);
    assert!(told.is_some(), "{order:#}");
    let anomalies = order["anomalies"].as_array().expect("anomalies");
    let is_told = |anomaly: &Value| {
        anomaly["kind"] == "text_cut"
            && anomaly["detail"] == json!({"field": "shipments.package", "length": 100})
    };
    assert!(anomalies.iter().any(is_told), "{anomalies:#?}");
}

#[test]
fn what_was_odd_about_an_order_stays_when_its_look_fails_and_when_it_works_again() {
    let market = Market::start(&["--count", "20", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    let at = market.now() - 7200;
    let insert = json!({"does": "insert", "odd": "novel", "status": 4, "at": at});
    let number = market.happens(0, &insert).remove(0);
    let detail = json!({"order": number, "type": "bg.order.detail.v2.get"});
    market.behave("code=140020001", &detail);
    center.pull(&shop, "incremental");
    let path = format!("/api/sync/shops/{shop}/orders/enrich-tasks?limit=200");
    let task = || -> Value {
        let tasks = center.get(&path)["tasks"].as_array().expect("tasks").clone();
        tasks.into_iter().find(|task| task["parent_order_sn"] == number).unwrap_or_default()
    };
    let failed =
        within(Duration::from_mins(1), || Some(task()).filter(|task| task["retry_count"] == 1));
    let failed = failed.unwrap_or_else(|| panic!("{:#}", task()));
    let said = failed["error_message"].as_str().expect("a sentence").to_owned();
    let (odd, why) = said.split_once("; ").expect("both");
    assert!(odd.contains("unknown") && why.contains("140020001"), "{said}");
    market.fine();
    market.skip(5 * MINUTE);
    center.catch_up(&market, &shop);
    let known = within(Duration::from_mins(1), || {
        Some(task()).filter(|task| task["status"] == "completed")
    });
    let known = known.unwrap_or_else(|| panic!("{:#}", task()));
    assert_eq!(known["error_message"], odd, "the failure is over");
}
