//! An order with tax on top, over HTTP and by command, on every database.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::Client;
use docket_testkit::{Database, ServeCommand, TestDatabase};
use run::{DOCKET, Ran};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// 3 × 33.33 and 2 × 10.00, off them 5.00 of the shop and 3.00 of the platform; freight 7.00; taxes of 13.01, 2.47 and
/// 0.91 on top. Coins and a third party pay a part.
fn order() -> Value {
    json!({"buyer_id": "b1", "currency": "EUR", "tax_included": false, "platform_discount": 300, "coins": 777,
        "third_party_discount": 111, "actor": {"kind": "buyer"},
        "shops": [{"shop_id": "11", "freight": 700, "freight_tax": 91, "shop_discount": 500, "items": [
            {"sku_id": "cup", "quantity": "3", "list_price": 3333, "tax": 1301},
            {"sku_id": "pot", "quantity": "2", "list_price": 1000, "tax": 247}]}]})
}

const GOODS: i64 = 3 * 3333 + 2 * 1000 - 500 - 300;
const TAXES: i64 = 1301 + 247 + 91;
const PAYABLE: i64 = GOODS + 700 + TAXES - 777 - 111;

fn on(database: &TestDatabase, data: &Path, words: &[&str]) -> Ran {
    run::run(run::command(data, words).env("DOCKET_DATABASE__URL", database.url()))
}

/// A connection whose answers must be fine.
struct Desk(Client);

impl Desk {
    fn post(&mut self, path: &str, body: &Value) -> Value {
        let got = self.0.post(path, body).expect("an answer");
        assert!(matches!(got.status, 200 | 201), "{path} {body}: {got:?}");
        got.body
    }

    fn get(&mut self, path: &str) -> Value {
        let got = self.0.get(path).expect("an answer");
        assert_eq!(got.status, 200, "{path}: {got:?}");
        got.body
    }

    fn operate(&mut self, order: &str, actor: &str, mut operation: Value) -> Value {
        operation["actor"] = json!({"kind": actor});
        self.post(&format!("/api/orders/{order}/operations"), &operation)
    }

    /// The store gives something back, and the money goes.
    fn give(&mut self, order: &str, mut asked: Value) -> Value {
        asked["type"] = json!("refund_by_store");
        let tree = self.operate(order, "store", asked);
        let newest = tree["shops"][0]["refunds"].as_array().expect("refunds").last().cloned();
        let refund = newest.expect("a refund");
        let (id, number) = (&refund["refund_id"], refund["refund_id"].as_str().expect("a number"));
        self.operate(
            order,
            "gateway",
            json!({"type": "refund_succeeded", "refund_id": id, "reference": number}),
        );
        refund
    }
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is an amount"))
}

fn sum(nodes: &Value, name: &str) -> i64 {
    nodes.as_array().expect("a list").iter().map(|node| number(&node[name])).sum()
}

#[test]
fn an_order_with_tax_on_top_is_quoted_paid_and_given_back_to_the_last_minor_unit() {
    for kind in Database::ALL {
        let (data, database) = (tempfile::tempdir().expect("a folder"), kind.fresh());
        let serve = ServeCommand::new(DOCKET, data.path()).database(&database).start();
        let words = [
            "key",
            "add",
            "t",
            "--scopes",
            "orders.read,orders.write,prices,payments,refunds,admin",
            "--actors",
            "buyer,seller,store,till,gateway",
        ];
        let key = on(&database, data.path(), &words).fine();
        let mut desk = Desk(Client::new(serve.base_url(), key.trim()).expect("it listens"));

        let mut asked = order();
        let quote = desk.post("/api/quotes", &asked);
        asked["expected_total"] = json!(PAYABLE);
        let tree = desk.post("/api/orders", &asked);
        for (name, amount) in
            [("price", GOODS), ("freight", 700), ("tax", TAXES), ("payable", PAYABLE)]
        {
            assert_eq!(
                (number(&quote[name]), number(&tree[name])),
                (amount, amount),
                "{kind}: {name}"
            );
        }
        assert_eq!((&quote["tax_included"], &tree["tax_included"]), (&json!(false), &json!(false)));
        let shop = &tree["shops"][0];
        assert_eq!(shop["to_pay"], quote["shops"][0]["to_pay"]);
        assert_eq!((number(&shop["to_pay"]), number(&shop["tax"])), (PAYABLE, TAXES));
        assert_eq!(number(&shop["freight_tax"]), 91);
        let shares = &shop["freight_shares"];
        let freight = 700 + 91 - number(&shares["coins"]) - number(&shares["third_party"]);
        assert_eq!(sum(&shop["items"], "to_pay") + freight, PAYABLE);
        assert_eq!(sum(&shop["items"], "tax") + 91, TAXES);

        let id = tree["order_id"].as_str().expect("a number").to_owned();
        priced_again(&mut desk, &id, shop);
        let pay = json!({"type": "payment_succeeded", "tender": "card", "reference": "c-1", "amount": PAYABLE});
        let tree = desk.operate(&id, "gateway", pay);
        assert_eq!((&tree["payment_status"], number(&tree["paid"])), (&json!("paid"), PAYABLE));

        let tree = given_back(&mut desk, &id, shop);
        is_told(&database, data.path(), &mut desk, &id);
        travels(&database, data.path(), &tree);
    }
}

