//! Parcels of shipped orders are looked for: a marketplace tells their numbers order by order, some time after it says that
//! an order left. "Nothing yet" is neither success nor failure and has a schedule of its own.

use super::exchange::{Open, Trouble};
use super::recording::{Recording, Told};
use super::report;
use crate::access::{Principal, Scope};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_connectors::channel::{
    Answer, Call, ChannelOrder, Fault, FaultKind, Package, Page, Purpose, Stage,
};
use docket_domain::channel::{PackageState, next_look, pause_after_failure};
use docket_domain::time::{DAY, Millis};
use docket_domain::{Gene, Id, Time};
use docket_store::{ChannelOrderRow, Context, NewTask, PackageCounts, Priority, View, Writes};
use docket_tasks::{Handled, Job, Outcome};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Orders of a shop that are looked at together.
const BATCH: usize = 50;
/// Of them, at a time: each waits for its turn.
const AT_ONCE: usize = 16;
/// Lines of an order that are asked for one by one where its detail has no parcel of them.
const LINES: usize = 10;
/// After so long a parcel that is known is looked at once more: numbers are replaced.
const RECHECK: Millis = DAY;
/// Failures after which a look has failed for good.
pub(super) const TRIES: u32 = 5;

/// Looks for the parcels of a shop's orders.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct LookForPackages {
    shop: Id,
}
