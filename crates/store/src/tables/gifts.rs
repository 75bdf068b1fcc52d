//! Gift packs: those that may be given, and those that were.

use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::{Store, StoreError};
use docket_domain::ledger::GiftStatus;
use docket_domain::money::NotACurrency;
use docket_domain::{Currency, Id, Time};

/// Packs that may be given.
pub static GIFT_PACK: Table = Table {
    name: "gift_pack",
    columns: &[
        ("pack_id", Text),
        ("title", Text),
        ("shop_id", Text),
        ("min_price", Int),
        ("currency", Text),
        ("from_at", Int),
        ("until_at", Int),
        ("total", Int),
        ("active", Int),
        ("updated_at", Int),
    ],
    key: 1,
};

/// Packs that were given.
pub static GIFT: Table = Table {
    name: "gift",
    columns: &[
        ("tree", Int),
        ("pack_id", Text),
        ("owner", Text),
        ("title", Text),
        ("status", Int),
        ("issued_at", Int),
        ("ended_at", Int),
    ],
    key: 2,
};

/// A gift pack that may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiftPack {
    /// What coupons and orders call the pack.
    pub pack_id: String,
    /// What people call it.
    pub title: String,
    /// Only for what this shop sells.
    pub shop_id: Option<String>,
    /// The least price, in minor units.
    pub min_price: i64,
    /// Of which currency.
    pub currency: Currency,
    /// Not for orders before.
    pub from: Option<Time>,
    /// Not for orders at or after.
    pub until: Option<Time>,
    /// How many are given in all.
    pub total: Option<i64>,
    /// Whether it is given at all.
    pub active: bool,
    /// When it was last set.
    pub updated_at: Time,
}

impl GiftPack {
    pub(crate) fn row(self) -> Vec<Value> {
        vec![
            self.pack_id.into(),
            self.title.into(),
            self.shop_id.into(),
            self.min_price.into(),
            self.currency.code().into(),
            self.from.into(),
            self.until.into(),
            self.total.into(),
            Value::Int(self.active.into()),
            self.updated_at.into(),
        ]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        let (pack_id, title, shop_id) = (row.text()?, row.text()?, row.text_or_null()?);
        let min_price = row.int()?;
        let currency = Currency::ever(&row.text()?).ok_or_else(|| row.corrupt(NotACurrency))?;
        Ok(Self {
            pack_id,
            title,
            shop_id,
            min_price,
            currency,
            from: row.time_or_null()?,
            until: row.time_or_null()?,
            total: row.int_or_null()?,
            active: row.int()? == 1,
            updated_at: row.time()?,
        })
    }
}

/// A gift pack that was given for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiftRow {
    /// The payment order's number.
    pub tree: Id,
    /// What coupons and orders call the pack.
    pub pack_id: String,
    /// Whose it is.
    pub owner: String,
    /// What people call it.
    pub title: String,
    /// What became of it.
    pub status: GiftStatus,
    /// When it was issued.
    pub issued_at: Time,
    /// When it was taken back.
    pub ended_at: Option<Time>,
}

impl GiftRow {
    pub(crate) fn row(self) -> Vec<Value> {
        vec![
            self.tree.into(),
            self.pack_id.into(),
            self.owner.into(),
            self.title.into(),
            self.status.code().into(),
            self.issued_at.into(),
            self.ended_at.into(),
        ]
    }

    fn take_back(&self, at: Time) -> Statement {
        let sql = "UPDATE gift SET status = ?, ended_at = ? WHERE tree = ? AND pack_id = ?";
        let (status, pack_id) = (self.status.code().into(), Value::from(&self.pack_id));
        Statement::any(sql, vec![status, at.into(), self.tree.into(), pack_id])
    }

    /// One that was taken back is given again, from its time on.
    pub fn give_again(self) -> Statement {
        let sql = "UPDATE gift SET status = ?, issued_at = ?, ended_at = NULL \
                   WHERE tree = ? AND pack_id = ?";
        let values: Vec<Value> = vec![
            GiftStatus::Issued.code().into(),
            self.issued_at.into(),
            self.tree.into(),
            self.pack_id.into(),
        ];
        Statement::any(sql, values)
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            tree: row.id()?,
            pack_id: row.text()?,
            owner: row.text()?,
            title: row.text()?,
            status: row.code(GiftStatus::from_code)?,
            issued_at: row.time()?,
            ended_at: row.time_or_null()?,
        })
    }
}

impl Written for GiftRow {
    const TABLE: &'static Table = &GIFT;

    fn add(writes: &mut Writes, rows: &mut Rows, beside: &mut Beside) {
        for gift in writes.gifts.drain(..) {
            match gift.ended_at {
                None => rows.insert([gift.row()]),
                Some(at) => beside.statements.push(gift.take_back(at)),
            }
        }
    }
}

impl Written for GiftPack {
    const TABLE: &'static Table = &GIFT_PACK;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.upsert(writes.gift_packs.drain(..).map(Self::row));
    }
}

impl Store {
    /// Every gift pack, by id.
    pub async fn gift_packs(&self) -> Result<Vec<GiftPack>, StoreError> {
        let sql = format!("SELECT {} FROM gift_pack ORDER BY pack_id", GIFT_PACK.column_list());
        let rows = self.rows("gift_pack", sql, &GIFT_PACK.kinds(), vec![]).await?;
        rows.into_iter().map(GiftPack::of).collect()
    }

    /// The newest gifts of `owner`.
    pub async fn gifts_of(&self, owner: &str, limit: usize) -> Result<Vec<GiftRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM gift WHERE owner = ? ORDER BY tree DESC, pack_id LIMIT {limit}",
            GIFT.column_list()
        );
        let rows = self.rows("gift", sql, &GIFT.kinds(), vec![owner.into()]).await?;
        rows.into_iter().map(GiftRow::of).collect()
    }
}
