//! One look at the center, from the database alone: what other processes did and know stands there too.

use super::signs::hour_of;
use crate::gateways::GiveBack;
use crate::tasks::Task;
use crate::{App, Error};
use docket_domain::channel::{RunMode, RunState};
use docket_domain::time::{HOUR, Millis};
use docket_domain::watch::{
    CallsMeasured, Measured, ShopMeasured, ShortMeasured, StreamMeasured, TasksMeasured,
};
use docket_domain::{Id, Time};
use docket_store::{Calls, RunRecord, ShopSigns, StreamSigns, TaskCount};
use std::collections::BTreeMap;

/// Shops that are looked at together.
const PAGE: usize = 200;
/// Processes that are looked at.
const WORKERS: usize = 1_000;
/// Tasks that are counted of a kind, as a multiple of how many may wait: what is far beyond need not be known exactly.
const COUNTED: u64 = 20;
/// SKUs of which there is too little, that are counted.
const SHORT: usize = 1_000;
/// Refunds at gateways that are looked at.
const REFUNDS: usize = 1_000;
/// The cause of a pause that a person asked for, and of which nobody need be told.
const PERSON: &str = "person";

impl App {
    /// Measures the center.
    pub(super) async fn measure(&self) -> Result<Measured, Error> {
        let (store, now, settings) = (self.store(), self.now(), &self.settings().alerts);
        let refunds = store.tasks_overdue(GiveBack::KIND, now.plus(-settings.refund_due), REFUNDS);
        Ok(Measured {
            at: now,
            tasks: self.tasks_measured(now, settings.thresholds.backlog).await?,
            workers: store.workers(WORKERS).await?,
            shops: self.shops_measured().await?,
            calls: self.calls_measured(now).await?,
            refunds: refunds.await?,
            short: self.short_measured().await?,
        })
    }

    async fn short_measured(&self) -> Result<ShortMeasured, Error> {
        let short = self.store().stock_short(SHORT).await?;
        let count = short.len() as u64;
        let first = short.into_iter().next().map(|(sku, place, _)| (sku, place));
        Ok(ShortMeasured { count, first })
    }

    async fn tasks_measured(&self, now: Time, backlog: u64) -> Result<Vec<TasksMeasured>, Error> {
        let (store, hour) = (self.store(), hour_of(now));
        let mut kinds = BTreeMap::<String, TasksMeasured>::new();
        let mut of = |kind: String, take: &dyn Fn(&mut TasksMeasured)| {
            let new = TasksMeasured { kind: kind.clone(), ..TasksMeasured::default() };
            take(kinds.entry(kind).or_insert(new));
        };
        let most = backlog.saturating_mul(COUNTED).saturating_add(1);
        for (kind, waiting) in store.tasks_waiting(now, most as usize).await? {
            of(kind, &|tasks| tasks.waiting = waiting);
        }
        for (kind, dead) in store.tasks_dead().await? {
            of(kind, &|tasks| tasks.dead = dead);
        }
        for TaskCount { kind, done, failed } in store.task_counts(hour).await? {
            of(kind, &|tasks| (tasks.done, tasks.failed) = (done, failed));
        }
        for TaskCount { kind, done, failed } in store.task_counts(hour - 1).await? {
            of(kind, &|tasks| {
                tasks.done += still_counted(done, now);
                tasks.failed += still_counted(failed, now);
            });
        }
        Ok(kinds.into_values().collect())
    }

    async fn calls_measured(&self, now: Time) -> Result<Vec<CallsMeasured>, Error> {
        let (store, hour) = (self.store(), hour_of(now));
        let both = store.channel_calls(hour - 1).await?;
        let present = store.channel_calls(hour).await?;
        let measured = both.into_iter().map(|both| {
            let found = present.iter().find(|present| present.channel == both.channel);
            let now_of = |count: fn(&Calls) -> u64| found.map_or(0, count);
            let of = |count: fn(&Calls) -> u64| {
                let present = now_of(count);
                present + still_counted(count(&both).saturating_sub(present), now)
            };
            CallsMeasured {
                calls: of(|calls| calls.calls),
                failed: of(|calls| calls.failed),
                throttled: of(|calls| calls.throttled),
                channel: both.channel.clone(),
            }
        });
        Ok(measured.collect())
    }

    async fn shops_measured(&self) -> Result<Vec<ShopMeasured>, Error> {
        let (mut after, mut measured) = (Id(0), Vec::new());
        loop {
            let signs = self.store().shop_signs(after, PAGE).await?;
            let Some(last) = signs.last() else { return Ok(measured) };
            after = last.shop.id;
            measured.extend(signs.iter().map(shop_measured));
        }
    }
}

