//! Coupons under load: with many placements at once, in one process and in two, no limit is ever passed, and
//! what is counted is what the orders hold.

mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::{Client, Got};
use docket_testkit::{Database, Serve, ServeCommand};
use run::{DOCKET, docket};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;

/// Placements at once.
const AT_ONCE: usize = 64;
/// Two orders with coupons a day and telephone.
const CONFIG: &str = "[ledger.coupons]\nper_phone_day = 2\nzone = \"Asia/Shanghai\"\n";
/// What the coupon of the tests allows.
const LIMIT: usize = 10;

fn key(data: &Path) -> String {
    let scopes = "orders.read,orders.write,payments,coupons";
    let words =
        ["key", "add", "test", "--scopes", scopes, "--actors", "buyer,gateway", "--issuer", "test"];
    docket(data, &words).fine().trim().to_owned()
}

/// One process, or several on one database.
struct Center {
    serves: Vec<Serve>,
    key: String,
    _folders: Vec<tempfile::TempDir>,
}

impl Center {
    fn alone() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        std::fs::write(data.path().join("docket.toml"), CONFIG).expect("a config file");
        let serve = ServeCommand::new(DOCKET, data.path()).start();
        let key = key(data.path());
        Self { serves: vec![serve], key, _folders: vec![data] }
    }

    fn of_two(database: &docket_testkit::TestDatabase) -> Self {
        let folders: Vec<_> = (0..2).map(|_| tempfile::tempdir().expect("a folder")).collect();
        // What one seals and hashes, the other must open and find.
        let keys = folders[0].path().join("docket.keys");
        let start = |data: &tempfile::TempDir| {
            std::fs::write(data.path().join("docket.toml"), CONFIG).expect("a config file");
            ServeCommand::new(DOCKET, data.path())
                .database(database)
                .env("DOCKET_PRIVACY__KEY_FILE", &keys)
                .start()
        };
        let serves: Vec<_> = folders.iter().map(start).collect();
        let key = key(folders[0].path());
        Self { serves, key, _folders: folders }
    }

    fn client(&self, n: usize) -> Client {
        let serve = &self.serves[n % self.serves.len()];
        Client::new(serve.base_url(), &self.key).expect("a connection")
    }

    /// Sets a coupon of 1.00 with these limits.
    fn coupon(&self, code: &str, limits: &Value) {
        let mut body = json!({
            "kind": "amount", "face": 100, "currency": "CNY", "class": "full_reduction"
        });
        for (name, limit) in limits.as_object().expect("an object") {
            body[name] = limit.clone();
        }
        let set = self.client(0).put(&format!("/api/coupons/{code}"), &body).expect("an answer");
        assert_eq!(set.status, 200, "{set:?}");
    }

    /// Places all of `orders` at once, each on a connection of its own, over every process.
    fn place_at_once(&self, orders: Vec<Value>) -> Vec<Got> {
        let start = Arc::new(Barrier::new(orders.len()));
        let waiting = orders.into_iter().enumerate().map(|(n, order)| {
            let (start, mut client) = (Arc::clone(&start), self.client(n));
            thread::spawn(move || {
                start.wait();
                client.post("/api/orders", &order).expect("an answer")
            })
        });
        let waiting: Vec<_> = waiting.collect();
        waiting.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    }

    /// How often a coupon is held and redeemed.
    fn uses(&self, code: &str) -> (i64, i64) {
        let found = self.client(0).get(&format!("/api/coupons/{code}")).expect("an answer").body;
        let number = |name: &str| found[name].as_i64().expect("a number");
        (number("held"), number("redeemed"))
    }

    /// How often orders that are not revoked have a coupon: unpaid and paid ones.
    fn had(&self, code: &str) -> (i64, i64) {
        let mut had = (0, 0);
        let mut cursor = String::new();
        loop {
            let path = format!("/api/orders?limit=200&expand=tree{cursor}");
            let page = self.client(0).get(&path).expect("a page").body;
            for order in page["orders"].as_array().expect("orders") {
                let coupons = order["coupons"].as_array().map_or(&[][..], Vec::as_slice);
                let has = coupons.iter().any(|coupon| coupon["code"] == code);
                match order["store_status"].as_str() {
                    Some("paid") if has => had.1 += 1,
                    Some("unpaid") if has => had.0 += 1,
                    _ => {}
                }
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return had,
            }
        }
    }

    fn operate(&self, n: usize, order: &Value, operation: &Value) -> Value {
        let id = order["order_id"].as_str().expect("a number");
        let path = format!("/api/orders/{id}/operations");
        let done = self.client(n).post(&path, operation).expect("an answer");
        assert_eq!(done.status, 200, "{done:?}");
        done.body
    }
}

