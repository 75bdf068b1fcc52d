//! A payment gateway in memory: merchants start, query, close and refund payments by signed requests and hear of
//! them by signed callbacks; a payer pays at `POST /pay/{payment}`; a tester makes it misbehave and asks for the
//! truth at `/control`.
//!
//! What a payment is and becomes stands in `book`, how it misbehaves in `behave`, signatures in `seal`; the roads
//! to them in `merchant`, `payer` and `control`; callbacks in `calls`, the listener in `server`.

mod behave;
mod book;
mod calls;
mod control;
mod merchant;
mod payer;
mod seal;
mod server;

pub use behave::{Plan, UnknownBehaviour, words};
pub use server::serve;

pub use crate::pace::Clock;

use crate::http::{Answer, Dropped, json};
use crate::pace::Pace;
use book::PaymentRecords;
use calls::Called;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The merchant whom a sandbox knows unless told otherwise.
pub const MERCHANT: &str = "docket";
/// That merchant's secret; no secret at all, since a sandbox holds no money.
pub const SECRET: &str = "sandbox";

/// How a sandbox is set up.
#[derive(Clone)]
pub struct Settings {
    /// All chance comes from this: references, nonces, behaviours picked by `any`.
    pub seed: u64,
    /// The number of the one merchant it knows.
    pub merchant: String,
    /// What that merchant signs with, and what the sandbox signs with.
    pub secret: String,
    /// Where the time comes from.
    pub clock: Clock,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings(merchant {}, seed {})", self.merchant, self.seed)
    }
}

/// A running gateway.
struct Gateway {
    settings: Settings,
    pace: Pace,
    memory: Mutex<Memory>,
    /// Callbacks and refunds that are under way.
    jobs: TaskTracker,
    stop: CancellationToken,
}

/// What it remembers.
struct Memory {
    book: PaymentRecords,
    /// How payments behave that were not told otherwise.
    usual: Plan,
    /// How each payment behaves.
    plans: BTreeMap<String, Plan>,
    seen: seal::Seen,
    called: Vec<Called>,
    /// How many callbacks were sent about each payment or refund: part of their nonces.
    sent: BTreeMap<String, u64>,
}

/// Why something is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refusal {
    status: u16,
    code: &'static str,
}

impl Memory {
    /// How a payment behaves.
    fn plan(&self, payment_id: &str) -> Plan {
        self.plans.get(payment_id).cloned().unwrap_or_default()
    }
}

impl Gateway {
    fn new(settings: Settings) -> Arc<Self> {
        let memory = Memory {
            book: PaymentRecords::new(settings.seed),
            usual: Plan::default(),
            plans: BTreeMap::new(),
            seen: seal::Seen::default(),
            called: vec![],
            sent: BTreeMap::new(),
        };
        let (pace, memory) = (Pace::new(), Mutex::new(memory));
        let (jobs, stop) = (TaskTracker::new(), CancellationToken::new());
        Arc::new(Self { settings, pace, memory, jobs, stop })
    }

    /// What is remembered. Held for moments, never while something is waited for.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().expect("nothing panics while it holds what is remembered")
    }

    /// The present time, for signatures and for the moment of a payment.
    fn now(&self) -> i64 {
        (self.settings.clock)()
    }

    /// The present time with what was skipped: for what expires.
    fn later(&self) -> i64 {
        self.now().saturating_add(i64::try_from(self.pace.skipped()).unwrap_or(i64::MAX))
    }
}

impl Refusal {
    const fn of(status: u16, code: &'static str) -> Self {
        Self { status, code }
    }

    fn body(self) -> Value {
        serde_json::json!({"code": self.code})
    }
}
