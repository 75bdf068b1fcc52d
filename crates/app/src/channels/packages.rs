//! Parcels of what has left are looked for: a marketplace tells their numbers order by order, and some time after it says
//! that an order left. "Nothing yet" is neither success nor failure and has a schedule of its own. What the buyer paid is
//! asked for at the same look.

mod look;

pub(super) use look::{Found, Look};

use super::amounts::{self, Allowed, Money};
use super::exchange::{Open, Trouble};
use super::report;
use super::rows::Notes;
use crate::access::{Principal, Scope};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_connectors::channel::{Answer, Call, ChannelOrder, Package, Page, Purpose, Stage};
use docket_domain::channel::PackageState;
use docket_domain::time::{DAY, Millis, SECOND};
use docket_domain::tree::Shipment;
use docket_domain::words::ParcelState;
use docket_domain::{Id, Time, Tree};
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
/// What is due so soon is looked for at once: two processes may differ by so much about the marketplace's clock.
const SOON: Millis = 2 * SECOND;
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

/// One page of orders whose parcels are looked for, or were.
#[derive(Debug, Clone)]
pub struct PackagePage {
    /// By number.
    pub orders: Vec<ChannelOrderRow>,
    /// Behind which number the next page goes on.
    pub next: Option<String>,
}

/// What may be asked at a look.
pub(super) struct May {
    amounts: Allowed,
    labels: Allowed,
}

impl May {
    /// Nothing was found out yet.
    pub async fn of(app: &App, open: &Open) -> Result<Self, Error> {
        let amounts = Call::Amounts { order: String::new() };
        let labels = Call::UnshippedPackages { orders: Vec::new(), page: Page::First };
        let abilities = open.connector.capabilities();
        Ok(Self {
            amounts: Allowed::of(app, open, abilities.amounts_apart, &amounts).await?,
            labels: Allowed::of(app, open, abilities.packages_apart, &labels).await?,
        })
    }
}

/// Whether every line of an order that has left is in a parcel.
fn is_complete(detail: &ChannelOrder, packages: &[Package]) -> bool {
    without_parcel(detail, packages).next().is_none()
}

/// Whether goods of this stage have left.
const fn has_left(stage: Option<Stage>) -> bool {
    use Stage::{PartlyReceived, PartlyShipped, Received, Shipped};
    matches!(stage, Some(PartlyShipped | Shipped | PartlyReceived | Received))
}

/// Whether goods of this stage may have a label and have not left.
const fn is_still_here(stage: Option<Stage>) -> bool {
    matches!(stage, Some(Stage::Unshipped))
}

/// The lines of an order that have left and are in no parcel.
fn without_parcel<'a>(
    detail: &'a ChannelOrder,
    packages: &'a [Package],
) -> impl Iterator<Item = &'a str> {
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

