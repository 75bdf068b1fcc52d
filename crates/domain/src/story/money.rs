//! Money as people read it: with the decimals of its currency.

use super::Language;
use crate::Currency;

/// `115.00 CNY`, in Chinese `115.00 元`; without a currency two decimals and no name.
pub fn money(minor: i64, currency: Option<Currency>, language: Language) -> String {
    let places = currency.map_or(2, |currency| currency.places());
    let unit = 10_u64.pow(places);
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, rest) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
    let number = match places {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{rest:0width$}", width = places as usize),
    };
    match (currency, language) {
        (None, _) => number,
        (Some(currency), Language::Zh) if currency.code() == "CNY" => format!("{number} 元"),
        (Some(currency), _) => format!("{number} {currency}"),
    }
}
