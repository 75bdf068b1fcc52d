//! Marketplace shops: their orders are pulled on schedule, kept beside ours and held against what the marketplace says
//! there is.
//!
//! `shops` are connected, paused and shown; `exchange` asks a marketplace one thing; `runs` are started, stopped and
//! watched; `pull` walks through windows of time, and `recording` takes down what a page says; `catalog` reads products,
//! `aftersales` what was cancelled and wanted back, `stock` takes of our shelves what was sold; `again` reads once more what
//! differs. How a marketplace is spoken to stands in `docket-connectors`; here
//! the bytes are sent, faults are weighed and everything is stored.

mod aftersales;
mod again;
mod amounts;
mod catalog;
mod completeness;
mod exchange;
mod gate;
mod listed;
mod packages;
mod paid;
mod pull;
mod pushes;
mod recording;
mod report;
mod rows;
mod runs;
mod shops;
mod stock;
mod tokens;
mod turns;
mod windows;

pub use completeness::{Completeness, Day, StatusCount};
pub use gate::GateFigure;
pub(crate) use packages::LookForPackages;
pub use packages::PackagePage;
pub(crate) use pushes::ReadPushed;
pub use pushes::{PushFigure, Pushed};
pub(crate) use runs::PullShop;
pub use runs::{RunOf, Started};
pub use shops::{NewShop, SetShop, ShopOf, advice_on_scopes};
pub(crate) use stock::AllocateSales;
pub use stock::{CODES_AT_ONCE, SetSku};
pub(crate) use turns::{TICK, TickShops};

use docket_connectors::channel::temu::Temu;
use docket_connectors::channel::{Capabilities, Connector};
use docket_domain::time::{DAY, HOUR, MINUTE, Millis};
use docket_domain::watch::ClockMeasured;
use exchange::{Clocks, Counted};
use gate::Gates;
use pushes::Pushes;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How shops are pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelSettings {
    /// How often what has changed is asked for, in milliseconds.
    pub interval: Millis,
    /// How many days back a full pass, and the first one, reads.
    pub full_days: u32,
    /// How far a window reaches back behind the end of the one before, in milliseconds: what was listed late is in it.
    pub overlap: Millis,
    /// How long ago a window ends, in milliseconds: what is newer may not be listed yet.
    pub lag: Millis,
    /// How many calls may be sent in any second for one app; 0 for any number.
    pub calls_per_second: u32,
    /// Whether package numbers are looked for, and what buyers paid asked for.
    pub packages: bool,
    /// Whether products are read.
    pub products: bool,
    /// When in the day, in UTC, the nightly full passes through orders begin, in milliseconds since midnight; none for
    /// never.
    pub full_at: Option<Millis>,
    /// The same of products.
    pub products_full_at: Option<Millis>,
    /// How often the last days are read again, in milliseconds.
    pub reread_every: Millis,
    /// How far back they are, in milliseconds.
    pub reread: Millis,
}

impl Default for ChannelSettings {
    fn default() -> Self {
        Self {
            interval: 10 * MINUTE,
            full_days: 90,
            overlap: 15 * MINUTE,
            lag: 2 * MINUTE,
            calls_per_second: 20,
            packages: true,
            products: true,
            full_at: Some(2 * HOUR),
            products_full_at: Some(3 * HOUR),
            reread_every: 60 * MINUTE,
            reread: 2 * DAY,
        }
    }
}

/// Every marketplace there is a connector for.
fn connectors() -> Vec<Arc<dyn Connector>> {
    vec![Arc::new(Temu)]
}

/// The words of all marketplaces that shops can be of.
pub fn marketplaces() -> Vec<&'static str> {
    connectors().iter().map(|connector| connector.name()).collect()
}

/// The words of the regions of all marketplaces, each once, in order.
pub fn marketplace_regions() -> Vec<&'static str> {
    let connectors = connectors();
    let regions = connectors.iter().flat_map(|each| Channels::regions(each.capabilities()));
    let regions: BTreeSet<&'static str> = regions.collect();
    regions.into_iter().collect()
}

/// The marketplaces that we speak to, and what this process knows of them.
pub(crate) struct Channels {
    connectors: Vec<Arc<dyn Connector>>,
    clocks: Clocks,
    counted: Counted,
    gates: Gates,
    pushes: Pushes,
    /// Orders that may wait for the lane at a time, of all shops together.
    room: Semaphore,
}

impl Channels {
    /// Of every marketplace; `queue` is how many pieces of bulk work may wait for the lane.
    pub fn new(queue: usize) -> Self {
        Self {
            connectors: connectors(),
            clocks: Clocks::default(),
            counted: Counted::default(),
            gates: Gates::default(),
            pushes: Pushes::default(),
            // Half of it: imports and what tasks write wait there as well.
            room: Semaphore::new((queue / 2).max(1)),
        }
    }

    /// The connector of a marketplace.
    fn connector(&self, channel: &str) -> Option<&Arc<dyn Connector>> {
        self.connectors.iter().find(|connector| connector.name() == channel)
    }

    /// By how much the clock of each marketplace is ahead of ours, by its base address.
    pub fn clocks(&self) -> Vec<ClockMeasured> {
        self.clocks.known()
    }

    /// The words of the regions of a marketplace.
    fn regions(capabilities: &Capabilities) -> Vec<&'static str> {
        capabilities.hosts.iter().map(|host| host.region).collect()
    }
}
