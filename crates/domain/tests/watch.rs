//! Watching: what is found wrong at and beyond each threshold, and how alerts go on whatever comes and goes.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

use docket_domain::channel::Stream;
use docket_domain::story::Language;
use docket_domain::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use docket_domain::watch::{
    Acknowledged, Alert, AlertKind, CallsMeasured, ClockMeasured, DiskMeasured, Facts, Finding,
    Measured, OverdueMeasured, Pace, RefusedMeasured, Severity, ShopMeasured, ShortMeasured,
    Silence, StreamMeasured, TasksMeasured, Telling, Thresholds, WaitMeasured, WorkerMeasured,
    alert_text, findings, health, turn,
};
use docket_domain::{Id, Time};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const NOW: Time = Time(1_800_000_000_000);

fn look() -> Measured {
    let worker = WorkerMeasured {
        process: "7:1".to_owned(),
        host: "tea".to_owned(),
        seen_at: NOW,
        ..WorkerMeasured::default()
    };
    Measured { at: NOW, workers: vec![worker], ..Measured::default() }
}

/// What is found, each with its kind, subject and severity.
fn found(measured: &Measured) -> Vec<(AlertKind, String, Severity)> {
    let found = findings(measured, &Thresholds::default());
    found.into_iter().map(|one| (one.kind, one.subject, one.severity)).collect()
}

/// The severity of the one thing that is found, or nothing.
fn alone(measured: &Measured, kind: AlertKind) -> Option<Severity> {
    let found = found(measured);
    assert!(found.len() <= 1 && found.iter().all(|one| one.0 == kind), "{found:?}");
    found.first().map(|one| one.2)
}

fn of_tasks(waiting: u64, dead: u64, done: u64, failed: u64) -> Measured {
    let kind = "webhook".to_owned();
    Measured { tasks: vec![TasksMeasured { kind, waiting, dead, done, failed }], ..look() }
}

fn of_calls(calls: u64, failed: u64, throttled: u64) -> Measured {
    let channel = "temu".to_owned();
    Measured { calls: vec![CallsMeasured { channel, calls, failed, throttled }], ..look() }
}

fn shop(change: impl FnOnce(&mut ShopMeasured)) -> Measured {
    let mut shop = ShopMeasured {
        id: Id(5),
        name: "Garden".to_owned(),
        token_until: None,
        pushed_at: None,
        found_at: None,
        paused: None,
        unmapped: 0,
        streams: vec![],
    };
    change(&mut shop);
    Measured { shops: vec![shop], ..look() }
}

fn stream(change: impl FnOnce(&mut StreamMeasured)) -> Measured {
    let mut stream = StreamMeasured {
        stream: Stream::Orders,
        read_at: NOW,
        running_since: None,
        gaps: 0,
        oldest_gap: None,
        lateness: 0,
    };
    change(&mut stream);
    shop(|shop| shop.streams.push(stream))
}

fn ago(millis: Millis) -> Time {
    NOW.plus(-millis)
}

use Severity::{Critical, Notice, Warning};

/// What is looked for, a look, and how bad it is there; nothing where it is as it may be.
type Row = (AlertKind, Measured, Option<Severity>);

fn rows_of_tasks() -> Vec<Row> {
    use AlertKind as Kind;
    let refunds = |count, oldest| Measured { refunds: OverdueMeasured { count, oldest }, ..look() };
    vec![
        (Kind::Backlog, of_tasks(1_000, 0, 0, 0), None),
        (Kind::Backlog, of_tasks(1_001, 0, 0, 0), Some(Warning)),
        (Kind::Backlog, of_tasks(10_001, 0, 0, 0), Some(Critical)),
        (Kind::TasksDead, of_tasks(0, 1, 0, 0), Some(Warning)),
        (Kind::TasksFailing, of_tasks(0, 0, 0, 19), None),
        (Kind::TasksFailing, of_tasks(0, 0, 18, 2), None),
        (Kind::TasksFailing, of_tasks(0, 0, 17, 3), Some(Warning)),
        (Kind::TasksFailing, of_tasks(0, 0, 9, 11), Some(Critical)),
        (Kind::RefundOverdue, refunds(0, None), None),
        (Kind::RefundOverdue, refunds(1, Some(ago(DAY))), Some(Warning)),
    ]
}

