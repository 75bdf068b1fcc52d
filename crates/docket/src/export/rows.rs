//! Orders as rows of CSV, one a line of an order: for programs, or for people's spreadsheets. Each row says how its
//! amounts are written, so that whoever reads it back takes nothing a hundredfold.

use super::Stopped;
use super::sheet::{decimal, safe, text};
use crate::import::{MONEY, Money};
use docket_domain::{Currency, Json};
use serde_json::value::RawValue;
use std::io::Write;

/// For whom rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Amounts in minor units, every text as it is.
    Programs,
    /// Amounts as decimals, numbers that are names as texts, nothing that is run.
    Spreadsheets,
}

impl For {
    const fn money(self) -> Money {
        match self {
            Self::Programs => Money::Minor,
            Self::Spreadsheets => Money::Decimal,
        }
    }
}

/// Which node a column is of.
#[derive(Debug, Clone, Copy)]
enum Of {
    Order,
    Shop,
    Item,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    /// A number somebody gave: a spreadsheet would round it.
    Id,
    Text,
    Time,
    /// Money of the order's currency.
    Amount,
    /// A number of units.
    Number,
    /// True or false.
    YesNo,
}

/// Fields that a row sums up of lists, for which it has no room: see [`summed_up`].
const TENDER: &str = "tender";
const REFERENCE: &str = "payment_reference";
const FREIGHT_REFUNDED: &str = "freight_refunded";
const LAST_REFUNDED_AT: &str = "last_refunded_at";

/// The columns of the CSV: a name, the node, its field and what that is. Behind them stands how amounts are written.
const COLUMNS: &[(&str, Of, &str, As)] = &[
    ("order_id", Of::Order, "order_id", As::Id),
    ("external_id", Of::Order, "external_id", As::Id),
    ("channel", Of::Order, "channel", As::Text),
    ("type", Of::Order, "type", As::Text),
    ("market", Of::Order, "market", As::Text),
    ("platform", Of::Order, "platform", As::Text),
    ("home", Of::Order, "home", As::Text),
    ("buyer_id", Of::Order, "buyer_id", As::Id),
    ("status", Of::Order, "status", As::Text),
    ("store_status", Of::Order, "store_status", As::Text),
    ("payment_status", Of::Order, "payment_status", As::Text),
    ("created_at", Of::Order, "created_at", As::Time),
    ("paid_at", Of::Order, "paid_at", As::Time),
    ("updated_at", Of::Order, "updated_at", As::Time),
    ("currency", Of::Order, "currency", As::Text),
    ("order_price", Of::Order, "price", As::Amount),
    ("order_freight", Of::Order, "freight", As::Amount),
    ("order_tax", Of::Order, "tax", As::Amount),
    ("tax_included", Of::Order, "tax_included", As::YesNo),
    ("platform_discount", Of::Order, "platform_discount", As::Amount),
    ("coins", Of::Order, "coins", As::Amount),
    ("third_party_discount", Of::Order, "third_party_discount", As::Amount),
    ("payable", Of::Order, "payable", As::Amount),
    ("paid", Of::Order, "paid", As::Amount),
    ("refunded", Of::Order, "refunded", As::Amount),
    ("tender", Of::Order, TENDER, As::Text),
    ("payment_reference", Of::Order, REFERENCE, As::Id),
    ("shop_order_id", Of::Shop, "order_id", As::Id),
    ("shop_id", Of::Shop, "shop_id", As::Id),
    ("place", Of::Shop, "place", As::Text),
    ("fulfilment", Of::Shop, "fulfilment", As::Text),
    ("shop_status", Of::Shop, "status", As::Text),
    ("refund_status", Of::Shop, "refund_status", As::Text),
    ("shop_discount", Of::Shop, "shop_discount", As::Amount),
    ("freight", Of::Shop, "freight", As::Amount),
    ("freight_tax", Of::Shop, "freight_tax", As::Amount),
    ("shipped_at", Of::Shop, "shipped_at", As::Time),
    ("received_at", Of::Shop, "received_at", As::Time),
    ("shop_refunded", Of::Shop, "refunded", As::Amount),
    ("freight_refunded", Of::Shop, FREIGHT_REFUNDED, As::Amount),
    ("shop_refunded_at", Of::Shop, LAST_REFUNDED_AT, As::Time),
    ("item_order_id", Of::Item, "order_id", As::Id),
    ("sku_id", Of::Item, "sku_id", As::Id),
    ("item_id", Of::Item, "item_id", As::Id),
    ("title", Of::Item, "title", As::Text),
    ("quantity", Of::Item, "quantity", As::Number),
    ("list_price", Of::Item, "list_price", As::Amount),
    ("item_discount", Of::Item, "item_discount", As::Amount),
    ("tax", Of::Item, "tax", As::Amount),
    ("price", Of::Item, "price", As::Amount),
    ("to_pay", Of::Item, "to_pay", As::Amount),
    ("item_status", Of::Item, "status", As::Text),
    ("dropped_at", Of::Item, "dropped_at", As::Time),
    ("item_refunded", Of::Item, "refunded", As::Amount),
    ("refunded_quantity", Of::Item, "refunded_quantity", As::Number),
];

