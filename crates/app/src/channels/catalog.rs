//! The products of a shop are read: what changed its list, quickly, or all of them. An edit is seen by a fingerprint of
//! what is told, for no time tells of it; and only a pass that read everything calls a product gone.

use super::aftersales::is_denied;
use super::exchange::Open;
use super::rows::fingerprint;
use super::runs::{Hand, Stop};
use crate::access::{Principal, Scope};
use crate::lane::agreed::compressed;
use crate::{App, Error};
use docket_connectors::channel::{
    Answer, Call, Catalog, Heard, Page, Product, ProductsCall, ProductsPage, Purpose,
};
use docket_domain::channel::RunMode;
use docket_domain::{Id, Time};
use docket_store::{
    ChannelProductFacts, ChannelProductRow, ProductBefore, ProductWrite, Progress, RunRecord,
};
use std::collections::{BTreeMap, BTreeSet};

/// Before this no marketplace sold anything: 2000, in UTC.
const FIRST: Time = Time(946_684_800_000);
/// Failures in a row after which the marketplace is taken for away.
const AWAY: u32 = 8;
/// Products that are held against a pass together.
const TOGETHER: usize = 500;

/// What is said where products may not be read.
const NOT_ALLOWED: &str = "The token does not allow products to be listed.";

/// One reading at work.
struct Reading<'a> {
    app: &'a App,
    open: &'a Open,
    hand: Hand,
    purpose: Purpose,
    catalog: Catalog,
    progress: Progress,
    /// Lists whose number of products is in the total.
    counted: BTreeSet<String>,
}

impl App {
    /// Reads the products of a shop: all of them where nobody knows yet what there was before.
    pub(super) async fn pull_products(
        &self,
        hand: Hand,
        run: &RunRecord,
        open: &Open,
    ) -> Result<(), Stop> {
        let capabilities = open.connector.capabilities();
        let buckets = capabilities.product_buckets;
        let Some(ability) = capabilities.pull.as_ref().filter(|_| !buckets.is_empty()) else {
            return Err(Stop::Ours(Error::Internal("it lists no products".to_owned())));
        };
        let (bucket, window, page) = (buckets[0].to_owned(), None, Page::First);
        let size = ability.page_size_max;
        let any = Call::Products(ProductsCall { bucket, window, page, size });
        if !self.may_ask(open, &any).await? {
            let note = Some(NOT_ALLOWED.to_owned());
            let progress = Progress { note, ..run.started_anew() };
            return self.tell_products(hand, progress, Vec::new()).await;
        }
        self.hear_clock_of(open).await.map_err(Stop::Trouble)?;
        let began = self.inner.channels.now_at(&open.base_url, self.now());
        let overlap = self.inner.settings.channels.overlap;
        let since = match run.mode {
            RunMode::Incremental => run.progress.read_to,
            RunMode::Full => None,
        };
        let catalog = match since {
            Some(since) => Catalog::changed(buckets, ability, since, began, overlap),
            None => Catalog::full(buckets, ability, FIRST, began, overlap),
        };
        let purpose = if since.is_some() { Purpose::Fresh } else { Purpose::Full };
        let progress = Progress { phase: "products".to_owned(), ..run.started_anew() };
        let counted = BTreeSet::new();
        let mut reading = Reading { app: self, open, hand, purpose, catalog, progress, counted };
        reading.whole().await?;
        if since.is_none() {
            reading.find_gone(began).await?;
        }
        // A part that could not be read is asked for again from where it began; of a full pass, by the next one.
        if since.is_none() || reading.progress.gaps == 0 {
            reading.progress.read_to = Some(began);
        }
        reading.tell(Vec::new()).await
    }

    /// One page of the products of a shop, by number behind `after`.
    pub async fn products_of_shop(
        &self,
        who: &Principal,
        shop: Id,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ChannelProductRow>, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        self.shop(shop).await?;
        Ok(self.store().channel_products(shop, after, limit).await?)
    }
}

