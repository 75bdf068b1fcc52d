//! Schedules on every database: one task a slot, whoever is first, and one for all that were missed.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

mod stage;

use docket_domain::words::TaskState;
use docket_store::TaskFilter;
use docket_tasks::{Every, Kind, Outcome, Runner, Schedule, Settings};
use stage::on_every_stage;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn each_slot_runs_once_however_many_processes_there_are() {
    on_every_stage(async |stage| {
        let runs = Arc::new(AtomicU32::new(0));
        let start = |name: &str, store| {
            let runs = Arc::clone(&runs);
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
            Runner::start(store, vec![tick], vec![schedule], None, settings)
        };
        let other = stage.another_store().await;
        let runners = [start("a", Arc::clone(&stage.store)), start("b", other)];
        let ticks = async |wanted: usize| {
            let began = tokio::time::Instant::now();
            loop {
                let filter = TaskFilter {
                    kind: Some("tick".to_owned()),
                    limit: 50,
                    ..TaskFilter::default()
                };
                let tasks = stage.store.tasks(&filter).await.unwrap();
                if tasks.len() == wanted && tasks.iter().all(|task| task.state == TaskState::Done) {
                    let slots: Vec<_> = tasks.iter().map(|task| task.due_at.0).collect();
                    let apart = |pair: &[i64]| pair[0] > pair[1];
                    assert!(slots.windows(2).all(apart), "each is due at its own slot: {slots:?}");
                    assert!(slots.iter().all(|slot| slot % 60_000 == 0), "{slots:?}");
                    return;
                }
                assert!(began.elapsed() < Duration::from_mins(1), "{} of {wanted}", tasks.len());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        for slot in 1..=2 {
            stage.clock.advance(Duration::from_mins(1));
            ticks(slot).await;
        }
        // Ten slots pass unseen: one run.
        stage.clock.advance(Duration::from_mins(10));
        ticks(3).await;
        for runner in runners {
            runner.stop().await;
        }
        assert_eq!(runs.load(SeqCst), 3);
    })
    .await;
}
