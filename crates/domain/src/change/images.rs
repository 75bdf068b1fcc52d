//! Before and after of every changed field, and the way back. One table per level names each field with its
//! group; a field that the table forgets does not compile, so nothing can change without standing in the log.
//! What stands of lists of facts is told in `elements`.

use super::{BrokenLog, LogEntry, elements};
use crate::operation::Group;
use crate::words::Level;
use crate::{Id, ItemOrder, Json, PaymentOrder, ShopOrder, Tree};
use serde::Serialize;
use serde::de::DeserializeOwned;

type Fields = serde_json::Map<String, Json>;

/// The shape of the tree as a field of L1: `[[shop order, [item orders]]]`. It stands in the images only where
/// nodes came, went or moved.
const SHAPE: &str = "nodes";

/// How a changed field stands in the images.
#[derive(Clone, Copy)]
enum Kept {
    /// Before and after.
    Both,
    /// Before alone: afterwards it is the time of the row.
    Before,
    /// Only where it did not rise by one, as it does with every change.
    UnlessNext,
}

/// Declares the fields of a level: name in JSON, field, group, and how its change is kept.
macro_rules! fields {
    ($table:ident, $node:ident { $($name:literal $field:ident $group:ident $kept:ident,)* }
        children { $($child:ident)? }) => {
        const $table: &[(&str, Group)] = &[$(($name, Group::$group),)*];

        impl Node for $node {
            fn differing(&self, after: &Self, each: &mut dyn FnMut(&'static str, Kept, Json, Json)) {
                // Written out without `..`: a new field must be named here, or this does not compile.
                let Self { $($field: _,)* $($child: _,)? } = self;
                $(if self.$field != after.$field {
                    each($name, Kept::$kept, json(&self.$field), json(&after.$field));
                })*
            }
        }
    };
}

/// A node of the tree without its children.
trait Node: Serialize {
    /// Calls `each` with name, rule, old and new value of every field that differs.
    fn differing(&self, after: &Self, each: &mut dyn FnMut(&'static str, Kept, Json, Json));
}

fields! { PAYMENT_FIELDS, PaymentOrder {
    "id" id Origin Both,
    "version" version Bookkeeping UnlessNext,
    "terms_version" terms_version Terms Both,
    "terms_at" terms_at Terms Both,
    "home" home Origin Both,
    "type" order_type Origin Both,
    "market" market Origin Both,
    "platform" platform Origin Both,
    "channel" channel Origin Both,
    "external_id" external_id Origin Both,
    "issuer" issuer Origin Both,
    "client_token" client_token Origin Both,
    "source" source Origin Both,
    "buyer_id" buyer_id Origin Both,
    "currency" currency Terms Both,
    "visible" visible Visibility Both,
    "extra" extra Origin Both,
    "tags" tags Labels Both,
    "platform_discount" platform_discount Terms Both,
    "coupons" coupons Terms Both,
    "coins" coins Terms Both,
    "third_party_discount" third_party_discount Terms Both,
    "tax_included" tax Terms Both,
    "payments" payments Money Both,
    "attempts" attempts Money Both,
    "refunds_due" refunds_due Money Both,
    "revoke" revoke Money Both,
    "deadline" deadline Deadlines Both,
    "pay_by" pay_by Deadlines Both,
    "reported_payment" reported_payment Money Both,
    "notes" notes Notes Both,
    "anomalies" anomalies Bookkeeping Both,
    "ledgers" ledgers Terms Both,
    "created_at" created_at Origin Both,
    "updated_at" updated_at Bookkeeping Before,
} children {} }

fields! { SHOP_FIELDS, ShopOrder {
    "id" id Origin Both,
    "shop_id" shop_id Origin Both,
    "place" place Origin Both,
    "fulfilment" fulfilment Origin Both,
    "shop_discount" shop_discount Terms Both,
    "coupons" coupons Terms Both,
    "freight" freight Terms Both,
    "freight_tax" freight_tax Terms Both,
    "freight_shares" freight_shares Terms Both,
    "has_ship_to" has_ship_to Address Both,
    "buyer_comment" buyer_comment Notes Both,
    "seller_comment" seller_comment Notes Both,
    "promotions" promotions Terms Both,
    "tags" tags Labels Both,
    "dropped_at" dropped_at Terms Both,
    "dropped_by" dropped_by Terms Both,
    "shipments" shipments Logistics Both,
    "delivery" delivery Logistics Both,
    "reported" reported Logistics Both,
    "received" received Logistics Both,
    "refunds" refunds Refunds Both,
    "receive_by" receive_by Deadlines Both,
    "extended_by" extended_by Logistics Both,
    "settled_at" settled_at Settlement Both,
    "deadline" deadline Deadlines Both,
    "created_at" created_at Origin Both,
    "updated_at" updated_at Bookkeeping Before,
} children { items } }

fields! { ITEM_FIELDS, ItemOrder {
    "id" id Origin Both,
    "sku_id" sku_id Terms Both,
    "item_id" item_id Terms Both,
    "title" title Terms Both,
    "image" image Terms Both,
    "attributes" attributes Terms Both,
    "deliver_area_id" deliver_area_id Terms Both,
    "deliver_code" deliver_code Terms Both,
    "extra" extra Terms Both,
    "list_price" list_price Terms Both,
    "quantity" quantity Terms Both,
    "item_discount" item_discount Terms Both,
    "tax" tax Terms Both,
    "shares" shares Terms Both,
    "weighed" weighed Terms Both,
    "weighed_as" weighed_as Logistics Both,
    "holds_stock" holds_stock Terms Both,
    "dropped_at" dropped_at Terms Both,
    "rates" rates Ratings Both,
} children {} }

/// The group of a field of a node, by its name in JSON; none for a name that no node of this level has.
pub fn group_of(level: Level, field: &str) -> Option<Group> {
    let table = match level {
        Level::Payment if field == SHAPE => return Some(Group::Terms),
        Level::Payment => PAYMENT_FIELDS,
        Level::Shop => SHOP_FIELDS,
        Level::Item => ITEM_FIELDS,
    };
    table.iter().find(|(name, _)| *name == field).map(|(_, group)| *group)
}

/// Compares two states of a tree and gives the images of the log row: `{node id: {field: value}}` before and
/// after, of the fields that differ. `before` is `None` at placement.
///
/// A field stands in both images, `updated_at` only in the first (afterwards it is the row's time), `version`
/// only where it did not rise by one. A node that is new is null before, one that is gone is null after. Of a list
/// of facts only the elements that differ stand, so that a row costs what changed.
pub fn images(before: Option<&Tree>, after: &Tree) -> (Json, Json) {
    let Some(before) = before else {
        return (Json::Null, Json::Object(Fields::new()));
    };
    let mut images = Images::default();
    images.compare(before.id(), &before.payment, &after.payment);
    if same_shape(before, after) {
        for (old, new) in before.shops.iter().zip(&after.shops) {
            if old != new {
                images.compare(old.id, old, new);
                for (old, new) in old.items.iter().zip(&new.items) {
                    images.compare(old.id, old, new);
                }
            }
        }
    } else {
        images.compare_reshaped(before, after);
    }
    (Json::Object(images.before), Json::Object(images.after))
}

/// Undoes `entry` on the tree it led to: the tree as it was before, or `None` where the entry placed it.
pub fn undo(tree: &Tree, entry: &LogEntry) -> Result<Option<Tree>, BrokenLog> {
    let broken = |what: String| BrokenLog { tree: entry.tree, seq: entry.seq, what };
    if entry.tree != tree.id() {
        return Err(broken(format!("it is a row of another order than {}", tree.id())));
    }
    if entry.site == 0 && entry.seq != tree.payment.version {
        return Err(broken(format!("the order is at version {}", tree.payment.version)));
    }
    if entry.before.is_null() {
        return Ok(None);
    }
    match (&entry.before, &entry.after) {
        (Json::Object(before), Json::Object(after)) => {
            Undoing { tree, before, after }.run().map(Some).map_err(broken)
        }
        _ => Err(broken("its images are not objects".to_owned())),
    }
}

fn json<T: Serialize>(value: &T) -> Json {
    serde_json::to_value(value)
        .expect("every field of an order serialises: its map keys are strings")
}

fn same_shape(before: &Tree, after: &Tree) -> bool {
    let same_items = |(old, new): (&ShopOrder, &ShopOrder)| {
        old.id == new.id
            && old.items.len() == new.items.len()
            && old.items.iter().zip(&new.items).all(|(old, new)| old.id == new.id)
    };
    before.shops.len() == after.shops.len() && before.shops.iter().zip(&after.shops).all(same_items)
}

fn shape(tree: &Tree) -> Json {
    let items = |shop: &ShopOrder| shop.items.iter().map(|item| item.id).collect::<Vec<_>>();
    json(&tree.shops.iter().map(|shop| (shop.id, items(shop))).collect::<Vec<_>>())
}

#[derive(Default)]
struct Images {
    before: Fields,
    after: Fields,
}

impl Images {
    fn compare<N: Node>(&mut self, id: Id, old: &N, new: &N) {
        let (mut before, mut after) = (Fields::new(), Fields::new());
        old.differing(new, &mut |name, kept, was, is| match kept {
            Kept::Both => {
                let (was, is) = elements::images(name, was, is);
                before.insert(name.to_owned(), was);
                after.insert(name.to_owned(), is);
            }
            Kept::Before => {
                before.insert(name.to_owned(), was);
            }
            Kept::UnlessNext => {
                if was.as_u64().map(|n| n + 1) != is.as_u64() {
                    before.insert(name.to_owned(), was);
                    after.insert(name.to_owned(), is);
                }
            }
        });
        if !before.is_empty() {
            self.before.insert(id.to_string(), Json::Object(before));
        }
        if !after.is_empty() {
            self.after.insert(id.to_string(), Json::Object(after));
        }
    }

    /// Nodes came, went or moved: they are matched by number, and L1 keeps the shape. Rare, so it searches.
    fn compare_reshaped(&mut self, before: &Tree, after: &Tree) {
        for (image, tree) in [(&mut self.before, before), (&mut self.after, after)] {
            let node = image.entry(tree.id().to_string()).or_insert_with(|| Fields::new().into());
            node[SHAPE] = shape(tree);
        }
        for old in &before.shops {
            match after.shop(old.id) {
                Some(new) => self.compare(old.id, old, new),
                None => self.gone(old.id, json(old)),
            }
        }
        for new in after.shops.iter().filter(|shop| before.shop(shop.id).is_none()) {
            self.came(new.id, json(new));
        }
        for (_, old) in before.lines() {
            match find_item(after, old.id) {
                Some(new) => self.compare(old.id, old, new),
                None => self.gone(old.id, json(old)),
            }
        }
        for (_, new) in after.lines().filter(|(_, item)| find_item(before, item.id).is_none()) {
            self.came(new.id, json(new));
        }
    }

    fn gone(&mut self, id: Id, node: Json) {
        self.before.insert(id.to_string(), node);
        self.after.insert(id.to_string(), Json::Null);
    }

    fn came(&mut self, id: Id, node: Json) {
        self.before.insert(id.to_string(), Json::Null);
        self.after.insert(id.to_string(), node);
    }
}

fn find_item(tree: &Tree, id: Id) -> Option<&ItemOrder> {
    tree.lines().map(|(_, item)| item).find(|item| item.id == id)
}

struct Undoing<'a> {
    tree: &'a Tree,
    before: &'a Fields,
    after: &'a Fields,
}

impl Undoing<'_> {
    fn run(&self) -> Result<Tree, String> {
        self.check_nodes_exist()?;
        let root = self.tree.id().to_string();
        let mut payment: PaymentOrder = self.former(self.tree.id(), &self.tree.payment)?;
        let named = |image: &Fields| image.get(&root).is_some_and(|f| f.get("version").is_some());
        if !named(self.before) {
            payment.version = payment.version.saturating_sub(1);
        }
        let shape = self.before.get(&root).and_then(|fields| fields.get(SHAPE));
        let shops = match shape {
            None => self.same_nodes()?,
            Some(shape) => self.former_nodes(shape)?,
        };
        Ok(Tree { payment, shops })
    }

    fn check_nodes_exist(&self) -> Result<(), String> {
        for (id, fields) in self.after {
            let known = id.parse().is_ok_and(|id| self.tree.has_node(id));
            if known == fields.is_null() {
                return Err(format!(
                    "node {id} {}",
                    if known { "is still there" } else { "is missing" }
                ));
            }
        }
        Ok(())
    }

    fn same_nodes(&self) -> Result<Vec<ShopOrder>, String> {
        let shop = |shop: &ShopOrder| {
            let items = shop
                .items
                .iter()
                .map(|item| self.former(item.id, item))
                .collect::<Result<_, _>>()?;
            Ok(ShopOrder { items, ..self.former(shop.id, shop)? })
        };
        self.tree.shops.iter().map(shop).collect()
    }

    fn former_nodes(&self, shape: &Json) -> Result<Vec<ShopOrder>, String> {
        let now = self.after.get(&self.tree.id().to_string()).and_then(|fields| fields.get(SHAPE));
        if now != Some(&self::shape(self.tree)) {
            return Err("its nodes are not those the order has".to_owned());
        }
        let shape: Vec<(Id, Vec<Id>)> = read(shape.clone())?;
        let item = |id: Id| match find_item(self.tree, id) {
            Some(item) => self.former(id, item),
            None => self.gone(id),
        };
        let shop = |(id, items): (Id, Vec<Id>)| {
            let former: ShopOrder = match self.tree.shop(id) {
                Some(shop) => self.former(id, shop)?,
                None => self.gone(id)?,
            };
            Ok(ShopOrder {
                items: items.into_iter().map(item).collect::<Result<_, _>>()?,
                ..former
            })
        };
        shape.into_iter().map(shop).collect()
    }

    /// The node as it was: its fields after must be those it has, and its fields before take their place.
    fn former<N: Node + DeserializeOwned + Clone>(&self, id: Id, node: &N) -> Result<N, String> {
        let key = id.to_string();
        let (before, after) = (self.before.get(&key), self.after.get(&key));
        if before.is_none() && after.is_none() {
            return Ok(node.clone());
        }
        let now = with(node, after, before)?;
        let mut differs = None;
        now.differing(node, &mut |name, _, _, _| differs = Some(name));
        match differs {
            Some(name) => Err(format!("`{name}` of node {id} is not what the row made it")),
            None => with(node, before, after),
        }
    }

    fn gone<N: DeserializeOwned>(&self, id: Id) -> Result<N, String> {
        let node = self.before.get(&id.to_string()).ok_or_else(|| format!("node {id} is lost"))?;
        read(node.clone())
    }
}

/// `node` with the fields of one image; `other` is its image on the other side.
fn with<N: Serialize + DeserializeOwned>(
    node: &N,
    image: Option<&Json>,
    other: Option<&Json>,
) -> Result<N, String> {
    let mut body = json(node);
    if let (Json::Object(body), Some(Json::Object(fields))) = (&mut body, image) {
        for (name, value) in fields.iter().filter(|(name, _)| *name != SHAPE) {
            let other = other.and_then(|other| other.get(name));
            let value = elements::laid(name, body.get(name), value, other)?;
            body.insert(name.clone(), value);
        }
    }
    read(body)
}

fn read<T: DeserializeOwned>(json: Json) -> Result<T, String> {
    serde_json::from_value(json).map_err(|error| error.to_string())
}
