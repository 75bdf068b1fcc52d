//! Whose turn it is: each shop has moments of its own at which what changed is read, and one of each night at which all
//! is read once more.

use super::runs::Wish;
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_domain::channel::{RunMode, Stream};
use docket_domain::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use docket_domain::{Id, Time};
use docket_store::ChannelShop;
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};

/// How often shops are looked at whose turn it is.
pub(crate) const TICK: Millis = 10 * SECOND;
/// How long a night is in which all shops are read whole.
const NIGHT: Millis = 4 * HOUR;
/// For how long the full pass of a shop is made up for, where something else runs or nothing did.
const LATE: Millis = 30 * MINUTE;
/// Runs among which the full pass of a night is looked for.
const RUNS: usize = 50;
/// Shops that are looked at together.
const PAGE: usize = 200;

/// Starts the runs of shops whose turn it is.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct TickShops {}

impl App {
    /// Starts the runs of shops whose turn came within the last ticks.
    async fn tick_shops(&self) -> Result<(), Error> {
        let now = self.now();
        let mut after = Id(0);
        loop {
            let shops = self.store().channel_shops(after, PAGE).await?;
            let Some(last) = shops.last() else { return Ok(()) };
            after = last.id;
            for shop in shops.iter().filter(|shop| is_pulled(shop)) {
                for stream in self.streams_of(shop) {
                    self.tick_full(shop, stream, now).await?;
                    self.tick_changed(shop, stream, now).await?;
                }
            }
        }
    }

    /// What is read of a shop.
    fn streams_of(&self, shop: &ChannelShop) -> impl Iterator<Item = Stream> + use<> {
        let connector = self.inner.channels.connector(&shop.channel);
        let lists = connector.is_some_and(|one| !one.capabilities().product_buckets.is_empty());
        let products = (lists && self.inner.settings.channels.products).then_some(Stream::Products);
        [Stream::Orders].into_iter().chain(products)
    }

    /// Starts the reading of what changed, where it is its turn.
    async fn tick_changed(
        &self,
        shop: &ChannelShop,
        stream: Stream,
        now: Time,
    ) -> Result<(), Error> {
        let slot = slot_of(shop.id, stream, self.inner.settings.channels.interval, now);
        if now.since(slot) >= 3 * TICK {
            return Ok(());
        }
        let newest = self.store().channel_runs(shop.id, stream, 1).await?;
        if newest.first().is_none_or(|run| run.created_at < slot) {
            let wish = Wish { shop: shop.id, stream, mode: RunMode::Incremental, note: None };
            self.queue_run(wish, None).await?;
        }
        Ok(())
    }

    /// Starts the full pass of the night, where it is its turn. What runs is let come to its end first.
    async fn tick_full(&self, shop: &ChannelShop, stream: Stream, now: Time) -> Result<(), Error> {
        let settings = &self.inner.settings.channels;
        let at = match stream {
            Stream::Orders => settings.full_at,
            Stream::Products => settings.products_full_at,
        };
        let Some(slot) = at.map(|at| night_of(shop.id, stream, at, now)) else { return Ok(()) };
        if now.since(slot) >= LATE || shop.created_at > slot {
            return Ok(());
        }
        let newest = self.store().channel_runs(shop.id, stream, RUNS).await?;
        let mut tonight = newest.iter().take_while(|run| run.created_at >= slot);
        if tonight.any(|run| run.mode == RunMode::Full) {
            return Ok(());
        }
        let note = match stream {
            Stream::Orders => self.too_long(shop, now).await?,
            Stream::Products => None,
        };
        if let Some(note) = &note {
            tracing::warn!(shop = %shop.id, note, "a full pass may not come to its end in the night");
        }
        let wish = Wish { shop: shop.id, stream, mode: RunMode::Full, note };
        self.queue_run(wish, None).await.map(drop)
    }

    /// What is to be said where a full pass through the orders of a shop will not come to its end in its share of the
    /// night: all shops of an app have one limit.
    async fn too_long(&self, shop: &ChannelShop, now: Time) -> Result<Option<String>, Error> {
        let settings = &self.inner.settings.channels;
        let from = now.plus(-i64::from(settings.full_days) * DAY);
        let orders = self.store().channel_orders_created(shop.id, (from, now)).await?;
        let mut sharers = 0;
        let mut after = Id(0);
        loop {
            let shops = self.store().channel_shops(after, PAGE).await?;
            let Some(last) = shops.last() else { break };
            after = last.id;
            let shares = |other: &&ChannelShop| {
                other.app_key == shop.app_key && other.channel == shop.channel && is_pulled(other)
            };
            sharers += shops.iter().filter(shares).count() as u64;
        }
        Ok(too_long(orders, settings.calls_per_second, sharers))
    }
}

