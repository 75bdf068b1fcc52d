//! What a marketplace tells of the money of an order, as a report that can be recorded. Pure.

use super::report::guessed_currency;
use docket_connectors::channel::{Amounts, LineAmounts as LineTold, Price};
use docket_domain::record::channel::{AmountsHeard, LineAmounts};
use docket_domain::tree::Tax;
use docket_domain::{Amount, Currency, Quantity, Time, Tree};
use docket_store::ChannelShop;

/// What a reading comes to for an order that is known.
pub(super) fn of_tree(
    told: &Amounts,
    shop: &ChannelShop,
    tree: &Tree,
    read_at: Time,
) -> Option<AmountsHeard> {
    let items = tree.shops.iter().flat_map(|shop| &shop.items);
    let ordered: Vec<_> =
        items.filter_map(|item| Some((item.external_id.as_deref()?, item.quantity))).collect();
    amounts(told, shop, &ordered, read_at)
}

/// What a reading comes to, of an order of which so much was ordered by line; none where it names a currency that is none.
pub(super) fn amounts(
    told: &Amounts,
    shop: &ChannelShop,
    ordered: &[(&str, Quantity)],
    read_at: Time,
) -> Option<AmountsHeard> {
    let of_lines = told.lines.iter().flat_map(|line| [&line.price, &line.unit_price]);
    let all = [&told.goods, &told.freight, &told.paid, &told.tax].into_iter().chain(of_lines);
    let named = all.flatten().find_map(|price| price.currency.as_deref());
    let currency = match named {
        Some(code) => Currency::ever(code)?,
        None => guessed_currency(&shop.more.region),
    };
    let amount = |price: &Option<Price>| Amount(price.as_ref().map(|price| price.amount));
    let taxes = taxes(told, ordered);
    let lines = told.lines.iter().enumerate().map(|(nth, line)| {
        // Of a whole line the price of a unit follows where it comes out even.
        let each = line.price.as_ref().zip(line.units).and_then(|(price, units)| {
            let units = i64::from(units);
            (units > 0 && price.amount % units == 0).then(|| price.amount / units)
        });
        LineAmounts {
            external_id: line.number.clone(),
            list_price: Amount(line.unit_price.as_ref().map(|price| price.amount).or(each)),
            item_discount: Amount::ZERO,
            tax: taxes.as_ref().map_or(Amount::UNKNOWN, |taxes| taxes[nth]),
        }
    });
    Some(AmountsHeard {
        read_at,
        currency,
        platform_discount: amount(&told.channel_discount),
        shop_discount: amount(&told.seller_discount),
        freight: amount(&told.freight),
        // All of the tax stands at the lines.
        freight_tax: if taxes.is_some() { Amount::ZERO } else { Amount::UNKNOWN },
        tax: kind_of_tax(told),
        refunded: told.refunded.as_ref().map(|price| price.amount),
        lines: lines.collect(),
    })
}

/// Whether prices have their tax inside, by what the buyer paid; none where the figures do not come out either way.
fn kind_of_tax(told: &Amounts) -> Option<Tax> {
    let amount = |price: &Option<Price>| price.as_ref().map(|price| price.amount);
    let off = amount(&told.seller_discount)? + amount(&told.channel_discount)?;
    let net = amount(&told.goods)? + amount(&told.freight)? - off;
    let (paid, tax) = (amount(&told.paid)?, amount(&told.tax)?);
    if paid == net { Some(Tax::Included) } else { (paid == net + tax).then_some(Tax::OnTop) }
}

/// The tax of each line. It is told of the whole order, and spread over its lines by what they cost; of a line that is told
/// without its cancelled units, that of all is known where it comes out even. None where nobody can say.
fn taxes(told: &Amounts, ordered: &[(&str, Quantity)]) -> Option<Vec<Amount>> {
    let tax = told.tax.as_ref()?.amount;
    if kind_of_tax(told).is_none() || tax < 0 {
        return None;
    }
    if tax == 0 {
        return Some(vec![Amount::ZERO; told.lines.len()]);
    }
    let costs: Vec<i64> = told
        .lines
        .iter()
        .map(|line| line.price.as_ref().map(|price| price.amount).filter(|cost| *cost >= 0))
        .collect::<Option<_>>()?;
    // Where a line is missing, its tax is not that of the others.
    let all: i128 = costs.iter().map(|cost| i128::from(*cost)).sum();
    if all == 0 || all != i128::from(told.goods.as_ref()?.amount) {
        return None;
    }
    let mut shares: Vec<i64> =
        costs.iter().map(|cost| (i128::from(tax) * i128::from(*cost) / all) as i64).collect();
    let rest = tax - shares.iter().sum::<i64>();
    // What is left over goes to the first lines that cost something, a unit each: there is less of it than of them.
    let some = costs.iter().zip(&mut shares).filter(|(cost, _)| **cost > 0);
    some.take(rest as usize).for_each(|(_, share)| *share += 1);
    Some(told.lines.iter().zip(shares).map(|(line, share)| of_all(line, share, ordered)).collect())
}

