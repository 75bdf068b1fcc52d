//! What is true of a shop, whatever its lists say: its orders by day of creation and status, counted and summed up
//! in a checksum, those that no list has apart; its numbers, packages and products in pages.

use super::money::Money;
use super::order::{NEVER, Order};
use super::shop::Shop;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const DAY: i64 = 86_400;
/// How a checksum is made, for whoever makes one of what arrived.
const CHECKSUM: &str = "SHA-256 in hexadecimal over the numbers of the parent orders in ascending order of their bytes, \
                        each followed by a line feed";
/// How many rows a page has unless asked otherwise, and at most.
const PAGE_SIZE: usize = 1_000;
const PAGE_SIZE_MAX: usize = 100_000;

/// What of a shop is asked for, out of a query.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub shop: String,
    /// Days since 1970, UTC.
    day: Option<i64>,
    status: Option<i32>,
    kind: Option<String>,
    page: usize,
    size: usize,
}

impl Question {
    /// Reads `shop=1&day=2027-01-15&status=2`; what it does not know is an error.
    pub fn read(query: &str) -> Result<Self, &'static str> {
        let mut question = Self { page: 1, size: PAGE_SIZE, ..Self::default() };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "shop" => value.clone_into(&mut question.shop),
                "day" => question.day = Some(day(value).ok_or("day")?),
                "status" => question.status = Some(value.parse().map_err(|_| "status")?),
                "kind" => question.kind = Some(value.to_owned()),
                "page" => question.page = value.parse().map_err(|_| "page")?,
                "size" => question.size = value.parse().map_err(|_| "size")?,
                _ => return Err("unknown_parameter"),
            }
        }
        if question.page == 0 || !(1..=PAGE_SIZE_MAX).contains(&question.size) {
            return Err("page");
        }
        Ok(question)
    }

    fn has(&self, order: &Order) -> bool {
        self.day.is_none_or(|day| order.created_at.div_euclid(DAY) == day)
            && self.status.is_none_or(|status| order.status == status)
            && self.kind.as_deref().is_none_or(|kind| visibility(order).word() == kind)
    }

    /// A page of rows, with how many there are.
    fn paged(&self, rows: impl ExactSizeIterator<Item = Value>) -> Value {
        let total = rows.len();
        let rows = rows.skip((self.page - 1).saturating_mul(self.size)).take(self.size);
        json!({"total": total, "page": self.page, "rows": rows.collect::<Vec<_>>()})
    }
}

/// Days since 1970 of `2027-01-15`.
fn day(text: &str) -> Option<i64> {
    let date: Date = text.parse().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second().div_euclid(DAY))
}

fn day_text(day: i64) -> String {
    let time = Timestamp::from_second(day * DAY).unwrap_or_default();
    time.to_zoned(TimeZone::UTC).date().to_string()
}

/// Whether lists have an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Visibility {
    Listed,
    /// They will.
    Late,
    /// They never will.
    Hidden,
}

impl Visibility {
    const fn word(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Late => "late",
            Self::Hidden => "hidden",
        }
    }
}

const fn visibility(order: &Order) -> Visibility {
    match order.listed_at {
        0 => Visibility::Listed,
        NEVER => Visibility::Hidden,
        _ => Visibility::Late,
    }
}

/// Counts and checksums by day and status, of the shop and of one day.
pub fn counted(shop: &Shop, question: &Question) -> Value {
    let mut days: BTreeMap<(i64, i32), BTreeMap<Visibility, Vec<&str>>> = BTreeMap::new();
    let mut all: BTreeMap<Visibility, Vec<&str>> = BTreeMap::new();
    for order in shop.orders.iter().filter(|order| question.has(order)) {
        let key = (order.created_at.div_euclid(DAY), order.status);
        let seen = visibility(order);
        days.entry(key).or_default().entry(seen).or_default().push(&order.number);
        all.entry(seen).or_default().push(&order.number);
    }
    let rows = days.into_iter().map(|((day, status), by_visibility)| {
        let mut row = summed(&by_visibility);
        (row["day"], row["status"]) = (day_text(day).into(), status.into());
        row
    });
    let rows: Vec<Value> = rows.collect();
    json!({"shop": shop.mall_id, "checksum_is": CHECKSUM, "all": summed(&all), "days": rows})
}

/// Counts and checksums of numbers: of those that lists have, of those that they will have, of those that they never
/// will, and of all.
fn summed(by_visibility: &BTreeMap<Visibility, Vec<&str>>) -> Value {
    let mut told = json!({});
    let mut all = vec![];
    for seen in [Visibility::Listed, Visibility::Late, Visibility::Hidden] {
        let numbers = by_visibility.get(&seen).cloned().unwrap_or_default();
        all.extend_from_slice(&numbers);
        told[seen.word()] = checked(numbers);
    }
    told["all"] = checked(all);
    told
}

