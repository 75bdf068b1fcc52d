//! `docket reconcile` on real processes: differences of every class, seeded by hand in the database, are found and
//! repaired where that is safe; a center at work has none.

#[allow(dead_code)] // shared with the tests of the mirror, which make tables
mod behind;
#[allow(dead_code)] // shared with the tests of faults, which read orders
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use behind::Behind;
use client::Client;
use docket_testkit::{Database, Serve, ServeCommand, TestDatabase, eventually};
use run::{DOCKET, Ran, run};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use tempfile::TempDir;

/// What a program may not repair.
const BY_HAND: [&str; 11] = [
    "belongs_to_nothing",
    "effect_missing",
    "gift_missing",
    "log_gap",
    "refund_stuck",
    "sealed_away",
    "snapshot_differs",
    "snapshot_missing",
    "sums_differ",
    "unreadable",
    "weigh_slip_missing",
];
/// What it repairs.
const SAFE: [&str; 10] = [
    "coins_differ",
    "coins_held_differ",
    "coupon_count_differs",
    "deadline_missing",
    "deadline_passed",
    "points_differ",
    "status_stale",
    "stock_held_differs",
    "stock_on_hand_differs",
    "unique_key_missing",
];

/// A center on a database of its own.
struct Shop {
    data: TempDir,
    database: TestDatabase,
    serve: Option<Serve>,
    client: Client,
}

fn docket(data: &Path, database: &TestDatabase, words: &[&str]) -> Ran {
    let mut command = run::command(data, words);
    run(command.env("DOCKET_DATABASE__URL", database.url()))
}

fn served(data: &Path, database: &TestDatabase) -> (Serve, Client) {
    let serve = ServeCommand::new(DOCKET, data)
        .database(database)
        .env("DOCKET_LEDGER__POINTS__PER", "100")
        .start();
    // A key has one name for ever; each process that is started has a key of its own.
    let name = format!("test{}", serve.pid());
    let words =
        ["key", "add", &name, "--scopes", "orders.read,orders.write,payments,stock,prices,coupons"];
    let actors = ["--actors", "buyer,till,store,gateway", "--issuer", "test"];
    let key = docket(data, database, &[&words[..], &actors].concat()).fine();
    let client = Client::new(serve.base_url(), key.trim()).expect("a connection");
    (serve, client)
}

fn order(n: u64) -> Value {
    json!({"buyer_id": format!("b{n}"), "buyer": {"name": "Ada", "phone": "13800001111"}, "currency": "CNY", "platform_discount": 100, "tags": ["vip"],
           "actor": {"kind": "buyer"}, "client_token": format!("t{n}"),
           "shops": [{"shop_id": "11", "items": [
               {"sku_id": "tea", "title": "Tea", "quantity": "2", "list_price": 1000},
               {"sku_id": "cup", "title": "Cup", "quantity": "1", "list_price": 500}]}]})
}

fn placed(client: &mut Client, n: u64) -> String {
    placed_as(client, &order(n))
}

fn placed_as(client: &mut Client, order: &Value) -> String {
    let got = client.post("/api/orders", order).expect("an answer");
    assert_eq!(got.status, 201, "{got:?}");
    got.body["order_id"].as_str().expect("a number").to_owned()
}

fn asked(client: &mut Client, order: &str, operation: &Value) {
    let got = client.post(&format!("/api/orders/{order}/operations"), operation);
    let got = got.expect("an answer");
    assert_eq!(got.status, 200, "{operation} {got:?}");
}

fn paid(client: &mut Client, order: &str, amount: i64) {
    let reference = format!("r-{order}-{amount}");
    let pay = json!({"type": "payment_succeeded", "tender": "wechat", "reference": reference,
                     "amount": amount, "actor": {"kind": "gateway"}});
    asked(client, order, &pay);
}

