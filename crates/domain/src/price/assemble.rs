//! From a placement to a priced tree, and from there to a numbered one.

use super::{Coins, Part, TooLarge, bounds, spread, sums};
use crate::coupon::{self, Definitions};
use crate::placement::{PlacedItem, PlacedShop, Placement};
use crate::refusal::DiscountTooLarge;
use crate::tree::{FreightShares, Home, Ledgers, Revoke, Shares};
use crate::words::Visible;
use crate::{Id, ItemOrder, PaymentOrder, Quantity, Refusal, ShopOrder, Time, Tree};

/// Builds the tree of a placement with every share computed, its ids still zero.
///
/// Pure and free of ids, so it runs before the lane; [`number`] gives the ids inside it. Amounts may be
/// unknown, as a recorded order's are: what follows from them is then unknown too. Of coupons it knows none
/// but those whose amount is told.
pub fn assemble(placement: &Placement, issuer: &str, at: Time) -> Result<Tree, Refusal> {
    assemble_with(placement, issuer, at, Definitions { coupons: &[], at })
}

/// The same with the coupons it names, as they are.
pub fn assemble_with(
    placement: &Placement,
    issuer: &str,
    at: Time,
    known: Definitions<'_>,
) -> Result<Tree, Refusal> {
    let mut tree = Tree {
        payment: payment_order(placement, issuer, at),
        shops: placement.shops.iter().map(|shop| shop_order(shop, at)).collect(),
    };
    let errors = bounds::wrong(placement);
    if !errors.is_empty() {
        return Err(Refusal::Invalid(errors));
    }
    if !placement.coupons.is_empty() {
        // Discounts that are too large without any coupon are told as that, not laid to the coupons.
        shared_out(&mut tree.clone())?;
        coupon::apply(&mut tree, &placement.coupons, known)?;
    }
    shared_out(&mut tree)?;
    let payable = sums::payable(&tree).known();
    match (placement.expected_total, payable) {
        (Some(expected), Some(current)) if expected != current => {
            Err(Refusal::TotalMismatch { expected, current })
        }
        _ => Ok(tree),
    }
}

fn shared_out(tree: &mut Tree) -> Result<(), Refusal> {
    spread(tree, Coins::AsAsked).map_err(|errors| too_large(&errors, Part::path))
}

/// Gives every node of a freshly assembled tree its number, in tree order.
pub fn number(tree: &mut Tree, next: &mut dyn FnMut() -> Id) {
    tree.payment.id = next();
    for shop in &mut tree.shops {
        shop.id = next();
        for item in &mut shop.items {
            item.id = next();
        }
    }
}

/// The refusal of these discounts, each in the field that `field` names.
pub fn too_large(errors: &[TooLarge], field: impl Fn(Part) -> String) -> Refusal {
    let all = errors.iter().map(|error| DiscountTooLarge {
        field: field(error.part),
        discount: error.discount,
        left: error.left,
    });
    Refusal::DiscountTooLarge(all.collect())
}

fn payment_order(placement: &Placement, issuer: &str, at: Time) -> PaymentOrder {
    PaymentOrder {
        id: Id(0),
        version: 1,
        terms_version: 1,
        terms_at: None,
        home: Home::Center,
        order_type: placement.order_type,
        market: placement.market,
        platform: placement.platform,
        channel: placement.channel.clone(),
        external_id: placement.external_id.clone(),
        issuer: issuer.to_owned(),
        client_token: placement.client_token.clone(),
        source: placement.source.clone(),
        buyer_id: placement.buyer_id.clone(),
        currency: placement.currency,
        visible: Visible::Yes,
        extra: placement.extra.clone(),
        tags: placement.tags.clone(),
        platform_discount: placement.platform_discount,
        coupons: Vec::new(),
        coins: placement.coins,
        third_party_discount: placement.third_party_discount,
        tax: placement.tax,
        payments: Vec::new(),
        attempts: Vec::new(),
        refunds_due: Vec::new(),
        revoke: Revoke::None,
        deadline: None,
        pay_by: None,
        reported_payment: None,
        notes: 0,
        anomalies: Vec::new(),
        ledgers: Ledgers::default(),
        created_at: at,
        updated_at: at,
    }
}

fn shop_order(shop: &PlacedShop, at: Time) -> ShopOrder {
    ShopOrder {
        id: Id(0),
        shop_id: shop.shop_id.clone(),
        place: shop.place.clone(),
        fulfilment: shop.fulfilment,
        shop_discount: shop.shop_discount,
        coupons: Vec::new(),
        freight: shop.freight,
        freight_tax: shop.freight_tax,
        freight_shares: FreightShares::default(),
        has_ship_to: shop.has_ship_to,
        buyer_comment: shop.buyer_comment.clone(),
        seller_comment: None,
        promotions: shop.promotions.clone(),
        tags: shop.tags.clone(),
        dropped_at: None,
        dropped_by: None,
        shipments: Vec::new(),
        delivery: Vec::new(),
        reported: None,
        channel_status: None,
        received: None,
        refunds: Vec::new(),
        receive_by: None,
        extended_by: 0,
        settled_at: None,
        deadline: None,
        answers: Vec::new(),
        heard: None,
        created_at: at,
        updated_at: at,
        items: shop.items.iter().map(item_order).collect(),
    }
}

