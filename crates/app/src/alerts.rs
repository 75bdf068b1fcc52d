//! Alerts: the center is measured once a minute, what is wrong is told once and again at its pace, and closes by itself
//! when its cause is gone.
//!
//! Each process gives signs of life and stores what it counted (`signs`); whichever runs the look measures from the
//! database alone (`measure`), has the rules of the domain find what is wrong, and writes what becomes of the alerts
//! (`watch`). What people see and do of them stands in `people`; by what they are told in `media`, and how in `send`.

mod measure;
mod media;
mod people;
mod send;
mod signs;
mod watch;

pub use media::{AlertMail, AlertMedia, AlertWebhook, MessageGateway};
pub use people::{AlertPage, HealthOf};
pub(crate) use send::AlertMessage;
pub(crate) use signs::run as give_signs;
pub(crate) use watch::Watch;

use docket_domain::time::{MINUTE, Millis};
use docket_domain::watch::{Pace, Thresholds};

/// Alerts that are open at most: more than that is one trouble, and the first of them say which.
const OPEN_MAX: usize = 2_000;

/// How a center is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSettings {
    /// How often it is looked at, in milliseconds.
    pub every: Millis,
    /// How much may be as it is before it is wrong.
    pub thresholds: Thresholds,
    /// How long money that is to go back may wait at its gateway, in milliseconds.
    pub refund_due: Millis,
    /// How often is told what.
    pub pace: Pace,
    /// By what, beside the log.
    pub media: AlertMedia,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            every: MINUTE,
            thresholds: Thresholds::default(),
            refund_due: docket_domain::time::DAY,
            pace: Pace::default(),
            media: AlertMedia::default(),
        }
    }
}
