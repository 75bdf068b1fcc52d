//! Orders in the lane: trees, their log rows, and the numbers that their sources gave them.

use super::archive::ARCHIVE_ORDER;
use crate::StoreError;
use crate::database::{Connection, GuardedRow};
use crate::sql::dialect::Lookup;
use crate::sql::table::Table;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::tables::orders::{ITEM_ORDER, ORDER_OPERATION, ORDER_TERM, PAYMENT_ORDER, SHOP_ORDER};
use crate::tables::rows::{self, changed_rows, log_row, tree_rows};
use docket_domain::{Id, LogEntry, Tree};
use std::collections::BTreeSet;
use std::sync::Arc;

static PAYMENT: Lookup = Lookup { table: &PAYMENT_ORDER, fixed: None, list: "id" };
static SHOPS: Lookup = Lookup { table: &SHOP_ORDER, fixed: None, list: "tree" };
static ITEMS: Lookup = Lookup { table: &ITEM_ORDER, fixed: None, list: "tree" };
static NUMBER: Lookup = Lookup { table: &ORDER_TERM, fixed: None, list: "term" };
static NUMBER_AWAY: Lookup = Lookup { table: &ARCHIVE_ORDER, fixed: None, list: "external_id" };

/// One change of one tree.
#[derive(Debug)]
pub struct TreeWrite {
    /// The tree after it.
    pub tree: Arc<Tree>,
    /// Its log row.
    pub entry: LogEntry,
}

impl Seen for Tree {
    type Key = Id;
    type Found = Option<Arc<Self>>;

    fn load(ids: &BTreeSet<Id>, from: &mut Source<'_>) -> Result<Vec<(Id, Arc<Self>)>, StoreError> {
        let payments = from.rows_by(&PAYMENT, ids)?.into_iter().map(rows::payment_of);
        let payments = payments.collect::<Result<Vec<_>, _>>()?;
        let shops = from.rows_by(&SHOPS, payments.iter().map(|order| &order.id))?;
        let shops = shops.into_iter().map(rows::shop_of).collect::<Result<_, _>>()?;
        let items = from.rows_by(&ITEMS, payments.iter().map(|order| &order.id))?;
        let items = items.into_iter().map(rows::item_of).collect::<Result<_, _>>()?;
        let trees = rows::assemble(payments, shops, items)?.into_iter();
        Ok(trees.map(|tree| (tree.id(), Arc::new(tree))).collect())
    }

    fn apply(trees: &mut Layer<Self>, writes: &Writes) {
        for write in &writes.trees {
            trees.change(write.tree.id(), Some(Arc::clone(&write.tree)));
        }
    }
}

/// The orders that their sources gave a number.
#[derive(Debug)]
pub struct Numbered;

impl Seen for Numbered {
    type Key = String;
    type Found = Vec<Id>;

    fn load(
        numbers: &BTreeSet<String>,
        from: &mut Source<'_>,
    ) -> Result<Vec<(String, Id)>, StoreError> {
        let mut found = Vec::new();
        let terms = numbers.iter().map(|number| format!("{}{number}", rows::EXTERNAL));
        let here = from.rows(&NUMBER, terms.map(|term| (None, term.into())))?;
        let away = from.rows_by(&NUMBER_AWAY, numbers)?;
        for mut row in here {
            let term = row.text()?;
            row.skip();
            if let Some(number) = term.strip_prefix(rows::EXTERNAL) {
                found.push((number.to_owned(), row.id()?));
            }
        }
        for mut row in away {
            let tree = row.id()?;
            row.skip();
            row.skip();
            found.push((row.text()?, tree));
        }
        Ok(found)
    }

    /// Lets the pieces that follow find a tree by its number, if they have asked for that number.
    fn apply(numbers: &mut Layer<Self>, writes: &Writes) {
        for write in &writes.trees {
            let id = write.tree.id();
            let Some(number) = &write.tree.payment.external_id else { continue };
            let Some(known) = numbers.get(number).filter(|known| !known.contains(&id)) else {
                continue;
            };
            let mut known = known.clone();
            known.push(id);
            numbers.change(number.clone(), known);
        }
    }
}

impl Written for LogEntry {
    const TABLE: &'static Table = &ORDER_OPERATION;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.insert(writes.trees.iter().map(|write| log_row(&write.entry)));
    }
}

impl View {
    /// The tree of payment order `id`, if there is one.
    pub fn tree(&self, id: Id) -> Result<Option<&Arc<Tree>>, Need> {
        Need::unless(self.trees.get(&id), || Key::Tree(id)).map(Option::as_ref)
    }

    /// The orders that their sources gave the number `external_id`.
    pub fn number(&self, external_id: &str) -> Result<&[Id], Need> {
        let found = self.numbers.get(&external_id.to_owned());
        Need::unless(found, || Key::Number(external_id.to_owned())).map(Vec::as_slice)
    }
}

/// Writes every tree the batch changed, in the order of their ids: new ones whole, others by the rows that differ.
pub fn write(view: &View, connection: &mut dyn Connection) -> Result<(), StoreError> {
    let mut trees: Vec<_> = view.trees.changed().flatten().collect();
    trees.sort_unstable_by_key(|tree| tree.id());
    let mut new_trees = [const { Vec::new() }; 3];
    let mut guarded = Vec::new();
    let mut changed = [const { Vec::new() }; 2];
    let (mut new_terms, mut old_terms) = (Vec::new(), Vec::new());
    for tree in trees {
        let Some(loaded) = view.trees.before(&tree.id()).and_then(Option::as_ref) else {
            let rows = tree_rows(tree, &view.seat);
            new_terms.extend(rows.terms);
            new_trees[0].push(rows.payment);
            new_trees[1].extend(rows.shops);
            new_trees[2].extend(rows.items);
            continue;
        };
        let (rows, gone) = changed_rows(loaded, tree, &view.seat);
        guarded.push(GuardedRow { over: loaded.payment.version.into(), row: rows.payment });
        changed[0].extend(rows.shops);
        changed[1].extend(rows.items);
        old_terms.extend(gone);
        new_terms.extend(rows.terms);
    }
    connection.replace_versions(&PAYMENT_ORDER, &guarded)?;
    let tables = [&PAYMENT_ORDER, &SHOP_ORDER, &ITEM_ORDER];
    for (table, rows) in tables.into_iter().zip(&new_trees) {
        connection.insert(table, rows)?;
    }
    connection.upsert(&SHOP_ORDER, &changed[0])?;
    connection.upsert(&ITEM_ORDER, &changed[1])?;
    connection.delete(&ORDER_TERM, &old_terms)?;
    connection.insert(&ORDER_TERM, &new_terms)
}