fn rows_of_shops() -> Vec<Row> {
    use AlertKind as Kind;
    let token = |left: Millis| shop(|shop| shop.token_until = Some(NOW.plus(left)));
    let old = |age| stream(|stream| stream.read_at = ago(age));
    let long = |age| stream(|stream| stream.running_since = Some(ago(age)));
    let gap = |age| stream(|stream| (stream.gaps, stream.oldest_gap) = (2, Some(ago(age))));
    let late = |lateness| stream(|stream| stream.lateness = lateness);
    let unpushed = |age| shop(|shop| (shop.pushed_at, shop.found_at) = (Some(ago(age)), Some(NOW)));
    let paused = shop(|shop| shop.paused = Some("dead".to_owned()));
    let unmapped = |count| shop(|shop| shop.unmapped = count);
    let short = |count| ShortMeasured { count, first: Some(("tea".into(), "main".into())) };
    vec![
        (Kind::SyncOld, old(HOUR), None),
        (Kind::SyncOld, old(HOUR + 1), Some(Warning)),
        (Kind::SyncOld, old(7 * HOUR), Some(Critical)),
        (Kind::SyncLong, long(HOUR), None),
        (Kind::SyncLong, long(HOUR + 1), Some(Warning)),
        (Kind::SyncGap, gap(HOUR), None),
        (Kind::SyncGap, gap(HOUR + 1), Some(Warning)),
        (Kind::SyncLate, late(15 * MINUTE), None),
        (Kind::SyncLate, late(15 * MINUTE + 1), Some(Warning)),
        (Kind::CallsFailing, of_calls(19, 19, 0), None),
        (Kind::CallsFailing, of_calls(100, 5, 0), None),
        (Kind::CallsFailing, of_calls(100, 6, 0), Some(Warning)),
        (Kind::CallsFailing, of_calls(100, 51, 0), Some(Critical)),
        (Kind::CallsThrottled, of_calls(100, 0, 20), None),
        (Kind::CallsThrottled, of_calls(100, 0, 21), Some(Warning)),
        (Kind::ShopPaused, paused, Some(Critical)),
        (Kind::SkusUnmapped, unmapped(0), None),
        (Kind::SkusUnmapped, unmapped(1), Some(Warning)),
        (Kind::Oversold, look(), None),
        (Kind::Oversold, Measured { short: short(1), ..look() }, Some(Critical)),
        (Kind::PushesStopped, unpushed(6 * HOUR), None),
        (Kind::PushesStopped, unpushed(6 * HOUR + 1), Some(Warning)),
        (Kind::TokenEnds, token(30 * DAY + 1), None),
        (Kind::TokenEnds, token(30 * DAY), Some(Notice)),
        (Kind::TokenEnds, token(7 * DAY), Some(Warning)),
        (Kind::TokenEnds, token(DAY), Some(Critical)),
        (Kind::TokenEnds, token(-DAY), Some(Critical)),
    ]
}

