//! Why a call is not done: the codes of the open platform, as its documents list them.

/// A code and its sentence, which come in an envelope under HTTP 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub code: u32,
    pub message: &'static str,
}

const fn of(code: u32, message: &'static str) -> Refusal {
    Refusal { code, message }
}

pub const BAD_PARAMS: Refusal = of(3_000_000, "BAD_PARAMS");
pub const BAD_SIGN: Refusal = of(3_000_001, "SIGN_UNVALID");
pub const NO_TYPE: Refusal = of(3_000_002, "type is missing");
pub const UNKNOWN_TYPE: Refusal = of(3_000_003, "type does not exist");
pub const NO_TIMESTAMP: Refusal = of(3_000_010, "timestamp is missing");
pub const EARLY: Refusal = of(3_000_011, "timestamp is ahead of the server's time");
pub const LATE: Refusal = of(3_000_012, "timestamp is expired");
pub const NO_DATA_TYPE: Refusal = of(3_000_013, "data_type is missing");
pub const BAD_DATA_TYPE: Refusal = of(3_000_014, "data_type is not supported");
pub const NO_APP_KEY: Refusal = of(3_000_019, "app_key is missing");
pub const NO_TOKEN: Refusal = of(3_000_030, "access_token is missing");
pub const UNKNOWN_TOKEN: Refusal = of(3_000_031, "access_token does not exist");
pub const NO_SCOPE: Refusal =
    of(3_000_032, "access_token does not have permission to access this type");
pub const OTHER_APP: Refusal = of(3_000_033, "access_token does not match app_key");
pub const DEAD_TOKEN: Refusal = of(3_000_034, "access_token is expired or refreshed");
pub const NO_SIGN: Refusal = of(3_000_040, "sign is missing");
/// What an unknown app gets, measured; the documents promise 3000026.
pub const UNKNOWN_APP: Refusal = of(4_000_000, "The application information query is abnormal");
pub const SYSTEM: Refusal = of(4_000_000, "SYSTEM_EXCEPTION");
pub const THROTTLED: Refusal = of(4_000_004, "RATE_LIMIT_EXCEED_EXCEPTION");
pub const BAD_CODE: Refusal = of(110_020_001, "code is invalid or expired");
pub const TOO_MANY_UPDATES: Refusal = of(110_020_007, "one update of events a second");
pub const BAD_PACKAGE_ORDER: Refusal = of(120_012_016, "The parentOrder or Order is invalid");
pub const ILLEGAL: Refusal = of(130_010_001, "The parameter is illegal");
pub const NO_SEARCH_TYPE: Refusal = of(7_000_000, "goodsSearchType is missing");
pub const UNKNOWN_ORDER: Refusal = of(140_020_002, "parent order is not found");
pub const INVERTED: Refusal = of(140_020_012, "the start of the range is after its end");
pub const HALF_A_RANGE: Refusal = of(140_020_013, "a range needs its start and its end");
pub const BAD_TIME: Refusal = of(140_020_014, "a time is 10 digits of seconds");
/// What a tester's `code=N` gives where the documents have no sentence.
pub const fn as_asked(code: u32) -> Refusal {
    match code {
        140_020_001 => of(code, "the shop is neither semi-managed nor local"),
        5_000_003 => of(code, "IP is not in the whitelist"),
        140_020_002 => UNKNOWN_ORDER,
        140_020_003 => of(code, "the agreement is not signed"),
        150_010_005 => of(code, "Try again later"),
        _ => of(code, "as asked for"),
    }
}
