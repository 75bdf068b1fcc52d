//! Who asks for an operation.

use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// The kinds of party that may act on an order. `timer` and `system` cannot be claimed over HTTP.
    pub enum ActorKind {
        /// Who buys.
        Buyer = 1 "buyer",
        /// Who sells on the platform.
        Seller = 2 "seller",
        /// A store that fulfils.
        Store = 3 "store",
        /// A till in a store.
        Till = 4 "till",
        /// A courier.
        Courier = 5 "courier",
        /// A payment gateway.
        Gateway = 6 "gateway",
        /// A deadline of ours.
        Timer = 7 "timer",
        /// Docket itself: imports, repairs.
        System = 8 "system",
    }
}

/// The party that asked. Its `id` is vouched for by the key that carried the request: logged, not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What it is.
    pub kind: ActorKind,
    /// Its own number, at most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What people call it, at most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Actor {
    /// An actor known by its kind alone.
    pub const fn of(kind: ActorKind) -> Self {
        Self { kind, id: None, name: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_known_by_its_kind_alone_is_written_so() {
        let json = serde_json::to_string(&Actor::of(ActorKind::Till)).expect("it serialises");
        assert_eq!(json, r#"{"kind":"till"}"#);
        let read: Actor = serde_json::from_str(&json).expect("it reads");
        assert_eq!(read, Actor::of(ActorKind::Till));
    }

    #[test]
    fn every_kind_is_found_by_its_word_and_by_its_number() {
        for kind in ActorKind::ALL {
            assert_eq!(ActorKind::from_word(kind.word()), Some(*kind));
            assert_eq!(ActorKind::from_code(kind.code()), Some(*kind));
        }
    }
}
