//! The sandbox gateway over real HTTP, through the connector: what it does when asked, and every way in which it
//! misbehaves on request.

mod honest;
mod refunds;
mod stage;
mod unruly;