/// Another price, its tax carried on; then with another tax; then as it was agreed first.
fn priced_again(desk: &mut Desk, id: &str, shop: &Value) {
    let line = |at: usize| shop["items"][at]["order_id"].clone();
    let tree = desk.operate(id, "seller", json!({"type": "adjust_price", "shop_discount": 0}));
    assert_eq!(number(&tree["payable"]), PAYABLE + 500);
    let taxes = json!([{"order_id": line(0), "tax": 1400}]);
    let tree = desk.operate(
        id,
        "seller",
        json!({"type": "adjust_price", "freight_tax": 100, "lines": taxes}),
    );
    assert_eq!(number(&tree["payable"]), PAYABLE + 500 + 9 + 99);
    let taxes = json!([{"order_id": line(0), "tax": 1301}]);
    let back =
        json!({"type": "adjust_price", "shop_discount": 500, "freight_tax": 91, "lines": taxes});
    let tree = desk.operate(id, "seller", back);
    assert_eq!((number(&tree["payable"]), &tree["terms_version"]), (PAYABLE, &json!(4)));
}

/// In parts: a piece, some freight, goods of another line, and all that is left.
fn given_back(desk: &mut Desk, id: &str, shop: &Value) -> Value {
    let line = |at: usize| shop["items"][at]["order_id"].clone();
    let one = desk.give(id, json!({"lines": [{"order_id": line(0), "quantity": "1"}]}));
    assert_eq!((number(&one["tax"]), number(&one["lines"][0]["tax"])), (433, 433), "1301 / 3");
    let freight = desk.give(id, json!({"lines": [], "freight": 100}));
    assert!(number(&freight["tax"]) > 0 && number(&freight["amount"]) == 100, "{freight}");
    desk.give(id, json!({"lines": [{"order_id": line(1)}]}));
    desk.give(id, json!({"freight": true}));
    let tree = desk.get(&format!("/api/orders/{id}"));
    let refunds = &tree["shops"][0]["refunds"];
    assert_eq!((&tree["status"], number(&tree["refunded"])), (&json!("closed"), PAYABLE));
    assert_eq!((sum(refunds, "amount"), sum(refunds, "tax")), (PAYABLE, TAXES));
    assert_eq!((sum(refunds, "coins"), sum(refunds, "third_party")), (777, 111));
    let too_much =
        json!({"type": "refund_by_store", "lines": [], "freight": 1, "actor": {"kind": "store"}});
    let got = desk.0.post(&format!("/api/orders/{id}/operations"), &too_much).expect("an answer");
    assert_eq!(got.status, 422, "{got:?}");
    tree
}

/// What was agreed says it, the story tells it, and nothing disagrees.
fn is_told(database: &TestDatabase, data: &Path, desk: &mut Desk, id: &str) {
    let agreed = desk.get(&format!("/api/orders/{id}/snapshots")).to_string();
    assert!(
        agreed.contains("\"tax_included\":false") && agreed.contains("\"freight_tax\":91"),
        "{agreed}"
    );
    let told = on(database, data, &["explain", id]).fine();
    assert!(told.contains("with tax of 16.39 EUR") && told.contains("+ tax 16.39"), "{told}");
    let told = on(database, data, &["explain", id, "--lang", "zh"]).fine();
    assert!(told.contains("含税"), "{told}");
    let found = on(database, data, &["reconcile", "--json"]).json();
    assert_eq!(found["findings"], json!([]), "{found}");
}

/// The order in another center: as a line whole, as rows of a CSV with its sums.
fn travels(database: &TestDatabase, data: &Path, tree: &Value) {
    let (lines, sheets) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let file = lines.path().join("orders.jsonl");
    fs::write(&file, on(database, data, &["export", "--format", "jsonl"]).fine()).expect("written");
    run::docket(lines.path(), &["import", "orders.jsonl"]).fine();
    let there = the_one_of(lines.path());
    for pointer in [
        "/tax",
        "/tax_included",
        "/payable",
        "/paid",
        "/refunded",
        "/status",
        "/shops/0/tax",
        "/shops/0/freight_tax",
        "/shops/0/to_pay",
        "/shops/0/items/0/tax",
        "/shops/0/items/1/to_pay",
    ] {
        assert_eq!(there.pointer(pointer), tree.pointer(pointer), "{pointer}");
    }
    for name in ["amount", "tax", "freight"] {
        assert_eq!(
            sum(&there["shops"][0]["refunds"], name),
            sum(&tree["shops"][0]["refunds"], name),
            "{name}"
        );
    }
    assert_eq!(there["anomalies"], json!([]));

    for format in [&["export", "--format", "csv"][..], &["export", "--spreadsheet"]] {
        let folder = tempfile::tempdir_in(sheets.path()).expect("a folder");
        let rows = on(database, data, format).fine();
        assert!(
            rows.lines()
                .next()
                .is_some_and(|head| head.contains(",tax,") && head.contains("tax_included"))
        );
        fs::write(folder.path().join("orders.csv"), rows).expect("written");
        run::docket(folder.path(), &["import", "orders.csv"]).fine();
        let there = the_one_of(folder.path());
        for pointer in
            ["/tax", "/tax_included", "/payable", "/shops/0/freight_tax", "/shops/0/items/0/tax"]
        {
            assert_eq!(there.pointer(pointer), tree.pointer(pointer), "{format:?}: {pointer}");
        }
    }
}

fn the_one_of(data: &Path) -> Value {
    let lines = run::docket(data, &["export", "--format", "jsonl"]).fine();
    assert_eq!(lines.lines().count(), 1, "{lines}");
    serde_json::from_str(lines.trim()).expect("a tree")
}
