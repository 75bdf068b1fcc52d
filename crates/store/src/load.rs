//! Loads the rows behind keys into a view: one statement a kind and place on the MySQL family, one cached
//! statement a key on SQLite.

use crate::StoreError;
use crate::audit::audits;
use crate::database::Connection;
use crate::dialect::Lookup;
use crate::rows;
use crate::table;
use crate::tables::accounts::Account;
use crate::tables::books::BalanceKind;
use crate::tables::coupons::{self, Used};
use crate::tables::customers::Sealed;
use crate::tables::idempotency::Idempotent;
use crate::tables::products::Price;
use crate::tables::stock::Stock;
use crate::value::{Row, Value};
use crate::view::{Key, Unique, View};
use docket_domain::Id;
use docket_domain::ledger::Ledger;
use std::collections::{BTreeMap, BTreeSet};

static PAYMENT: Lookup = Lookup { table: &table::PAYMENT_ORDER, fixed: None, list: "id" };
static SHOPS: Lookup = Lookup { table: &table::SHOP_ORDER, fixed: None, list: "tree" };
static ITEMS: Lookup = Lookup { table: &table::ITEM_ORDER, fixed: None, list: "tree" };
static STOCK: Lookup = Lookup { table: &table::STOCK, fixed: Some("place"), list: "sku_id" };
static PRODUCT: Lookup = Lookup { table: &table::PRODUCT, fixed: None, list: "sku_id" };
static UNIQUE: Lookup = Lookup { table: &table::UNIQUE_KEY, fixed: None, list: "name" };
static NUMBER: Lookup = Lookup { table: &table::ORDER_TERM, fixed: None, list: "term" };
static NUMBER_AWAY: Lookup =
    Lookup { table: &table::ARCHIVE_ORDER, fixed: None, list: "external_id" };
static IDEMPOTENCY: Lookup = Lookup { table: &table::IDEMPOTENCY, fixed: None, list: "hash" };
static SLOT: Lookup = Lookup { table: &table::SCHEDULE, fixed: None, list: "name" };
static PERSON: Lookup = Lookup { table: &table::ORDER_PERSON, fixed: None, list: "tree" };

static COUPON: Lookup = Lookup { table: &table::COUPON, fixed: None, list: "code" };
static USED: Lookup = Lookup { table: &table::COUPON_COUNT, fixed: None, list: "scope_key" };
static ACCOUNT: Lookup = Lookup { table: &table::ACCOUNT, fixed: Some("ledger"), list: "owner" };

/// Keys by kind, each once and in order.
#[derive(Default)]
struct Wanted {
    trees: BTreeSet<Id>,
    stock: BTreeMap<String, BTreeSet<String>>,
    products: BTreeSet<String>,
    unique: BTreeSet<String>,
    numbers: BTreeSet<String>,
    hashes: BTreeSet<[u8; 32]>,
    customers: BTreeSet<Id>,
    slots: BTreeSet<String>,
    audits: BTreeSet<Id>,
    balances: BTreeSet<(BalanceKind, Vec<String>)>,
    coupons: BTreeSet<String>,
    used: BTreeSet<String>,
    accounts: BTreeMap<Ledger, BTreeSet<String>>,
}

impl Wanted {
    /// Answers whether it is wanted for the first time.
    fn add(&mut self, key: Key) -> bool {
        match key {
            Key::Tree(id) => self.trees.insert(id),
            Key::Stock { place, sku_id } => self.stock.entry(place).or_default().insert(sku_id),
            Key::Product(sku_id) => self.products.insert(sku_id),
            Key::Unique(name) => self.unique.insert(name),
            Key::Number(number) => self.numbers.insert(number),
            Key::Idempotency(hash) => self.hashes.insert(hash),
            Key::Customer(id) => self.customers.insert(id),
            Key::Slot(name) => self.slots.insert(name),
            Key::Audit(id) => self.audits.insert(id),
            Key::Balance(ledger, subject) => self.balances.insert((ledger, subject)),
            Key::Coupon(code) => self.coupons.insert(code),
            Key::Used(key) => self.used.insert(key),
            Key::Account { ledger, owner } => {
                self.accounts.entry(ledger).or_default().insert(owner)
            }
        }
    }
}

