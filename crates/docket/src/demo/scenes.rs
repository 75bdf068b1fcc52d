//! What is played: kinds of orders, each from its placement to where it ends, by several workers at once. Each
//! flow writes down what it did, so that the checks compare the center's answers with something else.

mod flows;
mod online;
mod single;

pub use online::online_checks;
pub use single::single_checks;

use super::stage::{ONLINE, Stage};
use crate::failure::Failure;
use crate::output::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use tokio::task::JoinSet;

/// Workers that play at the same time.
const WORKERS: usize = 12;

/// A kind of order and how it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// Parcels of two shops, two tenders, each shop ships in two parts, received.
    Parcels,
    /// Shipped and on its way.
    OnItsWay,
    /// Not paid yet.
    Waiting,
    /// One unit given back before it is shipped.
    PartRefund,
    /// One unit comes back after receipt.
    Return,
    /// Cancelled after it was paid.
    Cancelled,
    /// Takeaway, from the kitchen to the door.
    Takeaway,
    /// Over the counter, by weight, in cash.
    Counter,
    /// Tickets by code.
    Code,
    /// Revoked before it was paid.
    Revoked,
    /// Revoked, and paid all the same.
    LatePayment,
    /// Paid at a gateway that has its ways.
    Online,
}

/// Every scene.
pub const ALL: [Scene; 12] = [
    Scene::Online,
    Scene::Parcels,
    Scene::OnItsWay,
    Scene::Waiting,
    Scene::PartRefund,
    Scene::Return,
    Scene::Cancelled,
    Scene::Takeaway,
    Scene::Counter,
    Scene::Code,
    Scene::Revoked,
    Scene::LatePayment,
];

impl Scene {
    /// How many orders.
    const fn orders(self) -> u32 {
        match self {
            Self::Parcels => 60,
            Self::Takeaway => 25,
            Self::OnItsWay | Self::PartRefund | Self::Counter => 20,
            Self::Waiting => 15,
            Self::Return | Self::Cancelled | Self::Code => 10,
            Self::Online => ONLINE,
            Self::Revoked | Self::LatePayment => 5,
        }
    }

    /// What people read beside its bar.
    const fn title<'a>(self, out: &Output) -> &'a str {
        match self {
            Self::Parcels => out.say("parcels of two shops", "双店快递"),
            Self::OnItsWay => out.say("parcels on their way", "在途快递"),
            Self::Waiting => out.say("orders not paid yet", "待支付"),
            Self::PartRefund => out.say("partial refunds", "部分退款"),
            Self::Return => out.say("returns", "退货"),
            Self::Cancelled => out.say("paid and cancelled", "付款后取消"),
            Self::Takeaway => out.say("takeaway", "外卖"),
            Self::Counter => out.say("over the counter", "柜台"),
            Self::Code => out.say("tickets by code", "电子票"),
            Self::Revoked => out.say("revoked", "撤销"),
            Self::LatePayment => out.say("paid too late", "撤销后到账"),
            Self::Online => out.say("paid at a gateway", "网关支付"),
        }
    }
}

/// What one order went through, as the one who did it knows it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Its number.
    pub order: String,
    /// Its main status at the end.
    pub status: &'static str,
    /// Money sent in.
    pub sent: i64,
    /// Money that the gateway gave back for goods.
    pub given_back: i64,
    /// Money that came too late.
    pub due: i64,
    /// Operations that were taken, the placement included.
    pub operations: u32,
    /// SKU and thousandths that left the shelf.
    pub taken: Vec<(String, i64)>,
    /// SKU and thousandths still held.
    pub held: Vec<(String, i64)>,
}

/// Plays every order of a scene.
pub async fn play(scene: Scene, stage: &Stage, out: &Output) -> Result<Vec<Outcome>, Failure> {
    let total = scene.orders();
    let bar = Arc::new(out.progress(scene.title(out), u64::from(total)));
    let next = Arc::new(AtomicU32::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS.min(total as usize) {
        let (crew, bar, next) = (stage.crew(), Arc::clone(&bar), Arc::clone(&next));
        workers.spawn(async move {
            let mut outcomes = Vec::new();
            loop {
                let number = next.fetch_add(1, Relaxed);
                if number >= total {
                    return Ok(outcomes);
                }
                outcomes.push(flows::play(scene, number, &crew).await?);
                bar.step();
            }
        });
    }
    let mut outcomes: Vec<Outcome> = Vec::new();
    while let Some(done) = workers.join_next().await {
        let done: Result<Vec<Outcome>, Failure> = done?;
        outcomes.extend(done?);
    }
    if let Some(outcome) = outcomes.first().filter(|_| scene == Scene::PartRefund) {
        stage.show(&outcome.order);
    }
    bar.done();
    Ok(outcomes)
}
