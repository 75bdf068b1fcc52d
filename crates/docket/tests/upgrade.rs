//! A database of each release, with orders in it, is brought up: by one or by two at once, on every database, and by
//! the next who tries where one was killed in the middle.
//!
//! `fixtures/released/0001` is what `docket backup` of that release wrote of a small demo, as texts of SQL, with its
//! keys; what its orders were then stands beside it. `0002` and `0003` hold orders in every state; `released.rs` made them, and
//! makes the next one.

#[allow(dead_code)] // shared with the tests of faults
mod client;
#[allow(dead_code)] // shared with the one who writes the fixtures
mod compared;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;
mod states;

use client::Client;
use docket_domain::{Id, Time, change};
use docket_store::Store;
use docket_testkit::{Database, ServeCommand, TestDatabase, mariadb};
use run::{DOCKET, Ran, command, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// What a release left behind.
struct Release {
    /// The number of its schema.
    schema: usize,
    /// Rows of every table, as statements that both databases read.
    rows: &'static str,
    keys: &'static str,
    /// What its export told of each order.
    orders: &'static str,
    /// What is compared of orders that are told now, given what was told then.
    compared: fn(Vec<Value>, &[Value]) -> Vec<Value>,
}

const RELEASES: [Release; 3] = [
    Release {
        schema: 1,
        rows: include_str!("fixtures/released/0001.sql"),
        keys: include_str!("fixtures/released/0001.keys"),
        orders: include_str!("fixtures/released/0001.json"),
        compared: |told, _| told.iter().map(summary).collect(),
    },
    Release {
        schema: 2,
        rows: include_str!("fixtures/released/0002.sql"),
        keys: include_str!("fixtures/released/0002.keys"),
        orders: include_str!("fixtures/released/0002.json"),
        compared: whole,
    },
    Release {
        schema: 3,
        rows: include_str!("fixtures/released/0003.sql"),
        keys: include_str!("fixtures/released/0003.keys"),
        orders: include_str!("fixtures/released/0003.json"),
        compared: whole,
    },
];

/// The steps of the schema, on a file and on a server. Released ones never change.
const STEPS: &[[&str; 2]] = &[
    [
        include_str!("../../store/migrations/sqlite/0001_orders.sql"),
        include_str!("../../store/migrations/mysql/0001_orders.sql"),
    ],
    [
        include_str!("../../store/migrations/sqlite/0002_bounds.sql"),
        include_str!("../../store/migrations/mysql/0002_bounds.sql"),
    ],
    [
        include_str!("../../store/migrations/sqlite/0003_spine.sql"),
        include_str!("../../store/migrations/mysql/0003_spine.sql"),
    ],
];

/// A center of a release.
struct Released {
    release: &'static Release,
    data: TempDir,
    database: TestDatabase,
}

impl Released {
    fn on(kind: Database, release: &'static Release) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let keys = data.path().join("docket.keys");
        fs::write(&keys, release.keys).expect("space");
        fs::set_permissions(&keys, fs::Permissions::from_mode(0o600)).expect("ours");
        let (database, rows, schema) = (kind.fresh(), release.rows, release.schema);
        let steps = |at: usize| STEPS[..schema].iter().map(|step| step[at]).collect::<String>();
        match kind {
            Database::Sqlite => {
                let path = database.url();
                let path = path.strip_prefix("sqlite:").expect("a file");
                let file = rusqlite::Connection::open(path).expect("a file");
                file.execute_batch("PRAGMA journal_mode = WAL").expect("a file");
                file.execute_batch(&steps(0)).expect("the tables of the release");
                file.execute_batch(&format!("BEGIN;\n{rows}\nCOMMIT;")).expect("its rows");
                file.execute_batch(&format!("PRAGMA user_version = {schema}")).expect("a version");
            }
            Database::Mariadb => {
                let url = database.url();
                let name = url.rsplit('/').next().expect("a name");
                let versions: Vec<_> = (1..=schema).map(|step| format!("({step})")).collect();
                let versions = versions.join(", ");
                let table = "create table schema_version (version bigint not null primary key)";
                let modes = "set sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'";
                let tables = steps(1);
                let script = format!(
                    "{modes};\nuse {name};\n{table};\ninsert into schema_version values {versions};\n{tables}\nBEGIN;\n{rows}\nCOMMIT;\n"
                );
                mariadb().run(&script).expect("the release");
            }
        }
        Self { release, data, database }
    }

    fn path(&self) -> &Path {
        self.data.path()
    }

    fn docket(&self, words: &[&str]) -> Ran {
        run(command(self.path(), words).env("DOCKET_DATABASE__URL", self.database.url()))
    }

    /// It was not brought up yet, and is now. What the newest release has is looked through before that as well, though it
    /// lacks the newest tables; older ones lack columns that orders are read by.
    fn migrates(&self) {
        if self.release.schema >= 3 {
            let deep = self.docket(&["check", "--deep"]);
            assert!(deep.stdout.contains("damage: none"), "{deep:?}");
        }
        let told = self.docket(&["migrate", "--json"]).json();
        assert_eq!(told["before"], json!(self.release.schema), "{told}");
    }

    /// It holds the orders of the release, whole and as they were, and goes on with them.
    fn is_up(&self) {
        // Before it is served: deadlines of long ago would run at once.
        let known = known(self.release);
        let told = self.docket(&["export"]).fine();
        let mut told: Vec<Value> =
            told.lines().map(|line| serde_json::from_str(line).expect("an order")).collect();
        told.sort_by_key(|order| order["order_id"].as_str().map(str::to_owned));
        for (told, known) in (self.release.compared)(told, &known).iter().zip(&known) {
            assert_eq!(told, known);
        }
        self.every_log_undoes(known.len());
        let deep = self.docket(&["check", "--deep", "--json"]);
        assert_eq!(deep.code, Some(0), "{deep:?}");
        // Deadlines of long ago passed while nobody served them; nothing else may differ.
        let reconciled = self.docket(&["reconcile", "--json"]);
        assert!(!reconciled.stdout.is_empty(), "{reconciled:?}");
        let found: Value = serde_json::from_str(&reconciled.stdout).expect("a report");
        assert_eq!(found["error"], Value::Null, "{reconciled:?}");
        let classes = found["classes"].as_array().expect("classes");
        assert!(classes.iter().all(|class| class["class"] == "deadline_passed"), "{reconciled:?}");
        self.goes_on(&known);
    }

    /// Each log leads back to the placement of its order, over every row.
    fn every_log_undoes(&self, orders: usize) {
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        let seen = runtime.block_on(async {
            let options = docket_store::Options {
                url: self.database.url(),
                clock: Arc::new(|| Time(0)),
                queue: 1,
                upgrade: false,
                birth: docket_store::Birth::default(),
                read_deadline: docket_store::READ_DEADLINE,
            };
            let store = Store::open(options).await.expect("a database");
            let (trees, _) = store.trees_after(Id(0), 1_000).await.expect("orders");
            for tree in &trees {
                let rows = store.log_until(tree.id(), tree.payment.version, 1_000).await;
                let mut tree = tree.clone();
                for row in rows.expect("its log") {
                    match change::undo(&tree, &row).expect("its log fits it") {
                        Some(before) => tree = before,
                        None => assert_eq!(tree.payment.version, row.seq, "its placement"),
                    }
                }
                assert_eq!(tree.payment.version, 1, "{} is back at its placement", tree.id());
            }
            store.close().await;
            trees.len()
        });
        assert_eq!(seen, orders);
    }

    /// The center serves what it has, and takes more.
    fn goes_on(&self, known: &[Value]) {
        let serve = ServeCommand::new(DOCKET, self.path()).database(&self.database).start();
        let scopes = "orders.read,orders.write";
        let words =
            ["key", "add", "new", "--scopes", scopes, "--actors", "buyer", "--issuer", "test"];
        let token = self.docket(&words).fine().trim().to_owned();
        let mut client = Client::new(serve.base_url(), &token).expect("a connection");
        for order in known {
            let id = order["order_id"].as_str().expect("a number");
            let got = client.get(&format!("/api/orders/{id}")).expect("an answer");
            assert_eq!(got.status, 200, "{got:?}");
            assert_eq!(
                got.body["payable"].as_i64().unwrap_or(0),
                order["payable"].as_i64().unwrap_or(0)
            );
            let log = client.get(&format!("/api/orders/{id}/operations")).expect("an answer");
            assert_eq!(log.status, 200, "{log:?}");
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

/// The orders of a release, by number.
fn known(release: &Release) -> Vec<Value> {
    let known: Vec<Value> = serde_json::from_str(release.orders).expect("a list");
    assert!(known.len() >= 20, "a release with hardly any order shows little");
    known
}

/// Every field that the release had, with what was empty then.
fn whole(mut told: Vec<Value>, known: &[Value]) -> Vec<Value> {
    let mut names = BTreeSet::new();
    for order in known {
        compared::names(order, &mut names);
    }
    for order in &mut told {
        compared::strip(order);
        compared::keep(order, &names);
    }
    told
}

/// What is compared of an order of the first release.
fn summary(order: &Value) -> Value {
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

/// Releases whose schema is older than that of today.
fn older() -> impl Iterator<Item = &'static Release> {
    RELEASES.iter().filter(|release| release.schema < STEPS.len())
}

/// Statements of the first step that a release is brought up by, on a file or on a server.
fn statements(release: &Release, kind: Database) -> usize {
    let at = usize::from(kind == Database::Mariadb);
    STEPS[release.schema][at].lines().filter(|line| line.ends_with(';')).count()
}

#[test]
fn a_database_of_each_release_is_brought_up_with_its_orders() {
    for release in &RELEASES {
        for kind in Database::ALL {
            let center = Released::on(kind, release);
            center.migrates();
            center.is_up();
        }
    }
}

#[test]
fn two_at_once_bring_a_database_up_once() {
    for (release, kind) in RELEASES.iter().flat_map(|one| Database::ALL.map(|kind| (one, kind))) {
        let center = Released::on(kind, release);
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
    let mut deaths = 0;
    for release in older() {
        let statements = statements(release, Database::Mariadb);
        let places = [("begun", 1), ("taken", 1), ("begun", 3), ("taken", 3), ("told", 1)]
            .into_iter()
            .chain([("taken", 7), ("begun", 11), ("taken", 14), ("taken", statements)]);
        for (place, times) in places.filter(|(_, times)| *times <= statements) {
            let center = Released::on(Database::Mariadb, release);
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
}

/// A file takes a step whole or not at all.
#[test]
fn whoever_dies_while_a_file_is_brought_up_leaves_it_as_it_was() {
    for release in older() {
        let statements = statements(release, Database::Sqlite);
        for times in [1, 5, 12].into_iter().filter(|times| *times <= statements) {
            let center = Released::on(Database::Sqlite, release);
            let died = command(center.path(), &["migrate"])
                .env("DOCKET_DATABASE__URL", center.database.url())
                .env("DOCKET_FAILPOINT", format!("migrate.taken:{times}"))
                .output()
                .expect("a process");
            assert_eq!(died.status.signal(), Some(9), "{times}: {died:?}");
            center.migrates();
            center.is_up();
        }
    }
}

/// Killed again and again: each gets one statement further.
#[test]
fn who_dies_at_every_statement_gets_there_all_the_same() {
    for release in older() {
        let center = Released::on(Database::Mariadb, release);
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
        assert!(deaths * 3 > statements(release, Database::Mariadb), "{deaths}");
        center.is_up();
    }
}

/// What fails, and is no death, stays a failure: a table of somebody else is not taken for ours.
#[test]
fn a_table_of_somebody_else_is_not_taken_for_ours_whoever_tries_again() {
    let center = Released::on(Database::Mariadb, &RELEASES[0]);
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

#[test]
fn the_kept_database_of_the_newest_release_has_orders_in_every_state() {
    states::are_all_in(&known(RELEASES.last().expect("a release")));
}
