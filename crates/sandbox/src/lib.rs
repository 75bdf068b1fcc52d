//! Stand-ins of the outside world, each a small server with its own memory: at present a payment gateway, [`pay`], and an
//! object store, [`s3`].
//!
//! They use nothing of Docket: what a stand-in shared with us it could not contradict. All chance comes from a
//! seed, and waiting can be skipped, so that a test sees every behaviour, the same each time, without waiting.

mod chance;
mod pace;
pub mod pay;
pub mod s3;
