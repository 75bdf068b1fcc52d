//! Coupons that change while placements with them are on their way.

#[allow(dead_code)] // shared with the tests of orders, which need more of it
mod center;

use center::{Center, on_every_center, order};
use docket_app::Principal;
use docket_domain::coupon::{Class, Limits, Worth};
use docket_domain::{Amount, Coupon};
use serde_json::json;
use std::time::Duration;

fn off(face: i64) -> Coupon {
    Coupon {
        code: "C".to_owned(),
        version: 0,
        title: None,
        shop_id: None,
        worth: Worth::Amount { face },
        currency: "CNY".parse().expect("a currency"),
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
                    while center.app.store().waiting().0 < 2 {
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
