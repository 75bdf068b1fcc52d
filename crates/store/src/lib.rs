//! The only crate that knows SQL.
//!
//! [`Store`] opens a database and answers reads. Every write is a [`Piece`] of work handed to the one
//! writer of the process (`batch`): it loads what the pieces need into a [`View`], lets them decide in the
//! order they came, writes everything in one transaction and answers after the commit. SQLite and the MySQL
//! family share their SQL text; where they must differ the difference stands in `dialect`.

mod ask;
mod audit;
mod backup;
mod batch;
mod beside;
mod clean;
mod counter;
#[cfg(test)]
mod counting;
mod database;
mod dialect;
mod error;
pub mod failpoint;
mod foreign;
mod inspect;
mod installation;
mod lane;
mod list;
mod lock;
mod migrate;
mod orphans;
mod peek;
mod plan;
pub mod private;
mod read;
mod rows;
mod salvage;
mod seals;
mod store;
mod table;
mod tables;
mod value;
mod view;
mod work;

pub use audit::{Audit, AuditPage, Stale};
pub use backup::{Backed, Restored, backup, restore};
pub use batch::{Cause, Context, Piece, Priority, QueueFull, Refused};
pub use clean::{Files, FreePages};
pub use database::turns::Pool;
pub use error::StoreError;
pub use foreign::{Foreign, ForeignRow, ForeignShape, ForeignValue};
pub use inspect::{Inspecting, inspect, quick_check};
pub use installation::{Birth, Installation, Nodes, NotThis, Taken, installation, take_file};
pub use lane::{Key, View, Writes};
pub use list::{Cursor, Filter, Listed, OperationFilter, OperationPage, Page, Sort};
pub use migrate::tables;
pub use orphans::{Orphan, Walk};
pub use peek::{Encryption, Found, SCHEMA, encryption, peek};
pub use plan::Statement;
pub use read::Whole;
pub use salvage::{Salvage, Salvaged, salvage};
pub use seals::{
    KeyUse, RecordedKey, SealedFor, Survey, TelephonesLeft, give_up_key, record_keys, survey,
    telephones_left,
};
pub use store::{Figures, Options, PHASES, READ_DEADLINE, Store, sqlite_path};
pub use tables::accounts::{Account, AccountChange, AccountLine};
pub use tables::archive::{
    Archivable, ArchivedOrder, DueTree, KeptRow, Position, Segment, SegmentKind, SegmentState,
    move_away, move_back,
};
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
pub use view::Need;
pub use work::{NotDone, Verdict};
