//! Coupons, how often each is used, and the book of what was changed about them by hand.
//!
//! A coupon is written over the version it was read at. Its counts carry no version: they are moved by
//! conditional deltas, so that no number of processes takes more than a limit allows.

use crate::sql::dialect::{self, Lookup};
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::text::LISTED_MAX;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value, json};
use crate::tables::lane::counter::{Absent, Counted, Counter, Guard, Move};
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::{Coupon, Id, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Coupons.
pub static COUPON: Table = Table {
    name: "coupon",
    columns: &[("code", Text), ("version", Int), ("updated_at", Int), ("body", Text)],
    key: 1,
};

/// How often each is used, by the key of the count.
pub static COUPON_COUNT: Table = Table {
    name: "coupon_count",
    columns: &[("scope_key", Text), ("used", Int), ("redeemed", Int)],
    key: 1,
};

/// The book of coupons.
pub static COUPON_ADJUSTMENT: Table = Table {
    name: "coupon_adjustment",
    columns: &[
        ("id", Int),
        ("code", Text),
        ("delta", Int),
        ("active", Int),
        ("reason", Text),
        ("actor", Text),
        ("at", Int),
        ("tree", Int),
    ],
    key: 1,
};

/// A count as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// How often, held or redeemed.
    pub used: i64,
    /// How often of it for good.
    pub redeemed: i64,
}

impl Used {
    /// Its key and how it stands.
    pub(crate) fn of(mut row: Row) -> Result<(String, Self), StoreError> {
        Ok((row.text()?, Self { used: row.int()?, redeemed: row.int()? }))
    }
}

/// What one piece moves of one count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    /// The key of the count.
    pub scope_key: String,
    /// Added to what is used.
    pub used: i64,
    /// Added to what is redeemed.
    pub redeemed: i64,
    /// What may be used at most afterwards, where more is taken and a limit is set.
    pub most: Option<i64>,
}

/// What nobody has used yet begins with a row of nothing, so that a limit guards the first use too.
static COUNTER: Counter = Counter {
    lookup: Lookup { table: &COUPON_COUNT, fixed: None, list: "scope_key" },
    numbers: ["used", "redeemed"],
    tally: None,
    guard: "used <=",
    no_bound: i64::MAX / 2,
    absent: Absent::Begins,
    unit: None,
};

impl Seen for Used {
    type Key = String;
    type Found = Option<Self>;

    fn load(
        keys: &BTreeSet<String>,
        from: &mut Source<'_>,
    ) -> Result<Vec<(String, Self)>, StoreError> {
        let rows = from.rows(&COUNTER.lookup, keys.iter().map(Self::columns))?;
        rows.into_iter().map(Self::of).collect()
    }

    fn apply(counts: &mut Layer<Self>, writes: &Writes) {
        counts.moved(&writes.counts);
    }
}

impl Counted for Used {
    type Change = Counting;
    const COUNTER: &'static Counter = &COUNTER;

    fn key(change: &Counting) -> String {
        change.scope_key.clone()
    }

    fn columns(scope_key: &String) -> (Option<Value>, Value) {
        (None, scope_key.into())
    }

    fn moved(change: Counting) -> Move {
        let guard = change.most.map(Guard::AtMost);
        Move {
            set: None,
            add: [change.used, change.redeemed],
            tally: 0,
            guard,
            unit: None,
            at: None,
        }
    }

    fn after(row: Option<Self>, change: &Counting) -> Self {
        let Self { used, redeemed } = row.unwrap_or_default();
        Self { used: used + change.used, redeemed: redeemed + change.redeemed }
    }
}

/// Whether `coupon` replaces the version before it, or is new.
fn write(coupon: &Coupon, at: Time) -> Statement {
    let (sql, values) = if coupon.version == 1 {
        let values =
            vec![Value::from(&coupon.code), coupon.version.into(), at.into(), json(coupon)];
        (dialect::insert(&COUPON, 1), values)
    } else {
        let over = coupon.version - 1;
        let values = vec![
            coupon.version.into(),
            at.into(),
            json(coupon),
            Value::from(&coupon.code),
            over.into(),
        ];
        let sql = "UPDATE coupon SET version = ?, updated_at = ?, body = ? WHERE code = ? AND version = ?";
        (sql, values)
    };
    Statement { sql, values, must_match: Some(1) }
}

/// The coupon of a row.
fn of(mut row: Row) -> Result<Coupon, StoreError> {
    row.skip();
    row.skip();
    row.skip();
    row.json()
}

