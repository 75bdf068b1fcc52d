//! Writes the database that a release leaves behind, for the tests of upgrading: orders in every state there is,
//! brought there through the API of the binary that cargo built. No test of its own; run it in the tree of a release,
//! before its schema changes, with the number of the schema:
//!
//! `DOCKET_RELEASED=0002 cargo test -p docket --test released -- --ignored`
//!
//! It writes `fixtures/released/NUMBER.{sql,keys,json}`: rows as texts of SQL, keys, and each order as the export told
//! it.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of upgrading
mod compared;
#[allow(dead_code)] // shared with the tests of payments, which need more of it
mod pay;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;
mod scripted;

use pay::Center;
use run::docket;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use scripted::{Order, Script, item, kitchens, parcel, ship_to, text};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Times so short that every timer runs while the script waits.
const SHORT: [(&str, &str); 7] = [
    ("DOCKET_DEADLINES__PAY_BY", "2s"),
    ("DOCKET_DEADLINES__TAKEAWAY__PAY_BY", "2s"),
    ("DOCKET_DEADLINES__ACCEPT_BY", "2s"),
    ("DOCKET_DEADLINES__RECEIVE_BY", "2s"),
    ("DOCKET_DEADLINES__SETTLE_AFTER", "2s"),
    ("DOCKET_DEADLINES__ANSWER_GOODS", "2s"),
    ("DOCKET_DEADLINES__ANSWER_SELLER_CANCEL", "2s"),
];
const USUAL: [(&str, &str); 2] =
    [("DOCKET_LEDGER__POINTS__PER", "100"), ("DOCKET_WEBHOOKS__ALLOW", "[\"127.0.0.0/8\"]")];

