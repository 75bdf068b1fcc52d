//! `[mirror]` with real processes and both kinds of database: an old table is written after each change, also when
//! its database was away; it is filled from history, compared, and its missing statuses are filled.

#[allow(dead_code)] // shared with the tests of reconcile, which change facts
mod behind;
#[allow(dead_code)] // shared with the tests of faults, which read orders
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use behind::Behind;
use client::Client;
use docket_testkit::{Database, ServeCommand, TestDatabase, eventually};
use run::{DOCKET, docket};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const THEIRS: &str = "create table old_orders (order_no bigint primary key, ver bigint, state varchar(20), \
                      shop varchar(64), paid_cents bigint, placed varchar(19), back int)";

const CONFIG: &str = r#"
[mirror]
table = "old_orders"
key = "order_no"
level = "shop"
times = "Asia/Shanghai"
[mirror.columns]
ver = "version"
state = "store_status"
shop = "shop_id"
paid_cents = "paid"
placed = "created_at"
back = "refund"
[mirror.codes.state]
unpaid = "WAIT"
paid = "OK"
revoked = "GONE"
[mirror.codes.back]
none = 0
applied = 1
"#;

/// A center with an old table in a database of its own.
struct Shop {
    data: TempDir,
    theirs: TestDatabase,
}

impl Shop {
    fn on(kind: Database) -> Self {
        let (data, theirs) = (tempfile::tempdir().expect("a folder"), kind.fresh());
        if kind == Database::Sqlite {
            let path = theirs.url().replace("sqlite:", "");
            std::fs::write(path, "").expect("an empty file is an empty database");
        }
        Self { data, theirs }
    }

    fn config(&self, mirror: &str) {
        let url = format!("url = \"{}\"", self.theirs.url());
        let text = mirror.replace("[mirror]", &format!("[mirror]\n{url}"));
        std::fs::write(self.data.path().join("docket.toml"), text).expect("written");
    }

    fn behind(&self) -> Behind {
        Behind::of(&self.theirs)
    }

    fn state(&self, shop_order: &str) -> Option<String> {
        let sql = format!("select state from old_orders where order_no = {shop_order}");
        self.behind().ask(&sql).into_iter().next().flatten()
    }
}

fn key(data: &Path) -> String {
    let words = ["key", "add", "test", "--scopes", "orders.read,orders.write,payments,tasks"];
    let actors = ["--actors", "buyer,gateway", "--issuer", "test"];
    docket(data, &[&words[..], &actors].concat()).fine().trim().to_owned()
}

/// Places an order; answers its number and that of its shop order.
fn placed(client: &mut Client) -> (String, String) {
    let order = json!({"buyer_id": "b1", "currency": "CNY", "actor": {"kind": "buyer"},
        "shops": [{"shop_id": "11", "items": [
            {"sku_id": "tea", "title": "Tea", "quantity": "2", "list_price": 1000}]}]});
    let got = client.post("/api/orders", &order).expect("an answer");
    assert_eq!(got.status, 201, "{got:?}");
    let text = |value: &Value| value.as_str().expect("a number").to_owned();
    (text(&got.body["order_id"]), text(&got.body["shops"][0]["order_id"]))
}

fn asked(client: &mut Client, order: &str, operation: &Value) {
    let path = format!("/api/orders/{order}/operations");
    let got = client.post(&path, operation).expect("an answer");
    assert_eq!(got.status, 200, "{got:?}");
}

fn paid(client: &mut Client, order: &str) {
    let pay = json!({"type": "payment_succeeded", "tender": "wechat", "reference": order,
                     "amount": 2000, "actor": {"kind": "gateway"}});
    asked(client, order, &pay);
}

/// The same as the commands, as programs ask it: nothing waits, and nothing differs on any page.
fn asked_over_the_api(client: &mut Client) {
    let state = client.get("/api/mirror").expect("an answer").body;
    assert_eq!((&state["table"], &state["dead"]), (&json!("old_orders"), &json!(0)), "{state}");
    for path in ["/api/mirror/backfill", "/api/mirror/verify"] {
        let page = client.post(path, &json!({})).expect("an answer").body;
        assert_eq!((&page["looked_at"], &page["differences"]), (&json!(3), &json!([])), "{page}");
        let last = client.post(path, &json!({"after": page["next"]})).expect("an answer").body;
        assert_eq!((&last["looked_at"], &last["next"]), (&json!(0), &Value::Null), "{last}");
    }
}

