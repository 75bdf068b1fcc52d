//! Orders of Temu: a page of the list, a detail, and the row that both consist of. Rows are read one by one, so that a bad
//! one costs no other.

use super::envelope::Opened;
use super::lists::{
    Listed, WORD_BYTES_MAX, listed, next, number_of, package_number, short, unreadable,
};
use super::request::PAGE_SIZE_MAX;
use crate::channel::json::{Object, Reader, Rows, cut, integer, list, text, truth};
use crate::channel::private::without_people;
use crate::channel::{
    ChannelLine, ChannelOrder, Fault, Flag, Fulfilment, Odd, OrdersCall, OrdersPage, PackageRef,
    SoldProduct, Stage, Unreadable,
};
use serde::Deserialize;
use std::collections::HashSet;

const TITLE_BYTES_MAX: usize = 1024;

/// A page of the list.
pub fn page(asked: &OrdersCall, opened: &Opened<'_>) -> Result<OrdersPage, Fault> {
    let (mut page, rows) = rows(opened)?;
    page.next = next(&asked.page, asked.size, page.total, rows);
    Ok(page)
}

/// The orders of these numbers. A marketplace that does not understand the question gives its newest orders; those were
/// not asked for.
pub fn by_number(numbers: &[String], opened: &Opened<'_>) -> Result<OrdersPage, Fault> {
    let (mut page, _) = rows(opened)?;
    page.orders.retain(|order| numbers.contains(&order.number));
    page.refused.retain(|row| row.number.as_ref().is_none_or(|number| numbers.contains(number)));
    Ok(page)
}

/// The detail of an order.
pub fn detail(number: &str, opened: &Opened<'_>) -> Result<ChannelOrder, Fault> {
    let order = order(opened.result, Told::InDetail)
        .map_err(|unreadable| opened.garbled(&unreadable.reason))?;
    if order.number == number {
        Ok(order)
    } else {
        Err(opened.garbled("the detail is of another order"))
    }
}

fn rows(opened: &Opened<'_>) -> Result<(OrdersPage, usize), Fault> {
    let Listed { rows, total } = listed(opened, "pageItems", "totalItemNum")?;
    let mut page = OrdersPage { total, ..OrdersPage::default() };
    page.orders.reserve(rows.len().min(PAGE_SIZE_MAX));
    let count = rows.len();
    for row in rows {
        match order(row.get(), Told::InList) {
            Ok(order) => page.orders.push(order),
            Err(unreadable) => page.refused.push(unreadable),
        }
    }
    Ok((page, count))
}

/// Where a row stands: a list tells no packages, a detail no time of update.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    InList,
    InDetail,
}

/// One order, of a list or a detail.
fn order(row: &str, told: Told) -> Result<ChannelOrder, Unreadable> {
    let refuse = |number: Option<&str>, reason: String| unreadable(row, number, reason);
    let Parts { head, lines } = Parts::of(row).map_err(|why| refuse(None, why.to_owned()))?;
    let number = number_of(&head, "parentOrderSn")
        .ok_or_else(|| refuse(None, "The order has no number.".to_owned()))?;
    let mut flags = Vec::new();
    let lines = all_lines(lines, &mut flags).map_err(|why| refuse(Some(&number), why))?;
    let mut order = head_of(&head, number, told, &mut flags);
    order.lines = lines;
    order.flags = flags;
    order.payload = without_people(row);
    Ok(order)
}

/// A row as an object and its lines, each of which may be no object.
struct Parts<'a> {
    head: Object<'a>,
    lines: Option<Vec<Option<Object<'a>>>>,
}

impl<'a> Parts<'a> {
    fn of(row: &'a str) -> Result<Self, &'static str> {
        // Nearly every row has both; it is read in one go.
        #[derive(Deserialize)]
        struct Whole<'a> {
            #[serde(borrow, rename = "parentOrderMap")]
            head: Object<'a>,
            #[serde(borrow, rename = "orderList")]
            lines: Vec<Object<'a>>,
        }
        if let Ok(Whole { head, lines }) = serde_json::from_str(row) {
            return Ok(Self { head, lines: Some(lines.into_iter().map(Some).collect()) });
        }
        let row = Object::read(row).ok_or("The row is no object.")?;
        let head = row.object("parentOrderMap").ok_or("The row has no parentOrderMap.")?;
        let lines = row.get("orderList").map(|lines| list(lines).ok_or("Its lines are no list."));
        let read =
            |lines: Rows<'a>| lines.into_iter().map(|line| Object::read(line.get())).collect();
        Ok(Self { head, lines: lines.transpose()?.map(read) })
    }
}