impl Shop {
    fn on(kind: Database) -> Self {
        let (data, database) = (tempfile::tempdir().expect("a folder"), kind.fresh());
        let (serve, mut client) = served(data.path(), &database);
        for sku in ["tea", "cup", "pot", "jar"] {
            let count = json!({"place": "main", "on_hand": "100000", "reason": "count"});
            let got = client.put(&format!("/api/stock/{sku}"), &count).expect("an answer");
            assert_eq!(got.status, 200, "{got:?}");
        }
        Self { data, database, serve: Some(serve), client }
    }

    fn stop(&mut self) {
        if let Some(mut serve) = self.serve.take() {
            assert!(serve.terminate().success());
        }
    }

    fn start(&mut self) {
        let (serve, client) = served(self.data.path(), &self.database);
        (self.serve, self.client) = (Some(serve), client);
    }

    fn reconcile(&self, words: &[&str]) -> Ran {
        docket(self.data.path(), &self.database, &[&["reconcile"], words].concat())
    }

    /// The findings of a run as JSON, and its exit code.
    fn found(&self, words: &[&str]) -> (Value, Option<i32>) {
        let ran = self.reconcile(&[words, &["--json"]].concat());
        let run = serde_json::from_str(ran.stdout.lines().next().unwrap_or_default());
        (run.unwrap_or_else(|error| panic!("{error}: {ran:?}")), ran.code)
    }
}

/// How many findings there are of each class, by state.
fn states(run: &Value) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for finding in run["findings"].as_array().expect("findings") {
        let word = |name: &str| finding[name].as_str().expect("a word").to_owned();
        assert!(word("en").len() > 20 && word("zh").chars().count() > 8, "{finding}");
        assert!(!word("en").contains('{') && !word("zh").contains('{'), "{finding}");
        found.entry(word("class")).or_default().push(word("state"));
    }
    found
}

fn put(client: &mut Client, path: &str, body: &Value) {
    let got = client.put(path, body).expect("an answer");
    assert_eq!(got.status, 200, "{path} {got:?}");
}

/// Orders that use and bring what ledgers hold: one that is paid, one that is not.
fn orders_of_ledgers(client: &mut Client) -> [String; 2] {
    let coins = json!({"balance": 5000, "currency": "CNY", "reason": "opening"});
    put(client, "/api/accounts/coins/rich", &coins);
    put(client, "/api/accounts/coins/idle", &coins);
    let coupon = json!({"title": "1 off", "kind": "amount", "face": 100, "currency": "CNY",
                        "class": "full_reduction", "total_limit": 1000});
    put(client, "/api/coupons/SAVE", &coupon);
    let pack = json!({"title": "Tea cup", "currency": "CNY", "min_price": 100});
    put(client, "/api/gift-packs/CUP", &pack);
    let mut order = order(900);
    order["buyer_id"] = json!("rich");
    order["coins"] = json!(300);
    order["coupons"] = json!([{"code": "SAVE"}]);
    order["shops"][0]["items"][1]["weighed"] = json!(true);
    // With a coupon the platform's discount is the coupon's.
    order.as_object_mut().expect("an order").remove("platform_discount");
    let paid_one = placed_as(client, &order);
    paid(client, &paid_one, 2100);
    order["client_token"] = json!("t901");
    [paid_one, placed_as(client, &order)]
}

/// Seeds at least one difference of each class of ledgers.
fn seed_ledgers(paid: &str, behind: &Behind) {
    behind
        .write("update account set balance = balance + 7 where ledger = 3 and owner = 'idle'", &[]);
    behind.write("update account set held = held + 5 where ledger = 3 and owner = 'rich'", &[]);
    behind.write("update account set balance = balance - 3 where ledger = 4 and owner = 'b1'", &[]);
    behind.write("update coupon_count set redeemed = redeemed + 2 where scope_key = 't:SAVE'", &[]);
    let lost = "effect = 'stock.deduct'";
    behind.write(&format!("delete from effect where tree = {paid} and {lost}"), &[]);
    behind.write(&format!("delete from gift where tree = {paid}"), &[]);
    behind.write(&format!("delete from weigh_slip where tree = {paid}"), &[]);
}

