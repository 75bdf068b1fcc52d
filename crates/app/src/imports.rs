//! Taking down an import: JSON lines in, a report out. Each line is one order as the API shows it with
//! `expand=tree`. A bad line is reported and never stops the rest; an order that is here already is skipped: by its
//! `external_id`, and where it has none by the number it had in the center that it was exported from.
//!
//! How files are read and columns are mapped is the command's business; what a line means is the domain's.

use crate::access::{Principal, Scope};
use crate::record::{Recorded, Taken};
use crate::unique::external_key;
use crate::{App, Error, Idempotency, Once};
use docket_domain::decide::Context as Deciding;
use docket_domain::words::AnomalyKind;
use docket_domain::{Amount, FieldError, Id, Tree, record, status};
use docket_wire::Unreadable;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Lines taken at a time: each may be refused with a sentence of its own.
const LINES_MAX: usize = 20_000;
/// Orders that wait for the writer at a time: one full batch.
const IN_FLIGHT: usize = 256;
/// Bytes of one line at most.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// How often an order that the writer had no room for is brought again, and how long is waited before.
const TRIES: u32 = 8;
const WAIT: Duration = Duration::from_millis(25);

/// What is asked of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportOptions {
    /// Orders get deadlines from now on.
    pub live: bool,
    /// Everything is checked and nothing is written.
    pub dry_run: bool,
    /// Who vouches for the orders; the caller's own issuer if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// What became of the lines of an import. Reports of several parts of one import can be joined.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportReport {
    /// Lines that were not blank.
    pub read: u64,
    /// Orders that were new here.
    pub taken: u64,
    /// Orders that were here already.
    pub known: u64,
    /// Lines that could not be taken, in the order of the lines.
    pub refused: Vec<RefusedLine>,
    /// Orders that were taken, by the status they have now.
    pub statuses: BTreeMap<String, u64>,
    /// Anomalies of orders that were taken, by kind.
    pub anomalies: BTreeMap<String, u64>,
    /// Money of orders that were taken, by currency.
    pub sums: BTreeMap<String, Sums>,
    /// Orders that were taken although their sums disagree, in the order of the lines.
    pub differences: Vec<Difference>,
}

/// A line that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    /// Counted from 1.
    pub line: u64,
    /// Where in the order; empty for the line as a whole.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// What is wrong. Where several fields are wrong, the others follow in words.
    pub message: String,
    /// Each wrong field by itself.
    #[serde(default)]
    pub errors: Vec<WrongField>,
}

/// One wrong field of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongField {
    /// Where in the order; empty for the line as a whole.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// Money of orders in one currency, in minor units. Amounts that are unknown count nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Prices of the payment orders: goods less discounts, without freight.
    pub items: i64,
    /// Freight.
    pub freight: i64,
    /// Payments.
    pub payments: i64,
    /// Orders whose price or freight is unknown.
    pub unknown: u64,
}

/// An order whose payments disagree with what was to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Counted from 1.
    pub line: u64,
    /// The order here; none where nothing was written.
    pub order_id: Option<Id>,
    /// Its number at the source.
    pub external_id: Option<String>,
    /// `underpaid` or `overpaid`.
    pub kind: String,
    /// ISO 4217.
    pub currency: String,
    /// What was to pay, in minor units.
    pub payable: Option<i64>,
    /// What was paid, in minor units.
    pub paid: i64,
}

impl ImportReport {
    /// Adds the report of the next part of the same import. `place` is told each of its lines and says how
    /// that line is counted in the whole.
    pub fn join(&mut self, part: Self, place: impl Fn(u64) -> u64) {
        self.read += part.read;
        self.taken += part.taken;
        self.known += part.known;
        let refused = part.refused.into_iter();
        self.refused.extend(refused.map(|row| RefusedLine { line: place(row.line), ..row }));
        let differences = part.differences.into_iter();
        self.differences.extend(differences.map(|row| Difference { line: place(row.line), ..row }));
        for (word, count) in part.statuses {
            *self.statuses.entry(word).or_default() += count;
        }
        for (word, count) in part.anomalies {
            *self.anomalies.entry(word).or_default() += count;
        }
        for (currency, sums) in part.sums {
            self.sums.entry(currency).or_default().add(sums);
        }
    }

    fn settle(&mut self, line: u64, outcome: Recorded, written: Written) {
        match outcome {
            Recorded::New(tree) => self.take(line, &tree, written),
            Recorded::Known(_) => self.known += 1,
            Recorded::Refused(error) => self.refuse(line, vec![error]),
        }
    }

