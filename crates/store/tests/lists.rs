//! Lists on every database: every filter finds what it names, and pages have no gaps.

#[allow(dead_code)] // shared with the conformance suite, which needs more of it
mod suite;

use docket_domain::Id;
use docket_domain::words::{Status, StoreStatus};
use docket_store::{Filter, Key, Sort, Telephone, Writes};
use suite::{Order, on_every_store, place, run};

#[tokio::test(flavor = "multi_thread")]
async fn lists_find_by_every_filter_and_page_without_gaps() {
    on_every_store(async |store, _| {
        let mut placed = Vec::new();
        for n in 0..30 {
            let order = Order {
                buyer: n % 3,
                at: 1_800_000_000_000 + i64::from(n) * 1000,
                ..Order::new(n)
            };
            placed.push(place(store, order).await);
        }
        let all = suite::list(store, Filter { limit: 7, ..Filter::default() }).await;
        let newest_first: Vec<Id> = placed.iter().rev().map(|tree| tree.id()).collect();
        assert_eq!(all, newest_first);
        let filters: Vec<(&str, Filter, usize)> = vec![
            ("buyer", Filter { buyer: Some("b1".to_owned()), ..Filter::default() }, 10),
            ("shop", Filter { shop: Some("s0".to_owned()), ..Filter::default() }, 30),
            ("no shop", Filter { shop: Some("s9".to_owned()), ..Filter::default() }, 0),
            ("status", Filter { status: Some(Status::Created), ..Filter::default() }, 30),
            ("other status", Filter { status: Some(Status::Paid), ..Filter::default() }, 0),
            (
                "store status",
                Filter { store_status: Some(StoreStatus::Unpaid), ..Filter::default() },
                30,
            ),
            ("sku", Filter { sku: Some("sku0".to_owned()), ..Filter::default() }, 30),
            ("place", Filter { place: Some("main".to_owned()), ..Filter::default() }, 30),
            (
                "created",
                Filter {
                    created: (
                        Some(placed[10].payment.created_at),
                        Some(placed[20].payment.created_at),
                    ),
                    ..Filter::default()
                },
                10,
            ),
            (
                "updated",
                Filter {
                    sort: Sort::Updated,
                    updated: (Some(placed[25].payment.created_at), None),
                    ..Filter::default()
                },
                5,
            ),
            ("id", Filter { id: Some(placed[3].id()), ..Filter::default() }, 1),
            (
                "only shops",
                Filter { only_shops: Some(vec!["s0".to_owned()]), ..Filter::default() },
                30,
            ),
            (
                "no shops",
                Filter { only_shops: Some(vec!["s9".to_owned()]), ..Filter::default() },
                0,
            ),
            ("tag", Filter { tag: Some("none".to_owned()), ..Filter::default() }, 0),
            ("duplicate", Filter { duplicate: true, ..Filter::default() }, 30),
            ("phone", Filter { phones: vec![(1, 2)], ..Filter::default() }, 0),
            (
                "shop and status",
                Filter {
                    shop: Some("s0".to_owned()),
                    status: Some(Status::Created),
                    ..Filter::default()
                },
                30,
            ),
            (
                "buyer and sku",
                Filter {
                    buyer: Some("b2".to_owned()),
                    sku: Some("sku0".to_owned()),
                    ..Filter::default()
                },
                10,
            ),
        ];
        for (name, filter, wanted) in filters {
            let found = suite::list(store, Filter { limit: 4, ..filter }).await;
            assert_eq!(found.len(), wanted, "{name}");
            let mut in_order = newest_first.clone();
            in_order.retain(|id| found.contains(id));
            assert_eq!(found, in_order, "{name}: newest first, none twice");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_find_by_tag_and_telephone() {
    on_every_store(async |store, _| {
        let id = place(store, Order::new(1)).await.id();
        place(store, Order::new(2)).await;
        run(store, vec![Key::Tree(id)], move |view, cx| {
            let before = view.tree(id)?.expect("it was placed").clone();
            let created_at = before.payment.created_at;
            let telephone = Telephone { tree: id, created_at, last4: 7, number: 77 };
            let tagged = suite::tagged(&before, "vip", cx.now);
            Ok((Some(Writes { phones: vec![telephone], ..tagged }), ()))
        })
        .await
        .unwrap();
        let tagged = Filter { tag: Some("vip".to_owned()), limit: 4, ..Filter::default() };
        assert_eq!(suite::list(store, tagged).await, [id]);
        for sort in [Sort::Created, Sort::Updated] {
            let by = |phones: &[(i64, i64)], phone_last4| Filter {
                phones: phones.to_vec(),
                phone_last4,
                sort,
                limit: 4,
                ..Filter::default()
            };
            let found = async |phones: &[_], last4| suite::list(store, by(phones, last4)).await;
            assert_eq!(found(&[], Some(7)).await, [id], "{sort:?}, last four digits");
            assert_eq!(found(&[(7, 77)], None).await, [id], "{sort:?}, the whole number");
            let ways = [(7, 78), (7, 77), (7, 77), (8, 88)];
            assert_eq!(found(&ways, None).await, [id], "{sort:?}, one of several ways");
            assert_eq!(found(&[(7, 78)], None).await, [], "{sort:?}, another number");
            assert_eq!(found(&[(7, 77)], Some(8)).await, [], "{sort:?}, other digits");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_log_ends_where_its_rows_are_long_and_goes_on_there() {
    on_every_store(async |store, _| {
        let tree = place(store, Order::new(2)).await;
        let id = tree.id();
        for round in 0..80 {
            run(store, vec![Key::Tree(id)], move |view, cx| {
                let before = view.tree(id)?.expect("it was placed").clone();
                let mut writes = suite::tagged(&before, &format!("round{round}"), cx.now);
                // As rows of earlier releases were: whole lists of facts.
                writes.trees[0].entry.before = serde_json::json!({"1": "x".repeat(100_000)});
                Ok((Some(writes), ()))
            })
            .await
            .unwrap();
        }
        let (mut after, mut pages) = ((0, 0), Vec::new());
        loop {
            let page = store.log_after(id, after, 200).await.unwrap();
            let Some(last) = page.last() else { break };
            after = (last.site, last.seq);
            pages.push(page);
        }
        // Some forty rows of it are 4 MiB, read thirty-two at a time.
        assert!(pages[0].len() < 81 && pages[0].len() <= 64, "{} rows", pages[0].len());
        let seqs = pages.iter().flatten().map(|entry| entry.seq);
        assert!(seqs.eq(1..=81), "each row once");
        let newest = store.log_until(id, 70, 3).await.unwrap();
        assert!(newest.iter().map(|entry| entry.seq).eq([70, 69, 68]), "newest first");
    })
    .await;
}
