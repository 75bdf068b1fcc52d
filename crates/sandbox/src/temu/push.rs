//! Pushes: what happened in a shop, encrypted and signed, to the one URL that is set at `/control`; sent again on a
//! ladder of hours, on time that can be skipped, until it is acknowledged inside of its deadline.

use super::behave::{Plan, Sight, Word};
use super::order::{Aftersale, AftersaleKind};
use super::shop::Shop;
use super::{Market, Memory};
use crate::chance;
use crate::http::post;
use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long an acknowledgement may take.
const DEADLINE: Duration = Duration::from_millis(500);
/// How long to wait before each further try, in milliseconds: 2, 10 and 30 minutes, three times an hour, twice
/// twelve hours; then a push is given up.
const AGAIN: [u64; 8] =
    [120_000, 600_000, 1_800_000, 3_600_000, 3_600_000, 3_600_000, 43_200_000, 43_200_000];
/// How many pushes of a shop are remembered.
const REMEMBERED_MAX: usize = 100_000;
/// The bytes of an app's secret that pushes are encrypted with, as key and as start.
const KEY_BYTES: usize = 16;

pub const ORDER: &str = "bg_order_status_change_event";
const CANCEL: &str = "bg_cancel_order_status_change";
const AFTERSALE: &str = "bg_aftersales_status_change";
/// What the platform sends to try a URL; needs nobody's permission.
const TEST: &str = "bg_open_event_test";
/// The codes of all pushes that there are.
pub const CODES: [&str; 4] = [ORDER, CANCEL, AFTERSALE, TEST];

/// What is told by a push: a hint to read something.
#[derive(Debug, Clone)]
pub struct Event {
    pub code: &'static str,
    parent: String,
    data: Value,
}

impl Event {
    /// The statuses of an order's lines, one event for each.
    pub fn of_order(shop: &Shop, place: usize) -> Vec<Self> {
        let order = &shop.orders[place];
        let told = order.children.iter().map(|child| Self {
            code: ORDER,
            parent: order.number.to_string(),
            data: json!({
                "mallId": shop.mall_number(),
                "parentOrderSn": order.number,
                "orderSn": child.number,
                "orderStatus": child.status,
                "updateTime": order.updated_at,
            }),
        });
        told.collect()
    }

    pub fn of_aftersale(shop: &Shop, aftersale: &Aftersale) -> Self {
        let order = &shop.orders[aftersale.order as usize];
        let code = match aftersale.kind {
            AftersaleKind::Cancel => CANCEL,
            AftersaleKind::Refund => AFTERSALE,
        };
        let data = json!({
            "mallId": shop.mall_number(),
            "parentOrderSn": order.number,
            "parentAfterSalesSn": aftersale.number,
            "afterSalesStatusGroup": aftersale.group,
            "updateTime": aftersale.updated_at,
        });
        Self { code, parent: order.number.to_string(), data }
    }

    pub fn test(shop: &Shop) -> Self {
        let data = json!({"mallId": shop.mall_number()});
        Self { code: TEST, parent: String::new(), data }
    }
}

/// What became of a push, for the tester.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    code: &'static str,
    parent: String,
    /// What was told, before it was encrypted.
    data: Value,
    /// By what it misbehaves.
    behave: String,
    /// How late it is sent, in milliseconds.
    late_ms: u64,
    /// The answer to each try: a status, or none within the deadline; and how long it took, in milliseconds.
    tries: Vec<(Option<u16>, u64)>,
    /// Milliseconds from the change to the acknowledgement, what was skipped included.
    acknowledged_after_ms: Option<i64>,
    /// `waiting`, `acknowledged`, `given_up`, `lost` or `unwanted`: the seller did not permit its kind.
    state: &'static str,
}

impl Market {
    /// Tells what happened in the shop at `place`, if there is a URL.
    pub fn tell(self: &Arc<Self>, memory: &mut Memory, place: usize, events: Vec<Event>) {
        let Some(url) = memory.push_url.clone() else { return };
        for event in events {
            let shop = &memory.shops[place];
            let is_wanted = event.code == TEST || shop.events.contains(event.code);
            let sight = Sight {
                is_push: true,
                shop: shop.mall_id.clone(),
                kind: event.code.to_owned(),
                page: None,
                order: Some(event.parent.clone()),
            };
            let plan =
                if is_wanted { memory.rules.plan(&sight, self.passed()) } else { Plan::default() };
            let state = match plan.has(Word::Lost) {
                _ if !is_wanted => "unwanted",
                Some(_) => "lost",
                None => "waiting",
            };
            let nth = shop.pushes.len();
            let late_ms = plan.has(Word::Shuffle).map_or(0, |most| {
                let which = format!("{place} {nth}");
                chance::number(self.settings.seed, "shuffle", &which) % most.max(1)
            });
            let told = Told {
                code: event.code,
                parent: event.parent.clone(),
                data: event.data.clone(),
                behave: plan.to_string(),
                late_ms,
                tries: vec![],
                acknowledged_after_ms: None,
                state,
            };
            if nth == REMEMBERED_MAX {
                continue;
            }
            memory.shops[place].pushes.push(told);
            if state == "waiting" {
                let (market, url) = (Arc::clone(self), url.clone());
                let work = async move {
                    let began = market.passed();
                    market.pace.pass(late_ms).await;
                    market.send(place, nth, &event, &plan, &url, began).await;
                };
                self.jobs.spawn(self.stop.clone().run_until_cancelled_owned(work));
            }
        }
    }

