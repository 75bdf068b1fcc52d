//! An order as it travels whole to another copy: the facts of its nodes with their numbers, its log, and what was
//! agreed, under the number of the schema they are written in.
//!
//! Whoever reads less than was written would make a copy that says less than the order and does not know it. So what
//! is read is written again and compared: a field or a word that is not known here, of a newer release, makes the
//! document *held*, whole as it is, until a release comes that knows it.

use docket_domain::{ItemOrder, Json, LogEntry, PaymentOrder, ShopOrder, Time, Tree, projection};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The schema that is written here. Raised whenever a field or a word is added to what an order is.
pub const SCHEMA: u32 = 2;

/// An order that travels.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// The order.
    pub tree: Tree,
    /// Rows of its log, oldest first: all, or those behind what the other copy has.
    pub log: Vec<LogEntry>,
    /// What was agreed, by terms version: all, or what the other copy has not.
    pub agreed: Vec<CarriedTerms>,
}

/// An agreed tree that travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedTerms {
    /// The version of the terms.
    pub terms_version: u32,
    /// When it was agreed.
    pub at: Time,
    /// The SHA-256 of `json`, in hexadecimal digits.
    pub sha256: String,
    /// What was agreed, byte for byte.
    pub json: String,
}

/// Why a document is not taken yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    /// It says something that is not known here.
    #[error("it is of schema {schema}, and `{what}` is not known here (schema {SCHEMA})")]
    Unknown {
        /// The schema it is written in.
        schema: u32,
        /// The place of what is not known, or what reading it said.
        what: String,
    },
    /// It is no document of an order.
    #[error("it is no order that travels: {0}")]
    Malformed(String),
}

#[derive(Serialize, Deserialize)]
struct Written {
    schema: u32,
    order: Order,
    log: Vec<LogEntry>,
    agreed: Vec<CarriedTerms>,
}

#[derive(Serialize, Deserialize)]
struct Order {
    payment: PaymentOrder,
    shops: Vec<Shop>,
}

#[derive(Serialize, Deserialize)]
struct Shop {
    shop: ShopOrder,
    items: Vec<ItemOrder>,
}

impl Written {
    fn of(carried: &Carried) -> Self {
        let Carried { tree, log, agreed } = carried.clone();
        let shops = tree.shops.into_iter().map(|mut shop| {
            let items = std::mem::take(&mut shop.items);
            Shop { shop, items }
        });
        let order = Order { payment: tree.payment, shops: shops.collect() };
        Self { schema: SCHEMA, order, log, agreed }
    }

    fn carried(self) -> Carried {
        let shops =
            self.order.shops.into_iter().map(|Shop { shop, items }| ShopOrder { items, ..shop });
        let tree = Tree { payment: self.order.payment, shops: shops.collect() };
        Carried { tree, log: self.log, agreed: self.agreed }
    }
}

impl Carried {
    /// As it travels.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(Written::of(self)).expect("an order is plain JSON")
    }

    /// Reads what travelled.
    ///
    /// # Errors
    /// What it says and is not known here.
    pub fn from_json(json: &Json) -> Result<Self, Held> {
        let schema =
            json.get("schema").and_then(Json::as_u64).and_then(|it| u32::try_from(it).ok());
        let schema = schema.ok_or_else(|| Held::Malformed("it has no schema".to_owned()))?;
        let unknown = |what: String| {
            if schema > SCHEMA { Held::Unknown { schema, what } } else { Held::Malformed(what) }
        };
        let written = Written::deserialize(json).map_err(|error| unknown(error.to_string()))?;
        let carried = written.carried();
        let mut again = carried.to_json();
        again["schema"] = schema.into();
        match first_difference(json, &again, String::new()) {
            Some(what) => Err(unknown(what)),
            None => Ok(carried),
        }
    }
}

/// The SHA-256 of what every copy of an order agrees on.
pub fn digest(tree: &Tree) -> [u8; 32] {
    Sha256::digest(projection::canonical(&projection::shared(tree))).into()
}

/// The place of the first thing in `told` that `read` has not, or has otherwise.
fn first_difference(told: &Json, read: &Json, place: String) -> Option<String> {
    match (told, read) {
        (Json::Object(told), Json::Object(read)) => told.iter().find_map(|(name, told)| {
            let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            match read.get(name) {
                Some(read) => first_difference(told, read, place),
                None => Some(place),
            }
        }),
        (Json::Array(told), Json::Array(read)) if told.len() == read.len() => {
            let mut both = told.iter().zip(read).enumerate();
            both.find_map(|(at, (told, read))| {
                first_difference(told, read, format!("{place}[{at}]"))
            })
        }
        (told, read) => (told != read).then_some(place),
    }
}
