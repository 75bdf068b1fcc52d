//! What gateways said, on every database: it comes back as it was written, and what was not said anew stays.

#[allow(dead_code)] // shared with the suite of every database, which needs more of it
mod suite;

use docket_domain::{Id, Time};
use docket_store::{CallbackRow, GatewayPayment, GatewayRefund};
use suite::{on_every_store, statement};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_said_of_an_attempt_stays_until_it_says_otherwise() {
    on_every_store(async |store, _| {
        let begun = || GatewayPayment::begin(Id(7), Id(1), "wallet", Time(1));
        statement(store, begun()).await;
        statement(store, begun()).await;
        let said = GatewayPayment {
            attempt: Id(7),
            tree: Id(1),
            gateway: "wallet".to_owned(),
            state: "waiting".to_owned(),
            reference: Some("p-1".to_owned()),
            pay_url: Some("http://pay/p-1".to_owned()),
            trouble: None,
            at: Time(2),
        };
        statement(store, said.clone().told()).await;
        assert_eq!(store.gateway_payments(Id(1)).await.unwrap(), std::slice::from_ref(&said));
        let paid = GatewayPayment {
            state: "paid".to_owned(),
            reference: None,
            pay_url: None,
            trouble: Some("late".to_owned()),
            at: Time(3),
            ..said.clone()
        };
        statement(store, paid.clone().told()).await;
        let (reference, pay_url) = (said.reference, said.pay_url);
        let expected = GatewayPayment { reference, pay_url, ..paid };
        assert_eq!(store.gateway_payment(Id(7)).await.unwrap(), Some(expected));
        assert_eq!(store.gateway_payment(Id(8)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_try_of_a_refund_is_written_over_the_one_before_and_no_other() {
    on_every_store(async |store, _| {
        let first = GatewayRefund {
            refund: Id(5),
            payment: Id(6),
            tree: Id(1),
            gateway: "wallet".to_owned(),
            amount: 300,
            try_no: 1,
            round: 9,
            round_from: 1,
            state: "asked".to_owned(),
            reference: None,
            trouble: None,
            at: Time(1),
        };
        statement(store, first.clone().begin()).await;
        let second = GatewayRefund { try_no: 2, trouble: Some("no".to_owned()), ..first };
        statement(store, second.clone().follow(1)).await;
        // Somebody who lost the lease comes too late.
        let late = GatewayRefund { amount: 1, ..second.clone() };
        statement(store, late.follow(1)).await;
        assert_eq!(store.gateway_refund(Id(5), Id(6)).await.unwrap(), Some(second));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_are_paged_and_forgotten() {
    on_every_store(async |store, _| {
        for id in 1..=5 {
            let row = CallbackRow {
                id: Id(id),
                gateway: if id == 3 { "other" } else { "wallet" }.to_owned(),
                came_at: Time(id),
                about: "payment".to_owned(),
                key: "7".to_owned(),
                told: "paid".to_owned(),
                verdict: "asked".to_owned(),
                tree: (id != 4).then_some(Id(1)),
            };
            statement(store, row.add()).await;
        }
        let ids = async |before| {
            let rows = store.callbacks(before, 2).await.unwrap();
            rows.iter().map(|row| row.id.0).collect::<Vec<_>>()
        };
        assert_eq!(ids(None).await, [5, 4]);
        assert_eq!(ids(Some(Id(4))).await, [3, 2]);
        statement(store, CallbackRow::forget_before(Time(5))).await;
        assert_eq!(ids(None).await, [5]);
    })
    .await;
}
