//! What is verified after a load: that every answered order is stored whole and once, that its sums agree at
//! every level, that stock holds what was ordered. Each fault is a sentence; none means all agrees.

use super::bare::{Database, Reader};
use super::connection::{Connection, Request, Target};
use super::orders::{self, Chance, ON_HAND, Order};
use super::tally::{Paid, Placed};
use crate::failure::Failure;
use serde_json::Value;
use std::collections::BTreeMap;

/// Orders that are read through the API and added up.
const SAMPLE: u64 = 500;
/// Faults of one kind that are told.
const TOLD: usize = 3;

/// Reads a sample of the answered orders through the API and adds them up.
pub async fn through_api(
    target: &Target,
    seed: u64,
    placed: &[Placed],
) -> Result<Vec<String>, Failure> {
    let mut faults = Vec::new();
    let mut connection = Connection::open(target).await?;
    let mut chance = Chance::of(seed, u64::MAX);
    for _ in 0..SAMPLE.min(placed.len() as u64) {
        let Placed { number, id, paid } = placed[chance.below(placed.len() as u64) as usize];
        let path = format!("/api/orders/{id}");
        let answer = connection.ask(Request::get(&path)).await?;
        let tree: Value = serde_json::from_slice(answer.expect(200, &path)?)?;
        if let Err(fault) = add_up(&tree, &Order::new(seed, number), paid) {
            faults.push(format!("order {id}: {fault}"));
            if faults.len() == TOLD {
                break;
            }
        }
    }
    Ok(faults)
}

/// Holds what is stored against what was answered. The server should have stopped.
pub async fn in_database(
    database: &Database,
    seed: u64,
    placed: &[Placed],
) -> Result<Vec<String>, Failure> {
    let mut reader = Reader::open(database).await?;
    let mut faults = compare_orders(&reader.orders().await?, placed);
    let torn = reader.torn_orders().await?;
    if torn > 0 {
        faults.push(format!("{torn} orders lack a row of their tree, log, agreed tree or person"));
    }
    let orphans = reader.orphans().await?;
    if orphans > 0 {
        faults.push(format!("{orphans} rows have no payment order"));
    }
    let (keys, orders) = reader.idempotency_keys().await?;
    let wanted = placed.len() as i64;
    if (keys, orders) != (wanted, wanted) {
        faults.push(format!(
            "{keys} idempotency keys stand for {orders} orders, not {wanted} for as many"
        ));
    }
    let asked = ordered(seed, placed);
    faults.extend(compare_stock(&asked, &reader.ordered().await?, &reader.stock().await?));
    Ok(faults)
}

/// Thousandths by SKU that the answered orders asked for.
fn ordered(seed: u64, placed: &[Placed]) -> BTreeMap<i64, i64> {
    let mut ordered = BTreeMap::new();
    for placed in placed {
        for line in Order::new(seed, placed.number).lines() {
            *ordered.entry(line.sku as i64).or_default() += line.quantity as i64 * 1_000;
        }
    }
    ordered
}

/// `stored`, in order, against what was answered: the clients waited for every answer, so it is the same.
fn compare_orders(stored: &[i64], placed: &[Placed]) -> Vec<String> {
    let mut answered: Vec<_> = placed.iter().map(|placed| placed.id).collect();
    answered.sort_unstable();
    let before = answered.len();
    answered.dedup();
    let mut faults = Vec::new();
    if answered.len() < before {
        faults.push(format!("{} ids were answered twice", before - answered.len()));
    }
    let is_lost = |id: &&i64| stored.binary_search(id).is_err();
    let lost: Vec<_> = answered.iter().filter(is_lost).collect();
    if let Some(first) = lost.first() {
        faults.push(format!("{} answered orders are not stored, {first} for one", lost.len()));
    }
    let unasked = stored.iter().filter(|id| answered.binary_search(id).is_err()).count();
    if unasked > 0 {
        faults.push(format!("{unasked} orders are stored that nobody was answered"));
    }
    faults
}

/// Per SKU: what was asked for, what the stored lines say, and what stock lacks or holds.
fn compare_stock(
    asked: &BTreeMap<i64, i64>,
    lines: &[[i64; 2]],
    stock: &[[i64; 3]],
) -> Vec<String> {
    let lines: BTreeMap<i64, i64> = lines.iter().map(|[sku, sum]| (*sku, *sum)).collect();
    let mut faults = Vec::new();
    if stock.len() as u64 != orders::SKUS {
        faults.push(format!("{} SKUs have stock, not {}", stock.len(), orders::SKUS));
    }
    let of = |sums: &BTreeMap<i64, i64>, sku| sums.get(sku).copied().unwrap_or(0);
    let wrong = stock.iter().filter_map(|[sku, on_hand, held]| {
        let taken = ON_HAND as i64 * 1_000 - on_hand + held;
        let (asked, lines) = (of(asked, sku), of(&lines, sku));
        (asked != lines || lines != taken).then(|| {
            format!(
                "SKU {sku}: {asked} asked for, {lines} in stored lines, {taken} taken from stock"
            )
        })
    });
    faults.extend(wrong.take(TOLD));
    faults
}

