//! People who place orders while a shop is pulled for the first time: how long each waits, beside the same without a pull.

use super::super::connection::{Connection, Request, Target};
use super::super::load::put_skus_on_sale;
use super::super::orders::Order;
use super::super::tally::Latencies;
use crate::failure::Failure;
use indicatif::ProgressBar;
use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Orders that people place in a second: one after another, evenly.
const A_SECOND: u32 = 50;
/// Connections that put goods on sale.
const CLIENTS: usize = 16;

/// Somebody who places orders.
pub struct Placing {
    target: Target,
    seed: u64,
    next: u64,
}

impl Placing {
    /// Puts goods on sale first.
    pub async fn at(target: Target, seed: u64) -> Result<Self, Failure> {
        put_skus_on_sale(&target, CLIENTS, ProgressBar::hidden()).await?;
        Ok(Self { target, seed, next: 0 })
    }

    /// Places orders until `is_over`. The wait of each counts from the moment when it was to be placed, so that one that is
    /// late makes those behind it late as well.
    pub async fn until(&mut self, is_over: Rc<Cell<bool>>) -> io::Result<Latencies> {
        let mut connection = Connection::open(&self.target).await?;
        let (began, mut waits, mut body) = (Instant::now(), Latencies::default(), Vec::new());
        let mut placed = 0;
        while !is_over.get() {
            let due = began + Duration::from_secs(1) * placed / A_SECOND;
            tokio::time::sleep_until(due.into()).await;
            let order = Order::new(self.seed, self.next);
            body.clear();
            order.write_placement(&mut body);
            let key = order.idempotency_key();
            let request = Request {
                method: "POST",
                path: "/api/orders",
                idempotency_key: Some(&key),
                body: &body,
            };
            connection.ask(request).await?.expect(201, "placing an order")?;
            waits.add(due.elapsed());
            (placed, self.next) = (placed + 1, self.next + 1);
        }
        Ok(waits)
    }
}
