//! The orders of a shop are pulled: the walk says which page of which window is asked for, and what one page says is
//! taken down while the next is asked for. A window is finished when everything of it is committed.

use super::exchange::Open;
use super::listed::{Listed, Met, add, listed};
use super::recording::PageTaken;
use super::runs::{Hand, Stop};
use super::windows;
use crate::{App, Error};
use docket_connectors::channel::{
    Answer, Call, Coverage, Freshness, Heard as WalkHeard, OrdersCall, OrdersPage,
    Pull as PullAbility, Purpose, Span, TimeField, Told, Unwalkable, Walk,
};
use docket_domain::Time;
use docket_domain::channel::{RunMode, Series, Stream, WindowState};
use docket_domain::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use docket_store::{Progress, RunRecord, WindowRow, WindowWrite, failpoint};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Pages that are taken down while further ones are asked for.
const AHEAD: usize = 3;
/// How often a run says how far it is.
const TELL: Millis = SECOND;
/// Windows that are looked at.
const WINDOWS: usize = 5_000;
/// How long windows are kept one by one.
const KEPT: Millis = 2 * DAY;
/// Failures in a row for which a stretch is cut: what is left of it is a gap then, and the next one is tried.
const CUTS: u32 = 8;
/// Failures in a row after which the marketplace is taken for away, not for unable to tell of one order.
const AWAY: u32 = CUTS + 4;
/// Why a window whose rows have all come is a gap.
const UNNUMBERED: &str = "a row has no number that can be read";
/// Pauses before a part that could not be read is tried again; the last one for ever.
const AGAIN: [Millis; 4] = [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR];

/// A page that is being taken down, and the window that is finished with it.
struct Pending {
    taken: JoinHandle<Result<PageTaken, Error>>,
    rows: u64,
    /// Of a full pass: its orders by day and status.
    listed: Listed,
    finishes: Option<Finished>,
}

/// A window all of whose rows came.
#[derive(Debug, Clone, Copy)]
struct Finished {
    span: Span,
    theirs: Option<u64>,
}

/// Whether windows that are read are noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    /// They are: what they cover need not be read again.
    Windows,
    /// They were before, and are read again for what was listed late.
    Nothing,
}

/// One run at work.
struct Pull<'a> {
    app: &'a App,
    open: &'a Open,
    run: &'a RunRecord,
    hand: Hand,
    ability: &'static PullAbility,
    series: Series,
    notes: Note,
    progress: Progress,
    pending: VecDeque<Pending>,
    /// Rows of the window that is being read.
    ours: u64,
    /// Of a full pass: its orders by day and status.
    listed: Listed,
    /// Orders of the stretch that is being read, which may come again.
    met: Met,
    /// The window that grows with every one that is finished behind it.
    grown: Option<WindowRow>,
    /// Gaps that are tried.
    tried: Vec<WindowRow>,
    /// Until when everything was here when the run began.
    mark: Option<Time>,
    /// What became of windows since it was last told.
    writes: Vec<WindowWrite>,
    /// Why the list is not to be believed: pages of it are ignored, or repeat.
    unbelievable: Option<Unwalkable>,
    told: Time,
}

impl App {
    /// Does what a run is for.
    pub(super) async fn pull(&self, hand: Hand, run: &RunRecord) -> Result<(), Stop> {
        let shop = Arc::new(self.shop(run.shop).await?);
        if let Some(pause) = &shop.more.paused {
            return Err(Stop::Paused(pause.why.clone()));
        }
        let open = self.open_shop(shop)?;
        match self.check_token(&open).await? {
            Ok(None) => {}
            Ok(Some(why)) => return Err(Stop::Paused(why)),
            Err(trouble) => {
                self.pause_for(&open, &trouble).await?;
                return Err(Stop::Trouble(trouble));
            }
        }
        let pulled = match run.stream {
            Stream::Orders => self.pull_orders(hand, run, &open).await,
            Stream::Products => self.pull_products(hand, run, &open).await,
        };
        if let Err(Stop::Trouble(trouble)) = &pulled
            && (trouble.stops_the_shop()
                || run.stream == Stream::Orders && trouble.stops_the_list())
        {
            self.pause_for(&open, trouble).await?;
        }
        pulled
    }

