//! One finding, settled in the lane: looked at again where nothing is in flight, noted, and repaired in the same
//! transaction if that was asked for.

use super::classes::{Class, Finds, Looked, Paired, Repair, Seen, references};
use super::{Detail, Mending, fill};
use crate::gateways::{GatewayStanding, Gateways, GivenBack, UnderWay, look_again};
use crate::lane::deadlines::Deadlines;
use crate::lane::deciding::deciding;
use crate::lane::reactions::Changes;
use crate::vault::Vault;
use crate::{App, Error};
use docket_domain::channel::PackageState;
use docket_domain::{Gene, Id, Time, Tree, decide};
use docket_store::{
    Audit, BalanceKind, ChannelOrderRow, Context, FindingRow, FindingState, Key, Need, Priority,
    View, Writes,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a finding is of.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    Order(Id),
    Balance(BalanceKind, Vec<String>),
    Attempt { tree: Id, attempt: Id, there: GatewayStanding, task: Task },
    GivenBack { tree: Id, there: GivenBack, task: Task },
    UnderWay { tree: Id, version: u32, under_way: UnderWay },
    InChannel { shop: Id, number: String, tree: Option<Id> },
}

/// The task that looks after what differs from a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// There is none, or nobody runs it now.
    None,
    /// It waits or runs: what differs is on its way.
    Looks,
    /// It was given up: a person must know why.
    Halted,
}

/// Whether anyone is there to run what is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Workers {
    GatewayStanding,
    None,
}

/// What settles one finding.
#[derive(Clone)]
struct Settling {
    run: Id,
    class: &'static Class,
    subject: Subject,
    mending: Mending,
    workers: Workers,
    deadlines: Arc<Deadlines>,
    gateways: Arc<Gateways>,
    vault: Arc<Vault>,
}

