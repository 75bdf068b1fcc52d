//! Packages of Temu beside those of a detail: with a label and not yet confirmed, and confirmed. One box may have several
//! numbers.

use super::envelope::Opened;
use super::lists::{Listed, listed, next, number_of, package_number, short, units, unreadable};
use super::request::PAGE_SIZE_MAX;
use crate::channel::json::{Object, list};
use crate::channel::{Fault, Held, Package, PackagesPage, Page, Unreadable};

/// Packages with a label that are not confirmed. They name the orders that are in them.
pub fn unshipped(page: &Page, opened: &Opened<'_>) -> Result<PackagesPage, Fault> {
    let Listed { rows, total } = listed(opened, "unshippedPackage", "totalItemNum")?;
    let next = next(page, PAGE_SIZE_MAX as u16, total, rows.len());
    let mut page = PackagesPage { total, next, ..PackagesPage::default() };
    for row in rows {
        page.push(row.get(), |row| {
            let detail = row.object("packageDetail");
            let shippable = detail.as_ref().and_then(|detail| list(detail.get("shippableOrders")?));
            let held = shippable.unwrap_or_default().into_iter().filter_map(|row| {
                let row = Object::read(row.get())?;
                let order = number_of(&row, "parentOrderSn")?;
                Some(Held {
                    order,
                    line: number_of(&row, "orderSn"),
                    units: units(&row, "quantity"),
                })
            });
            Package { holds: held.collect(), ..package(row) }
        });
    }
    Ok(page)
}

/// Packages of a line that are confirmed. They were asked for by the line, so its goods are in them.
pub fn shipped(order: &str, line: &str, opened: &Opened<'_>) -> Result<PackagesPage, Fault> {
    let result = opened.object()?;
    let rows = result.get("shipmentInfoDTO").map_or(Some(Vec::new()), list);
    let rows = rows.ok_or_else(|| opened.garbled("shipmentInfoDTO is no list"))?;
    let mut page = PackagesPage { total: Some(rows.len() as u64), ..PackagesPage::default() };
    for row in rows {
        page.push(row.get(), |row| {
            let (order, line) = (order.to_owned(), Some(line.to_owned()));
            let holds = vec![Held { order, line, units: units(row, "quantity") }];
            Package { holds, shipped: true, ..package(row) }
        });
    }
    Ok(page)
}

impl PackagesPage {
    fn push(&mut self, row: &str, read: impl FnOnce(&Object<'_>) -> Package) {
        match Object::read(row).map(|row| read(&row)).filter(|package| !package.numbers.is_empty())
        {
            Some(package) => self.packages.push(package),
            None => self.refused.push(refused(row)),
        }
    }
}

fn refused(row: &str) -> Unreadable {
    unreadable(row, None, "The package has no number.")
}

/// What both lists tell of a package: every number of the box, its own first.
fn package(row: &Object<'_>) -> Package {
    let mut numbers: Vec<String> = Vec::new();
    let number = |row: &Object<'_>, field| row.get(field).and_then(package_number);
    let own = ["packageSn", "mainPackageSn"].into_iter().filter_map(|field| number(row, field));
    let parts = |field: &str| row.get(field).and_then(list).unwrap_or_default();
    let texts = parts("subPackageSnList").into_iter().filter_map(|part| package_number(part.get()));
    let objects = parts("subPackageShipmentInfoList").into_iter();
    let objects = objects.filter_map(|part| number(&Object::read(part.get())?, "packageSn"));
    for number in own.chain(texts).chain(objects) {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    let (carrier, tracking) = (short(row, "carrierName"), short(row, "trackingNumber"));
    Package { numbers, carrier, tracking, ..Package::default() }
}
