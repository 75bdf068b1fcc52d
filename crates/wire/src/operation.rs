//! The body of `POST /api/orders/{id}/operations`: one request to change an order.
//!
//! Which fields an operation has, and which of them it needs, stands in its definition in the domain; here is how a
//! field of each kind is read. Whether the operation is allowed, and for whom, is for the domain to say.

use crate::document::Node;
use crate::kinds;
use crate::person::ShipTo;
use crate::placement::actor;
use crate::reader::{Fields, Reader, Source, Unreadable};
use crate::word::of_word;
use docket_domain::change::Remark;
use docket_domain::operation::{
    Asked, Field, FieldKind, Given, HowMuch, Need, OperationKind, Request, TaxAsked, Value,
};
use docket_domain::placement::LINES_MAX;
use docket_domain::story::Language;
use docket_domain::{Actor, Id, Operation};

/// A request as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// What is asked, of which node.
    pub request: Request,
    /// Who asks, where the caller says so.
    pub actor: Option<Actor>,
    /// The new ship-to of `change_address`, to be sealed.
    pub ship_to: Option<ShipTo>,
}

/// Reads a request to `node`. A plain `remark` is kept as words of `language`.
pub fn read(body: &[u8], node: Id, language: Language) -> Result<Posted, Unreadable> {
    crate::reader::read(body, Source::Request, |fields| {
        let kind = fields.required("type", |reader, node| kind(reader, &node));
        let actor = fields.optional("actor", actor);
        let expected_version = fields.optional("expected_version", kinds::version);
        let mut beside = Beside { remark: remark(fields, language), ship_to: None, language };
        let Some(kind) = kind else {
            // Without its type nothing says which fields the request may have.
            fields.ignore_rest();
            return None;
        };
        let operation = asked(fields, kind, &mut beside)?;
        let Beside { remark, ship_to, .. } = beside;
        let request = Request { operation, node, expected_version, remark };
        Some(Posted { request, actor, ship_to })
    })
}

/// Reads a request to start to pay `node`: the operation of that name without its type.
pub fn read_start_payment(body: &[u8], node: Id) -> Result<Posted, Unreadable> {
    crate::reader::read(body, Source::Request, |fields| {
        let expected_version = fields.optional("expected_version", kinds::version);
        let actor = fields.optional("actor", actor);
        let (remark, language) = (Remark::default(), Language::default());
        let mut beside = Beside { remark, ship_to: None, language };
        let operation = asked(fields, OperationKind::StartPayment, &mut beside)?;
        let Beside { remark, ship_to, .. } = beside;
        let request = Request { operation, node, expected_version, remark };
        Some(Posted { request, actor, ship_to })
    })
}

fn kind(reader: &mut Reader, node: &Node<'_>) -> Option<OperationKind> {
    let Node::Text(word) = node else { return reader.wrong_type(node, "a word") };
    let asked_for = OperationKind::ASKED_FOR;
    let known = of_word::<OperationKind>(word).filter(|kind| asked_for.contains(kind));
    if known.is_none() {
        let words: Vec<_> = asked_for.iter().map(|kind| kind.word()).collect();
        return reader.wrong("not_a_word", format!("must be one of: {}", words.join(", ")));
    }
    known
}

fn remark(fields: &mut Fields<'_, '_>, language: Language) -> Remark {
    let plain = fields.optional("remark", kinds::words);
    let mut remark = Remark {
        en: fields.optional("en_remark", kinds::words),
        cn: fields.optional("cn_remark", kinds::words),
    };
    keep(&mut remark, plain, language);
    remark
}

/// Keeps `plain` as words of `language`, unless words of that language were given as such.
fn keep(remark: &mut Remark, plain: Option<String>, language: Language) {
    let slot = match language {
        Language::Zh => &mut remark.cn,
        Language::En => &mut remark.en,
    };
    if slot.is_none() {
        *slot = plain;
    }
}

/// What a request has beside what is decided.
struct Beside {
    remark: Remark,
    ship_to: Option<ShipTo>,
    /// That of a remark which does not say its own.
    language: Language,
}

/// Reads the fields of an operation of this `kind`, all of them, and makes it of them.
fn asked(
    fields: &mut Fields<'_, '_>,
    kind: OperationKind,
    beside: &mut Beside,
) -> Option<Operation> {
    let definition = kind.definition();
    let one_of = definition.at_least_one;
    let lacking = one_of.filter(|one_of| !one_of.fields.iter().any(|name| fields.has(name)));
    let (mut given, mut complete) = (Given::default(), true);
    for field in definition.fields {
        match value(fields, field, beside) {
            Found::Value(value) => given.put(field, value),
            Found::Beside => {}
            Found::Nothing => complete &= field.need != Need::Required,
        }
    }
    if let Some(one_of) = lacking {
        return fields.wrong("", "empty", one_of.message);
    }
    if complete { (definition.read)(&mut given) } else { None }
}

