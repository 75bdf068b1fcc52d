//! How long a failed task waits: 30 s, 2 min, 10 min, 1 h, 6 h and no longer, each spread by a fifth so that
//! what failed together does not come back together.

use docket_domain::{Id, Time, time};

const STEPS: [time::Millis; 5] =
    [30_000, 2 * time::MINUTE, 10 * time::MINUTE, time::HOUR, 6 * time::HOUR];

/// When a task is tried again whose `attempts`-th try failed at `now`. The spread is the task's own: the same
/// task and try give the same time.
pub fn again(task: Id, attempts: u32, now: Time) -> Time {
    let step = STEPS[(attempts.saturating_sub(1) as usize).min(STEPS.len() - 1)];
    now.plus(step + step * spread(task, attempts) / 1000)
}

/// −200 to 200 thousandths, by the number of the task and of the try.
fn spread(task: Id, attempts: u32) -> i64 {
    let seed = (task.0 as u64) ^ (u64::from(attempts) << 56);
    fastrand::Rng::with_seed(seed).i64(-200..=200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_task_waits_its_step_give_or_take_a_fifth(task in 0..i64::MAX, attempts in 1_u32..12) {
            let step = STEPS[(attempts as usize - 1).min(4)];
            let waits = again(Id(task), attempts, Time(1_000)).0 - 1_000;
            prop_assert!((step * 4 / 5..=step * 6 / 5).contains(&waits), "{waits} of {step}");
        }
    }

    #[test]
    fn tasks_that_failed_together_come_back_apart() {
        let mut times: Vec<_> = (0..100).map(|n| again(Id(n << 24), 1, Time(0)).0).collect();
        times.sort_unstable();
        times.dedup();
        assert!(times.len() > 80, "{} different times", times.len());
    }
}