impl App {
    /// Settles what `class` suspects of `subject`, and answers the finding: `None` where it is as it should be after all.
    pub(super) async fn settle(
        self,
        run: Id,
        class: &'static Class,
        subject: Subject,
        mending: Mending,
    ) -> Result<Option<(Id, FindingState)>, Error> {
        let keys = subject.keys();
        let workers = if self.has_workers() { Workers::GatewayStanding } else { Workers::None };
        let deadlines = Arc::clone(&self.inner.settings.deadlines);
        let gateways = Arc::clone(&self.inner.gateways);
        let (timer, id) = match (&subject, class.repair, mending) {
            (Subject::Order(id), Repair::Timer, Mending::Repair | Mending::Nightly) => (true, *id),
            _ => (false, Id(0)),
        };
        let vault = self.inner.vault();
        let settling =
            Settling { run, class, subject, mending, workers, deadlines, gateways, vault };
        let work = move |view: &View, cx: &mut Context<'_>| {
            let Some((tree, seen)) = settling.look(view, cx)? else { return Ok((None, None)) };
            let (mut changes, state) = settling.repair(view, cx)?;
            let detail = Detail { stands: seen.stands, should: seen.should };
            let id = cx.ids.next(cx.now, Gene(0));
            let finding = FindingRow {
                id,
                run: settling.run,
                class: settling.class.word.to_owned(),
                tree,
                subject: seen.subject,
                detail: detail.text(),
                state,
                at: cx.now,
            };
            changes.beside.statements.push(finding.note());
            Ok((Some(changes), Some((id, state))))
        };
        let settled = self.inner.lane.run(Priority::Bulk, keys, work).await?;
        if timer && settled.is_some() {
            // The first of what was due is done with the note; now what follows from it.
            self.run_timer(id).await?;
        }
        Ok(settled)
    }

    /// Looks once more at what was to be repaired, and notes what became of the finding.
    pub(super) async fn settle_again(
        &self,
        finding: Id,
        class: &'static Class,
        subject: Subject,
    ) -> Result<(), Error> {
        let keys = subject.keys();
        let work = move |view: &View, _: &mut Context<'_>| {
            let Finds::InChannel(look) = class.finds else { return Ok((None, ())) };
            let stays = subject.paired(view, look)?.is_some();
            let state = if stays { FindingState::Stays } else { FindingState::Repaired };
            let statements = vec![FindingRow::becomes(finding, state)];
            Ok((Some(Writes { statements, ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Bulk, keys, work).await
    }
}

impl Subject {
    /// The number of an order at its marketplace.
    pub fn number(&self) -> Option<String> {
        match self {
            Self::InChannel { number, .. } => Some(number.clone()),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<Key> {
        match self {
            Self::Order(id) => vec![Key::Audit(*id)],
            Self::Balance(ledger, keys) => vec![Key::Balance(*ledger, keys.clone())],
            Self::Attempt { tree, .. }
            | Self::GivenBack { tree, .. }
            | Self::UnderWay { tree, .. } => vec![Key::Tree(*tree)],
            Self::InChannel { shop, number, tree } => {
                let row = Key::ChannelOrder { shop: *shop, number: number.clone() };
                tree.map(Key::Tree).into_iter().chain([row]).collect()
            }
        }
    }

    /// What was told of an order of a marketplace beside its tree, as `look` sees it.
    fn paired(
        &self,
        view: &View,
        look: fn(&Paired<'_>) -> Option<Seen>,
    ) -> Result<Option<(Option<Id>, Seen)>, Need> {
        let Self::InChannel { shop, number, tree } = self else { return Ok(None) };
        let row = view.channel_order(*shop, number)?;
        let id = row.and_then(|row| row.tree).or(*tree);
        let tree = match id {
            Some(id) => view.tree(id)?,
            None => None,
        };
        let paired = Paired { shop: *shop, number, row, tree: tree.map(|tree| &**tree) };
        Ok(look(&paired).map(|seen| (id, seen)))
    }
}

/// Whose the payment references of an order are.
fn owners(view: &View, audit: &Audit) -> Result<BTreeMap<String, Option<Id>>, Need> {
    let Ok(tree) = &audit.tree else { return Ok(BTreeMap::new()) };
    let (mut owners, mut unknown) = (BTreeMap::new(), Vec::new());
    for (name, _) in references(tree) {
        match view.unique(&name) {
            Ok(owner) => drop(owners.insert(name, owner.map(|owner| owner.tree))),
            Err(Need(keys)) => unknown.extend(keys),
        }
    }
    if unknown.is_empty() { Ok(owners) } else { Err(Need(unknown)) }
}

/// The row of an order whose parcels are looked for from now on.
fn waits(row: ChannelOrderRow, now: Time) -> ChannelOrderRow {
    let (wait_since, next_look_at) = (Some(now), Some(now));
    let packages = PackageState::Waiting;
    ChannelOrderRow { packages, looks: 0, tries: 0, wait_since, next_look_at, ..row }
}

impl Settling {
    fn look(&self, view: &View, cx: &Context<'_>) -> Result<Option<(Option<Id>, Seen)>, Need> {
        match (&self.subject, self.class.finds) {
            (Subject::Order(id), Finds::InOrder(look)) => {
                let Some(audit) = view.audit(*id)? else { return Ok(None) };
                let owners = owners(view, audit)?;
                let looked = Looked {
                    audit,
                    vault: &self.vault,
                    now: cx.now,
                    seat: cx.seat,
                    owners: &owners,
                };
                Ok(look(&looked).map(|seen| (Some(*id), seen)))
            }
            (Subject::Balance(ledger, keys), Finds::InLedger(_)) => {
                let balance = view.balance(*ledger, keys)?;
                let differs = balance.filter(|balance| balance.stands != balance.should);
                Ok(differs.map(|balance| {
                    let [stands, should] =
                        [balance.stands, balance.should].map(|number| ledger.shown(number));
                    (None, Seen { subject: keys.join(" / "), stands, should })
                }))
            }
            (Subject::Attempt { tree: id, attempt, there, .. }, Finds::AtGateway(how)) => {
                let Some(tree) = view.tree(*id)? else { return Ok(None) };
                let apart = there.apart(tree, *attempt).filter(|(found, ..)| *found == how);
                let seen = |(_, stands, should)| {
                    (Some(*id), Seen { subject: attempt.to_string(), stands, should })
                };
                Ok(apart.map(seen))
            }
            (Subject::GivenBack { tree: id, there, .. }, Finds::GivenBack) => {
                let apart = view.tree(*id)?.and_then(|tree| there.apart(tree));
                let subject = there.subject();
                Ok(apart.map(|(stands, should)| (Some(*id), Seen { subject, stands, should })))
            }
            (Subject::UnderWay { tree: id, version, under_way }, Finds::WithoutTask) => {
                // One that changed since has its tasks from that change.
                let tree = view.tree(*id)?.filter(|tree| tree.payment.version == *version);
                let wants =
                    |tree: &&Arc<Tree>| self.gateways.under_way(tree, cx.seat).contains(under_way);
                let key = under_way.key();
                let seen = |_| {
                    (
                        Some(*id),
                        Seen {
                            subject: key.clone(),
                            stands: "no task".to_owned(),
                            should: key.clone(),
                        },
                    )
                };
                Ok(tree.filter(wants).map(seen))
            }
            (Subject::InChannel { .. }, Finds::InChannel(look)) => self.subject.paired(view, look),
            _ => Ok(None),
        }
    }

    /// What repairs it, and what the finding is then.
    fn repair(&self, view: &View, cx: &mut Context<'_>) -> Result<(Changes, FindingState), Need> {
        use FindingState::{Found, Queued, Repaired, Stays};
        let done = |writes: Writes, state| Ok((Changes::from(writes), state));
        let nothing = |state| done(Writes::default(), state);
        if self.mending == Mending::Tell {
            return nothing(Found);
        }
        match (&self.subject, self.class.repair) {
            (_, Repair::ByHand)
            | (
                Subject::Attempt { task: Task::Halted, .. }
                | Subject::GivenBack { task: Task::Halted, .. },
                _,
            ) => nothing(Stays),
            (Subject::Balance(ledger, keys), _) => {
                let balance = view.balance(*ledger, keys)?;
                let statements = balance.map(|balance| ledger.set(balance)).into_iter().collect();
                done(Writes { statements, ..Writes::default() }, Repaired)
            }
            (Subject::Attempt { tree, attempt, .. }, _) => {
                let tasks = vec![look_again(*tree, *attempt, cx)];
                done(Writes { tasks, ..Writes::default() }, Repaired)
            }
            (Subject::GivenBack { tree: id, there, .. }, _) => {
                let tree = view.tree(*id)?;
                let again = tree.and_then(|tree| self.gateways.give_back_again(tree, there, cx));
                again.map_or(nothing(Stays), |writes| done(writes, Repaired))
            }
            (Subject::UnderWay { under_way, .. }, _) => {
                let tasks = vec![under_way.task(cx)];
                done(Writes { tasks, ..Writes::default() }, Repaired)
            }
            (Subject::InChannel { shop, number, .. }, _) => {
                // Whatever is read of it next says something new.
                let row = view.channel_order(*shop, number)?;
                let row = row.map(|row| ChannelOrderRow { fingerprint: 0, ..row.clone() });
                let in_doubt = self.class.parcels_are_in_doubt();
                let waiting = row.map(|row| if in_doubt { waits(row, cx.now) } else { row });
                let channel_orders = waiting.into_iter().collect();
                done(Writes { channel_orders, ..Writes::default() }, Queued)
            }
            (Subject::Order(id), Repair::Fill) if self.workers == Workers::GatewayStanding => {
                let tasks = vec![fill::task(*id, cx)];
                done(Writes { tasks, ..Writes::default() }, Queued)
            }
            (Subject::Order(id), Repair::Fill) => {
                let audit = view.audit(*id)?;
                let statements = audit.map(|audit| audit.fill(cx.seat)).unwrap_or_default();
                done(Writes { statements, ..Writes::default() }, Repaired)
            }
            (Subject::Order(id), Repair::Claim) => {
                let Some(audit) = view.audit(*id)? else { return nothing(Stays) };
                let owners = owners(view, audit)?;
                let free = owners.into_iter().filter(|(_, owner)| owner.is_none());
                let unique = free.map(|(name, _)| (name, *id, None)).collect();
                done(Writes { unique, ..Writes::default() }, Repaired)
            }
            (Subject::Order(id), _) => self.decide(*id, view, cx),
        }
    }

    /// A change of the order itself, decided like any other.
    fn decide(
        &self,
        id: Id,
        view: &View,
        cx: &mut Context<'_>,
    ) -> Result<(Changes, FindingState), Need> {
        let Some(tree) = view.tree(id)? else {
            return Ok((Changes::default(), FindingState::Stays));
        };
        let decided =
            deciding(cx, id.gene(), &self.deadlines.of(tree), |cx| match self.class.repair {
                Repair::Timer => decide::due(tree, cx),
                _ => decide::set_lost_deadlines(tree, cx),
            });
        let Some(change) = decided else {
            return Ok((Changes::default(), FindingState::Stays));
        };
        let (changes, _) = Changes::one(Some(tree), change);
        Ok((changes, FindingState::Repaired))
    }
}
