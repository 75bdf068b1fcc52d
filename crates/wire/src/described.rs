//! Kinds of values for the `OpenAPI` document: what [`crate::kinds`] reads, with the same bounds, and lists of words.
//!
//! Nothing here is ever made. A test holds the document against what is read and answered, both ways.

use docket_domain::money::AMOUNT_LIMIT;
use docket_domain::placement::{ID_BYTES_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};

/// Names schemas for the document: `Name {"type": "string", …}`, with its meaning as the comment above it.
#[macro_export]
macro_rules! described {
    ($($(#[doc = $meaning:literal])+ $name:ident $schema:tt)*) => {$(
        $(#[doc = $meaning])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::Schema> {
                $crate::described::schema(&[$($meaning),+], ::serde_json::json!($schema))
            }
        }

        impl ::utoipa::ToSchema for $name {}
    )*};
}

/// The schema that `json` is, with its meaning in lines.
///
/// # Panics
/// Where it is none: schemas are written in this program.
pub fn schema(meaning: &[&str], mut json: Value) -> RefOr<Schema> {
    let lines: Vec<_> = meaning.iter().map(|line| line.trim()).collect();
    json["description"] = lines.join(" ").into();
    serde_json::from_value(json).expect("a schema of ours is one")
}

/// No control character and no blank at the ends.
const TRIMMED: &str = concat!(
    r"^[^\s\u0000-\u001f\u007f-\u009f]",
    r"([^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f])?$",
);

/// No control character but those between words and lines.
pub const PLAIN: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

described! {
    /// A name or number of the caller's, kept exactly as given: at most 64 bytes, no blanks at its ends, no control
    /// characters.
    Identifier {
        "type": "string", "minLength": 1, "maxLength": ID_BYTES_MAX,
        "pattern": TRIMMED,
    }
    /// A name or title on one or more lines. Empty is the same as left out.
    Title {"type": "string", "maxLength": TITLE_CHARS_MAX, "pattern": PLAIN}
    /// Words of people, on one or more lines. Empty is the same as left out.
    Words {"type": "string", "maxLength": TEXT_CHARS_MAX, "pattern": PLAIN}
    /// Why, in words of people.
    Reason {"type": "string", "minLength": 1, "maxLength": TEXT_CHARS_MAX, "pattern": PLAIN}
    /// An amount of money in minor units of its currency.
    Amount {"type": "integer", "format": "int64", "minimum": 0, "maximum": AMOUNT_LIMIT - 1}
    /// A quantity above 0 and below 10⁶: a decimal number with up to three places, as a text.
    QuantityAsked {"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]{1,3})?$"}
    /// A currency of ISO 4217.
    CurrencyCode {"type": "string", "pattern": "^[A-Z]{3}$"}
    /// A country of ISO 3166-1.
    CountryCode {"type": "string", "pattern": "^([A-Z]{2})?$"}
    /// A time of RFC 3339 with its offset, from 1970 on and before 2100.
    Time {"type": "string", "format": "date-time"}
    /// A version, from 1.
    Version {"type": "integer", "format": "int64", "minimum": 1, "maximum": u32::MAX}
    /// The level of a payment order.
    PaymentLevel {"type": "string", "enum": ["payment"]}
    /// The level of a shop order.
    ShopLevel {"type": "string", "enum": ["shop"]}
    /// The level of an item order.
    ItemLevel {"type": "string", "enum": ["item"]}
    /// Which of the two languages.
    LanguageCode {"type": "string", "enum": ["zh", "en"]}
    /// What wins when two sites merge.
    OperationClass {
        "type": "string", "enum": ["fact", "right", "terms", "progress", "timer", "text", "own"],
    }
    /// Where a page goes on: the `next` of the page before.
    PageCursor {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}
}
