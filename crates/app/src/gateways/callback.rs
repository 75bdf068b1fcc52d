//! Callbacks of gateways: a hint that something happened, and no more. Each is verified, written down and
//! acknowledged or refused; what it is about is then asked after at the gateway, and that answer counts.
//!
//! Nobody needs a token to send one. So what is not believed costs little: of it only so many an hour are written
//! down, the rest is counted.

use super::{attempt, due, pay, refund, second_look};
use crate::access::{Principal, Scope};
use crate::pages::{Page, page};
use crate::tasks::Task;
use crate::{App, Error};
use docket_connectors::{Acknowledgement, Fault, Hint, Message, PaymentState};
use docket_domain::words::AttemptStatus;
use docket_domain::{Gene, Id, Time, time};
use docket_store::{
    CallbackFilter, CallbackRow, Context, GatewayRefund, NewTask, Priority, TaskRow, View, Writes,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

/// Callbacks that change nothing, written down an hour and gateway.
const KEPT_AN_HOUR: u32 = 100;
/// Callbacks whose like is known again.
const KNOWN_AGAIN: usize = 1_024;
/// The longest text of a callback that is written down, in characters.
const TEXT_MAX: usize = 128;

/// What came.
#[derive(Debug, Clone)]
pub struct Callback {
    /// The gateway at whose address it came.
    pub gateway: String,
    /// Headers: names and values.
    pub headers: Vec<(String, String)>,
    /// As it came, byte for byte: the signature is over it.
    pub body: Vec<u8>,
}

/// Why a callback is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackRefused {
    /// It does not prove that it comes from the gateway, now, and for us.
    Untrusted,
    /// It cannot be read.
    Unreadable,
}

/// What keeps callbacks from costing without bound.
#[derive(Default)]
pub struct Limits {
    /// By gateway: the hour, and how many were written down in it.
    kept: Mutex<BTreeMap<String, (i64, u32)>>,
    /// Of those that came last.
    seen: Mutex<VecDeque<Mark>>,
}

impl Limits {
    /// Whether one more that changes nothing may be written down.
    fn keeps(&self, gateway: &str, now: Time) -> bool {
        let hour = now.0.div_euclid(time::HOUR);
        let mut kept = self.kept.lock().expect("nothing panics while it counts");
        let (of, count) = kept.entry(gateway.to_owned()).or_insert((hour, 0));
        if *of != hour {
            (*of, *count) = (hour, 0);
        }
        *count += 1;
        *count <= KEPT_AN_HOUR
    }

    /// Whether the very same message was taken down before.
    fn repeats(&self, mark: &Mark) -> bool {
        self.seen.lock().expect("nothing panics while it looks").contains(mark)
    }

    /// Knows a message again. Only once it was taken down: whoever was answered that it was not sends it again.
    fn know_again(&self, mark: Mark) {
        let mut seen = self.seen.lock().expect("nothing panics while it looks");
        if seen.contains(&mark) {
            return;
        }
        if seen.len() >= KNOWN_AGAIN {
            seen.pop_front();
        }
        seen.push_back(mark);
    }
}

/// What a message is known again by.
type Mark = [u8; 32];

impl Callback {
    /// Its mark: of its body, signature and all.
    fn mark(&self) -> Mark {
        let mut hash = Sha256::new();
        for (name, value) in self.headers.iter().filter(|(name, _)| name.starts_with("x-")) {
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(value.as_bytes());
            hash.update([0]);
        }
        hash.update(&self.body);
        hash.finalize().into()
    }
}

/// What is made of a callback.
struct Verdict {
    word: &'static str,
    tree: Option<Id>,
    /// The unique key and the kind of the task that asks after it, and the task if there is none yet.
    wakes: Option<(String, Wanted)>,
}

#[derive(Clone, Copy)]
enum Wanted {
    Pay(pay::FollowAttempt),
    Refund(refund::GiveBack),
    Look(second_look::SecondLook),
}

impl Wanted {
    fn task(self, key: String, cx: &mut Context<'_>) -> NewTask {
        match self {
            Self::Pay(follow) => due::task(key, &follow, cx),
            Self::Refund(give_back) => due::task(key, &give_back, cx),
            Self::Look(look) => due::task(key, &look, cx),
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Pay(_) => pay::FollowAttempt::KIND,
            Self::Refund(_) => refund::GiveBack::KIND,
            Self::Look(_) => second_look::SecondLook::KIND,
        }
    }
}

