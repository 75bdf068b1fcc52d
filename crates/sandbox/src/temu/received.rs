//! A request as it was received: its members by name, each with the very text it came in, since the signature
//! covers nested values in their received order.

use super::refusal::{BAD_PARAMS, BAD_TIME, HALF_A_RANGE, INVERTED, Refusal};
use md5::{Digest, Md5};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The members of a request, sorted as the signature sorts them.
#[derive(Debug)]
pub struct Received(BTreeMap<String, Box<RawValue>>);

/// A closed range of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: i64,
    pub to: i64,
}

impl Received {
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(body).map(Self).map_err(|_| BAD_PARAMS)
    }

    /// What `secret` signs this request with.
    pub fn signature(&self, secret: &str) -> String {
        let mut base = secret.to_owned();
        for (name, value) in self.0.iter().filter(|(name, _)| *name != "sign") {
            base.push_str(name);
            match serde_json::from_str::<String>(value.get()) {
                Ok(text) => base.push_str(&text),
                Err(_) => push_compact(&mut base, value.get()),
            }
        }
        base.push_str(secret);
        hex::encode_upper(Md5::digest(base))
    }

    /// The text of a member; none where it is absent or no text.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// A member as its type; none where it is absent or null.
    pub fn member<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map_err(|_| BAD_PARAMS)
    }

    /// A number, which may come as text.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.0.get(name).map(|value| value.get()) else { return Ok(None) };
        if value == "null" {
            return Ok(None);
        }
        value.trim_matches('"').parse().map(Some).map_err(|_| BAD_PARAMS)
    }

    /// A range of two members, which come together or not at all.
    pub fn range(&self, from: &str, to: &str) -> Result<Option<Range>, Refusal> {
        let time = |name| match self.number(name) {
            Ok(Some(time)) if (1_000_000_000..10_000_000_000).contains(&time) => Ok(Some(time)),
            Ok(None) => Ok(None),
            _ => Err(BAD_TIME),
        };
        match (time(from)?, time(to)?) {
            (None, None) => Ok(None),
            (Some(from), Some(to)) if from > to => Err(INVERTED),
            (Some(from), Some(to)) => Ok(Some(Range { from, to })),
            _ => Err(HALF_A_RANGE),
        }
    }
}

/// Adds JSON without the blanks between its signs.
fn push_compact(to: &mut String, json: &str) {
    let (mut in_text, mut is_escaped) = (false, false);
    for sign in json.chars() {
        if !in_text && sign.is_ascii_whitespace() {
            continue;
        }
        to.push(sign);
        match sign {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = in_text,
            '"' => in_text = !in_text,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "test_app_secret_0001";
    const COMMON: &str = r#""app_key":"test_app_key","access_token":"test_access_token","timestamp":1700000000,"data_type":"JSON""#;
    const A: &str = "9047449DEE6E0C923CA4A4173A0D0CF5";

    fn signature(rest: &str) -> String {
        Received::read(format!("{{{rest},{COMMON}}}").as_bytes()).unwrap().signature(SECRET)
    }

    fn list(kinds: &str) -> String {
        format!(
            r#""type":"bg.order.list.v2.get","pageNumber":1,"pageSize":100,"updateAtStart":1699999100,"updateAtEnd":1699999700,"sortby":"updateTime","fulfillmentTypeList":{kinds}"#
        )
    }

    #[test]
    fn the_two_vectors_are_signed_as_the_documents_sign_them() {
        let kinds = r#"["fulfillBySeller","fulfillByCooperativeWarehouse"]"#;
        assert_eq!(signature(&list(kinds)), A);
        let detail =
            r#""type":"bg.order.detail.v2.get","parentOrderSn":"PO-211-00000000000000001""#;
        assert_eq!(signature(detail), "3C3FBE36F900068297E479649C689F51");
    }

    #[test]
    fn members_may_come_in_any_order_but_nested_values_count_as_they_came() {
        let spaced = r#"[ "fulfillBySeller", "fulfillByCooperativeWarehouse" ]"#;
        assert_eq!(signature(&format!(r#""sign":"{A}",{}"#, list(spaced))), A);
        let turned = r#"["fulfillByCooperativeWarehouse","fulfillBySeller"]"#;
        assert_ne!(signature(&list(turned)), A);
        assert_ne!(signature(r#""filter":{"a":1,"b":2}"#), signature(r#""filter":{"b":2,"a":1}"#));
    }

    #[test]
    fn blanks_and_quotes_inside_of_texts_are_kept() {
        let mut compact = String::new();
        push_compact(&mut compact, r#"{ "a b" : [ "\" c" , 1 ] }"#);
        assert_eq!(compact, r#"{"a b":["\" c",1]}"#);
    }

    #[test]
    fn a_range_has_two_bounds_in_order_and_in_seconds() {
        let range = |text: &str| Received::read(text.as_bytes()).unwrap().range("from", "to");
        assert_eq!(range("{}"), Ok(None));
        let both = Range { from: 1_700_000_000, to: 1_700_000_000 };
        assert_eq!(range(r#"{"from":"1700000000","to":1700000000}"#), Ok(Some(both)));
        assert_eq!(range(r#"{"from":1700000000}"#), Err(HALF_A_RANGE));
        assert_eq!(range(r#"{"from":1700000001,"to":1700000000}"#), Err(INVERTED));
        assert_eq!(range(r#"{"from":1700000000000,"to":1700000001000}"#), Err(BAD_TIME));
        assert_eq!(range(r#"{"from":"soon","to":1700000001}"#), Err(BAD_TIME));
    }
}
