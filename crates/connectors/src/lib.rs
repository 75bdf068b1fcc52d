//! Connectors to the outside: a request is built, a reply is read, and both are plain values.
//!
//! Nothing here has a clock, chance, a socket or async: the time and the nonce of a request are arguments, and
//! whoever calls sends the bytes. So a connector can be tested with any reply that can be thought of.
//! At present: payment [`Gateway`]s, with one of them, the [`sandbox`], and marketplaces ([`channel`]), with [`channel::temu`].

pub mod channel;
pub mod exchange;
pub mod fault;
pub mod gateway;
pub mod payment;
pub mod sandbox;

pub use exchange::{Acknowledgement, Message, Method, Reply, Request, Stamp};
pub use fault::{Compared, Distrust, Fault, Mismatch};
pub use gateway::Gateway;
pub use payment::{
    Closing, Hint, MerchantKey, Paid, Payment, PaymentState, Refund, RefundState, Start, Started,
};
