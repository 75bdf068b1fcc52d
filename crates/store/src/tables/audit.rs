//! An order as it is stored, row by row beside what follows from its facts: for those who check the books.
//!
//! Read by whoever answers queries, in the lane and beside it. The version is read first and last: a tree that
//! changed in between is read again, so what is compared is of one state on every database.

use crate::StoreError;
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::{Kind, Row, Value};
use crate::tables::customers::{ORDER_PERSON, Sealed};
use crate::tables::orders;
use crate::tables::rows::{self, TreeRows, tree_rows};
use crate::tables::snapshots::{ORDER_SNAPSHOT, Snapshot};
use docket_domain::{Id, LogEntry, Seat, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// Times an order that keeps changing is read before it is left to the next run.
const TRIES: usize = 5;

/// An order with everything that is stored of it; its people stay sealed.
#[derive(Debug, Clone)]
pub struct Audit {
    /// The payment order's number.
    pub id: Id,
    /// The version that is stored beside its facts.
    pub version: i64,
    /// The tree, or why it cannot be read.
    pub tree: Result<Tree, String>,
    /// Columns that do not say what follows from the facts.
    pub stale: Vec<Stale>,
    /// Its log, by site and number; one row may be unreadable, and then says why.
    pub log: Result<Vec<LogEntry>, String>,
    /// What was agreed, by terms version.
    pub snapshots: Vec<Snapshot>,
    /// The keys of its effects on ledgers.
    pub effects: Vec<String>,
    /// The gift packs it gave.
    pub gifts: Vec<String>,
    /// The shop orders that have weigh slips.
    pub slips: Vec<String>,
    /// Its people, sealed.
    pub customer: Option<Sealed>,
    /// Whether a part of its log, or of what was agreed, is in the archive.
    pub archived: bool,
}

/// A column that does not say what follows from the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The number of the payment order, shop order or line whose row it is.
    pub node: Id,
    /// The column; for a word to find it by `term`.
    pub column: &'static str,
    /// What is stored; nothing where nothing is.
    pub stands: Option<String>,
    /// What follows from the facts; nothing where nothing should be stored.
    pub should: Option<String>,
}

/// The rows of many orders, by table and tree.
#[derive(Debug, Default)]
struct Stored {
    payments: BTreeMap<Id, Vec<Value>>,
    shops: BTreeMap<Id, Vec<Vec<Value>>>,
    items: BTreeMap<Id, Vec<Vec<Value>>>,
    log: BTreeMap<Id, Vec<Row>>,
    snapshots: BTreeMap<Id, Vec<Row>>,
    effects: BTreeMap<Id, Vec<String>>,
    gifts: BTreeMap<Id, Vec<String>>,
    slips: BTreeMap<Id, Vec<String>>,
    customers: BTreeMap<Id, Sealed>,
    archived: BTreeSet<Id>,
}

impl Stale {
    /// Whether nothing is stored where a status should be, or a number that stands for none.
    pub fn is_missing(&self) -> bool {
        let known = |text: &String| text.parse::<i64>().is_ok_and(|code| (0..=99).contains(&code));
        self.is_status() && !self.stands.as_ref().is_some_and(known)
    }

    /// Whether the column holds a status.
    pub fn is_status(&self) -> bool {
        self.column == "status" || self.column.ends_with("_status")
    }
}

impl Audit {
    /// What writes the columns anew, if the order is still at the version it was read at.
    pub fn fill(&self, seat: &Seat) -> Vec<Statement> {
        let Ok(tree) = &self.tree else { return Vec::new() };
        let TreeRows { payment, shops, items, terms } = tree_rows(tree, seat);
        let nodes: BTreeSet<Id> = self.stale.iter().map(|stale| stale.node).collect();
        let is_stale =
            |row: &Vec<Value>| matches!(row[1], Value::Int(id) if nodes.contains(&Id(id)));
        // The first row always: it guards the others.
        let mut values = payment[1..].to_vec();
        values.extend([payment[0].clone(), Value::Int(self.version)]);
        let sql = dialect::update_version(&orders::PAYMENT_ORDER);
        let mut filled = vec![Statement { sql, values, must_match: Some(1) }];
        for (table, rows) in [(&orders::SHOP_ORDER, shops), (&orders::ITEM_ORDER, items)] {
            for row in rows.into_iter().filter(is_stale) {
                let (key, rest) = row.split_at(table.key);
                let values = rest.iter().chain(key).cloned().collect();
                filled.push(Statement::any(dialect::update_row(table), values));
            }
        }
        if self.stale.iter().any(|stale| stale.column == "term") {
            for row in terms {
                // First away with it: a row that is there must not refuse the batch.
                filled.push(Statement::any(dialect::delete(&orders::ORDER_TERM), row.clone()));
                filled.push(Statement::any(dialect::insert(&orders::ORDER_TERM, 1), row));
            }
        }
        filled
    }