/// Seeds at least one difference of each class, each on an order of its own.
fn seed(shop: &mut Shop) {
    let orders: Vec<String> = (0..12).map(|n| placed(&mut shop.client, n)).collect();
    for order in &orders[..5] {
        paid(&mut shop.client, order, 2400);
    }
    paid(&mut shop.client, &orders[5], 2400);
    paid(&mut shop.client, &orders[5], 50);
    let [of_ledgers, _] = orders_of_ledgers(&mut shop.client);
    shop.stop();
    let behind = Behind::of(&shop.database);
    seed_ledgers(&of_ledgers, &behind);
    // A status that is missing, one that is wrong, a line's own, and a word it is found by.
    behind.write(&format!("update payment_order set status = -1 where id = {}", orders[6]), &[]);
    behind
        .write(&format!("update shop_order set store_status = 9 where tree = {}", orders[0]), &[]);
    behind.write(&format!("update item_order set status = 6 where tree = {}", orders[1]), &[]);
    behind.write(&format!("delete from order_term where tree = {}", orders[2]), &[]);
    behind.edit("payment_order", &orders[3], |facts| facts["platform_discount"] = json!(105));
    behind
        .write(&format!("delete from order_operation where tree = {} and seq = 1", orders[0]), &[]);
    behind.write(&format!("delete from order_snapshot where tree = {}", orders[1]), &[]);
    let zeros = if shop.database.kind() == Database::Sqlite {
        "zeroblob(32)"
    } else {
        "repeat(char(0), 32)"
    };
    behind.write(
        &format!("update order_snapshot set sha256 = {zeros} where tree = {}", orders[2]),
        &[],
    );
    behind.write(
        &format!(
            "delete from unique_key where tree = {} and cast(name as char) like 'payment%'",
            orders[4]
        ),
        &[],
    );
    let long_ago = 1_700_000_000_000_i64;
    behind.edit("payment_order", &orders[5], |facts| {
        facts["refunds_due"][0]["created_at"] = json!(long_ago);
    });
    behind.edit("payment_order", &orders[7], |facts| {
        facts.as_object_mut().expect("facts").remove("deadline");
    });
    behind.edit("payment_order", &orders[8], |facts| facts["deadline"]["at"] = json!(long_ago));
    for tree in &orders[7..9] {
        behind.write(&format!("update payment_order set due_at = null where id = {tree}"), &[]);
    }
    behind.write(&format!("update shop_order set body = '{{}}' where tree = {}", orders[9]), &[]);
    // People under a key that was never here, and a row of an order that is nowhere.
    behind.write(
        &format!(
            "update order_person set key_id = 9, sealed = {zeros} where tree = {}",
            orders[10]
        ),
        &[],
    );
    behind.write(
        "insert into order_phone (last4, phone, tree, created_at) values (1, 2, 4711, 3)",
        &[],
    );
    behind.write("update stock set held = held + 7000 where sku_id = 'pot'", &[]);
    behind.write("update stock set held = held - 1000 where sku_id = 'jar'", &[]);
    behind.write("update stock set on_hand = on_hand - 2000 where sku_id = 'jar'", &[]);
}

/// Differences of every class are found without a serve and beside one, the safe ones are repaired, and the
/// others stay.
fn every_class_is_found_and_the_safe_ones_are_repaired_on(kind: Database) {
    let mut shop = Shop::on(kind);
    seed(&mut shop);
    let (run, code) = shop.found(&[]);
    println!("{}", shop.reconcile(&[]).stdout);
    let found = states(&run);
    let mut all: Vec<_> = BY_HAND.into_iter().chain(SAFE).collect();
    all.sort_unstable();
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), all, "{found:?}");
    assert!(found.values().flatten().all(|state| state == "found"), "{found:?}");
    assert_eq!(found["stock_held_differs"].len(), 2, "{found:?}");
    assert_eq!(code, Some(1), "differences stay");
    // One class alone, and a word that is none.
    let (run, _) = shop.found(&["--class", "stock_held_differs"]);
    assert_eq!(states(&run).into_keys().collect::<Vec<_>>(), ["stock_held_differs"]);
    let said = shop.reconcile(&["--class", "stcok"]).refused(2);
    assert!(said.contains("stock_held_differs"), "{said}");
    let said = shop.reconcile(&["--since", "yesterday"]).refused(2);
    assert!(said.contains("2026-01-31T00:00:00Z"), "{said}");

    let ran = shop.reconcile(&["--since", "2099-01-01T00:00:00Z", "--class", "log_gap"]);
    assert!(ran.stderr.contains("orders looked at: 0\n"), "{ran:?}");

    shop.start();
    let (run, code) = shop.found(&["--repair"]);
    let (found, counted) = (states(&run), &run["classes"]);
    for word in SAFE {
        assert!(found[word].iter().all(|state| state == "repaired"), "{word}: {counted}");
    }
    for word in BY_HAND {
        assert!(found[word].iter().all(|state| state == "stays"), "{word}: {counted}");
    }
    assert_eq!(code, Some(1), "some stay");
    let (run, _) = shop.found(&["--repair"]);
    let found = states(&run);
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), BY_HAND, "{found:?}");
}

