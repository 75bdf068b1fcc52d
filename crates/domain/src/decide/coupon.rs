//! A person gives a use of a coupon back, whatever has become of its order.

use super::Context;
use super::target::Node;
use super::work::Work;
use crate::change::{Change, Remark};
use crate::coupon::{self, Standing};
use crate::operation::{By, OperationKind};
use crate::{ActorKind, Refusal, Tree, seat, status};
use std::fmt;

/// Why a use of a coupon cannot be given back.
#[derive(Debug, Clone, PartialEq)]
pub enum NotGivenBack {
    /// The order has no coupon of this code that counts here.
    NotUsed,
    /// The order is not paid: it holds the coupon, and gives it back when it is revoked.
    Held,
    /// It has come back already.
    Already,
    /// The order is decided elsewhere.
    Refused(Refusal),
}

impl NotGivenBack {
    /// The stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotUsed => "coupon_not_used",
            Self::Held => "coupon_held",
            Self::Already => "coupon_came_back",
            Self::Refused(_) => "operation_refused",
        }
    }
}

impl fmt::Display for NotGivenBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUsed => write!(f, "the order has no such coupon"),
            Self::Held => {
                write!(f, "the order is not paid yet; revoke it to have its coupons back")
            }
            Self::Already => write!(f, "this use of the coupon has come back already"),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

/// Gives the use of `code` in `tree` back, once. The order keeps what the coupon took off.
pub fn give_coupon_back(
    tree: &Tree,
    code: &str,
    reason: &str,
    by: By<'_>,
    cx: &mut Context<'_>,
) -> Result<Change, NotGivenBack> {
    // Coupons are counted where buyers are served.
    seat::decides(OperationKind::Note, ActorKind::Buyer, &tree.payment.home, cx.seat)
        .map_err(|elsewhere| NotGivenBack::Refused(elsewhere.into()))?;
    let found = coupon::find(tree, status::payment_of(tree), code);
    match found.map(|(_, standing)| standing) {
        None => return Err(NotGivenBack::NotUsed),
        Some(Standing::Held) => return Err(NotGivenBack::Held),
        Some(Standing::Released) => return Err(NotGivenBack::Already),
        Some(Standing::Redeemed) => {}
    }
    let of_shop = |shop: &crate::ShopOrder| shop.coupons.iter().any(|one| one.code == code);
    let node = tree.shops.iter().position(of_shop).map_or(Node::Tree, Node::Shop);
    let mut work = Work::on(tree, OperationKind::Note, node, by, cx);
    let at = work.at();
    coupon::returned(&mut work.tree, code, at);
    work.say("coupon", code);
    work.say("reason", reason);
    Ok(work.finish(Remark {
        en: Some(format!("A use of coupon {code} was given back: {reason}")),
        cn: Some(format!("已退回优惠券 {code} 的一次使用：{reason}")),
    }))
}
