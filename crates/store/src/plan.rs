//! From what the pieces of a batch decided to what is written: one plan, made without a database.
//!
//! A tree that changed several times in a batch is written once; every change keeps its log row. A ledger
//! row gets one delta a batch, in key order and before the trees, so that two processes cannot deadlock.

use crate::StoreError;
use crate::counter::Moves;
use crate::database::{Connection, GuardedRow};
use crate::dialect;
use crate::rows::{changed_rows, log_row, tree_rows};
use crate::table::{self, Table};
use crate::tables::accounts::{Account, AccountChange, AccountLine};
use crate::tables::copy_notes::CopyNote;
use crate::tables::coupons::{self, Counting, Used};
use crate::tables::customers::{Sealed, Telephone};
use crate::tables::effects::EffectRow;
use crate::tables::gifts::{GiftPack, GiftRow};
use crate::tables::idempotency::Idempotent;
use crate::tables::members::Member;
use crate::tables::products::Price;
use crate::tables::schedules::Raise;
use crate::tables::slips::SlipRow;
use crate::tables::snapshots::Snapshot;
use crate::tables::stock::{Adjustment, Held, Stock};
use crate::tables::tasks::{Announced, NewTask};
use crate::value::Value;
use crate::view::View;
use docket_domain::{Coupon, Id, LogEntry, Time, Tree};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one piece wants written, all or nothing.
#[derive(Debug, Default)]
pub struct Writes {
    /// Trees, new or changed, each with its log row.
    pub trees: Vec<TreeWrite>,
    /// Moves in the stock ledger.
    pub stock: Vec<Held>,
    /// Unique keys that become a tree's, with the fingerprint of the request where it may come again.
    pub unique: Vec<(String, Id, Option<[u8; 32]>)>,
    /// What an idempotency key stands for from now on.
    pub idempotency: Option<([u8; 32], Idempotent)>,
    /// Agreed trees.
    pub snapshots: Vec<Snapshot>,
    /// Sealed people, each over the one before.
    pub customers: Vec<(Id, Sealed)>,
    /// Telephones to find trees by.
    pub phones: Vec<Telephone>,
    /// Telephones that trees are not found by any more.
    pub phones_gone: Vec<Telephone>,
    /// Tasks; of those with a unique key, the ones that are not there already.
    pub tasks: Vec<NewTask>,
    /// The slot of a schedule that this piece runs.
    pub slot: Option<Raise>,
    /// The book of counts and adjustments.
    pub adjustments: Vec<Adjustment>,
    /// Prices of products.
    pub products: Vec<Price>,
    /// Coupons, each over the version before it, with the time of the change.
    pub coupons: Vec<(Coupon, Time)>,
    /// Moves of the counts of coupons.
    pub counts: Vec<Counting>,
    /// Moves in accounts.
    pub accounts: Vec<AccountChange>,
    /// The book of accounts.
    pub account_lines: Vec<AccountLine>,
    /// What came about by orders; a second one under a key is a conflict.
    pub effects: Vec<EffectRow>,
    /// Gift packs that were issued or taken back.
    pub gifts: Vec<GiftRow>,
    /// Weigh slips, new or over those of their shop orders.
    pub slips: Vec<SlipRow>,
    /// Gift packs, new or over those of their ids.
    pub gift_packs: Vec<GiftPack>,
    /// Members, new or over those of their buyers.
    pub members: Vec<Member>,
    /// What is to be said of copies; what was said before stays.
    pub copy_notes: Vec<CopyNote>,
    /// Anything else of this crate's tables.
    pub statements: Vec<Statement>,
}

/// One change of one tree.
#[derive(Debug)]
pub struct TreeWrite {
    /// The tree after it.
    pub tree: Arc<Tree>,
    /// Its log row.
    pub entry: LogEntry,
}

/// A statement that one of this crate's tables made; others pass it on unread.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) values: Vec<Value>,
    /// How many rows it must match; otherwise the batch is decided again.
    pub(crate) must_match: Option<u64>,
}

