//! `docket reconcile` beside a payment gateway: what came there and not here, here and not there, or otherwise.

#[allow(dead_code)] // shared with the tests of reconcile, which need more of it
mod behind;
#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of gateways, which need more of it
mod pay;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use behind::Behind;
use docket_testkit::eventually;
use pay::{Center, attempt_in};
use run::docket;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CLASSES: [&str; 4] =
    ["amount_differs", "attempt_open_here_only", "paid_at_gateway_only", "paid_here_only"];

/// An order with an attempt that is open at its gateway since an hour, and that nobody looks after any more.
fn forgotten(center: &Center, behind: &Behind) -> (String, String) {
    let order = center.place();
    let attempt = center.start(&order);
    center.until(&order, "it waits there", |state| {
        attempt_in(state, &attempt)["gateway_state"] == "waiting"
    });
    behind.write(&format!("delete from task where unique_key = 'gateway_payment:{attempt}'"), &[]);
    behind.edit("payment_order", &order, |facts| {
        let begun = facts["attempts"][0]["created_at"].as_i64().expect("a time");
        facts["attempts"][0]["created_at"] = json!(begun - 3_600_000);
    });
    (order, attempt)
}

#[test]
fn what_its_task_is_about_to_see_is_no_difference_and_a_dead_task_is_for_a_person() {
    let center = Center::open();
    let behind = Behind::of_folder(center.data.path());
    center.sandbox.behave("silent");
    let (_, attempt) = forgotten(&center, &behind);
    // Put in again, for later than this test.
    assert_eq!(without_task(&center, &["--repair"]).len(), 1);
    let task = format!("unique_key = 'gateway_payment:{attempt}'");
    let later = "due_at = due_at + 3600000, run_rank = run_rank + 3600000";
    eventually("it looked once and waits", || {
        !behind
            .ask(&format!("select 1 from task where {task} and state = 0 and claims > 0"))
            .is_empty()
    });
    behind.write(&format!("update task set {later} where {task}"), &[]);
    assert_eq!(center.sandbox.pay(&attempt, &json!({})), 200);
    let paid_there = |words: &[&str]| of_class(&center, "paid_at_gateway_only", words);
    assert_eq!(paid_there(&[]), []);
    let dead = "state = 3, run_rank = null, halted_at = due_at";
    behind.write(&format!("update task set {dead} where {task}"), &[]);
    assert_eq!(paid_there(&["--repair"]), [(attempt, "stays".to_owned())]);
}

#[test]
fn a_refund_that_differs_from_the_gateway_is_found_and_looked_after_again() {
    let mut center = Center::open();
    let behind = Behind::of_folder(center.data.path());
    center.sandbox.behave("paid_after_close");
    let order = center.place();
    center.start(&order);
    center.operate(&order, "buyer", &json!({"type": "revoke"}));
    let is_back = |state: &Value| state["refunds_due"][0]["status"] == "refunded";
    center.until(&order, "the late money has gone back", is_back);
    behind.write("update gateway_refund set at = at - 3600000", &[]);
    let states = |words: &[&str]| -> Vec<String> {
        let found = of_class(&center, "refund_differs", words);
        found.into_iter().map(|(_, state)| state).collect()
    };
    assert_eq!(states(&[]), Vec::<String>::new());
    // The order was not told, and nobody is there to tell it.
    behind.edit("payment_order", &order, |facts| {
        let due = facts["refunds_due"][0].as_object_mut().expect("a refund due");
        due.insert("status".to_owned(), json!("refunding"));
        due.remove("reference");
    });
    assert_eq!(states(&[]), ["found"]);
    assert_eq!(states(&["--repair"]), ["repaired"]);
    center.until(&order, "the order knows", is_back);
    assert_eq!(states(&[]), Vec::<String>::new());
    // A gateway that never heard of it.
    center.sandbox.replace();
    let found = of_class(&center, "refund_differs", &["--repair"]);
    assert_eq!(found.into_iter().map(|(_, state)| state).collect::<Vec<_>>(), ["stays"]);
}

fn without_task(center: &Center, words: &[&str]) -> Vec<(String, String)> {
    of_class(center, "task_missing", words)
}

/// What a run finds of one class, and what became of each.
fn of_class(center: &Center, class: &str, words: &[&str]) -> Vec<(String, String)> {
    let asked = [&["reconcile", "--json", "--class", class], words].concat();
    let ran = docket(center.data.path(), &asked);
    let run: Value = serde_json::from_str(ran.stdout.trim()).expect("JSON");
    assert_eq!(run["state"], "done", "{run}");
    let word = |finding: &Value, name: &str| finding[name].as_str().expect("a word").to_owned();
    let findings = run["findings"].as_array().expect("findings").iter();
    findings.map(|found| (word(found, "subject"), word(found, "state"))).collect()
}

