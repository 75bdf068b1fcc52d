//! Tokens: what one may, and a new one for a code.

use super::{Call, KINDS, written};
use crate::temu::Memory;
use crate::temu::refusal::{BAD_CODE, BAD_PARAMS, Refusal};
use crate::temu::shop::Shop;
use serde_json::json;

pub fn info(shop: &Shop) -> serde_json::Value {
    let scopes = KINDS.iter().map(|(_, name)| *name);
    let scopes: Vec<&str> = scopes.filter(|name| !shop.missing_scopes.contains(*name)).collect();
    json!({
        "mallId": shop.mall_number(),
        "regionId": shop.region.id(),
        "mallType": 1,
        "expiredTime": shop.token.ends_at,
        "apiScopeList": scopes,
        "appSubscribeStatus": 1,
        "appSubscribeEventCodeList": shop.events,
        "authEventCodeList": shop.events,
        "associatedMallTokenList": [],
    })
}

/// A new token for a code, which a seller gets by authorising the app: here it is made at `/control`.
pub fn create(memory: &mut Memory, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let Call { passed, asked, seed, now, .. } = *call;
    let code = asked.text("code").ok_or(BAD_PARAMS)?;
    let (mall_id, ends_at) = memory.codes.remove(&code).ok_or(BAD_CODE)?;
    let is_of_app = |shop: &&mut Shop| shop.mall_id == mall_id && shop.app_key == passed.app_key;
    let shop = memory.shops.iter_mut().find(is_of_app).ok_or(BAD_CODE)?;
    if ends_at <= now.passed {
        return Err(BAD_CODE);
    }
    shop.renew(seed, now.seconds());
    let mut result = info(shop);
    result["accessToken"] = shop.token.text.clone().into();
    Ok(written(&result))
}
