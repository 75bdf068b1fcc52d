//! Lists of orders and of operations: filters, keyset pages, no totals.
//!
//! One filter leads ([`lead`]): its index gives candidates ([`stream`]), newest first, and the rest are tested on
//! them ([`test`]). Where one of the filters has few orders in all, these are taken whole instead. Each statement
//! goes along one index that it names, or looks up keys, so that its plan follows from its text and from no
//! statistics. A page looks at a bounded number of rows: a filter that matches little gives a short page with a
//! `next`, and never a slow one.

mod lead;
mod operations;
mod stream;
mod test;
#[cfg(test)]
mod tests;
mod twins;

pub use operations::{OperationFilter, OperationPage};

use crate::reads::orders::{Whole, whole};
use crate::sql::ask::Ask;
use crate::sql::dialect::Dialect;
use crate::{Store, StoreError};
use docket_domain::words::{DeliveryStatus, OrderType, RefundAxis, Status, StoreStatus};
use docket_domain::{Id, Time};
use stream::{Candidate, Stream};
use test::Test;

/// What a page may cost.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Entries of indexes that are looked at before the page ends short.
    looked_at: usize,
    /// Candidates that are looked up in other tables before it does: each costs what some entries cost.
    tested: usize,
    /// Candidates that one statement looks up.
    at_once: usize,
    /// Entries of the first piece of an index whose conditions are tested on itself, and of any.
    piece: [usize; 2],
    /// Orders up to which a filter is taken whole, whatever the page is sorted by.
    whole: usize,
    /// Orders around several candidates of a buyer, or around one, that are looked at to find twins.
    neighbours: [usize; 2],
}

const BOUNDS: Bounds = Bounds {
    looked_at: 20_000,
    tested: 4_000,
    at_once: 128,
    piece: [256, 4_096],
    whole: 500,
    neighbours: [500, 4_000],
};

/// What a page is sorted by, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// When the order was placed.
    #[default]
    Created,
    /// When it last changed.
    Updated,
}

/// Where a page goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The time it is sorted by.
    pub at: Time,
    /// The last order's number: orders of one moment are told apart by it.
    pub id: Id,
}

/// Which orders; everything left out does not matter.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)] // the names are those of the contract
pub struct Filter {
    pub sort: Sort,
    pub limit: usize,
    pub cursor: Option<Cursor>,
    /// Already resolved to a payment order.
    pub id: Option<Id>,
    pub external_id: Option<String>,
    pub client_token: Option<String>,
    pub buyer: Option<String>,
    /// Keyed hashes of the last four digits and of the whole number, for each way in which the telephone may be
    /// kept; none where that does not matter.
    pub phones: Vec<(i64, i64)>,
    pub phone_last4: Option<i64>,
    pub shop: Option<String>,
    pub channel: Option<String>,
    pub branch: Option<String>,
    pub place: Option<String>,
    pub sku: Option<String>,
    pub tracking: Option<String>,
    pub status: Option<Status>,
    pub store_status: Option<StoreStatus>,
    pub delivery: Option<DeliveryStatus>,
    pub refund: Option<RefundAxis>,
    pub order_type: Option<OrderType>,
    /// The main status and the store status of one of its shop orders.
    pub shop_status: (Option<Status>, Option<StoreStatus>),
    /// The main status of one of its item orders, or of one of its shop orders.
    pub item_status: Option<Status>,
    pub tag: Option<String>,
    pub anomaly: Option<String>,
    /// Same buyer, same cart within 10 s.
    pub duplicate: bool,
    pub created: (Option<Time>, Option<Time>),
    pub paid: (Option<Time>, Option<Time>),
    pub updated: (Option<Time>, Option<Time>),
    /// Shops the caller may see; none means all.
    pub only_shops: Option<Vec<String>>,
    /// Places the caller may see; none means all.
    pub only_places: Option<Vec<String>>,
}

/// One page of payment orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Their numbers, newest first.
    pub ids: Vec<Id>,
    /// Where the next page goes on; none at the end. There is one wherever the page looked at as much as it may.
    pub next: Option<Cursor>,
}

/// One page of orders, whole, all of one moment.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The orders, newest first.
    pub orders: Vec<Whole>,
    /// As of [`Page`].
    pub next: Option<Cursor>,
}