fn values<'a, K: 'a + Clone + Into<Value>>(keys: impl IntoIterator<Item = &'a K>) -> Vec<Value> {
    keys.into_iter().map(|key| key.clone().into()).collect()
}

/// Loads what `keys` name and `view` does not know yet; what is not there is then known to be absent.
pub fn keys(view: &mut View, keys: Vec<Key>, db: &mut dyn Connection) -> Result<(), StoreError> {
    let mut wanted = Wanted::default();
    for key in keys {
        if !view.knows(&key) {
            wanted.add(key);
        }
    }
    trees(view, &wanted.trees, db)?;
    for (place, skus) in wanted.stock {
        stock(view, &place, skus, db)?;
    }
    beside_orders(view, wanted.products, wanted.unique, wanted.hashes, db)?;
    numbers(view, wanted.numbers, db)?;
    customers(view, wanted.customers, db)?;
    books(view, wanted.audits, wanted.balances, db)?;
    for (ledger, owners) in wanted.accounts {
        accounts(view, ledger, owners, db)?;
    }
    slots(view, wanted.slots, db)?;
    coupons(view, wanted.coupons, wanted.used, db)
}

fn trees(view: &mut View, ids: &BTreeSet<Id>, db: &mut dyn Connection) -> Result<(), StoreError> {
    for id in ids {
        view.load_tree(*id, None);
    }
    let payments = fetch(&PAYMENT, &values(ids), db)?;
    let payments: Vec<_> = payments.into_iter().map(rows::payment_of).collect::<Result<_, _>>()?;
    let found = values(payments.iter().map(|order| &order.id));
    let shops = fetch(&SHOPS, &found, db)?.into_iter().map(rows::shop_of);
    let shops = shops.collect::<Result<_, _>>()?;
    let items = fetch(&ITEMS, &found, db)?.into_iter().map(rows::item_of);
    for tree in rows::assemble(payments, shops, items.collect::<Result<_, _>>()?)? {
        view.load_tree(tree.id(), Some(tree));
    }
    Ok(())
}

fn fetch(
    lookup: &'static Lookup,
    keys: &[Value],
    db: &mut dyn Connection,
) -> Result<Vec<Row>, StoreError> {
    if keys.is_empty() { Ok(Vec::new()) } else { db.fetch(lookup, None, keys) }
}

fn stock(
    view: &mut View,
    place: &str,
    skus: BTreeSet<String>,
    db: &mut dyn Connection,
) -> Result<(), StoreError> {
    let rows = db.fetch(&STOCK, Some(&Value::from(place)), &values(&skus))?;
    for sku_id in skus {
        view.load_stock(place.to_owned(), sku_id, None);
    }
    for row in rows {
        let (place, sku_id, found) = Stock::of(row)?;
        view.load_stock(place, sku_id, Some(found));
    }
    Ok(())
}

fn accounts(
    view: &mut View,
    ledger: Ledger,
    owners: BTreeSet<String>,
    db: &mut dyn Connection,
) -> Result<(), StoreError> {
    let rows = db.fetch(&ACCOUNT, Some(&Value::Int(ledger.code())), &values(&owners))?;
    for owner in owners {
        view.load_account(ledger, owner, None);
    }
    for row in rows {
        let account = Account::of(row)?;
        view.load_account(ledger, account.owner.clone(), Some(account));
    }
    Ok(())
}

