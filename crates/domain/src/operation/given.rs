//! What a caller gave with an operation, field by field, before it is one.
//!
//! The edge that reads puts in values that its fields may have ([`super::Field`]); the definition of the operation
//! takes them out by the same fields. Nothing is judged here.

use super::Field;
use crate::tree::FreightAsked;
use crate::{Id, Quantity, Time};

/// So much of one line, as a caller asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The item order.
    pub order_id: Id,
    /// How much; none means all that is left of it.
    pub quantity: Option<Quantity>,
}

/// The tax of one line, as it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxAsked {
    /// The item order.
    pub order_id: Id,
    /// Minor units, of the whole line.
    pub tax: i64,
}

macro_rules! values {
    ($($(#[$meta:meta])* $variant:ident($type:ty) $take:ident,)*) => {
        /// A value that was given.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Value { $($(#[$meta])* $variant($type),)* }

        impl Given {
            $($(#[$meta])* pub(super) fn $take(&mut self, field: &Field) -> Option<$type> {
                let Value::$variant(value) = self.take(field)? else { return None };
                Some(value)
            })*
        }
    };
}

values! {
    /// An identifier, a title or words.
    Text(String) text,
    /// Minor units.
    Amount(i64) amount,
    /// A number that Docket gave.
    Id(Id) id,
    /// A moment.
    Time(Time) time,
    /// A version, from 1.
    Version(u32) version,
    /// A whole number within the bounds of its field.
    Whole(i64) whole,
    /// Yes or no.
    YesNo(bool) yes_no,
    /// How much of a freight goes back.
    Freight(FreightAsked) freight,
    /// Lines and how much of each.
    Lines(Vec<Asked>) lines,
    /// Lines and the tax of each.
    Taxes(Vec<TaxAsked>) taxes,
    /// Labels, each once.
    Labels(Vec<String>) labels,
}

/// The values of one request that were not taken yet.
#[derive(Debug, Default)]
pub struct Given(Vec<(&'static str, Value)>);

impl Given {
    /// Puts in the value of `field`; it must be of the field's kind.
    pub fn put(&mut self, field: &Field, value: Value) {
        self.0.push((field.name, value));
    }

    /// Whether everything was taken.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, field: &Field) -> Option<Value> {
        let index = self.0.iter().position(|(name, _)| *name == field.name)?;
        Some(self.0.swap_remove(index).1)
    }
}
