//! What sales in channel shops take of our stock: the map of a shop, and the sales that wait for it.
//!
//! A shop without a map takes nothing. With its first code all orders since `stock_from` are gone through; from then on what
//! a code is not known for is listed and waits, and is taken once the code is mapped.

use super::report;
use crate::access::{Principal, Scope};
use crate::lane::Verdict;
use crate::lane::deadlines::Deadlines;
use crate::lane::deciding::deciding;
use crate::lane::reactions::Changes;
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_domain::record::channel::stock::{self, Mapping, Shelves};
use docket_domain::record::channel::{self, ChannelReport, Fitted};
use docket_domain::{FieldError, Gene, Id, Time, Tree};
use docket_store::{
    ChannelShop, Context, Key, Need, NewTask, Priority, SkuMapping, SkuWrite, Unmapped,
    UnmappedCode, UnmappedWrite, View,
};
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Codes that one request maps at most.
pub const CODES_AT_ONCE: usize = 500;
/// Orders, and codes, that are gone through together.
const PAGE: usize = 200;
const CODES: usize = 50;

/// What a code of a shop is from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSku {
    /// The seller's own code, or the marketplace's number.
    pub code: String,
    /// What it is; nothing any more where there is none.
    pub is: Option<Mapping>,
}

/// Takes stock for sales of a shop that wait for it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct AllocateSales {
    shop: Id,
    /// Whether all orders are gone through, not those alone that wait for a code.
    all: bool,
}

impl AllocateSales {
    /// The task, to be written with what makes it necessary.
    pub fn task(shop: Id, all: bool, cx: &mut Context<'_>) -> NewTask {
        NewTask { subject: Some(shop.to_string()), ..Self { shop, all }.new_task(cx) }
    }
}

/// Since when orders of a shop take stock; none where none do.
pub(super) fn takes_from(shop: &ChannelShop) -> Option<Time> {
    shop.more.stock_from.filter(|_| shop.more.is_mapped)
}

/// The shelves that an order needs which was created at `created_at`, as far as that is known.
pub(super) fn shelves(
    view: &View,
    shop: Id,
    known: Option<&Tree>,
    report: &ChannelReport,
) -> Result<Shelves, Need> {
    let from = view.channel_shop(shop)?.and_then(|shop| takes_from(shop));
    let created_at = report.created_at.or(known.map(|tree| tree.payment.created_at));
    if from.is_none() || created_at < from {
        return Ok(Shelves::NONE);
    }
    let codes = stock::codes(known, report);
    all_known(view, codes.iter().map(|code| Key::ChannelSku { shop, code: code.clone() }))?;
    let mut map = BTreeMap::new();
    for code in codes {
        if let Some(SkuMapping { is, .. }) = view.channel_sku(shop, &code)? {
            map.insert(code, is.clone());
        }
    }
    let of = |is: &Mapping| Key::Stock { place: is.place.clone(), sku_id: is.sku_id.clone() };
    all_known(view, map.values().map(of))?;
    let mut shelves = Shelves { from, ..Shelves::NONE };
    for (code, is) in map {
        // What nobody ever counted is not kept.
        if let Some(row) = view.stock(&is.place, &is.sku_id)? {
            shelves.available.insert((is.place.clone(), is.sku_id.clone()), row.available());
            shelves.map.insert(code, is);
        }
    }
    Ok(shelves)
}

/// Those that are not known are loaded together, not one after another.
fn all_known(view: &View, keys: impl Iterator<Item = Key>) -> Result<(), Need> {
    let missing: Vec<Key> = keys.filter(|key| !view.knows(key)).collect();
    if missing.is_empty() { Ok(()) } else { Err(Need(missing)) }
}

/// The keys of the codes that a report may want, where its shop takes stock since `from`.
pub(super) fn keys(shop: Id, from: Option<Time>, report: &ChannelReport) -> Vec<Key> {
    if from.is_none() || report.created_at < from {
        return Vec::new();
    }
    let code = |code| Key::ChannelSku { shop, code };
    stock::codes(None, report).into_iter().map(code).collect()
}

