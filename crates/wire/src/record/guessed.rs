//! Which times of an order are guesses: its anomalies name them. A guess is not told on as if it were known.

use docket_domain::tree::Anomaly;
use docket_domain::words::AnomalyKind;

/// The facts whose time is a guess, by the numbers they have in the line.
pub(super) struct Guessed<'a>(Vec<(&'a str, Option<&'a str>)>);

impl<'a> Guessed<'a> {
    /// Those that `anomalies` name.
    pub(super) fn of(anomalies: &'a [Anomaly]) -> Self {
        let unknown = anomalies.iter().filter(|a| a.kind == AnomalyKind::TimeUnknown);
        let named = |detail: &'a docket_domain::Json| {
            let names = ["payment_id", "shipment_id", "refund_id", "order_id"];
            let number = names.iter().find_map(|name| detail[*name].as_str());
            Some((detail["fact"].as_str()?, number))
        };
        Self(unknown.filter_map(|anomaly| named(&anomaly.detail)).collect())
    }

    /// Whether nobody told when the order was placed.
    pub(super) fn created(&self) -> bool {
        self.0.contains(&("created", None))
    }

    /// Whether the time of the fact with this number is a guess.
    pub(super) fn names(&self, number: Option<&str>) -> bool {
        number.is_some() && self.0.iter().any(|(_, named)| *named == number)
    }

    /// Whether the moment a refund was asked for is a guess.
    pub(super) fn refund(&self, number: Option<&str>) -> bool {
        number.is_some() && self.0.contains(&("refunding", number))
    }

    /// Whether the moment a refund ended is a guess.
    pub(super) fn refund_end(&self, number: Option<&str>) -> bool {
        number.is_some() && self.0.contains(&("refunded", number))
    }
}
