//! Stand-ins of the outside world, each a small server with its own memory: a payment gateway, [`pay`], an object store, [`s3`],
//! and a marketplace, [`temu`].
//!
//! They use nothing of Docket: what a stand-in shared with us it could not contradict. All chance comes from a
//! seed, and waiting can be skipped, so that a test sees every behaviour, the same each time, without waiting.

mod chance;
mod http;
mod pace;
pub mod pay;
pub mod s3;
pub mod temu;
