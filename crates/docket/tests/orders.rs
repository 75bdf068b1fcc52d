//! `docket orders`: the filters of the API from the command line, and one order by any number it has.

mod run;

use run::docket;
use std::path::Path;

fn numbers(data: &Path, filters: &[&str]) -> Vec<String> {
    let page = docket(data, &[&["orders", "list", "--json"], filters].concat()).json();
    let orders = page["orders"].as_array().expect("a list").iter();
    orders.map(|order| order["order_id"].as_str().expect("a number").to_owned()).collect()
}

#[test]
fn orders_are_listed_by_the_filters_of_the_api_and_shown_by_any_number() {
    let data = tempfile::tempdir().expect("a folder");
    docket(data.path(), &["demo", "--once"]).fine();
    let data = data.path();
    let cancelled = numbers(data, &["--status", "cancelled"]);
    assert!(cancelled.len() > 5, "{cancelled:?}");
    let shown = docket(data, &["orders", "list", "--status", "cancelled", "--limit", "3"]);
    assert!(shown.stderr.contains("--cursor"), "{shown:?}");
    let table = shown.fine();
    assert!(cancelled[..3].iter().all(|number| table.contains(number)), "{table}");
    assert!(!table.contains(&cancelled[3]) && table.contains(" CNY"), "{table}");

    // The next page goes on where this one ended.
    let page = docket(data, &["orders", "list", "--status", "cancelled", "--limit", "3", "--json"]);
    let next = page.json()["next"].as_str().expect("there is more").to_owned();
    let rest = numbers(data, &["--status", "cancelled", "--limit", "3", "--cursor", &next]);
    assert_eq!(rest[..], cancelled[3..6]);

    let shops = docket(data, &["orders", "list", "--level", "shop", "--lang", "zh"]).fine();
    assert!(shops.contains("应付") && shops.contains(" 元"), "{shops}");

    // An order of another center has the number it had there as its number elsewhere.
    let other = tempfile::tempdir().expect("a folder");
    let lines = docket(data, &["export", "--format", "jsonl"]).fine();
    std::fs::write(other.path().join("orders.jsonl"), lines).expect("written");
    docket(other.path(), &["import", "orders.jsonl"]).fine();
    let [here, there] = [data, other.path()]
        .map(|data| docket(data, &["orders", "show", &cancelled[0], "--json"]).json());
    assert_eq!(there["external_id"], cancelled[0].as_str());
    assert_eq!((&there["payable"], &there["status"]), (&here["payable"], &here["status"]));
    let told = docket(other.path(), &["explain", &cancelled[0]]).fine();
    assert!(told.contains(there["order_id"].as_str().expect("a number")), "{told}");

    let said = docket(data, &["orders", "show", "no-such-order"]).refused(1);
    assert!(said.contains("there is no order no-such-order"), "{said}");
    let said = docket(data, &["orders", "list", "--status", "lost"]).refused(1);
    assert!(said.contains("status"), "{said}");
}
