//! What a buyer can make of one order at a real center, set up as everybody's is: it ends, it costs little until then,
//! and all of it is read in pages.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::Client;
use docket_testkit::ServeCommand;
use run::{DOCKET, docket};
use serde_json::json;
use std::fs;

#[test]
fn a_buyer_who_asks_and_withdraws_without_end_comes_to_one() {
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path();
    let words = ["key", "add", "all", "--scopes", "orders.read,orders.write,payments"];
    let key = docket(data, &[&words[..], &["--actors", "buyer,till,store"]].concat()).fine();
    let mut center = ServeCommand::new(DOCKET, data).start();
    let mut client = Client::new(center.base_url(), key.trim()).expect("a connection");
    let order = json!({"buyer_id": "b", "currency": "CNY", "actor": {"kind": "buyer"},
        "shops": [{"shop_id": "11", "items": [
            {"sku_id": "a", "title": "Tea", "quantity": "2", "list_price": 500}]}]});
    let placed = client.post("/api/orders", &order).expect("an answer");
    assert_eq!(placed.status, 201, "{placed:?}");
    let id = placed.body["order_id"].as_str().expect("a number").to_owned();
    let path = format!("/api/orders/{id}/operations");
    let mut ask = |kind: &str, actor: &str| {
        let body = json!({"type": kind, "tender": "cash", "reference": "r", "amount": 1000,
                          "actor": {"kind": actor}});
        let wanted = if kind == "payment_succeeded" {
            body
        } else {
            json!({"type": kind, "actor": {"kind": actor}})
        };
        client.post(&path, &wanted).expect("an answer")
    };
    assert_eq!(ask("payment_succeeded", "till").status, 200);
    let mut asked = 0;
    let refused = loop {
        let got = ask("request_refund", "buyer");
        if got.status != 200 {
            break got;
        }
        assert_eq!(ask("withdraw_refund", "buyer").status, 200);
        asked += 1;
    };
    assert_eq!((asked, refused.status), (200, 409), "{refused:?}");
    assert_eq!(refused.body["code"], "too_many_refunds");

    // The whole log, page by page: none is large.
    let (mut rows, mut largest, mut cursor) = (0, 0, String::new());
    loop {
        let page = client.get(&format!("{path}?limit=50{cursor}")).expect("a page");
        assert_eq!(page.status, 200, "{page:?}");
        largest = largest.max(page.body.to_string().len());
        rows += page.body["operations"].as_array().expect("rows").len();
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(rows, 402);
    assert!(largest < 100_000, "a page of fifty rows has {largest} bytes");
    let told = docket(data, &["explain", &id, "--json"]).json();
    assert_eq!(told["activities"].as_array().map(Vec::len), Some(402));
    let first = told["activities"][9]["at"].as_str().expect("a time").to_owned();
    let then = docket(data, &["explain", &id, "--at", &first, "--json"]).json();
    let seen = then["activities"].as_array().map_or(0, Vec::len);
    assert!((10..402).contains(&seen), "{seen}");
    assert_eq!(then["order"]["version"], seen, "the order is as its story tells");

    assert!(center.terminate().success());
    let bytes = fs::metadata(data.join("docket.db")).expect("a database").len();
    assert!(bytes < 6 << 20, "the database has {bytes} bytes");
}
