//! `kill -9` of a worker at places around claim, effect and finish of its tasks: orders are paid at a gateway, points
//! are kept by somebody else, and whatever dies where, every effect happens once and nothing is stuck.
//!
//! The server kills itself with SIGKILL where `DOCKET_FAILPOINT` says so, is started again without it, and goes on.

mod client;
#[allow(dead_code)] // shared with the tests of gateways, which need more of it
mod pay;
mod points;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;
#[allow(dead_code)] // shared with the tests of commands, which give tasks up
mod table;

use client::{Client, Got};
use docket_domain::Id;
use docket_testkit::{Database, Serve, ServeCommand, TestDatabase, eventually, within};
use pay::Sandbox;
use points::Ledger;
use run::{DOCKET, docket};
use serde_json::{Value, json};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::Duration;
use table::Table;
use tempfile::TempDir;

/// Where the worker of a payment is killed: around its claim, around what it brings about, around its finish.
const OF_A_PAYMENT: [&str; 12] = [
    "gateway_payment.claim.write",
    "gateway_payment.claim.commit",
    "gateway_payment.claim.committed",
    "gateway_payment.start",
    "net.sent",
    "payment_succeeded.write",
    "payment_succeeded.commit",
    "payment_succeeded.committed",
    "gateway_payment.end",
    "gateway_payment.finish.write",
    "gateway_payment.finish.commit",
    "gateway_payment.finish.committed",
];

/// Where the worker of a message to somebody else's ledger is killed, and that of money that goes back.
const OF_WHAT_FOLLOWS: [&str; 12] = [
    "ledger.claim.commit",
    "ledger.claim.committed",
    "ledger.start",
    "ledger.end",
    "ledger.finish.commit",
    "ledger.finish.committed",
    "gateway_refund.claim.committed",
    "gateway_refund.start",
    "gateway_refund.end",
    "refund_succeeded.commit",
    "refund_succeeded.committed",
    "gateway_refund.finish.commit",
];

/// What every payment brings about.
const BY_PAYMENT: [&str; 6] =
    ["coins.spend", "coupon.redeem", "gift.issue", "points.grant", "stock.deduct", "weigh.create"];
/// What comes back with the whole order.
const BY_REFUND: [&str; 4] =
    ["coins.return", "coupon.return.4", "gift.take_back", "points.reverse"];

/// Where the money of an order is at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Money {
    In,
    Back,
}

const ORDERS: u64 = 3;
const COINS: i64 = 1_000_000;
/// Of each order.
const PAYABLE: i64 = 2 * 6_000 + 990 + 600 - 90;
const PATIENCE: Duration = Duration::from_mins(1);

/// Money of `order` at the gateway: what came in, and what went back.
fn money_at(gateway: &Sandbox, order: &str) -> (i64, i64) {
    let truth = gateway.truth();
    let sum = |list: &str, status: &str| -> i64 {
        let all = truth[list].as_array().unwrap_or_else(|| panic!("{list}: {truth}")).iter();
        let meant = all.filter(|one| one["order_id"] == order && one["status"] == status);
        meant.map(|one| one["amount"].as_i64().expect("an amount")).sum()
    };
    (sum("payments", "paid"), sum("refunds", "done"))
}

/// A center whose orders have every effect, beside a gateway and a ledger that live through its deaths.
struct World {
    data: TempDir,
    database: TestDatabase,
    gateway: Sandbox,
    ledger: Ledger,
    key: String,
}

