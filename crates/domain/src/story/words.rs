//! Words of statuses, causes and actors as people read them.

use super::Language;
use crate::words::{
    AnomalyKind, DeliveryStatus, DueCause, PaymentStatus, RefundAxis, RevokeStatus, Status,
    StoreStatus,
};
use crate::{Actor, ActorKind};

/// A word of the product that people read in their language.
pub trait Spoken: Copy {
    /// The word in `language`.
    fn spoken(self, language: Language) -> &'static str;
}

/// The word of a status of any axis.
pub fn status_word(status: impl Spoken, language: Language) -> &'static str {
    status.spoken(language)
}

/// Who acted: `buyer Li (1001)`, in Chinese `买家 Li（1001）`.
pub fn actor_name(actor: &Actor, language: Language) -> String {
    let kind = actor.kind.spoken(language);
    let known = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    match (known(&actor.name), known(&actor.id)) {
        (None, None) => kind.to_owned(),
        (Some(one), None) | (None, Some(one)) => format!("{kind} {one}"),
        (Some(name), Some(id)) => match language {
            Language::En => format!("{kind} {name} ({id})"),
            Language::Zh => format!("{kind} {name}（{id}）"),
        },
    }
}

/// Declares the words of an enum, English beside Chinese.
macro_rules! spoken {
    ($name:ident { $($variant:ident $en:literal $zh:literal,)* }) => {
        impl Spoken for $name {
            fn spoken(self, language: Language) -> &'static str {
                match self { $(Self::$variant => language.of($en, $zh),)* }
            }
        }
    };
}

spoken! { Status {
    Created "placed" "已下单",
    Cancelled "cancelled" "已取消",
    Paid "paid" "已支付",
    Shipped "shipped" "已发货",
    Received "received" "已收货",
    Closed "closed" "已关闭",
    Completed "completed" "已完成",
} }

spoken! { StoreStatus {
    Unpaid "not paid" "待支付",
    Paying "paying" "支付中",
    Paid "paid" "已支付",
    PayFailed "payment failed" "支付失败",
    Revoking "being revoked" "撤销中",
    Revoked "revoked" "已撤销",
    RevokeFailed "revoke failed" "撤销失败",
    Refunding "refunding" "退款中",
    Refunded "refunded" "已退款",
    RefundFailed "refund failed" "退款失败",
} }

spoken! { PaymentStatus {
    Unpaid "not paid" "未支付",
    Paying "paying" "支付中",
    Paid "paid" "已支付",
    Failed "payment failed" "支付失败",
} }

spoken! { RevokeStatus {
    None "not revoked" "未撤销",
    Revoking "being revoked" "撤销中",
    Revoked "revoked" "已撤销",
    RevokeFailed "revoke failed" "撤销失败",
} }

spoken! { RefundAxis {
    None "no refund" "无退款",
    Applied "refund asked for" "已申请退款",
    Rejected "refund rejected" "退款被拒",
    Refunding "refunding" "退款中",
    Refunded "refunded" "已退款",
    Failed "refund failed" "退款失败",
} }

spoken! { DeliveryStatus {
    AwaitingAcceptance "waits for the store" "待接单",
    Accepted "taken by the store" "已接单",
    Unprepared "being prepared" "备餐中",
    Prepared "ready" "备餐完成",
    AwaitingCourier "waits for the courier" "待取货",
    PickedUp "with the courier" "配送中",
    Delivered "delivered" "已送达",
} }

spoken! { DueCause {
    Overpaid "more than was to pay" "多付",
    Late "paid after the order had ended" "订单结束后支付",
    Revoked "the order was revoked" "订单已撤销",
} }

spoken! { ActorKind {
    Buyer "buyer" "买家",
    Seller "seller" "卖家",
    Store "store" "门店",
    Till "till" "收银台",
    Courier "courier" "骑手",
    Gateway "payment gateway" "支付网关",
    Timer "timer" "定时器",
    System "system" "系统",
} }

spoken! { AnomalyKind {
    Underpaid "underpaid" "未付足",
    Overpaid "overpaid" "多付",
    ShippedAfterCancel "shipped after a cancel" "取消后发货",
    TimesOutOfOrder "times out of order" "时间矛盾",
    TimeUnknown "time unknown" "时间不明",
    RefundUnknown "refund unknown" "退款不明",
    TermsChanged "terms changed" "条款变化",
    PaymentReferenceTaken "payment reference taken" "流水号重复",
    Oversold "oversold" "超卖",
    SumMismatch "sums do not match" "金额不一致",
    CurrencyMismatch "another currency" "币种不一致",
    RefundBounced "a refund came back" "退款被退回",
    RefundedTwice "refunded twice" "重复退款",
    StatusWentBack "the status went back" "状态倒退",
    TextCut "text was cut" "文本被截短",
} }
