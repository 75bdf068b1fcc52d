//! Signs of other systems: a line that is a discount, because its price is below zero or because its SKU says so,
//! and a line that is given back, because its quantity is below zero. What is not explained by the mapping is
//! refused, and the refusal names the option that explains it.

use super::cell::Wrong;
use super::map::{ItemRows, Negative, fits};
use crate::said::said;
use docket_domain::{Json, Quantity};
use serde_json::Map as Object;

/// What the mapping says of signs.
#[derive(Debug)]
pub struct Signs {
    price: Negative,
    quantity: Negative,
    discount_skus: Vec<String>,
}

/// What a row is by its signs.
#[derive(Debug, PartialEq)]
pub enum Sign {
    /// A line.
    Line,
    /// A discount of its shop order; unknown where its price is.
    Discount(Json),
    /// Units of a line that were given back, without their sign.
    GivenBack(Quantity),
}

impl Signs {
    /// What the mapping says.
    pub fn of(items: &ItemRows) -> Self {
        let discount_skus = items.discount_skus.clone();
        Self { price: items.negative_price, quantity: items.negative_quantity, discount_skus }
    }

    /// What a row is; the field that is wrong, and why, where the mapping does not explain its sign.
    pub fn judge(&self, item: &Object<String, Json>) -> Result<Sign, (&'static str, Wrong)> {
        let text = |field: &str| item.get(field).and_then(Json::as_str).unwrap_or_default();
        let sku = text("sku_id");
        let quantity: Option<Quantity> = text("quantity").parse().ok();
        let price = item.get("list_price").and_then(Json::as_i64);
        let tax = item.get("tax").and_then(Json::as_i64).unwrap_or_default();
        let discount = || match tax {
            0 => Ok(Sign::Discount(worth(item, price, quantity))),
            _ => Err((
                "tax",
                ("out_of_place", said!("a discount carries no tax of its own", "折扣行不能带税额")),
            )),
        };
        if self.discount_skus.iter().any(|pattern| fits(pattern, sku)) {
            return discount();
        }
        let cheap = price.is_some_and(|price| price < 0);
        let back = quantity.filter(|quantity| *quantity < Quantity::ZERO);
        match (cheap, back) {
            (false, None) if tax < 0 => {
                let below = said!(
                    "a tax below zero, of a line that is none given back",
                    "税额小于零，而该行并非退货"
                );
                Err(("tax", ("too_small", below)))
            }
            (false, None) => Ok(Sign::Line),
            (true, None) if self.price == Negative::Discount => discount(),
            (false, Some(_)) if self.quantity == Negative::Discount => discount(),
            (false, Some(back)) if self.quantity == Negative::Refund => {
                Ok(Sign::GivenBack(Quantity(-back.0)))
            }
            (true, Some(_)) => Err((
                "list_price",
                (
                    "too_small",
                    said!(
                        "price and quantity are both below zero, which no option explains; mend the row",
                        "价格和数量都小于零，任何选项都无法解释；请修正该行"
                    ),
                ),
            )),
            (true, None) => Err((
                "list_price",
                (
                    "too_small",
                    said!(
                        "a price below zero; `negative_price = \"discount\"` of [items], or `discount_skus = [\"{sku}\"]`, makes it a discount of its shop order",
                        "价格小于零；在 [items] 中写明 negative_price = \"discount\" 或 discount_skus = [\"{sku}\"]，即作为店铺折扣"
                    ),
                ),
            )),
            (false, Some(_)) => Err((
                "quantity",
                (
                    "too_small",
                    said!(
                        "a quantity below zero; `negative_quantity = \"refund\"` of [items] makes it a refund of its order, `\"discount\"` a discount",
                        "数量小于零；在 [items] 中写明 negative_quantity = \"refund\" 即作为退款，\"discount\" 即作为折扣"
                    ),
                ),
            )),
        }
    }
}

