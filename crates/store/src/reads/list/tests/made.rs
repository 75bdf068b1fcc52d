//! Orders made to be hard to list, filters over them, and what each filter names, found by looking at every order.

use super::SMALL;
use crate::reads::list::{Cursor, Filter, Sort};
use crate::sql::value::Value;
use crate::tables::rows::Part;
use docket_domain::words::{DeliveryStatus, OrderType, RefundAxis, Status, StoreStatus};
use docket_domain::{Id, Time};
use docket_testkit::Random;

/// A shop order.
#[expect(clippy::struct_field_names, reason = "the number of its shop")]
pub struct Shop {
    shop: String,
    place: String,
    status: Status,
    store_status: StoreStatus,
    delivery: Option<DeliveryStatus>,
    refund: RefundAxis,
    skus: Vec<String>,
}

/// An order, as far as lists look at it.
pub struct Made {
    pub id: Id,
    created: i64,
    updated: i64,
    paid: Option<i64>,
    status: Status,
    store_status: StoreStatus,
    order_type: OrderType,
    buyer: Option<String>,
    cart: i64,
    shops: Vec<Shop>,
    /// Terms beside those of its shop orders.
    terms: Vec<String>,
    phones: Vec<(i64, i64)>,
    /// The status of its first line, where that is not its shop order's.
    of_line: Option<Status>,
    /// Written by the release before.
    old: bool,
}

type Rows = fn(&Made) -> Vec<Vec<Value>>;

/// What is written of an order.
pub const TABLES: [(&str, &str, Rows); 5] = [
    (
        "payment_order",
        "id, version, buyer_id, type, market, status, store_status, visible, cart, created_at, updated_at, paid_at, \
         due_at, parts, body",
        Made::payment,
    ),
    (
        "shop_order",
        "tree, id, position, shop_id, place, status, store_status, delivery_status, refund_status, created_at, body",
        Made::shop_rows,
    ),
    ("item_order", "tree, id, shop_order, position, sku_id, created_at, status, body", Made::items),
    ("order_term", "term, created_at, tree", Made::term_rows),
    ("order_phone", "last4, phone, tree, created_at", Made::phone_rows),
];

const STATUSES: [Status; 4] = [Status::Created, Status::Paid, Status::Shipped, Status::Closed];
const STORE: [StoreStatus; 3] = [StoreStatus::Unpaid, StoreStatus::Paid, StoreStatus::Refunded];

/// The first where `is_rare` is not so, else one of the others.
fn mostly<T: Clone>(random: &mut Random, is_rare: bool, all: &[T]) -> T {
    if is_rare { random.pick(&all[1..]).clone() } else { all[0].clone() }
}

/// `n` orders. The rare ones are the oldest and the longest unchanged; many are of one moment; one buyer has half of
/// them, hundreds within seconds.
pub fn orders(random: &mut Random, n: u64) -> Vec<Made> {
    let mut orders = Vec::new();
    for k in 0..n {
        // Old ones have what is rare.
        let rare = k < n / 50 || random.happens(1, 200);
        // A fifth of all in one moment, another one within a few seconds, the rest hours apart.
        let created = match k % 5 {
            0 => 500_000_000,
            1 => 700_000_000 + k.cast_signed(),
            _ => 1_000_000 * k.cast_signed(),
        };
        let updated = if rare || random.happens(1, 5) {
            created
        } else {
            created + random.within(0..4_000_000_000).cast_signed()
        };
        let shops = (0..random.within(1..4)).map(|_| shop(random, rare)).collect();
        let mut terms = Vec::new();
        let channel = mostly(random, rare, &["temu", "meituan"].map(str::to_owned));
        terms.push(format!("channel:{channel}"));
        terms.push(format!("external:e{}", k / 2));
        terms.push(format!("token:t{k}"));
        // A line may have the number that is an order's somewhere else.
        terms.push(format!("line:e{}", k / 3 + 7));
        if random.happens(1, 2) {
            terms.push("tag:often".to_owned());
        }
        if rare {
            terms.extend(["tag:rare", "anomaly:overpaid", "branch:north"].map(str::to_owned));
            terms.push(format!("tracking:p{}", k % 7));
        }
        let last4 = if random.happens(1, 3) { 1 } else { 2 + random.within(0..50).cast_signed() };
        let phone = 100 * last4 + random.within(0..if last4 == 1 { 2 } else { 40 }).cast_signed();
        let buyer = match random.within(0..10) {
            0 => None,
            1..5 => Some(format!("b{}", random.within(0..200))),
            _ => Some("reseller".to_owned()),
        };
        orders.push(Made {
            id: Id(10_000 + 100 * k.cast_signed()),
            created,
            updated,
            paid: random.happens(1, 2).then_some(created + 60_000),
            status: mostly(random, rare, &STATUSES),
            store_status: mostly(random, rare, &STORE),
            order_type: mostly(random, rare, &[OrderType::Goods, OrderType::Takeaway]),
            buyer,
            cart: if rare { 5 } else { k.cast_signed() / 2 },
            shops,
            terms,
            phones: if random.happens(1, 10) { Vec::new() } else { vec![(last4, phone)] },
            of_line: rare.then_some(Status::Completed),
            old: random.happens(1, 10),
        });
    }
    orders
}

