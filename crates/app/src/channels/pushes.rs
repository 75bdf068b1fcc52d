//! What marketplaces tell by themselves: verified, written down, acknowledged, and read back afterwards. A push is a hint and
//! never data, but for a marketplace that tells of orders in no other way.

use super::exchange::{Open, Trouble};
use crate::tasks::{Policy, Task, failed};
use crate::vault::purpose;
use crate::{App, Error};
use docket_connectors::channel::{
    Answer, AppSecret, AppSecrets, Call, Concern, OrdersPage, Purpose, Push, PushEvent, PushKind,
    PushRefused, Secret, Verdict,
};
use docket_connectors::{Acknowledgement, Message};
use docket_domain::time::{Millis, SECOND};
use docket_domain::{Gene, Id, Time};
use docket_store::{Context, NewTask, Priority, PushRow, View, Writes, failpoint};
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How soon a process knows of a shop, or a secret, that another one changed.
const KNOW_AGAIN: Millis = 5 * SECOND;
/// Shops whose secrets are known at most.
const SHOPS: usize = 5_000;
/// Pushes of a shop that are read back together.
const TOGETHER: usize = 200;
/// Bytes of a push that are kept.
const KEPT: usize = 4_096;

/// A push as it came.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// The marketplace at whose address it came.
    pub channel: String,
    /// Headers: names and values.
    pub headers: Vec<(String, String)>,
    /// As it came, byte for byte: the signature is over it.
    pub body: Vec<u8>,
    /// What stands behind the question mark.
    pub query: String,
    /// The path it came at.
    pub path: String,
}

/// Reads back what was pushed of a shop.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ReadPushed {
    shop: Id,
}

/// Whose pushes are believed, and how many came.
#[derive(Default)]
pub(super) struct Pushes {
    known: Mutex<BTreeMap<String, Arc<Known>>>,
    counted: Mutex<BTreeMap<(String, &'static str), u64>>,
}

/// The apps and shops of one marketplace.
struct Known {
    at: Time,
    secrets: AppSecrets,
    /// By app and their own number of the shop.
    shops: BTreeMap<(String, String), Id>,
}

/// One of what came of pushes, and how often since this process started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushFigure {
    /// The marketplace.
    pub channel: String,
    /// `taken`, `unknown_shop`, or the word of what is not believed.
    pub outcome: &'static str,
    /// How often.
    pub count: u64,
}

impl Pushes {
    fn count(&self, channel: &str, outcome: &'static str) {
        let mut counted = self.counted.lock().expect("nothing panics while it counts");
        *counted.entry((channel.to_owned(), outcome)).or_default() += 1;
    }
}

impl App {
    /// Takes a push: what is answered as taken is written down and not lost any more.
    pub async fn take_push(&self, pushed: Pushed) -> Result<Acknowledgement, Error> {
        let channels = &self.inner.channels;
        let Some(connector) = channels.connector(&pushed.channel).cloned() else {
            return Err(Error::NotFound { what: "channel", id: pushed.channel });
        };
        if connector.capabilities().push.is_none() {
            return Err(Error::NotFound { what: "push", id: pushed.channel });
        }
        let known = self.known_shops(&pushed.channel).await?;
        let now = self.now();
        let push = Push {
            message: Message { headers: &pushed.headers, body: &pushed.body },
            query: &pushed.query,
            url: &pushed.path,
            came_at: now,
        };
        let events = match connector.verify_push(&push, &known.secrets) {
            Ok(events) => events,
            Err(refused) => return Ok(self.refuse(&pushed.channel, refused, &*connector)),
        };
        let mut rows = Vec::new();
        for event in events {
            match known.shop_of(&event) {
                Some(shop) => rows.push(row_of(&pushed.channel, shop, event, now)),
                // A test of the address names no shop of ours.
                None if event.kind == PushKind::Test => {}
                None => {
                    channels.pushes.count(&pushed.channel, "unknown_shop");
                    tracing::debug!(
                        channel = pushed.channel,
                        "a push is of a shop that is not connected"
                    );
                    return Ok(connector.acknowledge(Verdict::Refused));
                }
            }
        }
        let verdict = match self.write_pushes(rows).await {
            Ok(()) => Verdict::Taken,
            Err(error) if error.is_passing() => Verdict::Later,
            Err(error) => return Err(error),
        };
        channels.pushes.count(&pushed.channel, "taken");
        Ok(connector.acknowledge(verdict))
    }

