//! What is wrong: one rule a kind of alert, each a function over one look and the thresholds.

use super::measured::{
    CallsMeasured, DiskMeasured, Measured, ShopMeasured, StreamMeasured, TasksMeasured,
};
use super::{AlertKind, Facts, Finding, Severity};
use crate::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use std::collections::BTreeMap;

/// How much may be as it is before it is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// Tasks of a kind that may wait.
    pub backlog: u64,
    /// Of a hundred tries of a kind within an hour, how many may fail.
    pub failed_percent: u64,
    /// Tries within an hour, below which nothing is said of how many failed.
    pub failed_least: u64,
    /// How often a process that runs tasks gives a sign of life, in milliseconds.
    pub sign: Millis,
    /// How many signs may be missed.
    pub silent_signs: u32,
    /// How long ago a shop may have been read to its end, in milliseconds.
    pub sync_age: Millis,
    /// How long a run may take, in milliseconds.
    pub sync_length: Millis,
    /// How long a part of a shop's orders may be missing, in milliseconds.
    pub gap: Millis,
    /// How late a change may be seen: as far as windows reach back, in milliseconds.
    pub lateness: Millis,
    /// Of a hundred calls to a marketplace within an hour, how many may fail.
    pub calls_failed_percent: u64,
    /// Of a hundred calls, how many it may turn away because there are too many.
    pub throttled_percent: u64,
    /// How long before the end of a token it is told: at first, as a warning, as critical; in milliseconds.
    pub token_ends: [Millis; 3],
    /// How far clocks may differ, in milliseconds.
    pub clock: Millis,
    /// Of a hundred bytes of the disk, how many must be free.
    pub disk_percent: u64,
    /// How long a shop whose orders change may go without a push, where it had any, in milliseconds.
    pub push_age: Millis,
    /// Pushes that may be refused within an hour.
    pub pushes_refused: u64,
    /// How long a call to a marketplace may wait for its turn, on average, in milliseconds.
    pub wait: Millis,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            backlog: 1_000,
            failed_percent: 10,
            failed_least: 20,
            sign: 15 * SECOND,
            silent_signs: 3,
            sync_age: HOUR,
            sync_length: HOUR,
            gap: HOUR,
            lateness: 15 * MINUTE,
            calls_failed_percent: 5,
            throttled_percent: 20,
            token_ends: [30 * DAY, 7 * DAY, DAY],
            clock: 30 * SECOND,
            disk_percent: 10,
            push_age: 6 * HOUR,
            pushes_refused: 10,
            wait: 30 * SECOND,
        }
    }
}

/// How much worse than its threshold something is when it is critical.
const FAR: u64 = 10;
/// The same of lengths of time.
const FAR_IN_TIME: Millis = 6;
/// Characters of the name of something of others.
const NAME: usize = 200;
/// Of a hundred that fail, how many are critical.
const MOST: u64 = 50;

/// What is wrong now, of each kind and subject once, in an order that follows from the look.
pub fn findings(measured: &Measured, limits: &Thresholds) -> Vec<Finding> {
    let mut found = Vec::new();
    for tasks in &measured.tasks {
        found.extend([backlog(tasks, limits), failing(tasks, limits), dead(tasks)]);
    }
    found.extend(silent(measured, limits));
    for shop in &measured.shops {
        found.extend([paused(shop), token_ends(shop, measured, limits), unpushed(shop, limits)]);
        found.push(unmapped(shop));
        for stream in &shop.streams {
            let of = |finding| StreamOf { shop, stream }.finding(finding);
            found.extend([
                old(stream, measured, limits).map(of),
                long(stream, measured, limits).map(of),
                gap(stream, measured, limits).map(of),
                late(stream, limits).map(of),
            ]);
        }
    }
    for calls in &measured.calls {
        found.extend([calls_failing(calls, limits), throttled(calls, limits)]);
    }
    found.push(refund_overdue(measured));
    found.push(oversold(measured));
    found.extend(clocks(measured, limits));
    found.extend(disks(measured, limits));
    found.extend(waits(measured, limits));
    found.extend(refused(measured, limits));
    found.into_iter().flatten().collect()
}