fn head_of(head: &Object<'_>, number: String, told: Told, flags: &mut Vec<Flag>) -> ChannelOrder {
    let mut head = Reader::new(head, flags, None);
    let status = head.expected("parentOrderStatus", text);
    let status = status.map_or_else(String::new, |code| cut(&code, WORD_BYTES_MAX).to_owned());
    let stage = stage(&status);
    if stage.is_none() && !status.is_empty() {
        head.flag(Odd::UnknownStatus, "parentOrderStatus");
    }
    let updated_at = match told {
        Told::InList => head.expected_time("updateTime"),
        Told::InDetail => head.time("updateTime"),
    };
    ChannelOrder {
        number,
        status,
        stage,
        created_at: head.expected_time("parentOrderTime"),
        updated_at,
        pending_until: head.time("parentOrderPendingFinishTime"),
        confirmed_at: head.time("parentConfirmTime"),
        ship_by: head.time("expectShipLatestTime"),
        deliver_by: head.time("latestDeliveryTime"),
        shipped_at: head.time("parentShippingTime"),
        region: head.text("regionId", WORD_BYTES_MAX),
        site: head.text("siteId", WORD_BYTES_MAX),
        payment: head.text("orderPaymentType", WORD_BYTES_MAX),
        labels: labels(&mut head, "parentOrderLabel"),
        warnings: head.texts("fulfillmentWarning", WORD_BYTES_MAX),
        ..ChannelOrder::default()
    }
}

/// The lines of an order. A line without a number, or of which nobody can say how many units it has, makes the order one
/// that cannot be recorded; whatever else is wrong with a line is a flag.
fn all_lines(
    rows: Option<Vec<Option<Object<'_>>>>,
    flags: &mut Vec<Flag>,
) -> Result<Vec<ChannelLine>, String> {
    if rows.is_none() {
        flags.push(Flag { odd: Odd::Missing, field: "orderList", line: None });
    }
    let rows = rows.unwrap_or_default();
    let mut lines: Vec<ChannelLine> = Vec::with_capacity(rows.len());
    let mut numbers = HashSet::new();
    for (at, row) in rows.into_iter().enumerate() {
        let fields = row.ok_or_else(|| format!("Line {} is no object.", at + 1))?;
        let number = number_of(&fields, "orderSn");
        let number = number.ok_or_else(|| format!("Line {} has no number.", at + 1))?;
        let line = line(&fields, &number, flags)?;
        if numbers.insert(number) {
            lines.push(line);
        } else {
            flags.push(Flag { odd: Odd::Twice, field: "orderSn", line: Some(line.number) });
        }
    }
    Ok(lines)
}

fn line(fields: &Object<'_>, number: &str, flags: &mut Vec<Flag>) -> Result<ChannelLine, String> {
    let mut told = Reader::new(fields, flags, Some(number));
    let (ordered, cancelled) =
        units(&mut told).ok_or_else(|| format!("Line {number} says no quantity."))?;
    let status = told.text("orderStatus", WORD_BYTES_MAX);
    let stage = status.as_deref().and_then(stage);
    if stage.is_none() {
        let odd = if status.is_some() { Odd::UnknownStatus } else { Odd::Missing };
        told.flag(odd, "orderStatus");
    }
    let title = told.text("goodsName", TITLE_BYTES_MAX);
    let (packages, failed_labels) = packages(&mut told);
    Ok(ChannelLine {
        number: number.to_owned(),
        sku_id: told.text("skuId", WORD_BYTES_MAX),
        product_id: told.text("goodsId", WORD_BYTES_MAX),
        title: title.or_else(|| told.text("originalGoodsName", TITLE_BYTES_MAX)),
        image: told.text("thumbUrl", TITLE_BYTES_MAX),
        spec: told.text("spec", TITLE_BYTES_MAX),
        ordered,
        cancelled,
        status,
        stage,
        products: sold(&mut told),
        packages,
        failed_labels,
        fulfilment: fulfilment(&mut told),
        labels: labels(&mut told, "orderLabel"),
        created_at: told.time("orderCreateTime"),
        shipped_at: told.time("orderShippingTime"),
        warehouse: told.text("inventoryDeductionWarehouseId", WORD_BYTES_MAX),
    })
}

