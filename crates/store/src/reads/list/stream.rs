//! Candidates of a list, newest first: ranges of indexes, read in pieces and merged.

use super::lead::{Lead, Range};
use super::{Bounds, Budget, Cursor, Filter, Sort};
use crate::StoreError;
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::Dialect;
use crate::sql::text::{Sql, along};
use crate::sql::value::{Kind, Row};
use docket_domain::{Id, Time};
use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;

/// An order that may be one of those that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Where it stands in the order of the page.
    pub position: Cursor,
    /// When it was placed.
    pub created_at: Time,
}

/// Reads a candidate: what it is sorted by, its number, when it was placed.
pub fn candidate(mut row: Row) -> Result<Candidate, StoreError> {
    let position = Cursor { at: row.time()?, id: row.id()? };
    Ok(Candidate { position, created_at: row.time()? })
}

/// How far a range was looked at. A moment may be that of any number of orders, and not every database finds a pair
/// of time and number in an index: what is left of a moment is looked at by itself.
#[derive(Debug, Clone, Copy)]
enum Reached {
    /// Not at all.
    Nothing,
    /// This entry.
    Entry(Cursor),
    /// All of this moment.
    Moment(Time),
    /// Its end.
    End,
}

/// One range, as far as it was read.
struct Branch {
    range: Range,
    read: VecDeque<Candidate>,
    reached: Reached,
}

/// Newer than every order.
const NOTHING: Cursor = Cursor { at: Time(i64::MAX), id: Id(i64::MAX) };

/// Ranges, merged.
pub struct Stream {
    branches: Vec<Branch>,
    /// Where the page begins.
    from: Option<Cursor>,
    /// The last candidate that was given.
    given: Option<Cursor>,
    piece: usize,
}

impl Stream {
    /// The candidates of `ranges`, from the cursor of `filter` on.
    pub fn new(ranges: Vec<Range>, filter: &Filter, bounds: Bounds) -> Self {
        let from = filter.cursor;
        let reached = from.map_or(Reached::Nothing, Reached::Entry);
        let branch = |range| Branch { range, read: VecDeque::new(), reached };
        let branches = ranges.into_iter().map(branch).collect();
        Self { branches, from, given: from, piece: bounds.piece[0] }
    }

    /// Every candidate that comes no later than this was given; none where there are no more.
    pub fn reached(&self) -> Option<Cursor> {
        if self.branches.iter().any(|branch| !branch.read.is_empty()) {
            return self.given;
        }
        let reached = self.branches.iter().filter_map(|branch| match branch.reached {
            Reached::Nothing => Some(NOTHING),
            Reached::Entry(cursor) => Some(cursor),
            // No order has this number.
            Reached::Moment(at) => Some(Cursor { at, id: Id(0) }),
            Reached::End => None,
        });
        reached.max()
    }

    /// Whether a page that ends now ends behind where it begins. Where one range has candidates and another has looked
    /// at nothing older, it does not, however much was looked at: the next page would be the same one.
    fn has_moved(&self) -> bool {
        self.reached() != self.from
    }

    /// The next candidates, about `wanted` of them: fewer at the end, or where enough was looked at.
    pub fn next(
        &mut self,
        ask: &mut dyn Ask,
        dialect: Dialect,
        wanted: usize,
        budget: &mut Budget,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut batch = Vec::with_capacity(wanted);
        while batch.len() < wanted {
            while self.branches.iter().any(Branch::is_dry) {
                if budget.looked_at >= budget.bounds.looked_at && self.has_moved() {
                    return Ok(batch);
                }
                self.fill(ask, dialect, wanted, budget)?;
            }
            let newest = self.branches.iter_mut().filter(|branch| !branch.read.is_empty());
            let newest = newest.max_by_key(|branch| branch.read[0].position);
            let Some(one) = newest.and_then(|branch| branch.read.pop_front()) else { break };
            // A tree may have two lines of one SKU, or two shop orders of one shop.
            if self.given != Some(one.position) {
                self.given = Some(one.position);
                batch.push(one);
            }
        }
        Ok(batch)
    }

    /// Reads on in every branch of which nothing is left.
    fn fill(
        &mut self,
        ask: &mut dyn Ask,
        dialect: Dialect,
        wanted: usize,
        budget: &mut Budget,
    ) -> Result<(), StoreError> {
        if let [only] = &mut self.branches[..]
            && !only.range.cover.text.is_empty()
        {
            let piece = self.piece;
            self.piece = (piece * 4).min(budget.bounds.piece[1]);
            return only.fill_covered(ask, dialect, piece, budget);
        }
        let mut sql = Sql::default();
        let mut pieces = Vec::new();
        for (n, branch) in self.branches.iter().enumerate().filter(|(_, branch)| branch.is_dry()) {
            if !sql.text.is_empty() {
                sql.text.push_str(" UNION ALL ");
            }
            let Range { time, tree, created, .. } = branch.range;
            let columns = format!("{n} AS n, {time} AS at, {tree} AS id, {created} AS placed");
            sql.text.push_str("SELECT * FROM (");
            branch.select(&mut sql, dialect, &columns, wanted);
            let _ = write!(sql.text, ") AS b{n}");
            pieces.push((n, Vec::with_capacity(wanted)));
        }
        let rows = ask.ask(query("payment_order", sql, 4))?;
        budget.looked_at += rows.len();
        for mut row in rows {
            let n = row.int()? as usize;
            let one = candidate(row)?;
            let piece = pieces.iter_mut().find(|(of, _)| *of == n);
            if let Some((_, piece)) = piece {
                piece.push(one);
            }
        }
        for (n, mut piece) in pieces {
            piece.sort_unstable_by_key(|one| std::cmp::Reverse(one.position));
            let branch = &mut self.branches[n];
            branch.reach(piece.last().filter(|_| piece.len() == wanted));
            branch.read = piece.into();
        }
        Ok(())
    }
}

