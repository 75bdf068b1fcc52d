//! A channel may tell anything: nothing panics, sums stay sums, twice is once, and the log leads there and back.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod channel_reports;

use channel_reports::{currency, line, report, take_down};
use docket_domain::record::channel::{
    AmountsHeard, ChannelReport, LineAmounts, LineHeard, OrderHeard, PackagesHeard, ParcelHeard,
    RefundHeard,
};
use docket_domain::tree::{Stamp, Tax, When};
use docket_domain::words::{PaymentStatus, RefundKind, RefundStatus, Status};
use docket_domain::{ActorKind, Amount, Json, Quantity, Time, change, price, status};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::json;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec!["a", "b", "c", "PK-1", "PK-2"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["", " ", " a", "a\n", "\u{0}"]).prop_map(str::to_owned),
        1 => Just("长".repeat(400)),
    ]
}

fn any_number() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0_i64..5000, 1 => any::<i64>(), 1 => 990_000_000_i64..1_000_000_001]
}

fn any_time() -> impl Strategy<Value = Time> {
    prop_oneof![6 => (0_i64..9000).prop_map(Time), 1 => any::<i64>().prop_map(Time)]
}

fn any_when() -> impl Strategy<Value = Option<When>> {
    of((any_time(), any::<bool>()).prop_map(|(at, by_then)| When { at, by_then }))
}

fn any_stamp() -> impl Strategy<Value = Stamp> {
    (of(any_time()), 0_u8..8, any_time()).prop_map(|(updated_at, rank, read_at)| Stamp {
        updated_at,
        rank,
        read_at,
    })
}

fn any_amount() -> impl Strategy<Value = Amount> {
    prop_oneof![2 => Just(Amount::UNKNOWN), 4 => any_number().prop_map(Amount::of)]
}

fn any_free() -> impl Strategy<Value = Option<Json>> {
    of(prop_oneof![
        4 => any_text().prop_map(|text| json!({ "text": text })),
        1 => Just(Json::Null),
        1 => Just(json!("x".repeat(9000))),
    ])
}

fn any_status() -> impl Strategy<Value = Option<Status>> {
    of(prop::sample::select(Status::ALL.to_vec()))
}

fn any_line() -> impl Strategy<Value = LineHeard> {
    let texts = (any_text(), any_text(), of(any_text()), of(any_text()));
    let rest = (any_free(), any_free(), any_number(), any_number(), any_status(), any_when());
    (texts, rest).prop_map(
        |(
            (number, sku_id, item_id, title),
            (attributes, extra, ordered, cancelled, status, shipped),
        )| {
            LineHeard {
                sku_id,
                item_id,
                title,
                attributes,
                extra,
                ordered: Quantity(ordered),
                cancelled: Quantity(cancelled),
                status,
                shipped,
                ..line(&number)
            }
        },
    )
}

fn any_order() -> impl Strategy<Value = OrderHeard> {
    let statuses =
        (any_status(), of(prop::sample::select(PaymentStatus::ALL.to_vec())), any_text());
    let times = (any_when(), any_when(), of(any_time()));
    let tags = prop::collection::vec(any_text(), 0..40);
    let lines = prop::collection::vec(any_line(), 0..5);
    (any_stamp(), statuses, times, tags, any_free(), lines).prop_map(
        |(stamp, statuses, times, tags, extra, lines)| OrderHeard {
            stamp,
            status: statuses.0,
            payment_status: statuses.1,
            channel_status: statuses.2,
            shipped: times.0,
            received: times.1,
            cancelled_at: times.2,
            tags,
            extra,
            lines,
        },
    )
}

fn any_packages() -> impl Strategy<Value = PackagesHeard> {
    let lines = prop::collection::vec((any_text(), of(any_number().prop_map(Quantity))), 0..4);
    let texts = (of(any_text()), of(any_text()), of(any_text()));
    let parcel = (texts, lines).prop_map(|((package, carrier, tracking), lines)| ParcelHeard {
        package,
        carrier,
        tracking,
        lines,
    });
    let about = prop::collection::vec(any_text(), 0..3);
    (any_time(), about, prop::collection::vec(parcel, 0..4))
        .prop_map(|(read_at, lines, parcels)| PackagesHeard { read_at, lines, parcels })
}

fn any_amounts() -> impl Strategy<Value = AmountsHeard> {
    let line = (any_text(), any_amount(), any_amount(), any_amount()).prop_map(
        |(external_id, list_price, item_discount, tax)| LineAmounts {
            external_id,
            list_price,
            item_discount,
            tax,
        },
    );
    let whole = (any_amount(), any_amount(), any_amount(), any_amount(), of(any_number()));
    let lines = prop::collection::vec(line, 0..4);
    (any_time(), whole, any::<[bool; 3]>(), lines).prop_map(|(read_at, whole, flags, lines)| {
        AmountsHeard {
            read_at,
            currency: currency(if flags[0] { "USD" } else { "EUR" }),
            platform_discount: whole.0,
            shop_discount: whole.1,
            freight: whole.2,
            freight_tax: whole.3,
            tax: flags[2].then(|| Tax::from(flags[1])),
            refunded: whole.4,
            lines,
        }
    })
}

fn any_refund() -> impl Strategy<Value = RefundHeard> {
    let words = (
        prop::sample::select(RefundKind::ALL.to_vec()),
        prop::sample::select(RefundStatus::ALL.to_vec()),
    );
    let lines = prop::collection::vec((any_text(), any_number().prop_map(Quantity)), 0..4);
    let times = (of(any_time()), of(any_time()));
    (any_text(), any_stamp(), words, of(any_number()), lines, of(any_text()), times).prop_map(
        |(external_id, stamp, words, amount, lines, reason, times)| RefundHeard {
            external_id,
            stamp,
            kind: words.0,
            by: ActorKind::Buyer,
            status: words.1,
            amount,
            lines,
            reason,
            created_at: times.0,
            ended_at: times.1,
        },
    )
}

prop_compose! {
    fn any_report()(
        order in of(any_order()),
        packages in of(any_packages()),
        amounts in of(any_amounts()),
        refunds in prop::collection::vec(any_refund(), 0..3),
        created_at in of(any_time()),
        euro in any::<bool>(),
    ) -> ChannelReport {
        let guess = currency(if euro { "EUR" } else { "USD" });
        ChannelReport { order, packages, amounts, refunds, created_at, currency: guess, ..report() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_channel_may_tell_anything(reports in prop::collection::vec(any_report(), 1..5)) {
        let mut tree = None;
        for report in &reports {
            let Ok(Some(next)) = take_down(tree.as_ref(), report) else { continue };
            prop_assert_eq!(price::check(&next.tree), Ok(()));
            let standing = status::of(&next.tree);
            for item in standing.shops.iter().flat_map(|shop| &shop.items) {
                prop_assert!(item.left_to_ship >= Quantity::ZERO);
                prop_assert!(item.left_to_refund >= Quantity::ZERO);
            }
            prop_assert_eq!(take_down(Some(&next.tree), report), Ok(None), "twice is once");
            let undone = change::undo(&next.tree, &next.entry);
            prop_assert_eq!(undone.as_ref().map(Option::as_ref), Ok(tree.as_ref()));
            if let Some(tree) = &tree {
                let redone = change::redo(tree, &next.entry);
                prop_assert_eq!(redone.as_ref(), Ok(&next.tree));
            }
            tree = Some(next.tree);
        }
    }
}
