//! Attempts and refunds beside what their gateways have of them.

use super::{Class, Finds, Repair};
use crate::gateways::Apart;

pub(crate) static PAID_THERE: Class = Class {
    word: "paid_at_gateway_only",
    sentence: [
        "Attempt {subject} of order {order} is {stands} here, but its gateway has the money: {should}.",
        "订单 {order} 的支付尝试 {subject} 在本中心为 {stands}，但支付网关已收款：{should}。",
    ],
    finds: Finds::AtGateway(Apart::PaidThere),
    repair: Repair::LookAgain,
};

pub(crate) static PAID_HERE: Class = Class {
    word: "paid_here_only",
    sentence: [
        "Attempt {subject} of order {order} counts as {stands} here, but no money came to its gateway: {should}.",
        "订单 {order} 的支付尝试 {subject} 在本中心记为 {stands}，但支付网关未收到款项：{should}。",
    ],
    finds: Finds::AtGateway(Apart::PaidHere),
    repair: Repair::ByHand,
};

pub(crate) static AMOUNT: Class = Class {
    word: "amount_differs",
    sentence: [
        "Attempt {subject} of order {order} is {stands} here, and its gateway says otherwise: {should}.",
        "订单 {order} 的支付尝试 {subject} 在本中心为 {stands}，支付网关所述不同：{should}。",
    ],
    finds: Finds::AtGateway(Apart::Amount),
    repair: Repair::ByHand,
};

pub(crate) static OPEN_HERE: Class = Class {
    word: "attempt_open_here_only",
    sentence: [
        "Attempt {subject} of order {order} is {stands} here, but it has ended at its gateway: {should}.",
        "订单 {order} 的支付尝试 {subject} 在本中心为 {stands}，但在支付网关已结束：{should}。",
    ],
    finds: Finds::AtGateway(Apart::OpenHere),
    repair: Repair::LookAgain,
};

pub(crate) static REFUND: Class = Class {
    word: "refund_differs",
    sentence: [
        "Refund {subject} of order {order} is {stands} here, and {should} at its gateway.",
        "订单 {order} 的退款 {subject} 在本中心为 {stands}，在支付网关为 {should}。",
    ],
    finds: Finds::GivenBack,
    repair: Repair::LookAgain,
};
