//! Refunds as a caller sees them at a real center: money without goods, and news of money that contradict, told by hand
//! and by a gateway.

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
use pay::Center;
use run::docket;
use serde_json::{Value, json};

/// A parcel of so many units at a price, with a freight, paid by card at a till.
fn paid_parcel(center: &Center, units: &str, price: i64, freight: i64) -> String {
    let order = center.place_of(&json!({"buyer_id": "b1", "currency": "CNY",
        "actor": {"kind": "buyer"}, "shops": [{"shop_id": "11", "freight": freight, "items": [
            {"sku_id": "a", "quantity": units, "list_price": price}]}]}));
    let amount = center.tree(&order)["payable"].clone();
    let pay = json!({"type": "payment_succeeded", "tender": "card", "reference": order,
                     "amount": amount});
    center.operate(&order, "till", &pay);
    order
}

fn refunds(tree: &Value) -> &Vec<Value> {
    tree["shops"][0]["refunds"].as_array().expect("refunds")
}

/// Gives back, and answers the number of the refund.
fn give(center: &Center, order: &str, fields: &Value) -> String {
    let mut asked = json!({"type": "refund_by_store", "goods_back": false, "reason": "x"});
    asked.as_object_mut().expect("fields").extend(fields.as_object().expect("fields").clone());
    let tree = center.operate(order, "store", &asked);
    let newest = refunds(&tree).last().expect("a refund");
    newest["refund_id"].as_str().expect("a number").to_owned()
}

fn heard(center: &Center, order: &str, kind: &str, refund: &str, reference: Value) -> Value {
    let mut news = json!({"type": kind, "refund_id": refund});
    if !reference.is_null() {
        news["reference"] = reference;
    }
    center.operate(order, "gateway", &news)
}

fn anomalies(tree: &Value) -> Vec<(String, i64)> {
    let anomalies = tree["anomalies"].as_array().expect("anomalies").iter();
    let told = |one: &Value| {
        let kind = one["kind"].as_str().expect("a word").to_owned();
        (kind, one["detail"]["amount"].as_i64().unwrap_or_default())
    };
    anomalies.map(told).collect()
}

/// Every finding of a run of reconcile over all.
fn reconciled(center: &Center, words: &[&str]) -> Vec<(String, String)> {
    let ran = docket(center.data.path(), &[&["reconcile", "--json"], words].concat());
    let run: Value = serde_json::from_str(ran.stdout.trim()).expect("JSON");
    assert_eq!(run["state"], "done", "{run}");
    let word = |finding: &Value, name: &str| finding[name].as_str().expect("a word").to_owned();
    let findings = run["findings"].as_array().expect("findings").iter();
    findings.map(|found| (word(found, "class"), word(found, "state"))).collect()
}

/// Orders that a list of this anomaly names.
fn listed(center: &Center, anomaly: &str) -> Vec<String> {
    let page = center.get(&format!("/api/orders?anomaly={anomaly}"));
    let orders = page["orders"].as_array().expect("orders").iter();
    orders.map(|order| order["order_id"].as_str().expect("a number").to_owned()).collect()
}

#[test]
fn freight_and_goodwill_go_back_without_goods_before_and_after_them() {
    let center = Center::open();
    let order = paid_parcel(&center, "1", 1000, 500);
    let ship = json!({"type": "ship", "carrier": "SF", "tracking": "1"});
    center.operate(&order, "store", &ship);
    let late = give(&center, &order, &json!({"lines": [], "freight": 200}));
    let tree = heard(&center, &order, "refund_succeeded", &late, json!("f1"));
    assert_eq!((&tree["refunded"], &tree["status"]), (&json!(200), &json!("shipped")));
    give(&center, &order, &json!({"lines": [], "goodwill": 100}));
    let goods = give(&center, &order, &json!({"freight": false}));
    let tree = heard(&center, &order, "refund_succeeded", &goods, json!("g1"));
    let refund = refunds(&tree).last().expect("a refund");
    assert_eq!((&refund["amount"], refund.get("cut")), (&json!(1000), None), "{refund}");
    let rest = give(&center, &order, &json!({"freight": true}));
    let tree = heard(&center, &order, "refund_succeeded", &rest, json!("f2"));
    let last = refunds(&tree).last().expect("a refund").clone();
    assert_eq!((&last["freight"], &last["cut"]), (&json!(300), &json!(100)), "{last}");
    assert_eq!(last["amount"], 200, "with goodwill no more than was paid");
    let goodwill = refunds(&tree)[1].clone();
    assert_eq!((&goodwill["goodwill"], &goodwill["lines"]), (&json!(100), &json!([])));
    let kind = refunds(&tree)[1]["refund_id"].as_str().expect("a number");
    let tree = heard(&center, &order, "refund_succeeded", kind, json!("w1"));
    assert_eq!((&tree["refunded"], &tree["store_status"]), (&json!(1500), &json!("refunded")));
    let asked = |fields: Value| {
        let mut asked = json!({"type": "refund_by_store", "actor": {"kind": "store"}});
        asked.as_object_mut().expect("fields").extend(fields.as_object().expect("one").clone());
        let (status, problem) = center.post(&format!("/api/orders/{order}/operations"), &asked);
        (status, problem["code"].as_str().expect("a code").to_owned(), problem)
    };
    let (status, code, problem) = asked(json!({"lines": [], "freight": false}));
    assert_eq!((status, &*code), (422, "invalid"));
    assert_eq!(problem["errors"][0]["field"], "lines");
    let (status, code, problem) = asked(json!({"lines": [], "goodwill": 1}));
    assert_eq!((status, &*code), (422, "too_much"));
    assert_eq!(problem["errors"][0]["field"], "goodwill");
    assert_eq!(asked(json!({"lines": [], "freight": true})).0, 409);
    assert_eq!(reconciled(&center, &[]), []);
    for (lang, words) in [("en", "of it freight"), ("zh", "其中运费")] {
        let story = docket(center.data.path(), &["explain", &order, "--lang", lang]).fine();
        assert!(story.contains(words), "{story}");
    }
}

