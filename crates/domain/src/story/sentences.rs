//! The sentences themselves, English beside Chinese; how they are filled is in `template`.

use crate::operation::OperationKind;
use crate::words::AnomalyKind;

/// A sentence in English and in Chinese.
pub(super) type Sentence = (&'static str, &'static str);

/// A revoke that waits for its attempts to be closed.
pub(super) const REVOKING: Sentence = (
    "Revoke asked for[: {reason}]; open payments are being closed first",
    "申请撤销[：{reason}]，正在关闭未完成的支付",
);

/// Money that had gone back to the buyer, and came back.
pub(super) const BOUNCED: Sentence = (
    "Money that had gone back came back[: {amount}][ by {tender}][ (reference {reference})][: {reason}]; it is still to be refunded",
    "退款被退回[ {amount}][（{tender}，流水号 {reference}）|（{tender}）|（流水号 {reference}）][，原因：{reason}]；仍需退款",
);

/// Money that went back although it had gone already.
pub(super) const TWICE: Sentence = (
    "Money went back[: {amount}][ by {tender}][ (reference {reference})], although it had gone back already[: {excess} more than was owed]",
    "退款到账[ {amount}][（{tender}，流水号 {reference}）|（{tender}）|（流水号 {reference}）]，但此前已退过[，共多退 {excess}]",
);

/// The sentence of an operation.
pub(super) const fn of_operation(kind: OperationKind) -> Sentence {
    use OperationKind as K;
    match kind {
        K::Place | K::Record => origin(kind),
        K::StartPayment
        | K::PaymentSucceeded
        | K::PaymentFailed
        | K::AttemptClosed
        | K::AttemptStuck
        | K::Revoke
        | K::Drop
        | K::AdjustPrice => money(kind),
        K::RequestCancel
        | K::AgreeCancel
        | K::RefuseCancel
        | K::WithdrawCancel
        | K::RequestRefund
        | K::AgreeRefund
        | K::RejectRefund
        | K::WithdrawRefund
        | K::RefundByStore
        | K::RefundSucceeded
        | K::RefundFailed
        | K::ReceiveReturn
        | K::Weigh => refund(kind),
        K::Settle | K::Rate | K::Note | K::Tag | K::Hide | K::Delete | K::Restore => words(kind),
        _ => goods(kind),
    }
}

const fn origin(kind: OperationKind) -> Sentence {
    match kind {
        OperationKind::Place => (
            "Placed[: {lines}][; {payable} to pay|; {amount} to pay][, with tax of {tax}]",
            "下单[：{lines}][，应付 {payable}|，应付 {amount}][，含税 {tax}]",
        ),
        _ => (
            "Recorded[ from {channel}][ as order {external_id} there][; {payable} to pay][; noticed: {anomalies}]",
            "已记录[来自 {channel} 的][订单 {external_id}|订单][，应付 {payable}][；发现：{anomalies}]",
        ),
    }
}

const fn money(kind: OperationKind) -> Sentence {
    use OperationKind as K;
    match kind {
        K::StartPayment => {
            ("Began to pay[ {amount}][ by {tender}]", "发起支付[ {amount}][（{tender}）]")
        }
        K::PaymentSucceeded => (
            "Paid[ {amount}][ by {tender}][ (reference {reference})][; {due} of it goes back][ ({cause})][{revived}; the order, which only time had ended, is open again]",
            "[以 {tender} ]支付[ {amount}|成功][（流水号 {reference}）][；其中将原路退回 {due}][（{cause}）][{revived}；因超时撤销的订单已恢复]",
        ),
        K::PaymentFailed => (
            "A payment[ of {amount}][ by {tender}] failed[: {reason}]",
            "支付失败[：{amount}][（{tender}）][，原因：{reason}]",
        ),
        K::AttemptClosed => (
            "An open payment[ of {amount}][ by {tender}] was closed without money[: {reason}]",
            "未完成的支付已关闭[：{amount}][（{tender}）][，原因：{reason}]",
        ),
        K::AttemptStuck => (
            "An open payment[ of {amount}][ by {tender}] could not be closed[: {reason}]",
            "未完成的支付无法关闭[：{amount}][（{tender}）][，原因：{reason}]",
        ),
        K::Revoke => (
            "Revoked[: {reason}][; {due} goes back]",
            "已撤销[，原因：{reason}][；将原路退回 {due}]",
        ),
        K::Drop => (
            "Taken out of the order[: {lines}][; platform discount {platform_discount}][; third-party discount {third_party_discount}][; {payable} to pay][ (terms version {terms_version})]",
            "从订单中移除[：{lines}][；平台优惠 {platform_discount}][；第三方优惠 {third_party_discount}][；应付 {payable}][（条款第 {terms_version} 版）]",
        ),
        _ => (
            "Price adjusted[; shop discount {shop_discount}][; freight {freight}][; tax {tax}][; {payable} to pay][ (terms version {terms_version})]",
            "调整价格[；店铺优惠 {shop_discount}][；运费 {freight}][；税 {tax}][；应付 {payable}][（条款第 {terms_version} 版）]",
        ),
    }
}

