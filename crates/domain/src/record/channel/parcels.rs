//! The parcels of a channel order. A reading of packages says of each line it is about in which packages it is; a
//! number that no line is in any more is void: kept, and it ships nothing. What left according to its status and is
//! in no package of a number lies in a parcel without one, which the number takes over when it comes.

use super::find;
use super::register::Turn;
use super::report::{PackagesHeard, ParcelHeard};
use crate::decide::Context;
use crate::tree::{HeardLine, Line, Shipment, When};
use crate::words::ParcelState;
use crate::{Id, ItemOrder, Quantity, ShopOrder};

/// Takes down a reading of packages.
pub(super) fn take_down(shop: &mut ShopOrder, told: &PackagesHeard, cx: &mut Context<'_>) {
    let places = places(shop, told, cx);
    let named = told.parcels.iter().flat_map(|parcel| &parcel.lines).map(|(line, _)| line);
    let mut about: Vec<usize> =
        told.lines.iter().chain(named).filter_map(|line| find(shop, line)).collect();
    about.sort_unstable();
    about.dedup();
    for item in about {
        line(shop, item, told, &places);
    }
    for (parcel, id) in told.parcels.iter().zip(&places) {
        let known = shop.shipments.iter_mut().find(|known| Some(known.shipment_id) == *id);
        if let Some(known) = known {
            details(known, parcel, told);
        }
    }
}

/// Which parcel here each one of the reading is; those that have not been heard of are made, with nothing in them. One
/// of which nothing is told is none.
fn places(shop: &mut ShopOrder, told: &PackagesHeard, cx: &mut Context<'_>) -> Vec<Option<Id>> {
    let mut places = Vec::with_capacity(told.parcels.len());
    for parcel in &told.parcels {
        let is_told =
            parcel.package.is_some() || parcel.tracking.is_some() || parcel.carrier.is_some();
        places.push(is_told.then(|| place(shop, parcel, told, cx)));
    }
    places
}

/// A parcel is known by its number; without one by its tracking number and carrier, as long as it has none.
fn place(
    shop: &mut ShopOrder,
    told: &ParcelHeard,
    reading: &PackagesHeard,
    cx: &mut Context<'_>,
) -> Id {
    if let Some(known) = shop.shipments.iter().find(|known| is_same(known, told)) {
        return known.shipment_id;
    }
    let taken_over = taken_over(shop, told, reading);
    let has_no_number = told.package.is_none();
    let new = Shipment {
        shipment_id: taken_over.map_or_else(|| (cx.next_id)(), |at| shop.shipments[at].shipment_id),
        package: told.package.clone(),
        carrier: told.carrier.clone().filter(|_| has_no_number),
        tracking: told.tracking.clone().filter(|_| has_no_number),
        at: shop.created_at,
        by_then: false,
        state: ParcelState::Void,
        heard_at: None,
        lines: Vec::new(),
    };
    let id = new.shipment_id;
    match taken_over {
        Some(at) => shop.shipments[at] = new,
        None => shop.shipments.push(new),
    }
    id
}

fn is_same(known: &Shipment, told: &ParcelHeard) -> bool {
    match &told.package {
        Some(_) => known.package == told.package,
        None => {
            (&known.package, &known.tracking, &known.carrier)
                == (&None, &told.tracking, &told.carrier)
        }
    }
}

/// The parcel without a number that a number which comes takes over: everything in it is in this one now, and the
/// reading does not name it beside. One of the same tracking number sooner than another.
fn taken_over(shop: &ShopOrder, told: &ParcelHeard, reading: &PackagesHeard) -> Option<usize> {
    told.package.as_ref()?;
    let inside: Vec<&ItemOrder> = told
        .lines
        .iter()
        .filter_map(|(line, _)| find(shop, line))
        .map(|item| &shop.items[item])
        .filter(|item| {
            let known = item.heard.and_then(|heard| heard.packages);
            Turn::of(known, reading.read_at) == Turn::Newer
        })
        .collect();
    let all_inside = |(_, known): &(usize, &Shipment)| {
        known.package.is_none()
            && !reading.parcels.iter().any(|other| is_same(known, other))
            && known.lines.iter().all(|line| inside.iter().any(|item| item.id == line.order_id))
    };
    let may = shop.shipments.iter().enumerate().filter(all_inside);
    may.max_by_key(|(_, known)| known.tracking == told.tracking).map(|(at, _)| at)
}

/// In which packages a line is, according to this reading, if it is newer than the one that is known.
fn line(shop: &mut ShopOrder, item: usize, told: &PackagesHeard, places: &[Option<Id>]) {
    let (order_id, external_id) = (shop.items[item].id, shop.items[item].external_id.clone());
    let mut inside: Vec<(Id, Option<Quantity>)> = Vec::new();
    for (parcel, place) in told.parcels.iter().zip(places) {
        let share = parcel.lines.iter().find(|(line, _)| Some(line) == external_id.as_ref());
        if let (Some((_, share)), Some(place)) = (share, place)
            && inside.iter().all(|(known, _)| known != place)
        {
            inside.push((*place, *share));
        }
    }
    let mut heard = shop.items[item].heard.unwrap_or_default();
    let turn = Turn::of(heard.packages, told.read_at);
    if turn == Turn::Older {
        return;
    }
    let shares_told = !inside.is_empty() && inside.iter().all(|(_, share)| share.is_some());
    let shares_told = shares_told && (turn == Turn::Newer || heard.shares_told);
    let mut changed = heard.packages.is_none() || heard.shares_told != shares_told;
    heard.shares_told = shares_told;
    for parcel in shop.shipments.iter_mut().filter(|parcel| !is_bare(parcel)) {
        let share =
            inside.iter().find(|(id, _)| *id == parcel.shipment_id).map(|(_, share)| *share);
        let known = parcel.lines.iter_mut().find(|line| line.order_id == order_id);
        match (known, share) {
            (None, Some(share)) => {
                let quantity = share.unwrap_or_default();
                parcel.lines.push(Line { order_id, quantity });
                changed = true;
            }
            (Some(line), Some(Some(share))) if heard.shares_told => {
                changed |= turn.settle(&mut line.quantity, &share);
            }
            (Some(_), None) if turn == Turn::Newer => {
                parcel.lines.retain(|line| line.order_id != order_id);
                changed = true;
            }
            _ => {}
        }
    }
    if turn == Turn::Newer && changed {
        heard.packages = Some(told.read_at);
    }
    shop.items[item].heard = Some(heard);
}

