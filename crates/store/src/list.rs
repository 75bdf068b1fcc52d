//! Lists of orders and of operations: filters, keyset pages, no totals.
//!
//! One filter drives, the one with the narrowest index; the rest are tested on what it gives. A page looks at
//! a bounded number of rows, so a filter that matches little gives a short page with a `next`, and never a
//! slow one.

use crate::rows;
use crate::table;
use crate::value::{Kind, Value};
use crate::{Store, StoreError};
use docket_domain::words::{DeliveryStatus, OrderType, RefundAxis, Status, StoreStatus};
use docket_domain::{Id, LogEntry, OperationKind, Time};
use std::fmt::Write as _;

/// Rows a page looks at, at most.
const LOOKED_AT_MAX: usize = 5_000;
/// Candidates for each order of a page that are looked at first.
const FEW: usize = 4;

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
    /// Keyed hashes of the last four digits and of the whole number.
    pub phone: Option<(i64, i64)>,
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

/// Which operations, across orders.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct OperationFilter {
    pub operator: Option<String>,
    pub kind: Option<OperationKind>,
    pub from: Option<Time>,
    pub to: Option<Time>,
    /// The last row of the page before: its time, tree and sequence number.
    pub cursor: Option<(Time, Id, u32)>,
    pub limit: usize,
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

/// Where candidates come from: tables with a time, a tree and an index over both.
#[derive(Debug)]
struct Driver {
    table: &'static str,
    time: &'static str,
    tree: &'static str,
    /// One condition with its values for each branch of a union.
    branches: Vec<(String, Vec<Value>)>,
}

impl Filter {
    /// A rare term that narrows to few orders, if the filter names one.
    fn term(&self) -> Option<String> {
        let term = |kind: &str, word: Option<&str>| word.map(|word| format!("{kind}:{word}"));
        let place = self.place.as_deref().filter(|place| *place != "main");
        term("external", self.external_id.as_deref())
            .or_else(|| term("token", self.client_token.as_deref()))
            .or_else(|| term("tracking", self.tracking.as_deref()))
            .or_else(|| term("anomaly", self.anomaly.as_deref()))
            .or_else(|| term("tag", self.tag.as_deref()))
            .or_else(|| {
                term("refund", self.refund.filter(|r| *r != RefundAxis::None).map(RefundAxis::word))
            })
            .or_else(|| term("delivery", self.delivery.map(DeliveryStatus::word)))
            .or_else(|| term("branch", self.branch.as_deref()))
            .or_else(|| term("place", place))
            .or_else(|| term("channel", self.channel.as_deref()))
    }

    fn driver(&self) -> Driver {
        let payment = |time, condition: &str, value: Option<Value>| Driver {
            table: "payment_order",
            time,
            tree: "id",
            branches: vec![(condition.to_owned(), value.into_iter().collect())],
        };
        if self.sort == Sort::Updated {
            return payment("updated_at", "1 = 1", None);
        }
        let created = |table, condition: &str, values: Vec<Value>| Driver {
            table,
            time: "created_at",
            tree: "tree",
            branches: vec![(condition.to_owned(), values)],
        };
        if let Some(term) = self.term() {
            return created("order_term", "term = ?", vec![term.into()]);
        }
        if let Some(sku) = &self.sku {
            return created("item_order", "sku_id = ?", vec![sku.into()]);
        }
        if let Some(buyer) = &self.buyer {
            return payment("created_at", "buyer_id = ?", Some(buyer.into()));
        }
        let only = self.only_shops.as_ref().filter(|shops| shops.len() <= 4);
        let shops: Vec<_> = self.shop.iter().chain(only.into_iter().flatten()).collect();
        if !shops.is_empty() {
            let shops = if self.shop.is_some() { &shops[..1] } else { &shops[..] };
            // The index leads with the status, which is what a shop looks for; without one, each in turn.
            let branches = shops.iter().flat_map(|shop| {
                Status::ALL.iter().map(|status| {
                    let values = vec![Value::from(*shop), status.code().into()];
                    ("shop_id = ? AND status = ?".to_owned(), values)
                })
            });
            return Driver { branches: branches.collect(), ..created("shop_order", "", vec![]) };
        }
        if let Some(status) = self.status {
            return payment("created_at", "status = ?", Some(status.code().into()));
        }
        if let Some(status) = self.store_status {
            return payment("created_at", "store_status = ?", Some(status.code().into()));
        }
        payment("created_at", "1 = 1", None)
    }

