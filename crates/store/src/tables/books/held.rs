//! What orders that are to be paid hold. What an order holds is for the domain to say: orders are read whole and their
//! holds added up, page by page for all subjects, or those of one subject alone.

use super::Balance;
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::Dialect;
use crate::sql::keyset;
use crate::sql::text::{Sql, along};
use crate::sql::value::{Kind, Value};
use crate::tables::accounts::{ACCOUNT, Account};
use crate::tables::orders::trees;
use crate::tables::stock::{STOCK, Stock};
use crate::{Store, StoreError};
use docket_domain::ledger::{self, Ledger};
use docket_domain::words::Status;
use docket_domain::{Id, Time, Tree};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Rows that are looked at, and orders that are read, at one moment.
const PAGE: usize = 200;
/// The only status in which an order holds anything.
const CREATED: i64 = Status::Created.code();

/// What orders hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Of a SKU at a place.
    Stock,
    /// Of a buyer's coins.
    Coins,
}

/// The order that a page ended with.
type Last = (Time, Id);
/// By the keys of its ledger.
type Subject = Vec<String>;
/// A row of a ledger: whose it is, the two columns that pages go by, and what is held; none where that is no hold.
type Standing = (Subject, [Value; 2], Option<i64>);

/// What `tree` holds.
fn holds(holding: Holding, tree: &Tree) -> Vec<(Subject, i64)> {
    match holding {
        Holding::Stock => {
            let moves = ledger::stock::moves(None, tree).into_iter();
            moves.map(|moved| (vec![moved.place, moved.sku_id], moved.held.0)).collect()
        }
        Holding::Coins => {
            let accounts = ledger::moves(None, tree).accounts.into_iter();
            let coins = accounts.filter(|moved| moved.ledger == Ledger::Coins);
            coins.map(|moved| (vec![moved.owner], moved.held)).collect()
        }
    }
}

/// Orders that are to be paid, copies among them, behind one of them in the order in which they were placed.
fn unpaid(dialect: Dialect, (at, id): Last) -> Query {
    let table = along(dialect, "payment_order", Some("payment_order_status"));
    let text = format!("SELECT id, created_at, copy FROM {table} WHERE status = {CREATED}");
    let mut sql = Sql { text, values: Vec::new() };
    match dialect {
        Dialect::Sqlite => sql.and("(created_at, id) > (?, ?)", [at.into(), id.into()]),
        Dialect::MySql => {
            let newer = "(created_at > ? OR (created_at = ? AND id > ?))";
            sql.and(newer, [at.into(), at.into(), id.into()]);
        }
    }
    let _ = write!(sql.text, " ORDER BY created_at, id LIMIT {PAGE}");
    Query { table: "payment_order", sql: sql.text, kinds: vec![Kind::Int; 3], values: sql.values }
}

/// Those of these orders that can be read. What others hold nobody can say; a run says of them that they are unreadable.
fn readable(ask: &mut dyn Ask, ids: &[Id]) -> Result<Vec<Tree>, StoreError> {
    match trees(ask, ids) {
        Err(error) if error.is_damage() => {}
        read => return read,
    }
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        match trees(ask, &[*id]) {
            Err(error) if error.is_damage() => {}
            tree => found.append(&mut tree?),
        }
    }
    Ok(found)
}

/// The next orders of ours that are to be paid, whole, and where the page after them begins; none at the end.
fn page(
    ask: &mut dyn Ask,
    dialect: Dialect,
    behind: Last,
) -> Result<(Vec<Tree>, Option<Last>), StoreError> {
    let (mut ours, mut last) = (Vec::with_capacity(PAGE), None);
    for mut row in ask.ask(unpaid(dialect, behind))? {
        let (id, at) = (row.id()?, row.time()?);
        if row.int_or_null()?.is_none() {
            ours.push(id);
        }
        last = Some((at, id));
    }
    Ok((readable(ask, &ours)?, last))
}

/// Orders of ours that are to be paid and may hold some of `subject`.
fn unpaid_of(holding: Holding, subject: &[String]) -> Query {
    let (sql, key) = match holding {
        Holding::Stock => (
            format!(
                "SELECT DISTINCT p.id FROM payment_order p JOIN item_order i ON i.tree = p.id \
                 WHERE p.status = {CREATED} AND p.copy IS NULL AND i.sku_id = ?"
            ),
            &subject[1],
        ),
        // By the buyer: a plain test of the status would have databases read every unpaid order.
        Holding::Coins => (
            format!(
                "SELECT id FROM payment_order \
                 WHERE buyer_id = ? AND status + 0 = {CREATED} AND copy IS NULL"
            ),
            &subject[0],
        ),
    };
    Query { table: "payment_order", sql, kinds: vec![Kind::Int], values: vec![key.into()] }
}

