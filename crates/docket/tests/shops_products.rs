//! Products of a marketplace shop are read: two processes and real HTTP between them, on every database.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::Database;
use market::{Center, Market};
use run::docket;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PRODUCTS: u64 = 60;
/// Lists that a marketplace has its products in.
const LISTS: u64 = 4;

fn named<'a>(products: &'a [Value], number: &Value) -> &'a Value {
    let found = products.iter().find(|product| product["product_id"] == *number);
    found.unwrap_or_else(|| panic!("{number} is not listed"))
}

/// Changes a product of the first shop.
fn edit(market: &Market, product: &Value, change: Value) {
    let number: u64 = product.as_str().and_then(|text| text.parse().ok()).expect("a number");
    let mut wish = json!({"does": "product", "shop": market.said["shops"][0]["mall_id"],
        "goods_id": number});
    let Value::Object(change) = change else { panic!("an object") };
    wish.as_object_mut().expect("an object").extend(change);
    market.control(&json!({ "orders": [wish] }));
}

fn counts(run: &Value) -> [u64; 5] {
    assert_eq!(run["state"], "done", "{run:#}");
    ["done", "new", "changed", "gone", "gaps"].map(|name| run[name].as_u64().expect("a number"))
}

#[test]
fn all_lists_are_read_an_edit_is_seen_by_a_full_pass_and_a_move_by_one_call_a_list() {
    for database in Database::ALL {
        // One each: what moved a moment ago is read twice.
        let market = Market::start(&["--count", "3", "--limit", "0"]);
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        // The first run of all reads everything, whatever it is called.
        let first = center.pull_products(&shop, "incremental");
        assert_eq!(counts(&first), [PRODUCTS, PRODUCTS, 0, 0, 0], "{database}: {first:#}");
        assert_eq!(first["total"], PRODUCTS, "{first:#}");
        let products = center.products(&shop);
        let numbers: BTreeSet<_> = products.iter().map(|one| one["product_id"].as_str()).collect();
        assert_eq!((products.len(), numbers.len()), (60, 60), "none twice");
        let lists: BTreeSet<_> = products.iter().map(|product| product["list"].as_str()).collect();
        assert_eq!(lists.len() as u64, LISTS);
        let again = center.pull_products(&shop, "full");
        assert_eq!(counts(&again), [PRODUCTS, 0, 0, 0, 0], "{database}: {again:#}");
        assert!(center.products(&shop) == products, "{database}: not a byte of any product");

        let quiet = center.pull_products(&shop, "incremental");
        assert_eq!(quiet["calls"], LISTS, "{database}: {quiet:#}");
        // An edit moves no time: what changed does not show it, all of them do.
        let listed = |product: &&Value| product["list"] == "1" && product["price"].is_i64();
        let edited = products.iter().find(listed).expect("one");
        let price = edited["price"].as_i64().expect("a price") + 1_234;
        edit(&market, &edited["product_id"], json!({ "price": price }));
        let blind = center.pull_products(&shop, "incremental");
        assert_eq!(counts(&blind)[2], 0, "{database}: {blind:#}");
        let seen = center.pull_products(&shop, "full");
        assert_eq!(counts(&seen), [PRODUCTS, 0, 1, 0, 0], "{database}: {seen:#}");
        let after = center.products(&shop);
        let now = named(&after, &edited["product_id"]);
        assert_eq!(now["price"], price, "{now:#}");
        assert_eq!(now["first_seen_at"], edited["first_seen_at"], "{now:#}");
        // A move to another list is what the quick run is for.
        edit(&market, &edited["product_id"], json!({"shelf": "unpublished"}));
        let moved = Center::finds_a_change(|| center.pull_products(&shop, "incremental"));
        assert_eq!((counts(&moved)[2], &moved["calls"]), (1, &json!(LISTS)), "{moved:#}");
        assert_eq!(named(&center.products(&shop), &edited["product_id"])["list"], "4");
        edit(&market, &edited["product_id"], json!({"shelf": "listed"}));
    }
}