#[test]
fn a_task_that_somebody_dropped_is_missed_and_put_in_again() {
    let center = Center::open();
    let behind = Behind::of_folder(center.data.path());
    center.sandbox.behave("silent");
    let dropped = |key: &str| {
        let ids = behind.ask(&format!("select id from task where unique_key = '{key}'"));
        let id = ids.into_iter().flatten().next().expect("its task");
        docket(center.data.path(), &["tasks", "drop", &id]).fine();
        key.to_owned()
    };
    let order = center.place();
    let attempt = center.start(&order);
    center.until(&order, "it waits there", |state| {
        attempt_in(state, &attempt)["gateway_state"] == "waiting"
    });
    assert_eq!(without_task(&center, &[]), []);
    let key = dropped(&format!("gateway_payment:{attempt}"));
    let missed = |state: &str| vec![(key.clone(), state.to_owned())];
    assert_eq!(without_task(&center, &[]), missed("found"));
    assert_eq!(without_task(&center, &["--repair"]), missed("repaired"));
    assert_eq!(without_task(&center, &[]), []);
    assert_eq!(center.sandbox.pay(&attempt, &json!({})), 200);
    center.until_status(&order, "paid");
    assert_eq!(without_task(&center, &[]), []);
}

#[test]
fn a_gateway_that_does_not_answer_is_not_taken_for_one_that_agrees() {
    let mut center = Center::open();
    let behind = Behind::of_folder(center.data.path());
    center.sandbox.behave("silent");
    forgotten(&center, &behind);
    center.sandbox.kill();
    let ran = docket(center.data.path(), &["reconcile", "--class", "paid_at_gateway_only"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("how they stand: 1 of sandbox"), "{ran:?}");
    assert!(!ran.stderr.contains("Nothing differs"), "{ran:?}");
}

/// What a run finds, by class, with what became of it.
fn found(center: &Center, words: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut asked = vec!["reconcile", "--json"];
    for class in CLASSES {
        asked.extend(["--class", class]);
    }
    asked.extend(words);
    let ran = docket(center.data.path(), &asked);
    let run: Value =
        serde_json::from_str(ran.stdout.lines().next().expect("a line")).expect("JSON");
    assert_eq!(run["state"], "done", "{run}");
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for finding in run["findings"].as_array().expect("findings") {
        println!("{} [{}] {}", finding["class"], finding["state"], finding["en"]);
        let word = |name: &str| finding[name].as_str().expect("a word").to_owned();
        found.entry(word("class")).or_default().push(word("state"));
    }
    found
}

#[test]
fn what_differs_from_the_gateway_is_found_and_looked_after_again() {
    let center = Center::open();
    let behind = Behind::of_folder(center.data.path());
    center.sandbox.behave("silent");
    assert_eq!(found(&center, &[]), BTreeMap::new());

    let (paid_there, attempt) = forgotten(&center, &behind);
    assert_eq!(center.sandbox.pay(&attempt, &json!({})), 200);
    let (_, attempt) = forgotten(&center, &behind);
    center.sandbox.behave_for(&attempt, "silent wrong_amount=1");
    assert_eq!(center.sandbox.pay(&attempt, &json!({})), 200);
    let (paid_here, attempt) = forgotten(&center, &behind);
    let pay = json!({"type": "payment_succeeded", "tender": "wallet", "reference": "made up",
                     "amount": 1000, "attempt_id": attempt});
    center.operate(&paid_here, "gateway", &pay);
    let (failed_there, attempt) = forgotten(&center, &behind);
    assert_eq!(center.sandbox.pay(&attempt, &json!({"outcome": "fail"})), 200);

    let all = found(&center, &[]);
    assert_eq!(all.keys().collect::<Vec<_>>(), CLASSES.iter().collect::<Vec<_>>(), "{all:?}");
    let repaired = found(&center, &["--repair"]);
    let of = |class: &str| repaired[class].clone();
    assert_eq!(of("paid_at_gateway_only"), ["repaired"]);
    assert_eq!(of("attempt_open_here_only"), ["repaired"]);
    assert_eq!(
        (of("amount_differs"), of("paid_here_only")),
        (vec!["stays".into()], vec!["stays".into()])
    );
    center.until_status(&paid_there, "paid");
    eventually("the attempt has ended here too", || {
        center.tree(&failed_there)["attempts"][0]["status"] == "failed"
    });
    let left = found(&center, &["--repair"]);
    assert_eq!(left.keys().collect::<Vec<_>>(), ["amount_differs", "paid_here_only"], "{left:?}");
}
