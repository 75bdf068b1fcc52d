//! Payment gateways: attempts are started, looked after and closed there, and money goes back there.
//!
//! `due` says which tasks a tree wants, in the transaction that made it so; `pay`, `close` and `refund` run them;
//! `callback` takes hints. What a gateway says becomes an operation of the actor `gateway`, decided like any other.
//! How a gateway is spoken to stands in `docket-connectors`; here the bytes are sent and faults are weighed.

mod apart;
mod callback;
mod close;
mod due;
mod given_back;
mod pay;
mod refund;
mod second_look;

pub use callback::{Callback, CallbackRefused};

use crate::access::{Principal, Scope};
use crate::tasks::Policy;
use crate::{App, Error, net, vault};
use docket_connectors::sandbox::{self, REPLAY_WINDOW, Sandbox};
use docket_connectors::{Fault, Gateway, Message, Method, Reply, Request, Stamp};
use docket_domain::operation::{Operation, Request as Asked};
use docket_domain::time::{MINUTE, Millis};
use docket_domain::tree::Attempt;
use docket_domain::{Actor, ActorKind, FieldError, Id, Time, Tree};
use docket_store::{GatewayPayment, Statement};
use docket_tasks::Outcome;
use docket_wire::Posted;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use apart::{Apart, GatewayStanding, key_of_task, look_again};
pub(crate) use close::CloseAttempt;
pub(crate) use due::UnderWay;
pub(crate) use given_back::GivenBack;
pub(crate) use pay::FollowAttempt;
pub(crate) use refund::GiveBack;
pub(crate) use second_look::SecondLook;

/// The longest between two looks at what has not ended, in milliseconds.
const SLOWEST: Millis = MINUTE;
/// Why a refund waits that was asked for.
const UNDECIDED: &str = "the gateway has not decided yet";
/// Between the first looks, in milliseconds.
const SOON: Millis = 2_000;
/// Looks at that pace.
const SOON_FOR: Millis = 5 * SOON;

/// How tasks that speak to a gateway are run: whoever dies with one holds it up for the lease.
const GATEWAY: Policy = Policy { attempts: 6, lease: Duration::from_secs(30), ..Policy::EXCHANGE };

/// A gateway of the config.
#[derive(Clone, PartialEq, Eq)]
pub struct GatewayAt {
    /// What orders call it.
    pub name: String,
    /// How it is spoken to.
    pub connector: Connector,
    /// The public address of this center, for callbacks; where it listens, where none is set.
    pub callback_url: Option<String>,
}

/// How a gateway is spoken to.
#[derive(Clone, PartialEq, Eq)]
pub enum Connector {
    /// By the protocol of `docket sandbox pay`.
    Sandbox {
        /// Its base address, without a slash at the end.
        url: String,
        /// Who we are there.
        merchant: String,
        /// What both sides sign with.
        secret: String,
    },
    /// Not by us: somebody else speaks to it and reports by the API.
    External,
}

impl GatewayAt {
    /// A gateway that somebody else speaks to.
    pub fn external(name: &str) -> Self {
        Self { name: name.to_owned(), connector: Connector::External, callback_url: None }
    }
}

/// Secrets stay out of logs.
impl fmt::Debug for GatewayAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GatewayAt({})", self.name)
    }
}

/// A gateway that we speak to.
#[derive(Clone)]
struct Gate {
    name: String,
    url: String,
    callback_url: Option<String>,
    connector: Arc<dyn Gateway + Send + Sync>,
}

/// A gateway, what was asked of it, and what came of that.
type Counted = (String, &'static str, &'static str);

/// Every gateway of the config, and what was counted of them.
#[derive(Default)]
pub(crate) struct Gateways {
    known: Vec<String>,
    spoken_to: BTreeMap<String, Gate>,
    /// Where this center listens, once it does.
    base: Mutex<Option<String>>,
    counted: Mutex<BTreeMap<Counted, u64>>,
    callbacks: callback::Limits,
}

