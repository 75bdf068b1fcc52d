//! What whoever watches a center is told of shops: a bounded look at the newest runs of each, and at its gaps.

use super::runs::RunRecord;
use super::shops::ChannelShop;
use super::skus::unmapped_count;
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::{Dialect, sql};
use crate::sql::text::along;
use crate::sql::value::Kind::Int;
use crate::{Store, StoreError};
use docket_domain::channel::{RunState, Stream};
use docket_domain::{Id, Time};

/// The newest runs of a stream that are looked at whole.
const RUNS: usize = 4;
/// Those among which the last one that was done is looked for, where none of the newest was.
const RUNS_MAX: usize = 500;
/// Gaps of a shop that are counted.
const GAPS_MAX: usize = 1_000;
const DONE: i64 = RunState::Done.code();

/// A shop as whoever watches sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopSigns {
    /// The shop.
    pub shop: ChannelShop,
    /// Its streams that were ever read.
    pub streams: Vec<StreamSigns>,
    /// Windows of its orders of which a part could not be read, at most a thousand.
    pub gaps: u64,
    /// Since when the oldest of them is known.
    pub oldest_gap: Option<Time>,
    /// When its marketplace last pushed.
    pub pushed_at: Option<Time>,
    /// Sales that wait for a code to be mapped, at most a thousand.
    pub unmapped: u64,
}

/// The newest runs of one stream of a shop.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamSigns {
    /// Which.
    pub stream: Stream,
    /// At most four, the newest first.
    pub runs: Vec<RunRecord>,
    /// When the last one that was done ended; nothing where none was.
    pub done_at: Option<Time>,
}

impl Store {
    /// One page of shops behind `after`, in the order they were added, all of one moment.
    pub async fn shop_signs(&self, after: Id, limit: usize) -> Result<Vec<ShopSigns>, StoreError> {
        let dialect = self.dialect();
        self.at_one_moment(move |ask| page(ask, dialect, after, limit)).await
    }
}

/// See [`Store::shop_signs`].
pub fn page(
    ask: &mut dyn Ask,
    dialect: Dialect,
    after: Id,
    limit: usize,
) -> Result<Vec<ShopSigns>, StoreError> {
    let shops = ask.ask(ChannelShop::page(after, limit))?;
    let signs = shops.into_iter().map(|row| {
        let shop = ChannelShop::of(row)?;
        let mut streams = Vec::new();
        for stream in Stream::ALL {
            streams.extend(stream_signs(ask, shop.id, *stream)?);
        }
        let (gaps, oldest_gap) = gaps(ask, dialect, shop.id)?;
        let pushed_at = pushed_at(ask, shop.id)?;
        let unmapped = unmapped_count(ask, shop.id)?;
        Ok(ShopSigns { shop, streams, gaps, oldest_gap, pushed_at, unmapped })
    });
    signs.collect()
}

fn stream_signs(
    ask: &mut dyn Ask,
    shop: Id,
    stream: Stream,
) -> Result<Option<StreamSigns>, StoreError> {
    let rows = ask.ask(RunRecord::newest(shop, stream, RUNS))?;
    let runs: Vec<_> = rows.into_iter().map(RunRecord::of).collect::<Result<_, _>>()?;
    if runs.is_empty() {
        return Ok(None);
    }
    let done = runs.iter().find(|run| run.state == RunState::Done);
    let mut done_at = done.and_then(|run| run.ended_at);
    if done_at.is_none() && runs.len() == RUNS {
        let sql = sql!(
            "SELECT MAX(ended_at) FROM (SELECT state, ended_at FROM channel_run WHERE shop = ? \
             AND stream = ? ORDER BY id DESC LIMIT {RUNS_MAX}) AS t WHERE state = {DONE}"
        );
        let values = vec![shop.into(), stream.code().into()];
        let asked = Query { table: "channel_run", sql: sql.to_owned(), kinds: vec![Int], values };
        if let Some(mut row) = ask.ask(asked)?.pop() {
            done_at = row.time_or_null()?;
        }
    }
    Ok(Some(StreamSigns { stream, runs, done_at }))
}

/// When the marketplace of a shop last pushed.
fn pushed_at(ask: &mut dyn Ask, shop: Id) -> Result<Option<Time>, StoreError> {
    let sql = "SELECT MAX(came_at) FROM channel_push WHERE shop = ?".to_owned();
    let asked = Query { table: "channel_push", sql, kinds: vec![Int], values: vec![shop.into()] };
    ask.ask(asked)?.pop().map_or(Ok(None), |mut row| row.time_or_null())
}

