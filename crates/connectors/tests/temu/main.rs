//! The connector to Temu, from outside: what it asks, and what it reads in any reply.

mod aftersales;
mod any_row;
mod faults;
mod goods;
mod orders;
mod packages;
mod push;
mod said;

use docket_connectors::channel::temu::Temu;
use docket_connectors::channel::{Answer, Call, Connector, Credentials, Fault, Page, Secret};
use docket_connectors::channel::{OrdersCall, TimeField, Unbuildable, Window};
use docket_domain::Time;
use serde_json::{Value, json};

/// 2023-11-14 22:13:20 UTC.
const NOW: Time = Time(1_700_000_000_000);

fn credentials() -> Credentials {
    Credentials {
        app_key: "test_app_key".into(),
        app_secret: Secret::new("test_app_secret_0001"),
        access_token: Secret::new("test_access_token"),
        shop: "634418212233370".into(),
    }
}

fn orders_call(page: Page, size: u16) -> Call {
    let (from, to) = (Time(1_699_999_100_000), Time(1_699_999_700_000));
    Call::Orders(OrdersCall { window: Window { by: TimeField::Updated, from, to }, page, size })
}

fn body_of(call: &Call) -> Value {
    let request = Temu.build(call, &credentials(), NOW).expect("a call that can be made");
    assert_eq!(request.path, "/openapi/router");
    serde_json::from_slice(&request.body).expect("a body of JSON")
}

#[test]
fn a_list_is_asked_for_with_both_ends_and_both_fulfilments() {
    let asked = body_of(&orders_call(Page::First, 100));
    let expected = json!({
        "type": "bg.order.list.v2.get", "app_key": "test_app_key",
        "access_token": "test_access_token", "timestamp": 1_700_000_000, "data_type": "JSON",
        "pageNumber": 1, "pageSize": 100, "updateAtStart": 1_699_999_100,
        "updateAtEnd": 1_699_999_700, "sortby": "updateTime",
        "fulfillmentTypeList": ["fulfillBySeller", "fulfillByCooperativeWarehouse"],
        "sign": "9047449DEE6E0C923CA4A4173A0D0CF5",
    });
    assert_eq!(asked, expected);
}

#[test]
fn every_try_is_signed_anew() {
    let call = orders_call(Page::Number(2), 50);
    let first = Temu.build(&call, &credentials(), NOW).unwrap();
    let second = Temu.build(&call, &credentials(), NOW.plus(1000)).unwrap();
    assert_ne!(first.body, second.body);
    assert_eq!(first, Temu.build(&call, &credentials(), NOW).unwrap());
}

#[test]
fn what_cannot_be_asked_is_not_sent() {
    let build = |call: &Call| Temu.build(call, &credentials(), NOW).unwrap_err();
    let bounds = |of, asked, most| Unbuildable::OutOfBounds { of, asked, most };
    assert_eq!(build(&orders_call(Page::First, 101)), bounds("rows a page", 101, 100));
    assert_eq!(build(&orders_call(Page::First, 0)), bounds("rows a page", 0, 100));
    assert_eq!(build(&orders_call(Page::Number(0), 10)), Unbuildable::WrongPage);
    assert_eq!(build(&orders_call(Page::Token("x".into()), 10)), Unbuildable::WrongPage);
    assert_eq!(build(&Call::OrdersByNumber(vec![])), bounds("orders", 0, 20));
    let many = vec!["PO-1".to_owned(); 21];
    assert_eq!(build(&Call::OrdersByNumber(many)), bounds("orders", 21, 20));
    let refresh = Call::RefreshToken { refresh_token: Secret::new("r") };
    let unsupported = Unbuildable::Unsupported { channel: "temu", call: "refresh_token" };
    assert_eq!(build(&refresh), unsupported);
    let window = Window { by: TimeField::Created, from: NOW, to: Time(0) };
    let call = Call::Orders(OrdersCall { window, page: Page::First, size: 10 });
    assert_eq!(build(&call), Unbuildable::InvertedWindow);
    let nobody = Credentials { access_token: Secret::default(), ..credentials() };
    let refused = Temu.build(&Call::TokenInfo, &nobody, NOW).unwrap_err();
    assert_eq!(refused, Unbuildable::MissingCredential("access_token"));
}

#[test]
fn a_token_allows_calls_by_the_words_they_have() {
    for call in faults::every_call() {
        match Temu.scope(&call) {
            Some(scope) => assert_eq!(body_of(&call)["type"], scope),
            None => assert!(matches!(call, Call::TokenInfo | Call::ExchangeCode { .. })),
        }
    }
}

#[test]
fn a_code_is_exchanged_without_a_token() {
    let nobody = Credentials { access_token: Secret::default(), ..credentials() };
    let call = Call::ExchangeCode { code: Secret::new("c-1") };
    let request = Temu.build(&call, &nobody, NOW).unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!((&body["code"], &body["access_token"]), (&json!("c-1"), &Value::Null));
}

#[test]
fn a_token_says_whose_it_is_and_until_when() {
    let told = json!({
        "mallId": 634_418_212_233_370_i64, "regionId": 211, "expiredTime": 1_731_536_000,
        "apiScopeList": ["bg.order.list.v2.get", 7, null], "accessToken": "t-2",
        "appSubscribeEventCodeList": ["b", "a"], "authEventCodeList": ["b"],
    });
    let Ok(Answer::Token(info)) = said::parse(&Call::TokenInfo, &said::success(&told)) else {
        panic!("no token")
    };
    assert_eq!(info.shop.as_deref(), Some("634418212233370"));
    assert_eq!(info.expires_at, Some(Time(1_731_536_000_000)));
    assert_eq!(info.scopes, ["bg.order.list.v2.get", "7"]);
    assert_eq!(info.events, ["a", "b"]);
    assert_eq!(info.access_token.unwrap().reveal(), "t-2");
    let nothing: Result<_, Fault> = said::parse(&Call::TokenInfo, &said::success(&json!({})));
    assert_eq!(nothing.unwrap_err().word(), "garbled");
}
