//! Tasks on every database: each runs once, fails as it should, and is nobody's who lost it.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

mod stage;

use docket_domain::Id;
use docket_domain::words::TaskState;
use docket_store::{Stamp, TaskRow};
use docket_tasks::{Kind, Outcome};
use stage::{New, Stage, on_every_stage};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// Counts runs by task.
type Runs = Arc<Mutex<BTreeMap<Id, u32>>>;

fn counting(runs: &Runs) -> Kind {
    let runs = Arc::clone(runs);
    Kind::new("count", move |job| {
        *runs.lock().unwrap().entry(job.id).or_default() += 1;
        async { Outcome::Done }
    })
}

async fn done(stage: &Stage, id: Id) -> TaskRow {
    stage.until(id, "done", |task| task.state == TaskState::Done).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_run_each_task_once() {
    on_every_stage(async |stage| {
        let runs = Runs::default();
        let other = stage.another_store().await;
        let first = stage.runner(&stage.store, "a", vec![counting(&runs).concurrency(64)]);
        let second = stage.runner(&other, "b", vec![counting(&runs).concurrency(64)]);
        let mut ids = Vec::new();
        for _ in 0..10 {
            ids.extend(stage.add(vec![New::of("count"); 100]).await);
        }
        for id in &ids {
            let task = done(stage, *id).await;
            assert_eq!((task.claims, task.attempts, task.rank), (1, 0, None));
        }
        let counted = [&first, &second].map(|runner| runner.counted().done.load(SeqCst));
        first.stop().await;
        second.stop().await;
        assert_eq!(counted.iter().sum::<u64>(), 1000);
        let runs = runs.lock().unwrap();
        assert_eq!(runs.len(), 1000);
        assert!(runs.values().all(|times| *times == 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_task_is_tried_again_and_dies_when_its_attempts_are_used_up() {
    on_every_stage(async |stage| {
        let fails = |job: docket_tasks::Job| async move {
            match job.payload.as_str() {
                "panic" => panic!("out of order"),
                "hang" => std::future::pending().await,
                "hopeless" => Outcome::Dead("no such order".to_owned()),
                _ => Outcome::Retry("no answer".to_owned()),
            }
        };
        let kind = Kind::new("fail", fails).limit(Duration::from_millis(200));
        let runner = stage.runner(&stage.store, "a", vec![kind]);
        let new =
            |payload: &str| New { payload: payload.to_owned(), attempts: 2, ..New::of("fail") };
        let ids = stage.add(["", "panic", "hang", "hopeless"].map(new).to_vec()).await;
        for (id, why) in ids[..3].iter().zip(["no answer", "out of order", "no answer within"]) {
            let task = stage.until(*id, "charged", |task| task.attempts == 1).await;
            assert_eq!(task.state, TaskState::Pending, "{task:?}");
            assert!(task.errors[0].why.contains(why), "{task:?}");
            let waits = task.due_at.0 - stage.clock.now().0;
            assert!((24_000..=36_000).contains(&waits), "{waits} ms");
        }
        let hopeless = stage.until(ids[3], "dead", |task| task.state == TaskState::Dead).await;
        assert_eq!((hopeless.attempts, hopeless.finished_at.is_some()), (1, true));
        stage.clock.advance(Duration::from_secs(40));
        for id in &ids[..3] {
            let task = stage.until(*id, "dead", |task| task.state == TaskState::Dead).await;
            assert_eq!((task.attempts, task.errors.len()), (2, 2), "{task:?}");
        }
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_off_costs_no_attempt() {
    on_every_stage(async |stage| {
        let clock = stage.clock.clone();
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        let throttled = Kind::new("throttled", move |_| {
            let until = clock.now().plus(60_000);
            let first = counted.fetch_add(1, SeqCst) == 0;
            async move { if first { Outcome::Later(until) } else { Outcome::Done } }
        });
        let runner = stage.runner(&stage.store, "a", vec![throttled]);
        let id = stage.add(vec![New { attempts: 1, ..New::of("throttled") }]).await[0];
        let put_off =
            stage.until(id, "put off", |task| task.claims == 1 && task.state == TaskState::Pending);
        assert_eq!(put_off.await.attempts, 0);
        stage.clock.advance(Duration::from_secs(61));
        assert_eq!(done(stage, id).await.claims, 2);
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_off_for_a_moment_does_not_wait_for_the_next_look() {
    on_every_stage(async |stage| {
        let (clock, tries) = (stage.clock.clone(), Arc::new(AtomicU32::new(0)));
        let poll = Kind::new("poll", move |_| {
            let (clock, tries) = (clock.clone(), Arc::clone(&tries));
            async move {
                // Meanwhile its worker has looked, and seen that nothing else is due.
                tokio::time::sleep(Duration::from_millis(100)).await;
                let first = tries.fetch_add(1, SeqCst) == 0;
                if first { Outcome::Later(clock.now().plus(50)) } else { Outcome::Done }
            }
        });
        let look = Duration::from_hours(1);
        let runner = stage.runner_that_looks(look, &stage.store, "a", vec![poll]);
        let id = stage.add(vec![New::of("poll")]).await[0];
        let put_off = |task: &TaskRow| task.claims == 1 && task.state == TaskState::Pending;
        stage.until(id, "put off", put_off).await;
        stage.clock.advance(Duration::from_secs(1));
        assert_eq!(done(stage, id).await.claims, 2);
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_lease_changes_nothing() {
    on_every_stage(async |stage| {
        let id = stage.add(vec![New::of("count")]).await[0];
        let lost = Stamp("lost:1".to_owned());
        let by = lost.clone();
        stage.write(move |now| by.claim(&[id], now, now.plus(1_000))).await;
        let claimed = stage.task(id).await;
        assert_eq!((claimed.state, claimed.claims), (TaskState::Running, 1));
        stage.clock.advance(Duration::from_secs(2));
        let runs = Runs::default();
        let runner = stage.runner(&stage.store, "a", vec![counting(&runs)]);
        let finished = done(stage, id).await;
        assert_eq!(finished.claims, 2, "the lease ran out, and another worker took it");
        let failed =
            docket_store::Failed::Dead { why: "late".to_owned(), attempts: 1, skipped: false };
        let by = lost.clone();
        stage.write(move |now| by.fail(&claimed, &failed, now)).await;
        stage.write(move |now| lost.finish(&[id], now.plus(9))).await;
        assert_eq!(stage.task(id).await, finished);
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_task_keeps_its_lease() {
    on_every_stage(async |stage| {
        let runs = Runs::default();
        let counted = Arc::clone(&runs);
        let long = Kind::new("count", move |job| {
            *counted.lock().unwrap().entry(job.id).or_default() += 1;
            async {
                tokio::time::sleep(Duration::from_millis(400)).await;
                Outcome::Done
            }
        });
        // The lease is far shorter than the work, and the clock runs through it while the work goes on.
        let kind = long.lease(Duration::from_millis(90)).limit(Duration::from_secs(10));
        let other = stage.another_store().await;
        let first = stage.runner(&stage.store, "a", vec![kind.clone()]);
        let id = stage.add(vec![New::of("count")]).await[0];
        stage.until(id, "running", |task| task.state == TaskState::Running).await;
        let second = stage.runner(&other, "b", vec![kind]);
        while stage.task(id).await.state == TaskState::Running {
            stage.clock.advance(Duration::from_millis(10));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(done(stage, id).await.claims, 1);
        assert_eq!(runs.lock().unwrap()[&id], 1);
        first.stop().await;
        second.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_task_is_not_there_twice() {
    on_every_stage(async |stage| {
        let once = New { unique: Some("close:7".to_owned()), ..New::of("count") };
        let ids = stage.add(vec![once.clone(), once.clone()]).await;
        assert!(stage.store.task(ids[1]).await.unwrap().is_none(), "the second is there already");
        let again = stage.add(vec![once.clone()]).await[0];
        assert!(stage.store.task(again).await.unwrap().is_none());
        let runs = Runs::default();
        let runner = stage.runner(&stage.store, "a", vec![counting(&runs)]);
        done(stage, ids[0]).await;
        let next = stage.add(vec![once]).await[0];
        done(stage, next).await;
        runner.stop().await;
        assert_eq!(runs.lock().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ranks_first_runs_first_and_nothing_before_its_time() {
    on_every_stage(async |stage| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&order);
        let kind = Kind::new("count", move |job| {
            seen.lock().unwrap().push(job.id);
            async { Outcome::Done }
        });
        let low = New { priority: 1, ..New::of("count") };
        let later = New { later_ms: 10_000, ..New::of("count") };
        let soon = New { later_ms: 5_000, ..New::of("count") };
        let ids = stage.add(vec![low, later, New::of("count"), soon]).await;
        let runner = stage.runner(&stage.store, "a", vec![kind.concurrency(1)]);
        done(stage, ids[0]).await;
        assert_eq!(*order.lock().unwrap(), [ids[2], ids[0]], "what is due, by priority");
        stage.clock.advance(Duration::from_secs(11));
        done(stage, ids[1]).await;
        assert_eq!(order.lock().unwrap()[2..], [ids[3], ids[1]]);
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_what_is_halted_is_counted_by_kind_and_state() {
    on_every_stage(async |stage| {
        let hopeless = Kind::new("hopeless", |_| async { Outcome::Dead("no".to_owned()) });
        let go_on = Arc::new(Notify::new());
        let waits = Arc::clone(&go_on);
        let stuck = Kind::new("stuck", move |_| {
            let waits = Arc::clone(&waits);
            async move {
                waits.notified().await;
                Outcome::Done
            }
        });
        let runs = Runs::default();
        let kinds = vec![counting(&runs), hopeless, stuck];
        let first_due = stage.clock.now();
        let runner = stage.runner(&stage.store, "a", kinds);
        let ids = stage
            .add(vec![
                New::of("count"),
                New::chained("hopeless", "c"),
                New::chained("hopeless", "c"),
                New::of("stuck"),
                New { later_ms: 5_000, ..New::of("unknown") },
                New { later_ms: 9_000, ..New::of("unknown") },
            ])
            .await;
        done(stage, ids[0]).await;
        stage.until(ids[2], "parked", |task| task.state == TaskState::Parked).await;
        stage.until(ids[3], "running", |task| task.state == TaskState::Running).await;
        let mut counted: Vec<_> = stage.store.task_backlog().await.unwrap();
        counted.sort_by_key(|one| (one.kind.clone(), one.state.code()));
        let counted: Vec<_> = counted
            .iter()
            .map(|one| (&*one.kind, one.state, one.count, one.oldest_due.0 - first_due.0))
            .collect();
        let wanted = [
            ("hopeless", TaskState::Dead, 1, 0),
            ("hopeless", TaskState::Parked, 1, 0),
            ("stuck", TaskState::Running, 1, 0),
            ("unknown", TaskState::Pending, 2, 5_000),
        ];
        assert_eq!(counted, wanted);
        go_on.notify_one();
        runner.stop().await;
    })
    .await;
}
