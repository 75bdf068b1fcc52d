//! Who plays in the demo: a user, a key for each party, the goods on the shelves, and the lines over which the
//! parties speak.

use super::gateway::Gateway;
use crate::center::own::OwnCenter;
use crate::center::{Client, Method};
use crate::commands::user::fresh_password;
use crate::failure::Failure;
use crate::said::said;
use docket_app::vault;
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A party of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// Reads and sets everything.
    Admin,
    /// Places orders in the web shop, with prices of its own cart.
    Buyer,
    /// Ships parcels and answers requests.
    Seller,
    /// A restaurant.
    Store,
    /// A cash register.
    Till,
    /// Tells of money that moved.
    Gateway,
}

impl Party {
    /// Who speaks for it, as it stands in the log.
    pub fn actor(self) -> Value {
        match self {
            Self::Admin | Self::Buyer => json!({"kind": "buyer", "name": "Li Lei 李雷"}),
            Self::Seller => json!({"kind": "seller", "name": "Han Meimei 韩梅梅"}),
            Self::Store => json!({"kind": "store", "name": "Noodle bar 面馆"}),
            Self::Till => json!({"kind": "till", "id": "till-1"}),
            Self::Gateway => json!({"kind": "gateway", "id": "sandbox"}),
        }
    }
}

const PARTIES: [(Party, &str, &[&str], &[&str]); 6] = [
    (
        Party::Admin,
        "demo admin",
        &["orders.read", "orders.write", "stock", "tasks", "shops", "privacy.read", "admin"],
        &["buyer"],
    ),
    (Party::Buyer, "demo web shop", &["orders.read", "orders.write", "prices"], &["buyer"]),
    (Party::Seller, "demo seller", &["orders.read", "orders.write"], &["seller"]),
    (Party::Store, "demo store", &["orders.read", "orders.write"], &["store"]),
    (Party::Till, "demo till", &["orders.read", "orders.write", "payments"], &["till"]),
    (Party::Gateway, "demo gateway", &["orders.read", "payments", "refunds"], &["gateway"]),
];

/// What is sold: SKU, title, price of one in fen, how much is there.
pub const GOODS: [(&str, &str, i64, &str); 10] = [
    ("oolong", "Oolong tea 乌龙茶 250 g", 6_000, "1000"),
    ("teapot", "Clay teapot 紫砂壶", 15_900, "1000"),
    ("poems", "Three hundred poems 唐诗三百首", 3_900, "1000"),
    ("notebook", "Notebook 笔记本", 1_250, "1000"),
    ("noodles", "Beef noodles 牛肉面", 2_800, "1000"),
    ("dumplings", "Dumplings 饺子", 1_800, "1000"),
    ("rice", "Rice by weight 散装大米 kg", 990, "500.500"),
    ("soap", "Soap 香皂", 1_290, "1000"),
    ("ticket", "Theatre ticket 话剧票", 18_000, "1000"),
    ("print", "Numbered print 限量版画", 99_900, LIMITED),
];

/// Orders that are paid at the gateway.
pub const ONLINE: u32 = 12;
/// Coins that each of their buyers has.
pub const COINS: i64 = 1_000;

/// How long something outside may take.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How many there are of what is scarce.
pub const LIMITED: &str = "3";

/// The demo, ready to be played.
pub struct Stage {
    admin: Client,
    keys: Vec<String>,
    /// Who may log in.
    pub user: String,
    /// With which password.
    pub password: String,
    /// Tells this run from an earlier one in the same folder.
    pub run: String,
    /// What stood of each SKU before the first order: on hand and held, in thousandths.
    pub shelves: Vec<(String, i64, i64)>,
    /// Where some orders are paid.
    pub gateway: Arc<Gateway>,
    shown: OnceLock<String>,
}

impl Stage {
    /// Sets the stage in `center`, beside `gateway`.
    pub async fn set(center: &OwnCenter, gateway: Gateway) -> Result<Self, Failure> {
        let local = Client::new(center.address(), center.token())?;
        let run = hex::encode(vault::random::<3>());
        let (user, password) = add_user(&local, &run).await?;
        let mut keys = Vec::new();
        for (_, name, scopes, actors) in PARTIES {
            let body = json!({"name": name, "scopes": scopes, "actors": actors});
            let made = local.ask(Method::POST, "/api/keys", Some(&body)).await?;
            keys.push(made["key"].as_str().unwrap_or_default().to_owned());
        }
        let mut shelves = Vec::new();
        for (sku, title, price, on_hand) in GOODS {
            let price = json!({"price": price, "currency": "CNY", "title": title});
            local.ask(Method::PUT, &format!("/api/products/{sku}"), Some(&price)).await?;
            shelves.push(fill_shelf(&local, sku, on_hand).await?);
        }
        for (path, body) in promises(&run) {
            local.ask(Method::PUT, &path, Some(&body)).await?;
        }
        Ok(Self {
            admin: local.with_token(&keys[0]),
            keys,
            user,
            password,
            run,
            shelves,
            gateway: Arc::new(gateway),
            shown: OnceLock::new(),
        })
    }

    /// The line of the admin's key.
    pub const fn admin(&self) -> &Client {
        &self.admin
    }

    /// The admin's key.
    pub fn admin_key(&self) -> &str {
        &self.keys[0]
    }