/// What a row comes to, without its sign: list price times quantity, rounded half up once, less its own discount.
pub fn worth(item: &Object<String, Json>, price: Option<i64>, quantity: Option<Quantity>) -> Json {
    let (Some(price), Some(quantity)) = (price, quantity) else { return Json::Null };
    let exact = i128::from(price) * i128::from(quantity.0);
    let gross = exact.signum() * ((exact.abs() + 500) / 1000);
    let less = match item.get("item_discount") {
        Some(Json::Null) => return Json::Null,
        Some(less) => i128::from(less.as_i64().unwrap_or_default()),
        None => 0,
    };
    i64::try_from((gross - less).abs()).map_or(Json::Null, Json::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn signs(price: Negative, quantity: Negative, skus: &[&str]) -> Signs {
        Signs { price, quantity, discount_skus: skus.iter().map(|sku| (*sku).into()).collect() }
    }

    fn row(sku: &str, quantity: &str, price: i64) -> Object<String, Json> {
        let row = json!({"sku_id": sku, "quantity": quantity, "list_price": price});
        row.as_object().expect("an object").clone()
    }

    #[test]
    fn a_row_is_what_the_mapping_says_of_its_sign() {
        use Negative::{Discount, Refund, Refuse};
        let discount = |amount: i64| Ok(Sign::Discount(json!(amount)));
        let all = signs(Discount, Refund, &["bottle-*"]);
        assert_eq!(all.judge(&row("a", "2", 300)), Ok(Sign::Line));
        assert_eq!(all.judge(&row("a", "2", -300)), discount(600));
        assert_eq!(all.judge(&row("a", "-1.5", 300)), Ok(Sign::GivenBack(Quantity(1500))));
        assert_eq!(all.judge(&row("bottle-return", "1", 300)), discount(300));
        assert_eq!(all.judge(&row("bottle-return", "-2", 15)), discount(30));
        let deposits = signs(Refuse, Discount, &[]);
        assert_eq!(deposits.judge(&row("a", "-2", 15)), discount(30));
        let mut unknown = row("a", "-2", 15);
        unknown.insert("list_price".to_owned(), Json::Null);
        assert_eq!(deposits.judge(&unknown), Ok(Sign::Discount(Json::Null)));
    }

    #[test]
    fn a_tax_below_zero_is_of_what_is_given_back_alone_and_a_discount_has_none() {
        use Negative::{Discount, Refund};
        let all = signs(Discount, Refund, &[]);
        let taxed = |quantity: &str, price: i64, tax: i64| {
            let mut row = row("a", quantity, price);
            row.insert("tax".to_owned(), tax.into());
            all.judge(&row).map_err(|(field, (code, _))| (field, code))
        };
        assert_eq!(taxed("1", 300, 57), Ok(Sign::Line));
        assert_eq!(taxed("-1", 300, -57), Ok(Sign::GivenBack(Quantity::ONE)));
        assert_eq!(taxed("-1", 300, 57), Ok(Sign::GivenBack(Quantity::ONE)));
        assert_eq!(taxed("1", 300, -57), Err(("tax", "too_small")));
        assert_eq!(taxed("1", -300, -57), Err(("tax", "out_of_place")));
        assert_eq!(taxed("1", -300, 0), Ok(Sign::Discount(json!(300))));
    }

    #[test]
    fn a_sign_that_nothing_explains_is_refused_with_the_option_that_does() {
        use Negative::{Discount, Refund, Refuse};
        let nothing = signs(Refuse, Refuse, &[]);
        for (row, field, option) in [
            (row("a", "1", -300), "list_price", "negative_price = \"discount\""),
            (row("a", "-1", 300), "quantity", "negative_quantity = \"refund\""),
            (row("deposit", "1", -1), "list_price", "discount_skus = [\"deposit\"]"),
        ] {
            let (wrong, (code, why)) = nothing.judge(&row).expect_err("nothing explains it");
            assert_eq!((wrong, code), (field, "too_small"));
            assert!(why.contains(option), "{why:?}");
        }
        // Two signs that are turned around explain nothing.
        for (price, quantity) in [(Refuse, Refund), (Discount, Refund), (Discount, Discount)] {
            let (field, (_, why)) =
                signs(price, quantity, &[]).judge(&row("a", "-1", -300)).expect_err("nothing");
            assert!(field == "list_price" && why.contains("both below zero"), "{why:?}");
            assert!(!why.contains("negative_"), "no option would help: {why:?}");
        }
    }
}