    /// Sends a push as often as its plan says, each until it is acknowledged or given up.
    async fn send(
        &self,
        place: usize,
        nth: usize,
        event: &Event,
        plan: &Plan,
        url: &str,
        began: i64,
    ) {
        for _ in 0..plan.has(Word::Duplicate).unwrap_or(1) {
            let is_taken = self.deliver(place, nth, event, plan, url).await;
            let mut memory = self.memory();
            let told = &mut memory.shops[place].pushes[nth];
            told.state = if is_taken { "acknowledged" } else { "given_up" };
            if is_taken && told.acknowledged_after_ms.is_none() {
                told.acknowledged_after_ms = Some(self.passed() - began);
            }
        }
    }

    /// Sends a push until it is acknowledged; false where it is given up.
    async fn deliver(
        &self,
        place: usize,
        nth: usize,
        event: &Event,
        plan: &Plan,
        url: &str,
    ) -> bool {
        for wait in AGAIN.into_iter().map(Some).chain([None]) {
            let Some((headers, body)) = self.sealed(place, event, plan) else { return false };
            let began = Instant::now();
            let sent = tokio::time::timeout(DEADLINE, post(url, &headers, body)).await;
            let answer = sent.ok().and_then(Result::ok);
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.memory().shops[place].pushes[nth].tries.push((answer, took));
            if answer == Some(200) {
                return true;
            }
            if let Some(wait) = wait {
                self.pace.pass(wait).await;
            }
        }
        false
    }

    /// Headers and body of a push, at the present time.
    fn sealed(
        &self,
        place: usize,
        event: &Event,
        plan: &Plan,
    ) -> Option<(Vec<(&'static str, String)>, Bytes)> {
        let memory = self.memory();
        let app_key = &memory.shops[place].app_key;
        let secret = &memory.apps.get(app_key)?.secret;
        let data = event.data.to_string();
        let named = if plan.has(Word::Stranger).is_some() { "nobody" } else { app_key };
        let mut headers = vec![
            ("x-tm-app-key", named.to_owned()),
            ("x-tm-event-code", event.code.to_owned()),
            ("x-tm-timestamp", self.told(&memory).to_string()),
        ];
        if plan.has(Word::Unextended).is_none() {
            headers.push(("x-tm-ext-param", "{}".to_owned()));
        }
        let forged = if plan.has(Word::Forged).is_some() { "?" } else { "" };
        let signature = signature(&format!("{secret}{forged}"), &headers, &data);
        if plan.has(Word::Unsigned).is_none() {
            headers.push(("x-tm-signature", signature));
        }
        let body = json!({"eventData": encrypted(secret, &data)?}).to_string();
        Some((headers, body.into()))
    }
}

/// HMAC-SHA256 over names and values in the order of the names, the decrypted data among them.
fn signature(secret: &str, headers: &[(&'static str, String)], data: &str) -> String {
    let data = [("eventData", data)];
    let mut pairs: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    pairs.extend(data);
    pairs.sort_unstable();
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes());
    let mut mac = mac.expect("HMAC takes keys of any length");
    for (name, value) in pairs {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    hex::encode(mac.finalize().into_bytes())
}

/// AES-128 in CBC, the first bytes of the secret as key and as start; none where the secret is too short.
fn encrypted(secret: &str, data: &str) -> Option<String> {
    let key: [u8; KEY_BYTES] = secret.as_bytes().get(..KEY_BYTES)?.try_into().ok()?;
    let cipher = cbc::Encryptor::<Aes128>::new(&key.into(), &key.into());
    let mut sealed = data.as_bytes().to_vec();
    sealed.resize(data.len() + KEY_BYTES, 0);
    let sealed = cipher.encrypt_padded::<Pkcs7>(&mut sealed, data.len()).ok()?;
    Some(STANDARD.encode(sealed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "12345678abcdefgh";
    const DATA: &str = r#"{"orderSn":"XXYYZZ","status":1}"#;

    /// The sample of the platform's guide.
    #[test]
    fn the_sample_of_the_guide_is_encrypted_and_signed_as_the_guide_shows() {
        let sealed = "sQmNTAKR2o4HrmCO3OchFgGyJU5Qta57+JQxxgVyVPU=";
        assert_eq!(encrypted(SECRET, DATA).as_deref(), Some(sealed));
        let mut headers = vec![
            ("x-tm-event-code", "bg_test_event".to_owned()),
            ("x-tm-app-key", "demo-test-app".to_owned()),
            ("x-tm-timestamp", "1726127013525".to_owned()),
        ];
        let short = signature(SECRET, &headers, DATA);
        assert!(short.starts_with("987875c0") && short.ends_with("4fbc"), "{short}");
        headers.push(("x-tm-ext-param", "{}".to_owned()));
        let long = "b5143d1a831453afbcf76d4621baa74a2dc07a486f26f5a956c6e50c61a338fb";
        assert_eq!(signature(SECRET, &headers, DATA), long);
    }

    #[test]
    fn a_secret_that_is_too_short_encrypts_nothing() {
        assert_eq!(encrypted("123456789abcdef", DATA), None);
    }
}
