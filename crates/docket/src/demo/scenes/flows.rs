//! The flows, each read from top to bottom as it happens.

use super::{Outcome, Scene, online};
use crate::demo::stage::{Crew, Party, quantity};
use crate::failure::Failure;
use serde_json::{Value, json};

/// Plays the order with this number of a scene.
pub async fn play(scene: Scene, number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    match scene {
        Scene::Parcels => parcels(number, crew).await,
        Scene::OnItsWay => on_its_way(number, crew).await,
        Scene::Waiting => waiting(number, crew).await,
        Scene::PartRefund => part_refund(number, crew).await,
        Scene::Return => returned(number, crew).await,
        Scene::Cancelled => cancelled(number, crew).await,
        Scene::Takeaway => takeaway(number, crew).await,
        Scene::Counter => counter(number, crew).await,
        Scene::Code => code(number, crew).await,
        Scene::Revoked => revoked(number, crew).await,
        Scene::LatePayment => late_payment(number, crew).await,
        Scene::Online => online::play(number, crew).await,
    }
}

/// An order under way: its tree as last answered, and what was done to it.
pub(super) struct Order<'a> {
    pub crew: &'a Crew,
    pub tree: Value,
    pub done: Outcome,
}

impl<'a> Order<'a> {
    pub async fn place(crew: &'a Crew, party: Party, body: &Value) -> Result<Self, Failure> {
        let mut body = body.clone();
        body["actor"] = party.actor();
        let body = &body;
        let tree = crew.post(party, "/api/orders", body).await?;
        let order = tree["order_id"].as_str().unwrap_or_default().to_owned();
        Ok(Self { crew, tree, done: Outcome { order, operations: 1, ..Outcome::default() } })
    }

    /// Asks for an operation of the node with this number.
    async fn ask_at(&mut self, node: &str, party: Party, mut asked: Value) -> Result<(), Failure> {
        asked["actor"] = party.actor();
        let path = format!("/api/orders/{node}/operations");
        self.tree = self.crew.post(party, &path, &asked).await?;
        self.done.operations += 1;
        Ok(())
    }

    pub async fn ask(&mut self, party: Party, asked: Value) -> Result<(), Failure> {
        let order = self.done.order.clone();
        self.ask_at(&order, party, asked).await
    }

    /// Pays so much with a tender.
    async fn pay(&mut self, party: Party, tender: &str, amount: i64) -> Result<(), Failure> {
        let reference = format!("{tender}-{}", self.done.order);
        let asked = json!({
            "type": "payment_succeeded", "tender": tender, "reference": reference, "amount": amount,
        });
        self.done.sent += amount;
        self.ask(party, asked).await
    }

    pub fn payable(&self) -> i64 {
        self.tree["payable"].as_i64().unwrap_or_default()
    }

    async fn pay_all(&mut self) -> Result<(), Failure> {
        let payable = self.payable();
        self.pay(Party::Gateway, "wallet", payable).await
    }

    /// The number of a shop order.
    fn shop(&self, shop: usize) -> String {
        self.tree["shops"][shop]["order_id"].as_str().unwrap_or_default().to_owned()
    }

    /// The number of a line.
    fn line(&self, shop: usize, item: usize) -> String {
        let number = &self.tree["shops"][shop]["items"][item]["order_id"];
        number.as_str().unwrap_or_default().to_owned()
    }

    /// The newest refund of the first shop order: its number and its amount.
    fn refund(&self) -> (String, i64) {
        let refund = self.tree["shops"][0]["refunds"].as_array().and_then(|refunds| refunds.last());
        let refund = refund.cloned().unwrap_or_default();
        (
            refund["refund_id"].as_str().unwrap_or_default().to_owned(),
            refund["amount"].as_i64().unwrap_or_default(),
        )
    }

    /// The gateway says that the newest refund has gone through.
    async fn give_back(&mut self) -> Result<(), Failure> {
        let (refund, amount) = self.refund();
        let reference = format!("back-{refund}");
        let asked =
            json!({"type": "refund_succeeded", "refund_id": refund, "reference": reference});
        self.done.given_back += amount;
        self.ask(Party::Gateway, asked).await
    }

    pub fn lines(&self) -> Vec<(String, i64)> {
        let shops = self.tree["shops"].as_array().into_iter().flatten();
        let items = shops.flat_map(|shop| shop["items"].as_array().into_iter().flatten());
        let line = |item: &Value| {
            (item["sku_id"].as_str().unwrap_or_default().to_owned(), quantity(&item["quantity"]))
        };
        items.map(line).collect()
    }

    /// Ended with everything off the shelf but `back` of the first line.
    fn taken_but(mut self, status: &'static str, back: i64) -> Outcome {
        self.done.taken = self.lines();
        if let Some((_, taken)) = self.done.taken.first_mut() {
            *taken -= back;
        }
        self.done.status = status;
        self.done
    }

