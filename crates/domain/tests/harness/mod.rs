//! A harness at which one order is placed and asked for things. After every change it holds the laws that no
//! operation may break, and keeps a stock ledger beside the order as the store would.
#![allow(dead_code)] // each test file uses its part

mod beside;
mod laws;
pub mod ledgers;
mod pieces;
mod taxes;

use docket_domain::change::{Change, Remark};
use docket_domain::coupon::{Class, ComesBack, CountOf, Counted};
use docket_domain::deadline::Policy;
use docket_domain::decide::{self, Context, Decided, Holds};
use docket_domain::ledger::LedgerLocation;
use docket_domain::operation::{
    Asked, By, Operation, OperationKind, PaymentReport, RefundAsked, Request,
};
use docket_domain::placement::{PlacedItem, PlacedShop, Placement};
use docket_domain::status::{self, ItemStanding, ShopStanding, Standing};
use docket_domain::tree::{FreightAsked, Refund, Tax};
use docket_domain::words::{Fulfilment, OrderType, Platform, RefundStatus};
use docket_domain::{
    Actor, ActorKind, Amount, Currency, Id, Limits, LogEntry, Quantity, Refusal, ShopOrder, Time,
    Tree, coupon, ledger, price,
};
use std::collections::BTreeMap;

/// When orders are placed here.
pub const MORNING: Time = Time(1_750_000_000_000);

/// One SKU at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shelf {
    pub on_hand: i64,
    pub held: i64,
}

#[derive(Clone)]
pub struct Harness {
    pub tree: Tree,
    pub at: Time,
    pub policy: Policy,
    pub limits: Limits,
    pub log: Vec<LogEntry>,
    pub last: Change,
    /// The order before the last change; none at placement.
    pub was: Option<Tree>,
    pub shelves: BTreeMap<(String, String), Shelf>,
    pub book: ledgers::Book,
    /// What is used and redeemed of coupons, as the store counts it.
    pub counts: BTreeMap<CountOf, (i64, i64)>,
    /// Whether holds could be taken again for late money.
    pub stock_is_left: bool,
    pub may_refund_settled: bool,
    next: i64,
}

pub fn item(list_price: i64, units: i64) -> PlacedItem {
    PlacedItem {
        sku_id: format!("sku-{list_price}"),
        item_id: None,
        title: Some("Tea".into()),
        image: None,
        attributes: None,
        deliver_area_id: None,
        deliver_code: None,
        extra: None,
        quantity: Quantity(units * 1000),
        list_price: Amount::of(list_price),
        item_discount: Amount::ZERO,
        tax: Amount::ZERO,
        weighed: false,
    }
}

pub fn shop(freight: i64, items: Vec<PlacedItem>) -> PlacedShop {
    PlacedShop {
        shop_id: "11".into(),
        place: "main".into(),
        fulfilment: Fulfilment::Parcel,
        shop_discount: Amount::ZERO,
        freight: Amount::of(freight),
        freight_tax: Amount::ZERO,
        has_ship_to: true,
        buyer_comment: None,
        promotions: None,
        tags: Vec::new(),
        items,
    }
}

pub fn order(shops: Vec<PlacedShop>) -> Placement {
    Placement {
        buyer_id: Some("1001".into()),
        currency: Currency::in_use("CNY").expect("CNY is a currency"),
        order_type: OrderType::Goods,
        market: 0,
        platform: Platform::H5,
        channel: None,
        external_id: None,
        client_token: None,
        source: None,
        extra: None,
        tags: Vec::new(),
        expected_total: None,
        platform_discount: Amount::ZERO,
        coins: Amount::ZERO,
        third_party_discount: Amount::ZERO,
        tax: Tax::Included,
        shops,
        coupons: Vec::new(),
    }
}

/// One shop, two units at 50.00 and three at 20.00, freight 6.00: 166.00 to pay.
pub fn parcels() -> Harness {
    Harness::place(&order(vec![shop(600, vec![item(5000, 2), item(2000, 3)])]))
}

