//! What marketplaces told of each order, beside the trees made of it: by it a page that says nothing new is known
//! without a tree being read, and theirs is held against ours.

use crate::sql::dialect::{Dialect, Lookup};
use crate::sql::table::Table;
use crate::sql::text::{along, holes};
use crate::sql::value::Kind::{self, Blob, Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::channel::PackageState;
use docket_domain::{Id, Time};
use std::collections::BTreeSet;

/// What was told of each order.
pub static CHANNEL_ORDER: Table = Table {
    name: "channel_order",
    columns: &[
        ("shop", Int),
        ("number", Text),
        ("tree", Int),
        ("status", Text),
        ("created_at", Int),
        ("updated_at", Int),
        ("seen_at", Int),
        ("read_at", Int),
        ("listed", Int),
        ("fingerprint", Int),
        ("packages", Int),
        ("looks", Int),
        ("tries", Int),
        ("wait_since", Int),
        ("next_look_at", Int),
        ("note", Text),
        ("payload", Blob),
    ],
    key: 2,
};

/// What a marketplace told of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelOrderRow {
    /// Of which shop.
    pub shop: Id,
    /// Its number there.
    pub number: String,
    /// The tree made of it; none while it is kept aside.
    pub tree: Option<Id>,
    /// Their own code of its status.
    pub status: String,
    /// When it was created there; none where that was not told.
    pub created_at: Option<Time>,
    /// When it last changed there, by them.
    pub updated_at: Option<Time>,
    /// When it was first seen here, by their clock.
    pub seen_at: Time,
    /// When what is held here was read, by their clock.
    pub read_at: Time,
    /// Whether a list has it; else it was read by its number alone.
    pub listed: bool,
    /// Of what was read.
    pub fingerprint: i64,
    /// How its parcels stand.
    pub packages: PackageState,
    /// How often they were looked for.
    pub looks: u32,
    /// Looks in a row that failed.
    pub tries: u32,
    /// Since when they are looked for.
    pub wait_since: Option<Time>,
    /// When they are looked for next.
    pub next_look_at: Option<Time>,
    /// Why it is kept aside, or what was odd about it when it was told of; behind a line feed what its last look came to.
    pub note: Option<String>,
    /// As it was told, without personal data, zstd.
    pub payload: Vec<u8>,
}

/// What a reading is held against: whether it says anything new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeardBefore {
    /// The tree made of it.
    pub tree: Option<Id>,
    /// When it last changed there, by them.
    pub updated_at: Option<Time>,
    /// Whether a list has it.
    pub listed: bool,
    /// Of what was read.
    pub fingerprint: i64,
}

/// Orders of one status that were created on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCount {
    /// The day, as days since 1970 in UTC.
    pub day: i64,
    /// Their own code.
    pub status: String,
    /// How many.
    pub orders: u64,
    /// How many of them no list has.
    pub hidden: u64,
}

/// How many orders stand how with their parcels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PackageCounts {
    /// They are looked for.
    pub waiting: u64,
    /// Known.
    pub known: u64,
    /// Looked for long enough: there are none.
    pub never: u64,
    /// Every look failed.
    pub failed: u64,
}

/// Orders whose numbers one statement looks up.
const TOGETHER: usize = 200;
/// A day in milliseconds, for sums in SQL.
const DAY: i64 = docket_domain::time::DAY;

impl ChannelOrderRow {
    /// What a piece asks for to see it.
    pub fn lane_key(&self) -> Key {
        Key::ChannelOrder { shop: self.shop, number: self.number.clone() }
    }

    fn row(self) -> Vec<Value> {
        vec![
            self.shop.into(),
            self.number.into(),
            self.tree.into(),
            self.status.into(),
            self.created_at.into(),
            self.updated_at.into(),
            self.seen_at.into(),
            self.read_at.into(),
            Value::Int(self.listed.into()),
            Value::Int(self.fingerprint),
            Value::Int(self.packages.code()),
            self.looks.into(),
            self.tries.into(),
            self.wait_since.into(),
            self.next_look_at.into(),
            self.note.into(),
            self.payload.into(),
        ]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            shop: row.id()?,
            number: row.text()?,
            tree: row.int_or_null()?.map(Id),
            status: row.text()?,
            created_at: row.time_or_null()?,
            updated_at: row.time_or_null()?,
            seen_at: row.time()?,
            read_at: row.time()?,
            listed: row.int()? == 1,
            fingerprint: row.int()?,
            packages: row.code(PackageState::from_code)?,
            looks: row.int()? as u32,
            tries: row.int()? as u32,
            wait_since: row.time_or_null()?,
            next_look_at: row.time_or_null()?,
            note: row.text_or_null()?,
            payload: row.blob()?,
        })
    }
}

