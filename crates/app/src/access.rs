//! Who may do what: scopes, actor kinds and limits of keys and of people.

mod authenticator;
mod keys;
mod login_throttle;
mod role;
pub(crate) mod sight;
mod users;

pub(crate) use authenticator::Authenticator;
pub use keys::NewKey;
pub use login_throttle::Peer;
pub use role::Role;
pub(crate) use role::reach_of;
pub use users::{NewUser, User};

use crate::Error;
use docket_domain::operation::{self, OperationKind};
use docket_domain::{Actor, ActorKind, FieldError, Id, Refusal, Tree};
use docket_wire::person;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

macro_rules! scopes {
    ($($(#[$meta:meta])* $variant:ident $word:literal,)*) => {
        /// What a key may be allowed: a closed list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Scope { $($(#[$meta])* $variant,)* }

        impl Scope {
            /// Every scope.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word at the API.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

scopes! {
    /// See orders.
    OrdersRead "orders.read",
    /// Place and change orders.
    OrdersWrite "orders.write",
    /// Set prices and discounts.
    Prices "prices",
    /// Report payments.
    Payments "payments",
    /// Report refunds, and refund after settlement.
    Refunds "refunds",
    /// Read customers' data in full.
    PrivacyRead "privacy.read",
    /// Count and adjust stock, set product prices.
    Stock "stock",
    /// Manage coupons.
    Coupons "coupons",
    /// Manage tasks.
    Tasks "tasks",
    /// Manage channel shops.
    Shops "shops",
    /// Exchange documents.
    Documents "documents",
    /// Speak for a site.
    Sites "sites",
    /// Manage users and keys, import.
    Admin "admin",
}

impl Scope {
    /// The scope of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.word() == word)
    }
}

impl From<operation::Scope> for Scope {
    fn from(needed: operation::Scope) -> Self {
        match needed {
            operation::Scope::OrdersWrite => Self::OrdersWrite,
            operation::Scope::Payments => Self::Payments,
            operation::Scope::Refunds => Self::Refunds,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u32);

impl Scopes {
    /// All of them.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Whether `scope` is among them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u32) != 0
    }

    /// Their words.
    pub fn words(self) -> Vec<&'static str> {
        Scope::ALL.iter().filter(|scope| self.has(**scope)).map(|scope| scope.word()).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | 1 << scope as u32))
    }
}

/// The shops and places that somebody may touch; none named means all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reach {
    /// Shops by their ids; none means every shop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shops: Vec<String>,
    /// Places where stock stands; none means every place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
}

/// What a key may do, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Access {
    /// Words of its scopes.
    pub scopes: Vec<String>,
    /// Kinds of actor it may speak for.
    pub actors: Vec<ActorKind>,
    /// The shops it may touch; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shops: Vec<String>,
    /// The places it may touch; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// Who it issues tokens and cash references as; kept when a key is renewed.
    pub issuer: String,
}

impl Access {
    /// Whoever has it.
    pub(crate) fn principal(self, id: Id, name: String) -> Principal {
        Principal {
            id,
            name,
            scopes: self.scopes.iter().filter_map(|word| Scope::from_word(word)).collect(),
            actors: self.actors,
            shops: self.shops,
            places: self.places,
            issuer: self.issuer,
            role: None,
        }
    }
}

/// Whoever a request comes from, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The number of the key or user; 0 for this program itself.
    pub id: Id,
    /// What people call it.
    pub name: String,
    /// What it may do at all; shops and places narrow what it may do it to.
    pub scopes: Scopes,
    /// The kinds of actor it may speak for.
    pub actors: Vec<ActorKind>,
    /// The shops it may touch; empty means all.
    pub shops: Vec<String>,
    /// The places it may touch; empty means all.
    pub places: Vec<String>,
    /// Who vouches for its tokens and cash references.
    pub issuer: String,
    /// The role, for a user.
    pub role: Option<Role>,
}

impl Principal {
    /// This program itself: commands that own the data folder.
    pub fn local() -> Self {
        use ActorKind::{Buyer, Courier, Gateway, Seller, Store, Till};
        Self {
            id: Id(0),
            name: "local".to_owned(),
            scopes: Scopes::all(),
            actors: vec![Buyer, Seller, Store, Till, Courier, Gateway],
            shops: Vec::new(),
            places: Vec::new(),
            issuer: "local".to_owned(),
            role: None,
        }
    }

    /// What it may do, as it is stored.
    pub(crate) fn access(&self) -> Access {
        Access {
            scopes: self.scopes.words().into_iter().map(str::to_owned).collect(),
            actors: self.actors.clone(),
            shops: self.shops.clone(),
            places: self.places.clone(),
            issuer: self.issuer.clone(),
        }
    }

