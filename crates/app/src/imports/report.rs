//! What became of the lines of an import: counts, sums, what was refused and what disagrees. Every count of lines is
//! one, and together they are the lines that were read.

use crate::orders::record::{KnownBy, Recorded};
use docket_domain::words::AnomalyKind;
use docket_domain::{Amount, FieldError, Id, Tree, status};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What became of the lines of an import. Reports of several parts of one import can be joined.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportReport {
    /// Lines that were not blank.
    pub read: u64,
    /// Lines of orders that were new here.
    pub taken: u64,
    /// Orders that were here already and of which nothing new was taken.
    pub known: u64,
    /// Those of them that another issuer or channel told, by their number alone.
    #[serde(default)]
    pub known_elsewhere: u64,
    /// Orders that were here already and got what was new.
    #[serde(default)]
    pub updated: u64,
    /// The lines of orders that were known, in the order in which that was found.
    #[serde(default)]
    pub known_lines: Vec<u64>,
    /// Those of them that another issuer or channel told.
    #[serde(default)]
    pub elsewhere_lines: Vec<u64>,
    /// The lines of orders that got what was new.
    #[serde(default)]
    pub updated_lines: Vec<u64>,
    /// Lines that could not be taken, in the order of the lines.
    pub refused: Vec<RefusedLine>,
    /// Orders that were taken, by the status they have now.
    pub statuses: BTreeMap<String, u64>,
    /// Anomalies of orders that were taken, by kind.
    pub anomalies: BTreeMap<String, u64>,
    /// Money of orders that were taken, by currency.
    pub sums: BTreeMap<String, Sums>,
    /// Orders that were taken although their sums disagree, in the order of the lines.
    pub differences: Vec<Difference>,
}

/// A line that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    /// Counted from 1.
    pub line: u64,
    /// Where in the order; empty for the line as a whole.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// What is wrong. Where several fields are wrong, the others follow in words.
    pub message: String,
    /// Each wrong field by itself.
    #[serde(default)]
    pub errors: Vec<WrongField>,
}

/// One wrong field of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongField {
    /// Where in the order; empty for the line as a whole.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// Money of orders in one currency, in minor units. Amounts that are unknown count nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Prices of the payment orders: goods less discounts, without freight.
    pub items: i64,
    /// Freight.
    pub freight: i64,
    /// Tax on top of them.
    #[serde(default)]
    pub tax: i64,
    /// Payments.
    pub payments: i64,
    /// Orders whose price, freight or tax on top is unknown.
    pub unknown: u64,
}

/// An order whose payments disagree with what was to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Counted from 1.
    pub line: u64,
    /// The order here; none where nothing was written.
    pub order_id: Option<Id>,
    /// The number that the order has at its source; null where it gave none.
    pub external_id: Option<String>,
    /// `underpaid` or `overpaid`.
    pub kind: String,
    /// ISO 4217.
    pub currency: String,
    /// What was to pay, in minor units.
    pub payable: Option<i64>,
    /// What was paid, in minor units.
    pub paid: i64,
}

impl ImportReport {
    /// Adds the report of the next part of the same import. `place` is told each of its lines and says how
    /// that line is counted in the whole.
    pub fn join(&mut self, part: Self, place: impl Fn(u64) -> u64) {
        self.read += part.read;
        self.taken += part.taken;
        self.known += part.known;
        self.known_elsewhere += part.known_elsewhere;
        self.updated += part.updated;
        self.known_lines.extend(part.known_lines.into_iter().map(&place));
        self.elsewhere_lines.extend(part.elsewhere_lines.into_iter().map(&place));
        self.updated_lines.extend(part.updated_lines.into_iter().map(&place));
        let refused = part.refused.into_iter();
        self.refused.extend(refused.map(|row| RefusedLine { line: place(row.line), ..row }));
        let differences = part.differences.into_iter();
        self.differences.extend(differences.map(|row| Difference { line: place(row.line), ..row }));
        for (word, count) in part.statuses {
            *self.statuses.entry(word).or_default() += count;
        }
        for (word, count) in part.anomalies {
            *self.anomalies.entry(word).or_default() += count;
        }
        for (currency, sums) in part.sums {
            self.sums.entry(currency).or_default().add(sums);
        }
    }

    pub(super) fn settle(&mut self, line: u64, outcome: Recorded, written: Written) {
        match outcome {
            Recorded::New(tree) => self.take(line, &tree, written),
            Recorded::Updated => {
                self.updated += 1;
                self.updated_lines.push(line);
            }
            Recorded::Known { by, .. } => {
                self.known += 1;
                self.known_lines.push(line);
                if by == KnownBy::Number {
                    self.known_elsewhere += 1;
                    self.elsewhere_lines.push(line);
                }
            }
            Recorded::Refused(error) => self.refuse(line, vec![error]),
        }
    }

    fn take(&mut self, line: u64, tree: &Tree, written: Written) {
        self.taken += 1;
        let standing = status::of(tree);
        let order = &tree.payment;
        *self.statuses.entry(standing.status.word().to_owned()).or_default() += 1;
        let mut mine = Sums::default();
        let tax = order.tax.on_top(standing.tax).known();
        match (standing.price.known(), standing.freight.known(), tax) {
            (Some(items), Some(freight), Some(tax)) => {
                (mine.items, mine.freight, mine.tax) = (items, freight, tax);
            }
            _ => mine.unknown = 1,
        }
        self.sums.entry(order.currency.code().to_owned()).or_default().add(mine);
        for payment in &order.payments {
            let sums = self.sums.entry(payment.currency.code().to_owned()).or_default();
            sums.payments = sums.payments.saturating_add(payment.amount);
        }
        for anomaly in &order.anomalies {
            *self.anomalies.entry(anomaly.kind.word().to_owned()).or_default() += 1;
            if matches!(anomaly.kind, AnomalyKind::Underpaid | AnomalyKind::Overpaid) {
                self.differences.push(Difference {
                    line,
                    order_id: (written == Written::Yes).then_some(order.id),
                    external_id: order.external_id.clone(),
                    kind: anomaly.kind.word().to_owned(),
                    currency: order.currency.code().to_owned(),
                    payable: Amount::known(standing.payable),
                    paid: standing.paid,
                });
            }
        }
    }

    pub(super) fn refuse(&mut self, line: u64, errors: Vec<FieldError>) {
        let errors = errors.into_iter().map(|FieldError { field, code, message }| WrongField {
            field,
            code: code.to_owned(),
            message,
        });
        let errors: Vec<_> = errors.collect();
        let Some((WrongField { field, code, message }, others)) = errors.split_first() else {
            return;
        };
        let mut message = message.clone();
        for other in others {
            message = format!("{message}; {}: {}", other.field, other.message);
        }
        let (field, code) = (field.clone(), code.clone());
        self.refused.push(RefusedLine { line, field, code, message, errors });
    }
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.items = self.items.saturating_add(other.items);
        self.freight = self.freight.saturating_add(other.freight);
        self.tax = self.tax.saturating_add(other.tax);
        self.payments = self.payments.saturating_add(other.payments);
        self.unknown += other.unknown;
    }
}

/// Whether what was taken stands in the database now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Yes,
    No,
}
