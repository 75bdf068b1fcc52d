//! Bodies of requests about alerts, for the document.

#![allow(dead_code)] // described, never made

use docket_wire::described::Time;
use utoipa::ToSchema;

/// Until when nothing of an alert is told.
#[derive(ToSchema)]
#[schema(as = Silence)]
pub struct SilenceBody {
    /// At most 90 days ahead.
    until: Time,
}
