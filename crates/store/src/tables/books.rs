//! Numbers of ledgers beside what they should be, each pair of one moment. Every change moves both by the same, so the
//! difference is that of any moment, whatever traffic there is. What orders hold is added up from the orders (`held`);
//! all else follows from rows that are stored: lines of books, and effects.

mod held;

use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::sql;
use crate::sql::statement::Statement;
use crate::sql::value::{Kind, Row, Value};
use crate::tables::audit::{Audit, audits};
use crate::tables::lane::view::{Need, Seen, Source};
use crate::tables::lane::{Key, View};
use crate::tables::stock;
use crate::{Store, StoreError};
use docket_domain::ledger::{EffectKind, Ledger, LedgerLocation};
use docket_domain::{Id, Quantity};
use held::Holding;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A number that stands in a ledger and follows from something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BalanceKind {
    /// What is held of a SKU at a place: what unpaid orders hold. Keys: place, SKU.
    StockHeld,
    /// What is on hand of it: what is booked, and what orders moved. Keys: place, SKU.
    StockOnHand,
    /// What is held of a buyer's coins: what unpaid orders hold. Keys: buyer.
    CoinsHeld,
    /// A buyer's coins: what the last line of the book says and what orders moved since. Keys: buyer.
    Coins,
    /// A buyer's points, in the same way.
    Points,
    /// How often a coupon is used up: its effects, less those that gave it back. Keys: the count.
    CouponsRedeemed,
}

/// Such a number of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// What it is of: the keys of the ledger.
    pub subject: Vec<String>,
    /// As it stands.
    pub stands: i64,
    /// As it should be.
    pub should: i64,
}

/// Effects of coupons, and those of accounts that are kept here.
const COUPONS: i64 = Ledger::Coupons.code();
const HERE: i64 = LedgerLocation::Here.code();

/// The code of a coupon in the name of its effect: behind the first colon.
const OF_CODE: &str = "SUBSTR(e.effect, INSTR(e.effect, ':') + 1)";

/// What an effect adds by its kind, and what another takes away.
fn sum(plus: (EffectKind, &str), minus: (EffectKind, &str)) -> String {
    let ((plus, added), (minus, taken)) = (plus, minus);
    let (plus, minus) = (plus.code(), minus.code());
    format!("SUM(CASE e.kind WHEN {plus} THEN {added} WHEN {minus} THEN -{taken} ELSE 0 END)")
}

/// How often effects on coupons come to have used them up: redeemed, less what was given back.
fn used_up() -> String {
    sum((EffectKind::Redeem, "1"), (EffectKind::Return, "1"))
}