fn rows_of_workers() -> Vec<Row> {
    use AlertKind as Kind;
    let silent = |millis| {
        let mut look = look();
        look.workers.push(WorkerMeasured {
            process: "8:1".to_owned(),
            seen_at: ago(millis),
            ..WorkerMeasured::default()
        });
        look
    };
    let of = |change: &dyn Fn(&mut WorkerMeasured)| {
        let mut look = look();
        change(&mut look.workers[0]);
        look
    };
    let whose = || "https://a".to_owned();
    let clock = |ahead| of(&|worker| worker.clocks = vec![ClockMeasured { whose: whose(), ahead }]);
    let wait = |millis| of(&|worker| worker.waits = vec![WaitMeasured { whose: whose(), millis }]);
    let refused = |count| {
        of(&|worker| worker.refused = vec![RefusedMeasured { channel: "temu".to_owned(), count }])
    };
    let disk = |free| of(&|worker| worker.disk = Some(DiskMeasured { free, size: 1_000 }));
    vec![
        (Kind::WorkerSilent, silent(45 * SECOND), None),
        (Kind::WorkerSilent, silent(45 * SECOND + 1), Some(Warning)),
        (Kind::ClockOff, clock(30 * SECOND), None),
        (Kind::ClockOff, clock(-30 * SECOND - 1), Some(Warning)),
        (Kind::LimiterSaturated, wait(30 * SECOND), None),
        (Kind::LimiterSaturated, wait(30 * SECOND + 1), Some(Warning)),
        (Kind::PushesRefused, refused(10), None),
        (Kind::PushesRefused, refused(11), Some(Warning)),
        (Kind::DiskFull, disk(101), None),
        (Kind::DiskFull, disk(100), Some(Warning)),
        (Kind::DiskFull, disk(33), Some(Critical)),
    ]
}

#[test]
fn what_is_at_its_threshold_is_not_wrong_and_what_is_beyond_is() {
    let table = [rows_of_tasks(), rows_of_shops(), rows_of_workers()].concat();
    let told: BTreeSet<_> = table.iter().filter(|row| row.2.is_some()).map(|row| row.0).collect();
    assert_eq!(told.len(), AlertKind::ALL.len(), "every kind has a row that finds it");
    for (kind, measured, severity) in table {
        assert_eq!(alone(&measured, kind), severity, "{kind}: {measured:?}");
    }
}

#[test]
fn where_no_worker_is_left_its_silence_is_critical() {
    let mut look = look();
    look.workers[0].seen_at = ago(HOUR);
    assert_eq!(alone(&look, AlertKind::WorkerSilent), Some(Critical));
}

#[test]
fn of_one_marketplace_the_worst_clock_is_told_once() {
    let mut look = look();
    let clock = |ahead| vec![ClockMeasured { whose: "https://a".to_owned(), ahead }];
    look.workers[0].clocks = clock(40 * SECOND);
    look.workers.push(WorkerMeasured { clocks: clock(-60 * SECOND), ..look.workers[0].clone() });
    let found = findings(&look, &Thresholds::default());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].facts.millis, -60 * SECOND);
}

#[test]
fn every_alert_says_what_is_wrong_and_what_to_do_in_both_languages() {
    let facts = Facts {
        name: "Garden".to_owned(),
        count: 21,
        of: 34,
        millis: 3 * HOUR + 20 * MINUTE,
        why: "orders".to_owned(),
    };
    for kind in AlertKind::ALL {
        let en = alert_text(*kind, &facts, Language::En);
        let zh = alert_text(*kind, &facts, Language::Zh);
        let is_chinese =
            |text: &str| text.chars().any(|sign| ('\u{4e00}'..'\u{9fff}').contains(&sign));
        for text in [&en.what, en.advice] {
            assert!(!is_chinese(text) && text.len() > 10, "{kind}: {text}");
        }
        for text in [&zh.what, zh.advice] {
            assert!(is_chinese(text), "{kind}: {text}");
            assert!(!text.contains("  "), "{kind}: {text}");
        }
    }
    let old = alert_text(AlertKind::SyncOld, &facts, Language::En);
    assert_eq!(
        old.what,
        "The orders of the shop Garden were last read to their end 3 h 20 min ago."
    );
    let old = alert_text(AlertKind::SyncOld, &facts, Language::Zh);
    assert_eq!(old.what, "店铺 Garden 的订单上次完整读取是在 3 小时 20 分钟前。");
}

