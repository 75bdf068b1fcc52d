//! Pushes: the samples of the guide, and whatever else may come to a public address.

use docket_connectors::Message;
use docket_connectors::channel::temu::Temu;
use docket_connectors::channel::{
    AppSecret, AppSecrets, Connector, Push, PushEvent, PushKind, PushRefused, Secret, Verdict,
};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::Sha256;

const APP: &str = "demo-test-app";
const SECRET: &str = "12345678abcdefgh";
/// `{"orderSn":"XXYYZZ","status":1}`.
const SEALED: &str = "sQmNTAKR2o4HrmCO3OchFgGyJU5Qta57+JQxxgVyVPU=";
/// Signed with an empty ext-param, and without one.
const WITH_EXT: &str = "b5143d1a831453afbcf76d4621baa74a2dc07a486f26f5a956c6e50c61a338fb";
const WITHOUT_EXT: &str = "987875c01ea5c7f608502fb92e1de102c59e1c9195c010ab8a80bdb501a04fbc";

fn secrets() -> AppSecrets {
    let app = |app_key: &str, secret: &str| AppSecret {
        app_key: app_key.to_owned(),
        app_secret: Secret::new(secret),
    };
    // The secret is being exchanged: both are good.
    AppSecrets(vec![app("other", "x"), app(APP, "an-older-secret-16"), app(APP, SECRET)])
}

fn headers(signature: &str, ext: Option<&str>) -> Vec<(String, String)> {
    let told = [
        ("X-Tm-App-Key", Some(APP)),
        ("x-tm-event-code", Some("bg_test_event")),
        ("x-tm-timestamp", Some("1726127013525")),
        ("x-tm-signature", Some(signature)),
        ("x-tm-ext-param", ext),
    ];
    told.into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect()
}

fn verify(headers: &[(String, String)], body: &[u8]) -> Result<Vec<PushEvent>, PushRefused> {
    let message = Message { headers, body };
    let url = "https://docket.example/api/channels/temu/push";
    Temu.verify_push(&Push { message, query: "", url, came_at: super::NOW }, &secrets())
}

fn body(sealed: &str) -> Vec<u8> {
    serde_json::json!({"eventData": sealed}).to_string().into_bytes()
}

