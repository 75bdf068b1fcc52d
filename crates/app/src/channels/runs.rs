//! Runs: each reads one stream of one shop. One at a time of each; started by hand or by the tick, watched by anybody,
//! and ended by a person at any moment.
//!
//! A run is a row, and a task that does it. Whoever takes the task up raises the fence of the row: one that had it
//! before, and comes late, writes nothing of windows or progress any more.

use super::exchange::Trouble;
use crate::access::{Principal, Scope};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error, Idempotency, Once};
use docket_connectors::channel::Unwalkable;
use docket_domain::channel::{RunMode, RunState, Stream};
use docket_domain::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use docket_domain::{Gene, Id, Time};
use docket_store::{
    ChannelShop, Context, Key, NewTask, Priority, ProductWrite, Progress, RequestOutcome,
    RunRecord, RunWrite, View, WindowWrite, Writes, active_name, failpoint,
};
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often shops are looked at whose turn it is.
pub(crate) const TICK: Millis = 10 * SECOND;
/// How long a night is in which all shops are read whole.
const NIGHT: Millis = 4 * HOUR;
/// For how long the full pass of a shop is made up for, where something else runs or nothing did.
const LATE: Millis = 30 * MINUTE;
/// Runs among which the full pass of a night is looked for.
const RUNS: usize = 50;
/// Shops that are looked at together.
const PAGE: usize = 200;

/// Does a run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct PullShop {
    run: Id,
}

/// Starts the runs of shops whose turn it is.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct TickShops {}

/// A run with how fast it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOf {
    /// The run.
    pub run: RunRecord,
    /// Rows a second, since it started.
    pub rate: Option<f64>,
    /// How long it will take still, in seconds, where that is known.
    pub seconds_left: Option<u64>,
}

/// What came of a wish to start a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It is queued.
    Now(Id),
    /// One runs already.
    Running(Id),
}

/// A run that is wished for.
#[derive(Debug, Clone)]
struct Wish {
    shop: Id,
    stream: Stream,
    mode: RunMode,
    /// What is to be said beforehand.
    note: Option<String>,
}

/// Who has a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hand {
    run: Id,
    fence: u32,
}

/// What a run found, to be written with how far it is.
#[derive(Debug, Clone, Default)]
struct Found {
    windows: Vec<WindowWrite>,
    products: Vec<ProductWrite>,
}

