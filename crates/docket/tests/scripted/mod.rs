//! Orders brought into every state through the API, one scene after another.

mod before;
mod parcels;
mod takeaway;

pub use before::{money, others, unpaid};
pub use parcels::parcels;
pub use takeaway::takeaway;

use crate::pay::Center;
use docket_testkit::eventually;
use serde_json::{Value, json};
use std::cell::Cell;

/// Who plays, on a center that is open.
pub struct Script {
    pub center: Center,
    said: Cell<u32>,
}

/// An order, as it was last answered.
pub struct Order<'a> {
    script: &'a Script,
    pub tree: Value,
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

impl Script {
    pub fn on(center: Center) -> Self {
        Self { center, said: Cell::new(0) }
    }

    pub fn number(&self) -> u32 {
        self.said.set(self.said.get() + 1);
        self.said.get()
    }

    pub fn put(&self, path: &str, body: &Value) {
        let (status, said) = self.center.put(path, body);
        assert_eq!(status, 200, "{path}: {said:#}");
    }

    pub fn place(&self, cart: &Value) -> Order<'_> {
        let mut cart = cart.clone();
        if cart["actor"].is_null() {
            cart["actor"] = json!({"kind": "buyer"});
        }
        let (status, tree) = self.center.post("/api/orders", &cart);
        assert_eq!(status, 201, "{tree:#}");
        Order { script: self, tree }
    }

    /// One of these, paid by hand.
    pub fn paid(&self, cart: &Value) -> Order<'_> {
        let mut order = self.place(cart);
        order.pay();
        order
    }
}

impl Order<'_> {
    pub fn id(&self) -> String {
        text(&self.tree["order_id"])
    }

    pub fn shop(&self, shop: usize) -> String {
        text(&self.tree["shops"][shop]["order_id"])
    }

    pub fn line(&self, shop: usize, item: usize) -> Value {
        self.tree["shops"][shop]["items"][item]["order_id"].clone()
    }

    /// The newest refund of a shop order.
    pub fn refund(&self, shop: usize) -> Value {
        let refunds = self.tree["shops"][shop]["refunds"].as_array().expect("refunds");
        refunds.last().expect("a refund")["refund_id"].clone()
    }

    pub fn at(&mut self, node: &str, actor: &str, operation: &Value) -> &mut Self {
        self.tree = self.script.center.operate(node, actor, operation);
        self
    }

    pub fn ask(&mut self, actor: &str, operation: &Value) -> &mut Self {
        let id = self.id();
        self.at(&id, actor, operation)
    }

    /// So much comes in.
    pub fn money(&mut self, tender: &str, amount: i64) -> &mut Self {
        let reference = format!("{tender}-{}", self.script.number());
        self.ask(
            "gateway",
            &json!({"type": "payment_succeeded", "tender": tender, "reference": reference,
                    "amount": amount}),
        )
    }

    pub fn pay(&mut self) -> &mut Self {
        let payable = self.tree["payable"].as_i64().expect("an amount");
        self.money("wallet", payable)
    }

    /// Something is asked of the newest refund of a shop order.
    pub fn of_refund(&mut self, shop: usize, actor: &str, kind: &str) -> &mut Self {
        let refund = self.refund(shop);
        let mut asked = json!({"type": kind, "refund_id": refund});
        if kind == "refund_succeeded" || kind == "refund_failed" {
            asked["reference"] = json!(format!("back-{}", self.script.number()));
        }
        self.ask(actor, &asked)
    }

    pub fn until(&mut self, what: &str, holds: impl Fn(&Value) -> bool) -> &mut Self {
        let id = self.id();
        eventually(&format!("{what} ({id})"), || {
            self.tree = self.script.center.tree(&id);
            holds(&self.tree)
        });
        self
    }

    pub fn ship(&mut self, lines: &Value) -> &mut Self {
        let tracking = format!("SF{}", self.script.number());
        let mut asked = json!({"type": "ship", "carrier": "SF", "tracking": tracking});
        if !lines.is_null() {
            asked["lines"] = lines.clone();
        }
        self.ask("seller", &asked)
    }

    pub fn receive(&mut self) -> &mut Self {
        self.ask("buyer", &json!({"type": "receive"}))
    }
}

pub fn ship_to(name: &str, phone: &str) -> Value {
    json!({"name": name, "phone": phone, "country": "CN", "province": "浙江省", "city": "杭州市", "address": "文三路 1 号"})
}

pub fn item(sku: &str, quantity: &str, price: i64) -> Value {
    json!({"sku_id": sku, "title": sku, "quantity": quantity, "list_price": price})
}

/// Parcels of one shop: three teas.
pub fn parcel() -> Value {
    json!({"buyer_id": "b1", "currency": "CNY", "type": "goods", "platform": "h5", "shops": [{
        "shop_id": "11", "freight": 600, "ship_to": ship_to("王小明", "13800001111"),
        "items": [item("tea", "3", 1_000)]}]})
}

/// Takeaway of so many kitchens.
pub fn kitchens(count: usize) -> Value {
    let shop = |n| json!({"shop_id": format!("2{n}"), "items": [item("noodles", "2", 500)]});
    json!({"currency": "CNY", "type": "takeaway", "platform": "ios",
           "shops": (0..count).map(shop).collect::<Vec<_>>()})
}
