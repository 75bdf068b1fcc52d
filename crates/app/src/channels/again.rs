//! What differs from what a marketplace told is read again: orders by their numbers, with their parcels, and shops by a
//! run of their own. Whoever compares calls it; nothing is set here to what it should be.

use super::exchange::Open;
use super::packages::May;
use super::runs::{Started, Wish};
use crate::{App, Error};
use docket_domain::Id;
use docket_domain::channel::{PackageState, RunMode, Stream};
use docket_store::{Context, Key, Priority, View, WindowRow, WindowWrite, Writes};
use std::sync::Arc;

impl App {
    /// Reads orders of a shop again, and looks for those of their parcels that are to be looked for. What its marketplace
    /// does not answer now stays as it is.
    pub(crate) async fn read_orders_again(
        &self,
        shop: Id,
        numbers: &[String],
    ) -> Result<(), Error> {
        let shop = Arc::new(self.shop(shop).await?);
        if shop.token.is_none() || shop.more.paused.is_some() {
            return Ok(());
        }
        let open = self.open_shop(shop)?;
        if let Err(trouble) = self.hear_clock_of(&open).await {
            return self.pause_for(&open, &trouble).await;
        }
        let at_once = usize::from(open.connector.capabilities().numbers_at_once.max(1));
        for numbers in numbers.chunks(at_once) {
            match self.orders_by_number(&open, numbers).await {
                Ok((page, at)) => drop(self.take_numbered(&open, &page, at).await?),
                Err(trouble) => return self.pause_for(&open, &trouble).await,
            }
        }
        self.look_at_waiting(&open, numbers).await?;
        self.store_calls().await
    }

    /// Looks for parcels of those of these orders that were never looked for since they were read.
    async fn look_at_waiting(&self, open: &Open, numbers: &[String]) -> Result<(), Error> {
        let capabilities = open.connector.capabilities();
        if !self.inner.settings.channels.packages || !capabilities.packages_apart {
            return Ok(());
        }
        let may = May::of(self, open).await?;
        for row in self.store().channel_orders_of(open.shop.id, numbers).await? {
            if row.packages != PackageState::Waiting || row.looks > 0 {
                continue;
            }
            if let Err(trouble) = self.look(open, &may, row).await? {
                if trouble.stops_the_shop() {
                    self.pause_for(open, &trouble).await?;
                }
                return Ok(());
            }
        }
        Ok(())
    }

    /// Starts a run of a shop; none where it is paused, has no token, or one runs already.
    pub(crate) async fn pull_again(
        &self,
        shop: Id,
        stream: Stream,
        mode: RunMode,
    ) -> Result<Option<Id>, Error> {
        let found = self.shop(shop).await?;
        if found.token.is_none() || found.more.paused.is_some() {
            return Ok(None);
        }
        let wish = Wish { shop, stream, mode, note: None };
        Ok(match self.queue_run(wish, None).await?.outcome() {
            Started::Now(run) => {
                self.run_where_nobody_else_does(run);
                Some(run)
            }
            Started::Running(_) => None,
        })
    }

    /// Has gaps tried by the next run, not when it is their time.
    pub(crate) async fn try_gaps_now(&self, gaps: Vec<WindowRow>) -> Result<(), Error> {
        let now_due = gaps.into_iter().map(|gap| WindowRow { next_try_at: None, ..gap });
        let channel_windows: Vec<_> = now_due.map(WindowWrite::Put).collect();
        let work = move |_: &View, _: &mut Context<'_>| {
            let channel_windows = channel_windows.clone();
            Ok((Some(Writes { channel_windows, ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Bulk, Vec::<Key>::new(), work).await
    }
}
