//! The body of `POST /api/orders/{id}/operations`: one request to change an order.
//!
//! Which fields an operation has stands in [`asked`]; whether it is allowed, and for whom, in the domain.

use crate::document::Node;
use crate::kinds;
use crate::person::ShipTo;
use crate::placement::actor;
use crate::reader::{Fields, Reader, Source, Unreadable};
use crate::word::{listed, of_word};
use docket_domain::change::Remark;
use docket_domain::operation::{
    Asked, OperationKind, PaymentAsked, PaymentReport, PriceAsked, RefundAsked, Request, TaxAsked,
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

/// Names that stand in the log but cannot be asked for.
const NOT_ASKED_FOR: &[&str] = &["place", "record"];

/// Reads a request to `node`. A plain `remark` is kept as words of `language`.
pub fn read(body: &[u8], node: Id, language: Language) -> Result<Posted, Unreadable> {
    crate::reader::read(body, Source::Request, |fields| {
        let kind = fields.required("type", |reader, node| kind(reader, &node));
        let actor = fields.optional("actor", actor);
        let expected_version = fields.optional("expected_version", kinds::version);
        let mut remark = remark(fields, language);
        let Some(kind) = kind else {
            // Without its type nothing says which fields the request may have.
            fields.ignore_rest();
            return None;
        };
        if kind == OperationKind::Note {
            note(fields, &mut remark, language)?;
        }
        let ship_to = match kind {
            OperationKind::ChangeAddress => Some(fields.required("ship_to", ShipTo::read_new)),
            _ => None,
        };
        let operation = asked(fields, kind)?;
        let ship_to = match ship_to {
            Some(ship_to) => Some(ship_to?),
            None => None,
        };
        let request = Request { operation, node, expected_version, remark };
        Some(Posted { request, actor, ship_to })
    })
}

/// Reads a request to start to pay `node`: the operation of that name without its type.
pub fn read_start_payment(body: &[u8], node: Id) -> Result<Posted, Unreadable> {
    crate::reader::read(body, Source::Request, |fields| {
        let expected_version = fields.optional("expected_version", kinds::version);
        let actor = fields.optional("actor", actor);
        let operation = start_payment(fields)?;
        let request = Request { operation, node, expected_version, remark: Remark::default() };
        Some(Posted { request, actor, ship_to: None })
    })
}

fn kind(reader: &mut Reader, node: &Node<'_>) -> Option<OperationKind> {
    let Node::Text(word) = node else { return reader.wrong_type(node, "a word") };
    match of_word::<OperationKind>(word) {
        Some(kind) if !NOT_ASKED_FOR.contains(&kind.word()) => Some(kind),
        _ => {
            let words = listed::<OperationKind>(NOT_ASKED_FOR);
            reader.wrong("not_a_word", format!("must be one of: {words}"))
        }
    }
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

/// A note is nothing but its words: `text`, or a remark.
fn note(fields: &mut Fields<'_, '_>, remark: &mut Remark, language: Language) -> Option<()> {
    let text = if *remark == Remark::default() {
        Some(fields.required("text", kinds::words)?)
    } else {
        fields.optional("text", kinds::words)
    };
    keep(remark, text, language);
    Some(())
}

/// Reads the fields of an operation of this `kind`.
fn asked(fields: &mut Fields<'_, '_>, kind: OperationKind) -> Option<Operation> {
    use OperationKind as K;
    Some(match kind {
        K::Place | K::Record => return fields.wrong("type", "not_a_word", "cannot be asked for"),
        K::StartPayment
        | K::PaymentSucceeded
        | K::PaymentFailed
        | K::AttemptClosed
        | K::AttemptStuck
        | K::Revoke => return of_payment(fields, kind),
        K::RequestCancel
        | K::AgreeCancel
        | K::RefuseCancel
        | K::WithdrawCancel
        | K::RequestRefund
        | K::AgreeRefund
        | K::RejectRefund
        | K::WithdrawRefund
        | K::RefundByStore
        | K::RefundSucceeded
        | K::RefundFailed
        | K::ReceiveReturn => return of_refund(fields, kind),
        K::Drop => Operation::Drop {
            lines: lines(fields),
            platform_discount: fields.nullable("platform_discount", kinds::known_amount),
            third_party_discount: fields.nullable("third_party_discount", kinds::known_amount),
        },
        K::AdjustPrice => return adjust_price(fields),
        K::Accept => Operation::Accept,
        K::Reject => Operation::Reject { reason: reason(fields) },
        K::StartPreparing => Operation::StartPreparing,
        K::Prepare => Operation::Prepare,
        K::CallCourier => Operation::CallCourier { courier: courier(fields) },
        K::PickUp => Operation::PickUp { courier: courier(fields) },
        K::Deliver => Operation::Deliver { courier: courier(fields) },
        K::Ship => Operation::Ship {
            lines: lines(fields),
            carrier: fields.optional("carrier", kinds::title),
            tracking: fields.optional("tracking", kinds::identifier),
        },
        K::Receive => Operation::Receive,
        K::ExtendReceipt => {
            let days = fields.required("days", |reader, node| kinds::integer(reader, node, 1, 30));
            Operation::ExtendReceipt { days: days? as u32 }
        }
        K::Weigh => Operation::Weigh { lines: fields.required("lines", weighed)? },
        K::ChangeAddress => {
            let freight = fields.nullable("freight", kinds::known_amount);
            let freight_tax = fields.nullable("freight_tax", kinds::known_amount);
            Operation::ChangeAddress { freight, freight_tax }
        }
        K::Settle => Operation::Settle,
        K::Rate => {
            let score = fields.required("score", |reader, node| kinds::integer(reader, node, 1, 5));
            let text = fields.optional("text", kinds::words);
            Operation::Rate { score: score? as u8, text }
        }
        K::Note => Operation::Note,
        K::Tag => return tag(fields),
        K::Hide => Operation::Hide,
        K::Delete => Operation::Delete,
        K::Restore => Operation::Restore,
    })
}

fn of_payment(fields: &mut Fields<'_, '_>, kind: OperationKind) -> Option<Operation> {
    use OperationKind as K;
    let attempt_id = match kind {
        K::StartPayment | K::Revoke => None,
        _ => fields.optional("attempt_id", kinds::id),
    };
    Some(match kind {
        K::StartPayment => start_payment(fields)?,
        K::PaymentSucceeded => {
            let tender = fields.required("tender", kinds::identifier);
            let reference = fields.required("reference", kinds::identifier);
            let amount = fields.required("amount", kinds::known_amount);
            let paid_at = fields.optional("paid_at", kinds::time);
            let terms_version = fields.optional("terms_version", kinds::version);
            Operation::PaymentSucceeded(PaymentReport {
                tender: tender?,
                reference: reference?,
                amount: amount?,
                paid_at,
                terms_version,
                attempt_id,
            })
        }
        K::AttemptClosed => Operation::AttemptClosed { attempt_id, reason: reason(fields) },
        K::AttemptStuck => Operation::AttemptStuck { attempt_id, reason: reason(fields) },
        K::Revoke => Operation::Revoke { reason: reason(fields) },
        _ => Operation::PaymentFailed { attempt_id, reason: reason(fields) },
    })
}

fn start_payment(fields: &mut Fields<'_, '_>) -> Option<Operation> {
    let tender = fields.required("tender", kinds::identifier);
    let amount = fields.nullable("amount", kinds::known_amount);
    let gateway = fields.optional("gateway", kinds::identifier);
    let terms_version = fields.optional("terms_version", kinds::version);
    Some(Operation::StartPayment(PaymentAsked { tender: tender?, amount, gateway, terms_version }))
}

fn of_refund(fields: &mut Fields<'_, '_>, kind: OperationKind) -> Option<Operation> {
    use OperationKind as K;
    match kind {
        K::RequestCancel => return Some(Operation::RequestCancel { reason: reason(fields) }),
        K::RequestRefund => return Some(Operation::RequestRefund(refund(fields))),
        K::RefundByStore => return Some(Operation::RefundByStore(refund(fields))),
        K::RefundSucceeded | K::RefundFailed | K::ReceiveReturn => return of_agreed(fields, kind),
        _ => {}
    }
    let refund_id = fields.optional("refund_id", kinds::id);
    Some(match kind {
        K::AgreeCancel => Operation::AgreeCancel { refund_id },
        K::RefuseCancel => Operation::RefuseCancel { refund_id, reason: reason(fields) },
        K::WithdrawCancel => Operation::WithdrawCancel { refund_id },
        K::AgreeRefund => Operation::AgreeRefund { refund_id },
        K::RejectRefund => Operation::RejectRefund { refund_id, reason: reason(fields) },
        _ => Operation::WithdrawRefund { refund_id },
    })
}

/// The operations of a refund that was agreed: they must name it.
fn of_agreed(fields: &mut Fields<'_, '_>, kind: OperationKind) -> Option<Operation> {
    let refund_id = fields.required("refund_id", kinds::id);
    if kind == OperationKind::ReceiveReturn {
        let lines = lines(fields);
        let restock = fields.optional("restock", kinds::yes_or_no).unwrap_or_default();
        return Some(Operation::ReceiveReturn { refund_id: refund_id?, lines, restock });
    }
    let payment_id = fields.optional("payment_id", kinds::id);
    let reference = fields.optional("reference", kinds::identifier);
    if kind == OperationKind::RefundSucceeded {
        // Told alike by gateways that send one shape for both outcomes; a success has no use for it.
        fields.optional("reason", kinds::words);
        return Some(Operation::RefundSucceeded { refund_id: refund_id?, payment_id, reference });
    }
    let reason = reason(fields);
    Some(Operation::RefundFailed { refund_id: refund_id?, payment_id, reference, reason })
}

fn adjust_price(fields: &mut Fields<'_, '_>) -> Option<Operation> {
    let amounts = ["shop_discount", "freight", "freight_tax", "lines"];
    let given = amounts.iter().any(|name| fields.has(name));
    let shop_discount = fields.nullable("shop_discount", kinds::known_amount);
    let freight = fields.nullable("freight", kinds::known_amount);
    let freight_tax = fields.nullable("freight_tax", kinds::known_amount);
    let taxes = fields.optional("lines", taxes).unwrap_or_default();
    let expected_terms_version = fields.optional("expected_terms_version", kinds::version);
    if !given {
        let message = "needs `shop_discount`, `freight`, `freight_tax` or `lines` with their `tax`";
        return fields.wrong("", "empty", message);
    }
    let asked = PriceAsked { shop_discount, freight, freight_tax, taxes, expected_terms_version };
    Some(Operation::AdjustPrice(asked))
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

fn tag(fields: &mut Fields<'_, '_>) -> Option<Operation> {
    let given = fields.has("add") || fields.has("remove");
    let add = fields.optional("add", kinds::tags).unwrap_or_default();
    let remove = fields.optional("remove", kinds::tags).unwrap_or_default();
    if !given {
        return fields.wrong("", "empty", "needs `add` or `remove`");
    }
    Some(Operation::Tag { add, remove })
}

fn refund(fields: &mut Fields<'_, '_>) -> RefundAsked {
    RefundAsked {
        lines: fields.optional("lines", |reader, node| asked_lines(reader, node, HowMuch::OrNone)),
        freight: fields.optional("freight", kinds::freight_asked).unwrap_or_default(),
        goodwill: fields.optional("goodwill", kinds::known_amount).unwrap_or_default(),
        goods_back: fields.optional("goods_back", kinds::yes_or_no).unwrap_or_default(),
        reason: reason(fields),
    }
}

fn reason(fields: &mut Fields<'_, '_>) -> Option<String> {
    fields.optional("reason", kinds::words)
}

fn courier(fields: &mut Fields<'_, '_>) -> Option<String> {
    fields.optional("courier", kinds::title)
}

/// Whether a line must say how much of it is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HowMuch {
    /// It must.
    Said,
    /// Left out means all that is left.
    OrAll,
    /// The same, and a list of none is meant: money alone goes back.
    OrNone,
}

/// `lines`; left out means all that is left, so an empty list is refused rather than guessed at.
fn lines(fields: &mut Fields<'_, '_>) -> Option<Vec<Asked>> {
    fields.optional("lines", |reader, node| asked_lines(reader, node, HowMuch::OrAll))
}

/// The lines of a weigh slip: each says what the scales said.
fn weighed(reader: &mut Reader, node: Node<'_>) -> Option<Vec<Asked>> {
    asked_lines(reader, node, HowMuch::Said)
}

fn asked_lines(reader: &mut Reader, node: Node<'_>, how_much: HowMuch) -> Option<Vec<Asked>> {
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
