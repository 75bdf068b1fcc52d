//! What stands as held beside what orders hold, on every database: page by page, copies left out, and by one subject.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

#[allow(dead_code)] // shared with the conformance suite, which needs more of it
mod suite;

use docket_domain::ledger::{Ledger, LedgerLocation};
use docket_domain::tree::{Home, Tree};
use docket_domain::{Amount, Quantity, Time};
use docket_store::{
    AccountChange, Balance, BalanceKind, Context, Held, Store, TreeWrite, View, Writes,
};
use std::sync::Arc;
use suite::{Order, hold, on_every_store, placed, run, statement, stock_keys, write};

/// More than are read at one moment.
const ORDERS: i32 = 450;
/// Coins that each of them uses.
const COINS: i64 = 3;

/// An order of one buyer that holds a unit and some coins while it is to be paid.
fn holding(n: i32, home: Home, cx: &mut Context<'_>) -> TreeWrite {
    let (tree, mut writes) = placed(&Order { home, at: n.into(), ..Order::new(n % 2) }, cx);
    let mut tree = Tree::clone(&tree);
    tree.payment.coins = Amount::of(COINS);
    tree.payment.ledgers.coins = Some(LedgerLocation::Here);
    tree.shops[0].items[0].holds_stock = true;
    let write = writes.trees.remove(0);
    TreeWrite { tree: Arc::new(tree), ..write }
}

fn coins(owner: &str, count: Option<i64>, held: i64) -> AccountChange {
    AccountChange {
        ledger: Ledger::Coins,
        owner: owner.to_owned(),
        currency: Some("CNY".to_owned()),
        count,
        balance: 0,
        held,
        guarded: false,
        at: Time(1),
    }
}

async fn apart(store: &Store, kind: BalanceKind) -> Vec<Balance> {
    store.imbalances(kind, 10).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_what_orders_of_ours_hold_however_many_they_are() {
    on_every_store(async |store, _| {
        let placing = run(store, stock_keys(&["sku0"]), |_: &View, cx| {
            let mut writes = Writes::default();
            for n in 0..ORDERS {
                writes.trees.push(holding(n, Home::Center, cx));
                // A copy holds nothing here; nor does a line that was dropped, or an order that ended.
                writes.trees.push(holding(n, Home::Branch("north".to_owned()), cx));
            }
            for n in 0..9 {
                let mut ended = holding(n, Home::Center, cx);
                let tree = Arc::get_mut(&mut ended.tree).expect("nobody else has it");
                tree.shops[0].items[0].dropped_at = Some(Time(2));
                tree.payment.coins = Amount::ZERO;
                writes.trees.push(ended);
            }
            let units = i64::from(ORDERS) * 1000;
            let held = Held { guarded: false, count: Some(Quantity(units)), ..hold("sku0", 0) };
            writes.stock = vec![Held { held: Quantity(units), ..held }];
            let of_each = i64::from(ORDERS) / 2 * COINS;
            writes.accounts = ["b0", "b1"].map(|owner| coins(owner, Some(9_999), of_each)).to_vec();
            Ok((Some(writes), ()))
        });
        placing.await.unwrap();
        assert_eq!(apart(store, BalanceKind::StockHeld).await, []);
        assert_eq!(apart(store, BalanceKind::CoinsHeld).await, []);

        write(store, stock_keys(&["sku0"]), |_| Writes {
            stock: vec![Held { guarded: false, ..hold("sku0", 7) }],
            accounts: vec![coins("b1", None, -4)],
            ..Writes::default()
        })
        .await
        .unwrap();
        let stock = apart(store, BalanceKind::StockHeld).await;
        let should = i64::from(ORDERS) * 1000;
        let subject = vec!["main".to_owned(), "sku0".to_owned()];
        assert_eq!(stock, [Balance { subject, stands: should + 7000, should }]);
        let held = apart(store, BalanceKind::CoinsHeld).await;
        let (subject, should) = (vec!["b1".to_owned()], i64::from(ORDERS) / 2 * COINS);
        assert_eq!(held, [Balance { subject, stands: should - 4, should }]);

        statement(store, BalanceKind::StockHeld.set(&stock[0])).await;
        statement(store, BalanceKind::CoinsHeld.set(&held[0])).await;
        assert_eq!(apart(store, BalanceKind::StockHeld).await, []);
        assert_eq!(apart(store, BalanceKind::CoinsHeld).await, []);
    })
    .await;
}