fn order(buyer: &str, phone: &str, code: &str) -> Value {
    json!({
        "buyer_id": buyer, "currency": "CNY", "actor": {"kind": "buyer"}, "coupons": [{"code": code}],
        "buyer": {"phone": phone},
        "shops": [{"shop_id": "1", "items": [
            {"sku_id": "1", "title": "Tea", "quantity": "1", "list_price": 1000}
        ]}]
    })
}

/// Of the answers the orders that were placed; every other one says that this limit is reached.
fn placed(answers: &[Got], limit: &str) -> Vec<Value> {
    let is_placed = |got: &&Got| got.status == 201;
    for got in answers.iter().filter(|got| !is_placed(got)) {
        assert_eq!(
            (got.status, &got.body["code"]),
            (409, &json!("coupon_limit_reached")),
            "{got:?}"
        );
        assert_eq!(got.body["limit"], limit, "{got:?}");
    }
    answers.iter().filter(is_placed).map(|got| got.body.clone()).collect()
}

/// Every limit, by so many placements at once; then what is revoked is free again, once, and what is paid is
/// used up.
fn no_limit_is_passed(center: &Center) {
    let phone = |n: usize| format!("138{n:08}");
    center.coupon("ALL", &json!({"total_limit": LIMIT}));
    let of_many = (0..AT_ONCE).map(|n| order(&format!("b{n}"), &phone(n), "ALL")).collect();
    let first = placed(&center.place_at_once(of_many), "total");
    assert_eq!(first.len(), LIMIT);
    assert_eq!((center.uses("ALL"), center.had("ALL")), ((10, 0), (10, 0)));

    // Four are revoked, from everywhere at once and twice each; three are paid.
    let revoke = json!({"type": "revoke", "actor": {"kind": "buyer"}});
    thread::scope(|scope| {
        for n in 0..8 {
            let (first, revoke) = (&first, &revoke);
            scope.spawn(move || {
                let id = first[n / 2]["order_id"].as_str().expect("a number");
                let path = format!("/api/orders/{id}/operations");
                let got = center.client(n).post(&path, revoke).expect("an answer");
                assert!(matches!(got.status, 200 | 409), "{got:?}");
            });
        }
    });
    for (n, order) in first[4..7].iter().enumerate() {
        let paid = json!({
            "type": "payment_succeeded", "tender": "wechat", "reference": format!("w{n}"),
            "amount": order["payable"], "actor": {"kind": "gateway"}
        });
        center.operate(n, order, &paid);
    }
    assert_eq!((center.uses("ALL"), center.had("ALL")), ((3, 3), (3, 3)));
    let again = (0..AT_ONCE).map(|n| order(&format!("c{n}"), &phone(100 + n), "ALL")).collect();
    assert_eq!(placed(&center.place_at_once(again), "total").len(), 4);
    assert_eq!((center.uses("ALL"), center.had("ALL")), ((7, 3), (7, 3)));

    center.coupon("BUYER", &json!({"buyer_limit": 3}));
    let of_four = (0..AT_ONCE).map(|n| order(&format!("d{}", n % 4), &phone(200 + n), "BUYER"));
    let held = placed(&center.place_at_once(of_four.collect()), "per_buyer");
    let mut by_buyer: BTreeMap<&str, usize> = BTreeMap::new();
    for order in &held {
        *by_buyer.entry(order["buyer_id"].as_str().expect("a buyer")).or_default() += 1;
    }
    assert_eq!(by_buyer.into_values().collect::<Vec<_>>(), [3; 4]);
    assert_eq!((center.uses("BUYER"), center.had("BUYER")), ((12, 0), (12, 0)));

    center.coupon("DAY", &json!({"buyer_day_limit": 2}));
    let of_one = (0..AT_ONCE).map(|n| order("e", &phone(300 + n), "DAY")).collect();
    assert_eq!(placed(&center.place_at_once(of_one), "per_buyer_day").len(), 2);
    assert_eq!((center.uses("DAY"), center.had("DAY")), ((2, 0), (2, 0)));

    // Two orders with coupons a day and telephone, whoever the buyer.
    center.coupon("ANY", &json!({}));
    let of_one = (0..AT_ONCE).map(|n| order(&format!("f{n}"), "139 0000 0000", "ANY")).collect();
    assert_eq!(placed(&center.place_at_once(of_one), "per_phone_day").len(), 2);
    assert_eq!((center.uses("ANY"), center.had("ANY")), ((2, 0), (2, 0)));
}

#[test]
fn sixty_four_placements_at_once_pass_no_limit() {
    no_limit_is_passed(&Center::alone());
}

#[test]
fn two_processes_pass_no_limit() {
    let database = Database::Mariadb.fresh();
    no_limit_is_passed(&Center::of_two(&database));
}
