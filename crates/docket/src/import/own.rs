//! CSV files that `docket export` wrote: known by their header, and they say themselves how their amounts are
//! written. One for spreadsheets has decimals, and a `'` before cells that a spreadsheet would take for something
//! else, which is no part of what they say.

use super::cell::Wrong;
use super::map::Money;
use super::sheet::{Sheet, Written};
use super::text::Text;
use crate::said::said;
use csv::ByteRecord;
use encoding_rs::Encoding;
use std::path::Path;

/// The column that says how amounts are written.
pub const MONEY: &str = "money";
/// Columns that together only an export of ours has.
const KNOWN_BY: [&str; 5] = ["order_id", "shop_order_id", "item_order_id", "list_price", "payable"];

/// Whether a header is that of an export of ours.
pub fn is_ours(header: &[String]) -> bool {
    KNOWN_BY.iter().all(|name| header.iter().any(|column| column == name))
}

/// What stands between the cells of a file that is an export of ours, as it was written or as a spreadsheet saved it:
/// then it needs no mapping. None where it is none.
pub fn delimiter(path: &Path, given: Option<&'static Encoding>) -> Option<char> {
    let text = Text::open(path, given, &[]).ok()?;
    [',', ';', '\t'].into_iter().find(|delimiter| {
        let written = Written { delimiter: *delimiter as u8, money: None };
        Sheet::open(&text, written, 1024).is_ok_and(|sheet| sheet.ours)
    })
}

/// Where an export of ours says how its amounts are written.
pub fn money_column(header: &[String]) -> Option<usize> {
    header.iter().position(|name| name == MONEY).filter(|_| is_ours(header))
}

/// Whether a header is that of an export of ours that does not say it.
pub fn is_older(header: &[String]) -> bool {
    is_ours(header) && money_column(header).is_none()
}

/// How the amounts of a row are written that says it in `cell`; the mapping may say it too.
pub fn money(cell: &str, told: Option<Money>) -> Result<Money, Wrong> {
    let cell = cell.trim();
    let money = [Money::Decimal, Money::Minor].into_iter().find(|money| money.word() == cell);
    match (money, told) {
        (None, _) => Err((
            "not_a_word",
            said!(
                "`{cell}` in the column `{MONEY}` is neither `decimal` nor `minor`",
                "`{MONEY}` 列的 `{cell}` 既不是 `decimal` 也不是 `minor`"
            ),
        )),
        (Some(money), Some(told)) if money != told => {
            let (money, told) = (money.word(), told.word());
            Err((
                "money_differs",
                said!(
                    "the row says that its amounts are `{money}`, the mapping `{told}`",
                    "该行写明金额为 `{money}`，映射写的是 `{told}`"
                ),
            ))
        }
        (Some(money), _) => Ok(money),
    }
}

/// Takes the `'` before cells of a row for spreadsheets away: one of which the cell `money` says that it is, or the
/// mapping where there is no such cell any more.
pub fn bare(cells: &mut ByteRecord, money: Option<usize>, told: Option<Money>) {
    let says = |at| {
        cells.get(at).is_some_and(|cell| cell.trim_ascii() == Money::Decimal.word().as_bytes())
    };
    let is_sheet = money.map_or(told == Some(Money::Decimal), says);
    if !is_sheet || cells.iter().all(|cell| cell.first() != Some(&b'\'')) {
        return;
    }
    let position = cells.position().cloned();
    *cells = cells.iter().map(|cell| cell.strip_prefix(b"'").unwrap_or(cell)).collect();
    cells.set_position(position);
}
