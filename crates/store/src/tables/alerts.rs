//! Alerts: what is or was wrong. Of each kind and subject one is open at a time.

use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value, json};
use crate::{Store, StoreError};
use docket_domain::watch::{Acknowledged, Alert, AlertKind, Severity, Silence};
use docket_domain::{Id, Time};

/// Alerts.
pub static ALERT: Table = Table {
    name: "alert",
    columns: &[
        ("id", Int),
        ("kind", Int),
        ("subject", Text),
        ("open_name", Text),
        ("severity", Int),
        ("opened_at", Int),
        ("seen_at", Int),
        ("told_at", Int),
        ("told", Int),
        ("closed_at", Int),
        ("acknowledged_at", Int),
        ("acknowledged_by", Text),
        ("silenced_until", Int),
        ("body", Text),
    ],
    key: 1,
};

/// Which alerts a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlertState {
    /// All of them.
    #[default]
    Any,
    /// Those whose cause is there.
    Open,
    /// Those that are over.
    Past,
}

/// An alert as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow(pub Alert);

impl AlertRow {
    /// Opens it, unless one of its kind and subject is open.
    pub fn open(self) -> Statement {
        let sql = "INSERT INTO alert (id, kind, subject, open_name, severity, opened_at, seen_at, \
                   told_at, told, silenced_until, body) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? \
                   FROM (SELECT 1 AS one) AS once \
                   WHERE NOT EXISTS (SELECT 1 FROM alert WHERE open_name = ?)";
        let Self(alert) = self;
        let open_name = open_name(&alert);
        let values: Vec<Value> = vec![
            alert.id.into(),
            Value::Int(alert.kind.code()),
            Value::from(&alert.subject),
            Value::from(&open_name),
            Value::Int(alert.severity.code()),
            alert.opened_at.into(),
            alert.seen_at.into(),
            alert.told_at.into(),
            alert.told.into(),
            alert.silenced_until.into(),
            json(&alert.facts),
            Value::from(&open_name),
        ];
        Statement::any(sql, values)
    }

    /// Writes what a look made of it, if it is still open; what people did of it stays, but where it became worse.
    pub fn follow(self) -> Statement {
        let sql = "UPDATE alert SET open_name = ?, severity = ?, seen_at = ?, told_at = ?, told = ?, \
                   closed_at = ?, body = ? WHERE id = ? AND open_name IS NOT NULL";
        let Self(alert) = self;
        let open_name = alert.closed_at.is_none().then(|| open_name(&alert));
        let values: Vec<Value> = vec![
            open_name.into(),
            Value::Int(alert.severity.code()),
            alert.seen_at.into(),
            alert.told_at.into(),
            alert.told.into(),
            alert.closed_at.into(),
            json(&alert.facts),
            alert.id.into(),
        ];
        Statement::any(sql, values)
    }

    /// Nobody looks after the alert `id` any more.
    pub fn unacknowledge(id: Id) -> Statement {
        let sql = "UPDATE alert SET acknowledged_at = NULL, acknowledged_by = NULL WHERE id = ?";
        Statement::any(sql, vec![id.into()])
    }

    /// Somebody looks after the open alert `id`; who said so first stays.
    pub fn acknowledge(id: Id, by: &str, at: Time) -> Statement {
        let sql = "UPDATE alert SET acknowledged_at = ?, acknowledged_by = ? \
                   WHERE id = ? AND open_name IS NOT NULL AND acknowledged_at IS NULL";
        Statement::any(sql, vec![at.into(), by.into(), id.into()])
    }

    /// Nothing is told of the alert `id`, and of those like it, until then; of what lies behind, it is told again.
    pub fn silence(id: Id, until: Time) -> Statement {
        let sql = "UPDATE alert SET silenced_until = ? WHERE id = ?";
        Statement::any(sql, vec![until.into(), id.into()])
    }

    /// Forgets alerts that are over and are not newer than `until`.
    pub fn forget(until: Id) -> Statement {
        let sql = "DELETE FROM alert WHERE id <= ? AND open_name IS NULL";
        Statement::any(sql, vec![until.into()])
    }

    fn of(mut row: Row) -> Result<Alert, StoreError> {
        let (id, kind, subject) = (row.id()?, row.code(AlertKind::from_code)?, row.text()?);
        row.skip();
        let severity = row.code(Severity::from_code)?;
        let (opened_at, seen_at) = (row.time()?, row.time()?);
        let (told_at, told, closed_at) =
            (row.time_or_null()?, row.int()? as u32, row.time_or_null()?);
        let acknowledged = row.time_or_null()?.zip(row.text_or_null()?);
        let acknowledged = acknowledged.map(|(at, by)| Acknowledged { at, by });
        let (silenced_until, facts) = (row.time_or_null()?, row.json()?);
        Ok(Alert {
            id,
            kind,
            subject,
            severity,
            facts,
            opened_at,
            seen_at,
            told_at,
            told,
            closed_at,
            acknowledged,
            silenced_until,
        })
    }
}

/// The name that an alert has while it is open.
fn open_name(alert: &Alert) -> String {
    format!("{}:{}", alert.kind, alert.subject)
}

impl Store {
    async fn alerts_where(&self, tail: &str, values: Vec<Value>) -> Result<Vec<Alert>, StoreError> {
        let sql = format!("SELECT {} FROM alert {tail}", ALERT.column_list());
        let rows = self.rows("alert", sql, &ALERT.kinds(), values).await?;
        rows.into_iter().map(AlertRow::of).collect()
    }

    /// One page of alerts before `before`, the newest first.
    pub async fn alerts(
        &self,
        state: AlertState,
        before: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Alert>, StoreError> {
        let which = match state {
            AlertState::Any => "",
            AlertState::Open => " AND open_name IS NOT NULL",
            AlertState::Past => " AND open_name IS NULL",
        };
        let tail = format!("WHERE id < ?{which} ORDER BY id DESC LIMIT {limit}");
        self.alerts_where(&tail, vec![before.unwrap_or(Id(i64::MAX)).into()]).await
    }

    /// Alerts that are open, at most `limit`.
    pub async fn open_alerts(&self, limit: usize) -> Result<Vec<Alert>, StoreError> {
        let tail = format!("WHERE open_name IS NOT NULL ORDER BY open_name LIMIT {limit}");
        self.alerts_where(&tail, vec![]).await
    }

    /// One alert.
    pub async fn alert(&self, id: Id) -> Result<Option<Alert>, StoreError> {
        Ok(self.alerts_where("WHERE id = ?", vec![id.into()]).await?.pop())
    }

    /// Silences that hold at `now`, at most `limit`.
    pub async fn silences(&self, now: Time, limit: usize) -> Result<Vec<Silence>, StoreError> {
        let tail = format!("WHERE silenced_until > ? ORDER BY silenced_until LIMIT {limit}");
        let alerts = self.alerts_where(&tail, vec![now.into()]).await?;
        let silence = |alert: Alert| {
            let Alert { kind, subject, silenced_until, .. } = alert;
            silenced_until.map(|until| Silence { kind, subject, until })
        };
        Ok(alerts.into_iter().filter_map(silence).collect())
    }
}