    fn take(&mut self, line: u64, tree: &Tree, written: Written) {
        self.taken += 1;
        let standing = status::of(tree);
        let order = &tree.payment;
        *self.statuses.entry(standing.status.word().to_owned()).or_default() += 1;
        let mut mine = Sums::default();
        match (standing.price.known(), standing.freight.known()) {
            (Some(items), Some(freight)) => (mine.items, mine.freight) = (items, freight),
            _ => mine.unknown = 1,
        }
        self.sums.entry(order.currency.code().to_owned()).or_default().add(mine);
        for payment in &order.payments {
            let sums = self.sums.entry(payment.currency.code().to_owned()).or_default();
            sums.payments = sums.payments.saturating_add(payment.amount);
        }
        for anomaly in &order.anomalies {
            *self.anomalies.entry(anomaly.kind.word().to_owned()).or_default() += 1;
            if matches!(anomaly.kind, AnomalyKind::Underpaid | AnomalyKind::Overpaid) {
                self.differences.push(Difference {
                    line,
                    order_id: (written == Written::Yes).then_some(order.id),
                    external_id: order.external_id.clone(),
                    kind: anomaly.kind.word().to_owned(),
                    currency: order.currency.code().to_owned(),
                    payable: Amount::known(standing.payable),
                    paid: standing.paid,
                });
            }
        }
    }

    fn refuse(&mut self, line: u64, errors: Vec<FieldError>) {
        let errors = errors.into_iter().map(|FieldError { field, code, message }| WrongField {
            field,
            code: code.to_owned(),
            message,
        });
        let errors: Vec<_> = errors.collect();
        let Some((WrongField { field, code, message }, others)) = errors.split_first() else {
            return;
        };
        let mut message = message.clone();
        for other in others {
            message = format!("{message}; {}: {}", other.field, other.message);
        }
        let (field, code) = (field.clone(), code.clone());
        self.refused.push(RefusedLine { line, field, code, message, errors });
    }
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.items = self.items.saturating_add(other.items);
        self.freight = self.freight.saturating_add(other.freight);
        self.payments = self.payments.saturating_add(other.payments);
        self.unknown += other.unknown;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Yes,
    No,
}

type Recording<'a> = Pin<Box<dyn Future<Output = Result<Recorded, Error>> + Send + 'a>>;

/// A line whose end is not told yet.
struct Waiting<'a> {
    line: u64,
    state: State<'a>,
}

enum State<'a> {
    /// It cannot be read.
    Unreadable(Vec<FieldError>),
    /// With the writer. The order is kept, to be brought again where the writer gives it back.
    Sent(Taken, Recording<'a>),
    /// The writer had its answer at once.
    Answered(Taken, Result<Recorded, Error>),
}