/// Gaps alone are tried again: they are found by that, among very many windows.
fn gaps(ask: &mut dyn Ask, dialect: Dialect, shop: Id) -> Result<(u64, Option<Time>), StoreError> {
    let table = along(dialect, "channel_window", Some("channel_window_gap"));
    let sql = format!(
        "SELECT COUNT(*), MIN(at) FROM (SELECT at FROM {table} WHERE shop = ? \
         AND next_try_at IS NOT NULL LIMIT {GAPS_MAX}) AS t"
    );
    let asked =
        Query { table: "channel_window", sql, kinds: vec![Int, Int], values: vec![shop.into()] };
    let Some(mut row) = ask.ask(asked)?.pop() else { return Ok((0, None)) };
    Ok((row.int()? as u64, row.time_or_null()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::counting::{as_ask, insert, open};
    use crate::sql::value::{Value, json};
    use crate::tables::channels::runs::{CHANNEL_RUN, Progress};
    use crate::tables::channels::shops::{CHANNEL_SHOP, ShopFacts};
    use crate::tables::channels::windows::CHANNEL_WINDOW;
    use docket_domain::channel::{RunMode, Series, WindowState};
    use docket_testkit::Database;

    const RUNS_EACH: i64 = 2_000;
    const WINDOWS_EACH: i64 = 3_000;

    fn shop(id: i64) -> Vec<Value> {
        let (name, facts) = (format!("shop {id}"), json(&ShopFacts::default()));
        let secret = || vec![Value::Int(1), Value::Blob(vec![7; 60])];
        let mut row: Vec<Value> =
            vec![Id(id).into(), Value::Int(1), "temu".into(), name.into(), "key".into()];
        row.extend(secret());
        row.extend(secret());
        row.extend([Value::Int(1), facts]);
        row
    }

    fn run(shop: i64, number: i64, state: RunState) -> Vec<Value> {
        let active = (!state.has_ended()).then(|| format!("{shop}:orders"));
        vec![
            Value::Int(shop * 1_000_000 + number),
            Value::Int(shop),
            Stream::Orders.code().into(),
            RunMode::Incremental.code().into(),
            state.code().into(),
            active.into(),
            Value::Int(1),
            Value::Int(number),
            Value::Int(number),
            state.has_ended().then_some(number + 1).into(),
            json(&Progress::default()),
        ]
    }

    fn window(shop: i64, number: i64, state: WindowState) -> Vec<Value> {
        let next_try = (state == WindowState::Gap).then_some(9_i64);
        vec![
            Value::Int(shop),
            Series::Updated.code().into(),
            Value::Int(number),
            Value::Int(number + 1),
            state.code().into(),
            Value::Null,
            Value::Int(1),
            Value::Int(1),
            Value::Int(number),
            Value::Int(0),
            next_try.into(),
            Value::Null,
        ]
    }

    #[test]
    fn a_look_at_shops_costs_the_same_however_many_runs_and_windows_each_has() {
        for database in Database::ALL {
            let fresh = database.fresh();
            let mut counted = open(database, &fresh.url());
            let shops = (1..=20).map(shop);
            insert(&mut *counted, "channel_shop", &CHANNEL_SHOP.column_list(), shops.collect());
            let runs = (1..=20).flat_map(|shop| {
                (0..RUNS_EACH).map(move |number| match number {
                    // The first shop was done once, long ago, and has failed ever since.
                    1_700 if shop == 1 => run(shop, number, RunState::Done),
                    _ if shop == 1 => run(shop, number, RunState::Failed),
                    number if number == RUNS_EACH - 1 => run(shop, number, RunState::Running),
                    _ => run(shop, number, RunState::Done),
                })
            });
            insert(&mut *counted, "channel_run", &CHANNEL_RUN.column_list(), runs.collect());
            let windows = (1..=20).flat_map(|shop| {
                (0..WINDOWS_EACH).map(move |number| match number {
                    7 | 9 if shop == 2 => window(shop, number, WindowState::Gap),
                    _ => window(shop, number, WindowState::Finished),
                })
            });
            let columns = CHANNEL_WINDOW.column_list();
            insert(&mut *counted, "channel_window", &columns, windows.collect());
            let mut look = |after| {
                let (before, nothing) = (counted.count(), counted.count());
                let dialect = counted.dialect();
                let signs = page(&mut as_ask(&mut *counted), dialect, Id(after), 10).unwrap();
                (signs, counted.count() - nothing - (nothing - before))
            };
            let (first, dear) = look(0);
            let (second, cost) = look(10);
            // Of ten shops four runs each; of a failing one five hundred more, of which two columns are read.
            let each = if database == Database::Sqlite { 40 } else { 3 };
            println!("on {database}, ten shops cost {cost}, and {dear} where one fails");
            assert!(cost <= 10 * (RUNS as u64 + 4) * each, "on {database}, ten shops cost {cost}");
            assert!(dear <= cost + RUNS_MAX as u64 * 12, "on {database}, ten shops cost {dear}");
            assert_eq!((first.len(), second.len()), (10, 10));
            let stream = |signs: &ShopSigns| signs.streams[0].clone();
            assert_eq!(stream(&first[0]).done_at, Some(Time(1_701)));
            assert_eq!(stream(&first[2]).done_at, Some(Time(RUNS_EACH - 1)));
            assert_eq!(stream(&first[2]).runs.len(), RUNS);
            assert_eq!((first[1].gaps, first[1].oldest_gap), (2, Some(Time(7))));
            assert_eq!((second[0].gaps, second[0].oldest_gap), (0, None));
        }
    }
}
