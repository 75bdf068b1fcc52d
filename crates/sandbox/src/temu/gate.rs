//! Whether a call may be made, looked at in the order of the platform: its type, app and time, its signature, its
//! token and that token's scope, and last the app's limit.

use super::Memory;
use super::calls::Kind;
use super::received::Received;
use super::refusal::{self, Refusal};

/// How far a caller's clock may be off, in seconds.
const CLOCK_OFF_MAX: i64 = 300;

/// A call that may be made.
#[derive(Debug)]
pub struct Passed {
    pub kind: Kind,
    pub app_key: String,
    /// The place of the shop that the token is of; none where the call needs no token.
    pub shop: Option<usize>,
}

/// The present time: as callers are told, and as limits go by; both in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    pub told: i64,
    pub passed: i64,
}

impl Now {
    /// Seconds, as the marketplace tells times.
    pub const fn seconds(self) -> i64 {
        self.told.div_euclid(1000)
    }
}

pub fn check(memory: &mut Memory, asked: &Received, now: Now) -> Result<Passed, Refusal> {
    let kind = asked.text("type").ok_or(refusal::NO_TYPE)?;
    let kind = Kind::of(&kind).ok_or(refusal::UNKNOWN_TYPE)?;
    let app_key = asked.text("app_key").ok_or(refusal::NO_APP_KEY)?;
    let secret = &memory.apps.get(&app_key).ok_or(refusal::UNKNOWN_APP)?.secret;
    let timestamp = asked.number("timestamp")?.ok_or(refusal::NO_TIMESTAMP)?;
    match timestamp - now.seconds() {
        ahead if ahead > CLOCK_OFF_MAX => return Err(refusal::EARLY),
        ahead if ahead < -CLOCK_OFF_MAX => return Err(refusal::LATE),
        _ => {}
    }
    let data_type = asked.text("data_type").ok_or(refusal::NO_DATA_TYPE)?;
    if !data_type.eq_ignore_ascii_case("JSON") {
        return Err(refusal::BAD_DATA_TYPE);
    }
    let sign = asked.text("sign").ok_or(refusal::NO_SIGN)?;
    if sign != asked.signature(secret) {
        return Err(refusal::BAD_SIGN);
    }
    let shop = if kind.needs_token() {
        let token = asked.text("access_token").ok_or(refusal::NO_TOKEN)?;
        Some(owner(memory, &token, &app_key, kind, now)?)
    } else {
        None
    };
    let app = memory.apps.get_mut(&app_key).ok_or(refusal::UNKNOWN_APP)?;
    if app.limiter.lets_pass(now.passed) {
        Ok(Passed { kind, app_key, shop })
    } else {
        Err(refusal::THROTTLED)
    }
}

/// The shop whose token it is, if that may make this call.
fn owner(
    memory: &Memory,
    token: &str,
    app_key: &str,
    kind: Kind,
    now: Now,
) -> Result<usize, Refusal> {
    let known = |shop: &super::Shop| shop.token.text == token || shop.dead_tokens.contains(token);
    let place = memory.shops.iter().position(known).ok_or(refusal::UNKNOWN_TOKEN)?;
    let shop = &memory.shops[place];
    if shop.app_key != app_key {
        return Err(refusal::OTHER_APP);
    }
    if shop.token.text != token || shop.token.ends_at <= now.seconds() {
        return Err(refusal::DEAD_TOKEN);
    }
    if shop.missing_scopes.contains(kind.name()) {
        return Err(refusal::NO_SCOPE);
    }
    Ok(place)
}
