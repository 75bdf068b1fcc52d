//! Whether an order, as the API shows it, adds up at every level and to the last share. Reckoned anew from the
//! answer alone, so that it does not repeat a mistake of the center's.

use serde_json::Value;

/// Checks one tree and says what does not add up.
pub fn adds_up(tree: &Value) -> Result<(), String> {
    let shops = list(tree, "shops")?;
    for shop in shops {
        adds_up_shop(shop, tree)?;
    }
    let (mut platform, mut coins, mut third) = (0, 0, 0);
    for shop in shops {
        for item in list(shop, "items")? {
            platform += number(&item["shares"], "platform")?;
            coins += number(&item["shares"], "coins")?;
            third += number(&item["shares"], "third_party")?;
        }
        coins += number(&shop["freight_shares"], "coins")?;
        third += number(&shop["freight_shares"], "third_party")?;
    }
    same("platform discount", number(tree, "platform_discount")?, platform)?;
    same("coins", number(tree, "coins")?, coins)?;
    same("third-party discount", number(tree, "third_party_discount")?, third)?;
    let price = sum(shops, "price")? - platform;
    same("price", number(tree, "price")?, price)?;
    let freight = sum(shops, "freight")?;
    same("freight", number(tree, "freight")?, freight)?;
    let taxes = sum(shops, "tax")?;
    same("tax", number(tree, "tax")?, taxes)?;
    same(
        "payable",
        number(tree, "payable")?,
        price + freight + on_top(tree, taxes) - coins - third,
    )?;
    same("what the shops cost", number(tree, "payable")?, sum(shops, "to_pay")?)
}

fn adds_up_shop(shop: &Value, tree: &Value) -> Result<(), String> {
    let items = list(shop, "items")?;
    let mut discount = 0;
    for item in items {
        adds_up_item(item, tree)?;
        discount += number(&item["shares"], "shop")?;
    }
    same("shop discount", number(shop, "shop_discount")?, discount)?;
    same("price of a shop order", number(shop, "price")?, sum(items, "price")? - discount)?;
    let shares = &shop["freight_shares"];
    let freight_tax = number(shop, "freight_tax")?;
    same("tax of a shop order", number(shop, "tax")?, sum(items, "tax")? + freight_tax)?;
    let freight = number(shop, "freight")? + on_top(tree, freight_tax)
        - number(shares, "coins")?
        - number(shares, "third_party")?;
    if freight < 0 {
        return Err(format!("a freight costs {freight}"));
    }
    same("what a shop order costs", number(shop, "to_pay")?, sum(items, "to_pay")? + freight)
}

fn adds_up_item(item: &Value, tree: &Value) -> Result<(), String> {
    let quantity = super::stage::quantity(&item["quantity"]);
    let gross = (number(item, "list_price")? * quantity + 500).div_euclid(1000);
    let price = gross - number(item, "item_discount")?;
    same("price of a line", number(item, "price")?, price)?;
    let mut shares = 0;
    for name in ["shop", "platform", "coins", "third_party"] {
        shares += number(&item["shares"], name)?;
    }
    let to_pay = number(item, "to_pay")?;
    if to_pay < 0 {
        return Err(format!("a line costs {to_pay}"));
    }
    same("what a line costs", to_pay, price + on_top(tree, number(item, "tax")?) - shares)
}

/// What of a tax is paid beside the price it belongs to.
fn on_top(tree: &Value, tax: i64) -> i64 {
    if tree["tax_included"] == false { tax } else { 0 }
}

fn list<'a>(node: &'a Value, name: &str) -> Result<&'a Vec<Value>, String> {
    node[name].as_array().ok_or_else(|| format!("no {name}"))
}

fn number(node: &Value, name: &str) -> Result<i64, String> {
    node[name].as_i64().ok_or_else(|| format!("{name} is {}", node[name]))
}

fn sum(nodes: &[Value], name: &str) -> Result<i64, String> {
    nodes.iter().map(|node| number(node, name)).sum()
}

fn same(what: &str, shown: i64, reckoned: i64) -> Result<(), String> {
    if shown == reckoned {
        Ok(())
    } else {
        Err(format!("{what} is {shown}, its parts make {reckoned}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Two lines, a freight, every kind of discount.
    fn tree() -> Value {
        let item = |list: i64, quantity: &str, price: i64, shares: [i64; 4], to_pay: i64| {
            let [shop, platform, coins, third_party] = shares;
            json!({
                "list_price": list, "quantity": quantity, "item_discount": 0, "price": price, "to_pay": to_pay,
                "tax": 0,
                "shares": {"shop": shop, "platform": platform, "coins": coins, "third_party": third_party},
            })
        };
        json!({
            "platform_discount": 10, "coins": 5, "third_party_discount": 1, "price": 1085, "freight": 100,
            "payable": 1186, "tax": 7, "tax_included": false,
            "shops": [{
                "shop_discount": 5, "price": 1095, "freight": 100, "to_pay": 1186, "freight_tax": 7, "tax": 7,
                "freight_shares": {"coins": 1, "third_party": 0},
                "items": [item(800, "1.250", 1000, [4, 9, 4, 1], 982), item(50, "2", 100, [1, 1, 0, 0], 98)],
            }],
        })
    }

    #[test]
    fn a_tree_that_adds_up_is_found_to() {
        assert_eq!(adds_up(&tree()), Ok(()));
    }

    #[test]
    fn one_minor_unit_astray_is_found_wherever_it_is() {
        let paths = [
            "/payable",
            "/coins",
            "/platform_discount",
            "/freight",
            "/shops/0/to_pay",
            "/shops/0/shop_discount",
            "/shops/0/freight_shares/coins",
            "/shops/0/items/0/to_pay",
            "/shops/0/items/0/shares/platform",
            "/shops/0/items/1/list_price",
        ];
        for path in paths {
            let mut tree = tree();
            let value = tree.pointer_mut(path).expect("a path of the tree");
            *value = json!(value.as_i64().expect("an amount") + 1);
            assert!(adds_up(&tree).is_err(), "{path}");
        }
    }
}
