//! What became of the lines of an import, for the document alone: `app` makes it, and knows no document.

#![allow(dead_code)] // described, never made

use super::words::DifferenceKind;
use docket_wire::problem::WrongField;
use docket_wire::view::Number;
use std::collections::HashMap;
use utoipa::ToSchema;

/// What became of the lines of an import.
#[derive(ToSchema)]
#[schema(as = ImportReport)]
pub struct Report {
    /// Lines that were not blank.
    read: u64,
    /// Lines of orders that were new here.
    taken: u64,
    /// Lines of orders that were here already and of which nothing new was taken.
    known: u64,
    /// Those of them that another issuer or channel told, by their number alone.
    known_elsewhere: u64,
    /// Lines of orders that were here already and got what was new.
    updated: u64,
    /// The lines of orders that were known.
    known_lines: Vec<u64>,
    /// Those of them that another issuer or channel told.
    elsewhere_lines: Vec<u64>,
    /// The lines of orders that got what was new.
    updated_lines: Vec<u64>,
    /// Lines that could not be taken.
    refused: Vec<Refused>,
    /// Orders that were taken, by the status they have now.
    statuses: HashMap<String, u64>,
    /// Anomalies of orders that were taken, by kind.
    anomalies: HashMap<String, u64>,
    /// Money of orders that were taken, by currency.
    sums: HashMap<String, Sums>,
    /// Orders that were taken although payments and prices disagree.
    differences: Vec<Disagreement>,
}

/// A line that could not be taken.
#[derive(ToSchema)]
#[schema(as = RefusedLine)]
struct Refused {
    /// Counted from 1.
    line: u64,
    /// Where in the order; empty for the line as a whole.
    field: String,
    /// A stable code.
    code: String,
    /// What is wrong. Where several fields are wrong, the others follow in words.
    message: String,
    /// Each wrong field by itself.
    errors: Vec<WrongField>,
}

/// Money of orders in one currency, in minor units. Amounts that are unknown count nothing.
#[derive(ToSchema)]
struct Sums {
    /// Prices of the payment orders: goods less discounts, without freight.
    items: i64,
    /// Freight.
    freight: i64,
    /// Tax on top of them.
    tax: i64,
    /// Payments.
    payments: i64,
    /// Orders whose price, freight or tax on top is unknown.
    unknown: u64,
}

/// An order whose payments disagree with what was to pay.
#[derive(ToSchema)]
struct Disagreement {
    /// Counted from 1.
    line: u64,
    /// The order here; null where nothing was written.
    order_id: Option<Number>,
    /// The number that the order has at its source; null where it gave none.
    external_id: Option<String>,
    /// Whether too little or too much was paid.
    kind: DifferenceKind,
    /// ISO 4217.
    currency: String,
    /// What was to pay, in minor units.
    payable: Option<i64>,
    /// What was paid, in minor units.
    paid: i64,
}