#[test]
fn both_samples_of_the_guide_are_believed_in_either_case() {
    for (signature, ext) in [
        (WITH_EXT.to_owned(), Some("{}")),
        (WITHOUT_EXT.to_owned(), None),
        (WITHOUT_EXT.to_owned(), Some("{}")),
        (WITH_EXT.to_owned(), None),
        (WITH_EXT.to_uppercase(), Some("{}")),
    ] {
        let events = verify(&headers(&signature, ext), &body(SEALED)).expect("believed");
        assert_eq!(events[0].payload, r#"{"orderSn":"XXYYZZ","status":1}"#);
        assert_eq!(events[0].kind, PushKind::Other("bg_test_event".into()));
        assert_eq!(events[0].app_key, APP);
    }
}

#[test]
fn whatever_was_changed_is_not_believed() {
    let refused = |headers: &[(String, String)], body: &[u8]| verify(headers, body).unwrap_err();
    let good = headers(WITHOUT_EXT, None);
    let with = |at: usize, value: &str| {
        let mut changed = good.clone();
        value.clone_into(&mut changed[at].1);
        changed
    };
    assert_eq!(refused(&with(0, "nobody"), &body(SEALED)), PushRefused::UnknownApp);
    assert_eq!(refused(&with(0, "other"), &body(SEALED)), PushRefused::WrongSignature);
    assert_eq!(refused(&with(1, "bg_other"), &body(SEALED)), PushRefused::WrongSignature);
    assert_eq!(refused(&with(2, "1726127013526"), &body(SEALED)), PushRefused::WrongSignature);
    assert_eq!(refused(&with(3, WITH_EXT.get(1..).unwrap()), &body(SEALED)), PushRefused::Unsigned);
    for sealed in ["", "????", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA=="] {
        assert_eq!(refused(&good, &body(sealed)), PushRefused::WrongSignature, "{sealed}");
    }
    assert_eq!(refused(&good, b"not json"), PushRefused::WrongSignature);
    for missing in 0..4 {
        let mut fewer = good.clone();
        fewer.remove(missing);
        assert_eq!(refused(&fewer, &body(SEALED)), PushRefused::Unsigned);
    }
}

/// A push as Temu would send it.
fn sent(code: &str, timestamp: &str, clear: &str) -> Result<Vec<PushEvent>, PushRefused> {
    use aes::cipher::block_padding::Pkcs7;
    use aes::cipher::{BlockModeEncrypt, KeyIvInit};
    use base64::Engine;
    let key: [u8; 16] = SECRET.as_bytes().try_into().expect("sixteen bytes");
    let cipher = cbc::Encryptor::<aes::Aes128>::new(&key.into(), &key.into());
    let mut sealed = clear.as_bytes().to_vec();
    sealed.resize(clear.len() + 16, 0);
    let sealed = cipher.encrypt_padded::<Pkcs7>(&mut sealed, clear.len()).expect("room").to_vec();
    let sealed = base64::engine::general_purpose::STANDARD.encode(sealed);
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(
        format!("eventData{clear}x-tm-app-key{APP}x-tm-event-code{code}x-tm-timestamp{timestamp}")
            .as_bytes(),
    );
    let mut headers = headers(&hex::encode(mac.finalize().into_bytes()), None);
    code.clone_into(&mut headers[1].1);
    timestamp.clone_into(&mut headers[2].1);
    verify(&headers, &body(&sealed))
}

const CHANGED: &str = "bg_order_status_change_event";

#[test]
fn an_event_is_a_hint_to_read_an_order_back() {
    let clear = r#"{"mallId":634418,"parentOrderSn":"PO-211-1","orderSn":"211-1-1","orderStatus":4,"updateTime":1700000000,"mobile":"hidden"}"#;
    let event = sent(CHANGED, "1700000001000", clear).unwrap().remove(0);
    assert_eq!(event.kind, PushKind::OrderChanged);
    assert_eq!((event.shop.as_deref(), event.order.as_deref()), (Some("634418"), Some("PO-211-1")));
    assert_eq!((event.status.as_deref(), event.happened_at), (Some("4"), Some(super::NOW)));
    assert!(!event.payload.contains("hidden"));
    for (code, kind) in [
        ("bg_cancel_order_status_change", PushKind::CancelChanged),
        ("bg_trade_logistics_address_changed", PushKind::AddressChanged),
        ("bg_aftersales_status_change", PushKind::AftersaleChanged),
        ("bg_open_event_test", PushKind::Test),
    ] {
        assert_eq!(sent(code, "1", "{}").unwrap()[0].kind, kind);
    }
    assert_eq!(sent(CHANGED, "1", "[]").unwrap_err(), PushRefused::Unreadable("it is no object"));
}

#[test]
fn the_same_event_has_the_same_key_however_often_it_is_sent() {
    let key = |timestamp, clear: &str| sent(CHANGED, timestamp, clear).unwrap().remove(0).key;
    let event = r#"{"parentOrderSn":"PO-211-1","updateTime":1700000000}"#;
    assert_eq!(key("1", event), key("2", event));
    assert_ne!(
        key("1", event),
        key("1", r#"{"parentOrderSn":"PO-211-1","updateTime":1700000001}"#)
    );
    // Without a time of its own it may have happened twice.
    let timeless = r#"{"parentOrderSn":"PO-211-1"}"#;
    assert_eq!(key("1", timeless), key("1", timeless));
    assert_ne!(key("1", timeless), key("2", timeless));
}

#[test]
fn only_what_was_taken_is_acknowledged() {
    let status = |verdict| Temu.acknowledge(verdict).status;
    assert_eq!(status(Verdict::Taken), 200);
    assert_eq!((status(Verdict::Refused), status(Verdict::Later)), (401, 503));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_and_never_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        signature in "[0-9a-fA-F]{64}|.{0,80}",
        sealed in ".{0,80}",
        ext in proptest::option::of(".{0,20}"),
    ) {
        let headers = headers(&signature, ext.as_deref());
        prop_assert!(verify(&headers, &bytes).is_err());
        prop_assert!(verify(&headers, &body(&sealed)).is_err());
    }
}