/// Whether `part` is more than `percent` of a hundred of `whole`.
const fn exceeds(part: u64, whole: u64, percent: u64) -> bool {
    part as u128 * 100 > whole as u128 * percent as u128
}

fn backlog(tasks: &TasksMeasured, limits: &Thresholds) -> Option<Finding> {
    let is_far = tasks.waiting > limits.backlog.saturating_mul(FAR);
    let severity = if is_far { Severity::Critical } else { Severity::Warning };
    let facts = Facts {
        name: tasks.kind.clone(),
        count: tasks.waiting,
        of: limits.backlog,
        ..Facts::default()
    };
    let subject = tasks.kind.clone();
    let finding = Finding { kind: AlertKind::Backlog, subject, severity, facts };
    (tasks.waiting > limits.backlog).then_some(finding)
}

fn failing(tasks: &TasksMeasured, limits: &Thresholds) -> Option<Finding> {
    let tries = tasks.done + tasks.failed;
    let is_wrong =
        tries >= limits.failed_least && exceeds(tasks.failed, tries, limits.failed_percent);
    let facts =
        Facts { name: tasks.kind.clone(), count: tasks.failed, of: tries, ..Facts::default() };
    let severity = severity_of(tasks.failed, tries);
    let subject = tasks.kind.clone();
    is_wrong.then_some(Finding { kind: AlertKind::TasksFailing, subject, severity, facts })
}

const fn severity_of(failed: u64, all: u64) -> Severity {
    if exceeds(failed, all, MOST) { Severity::Critical } else { Severity::Warning }
}

fn dead(tasks: &TasksMeasured) -> Option<Finding> {
    let facts = Facts { name: tasks.kind.clone(), count: tasks.dead, ..Facts::default() };
    let (kind, subject) = (AlertKind::TasksDead, tasks.kind.clone());
    let finding = Finding { kind, subject, severity: Severity::Warning, facts };
    (tasks.dead > 0).then_some(finding)
}

/// Processes that gave no sign of life; critical where none is left.
fn silent(measured: &Measured, limits: &Thresholds) -> Vec<Option<Finding>> {
    let patience = limits.sign.saturating_mul(i64::from(limits.silent_signs));
    let silence = |seen_at| measured.at.since(seen_at);
    let lives = measured.workers.iter().any(|worker| silence(worker.seen_at) <= patience);
    let severity = if lives { Severity::Warning } else { Severity::Critical };
    let of = measured.workers.iter().map(|worker| {
        let millis = silence(worker.seen_at);
        let name = if worker.host.is_empty() { &worker.process } else { &worker.host };
        let facts = Facts { name: name.clone(), millis, ..Facts::default() };
        let (kind, subject) = (AlertKind::WorkerSilent, worker.process.clone());
        (millis > patience).then_some(Finding { kind, subject, severity, facts })
    });
    of.collect()
}

fn paused(shop: &ShopMeasured) -> Option<Finding> {
    let why = shop.paused.clone()?;
    let facts = Facts { name: shop.name.clone(), why, ..Facts::default() };
    let (kind, subject) = (AlertKind::ShopPaused, shop.id.to_string());
    Some(Finding { kind, subject, severity: Severity::Critical, facts })
}

fn token_ends(shop: &ShopMeasured, measured: &Measured, limits: &Thresholds) -> Option<Finding> {
    let left = shop.token_until?.since(measured.at);
    let [first, warning, critical] = limits.token_ends;
    let severity = match left {
        left if left <= critical => Severity::Critical,
        left if left <= warning => Severity::Warning,
        left if left <= first => Severity::Notice,
        _ => return None,
    };
    let facts = Facts { name: shop.name.clone(), millis: left.max(0), ..Facts::default() };
    let (kind, subject) = (AlertKind::TokenEnds, shop.id.to_string());
    Some(Finding { kind, subject, severity, facts })
}

