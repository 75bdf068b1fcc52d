//! Every operation of an order: its name (`kind`), the one table that says who may ask for it, at which level, what
//! class it has when two sites merge and which field groups it touches (`rules`), and its fields (`asked`). Here is
//! the request as a whole. What an operation does is in [`crate::decide`].

mod asked;
mod kind;
mod rules;

pub use asked::{Asked, Operation, PaymentAsked, PaymentReport, PriceAsked, RefundAsked, TaxAsked};
pub use kind::OperationKind;
pub use rules::{Class, Group, RULES, Rule, Target};

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