impl App {
    /// Takes down orders like [`App::import_lines`], under an idempotency key. Sent again under it, the lines
    /// are taken down again, which takes nothing twice: the answer tells what is here now.
    pub async fn import_once(
        &self,
        who: &Principal,
        lines: &[u8],
        options: &ImportOptions,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<ImportReport>, Error> {
        who.needs_whole(Scope::Admin)?;
        let before = self.done_before(idempotency).await?;
        let report = self.import_lines(who, lines, options).await?;
        if before.is_some() {
            return Ok(Once::Before(report));
        }
        if idempotency.is_some() && !options.dry_run {
            self.write_once(idempotency, None, |_, _| Vec::new()).await?;
        }
        Ok(Once::Now(report))
    }

    /// Takes down orders, one JSON line each. Lines are submitted and reported in their order, so of two
    /// lines with one number the first is taken. Fails as a whole only where the database is out of use; what
    /// was taken until then is skipped by the next try.
    pub async fn import_lines(
        &self,
        who: &Principal,
        lines: &[u8],
        options: &ImportOptions,
    ) -> Result<ImportReport, Error> {
        who.needs_whole(Scope::Admin)?;
        if lines.split(|byte| *byte == b'\n').nth(LINES_MAX).is_some() {
            let message = format!("send fewer than {LINES_MAX} lines at a time");
            return Err(FieldError { field: String::new(), code: "too_many", message }.into());
        }
        let mut report = ImportReport::default();
        let mut window: VecDeque<Waiting<'_>> = VecDeque::with_capacity(IN_FLIGHT);
        let mut checked = FxHashSet::default();
        let issuer = options.issuer.as_deref().unwrap_or(&who.issuer);
        for (index, line) in lines.split(|byte| *byte == b'\n').enumerate() {
            let line =
                if index == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
            let (number, line) = (index as u64 + 1, line.trim_ascii());
            if line.is_empty() {
                continue;
            }
            report.read += 1;
            let state = match self.read_line(line, issuer, options) {
                Ok(taken) if options.dry_run => {
                    let outcome = self.check(&taken, &mut checked).await?;
                    report.settle(number, outcome, Written::No);
                    continue;
                }
                Ok(taken) => self.send(who, taken).await,
                Err(errors) => State::Unreadable(errors),
            };
            window.push_back(Waiting { line: number, state });
            if window.len() >= IN_FLIGHT {
                self.settle_first(who, &mut window, &mut report).await?;
            }
        }
        while !window.is_empty() {
            self.settle_first(who, &mut window, &mut report).await?;
        }
        Ok(report)
    }

    fn read_line(
        &self,
        line: &[u8],
        issuer: &str,
        options: &ImportOptions,
    ) -> Result<Taken, Vec<FieldError>> {
        if line.len() > LINE_BYTES_MAX {
            let message = format!("has {} bytes; {LINE_BYTES_MAX} are allowed", line.len());
            return Err(vec![FieldError { field: String::new(), code: "too_long", message }]);
        }
        match docket_wire::record::read(line, &self.settings().markets, issuer) {
            Ok(read) => Ok(Taken { report: read.report, person: read.person, live: options.live }),
            Err(Unreadable::NotJson(error)) => Err(vec![error]),
            Err(Unreadable::Wrong(errors)) => Err(errors),
        }
    }

    /// Hands an order to the writer, behind those handed over before: the first poll submits it.
    async fn send<'a>(&'a self, who: &'a Principal, taken: Taken) -> State<'a> {
        let mut recording: Recording<'a> = Box::pin(self.record(who, taken.clone()));
        match poll_fn(|cx| Poll::Ready(recording.as_mut().poll(cx))).await {
            Poll::Ready(answer) => State::Answered(taken, answer),
            Poll::Pending => State::Sent(taken, recording),
        }
    }

    async fn settle_first(
        &self,
        who: &Principal,
        window: &mut VecDeque<Waiting<'_>>,
        report: &mut ImportReport,
    ) -> Result<(), Error> {
        let Some(Waiting { line, state }) = window.pop_front() else { return Ok(()) };
        let (taken, mut answer) = match state {
            State::Unreadable(errors) => {
                report.refuse(line, errors);
                return Ok(());
            }
            State::Sent(taken, recording) => (taken, recording.await),
            State::Answered(taken, answer) => (taken, answer),
        };
        for tried in 0..TRIES {
            if !matches!(answer, Err(Error::Busy)) {
                break;
            }
            tokio::time::sleep(WAIT * 2_u32.pow(tried)).await;
            answer = self.record(who, taken.clone()).await;
        }
        match answer {
            Ok(outcome) => report.settle(line, outcome, Written::Yes),
            // The database refuses this one; the others shall not suffer for it.
            Err(Error::Internal(why)) => {
                tracing::error!(line, why, "an imported order could not be written");
                let message = Error::Internal(why).to_string();
                report.refuse(
                    line,
                    vec![FieldError { field: String::new(), code: "internal", message }],
                );
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What [`App::record`] would answer, found out without writing. `checked` are the numbers met before.
    async fn check(
        &self,
        taken: &Taken,
        checked: &mut FxHashSet<String>,
    ) -> Result<Recorded, Error> {
        let Taken { report, live, .. } = taken;
        let placement = &report.placement;
        let Some(external_id) = &placement.external_id else {
            return Ok(Recorded::Refused(crate::record::no_external_id()));
        };
        let name = external_key(placement.channel.as_deref(), &report.issuer, external_id);
        if let Some(known) = self.store().unique(&name).await? {
            return Ok(Recorded::Known(known));
        }
        if let Ok(own) = external_id.parse()
            && let Some(tree) = self.store().tree(own).await?
            && crate::record::is_own(&tree, report)
        {
            return Ok(Recorded::Known(own));
        }
        let mut last = 0;
        let mut next_id = || {
            last += 1;
            Id(last)
        };
        let policy = self.settings().deadlines.default;
        let mut deciding = Deciding {
            at: self.now(),
            policy: &policy,
            next_id: &mut next_id,
            can_hold: &|_| false,
        };
        match record::record(None, report, *live, &mut deciding) {
            Ok(Some(_)) if !checked.insert(name) => Ok(Recorded::Known(Id(0))),
            Ok(Some(change)) => Ok(Recorded::New(Arc::new(change.tree))),
            Ok(None) => Ok(Recorded::Refused(crate::record::nothing_said())),
            Err(error) => Ok(Recorded::Refused(error)),
        }
    }
}