static BY_NUMBER: Lookup = Lookup { table: &CHANNEL_ORDER, fixed: Some("shop"), list: "number" };

impl Seen for ChannelOrderRow {
    type Key = (Id, String);
    type Found = Option<Self>;

    fn load(
        keys: &BTreeSet<(Id, String)>,
        from: &mut Source<'_>,
    ) -> Result<Vec<((Id, String), Self)>, StoreError> {
        let keys = keys.iter().map(|(shop, number)| (Some(Value::from(*shop)), number.into()));
        let rows = from.rows(&BY_NUMBER, keys)?.into_iter().map(Self::of);
        rows.map(|order| order.map(|order| ((order.shop, order.number.clone()), order))).collect()
    }

    fn apply(orders: &mut Layer<Self>, writes: &Writes) {
        for order in &writes.channel_orders {
            orders.change((order.shop, order.number.clone()), Some(order.clone()));
        }
    }
}

impl Written for ChannelOrderRow {
    const TABLE: &'static Table = &CHANNEL_ORDER;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.upsert(writes.channel_orders.drain(..).map(Self::row));
    }
}

impl View {
    /// What a marketplace told of an order.
    pub fn channel_order(&self, shop: Id, number: &str) -> Result<Option<&ChannelOrderRow>, Need> {
        let key = (shop, number.to_owned());
        let found = self.channel_orders.get(&key);
        Need::unless(found, || Key::ChannelOrder { shop, number: number.to_owned() })
            .map(Option::as_ref)
    }
}

impl Store {
    /// Numbers of orders of a shop behind one of them, with the trees made of them and when they were created.
    pub async fn channel_order_trees(
        &self,
        shop: Id,
        after: &str,
        limit: usize,
    ) -> Result<Vec<(String, Option<Id>, Option<Time>)>, StoreError> {
        let sql = format!(
            "SELECT number, tree, created_at FROM {} WHERE shop = ? AND number > ? \
             ORDER BY number LIMIT {limit}",
            along(self.dialect(), "channel_order", None)
        );
        let values = vec![shop.into(), after.into()];
        let rows = self.rows("channel_order", sql, &[Text, Int, Int], values).await?;
        let read =
            |mut row: Row| Ok((row.text()?, row.int_or_null()?.map(Id), row.time_or_null()?));
        rows.into_iter().map(read).collect()
    }

    /// What was heard of these orders of a shop before, each by its number.
    pub async fn heard_before(
        &self,
        shop: Id,
        numbers: &[&str],
    ) -> Result<Vec<(String, HeardBefore)>, StoreError> {
        let mut found = Vec::with_capacity(numbers.len());
        for numbers in numbers.chunks(TOGETHER) {
            let sql = format!(
                "SELECT number, tree, updated_at, listed, fingerprint FROM channel_order \
                 WHERE shop = ? AND number IN ({})",
                holes(numbers.len())
            );
            let mut values = vec![Value::from(shop)];
            values.extend(numbers.iter().map(|number| Value::from(*number)));
            let rows = self.rows("channel_order", sql, &[Text, Int, Int, Int, Int], values).await?;
            for mut row in rows {
                let number = row.text()?;
                let tree = row.int_or_null()?.map(Id);
                let (updated_at, listed) = (row.time_or_null()?, row.int()? == 1);
                let fingerprint = row.int()?;
                found.push((number, HeardBefore { tree, updated_at, listed, fingerprint }));
            }
        }
        Ok(found)
    }

