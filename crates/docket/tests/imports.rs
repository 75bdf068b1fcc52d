//! Imports and exports as those meet them who type the commands.

#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::ServeCommand;
use run::{DOCKET, docket};
use serde_json::Value;
use std::fs;
use std::path::Path;

const MAP: &str = r#"
    [orders]
    files = ["o.csv"]
    key = "id"
    [orders.fields]
    external_id = "id"
    currency = "cur"
    [items.fields]
    shop_id = { value = "1" }
    sku_id = "sku"
    quantity = "qty"
    list_price = "price"
"#;

fn files(folder: &Path, rows: &str, map: &str) -> [String; 2] {
    let (file, of_map) = (folder.join("o.csv"), folder.join("m.toml"));
    fs::write(&file, rows).expect("space");
    fs::write(&of_map, map).expect("space");
    [file, of_map].map(|path| path.display().to_string())
}

#[test]
fn an_import_of_which_a_row_is_refused_has_failed_and_counts_every_row() {
    let data = tempfile::tempdir().expect("a folder");
    let rows = "id,cur,sku,qty,price\n1,EUR,a,1,1.00\n1,EUR,b,1,2.00\n2,eur,a,1,1.00\n2,eur,b,1,1.00\n2,eur,c,1,1.00\n";
    let [file, map] = files(data.path(), rows, MAP);
    let ran = docket(data.path(), &["import", &file, "--map", &map, "--json"]);
    let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
    let counted = ["read", "taken", "known", "updated", "refused"];
    assert_eq!(counted.map(|name| report[name].as_u64().expect("a count")), [5, 2, 0, 0, 3]);
    assert_eq!(counted.map(|name| report["orders"][name].as_u64().unwrap()), [2, 1, 0, 0, 1]);
    assert_eq!(report["files"][0]["file"], "o.csv");
    assert_eq!(report["files"][0]["refused"], 3);
    assert!(ran.refused(1).contains("3 of 5 rows were refused"));
    let ran = docket(data.path(), &["import", &file, "--map", &map, "--lang", "zh"]);
    assert!(
        ran.stdout.contains("`eur` 不是货币") && ran.stdout.contains("`EUR`"),
        "{}",
        ran.stdout
    );
    let said = ran.refused(1);
    assert!(said.contains("5 行中有 3 行被拒绝"), "{said}");
    let [good, map] = files(data.path(), "id,cur,sku,qty,price\n1,EUR,a,1,1.00\n", MAP);
    docket(data.path(), &["import", &good, "--map", &map]).fine();
}

#[test]
fn a_colleague_with_another_key_takes_nothing_again() {
    let data = tempfile::tempdir().expect("a folder");
    let [file, map] = files(data.path(), "id,cur,sku,qty,price\nA1,EUR,a,1,1.00\n", MAP);
    docket(data.path(), &["import", &file, "--map", &map]).fine();
    let words = ["key", "add", "colleague", "--scopes", "orders.read,admin", "--actors", "seller"];
    let key = docket(data.path(), &words).fine();
    let serve = ServeCommand::new(DOCKET, data.path()).start();
    let server = ["--server", serve.base_url(), "--key", key.trim(), "--map", &map];
    let import =
        |more: &[&str]| docket(data.path(), &[&["import", &file][..], &server, more].concat());
    let ran = import(&[]);
    assert!(ran.stderr.contains("--again"), "{}", ran.stderr);
    let report = import(&["--json"]).json();
    assert_eq!((&report["taken"], &report["known_elsewhere"]), (&0.into(), &1.into()), "{report}");
    assert_eq!(import(&["--again", "--json"]).json()["taken"], 1);
    assert_eq!(import(&["--update", "--json"]).json()["known"], 1);
    let lines = docket(data.path(), &["export"]).fine();
    assert_eq!(lines.lines().count(), 2);
    let said = docket(data.path(), &["explain", "A1"]).refused(2);
    assert!(said.contains("several orders are called A1"), "{said}");
}

#[test]
fn money_of_history_is_shown_in_its_own_currency() {
    let data = tempfile::tempdir().expect("a folder");
    let line = |id: &str, currency: &str, amount: i64, paid: &str| {
        let item = serde_json::json!({"sku_id": "a", "quantity": "1", "list_price": amount});
        let payment = serde_json::json!({"tender": "cash", "reference": id, "amount": 1234, "currency": paid});
        let order = serde_json::json!({"external_id": id, "currency": currency, "status": "paid",
            "shops": [{"shop_id": "1", "items": [item]}], "payments": [payment]});
        format!("{order}\n")
    };
    let lines = [
        line("lira", "ITL", 1000, "ITL"),
        line("mark", "DEM", 12_345, "DEM"),
        line("kuna", "HRK", 1000, "EUR"),
        line("yen", "JPY", 1000, "JPY"),
    ];
    let path = data.path().join("history.jsonl");
    fs::write(&path, lines.concat()).expect("space");
    docket(data.path(), &["import", path.to_str().expect("letters")]).fine();
    let list = docket(data.path(), &["orders", "list"]).fine();
    for (id, to_pay, payment) in [
        ("lira", "1000 ITL", "1234 ITL"),
        ("mark", "123.45 DEM", "12.34 DEM"),
        ("kuna", "10.00 HRK", "12.34 EUR"),
        ("yen", "1000 JPY", "1234 JPY"),
    ] {
        assert!(list.contains(&format!(" {to_pay} ")), "{list}");
        for (command, lang) in
            [(["orders", "show"].as_slice(), "en"), (&["explain"], "en"), (&["explain"], "zh")]
        {
            let told = docket(data.path(), &[command, &[id, "--lang", lang]].concat()).fine();
            let says = if lang == "zh" { "应付" } else { "to pay" };
            assert!(told.contains(&format!("{says} {to_pay}")), "{told}");
            assert!(told.contains(&format!("{payment} cash")), "{told}");
            if command == ["explain"] {
                // The story is told by the rows of the log.
                let story = told.lines().last().expect("a row");
                assert!(story.contains(to_pay), "{story}");
            }
        }
    }
}

