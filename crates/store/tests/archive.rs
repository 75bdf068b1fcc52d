//! Rows leave for the archive and come back, on every database.

#[allow(dead_code)] // shared with the conformance suite, which needs more of it
mod suite;

use docket_domain::{Id, Time, Tree};
use docket_store::{
    KeptRow, Segment, SegmentKind, SegmentState, Store, Writes, move_away, move_back,
};
use sqlx::Connection;
use std::sync::Arc;
use suite::{Order, on_every_store, place, statement, tagged, write};

/// After everything that happens here.
const LATER: Time = Time(1_800_000_100_000);
const PAGE: usize = 3;

fn segment(id: i64, kind: SegmentKind, from: Time, to: Time) -> Segment {
    Segment {
        id: Id(id),
        kind,
        name: format!("{}/{id}", kind.word()),
        from,
        to,
        trees: 1,
        rows: 1,
        bytes: 1 << 33,
        sha256: [7; 32],
        state: SegmentState::Moving,
        away: 0,
        created_at: from,
    }
}

async fn due(store: &Store, kind: SegmentKind, until: Time, now: Time) -> Vec<Id> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let look = store.archivable(kind, until, now, after, PAGE).await.expect("a look");
        found.extend(look.trees.iter().map(|due| due.tree));
        after = look.next;
        if after.is_none() {
            found.dedup();
            return found;
        }
    }
}

/// The rows of one tree leave.
async fn leave(store: &Store, kind: SegmentKind, segment: i64, rows: &[KeptRow]) -> bool {
    let mut statements = move_away(kind, Id(segment), rows[0].tree(), rows);
    statements.push(Segment::fill(Id(segment), 1));
    all(store, statements).await
}

async fn all(store: &Store, statements: Vec<docket_store::Statement>) -> bool {
    let writes = move |_: &mut docket_store::Context<'_>| Writes {
        statements: statements.clone(),
        ..Writes::default()
    };
    write(store, Vec::new(), writes).await.is_ok()
}

