//! The demo, whole: its checks are those of a user who looks for the first time.

mod run;

use run::docket;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

#[test]
fn the_demo_holds_and_its_orders_can_be_explained_in_both_languages() {
    let data = tempfile::tempdir().expect("a folder");
    let played = docket(data.path(), &["demo", "--once", "--json"]).json();
    assert_eq!(played["ok"], true, "{played}");
    let checks = played["checks"].as_array().expect("a list of checks");
    assert!(checks.len() >= 9 && checks.iter().all(|check| check["ok"] == true), "{played}");
    for (what, found) in [
        ("each shop has what the marketplace says it has", "60 + 60 + 68 orders"),
        ("a shop that is told to wait loses nothing", "told so 2 times; 60 orders"),
        ("with a new token a shop goes on at its mark", "of 68 orders"),
        ("every parcel that is due has its number", " parcels"),
    ] {
        let check = checks.iter().find(|check| check["what"] == what).expect(what);
        let says = check["found"].as_str().expect("a text");
        assert!(says.contains(found), "{what}: {says}");
    }
    let order = played["order"].as_str().expect("an order worth a look");

    let english = docket(data.path(), &["explain", order, "--lang", "en"]).fine();
    for part in [
        "Order ",
        "Shop 11",
        "Payments",
        "Refunds",
        "Shipments",
        "one too many",
        "buyer L********",
        "What happened",
    ] {
        assert!(english.contains(part), "{part} is missing in:\n{english}");
    }
    let chinese = docket(data.path(), &["explain", order, "--lang", "zh"]).fine();
    for part in ["订单 ", "店铺 11", "支付", "退款", "发货", "经过"] {
        assert!(chinese.contains(part), "{part} is missing in:\n{chinese}");
    }
    for part in ["goods", "main，", "home", ": "] {
        assert!(!chinese.contains(part), "{part} is English in:\n{chinese}");
    }

    // As it was when it had just been placed: not paid, and nothing known of what came later.
    let story = docket(data.path(), &["explain", order, "--json"]).json();
    let rows = story["activities"].as_array().expect("a list of activities");
    assert_eq!(Some(rows.len() as u64), story["order"]["version"].as_u64());
    let placed = rows[0]["at"].as_str().expect("a time");
    let then = docket(data.path(), &["explain", order, "--at", placed, "--json"]).json();
    assert_eq!(then["order"]["paid"], 0);
    assert_eq!(then["activities"].as_array().map(Vec::len), Some(1));
    // A second that is given whole is looked at from its end: the order was placed within it.
    let second = format!("{}Z", placed.split('.').next().expect("a second"));
    let then = docket(data.path(), &["explain", order, "--at", &second, "--json"]).json();
    assert!(then["activities"].as_array().is_some_and(|rows| !rows.is_empty()), "{then}");
    let said = docket(data.path(), &["explain", order, "--at", "yesterday"]).refused(2);
    assert!(said.contains("RFC 3339"), "{said}");

    // A folder with orders is not played in: they would be counted with those of the demo.
    let said = docket(data.path(), &["demo", "--once"]).refused(1);
    assert!(said.contains("holds orders already") && said.contains("--data"), "{said}");
}

#[test]
fn a_throw_away_demo_leaves_nothing_behind() {
    let data = tempfile::tempdir().expect("a folder");
    let mut demo = std::process::Command::new(run::DOCKET);
    demo.args(["demo", "--once", "--lang", "zh"]).current_dir(data.path());
    let ran = run::run(
        demo.env("TMPDIR", data.path()).env("DOCKET_DATABASE__URL", "mysql://u@127.0.0.1:1/d"),
    );
    let said = ran.fine();
    assert!(said.contains('✓') && !said.contains('✗'), "{said}");
    assert!(std::fs::read_dir(data.path()).expect("a folder").next().is_none());
}

