//! One suite for every database: what the lane relies on, on SQLite and on a real MariaDB server.

mod suite;

use docket_domain::{Currency, Gene, Id, Quantity, Time};
use docket_store::{
    Cause, Held, Idempotent, Key, KeyRow, NewTask, Price, Priority, RequestOutcome, Sealed,
    SessionRow, Store, StoreError, Telephone, Writes,
};
use std::sync::Arc;
use suite::{Order, on_every_store, open, place, run, stock_of, write};

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_comes_back_as_it_was_written() {
    on_every_store(async |store, _| {
        let order = Order { shops: 3, lines: 4, ..Order::new(1) };
        let tree = place(store, order).await;
        assert_eq!(store.tree(tree.id()).await.unwrap().as_ref(), Some(&*tree));
        let shop = tree.shops[1].id;
        let item = tree.shops[2].items[3].id;
        for node in [tree.id(), shop, item] {
            assert_eq!(store.root_of(node).await.unwrap(), Some(tree.id()));
        }
        assert_eq!(store.root_of(Id(1)).await.unwrap(), None);
        assert_eq!(store.tree(shop).await.unwrap(), None, "only roots name trees");
        let log = store.operations(tree.id()).await.unwrap();
        assert_eq!(log.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_tree_is_written_over_the_version_it_was_read_at() {
    on_every_store(async |store, _| {
        let tree = place(store, Order::new(2)).await;
        for round in 0..3 {
            let id = tree.id();
            let seen = run(store, vec![Key::Tree(id)], move |view, cx| {
                let before = view.tree(id)?.expect("it was placed").clone();
                Ok((Some(suite::tagged(&before, &format!("round{round}"), cx.now)), before))
            });
            assert_eq!(seen.await.unwrap().payment.version, 1 + round);
        }
        let now = store.tree(tree.id()).await.unwrap().unwrap();
        assert_eq!(now.payment.tags, ["round0", "round1", "round2"]);
        let log = store.operations(tree.id()).await.unwrap();
        assert_eq!(log.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
        let mut back = now;
        for entry in log[1..].iter().rev() {
            back =
                docket_domain::change::undo(&back, entry).unwrap().expect("a tag places nothing");
        }
        assert_eq!(&back, &*tree, "the log leads back to the placement");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_key_goes_to_one_of_many_that_want_it() {
    on_every_store(async |store, _| {
        let mut waiting = tokio::task::JoinSet::new();
        for buyer in 0..64 {
            let store = Arc::clone(store);
            waiting.spawn(async move {
                let name = "token:issuer:one".to_owned();
                run(&store, vec![Key::Unique(name.clone())], move |view, cx| {
                    if let Some(taken) = view.unique(&name)? {
                        return Ok((None, Err(taken.tree)));
                    }
                    let (tree, mut writes) = suite::placed(&Order::new(buyer), cx);
                    writes.unique.push((name.clone(), tree.id(), None));
                    Ok((Some(writes), Ok(tree.id())))
                })
                .await
                .unwrap()
            });
        }
        let answers = waiting.join_all().await;
        let winners: Vec<Id> = answers.iter().filter_map(|answer| answer.ok()).collect();
        assert_eq!(winners.len(), 1);
        assert!(answers.iter().all(|answer| answer.unwrap_or_else(|taken| taken) == winners[0]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_unit_is_held_once() {
    on_every_store(async |store, _| {
        suite::count(store, "sku", 7).await;
        let mut waiting = tokio::task::JoinSet::new();
        for buyer in 0..40 {
            let store = Arc::clone(store);
            waiting.spawn(async move { suite::hold_one(&store, buyer, "sku").await });
        }
        let held = waiting.join_all().await.into_iter().filter(|held| *held).count();
        assert_eq!(held, 7);
        assert_eq!(stock_of(store, "sku").await, (7, 7));
    })
    .await;
}

/// Two processes on one database: each decides on what it has read, and the conditional delta catches what
/// the other took meanwhile. On SQLite one file has one owner, so this is the MySQL family's test.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_oversell() {
    let database = docket_testkit::Database::Mariadb.fresh();
    let (one, two) = (open(&database.url()).await, open(&database.url()).await);
    suite::count(&one, "sku", 50).await;
    let mut waiting = tokio::task::JoinSet::new();
    for buyer in 0..200 {
        let store = Arc::clone(if buyer % 2 == 0 { &one } else { &two });
        waiting.spawn(async move { suite::hold_one(&store, buyer, "sku").await });
    }
    let held = waiting.join_all().await.into_iter().filter(|held| *held).count();
    assert_eq!(held, 50);
    assert_eq!(stock_of(&one, "sku").await, (50, 50));
    let ids = suite::all_ids(&one).await;
    assert_eq!(ids.len(), 50, "two processes never give the same number");
}

/// The trees of two processes are guarded by their versions: no change is lost.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_lose_no_change_of_a_tree() {
    let database = docket_testkit::Database::Mariadb.fresh();
    let (one, two) = (open(&database.url()).await, open(&database.url()).await);
    let id = place(&one, Order::new(1)).await.id();
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..60 {
        let store = Arc::clone(if n % 2 == 0 { &one } else { &two });
        waiting.spawn(async move {
            run(&store, vec![Key::Tree(id)], move |view, cx| {
                let before = view.tree(id)?.expect("it was placed").clone();
                Ok((Some(suite::tagged(&before, &format!("n{n}"), cx.now)), ()))
            })
            .await
        });
    }
    let done = waiting.join_all().await.into_iter().flatten().count();
    let tree = one.tree(id).await.unwrap().unwrap();
    assert_eq!(tree.payment.tags.len(), done);
    assert_eq!(tree.payment.version as usize, done + 1);
    assert_eq!(one.operations(id).await.unwrap().len(), done + 1);
    assert!(done >= 30, "conflicts are decided again: {done} of 60");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_that_panics_harms_nobody_else() {
    on_every_store(async |store, _| {
        let panicking = run(store, Vec::new(), |_, _| -> suite::Verdict<()> {
            panic!("on purpose");
        });
        let working = place(store, Order::new(1));
        let (refused, tree) = tokio::join!(panicking, working);
        assert_eq!(refused.unwrap_err().cause, Cause::Broken);
        assert!(store.tree(tree.id()).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_that_asks_for_ever_more_is_broken() {
    on_every_store(async |store, _| {
        let mut n = 0;
        let asking = run(store, Vec::new(), move |_, _| -> suite::Verdict<()> {
            n += 1;
            Err(docket_store::Need(vec![Key::Tree(Id(n))]))
        });
        assert_eq!(asking.await.unwrap_err().cause, Cause::Broken);
    })
    .await;
}

/// A write that the database refuses takes only its own piece with it, wherever it stands in the batch.
#[tokio::test(flavor = "multi_thread")]
async fn a_culprit_is_found_by_halving() {
    on_every_store(async |store, _| {
        let taken = place(store, Order::new(1)).await.id();
        let mut waiting = tokio::task::JoinSet::new();
        for n in 0..33 {
            let store = Arc::clone(store);
            waiting.spawn(async move {
                let done = run(&store, Vec::new(), move |_, cx| {
                    let (tree, mut writes) = suite::placed(&Order::new(n), cx);
                    if n == 17 {
                        // A second row under a key that exists, unseen by the view.
                        let (tree, mut twin) = suite::placed(&Order::new(n), cx);
                        twin.trees.clear();
                        twin.snapshots =
                            vec![suite::snapshot(taken, 1), suite::snapshot(tree.id(), 1)];
                        writes = twin;
                    }
                    Ok((Some(writes), tree.id()))
                });
                (n, done.await)
            });
        }
        suite::add_snapshot(store, taken).await;
        let mut refused = Vec::new();
        for (n, done) in waiting.join_all().await {
            match done {
                Ok(id) if n != 17 => assert!(store.tree(id).await.unwrap().is_some()),
                Ok(_) => {}
                Err(_) => refused.push(n),
            }
        }
        assert!(refused.iter().all(|n| *n == 17), "only the culprit is refused: {refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_refused_piece_is_written() {
    on_every_store(async |store, _| {
        suite::count(store, "a", 5).await;
        suite::count(store, "b", 0).await;
        let refused = run(store, suite::stock_keys(&["a", "b"]), |_, cx| {
            let (tree, mut writes) = suite::placed(&Order::new(1), cx);
            writes.stock = ["a", "b"].into_iter().map(|sku| suite::hold(sku, 1)).collect();
            writes.unique.push(("token:x:half".to_owned(), tree.id(), None));
            Ok((Some(writes), tree.id()))
        });
        assert_eq!(refused.await.unwrap_err().cause, Cause::Contended);
        assert_eq!(stock_of(store, "a").await, (5, 0));
        assert_eq!(store.unique("token:x:half").await.unwrap(), None);
        assert!(suite::all_ids(store).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_counted_in_one_batch_with_holds_comes_out_exactly() {
    on_every_store(async |store, _| {
        suite::count(store, "sku", 10).await;
        write(store, suite::stock_keys(&["sku"]), |_| Writes {
            stock: vec![
                suite::hold("sku", 3),
                Held {
                    count: Some(Quantity(20_000)),
                    held: Quantity::ZERO,
                    ..suite::hold("sku", 0)
                },
                Held { on_hand: Quantity(-2000), held: Quantity(-2000), ..suite::hold("sku", 0) },
            ],
            ..Writes::default()
        })
        .await
        .unwrap();
        assert_eq!(stock_of(store, "sku").await, (18, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_beside_orders_comes_back_too() {
    on_every_store(async |store, _| {
        let id = place(store, Order::new(1)).await.id();
        let sealed = Sealed { key_id: 3, bytes: vec![0, 255, 7] };
        let idempotent = Idempotent {
            fingerprint: [9; 32],
            outcome: RequestOutcome::Placed,
            tree: id,
            at: Time(5),
        };
        let price = Price {
            sku_id: "sku".to_owned(),
            place: String::new(),
            currency: Currency::in_use("CNY").unwrap(),
            price: 1999,
            title: Some("茶 🍵".to_owned()),
            updated_at: Time(7),
        };
        let task = NewTask {
            id: Id(77),
            kind: "webhook",
            unique_key: Some("once".to_owned()),
            chain_key: None,
            priority: 0,
            payload: "{}".to_owned(),
            max_attempts: 5,
            due_at: Time(1),
            created_at: Time(1),
            subject: None,
        };
        let telephone = Telephone { tree: id, created_at: Time(1), last4: -5, number: i64::MIN };
        let writes = Writes {
            customers: vec![(id, sealed.clone())],
            phones: vec![telephone, telephone],
            idempotency: Some(([1; 32], idempotent)),
            products: vec![price.clone()],
            tasks: vec![task.clone()],
            snapshots: vec![suite::snapshot(id, 1)],
            ..Writes::default()
        };
        let writes = std::sync::Mutex::new(Some(writes));
        write(store, vec![Key::Product("sku".to_owned())], move |_| {
            writes.lock().unwrap().take().expect("one batch, one decision")
        })
        .await
        .unwrap();
        assert_eq!(store.customers(&[id]).await.unwrap(), [(id, sealed)]);
        assert_eq!(store.idempotency([1; 32]).await.unwrap(), Some(idempotent));
        assert_eq!(store.prices("sku").await.unwrap(), [price]);
        assert_eq!(store.snapshots(id).await.unwrap(), [suite::snapshot(id, 1)]);
        let twice = write(store, Vec::new(), move |_| Writes {
            tasks: vec![NewTask { id: Id(78), ..task.clone() }],
            ..Writes::default()
        });
        twice.await.unwrap();
        assert_eq!(store.task(Id(78)).await.unwrap(), None, "one with its unique key is there");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_users_are_kept() {
    on_every_store(async |store, _| {
        let row = KeyRow {
            id: Id(4),
            name: "till 4".to_owned(),
            hash: [4; 32],
            body: "{}".to_owned(),
            created_at: Time(1),
            revoked_at: None,
            expires_at: Some(Time(90)),
            last_used_at: None,
        };
        let add = row.clone().add();
        suite::statement(store, add).await;
        assert_eq!(store.key([4; 32]).await.unwrap(), Some(row.clone()));
        suite::statement(store, KeyRow::used(Id(4), Time(7))).await;
        suite::statement(store, KeyRow::used(Id(4), Time(6))).await;
        assert_eq!(store.keys().await.unwrap()[0].last_used_at, Some(Time(7)), "the latest stays");
        suite::statement(store, KeyRow::revoke(Id(4), Time(9))).await;
        assert_eq!(store.keys().await.unwrap()[0].revoked_at, Some(Time(9)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_sessions_of_a_user_are_found() {
    on_every_store(async |store, _| {
        for n in 1..=5 {
            let session = SessionRow { hash: [n; 32], user: Id(9), expires_at: Time(n.into()) };
            suite::statement(store, session.add()).await;
        }
        let beyond = store.sessions_beyond(Id(9), 3).await.unwrap();
        assert_eq!(beyond.iter().map(|old| old.hash[0]).collect::<Vec<_>>(), [2, 1]);
        suite::statement(store, SessionRow::end_others(Id(9), [4; 32])).await;
        assert_eq!(store.session([5; 32]).await.unwrap(), None);
        assert!(store.session([4; 32]).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_never_repeat_over_restarts() {
    for database in docket_testkit::databases() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..3 {
            // The clock stands still, so only the stored mark keeps the ids apart.
            let store = open(&database.url()).await;
            for buyer in 0..40 {
                let tree = place(&store, Order { gene: Some(Gene(1)), ..Order::new(buyer) }).await;
                assert!(seen.insert(tree.id()), "{} came twice", tree.id());
            }
            store.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_owner_of_a_sqlite_file_is_told_so() {
    let database = docket_testkit::Database::Sqlite.fresh();
    let first = open(&database.url()).await;
    let second = Store::open(suite::options(&database.url())).await;
    assert!(
        matches!(second, Err(StoreError::Locked { pid: Some(pid), .. }) if pid == std::process::id())
    );
    first.close().await;
    drop(first);
    assert!(Store::open(suite::options(&database.url())).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_center_that_has_stopped_is_one_file_whole() {
    let database = docket_testkit::Database::Sqlite.fresh();
    let store = open(&database.url()).await;
    let tree = place(&store, Order::new(1)).await;
    assert!(store.tree(tree.id()).await.unwrap().is_some(), "a reader is open beside the writer");
    store.close().await;
    let copy = docket_testkit::Database::Sqlite.fresh();
    let path = |url: &str| docket_store::sqlite_path(url).unwrap();
    std::fs::copy(path(&database.url()), path(&copy.url())).unwrap();
    let copy = open(&copy.url()).await;
    assert_eq!(copy.tree(tree.id()).await.unwrap().as_ref(), Some(&*tree));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_comes_most_overdue_first() {
    on_every_store(async |store, _| {
        let mut due = Vec::new();
        for n in 0..5 {
            due.push(
                place(store, Order { due: Some(1000 - i64::from(n)), ..Order::new(n) }).await.id(),
            );
        }
        place(store, Order { due: None, ..Order::new(9) }).await;
        due.reverse();
        assert_eq!(store.due(Time(999), 10).await.unwrap(), due[..4]);
        assert_eq!(store.due(Time(5000), 2).await.unwrap(), due[..2]);
        assert_eq!(store.next_due().await.unwrap(), Some(Time(996)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_before_bulk_and_bulk_is_not_starved() {
    on_every_store(async |store, _| {
        let mut waiting = tokio::task::JoinSet::new();
        for n in 0..600 {
            let store = Arc::clone(store);
            let priority = if n % 2 == 0 { Priority::Bulk } else { Priority::Interactive };
            waiting.spawn(async move {
                suite::run_at(&store, priority, Vec::new(), move |_, cx| {
                    let (tree, writes) = suite::placed(&Order::new(n), cx);
                    Ok((Some(writes), tree.id()))
                })
                .await
            });
        }
        assert!(waiting.join_all().await.into_iter().all(|done| done.is_ok()));
        assert_eq!(suite::all_ids(store).await.len(), 600);
        assert_eq!(store.waiting(), (0, 0));
    })
    .await;
}
