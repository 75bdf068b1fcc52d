//! What a marketplace tells of orders is taken down: what says nothing new is known by its fingerprint and costs one look,
//! the rest goes through the lane, each order by itself. Everything that can be made ready before the lane is.

use super::amounts::{looked_at_anew, may_be_told};
use super::exchange::Open;
use super::packages::Look;
use super::report;
use super::rows::{Notes, cut, fingerprint_of, row_of, unreadable};
use super::stock;
use crate::lane::Verdict;
use crate::lane::agreed::Agreed;
use crate::lane::deadlines::Deadlines;
use crate::lane::deciding::deciding;
use crate::lane::reactions::Changes;
use crate::lane::unique::shop_key;
use crate::orders::Became;
use crate::{App, Error};
use docket_connectors::channel::{OrdersPage, Stage};
use docket_domain::channel::PackageState;
use docket_domain::record::channel::{self, ChannelReport, Draft, Fitted};
use docket_domain::time::Millis;
use docket_domain::{Gene, Id, Time};
use docket_store::{ChannelOrderRow, Context, HeardBefore, Key, Priority, View, Writes, failpoint};
use futures_util::future::try_join_all;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What became of the rows of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PageTaken {
    /// Orders that are new here.
    pub new: u64,
    /// Orders that changed.
    pub changed: u64,
    /// Rows that could not be taken and are kept aside.
    pub refused: u64,
    /// The greatest time between a change there and its first sight here, of those that were listed late, in milliseconds.
    pub lateness: Millis,
}

/// What became of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    New,
    Changed,
    /// It was told before.
    Same,
    /// It is kept aside.
    Aside,
    /// It is in the archive, and to be brought back first.
    Away(Id),
}

/// One order that something is told of, made ready before the lane.
struct Taking {
    shop: Id,
    number: String,
    report: Fitted,
    /// What becomes of the row beside the tree.
    told: Told,
    /// The tree that was made of it, as far as that was seen before.
    tree: Option<Id>,
    /// The unique key of its number.
    name: String,
    gene: Gene,
    deadlines: Arc<Deadlines>,
    /// The order that it comes to where it is new, and what is agreed by that.
    draft: Option<(Draft, Arc<Agreed>)>,
    /// Whether it happened before the shop was connected: that is no news to anybody.
    silent: bool,
    /// Since when orders of the shop take stock, as far as that was seen before.
    takes_from: Option<Time>,
}

/// What is told of an order.
enum Told {
    /// The order itself, with the row that it comes to where it is new, and what there is to look for.
    Order(Box<ChannelOrderRow>, Sought),
    /// What a look for its parcels came to.
    Look(Look),
    /// What stands in another list than that of orders; it may have moved money that can be asked for.
    Beside(Option<Time>),
}

/// What there is to look for of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sought {
    /// Parcels, by whether goods have left.
    goods: Goods,
    /// What the buyer paid.
    money: bool,
}

/// What is known of an order before it is taken.
struct About {
    tree: Option<Id>,
    is_new: bool,
    silent: bool,
    takes_from: Option<Time>,
}

/// Whether goods of an order have left, so that there are parcels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goods {
    /// None have.
    Here,
    /// Some or all have, and more may.
    Leaving,
    /// All have.
    Left,
}

impl Goods {
    const fn of(stage: Option<Stage>) -> Self {
        match stage {
            Some(Stage::PartlyShipped | Stage::PartlyReceived) => Self::Leaving,
            Some(Stage::Shipped | Stage::Received) => Self::Left,
            Some(Stage::Pending | Stage::Unshipped | Stage::Cancelled) | None => Self::Here,
        }
    }
}

impl App {
    /// Takes down the orders of a page that was read at `read_at`, by the marketplace's clock. What is answered is
    /// committed. A change of a moment up to `mark`, until when everything was here, was listed late.
    pub(super) async fn take_page(
        &self,
        open: &Open,
        page: &OrdersPage,
        (read_at, mark): (Time, Option<Time>),
    ) -> Result<PageTaken, Error> {
        self.take_orders(open, page, (read_at, mark), Told::by_list).await
    }

