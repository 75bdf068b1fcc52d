//! Requests to change an order: every operation of the contract with its fields, and what is refused.

use docket_domain::change::Remark;
use docket_domain::operation::{
    Asked, OperationKind, PaymentReport, PriceAsked, RefundAsked, TaxAsked,
};
use docket_domain::story::Language;
use docket_domain::tree::FreightAsked;
use docket_domain::{Id, Operation, Quantity, Time};
use docket_wire::Unreadable;
use docket_wire::operation::{Posted, read};
use serde_json::{Value, json};

fn posted(body: &Value) -> Result<Posted, Vec<(String, &'static str)>> {
    read(body.to_string().as_bytes(), Id(5), Language::En).map_err(|why| match why {
        Unreadable::NotJson(error) => vec![(error.field, error.code)],
        Unreadable::Wrong(errors) => {
            errors.into_iter().map(|error| (error.field, error.code)).collect()
        }
    })
}

fn operation(body: &Value) -> Operation {
    posted(body).unwrap_or_else(|errors| panic!("{body}: {errors:?}")).request.operation
}

fn refused(body: &Value) -> Vec<(String, &'static str)> {
    posted(body).expect_err("it is refused")
}

fn one(field: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(field.to_owned(), code)]
}

/// The least body of every operation that may be asked for.
fn least(kind: OperationKind) -> Value {
    use OperationKind as K;
    let mut body = match kind {
        K::StartPayment => json!({"tender": "cash"}),
        K::PaymentSucceeded => json!({"tender": "cash", "reference": "r-1", "amount": 0}),
        K::AdjustPrice => json!({"freight": 0}),
        K::ExtendReceipt => json!({"days": 30}),
        K::RefundSucceeded | K::RefundFailed | K::ReceiveReturn => json!({"refund_id": "8"}),
        K::Weigh => json!({"lines": [{"order_id": "9", "quantity": "1.25"}]}),
        K::ChangeAddress => json!({"ship_to": {"city": "杭州"}}),
        K::Rate => json!({"score": 5}),
        K::Note => json!({"text": "hello"}),
        K::Tag => json!({"add": ["x"]}),
        _ => json!({}),
    };
    body["type"] = kind.word().into();
    body
}

fn asked_for() -> impl Iterator<Item = OperationKind> {
    let inside = [OperationKind::Place, OperationKind::Record];
    OperationKind::ALL.iter().copied().filter(move |kind| !inside.contains(kind))
}

#[test]
fn every_operation_is_read_and_keeps_its_name() {
    for kind in asked_for() {
        assert_eq!(operation(&least(kind)).kind(), kind);
    }
}

#[test]
fn every_operation_refuses_a_field_it_does_not_have() {
    for kind in asked_for() {
        let mut body = least(kind);
        body["surprise"] = 1.into();
        assert_eq!(refused(&body), one("surprise", "unknown_field"), "{kind}");
    }
}

#[test]
fn a_wrong_common_field_is_one_error_in_every_operation() {
    for kind in asked_for() {
        for (name, value, field, code) in [
            ("expected_version", json!(0), "expected_version", "too_small"),
            ("actor", json!({"kind": "timer"}), "actor.kind", "actor_not_allowed"),
            ("cn_remark", json!(7), "cn_remark", "wrong_type"),
        ] {
            let mut body = least(kind);
            body[name] = value;
            assert_eq!(refused(&body), one(field, code), "{kind}");
        }
    }
}

#[test]
fn what_an_operation_needs_is_required() {
    for kind in asked_for() {
        let full = least(kind);
        let names: Vec<String> = full.as_object().expect("an object").keys().cloned().collect();
        for name in names.iter().filter(|name| *name != "type") {
            let mut body = full.clone();
            body.as_object_mut().expect("an object").remove(name);
            let errors = refused(&body);
            assert_eq!(errors.len(), 1, "{kind} without {name}: {errors:?}");
            assert!(
                matches!(errors[0].1, "required" | "empty"),
                "{kind} without {name}: {errors:?}"
            );
        }
    }
}

#[test]
fn an_unknown_type_lists_the_known_ones() {
    let body = json!({"type": "explode", "lines": 7}).to_string();
    let Err(Unreadable::Wrong(errors)) = read(body.as_bytes(), Id(5), Language::En) else {
        panic!("it is refused")
    };
    assert_eq!((&*errors[0].field, errors[0].code, errors.len()), ("type", "not_a_word", 1));
    assert!(errors[0].message.contains("request_refund"));
    assert!(!errors[0].message.contains("place"));
    assert_eq!(refused(&json!({"type": "place"})), one("type", "not_a_word"));
    assert_eq!(refused(&json!({})), one("type", "required"));
}