/// One line of the book of a coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponAdjustment {
    /// Higher is later: lines are read newest first by it.
    pub id: Id,
    /// The code of the coupon whose count was changed.
    pub code: String,
    /// What was added to its limit in all; none where that was left alone.
    pub delta: Option<i64>,
    /// Whether it is taken from then on; none where that was left alone.
    pub active: Option<bool>,
    /// What whoever changed it gave as the cause.
    pub reason: String,
    /// The key or user who changed it.
    pub actor: String,
    /// When.
    pub at: Time,
    /// The order of which a use was given back; none of another adjustment.
    pub tree: Option<Id>,
}

impl CouponAdjustment {
    /// Writes this line.
    pub fn add(self) -> Statement {
        let values = vec![
            self.id.into(),
            self.code.into(),
            self.delta.into(),
            self.active.map(i64::from).into(),
            self.reason.into(),
            self.actor.into(),
            self.at.into(),
            self.tree.into(),
        ];
        Statement { sql: dialect::insert(&COUPON_ADJUSTMENT, 1), values, must_match: None }
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            code: row.text()?,
            delta: row.int_or_null()?,
            active: row.int_or_null()?.map(|active| active == 1),
            reason: row.text()?,
            actor: row.text()?,
            at: row.time()?,
            tree: row.int_or_null()?.map(Id),
        })
    }
}

static BY_CODE: Lookup = Lookup { table: &COUPON, fixed: None, list: "code" };

impl Seen for Coupon {
    type Key = String;
    type Found = Option<Self>;

    fn load(
        codes: &BTreeSet<String>,
        from: &mut Source<'_>,
    ) -> Result<Vec<(String, Self)>, StoreError> {
        let rows = from.rows_by(&BY_CODE, codes)?.into_iter();
        rows.map(|row| of(row).map(|coupon| (coupon.code.clone(), coupon))).collect()
    }

    fn apply(coupons: &mut Layer<Self>, writes: &Writes) {
        for (coupon, _) in &writes.coupons {
            coupons.change(coupon.code.clone(), Some(coupon.clone()));
        }
    }
}

impl Written for Coupon {
    const TABLE: &'static Table = &COUPON;

    fn add(writes: &mut Writes, _: &mut Rows, beside: &mut Beside) {
        let written = writes.coupons.iter().map(|(coupon, at)| write(coupon, *at));
        beside.statements.extend(written);
    }
}

impl View {
    /// The coupon of a code, if there is one.
    pub fn coupon(&self, code: &str) -> Result<Option<&Coupon>, Need> {
        let found = self.coupons.get(&code.to_owned());
        Need::unless(found, || Key::Coupon(code.to_owned())).map(Option::as_ref)
    }

    /// How a count stands.
    pub fn used(&self, scope_key: &str) -> Result<Used, Need> {
        let found = self.used.get(&scope_key.to_owned());
        Need::unless(found, || Key::Used(scope_key.to_owned())).map(|used| used.unwrap_or_default())
    }
}

impl Store {
    async fn of_coupons(
        &self,
        table: &'static Table,
        tail: &str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let sql = format!("SELECT {} FROM {} {tail}", table.column_list(), table.name);
        self.rows(table.name, sql, &table.kinds(), values).await
    }

    async fn with_keys(
        &self,
        table: &'static Table,
        key: &str,
        keys: &[String],
    ) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(LISTED_MAX) {
            let tail = format!("WHERE {key} IN ({})", vec!["?"; keys.len()].join(", "));
            found.append(
                &mut self.of_coupons(table, &tail, keys.iter().map(Value::from).collect()).await?,
            );
        }
        Ok(found)
    }

    /// The coupons of these codes, as far as there are any.
    pub async fn coupons(&self, codes: &[String]) -> Result<Vec<Coupon>, StoreError> {
        self.with_keys(&COUPON, "code", codes).await?.into_iter().map(of).collect()
    }

    /// Coupons after `after` in the order of their codes.
    pub async fn coupon_list(&self, after: &str, limit: usize) -> Result<Vec<Coupon>, StoreError> {
        let tail = format!("WHERE code > ? ORDER BY code LIMIT {limit}");
        let rows = self.of_coupons(&COUPON, &tail, vec![after.into()]).await?;
        rows.into_iter().map(of).collect()
    }

    /// How these counts stand; those that nobody has used are left out.
    pub async fn used(&self, keys: &[String]) -> Result<BTreeMap<String, Used>, StoreError> {
        self.with_keys(&COUPON_COUNT, "scope_key", keys).await?.into_iter().map(Used::of).collect()
    }

    /// The book of a coupon, newest first.
    pub async fn coupon_book(
        &self,
        code: &str,
        limit: usize,
    ) -> Result<Vec<CouponAdjustment>, StoreError> {
        let tail = format!("WHERE code = ? ORDER BY id DESC LIMIT {limit}");
        let rows = self.of_coupons(&COUPON_ADJUSTMENT, &tail, vec![code.into()]).await?;
        rows.into_iter().map(CouponAdjustment::of).collect()
    }
}
