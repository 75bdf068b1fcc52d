//! What a marketplace listed in a full pass, counted by the day of creation and their own status. Pure.

use docket_connectors::channel::{ChannelOrder, OrdersPage};
use docket_domain::time::DAY;
use std::collections::BTreeMap;

/// Orders by the day they were created on, and their own status.
pub(super) type Listed = BTreeMap<i64, BTreeMap<String, u64>>;

/// The orders of a page by day and status, those that were not met before.
pub(super) fn listed(page: &OrdersPage, is_new: impl Fn(&ChannelOrder) -> bool) -> Listed {
    let mut listed = Listed::new();
    for order in page.orders.iter().filter(|order| is_new(order)) {
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