/// What stands as held for one subject; none where its ledger does not know it.
fn stands(
    holding: Holding,
    subject: &[String],
    ask: &mut dyn Ask,
) -> Result<Option<i64>, StoreError> {
    let (table, tail, values): (_, _, Vec<Value>) = match holding {
        Holding::Stock => {
            (&STOCK, "place = ? AND sku_id = ?", subject.iter().map(Value::from).collect())
        }
        Holding::Coins => {
            let coins = Ledger::Coins.code().into();
            (&ACCOUNT, "owner = ? AND ledger = ?", vec![Value::from(&subject[0]), coins])
        }
    };
    let sql = format!("SELECT held FROM {} WHERE {tail}", table.name);
    let rows = ask.ask(Query { table: table.name, sql, kinds: vec![Kind::Int], values })?;
    rows.into_iter().next().map(|mut row| row.int()).transpose()
}

/// The number of one subject beside what orders hold, both of the moment of `ask`; none where its ledger does not know
/// it, or one of its orders cannot be read.
pub(super) fn balance(
    holding: Holding,
    subject: &[String],
    ask: &mut dyn Ask,
) -> Result<Option<Balance>, StoreError> {
    let Some(stands) = stands(holding, subject, ask)? else { return Ok(None) };
    let rows = ask.ask(unpaid_of(holding, subject))?.into_iter();
    let ids: Vec<Id> = rows.map(|mut row| row.id()).collect::<Result<_, _>>()?;
    let mut should = 0;
    for ids in ids.chunks(PAGE) {
        let trees = readable(ask, ids)?;
        if trees.len() < ids.len() {
            return Ok(None);
        }
        for tree in trees {
            let held = holds(holding, &tree).into_iter().filter(|(of, _)| of == subject);
            should += held.map(|(_, held)| held).sum::<i64>();
        }
    }
    Ok(Some(Balance { subject: subject.to_vec(), stands, should }))
}

/// The next rows of the ledger behind one of them.
fn standing(
    holding: Holding,
    dialect: Dialect,
    behind: [Value; 2],
    ask: &mut dyn Ask,
) -> Result<Vec<Standing>, StoreError> {
    let table = if holding == Holding::Stock { &STOCK } else { &ACCOUNT };
    let rows = ask.ask(keyset::behind(dialect, table, behind, PAGE))?.into_iter();
    let of_stock = |row| {
        let (place, sku, Stock { held, .. }) = Stock::of(row)?;
        let key = [Value::from(&sku), Value::from(&place)];
        Ok((vec![place, sku], key, Some(held.0)))
    };
    let of_account = |row| {
        let Account { owner, ledger, held, .. } = Account::of(row)?;
        let key = [Value::from(&owner), Value::Int(ledger.code())];
        Ok((vec![owner], key, (ledger == Ledger::Coins).then_some(held)))
    };
    if holding == Holding::Stock {
        rows.map(of_stock).collect()
    } else {
        rows.map(of_account).collect()
    }
}

impl Store {
    /// What orders that are to be paid hold, by subject. Each page is of its own moment.
    async fn held(&self, holding: Holding) -> Result<BTreeMap<Subject, i64>, StoreError> {
        let mut held = BTreeMap::new();
        let (dialect, mut behind) = (self.dialect(), Some((Time(i64::MIN), Id(0))));
        while let Some(last) = behind {
            let read = self.at_one_moment(move |ask| page(ask, dialect, last)).await?;
            for (subject, by_tree) in read.0.iter().flat_map(|tree| holds(holding, tree)) {
                *held.entry(subject).or_default() += by_tree;
            }
            behind = read.1;
        }
        Ok(held)
    }

    /// Numbers of `holding` that are not what orders hold, at most `limit`. Orders change while they are read: what looks
    /// different is looked at again by itself, at one moment.
    pub(super) async fn held_imbalances(
        &self,
        holding: Holding,
        limit: usize,
    ) -> Result<Vec<Balance>, StoreError> {
        let held = self.held(holding).await?;
        let (dialect, mut found) = (self.dialect(), Vec::new());
        let mut behind = Some([Value::Text(String::new()), least(holding)]);
        while let Some(last) = behind.take() {
            let read = self.at_one_moment(move |ask| standing(holding, dialect, last, ask)).await?;
            behind = read.last().map(|(_, key, _)| key.clone());
            let differ = read.into_iter().filter(|(subject, _, stands)| {
                stands.is_some_and(|stands| stands != held.get(subject).copied().unwrap_or(0))
            });
            for (subject, ..) in differ {
                let again = move |ask: &mut dyn Ask| balance(holding, &subject, ask);
                let balance = self.at_one_moment(again).await?;
                found.extend(balance.filter(|balance| balance.stands != balance.should));
                if found.len() == limit {
                    return Ok(found);
                }
            }
        }
        found.sort_by(|a: &Balance, b| a.subject.cmp(&b.subject));
        Ok(found)
    }
}

