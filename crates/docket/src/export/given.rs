//! Orders as they are written, page after page, whoever reads them.

use super::rows::{For, Writer};
use super::{Args, Format, Shelf, Stopped};
use docket_domain::Id;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Orders that were asked for, as far as they were written.
pub(super) struct Given<'a, W: Write> {
    pub args: &'a Args,
    out: Option<W>,
    writer: Option<Writer<W>>,
    bar: indicatif::ProgressBar,
    /// Those that were written: what goes on in another way gives none twice.
    pub ids: BTreeSet<Id>,
}

/// Of an order its number.
#[derive(serde::Deserialize)]
struct Numbered {
    order_id: String,
}

impl<'a, W: Write> Given<'a, W> {
    pub fn to(args: &'a Args, out: W) -> Self {
        Self { args, out: Some(out), writer: None, bar: progress(), ids: BTreeSet::new() }
    }

    /// Begins, if nobody has.
    pub fn begin(&mut self) -> Result<(), Stopped> {
        let Some(out) = self.out.take() else { return Ok(()) };
        let whom = if self.args.spreadsheet { For::Spreadsheets } else { For::Programs };
        self.writer = Some(match self.args.format().map_err(Stopped::Reading)? {
            Format::Jsonl => Writer::Lines(out),
            Format::Csv => Writer::rows(out, whom)?,
        });
        Ok(())
    }

    pub fn write(&mut self, orders: &[Box<RawValue>]) -> Result<(), Stopped> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        for order in orders {
            writer.write(order)?;
            let named = serde_json::from_str::<Numbered>(order.get());
            self.ids.extend(named.ok().and_then(|named| named.order_id.parse::<Id>().ok()));
        }
        self.bar.inc(orders.len() as u64);
        Ok(())
    }

    pub fn finish(&mut self) -> Result<(), Stopped> {
        self.bar.finish_and_clear();
        self.writer.take().map_or(Ok(()), Writer::finish)
    }

    /// Writes page after page of a center.
    pub async fn pages(&mut self, shelf: &impl Shelf) -> Result<(), Stopped> {
        self.begin()?;
        let mut cursor: Option<String> = None;
        let mut archived = false;
        loop {
            let page = if archived {
                shelf.archived_page(self.args, cursor.as_deref()).await
            } else {
                shelf.page(self.args, cursor.as_deref()).await
            };
            let page = page.map_err(Stopped::Reading)?;
            self.write(&page.orders)?;
            cursor = page.next;
            if cursor.is_none() {
                if archived || !self.args.archived {
                    break;
                }
                archived = true;
            }
        }
        self.finish()
    }
}

fn progress() -> indicatif::ProgressBar {
    if !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(100));
    match indicatif::ProgressStyle::with_template("{spinner} {human_pos} orders, {per_sec}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