/// The lines of an order whose shipments are asked for: those that have left in no parcel that its detail tells of, and
/// those of which parcels are known that it does not tell of, such as boxes within the box of another.
fn lines_to_ask_for(detail: &ChannelOrder, tree: Option<&Tree>) -> Vec<String> {
    let mut lines: Vec<String> = without_parcel(detail, &[]).map(str::to_owned).collect();
    let shops = tree.map_or(&[][..], |tree| &tree.shops);
    for line in detail.lines.iter().filter(|line| has_left(line.stage.or(detail.stage))) {
        let told = line.packages.as_deref().unwrap_or_default();
        let is_told = |number: &String| told.iter().any(|package| package.number == *number);
        let mut known = shops.iter().flat_map(|shop| {
            let item =
                shop.items.iter().find(|item| item.external_id.as_ref() == Some(&line.number));
            let holds = move |parcel: &&Shipment| {
                parcel.state != ParcelState::Void
                    && parcel
                        .lines
                        .iter()
                        .any(|inside| item.is_some_and(|item| item.id == inside.order_id))
            };
            shop.shipments.iter().filter(holds).filter_map(|parcel| parcel.package.as_ref())
        });
        if known.any(|number| !is_told(number)) && !lines.contains(&line.number) {
            lines.push(line.number.clone());
        }
    }
    lines.truncate(LINES);
    lines
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
        let known = self.shop(shop).await?;
        let now = self.now_of(&known).plus(SOON);
        let is_due = known.more.amounts_after.is_some()
            || !self.store().channel_looks(shop, now, 1).await?.is_empty();
        if is_due { self.queue_looks(shop).await } else { Ok(()) }
    }

    /// Looks for the parcels of a shop's orders until none is to be looked for now.
    async fn look_for_packages(&self, shop: Id) -> Result<Result<(), Trouble>, Error> {
        let shop = Arc::new(self.shop(shop).await?);
        if shop.more.paused.is_some() || shop.token.is_none() {
            return Ok(Ok(()));
        }
        let open = self.open_shop(shop)?;
        let abilities = open.connector.capabilities();
        if !abilities.packages_apart && !abilities.amounts_apart {
            return Ok(Ok(()));
        }
        if let Err(trouble) = self.hear_clock_of(&open).await {
            return self.stand_still(&open, trouble).await;
        }
        let may = May::of(self, &open).await?;
        while !self.inner.background.is_stopping() {
            let now = self.inner.channels.now_at(&open.base_url, self.now()).plus(SOON);
            let due = self.store().channel_looks(open.shop.id, now, BATCH).await?;
            if due.is_empty() {
                if self.bring_forward(open.shop.id, now).await? {
                    continue;
                }
                break;
            }
            let looks = due.into_iter().map(|row| self.look(&open, &may, row));
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

    /// Looks at one order: for its parcels, and for what the buyer paid. What stops the whole shop is no failure of the
    /// order.
    pub(super) async fn look(
        &self,
        open: &Open,
        may: &May,
        row: ChannelOrderRow,
    ) -> Result<Result<(), Trouble>, Error> {
        let number = &row.number;
        let tree = match row.tree {
            Some(id) => self.store().tree(id).await?,
            None => None,
        };
        let mut report = report::of_nothing(&open.shop, number);
        let mut look = Look { at: Time(0), found: None, money: Money::NotAsked };
        if look::is_for_parcels(&row) {
            match self.parcels_of(open, may, number, tree.as_ref()).await? {
                Ok((detail, packages, at)) => {
                    let is_complete = is_complete(&detail, &packages);
                    look.found = Some(if is_complete { Found::All } else { Found::NotYet });
                    report.packages = report::packages(&detail, &packages, at);
                }
                Err(trouble) if trouble.stops_the_list() => return Ok(Err(trouble)),
                Err(trouble) => look.found = Some(Found::Nothing(trouble.to_string())),
            }
        }
        if let Some(tree) = tree.as_ref().filter(|tree| amounts::are_wanted(&row, tree))
            && !matches!(look.found, Some(Found::Nothing(_)))
        {
            match self.amounts_of(open, &may.amounts, number, tree).await? {
                Ok((money, told)) => (look.money, report.amounts) = (money, told),
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        look.at = self.inner.channels.now_at(&open.base_url, self.now());
        failpoint::reach("channel", "look_asked");
        // What a first look finds is as old as the order; what a later one finds has come since.
        let happened = row.updated_at.or(row.created_at).filter(|_| row.looks == 0);
        self.take_look(open, report, look, (row.tree, happened)).await?;
        failpoint::reach("channel", "look_taken");
        Ok(Ok(()))
    }

    /// What a marketplace tells of the parcels of an order: its detail, where a line that has left is in none, or was in
    /// others, its shipments, and where one is still here, the labels that were bought for it.
    async fn parcels_of(
        &self,
        open: &Open,
        may: &May,
        number: &str,
        tree: Option<&Tree>,
    ) -> Result<Result<(ChannelOrder, Vec<Package>, Time), Trouble>, Error> {
        let call = Call::OrderDetail { order: number.to_owned() };
        let heard = match self.ask_shop(open, Purpose::Enrich, &call).await {
            Ok(heard) => heard,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let Answer::Order(detail) = heard.answer else { return Ok(Err(other_answer())) };
        let mut packages = Vec::new();
        for line in lines_to_ask_for(&detail, tree) {
            let call = Call::Shipments { order: number.to_owned(), line };
            match self.ask_shop(open, Purpose::Enrich, &call).await {
                Ok(super::exchange::Heard { answer: Answer::Packages(page), .. }) => {
                    packages.extend(page.packages.into_iter().filter(|package| package.shipped));
                }
                Ok(_) => return Ok(Err(other_answer())),
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        if detail.lines.iter().any(|line| is_still_here(line.stage.or(detail.stage))) {
            let call =
                Call::UnshippedPackages { orders: vec![number.to_owned()], page: Page::First };
            match self.ask_if_allowed(open, &may.labels, &call).await? {
                Ok(Some((Answer::Packages(page), _))) => packages.extend(page.packages),
                Ok(Some(_)) => return Ok(Err(other_answer())),
                Ok(None) => {}
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        Ok(Ok((*detail, packages, heard.at)))
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
                        note: Notes::of(&row).after_look(None),
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
