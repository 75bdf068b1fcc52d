//! Files as other systems write them: encodings, currencies that are gone, signs that are turned around. What the
//! mapping explains is taken, what it does not is refused with what would explain it.

use super::{Args, Center, args, failure, written};
use docket_domain::Json;
use encoding_rs::{Encoding, GBK, WINDOWS_1252};
use std::path::PathBuf;

/// A mapping of one file whose rows are lines, with more of its parts.
fn map(top: &str, items: &str, fields: &str) -> String {
    format!(
        r#"{top}
        [orders]
        files = ["o.csv"]
        key = "id"
        [orders.fields]
        external_id = "id"
        currency = "cur"
        [items]
        {items}
        [items.fields]
        shop_id = {{ value = "1" }}
        sku_id = "sku"
        quantity = "qty"
        list_price = "price"
        {fields}"#
    )
}

fn bytes(folder: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("o.csv");
    std::fs::write(&path, bytes).expect("the folder takes a file");
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_in_the_encoding_that_the_mapping_or_their_mark_names() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = "订单号,币种,SKU,数量,单价,标题\nC1,CNY,A,1,60.00,龙井茶\n";
    let of = |encoding: &str| {
        r#"ENCODING
        [orders]
        files = ["o.csv"]
        key = "订单号"
        [orders.fields]
        external_id = "订单号"
        currency = "币种"
        [items.fields]
        shop_id = { value = "1" }
        sku_id = "SKU"
        quantity = "数量"
        list_price = "单价"
        title = "标题""#
            .replace("ENCODING", encoding)
    };
    let utf16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
        [mark, &text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>()].concat()
    };
    let gbk = GBK.encode(text).0.into_owned();
    for (file, encoding) in [
        (gbk.clone(), "encoding = \"gbk\""),
        (utf16(b"\xff\xfe", u16::to_le_bytes), ""),
        (utf16(b"\xfe\xff", u16::to_be_bytes), ""),
        (utf16(b"", u16::to_le_bytes), "encoding = \"utf-16le\""),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), ""),
    ] {
        let center = Center::open().await;
        let map = Some(written(&folder, "map.toml", &of(encoding)));
        let report = center.import(&Args { map, ..args(vec![bytes(&folder, &file)]) }).await;
        assert_eq!(report.orders.taken, 1, "{encoding}: {:?}", report.refused_rows);
        assert_eq!(center.orders().await["C1"]["shops"][0]["items"][0]["title"], "龙井茶");
    }
    let map = Some(written(&folder, "map.toml", &of("")));
    let refused = failure(&Args { map, ..args(vec![bytes(&folder, &gbk)]) }).await;
    assert!(refused.message.contains("o.csv is not UTF-8; gbk?"), "{refused:?}");
    assert!(refused.next.expect("what to do").contains("encoding = \"gbk\""));
    // A mapping that says UTF-8, as the one that shows everything does, is told so too, with its line.
    let map = Some(written(&folder, "map.toml", &of("encoding = \"utf-8\"")));
    let refused = failure(&Args { map, ..args(vec![bytes(&folder, &gbk)]) }).await;
    let wanted = "map.toml:1: ";
    assert!(refused.message.contains(wanted), "{refused:?}");
    assert!(
        refused.message.contains("o.csv is not UTF-8, as `encoding` of the mapping says; gbk?"),
        "{refused:?}"
    );
    let map = Some(written(&folder, "map.toml", &of("encoding = \"gkb\"")));
    let refused = failure(&Args { map, ..args(vec![bytes(&folder, &gbk)]) }).await;
    assert!(refused.message.contains("map.toml:1: `gkb` is no encoding"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_not_utf8_is_refused_with_what_it_may_be() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fields = "title = \"title\"";
    let map = Some(written(&folder, "map.toml", &map("", "", fields)));
    let row = |title: &str, encoding: &'static Encoding| {
        encoding.encode(&format!("1,EUR,a,1,2.00,{title}\n")).0.into_owned()
    };
    for (row, guess) in
        [(row("龙井茶", GBK), "GBK?"), (row("Größe", WINDOWS_1252), "windows-1252?")]
    {
        let file = [b"id,cur,sku,qty,price,title\n2,EUR,a,1,2.00,tea\n", &row[..]].concat();
        let center = Center::open().await;
        let report =
            center.import(&Args { map: map.clone(), ..args(vec![bytes(&folder, &file)]) }).await;
        assert_eq!((report.rows.taken, report.rows.refused), (1, 1));
        let refused = &report.refused_rows[0];
        assert_eq!((refused.place.line, &*refused.code), (3, "bad_utf8"));
        assert!(refused.message.contains(guess), "{:?}", refused.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_json_may_be_utf16_with_its_mark() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let line = r#"{"external_id":"茶","currency":"EUR","shops":[{"shop_id":"s","items":[{"sku_id":"p","quantity":"1","list_price":1}]}]}"#;
    let wide =
        [b"\xff\xfe", &line.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()[..]];
    let path = folder.path().join("orders.jsonl");
    std::fs::write(&path, wide.concat()).expect("the folder takes a file");
    let center = Center::open().await;
    center.import(&args(vec![path])).await;
    assert!(center.orders().await.contains_key("茶"));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_in_a_withdrawn_currency_is_taken_and_a_wrong_one_is_named_with_its_column() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let gone = ["HRK", "SLL", "VEF", "ZWL", "MRO", "STD", "LTL", "DEM"];
    let good: Vec<String> = gone.iter().map(|cur| format!("{cur},{cur},A,1,60.00\n")).collect();
    let good = good.concat();
    let file = format!(
        "id,cur,sku,qty,price\n{good}ITL,ITL,A,1,6000\nH2,eur,A,1,60.00\nH3,RMB,A,1,1\nH4,,A,1,1\n"
    );
    let map = Some(written(&folder, "map.toml", &map("", "", "")));
    let center = Center::open().await;
    let report = center.import(&Args { map, ..args(vec![written(&folder, "o.csv", &file)]) }).await;
    let orders = center.orders().await;
    assert!(
        gone.iter().all(|cur| orders[*cur]["payable"] == 6000 && orders[*cur]["currency"] == **cur)
    );
    assert_eq!(orders["ITL"]["payable"], 6000);
    let refused: Vec<_> =
        report.refused_rows.iter().map(|row| (&*row.code, &*row.field, &row.message)).collect();
    assert_eq!(refused.len(), 3);
    let (code, column, why) = refused[0];
    assert_eq!((code, column), ("not_a_currency", "cur"));
    assert!(why.contains("`eur` is no currency; did you mean `EUR`?"), "{why:?}");
    assert!(refused[1].2.contains("`RMB` is no currency"), "{refused:?}");
    assert_eq!((refused[2].0, refused[2].1), ("required", "cur"));
}

async fn signed(
    items: &str,
    fields: &str,
) -> (super::Report, std::collections::BTreeMap<String, Json>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = "id,cur,sku,qty,price,discount\n\
                N1,EUR,beer,1,10.00,0\n\
                N1,EUR,bottle-return,1,-3.00,0\n\
                N2,EUR,A,1,10.00,-2.00\n\
                N3,EUR,A,-1,10.00,0\n\
                N4,EUR,A,3,10.00,0\n\
                N4,EUR,A,-1,10.00,0\n";
    let fields = format!("item_discount = {fields}");
    let map = Some(written(&folder, "map.toml", &map("", items, &fields)));
    let center = Center::open().await;
    let report = center.import(&Args { map, ..args(vec![written(&folder, "o.csv", file)]) }).await;
    (report, center.orders().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_of_other_systems_are_taken_where_the_mapping_explains_them() {
    let negated = r#"{ column = "discount", negate = true }"#;
    let by_sign = "negative_price = \"discount\"\nnegative_quantity = \"refund\"";
    let by_sku = "discount_skus = [\"bottle-*\"]\nnegative_quantity = \"refund\"";
    for items in [by_sign, by_sku] {
        let (report, orders) = signed(items, negated).await;
        assert_eq!((report.rows.taken, report.rows.refused), (6, 0), "{:?}", report.refused_rows);
        let deposit = &orders["N1"]["shops"][0];
        assert_eq!(
            (&orders["N1"]["payable"], &deposit["shop_discount"]),
            (&700.into(), &300.into())
        );
        assert_eq!(deposit["items"].as_array().unwrap().len(), 1);
        assert_eq!(orders["N2"]["payable"], 800);
        // A credit note without the order it is of: nothing was bought, and money went back.
        let credit = &orders["N3"];
        assert_eq!((&credit["payable"], &credit["refunded"]), (&0.into(), &1000.into()));
        assert_eq!(credit["status"], "closed");
        assert_eq!(told(credit), ["A 1 of 0", "1000 too much"]);
        // One with it: one of three.
        let line = &orders["N4"]["shops"][0]["items"][0];
        assert_eq!((&line["quantity"], &line["refunded_quantity"]), (&"3".into(), &"1".into()));
        assert_eq!(
            (&orders["N4"]["payable"], &orders["N4"]["refunded"]),
            (&3000.into(), &1000.into())
        );
    }
}

/// What the anomalies of an order say of what went back.
fn told(order: &Json) -> Vec<String> {
    let said = |anomaly: &Json| {
        let detail = |name: &str| anomaly["detail"][name].to_string().replace('"', "");
        match anomaly["kind"].as_str().unwrap() {
            "sum_mismatch" if anomaly["detail"]["field"] == "refunds.quantity" => {
                Some(format!("{} {} of {}", detail("sku"), detail("returned"), detail("bought")))
            }
            "sum_mismatch" => Some(format!("{} of {} paid", detail("refunded"), detail("paid"))),
            "refunded_twice" => Some(format!("{} too much", detail("amount"))),
            "time_unknown" => None,
            other => Some(other.to_owned()),
        }
    };
    order["anomalies"].as_array().unwrap().iter().filter_map(said).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_beyond_what_was_bought_invents_no_sale_and_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = "id,cur,sku,qty,price,ref,amt\n\
                more,EUR,A,1,10.00,r1,10.00\n\
                more,EUR,A,-2,10.00,r1,10.00\n\
                other,EUR,A,1,10.00,r2,10.00\n\
                other,EUR,B,-1,10.00,r2,10.00\n\
                alone,EUR,A,-2,10.00,,\n\
                unpaid,EUR,A,3,10.00,,\n\
                unpaid,EUR,A,-1,10.00,,\n\
                right,EUR,A,3,10.00,r3,30.00\n\
                right,EUR,A,-1,10.00,r3,30.00\n\
                cheap,EUR,A,1,10.00,r4,15.00\n\
                cheap,EUR,A,1,5.00,r4,15.00\n\
                cheap,EUR,A,-1,5.00,r4,15.00\n\
                part,EUR,A,1,10.00,r5,10.00\n\
                part,EUR,A,-1,8.00,r5,10.00\n";
    let fields =
        "[payments.fields]\ntender = { value = \"cash\" }\nreference = \"ref\"\namount = \"amt\"";
    let map = map("", "negative_quantity = \"refund\"", fields);
    let map = Some(written(&folder, "map.toml", &map));
    let center = Center::open().await;
    let report = center.import(&Args { map, ..args(vec![written(&folder, "o.csv", file)]) }).await;
    assert_eq!(report.orders.taken, 7, "{:?}", report.refused_rows);
    let orders = center.orders().await;
    for (id, payable, paid, refunded, status, anomalies) in [
        ("more", 1000, 1000, 2000, "closed", &["A 2 of 1", "1000 too much"][..]),
        ("other", 1000, 1000, 1000, "paid", &["B 1 of 0"]),
        ("alone", 0, 0, 2000, "closed", &["A 2 of 0", "2000 too much"]),
        ("unpaid", 3000, 0, 1000, "created", &["1000 of 0 paid"]),
        ("right", 3000, 3000, 1000, "paid", &[]),
        // At another price than it was bought at, the row says what went back.
        ("cheap", 1500, 1500, 500, "paid", &[]),
        ("part", 1000, 1000, 800, "closed", &[]),
    ] {
        let order = &orders[id];
        let money = ["payable", "paid", "refunded"].map(|name| order[name].as_i64().unwrap());
        assert_eq!(
            (money, order["status"].as_str()),
            ([payable, paid, refunded], Some(status)),
            "{id}"
        );
        assert_eq!(told(order), anomalies, "{id}");
        let lines = order["shops"][0]["items"].as_array().unwrap();
        let bought = if id == "cheap" { 2 } else { 1 };
        assert_eq!(lines.len(), bought, "{id}: no line is invented");
    }
    // All of it moves on as it is.
    let file = written(&folder, "moved.jsonl", &center.export(super::export::Format::Jsonl).await);
    let other = Center::open().await;
    other.import(&args(vec![file])).await;
    for (id, order) in other.orders().await {
        assert_eq!(told(&order), told(&orders[&id]), "{id}");
        assert_eq!(order["refunded"], orders[&id]["refunded"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_that_nothing_explains_is_refused_with_the_option_that_does() {
    let (report, orders) = signed("", "\"discount\"").await;
    assert!(orders.is_empty());
    assert_eq!(report.rows.refused, 6, "the rows of an order go together");
    let told: Vec<_> =
        report.refused_rows.iter().map(|row| (row.place.line, &*row.field, &row.message)).collect();
    for ((line, field, why), option) in told.into_iter().zip([
        "negative_price = \"discount\"",
        "negate = true",
        "negative_quantity = \"refund\"",
        "negative_quantity = \"refund\"",
    ]) {
        assert!(why.contains(option), "{line} {field}: {why:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mapping_that_shows_everything_is_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = vec![
        written(
            &folder,
            "orders.csv",
            "order no,currency,customer,placed,paid,voucher,city,state,closed\n\
             1,RMB,c1,2024-01-02 08:00:00,2024-01-02 09:00:00,-1.00,Wuhan,new,\n",
        ),
        written(
            &folder,
            "lines.csv",
            "order no,article,name,pieces,cents,postage\n\
             1,a,tea,2,\"1,000\",5.00\n1,voucher-9,bonus,1,-300,5.00\n1,a,tea,-1,1000,5.00\n",
        ),
        written(&folder, "payments.csv", "order no,number,method,amount\n1,1,card,21.00\n"),
    ];
    let map = Some(super::repository("examples/mapping.toml"));
    let center = Center::open().await;
    let report = center.import(&Args { map, ..args(files) }).await;
    assert_eq!((report.rows.taken, report.rows.refused), (5, 0), "{:?}", report.refused_rows);
    let per_file = report.files.iter().map(|of| (&*of.file, of.rows.read)).collect::<Vec<_>>();
    assert_eq!(per_file, [("orders.csv", 1), ("lines.csv", 3), ("payments.csv", 1)]);
    let order = &center.orders().await["1"];
    assert_eq!((&order["payable"], &order["paid"]), (&2100.into(), &2100.into()));
    assert_eq!(order["shops"][0]["items"][0]["refunded_quantity"], "1");
    assert_eq!(order["created_at"], "2024-01-02T00:00:00.000Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_sign_or_unit_is_told_with_what_would_help() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = written(
        &folder,
        "o.csv",
        "id,cur,sku,qty,price,discount,ref,amt\n1,EUR,A,1,10.50,2.00,r,-10.00\n",
    );
    for (fields, column, says, says_not) in [
        (
            "item_discount = { column = \"discount\", negate = true }",
            "discount",
            "`2.00` is above zero, and `negate = true` says",
            "turns it around",
        ),
        (
            "[payments.fields]\ntender = { value = \"card\" }\nreference = \"ref\"\namount = \"amt\"",
            "amt",
            "`refunded` of [orders.fields] takes it",
            "negate",
        ),
        (
            "tax = { column = \"price\", money = \"minor\" }",
            "price",
            "`money = \"minor\"` says that the amount is whole minor units",
            "0 decimal places",
        ),
    ] {
        let map = Some(written(&folder, "map.toml", &map("", "", fields)));
        let center = Center::open().await;
        let report = center.import(&Args { map, ..args(vec![file.clone()]) }).await;
        let row = &report.refused_rows[0];
        assert_eq!(&*row.field, column);
        assert!(row.message.contains(says) && !row.message.contains(says_not), "{:?}", row.message);
    }
}