    /// Refuses unless `scope` is among its scopes.
    pub fn needs(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.has(scope) { Ok(()) } else { Err(Error::Forbidden(scope)) }
    }

    /// Refuses unless one of the scopes that an operation of this `kind` needs is among its scopes; the first is named
    /// where all are missing.
    pub fn may_ask_for(&self, kind: OperationKind) -> Result<(), Error> {
        let mut needed = kind.definition().scopes.iter().copied().map(Scope::from);
        if needed.clone().any(|scope| self.scopes.has(scope)) {
            return Ok(());
        }
        needed.next().map_or(Ok(()), |first| Err(Error::Forbidden(first)))
    }

    /// Whether it may see and touch everything.
    pub const fn is_unlimited(&self) -> bool {
        self.shops.is_empty() && self.places.is_empty()
    }

    /// Whether it may see `tree` at all: one of its shop orders at least.
    pub fn sees(&self, tree: &Tree) -> bool {
        self.is_unlimited() || tree.shops.iter().any(|shop| self.touches(shop))
    }

    /// Whether it may touch the shop order `shop`.
    pub fn touches(&self, shop: &docket_domain::ShopOrder) -> bool {
        let within = |limit: &[String], of: &String| limit.is_empty() || limit.contains(of);
        within(&self.shops, &shop.shop_id) && within(&self.places, &shop.place)
    }

    /// Refuses unless `scope` is among its scopes and it is not limited to shops or places.
    pub fn needs_whole(&self, scope: Scope) -> Result<(), Error> {
        self.needs(scope)?;
        if self.is_unlimited() {
            return Ok(());
        }
        Err(Error::NotAllowed(
            "this is for the whole installation, and the key is limited to shops or places",
        ))
    }

    /// Refuses whoever is limited to shops and not to places as well: stock and prices stand at places, and a place
    /// is not a shop's alone.
    pub fn needs_places(&self) -> Result<(), Error> {
        if self.shops.is_empty() || !self.places.is_empty() {
            return Ok(());
        }
        Err(Error::NotAllowed(
            "stock and prices stand at places, and the key is limited to shops: one that is to reach them is \
             limited to places too",
        ))
    }

    /// Whether a key with `access` may do nothing that this caller may not. A caller without limits stands for
    /// the whole installation and covers every key.
    pub fn covers(&self, access: &Access) -> bool {
        let within = |own: &[String], theirs: &[String]| {
            own.is_empty() || !theirs.is_empty() && theirs.iter().all(|one| own.contains(one))
        };
        let has = |word: &String| Scope::from_word(word).is_none_or(|scope| self.scopes.has(scope));
        self.is_unlimited()
            || within(&self.shops, &access.shops)
                && within(&self.places, &access.places)
                && access.scopes.iter().all(has)
                && access.actors.iter().all(|actor| self.actors.contains(actor))
    }

    /// Whether it may make keys that issue as `issuer`: a limited key only as itself.
    pub fn issues_as(&self, issuer: &str) -> bool {
        self.is_unlimited() || self.issuer == issuer
    }

    /// Whether it may see what stands at `place`; what holds at no place in particular is for everyone.
    pub fn sees_place(&self, place: &str) -> bool {
        place.is_empty() || self.places.is_empty() || self.places.iter().any(|own| own == place)
    }

    /// The actor of a request for `kind`: the one named, or the only one this key may speak for that may ask
    /// for it.
    pub fn actor(&self, named: Option<Actor>, kind: OperationKind) -> Result<Actor, Error> {
        if let Some(actor) = named {
            if self.actors.contains(&actor.kind) {
                return Ok(logged(actor));
            }
            let refused = format!("{} may not speak for a {}", self.name, actor.kind);
            return Err(Error::ActorNotAllowed(refused));
        }
        if let [only] = self.actors[..] {
            return Ok(Actor::of(only));
        }
        let able =
            self.actors.iter().copied().filter(|actor| kind.definition().who.contains(actor));
        match able.collect::<Vec<_>>()[..] {
            [only] => Ok(Actor::of(only)),
            [] => Err(Error::ActorNotAllowed(format!(
                "{} may not speak for anyone who may ask for {kind}",
                self.name
            ))),
            _ => {
                let message =
                    format!("{} may speak for several kinds of actor; say which", self.name);
                Err(Refusal::Invalid(vec![FieldError {
                    field: "actor".to_owned(),
                    code: "required",
                    message,
                }])
                .into())
            }
        }
    }
}

/// An actor as the log keeps it: the name of a buyer is a person's, which stands sealed in one table, so here
/// it is masked.
fn logged(actor: Actor) -> Actor {
    let masked = actor.kind == ActorKind::Buyer;
    let name = actor.name.map(|name| if masked { person::masked_name(&name) } else { name });
    Actor { name, ..actor }
}

/// The SHA-256 under which a token or key is stored.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
