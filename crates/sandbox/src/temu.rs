//! A marketplace in memory that speaks Temu's open API: `POST /openapi/router` gives the orders, packages and
//! products of several shops to whoever signs with the secret of their app; a tester changes orders, makes calls
//! misbehave, skips time and asks for the truth at `/control`.
//!
//! How a request is read and signed stands in `received`, whether it may in `gate`, what it gets in `calls`; what a
//! shop has in `shop`, `order`, `product` and `money`, where that comes from in `seeded` and `filed`, what happens to it in
//! `changes`, how it looks in `render`; what apps are told of it in `push`, how calls and pushes misbehave in `behave`,
//! what is true whatever lists say in `truth`.

mod behave;
mod calls;
mod changes;
mod control;
mod filed;
mod gate;
mod limiter;
mod money;
mod order;
mod product;
mod push;
mod received;
mod refusal;
mod render;
mod router;
mod seeded;
mod shop;
mod truth;

pub use crate::pace::Clock;
pub use behave::words;
pub use filed::{BadLine, Spread, Tree, brought_up_to, read_orders};
pub use router::serve;

use crate::chance;
use crate::pace::Pace;
use behave::Rules;
use limiter::Limiter;
use shop::Shop;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The app that a sandbox knows unless told otherwise.
pub const APP_KEY: &str = "docket-app";
/// That app's secret; no secret at all, since a sandbox sells nothing.
pub const APP_SECRET: &str = "docket-sandbox-secret";
/// How many calls an app may make in any second, all its shops together.
pub const LIMIT: usize = 20;

/// How a marketplace is set up.
#[derive(Clone)]
pub struct Settings {
    /// All chance comes from this: orders, tokens, request ids.
    pub seed: u64,
    /// Where the time comes from.
    pub clock: Clock,
    /// How many shops the one app has at the start.
    pub shops: usize,
    /// How many orders each of them has at the start.
    pub orders: usize,
    /// Over how many days back their creation is spread.
    pub days: u32,
    /// How many calls an app may make in any second; 0 for as many as it likes.
    pub limit: usize,
    /// Orders out of a file, and which shops get them.
    pub filed: Vec<Tree>,
    /// Whether all of them go to the first shop.
    pub spread: Spread,
}

impl Settings {
    /// Three shops with 200 orders each over the last 90 days.
    pub fn new(seed: u64, clock: Clock) -> Self {
        let (filed, spread) = (vec![], Spread::OneShop);
        Self { seed, clock, shops: 3, orders: 200, days: 90, limit: LIMIT, filed, spread }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({} shops of {} orders, seed {})", self.shops, self.orders, self.seed)
    }
}

/// A running marketplace.
struct Market {
    settings: Settings,
    pace: Pace,
    memory: Mutex<Memory>,
    /// Pushes that are under way.
    jobs: TaskTracker,
    stop: CancellationToken,
}

/// What it remembers.
struct Memory {
    apps: BTreeMap<String, App>,
    /// By number, as they were added.
    shops: Vec<Shop>,
    rules: Rules,
    /// What is added to the clock that callers are told, in milliseconds.
    offset_ms: i64,
    /// Where pushes go to.
    push_url: Option<String>,
    /// Codes that a token can be had for: of which shop, and until when, in milliseconds.
    codes: BTreeMap<String, (String, i64)>,
    codes_made: u64,
    /// How many requests were answered: part of their ids.
    requests: u64,
}

/// Who signs calls.
struct App {
    secret: String,
    limiter: Limiter,
}

impl Memory {
    fn shop(&self, mall_id: &str) -> Option<usize> {
        self.shops.iter().position(|shop| shop.mall_id == mall_id)
    }
}

impl Market {
    fn new(settings: Settings) -> Arc<Self> {
        let mut memory = Memory {
            apps: BTreeMap::new(),
            shops: vec![],
            rules: Rules::default(),
            offset_ms: 0,
            push_url: None,
            codes: BTreeMap::new(),
            codes_made: 0,
            requests: 0,
        };
        let app = App { secret: APP_SECRET.to_owned(), limiter: Limiter::new(settings.limit) };
        memory.apps.insert(APP_KEY.to_owned(), app);
        let now = (settings.clock)() / 1000;
        memory.shops = opening(&settings, now);
        for shop in &mut memory.shops {
            shop.fill(settings.seed, settings.orders, settings.days, now);
        }
        filed::give(&settings.filed, &mut memory.shops, settings.spread);
        let (jobs, stop) = (TaskTracker::new(), CancellationToken::new());
        Arc::new(Self { settings, pace: Pace::new(), memory: Mutex::new(memory), jobs, stop })
    }

    /// What is remembered. Held for moments, never while something is waited for.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().expect("nothing panics while it holds what is remembered")
    }

    /// The present time with what was skipped, in milliseconds: what limits and waiting go by.
    fn passed(&self) -> i64 {
        let skipped = i64::try_from(self.pace.skipped()).unwrap_or(i64::MAX);
        (self.settings.clock)().saturating_add(skipped)
    }

    /// The present time as the marketplace tells it, in milliseconds.
    fn told(&self, memory: &Memory) -> i64 {
        self.passed().saturating_add(memory.offset_ms)
    }
}

/// A shop as its owner needs it to connect it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Key {
    /// The shop's number at the marketplace.
    pub mall_id: String,
    /// The app that may read it.
    pub app_key: String,
    /// What calls for it carry.
    pub access_token: String,
    /// What the shop is called in the file that its orders came from; empty where they are made up.
    pub name: String,
    /// Where it is: `us`, `eu` or `global`.
    pub region: &'static str,
}

/// The shops that there are at the start, without orders: as many as are asked for, or one for each shop of a file.
fn opening(settings: &Settings, now: i64) -> Vec<Shop> {
    let names = match settings.spread {
        Spread::OneShop => vec![],
        Spread::ByShop => filed::shop_names(&settings.filed),
    };
    let shop = |nth: usize| {
        let mut shop = Shop::new(settings.seed, nth, APP_KEY, now);
        shop.name = names.get(nth).cloned().unwrap_or_default();
        shop
    };
    (0..settings.shops.max(names.len())).map(shop).collect()
}

/// The keys of the shops that a marketplace with these settings has at the start.
pub fn keys(settings: &Settings) -> Vec<Key> {
    opening(settings, 0).iter().map(Shop::key).collect()
}

/// A name that nobody guesses by accident: 32 hexadecimal digits.
fn opaque(seed: u64, what: &str, which: &str) -> String {
    let half = |part: &str| chance::number(seed, what, &format!("{which} {part}"));
    format!("{:016x}{:016x}", half("first"), half("second"))
}
