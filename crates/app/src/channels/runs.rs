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
use docket_domain::{Gene, Id, Time};
use docket_store::{
    Context, Key, NewTask, Priority, ProductWrite, Progress, RequestOutcome, RunRecord, RunWrite,
    View, WindowWrite, Writes, active_name, failpoint,
};
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Does a run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct PullShop {
    run: Id,
}

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
pub(super) struct Wish {
    pub shop: Id,
    pub stream: Stream,
    pub mode: RunMode,
    /// What is to be said beforehand.
    pub note: Option<String>,
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
        if let Once::Now(Started::Now(run)) = started {
            self.run_where_nobody_else_does(run);
        }
        Ok(started)
    }

    /// Does a run in a process without workers: a command that opens a center for itself does it itself.
    pub(super) fn run_where_nobody_else_does(&self, run: Id) {
        if !self.has_workers() {
            let app = self.clone();
            self.inner.background.spawn(async move { app.do_run_here(run).await });
        }
    }

    pub(super) async fn queue_run(
        &self,
        wish: Wish,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Started>, Error> {
        let (shop, stream) = (wish.shop, wish.stream);
        let before = self.store().channel_runs(shop, stream, 1).await?;
        let carried = before.first().map(|run| run.progress.carried()).unwrap_or_default();
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
                    ..carried.clone()
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
                tracing::debug!(run = %id, ?error, "why a run of a shop failed");
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
        // Another process may have taken an order down just before a code was mapped.
        self.allocate_mapped(&self.shop(run.shop).await?).await?;
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