/// Why a run ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// Another has it, or a person ended it.
    Lost,
    /// The shop is paused, and why.
    Paused(String),
    /// The marketplace.
    Trouble(Trouble),
    /// It has read what it could, and the list is not to be believed.
    Unbelievable(Unwalkable),
    /// We ourselves.
    Ours(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl RunOf {
    fn of(run: RunRecord, now: Time) -> Self {
        let until = run.ended_at.unwrap_or(now);
        let seconds = run.started_at.map(|started| until.since(started).max(1) as f64 / 1000.0);
        let rate = seconds.map(|seconds| run.progress.done as f64 / seconds);
        let left = run.progress.total.map(|total| total.saturating_sub(run.progress.done));
        let seconds_left = left.zip(rate).filter(|(_, rate)| *rate > 0.0 && !run.state.has_ended());
        let seconds_left = seconds_left.map(|(left, rate)| (left as f64 / rate).ceil() as u64);
        Self { run, rate, seconds_left }
    }
}

impl App {
    /// Starts a run of a shop, or says which one runs.
    pub async fn start_run(
        &self,
        who: &Principal,
        shop: Id,
        stream: Stream,
        mode: RunMode,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Started>, Error> {
        who.needs_whole(Scope::Shops)?;
        let found = self.shop(shop).await?;
        if found.token.is_none() {
            return Err(Error::WrongState {
                what: "shop",
                id: shop.to_string(),
                state: "without a token",
                message: "give it a token first",
            });
        }
        if found.more.paused.is_some() {
            return Err(Error::WrongState {
                what: "shop",
                id: shop.to_string(),
                state: "paused",
                message: "end its pause first",
            });
        }
        let wish = Wish { shop, stream, mode, note: None };
        let started = self.queue_run(wish, idempotency).await?;
        if let Once::Now(Started::Now(run)) = started
            && !self.has_workers()
        {
            // Nobody else would: a command that opens a center for itself does it itself.
            let app = self.clone();
            self.inner.background.spawn(async move { app.do_run_here(run).await });
        }
        Ok(started)
    }

    async fn queue_run(
        &self,
        wish: Wish,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Started>, Error> {
        let (shop, stream) = (wish.shop, wish.stream);
        let work = move |view: &View, cx: &mut Context<'_>| {
            if let Some(given) = idempotency
                && let Some(earlier) = given.earlier(view)?
            {
                let earlier = earlier.map(|kept| Once::Before(Started::Now(kept.tree)));
                return Ok((None, earlier));
            }
            if let Some(run) = view.active_run(shop, stream)? {
                return Ok((None, Ok(Once::Now(Started::Running(run)))));
            }
            let id = cx.ids.next(cx.now, Gene(0));
            let run = RunRecord {
                id,
                shop,
                stream,
                mode: wish.mode,
                state: RunState::Queued,
                fence: 0,
                created_at: cx.now,
                started_at: None,
                ended_at: None,
                progress: Progress {
                    phase: "queued".to_owned(),
                    note: wish.note.clone(),
                    ..Progress::default()
                },
            };
            // Not unique by the shop: of a run that was stopped the task may still be at its last call.
            let subject = Some(shop.to_string());
            let task = NewTask { subject, ..PullShop { run: id }.new_task(cx) };
            let writes = Writes {
                channel_runs: vec![RunWrite { run, over: None }],
                tasks: vec![task],
                idempotency: idempotency
                    .map(|given| given.kept(RequestOutcome::Changed, id, cx.now)),
                ..Writes::default()
            };
            Ok((Some(writes), Ok(Once::Now(Started::Now(id)))))
        };
        let given = idempotency.map(|given| Key::Idempotency(given.hash));
        let active = Key::ActiveRun(active_name(shop, stream));
        let keys = given.into_iter().chain([active]).collect();
        let started = self.inner.lane.run(Priority::Bulk, keys, work).await??;
        self.ring(PullShop::KIND);
        Ok(started)
    }

    /// Ends the run of a shop that has not ended; what is under way is finished and counts for nothing.
    pub async fn stop_run(&self, who: &Principal, shop: Id, stream: Stream) -> Result<Id, Error> {
        who.needs_whole(Scope::Shops)?;
        self.shop(shop).await?;
        let work = move |view: &View, cx: &mut Context<'_>| {
            let Some(id) = view.active_run(shop, stream)? else { return Ok((None, None)) };
            let Some(run) = view.channel_run(id)?.filter(|run| !run.state.has_ended()) else {
                return Ok((None, None));
            };
            let mut run = (**run).clone();
            let over = Some(run.fence);
            (run.state, run.ended_at) = (RunState::Stopped, Some(cx.now));
            "stopped".clone_into(&mut run.progress.phase);
            let channel_runs = vec![RunWrite { run, over }];
            Ok((Some(Writes { channel_runs, ..Writes::default() }), Some(id)))
        };
        let keys = vec![Key::ActiveRun(active_name(shop, stream))];
        let stopped = self.inner.lane.run(Priority::Interactive, keys, work).await?;
        stopped.ok_or_else(|| Error::NotFound { what: "run", id: format!("{shop}/{stream}") })
    }

    /// The run of a shop that runs, else the last one.
    pub async fn run_progress(
        &self,
        who: &Principal,
        shop: Id,
        stream: Stream,
    ) -> Result<Option<RunOf>, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        self.shop(shop).await?;
        let runs = self.store().channel_runs(shop, stream, 1).await?;
        Ok(runs.into_iter().next().map(|run| RunOf::of(run, self.now())))
    }

    /// Takes a run up; nothing where it has ended.
    async fn take_up(&self, id: Id) -> Result<Option<(Hand, RunRecord)>, Error> {
        let work = move |view: &View, cx: &mut Context<'_>| {
            let Some(run) = view.channel_run(id)?.filter(|run| !run.state.has_ended()) else {
                return Ok((None, None));
            };
            let mut run = (**run).clone();
            let over = Some(run.fence);
            run.fence += 1;
            run.state = RunState::Running;
            run.started_at = run.started_at.or(Some(cx.now));
            let hand = Hand { run: id, fence: run.fence };
            let channel_runs = vec![RunWrite { run: run.clone(), over }];
            Ok((Some(Writes { channel_runs, ..Writes::default() }), Some((hand, run))))
        };
        self.inner.lane.run(Priority::Bulk, vec![Key::ChannelRun(id)], work).await
    }

    /// Says how far a run is, and what became of its windows, as long as it is in `hand`.
    pub(super) async fn tell_progress(
        &self,
        hand: Hand,
        progress: Progress,
        windows: Vec<WindowWrite>,
    ) -> Result<(), Stop> {
        let found = Found { windows, products: Vec::new() };
        self.tell_found(hand, progress, found).await
    }

    /// The same with what became of products.
    pub(super) async fn tell_products(
        &self,
        hand: Hand,
        progress: Progress,
        products: Vec<ProductWrite>,
    ) -> Result<(), Stop> {
        let found = Found { windows: Vec::new(), products };
        self.tell_found(hand, progress, found).await
    }

    async fn tell_found(&self, hand: Hand, progress: Progress, found: Found) -> Result<(), Stop> {
        let told = self.write_run(hand, found, move |run, _| run.progress = progress.clone());
        if told.await? { Ok(()) } else { Err(Stop::Lost) }
    }

    /// Changes a run as long as it is in `hand`; answers whether it is.
    async fn write_run(
        &self,
        hand: Hand,
        found: Found,
        change: impl Fn(&mut RunRecord, Time) + Send + 'static,
    ) -> Result<bool, Error> {
        let work = move |view: &View, cx: &mut Context<'_>| {
            let run = view.channel_run(hand.run)?;
            let run = run.filter(|run| run.fence == hand.fence && !run.state.has_ended());
            let Some(run) = run else { return Ok((None, false)) };
            let mut run = (**run).clone();
            change(&mut run, cx.now);
            let channel_runs = vec![RunWrite { run, over: Some(hand.fence) }];
            let Found { windows: channel_windows, products: channel_products } = found.clone();
            let writes =
                Writes { channel_runs, channel_windows, channel_products, ..Writes::default() };
            Ok((Some(writes), true))
        };
        self.inner.lane.run(Priority::Bulk, vec![Key::ChannelRun(hand.run)], work).await
    }

    /// Does a run: whatever stops it, it has ended afterwards, unless it is another's by now.
    async fn do_run(&self, id: Id) -> Result<(), Error> {
        let Some((hand, run)) = self.take_up(id).await? else { return Ok(()) };
        let ended = self.pull(hand, &run).await;
        let (state, error) = match ended {
            Ok(()) => (RunState::Done, None),
            Err(Stop::Lost) => return Ok(()),
            Err(Stop::Ours(error)) if error.is_passing() => return Err(error),
            Err(Stop::Ours(error)) => {
                tracing::warn!(shop = %run.shop, run = %id, ?error, "a run of a shop failed");
                (RunState::Failed, Some(error.to_string()))
            }
            Err(Stop::Paused(why)) => (RunState::Stopped, Some(why)),
            Err(Stop::Trouble(trouble)) => (RunState::Failed, Some(trouble.with_advice())),
            Err(Stop::Unbelievable(why)) => (RunState::Failed, Some(why.to_string())),
        };
        if let Some(error) = &error {
            tracing::warn!(shop = %run.shop, run = %id, error, "a run of a shop failed");
        }
        let end = move |run: &mut RunRecord, now| {
            (run.state, run.ended_at) = (state, Some(now));
            run.progress.error.clone_from(&error);
            state.word().clone_into(&mut run.progress.phase);
        };
        // Before its end: whoever takes up a run that has ended does nothing any more.
        self.queue_looks_due(run.shop).await?;
        self.write_run(hand, Found::default(), end).await?;
        failpoint::reach("channel", "run_ended");
        self.store_calls().await
    }

    /// Does a run in a process that runs no tasks: where it does not come to its end, it is stopped.
    async fn do_run_here(&self, id: Id) {
        if self.do_run(id).await.is_ok() {
            return;
        }
        let stop = |run: &mut RunRecord, now| {
            (run.state, run.ended_at) = (RunState::Stopped, Some(now));
        };
        if let Ok(Some((hand, _))) = self.take_up(id).await {
            // The next run goes on all the same where even this cannot be written.
            let _ = self.write_run(hand, Found::default(), stop).await;
        }
    }

    /// Starts the runs of shops whose turn came within the last ticks.
    async fn tick_shops(&self) -> Result<(), Error> {
        let now = self.now();
        let mut after = Id(0);
        loop {
            let shops = self.store().channel_shops(after, PAGE).await?;
            let Some(last) = shops.last() else { return Ok(()) };
            after = last.id;
            for shop in shops.iter().filter(|shop| is_pulled(shop)) {
                for stream in self.streams_of(shop) {
                    self.tick_full(shop, stream, now).await?;
                    self.tick_changed(shop, stream, now).await?;
                }
            }
        }
    }

    /// What is read of a shop.
    fn streams_of(&self, shop: &ChannelShop) -> impl Iterator<Item = Stream> + use<> {
        let connector = self.inner.channels.connector(&shop.channel);
        let lists = connector.is_some_and(|one| !one.capabilities().product_buckets.is_empty());
        let products = (lists && self.inner.settings.channels.products).then_some(Stream::Products);
        [Stream::Orders].into_iter().chain(products)
    }

    /// Starts the reading of what changed, where it is its turn.
    async fn tick_changed(
        &self,
        shop: &ChannelShop,
        stream: Stream,
        now: Time,
    ) -> Result<(), Error> {
        let slot = slot_of(shop.id, stream, self.inner.settings.channels.interval, now);
        if now.since(slot) >= 3 * TICK {
            return Ok(());
        }
        let newest = self.store().channel_runs(shop.id, stream, 1).await?;
        if newest.first().is_none_or(|run| run.created_at < slot) {
            let wish = Wish { shop: shop.id, stream, mode: RunMode::Incremental, note: None };
            self.queue_run(wish, None).await?;
        }
        Ok(())
    }

    /// Starts the full pass of the night, where it is its turn. What runs is let come to its end first.
    async fn tick_full(&self, shop: &ChannelShop, stream: Stream, now: Time) -> Result<(), Error> {
        let settings = &self.inner.settings.channels;
        let at = match stream {
            Stream::Orders => settings.full_at,
            Stream::Products => settings.products_full_at,
        };
        let Some(slot) = at.map(|at| night_of(shop.id, stream, at, now)) else { return Ok(()) };
        if now.since(slot) >= LATE || shop.created_at > slot {
            return Ok(());
        }
        let newest = self.store().channel_runs(shop.id, stream, RUNS).await?;
        let mut tonight = newest.iter().take_while(|run| run.created_at >= slot);
        if tonight.any(|run| run.mode == RunMode::Full) {
            return Ok(());
        }
        let note = match stream {
            Stream::Orders => self.too_long(shop, now).await?,
            Stream::Products => None,
        };
        if let Some(note) = &note {
            tracing::warn!(shop = %shop.id, note, "a full pass may not come to its end in the night");
        }
        let wish = Wish { shop: shop.id, stream, mode: RunMode::Full, note };
        self.queue_run(wish, None).await.map(drop)
    }

    /// What is to be said where a full pass through the orders of a shop will not come to its end in its share of the
    /// night: all shops of an app have one limit.
    async fn too_long(&self, shop: &ChannelShop, now: Time) -> Result<Option<String>, Error> {
        let settings = &self.inner.settings.channels;
        let from = now.plus(-i64::from(settings.full_days) * DAY);
        let orders = self.store().channel_orders_created(shop.id, (from, now)).await?;
        let mut sharers = 0;
        let mut after = Id(0);
        loop {
            let shops = self.store().channel_shops(after, PAGE).await?;
            let Some(last) = shops.last() else { break };
            after = last.id;
            let shares = |other: &&ChannelShop| {
                other.app_key == shop.app_key && other.channel == shop.channel && is_pulled(other)
            };
            sharers += shops.iter().filter(shares).count() as u64;
        }
        Ok(too_long(orders, settings.calls_per_second, sharers))
    }
}