impl Statement {
    /// A statement that may match any number of rows.
    pub(crate) const fn any(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql, values, must_match: None }
    }

    /// One such statement for each chunk of `ids`, with the same values before and after them.
    pub(crate) fn chunked(
        ids: &[Id],
        sql: fn(usize) -> &'static str,
        before: &[Value],
        after: &[Value],
    ) -> Vec<Self> {
        let mut rest = ids;
        let chunk = |size| {
            let (chunk, left) = rest.split_at(size);
            rest = left;
            let listed = chunk.iter().map(|id| Value::from(*id));
            let values = before.iter().cloned().chain(listed).chain(after.iter().cloned());
            Self::any(sql(size), values.collect())
        };
        dialect::chunks(ids.len()).map(chunk).collect()
    }
}

/// Everything a batch writes.
#[derive(Debug, Default)]
pub struct Plan {
    stock: Moves<Stock>,
    counts: Moves<Used>,
    accounts: Moves<Account>,
    log: Vec<Vec<Value>>,
    unique: Vec<Vec<Value>>,
    idempotency: Vec<Vec<Value>>,
    snapshots: Vec<Vec<Value>>,
    customers: BTreeMap<Id, Vec<Value>>,
    phones: Vec<Vec<Value>>,
    phones_gone: Vec<Vec<Value>>,
    tasks: Vec<Vec<Value>>,
    tasks_once: Vec<Vec<Value>>,
    /// For the doorbell, after the commit.
    pub announced: Vec<Announced>,
    adjustments: Vec<Vec<Value>>,
    products: BTreeMap<(String, String), Vec<Value>>,
    account_lines: Vec<Vec<Value>>,
    effects: Vec<Vec<Value>>,
    gifts: Vec<Vec<Value>>,
    copy_notes: Vec<Vec<Value>>,
    slips: BTreeMap<Id, Vec<Value>>,
    gift_packs: BTreeMap<String, Vec<Value>>,
    members: BTreeMap<String, Vec<Value>>,
    statements: Vec<Statement>,
}

impl Plan {
    /// Adds what one piece decided.
    pub fn add(&mut self, writes: Writes) {
        self.stock.add(writes.stock);
        self.counts.add(writes.counts);
        self.accounts.add(writes.accounts);
        self.log.extend(writes.trees.iter().map(|write| log_row(&write.entry)));
        let unique = writes.unique.into_iter();
        self.unique
            .extend(unique.map(|(name, tree, print)| vec![name.into(), tree.into(), print.into()]));
        self.idempotency.extend(writes.idempotency.map(|(hash, answer)| answer.row(hash)));
        self.snapshots.extend(writes.snapshots.into_iter().map(Snapshot::row));
        self.customers
            .extend(writes.customers.into_iter().map(|(tree, sealed)| (tree, sealed.row(tree))));
        self.add_phones(writes.phones, writes.phones_gone);
        for task in writes.tasks {
            self.announced.push(task.announced());
            let once = task.unique_key.is_some();
            if once { &mut self.tasks_once } else { &mut self.tasks }.push(task.row());
        }
        self.statements.extend(writes.slot.map(Raise::statement));
        self.adjustments.extend(writes.adjustments.into_iter().map(Adjustment::row));
        for price in writes.products {
            self.products.insert((price.sku_id.clone(), price.place.clone()), price.row());
        }
        self.statements
            .extend(writes.coupons.iter().map(|(coupon, at)| coupons::write(coupon, *at)));
        self.account_lines.extend(writes.account_lines.into_iter().map(AccountLine::row));
        self.effects.extend(writes.effects.into_iter().map(EffectRow::row));
        for gift in writes.gifts {
            match gift.ended_at {
                None => self.gifts.push(gift.row()),
                Some(at) => self.statements.push(gift.take_back(at)),
            }
        }
        self.copy_notes.extend(writes.copy_notes.into_iter().map(CopyNote::row));
        self.slips.extend(writes.slips.into_iter().map(|slip| (slip.slip.shop_order, slip.row())));
        let packs = writes.gift_packs.into_iter();
        self.gift_packs.extend(packs.map(|pack| (pack.pack_id.clone(), pack.row())));
        let members = writes.members.into_iter();
        self.members.extend(members.map(|member| (member.buyer_id.clone(), member.row())));
        self.statements.extend(writes.statements);
    }

    /// What goes and what comes, of pieces that may contradict each other: the later one holds.
    fn add_phones(&mut self, phones: Vec<Telephone>, gone: Vec<Telephone>) {
        let key = table::ORDER_PHONE.key;
        for gone in gone.into_iter().map(Telephone::key) {
            self.phones.retain(|row| row[..key] != gone[..]);
            self.phones_gone.push(gone);
        }
        for row in phones.into_iter().map(Telephone::row) {
            self.phones_gone.retain(|gone| gone[..] != row[..key]);
            self.phones.push(row);
        }
    }

