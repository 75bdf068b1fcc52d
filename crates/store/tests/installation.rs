//! What a database records of its installation from birth, whose numbers it gives, and what stands of copies.

#[allow(dead_code)] // shared with the conformance suite, which needs more of it
mod suite;

use docket_domain::seat::{Seat, Site};
use docket_domain::tree::Home;
use docket_domain::{Id, Time};
use docket_store::{
    Birth, Nodes, NotThis, Options, Store, StoreError, Taken, backup, installation, restore,
    take_file,
};
use docket_testkit::{Database, databases};
use suite::{Order, on_every_store, open, options, place};

const YEAR: i64 = 365 * 86_400_000;
const NOW: i64 = 1_800_000_000_000;

fn born(url: &str, id: u128, seat: Option<Seat>, nodes: Option<Nodes>) -> Options {
    Options { birth: Birth { id, seat, nodes }, ..options(url) }
}

/// Why a database of `options` is not opened.
async fn refused(options: Options) -> NotThis {
    match Store::open(options).await.err() {
        Some(StoreError::NotThis(why)) => why,
        other => panic!("it is refused, but: {other:?}"),
    }
}

const fn node_of(id: Id) -> u16 {
    (id.0 >> 12 & 0xfff) as u16
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_is_is_recorded_at_birth_and_holds_whatever_is_said_later() {
    for database in databases() {
        let url = database.url();
        let store = Store::open(born(&url, 7, None, None)).await.unwrap();
        let first = store.installation().clone();
        assert_eq!(first.id, format!("{:032x}", 7));
        assert_eq!((&first.seat, first.nodes), (&Seat::Center, Nodes::CENTER));
        store.close().await;
        drop(store);
        let store = Store::open(born(&url, 8, Some(Seat::Center), None)).await.unwrap();
        assert_eq!(*store.installation(), first);
        store.close().await;
        drop(store);
        let asked = Seat::Branch("north".to_owned());
        let why = refused(born(&url, 8, Some(asked.clone()), Some(Nodes { first: 9, last: 9 })));
        assert_eq!(why.await, NotThis::Seat { recorded: Seat::Center, asked });
        let asked = Nodes { first: 0, last: 127 };
        let why = refused(born(&url, 8, None, Some(asked))).await;
        assert_eq!(why, NotThis::Nodes { recorded: Nodes::CENTER, asked });
        assert_eq!(installation(&url).await.unwrap(), Some(first));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_that_make_a_database_at_one_moment_all_are_the_same() {
    let database = Database::Mariadb.fresh();
    let url = database.url();
    let opened = (0..4).map(|id| Store::open(born(&url, id, None, None)));
    let stores = futures_util::future::join_all(opened).await;
    let ids: Vec<_> = stores.iter().map(|s| s.as_ref().unwrap().installation().clone()).collect();
    assert!(ids.iter().all(|found| *found == ids[0]), "{ids:?}");
    for store in stores {
        store.unwrap().close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_given_with_the_nodes_of_the_installation_alone_until_they_are_used_up() {
    let sites = [Site::Buyers, Site::Sellers].map(|site| (Seat::Site(site), None));
    let branch = (Seat::Branch("north".to_owned()), Some(Nodes { first: 300, last: 300 }));
    for (seat, nodes) in sites.into_iter().chain([branch]) {
        for database in databases() {
            let made = born(&database.url(), 1, Some(seat.clone()), nodes);
            let store = Store::open(made).await.unwrap();
            let range = store.installation().nodes;
            for n in 0..5 {
                let tree = place(&store, Order { home: seat.home(), ..Order::new(n) }).await;
                assert!(range.all().any(|node| node == node_of(tree.id())), "{seat}");
            }
            store.close().await;
        }
    }
    let database = Database::Mariadb.fresh();
    let range = Nodes { first: 300, last: 301 };
    let made = || born(&database.url(), 1, Some(Seat::Branch("north".to_owned())), Some(range));
    let held = [Store::open(made()).await.unwrap(), Store::open(made()).await.unwrap()];
    assert_eq!(refused(made()).await, NotThis::NodesTaken(range));
    for store in held {
        store.close().await;
    }
    let none = born(&Database::Sqlite.fresh().url(), 1, Some(Seat::Branch("n".to_owned())), None);
    assert_eq!(refused(none).await, NotThis::NoNodes("branch:n".to_owned()));
}

/// A number that was given back waits for no lease, and its numbers go on from where they were: many short lives in a row
/// do not run ahead of the clock.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_gives_its_node_back_and_the_next_goes_on_from_there() {
    for database in databases() {
        let one = Nodes { first: 300, last: 300 };
        let made = || born(&database.url(), 1, Some(Seat::Branch("north".to_owned())), Some(one));
        let home = Seat::Branch("north".to_owned()).home();
        let mut last = Id(0);
        for n in 0..20 {
            let store = Store::open(made()).await.unwrap();
            let order = Order { home: home.clone(), ..Order::new(n) };
            let id = place(&store, order).await.id();
            assert!(id > last, "{id} after {last}");
            last = id;
            store.close().await;
        }
        let newest = Id::newest_at(Time(NOW + 1_000));
        assert!(last < newest, "{last} is more than a second ahead");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_file_gives_its_numbers_with_another_node() {
    let database = Database::Sqlite.fresh();
    let store = Store::open(born(&database.url(), 7, None, None)).await.unwrap();
    let own = place(&store, Order::new(1)).await;
    let before = store.installation().clone();
    store.close().await;
    drop(store);
    let path = |url: &str| docket_store::sqlite_path(url).unwrap();
    let mut nodes = vec![node_of(own.id())];
    for lot in [20, 21] {
        let copy = Database::Sqlite.fresh();
        std::fs::copy(path(&database.url()), path(&copy.url())).unwrap();
        for _ in 0..2 {
            let store = Store::open(born(&copy.url(), lot, None, None)).await.unwrap();
            let now = store.installation().clone();
            assert_eq!((&now.id, &now.seat), (&before.id, &before.seat));
            assert!(now.epoch > before.epoch, "it may have gone back");
            let tree = place(&store, Order::new(1)).await;
            assert_eq!(now.node, Some(node_of(tree.id())), "and it stays so");
            nodes.push(node_of(tree.id()));
            store.close().await;
        }
    }
    nodes.dedup();
    assert_eq!(nodes.len(), 3, "{nodes:?}");
    let store = open(&database.url()).await;
    assert_eq!(node_of(place(&store, Order::new(1)).await.id()), nodes[0], "the first goes on");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_file_with_one_node_number_becomes_what_a_person_says() {
    let database = Database::Sqlite.fresh();
    let branch = Some(Seat::Branch("north".to_owned()));
    let node = Some(Nodes { first: 300, last: 300 });
    let store = Store::open(born(&database.url(), 7, branch, node)).await.unwrap();
    let before = store.installation().clone();
    store.close().await;
    drop(store);
    for (taken, id) in [(Taken::Moved, 7), (Taken::Another(9), 9)] {
        let copy = Database::Sqlite.fresh();
        let path = |url: &str| docket_store::sqlite_path(url).unwrap();
        std::fs::copy(path(&database.url()), path(&copy.url())).unwrap();
        let why = refused(born(&copy.url(), 8, None, None)).await;
        assert!(matches!(why, NotThis::Copied { id, .. } if id == before.id));
        let taken = take_file(&copy.url(), taken, Time(0)).await.unwrap().unwrap();
        assert_eq!(taken.id, format!("{id:032x}"));
        assert!(taken.epoch > before.epoch, "it may have gone back");
        let store = Store::open(born(&copy.url(), 8, None, None)).await.unwrap();
        assert_eq!(*store.installation(), taken);
        store.close().await;
    }
    open(&database.url()).await.close().await;
    // One that is restored has the numbers it had: nobody has to say them again.
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("docket.backup");
    backup(&database.url(), &kept, |_, _| {}, std::future::pending()).await.unwrap();
    let restored = Database::Sqlite.fresh();
    restore(&restored.url(), &kept, Time(1), |_, _| {}).await.unwrap();
    let store = open(&restored.url()).await;
    assert_eq!(
        (&store.installation().seat, store.installation().nodes),
        (&before.seat, before.nodes)
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restored_is_the_installation_of_the_backup_at_a_later_epoch() {
    on_every_store(async |store, source| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("docket.backup");
        let was = store.installation();
        backup(&source.url(), &file, |_, _| {}, std::future::pending()).await.unwrap();
        for target in databases() {
            let other = Store::open(born(&target.url(), 99, None, None)).await.unwrap();
            other.close().await;
            drop(other);
            // A clock that was set back raises it all the same.
            let done = restore(&target.url(), &file, Time(1), |_, _| {}).await.unwrap();
            assert_eq!(done.replaced, Some(format!("{:032x}", 99)));
            let center = open(&target.url()).await;
            let is = center.installation();
            assert_eq!((&is.id, &is.seat, is.nodes), (&was.id, &was.seat, was.nodes));
            assert!(is.epoch > was.epoch);
            center.close().await;
            drop(center);
            let again = restore(&target.url(), &file, Time(1), |_, _| {}).await.unwrap();
            assert_eq!(again.replaced, None);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_timer_looks_at_a_copy_however_long_ago_its_deadline_passed() {
    on_every_store(async |store, _| {
        let due = |home: Home, n| Order { due: Some(NOW - YEAR), home, ..Order::new(n) };
        for n in 0..20 {
            place(store, due(Home::Branch("north".to_owned()), n)).await;
        }
        assert_eq!(store.due(Time(NOW), 10).await.unwrap(), []);
        assert_eq!(store.next_due().await.unwrap(), None);
        let ours = place(store, due(Home::Center, 50)).await;
        assert_eq!(store.due(Time(NOW), 10).await.unwrap(), [ours.id()]);
    })
    .await;
}
