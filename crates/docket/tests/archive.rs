//! The archive as an operator meets it: what left reads the same and comes back exactly, whoever dies in between.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::{Client, Got};
use docket_testkit::{Serve, ServeCommand};
use run::{DOCKET, Ran, command, docket};
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The tables whose rows leave and come back, with the telephones by which orders are found.
const TABLES: [&str; 7] = [
    "payment_order",
    "shop_order",
    "item_order",
    "order_term",
    "order_operation",
    "order_snapshot",
    "order_phone",
];
const EVER: [&str; 4] = ["archive", "restore", "--from", "2000-01-01T00:00:00Z"];

/// When things leave: nothing whole, or everything.
const LOGS: &str = "36500";
const WHOLE: &str = "0";

fn environment(whole_after: &str) -> [(&'static str, String); 4] {
    [
        ("DOCKET_ARCHIVE__URL", "file:old".to_owned()),
        ("DOCKET_ARCHIVE__LOG_AFTER_DAYS", "0".to_owned()),
        ("DOCKET_ARCHIVE__SNAPSHOTS_AFTER_DAYS", "0".to_owned()),
        ("DOCKET_ARCHIVE__ORDERS_AFTER_DAYS", whole_after.to_owned()),
    ]
}

fn archiving(data: &Path, words: &[&str], whole_after: &str) -> Ran {
    run::run(command(data, words).envs(environment(whole_after)))
}

fn serve(data: &Path, whole_after: &str) -> Serve {
    let serve = ServeCommand::new(DOCKET, data);
    environment(whole_after)
        .into_iter()
        .fold(serve, |serve, (name, value)| serve.env(name, value))
        .start()
}

/// A center whose orders are history: what a demo made, imported, so that nothing is under way. With a key.
fn history() -> (TempDir, String) {
    let [demo, data] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    docket(demo.path(), &["demo", "--once"]).fine();
    let lines = data.path().join("orders.jsonl");
    fs::write(&lines, docket(demo.path(), &["export", "--format", "jsonl"]).fine()).expect("space");
    docket(data.path(), &["import", lines.to_str().expect("a plain path")]).fine();
    let key = key(data.path());
    (data, key)
}

fn key(data: &Path) -> String {
    let words = ["key", "add", "all", "--scopes", "orders.read,orders.write,admin"];
    let key = docket(data, &[&words[..], &["--actors", "store"]].concat()).fine();
    key.trim().to_owned()
}

/// The rows of every table of orders.
fn rows(data: &Path) -> BTreeMap<&'static str, Vec<Vec<Cell>>> {
    let file = rusqlite::Connection::open(data.join("docket.db")).expect("a database");
    let of = |table: &&'static str| {
        let mut all = file.prepare(&format!("SELECT * FROM {table}")).expect("a table");
        let width = all.column_count();
        let read = all.query_map([], |row| (0..width).map(|at| row.get(at)).collect());
        let mut read: Vec<Vec<Cell>> =
            read.expect("rows").collect::<Result<_, _>>().expect("values");
        read.sort_by_cached_key(|row| format!("{row:?}"));
        (*table, read)
    };
    TABLES.iter().map(of).collect()
}

fn count(rows: &BTreeMap<&'static str, Vec<Vec<Cell>>>, table: &str) -> usize {
    rows[table].len()
}

/// Every order, and the number of one of its lines.
fn orders(data: &Path) -> Vec<(String, String)> {
    let file = rusqlite::Connection::open(data.join("docket.db")).expect("a database");
    let sql = "SELECT tree, MAX(id) FROM item_order GROUP BY tree ORDER BY tree";
    let mut all = file.prepare(sql).expect("a table");
    let pair = |row: &rusqlite::Row<'_>| {
        Ok((row.get::<_, i64>(0)?.to_string(), row.get::<_, i64>(1)?.to_string()))
    };
    all.query_map([], pair).expect("rows").collect::<Result<_, _>>().expect("numbers")
}

/// All that is told about some orders.
fn told(serve: &Serve, key: &str, orders: &[(String, String)]) -> Vec<Value> {
    let mut client = Client::new(serve.base_url(), key).expect("a connection");
    let mut answers = Vec::new();
    for (order, line) in orders {
        let whole = client.get(&format!("/api/orders/{line}")).expect("an answer");
        assert_eq!(whole.status, 200, "{whole:?}");
        let created = whole.body["created_at"].as_str().expect("a time").to_owned();
        answers.push(whole.body);
        for rest in [
            "/operations",
            "/activities",
            "/snapshots",
            &format!("?at={created}"),
            "?at=2099-01-01T00:00:00Z",
        ] {
            let got = client.get(&format!("/api/orders/{order}{rest}")).expect("an answer");
            answers.push(json!({"status": got.status, "body": got.body}));
        }
    }
    answers
}

