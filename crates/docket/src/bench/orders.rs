//! The orders a bench places: each made from the seed and its number alone, so that what was asked for can
//! be told again afterwards without having been kept.
//!
//! One payment order, two shop orders of different shops, two lines each, four different SKUs.

use std::io::Write as _;

/// SKUs on sale.
pub const SKUS: u64 = 10_000;
/// Shops that sell.
pub const SHOPS: u64 = 100;
/// Buyers that buy.
pub const BUYERS: u64 = 100_000;
/// Units of each SKU in stock before the first order: the most that a quantity may be.
pub const ON_HAND: u64 = 999_999;

/// Writing to a `Vec` goes through `io::Write`, which wants to be told that it may fail.
const WRITES: &str = "a Vec takes every byte";

/// What one SKU costs, in minor units.
pub const fn price_of(sku: u64) -> u64 {
    500 + sku * 37 % 20_000
}

/// Who an order's telephones belong to: the same buyer has the same one.
pub fn phone_of(buyer: u64) -> String {
    format!("138{buyer:08}")
}

/// One order, before it is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    seed: u64,
    /// Its number in this bench, from 0.
    pub number: u64,
    /// Whose it is.
    pub buyer: u64,
    /// Its two shop orders.
    pub shops: [Shop; 2],
}

/// What is bought at one shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    /// Which shop.
    pub id: u64,
    /// Freight, in minor units.
    pub freight: u64,
    /// Its two lines.
    pub lines: [Line; 2],
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// What.
    pub sku: u64,
    /// How many whole units.
    pub quantity: u64,
}

impl Order {
    /// The order with this number.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut chance = Chance::of(seed, number);
        let mut skus = [0; 4];
        for taken in 0..skus.len() {
            skus[taken] = loop {
                let sku = chance.below(SKUS);
                if !skus[..taken].contains(&sku) {
                    break sku;
                }
            };
        }
        let first = chance.below(SHOPS);
        let other = (first + 1 + chance.below(SHOPS - 1)) % SHOPS;
        let mut line = |sku| Line { sku, quantity: 1 + chance.below(3) };
        let lines = [[line(skus[0]), line(skus[1])], [line(skus[2]), line(skus[3])]];
        let [left, right] = lines;
        let shops = [
            Shop { id: first, freight: 600, lines: left },
            Shop { id: other, freight: 0, lines: right },
        ];
        Self { seed, number, buyer: chance.below(BUYERS), shops }
    }

    /// What the buyer pays, in minor units.
    pub fn payable(&self) -> u64 {
        let freight: u64 = self.shops.iter().map(|shop| shop.freight).sum();
        freight + self.lines().map(|line| price_of(line.sku) * line.quantity).sum::<u64>()
    }

    /// All four lines.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.shops.iter().flat_map(|shop| &shop.lines)
    }

    /// The key that makes asking twice harmless.
    pub fn idempotency_key(&self) -> String {
        format!("bench-{:016x}-{}", self.seed, self.number)
    }

    /// Writes the body of `POST /api/orders`.
    pub fn write_placement(&self, body: &mut Vec<u8>) {
        write!(
            body,
            "{{\"buyer_id\":\"{}\",\"currency\":\"CNY\",\"type\":\"goods\",\"platform\":\"h5\",\
             \"market\":\"main\",\"expected_total\":{},\"actor\":{{\"kind\":\"buyer\",\"id\":\"{}\"}},\
             \"shops\":[",
            self.buyer,
            self.payable(),
            self.buyer,
        )
        .expect(WRITES);
        for (position, shop) in self.shops.iter().enumerate() {
            if position > 0 {
                body.push(b',');
            }
            shop.write(self.buyer, body);
        }
        body.extend_from_slice(b"]}");
    }

    /// Writes the body of the operation that pays all of it.
    pub fn write_payment(&self, body: &mut Vec<u8>) {
        write!(
            body,
            "{{\"type\":\"payment_succeeded\",\"tender\":\"card\",\"reference\":\"{:016x}-{}\",\
             \"amount\":{},\"actor\":{{\"kind\":\"gateway\",\"id\":\"bench\"}}}}",
            self.seed,
            self.number,
            self.payable(),
        )
        .expect(WRITES);
    }
}

