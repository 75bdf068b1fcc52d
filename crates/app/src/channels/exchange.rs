//! One thing asked of a marketplace: signed for every try, waited for where it asks for time, counted, and read.

use super::Channels;
use super::gate::Gate;
use crate::net::{self, Limits, NoReply};
use crate::vault::{self, purpose};
use crate::{App, Error};
use docket_connectors::channel::{
    Answer, Call, Concern, Connector, Credentials, Fault, FaultKind, Limit, LimitScope, Purpose,
    Secret, marketplace_time,
};
use docket_connectors::{Message, Method, Reply, Stamp};
use docket_domain::Time;
use docket_domain::time::{HOUR, Millis, SECOND};
use docket_domain::watch::ClockMeasured;
use docket_store::{CallsRow, ChannelShop};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A page of a list, or less. A longer one is refused: nobody lists a hundred orders in so many bytes.
const PAGE: Limits = Limits { time: Duration::from_secs(30), bytes: 4 << 20 };
/// How often something that passes is asked again before it counts as a failure.
const TRIES: u32 = 4;
/// The pause before the second try; each further one doubles it.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a marketplace may ask for time in a row before the run gives up for now.
const PATIENCE: Duration = Duration::from_mins(2);
/// How far our clock may be off before it is told.
const OFF: Millis = 30_000;

/// By how much the clock of each marketplace is ahead of ours, in milliseconds, by its base address.
#[derive(Default)]
pub(super) struct Clocks(Mutex<BTreeMap<String, Millis>>);

impl Clocks {
    fn offset(&self, base_url: &str) -> Millis {
        let known = self.0.lock().expect("nothing panics while it holds the clocks");
        known.get(base_url).copied().unwrap_or_default()
    }

    fn knows(&self, base_url: &str) -> bool {
        self.0.lock().expect("nothing panics while it holds the clocks").contains_key(base_url)
    }

    /// Every one that is known.
    pub fn known(&self) -> Vec<ClockMeasured> {
        let known = self.0.lock().expect("nothing panics while it holds the clocks");
        let clock = |(whose, ahead): (&String, &Millis)| ClockMeasured {
            whose: whose.clone(),
            ahead: *ahead,
        };
        known.iter().map(clock).collect()
    }

    /// Learns the offset from the date of a reply, which is cut to the second. What two seconds explain is none.
    fn heard(&self, base_url: &str, theirs: Time, asked: Time, came: Time) {
        let middle = asked.0.midpoint(came.0);
        let off = theirs.0 + 500 - middle;
        let off = if off.abs() < 2_000 { 0 } else { off };
        let mut known = self.0.lock().expect("nothing panics while it holds the clocks");
        let before = known.get(base_url).copied();
        if before.is_some_and(|before| (off - before).abs() < 2_000) {
            // Else what is read later would at times seem to be read earlier.
            return;
        }
        known.insert(base_url.to_owned(), off);
        let before = before.unwrap_or_default();
        if off.abs() >= OFF && before.abs() < OFF {
            let seconds = off / 1000;
            tracing::warn!(
                seconds,
                marketplace = base_url,
                "the clocks differ; the marketplace's is used"
            );
        }
    }
}

/// What one marketplace was asked in the present hour by this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    calls: u64,
    failed: u64,
    throttled: u64,
}

/// What marketplaces were asked, by the marketplace and the hour.
#[derive(Default)]
pub(super) struct Counted(Mutex<BTreeMap<(String, i64), Count>>);

impl Counted {
    fn count(&self, channel: &str, now: Time, heard: Result<(), &Trouble>) {
        let mut counted = self.0.lock().expect("nothing panics while it counts");
        let count = counted.entry((channel.to_owned(), now.0.div_euclid(HOUR))).or_default();
        count.calls += 1;
        match heard {
            Ok(()) => {}
            Err(Trouble::Fault(Fault { kind: FaultKind::Throttled { .. }, .. })) => {
                count.throttled += 1;
            }
            Err(_) => count.failed += 1,
        }
    }

    /// What is to be stored, and forgets hours that are over once they are told.
    fn rows(&self, process: &str, now: Time) -> Vec<CallsRow> {
        let mut counted = self.0.lock().expect("nothing panics while it counts");
        let hour = now.0.div_euclid(HOUR);
        let rows = counted.iter().map(|((channel, hour), count)| CallsRow {
            channel: channel.clone(),
            hour: *hour,
            process: process.to_owned(),
            calls: count.calls,
            failed: count.failed,
            throttled: count.throttled,
        });
        let rows = rows.collect();
        counted.retain(|(_, of), _| *of >= hour);
        rows
    }
}

/// A shop that is spoken to.
#[derive(Clone)]
pub(super) struct Open {
    pub shop: Arc<ChannelShop>,
    pub connector: Arc<dyn Connector>,
    pub base_url: String,
    credentials: Credentials,
    /// Where calls wait for their moment; none where nothing limits them.
    gate: Option<Arc<Gate>>,
}

/// What a marketplace answered, and when by its own clock.
#[derive(Debug)]
pub(super) struct Heard {
    pub answer: Answer,
    pub at: Time,
}

