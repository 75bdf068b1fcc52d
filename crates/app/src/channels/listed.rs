//! What a marketplace listed, each order once: in a full pass by the day of creation and their own status. Pure.

use docket_connectors::channel::OrdersPage;
use docket_domain::time::DAY;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Orders by the day they were created on, and their own status.
pub(super) type Listed = BTreeMap<i64, BTreeMap<String, u64>>;

/// The orders of the stretch of time that is being read. A second that has more than a page is read until nothing new
/// comes: what comes again was counted.
#[derive(Default)]
pub(super) struct Met(FxHashSet<String>);

/// What of a page was not met before.
pub(super) struct NewRows {
    numbers: FxHashSet<String>,
    /// How many rows, those without a number among them.
    pub count: u64,
}

impl Met {
    /// Takes a page in; `is_last` where the stretch ends with it.
    pub fn page(&mut self, page: &OrdersPage, is_last: bool) -> NewRows {
        let numbers = page.orders.iter().map(|order| &order.number);
        let numbers = numbers.chain(page.refused.iter().filter_map(|row| row.number.as_ref()));
        let numbers: FxHashSet<String> =
            numbers.filter(|number| !self.0.contains(*number)).cloned().collect();
        let unnumbered = page.refused.iter().filter(|row| row.number.is_none()).count();
        let count = (numbers.len() + unnumbered) as u64;
        if is_last {
            self.0.clear();
        } else {
            self.0.extend(numbers.iter().cloned());
        }
        NewRows { numbers, count }
    }

    /// The stretch is over.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

/// The orders of a page by day and status, those that were not met before.
pub(super) fn listed(page: &OrdersPage, new: &NewRows) -> Listed {
    let mut listed = Listed::new();
    for order in page.orders.iter().filter(|order| new.numbers.contains(&order.number)) {
        let Some(created_at) = order.created_at else { continue };
        let day = listed.entry(created_at.0.div_euclid(DAY)).or_default();
        *day.entry(order.status.clone()).or_default() += 1;
    }
    listed
}

/// Adds what more was listed.
pub(super) fn add(to: &mut Listed, more: Listed) {
    for (day, statuses) in more {
        let day = to.entry(day).or_default();
        for (status, orders) in statuses {
            *day.entry(status).or_default() += orders;
        }
    }
}
