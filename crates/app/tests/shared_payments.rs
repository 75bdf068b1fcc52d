//! An imported order whose payments other orders claim as well.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

#[allow(dead_code)] // shared with the tests of orders, which need more of it
mod center;

use center::on_every_center;
use docket_app::{ImportOptions, Orders};
use docket_domain::words::AnomalyKind;
use serde_json::json;

/// Whom an imported order shares payments with is looked up all at once, however many they are.
#[tokio::test(flavor = "multi_thread")]
async fn payments_that_many_other_orders_claim_do_not_keep_an_order_out() {
    on_every_center(async |center| {
        let line = |number: &str, references: &[i32]| {
            let pays = |n: &i32| json!({"tender": "card", "reference": n.to_string(), "amount": 1});
            let payments: Vec<_> = references.iter().map(pays).collect();
            json!({
                "external_id": number, "channel": "shop", "currency": "BRL", "payments": payments,
                "shops": [{"shop_id": "1", "items": [
                    {"sku_id": "a", "quantity": "1", "list_price": 1000}
                ]}]
            })
        };
        let import = async |lines: Vec<serde_json::Value>| {
            let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
            let options = ImportOptions::default();
            center
                .app
                .import_lines(&center.who, lines.join("\n").as_bytes(), &options)
                .await
                .unwrap()
        };
        let others = import((0..9).map(|n| line(&format!("E{n}"), &[n])).collect()).await;
        assert_eq!(others.taken, 9);
        let all: Vec<_> = (0..9).collect();
        let report = import(vec![line("all", &all)]).await;
        assert_eq!((report.taken, report.refused.len()), (1, 0), "{report:?}");
        let all = Orders { limit: 99, ..Orders::default() };
        let listed = center.app.orders(&center.who, &all).await.unwrap().orders;
        let taken = AnomalyKind::PaymentReferenceTaken;
        let noted = listed.iter().map(|(tree, _)| {
            tree.payment.anomalies.iter().filter(|anomaly| anomaly.kind == taken).count()
        });
        assert_eq!(noted.sum::<usize>(), 18);
    })
    .await;
}
