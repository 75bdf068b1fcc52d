//! Telephones out of whatever people type: read without a fault, and the same again.

use docket_wire::telephone::{counted, read};
use proptest::prelude::*;

/// Digits of some scripts, and what stands between them.
fn typed() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        8 => proptest::char::range('0', '9'),
        1 => proptest::char::range('٠', '٩'),
        1 => proptest::char::range('０', '９'),
        2 => proptest::sample::select(vec![' ', '-', '/', '+', '(', ')', ',', '转', 'x', '#', '*']),
        1 => any::<char>(),
    ];
    prop::collection::vec(sign, 0..40).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_read_and_a_number_is_read_again_as_itself(text in typed()) {
        for telephone in read(&text).into_iter().filter(|one| one.counted_as().is_some()) {
            let normal = telephone.normal();
            let again = read(&normal);
            prop_assert_eq!(again.len(), 1, "{:?} {:?}", telephone, again);
            prop_assert_eq!(again[0].normal(), normal);
            prop_assert_eq!(again[0].last4(), telephone.last4());
            prop_assert!(telephone.is(&again[0]));
            prop_assert!(telephone.kept_as().iter().all(|form| telephone.asked_as().contains(form)));
        }
    }

    /// Free digits that are no number of everywhere, before one that is written by itself, walk around no limit.
    #[test]
    fn digits_before_a_mobile_are_no_number_of_their_own(
        third in 0..10u32, rest in 0..100_000_000u64, free in "0?[1-9][0-9]{0,7}", between in "[ /-]",
    ) {
        let mobile = format!("13{third}{rest:08}");
        for country in [None, Some("CN")] {
            prop_assert_eq!(counted(&format!("{free}{between}{mobile}"), country), Some(mobile.clone()));
        }
    }

    /// What is typed around a mobile of the mainland makes no other number of it.
    #[test]
    fn a_mobile_is_counted_as_itself_whatever_stands_around_it(
        third in 0..10u32, rest in 0..100_000_000u64, before in 0..6usize, behind in 0..8usize,
    ) {
        let mobile = format!("13{third}{rest:08}");
        let before = ["", "0", "+86", "86 ", "0086-", "电话："][before];
        let behind = ["", " 0", "-1", "转2", " ext 3", "/", "#7", ",801"][behind];
        let typed = format!("{before}{mobile}{behind}");
        prop_assert_eq!(read(&typed)[0].counted_as(), Some(mobile.clone()));
        for country in [None, Some("CN"), Some("DE")] {
            prop_assert_eq!(counted(&typed, country), Some(mobile.clone()));
        }
    }
}
