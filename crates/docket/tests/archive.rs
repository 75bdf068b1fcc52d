//! The archive as an operator meets it: what left reads the same and comes back exactly, whoever dies in between.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::{Client, Got};
use docket_domain::Time;
use docket_store::{Filter, KeptRow, Options, SegmentKind, Store};
use docket_testkit::{Serve, ServeCommand, eventually};
use run::{DOCKET, Ran, command, docket};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

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

/// Every row of orders that is online, each as the line that says all of it. Nobody else may use the folder now.
fn rows(data: &Path) -> Vec<String> {
    let read = async {
        let url = format!("sqlite:{}", data.join("docket.db").display());
        let options = Options {
            url,
            clock: Arc::new(|| Time(0)),
            queue: 1,
            upgrade: false,
            birth: docket_store::Birth::default(),
            read_deadline: docket_store::READ_DEADLINE,
        };
        let store = Store::open(options).await.expect("a database");
        let filter = Filter { limit: 1000, ..Filter::default() };
        let mut lines = Vec::new();
        for tree in store.list(&filter).await.expect("orders").ids {
            let rows = store.kept_rows(SegmentKind::Orders, tree).await.expect("rows");
            lines.extend(rows.iter().map(KeptRow::line));
        }
        store.close().await;
        lines.sort();
        lines
    };
    tokio::runtime::Runtime::new().expect("a runtime").block_on(read)
}

/// How many of them are of one table.
fn count(rows: &[String], table: &str) -> usize {
    let of_table = format!(",\"table\":\"{table}\",");
    rows.iter().filter(|line| line.contains(&of_table)).count()
}

/// Every order among them, and the number of one of its lines.
fn orders(rows: &[String]) -> Vec<(String, String)> {
    let lines = rows.iter().filter(|line| line.contains(",\"table\":\"item_order\","));
    let pairs = lines.map(|line| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        (line["tree"].to_string(), line["row"]["id"].to_string())
    });
    pairs.collect::<BTreeMap<_, _>>().into_iter().collect()
}

