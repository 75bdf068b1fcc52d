//! The body of an operation, for the document: one alternative for each operation, with its own fields.
//!
//! A test sends every one of them through the reader, so what stands here is what is read.

use super::bodies::one_of;
use docket_domain::OperationKind;
use docket_domain::operation::Target;
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

/// A field of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Required(&'static str),
    Optional(&'static str),
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::Required(name) | Self::Optional(name) => name,
        }
    }
}

/// Every operation that may be asked for.
fn kinds() -> impl Iterator<Item = OperationKind> {
    let asked_for =
        |kind: &OperationKind| !matches!(kind, OperationKind::Place | OperationKind::Record);
    OperationKind::ALL.iter().copied().filter(asked_for)
}

/// The fields of `kind`, those aside that every operation has.
fn fields(kind: OperationKind) -> &'static [Field] {
    use Field::{Optional as O, Required as R};
    use OperationKind as K;
    match kind {
        K::StartPayment => &[R("tender"), O("amount"), O("gateway"), O("terms_version")],
        K::PaymentSucceeded => &[
            R("tender"),
            R("required_reference"),
            R("amount"),
            O("paid_at"),
            O("terms_version"),
            O("attempt_id"),
        ],
        K::PaymentFailed | K::AttemptClosed | K::AttemptStuck => &[O("attempt_id"), O("reason")],
        K::Revoke | K::Reject | K::RequestCancel => &[O("reason")],
        K::Drop => &[O("lines"), O("platform_discount"), O("third_party_discount")],
        K::AdjustPrice => &[
            O("shop_discount"),
            O("freight"),
            O("freight_tax"),
            O("tax_lines"),
            O("expected_terms_version"),
        ],
        K::CallCourier | K::PickUp | K::Deliver => &[O("courier")],
        K::Ship => &[O("lines"), O("carrier"), O("tracking")],
        K::ExtendReceipt => &[R("days")],
        K::AgreeCancel | K::WithdrawCancel | K::AgreeRefund | K::WithdrawRefund => {
            &[O("refund_id")]
        }
        K::RefuseCancel | K::RejectRefund => &[O("refund_id"), O("reason")],
        K::RequestRefund | K::RefundByStore => {
            &[O("refund_lines"), O("refund_freight"), O("goodwill"), O("goods_back"), O("reason")]
        }
        K::RefundSucceeded | K::RefundFailed => {
            &[R("required_refund_id"), O("payment_id"), O("reference"), O("reason")]
        }
        K::ReceiveReturn => &[R("required_refund_id"), O("lines"), O("restock")],
        K::Weigh => &[R("required_lines")],
        K::ChangeAddress => &[R("ship_to"), O("freight"), O("freight_tax")],
        K::Rate => &[R("score"), O("text")],
        K::Note => &[O("text")],
        K::Tag => &[O("add"), O("remove")],
        _ => &[],
    }
}

/// What a field means, and a value it may have.
fn meaning(field: &str) -> (&'static str, Value) {
    let lines = || json!([{"order_id": "4311810304", "quantity": "1"}]);
    match field.strip_prefix("required_").unwrap_or(field) {
        "tender" => ("How it is paid", json!("cash")),
        "amount" => {
            ("Minor units; to start a payment, all that is left where left out", json!(11500))
        }
        "gateway" => {
            ("The gateway to ask; left out where a till takes the money itself", json!("pay"))
        }
        "reference" => {
            ("The payer's or gateway's number: the same again changes nothing", json!("r-1"))
        }
        "paid_at" => ("When the money moved; now where left out", json!("2026-11-20T10:00:00Z")),
        "terms_version" => ("The terms it was paid under", json!(1)),
        "attempt_id" => ("Which attempt; the one that is open where left out", json!("4311810305")),
        "reason" => ("In the asker's words", json!("changed my mind")),
        "lines" => ("Which lines, and how much of each; all that is left where left out", lines()),
        "refund_lines" => (
            "Which lines, and how much of each; all that is left where left out, and none (`[]`) where money alone \
             goes back",
            lines(),
        ),
        "platform_discount" | "third_party_discount" => ("The new amount", json!(0)),
        "shop_discount" => ("The new amount", json!(400)),
        "freight" => ("The new amount", json!(500)),
        "freight_tax" => ("The new tax of the freight; as before where left out", json!(30)),
        "tax_lines" => (
            "The new tax of whole lines; as before where left out",
            json!([{"order_id": "4311810304", "tax": 65}]),
        ),
        "refund_freight" => (
            "Whether freight goes back too, or how much of it; alone with `lines: []`, before or after the goods",
            json!(false),
        ),
        "goodwill" => (
            "Money for no goods, in minor units, with `lines: []`; with all other refunds no more than was paid",
            json!(0),
        ),
        "expected_terms_version" => ("The terms the asker saw", json!(1)),
        "courier" => ("Who carries it", json!("Bo")),
        "carrier" => ("The carrier's name or code", json!("SF")),
        "tracking" => ("The carrier's number", json!("SF100")),
        "days" => ("By how many days, 1 to 30", json!(5)),
        "refund_id" => ("Which refund; the one that is open where left out", json!("4311810306")),
        "payment_id" => ("Which part of it; every open part where left out", json!("4311810307")),
        "goods_back" => ("Whether shipped goods must come back before money flows", json!(false)),
        "restock" => ("Whether they go back into stock", json!(true)),
        "ship_to" => ("The new address", json!({"name": "Ada Lin", "city": "Hangzhou"})),
        "score" => ("1 to 5", json!(5)),
        "add" | "remove" => ("Labels", json!(["gift"])),
        "text" => ("Words", json!("leave it at the door")),
        other => unreachable!("{other} is not a field of any operation"),
    }
}

