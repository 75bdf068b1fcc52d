//! What an order is and what may happen to it.
//!
//! Everything here is a function of its arguments: no clock, no randomness, no IO, no async. Time and
//! ids are handed in. A [`Tree`] holds *facts*; every status is derived from them by [`status`].
//! [`decide`] answers what someone asks for and may refuse; [`record`] takes down what has happened
//! elsewhere and may not.

pub mod actor;
pub mod change;
pub mod channel;
pub mod coupon;
pub mod deadline;
pub mod decide;
pub mod event;
pub mod forget;
pub mod hlc;
pub mod id;
pub mod ledger;
pub mod limits;
pub mod money;
pub mod operation;
pub mod placement;
pub mod price;
pub mod projection;
pub mod quantity;
pub mod record;
pub mod refusal;
pub mod seat;
pub mod status;
pub mod story;
pub mod time;
pub mod tree;
pub mod watch;
pub mod words;

pub use actor::{Actor, ActorKind};
pub use change::{Change, LogEntry, Remark, StockMove};
pub use coupon::{AppliedCoupon, Coupon, CouponMove};
pub use hlc::Hlc;
pub use id::{Gene, Id, IdSource};
pub use limits::Limits;
pub use money::{Amount, Currency};
pub use operation::{Operation, OperationKind, Request};
pub use placement::Placement;
pub use quantity::Quantity;
pub use refusal::{FieldError, Refusal};
pub use seat::{Seat, Site};
pub use time::Time;
pub use tree::{ItemOrder, PaymentOrder, ShopOrder, Tree};

/// Free JSON that the caller gave and we carry unread (`extra`, `attributes`, `source`, `promotions`).
pub type Json = serde_json::Value;
