//! A row of the log laid over a tree: backwards the tree as it was ([`undo`]), forwards the tree as it became
//! ([`redo`]). A row that does not fit is told, and nothing is overwritten.
//!
//! `undo(redo(tree, row)) = tree` for every row that was written on `tree`, and `redo(undo(tree, row)) = tree` for
//! every row that led to it.

use super::fields::{Node, SHAPE, json};
use super::images::find_item;
use super::{BrokenLog, LogEntry, elements};
use crate::{Id, Json, PaymentOrder, ShopOrder, Time, Tree};
use serde::Serialize;
use serde::de::DeserializeOwned;

type Fields = serde_json::Map<String, Json>;

/// The version, which rises by one with every change unless it is named.
const VERSION: &str = "version";
/// The time of the last change, which is that of the row unless it is named.
const UPDATED_AT: &str = "updated_at";

/// Undoes `entry` on the tree it led to: the tree as it was before, or `None` where the entry placed it.
///
/// # Errors
/// Where the row is of another tree or hand, or the tree is not what the row made it.
pub fn undo(tree: &Tree, entry: &LogEntry) -> Result<Option<Tree>, BrokenLog> {
    let broken = |what: String| BrokenLog { tree: entry.tree, seq: entry.seq, what };
    of_tree(tree, entry).map_err(broken)?;
    match entry.version {
        Some(version) if version == tree.payment.version => {}
        Some(_) => return Err(broken(format!("the order is at version {}", tree.payment.version))),
        None => return Err(broken("another hand wrote it".to_owned())),
    }
    let Some((before, after)) = sides(entry).map_err(broken)? else { return Ok(None) };
    let laying = Laying { tree, stands: after, comes: before, moved: Moved::Back };
    laying.run().map(Some).map_err(broken)
}

/// Applies `entry` to the tree it was written on, here or on another copy: the tree it leads to.
///
/// # Errors
/// Where the row is of another tree or places it (the row of a placement leaves the tree to itself), or the tree is
/// not what the row was written on.
pub fn redo(tree: &Tree, entry: &LogEntry) -> Result<Tree, BrokenLog> {
    let broken = |what: String| BrokenLog { tree: entry.tree, seq: entry.seq, what };
    of_tree(tree, entry).map_err(broken)?;
    let (before, after) = sides(entry)
        .and_then(|sides| sides.ok_or_else(|| "it places the order".to_owned()))
        .map_err(broken)?;
    // A version that did not rise by one stands in the images.
    let next = tree.payment.version.saturating_add(1);
    let named = before.get(&tree.id().to_string()).is_some_and(|it| it.get(VERSION).is_some());
    if !named && entry.version.is_some_and(|version| version != next) {
        return Err(broken(format!("the order is at version {}", tree.payment.version)));
    }
    let moved = Moved::Forth(entry.at);
    Laying { tree, stands: before, comes: after, moved }.run().map_err(broken)
}

fn of_tree(tree: &Tree, entry: &LogEntry) -> Result<(), String> {
    if entry.tree == tree.id() {
        return Ok(());
    }
    Err(format!("it is a row of another order than {}", tree.id()))
}

/// Both images of a row; none of a placement.
fn sides(entry: &LogEntry) -> Result<Option<(&Fields, &Fields)>, String> {
    match (&entry.before, &entry.after) {
        (Json::Null, _) => Ok(None),
        (Json::Object(before), Json::Object(after)) => Ok(Some((before, after))),
        _ => Err("its images are not objects".to_owned()),
    }
}

/// Which way a row is laid over a tree.
#[derive(Clone, Copy)]
enum Moved {
    /// To the tree before it.
    Back,
    /// To the tree after it, which changed at this moment.
    Forth(Time),
}

/// A row over a tree: the fields of one image must stand there, and those of the other take their place.
struct Laying<'a> {
    tree: &'a Tree,
    stands: &'a Fields,
    comes: &'a Fields,
    moved: Moved,
}

impl Laying<'_> {
    fn run(&self) -> Result<Tree, String> {
        self.check_nodes_exist()?;
        let root = self.tree.id().to_string();
        let mut payment: PaymentOrder = self.laid(self.tree.id(), &self.tree.payment)?;
        let named = |image: &Fields| image.get(&root).is_some_and(|f| f.get(VERSION).is_some());
        if !named(self.comes) {
            payment.version = match self.moved {
                Moved::Back => payment.version.saturating_sub(1),
                Moved::Forth(_) => payment.version.saturating_add(1),
            };
        }
        let shape = self.comes.get(&root).and_then(|fields| fields.get(SHAPE));
        let shops = match shape {
            None => self.same_nodes()?,
            Some(shape) => self.other_nodes(shape)?,
        };
        Ok(Tree { payment, shops })
    }

    fn check_nodes_exist(&self) -> Result<(), String> {
        for (id, fields) in self.stands {
            let known = id.parse().is_ok_and(|id| self.tree.has_node(id));
            if known == fields.is_null() {
                return Err(format!(
                    "node {id} {}",
                    if known { "is there already" } else { "is missing" }
                ));
            }
        }
        Ok(())
    }

    fn same_nodes(&self) -> Result<Vec<ShopOrder>, String> {
        let shop = |shop: &ShopOrder| {
            let items =
                shop.items.iter().map(|item| self.laid(item.id, item)).collect::<Result<_, _>>()?;
            Ok(ShopOrder { items, ..self.laid(shop.id, shop)? })
        };
        self.tree.shops.iter().map(shop).collect()
    }

    fn other_nodes(&self, shape: &Json) -> Result<Vec<ShopOrder>, String> {
        let now = self.stands.get(&self.tree.id().to_string()).and_then(|fields| fields.get(SHAPE));
        if now != Some(&super::images::shape(self.tree)) {
            return Err("its nodes are not those the order has".to_owned());
        }
        let shape: Vec<(Id, Vec<Id>)> = read(shape.clone())?;
        let item = |id: Id| match find_item(self.tree, id) {
            Some(item) => self.laid(id, item),
            None => self.comes_whole(id),
        };
        let shop = |(id, items): (Id, Vec<Id>)| {
            let laid: ShopOrder = match self.tree.shop(id) {
                Some(shop) => self.laid(id, shop)?,
                None => self.comes_whole(id)?,
            };
            Ok(ShopOrder { items: items.into_iter().map(item).collect::<Result<_, _>>()?, ..laid })
        };
        shape.into_iter().map(shop).collect()
    }

    /// The node with the fields that come; those that stand must be those it has.
    fn laid<N: Node + DeserializeOwned + Clone>(&self, id: Id, node: &N) -> Result<N, String> {
        let key = id.to_string();
        let (stands, comes) = (self.stands.get(&key), self.comes.get(&key));
        if stands.is_none() && comes.is_none() {
            return Ok(node.clone());
        }
        let now = with(node, stands, comes)?;
        let mut differs = None;
        now.differing(node, &mut |name, _, _, _| differs = Some(name));
        if let Some(name) = differs {
            return Err(format!("`{name}` of node {id} is not what the row has"));
        }
        let mut laid = with(node, comes, stands)?;
        if let Moved::Forth(at) = self.moved
            && stands.is_some_and(|fields| fields.get(UPDATED_AT).is_some())
        {
            laid = with(&laid, Some(&serde_json::json!({ UPDATED_AT: at })), None)?;
        }
        Ok(laid)
    }

    fn comes_whole<N: DeserializeOwned>(&self, id: Id) -> Result<N, String> {
        let node = self.comes.get(&id.to_string()).ok_or_else(|| format!("node {id} is lost"))?;
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