impl Verdict {
    const fn moot(word: &'static str) -> Self {
        Self { word, tree: None, wakes: None }
    }
}

/// What a callback is about and says, for the record.
struct CallbackContent {
    about: &'static str,
    key: String,
    standing: &'static str,
}

impl CallbackContent {
    fn of(hint: &Hint) -> Self {
        match hint {
            Hint::Payment { key, told } => {
                Self { about: "payment", key: key.to_string(), standing: told.word() }
            }
            Hint::Refund { key, told, .. } => {
                Self { about: "refund", key: key.to_string(), standing: told.word() }
            }
        }
    }

    const fn nothing() -> Self {
        Self { about: "nothing", key: String::new(), standing: "" }
    }
}

impl App {
    /// Takes a callback of a gateway; answers what the gateway wants to hear.
    pub async fn callback(&self, came: Callback) -> Result<Acknowledgement, Error> {
        let gateways = &self.inner.gateways;
        let Some(gate) = gateways.gate(&came.gateway) else {
            return Err(Error::NotFound { what: "gateway", id: came.gateway });
        };
        let message = Message { headers: &came.headers, body: &came.body };
        let hint = gate.connector.callback(&message, self.now());
        let mark = came.mark();
        let (content, verdict, refused) = match &hint {
            Ok(hint) if gateways.callbacks.repeats(&mark) => {
                (CallbackContent::of(hint), Verdict::moot("repeated"), None)
            }
            Ok(hint) => (CallbackContent::of(hint), self.verdict(&came.gateway, hint).await?, None),
            Err(fault) => {
                let refused = match fault {
                    Fault::Untrusted(_) => CallbackRefused::Untrusted,
                    _ => CallbackRefused::Unreadable,
                };
                (
                    CallbackContent::nothing(),
                    Verdict::moot(fault.word()),
                    Some((refused, fault.to_string())),
                )
            }
        };
        gateways.count(&came.gateway, "callback", verdict.word);
        if verdict.wakes.is_some() || gateways.callbacks.keeps(&came.gateway, self.now()) {
            self.take_down(&came.gateway, content, verdict).await?;
        }
        if refused.is_none() {
            gateways.callbacks.know_again(mark);
        }
        match refused {
            None => Ok(gate.connector.acknowledgement()),
            Some((why, message)) => Err(Error::Callback(why, message)),
        }
    }

    /// What is made of a hint of `gateway`.
    async fn verdict(&self, gateway: &str, hint: &Hint) -> Result<Verdict, Error> {
        match hint {
            Hint::Payment { key, told } => {
                let known = match key.as_str().parse() {
                    Ok(id) => self.store().gateway_payment(id).await?,
                    Err(_) => None,
                };
                let Some(known) = known.filter(|known| known.gateway == gateway) else {
                    return Ok(Verdict::moot("unknown"));
                };
                let tree = self.store().tree(known.tree).await?;
                let found = tree.as_ref().and_then(|tree| attempt(tree, known.attempt));
                let Some(attempt) = found else { return Ok(Verdict::moot("unknown")) };
                let ended = match attempt.status {
                    AttemptStatus::Open => false,
                    // Money may come for what was closed or has failed; all else is known.
                    AttemptStatus::Closed | AttemptStatus::Failed => {
                        !matches!(told, PaymentState::Paid(_))
                    }
                    AttemptStatus::Succeeded => true,
                };
                let tree = Some(known.tree);
                if ended {
                    return Ok(Verdict { word: "known", tree, wakes: None });
                }
                let other =
                    matches!(told, PaymentState::Paid(paid) if paid.amount != attempt.amount);
                let word = if other { "other_amount" } else { "asked" };
                let wanted = pay::FollowAttempt { tree: known.tree, attempt: known.attempt };
                let wakes = Some((pay::key(known.attempt), Wanted::Pay(wanted)));
                Ok(Verdict { word, tree, wakes })
            }
            Hint::Refund { key, told: said, .. } => {
                let named = refund::of_key(key.as_str());
                let Some((refund, payment, try_no)) = named else {
                    return Ok(Verdict::moot("unknown"));
                };
                let known = self.store().gateway_refund(refund, payment).await?;
                let Some(known) = known.filter(|known| known.gateway == gateway) else {
                    return Ok(Verdict::moot("unknown"));
                };
                let tree = Some(known.tree);
                let look = second_look::SecondLook { refund, payment, try_no };
                if second_look::is_news(look, said, &known) {
                    let wakes = Some((second_look::key(look, &known), Wanted::Look(look)));
                    return Ok(Verdict { word: "asked", tree, wakes });
                }
                if known.state != refund::ASKED {
                    return Ok(Verdict { word: "known", tree, wakes: None });
                }
                let GatewayRefund { refund, payment, round, .. } = known;
                let wanted = refund::GiveBack { tree: known.tree, refund, payment, round };
                let wakes = Some((refund::key(wanted), Wanted::Refund(wanted)));
                Ok(Verdict { word: "asked", tree, wakes })
            }
        }
    }

