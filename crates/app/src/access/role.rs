//! What users may do, by role, and the principal that one is.

use super::{Principal, Reach, Scope, Scopes};
use crate::Error;
use docket_domain::ActorKind;
use docket_store::UserRow;
use serde::{Deserialize, Serialize};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Everything but admin and privacy.read; speaks as seller, store and till.
    Operator,
    /// Sees orders.
    Viewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Operator, Self::Viewer];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Viewer => "viewer",
        }
    }

    /// The role of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    fn scopes(self) -> Scopes {
        let all = Scope::ALL.iter().copied();
        match self {
            Self::Admin => Scopes::all(),
            Self::Operator => {
                all.filter(|scope| !matches!(scope, Scope::Admin | Scope::PrivacyRead)).collect()
            }
            Self::Viewer => [Scope::OrdersRead].into_iter().collect(),
        }
    }

    fn actors(self) -> Vec<ActorKind> {
        use ActorKind::{Buyer, Courier, Gateway, Seller, Store, Till};
        match self {
            Self::Admin => vec![Buyer, Seller, Store, Till, Courier, Gateway],
            Self::Operator => vec![Seller, Store, Till],
            Self::Viewer => Vec::new(),
        }
    }
}

/// Where a user may act.
pub(crate) fn reach_of(user: &UserRow) -> Result<Reach, Error> {
    serde_json::from_str(&user.body)
        .map_err(|error| Error::Internal(format!("user {}: {error}", user.id)))
}

/// The principal of a user.
pub(crate) fn principal(user: &UserRow) -> Result<Principal, Error> {
    let role = Role::from_word(&user.role).unwrap_or(Role::Viewer);
    let Reach { shops, places } = reach_of(user)?;
    Ok(Principal {
        id: user.id,
        name: user.name.clone(),
        scopes: role.scopes(),
        actors: role.actors(),
        shops,
        places,
        issuer: format!("user:{}", user.id),
        role: Some(role),
    })
}
