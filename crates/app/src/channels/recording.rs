//! A page of orders is taken down: what says nothing new is known by its fingerprint and costs one look, the rest goes
//! through the lane, each order by itself.

use super::exchange::Open;
use super::report::report;
use crate::lane::Verdict;
use crate::lane::deadlines::Deadlines;
use crate::lane::deciding::deciding;
use crate::lane::reactions::Changes;
use crate::lane::unique::shop_key;
use crate::orders::{Became, gene_of};
use crate::{App, Error};
use docket_connectors::channel::{ChannelOrder, OrdersPage, Unreadable};
use docket_domain::channel::PackageState;
use docket_domain::record::{self, Report};
use docket_domain::time::Millis;
use docket_domain::{FieldError, Gene, Id, Time};
use docket_store::{ChannelOrderRow, Context, HeardBefore, Key, Priority, View, Writes};
use futures_util::future::try_join_all;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::sync::Arc;

/// Letters of what was odd about an order that are kept.
const NOTE: usize = 500;

/// What became of the rows of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PageTaken {
    /// Orders that are new here.
    pub new: u64,
    /// Orders that changed.
    pub changed: u64,
    /// Rows that could not be taken and are kept aside.
    pub refused: u64,
    /// The greatest time between a change there and its first sight here, in milliseconds.
    pub lateness: Millis,
}

/// What became of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    New,
    Changed,
    /// It was told before.
    Same,
    /// It is kept aside.
    Aside,
}

/// One order that says something new, made ready before the lane.
struct Taking {
    row: ChannelOrderRow,
    report: Report,
    /// The tree that was made of it, as far as that was seen before.
    tree: Option<Id>,
    name: String,
    gene: Gene,
    deadlines: Arc<Deadlines>,
}

impl App {
    /// Takes down the orders of a page that was read at `read_at`, by the marketplace's clock. What is answered is
    /// committed.
    pub(super) async fn take_page(
        &self,
        open: &Open,
        page: &OrdersPage,
        read_at: Time,
    ) -> Result<PageTaken, Error> {
        let mut taken = PageTaken { refused: page.refused.len() as u64, ..PageTaken::default() };
        let numbers: Vec<_> = page.orders.iter().map(|order| &*order.number).collect();
        let before = self.store().heard_before(open.shop.id, &numbers).await?;
        let before: FxHashMap<String, HeardBefore> = before.into_iter().collect();
        let mut taking = Vec::new();
        for order in &page.orders {
            let fingerprint = fingerprint(&order.payload);
            let known = before.get(&order.number);
            if known.is_some_and(|known| known.fingerprint == fingerprint) {
                continue;
            }
            if let Some(updated_at) = order.updated_at
                && known.is_none_or(|known| known.updated_at < Some(updated_at))
            {
                taken.lateness = taken.lateness.max(read_at.since(updated_at));
            }
            let tree = known.and_then(|known| known.tree);
            taking.push(self.take_order(self.taking(open, order, tree, fingerprint, read_at)));
        }
        let unreadable = page.refused.iter().filter_map(|row| unreadable(open, row, read_at));
        let unreadable: Vec<_> = unreadable.collect();
        for became in try_join_all(taking).await? {
            match became {
                Taken::New => taken.new += 1,
                Taken::Changed => taken.changed += 1,
                Taken::Aside => taken.refused += 1,
                Taken::Same => {}
            }
        }
        self.keep_aside(unreadable).await?;
        Ok(taken)
    }

    /// Makes one order ready for the lane.
    fn taking(
        &self,
        open: &Open,
        order: &ChannelOrder,
        tree: Option<Id>,
        fingerprint: i64,
        read_at: Time,
    ) -> Taking {
        let report = report(&open.shop, order);
        let notes: Vec<_> = order.flags.iter().map(ToString::to_string).collect();
        let row = ChannelOrderRow {
            shop: open.shop.id,
            number: order.number.clone(),
            tree: None,
            status: order.status.clone(),
            created_at: order.created_at,
            updated_at: order.updated_at,
            seen_at: read_at,
            read_at,
            fingerprint,
            packages: PackageState::NotYet,
            looks: 0,
            next_look_at: None,
            note: (!notes.is_empty()).then(|| cut(&notes.join("; "))),
            payload: compressed(&order.payload),
        };
        Taking {
            name: shop_key(&open.shop.id.to_string(), &order.number),
            gene: gene_of(&report.placement, self.now()),
            deadlines: Arc::clone(&self.inner.settings.deadlines),
            row,
            report,
            tree,
        }
    }

