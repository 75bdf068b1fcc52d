//! The only crate that knows SQL. [`Store`] opens a database and answers reads. Every write is a [`Piece`] of work handed to
//! the one writer of the process (`batch`): it loads what the pieces need into a [`View`], lets them decide in the order
//! they came, writes everything in one transaction and answers after the commit. SQLite and the MySQL family share their
//! SQL text; where they must differ the difference stands in `sql::dialect`.
//!
//! Rooms use each other one way, from below: `error`, `node`, `private`, `failpoint`; `sql` is what is said to a database,
//! `database` who says it, `schema` what it finds there, `tables` each table of it. Over them stand `installation`, `batch`
//! and `store`; what is read of orders (`reads`), how a database is kept (`keeping`), and a table of somebody else
//! (`foreign`). `Store` itself belongs to all: a room says there what it answers.

mod batch;
mod database;
mod error;
pub mod failpoint;
mod foreign;
mod installation;
mod keeping;
mod node;
pub mod private;
mod reads;
mod schema;
mod sql;
mod store;
mod tables;

pub use batch::{Cause, Context, NotDone, Piece, Priority, QueueFull, Refused, Verdict};
pub use database::figures::{Figures, PHASES};
pub use database::files::Files;
pub use database::sqlite::sqlite_path;
pub use database::turns::Pool;
pub use error::{NotThis, StoreError};
pub use foreign::{Foreign, ForeignRow, ForeignShape, ForeignValue};
pub use installation::{Birth, Installation, Taken, installation, take_file};
pub use keeping::backup::{Backed, Restored, backup, restore};
pub use keeping::clean::FreePages;
pub use keeping::inspect::{Inspecting, inspect, quick_check};
pub use keeping::orphans::{Orphan, Walk};
pub use keeping::salvage::{Salvage, Salvaged, salvage};
pub use keeping::seals::{
    KeyUse, RecordedKey, SealedFor, Survey, TelephonesLeft, give_up_key, record_keys, survey,
    telephones_left,
};
pub use node::Nodes;
pub use reads::list::{Cursor, Filter, Listed, OperationFilter, OperationPage, Page, Sort};
pub use reads::orders::Whole;
pub use schema::migrate::tables;
pub use schema::peek::{Encryption, Found, SCHEMA, encryption, peek};
pub use sql::statement::Statement;
pub use store::{Options, READ_DEADLINE, Store};
pub use tables::accounts::{Account, AccountChange, AccountLine};
pub use tables::alerts::{AlertRow, AlertState};
pub use tables::archive::{
    Archivable, ArchivedOrder, DueTree, KeptRow, Position, Segment, SegmentKind, SegmentState,
    move_away, move_back,
};
pub use tables::audit::{Audit, AuditPage, Stale};
pub use tables::books::{Balance, BalanceKind};
pub use tables::channels::calls::{Calls, CallsRow};
pub use tables::channels::orders::{ChannelOrderRow, DayCount, HeardBefore, PackageCounts};
pub use tables::channels::products::{
    ChannelProductFacts, ChannelProductRow, ProductBefore, ProductWrite,
};
pub use tables::channels::pushes::PushRow;
pub use tables::channels::runs::{Progress, RunRecord, RunWrite, active_name};
pub use tables::channels::shops::{ChannelShop, Pause, ShopFacts};
pub use tables::channels::skus::{SkuMapping, SkuWrite, Unmapped, UnmappedCode, UnmappedWrite};
pub use tables::channels::watched::{ShopSigns, StreamSigns};
pub use tables::channels::windows::{WindowRow, WindowWrite};
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
pub use tables::tasks::{
    Announced, Backlog, Behind, Due, Failed, NewTask, Stamp, TaskError, TaskFilter, TaskPage,
    TaskRow,
};
pub use tables::telephones::{Renewed, only_found_by};
pub use tables::trees::TreeWrite;
pub use tables::unique_keys::Unique;
pub use tables::users::{SessionRow, UserRow};
pub use tables::webhooks::{OldSecret, WebhookRow};
pub use tables::workers::{Surroundings, TaskCount, TaskCountRow, WorkerRow};
