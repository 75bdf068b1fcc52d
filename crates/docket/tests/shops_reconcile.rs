//! `docket reconcile` compares shops with what their marketplace told of them: what was changed behind the center's back is
//! found, read again and mended. A marketplace, a center and the command as processes of their own, on every database.

#[allow(dead_code)] // shared with the tests of the mirror, which make tables
mod behind;
#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use behind::Behind;
use docket_testkit::Database;
use market::{Center, Market, same};
use run::{Ran, docket, run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What of a shop is found and mended, each seeded once.
const MENDED: [&str; 7] = [
    "channel_gap",
    "channel_order_aside",
    "channel_orders_missing",
    "channel_parcels_differ",
    "channel_products_missing",
    "channel_row_missing",
    "channel_status_differs",
];
const LIST: &str = "bg.order.list";
const DETAIL: &str = "bg.order.detail";

/// A shop that was pulled whole: orders, parcels, products.
fn pulled(market: &Market, database: Database) -> (Center, String) {
    let center = Center::on(database);
    let shop = center.connect(market, 0);
    for mode in ["full", "incremental"] {
        let run = center.pull(&shop, mode);
        assert_eq!((&run["state"], &run["gaps"]), (&json!("done"), &json!(0)), "{run:#}");
    }
    assert_eq!(center.pull_products(&shop, "full")["state"], "done");
    center.has_all_parcels(&shop);
    (center, shop)
}

fn reconcile(center: &Center, words: &[&str]) -> Ran {
    let mut command = run::command(center.data.path(), &[&["reconcile", "--json"], words].concat());
    run(command.env("DOCKET_DATABASE__URL", center.database().url()))
}

/// The states of what a run found, by class, and its exit code.
fn found(center: &Center, words: &[&str]) -> (BTreeMap<String, BTreeSet<String>>, Option<i32>) {
    let ran = reconcile(center, words);
    let run: Value = serde_json::from_str(ran.stdout.lines().next().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let mut states = BTreeMap::<String, BTreeSet<String>>::new();
    for finding in run["findings"].as_array().expect("findings") {
        let word = |name: &str| finding[name].as_str().expect("a word").to_owned();
        assert!(word("en").len() > 20 && !word("en").contains('{'), "{finding:#}");
        assert!(word("zh").chars().count() > 8 && !word("zh").contains('{'), "{finding:#}");
        states.entry(word("class")).or_default().insert(word("state"));
    }
    (states, ran.code)
}

fn states_of(words: &[&str], state: &str) -> BTreeMap<String, BTreeSet<String>> {
    words.iter().map(|word| ((*word).to_owned(), BTreeSet::from([state.to_owned()]))).collect()
}

/// Seeds one difference of each class behind the center's back, each with an order of its own.
fn seed(center: &mut Center, shop: &str) {
    let orders = center.orders(shop);
    let parcel = |order: &Value| order["shops"][0]["shipments"][0].clone();
    let numbered = orders.iter().filter(|order| !parcel(order)["package"].is_null());
    let [lost, aside, moved] = numbered.take(3).collect::<Vec<_>>()[..] else {
        panic!("too few have parcels")
    };
    // It left, and nobody gave it a number.
    let bare = |order: &&Value| parcel(order).is_object() && parcel(order)["package"].is_null();
    let parted = orders.iter().find(bare).expect("one that goes by letter");
    let number = |order: &Value| order["external_id"].as_str().expect("a number").to_owned();
    center.away(|database| {
        let behind = Behind::of(database);
        let of = |order: &Value| format!("shop = {shop} and number = '{}'", number(order));
        // What was told of one is gone: theirs has one more than ours.
        behind.write(&format!("delete from channel_order where {}", of(lost)), &[]);
        behind.write(&format!("update channel_order set tree = null where {}", of(aside)), &[]);
        behind.write(&format!("update channel_order set status = '9' where {}", of(moved)), &[]);
        // As if a look had found them: then nobody looks any more.
        let known = "update channel_order set packages = 2, next_look_at = null";
        behind.write(&format!("{known} where {}", of(parted)), &[]);
        let product = behind.one(&format!(
            "select number from channel_product where shop = {shop} order by number"
        ));
        let gone = format!("delete from channel_product where shop = {shop} and number = ?");
        behind.write(&gone, &[&product]);
        // Of the series by the time of the last change; its next try is far away.
        let window = format!(
            "update channel_window set state = 2, next_try_at = 4102444800000, reason = ? \
                              where shop = {shop} and series = 1"
        );
        behind.write(&window, &["it never loaded"]);
    });
}

#[test]
fn what_was_told_of_a_shop_is_held_against_its_orders_and_mended_by_reading_it_again() {
    let market = Market::start(&["--count", "60", "--shops", "1", "--limit", "0"]);
    for database in Database::ALL {
        let (mut center, shop) = pulled(&market, database);
        let (nothing, code) = found(&center, &[]);
        assert_eq!((nothing, code), (BTreeMap::new(), Some(0)), "{database}: nothing differs");
        let before = (center.numbers(&shop), center.packages(&shop));
        seed(&mut center, &shop);
        // To compare asks the marketplace nothing.
        let calls = market.calls()["calls"].clone();
        let (differs, code) = found(&center, &[]);
        assert_eq!(differs, states_of(&MENDED, "found"), "{database}");
        assert_eq!((code, &market.calls()["calls"]), (Some(1), &calls), "{database}");
        let (one, _) = found(&center, &["--class", "channel_gap"]);
        assert_eq!(one, states_of(&["channel_gap"], "found"), "{database}");
        let details = market.calls_of(DETAIL);
        let (mended, code) = found(&center, &["--repair"]);
        assert_eq!(mended, states_of(&MENDED, "repaired"), "{database}");
        assert_eq!(code, Some(0), "{database}");
        // Of 60 orders those are read whose parcels are in doubt, each by one detail: what was lost, and what lost its numbers.
        let details = market.calls_of(DETAIL) - details;
        assert!((1..=4).contains(&details), "{database}: {details} details");
        let (nothing, code) = found(&center, &[]);
        assert_eq!((nothing, code), (BTreeMap::new(), Some(0)), "{database}: nothing is left");
        center.has_all_parcels(&shop);
        same(&center.numbers(&shop), &before.0);
        same(&center.packages(&shop), &before.1);
        same(&center.numbers(&shop), &market.listed(0));
        let complete = center.get(&format!("/api/sync/shops/{shop}/completeness"));
        assert_eq!(complete["complete"], true, "{database}: {complete:#}");
    }
}

#[test]
fn what_the_marketplace_does_not_tell_now_stays_and_what_no_list_has_is_noted() {
    let market = Market::start(&["--count", "20", "--shops", "1", "--limit", "0"]);
    let (mut center, shop) = pulled(&market, Database::Sqlite);
    center.away(|database| {
        let behind = Behind::of(database);
        behind.write(&format!("update channel_order set status = '9' where shop = {shop}"), &[]);
    });
    market.behave("system", &json!({}));
    let (stays, code) = found(&center, &["--class", "channel_status_differs", "--repair"]);
    assert_eq!(stays, states_of(&["channel_status_differs"], "stays"));
    assert_eq!(code, Some(1));
    market.fine();
    let lists = market.calls_of(LIST);
    let (mended, code) = found(&center, &["--class", "channel_status_differs", "--repair"]);
    assert_eq!(mended, states_of(&["channel_status_differs"], "repaired"));
    assert_eq!(code, Some(0));
    assert_eq!(market.calls_of(LIST) - lists, 1, "twenty orders are asked for by one call");
    // One that no list has, and that was read because somebody told of it.
    let hidden = market.happens(0, &json!({"does": "insert", "status": 4, "hidden": true}));
    let child = json!({"does": "want_back", "order": hidden[0], "kind": "refund", "group": 1});
    market.happens(0, &child);
    market.skip(200);
    center.catch_up(&market, &shop);
    assert!(center.numbers(&shop).contains(&hidden[0]), "it is here");
    let (noted, code) = found(&center, &[]);
    assert_eq!(noted, states_of(&["channel_orders_hidden"], "noted"));
    assert_eq!(code, Some(0), "nothing is to be done about it");
    let shown = docket(center.data.path(), &["reconcile"]).fine();
    assert!(shown.contains("that no list of the marketplace has"), "{shown}");
}
