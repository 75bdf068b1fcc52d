//! Use cases through the lane, on every database.

#![allow(clippy::large_futures)] // a test's future lives on the stack of its own runtime

mod center;

use center::{Center, big_order, join_after, key, on_every_center, order};
use docket_app::access::{Principal, Scope};
use docket_app::{Error, ImportOptions, Orders, RequestOutcome};
use docket_domain::words::{AnomalyKind, DueCause, PaymentStatus, RevokeStatus, Status};
use docket_domain::{Refusal, status};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_held_at_placement_deducted_by_payment_and_freed_by_revoke() {
    on_every_center(async |center| {
        center.count("tea", 10).await;
        let first = center.place(&order("tea", 3)).await.unwrap().tree.id();
        let second = center.place(&order("tea", 4)).await.unwrap().tree.id();
        assert_eq!(center.stock("tea").await, (10, 7));
        center.pay(first, "w1", 3000).await.unwrap();
        assert_eq!(center.stock("tea").await, (7, 4));
        center.ask(second, "buyer", json!({"type": "revoke", "reason": "no more"})).await.unwrap();
        assert_eq!(center.stock("tea").await, (7, 0));
        let again = center.ask(second, "buyer", json!({"type": "revoke"})).await;
        assert!(matches!(again, Err(Error::Refused(_))), "released once: {again:?}");
        assert_eq!(center.stock("tea").await, (7, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_buyers_of_one_unit_get_one_order_and_one_clear_refusal() {
    on_every_center(async |center| {
        center.count("last", 1).await;
        let (a, b) = (order("last", 1), order("last", 1));
        let (one, two) = tokio::join!(center.place(&a), center.place(&b));
        let refused = match (one, two) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            both => panic!("exactly one is placed: {both:?}"),
        };
        let Error::Refused(refusal) = refused else { panic!("{refused}") };
        assert_eq!(*refusal, Refusal::OutOfStock { skus: vec!["last".to_owned()] });
        assert_eq!(center.stock("last").await, (1, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_makes_one_order_however_many_call() {
    on_every_center(async |center| {
        let body = order("untracked", 1);
        let calls = (0..16).map(|_| center.place_as(&center.who, &body, Some(key(1, 1))));
        let mut waiting = Vec::new();
        for call in calls {
            waiting.push(call);
        }
        let answers = join(waiting).await;
        let ids: std::collections::BTreeSet<_> =
            answers.iter().map(|answer| answer.as_ref().unwrap().tree.id()).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(answers.iter().filter(|a| !a.as_ref().unwrap().replayed).count(), 1);
        assert!(answers.iter().all(|a| a.as_ref().unwrap().outcome == RequestOutcome::Placed));
        let other = center.place_as(&center.who, &order("untracked", 2), Some(key(1, 2))).await;
        assert!(matches!(other, Err(Error::IdempotencyKeyReused)));
    })
    .await;
}

async fn join<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    join_after(futures, || ()).await
}
#[tokio::test(flavor = "multi_thread")]
async fn a_client_token_is_answered_again_with_the_same_body_and_refused_with_another() {
    on_every_center(async |center| {
        let with_token = |units| {
            let mut body = order("x", units);
            body["client_token"] = json!("till-1-0001");
            body
        };
        let first = center.place(&with_token(1)).await.unwrap();
        center.pay(first.tree.id(), "w", 1000).await.unwrap();
        let again = center.place(&with_token(1)).await.unwrap();
        assert!(again.replayed);
        assert_eq!(again.outcome, RequestOutcome::Changed);
        assert_eq!(again.tree.id(), first.tree.id());
        assert_eq!(again.tree.payment.payments.len(), 1, "the tree as it is now");
        let other = center.place(&with_token(2)).await;
        assert!(
            matches!(other, Err(Error::ClientTokenReused { order }) if order == first.tree.id())
        );
        let stranger = Principal { issuer: "another".to_owned(), ..center.who.clone() };
        assert!(!center.place_as(&stranger, &with_token(2), None).await.unwrap().replayed);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_id_is_taken_once_per_channel() {
    on_every_center(async |center| {
        let from = |channel: &str| {
            let mut body = order("x", 1);
            body["external_id"] = json!("E-1");
            body["channel"] = json!(channel);
            body
        };
        let first = center.place(&from("temu")).await.unwrap().tree.id();
        let again = center.place(&from("temu")).await;
        assert!(matches!(again, Err(Error::ExternalIdTaken { order }) if order == first));
        assert!(center.place(&from("shopify")).await.is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_reference_of_another_order_is_refused_and_noted_on_both() {
    on_every_center(async |center| {
        let one = center.place(&order("x", 1)).await.unwrap().tree.id();
        let two = center.place(&order("x", 1)).await.unwrap().tree.id();
        center.pay(one, "w1", 1000).await.unwrap();
        assert_eq!(center.pay(one, "w1", 1000).await.unwrap().tree.payment.payments.len(), 1);
        let taken = center.pay(two, "w1", 1000).await;
        let Err(Error::Refused(refusal)) = taken else { panic!("{taken:?}") };
        assert_eq!(*refusal, Refusal::PaymentReferenceTaken { order: one });
        let other_amount = center.pay(one, "w1", 999).await;
        assert!(matches!(other_amount, Err(Error::Refused(_))));
        for id in [one, two] {
            let tree = center.app.order(&center.who, id).await.unwrap().tree;
            let noted = tree
                .payment
                .anomalies
                .iter()
                .filter(|a| a.kind == AnomalyKind::PaymentReferenceTaken);
            assert!(noted.count() >= 1, "on {id}");
        }
        let tree = center.app.order(&center.who, two).await.unwrap().tree;
        assert!(tree.payment.payments.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_on_a_revoked_order_is_a_refund_due() {
    on_every_center(async |center| {
        center.count("tea", 5).await;
        let id = center.place(&order("tea", 2)).await.unwrap().tree.id();
        center.ask(id, "buyer", json!({"type": "revoke"})).await.unwrap();
        let tree = center.pay(id, "late", 2000).await.unwrap().tree;
        assert_eq!(tree.payment.payments.len(), 1, "money is never dropped");
        let [due] = &tree.payment.refunds_due[..] else { panic!("{:?}", tree.payment.refunds_due) };
        assert_eq!((due.amount, due.cause), (2000, DueCause::Late));
        assert_eq!(status::of(&tree).revoke_status, RevokeStatus::Revoked);
        assert_eq!(center.stock("tea").await, (5, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timer_revokes_what_nobody_pays_and_timely_money_revives_it() {
    on_every_center(async |center| {
        center.count("tea", 5).await;
        let id = center.place(&order("tea", 2)).await.unwrap().tree.id();
        assert_eq!(center.app.run_due().await.unwrap(), 0);
        center.clock.advance(31 * 60_000);
        assert_eq!(center.app.run_due().await.unwrap(), 1);
        assert_eq!(center.app.run_due().await.unwrap(), 0, "done once");
        let tree = center.app.order(&center.who, id).await.unwrap().tree;
        assert_eq!(status::of(&tree).status, Status::Cancelled);
        assert_eq!(center.stock("tea").await, (5, 0));
        let body = json!({"type": "payment_succeeded", "tender": "wechat", "reference": "w", "amount": 2000, "paid_at": "2027-01-15T08:05:00Z"});
        let tree = center.ask(id, "gateway", body).await.unwrap().tree;
        assert_eq!(status::of(&tree).payment_status, PaymentStatus::Paid);
        assert_eq!(center.stock("tea").await, (3, 0), "held again, then deducted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_due_orders_drain_at_once() {
    on_every_center(async |center| {
        let body = order("free", 1);
        let placing = (0..1000).map(|_| center.place(&body)).collect();
        assert!(join(placing).await.into_iter().all(|placed| placed.is_ok()));
        center.clock.advance(31 * 60_000);
        let mut drained = 0;
        loop {
            match center.app.run_due().await.unwrap() {
                0 => break,
                some => drained += some,
            }
        }
        assert_eq!(drained, 1000);
        let cancelled = Orders { status: Some(Status::Cancelled), limit: 200, ..Orders::default() };
        assert_eq!(center.app.orders(&center.who, &cancelled).await.unwrap().orders.len(), 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_price_must_be_carried_unless_the_key_sets_prices() {
    on_every_center(async |center| {
        center.set_price("tea", 1200).await;
        let buyer = Principal {
            scopes: [Scope::OrdersWrite, Scope::OrdersRead].into_iter().collect(),
            ..center.who.clone()
        };
        let wrong = center.place_as(&buyer, &order("tea", 1), None).await;
        let Err(Error::Refused(refusal)) = wrong else { panic!("{wrong:?}") };
        assert!(matches!(*refusal, Refusal::PriceMismatch(ref wrong) if (wrong[0].current, wrong[0].given) == (1200, 1000)));
        assert!(center.place(&order("tea", 1)).await.is_ok());
        let mut discounted = order("other", 1);
        discounted["platform_discount"] = json!(10);
        let refused = center.place_as(&buyer, &discounted, None).await;
        assert!(matches!(refused, Err(Error::Refused(r)) if matches!(*r, Refusal::Scope { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_shop_sees_and_touches_its_own_alone() {
    on_every_center(async |center| {
        let tree = center.place(&big_order(1)).await.unwrap().tree;
        let own = tree.shops[0].shop_id.clone();
        let limited = Principal { shops: vec![own], ..center.who.clone() };
        let stranger = Principal { shops: vec!["nobody".to_owned()], ..center.who.clone() };
        assert!(
            center.app.order(&limited, tree.shops[1].id).await.is_ok(),
            "part of it is its own"
        );
        assert!(matches!(
            center.app.order(&stranger, tree.id()).await,
            Err(Error::NotFound { .. })
        ));
        let note = json!({"type": "note", "text": "hello"});
        assert!(center.ask_as(&limited, tree.shops[0].id, "store", note.clone()).await.is_ok());
        for node in [tree.id(), tree.shops[1].id] {
            let refused = center.ask_as(&limited, node, "store", note.clone()).await;
            assert!(matches!(refused, Err(Error::NotFound { .. })), "{refused:?}");
        }
        let all = Orders { limit: 10, ..Orders::default() };
        assert_eq!(center.app.orders(&limited, &all).await.unwrap().orders.len(), 1);
        assert_eq!(center.app.orders(&stranger, &all).await.unwrap().orders.len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discount_needs_the_scope_also_where_lines_are_dropped() {
    on_every_center(async |center| {
        let buyer = Principal {
            scopes: [Scope::OrdersWrite, Scope::OrdersRead].into_iter().collect(),
            ..center.who.clone()
        };
        let mut body = order("tea", 2);
        body["shops"][0]["items"] =
            json!([body["shops"][0]["items"][0], body["shops"][0]["items"][0]]);
        let placed = center.place_as(&buyer, &body, None).await.unwrap().tree;
        let line = placed.shops[0].items[1].id;
        for field in ["platform_discount", "third_party_discount"] {
            let mut drop = json!({"type": "drop", "lines": [{"order_id": line}]});
            drop[field] = json!(1);
            let refused = center.ask_as(&buyer, placed.id(), "buyer", drop.clone()).await;
            assert!(
                matches!(refused, Err(Error::Refused(r)) if matches!(*r, Refusal::Scope { .. }))
            );
        }
        let drop = json!({"type": "drop", "lines": [{"order_id": line}], "platform_discount": 0});
        assert!(center.ask_as(&buyer, placed.id(), "buyer", drop).await.is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_put_together_alike_do_not_collide() {
    on_every_center(async |center| {
        for (channel, external) in [("a:c", "b"), ("a", "c:b")] {
            let mut body = order("x", 1);
            body["channel"] = json!(channel);
            body["external_id"] = json!(external);
            assert!(center.place(&body).await.is_ok(), "{channel} {external}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_as_it_was() {
    on_every_center(async |center| {
        let placed = center.place(&big_order(2)).await.unwrap().tree;
        let at = center.app.now();
        center.clock.advance(1000);
        let payable = status::of(&placed).payable.known().unwrap();
        center.pay(placed.id(), "w1", payable).await.unwrap();
        center.clock.advance(1000);
        let shop = placed.shops[0].id;
        center
            .ask(shop, "store", json!({"type": "ship", "carrier": "SF", "tracking": "SF1"}))
            .await
            .unwrap();
        // A note changes nothing but the log: its row must be undone all the same.
        center.clock.advance(1000);
        center.ask(shop, "buyer", json!({"type": "note", "text": "thanks"})).await.unwrap();
        let then = center.app.order_at(&center.who, placed.id(), at).await.unwrap().tree;
        assert_eq!(then, placed);
        let log = center.app.operations(&center.who, placed.id(), None, 9).await.unwrap();
        assert_eq!((log.entries.len(), log.next), (4, None));
        let before = docket_domain::Time(at.0 - 1);
        assert!(center.app.order_at(&center.who, placed.id(), before).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_sealed_found_by_phone_and_follow_a_new_address() {
    on_every_center(async |center| {
        let placed = center.place(&big_order(77)).await.unwrap();
        let id = placed.tree.id();
        let by =
            |phone: &str| Orders { phone: Some(phone.to_owned()), limit: 5, ..Orders::default() };
        let found = center.app.orders(&center.who, &by("138 0000 0077")).await.unwrap();
        assert_eq!(found.orders.len(), 1);
        let last4 = Orders { phone_last4: Some("0077".to_owned()), limit: 5, ..Orders::default() };
        assert_eq!(center.app.orders(&center.who, &last4).await.unwrap().orders.len(), 1);
        assert!(
            center.app.orders(&center.who, &by("13900000000")).await.unwrap().orders.is_empty()
        );
        let ship_to = json!({"name": "李", "phone": "13911112222", "address": "新地址"});
        let shop = placed.tree.shops[1].id;
        center
            .ask(shop, "buyer", json!({"type": "change_address", "ship_to": ship_to}))
            .await
            .unwrap();
        let customer = center.app.reveal(&center.who, id).await.unwrap().customer;
        let customer = customer.known().unwrap();
        assert_eq!(customer.ship_to[1].as_ref().unwrap().address.as_deref(), Some("新地址"));
        assert_eq!(customer.ship_to[0].as_ref().unwrap().name.as_deref(), Some("王小明"));
        assert_eq!(
            center.app.orders(&center.who, &by("13911112222")).await.unwrap().orders.len(),
            1
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_agreed_is_kept_once_per_terms_version() {
    on_every_center(async |center| {
        let placed = center.place(&big_order(3)).await.unwrap().tree;
        let shop = placed.shops[0].id;
        center.ask(shop, "store", json!({"type": "adjust_price", "freight": 100})).await.unwrap();
        let agreed = center.app.snapshots(&center.who, placed.id(), None, 9).await.unwrap();
        assert_eq!(agreed.next, None);
        let agreed = agreed.versions;
        assert_eq!(agreed.iter().map(|one| one.snapshot.terms_version).collect::<Vec<_>>(), [1, 2]);
        assert!(agreed[0].json.contains("龙井茶"));
        assert_ne!(agreed[0].snapshot.sha256, agreed[1].snapshot.sha256);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_two_imported_orders_claim_is_noted_on_both() {
    on_every_center(async |center| {
        let line = |number: &str| {
            json!({
                "external_id": number, "channel": "shop", "currency": "BRL",
                "payments": [{"tender": "card", "reference": "one", "amount": 1000}],
                "shops": [{"shop_id": "1", "items": [
                    {"sku_id": "a", "quantity": "1", "list_price": 1000}
                ]}]
            })
        };
        let lines = format!("{}\n{}\n{}\n", line("E1"), line("E2"), line("E3"));
        let options = ImportOptions::default();
        let report =
            center.app.import_lines(&center.who, lines.as_bytes(), &options).await.unwrap();
        assert_eq!((report.taken, report.refused.len()), (3, 0), "{report:?}");
        let all = Orders { limit: 10, ..Orders::default() };
        let listed = center.app.orders(&center.who, &all).await.unwrap().orders;
        assert_eq!(listed.len(), 3);
        for (tree, _) in listed {
            let taken =
                |a: &&docket_domain::tree::Anomaly| a.kind == AnomalyKind::PaymentReferenceTaken;
            assert!(tree.payment.anomalies.iter().any(|a| taken(&a)), "{tree:?}");
            let log = center.app.operations(&center.who, tree.id(), None, 9).await.unwrap().entries;
            assert_eq!(log.len() as u32, tree.payment.version);
            assert_eq!(tree.payment.payments.len(), 1, "history cannot be refused");
        }
    })
    .await;
}

/// Pages decide the speed of SQLite: each one is written twice and checksummed. This gate counts them.
#[tokio::test(flavor = "multi_thread")]
async fn a_placement_writes_at_most_ten_pages() {
    let database = docket_testkit::Database::Sqlite.fresh();
    let center = Center::open(&database.url()).await;
    let frames = |n: i64| {
        let center = &center;
        async move {
            let bodies: Vec<_> = (n..n + 32).map(big_order).collect();
            // The writer stands still until all have arrived, so that they are one batch.
            let release = center.hold_the_writer();
            let placing = bodies.iter().map(|body| center.place(body)).collect();
            assert!(join_after(placing, release).await.into_iter().all(|placed| placed.is_ok()));
            center.store.figures().wal_frames_written.load(std::sync::atomic::Ordering::Relaxed)
        }
    };
    // Long enough for lines to wait, to be filed and to be taken out again.
    for n in 0..100 {
        frames(n * 32).await;
    }
    let before = frames(100 * 32).await;
    let mut last = before;
    for n in 101..=300 {
        last = frames(n * 32).await;
    }
    let per_order = (last - before) as f64 / (200.0 * 32.0);
    assert!(per_order > 1.0, "the log was not counted: {before} to {last}");
    assert!(per_order <= 10.0, "{per_order:.1} pages an order");
    println!("{per_order:.1} pages an order");
}