/// What no second column of a ledger's pages is below.
fn least(holding: Holding) -> Value {
    match holding {
        Holding::Stock => Value::Text(String::new()),
        Holding::Coins => Value::Int(i64::MIN),
    }
}

#[cfg(test)]
pub(super) fn queries() -> [Query; 3] {
    [
        unpaid(Dialect::Sqlite, (Time(0), Id(0))),
        unpaid_of(Holding::Stock, &["place".to_owned(), "sku".to_owned()]),
        unpaid_of(Holding::Coins, &["buyer".to_owned()]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::counting::{as_ask, insert, open};
    use docket_testkit::Database;

    /// Copies are passed over, and no page looks at more than its rows however many there are.
    #[test]
    fn a_page_of_unpaid_orders_looks_at_so_many_rows_copies_among_them() {
        for kind in Database::ALL {
            let database = kind.fresh();
            let mut counted = open(kind, &database.url());
            let columns = "id, version, type, market, status, store_status, visible, cart, created_at, updated_at, \
                           parts, copy, body";
            let copy = |n: i64| {
                let status = if n % 2 == 0 { CREATED } else { Status::Paid.code() };
                let numbers = [n, 1, 1, 0, status, 0, 1, 0, n / 7, n, 0, 1].map(Value::Int);
                numbers.into_iter().chain([Value::Text("{}".to_owned())]).collect()
            };
            insert(&mut *counted, "payment_order", columns, (1..=5_000).map(copy).collect());
            let (dialect, mut behind, mut pages) = (counted.dialect(), (Time(0), Id(0)), 0);
            loop {
                let before = counted.count();
                let (ours, next) = page(&mut as_ask(&mut *counted), dialect, behind).unwrap();
                let looked_at = counted.count() - before;
                assert!(looked_at <= counted.most(), "{kind:?}: {looked_at}");
                assert_eq!(ours, Vec::new());
                let Some(next) = next else { break };
                (behind, pages) = (next, pages + 1);
            }
            assert_eq!(pages, 2_500_usize.div_ceil(PAGE));
            assert!(counted.wide().is_empty(), "{:#?}", counted.wide());
        }
    }

    /// Whoever repaired a hold by orders that can be read alone would free what the others hold.
    #[test]
    fn of_what_an_unreadable_order_holds_nothing_is_said() {
        for kind in Database::ALL {
            let database = kind.fresh();
            let mut counted = open(kind, &database.url());
            let order = "id, version, type, market, status, store_status, visible, cart, created_at, updated_at, body";
            let numbers = [7, 1, 1, 0, CREATED, 0, 1, 0, 5, 5].map(Value::Int).into_iter();
            insert(
                &mut *counted,
                "payment_order",
                order,
                vec![numbers.chain(["{".into()]).collect()],
            );
            let line = vec![
                Value::Int(7),
                Value::Int(8),
                Value::Int(9),
                Value::Int(0),
                "tea".into(),
                Value::Int(5),
                "{".into(),
            ];
            let columns = "tree, id, shop_order, position, sku_id, created_at, body";
            insert(&mut *counted, "item_order", columns, vec![line]);
            let stock = |sku: &str| vec!["main".into(), sku.into(), Value::Int(9), Value::Int(2)];
            let columns = "place, sku_id, on_hand, held";
            insert(&mut *counted, "stock", columns, vec![stock("tea"), stock("salt")]);
            let dialect = counted.dialect();
            let read = page(&mut as_ask(&mut *counted), dialect, (Time(0), Id(0))).unwrap();
            assert_eq!(read, (Vec::new(), Some((Time(5), Id(7)))));
            let subject = |sku: &str| vec!["main".to_owned(), sku.to_owned()];
            let mut look =
                |sku| balance(Holding::Stock, &subject(sku), &mut as_ask(&mut *counted)).unwrap();
            assert_eq!(look("tea"), None);
            assert_eq!(
                look("salt"),
                Some(Balance { subject: subject("salt"), stands: 2, should: 0 })
            );
        }
    }
}