/// As the API names it: `freight` is an amount in some operations and a yes, a no or an amount in others; `lines` may
/// be none only where money goes back, and say a tax where a price changes; what must be there is never null.
fn api_name(field: &str) -> &str {
    match field.strip_prefix("required_").unwrap_or(field) {
        "refund_freight" => "freight",
        "refund_lines" | "tax_lines" => "lines",
        own => own,
    }
}

/// What a field may be.
fn schema(field: &str) -> RefOr<Schema> {
    let meaning = meaning(field).0;
    let kind = |name: &str| {
        RefOr::<Schema>::Ref(
            Ref::builder().ref_location_from_schema_name(name).description(Some(meaning)).build(),
        )
    };
    let may_be_null = |name: &str| {
        let either = OneOfBuilder::new().item(Ref::from_schema_name(name));
        let either = either.item(ObjectBuilder::new().schema_type(Type::Null));
        RefOr::from(either.description(Some(meaning)))
    };
    let list = |name: &str, least: Option<usize>, most: usize| {
        let list = ArrayBuilder::new().items(Ref::from_schema_name(name)).max_items(Some(most));
        let kinds = SchemaType::from_iter([Type::Array, Type::Null]);
        RefOr::from(list.min_items(least).schema_type(kinds).description(Some(meaning)))
    };
    let number = |least: i64, most: i64| {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        RefOr::from(number.minimum(Some(least)).maximum(Some(most)).description(Some(meaning)))
    };
    match field {
        "amount"
        | "platform_discount"
        | "third_party_discount"
        | "shop_discount"
        | "freight"
        | "freight_tax" => kind("Amount"),
        "goodwill" => may_be_null("Amount"),
        "tender" | "required_reference" => kind("Identifier"),
        "reference" | "gateway" | "tracking" => may_be_null("Identifier"),
        "paid_at" => may_be_null("Time"),
        "terms_version" | "expected_terms_version" => may_be_null("Version"),
        "required_refund_id" => kind("Number"),
        "attempt_id" | "refund_id" | "payment_id" => may_be_null("Number"),
        "reason" | "text" => may_be_null("Words"),
        "courier" | "carrier" => may_be_null("Title"),
        "ship_to" => kind("NewShipTo"),
        "days" => number(1, 30),
        "score" => number(1, 5),
        "goods_back" | "restock" => {
            let kinds = SchemaType::from_iter([Type::Boolean, Type::Null]);
            ObjectBuilder::new().schema_type(kinds).description(Some(meaning)).into()
        }
        "refund_freight" => {
            let whether = ObjectBuilder::new().schema_type(Type::Boolean);
            let either = OneOfBuilder::new().item(whether).item(Ref::from_schema_name("Amount"));
            let either = either.item(ObjectBuilder::new().schema_type(Type::Null));
            either.description(Some(meaning)).into()
        }
        "lines" => list("LineAsked", Some(1), LINES_MAX),
        "refund_lines" => list("LineAsked", None, LINES_MAX),
        "tax_lines" => list("LineTaxed", Some(1), LINES_MAX),
        "required_lines" => {
            let lines = ArrayBuilder::new().items(Ref::from_schema_name("LineWeighed"));
            lines.min_items(Some(1)).max_items(Some(LINES_MAX)).description(Some(meaning)).into()
        }
        "add" | "remove" => list("Identifier", None, TAGS_MAX),
        other => unreachable!("{other} is not a field of any operation"),
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
        kinds().map(|kind| (kind.word().to_owned(), json!({"value": example(kind.word())})));
    Value::Object(named.collect())
}

/// A body that asks for the operation named `word`.
fn example(word: &str) -> Value {
    let kind = kinds().find(|kind| kind.word() == word).expect("examples are of known operations");
    let mut body = json!({"type": word});
    for field in fields(kind) {
        body[api_name(field.name())] = meaning(field.name()).1;
    }
    body
}

/// The name of the schema of `kind`: `ShipOperation`.
fn schema_name(kind: OperationKind) -> String {
    let words = kind.word().split('_');
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    words.map(capital).collect::<String>() + "Operation"
}

fn alternative(kind: OperationKind) -> RefOr<Schema> {
    let rule = kind.rule();
    let who: Vec<_> = rule.who.iter().map(|actor| actor.word()).collect();
    let at = match rule.target {
        Target::At(level) => format!("a {level} order"),
        Target::Any => "any node".to_owned(),
    };
    let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([kind.word()]));
    let mut object = common()
        .description(Some(format!(
            "`{}`: acts on {at}. Asked for by: {}.",
            kind.word(),
            who.join(", ")
        )))
        .property("type", word)
        .required("type");
    for field in fields(kind) {
        object = object.property(api_name(field.name()), schema(field.name()));
        if let Field::Required(name) = field {
            object = object.required(api_name(name));
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
        let each = kinds().map(|kind| (kind.word(), schema_name(kind)));
        one_of("One request to change an order.", "type", each)
    }
}

impl ToSchema for OperationBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Operation")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(kinds().map(|kind| (schema_name(kind), alternative(kind))));
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
        for kind in kinds() {
            let body = example(kind.word());
            let posted = read(&body).unwrap_or_else(|why| panic!("{body}: {why:?}"));
            assert_eq!(posted.request.operation.kind(), kind);
        }
    }

    #[test]
    fn what_is_described_as_required_is_and_the_rest_is_not() {
        for kind in kinds() {
            for field in fields(kind) {
                let mut body = example(kind.word());
                let object = body.as_object_mut().expect("an object");
                object.remove(api_name(field.name()));
                let alone = matches!(kind, OperationKind::Note);
                let required = matches!(field, Field::Required(_)) || alone;
                assert_eq!(read(&body).is_err(), required, "{body}");
            }
        }
    }
}
