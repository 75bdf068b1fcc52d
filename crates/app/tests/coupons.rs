//! Coupons that change while placements with them are on their way.

#[allow(dead_code)] // shared with the tests of orders, which need more of it
mod center;

use center::{Center, on_every_center, order};
use docket_app::{Principal, ReturnCoupon};
use docket_domain::coupon::{Class, Limits, Worth};
use docket_domain::{Amount, Coupon, Currency};
use docket_store::BalanceKind;
use serde_json::json;
use std::time::Duration;

fn off(face: i64) -> Coupon {
    Coupon {
        code: "C".to_owned(),
        version: 0,
        title: None,
        shop_id: None,
        worth: Worth::Amount { face },
        currency: Currency::in_use("CNY").expect("a currency"),
        min_spend: 0,
        class: Class::Discount,
        limits: Limits::default(),
        from: None,
        until: None,
        active: true,
    }
}

async fn set(center: &Center, face: i64) {
    center.app.set_coupon(&Principal::local(), off(face)).await.expect("it is set");
}

/// The writer stands still while a coupon is changed and placements are prepared with what it was: none of them
/// is decided with that.
#[tokio::test(flavor = "multi_thread")]
async fn a_placement_is_priced_anew_when_its_coupon_changed_meanwhile() {
    on_every_center(async |center| {
        set(center, 100).await;
        let mut body = order("sku", 1);
        body["coupons"] = json!([{"code": "C"}]);
        let release = center.hold_the_writer();
        let changing = set(center, 7);
        let placing = async {
            let placing = center.place(&body);
            let releasing = async {
                let both_wait = async {
                    while center.store.waiting().0 < 2 {
                        tokio::task::yield_now().await;
                    }
                };
                let waiting = tokio::time::timeout(Duration::from_secs(20), both_wait).await;
                release();
                waiting.expect("the change and the placement wait for the writer");
            };
            tokio::join!(placing, releasing).0
        };
        let ((), placed) = tokio::join!(changing, placing);
        let placed = placed.expect("it is placed");
        assert_eq!(placed.tree.payment.platform_discount, Amount::of(7));
        assert_eq!(placed.tree.payment.coupons[0].amount, 7);
        let stands = center.app.coupon(&Principal::local(), "C").await.expect("it is there");
        assert_eq!((stands.coupon.version, stands.used.used), (2, 1));
    })
    .await;
}

/// How often it is used, how often of it for good, and whether its effects say the same.
async fn uses(center: &Center) -> (i64, i64) {
    let stands = center.app.coupon(&Principal::local(), "C").await.expect("it is there");
    let apart =
        center.store.imbalances(BalanceKind::CouponsRedeemed, 9).await.expect("they are read");
    assert_eq!(apart, [], "the book agrees with what came about");
    (stands.used.used, stands.used.redeemed)
}

/// Every step moves the counts by the difference of what the order is: reconcile finds nothing, on every database.
#[tokio::test(flavor = "multi_thread")]
async fn what_came_back_and_was_taken_again_agrees_with_the_book() {
    on_every_center(async |center| {
        let once = Limits { per_buyer: Some(1), ..Limits::default() };
        let coupon = Coupon { limits: once, ..off(100) };
        center.app.set_coupon(&Principal::local(), coupon).await.expect("it is set");
        let mut body = order("sku", 1);
        body["coupons"] = json!([{"code": "C"}]);
        let paid = async |reference: &str| {
            let placed = center.place(&body).await.expect("it is placed").tree;
            let payable = docket_domain::status::of(&placed).payable.known().expect("known");
            center.pay(placed.id(), reference, payable).await.expect("it is paid").tree
        };
        let first = paid("r1").await;
        assert_eq!(uses(center).await, (1, 1));
        let give_back = json!({"type": "refund_by_store", "freight": true});
        let shop = first.shops[0].id;
        let gone = center.ask(shop, "store", give_back.clone()).await.expect("it is paid").tree;
        assert_eq!(uses(center).await, (0, 0));
        let second = paid("r2").await;
        assert_eq!(uses(center).await, (1, 1));

        // The money of the first comes back: a fact, whatever the limit says; and goes out again.
        let refund_id = gone.shops[0].refunds[0].refund_id;
        let fails = json!({"type": "refund_failed", "refund_id": refund_id.to_string()});
        let mut tree = gone;
        while tree.shops[0].refunds[0].status == docket_domain::words::RefundStatus::Refunding {
            tree = center.ask(shop, "gateway", fails.clone()).await.expect("a fact").tree;
        }
        assert_eq!(uses(center).await, (2, 2));
        center.place(&body).await.expect_err("the limit is passed by a fact, and by no placement");
        center.ask(shop, "store", give_back).await.expect("it goes on");
        assert_eq!(uses(center).await, (1, 1));

        // By hand, with what it moves and what came about by it.
        let asked = ReturnCoupon {
            code: "C".to_owned(),
            order: second.id(),
            reason: "goodwill".to_owned(),
            actor: None,
        };
        let who = Principal::local();
        center.app.return_coupon(&who, asked.clone(), None).await.expect("it is used");
        assert_eq!(uses(center).await, (0, 0));
        center.app.return_coupon(&who, asked, None).await.expect_err("it has come back");
        paid("r3").await;
        assert_eq!(uses(center).await, (1, 1));
    })
    .await;
}
