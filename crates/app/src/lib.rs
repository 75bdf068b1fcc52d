//! What Docket does, without HTTP and without SQL: the lane and the use cases around it.
//!
//! A use case reads what it needs, hands a pure, repeatable piece of work to the lane, and answers after the
//! commit. Time is read in one place ([`Clock`]); randomness in another ([`vault`]).

pub mod access;
mod alerts;
pub mod archive;
mod background;
mod channels;
pub mod clock;
pub mod error;
mod figures;
mod forget;
mod gateways;
mod idempotency;
pub mod imports;
mod installation;
mod lane;
mod ledgers;
pub mod mirror;
pub mod net;
mod orders;
mod pages;
mod reconcile;
pub mod settings;
mod tasks;
pub mod vault;
mod webhooks;
mod wiring;

pub use access::{Access, NewKey, NewUser, Peer, Principal, Reach, Role, Scope, Scopes, User};
pub use alerts::{
    AlertMail, AlertMedia, AlertPage, AlertSettings, AlertWebhook, HealthOf, MessageGateway,
};
pub use archive::ArchiveSettings;
pub use channels::{
    CODES_AT_ONCE, ChannelSettings, Completeness, Day, GateFigure, NewShop, PackagePage,
    PushFigure, Pushed, RunOf, SetShop, SetSku, ShopOf, Started, StatusCount, advice_on_scopes,
    marketplace_regions, marketplaces,
};
pub use clock::Clock;
pub use docket_connectors::channel::Secret;
pub use docket_domain::record::channel::stock::Mapping;
pub use error::Error;
pub use figures::LaneFigures;
pub use forget::Forgotten;
pub use gateways::{Callback, CallbackRefused, Connector, GatewayAt, GatewayFigure};
pub use idempotency::{Idempotency, Once};
pub use imports::{ImportOptions, ImportReport, LARGE_BYTES, aside};
pub use installation::{Keys, OpenError, SealTrouble, compare_keys};
pub use lane::deadlines::{Deadlines, LengthOf, Overlay};
pub use lane::redeem::CouponSettings;
pub use ledgers::{
    AccountKey, AdjustCoupon, ChangeAccount, CouponOf, LedgerSettings, MemberOf, NewBalance,
    Receiver, SetMember, SetPack, SetPrice, StockChange, StockChangeKind, StockOf,
};
pub use net::{Networks, NotANetwork};
pub use orders::{
    Accepted, AgreedTree, Agreements, Listed, LogPage, Orders, Quote, Recorded, Rescue, Rescued,
    ReturnCoupon, Taken,
};
pub use reconcile::{
    Finding, Hear, InspectProgress, Inspected, Inspection, Mending, Reconcile, Reconciled, Wrong,
    class_words, inspect, repairable_words,
};
pub use settings::Settings;
pub use tasks::{Scheduled, TaskFigures, TaskSettings};
pub use vault::{KeyWord, KeysError, Lack, given_up, highest_key};
pub use webhooks::{Again, NewWebhook, Rotated, WebhookSettings};

/// Rows and filters that answers and questions are made of, for the edges.
pub use docket_store::{
    Account, AccountLine, Adjustment, AlertState, Backlog, CallbackFilter, CallbackRow,
    ChannelOrderRow, ChannelProductRow, ChannelShop, CouponAdjustment, Cursor, Delivered,
    DeliveryRow, EffectRow, Files, FindingState, ForeignValue, GatewayPayment, GiftPack, GiftRow,
    KeyRow, Member, OperationFilter, PackageCounts, Pool, Position, Price, RequestOutcome,
    RunRecord, Segment, SegmentKind, SkuMapping, SlipRow, Stock, TaskFilter, TaskRow, UnmappedCode,
    UserRow, WebhookRow, WindowRow,
};
/// What opening a database may fail with, and the keys that it records.
pub use docket_store::{KeyUse, NotThis, RecordedKey, StoreError};
/// What a center says of its Redis.
pub use docket_tasks::{Every, RedisAt, ScheduleError};

use docket_domain::{Seat, Time, Tree};
use docket_store::{Birth, Options, Store};
use std::sync::Arc;

/// The order center. Cheap to clone; the last clone to go stops nothing: call [`App::stop`].
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    clock: Clock,
    store: Arc<Store>,
    lane: lane::Lane,
    workers: tasks::Workers,
    outbox: Arc<webhooks::Outbox>,
    gateways: Arc<gateways::Gateways>,
    mirror: Option<Arc<mirror::Mirror>>,
    net: net::Net,
    ledgers: ledgers::Ledgers,
    archiving: tokio::sync::Mutex<archive::Progress>,
    /// One at a time: while it lasts, removed rows are overwritten with more care.
    forgetting: tokio::sync::Mutex<()>,
    seals: installation::Seals,
    access: access::Authenticator,
    channels: channels::Channels,
    outcomes: orders::Outcomes,
    background: background::Background,
}

