//! Imports through a real center: made-up files beside the tests, and the whole Olist sample where it is.

mod center;
mod known;
mod lives;
mod other_systems;
mod own_files;
mod round_trip;

use super::report::Report;
use super::{Args, import};
use crate::export;
use crate::failure::Failure;
use center::Center;
use docket_domain::{Json, Time};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// 2026-11-20T10:00:00Z.
const NOW: Time = Time(1_795_168_800_000);

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

fn args(files: Vec<PathBuf>) -> Args {
    Args {
        files,
        map: None,
        dry_run: false,
        live: false,
        update: false,
        again: false,
        issuer: None,
        report: None,
        verbose: false,
    }
}

fn mapped(files: Vec<PathBuf>) -> Args {
    Args { map: Some(repository("examples/olist.toml")), ..args(files) }
}

fn sheet() -> Args {
    let names = ["orders.csv", "order_items.csv", "order_payments.csv"];
    mapped(names.iter().map(|name| fixture("sheet").join(name)).collect())
}

fn counts(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    counts.iter().map(|(word, count)| (&**word, *count)).collect()
}

/// A tree without the numbers that an import gives anew.
fn without_ids(mut order: Json) -> Json {
    fn strip(node: &mut Json) {
        match node {
            Json::Object(fields) => {
                for id in ["order_id", "payment_id", "shipment_id"] {
                    fields.remove(id);
                }
                fields.values_mut().for_each(strip);
            }
            Json::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut order);
    order
}

fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("the folder takes a file");
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_three_files_are_taken_and_bad_rows_are_told_with_their_lines() {
    let center = Center::open().await;
    let report = center.import(&sheet()).await;
    assert_eq!((report.orders.read, report.orders.taken, report.orders.known), (13, 6, 0));
    let refused = report.refused_rows.iter();
    let refused: Vec<_> =
        refused.map(|row| (&*row.place.file, row.place.line, &*row.code, &*row.field)).collect();
    let wanted = [
        ("orders.csv", 6, "no_lines", "shops"),
        ("orders.csv", 8, "unknown_status", "order_status"),
        ("orders.csv", 9, "not_a_time", "order_purchase_timestamp"),
        ("order_items.csv", 9, "too_precise", "price"),
        ("orders.csv", 11, "duplicate", ""),
        ("orders.csv", 13, "wrong_cells", ""),
        ("order_items.csv", 11, "no_order", ""),
    ];
    assert_eq!(refused, wanted);
    let no_lines = &report.refused_rows[0].message;
    assert!(no_lines.contains("voucher a5-1 3000"), "its payments are named: {no_lines:?}");
    let statuses = [("closed", 1), ("created", 1), ("paid", 1), ("received", 2), ("shipped", 1)];
    assert_eq!(counts(&report.statuses), statuses);
    assert_eq!(report.source_statuses["delivered"], 4);
    let sums = report.sums["BRL"];
    assert_eq!((sums.items, sums.freight, sums.payments), (19_695, 3851, 22_536));
    let differences: Vec<_> =
        report.differences.iter().map(super::report::PlacedDifference::summary).collect();
    assert_eq!(
        differences,
        [("orders.csv", 4, "underpaid", 1140), ("orders.csv", 7, "overpaid", 1200)]
    );
    assert_eq!(report.anomalies["times_out_of_order"], 2, "in each shop order of a2");
    assert_eq!(report.anomalies["refund_unknown"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_taken_with_its_shops_lines_payments_and_times() {
    let center = Center::open().await;
    center.import(&sheet()).await;
    let orders = center.orders().await;
    let order = &orders["a2"];
    assert_eq!(order["buyer_id"], "c2");
    assert_eq!(order["channel"], "olist");
    assert_eq!(order["home"], "center");
    // São Paulo in its summer: two hours behind UTC.
    assert_eq!(order["created_at"], "2018-01-05T10:00:00.000Z");
    assert_eq!(order["extra"]["estimated_delivery"], "2018-01-20T02:00:00.000Z");
    assert_eq!((&order["payable"], &order["paid"]), (&5555.into(), &5555.into()));
    let payments: Vec<_> = order["payments"].as_array().unwrap().iter().collect();
    assert_eq!(payments[0]["reference"], "a2-2");
    assert_eq!((&payments[1]["tender"], &payments[1]["amount"]), (&"boleto".into(), &5000.into()));
    assert_eq!(payments[1]["paid_at"], "2018-01-05T11:00:00.000Z");
    let shops = order["shops"].as_array().unwrap();
    assert_eq!(shops.len(), 2);
    assert_eq!((&shops[0]["shop_id"], &shops[0]["freight"]), (&"s1".into(), &650.into()));
    assert_eq!(shops[0]["received_at"], "2018-01-09T14:00:00.000Z");
    let lines = shops[0]["items"].as_array().unwrap();
    assert_eq!(lines.len(), 1, "equal rows are one line");
    assert_eq!((&lines[0]["quantity"], &lines[0]["list_price"]), (&"2".into(), &2000.into()));
    assert!(order["deadline"].is_null() && shops[0]["deadline"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_takes_nothing() {
    let center = Center::open().await;
    let first = center.import(&sheet()).await;
    let before = center.export(export::Format::Jsonl).await;
    let second = center.import(&sheet()).await;
    assert_eq!((second.orders.taken, second.orders.known), (0, first.orders.taken));
    assert_eq!(second.refused_rows, first.refused_rows);
    assert_eq!(center.export(export::Format::Jsonl).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_the_same_and_writes_nothing() {
    let center = Center::open().await;
    let dry = center.import(&Args { dry_run: true, ..sheet() }).await;
    assert_eq!(center.export(export::Format::Jsonl).await, "");
    let real = center.import(&sheet()).await;
    assert_eq!(
        (dry.orders.taken, dry.orders.known, &dry.refused_rows),
        (real.orders.taken, 0, &real.refused_rows)
    );
    assert_eq!((dry.sums, dry.anomalies), (real.sums, real.anomalies));
    let again = center.import(&Args { dry_run: true, ..sheet() }).await;
    assert_eq!((again.orders.taken, again.orders.known), (0, real.orders.taken));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_live_import_sets_deadlines() {
    for (live, due) in [(false, 0), (true, 4)] {
        let center = Center::open().await;
        center.import(&Args { live, ..sheet() }).await;
        let found = center.store.due(Time(i64::MAX), 100).await.expect("it can be read");
        // Two received, one shipped, one unpaid; paid and closed goods wait for nobody.
        assert_eq!(found.len(), due, "live: {live}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_as_published_give_the_same_order() {
    let (one, other) = (Center::open().await, Center::open().await);
    one.import(&sheet()).await;
    let names = ["orders", "order_items", "order_payments"];
    let file = |name: &&str| fixture("published").join(format!("olist_{name}_dataset.csv"));
    other.import(&mapped(names.iter().map(file).collect())).await;
    let (one, other) = (one.orders().await, other.orders().await);
    assert_eq!(without_ids(one["a1"].clone()), without_ids(other["a1"].clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_is_imported_as_the_same_trees() {
    let (one, other) = (Center::open().await, Center::open().await);
    one.import(&sheet()).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lines = one.export(export::Format::Jsonl).await;
    let report = other.import(&args(vec![written(&folder, "orders.jsonl", &lines)])).await;
    assert_eq!((report.orders.taken, report.orders.refused), (6, 0));
    let (one, other) = (one.orders().await, other.orders().await);
    assert_eq!(one.len(), other.len());
    for (id, order) in one {
        assert_eq!(without_ids(order), without_ids(other[&id].clone()), "order {id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_the_csv_is_a_line_of_an_order() {
    let center = Center::open().await;
    center.import(&sheet()).await;
    let text = center.export(export::Format::Csv).await;
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<BTreeMap<String, String>> =
        csv.deserialize().map(|row| row.expect("a row as wide as the header")).collect();
    assert_eq!(rows.len(), 7, "six orders, one of them with two lines");
    let row = rows.iter().find(|row| row["external_id"] == "a2" && row["shop_id"] == "s2").unwrap();
    let cells = ["status", "payable", "freight", "sku_id", "list_price", "title"];
    assert_eq!(cells.map(|name| &*row[name]), ["received", "5555", "200", "p2", "705", ""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_told_and_the_good_ones_taken() {
    let center = Center::open().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let order = |id: &str| {
        format!(
            r#"{{"external_id":"{id}","currency":"EUR","shops":[{{"shop_id":"s","items":[{{"sku_id":"p","quantity":"1","list_price":100}}]}}]}}"#
        )
    };
    let mut text = vec![];
    for line in
        [&*order("1"), "", "{", &order("2"), r#"{"external_id":"3","shops":[]}"#, &order("1")]
    {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(b"{\"external_id\":\"\xff\"}\n");
    text.extend_from_slice(format!("{}\n", "x".repeat(1024 * 1024 + 1)).as_bytes());
    text.extend_from_slice(order("4").replace("external_id", "buyer_id").as_bytes());
    let path = folder.path().join("orders.jsonl");
    std::fs::write(&path, text).expect("the folder takes a file");
    let report = center.import(&Args { report: Some(path.clone()), ..args(vec![path]) }).await;
    assert_eq!((report.orders.taken, report.orders.known), (2, 1));
    let refused: Vec<_> =
        report.refused_rows.iter().map(|row| (row.place.line, &*row.code)).collect();
    let wanted =
        [(3, "malformed_json"), (5, "required"), (7, "bad_utf8"), (8, "too_long"), (9, "required")];
    assert_eq!(refused, wanted);
    let csv = folder.path().join("report.csv");
    let file = std::fs::File::create(&csv).expect("a file");
    report.write_csv(&csv, file).expect("the folder takes a file");
    let rows = csv::Reader::from_path(&csv).unwrap().records().count();
    assert_eq!(rows, wanted.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_may_have_many_payments() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let payment = |n| format!(r#"{{"tender":"voucher","reference":"v{n}","amount":10}}"#);
    let payments: Vec<_> = (0..20).map(payment).collect();
    let line = format!(
        r#"{{"external_id":"1","currency":"EUR","shops":[{{"shop_id":"s","items":[{{"sku_id":"p","quantity":"1","list_price":200}}]}}],"payments":[{}]}}"#,
        payments.join(",")
    );
    let center = Center::open().await;
    let report = center.import(&args(vec![written(&folder, "orders.jsonl", &line)])).await;
    assert_eq!((report.orders.taken, report.orders.refused), (1, 0), "{:?}", report.refused_rows);
    assert_eq!(center.orders().await["1"]["paid"], 200);
}

/// What `args` fail with before anything is taken.
async fn failure(args: &Args) -> Failure {
    let center = Center::open().await;
    import(args, &center.app).await.expect_err("it is told before anything is read")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_column_is_told_with_the_nearest_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = std::fs::read_to_string(fixture("sheet/order_items.csv")).unwrap();
    let items =
        written(&folder, "order_items.csv", &text.replace("freight_value", "freigth_value"));
    let files = vec![fixture("sheet/orders.csv"), items, fixture("sheet/order_payments.csv")];
    let failure = failure(&mapped(files)).await;
    assert!(
        failure.message.contains("order_items.csv has no column `freight_value`"),
        "{failure:?}"
    );
    assert!(failure.message.contains("the nearest is `freigth_value`"), "{failure:?}");
    assert_eq!(failure.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_use_is_told_in_words() {
    let missing = failure(&mapped(vec![fixture("sheet/orders.csv")])).await;
    assert!(missing.message.contains("[items]: order_items.csv"), "{missing:?}");
    let unmapped = failure(&args(vec![fixture("sheet/orders.csv")])).await;
    assert!(unmapped.message.contains("there is no mapping"), "{unmapped:?}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let good = std::fs::read_to_string(repository("examples/olist.toml")).unwrap();
    for (from, to, told) in [
        ("buyer_id =", "buyers_id =", "did you mean `buyer_id`?"),
        (
            "America/Sao_Paulo",
            "America/Sao_Paolo",
            "map.toml:10: `America/Sao_Paolo` is no time zone",
        ),
        ("delivered = \"received\"", "delivered = \"recieved\"", "`recieved` is no status"),
        ("zone =", "zoned =", "map.toml:10: `zoned` is nothing a mapping has there"),
        ("shop_id = \"seller_id\"", "", "does not say where `shop_id`"),
        ("zone =", "other_columns = \"refuse\"\nzone =", "a column `order_item_id`"),
        ("zone =", "decimal_sign = \";\"\nzone =", "`decimal_sign` must be"),
    ] {
        let map = written(&folder, "map.toml", &good.replacen(from, to, 1));
        let failure = failure(&Args { map: Some(map), ..sheet() }).await;
        assert!(failure.message.contains(told), "{told}: {failure:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_with_a_row_a_line_is_enough() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let map = r#"
        delimiter = ";"
        decimal_sign = ","
        thousands_sign = "."
        times = ["%d.%m.%Y"]
        [orders]
        files = ["shop*.csv"]
        key = "No"
        [orders.fields]
        external_id = "No"
        currency = "Cur"
        created_at = "Day"
        freight = "Post"
        "ship_to.city" = "City"
        [items]
        [items.fields]
        shop_id = { value = "web" }
        sku_id = "Sku"
        quantity = "Qty"
        list_price = "Price"
        title = { column = "Title", optional = true }
        [payments]
        [payments.fields]
        tender = { value = "transfer" }
        reference = "No"
        amount = "Paid"
    "#;
    let rows = "No;Day;Cur;Post;City;Sku;Qty;Price;Paid\n\
                7;1.2.2024;EUR;4,90;Bonn;a;1,5;1.000,00;1.524,90\n\
                8;2.2.2024;JPY;;;c;1;120;\n\
                7;1.2.2024;;;;b;2;10;\n";
    let files = vec![written(&folder, "shop-2024.csv", rows)];
    let center = Center::open().await;
    let map = Some(written(&folder, "map.toml", map));
    let report = center.import(&Args { map, ..args(files) }).await;
    assert_eq!((report.orders.taken, report.orders.refused), (2, 0), "{:?}", report.refused_rows);
    let orders = center.orders().await;
    let order = &orders["7"];
    assert_eq!((&order["payable"], &order["paid"]), (&152_490.into(), &152_490.into()));
    assert_eq!(order["status"], "paid");
    assert_eq!(order["shops"][0]["items"].as_array().unwrap().len(), 2);
    assert_eq!(order["shops"][0]["ship_to"]["city"], "Bonn");
    let order = &orders["8"];
    assert_eq!(order["shops"][0]["items"][0]["list_price"], 120);
    assert!(order["payable"].is_null(), "an empty freight is unknown, not 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_olist_sample_is_taken() {
    let folder = repository("../shared/data/olist");
    if !folder.join("orders.csv").exists() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    let names =
        ["orders.csv", "order_items.csv", "order_payments.csv", "products.csv", "sellers.csv"];
    let args = mapped(names.iter().map(|name| folder.join(name)).collect());
    let center = Center::open().await;
    let report = center.import(&args).await;
    assert_eq!(report.left_out.len(), 2);
    assert_eq!((report.orders.read, report.orders.taken, report.orders.known), (5000, 4966, 0));
    assert_eq!(counts(&report.refused_by_code), [("no_lines", 34)]);
    let sums = report.sums["BRL"];
    assert_eq!((sums.items + sums.freight, sums.payments), (78_940_049, 78_949_877));
    assert_eq!(report.differences.len(), 24);
    let words = [
        ("canceled", 25),
        ("delivered", 4858),
        ("invoiced", 12),
        ("processing", 20),
        ("shipped", 61),
        ("unavailable", 24),
    ];
    assert_eq!(counts(&report.source_statuses), words);
    let statuses = [("closed", 15), ("paid", 32), ("received", 4858), ("shipped", 61)];
    assert_eq!(counts(&report.statuses), statuses);
    let anomalies = [
        ("overpaid", 12),
        ("refund_unknown", 15),
        ("time_unknown", 16),
        ("times_out_of_order", 79),
        ("underpaid", 12),
    ];
    assert_eq!(counts(&report.anomalies), anomalies);
    let due = center.store.due(Time(i64::MAX), 10).await.expect("it can be read");
    assert!(due.is_empty(), "an import without `--live` sets no deadline");
    let orders = center.orders().await;
    let several = orders.values().filter(|order| order["shops"].as_array().unwrap().len() > 1);
    assert_eq!(several.count(), 72);
    let again = center.import(&args).await;
    assert_eq!((again.orders.taken, again.orders.known, again.orders.refused), (0, 4966, 34));
}