    /// Everything the driver does not test already, on `p`.
    fn residual(&self) -> Sql {
        let mut sql = Sql::default();
        let has_term = "EXISTS (SELECT 1 FROM order_term t WHERE t.term = ? AND t.created_at = p.created_at AND t.tree = p.id)";
        let terms = [
            ("external", self.external_id.as_deref()),
            ("token", self.client_token.as_deref()),
            ("tracking", self.tracking.as_deref()),
            ("anomaly", self.anomaly.as_deref()),
            ("tag", self.tag.as_deref()),
            ("refund", self.refund.filter(|r| *r != RefundAxis::None).map(RefundAxis::word)),
            ("delivery", self.delivery.map(DeliveryStatus::word)),
            ("branch", self.branch.as_deref()),
            ("channel", self.channel.as_deref()),
        ];
        for (kind, word) in terms {
            if let Some(word) = word {
                sql.and(has_term, [Value::Text(format!("{kind}:{word}"))]);
            }
        }
        if let Some(id) = self.id {
            sql.and("p.id = ?", [id.into()]);
        }
        if let Some(buyer) = &self.buyer {
            sql.and("p.buyer_id = ?", [buyer.into()]);
        }
        if let Some(status) = self.status {
            sql.and("p.status = ?", [status.code().into()]);
        }
        if let Some(status) = self.store_status {
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
        if let Some(sku) = &self.sku {
            let sold = "EXISTS (SELECT 1 FROM item_order i WHERE i.tree = p.id AND i.sku_id = ?)";
            sql.and(sold, [sku.into()]);
        }
        self.residual_shops(&mut sql);
        if self.duplicate {
            let twin = "EXISTS (SELECT 1 FROM payment_order d WHERE d.buyer_id = p.buyer_id \
                        AND d.created_at BETWEEN p.created_at - 10000 AND p.created_at + 10000 \
                        AND d.cart = p.cart AND d.id <> p.id)";
            sql.and(twin, []);
        }
        sql.between("p.paid_at", self.paid);
        sql.between("p.updated_at", self.updated);
        sql.between("p.created_at", self.created);
        sql
    }

    fn residual_shops(&self, sql: &mut Sql) {
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
        if let Some(shop) = &self.shop {
            any("shop_id", std::slice::from_ref(shop));
        }
        if let Some(shops) = &self.only_shops {
            any("shop_id", shops);
        }
        if let Some(place) = &self.place {
            any("place", std::slice::from_ref(place));
        }
        if let Some(places) = &self.only_places {
            any("place", places);
        }
    }

    /// The candidates: `at, tree`, newest first, at most `looked_at` of them.
    fn candidates(&self, looked_at: usize) -> Sql {
        let driver = self.driver();
        let Driver { table, time, tree, branches } = &driver;
        let mut sql = Sql::default();
        let bounds = if self.sort == Sort::Updated { self.updated } else { self.created };
        for (n, (condition, values)) in branches.iter().enumerate() {
            if n > 0 {
                sql.text.push_str(" UNION ");
            }
            let _ = write!(
                sql.text,
                "SELECT at, tree FROM (SELECT {time} AS at, {tree} AS tree FROM {table} WHERE {condition}"
            );
            sql.values.extend(values.iter().cloned());
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

    /// Candidates of a phone, which are few and have no time of their own.
    fn of_phone(&self, looked_at: usize) -> Option<Sql> {
        let (condition, values) = match (self.phone, self.phone_last4) {
            (Some((of_phone, _)), Some(last4)) if of_phone != last4 => ("1 = 0", Vec::new()),
            (Some((last4, phone)), _) => {
                ("h.last4 = ? AND h.phone = ?", vec![last4.into(), phone.into()])
            }
            (None, Some(last4)) => ("h.last4 = ?", vec![last4.into()]),
            (None, None) => return None,
        };
        let time = if self.sort == Sort::Updated { "updated_at" } else { "created_at" };
        let mut sql = Sql {
            text: format!(
                "SELECT DISTINCT o.{time} AS at, o.id AS tree FROM order_phone h \
                 JOIN payment_order o ON o.id = h.tree WHERE {condition}"
            ),
            values,
        };
        if let Some(Cursor { at, id }) = self.cursor {
            let before = format!("o.{time} <= ? AND (o.{time} < ? OR o.id < ?)");
            sql.and(&before, [at.into(), at.into(), id.into()]);
        }
        let _ = write!(sql.text, " ORDER BY at DESC, tree DESC LIMIT {looked_at}");
        Some(sql)
    }
}

impl Store {
    /// One page of the payment orders that `filter` describes.
    pub async fn list(&self, filter: &Filter) -> Result<Page, StoreError> {
        let residual = filter.residual();
        // Most filters are answered by the first few candidates; only a narrow one looks at many.
        let few = (filter.limit + 1) * FEW;
        for looked_at in [few.min(LOOKED_AT_MAX), LOOKED_AT_MAX] {
            let candidates =
                filter.of_phone(looked_at).unwrap_or_else(|| filter.candidates(looked_at));
            let mut found = self.page_of(&candidates, &residual, filter.limit + 1).await?;
            let next = if found.len() > filter.limit {
                found.truncate(filter.limit);
                found.last().copied()
            } else {
                match self.last_looked_at(candidates, looked_at).await? {
                    Some(_) if looked_at < LOOKED_AT_MAX => continue,
                    last => last,
                }
            };
            return Ok(Page { ids: found.into_iter().map(|cursor| cursor.id).collect(), next });
        }
        unreachable!("the last round returns")
    }

    /// The candidates that pass the rest of the filter, newest first.
    async fn page_of(
        &self,
        candidates: &Sql,
        residual: &Sql,
        limit: usize,
    ) -> Result<Vec<Cursor>, StoreError> {
        let sql = format!(
            "SELECT c.at, c.tree FROM ({}) AS c JOIN payment_order p ON p.id = c.tree WHERE 1 = 1{} \
             ORDER BY c.at DESC, c.tree DESC LIMIT {limit}",
            candidates.text, residual.text
        );
        let values = candidates.values.iter().chain(&residual.values).cloned().collect();
        let rows = self.rows("payment_order", sql, &[Kind::Int; 2], values).await?;
        rows.into_iter().map(|mut row| Ok(Cursor { at: row.time()?, id: row.id()? })).collect()
    }

    /// The last candidate, if there may be more behind it.
    async fn last_looked_at(
        &self,
        candidates: Sql,
        looked_at: usize,
    ) -> Result<Option<Cursor>, StoreError> {
        let sql = format!(
            "SELECT at, tree FROM ({}) AS c ORDER BY at DESC, tree DESC LIMIT 1 OFFSET {}",
            candidates.text,
            looked_at - 1
        );
        let rows = self.rows("payment_order", sql, &[Kind::Int; 2], candidates.values).await?;
        let mut read =
            rows.into_iter().map(|mut row| Ok(Cursor { at: row.time()?, id: row.id()? }));
        read.next().transpose()
    }

    /// One page of the log across orders, newest first.
    pub async fn operations_across(
        &self,
        filter: &OperationFilter,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let mut sql = Sql::default();
        if let Some(operator) = &filter.operator {
            sql.and("operator = ?", [operator.into()]);
        }
        if let Some(kind) = filter.kind {
            sql.and("kind = ?", [kind.code().into()]);
        }
        sql.between("at", (filter.from, filter.to));
        if let Some((at, tree, seq)) = filter.cursor {
            let before = "at <= ? AND (at < ? OR tree < ? OR (tree = ? AND seq < ?))";
            sql.and(before, [at.into(), at.into(), tree.into(), tree.into(), seq.into()]);
        }
        let table = &table::ORDER_OPERATION;
        let sql_text = format!(
            "SELECT {} FROM {} WHERE 1 = 1{} ORDER BY at DESC, tree DESC, seq DESC LIMIT {}",
            table.column_list(),
            table.name,
            sql.text,
            filter.limit
        );
        let rows = self.rows(table.name, sql_text, &table.kinds(), sql.values).await?;
        rows.into_iter().map(rows::entry_of).collect()
    }
}
