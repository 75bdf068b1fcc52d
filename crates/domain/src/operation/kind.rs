//! The names of all operations, with the numbers that are stored.

use crate::words::words;

words! {
    /// The name of an operation, as it stands in requests and in the log.
    pub enum OperationKind {
        /// Placed.
        Place = 1 "place",
        /// Recorded: an import, a channel, a branch or the other site reported it.
        Record = 2 "record",
        /// An attempt to pay is opened.
        StartPayment = 10 "start_payment",
        /// Money came in.
        PaymentSucceeded = 11 "payment_succeeded",
        /// An attempt failed.
        PaymentFailed = 12 "payment_failed",
        /// An attempt was closed without money.
        AttemptClosed = 13 "attempt_closed",
        /// An attempt could not be closed.
        AttemptStuck = 14 "attempt_stuck",
        /// End the order before it is paid.
        Revoke = 15 "revoke",
        /// Take lines, a shop or discounts out of an unpaid order.
        Drop = 20 "drop",
        /// Set shop discount or freight of an unpaid order.
        AdjustPrice = 21 "adjust_price",
        /// Take a takeaway order.
        Accept = 30 "accept",
        /// Do not take a takeaway order.
        Reject = 31 "reject",
        /// The kitchen began.
        StartPreparing = 32 "start_preparing",
        /// The kitchen is done.
        Prepare = 33 "prepare",
        /// A courier was called.
        CallCourier = 34 "call_courier",
        /// The courier has it.
        PickUp = 35 "pick_up",
        /// The buyer has it.
        Deliver = 36 "deliver",
        /// Goods left.
        Ship = 37 "ship",
        /// Goods are with the buyer.
        Receive = 38 "receive",
        /// More time to receive.
        ExtendReceipt = 39 "extend_receipt",
        /// Ask to cancel a paid order.
        RequestCancel = 40 "request_cancel",
        /// Agree to that.
        AgreeCancel = 41 "agree_cancel",
        /// Refuse that.
        RefuseCancel = 42 "refuse_cancel",
        /// Take that back.
        WithdrawCancel = 43 "withdraw_cancel",
        /// Ask for a refund.
        RequestRefund = 44 "request_refund",
        /// Agree to that.
        AgreeRefund = 45 "agree_refund",
        /// Refuse that.
        RejectRefund = 46 "reject_refund",
        /// Take that back.
        WithdrawRefund = 47 "withdraw_refund",
        /// Give money back without being asked.
        RefundByStore = 48 "refund_by_store",
        /// Money went back.
        RefundSucceeded = 49 "refund_succeeded",
        /// Money did not go back.
        RefundFailed = 50 "refund_failed",
        /// Goods came back.
        ReceiveReturn = 51 "receive_return",
        /// What the scales say.
        Weigh = 52 "weigh",
        /// Another ship-to.
        ChangeAddress = 60 "change_address",
        /// Settled between the parties.
        Settle = 61 "settle",
        /// A rating.
        Rate = 62 "rate",
        /// A remark.
        Note = 63 "note",
        /// Labels put on or taken off.
        Tag = 64 "tag",
        /// Hidden by the buyer.
        Hide = 65 "hide",
        /// Deleted by the buyer for good.
        Delete = 66 "delete",
        /// Shown again.
        Restore = 67 "restore",
    }
}
