//! The words of the API and the code numbers stored for them, in one table each.
//!
//! Numbers up to 1,001 are those of the source documents; ours begin at 2,000 where a list is shared.

/// Declares an enum whose variants have a stored number and a word at the API.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant = $code,)* }

        impl $name {
            /// Every value, in the order of its code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word at the API.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The number that is stored.
            pub const fn code(self) -> i64 {
                self as i64
            }

            /// The value of a stored number.
            pub fn from_code(code: i64) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }

            /// The value of a word at the API.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::from_word(&word).ok_or_else(|| serde::de::Error::custom(format!(
                    "`{word}` is no {}", stringify!($name))))
            }
        }
    };
}
pub(crate) use words;

mod recorded;

pub use recorded::{AnomalyKind, ParcelState};

words! {
    /// What is sold. Kinds differ in fulfilment and deadlines, as data.
    pub enum OrderType {
        /// Goods.
        Goods = 1 "goods",
        /// A membership.
        Membership = 2 "membership",
        /// A telephone top-up.
        PhoneCredit = 500 "phone_credit",
        /// A data top-up.
        MobileData = 501 "mobile_data",
        /// Coins of the platform.
        Coins = 502 "coins",
        /// An insurance.
        Insurance = 1000 "insurance",
        /// A flight.
        Flight = 1001 "flight",
        /// A meal.
        Takeaway = 2000 "takeaway",
        /// A hotel night.
        Hotel = 2001 "hotel",
        /// A train ticket.
        Train = 2002 "train",
        /// A coach ticket.
        Bus = 2003 "bus",
        /// An entrance ticket.
        Ticket = 2004 "ticket",
    }
}

words! {
    /// The level of a node in the tree.
    pub enum Level {
        /// What the buyer pays at once (L1).
        Payment = 1 "payment",
        /// One shop's part (L2).
        Shop = 2 "shop",
        /// One SKU line (L3).
        Item = 3 "item",
    }
}

words! {
    /// Where the order was placed.
    pub enum Platform {
        /// Not said.
        All = 0 "all",
        /// An iPhone or iPad.
        Ios = 1 "ios",
        /// An Android device.
        Android = 2 "android",
        /// A page in a browser.
        H5 = 3 "h5",
    }
}

words! {
    /// Whether the buyer sees the order.
    pub enum Visible {
        /// Shown.
        Yes = 0 "yes",
        /// Hidden by the buyer; can be restored.
        Deleted = 1 "deleted",
        /// Deleted by the buyer for good.
        Purged = 2 "purged",
        /// Asked for asynchronously and not placed yet.
        NotYet = 99 "not_yet",
    }
}

words! {
    /// The main status of the source's order center, derived at every level.
    pub enum Status {
        /// Placed, nothing paid yet.
        Created = 0 "created",
        /// Ended before it was paid.
        Cancelled = 1 "cancelled",
        /// Paid.
        Paid = 2 "paid",
        /// Handed over for delivery.
        Shipped = 3 "shipped",
        /// With the buyer.
        Received = 4 "received",
        /// Paid, then all given back.
        Closed = 5 "closed",
        /// Settled.
        Completed = 6 "completed",
    }
}

words! {
    /// The status a store reads (ten values of the store's source document).
    pub enum StoreStatus {
        /// Nothing paid.
        Unpaid = 0 "unpaid",
        /// An attempt is open, or a part is paid.
        Paying = 1 "paying",
        /// Paid.
        Paid = 2 "paid",
        /// The last attempt failed.
        PayFailed = 3 "pay_failed",
        /// Being revoked.
        Revoking = 4 "revoking",
        /// Revoked.
        Revoked = 5 "revoked",
        /// Could not be revoked; tried again.
        RevokeFailed = 6 "revoke_failed",
        /// A refund is asked for or under way.
        Refunding = 7 "refunding",
        /// All given back.
        Refunded = 8 "refunded",
        /// The last refund was rejected or failed.
        RefundFailed = 9 "refund_failed",
    }
}

words! {
    /// The payment axis of a payment order.
    pub enum PaymentStatus {
        /// Nothing paid, nothing tried.
        Unpaid = 0 "unpaid",
        /// An attempt is open, or a part is paid.
        Paying = 1 "paying",
        /// The payable is covered.
        Paid = 2 "paid",
        /// The last attempt failed and nothing is paid.
        Failed = 3 "failed",
    }
}

words! {
    /// The revoke axis of a payment order.
    pub enum RevokeStatus {
        /// Nobody asked.
        None = 0 "none",
        /// Attempts are being closed.
        Revoking = 1 "revoking",
        /// Done; holds are released.
        Revoked = 2 "revoked",
        /// An attempt could not be closed.
        RevokeFailed = 3 "revoke_failed",
    }
}

words! {
    /// The refund axis of a shop order.
    pub enum RefundAxis {
        /// No refund, or only withdrawn ones.
        None = 0 "none",
        /// Asked for.
        Applied = 1 "applied",
        /// The last one to end was rejected.
        Rejected = 2 "rejected",
        /// Under way.
        Refunding = 3 "refunding",
        /// All given back.
        Refunded = 4 "refunded",
        /// The last one to end failed.
        Failed = 5 "failed",
    }
}

words! {
    /// The status of one refund.
    pub enum RefundStatus {
        /// Asked for; waits for an answer.
        Applied = 1 "applied",
        /// Answered with no.
        Rejected = 2 "rejected",
        /// Agreed; money or goods are on their way.
        Refunding = 3 "refunding",
        /// Done.
        Refunded = 4 "refunded",
        /// Every part failed.
        Failed = 5 "failed",
        /// Taken back by who asked.
        Withdrawn = 6 "withdrawn",
    }
}