impl Branch {
    fn is_dry(&self) -> bool {
        self.read.is_empty() && !matches!(self.reached, Reached::End)
    }

    /// Goes on behind a piece: behind its last entry, or where the piece was all that was left there.
    fn reach(&mut self, last: Option<&Candidate>) {
        self.reached = match (last, self.reached) {
            (Some(last), _) => Reached::Entry(last.position),
            (None, Reached::Entry(cursor)) => Reached::Moment(cursor.at),
            (None, _) => Reached::End,
        };
    }

    /// The next `limit` entries: `columns` of them.
    fn select(&self, sql: &mut Sql, dialect: Dialect, columns: &str, limit: usize) {
        let Range { table, index, time, tree, within: (from, to), .. } = self.range;
        let table = along(dialect, table, index);
        let _ = write!(sql.text, "SELECT {columns} FROM {table} WHERE 1 = 1");
        sql.append(&self.range.fixed);
        match self.reached {
            Reached::Nothing | Reached::End => sql.between(time, (from, to)),
            Reached::Entry(Cursor { at, id }) => {
                sql.and(&format!("{time} = ? AND {tree} < ?"), [at.into(), id.into()]);
                sql.between(time, (from, to));
            }
            // One upper bound: of two, the other might be tested entry by entry.
            Reached::Moment(at) => {
                sql.between(time, (from, Some(to.map_or(at, |to| to.min(at)))));
            }
        }
        let _ = write!(sql.text, " ORDER BY {time} DESC, {tree} DESC LIMIT {limit}");
    }

    /// Reads those of the next `piece` entries that pass what the index itself tells, and how far these reach.
    fn fill_covered(
        &mut self,
        ask: &mut dyn Ask,
        dialect: Dialect,
        piece: usize,
        budget: &mut Budget,
    ) -> Result<(), StoreError> {
        let Range { table, time, tree, created, told, .. } = self.range;
        let columns = format!("{time} AS at, {tree} AS id, {created} AS placed");
        let mut far = Sql::default();
        self.select(&mut far, dialect, &columns, 1);
        let _ = write!(far.text, " OFFSET {}", piece - 1);
        let far = ask.ask(query(table, far, 3))?.into_iter().next().map(candidate).transpose()?;
        let columns_and_others = [&[columns.as_str()], told].concat().join(", ");
        let mut sql = Sql { text: "SELECT at, id, placed FROM (".to_owned(), values: Vec::new() };
        self.select(&mut sql, dialect, &columns_and_others, piece);
        sql.text.push_str(") AS piece WHERE 1 = 1");
        sql.append(&self.range.cover);
        for row in ask.ask(query(table, sql, 3))? {
            self.read.push_back(candidate(row)?);
        }
        self.read.make_contiguous().sort_unstable_by_key(|one| std::cmp::Reverse(one.position));
        budget.looked_at += piece;
        self.reach(far.as_ref());
        Ok(())
    }
}

fn query(table: &'static str, sql: Sql, columns: usize) -> Query {
    Query { table, sql: sql.text, kinds: vec![Kind::Int; columns], values: sql.values }
}

/// The orders of `lead`, if there are few.
pub fn whole(
    ask: &mut dyn Ask,
    dialect: Dialect,
    filter: &Filter,
    lead: &Lead,
    budget: &mut Budget,
) -> Result<Option<BTreeSet<Id>>, StoreError> {
    if let Some(id) = lead.order {
        return Ok(Some(BTreeSet::from([id])));
    }
    let mut found = BTreeSet::new();
    let mut left = budget.bounds.whole + 1;
    for range in &lead.ranges {
        let Range { table, index, time, tree, .. } = *range;
        let text = format!("SELECT {tree} FROM {} WHERE 1 = 1", along(dialect, table, index));
        let mut sql = Sql { text, values: Vec::new() };
        sql.append(&range.fixed);
        sql.between(time, range.within);
        if let Some(cursor) = filter.cursor
            && time == "created_at"
            && filter.sort == Sort::Created
        {
            sql.and("created_at <= ?", [cursor.at.into()]);
        }
        let _ = write!(sql.text, " LIMIT {left}");
        let rows = ask.ask(query(table, sql, 1))?;
        budget.looked_at += rows.len();
        left -= rows.len();
        if left == 0 {
            return Ok(None);
        }
        for mut row in rows {
            found.insert(row.id()?);
        }
    }
    Ok(Some(found))
}
