//! What keeps the center in order by itself: the node's lease, idempotency keys past their day, sessions.

use crate::App;
use docket_domain::time;
use docket_store::{Idempotent, SessionRow};
use std::time::Duration;

/// Well within the minute that a lease lasts.
const LEASE: Duration = Duration::from_secs(15);
/// Leases between two rounds of forgetting: an hour.
const FORGET_EVERY: u32 = 240;
/// How long an idempotency key lives.
const IDEMPOTENCY: time::Millis = time::DAY;

/// Runs until the center stops.
pub async fn run(app: App) {
    let stop = app.inner.stop.clone();
    let mut round = 0_u32;
    loop {
        let renew = app.store().renew_node(app.now());
        let forget = round.is_multiple_of(FORGET_EVERY);
        let wrote = app.write_numbered(move |_, now| {
            let mut statements = vec![renew.clone()];
            if forget {
                statements.push(Idempotent::forget_before(now.plus(-IDEMPOTENCY)));
                statements.push(SessionRow::forget_before(now));
            }
            statements
        });
        if let Err(error) = wrote.await {
            tracing::debug!(%error, "housekeeping waits");
        }
        round = round.wrapping_add(1);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LEASE) => {}
        }
    }
}