    /// The same of orders that were asked for by their numbers: that does not say whether a list has them.
    pub(super) async fn take_numbered(
        &self,
        open: &Open,
        page: &OrdersPage,
        read_at: Time,
    ) -> Result<PageTaken, Error> {
        self.take_orders(open, page, (read_at, None), Told::by_number).await
    }

    async fn take_orders(
        &self,
        open: &Open,
        page: &OrdersPage,
        (read_at, mark): (Time, Option<Time>),
        told_by: fn(ChannelOrderRow, Sought) -> Told,
    ) -> Result<PageTaken, Error> {
        let mut taken = PageTaken { refused: page.refused.len() as u64, ..PageTaken::default() };
        let numbers: Vec<_> = page.orders.iter().map(|order| &*order.number).collect();
        let before = self.store().heard_before(open.shop.id, &numbers).await?;
        let before: FxHashMap<String, HeardBefore> = before.into_iter().collect();
        let money = may_be_told(&*open.connector, &open.shop.more);
        let mut taking = Vec::new();
        for order in &page.orders {
            let fingerprint = fingerprint_of(&order.payload);
            let known = before.get(&order.number);
            if known.is_some_and(|known| known.fingerprint == fingerprint && known.listed) {
                continue;
            }
            if let Some(updated_at) = order.updated_at.filter(|at| mark >= Some(*at))
                && known.is_none_or(|known| known.updated_at < Some(updated_at))
            {
                taken.lateness = taken.lateness.max(read_at.since(updated_at));
            }
            let row = row_of(open, order, fingerprint, read_at);
            let told = told_by(row, Sought { goods: Goods::of(order.stage), money });
            let report = report::of_order(&open.shop, order, read_at);
            let about = About {
                tree: known.and_then(|known| known.tree),
                is_new: known.is_none(),
                silent: is_no_news(open, order.updated_at),
                takes_from: stock::takes_from(&open.shop),
            };
            taking.push(self.take_ready(self.made_ready(report, told, about)?));
            // A page is work for a while, and whoever asks for something else meanwhile is let in between.
            tokio::task::yield_now().await;
        }
        for became in try_join_all(taking).await? {
            match became {
                Taken::New => taken.new += 1,
                Taken::Changed => taken.changed += 1,
                Taken::Aside => taken.refused += 1,
                Taken::Same | Taken::Away(_) => {}
            }
        }
        let unreadable = page.refused.iter().filter_map(|row| unreadable(open, row, read_at));
        self.keep_aside(unreadable.collect()).await?;
        failpoint::reach("channel", "rows_committed");
        Ok(taken)
    }

    /// Takes down what a look at an order came to: at one of this tree, that changed last at this moment.
    pub(super) async fn take_look(
        &self,
        open: &Open,
        report: ChannelReport,
        look: Look,
        (tree, changed_at): (Option<Id>, Option<Time>),
    ) -> Result<Taken, Error> {
        let (silent, takes_from) = (is_no_news(open, changed_at), stock::takes_from(&open.shop));
        let about = About { tree, is_new: false, silent, takes_from };
        self.take(report, Told::Look(look), about).await
    }

    /// Takes down what another list than that of orders, read at `read_at`, tells of an order that is known, of something
    /// that changed last at a moment; answers whether that changed the order.
    pub(super) async fn take_beside(
        &self,
        open: &Open,
        report: ChannelReport,
        (changed_at, read_at): (Option<Time>, Time),
    ) -> Result<bool, Error> {
        let (silent, takes_from) = (is_no_news(open, changed_at), stock::takes_from(&open.shop));
        let about = About { tree: None, is_new: false, silent, takes_from };
        let moves_money = may_be_told(&*open.connector, &open.shop.more).then_some(read_at);
        Ok(self.take(report, Told::Beside(moves_money), about).await? == Taken::Changed)
    }

    async fn take(&self, report: ChannelReport, told: Told, about: About) -> Result<Taken, Error> {
        self.take_ready(self.made_ready(report, told, about)?).await
    }

