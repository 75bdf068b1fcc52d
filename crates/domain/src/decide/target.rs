//! Which node an operation acts at: the one that was named, the only one of the level it needs, or the one
//! that holds the refund it names.

use crate::operation::{OperationKind, Request, Target};
use crate::words::Level;
use crate::{Id, Refusal, Tree};

/// A node of a tree, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Tree,
    Shop(usize),
    Line(usize, usize),
}

impl Node {
    /// Its number.
    pub fn id(self, tree: &Tree) -> Id {
        match self {
            Self::Tree => tree.id(),
            Self::Shop(shop) => tree.shops[shop].id,
            Self::Line(shop, item) => tree.shops[shop].items[item].id,
        }
    }

    const fn level(self) -> Level {
        match self {
            Self::Tree => Level::Payment,
            Self::Shop(_) => Level::Shop,
            Self::Line(..) => Level::Item,
        }
    }
}

/// The node that `request` means.
pub(super) fn resolve(tree: &Tree, request: &Request) -> Result<Node, Refusal> {
    let named = named(tree, request.node)?;
    let operation = request.operation.kind();
    let target = operation.definition().target;
    let (refund, due) = match target {
        Target::Refund(refund) => (refund(&request.operation), Due::No),
        Target::RefundOrDue(refund) => (refund(&request.operation), Due::Too),
        Target::At(_) | Target::Any => (None, Due::No),
    };
    if let Some(refund) = refund {
        return holder(tree, operation, refund, due, named);
    }
    match target.level() {
        None => Ok(named),
        Some(level) if level == named.level() => Ok(named),
        Some(level) => {
            let only = if level > named.level() { only_one(tree, level) } else { None };
            only.ok_or(Refusal::WrongLevel { operation, wanted: level })
        }
    }
}

fn named(tree: &Tree, id: Id) -> Result<Node, Refusal> {
    if tree.id() == id {
        return Ok(Node::Tree);
    }
    for (at, shop) in tree.shops.iter().enumerate() {
        if shop.id == id {
            return Ok(Node::Shop(at));
        }
        if let Some(item) = shop.items.iter().position(|item| item.id == id) {
            return Ok(Node::Line(at, item));
        }
    }
    Err(Refusal::NoSuchPart { what: "node", id })
}

/// The only node of `level`, whatever its state, dropped ones aside.
fn only_one(tree: &Tree, level: Level) -> Option<Node> {
    let shops = tree.shops.iter().enumerate().filter(|(_, shop)| shop.dropped_at.is_none());
    let mut nodes: Box<dyn Iterator<Item = Node>> = match level {
        Level::Payment => Box::new(std::iter::once(Node::Tree)),
        Level::Shop => Box::new(shops.map(|(at, _)| Node::Shop(at))),
        Level::Item => Box::new(shops.flat_map(|(at, shop)| {
            let open = shop.items.iter().enumerate().filter(|(_, i)| i.dropped_at.is_none());
            open.map(move |(item, _)| Node::Line(at, item))
        })),
    };
    nodes.next().filter(|_| nodes.next().is_none())
}

/// Whether a refund may be one that is due of the payment order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    No,
    Too,
}

/// A refund names its shop order by itself, and a refund due the payment order. A refund must stand below the
/// node that was asked.
fn holder(
    tree: &Tree,
    operation: OperationKind,
    refund: Id,
    due: Due,
    named: Node,
) -> Result<Node, Refusal> {
    let is_due = tree.payment.refunds_due.iter().any(|due| due.refund_id == refund);
    if due == Due::Too && is_due {
        return Ok(Node::Tree);
    }
    let holds = |shop: &crate::ShopOrder| shop.refunds.iter().any(|r| r.refund_id == refund);
    let shop = tree.shops.iter().position(holds);
    match (shop, named) {
        (_, Node::Line(..)) => Err(Refusal::WrongLevel { operation, wanted: Level::Shop }),
        (Some(shop), Node::Tree) => Ok(Node::Shop(shop)),
        (Some(shop), Node::Shop(other)) if shop == other => Ok(Node::Shop(shop)),
        (Some(_), Node::Shop(_)) | (None, Node::Tree | Node::Shop(_)) => {
            Err(Refusal::NoSuchPart { what: "refund", id: refund })
        }
    }
}
