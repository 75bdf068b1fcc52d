//! Webhooks beside their tables: secrets that replace each other, and what receivers said, on every database.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

#[allow(dead_code)] // shared with the tests of orders
mod suite;

use docket_domain::words::TaskState;
use docket_domain::{Id, Time};
use docket_store::{Context, DeliveryRow, NewTask, OldSecret, Sealed, WebhookRow, Writes};
use suite::on_every_store;

fn sealed(byte: u8) -> Sealed {
    Sealed { key_id: 1, bytes: vec![byte; 60] }
}

fn delivery(webhook: Id, task: Id, tries: u32) -> DeliveryRow {
    let answer = "茶 of the day".to_owned();
    let status = (tries > 1).then_some(500);
    let (tree, event, at) = (Id(7), "order.paid".to_owned(), Time(task.0 + i64::from(tries)));
    DeliveryRow { webhook, task, tree, seq: 3, event, at, tries, status, answer }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_replaced_is_kept_until_its_time_and_only_one_is() {
    on_every_store(async |store, _| {
        let row = WebhookRow {
            id: Id(5),
            url: "https://example.com/hook".to_owned(),
            events: vec!["order.paid".to_owned()],
            secret: sealed(1),
            created_at: Time(1),
            disabled_at: None,
            why: None,
            old: None,
        };
        suite::statement(store, row.clone().add()).await;
        assert_eq!(store.webhook(Id(5)).await.unwrap(), Some(row.clone()));
        for (new, until) in [(2, 100), (3, 200)] {
            suite::statement(store, WebhookRow::rotate(Id(5), sealed(new), Time(until))).await;
            let old = Some(OldSecret { secret: sealed(new - 1), until: Time(until) });
            let now = WebhookRow { secret: sealed(new), old, ..row.clone() };
            assert_eq!(store.webhook(Id(5)).await.unwrap(), Some(now));
        }
        suite::statement(store, WebhookRow::disable(Id(5), "gone", Time(9))).await;
        suite::statement(store, WebhookRow::rotate(Id(5), sealed(4), Time(300))).await;
        assert_eq!(store.webhook(Id(5)).await.unwrap().unwrap().secret, sealed(3), "it has ended");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_said_is_one_row_a_delivery_and_forgotten_in_steps() {
    on_every_store(async |store, _| {
        let (one, other) = (Id(5), Id(6));
        for task in 1..=10 {
            suite::statement(store, delivery(one, Id(task), 1).put()).await;
        }
        suite::statement(store, delivery(other, Id(4), 1).put()).await;
        suite::statement(store, delivery(one, Id(10), 2).put()).await;
        let task = NewTask {
            id: Id(9),
            kind: "webhook",
            unique_key: None,
            chain_key: None,
            priority: 0,
            payload: "{}".to_owned(),
            max_attempts: 5,
            due_at: Time(77),
            created_at: Time(1),
            subject: None,
        };
        let put =
            move |_: &mut Context<'_>| Writes { tasks: vec![task.clone()], ..Writes::default() };
        suite::write(store, Vec::new(), put).await.unwrap();
        let page = store.deliveries(one, None, 3).await.unwrap();
        let tasks: Vec<_> = page.iter().map(|delivered| delivered.row.task.0).collect();
        assert_eq!(tasks, [10, 9, 8], "newest first, no more than asked for");
        assert_eq!(page[0].row, delivery(one, Id(10), 2), "the last try in the place of the first");
        assert_eq!((page[1].state, page[1].next_try_at), (TaskState::Pending, Some(Time(77))));
        assert_eq!(
            (page[2].state, page[2].next_try_at),
            (TaskState::Done, None),
            "its task is gone"
        );
        let next = store.deliveries(one, Some(Id(8)), 200).await.unwrap();
        assert_eq!(next.len(), 7);

        let mut steps = Vec::new();
        while let Some(last) = store.delivery_to_forget(one, Id(8), 3).await.unwrap() {
            steps.push(last.0);
            suite::statement(store, DeliveryRow::forget(one, last)).await;
        }
        assert_eq!(steps, [3, 6, 8], "three at a time");
        assert_eq!(store.deliveries(one, None, 200).await.unwrap().len(), 2);
        assert_eq!(store.deliveries(other, None, 200).await.unwrap().len(), 1);
    })
    .await;
}
