//! Every operation of an order, by families: one file each, with what is asked (the payloads and the fields of
//! requests), who may ask for it and where it acts, what it touches, what others are told of it and what people
//! read of it. A family says which modules of [`crate::decide`] answer it.
//!
//! To add an operation: a line in `list`, its definition in its family, and the rule that answers it in
//! [`crate::decide`], where the compiler asks for it. What reads requests, the document of the API, the story and the
//! webhooks go over the definitions.

mod cancel;
mod definition;
mod delivery;
mod field;
mod fulfilment;
mod given;
mod list;
mod origin;
mod payment;
mod refund;
mod terms;
mod text;

pub use definition::{
    AtLeastOne, Class, Definition, Event, Group, Repeats, Scope, Sentence, Target, Unusual,
};
pub use field::{Field, FieldKind, HowMuch, Need};
pub use given::{Asked, Given, TaxAsked, Value};
pub use list::{Operation, OperationKind};
pub use payment::{PaymentAsked, PaymentReport};
pub use refund::RefundAsked;
pub use terms::PriceAsked;

use crate::change::Remark;
use crate::{Actor, Id, Json};

/// One request to change an order, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What is asked.
    pub operation: Operation,
    /// The number it was asked of: any node of the tree.
    pub node: Id,
    /// The version the caller saw, if it must still hold.
    pub expected_version: Option<u32>,
    /// Words to keep with it, in both languages.
    pub remark: Remark,
}

/// An actor and what it asks, as `decide` takes them.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Who asks.
    pub actor: &'a Actor,
    /// Whose key carries it: the issuer that cash references are unique under.
    pub issuer: &'a str,
    /// Whether the key may refund after settlement (scope `refunds`).
    pub may_refund_settled: bool,
}

/// The parameters a story sentence is filled with.
pub type Parameters = serde_json::Map<String, Json>;