/// The same, carried by a courier.
pub fn meal() -> Harness {
    Harness::place(&order(vec![fulfilled(Fulfilment::Takeaway)]))
}

/// The same, over the counter or as codes.
pub fn fulfilled(fulfilment: Fulfilment) -> PlacedShop {
    PlacedShop { fulfilment, ..shop(600, vec![item(5000, 2), item(2000, 3)]) }
}

impl Harness {
    pub fn place(placement: &Placement) -> Self {
        Self::try_place(placement).expect("the placement is right")
    }

    pub fn try_place(placement: &Placement) -> Result<Self, Refusal> {
        let mut tree = price::assemble(placement, "web", MORNING)?;
        let mut next = 0;
        price::number(&mut tree, &mut || {
            next += 1;
            Id(next)
        });
        for item in tree.shops.iter_mut().flat_map(|shop| &mut shop.items) {
            item.holds_stock = !item.sku_id.ends_with("untracked");
        }
        tree.payment.ledgers = ledgers::all();
        let coupons = tree.shops.iter_mut().flat_map(|shop| &mut shop.coupons);
        for coupon in coupons.chain(&mut tree.payment.coupons) {
            let day = "2026-11-20".to_owned();
            coupon.counted = Some(Counted {
                class: Class::Gift,
                day,
                phone: Some(7),
                kept: LedgerLocation::Here,
                comes_back: ComesBack::NothingShipped,
                until: None,
                given_back: None,
            });
        }
        let takeaway = placement.shops.iter().any(|s| s.fulfilment == Fulfilment::Takeaway);
        let policy = if takeaway { Policy::takeaway() } else { Policy::default() };
        let mut next_id = || {
            next += 1;
            Id(next)
        };
        let mut cx = Context {
            at: MORNING,
            policy: &policy,
            limits: &Limits::NONE,
            next_id: &mut next_id,
            seat: &docket_domain::Seat::Center,
            can_hold: &|_| true,
        };
        let actor = Actor::of(ActorKind::Buyer);
        let change = decide::place(tree, by(&actor, false), &mut cx)?;
        let mut harness = Self {
            tree: change.tree.clone(),
            at: MORNING,
            policy,
            limits: Limits::default(),
            log: Vec::new(),
            last: change.clone(),
            was: None,
            shelves: BTreeMap::new(),
            book: ledgers::Book::default(),
            counts: BTreeMap::new(),
            stock_is_left: true,
            may_refund_settled: false,
            next,
        };
        laws::hold_at_placement(&change);
        harness.keep(None, change);
        Ok(harness)
    }

    /// Asks for `operation` of the whole order.
    pub fn ask(&mut self, actor: ActorKind, operation: Operation) -> Result<Decided, Refusal> {
        let node = self.tree.id();
        self.ask_of(node, actor, operation)
    }

    pub fn ask_of(
        &mut self,
        node: Id,
        actor: ActorKind,
        operation: Operation,
    ) -> Result<Decided, Refusal> {
        let remark = Remark { en: Some("as asked".into()), cn: None };
        self.request(actor, &Request { operation, node, expected_version: None, remark })
    }

    pub fn request(&mut self, actor: ActorKind, request: &Request) -> Result<Decided, Refusal> {
        let (tree, actor, left) = (self.tree.clone(), Actor::of(actor), self.stock_is_left);
        let mut next = self.next;
        let mut next_id = || {
            next += 1;
            Id(next)
        };
        let can_hold = move |_: Holds<'_>| left;
        let mut cx = Context {
            at: self.at,
            policy: &self.policy,
            limits: &self.limits,
            next_id: &mut next_id,
            seat: &docket_domain::Seat::Center,
            can_hold: &can_hold,
        };
        let decided = decide::decide(&tree, request, by(&actor, self.may_refund_settled), &mut cx)?;
        self.next = next;
        if let Decided::Change(change) = &decided {
            laws::hold(&tree, change);
            self.keep(Some(tree), change.as_ref().clone());
        }
        Ok(decided)
    }

