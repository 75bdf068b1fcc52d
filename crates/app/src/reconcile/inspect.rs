//! `docket check --deep`: the whole database looked through for damage, without opening a center on it and beside
//! one that runs. First what the database itself says of its tables and indexes, then every order with its log and
//! what was agreed, then rows that belong to nothing. Nothing is changed.

use super::Detail;
use super::classes::{self, Class, Finds, Looked, Seen};
use super::damage::of_orphan;
use crate::installation::explain_closed;
use crate::vault::{Closed, Vault};
use docket_domain::story::Language;
use docket_domain::{Id, Time};
use docket_store::{FindingRow, FindingState, Inspecting, SealedFor, StoreError, Walk};
use std::collections::BTreeMap;

/// Orders looked at in one step.
const PAGE: usize = 100;
/// Of each class this many are told one by one; all are counted.
const TOLD: u64 = 20;

/// How far a look has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspected {
    /// So many tables are to be checked, or one more was.
    Tables(u64),
    /// So many orders.
    Orders(u64),
    /// So many tables whose rows belong to orders.
    Rows(u64),
}

/// What is told while it goes on: first how much there is, then each step.
pub type Hear = dyn Fn(InspectProgress, Inspected) + Send;

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InspectProgress {
    /// How many there are.
    Total,
    /// How many more are done.
    Done,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Its class, a stable word.
    pub class: &'static str,
    /// The order, if it is of one.
    pub order: Option<Id>,
    /// What it is of.
    pub subject: String,
    /// What it means, in English and in Chinese.
    pub explained: [String; 2],
}

/// What a look through the whole database found.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    /// Orders that were looked at.
    pub orders: u64,
    /// What is wrong; of each class the first ones.
    pub wrong: Vec<Wrong>,
    /// How much is wrong, by class.
    pub counted: BTreeMap<&'static str, u64>,
    /// How much is sealed under keys that were given up: somebody decided to go on without it, so it is no damage.
    pub given_up: u64,
}

impl Inspection {
    fn note(&mut self, class: &'static Class, tree: Option<Id>, seen: Seen) {
        let Seen { subject, stands, should } = seen;
        let detail = Detail { stands, should };
        let row = FindingRow {
            id: Id(0),
            run: Id(0),
            class: class.word.to_owned(),
            tree,
            subject: subject.clone(),
            detail: String::new(),
            state: FindingState::Found,
            at: Time(0),
        };
        let explained = [Language::En, Language::Zh];
        let explained = explained.map(|language| class.explain(&row, &detail, language));
        self.tell(Wrong { class: class.word, order: tree, subject, explained });
    }

    fn tell(&mut self, wrong: Wrong) {
        let count = self.counted.entry(wrong.class).or_default();
        *count += 1;
        if *count <= TOLD {
            self.wrong.push(wrong);
        }
    }

    /// Damage that ended a part of the look is found, and the look goes on.
    fn past(&mut self, subject: &str, looked: Result<(), StoreError>) -> Result<(), StoreError> {
        match looked {
            Err(error) if error.is_damage() => {
                self.unread(subject, error);
                Ok(())
            }
            looked => looked,
        }
    }

    fn unread(&mut self, table: &str, why: impl std::fmt::Display) {
        self.note(&classes::DAMAGED, None, Seen::new(table, why, "rows that can be read"));
    }
}

/// Looks through the database of `url`; `None` where there is none. Seals are tried with the keys of `vault`, if
/// there are any.
pub async fn inspect(
    url: &str,
    vault: Option<Vault>,
    now: Time,
    hear: Box<Hear>,
) -> Result<Option<Inspection>, StoreError> {
    let look = move |database: &mut Inspecting<'_>| {
        let mut found = Inspection::default();
        let vault = with_lost(database, vault)?;
        let looked = tables(database, &mut found, &*hear);
        found.past("schema", looked)?;
        let looked = orders(database, vault.as_ref(), now, &mut found, &*hear);
        found.past("payment_order", looked)?;
        let looked = rows(database, &mut found, &*hear);
        found.past("schema", looked)?;
        if let Some(vault) = &vault {
            let looked = seals(database, vault, &mut found);
            found.past("order_person", looked)?;
        }
        Ok(found)
    };
    match docket_store::inspect(url, look).await {
        // Not even what tables there are can be read.
        Err(error) if error.is_damage() => {
            let mut found = Inspection::default();
            found.unread("schema", error);
            Ok(Some(found))
        }
        looked => looked,
    }
}

/// The keys, which know of those that were given up. Where all were, none are needed to tell.
fn with_lost(
    database: &mut Inspecting<'_>,
    vault: Option<Vault>,
) -> Result<Option<Vault>, StoreError> {
    let recorded = match database.recorded_keys() {
        // The table is told of as damaged.
        Err(error) if error.is_damage() => return Ok(vault),
        recorded => recorded?,
    };
    let all_lost = !recorded.is_empty() && recorded.iter().all(|key| key.lost);
    let mut vault = vault.or_else(|| all_lost.then(Vault::throw_away));
    if let Some(vault) = &mut vault {
        vault.learn_lost(&recorded);
    }
    Ok(vault)
}

/// What the database itself says of its pages and indexes.
fn tables(
    database: &mut Inspecting<'_>,
    found: &mut Inspection,
    hear: &Hear,
) -> Result<(), StoreError> {
    let names = match database.tables() {
        Err(error) if error.is_damage() => {
            found.unread("schema", error);
            return Ok(());
        }
        names => names?,
    };
    hear(InspectProgress::Total, Inspected::Tables(names.len() as u64));
    for table in names {
        for why in database.check_table(&table)? {
            found.unread(&table, why);
        }
        hear(InspectProgress::Done, Inspected::Tables(1));
    }
    Ok(())
}