/// Why nothing was learnt.
enum Trouble {
    /// No answer came.
    NoReply(String),
    /// What came is no answer.
    Fault(Fault),
}

impl Trouble {
    const fn word(&self) -> &'static str {
        match self {
            Self::NoReply(_) => "no_reply",
            Self::Fault(fault) => fault.word(),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReply(why) => f.write_str(why),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

/// How long to wait before something that began `elapsed` ago is looked at again: soon at first, then less often.
fn pause(elapsed: Millis) -> Millis {
    if elapsed < SOON_FOR { SOON } else { (elapsed / 4).clamp(SOON, SLOWEST) }
}

/// What a task makes of trouble: what passes is no fault of the task, the rest is for a person sooner or later.
fn weigh(trouble: &Trouble, began: Time, now: Time) -> Outcome {
    match trouble {
        Trouble::Fault(Fault::Throttled { retry_after }) => Outcome::Later(now.plus(*retry_after)),
        Trouble::Fault(fault @ Fault::Mismatch(_)) => Outcome::Dead(fault.to_string()),
        Trouble::Fault(fault) if !fault.is_passing() => Outcome::Retry(fault.to_string()),
        Trouble::Fault(_) | Trouble::NoReply(_) => {
            Outcome::Later(now.plus(pause(now.since(began))))
        }
    }
}

impl Gateways {
    /// The gateways of the config.
    pub fn of(settings: &[GatewayAt]) -> Self {
        let mut gateways = Self::default();
        for at in settings {
            gateways.known.push(at.name.clone());
            let Connector::Sandbox { url, merchant, secret } = &at.connector else { continue };
            let config = sandbox::Config {
                merchant: merchant.clone(),
                secret: secret.clone(),
                replay_window: REPLAY_WINDOW,
            };
            let gate = Gate {
                name: at.name.clone(),
                url: url.clone(),
                callback_url: at.callback_url.clone(),
                connector: Arc::new(Sandbox::new(config)),
            };
            gateways.spoken_to.insert(at.name.clone(), gate);
        }
        gateways
    }

    /// A gateway that we speak to.
    fn gate(&self, name: &str) -> Option<&Gate> {
        self.spoken_to.get(name)
    }

    fn count(&self, gateway: &str, asked: &'static str, outcome: &'static str) {
        let mut counted = self.counted.lock().expect("nothing panics while it counts");
        *counted.entry((gateway.to_owned(), asked, outcome)).or_default() += 1;
    }
}

/// One of `asked`: what was asked of a gateway, what came of it, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayFigure {
    /// As the config calls it.
    pub gateway: String,
    /// `start`, `query`, `close`, `refund`, `query_refund` or `callback`.
    pub asked: &'static str,
    /// The word of the state, fault or verdict.
    pub outcome: &'static str,
    /// How often since this process started.
    pub count: u64,
}

impl App {
    /// Says where this center can be reached, for gateways that no other address is configured for.
    pub fn listens_at(&self, base: &str) {
        let mut known = self.inner.gateways.base.lock().expect("nothing panics while it holds it");
        *known = Some(base.to_owned());
    }

    /// What was asked of gateways by this process.
    pub fn gateway_figures(&self) -> Vec<GatewayFigure> {
        let counted = self.inner.gateways.counted.lock().expect("nothing panics while it counts");
        let figure = |(key, count): (&Counted, &u64)| {
            let (gateway, asked, outcome) = key.clone();
            GatewayFigure { gateway, asked, outcome, count: *count }
        };
        counted.iter().map(figure).collect()
    }

    /// Refuses an attempt at a gateway that is not configured, naming those that are. Where none is configured,
    /// somebody else speaks to all of them and reports by the API.
    pub(crate) fn knows_gateway(&self, operation: &Operation) -> Result<(), Error> {
        let Operation::StartPayment(asked) = operation else { return Ok(()) };
        let known = &self.inner.gateways.known;
        let Some(named) = asked.gateway.as_ref().filter(|named| !known.contains(named)) else {
            return Ok(());
        };
        if known.is_empty() {
            return Ok(());
        }
        let message = format!("there is no gateway {named}; known: {}", known.join(", "));
        Err(FieldError { field: "gateway".to_owned(), code: "unknown_gateway", message }.into())
    }

