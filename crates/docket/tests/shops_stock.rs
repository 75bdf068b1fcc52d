//! What sales in a marketplace shop take of our stock: two processes and real HTTP between them, on every database.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::{Database, within};
use market::{Center, Market};
use run::docket;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What was counted of every SKU, in pieces.
const COUNTED: i64 = 1_000;

/// The codes that an order sells, each with its pieces.
fn sold(order: &Value) -> BTreeMap<String, i64> {
    let mut sold = BTreeMap::new();
    for item in order["shops"][0]["items"].as_array().expect("items") {
        let quantity: i64 = item["quantity"].as_str().expect("a quantity").parse().expect("whole");
        for product in item["extra"]["products"].as_array().expect("what it is made of") {
            let pieces = product["factor"].as_i64().expect("a number");
            let code =
                product["code"].as_str().or(product["sku_id"].as_str()).expect("a code").to_owned();
            *sold.entry(code).or_default() += quantity * pieces;
        }
    }
    sold
}

fn sum<'a>(orders: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    for (code, pieces) in orders.into_iter().flat_map(sold) {
        *all.entry(code).or_default() += pieces;
    }
    all
}

fn map(center: &Center, shop: &str, codes: &[Value]) {
    let (status, told) = center.put(&format!("/api/shops/{shop}"), &json!({ "sku_map": codes }));
    assert_eq!(status, 200, "{told:#}");
}

/// A SKU of ours for each code: counted, and two of it for each piece.
fn count_and_map(center: &Center, shop: &str, codes: &BTreeSet<String>) {
    for code in codes {
        let count = json!({"place": "main", "on_hand": COUNTED.to_string(), "reason": "count"});
        assert_eq!(center.put(&format!("/api/stock/our-{code}"), &count).0, 200);
    }
    let is = |code| json!({"code": code, "sku_id": format!("our-{code}"), "per_piece": "2"});
    map(center, shop, &codes.iter().map(is).collect::<Vec<_>>());
}

/// What was taken of the SKU of each code, in pieces of two, where anything was.
fn taken(center: &Center, codes: &BTreeSet<String>) -> BTreeMap<String, i64> {
    let of = |code: &String| {
        let stock = center.get(&format!("/api/stock/our-{code}"));
        let place = &stock["places"][0];
        assert_eq!(place["held"], "0", "what has happened is not held");
        let on_hand: i64 = place["on_hand"].as_str().expect("a text").parse().expect("whole");
        (code.clone(), (COUNTED - on_hand) / 2)
    };
    codes.iter().map(of).filter(|(_, taken)| *taken != 0).collect()
}

/// Waits until that much was taken; what is taken later than that shows in the next look.
fn until_taken(center: &Center, codes: &BTreeSet<String>, wanted: &BTreeMap<String, i64>) {
    let is_taken = || (taken(center, codes) == *wanted).then_some(());
    let came = within(Duration::from_mins(2), is_taken);
    assert!(came.is_some(), "{:?} are taken, not {wanted:?}", taken(center, codes));
}

/// New orders there, and here; the orders.
fn sell(market: &Market, center: &Center, shop: &str, count: u64) -> Vec<Value> {
    // Orders are told in whole seconds: those of the second in which the shop was connected may lie before it.
    market.skip(200);
    let numbers = market.happens(0, &json!({"does": "insert", "count": count, "status": 2}));
    market.skip(200);
    let run = center.catch_up(market, shop);
    assert_eq!((&run["state"], &run["new"]), (&json!("done"), &json!(count)), "{run:#}");
    let orders = center.orders(shop);
    let is_new = |order: &&Value| numbers.iter().any(|number| order["external_id"] == **number);
    orders.iter().filter(is_new).cloned().collect()
}

/// All codes that the shop sells by: the seller's own, or the number there where the seller gave none.
fn codes(market: &Market) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let code = |row: &Value| match row["code"].as_str() {
        Some("") | None => text(&row["sku_id"]),
        Some(code) => code.to_owned(),
    };
    market.rows(0, "products").iter().map(code).collect()
}

