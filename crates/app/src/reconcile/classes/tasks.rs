//! What is under way at a gateway beside the tasks that look after it.

use super::{Class, Finds, Repair};

pub(crate) static MISSING: Class = Class {
    word: "task_missing",
    sentence: [
        "Something of order {order} is under way at a gateway, but {should} is not there: nobody looks after it.",
        "订单 {order} 有事项正在支付网关处理，但任务 {should} 不存在：无人跟进。",
    ],
    finds: Finds::WithoutTask,
    repair: Repair::AddTask,
};