fn finding(kind: AlertKind, subject: &str, severity: Severity) -> Finding {
    Finding { kind, subject: subject.to_owned(), severity, facts: Facts::default() }
}

/// A center whose alerts are kept as the store does.
#[derive(Default)]
struct Kept {
    open: Vec<Alert>,
    past: Vec<Alert>,
    told: Vec<(Time, AlertKind, Telling)>,
    next: i64,
}

impl Kept {
    fn look(&mut self, found: Vec<Finding>, silences: &[Silence], now: Time) {
        for turn in turn(&self.open, found, silences, Pace::default(), now) {
            let mut alert = turn.alert;
            self.told.extend(turn.telling.map(|telling| (now, alert.kind, telling)));
            if alert.id == Id(0) {
                self.next += 1;
                alert.id = Id(self.next);
            } else {
                self.open.retain(|open| open.id != alert.id);
            }
            match alert.closed_at {
                None => self.open.push(alert),
                Some(_) => self.past.push(alert),
            }
        }
    }

    fn tellings(&self) -> Vec<Telling> {
        self.told.iter().map(|told| told.2).collect()
    }
}

use Telling::{Again, Closed, Opened, Worse};

#[test]
fn an_alert_opens_once_is_told_again_at_its_pace_and_closes_by_itself() {
    let (mut kept, gap) = (Kept::default(), AlertKind::SyncGap);
    for minute in 0..=8 * 60 {
        kept.look(vec![finding(gap, "5", Warning)], &[], NOW.plus(minute * MINUTE));
    }
    assert_eq!(kept.tellings(), [Opened, Again, Again]);
    let gone = NOW.plus(8 * HOUR);
    for minute in 1..=5 {
        kept.look(vec![], &[], gone.plus(minute * MINUTE));
        assert_eq!(kept.open.len(), usize::from(minute < 5));
    }
    assert_eq!(kept.tellings(), [Opened, Again, Again, Closed]);
    assert_eq!(kept.past[0].closed_at, Some(gone.plus(5 * MINUTE)));
}

#[test]
fn what_is_only_good_to_know_is_told_once_and_again_where_it_becomes_worse() {
    let (mut kept, ends) = (Kept::default(), AlertKind::TokenEnds);
    for (hour, severity) in
        [(0, Notice), (30, Notice), (31, Warning), (32, Critical), (33, Warning)]
    {
        kept.look(vec![finding(ends, "5", severity)], &[], NOW.plus(hour * HOUR));
    }
    assert_eq!(kept.tellings(), [Opened, Worse, Worse], "and it is as bad as it was at its worst");
    assert_eq!(kept.open[0].severity, Critical);
}

#[test]
fn who_looks_after_an_alert_is_not_told_again_while_it_is_no_worse() {
    let (mut kept, dead) = (Kept::default(), AlertKind::TasksDead);
    kept.look(vec![finding(dead, "a", Warning)], &[], NOW);
    kept.open[0].acknowledged = Some(Acknowledged { at: NOW, by: "ada".to_owned() });
    kept.look(vec![finding(dead, "a", Warning)], &[], NOW.plus(DAY));
    assert_eq!(kept.tellings(), [Opened]);
    kept.look(vec![finding(dead, "a", Critical)], &[], NOW.plus(DAY + MINUTE));
    assert_eq!(kept.tellings(), [Opened, Worse]);
    assert_eq!(kept.open[0].acknowledged, None, "somebody is to look at it anew");
    kept.look(vec![finding(dead, "a", Critical)], &[], NOW.plus(DAY + 5 * HOUR));
    assert_eq!(kept.tellings(), [Opened, Worse, Again]);
}

