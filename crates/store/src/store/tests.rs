//! Reads end: at their deadline, and when nobody waits for them any more.

use super::{Options, Query, Store};
use crate::sql::dialect::Dialect;
use crate::sql::value::{Kind, Value};
use crate::{Birth, StoreError};
use docket_domain::Time;
use std::sync::Arc;
use std::time::Duration;

async fn open(url: &str, read_deadline: Duration) -> Arc<Store> {
    let clock = Arc::new(|| Time(1_800_000_000_000));
    let options = Options {
        url: url.to_owned(),
        clock,
        queue: 4,
        upgrade: true,
        birth: Birth::default(),
        read_deadline,
    };
    Arc::new(Store::open(options).await.unwrap())
}

/// A query that ends by itself in an hour at the earliest.
fn endless(store: &Store) -> Query {
    let sql = match store.dialect() {
        Dialect::Sqlite => {
            "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n"
        }
        Dialect::MySql => "SELECT CAST(SLEEP(3600) AS SIGNED)",
    };
    Query { table: "n", sql: sql.to_owned(), kinds: vec![Kind::Int], values: Vec::new() }
}

/// How many of its statements a server is still at work on.
async fn at_work(store: &Store) -> i64 {
    if store.dialect() == Dialect::Sqlite {
        return 0;
    }
    let sql = "SELECT COUNT(*) FROM information_schema.PROCESSLIST \
               WHERE INFO LIKE 'SELECT CAST(SLEEP%' AND DB = DATABASE()";
    let mut rows = store.rows("n", sql, &[Kind::Int], Vec::new()).await.unwrap();
    rows.remove(0).int().unwrap()
}

/// Waits until `store` reads nothing more.
async fn is_idle(store: &Store) {
    loop {
        // The look at the server is a read of its own.
        if at_work(store).await == 0 && store.reads_under_way().0 == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_ends_at_its_deadline() {
    for database in docket_testkit::databases() {
        let store = open(&database.url(), Duration::from_millis(100)).await;
        let alone = store.rows_together([endless(&store)]).await.unwrap_err();
        assert!(matches!(alone, StoreError::TooSlow), "{alone}");
        let asked = endless(&store);
        let at_one_moment = store.at_one_moment(move |ask| ask.ask(asked)).await.unwrap_err();
        assert!(matches!(at_one_moment, StoreError::TooSlow), "{at_one_moment}");
        is_idle(&store).await;
        store.ping().await.unwrap();
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_ends_when_nobody_waits_for_it() {
    for database in docket_testkit::databases() {
        let store = open(&database.url(), Duration::from_hours(1)).await;
        let (_, most) = store.reads_under_way();
        // More than there are connections: those that wait for one leave too.
        let mut reads = tokio::task::JoinSet::new();
        for n in 0..most + 2 {
            let (store, asked) = (Arc::clone(&store), endless(&store));
            reads.spawn(async move {
                if n % 2 == 0 {
                    store.rows_together([asked]).await.map(drop)
                } else {
                    store.at_one_moment(move |ask| ask.ask(asked)).await.map(drop)
                }
            });
        }
        while store.reads_under_way().0 < most {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        reads.shutdown().await;
        is_idle(&store).await;
        let one = Query {
            table: "n",
            sql: "SELECT ?".to_owned(),
            kinds: vec![Kind::Int],
            values: vec![Value::Int(1)],
        };
        assert_eq!(store.rows_at_length(one).await.unwrap().remove(0).int().unwrap(), 1);
        store.close().await;
    }
}