impl BalanceKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::StockHeld,
        Self::StockOnHand,
        Self::CoinsHeld,
        Self::Coins,
        Self::Points,
        Self::CouponsRedeemed,
    ];

    const fn table(self) -> &'static str {
        match self {
            Self::StockHeld | Self::StockOnHand => "stock",
            Self::CoinsHeld | Self::Coins | Self::Points => "account",
            Self::CouponsRedeemed => "coupon_count",
        }
    }

    /// A number of it, as people read it.
    pub fn shown(self, number: i64) -> String {
        match self {
            Self::StockHeld | Self::StockOnHand => Quantity(number).to_string(),
            _ => number.to_string(),
        }
    }

    /// What sets the number right, if it still is the one that was read.
    pub fn set(self, balance: &Balance) -> Statement {
        const COINS: i64 = Ledger::Coins.code();
        const POINTS: i64 = Ledger::Points.code();
        let sql = match self {
            Self::StockHeld => {
                "UPDATE stock SET held = held + ? WHERE place = ? AND sku_id = ? AND held = ?"
            }
            Self::StockOnHand => {
                "UPDATE stock SET on_hand = on_hand + ? WHERE place = ? AND sku_id = ? AND on_hand = ?"
            }
            Self::CoinsHeld => sql!(
                "UPDATE account SET held = held + ? WHERE owner = ? AND ledger = {COINS} AND held = ?"
            ),
            Self::Coins => sql!(
                "UPDATE account SET balance = balance + ? \
                 WHERE owner = ? AND ledger = {COINS} AND balance = ?"
            ),
            Self::Points => sql!(
                "UPDATE account SET balance = balance + ? \
                 WHERE owner = ? AND ledger = {POINTS} AND balance = ?"
            ),
            Self::CouponsRedeemed => {
                "UPDATE coupon_count SET redeemed = redeemed + ? WHERE scope_key = ? AND redeemed = ?"
            }
        };
        let mut values = vec![Value::Int(balance.should - balance.stands)];
        values.extend(balance.subject.iter().map(Value::from));
        values.push(Value::Int(balance.stands));
        Statement { sql, values, must_match: Some(1) }
    }

    /// What orders hold of it, where it does not follow from stored rows.
    const fn holding(self) -> Option<Holding> {
        match self {
            Self::StockHeld => Some(Holding::Stock),
            Self::CoinsHeld => Some(Holding::Coins),
            Self::StockOnHand | Self::Coins | Self::Points | Self::CouponsRedeemed => None,
        }
    }

    /// Every subject whose number differs: its key, what stands, what should.
    fn differing(self, limit: usize) -> String {
        match self {
            // Counted once for all: there is no index by the name of an effect.
            Self::CouponsRedeemed => format!(
                "SELECT c.scope_key, c.redeemed, COALESCE(o.should, 0) FROM coupon_count c \
                 LEFT JOIN (SELECT CONCAT('t:', {OF_CODE}) AS scope_key, \
                 CAST({} AS SIGNED) AS should \
                 FROM effect e WHERE e.ledger = {COUPONS} GROUP BY {OF_CODE}) AS o \
                 ON o.scope_key = c.scope_key \
                 WHERE c.scope_key LIKE 't:%' AND c.redeemed <> COALESCE(o.should, 0) \
                 ORDER BY c.scope_key LIMIT {limit}",
                used_up()
            ),
            _ => format!(
                "SELECT {keys}, stands, CAST(should AS SIGNED) FROM ({}) AS n \
                 WHERE stands <> should ORDER BY {keys} LIMIT {limit}",
                self.numbers(),
                keys = self.keys().join(", ")
            ),
        }
    }

    /// Every subject that the book has: the key, what stands, what should. It ends open, for a condition.
    fn numbers(self) -> String {
        // Lines of the book and effects of one moment cannot be put in order: such an account is left alone.
        let account = |ledger: Ledger, plus: EffectKind, minus: EffectKind| {
            let line = "(SELECT l.balance FROM account_adjustment l WHERE l.owner = a.owner \
                        AND l.ledger = a.ledger ORDER BY l.id DESC LIMIT 1)";
            let at = "COALESCE((SELECT l.at FROM account_adjustment l WHERE l.owner = a.owner \
                      AND l.ledger = a.ledger ORDER BY l.id DESC LIMIT 1), 0)";
            let ledger = ledger.code();
            let own = format!(
                "e.ledger = {ledger} AND e.kept = {HERE} AND e.owner = a.owner AND e.at >= {at}"
            );
            let moved = sum((plus, "e.amount"), (minus, "e.amount"));
            format!(
                "SELECT a.owner AS subject, a.balance AS stands, \
                 CASE WHEN EXISTS (SELECT 1 FROM effect e WHERE {own} AND e.at = {at}) THEN a.balance \
                 ELSE COALESCE({line}, 0) + COALESCE((SELECT {moved} FROM effect e WHERE {own}), 0) END \
                 AS should FROM account a WHERE a.ledger = {ledger}"
            )
        };
        match self {
            Self::StockHeld | Self::CoinsHeld => unreachable!("what is held follows from orders"),
            Self::StockOnHand => stock::NUMBERS.to_owned(),
            Self::Coins => account(Ledger::Coins, EffectKind::Return, EffectKind::Deduct),
            Self::Points => account(Ledger::Points, EffectKind::Grant, EffectKind::Reverse),
            Self::CouponsRedeemed => format!(
                "SELECT c.scope_key AS subject, c.redeemed AS stands, \
                 COALESCE((SELECT {} FROM effect e WHERE e.ledger = {COUPONS} \
                 AND {OF_CODE} = SUBSTR(c.scope_key, 3)), 0) AS should \
                 FROM coupon_count c WHERE c.scope_key LIKE 't:%'",
                used_up()
            ),
        }
    }

    /// One subject, whether it differs or not.
    fn one(self) -> String {
        let own = match self {
            Self::StockHeld | Self::StockOnHand => "s.place = ? AND s.sku_id = ?",
            Self::CoinsHeld | Self::Coins | Self::Points => "a.owner = ?",
            Self::CouponsRedeemed => "c.scope_key = ?",
        };
        format!(
            "SELECT {}, stands, CAST(should AS SIGNED) FROM ({} AND {own}) AS n",
            self.keys().join(", "),
            self.numbers()
        )
    }

    /// The columns of a subject; all are texts.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::StockHeld | Self::StockOnHand => &["place", "sku_id"],
            Self::CoinsHeld | Self::Coins | Self::Points | Self::CouponsRedeemed => &["subject"],
        }
    }

    fn query(self, sql: String, values: Vec<Value>) -> Query {
        let mut kinds = vec![Kind::Text; self.keys().len()];
        kinds.extend([Kind::Int; 2]);
        Query { table: self.table(), sql, kinds, values }
    }

    fn of(self, mut row: Row) -> Result<Balance, StoreError> {
        let subject = self.keys().iter().map(|_| row.text()).collect::<Result<_, _>>()?;
        Ok(Balance { subject, stands: row.int()?, should: row.int()? })
    }

    /// The number of `subject` as it stands; none where the ledger does not know it.
    pub(crate) fn balance(
        self,
        subject: &[String],
        ask: &mut dyn Ask,
    ) -> Result<Option<Balance>, StoreError> {
        if let Some(holding) = self.holding() {
            return held::balance(holding, subject, ask);
        }
        let values = subject.iter().map(Value::from).collect();
        let rows = ask.ask(self.query(self.one(), values))?;
        rows.into_iter().next().map(|row| self.of(row)).transpose()
    }
}

