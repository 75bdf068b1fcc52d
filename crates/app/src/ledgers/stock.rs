//! Stock by hand: counts and adjustments, each with a reason, and what stands where.

use crate::access::{Principal, Scope};
use crate::pages::{Page, page, page_until};
use crate::{App, Error, Idempotency, Once};
use docket_domain::{FieldError, Gene, Quantity};
use docket_store::{Adjustment, Context, Held, Key, Priority, RequestOutcome, Stock, View, Writes};

/// Lines of the book of a SKU that are shown.
const BOOK_MAX: usize = 200;

/// A count or an adjustment.
#[derive(Debug, Clone)]
pub struct StockChange {
    /// The SKU.
    pub sku_id: String,
    /// The place that the stock stands at.
    pub place: String,
    /// What was counted, or what is added.
    pub quantity: Quantity,
    /// Whether it was counted.
    pub kind: StockChangeKind,
    /// What its book will give as the cause.
    pub reason: String,
}

/// What kind of change by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockChangeKind {
    /// Replaces what was thought to be there; starts tracking the SKU.
    Count,
    /// Adds to it; the SKU must be tracked and not fall below zero.
    Adjust,
}

/// What stands of one SKU.
#[derive(Debug, Clone)]
pub struct StockOf {
    /// The SKU.
    pub sku_id: String,
    /// By place.
    pub places: Vec<(String, Stock)>,
}

impl App {
    /// Counts or adjusts, and answers what stands afterwards.
    pub async fn change_stock(
        &self,
        who: &Principal,
        change: StockChange,
    ) -> Result<StockOf, Error> {
        self.change_stock_once(who, change, None).await.map(Once::outcome)
    }

    /// The same, done once under an idempotency key. What stands is that of now in any case.
    pub async fn change_stock_once(
        &self,
        who: &Principal,
        change: StockChange,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<StockOf>, Error> {
        who.needs(Scope::Stock)?;
        who.needs_places()?;
        self.check_place(who, &change.place)?;
        let sku_id = change.sku_id.clone();
        let actor = format!("{}:{}", who.id, who.name);
        let mut keys = vec![Key::Stock { place: change.place.clone(), sku_id: sku_id.clone() }];
        keys.extend(idempotency.map(|given| Key::Idempotency(given.hash)));
        let work = move |view: &View, cx: &mut Context<'_>| {
            if let Some(given) = idempotency
                && let Some(earlier) = given.earlier(view)?
            {
                return Ok((None, earlier.map(|_| Once::Before(()))));
            }
            let before = view.stock(&change.place, &change.sku_id)?;
            let counted = change.kind == StockChangeKind::Count;
            let now_there = match (before, counted) {
                (_, true) => change.quantity,
                (Some(stock), false) => stock.on_hand + change.quantity,
                (None, false) => return Ok((None, Err(untracked(&change)))),
            };
            if now_there < Quantity::ZERO {
                return Ok((None, Err(below_zero(&change, before.unwrap_or_default()))));
            }
            let held = Held {
                place: change.place.clone(),
                sku_id: change.sku_id.clone(),
                count: counted.then_some(change.quantity),
                on_hand: if counted { Quantity::ZERO } else { change.quantity },
                held: Quantity::ZERO,
                moved: Quantity::ZERO,
                guarded: false,
            };
            let line = Adjustment {
                id: cx.ids.next(cx.now, Gene::of(&change.sku_id)),
                sku_id: change.sku_id.clone(),
                place: change.place.clone(),
                counted,
                quantity: change.quantity,
                on_hand: now_there,
                reason: change.reason.clone(),
                actor: actor.clone(),
                at: cx.now,
            };
            let kept =
                idempotency.map(|given| given.kept(RequestOutcome::Changed, line.id, cx.now));
            let writes = Writes {
                stock: vec![held],
                adjustments: vec![line],
                idempotency: kept,
                ..Writes::default()
            };
            Ok((Some(writes), Ok(Once::Now(()))))
        };
        let done = self.inner.lane.run(Priority::Interactive, keys, work).await??;
        let stands = self.stock(who, &sku_id).await?;
        Ok(done.map(|()| stands))
    }

    /// What stands of a SKU at the places the caller may see; nothing means not tracked.
    pub async fn stock(&self, who: &Principal, sku_id: &str) -> Result<StockOf, Error> {
        who.needs(Scope::Stock).or_else(|_| who.needs(Scope::OrdersRead))?;
        who.needs_places()?;
        let mut places = self.store().stock(sku_id).await?;
        places.retain(|(place, _)| who.sees_place(place));
        Ok(StockOf { sku_id: sku_id.to_owned(), places })
    }

    /// What stands of SKUs at the places that the caller may see, behind a SKU and its place: one page of at most
    /// `limit` SKUs. One that stands at very many places may go on in the next page.
    pub async fn stock_list(
        &self,
        who: &Principal,
        after: (String, String),
        limit: usize,
    ) -> Result<Page<StockOf, (String, String)>, Error> {
        type Row = (String, String, Stock);
        who.needs(Scope::Stock).or_else(|_| who.needs(Scope::OrdersRead))?;
        who.needs_places()?;
        let full = |rows: &[Row]| {
            let begins = |n: &usize| *n == 0 || rows[*n].0 != rows[*n - 1].0;
            (0..rows.len()).filter(begins).nth(limit)
        };
        let sees = |row: &Row| who.sees_place(&row.1);
        let place = |row: &Row| (row.0.clone(), row.1.clone());
        let piece = |(sku_id, place): (String, String), n| async move {
            self.store().stock_list((&sku_id, &place), n).await
        };
        let page = page_until(full, after, sees, place, piece).await?;
        Ok(page.map(|rows| {
            let mut listed = Vec::<StockOf>::new();
            for (sku_id, place, stock) in rows {
                if listed.last().is_none_or(|last| last.sku_id != sku_id) {
                    listed.push(StockOf { sku_id, places: Vec::new() });
                }
                listed.last_mut().expect("one was just pushed").places.push((place, stock));
            }
            listed
        }))
    }

    /// The book of a SKU, newest first.
    pub async fn adjustments(
        &self,
        who: &Principal,
        sku_id: &str,
    ) -> Result<Vec<Adjustment>, Error> {
        who.needs(Scope::Stock)?;
        who.needs_places()?;
        let sees = |line: &Adjustment| who.sees_place(&line.place);
        let piece = |before, n| self.store().adjustments(sku_id, before, n);
        Ok(page(BOOK_MAX, None, sees, |line| Some(line.id), piece).await?.found)
    }

    #[allow(clippy::unused_self)] // reads as a question to the center
    pub(crate) fn check_place(&self, who: &Principal, place: &str) -> Result<(), Error> {
        if who.places.is_empty() || who.places.iter().any(|own| own == place) {
            return Ok(());
        }
        let message = format!("this key may not touch {place}");
        Err(FieldError { field: "place".to_owned(), code: "not_allowed", message }.into())
    }
}

fn untracked(change: &StockChange) -> Error {
    let StockChange { sku_id, place, .. } = change;
    let message =
        format!("{sku_id} is not tracked at {place}; count it first (PUT /api/stock/{sku_id})");
    FieldError { field: "place".to_owned(), code: "not_tracked", message }.into()
}

fn below_zero(change: &StockChange, stock: Stock) -> Error {
    let message = format!("only {} of {} are there", stock.on_hand, change.sku_id);
    FieldError { field: "delta".to_owned(), code: "too_small", message }.into()
}
