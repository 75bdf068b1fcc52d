//! Parcels of what has left are looked for: a marketplace tells their numbers order by order, and some time after it says
//! that an order left. "Nothing yet" is neither success nor failure and has a schedule of its own.

use super::exchange::{Open, Trouble};
use super::report;
use crate::access::{Principal, Scope};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_connectors::channel::{Answer, Call, ChannelOrder, Package, Purpose, Stage};
use docket_domain::channel::{PackageState, next_look, pause_after_failure};
use docket_domain::time::{DAY, Millis, SECOND};
use docket_domain::{Id, Time};
use docket_store::{
    ChannelOrderRow, Context, NewTask, PackageCounts, Priority, View, Writes, failpoint,
};
use docket_tasks::{Handled, Job, Outcome};
use futures_util::StreamExt as _;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Orders of a shop that are looked at together.
const BATCH: usize = 50;
/// Of them, at a time: each waits for its turn.
const AT_ONCE: usize = 16;
/// Lines of an order that are asked for one by one, where its detail has no parcel of them.
const LINES: usize = 10;
/// After so long parcels that are known are looked at once more: numbers are replaced.
const RECHECK: Millis = DAY;
/// Parcels of what left longer ago are not looked at once more.
const YOUNG: Millis = 14 * DAY;
/// What is due so soon is looked for at once: two processes may differ by so much about the marketplace's clock.
const SOON: Millis = 2 * SECOND;
/// Why there are no parcels.
const NEVER: &str = "no package number came within 14 days";
/// Statistics are of orders that were created within so long.
const COUNTED: Millis = 7 * DAY;
/// Orders that are looked at for one page of a list, and of them together.
const LOOKED_AT: usize = 5_000;
const TOGETHER: usize = 500;

/// Looks for parcels of a shop's orders.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct LookForPackages {
    shop: Id,
}

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// When, by the marketplace's clock.
    pub at: Time,
    pub found: Found,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A parcel of every line that has left.
    All,
    /// Not of every one.
    NotYet,
    /// It could not be asked, for this reason.
    Nothing(String),
}

/// One page of orders whose parcels are looked for, or were.
#[derive(Debug, Clone)]
pub struct PackagePage {
    /// By number.
    pub orders: Vec<ChannelOrderRow>,
    /// Behind which number the next page goes on.
    pub next: Option<String>,
}

impl Look {
    /// The row after it.
    pub fn after(&self, row: ChannelOrderRow) -> ChannelOrderRow {
        match &self.found {
            Found::Nothing(why) => self.failed(row, why),
            Found::All => {
                // Those that were known before and still are, are known for good.
                let again = row.packages != PackageState::Known
                    && row.updated_at.is_some_and(|at| self.at.since(at) < YOUNG);
                let next_look_at = again.then(|| self.at.plus(RECHECK));
                let (packages, looks, note) = (PackageState::Known, row.looks + 1, told(&row));
                ChannelOrderRow { packages, looks, tries: 0, next_look_at, note, ..row }
            }
            Found::NotYet => {
                let (looks, since) = (row.looks + 1, row.wait_since.unwrap_or(self.at));
                let next_look_at = next_look(looks, since, self.at);
                let (packages, note) = match next_look_at {
                    Some(_) => (PackageState::Waiting, told(&row)),
                    None => (PackageState::Never, Some(NEVER.to_owned())),
                };
                ChannelOrderRow { packages, looks, tries: 0, next_look_at, note, ..row }
            }
        }
    }

    /// The row after a look that failed: tried again some times.
    fn failed(&self, row: ChannelOrderRow, why: &str) -> ChannelOrderRow {
        let tries = row.tries + 1;
        let next_look_at = pause_after_failure(tries).map(|pause| self.at.plus(pause));
        let packages = if next_look_at.is_some() { row.packages } else { PackageState::Failed };
        ChannelOrderRow { packages, tries, next_look_at, note: Some(why.to_owned()), ..row }
    }
}

/// What was odd about an order when it was told of. What a look that failed noted is over.
fn told(row: &ChannelOrderRow) -> Option<String> {
    row.note.clone().filter(|_| row.tries == 0)
}

/// Whether every line of an order that has left is in a parcel.
fn is_complete(detail: &ChannelOrder, packages: &[Package]) -> bool {
    without_parcel(detail, packages).next().is_none()
}

/// The lines of an order that have left and are in no parcel.
fn without_parcel<'a>(
    detail: &'a ChannelOrder,
    packages: &'a [Package],
) -> impl Iterator<Item = &'a str> {
    let has_left = |stage: Option<Stage>| {
        use Stage::{PartlyReceived, PartlyShipped, Received, Shipped};
        matches!(stage, Some(PartlyShipped | Shipped | PartlyReceived | Received))
    };
    let is_held = |number: &str| {
        let mut held = packages.iter().filter(|package| !package.numbers.is_empty());
        held.any(|package| {
            package
                .holds
                .iter()
                .any(|held| held.order == detail.number && held.line.as_deref() == Some(number))
        })
    };
    let lines = detail.lines.iter().filter(move |line| {
        has_left(line.stage.or(detail.stage))
            && line.packages.iter().all(Vec::is_empty)
            && !is_held(&line.number)
    });
    lines.map(|line| &*line.number)
}

