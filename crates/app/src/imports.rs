//! Taking down an import: JSON lines in, a report out. Each line is one order as the API shows it with
//! `expand=tree`. A bad line is reported and never stops the rest; an order that is here already is skipped: by its
//! `external_id`, and where it has none by the number it had in the center that it was exported from.
//!
//! An order without a channel is compared with every order of the center by its number, whoever told it, unless
//! duplicates are wanted.
//!
//! How files are read and columns are mapped is the command's business; what a line means is the domain's.

mod aside;
mod report;
mod update;

pub use aside::{LARGE_BYTES, aside};
pub use report::{Difference, ImportReport, RefusedLine, Sums, WrongField};

use crate::access::{Principal, Scope};
use crate::orders::record::{Compared, KnownBy, Recorded, Taken};
use crate::{App, Error, Idempotency, Once};
use docket_domain::change::Change;
use docket_domain::decide::Context as Deciding;
use docket_domain::record::Report;
use docket_domain::{FieldError, Id, Limits, Tree, record};
use docket_wire::Unreadable;
use report::Written;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
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
#[allow(clippy::struct_excessive_bools)] // switches that the API has, each by itself
pub struct ImportOptions {
    /// Orders get deadlines from now on.
    pub live: bool,
    /// Everything is checked and nothing is written.
    pub dry_run: bool,
    /// Orders that are here already and were recorded get what is new.
    pub update: bool,
    /// Orders whose number another issuer or channel has told are taken all the same.
    pub again: bool,
    /// Who vouches for the orders; the caller's own issuer if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// A line whose order is here already and may get what is new: its number, what it says, which order, by what it is
/// known.
type Known = (u64, Taken, Id, KnownBy);
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
        let report = Box::pin(self.import_lines(who, lines, options)).await?;
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
        let too_many = || lines.split(|byte| *byte == b'\n').nth(LINES_MAX).is_some();
        if aside(lines.len(), too_many) {
            let message = format!("send fewer than {LINES_MAX} lines at a time");
            return Err(FieldError { field: String::new(), code: "too_many", message }.into());
        }
        let mut report = ImportReport::default();
        let mut window: VecDeque<Waiting<'_>> = VecDeque::with_capacity(IN_FLIGHT);
        let mut checked = FxHashSet::default();
        let mut known = Vec::new();
        // Lines that cannot be read wait for nothing: without this, all of them would be one step.
        let mut unyielded = 0;
        let issuer = options.issuer.as_deref().unwrap_or(&who.issuer);
        for (index, line) in lines.split(|byte| *byte == b'\n').enumerate() {
            let line =
                if index == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
            let (number, line) = (index as u64 + 1, line.trim_ascii());
            if line.is_empty() {
                continue;
            }
            report.read += 1;
            unyielded += line.len();
            if unyielded > LARGE_BYTES {
                unyielded = 0;
                tokio::task::yield_now().await;
            }
            let read = aside(line.len(), || self.read_line(line, issuer, options));
            let state = match read {
                Ok(taken) if options.dry_run => {
                    match self.check(&taken, &mut checked).await? {
                        Recorded::Known { tree, by } if options.update => {
                            known.push((number, taken, tree, by));
                        }
                        outcome => report.settle(number, outcome, Written::No),
                    }
                    continue;
                }
                Ok(taken) => self.send(who, taken).await,
                Err(errors) => State::Unreadable(errors),
            };
            window.push_back(Waiting { line: number, state });
            if window.len() >= IN_FLIGHT {
                self.settle_first(who, &mut window, &mut report, &mut known).await?;
            }
        }
        while !window.is_empty() {
            self.settle_first(who, &mut window, &mut report, &mut known).await?;
        }
        self.update_known(who, known, options, &mut report).await?;
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
            Ok(read) => Ok(Taken {
                report: read.report,
                customer: read.person,
                live: options.live,
                compared: if options.again { Compared::Named } else { Compared::Everywhere },
                update: options.update,
                onto: None,
            }),
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
        known: &mut Vec<Known>,
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
            Ok(Recorded::Known { tree, by }) if taken.update => {
                known.push((line, taken, tree, by));
            }
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
        let Taken { report, live, compared, .. } = taken;
        let Some(external_id) = &report.placement.external_id else {
            return Ok(Recorded::Refused(crate::orders::record::no_external_id()));
        };
        let name = crate::orders::record::name_of(report, external_id);
        if let Some(tree) = self.store().unique(&name).await? {
            if crate::orders::record::is_from_elsewhere(report, self.seat())
                && let Some(copy) = self.store().tree(tree).await?
                && crate::orders::record::is_of_home(report, &copy)
                && matches!(self.would_record(Some(&copy), report, *live), Ok(Some(_)))
            {
                return Ok(Recorded::Updated);
            }
            return Ok(Recorded::Known { tree, by: KnownBy::Name });
        }
        if let Ok(own) = external_id.parse()
            && let Some(tree) = self.store().tree(own).await?
            && crate::orders::record::is_own(&tree, report)
        {
            return Ok(Recorded::Known { tree: own, by: KnownBy::Name });
        }
        if crate::orders::record::is_compared(*compared, report)
            && let Some(tree) = self.store().by_number(external_id).await?.first()
        {
            return Ok(Recorded::Known { tree: *tree, by: KnownBy::Number });
        }
        match self.would_record(None, report, *live) {
            Ok(Some(_)) if !checked.insert(name) => {
                Ok(Recorded::Known { tree: Id(0), by: KnownBy::Name })
            }
            Ok(Some(change)) => Ok(Recorded::New(Arc::new(change.tree))),
            Ok(None) => Ok(Recorded::Refused(crate::orders::record::nothing_said())),
            Err(error) => Ok(Recorded::Refused(error)),
        }
    }

    /// What taking `report` down would make, by numbers that are thrown away.
    fn would_record(
        &self,
        known: Option<&Tree>,
        report: &Report,
        live: bool,
    ) -> Result<Option<Change>, FieldError> {
        let mut last = 0;
        let mut next_id = || {
            last += 1;
            Id(last)
        };
        let policy = self.settings().deadlines.default;
        let seat = self.seat();
        let mut deciding = Deciding {
            at: self.now(),
            policy: &policy,
            limits: &Limits::NONE,
            next_id: &mut next_id,
            seat,
            can_hold: &|_| false,
        };
        record::record(known, report, live, &mut deciding)
    }
}