/// Whether the sums of a tree agree at every level, and it is what was asked for.
fn add_up(tree: &Value, order: &Order, paid: Paid) -> Result<(), String> {
    let mut sums = Sums::default();
    let shops = list(tree, "shops")?;
    same("shop orders", shops.len() as i64, order.shops.len() as i64)?;
    for (shop, asked) in shops.iter().zip(&order.shops) {
        let mut shop_sums = Sums::default();
        let items = list(shop, "items")?;
        same("lines", items.len() as i64, asked.lines.len() as i64)?;
        for (item, line) in items.iter().zip(&asked.lines) {
            if item["sku_id"] != orders::sku_id(line.sku) {
                return Err(format!("a line has the SKU {}", item["sku_id"]));
            }
            if item["quantity"].as_str() != Some(line.quantity.to_string().as_str()) {
                return Err(format!("a line has the quantity {}", item["quantity"]));
            }
            let full = orders::price_of(line.sku) as i64 * line.quantity as i64;
            same("price of a line", number(item, "price")?, full - number(item, "item_discount")?)?;
            shop_sums.add_item(item)?;
        }
        let (price, freight) = (number(shop, "price")?, number(shop, "freight")?);
        let shop_discount = number(shop, "shop_discount")?;
        same("price of a shop order", price, shop_sums.price - shop_discount)?;
        same("shares of the shop discount", shop_sums.shop, shop_discount)?;
        same("freight", freight, asked.freight as i64)?;
        let shares = &shop["freight_shares"];
        let (coins, third) = (number(shares, "coins")?, number(shares, "third_party")?);
        same(
            "to pay at a shop",
            number(shop, "to_pay")?,
            shop_sums.to_pay + freight - coins - third,
        )?;
        sums.add_shop(price, &shop_sums, freight, [coins, third]);
    }
    sums.hold_against(tree)?;
    same("payable", number(tree, "payable")?, order.payable() as i64)?;
    let (wanted, status) = match paid {
        Paid::Yes => (order.payable() as i64, "paid"),
        Paid::No => (0, "unpaid"),
    };
    same("paid", number(tree, "paid")?, wanted)?;
    if tree["payment_status"] != status {
        return Err(format!("its payment status is {}", tree["payment_status"]));
    }
    Ok(())
}

/// What stands below a node, added up.
#[derive(Debug, Default)]
struct Sums {
    price: i64,
    freight: i64,
    to_pay: i64,
    shop: i64,
    platform: i64,
    coins: i64,
    third_party: i64,
}

impl Sums {
    fn add_item(&mut self, item: &Value) -> Result<(), String> {
        let price = number(item, "price")?;
        let share = |name| number(&item["shares"], name);
        let shares = [share("shop")?, share("platform")?, share("coins")?, share("third_party")?];
        let to_pay = number(item, "to_pay")?;
        same("to pay for a line", to_pay, price - shares.iter().sum::<i64>())?;
        self.price += price;
        self.to_pay += to_pay;
        let [shop, platform, coins, third_party] = shares;
        self.shop += shop;
        self.platform += platform;
        self.coins += coins;
        self.third_party += third_party;
        Ok(())
    }

    fn add_shop(&mut self, price: i64, below: &Self, freight: i64, freight_shares: [i64; 2]) {
        let [coins, third_party] = freight_shares;
        self.price += price;
        self.freight += freight;
        self.to_pay += below.to_pay + freight - coins - third_party;
        self.platform += below.platform;
        self.coins += below.coins + coins;
        self.third_party += below.third_party + third_party;
    }

    fn hold_against(&self, tree: &Value) -> Result<(), String> {
        let own = |name| number(tree, name);
        same("price of the payment order", own("price")?, self.price - own("platform_discount")?)?;
        same("freight of the payment order", own("freight")?, self.freight)?;
        same("shares of the platform discount", self.platform, own("platform_discount")?)?;
        same("shares of the coins", self.coins, own("coins")?)?;
        same("shares of the third party", self.third_party, own("third_party_discount")?)?;
        same("sum of what is to be paid", self.to_pay, own("payable")?)
    }
}

fn same(what: &str, got: i64, wanted: i64) -> Result<(), String> {
    if got == wanted { Ok(()) } else { Err(format!("{what}: {got} instead of {wanted}")) }
}

fn number(node: &Value, name: &str) -> Result<i64, String> {
    node[name].as_i64().ok_or_else(|| format!("{name} is {}", node[name]))
}

fn list<'a>(node: &'a Value, name: &str) -> Result<&'a Vec<Value>, String> {
    node[name].as_array().ok_or_else(|| format!("{name} is {}", node[name]))
}

#[cfg(test)]
mod tests;
