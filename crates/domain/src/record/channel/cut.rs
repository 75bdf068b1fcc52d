//! Texts of a channel, cut to what is kept. Nobody can send them back to be shortened: what is too long is cut, and an
//! anomaly says how long it was.

use super::report::{ChannelReport, LineHeard, ParcelHeard, RefundHeard};
use crate::placement::{EXTRA_BYTES_MAX, ID_BYTES_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX};
use crate::quantity::QUANTITY_LIMIT;
use crate::{Json, Quantity};
use serde_json::json;

/// Labels that are kept of an order.
const TAGS_MAX: usize = 32;

/// A text that was cut: its field, and how many characters it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    field: &'static str,
    length: usize,
}

impl Cut {
    pub(super) fn detail(&self) -> Json {
        json!({"field": self.field, "length": self.length})
    }
}

#[derive(Default)]
pub(super) struct Cuts(Vec<Cut>);

impl Cuts {
    pub(super) fn into_vec(self) -> Vec<Cut> {
        self.0
    }

    pub(super) fn report(&mut self, report: &mut ChannelReport) {
        self.id("external_id", &mut report.external_id);
        if let Some(order) = &mut report.order {
            self.text("channel_status", &mut order.channel_status, ID_BYTES_MAX);
            order.tags.iter_mut().for_each(|tag| self.id("tags", tag));
            order.tags.retain(|tag| !tag.is_empty());
            order.tags.truncate(TAGS_MAX);
            self.free("extra", &mut order.extra);
            order.lines.iter_mut().for_each(|line| self.line(line));
            // A line of nothing is no line: neither ordered nor cancelled.
            order
                .lines
                .retain(|line| line.ordered > Quantity::ZERO && !line.external_id.is_empty());
            once(&mut order.lines, |line| &line.external_id);
        }
        if let Some(packages) = &mut report.packages {
            packages.lines.iter_mut().for_each(|line| self.id("items.external_id", line));
            packages.parcels.iter_mut().for_each(|parcel| self.parcel(parcel));
            packages.parcels = put_together(std::mem::take(&mut packages.parcels));
        }
        if let Some(amounts) = &mut report.amounts {
            let lines = amounts.lines.iter_mut();
            lines.for_each(|line| self.id("items.external_id", &mut line.external_id));
            once(&mut amounts.lines, |line| &line.external_id);
        }
        report.refunds.iter_mut().for_each(|refund| self.refund(refund));
        report.refunds.retain(|refund| !refund.external_id.is_empty());
        once(&mut report.refunds, |refund| &refund.external_id);
    }

    fn line(&mut self, line: &mut LineHeard) {
        self.id("items.external_id", &mut line.external_id);
        self.id("items.sku_id", &mut line.sku_id);
        if line.sku_id.is_empty() {
            line.sku_id.clone_from(&line.external_id);
        }
        self.some_id("items.item_id", &mut line.item_id);
        self.some("items.title", &mut line.title, TITLE_CHARS_MAX);
        self.some("items.image", &mut line.image, TEXT_CHARS_MAX);
        self.free("items.attributes", &mut line.attributes);
        self.free("items.extra", &mut line.extra);
        let in_range = |quantity: Quantity| Quantity(quantity.0.clamp(0, QUANTITY_LIMIT - 1));
        line.cancelled = in_range(line.cancelled);
        // Nobody cancels more than was ordered.
        line.ordered = in_range(line.ordered).max(line.cancelled);
    }

    fn parcel(&mut self, parcel: &mut ParcelHeard) {
        self.some_id("shipments.package", &mut parcel.package);
        self.some("shipments.carrier", &mut parcel.carrier, TITLE_CHARS_MAX);
        self.some_id("shipments.tracking", &mut parcel.tracking);
        for (line, quantity) in &mut parcel.lines {
            self.id("items.external_id", line);
            *quantity = quantity.filter(|q| (1..QUANTITY_LIMIT).contains(&q.0));
        }
    }

    fn refund(&mut self, refund: &mut RefundHeard) {
        self.id("refunds.external_id", &mut refund.external_id);
        self.some("refunds.reason", &mut refund.reason, TEXT_CHARS_MAX);
        for (line, quantity) in &mut refund.lines {
            self.id("items.external_id", line);
            *quantity = Quantity(quantity.0.clamp(0, QUANTITY_LIMIT - 1));
        }
        refund.lines.retain(|(_, quantity)| *quantity > Quantity::ZERO);
    }

    /// An identifier: of so many bytes, without blanks around it.
    fn id(&mut self, field: &'static str, id: &mut String) {
        plain(id);
        if id.trim().len() != id.len() {
            *id = id.trim().to_owned();
        }
        if id.len() > ID_BYTES_MAX {
            self.0.push(Cut { field, length: id.chars().count() });
            let mut end = ID_BYTES_MAX;
            while !id.is_char_boundary(end) {
                end -= 1;
            }
            id.truncate(end);
            id.truncate(id.trim_end().len());
        }
    }

    fn some_id(&mut self, field: &'static str, id: &mut Option<String>) {
        if let Some(text) = id {
            self.id(field, text);
        }
        id.take_if(|text| text.is_empty());
    }

    fn text(&mut self, field: &'static str, text: &mut String, most: usize) {
        plain(text);
        // Bytes bound characters from above: most texts need no count.
        if text.len() > most
            && let Some((end, _)) = text.char_indices().nth(most)
        {
            self.0.push(Cut { field, length: text.chars().count() });
            text.truncate(end);
        }
    }

    fn some(&mut self, field: &'static str, text: &mut Option<String>, most: usize) {
        if let Some(text) = text {
            self.text(field, text, most);
        }
        text.take_if(|text| text.is_empty());
    }

    /// Free JSON has no place where it could be cut: it is left out whole.
    fn free(&mut self, field: &'static str, free: &mut Option<Json>) {
        let Some(json) = free else { return };
        let length = json.to_string().len();
        if json.is_null() || length > EXTRA_BYTES_MAX {
            if !json.is_null() {
                self.0.push(Cut { field, length });
            }
            *free = None;
        }
    }
}

/// Leaves the first of those that are known by one thing.
fn once<T, K: PartialEq + ?Sized>(list: &mut Vec<T>, known_by: impl Fn(&T) -> &K) {
    let mut at = 0;
    while at < list.len() {
        if list[..at].iter().any(|before| known_by(before) == known_by(&list[at])) {
            list.remove(at);
        } else {
            at += 1;
        }
    }
}

/// Each parcel once, with all that is told to be in it.
fn put_together(told: Vec<ParcelHeard>) -> Vec<ParcelHeard> {
    let mut parcels: Vec<ParcelHeard> = Vec::with_capacity(told.len());
    for parcel in told {
        let same = |known: &&mut ParcelHeard| match &parcel.package {
            Some(_) => known.package == parcel.package,
            None => {
                (&known.package, &known.tracking, &known.carrier)
                    == (&None, &parcel.tracking, &parcel.carrier)
            }
        };
        match parcels.iter_mut().find(same) {
            None => parcels.push(parcel),
            Some(known) => {
                known.carrier = known.carrier.take().or(parcel.carrier);
                known.tracking = known.tracking.take().or(parcel.tracking);
                known.lines.extend(parcel.lines);
            }
        }
    }
    for parcel in &mut parcels {
        once(&mut parcel.lines, |(line, _)| line);
    }
    parcels
}

/// Control characters are blanks.
fn plain(text: &mut String) {
    if text.chars().any(char::is_control) {
        *text = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    }
}
