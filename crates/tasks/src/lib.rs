//! Runs what must happen outside: durable tasks, and schedules that make them. Knows no kind of task.
//!
//! A task is a row, written in the transaction of the change that causes it. A [`Runner`] claims rows for a
//! while (`store` writes the claim), lets the [`Kind`]'s handler work, and finishes them; a worker that dies
//! leaves them to whoever comes after its lease. A doorbell makes this sooner, never truer: every process
//! also looks by itself every few seconds.

mod backoff;
mod cron;
mod finisher;
mod kind;
mod redis;
mod runner;
mod schedule;
mod wakeup;
pub mod zone;

pub use cron::Cron;
pub use finisher::{Counted, Tries};
pub use kind::{Handled, Job, Kind, Outcome};
pub use redis::{BadUrl, Redis, RedisAt, Unstarted};
pub use runner::{Runner, Settings};
pub use schedule::{Every, Schedule, ScheduleError};