/// Why nothing was learnt.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No answer came, or none that may be read.
    NoReply(String),
    /// The marketplace says why.
    Fault(Fault),
    /// The question cannot be asked; a mistake of ours.
    Unbuildable(String),
}

impl Trouble {
    /// Its word in logs and gaps.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NoReply(_) => "no_reply",
            Self::Fault(fault) => fault.word(),
            Self::Unbuildable(_) => "unbuildable",
        }
    }

    /// What happened, and what to do about it where somebody should.
    pub fn with_advice(&self) -> String {
        match self {
            Self::Fault(fault) => super::shops::advice(fault),
            trouble => trouble.to_string(),
        }
    }

    /// Whether nothing else of the shop would be answered either.
    pub fn stops_the_shop(&self) -> bool {
        match self {
            Self::NoReply(_) => false,
            Self::Fault(fault) => fault.concern() != Concern::Call,
            Self::Unbuildable(_) => true,
        }
    }

    /// Whether no other page of the same list would be answered either: nothing else of the shop would, or the list is
    /// not permitted.
    pub fn stops_the_list(&self) -> bool {
        let is_denied = matches!(self, Self::Fault(Fault { kind: FaultKind::ScopeMissing, .. }));
        self.stops_the_shop() || is_denied
    }

    /// Whether the same, asked again, may well be answered.
    fn is_passing(&self) -> bool {
        match self {
            Self::NoReply(_) => true,
            Self::Fault(fault) => fault.is_passing(),
            Self::Unbuildable(_) => false,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReply(why) | Self::Unbuildable(why) => f.write_str(why),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl Channels {
    /// The time by the clock of whoever is at `base_url`.
    pub(super) fn now_at(&self, base_url: &str, ours: Time) -> Time {
        ours.plus(self.clocks.offset(base_url))
    }
}

impl App {
    /// Asks for something small where the clock of a shop's marketplace was not heard of by this process: any reply tells
    /// it, and by it windows end and looks are due.
    pub(super) async fn hear_clock_of(&self, open: &Open) -> Result<(), Trouble> {
        if self.inner.channels.clocks.knows(&open.base_url) {
            return Ok(());
        }
        self.ask_shop(open, Purpose::Fresh, &Call::TokenInfo).await.map(drop)
    }

    /// Where a shop's marketplace is; none where there is no connector for it, or none for its region.
    fn base_url_of(&self, shop: &ChannelShop) -> Option<String> {
        let usual = || {
            let connector = self.inner.channels.connector(&shop.channel)?;
            connector.capabilities().base_url(&shop.more.region).map(str::to_owned)
        };
        shop.more.base_url.clone().or_else(usual)
    }

    /// The time by the clock of a shop's marketplace, as far as this process knows it.
    pub(super) fn now_of(&self, shop: &ChannelShop) -> Time {
        let base_url = self.base_url_of(shop).unwrap_or_default();
        self.inner.channels.now_at(&base_url, self.now())
    }

    /// Opens a shop to be spoken to.
    ///
    /// # Errors
    /// Its secrets cannot be opened here, or it has no token yet.
    pub(super) fn open_shop(&self, shop: Arc<ChannelShop>) -> Result<Open, Error> {
        let connector = self.inner.channels.connector(&shop.channel).cloned();
        let connector = connector.ok_or_else(|| no_connector(&shop.channel))?;
        let vault = self.inner.vault();
        let text = |sealed| {
            let bytes = vault.open_for(purpose::CHANNEL, sealed)?;
            String::from_utf8(bytes).map_err(|_| Error::Internal("a secret is no text".to_owned()))
        };
        let Some(token) = &shop.token else {
            let message = "give it a token first: `docket shop token`";
            return Err(Error::WrongState {
                what: "shop",
                id: shop.id.to_string(),
                state: "without a token",
                message,
            });
        };
        let credentials = Credentials {
            app_key: shop.app_key.clone(),
            app_secret: Secret::new(text(&shop.secret)?),
            access_token: Secret::new(text(token)?),
            shop: shop.more.mall.clone().unwrap_or_default(),
        };
        let base_url = self.base_url_of(&shop).ok_or_else(|| {
            Error::Internal(format!("{} has no region {}", shop.channel, shop.more.region))
        })?;
        let gate = self.gate_of(&shop, &*connector, &base_url);
        Ok(Open { shop, connector, base_url, credentials, gate })
    }

    /// Until when nothing is asked of a shop because its marketplace asked this process for time.
    pub(super) fn waits_until(&self, shop: &ChannelShop) -> Option<Time> {
        let connector = self.inner.channels.connector(&shop.channel)?;
        let gate = self.gate_of(shop, &**connector, &self.base_url_of(shop)?)?;
        gate.held_for().map(|left| self.now().plus(left))
    }

    /// Where calls of a shop wait for their moment.
    fn gate_of(
        &self,
        shop: &ChannelShop,
        connector: &dyn Connector,
        base_url: &str,
    ) -> Option<Arc<Gate>> {
        let limit = connector.capabilities().limits.first()?;
        let calls = self.inner.settings.channels.calls_per_second;
        let limit = Limit { calls, per: SECOND, ..*limit };
        let sharer = match limit.scope {
            LimitScope::App => shop.app_key.clone(),
            LimitScope::Shop | LimitScope::ShopAndCall => shop.id.to_string(),
        };
        (calls > 0).then(|| self.inner.channels.gates.of((base_url.to_owned(), sharer), limit))
    }

    /// Asks a marketplace one thing, again where that may help: what passes a few times, being told to wait for longer.
    pub(super) async fn ask_shop(
        &self,
        open: &Open,
        purpose: Purpose,
        call: &Call,
    ) -> Result<Heard, Trouble> {
        let (mut tries, mut waited) = (0, Duration::ZERO);
        loop {
            if let Some(gate) = &open.gate {
                self.pass(gate, purpose, open.shop.id).await;
            }
            let trouble = match self.ask_shop_once(open, call).await {
                Ok(heard) => return Ok(heard),
                Err(trouble) => trouble,
            };
            let pause = match &trouble {
                Trouble::Fault(Fault { kind: FaultKind::Throttled { until, .. }, .. }) => {
                    let theirs = self.inner.channels.now_at(&open.base_url, self.now());
                    let asked = until.map(|until| until.since(theirs).clamp(0, 60_000) as u64);
                    let pause = asked.map_or(Duration::from_secs(1), Duration::from_millis);
                    waited += pause;
                    if let Some(gate) = &open.gate {
                        // Somebody else asks for the same app: all of it waits.
                        gate.hold_for(pause.as_millis() as Millis);
                    }
                    if waited > PATIENCE {
                        return Err(trouble);
                    }
                    pause
                }
                trouble if trouble.is_passing() && tries + 1 < TRIES => {
                    tries += 1;
                    PAUSE * 2_u32.pow(tries - 1)
                }
                _ => return Err(trouble),
            };
            tokio::time::sleep(pause.mul_f64(1.0 + jitter())).await;
        }
    }

    /// The same for somebody who waits and can ask again: once, and once more by the clock that a refusal told.
    pub(super) async fn ask_shop_now(&self, open: &Open, call: &Call) -> Result<Heard, Trouble> {
        let ask = async || {
            if let Some(gate) = &open.gate {
                self.pass(gate, Purpose::Fresh, open.shop.id).await;
            }
            self.ask_shop_once(open, call).await
        };
        match ask().await {
            Err(Trouble::Fault(Fault { kind: FaultKind::Clock, .. })) => ask().await,
            heard => heard,
        }
    }

    async fn ask_shop_once(&self, open: &Open, call: &Call) -> Result<Heard, Trouble> {
        let channels = &self.inner.channels;
        let heard = self.send_to_shop(open, call).await;
        let counted = heard.as_ref().map(|_| ());
        channels.counted.count(open.connector.name(), self.now(), counted);
        if let Err(trouble) = &heard {
            let (shop, word) = (open.shop.id, trouble.word());
            tracing::debug!(%shop, call = call.word(), word, %trouble, "a marketplace did not answer");
        }
        heard
    }

    async fn send_to_shop(&self, open: &Open, call: &Call) -> Result<Heard, Trouble> {
        let channels = &self.inner.channels;
        let asked_at = self.now();
        let at = channels.now_at(&open.base_url, asked_at);
        let request = open.connector.build(call, &open.credentials, at);
        let request = request.map_err(|why| Trouble::Unbuildable(why.to_string()))?;
        let url = format!("{}{}", open.base_url, request.path);
        let method = match request.method {
            Method::Get => net::Method::GET,
            Method::Post => net::Method::POST,
        };
        let sent = self.inner.net.send(method, &url, request.headers, request.body, PAGE).await;
        let came = sent.map_err(|why: NoReply| Trouble::NoReply(why.to_string()))?;
        let came_at = self.now();
        let body = came.body.map_err(|why| Trouble::NoReply(why.to_string()))?;
        let message = Message { headers: &came.headers, body: &body };
        if let Some(theirs) = marketplace_time(&message) {
            channels.clocks.heard(&open.base_url, theirs, asked_at, came_at);
        }
        let stamp = Stamp { at, nonce: 0 };
        let reply = Reply { status: came.status, message, asked: stamp, came_at };
        let answer = open.connector.parse(call, &reply).map_err(Trouble::Fault)?;
        Ok(Heard { answer, at: channels.now_at(&open.base_url, came_at) })
    }

    /// Stores what marketplaces were asked by this process.
    pub(crate) async fn store_calls(&self) -> Result<(), Error> {
        let process = self.store().process().to_owned();
        let rows = self.inner.channels.counted.rows(&process, self.now());
        if rows.is_empty() {
            return Ok(());
        }
        let put = move |_, _| rows.iter().cloned().map(CallsRow::put).collect();
        self.write_numbered(put).await.map(drop)
    }
}

pub(super) fn no_connector(channel: &str) -> Error {
    Error::Internal(format!("there is no connector for {channel}"))
}

/// A part of a pause, at most a quarter, so that many do not come back at once.
fn jitter() -> f64 {
    f64::from(vault::random::<1>()[0]) / 1024.0
}
