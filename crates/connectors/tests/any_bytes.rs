//! Any bytes are given to the connector: what is signed, fits and says something is believed; whatever else is a
//! fault and never a panic.

mod replies;

use docket_connectors::{Fault, Gateway, Message, PaymentState, Reply};
use docket_domain::Time;
use proptest::prelude::*;
use replies::*;
use serde_json::{Value, json};

/// Any head: names and values of all kinds, those of a signature among them.
fn any_headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        Just("x-sandbox-signature".to_owned()),
        Just("x-sandbox-timestamp".to_owned()),
        Just("x-sandbox-nonce".to_owned()),
        Just("x-sandbox-merchant".to_owned()),
        Just("retry-after".to_owned()),
        any::<String>(),
    ];
    let value =
        prop_oneof![any::<String>(), Just("m-1".to_owned()), "[0-9a-f]{64}", "-?[0-9]{1,20}"];
    proptest::collection::vec((name, value), 0..8)
}

/// Values that a field may have, right and wrong ones.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec!["paid", "waiting", "closed", "failed", "p-1", "r-1", "CNY"])
            .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ]
}

/// Asks every reader of the connector; true where one of them believed something.
fn anybody_believes(reply: &Reply<'_>) -> bool {
    let (gateway, payment, refund) = (gateway(), payment(), refund());
    let read = [
        gateway.started(&payment, reply).is_ok(),
        gateway.queried(&payment, reply).is_ok(),
        gateway.closed(&payment, reply).is_ok(),
        gateway.refunded(&refund, reply).is_ok(),
        gateway.refund_queried(&refund, reply).is_ok(),
        gateway.callback(&reply.message, reply.came_at).is_ok(),
    ];
    read.contains(&true)
}

proptest! {
    #[test]
    fn bytes_that_are_not_signed_are_never_believed(
        status in any::<u16>(),
        headers in any_headers(),
        body in proptest::collection::vec(any::<u8>(), 0..300),
        came_at in any::<i64>(),
    ) {
        let message = Message { headers: &headers, body: &body };
        let reply = Reply { status, message, asked: ASKED, came_at: Time(came_at) };
        prop_assert!(!anybody_believes(&reply));
    }

    #[test]
    fn bytes_that_are_signed_and_mean_nothing_are_faults(
        status in 100..600_u16,
        body in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        prop_assert!(!anybody_believes(&reply(status, &signed(status, &body), &body)));
    }

    #[test]
    fn a_changed_byte_is_noticed(
        at in any::<prop::sample::Index>(),
        change in 1..=255_u8,
        place in 0..3_u8,
    ) {
        let mut body = told("paid").to_string().into_bytes();
        let mut headers = signed(200, &body);
        let target = match place {
            0 => &mut body,
            // A change within ASCII: a header is text.
            header => &mut headers[usize::from(header) + 1].1.clone().into_bytes(),
        };
        let at = at.index(target.len());
        target[at] ^= if place == 0 { change } else { (change & 0x7f).max(1) };
        if place > 0 {
            headers[usize::from(place) + 1].1 = String::from_utf8(target.clone()).unwrap();
        }
        let read = gateway().queried(&payment(), &reply(200, &headers, &body));
        prop_assert!(matches!(read, Err(Fault::Untrusted(_))), "{read:?}");
    }

    #[test]
    fn a_signed_answer_with_any_fields_is_paid_only_as_asked(
        fields in proptest::collection::vec((0..11_usize, any_value()), 1..4),
    ) {
        let names = ["payment_id", "order_id", "amount", "currency", "status", "reference", "paid_amount",
                     "paid_at", "reason", "pay_url", "closing"];
        let mut body = told("paid");
        for (at, value) in fields {
            body[names[at]] = value;
        }
        if let Ok(PaymentState::Paid(paid)) = queried(200, &body) {
            prop_assert_eq!(paid.amount, 11_500);
            prop_assert_eq!(&body["amount"], 11_500);
            prop_assert_eq!(&body["payment_id"], "p-1");
            prop_assert_eq!(&body["order_id"], "o-1");
            prop_assert_eq!(&body["currency"], "CNY");
        }
    }
}