    /// An order and what gateways said of its attempts, both of one moment.
    pub async fn payments(
        &self,
        who: &Principal,
        id: Id,
    ) -> Result<(Tree, Vec<GatewayPayment>), Error> {
        who.needs(Scope::OrdersRead)?;
        match self.store().whole_with_payments(id).await? {
            Some((whole, said)) if who.sees(&whole.tree) => Ok((whole.tree, said)),
            Some(_) => Err(Error::no_order(id)),
            // What left whole does not change; what was said of it stays.
            None => {
                let tree = self.tree(who, id).await?;
                let said = self.store().gateway_payments(tree.id()).await?;
                Ok((tree, said))
            }
        }
    }

    /// Asks a gateway: builds the request with a fresh stamp, sends it, and reads the reply.
    async fn ask<T>(
        &self,
        gate: &Gate,
        asked: &'static str,
        build: impl FnOnce(&dyn Gateway, Stamp) -> Request + Send,
        read: impl FnOnce(&dyn Gateway, &Reply<'_>) -> Result<T, Fault> + Send,
        word: impl FnOnce(&T) -> &'static str + Send,
    ) -> Result<T, Trouble> {
        let stamp = Stamp { at: self.now(), nonce: u128::from_be_bytes(vault::random()) };
        let request = build(&*gate.connector, stamp);
        let url = format!("{}{}", gate.url, request.path);
        let method = match request.method {
            Method::Get => net::Method::GET,
            Method::Post => net::Method::POST,
        };
        let (headers, body) = (request.headers, request.body);
        let sent = self.inner.net.send(method, &url, headers, body, net::Limits::MESSAGE).await;
        let answer = sent.map_err(|why| Trouble::NoReply(why.to_string())).and_then(|came| {
            let body = came.body.map_err(|why| Trouble::NoReply(why.to_string()))?;
            let message = Message { headers: &came.headers, body: &body };
            let reply = Reply { status: came.status, message, asked: stamp, came_at: self.now() };
            read(&*gate.connector, &reply).map_err(Trouble::Fault)
        });
        let outcome = answer.as_ref().map_or_else(Trouble::word, word);
        self.inner.gateways.count(&gate.name, asked, outcome);
        answer
    }

    /// Has the word of a gateway decided like any other operation.
    async fn gateway_says(&self, gate: &Gate, tree: Id, operation: Operation) -> Result<(), Error> {
        let actor = Actor { id: Some(gate.name.clone()), ..Actor::of(ActorKind::Gateway) };
        let request = Asked {
            operation,
            node: tree,
            expected_version: None,
            remark: docket_domain::change::Remark::default(),
        };
        let posted = Posted { request, actor: Some(actor), ship_to: None };
        self.operate(&Principal::local(), posted, None).await.map(drop)
    }

    /// Writes rows that stand beside trees.
    async fn note(&self, statements: Vec<Statement>) -> Result<(), Error> {
        self.write_numbered(move |_, _| statements.clone()).await.map(drop)
    }
}

/// An attempt of a tree, by its number.
fn attempt(tree: &Tree, id: Id) -> Option<&Attempt> {
    tree.payment.attempts.iter().find(|attempt| attempt.attempt_id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_every_two_seconds_five_times_and_then_less_often() {
        let mut at = 0;
        let mut pauses = Vec::new();
        while at < 10 * MINUTE {
            pauses.push(pause(at));
            at += pause(at);
        }
        assert_eq!(pauses[..5], [SOON; 5]);
        assert!(pauses.windows(2).all(|two| two[0] <= two[1]), "{pauses:?}");
        assert_eq!(pauses.last(), Some(&SLOWEST));
    }
}
