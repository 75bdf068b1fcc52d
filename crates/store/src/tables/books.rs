//! Numbers of ledgers beside what they should be, each pair read by one statement and so of one moment. Every
//! change moves both by the same, so the difference is that of any moment, whatever traffic there is.

use crate::ask::Ask;
use crate::audit::{Audit, audits};
use crate::lane::{Key, View};
use crate::plan::Statement;
use crate::store::Query;
use crate::value::{Kind, Row, Value};
use crate::view::{Need, Seen, Source};
use crate::{Store, StoreError};
use docket_domain::{Id, Quantity};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A number that stands in a ledger and follows from something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BalanceKind {
    /// What is held of a SKU at a place: what unpaid orders hold. Keys: place, SKU.
    StockHeld,
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

/// What unpaid orders hold of each SKU at each place. A line holds what was ordered from its placement until the
/// order is paid or ends, unless it was dropped.
const HELD: &str = "SELECT s.place AS place, i.sku_id AS sku_id, \
    CAST(SUM(JSON_EXTRACT(i.body, '$.quantity')) AS SIGNED) AS held \
    FROM payment_order p JOIN shop_order s ON s.tree = p.id \
    JOIN item_order i ON i.tree = s.tree AND i.shop_order = s.id \
    WHERE p.status = 0 AND p.copy IS NULL AND JSON_EXTRACT(i.body, '$.holds_stock') IS NOT NULL \
    AND JSON_EXTRACT(i.body, '$.dropped_at') IS NULL";

/// What unpaid orders hold of the coins of the account `a`. Found by the buyer: a plain `p.status = 0` would have
/// databases read every unpaid order for each account.
const HELD_COINS: &str = "COALESCE((SELECT CAST(SUM(JSON_EXTRACT(p.body, '$.coins')) AS SIGNED) \
    FROM payment_order p WHERE p.status + 0 = 0 AND p.copy IS NULL AND p.buyer_id = a.owner \
    AND JSON_EXTRACT(p.body, '$.ledgers.coins') LIKE '%here%'), 0)";

/// The code of a coupon in the name of its effect: behind the first colon.
const OF_CODE: &str = "SUBSTR(e.effect, INSTR(e.effect, ':') + 1)";

/// What an effect on a coupon adds to how often it is used up: redeemed, or given back.
const USED_UP: &str = "CASE e.kind WHEN 5 THEN 1 WHEN 7 THEN -1 ELSE 0 END";

impl BalanceKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::StockHeld, Self::CoinsHeld, Self::Coins, Self::Points, Self::CouponsRedeemed];

    const fn table(self) -> &'static str {
        match self {
            Self::StockHeld => "stock",
            Self::CoinsHeld | Self::Coins | Self::Points => "account",
            Self::CouponsRedeemed => "coupon_count",
        }
    }

    /// A number of it, as people read it.
    pub fn shown(self, number: i64) -> String {
        match self {
            Self::StockHeld => Quantity(number).to_string(),
            _ => number.to_string(),
        }
    }

    /// What sets the number right, if it still is the one that was read.
    pub fn set(self, balance: &Balance) -> Statement {
        let sql = match self {
            Self::StockHeld => {
                "UPDATE stock SET held = held + ? WHERE place = ? AND sku_id = ? AND held = ?"
            }
            Self::CoinsHeld => {
                "UPDATE account SET held = held + ? WHERE owner = ? AND ledger = 3 AND held = ?"
            }
            Self::Coins => {
                "UPDATE account SET balance = balance + ? WHERE owner = ? AND ledger = 3 AND balance = ?"
            }
            Self::Points => {
                "UPDATE account SET balance = balance + ? WHERE owner = ? AND ledger = 4 AND balance = ?"
            }
            Self::CouponsRedeemed => {
                "UPDATE coupon_count SET redeemed = redeemed + ? WHERE scope_key = ? AND redeemed = ?"
            }
        };
        let mut values = vec![Value::Int(balance.should - balance.stands)];
        values.extend(balance.subject.iter().map(Value::from));
        values.push(Value::Int(balance.stands));
        Statement { sql, values, must_match: Some(1) }
    }

    /// How many keys a subject has; all are texts.
    const fn keys(self) -> usize {
        match self {
            Self::StockHeld => 2,
            _ => 1,
        }
    }

    /// Every subject whose number differs: keys, what stands, what should.
    fn differing(self, limit: usize) -> String {
        match self {
            Self::StockHeld => format!(
                "SELECT b.place, b.sku_id, b.held, COALESCE(o.held, 0) FROM stock b \
                 LEFT JOIN ({HELD} GROUP BY s.place, i.sku_id) AS o \
                 ON o.place = b.place AND o.sku_id = b.sku_id \
                 WHERE b.held <> COALESCE(o.held, 0) ORDER BY b.place, b.sku_id LIMIT {limit}"
            ),
            // Counted once for all: there is no index by the name of an effect.
            Self::CouponsRedeemed => format!(
                "SELECT c.scope_key, c.redeemed, COALESCE(o.should, 0) FROM coupon_count c \
                 LEFT JOIN (SELECT CONCAT('t:', {OF_CODE}) AS scope_key, \
                 CAST(SUM({USED_UP}) AS SIGNED) AS should \
                 FROM effect e WHERE e.ledger = 2 GROUP BY {OF_CODE}) AS o ON o.scope_key = c.scope_key \
                 WHERE c.scope_key LIKE 't:%' AND c.redeemed <> COALESCE(o.should, 0) \
                 ORDER BY c.scope_key LIMIT {limit}"
            ),
            _ => format!(
                "SELECT subject, stands, CAST(should AS SIGNED) FROM ({}) AS n \
                 WHERE stands <> should ORDER BY subject LIMIT {limit}",
                self.numbers()
            ),
        }
    }

    /// Every subject that a book with one key has: the key, what stands, what should. It ends open, for a condition.
    fn numbers(self) -> String {
        let account = |what: &str, ledger: i64, should: &str| {
            format!(
                "SELECT a.owner AS subject, a.{what} AS stands, {should} AS should FROM account a \
                 WHERE a.ledger = {ledger}"
            )
        };
        // Lines of the book and effects of one moment cannot be put in order: such an account is left alone.
        let moved = |ledger: i64, plus: i64, minus: i64| {
            let line = "(SELECT l.balance FROM account_adjustment l WHERE l.owner = a.owner \
                        AND l.ledger = a.ledger ORDER BY l.id DESC LIMIT 1)";
            let at = "COALESCE((SELECT l.at FROM account_adjustment l WHERE l.owner = a.owner \
                      AND l.ledger = a.ledger ORDER BY l.id DESC LIMIT 1), 0)";
            let own = format!(
                "e.ledger = {ledger} AND e.kept = 0 AND e.owner = a.owner AND e.at >= {at}"
            );
            format!(
                "CASE WHEN EXISTS (SELECT 1 FROM effect e WHERE {own} AND e.at = {at}) THEN a.balance \
                 ELSE COALESCE({line}, 0) + COALESCE((SELECT SUM(CASE e.kind WHEN {plus} THEN e.amount \
                 WHEN {minus} THEN -e.amount ELSE 0 END) FROM effect e WHERE {own}), 0) END"
            )
        };
        match self {
            Self::StockHeld => unreachable!("stock has two keys"),
            Self::CoinsHeld => account("held", 3, HELD_COINS),
            Self::Coins => account("balance", 3, &moved(3, 7, 1)),
            Self::Points => account("balance", 4, &moved(4, 2, 6)),
            Self::CouponsRedeemed => format!(
                "SELECT c.scope_key AS subject, c.redeemed AS stands, \
                 COALESCE((SELECT SUM({USED_UP}) FROM effect e WHERE e.ledger = 2 \
                 AND {OF_CODE} = SUBSTR(c.scope_key, 3)), 0) AS should \
                 FROM coupon_count c WHERE c.scope_key LIKE 't:%'"
            ),
        }
    }

    /// One subject, whether it differs or not.
    fn one(self, subject: &[String]) -> (String, Vec<Value>) {
        if self == Self::StockHeld {
            let sql = format!(
                "SELECT b.place, b.sku_id, b.held, COALESCE((SELECT o.held FROM \
                 ({HELD} AND s.place = ? AND i.sku_id = ? GROUP BY s.place, i.sku_id) AS o), 0) \
                 FROM stock b WHERE b.place = ? AND b.sku_id = ?"
            );
            return (sql, subject.iter().chain(subject).map(Value::from).collect());
        }
        let own = if self == Self::CouponsRedeemed { "c.scope_key" } else { "a.owner" };
        let sql = format!(
            "SELECT subject, stands, CAST(should AS SIGNED) FROM ({} AND {own} = ?) AS n",
            self.numbers()
        );
        (sql, subject.iter().map(Value::from).collect())
    }

    fn query(self, sql: String, values: Vec<Value>) -> Query {
        let mut kinds = vec![Kind::Text; self.keys()];
        kinds.extend([Kind::Int; 2]);
        Query { table: self.table(), sql, kinds, values }
    }

    fn of(self, mut row: Row) -> Result<Balance, StoreError> {
        let subject = (0..self.keys()).map(|_| row.text()).collect::<Result<_, _>>()?;
        Ok(Balance { subject, stands: row.int()?, should: row.int()? })
    }

    /// The number of `subject` as it stands; none where the ledger does not know it.
    pub(crate) fn balance(
        self,
        subject: &[String],
        ask: &mut dyn Ask,
    ) -> Result<Option<Balance>, StoreError> {
        let (sql, values) = self.one(subject);
        let rows = ask.ask(self.query(sql, values))?;
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
        crate::migrate::sqlite(&file, crate::migrate::Upgrade::Yes).expect("the schema");
        let mut asked = file.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a query");
        let rows = asked.query_map(rusqlite::params_from_iter(values), |row| row.get(3));
        rows.expect("a plan").collect::<Result<_, _>>().expect("steps")
    }

    #[test]
    fn no_book_reads_all_orders_or_effects_once_for_each_of_its_subjects() {
        for book in BalanceKind::ALL {
            let (one, values) = book.one(&vec!["a".to_owned(); book.keys()]);
            for (sql, values) in [(book.differing(10), Vec::new()), (one, values)] {
                let steps = plan(&sql, &values);
                let read_whole = |step: &&String| ["SCAN e", "SCAN p"].contains(&step.as_str());
                assert_eq!(steps.iter().find(read_whole), None, "{book:?}: {steps:#?}");
                let inner = steps.iter().position(|step| step.starts_with("CORRELATED"));
                let inner = &steps[inner.unwrap_or(steps.len())..];
                let all_unpaid = |step: &&String| step.contains("payment_order_status");
                assert_eq!(inner.iter().find(all_unpaid), None, "{book:?}: {steps:#?}");
            }
        }
    }
}