/// The tax of all units of a line, of which `share` is that of those that are told.
fn of_all(line: &LineTold, share: i64, ordered: &[(&str, Quantity)]) -> Amount {
    let all = ordered.iter().find(|(number, _)| *number == line.number).map(|(_, units)| units.0);
    let (Some(all), Some(units)) = (all, line.units) else { return Amount::UNKNOWN };
    let units = i64::from(units) * Quantity::ONE.0;
    if units == all {
        return Amount::of(share);
    }
    let whole = i128::from(share) * i128::from(all);
    if units == 0 || whole % i128::from(units) != 0 {
        return Amount::UNKNOWN;
    }
    i64::try_from(whole / i128::from(units)).map_or(Amount::UNKNOWN, Amount::of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::Id;
    use docket_store::{Sealed, ShopFacts};

    fn shop() -> ChannelShop {
        ChannelShop {
            id: Id(1),
            version: 1,
            channel: "temu".to_owned(),
            name: "Garden".to_owned(),
            app_key: "app".to_owned(),
            secret: Sealed { key_id: 1, bytes: Vec::new() },
            token: None,
            created_at: Time(0),
            more: ShopFacts { region: "us".to_owned(), ..ShopFacts::default() },
        }
    }

    fn usd(amount: i64) -> Price {
        Price { amount, currency: Some("USD".to_owned()) }
    }

    /// Lines of so many units at a price each; tax and what was paid.
    fn told(lines: &[(&str, u32, i64)], tax: i64, paid: i64) -> Amounts {
        let goods = lines.iter().map(|(_, units, price)| i64::from(*units) * price).sum();
        let line = |(number, units, price): &(&str, u32, i64)| LineTold {
            number: (*number).to_owned(),
            price: Some(usd(i64::from(*units) * price)),
            unit_price: Some(usd(*price)),
            units: Some(*units),
        };
        Amounts {
            goods: Some(usd(goods)),
            freight: Some(usd(299)),
            tax: Some(usd(tax)),
            seller_discount: Some(usd(10)),
            channel_discount: Some(usd(0)),
            paid: Some(usd(paid)),
            lines: lines.iter().map(line).collect(),
            ..Amounts::default()
        }
    }

    fn taxes_of(told: &Amounts, ordered: &[(&str, i64)]) -> (Option<Tax>, Vec<Option<i64>>) {
        let ordered: Vec<_> = ordered.iter().map(|(line, n)| (*line, Quantity(n * 1000))).collect();
        let heard = amounts(told, &shop(), &ordered, Time(5)).expect("a currency");
        (heard.tax, heard.lines.iter().map(|line| line.tax.known()).collect())
    }

    #[test]
    fn tax_is_on_top_or_inside_by_what_was_paid_and_spread_to_the_last_cent() {
        let lines = [("a", 1, 100), ("b", 2, 100), ("c", 1, 0)];
        let ordered = [("a", 1), ("b", 2), ("c", 1)];
        let net = 300 + 299 - 10;
        let on_top = taxes_of(&told(&lines, 20, net + 20), &ordered);
        assert_eq!(on_top, (Some(Tax::OnTop), vec![Some(7), Some(13), Some(0)]));
        let inside = taxes_of(&told(&lines, 20, net), &ordered);
        assert_eq!(inside, (Some(Tax::Included), vec![Some(7), Some(13), Some(0)]));
        let neither = taxes_of(&told(&lines, 20, net + 19), &ordered);
        assert_eq!(neither, (None, vec![None, None, None]), "nobody can say");
        let none = taxes_of(&told(&lines, 0, net), &ordered);
        assert_eq!(none.1, [Some(0), Some(0), Some(0)]);
    }

    #[test]
    fn tax_of_cancelled_units_is_known_where_it_comes_out_even() {
        let paid = 300 + 299 - 10 + 20;
        let of = |ordered: &[(&str, i64)]| taxes_of(&told(&[("a", 3, 100)], 20, paid), ordered).1;
        assert_eq!(of(&[("a", 3)]), [Some(20)]);
        assert_eq!(of(&[("a", 6)]), [Some(40)]);
        assert_eq!(of(&[("a", 4)]), [None]);
        assert_eq!(of(&[]), [None], "a line that is not known");
    }

    #[test]
    fn a_line_that_is_missing_leaves_the_tax_of_all_unknown() {
        let mut short = told(&[("a", 1, 100), ("b", 1, 100)], 20, 200 + 299 - 10 + 20);
        short.lines.pop();
        assert_eq!(taxes_of(&short, &[("a", 1)]).1, [None]);
    }
}
