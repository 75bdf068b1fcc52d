//! The orders of a shop are pulled: window by window, each cut until it fits on one page, so that nothing moves between
//! two pages while they are read. What one page says is taken down while the next is asked for.

use super::exchange::{Heard, Open, Trouble};
use super::recording::PageTaken;
use super::runs::{Hand, Stop};
use super::windows;
use crate::{App, Error};
use docket_connectors::channel::{Answer, Call, OrdersCall, OrdersPage, Page, TimeField, Window};
use docket_domain::channel::{RunMode, Series, Stream, WindowState};
use docket_domain::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use docket_domain::{Id, Time};
use docket_store::{Progress, RunRecord, WindowRow, WindowWrite};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Pages that are taken down while further ones are asked for.
const AHEAD: usize = 8;
/// How often a run says how far it is.
const TELL: Millis = SECOND;
/// Windows that are looked at.
const WINDOWS: usize = 2_000;
/// Pauses before a part that could not be read is tried again; the last one for ever.
const AGAIN: [Millis; 4] = [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR];

/// A page that is being taken down, and the slice that is done with it.
struct Pending {
    taken: JoinHandle<Result<PageTaken, Error>>,
    ends: Option<Slice>,
}

/// A part of a window that was read whole.
#[derive(Debug, Clone, Copy)]
struct Slice {
    window: Window,
    theirs: u64,
    ours: u64,
}

/// One run at work.
struct Pull<'a> {
    app: &'a App,
    open: &'a Open,
    hand: Hand,
    series: Series,
    run: Id,
    progress: Progress,
    pending: VecDeque<Pending>,
    /// The window that grows with every slice that is done.
    grown: Option<WindowRow>,
    /// What became of windows since it was last told.
    writes: Vec<WindowWrite>,
    told: Time,
}

impl App {
    /// Does what a run is for.
    pub(super) async fn pull(&self, hand: Hand, run: &RunRecord) -> Result<(), Stop> {
        let shop = Arc::new(self.shop(run.shop).await?);
        let open = self.open_shop(shop)?;
        let pulled = match run.stream {
            Stream::Orders => self.pull_orders(hand, run, &open).await,
            Stream::Products => {
                Err(Stop::Ours(Error::Internal("products are not pulled yet".to_owned())))
            }
        };
        if let Err(Stop::Trouble(trouble)) = &pulled {
            self.pause_for(&open, trouble).await?;
        }
        pulled
    }

    async fn pull_orders(&self, hand: Hand, run: &RunRecord, open: &Open) -> Result<(), Stop> {
        let settings = &self.inner.settings.channels;
        let series = match run.mode {
            RunMode::Incremental => Series::Updated,
            RunMode::Full => Series::Created,
        };
        let known = self.store().channel_windows(run.shop, series, Time(0), WINDOWS).await;
        let known = known.map_err(Error::from)?;
        let now = self.inner.channels.now_at(&open.base_url, self.now());
        let first = now.plus(-i64::from(settings.full_days) * DAY);
        let from = match (run.mode, windows::mark(&known)) {
            (RunMode::Incremental, Some(mark)) => mark.plus(-settings.overlap).max(first),
            _ => first,
        };
        let to = now.plus(-settings.lag);
        let mut pull = Pull {
            app: self,
            open,
            hand,
            series,
            run: run.id,
            progress: Progress { phase: "orders".to_owned(), ..Progress::default() },
            pending: VecDeque::new(),
            grown: None,
            writes: Vec::new(),
            told: now,
        };
        let due = known.iter().filter(|gap| {
            gap.state == WindowState::Gap && gap.next_try_at.is_none_or(|at| at <= now)
        });
        for gap in due {
            pull.read(window(series, gap.from, gap.to), gap.tries).await?;
        }
        pull.read(window(series, from, to), 0).await?;
        pull.end().await
    }
}