async fn tag(store: &Store, tree: &Arc<Tree>, word: &'static str) {
    let before = Arc::clone(tree);
    let id = tree.id();
    let change = suite::run(store, vec![docket_store::Key::Tree(id)], move |view, cx| {
        view.tree(id)?;
        Ok((Some(tagged(&before, word, cx.now)), ()))
    });
    change.await.expect("tagged");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_and_quiet_is_due_and_nothing_else() {
    on_every_store(async |store, _| {
        let mut placed = Vec::new();
        for n in 0..7 {
            placed.push(place(store, Order { lines: 2, ..Order::new(n) }).await.id());
        }
        let waiting = place(store, Order { due: Some(LATER.0), ..Order::new(8) }).await;
        let at = Time(Order::new(0).at);
        assert_eq!(due(store, SegmentKind::Log, at, at).await.len(), 7, "{waiting:?} waits");
        assert_eq!(due(store, SegmentKind::Log, at.plus(-1), at).await, []);
        assert_eq!(due(store, SegmentKind::Snapshots, at, at).await, []);
        suite::add_snapshot(store, placed[3]).await;
        assert_eq!(due(store, SegmentKind::Snapshots, at, at).await, [placed[3]]);
        assert_eq!(due(store, SegmentKind::Orders, at, at).await, [], "none is finished");
        // One that was brought back stays for its time.
        let rows = store.kept_rows(SegmentKind::Log, placed[0]).await.unwrap();
        statement(store, segment(1, SegmentKind::Log, at, at).announce()).await;
        assert!(leave(store, SegmentKind::Log, 1, &rows).await);
        assert!(all(store, move_back(SegmentKind::Log, Id(1), placed[0], &rows, LATER)).await);
        assert_eq!(due(store, SegmentKind::Log, at, at).await.len(), 6);
        assert_eq!(due(store, SegmentKind::Log, at, LATER).await.len(), 7);
        statement(store, KeptRow::forget_holds(LATER)).await;
        assert_eq!(due(store, SegmentKind::Log, at, at).await.len(), 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_leaves_for_a_segment_goes_on_and_comes_back_as_it_was() {
    on_every_store(async |store, _| {
        let tree = place(store, Order::new(1)).await;
        tag(store, &tree, "first").await;
        let id = tree.id();
        let (log, kind) = (store.operations(id).await.unwrap(), SegmentKind::Log);
        let rows = store.kept_rows(kind, id).await.unwrap();
        let lines: Vec<_> = rows.iter().map(KeptRow::line).collect();
        let read: Result<Vec<_>, _> = lines.iter().map(|line| KeptRow::parse(line)).collect();
        let read = read.unwrap();
        assert_eq!(read, rows, "a line says all of its row");
        assert_eq!(KeptRow::entries(read.clone()).unwrap(), log);

        let at = tree.payment.created_at;
        statement(store, segment(5, kind, at, at).announce()).await;
        assert_eq!(store.segments_moving().await.unwrap().len(), 1);
        assert_eq!(store.segments_of(id).await.unwrap(), []);
        assert!(!leave(store, kind, 5, &[rows[0].clone(), rows[0].clone()]).await, "not as many");
        assert_eq!(store.operations(id).await.unwrap(), log, "nothing of it left");
        assert!(leave(store, kind, 5, &rows).await);
        assert!(!leave(store, kind, 5, &rows).await, "nothing leaves twice");
        statement(store, Segment::take_back(Id(5))).await;
        statement(store, Segment::keep(Id(5))).await;
        let kept = Segment { state: SegmentState::Kept, away: 1, ..segment(5, kind, at, at) };
        let one = std::slice::from_ref(&kept);
        assert_eq!(store.segments(None, 9).await.unwrap(), one);
        assert_eq!(store.segments_of(id).await.unwrap(), one);
        assert_eq!(store.segments_between(at, at.plus(1)).await.unwrap(), one);
        assert_eq!(store.segments_between(at.plus(1), LATER).await.unwrap(), []);
        assert_eq!(store.trees_of_segment(Id(5)).await.unwrap(), [id]);
        assert_eq!(store.operations(id).await.unwrap(), []);

        let now = Arc::new(store.tree(id).await.unwrap().unwrap());
        tag(store, &now, "second").await;
        let after = store.operations(id).await.unwrap();
        assert_eq!(after.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [3]);
        assert!(all(store, move_back(kind, Id(5), id, &rows, LATER)).await);
        assert!(
            !all(store, move_back(kind, Id(5), id, &rows, LATER)).await,
            "nor comes back twice"
        );
        assert_eq!(store.operations(id).await.unwrap(), [&log[..], &after[..]].concat());
        assert_eq!(store.segments_of(id).await.unwrap(), []);
        assert_eq!(store.segment(Id(5)).await.unwrap().unwrap().away, 0);
        // What was announced and taken back takes nothing.
        statement(store, segment(6, kind, at, at).announce()).await;
        statement(store, Segment::take_back(Id(6))).await;
        assert!(!leave(store, kind, 6, &rows).await);
        assert_eq!(store.operations(id).await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_leaves_whole_over_its_version_and_is_found_by_every_number() {
    on_every_store(async |store, _| {
        let kind = SegmentKind::Orders;
        let tree = place(store, Order { shops: 2, lines: 2, ..Order::new(1) }).await;
        let other = place(store, Order::new(2)).await;
        let id = tree.id();
        suite::add_snapshot(store, id).await;
        let old = store.kept_rows(kind, id).await.unwrap();
        tag(store, &tree, "seen").await;
        assert!(!leave(store, kind, 9, &old).await, "it changed since");
        let now = store.tree(id).await.unwrap();
        let rows = store.kept_rows(kind, id).await.unwrap();
        assert_eq!(
            KeptRow::trees(rows.clone()).unwrap(),
            now.clone().into_iter().collect::<Vec<_>>()
        );
        let at = tree.payment.created_at;
        statement(store, segment(9, kind, at, at).announce()).await;
        assert!(leave(store, kind, 9, &rows).await);
        assert_eq!(store.tree(id).await.unwrap(), None);
        assert_eq!(store.kept_rows(kind, id).await.unwrap(), []);
        let (shop, item) = (tree.shops[1].id, tree.shops[1].items[1].id);
        for node in [id, shop, item] {
            let found = store.archived_order(node).await.unwrap().unwrap();
            assert_eq!((found.tree, found.segment), (id, Id(9)), "{node}");
        }
        assert_eq!(store.archived_order(other.id()).await.unwrap(), None);
        assert_eq!(store.archived_orders_of("b1", Id(0), 9).await.unwrap(), [id]);
        assert_eq!(store.archived_orders_of("b1", id, 9).await.unwrap(), []);
        assert_eq!(suite::all_ids(store).await, [other.id()]);

        assert!(all(store, move_back(kind, Id(9), id, &rows, LATER)).await);
        assert_eq!(store.tree(id).await.unwrap(), now);
        assert_eq!(store.kept_rows(kind, id).await.unwrap(), rows);
        assert_eq!(store.archived_order(shop).await.unwrap(), None);
    })
    .await;
}

/// An order that its source calls `number`, told by an issuer.
async fn numbered(store: &Store, buyer: i32, number: &'static str) -> Arc<Tree> {
    let placing = suite::run(store, Vec::new(), move |_, cx| {
        let (tree, mut writes) = suite::placed(&Order::new(buyer), cx);
        let mut tree = Tree::clone(&tree);
        tree.payment.external_id = Some(number.to_owned());
        let tree = Arc::new(tree);
        writes.trees[0].tree = Arc::clone(&tree);
        let issuer = format!("shop {buyer}");
        let name = ["external", "issuer", &issuer, number].join("\u{1f}");
        writes.unique.push((name, tree.id(), None));
        Ok((Some(writes), tree))
    });
    placing.await.expect("placed")
}

/// What a piece of the lane sees under a number.
async fn seen(store: &Store, number: &'static str) -> Vec<Id> {
    let looking = suite::run(store, vec![docket_store::Key::Number(number.to_owned())], {
        move |view, _| Ok((None, view.number(number)?.to_vec()))
    });
    looking.await.expect("looked up")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_found_by_the_number_of_its_source_wherever_it_is() {
    on_every_store(async |store, database| {
        let kind = SegmentKind::Orders;
        let (one, other) = (numbered(store, 1, "A-7").await, numbered(store, 2, "A-7").await);
        let id = one.id();
        let mut both = [id, other.id()];
        both.sort_unstable();
        assert_eq!(store.by_number("A-7").await.unwrap(), both);
        assert_eq!(seen(store, "A-7").await, both);
        assert_eq!(seen(store, "A-8").await, []);
        let at = one.payment.created_at;
        let rows = store.kept_rows(kind, id).await.unwrap();
        statement(store, segment(9, kind, at, at).announce()).await;
        assert!(leave(store, kind, 9, &rows).await);
        assert_eq!(store.archived_orders().await.unwrap(), 1);
        assert_eq!(store.archived_by_number("A-7").await.unwrap(), [id]);
        assert_eq!(store.by_number("A-7").await.unwrap(), [other.id(), id]);
        assert_eq!(seen(store, "A-7").await.len(), 2);
        let page = store.archived_orders_after(Id(0), 9).await.unwrap();
        assert_eq!(page.iter().map(|order| order.tree).collect::<Vec<_>>(), [id]);
        assert_eq!(store.archived_orders_after(id, 9).await.unwrap(), []);

        // One that left before there was the column has its number in its unique key alone.
        let url = database.url();
        let step = match docket_store::sqlite_path(&url) {
            Some(_) => include_str!("../migrations/sqlite/0002_bounds.sql"),
            None => include_str!("../migrations/mysql/0002_bounds.sql"),
        };
        let update = step.split(";\n").find(|part| part.starts_with("UPDATE archive_order"));
        let update = update.expect("the step fills the column");
        for sql in ["UPDATE archive_order SET external_id = NULL", update] {
            if let Some(path) = docket_store::sqlite_path(&url) {
                rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
            } else {
                let mut there = sqlx::MySqlConnection::connect(&url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut there).await.unwrap();
            }
        }
        assert_eq!(store.archived_by_number("A-7").await.unwrap(), [id]);
        assert!(all(store, move_back(kind, Id(9), id, &rows, LATER)).await);
        assert_eq!(store.by_number("A-7").await.unwrap(), both);
        assert_eq!(store.archived_by_number("A-7").await.unwrap(), []);
    })
    .await;
}
