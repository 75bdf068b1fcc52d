//! Bytes to a JSON document that borrows its texts from them.
//!
//! Refused here: bytes that are not UTF-8, text that is not JSON, nesting beyond [`DEPTH_MAX`]. What the
//! fields should be is the business of [`crate::reader`]; it also refuses a field that is given twice, which
//! is why objects keep every pair they were given.

use docket_domain::{FieldError, Json};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// Levels of lists and objects a request may have.
pub const DEPTH_MAX: usize = 64;

/// One value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits 64 bits.
    Int(i64),
    /// A whole number above that, up to 64 bits without a sign.
    Large(u64),
    /// Every other number.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// An object, every pair in the order given.
    Object(Pairs<'a>),
}

/// The pairs of an object, in the order given.
pub type Pairs<'a> = Vec<(Cow<'a, str>, Node<'a>)>;

impl<'a> Node<'a> {
    /// What it is, for messages.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Large(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The document of a value that is already parsed.
    pub fn of(value: &'a Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(small), _) => Self::Int(small),
                (None, Some(large)) => Self::Large(large),
                (None, None) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(Cow::Borrowed(text)),
            Json::Array(list) => Self::List(list.iter().map(Self::of).collect()),
            Json::Object(map) => Self::Object(
                map.iter().map(|(key, value)| (Cow::Borrowed(&**key), Self::of(value))).collect(),
            ),
        }
    }
}

/// Reads `body` as one JSON document; what is wrong has the codes `bad_utf8`, `malformed_json`, `too_deep`.
pub fn parse(body: &[u8]) -> Result<Node<'_>, FieldError> {
    let wrong = |code, message| FieldError { field: String::new(), code, message };
    let text = std::str::from_utf8(body).map_err(|error| {
        let place = error.valid_up_to();
        wrong("bad_utf8", format!("byte {place} is not UTF-8"))
    })?;
    let too_deep = Cell::new(false);
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Below { depth: 0, too_deep: &too_deep }.deserialize(&mut parser);
    match value.and_then(|value| parser.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(_) if too_deep.get() => {
            Err(wrong("too_deep", format!("lists and objects may nest {DEPTH_MAX} levels deep")))
        }
        // `serde_json` appends line and column to its sentence.
        Err(error) => Err(wrong("malformed_json", error.to_string())),
    }
}

/// Reads one value that stands `depth` lists or objects deep.
#[derive(Clone, Copy)]
struct Below<'c> {
    depth: usize,
    too_deep: &'c Cell<bool>,
}

impl Below<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            self.too_deep.set(true);
            return Err(E::custom("too deep"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Below<'_> {
    type Value = Node<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Node<'de>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Below<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(i64::try_from(value).map_or(Node::Large(value), Node::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node<'de>, A::Error> {
        let below = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(below)? {
            list.push(value);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let below = self.deeper()?;
        let mut pairs = Vec::with_capacity(8);
        while let Some(key) = map.next_key_seed(Key)? {
            pairs.push((key, map.next_value_seed(below)?));
        }
        Ok(Node::Object(pairs))
    }
}

/// Reads the name of a field, borrowed where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_without_escapes_is_borrowed_from_the_body() {
        let Node::Object(pairs) = parse(br#"{"a":"b","c":"\n"}"#).expect("JSON") else {
            panic!("an object")
        };
        assert!(matches!(pairs[0].1, Node::Text(Cow::Borrowed("b"))));
        assert!(matches!(pairs[1].1, Node::Text(Cow::Owned(_))));
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        let error = parse(b"{\n \"a\": }").expect_err("malformed");
        assert_eq!(error.code, "malformed_json");
        assert!(error.message.contains("line 2 column 7"), "{}", error.message);
        assert_eq!(parse(b"").expect_err("empty").code, "malformed_json");
        assert_eq!(parse(b"{} {}").expect_err("two documents").code, "malformed_json");
        assert_eq!(parse(b"\"\xff\"").expect_err("bytes").code, "bad_utf8");
    }

    #[test]
    fn nesting_is_refused_beyond_sixty_four_levels_and_never_overflows() {
        let nested = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(parse(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(parse(nested(DEPTH_MAX + 1).as_bytes()).expect_err("deep").code, "too_deep");
        assert_eq!(
            parse("[{\"a\":".repeat(300_000).as_bytes()).expect_err("deep").code,
            "too_deep"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&body);
        }

        #[test]
        fn json_like_text_never_makes_it_panic(body in r#"[\[\]{}:,"0-9eE.+\-\\unltrfas ]{0,120}"#) {
            let _ = parse(body.as_bytes());
        }
    }
}
