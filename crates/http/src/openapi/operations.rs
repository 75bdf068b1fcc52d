//! The body of an operation, for the document: one alternative for each operation, with its own fields.
//!
//! The fields are those that the reader goes over; a test sends every one of them through it.

use super::bodies::one_of;
use docket_domain::OperationKind;
use docket_domain::operation::{Definition, Field, FieldKind, HowMuch, Need};
use docket_domain::placement::LINES_MAX;
use docket_wire::described::{Amount, QuantityAsked};
use docket_wire::kinds::TAGS_MAX;
use docket_wire::view::Number;
use serde_json::{Value, json};
use std::borrow::Cow;
use utoipa::openapi::schema::{
    ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// The body of `POST /api/orders/{id}/operations`.
pub struct OperationBody;

/// Every operation that may be asked for, as the domain defines it.
fn definitions() -> impl Iterator<Item = &'static Definition> {
    OperationKind::ASKED_FOR.iter().map(|kind| kind.definition())
}

/// What a field may be: its kind, or null where it may be left out and null is the same.
fn schema(field: &Field) -> RefOr<Schema> {
    let (meaning, may_be_null) = (Some(field.meaning), field.need == Need::Optional);
    let named = |name: &str| -> RefOr<Schema> {
        if may_be_null {
            let either = OneOfBuilder::new().item(Ref::from_schema_name(name));
            let either = either.item(ObjectBuilder::new().schema_type(Type::Null));
            return either.description(meaning).into();
        }
        let named = Ref::builder().ref_location_from_schema_name(name).description(meaning);
        RefOr::Ref(named.build())
    };
    let plain = |kind: Type| {
        let null = may_be_null.then_some(Type::Null);
        null.map_or(SchemaType::new(kind.clone()), |null| SchemaType::from_iter([kind, null]))
    };
    let list = |name: &str, least: Option<usize>, most: usize| -> RefOr<Schema> {
        let list = ArrayBuilder::new().items(Ref::from_schema_name(name)).max_items(Some(most));
        list.min_items(least).schema_type(plain(Type::Array)).description(meaning).into()
    };
    match field.kind {
        FieldKind::Identifier => named("Identifier"),
        FieldKind::Title => named("Title"),
        FieldKind::Words | FieldKind::Remark => named("Words"),
        FieldKind::Amount => named("Amount"),
        FieldKind::Id => named("Number"),
        FieldKind::Time => named("Time"),
        FieldKind::Version => named("Version"),
        FieldKind::ShipTo => named("NewShipTo"),
        FieldKind::Whole(least, most) => {
            let number = ObjectBuilder::new().schema_type(plain(Type::Integer));
            number.minimum(Some(least)).maximum(Some(most)).description(meaning).into()
        }
        FieldKind::YesNo => {
            ObjectBuilder::new().schema_type(plain(Type::Boolean)).description(meaning).into()
        }
        FieldKind::Freight => {
            let whether = ObjectBuilder::new().schema_type(Type::Boolean);
            let either = OneOfBuilder::new().item(whether).item(Ref::from_schema_name("Amount"));
            let either = either.item(ObjectBuilder::new().schema_type(Type::Null));
            either.description(meaning).into()
        }
        FieldKind::Lines(HowMuch::Said) => list("LineWeighed", Some(1), LINES_MAX),
        FieldKind::Lines(HowMuch::OrAll) => list("LineAsked", Some(1), LINES_MAX),
        FieldKind::Lines(HowMuch::OrNone) => list("LineAsked", None, LINES_MAX),
        FieldKind::Taxes => list("LineTaxed", Some(1), LINES_MAX),
        FieldKind::Labels => list("Identifier", None, TAGS_MAX),
    }
}

/// So much of one line.
#[derive(ToSchema)]
#[schema(as = LineAsked)]
#[allow(dead_code)] // described, never made
pub struct LineBody {
    /// The item order.
    order_id: Number,
    /// How much of it; all that is left where left out.
    quantity: Option<QuantityAsked>,
}

/// What the scales said of one line.
#[derive(ToSchema)]
#[schema(as = LineWeighed)]
#[allow(dead_code)] // described, never made
pub struct WeighedBody {
    /// The item order.
    order_id: Number,
    /// What they said.
    quantity: QuantityAsked,
}

/// The new tax of one line.
#[derive(ToSchema)]
#[schema(as = LineTaxed)]
#[allow(dead_code)] // described, never made
pub struct TaxedBody {
    /// The item order.
    order_id: Number,
    /// Its tax, in minor units.
    tax: Amount,
}

/// One example of each operation, as the document has it.
pub fn examples() -> Value {
    let named =
        definitions().map(|asked| (asked.kind.word().to_owned(), json!({"value": example(asked)})));
    Value::Object(named.collect())
}

