//! Lists of orders and of operations: filters, keyset pages, no totals.
//!
//! One filter drives, the one with the narrowest index; the rest are tested on what it gives. A page looks at
//! a bounded number of rows, so a filter that matches little gives a short page with a `next`, and never a
//! slow one.

mod lead;
mod operations;

pub use operations::OperationFilter;

use crate::value::{Kind, Value};
use crate::{Store, StoreError};
use docket_domain::words::{DeliveryStatus, OrderType, RefundAxis, Status, StoreStatus};
use docket_domain::{Id, Time};
use lead::{Driver, Lead};
use std::fmt::Write as _;

/// Rows a page looks at, at most.
const LOOKED_AT_MAX: usize = 5_000;
/// Candidates for each order of a page that are looked at, first and after that: most filters are answered by
/// the first few, and only a narrow one needs as many as may be.
const FEW: [usize; 2] = [4, 20];

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The time it is sorted by.
    pub at: Time,
    /// The order.
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
    /// Where the next page goes on; none at the end.
    pub next: Option<Cursor>,
}

/// SQL with its values, built side by side.
#[derive(Debug, Default)]
struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        let _ = write!(self.text, " AND {condition}");
        self.values.extend(values);
    }

    /// The bounds of a time column: from inclusive, to exclusive.
    fn between(&mut self, column: &str, (from, to): (Option<Time>, Option<Time>)) {
        if let Some(from) = from {
            self.and(&format!("{column} >= ?"), [from.into()]);
        }
        if let Some(to) = to {
            self.and(&format!("{column} < ?"), [to.into()]);
        }
    }
}

impl Filter {
    /// Everything the lead does not test already, on `p`; empty where it tests everything.
    fn residual(&self, lead: &Lead<'_>) -> Sql {
        let mut sql = Sql::default();
        let has_term = "EXISTS (SELECT 1 FROM order_term t WHERE t.term = ? AND t.created_at = p.created_at AND t.tree = p.id)";
        for term in self.terms() {
            if *lead != Lead::Term(term.clone()) {
                sql.and(has_term, [Value::Text(term)]);
            }
        }
        if let Some(id) = self.id {
            sql.and("p.id = ?", [id.into()]);
        }
        if let Some(buyer) = self.buyer.as_ref().filter(|buyer| *lead != Lead::Buyer(buyer)) {
            sql.and("p.buyer_id = ?", [buyer.into()]);
        }
        if let Some(status) = self.status.filter(|status| *lead != Lead::Status(*status)) {
            sql.and("p.status = ?", [status.code().into()]);
        }
        let store_status = self.store_status;
        if let Some(status) = store_status.filter(|status| *lead != Lead::StoreStatus(*status)) {
            sql.and("p.store_status = ?", [status.code().into()]);
        }
        if let Some(order_type) = self.order_type {
            sql.and("p.type = ?", [order_type.code().into()]);
        }
        if self.refund == Some(RefundAxis::None) {
            let none =
                "EXISTS (SELECT 1 FROM shop_order s WHERE s.tree = p.id AND s.refund_status = 0)";
            sql.and(none, []);
        }
        if let Some(sku) = self.sku.as_ref().filter(|sku| *lead != Lead::Sku(sku)) {
            let sold = "EXISTS (SELECT 1 FROM item_order i WHERE i.tree = p.id AND i.sku_id = ?)";
            sql.and(sold, [sku.into()]);
        }
        if let Some(last4) = self.phone_last4
            && !self.phones.is_empty()
            && self.phones.iter().all(|(of_phone, _)| *of_phone != last4)
        {
            // A whole telephone with other last four digits: there is none.
            sql.and("1 = 0", []);
        }
        self.residual_shops(lead, &mut sql);
        if self.duplicate {
            let twin = "EXISTS (SELECT 1 FROM payment_order d WHERE d.buyer_id = p.buyer_id \
                        AND d.created_at BETWEEN p.created_at - 10000 AND p.created_at + 10000 \
                        AND d.cart = p.cart AND d.id <> p.id)";
            sql.and(twin, []);
        }
        sql.between("p.paid_at", self.paid);
        // The bounds of the time that a page is sorted by are the lead's.
        match self.sort {
            Sort::Created => sql.between("p.updated_at", self.updated),
            Sort::Updated => sql.between("p.created_at", self.created),
        }
        sql
    }

