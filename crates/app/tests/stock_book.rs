//! Stock on hand beside its book: what was counted, what was added by hand, and what orders moved.

#[allow(dead_code)] // shared with the tests of orders, which need more of it
mod center;

use center::{Center, on_every_center, order};
use docket_app::StockChange;
use docket_app::StockChangeKind::{self, Adjust, Count};
use docket_domain::{Id, Quantity};
use docket_store::{BalanceKind, Context, Held, Key, Priority, View, Writes};
use serde_json::json;

/// What is on hand, and that the book says the same.
async fn on_hand(center: &Center) -> i64 {
    for book in [BalanceKind::StockOnHand, BalanceKind::StockHeld] {
        let apart = center.store.imbalances(book, 9).await.expect("they are read");
        assert_eq!(apart, [], "the book agrees with what stands");
    }
    center.stock("sku").await.0
}

async fn adjust(center: &Center, units: i64) {
    center.app.change_stock(&center.who, by_hand(Adjust, units)).await.expect("it is tracked");
}

fn by_hand(kind: StockChangeKind, units: i64) -> StockChange {
    let (sku_id, place) = ("sku".to_owned(), "main".to_owned());
    StockChange {
        sku_id,
        place,
        quantity: Quantity(units * 1000),
        kind,
        reason: "found".to_owned(),
    }
}

async fn paid(center: &Center, units: i64, reference: &str) -> Id {
    let placed = center.place(&order("sku", units)).await.expect("it is placed").tree;
    let payable = docket_domain::status::of(&placed).payable.known().expect("known");
    center.pay(placed.id(), reference, payable).await.expect("it is paid").tree.shops[0].id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_on_hand_is_what_the_book_and_the_orders_since_say() {
    on_every_center(async |center| {
        center.count("sku", 20).await;
        assert_eq!(on_hand(center).await, 20);
        // A placement holds and moves nothing; a payment takes.
        center.place(&order("sku", 3)).await.expect("it is placed");
        assert_eq!(on_hand(center).await, 20);
        let shop = paid(center, 2, "r1").await;
        assert_eq!(on_hand(center).await, 18);
        adjust(center, 5).await;
        assert_eq!(on_hand(center).await, 23);
        // What never left is back on the shelf once its money has gone back.
        let back = json!({"type": "refund_by_store"});
        let tree = center.ask(shop, "store", back).await.expect("it is paid").tree;
        let refund = tree.shops[0].refunds[0].refund_id.to_string();
        let done = json!({"type": "refund_succeeded", "refund_id": refund, "reference": "b1"});
        center.ask(shop, "gateway", done).await.expect("a fact");
        assert_eq!(on_hand(center).await, 25);
        // A count stands for itself, whatever orders moved before it.
        paid(center, 1, "r2").await;
        center.count("sku", 9).await;
        assert_eq!(on_hand(center).await, 9);
        paid(center, 4, "r3").await;
        assert_eq!(on_hand(center).await, 5);
    })
    .await;
}

/// Pieces of one batch are added up: whatever is counted and added by hand in it, and in which order.
#[tokio::test(flavor = "multi_thread")]
async fn the_book_agrees_whatever_is_counted_and_added_in_one_batch() {
    on_every_center(async |center| {
        center.count("sku", 20).await;
        let counts = [(Count, 12), (Adjust, 5), (Adjust, 1), (Count, 9), (Adjust, 4)];
        for first in 0..counts.len() {
            let release = center.hold_the_writer();
            let mut asked = tokio::task::JoinSet::new();
            for n in 0..counts.len() {
                let (kind, units) = counts[(first + n) % counts.len()];
                let (app, who) = (center.app.clone(), center.who.clone());
                asked.spawn(async move { app.change_stock(&who, by_hand(kind, units)).await });
                docket_testkit::eventually("it waits", || center.store.waiting().0 == n + 1);
            }
            release();
            while let Some(done) = asked.join_next().await {
                done.expect("it ends").expect("it is tracked");
            }
            on_hand(center).await;
        }
    })
    .await;
}

/// What a process of the release before writes of stock: the number alone.
async fn without_book(center: &Center, count: Option<i64>, units: i64) {
    let (sku_id, place) = ("sku".to_owned(), "main".to_owned());
    let keys = vec![Key::Stock { place: place.clone(), sku_id: sku_id.clone() }];
    let work = move |_: &View, _: &mut Context<'_>| {
        let held = Held {
            place: place.clone(),
            sku_id: sku_id.clone(),
            count: count.map(|count| Quantity(count * 1000)),
            on_hand: Quantity(units * 1000),
            held: Quantity::ZERO,
            moved: Quantity::ZERO,
            guarded: false,
        };
        Ok((Some(Writes { stock: vec![held], ..Writes::default() }), ()))
    };
    center.store.run(Priority::Interactive, keys, work).await.expect("it is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_begins_at_night_where_older_processes_went_on_without_it() {
    on_every_center(async |center| {
        without_book(center, Some(20), 0).await;
        paid(center, 2, "r1").await;
        without_book(center, None, -3).await;
        adjust(center, 1).await;
        assert_eq!(on_hand(center).await, 16, "nothing is said of what has no book");
        center.app.begin_stock_book().await.expect("it begins");
        assert_eq!(on_hand(center).await, 16);
        paid(center, 2, "r2").await;
        adjust(center, 1).await;
        assert_eq!(on_hand(center).await, 15);
        without_book(center, None, -3).await;
        let apart = center.store.imbalances(BalanceKind::StockOnHand, 9).await.expect("read");
        assert_eq!(apart.len(), 1, "from then on it is compared");
    })
    .await;
}