/// What becomes of the list of sales that wait, by a change of an order.
pub(super) fn waiting(
    shop: Id,
    (before, after): (Option<&Tree>, &Tree),
    shelves: &Shelves,
    at: Time,
) -> Vec<UnmappedWrite> {
    if shelves.from.is_none() {
        return Vec::new();
    }
    let tree = after.id();
    let waits = stock::unmapped(after, shelves);
    let none = Shelves { from: shelves.from, ..Shelves::NONE };
    let waited = before.map(|before| stock::unmapped(before, &none)).unwrap_or_default();
    let over = waited.into_keys().filter(|code| !waits.contains_key(code));
    let over: Vec<_> = over.map(|code| UnmappedWrite::Over { shop, code, tree }).collect();
    let waits = waits
        .into_iter()
        .map(|(code, title)| UnmappedWrite::Waits(Unmapped { shop, code, tree, title, at }));
    over.into_iter().chain(waits).collect()
}

/// What sets codes of a shop, and what goes with it.
///
/// # Errors
/// Where a code is said to be what nobody ever counted.
pub(super) fn set(
    view: &View,
    shop: &mut ChannelShop,
    skus: &[SetSku],
    (actor, at): (&str, Time),
) -> Result<Result<Vec<SkuWrite>, FieldError>, Need> {
    let mut writes = Vec::with_capacity(skus.len());
    for (index, SetSku { code, is }) in skus.iter().enumerate() {
        let Some(is) = is else {
            writes.push(SkuWrite::Nothing { shop: shop.id, code: code.clone() });
            continue;
        };
        if view.stock(&is.place, &is.sku_id)?.is_none() {
            return Ok(Err(FieldError {
                field: format!("sku_map[{index}].sku_id"),
                code: "not_counted",
                message: format!(
                    "there is no stock of {} at {}; count it first, then map it",
                    is.sku_id, is.place
                ),
            }));
        }
        shop.more.is_mapped = true;
        let (code, is, actor) = (code.clone(), is.clone(), actor.to_owned());
        writes.push(SkuWrite::Is(SkuMapping { shop: shop.id, code, is, at, actor }));
    }
    Ok(Ok(writes))
}

/// The stock rows that a map names.
pub(super) fn named(skus: &[SetSku]) -> impl Iterator<Item = Key> {
    let of = |is: &Mapping| (is.place.clone(), is.sku_id.clone());
    let named: BTreeSet<_> = skus.iter().filter_map(|sku| sku.is.as_ref().map(of)).collect();
    named.into_iter().map(|(place, sku_id)| Key::Stock { place, sku_id })
}

