//! The sentences of contradictions, English beside Chinese; those of operations stand in their definitions. How they
//! are filled is in `template`.

use crate::operation::Sentence;
use crate::words::AnomalyKind;

/// The sentence of an anomaly.
pub(super) const fn of_anomaly(kind: AnomalyKind) -> Sentence {
    use AnomalyKind as A;
    match kind {
        A::Underpaid => (
            "Less was paid than is to pay, and yet it went on[: {paid} of {payable}]",
            "未付足仍继续履行[：应付 {payable}，已付 {paid}]",
        ),
        A::Overpaid => (
            "More was paid than is to pay[: {paid} for {payable}]",
            "支付金额超过应付[：应付 {payable}，已付 {paid}]",
        ),
        A::ShippedAfterCancel => {
            ("Goods were shipped after the order was cancelled", "订单取消后仍发货")
        }
        A::TimesOutOfOrder => (
            "The recorded times contradict each other[: {first} before {then}]",
            "记录的时间前后矛盾[：{first} 早于 {then}]",
        ),
        A::TimeUnknown => ("A fact came without its time[: {fact}]", "事实缺少时间[：{fact}]"),
        A::RefundUnknown => (
            "It was ended at its source, and nobody says whether the money went back",
            "来源已关闭订单，退款情况不明",
        ),
        A::TermsChanged => (
            "The terms of this recorded order changed[ (terms version {terms_version})]",
            "已记录订单的条款发生变化[（第 {terms_version} 版）]",
        ),
        A::PaymentReferenceTaken => (
            "A payment reference was claimed more than once[: {reference}][, by order {other} as well][; {amount} counts, {reported} was told]",
            "支付流水号重复[：{reference}][，订单 {other} 也使用][；计入 {amount}，来源报告 {reported}]",
        ),
        A::Oversold => (
            "More was sold than there was[: {lines}|: {skus}|: {sku}][ at {place}]",
            "超卖[：{lines}|：{skus}|：{sku}][（地点 {place}）]",
        ),
        A::SumMismatch => (
            "The parts do not add up[: the source says {total}, its parts come to {payable}|: {returned} of {sku} came back, and {bought} of it were bought|: {refunded} went back, and {paid} was paid|: {field} is {reported} there and {kept} here|: {field} is {reported} there]",
            "金额不一致[：来源总额 {total}，明细合计 {payable}|：{sku} 退回 {returned} 件，购买 {bought} 件|：已退 {refunded}，已付 {paid}|：{field} 来源为 {reported}，此处为 {kept}|：{field} 来源为 {reported}]",
        ),
        A::CurrencyMismatch => (
            "Money in another currency than the order's[: {reported} instead of {currency}][ (reference {reference})]",
            "币种与订单不一致[：{reported}，应为 {currency}][（流水号 {reference}）]",
        ),
        A::RefundBounced => (
            "Money that had gone back came back[: {amount}][ (reference {reference})]",
            "退款被退回[：{amount}][（流水号 {reference}）]",
        ),
        A::RefundedTwice => (
            "More went back than was owed[: {amount} too much]",
            "退款超过应退金额[：多退 {amount}]",
        ),
        A::StatusWentBack => (
            "Its channel says that it is less far than it said before[: {status}]",
            "渠道报告的状态比之前倒退[：{status}]",
        ),
        A::TextCut => (
            "Text of the channel is longer than is kept[: {field} has {length} characters]",
            "渠道文本过长，已截短[：{field} 有 {length} 个字符]",
        ),
    }
}
