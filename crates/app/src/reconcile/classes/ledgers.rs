//! Ledgers beside the orders that move them.

use super::{Class, Finds, Repair};
use docket_store::BalanceKind;

pub(crate) static STOCK_HELD: Class = Class {
    word: "stock_held_differs",
    sentence: [
        "{subject}: {stands} are held, but unpaid orders hold {should}.",
        "{subject}：占用 {stands}，但未付款订单实际占用 {should}。",
    ],
    finds: Finds::InLedger(BalanceKind::StockHeld),
    repair: Repair::Balance,
};

pub(crate) static STOCK_ON_HAND: Class = Class {
    word: "stock_on_hand_differs",
    sentence: [
        "{subject}: {stands} are on hand, but the book and what orders moved since come to {should}.",
        "{subject}：现有 {stands}，但按账本及订单变动应为 {should}。",
    ],
    finds: Finds::InLedger(BalanceKind::StockOnHand),
    repair: Repair::Balance,
};

pub(crate) static COINS_HELD: Class = Class {
    word: "coins_held_differ",
    sentence: [
        "Of the coins of buyer {subject} {stands} are held, but unpaid orders hold {should}.",
        "买家 {subject} 的金币占用 {stands}，但未付款订单实际占用 {should}。",
    ],
    finds: Finds::InLedger(BalanceKind::CoinsHeld),
    repair: Repair::Balance,
};

pub(crate) static COINS: Class = Class {
    word: "coins_differ",
    sentence: [
        "Buyer {subject} has {stands} coins, but the book and what orders moved since come to {should}.",
        "买家 {subject} 的金币为 {stands}，但按账本及订单变动应为 {should}。",
    ],
    finds: Finds::InLedger(BalanceKind::Coins),
    repair: Repair::Balance,
};

pub(crate) static POINTS: Class = Class {
    word: "points_differ",
    sentence: [
        "Buyer {subject} has {stands} points, but the book and what orders moved since come to {should}.",
        "买家 {subject} 的积分为 {stands}，但按账本及订单变动应为 {should}。",
    ],
    finds: Finds::InLedger(BalanceKind::Points),
    repair: Repair::Balance,
};

pub(crate) static COUPONS: Class = Class {
    word: "coupon_count_differs",
    sentence: [
        "The coupon count {subject} says {stands} used up, but orders used it up {should} times.",
        "优惠券计数 {subject} 记为已核销 {stands} 次，但订单实际核销 {should} 次。",
    ],
    finds: Finds::InLedger(BalanceKind::CouponsRedeemed),
    repair: Repair::Balance,
};