/// A shop of which polling finds what no push told of for long.
fn unpushed(shop: &ShopMeasured, limits: &Thresholds) -> Option<Finding> {
    let millis = shop.found_at?.since(shop.pushed_at?);
    let facts = Facts { name: shop.name.clone(), millis, ..Facts::default() };
    let (kind, subject) = (AlertKind::PushesStopped, shop.id.to_string());
    let finding = Finding { kind, subject, severity: Severity::Warning, facts };
    (millis > limits.push_age).then_some(finding)
}

fn unmapped(shop: &ShopMeasured) -> Option<Finding> {
    let facts = Facts { name: shop.name.clone(), count: shop.unmapped, ..Facts::default() };
    let (kind, subject) = (AlertKind::SkusUnmapped, shop.id.to_string());
    let finding = Finding { kind, subject, severity: Severity::Warning, facts };
    (shop.unmapped > 0).then_some(finding)
}

fn oversold(measured: &Measured) -> Option<Finding> {
    let (sku, place) = measured.short.first.as_ref()?;
    let name: String = format!("{sku} ({place})").chars().take(NAME).collect();
    let facts = Facts { name, count: measured.short.count, ..Facts::default() };
    let (kind, subject) = (AlertKind::Oversold, "stock".to_owned());
    Some(Finding { kind, subject, severity: Severity::Critical, facts })
}

/// Pushes that were refused, of all processes.
fn refused(measured: &Measured, limits: &Thresholds) -> Vec<Option<Finding>> {
    let mut all = BTreeMap::<&str, u64>::new();
    for refused in measured.workers.iter().flat_map(|worker| &worker.refused) {
        *all.entry(&refused.channel).or_default() += refused.count;
    }
    let of = all.into_iter().map(|(channel, count)| {
        let facts = Facts { name: channel.to_owned(), count, ..Facts::default() };
        let (kind, subject) = (AlertKind::PushesRefused, channel.to_owned());
        let finding = Finding { kind, subject, severity: Severity::Warning, facts };
        (count > limits.pushes_refused).then_some(finding)
    });
    of.collect()
}

/// A stream of a shop, which findings are of.
#[derive(Clone, Copy)]
struct StreamOf<'a> {
    shop: &'a ShopMeasured,
    stream: &'a StreamMeasured,
}

impl StreamOf<'_> {
    fn finding(self, (kind, severity, facts): (AlertKind, Severity, Facts)) -> Finding {
        let Self { shop, stream } = self;
        let subject = format!("{}:{}", shop.id, stream.stream);
        let facts = Facts { name: shop.name.clone(), why: stream.stream.word().into(), ..facts };
        Finding { kind, subject, severity, facts }
    }
}

type OfStream = Option<(AlertKind, Severity, Facts)>;

fn lasting(kind: AlertKind, millis: Millis, limit: Millis) -> OfStream {
    let is_far = millis > limit.saturating_mul(FAR_IN_TIME);
    let severity = if is_far { Severity::Critical } else { Severity::Warning };
    (millis > limit).then(|| (kind, severity, Facts { millis, ..Facts::default() }))
}

fn old(stream: &StreamMeasured, measured: &Measured, limits: &Thresholds) -> OfStream {
    lasting(AlertKind::SyncOld, measured.at.since(stream.read_at), limits.sync_age)
}

fn long(stream: &StreamMeasured, measured: &Measured, limits: &Thresholds) -> OfStream {
    let since = measured.at.since(stream.running_since?);
    lasting(AlertKind::SyncLong, since, limits.sync_length)
}

fn gap(stream: &StreamMeasured, measured: &Measured, limits: &Thresholds) -> OfStream {
    let millis = measured.at.since(stream.oldest_gap?);
    let facts = Facts { count: stream.gaps, millis, ..Facts::default() };
    (millis > limits.gap).then_some((AlertKind::SyncGap, Severity::Warning, facts))
}

fn late(stream: &StreamMeasured, limits: &Thresholds) -> OfStream {
    let facts = Facts { millis: stream.lateness, ..Facts::default() };
    let finding = (AlertKind::SyncLate, Severity::Warning, facts);
    (stream.lateness > limits.lateness).then_some(finding)
}

