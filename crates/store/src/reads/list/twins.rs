//! Likely duplicates: two orders of one buyer with the same cart, placed within seconds.
//!
//! The orders of a buyer stand by their time, with what tells the same cart. Candidates that were placed close
//! together are looked at with all that was placed around them.

use super::Budget;
use super::stream::Candidate;
use super::test::by_id;
use crate::StoreError;
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::Dialect;
use crate::sql::text::{Sql, along, tested};
use crate::sql::value::{Kind, Value};
use docket_domain::Id;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// How far apart two orders of one cart are for one to be a likely duplicate, in milliseconds.
const TWINS_MS: i64 = 10_000;
/// Spans of time in which one statement looks for twins.
const SPANS: usize = 16;

/// An order beside others of its buyer.
#[derive(Clone, Copy)]
struct Neighbour {
    created_at: i64,
    id: Id,
    cart: i64,
}

/// Candidates of one buyer that were placed within a short time, oldest first.
struct Burst {
    buyer: String,
    own: Vec<Neighbour>,
}

/// Those of `candidates` of which there is a likely duplicate. Whoever placed more orders within seconds than are
/// looked at counts as one who repeats them.
pub fn twins(
    ask: &mut dyn Ask,
    dialect: Dialect,
    candidates: &[Candidate],
    budget: &mut Budget,
    passed: &mut BTreeSet<Id>,
) -> Result<(), StoreError> {
    let [of_several, of_one] = budget.bounds.neighbours;
    let bursts = bursts(ask, dialect, candidates)?;
    let mut crowded = Vec::new();
    for some in bursts.chunks(SPANS) {
        let found = around(ask, dialect, some, of_several, budget)?;
        for (burst, around) in some.iter().zip(found) {
            match around {
                Some(around) => burst.find_twins(&around, passed),
                None => crowded.push(burst),
            }
        }
    }
    for burst in crowded {
        for one in &burst.own {
            let own = vec![*one];
            let alone = [Burst { buyer: burst.buyer.clone(), own }];
            match around(ask, dialect, &alone, of_one, budget)?.pop().flatten() {
                Some(around) => alone[0].find_twins(&around, passed),
                None => drop(passed.insert(one.id)),
            }
        }
    }
    Ok(())
}

fn bursts(
    ask: &mut dyn Ask,
    dialect: Dialect,
    candidates: &[Candidate],
) -> Result<Vec<Burst>, StoreError> {
    let ids = candidates.iter().map(|one| one.position.id);
    let mut sql = by_id(dialect, "id, created_at, cart, buyer_id", ids);
    sql.and(&format!("{} IS NOT NULL", tested(dialect, "buyer_id")), []);
    let kinds = vec![Kind::Int, Kind::Int, Kind::Int, Kind::Text];
    let asked = Query { table: "payment_order", sql: sql.text, kinds, values: sql.values };
    let mut of_buyers = Vec::with_capacity(candidates.len());
    for mut row in ask.ask(asked)? {
        let one = Neighbour { id: row.id()?, created_at: row.int()?, cart: row.int()? };
        of_buyers.push((row.text()?, one));
    }
    of_buyers.sort_unstable_by(|(a, one), (b, other)| {
        a.cmp(b).then(one.created_at.cmp(&other.created_at))
    });
    let mut bursts: Vec<Burst> = Vec::new();
    for (buyer, one) in of_buyers {
        match bursts.last_mut() {
            Some(burst)
                if burst.buyer == buyer
                    && one.created_at - burst.own[0].created_at <= 2 * TWINS_MS =>
            {
                burst.own.push(one);
            }
            _ => bursts.push(Burst { buyer, own: vec![one] }),
        }
    }
    Ok(bursts)
}

impl Burst {
    fn find_twins(&self, around: &[Neighbour], passed: &mut BTreeSet<Id>) {
        let mut by_cart = BTreeMap::<i64, Vec<i64>>::new();
        for one in around {
            by_cart.entry(one.cart).or_default().push(one.created_at);
        }
        for one in &self.own {
            let same = by_cart.get(&one.cart).map_or(&[][..], Vec::as_slice);
            let near = |at: &&i64| (**at - one.created_at).abs() <= TWINS_MS;
            // It is near itself.
            if same.iter().filter(near).nth(1).is_some() {
                passed.insert(one.id);
            }
        }
    }
}

/// The orders around each of `bursts`; none where these are more than `limit`.
fn around(
    ask: &mut dyn Ask,
    dialect: Dialect,
    bursts: &[Burst],
    limit: usize,
    budget: &mut Budget,
) -> Result<Vec<Option<Vec<Neighbour>>>, StoreError> {
    let table = along(dialect, "payment_order", Some("payment_order_buyer"));
    let mut sql = Sql::default();
    for (n, burst) in bursts.iter().enumerate() {
        let union = if n > 0 { " UNION ALL " } else { "" };
        let _ = write!(
            sql.text,
            "{union}SELECT * FROM (SELECT {n} AS n, id, created_at, cart FROM {table} \
             WHERE buyer_id = ? AND created_at >= ? AND created_at <= ? LIMIT {}) AS b{n}",
            limit + 1
        );
        let (first, last) = (&burst.own[0], &burst.own[burst.own.len() - 1]);
        sql.values.push(Value::from(&burst.buyer));
        sql.values.push(Value::Int(first.created_at - TWINS_MS));
        sql.values.push(Value::Int(last.created_at + TWINS_MS));
    }
    let kinds = vec![Kind::Int; 4];
    let rows =
        ask.ask(Query { table: "payment_order", sql: sql.text, kinds, values: sql.values })?;
    // Each span costs more than its few entries.
    budget.looked_at += rows.len() + 16 * bursts.len();
    let mut found: Vec<_> = bursts.iter().map(|_| Some(Vec::new())).collect();
    for mut row in rows {
        let of = &mut found[row.int()? as usize];
        let one = Neighbour { id: row.id()?, created_at: row.int()?, cart: row.int()? };
        if of.as_ref().is_some_and(|of| of.len() == limit) {
            *of = None;
        }
        if let Some(of) = of {
            of.push(one);
        }
    }
    Ok(found)
}
