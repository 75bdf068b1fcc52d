//! A circuit breaker: who is known to be down; one of many messages asks again, the others wait for what it finds.
//!
//! The wait grows with how long the receiver has been down, from a second to a minute, so an hour costs a
//! receiver some seventy tries of each process, however many messages wait for it.

use docket_domain::Time;
use docket_domain::time::{MINUTE, Millis};
use std::collections::HashMap;
use std::sync::Mutex;

/// The first wait.
const SHORTEST: Millis = 1_000;
/// The longest.
const LONGEST: Millis = MINUTE;
/// How long the one that asks has before another may.
const ASKING: Millis = 20_000;

/// How soon those come back that wait for what one of them finds.
const SOON: Millis = 2_000;

#[derive(Debug, Clone, Copy)]
struct Down {
    since: Time,
    ask_again: Time,
    is_asked: bool,
}

/// What this process knows of receivers.
#[derive(Debug, Default)]
pub struct CircuitBreaker(Mutex<HashMap<String, Down>>);

impl CircuitBreaker {
    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Down>> {
        self.0.lock().expect("nobody panics while it is held")
    }

    /// Whether `receiver` may be asked now; else when to come back.
    pub fn may_ask(&self, receiver: &str, now: Time) -> Result<(), Time> {
        match self.known().get_mut(receiver) {
            None => Ok(()),
            // Somebody may be asking just now: then it is known soon.
            Some(down) if now < down.ask_again && down.is_asked => {
                Err(down.ask_again.min(now.plus(SOON)))
            }
            Some(down) if now < down.ask_again => Err(down.ask_again),
            Some(down) => {
                down.is_asked = true;
                down.ask_again = now.plus(ASKING);
                Ok(())
            }
        }
    }

    /// It answered.
    pub fn is_up(&self, receiver: &str) {
        self.known().remove(receiver);
    }

    /// It did not answer, or asked for time; answers when to come back.
    pub fn is_down(&self, receiver: &str, now: Time, asked: Option<Millis>) -> Time {
        let mut known = self.known();
        let new = Down { since: now, ask_again: now, is_asked: false };
        let down = known.entry(receiver.to_owned()).or_insert(new);
        let wait = asked.unwrap_or_else(|| now.since(down.since)).clamp(SHORTEST, LONGEST);
        down.is_asked = false;
        down.ask_again = now.plus(wait);
        down.ask_again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_silence_costs_few_tries_however_many_messages_wait() {
        let breaker = CircuitBreaker::default();
        let mut tries = 0;
        for second in 0..3_600 {
            let now = Time(second * 1_000);
            for _message in 0..100 {
                if breaker.may_ask("one", now).is_ok() {
                    tries += 1;
                    breaker.is_down("one", now, None);
                }
            }
        }
        assert!((60..80).contains(&tries), "{tries}");
        assert_eq!(breaker.may_ask("other", Time(0)), Ok(()), "others are not held up by it");
    }

    #[test]
    fn whoever_answers_is_asked_by_all_again() {
        let breaker = CircuitBreaker::default();
        let again = breaker.is_down("one", Time(0), None);
        assert_eq!(breaker.may_ask("one", Time(0)), Err(again));
        assert_eq!(breaker.may_ask("one", again), Ok(()));
        assert!(breaker.may_ask("one", again).is_err(), "one asks, the others wait for it");
        breaker.is_up("one");
        assert_eq!(breaker.may_ask("one", again), Ok(()));
    }

    #[test]
    fn a_receiver_may_ask_for_a_minute_and_no_more() {
        let breaker = CircuitBreaker::default();
        assert_eq!(breaker.is_down("one", Time(0), Some(7_000)), Time(7_000));
        assert_eq!(breaker.is_down("one", Time(0), Some(i64::MAX)), Time(LONGEST));
    }
}