#[test]
fn sales_are_taken_once_and_what_is_cancelled_comes_back_once() {
    for database in Database::ALL {
        let market = Market::start(&["--count", "60", "--limit", "0"]);
        let center = Center::on(database);
        let shop = center.connect(&market, 0);
        center.pull(&shop, "incremental");
        let codes = codes(&market);
        count_and_map(&center, &shop, &codes);
        center.pull(&shop, "full");
        assert_eq!(
            taken(&center, &codes),
            BTreeMap::new(),
            "{database}: a first pull takes nothing"
        );

        let new = sell(&market, &center, &shop, 5);
        let all = sum(&new);
        assert_eq!(taken(&center, &codes), all, "{database}");
        let takes = &new[0]["shops"][0]["items"][0]["allocations"][0];
        assert_eq!(takes["place"], "main", "{database}: a line says what it takes: {takes:#}");
        center.pull(&shop, "incremental");
        center.pull(&shop, "full");
        assert_eq!(taken(&center, &codes), all, "{database}: once");

        let (gone, kept) = new.split_first().expect("five");
        let number = gone["external_id"].as_str().expect("a number");
        market.happens(0, &json!({"does": "move", "order": number, "to": 3}));
        market.happens(
            0,
            &json!({"does": "want_back", "order": number, "kind": "cancel", "group": 8}),
        );
        market.skip(200);
        let run = center.catch_up(&market, &shop);
        assert_eq!(run["state"], "done", "{run:#}");
        assert_eq!(taken(&center, &codes), sum(kept), "{database}: it is on the shelf again");
        center.pull(&shop, "full");
        center.pull(&shop, "incremental");
        assert_eq!(taken(&center, &codes), sum(kept), "{database}: and once");

        let sent = kept[0]["external_id"].as_str().expect("a number");
        market.happens(0, &json!({"does": "move", "order": sent, "to": 4}));
        market.skip(200);
        center.catch_up(&market, &shop);
        assert_eq!(taken(&center, &codes), sum(kept), "{database}: what left was taken before");
    }
}

#[test]
fn what_is_not_mapped_is_listed_and_loses_nothing() {
    for database in Database::ALL {
        let market = Market::start(&["--count", "60", "--limit", "0"]);
        let mut center = Center::on(database);
        let shop = center.connect(&market, 0);
        center.pull(&shop, "incremental");
        let all = codes(&market);
        let skus = format!("/api/shops/{shop}/skus");
        let unmapped = |center: &Center| {
            let page = center.get(&format!("{skus}/unmapped"));
            page["unmapped"].as_array().expect("a list").clone()
        };
        assert_eq!(
            unmapped(&center),
            [] as [Value; 0],
            "{database}: a shop without a map waits for nothing"
        );

        // Sold before there is a map: it counts, since the shop was connected before.
        let before = sell(&market, &center, &shop, 3);
        count_and_map(&center, &shop, &all);
        until_taken(&center, &all, &sum(&before));
        assert_eq!(unmapped(&center), [] as [Value; 0]);

        let nothing = |code| json!({"code": code, "sku_id": null});
        map(&center, &shop, &all.iter().map(nothing).collect::<Vec<_>>());
        let later = sell(&market, &center, &shop, 3);
        assert_eq!(taken(&center, &all), sum(&before), "{database}: what is taken stays taken");
        let waits = unmapped(&center);
        let shown = docket(
            center.data.path(),
            &[
                &["shop", "skus", &shop, "--unmapped"],
                &["--server", center.serve.base_url(), "--key", &center.key][..],
            ]
            .concat(),
        )
        .fine();
        let (code, orders) = (&waits[0]["code"], &waits[0]["orders"]);
        let line = shown.lines().find(|line| line.split_whitespace().next() == code.as_str());
        let line = line.expect("the code is listed");
        let has_number =
            line.split_whitespace().any(|word| *orders == json!(word.parse::<u64>().ok()));
        assert!(has_number, "{orders} orders: {line}");
        let names = waits.iter().map(|waits| waits["code"].as_str().expect("a code").to_owned());
        assert_eq!(names.collect::<BTreeSet<_>>(), sum(&later).into_keys().collect(), "{database}");
        let told = &waits[0];
        assert!(told["orders"].as_u64() >= Some(1) && told["title"].is_string(), "{told:#}");

        // Whoever maps it dies behind it: what waits is taken all the same.
        count_and_map(&center, &shop, &all);
        center.killed_and_started();
        let both: Vec<_> = before.iter().chain(&later).cloned().collect();
        // It was counted anew in between, and only what waited is taken since.
        let since = sum(&later);
        assert_ne!(since, sum(&both));
        until_taken(&center, &all, &since);
        assert_eq!(unmapped(&center), [] as [Value; 0], "{database}");

        let page = center.get(&format!("{skus}?limit=1"));
        assert_eq!(page["skus"].as_array().map(Vec::len), Some(1), "{page:#}");
        assert!(page["next"].is_string(), "there are more");
    }
}