#[test]
fn an_export_for_spreadsheets_comes_back_without_a_word() {
    let (one, other) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let rows = "id,cur,sku,qty,price\n123456789012345678,JPY,007,1,1000\n2,KWD,=1+1,1,1.000\n";
    let [file, map] = files(one.path(), rows, MAP);
    docket(one.path(), &["import", &file, "--map", &map]).fine();
    let sheet = docket(one.path(), &["export", "--spreadsheet"]).fine();
    assert!(sheet.starts_with('\u{feff}') && sheet.contains(",1.000,"), "{sheet}");
    assert!(sheet.contains("'123456789012345678") && sheet.contains("'=1+1"), "{sheet}");
    let path = other.path().join("for people.csv");
    fs::write(&path, &sheet).expect("space");
    docket(other.path(), &["import", path.to_str().expect("letters")]).fine();
    let orders = docket(other.path(), &["export"]).fine();
    for told in
        ["\"external_id\":\"123456789012345678\"", "\"sku_id\":\"007\"", "\"sku_id\":\"=1+1\""]
    {
        assert!(orders.contains(told), "{told}: {orders}");
    }
    assert_eq!(orders.matches("\"list_price\":1000").count(), 2);
    let said = docket(one.path(), &["export", "--spreadsheet", "--format", "jsonl"]).refused(2);
    assert!(said.contains("--spreadsheet writes CSV"), "{said}");
}

const TAXED: &str = r#"
    [orders]
    files = ["o.csv"]
    key = "id"
    [orders.fields]
    external_id = "id"
    currency = "cur"
    tax_included = "gross"
    "ship_to.country" = { column = "land", words = { Germany = "DE", Yugoslavia = "YU" } }
    [items]
    negative_quantity = "refund"
    equal_rows = "merge"
    [items.fields]
    shop_id = { value = "1" }
    sku_id = "sku"
    quantity = "qty"
    list_price = "price"
    tax = "vat"
    freight = { column = "post", once = true }
    freight_tax = { column = "post_vat", once = true }
"#;

#[test]
fn a_file_of_another_system_brings_its_taxes_and_countries() {
    let data = tempfile::tempdir().expect("a folder");
    let rows = "id,cur,gross,land,sku,qty,price,vat,post,post_vat\n\
                A,EUR,no,Germany,a,2,10.00,3.80,5.00,0.95\n\
                A,EUR,no,Germany,a,1,10.00,1.90,5.00,0.95\n\
                A,EUR,no,Germany,a,-1,10.00,-1.90,5.00,0.95\n\
                B,EUR,TRUE,Yugoslavia,a,1,10.00,1.60,,\n\
                C,EUR,no,Germany,a,1,10.00,,0,0\n\
                D,EUR,perhaps,Germany,a,1,10.00,1.90,0,0\n\
                E,EUR,no,Germany,a,1,10.00,-1.90,0,0\n\
                F,EUR,no,Germania,a,1,10.00,1.90,0,0\n";
    let [file, map] = files(data.path(), rows, TAXED);
    let report: Value = serde_json::from_str(
        &docket(data.path(), &["import", &file, "--map", &map, "--json"]).stdout,
    )
    .expect("a report");
    let refused = report["refused_rows"].as_array().expect("a list").iter();
    let refused: Vec<_> = refused.map(|row| (&row["order"], &row["field"], &row["code"])).collect();
    let told = |order: &str, field: &str, code: &str| {
        (Value::from(order), Value::from(field), Value::from(code))
    };
    let expected = [
        told("D", "gross", "not_yes_or_no"),
        told("E", "vat", "too_small"),
        told("F", "shops[0].ship_to.country", "not_a_country"),
    ];
    assert_eq!(refused, expected.each_ref().map(|(o, f, c)| (o, f, c)), "{report}");
    assert_eq!(report["sums"]["EUR"]["tax"], 570 + 95);
    let shown = |order: &str| docket(data.path(), &["orders", "show", order, "--json"]).json();
    let a = shown("A");
    let at = |tree: &Value, pointer: &str| tree.pointer(pointer).cloned().expect("it is shown");
    assert_eq!(at(&a, "/payable"), 3000 + 500 + 570 + 95);
    assert_eq!((at(&a, "/tax_included"), at(&a, "/tax")), (false.into(), (570 + 95).into()));
    assert_eq!(at(&a, "/shops/0/items/0/tax"), 570, "rows that are one line have one tax");
    let refund = at(&a, "/shops/0/refunds/0");
    assert_eq!((&refund["amount"], &refund["tax"]), (&1190.into(), &190.into()), "{refund}");
    let b = shown("B");
    assert_eq!((at(&b, "/payable"), at(&b, "/tax_included")), (Value::Null, true.into()));
    assert_eq!(at(&b, "/shops/0/items/0/to_pay"), 1000, "tax inside changes no sum");
    let c = shown("C");
    assert_eq!((at(&c, "/tax"), at(&c, "/payable")), (Value::Null, Value::Null), "nobody knows it");
    for (tree, country) in [(a, "DE"), (b, "YU"), (c, "DE")] {
        assert_eq!(at(&tree, "/shops/0/ship_to/country"), country);
    }
}