impl World {
    fn new(on: Database) -> Self {
        // Each its own: centers that share no database may give the same number twice.
        let (gateway, ledger) = (Sandbox::start(), Ledger::start());
        let data = tempfile::tempdir().expect("a folder");
        let config = format!(
            "[payments.sandbox]\nconnector = \"sandbox\"\nurl = \"{}\"\nmerchant = \"docket\"\nsecret = \"sandbox\"\n\
             [ledger.points]\nper = 100\nurl = \"{}\"\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n",
            gateway.url, ledger.url
        );
        std::fs::write(data.path().join("docket.toml"), config).expect("a config file");
        let words = [
            "key",
            "add",
            "test",
            "--issuer",
            "test",
            "--actors",
            "buyer,store,gateway",
            "--scopes",
            "orders.read,orders.write,payments,refunds,stock,coupons,tasks",
        ];
        let mut world = Self { data, database: on.fresh(), gateway, ledger, key: String::new() };
        let mut serve = world.serve().start();
        docket(world.data.path(), &words).fine().trim().clone_into(&mut world.key);
        world.set_the_stage(&serve);
        assert!(serve.terminate().success());
        world
    }

    fn serve(&self) -> ServeCommand {
        ServeCommand::new(DOCKET, self.data.path())
            .database(&self.database)
            .env("DOCKET_SCHEDULES__HOUSEKEEPING", "24h")
            // What somebody else listens on would otherwise be asked.
            .env("NO_PROXY", "127.0.0.1")
    }

