//! Parcels and codes on their way to the buyer: shipped, received, settled. Takeaway is in `delivery`.

use super::amounts::First;
use super::work::{Done, Work, invalid};
use super::{lines, refund};
use crate::limits::{self, TooMany};
use crate::operation::Asked;
use crate::status::is_open;
use crate::time::DAY;
use crate::tree::{DeliveryStep, Line, Received, Shipment};
use crate::words::{DeadlineKind, DeliveryStatus, Fulfilment, ParcelState, ReceiveType, Status};
use crate::{ActorKind, Quantity, Refusal};

/// Days by which receipt may be put off at once.
const EXTENSION_DAYS_MAX: u32 = 30;

/// Takes down that goods left, or codes were sent.
pub(super) fn ship(
    work: &mut Work<'_, '_>,
    lines: Option<&[Asked]>,
    carrier: Option<&str>,
    tracking: Option<&str>,
) -> Result<Done, Refusal> {
    if work.shop().fulfilment == Fulfilment::Takeaway {
        return Err(work.refuse("a takeaway order is picked up, not shipped"));
    }
    let left = work.shop_was().items.iter().any(|item| item.left_to_ship > Quantity::ZERO);
    if work.shop_was().status != Status::Paid || !left {
        return Err(work.refuse("it must be paid, and something left to ship"));
    }
    let lines = lines::asked(work, lines, |item| item.left_to_ship)?;
    let had = work.shop().shipments.len();
    limits::below(had, work.cx.limits.shipments, TooMany::Shipments)?;
    let parcel: Vec<Line> = lines
        .iter()
        .map(|(at, quantity)| Line { order_id: work.shop().items[*at].id, quantity: *quantity })
        .collect();
    let shipment = Shipment {
        shipment_id: work.next_id(),
        package: None,
        carrier: carrier.map(ToOwned::to_owned),
        tracking: tracking.map(ToOwned::to_owned),
        at: work.at(),
        by_then: false,
        state: ParcelState::Left,
        heard_at: None,
        lines: parcel,
    };
    work.say("shipment_id", shipment.shipment_id.to_string());
    work.say("lines", shipment.lines.len());
    let quantity: Quantity = shipment.lines.iter().map(|line| line.quantity).sum();
    work.say("quantity", quantity.to_string());
    work.say_if("carrier", carrier);
    work.say_if("tracking", tracking);
    work.shop_mut().shipments.push(shipment);
    refund::goods_left(work, First::Shipped)?;
    Ok(Done::Changed)
}

/// The buyer has it: by their own word, by the first use of a code, or because time has passed.
pub(super) fn receive(work: &mut Work<'_, '_>) -> Result<Done, Refusal> {
    if work.shop_was().status != Status::Shipped {
        return Err(work.refuse("it must be shipped"));
    }
    let by = if work.by.actor.kind == ActorKind::Timer {
        ReceiveType::Timer
    } else if work.shop().fulfilment == Fulfilment::Code {
        ReceiveType::Code
    } else {
        ReceiveType::Buyer
    };
    let at = work.at();
    let delivered = work.shop_was().delivery_status.is_some();
    let shop = work.shop_mut();
    shop.received = Some(Received { at, by_then: false, by });
    if delivered {
        let step = DeliveryStep { status: DeliveryStatus::Delivered, at, courier: None };
        shop.delivery.push(step);
    }
    work.say("receive_type", by.word());
    Ok(Done::Changed)
}

/// Puts off when the timer takes it as received.
pub(super) fn extend_receipt(work: &mut Work<'_, '_>, days: u32) -> Result<Done, Refusal> {
    if work.shop_was().status != Status::Shipped {
        return Err(work.refuse("it must be shipped and not received"));
    }
    if !(1..=EXTENSION_DAYS_MAX).contains(&days) {
        return Err(invalid("days", "out_of_range", "it is 1 to 30"));
    }
    let (longer, most) = (i64::from(days) * DAY, work.cx.limits.extended_days);
    let extended_by = work.shop().extended_by.saturating_add(days);
    if extended_by > most {
        return Err(Refusal::TooMany(TooMany::Extensions(most)));
    }
    let shop = work.shop_mut();
    shop.extended_by = extended_by;
    if let Some(deadline) = shop.deadline.as_mut().filter(|d| d.kind == DeadlineKind::ReceiveBy) {
        deadline.at = deadline.at.plus(longer);
        deadline.stopped_with = deadline.stopped_with.map(|rest| rest.saturating_add(longer));
    }
    work.say("days", days);
    Ok(Done::Changed)
}

/// The order is settled between buyer, seller and platform.
pub(super) fn settle(work: &mut Work<'_, '_>) -> Result<Done, Refusal> {
    let open = work.shop().refunds.iter().any(is_open);
    if work.shop_was().status != Status::Received || open {
        return Err(work.refuse("it must be received, and no refund open"));
    }
    let at = work.at();
    work.shop_mut().settled_at = Some(at);
    Ok(Done::Changed)
}