#[test]
fn whoever_stops_the_demo_among_its_shops_leaves_nothing_behind() {
    let data = tempfile::tempdir().expect("a folder");
    let mut demo = std::process::Command::new(run::DOCKET);
    demo.args(["demo", "--once"]).current_dir(data.path()).env("TMPDIR", data.path());
    demo.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut demo = demo.spawn().expect("it starts");
    let mut said = BufReader::new(demo.stderr.take().expect("a pipe")).lines();
    let mut told = || said.next().and_then(Result::ok);
    // The token of its third shop has died, and it is pulled with another.
    while !told().expect("it is told").contains("another token") {}
    let of_demo = children(demo.id());
    assert_eq!(of_demo.len(), 2, "a gateway and a marketplace: {of_demo:?}");
    kill_process(Pid::from_child(&demo), Signal::INT).expect("it runs");
    let rest: Vec<_> = std::iter::from_fn(told).collect();
    assert!(rest.iter().any(|line| line.contains("stopped before")), "{rest:#?}");
    assert_eq!(demo.wait().expect("it ends").code(), Some(1));
    assert!(std::fs::read_dir(data.path()).expect("a folder").next().is_none());
    let left: Vec<_> = of_demo.iter().filter(|id| is_there(**id)).collect();
    assert!(left.is_empty(), "{left:?} are still there");
}

/// The processes that a process started.
fn children(of: u32) -> Vec<u32> {
    let mut found = Vec::new();
    // A process is a child of the thread that started it.
    for thread in std::fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().flatten() {
        let listed = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        found.extend(listed.split_whitespace().flat_map(str::parse::<u32>));
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn is_there(id: u32) -> bool {
    std::path::Path::new(&format!("/proc/{id}")).exists()
}

/// What an import gives anew or does not take: numbers of ours, versions, deadlines, people.
const ANEW: &[&str] = &[
    "order_id",
    "payment_id",
    "attempt_id",
    "shipment_id",
    "refund_id",
    "external_id",
    "version",
    "terms_version",
    "updated_at",
    "deadline",
    "expire_at",
    "receive_by",
    "answer_by",
    "buyer",
    "ship_to",
];

fn strip(node: &mut Value) {
    match node {
        Value::Object(fields) => {
            fields.retain(|name, _| !ANEW.contains(&name.as_str()));
            fields.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

fn orders(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The statuses of an order at each level, and the marketplace's numbers of its parcels.
fn statuses(order: &Value) -> Vec<String> {
    let list = |node: &Value, name: &str| node[name].as_array().cloned().unwrap_or_default();
    let mut found = vec![order["status"].to_string(), order["store_status"].to_string()];
    for shop in list(order, "shops") {
        found.extend([&shop["status"], &shop["channel_status"]["word"]].map(Value::to_string));
        found.extend(list(&shop, "items").iter().map(|item| item["status"].to_string()));
        found.extend(list(&shop, "shipments").iter().map(|sent| sent["package"].to_string()));
    }
    found
}

#[test]
fn every_order_of_the_demo_is_the_same_in_another_center() {
    let (one, other) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let played = docket(one.path(), &["demo", "--once", "--json"]).json();
    assert_eq!(played["ok"], true, "{played}");
    let lines = docket(one.path(), &["export"]).fine();
    let file = one.path().join("orders.jsonl");
    std::fs::write(&file, &lines).expect("the folder takes a file");
    let file = file.to_str().expect("a path of letters");

    let report = docket(other.path(), &["import", file, "--json"]).json();
    let before = orders(&lines);
    assert_eq!(report["taken"], before.len(), "{report}");
    let of_shops = before.iter().filter(|order| order["channel"] == "temu").count();
    assert!(before.len() - of_shops > 200 && of_shops > 180, "{of_shops} of {}", before.len());
    let again = docket(other.path(), &["import", file, "--json"]).json();
    assert_eq!((&again["taken"], &again["known"]), (&0.into(), &before.len().into()), "{again}");

    let mut after = orders(&docket(other.path(), &["export"]).fine());
    for mut order in before {
        // An order that has no number elsewhere gets the one it had here; those of a marketplace keep theirs.
        let number = match &order["external_id"] {
            Value::Null => order["order_id"].clone(),
            theirs => theirs.clone(),
        };
        let found = after.iter().position(|order| order["external_id"] == number);
        let mut arrived = after.swap_remove(found.unwrap_or_else(|| panic!("{number} is there")));
        if order["channel"] == "temu" {
            assert_eq!(statuses(&order), statuses(&arrived), "{number}");
            continue;
        }
        strip(&mut order);
        strip(&mut arrived);
        assert_eq!(order, arrived, "{number}");
    }
    assert_eq!(after, Vec::<Value>::new());
}
