//! What kinds of difference there are. A class is its word, its sentence in two languages, what finds it, and what
//! repairs it; each family of classes has a small module.

pub(super) mod channels;
mod customers;
mod damage;
mod deadlines;
mod effects;
mod gateways;
mod history;
mod ledgers;
mod payments;
mod stored;
mod tasks;

use super::Detail;
use crate::gateways::Apart;
use crate::vault::Vault;
use docket_domain::story::Language;
use docket_domain::{Id, LogEntry, OperationKind, Seat, Time, Tree};
use docket_store::{Audit, BalanceKind, ChannelOrderRow, FindingRow};
use std::collections::BTreeMap;
use std::fmt::Display;

/// One kind of difference.
#[derive(Debug)]
pub(super) struct Class {
    /// Its word; stable.
    pub word: &'static str,
    /// Its sentence in English and in Chinese, with `{order}`, `{subject}`, `{stands}` and `{should}`.
    pub sentence: [&'static str; 2],
    /// Which of the looks finds it.
    pub finds: Finds,
    /// Whether, and how, it is repaired.
    pub repair: Repair,
}

/// What finds a class.
#[derive(Debug, Clone, Copy)]
pub(super) enum Finds {
    /// A look at one order.
    InOrder(fn(&Looked<'_>) -> Option<Seen>),
    /// A number of a ledger.
    InLedger(BalanceKind),
    /// What a gateway says of an attempt.
    AtGateway(Apart),
    /// What a gateway says of money that goes back.
    GivenBack,
    /// What is under way at a gateway has no task.
    WithoutTask,
    /// What was told of an order of a marketplace, beside the tree made of it.
    InChannel(fn(&Paired<'_>) -> Option<Seen>),
    /// Theirs beside ours, of a shop of a marketplace.
    OfShop,
    /// Rows that cannot be read.
    Damage,
    /// Rows of orders that are nowhere.
    Rows,
}

/// What repairs a class. Each looks at the state as it is in the lane and changes only what still differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repair {
    /// Nothing does: a person must know what happened.
    ByHand,
    /// The order's columns are written anew, by a task.
    Fill,
    /// Deadlines that are lost are set again.
    SetDeadlines,
    /// The timer decides what is overdue.
    Timer,
    /// Payment references become the order's.
    Claim,
    /// The task of the attempt or of the refund looks after it once more.
    LookAgain,
    /// The task is put in again.
    AddTask,
    /// The number of the ledger becomes what it should be.
    Balance,
    /// The order is read again from its marketplace, by its number.
    ReadAgain,
    /// The shop is pulled again, as far as it is in doubt.
    PullAgain,
    /// Nothing is to be done about it.
    Nothing,
}

/// A difference, as its class saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// The thing that differs, in the words of its ledger.
    pub subject: String,
    /// As it stands.
    pub stands: String,
    /// As it should be.
    pub should: String,
}

impl Seen {
    pub fn new(subject: impl Display, stands: impl Display, should: impl Display) -> Self {
        let [subject, stands, should] =
            [format!("{subject}"), format!("{stands}"), format!("{should}")];
        Self { subject, stands, should }
    }
}

/// A moment as findings show it.
pub(super) fn shown(at: Time) -> String {
    docket_wire::moment::format(at, &mut [0; 24]).to_owned()
}

/// An order as classes look at it.
pub(super) struct Looked<'a> {
    pub audit: &'a Audit,
    pub vault: &'a Vault,
    pub now: Time,
    /// Who is here.
    pub seat: &'a Seat,
    /// Whose the payment references of the order are, by the name of their unique key.
    pub owners: &'a BTreeMap<String, Option<Id>>,
}

/// An order of a marketplace as classes look at it.
pub(super) struct Paired<'a> {
    pub shop: Id,
    /// Its number there.
    pub number: &'a str,
    /// What was told of it.
    pub row: Option<&'a ChannelOrderRow>,
    pub tree: Option<&'a Tree>,
}

impl<'a> Looked<'a> {
    fn tree(&self) -> Option<&'a Tree> {
        self.audit.tree.as_ref().ok()
    }

    /// The tree, if it is at home here; what is to be said of a copy, its home says.
    pub fn at_home(&self) -> Option<&'a Tree> {
        self.tree().filter(|tree| self.seat.is_home_of(&tree.payment.home))
    }

    /// The log that was written here, oldest first; rows of other hands stand aside.
    fn log(&self) -> Option<Vec<&'a LogEntry>> {
        let log = self.audit.log.as_ref().ok()?;
        Some(log.iter().filter(|entry| entry.version.is_some()).collect())
    }

    /// The tree, if it was placed and decided here from the beginning: only such a tree has deadlines and tasks.
    pub fn decided_here(&self) -> Option<&'a Tree> {
        let log = self.log()?;
        let placed = log.first().is_some_and(|entry| entry.kind == OperationKind::Place);
        let recorded = log.iter().any(|entry| entry.kind == OperationKind::Record);
        self.at_home().filter(|_| placed && !recorded)
    }
}

