//! Bodies of requests about users and keys, for the document alone.

#![allow(dead_code)] // described, never made

use super::words::{ClaimedActor, RoleWord, ScopeWord};
use docket_wire::described::{Identifier, Time};
use utoipa::ToSchema;

/// Name and password.
#[derive(ToSchema)]
#[schema(as = Login)]
pub struct LoginBody {
    /// The name of the user.
    #[schema(max_length = 1024)]
    name: String,
    /// The password as it is typed; only a slow hash of it is kept.
    #[schema(max_length = 1024)]
    password: String,
}

/// Another password of one's own.
#[derive(ToSchema)]
#[schema(as = ChangePassword)]
pub struct ChangePasswordBody {
    /// The present one.
    #[schema(max_length = 1024)]
    old: String,
    /// At least 8 characters.
    #[schema(min_length = 8, max_length = 256)]
    new: String,
}

/// Another password of a user.
#[derive(ToSchema)]
#[schema(as = ResetPassword)]
pub struct ResetPasswordBody {
    /// At least 8 characters.
    #[schema(min_length = 8, max_length = 256)]
    password: String,
}

/// A user to add.
#[derive(ToSchema)]
#[schema(as = NewUser)]
pub struct NewUserBody {
    /// The name to log in with.
    name: Identifier,
    /// `admin`: everything. `operator`: everything but `admin` and `privacy.read`. `viewer`: `orders.read`.
    role: RoleWord,
    /// At least 8 characters.
    #[schema(min_length = 8, max_length = 256)]
    password: String,
    /// The shops it may touch; all where left out.
    #[schema(max_items = 200)]
    shops: Option<Vec<Identifier>>,
    /// The places it may touch; all where left out.
    #[schema(max_items = 200)]
    places: Option<Vec<Identifier>>,
}

/// A key to add.
#[derive(ToSchema)]
#[schema(as = NewKey)]
pub struct NewKeyBody {
    /// What people call it.
    name: Identifier,
    /// What it may do: `orders.read`, `orders.write`, `prices`, `payments`, `refunds`, `privacy.read`,
    /// `stock`, `coupons`, `tasks`, `shops`, `documents`, `sites`, `admin`.
    #[schema(max_items = 64)]
    scopes: Vec<ScopeWord>,
    /// The kinds of actor it may speak for: `buyer`, `seller`, `store`, `till`, `courier`, `gateway`.
    #[schema(max_items = 64)]
    actors: Option<Vec<ClaimedActor>>,
    /// The shops it may touch; all where left out.
    #[schema(max_items = 200)]
    shops: Option<Vec<Identifier>>,
    /// The places it may touch; all where left out.
    #[schema(max_items = 200)]
    places: Option<Vec<Identifier>>,
    /// Who it issues tokens and cash references as: that of the key it follows. Its own number where left out.
    issuer: Option<Identifier>,
    /// Until when it opens (RFC 3339); for ever where left out.
    expires_at: Option<Time>,
}
