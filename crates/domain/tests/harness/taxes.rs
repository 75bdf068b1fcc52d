//! The law of taxes: refunds give no more of them than an order carries.

use docket_domain::tree::Refund;
use docket_domain::{Amount, Id, ShopOrder};
use std::collections::BTreeMap;

/// What the refunds that count come to of the taxes of lines and of the freight, beside what these carry.
pub fn promised<'a>(
    shop: &ShopOrder,
    counted: impl Iterator<Item = &'a Refund>,
    promised: &mut BTreeMap<(&'static str, Id), (i64, i64)>,
) {
    let known = |tax: Amount| tax.known().expect("amounts are known here");
    for item in &shop.items {
        promised.insert(("tax", item.id), (0, known(item.tax)));
    }
    promised.insert(("tax of the freight", shop.id), (0, known(shop.freight_tax)));
    for refund in counted {
        let of_lines: i64 = refund.lines.iter().map(|line| known(line.tax)).sum();
        assert!(known(refund.tax) >= of_lines, "the tax of a refund is that of its parts");
        let given = refund.lines.iter().map(|line| (("tax", line.order_id), known(line.tax)));
        let of_freight = (("tax of the freight", shop.id), known(refund.tax) - of_lines);
        for (of, tax) in given.chain([of_freight]) {
            promised.entry(of).or_default().0 += tax;
        }
    }
}