fn objects(data: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![data.join("old")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

#[test]
fn what_was_archived_reads_the_same_and_comes_back_exactly() {
    let (data, key) = history();
    let data = data.path();
    let (before, orders) = (rows(data), orders(data));
    let mut center = serve(data, LOGS);
    let was = told(&center, &key, &orders);
    let due = archiving(data, &["archive", "run", "--dry-run", "--json"], LOGS).json();
    assert_eq!(due["due"][1]["rows"], count(&before, "order_operation"), "{due}");
    let moved = archiving(data, &["archive", "run", "--json"], LOGS).json();
    let wanted = count(&before, "order_operation") + count(&before, "order_snapshot");
    assert_eq!(moved["rows"], wanted, "{moved}");
    assert_eq!(told(&center, &key, &orders), was);
    assert!(center.terminate().success());
    let online = rows(data);
    assert_eq!((count(&online, "order_operation"), count(&online, "order_snapshot")), (0, 0));
    assert_eq!(online["item_order"], before["item_order"]);

    // What is finished leaves whole.
    let mut center = serve(data, WHOLE);
    archiving(data, &["archive", "run"], WHOLE).fine();
    let online = rows(data);
    let left = count(&before, "payment_order") - count(&online, "payment_order");
    assert!(left > 100, "{left} of {}", count(&before, "payment_order"));
    assert_eq!(told(&center, &key, &orders), was);
    let mut client = Client::new(center.base_url(), &key).expect("a connection");
    let away = |order: &&(String, String)| {
        !online["payment_order"].iter().any(|row| row[0] == Cell::Integer(order.0.parse().unwrap()))
    };
    let (gone, line) = orders.iter().find(away).expect("one that left");
    let note = json!({"type": "note", "text": "late", "actor": {"kind": "store"}});
    for id in [gone, line] {
        let refused = client.post(&format!("/api/orders/{id}/operations"), &note).expect("answer");
        assert_eq!((refused.status, &refused.body["code"]), (409, &json!("archived")));
        let says = refused.body["detail"].as_str().expect("words");
        assert!(says.contains(&format!("docket archive restore {gone}")), "{says}");
    }
    let verified = archiving(data, &["archive", "verify", "--json"], WHOLE).json();
    assert_eq!(verified["wrong"], json!([]));

    // One comes back and takes changes again; then all the others.
    archiving(data, &["archive", "restore", line], WHOLE).fine();
    let (archived, taken) =
        (rows(data), client.post(&format!("/api/orders/{gone}/operations"), &note));
    assert_eq!(count(&archived, "payment_order"), count(&online, "payment_order") + 1);
    assert_eq!(taken.expect("an answer").status, 200);
    assert!(center.terminate().success());
    archiving(data, &EVER, WHOLE).fine();
    let mut after = rows(data);
    for rows in after.values_mut() {
        rows.retain(|row| row[0] != Cell::Integer(gone.parse().unwrap()));
    }
    let mut wanted = before;
    for rows in wanted.values_mut() {
        rows.retain(|row| row[0] != Cell::Integer(gone.parse().unwrap()));
    }
    for table in
        TABLES.into_iter().filter(|table| *table != "order_term" && *table != "order_phone")
    {
        assert_eq!(after[table], wanted[table], "{table}");
    }
    for table in ["order_term", "order_phone"] {
        assert_eq!(count(&after, table), count(&wanted, table), "{table}");
    }
    let due = archiving(data, &["archive", "run", "--dry-run", "--json"], WHOLE).json();
    assert_eq!(due["due"][0]["orders"], 0, "what was brought back stays: {due}");
}

#[test]
fn whoever_dies_while_archiving_loses_nothing_and_archives_nothing_twice() {
    let (data, key) = history();
    let (before, orders) = (rows(data.path()), orders(data.path()));
    let mut center = serve(data.path(), WHOLE);
    let was = told(&center, &key, &orders);
    assert!(center.terminate().success());
    for (whole_after, step) in [
        (LOGS, "archive_announced"),
        (LOGS, "archive_written"),
        (LOGS, "archive_verified"),
        (LOGS, "archive_left"),
        (WHOLE, "archive_written"),
        (WHOLE, "archive_left"),
    ] {
        let copy = tempfile::tempdir().expect("a folder");
        let copy = copy.path();
        for name in ["docket.db", "docket.keys"] {
            fs::copy(data.path().join(name), copy.join(name)).expect("space");
        }
        let mut dying = command(copy, &["archive", "run"]);
        let died = run::run(dying.envs(environment(whole_after)).env("DOCKET_DIE_AT", step));
        assert_eq!(died.code, None, "{step}: {died:?}");
        let mut center = serve(copy, whole_after);
        assert!(told(&center, &key, &orders) == was, "after dying at {step}");
        archiving(copy, &["archive", "run"], whole_after).fine();
        assert!(told(&center, &key, &orders) == was, "after dying at {step}, at the end");
        let listed = archiving(copy, &["archive", "list", "--json"], whole_after).json();
        let segments = listed["segments"].as_array().expect("segments");
        assert!(segments.iter().all(|of| of["state"] == "kept"), "{step}: {listed}");
        assert_eq!(objects(copy).len(), segments.len(), "{step}: {listed}");
        let kept: u64 = segments.iter().map(|of| of["rows"].as_u64().expect("a number")).sum();
        let online: usize = rows(copy).values().map(Vec::len).sum();
        let all: usize = before.values().map(Vec::len).sum();
        let phones = count(&before, "order_phone") - count(&rows(copy), "order_phone");
        assert_eq!(kept as usize + online + phones, all, "{step}: each row is in one place");
        assert!(center.terminate().success());
        archiving(copy, &EVER, whole_after).fine();
        assert!(rows(copy) == before, "{step}: what came back is what left");
    }
}

/// Turns one byte of a file around.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).expect("an object");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(path, bytes).expect("space");
}

#[test]
fn a_damaged_object_is_found_and_nothing_is_deleted_for_it() {
    let (data, key) = history();
    let data = data.path();
    let (before, orders) = (rows(data), orders(data));
    // Damaged before anything left for it: it is written anew.
    let mut dying = command(data, &["archive", "run"]);
    dying.envs(environment(LOGS)).env("DOCKET_DIE_AT", "archive_written");
    assert_eq!(run::run(&mut dying).code, None);
    let [object] = &objects(data)[..] else { panic!("one object was written") };
    damage(object);
    assert!(rows(data) == before);
    archiving(data, &["archive", "run"], LOGS).fine();
    let verified = archiving(data, &["archive", "verify", "--json"], LOGS).json();
    assert_eq!(verified["wrong"], json!([]));

    // Damaged afterwards: it is told, and what is asked of it fails by name.
    let log = objects(data).into_iter().find(|path| path.to_string_lossy().contains("/log-"));
    let log = log.expect("an object of logs");
    let right = fs::read(&log).expect("an object");
    damage(&log);
    let failed = archiving(data, &["archive", "verify", "--json"], LOGS);
    assert_eq!(failed.code, Some(1));
    assert!(failed.stdout.contains("damaged") && failed.stdout.contains("SHA-256"), "{failed:?}");
    let center = serve(data, LOGS);
    let mut client = Client::new(center.base_url(), &key).expect("a connection");
    let order = &orders[0].0;
    let ask = |client: &mut Client, rest: &str| -> Got {
        client.get(&format!("/api/orders/{order}{rest}")).expect("an answer")
    };
    let got = ask(&mut client, "/operations");
    assert_eq!((got.status, &got.body["code"]), (500, &json!("archive_damaged")));
    assert_eq!(ask(&mut client, "").status, 200, "the order itself always answers");
    let now = rows(data);
    let said = archiving(data, &EVER, LOGS).refused(1);
    assert!(said.contains("damaged"), "{said}");
    assert!(rows(data)["order_operation"] == now["order_operation"]);

    // Away, and there again.
    let (old, elsewhere) = (data.join("old"), data.join("elsewhere"));
    fs::rename(&old, &elsewhere).expect("it moves");
    for rest in ["/operations", "/snapshots", "?at=2099-01-01T00:00:00Z"] {
        let got = ask(&mut client, rest);
        assert_eq!((got.status, &got.body["code"]), (503, &json!("archive_unreachable")), "{rest}");
    }
    assert_eq!(ask(&mut client, "").status, 200);
    fs::rename(&elsewhere, &old).expect("it moves");
    fs::write(&log, right).expect("space");
    assert_eq!(ask(&mut client, "/operations").status, 200);
}

#[test]
fn people_are_forgotten_in_orders_that_left_too() {
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path();
    docket(data, &["demo", "--once"]).fine();
    let key = key(data);
    let center = serve(data, WHOLE);
    let mut client = Client::new(center.base_url(), &key).expect("a connection");
    archiving(data, &["archive", "run"], WHOLE).fine();
    let file = rusqlite::Connection::open(data.join("docket.db")).expect("a database");
    let sql = "SELECT a.buyer_id, a.tree FROM archive_order a JOIN order_person p ON p.tree = a.tree \
               WHERE a.buyer_id IS NOT NULL LIMIT 1";
    let pair = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
    let (buyer, tree) = file.query_row(sql, [], pair).expect("one with people");
    let shown = |client: &mut Client| {
        client.get(&format!("/api/orders/{tree}")).expect("an answer").body["shops"].to_string()
    };
    assert!(shown(&mut client).contains("\"ship_to\":{"));
    let gone = docket(data, &["forget", &buyer, "--json"]).json();
    assert!(gone["orders"].as_u64() >= Some(1), "{gone}");
    assert!(!shown(&mut client).contains("\"ship_to\":{"));
    // Nobody is named in what the archive has.
    archiving(data, &["archive", "restore", &tree.to_string()], WHOLE).fine();
    assert!(!shown(&mut client).contains("\"ship_to\":{"));
    let phones: i64 = file
        .query_row("SELECT COUNT(*) FROM order_phone WHERE tree = ?", [tree], |row| row.get(0))
        .expect("a count");
    assert_eq!(phones, 0);
}
