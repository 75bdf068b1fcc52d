//! What a batch of pieces sees: the rows it loaded, and over them what its own pieces have changed so far.

use crate::audit::Audit;
use crate::counter::Counted;
use crate::plan::Writes;
use crate::tables::accounts::Account;
use crate::tables::books::{Balance, BalanceKind};
use crate::tables::coupons::Used;
use crate::tables::customers::Sealed;
use crate::tables::idempotency::Idempotent;
use crate::tables::products::Price;
use crate::tables::stock::Stock;
use docket_domain::ledger::Ledger;
use docket_domain::{Coupon, Id, Seat, Time, Tree};
use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Names one thing a piece may need to see. Unique keys are keys like any other: loaded and decided, not
/// met as errors.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A whole tree, by the number of its payment order.
    Tree(Id),
    /// The stock of a SKU at a place.
    Stock {
        /// The place that the stock stands at.
        place: String,
        /// The SKU.
        sku_id: String,
    },
    /// What a SKU costs, at every place.
    Product(String),
    /// Whose a unique key is.
    Unique(String),
    /// Which orders their sources gave a number, whoever told them, archived or not.
    Number(String),
    /// What was answered under an idempotency key (hash of credential and key).
    Idempotency([u8; 32]),
    /// The sealed person of a tree.
    Customer(Id),
    /// The slot that a schedule was last run for.
    Slot(String),
    /// Everything that is stored of an order, for those who check the books.
    Audit(Id),
    /// A number of a ledger beside what it should be, by the keys of the ledger.
    Balance(BalanceKind, Vec<String>),
    /// A coupon, by its code.
    Coupon(String),
    /// How often something of a coupon is used, by the key of the count.
    Used(String),
    /// An account of a buyer, or of a limited gift pack.
    Account {
        /// Of which ledger.
        ledger: Ledger,
        /// Whose.
        owner: String,
    },
}

/// Whose a unique key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unique {
    /// The payment order's number.
    pub tree: Id,
    /// Of the request that took it, where the same request may come again.
    pub fingerprint: Option<[u8; 32]>,
}

/// More must be loaded before a piece can decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need(pub Vec<Key>);

/// Rows as loaded, and as changed by this batch.
#[derive(Debug)]
pub struct Layer<K, V> {
    loaded: FxHashMap<K, V>,
    changed: FxHashMap<K, V>,
}

impl<K, V> Default for Layer<K, V> {
    fn default() -> Self {
        Self { loaded: FxHashMap::default(), changed: FxHashMap::default() }
    }
}

impl<K: Hash + Eq, V> Layer<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.changed.get(key).or_else(|| self.loaded.get(key))
    }

    /// As it was before this batch, if that was loaded.
    pub fn before(&self, key: &K) -> Option<&V> {
        self.loaded.get(key)
    }
}

impl<T: Counted> Layer<T::Key, Option<T>> {
    /// Moves rows. One that nobody has looked at stays unknown: whoever wants it has it loaded first.
    fn moved(&mut self, changes: &[T::Change]) {
        for change in changes {
            let key = T::key(change);
            let Some(row) = self.get(&key) else { continue };
            let row = T::after(row.clone(), change);
            self.changed.insert(key, Some(row));
        }
    }
}

/// What a batch sees.
#[derive(Debug, Default)]
pub struct View {
    pub(crate) seat: Seat,
    trees: Layer<Id, Option<Arc<Tree>>>,
    pub(crate) stock: Layer<(String, String), Option<Stock>>,
    products: Layer<String, Vec<Price>>,
    unique: Layer<String, Option<Unique>>,
    numbers: Layer<String, Vec<Id>>,
    idempotency: Layer<[u8; 32], Option<Idempotent>>,
    customers: Layer<Id, Option<Sealed>>,
    slots: Layer<String, Option<Time>>,
    audits: Layer<Id, Option<Arc<Audit>>>,
    balances: Layer<(BalanceKind, Vec<String>), Option<Balance>>,
    coupons: Layer<String, Option<Coupon>>,
    pub(crate) used: Layer<String, Option<Used>>,
    pub(crate) accounts: Layer<(Ledger, String), Option<Account>>,
}

fn need<T>(found: Option<T>, key: impl FnOnce() -> Key) -> Result<T, Need> {
    found.ok_or_else(|| Need(vec![key()]))
}

impl View {
    /// Nothing yet, as it is seen at `seat`.
    pub(crate) fn at(seat: &Seat) -> Self {
        Self { seat: seat.clone(), ..Self::default() }
    }

    /// The tree of payment order `id`, if there is one.
    pub fn tree(&self, id: Id) -> Result<Option<&Arc<Tree>>, Need> {
        need(self.trees.get(&id), || Key::Tree(id)).map(Option::as_ref)
    }

