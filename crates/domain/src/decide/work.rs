//! A change under way: the tree as it becomes, what it moves, and what its log row says. `finish` closes it:
//! what payment brings about, deadlines, versions and the images of the log.

use super::target::Node;
use super::{Context, deadlines, payment};
use crate::change::{self, Change, LogEntry, Origin, Remark};
use crate::operation::{By, OperationKind, Parameters};
use crate::status::{self, ShopStanding, Standing};
use crate::words::{PaymentStatus, Status, StoreStatus};
use crate::{FieldError, Hlc, Id, Json, Refusal, ShopOrder, Time, Tree};

/// What a rule answers when it does not refuse.
pub(super) enum Done {
    /// The tree of the work is the new one.
    Changed,
    /// It is so already.
    Already,
}

/// A change under way.
pub(super) struct Work<'a, 'c> {
    /// The tree before, unless this places it.
    before: Option<&'a Tree>,
    /// Where it stood before; at placement as if nothing were paid yet.
    pub was: Standing,
    /// The tree as it becomes.
    pub tree: Tree,
    /// What was asked.
    pub operation: OperationKind,
    /// Of which node.
    pub node: Node,
    pub by: By<'a>,
    pub cx: &'a mut Context<'c>,
    pub happened_at: Option<Time>,
    parameters: Parameters,
}

impl<'a, 'c> Work<'a, 'c> {
    pub fn on(
        tree: &'a Tree,
        operation: OperationKind,
        node: Node,
        by: By<'a>,
        cx: &'a mut Context<'c>,
    ) -> Self {
        let was = status::of(tree);
        cx.goes_on_from(tree);
        Self::new(Some(tree), was, tree.clone(), operation, node, by, cx)
    }

    pub fn placing(tree: Tree, by: By<'a>, cx: &'a mut Context<'c>) -> Self {
        let mut was = status::of(&tree);
        // An order with nothing to pay becomes paid by its placement, and what payment brings about follows.
        was.payment_status = PaymentStatus::Unpaid;
        for shop in &mut was.shops {
            shop.status = Status::Created;
        }
        Self::new(None, was, tree, OperationKind::Place, Node::Tree, by, cx)
    }

    fn new(
        before: Option<&'a Tree>,
        was: Standing,
        tree: Tree,
        operation: OperationKind,
        node: Node,
        by: By<'a>,
        cx: &'a mut Context<'c>,
    ) -> Self {
        Self {
            before,
            was,
            tree,
            operation,
            node,
            by,
            cx,
            happened_at: None,
            parameters: Parameters::new(),
        }
    }

    /// Puts a parameter into the log row.
    pub fn say(&mut self, name: &str, value: impl Into<Json>) {
        self.parameters.insert(name.to_owned(), value.into());
    }

    /// Puts a parameter into the log row if it is there.
    pub fn say_if(&mut self, name: &str, value: Option<impl Into<Json>>) {
        if let Some(value) = value {
            self.say(name, value);
        }
    }

    pub fn at(&self) -> Time {
        self.cx.at
    }

    pub fn next_id(&mut self) -> Id {
        (self.cx.next_id)()
    }

    /// The position of the shop order that was asked. Only rules at the level of shop orders call it.
    pub fn shop_at(&self) -> usize {
        match self.node {
            Node::Shop(shop) | Node::Line(shop, _) => shop,
            Node::Tree => 0,
        }
    }

    pub fn shop(&self) -> &ShopOrder {
        &self.tree.shops[self.shop_at()]
    }

    pub fn shop_mut(&mut self) -> &mut ShopOrder {
        let shop = self.shop_at();
        &mut self.tree.shops[shop]
    }

    /// Where the shop order that was asked stood before.
    pub fn shop_was(&self) -> &ShopStanding {
        &self.was.shops[self.shop_at()]
    }

    /// The refusal of an operation that the state of its node does not allow.
    pub fn refuse(&self, why: &'static str) -> Refusal {
        let (store, main) = match self.node {
            Node::Tree => (self.was.store_status, self.was.status),
            Node::Shop(shop) => (self.was.shops[shop].store_status, self.was.shops[shop].status),
            Node::Line(shop, item) => {
                let standing = &self.was.shops[shop];
                (standing.store_status, standing.items[item].status)
            }
        };
        let state = if store == StoreStatus::Paid { main.word() } else { store.word() };
        Refusal::State { state: state.to_owned(), operation: self.operation, why }
    }

    /// The refusal of an actor of the wrong side.
    pub fn refuse_actor(&self) -> Refusal {
        Refusal::Actor { actor: self.by.actor.kind, operation: self.operation }
    }

    /// Closes the change. What payment brings about and what deadlines follow is seen by comparing where the
    /// order stood with where it stands, so no rule can forget it.
    pub fn finish(mut self, remark: Remark) -> Change {
        let at = self.at();
        let mut now = status::of(&self.tree);
        if now.payment_status == PaymentStatus::Paid
            && self.was.payment_status != PaymentStatus::Paid
        {
            payment::paid(&mut self);
            now = status::of(&self.tree);
        }
        for shop in 0..self.tree.shops.len() {
            deadlines::follow(&mut self, &now, shop);
        }
        self.tree.payment.updated_at = at;
        self.tree.put_in_order();
        if let Some(before) = self.before {
            self.tree.payment.version = before.payment.version + 1;
            for (shop, was) in self.tree.shops.iter_mut().zip(&before.shops) {
                if shop != was {
                    shop.updated_at = at;
                }
            }
        }
        change::name_currency(&mut self.parameters, &self.tree);
        let (before, after) = change::images(self.before, &self.tree);
        let version = self.tree.payment.version;
        let entry = LogEntry {
            tree: self.tree.id(),
            site: self.cx.seat.log_site(),
            seq: version,
            version: Some(version),
            hlc: Hlc::of(at, version),
            node: self.node.id(&self.tree),
            kind: self.operation,
            actor: self.by.actor.clone(),
            from_status: self.before.map(|_| self.was.status),
            to_status: now.status,
            parameters: self.parameters,
            before,
            after,
            remark,
            at,
            happened_at: self.happened_at.filter(|happened| *happened != at),
        };
        Change { tree: self.tree, entry, origin: Origin::Decided }
    }
}

/// The refusal of one field.
pub(super) fn invalid(field: &str, code: &'static str, message: &str) -> Refusal {
    let (field, message) = (field.to_owned(), message.to_owned());
    Refusal::Invalid(vec![FieldError { field, code, message }])
}
