//! What the effects of a payment cost beside the payment itself.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

#[allow(dead_code)] // shared with the tests of orders, which need more of it
mod center;

use center::{Center, big_order, join_after};
use docket_app::{AccountKey, ChangeAccount, LedgerSettings, NewBalance, SetPack, Settings};
use docket_domain::ledger::Ledger;
use docket_domain::{Currency, Id, price::sums};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// Orders in one batch.
const TOGETHER: i64 = 32;
/// Batches that are measured, after as many that are not.
const BATCHES: i64 = 6;

/// What a payment brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brings {
    Nothing,
    Everything,
}

/// A center of which every order brings five effects: stock, coins, points, a gift pack and two weigh slips.
async fn with_everything(url: &str) -> Center {
    let mut settings = Settings::new(url);
    settings.ledgers =
        Arc::new(LedgerSettings { points_per: Some(100), ..LedgerSettings::default() });
    let center = Center::open_with(settings).await;
    let currency = Currency::in_use("CNY").unwrap();
    let pack = SetPack {
        pack_id: "cup".to_owned(),
        title: "Cup".to_owned(),
        shop_id: None,
        min_price: 0,
        currency,
        from: None,
        until: None,
        total: None,
        active: true,
    };
    center.app.set_pack(&center.who, pack).await.unwrap();
    center
}

async fn open_account(center: &Center, owner: &str) {
    let change = ChangeAccount {
        account: AccountKey { ledger: Ledger::Coins, owner: owner.to_owned() },
        balance: NewBalance::Set(1_000_000, Some(Currency::in_use("CNY").unwrap())),
        reason: "opening".to_owned(),
    };
    center.app.change_account(&center.who, change, None).await.unwrap();
}

/// Places the orders of batch `n`; answers their numbers and what is to pay.
async fn placed(center: &Center, n: i64, brings: Brings) -> Vec<(Id, i64)> {
    let mut orders = Vec::new();
    for n in n * TOGETHER..(n + 1) * TOGETHER {
        let mut body = big_order(n);
        body["buyer_id"] = json!(format!("b{n}"));
        if brings == Brings::Everything {
            open_account(center, &format!("b{n}")).await;
            center.count(&format!("sku{}", n * 101 % 10_000), 100).await;
            body["shops"][0]["items"][1]["weighed"] = json!(true);
            body["shops"][1]["items"][1]["weighed"] = json!(true);
        }
        let tree = center.place(&body).await.unwrap().tree;
        orders.push((tree.id(), sums::payable(&tree).known().unwrap()));
    }
    orders
}

/// Pays them in one batch; answers the pages written and the time it took.
#[expect(clippy::disallowed_methods, reason = "what it costs is measured")]
async fn pay(center: &Center, orders: &[(Id, i64)]) -> (u64, Duration) {
    let frames = || center.store.figures().wal_frames_written.load(Relaxed);
    let before = frames();
    let release = center.hold_the_writer();
    let pay = |(id, payable): &(Id, i64)| {
        let (id, payable) = (*id, *payable);
        async move { center.pay(id, &format!("r-{id}"), payable).await }
    };
    let mut began = None;
    // All of them wait at the writer before it goes on.
    let released = || {
        began = Some(Instant::now());
        release();
    };
    let paid = join_after(orders.iter().map(pay).collect(), released).await;
    let took = began.unwrap().elapsed();
    assert!(paid.into_iter().all(|paid| paid.is_ok()));
    docket_testkit::eventually("the pages are counted", || frames() > before);
    (frames() - before, took)
}

async fn measured(center: &Center, brings: Brings) -> (u64, Duration) {
    let (mut frames, mut time) = (0, Duration::ZERO);
    let kinds = if brings == Brings::Everything { 6 } else { 0 };
    for n in 0..2 * BATCHES {
        let orders = placed(center, n, brings).await;
        let (pages, took) = pay(center, &orders).await;
        let effects = center.app.effects(&center.who, orders[0].0).await.unwrap();
        assert_eq!(effects.len(), kinds, "{effects:?}");
        if n >= BATCHES {
            frames += pages;
            time += took;
        }
    }
    (frames, time)
}

/// Pages decide the speed of SQLite, and can be counted on any machine; the time is told beside them.
#[tokio::test(flavor = "multi_thread")]
async fn paying_an_order_with_five_effects_writes_at_most_twice_the_pages() {
    let databases = [(); 2].map(|()| docket_testkit::Database::Sqlite.fresh());
    let plain = Center::open(&databases[0].url()).await;
    let whole = with_everything(&databases[1].url()).await;
    let (few, quick) = measured(&plain, Brings::Nothing).await;
    let (many, slow) = measured(&whole, Brings::Everything).await;
    println!(
        "plain {few} pages in {quick:?}, with five effects {many} pages in {slow:?}: {:.2} times the \
         pages, {:.2} times the time",
        many as f64 / few as f64,
        slow.as_secs_f64() / quick.as_secs_f64()
    );
    assert!(few > 0 && many <= 2 * few, "{many} pages against {few}");
}