    pub fn taken(self, status: &'static str) -> Outcome {
        self.taken_but(status, 0)
    }

    /// Ended with everything on the shelf.
    pub fn untouched(mut self, status: &'static str) -> Outcome {
        self.done.status = status;
        self.done
    }

    /// Ended with everything held.
    fn holding(mut self, status: &'static str) -> Outcome {
        self.done.held = self.lines();
        self.done.status = status;
        self.done
    }
}

/// One unit, in thousandths.
const ONE: i64 = 1_000;

fn address() -> Value {
    json!({
        "name": "Li Lei 李雷", "phone": "13800138000", "country": "CN", "province": "浙江省", "city": "杭州市",
        "district": "西湖区", "address": "文三路 1 号", "zip": "310012",
    })
}

pub(super) fn item(sku: &str, quantity: &str) -> Value {
    let known = crate::demo::stage::GOODS.iter().find(|(known, ..)| *known == sku);
    let (_, title, price, _) = known.expect("the demo sells only its own goods");
    // Rice alone is sold by weight, so that it has fractions.
    let weighed = sku == "rice";
    json!({"sku_id": sku, "title": title, "quantity": quantity, "list_price": price, "weighed": weighed})
}

/// A cart of one shop, sent by parcel.
pub(super) fn parcel(crew: &Crew, number: u32, items: &[Value]) -> Value {
    json!({
        "buyer_id": format!("buyer-{}-{}", crew.run, number % 40), "currency": "CNY", "type": "goods",
        "platform": "h5", "shops": [{"shop_id": "11", "freight": 600, "ship_to": address(), "items": items}],
    })
}

/// Two shops, discounts at every level, coins, for some a tax on top; two tenders; each shop ships in two parts.
async fn parcels(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let mut discounted = item("oolong", "2");
    discounted["item_discount"] = json!(200);
    let mut cart = parcel(crew, number, &[discounted, item("teapot", "1")]);
    cart["platform_discount"] = json!(500 + i64::from(number));
    cart["coins"] = json!(100);
    cart["third_party_discount"] = json!(33);
    cart["shops"][0]["shop_discount"] = json!(300);
    let books = json!({
        "shop_id": "12", "freight": 800, "ship_to": address(),
        "items": [item("poems", "3"), item("notebook", "7")],
    });
    cart["shops"].as_array_mut().expect("a cart has a list of shops").push(books);
    if number % 3 == 1 {
        cart["tax_included"] = json!(false);
        cart["shops"][0]["freight_tax"] = json!(78);
        cart["shops"][0]["items"][0]["tax"] = json!(130 + number % 7);
        cart["shops"][1]["items"][1]["tax"] = json!(91);
    }
    // The price is asked for first, and the order placed for exactly that.
    let quote = crew.post(Party::Buyer, "/api/quotes", &cart).await?;
    cart["expected_total"] = quote["payable"].clone();
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    let card = order.payable() / 3;
    order.pay(Party::Gateway, "card", card).await?;
    let rest = order.payable() - card;
    order.pay(Party::Gateway, "wallet", rest).await?;
    for shop in 0..2 {
        let (node, line) = (order.shop(shop), order.line(shop, 0));
        let first = json!({
            "type": "ship", "carrier": "SF", "tracking": format!("SF{node}A"),
            "lines": [{"order_id": line, "quantity": "1"}],
        });
        order.ask_at(&node, Party::Seller, first).await?;
        let rest = json!({"type": "ship", "carrier": "SF", "tracking": format!("SF{node}B")});
        order.ask_at(&node, Party::Seller, rest).await?;
        order.ask_at(&node, Party::Buyer, json!({"type": "receive"})).await?;
    }
    Ok(order.taken("received"))
}

async fn on_its_way(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let cart = parcel(crew, number, &[item("teapot", "1"), item("oolong", "1")]);
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    order.pay_all().await?;
    order.ask(Party::Seller, json!({"type": "ship", "carrier": "YTO", "tracking": format!("YT{}", order.done.order)})).await?;
    order.ask(Party::Seller, json!({"type": "note", "text": "fragile 易碎"})).await?;
    Ok(order.taken("shipped"))
}

async fn waiting(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let cart = parcel(crew, number, &[item("notebook", "5")]);
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    order.ask(Party::Seller, json!({"type": "adjust_price", "shop_discount": 250})).await?;
    Ok(order.holding("created"))
}

/// One of three units goes back before anything is shipped; the rest is shipped.
async fn part_refund(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let cart = parcel(crew, number, &[item("poems", "3"), item("oolong", "1")]);
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    order.pay_all().await?;
    let lines = json!([{"order_id": order.line(0, 0), "quantity": "1"}]);
    let wish =
        json!({"type": "request_refund", "lines": lines, "reason": "one too many 多买了一本"});
    order.ask(Party::Buyer, wish).await?;
    let (refund, _) = order.refund();
    order.ask(Party::Seller, json!({"type": "agree_refund", "refund_id": refund})).await?;
    order.give_back().await?;
    order.ask(Party::Seller, json!({"type": "ship", "carrier": "ZTO", "tracking": format!("ZT{}", order.done.order)})).await?;
    Ok(order.taken_but("shipped", ONE))
}