#[test]
fn a_payment_is_read_with_its_time_and_terms() {
    let body = json!({"type": "payment_succeeded", "tender": "wechat", "reference": "r-1", "amount": 11500,
        "paid_at": "2026-11-20T18:00:00+08:00", "terms_version": 2, "attempt_id": "12"});
    assert_eq!(
        operation(&body),
        Operation::PaymentSucceeded(PaymentReport {
            tender: "wechat".into(),
            reference: "r-1".into(),
            amount: 11_500,
            paid_at: Some(Time(1_795_168_800_000)),
            terms_version: Some(2),
            attempt_id: Some(Id(12)),
        })
    );
}

#[test]
fn times_that_cannot_be_are_refused() {
    for (time, code) in [
        (json!("1969-12-31T23:59:59Z"), "too_small"),
        (json!("0001-01-01T00:00:00Z"), "too_small"),
        (json!("2100-01-01T00:00:00Z"), "too_large"),
        (json!("9999-01-01T00:00:00Z"), "too_large"),
        (json!("2026-11-20T10:00:00"), "not_a_time"),
        (json!("yesterday"), "not_a_time"),
        (json!(1_795_168_800), "wrong_type"),
    ] {
        let mut body = least(OperationKind::PaymentSucceeded);
        body["paid_at"] = time.clone();
        assert_eq!(refused(&body), one("paid_at", code), "{time}");
    }
}

#[test]
fn lines_may_leave_their_quantity_out_except_on_the_scales() {
    let lines = json!([{"order_id": "9", "quantity": "1.5"}, {"order_id": "10"}]);
    let asked = vec![
        Asked { order_id: Id(9), quantity: Some(Quantity(1500)) },
        Asked { order_id: Id(10), quantity: None },
    ];
    assert_eq!(
        operation(&json!({"type": "ship", "lines": lines, "carrier": "SF", "tracking": "SF1"})),
        Operation::Ship {
            lines: Some(asked.clone()),
            carrier: Some("SF".into()),
            tracking: Some("SF1".into())
        }
    );
    assert_eq!(
        operation(
            &json!({"type": "request_refund", "lines": lines, "freight": true, "reason": "torn"})
        ),
        Operation::RequestRefund(RefundAsked {
            lines: Some(asked),
            freight: FreightAsked::All,
            goodwill: 0,
            goods_back: false,
            reason: Some("torn".into())
        })
    );
    let weigh = refused(&json!({"type": "weigh", "lines": lines}));
    assert_eq!(weigh, one("lines[1].quantity", "required"));
}

#[test]
fn a_refund_is_of_lines_of_freight_or_of_goodwill() {
    let read = |fields: Value| {
        let mut body = json!({"type": "refund_by_store"});
        body.as_object_mut().expect("an object").extend(fields.as_object().expect("one").clone());
        match operation(&body) {
            Operation::RefundByStore(asked) => (asked.lines, asked.freight, asked.goodwill),
            other => panic!("{other:?}"),
        }
    };
    let none = Some(Vec::new());
    assert_eq!(read(json!({"lines": [], "freight": true})), (none.clone(), FreightAsked::All, 0));
    let part = json!({"lines": [], "freight": 250, "goodwill": 5});
    assert_eq!(read(part), (none, FreightAsked::Part(250), 5));
    assert_eq!(read(json!({"freight": 0})), (None, FreightAsked::No, 0));
    assert_eq!(read(json!({"freight": false})), (None, FreightAsked::No, 0));
    let wrong = |field: &str, value: Value| {
        let mut body = json!({"type": "refund_by_store"});
        body[field] = value;
        refused(&body)
    };
    assert_eq!(wrong("freight", json!("all")), one("freight", "wrong_type"));
    assert_eq!(wrong("freight", json!(-1)), one("freight", "too_small"));
    assert_eq!(wrong("goodwill", json!(-1)), one("goodwill", "too_small"));
    assert_eq!(wrong("freight", json!(1.5)), one("freight", "wrong_type"));
}

#[test]
fn lines_are_refused_where_they_are_empty_or_name_one_twice() {
    let ship = |lines: Value| refused(&json!({"type": "ship", "lines": lines}));
    assert_eq!(ship(json!([])), one("lines", "empty"));
    let twice = json!([{"order_id": "9"}, {"order_id": "9", "quantity": "1"}]);
    assert_eq!(ship(twice), one("lines", "duplicate"));
    assert_eq!(ship(json!([{"order_id": "x"}])), one("lines[0].order_id", "not_an_id"));
    assert_eq!(ship(json!([{"order_id": 9}])), one("lines[0].order_id", "wrong_type"));
}

