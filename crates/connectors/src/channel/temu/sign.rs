//! The signature of a request: MD5 over every field of the top level, sorted, between the secret twice.
//!
//! The secret is no key of a MAC here, and MD5 is old: it is what Temu asks for.

use md5::{Digest, Md5};
use serde_json::{Map, Value};

/// The signature of a body without `sign`. Texts go in as they are, everything else as compact JSON; a map has its
/// names sorted by their bytes, as they have to be.
pub fn signature(secret: &str, body: &Map<String, Value>) -> String {
    let mut hash = Md5::new();
    hash.update(secret);
    for (name, value) in body {
        hash.update(name);
        match value {
            Value::String(text) => hash.update(text),
            other => hash.update(other.to_string()),
        }
    }
    hash.update(secret);
    hex::encode_upper(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &str = "test_app_secret_0001";

    fn signed(own: &Value) -> String {
        let mut body = json!({
            "app_key": "test_app_key", "access_token": "test_access_token",
            "timestamp": 1_700_000_000, "data_type": "JSON",
        });
        let all = body.as_object_mut().unwrap();
        all.extend(own.as_object().unwrap().clone());
        signature(SECRET, all)
    }

    #[test]
    fn a_list_with_a_list_of_texts_is_signed_as_temu_does() {
        let own = json!({
            "type": "bg.order.list.v2.get", "pageNumber": 1, "pageSize": 100,
            "updateAtStart": 1_699_999_100, "updateAtEnd": 1_699_999_700, "sortby": "updateTime",
            "fulfillmentTypeList": ["fulfillBySeller", "fulfillByCooperativeWarehouse"],
        });
        assert_eq!(signed(&own), "9047449DEE6E0C923CA4A4173A0D0CF5");
    }

    #[test]
    fn a_detail_is_signed_as_temu_does() {
        let own =
            json!({"type": "bg.order.detail.v2.get", "parentOrderSn": "PO-211-00000000000000001"});
        assert_eq!(signed(&own), "3C3FBE36F900068297E479649C689F51");
    }
}
