//! Replies of a sandbox gateway, made up and signed without the connector.

use docket_connectors::sandbox::{Config, REPLAY_WINDOW, Sandbox};
use docket_connectors::{
    Fault, Gateway, MerchantKey, Message, Payment, PaymentState, Refund, Reply, Stamp,
};
use docket_domain::{Currency, Time};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

pub const NOW: Time = Time(1_800_000_000_000);
pub const ASKED: Stamp = Stamp { at: NOW, nonce: 0xabc };
pub const SECRET: &str = "s3cret";

pub fn gateway() -> Sandbox {
    let (merchant, secret) = ("m-1".to_owned(), SECRET.to_owned());
    Sandbox::new(Config { merchant, secret, replay_window: REPLAY_WINDOW })
}

pub fn key(text: &str) -> MerchantKey {
    MerchantKey::new(text).expect("the test names a key")
}

pub fn payment() -> Payment {
    let (key, order) = (key("p-1"), key("o-1"));
    Payment { key, order, amount: 11_500, currency: Currency::in_use("CNY").expect("a currency") }
}

pub fn refund() -> Refund {
    let (key, payment, order) = (key("r-1"), key("p-1"), key("o-1"));
    let currency = Currency::in_use("CNY").expect("a currency");
    Refund { key, payment, order, amount: 500, currency, reason: "too late".to_owned() }
}

/// The signature as the protocol says it, made without the connector.
pub fn sign(purpose: &str, at: i64, nonce: u128, body: &[u8]) -> Vec<(String, String)> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(format!("docket-sandbox-1\n{purpose}\nm-1\n{at}\n{nonce:032x}\n").as_bytes());
    mac.update(body);
    let signed = mac.finalize().into_bytes();
    let signature: Vec<String> = signed.iter().map(|byte| format!("{byte:02x}")).collect();
    let pair = |name: &str, value: String| (format!("X-Sandbox-{name}"), value);
    vec![
        pair("Merchant", "m-1".to_owned()),
        pair("Timestamp", at.to_string()),
        pair("Nonce", format!("{nonce:032x}")),
        pair("Signature", signature.concat()),
    ]
}

pub fn signed(status: u16, body: &[u8]) -> Vec<(String, String)> {
    sign(&format!("reply {status}"), NOW.0, ASKED.nonce, body)
}

pub fn reply<'a>(status: u16, headers: &'a [(String, String)], body: &'a [u8]) -> Reply<'a> {
    Reply { status, message: Message { headers, body }, asked: ASKED, came_at: NOW }
}

/// What the connector reads of a signed reply to a query.
pub fn queried(status: u16, body: &Value) -> Result<PaymentState, Fault> {
    let body = body.to_string();
    let headers = signed(status, body.as_bytes());
    gateway().queried(&payment(), &reply(status, &headers, body.as_bytes()))
}

pub fn told(status: &str) -> Value {
    json!({
        "payment_id": "p-1", "order_id": "o-1", "amount": 11_500, "currency": "CNY", "status": status,
        "reference": "g-9", "paid_amount": 11_500, "paid_at": 1_799_999_999_000_i64,
        "reason": "no_money", "pay_url": "http://127.0.0.1:1/pay/g-9", "something_new": [1],
    })
}
