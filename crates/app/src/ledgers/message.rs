//! Effects on ledgers of others are messages in the transaction of the change: those of one change that go to
//! one receiver travel together, in a chain of its own for each receiver and order.

use super::LedgerSettings;
use crate::tasks::Task;
use docket_domain::ledger::{Effect, Ledger, LedgerLocation};
use docket_domain::{Json, LogEntry, Tree};
use docket_store::{Context, NewTask};
use docket_wire::moment::Moment;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Sends effects to whoever keeps a ledger.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LedgerMessage {
    /// One of its ledgers: who receives it now is looked up when it is sent.
    pub ledger: Ledger,
    /// The same whenever it is sent.
    pub key: String,
    /// The JSON that is signed and sent, the same at every try.
    pub body: Json,
}

/// The tasks of those `effects` of one row of an order's log that others keep.
pub fn tasks(
    effects: &[Effect],
    tree: &Tree,
    entry: &LogEntry,
    settings: &LedgerSettings,
    cx: &mut Context<'_>,
) -> Vec<NewTask> {
    let mut by_receiver: BTreeMap<String, Vec<&Effect>> = BTreeMap::new();
    for effect in effects.iter().filter(|effect| effect.kept == LedgerLocation::Elsewhere) {
        let receiver = settings.receivers.get(&effect.ledger);
        // One that is not set any more waits for a person under the ledger's own word.
        let name = receiver.map_or(effect.ledger.word(), |receiver| receiver.name());
        by_receiver.entry(name.to_owned()).or_default().push(effect);
    }
    let task = |(receiver, effects): (String, Vec<&Effect>)| {
        let key = format!("{}-{}-{receiver}", entry.tree, entry.seq);
        let body = json!({
            "key": key,
            "order_id": entry.tree.to_string(),
            "at": Moment::from(entry.at),
            "effects": effects.iter().map(|effect| shown(effect, tree)).collect::<Vec<_>>(),
        });
        let message = LedgerMessage { ledger: effects[0].ledger, key, body };
        let kind = LedgerMessage::KIND;
        NewTask {
            unique_key: Some(format!("{kind}:{}", message.key)),
            chain_key: Some(format!("{kind}:{receiver}:{}", entry.tree)),
            ..message.new_task(cx)
        }
    };
    by_receiver.into_iter().map(task).collect()
}

/// An effect as it is sent: its key with the order's number, so that it is one of a kind anywhere.
fn shown(effect: &Effect, tree: &Tree) -> Json {
    let mut shown = json!({
        "key": format!("{}:{}", tree.id(), effect.key),
        "ledger": effect.ledger,
        "kind": effect.kind,
        "owner": effect.owner,
        "amount": effect.amount,
    });
    if effect.ledger == Ledger::Coins {
        shown["currency"] = tree.payment.currency.code().into();
    }
    if let (Json::Object(shown), Json::Object(detail)) = (&mut shown, &effect.detail) {
        shown.extend(detail.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    shown
}
