//! The list of operations: the word of each at the API, the number that is stored, what is asked with it, and where
//! its definition stands. Nothing else lists them: whatever must know them all goes over
//! [`OperationKind::ALL`] or [`OperationKind::ASKED_FOR`] and reads [`OperationKind::definition`].

use super::definition::Definition;
use super::given::Asked;
use super::payment::{PaymentAsked, PaymentReport};
use super::refund::RefundAsked;
use super::terms::PriceAsked;
use super::{cancel, delivery, fulfilment, origin, payment, refund, terms, text};
use crate::Id;
use crate::words::words;

/// Declares the operations, those that nobody asks for (they begin an order) apart from those that are asked for:
/// `Name {fields} = number "word" family::DEFINITION`.
macro_rules! operations {
    (
        begin { $($(#[$bmeta:meta])* $begin:ident = $bcode:literal $bword:literal $bplace:path,)* }
        asked_for {
            $($(#[$meta:meta])* $variant:ident $({ $($field:tt)* })? $(($payload:ty))?
                = $code:literal $word:literal $place:path,)*
        }
    ) => {
        words! {
            /// The name of an operation, as it stands in requests and in the log.
            pub enum OperationKind {
                $($(#[$bmeta])* $begin = $bcode $bword,)*
                $($(#[$meta])* $variant = $code $word,)*
            }
        }

        impl OperationKind {
            /// Those that may be asked for, in the order of their numbers.
            pub const ASKED_FOR: &[Self] = &[$(Self::$variant,)*];

            /// All that is to be known of it.
            pub const fn definition(self) -> &'static Definition {
                match self {
                    $(Self::$begin => &$bplace,)*
                    $(Self::$variant => &$place,)*
                }
            }
        }

        /// What is asked for, with its own fields; what they mean stands in [`Definition::fields`]. `lines` left out
        /// means all that is left.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs)] // the fields are described where they are read
        pub enum Operation {
            $($(#[$meta])* $variant $({ $($field)* })? $(($payload))?,)*
        }

        impl Operation {
            /// Its name.
            pub const fn kind(&self) -> OperationKind {
                match self { $(Self::$variant { .. } => OperationKind::$variant,)* }
            }
        }
    };
}

operations! {
    begin {
        /// Placed.
        Place = 1 "place" origin::PLACE,
        /// Recorded: an import, a channel, a branch or the other site reported it.
        Record = 2 "record" origin::RECORD,
    }
    asked_for {
        /// An attempt to pay is opened.
        StartPayment(PaymentAsked) = 10 "start_payment" payment::START_PAYMENT,
        /// Money came in.
        PaymentSucceeded(PaymentReport) = 11 "payment_succeeded" payment::PAYMENT_SUCCEEDED,
        /// An attempt failed.
        PaymentFailed { attempt_id: Option<Id>, reason: Option<String> }
            = 12 "payment_failed" payment::PAYMENT_FAILED,
        /// An attempt was closed without money.
        AttemptClosed { attempt_id: Option<Id>, reason: Option<String> }
            = 13 "attempt_closed" payment::ATTEMPT_CLOSED,
        /// An attempt could not be closed.
        AttemptStuck { attempt_id: Option<Id>, reason: Option<String> }
            = 14 "attempt_stuck" payment::ATTEMPT_STUCK,
        /// End the order before it is paid.
        Revoke { reason: Option<String> } = 15 "revoke" payment::REVOKE,
        /// Take lines, a shop or discounts out of an unpaid order.
        Drop {
            lines: Option<Vec<Asked>>,
            platform_discount: Option<i64>,
            third_party_discount: Option<i64>,
        } = 20 "drop" terms::DROP,
        /// Set shop discount or freight of an unpaid order.
        AdjustPrice(PriceAsked) = 21 "adjust_price" terms::ADJUST_PRICE,
        /// Take a takeaway order.
        Accept = 30 "accept" delivery::ACCEPT,
        /// Do not take a takeaway order.
        Reject { reason: Option<String> } = 31 "reject" delivery::REJECT,
        /// The kitchen began.
        StartPreparing = 32 "start_preparing" delivery::START_PREPARING,
        /// The kitchen is done.
        Prepare = 33 "prepare" delivery::PREPARE,
        /// A courier was called.
        CallCourier { courier: Option<String> } = 34 "call_courier" delivery::CALL_COURIER,
        /// The courier has it.
        PickUp { courier: Option<String> } = 35 "pick_up" delivery::PICK_UP,
        /// The buyer has it.
        Deliver { courier: Option<String> } = 36 "deliver" delivery::DELIVER,
        /// Goods left.
        Ship { lines: Option<Vec<Asked>>, carrier: Option<String>, tracking: Option<String> }
            = 37 "ship" fulfilment::SHIP,
        /// Goods are with the buyer.
        Receive = 38 "receive" fulfilment::RECEIVE,
        /// More time to receive.
        ExtendReceipt { days: u32 } = 39 "extend_receipt" fulfilment::EXTEND_RECEIPT,
        /// Ask to cancel a paid order.
        RequestCancel { reason: Option<String> } = 40 "request_cancel" cancel::REQUEST_CANCEL,
        /// Agree to that.
        AgreeCancel { refund_id: Option<Id> } = 41 "agree_cancel" cancel::AGREE_CANCEL,
        /// Refuse that.
        RefuseCancel { refund_id: Option<Id>, reason: Option<String> }
            = 42 "refuse_cancel" cancel::REFUSE_CANCEL,
        /// Take that back.
        WithdrawCancel { refund_id: Option<Id> } = 43 "withdraw_cancel" cancel::WITHDRAW_CANCEL,
        /// Ask for a refund.
        RequestRefund(RefundAsked) = 44 "request_refund" refund::REQUEST_REFUND,
        /// Agree to that.
        AgreeRefund { refund_id: Option<Id> } = 45 "agree_refund" refund::AGREE_REFUND,
        /// Refuse that.
        RejectRefund { refund_id: Option<Id>, reason: Option<String> }
            = 46 "reject_refund" refund::REJECT_REFUND,
        /// Take that back.
        WithdrawRefund { refund_id: Option<Id> } = 47 "withdraw_refund" refund::WITHDRAW_REFUND,
        /// Give money back without being asked.
        RefundByStore(RefundAsked) = 48 "refund_by_store" refund::REFUND_BY_STORE,
        /// Money went back.
        RefundSucceeded { refund_id: Id, payment_id: Option<Id>, reference: Option<String> }
            = 49 "refund_succeeded" refund::REFUND_SUCCEEDED,
        /// Money did not go back.
        RefundFailed {
            refund_id: Id,
            payment_id: Option<Id>,
            reference: Option<String>,
            reason: Option<String>,
        } = 50 "refund_failed" refund::REFUND_FAILED,
        /// Goods came back.
        ReceiveReturn { refund_id: Id, lines: Option<Vec<Asked>>, restock: bool }
            = 51 "receive_return" refund::RECEIVE_RETURN,
        /// What the scales say.
        Weigh { lines: Vec<Asked> } = 52 "weigh" refund::WEIGH,
        /// Another ship-to, which is sealed beside the tree; here only that it changes.
        ChangeAddress { freight: Option<i64>, freight_tax: Option<i64> }
            = 60 "change_address" terms::CHANGE_ADDRESS,
        /// Settled between the parties.
        Settle = 61 "settle" fulfilment::SETTLE,
        /// A rating.
        Rate { score: u8, text: Option<String> } = 62 "rate" text::RATE,
        /// A remark.
        Note = 63 "note" text::NOTE,
        /// Labels put on or taken off.
        Tag { add: Vec<String>, remove: Vec<String> } = 64 "tag" text::TAG,
        /// Hidden by the buyer.
        Hide = 65 "hide" text::HIDE,
        /// Deleted by the buyer for good.
        Delete = 66 "delete" text::DELETE,
        /// Shown again.
        Restore = 67 "restore" text::RESTORE,
    }
}
