//! A ledger that others keep, as small as it can be: takes the effects that Docket sends, each once.
//!
//! `book` keeps effects in an append-only file, `signature` knows who sent them, `server` answers. Uses nothing
//! of Docket's: it shows what somebody else has to write.

mod book;
mod server;
mod signature;

pub use book::{EffectBook, KeptEffects};
pub use server::{Options, serve};
pub use signature::{Refused, verify};
