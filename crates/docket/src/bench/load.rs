//! The load: clients in a closed loop, each with one kept-alive connection and one request in flight. All on
//! one thread.

use super::answer;
use super::connection::{Connection, Request, Target};
use super::orders::{self, Order};
use super::tally::{Paid, Placed, Tally};
use indicatif::ProgressBar;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, LocalSet};

/// Which orders are paid once they are placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paying {
    /// None.
    None,
    /// Every order, by the client that placed it, before it places the next.
    All,
    /// Every so many-th.
    OneIn(u64),
}

impl Paying {
    const fn includes(self, number: u64) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::OneIn(n) => number.is_multiple_of(n),
        }
    }
}

/// How long orders are placed.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// Until this many were placed in this load.
    Orders(u64),
    /// For this long; what is under way then is still waited for.
    After(Duration),
}

/// Who asks for what.
#[derive(Debug, Clone)]
pub struct Load {
    /// The servers, in turn.
    pub targets: Vec<Target>,
    /// What the orders are made from.
    pub seed: u64,
    /// Connections.
    pub clients: usize,
    /// Which orders are paid.
    pub paying: Paying,
}

/// What the clients of a load share; all run on one thread.
struct Shared {
    seed: u64,
    paying: Paying,
    next: Cell<u64>,
    end: u64,
    deadline: Option<Instant>,
    tally: RefCell<Tally>,
    progress: ProgressBar,
}

impl Shared {
    /// The order to place next, unless it is over.
    fn take(&self) -> Option<Order> {
        let number = self.next.get();
        let is_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if number >= self.end || is_late {
            return None;
        }
        self.next.set(number + 1);
        Some(Order::new(self.seed, number))
    }
}

impl Load {
    /// Places the orders from number `first` on.
    pub async fn run(&self, first: u64, until: Until, progress: &ProgressBar) -> io::Result<Tally> {
        let connections = connect(&self.targets, self.clients).await?;
        let start = Instant::now();
        let (end, deadline) = match until {
            Until::Orders(orders) => (first + orders, None),
            Until::After(time) => (u64::MAX, Some(start + time)),
        };
        let shared = Rc::new(Shared {
            seed: self.seed,
            paying: self.paying,
            next: Cell::new(first),
            end,
            deadline,
            tally: RefCell::default(),
            progress: progress.clone(),
        });
        on_each(connections, |connection| place_orders(connection, Rc::clone(&shared))).await?;
        let mut tally = shared.tally.take();
        tally.took = start.elapsed();
        Ok(tally)
    }
}

async fn place_orders(mut connection: Connection, shared: Rc<Shared>) -> io::Result<()> {
    let mut body = Vec::with_capacity(2 << 10);
    while let Some(order) = shared.take() {
        body.clear();
        order.write_placement(&mut body);
        let key = order.idempotency_key();
        let request = Request {
            method: "POST",
            path: "/api/orders",
            idempotency_key: Some(&key),
            body: &body,
        };
        let asked = Instant::now();
        let answer = connection.ask(request).await?;
        let placing = asked.elapsed();
        let id = answer::order_id(answer.expect(201, "placing an order")?);
        let id =
            id.ok_or_else(|| io::Error::other("a placed order was answered without its id"))?;
        let mut placed = Placed { number: order.number, id, paid: Paid::No };
        if shared.paying.includes(order.number) {
            let paying = pay(&mut connection, &order, id, &mut body).await?;
            shared.tally.borrow_mut().paying.add(paying);
            placed.paid = Paid::Yes;
        }
        let mut tally = shared.tally.borrow_mut();
        tally.placing.add(placing);
        tally.placed.push(placed);
        shared.progress.inc(1);
    }
    Ok(())
}

async fn pay(
    connection: &mut Connection,
    order: &Order,
    id: i64,
    body: &mut Vec<u8>,
) -> io::Result<Duration> {
    body.clear();
    order.write_payment(body);
    let path = format!("/api/orders/{id}/operations");
    let request = Request { method: "POST", path: &path, idempotency_key: None, body };
    let asked = Instant::now();
    connection.ask(request).await?.expect(200, "paying an order")?;
    Ok(asked.elapsed())
}

/// Gives every SKU its price and its stock.
pub async fn put_skus_on_sale(
    target: &Target,
    clients: usize,
    progress: ProgressBar,
) -> io::Result<()> {
    let next = Rc::new(Cell::new(0));
    let connections = connect(std::slice::from_ref(target), clients).await?;
    on_each(connections, |mut connection| {
        let (next, progress) = (Rc::clone(&next), progress.clone());
        async move {
            let mut body = Vec::new();
            while next.get() < orders::SKUS {
                let sku = next.replace(next.get() + 1);
                for part in ["products", "stock"] {
                    let path = format!("/api/{part}/{}", orders::sku_id(sku));
                    body.clear();
                    match part {
                        "products" => orders::write_product(sku, &mut body),
                        _ => orders::write_stock(&mut body),
                    }
                    let request =
                        Request { method: "PUT", path: &path, idempotency_key: None, body: &body };
                    connection.ask(request).await?.expect(200, &path)?;
                }
                progress.inc(1);
            }
            Ok(())
        }
    })
    .await?;
    progress.finish_and_clear();
    Ok(())
}

/// So many connections, to each of `targets` in turn.
pub async fn connect(targets: &[Target], clients: usize) -> io::Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(clients);
    for target in targets.iter().cycle().take(clients) {
        connections.push(Connection::open(target).await?);
    }
    Ok(connections)
}

/// Works on all connections at once; the first error ends it.
pub async fn on_each<F>(
    connections: Vec<Connection>,
    work: impl Fn(Connection) -> F,
) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + 'static,
{
    let local = LocalSet::new();
    let mut clients = JoinSet::new();
    for connection in connections {
        clients.spawn_local_on(work(connection), &local);
    }
    let done = local.run_until(async {
        while let Some(client) = clients.join_next().await {
            client.map_err(io::Error::other)??;
        }
        Ok(())
    });
    done.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_orders_are_paid_as_asked() {
        let paid = |paying: Paying| (0..100).filter(|number| paying.includes(*number)).count();
        assert_eq!([Paying::None, Paying::All, Paying::OneIn(4)].map(paid), [0, 100, 25]);
    }
}
