//! Before and after of every changed field. What stands of lists of facts is told in `elements`.

use super::elements;
use super::fields::{Logged, Node, SHAPE, json};
use crate::{Id, ItemOrder, Json, ShopOrder, Tree};

type Fields = serde_json::Map<String, Json>;

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

fn same_shape(before: &Tree, after: &Tree) -> bool {
    let same_items = |(old, new): (&ShopOrder, &ShopOrder)| {
        old.id == new.id
            && old.items.len() == new.items.len()
            && old.items.iter().zip(&new.items).all(|(old, new)| old.id == new.id)
    };
    before.shops.len() == after.shops.len() && before.shops.iter().zip(&after.shops).all(same_items)
}

pub(super) fn shape(tree: &Tree) -> Json {
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
            Logged::Both => {
                let (was, is) = elements::images(name, was, is);
                before.insert(name.to_owned(), was);
                after.insert(name.to_owned(), is);
            }
            Logged::Before => {
                before.insert(name.to_owned(), was);
            }
            Logged::UnlessNext => {
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

pub(super) fn find_item(tree: &Tree, id: Id) -> Option<&ItemOrder> {
    tree.lines().map(|(_, item)| item).find(|item| item.id == id)
}
