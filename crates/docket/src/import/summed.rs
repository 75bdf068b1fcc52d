//! What a row of our own CSV has no room for: it has sums where an order has lists. What an import makes of them is
//! counted, so that nobody takes it for all there was; JSON lines carry each payment, refund and parcel.

use super::back::Sums;
use crate::output::Output;
use docket_domain::Json;
use serde::Serialize;
use serde_json::Map as Object;

/// What of an order stands in its rows as a sum, or as a word, and became one fact or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Summed {
    /// Its payments are one, of a tender that is not known.
    Payments,
    /// The refunds that are done are one for each shop order.
    Refunds,
    /// Refunds that are asked for, under way, rejected or failed are left out.
    OpenRefunds,
    /// Its parcels have neither carrier nor number.
    Parcels,
}

impl Summed {
    /// As people read it in a report.
    pub fn shown(self, out: &Output) -> &'static str {
        match self {
            Self::Payments => {
                out.say("payments, as one of an unknown tender", "支付，合为一笔，方式未知")
            }
            Self::Refunds => out.say("refunds done, as one", "已完成的退款，合为一笔"),
            Self::OpenRefunds => out.say("refunds not done, left out", "未完成的退款，未导入"),
            Self::Parcels => out.say("parcels, without their numbers", "包裹，不含单号"),
        }
    }
}

/// The tender of payments of which only their sum is known.
const UNKNOWN: &str = "unknown";

/// Makes of the payment of an order's row what it is: none where nothing was paid, and one of an unknown tender, named
/// by its order, where the row does not say how it was paid.
pub fn payments(payments: &mut Vec<Json>, order: &Object<String, Json>) -> Option<Summed> {
    payments.retain(|payment| payment["amount"].as_i64().is_some_and(|amount| amount > 0));
    let payment = payments.first_mut()?;
    if payment["tender"].is_string() && payment["reference"].is_string() {
        return None;
    }
    payment["tender"] = UNKNOWN.into();
    payment["reference"] = order.get("order_id").cloned().unwrap_or_default();
    Some(Summed::Payments)
}

/// What the refunds of an order are in its rows.
pub fn refunds(back: &[Sums]) -> impl Iterator<Item = Summed> {
    let done = back.iter().any(Sums::is_any).then_some(Summed::Refunds);
    let other = back.iter().any(Sums::has_other).then_some(Summed::OpenRefunds);
    done.into_iter().chain(other)
}
