//! Orders: placed (`place`), changed (`operate`), taken down from elsewhere (`record`), changed by time (`timers`), found
//! and shown (`list`, `history`, `past`, `salvage`), counted (`outcomes`). Each is prepared here, decided in the lane by
//! the domain, and answered after the commit. What is placed without waiting for the answer is
//! `asynchronous_placement`; what a person gives back of coupons is `coupon_returns`.

pub(crate) mod asynchronous_placement;
mod coupon_returns;
mod history;
mod list;
mod operate;
mod outcomes;
mod past;
mod place;
pub(crate) mod record;
mod salvage;
pub(crate) mod timers;

pub use asynchronous_placement::Accepted;
pub use coupon_returns::ReturnCoupon;
pub use history::{AgreedTree, Agreements, LogPage};
pub use list::{Listed, Orders};
pub(crate) use outcomes::{Became, Outcomes};
pub use place::Quote;
pub use record::{Recorded, Taken};
pub use salvage::{Rescue, Rescued};