/// One of two units comes back after receipt, and goes on the shelf again.
async fn returned(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let cart = parcel(crew, number, &[item("teapot", "2")]);
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    order.pay_all().await?;
    order
        .ask(
            Party::Seller,
            json!({"type": "ship", "carrier": "SF", "tracking": format!("SR{}", order.done.order)}),
        )
        .await?;
    order.ask(Party::Buyer, json!({"type": "receive"})).await?;
    let lines = json!([{"order_id": order.line(0, 0), "quantity": "1"}]);
    let wish = json!({"type": "request_refund", "lines": lines, "goods_back": true, "reason": "cracked 有裂纹"});
    order.ask(Party::Buyer, wish).await?;
    let (refund, _) = order.refund();
    order.ask(Party::Seller, json!({"type": "agree_refund", "refund_id": refund})).await?;
    order
        .ask(Party::Seller, json!({"type": "receive_return", "refund_id": refund, "restock": true}))
        .await?;
    order.give_back().await?;
    Ok(order.taken_but("received", ONE))
}

async fn cancelled(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let cart = parcel(crew, number, &[item("oolong", "4")]);
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    order.pay_all().await?;
    order
        .ask(Party::Buyer, json!({"type": "request_cancel", "reason": "ordered twice 重复下单"}))
        .await?;
    order.ask(Party::Seller, json!({"type": "agree_cancel"})).await?;
    order.give_back().await?;
    Ok(order.untouched("closed"))
}

async fn takeaway(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let cart = json!({
        "buyer_id": format!("buyer-{}-{}", crew.run, number % 40), "currency": "CNY", "type": "takeaway",
        "platform": "ios",
        "shops": [{
            "shop_id": "21", "freight": 500, "ship_to": address(), "buyer_comment": "no coriander 不要香菜",
            "items": [item("noodles", "2"), item("dumplings", "1")],
        }],
    });
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    order.pay_all().await?;
    let courier = "Wang 王师傅";
    for step in [
        json!({"type": "accept"}),
        json!({"type": "start_preparing"}),
        json!({"type": "prepare"}),
        json!({"type": "call_courier", "courier": courier}),
        json!({"type": "pick_up", "courier": courier}),
        json!({"type": "deliver", "courier": courier}),
    ] {
        order.ask(Party::Store, step).await?;
    }
    Ok(order.taken("received"))
}

/// By weight and in cash: what is paid is handed over.
async fn counter(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let cart = json!({
        "currency": "CNY", "type": "goods", "client_token": format!("till-{}-{number}", crew.run),
        "shops": [{
            "shop_id": "31", "fulfilment": "counter",
            "items": [item("rice", &format!("{}.250", 1 + number % 3)), item("soap", "2")],
        }],
    });
    let mut order = Order::place(crew, Party::Till, &cart).await?;
    let payable = order.payable();
    order.pay(Party::Till, "cash", payable).await?;
    Ok(order.taken("received"))
}

async fn code(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let cart = json!({
        "buyer_id": format!("buyer-{}-{}", crew.run, number % 40), "currency": "CNY", "type": "ticket",
        "platform": "android", "shops": [{"shop_id": "41", "items": [item("ticket", "2")]}],
    });
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    order.pay_all().await?;
    order.ask(Party::Seller, json!({"type": "ship"})).await?;
    order.ask(Party::Buyer, json!({"type": "receive"})).await?;
    let line = order.line(0, 0);
    order
        .ask_at(&line, Party::Buyer, json!({"type": "rate", "score": 5, "text": "wonderful 精彩"}))
        .await?;
    Ok(order.taken("received"))
}

async fn revoked(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let cart = parcel(crew, number, &[item("poems", "2")]);
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    order
        .ask(Party::Buyer, json!({"type": "revoke", "reason": "changed my mind 不想要了"}))
        .await?;
    Ok(order.untouched("cancelled"))
}

/// The money comes after the order was revoked: all of it is due back; of every second order it is given back.
async fn late_payment(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let cart = parcel(crew, number, &[item("oolong", "1")]);
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    order.ask(Party::Buyer, json!({"type": "revoke"})).await?;
    let payable = order.payable();
    order.pay_all().await?;
    order.done.due = payable;
    if number.is_multiple_of(2) {
        let due = order.tree["refunds_due"][0]["refund_id"].clone();
        let reference = format!("late-{}", order.done.order);
        let asked = json!({"type": "refund_succeeded", "refund_id": due, "reference": reference});
        order.ask(Party::Gateway, asked).await?;
    }
    Ok(order.untouched("cancelled"))
}