fn shop(random: &mut Random, rare: bool) -> Shop {
    let shop = if rare { 20 } else { random.within(0..20) };
    let sku = |_| if rare { "seldom".to_owned() } else { format!("s{}", random.within(0..4)) };
    let skus = (0..=(shop % 3)).map(sku).collect();
    Shop {
        shop: format!("shop{shop}"),
        place: if random.happens(2, 3) { "main".to_owned() } else { format!("p{}", shop % 3) },
        status: mostly(random, rare, &STATUSES),
        store_status: mostly(random, rare, &STORE),
        delivery: random.happens(1, 2).then_some(DeliveryStatus::ALL[0]),
        refund: if rare { RefundAxis::ALL[1] } else { RefundAxis::None },
        skus,
    }
}

impl Made {
    pub const fn position(&self, sort: Sort) -> Cursor {
        let at = match sort {
            Sort::Created => self.created,
            Sort::Updated => self.updated,
        };
        Cursor { at: Time(at), id: self.id }
    }

    fn payment(&self) -> Vec<Vec<Value>> {
        let bit = |shop: &Shop| Part::Shop.bit(&shop.shop) | Part::Place.bit(&shop.place);
        let parts = self.shops.iter().fold(0, |parts, shop| parts | bit(shop));
        vec![vec![
            self.id.into(),
            Value::Int(1),
            self.buyer.as_ref().into(),
            self.order_type.code().into(),
            Value::Int(0),
            self.status.code().into(),
            self.store_status.code().into(),
            Value::Int(0),
            Value::Int(self.cart),
            Value::Int(self.created),
            Value::Int(self.updated),
            self.paid.into(),
            Value::Null,
            (!self.old).then_some(parts).into(),
            Value::from("{}"),
        ]]
    }

    fn shop_rows(&self) -> Vec<Vec<Value>> {
        let row = |(n, shop): (usize, &Shop)| {
            vec![
                self.id.into(),
                Value::Int(self.id.0 + 1 + n as i64),
                Value::Int(n as i64),
                Value::from(&shop.shop),
                Value::from(&shop.place),
                shop.status.code().into(),
                shop.store_status.code().into(),
                shop.delivery.map(DeliveryStatus::code).into(),
                shop.refund.code().into(),
                Value::Int(self.created),
                Value::from("{}"),
            ]
        };
        self.shops.iter().enumerate().map(row).collect()
    }

    fn items(&self) -> Vec<Vec<Value>> {
        let lines = self.shops.iter().flat_map(|shop| &shop.skus).enumerate();
        let row = |(n, sku): (usize, &String)| {
            vec![
                self.id.into(),
                Value::Int(self.id.0 + 10 + n as i64),
                self.id.into(),
                Value::Int(n as i64),
                Value::from(sku),
                Value::Int(self.created),
                self.of_line.filter(|_| n == 0).map(Status::code).into(),
                Value::from("{}"),
            ]
        };
        lines.map(row).collect()
    }

    fn all_terms(&self) -> Vec<String> {
        let mut terms = self.terms.clone();
        for shop in &self.shops {
            if shop.place != "main" {
                terms.push(format!("place:{}", shop.place));
            }
            if shop.refund != RefundAxis::None {
                terms.push(format!("refund:{}", shop.refund.word()));
            }
            terms.extend(shop.delivery.map(|delivery| format!("delivery:{}", delivery.word())));
        }
        terms.sort();
        terms.dedup();
        terms
    }

    fn term_rows(&self) -> Vec<Vec<Value>> {
        let terms = self.all_terms().into_iter();
        terms.map(|term| vec![term.into(), Value::Int(self.created), self.id.into()]).collect()
    }