    /// Adds a statement of the engine's own.
    pub fn add_statement(&mut self, statement: Statement) {
        self.statements.push(statement);
    }

    /// Writes it all through `connection`, inside its open transaction.
    pub fn write(
        &mut self,
        view: &View,
        connection: &mut dyn Connection,
    ) -> Result<(), StoreError> {
        self.stock.write(&view.stock, connection)?;
        self.counts.write(&view.used, connection)?;
        self.accounts.write(&view.accounts, connection)?;
        write_trees(view, connection)?;
        let new: [(&'static Table, &mut Vec<Vec<Value>>); 10] = [
            (&table::ORDER_OPERATION, &mut self.log),
            (&table::ORDER_SNAPSHOT, &mut self.snapshots),
            (&table::UNIQUE_KEY, &mut self.unique),
            (&table::IDEMPOTENCY, &mut self.idempotency),
            (&table::TASK, &mut self.tasks),
            (&table::STOCK_ADJUSTMENT, &mut self.adjustments),
            (&table::ORDER_PHONE, &mut self.phones),
            (&table::ACCOUNT_ADJUSTMENT, &mut self.account_lines),
            (&table::EFFECT, &mut self.effects),
            (&table::GIFT, &mut self.gifts),
        ];
        for (table, rows) in new.into_iter().filter(|(_, rows)| !rows.is_empty()) {
            rows.sort_unstable_by(|a, b| a[..table.key].cmp(&b[..table.key]));
            if table.name == table::ORDER_PHONE.name {
                rows.dedup();
                connection.insert_missing(table, rows)?;
            } else {
                connection.insert(table, rows)?;
            }
        }
        connection.delete(&table::ORDER_PHONE, &self.phones_gone)?;
        connection.insert_missing(&table::TASK, &self.tasks_once)?;
        connection.insert_missing(&table::COPY_NOTE, &self.copy_notes)?;
        let customers: Vec<_> = std::mem::take(&mut self.customers).into_values().collect();
        connection.upsert(&table::ORDER_PERSON, &customers)?;
        let products: Vec<_> = std::mem::take(&mut self.products).into_values().collect();
        connection.upsert(&table::PRODUCT, &products)?;
        self.write_masters(connection)?;
        self.statements.iter().try_for_each(|statement| connection.execute_exactly(statement))
    }

    /// Slips, packs and members: rare, and the last one holds.
    fn write_masters(&mut self, connection: &mut dyn Connection) -> Result<(), StoreError> {
        let slips: Vec<_> = std::mem::take(&mut self.slips).into_values().collect();
        let packs: Vec<_> = std::mem::take(&mut self.gift_packs).into_values().collect();
        let members: Vec<_> = std::mem::take(&mut self.members).into_values().collect();
        let tables = [&table::WEIGH_SLIP, &table::GIFT_PACK, &table::MEMBER];
        for (table, rows) in tables.into_iter().zip([slips, packs, members]) {
            if !rows.is_empty() {
                connection.upsert(table, &rows)?;
            }
        }
        Ok(())
    }
}

/// Writes every tree the batch changed: new ones whole, others by the rows that differ.
fn write_trees(view: &View, connection: &mut dyn Connection) -> Result<(), StoreError> {
    let mut new_trees = [const { Vec::new() }; 3];
    let mut guarded = Vec::new();
    let mut changed = [const { Vec::new() }; 2];
    let (mut new_terms, mut old_terms) = (Vec::new(), Vec::new());
    for tree in view.trees_changed() {
        let Some(loaded) = view.tree_loaded(tree.id()) else {
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
    connection.replace_trees(&table::PAYMENT_ORDER, &guarded)?;
    let tables = [&table::PAYMENT_ORDER, &table::SHOP_ORDER, &table::ITEM_ORDER];
    for (table, rows) in tables.into_iter().zip(&new_trees) {
        connection.insert(table, rows)?;
    }
    connection.upsert(&table::SHOP_ORDER, &changed[0])?;
    connection.upsert(&table::ITEM_ORDER, &changed[1])?;
    connection.delete(&table::ORDER_TERM, &old_terms)?;
    connection.insert(&table::ORDER_TERM, &new_terms)
}