    fn of(
        id: Id,
        stored: &mut Stored,
        seat: &Seat,
        terms: &mut dyn Ask,
    ) -> Result<Option<Self>, StoreError> {
        let Some(payment) = stored.payments.remove(&id) else { return Ok(None) };
        let (shops, items) = (
            stored.shops.remove(&id).unwrap_or_default(),
            stored.items.remove(&id).unwrap_or_default(),
        );
        let version = match payment[1] {
            Value::Int(version) => version,
            _ => 0,
        };
        let tree = assembled(&payment, &shops, &items);
        let mut stale = Vec::new();
        if let Ok(tree) = &tree {
            let should = tree_rows(tree, seat);
            compare(&orders::PAYMENT_ORDER, 0, &[payment], &[should.payment], &mut stale);
            compare(&orders::SHOP_ORDER, 1, &shops, &should.shops, &mut stale);
            compare(&orders::ITEM_ORDER, 1, &items, &should.items, &mut stale);
            compare_terms(id, &should.terms, terms, &mut stale)?;
        }
        let log = stored.log.remove(&id).unwrap_or_default().into_iter().map(rows::entry_of);
        let snapshots = stored.snapshots.remove(&id).unwrap_or_default().into_iter();
        Ok(Some(Self {
            id,
            version,
            tree: tree.map_err(|error| error.to_string()),
            stale,
            log: log.collect::<Result<_, StoreError>>().map_err(|error| error.to_string()),
            // One with a hash of another length is as good as none.
            snapshots: snapshots.map(Snapshot::of).filter_map(Result::ok).collect(),
            effects: stored.effects.remove(&id).unwrap_or_default(),
            gifts: stored.gifts.remove(&id).unwrap_or_default(),
            slips: stored.slips.remove(&id).unwrap_or_default(),
            customer: stored.customers.remove(&id),
            archived: stored.archived.contains(&id),
        }))
    }
}

fn assembled(
    payment: &[Value],
    shops: &[Vec<Value>],
    items: &[Vec<Value>],
) -> Result<Tree, StoreError> {
    let row = |table: &'static Table, values: &[Value]| Row::new(table.name, values.to_vec());
    let payment = rows::payment_of(row(&orders::PAYMENT_ORDER, payment))?;
    let shops = shops.iter().map(|values| rows::shop_of(row(&orders::SHOP_ORDER, values)));
    let items = items.iter().map(|values| rows::item_of(row(&orders::ITEM_ORDER, values)));
    let trees = rows::assemble(
        vec![payment],
        shops.collect::<Result<_, _>>()?,
        items.collect::<Result<_, _>>()?,
    )?;
    let what = "it has no rows".to_owned();
    trees.into_iter().next().ok_or(StoreError::Corrupt { table: "payment_order", what })
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Int(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Blob(bytes) => Some(format!("{} bytes", bytes.len())),
    }
}

/// Compares the rows of one table, found by the column `of` that numbers their node.
fn compare(
    table: &'static Table,
    of: usize,
    stands: &[Vec<Value>],
    should: &[Vec<Value>],
    stale: &mut Vec<Stale>,
) {
    for should in should {
        let Value::Int(node) = should[of] else { continue };
        let Some(stands) = stands.iter().find(|row| row[of] == should[of]) else { continue };
        for (at, (column, _)) in table.columns.iter().enumerate() {
            // Of an order that was last written by the release before.
            let unwritten = *column == "parts" && stands[at] == Value::Null;
            if *column != "body" && stands[at] != should[at] && !unwritten {
                stale.push(Stale {
                    node: Id(node),
                    column,
                    stands: shown(&stands[at]),
                    should: shown(&should[at]),
                });
            }
        }
    }
}

