//! How long each party has. Values per shop, type and channel come from config as a [`Policy`]; here are
//! the defaults and the arithmetic.

use crate::ActorKind;
use crate::time::{DAY, MINUTE, Millis};
use crate::words::{Fulfilment, RefundKind};

/// After receipt, how long a line may be rated where nothing else is set.
pub const RATE_AGAIN: Millis = 30 * DAY;

/// The lengths that apply to one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// To pay; then the timer revokes.
    pub pay_by: Millis,
    /// To accept a takeaway order; then the timer rejects.
    pub accept_by: Millis,
    /// From shipped to received; then the timer receives.
    pub receive_by: Millis,
    /// From picked up to received, takeaway.
    pub receive_by_takeaway: Millis,
    /// From received to settled.
    pub settle_after: Millis,
    /// To answer a refund request for goods; then it is agreed.
    pub answer_goods: Millis,
    /// To answer a refund or cancel request for takeaway; then it is agreed.
    pub answer_takeaway: Millis,
    /// To answer a seller's request to cancel; then it is refused.
    pub answer_seller_cancel: Millis,
    /// Between tries of a failed revoke.
    pub retry_revoke: Millis,
    /// The least that runs on after a refund stopped a deadline.
    pub rest_at_least: Millis,
    /// After receipt, how long a second rating is taken.
    pub rate_again: Millis,
}

impl Default for Policy {
    /// The defaults of the design, for goods.
    fn default() -> Self {
        Self {
            pay_by: 30 * MINUTE,
            accept_by: 10 * MINUTE,
            receive_by: 15 * DAY,
            receive_by_takeaway: DAY,
            settle_after: 7 * DAY,
            answer_goods: 3 * DAY,
            answer_takeaway: DAY,
            answer_seller_cancel: 3 * DAY,
            retry_revoke: 5 * MINUTE,
            rest_at_least: DAY,
            rate_again: RATE_AGAIN,
        }
    }
}

impl Policy {
    /// The defaults of the design, for takeaway.
    pub fn takeaway() -> Self {
        Self { pay_by: 15 * MINUTE, ..Self::default() }
    }

    /// How long a request for money back may wait for its answer.
    pub fn to_answer(&self, kind: RefundKind, by: ActorKind, fulfilment: Fulfilment) -> Millis {
        if kind == RefundKind::Cancel && by == ActorKind::Seller {
            self.answer_seller_cancel
        } else if fulfilment == Fulfilment::Takeaway {
            self.answer_takeaway
        } else {
            self.answer_goods
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meal_is_paid_sooner_than_goods_and_else_the_same() {
        let (goods, meal) = (Policy::default(), Policy::takeaway());
        assert_eq!((goods.pay_by, meal.pay_by), (30 * MINUTE, 15 * MINUTE));
        assert_eq!(Policy { pay_by: goods.pay_by, ..meal }, goods);
    }
}
