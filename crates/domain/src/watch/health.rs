//! How well a center is: a hundred, less what is wrong, each deduction with its cause.

use super::{Alert, Severity};

/// How well a center is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health<'a> {
    /// From 0 to 100.
    pub score: u32,
    /// What was taken off, the most first.
    pub deductions: Vec<Deduction<'a>>,
}

/// What one alert takes off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deduction<'a> {
    /// How much.
    pub points: u32,
    /// For what.
    pub alert: &'a Alert,
}

/// How well a center is whose open alerts these are; one that somebody looks after counts all the same.
pub fn health(open: &[Alert]) -> Health<'_> {
    let mut deductions: Vec<_> =
        open.iter().map(|alert| Deduction { points: points(alert.severity), alert }).collect();
    deductions.sort_by_key(|deduction| {
        let alert = deduction.alert;
        (std::cmp::Reverse(deduction.points), alert.kind, alert.subject.clone())
    });
    let all = deductions.iter().fold(0_u32, |all, one| all.saturating_add(one.points));
    Health { score: 100_u32.saturating_sub(all), deductions }
}

const fn points(severity: Severity) -> u32 {
    match severity {
        Severity::Notice => 2,
        Severity::Warning => 10,
        Severity::Critical => 25,
    }
}
