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
