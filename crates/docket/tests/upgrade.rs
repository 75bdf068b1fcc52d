//! A database of the first release, with orders in it, is brought up: by one or by two at once, on every database, and
//! by the next who tries where one was killed in the middle.
//!
//! `fixtures/released/0001` is what `docket backup` of that release wrote of a small demo, as texts of SQL, with its
//! keys; what its orders were then stands beside it.

#[allow(dead_code)] // shared with the tests of faults
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::Client;
use docket_testkit::{Database, ServeCommand, TestDatabase, mariadb};
use run::{DOCKET, Ran, command, run};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use tempfile::TempDir;

const SQLITE: &str = include_str!("../../store/migrations/sqlite/0001_orders.sql");
const MYSQL: &str = include_str!("../../store/migrations/mysql/0001_orders.sql");
const ROWS: &str = include_str!("fixtures/released/0001.sql");
const KEYS: &str = include_str!("fixtures/released/0001.keys");
/// What the export of the release told of each order.
const ORDERS: &str = include_str!("fixtures/released/0001.json");

/// A center of the first release.
struct Released {
    data: TempDir,
    database: TestDatabase,
}

impl Released {
    fn on(kind: Database) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let keys = data.path().join("docket.keys");
        fs::write(&keys, KEYS).expect("space");
        fs::set_permissions(&keys, fs::Permissions::from_mode(0o600)).expect("ours");
        let database = kind.fresh();
        match kind {
            Database::Sqlite => {
                let path = database.url();
                let path = path.strip_prefix("sqlite:").expect("a file");
                let file = rusqlite::Connection::open(path).expect("a file");
                file.execute_batch("PRAGMA journal_mode = WAL").expect("a file");
                file.execute_batch(SQLITE).expect("the tables of the release");
                file.execute_batch(&format!("BEGIN;\n{ROWS}\nCOMMIT;")).expect("its rows");
                file.execute_batch("PRAGMA user_version = 1").expect("its version");
            }
            Database::Mariadb => {
                let url = database.url();
                let name = url.rsplit('/').next().expect("a name");
                let version = "create table schema_version (version bigint not null primary key); \
                               insert into schema_version values (1);";
                let modes = "set sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'";
                let script =
                    format!("{modes};\nuse {name};\n{version}\n{MYSQL}\nBEGIN;\n{ROWS}\nCOMMIT;\n");
                mariadb().run(&script).expect("the release");
            }
        }
        Self { data, database }
    }

    fn path(&self) -> &Path {
        self.data.path()
    }

    fn docket(&self, words: &[&str]) -> Ran {
        run(command(self.path(), words).env("DOCKET_DATABASE__URL", self.database.url()))
    }

    /// It holds the orders of the release, whole and as they were, and goes on with them.
    fn is_up(&self) {
        // Before it is served: deadlines of long ago would run at once.
        let known: Vec<Value> = serde_json::from_str(ORDERS).expect("a list");
        assert!(known.len() >= 20, "a release with hardly any order shows little");
        let told = self.docket(&["export"]).fine();
        let mut told: Vec<Value> = told.lines().map(summary).collect();
        told.sort_by_key(|order| order["order_id"].as_str().map(str::to_owned));
        assert_eq!(told, known);
        let deep = self.docket(&["check", "--deep", "--json"]);
        assert_eq!(deep.code, Some(0), "{deep:?}");
        // Deadlines of long ago passed while nobody served them; nothing else may differ.
        let reconciled = self.docket(&["reconcile", "--json"]).stdout;
        let found: Value = serde_json::from_str(&reconciled).expect("a report");
        assert_eq!(found["error"], Value::Null, "{reconciled}");
        let classes = found["classes"].as_array().expect("classes");
        assert!(classes.iter().all(|class| class["class"] == "deadline_passed"), "{reconciled}");
        let serve = ServeCommand::new(DOCKET, self.path()).database(&self.database).start();
        let scopes = "orders.read,orders.write";
        let words =
            ["key", "add", "test", "--scopes", scopes, "--actors", "buyer", "--issuer", "test"];
        let token = self.docket(&words).fine().trim().to_owned();
        let mut client = Client::new(serve.base_url(), &token).expect("a connection");
        for order in &known {
            let id = order["order_id"].as_str().expect("a number");
            let got = client.get(&format!("/api/orders/{id}")).expect("an answer");
            assert_eq!((got.status, &got.body["payable"]), (200, &order["payable"]), "{got:?}");
        }
        let items =
            json!([{"sku_id": "teapot", "title": "Teapot", "quantity": "1", "list_price": 15_900}]);
        let order = json!({"buyer_id": "b1", "currency": "CNY", "actor": {"kind": "buyer"},
            "shops": [{"shop_id": "51", "items": items, "ship_to":
                {"name": "王小明", "phone": "13800001111", "address": "1"}}]});
        let placed = client.post("/api/orders", &order).expect("an answer");
        assert_eq!(placed.status, 201, "{placed:?}");
    }
}

