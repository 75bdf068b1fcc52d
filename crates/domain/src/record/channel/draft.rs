//! An order that is new here, made ready before the report waits for its turn: priced, with every parcel and refund, and
//! with numbers that hold its place until the real ones are given. What is left for the turn is to number it.

use super::stock::{Shelves, allocate};
use super::{Fitted, recorded};
use crate::change::{Change, Origin};
use crate::deadline::Policy;
use crate::decide::Context;
use crate::{Id, Limits, Seat, Time, Tree};

/// An order that is new here, as a report tells it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its numbers count from 1 in the order in which they are given.
    tree: Tree,
    numbers: usize,
}

impl Draft {
    /// The order that `told` comes to at `at` where it is not known. None where it comes to none, or where a
    /// contradiction in it names a number: then it is recorded at its turn.
    pub fn of(told: &Fitted, at: Time) -> Option<Self> {
        let mut numbers = 0;
        let mut cx = Context {
            seat: &Seat::Center,
            at,
            policy: &Policy::default(),
            limits: &Limits::NONE,
            next_id: &mut || {
                numbers += 1;
                Id(numbers)
            },
            can_hold: &|_| false,
        };
        let tree = recorded(None, told, &mut cx).ok()?;
        let numbers = usize::try_from(numbers).ok()?;
        let names_numbers = tree.payment.anomalies.iter().any(|anomaly| {
            let names = ["order_id", "refund_id", "shipment_id", "payment_id"];
            names.iter().any(|name| anomaly.detail.get(name).is_some())
        });
        (!names_numbers).then_some(Self { tree, numbers })
    }

    /// What it agrees to: the order without numbers, to be hashed and compressed.
    pub fn agreed(&self) -> Tree {
        let mut tree = self.tree.clone();
        renumber(&mut tree, |_| Id(0));
        tree
    }

    /// Takes it down under numbers of `cx`: the same as recording its report, without the work.
    pub fn record(&self, told: &Fitted, shelves: &Shelves, cx: &mut Context<'_>) -> Change {
        let numbers: Vec<Id> = (0..self.numbers).map(|_| (cx.next_id)()).collect();
        let mut tree = self.tree.clone();
        renumber(&mut tree, |id| {
            let place = usize::try_from(id.0 - 1).ok();
            place.and_then(|place| numbers.get(place)).copied().unwrap_or(id)
        });
        for anomaly in &mut tree.payment.anomalies {
            anomaly.at = cx.at;
        }
        allocate(None, &mut tree, shelves, cx.at);
        tree.put_in_order();
        super::super::stamp(None, &mut tree, cx.at);
        let entry = super::super::entry(None, &tree, &told.report.issuer, cx);
        Change { tree, entry, origin: Origin::Recorded }
    }
}

/// Gives every node and fact the number that `number` has for the one it has.
fn renumber(tree: &mut Tree, number: impl Fn(Id) -> Id) {
    tree.payment.id = number(tree.payment.id);
    for shop in &mut tree.shops {
        shop.id = number(shop.id);
        for item in &mut shop.items {
            item.id = number(item.id);
        }
        for parcel in &mut shop.shipments {
            parcel.shipment_id = number(parcel.shipment_id);
            parcel.lines.iter_mut().for_each(|line| line.order_id = number(line.order_id));
        }
        for refund in &mut shop.refunds {
            refund.refund_id = number(refund.refund_id);
            refund.lines.iter_mut().for_each(|line| line.order_id = number(line.order_id));
        }
    }
}