fn checked(mut numbers: Vec<&str>) -> Value {
    numbers.sort_unstable();
    let mut sum = Sha256::new();
    for number in &numbers {
        sum.update(number);
        sum.update("\n");
    }
    json!({"orders": numbers.len(), "checksum": hex::encode(sum.finalize())})
}

/// Numbers of orders, in ascending order.
pub fn numbers(shop: &Shop, question: &Question) -> Value {
    let mut orders: Vec<&Order> = shop.orders.iter().filter(|order| question.has(order)).collect();
    orders.sort_by(|a, b| a.number.cmp(&b.number));
    question.paged(orders.into_iter().map(|order| {
        json!({
            "parent": order.number,
            "status": order.status,
            "created_at": order.created_at,
            "updated_at": order.updated_at,
            "kind": visibility(order).word(),
        })
    }))
}

/// The packages of lines, one row for each line that has any that can be used, in ascending order; `parts` are those of
/// them that are in the box of another, which a detail does not tell.
pub fn packages(shop: &Shop, question: &Question) -> Value {
    let mut lines = vec![];
    for order in shop.orders.iter().filter(|order| question.has(order)) {
        for child in &order.children {
            let (mut numbers, mut parts): (Vec<&str>, Vec<&str>) = (vec![], vec![]);
            for package in child.packages.iter().filter(|package| package.is_bought) {
                numbers.push(&package.number);
                parts.extend(package.parts.iter().map(AsRef::as_ref));
            }
            numbers.extend(&parts);
            numbers.sort_unstable();
            if !numbers.is_empty() {
                lines.push((&*order.number, &*child.number, numbers, parts));
            }
        }
    }
    lines.sort_unstable();
    question.paged(lines.into_iter().map(
        |(parent, child, packages, parts)| json!({"parent": parent, "child": child, "packages": packages, "parts": parts}),
    ))
}

/// What orders cost, in whole minor units and in ascending order of their numbers.
pub fn amounts(shop: &Shop, question: &Question) -> Value {
    let mut orders: Vec<&Order> = shop.orders.iter().filter(|order| question.has(order)).collect();
    orders.sort_by(|a, b| a.number.cmp(&b.number));
    question.paged(orders.into_iter().map(|order| {
        let money = Money::of(shop, order);
        json!({
            "parent": order.number,
            "currency": shop.currency,
            "goods": money.goods,
            "freight": money.freight,
            "tax": money.tax,
            "seller_discount": money.seller_discount,
            "channel_discount": money.channel_discount,
            "paid": money.paid,
            "refunded": money.refunded,
            "cancelled": order.children.iter().map(|child| child.cancelled).sum::<u32>(),
        })
    }))
}

/// The products of a shop.
pub fn products(shop: &Shop, question: &Question) -> Value {
    question.paged(shop.products.iter().map(|product| {
        json!({
            "goods_id": product.goods_id,
            "sku_id": product.sku_id,
            "code": product.code,
            "name": product.name,
            "price": product.price,
            "quantity": product.quantity,
            "search_type": product.shelf.search_type(),
        })
    }))
}

/// What buyers want back.
pub fn aftersales(shop: &Shop, question: &Question) -> Value {
    question.paged(shop.aftersales.iter().map(|aftersale| {
        let order = &shop.orders[aftersale.order as usize];
        json!({
            "number": aftersale.number,
            "kind": aftersale.kind,
            "parent": order.number,
            "child": order.children[aftersale.child as usize].number,
            "units": aftersale.units,
            "group": aftersale.group,
            "updated_at": aftersale.updated_at,
        })
    }))
}

/// Pushes and what became of them.
pub fn pushes(shop: &Shop, question: &Question) -> Value {
    question.paged(shop.pushes.iter().map(|told| json!(told)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_does_not_depend_on_the_order_of_the_numbers() {
        // printf 'a\nb\n' | sha256sum
        let sum = "911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2";
        assert_eq!(checked(vec!["b", "a"]), json!({"orders": 2, "checksum": sum}));
        assert_ne!(checked(vec!["ab"])["checksum"], sum);
    }

    #[test]
    fn a_day_is_one_of_utc() {
        assert_eq!(day("1970-01-02"), Some(1));
        assert_eq!(day_text(20_833), "2027-01-15");
        assert_eq!(day("2027-02-30"), None);
    }

    #[test]
    fn a_question_with_a_parameter_that_nobody_knows_is_refused() {
        assert!(Question::read("shop=1&day=2027-01-15&status=41&page=2&size=10").is_ok());
        for wrong in ["sop=1", "day=today", "page=0", "size=0", "size=100001", "status=paid"] {
            assert!(Question::read(wrong).is_err(), "{wrong}");
        }
    }
}
