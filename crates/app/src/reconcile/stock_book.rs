//! The beginning of the book of stock, where there is none yet: a database of the release before has no book, and while its
//! processes go on beside newer ones nothing says what they move.

use crate::{App, Error};
use docket_store::{Priority, Stock, Writes};

/// Rows that are begun in one transaction: a step that nobody feels.
const STEP: usize = 256;

impl App {
    /// Begins the book of what has none: by now every process says what it moves.
    pub async fn begin_stock_book(&self) -> Result<(), Error> {
        let mut last = (String::new(), String::new());
        loop {
            let found = self.store().stock_unbooked((&last.1, &last.0), STEP).await?;
            let Some(newest) = found.last().cloned() else { return Ok(()) };
            last = newest;
            let begin = move |_: &docket_store::View, _: &mut docket_store::Context<'_>| {
                let statements =
                    found.iter().map(|(place, sku)| Stock::counted(place, sku)).collect();
                Ok((Some(Writes { statements, ..Writes::default() }), ()))
            };
            self.inner.lane.run(Priority::Bulk, Vec::new(), begin).await?;
        }
    }
}