#[test]
fn every_class_is_found_and_the_safe_ones_are_repaired() {
    every_class_is_found_and_the_safe_ones_are_repaired_on(Database::Sqlite);
}

#[test]
fn every_class_is_found_and_the_safe_ones_are_repaired_on_a_server() {
    every_class_is_found_and_the_safe_ones_are_repaired_on(Database::Mariadb);
}

#[test]
fn a_run_that_died_keeps_nobody_waiting_for_long() {
    let shop = Shop::on(Database::Sqlite);
    shop.found(&[]);
    let behind = Behind::of(&shop.database);
    behind.write("update reconcile_run set finished_at = null", &[]);
    let said = shop.reconcile(&[]).refused(1);
    assert!(said.contains("ends after 20 seconds"), "{said}");
    behind.write("update reconcile_run set seen_at = seen_at - 20000", &[]);
    shop.reconcile(&[]).fine();
}

/// Places, pays, revokes and drops until told to stop.
fn traffic(base: &str, token: &str, stop: &AtomicBool, done: &AtomicU64, first: u64) {
    let mut client = Client::new(base, token).expect("a connection");
    for n in first.. {
        if stop.load(SeqCst) {
            return;
        }
        let order = placed(&mut client, n);
        match n % 3 {
            0 => paid(&mut client, &order, 2400),
            1 => asked(&mut client, &order, &json!({"type": "revoke", "actor": {"kind": "buyer"}})),
            _ => {}
        }
        done.fetch_add(1, SeqCst);
    }
}

fn a_center_at_work_has_no_differences_on(kind: Database) {
    let shop = Shop::on(kind);
    let serve = shop.serve.as_ref().expect("it runs");
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let words = ["key", "add", "busy", "--scopes", "orders.write,orders.read,payments,prices"];
    let actors = ["--actors", "buyer,gateway", "--issuer", "busy"];
    let words = [&words[..], &actors].concat();
    let key = docket(shop.data.path(), &shop.database, &words).fine().trim().to_owned();
    let workers: Vec<_> = (1..5)
        .map(|worker| {
            let (base, key) = (serve.base_url().to_owned(), key.clone());
            let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
            thread::spawn(move || traffic(&base, &key, &stop, &done, worker * 1_000_000))
        })
        .collect();
    eventually("there are orders", || done.load(SeqCst) > 100);
    for _ in 0..5 {
        let before = done.load(SeqCst);
        let ran = shop.reconcile(&["--repair"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains("Nothing differs"), "{ran:?}");
        assert!(done.load(SeqCst) > before, "orders came while it ran");
    }
    stop.store(true, SeqCst);
    for worker in workers {
        worker.join().expect("no worker failed");
    }
    assert_eq!(shop.reconcile(&["--json"]).code, Some(0));
}

#[test]
fn a_center_at_work_has_no_differences() {
    a_center_at_work_has_no_differences_on(Database::Sqlite);
}

#[test]
fn a_center_at_work_has_no_differences_on_a_server() {
    a_center_at_work_has_no_differences_on(Database::Mariadb);
}