    /// Lines of its own for one worker: one for each party.
    pub fn crew(&self) -> Crew {
        let lines = self.keys.iter().map(|key| self.admin.with_token(key));
        let gateway = Arc::clone(&self.gateway);
        Crew { lines: lines.collect(), run: self.run.clone(), gateway }
    }

    /// Remembers an order worth a look.
    pub fn show(&self, order: &str) {
        self.shown.get_or_init(|| order.to_owned());
    }

    /// An order worth a look.
    pub fn an_order(&self) -> Option<String> {
        self.shown.get().cloned()
    }
}

/// The buyer of an order that is paid at the gateway.
pub fn online_buyer(run: &str, number: u32) -> String {
    format!("online-{run}-{number}")
}

/// The gift pack that such an order brings.
pub fn pack(run: &str) -> String {
    format!("welcome-{run}")
}

/// The coupon that such an order uses.
pub fn coupon(run: &str) -> String {
    format!("FIVE-{run}")
}

/// What orders that are paid at the gateway use and bring: a coupon, a gift pack, coins of each buyer.
fn promises(run: &str) -> Vec<(String, Value)> {
    let pack = (
        format!("/api/gift-packs/{}", pack(run)),
        json!({"title": "Welcome pack 新人礼包", "currency": "CNY", "min_price": 1_000}),
    );
    let coupon = (
        format!("/api/coupons/{}", coupon(run)),
        json!({"title": "5 off 立减五元", "kind": "amount", "face": 500, "currency": "CNY"}),
    );
    let coins = |number| {
        let path = format!("/api/accounts/coins/{}", online_buyer(run, number));
        (path, json!({"balance": COINS, "currency": "CNY", "reason": "demo"}))
    };
    [pack, coupon].into_iter().chain((0..ONLINE).map(coins)).collect()
}

/// Counts so much of a SKU, over what orders of an earlier run still hold; answers what stands now.
async fn fill_shelf(
    local: &Client,
    sku: &str,
    on_hand: &str,
) -> Result<(String, i64, i64), Failure> {
    let path = format!("/api/stock/{sku}");
    let count = |on_hand: &str| json!({"place": "main", "on_hand": on_hand, "reason": "demo"});
    let mut stands = local.ask(Method::PUT, &path, Some(&count(on_hand))).await?;
    let (counted, held) = main_place(&stands);
    if held > 0 {
        let more = docket_domain::Quantity(counted + held).to_string();
        stands = local.ask(Method::PUT, &path, Some(&count(&more))).await?;
    }
    let (on_hand, held) = main_place(&stands);
    Ok((sku.to_owned(), on_hand, held))
}

/// Adds the first user; in a folder that has one already, another.
async fn add_user(local: &Client, run: &str) -> Result<(String, String), Failure> {
    let users = local.ask(Method::GET, "/api/users", None).await?;
    let taken = users["users"].as_array().is_some_and(|users| !users.is_empty());
    let name = if taken { format!("demo-{run}") } else { "admin".to_owned() };
    let password = fresh_password();
    let body = json!({"name": name, "role": "admin", "password": password});
    local.ask(Method::POST, "/api/users", Some(&body)).await?;
    Ok((name, password))
}

/// On hand and held at the main place, in thousandths.
pub fn main_place(stands: &Value) -> (i64, i64) {
    let places = stands["places"].as_array().into_iter().flatten();
    let main = places.into_iter().find(|place| place["place"] == "main");
    let thousandths = |field: &str| main.map_or(0, |place| quantity(&place[field]));
    (thousandths("on_hand"), thousandths("held"))
}

/// Reads `path` over `line` until what is there `holds`.
pub async fn until(
    line: &Client,
    path: &str,
    holds: impl Fn(&Value) -> bool,
) -> Result<Value, Failure> {
    let began = Instant::now();
    loop {
        let found = line.ask(Method::GET, path, None).await?;
        if holds(&found) {
            return Ok(found);
        }
        if began.elapsed() > PATIENCE {
            return Err(Failure::new(said!(
                "what the demo waits for at {path} does not come",
                "演示在 {path} 等待的结果没有出现"
            )));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// A quantity of the API in thousandths.
pub fn quantity(text: &Value) -> i64 {
    let parsed = text.as_str().and_then(|text| text.parse::<docket_domain::Quantity>().ok());
    parsed.map_or(0, |quantity| quantity.0)
}

/// The lines of one worker.
pub struct Crew {
    lines: Vec<Client>,
    /// Tells this run from an earlier one.
    pub run: String,
    /// Where some orders are paid.
    pub gateway: Arc<Gateway>,
}

impl Crew {
    /// The line of `party`.
    pub fn line(&self, party: Party) -> &Client {
        let at = PARTIES.iter().position(|(known, ..)| *known == party);
        &self.lines[at.expect("every party has a key")]
    }

    /// Lets `party` post, and answers what came of it.
    pub async fn post(&self, party: Party, path: &str, body: &Value) -> Result<Value, Failure> {
        self.line(party).ask(Method::POST, path, Some(body)).await
    }

    /// Lets `party` post and answers whatever comes back, refusals too.
    pub async fn try_post(
        &self,
        party: Party,
        path: &str,
        idempotency: &str,
        body: &Value,
    ) -> Result<crate::center::Answer, Failure> {
        let headers = vec![("idempotency-key", idempotency.to_owned())];
        self.line(party).send(Method::POST, path, headers, body.to_string().into_bytes()).await
    }
}
