//! What the conformance tests share: orders made up, pieces run, stores opened on every database.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

use docket_domain::tree::{Deadline, Home, Revoke, Tree};
use docket_domain::words::{DeadlineKind, Fulfilment, OrderType, Platform, Status, Visible};
use docket_domain::{
    Actor, ActorKind, Amount, Currency, Gene, Hlc, Id, ItemOrder, LogEntry, OperationKind,
    PaymentOrder, Quantity, Remark, ShopOrder, Time, change,
};
use docket_store::{
    Context, Cursor, Filter, Held, Key, Need, Options, Piece, Priority, Refused, Snapshot,
    Statement, Store, TreeWrite, View, Writes,
};
use docket_testkit::TestDatabase;
use std::sync::Arc;
use tokio::sync::oneshot;

pub type Verdict<T> = Result<(Option<Writes>, T), Need>;

/// The moment at which every test happens unless it says otherwise.
const NOW: i64 = 1_800_000_000_000;

/// An order to make up.
#[derive(Clone)]
pub struct Order {
    pub buyer: i32,
    pub shops: usize,
    pub lines: usize,
    pub at: i64,
    pub due: Option<i64>,
    pub gene: Option<Gene>,
    pub home: Home,
}

impl Order {
    pub const fn new(buyer: i32) -> Self {
        Self { buyer, shops: 1, lines: 1, at: NOW, due: None, gene: None, home: Home::Center }
    }
}

pub fn options(url: &str) -> Options {
    Options {
        url: url.to_owned(),
        clock: Arc::new(|| Time(NOW)),
        queue: 4096,
        upgrade: true,
        birth: docket_store::Birth::default(),
        read_deadline: docket_store::READ_DEADLINE,
    }
}

pub async fn open(url: &str) -> Arc<Store> {
    Arc::new(Store::open(options(url)).await.unwrap_or_else(|error| panic!("{url}: {error}")))
}

pub async fn on_every_store(test: impl AsyncFn(&Arc<Store>, &TestDatabase)) {
    for database in docket_testkit::databases() {
        let store = open(&database.url()).await;
        test(&store, &database).await;
        store.close().await;
    }
}

struct Work<T, F> {
    keys: Vec<Key>,
    decide: F,
    answer: Option<T>,
    reply: oneshot::Sender<Result<T, Refused>>,
}

impl<T: Send, F: FnMut(&View, &mut Context<'_>) -> Verdict<T> + Send> Piece for Work<T, F> {
    fn keys(&self) -> Vec<Key> {
        self.keys.clone()
    }

    fn decide(&mut self, view: &View, cx: &mut Context<'_>) -> Result<Option<Writes>, Need> {
        let (writes, answer) = (self.decide)(view, cx)?;
        self.answer = Some(answer);
        Ok(writes)
    }

    fn settle(self: Box<Self>, outcome: Result<(), Refused>) {
        let Self { answer, reply, .. } = *self;
        let _ = reply.send(outcome.map(|()| answer.expect("it decided")));
    }
}

pub async fn run_at<T: Send + 'static>(
    store: &Store,
    priority: Priority,
    keys: Vec<Key>,
    decide: impl FnMut(&View, &mut Context<'_>) -> Verdict<T> + Send + 'static,
) -> Result<T, Refused> {
    let (reply, answered) = oneshot::channel();
    store.submit(priority, Box::new(Work { keys, decide, answer: None, reply })).unwrap();
    answered.await.expect("every piece is answered")
}

pub async fn run<T: Send + 'static>(
    store: &Store,
    keys: Vec<Key>,
    decide: impl FnMut(&View, &mut Context<'_>) -> Verdict<T> + Send + 'static,
) -> Result<T, Refused> {
    run_at(store, Priority::Interactive, keys, decide).await
}

pub async fn write(
    store: &Store,
    keys: Vec<Key>,
    writes: impl Fn(&mut Context<'_>) -> Writes + Send + 'static,
) -> Result<(), Refused> {
    run(store, keys, move |_, cx| Ok((Some(writes(cx)), ()))).await
}

pub async fn statement(store: &Store, statement: Statement) {
    let writes = move |_: &mut Context<'_>| Writes {
        statements: vec![statement.clone()],
        ..Writes::default()
    };
    write(store, Vec::new(), writes).await.unwrap();
}

pub async fn place(store: &Store, order: Order) -> Arc<Tree> {
    let placing = run(store, Vec::new(), move |_, cx| {
        let (tree, writes) = placed(&order, cx);
        Ok((Some(writes), tree))
    });
    placing.await.unwrap()
}

/// The tree of `order` and what placing it writes.
pub fn placed(order: &Order, cx: &mut Context<'_>) -> (Arc<Tree>, Writes) {
    let buyer = format!("b{}", order.buyer);
    let gene = order.gene.unwrap_or(Gene::of(&buyer));
    let at = Time(order.at);
    let mut next = || cx.ids.next(cx.now, gene);
    let payment = PaymentOrder {
        id: next(),
        version: 1,
        terms_version: 1,
        terms_at: None,
        home: order.home.clone(),
        order_type: OrderType::Goods,
        market: 0,
        platform: Platform::All,
        channel: None,
        external_id: None,
        issuer: "test".to_owned(),
        client_token: None,
        source: None,
        buyer_id: Some(buyer),
        currency: Currency::in_use("CNY").unwrap(),
        visible: Visible::Yes,
        extra: None,
        tags: Vec::new(),
        platform_discount: Amount::ZERO,
        coupons: Vec::new(),
        coins: Amount::ZERO,
        third_party_discount: Amount::ZERO,
        tax: docket_domain::tree::Tax::Included,
        payments: Vec::new(),
        attempts: Vec::new(),
        refunds_due: Vec::new(),
        revoke: Revoke::None,
        deadline: order.due.map(|at| Deadline {
            kind: DeadlineKind::PayBy,
            at: Time(at),
            stopped_with: None,
        }),
        pay_by: None,
        reported_payment: None,
        notes: 0,
        anomalies: Vec::new(),
        ledgers: docket_domain::tree::Ledgers::default(),
        created_at: at,
        updated_at: at,
    };
    let mut shops = Vec::new();
    for shop in 0..order.shops {
        let id = next();
        let items = (0..order.lines).map(|line| item(next(), line)).collect();
        shops.push(shop_order(id, shop, items, at));
    }
    let tree = Arc::new(Tree { payment, shops });
    let entry = entry(&tree, OperationKind::Place, None, cx.now);
    let trees = vec![TreeWrite { tree: Arc::clone(&tree), entry }];
    (tree, Writes { trees, ..Writes::default() })
}