    /// Asks for what must be allowed and change something.
    #[track_caller]
    pub fn does(&mut self, actor: ActorKind, operation: Operation) {
        let what = format!("{operation:?}");
        match self.ask(actor, operation) {
            Ok(Decided::Change(_)) => {}
            other => panic!("{what} should change the order, but: {other:?}"),
        }
    }

    /// Asks for what must be refused, and tells the refusal.
    #[track_caller]
    pub fn refuses(&mut self, actor: ActorKind, operation: Operation) -> Refusal {
        let what = format!("{operation:?}");
        match self.ask(actor, operation) {
            Err(refusal) => refusal,
            other => panic!("{what} should be refused, but: {other:?}"),
        }
    }

    /// Lets `millis` pass, and the timer do all that is due then.
    pub fn wait(&mut self, millis: i64) {
        self.at = self.at.plus(millis);
        for _ in 0..200 {
            if !self.timer() {
                return;
            }
        }
        panic!("the timer finds no end: {:#?}", self.tree);
    }

    /// One operation of the timer, if one is due.
    pub fn timer(&mut self) -> bool {
        let (tree, left) = (self.tree.clone(), self.stock_is_left);
        let mut next = self.next;
        let mut next_id = || {
            next += 1;
            Id(next)
        };
        let can_hold = move |_: Holds<'_>| left;
        let mut cx = Context {
            at: self.at,
            policy: &self.policy,
            limits: &self.limits,
            next_id: &mut next_id,
            seat: &docket_domain::Seat::Center,
            can_hold: &can_hold,
        };
        let change = decide::due(&tree, &mut cx);
        self.next = next;
        let is_due = tree.due_at().is_some_and(|at| at <= self.at);
        assert_eq!(change.is_some(), is_due, "the timer acts when something is due, and only then");
        let Some(change) = change else { return false };
        let note = change.entry.kind == OperationKind::Note;
        assert!(!note, "no deadline outlives what it waits for: {tree:#?}");
        laws::hold(&tree, &change);
        self.keep(Some(tree), change);
        true
    }

    /// A person gives the use of a coupon back.
    pub fn give_coupon_back(&mut self, code: &str) -> Result<(), decide::NotGivenBack> {
        let (at, policy, mut next) = (self.at, self.policy, self.next);
        let mut next_id = || {
            next += 1;
            Id(next)
        };
        let mut cx = Context {
            at,
            policy: &policy,
            limits: &Limits::NONE,
            next_id: &mut next_id,
            seat: &docket_domain::Seat::Center,
            can_hold: &|_| false,
        };
        let actor = Actor::of(ActorKind::Store);
        let by = By { actor: &actor, issuer: "web", may_refund_settled: false };
        let change = decide::give_coupon_back(&self.tree, code, "goodwill", by, &mut cx)?;
        self.next = next;
        let before = self.tree.clone();
        laws::hold(&before, &change);
        self.keep(Some(before), change);
        Ok(())
    }

    fn keep(&mut self, before: Option<Tree>, change: Change) {
        self.book.keep(before.as_ref(), &change.tree);
        let moves = ledger::stock::moves(before.as_ref(), &change.tree);
        for moved in &moves {
            let shelf =
                self.shelves.entry((moved.sku_id.clone(), moved.place.clone())).or_default();
            shelf.on_hand += moved.on_hand.0;
            shelf.held += moved.held.0;
            assert!(shelf.held >= 0, "more is released than was held: {moves:?}");
        }
        for moved in &coupon::moves(before.as_ref(), &change.tree) {
            let count = self.counts.entry(moved.of.clone()).or_default();
            count.0 += moved.used;
            count.1 += moved.redeemed;
        }
        self.counts.retain(|_, count| *count != (0, 0));
        self.tree = change.tree.clone();
        self.log.push(change.entry.clone());
        (self.was, self.last) = (before, change);
        beside::hold_of_shelves(self);
        beside::hold_of_counts(self);
    }