    async fn pull_orders(&self, hand: Hand, run: &RunRecord, open: &Open) -> Result<(), Stop> {
        let Some(ability) = &open.connector.capabilities().pull else {
            return Err(Stop::Ours(Error::Internal("it lists no orders".to_owned())));
        };
        self.hear_clock_of(open).await.map_err(Stop::Trouble)?;
        let series = match run.mode {
            RunMode::Incremental => Series::Updated,
            RunMode::Full => Series::Created,
        };
        let mut pull = Pull {
            app: self,
            open,
            run,
            hand,
            ability,
            series,
            notes: Note::Windows,
            progress: Progress { phase: "orders".to_owned(), ..run.progress.clone() },
            pending: VecDeque::new(),
            ours: 0,
            listed: Listed::new(),
            met: Met::default(),
            grown: None,
            tried: Vec::new(),
            mark: None,
            writes: Vec::new(),
            unbelievable: None,
            told: self.now(),
        };
        pull.whole().await
    }

    async fn windows_of(&self, run: &RunRecord, series: Series) -> Result<Vec<WindowRow>, Error> {
        Ok(self.store().channel_windows(run.shop, series, Time(0), WINDOWS).await?)
    }
}

impl Pull<'_> {
    /// What the run is for, to its end.
    async fn whole(&mut self) -> Result<(), Stop> {
        let settings = &self.app.inner.settings.channels;
        let now = self.now();
        let since = now.plus(-i64::from(settings.full_days) * DAY);
        let freshness = Freshness { overlap: settings.overlap, lag: settings.lag };
        let mut known = self.app.windows_of(self.run, self.series).await?;
        let (mine, others): (Vec<_>, Vec<_>) = known
            .iter()
            .cloned()
            .partition(|window| self.run.mode == RunMode::Incremental || window.run == self.run.id);
        let coverage = Coverage::new(since, windows::finished(&mine));
        self.mark = coverage.mark().filter(|_| self.run.mode == RunMode::Incremental);
        let spans = coverage.due(now, freshness, &windows::set_aside(&mine, now));
        self.tried = windows::due(&mine, now);
        self.writes.extend(self.tried.iter().map(windows::forget));
        self.walk(&spans).await?;
        // What a full pass before this one read is told by this one.
        self.writes.extend(others.iter().map(windows::forget));
        self.tell().await?;
        if self.run.mode == RunMode::Incremental {
            self.again(now, since, freshness).await?;
            self.aftersales(now, since).await?;
            known = self.app.windows_of(self.run, self.series).await?;
            self.writes.extend(windows::put_together(&known, now.plus(-KEPT)));
        } else {
            self.aftersales(now, since).await?;
        }
        self.tell().await?;
        self.unbelievable.map_or(Ok(()), |why| Err(Stop::Unbelievable(why)))
    }

    /// Reads what was cancelled and wanted back since it was last read; the last days where those were read again, and all
    /// of it in a full pass.
    async fn aftersales(&mut self, now: Time, since: Time) -> Result<(), Stop> {
        let settings = &self.app.inner.settings.channels;
        let again = self.progress.reread_at == Some(now);
        let back = if again { settings.reread } else { settings.overlap };
        let last = self.progress.aftersales_to.filter(|_| self.run.mode == RunMode::Incremental);
        let from = last.map_or(since, |read_to| read_to.plus(-back).max(since));
        "aftersales".clone_into(&mut self.progress.phase);
        self.tell().await?;
        let read = self.app.pull_aftersales(self.open, self.ability, from, now).await?;
        self.progress.calls += read.calls;
        self.progress.new += read.new;
        self.progress.changed += read.changed;
        self.progress.gaps += read.gaps;
        if read.gaps == 0 {
            self.progress.aftersales_to = Some(now);
        }
        Ok(())
    }

    /// Reads the last days once more, where it is time: what was listed later than the overlap reaches is found.
    async fn again(&mut self, now: Time, since: Time, fresh: Freshness) -> Result<(), Stop> {
        let settings = &self.app.inner.settings.channels;
        match self.progress.reread_at {
            Some(at) if now.since(at) < settings.reread_every => return Ok(()),
            // The first run has read all of it just now.
            None => {}
            Some(_) => {
                let from = now.plus(-settings.reread).max(since);
                let spans: Vec<_> = Span::new(from, now.plus(-fresh.lag)).into_iter().collect();
                self.notes = Note::Nothing;
                "reread".clone_into(&mut self.progress.phase);
                self.walk(&spans).await?;
            }
        }
        self.progress.reread_at = Some(now);
        Ok(())
    }

    fn now(&self) -> Time {
        self.app.inner.channels.now_at(&self.open.base_url, self.app.now())
    }

    /// Reads stretches of time whole, the oldest first.
    async fn walk(&mut self, spans: &[Span]) -> Result<(), Stop> {
        let (by, purpose) = match self.series {
            Series::Updated => (TimeField::Updated, Purpose::Fresh),
            Series::Created => (TimeField::Created, Purpose::Full),
        };
        let mut walk = Walk::new(spans, by, self.ability, self.ability.page_size_max);
        let (mut failures, mut total) = (0, self.progress.total);
        let mut is_whole = spans.len() == 1;
        while let Some(asked) = walk.next() {
            self.progress.calls += 1;
            let call = Call::Orders(asked.clone());
            let heard = match self.app.ask_shop(self.open, purpose, &call).await {
                Ok(heard) => heard,
                Err(trouble) => {
                    failures += 1;
                    is_whole = false;
                    if trouble.stops_the_list() || failures >= AWAY {
                        self.settle().await?;
                        self.tell().await?;
                        return Err(Stop::Trouble(trouble));
                    }
                    // One that lies beside it may load.
                    if failures >= CUTS || !walk.narrow() {
                        self.gap(walk.give_up(), &trouble.to_string()).await?;
                    }
                    continue;
                }
            };
            failures = 0;
            failpoint::reach("channel", "page_read");
            let Answer::Orders(page) = heard.answer else {
                return Err(Stop::Ours(Error::Internal("no orders were answered".to_owned())));
            };
            // The first page of all says how many there are; what is found out later may be more.
            if let (Some(told), true) = (page.total, is_whole && self.progress.done == 0) {
                total = total.max(Some(told));
                self.progress.total = total;
            }
            self.heard(&mut walk, &asked, page, heard.at).await?;
        }
        self.settle().await
    }

    /// What a page says of the stretch that is being read.
    async fn heard(
        &mut self,
        walk: &mut Walk,
        asked: &OrdersCall,
        page: OrdersPage,
        at: Time,
    ) -> Result<(), Stop> {
        match walk.heard(&Told::of(asked, &page)) {
            Ok(WalkHeard::Cut) => Ok(()),
            Ok(WalkHeard::Rows) => self.take(page, at, None).await,
            Ok(WalkHeard::Finished(span)) => {
                let theirs = page.total;
                let is_named = page.refused.iter().all(|row| row.number.is_some());
                // What is still to come by the clock of this very reply is not read, wherever the window ends.
                let over = Span::new(span.from, span.to.min(at)).filter(|_| is_named);
                self.take(page, at, over.map(|span| Finished { span, theirs })).await?;
                if is_named { Ok(()) } else { self.gap(Some(span), UNNUMBERED).await }
            }
            Err(why) => {
                // What stands on the page are orders none the less.
                self.take(page, at, None).await?;
                if why == Unwalkable::NothingNew {
                    self.unbelievable = Some(why);
                }
                self.gap(walk.give_up(), &why.to_string()).await
            }
        }
    }

    /// Has a page taken down while the next one is asked for.
    async fn take(
        &mut self,
        page: OrdersPage,
        at: Time,
        finishes: Option<Finished>,
    ) -> Result<(), Stop> {
        if self.app.inner.background.is_stopping() {
            return Err(Stop::Ours(Error::Unavailable("the center stops".to_owned())));
        }
        let is_settled = |pending: &Pending| pending.taken.is_finished();
        while self.pending.len() >= AHEAD || self.pending.front().is_some_and(is_settled) {
            self.settle_one().await?;
        }
        let (app, open) = (self.app.clone(), self.open.clone());
        let new = self.met.page(&page, finishes.is_some());
        let rows = new.count;
        let is_full = self.run.mode == RunMode::Full;
        let listed = if is_full { listed(&page, &new) } else { Listed::new() };
        let mark = self.mark;
        let taking = async move { app.take_page(&open, &page, (at, mark)).await };
        let taken = self.app.inner.background.spawn(taking);
        self.pending.push_back(Pending { taken, rows, listed, finishes });
        if self.app.now().since(self.told) >= TELL { self.tell().await } else { Ok(()) }
    }

    /// Waits for the oldest page that is being taken down.
    async fn settle_one(&mut self) -> Result<(), Stop> {
        let Some(Pending { taken, rows, listed, finishes }) = self.pending.pop_front() else {
            return Ok(());
        };
        let taken = taken.await.map_err(|error| Error::Internal(error.to_string()))??;
        self.progress.done += rows;
        self.progress.new += taken.new;
        self.progress.changed += taken.changed;
        self.progress.refused += taken.refused;
        self.progress.lateness = self.progress.lateness.max(taken.lateness);
        self.ours += rows;
        add(&mut self.listed, listed);
        if let Some(finished) = finishes {
            let came = std::mem::take(&mut self.ours);
            let ours = self.ours_of(finished.span, came).await?;
            add(&mut self.progress.listed, std::mem::take(&mut self.listed));
            if self.notes == Note::Windows {
                self.grow(finished, ours);
            }
        }
        Ok(())
    }

    /// How many orders of a window are here: by our own index where it is cut by the time of creation, which never moves.
    async fn ours_of(&self, span: Span, came: u64) -> Result<u64, Error> {
        match self.series {
            Series::Updated => Ok(came),
            Series::Created => {
                let ends = (span.from, span.to.plus(SECOND - 1));
                Ok(self.app.store().channel_orders_created(self.run.shop, ends).await?)
            }
        }
    }

    /// Everything of a window is committed: the window of this run reaches to its end.
    fn grow(&mut self, Finished { span, theirs }: Finished, ours: u64) {
        let row = match self.grown.take() {
            Some(grown) if span.from <= grown.to.plus(SECOND) => {
                self.note(windows::forget(&grown));
                let theirs = grown.theirs.zip(theirs).map(|(before, theirs)| before + theirs);
                WindowRow { to: span.to, theirs, ours: grown.ours + ours, ..grown }
            }
            _ => self.row(span, WindowState::Finished, theirs, ours),
        };
        self.note(WindowWrite::Put(row.clone()));
        self.grown = Some(row);
        failpoint::reach("channel", "window_finished");
    }

    /// What becomes of one window, in the place of what was to become of it.
    fn note(&mut self, write: WindowWrite) {
        self.writes.retain(|before| before.key() != write.key());
        self.writes.push(write);
    }

    fn row(&self, span: Span, state: WindowState, theirs: Option<u64>, ours: u64) -> WindowRow {
        WindowRow {
            shop: self.open.shop.id,
            series: self.series,
            from: span.from,
            to: span.to,
            state,
            theirs,
            ours,
            run: self.run.id,
            at: self.now(),
            tries: 0,
            next_try_at: None,
            reason: None,
        }
    }

    /// A part could not be read: it is shown and tried again, and the rest goes on.
    async fn gap(&mut self, span: Option<Span>, reason: &str) -> Result<(), Stop> {
        let Some(span) = span else { return Ok(()) };
        self.settle().await?;
        self.ours = 0;
        self.listed.clear();
        self.met.forget();
        self.progress.gaps += 1;
        if self.notes == Note::Windows {
            let row = self.row(span, WindowState::Gap, None, 0);
            let over = |gap: &&WindowRow| gap.from <= span.to && gap.to >= span.from;
            let before: Vec<_> = self.tried.iter().filter(over).collect();
            let tries = before.iter().map(|gap| gap.tries).max().unwrap_or(0);
            let pause = AGAIN[(tries as usize).min(AGAIN.len() - 1)];
            let next_try_at = Some(row.at.plus(pause));
            let reason = Some(reason.to_owned());
            // Since when it is one: since it was first found.
            let at = before.iter().map(|gap| gap.at).min().unwrap_or(row.at);
            let row = WindowRow { at, tries: tries + 1, next_try_at, reason, ..row };
            self.note(WindowWrite::Put(row));
        }
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
        self.app.tell_progress(self.hand, self.progress.clone(), writes).await?;
        failpoint::reach("channel", "progress_told");
        Ok(())
    }
}