/// What a page has cost, and may.
#[derive(Debug)]
struct Budget {
    bounds: Bounds,
    /// Entries of indexes looked at.
    looked_at: usize,
    /// Candidates looked up in other tables.
    tested: usize,
}

impl Budget {
    const fn of(bounds: Bounds) -> Self {
        Self { bounds, looked_at: 0, tested: 0 }
    }

    const fn is_spent(&self) -> bool {
        self.looked_at >= self.bounds.looked_at || self.tested >= self.bounds.tested
    }
}

impl Store {
    /// One page of the payment orders that `filter` describes.
    pub async fn list(&self, filter: &Filter) -> Result<Page, StoreError> {
        let (dialect, filter) = (self.dialect(), filter.clone());
        self.at_one_moment(move |ask| page(ask, dialect, &filter, BOUNDS)).await
    }

    /// The same with the orders themselves.
    pub async fn list_whole(&self, filter: &Filter) -> Result<Listed, StoreError> {
        let (dialect, filter) = (self.dialect(), filter.clone());
        self.at_one_moment(move |ask| {
            let Page { ids, next } = page(ask, dialect, &filter, BOUNDS)?;
            Ok(Listed { orders: whole(ask, &ids)?, next })
        })
        .await
    }
}

/// See [`Store::list`]; everything of one moment.
fn page(
    ask: &mut dyn Ask,
    dialect: Dialect,
    filter: &Filter,
    bounds: Bounds,
) -> Result<Page, StoreError> {
    if filter.sees_nothing() {
        return Ok(Page { ids: Vec::new(), next: None });
    }
    let leads = filter.leads(dialect);
    let mut budget = Budget::of(bounds);
    // A single lead that gives the order of the page needs no second look.
    let streamed = filter.streamed(&leads);
    if leads.len() > 1 || streamed.is_none() {
        for lead in &leads {
            if let Some(ids) = stream::whole(ask, dialect, filter, lead, &mut budget)? {
                let candidates = test::placed(ask, dialect, filter, &ids, &mut budget)?;
                let mut tests = filter.tests(&lead.proves);
                tests.retain(|test| !matches!(test, Test::Order(_)));
                return whole_page(ask, dialect, filter, &candidates, &tests, bounds);
            }
        }
    }
    let lead = streamed.cloned().unwrap_or_else(|| filter.all());
    let (mut stream, tests) =
        (Stream::new(lead.ranges, filter, bounds), filter.tests(&lead.proves));
    let mut found: Vec<Candidate> = Vec::with_capacity(filter.limit + 1);
    while found.len() < filter.limit {
        // Where nothing is tested the first piece is the page.
        let wanted = if tests.is_empty() { filter.limit + 1 } else { bounds.at_once };
        let batch = stream.next(ask, dialect, wanted, &mut budget)?;
        found.append(&mut test::keep(ask, dialect, batch, &tests, &mut budget)?);
        if budget.is_spent() || stream.reached().is_none() {
            break;
        }
    }
    let more = found.len() > filter.limit;
    found.truncate(filter.limit);
    let next = if more { found.last().map(|last| last.position) } else { stream.reached() };
    Ok(Page { ids: ids_of(&found), next })
}

/// One page of candidates that are all there are.
fn whole_page(
    ask: &mut dyn Ask,
    dialect: Dialect,
    filter: &Filter,
    candidates: &[Candidate],
    tests: &[Test],
    bounds: Bounds,
) -> Result<Page, StoreError> {
    let mut budget = Budget::of(bounds);
    let mut found = Vec::with_capacity(filter.limit + 1);
    for batch in candidates.chunks(bounds.at_once) {
        found.append(&mut test::keep(ask, dialect, batch.to_vec(), tests, &mut budget)?);
        if found.len() > filter.limit {
            break;
        }
    }
    let more = found.len() > filter.limit;
    found.truncate(filter.limit);
    Ok(Page { ids: ids_of(&found), next: found.last().filter(|_| more).map(|last| last.position) })
}

fn ids_of(found: &[Candidate]) -> Vec<Id> {
    found.iter().map(|one| one.position.id).collect()
}