    /// Makes one order ready before the lane.
    fn made_ready(
        &self,
        report: ChannelReport,
        told: Told,
        About { tree, is_new, silent, takes_from }: About,
    ) -> Result<Arc<Taking>, Error> {
        let shop = report.shop_id.parse();
        let shop = shop.map_err(|_| Error::Internal("a shop's number is none".to_owned()))?;
        let taking = Taking {
            shop,
            number: report.external_id.clone(),
            name: shop_key(&report.shop_id, &report.external_id),
            gene: Gene::of(&report.external_id),
            deadlines: Arc::clone(&self.inner.settings.deadlines),
            report: Fitted::of(report),
            told,
            tree,
            draft: None,
            silent,
            takes_from,
        };
        let draft = is_new.then(|| Draft::of(&taking.report, self.now())).flatten();
        let draft = draft.map(|draft| {
            let agreed = Agreed::of(&draft.agreed());
            (draft, Arc::new(agreed))
        });
        Ok(Arc::new(Taking { draft, ..taking }))
    }

    async fn take_ready(&self, taking: Arc<Taking>) -> Result<Taken, Error> {
        let mut taken = self.take_once(&taking).await?;
        if let Taken::Away(tree) = taken {
            self.bring_back(tree).await?;
            taken = self.take_once(&taking).await?;
        }
        if taken == Taken::New {
            self.inner.outcomes.count(Became::Recorded);
        }
        Ok(taken)
    }

    async fn take_once(&self, taking: &Arc<Taking>) -> Result<Taken, Error> {
        // Many shops at once must wait here, not be turned away at a full queue.
        let _room = self.inner.channels.room.acquire().await;
        let (keys, taking) = (taking.keys(), Arc::clone(taking));
        let work = move |view: &View, cx: &mut Context<'_>| taking.take(view, cx);
        self.inner.lane.run(Priority::Bulk, keys, work).await
    }

    /// Keeps rows that cannot be read. Of an order that was read before it is noted, and what is known stays.
    async fn keep_aside(&self, rows: Vec<ChannelOrderRow>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let keys = rows.iter().map(ChannelOrderRow::lane_key).collect();
        let work = move |view: &View, _: &mut Context<'_>| {
            let mut new = Vec::new();
            for row in &rows {
                match view.channel_order(row.shop, &row.number)? {
                    None => new.push(row.clone()),
                    Some(known) if known.fingerprint == row.fingerprint => {}
                    Some(known) => new.push(ChannelOrderRow {
                        // Whatever can be read of it again is another row than this one.
                        fingerprint: row.fingerprint,
                        note: Notes::of(known).after_told(row.note.clone()),
                        ..known.clone()
                    }),
                }
            }
            let writes = Writes { channel_orders: new, ..Writes::default() };
            Ok(((!writes.channel_orders.is_empty()).then_some(writes), ()))
        };
        self.inner.lane.run(Priority::Bulk, keys, work).await
    }
}

impl Taking {
    fn keys(&self) -> Vec<Key> {
        let order = Key::ChannelOrder { shop: self.shop, number: self.number.clone() };
        let tree = self.tree.map(Key::Tree);
        let mut keys = stock::keys(self.shop, self.takes_from, self.report.report());
        keys.extend(tree);
        keys.extend([order, Key::ChannelShop(self.shop), Key::Unique(self.name.clone())]);
        keys
    }

    /// The piece of work: pure, repeatable.
    fn take(&self, view: &View, cx: &mut Context<'_>) -> Verdict<Taken> {
        let known = view.channel_order(self.shop, &self.number)?;
        let Some(mut row) = self.told.row(known) else { return Ok((None, Taken::Same)) };
        let named = view.unique(&self.name)?.map(|unique| unique.tree);
        let tree = match row.tree.or(named) {
            Some(id) => match view.tree(id)? {
                None => return Ok((None, Taken::Away(id))),
                here => here,
            },
            None => None,
        };
        let before = tree.map(|tree| &**tree);
        let shelves = stock::shelves(view, self.shop, before, self.report.report())?;
        let recorded = deciding(cx, self.gene, &self.deadlines.default, |cx| match &self.draft {
            Some((draft, _)) if tree.is_none() => {
                Ok(Some(draft.record(&self.report, &shelves, cx)))
            }
            _ => channel::record(before, &self.report, &shelves, cx),
        });
        match recorded {
            Ok(Some(change)) => {
                let (mut changes, after) = Changes::one(tree, change);
                row = self.told.moved(row);
                let agreed = self.draft.as_ref().map(|(_, agreed)| Arc::clone(agreed));
                changes.agreed = agreed.filter(|_| tree.is_none());
                changes.silent = self.silent;
                row.tree = Some(after.id());
                changes.beside.channel_orders.push(row);
                changes.beside.channel_unmapped =
                    stock::waiting(self.shop, (before, &after), &shelves, cx.now);
                if tree.is_some() {
                    return Ok((Some(changes), Taken::Changed));
                }
                changes.beside.unique.push((self.name.clone(), after.id(), None));
                Ok((Some(changes), Taken::New))
            }
            Ok(None) => {
                row.tree = tree.map(|tree| tree.id());
                if known == Some(&row) {
                    return Ok((None, Taken::Same));
                }
                Ok((Some(beside(row)), Taken::Changed))
            }
            Err(why) => {
                row.note = Notes::of(&row).after_told(Some(cut(&why.to_string())));
                Ok((Some(beside(row)), Taken::Aside))
            }
        }
    }
}

