//! Orders of every kind, brought to every stage, leave one center and are the same in another.

use super::lives::{self, Step, agreed, asked, given_back, meal, order, paid, pay, shipped, tea};
use super::{Center, NOW, args, export, written};
use docket_app::Principal;
use docket_domain::story::Language;
use docket_domain::time::{DAY, MINUTE};
use docket_domain::{Id, Json};
use docket_wire::{Look, Markets, operation, placement, view};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What an import gives anew or does not take: numbers of ours, versions, deadlines, people.
const ANEW: &[&str] = &[
    "order_id",
    "payment_id",
    "shipment_id",
    "refund_id",
    "attempt_id",
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

/// What is compared of an exported line: all but [`ANEW`], what was dropped, and when a contradiction was seen.
fn compared(mut order: Json) -> Json {
    fn strip(node: &mut Json) {
        match node {
            Json::Object(fields) => {
                fields.retain(|name, _| !ANEW.contains(&name.as_str()));
                fields.values_mut().for_each(strip);
            }
            Json::Array(list) => {
                list.retain(|node| node["dropped_at"].is_null());
                list.iter_mut().for_each(strip);
            }
            _ => {}
        }
    }
    strip(&mut order);
    for anomaly in order["anomalies"].as_array_mut().expect("a list") {
        anomaly.as_object_mut().expect("an object").remove("at");
    }
    order
}

/// Places `order` and takes the steps of its life.
async fn live(center: &Center, order: &Json, steps: &[Step]) {
    let Center { app, clock, .. } = center;
    let who = Principal::local();
    let placed = placement::read(order.to_string().as_bytes(), &Markets::default());
    let placed = app.place(&who, placed.expect("a right order"), None).await;
    let mut tree = placed.expect("it is placed").tree;
    for (kind, step) in steps {
        clock.advance(1);
        let standing = docket_domain::status::of(&tree);
        let markets = Markets::default();
        let look = Look::whole(&markets, app.now());
        let shown = view::view(&tree, &standing, docket_wire::Face::None, &look);
        let shown = serde_json::to_value(&shown).expect("a view is JSON");
        let mut step = step.clone();
        fill(&mut step, &shown);
        step["actor"] = json!({"kind": kind});
        let node = step.as_object_mut().and_then(|step| step.remove("of"));
        let node = node.map_or(tree.id(), |node| node.as_str().unwrap().parse().unwrap());
        let posted = operation::read(step.to_string().as_bytes(), node, Language::En);
        let posted = posted.unwrap_or_else(|why| panic!("{step}: {why:?}"));
        let answer = app.operate(&who, posted, None).await;
        tree = answer.unwrap_or_else(|why| panic!("{step} of {shown:#}: {why}")).tree;
    }
}

fn fill(node: &mut Json, tree: &Json) {
    match node {
        Json::Object(fields) => fields.values_mut().for_each(|value| fill(value, tree)),
        Json::Array(list) => list.iter_mut().for_each(|value| fill(value, tree)),
        Json::String(text) => {
            if let Some(pointer) = text.strip_prefix('@') {
                *node = tree.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")).clone();
            }
        }
        _ => {}
    }
}

/// A center with orders of every kind at every stage.
async fn center_of_everything() -> Center {
    let center = Center::open().await;
    for (name, steps) in lives::of_parcels() {
        live(&center, &order(name), &steps).await;
        center.clock.advance(MINUTE / 60);
    }
    for (name, steps) in lives::of_meals() {
        live(&center, &meal(name), &steps).await;
    }
    let mut sale = order("over the counter");
    sale["shops"][0]["fulfilment"] = "counter".into();
    live(&center, &sale, &[pay("cash", "till-1", "@/payable")]).await;
    let mut by_weight = order("weighed");
    by_weight["shops"][0]["items"][0]["weighed"] = true.into();
    let weigh = json!({"type": "weigh", "lines": tea("2.250")});
    live(&center, &by_weight, &[paid("weighed"), ("store", weigh)]).await;
    let mut two_shops = order("two shops");
    let mut second = two_shops["shops"][0].clone();
    second["shop_id"] = "12".into();
    two_shops["shops"].as_array_mut().unwrap().push(second);
    let shop = "@/shops/0/order_id";
    let one_ships = json!({"type": "ship", "of": shop, "carrier": "YTO", "lines": tea("2")});
    live(&center, &two_shops, &[paid("two"), ("seller", one_ships)]).await;
    center
}

/// Orders of elsewhere that tell little: words, no times, unknown amounts, a total of their own.
const TOLD: &str = r#"{"external_id":"1","currency":"EUR","created_at":"2026-11-01T00:00:00Z","status":"received","payment_status":"paid","payable":null,"shops":[{"shop_id":"s","items":[{"sku_id":"p","quantity":"1","list_price":null}]}]}
{"external_id":"2","currency":"EUR","created_at":"2026-11-01T00:00:00Z","status":"shipped","payment_status":"paid","payable":150,"shops":[{"shop_id":"s","items":[{"sku_id":"p","quantity":"1","list_price":100}]}]}
{"external_id":"3","currency":"EUR","status":"cancelled","cancelled_at":"2026-11-03T00:00:00Z","payments":[{"tender":"card","reference":"c3","amount":100}],"shops":[{"shop_id":"s","items":[{"sku_id":"p","quantity":"1","list_price":100}]}]}
{"external_id":"4","currency":"EUR","created_at":"2026-11-01T00:00:00Z","payments":[{"tender":"card","reference":"c4","amount":100}],"shops":[{"shop_id":"s","shop_discount":500,"shipments":[{"carrier":"DHL","tracking":"d"}],"received_at":"2026-11-05T00:00:00Z","items":[{"sku_id":"p","quantity":"1","list_price":100}]}]}
{"external_id":"5","currency":"EUR","created_at":"2026-11-01T00:00:00Z","status":"completed","payment_status":"paid","shops":[{"shop_id":"s","items":[{"sku_id":"p","quantity":"1","list_price":100}]}]}
{"external_id":"6","currency":"EUR","created_at":"2026-11-01T00:00:00Z","status":"closed","payments":[{"payment_id":"x","tender":"card","reference":"c6","amount":100}],"shops":[{"shop_id":"s","refunds":[{"kind":"refund","by":"buyer","status":"refunded","lines":[{"order_id":"l","quantity":"1"}],"parts":[{"payment_id":"x","amount":100,"status":"refunded"}]}],"items":[{"order_id":"l","sku_id":"p","quantity":"1","list_price":100}]}]}
{"external_id":"7","currency":"EUR","shops":[{"shop_id":"s","items":[{"sku_id":"p","quantity":"1","list_price":100}]}]}
"#;

/// The lines of an export by what tells the orders apart in any center.
fn by_name(lines: &str) -> BTreeMap<String, Json> {
    let orders = lines.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
    let name = |order: &Json| {
        let told = || order["external_id"].as_str().expect("a name").to_owned();
        order["client_token"].as_str().map_or_else(told, ToOwned::to_owned)
    };
    orders.map(|order| (name(&order), order)).collect()
}

/// A center at the same moment, into which what `one` exports was imported; answers its first export as a file.
async fn moved(one: &Center, folder: &tempfile::TempDir) -> (Center, PathBuf) {
    let lines = one.export(export::Format::Jsonl).await;
    let orders = by_name(&lines);
    let file = written(folder, "orders.jsonl", &lines);
    let other = Center::open().await;
    other.clock.advance(one.app.now().since(other.app.now()));
    let report = other.import(&args(vec![file.clone()])).await;
    let taken = (report.orders.taken, report.orders.refused);
    assert_eq!(taken, (orders.len() as u64, 0), "{:?}", report.refused_rows);

    let arrived = by_name(&other.export(export::Format::Jsonl).await);
    assert_eq!(orders.len(), arrived.len());
    for (name, order) in &orders {
        let number = order["external_id"].as_str().or(order["order_id"].as_str());
        let known_by = arrived[name]["external_id"].as_str();
        assert_eq!(known_by, number, "{name} is found by its old number");
        let (order, arrived) = (compared(order.clone()), compared(arrived[name].clone()));
        assert_eq!(pretty(&order), pretty(&arrived), "{name}");
    }
    (other, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_is_the_same_in_another_center_whatever_timers_have_made_of_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one = center_of_everything().await;
    let told = one.import(&args(vec![written(&folder, "told.jsonl", TOLD)])).await;
    assert_eq!((told.orders.taken, told.orders.refused), (7, 0), "{:?}", told.refused_rows);
    // Unpaid orders are revoked and requests answered, then parcels received, then all is settled.
    for days in [0, 4, 16, 10] {
        one.clock.advance(days * DAY);
        while one.app.run_due().await.expect("timers can decide") > 0 {}
        moved(&one, &folder).await;
    }
    let lines = one.export(export::Format::Jsonl).await;
    for word in ["\"receive_type\":\"timer\"", "system_revoke", "\"settlement\":\"settled\""] {
        assert!(lines.contains(word), "{word} came of it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_a_number_of_its_source_is_taken_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one = center_of_everything().await;
    let (other, file) = moved(&one, &folder).await;
    let back = written(&folder, "back.jsonl", &other.export(export::Format::Jsonl).await);
    // Twice, home again, and by a detour: each order is met as the one it is.
    for (center, file) in [(&other, &file), (&one, &file), (&one, &back), (&other, &back)] {
        for dry_run in [true, false] {
            let report = center.import(&super::Args { dry_run, ..args(vec![file.clone()]) }).await;
            assert_eq!((report.orders.taken, report.orders.known), (0, report.orders.read));
        }
    }
}

fn pretty(order: &Json) -> String {
    serde_json::to_string_pretty(order).expect("JSON is text")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_moved_goes_on_where_it_stood() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (one, other) = (Center::open().await, Center::open().await);
    live(&one, &order("n"), &[paid("n"), shipped(), asked("1"), agreed()]).await;
    let lines = one.export(export::Format::Jsonl).await;
    other.import(&args(vec![written(&folder, "n.jsonl", &lines)])).await;
    let moved = by_name(&other.export(export::Format::Jsonl).await).remove("n").expect("it moved");
    let node: Id = moved["order_id"].as_str().unwrap().parse().unwrap();
    let (gateway, mut done) = given_back();
    fill(&mut done, &moved);
    done["actor"] = json!({"kind": gateway});
    let posted = operation::read(done.to_string().as_bytes(), node, Language::En).unwrap();
    let tree = other.app.operate(&Principal::local(), posted, None).await.unwrap().tree;
    let refund = &tree.shops[0].refunds[0];
    assert_eq!(refund.status.word(), "refunded");
    assert!(refund.parts.iter().all(|part| part.status.word() == "refunded"));
    assert_eq!(moved["shops"][0]["refunds"][0]["amount"], refund.amount);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_moved_is_answered_by_the_timer_only_where_the_import_is_live() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one = Center::open().await;
    live(&one, &order("n"), &[paid("n"), shipped(), asked("1")]).await;
    let lines = written(&folder, "n.jsonl", &one.export(export::Format::Jsonl).await);
    for (live, due) in [(false, None), (true, Some(NOW.plus(3 * DAY)))] {
        let other = Center::open().await;
        other.import(&super::Args { live, ..args(vec![lines.clone()]) }).await;
        let next = other.store.next_due().await.expect("it can be read");
        assert_eq!(next, due, "live: {live}");
    }
}

/// Columns of a CSV of ours that say what money went where.
const MONEY: &[&str] = &[
    "payable",
    "paid",
    "refunded",
    "shop_refunded",
    "freight_refunded",
    "shop_refunded_at",
    "item_refunded",
    "refunded_quantity",
    "paid_at",
];

/// What the rows of a CSV of ours say in some columns, by the old number of the order, its shop and the SKU.
fn cells(csv: &str, columns: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    // What was dropped counts for nothing, and does not move.
    let rows = rows.map(|row| row.expect("as wide as the header"));
    let row = |row: BTreeMap<String, String>| {
        let is_moved = row["external_id"].parse::<Id>().is_ok();
        let order = if is_moved { &row["external_id"] } else { &row["order_id"] };
        let name = [order, &row["shop_id"], &row["sku_id"], &row["title"]];
        (name.map(String::as_str).join("/"), columns.iter().map(|c| row[*c].clone()).collect())
    };
    rows.filter(|row| row["dropped_at"].is_empty()).map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn money_paid_and_given_back_comes_back_from_a_csv_of_ours() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one = center_of_everything().await;
    for days in [0, 4, 16, 10] {
        one.clock.advance(days * DAY);
        while one.app.run_due().await.expect("timers can decide") > 0 {}
        let wanted = cells(&one.export(export::Format::Csv).await, MONEY);
        for spreadsheet in [false, true] {
            let format = Some(export::Format::Csv);
            let asked = export::Args { format, spreadsheet, ..export::Args::default() };
            let mut out = Vec::new();
            export::write(&asked, &one.app, &mut out).await.expect("it can be read");
            let file = folder.path().join("ours.csv");
            std::fs::write(&file, &out).expect("space");
            let other = Center::open().await;
            other.clock.advance(one.app.now().since(other.app.now()));
            let report = other.import(&args(vec![file])).await;
            assert_eq!(report.orders.refused, 0, "{:?}", report.refused_rows);
            let found = cells(&other.export(export::Format::Csv).await, MONEY);
            assert_eq!(wanted.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
            for (row, cells) in &wanted {
                for ((column, wanted), found) in MONEY.iter().zip(cells).zip(&found[row]) {
                    // Money of a refund that is not done went back at no moment that a row could tell.
                    let is_told = *column != "shop_refunded_at" || !wanted.is_empty();
                    assert!(
                        !is_told || wanted == found,
                        "{row} after {days} days: {column} {wanted} is {found}"
                    );
                }
            }
            assert!(report.summed.len() >= 3, "{:?}", report.summed);
        }
    }
}