impl Pull<'_> {
    /// Reads a window whole, from its oldest part to its newest.
    async fn read(&mut self, whole: Window, tries: u32) -> Result<(), Stop> {
        let mut left = vec![whole];
        while let Some(window) = left.pop() {
            let heard = match self.page(window, Page::First).await {
                Ok(heard) => heard,
                Err(trouble) => {
                    self.gap(window, tries, trouble).await?;
                    continue;
                }
            };
            let Some(page) = orders(heard.answer) else { continue };
            let total = page.total.unwrap_or(page.orders.len() as u64);
            if window == whole {
                self.progress.total = Some(self.progress.total.unwrap_or_default() + total);
            }
            let slice = Slice { window, theirs: total, ours: page.orders.len() as u64 };
            if page.next.is_none() {
                self.take(page, heard.at, Some(slice)).await?;
            } else if let Some([older, newer]) = halves(window) {
                left.push(newer);
                left.push(older);
            } else {
                self.backwards(window, page.orders.len() as u64, total, tries).await?;
            }
        }
        Ok(())
    }

    /// Reads a slice that cannot be cut from its last page to its first: what changes meanwhile moves rows to pages that
    /// are still to come.
    async fn backwards(
        &mut self,
        window: Window,
        size: u64,
        total: u64,
        tries: u32,
    ) -> Result<(), Stop> {
        let last = total.div_ceil(size.max(1)) as u32;
        let mut ours = 0;
        for number in (1..=last).rev() {
            match self.page(window, Page::Number(number)).await {
                Ok(heard) => {
                    let Some(page) = orders(heard.answer) else { continue };
                    ours += page.orders.len() as u64;
                    let ends = (number == 1).then_some(Slice { window, theirs: total, ours });
                    self.take(page, heard.at, ends).await?;
                }
                Err(trouble) => return self.gap(window, tries, trouble).await,
            }
        }
        Ok(())
    }

    async fn page(&mut self, window: Window, page: Page) -> Result<Heard, Trouble> {
        self.progress.calls += 1;
        let size =
            self.open.connector.capabilities().pull.as_ref().map_or(100, |pull| pull.page_size_max);
        self.app.ask_shop(self.open, &Call::Orders(OrdersCall { window, page, size })).await
    }

    /// Has a page taken down while the next one is asked for.
    async fn take(&mut self, page: OrdersPage, at: Time, ends: Option<Slice>) -> Result<(), Stop> {
        if self.app.inner.background.is_stopping() {
            return Err(Stop::Ours(Error::Unavailable("the center stops".to_owned())));
        }
        while self.pending.len() >= AHEAD {
            self.settle_one().await?;
        }
        let (app, open) = (self.app.clone(), self.open.clone());
        let rows = (page.orders.len() + page.refused.len()) as u64;
        self.progress.done += rows;
        let taking = async move { app.take_page(&open, &page, at).await };
        let taken = self.app.inner.background.spawn(taking);
        self.pending.push_back(Pending { taken, ends });
        if self.app.now().since(self.told) >= TELL { self.tell().await } else { Ok(()) }
    }

    /// Waits for the oldest page that is being taken down.
    async fn settle_one(&mut self) -> Result<(), Stop> {
        let Some(Pending { taken, ends }) = self.pending.pop_front() else { return Ok(()) };
        let taken = taken.await.map_err(|error| Error::Internal(error.to_string()))??;
        self.progress.new += taken.new;
        self.progress.changed += taken.changed;
        self.progress.refused += taken.refused;
        self.progress.lateness = self.progress.lateness.max(taken.lateness);
        if let Some(slice) = ends {
            self.grow(slice);
        }
        Ok(())
    }

    /// Everything of a slice is committed: the window of this run reaches to its end.
    fn grow(&mut self, slice: Slice) {
        let Slice { window, theirs, ours } = slice;
        let row = match self.grown.take() {
            Some(grown) if window.from <= grown.to.plus(SECOND) => {
                self.writes.push(forget(&grown));
                let theirs = grown.theirs.map(|before| before + theirs);
                WindowRow { to: window.to, theirs, ours: grown.ours + ours, ..grown }
            }
            _ => self.row(window, WindowState::Finished, theirs, ours),
        };
        self.writes.push(WindowWrite::Put(row.clone()));
        self.grown = Some(row);
    }

    fn row(&self, window: Window, state: WindowState, theirs: u64, ours: u64) -> WindowRow {
        WindowRow {
            shop: self.open.shop.id,
            series: self.series,
            from: window.from,
            to: window.to,
            state,
            theirs: Some(theirs),
            ours,
            run: self.run,
            at: self.app.inner.channels.now_at(&self.open.base_url, self.app.now()),
            tries: 0,
            next_try_at: None,
            reason: None,
        }
    }

    /// A part could not be read: it is shown and tried again, and the rest goes on, unless all of the shop stands still.
    async fn gap(&mut self, window: Window, tries: u32, trouble: Trouble) -> Result<(), Stop> {
        if trouble.stops_the_shop() {
            self.settle().await?;
            self.tell().await?;
            return Err(Stop::Trouble(trouble));
        }
        let row = self.row(window, WindowState::Gap, 0, 0);
        let pause = AGAIN[(tries as usize).min(AGAIN.len() - 1)];
        let next_try_at = Some(row.at.plus(pause));
        let reason = Some(trouble.to_string());
        let row = WindowRow { theirs: None, tries: tries + 1, next_try_at, reason, ..row };
        self.progress.gaps += 1;
        self.settle().await?;
        self.writes.push(WindowWrite::Put(row));
        self.tell().await
    }

    async fn settle(&mut self) -> Result<(), Stop> {
        while !self.pending.is_empty() {
            self.settle_one().await?;
        }
        Ok(())
    }

    async fn tell(&mut self) -> Result<(), Stop> {
        self.told = self.app.now();
        let writes = std::mem::take(&mut self.writes);
        self.app.tell_progress(self.hand, self.progress.clone(), writes).await
    }

    async fn end(&mut self) -> Result<(), Stop> {
        self.settle().await?;
        self.tell().await
    }
}

fn forget(row: &WindowRow) -> WindowWrite {
    WindowWrite::Forget { shop: row.shop, series: row.series, from: row.from, to: row.to }
}

fn window(series: Series, from: Time, to: Time) -> Window {
    let by = match series {
        Series::Updated => TimeField::Updated,
        Series::Created => TimeField::Created,
    };
    let seconds = |time: Time| Time(time.0.div_euclid(SECOND) * SECOND);
    Window { by, from: seconds(from), to: seconds(to) }
}

/// The two halves of a window, the older first; none where it is one second.
fn halves(window: Window) -> Option<[Window; 2]> {
    let seconds = window.to.since(window.from) / SECOND;
    (seconds > 0).then(|| {
        let middle = window.from.plus(seconds / 2 * SECOND);
        [Window { to: middle, ..window }, Window { from: middle.plus(SECOND), ..window }]
    })
}

fn orders(answer: Answer) -> Option<OrdersPage> {
    match answer {
        Answer::Orders(page) => Some(page),
        _ => None,
    }
}