impl Seen for Balance {
    type Key = (BalanceKind, Vec<String>);
    type Found = Option<Self>;

    fn load(
        keys: &BTreeSet<Self::Key>,
        from: &mut Source<'_>,
    ) -> Result<Vec<(Self::Key, Self)>, StoreError> {
        let mut found = Vec::new();
        for (kind, subject) in keys {
            let balance = kind.balance(subject, from.connection)?;
            found.extend(balance.map(|balance| ((*kind, subject.clone()), balance)));
        }
        Ok(found)
    }
}

impl Seen for Audit {
    type Key = Id;
    type Found = Option<Arc<Self>>;

    fn load(ids: &BTreeSet<Id>, from: &mut Source<'_>) -> Result<Vec<(Id, Arc<Self>)>, StoreError> {
        let ids: Vec<_> = ids.iter().copied().collect();
        let audits = audits(&ids, from.seat, from.connection)?.into_iter();
        Ok(audits.map(|audit| (audit.id, Arc::new(audit))).collect())
    }
}

impl View {
    /// Everything that is stored of an order, as it was before this batch; none where there is no such order, or
    /// it does not stand still.
    pub fn audit(&self, id: Id) -> Result<Option<&Arc<Audit>>, Need> {
        Need::unless(self.audits.get(&id), || Key::Audit(id)).map(Option::as_ref)
    }

    /// A number of a ledger beside what it should be, as both were before this batch.
    pub fn balance(
        &self,
        ledger: BalanceKind,
        subject: &[String],
    ) -> Result<Option<&Balance>, Need> {
        let key = (ledger, subject.to_vec());
        let found = self.balances.get(&key);
        Need::unless(found, || Key::Balance(key.0, key.1.clone())).map(Option::as_ref)
    }
}

impl Store {
    /// Numbers of `ledger` that are not what they should be, at most `limit`.
    pub async fn imbalances(
        &self,
        ledger: BalanceKind,
        limit: usize,
    ) -> Result<Vec<Balance>, StoreError> {
        if let Some(holding) = ledger.holding() {
            return self.held_imbalances(holding, limit).await;
        }
        let query = ledger.query(ledger.differing(limit), Vec::new());
        let rows = self.rows_at_length(query).await?;
        rows.into_iter().map(|row| ledger.of(row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How SQLite reads for `sql`, over the schema that migrations make.
    fn plan(sql: &str, values: &[Value]) -> Vec<String> {
        let file = rusqlite::Connection::open_in_memory().expect("a database");
        crate::schema::migrate::sqlite(&file, crate::schema::migrate::Upgrade::Yes)
            .expect("the schema");
        let mut asked = file.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a query");
        let rows = asked.query_map(rusqlite::params_from_iter(values), |row| row.get(3));
        rows.expect("a plan").collect::<Result<_, _>>().expect("steps")
    }

    #[test]
    fn no_book_reads_all_orders_or_effects_once_for_each_of_its_subjects() {
        let mut asked: Vec<_> = held::queries().map(|query| (query.sql, query.values)).into();
        for book in BalanceKind::ALL.into_iter().filter(|book| book.holding().is_none()) {
            asked.push((book.differing(10), Vec::new()));
            asked.push((book.one(), vec!["a".into(); book.keys().len()]));
        }
        for (sql, values) in asked {
            let steps = plan(&sql, &values);
            let read_whole = |step: &&String| {
                ["SCAN e", "SCAN p", "SCAN i", "SCAN payment_order"].contains(&step.as_str())
            };
            assert_eq!(steps.iter().find(read_whole), None, "{sql}: {steps:#?}");
            let inner = steps.iter().position(|step| step.starts_with("CORRELATED"));
            let inner = &steps[inner.unwrap_or(steps.len())..];
            let all_unpaid = |step: &&String| step.contains("payment_order_status");
            assert_eq!(inner.iter().find(all_unpaid), None, "{sql}: {steps:#?}");
        }
    }
}
