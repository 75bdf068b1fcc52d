//! The demo, whole: its checks are those of a user who looks for the first time.

mod run;

use run::docket;
use serde_json::Value;

#[test]
fn the_demo_holds_and_its_orders_can_be_explained_in_both_languages() {
    let data = tempfile::tempdir().expect("a folder");
    let played = docket(data.path(), &["demo", "--once", "--json"]).json();
    assert_eq!(played["ok"], true, "{played}");
    let checks = played["checks"].as_array().expect("a list of checks");
    assert!(checks.len() >= 9 && checks.iter().all(|check| check["ok"] == true), "{played}");
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
    assert!(before.len() > 200, "the demo has more than 200 orders");
    let again = docket(other.path(), &["import", file, "--json"]).json();
    assert_eq!((&again["taken"], &again["known"]), (&0.into(), &before.len().into()), "{again}");

    let mut after = orders(&docket(other.path(), &["export"]).fine());
    for mut order in before {
        let number = order["order_id"].clone();
        let found = after.iter().position(|order| order["external_id"] == number);
        let mut arrived = after.swap_remove(found.unwrap_or_else(|| panic!("{number} is there")));
        strip(&mut order);
        strip(&mut arrived);
        assert_eq!(order, arrived, "{number}");
    }
    assert_eq!(after, Vec::<Value>::new());
}
