//! Effects: what came about by an order on the ledgers beside it, each once.

use crate::sql::dialect::sql;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value, json};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::{Store, StoreError};
use docket_domain::ledger::{Effect, EffectKind, Ledger, LedgerLocation};
use docket_domain::{Id, Json, Time};

/// Effects, each once.
pub static EFFECT: Table = Table {
    name: "effect",
    columns: &[
        ("tree", Int),
        ("effect", Text),
        ("ledger", Int),
        ("kept", Int),
        ("kind", Int),
        ("owner", Text),
        ("amount", Int),
        ("detail", Text),
        ("seq", Int),
        ("at", Int),
    ],
    key: 2,
};

/// One effect of one order.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectRow {
    /// The payment order's number.
    pub tree: Id,
    /// What came about, of which ledger, and how much.
    pub effect: Effect,
    /// The row of the order's log that caused it.
    pub seq: u32,
    /// When.
    pub at: Time,
}

impl EffectRow {
    pub(crate) fn row(self) -> Vec<Value> {
        let Self { tree, effect, seq, at } = self;
        let detail = if effect.detail.is_null() { Value::Null } else { json(&effect.detail) };
        vec![
            tree.into(),
            effect.key.into(),
            effect.ledger.code().into(),
            effect.kept.code().into(),
            effect.kind.code().into(),
            effect.owner.into(),
            effect.amount.into(),
            detail,
            seq.into(),
            at.into(),
        ]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        let tree = row.id()?;
        let key = row.text()?;
        let ledger = row.code(Ledger::from_code)?;
        let kept = row.code(LedgerLocation::from_code)?;
        let kind = row.code(EffectKind::from_code)?;
        let (owner, amount) = (row.text_or_null()?, row.int()?);
        let detail = match row.text_or_null()? {
            None => Json::Null,
            Some(text) => serde_json::from_str(&text).map_err(|error| row.corrupt(error))?,
        };
        let effect = Effect { key, ledger, kept, kind, owner, amount, detail };
        Ok(Self { tree, effect, seq: row.int()? as u32, at: row.time()? })
    }
}

impl Written for EffectRow {
    const TABLE: &'static Table = &EFFECT;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.insert(writes.effects.drain(..).map(Self::row));
    }
}

impl Store {
    /// The effects of an order, in the order in which they came about.
    pub async fn effects(&self, tree: Id) -> Result<Vec<EffectRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM effect WHERE tree = ? ORDER BY seq, effect",
            EFFECT.column_list()
        );
        let rows = self.rows("effect", sql, &EFFECT.kinds(), vec![tree.into()]).await?;
        rows.into_iter().map(EffectRow::of).collect()
    }

    /// Whether an order of `buyer` has spent coins that are counted here, and may give them back.
    pub async fn has_spent_coins(&self, buyer: &str) -> Result<bool, StoreError> {
        const HERE: i64 = LedgerLocation::Here.code();
        let sql = sql!(
            "SELECT 1 FROM payment_order o JOIN effect e ON e.tree = o.id AND e.effect = 'coins.spend' \
             WHERE o.buyer_id = ? AND e.kept = {HERE} LIMIT 1"
        );
        let rows = self.rows("effect", sql, &[Int], vec![buyer.into()]).await?;
        Ok(!rows.is_empty())
    }
}
