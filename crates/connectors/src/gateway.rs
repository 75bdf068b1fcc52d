//! What every payment gateway can be asked. A connector is one implementation; it keeps nothing between calls.

use crate::exchange::{Acknowledgement, Message, Reply, Request, Stamp};
use crate::fault::Fault;
use crate::payment::{Closing, Hint, Payment, PaymentState, Refund, RefundState, Start, Started};
use docket_domain::Time;

/// A payment gateway: for each thing that can be asked of it one function builds the request and one reads the reply.
///
/// A reply is given to the function that belongs to its request, with the same payment or refund: amount, currency,
/// order and keys in it are compared with those. Every [`Fault`] leaves open whether the gateway did what was asked.
pub trait Gateway {
    /// Its word in orders and config.
    fn name(&self) -> &'static str;

    /// Starts a payment. Asked again with the same key, a gateway starts nothing and tells of the first.
    fn start(&self, payment: &Payment, start: &Start, stamp: Stamp) -> Request;
    /// Reads the reply to [`Self::start`].
    fn started(&self, payment: &Payment, reply: &Reply<'_>) -> Result<Started, Fault>;

    /// Asks how a payment stands.
    fn query(&self, payment: &Payment, stamp: Stamp) -> Request;
    /// Reads the reply to [`Self::query`].
    fn queried(&self, payment: &Payment, reply: &Reply<'_>) -> Result<PaymentState, Fault>;

    /// Closes a payment, so that no money can come for it.
    fn close(&self, payment: &Payment, stamp: Stamp) -> Request;
    /// Reads the reply to [`Self::close`].
    fn closed(&self, payment: &Payment, reply: &Reply<'_>) -> Result<Closing, Fault>;

    /// Gives a part of a payment back. Asked again with the same key, a gateway gives nothing more.
    fn refund(&self, refund: &Refund, stamp: Stamp) -> Request;
    /// Reads the reply to [`Self::refund`].
    fn refunded(&self, refund: &Refund, reply: &Reply<'_>) -> Result<RefundState, Fault>;

    /// Asks how a refund stands.
    fn query_refund(&self, refund: &Refund, stamp: Stamp) -> Request;
    /// Reads the reply to [`Self::query_refund`].
    fn refund_queried(&self, refund: &Refund, reply: &Reply<'_>) -> Result<RefundState, Fault>;

    /// Verifies a callback that came at `came_at` and reads it. It may be one that came before, or a lie: query what
    /// it is about.
    fn callback(&self, message: &Message<'_>, came_at: Time) -> Result<Hint, Fault>;
    /// What to answer to a callback that was understood, whatever it said.
    fn acknowledgement(&self) -> Acknowledgement;
}
