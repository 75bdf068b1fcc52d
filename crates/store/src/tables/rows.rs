//! Orders and log rows as table rows, there and back.
//!
//! Columns beside `body` are derived from it for searching and are never read back. An item's status column
//! is left empty where it is its shop order's, so that paying an order does not rewrite its items.

use crate::StoreError;
use crate::sql::value::{Row, Value, json};
use docket_domain::change::older;
use docket_domain::status::{self, ShopStanding, Standing};
use docket_domain::tree::Home;
use docket_domain::words::{DeliveryStatus, RefundAxis, Status};
use docket_domain::{
    Actor, ActorKind, Hlc, Id, ItemOrder, Json, LogEntry, OperationKind, PaymentOrder, Remark,
    Seat, ShopOrder, Time, Tree,
};
use std::collections::BTreeSet;

/// The rows of a tree.
pub struct TreeRows {
    pub payment: Vec<Value>,
    pub shops: Vec<Vec<Value>>,
    pub items: Vec<Vec<Value>>,
    /// What is rare about it and searched for, as rows of `order_term`.
    pub terms: BTreeSet<Vec<Value>>,
}

/// Every row of `tree`, in the order of their keys, as they stand at `seat`.
pub fn tree_rows(tree: &Tree, seat: &Seat) -> TreeRows {
    let standing = status::of(tree);
    let mut rows = TreeRows {
        payment: payment_row(tree, &standing, seat),
        shops: Vec::with_capacity(tree.shops.len()),
        items: Vec::new(),
        terms: terms(tree, &standing),
    };
    for (position, shop) in ShopRow::all(tree, &standing).enumerate() {
        rows.shops.push(shop.row(position));
        rows.items.extend(shop.items().enumerate().map(|(position, item)| item.row(position)));
    }
    rows
}

/// The rows of `tree` that are not those of `before`, the same order earlier; the payment order's always, and the terms
/// that came and went. Of what is as it was nothing is rendered.
pub fn changed_rows(before: &Tree, tree: &Tree, seat: &Seat) -> (TreeRows, BTreeSet<Vec<Value>>) {
    let (was, standing) = (status::of(before), status::of(tree));
    let mut rows = TreeRows {
        payment: payment_row(tree, &standing, seat),
        shops: Vec::new(),
        items: Vec::new(),
        terms: terms(tree, &standing),
    };
    let mut old_shops = ShopRow::all(before, &was);
    for (position, shop) in ShopRow::all(tree, &standing).enumerate() {
        let old = old_shops.next();
        if old == Some(shop) {
            continue;
        }
        let row = shop.row(position);
        if old.is_none_or(|old| old.row(position) != row) {
            rows.shops.push(row);
        }
        let mut old_items = old.into_iter().flat_map(ShopRow::items);
        for (position, item) in shop.items().enumerate() {
            if old_items.next() != Some(item) {
                rows.items.push(item.row(position));
            }
        }
    }
    let old = terms(before, &was);
    let gone = old.difference(&rows.terms).cloned().collect();
    rows.terms.retain(|term| !old.contains(term));
    (rows, gone)
}

/// All that the row of a shop order is made of; and more, its lines.
#[derive(Clone, Copy, PartialEq)]
struct ShopRow<'a> {
    tree: Id,
    shop: &'a ShopOrder,
    stands: &'a ShopStanding,
}

impl<'a> ShopRow<'a> {
    fn all(tree: &'a Tree, standing: &'a Standing) -> impl Iterator<Item = Self> {
        let shops = tree.shops.iter().zip(&standing.shops);
        shops.map(|(shop, stands)| Self { tree: tree.id(), shop, stands })
    }

    fn row(self, position: usize) -> Vec<Value> {
        let Self { tree, shop, stands } = self;
        vec![
            tree.into(),
            shop.id.into(),
            Value::Int(position as i64),
            Value::from(&shop.shop_id),
            Value::from(&shop.place),
            stands.status.code().into(),
            stands.store_status.code().into(),
            stands.delivery_status.map(DeliveryStatus::code).into(),
            stands.refund_status.code().into(),
            shop.created_at.into(),
            json(shop),
        ]
    }

    fn items(self) -> impl Iterator<Item = ItemRow<'a>> {
        let Self { tree, shop, stands } = self;
        let lines = shop.items.iter().zip(&stands.items);
        lines.map(move |(item, line)| ItemRow {
            tree,
            shop: shop.id,
            created_at: shop.created_at,
            own_status: (line.status != stands.status).then(|| line.status.code()),
            item,
        })
    }
}

/// All that the row of a line is made of.
#[derive(Clone, Copy, PartialEq)]
struct ItemRow<'a> {
    tree: Id,
    shop: Id,
    created_at: Time,
    own_status: Option<i64>,
    item: &'a ItemOrder,
}

impl ItemRow<'_> {
    fn row(self, position: usize) -> Vec<Value> {
        vec![
            self.tree.into(),
            self.item.id.into(),
            self.shop.into(),
            Value::Int(position as i64),
            Value::from(&self.item.sku_id),
            self.created_at.into(),
            self.own_status.into(),
            json(self.item),
        ]
    }
}

