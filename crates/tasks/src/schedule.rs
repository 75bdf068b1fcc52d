//! Schedules: at each slot one task is made, by whichever process is first.
//!
//! A slot that was missed is run once when somebody is there again, not once for each slot missed.

use crate::cron::Cron;
use crate::zone::NoZone;
use docket_domain::{Gene, Time, time};
use docket_store::{Key, NewTask, NotDone, Priority, Raise, Store, Writes};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often slots are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// When a schedule has its slots.
#[derive(Debug, Clone)]
pub enum Every {
    /// Whole multiples of this many milliseconds since 1970.
    Interval(time::Millis),
    /// Times of a cron expression in a time zone.
    Cron(Box<Cron>),
}

/// Why a schedule cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// An interval of nothing.
    #[error("an interval must be at least 1s")]
    TooShort,
    /// No cron expression.
    #[error("`{expression}` is no cron expression: {why}")]
    Cron {
        /// As it was given.
        expression: String,
        /// What the reader of expressions says.
        why: String,
    },
    /// A cron expression of days that there are not.
    #[error("`{expression}` never comes: no day of eight years fits it")]
    Never {
        /// As it was given.
        expression: String,
    },
    /// No time zone, or one that is not what it seems.
    #[error("`{zone}`: {why}")]
    Zone {
        /// As it was given.
        zone: String,
        /// What is wrong with it.
        why: NoZone,
    },
}

impl Every {
    /// A cron expression of five fields in the time zone `zone`, such as `Asia/Shanghai`.
    pub fn cron(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        Ok(Self::Cron(Box::new(Cron::read(expression, zone)?)))
    }

    /// An interval of `millis`.
    pub const fn interval(millis: time::Millis) -> Result<Self, ScheduleError> {
        if millis < 1000 { Err(ScheduleError::TooShort) } else { Ok(Self::Interval(millis)) }
    }

    /// The first slot after `time`; none where a cron expression has no more.
    pub fn after(&self, time: Time) -> Option<Time> {
        match self {
            Self::Interval(millis) => Some(Time((time.0.div_euclid(*millis) + 1) * millis)),
            Self::Cron(cron) => cron.after(time),
        }
    }

    /// The last slot after `from` and not after `now`: what a process that was away has to run.
    pub fn missed(&self, from: Time, now: Time) -> Option<Time> {
        // The last slot is near, most likely: looks further and further back, and walks on from there.
        let spans = [time::MINUTE, time::HOUR, time::DAY, 32 * time::DAY, 400 * time::DAY];
        let back = spans.into_iter().map(|span| now.plus(-span).max(from));
        let mut slot =
            back.chain([from]).find_map(|start| self.after(start).filter(|slot| *slot <= now))?;
        while let Some(next) = self.after(slot).filter(|next| *next <= now) {
            slot = next;
        }
        Some(slot)
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron(cron) => f.write_str(cron.text()),
            Self::Interval(millis) if millis % time::HOUR == 0 => {
                write!(f, "every {}h", millis / time::HOUR)
            }
            Self::Interval(millis) if millis % time::MINUTE == 0 => {
                write!(f, "every {}m", millis / time::MINUTE)
            }
            Self::Interval(millis) => write!(f, "every {}s", millis / 1000),
        }
    }
}

impl FromStr for Every {
    type Err = ScheduleError;

    /// Five fields of cron, in UTC where no zone is added as a sixth.
    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<_> = text.split_whitespace().collect();
        match fields.len() {
            6 => Self::cron(&fields[..5].join(" "), fields[5]),
            _ => Self::cron(text, "UTC"),
        }
    }
}

/// A schedule: at each of its slots a task of `kind` is made.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// What people call it.
    pub name: String,
    /// The slots it runs for.
    pub every: Every,
    /// Which handler runs its tasks.
    pub kind: &'static str,
    /// For the handler, JSON.
    pub payload: String,
    /// Charged failures until a task of it is dead.
    pub max_attempts: u32,
}