    /// The stock row of `sku_id` at `place`; none means not tracked.
    pub fn stock(&self, place: &str, sku_id: &str) -> Result<Option<Stock>, Need> {
        let key = (place.to_owned(), sku_id.to_owned());
        match self.stock.get(&key) {
            Some(stock) => Ok(*stock),
            None => Err(Need(vec![Key::Stock { place: key.0, sku_id: key.1 }])),
        }
    }

    /// What `sku_id` costs; empty where the product table does not know it.
    pub fn prices(&self, sku_id: &str) -> Result<&[Price], Need> {
        let found = self.products.get(&sku_id.to_owned());
        need(found, || Key::Product(sku_id.to_owned())).map(Vec::as_slice)
    }

    /// Whose the unique key `name` is.
    pub fn unique(&self, name: &str) -> Result<Option<Unique>, Need> {
        need(self.unique.get(&name.to_owned()), || Key::Unique(name.to_owned())).copied()
    }

    /// The orders that their sources gave the number `external_id`.
    pub fn number(&self, external_id: &str) -> Result<&[Id], Need> {
        let found = self.numbers.get(&external_id.to_owned());
        need(found, || Key::Number(external_id.to_owned())).map(Vec::as_slice)
    }

    /// What was answered under an idempotency key.
    pub fn idempotency(&self, hash: [u8; 32]) -> Result<Option<Idempotent>, Need> {
        need(self.idempotency.get(&hash), || Key::Idempotency(hash)).copied()
    }

    /// The sealed person of tree `id`.
    pub fn customer(&self, id: Id) -> Result<Option<&Sealed>, Need> {
        need(self.customers.get(&id), || Key::Customer(id)).map(Option::as_ref)
    }

    /// The slot that schedule `name` was last run for; none where it never ran.
    pub fn slot(&self, name: &str) -> Result<Option<Time>, Need> {
        need(self.slots.get(&name.to_owned()), || Key::Slot(name.to_owned())).copied()
    }

    /// Everything that is stored of an order, as it was before this batch; none where there is no such order, or
    /// it does not stand still.
    pub fn audit(&self, id: Id) -> Result<Option<&Arc<Audit>>, Need> {
        need(self.audits.get(&id), || Key::Audit(id)).map(Option::as_ref)
    }

    /// A number of a ledger beside what it should be, as both were before this batch.
    pub fn balance(
        &self,
        ledger: BalanceKind,
        subject: &[String],
    ) -> Result<Option<&Balance>, Need> {
        let key = (ledger, subject.to_vec());
        let found = self.balances.get(&key);
        need(found, || Key::Balance(key.0, key.1.clone())).map(Option::as_ref)
    }

    /// The coupon of a code, if there is one.
    pub fn coupon(&self, code: &str) -> Result<Option<&Coupon>, Need> {
        let found = self.coupons.get(&code.to_owned());
        need(found, || Key::Coupon(code.to_owned())).map(Option::as_ref)
    }

    /// How a count stands.
    pub fn used(&self, scope_key: &str) -> Result<Used, Need> {
        let found = self.used.get(&scope_key.to_owned());
        need(found, || Key::Used(scope_key.to_owned())).map(|used| used.unwrap_or_default())
    }

    /// The account of `owner` in `ledger`, if there is one.
    pub fn account(&self, ledger: Ledger, owner: &str) -> Result<Option<&Account>, Need> {
        let key = (ledger, owner.to_owned());
        match self.accounts.get(&key) {
            Some(account) => Ok(account.as_ref()),
            None => Err(Need(vec![Key::Account { ledger, owner: key.1 }])),
        }
    }

    /// The tree as it was loaded, before this batch.
    pub(crate) fn tree_loaded(&self, id: Id) -> Option<&Arc<Tree>> {
        self.trees.loaded.get(&id).and_then(Option::as_ref)
    }

    /// Every tree this batch changed, in the order of their ids.
    pub(crate) fn trees_changed(&self) -> Vec<&Arc<Tree>> {
        let mut trees: Vec<_> = self.trees.changed.values().flatten().collect();
        trees.sort_unstable_by_key(|tree| tree.id());
        trees
    }

    /// Whether `key` has been loaded or made.
    pub fn knows(&self, key: &Key) -> bool {
        match key {
            Key::Tree(id) => self.trees.get(id).is_some(),
            Key::Stock { place, sku_id } => self.stock(place, sku_id).is_ok(),
            Key::Product(sku_id) => self.products.get(sku_id).is_some(),
            Key::Unique(name) => self.unique.get(name).is_some(),
            Key::Number(number) => self.numbers.get(number).is_some(),
            Key::Idempotency(hash) => self.idempotency.get(hash).is_some(),
            Key::Customer(id) => self.customers.get(id).is_some(),
            Key::Slot(name) => self.slots.get(name).is_some(),
            Key::Audit(id) => self.audits.get(id).is_some(),
            Key::Balance(ledger, subject) => {
                self.balances.get(&(*ledger, subject.clone())).is_some()
            }
            Key::Coupon(code) => self.coupons.get(code).is_some(),
            Key::Used(key) => self.used.get(key).is_some(),
            Key::Account { ledger, owner } => self.account(*ledger, owner).is_ok(),
        }
    }

