//! What Temu says of a token: the same fields when it is made and when it is asked for.

use super::envelope::Opened;
use crate::channel::json::Reader;
use crate::channel::{Fault, Secret, TokenInfo};

const ID_BYTES_MAX: usize = 64;
const TOKEN_BYTES_MAX: usize = 512;

/// Reads it. What is odd is left out: whoever needs it sees that it is missing.
pub fn read(opened: &Opened<'_>) -> Result<TokenInfo, Fault> {
    let result = opened.object()?;
    let mut flags = Vec::new();
    let mut told = Reader::new(&result, &mut flags, None);
    let mut events = told.texts("authEventCodeList", ID_BYTES_MAX);
    events.extend(told.texts("appSubscribeEventCodeList", ID_BYTES_MAX));
    events.sort();
    events.dedup();
    let info = TokenInfo {
        shop: told.text("mallId", ID_BYTES_MAX),
        region: told.text("regionId", ID_BYTES_MAX),
        expires_at: told.time("expiredTime"),
        scopes: told.texts("apiScopeList", ID_BYTES_MAX),
        events,
        access_token: told.text("accessToken", TOKEN_BYTES_MAX).map(Secret::new),
        refresh_token: None,
    };
    if info.shop.is_none() && info.expires_at.is_none() && info.access_token.is_none() {
        return Err(opened.garbled("it says nothing of a token"));
    }
    Ok(info)
}