/// Every class. Columns come first: sums over orders trust them.
pub(super) static ALL: [&Class; 36] = [
    &UNREADABLE,
    &stored::STATUS_STALE,
    &stored::SUMS_DIFFER,
    &DAMAGED,
    &BELONGS_TO_NOTHING,
    &SEALED_AWAY,
    &history::LOG_GAP,
    &history::SNAPSHOT_MISSING,
    &history::SNAPSHOT_DIFFERS,
    &deadlines::MISSING,
    &deadlines::PASSED,
    &payments::UNIQUE_KEY_MISSING,
    &payments::REFUND_STUCK,
    &tasks::MISSING,
    &effects::EFFECT_MISSING,
    &effects::GIFT_MISSING,
    &effects::WEIGH_SLIP_MISSING,
    &ledgers::STOCK_HELD,
    &ledgers::STOCK_ON_HAND,
    &ledgers::COINS_HELD,
    &ledgers::COINS,
    &ledgers::POINTS,
    &ledgers::COUPONS,
    &gateways::PAID_THERE,
    &gateways::PAID_HERE,
    &gateways::AMOUNT,
    &gateways::OPEN_HERE,
    &gateways::REFUND,
    &channels::ROW_MISSING,
    &channels::ASIDE,
    &channels::STATUS,
    &channels::PARCELS,
    &channels::GAP,
    &channels::MISSING,
    &channels::PRODUCTS,
    &channels::HIDDEN,
];

/// The classes that damage shows in: what is found by looking at an order alone.
pub(super) static OF_DAMAGE: [&Class; 7] = [
    &UNREADABLE,
    &stored::STATUS_STALE,
    &stored::SUMS_DIFFER,
    &SEALED_AWAY,
    &history::LOG_GAP,
    &history::SNAPSHOT_MISSING,
    &history::SNAPSHOT_DIFFERS,
];

/// The class of a word.
pub(super) fn of_word(word: &str) -> Option<&'static Class> {
    ALL.into_iter().find(|class| class.word == word)
}

pub(super) use customers::SEALED_AWAY;
pub(super) use damage::{BELONGS_TO_NOTHING, DAMAGED};
pub(super) use payments::references;
pub(super) use stored::UNREADABLE;

impl Class {
    /// Whether it looks at customers' data, for which keys are needed.
    pub fn is_of_customers(&self) -> bool {
        self.word == SEALED_AWAY.word
    }

    /// Whether the parcels of an order of a marketplace are to be looked for once more.
    pub fn parcels_are_in_doubt(&self) -> bool {
        self.word == channels::PARCELS.word
    }

    /// What a finding of this class means.
    pub fn explain(&self, row: &FindingRow, detail: &Detail, language: Language) -> String {
        let [en, zh] = self.sentence;
        let said = if language == Language::Zh { zh } else { en };
        let order = row.tree.map_or_else(String::new, |tree| tree.to_string());
        let chinese =
            |text: &String| docket_wire::chinese::of(text).unwrap_or_else(|| text.clone());
        // What a key has to do with it is a sentence, which is kept in English.
        let stands = match language {
            Language::Zh if self.is_of_customers() => chinese(&detail.stands),
            Language::Zh | Language::En => detail.stands.clone(),
        };
        let parts = [
            ("{order}", &order),
            ("{subject}", &row.subject),
            ("{stands}", &stands),
            ("{should}", &detail.should),
        ];
        let mut said = said.to_owned();
        for (name, value) in parts {
            said = said.replace(name, value);
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_word_of_its_own_and_sentences_that_name_their_subject() {
        for (at, class) in ALL.iter().enumerate() {
            assert!(ALL[at + 1..].iter().all(|other| other.word != class.word), "{}", class.word);
            for sentence in class.sentence {
                let named = sentence.contains("{order}") || sentence.contains("{subject}");
                assert!(named, "{}: {sentence}", class.word);
                let open = sentence.matches('{').count();
                let known = ["{order}", "{subject}", "{stands}", "{should}"];
                let known: usize = known.iter().map(|name| sentence.matches(name).count()).sum();
                assert_eq!(open, known, "{}: {sentence}", class.word);
            }
        }
    }
}
