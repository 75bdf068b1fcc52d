//! Quantities as integer thousandths of a unit, so that weighed goods are exact.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

/// Thousandths of a unit: `1.250` kg is `Quantity(1250)`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Quantity(pub i64);

/// A quantity in a request lies above zero and below this many thousandths (10⁶ units).
pub const QUANTITY_LIMIT: i64 = 1_000_000_000;

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One whole unit.
    pub const ONE: Self = Self(1000);

    /// The smaller of two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    /// Whether it is a number of whole units.
    pub const fn is_whole(self) -> bool {
        self.0 % Self::ONE.0 == 0
    }

    /// What is left after taking `other`, never below zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        let rest = self.0 - other.0;
        Self(if rest < 0 { 0 } else { rest })
    }
}

impl Add for Quantity {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Quantity {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::iter::Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Quantity {
    /// The shortest decimal: `2`, `1.25`, `-0.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        if rest == 0 {
            write!(f, "{sign}{whole}")
        } else {
            let digits = format!("{rest:03}");
            write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
        }
    }
}

/// What was given is not a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is a decimal number with up to three places, written as a string")]
pub struct NotAQuantity;

impl FromStr for Quantity {
    type Err = NotAQuantity;

    /// Reads `2`, `0.5`, `-1.250`; no exponent, no sign but a leading minus, no blank.
    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, places) = match digits.split_once('.') {
            Some((_, "")) => return Err(NotAQuantity),
            Some((whole, places)) => (whole, places),
            None => (digits, ""),
        };
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 15
            || places.len() > 3
            || !plain(whole)
            || !plain(places)
        {
            return Err(NotAQuantity);
        }
        let thousandths =
            format!("{whole}{places:0<3}").parse::<i64>().map_err(|_| NotAQuantity)?;
        Ok(Self(if negative { -thousandths } else { thousandths }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_read_and_written_as_the_shortest_decimal() {
        for (text, thousandths, shortest) in [
            ("2", 2000, "2"),
            ("1.250", 1250, "1.25"),
            ("0.5", 500, "0.5"),
            ("-0.005", -5, "-0.005"),
            ("0", 0, "0"),
        ] {
            let quantity = text.parse::<Quantity>().expect("it is one");
            assert_eq!((quantity.0, quantity.to_string().as_str()), (thousandths, shortest));
        }
    }

    #[test]
    fn what_is_no_plain_decimal_of_three_places_is_refused() {
        for wrong in ["", ".", "1.", ".5", "1.2345", "+1", "1e3", " 1", "1 ", "--1", "1.-5", "１"]
        {
            assert_eq!(wrong.parse::<Quantity>(), Err(NotAQuantity), "{wrong}");
        }
    }

    #[test]
    fn nothing_is_left_when_more_is_taken_than_there_is() {
        assert_eq!(Quantity(5).saturating_sub(Quantity(7)), Quantity::ZERO);
        assert_eq!(Quantity(7).saturating_sub(Quantity(5)), Quantity(2));
    }
}