#[test]
fn news_of_refunds_are_taken_in_any_order_listed_and_told() {
    let center = Center::open();
    let bounced = paid_parcel(&center, "1", 1000, 0);
    let refund = give(&center, &bounced, &json!({}));
    heard(&center, &bounced, "refund_succeeded", &refund, json!("ra"));
    let tree = heard(&center, &bounced, "refund_failed", &refund, Value::Null);
    assert_eq!((&tree["refunded"], &tree["status"]), (&json!(0), &json!("paid")));
    assert_eq!(anomalies(&tree), [("refund_bounced".to_owned(), 1000)]);
    assert_eq!(listed(&center, "refund_bounced"), [&*bounced]);
    let version = tree["version"].clone();
    let tree = heard(&center, &bounced, "refund_succeeded", &refund, json!("ra"));
    assert_eq!(tree["version"], version, "the same report again changes nothing");

    let twice = paid_parcel(&center, "1", 1000, 0);
    let first = give(&center, &twice, &json!({}));
    heard(&center, &twice, "refund_failed", &first, Value::Null);
    let second = give(&center, &twice, &json!({}));
    heard(&center, &twice, "refund_succeeded", &first, json!("rb1"));
    let tree = heard(&center, &twice, "refund_succeeded", &second, json!("rb2"));
    assert_eq!((&tree["refunded"], &tree["status"]), (&json!(2000), &json!("closed")));
    assert_eq!(tree["payments"][0]["refunded"], 2000);
    assert_eq!(anomalies(&tree), [("refunded_twice".to_owned(), 1000)]);
    assert_eq!(listed(&center, "refunded_twice"), [&*twice]);
    let taken = json!({"type": "refund_succeeded", "refund_id": first, "reference": "rb2",
                       "actor": {"kind": "gateway"}});
    let (status, problem) = center.post(&format!("/api/orders/{twice}/operations"), &taken);
    assert_eq!((status, &problem["code"]), (409, &json!("refund_reference_taken")));

    assert_eq!(reconciled(&center, &[]), [], "what the order says of itself is no difference");
    let told = |order: &str, lang: &str| {
        docket(center.data.path(), &["explain", order, "--lang", lang]).fine()
    };
    assert!(told(&bounced, "en").contains("came back"));
    assert!(told(&bounced, "zh").contains("退款被退回"));
    assert!(told(&twice, "en").contains("more than was owed"));
    assert!(told(&twice, "zh").contains("多退"));
}

/// A point for each 1.00: of two units at 0.75 the refund that is done last takes it back, whichever was asked first.
#[test]
fn refunds_that_end_in_another_order_than_they_were_asked_are_no_difference() {
    let center = Center::with(&[("DOCKET_LEDGER__POINTS__PER", "100")]);
    let order = paid_parcel(&center, "2", 75, 0);
    let line = center.tree(&order)["shops"][0]["items"][0]["order_id"].clone();
    let one = json!({"lines": [{"order_id": line, "quantity": "1"}]});
    let first = give(&center, &order, &one);
    let second = give(&center, &order, &one);
    heard(&center, &order, "refund_succeeded", &second, json!("2"));
    heard(&center, &order, "refund_succeeded", &first, json!("1"));
    assert_eq!(reconciled(&center, &[]), []);
    // Nor does money that came back, and goes again, make one.
    heard(&center, &order, "refund_failed", &second, Value::Null);
    assert_eq!(reconciled(&center, &[]), []);
    center.operate(&order, "store", &json!({"type": "agree_refund", "refund_id": second}));
    heard(&center, &order, "refund_succeeded", &second, json!("3"));
    assert_eq!(reconciled(&center, &[]), []);
    assert_eq!(center.get("/api/accounts/points/b1")["balance"], 0);
}