const fn goods(kind: OperationKind) -> Sentence {
    use OperationKind as K;
    match kind {
        K::Accept => ("The store took the order", "门店已接单"),
        K::Reject => (
            "The store did not take the order[: {reason}][; {amount} goes back]",
            "门店未接单[，原因：{reason}][；将退回 {amount}]",
        ),
        K::StartPreparing => ("Preparation began", "开始备餐"),
        K::Prepare => ("Ready", "备餐完成"),
        K::CallCourier => ("A courier was called[: {courier}]", "已呼叫骑手[：{courier}]"),
        K::PickUp => ("Picked up[ by {courier}]", "已取货[（{courier}）]"),
        K::Deliver => ("Delivered[ by {courier}]", "已送达[（{courier}）]"),
        K::Ship => (
            "Shipped[ {lines}][ with {carrier}][ (tracking {tracking})]",
            "已发货[：{lines}][，承运商 {carrier}][，运单号 {tracking}]",
        ),
        K::Receive => ("Received[: {lines}]", "已收货[：{lines}]"),
        K::ExtendReceipt => ("More time to confirm receipt[: {days}]", "延长收货时间[ {days}]"),
        _ => (
            "Ship-to changed[; freight {freight}][; {payable} to pay][ (terms version {terms_version})]",
            "修改收货地址[；运费 {freight}][；应付 {payable}][（条款第 {terms_version} 版）]",
        ),
    }
}

const fn refund(kind: OperationKind) -> Sentence {
    use OperationKind as K;
    match kind {
        K::RequestCancel => (
            "Asked to cancel[ {lines}][ ({amount})][: {reason}]",
            "申请取消[ {lines}][（{amount}）][，原因：{reason}]",
        ),
        K::AgreeCancel => (
            "Agreed to cancel[ {lines}][; {amount} goes back][, with tax of {tax}][, with coins worth {coins}]",
            "同意取消[ {lines}][；将退回 {amount}][，含税 {tax}][，另退金币 {coins}]",
        ),
        K::RefuseCancel => ("Refused to cancel[: {reason}]", "拒绝取消[，原因：{reason}]"),
        K::WithdrawCancel => ("Request to cancel taken back", "撤回取消申请"),
        K::RequestRefund => (
            "Asked for a refund[ of {amount}][ for {lines}][, {of_freight} of it freight][, with tax of {tax}][, {goodwill} of it goodwill][, cut by {cut} to what was paid][: {reason}]",
            "申请退款[ {amount}][（{lines}）][，其中运费 {of_freight}][，含税 {tax}][，补偿 {goodwill}][，因不超过实付已减 {cut}][，原因：{reason}]",
        ),
        K::AgreeRefund => (
            "Agreed to the refund[: {amount}][ for {lines}][, {of_freight} of it freight][, with tax of {tax}][, {goodwill} of it goodwill][, cut by {cut} to what was paid][, with coins worth {coins}]",
            "同意退款[ {amount}][（{lines}）][，其中运费 {of_freight}][，含税 {tax}][，补偿 {goodwill}][，因不超过实付已减 {cut}][，另退金币 {coins}]",
        ),
        K::RejectRefund => ("Rejected the refund[: {reason}]", "拒绝退款[，原因：{reason}]"),
        K::WithdrawRefund => ("Request for a refund taken back", "撤回退款申请"),
        K::RefundByStore => (
            "The store gives money back[: {amount}][ for {lines}][, {of_freight} of it freight][, with tax of {tax}][, {goodwill} of it goodwill][, cut by {cut} to what was paid][, with coins worth {coins}][: {reason}]",
            "门店主动退款[ {amount}][（{lines}）][，其中运费 {of_freight}][，含税 {tax}][，补偿 {goodwill}][，因不超过实付已减 {cut}][，另退金币 {coins}][，原因：{reason}]",
        ),
        K::RefundSucceeded => (
            "Money went back[: {amount}][ by {tender}][ (reference {reference})]",
            "退款到账[ {amount}][（{tender}，流水号 {reference}）|（{tender}）|（流水号 {reference}）]",
        ),
        K::RefundFailed => (
            "Money did not go back[: {amount}][ by {tender}][ (reference {reference})][: {reason}]",
            "退款失败[ {amount}][（{tender}，流水号 {reference}）|（{tender}）|（流水号 {reference}）][，原因：{reason}]",
        ),
        K::ReceiveReturn => (
            "Goods came back[: {lines}][{restock}, into stock again]",
            "收到退货[：{lines}][{restock}，已重新入库]",
        ),
        _ => (
            "Weighed[: {lines}][, {weight} in all][; {amount} goes back]",
            "已称重[：{lines}][，共重 {weight}][；将退回 {amount}]",
        ),
    }
}

const fn words(kind: OperationKind) -> Sentence {
    use OperationKind as K;
    match kind {
        K::Settle => ("Settled", "已结算"),
        K::Rate => ("Rated[ {score} of 5]", "已评价[ {score} 星]"),
        K::Note => ("Left a remark", "添加备注"),
        K::Tag => (
            "Labels changed[; added: {add}][; taken off: {remove}]",
            "修改标签[；添加：{add}][；移除：{remove}]",
        ),
        K::Hide => ("Hidden by the buyer", "买家已隐藏订单"),
        K::Delete => ("Deleted by the buyer for good", "买家已永久删除订单"),
        _ => ("Shown to the buyer again", "订单已恢复显示"),
    }
}

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
    }
}
