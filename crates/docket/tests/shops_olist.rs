//! Five thousand real orders of a marketplace: imported, exported, put into the marketplace to test with, and pulled out of
//! it again. The data is not part of the project; without it this says so and is skipped.

#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::Database;
use market::{Center, Market, same};
use run::docket;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Orders by day and status.
type Days = BTreeMap<(String, String), u64>;

/// What the marketplace's truth says that its lists have.
fn theirs(market: &Market) -> Days {
    let told = market.told(0);
    let days = told["days"].as_array().expect("days").iter();
    let row = |day: &Value| {
        let text = day["day"].as_str().expect("a day").to_owned();
        ((text, day["status"].to_string()), day["listed"]["orders"].as_u64().expect("a number"))
    };
    days.map(row).collect()
}

/// Theirs and ours, as our report tells them.
fn reported(report: &Value) -> [Days; 2] {
    let mut days = [Days::new(), Days::new()];
    for day in report["days"].as_array().expect("days") {
        let text = day["day"].as_str().expect("a day");
        for status in day["statuses"].as_array().expect("statuses") {
            let code = status["status"].as_str().expect("a code");
            for (days, whose) in days.iter_mut().zip(["theirs", "ours"]) {
                let orders = status[whose].as_u64().expect("a number");
                days.insert((text.to_owned(), code.to_owned()), orders);
            }
        }
    }
    days
}

#[test]
fn the_olist_sample_is_pulled_complete_by_day_and_status_with_its_packages() {
    let folder = repository("../shared/data/olist");
    if !folder.join("orders.csv").exists() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    let data = tempfile::tempdir().expect("a folder");
    let map = repository("examples/olist.toml");
    let names =
        ["orders.csv", "order_items.csv", "order_payments.csv", "products.csv", "sellers.csv"];
    let files: Vec<_> = names.iter().map(|name| folder.join(name).display().to_string()).collect();
    let map = map.display().to_string();
    let mut words = vec!["import", "--map", &map];
    words.extend(files.iter().map(String::as_str));
    // Some rows have neither items nor payments: an import that leaves them out says so by its code.
    docket(data.path(), &words);
    let lines = data.path().join("orders.jsonl");
    let exported = docket(data.path(), &["export", "--format", "jsonl"]).fine();
    assert_eq!(exported.lines().count(), 4_966);
    std::fs::write(&lines, exported).expect("space");
    let lines = lines.display().to_string();
    let market = Market::start(&["--orders", &lines, "--recent", "--shops", "1", "--limit", "0"]);
    let center = Center::with(
        Database::Sqlite,
        &[
            ("DOCKET_CHANNELS__TEMU__INTERVAL", "30d"),
            ("DOCKET_CHANNELS__TEMU__CALLS_PER_SECOND", "0"),
            ("DOCKET_CHANNELS__TEMU__FULL_DAYS", "3650"),
        ],
    );
    let shop = center.connect(&market, 0);
    let run = center.pull(&shop, "full");
    assert_eq!((&run["state"], &run["gaps"]), (&json!("done"), &json!(0)), "{run:#}");
    same(&center.numbers(&shop), &market.listed(0));
    let report = center.get(&format!("/api/sync/shops/{shop}/completeness"));
    assert_eq!(report["complete"], true);
    let truth = theirs(&market);
    assert_eq!(truth.values().sum::<u64>(), 4_966);
    println!(
        "{} orders, {} pairs of day and status: theirs and ours are the truth",
        truth.values().sum::<u64>(),
        truth.len()
    );
    assert_eq!(reported(&report), [truth.clone(), truth]);
    center.has_all_parcels(&shop);
    // Some of the sample were cancelled after they had left; at this marketplace what is cancelled never left.
    let rows = market.rows(0, "orders");
    let cancelled = rows.iter().filter(|row| row["status"] == 3).map(|row| row["parent"].as_str());
    let cancelled: BTreeSet<_> = cancelled.flatten().collect();
    let mut truth = market.packages(0);
    truth.retain(|(order, _)| !cancelled.contains(order.as_str()));
    assert!(truth.len() > 4_900, "{}", truth.len());
    let ours = center.packages(&shop);
    println!("{} packages there, {} here", truth.len(), ours.len());
    same(&ours, &truth);
}
