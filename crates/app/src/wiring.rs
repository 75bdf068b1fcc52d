//! The one place that knows every room: what follows a change, which kinds of task are run, and what runs at times of
//! its own. Who adds one of them writes it in a room of its own and names it here.

use crate::alerts::{AlertMessage, Watch};
use crate::archive::MoveToArchive;
use crate::channels::{AllocateSales, LookForPackages, PullShop, ReadPushed, TickShops};
use crate::gateways::{CloseAttempt, FollowAttempt, Gateways, GiveBack, SecondLook};
use crate::lane::reactions::{self, Reactions};
use crate::lane::redeem::CouponSettings;
use crate::ledgers::{LedgerMessage, LedgerSettings};
use crate::mirror::{Keeper, MirrorOrder};
use crate::orders::asynchronous_placement::DecidePlacement;
use crate::reconcile::{FillColumns, NightlyReconcile};
use crate::settings::Settings;
use crate::tasks::housekeeping::Housekeeping;
use crate::tasks::{Task, Wired, kind};
use crate::webhooks::{Delivery, Outbox, Replay, TestDelivery};
use crate::{App, channels};
use docket_domain::time::{DAY, HOUR, Millis};
use docket_tasks::{Every, Kind, Schedule};
use std::sync::Arc;

/// Everything that follows a change of an order, in order.
pub(crate) fn reactions(
    coupons: CouponSettings,
    ledgers: Arc<LedgerSettings>,
    outbox: Arc<Outbox>,
    gateways: Arc<Gateways>,
    mirror: Keeper,
) -> Reactions {
    Reactions(vec![
        Box::new(reactions::Stock),
        Box::new(reactions::Sales),
        Box::new(reactions::CouponCounts(coupons)),
        Box::new(reactions::Ledgers(ledgers)),
        Box::new(reactions::References),
        Box::new(reactions::AgreedTrees),
        Box::new(gateways),
        Box::new(outbox),
        Box::new(mirror),
    ])
}

/// Kinds of task and schedules of a center with these settings.
pub(crate) fn tasks(settings: &Settings) -> Wired {
    Wired { kinds, schedules: schedules(settings) }
}

/// The kinds of task that a center runs, a line for each.
fn kinds(app: &App) -> Vec<Kind> {
    vec![
        kind::<Housekeeping>(app),
        kind::<DecidePlacement>(app),
        kind::<Delivery>(app),
        kind::<TestDelivery>(app),
        kind::<Replay>(app),
        kind::<NightlyReconcile>(app),
        kind::<FillColumns>(app),
        kind::<MirrorOrder>(app),
        kind::<LedgerMessage>(app),
        kind::<FollowAttempt>(app),
        kind::<CloseAttempt>(app),
        kind::<GiveBack>(app),
        kind::<SecondLook>(app),
        kind::<MoveToArchive>(app),
        kind::<TickShops>(app),
        kind::<PullShop>(app),
        kind::<LookForPackages>(app),
        kind::<ReadPushed>(app),
        kind::<AllocateSales>(app),
        kind::<Watch>(app),
        kind::<AlertMessage>(app),
    ]
}

/// Tasks of this kind, that often.
fn scheduled<T: Task + Default>(every: Millis) -> Schedule {
    Schedule {
        name: T::KIND.to_owned(),
        every: Every::Interval(every),
        kind: T::KIND,
        payload: T::default().payload(),
        max_attempts: T::POLICY.attempts,
    }
}

/// What runs at times of its own, at its default time or at the one that is set.
fn schedules(settings: &Settings) -> Vec<Schedule> {
    // Of a whole day since 1970, in UTC; a center that has a night of its own says so.
    let mut schedules = vec![
        scheduled::<Housekeeping>(HOUR),
        scheduled::<NightlyReconcile>(DAY),
        scheduled::<TickShops>(channels::TICK),
        scheduled::<Watch>(settings.alerts.every),
    ];
    schedules.extend(settings.archive.as_ref().map(|_| scheduled::<MoveToArchive>(DAY)));
    for schedule in &mut schedules {
        let set = settings.tasks.schedules.iter().find(|(name, _)| *name == schedule.name);
        if let Some((_, every)) = set {
            schedule.every = every.clone();
        }
    }
    schedules
}

#[cfg(test)]
mod tests;
