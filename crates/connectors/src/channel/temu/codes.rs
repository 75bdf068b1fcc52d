//! What each code of Temu means for whoever asked.

use crate::channel::{FaultKind, LimitScope};

/// The code of success.
pub const SUCCESS: i64 = 1_000_000;

/// Out of order, if it says exactly so: with other words this code is about something that stays.
const SYSTEM_EXCEPTION: i64 = 4_000_000;
const SYSTEM_EXCEPTION_WORDS: &str = "SYSTEM_EXCEPTION";
/// What it says with that code for an app key that it does not know, where its documentation has another code.
const UNKNOWN_APP_WORDS: &str = "application information";

/// What a code means, with what was said beside it. Codes that are not known are refusals.
pub fn kind(code: i64, said: &str) -> FaultKind {
    match code {
        SYSTEM_EXCEPTION if said.trim() == SYSTEM_EXCEPTION_WORDS => FaultKind::Transient,
        SYSTEM_EXCEPTION if said.contains(UNKNOWN_APP_WORDS) => FaultKind::AppDead,
        2_000_000 | 7_000_000 | 150_010_005 => FaultKind::Transient,
        4_000_004 | 110_020_007 => FaultKind::Throttled { scope: LimitScope::App, until: None },
        3_000_001 | 7_000_015 => FaultKind::Signature,
        3_000_011 | 3_000_012 => FaultKind::Clock,
        3_000_019 | 3_000_020 | 3_000_022 | 3_000_025 | 3_000_026 | 3_000_028 | 5_000_003
        | 7_000_002 => FaultKind::AppDead,
        3_000_021 | 3_000_027 | 3_000_032 => FaultKind::ScopeMissing,
        3_000_030 | 3_000_031 | 3_000_033 | 3_000_034 | 5_000_000 | 7_000_003 | 7_000_006
        | 7_000_007 | 7_000_018 | 7_000_020 => FaultKind::TokenDead,
        140_020_002 => FaultKind::NotFound,
        _ => FaultKind::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_order_is_only_what_says_so_in_these_words() {
        assert_eq!(kind(4_000_000, "SYSTEM_EXCEPTION"), FaultKind::Transient);
        let unknown = "The application information query is abnormal";
        assert_eq!(kind(4_000_000, unknown), FaultKind::AppDead);
        assert_eq!(kind(4_000_000, "something else"), FaultKind::Rejected);
    }

    #[test]
    fn every_class_has_its_codes() {
        for (code, kind_of_it) in [
            (3_000_000, FaultKind::Rejected),
            (3_000_001, FaultKind::Signature),
            (3_000_011, FaultKind::Clock),
            (3_000_012, FaultKind::Clock),
            (3_000_026, FaultKind::AppDead),
            (3_000_032, FaultKind::ScopeMissing),
            (3_000_034, FaultKind::TokenDead),
            (4_000_004, FaultKind::Throttled { scope: LimitScope::App, until: None }),
            (140_020_001, FaultKind::Rejected),
            (140_020_002, FaultKind::NotFound),
            (999, FaultKind::Rejected),
        ] {
            assert_eq!(kind(code, ""), kind_of_it, "{code}");
        }
    }
}