#[test]
fn remarks_are_kept_by_language() {
    let remark = |body: &Value, language| {
        let posted = read(body.to_string().as_bytes(), Id(5), language).expect("it is right");
        posted.request.remark
    };
    let plain = json!({"type": "receive", "remark": "ok"});
    let kept = |en: Option<&str>, cn: Option<&str>| Remark {
        en: en.map(str::to_owned),
        cn: cn.map(str::to_owned),
    };
    assert_eq!(remark(&plain, Language::En), kept(Some("ok"), None));
    assert_eq!(remark(&plain, Language::Zh), kept(None, Some("ok")));
    let both = json!({"type": "receive", "en_remark": "yes", "cn_remark": "好"});
    assert_eq!(remark(&both, Language::En), kept(Some("yes"), Some("好")));
    let note = json!({"type": "note", "text": "看"});
    assert_eq!(remark(&note, Language::Zh), kept(None, Some("看")));
}

#[test]
fn an_address_travels_beside_its_operation() {
    let body = json!({"type": "change_address", "ship_to": {"name": "Ada"}, "freight": 700,
        "expected_version": 3, "actor": {"kind": "buyer"}});
    let Posted { request, actor, ship_to } = posted(&body).expect("it is right");
    assert_eq!(
        request.operation,
        Operation::ChangeAddress { freight: Some(700), freight_tax: None }
    );
    assert_eq!((request.node, request.expected_version), (Id(5), Some(3)));
    assert!(actor.is_some());
    assert_eq!(ship_to.expect("a ship-to").name.as_deref(), Some("Ada"));
}

#[test]
fn numbers_of_operations_have_their_ranges() {
    let days = |days: Value| refused(&json!({"type": "extend_receipt", "days": days}));
    assert_eq!(days(json!(0)), one("days", "too_small"));
    assert_eq!(days(json!(31)), one("days", "too_large"));
    let score = |score: Value| refused(&json!({"type": "rate", "score": score}));
    assert_eq!(score(json!(6)), one("score", "too_large"));
    assert_eq!(score(json!(4.5)), one("score", "wrong_type"));
    assert_eq!(refused(&json!({"type": "adjust_price"})), one("", "empty"));
    assert_eq!(refused(&json!({"type": "tag"})), one("", "empty"));
    assert_eq!(
        refused(&json!({"type": "adjust_price", "freight": -1})),
        one("freight", "too_small")
    );
}

#[test]
fn a_new_price_may_say_its_taxes() {
    let body = json!({"type": "adjust_price", "freight": 500, "freight_tax": 65,
        "lines": [{"order_id": "9", "tax": 130}, {"order_id": "10", "tax": 0}]});
    let taxes = [(9, 130), (10, 0)].map(|(id, tax)| TaxAsked { order_id: Id(id), tax });
    let asked = PriceAsked {
        freight: Some(500),
        freight_tax: Some(65),
        taxes: taxes.to_vec(),
        ..PriceAsked::default()
    };
    assert_eq!(operation(&body), Operation::AdjustPrice(asked));
    let lines = |lines: Value| refused(&json!({"type": "adjust_price", "lines": lines}));
    assert_eq!(lines(json!([])), one("lines", "empty"));
    assert_eq!(lines(json!([{"order_id": "9"}])), one("lines[0].tax", "required"));
    let null = json!([{"order_id": "9", "tax": null}]);
    assert_eq!(lines(null), one("lines[0].tax", "null_not_allowed"));
    let twice = json!([{"order_id": "9", "tax": 1}, {"order_id": "9", "tax": 2}]);
    assert_eq!(lines(twice), one("lines", "duplicate"));
    let body = json!({"type": "change_address", "ship_to": {"name": "Ada"}, "freight_tax": 5});
    let asked = Operation::ChangeAddress { freight: None, freight_tax: Some(5) };
    assert_eq!(operation(&body), asked);
}

#[test]
fn a_masked_or_empty_ship_to_takes_the_place_of_none() {
    let body = |ship_to: Value| json!({"type": "change_address", "ship_to": ship_to});
    let masked = json!({
        "name": "A***", "phone": "138****0001", "country": "CN", "province": "Zhejiang", "town": "***", "address": "***", "zip": "***"
    });
    let told = ["name", "phone", "town", "address", "zip"];
    let told = told.map(|field| (format!("ship_to.{field}"), "masked"));
    assert_eq!(refused(&body(masked)), told);
    assert_eq!(refused(&body(json!({}))), one("ship_to", "empty"));
    assert_eq!(refused(&body(json!({"name": "", "zip": null}))), one("ship_to", "empty"));
    // A lone star may stand in an address.
    posted(&body(json!({"address": "Block 3*4"}))).expect("it is right");
}