/// Makes tasks until `stop`. A schedule goes on after the slot it was last run for, by whichever process, so
/// what was missed while nobody was there is made up for; one that never ran begins with `began`, not with all
/// the slots since 1970.
pub async fn run(
    store: Arc<Store>,
    schedules: Vec<Schedule>,
    clock: Arc<dyn Fn() -> Time + Send + Sync>,
    began: Time,
    stop: CancellationToken,
) {
    let mut known = None;
    loop {
        if known.is_none() {
            known = last_slots(&store).await;
        }
        if let Some(known) = &mut known {
            for schedule in &schedules {
                let from = known.get(&schedule.name).copied().unwrap_or(began);
                let Some(slot) = schedule.every.missed(from, clock()) else { continue };
                match make(&store, schedule.clone(), slot).await {
                    Ok(()) => {
                        known.insert(schedule.name.clone(), slot);
                    }
                    Err(not_done) => {
                        tracing::debug!(schedule = schedule.name, %not_done, "a schedule waits");
                    }
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// The slot that each schedule was last run for; nothing where the database is away.
async fn last_slots(store: &Store) -> Option<BTreeMap<String, Time>> {
    match store.slots().await {
        Ok(slots) => Some(slots.into_iter().map(|slot| (slot.name, slot.at)).collect()),
        Err(error) => {
            tracing::debug!(%error, "schedules wait");
            None
        }
    }
}

/// Makes the task of `slot`, unless another process has.
async fn make(store: &Store, schedule: Schedule, slot: Time) -> Result<(), NotDone> {
    let keys = vec![Key::Slot(schedule.name.clone())];
    let decide = move |view: &docket_store::View, cx: &mut docket_store::Context<'_>| {
        let over = view.slot(&schedule.name)?;
        if over >= Some(slot) {
            return Ok((None, ()));
        }
        let task = NewTask {
            id: cx.ids.next(cx.now, Gene(0)),
            kind: schedule.kind,
            unique_key: Some(format!("{}@{}", schedule.name, slot.0)),
            chain_key: None,
            priority: 0,
            payload: schedule.payload.clone(),
            max_attempts: schedule.max_attempts,
            // The slot, not the moment it was seen: how late a schedule is can be read off its task.
            due_at: slot,
            created_at: cx.now,
            subject: None,
        };
        let raise = Raise { name: schedule.name.clone(), over, to: slot };
        Ok((Some(Writes { tasks: vec![task], slot: Some(raise), ..Writes::default() }), ()))
    };
    store.run(Priority::Bulk, keys, decide).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Time {
        Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn what_was_missed_is_run_once_for_its_last_slot() {
        let every = Every::interval(10 * time::MINUTE).unwrap();
        let (from, now) = (at("2026-11-20T00:00:00Z"), at("2026-11-23T10:07:00Z"));
        assert_eq!(every.missed(from, now), Some(at("2026-11-23T10:00:00Z")));
        assert_eq!(every.missed(at("2026-11-23T10:00:00Z"), now), None, "it is not run again");
        let yearly = Every::cron("0 0 1 1 *", "UTC").unwrap();
        assert_eq!(
            yearly.missed(at("2024-06-01T00:00:00Z"), now),
            Some(at("2026-01-01T00:00:00Z"))
        );
    }

    #[test]
    fn nonsense_is_refused_with_its_words() {
        let wrong = Every::cron("61 * * * *", "UTC").unwrap_err().to_string();
        assert!(wrong.contains("61 * * * *"), "{wrong}");
        let nowhere = Every::cron("* * * * *", "Mars/Base").unwrap_err().to_string();
        assert!(nowhere.starts_with("`Mars/Base`: there is no such time zone"), "{nowhere}");
        let short = "0 2 * * * EST".parse::<Every>().unwrap_err().to_string();
        assert!(short.contains("America/New_York"), "{short}");
        assert!(Every::interval(999).is_err());
    }

    proptest! {
        #[test]
        fn the_missed_slot_is_the_last_one(
            from in 1_700_000_000_000_i64..1_800_000_000_000,
            later in 0_i64..4_000_000,
            minutes in 1_i64..600,
        ) {
            let every = Every::interval(minutes * time::MINUTE).unwrap();
            let now = Time(from + later);
            match every.missed(Time(from), now) {
                None => prop_assert!(every.after(Time(from)).unwrap() > now),
                Some(slot) => {
                    prop_assert!(slot > Time(from) && slot <= now);
                    prop_assert!(every.after(slot).unwrap() > now);
                }
            }
        }
    }
}