    async fn take_order(&self, taking: Taking) -> Result<Taken, Error> {
        let keys = taking.keys();
        let work = move |view: &View, cx: &mut Context<'_>| taking.take(view, cx);
        let taken = self.inner.lane.run(Priority::Bulk, keys, work).await?;
        if taken == Taken::New {
            self.inner.outcomes.count(Became::Recorded);
        }
        Ok(taken)
    }

    /// Keeps rows that cannot be read, unless the order was read before.
    async fn keep_aside(&self, rows: Vec<ChannelOrderRow>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let keys = rows.iter().map(ChannelOrderRow::lane_key).collect();
        let work = move |view: &View, _: &mut Context<'_>| {
            let mut new = Vec::new();
            for row in &rows {
                if view.channel_order(row.shop, &row.number)?.is_none() {
                    new.push(row.clone());
                }
            }
            let writes =
                (!new.is_empty()).then(|| Writes { channel_orders: new, ..Writes::default() });
            Ok((writes, ()))
        };
        self.inner.lane.run(Priority::Bulk, keys, work).await
    }
}

impl Taking {
    fn keys(&self) -> Vec<Key> {
        let tree = self.tree.map(Key::Tree);
        tree.into_iter().chain([self.row.lane_key(), Key::Unique(self.name.clone())]).collect()
    }

    /// The piece of work: pure, repeatable.
    fn take(&self, view: &View, cx: &mut Context<'_>) -> Verdict<Taken> {
        let known = view.channel_order(self.row.shop, &self.row.number)?;
        if known.is_some_and(|known| known.fingerprint == self.row.fingerprint) {
            return Ok((None, Taken::Same));
        }
        let named = view.unique(&self.name)?.map(|unique| unique.tree);
        let tree = match known.and_then(|known| known.tree).or(named) {
            Some(id) => view.tree(id)?,
            None => None,
        };
        let recorded = deciding(cx, self.gene, &self.deadlines.default, |cx| {
            record::record(tree.map(|tree| &**tree), &self.report, false, cx)
        });
        let mut row = self.row.clone();
        if let Some(known) = known {
            row.seen_at = known.seen_at;
            (row.packages, row.looks, row.next_look_at) =
                (known.packages, known.looks, known.next_look_at);
        }
        row.tree = tree.map(|tree| tree.id());
        match recorded {
            Ok(Some(change)) => {
                let (mut changes, after) = Changes::one(tree, change);
                row.tree = Some(after.id());
                changes.beside.channel_orders.push(row);
                if tree.is_some() {
                    return Ok((Some(changes), Taken::Changed));
                }
                changes.beside.unique.push((self.name.clone(), after.id(), None));
                Ok((Some(changes), Taken::New))
            }
            Ok(None) => Ok((Some(beside(row)), Taken::Changed)),
            Err(error) => {
                row.note = Some(why(&error));
                Ok((Some(beside(row)), Taken::Aside))
            }
        }
    }
}

/// The row alone.
fn beside(row: ChannelOrderRow) -> Changes {
    Writes { channel_orders: vec![row], ..Writes::default() }.into()
}

fn why(error: &FieldError) -> String {
    cut(&format!("{}: {}", error.code, error.message))
}

/// A row that cannot be read, as it is kept; none where not even its number can be read.
fn unreadable(open: &Open, row: &Unreadable, read_at: Time) -> Option<ChannelOrderRow> {
    Some(ChannelOrderRow {
        shop: open.shop.id,
        number: row.number.clone()?,
        tree: None,
        status: String::new(),
        created_at: None,
        updated_at: None,
        seen_at: read_at,
        read_at,
        fingerprint: fingerprint(&row.raw),
        packages: PackageState::NotYet,
        looks: 0,
        next_look_at: None,
        note: Some(cut(&row.reason)),
        payload: compressed(&row.raw),
    })
}

/// A fingerprint that is the same in every release, for it is stored.
fn fingerprint(payload: &str) -> i64 {
    let hash: [u8; 32] = Sha256::digest(payload.as_bytes()).into();
    let first = hash.first_chunk().expect("a hash has 32 bytes");
    i64::from_be_bytes(*first)
}

fn compressed(payload: &str) -> Vec<u8> {
    thread_local! {
        // A fresh context each time costs twice what the compression does.
        static COMPRESSOR: RefCell<zstd::bulk::Compressor<'static>> =
            RefCell::new(zstd::bulk::Compressor::new(1).expect("zstd has a level 1"));
    }
    let body = COMPRESSOR.with_borrow_mut(|zstd| zstd.compress(payload.as_bytes()));
    body.expect("zstd compresses any bytes that fit in memory")
}

fn cut(text: &str) -> String {
    text.chars().take(NOTE).collect()
}