/// Finds the words that the order should be found by and is not.
fn compare_terms(
    id: Id,
    should: &BTreeSet<Vec<Value>>,
    ask: &mut dyn Ask,
    stale: &mut Vec<Stale>,
) -> Result<(), StoreError> {
    let Some(first) = should.first() else { return Ok(()) };
    let holes = vec!["?"; should.len()].join(", ");
    let sql = format!(
        "SELECT term FROM order_term WHERE term IN ({holes}) AND created_at = ? AND tree = ?"
    );
    let values = should.iter().map(|row| row[0].clone()).chain(first[1..].iter().cloned());
    let query =
        Query { table: "order_term", sql, kinds: vec![Kind::Text], values: values.collect() };
    let mut there = BTreeSet::new();
    for mut row in ask.ask(query)? {
        there.insert(row.text()?);
    }
    for row in should {
        let term = shown(&row[0]);
        if term.as_ref().is_none_or(|term| !there.contains(term)) {
            stale.push(Stale { node: id, column: "term", stands: None, should: term });
        }
    }
    Ok(())
}

fn of_table(table: &'static Table, column: &str, order: &str, ids: &[Id]) -> Query {
    let holes = vec!["?"; ids.len()].join(", ");
    let sql = format!(
        "SELECT {} FROM {} WHERE {column} IN ({holes}) ORDER BY {order}",
        table.column_list(),
        table.name
    );
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    Query { table: table.name, sql, kinds: table.kinds(), values }
}

/// Raw rows by the tree in the column `of`.
fn by_tree(rows: Vec<Row>, of: usize) -> BTreeMap<Id, Vec<Vec<Value>>> {
    let mut found = BTreeMap::<Id, Vec<Vec<Value>>>::new();
    for row in rows {
        let values = row.rest();
        if let Value::Int(tree) = values[of] {
            found.entry(Id(tree)).or_default().push(values);
        }
    }
    found
}

/// One column of the rows of a table beside orders, by their tree.
fn names(
    ask: &mut dyn Ask,
    table: &'static str,
    column: &str,
    of: &str,
    ids: &[Id],
) -> Result<BTreeMap<Id, Vec<String>>, StoreError> {
    let holes = vec!["?"; ids.len()].join(", ");
    let sql = format!("SELECT tree, CAST({column} AS CHAR) FROM {table} WHERE {of} IN ({holes})");
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    let kinds = vec![Kind::Int, Kind::Text];
    let mut found = BTreeMap::<Id, Vec<String>>::new();
    for mut row in ask.ask(Query { table, sql, kinds, values })? {
        found.entry(row.id()?).or_default().push(row.text()?);
    }
    Ok(found)
}

fn stored(ids: &[Id], ask: &mut dyn Ask) -> Result<Stored, StoreError> {
    let rows = |rows: BTreeMap<Id, Vec<Vec<Value>>>, table: &'static Table| {
        let read = |rows: Vec<Vec<Value>>| {
            rows.into_iter().map(|values| Row::new(table.name, values)).collect()
        };
        rows.into_iter().map(|(id, rows)| (id, read(rows))).collect()
    };
    let shops = by_tree(ask.ask(of_table(&orders::SHOP_ORDER, "tree", "tree, position", ids))?, 0);
    let shop_ids = shops.values().flatten().filter_map(|row| match row[1] {
        Value::Int(id) => Some(Id(id)),
        _ => None,
    });
    let shop_ids: Vec<_> = shop_ids.collect();
    let slips = if shop_ids.is_empty() {
        BTreeMap::new()
    } else {
        names(ask, "weigh_slip", "shop_order", "shop_order", &shop_ids)?
    };
    let payments = by_tree(ask.ask(of_table(&orders::PAYMENT_ORDER, "id", "id", ids))?, 0);
    let first = |(id, rows): (Id, Vec<Vec<Value>>)| Some((id, rows.into_iter().next()?));
    let customers = ask.ask(of_table(&ORDER_PERSON, "tree", "tree", ids))?;
    let (log, agreed) = (&orders::ORDER_OPERATION, &ORDER_SNAPSHOT);
    Ok(Stored {
        payments: payments.into_iter().filter_map(first).collect(),
        shops,
        effects: names(ask, "effect", "effect", "tree", ids)?,
        gifts: names(ask, "gift", "pack_id", "tree", ids)?,
        slips,
        customers: customers.into_iter().map(Sealed::of).collect::<Result<_, _>>()?,
        archived: archived(ids, ask)?,
        items: by_tree(ask.ask(of_table(&orders::ITEM_ORDER, "tree", "tree, position", ids))?, 0),
        log: rows(by_tree(ask.ask(of_table(log, "tree", "tree, site, seq", ids))?, 0), log),
        snapshots: rows(
            by_tree(ask.ask(of_table(agreed, "tree", "tree, terms_version", ids))?, 0),
            agreed,
        ),
    })
}