fn shop_order(id: Id, n: usize, items: Vec<ItemOrder>, at: Time) -> ShopOrder {
    let json = serde_json::json!({
        "id": id, "shop_id": format!("s{n}"), "place": "main", "fulfilment": Fulfilment::Parcel,
        "created_at": at, "updated_at": at,
    });
    let shop: ShopOrder = serde_json::from_value(json).unwrap();
    ShopOrder { items, ..shop }
}

fn item(id: Id, n: usize) -> ItemOrder {
    let json = serde_json::json!({
        "id": id, "sku_id": format!("sku{n}"), "title": "茶 🍵", "list_price": 1000, "quantity": 1000,
    });
    serde_json::from_value(json).unwrap()
}

fn entry(tree: &Tree, kind: OperationKind, before: Option<&Tree>, at: Time) -> LogEntry {
    let (before, after) = change::images(before, tree);
    LogEntry {
        tree: tree.id(),
        site: 0,
        seq: tree.payment.version,
        version: Some(tree.payment.version),
        hlc: Hlc::of(at, tree.payment.version),
        node: tree.id(),
        kind,
        actor: Actor { id: Some("tester".to_owned()), ..Actor::of(ActorKind::Store) },
        from_status: None,
        to_status: Status::Created,
        parameters: serde_json::Map::new(),
        before,
        after,
        remark: Remark { en: None, cn: Some("备注".to_owned()) },
        at,
        happened_at: None,
    }
}

/// `before` with one more tag.
pub fn tagged(before: &Arc<Tree>, tag: &str, at: Time) -> Writes {
    let mut tree = Tree::clone(before);
    tree.payment.version += 1;
    tree.payment.updated_at = at;
    tree.payment.tags.push(tag.to_owned());
    let entry = entry(&tree, OperationKind::Tag, Some(before), at);
    Writes { trees: vec![TreeWrite { tree: Arc::new(tree), entry }], ..Writes::default() }
}

pub fn snapshot(tree: Id, terms_version: u32) -> Snapshot {
    Snapshot {
        tree,
        terms_version,
        at: Time(1),
        sha256: [5; 32],
        body: vec![1, 2, 3],
        forgotten_at: None,
    }
}

pub async fn add_snapshot(store: &Store, tree: Id) {
    let writes = move |_: &mut Context<'_>| Writes {
        snapshots: vec![snapshot(tree, 1)],
        ..Writes::default()
    };
    // The culprit of the halving test may have been faster.
    let _ = write(store, Vec::new(), writes).await;
}

pub fn hold(sku: &str, units: i64) -> Held {
    Held {
        moved: Quantity::ZERO,
        place: "main".to_owned(),
        sku_id: sku.to_owned(),
        count: None,
        on_hand: Quantity::ZERO,
        held: Quantity(units * 1000),
        guarded: true,
    }
}

pub fn stock_keys(skus: &[&str]) -> Vec<Key> {
    let key = |sku: &&str| Key::Stock { place: "main".to_owned(), sku_id: (*sku).to_owned() };
    skus.iter().map(key).collect()
}

pub async fn count(store: &Store, sku: &'static str, units: i64) {
    let counted = move |_: &mut Context<'_>| Writes {
        stock: vec![Held { count: Some(Quantity(units * 1000)), ..hold(sku, 0) }],
        ..Writes::default()
    };
    write(store, stock_keys(&[sku]), counted).await.unwrap();
}

/// Places an order that holds one unit of `sku`, if there is one.
pub async fn hold_one(store: &Store, buyer: i32, sku: &'static str) -> bool {
    let placing = run(store, stock_keys(&[sku]), move |view, cx| {
        let stock = view.stock("main", sku)?.expect("it was counted");
        if stock.available() < Quantity::ONE {
            return Ok((None, false));
        }
        let (_, mut writes) = placed(&Order::new(buyer), cx);
        writes.stock = vec![hold(sku, 1)];
        Ok((Some(writes), true))
    });
    placing.await.unwrap_or(false)
}

/// On hand and held, in units.
pub async fn stock_of(store: &Store, sku: &str) -> (i64, i64) {
    let places = store.stock(sku).await.unwrap();
    (places[0].1.on_hand.0 / 1000, places[0].1.held.0 / 1000)
}

/// Every order of `filter`, page by page.
pub async fn list(store: &Store, filter: Filter) -> Vec<Id> {
    let mut found = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = store.list(&Filter { cursor, ..filter.clone() }).await.unwrap();
        assert!(page.ids.len() <= filter.limit);
        found.extend(page.ids);
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

pub async fn all_ids(store: &Store) -> Vec<Id> {
    list(store, Filter { limit: 100, ..Filter::default() }).await
}