/// Carrier and tracking number, of the newest reading that tells one of them.
fn details(known: &mut Shipment, told: &ParcelHeard, reading: &PackagesHeard) {
    if told.carrier.is_none() && told.tracking.is_none() {
        return;
    }
    let turn = Turn::of(known.heard_at, reading.read_at);
    let mut changed = turn.settle(&mut known.carrier, &told.carrier);
    changed |= turn.settle(&mut known.tracking, &told.tracking);
    if turn == Turn::Newer && (changed || known.heard_at.is_none()) {
        known.heard_at = Some(reading.read_at);
    }
}

/// Makes the parcels what they are after everything that was heard: how much is in each, which have left and when,
/// and what lies in the one without a number.
pub(super) fn lay_out(shop: &mut ShopOrder, cx: &mut Context<'_>) {
    shop.shipments
        .retain(|parcel| parcel.package.is_some() || is_bare(parcel) || !parcel.lines.is_empty());
    let mut bare = Vec::new();
    for item in &shop.items {
        let heard = item.heard.unwrap_or_default();
        let whole = item.quantity.saturating_sub(item.cancelled_quantity);
        let mut inside: Vec<&mut Shipment> = shop
            .shipments
            .iter_mut()
            .filter(|parcel| !is_bare(parcel) && parcel.lines.iter().any(|l| l.order_id == item.id))
            .collect();
        if inside.is_empty() {
            if heard.sent.is_some() && whole > Quantity::ZERO {
                bare.push(Line { order_id: item.id, quantity: whole });
            }
            continue;
        }
        if heard.shares_told {
            continue;
        }
        inside.sort_by(|a, b| (&a.package, &a.tracking).cmp(&(&b.package, &b.tracking)));
        let count = inside.len();
        for (nth, parcel) in inside.into_iter().enumerate() {
            let lines = parcel.lines.iter_mut().filter(|line| line.order_id == item.id);
            lines.for_each(|line| line.quantity = share(whole, count, nth));
        }
    }
    put_rest(shop, bare, cx);
    let positions: Vec<(Id, HeardLine)> =
        shop.items.iter().map(|item| (item.id, item.heard.unwrap_or_default())).collect();
    let placed_at = shop.created_at;
    for parcel in &mut shop.shipments {
        let place = |line: &Line| positions.iter().position(|(id, _)| *id == line.order_id);
        parcel.lines.sort_by_key(place);
        let sent = parcel.lines.iter().filter_map(|line| positions[place(line)?].1.sent);
        let sent = sent.reduce(When::join);
        parcel.state = match sent {
            Some(_) => ParcelState::Left,
            None if parcel.lines.is_empty() => ParcelState::Void,
            None => ParcelState::Announced,
        };
        let When { at, by_then } = sent.unwrap_or(When::at(placed_at));
        (parcel.at, parcel.by_then) = (at, by_then);
    }
}

/// What left in no parcel of a number lies in the one parcel without one.
fn put_rest(shop: &mut ShopOrder, lines: Vec<Line>, cx: &mut Context<'_>) {
    let known = shop.shipments.iter().position(is_bare);
    match known {
        Some(at) if lines.is_empty() => drop(shop.shipments.remove(at)),
        Some(at) => shop.shipments[at].lines = lines,
        None if lines.is_empty() => {}
        None => shop.shipments.push(Shipment {
            shipment_id: (cx.next_id)(),
            package: None,
            carrier: None,
            tracking: None,
            at: shop.created_at,
            by_then: false,
            state: ParcelState::Left,
            heard_at: None,
            lines,
        }),
    }
}

/// A parcel of which only is known that something left.
fn is_bare(parcel: &Shipment) -> bool {
    parcel.package.is_none() && parcel.carrier.is_none() && parcel.tracking.is_none()
}

/// The share of the `nth` of so many parcels where nobody tells it: whole units as far as they go round, the first
/// parcels one more; parts of a unit where there are fewer units than parcels.
fn share(whole: Quantity, parcels: usize, nth: usize) -> Quantity {
    let (count, nth) =
        (i64::try_from(parcels).unwrap_or(i64::MAX), i64::try_from(nth).unwrap_or(i64::MAX));
    let step =
        if whole.is_whole() && whole.0 / Quantity::ONE.0 >= count { Quantity::ONE.0 } else { 1 };
    let steps = whole.0 / step;
    Quantity((steps / count + i64::from(nth < steps % count)) * step)
}