    /// One that goes on where another was killed. Where several may share a database the dead one's leases must run
    /// out first; a file has one process, and the next one knows.
    fn serve_again(&self) -> Serve {
        let serve = self.serve().start();
        if self.database.url().starts_with("mysql:") {
            let mut client = self.client(&serve).expect("a connection");
            let page = client.get("/api/tasks?state=running").expect("a page").body;
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let table = Table::open(self.database.url()).await;
                for task in page["tasks"].as_array().expect("tasks") {
                    let text = |field: &str| task[field].as_str().expect("a text");
                    let id = Id(text("task_id").parse().expect("a number"));
                    table.run_out(id, text("claimed_by")).await;
                }
                table.close().await;
            });
        }
        serve
    }

    fn client(&self, serve: &Serve) -> io::Result<Client> {
        Client::new(serve.base_url(), &self.key)
    }

    fn set_the_stage(&self, serve: &Serve) {
        let mut client = self.client(serve).expect("a connection");
        let coins = json!({"balance": COINS, "currency": "CNY", "reason": "opening"});
        let pack = json!({"title": "Welcome", "currency": "CNY", "min_price": 1000});
        let coupon = json!({"title": "50 off", "kind": "amount", "face": 50, "currency": "CNY"});
        let stock = json!({"place": "main", "on_hand": "1000", "reason": "count"});
        for (path, body) in [
            ("/api/accounts/coins/b1", coins),
            ("/api/gift-packs/welcome", pack),
            ("/api/coupons/FIFTY", coupon),
            ("/api/stock/tea", stock),
        ] {
            let got = client.put(path, &body).expect("an answer");
            assert_eq!(got.status, 200, "{path}: {got:?}");
        }
    }

    fn order(n: u64) -> Value {
        let tea = json!({"sku_id": "tea", "title": "Tea", "quantity": "2", "list_price": 6000});
        let rice = json!({"sku_id": "rice", "title": "Rice", "quantity": "1", "list_price": 990,
                          "weighed": true});
        json!({"buyer_id": "b1", "currency": "CNY", "type": "goods", "client_token": format!("t{n}"),
               "coins": 40, "coupons": [{"code": "FIFTY"}], "actor": {"kind": "buyer"},
               "shops": [{"shop_id": "11", "freight": 600, "items": [tea, rice]}]})
    }

    /// Places the orders and pays them at the gateway; what was done before is not done again.
    fn pay_all(&self, serve: &Serve) -> io::Result<Vec<String>> {
        let mut client = self.client(serve)?;
        let mut orders = Vec::new();
        for n in 0..ORDERS {
            let placed = client.post("/api/orders", &Self::order(n))?;
            assert!(matches!(placed.status, 200 | 201), "{placed:?}");
            assert_eq!(placed.body["payable"], PAYABLE, "{placed:?}");
            let id = placed.body["order_id"].as_str().expect("a number").to_owned();
            Self::pay(&mut client, &id)?;
            orders.push(id);
        }
        Ok(orders)
    }

    fn pay(client: &mut Client, id: &str) -> io::Result<()> {
        let path = format!("/api/orders/{id}/payments");
        if client.get(&path)?.body["attempts"] == json!([]) {
            let ask = json!({"gateway": "sandbox", "tender": "wallet", "actor": {"kind": "buyer"}});
            let started = client.post(&path, &ask)?;
            assert_eq!(started.status, 200, "{started:?}");
        }
        let attempt = |state: &Value| state["attempts"][0].clone();
        let waits = until(client, &path, |state| {
            attempt(state)["pay_url"].is_string() || state["payment_status"] == "paid"
        })?;
        if let Some(url) = attempt(&waits)["pay_url"].as_str() {
            let (base, payment) = url.split_once("/pay/").expect("where to pay");
            let got = Client::new(base, "")?.post(&format!("/pay/{payment}"), &json!({}))?;
            assert!(matches!(got.status, 200 | 409), "paid now, or before: {got:?}");
        }
        until(client, &path, |state| state["payment_status"] == "paid").map(drop)
    }

    /// Gives each order back whole.
    fn give_all_back(&self, serve: &Serve, orders: &[String]) -> io::Result<()> {
        let mut client = self.client(serve)?;
        for id in orders {
            let path = format!("/api/orders/{id}");
            if client.get(&path)?.body["shops"][0]["refunds"] == json!([]) {
                let back =
                    json!({"type": "refund_by_store", "freight": true, "actor": {"kind": "store"}});
                let refunding = client.post(&format!("{path}/operations"), &back)?;
                assert_eq!(refunding.status, 200, "{refunding:?}");
            }
            until(&mut client, &path, |tree| tree["shops"][0]["store_status"] == "refunded")?;
        }
        Ok(())
    }

    /// Every task has been done: none waits, runs or was given up.
    fn wait_until_nothing_is_left(&self, serve: &Serve) {
        let mut client = self.client(serve).expect("a connection");
        let mut left = |state: &str| {
            let page = client.get(&format!("/api/tasks?state={state}")).expect("a page");
            page.body["tasks"].as_array().expect("tasks").clone()
        };
        eventually("every task is done", || {
            left("pending").is_empty() && left("running").is_empty()
        });
        let halted = [left("dead"), left("parked")].concat();
        assert!(halted.is_empty(), "{halted:?}");
    }

    /// Counts the rows of the ledgers.
    fn check(&self, serve: &Serve, orders: &[String], money: Money) {
        let mut client = self.client(serve).expect("a connection");
        for id in orders {
            let got = client.get(&format!("/api/orders/{id}/effects")).expect("effects");
            let mut effects: Vec<&str> = got.body["effects"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|effect| {
                    effect["effect"].as_str().expect("a key").split(':').next().expect("a word")
                })
                .collect();
            effects.sort_unstable();
            let mut expected = BY_PAYMENT.to_vec();
            if money == Money::Back {
                expected.extend(BY_REFUND);
            }
            expected.sort_unstable();
            assert_eq!(effects, expected, "{id}: {got:?}");
            let points: Vec<i64> = self
                .ledger
                .of(id)
                .iter()
                .map(|effect| effect["amount"].as_i64().expect("an amount"))
                .collect();
            assert_eq!(
                points.len(),
                if money == Money::Back { 2 } else { 1 },
                "{:?}",
                self.ledger.of(id)
            );
            let back = if money == Money::Back { PAYABLE } else { 0 };
            assert_eq!(
                money_at(&self.gateway, id),
                (PAYABLE, back),
                "money of {id} at the gateway"
            );
            let tree = client.get(&format!("/api/orders/{id}")).expect("the order").body;
            assert_eq!(
                (&tree["paid"], &tree["refunded"]),
                (&json!(PAYABLE), &json!(back)),
                "{tree}"
            );
            assert_eq!(
                (&tree["refunds_due"], &tree["anomalies"]),
                (&json!([]), &json!([])),
                "{tree}"
            );
        }
        let count = orders.len() as i64;
        let spent = if money == Money::Back { 0 } else { 40 * count };
        let coins = client.get("/api/accounts/coins/b1").expect("an account").body;
        assert_eq!(
            (&coins["balance"], &coins["held"]),
            (&json!(COINS - spent), &json!(0)),
            "{coins}"
        );
        let tea = client.get("/api/stock/tea").expect("stock").body;
        let left = if money == Money::Back { 1000 } else { 1000 - 2 * count };
        let place = &tea["places"][0];
        assert_eq!(
            (&place["on_hand"], &place["held"]),
            (&json!(left.to_string()), &json!("0")),
            "{tea}"
        );
    }
}

