//! Loads the rows behind keys into a view: one statement a kind and place on the MySQL family, one cached
//! statement a key on SQLite.

use crate::StoreError;
use crate::database::Connection;
use crate::dialect::Lookup;
use crate::nouns::idempotency::Idempotent;
use crate::nouns::persons::Sealed;
use crate::nouns::products::Price;
use crate::nouns::stock::Stock;
use crate::rows;
use crate::table;
use crate::value::Value;
use crate::view::{Key, Unique, View};
use docket_domain::Id;
use std::collections::{BTreeMap, BTreeSet};

static PAYMENT: Lookup = Lookup { table: &table::PAYMENT_ORDER, fixed: None, list: "id" };
static SHOPS: Lookup = Lookup { table: &table::SHOP_ORDER, fixed: None, list: "tree" };
static ITEMS: Lookup = Lookup { table: &table::ITEM_ORDER, fixed: None, list: "tree" };
static STOCK: Lookup = Lookup { table: &table::STOCK, fixed: Some("place"), list: "sku_id" };
static PRODUCT: Lookup = Lookup { table: &table::PRODUCT, fixed: None, list: "sku_id" };
static UNIQUE: Lookup = Lookup { table: &table::UNIQUE_KEY, fixed: None, list: "name" };
static IDEMPOTENCY: Lookup = Lookup { table: &table::IDEMPOTENCY, fixed: None, list: "hash" };
static PERSON: Lookup = Lookup { table: &table::ORDER_PERSON, fixed: None, list: "tree" };

/// Loads what `keys` name and `view` does not know yet; what is not there is then known to be absent.
pub fn keys(view: &mut View, keys: Vec<Key>, db: &mut dyn Connection) -> Result<(), StoreError> {
    let mut trees = BTreeSet::new();
    let mut stock: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut products, mut unique) = (BTreeSet::new(), BTreeSet::new());
    let (mut hashes, mut persons) = (BTreeSet::new(), BTreeSet::new());
    for key in keys {
        if view.knows(&key) {
            continue;
        }
        match key {
            Key::Tree(id) => drop(trees.insert(id)),
            Key::Stock { place, sku_id } => drop(stock.entry(place).or_default().insert(sku_id)),
            Key::Product(sku_id) => drop(products.insert(sku_id)),
            Key::Unique(name) => drop(unique.insert(name)),
            Key::Idempotency(hash) => drop(hashes.insert(hash)),
            Key::Person(id) => drop(persons.insert(id)),
        }
    }
    load_trees(view, &trees, db)?;
    for (place, skus) in stock {
        let listed: Vec<Value> = skus.iter().map(Value::from).collect();
        skus.into_iter().for_each(|sku_id| view.load_stock(place.clone(), sku_id, None));
        for row in db.fetch(&STOCK, Some(&Value::from(&place)), &listed)? {
            let (place, sku_id, found) = Stock::of(row)?;
            view.load_stock(place, sku_id, Some(found));
        }
    }
    if !products.is_empty() {
        let listed: Vec<Value> = products.iter().map(Value::from).collect();
        products.into_iter().for_each(|sku_id| view.load_price(sku_id, None));
        for row in db.fetch(&PRODUCT, None, &listed)? {
            let price = Price::of(row)?;
            view.load_price(price.sku_id.clone(), Some(price));
        }
    }
    if !unique.is_empty() {
        let listed: Vec<Value> = unique.iter().map(Value::from).collect();
        unique.into_iter().for_each(|name| view.load_unique(name, None));
        for mut row in db.fetch(&UNIQUE, None, &listed)? {
            let (name, tree) = (row.text()?, row.id()?);
            let unique = Unique { tree, fingerprint: row.hash_or_null()? };
            view.load_unique(name, Some(unique));
        }
    }
    if !hashes.is_empty() {
        let listed: Vec<Value> = hashes.iter().map(|hash| Value::from(*hash)).collect();
        hashes.into_iter().for_each(|hash| view.load_idempotency(hash, None));
        for row in db.fetch(&IDEMPOTENCY, None, &listed)? {
            let (hash, found) = Idempotent::of(row)?;
            view.load_idempotency(hash, Some(found));
        }
    }
    if !persons.is_empty() {
        let listed: Vec<Value> = persons.iter().map(|id| Value::from(*id)).collect();
        persons.into_iter().for_each(|id| view.load_person(id, None));
        for row in db.fetch(&PERSON, None, &listed)? {
            let (tree, sealed) = Sealed::of(row)?;
            view.load_person(tree, Some(sealed));
        }
    }
    Ok(())
}

fn load_trees(view: &mut View, ids: &BTreeSet<Id>, db: &mut dyn Connection) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let listed: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
    ids.iter().for_each(|id| view.load_tree(*id, None));
    let payments = db.fetch(&PAYMENT, None, &listed)?;
    let payments: Vec<_> = payments.into_iter().map(rows::payment_of).collect::<Result<_, _>>()?;
    if payments.is_empty() {
        return Ok(());
    }
    let listed: Vec<Value> = payments.iter().map(|order| Value::from(order.id)).collect();
    let shops = db.fetch(&SHOPS, None, &listed)?.into_iter().map(rows::shop_of);
    let shops = shops.collect::<Result<_, _>>()?;
    let items = db.fetch(&ITEMS, None, &listed)?.into_iter().map(rows::item_of);
    for tree in rows::assemble(payments, shops, items.collect::<Result<_, _>>()?)? {
        view.load_tree(tree.id(), Some(tree));
    }
    Ok(())
}