/// What is compared of an exported order.
fn summary(line: &str) -> Value {
    let order: Value = serde_json::from_str(line).expect("an order");
    let items = order["shops"].as_array().expect("shops").iter().flat_map(|shop| {
        let items = shop["items"].as_array().expect("lines");
        items.iter().map(|item| json!([item["title"], item["quantity"]]))
    });
    let mut said = json!({"items": items.collect::<Vec<_>>()});
    for word in [
        "order_id",
        "status",
        "store_status",
        "payment_status",
        "revoke_status",
        "refunded",
        "payable",
        "paid",
        "version",
        "tags",
    ] {
        said[word] = order[word].clone();
    }
    said["anomalies"] = json!(order["anomalies"].as_array().expect("a list").len());
    said
}

#[test]
fn a_database_of_the_first_release_is_brought_up_with_its_orders() {
    for kind in Database::ALL {
        let center = Released::on(kind);
        let told = center.docket(&["migrate", "--json"]).json();
        assert_eq!(told["before"], json!(1), "{told}");
        center.is_up();
    }
}

#[test]
fn two_at_once_bring_a_database_up_once() {
    for kind in Database::ALL {
        let center = Released::on(kind);
        let migrate = || {
            let mut command = command(center.path(), &["migrate"]);
            command.env("DOCKET_DATABASE__URL", center.database.url());
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().expect("a process")
        };
        for one in [migrate(), migrate(), migrate()] {
            let ended = one.wait_with_output().expect("an end");
            assert!(ended.status.success(), "{kind}: {ended:?}");
        }
        center.is_up();
    }
}

/// On a server each statement of a step commits by itself, so every place counts: before a statement and after it.
#[test]
fn whoever_dies_while_a_server_is_brought_up_is_followed_by_one_who_ends_it() {
    let statements = 1 + include_str!("../../store/migrations/mysql/0002_bounds.sql")
        .lines()
        .filter(|line| line.ends_with(';'))
        .count();
    let mut deaths = 0;
    for (place, times) in [("begun", 1), ("taken", 1), ("begun", 3), ("taken", 3), ("told", 1)]
        .into_iter()
        .chain([("taken", 7), ("begun", 11), ("taken", 14), ("taken", statements - 1)])
    {
        let center = Released::on(Database::Mariadb);
        let died = command(center.path(), &["migrate"])
            .env("DOCKET_DATABASE__URL", center.database.url())
            .env("DOCKET_FAILPOINT", format!("migrate.{place}:{times}"))
            .output()
            .expect("a process");
        assert_eq!(died.status.signal(), Some(9), "{place}:{times}: {died:?}");
        deaths += 1;
        center.docket(&["migrate"]).fine();
        // Who died after the last word leaves its notes to the next step.
        if place != "told" {
            let left = format!("use {}; select 1 from schema_progress", name(&center));
            assert!(mariadb().run(&left).is_err(), "what was noted on the way is gone");
        }
        if deaths % 4 == 1 {
            center.is_up();
        }
    }
}

/// A file takes a step whole or not at all.
#[test]
fn whoever_dies_while_a_file_is_brought_up_leaves_it_as_it_was() {
    for times in [1, 5, 12] {
        let center = Released::on(Database::Sqlite);
        let died = command(center.path(), &["migrate"])
            .env("DOCKET_DATABASE__URL", center.database.url())
            .env("DOCKET_FAILPOINT", format!("migrate.taken:{times}"))
            .output()
            .expect("a process");
        assert_eq!(died.status.signal(), Some(9), "{times}: {died:?}");
        let told = center.docket(&["migrate", "--json"]).json();
        assert_eq!(told["before"], json!(1), "{told}");
        center.is_up();
    }
}

/// Killed again and again: each gets one statement further.
#[test]
fn who_dies_at_every_statement_gets_there_all_the_same() {
    let center = Released::on(Database::Mariadb);
    let mut deaths = 0;
    loop {
        let ended = command(center.path(), &["migrate"])
            .env("DOCKET_DATABASE__URL", center.database.url())
            .env("DOCKET_FAILPOINT", "migrate.taken:2")
            .output()
            .expect("a process");
        if ended.status.signal() != Some(9) {
            assert!(ended.status.success(), "{ended:?}");
            break;
        }
        deaths += 1;
        assert!(deaths < 200, "it does not get on");
    }
    assert!(deaths > 10, "{deaths}");
    center.is_up();
}

/// What fails, and is no death, stays a failure: a table of somebody else is not taken for ours.
#[test]
fn a_table_of_somebody_else_is_not_taken_for_ours_whoever_tries_again() {
    let center = Released::on(Database::Mariadb);
    let name = name(&center);
    mariadb().run(&format!("use {name}; create table archive_copy (a int)")).expect("a table");
    for _ in 0..2 {
        let said = center.docket(&["migrate"]).refused(1);
        assert!(
            said.contains("step 2 of the schema stopped at `CREATE TABLE archive_copy (`"),
            "{said}"
        );
    }
    mariadb().run(&format!("use {name}; drop table archive_copy")).expect("dropped");
    center.docket(&["migrate"]).fine();
    center.is_up();
}

fn name(center: &Released) -> String {
    center.database.url().rsplit('/').next().expect("a name").to_owned()
}
