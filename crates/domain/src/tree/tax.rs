//! Whether the tax that an order carries stands inside its prices or comes on top of them.

use crate::Amount;
use serde::{Deserialize, Serialize};

/// What tax is to the sums of an order. It is carried as it was given, never computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
pub enum Tax {
    /// Inside prices and freights: information that changes no sum.
    #[default]
    Included,
    /// On top of them, paid beside what every discount leaves.
    OnTop,
}

impl Tax {
    /// What of `tax` is to be paid beside the price it belongs to; nothing where the price has it inside.
    pub const fn on_top(self, tax: Amount) -> Amount {
        match self {
            Self::Included => Amount::ZERO,
            Self::OnTop => tax,
        }
    }
}

/// As `tax_included` says it.
impl From<bool> for Tax {
    fn from(included: bool) -> Self {
        if included { Self::Included } else { Self::OnTop }
    }
}

impl From<Tax> for bool {
    fn from(tax: Tax) -> Self {
        tax == Tax::Included
    }
}