    fn phone_rows(&self) -> Vec<Vec<Value>> {
        let row = |(last4, phone): &(i64, i64)| {
            vec![(*last4).into(), (*phone).into(), self.id.into(), self.created.into()]
        };
        self.phones.iter().map(row).collect()
    }

    /// Whether `filter` names it; told by looking at everything.
    pub fn passes(&self, filter: &Filter, all: &[Self]) -> bool {
        let terms = self.all_terms();
        let has = |kind: &str, word: &Option<String>| {
            word.as_ref().is_none_or(|word| terms.contains(&format!("{kind}:{word}")))
        };
        let within = |(from, to): (Option<Time>, Option<Time>), at: Option<i64>| {
            from.is_none_or(|from| at.is_some_and(|at| at >= from.0))
                && to.is_none_or(|to| at.is_some_and(|at| at < to.0))
        };
        let any = |test: &dyn Fn(&Shop) -> bool| self.shops.iter().any(test);
        let near = |other: &&Self| {
            self.buyer.is_some()
                && other.buyer == self.buyer
                && (other.created - self.created).abs() <= 10_000
        };
        let twin = |other: &Self| other.id != self.id && other.cart == self.cart;
        let repeated = || {
            let near: Vec<_> = all.iter().filter(near).collect();
            near.len() > SMALL.neighbours[1] || near.into_iter().any(twin)
        };
        let (shop_status, shop_store) = filter.shop_status;
        filter.id.is_none_or(|id| id == self.id)
            && (has("external", &filter.external_id) || has("line", &filter.external_id))
            && has("token", &filter.client_token)
            && has("tracking", &filter.tracking)
            && has("channel", &filter.channel)
            && has("branch", &filter.branch)
            && has("tag", &filter.tag)
            && has("anomaly", &filter.anomaly)
            && filter.buyer.as_ref().is_none_or(|buyer| self.buyer.as_ref() == Some(buyer))
            && (filter.phones.is_empty()
                || self.phones.iter().any(|phone| filter.phones.contains(phone)))
            && filter.phone_last4.is_none_or(|last4| self.phones.iter().any(|(of, _)| *of == last4))
            && filter.shop.as_ref().is_none_or(|shop| any(&|one| one.shop == *shop))
            && filter.place.as_ref().is_none_or(|place| any(&|one| one.place == *place))
            && filter.sku.as_ref().is_none_or(|sku| any(&|one| one.skus.contains(sku)))
            && filter.status.is_none_or(|status| self.status == status)
            && filter.store_status.is_none_or(|status| self.store_status == status)
            && any(&|one| {
                shop_status.is_none_or(|status| one.status == status)
                    && shop_store.is_none_or(|status| one.store_status == status)
            })
            && filter.item_status.is_none_or(|status| {
                self.of_line == Some(status) || any(&|one| one.status == status)
            })
            && filter.delivery.is_none_or(|word| any(&|one| one.delivery == Some(word)))
            && filter.refund.is_none_or(|word| any(&|one| one.refund == word))
            && filter.order_type.is_none_or(|kind| self.order_type == kind)
            && within(filter.created, Some(self.created))
            && within(filter.updated, Some(self.updated))
            && within(filter.paid, self.paid)
            && filter.only_shops.as_ref().is_none_or(|own| any(&|one| own.contains(&one.shop)))
            && filter.only_places.as_ref().is_none_or(|own| any(&|one| own.contains(&one.place)))
            && (!filter.duplicate || repeated())
    }
}

/// Filters that took minutes once.
pub fn known() -> Vec<Filter> {
    let text = |text: &str| Some(text.to_owned());
    let base = Filter { limit: 50, ..Filter::default() };
    let by_update = Filter { sort: Sort::Updated, ..base.clone() };
    let only = Some(vec!["shop20".to_owned()]);
    vec![
        base.clone(),
        by_update.clone(),
        Filter { shop: text("shop3"), status: Some(Status::Created), ..by_update.clone() },
        Filter { shop: text("shop3"), status: Some(Status::Closed), ..by_update.clone() },
        Filter { only_shops: only.clone(), ..by_update.clone() },
        Filter { only_shops: only, status: Some(Status::Created), ..base.clone() },
        Filter { only_places: Some(vec!["p1".to_owned()]), ..by_update.clone() },
        Filter { only_places: Some(vec!["main".to_owned()]), tag: text("rare"), ..base.clone() },
        Filter { buyer: text("reseller"), ..by_update.clone() },
        Filter { buyer: text("reseller"), tag: text("rare"), ..base.clone() },
        Filter { phone_last4: Some(1), ..base.clone() },
        Filter { phones: vec![(1, 100), (1, 101)], ..by_update.clone() },
        Filter { duplicate: true, ..base.clone() },
        Filter { duplicate: true, buyer: text("reseller"), ..by_update.clone() },
        Filter { sku: text("seldom"), status: Some(Status::Created), ..base },
        Filter { order_type: Some(OrderType::Takeaway), ..by_update },
    ]
}