    /// What was told of one order of a shop.
    pub async fn channel_order(
        &self,
        shop: Id,
        number: &str,
    ) -> Result<Option<ChannelOrderRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM channel_order WHERE shop = ? AND number = ?",
            CHANNEL_ORDER.column_list()
        );
        let values = vec![shop.into(), number.into()];
        let rows = self.rows("channel_order", sql, &CHANNEL_ORDER.kinds(), values).await?;
        rows.into_iter().next().map(ChannelOrderRow::of).transpose()
    }

    /// What was told of these orders of a shop; of those that nothing was told of nothing.
    pub async fn channel_orders_of(
        &self,
        shop: Id,
        numbers: &[String],
    ) -> Result<Vec<ChannelOrderRow>, StoreError> {
        let mut found = Vec::with_capacity(numbers.len());
        for numbers in numbers.chunks(TOGETHER) {
            let sql = format!(
                "SELECT {} FROM channel_order WHERE shop = ? AND number IN ({})",
                CHANNEL_ORDER.column_list(),
                holes(numbers.len())
            );
            let mut values = vec![Value::from(shop)];
            values.extend(numbers.iter().map(|number| Value::from(number.as_str())));
            let rows = self.rows("channel_order", sql, &CHANNEL_ORDER.kinds(), values).await?;
            for row in rows {
                found.push(ChannelOrderRow::of(row)?);
            }
        }
        Ok(found)
    }

    /// Orders of a shop by the day they were created on and their own status, of days from `from` and before `to`.
    pub async fn channel_order_days(
        &self,
        shop: Id,
        from: Time,
        to: Time,
    ) -> Result<Vec<DayCount>, StoreError> {
        let table = along(self.dialect(), "channel_order", Some("channel_order_created"));
        let day = match self.dialect() {
            Dialect::Sqlite => format!("created_at / {DAY}"),
            Dialect::MySql => format!("created_at DIV {DAY}"),
        };
        let sql = format!(
            "SELECT {day}, status, COUNT(*), COUNT(*) - CAST(SUM(listed) AS SIGNED) FROM {table} \
             WHERE shop = ? AND created_at >= ? AND created_at < ? GROUP BY 1, 2 ORDER BY 1, 2"
        );
        let values = vec![shop.into(), from.into(), to.into()];
        let kinds: [Kind; 4] = [Int, Text, Int, Int];
        let rows = self.rows("channel_order", sql, &kinds, values).await?;
        let read = rows.into_iter().map(|mut row| {
            let (day, status) = (row.int()?, row.text()?);
            let (orders, hidden) = (row.int()? as u64, row.int()? as u64);
            Ok(DayCount { day, status, orders, hidden })
        });
        read.collect()
    }

    /// How orders of a shop that were created from `from` on stand with their parcels.
    pub async fn package_counts(&self, shop: Id, from: Time) -> Result<PackageCounts, StoreError> {
        let table = along(self.dialect(), "channel_order", Some("channel_order_created"));
        let sql = format!(
            "SELECT packages, COUNT(*) FROM {table} WHERE shop = ? AND created_at >= ? GROUP BY packages"
        );
        let values = vec![shop.into(), from.into()];
        let rows = self.rows("channel_order", sql, &[Int, Int], values).await?;
        let mut counts = PackageCounts::default();
        for mut row in rows {
            let (state, orders) = (row.code(PackageState::from_code)?, row.int()? as u64);
            match state {
                PackageState::NotYet => {}
                PackageState::Waiting => counts.waiting = orders,
                PackageState::Known => counts.known = orders,
                PackageState::Never => counts.never = orders,
                PackageState::Failed => counts.failed = orders,
            }
        }
        Ok(counts)
    }

    /// So many orders of a shop, by number behind `after`: what is looked at for one page of a list.
    pub async fn channel_orders_behind(
        &self,
        shop: Id,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ChannelOrderRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM channel_order WHERE shop = ? AND number > ? ORDER BY number LIMIT {limit}",
            CHANNEL_ORDER.column_list()
        );
        let values = vec![shop.into(), after.into()];
        let rows = self.rows("channel_order", sql, &CHANNEL_ORDER.kinds(), values).await?;
        rows.into_iter().map(ChannelOrderRow::of).collect()
    }

    /// How many orders of a shop were created from one moment to another, both included, of those that lists have.
    pub async fn channel_orders_created(
        &self,
        shop: Id,
        (from, to): (Time, Time),
    ) -> Result<u64, StoreError> {
        let table = along(self.dialect(), "channel_order", Some("channel_order_created"));
        let sql = format!(
            "SELECT COUNT(*) FROM {table} WHERE shop = ? AND created_at >= ? AND created_at <= ? AND listed = 1"
        );
        let values = vec![shop.into(), from.into(), to.into()];
        let rows = self.rows("channel_order", sql, &[Int], values).await?;
        let count = rows.into_iter().next().map(|mut row| row.int()).transpose()?;
        Ok(count.unwrap_or(0) as u64)
    }

    /// Orders of a shop whose parcels are to be looked for by `now`, those that wait longest first.
    pub async fn channel_looks(
        &self,
        shop: Id,
        now: Time,
        limit: usize,
    ) -> Result<Vec<ChannelOrderRow>, StoreError> {
        let table = along(self.dialect(), "channel_order", Some("channel_order_look"));
        let sql = format!(
            "SELECT {} FROM {table} WHERE shop = ? AND next_look_at <= ? \
             ORDER BY next_look_at, number LIMIT {limit}",
            CHANNEL_ORDER.column_list()
        );
        let values = vec![shop.into(), now.into()];
        let rows = self.rows("channel_order", sql, &CHANNEL_ORDER.kinds(), values).await?;
        rows.into_iter().map(ChannelOrderRow::of).collect()
    }
}
