//! What a marketplace tells wrongly, late, in part or not at all: it becomes a gap with a reason or a row with a note,
//! nothing beside it is skipped, and what is told in the end is here in the end.

#[allow(dead_code)] // shared with tests of damage, which write
mod behind;
#[allow(dead_code)] // shared with tests that need more of it
mod client;
#[allow(dead_code)] // shared with tests that need more of it
mod market;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use behind::Behind;
use docket_testkit::Database;
use market::between::Between;
use market::{Center, Market, same, wish};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LIST: &str = "bg.order.list";
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// A marketplace as fast as it can be, with so many orders, and a center that has its first shop.
fn stage(count: &str) -> (Market, Center, String) {
    let market = Market::start(&["--count", count, "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let shop = center.connect(&market, 0);
    (market, center, shop)
}

/// So many orders, all of one second.
fn of_one_second(market: &Market, at: i64, count: u64) -> Vec<String> {
    market.happens(0, &json!({"does": "insert", "count": count, "at": at, "status": 2}))
}

fn is_done(run: &Value) {
    assert_eq!((&run["state"], &run["gaps"]), (&json!("done"), &json!(0)), "{run:#}");
}

/// Whether a moment lies in a window of a shop that was read whole.
fn is_finished(center: &Center, shop: &str, at: i64) -> bool {
    let moment = |window: &Value, end: &str| {
        let text = window[end].as_str().expect("a moment");
        docket_wire::moment::parse(text).expect("a moment").0 / 1000
    };
    let windows = center.windows(shop, "finished");
    windows.iter().any(|window| (moment(window, "from")..=moment(window, "to")).contains(&at))
}

#[test]
fn a_page_that_never_loads_is_a_gap_that_is_shown_and_tried_again_and_the_rest_is_here() {
    let (market, center, shop) = stage("40");
    let at = market.now() - 3600;
    let there = of_one_second(&market, at, 250);
    market.behave("error=500", &json!({"type": LIST, "page": 2}));
    let run = center.pull(&shop, "incremental");
    assert_eq!((&run["state"], &run["gaps"]), (&json!("done"), &json!(1)), "{run:#}");
    let here = center.numbers(&shop);
    assert!(here.len() >= 40, "all others are here: {}", here.len());
    let gaps = center.windows(&shop, "gap");
    assert_eq!(gaps.len(), 1, "{gaps:#?}");
    assert!(gaps[0]["reason"].as_str().is_some_and(|why| why.contains("http_500")), "{gaps:#?}");
    assert!(gaps[0]["next_try_at"].is_string(), "{gaps:#?}");
    assert!(!is_finished(&center, &shop, at), "the mark does not pass it");
    let completeness = center.get(&format!("/api/sync/shops/{shop}/completeness"));
    assert_eq!(completeness["gaps"], json!(gaps), "{completeness:#}");
    // Before its next try it is left alone; another shop is not held up.
    let before = market.calls_of(LIST);
    market.skip(5);
    is_done(&center.catch_up(&market, &shop));
    assert_eq!(market.calls_of(LIST), before + 1, "nobody asks for the gap");
    assert_eq!(center.windows(&shop, "gap"), gaps);
    let other = center.connect(&market, 1);
    is_done(&center.pull(&other, "incremental"));
    // Healed.
    market.fine();
    market.skip(2 * MINUTE);
    is_done(&center.catch_up(&market, &shop));
    assert!(center.windows(&shop, "gap").is_empty() && is_finished(&center, &shop, at));
    let here = center.numbers(&shop);
    assert!(there.iter().all(|number| here.contains(number)));
    same(&here, &market.listed(0));
}

#[test]
fn a_moment_that_no_window_may_have_becomes_a_gap_that_shrinks_and_holds_nothing_else_up() {
    let market = Market::start(&["--count", "60", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let door = Between::to(&market.url);
    let shop = center.connect_as(&json!({
        "name": "Garden", "channel": "temu", "region": "us", "base_url": door.url,
        "app_key": market.said["app_key"], "app_secret": market.said["app_secret"],
        "access_token": market.said["shops"][0]["access_token"],
    }));
    // In the first of 128 parts of all that is read: one half after another fails.
    let bad = market.now() - 90 * 86_400 + 6 * 3600;
    door.edits(move |asked, reply| {
        let number = |name: &str| asked[name].as_i64();
        let has = number("updateAtStart").zip(number("updateAtEnd"));
        let is_list = asked["type"].as_str().is_some_and(|kind| kind.starts_with(LIST));
        if is_list && has.is_some_and(|(from, to)| (from..=to).contains(&bad)) {
            return json!({"success": false, "errorCode": 150_010_003, "errorMsg": "no", "requestId": "1"});
        }
        reply
    });
    let run = center.pull(&shop, "incremental");
    assert_eq!((&run["state"], &run["gaps"]), (&json!("done"), &json!(1)), "{run:#}");
    assert!(run["calls"].as_u64() <= Some(60), "{run:#}");
    let gaps = |center: &Center| {
        let gaps = center.get(&format!("/api/sync/shops/{shop}/completeness"))["gaps"].clone();
        gaps.as_array().expect("gaps").clone()
    };
    let seconds = |gaps: &[Value]| -> i64 {
        let moment = |text: &Value| docket_wire::moment::parse(text.as_str().expect("a moment"));
        let length = |gap: &Value| {
            let ends = (moment(&gap["from"]), moment(&gap["to"]));
            ends.1.expect("a moment").since(ends.0.expect("a moment")) / 1000 + 1
        };
        gaps.iter().map(length).sum()
    };
    let mut length = seconds(&gaps(&center));
    assert!(length < 90 * 86_400 / 100, "most of it was read: {length} s are missing");
    for pause in [2 * MINUTE, 11 * MINUTE, 61 * MINUTE] {
        market.skip(pause);
        center.catch_up(&market, &shop);
        let shorter = seconds(&gaps(&center));
        assert!(shorter < length || shorter == 1, "{shorter} s after {length}");
        length = shorter;
    }
    assert_eq!(length, 1, "all that is missing is that second");
    door.edits(|_, reply| reply);
    market.skip(7 * HOUR);
    center.catch_up(&market, &shop);
    assert_eq!(gaps(&center), [] as [Value; 0]);
    same(&center.numbers(&shop), &market.listed(0));
}

#[test]
fn a_list_that_ignores_its_pages_fails_the_run_and_nothing_is_claimed() {
    let (market, center, shop) = stage("20");
    let at = market.now() - 3600;
    of_one_second(&market, at, 250);
    market.behave("page_ignored", &json!({"type": LIST}));
    let run = center.pull(&shop, "incremental");
    assert_eq!((&run["state"], &run["gaps"]), (&json!("failed"), &json!(1)), "{run:#}");
    assert!(run["error"].as_str().is_some_and(|why| why.contains("no order that")), "{run:#}");
    assert!(!is_finished(&center, &shop, at));
    assert!(center.numbers(&shop).len() >= 120, "what came is here all the same");
    market.fine();
    market.skip(2 * MINUTE);
    is_done(&center.catch_up(&market, &shop));
    same(&center.numbers(&shop), &market.listed(0));
}

#[test]
fn rows_of_short_pages_are_taken_and_what_is_missing_is_a_gap() {
    let (market, center, shop) = stage("250");
    market.behave("short=2", &json!({"type": LIST}));
    let run = center.pull(&shop, "incremental");
    assert_eq!(run["state"], "done", "{run:#}");
    let pieces = run["gaps"].as_u64().expect("a number");
    let here = center.numbers(&shop).len() as u64;
    assert!(pieces > 1 && here == 250 - 2 * pieces, "{here} here, {pieces} pieces lack two each");
    let gaps = &center.get(&format!("/api/sync/shops/{shop}/completeness"))["gaps"];
    assert!(
        gaps[0]["reason"].as_str().is_some_and(|why| why.contains("its total wants")),
        "{gaps:#}"
    );
    market.fine();
    market.skip(2 * MINUTE);
    is_done(&center.catch_up(&market, &shop));
    same(&center.numbers(&shop), &market.listed(0));
}

#[test]
fn three_hundred_orders_of_one_second_are_all_here() {
    let (market, center, shop) = stage("10");
    let there: BTreeSet<_> = of_one_second(&market, market.now() - 3600, 300).into_iter().collect();
    is_done(&center.pull(&shop, "incremental"));
    assert!(center.numbers(&shop).is_superset(&there));
}

#[test]
fn rows_that_are_listed_seconds_minutes_and_half_a_day_late_are_found_and_how_late_is_told() {
    let (market, center, shop) = stage("10");
    center.pull(&shop, "incremental");
    let at = market.now() - 150;
    let late = |seconds: u64| {
        let insert = json!({"does": "insert", "at": at, "late": seconds + 150, "status": 2});
        market.happens(0, &insert).remove(0)
    };
    let numbers = [late(1), late(10 * MINUTE), late(12 * HOUR)];
    let here =
        |center: &Center| numbers.each_ref().map(|number| center.numbers(&shop).contains(number));
    market.skip(3 * MINUTE);
    center.catch_up(&market, &shop);
    assert_eq!(here(&center), [true, false, false]);
    // The overlap reaches back behind the end of what was read.
    market.skip(8 * MINUTE);
    center.catch_up(&market, &shop);
    assert_eq!(here(&center), [true, true, false]);
    market.skip(12 * HOUR);
    let run = center.catch_up(&market, &shop);
    assert_eq!(here(&center), [true; 3], "the last two days are read again");
    assert!(run["lateness_ms"].as_u64() >= Some(12 * HOUR * 1000), "{run:#}");
}

#[test]
fn rows_that_no_list_ever_has_are_not_claimed_to_be_complete_by_count() {
    let (market, center, shop) = stage("30");
    market.happens(
        0,
        &json!({"does": "insert", "count": 3, "hidden": true, "at": market.now() - 3600}),
    );
    is_done(&center.pull(&shop, "full"));
    same(&center.numbers(&shop), &market.listed(0));
    let told = center.get(&format!("/api/sync/shops/{shop}/completeness"));
    let sum = |what: &str| -> u64 {
        let days = told["days"].as_array().expect("days").iter();
        days.map(|day| day[what].as_u64().expect("a number")).sum()
    };
    assert_eq!((sum("theirs"), sum("ours"), sum("hidden")), (30, 30, 0), "{told:#}");
    assert_eq!(told["complete"], true);
}

#[test]
fn orders_that_change_and_come_in_while_it_is_read_are_none_of_them_lost() {
    for seed in ["1", "2", "3"] {
        let market = Market::start(&["--count", "450", "--limit", "0", "--seed", seed]);
        let center = Center::on(Database::Sqlite);
        let shop = center.connect(&market, 0);
        market.behave("churn=8 late=90", &json!({"type": LIST}));
        center.pull(&shop, "incremental");
        center.pull(&shop, "incremental");
        market.fine();
        market.skip(5 * MINUTE);
        is_done(&center.catch_up(&market, &shop));
        let there = market.listed(0);
        assert!(there.len() > 460, "orders came in");
        let here = center.numbers(&shop);
        let lost: Vec<_> = there.difference(&here).collect();
        assert!(lost.is_empty(), "seed {seed}: {lost:?}");
    }
}

#[test]
fn odd_rows_are_kept_with_a_note_and_no_neighbour_is_skipped() {
    let (market, center, shop) = stage("20");
    let at = market.now() - 7200;
    let mut odd = Vec::new();
    for (word, status) in [("nulls", 4), ("unlabelled", 2), ("novel", 4), ("bare", 5), ("", 99)] {
        let insert = json!({"does": "insert", "odd": word, "status": status, "at": at});
        odd.extend(market.happens(0, &insert));
    }
    // All units cancelled: what is left of each line is nothing.
    let nothing = market.happens(0, &json!({"does": "insert", "status": 2, "at": at})).remove(0);
    market.happens(0, &json!({"does": "cancel_units", "order": nothing, "units": 99}));
    odd.push(nothing);
    let broken = market.happens(0, &json!({"does": "insert", "odd": "broken", "at": at})).remove(0);
    market.skip(5 * MINUTE);
    let run = center.catch_up(&market, &shop);
    assert_eq!((&run["state"], &run["gaps"]), (&json!("done"), &json!(0)), "{run:#}");
    let here = center.numbers(&shop);
    assert!(odd.iter().all(|number| here.contains(number)), "{odd:?}");
    let mut there = market.listed(0);
    assert!(there.remove(&broken));
    same(&here, &there);
    let behind = Behind::of(center.database());
    for number in [&odd[2], &odd[4], &broken] {
        let note = behind.ask(&format!("select note from channel_order where number = '{number}'"));
        assert!(note.len() == 1 && note[0].is_some(), "{number}: {note:?}");
    }
    let kept =
        behind.one(&format!("select length(payload) from channel_order where number = '{broken}'"));
    assert!(kept.parse::<u32>().is_ok_and(|bytes| bytes > 0), "what it says is kept: {kept}");
    assert!(!center.serve.stderr().contains("panicked"), "{}", center.serve.stderr());
}

#[test]
fn a_reply_that_is_none_is_asked_for_again_and_nothing_is_missing() {
    let (market, center, shop) = stage("20");
    let words =
        ["html", "error=503", "drop", "reset", "cut", "truncated", "huge", "system", "stall=200"];
    for word in words {
        market.behave(word, &json!({"type": LIST, "calls": 1}));
    }
    // All of them hold for the first call; one after another, each for a call of its own.
    is_done(&center.pull(&shop, "incremental"));
    for word in words {
        market.behave(word, &json!({"type": LIST, "calls": 1}));
        let new = market.happens(0, &json!({"does": "insert", "at": market.now() - 150}));
        market.skip(35);
        is_done(&center.catch_up(&market, &shop));
        assert!(center.numbers(&shop).contains(&new[0]), "{word}");
    }
    same(&center.numbers(&shop), &market.listed(0));
    assert!(!center.serve.stderr().contains("panicked"), "{}", center.serve.stderr());
}

#[test]
fn replies_that_are_too_long_for_ever_fail_the_run_and_finish_nothing() {
    let (market, center, shop) = stage("20");
    market.behave("huge=4096", &json!({"type": LIST}));
    let run = center.pull(&shop, "incremental");
    assert_eq!((&run["state"], &run["new"]), (&json!("failed"), &json!(0)), "{run:#}");
    assert!(run["error"].is_string(), "{run:#}");
    assert!(center.windows(&shop, "finished").is_empty());
    market.fine();
    market.skip(7 * HOUR);
    is_done(&center.catch_up(&market, &shop));
    same(&center.numbers(&shop), &market.listed(0));
}

/// A shop of `market` behind a door that may change what is answered.
fn behind_a_door(market: &Market, center: &Center) -> (Between, String) {
    let door = Between::to(&market.url);
    let mut wish = wish(market, &market.said["shops"][0]["access_token"]);
    wish["base_url"] = door.url.clone().into();
    let shop = center.connect_as(&wish);
    (door, shop)
}

fn is_of(asked: &Value, kind: &str) -> bool {
    asked["type"].as_str().is_some_and(|named| named.starts_with(kind))
}

#[test]
fn an_order_whose_lines_are_told_wrongly_keeps_those_that_are_known() {
    let market = Market::start(&["--count", "8", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let (door, shop) = behind_a_door(&market, &center);
    is_done(&center.pull(&shop, "full"));
    center.has_all_parcels(&shop);
    let before = center.orders(&shop);
    for wrong in
        [json!("lines"), Value::Null, json!([]), json!([{}]), json!({"a": 1}), json!([null])]
    {
        let lines = wrong.clone();
        door.edits(move |asked, mut reply| {
            if is_of(asked, LIST) {
                for row in reply["result"]["pageItems"].as_array_mut().expect("rows") {
                    row["orderList"] = lines.clone();
                }
            }
            reply
        });
        let run = center.pull(&shop, "full");
        assert_eq!(run["state"], "done", "{wrong}: {run:#}");
        let lines = |orders: &[Value]| -> Vec<Value> {
            orders.iter().map(|order| order["shops"][0]["items"].clone()).collect()
        };
        assert_eq!(lines(&center.orders(&shop)), lines(&before), "{wrong}");
    }
    door.edits(|_, reply| reply);
    is_done(&center.pull(&shop, "full"));
    let note =
        Behind::of(center.database()).ask("select note from channel_order where note is not null");
    assert_eq!(note, [] as [Option<String>; 0], "what is told rightly again has no note");
}

#[test]
fn a_row_without_a_number_leaves_a_gap_and_its_neighbours_are_here() {
    let market = Market::start(&["--count", "8", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let (door, shop) = behind_a_door(&market, &center);
    door.edits(|asked, mut reply| {
        if is_of(asked, LIST) {
            reply["result"]["pageItems"][2] = json!({"parentOrderMap": {"parentOrderStatus": 2}});
        }
        reply
    });
    let run = center.pull(&shop, "incremental");
    assert_eq!(
        (&run["state"], &run["gaps"], &run["refused"]),
        (&json!("done"), &json!(1), &json!(1)),
        "{run:#}"
    );
    assert_eq!(center.numbers(&shop).len(), 7);
    let gaps = center.get(&format!("/api/sync/shops/{shop}/completeness"))["gaps"].clone();
    assert!(gaps[0]["reason"].as_str().is_some_and(|why| why.contains("no number")), "{gaps:#}");
    door.edits(|_, reply| reply);
    market.skip(2 * MINUTE);
    is_done(&center.catch_up(&market, &shop));
    same(&center.numbers(&shop), &market.listed(0));
}

#[test]
fn a_page_of_before_that_comes_after_a_newer_one_undoes_nothing() {
    let market = Market::start(&["--count", "8", "--limit", "0"]);
    let center = Center::on(Database::Sqlite);
    let (door, shop) = behind_a_door(&market, &center);
    let at = market.now() - 7200;
    let order = market.happens(0, &json!({"does": "insert", "status": 2, "at": at})).remove(0);
    // The page as it was, for later.
    let kept = std::sync::Arc::new(std::sync::Mutex::new(Value::Null));
    let page = std::sync::Arc::clone(&kept);
    door.edits(move |asked, reply| {
        if is_of(asked, LIST) {
            *page.lock().expect("no edit panics") = reply.clone();
        }
        reply
    });
    is_done(&center.pull(&shop, "full"));
    let old = kept.lock().expect("no edit panics").clone();
    door.edits(|_, reply| reply);
    market.happens(0, &json!({"does": "move", "order": order, "to": 4}));
    is_done(&center.pull(&shop, "full"));
    center.has_all_parcels(&shop);
    let of = |center: &Center| {
        let orders = center.orders(&shop);
        orders.into_iter().find(|found| found["external_id"] == order).expect("the order")
    };
    let newer = of(&center);
    assert_eq!(newer["shops"][0]["status"], "shipped", "{newer:#}");
    door.edits(move |asked, reply| if is_of(asked, LIST) { old.clone() } else { reply });
    is_done(&center.pull(&shop, "full"));
    assert_eq!(of(&center), newer);
}

#[test]
fn one_number_in_two_shops_is_two_orders_and_each_stays_at_home() {
    let market = Market::start(&["--count", "20", "--shops", "1", "--limit", "0"]);
    let secret = "another secret of 16 letters";
    let mall = market.mall(0);
    let twin = json!({"app_key": "other-app", "app_secret": secret, "like": mall, "orders": 20});
    market.control(&json!({"shops": [twin]}));
    let center = Center::on(Database::Sqlite);
    let first = center.connect(&market, 0);
    let mut wish = wish(&market, &market.token(1));
    (wish["app_key"], wish["app_secret"]) = (json!("other-app"), json!(secret));
    let second = center.connect_as(&wish);
    for shop in [&first, &second] {
        is_done(&center.pull(shop, "full"));
        center.has_all_parcels(shop);
    }
    let (here, there) = (center.numbers(&first), center.numbers(&second));
    assert!(here.len() == 20 && here == there, "the same numbers twice");
    for shop in [&first, &second] {
        let home = format!("channel:{shop}");
        assert!(center.orders(shop).iter().all(|order| order["home"] == home));
    }
}
