//! Marketplace shops over time: what is pushed before it is listed, a first pull of many days, the passes of a night. Two
//! processes and real HTTP between them.

#[allow(dead_code)] // shared with tests that write behind the back of a center
mod behind;
#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use behind::Behind;
use docket_testkit::{Database, eventually, within};
use market::between::Between;
use market::{Center, Market, same, wish};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MINUTE: u64 = 60;
const DAY: i64 = 86_400;
const LIST: &str = "bg.order.list.v2.get";

/// The orders of a number, whole.
fn orders_of(center: &Center, number: &str) -> Vec<Value> {
    let found = center.get(&format!("/api/orders?external_id={number}&expand=tree"));
    found["orders"].as_array().expect("orders").clone()
}

/// The marketplace's own word for the status of an order; null as long as it is not here.
fn word(center: &Center, number: &str) -> Value {
    let found = orders_of(center, number);
    found.first().map_or(Value::Null, |order| order["shops"][0]["channel_status"]["word"].clone())
}

#[test]
fn an_order_that_is_pushed_before_any_list_has_it_is_one_order_when_the_list_has_it() {
    let market = Market::start(&["--count", "8", "--limit", "0"]);
    for database in Database::ALL {
        let center = Center::on(database);
        let hook = center.serve.url("/api/channels/temu/push");
        market.control(&json!({"push_url": hook}));
        let shop = center.connect(&market, 0);
        center.pull(&shop, "incremental");
        let before = center.numbers(&shop).len();
        let late = json!({"does": "insert", "status": 4, "late": 600});
        let number = market.happens(0, &late).remove(0);
        eventually("its detail is read", || word(&center, &number) == "4");
        center.has_all_parcels(&shop);
        assert!(!market.listed(0).contains(&number), "no list has it yet");
        let hidden = || {
            let told = center.get(&format!("/api/sync/shops/{shop}/completeness"));
            let days = told["days"].as_array().expect("days").clone();
            days.iter().filter_map(|day| day["hidden"].as_u64()).sum::<u64>()
        };
        assert_eq!(hidden(), 1, "{database}");
        let first = orders_of(&center, &number);
        market.skip(20 * MINUTE);
        center.catch_up(&market, &shop);
        let all = orders_of(&center, &number);
        assert_eq!((all.len(), center.numbers(&shop).len()), (1, before + 1), "{database}");
        assert_eq!(hidden(), 0, "{database}: a list has it");
        for name in ["items", "shipments"] {
            let numbers = |orders: &[Value]| -> Vec<Value> {
                let list = orders[0]["shops"][0][name].as_array().expect("a list").clone();
                list.iter().map(|one| json!([one["external_id"], one["package"]])).collect()
            };
            assert_eq!(numbers(&all), numbers(&first), "{database}: {name} are there once");
        }
        assert_eq!(all[0]["anomalies"], first[0]["anomalies"], "{database}");
    }
}