fn payment_row(tree: &Tree, standing: &Standing, seat: &Seat) -> Vec<Value> {
    let order = &tree.payment;
    // A copy has no deadlines, whatever stands in it: no timer looks at it.
    let is_here = seat.is_home_of(&order.home);
    let due_at = if is_here { tree.due_at() } else { None };
    vec![
        order.id.into(),
        order.version.into(),
        order.buyer_id.as_ref().into(),
        order.order_type.code().into(),
        order.market.into(),
        standing.status.code().into(),
        standing.store_status.code().into(),
        order.visible.code().into(),
        Value::Int(cart(tree)),
        order.created_at.into(),
        order.updated_at.into(),
        standing.times.paid_at.into(),
        due_at.into(),
        Value::Int(parts(tree)),
        if is_here { Value::Null } else { Value::Int(1) },
        json(order),
    ]
}

/// FNV-1a: the same in every release, for it is stored.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A fingerprint of what is bought where, to find the same cart placed twice.
fn cart(tree: &Tree) -> i64 {
    let mut lines: Vec<_> =
        tree.lines().map(|(shop, item)| (&shop.shop_id, &item.sku_id, item.quantity)).collect();
    lines.sort_unstable();
    fingerprint(&format!("{lines:?}")).cast_signed()
}

/// What a part of an order is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Shop,
    Place,
}

impl Part {
    /// The column of `shop_order`.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Shop => "shop_id",
            Self::Place => "place",
        }
    }

    /// The bit that stands for it in `parts`: one of 63, so that orders without it are passed over by their index,
    /// but for about one in sixty.
    pub fn bit(self, name: &str) -> i64 {
        1 << (fingerprint(&format!("{}:{name}", self.column())) % 63)
    }
}

/// A bit for each shop and place of `tree`.
fn parts(tree: &Tree) -> i64 {
    let bits =
        tree.shops.iter().map(|shop| Part::Shop.bit(&shop.shop_id) | Part::Place.bit(&shop.place));
    bits.fold(0, |parts, bits| parts | bits)
}

/// What the term of an order's number at its source begins with.
pub const EXTERNAL: &str = "external:";

/// The words by which `tree` is found, as rows of `order_term`.
pub fn terms_of(tree: &Tree) -> BTreeSet<Vec<Value>> {
    terms(tree, &status::of(tree))
}

fn terms(tree: &Tree, standing: &Standing) -> BTreeSet<Vec<Value>> {
    let order = &tree.payment;
    let mut terms = BTreeSet::new();
    let mut add = |kind: &str, word: &str| {
        let row = [Value::Text(format!("{kind}:{word}")), order.created_at.into(), order.id.into()];
        terms.insert(row.to_vec());
    };
    order.tags.iter().for_each(|tag| add("tag", tag));
    order.anomalies.iter().for_each(|anomaly| add("anomaly", anomaly.kind.word()));
    order.channel.iter().for_each(|channel| add("channel", channel));
    order.external_id.iter().for_each(|id| add("external", id));
    order.client_token.iter().for_each(|token| add("token", token));
    if let Home::Branch(branch) = &order.home {
        add("branch", branch);
    }
    for (shop, stands) in tree.shops.iter().zip(&standing.shops) {
        shop.tags.iter().for_each(|tag| add("tag", tag));
        let numbers = shop.shipments.iter().flat_map(|s| s.tracking.iter().chain(&s.package));
        numbers.for_each(|number| add("tracking", number));
        shop.items.iter().flat_map(|item| &item.external_id).for_each(|id| add("line", id));
        if shop.place != "main" {
            add("place", &shop.place);
        }
        if stands.refund_status != RefundAxis::None {
            add("refund", stands.refund_status.word());
        }
        if let Some(delivery) = stands.delivery_status {
            add("delivery", delivery.word());
        }
    }
    terms
}

/// A payment order from its `payment_order` row.
pub fn payment_of(mut row: Row) -> Result<PaymentOrder, StoreError> {
    for _ in 0..15 {
        row.skip();
    }
    row.json()
}

/// A shop order from its row, with its tree and its position.
pub fn shop_of(mut row: Row) -> Result<(Id, i64, ShopOrder), StoreError> {
    let tree = row.id()?;
    row.skip();
    let position = row.int()?;
    for _ in 0..7 {
        row.skip();
    }
    let body = row.text()?;
    let read = if body.contains(older::MAY_BE_OLDER) {
        serde_json::from_str(&body).and_then(|mut node: Json| {
            older::shop(&mut node);
            serde_json::from_value(node)
        })
    } else {
        serde_json::from_str(&body)
    };
    Ok((tree, position, read.map_err(|error| row.corrupt(error))?))
}

/// An item order from its row, with its tree, its shop order and its position.
pub fn item_of(mut row: Row) -> Result<(Id, Id, i64, ItemOrder), StoreError> {
    let tree = row.id()?;
    row.skip();
    let shop = row.id()?;
    let position = row.int()?;
    row.skip();
    row.skip();
    row.skip();
    Ok((tree, shop, position, row.json()?))
}