impl App {
    /// Has the parcels of a shop's orders looked for, those whose time has come.
    pub(super) async fn queue_looks(&self, shop: Id) -> Result<(), Error> {
        let task = LookForPackages { shop };
        let work = move |_: &View, cx: &mut Context<'_>| {
            let unique_key = Some(format!("{}:{shop}", LookForPackages::KIND));
            let subject = Some(shop.to_string());
            let task = NewTask { unique_key, subject, ..task.new_task(cx) };
            Ok((Some(Writes { tasks: vec![task], ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Bulk, Vec::new(), work).await?;
        self.ring(LookForPackages::KIND);
        Ok(())
    }

    /// The same, where there are any.
    pub(super) async fn queue_looks_due(&self, shop: Id) -> Result<(), Error> {
        if !self.inner.settings.channels.packages {
            return Ok(());
        }
        // Looks are due by the clock that orders are read by.
        let now = self.now_of(&self.shop(shop).await?).plus(SOON);
        let due = self.store().channel_looks(shop, now, 1).await?;
        if due.is_empty() { Ok(()) } else { self.queue_looks(shop).await }
    }

    /// Looks for the parcels of a shop's orders until none is to be looked for now.
    async fn look_for_packages(&self, shop: Id) -> Result<Result<(), Trouble>, Error> {
        let shop = Arc::new(self.shop(shop).await?);
        if shop.more.paused.is_some() || shop.token.is_none() {
            return Ok(Ok(()));
        }
        let open = self.open_shop(shop)?;
        if !open.connector.capabilities().packages_apart {
            return Ok(Ok(()));
        }
        if let Err(trouble) = self.hear_clock_of(&open).await {
            return self.stand_still(&open, trouble).await;
        }
        while !self.inner.background.is_stopping() {
            let now = self.inner.channels.now_at(&open.base_url, self.now()).plus(SOON);
            let due = self.store().channel_looks(open.shop.id, now, BATCH).await?;
            if due.is_empty() {
                break;
            }
            let looks = due.into_iter().map(|row| self.look(&open, row));
            let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
            while let Some(looked) = looks.next().await {
                if let Err(trouble) = looked? {
                    return self.stand_still(&open, trouble).await;
                }
            }
        }
        self.store_calls().await?;
        Ok(Ok(()))
    }

    /// Looks stand still for now. Without the permission to look for parcels, orders are pulled all the same.
    async fn stand_still(
        &self,
        open: &Open,
        trouble: Trouble,
    ) -> Result<Result<(), Trouble>, Error> {
        if trouble.stops_the_shop() {
            self.pause_for(open, &trouble).await?;
        }
        Ok(Err(trouble))
    }

    /// Looks for the parcels of one order. What stops the whole shop is no failure of the order.
    pub(super) async fn look(
        &self,
        open: &Open,
        row: ChannelOrderRow,
    ) -> Result<Result<(), Trouble>, Error> {
        let number = row.number.clone();
        let found = match self.parcels_of(open, &number).await {
            Ok((detail, packages, at)) => {
                let found =
                    if is_complete(&detail, &packages) { Found::All } else { Found::NotYet };
                let report = report::of_packages(&open.shop, &detail, &packages, at);
                (report, Look { at, found })
            }
            Err(trouble) if trouble.stops_the_list() => return Ok(Err(trouble)),
            Err(trouble) => {
                let at = self.inner.channels.now_at(&open.base_url, self.now());
                let look = Look { at, found: Found::Nothing(trouble.to_string()) };
                (report::of_nothing(&open.shop, &number), look)
            }
        };
        let (report, look) = found;
        failpoint::reach("channel", "look_asked");
        self.take_look(report, look, row.tree).await?;
        failpoint::reach("channel", "look_taken");
        Ok(Ok(()))
    }

    /// What a marketplace tells of the parcels of an order: its detail, and where a line is in none, its shipments.
    async fn parcels_of(
        &self,
        open: &Open,
        number: &str,
    ) -> Result<(ChannelOrder, Vec<Package>, Time), Trouble> {
        let call = Call::OrderDetail { order: number.to_owned() };
        let heard = self.ask_shop(open, Purpose::Enrich, &call).await?;
        let Answer::Order(detail) = heard.answer else { return Err(other_answer()) };
        let mut packages = Vec::new();
        let missing: Vec<_> = without_parcel(&detail, &[]).take(LINES).map(str::to_owned).collect();
        for line in missing {
            let call = Call::Shipments { order: number.to_owned(), line };
            let heard = self.ask_shop(open, Purpose::Enrich, &call).await?;
            let Answer::Packages(page) = heard.answer else { return Err(other_answer()) };
            packages.extend(page.packages.into_iter().filter(|package| package.shipped));
        }
        Ok((*detail, packages, heard.at))
    }

    /// Has the parcels of all orders of a shop looked for that are looked for or failed to be; answers how many.
    pub async fn start_looks(&self, who: &Principal, shop: Id) -> Result<u64, Error> {
        who.needs_whole(Scope::Shops)?;
        let now = self.now_of(&self.shop(shop).await?);
        let (mut after, mut waiting) = (String::new(), 0);
        loop {
            let rows = self.store().channel_orders_behind(shop, &after, TOGETHER).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.number);
            let again = |row: &ChannelOrderRow| {
                matches!(row.packages, PackageState::Failed | PackageState::Never)
            };
            let numbers: Vec<_> = rows.into_iter().filter(again).map(|row| row.number).collect();
            waiting += self.look_again(shop, numbers, now).await?;
        }
        self.queue_looks(shop).await?;
        if !self.has_workers() {
            let app = self.clone();
            self.inner.background.spawn(async move { drop(app.look_for_packages(shop).await) });
        }
        Ok(waiting + self.store().package_counts(shop, Time(0)).await?.waiting)
    }

    /// Orders that were given up are looked for again from now on.
    async fn look_again(&self, shop: Id, numbers: Vec<String>, now: Time) -> Result<u64, Error> {
        let count = numbers.len() as u64;
        if numbers.is_empty() {
            return Ok(0);
        }
        let work = move |view: &View, _: &mut Context<'_>| {
            let mut rows = Vec::new();
            for number in &numbers {
                if let Some(row) = view.channel_order(shop, number)? {
                    let (packages, wait_since) = (PackageState::Waiting, Some(now));
                    let next_look_at = wait_since;
                    let row = row.clone();
                    rows.push(ChannelOrderRow {
                        packages,
                        looks: 0,
                        tries: 0,
                        wait_since,
                        next_look_at,
                        note: None,
                        ..row
                    });
                }
            }
            Ok((Some(Writes { channel_orders: rows, ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Bulk, Vec::new(), work).await?;
        Ok(count)
    }

    /// One page of a shop's orders whose parcels are looked for, or were; in one state where one is named.
    pub async fn package_page(
        &self,
        who: &Principal,
        shop: Id,
        state: Option<PackageState>,
        after: String,
        limit: usize,
    ) -> Result<PackagePage, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        self.shop(shop).await?;
        let (mut orders, mut after, mut looked_at) = (Vec::new(), after, 0);
        while looked_at < LOOKED_AT {
            let rows = self.store().channel_orders_behind(shop, &after, TOGETHER).await?;
            let Some(last) = rows.last() else { return Ok(PackagePage { orders, next: None }) };
            looked_at += rows.len();
            let end = last.number.clone();
            let is_listed = |row: &ChannelOrderRow| match state {
                Some(state) => row.packages == state,
                None => row.packages != PackageState::NotYet,
            };
            for row in rows.into_iter().filter(is_listed) {
                if orders.len() == limit {
                    let next = orders.last().map(|row: &ChannelOrderRow| row.number.clone());
                    return Ok(PackagePage { orders, next });
                }
                orders.push(row);
            }
            after = end;
        }
        Ok(PackagePage { orders, next: Some(after) })
    }

    /// How the orders of all shops that were created within the last days stand with their parcels, and how many shops
    /// there are.
    pub async fn package_statistics(&self, who: &Principal) -> Result<PackageCounts, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        let from = self.now().plus(-COUNTED);
        let (mut after, mut all) = (Id(0), PackageCounts::default());
        loop {
            let shops = self.store().channel_shops(after, TOGETHER).await?;
            let Some(last) = shops.last() else { return Ok(all) };
            after = last.id;
            for shop in shops {
                let counts = self.store().package_counts(shop.id, from).await?;
                all.waiting += counts.waiting;
                all.known += counts.known;
                all.never += counts.never;
                all.failed += counts.failed;
            }
        }
    }
}

fn other_answer() -> Trouble {
    Trouble::NoReply("something else was answered than was asked".to_owned())
}

impl Task for LookForPackages {
    const KIND: &'static str = "channel_packages";
    const POLICY: Policy = Policy {
        concurrency: 64,
        lease: Duration::from_secs(30),
        limit: Duration::from_hours(24),
        ..Policy::USUAL
    };

    async fn run(self, app: App, _: Job) -> Handled {
        match app.look_for_packages(self.shop).await {
            Ok(Ok(())) => Outcome::Done,
            // What stands still is looked for again with the shop's next turn.
            Ok(Err(trouble)) => {
                tracing::debug!(shop = %self.shop, %trouble, "parcels are not looked for");
                Outcome::Done
            }
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}

#[cfg(test)]
mod tests;