#[test]
fn a_map_names_what_was_counted_and_is_said_at_the_command_line() {
    let market = Market::start(&["--count", "5", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    let wish = json!({"sku_map": [{"code": "A-1", "sku_id": "nobody-counted-it"}]});
    let (status, problem) = center.put(&format!("/api/shops/{shop}"), &wish);
    assert_eq!(status, 422, "{problem:#}");
    assert_eq!(problem["errors"][0]["code"], "not_counted", "{problem:#}");
    assert_eq!(problem["errors"][0]["field"], "sku_map[0].sku_id", "{problem:#}");
    let shown = center.get(&format!("/api/shops/{shop}"));
    assert_eq!(shown["takes_stock"], false, "{shown:#}");
    let many: Vec<_> = (0..501).map(|n| json!({"code": format!("c{n}"), "sku_id": null})).collect();
    let (status, problem) = center.put(&format!("/api/shops/{shop}"), &json!({"sku_map": many}));
    assert_eq!(status, 422, "{problem:#}");

    let at = |words: &[&str]| {
        let known = ["--server", center.serve.base_url(), "--key", &center.key];
        docket(center.data.path(), &[words, &known].concat())
    };
    at(&["stock", "set", "tea", "50"]).fine();
    let told = at(&["shop", "map", &shop, "A-1", "tea", "--per-piece", "0.25"]).fine();
    assert!(told.is_empty() || told.contains("mapped"), "{told}");
    let file = center.data.path().join("map.csv");
    std::fs::write(&file, "\u{feff}code,sku_id,per_piece\nA-2,tea,\nA-3,tea,3\n").expect("a file");
    at(&["shop", "map", &shop, "--file", file.to_str().expect("a path")]).fine();
    let listed = at(&["shop", "skus", &shop]).fine();
    assert!(
        listed.contains("A-1") && listed.contains("0.25") && listed.contains("A-3"),
        "{listed}"
    );
    // As spreadsheets write it where the comma stands in numbers; what is refused is told by its line.
    std::fs::write(&file, "code;sku_id\nA-4;tea\nA-5;nobody-counted-it\n").expect("a file");
    let path = file.to_str().expect("a path");
    let said = at(&["shop", "map", &shop, "--file", path]).refused(1);
    assert!(said.contains("line 3: there is no stock of nobody-counted-it at main"), "{said}");
    assert!(!said.contains("line 2") && said.contains("nothing was mapped"), "{said}");
    std::fs::write(&file, "code;sku_id\nA-4;tea\n").expect("a file");
    let told = at(&["shop", "map", &shop, "--file", path]);
    assert!(told.stderr.contains("1 code of shop") && told.code == Some(0), "{told:?}");
    for nothing in ["", "\u{feff}\n", "code,sku_id\n"] {
        std::fs::write(&file, nothing).expect("a file");
        let said = at(&["shop", "map", &shop, "--file", path]).refused(2);
        assert!(said.contains("has no codes") && said.contains("per_piece"), "{said}");
    }
    at(&["shop", "map", &shop, "A-1", "--remove"]).fine();
    let listed = at(&["shop", "skus", &shop]).fine();
    assert!(!listed.contains("A-1") && listed.contains("A-2"), "{listed}");
    let waits = at(&["shop", "skus", &shop, "--unmapped"]).fine();
    assert!(!waits.contains("A-2"), "{waits}");
}

#[test]
fn more_sold_than_there_is_is_noted_at_the_order_and_is_an_alert() {
    let market = Market::start(&["--count", "60", "--limit", "0"]);
    for database in Database::ALL {
        let center = Center::with(
            database,
            &[
                ("DOCKET_CHANNELS__TEMU__INTERVAL", "30d"),
                ("DOCKET_CHANNELS__TEMU__CALLS_PER_SECOND", "0"),
                ("DOCKET_ALERTS__EVERY", "1s"),
            ],
        );
        let shop = center.connect(&market, 0);
        center.pull(&shop, "incremental");
        let codes = codes(&market);
        count_and_map(&center, &shop, &codes);
        for code in &codes {
            let count = json!({"place": "main", "on_hand": "0", "reason": "gone"});
            assert_eq!(center.put(&format!("/api/stock/our-{code}"), &count).0, 200);
        }
        let new = sell(&market, &center, &shop, 1);
        let noted = new[0]["anomalies"].as_array().expect("a list");
        let oversold = noted.iter().find(|anomaly| anomaly["kind"] == "oversold").expect("it");
        assert_eq!(oversold["detail"]["place"], "main", "{database}: {oversold:#}");
        let open = || {
            let alerts = center.get("/api/sync/monitoring/alerts");
            let alerts = alerts["alerts"].as_array().expect("a list").clone();
            alerts.into_iter().find(|alert| alert["kind"] == "oversold")
        };
        let opened = within(Duration::from_secs(30), open).expect("it opens");
        assert_eq!(opened["severity"], "critical", "{opened:#}");
    }
}
