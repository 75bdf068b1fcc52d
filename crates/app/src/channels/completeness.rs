//! Theirs beside ours: what a marketplace listed in the last full pass, and what is here of it now, by the day of creation
//! and their own status.
//!
//! It claims no more than this: nothing that the marketplace tells of is missing. What no list has and is known by its
//! number alone is counted apart; what lies before the first window, or behind the marketplace's retention, nobody knows.

use crate::access::{Principal, Scope};
use crate::{App, Error};
use docket_domain::channel::{Series, Stream, WindowState};
use docket_domain::time::DAY;
use docket_domain::{Id, Time};
use docket_store::WindowRow;
use std::collections::BTreeMap;

/// Windows that are shown.
const WINDOWS: usize = 500;

/// What is there and what is here.
#[derive(Debug, Clone, PartialEq)]
pub struct Completeness {
    /// The full pass that theirs is from; none where there was none yet.
    pub pass: Option<Pass>,
    /// Days, the oldest first.
    pub days: Vec<Day>,
    /// Windows of which a part could not be read, of every series.
    pub gaps: Vec<WindowRow>,
    /// Before this nothing was asked for.
    pub since: Time,
}

/// A full pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Its run.
    pub run: Id,
    /// When it began.
    pub began: Time,
    /// Until when it read, by the marketplace's clock: what is younger may not be listed yet.
    pub read_to: Time,
    /// Rows that it could not take and that are kept aside.
    pub aside: u64,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Day {
    /// Days since 1970, in UTC.
    pub day: i64,
    /// Orders that the marketplace listed; none where the pass does not tell of the day.
    pub theirs: Option<u64>,
    /// Orders that are here and that a list has.
    pub ours: u64,
    /// Orders that are here and that no list has.
    pub hidden: u64,
    /// The same by their own status.
    pub statuses: Vec<StatusCount>,
}

/// Orders of one status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusCount {
    /// Their own code; empty for rows that could not be read.
    pub status: String,
    /// Orders that the marketplace listed.
    pub theirs: u64,
    /// Orders that are here and that a list has.
    pub ours: u64,
}

impl App {
    /// Theirs beside ours, of one day or of all that a full pass reads.
    pub async fn completeness(
        &self,
        who: &Principal,
        shop: Id,
        day: Option<i64>,
    ) -> Result<Completeness, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        self.shop(shop).await?;
        self.theirs_beside_ours(shop, day).await
    }

    /// The same for whoever compares all shops.
    pub(crate) async fn theirs_beside_ours(
        &self,
        shop: Id,
        day: Option<i64>,
    ) -> Result<Completeness, Error> {
        let full = self.store().last_full_pass(shop, Stream::Orders).await?;
        let full_days = i64::from(self.inner.settings.channels.full_days);
        let today = self.now().0.div_euclid(DAY);
        let (first, last) = day.map_or((today - full_days, today + 1), |day| (day, day));
        let (from, to) = (Time(first * DAY), Time((last + 1) * DAY));
        let ours = self.store().channel_order_days(shop, from, to).await?;
        let mut days: BTreeMap<i64, BTreeMap<String, StatusCount>> = BTreeMap::new();
        let mut hidden: BTreeMap<i64, u64> = BTreeMap::new();
        for one in ours {
            let status = status_of(&mut days, one.day, &one.status);
            status.ours += one.orders - one.hidden;
            *hidden.entry(one.day).or_default() += one.hidden;
        }
        let listed = full.as_ref().map(|run| &run.progress.listed);
        for (day, statuses) in listed.into_iter().flat_map(|listed| listed.range(first..=last)) {
            for (status, orders) in statuses {
                status_of(&mut days, *day, status).theirs += orders;
            }
        }
        let is_read = |day: i64| full.is_some() && (first..=last).contains(&day);
        let days = days.into_iter().map(|(day, statuses)| {
            let statuses: Vec<_> = statuses.into_values().collect();
            Day {
                day,
                theirs: is_read(day).then(|| statuses.iter().map(|status| status.theirs).sum()),
                ours: statuses.iter().map(|status| status.ours).sum(),
                hidden: hidden.get(&day).copied().unwrap_or(0),
                statuses,
            }
        });
        let days = days.collect();
        let gaps = self.store().channel_gaps(shop, WINDOWS).await?;
        let windows = self.store().channel_windows(shop, Series::Created, Time(0), WINDOWS).await?;
        let pass = full.and_then(|run| {
            Some(Pass {
                run: run.id,
                began: run.started_at?,
                read_to: read_to(run.id, &windows).or(run.ended_at)?,
                aside: run.progress.refused,
            })
        });
        Ok(Completeness { pass, days, gaps, since: Time((today - full_days) * DAY) })
    }
}

/// The end of the last window that a full pass read.
fn read_to(run: Id, windows: &[WindowRow]) -> Option<Time> {
    let read = windows.iter().filter(|window| {
        (window.run, window.series, window.state) == (run, Series::Created, WindowState::Finished)
    });
    read.map(|window| window.to).max()
}

fn status_of<'a>(
    days: &'a mut BTreeMap<i64, BTreeMap<String, StatusCount>>,
    day: i64,
    status: &str,
) -> &'a mut StatusCount {
    let fresh = || StatusCount { status: status.to_owned(), ..StatusCount::default() };
    days.entry(day).or_default().entry(status.to_owned()).or_insert_with(fresh)
}
