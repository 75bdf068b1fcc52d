//! How alerts go on from one look to the next: opened once, told again at a set interval, closed by themselves when
//! their cause has been gone for a while. What comes and goes within that while is one alert.

use super::{AlertKind, Facts, Finding, Severity};
use crate::time::{HOUR, MINUTE, Millis};
use crate::{Id, Time};
use std::collections::BTreeMap;

/// Something that was, or is, wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its number; 0 of one that is not written yet.
    pub id: Id,
    /// What.
    pub kind: AlertKind,
    /// Of what.
    pub subject: String,
    /// How bad it was at its worst.
    pub severity: Severity,
    /// Its figures when it was last seen.
    pub facts: Facts,
    /// Since when.
    pub opened_at: Time,
    /// When its cause was last seen.
    pub seen_at: Time,
    /// When it was last told.
    pub told_at: Option<Time>,
    /// How often it was told.
    pub told: u32,
    /// Until when it was open.
    pub closed_at: Option<Time>,
    /// Who looks after it.
    pub acknowledged: Option<Acknowledged>,
    /// Until when nothing of it is told.
    pub silenced_until: Option<Time>,
}

/// Somebody looks after an alert: it is not told again while it is no worse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// Since when.
    pub at: Time,
    /// Who.
    pub by: String,
}

/// Of what nothing is told for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// What.
    pub kind: AlertKind,
    /// Of what.
    pub subject: String,
    /// Until when.
    pub until: Time,
}

/// How often is told what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After how long an open alert is told again, in milliseconds.
    pub repeat: Millis,
    /// For how long its cause must be gone before it closes, in milliseconds.
    pub calm: Millis,
}

impl Default for Pace {
    fn default() -> Self {
        Self { repeat: 4 * HOUR, calm: 5 * MINUTE }
    }
}

/// Why an alert is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Telling {
    /// It is new.
    Opened,
    /// It has become worse.
    Worse,
    /// It is still there.
    Again,
    /// It is over.
    Closed,
}

impl Telling {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Worse => "worse",
            Self::Again => "again",
            Self::Closed => "closed",
        }
    }

    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::Opened, Self::Worse, Self::Again, Self::Closed];
}

/// What becomes of an alert in one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// As it stands from now on.
    pub alert: Alert,
    /// Why it is told, if it is.
    pub telling: Option<Telling>,
}

/// What becomes of the alerts that are `open`, and of what was found at `now`. An alert whose cause was not seen and
/// that stays open makes no turn.
pub fn turn(
    open: &[Alert],
    found: Vec<Finding>,
    silences: &[Silence],
    pace: Pace,
    now: Time,
) -> Vec<Turn> {
    let mut found: BTreeMap<(AlertKind, String), Finding> = found
        .into_iter()
        .map(|finding| ((finding.kind, finding.subject.clone()), finding))
        .collect();
    let mut turns = Vec::new();
    for alert in open {
        match found.remove(&(alert.kind, alert.subject.clone())) {
            Some(finding) => turns.push(goes_on(alert.clone(), finding, pace, now)),
            None if now.since(alert.seen_at) >= pace.calm => turns.push(closes(alert, now)),
            None => {}
        }
    }
    turns.extend(found.into_values().map(|finding| opens(finding, silences, now)));
    turns
}

fn opens(finding: Finding, silences: &[Silence], now: Time) -> Turn {
    let Finding { kind, subject, severity, facts } = finding;
    let silence = silences
        .iter()
        .filter(|silence| silence.kind == kind && silence.subject == subject)
        .map(|silence| silence.until)
        .max();
    let alert = Alert {
        id: Id(0),
        kind,
        subject,
        severity,
        facts,
        opened_at: now,
        seen_at: now,
        told_at: None,
        told: 0,
        closed_at: None,
        acknowledged: None,
        silenced_until: silence.filter(|until| *until > now),
    };
    told(alert, Some(Telling::Opened), now)
}

fn goes_on(mut alert: Alert, finding: Finding, pace: Pace, now: Time) -> Turn {
    let is_worse = finding.severity > alert.severity;
    alert.severity = alert.severity.max(finding.severity);
    alert.facts = finding.facts;
    alert.seen_at = now;
    if is_worse {
        alert.acknowledged = None;
    }
    let telling = match alert.told_at {
        None => Some(Telling::Opened),
        Some(_) if is_worse => Some(Telling::Worse),
        Some(at) => {
            let is_repeated = alert.severity > Severity::Notice && alert.acknowledged.is_none();
            (is_repeated && now.since(at) >= pace.repeat).then_some(Telling::Again)
        }
    };
    told(alert, telling, now)
}

/// What was never told is over without a word.
fn closes(alert: &Alert, now: Time) -> Turn {
    let alert = Alert { closed_at: Some(now), ..alert.clone() };
    let telling = alert.told_at.map(|_| Telling::Closed);
    told(alert, telling, now)
}

/// Tells it, unless it is silenced.
fn told(mut alert: Alert, telling: Option<Telling>, now: Time) -> Turn {
    let telling = telling.filter(|_| alert.silenced_until.is_none_or(|until| until <= now));
    if telling.is_some() {
        alert.told_at = Some(now);
        alert.told += 1;
    }
    Turn { alert, telling }
}
