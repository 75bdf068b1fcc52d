//! The bodies of `PUT /api/coupons/{code}` and of its adjustments: what a coupon is.

use crate::document::Node;
use crate::kinds;
use crate::reader::{Fields, Reader, Source, Unreadable};
use docket_domain::coupon::{Class, Limits, WHOLE, Worth};
use docket_domain::money::AMOUNT_LIMIT;
use docket_domain::{Actor, Coupon, Id};

/// A limit is at most this.
const LIMIT_MAX: i64 = 1_000_000_000_000;

/// What may be asked of a coupon that is there: added to its limit, taken or not, and why.
pub type Adjustment = (Option<i64>, Option<bool>, String);

/// Reads what the coupon `code` is. Its version is given where it is written.
pub fn read(code: String, body: &[u8]) -> Result<Coupon, Unreadable> {
    crate::reader::read(body, Source::Request, |fields| {
        let title = fields.optional("title", kinds::title);
        let shop_id = fields.optional("shop_id", kinds::identifier);
        let worth = worth(fields);
        let currency = fields.required("currency", kinds::currency);
        let min_spend = fields.optional("min_spend", kinds::known_amount).unwrap_or(0);
        let given = fields.optional("class", class);
        let class = given.unwrap_or(Class::Discount);
        let limits = Limits {
            total: fields.optional("total_limit", limit),
            per_buyer: fields.optional("buyer_limit", limit),
            per_buyer_day: fields.optional("buyer_day_limit", limit),
        };
        if limits.per_buyer_day.is_some() && !class.counts_days() {
            let message = "is counted for `full_reduction` and `gift` alone";
            fields.wrong::<()>("buyer_day_limit", "not_together", message);
        }
        let from = fields.optional("from", kinds::time);
        let until = fields.optional("until", kinds::time);
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            fields.wrong::<()>("until", "too_small", "must lie after `from`");
        }
        let active = fields.optional("active", kinds::yes_or_no).unwrap_or(true);
        if let (Some(worth), None | Some(Class::Discount | Class::FullReduction)) = (worth, given)
            && worth.is_nothing()
        {
            let field = if matches!(worth, Worth::Amount { .. }) { "face" } else { "basis_points" };
            return fields.wrong(field, "too_small", "must be above 0; only a gift takes nothing");
        }
        let (worth, currency) = (worth?, currency?);
        Some(Coupon {
            code,
            version: 0,
            title,
            shop_id,
            worth,
            currency,
            min_spend,
            class,
            limits,
            from,
            until,
            active,
        })
    })
}

/// Reads an adjustment.
pub fn read_adjustment(body: &[u8]) -> Result<Adjustment, Unreadable> {
    crate::reader::read(body, Source::Request, |fields| {
        let told = fields.has("limit") || fields.has("active");
        let delta = fields.optional("limit", |reader, node| {
            match kinds::integer(reader, node, -LIMIT_MAX, LIMIT_MAX)? {
                0 => reader.wrong("too_small", "must not be 0"),
                delta => Some(delta),
            }
        });
        let active = fields.optional("active", kinds::yes_or_no);
        let reason = fields.required("reason", kinds::words);
        if !told {
            return fields.wrong("", "required", "give `limit`, `active` or both");
        }
        Some((delta, active, reason?))
    })
}

/// Which order's use of a coupon is given back, why, and by whom.
pub type Return = (Id, String, Option<Actor>);

/// Reads what is to be given back.
pub fn read_return(body: &[u8]) -> Result<Return, Unreadable> {
    crate::reader::read(body, Source::Request, |fields| {
        let order = fields.required("order_id", kinds::id);
        let reason = fields.required("reason", kinds::words);
        let actor = fields.optional("actor", crate::placement::actor);
        Some((order?, reason?, actor))
    })
}

/// What it takes off, by its kind.
fn worth(fields: &mut Fields<'_, '_>) -> Option<Worth> {
    let is_percent = fields.required("kind", |reader, node| match &node {
        Node::Text(text) if text == "amount" => Some(false),
        Node::Text(text) if text == "percent" => Some(true),
        Node::Text(_) => reader.wrong("not_a_word", "must be one of: amount, percent"),
        _ => reader.wrong_type(&node, "a word"),
    });
    match is_percent {
        Some(false) => {
            let face = fields.required_or_null("face", kinds::known_amount)?;
            Some(Worth::Amount { face })
        }
        Some(true) => {
            let part = |reader: &mut Reader, node: Node<'_>| kinds::integer(reader, node, 0, WHOLE);
            let basis_points = fields.required("basis_points", part);
            let cap = fields
                .optional("cap", |reader, node| kinds::integer(reader, node, 1, AMOUNT_LIMIT - 1));
            Some(Worth::Percent { basis_points: basis_points?, cap })
        }
        None => {
            fields.ignore(&["face", "basis_points", "cap"]);
            None
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // the shape of every kind
fn class(reader: &mut Reader, node: Node<'_>) -> Option<Class> {
    let Node::Text(text) = &node else { return reader.wrong_type(&node, "a word") };
    let listed = || Class::ALL.map(Class::word).join(", ");
    match Class::from_word(text) {
        Some(class) => Some(class),
        None => reader.wrong("not_a_word", format!("must be one of: {}", listed())),
    }
}

fn limit(reader: &mut Reader, node: Node<'_>) -> Option<i64> {
    kinds::integer(reader, node, 0, LIMIT_MAX)
}
