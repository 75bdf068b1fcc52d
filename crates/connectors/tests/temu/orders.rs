//! Orders: what is read in a row, and that a damaged row costs nothing but itself.

use super::orders_call;
use super::said::{page, parse, row, success};
use docket_connectors::channel::{
    Answer, Call, ChannelOrder, Fulfilment, Odd, OrdersPage, Page, Stage,
};
use docket_domain::Time;
use serde_json::{Value, json};

fn read(body: &str) -> OrdersPage {
    match parse(&orders_call(Page::First, 100), body) {
        Ok(Answer::Orders(page)) => page,
        other => panic!("{other:?}"),
    }
}

/// The order of a row that was changed.
fn changed(change: impl FnOnce(&mut Value)) -> ChannelOrder {
    let mut row = row(1);
    change(&mut row);
    let mut page = read(&page(&[row], 1));
    assert_eq!(page.refused, []);
    page.orders.remove(0)
}

fn odd(order: &ChannelOrder) -> Vec<String> {
    order.flags.iter().map(ToString::to_string).collect()
}

#[test]
fn a_row_is_read_whole() {
    let order = changed(|_| {});
    assert_eq!(odd(&order), Vec::<String>::new());
    assert_eq!((order.number.as_str(), order.status.as_str()), ("PO-211-1", "2"));
    assert_eq!(order.stage, Some(Stage::Unshipped));
    assert_eq!(order.created_at, Some(Time(1_699_990_000_000)));
    assert_eq!(order.updated_at, Some(Time(1_699_999_500_000)));
    assert_eq!(order.ship_by, Some(Time(1_700_090_000_000)));
    assert_eq!((order.confirmed_at, order.shipped_at), (None, None));
    assert_eq!((order.region.as_deref(), order.site.as_deref()), (Some("211"), Some("100")));
    assert_eq!(order.labels, ["soon_to_be_overdue"]);
    assert_eq!(order.warnings, ["SUGGEST_X"]);
    assert!(order.payload.contains(r#""newField":{"a":[1.5]}"#), "{}", order.payload);
    let line = &order.lines[1];
    assert_eq!(line.number, "211-1-2");
    assert_eq!((line.ordered, line.cancelled), (3, 1));
    assert_eq!(line.sku_id.as_deref(), Some("17592186044416"));
    assert_eq!(line.title.as_deref(), Some("Mug"));
    assert_eq!(line.products[0].code.as_deref(), Some("MUG-R"));
    assert_eq!(line.fulfilment, Some(Fulfilment::Seller));
    assert_eq!(line.packages, None, "a list tells nothing of packages");
}

#[test]
fn statuses_are_kept_whatever_they_are() {
    for (code, stage) in [
        (json!(1), Some(Stage::Pending)),
        (json!(3), Some(Stage::Cancelled)),
        (json!(4), Some(Stage::Shipped)),
        (json!("5"), Some(Stage::Received)),
        (json!(41), Some(Stage::PartlyShipped)),
        (json!(51), Some(Stage::PartlyReceived)),
        (json!(99), None),
        (json!("NEW_WORD"), None),
    ] {
        let order = changed(|row| row["parentOrderMap"]["parentOrderStatus"] = code.clone());
        assert_eq!(order.stage, stage, "{code}");
        assert_eq!(order.status, code.to_string().trim_matches('"'));
        assert_eq!(order.flags.iter().any(|flag| flag.odd == Odd::UnknownStatus), stage.is_none());
    }
}

#[test]
fn units_are_read_from_whatever_two_of_the_three_numbers_are_told() {
    // Left, at first, cancelled → ordered, cancelled, flags.
    for (left, at_first, cancelled, units, flags) in [
        (json!(2), json!(3), json!(1), (3, 1), vec![]),
        (json!(2), json!(3), Value::Null, (3, 1), vec![]),
        (json!(2), Value::Null, json!(1), (3, 1), vec![]),
        (json!(2), Value::Null, Value::Null, (2, 0), vec![]),
        (Value::Null, json!(3), json!(1), (3, 1), vec!["missing"]),
        (json!(0), json!(3), json!(3), (3, 3), vec!["no_units"]),
        (json!(0), Value::Null, Value::Null, (0, 0), vec!["no_units"]),
        (json!(2), json!(3), json!(0), (3, 0), vec!["uneven"]),
        (json!(0), json!(2), json!(5), (2, 2), vec!["uneven", "no_units"]),
        (json!("2"), json!("3"), json!("1"), (3, 1), vec![]),
        (json!(-1), json!(3), json!(1), (3, 1), vec!["unfit", "missing"]),
    ] {
        let order = changed(|row| {
            let line = &mut row["orderList"][0];
            line["quantity"] = left.clone();
            line["originalOrderQuantity"] = at_first.clone();
            line["canceledQuantityBeforeShipment"] = cancelled.clone();
        });
        let told: Vec<&str> = order.flags.iter().map(|flag| flag.odd.word()).collect();
        let line = &order.lines[0];
        assert_eq!((line.ordered, line.cancelled), units, "{left} {at_first} {cancelled}");
        assert_eq!(told, flags, "{left} {at_first} {cancelled}");
    }
}

#[test]
fn what_is_odd_is_flagged_and_the_order_is_read() {
    let order = changed(|row| {
        row["orderList"][0]["orderLabel"] = json!([]);
        row["orderList"][0]["orderStatus"] = json!(7);
        row["orderList"][0]["goodsName"] = json!("x".repeat(2000));
        row["orderList"][1]["fulfillmentType"] = json!("fulfillByDrone");
        row["orderList"][1]["productList"] = json!([{"extCode": "A", "soldFactor": 0}, 3]);
        row["orderList"].as_array_mut().unwrap().push(super::said::line(1, 2));
        row["parentOrderMap"]["updateTime"] = Value::Null;
        row["parentOrderMap"]["regionId"] = json!({"a": 1});
    });
    let expected = [
        "unknown_status orderStatus of 211-1-1",
        "cut goodsName of 211-1-1",
        "missing orderLabel of 211-1-1",
        "unfit productList of 211-1-2",
        "unfit soldFactor of 211-1-2",
        "unknown_word fulfillmentType of 211-1-2",
        "twice orderSn of 211-1-2",
        "missing updateTime",
        "unfit regionId",
    ];
    assert_eq!(odd(&order), expected);
    assert_eq!(order.lines.len(), 2);
    assert_eq!(order.lines[0].title.as_ref().unwrap().len(), 1024);
    assert_eq!(order.lines[1].products[0].factor, 1);
}

#[test]
fn nothing_of_people_is_kept() {
    let order = changed(|row| {
        row["parentOrderMap"]["receiptName"] = json!("Hidden Name");
        row["orderList"][0]["mailInfo"] = json!({"mail": "hidden@example.com"});
    });
    assert!(!order.payload.contains("idden"), "{}", order.payload);
    let refused = read(&page(&[json!({"parentOrderMap": {"mobile": "hidden"}})], 1)).refused;
    assert!(!refused[0].raw.contains("hidden"));
}

#[test]
fn a_row_that_cannot_be_recorded_is_kept_aside_with_its_number() {
    let damaged = |change: &dyn Fn(&mut Value)| {
        let mut damaged = row(2);
        change(&mut damaged);
        let read = read(&page(&[row(1), damaged, row(3)], 3));
        let numbers: Vec<&str> = read.orders.iter().map(|order| order.number.as_str()).collect();
        assert_eq!(numbers, ["PO-211-1", "PO-211-3"]);
        let refused = &read.refused[0];
        (refused.number.clone(), refused.reason.clone())
    };
    let number = Some("PO-211-2".to_owned());
    let without = damaged(&|row| row["parentOrderMap"]["parentOrderSn"] = Value::Null);
    assert_eq!(without, (None, "The order has no number.".to_owned()));
    let long = damaged(&|row| row["parentOrderMap"]["parentOrderSn"] = json!("x".repeat(65)));
    assert_eq!(long.0, None);
    assert_eq!(damaged(&|row| *row = json!(7)).1, "The row is no object.");
    let line = damaged(&|row| row["orderList"][1]["orderSn"] = json!([]));
    assert_eq!(line, (number.clone(), "Line 2 has no number.".to_owned()));
    let units = damaged(&|row| {
        row["orderList"][0]["quantity"] = Value::Null;
        row["orderList"][0]["originalOrderQuantity"] = json!("many");
    });
    assert_eq!(units, (number, "Line 211-2-1 says no quantity.".to_owned()));
}

#[test]
fn the_next_page_follows_from_the_total_or_from_a_full_page() {
    let next = |page: Page, size, total: Value, rows: u32| {
        let rows: Vec<Value> = (0..rows).map(row).collect();
        let body = success(&json!({"totalItemNum": total, "pageItems": rows}));
        match parse(&orders_call(page, size), &body) {
            Ok(Answer::Orders(page)) => page.next,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(next(Page::First, 2, json!(5), 2), Some(Page::Number(2)));
    assert_eq!(next(Page::Number(3), 2, json!(5), 1), None);
    assert_eq!(next(Page::Number(2), 2, json!(4), 2), None);
    assert_eq!(next(Page::First, 2, Value::Null, 2), Some(Page::Number(2)));
    assert_eq!(next(Page::First, 2, json!("x"), 1), None);
}

#[test]
fn orders_by_number_are_those_that_were_asked_for() {
    let call = Call::OrdersByNumber(vec!["PO-211-2".into(), "PO-211-9".into()]);
    let Ok(Answer::Orders(read)) = parse(&call, &page(&[row(1), row(2)], 2)) else { panic!() };
    let numbers: Vec<&str> = read.orders.iter().map(|order| order.number.as_str()).collect();
    assert_eq!((numbers, read.next), (vec!["PO-211-2"], None));
}

#[test]
fn a_detail_has_packages_with_numbers_that_can_be_used() {
    let mut told = row(1);
    told["parentOrderMap"]["updateTime"] = Value::Null;
    told["orderList"][0]["packageSnInfo"] = json!([
        {"packageSn": "PK-1", "packageDeliveryType": 2, "callSuccess": true},
        {"packageSn": "PK-2", "packageDeliveryType": 1, "callSuccess": null},
        {"packageSn": "PK-3", "callSuccess": false}, {"packageSn": ""}, {"packageSn": null}, 5,
    ]);
    told["orderList"][1]["packageSnInfo"] = json!([]);
    let call = |order: &str| Call::OrderDetail { order: order.into() };
    let Ok(Answer::Order(order)) = parse(&call("PO-211-1"), &success(&told)) else { panic!() };
    assert_eq!(odd(&order), ["unfit packageSnInfo of 211-1-1"]);
    assert_eq!(order.updated_at, None);
    let packages = order.lines[0].packages.as_ref().unwrap();
    let numbers: Vec<&str> = packages.iter().map(|package| package.number.as_str()).collect();
    assert_eq!((numbers, order.lines[0].failed_labels), (vec!["PK-1", "PK-2"], 1));
    assert_eq!(order.lines[1].packages.as_deref(), Some(&[][..]), "it tells that there are none");
    let other = parse(&call("PO-211-2"), &success(&told)).unwrap_err();
    assert_eq!(other.word(), "garbled");
}