#[test]
fn a_page_that_was_read_before_a_push_undoes_nothing_of_it() {
    let market = Market::start(&["--count", "8", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let door = Between::to(&market.url);
    let mut wish = wish(&market, &market.said["shops"][0]["access_token"]);
    wish["base_url"] = door.url.clone().into();
    let shop = center.connect_as(&wish);
    let hook = center.serve.url("/api/channels/temu/push");
    market.control(&json!({"push_url": hook}));
    let at = market.now() - 7200;
    let order = market.happens(0, &json!({"does": "insert", "status": 2, "at": at})).remove(0);
    // A page as it was, for later; what is asked for by number is answered as it is.
    let is_page = |asked: &Value| asked["type"] == LIST && asked["parentOrderSnList"].is_null();
    let kept = Arc::new(Mutex::new(Value::Null));
    let page = Arc::clone(&kept);
    door.edits(move |asked, reply| {
        if is_page(asked) {
            *page.lock().expect("no edit panics") = reply.clone();
        }
        reply
    });
    center.pull(&shop, "full");
    assert_eq!(word(&center, &order), "2");
    let old = kept.lock().expect("no edit panics").clone();
    door.edits(move |asked, reply| if is_page(asked) { old.clone() } else { reply });
    market.happens(0, &json!({"does": "move", "order": order, "to": 4}));
    eventually("what was pushed is read back", || word(&center, &order) == "4");
    center.has_all_parcels(&shop);
    center.has_all_amounts(&shop);
    let newer = orders_of(&center, &order);
    assert_eq!(newer[0]["shops"][0]["status"], "shipped", "{newer:#?}");
    let run = center.pull(&shop, "full");
    assert_eq!((&run["state"], &run["changed"]), (&json!("done"), &json!(0)), "{run:#}");
    assert_eq!(orders_of(&center, &order), newer);
}

#[test]
fn a_first_pull_reads_as_many_days_as_it_is_to_and_says_since_when() {
    let market = Market::start(&["--count", "300", "--days", "90", "--limit", "0"]);
    for (days, database) in [(90, Database::ALL[0]), (30, Database::ALL[1])] {
        let text = days.to_string();
        let center = Center::with(
            database,
            &[
                ("DOCKET_CHANNELS__TEMU__INTERVAL", "30d"),
                ("DOCKET_CHANNELS__TEMU__CALLS_PER_SECOND", "0"),
                ("DOCKET_CHANNELS__TEMU__FULL_DAYS", &text),
            ],
        );
        let shop = center.connect(&market, 0);
        let run = center.pull(&shop, "incremental");
        assert_eq!((&run["state"], &run["gaps"]), (&json!("done"), &json!(0)), "{run:#}");
        let from = market.now() - days * DAY;
        let truth = market.rows(0, "orders").into_iter().filter(|row| row["kind"] == "listed");
        let (within, before): (Vec<_>, Vec<_>) =
            truth.partition(|row| row["updated_at"].as_i64() >= Some(from));
        assert_eq!(before.is_empty(), days == 90, "{}", before.len());
        let number = |row: &Value| row["parent"].as_str().expect("a number").to_owned();
        let mut theirs: std::collections::BTreeSet<_> = within.iter().map(number).collect();
        // Of what a cancel or a refund within these days names, the order is read too, however old it is.
        let here = center.numbers(&shop);
        let named: std::collections::BTreeSet<_> =
            market.rows(0, "aftersales").iter().map(number).collect();
        theirs.extend(here.iter().filter(|number| named.contains(*number)).cloned());
        same(&here, &theirs);
        let told = center.get(&format!("/api/sync/shops/{shop}/completeness"));
        let since = docket_wire::moment::parse(told["since"].as_str().expect("a moment"));
        let since = since.expect("a moment").0 / 1000;
        // Days are whole.
        assert!((from - DAY..from + 120).contains(&since), "{days} days: {since} is not {from}");
        // What came in one pull is read once more, and nothing is new.
        let again = center.pull(&shop, "full");
        assert_eq!((&again["new"], &again["gaps"]), (&json!(0), &json!(0)), "{again:#}");
    }
}

#[test]
fn a_first_pull_is_told_to_nobody_unless_it_is_asked_for() {
    let market = Market::start(&["--count", "30", "--limit", "0"]);
    // Nobody answers there, so that what is to be told waits and can be counted.
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = deaf.local_addr().expect("it is bound").port();
    for announced in [false, true] {
        let center = Center::with(
            Database::Sqlite,
            &[
                ("DOCKET_CHANNELS__TEMU__INTERVAL", "30d"),
                ("DOCKET_CHANNELS__TEMU__CALLS_PER_SECOND", "0"),
                ("DOCKET_WEBHOOKS__ALLOW", "[\"127.0.0.0/8\"]"),
            ],
        );
        let hook = json!({"url": format!("http://127.0.0.1:{port}/hook")});
        let (status, added) = center.post("/api/webhooks", &hook);
        assert_eq!(status, 201, "{added:#}");
        let mut wish = wish(&market, &market.token(0));
        wish["announce_first_pull"] = announced.into();
        let shop = center.connect_as(&wish);
        assert_eq!(center.shop(&shop)["announce_first_pull"], announced);
        center.pull(&shop, "incremental");
        center.has_all_parcels(&shop);
        center.has_all_amounts(&shop);
        let behind = Behind::of(center.database());
        let told = || -> usize {
            behind
                .one("select count(*) from task where kind = 'webhook'")
                .parse()
                .expect("a number")
        };
        let orders = center.numbers(&shop).len();
        if announced {
            assert!(told() >= orders, "each order and what was found of it: {}", told());
        } else {
            assert_eq!(told(), 0, "nor is what was found of parcels and amounts");
            // What happens afterwards is.
            market.skip(5 * MINUTE);
            let number = market.happens(0, &json!({"does": "insert", "status": 2})).remove(0);
            market.skip(5 * MINUTE);
            center.catch_up(&market, &shop);
            assert_eq!(word(&center, &number), "2");
            assert!(told() >= 1, "{}", told());
        }
    }
}

/// The offset of a shop within the four hours of a night, by its number and the stream: as `channels/turns.rs` has it.
fn into_the_night(shop: &str, stream: u64) -> i64 {
    let own = shop.parse::<u64>().expect("a number") ^ stream << 50;
    (own.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as i64 % (4 * 3_600_000)
}

#[test]
fn the_full_passes_of_the_night_are_started_by_the_clock_each_once_and_read_refunds_too() {
    let market = Market::start(&["--count", "20", "--limit", "0"]);
    for stream in [1_u64, 2] {
        let mut center = Center::on(Database::Sqlite);
        let shop = center.connect(&market, 0);
        // A shop that was not there when its turn came has none until the next night.
        let behind = Behind::of(center.database());
        behind.write("update channel_shop set created_at = created_at - 7200000", &[]);
        let now = jiff::Timestamp::now().as_millisecond();
        // The turn of the shop lies within the last minute.
        let at = (now - into_the_night(&shop, stream)).rem_euclid(86_400_000) / 60_000;
        let clock = format!("{:02}:{:02}", at / 60, at % 60);
        let setting = ["FULL_AT", "PRODUCTS_FULL_AT"][stream as usize - 1];
        center.started_with(&[(&format!("DOCKET_CHANNELS__TEMU__{setting}"), &clock)]);
        let (name, other) = [("orders", "products"), ("products", "orders")][stream as usize - 1];
        let ended = |run: &Value| run["mode"] == "full" && run["state"] == "done";
        let newest = || center.shop(&shop)[name].clone();
        let run = within(Duration::from_mins(1), || Some(newest()).filter(ended));
        let run = run.unwrap_or_else(|| panic!("{:#}", newest()));
        let count = |name: &str| {
            let stream = if name == "orders" { 1 } else { 2 };
            behind.one(&format!("select count(*) from channel_run where stream = {stream}"))
        };
        if name == "orders" {
            assert_eq!(run["done"], 20, "{run:#}");
            assert!(market.calls_of("bg.aftersales.parentaftersales") > 0, "{run:#}");
        } else {
            assert_eq!((&run["done"], &run["new"]), (&json!(60), &json!(60)), "{run:#}");
        }
        // Two ticks later there is still the one, and none of the other stream.
        let ticked = || -> i64 {
            let newest =
                "select coalesce(max(finished_at), 0) from task where kind = 'channel_tick'";
            behind.one(newest).parse().expect("a time")
        };
        let seen = ticked();
        let twice = within(Duration::from_mins(1), || (ticked() > seen + 10_000).then_some(()));
        assert!(twice.is_some(), "nothing ticks");
        assert_eq!((count(name), count(other)), ("1".to_owned(), "0".to_owned()));
    }
}