/// What became of a field.
enum Found {
    /// A value of the operation.
    Value(Value),
    /// Something that stands beside the operation.
    Beside,
    /// It was left out, or what is wrong with it was told.
    Nothing,
}

impl From<Option<Value>> for Found {
    fn from(value: Option<Value>) -> Self {
        value.map_or(Self::Nothing, Self::Value)
    }
}

fn value(fields: &mut Fields<'_, '_>, field: &Field, beside: &mut Beside) -> Found {
    let value = match field.kind {
        FieldKind::Identifier => one(fields, field, kinds::identifier).map(Value::Text),
        FieldKind::Title => one(fields, field, kinds::title).map(Value::Text),
        FieldKind::Words => one(fields, field, kinds::words).map(Value::Text),
        FieldKind::Amount => one(fields, field, kinds::known_amount).map(Value::Amount),
        FieldKind::Id => one(fields, field, kinds::id).map(Value::Id),
        FieldKind::Time => one(fields, field, kinds::time).map(Value::Time),
        FieldKind::Version => one(fields, field, kinds::version).map(Value::Version),
        FieldKind::Whole(least, most) => {
            let whole =
                |reader: &mut Reader, node: Node<'_>| kinds::integer(reader, node, least, most);
            one(fields, field, whole).map(Value::Whole)
        }
        FieldKind::YesNo => one(fields, field, kinds::yes_or_no).map(Value::YesNo),
        FieldKind::Freight => one(fields, field, kinds::freight_asked).map(Value::Freight),
        FieldKind::Lines(how_much) => {
            let lines = |reader: &mut Reader, node: Node<'_>| lines(reader, node, how_much);
            one(fields, field, lines).map(Value::Lines)
        }
        FieldKind::Taxes => one(fields, field, taxes).map(Value::Taxes),
        FieldKind::Labels => one(fields, field, kinds::tags).map(Value::Labels),
        FieldKind::Remark => return note(fields, field, beside),
        FieldKind::ShipTo => {
            beside.ship_to = one(fields, field, ShipTo::read_new);
            return if beside.ship_to.is_some() { Found::Beside } else { Found::Nothing };
        }
    };
    value.into()
}

/// Reads one field as its definition needs it.
fn one<'a, T>(
    fields: &mut Fields<'_, 'a>,
    field: &Field,
    kind: impl FnOnce(&mut Reader, Node<'a>) -> Option<T>,
) -> Option<T> {
    match field.need {
        Need::Required => fields.required(field.name, kind),
        Need::Optional => fields.optional(field.name, kind),
        Need::KnownOrLeftOut => fields.nullable(field.name, kind),
    }
}

/// A note is nothing but its words: those of the field, or a remark.
fn note(fields: &mut Fields<'_, '_>, field: &Field, beside: &mut Beside) -> Found {
    let is_there = beside.remark != Remark::default();
    let need = if is_there { Need::Optional } else { Need::Required };
    let text = one(fields, &Field { need, ..*field }, kinds::words);
    let found = if text.is_some() || is_there { Found::Beside } else { Found::Nothing };
    keep(&mut beside.remark, text, beside.language);
    found
}

/// The lines of a new price: each says its tax.
fn taxes(reader: &mut Reader, node: Node<'_>) -> Option<Vec<TaxAsked>> {
    let lines = reader.list(node, LINES_MAX, |reader, node| {
        reader.object(node, |fields| {
            let order_id = fields.required("order_id", kinds::id);
            let tax = fields.required_or_null("tax", kinds::known_amount);
            Some(TaxAsked { order_id: order_id?, tax: tax? })
        })
    })?;
    each_named_once(reader, lines.iter().map(|line| line.order_id))?;
    if lines.is_empty() { reader.wrong("empty", "needs at least one line") } else { Some(lines) }
}

/// Lines; left out means all that is left, so an empty list is refused rather than guessed at, but where money alone
/// goes back.
fn lines(reader: &mut Reader, node: Node<'_>, how_much: HowMuch) -> Option<Vec<Asked>> {
    let lines = reader.list(node, LINES_MAX, |reader, node| {
        reader.object(node, |fields| {
            let order_id = fields.required("order_id", kinds::id);
            let quantity = match how_much {
                HowMuch::Said => fields.required("quantity", kinds::quantity),
                HowMuch::OrAll | HowMuch::OrNone => fields.optional("quantity", kinds::quantity),
            };
            Some(Asked { order_id: order_id?, quantity })
        })
    })?;
    if lines.is_empty() && how_much != HowMuch::OrNone {
        return reader.wrong("empty", "needs at least one line");
    }
    each_named_once(reader, lines.iter().map(|line| line.order_id))?;
    Some(lines)
}

fn each_named_once(reader: &mut Reader, lines: impl Iterator<Item = Id>) -> Option<()> {
    let mut named: Vec<Id> = lines.collect();
    named.sort_unstable();
    if named.windows(2).any(|pair| pair[0] == pair[1]) {
        return reader.wrong("duplicate", "names a line twice");
    }
    Some(())
}
