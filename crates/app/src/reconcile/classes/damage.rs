//! What is damaged below the orders: parts of tables that cannot be read, and rows of orders that are nowhere. What
//! sees them stands in `crate::reconcile::damage`; nothing repairs them but a backup.

use super::{Class, Finds, Repair};

pub(crate) static DAMAGED: Class = Class {
    word: "damaged",
    sentence: [
        "A part of {subject} cannot be read: {stands}. Stop the center, keep a copy of the database as it is, and \
         restore the last backup.",
        "{subject} 有一部分无法读取：{stands}。请停止订单中心，原样保留数据库副本，并恢复最近的备份。",
    ],
    finds: Finds::Damage,
    repair: Repair::ByHand,
};

pub(crate) static BELONGS_TO_NOTHING: Class = Class {
    word: "belongs_to_nothing",
    sentence: [
        "There are rows of order {order} in {subject}, and {stands}. Restore the order from a backup; if nobody misses \
         it, these rows can be deleted by hand.",
        "{subject} 中有订单 {order} 的数据行，但对应的上级数据不存在（{stands}）。请从备份恢复该订单；确认无用后可手工删除这些行。",
    ],
    finds: Finds::Rows,
    repair: Repair::ByHand,
};