/// Up to four filters, each with what is often or what is rare, or what is not there.
pub fn filter(random: &mut Random, orders: &[Made]) -> Filter {
    let mut filter = Filter { limit: *random.pick(&[1, 7, 50]), ..Filter::default() };
    if random.happens(1, 2) {
        filter.sort = Sort::Updated;
    }
    for _ in 0..random.within(1..5) {
        add(random, orders, &mut filter);
    }
    if random.happens(1, 4) {
        let n = random.within(1..7);
        filter.only_shops = Some((0..n).map(|_| format!("shop{}", random.within(0..22))).collect());
    }
    if random.happens(1, 6) {
        filter.only_places = Some(vec![(*random.pick(&["main", "p0", "p2"])).to_owned()]);
    }
    filter
}

fn add(random: &mut Random, orders: &[Made], filter: &mut Filter) {
    let one = random.pick(orders);
    let span = |at: i64, random: &mut Random| {
        let width = random.within(0..600_000_000).cast_signed();
        let from = random.happens(2, 3).then_some(Time(at));
        (from, random.happens(2, 3).then_some(Time(at + width)))
    };
    match *random.pick(&[
        "id",
        "external",
        "token",
        "buyer",
        "phone",
        "last4",
        "shop",
        "channel",
        "branch",
        "place",
        "sku",
        "tracking",
        "status",
        "store",
        "delivery",
        "refund",
        "type",
        "tag",
        "anomaly",
        "duplicate",
        "created",
        "paid",
        "updated",
        "shop_status",
        "item_status",
    ]) {
        "id" if one.id.0 % 3 == 0 => filter.id = Some(one.id),
        "external" => {
            filter.external_id = one.terms[1].strip_prefix("external:").map(str::to_owned);
        }
        "token" => filter.client_token = one.terms[2].strip_prefix("token:").map(str::to_owned),
        "buyer" => filter.buyer = one.buyer.clone().or(Some("nobody".to_owned())),
        "phone" => filter.phones = one.phones.iter().copied().chain([(9, 9)]).collect(),
        "last4" => filter.phone_last4 = one.phones.first().map(|(last4, _)| *last4),
        "shop" => filter.shop = Some(one.shops[0].shop.clone()),
        "channel" => filter.channel = pick(random, &["temu", "meituan", "none"]),
        "branch" => filter.branch = pick(random, &["north", "south"]),
        "place" => filter.place = pick(random, &["main", "p0", "p1", "p9"]),
        "sku" => filter.sku = pick(random, &["s0", "s1", "seldom", "never"]),
        "tracking" => filter.tracking = pick(random, &["p1", "p8"]),
        "status" => filter.status = Some(*random.pick(&STATUSES)),
        "store" => filter.store_status = Some(*random.pick(&STORE)),
        "delivery" => filter.delivery = Some(DeliveryStatus::ALL[0]),
        "refund" => filter.refund = Some(RefundAxis::ALL[random.within(0..2) as usize]),
        "type" => filter.order_type = Some(one.order_type),
        "tag" => filter.tag = pick(random, &["often", "rare", "none"]),
        "anomaly" => filter.anomaly = pick(random, &["overpaid", "none"]),
        "duplicate" => filter.duplicate = true,
        "created" => filter.created = span(one.created, random),
        "paid" => filter.paid = span(one.created, random),
        "updated" => filter.updated = span(one.updated, random),
        "item_status" => {
            filter.item_status = Some(*random.pick(&[Status::Completed, Status::Paid]));
        }
        "shop_status" => {
            filter.shop_status = (Some(*random.pick(&STATUSES)), None);
        }
        _ => {}
    }
}

#[expect(clippy::unnecessary_wraps, reason = "filters are optional")]
fn pick(random: &mut Random, words: &[&str]) -> Option<String> {
    Some((*random.pick(words)).to_owned())
}
