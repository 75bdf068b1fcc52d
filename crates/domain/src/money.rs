//! Money: integer minor units with an ISO 4217 currency. Floats never.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// An amount or total given from outside lies below this many minor units.
pub const AMOUNT_LIMIT: i64 = 1_000_000_000_000;

/// An amount in minor units of the tree's currency, or unknown.
///
/// Unknown amounts exist in recorded trees only. A sum over an unknown is unknown, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(pub Option<i64>);

impl Amount {
    /// Nothing to pay.
    pub const ZERO: Self = Self(Some(0));
    /// Not told by the source.
    pub const UNKNOWN: Self = Self(None);

    /// A known amount.
    pub const fn of(minor: i64) -> Self {
        Self(Some(minor))
    }

    /// The amount, if it is known.
    pub const fn known(self) -> Option<i64> {
        self.0
    }

    /// Whether it is known to be zero; used to leave zeros out of stored bodies.
    #[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl Default for Amount {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.zip(other.0).and_then(|(a, b)| a.checked_add(b)))
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.zip(other.0).and_then(|(a, b)| a.checked_sub(b)))
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

/// The active codes of ISO 4217 that money is paid in.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD \
BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS \
GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT \
LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR \
PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL \
THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";
/// Codes that were withdrawn. History is in them; nothing is placed in them any more.
const WITHDRAWN: &str = "ADP AFA ALK AOK AON AOR ARA ARP ARY ATS AYM AZM BAD BEC BEF BEL BGJ BGK BGL BOP BRB BRC \
BRE BRN BRR BUK BYB BYR CHC CSD CSJ CSK CUC CYP DDM DEM ECS ECV EEK ESA ESB ESP FIM FRF GEK GHC GHP GNE GNS GQE \
GRD GWE GWP HRD HRK IEP ILP ILR ISJ ITL LAJ LSM LTL LTT LUC LUF LUL LVL LVR MGF MLF MRO MTL MTP MVQ MXP MZE MZM \
NIC NLG PEH PEI PES PLZ PTE RHD ROK ROL RUR SDD SDP SIT SKK SLL SRG STD SUR TJR TMM TPE TRL UAK UGS UGW UYN UYP \
VEB VED VEF VNC XEU YDD YUD YUM YUN ZAL ZMK ZRN ZRZ ZWC ZWD ZWL ZWN ZWR";
const NO_MINOR_UNIT: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF \
ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE TPE TRL";
const THREE_PLACES: &str = "BHD IQD JOD KWD LYD OMR TND";

impl Currency {
    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency is made of ASCII letters only")
    }

    /// The currency of this code that money is paid in today: what is placed and priced. There is no `parse`, so
    /// that whoever reads a code says which of the two he means.
    pub fn in_use(code: &str) -> Result<Self, NotACurrency> {
        let letters = code.as_bytes().try_into().map_err(|_| NotACurrency)?;
        CODES.split_ascii_whitespace().find(|known| *known == code).ok_or(NotACurrency)?;
        Ok(Self(letters))
    }

    /// The currency of this code, withdrawn or not: what history is in, and so whatever is stored or shown.
    pub fn ever(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.as_bytes().try_into().ok()?;
        let mut known = CODES.split_ascii_whitespace().chain(WITHDRAWN.split_ascii_whitespace());
        known.any(|known| known == code).then_some(Self(letters))
    }

    /// How many decimal places its minor unit has: 2 for most, 0 for JPY, 3 for KWD.
    pub fn places(&self) -> u32 {
        let among = |list: &str| list.split_ascii_whitespace().any(|code| code == self.code());
        match () {
            () if among(NO_MINOR_UNIT) => 0,
            () if among(THREE_PLACES) => 3,
            () => 2,
        }
    }
}

/// What was given is no currency that money is paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency is a three-letter code of ISO 4217 in capitals, such as CNY")]
pub struct NotACurrency;

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        // What is stored may be older than the withdrawal of its currency.
        Self::ever(&text).ok_or_else(|| serde::de::Error::custom(NotACurrency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_over_an_unknown_is_unknown() {
        assert_eq!(Amount::of(1) + Amount::UNKNOWN, Amount::UNKNOWN);
        assert_eq!(Amount::UNKNOWN - Amount::of(1), Amount::UNKNOWN);
        let sum: Amount = [Amount::of(1), Amount::UNKNOWN].into_iter().sum();
        assert_eq!(sum, Amount::UNKNOWN);
        assert_eq!([Amount::of(1), Amount::of(2)].into_iter().sum::<Amount>(), Amount::of(3));
    }

    #[test]
    fn a_sum_that_does_not_fit_is_unknown_and_not_wrong() {
        assert_eq!(Amount::of(i64::MAX) + Amount::of(1), Amount::UNKNOWN);
    }

    #[test]
    fn only_what_is_known_to_be_zero_is_left_out() {
        assert!(Amount::ZERO.is_zero());
        assert!(!Amount::UNKNOWN.is_zero());
        assert_eq!(serde_json::to_string(&Amount::UNKNOWN).expect("it serialises"), "null");
    }

    #[test]
    fn a_currency_is_three_capital_letters_of_the_list() {
        assert_eq!(Currency::in_use("CNY").expect("it is one").code(), "CNY");
        for wrong in ["cny", "RMB", "", "CNYY", "CN ", "CNY CRC"] {
            assert_eq!(Currency::in_use(wrong), Err(NotACurrency), "{wrong}");
        }
    }

    #[test]
    fn a_withdrawn_currency_is_one_of_history_alone() {
        for (code, places) in [
            ("HRK", 2),
            ("SLL", 2),
            ("VEF", 2),
            ("ZWL", 2),
            ("MRO", 2),
            ("STD", 2),
            ("LTL", 2),
            ("DEM", 2),
            ("ITL", 0),
            ("BYR", 0),
        ] {
            let currency = Currency::ever(code).expect("it was one");
            assert_eq!((currency.code(), currency.places()), (code, places));
            assert_eq!(Currency::in_use(code), Err(NotACurrency), "nothing is placed in {code}");
            let stored = serde_json::to_string(&currency).expect("it serialises");
            assert_eq!(serde_json::from_str::<Currency>(&stored).expect("it is read"), currency);
        }
        for none in ["hrk", "XXX", "", "HRKK", "HR "] {
            assert_eq!(Currency::ever(none), None, "{none}");
        }
        let mut all: Vec<&str> =
            CODES.split_ascii_whitespace().chain(WITHDRAWN.split_ascii_whitespace()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "no code is in both lists");
    }

    #[test]
    fn minor_units_have_the_places_of_their_currency() {
        let places = |code: &str| Currency::in_use(code).expect("it is one").places();
        assert_eq!((places("CNY"), places("JPY"), places("KWD")), (2, 0, 3));
    }
}
