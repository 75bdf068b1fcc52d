//! What can still be read of the orders of a damaged database, by number, without opening a center on it and beside
//! one that runs. Nothing is asked for but the tables that an order is made of: damage elsewhere is of no matter.
//!
//! An order whose rows can be read stands in three tables, so each of them names it. Where the list of one table is
//! damaged those of the others lead on; only where all three are at the same place is a stretch of numbers passed over,
//! and then no order of it could be read.

use crate::StoreError;
use crate::database::beside::{Access, Beside, beside};
use crate::reads::orders::{Whole, customer_query, whole};
use crate::sql::ask::{Ask, Query};
use crate::sql::value::Kind;
use crate::tables::customers::Sealed;
use crate::tables::orders::{tree_queries, trees_of};
use docket_domain::{Id, Tree};
use std::collections::BTreeSet;

/// The tables that an order is made of, each with the column that numbers it.
const LISTS: [(&str, &str); 3] =
    [("payment_order", "id"), ("shop_order", "tree"), ("item_order", "tree")];

/// An order that could be read.
#[derive(Debug, Clone)]
pub struct Salvage {
    /// Its tree, and its people.
    pub whole: Whole,
    /// Whether people may be stored and cannot be read.
    pub person_lost: bool,
}

/// Some orders, in the order of their numbers.
#[derive(Debug, Default)]
pub struct Salvaged {
    /// Those that could be read.
    pub orders: Vec<Salvage>,
    /// Those that could not, and why.
    pub lost: Vec<(Id, String)>,
    /// Stretches of numbers, with their ends, of which nothing can be read, not even which orders there are.
    pub passed: Vec<(Id, Id)>,
    /// The last number looked at; none at the end.
    pub last: Option<Id>,
}

/// The next orders of the database of `url` after `after`, at most `limit`; `None` where there is no database.
pub async fn salvage(url: &str, after: Id, limit: usize) -> Result<Option<Salvaged>, StoreError> {
    let read = move |database: &mut Beside| {
        database.at_one_moment(Access::Read, |ask| page(after, limit, ask))
    };
    beside(url, Access::Read, read).await
}

/// See [`salvage`].
fn page(after: Id, limit: usize, ask: &mut dyn Ask) -> Result<Salvaged, StoreError> {
    let mut found = Salvaged::default();
    // Damage ends a list that comes to it: shorter ones end before.
    let mut wanted = limit;
    let mut ids = listed(after, wanted, ask)?;
    while ids.is_none() && wanted > 1 {
        wanted /= 2;
        ids = listed(after, wanted, ask)?;
    }
    let ids = if let Some(ids) = ids {
        ids
    } else if let Some((from, ids)) = beyond(after, ask)? {
        found.passed.push((after, from));
        ids
    } else {
        found.passed.push((after, Id(i64::MAX)));
        return Ok(found);
    };
    found.last = ids.last().copied();
    match whole(ask, &ids) {
        Ok(orders) if orders.len() == ids.len() => {
            let fine = |whole| Salvage { whole, person_lost: false };
            found.orders.extend(orders.into_iter().map(fine));
        }
        Ok(_) => one_by_one(&ids, ask, &mut found)?,
        Err(error) if error.is_damage() => one_by_one(&ids, ask, &mut found)?,
        Err(error) => return Err(error),
    }
    Ok(found)
}

fn one_by_one(ids: &[Id], ask: &mut dyn Ask, found: &mut Salvaged) -> Result<(), StoreError> {
    for id in ids {
        let tree = match tree_of(ask, *id) {
            Ok(Some(tree)) => tree,
            Ok(None) => {
                found.lost.push((*id, "a part of it is not there".to_owned()));
                continue;
            }
            Err(error) if error.is_damage() => {
                found.lost.push((*id, error.to_string()));
                continue;
            }
            Err(error) => return Err(error),
        };
        let (customer, person_lost): (Option<Sealed>, bool) = match customer_of(ask, *id) {
            Ok(customer) => (customer, false),
            Err(error) if error.is_damage() => (None, true),
            Err(error) => return Err(error),
        };
        found.orders.push(Salvage { whole: Whole { tree, customer }, person_lost });
    }
    Ok(())
}

/// The tree of payment order `id`.
fn tree_of(ask: &mut dyn Ask, id: Id) -> Result<Option<Tree>, StoreError> {
    let [payments, shops, items] = tree_queries(&[id]);
    let rows = [ask.ask(payments)?, ask.ask(shops)?, ask.ask(items)?];
    Ok(trees_of(&[id], rows)?.pop())
}

/// The sealed customers' data of a tree.
fn customer_of(ask: &mut dyn Ask, tree: Id) -> Result<Option<Sealed>, StoreError> {
    let found = ask.ask(customer_query(&[tree]))?.into_iter().next().map(Sealed::of).transpose()?;
    Ok(found.map(|(_, sealed)| sealed))
}

/// The numbers after `after`, at most `limit`, that any list names which can be read there; none where no list can.
fn listed(after: Id, limit: usize, ask: &mut dyn Ask) -> Result<Option<Vec<Id>>, StoreError> {
    let (mut ids, mut end, mut read) = (BTreeSet::new(), None, false);
    for (table, column) in LISTS {
        let sql = format!(
            "SELECT DISTINCT {column} FROM {table} WHERE {column} > ? ORDER BY {column} LIMIT {limit}"
        );
        let asked = Query { table, sql, kinds: vec![Kind::Int], values: vec![after.into()] };
        let rows = match ask.ask(asked) {
            Err(error) if error.is_damage() => continue,
            rows => rows?,
        };
        read = true;
        let named = rows.into_iter().map(|mut row| row.id()).collect::<Result<Vec<_>, _>>()?;
        // One that has more goes no further than this; the page ends with the first of them.
        if named.len() == limit {
            let last = named.last().copied();
            end = end.map_or(last, |end: Id| last.map(|last| last.min(end)));
        }
        ids.extend(named);
    }
    let within = |id: &Id| end.is_none_or(|end| *id <= end);
    Ok(read.then(|| ids.into_iter().filter(within).take(limit).collect()))
}

/// The first number behind a stretch after `after` that no list can be read of, and where it ends: found by steps
/// that double, then by halves, some hundred questions at most.
fn beyond(after: Id, ask: &mut dyn Ask) -> Result<Option<(Id, Vec<Id>)>, StoreError> {
    let (mut bad, mut step) = (after.0, 1_i64);
    let mut good = loop {
        let Some(tried) = after.0.checked_add(step) else { return Ok(None) };
        match listed(Id(tried), 1, ask)? {
            Some(ids) => break (tried, ids),
            None => bad = tried,
        }
        let Some(doubled) = step.checked_mul(2) else { return Ok(None) };
        step = doubled;
    };
    while good.0 - bad > 1 {
        let half = bad + (good.0 - bad) / 2;
        match listed(Id(half), 1, ask)? {
            Some(ids) => good = (half, ids),
            None => bad = half,
        }
    }
    Ok(Some((Id(good.0), good.1)))
}
