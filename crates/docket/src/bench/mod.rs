//! `docket bench`: honest load on a real `docket serve`, over real HTTP, with the invariants checked after.
//!
//! The server is a process of its own; what is measured here is what a caller sees. `place` asks how fast
//! orders are placed (and paid), `list` how long a filtered page takes and how much memory many orders need,
//! `tasks` how fast durable tasks are run, `pickup` how soon another process begins with one, `due` how fast orders that nobody paid are revoked,
//! `effects` what it costs that a payment brings something about, `channel` how fast the orders of a marketplace are pulled. What they share stands beside them; the SQL stands in `bare` alone.

pub mod channel;
pub mod due;
pub mod effects;
pub mod list;
pub mod pickup;
pub mod place;
pub mod tasks;

mod answer;
mod bare;
mod connection;
mod load;
mod machine;
mod orders;
mod report;
mod server;
mod stage;
mod tally;
mod verify;

pub use report::bar;

use crate::failure::Failure;
use crate::output::Output;

/// What is measured.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Place orders as fast as the server takes them
    Place(place::Args),
    /// Read filtered pages of 50 out of many orders
    List(list::Args),
    /// Run tasks as fast as they are inserted
    Tasks(tasks::Args),
    /// Let an idle worker of another process pick tasks up
    Pickup(pickup::Args),
    /// Revoke orders that were not paid in time
    Due(due::Args),
    /// Pull the orders of marketplace shops
    Channel(channel::Args),
    /// Pay orders with and without effects
    Effects(effects::Args),
}

impl Command {
    /// Measures it.
    pub fn run(self, out: &Output) -> Result<(), Failure> {
        match self {
            Self::Place(args) => place::run(args, out),
            Self::List(args) => list::run(args, out),
            Self::Tasks(args) => tasks::run(args, out),
            Self::Pickup(args) => pickup::run(args, out),
            Self::Due(args) => due::run(args, out),
            Self::Channel(args) => channel::run(args, out),
            Self::Effects(args) => effects::run(args, out),
        }
    }
}