fn an_old_table_is_kept_alive_on(kind: Database) {
    let shop = Shop::on(kind);
    let data = shop.data.path();
    // History from before the mirror.
    let serve = ServeCommand::new(DOCKET, data).start();
    let key = key(data);
    let mut client = Client::new(serve.base_url(), &key).expect("a connection");
    let (old, old_shop) = placed(&mut client);
    paid(&mut client, &old);
    drop(serve);

    // Written after each change, also once their table is there at last.
    shop.config(CONFIG);
    let serve = ServeCommand::new(DOCKET, data).start();
    let mut client = Client::new(serve.base_url(), &key).expect("a connection");
    let (order, shop_order) = placed(&mut client);
    paid(&mut client, &order);
    let waits = || docket(data, &["mirror", "status", "--json"]).json();
    eventually("the write waits for their table", || {
        let state = waits();
        state["reachable"] == false && state["waiting"].as_u64() >= Some(1)
    });
    shop.behind().make(THEIRS);
    eventually("it is written", || shop.state(&shop_order).as_deref() == Some("OK"));
    let row = |column: &str| {
        shop.behind().one(&format!("select {column} from old_orders where order_no = {shop_order}"))
    };
    assert_eq!(
        (row("paid_cents"), row("shop"), row("back")),
        ("2000".into(), "11".into(), "0".into())
    );
    assert_eq!(row("placed").len(), 19, "a time as they write it");
    let (gone, gone_shop) = placed(&mut client);
    eventually("a new one is written", || shop.state(&gone_shop).as_deref() == Some("WAIT"));
    asked(&mut client, &gone, &json!({"type": "revoke", "actor": {"kind": "buyer"}}));
    eventually("its change is written", || shop.state(&gone_shop).as_deref() == Some("GONE"));

    // What was before is missing, filled, and then nothing differs.
    let said = docket(data, &["mirror", "verify", "--json"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stdout.contains("mirror_missing") && said.stdout.contains(&old_shop), "{said:?}");
    docket(data, &["mirror", "backfill"]).fine();
    assert_eq!(shop.state(&old_shop).as_deref(), Some("OK"));
    docket(data, &["mirror", "verify"]).fine();

    // Seeded differences are found by class, and their rows are written anew.
    let behind = shop.behind();
    behind.write(&format!("update old_orders set state = null where order_no = {old_shop}"), &[]);
    behind
        .write(&format!("update old_orders set paid_cents = 5 where order_no = {shop_order}"), &[]);
    behind.write(&format!("delete from old_orders where order_no = {gone_shop}"), &[]);
    let found = docket(data, &["mirror", "verify", "--repair", "--json"]).json();
    let classes = json!({"mirror_differs": 1, "mirror_missing": 1, "mirror_status_missing": 1});
    assert_eq!(found["classes"], classes, "{found}");
    eventually("what was seeded is filled", || {
        shop.state(&old_shop).as_deref() == Some("OK")
            && shop.state(&gone_shop).as_deref() == Some("GONE")
            && row("paid_cents") == "2000"
    });
    docket(data, &["mirror", "verify"]).fine();
    asked_over_the_api(&mut client);
    // A late write does not go back behind a newer row.
    behind.write(
        &format!("update old_orders set ver = 99, state = 'NEW' where order_no = {shop_order}"),
        &[],
    );
    docket(data, &["mirror", "backfill"]).fine();
    assert_eq!(shop.state(&shop_order).as_deref(), Some("NEW"));
}

#[test]
fn an_old_table_is_kept_alive() {
    an_old_table_is_kept_alive_on(Database::Sqlite);
}

#[test]
fn an_old_table_is_kept_alive_on_a_server() {
    an_old_table_is_kept_alive_on(Database::Mariadb);
}

#[test]
fn a_mirror_that_is_not_set_or_lacks_a_column_is_said() {
    let shop = Shop::on(Database::Sqlite);
    docket(shop.data.path(), &["init"]).fine();
    let said = docket(shop.data.path(), &["mirror", "backfill"]).refused(1);
    assert!(said.contains("[mirror]") && !said.contains("--after"), "{said}");
    shop.behind().make("create table old (order_id integer primary key, ver integer)");
    let told = |columns: &str| -> Vec<Value> {
        shop.config(&format!("[mirror]\ntable = \"old\"\n[mirror.columns]\n{columns}"));
        let checks = docket(shop.data.path(), &["check", "--json"]).json()["checks"].take();
        let all = checks.as_array().expect("checks").iter();
        all.filter(|check| check["what"] == "mirror").map(|check| check["mark"].clone()).collect()
    };
    let marks: Vec<Value> = [
        told("ver = \"version\""),
        told("vers = \"version\""),
        told("ver = \"version\"\nstate = \"store_status\""),
    ]
    .concat();
    assert_eq!(marks, ["fine", "warning", "warning"]);
}

#[test]
fn a_mirror_that_cannot_be_is_refused_before_anything_is_done() {
    let shop = Shop::on(Database::Sqlite);
    let refused = |config: &str, wanted: &str| {
        shop.config(config);
        let said = docket(shop.data.path(), &["check"]).refused(1);
        assert!(said.contains(wanted), "{wanted}: {said}");
    };
    refused("[mirror]\n[mirror.columns]\nstate = \"store_status\"\n", "version");
    refused("[mirror]\n[mirror.columns]\nver = \"versoin\"\n", "versoin");
    refused("[mirror]\ntable = \"a`b\"\n[mirror.columns]\nver = \"version\"\n", "mirror.table");
    refused("[mirror]\n[mirror.columns]\n\"a;b\" = \"version\"\n", "a;b");
    refused(
        "[mirror]\ntimes = \"Mars/Base\"\n[mirror.columns]\nver = \"version\"\n",
        "mirror.times",
    );
}