    fn residual_shops(&self, lead: &Lead<'_>, sql: &mut Sql) {
        let holes = |n: usize| vec!["?"; n].join(", ");
        let mut any = |column: &str, words: &[String]| {
            let listed = holes(words.len().max(1));
            let one = format!(
                "EXISTS (SELECT 1 FROM shop_order s WHERE s.tree = p.id AND s.{column} IN ({listed}))"
            );
            // Whoever may see nothing matches nothing: no shop has an empty name.
            let values: Vec<Value> = if words.is_empty() {
                vec![Value::from("")]
            } else {
                words.iter().map(Value::from).collect()
            };
            sql.and(&one, values);
        };
        if let Some(shop) = &self.shop
            && !matches!(lead, Lead::Shop(..))
        {
            any("shop_id", std::slice::from_ref(shop));
        }
        if let Some(shops) = &self.only_shops
            && !matches!(lead, Lead::OnlyShops(_))
        {
            any("shop_id", shops);
        }
        if let Some(place) = self.place.as_ref().filter(|place| *place == "main") {
            any("place", std::slice::from_ref(place));
        }
        if let Some(places) = &self.only_places {
            any("place", places);
        }
    }

    /// The candidates that `lead` gives: `at, tree`, newest first, at most `looked_at` of them.
    fn candidates(&self, lead: &Lead<'_>, looked_at: usize) -> Sql {
        let Driver { table, time, tree, branches } = lead.driver(self.sort);
        let mut sql = Sql::default();
        let bounds = if self.sort == Sort::Updated { self.updated } else { self.created };
        // A tree may have two lines of one SKU, or two shop orders of one shop.
        let distinct = if tree == "id" { "" } else { "DISTINCT " };
        for (n, (condition, values)) in branches.into_iter().enumerate() {
            if n > 0 {
                sql.text.push_str(" UNION ");
            }
            let _ = write!(
                sql.text,
                "SELECT at, tree FROM (SELECT {distinct}{time} AS at, {tree} AS tree FROM {table} \
                 WHERE {condition}"
            );
            sql.values.extend(values);
            sql.between(time, bounds);
            if let Some(Cursor { at, id }) = self.cursor {
                let before = format!("{time} <= ? AND ({time} < ? OR {tree} < ?)");
                sql.and(&before, [at.into(), at.into(), id.into()]);
            }
            let _ =
                write!(sql.text, " ORDER BY {time} DESC, {tree} DESC LIMIT {looked_at}) AS b{n}");
        }
        let _ = write!(sql.text, " ORDER BY at DESC, tree DESC LIMIT {looked_at}");
        sql
    }
}

impl Store {
    /// One page of the payment orders that `filter` describes.
    pub async fn list(&self, filter: &Filter) -> Result<Page, StoreError> {
        let (lead, wanted) = (filter.lead(), filter.limit + 1);
        let residual = filter.residual(&lead);
        if residual.text.is_empty() {
            let mut found = self.cursors(filter.candidates(&lead, wanted)).await?;
            let more = found.len() > filter.limit;
            found.truncate(filter.limit);
            return Ok(page(&found, found.last().copied().filter(|_| more)));
        }
        let few = FEW.into_iter().map(|few| wanted * few).filter(|few| *few < LOOKED_AT_MAX);
        for looked_at in few.chain([LOOKED_AT_MAX]) {
            let candidates = filter.candidates(&lead, looked_at);
            let mut found = self.cursors(passing(&candidates, &residual, wanted)).await?;
            let next = if found.len() > filter.limit {
                found.truncate(filter.limit);
                found.last().copied()
            } else {
                match self.last_looked_at(candidates, looked_at).await? {
                    Some(_) if looked_at < LOOKED_AT_MAX => continue,
                    last => last,
                }
            };
            return Ok(page(&found, next));
        }
        unreachable!("the last round returns")
    }

    async fn cursors(&self, sql: Sql) -> Result<Vec<Cursor>, StoreError> {
        let rows = self.rows("payment_order", sql.text, &[Kind::Int; 2], sql.values).await?;
        rows.into_iter().map(|mut row| Ok(Cursor { at: row.time()?, id: row.id()? })).collect()
    }

    /// The last candidate, if there may be more behind it.
    async fn last_looked_at(
        &self,
        candidates: Sql,
        looked_at: usize,
    ) -> Result<Option<Cursor>, StoreError> {
        let text = format!(
            "SELECT at, tree FROM ({}) AS c ORDER BY at DESC, tree DESC LIMIT 1 OFFSET {}",
            candidates.text,
            looked_at - 1
        );
        Ok(self.cursors(Sql { text, values: candidates.values }).await?.pop())
    }
}

/// The candidates that pass the rest of the filter, newest first.
fn passing(candidates: &Sql, residual: &Sql, limit: usize) -> Sql {
    let text = format!(
        "SELECT c.at, c.tree FROM ({}) AS c JOIN payment_order p ON p.id = c.tree WHERE 1 = 1{} \
         ORDER BY c.at DESC, c.tree DESC LIMIT {limit}",
        candidates.text, residual.text
    );
    Sql { text, values: candidates.values.iter().chain(&residual.values).cloned().collect() }
}

fn page(found: &[Cursor], next: Option<Cursor>) -> Page {
    Page { ids: found.iter().map(|cursor| cursor.id).collect(), next }
}
