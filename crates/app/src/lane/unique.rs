//! Names of what may exist once: client tokens, external ids, payment references.

use docket_domain::change::PaymentClaim;

/// Parts of a unique key, put together so that no others give the same: names and references hold no control
/// characters.
fn unique_name(parts: &[&str]) -> String {
    parts.join("\u{1f}")
}

/// The unique key of a client token.
pub fn token_key(issuer: &str, token: &str) -> String {
    unique_name(&["token", issuer, token])
}

/// The unique key of an external id in a channel shop: two shops of one channel may use one number.
pub fn shop_key(shop: &str, external_id: &str) -> String {
    unique_name(&["external", "shop", shop, external_id])
}

/// The unique key of an external id: per channel, or per issuer without one.
pub fn external_key(channel: Option<&str>, issuer: &str, external_id: &str) -> String {
    match channel {
        Some(channel) => unique_name(&["external", "channel", channel, external_id]),
        None => unique_name(&["external", "issuer", issuer, external_id]),
    }
}

/// The unique key of a payment reference.
pub fn claim_key(claim: &PaymentClaim) -> String {
    unique_name(&["payment", &claim.scope, &claim.reference])
}