/// Reads `path` until what is there `holds`, or until nobody answers any more.
fn until(client: &mut Client, path: &str, holds: impl Fn(&Value) -> bool) -> io::Result<Value> {
    let mut last = Value::Null;
    let found = within(PATIENCE, || match client.get(path) {
        Err(gone) => Some(Err(gone)),
        Ok(Got { status, body }) => {
            assert_eq!(status, 200, "{body}");
            last.clone_from(&body);
            holds(&body).then_some(Ok(body))
        }
    });
    found.unwrap_or_else(|| panic!("{path} stays {last}"))
}

/// Whether it ended by SIGKILL.
fn was_killed(serve: &mut Serve) -> bool {
    serve.wait().signal() == Some(9)
}

fn in_parallel(points: &[&'static str], test: impl Fn(&str) + Sync) {
    thread::scope(|scope| {
        for some in points.chunks(points.len().div_ceil(4)) {
            let test = &test;
            scope.spawn(move || some.iter().for_each(|point| test(point)));
        }
    });
}

/// Kills the worker of payments at `point`, lets another go on, and counts.
fn pays_once(point: &str, on: Database) {
    let world = World::new(on);
    let mut killed = world.serve().env("DOCKET_FAILPOINT", point).start();
    // It is killed somewhere on the way, or just behind its end.
    let _ = world.pay_all(&killed);
    assert!(was_killed(&mut killed), "{point} is never reached");
    let serve = world.serve_again();
    let orders = world.pay_all(&serve).expect("it goes on");
    world.wait_until_nothing_is_left(&serve);
    world.check(&serve, &orders, Money::In);
    let effects = orders.len() * BY_PAYMENT.len();
    println!("{point:34} killed on {on:?}: {ORDERS} orders paid, {effects} effects, each once");
}

#[test]
fn a_worker_that_is_killed_at_any_of_twelve_places_pays_each_order_once() {
    in_parallel(&OF_A_PAYMENT, |point| pays_once(point, Database::Sqlite));
}

#[test]
fn a_worker_that_is_killed_on_mariadb_pays_each_order_once() {
    let around = [
        "gateway_payment.claim.committed",
        "payment_succeeded.commit",
        "gateway_payment.finish.write",
    ];
    in_parallel(&around, |point| pays_once(point, Database::Mariadb));
}

#[test]
fn a_worker_that_is_killed_while_it_tells_others_or_gives_back_does_so_once() {
    in_parallel(&OF_WHAT_FOLLOWS, |point| {
        let world = World::new(Database::Sqlite);
        let mut killed = world.serve().env("DOCKET_FAILPOINT", point).start();
        if let Ok(orders) = world.pay_all(&killed) {
            let _ = world.give_all_back(&killed, &orders);
        }
        assert!(was_killed(&mut killed), "{point} is never reached");
        let serve = world.serve_again();
        let orders = world.pay_all(&serve).expect("it goes on");
        world.give_all_back(&serve, &orders).expect("it goes on");
        world.wait_until_nothing_is_left(&serve);
        world.check(&serve, &orders, Money::Back);
        println!(
            "{point:34} killed: {ORDERS} orders given back, {} effects, each once",
            orders.len() * 9
        );
    });
}