/// Those of whose history a part is in the archive.
fn archived(ids: &[Id], ask: &mut dyn Ask) -> Result<BTreeSet<Id>, StoreError> {
    let holes = vec!["?"; ids.len()].join(", ");
    let sql = format!("SELECT DISTINCT tree FROM archive_tree WHERE tree IN ({holes})");
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    let query = Query { table: "archive_tree", sql, kinds: vec![Kind::Int], values };
    ask.ask(query)?.into_iter().map(|mut row| row.id()).collect()
}

fn versions(ids: &[Id], ask: &mut dyn Ask) -> Result<BTreeMap<Id, i64>, StoreError> {
    let holes = vec!["?"; ids.len()].join(", ");
    let sql = format!("SELECT id, version FROM payment_order WHERE id IN ({holes})");
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    let query = Query { table: "payment_order", sql, kinds: vec![Kind::Int; 2], values };
    let read = |mut row: Row| Ok((row.id()?, row.int()?));
    ask.ask(query)?.into_iter().map(read).collect()
}

/// The orders `ids`, in the order of their numbers; those that are not there, or never stand still, are left out.
pub fn audits(ids: &[Id], seat: &Seat, ask: &mut dyn Ask) -> Result<Vec<Audit>, StoreError> {
    let (mut found, mut unread) = (BTreeMap::new(), ids.to_vec());
    for _ in 0..TRIES {
        if unread.is_empty() {
            break;
        }
        let mut stored = stored(&unread, ask)?;
        let mut read = Vec::with_capacity(unread.len());
        for id in &unread {
            read.extend(Audit::of(*id, &mut stored, seat, ask)?);
        }
        let now = versions(&unread, ask)?;
        let (settled, moved): (Vec<_>, Vec<_>) =
            read.into_iter().partition(|audit| now.get(&audit.id) == Some(&audit.version));
        unread = moved.into_iter().map(|audit| audit.id).collect();
        found.extend(settled.into_iter().map(|audit| (audit.id, audit)));
    }
    Ok(found.into_values().collect())
}

/// Some orders, in the order of their numbers.
#[derive(Debug, Default)]
pub struct AuditPage {
    /// Those that could be read.
    pub audits: Vec<Audit>,
    /// Those of which nothing can be read, or not all, because what is stored is damaged; and why.
    pub damaged: Vec<(Id, String)>,
    /// The last number looked at; none at the end.
    pub last: Option<Id>,
    /// Why the list of orders itself could not be read here and was made of the rows beside them.
    pub unlisted: Option<String>,
}

fn numbers(ask: &mut dyn Ask, sql: String, values: Vec<Value>) -> Result<Vec<Id>, StoreError> {
    let query = Query { table: "payment_order", sql, kinds: vec![Kind::Int], values };
    ask.ask(query)?.into_iter().map(|mut row| row.id()).collect()
}

/// The next orders after `after` by number, at most `limit`, that changed at or after `since`. Damage of one order
/// hides no other.
pub fn audit_page(
    after: Id,
    since: Option<docket_domain::Time>,
    limit: usize,
    seat: &Seat,
    ask: &mut dyn Ask,
) -> Result<AuditPage, StoreError> {
    let changed = if since.is_some() { "AND updated_at >= ?" } else { "" };
    let sql =
        format!("SELECT id FROM payment_order WHERE id > ? {changed} ORDER BY id LIMIT {limit}");
    let values = [after.into()].into_iter().chain(since.map(Value::from)).collect();
    let mut page = AuditPage::default();
    let ids = match numbers(ask, sql, values) {
        Err(error) if error.is_damage() => {
            // The rows of shop orders name the same orders.
            page.unlisted = Some(error.to_string());
            let sql = format!(
                "SELECT DISTINCT tree FROM shop_order WHERE tree > ? ORDER BY tree LIMIT {limit}"
            );
            numbers(ask, sql, vec![after.into()])?
        }
        listed => listed?,
    };
    page.last = ids.last().copied();
    if ids.is_empty() {
        return Ok(page);
    }
    match audits(&ids, seat, ask) {
        Ok(audits) => page.audits = audits,
        Err(error) if error.is_damage() => {
            for id in ids {
                match audits(&[id], seat, ask) {
                    Ok(mut audit) => page.audits.append(&mut audit),
                    Err(error) if error.is_damage() => page.damaged.push((id, error.to_string())),
                    Err(error) => return Err(error),
                }
            }
        }
        Err(error) => return Err(error),
    }
    Ok(page)
}
