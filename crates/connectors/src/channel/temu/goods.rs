//! Products of Temu, as its local list tells them: prices are decimal texts here, alone or with their currency.

use super::envelope::Opened;
use super::lists::{Listed, listed, next, number_of, short, unreadable};
use crate::channel::json::{Object, Reader, digest, list, millis, text};
use crate::channel::private::without_people;
use crate::channel::{Fault, Price, Product, ProductSku, ProductsCall, ProductsPage, Unreadable};
use docket_domain::Currency;
use docket_domain::money::AMOUNT_LIMIT;

const TITLE_BYTES_MAX: usize = 1024;

/// A page of one of the lists.
pub fn page(asked: &ProductsCall, opened: &Opened<'_>) -> Result<ProductsPage, Fault> {
    let Listed { rows, total } = listed(opened, "goodsList", "total")?;
    let next = next(&asked.page, asked.size, total, rows.len());
    let mut page = ProductsPage { total, next, ..ProductsPage::default() };
    for row in rows {
        match product(row.get(), &asked.bucket) {
            Ok(product) => page.products.push(product),
            Err(unreadable) => page.refused.push(unreadable),
        }
    }
    Ok(page)
}

fn product(row: &str, bucket: &str) -> Result<Product, Unreadable> {
    let refuse = |reason: &str| unreadable(row, None, reason);
    let fields = Object::read(row).ok_or_else(|| refuse("The row is no object."))?;
    let number = number_of(&fields, "goodsId");
    let number = number.ok_or_else(|| refuse("The product has no number."))?;
    let payload = without_people(row);
    let mut flags = Vec::new();
    let mut told = Reader::new(&fields, &mut flags, None);
    Ok(Product {
        number,
        bucket: bucket.to_owned(),
        title: told.text("goodsName", TITLE_BYTES_MAX),
        code: short(&fields, "outGoodsSn"),
        status: short(&fields, "status4VO"),
        price: price(&fields),
        stock: told.maybe("quantity", crate::channel::json::integer),
        image: told.text("thumbUrl", TITLE_BYTES_MAX),
        created_at: told.time("crtTime"),
        // Milliseconds, unlike the time before it.
        changed_at: told.maybe("goodsStatusChangeTime", millis),
        skus: skus(&fields),
        hash: digest(&payload),
        payload,
    })
}

/// What is sold of a product, with the seller's codes; where only the numbers are told, without.
fn skus(fields: &Object<'_>) -> Vec<ProductSku> {
    let rows = |field: &str| fields.get(field).and_then(list).unwrap_or_default();
    let told = rows("skuInfoList").into_iter().filter_map(|row| {
        let row = Object::read(row.get())?;
        Some(ProductSku { sku_id: number_of(&row, "skuId")?, code: short(&row, "outSkuSn") })
    });
    let mut skus: Vec<ProductSku> = told.collect();
    for row in rows("skuIdList") {
        let Some(sku_id) = text(row.get()).filter(|id| !id.is_empty() && id.len() <= 64) else {
            continue;
        };
        if !skus.iter().any(|sku| sku.sku_id == sku_id) {
            skus.push(ProductSku { sku_id: sku_id.into_owned(), code: None });
        }
    }
    skus
}

/// The price, from whichever field tells it in decimals. A whole number without quotes is left out: in other lists such a
/// one is in minor units, and nobody can tell which it is.
fn price(fields: &Object<'_>) -> Option<Price> {
    let of_product = short(fields, "currency");
    ["price", "retailPrice"].into_iter().find_map(|field| {
        let value = fields.get(field)?;
        let inside = Object::read(value);
        let (amount, currency) = match &inside {
            Some(money) => (money.get("amount")?, short(money, "currency")),
            None => (value, None),
        };
        let currency = Currency::ever(&currency.or_else(|| of_product.clone())?)?;
        let amount = decimal(amount, currency.places())?;
        Some(Price { amount, currency: Some(currency.code().to_owned()) })
    })
}

/// Minor units of a decimal text.
fn decimal(value: &str, places: u32) -> Option<i64> {
    let told = text(value)?;
    let (whole, rest) = match told.split_once('.') {
        Some(parts) => parts,
        None if value.starts_with('"') => (told.as_ref(), ""),
        None => return None,
    };
    let places = places as usize;
    let (kept, beyond) = rest.split_at_checked(rest.len().min(places))?;
    let digits = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty()
        || !digits(whole)
        || !digits(rest)
        || beyond.bytes().any(|digit| digit != b'0')
    {
        return None;
    }
    let minor: i64 = format!("{whole}{kept:0<places$}").parse().ok()?;
    (minor <= AMOUNT_LIMIT).then_some(minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_minor_units_of_their_currency() {
        for (told, places, minor) in [
            ("\"298.99\"", 2, Some(29_899)),
            ("\"298.9\"", 2, Some(29_890)),
            ("\"298\"", 2, Some(29_800)),
            ("298.5", 2, Some(29_850)),
            ("\"298.500\"", 2, Some(29_850)),
            ("\"298.505\"", 2, None),
            ("\"1200\"", 0, Some(1_200)),
            ("\"0.125\"", 3, Some(125)),
            ("29899", 2, None),
            ("\"-1\"", 2, None),
            ("\"1,298.99\"", 2, None),
            ("\"\"", 2, None),
            ("\".5\"", 2, None),
            ("\"99999999999999999999\"", 2, None),
            ("1e5", 2, None),
        ] {
            assert_eq!(decimal(told, places), minor, "{told}");
        }
    }
}
