//! Cancels and refunds of Temu. Refunds are listed by time, without their goods; cancels without any time and with them.

use super::envelope::Opened;
use super::lists::{Listed, listed, next, number_of, short, units, unreadable};
use super::request::PAGE_SIZE_MAX;
use crate::channel::json::{Object, Reader, list, millis};
use crate::channel::private::without_people;
use crate::channel::{
    Aftersale, AftersaleGoods, AftersaleGoodsPage, AftersaleKind, AftersalePage, AftersaleState,
    AftersalesCall, Fault, Page, Unreadable,
};

/// A page of refunds.
pub fn page(asked: &AftersalesCall, opened: &Opened<'_>) -> Result<AftersalePage, Fault> {
    read(&asked.page, asked.size, opened, |row| {
        let fields = Object::read(row).ok_or_else(|| refused(row, None))?;
        let number = number_of(&fields, "parentAfterSalesSn");
        let order = number_of(&fields, "parentOrderSn");
        let (Some(number), Some(order)) = (number.clone(), order) else {
            return Err(refused(row, number.as_deref()));
        };
        let mut flags = Vec::new();
        let mut told = Reader::new(&fields, &mut flags, None);
        let (created_at, updated_at) = (told.time("createAt"), told.time("updateAt"));
        let (status, state) = state(&fields);
        let (kind, payload) = (AftersaleKind::Refund, without_people(row));
        let goods = None;
        Ok(Aftersale { number, order, kind, status, state, created_at, updated_at, goods, payload })
    })
}

/// A page of cancels. The order and the time stand in their goods.
pub fn cancels(page: &Page, size: u16, opened: &Opened<'_>) -> Result<AftersalePage, Fault> {
    read(page, size, opened, |row| {
        let fields = Object::read(row).ok_or_else(|| refused(row, None))?;
        let number = number_of(&fields, "parentAfterSalesSn");
        let inside = fields.get("afterSalesInfoList").and_then(list).unwrap_or_default();
        let inside: Vec<Object<'_>> =
            inside.into_iter().filter_map(|row| Object::read(row.get())).collect();
        let order = inside.iter().find_map(|goods| number_of(goods, "parentOrderSn"));
        let (Some(number), Some(order)) = (number.clone(), order) else {
            return Err(refused(row, number.as_deref()));
        };
        let created_at = inside.iter().find_map(|goods| millis(goods.get("createAtMillis")?));
        let goods = inside.iter().map(|goods| AftersaleGoods {
            line: number_of(goods, "orderSn"),
            sku_id: number_of(goods, "productSkuId"),
            units: units(goods, "applyGoodsNumber"),
        });
        let goods = Some(goods.collect());
        let (status, state) = state(&fields);
        let (kind, payload) = (AftersaleKind::Cancel, without_people(row));
        let updated_at = None;
        Ok(Aftersale { number, order, kind, status, state, created_at, updated_at, goods, payload })
    })
}

/// A page of the goods of refunds: these name what was sold, not the line.
pub fn goods(page: &Page, opened: &Opened<'_>) -> Result<AftersaleGoodsPage, Fault> {
    let Listed { rows, total } = listed(opened, "data", "total")?;
    let next = next(page, PAGE_SIZE_MAX as u16, total, rows.len());
    let mut page = AftersaleGoodsPage { total, next, ..AftersaleGoodsPage::default() };
    for row in rows {
        let fields = Object::read(row.get());
        let number = fields.as_ref().and_then(|fields| number_of(fields, "parentAfterSalesSn"));
        let (Some(fields), Some(number)) = (fields, number) else {
            page.refused.push(refused(row.get(), None));
            continue;
        };
        let goods = AftersaleGoods {
            line: number_of(&fields, "orderSn"),
            sku_id: number_of(&fields, "skuId").or_else(|| number_of(&fields, "productSkuId")),
            units: units(&fields, "applyAfterSalesGoodsNumber"),
        };
        page.goods.push((number, goods));
    }
    Ok(page)
}

fn read(
    page: &Page,
    size: u16,
    opened: &Opened<'_>,
    one: impl Fn(&str) -> Result<Aftersale, Unreadable>,
) -> Result<AftersalePage, Fault> {
    let Listed { rows, total } = listed(opened, "data", "total")?;
    let next = next(page, size, total, rows.len());
    let mut page = AftersalePage { total, next, ..AftersalePage::default() };
    for row in rows {
        match one(row.get()) {
            Ok(aftersale) => page.aftersales.push(aftersale),
            Err(unreadable) => page.refused.push(unreadable),
        }
    }
    Ok(page)
}

fn refused(row: &str, number: Option<&str>) -> Unreadable {
    unreadable(row, number, "The aftersale does not name itself and its order.")
}

/// Its status, and what we read in it.
fn state(fields: &Object<'_>) -> (Option<String>, Option<AftersaleState>) {
    let status = short(fields, "parentAfterSalesStatus");
    let state = status.as_deref().and_then(|code| {
        Some(match code {
            "1" | "2" | "3" | "4" | "8" | "9" | "10" | "11" => AftersaleState::Open,
            "5" => AftersaleState::Granted,
            "6" => AftersaleState::Withdrawn,
            "7" => AftersaleState::Refused,
            _ => return None,
        })
    });
    (status, state)
}