/// Of what was counted in the hour before, the part that lies within the last sixty minutes, as if it had come evenly.
fn still_counted(count: u64, now: Time) -> u64 {
    let left = HOUR - now.0.rem_euclid(HOUR);
    (u128::from(count) * left as u128 / HOUR as u128) as u64
}

/// A shop as it is measured. What is paused, or has no token yet, is not read by itself, and late in nothing.
fn shop_measured(signs: &ShopSigns) -> ShopMeasured {
    let shop = &signs.shop;
    let paused = shop.more.paused.as_ref();
    let is_read = shop.token.is_some() && paused.is_none();
    let streams = signs.streams.iter().filter(|_| is_read).map(|stream| {
        let (gaps, oldest_gap) = match stream.stream {
            docket_domain::channel::Stream::Orders => (signs.gaps, signs.oldest_gap),
            docket_domain::channel::Stream::Products => (0, None),
        };
        StreamMeasured {
            stream: stream.stream,
            read_at: read_at(stream, shop.created_at),
            running_since: running_since(stream),
            gaps,
            oldest_gap,
            lateness: lateness(&stream.runs),
        }
    });
    ShopMeasured {
        id: shop.id,
        name: shop.name.clone(),
        token_until: shop.more.token_until.filter(|_| shop.token.is_some()),
        paused: paused.filter(|pause| pause.cause != PERSON).map(|pause| pause.why.clone()),
        streams: streams.collect(),
        pushed_at: signs.pushed_at,
        unmapped: signs.unmapped,
        found_at: signs.streams.first().and_then(|stream| found_at(&stream.runs)),
    }
}

/// When one of the newest runs last found something that is new or changed.
fn found_at(runs: &[RunRecord]) -> Option<Time> {
    let found = runs.iter().filter(|run| run.progress.new + run.progress.changed > 0);
    found.filter_map(|run| run.ended_at).max()
}

/// When a stream was last read to its end; where that was never, since when it is tried.
fn read_at(stream: &StreamSigns, created_at: Time) -> Time {
    stream.done_at.unwrap_or(created_at)
}

fn running_since(stream: &StreamSigns) -> Option<Time> {
    let running = stream.runs.iter().find(|run| run.state == RunState::Running)?;
    running.started_at
}

/// How late a change was listed, of the newest runs: how long before the start of the run before it had happened, though
/// that run was not told of it. How long we ourselves did not ask is no lateness.
fn lateness(runs: &[RunRecord]) -> Millis {
    let mut done = runs.iter().filter(|run| {
        run.state == RunState::Done && run.mode == RunMode::Incremental && run.ended_at.is_some()
    });
    let mut worst = 0;
    let Some(mut run) = done.next() else { return 0 };
    for before in done {
        if let (Some(ended), Some(started)) = (run.ended_at, before.started_at) {
            worst = worst.max(run.progress.lateness - ended.since(started));
        }
        run = before;
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::channel::Stream;
    use docket_domain::time::MINUTE;
    use docket_store::Progress;

    #[test]
    fn the_hour_before_counts_less_and_less() {
        let begins = Time(7 * HOUR);
        assert_eq!(still_counted(600, begins), 600);
        assert_eq!(still_counted(600, begins.plus(45 * MINUTE)), 150);
        assert_eq!(still_counted(600, begins.plus(HOUR - 1)), 0);
    }

    #[test]
    fn what_a_run_before_should_have_been_told_is_late_and_what_nobody_asked_for_is_not() {
        let run = |started, lateness, state| RunRecord {
            id: Id(started),
            shop: Id(1),
            stream: Stream::Orders,
            mode: RunMode::Incremental,
            state,
            fence: 1,
            created_at: Time(started),
            started_at: Some(Time(started)),
            ended_at: Some(Time(started + MINUTE)),
            progress: Progress { lateness, ..Progress::default() },
        };
        let done = |started, lateness| run(started * MINUTE, lateness, RunState::Done);
        assert_eq!(lateness(&[done(60, 90 * MINUTE)]), 0, "a first pull is late in nothing");
        let down_for_a_day = [done(1_440, 1_441 * MINUTE), done(0, 0)];
        assert_eq!(lateness(&down_for_a_day), 0, "nobody asked for a day");
        let late = [done(20, 9 * MINUTE), done(10, 40 * MINUTE), done(0, 0)];
        assert_eq!(lateness(&late), 29 * MINUTE);
        let failed = [run(20, 90 * MINUTE, RunState::Failed), done(0, 0)];
        assert_eq!(lateness(&failed), 0);
    }
}