/// A body that asks for an operation, with all of its fields.
fn example(asked: &Definition) -> Value {
    let mut body = json!({"type": asked.kind.word()});
    for field in asked.fields {
        body[field.name] = serde_json::from_str(field.example).expect("an example is JSON");
    }
    body
}

/// The name of the schema of `kind`: `ShipOperation`.
fn schema_name(kind: OperationKind) -> String {
    let words = kind.word().split('_');
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    words.map(capital).collect::<String>() + "Operation"
}

fn alternative(asked: &Definition) -> RefOr<Schema> {
    let word = asked.kind.word();
    let who: Vec<_> = asked.who.iter().map(|actor| actor.word()).collect();
    let at = match asked.target.level() {
        Some(level) => format!("a {level} order"),
        None => "any node".to_owned(),
    };
    let about = format!("`{word}`: acts on {at}. Asked for by: {}.", who.join(", "));
    let named = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([word]));
    let mut object = common().description(Some(about)).property("type", named).required("type");
    for field in asked.fields {
        object = object.property(field.name, schema(field));
        if field.need == Need::Required {
            object = object.required(field.name);
        }
    }
    object.into()
}

/// The fields that every operation has.
fn common() -> ObjectBuilder {
    let may_be_null = |name: &str, meaning: &str| {
        let either = OneOfBuilder::new().item(Ref::from_schema_name(name));
        let either = either.item(ObjectBuilder::new().schema_type(Type::Null));
        RefOr::<Schema>::from(either.description(Some(meaning)))
    };
    let version = "The version the caller saw; another one is a 409 `version_conflict`";
    let remark = "Words kept with it, in the language of `Accept-Language`";
    ObjectBuilder::new()
        .property(
            "actor",
            may_be_null("Claimant", "Who asks; where left out, the only one the key may speak for"),
        )
        .property("expected_version", may_be_null("Version", version))
        .property("remark", may_be_null("Words", remark))
        .property("en_remark", may_be_null("Words", "Words kept with it, in English"))
        .property("cn_remark", may_be_null("Words", "Words kept with it, in Chinese"))
}

impl PartialSchema for OperationBody {
    fn schema() -> RefOr<Schema> {
        let each = definitions().map(|asked| (asked.kind.word(), schema_name(asked.kind)));
        one_of("One request to change an order.", "type", each)
    }
}

impl ToSchema for OperationBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Operation")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(definitions().map(|asked| (schema_name(asked.kind), alternative(asked))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::Id;
    use docket_domain::story::Language;

    fn read(body: &Value) -> Result<docket_wire::Posted, docket_wire::Unreadable> {
        docket_wire::operation::read(body.to_string().as_bytes(), Id(1), Language::En)
    }

    #[test]
    fn every_operation_is_read_as_it_is_described() {
        for asked in definitions() {
            let body = example(asked);
            let posted = read(&body).unwrap_or_else(|why| panic!("{body}: {why:?}"));
            assert_eq!(posted.request.operation.kind(), asked.kind);
        }
    }

    #[test]
    fn what_is_described_as_required_is_and_the_rest_is_not() {
        for asked in definitions() {
            for field in asked.fields {
                let mut body = example(asked);
                let object = body.as_object_mut().expect("an object");
                object.remove(field.name);
                let required = field.need == Need::Required || field.kind == FieldKind::Remark;
                assert_eq!(read(&body).is_err(), required, "{body}");
            }
        }
    }

    #[test]
    fn every_field_that_is_described_says_something() {
        for asked in definitions() {
            for field in asked.fields {
                let mut body = example(asked);
                // What means the same as leaving it out is no example of it here.
                match field.kind {
                    FieldKind::Freight | FieldKind::YesNo => body[field.name] = json!(true),
                    FieldKind::Amount => body[field.name] = json!(7),
                    _ => {}
                }
                let given = read(&body).expect("it is right");
                let object = body.as_object_mut().expect("an object");
                object.remove(field.name);
                // Gateways tell a reason of a success as well, which has no use for it.
                let of_success = asked.kind == OperationKind::RefundSucceeded;
                let heard = !(of_success && field.name == "reason");
                assert_eq!(read(&body).map_or(true, |less| less != given), heard, "{body}");
            }
        }
    }

    #[test]
    fn what_is_told_where_nothing_is_given_is_told_in_chinese_too() {
        let told: Vec<_> = definitions().filter_map(|asked| asked.at_least_one).collect();
        assert!(!told.is_empty());
        for one_of in told {
            assert!(docket_wire::chinese::of(one_of.message).is_some(), "{}", one_of.message);
        }
    }
}
