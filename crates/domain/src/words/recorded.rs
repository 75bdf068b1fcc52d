//! Words of what is recorded: what contradicts, and whether a parcel has left.

words! {
    /// What contradicts in a tree: listed, alerted, never dropped.
    pub enum AnomalyKind {
        /// Less was paid than is to pay, yet it went on.
        Underpaid = 1 "underpaid",
        /// More was paid than is to pay.
        Overpaid = 2 "overpaid",
        /// Shipped after it was cancelled.
        ShippedAfterCancel = 3 "shipped_after_cancel",
        /// The recorded times contradict the order of events.
        TimesOutOfOrder = 4 "times_out_of_order",
        /// A fact came without its time.
        TimeUnknown = 5 "time_unknown",
        /// Closed elsewhere, and nobody said whether the money went back.
        RefundUnknown = 6 "refund_unknown",
        /// The terms of a recorded order changed.
        TermsChanged = 7 "terms_changed",
        /// A payment reference was claimed by two orders, or with two amounts.
        PaymentReferenceTaken = 8 "payment_reference_taken",
        /// A recorded sale took more than there was.
        Oversold = 9 "oversold",
        /// The parts do not add up to the total the source gave.
        SumMismatch = 10 "sum_mismatch",
        /// A payment in another currency than the order's.
        CurrencyMismatch = 11 "currency_mismatch",
        /// Money that had gone back to the buyer came back.
        RefundBounced = 12 "refund_bounced",
        /// More went back than was owed.
        RefundedTwice = 13 "refunded_twice",
        /// Its channel says that an order is less far than it said before.
        StatusWentBack = 14 "status_went_back",
        /// Text of a channel was longer than is kept.
        TextCut = 15 "text_cut",
    }
}

words! {
    /// Whether a parcel has left.
    #[derive(Default)]
    pub enum ParcelState {
        /// It has.
        #[default]
        Left = 1 "left",
        /// It has a number, and nobody says that it has left.
        Announced = 2 "announced",
        /// Its number is not any line's any more.
        Void = 3 "void",
    }
}
