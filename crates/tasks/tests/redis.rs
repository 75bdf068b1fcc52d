//! Redis rings, and no more: taken away, emptied or restarted it changes how soon a task runs, never whether.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

mod stage;

use docket_domain::Id;
use docket_domain::words::TaskState;
use docket_store::Store;
use docket_tasks::{Kind, Outcome, Redis, RedisAt, Runner, Settings, Unstarted};
use docket_testkit::RedisServer;
use stage::{New, Stage, on_every_stage};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Runs = Arc<Mutex<BTreeMap<Id, u32>>>;

fn counting(runs: &Runs) -> Kind {
    let runs = Arc::clone(runs);
    Kind::new("count", move |job| {
        *runs.lock().unwrap().entry(job.id).or_default() += 1;
        async { Outcome::Done }
    })
}

/// A worker that looks every `look`, and a handle on its Redis.
fn runner(
    stage: &Stage,
    store: &Arc<Store>,
    name: &str,
    kinds: Vec<Kind>,
    (server, look): (&RedisServer, Duration),
) -> (Runner, Redis) {
    let at = RedisAt::parse(&server.url(), "test").unwrap();
    let unstarted = Unstarted::new(&at);
    let redis = unstarted.handle();
    let clock = stage.clock.clone();
    let settings = Settings {
        look,
        grace: Duration::from_secs(10),
        ..Settings::new(name.to_owned(), Arc::new(move || clock.now()))
    };
    (Runner::start(Arc::clone(store), kinds, vec![], Some(unstarted), settings), redis)
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = tokio::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_mins(1), "never {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn all_done(stage: &Stage, ids: &[Id]) {
    for id in ids {
        stage.until(*id, "done", |task| task.state == TaskState::Done).await;
    }
}

/// What a plain connection answers to one command.
async fn ask<T: redis::FromRedisValue>(server: &RedisServer, command: &mut redis::Cmd) -> T {
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    command.query_async(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_another_process_is_woken() {
    on_every_stage(async |stage| {
        let other = stage.another_store().await;
        if Arc::ptr_eq(&other, &stage.store) {
            // One process has a SQLite file: there is nobody else to wake.
            return;
        }
        let server = RedisServer::start().unwrap();
        let runs = Runs::default();
        // Neither looks by itself in the time of this test.
        let hour = Duration::from_hours(1);
        let (rings, far) = runner(stage, &stage.store, "a", vec![], (&server, hour));
        let (works, near) = runner(stage, &other, "b", vec![counting(&runs)], (&server, hour));
        until("Redis answers", || far.is_well() && near.is_well()).await;
        for _ in 0..20 {
            let ids = stage.add(vec![New::of("count")]).await;
            all_done(stage, &ids).await;
        }
        assert_eq!(runs.lock().unwrap().len(), 20);
        rings.stop().await;
        works.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_has_an_expiry_and_says_where_a_task_is() {
    on_every_stage(async |stage| {
        let server = RedisServer::start().unwrap();
        let stuck = Kind::new("stuck", |_| std::future::pending());
        let runs = Runs::default();
        let kinds = vec![counting(&runs), stuck];
        let (worker, redis) =
            runner(stage, &stage.store, "a", kinds, (&server, Duration::from_millis(50)));
        until("Redis answers", || redis.is_well()).await;
        let news = [New::of("count"), New::of("stuck"), New::of("nobody runs it")];
        let ids = stage.add(news.to_vec()).await;
        all_done(stage, &ids[..1]).await;
        stage.until(ids[1], "running", |task| task.state == TaskState::Running).await;
        let status = async |id: Id| {
            let key = format!("test:task:{id}:status");
            ask::<Option<String>>(&server, redis::cmd("GET").arg(key)).await.unwrap_or_default()
        };
        let began = tokio::time::Instant::now();
        while [status(ids[0]).await, status(ids[1]).await] != ["done", "running"] {
            assert!(began.elapsed() < Duration::from_secs(30), "{}", status(ids[1]).await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let lock = format!("test:task:{}:lock", ids[1]);
        assert_eq!(ask::<String>(&server, redis::cmd("GET").arg(lock)).await, "a");
        let keys: Vec<String> = ask(&server, redis::cmd("KEYS").arg("*")).await;
        assert!(keys.len() >= 4, "{keys:?}");
        for key in keys {
            let left: i64 = ask(&server, redis::cmd("TTL").arg(&key)).await;
            assert!(left > 0, "{key} stays for ever");
        }
        let stopped = tokio::time::timeout(Duration::from_secs(15), worker.stop());
        stopped.await.expect("what hangs is left to its lease");
        assert_eq!(stage.task(ids[1]).await.state, TaskState::Running);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_taken_away_emptied_and_brought_back_loses_nothing() {
    on_every_stage(async |stage| {
        let server = RedisServer::start().unwrap();
        let runs = Runs::default();
        let other = stage.another_store().await;
        let look = Duration::from_millis(200);
        let (first, redis) =
            runner(stage, &stage.store, "a", vec![counting(&runs)], (&server, look));
        let (second, _) = runner(stage, &other, "b", vec![counting(&runs)], (&server, look));
        until("Redis answers", || redis.is_well()).await;
        let mut ids = stage.add(vec![New::of("count"); 50]).await;
        let port = server.end();
        ids.extend(stage.add(vec![New::of("count"); 50]).await);
        until("its absence is noticed", || !redis.is_well()).await;
        ids.extend(stage.add(vec![New::of("count"); 50]).await);
        all_done(stage, &ids).await;
        let server = RedisServer::start_again(port).unwrap();
        until("Redis is back", || redis.is_well()).await;
        let mut empty = redis::cmd("FLUSHALL");
        let emptied = ask::<String>(&server, &mut empty);
        let (more, _) = tokio::join!(stage.add(vec![New::of("count"); 50]), emptied);
        ids.extend(more);
        all_done(stage, &ids).await;
        first.stop().await;
        second.stop().await;
        let runs = runs.lock().unwrap();
        assert_eq!(runs.len(), 200);
        assert!(runs.values().all(|times| *times == 1), "none twice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_does_not_answer_holds_nothing_up_not_even_a_stop() {
    on_every_stage(async |stage| {
        let server = RedisServer::start().unwrap();
        let runs = Runs::default();
        let look = Duration::from_millis(200);
        let (worker, redis) =
            runner(stage, &stage.store, "a", vec![counting(&runs)], (&server, look));
        until("Redis answers", || redis.is_well()).await;
        let mut pause = redis::cmd("CLIENT");
        ask::<String>(&server, pause.arg("PAUSE").arg(600_000)).await;
        let ids = stage.add(vec![New::of("count"); 100]).await;
        all_done(stage, &ids).await;
        worker.stop().await;
        let mut ping = redis::cmd("PING");
        let answer =
            tokio::time::timeout(Duration::from_millis(50), ask::<String>(&server, &mut ping));
        assert!(answer.await.is_err(), "it has not answered all the time");
        assert!(runs.lock().unwrap().values().all(|times| *times == 1), "none twice");
    })
    .await;
}