/// Units ordered at first, and those of them cancelled before shipment. Temu tells three numbers of which two suffice.
fn units(told: &mut Reader<'_, '_>) -> Option<(u32, u32)> {
    let rest = told.units("quantity");
    let at_first = told.units("originalOrderQuantity");
    let cancelled = told.units("canceledQuantityBeforeShipment");
    let (ordered, cancelled) = match (at_first, cancelled, rest) {
        (Some(at_first), Some(cancelled), _) => (at_first, cancelled),
        (Some(at_first), None, Some(rest)) => (at_first, at_first.saturating_sub(rest)),
        (Some(at_first), None, None) => (at_first, 0),
        (None, cancelled, Some(rest)) => {
            let cancelled = cancelled.unwrap_or(0);
            (rest + cancelled, cancelled)
        }
        (None, _, None) => return None,
    };
    if rest.is_none() {
        told.flag(Odd::Missing, "quantity");
    }
    if cancelled > ordered || rest.is_some_and(|rest| rest + cancelled != ordered) {
        told.flag(Odd::Uneven, "quantity");
    }
    if cancelled >= ordered {
        told.flag(Odd::NoUnits, "quantity");
    }
    Some((ordered, cancelled.min(ordered)))
}

fn sold(told: &mut Reader<'_, '_>) -> Vec<SoldProduct> {
    let rows = told.objects("productList");
    let mut products = Vec::with_capacity(rows.len());
    for row in rows {
        let factor = row.get("soldFactor").map(|value| integer(value).and_then(positive));
        if factor == Some(None) {
            told.flag(Odd::Unfit, "soldFactor");
        }
        products.push(SoldProduct {
            code: short(&row, "extCode"),
            sku_id: short(&row, "productSkuId"),
            factor: factor.flatten().unwrap_or(1),
        });
    }
    products
}

/// Packages of a line that have a number which can be used, and how many labels could not be bought.
fn packages(told: &mut Reader<'_, '_>) -> (Option<Vec<PackageRef>>, u32) {
    let Some(rows) = told.maybe("packageSnInfo", list) else { return (None, 0) };
    let (mut packages, mut failed) = (Vec::with_capacity(rows.len()), 0);
    for row in rows {
        let Some(row) = Object::read(row.get()) else {
            told.flag(Odd::Unfit, "packageSnInfo");
            continue;
        };
        if row.get("callSuccess").and_then(truth) == Some(false) {
            failed += 1;
            continue;
        }
        let Some(number) = row.get("packageSn").and_then(package_number) else { continue };
        let delivery = short(&row, "packageDeliveryType");
        packages.push(PackageRef { number, delivery, ..PackageRef::default() });
    }
    (Some(packages), failed)
}

fn fulfilment(told: &mut Reader<'_, '_>) -> Option<Fulfilment> {
    match told.text("fulfillmentType", WORD_BYTES_MAX)?.as_str() {
        "fulfillBySeller" => Some(Fulfilment::Seller),
        "fulfillByCooperativeWarehouse" => Some(Fulfilment::Cooperative),
        _ => {
            told.flag(Odd::UnknownWord, "fulfillmentType");
            None
        }
    }
}

/// Labels whose value is 1. A list has all there are with 0 or 1; one with none is a mistake of the marketplace.
fn labels(told: &mut Reader<'_, '_>, field: &'static str) -> Vec<String> {
    let Some(rows) = told.maybe(field, list) else { return Vec::new() };
    if rows.is_empty() {
        told.flag(Odd::Missing, field);
    }
    let mut labels = Vec::new();
    for row in rows {
        let row = Object::read(row.get());
        let name = row.as_ref().and_then(|row| short(row, "name"));
        let value = row.as_ref().and_then(|row| truth(row.get("value")?));
        match (name, value) {
            (Some(name), Some(true)) => labels.push(name),
            (Some(_), Some(false)) => {}
            _ => told.flag(Odd::Unfit, field),
        }
    }
    labels
}

fn positive(number: i64) -> Option<u32> {
    u32::try_from(number).ok().filter(|number| *number > 0)
}

/// What we read in a status, of an order or a line.
fn stage(code: &str) -> Option<Stage> {
    Some(match code {
        "1" => Stage::Pending,
        "2" => Stage::Unshipped,
        "3" => Stage::Cancelled,
        "4" => Stage::Shipped,
        "5" => Stage::Received,
        "41" => Stage::PartlyShipped,
        "51" => Stage::PartlyReceived,
        _ => return None,
    })
}