impl App {
    /// What codes of a shop are, behind one of them.
    pub async fn skus(
        &self,
        who: &Principal,
        shop: Id,
        after: &str,
        limit: usize,
    ) -> Result<Vec<SkuMapping>, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        self.shop(shop).await?;
        Ok(self.store().channel_skus(shop, after, limit.min(PAGE)).await?)
    }

    /// Codes that sales of a shop wait for, behind one of them.
    pub async fn unmapped_skus(
        &self,
        who: &Principal,
        shop: Id,
        after: &str,
        limit: usize,
    ) -> Result<Vec<UnmappedCode>, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        self.shop(shop).await?;
        Ok(self.store().unmapped_codes(shop, after, limit.min(CODES)).await?)
    }

    /// Takes stock for sales that wait for codes which are mapped by now.
    pub(super) async fn allocate_mapped(&self, shop: &ChannelShop) -> Result<(), Error> {
        if takes_from(shop).is_none() {
            return Ok(());
        }
        let mut after = String::new();
        loop {
            let codes = self.store().unmapped_codes(shop.id, &after, CODES).await?;
            let Some(last) = codes.last() else { return Ok(()) };
            after.clone_from(&last.code);
            for code in codes {
                if self.store().is_mapped(shop.id, &code.code).await? {
                    self.allocate_code(shop, &code.code).await?;
                }
            }
        }
    }

    async fn allocate_code(&self, shop: &ChannelShop, code: &str) -> Result<(), Error> {
        let mut after = Id(0);
        loop {
            let trees = self.store().waiting_for_code(shop.id, code, after, PAGE).await?;
            let Some(last) = trees.last() else { return Ok(()) };
            after = *last;
            for tree in trees {
                self.allocate(shop, tree, Some(code)).await?;
            }
        }
    }

    /// Goes through all orders of a shop that take stock.
    async fn allocate_all(&self, shop: &ChannelShop) -> Result<(), Error> {
        let Some(from) = takes_from(shop) else { return Ok(()) };
        let mut after = String::new();
        loop {
            let orders = self.store().channel_order_trees(shop.id, &after, PAGE).await?;
            let Some((last, ..)) = orders.last() else { return Ok(()) };
            after.clone_from(last);
            for (_, tree, created_at) in orders {
                if let Some(tree) = tree
                    && created_at >= Some(from)
                {
                    self.allocate(shop, tree, None).await?;
                }
            }
        }
    }

    /// Takes stock for one order, which may wait for `code`.
    async fn allocate(
        &self,
        shop: &ChannelShop,
        tree: Id,
        code: Option<&str>,
    ) -> Result<(), Error> {
        let allocating = Arc::new(Allocating {
            shop: shop.id,
            tree,
            code: code.map(str::to_owned),
            nothing: Fitted::of(report::of_nothing(shop, "")),
            deadlines: Arc::clone(&self.inner.settings.deadlines),
        });
        if !self.allocate_once(&allocating).await? {
            self.bring_back(tree).await?;
            self.allocate_once(&allocating).await?;
        }
        Ok(())
    }

    /// Whether the order is here, and not in the archive.
    async fn allocate_once(&self, allocating: &Arc<Allocating>) -> Result<bool, Error> {
        let _room = self.inner.channels.room.acquire().await;
        let keys = vec![Key::Tree(allocating.tree), Key::ChannelShop(allocating.shop)];
        let allocating = Arc::clone(allocating);
        let work = move |view: &View, cx: &mut Context<'_>| allocating.take(view, cx);
        self.inner.lane.run(Priority::Bulk, keys, work).await
    }
}

/// One order that stock is taken for.
struct Allocating {
    shop: Id,
    tree: Id,
    /// What it may wait for.
    code: Option<String>,
    /// A report of its shop that says nothing.
    nothing: Fitted,
    deadlines: Arc<Deadlines>,
}

impl Allocating {
    /// The piece of work: pure, repeatable.
    fn take(&self, view: &View, cx: &mut Context<'_>) -> Verdict<bool> {
        let Some(known) = view.tree(self.tree)? else { return Ok((None, false)) };
        let shelves = shelves(view, self.shop, Some(known), self.nothing.report())?;
        let gene = Gene::of(known.payment.external_id.as_deref().unwrap_or_default());
        let recorded = deciding(cx, gene, &self.deadlines.default, |cx| {
            channel::record(Some(known), &self.nothing, &shelves, cx)
        });
        let (mut changes, after) = match recorded {
            Ok(Some(change)) => Changes::one(Some(known), change),
            Ok(None) | Err(_) => (Changes::default(), Arc::clone(known)),
        };
        changes.silent = true;
        let mut waits = waiting(self.shop, (Some(known), &after), &shelves, cx.now);
        let still = stock::unmapped(&after, &shelves);
        let over = self.code.iter().filter(|code| !still.contains_key(*code)).cloned();
        let (shop, tree) = (self.shop, self.tree);
        waits.extend(over.map(|code| UnmappedWrite::Over { shop, code, tree }));
        changes.beside.channel_unmapped = waits;
        Ok((Some(changes), true))
    }
}

impl Task for AllocateSales {
    const KIND: &'static str = "channel_allocate";
    const POLICY: Policy = Policy { lease: Duration::from_secs(30), ..Policy::LONG };

    async fn run(self, app: App, _: Job) -> Handled {
        let done = async {
            let Some(shop) = app.store().channel_shop(self.shop).await? else { return Ok(()) };
            if self.all {
                app.allocate_all(&shop).await?;
            }
            app.allocate_mapped(&shop).await
        };
        match done.await {
            Ok(()) => Outcome::Done,
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}
