//! Schedules on every database: one task a slot, whoever is first, and one for all that were missed.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

mod stage;

use docket_domain::words::TaskState;
use docket_store::{Store, TaskFilter, TaskRow};
use docket_tasks::{Every, Kind, Outcome, Runner, Schedule, Settings};
use stage::{Stage, on_every_stage};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

type Runs = Arc<AtomicU32>;

/// A process whose schedule has a slot a minute; each run is counted.
fn start(stage: &Stage, name: &str, store: &Arc<Store>, runs: &Runs) -> Runner {
    let runs = Arc::clone(runs);
    let tick = Kind::new("tick", move |_| {
        runs.fetch_add(1, SeqCst);
        async { Outcome::Done }
    });
    let schedule = Schedule {
        name: "clean".to_owned(),
        every: Every::interval(60_000).unwrap(),
        kind: "tick",
        payload: "{}".to_owned(),
        max_attempts: 1,
    };
    let clock = stage.clock.clone();
    let settings = Settings {
        look: Duration::from_millis(20),
        ..Settings::new(name.to_owned(), Arc::new(move || clock.now()))
    };
    Runner::start(Arc::clone(store), vec![tick], vec![schedule], None, settings)
}

/// Every task that was made, newest first.
async fn made(stage: &Stage) -> Vec<TaskRow> {
    let kind = Some("tick".to_owned());
    stage.store.tasks(&TaskFilter { kind, limit: 50, ..TaskFilter::default() }).await.unwrap().tasks
}

/// Waits until so many tasks were made and are done, each of a slot of its own.
async fn ticks(stage: &Stage, wanted: usize) {
    let began = tokio::time::Instant::now();
    loop {
        let tasks = made(stage).await;
        if tasks.len() == wanted && tasks.iter().all(|task| task.state == TaskState::Done) {
            let slots: Vec<_> = tasks.iter().map(|task| task.due_at.0).collect();
            assert!(slots.windows(2).all(|pair| pair[0] > pair[1]), "{slots:?}");
            assert!(slots.iter().all(|slot| slot % 60_000 == 0), "{slots:?}");
            return;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{} of {wanted}", tasks.len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_slot_runs_once_however_many_processes_there_are() {
    on_every_stage(async |stage| {
        let (runs, other) = (Runs::default(), stage.another_store().await);
        let runners = [start(stage, "a", &stage.store, &runs), start(stage, "b", &other, &runs)];
        for slot in 1..=2 {
            stage.clock.advance(Duration::from_mins(1));
            ticks(stage, slot).await;
        }
        // Ten slots pass unseen: one run.
        stage.clock.advance(Duration::from_mins(10));
        ticks(stage, 3).await;
        for runner in runners {
            runner.stop().await;
        }
        assert_eq!(runs.load(SeqCst), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_while_nobody_was_there_is_run_once() {
    on_every_stage(async |stage| {
        let runs = Runs::default();
        let first = start(stage, "a", &stage.store, &runs);
        stage.clock.advance(Duration::from_mins(1));
        ticks(stage, 1).await;
        first.stop().await;
        let left = stage.clock.now();
        stage.clock.advance(Duration::from_secs(10 * 60 + 30));
        let second = start(stage, "b", &stage.store, &runs);
        ticks(stage, 2).await;
        let missed = made(stage).await[0].due_at;
        assert!(stage.clock.now().0 - missed.0 < 60_000, "it ran for the last of them");
        assert!(missed > left);
        stage.clock.advance(Duration::from_mins(1));
        ticks(stage, 3).await;
        second.stop().await;
        assert_eq!(runs.load(SeqCst), 3);
    })
    .await;
}