words! {
    /// What kind of refund it is.
    pub enum RefundKind {
        /// Asked for before anything was shipped.
        Cancel = 1 "cancel",
        /// Asked for or given by lines and quantities.
        Refund = 2 "refund",
        /// The difference of a weighed line.
        Weigh = 3 "weigh",
        /// The store did not take the order.
        Reject = 4 "reject",
    }
}

words! {
    /// The delivery axis of a takeaway shop order.
    pub enum DeliveryStatus {
        /// The store has not answered.
        AwaitingAcceptance = 0 "awaiting_acceptance",
        /// The store took it.
        Accepted = 1 "accepted",
        /// In the kitchen.
        Unprepared = 2 "unprepared",
        /// Ready.
        Prepared = 3 "prepared",
        /// A courier was called.
        AwaitingCourier = 4 "awaiting_courier",
        /// With the courier.
        PickedUp = 5 "picked_up",
        /// With the buyer.
        Delivered = 6 "delivered",
    }
}

words! {
    /// The settlement axis of a shop order.
    pub enum Settlement {
        /// Not settled.
        Open = 0 "open",
        /// Settled between buyer, seller and platform.
        Settled = 1 "settled",
    }
}

words! {
    /// Who brought a shop order to its end, and how. `none` is absence.
    pub enum CancelKind {
        /// A timer or Docket itself, before payment.
        SystemRevoke = 1 "system_revoke",
        /// The buyer, before payment.
        CustomerRevoke = 2 "customer_revoke",
        /// The store, seller or till, before payment.
        StoreRevoke = 3 "store_revoke",
        /// A timer or Docket itself, after payment.
        SystemRefund = 4 "system_refund",
        /// The buyer, after payment.
        CustomerRefund = 5 "customer_refund",
        /// The store, seller or till, after payment.
        StoreRefund = 6 "store_refund",
    }
}

words! {
    /// How a shop order reaches the buyer.
    pub enum Fulfilment {
        /// Shipped in parcels.
        Parcel = 1 "parcel",
        /// Cooked and carried.
        Takeaway = 2 "takeaway",
        /// Handed over at the till: payment delivers and receives.
        Counter = 3 "counter",
        /// A code: shipping sends it, the first use receives it.
        Code = 4 "code",
    }
}

words! {
    /// Who said that a shop order was received.
    pub enum ReceiveType {
        /// The buyer.
        Buyer = 1 "buyer",
        /// The receive-by deadline.
        Timer = 2 "timer",
        /// The store; a counter sale is received by the store.
        Store = 3 "store",
        /// The courier.
        Courier = 4 "courier",
        /// The first use of a code.
        Code = 5 "code",
    }
}

words! {
    /// The kinds of deadline.
    pub enum DeadlineKind {
        /// Pay, or the timer revokes.
        PayBy = 1 "pay_by",
        /// Accept, or the timer rejects.
        AcceptBy = 2 "accept_by",
        /// Receive, or the timer receives.
        ReceiveBy = 3 "receive_by",
        /// The timer settles.
        SettleAt = 4 "settle_at",
        /// Answer a refund request, or the timer does.
        AnswerBy = 5 "answer_by",
        /// Try a failed revoke again.
        RetryRevoke = 6 "retry_revoke",
    }
}

words! {
    /// The status of one attempt to pay.
    pub enum AttemptStatus {
        /// Waiting for the buyer or the gateway.
        Open = 1 "open",
        /// Closed without money.
        Closed = 2 "closed",
        /// Led to a payment.
        Succeeded = 3 "succeeded",
        /// Failed.
        Failed = 4 "failed",
    }
}

words! {
    /// Why money must go back to where it came from.
    pub enum DueCause {
        /// More than the payable.
        Overpaid = 1 "overpaid",
        /// Paid on an order that had ended.
        Late = 2 "late",
        /// Paid in part before the order was revoked.
        Revoked = 3 "revoked",
    }
}

words! {
    /// What a till shows. `none` is absence: not paid, or not revoked yet.
    pub enum TillStatus {
        /// Revoked.
        Cancelled = 1 "cancelled",
        /// A refund is open.
        Refunding = 2 "refunding",
        /// All given back.
        Returned = 3 "returned",
        /// Completed, or sold over the counter.
        Done = 4 "done",
        /// Paid; to be made.
        Paid = 5 "paid",
        /// Ready.
        Prepared = 6 "prepared",
        /// Waits for the courier.
        Waiting = 7 "waiting",
        /// On its way.
        Delivering = 8 "delivering",
        /// With the buyer.
        Arrived = 9 "arrived",
    }
}

/// The markets of the source documents by number; others are configured by name and number ≥ 100.
pub const MARKETS: &[(u16, &str)] =
    &[(0, "main"), (1, "zebra"), (2, "catcher"), (3, "local"), (4, "community")];

words! {
    /// How far a task is.
    pub enum TaskState {
        /// It waits: for its time, for a worker, or for those before it in its chain.
        Pending = 0 "pending",
        /// A worker has it, for as long as its lease.
        Running = 1 "running",
        /// Done, or dropped by a person.
        Done = 2 "done",
        /// Out of attempts, or hopeless: it needs a person.
        Dead = 3 "dead",
        /// Behind a dead one of its chain.
        Parked = 4 "parked",
    }
}
