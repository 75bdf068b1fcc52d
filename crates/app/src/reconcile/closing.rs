//! The closing of the book of stock: what orders moved long ago is added to what is booked, so that the rows of movements are
//! those of some days and no more. Where nothing is booked the book begins: of stock that a release without a book counted.

use crate::{App, Error};
use docket_domain::time;
use docket_store::{Priority, StockMoved, Writes};

/// How long what an order moved stays a row of its own.
const OPEN: time::Millis = 7 * time::DAY;
/// Rows that are closed in one transaction: a step that nobody feels.
const STEP: usize = 256;

impl App {
    /// Closes the book of stock over what was moved more than a week ago; answers how many rows that were.
    pub async fn close_stock_book(&self) -> Result<u64, Error> {
        self.begin_stock_book().await?;
        let before = self.now().plus(-OPEN);
        let (mut last, mut closed) = (None, 0);
        loop {
            let moves = self.store().stock_moves(last.as_ref(), STEP).await?;
            let Some(newest) = moves.last().cloned() else { return Ok(closed) };
            last = Some(newest);
            let old: Vec<_> = moves.into_iter().filter(|moved| moved.at < before).collect();
            if old.is_empty() {
                continue;
            }
            closed += old.len() as u64;
            let close = move |_: &docket_store::View, _: &mut docket_store::Context<'_>| {
                let statements = StockMoved::close(&old);
                Ok((Some(Writes { statements, ..Writes::default() }), ()))
            };
            self.inner.lane.run(Priority::Bulk, Vec::new(), close).await?;
        }
    }
    /// Begins the book of what has none: by now every process writes what it moves.
    async fn begin_stock_book(&self) -> Result<(), Error> {
        let mut last = (String::new(), String::new());
        loop {
            let found = self.store().stock_unbooked((&last.1, &last.0), STEP).await?;
            let Some(newest) = found.last().cloned() else { return Ok(()) };
            last = newest;
            let begin = move |_: &docket_store::View, _: &mut docket_store::Context<'_>| {
                let statements =
                    found.iter().map(|(place, sku)| StockMoved::counted(place, sku)).collect();
                Ok((Some(Writes { statements, ..Writes::default() }), ()))
            };
            self.inner.lane.run(Priority::Bulk, Vec::new(), begin).await?;
        }
    }
}
