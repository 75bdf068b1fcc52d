//! What a token is good for.

use super::credentials::Secret;
use docket_domain::Time;

/// Whose a token is, how long it holds and what it allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenInfo {
    /// The marketplace's number of the shop. A token of another shop must never be used for this one.
    pub shop: Option<String>,
    /// The marketplace's number of its region.
    pub region: Option<String>,
    /// When it ends; what it says itself, never a fixed life.
    pub expires_at: Option<Time>,
    /// The calls that it allows, or words for groups of them.
    pub scopes: Vec<String>,
    /// The events that are sent for it.
    pub events: Vec<String>,
    /// The token itself, where it was just made.
    pub access_token: Option<Secret>,
    /// What the next one is given for, where tokens are refreshed.
    pub refresh_token: Option<Secret>,
}
