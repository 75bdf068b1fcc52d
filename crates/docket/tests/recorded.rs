//! What a channel reports of its orders, again and again and in any order: one copy of each, a row of the log for each
//! piece of news, and nothing of ours touched by it.

#[allow(dead_code)] // shared with the tests of reconcile, which change facts
mod behind;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use behind::Behind;
use docket_testkit::{Database, TestDatabase};
use run::{Ran, command, run};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// How often the order is reported.
const REPORTS: usize = 200;

/// What is reported of one order, each with what was known at its time.
fn reports() -> [Value; 5] {
    let order = |status: &str, payments: Value| {
        json!({
            "external_id": "PO-1", "channel": "temu", "home": "channel:11", "currency": "CNY",
            "created_at": "2026-01-01T00:00:00Z", "payments": payments,
            "shops": [{"shop_id": "11", "status": status,
                "items": [{"sku_id": "tea", "quantity": "2", "list_price": 500}]}],
        })
    };
    let paid = json!([{"tender": "temu", "reference": "pay-1", "amount": 1000,
        "paid_at": "2026-01-01T01:00:00Z"}]);
    let parcel =
        |tracking: &str, at: &str| json!({"carrier": "SF", "tracking": tracking, "at": at});
    let mut shipped = order("shipped", paid.clone());
    let first = parcel("SF1", "2026-01-02T00:00:00Z");
    shipped["shops"][0]["shipments"] = json!([first]);
    let mut received = order("received", paid.clone());
    received["shops"][0]["shipments"] = json!([first, parcel("SF2", "2026-01-03T00:00:00Z")]);
    received["shops"][0]["received_at"] = "2026-01-05T00:00:00Z".into();
    let mut tagged = order("paid", paid.clone());
    tagged["tags"] = json!(["gift"]);
    [order("created", json!([])), order("paid", paid), tagged, shipped, received]
}

struct Center<'a> {
    data: &'a Path,
    database: &'a TestDatabase,
}

impl Center<'_> {
    fn docket(&self, words: &[&str]) -> Ran {
        run(command(self.data, words).env("DOCKET_DATABASE__URL", self.database.url()))
    }

    /// Imports these reports one after another.
    fn import(&self, reports: impl Iterator<Item = Value>) -> Value {
        let lines: Vec<String> = reports.map(|report| report.to_string()).collect();
        let file = self.data.join("reports.jsonl");
        fs::write(&file, lines.join("\n")).expect("space");
        self.docket(&["import", file.to_str().expect("a plain path"), "--json"]).json()
    }

    fn one(&self, sql: &str) -> String {
        Behind::of(self.database).one(sql)
    }

    /// The copy, without what was given here.
    fn copy(&self) -> Value {
        fn bare(value: &Value) -> Value {
            const GIVEN: [&str; 6] =
                ["order_id", "shipment_id", "payment_id", "version", "updated_at", "anomalies"];
            match value {
                Value::Object(fields) => {
                    let kept = fields.iter().filter(|(name, _)| !GIVEN.contains(&name.as_str()));
                    kept.map(|(name, value)| (name.clone(), bare(value))).collect()
                }
                Value::Array(values) => values.iter().map(bare).collect(),
                plain => plain.clone(),
            }
        }
        let told = self.docket(&["export"]).fine();
        let mut orders =
            told.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let order = orders.next().expect("the copy");
        assert!(orders.next().is_none(), "one order is one tree");
        bare(&order)
    }
}

#[test]
fn an_order_reported_two_hundred_times_in_any_order_is_one_tree_and_as_many_rows_as_there_was_news()
{
    let mut copies = Vec::new();
    for kind in Database::ALL {
        for seed in [1_usize, 77] {
            let (data, database) = (tempfile::tempdir().expect("a folder"), kind.fresh());
            let center = Center { data: data.path(), database: &database };
            let all = reports();
            // Another one comes first and last each time; the multiplier has no factor in common with 5.
            let drawn = (0..REPORTS).map(|n| (n * (2 * seed + 1) + n / 5 + seed) % all.len());
            let told = center.import(drawn.map(|at| all[at].clone()));
            let version: u64 =
                center.one("select version from payment_order").parse().expect("a number");
            let rows = center.one("select count(*) from order_operation");
            assert_eq!(rows, version.to_string(), "{told}");
            assert!(
                (2..=5).contains(&version),
                "each of five reports is news once at most: {version}"
            );
            let again = center.import((0..REPORTS).map(|at| all[at % all.len()].clone()));
            assert_eq!(center.one("select count(*) from order_operation"), rows, "{again}");
            copies.push(center.copy());
            for (what, sql) in [
                ("deadlines", "select count(*) from payment_order where due_at is not null"),
                ("claims", "select count(*) from unique_key where name like 'payment%'"),
                ("effects", "select count(*) from effect"),
                ("ours", "select count(*) from payment_order where copy is null"),
            ] {
                assert_eq!(center.one(sql), "0", "{what} of a copy");
            }
            center.docket(&["reconcile"]).fine();
        }
    }
    assert!(copies.iter().all(|copy| *copy == copies[0]), "{copies:#?}");
}

/// Money that an order of ours claims as well: ours says so in itself, and of the copy it is said beside it.
#[test]
fn a_payment_that_an_order_of_ours_has_as_well_is_said_beside_the_copy() {
    for kind in Database::ALL {
        let (data, database) = (tempfile::tempdir().expect("a folder"), kind.fresh());
        let center = Center { data: data.path(), database: &database };
        let mut ours = reports()[1].clone();
        for (field, value) in
            [("home", json!("center")), ("channel", json!("shop")), ("external_id", json!("A-1"))]
        {
            ours[field] = value;
        }
        center.import([ours].into_iter());
        let before = center.one("select version from payment_order");
        center.import([reports()[1].clone()].into_iter());
        assert_eq!(center.one("select count(*) from copy_note"), "1");
        assert_eq!(
            center.one("select version from payment_order where copy = 1"),
            "1",
            "not in it"
        );
        let noted = center.one("select version from payment_order where copy is null");
        assert!(noted > before, "ours says so in itself");
        let copy = center.one("select id from payment_order where copy = 1");
        let shown = center.docket(&["orders", "show", &copy, "--json"]).json();
        let kinds: Vec<_> =
            shown["anomalies"].as_array().expect("some").iter().map(|a| &a["kind"]).collect();
        assert_eq!(kinds, ["payment_reference_taken"]);
    }
}