    /// Forgets what the batch changed, to decide it again.
    pub(crate) fn begin_again(&mut self) {
        self.trees.changed.clear();
        self.stock.changed.clear();
        self.products.changed.clear();
        self.unique.changed.clear();
        self.numbers.changed.clear();
        self.idempotency.changed.clear();
        self.customers.changed.clear();
        self.slots.changed.clear();
        self.coupons.changed.clear();
        self.used.changed.clear();
        self.accounts.changed.clear();
    }

    /// Lets the pieces that follow find a tree by its number, if they have asked for that number.
    fn numbered(&mut self, tree: &Tree) {
        let Some(number) = &tree.payment.external_id else { return };
        let Some(known) = self.numbers.get(number).filter(|known| !known.contains(&tree.id()))
        else {
            return;
        };
        let mut known = known.clone();
        known.push(tree.id());
        self.numbers.changed.insert(number.clone(), known);
    }

    pub(crate) fn load_tree(&mut self, id: Id, tree: Option<Tree>) {
        self.trees.loaded.insert(id, tree.map(Arc::new));
    }

    pub(crate) fn load_stock(&mut self, place: String, sku_id: String, stock: Option<Stock>) {
        self.stock.loaded.insert((place, sku_id), stock);
    }

    pub(crate) fn load_price(&mut self, sku_id: String, price: Option<Price>) {
        self.products.loaded.entry(sku_id).or_default().extend(price);
    }

    pub(crate) fn load_unique(&mut self, name: String, found: Option<Unique>) {
        self.unique.loaded.insert(name, found);
    }

    pub(crate) fn load_number(&mut self, number: String, tree: Option<Id>) {
        self.numbers.loaded.entry(number).or_default().extend(tree);
    }

    pub(crate) fn load_idempotency(&mut self, hash: [u8; 32], found: Option<Idempotent>) {
        self.idempotency.loaded.insert(hash, found);
    }

    pub(crate) fn load_slot(&mut self, name: String, slot: Option<Time>) {
        self.slots.loaded.insert(name, slot);
    }

    pub(crate) fn load_audit(&mut self, id: Id, audit: Option<Audit>) {
        self.audits.loaded.insert(id, audit.map(Arc::new));
    }

    pub(crate) fn load_balance(&mut self, key: (BalanceKind, Vec<String>), found: Option<Balance>) {
        self.balances.loaded.insert(key, found);
    }

    pub(crate) fn load_coupon(&mut self, code: String, coupon: Option<Coupon>) {
        self.coupons.loaded.insert(code, coupon);
    }

    pub(crate) fn load_used(&mut self, scope_key: String, used: Option<Used>) {
        self.used.loaded.insert(scope_key, used);
    }

    pub(crate) fn load_account(&mut self, ledger: Ledger, owner: String, account: Option<Account>) {
        self.accounts.loaded.insert((ledger, owner), account);
    }

    pub(crate) fn load_customer(&mut self, id: Id, sealed: Option<Sealed>) {
        self.customers.loaded.insert(id, sealed);
    }

    /// Lets the pieces that follow see what one piece writes.
    pub(crate) fn apply(&mut self, writes: &Writes) {
        for write in &writes.trees {
            self.trees.changed.insert(write.tree.id(), Some(Arc::clone(&write.tree)));
            self.numbered(&write.tree);
        }
        for (name, tree, fingerprint) in &writes.unique {
            let unique = Unique { tree: *tree, fingerprint: *fingerprint };
            self.unique.changed.insert(name.clone(), Some(unique));
        }
        if let Some((hash, answer)) = &writes.idempotency {
            self.idempotency.changed.insert(*hash, Some(*answer));
        }
        if let Some(raised) = &writes.slot {
            self.slots.changed.insert(raised.name.clone(), Some(raised.to));
        }
        for (tree, sealed) in &writes.customers {
            self.customers.changed.insert(*tree, Some(sealed.clone()));
        }
        self.stock.moved(&writes.stock);
        self.used.moved(&writes.counts);
        self.accounts.moved(&writes.accounts);
        for (coupon, _) in &writes.coupons {
            self.coupons.changed.insert(coupon.code.clone(), Some(coupon.clone()));
        }
        for price in &writes.products {
            let mut prices = self.products.get(&price.sku_id).cloned().unwrap_or_default();
            prices.retain(|known| known.place != price.place);
            prices.push(price.clone());
            self.products.changed.insert(price.sku_id.clone(), prices);
        }
    }
}
