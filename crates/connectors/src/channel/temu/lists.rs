//! What all lists have in common: rows and how many there are, the page after this one, numbers, and rows that cannot be
//! read.

use super::envelope::Opened;
use crate::channel::json::{Object, cut, integer, object_and_list, text};
use crate::channel::private::without_people;
use crate::channel::{Fault, Page, Unreadable};
use serde_json::value::RawValue;

/// A number that is longer is none.
const NUMBER_BYTES_MAX: usize = 64;
/// What is read of the number of a package.
const PACKAGE_BYTES_MAX: usize = 1024;
/// Codes, words and numbers of things are cut to this.
pub const WORD_BYTES_MAX: usize = 64;
/// What is kept of a row that cannot be read.
const RAW_BYTES_MAX: usize = 64 * 1024;

/// The rows of a page, and how many the list has.
pub struct Listed<'a> {
    pub rows: Vec<&'a RawValue>,
    pub total: Option<u64>,
}

/// Reads a page whose rows and total are called so. Without rows it is one only if it says that there are none: what is
/// missing is no end of a list.
pub fn listed<'a>(opened: &Opened<'a>, rows: &str, total: &str) -> Result<Listed<'a>, Fault> {
    let total_of = |result: &Object<'_>| {
        let total = result.get(total).and_then(integer);
        total.and_then(|total| u64::try_from(total).ok())
    };
    // Nearly every page is one; it is read in one go.
    if let Some((result, rows)) = object_and_list(opened.result, rows) {
        return Ok(Listed { rows, total: total_of(&result) });
    }
    let result = opened.object()?;
    match (result.get(rows), total_of(&result)) {
        (None, total @ Some(0)) => Ok(Listed { rows: Vec::new(), total }),
        (None, _) => Err(opened.garbled(&format!("it has no {rows}"))),
        (Some(_), _) => Err(opened.garbled(&format!("{rows} is no list"))),
    }
}

/// The page after one of `size` rows on which there are so many.
pub fn next(page: &Page, size: u16, total: Option<u64>, rows: usize) -> Option<Page> {
    let (number, size) = (page.number()?, u64::from(size));
    let more = total.map_or(rows as u64 >= size, |total| u64::from(number) * size < total);
    more.then(|| Page::Number(number.saturating_add(1)))
}

/// A number of an order, a line or a package.
pub fn number_of(object: &Object<'_>, field: &str) -> Option<String> {
    let number = text(object.get(field)?)?;
    let number = number.trim();
    (1..=NUMBER_BYTES_MAX).contains(&number.len()).then(|| number.to_owned())
}

/// A number of a package. One that is longer than any of theirs is handed on all the same: whoever keeps it cuts it and says
/// so.
pub fn package_number(told: &str) -> Option<String> {
    let told = text(told)?;
    let number = cut(told.trim(), PACKAGE_BYTES_MAX);
    (!number.is_empty()).then(|| number.to_owned())
}

/// A code or word, cut; an empty one is none.
pub fn short(object: &Object<'_>, field: &str) -> Option<String> {
    let told = text(object.get(field)?)?;
    let kept = cut(&told, WORD_BYTES_MAX);
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// How many units.
pub fn units(object: &Object<'_>, field: &str) -> Option<u32> {
    object.get(field).and_then(integer).and_then(|units| u32::try_from(units).ok())
}

/// A row that cannot be read, with what is wrong with it.
pub fn unreadable(row: &str, number: Option<&str>, reason: impl Into<String>) -> Unreadable {
    let raw = cut(&without_people(row), RAW_BYTES_MAX).to_owned();
    Unreadable { number: number.map(str::to_owned), reason: reason.into(), raw }
}
