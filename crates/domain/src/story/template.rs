//! Templates: `{name}` stands for a parameter, `[…]` for a part that is left out where one of its parameters
//! is missing, `[…|…]` for the first of several parts that is complete.

use super::words::Spoken;
use super::{Language, money};
use crate::forget::{FORGOTTEN, FORGOTTEN_CN};
use crate::operation::Parameters;
use crate::words::{AnomalyKind, DueCause, Status, StoreStatus};
use crate::{Currency, Json};

/// Parameters by name, as people read them.
pub(super) struct Values<'a> {
    map: Option<&'a Parameters>,
    currency: Option<Currency>,
    language: Language,
}

impl<'a> Values<'a> {
    pub(super) fn of_map(map: &'a Parameters, language: Language) -> Self {
        Self::new(Some(map), language)
    }

    pub(super) fn of_json(json: &'a Json, language: Language) -> Self {
        Self::new(json.as_object(), language)
    }

    fn new(map: Option<&'a Parameters>, language: Language) -> Self {
        let currency = map.and_then(|map| map.get("currency")).and_then(Json::as_str);
        Self { map, currency: currency.and_then(Currency::ever), language }
    }

    fn get(&self, name: &str) -> Option<String> {
        let value = match name {
            // Of a refund: what of it is freight, if anything is.
            "of_freight" => self.map?.get("freight").filter(|value| value.as_i64() != Some(0))?,
            name => self.map?.get(name)?,
        };
        let text = match name {
            "coins" if value.as_i64() == Some(0) => None,
            "amount"
            | "coins"
            | "cut"
            | "due"
            | "excess"
            | "goodwill"
            | "of_freight"
            | "freight"
            | "paid"
            | "payable"
            | "platform_discount"
            | "shop_discount"
            | "tax"
            | "third_party"
            | "third_party_discount"
            | "total"
            | "kept"
            | "refunded"
            | "reported" => self.money(value),
            "lines" => self.lines(value),
            "days" => self.counted(value, "day", "天"),
            "add" | "remove" | "skus" => self.list(value, |word| Some(word.as_str()?.to_owned())),
            "anomalies" => self.list(value, |word| {
                let kind = AnomalyKind::from_word(word.as_str()?)?;
                Some(kind.spoken(self.language).to_owned())
            }),
            "cause" => value.as_str().and_then(DueCause::from_word).map(|cause| self.spoken(cause)),
            "fact" | "first" | "then" => {
                let word = value.as_str()?;
                let of_refund = || StoreStatus::from_word(word).map(|status| self.spoken(status));
                Status::from_word(word).map(|status| self.spoken(status)).or_else(of_refund)
            }
            _ if value.as_str() == Some(FORGOTTEN) => {
                Some(self.language.of(FORGOTTEN, FORGOTTEN_CN).to_owned())
            }
            _ => plain(value),
        };
        text.filter(|text| !text.is_empty() || value.as_bool() == Some(true))
    }

    fn spoken(&self, word: impl Spoken) -> String {
        word.spoken(self.language).to_owned()
    }

    fn money(&self, value: &Json) -> Option<String> {
        match value {
            Json::Number(_) => Some(money(value.as_i64()?, self.currency, self.language)),
            other => plain(other),
        }
    }

    /// `2 × tea, 1 × pot`, or their number where that is all that was kept.
    fn lines(&self, value: &Json) -> Option<String> {
        if value.is_number() {
            let lines = self.counted(value, "line", "行商品")?;
            return Some(match self.map?.get("quantity").and_then(plain) {
                None => lines,
                Some(units) if self.language == Language::Zh => format!("{lines}共 {units} 件"),
                Some(units) if units == "1" => format!("1 unit in {lines}"),
                Some(units) => format!("{units} units in {lines}"),
            });
        }
        self.list(value, |line| {
            let sku = plain(["sku", "sku_id", "order_id"].iter().find_map(|name| line.get(name))?)?;
            Some(match line.get("quantity").and_then(plain) {
                Some(quantity) => format!("{quantity} × {sku}"),
                None => sku,
            })
        })
    }

    fn list(&self, value: &Json, word: impl Fn(&Json) -> Option<String>) -> Option<String> {
        let words: Vec<String> = value.as_array()?.iter().filter_map(word).collect();
        Some(words.join(self.language.of(", ", "、")))
    }

    fn counted(&self, value: &Json, en: &str, zh: &str) -> Option<String> {
        let number = value.as_i64()?;
        Some(match self.language {
            Language::Zh => format!("{number} {zh}"),
            Language::En if number == 1 => format!("1 {en}"),
            Language::En => format!("{number} {en}s"),
        })
    }
}

/// A word or number as it is; what is true is there, without words of its own.
fn plain(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(true) => Some(String::new()),
        _ => None,
    }
}

/// Fills `template`.
pub(super) fn render(template: &str, values: &Values<'_>) -> String {
    let mut said = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('[') {
        let (parts, after) = after.split_once(']').unwrap_or((after, ""));
        said.push_str(&fill(before, values).unwrap_or_default());
        said.push_str(&parts.split('|').find_map(|part| fill(part, values)).unwrap_or_default());
        rest = after;
    }
    said.push_str(&fill(rest, values).unwrap_or_default());
    said
}

/// `part` with its parameters, or none where one of them is missing.
fn fill(part: &str, values: &Values<'_>) -> Option<String> {
    let mut filled = String::with_capacity(part.len() * 2);
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        filled.push_str(before);
        filled.push_str(&values.get(name)?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}