/// Every order beside its log, its columns and what was agreed.
fn orders(
    database: &mut Inspecting<'_>,
    vault: Option<&Vault>,
    now: Time,
    found: &mut Inspection,
    hear: &Hear,
) -> Result<(), StoreError> {
    let looks =
        classes::OF_DAMAGE.iter().filter(|class| vault.is_some() || !class.is_of_customers());
    let looks: Vec<_> = looks.copied().collect();
    let nothing = Vault::throw_away();
    let vault = vault.unwrap_or(&nothing);
    // Of a table that cannot be counted it is not known; the pages say why.
    hear(InspectProgress::Total, Inspected::Orders(database.orders().unwrap_or_default()));
    let owners = BTreeMap::new();
    let seat = &database.seat()?;
    let mut after = Id(0);
    loop {
        let page = match database.audits(after, PAGE) {
            Err(error) if error.is_damage() => {
                found.unread("payment_order", error);
                return Ok(());
            }
            page => page?,
        };
        if let Some(why) = &page.unlisted
            && !found.wrong.iter().any(|wrong| wrong.subject == "payment_order")
        {
            found.unread("payment_order", why);
        }
        for (id, why) in &page.damaged {
            found.note(&classes::UNREADABLE, Some(*id), Seen::new(id, why, "a tree"));
        }
        for audit in &page.audits {
            let looked = Looked { audit, vault, now, seat, owners: &owners };
            let customer = audit.customer.as_ref();
            let closed = customer.and_then(|it| vault.closed(SealedFor::Customer(audit.id), it));
            let given_up = matches!(closed, Some(Closed::Lost(_)));
            found.given_up += u64::from(given_up);
            for class in looks.iter().filter(|class| !(given_up && class.is_of_customers())) {
                if let Finds::InOrder(look) = class.finds
                    && let Some(seen) = look(&looked)
                {
                    found.note(class, Some(audit.id), seen);
                }
            }
        }
        let count = (page.audits.len() + page.damaged.len()) as u64;
        found.orders += count;
        hear(InspectProgress::Done, Inspected::Orders(count));
        let Some(last) = page.last else { return Ok(()) };
        after = last;
    }
}

/// Rows that belong to nothing.
fn rows(
    database: &mut Inspecting<'_>,
    found: &mut Inspection,
    hear: &Hear,
) -> Result<(), StoreError> {
    // A database that was not brought up yet lacks the newest tables.
    let there = match database.tables() {
        Err(error) if error.is_damage() => None,
        there => Some(there?),
    };
    let is_there = |walk: &Walk| {
        there.as_ref().is_none_or(|there| there.iter().any(|table| table == walk.table()))
    };
    let walks: Vec<_> = Walk::all().into_iter().filter(is_there).collect();
    hear(InspectProgress::Total, Inspected::Rows(walks.len() as u64));
    for mut walk in walks {
        while !walk.done {
            match database.orphans(&mut walk) {
                Ok(orphans) => orphans.iter().for_each(|orphan| {
                    let (tree, seen) = of_orphan(orphan);
                    found.note(&classes::BELONGS_TO_NOTHING, Some(tree), seen);
                }),
                Err(error) if error.is_damage() => {
                    found.unread(walk.table(), error);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        hear(InspectProgress::Done, Inspected::Rows(1));
    }
    Ok(())
}

/// What is sealed beside orders that are here.
fn seals(
    database: &mut Inspecting<'_>,
    vault: &Vault,
    found: &mut Inspection,
) -> Result<(), StoreError> {
    let mut after = Id(0);
    loop {
        let page = match database.archived_customers(after, PAGE) {
            // The table was found damaged before.
            Err(error) if error.is_damage() => break,
            page => page?,
        };
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (tree, sealed) in &page {
            let closed = vault.closed(SealedFor::Customer(*tree), sealed);
            if let Some(Closed::Lost(_)) = closed {
                found.given_up += 1;
            } else if let Some(closed) = closed {
                let [stands, _] = explain_closed(&closed);
                let seen = Seen::new(tree, stands, "people that can be read");
                found.note(&classes::SEALED_AWAY, Some(*tree), seen);
            }
        }
    }
    let others = match database.other_seals() {
        Err(error) if error.is_damage() => return Ok(()),
        others => others?,
    };
    for (purpose, sealed) in others {
        let Some(closed) = vault.closed(purpose, &sealed) else { continue };
        if let Closed::Lost(_) = closed {
            found.given_up += 1;
            continue;
        }
        let [en, zh] = explain_closed(&closed);
        let (subject, explained) = match purpose {
            SealedFor::Webhook => (
                "webhook",
                [
                    format!(
                        "The secret of a webhook cannot be read: {en}. End it and add another."
                    ),
                    format!("某个 webhook 的密钥无法读取：{zh}。请停用并重新添加。"),
                ],
            ),
            SealedFor::Channel => (
                "shop",
                [
                    format!(
                        "A secret of a marketplace shop cannot be read: {en}. Give the shop its secrets anew."
                    ),
                    format!("某个平台店铺的密钥无法读取：{zh}。请重新录入该店铺的密钥。"),
                ],
            ),
            SealedFor::Placement | SealedFor::Customer(_) => (
                "placement",
                [
                    format!("A placement that waits cannot be read: {en}."),
                    format!("某个等待处理的下单请求无法读取：{zh}。"),
                ],
            ),
        };
        let class = classes::SEALED_AWAY.word;
        found.tell(Wrong { class, order: None, subject: subject.to_owned(), explained });
    }
    Ok(())
}