pub(crate) fn item_order(item: &PlacedItem) -> ItemOrder {
    ItemOrder {
        id: Id(0),
        sku_id: item.sku_id.clone(),
        external_id: None,
        item_id: item.item_id.clone(),
        title: item.title.clone(),
        image: item.image.clone(),
        attributes: item.attributes.clone(),
        deliver_area_id: item.deliver_area_id.clone(),
        deliver_code: item.deliver_code.clone(),
        extra: item.extra.clone(),
        list_price: item.list_price,
        quantity: item.quantity,
        cancelled_quantity: Quantity::ZERO,
        item_discount: item.item_discount,
        tax: item.tax,
        shares: Shares::default(),
        weighed: item.weighed,
        weighed_as: None,
        holds_stock: false,
        allocations: Vec::new(),
        dropped_at: None,
        rates: Vec::new(),
        heard: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::AMOUNT_LIMIT;
    use crate::price::check;
    use crate::tree::Tax;
    use crate::words::{Fulfilment, OrderType, Platform};
    use crate::{Amount, Currency};

    fn item(list_price: i64, quantity: i64, discount: i64) -> PlacedItem {
        PlacedItem {
            sku_id: "1".into(),
            item_id: None,
            title: None,
            image: None,
            attributes: None,
            deliver_area_id: None,
            deliver_code: None,
            extra: None,
            quantity: Quantity(quantity),
            list_price: Amount::of(list_price),
            item_discount: Amount::of(discount),
            tax: Amount::ZERO,
            weighed: false,
        }
    }

    fn shop(discount: i64, freight: i64, items: Vec<PlacedItem>) -> PlacedShop {
        PlacedShop {
            shop_id: "11".into(),
            place: "main".into(),
            fulfilment: Fulfilment::Parcel,
            shop_discount: Amount::of(discount),
            freight: Amount::of(freight),
            freight_tax: Amount::ZERO,
            has_ship_to: true,
            buyer_comment: None,
            promotions: None,
            tags: Vec::new(),
            items,
        }
    }

    fn placement(shops: Vec<PlacedShop>) -> Placement {
        Placement {
            buyer_id: Some("1001".into()),
            currency: Currency::in_use("CNY").expect("CNY is a currency"),
            order_type: OrderType::Goods,
            market: 0,
            platform: Platform::H5,
            channel: None,
            external_id: None,
            client_token: None,
            source: None,
            extra: None,
            tags: Vec::new(),
            expected_total: None,
            platform_discount: Amount::ZERO,
            coins: Amount::ZERO,
            third_party_discount: Amount::ZERO,
            tax: Tax::Included,
            shops,
            coupons: Vec::new(),
        }
    }

    fn refusal(placement: &Placement) -> Refusal {
        assemble(placement, "web", Time(0)).expect_err("it must be refused")
    }

    fn too_large(field: &str, discount: i64, left: i64) -> Refusal {
        Refusal::DiscountTooLarge(vec![DiscountTooLarge {
            field: field.to_owned(),
            discount,
            left,
        }])
    }

    /// The example of the interface, to the digit.
    fn example() -> Placement {
        let mut placement = placement(vec![shop(300, 600, vec![item(6000, 2000, 200)])]);
        placement.platform_discount = Amount::of(500);
        placement.coins = Amount::of(100);
        placement.expected_total = Some(11500);
        placement
    }

    #[test]
    fn the_example_of_the_interface_comes_out_to_the_digit() {
        let tree = assemble(&example(), "web", Time(0)).expect("it is right");
        let shop = &tree.shops[0];
        let line = &shop.items[0];
        assert_eq!(sums::tree_price(&tree), Amount::of(11000));
        assert_eq!(sums::tree_freight(&tree), Amount::of(600));
        assert_eq!(sums::payable(&tree), Amount::of(11500));
        assert_eq!(sums::shop_price(shop), Amount::of(11500));
        assert_eq!(sums::shop_to_pay(shop, Tax::Included), Amount::of(11500));
        assert_eq!(shop.freight_shares.coins, Amount::of(5));
        assert_eq!(shop.freight_shares.third_party, Amount::ZERO);
        assert_eq!(sums::line_price(line), Amount::of(11800));
        assert_eq!(line.shares.shop, Amount::of(300));
        assert_eq!(line.shares.platform, Amount::of(500));
        assert_eq!(line.shares.coins, Amount::of(95));
        assert_eq!(line.shares.third_party, Amount::ZERO);
        assert_eq!(sums::line_to_pay(line, Tax::Included), Amount::of(10905));
        assert_eq!(check(&tree), Ok(()));
    }

    #[test]
    fn another_expected_total_is_refused_with_the_current_one() {
        let mut placement = example();
        placement.expected_total = Some(11499);
        let mismatch = Refusal::TotalMismatch { expected: 11499, current: 11500 };
        assert_eq!(refusal(&placement), mismatch);
    }

    #[test]
    fn list_price_times_quantity_is_rounded_half_up_once() {
        assert_eq!(sums::gross(Amount::of(333), Quantity(1500)), Amount::of(500));
        assert_eq!(sums::gross(Amount::of(1), Quantity(499)), Amount::ZERO);
        assert_eq!(sums::gross(Amount::of(1), Quantity(500)), Amount::of(1));
    }

    #[test]
    fn each_discount_above_what_is_left_is_refused_by_the_name_of_its_field() {
        let two = |shop_discount, discount| {
            let items = vec![item(1000, 1000, 0), item(500, 1000, discount)];
            placement(vec![shop(shop_discount, 100, items)])
        };
        assert_eq!(refusal(&two(0, 501)), too_large("shops[0].items[1].item_discount", 501, 500));
        assert_eq!(refusal(&two(1500, 1)), too_large("shops[0].shop_discount", 1500, 1499));
        let mut platform = two(1000, 0);
        platform.platform_discount = Amount::of(501);
        assert_eq!(refusal(&platform), too_large("platform_discount", 501, 500));
        let mut coins = two(1000, 0);
        coins.coins = Amount::of(601);
        assert_eq!(refusal(&coins), too_large("coins", 601, 600));
        coins.coins = Amount::of(600);
        coins.third_party_discount = Amount::of(1);
        assert_eq!(refusal(&coins), too_large("third_party_discount", 1, 0));
    }

    #[test]
    fn every_discount_that_is_too_large_at_a_step_is_told_at_once() {
        let fields = |placement: &Placement| match refusal(placement) {
            Refusal::DiscountTooLarge(all) => all.into_iter().map(|one| one.field).collect(),
            other => vec![other.to_string()],
        };
        let wrong = || shop(0, 0, vec![item(500, 1000, 501), item(9, 1000, 9), item(5, 1000, 6)]);
        assert_eq!(
            fields(&placement(vec![wrong(), wrong()])),
            [
                "shops[0].items[0].item_discount",
                "shops[0].items[2].item_discount",
                "shops[1].items[0].item_discount",
                "shops[1].items[2].item_discount"
            ]
        );
        let at_shops = placement(vec![
            shop(11, 0, vec![item(10, 1000, 0)]),
            shop(1, 0, vec![item(10, 1000, 0)]),
            shop(12, 0, vec![item(10, 1000, 0)]),
        ]);
        assert_eq!(fields(&at_shops), ["shops[0].shop_discount", "shops[2].shop_discount"]);
    }

    #[test]
    fn every_wrong_amount_is_told_at_once() {
        let mut placement = placement(vec![shop(-1, 0, vec![item(AMOUNT_LIMIT, 0, 0)])]);
        placement.coins = Amount::of(-5);
        let Refusal::Invalid(errors) = refusal(&placement) else { panic!("fields are wrong") };
        let fields: Vec<_> = errors.iter().map(|e| (e.field.as_str(), e.code)).collect();
        assert_eq!(
            fields,
            [
                ("coins", "negative"),
                ("shops[0].shop_discount", "negative"),
                ("shops[0].items[0].list_price", "too_large"),
                ("shops[0].items[0].quantity", "not_positive"),
            ]
        );
    }

    #[test]
    fn a_total_at_the_limit_is_too_large() {
        let at = |list| placement(vec![shop(0, 1, vec![item(list, 1000, 0), item(1, 1000, 0)])]);
        assert!(assemble(&at(AMOUNT_LIMIT - 3), "web", Time(0)).is_ok());
        let Refusal::Invalid(errors) = refusal(&at(AMOUNT_LIMIT - 2)) else { panic!("too large") };
        assert_eq!(errors[0].code, "too_large");
    }

    #[test]
    fn what_follows_from_an_unknown_amount_is_unknown() {
        let mut placement = example();
        placement.shops[0].items[0].list_price = Amount::UNKNOWN;
        placement.shops.push(shop(0, 0, vec![item(100, 1000, 0)]));
        let tree = assemble(&placement, "web", Time(0)).expect("a record may not know");
        assert_eq!(sums::payable(&tree), Amount::UNKNOWN);
        assert_eq!(tree.shops[1].items[0].shares.platform, Amount::UNKNOWN);
        assert_eq!(tree.shops[1].items[0].shares.shop, Amount::ZERO);
        assert_eq!(check(&tree), Ok(()));
    }

    #[test]
    fn numbers_are_given_in_tree_order() {
        let mut tree = assemble(&example(), "web", Time(0)).expect("it is right");
        let mut last = 0;
        number(&mut tree, &mut || {
            last += 1;
            Id(last)
        });
        assert_eq!((tree.id(), tree.shops[0].id, tree.shops[0].items[0].id), (Id(1), Id(2), Id(3)));
    }

    #[test]
    fn a_tree_whose_parts_do_not_add_up_is_found() {
        let mut tree = assemble(&example(), "web", Time(0)).expect("it is right");
        tree.payment.coins = Amount::of(99);
        assert_eq!(check(&tree).expect_err("coins differ").component, "coins");
    }
}