#[test]
fn what_is_silenced_is_not_told_until_then_and_a_new_one_of_it_neither() {
    let (mut kept, dead) = (Kept::default(), AlertKind::TasksDead);
    let until = NOW.plus(2 * HOUR);
    let silence = Silence { kind: dead, subject: "a".to_owned(), until };
    let found = || vec![finding(dead, "a", Warning), finding(dead, "b", Warning)];
    kept.look(found(), std::slice::from_ref(&silence), NOW);
    assert_eq!(kept.told.len(), 1, "the other one is told");
    kept.look(found(), &[], NOW.plus(HOUR));
    assert_eq!(kept.told.len(), 1);
    kept.look(found(), &[], until);
    assert_eq!(kept.tellings(), [Opened, Opened], "what is still there then is told as new");
    let mut short = Kept::default();
    short.look(vec![finding(dead, "a", Warning)], &[silence], NOW);
    short.look(vec![], &[], NOW.plus(10 * MINUTE));
    assert!(short.told.is_empty() && short.past.len() == 1, "what was never told ends in silence");
}

#[test]
fn health_is_a_hundred_less_what_is_wrong_and_says_for_what() {
    let mut kept = Kept::default();
    assert_eq!(health(&kept.open).score, 100);
    kept.look(
        vec![
            finding(AlertKind::TokenEnds, "5", Notice),
            finding(AlertKind::TasksDead, "a", Warning),
            finding(AlertKind::ShopPaused, "5", Critical),
        ],
        &[],
        NOW,
    );
    let well = health(&kept.open);
    assert_eq!(well.score, 63);
    let points: Vec<_> = well.deductions.iter().map(|one| (one.points, one.alert.kind)).collect();
    let expected =
        [(25, AlertKind::ShopPaused), (10, AlertKind::TasksDead), (2, AlertKind::TokenEnds)];
    assert_eq!(points, expected);
    let many = (0..9).map(|n| finding(AlertKind::ShopPaused, &n.to_string(), Critical));
    kept.look(many.collect(), &[], NOW);
    assert_eq!(health(&kept.open).score, 0);
}

/// Whether the cause is there in each minute, and how bad.
fn weather() -> impl Strategy<Value = Vec<[Option<Severity>; 2]>> {
    let severity = prop_oneof![
        3 => Just(None),
        1 => Just(Some(Notice)),
        2 => Just(Some(Warning)),
        1 => Just(Some(Critical)),
    ];
    prop::collection::vec([severity.clone(), severity], 1..600)
}

proptest! {
    #[test]
    fn whatever_comes_and_goes_one_is_open_each_closes_by_itself_and_little_is_told(
        weather in weather()
    ) {
        let pace = Pace::default();
        let mut kept = Kept::default();
        let mut seen = BTreeMap::<AlertKind, Time>::new();
        let kinds = [AlertKind::SyncGap, AlertKind::TasksDead];
        for (minute, causes) in weather.iter().enumerate() {
            let now = NOW.plus(minute as i64 * MINUTE);
            let there = kinds.iter().zip(causes).filter_map(|(kind, cause)| Some((*kind, (*cause)?)));
            let found: Vec<_> = there.map(|(kind, cause)| finding(kind, "x", cause)).collect();
            seen.extend(found.iter().map(|one| (one.kind, now)));
            kept.look(found, &[], now);
            for kind in kinds {
                let open = kept.open.iter().filter(|alert| alert.kind == kind).count();
                let lately = seen.get(&kind).is_some_and(|at| now.since(*at) < pace.calm);
                prop_assert_eq!(open, usize::from(lately), "{} at {}", kind, minute);
            }
        }
        let span = weather.len() as i64 * MINUTE;
        for kind in kinds {
            let told: Vec<_> = kept.told.iter().filter(|told| told.1 == kind).collect();
            // Each opening is followed by a calm before the next; each alert may become worse twice.
            let openings = span / (pace.calm + MINUTE) + 1;
            prop_assert!(told.len() as i64 <= openings * 4 + span / pace.repeat, "{:?}", told);
            let ends = |telling| told.iter().filter(|told| told.2 == telling).count();
            prop_assert!(ends(Opened) - ends(Closed) <= 1);
        }
    }
}