fn beside_orders(
    view: &mut View,
    products: BTreeSet<String>,
    unique: BTreeSet<String>,
    hashes: BTreeSet<[u8; 32]>,
    db: &mut dyn Connection,
) -> Result<(), StoreError> {
    let prices = fetch(&PRODUCT, &values(&products), db)?;
    for sku_id in products {
        view.load_price(sku_id, None);
    }
    for row in prices {
        let price = Price::of(row)?;
        view.load_price(price.sku_id.clone(), Some(price));
    }
    let taken = fetch(&UNIQUE, &values(&unique), db)?;
    for name in unique {
        view.load_unique(name, None);
    }
    for mut row in taken {
        let (name, tree) = (row.text()?, row.id()?);
        let unique = Unique { tree, fingerprint: row.hash_or_null()? };
        view.load_unique(name, Some(unique));
    }
    let answered = fetch(&IDEMPOTENCY, &values(&hashes), db)?;
    for hash in hashes {
        view.load_idempotency(hash, None);
    }
    for row in answered {
        let (hash, found) = Idempotent::of(row)?;
        view.load_idempotency(hash, Some(found));
    }
    Ok(())
}

fn numbers(
    view: &mut View,
    numbers: BTreeSet<String>,
    db: &mut dyn Connection,
) -> Result<(), StoreError> {
    let term = |number: &String| Value::Text(format!("{}{number}", rows::EXTERNAL));
    let terms: Vec<Value> = numbers.iter().map(term).collect();
    let (here, away) = (fetch(&NUMBER, &terms, db)?, fetch(&NUMBER_AWAY, &values(&numbers), db)?);
    for number in numbers {
        view.load_number(number, None);
    }
    for mut row in here {
        let term = row.text()?;
        row.skip();
        if let Some(number) = term.strip_prefix(rows::EXTERNAL) {
            view.load_number(number.to_owned(), Some(row.id()?));
        }
    }
    for mut row in away {
        let tree = row.id()?;
        row.skip();
        row.skip();
        view.load_number(row.text()?, Some(tree));
    }
    Ok(())
}

fn customers(
    view: &mut View,
    ids: BTreeSet<Id>,
    db: &mut dyn Connection,
) -> Result<(), StoreError> {
    let rows = fetch(&PERSON, &values(&ids), db)?;
    for id in ids {
        view.load_customer(id, None);
    }
    for row in rows {
        let (tree, sealed) = Sealed::of(row)?;
        view.load_customer(tree, Some(sealed));
    }
    Ok(())
}

fn slots(
    view: &mut View,
    names: BTreeSet<String>,
    db: &mut dyn Connection,
) -> Result<(), StoreError> {
    let rows = fetch(&SLOT, &values(&names), db)?;
    for name in names {
        view.load_slot(name, None);
    }
    for mut row in rows {
        view.load_slot(row.text()?, Some(row.time()?));
    }
    Ok(())
}

/// What those who check the books look at: read by whoever may ask, here by the writer itself.
fn books(
    view: &mut View,
    orders: BTreeSet<Id>,
    balances: BTreeSet<(BalanceKind, Vec<String>)>,
    db: &mut dyn Connection,
) -> Result<(), StoreError> {
    for id in &orders {
        view.load_audit(*id, None);
    }
    if !orders.is_empty() {
        let ids: Vec<_> = orders.into_iter().collect();
        for audit in audits(&ids, &view.seat, db)? {
            view.load_audit(audit.id, Some(audit));
        }
    }
    for (ledger, subject) in balances {
        let found = ledger.balance(&subject, db)?;
        view.load_balance((ledger, subject), found);
    }
    Ok(())
}

fn coupons(
    view: &mut View,
    codes: BTreeSet<String>,
    used: BTreeSet<String>,
    db: &mut dyn Connection,
) -> Result<(), StoreError> {
    let rows = fetch(&COUPON, &values(&codes), db)?;
    for code in codes {
        view.load_coupon(code, None);
    }
    for row in rows {
        let coupon = coupons::of(row)?;
        view.load_coupon(coupon.code.clone(), Some(coupon));
    }
    let rows = fetch(&USED, &values(&used), db)?;
    for key in used {
        view.load_used(key, None);
    }
    for row in rows {
        let (key, found) = Used::of(row)?;
        view.load_used(key, Some(found));
    }
    Ok(())
}