    fn refuse(
        &self,
        channel: &str,
        refused: PushRefused,
        connector: &dyn docket_connectors::channel::Connector,
    ) -> Acknowledgement {
        self.inner.channels.pushes.count(channel, refused.word());
        tracing::debug!(channel, why = %refused, "a push is not believed");
        connector.acknowledge(Verdict::Refused)
    }

    async fn write_pushes(&self, rows: Vec<PushRow>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let work = move |_: &View, cx: &mut Context<'_>| {
            let mut writes = Writes::default();
            for row in &rows {
                let id = cx.ids.next(cx.now, Gene(0));
                writes.channel_pushes.push(PushRow { id, ..row.clone() });
            }
            let shops: BTreeSet<_> = rows.iter().map(|row| row.shop).collect();
            writes.tasks.extend(shops.into_iter().map(|shop| {
                // One after another, not one at a time: the one that runs may have looked already.
                let chain_key = Some(format!("{}:{shop}", ReadPushed::KIND));
                let subject = Some(shop.to_string());
                NewTask { chain_key, subject, ..ReadPushed { shop }.new_task(cx) }
            }));
            Ok((Some(writes), ()))
        };
        // Whoever pushes waits for less than a second.
        self.inner.lane.run(Priority::Interactive, Vec::new(), work).await?;
        self.ring(ReadPushed::KIND);
        failpoint::reach("channel", "push_written");
        Ok(())
    }

    /// The apps and shops of a marketplace, as they were a moment ago.
    async fn known_shops(&self, channel: &str) -> Result<Arc<Known>, Error> {
        let (pushes, now) = (&self.inner.channels.pushes, self.now());
        let known =
            pushes.known.lock().expect("nothing panics while it holds them").get(channel).cloned();
        if let Some(known) = known.filter(|known| now.since(known.at) < KNOW_AGAIN) {
            return Ok(known);
        }
        let vault = self.inner.vault();
        let (mut secrets, mut shops) = (BTreeSet::new(), BTreeMap::new());
        for shop in self.store().channel_shops(Id(0), SHOPS).await? {
            if shop.channel != channel {
                continue;
            }
            let secret = vault.open_for(purpose::CHANNEL, &shop.secret)?;
            secrets.insert((shop.app_key.clone(), String::from_utf8_lossy(&secret).into_owned()));
            if let Some(mall) = &shop.more.mall {
                shops.insert((shop.app_key.clone(), mall.clone()), shop.id);
            }
        }
        let secrets = secrets
            .into_iter()
            .map(|(app_key, secret)| AppSecret { app_key, app_secret: Secret::new(secret) });
        let known = Arc::new(Known { at: now, secrets: AppSecrets(secrets.collect()), shops });
        let mut all = pushes.known.lock().expect("nothing panics while it holds them");
        all.insert(channel.to_owned(), Arc::clone(&known));
        Ok(known)
    }

    /// Reads back what was pushed of a shop, until nothing waits.
    async fn read_pushed(&self, shop: Id) -> Result<Result<(), Trouble>, Error> {
        let shop = Arc::new(self.shop(shop).await?);
        if shop.token.is_none() || shop.more.paused.is_some() {
            // The next run reads what was changed meanwhile.
            return Ok(Ok(()));
        }
        let open = self.open_shop(shop)?;
        let at_once = usize::from(open.connector.capabilities().numbers_at_once.max(1));
        while !self.inner.background.is_stopping() {
            let waiting = self.store().waiting_pushes(open.shop.id, TOGETHER).await?;
            if waiting.is_empty() {
                break;
            }
            let numbers: BTreeSet<_> =
                waiting.iter().filter_map(|push| push.number.clone()).collect();
            let numbers: Vec<_> = numbers.into_iter().collect();
            for numbers in numbers.chunks(at_once) {
                match self.orders_by_number(&open, numbers).await {
                    Ok((page, at)) => drop(self.take_numbered(&open, &page, at).await?),
                    Err(trouble) => {
                        self.pause_for(&open, &trouble).await?;
                        return Ok(Err(trouble));
                    }
                }
            }
            failpoint::reach("channel", "push_read_back");
            let ids: Vec<_> = waiting.iter().map(|push| push.id).collect();
            let done = move |_, now| ids.iter().map(|id| PushRow::done(*id, now)).collect();
            self.write_numbered(done).await?;
        }
        self.queue_looks_due(open.shop.id).await?;
        Ok(Ok(()))
    }

    /// Orders by their numbers: those that no list has by their details.
    pub(super) async fn orders_by_number(
        &self,
        open: &Open,
        numbers: &[String],
    ) -> Result<(OrdersPage, Time), Trouble> {
        let call = Call::OrdersByNumber(numbers.to_vec());
        let heard = self.ask_shop(open, Purpose::Fresh, &call).await?;
        let Answer::Orders(mut page) = heard.answer else {
            return Ok((OrdersPage::default(), heard.at));
        };
        let told = |number: &String, page: &OrdersPage| {
            page.orders.iter().any(|order| order.number == *number)
                || page.refused.iter().any(|row| row.number.as_ref() == Some(number))
        };
        for number in numbers {
            if told(number, &page) {
                continue;
            }
            let call = Call::OrderDetail { order: number.clone() };
            match self.ask_shop(open, Purpose::Fresh, &call).await {
                Ok(heard) => {
                    if let Answer::Order(order) = heard.answer {
                        page.orders.push(*order);
                    }
                }
                // A number that is none of theirs is no order.
                Err(Trouble::Fault(fault))
                    if fault.concern() == Concern::Call && !fault.is_passing() => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok((page, heard.at))
    }

    /// What came of pushes to this process.
    pub fn push_figures(&self) -> Vec<PushFigure> {
        let counted = self.inner.channels.pushes.counted.lock();
        let counted = counted.expect("nothing panics while it counts");
        let figure = |((channel, outcome), count): (&(String, &'static str), &u64)| PushFigure {
            channel: channel.clone(),
            outcome,
            count: *count,
        };
        counted.iter().map(figure).collect()
    }
}

impl Known {
    fn shop_of(&self, event: &PushEvent) -> Option<Id> {
        let mall = event.shop.as_ref()?;
        self.shops.get(&(event.app_key.clone(), mall.clone())).copied()
    }
}

fn row_of(channel: &str, shop: Id, event: PushEvent, came_at: Time) -> PushRow {
    let kind = match &event.kind {
        PushKind::OrderChanged => "order",
        PushKind::CancelChanged => "cancel",
        PushKind::AddressChanged => "address",
        PushKind::AftersaleChanged => "aftersale",
        PushKind::Test => "test",
        PushKind::Other(_) => "other",
    };
    let end = event.payload.floor_char_boundary(KEPT);
    PushRow {
        id: Id(0),
        channel: channel.to_owned(),
        key: event.key,
        shop,
        number: event.order,
        kind: kind.to_owned(),
        came_at,
        done_at: None,
        payload: event.payload[..end].to_owned(),
    }
}

impl Task for ReadPushed {
    const KIND: &'static str = "channel_push";
    const POLICY: Policy = Policy {
        concurrency: 32,
        lease: Duration::from_secs(30),
        skips_dead: true,
        ..Policy::USUAL
    };

    async fn run(self, app: App, _: Job) -> Handled {
        match app.read_pushed(self.shop).await {
            Ok(Ok(())) => Outcome::Done,
            Ok(Err(trouble)) => Outcome::PutOff(app.now().plus(10 * SECOND), trouble.to_string()),
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}
