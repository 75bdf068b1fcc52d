//! What people see and do of alerts: the list, how well the center is, looking after one, silence.

use super::OPEN_MAX;
use crate::access::{Principal, Scope};
use crate::{App, Error, Idempotency, Once};
use docket_domain::time::DAY;
use docket_domain::watch::{Alert, Measured};
use docket_domain::{FieldError, Id, Time};
use docket_store::{AlertRow, AlertState};

/// The longest silence.
const SILENCE_MAX: i64 = 90 * DAY;

/// One page of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertPage {
    /// The newest first.
    pub alerts: Vec<Alert>,
    /// Before which the next page goes on; none at the end.
    pub next: Option<Id>,
}

/// What is known of how well the center is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthOf {
    /// Alerts that are open.
    pub open: Vec<Alert>,
    /// For how long nobody has looked, where that is longer than it may be: then the rest is as it was.
    pub unwatched: Option<docket_domain::time::Millis>,
}

impl App {
    /// One page of alerts, the newest first.
    pub async fn alerts(
        &self,
        who: &Principal,
        state: AlertState,
        before: Option<Id>,
        limit: usize,
    ) -> Result<AlertPage, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        let mut alerts = self.store().alerts(state, before, limit + 1).await?;
        let more = alerts.len() > limit;
        alerts.truncate(limit);
        let next = alerts.last().filter(|_| more).map(|alert| alert.id);
        Ok(AlertPage { alerts, next })
    }

    /// One alert, open or over.
    pub async fn alert(&self, who: &Principal, id: Id) -> Result<Alert, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        let found = self.store().alert(id).await?;
        found.ok_or_else(|| Error::NotFound { what: "alert", id: id.to_string() })
    }

    /// Says that somebody looks after an alert: it is not told again while it is no worse.
    pub async fn acknowledge_alert(
        &self,
        who: &Principal,
        id: Id,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Alert>, Error> {
        who.needs_whole(Scope::Tasks)?;
        if self.alert(who, id).await?.closed_at.is_some() {
            let message = "only an alert that is open can be looked after";
            return Err(Error::WrongState {
                what: "alert",
                id: id.to_string(),
                state: "over",
                message,
            });
        }
        let by = who.name.clone();
        let write = move |_, now| vec![AlertRow::acknowledge(id, &by, now)];
        let done = self.write_once(idempotency, Some(id), write).await?;
        let alert = self.alert(who, id).await?;
        Ok(done.map(|_| alert))
    }

    /// Has nothing told of an alert, and of any other of its kind and subject, until then.
    pub async fn silence_alert(
        &self,
        who: &Principal,
        id: Id,
        until: Time,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Alert>, Error> {
        who.needs_whole(Scope::Tasks)?;
        self.alert(who, id).await?;
        let now = self.now();
        if until > now.plus(SILENCE_MAX) {
            let message = "must be at most 90 days ahead".to_owned();
            let (field, code) = ("until".to_owned(), "out_of_range");
            return Err(FieldError { field, code, message }.into());
        }
        let write = move |_, _| vec![AlertRow::silence(id, until)];
        let done = self.write_once(idempotency, Some(id), write).await?;
        let alert = self.alert(who, id).await?;
        Ok(done.map(|_| alert))
    }

    /// One look at the center, for whoever draws it.
    pub async fn measured(&self) -> Result<Measured, Error> {
        self.measure().await
    }

    /// Alerts that are open, for whoever counts them.
    pub async fn open_alerts(&self) -> Result<Vec<Alert>, Error> {
        Ok(self.store().open_alerts(OPEN_MAX).await?)
    }

    /// How well the center is: what is open, and whether anybody looks.
    pub async fn health(&self, who: &Principal) -> Result<HealthOf, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        let open = self.store().open_alerts(OPEN_MAX).await?;
        let limits = &self.settings().alerts.thresholds;
        let patience = limits.sign.saturating_mul(i64::from(limits.silent_signs));
        // The newest sign of all is the last row.
        let workers = self.store().workers(OPEN_MAX).await?;
        let seen = workers.iter().map(|worker| worker.seen_at).max();
        let unwatched = seen.map(|seen| self.now().since(seen)).filter(|silent| *silent > patience);
        Ok(HealthOf { open, unwatched })
    }
}