impl Reading<'_> {
    fn now(&self) -> Time {
        self.app.inner.channels.now_at(&self.open.base_url, self.app.now())
    }

    async fn whole(&mut self) -> Result<(), Stop> {
        let mut failures = 0;
        while let Some(asked) = self.catalog.next(self.now()) {
            if self.app.inner.background.is_stopping() {
                return Err(Stop::Ours(Error::Unavailable("the center stops".to_owned())));
            }
            self.progress.calls += 1;
            let call = Call::Products(asked.clone());
            let heard = match self.app.ask_shop(self.open, self.purpose, &call).await {
                Ok(heard) => heard,
                Err(trouble) => {
                    if is_denied(&trouble) {
                        self.app.note_missing_scope(self.open, &call).await?;
                    }
                    failures += 1;
                    if trouble.stops_the_list() || failures >= AWAY {
                        self.tell(Vec::new()).await?;
                        return Err(Stop::Trouble(trouble));
                    }
                    if !self.catalog.narrow() {
                        self.give_up(&trouble.to_string());
                    }
                    continue;
                }
            };
            failures = 0;
            let Answer::Products(page) = heard.answer else {
                return Err(Stop::Ours(Error::Internal("no products were answered".to_owned())));
            };
            self.count(&asked, &page);
            match self.catalog.heard(&page) {
                Ok(Heard::Cut) => {}
                Ok(Heard::Rows | Heard::Finished(_)) => self.take(page, heard.at).await?,
                Err(why) => {
                    // What stands on the page are products none the less.
                    self.take(page, heard.at).await?;
                    self.give_up(&why.to_string());
                }
            }
        }
        Ok(())
    }

    /// The first page of each list says how many it has.
    fn count(&mut self, asked: &ProductsCall, page: &ProductsPage) {
        if let Some(told) = page.total
            && self.counted.insert(asked.bucket.clone())
        {
            self.progress.total = Some(self.progress.total.unwrap_or(0) + told);
        }
    }

    fn give_up(&mut self, why: &str) {
        self.progress.gaps += 1;
        let (shop, left_out) = (self.open.shop.id, self.catalog.give_up());
        tracing::warn!(%shop, ?left_out, why, "a part of the products of a shop cannot be read");
    }

    /// Takes a page down, with how far the run is, in one piece. What says nothing new is not written.
    async fn take(&mut self, page: ProductsPage, at: Time) -> Result<(), Stop> {
        let shop = self.open.shop.id;
        let numbers: Vec<_> = page.products.iter().map(|product| &*product.number).collect();
        let before = self.app.store().products_before(shop, &numbers).await.map_err(Error::from)?;
        let before: BTreeMap<String, ProductBefore> =
            before.into_iter().map(|before| (before.number.clone(), before)).collect();
        self.progress.done += (page.products.len() + page.refused.len()) as u64;
        self.progress.refused += page.refused.len() as u64;
        let mut writes = Vec::new();
        for product in page.products {
            let known = before.get(&product.number);
            let row = row_of(shop, product, at, known.map(|known| known.seen_at));
            match known {
                Some(known) if is_same(known, &row) => continue,
                Some(_) => self.progress.changed += 1,
                None => self.progress.new += 1,
            }
            writes.push(ProductWrite::Told(Box::new(row)));
        }
        self.tell(writes).await
    }

    /// Calls gone what no list has any more, where the pass may say so.
    async fn find_gone(&mut self, at: Time) -> Result<(), Stop> {
        "gone".clone_into(&mut self.progress.phase);
        let (shop, mut after) = (self.open.shop.id, String::new());
        loop {
            let known = self.app.store().products_before_behind(shop, &after, TOGETHER).await;
            let known = known.map_err(Error::from)?;
            let Some(last) = known.last() else { return Ok(()) };
            after.clone_from(&last.number);
            let is_gone = |known: &ProductBefore| {
                !known.is_gone && self.catalog.is_gone(&known.number, known.seen_at) == Some(true)
            };
            let gone: Vec<_> =
                known.into_iter().filter(is_gone).map(|known| known.number).collect();
            self.progress.gone += gone.len() as u64;
            let gone = gone.into_iter().map(|number| ProductWrite::Gone { shop, number, at });
            self.tell(gone.collect()).await?;
        }
    }

    async fn tell(&self, products: Vec<ProductWrite>) -> Result<(), Stop> {
        self.app.tell_products(self.hand, self.progress.clone(), products).await
    }
}

fn is_same(known: &ProductBefore, row: &ChannelProductRow) -> bool {
    !known.is_gone && known.fingerprint == row.fingerprint && known.bucket == row.bucket
}

/// A product as it was told at `at`.
fn row_of(shop: Id, product: Product, at: Time, seen_at: Option<Time>) -> ChannelProductRow {
    let skus = product.skus.into_iter().map(|sku| (sku.sku_id, sku.code));
    ChannelProductRow {
        shop,
        number: product.number,
        bucket: product.bucket,
        status: product.status,
        fingerprint: fingerprint(&product.hash),
        seen_at: seen_at.unwrap_or(at),
        read_at: at,
        gone_at: None,
        more: ChannelProductFacts {
            title: product.title,
            code: product.code,
            image: product.image,
            price: product.price.map(|price| (price.amount, price.currency)),
            quantity: product.stock,
            created_at: product.created_at,
            changed_at: product.changed_at,
            skus: skus.collect(),
        },
        payload: compressed(&product.payload),
    }
}
