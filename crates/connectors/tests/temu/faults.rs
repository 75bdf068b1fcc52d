//! What is no answer: refusals with status 200, what stands before Temu, and bytes that mean nothing.

use super::said::{failure, parse, parse_bytes};
use super::{orders_call, said};
use docket_connectors::channel::{Call, Concern, Fault, FaultKind, LimitScope, Page, Secret};
use docket_domain::Time;
use proptest::prelude::*;
use serde_json::json;

fn fault(body: &str) -> Fault {
    parse(&orders_call(Page::First, 100), body).expect_err("no answer")
}

#[test]
fn a_refusal_with_status_200_is_a_fault_with_all_it_says() {
    let refused = fault(&failure(3_000_034, "access_token is expired"));
    assert_eq!(refused.kind, FaultKind::TokenDead);
    assert_eq!(refused.code.as_deref(), Some("3000034"));
    assert_eq!(refused.message, "access_token is expired");
    assert_eq!(refused.request_id.as_deref(), Some("us-2"));
    assert_eq!(
        refused.to_string(),
        "token_dead, code 3000034, request us-2: access_token is expired"
    );
}

#[test]
fn each_kind_of_fault_says_what_to_do() {
    // Code, word, spends an attempt, passes by itself, what stands still, a person is needed.
    for (code, said, word, spends, passes, concern, person) in [
        (4_000_004, "", "throttled", false, true, Concern::App, false),
        (3_000_034, "", "token_dead", false, false, Concern::Shop, true),
        (3_000_032, "", "scope_missing", true, false, Concern::Call, true),
        (3_000_001, "", "signature", true, false, Concern::Shop, true),
        (3_000_012, "", "clock", false, true, Concern::Shop, true),
        (4_000_000, "SYSTEM_EXCEPTION", "transient", true, true, Concern::Call, false),
        (
            4_000_000,
            "The application information query is abnormal",
            "app_dead",
            false,
            false,
            Concern::App,
            true,
        ),
        (140_020_002, "", "not_found", true, false, Concern::Call, true),
        (3_000_000, "", "rejected", true, false, Concern::Call, true),
    ] {
        let fault = fault(&failure(code, said));
        assert_eq!(fault.word(), word, "{code}");
        let told = (fault.spends_attempt(), fault.is_passing(), fault.concern());
        assert_eq!(told, (spends, passes, concern), "{code}");
        assert_eq!(fault.advice().is_some(), person, "{code}");
    }
}

#[test]
fn what_stands_before_temu_is_told_apart_by_its_status() {
    let call = orders_call(Page::First, 100);
    for (status, body, word) in [
        (200, "<html>busy</html>", "garbled"),
        (200, "", "garbled"),
        (200, "{\"success\":true,\"errorCode\":1000000,\"result\":{\"page", "garbled"),
        (500, "<html>", "transient"),
        (502, "", "transient"),
        (503, "{}", "transient"),
        (429, "", "throttled"),
        (404, "not here", "rejected"),
        (302, "", "rejected"),
    ] {
        let fault = parse_bytes(&call, status, &[], body.as_bytes()).unwrap_err();
        assert_eq!(fault.word(), word, "{status} {body}");
    }
    // A code in the body says more than the status.
    let fault = parse_bytes(&call, 500, &[], failure(3_000_034, "").as_bytes()).unwrap_err();
    assert_eq!(fault.word(), "token_dead");
}

#[test]
fn how_long_to_wait_is_heard_where_it_is_said() {
    let headers = [("Retry-After".to_owned(), "7".to_owned())];
    let fault = parse_bytes(&orders_call(Page::First, 1), 429, &headers, b"").unwrap_err();
    let until = Some(Time(super::NOW.0 + 50 + 7000));
    assert_eq!(fault.kind, FaultKind::Throttled { scope: LimitScope::App, until });
}

#[test]
fn success_is_what_says_so_and_has_a_result() {
    for (body, readable) in [
        (json!({"success": true, "errorCode": 1_000_000, "result": {"totalItemNum": 0}}), true),
        (json!({"success": true, "result": {"totalItemNum": 0}}), true),
        (json!({"errorCode": "1000000", "result": {"totalItemNum": 0}}), true),
        (json!({"success": false, "errorCode": 1_000_000, "result": {"totalItemNum": 0}}), false),
        (json!({"success": "maybe", "errorCode": 1_000_000, "result": {"totalItemNum": 0}}), false),
        (json!({"success": true, "errorCode": [], "result": {"totalItemNum": 0}}), false),
        (json!({"success": true, "errorCode": 1_000_000, "result": null}), false),
        (json!({"result": {"totalItemNum": 0}}), false),
        (json!([]), false),
    ] {
        let read = parse(&orders_call(Page::First, 100), &body.to_string());
        assert_eq!(read.is_ok(), readable, "{body}: {read:?}");
    }
}

#[test]
fn a_result_may_fail_inside_an_envelope_of_success() {
    let inner = json!({"success": false, "errorCode": 140_020_002, "errorMsg": "no such order"});
    let fault = fault(&said::success(&inner));
    assert_eq!((fault.word(), fault.message.as_str()), ("not_found", "no such order"));
}

#[test]
fn a_page_without_rows_is_empty_only_if_it_says_that_there_are_none() {
    let call = orders_call(Page::First, 100);
    for (result, readable) in [
        (json!({"totalItemNum": 0, "pageItems": null}), true),
        (json!({"totalItemNum": 0}), true),
        (json!({"totalItemNum": 3, "pageItems": []}), true),
        (json!({"totalItemNum": 3}), false),
        (json!({"totalItemNum": 3, "pageItems": {}}), false),
        (json!({}), false),
        (json!([]), false),
    ] {
        let read = parse(&call, &said::success(&result));
        assert_eq!(read.is_ok(), readable, "{result}: {read:?}");
    }
}

pub fn every_call() -> Vec<Call> {
    vec![
        orders_call(Page::First, 100),
        Call::OrdersByNumber(vec!["PO-211-1".into()]),
        Call::OrderDetail { order: "PO-211-1".into() },
        Call::UnshippedPackages { orders: vec![], page: Page::First },
        Call::Shipments { order: "PO-211-1".into(), line: "211-1-1".into() },
        Call::Amounts { order: "PO-211-1".into() },
        super::goods::products(Page::First),
        super::aftersales::refunds(),
        Call::AftersaleGoods { numbers: vec!["A-1".into()], page: Page::First },
        Call::Cancels { orders: vec![], page: Page::First, size: 100 },
        Call::TokenInfo,
        Call::ExchangeCode { code: Secret::new("c") },
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_a_fault_or_an_answer_and_never_a_panic(
        status in 100..600_u16,
        body in proptest::collection::vec(any::<u8>(), 0..300),
        name in "[a-zA-Z-]{0,12}",
        value in any::<String>(),
    ) {
        let headers = [("retry-after".to_owned(), value.clone()), (name, value)];
        for call in every_call() {
            prop_assert!(parse_bytes(&call, status, &headers, &body).is_err());
        }
    }

    #[test]
    fn a_reply_that_was_cut_anywhere_is_a_fault(end in any::<prop::sample::Index>()) {
        let body = said::page(&[said::row(1), said::row(2)], 2);
        let cut = &body.as_bytes()[..end.index(body.len())];
        for call in every_call() {
            prop_assert!(parse_bytes(&call, 200, &[], cut).is_err());
        }
    }
}
