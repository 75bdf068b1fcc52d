//! Chains on every database: one after another, a failing one holds up its own, a dead one parks the rest.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

mod stage;

use docket_domain::Id;
use docket_domain::words::TaskState;
use docket_tasks::{Job, Kind, Outcome};
use stage::{New, on_every_stage};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Notes what it runs, and what ran at the same time in one chain.
#[derive(Default)]
struct Seen {
    order: Vec<Id>,
    running: BTreeSet<String>,
    overlaps: u32,
}

fn noting(seen: &Arc<Mutex<Seen>>) -> Kind {
    let seen = Arc::clone(seen);
    Kind::new("note", move |job: Job| {
        let seen = Arc::clone(&seen);
        async move {
            {
                let mut seen = seen.lock().unwrap();
                seen.order.push(job.id);
                if !seen.running.insert(job.payload.clone()) {
                    seen.overlaps += 1;
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
            seen.lock().unwrap().running.remove(&job.payload);
            Outcome::Done
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_a_chain_run_one_after_another_whoever_runs_them() {
    on_every_stage(async |stage| {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let other = stage.another_store().await;
        let first = stage.runner(&stage.store, "a", vec![noting(&seen)]);
        let second = stage.runner(&other, "b", vec![noting(&seen)]);
        let mut ids = Vec::new();
        for n in 0..120 {
            let chain = format!("order {}", n % 4);
            let new = New { payload: chain.clone(), ..New::chained("note", &chain) };
            ids.extend(stage.add(vec![new]).await);
        }
        for id in &ids {
            stage.until(*id, "done", |task| task.state == TaskState::Done).await;
        }
        first.stop().await;
        second.stop().await;
        let seen = seen.lock().unwrap();
        assert_eq!((seen.order.len(), seen.overlaps), (120, 0));
        for chain in 0..4 {
            let of_chain = ids.iter().skip(chain).step_by(4).collect::<Vec<_>>();
            let ran: Vec<_> = seen.order.iter().filter(|id| of_chain.contains(id)).collect();
            assert_eq!(ran, of_chain, "chain {chain} in the order of its numbers");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_task_parks_its_chain_until_a_person_retries_or_drops_it() {
    on_every_stage(async |stage| {
        let kind = Kind::new("note", |job: Job| async move {
            match job.payload.as_str() {
                "bad" => Outcome::Dead("refused".to_owned()),
                _ => Outcome::Done,
            }
        });
        let runner = stage.runner(&stage.store, "a", vec![kind]);
        let bad = New { payload: "bad".to_owned(), ..New::chained("note", "c") };
        let ids = stage.add(vec![bad, New::chained("note", "c"), New::chained("note", "d")]).await;
        let late = stage.add(vec![New::chained("note", "c")]).await[0];
        let dead = stage.until(ids[0], "dead", |task| task.state == TaskState::Dead).await;
        for behind in [ids[1], late] {
            let parked = stage.until(behind, "parked", |task| task.state == TaskState::Parked);
            assert_eq!(parked.await.parked_by, Some(ids[0]));
        }
        stage.until(ids[2], "done", |task| task.state == TaskState::Done).await;
        let after = stage.add(vec![New::chained("note", "c")]).await[0];
        stage.until(after, "parked", |task| task.parked_by == Some(ids[0])).await;
        // Retried as it is it dies again; with another payload it succeeds, and the rest follows.
        let again = dead.clone();
        stage.write(move |now| again.retry(None, now)).await;
        stage
            .until(ids[0], "dead again", |task| task.claims == 2 && task.state == TaskState::Dead)
            .await;
        stage.until(after, "parked", |task| task.state == TaskState::Parked).await;
        stage.write(move |now| dead.retry(Some("good"), now)).await;
        for id in [ids[0], ids[1], late, after] {
            stage.until(id, "done", |task| task.state == TaskState::Done).await;
        }
        let bad = New { payload: "bad".to_owned(), ..New::chained("note", "c") };
        let ids = stage.add(vec![bad, New::chained("note", "c")]).await;
        let dead = stage.until(ids[0], "dead", |task| task.state == TaskState::Dead).await;
        stage.write(move |now| dead.drop("dropped by root", now)).await;
        let dropped = stage.until(ids[0], "dropped", |task| task.state == TaskState::Done).await;
        assert_eq!(dropped.errors.last().unwrap().why, "dropped by root");
        stage.until(ids[1], "done", |task| task.state == TaskState::Done).await;
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_may_let_its_chain_go_on_without_the_dead() {
    on_every_stage(async |stage| {
        let kind = Kind::new("note", |job: Job| async move {
            if job.payload == "bad" { Outcome::Dead("no".to_owned()) } else { Outcome::Done }
        });
        let runner = stage.runner(&stage.store, "a", vec![kind.skips_dead()]);
        let bad = New { payload: "bad".to_owned(), ..New::chained("note", "c") };
        let ids = stage.add(vec![bad, New::chained("note", "c")]).await;
        stage.until(ids[1], "done", |task| task.state == TaskState::Done).await;
        assert_eq!(stage.task(ids[0]).await.state, TaskState::Dead);
        runner.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_task_holds_up_its_own_chain_only() {
    on_every_stage(async |stage| {
        let kind = Kind::new("note", |job: Job| async move {
            if job.attempt == 1 && job.payload == "slow" {
                Outcome::Retry("not yet".to_owned())
            } else {
                Outcome::Done
            }
        });
        let runner = stage.runner(&stage.store, "a", vec![kind]);
        let slow = New { payload: "slow".to_owned(), ..New::chained("note", "c") };
        let ids = stage.add(vec![slow, New::chained("note", "c"), New::chained("note", "d")]).await;
        stage.until(ids[2], "done", |task| task.state == TaskState::Done).await;
        stage.until(ids[0], "charged", |task| task.attempts == 1).await;
        let behind = stage.until(ids[1], "put aside", |task| task.rank.is_none()).await;
        assert_eq!((behind.state, behind.claims), (TaskState::Pending, 0));
        stage.clock.advance(Duration::from_secs(40));
        stage.until(ids[1], "done", |task| task.state == TaskState::Done).await;
        runner.stop().await;
    })
    .await;
}