#[test]
fn a_product_is_gone_when_a_pass_that_read_everything_did_not_meet_it_and_comes_back() {
    let market = Market::start(&["--count", "3", "--limit", "0"]);
    for database in Database::ALL {
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        center.pull_products(&shop, "full");
        let number = center.products(&shop)[7]["product_id"].clone();
        edit(&market, &number, json!({"shelf": "gone"}));
        let quick = center.pull_products(&shop, "incremental");
        assert_eq!(counts(&quick)[3], 0, "{database}: what changed tells of nothing gone");
        let whole = center.pull_products(&shop, "full");
        assert_eq!(counts(&whole), [PRODUCTS - 1, 0, 0, 1, 0], "{database}: {whole:#}");
        let products = center.products(&shop);
        assert_eq!(products.len(), 60, "{database}: it stays in the list");
        let gone: Vec<_> = products.iter().filter(|one| !one["gone_at"].is_null()).collect();
        assert_eq!(gone.len(), 1, "{database}");
        assert_eq!(gone[0]["product_id"], number, "{database}");
        let still = center.pull_products(&shop, "full");
        assert_eq!(counts(&still)[3], 0, "{database}: it is gone once");
        edit(&market, &number, json!({"shelf": "listed"}));
        let back = center.pull_products(&shop, "full");
        assert_eq!(counts(&back)[2], 1, "{database}: {back:#}");
        assert_eq!(named(&center.products(&shop), &number)["gone_at"], Value::Null, "{database}");
    }
}

#[test]
fn where_products_move_while_all_are_read_none_is_called_gone() {
    let market = Market::start(&["--count", "3", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    center.pull_products(&shop, "full");
    market.control(&json!({"behave": "vanish=1"}));
    let run = center.pull_products(&shop, "full");
    market.control(&json!({"behave": ""}));
    assert_eq!(counts(&run)[3], 0, "{run:#}");
    let settled = center.pull_products(&shop, "full");
    assert_eq!(counts(&settled)[3], 0, "{settled:#}");
    let products = center.products(&shop);
    assert!(products.iter().all(|one| one["gone_at"].is_null()), "they are in another list");
    assert!(products.iter().filter(|one| one["list"] == "6").count() > 1);
}

#[test]
fn a_shop_whose_token_does_not_allow_products_says_so_and_its_orders_go_on() {
    let market = Market::start(&["--count", "3", "--limit", "0"]);
    let goods = "bg.local.goods.list.query";
    let mall = &market.said["shops"][0]["mall_id"];
    market.control(&json!({"tokens": [{"shop": mall, "does": "deny", "type": goods}]}));
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    let run = center.pull_products(&shop, "full");
    assert_eq!((&run["state"], &run["calls"]), (&json!("done"), &json!(0)), "{run:#}");
    assert!(run["note"].is_string(), "{run:#}");
    let shown = center.get(&format!("/api/shops/{shop}"));
    assert_eq!(shown["scopes_missing"], json!([goods]), "{shown:#}");
    assert_eq!(center.pull(&shop, "incremental")["new"], 3);
}

#[test]
fn a_command_reads_products_and_a_shop_says_how_far_they_are() {
    let market = Market::start(&["--count", "3", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    let words = ["shop", "sync", &shop, "--stream", "products", "--json"];
    let said: Value = serde_json::from_str(&docket(center.data.path(), &words).fine()).unwrap();
    assert_eq!((&said["stream"], &said["new"]), (&json!("products"), &json!(60)), "{said:#}");
    let shown = center.get(&format!("/api/shops/{shop}"));
    assert_eq!(shown["products"]["run_id"], said["run_id"], "{shown:#}");
    let (status, _) =
        center.post(&format!("/api/sync/shops/{shop}/products"), &json!({"mode": "some"}));
    assert_eq!(status, 422);
}