fn calls_failing(calls: &CallsMeasured, limits: &Thresholds) -> Option<Finding> {
    let is_wrong = calls.calls >= limits.failed_least
        && exceeds(calls.failed, calls.calls, limits.calls_failed_percent);
    let severity = severity_of(calls.failed, calls.calls);
    is_wrong.then(|| of_calls(AlertKind::CallsFailing, severity, calls, calls.failed))
}

fn throttled(calls: &CallsMeasured, limits: &Thresholds) -> Option<Finding> {
    let is_wrong = calls.calls >= limits.failed_least
        && exceeds(calls.throttled, calls.calls, limits.throttled_percent);
    is_wrong.then(|| of_calls(AlertKind::CallsThrottled, Severity::Warning, calls, calls.throttled))
}

fn of_calls(kind: AlertKind, severity: Severity, calls: &CallsMeasured, count: u64) -> Finding {
    let name = calls.channel.clone();
    let facts = Facts { name, count, of: calls.calls, ..Facts::default() };
    Finding { kind, subject: calls.channel.clone(), severity, facts }
}

fn refund_overdue(measured: &Measured) -> Option<Finding> {
    let oldest = measured.refunds.oldest?;
    let count = measured.refunds.count;
    let facts = Facts { count, millis: measured.at.since(oldest), ..Facts::default() };
    let (kind, subject) = (AlertKind::RefundOverdue, "refunds".to_owned());
    (count > 0).then_some(Finding { kind, subject, severity: Severity::Warning, facts })
}

/// Clocks that differ.
fn clocks(measured: &Measured, limits: &Thresholds) -> Vec<Option<Finding>> {
    let clocks = measured.workers.iter().flat_map(|worker| &worker.clocks);
    let clocks = clocks.map(|clock| (clock.whose.as_str(), clock.ahead));
    worst(AlertKind::ClockOff, clocks, limits.clock)
}

/// Limits that calls wait long for.
fn waits(measured: &Measured, limits: &Thresholds) -> Vec<Option<Finding>> {
    let waits = measured.workers.iter().flat_map(|worker| &worker.waits);
    let waits = waits.map(|wait| (wait.whose.as_str(), wait.millis));
    worst(AlertKind::LimiterSaturated, waits, limits.wait)
}

/// What several processes measured of others, each by its name: of one the worst is told, where it is beyond `limit`.
fn worst<'a>(
    kind: AlertKind,
    measured: impl Iterator<Item = (&'a str, Millis)>,
    limit: Millis,
) -> Vec<Option<Finding>> {
    let mut worst = BTreeMap::<&str, Millis>::new();
    for (whose, millis) in measured {
        let known = worst.entry(whose).or_default();
        if millis.abs() > known.abs() {
            *known = millis;
        }
    }
    let of = worst.into_iter().map(|(whose, millis)| {
        let subject: String = whose.chars().take(NAME).collect();
        let facts = Facts { name: subject.clone(), millis, ..Facts::default() };
        let finding = Finding { kind, subject, severity: Severity::Warning, facts };
        (millis.abs() > limit).then_some(finding)
    });
    of.collect()
}

/// Disks that are nearly full, critical with a third of that.
fn disks(measured: &Measured, limits: &Thresholds) -> Vec<Option<Finding>> {
    let of = measured.workers.iter().map(|worker| {
        let DiskMeasured { free, size } = worker.disk?;
        let name = if worker.host.is_empty() { &worker.process } else { &worker.host };
        let facts = Facts { name: name.clone(), count: free, of: size, ..Facts::default() };
        let is_far = !exceeds(free.saturating_mul(3), size, limits.disk_percent);
        let severity = if is_far { Severity::Critical } else { Severity::Warning };
        let (kind, subject) = (AlertKind::DiskFull, name.clone());
        let is_wrong = size > 0 && !exceeds(free, size, limits.disk_percent);
        is_wrong.then_some(Finding { kind, subject, severity, facts })
    });
    of.collect()
}