/// All that is told about some orders.
fn told(serve: &Serve, key: &str, orders: &[(String, String)]) -> Vec<Value> {
    let mut client = Client::new(serve.base_url(), key).expect("a connection");
    let mut answers = Vec::new();
    // Each is seven requests to a server that was not built to be fast.
    for (order, line) in orders.iter().step_by(5) {
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
    let before = rows(data);
    let orders = orders(&before);
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
    assert_eq!(count(&online, "item_order"), count(&before, "item_order"));
    archiving(data, &["reconcile"], LOGS).fine();

    // What is finished leaves whole; what is asked of it is refused, and how to get it back is told.
    archiving(data, &["archive", "run"], WHOLE).fine();
    let online = rows(data);
    let left = count(&before, "payment_order") - count(&online, "payment_order");
    assert!(left > 100, "{left} of {}", count(&before, "payment_order"));
    let mut center = serve(data, WHOLE);
    assert_eq!(told(&center, &key, &orders), was);
    let mut client = Client::new(center.base_url(), &key).expect("a connection");
    let away = |order: &&(String, String)| !online.iter().any(|line| line.contains(&order.0));
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
    archiving(data, &["reconcile"], WHOLE).fine();

    // One comes back and takes changes again; then all the others.
    archiving(data, &["archive", "restore", line], WHOLE).fine();
    let taken = client.post(&format!("/api/orders/{gone}/operations"), &note);
    assert_eq!(taken.expect("an answer").status, 200);
    assert!(center.terminate().success());
    archiving(data, &EVER, WHOLE).fine();
    let others = |rows: Vec<String>| -> Vec<String> {
        rows.into_iter().filter(|line| !line.contains(gone.as_str())).collect()
    };
    assert!(others(rows(data)) == others(before), "what came back is what left");
    let due = archiving(data, &["archive", "run", "--dry-run", "--json"], WHOLE).json();
    assert_eq!(due["due"][0]["orders"], 0, "what was brought back stays: {due}");
}

#[test]
fn what_left_in_two_pieces_comes_back_whole() {
    let (data, key) = history();
    let data = data.path();
    let center = serve(data, LOGS);
    let mut client = Client::new(center.base_url(), &key).expect("a connection");
    let first = archiving(data, &["archive", "run", "--json"], LOGS).json();
    // One of ours: orders of a marketplace are changed there.
    let page = client.get("/api/orders?limit=200").expect("a page").body;
    let mut orders = page["orders"].as_array().expect("orders").iter();
    let order = orders.find(|order| order["home"] == "center").expect("one of ours");
    let path = format!("/api/orders/{}/operations", order["order_id"].as_str().expect("a number"));
    let note = json!({"type": "note", "text": "late", "actor": {"kind": "store"}});
    assert_eq!(client.post(&path, &note).expect("an answer").status, 200);
    let was = client.get(&path).expect("an answer").body;
    let second = archiving(data, &["archive", "run", "--json"], LOGS).json();
    assert_eq!(second["segments"][0]["rows"], 1, "{second}");
    assert_eq!(client.get(&path).expect("an answer").body, was);
    // Only what the first piece says lies in the span; a log without its end would be a wrong one.
    let until = first["segments"][0]["created_at"].as_str().expect("a time");
    archiving(data, &[&EVER[..], &["--to", until]].concat(), LOGS).fine();
    assert_eq!(client.get(&path).expect("an answer").body, was);
    let left = archiving(data, &["archive", "list", "--json"], LOGS).json();
    let away = left["segments"].as_array().expect("segments").iter();
    assert!(away.clone().all(|segment| segment["away"] == 0), "{left}");
    assert_eq!(away.count(), 3, "{left}");
}

#[test]
fn whoever_dies_while_archiving_loses_nothing_and_archives_nothing_twice() {
    let (data, key) = history();
    let before = rows(data.path());
    let orders = orders(&before);
    let mut center = serve(data.path(), WHOLE);
    let was = told(&center, &key, &orders);
    assert!(center.terminate().success());
    for (whole_after, step) in [
        (LOGS, "archive.announced"),
        (LOGS, "archive.written"),
        (LOGS, "archive.verified"),
        (LOGS, "archive.left"),
        (WHOLE, "archive.written"),
        (WHOLE, "archive.left"),
    ] {
        let copy = tempfile::tempdir().expect("a folder");
        let copy = copy.path();
        for name in ["docket.db", "docket.keys"] {
            fs::copy(data.path().join(name), copy.join(name)).expect("space");
        }
        let mut dying = command(copy, &["archive", "run"]);
        let died = run::run(dying.envs(environment(whole_after)).env("DOCKET_FAILPOINT", step));
        assert_eq!(died.code, None, "{step}: {died:?}");
        let mut center = serve(copy, whole_after);
        assert!(told(&center, &key, &orders) == was, "after dying at {step}");
        archiving(copy, &["archive", "run"], whole_after).fine();
        assert!(told(&center, &key, &orders) == was, "after dying at {step}, at the end");
        assert!(center.terminate().success());
        let listed = archiving(copy, &["archive", "list", "--json"], whole_after).json();
        let segments = listed["segments"].as_array().expect("segments");
        assert!(segments.iter().all(|of| of["state"] == "kept"), "{step}: {listed}");
        assert!(segments.iter().all(|of| of["away"] == of["orders"]), "{step}: {listed}");
        assert_eq!(objects(copy).len(), segments.len(), "{step}: {listed}");
        let kept: u64 = segments.iter().map(|of| of["rows"].as_u64().expect("a number")).sum();
        let online = rows(copy).len();
        assert_eq!(kept as usize + online, before.len(), "{step}: each row is in one place");
        archiving(copy, &EVER, whole_after).fine();
        assert!(rows(copy) == before, "{step}: what came back is what left");
    }
}

#[test]
fn what_left_is_found_by_every_number_and_exported_where_that_is_asked() {
    let (data, key) = history();
    let data = data.path();
    let exported = |ran: Ran| {
        let text = ran.fine();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.map(|order| (order["order_id"].to_string(), order)).collect::<BTreeMap<_, _>>()
    };
    let before = exported(archiving(data, &["export"], WHOLE));
    archiving(data, &["archive", "run"], WHOLE).fine();
    let ran = archiving(data, &["export"], WHOLE);
    let said = ran.stderr.clone();
    let online = exported(ran);
    let left = before.len() - online.len();
    assert!(left > 100, "{left} of {}", before.len());
    assert!(
        said.contains(&format!("{left} orders are in the archive and were left out")),
        "{said}"
    );
    let all = archiving(data, &["export", "--archived"], WHOLE);
    assert!(!all.stderr.contains("left out"), "{}", all.stderr);
    assert!(exported(all) == before, "with the archive it is what it was");
    let named = |(id, order): &(&String, &Value)| {
        !online.contains_key(*id) && order["buyer_id"].is_string()
    };
    let gone = before.iter().find(named).expect("one that left").1;
    let buyer = gone["buyer_id"].as_str().expect("a buyer");
    let of_buyer = exported(archiving(data, &["export", "--archived", "--buyer", buyer], WHOLE));
    assert!(of_buyer.values().all(|order| order["buyer_id"] == buyer) && !of_buyer.is_empty());

    let center = serve(data, WHOLE);
    let through = ["export", "--archived", "--server", center.base_url(), "--key", &key];
    assert!(exported(archiving(data, &through, WHOLE)) == before, "through a server too");
    let mut client = Client::new(center.base_url(), &key).expect("a connection");
    let number = gone["external_id"].as_str().expect("the number it came with");
    let mut listed = |query: &str| {
        client.get(&format!("/api/orders?{query}")).expect("a page").body["orders"].take()
    };
    let found = listed(&format!("external_id={number}&expand=tree"));
    assert_eq!(found, json!([gone]));
    let line = gone["shops"][0]["items"][0]["order_id"].as_str().expect("a number");
    assert_eq!(listed(&format!("id={line}"))[0]["order_id"], gone["order_id"]);
    assert_eq!(listed(&format!("external_id={number}&currency=x")), Value::Null, "no such filter");
    assert_eq!(listed(&format!("external_id={number}&tag=none-of-it")), json!([]));
    for named in [number, line] {
        let told = archiving(data, &["explain", named, "--json"], WHOLE).json();
        assert_eq!(told["order"]["order_id"], gone["order_id"], "{named}");
        assert!(!told["activities"].as_array().expect("a story").is_empty());
    }
    let said = archiving(data, &["explain", "nobody-has-this"], WHOLE).refused(1);
    assert!(said.contains("there is no order nobody-has-this"), "{said}");
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
    let before = rows(data);
    let orders = orders(&before);
    // Damaged before anything left for it: it is written anew.
    let mut dying = command(data, &["archive", "run"]);
    dying.envs(environment(LOGS)).env("DOCKET_FAILPOINT", "archive.written");
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
    let said = archiving(data, &EVER, LOGS).refused(1);
    assert!(said.contains("damaged"), "{said}");

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
fn a_center_archives_by_itself_at_its_time() {
    let (data, key) = history();
    let data = data.path();
    let serve = ServeCommand::new(DOCKET, data).env("DOCKET_SCHEDULES__ARCHIVE", "1s");
    let environment = environment(WHOLE).into_iter();
    let center = environment.fold(serve, |serve, (name, value)| serve.env(name, value)).start();
    let mut client = Client::new(center.base_url(), &key).expect("a connection");
    let mut kinds = || {
        let page = client.get("/api/archive").expect("an answer").body;
        let segments = page["segments"].as_array().expect("segments").iter();
        let kept = segments.filter(|of| of["state"] == "kept");
        kept.map(|of| of["kind"].to_string()).collect::<BTreeSet<_>>()
    };
    eventually("orders, logs and agreed trees leave", || kinds().len() == 3);
    let listed = docket(data, &["schedules"]).fine();
    assert!(listed.contains("archive"), "{listed}");
}

#[test]
fn people_are_forgotten_in_orders_that_left_too() {
    let data = tempfile::tempdir().expect("a folder");
    let data = data.path();
    docket(data, &["demo", "--once"]).fine();
    let key = key(data);
    let center = serve(data, WHOLE);
    let mut client = Client::new(center.base_url(), &key).expect("a connection");
    let before = client.get("/api/orders?limit=200&expand=tree").expect("a page").body;
    archiving(data, &["archive", "run"], WHOLE).fine();
    let list = |client: &mut Client, filter: &str| {
        let page = client.get(&format!("/api/orders?limit=200{filter}")).expect("a page");
        assert_eq!(page.status, 200, "{page:?}");
        page.body["orders"].as_array().expect("orders").clone()
    };
    let all = &before["orders"];
    let online = list(&mut client, "");
    let left = |order: &&Value| !online.iter().any(|o| o["order_id"] == order["order_id"]);
    let named = |order: &&Value| order["shops"][0]["ship_to"].is_object() && left(order);
    let mut named = all.as_array().expect("orders").iter().filter(named);
    let order = named.next().expect("one with people");
    let other = named.find(|o| o["buyer_id"] != order["buyer_id"]).expect("one of another buyer");
    let tree = order["order_id"].as_str().expect("a number");
    let phone = order["shops"][0]["ship_to"]["phone"].as_str().expect("a masked telephone");
    let last4 = format!("&phone_last4={}", &phone[phone.len() - 4..]);
    let found =
        |client: &mut Client| list(client, &last4).iter().any(|order| order["order_id"] == tree);
    assert!(!found(&mut client), "an order in the archive is found by its numbers alone");
    archiving(data, &["archive", "restore", tree], WHOLE).fine();
    assert!(found(&mut client), "{order}");

    // Forgotten while it is away: nobody is named there, and nobody comes back with it.
    let text = |name: &str| other[name].as_str().expect("a text").to_owned();
    let (tree, buyer) = (text("order_id"), text("buyer_id"));
    let names = |client: &mut Client| {
        let shown = client.get(&format!("/api/orders/{tree}")).expect("an answer").body;
        shown["shops"][0]["ship_to"].is_object()
    };
    assert!(names(&mut client));
    let gone = docket(data, &["forget", &buyer, "--yes", "--json"]).json();
    assert!(gone["orders"].as_u64() >= Some(1), "{gone}");
    assert!(!names(&mut client));
    archiving(data, &["archive", "restore", &tree], WHOLE).fine();
    assert!(!names(&mut client));
}