/// Orders on their way to a file or a pipe.
pub enum Writer<W: Write> {
    /// A tree a line.
    Lines(W),
    /// A row a line of an order.
    Rows(Box<csv::Writer<W>>, For),
}

impl<W: Write> Writer<W> {
    /// Rows behind their header. A spreadsheet knows by the mark that they are UTF-8.
    pub fn rows(mut out: W, whom: For) -> Result<Self, Stopped> {
        if whom == For::Spreadsheets {
            out.write_all(b"\xef\xbb\xbf")?;
        }
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(COLUMNS.iter().map(|(name, ..)| *name).chain([MONEY]))?;
        Ok(Self::Rows(Box::new(csv), whom))
    }

    /// Writes one order.
    pub fn write(&mut self, order: &RawValue) -> Result<(), Stopped> {
        let (csv, whom) = match self {
            Self::Rows(csv, whom) => (csv, *whom),
            Self::Lines(out) => {
                out.write_all(order.get().as_bytes())?;
                return Ok(out.write_all(b"\n")?);
            }
        };
        let read = serde_json::from_str(order.get());
        let order: Json = read.map_err(|error| Stopped::Reading(error.into()))?;
        let order = summed_up(order);
        let currency = order["currency"].as_str().and_then(Currency::ever);
        let below = |node: &Json, name: &str| -> Vec<Json> {
            node[name].as_array().cloned().unwrap_or_default()
        };
        for shop in below(&order, "shops") {
            for item in below(&shop, "items") {
                let cells = COLUMNS.iter().map(|(_, of, field, kind)| {
                    let node = match of {
                        Of::Order => &order,
                        Of::Shop => &shop,
                        Of::Item => &item,
                    };
                    match whom {
                        For::Programs => plain(&node[*field]),
                        For::Spreadsheets => shown(&node[*field], *kind, currency),
                    }
                });
                csv.write_record(cells.chain([whom.money().word().to_owned()]))?;
            }
        }
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(self) -> Result<(), Stopped> {
        match self {
            Self::Lines(mut out) => Ok(out.flush()?),
            Self::Rows(mut csv, _) => Ok(csv.flush()?),
        }
    }
}

/// An order with what its rows say of its payments and refunds, beside their sums: how it was paid, where one payment
/// is all that was paid, and of the refunds of a shop order that are done their freight and when the last of them was.
fn summed_up(mut order: Json) -> Json {
    if let [payment] = order["payments"].as_array().map_or(&[][..], Vec::as_slice)
        && payment["amount"] == order["paid"]
        && payment["currency"] == order["currency"]
    {
        let (tender, reference) = (payment["tender"].clone(), payment["reference"].clone());
        (order[TENDER], order[REFERENCE]) = (tender, reference);
    }
    for shop in order["shops"].as_array_mut().into_iter().flatten() {
        let refunds = shop["refunds"].as_array().map_or(&[][..], Vec::as_slice);
        let done = refunds.iter().filter(|refund| refund["status"] == "refunded");
        let freight = done.clone().filter_map(|refund| refund["freight"].as_i64()).sum::<i64>();
        let last = done.filter_map(|refund| refund["ended_at"].as_str()).max().map(Json::from);
        shop[FREIGHT_REFUNDED] = freight.into();
        shop[LAST_REFUNDED_AT] = last.unwrap_or_default();
        // What stood in a shop order that was dropped was dropped with it.
        let dropped_at = shop["dropped_at"].clone();
        for item in shop["items"].as_array_mut().into_iter().flatten() {
            if item["dropped_at"].is_null() && !dropped_at.is_null() {
                item["dropped_at"] = dropped_at.clone();
            }
        }
    }
    order
}

/// A value as a cell: empty where it is unknown.
fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The same for a spreadsheet.
fn shown(value: &Json, kind: As, currency: Option<Currency>) -> String {
    let plain = plain(value);
    match (kind, value.as_i64(), currency) {
        (As::Amount, Some(amount), Some(currency)) => decimal(amount, currency.places()),
        (As::Amount | As::Number | As::Time | As::YesNo, ..) => plain,
        (As::Id | As::Text, ..) if value.is_string() => text(&plain).into_owned(),
        (As::Id | As::Text, ..) => safe(&plain).into_owned(),
    }
}