/// Placed, paid at the gateway, and to be given back there; the order and its attempt.
fn asked_back_there(center: &Center, words: &str) -> (String, String) {
    center.sandbox.behave(words);
    let order = center.place();
    let attempt = center.start(&order);
    assert_eq!(center.sandbox.pay(&attempt, &json!({})), 200);
    center.until_status(&order, "paid");
    center.operate(&order, "store", &json!({"type": "refund_by_store"}));
    (order, attempt)
}

/// The same, given back; with the refund's key there.
fn given_back_there(center: &Center, words: &str) -> (String, String, String) {
    let (order, attempt) = asked_back_there(center, words);
    center.until_status(&order, "refunded");
    let key = keys(center, &attempt).pop().expect("a refund");
    (order, attempt, key)
}

/// The keys of the refunds of a payment at its gateway.
fn keys(center: &Center, attempt: &str) -> Vec<String> {
    let truth = center.sandbox.truth();
    let refunds = truth["refunds"].as_array().expect("refunds").iter();
    let mine = refunds.filter(|refund| refund["payment_id"] == attempt);
    mine.map(|refund| refund["refund_id"].as_str().expect("a key").to_owned()).collect()
}

fn changes_its_mind(center: &Center, key: &str, becomes: &str) {
    center.sandbox.control(&json!({"refund_id": key, "becomes": becomes}));
}

#[test]
fn a_refund_that_bounces_at_its_gateway_goes_back_under_another_key_when_somebody_says_so() {
    let center = Center::open();
    let (order, attempt, key) = given_back_there(&center, "");
    changes_its_mind(&center, &key, "failed");
    let tree = center.until_status(&order, "refund_failed");
    assert_eq!(anomalies(&tree), [("refund_bounced".to_owned(), 1_000)]);
    assert_eq!(keys(&center, &attempt), [&*key], "nothing is sent again by itself");
    assert_eq!(reconciled(&center, &["--since", "2020-01-01T00:00:00Z"]), []);
    let refund = refunds(&tree)[0]["refund_id"].clone();
    center.operate(&order, "store", &json!({"type": "agree_refund", "refund_id": refund}));
    let tree = center.until_status(&order, "refunded");
    assert_eq!(keys(&center, &attempt).len(), 2, "the old key is not used again");
    assert_eq!((center.sandbox.given_back(&attempt), &tree["refunded"]), (1_000, &json!(1_000)));
}

#[test]
fn a_try_that_went_through_after_all_is_counted_as_given_twice() {
    let center = Center::open();
    let (order, attempt, first) = given_back_there(&center, "");
    changes_its_mind(&center, &first, "failed");
    let tree = center.until_status(&order, "refund_failed");
    let refund = refunds(&tree)[0]["refund_id"].clone();
    center.operate(&order, "store", &json!({"type": "agree_refund", "refund_id": refund}));
    center.until_status(&order, "refunded");
    changes_its_mind(&center, &first, "done");
    // That number was heard before, and came back: it is the old report as far as anybody can tell.
    eventually("the gateway was asked", || {
        center.verdicts().first().is_some_and(|verdict| verdict == "asked")
    });
    assert_eq!(center.sandbox.given_back(&attempt), 2_000);

    let (order, attempt) = asked_back_there(&center, "refund_fails");
    center.until_status(&order, "refund_failed");
    let failed = keys(&center, &attempt);
    changes_its_mind(&center, &failed[0], "done");
    let tree = center.until_status(&order, "refunded");
    assert_eq!((&tree["refunded"], anomalies(&tree)), (&json!(1_000), vec![]));
    changes_its_mind(&center, &failed[1], "done");
    eventually("it is counted", || center.tree(&order)["refunded"] == 2_000);
    assert_eq!(anomalies(&center.tree(&order)), [("refunded_twice".to_owned(), 1_000)]);
}

#[test]
fn what_a_silent_gateway_did_is_found_by_reconcile_and_the_order_is_told() {
    let center = Center::open();
    let (order, _, key) = given_back_there(&center, "silent");
    changes_its_mind(&center, &key, "failed");
    // What ended in the last minutes is under way, so the books are moved into the past.
    let behind = Behind::of_folder(center.data.path());
    behind.write("update gateway_refund set at = at - 3600000", &[]);
    let differs =
        |words: &[&str]| reconciled(&center, &[&["--class", "refund_differs"], words].concat());
    assert_eq!(differs(&[]), [("refund_differs".to_owned(), "found".to_owned())]);
    assert_eq!(differs(&["--repair"]), [("refund_differs".to_owned(), "repaired".to_owned())]);
    let tree = center.until_status(&order, "refund_failed");
    assert_eq!(anomalies(&tree), [("refund_bounced".to_owned(), 1_000)]);
    behind.write("update gateway_refund set at = at - 3600000", &[]);
    assert_eq!(differs(&[]), []);
}
