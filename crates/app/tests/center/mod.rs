//! A center for tests: on every database, with a clock that is moved by hand.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

use docket_app::access::Principal;
use docket_app::vault::Vault;
use docket_app::{
    Answer, App, Clock, Error, Idempotency, SetPrice, Settings, StockChange, StockChangeKind,
};
use docket_domain::story::Language;
use docket_domain::{Currency, Id, Quantity, Time};
use docket_store::Store;
use docket_wire::{Markets, operation, placement};
use serde_json::{Value, json};
use std::sync::Arc;

/// When every test begins: 2027-01-15.
pub const NOW: Time = Time(1_800_000_000_000);

/// One center with everything a test needs of it.
pub struct Center {
    pub app: App,
    pub store: Arc<Store>,
    pub clock: Clock,
    pub who: Principal,
}

pub async fn on_every_center(test: impl AsyncFn(&Center)) {
    for database in docket_testkit::databases() {
        let center = Center::open(&database.url()).await;
        Box::pin(test(&center)).await;
        center.app.stop().await;
    }
}

impl Center {
    pub async fn open(url: &str) -> Self {
        Self::open_with(Settings::new(url)).await
    }

    pub async fn open_with(settings: Settings) -> Self {
        let clock = Clock::fixed(NOW);
        let opened = App::open_with_store(settings, Vault::throw_away(), clock.clone()).await;
        let (app, store) = opened.unwrap();
        Self { app, store, clock, who: Principal::local() }
    }

    pub async fn place(&self, body: &Value) -> Result<Answer, Error> {
        self.place_as(&self.who, body, None).await
    }

    pub async fn place_as(
        &self,
        who: &Principal,
        body: &Value,
        key: Option<Idempotency>,
    ) -> Result<Answer, Error> {
        let mut body = body.clone();
        if body.get("actor").is_none() {
            body["actor"] = json!({"kind": "buyer", "id": "1001"});
        }
        let placed = placement::read(body.to_string().as_bytes(), &Markets::default()).unwrap();
        self.app.place(who, placed, key).await
    }

    /// Asks for an operation as an actor of `kind`.
    pub async fn ask(&self, node: Id, kind: &str, body: Value) -> Result<Answer, Error> {
        self.ask_as(&self.who, node, kind, body).await
    }

    pub async fn ask_as(
        &self,
        who: &Principal,
        node: Id,
        kind: &str,
        mut body: Value,
    ) -> Result<Answer, Error> {
        body["actor"] = json!({"kind": kind});
        let posted = operation::read(body.to_string().as_bytes(), node, Language::En).unwrap();
        self.app.operate(who, posted, None).await
    }

    pub async fn pay(&self, node: Id, reference: &str, amount: i64) -> Result<Answer, Error> {
        let body = json!({"type": "payment_succeeded", "tender": "wechat", "reference": reference, "amount": amount});
        self.ask(node, "gateway", body).await
    }

    /// Keeps the writer busy until the answer is called.
    pub fn hold_the_writer(&self) -> impl FnOnce() + use<> {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let held = Box::new(Held(std::sync::Mutex::new(released)));
        self.store.submit(docket_store::Priority::Interactive, held).unwrap();
        // The piece counts as taken once it no longer waits.
        docket_testkit::eventually("the writer takes the piece", || self.store.waiting() == (0, 0));
        move || release.send(()).unwrap()
    }

    pub async fn count(&self, sku: &str, units: i64) {
        let change = StockChange {
            sku_id: sku.to_owned(),
            place: "main".to_owned(),
            quantity: Quantity(units * 1000),
            kind: StockChangeKind::Count,
            reason: "count".to_owned(),
        };
        self.app.change_stock(&self.who, change).await.unwrap();
    }

    /// On hand and held, in units.
    pub async fn stock(&self, sku: &str) -> (i64, i64) {
        let stock = self.app.stock(&self.who, sku).await.unwrap().places[0].1;
        (stock.on_hand.0 / 1000, stock.held.0 / 1000)
    }

    pub async fn set_price(&self, sku: &str, price: i64) {
        let set = SetPrice {
            sku_id: sku.to_owned(),
            place: String::new(),
            currency: Currency::in_use("CNY").unwrap(),
            price,
            title: None,
        };
        self.app.set_price(&self.who, set).await.unwrap();
    }
}

/// An order of one shop and one line of `units`.
pub fn order(sku: &str, units: i64) -> Value {
    json!({
        "buyer_id": "1001", "currency": "CNY",
        "shops": [{"shop_id": "11", "items": [
            {"sku_id": sku, "title": "Tea", "quantity": units.to_string(), "list_price": 1000}
        ]}]
    })
}

/// An order of two shops with two lines each, discounts, freight and people.
pub fn big_order(n: i64) -> Value {
    let ship_to = json!({"name": "王小明", "phone": format!("1380000{:04}", n % 10_000), "province": "广东", "city": "广州", "district": "天河", "address": "天河路 1 号", "zip": "510000"});
    let item = |sku: i64| json!({"sku_id": format!("sku{}", sku % 10_000), "item_id": "9", "title": "龙井茶 250g", "quantity": "2", "list_price": 6000, "item_discount": 200, "attributes": {"size": "L"}});
    let shop = |shop: i64, sku: i64| json!({"shop_id": format!("shop{}", shop % 100), "freight": 600, "shop_discount": 300, "ship_to": ship_to, "items": [item(sku), item(sku + 1)]});
    json!({
        "buyer_id": format!("buyer{}", n * 7919 % 100_000), "currency": "CNY", "platform": "h5",
        "platform_discount": 500, "coins": 100,
        "shops": [shop(n * 31, n * 101), shop(n * 31 + 1, n * 101 + 5000)]
    })
}

/// An idempotency key.
pub fn key(n: u8, body: u8) -> Idempotency {
    Idempotency { hash: [n; 32], fingerprint: [body; 32] }
}

/// A piece of work that takes until it is released.
struct Held(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);

impl docket_store::Piece for Held {
    fn keys(&self) -> Vec<docket_store::Key> {
        Vec::new()
    }

    fn decide(
        &mut self,
        _: &docket_store::View,
        _: &mut docket_store::Context<'_>,
    ) -> Result<Option<docket_store::Writes>, docket_store::Need> {
        self.0.lock().unwrap().recv().unwrap();
        Ok(None)
    }

    fn settle(self: Box<Self>, _: Result<(), docket_store::Refused>) {}
}

/// Lets all of `futures` begin, then calls `begun`, then waits for all.
pub async fn join_after<T>(futures: Vec<impl Future<Output = T>>, begun: impl FnOnce()) -> Vec<T> {
    let mut pinned: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = pinned.iter().map(|_| None).collect();
    let mut begun = Some(begun);
    std::future::poll_fn(move |cx| {
        for (future, done) in pinned.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *done = Some(value);
            }
        }
        if let Some(begun) = begun.take() {
            begun();
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(done.iter_mut().filter_map(Option::take).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}