impl Inner {
    /// What seals and opens, with the keys of now.
    fn vault(&self) -> Arc<vault::Vault> {
        self.seals.vault()
    }
}

/// An order as an answer shows it: the tree after the change, and its people for masking.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The whole order, after the change.
    pub tree: Arc<Tree>,
    /// Its people, as far as they can be read.
    pub customer: vault::CustomerData,
    /// Whether this is an earlier answer given again.
    pub replayed: bool,
    /// Whether the order was placed or changed by this, or only shown as it is after a change.
    pub outcome: RequestOutcome,
}

impl App {
    /// Opens the database, sees that the keys are its keys, and starts the writer. Background work starts with [`App::start`].
    pub async fn open(
        settings: Settings,
        keys: impl Into<Keys>,
        clock: Clock,
    ) -> Result<Self, OpenError> {
        let (app, _) = Self::open_with_store(settings, keys, clock).await?;
        Ok(app)
    }

    /// Opens it as [`App::open`] does and hands out its store too, for whoever looks at the tables beside the center.
    /// Nobody else gets at it: the edges ask for use cases.
    pub async fn open_with_store(
        settings: Settings,
        keys: impl Into<Keys>,
        clock: Clock,
    ) -> Result<(Self, Arc<Store>), OpenError> {
        let url = settings.database_url.clone();
        let chosen = installation::Chosen::before(&url, keys.into()).await?;
        let store = Arc::new(Store::open(store_options(&settings, clock.clone())).await?);
        let held = chosen.after(&url).await?;
        let outbox = Arc::<webhooks::Outbox>::default();
        let gateways = Arc::new(gateways::Gateways::of(&settings.gateways));
        let mirror = settings.mirror.as_ref().map(mirror::Mirror::open).transpose()?.map(Arc::new);
        let reactions = wiring::reactions(
            settings.coupons.clone(),
            Arc::clone(&settings.ledgers),
            Arc::clone(&outbox),
            Arc::clone(&gateways),
            mirror::Keeper::of(mirror.as_deref()),
        );
        let lane = lane::Lane::new(Arc::clone(&store), Arc::new(reactions));
        let workers = tasks::Workers::new(wiring::tasks(&settings), settings.tasks.redis.as_ref());
        let access = access::Authenticator::new(Arc::clone(&store), clock.clone());
        let allowed = settings.webhooks.allow.clone();
        let ledgers = ledgers::Ledgers::new(Arc::clone(&settings.ledgers));
        let inner = Inner {
            channels: channels::Channels::new(settings.queue),
            settings,
            clock,
            store,
            lane,
            workers,
            outbox,
            gateways,
            mirror,
            net: net::Net::new(allowed),
            ledgers,
            archiving: tokio::sync::Mutex::default(),
            forgetting: tokio::sync::Mutex::default(),
            seals: installation::Seals::of(held),
            access,
            outcomes: orders::Outcomes::default(),
            background: background::Background::default(),
        };
        let app = Self { inner: Arc::new(inner) };
        app.inner.outbox.know(app.store().webhooks().await?);
        app.inner.ledgers.know(app.store().gift_packs().await?);
        let store = Arc::clone(&app.inner.store);
        Ok((app, store))
    }

    /// Starts what runs by itself: timers, tasks and schedules, the node's lease.
    pub fn start(&self) {
        let background = &self.inner.background;
        background.spawn(orders::timers::run(self.clone()));
        background.spawn(tasks::housekeeping::renew(self.clone()));
        background.spawn(vault::telephones::renew(self.clone()));
        background.spawn(installation::watch(self.clone()));
        background.spawn(webhooks::watch(self.clone()));
        background.spawn(ledgers::watch(self.clone()));
        background.spawn(alerts::give_signs(self.clone()));
        self.inner.workers.start(self, self.settings().tasks.grace);
        background.spawn(self.clone().take_over_tasks());
    }

    /// Stops what runs by itself, finishes the work that waits, and closes the database.
    pub async fn stop(&self) {
        self.inner.workers.stop().await;
        self.inner.background.stop().await;
        self.inner.store.close().await;
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Who is here.
    pub fn seat(&self) -> &Seat {
        self.inner.store.seat()
    }

    /// Now.
    pub fn now(&self) -> Time {
        self.inner.clock.now()
    }

    /// Its database, for the use cases.
    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }
}

fn store_options(settings: &Settings, clock: Clock) -> Options {
    Options {
        url: settings.database_url.clone(),
        clock: Arc::new(move || clock.now()),
        queue: settings.queue,
        upgrade: settings.upgrade,
        birth: Birth {
            id: u128::from_be_bytes(vault::random()),
            seat: settings.seat.clone(),
            nodes: settings.nodes,
        },
        read_deadline: settings.read_deadline,
    }
}