    pub fn standing(&self) -> Standing {
        status::of(&self.tree)
    }

    pub fn shop_standing(&self) -> ShopStanding {
        self.standing().shops.remove(0)
    }

    pub fn line_standing(&self, line: usize) -> ItemStanding {
        self.shop_standing().items.remove(line)
    }

    pub fn shop(&self) -> &ShopOrder {
        &self.tree.shops[0]
    }

    pub fn refund(&self, at: usize) -> &Refund {
        &self.shop().refunds[at]
    }

    /// `units` of the line at a position of the first shop order.
    pub fn units(&self, line: usize, units: i64) -> Asked {
        let order_id = self.shop().items[line].id;
        Asked { order_id, quantity: Some(Quantity(units * 1000)) }
    }

    /// Everything held and everything taken, over all shelves.
    pub fn stock(&self) -> Shelf {
        self.shelves.values().fold(Shelf::default(), |sum, shelf| Shelf {
            on_hand: sum.on_hand + shelf.on_hand,
            held: sum.held + shelf.held,
        })
    }

    /// Pays what is left in cash.
    #[track_caller]
    pub fn pay(&mut self) {
        let standing = self.standing();
        let left = standing.payable.known().expect("the payable is known") - standing.paid;
        self.does(ActorKind::Till, paid("cash", "r-1", left));
    }
}

fn by(actor: &Actor, may_refund_settled: bool) -> By<'_> {
    By { actor, issuer: "web", may_refund_settled }
}

pub fn paid(tender: &str, reference: &str, amount: i64) -> Operation {
    Operation::PaymentSucceeded(PaymentReport {
        tender: tender.into(),
        reference: reference.into(),
        amount,
        paid_at: None,
        terms_version: None,
        attempt_id: None,
    })
}

pub fn paid_at(tender: &str, reference: &str, amount: i64, at: Time) -> Operation {
    match paid(tender, reference, amount) {
        Operation::PaymentSucceeded(report) => {
            Operation::PaymentSucceeded(PaymentReport { paid_at: Some(at), ..report })
        }
        other => other,
    }
}

pub fn ship(lines: Option<Vec<Asked>>) -> Operation {
    Operation::Ship { lines, carrier: Some("SF".into()), tracking: Some("SF-1".into()) }
}

pub fn refund_of(lines: Option<Vec<Asked>>) -> RefundAsked {
    RefundAsked { lines, ..RefundAsked::default() }
}

pub fn money_back(refund_id: Id) -> Operation {
    let reference = Some(format!("back-{refund_id}"));
    Operation::RefundSucceeded { refund_id, payment_id: None, reference }
}

/// The same by a payment and under a number of its own.
pub fn heard(refund_id: Id, payment: Option<Id>, reference: &str, end: RefundStatus) -> Operation {
    let (payment_id, reference) = (payment, Some(reference.to_owned()).filter(|r| !r.is_empty()));
    match end {
        RefundStatus::Refunded => Operation::RefundSucceeded { refund_id, payment_id, reference },
        _ => Operation::RefundFailed { refund_id, payment_id, reference, reason: None },
    }
}

/// Money for no goods.
pub fn money_alone(freight: FreightAsked, goodwill: i64) -> RefundAsked {
    RefundAsked { lines: Some(Vec::new()), freight, goodwill, ..RefundAsked::default() }
}

pub fn money_not_back(refund_id: Id) -> Operation {
    Operation::RefundFailed { refund_id, payment_id: None, reference: None, reason: None }
}

/// The state that a refusal names.
#[track_caller]
pub fn state_of(refusal: &Refusal) -> &str {
    match refusal {
        Refusal::State { state, .. } => state,
        other => panic!("it should be refused for its state, but: {other:?}"),
    }
}
