//! The only crate that knows SQL.
//!
//! [`Store`] opens a database and answers reads. Every write is a [`Piece`] of work handed to the one
//! writer of the process (`batch`): it loads what the pieces need into a [`View`], lets them decide in the
//! order they came, writes everything in one transaction and answers after the commit. SQLite and the MySQL
//! family share their SQL text; where they must differ the difference stands in `dialect`.

mod backup;
mod batch;
mod clean;
#[cfg(test)]
mod counting;
mod database;
mod error;
pub mod failpoint;
mod foreign;
mod inspect;
mod installation;
mod list;
mod migrate;
mod node;
mod orphans;
mod peek;
pub mod private;
mod read;
mod salvage;
mod seals;
mod sql;
mod store;
mod tables;

pub use backup::{Backed, Restored, backup, restore};
pub use batch::{Cause, Context, NotDone, Piece, Priority, QueueFull, Refused, Verdict};
pub use clean::FreePages;
pub use database::figures::{Figures, PHASES};
pub use database::files::Files;
pub use database::sqlite::sqlite_path;
pub use database::turns::Pool;
pub use error::{NotThis, StoreError};
pub use foreign::{Foreign, ForeignRow, ForeignShape, ForeignValue};
pub use inspect::{Inspecting, inspect, quick_check};
pub use installation::{Birth, Installation, Taken, installation, take_file};
pub use list::{Cursor, Filter, Listed, OperationFilter, OperationPage, Page, Sort};
pub use migrate::tables;
pub use node::Nodes;
pub use orphans::{Orphan, Walk};
pub use peek::{Encryption, Found, SCHEMA, encryption, peek};
pub use read::Whole;
pub use salvage::{Salvage, Salvaged, salvage};
pub use seals::{
    KeyUse, RecordedKey, SealedFor, Survey, TelephonesLeft, give_up_key, record_keys, survey,
    telephones_left,
};
pub use sql::statement::Statement;
pub use store::{Options, READ_DEADLINE, Store};
pub use tables::accounts::{Account, AccountChange, AccountLine};
pub use tables::archive::{
    Archivable, ArchivedOrder, DueTree, KeptRow, Position, Segment, SegmentKind, SegmentState,
    move_away, move_back,
};
pub use tables::audit::{Audit, AuditPage, Stale};
pub use tables::books::{Balance, BalanceKind};
pub use tables::copy_notes::CopyNote;
pub use tables::coupons::{Counting, CouponAdjustment, Used};
pub use tables::customers::{Sealed, Telephone};
pub use tables::deliveries::{Delivered, DeliveryRow};
pub use tables::effects::EffectRow;
pub use tables::findings::{FindingRow, FindingState, RunRow};
pub use tables::gateways::{CallbackFilter, CallbackRow, GatewayPayment, GatewayRefund};
pub use tables::gifts::{GiftPack, GiftRow};
pub use tables::idempotency::{Idempotent, RequestOutcome};
pub use tables::keys::KeyRow;
pub use tables::lane::view::Need;
pub use tables::lane::{Key, View, Writes};
pub use tables::members::Member;
pub use tables::placements::PlacementRow;
pub use tables::products::Price;
pub use tables::schedules::{Raise, Slot};
pub use tables::slips::SlipRow;
pub use tables::snapshots::Snapshot;
pub use tables::stock::{Adjustment, Held, Stock};
pub use tables::stock_moves::StockMoved;
pub use tables::tasks::{
    Announced, Backlog, Behind, Due, Failed, NewTask, Stamp, TaskError, TaskFilter, TaskPage,
    TaskRow,
};
pub use tables::telephones::{Renewed, only_found_by};
pub use tables::trees::TreeWrite;
pub use tables::unique_keys::Unique;
pub use tables::users::{SessionRow, UserRow};
pub use tables::webhooks::{OldSecret, WebhookRow};