/// Whether a shop is pulled by itself.
fn is_pulled(shop: &ChannelShop) -> bool {
    shop.token.is_some() && shop.more.paused.is_none()
}

/// The last moment, up to `now`, at which it is a shop's turn: each has an offset of its own, so that many do not start
/// together.
fn slot_of(shop: Id, stream: Stream, interval: Millis, now: Time) -> Time {
    last(offset_of(shop, stream, interval), interval, now)
}

/// The same of the full pass of a night that begins at `at` of each day.
fn night_of(shop: Id, stream: Stream, at: Millis, now: Time) -> Time {
    last(at + offset_of(shop, stream, NIGHT), DAY, now)
}

/// The last moment up to `now` that lies by `offset` behind a whole number of intervals.
fn last(offset: Millis, interval: Millis, now: Time) -> Time {
    Time((now.0 - offset).div_euclid(interval) * interval + offset)
}

/// The offset of a shop within a stretch of time, its own for each stream.
fn offset_of(shop: Id, stream: Stream, stretch: Millis) -> Millis {
    // The low bits of a number are its gene and its node: mixed, shops added one after another lie apart.
    let own = shop.0.cast_unsigned() ^ stream.code().cast_unsigned() << 50;
    let mixed = own.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    mixed as i64 % stretch
}