/// Whether a shop is pulled by itself.
fn is_pulled(shop: &ChannelShop) -> bool {
    shop.token.is_some() && shop.more.paused.is_none()
}

/// The last moment, up to `now`, at which it is a shop's turn: each has an offset of its own, so that many do not start
/// together.
fn slot_of(shop: Id, stream: Stream, interval: Millis, now: Time) -> Time {
    last(offset_of(shop, stream, interval), interval, now)
}

/// The same of the full pass of a night that begins at `at` of each day.
fn night_of(shop: Id, stream: Stream, at: Millis, now: Time) -> Time {
    last(at + offset_of(shop, stream, NIGHT), DAY, now)
}

/// The last moment up to `now` that lies by `offset` behind a whole number of intervals.
fn last(offset: Millis, interval: Millis, now: Time) -> Time {
    Time((now.0 - offset).div_euclid(interval) * interval + offset)
}

/// The offset of a shop within a stretch of time, its own for each stream.
fn offset_of(shop: Id, stream: Stream, stretch: Millis) -> Millis {
    // The low bits of a number are its gene and its node: mixed, shops added one after another lie apart.
    let own = shop.0.cast_unsigned() ^ stream.code().cast_unsigned() << 50;
    let mixed = own.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    mixed as i64 % stretch
}

/// What is to be said where so many orders will not be read in the share of one of so many shops of a night.
fn too_long(orders: u64, calls_per_second: u32, sharers: u64) -> Option<String> {
    // Windows are cut to one page each, and some are cut once more.
    let calls = (orders * 13).div_ceil(1_000);
    let share = u64::from(calls_per_second) * (NIGHT / SECOND).unsigned_abs() / sharers.max(1);
    (calls_per_second > 0 && calls > share).then(|| {
        format!(
            "It takes about {calls} calls, and {share} are this shop's share of the night: it will take longer."
        )
    })
}

impl Task for TickShops {
    const KIND: &'static str = "channel_tick";
    const POLICY: Policy = Policy { concurrency: 1, ..Policy::USUAL };

    async fn run(self, app: App, _: Job) -> Handled {
        match app.tick_shops().await {
            Ok(()) => Outcome::Done,
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::time::MINUTE;

    #[test]
    fn every_shop_has_one_turn_an_interval_and_they_lie_apart() {
        let interval = 10 * MINUTE;
        let shops = (0..500).map(|n| Id(7_000_000_000_000_000 + (n << 10)));
        let mut turns = [0; 10];
        for shop in shops {
            let stream = Stream::Orders;
            let slot = slot_of(shop, stream, interval, Time(1_795_966_127_779));
            assert!(slot <= Time(1_795_966_127_779) && slot > Time(1_795_966_127_779 - interval));
            assert_eq!(slot_of(shop, stream, interval, slot), slot);
            assert_eq!(slot_of(shop, stream, interval, slot.plus(interval - 1)), slot);
            turns[(slot.0.rem_euclid(interval) / MINUTE) as usize] += 1;
        }
        assert!(turns.iter().all(|turns| (30..=70).contains(turns)), "{turns:?}");
    }

    #[test]
    fn full_passes_lie_all_over_the_night_and_products_apart_from_orders() {
        let shops = (0..500).map(|n| Id(7_000_000_000_000_000 + (n << 10)));
        let (now, at) = (Time(20_786 * DAY + 12 * HOUR), 2 * HOUR);
        let mut hours = [0; 4];
        for shop in shops {
            let night = night_of(shop, Stream::Orders, at, now);
            let into = night.0.rem_euclid(DAY) - at;
            assert!((0..NIGHT).contains(&into) && night <= now && now.since(night) < DAY);
            assert_ne!(night, night_of(shop, Stream::Products, at, now));
            hours[(into / HOUR) as usize] += 1;
        }
        assert!(hours.iter().all(|shops| (90..=160).contains(shops)), "{hours:?}");
    }

    #[test]
    fn what_will_take_longer_than_its_share_says_so() {
        // Four hours at 20 a second are 288,000 calls; a hundred orders take 1.3.
        assert_eq!(too_long(22_000_000, 20, 1), None);
        assert!(too_long(22_200_000, 20, 1).is_some_and(|said| said.contains("288600 calls")));
        assert!(too_long(2_000_000, 20, 12).is_some_and(|said| said.contains("24000 are")));
        assert_eq!(too_long(u64::MAX / 1_000, 0, 1), None, "nothing limits it");
    }
}
