//! The books agree, or it is said where they do not: orders beside their own log, columns and deadlines, ledgers
//! beside the orders.
//!
//! `classes` says what a difference is, one small module for each; `run` goes through the orders and the ledgers;
//! `damage` finds what lies below the orders; `outside` asks gateways, `channels` holds shops of marketplaces against what
//! was told of them;
//! `settle` looks at one finding again in the lane, where nothing is in flight, notes it and repairs it. What runs
//! is a run; two at a time are of no use.

mod channels;
mod classes;
mod damage;
mod fill;
mod inspect;
mod outside;
mod run;
mod settle;
mod stock_book;

pub(crate) use fill::FillColumns;
pub use inspect::{Hear, InspectProgress, Inspected, Inspection, Wrong, inspect};
pub(crate) use run::NightlyReconcile;

use crate::access::{Principal, Scope};
use crate::{App, Error, Idempotency, Once};
use classes::Class;
use docket_domain::story::Language;
use docket_domain::{FieldError, Id, Time};
use docket_store::{FindingRow, FindingState, RunRow};
use serde::{Deserialize, Serialize};

/// A run that has not said for so long that it goes on has died with its process.
const LOST: docket_domain::time::Millis = 20_000;

/// What a run does about what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mending {
    /// It only says it.
    Tell,
    /// It repairs what a program can repair safely.
    Repair,
    /// It repairs what is set for the nightly run.
    Nightly,
}

/// What a run is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconcile {
    /// What it does about what it finds.
    pub mending: Mending,
    /// The words of the classes it looks for; all where empty.
    pub classes: Vec<String>,
    /// Only orders that changed since then.
    pub since: Option<Time>,
}

/// A run as people see it.
#[derive(Debug, Clone)]
pub struct Reconciled {
    /// When it ran, over what, and how it ended.
    pub run: RunRow,
    /// Whether it ended, and how.
    pub state: &'static str,
    /// What it found, counted by class and state.
    pub counted: Vec<(String, FindingState, u64)>,
}

/// One finding as people see it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// As it is kept.
    pub row: FindingRow,
    /// As it stands.
    pub stands: String,
    /// As it should be.
    pub should: String,
    /// What it means, in English and in Chinese.
    pub explained: [String; 2],
}

/// What a finding's sentence names.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Detail {
    stands: String,
    should: String,
}

impl Detail {
    /// As it is kept.
    fn text(&self) -> String {
        serde_json::to_string(self).expect("two texts are plain JSON")
    }
}

impl Finding {
    fn of(row: FindingRow) -> Self {
        let nothing = Detail { stands: String::new(), should: String::new() };
        let detail: Detail = serde_json::from_str(&row.detail).unwrap_or(nothing);
        let explained = [Language::En, Language::Zh].map(|language| {
            let class = classes::of_word(&row.class);
            class.map_or_else(String::new, |class| class.explain(&row, &detail, language))
        });
        Self { row, stands: detail.stands, should: detail.should, explained }
    }
}

impl App {
    /// Begins a run and answers its number; it goes on behind the answer.
    pub async fn reconcile(
        &self,
        who: &Principal,
        asked: Reconcile,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Id>, Error> {
        may(who)?;
        chosen(&asked.classes)?;
        let begun = match self.done_before(idempotency).await? {
            Some(run) => Once::Before(run),
            None => self.begin_run(&asked, idempotency).await?,
        };
        if let Once::Now(run) = begun {
            let app = self.clone();
            self.inner.background.spawn(async move { app.finish_run(run, &asked).await });
        }
        Ok(begun)
    }

    /// The run that began last.
    pub async fn reconciled(&self, who: &Principal) -> Result<Option<Reconciled>, Error> {
        may(who)?;
        let Some(run) = self.store().last_run().await? else { return Ok(None) };
        let counted = self.store().findings_counted(run.id).await?;
        Ok(Some(Reconciled { state: self.state_of(&run), run, counted }))
    }

    /// What a run found, after the finding `after`.
    pub async fn findings(
        &self,
        who: &Principal,
        run: Id,
        after: Id,
        limit: usize,
    ) -> Result<Vec<Finding>, Error> {
        may(who)?;
        let rows = self.store().findings(run, after, limit).await?;
        Ok(rows.into_iter().map(Finding::of).collect())
    }

    /// What the last run that ended found and did not repair, by class: for alerts.
    pub async fn differences_left(&self) -> Result<Vec<(String, u64)>, Error> {
        let Some(run) = self.store().last_run().await? else { return Ok(Vec::new()) };
        if run.finished_at.is_none() {
            return Ok(Vec::new());
        }
        let mut left = Vec::<(String, u64)>::new();
        for (class, state, count) in self.store().findings_counted(run.id).await? {
            if matches!(state, FindingState::Repaired | FindingState::Noted) {
                continue;
            }
            match left.last_mut().filter(|(last, _)| *last == class) {
                Some((_, sum)) => *sum += count,
                None => left.push((class, count)),
            }
        }
        Ok(left)
    }

    fn state_of(&self, run: &RunRow) -> &'static str {
        match (&run.finished_at, &run.error) {
            (Some(_), None) => "done",
            (Some(_), Some(_)) => "failed",
            (None, _) if self.now().since(run.seen_at) > LOST => "lost",
            (None, _) => "running",
        }
    }
}

/// The words of all classes, for help and metrics.
pub fn class_words() -> Vec<&'static str> {
    classes::ALL.iter().map(|class| class.word).collect()
}

/// The words of the classes that a program can repair.
pub fn repairable_words() -> Vec<&'static str> {
    let repairable = |class: &&&Class| {
        !matches!(class.repair, classes::Repair::ByHand | classes::Repair::Nothing)
    };
    classes::ALL.iter().filter(repairable).map(|class| class.word).collect()
}

fn may(who: &Principal) -> Result<(), Error> {
    who.needs_whole(Scope::Tasks).or_else(|_| who.needs_whole(Scope::Admin))
}

/// The classes of these words; all where there is none.
fn chosen(words: &[String]) -> Result<Vec<&'static Class>, Error> {
    if words.is_empty() {
        return Ok(classes::ALL.to_vec());
    }
    let class = |(at, word): (usize, &String)| {
        classes::of_word(word).ok_or_else(|| {
            let message = format!("must be one of: {}", class_words().join(", "));
            FieldError { field: format!("classes[{at}]"), code: "not_a_word", message }.into()
        })
    };
    words.iter().enumerate().map(class).collect()
}