/// What is to be said where so many orders will not be read in the share of one of so many shops of a night.
fn too_long(orders: u64, calls_per_second: u32, sharers: u64) -> Option<String> {
    // Windows are cut to one page each, and some are cut once more.
    let calls = (orders * 13).div_ceil(1_000);
    let share = u64::from(calls_per_second) * (NIGHT / SECOND).unsigned_abs() / sharers.max(1);
    (calls_per_second > 0 && calls > share).then(|| {
        format!(
            "It takes about {calls} calls, and {share} are this shop's share of the night: it will take longer."
        )
    })
}

impl Task for PullShop {
    const KIND: &'static str = "channel_pull";
    const POLICY: Policy = Policy {
        concurrency: 64,
        lease: Duration::from_secs(30),
        limit: Duration::from_hours(24),
        ..Policy::USUAL
    };

    async fn run(self, app: App, _: Job) -> Handled {
        match app.do_run(self.run).await {
            Ok(()) => Outcome::Done,
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}

impl Task for TickShops {
    const KIND: &'static str = "channel_tick";
    const POLICY: Policy = Policy { concurrency: 1, ..Policy::USUAL };

    async fn run(self, app: App, _: Job) -> Handled {
        match app.tick_shops().await {
            Ok(()) => Outcome::Done,
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::time::MINUTE;

    #[test]
    fn every_shop_has_one_turn_an_interval_and_they_lie_apart() {
        let interval = 10 * MINUTE;
        let shops = (0..500).map(|n| Id(7_000_000_000_000_000 + (n << 10)));
        let mut turns = [0; 10];
        for shop in shops {
            let stream = Stream::Orders;
            let slot = slot_of(shop, stream, interval, Time(1_795_966_127_779));
            assert!(slot <= Time(1_795_966_127_779) && slot > Time(1_795_966_127_779 - interval));
            assert_eq!(slot_of(shop, stream, interval, slot), slot);
            assert_eq!(slot_of(shop, stream, interval, slot.plus(interval - 1)), slot);
            turns[(slot.0.rem_euclid(interval) / MINUTE) as usize] += 1;
        }
        assert!(turns.iter().all(|turns| (30..=70).contains(turns)), "{turns:?}");
    }

    #[test]
    fn full_passes_lie_all_over_the_night_and_products_apart_from_orders() {
        let shops = (0..500).map(|n| Id(7_000_000_000_000_000 + (n << 10)));
        let (now, at) = (Time(20_786 * DAY + 12 * HOUR), 2 * HOUR);
        let mut hours = [0; 4];
        for shop in shops {
            let night = night_of(shop, Stream::Orders, at, now);
            let into = night.0.rem_euclid(DAY) - at;
            assert!((0..NIGHT).contains(&into) && night <= now && now.since(night) < DAY);
            assert_ne!(night, night_of(shop, Stream::Products, at, now));
            hours[(into / HOUR) as usize] += 1;
        }
        assert!(hours.iter().all(|shops| (90..=160).contains(shops)), "{hours:?}");
    }

    #[test]
    fn what_will_take_longer_than_its_share_says_so() {
        // Four hours at 20 a second are 288,000 calls; a hundred orders take 1.3.
        assert_eq!(too_long(22_000_000, 20, 1), None);
        assert!(too_long(22_200_000, 20, 1).is_some_and(|said| said.contains("288600 calls")));
        assert!(too_long(2_000_000, 20, 12).is_some_and(|said| said.contains("24000 are")));
        assert_eq!(too_long(u64::MAX / 1_000, 0, 1), None, "nothing limits it");
    }
}
