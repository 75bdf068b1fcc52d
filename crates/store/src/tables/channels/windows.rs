//! Windows of time of a shop's orders: those that were read whole, and those of which a part could not be read.

use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::{Store, StoreError};
use docket_domain::channel::{Series, WindowState};
use docket_domain::{Id, Time};

/// Windows of time.
pub static CHANNEL_WINDOW: Table = Table {
    name: "channel_window",
    columns: &[
        ("shop", Int),
        ("series", Int),
        ("from_at", Int),
        ("to_at", Int),
        ("state", Int),
        ("theirs", Int),
        ("ours", Int),
        ("run", Int),
        ("at", Int),
        ("tries", Int),
        ("next_try_at", Int),
        ("reason", Text),
    ],
    key: 4,
};

/// One window, both of its ends inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowRow {
    /// Of which shop.
    pub shop: Id,
    /// By which time of orders it is cut.
    pub series: Series,
    /// Its first moment.
    pub from: Time,
    /// Its last moment.
    pub to: Time,
    /// Whether everything of it is here.
    pub state: WindowState,
    /// How many orders the marketplace said there are; none where it said nothing.
    pub theirs: Option<u64>,
    /// How many different ones came.
    pub ours: u64,
    /// By which run.
    pub run: Id,
    /// When, by the marketplace's clock.
    pub at: Time,
    /// How often it was tried in vain.
    pub tries: u32,
    /// When it is tried again.
    pub next_try_at: Option<Time>,
    /// Why it is a gap.
    pub reason: Option<String>,
}

/// What becomes of windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowWrite {
    /// It stands from now on, in the place of one of the same ends.
    Put(WindowRow),
    /// It stands no more: it is inside another, or old.
    Forget {
        /// Of which shop.
        shop: Id,
        /// By which time of orders it is cut.
        series: Series,
        /// Its first moment.
        from: Time,
        /// Its last moment.
        to: Time,
    },
}

impl WindowWrite {
    /// Which window it is about: shop, series and ends.
    pub const fn key(&self) -> (Id, Series, Time, Time) {
        match self {
            Self::Put(row) => (row.shop, row.series, row.from, row.to),
            Self::Forget { shop, series, from, to } => (*shop, *series, *from, *to),
        }
    }
}

impl WindowRow {
    fn row(self) -> Vec<Value> {
        vec![
            self.shop.into(),
            Value::Int(self.series.code()),
            self.from.into(),
            self.to.into(),
            Value::Int(self.state.code()),
            self.theirs.map(|theirs| theirs as i64).into(),
            Value::Int(self.ours as i64),
            self.run.into(),
            self.at.into(),
            self.tries.into(),
            self.next_try_at.into(),
            self.reason.into(),
        ]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            shop: row.id()?,
            series: row.code(Series::from_code)?,
            from: row.time()?,
            to: row.time()?,
            state: row.code(WindowState::from_code)?,
            theirs: row.int_or_null()?.map(|theirs| theirs as u64),
            ours: row.int()? as u64,
            run: row.id()?,
            at: row.time()?,
            tries: row.int()? as u32,
            next_try_at: row.time_or_null()?,
            reason: row.text_or_null()?,
        })
    }
}

impl Written for WindowRow {
    const TABLE: &'static Table = &CHANNEL_WINDOW;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        for write in writes.channel_windows.drain(..) {
            match write {
                WindowWrite::Put(window) => rows.upsert([window.row()]),
                WindowWrite::Forget { shop, series, from, to } => rows.delete([vec![
                    shop.into(),
                    Value::Int(series.code()),
                    from.into(),
                    to.into(),
                ]]),
            }
        }
    }
}

impl Store {
    /// The windows of a shop that end at or after `from`, by their first moments.
    pub async fn channel_windows(
        &self,
        shop: Id,
        series: Series,
        from: Time,
        limit: usize,
    ) -> Result<Vec<WindowRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM channel_window WHERE shop = ? AND series = ? AND to_at >= ? \
             ORDER BY from_at, to_at LIMIT {limit}",
            CHANNEL_WINDOW.column_list()
        );
        let values = vec![shop.into(), Value::Int(series.code()), from.into()];
        let rows = self.rows("channel_window", sql, &CHANNEL_WINDOW.kinds(), values).await?;
        rows.into_iter().map(WindowRow::of).collect()
    }

    /// The windows of a shop of which a part could not be read, of every series, however many others there are.
    pub async fn channel_gaps(&self, shop: Id, limit: usize) -> Result<Vec<WindowRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM channel_window WHERE shop = ? AND state = ? \
             ORDER BY series, from_at, to_at LIMIT {limit}",
            CHANNEL_WINDOW.column_list()
        );
        let values = vec![shop.into(), Value::Int(WindowState::Gap.code())];
        let rows = self.rows("channel_window", sql, &CHANNEL_WINDOW.kinds(), values).await?;
        rows.into_iter().map(WindowRow::of).collect()
    }
}