    /// Writes it down, and has what it is about asked after now.
    async fn take_down(
        &self,
        gateway: &str,
        content: CallbackContent,
        verdict: Verdict,
    ) -> Result<(), Error> {
        let kind = verdict.wakes.as_ref().map(|(_, wanted)| wanted.kind());
        let gateway = gateway.to_owned();
        let write = move |_: &View, cx: &mut Context<'_>| {
            let row = CallbackRow {
                id: cx.ids.next(cx.now, Gene(0)),
                gateway: gateway.clone(),
                came_at: cx.now,
                about: content.about.to_owned(),
                key: content.key.chars().take(TEXT_MAX).collect(),
                told: content.standing.to_owned(),
                verdict: verdict.word.to_owned(),
                tree: verdict.tree,
            };
            let mut writes = Writes { statements: vec![row.add()], ..Writes::default() };
            if let Some((key, wanted)) = &verdict.wakes {
                writes.tasks.push(wanted.task(key.clone(), cx));
                writes.statements.push(TaskRow::wake(key, cx.now));
            }
            Ok((Some(writes), ()))
        };
        self.inner.lane.run(Priority::Bulk, Vec::new(), write).await?;
        if let Some(kind) = kind {
            self.ring(kind);
        }
        Ok(())
    }

    /// One page of the callbacks that came, newest first.
    pub async fn callbacks(
        &self,
        who: &Principal,
        filter: &CallbackFilter,
    ) -> Result<Page<CallbackRow, Option<Id>>, Error> {
        who.needs_whole(Scope::Payments)?;
        let wanted =
            |row: &CallbackRow| filter.gateway.as_ref().is_none_or(|one| row.gateway == *one);
        let piece = |before, n| self.store().callbacks(before, n);
        page(filter.limit, filter.before, wanted, |row| Some(row.id), piece).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_nothing_is_written_down_a_bounded_number_of_times_an_hour() {
        let limits = Limits::default();
        let kept = |now| (0..1_000).filter(|_| limits.keeps("a", Time(now))).count();
        assert_eq!(kept(0), KEPT_AN_HOUR as usize);
        assert_eq!(kept(time::HOUR - 1), 0);
        assert!(limits.keeps("b", Time(0)), "each gateway has its own");
        assert_eq!(kept(time::HOUR), KEPT_AN_HOUR as usize);
    }

    #[test]
    fn a_message_is_known_again_once_it_was_taken_down_and_another_is_not() {
        let limits = Limits::default();
        let mark = |nonce: &str| {
            let came = Callback {
                gateway: "a".to_owned(),
                headers: vec![("x-nonce".to_owned(), nonce.to_owned())],
                body: b"{}".to_vec(),
            };
            came.mark()
        };
        assert!(!limits.repeats(&mark("1")));
        assert!(
            !limits.repeats(&mark("1")),
            "what could not be taken down is taken when it comes again"
        );
        limits.know_again(mark("1"));
        assert!(limits.repeats(&mark("1")));
        assert!(!limits.repeats(&mark("2")));
        for other in 0..2 * KNOWN_AGAIN {
            limits.know_again(mark(&format!("n{other}")));
        }
        assert_eq!(limits.seen.lock().map(|seen| seen.len()).ok(), Some(KNOWN_AGAIN));
    }
}
