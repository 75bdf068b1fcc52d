//! What is shown together was so at one moment: while an order gets one address after the other, no answer shows a
//! version of it with the address of another.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

#[allow(dead_code)] // shared with other tests, which need more of it
mod center;

use center::{big_order, on_every_center};
use docket_app::{Answer, Orders};
use docket_domain::{Id, Tree};
use docket_wire::Person;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

const CHANGES: usize = 60;

fn address(customer: Option<&Person>) -> String {
    let ship_to = customer.unwrap().ship_to[0].as_ref().unwrap();
    ship_to.address.clone().unwrap()
}

fn seen(tree: &Tree, customer: Option<&Person>) -> (u32, String) {
    (tree.payment.version, address(customer))
}

fn of_answer(answer: &Answer) -> (u32, String) {
    seen(&answer.tree, answer.customer.known())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_and_its_people_are_of_one_moment() {
    on_every_center(async |center| {
        let placed = center.place(&big_order(1)).await.unwrap();
        let (id, shop) = (placed.tree.id(), placed.tree.shops[0].id);
        let done = AtomicBool::new(false);
        let change = async |who: char| {
            let mut answers = Vec::new();
            for n in 0..CHANGES {
                let address = format!("{who}{n}");
                let ship_to = json!({"name": "李", "phone": "13911112222", "address": address});
                let body = json!({"type": "change_address", "ship_to": ship_to});
                let answer = of_answer(&center.ask(shop, "buyer", body).await.unwrap());
                assert_eq!(answer.1, address, "an operation answers what it wrote");
                answers.push(answer);
            }
            answers
        };
        let changing = async {
            let (mut all, others) = tokio::join!(change('a'), change('b'));
            all.extend(others);
            done.store(true, Relaxed);
            all
        };
        let reading = async {
            let mut all = Vec::new();
            while !done.load(Relaxed) {
                all.push(of_answer(&center.app.order(&center.who, id).await.unwrap()));
                let asked = Orders { limit: 10, ..Orders::default() };
                let listed = center.app.orders(&center.who, &asked).await.unwrap().orders;
                all.extend(listed.iter().map(|(tree, customer)| seen(tree, customer.known())));
            }
            all
        };
        let (answers, read) = tokio::join!(changing, reading);
        let mut of_version: BTreeMap<_, _> = answers.into_iter().collect();
        assert_eq!(of_version.len(), 2 * CHANGES);
        let (version, address) = of_answer(&placed);
        of_version.insert(version, address);
        assert!(!read.is_empty());
        for (version, address) in read {
            assert_eq!(of_version[&version], address, "at version {version}");
        }
        log_is_whole(center, id).await;
    })
    .await;
}

/// A log ends with the version of its order.
async fn log_is_whole(center: &center::Center, id: Id) {
    let tree = center.app.order(&center.who, id).await.unwrap().tree;
    let log = center.app.operations(&center.who, id, None, 200).await.unwrap();
    assert_eq!((log.entries.len() as u32, log.next), (tree.payment.version, None));
}