/// Puts trees together from the rows of many.
pub fn assemble(
    payments: Vec<PaymentOrder>,
    mut shops: Vec<(Id, i64, ShopOrder)>,
    mut items: Vec<(Id, Id, i64, ItemOrder)>,
) -> Result<Vec<Tree>, StoreError> {
    shops.sort_unstable_by_key(|(tree, position, _)| (*tree, *position));
    items.sort_unstable_by_key(|(tree, shop, position, _)| (*tree, *shop, *position));
    let mut trees = Vec::with_capacity(payments.len());
    for payment in payments {
        let root = payment.id;
        let own = shops.partition_point(|(tree, ..)| *tree < root);
        let own = shops[own..].iter().take_while(|(tree, ..)| *tree == root);
        let shops: Vec<_> = own.map(|(.., shop)| with_items(root, shop, &items)).collect();
        if shops.is_empty() || shops.iter().any(|shop| shop.items.is_empty()) {
            let what = format!("order {root} lacks rows of its levels");
            return Err(StoreError::Corrupt { table: "payment_order", what });
        }
        trees.push(Tree { payment, shops });
    }
    Ok(trees)
}

fn with_items(root: Id, shop: &ShopOrder, items: &[(Id, Id, i64, ItemOrder)]) -> ShopOrder {
    let mut shop = shop.clone();
    let first = items.partition_point(|(tree, of, ..)| (*tree, *of) < (root, shop.id));
    let own = items[first..].iter().take_while(|(tree, of, ..)| (*tree, *of) == (root, shop.id));
    shop.items = own.map(|(.., item)| item.clone()).collect();
    shop
}

/// A log row. Version and time are left empty where they follow from number and clock, as they do wherever one
/// hand alone writes.
pub fn log_row(entry: &LogEntry) -> Vec<Value> {
    let follows = (entry.version, entry.hlc) == following(entry.seq, entry.at);
    let (version, hlc) = if follows {
        (Value::Null, Value::Null)
    } else {
        (entry.version.into(), Value::Int(entry.hlc.0))
    };
    // Buyers are many and search by order; the index by operator is for staff.
    let staff = !matches!(entry.actor.kind, ActorKind::Buyer | ActorKind::Timer);
    let operator = entry.actor.id.as_ref().filter(|_| staff);
    let image = |image: &Json| match image {
        Json::Null => Value::Null,
        image => json(image),
    };
    vec![
        entry.tree.into(),
        entry.site.into(),
        entry.seq.into(),
        entry.kind.code().into(),
        entry.node.into(),
        entry.actor.kind.code().into(),
        entry.actor.id.as_ref().into(),
        entry.actor.name.as_ref().into(),
        operator.into(),
        entry.from_status.map(Status::code).into(),
        entry.to_status.code().into(),
        entry.at.into(),
        entry.happened_at.into(),
        json(&entry.parameters),
        image(&entry.before),
        image(&entry.after),
        entry.remark.en.as_ref().into(),
        entry.remark.cn.as_ref().into(),
        version,
        hlc,
    ]
}

/// The version and time of a row where one hand alone writes.
fn following(seq: u32, at: Time) -> (Option<u32>, Hlc) {
    (Some(seq), Hlc::of(at, seq))
}

/// A log entry from its row.
pub fn entry_of(mut row: Row) -> Result<LogEntry, StoreError> {
    let tree = row.id()?;
    let site = row.int()? as u8;
    let seq = row.int()? as u32;
    let kind = row.code(OperationKind::from_code)?;
    let node = row.id()?;
    let actor = Actor {
        kind: row.code(ActorKind::from_code)?,
        id: row.text_or_null()?,
        name: row.text_or_null()?,
    };
    row.skip();
    let from_status = row.int_or_null()?.and_then(Status::from_code);
    let to_status = row.code(Status::from_code)?;
    let (at, happened_at) = (row.time()?, row.time_or_null()?);
    let parameters = row.json()?;
    let mut may_be_older = false;
    let mut image = || -> Result<Json, StoreError> {
        let text = row.text_or_null()?;
        may_be_older |= text.as_ref().is_some_and(|text| text.contains(older::MAY_BE_OLDER));
        text.map_or(Ok(Json::Null), |text| {
            serde_json::from_str(&text).map_err(|error| row.corrupt(error))
        })
    };
    let (before, after) = (image()?, image()?);
    let remark = Remark { en: row.text_or_null()?, cn: row.text_or_null()? };
    let version = row.int_or_null()?.map(|version| version as u32);
    let stored = row.int_or_null()?.map(|hlc| (version, Hlc(hlc)));
    let (version, hlc) = stored.unwrap_or_else(|| following(seq, at));
    let mut entry = LogEntry {
        tree,
        site,
        seq,
        version,
        hlc,
        node,
        kind,
        actor,
        from_status,
        to_status,
        parameters,
        before,
        after,
        remark,
        at,
        happened_at,
    };
    if may_be_older {
        older::entry(&mut entry);
    }
    Ok(entry)
}

#[cfg(test)]
mod tests;