impl Shop {
    fn write(&self, buyer: u64, body: &mut Vec<u8>) {
        write!(
            body,
            "{{\"shop_id\":\"{}\",\"freight\":{},\"ship_to\":{{\"name\":\"收件人{buyer}\",\
             \"phone\":\"{}\",\"province\":\"浙江省\",\"city\":\"杭州市\",\"district\":\"西湖区\",\
             \"town\":\"文新街道\",\"address\":\"文三路 {} 号 {} 单元 {} 室\",\"zip\":\"310012\"}},\
             \"items\":[",
            self.id,
            self.freight,
            phone_of(buyer),
            buyer % 900 + 1,
            buyer % 7 + 1,
            buyer % 1800 + 101,
        )
        .expect(WRITES);
        for (position, line) in self.lines.iter().enumerate() {
            if position > 0 {
                body.push(b',');
            }
            let Line { sku, quantity } = line;
            write!(
                body,
                "{{\"sku_id\":\"{}\",\"item_id\":\"{sku}\",\"title\":\"Article no. {sku}, with a title \
                 of the usual length\",\"image\":\"https://img.example/{sku}.jpg\",\
                 \"quantity\":\"{quantity}\",\"list_price\":{},\
                 \"attributes\":{{\"color\":\"graphite\",\"size\":\"{}\"}}}}",
                sku_id(*sku),
                price_of(*sku),
                sku % 9 + 36,
            )
            .expect(WRITES);
        }
        body.extend_from_slice(b"]}");
    }
}

/// The id of a SKU at the API.
pub fn sku_id(sku: u64) -> String {
    format!("sku-{sku:05}")
}

/// Writes the body of `PUT /api/products/{sku}`.
pub fn write_product(sku: u64, body: &mut Vec<u8>) {
    write!(
        body,
        "{{\"currency\":\"CNY\",\"price\":{},\"title\":\"Article no. {sku}\"}}",
        price_of(sku)
    )
    .expect(WRITES);
}

/// Writes the body of `PUT /api/stock/{sku}`.
pub fn write_stock(body: &mut Vec<u8>) {
    write!(body, "{{\"place\":\"main\",\"on_hand\":\"{ON_HAND}\",\"reason\":\"bench\"}}")
        .expect(WRITES);
}

/// Numbers that look like chance and come again.
#[derive(Debug)]
pub struct Chance(fastrand::Rng);

impl Chance {
    /// The numbers of one order, or of anything else with a number.
    pub fn of(seed: u64, number: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93)))
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.u64(..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn body(number: u64) -> serde_json::Value {
        let mut body = Vec::new();
        Order::new(7, number).write_placement(&mut body);
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn an_order_is_told_by_seed_and_number_alone() {
        assert_eq!(Order::new(7, 42), Order::new(7, 42));
        assert_ne!(Order::new(7, 42).shops, Order::new(7, 43).shops);
        assert_ne!(Order::new(7, 42).shops, Order::new(8, 42).shops);
    }

    #[test]
    fn every_order_has_two_shops_and_four_skus() {
        for number in 0..1_000 {
            let order = Order::new(1, number);
            assert_ne!(order.shops[0].id, order.shops[1].id);
            let skus: BTreeSet<_> = order.lines().map(|line| line.sku).collect();
            assert_eq!(skus.len(), 4);
        }
    }

    #[test]
    fn the_body_asks_for_what_the_order_holds() {
        let (order, body) = (Order::new(7, 42), body(42));
        let sent = body["shops"].as_array().unwrap();
        let mut payable = 0;
        for (shop, sent) in order.shops.iter().zip(sent) {
            assert_eq!(sent["shop_id"], shop.id.to_string());
            payable += sent["freight"].as_u64().unwrap();
            for (line, sent) in shop.lines.iter().zip(sent["items"].as_array().unwrap()) {
                assert_eq!(sent["sku_id"], sku_id(line.sku));
                assert_eq!(sent["quantity"], line.quantity.to_string());
                payable += sent["list_price"].as_u64().unwrap() * line.quantity;
            }
        }
        assert_eq!(body["expected_total"], payable);
    }

    #[test]
    fn bodies_are_json_of_the_size_of_real_ones() {
        let mut text = Vec::new();
        Order::new(7, 1).write_placement(&mut text);
        assert!((1_200..2_000).contains(&text.len()), "{}", text.len());
        for write in [
            write_stock as fn(&mut Vec<u8>),
            |body| write_product(3, body),
            |body| {
                Order::new(7, 1).write_payment(body);
            },
        ] {
            let mut text = Vec::new();
            write(&mut text);
            serde_json::from_slice::<serde_json::Value>(&text).unwrap();
        }
    }
}