/// What only timers do, with times so short that one can wait for them.
fn timers(script: &Script) {
    let mut orders: Vec<(Order<'_>, &str, &str)> = Vec::new();
    orders.push((script.place(&parcel()), "store_status", "revoked"));
    orders.push((script.place(&kitchens(1)), "store_status", "revoked"));
    let mut late = script.place(&parcel());
    late.until("it is revoked", |tree| tree["store_status"] == "revoked");
    let before = json!({"type": "payment_succeeded", "tender": "card", "reference": "in-time",
        "amount": late.tree["payable"], "paid_at": late.tree["created_at"]});
    late.ask("gateway", &before).ask("seller", &json!({"type": "note", "text": "revived"}));
    orders.push((script.paid(&kitchens(1)), "store_status", "refunding"));
    let mut settled = script.paid(&parcel());
    settled.ship(&Value::Null);
    orders.push((settled, "status", "completed"));
    let mut agreed = script.paid(&parcel());
    agreed.ask("buyer", &json!({"type": "request_refund", "reason": "no"}));
    orders.push((agreed, "store_status", "refunding"));
    let mut refused = script.paid(&parcel());
    refused.ask("seller", &json!({"type": "request_cancel", "reason": "sold out"}));
    orders.push((refused, "store_status", "refund_failed"));
    for (mut order, word, wanted) in orders {
        order.until(wanted, |tree| tree[word] == wanted);
        if wanted == "refunding" {
            order.of_refund(0, "gateway", "refund_succeeded");
        }
    }
}

/// What others report: channels, branches, sites, imports with and without amounts, and reports that come again.
fn recorded(data: &Path) {
    let line = |id: &str, home: &str, more: Value| {
        let mut order = json!({"external_id": id, "home": home, "currency": "CNY", "buyer_id": "far",
            "created_at": "2024-05-01T08:00:00Z",
            "shops": [{"shop_id": "77", "ship_to": ship_to("韩梅梅", "13700003333"),
                       "items": [item("tea", "2", 1_000)]}]});
        for (name, value) in more.as_object().expect("fields") {
            order[name] = value.clone();
        }
        order
    };
    let paid =
        |reference: &str| json!([{"tender": "wechat", "reference": reference, "amount": 2_000}]);
    let words = ["created", "paid", "shipped", "received", "completed", "cancelled", "closed"];
    let mut lines: Vec<Value> = words
        .iter()
        .map(|word| {
            line(&format!("old-{word}"), "center", json!({"status": word, "payments": paid(word)}))
        })
        .collect();
    for (at, home) in ["branch:east", "channel:900", "sites"].into_iter().enumerate() {
        for word in ["created", "paid", "shipped"] {
            let id = format!("{at}-{word}");
            let payments = if word == "created" { json!([]) } else { paid(&id) };
            lines.push(line(&id, home, json!({"status": word, "payments": payments})));
        }
    }
    let channel = json!({"channel": "temu", "status": "paid", "source": {"mall": "900"}});
    lines.push(line("PO-1", "channel:900", channel));
    let mut unknown = line("unknown", "center", json!({"status": "shipped", "tracking": null}));
    unknown["shops"][0]["items"][0]["list_price"] = Value::Null;
    unknown.as_object_mut().expect("fields").remove("tracking");
    lines.push(unknown);
    lines.push(line(
        "odd",
        "center",
        json!({"payable": 2_500, "status": "shipped", "payments": paid("odd"),
        "shipped_at": "2024-04-01T08:00:00Z"}),
    ));
    let mut euros = paid("euros");
    euros[0]["currency"] = json!("EUR");
    lines.push(line("euros", "center", json!({"status": "paid", "payments": euros})));
    let mut much = paid("much");
    much[0]["amount"] = json!(2_100);
    lines.push(line("much", "center", json!({"status": "paid", "payments": much})));
    let parcel = json!([{"carrier": "SF", "tracking": "SF0", "at": "2024-05-03T08:00:00Z"}]);
    let mut ended = line(
        "ended",
        "center",
        json!({"status": "cancelled", "cancelled_at": "2024-05-02T08:00:00Z"}),
    );
    ended["shops"][0]["shipments"] = parcel;
    lines.push(ended);
    import(data, &lines, &[]);
    // The second report: more was shipped, an amount is known, another is another.
    let mut again = line(
        "unknown",
        "center",
        json!({"status": "received", "received_at": "2024-05-09T08:00:00Z"}),
    );
    again["shops"][0]["freight"] = json!(100);
    let more = json!({"channel": "temu", "status": "shipped", "payments": paid("PO-1"), "source": {"mall": "900"}});
    import(data, &[again, line("PO-1", "channel:900", more)], &["--update"]);
}

fn import(data: &Path, lines: &[Value], more: &[&str]) {
    let file = data.join("lines.jsonl");
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    fs::write(&file, lines.join("\n")).expect("space");
    let file = file.to_str().expect("a path of letters");
    let report = docket(data, &[&["import", file, "--json"], more].concat());
    println!("{}", report.fine());
}

#[test]
#[ignore = "writes a fixture of the release that it is run in"]
fn the_database_of_this_release() {
    let number = std::env::var("DOCKET_RELEASED").expect("DOCKET_RELEASED names the schema");
    let with = |settings: &[(&'static str, &'static str)]| {
        let all: Vec<_> = USUAL.iter().chain(settings).copied().collect();
        all
    };
    let mut script = Script::on(Center::with(&with(&SHORT)));
    timers(&script);
    script.center.serve.terminate();
    script.center.killed_and_started(&with(&[]));
    let data = script.center.data.path().to_owned();
    for sku in ["tea", "pot", "noodles", "rice"] {
        script.put(
            &format!("/api/stock/{sku}"),
            &json!({"place": "main", "on_hand": "500", "reason": "count"}),
        );
    }
    script.put("/api/products/book", &json!({"price": 3_900, "currency": "CNY", "title": "Book"}));
    let pack = json!({"title": "Welcome 新人礼包", "currency": "CNY", "min_price": 1_000});
    script.put("/api/gift-packs/welcome", &pack);
    let coupon = json!({"title": "5 off", "kind": "amount", "face": 500, "currency": "CNY"});
    script.put("/api/coupons/FIVE", &coupon);
    script.put(
        "/api/accounts/coins/rich",
        &json!({"balance": 1_000, "currency": "CNY", "reason": "gift"}),
    );
    scripted::takeaway(&script);
    scripted::unpaid(&script);
    scripted::money(&script);
    scripted::parcels(&script);
    scripted::others(&script);
    recorded(&data);
    let mut cart = parcel();
    cart["buyer_id"] = json!("gone");
    script.paid(&cart).ship(&Value::Null).receive();
    docket(&data, &["forget", "gone", "--yes"]).fine();
    waiting(&script);
    script.center.serve.terminate();
    let told = docket(&data, &["export"]).fine();
    let database = Connection::open(data.join("docket.db")).expect("a file");
    found(&database, &data);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/released");
    let write = |ending: &str, text: &str| {
        fs::write(folder.join(format!("{number}.{ending}")), text).expect("space");
    };
    write("sql", &rows(&database));
    write("keys", &fs::read_to_string(data.join("docket.keys")).expect("keys"));
    write("json", &orders(&told));
}

/// What waits: a webhook whose receiver is not there, and attempts that are closed at a gateway that is gone.
fn waiting(script: &Script) {
    let hook = json!({"url": "http://127.0.0.1:9/hook", "events": ["order.shipped"]});
    let (status, said) = script.center.post("/api/webhooks", &hook);
    assert_eq!(status, 201, "{said}");
    script.paid(&parcel()).ship(&Value::Null);
    for cart in [kitchens(1), parcel()] {
        let mut order = script.place(&cart);
        let attempt = script.center.start(&order.id());
        script.center.sandbox.behave_for(&attempt, "error=1000000");
        order.ask("buyer", &json!({"type": "revoke"}));
    }
}

/// Findings of those who check the books: one that was mended.
fn found(database: &Connection, data: &Path) {
    database
        .execute("update stock set held = held + 1000 where sku_id = 'tea'", [])
        .expect("a row");
    assert_eq!(docket(data, &["reconcile"]).code, Some(1));
    docket(data, &["reconcile", "--repair"]).fine();
    assert_eq!(docket(data, &["reconcile"]).code, Some(0));
}

/// Every row of every table, as a statement that both databases read.
fn rows(database: &Connection) -> String {
    let mut text =
        String::from("-- Rows of the release with this schema: what `tests/released.rs` left.\n");
    // A file files its SKUs itself, whenever their lines are written; a server has an index for that.
    let names = "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' \
                 and name not like 'item_sku%' order by name";
    let mut names = database.prepare(names).expect("tables");
    let names = names.query_map([], |row| row.get::<_, String>(0)).expect("tables");
    for name in names.map(|name| name.expect("a name")) {
        let mut select =
            database.prepare(&format!("select * from {name} order by 1")).expect("a table");
        let columns: Vec<_> = select.column_names().collect();
        let columns = columns.join(", ");
        let width = select.column_count();
        let mut rows = select.query([]).expect("rows");
        let mut open = false;
        while let Some(row) = rows.next().expect("a row") {
            let values: Vec<String> =
                (0..width).map(|at| literal(row.get_ref_unwrap(at))).collect();
            let lead = if open { ",\n" } else { "" };
            if !open {
                writeln!(text, "insert into {name} ({columns}) values").expect("space");
            }
            write!(text, "{lead}({})", values.join(", ")).expect("space");
            open = true;
        }
        if open {
            text.push_str(";\n");
        }
    }
    text
}

fn literal(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Text(text) => {
            format!("'{}'", std::str::from_utf8(text).expect("UTF-8").replace('\'', "''"))
        }
        ValueRef::Blob(bytes) => {
            bytes.iter().fold(String::from("x'"), |mut text, byte| {
                write!(text, "{byte:02x}").expect("space");
                text
            }) + "'"
        }
        ValueRef::Real(_) => unreachable!("there are no floats"),
    }
}

/// Each order of the export, by number, without what is empty.
fn orders(told: &str) -> String {
    let mut orders: Vec<Value> =
        told.lines().map(|line| serde_json::from_str(line).expect("an order")).collect();
    orders.sort_by_key(|order| text(&order["order_id"]));
    orders.iter_mut().for_each(compared::strip);
    let lines: Vec<String> = orders.iter().map(Value::to_string).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}