impl Told {
    fn by_list(row: ChannelOrderRow, sought: Sought) -> Self {
        Self::Order(Box::new(row), sought)
    }

    fn by_number(row: ChannelOrderRow, sought: Sought) -> Self {
        Self::Order(Box::new(ChannelOrderRow { listed: false, ..row }), sought)
    }

    /// The row of an order that was changed by it.
    fn moved(&self, row: ChannelOrderRow) -> ChannelOrderRow {
        match self {
            Self::Beside(Some(at)) => looked_at_anew(row, *at),
            Self::Order(..) | Self::Look(_) | Self::Beside(None) => row,
        }
    }

    /// The row from now on; nothing where it was told before.
    fn row(&self, known: Option<&ChannelOrderRow>) -> Option<ChannelOrderRow> {
        match (self, known) {
            (Self::Order(told, sought), None) => {
                Some(expecting(ChannelOrderRow::clone(told), *sought))
            }
            (Self::Order(told, sought), Some(known)) => {
                if known.fingerprint == told.fingerprint {
                    let was_hidden = told.listed && !known.listed;
                    return was_hidden.then(|| ChannelOrderRow { listed: true, ..known.clone() });
                }
                // A page that was read before what is known adds to the tree what that lacks, and undoes nothing here.
                if (told.updated_at, told.read_at) < (known.updated_at, known.read_at) {
                    return Some(known.clone());
                }
                let row = ChannelOrderRow {
                    tree: known.tree,
                    listed: known.listed || told.listed,
                    seen_at: known.seen_at,
                    packages: known.packages,
                    looks: known.looks,
                    tries: known.tries,
                    wait_since: known.wait_since,
                    next_look_at: known.next_look_at,
                    note: Notes::of(known).after_told(told.note.clone()),
                    ..ChannelOrderRow::clone(told)
                };
                let moved = known.status != told.status;
                Some(if moved { expecting(row, *sought) } else { row })
            }
            (Self::Look(look), Some(known)) => Some(look.after(known.clone())),
            (Self::Beside(_), Some(known)) => Some(known.clone()),
            // Both are of an order that was told of.
            (Self::Look(_) | Self::Beside(_), None) => None,
        }
    }
}

/// Whether something that happened at `at`, or nobody knows when, was before a shop was connected: unless it is asked for,
/// that is no news to anybody.
fn is_no_news(open: &Open, at: Option<Time>) -> bool {
    let shop = &open.shop;
    !shop.more.announce_first_pull && at.is_some_and(|at| at < shop.created_at)
}

/// Parcels of what has left are looked for at once: where there may be more of them than are known, again. So is what the
/// buyer paid, where it may be asked for.
fn expecting(row: ChannelOrderRow, Sought { goods, money }: Sought) -> ChannelOrderRow {
    let is_known = row.packages == PackageState::Known;
    let at = row.read_at;
    if goods == Goods::Here || is_known && goods == Goods::Left && row.next_look_at.is_none() {
        return if money { looked_at_anew(row, at) } else { row };
    }
    ChannelOrderRow {
        packages: PackageState::Waiting,
        looks: 0,
        tries: 0,
        wait_since: Some(at),
        next_look_at: Some(at),
        ..row
    }
}

/// The row alone.
fn beside(row: ChannelOrderRow) -> Changes {
    Writes { channel_orders: vec![row], ..Writes::default() }.into()
}
