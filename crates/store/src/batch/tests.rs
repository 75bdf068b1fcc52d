//! A statement that the database refuses, in a full batch: it hurts the piece that brought it.

use super::{Cause, Context, Piece, Priority, Refused};
use crate::sql::statement::Statement;
use crate::sql::value::Value;
use crate::tables::lane::view::Need;
use crate::tables::lane::{Key, View, Writes};
use crate::{Options, READ_DEADLINE, Store};
use docket_domain::{Id, Time};
use docket_testkit::{Database, TestDatabase};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, mpsc};
use tokio::sync::oneshot;

/// As many pieces as one batch takes.
const BATCH: usize = 256;
/// Which of them is the culprit.
const CULPRIT: usize = 200;

/// A piece that claims a key of its own; before that it waits until it is let go, if somebody holds it, and beside that it
/// has the database run a statement, if it brings one.
struct Claims {
    key: String,
    held: Option<mpsc::Receiver<()>>,
    brings: Option<Statement>,
    reply: oneshot::Sender<Result<(), Refused>>,
}

impl Piece for Claims {
    fn keys(&self) -> Vec<Key> {
        Vec::new()
    }

    fn decide(&mut self, _: &View, _: &mut Context<'_>) -> Result<Option<Writes>, Need> {
        if let Some(held) = self.held.take() {
            held.recv().expect("it is let go");
        }
        let statements = self.brings.clone().into_iter().collect();
        let unique = vec![(self.key.clone(), Id(1), None)];
        Ok(Some(Writes { unique, statements, ..Writes::default() }))
    }

    fn settle(self: Box<Self>, outcome: Result<(), Refused>) {
        let _ = self.reply.send(outcome);
    }
}

async fn open(database: &TestDatabase) -> Arc<Store> {
    let options = Options {
        url: database.url(),
        clock: Arc::new(|| Time(1_800_000_000_000)),
        queue: 4096,
        upgrade: true,
        read_deadline: READ_DEADLINE,
        birth: crate::Birth::default(),
    };
    Arc::new(Store::open(options).await.expect("it opens"))
}

/// Has one batch of pieces run of which one brings `bad`; answers what became of each.
async fn batch_with(store: &Store, bad: &Statement) -> Vec<Result<(), Refused>> {
    let mut answers = Vec::new();
    let mut put = |key: String, held, brings| {
        let (reply, answered) = oneshot::channel();
        let piece = Claims { key, held, brings, reply };
        store.submit(Priority::Interactive, Box::new(piece)).expect("there is room");
        answers.push(answered);
    };
    // The writer is kept busy until all of them wait.
    let (let_go, held) = mpsc::channel();
    put("first".to_owned(), Some(held), None);
    while store.waiting().0 > 0 {
        tokio::task::yield_now().await;
    }
    for n in 0..BATCH {
        put(format!("piece {n}"), None, (n == CULPRIT).then(|| bad.clone()));
    }
    let before = store.figures().batches.load(Relaxed);
    let_go.send(()).expect("it waits");
    let mut became = Vec::new();
    for answered in answers {
        became.push(answered.await.expect("every piece is answered"));
    }
    assert_eq!(became.remove(0), Ok(()));
    let committed = store.figures().batches.load(Relaxed) - before;
    // The first one, and the half without the culprit of 256, 128, … and 2.
    assert_eq!(committed, 1 + 8, "{}: {became:?}", bad.sql);
    became
}

async fn hurts_its_own_piece(store: &Store, bad: &Statement) {
    let sql = bad.sql;
    for (n, became) in batch_with(store, bad).await.into_iter().enumerate() {
        let cause = became.map_err(|refused| refused.cause);
        let wanted = if n == CULPRIT { Err(Cause::Broken) } else { Ok(()) };
        assert_eq!(cause, wanted, "{n} beside {sql}");
        let claimed = store.unique(&format!("piece {n}")).await.expect("a read");
        assert_eq!(claimed.is_some(), n != CULPRIT, "{n}: all or nothing");
    }
    assert!(store.figures().writable.load(Relaxed), "no outage: {sql}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_statement_in_a_full_batch_hurts_one_piece() {
    for kind in Database::ALL {
        for sql in ["INSERT INTO no_such_table VALUES (1)", "this is no SQL"] {
            let database = kind.fresh();
            let store = open(&database).await;
            hurts_its_own_piece(&store, &Statement::any(sql, Vec::new())).await;
            store.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_costs_the_connection_hurts_one_piece() {
    // A server hangs up on a packet that is larger than it takes.
    let large = Value::Text("x".repeat(20 << 20));
    for (sql, values) in [("SELECT LENGTH(?)", vec![large]), ("KILL CONNECTION_ID()", vec![])] {
        let database = Database::Mariadb.fresh();
        let store = open(&database).await;
        hurts_its_own_piece(&store, &Statement::any(sql, values)).await;
        store.close().await;
    }
}

/// Somebody ends the connection while nothing is under way; nobody hears of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_ended_meanwhile_is_made_anew() {
    let database = Database::Mariadb.fresh();
    let store = open(&database).await;
    let url = database.url();
    let mut other = crate::database::server::connect(&url).await.expect("a connection");
    let end = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()";
    let found: Vec<(i64,)> = sqlx::query_as(end).fetch_all(&mut other).await.expect("a list");
    assert!(!found.is_empty(), "the writer's is among them");
    for (id,) in found {
        let kill = sqlx::AssertSqlSafe(format!("KILL {id}"));
        sqlx::query(kill).execute(&mut other).await.expect("it is ended");
    }
    let (reply, answered) = oneshot::channel();
    let piece = Claims { key: "after".to_owned(), held: None, brings: None, reply };
    store.submit(Priority::Interactive, Box::new(piece)).expect("there is room");
    assert_eq!(answered.await.expect("it is answered"), Ok(()));
    store.close().await;
}
