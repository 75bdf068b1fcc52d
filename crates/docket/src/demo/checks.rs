//! What is checked at the end: the center's answers against what the flows wrote down. Gathering asks the
//! center; everything else here is pure.

use super::scenes::Outcome;
use super::stage::{Stage, main_place};
use super::sums;
use crate::center::Method;
use crate::failure::Failure;
use crate::output::Output;
use docket_domain::Currency;
use docket_domain::story::{money, status_word};
use docket_domain::words::Status;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Workers that read at the same time.
const READERS: usize = 8;

/// One check: what is claimed, and what was found.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// The claim.
    pub what: String,
    /// What speaks for it, or what against it.
    #[serde(flatten, serialize_with = "found")]
    pub found: Result<String, String>,
}

impl Check {
    /// A check and what came of it.
    pub fn of(what: &str, found: Result<String, String>) -> Self {
        Self { what: what.to_owned(), found }
    }
}

fn found<S: Serializer>(found: &Result<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Found<'a> {
        ok: bool,
        found: &'a str,
    }
    let (Ok(says) | Err(says)) = found;
    Found { ok: found.is_ok(), found: says }.serialize(serializer)
}

/// What the center says at the end.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Each order with the numbers of the rows of its log.
    orders: BTreeMap<String, (Value, Vec<u64>)>,
    /// On hand and held of each SKU before and after, in thousandths.
    shelves: Vec<(String, [i64; 2], [i64; 2])>,
}

/// Asks the center for every order, its log, and the shelves.
pub async fn gather(
    stage: &Stage,
    outcomes: &[Outcome],
    out: &Output,
) -> Result<Evidence, Failure> {
    let title = out.say("reading everything back", "核对");
    let bar = Arc::new(out.progress(title, outcomes.len() as u64));
    let mut readers = JoinSet::new();
    for part in outcomes.chunks(outcomes.len().div_ceil(READERS).max(1)) {
        let ids: Vec<String> = part.iter().map(|outcome| outcome.order.clone()).collect();
        let (line, bar) = (stage.admin().with_token(stage.admin_key()), Arc::clone(&bar));
        readers.spawn(async move {
            let mut read = Vec::new();
            for id in ids {
                let tree = line.ask(Method::GET, &format!("/api/orders/{id}"), None).await?;
                let log =
                    line.ask(Method::GET, &format!("/api/orders/{id}/operations"), None).await?;
                let rows = log["operations"].as_array().into_iter().flatten();
                let rows = rows.filter_map(|row| row["seq"].as_u64()).collect();
                read.push((id, (tree, rows)));
                bar.step();
            }
            Ok(read)
        });
    }
    let mut evidence = Evidence::default();
    while let Some(read) = readers.join_next().await {
        let read: Result<Vec<_>, Failure> = read?;
        evidence.orders.extend(read?);
    }
    for (sku, on_hand, held) in &stage.shelves {
        let stands = stage.admin().ask(Method::GET, &format!("/api/stock/{sku}"), None).await?;
        let (on_hand_now, held_now) = main_place(&stands);
        evidence.shelves.push((sku.clone(), [*on_hand, *held], [on_hand_now, held_now]));
    }
    bar.done();
    Ok(evidence)
}

/// Every check.
pub fn all(outcomes: &[Outcome], evidence: &Evidence, out: &Output) -> Vec<Check> {
    vec![
        Check::of(
            out.say("every order is there once, in its state", "订单齐全，状态正确"),
            statuses(outcomes, evidence, out),
        ),
        Check::of(
            out.say("every tree adds up, to the last share", "每棵订单树金额平衡"),
            trees(evidence),
        ),
        Check::of(
            out.say("money received = paid + due back", "收款 = 已付 + 应退"),
            received(outcomes, evidence, out),
        ),
        Check::of(
            out.say("money given back = refunds of the orders", "退款与订单一致"),
            given_back(outcomes, evidence, out),
        ),
        Check::of(
            out.say("the shelves agree with the orders", "库存与订单一致"),
            shelves(outcomes, evidence, out),
        ),
        Check::of(
            out.say("every change is in the log, none missing", "日志连续完整"),
            logs(outcomes, evidence),
        ),
    ]
}

/// The first complaint, or else a word for all.
fn none_of(mut complaints: impl Iterator<Item = String>, says: String) -> Result<String, String> {
    complaints.next().map_or(Ok(says), Err)
}

fn statuses(outcomes: &[Outcome], evidence: &Evidence, out: &Output) -> Result<String, String> {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for (tree, _) in evidence.orders.values() {
        *counted.entry(tree["status"].as_str().unwrap_or("?")).or_default() += 1;
    }
    let says: Vec<String> = counted
        .iter()
        .map(|(status, count)| {
            let known = Status::from_word(status);
            let word = known.map_or(*status, |known| status_word(known, out.language));
            format!("{count} {word}")
        })
        .collect();
    if evidence.orders.len() != outcomes.len() {
        return Err(format!("{} orders of {}", evidence.orders.len(), outcomes.len()));
    }
    let wrong = outcomes.iter().filter_map(|outcome| {
        let status = evidence.orders.get(&outcome.order)?.0["status"].as_str()?;
        (status != outcome.status)
            .then(|| format!("{}: {status}, not {}", outcome.order, outcome.status))
    });
    none_of(wrong, says.join(", "))
}

fn trees(evidence: &Evidence) -> Result<String, String> {
    let wrong = evidence.orders.iter().filter_map(|(id, (tree, _))| {
        sums::adds_up(tree).err().map(|wrong| format!("{id}: {wrong}"))
    });
    none_of(wrong, evidence.orders.len().to_string())
}

fn total(tree: &Value, list: &str) -> i64 {
    tree[list].as_array().into_iter().flatten().filter_map(|one| one["amount"].as_i64()).sum()
}

fn yuan(minor: i64, out: &Output) -> String {
    money(minor, Currency::in_use("CNY").ok(), out.language)
}

fn received(outcomes: &[Outcome], evidence: &Evidence, out: &Output) -> Result<String, String> {
    let (mut paid, mut due) = (0, 0);
    for outcome in outcomes {
        let Some((tree, _)) = evidence.orders.get(&outcome.order) else { continue };
        let (kept, owed) = (tree["paid"].as_i64().unwrap_or_default(), total(tree, "refunds_due"));
        let facts = total(tree, "payments");
        if facts != outcome.sent || kept + owed != facts || owed != outcome.due {
            return Err(format!(
                "{}: sent {}, facts {facts}, paid {kept}, due {owed}",
                outcome.order, outcome.sent
            ));
        }
        paid += kept;
        due += owed;
    }
    Ok(format!("{} = {} + {}", yuan(paid + due, out), yuan(paid, out), yuan(due, out)))
}

fn given_back(outcomes: &[Outcome], evidence: &Evidence, out: &Output) -> Result<String, String> {
    let mut sum = 0;
    for outcome in outcomes {
        let Some((tree, _)) = evidence.orders.get(&outcome.order) else { continue };
        let refunded = tree["refunded"].as_i64().unwrap_or_default();
        let shops = tree["shops"].as_array().into_iter().flatten();
        let refunds = shops.flat_map(|shop| shop["refunds"].as_array().into_iter().flatten());
        let done: i64 = refunds
            .filter(|refund| refund["status"] == "refunded")
            .map(|refund| total(refund, "parts"))
            .sum();
        if refunded != outcome.given_back || done != refunded {
            return Err(format!(
                "{}: given back {}, order says {refunded}, parts {done}",
                outcome.order, outcome.given_back
            ));
        }
        sum += refunded;
    }
    Ok(yuan(sum, out))
}

fn shelves(outcomes: &[Outcome], evidence: &Evidence, out: &Output) -> Result<String, String> {
    let sum = |sku: &str, of: fn(&Outcome) -> &Vec<(String, i64)>| -> i64 {
        let moved = outcomes.iter().flat_map(of).filter(|(moved, _)| moved == sku);
        moved.map(|(_, thousandths)| thousandths).sum()
    };
    let (mut taken, mut held) = (0, 0);
    for (sku, before, now) in &evidence.shelves {
        let (left, kept) = (sum(sku, |outcome| &outcome.taken), sum(sku, |outcome| &outcome.held));
        let expected = [before[0] - left, before[1] + kept];
        if *now != expected {
            return Err(format!(
                "{sku}: on hand and held are {now:?}, not {expected:?} (thousandths)"
            ));
        }
        taken += left;
        held += kept;
    }
    let units = |thousandths: i64| docket_domain::Quantity(thousandths).to_string();
    Ok(format!(
        "{} SKU: {} {}, {} {}",
        evidence.shelves.len(),
        units(taken),
        out.say("taken", "出库"),
        units(held),
        out.say("held", "占用"),
    ))
}

fn logs(outcomes: &[Outcome], evidence: &Evidence) -> Result<String, String> {
    let mut rows = 0;
    for outcome in outcomes {
        let Some((tree, seqs)) = evidence.orders.get(&outcome.order) else { continue };
        let dense = seqs.iter().zip(1..).all(|(seq, expected)| *seq == expected);
        let version = tree["version"].as_u64().unwrap_or_default();
        let taken = u64::from(outcome.operations);
        if !dense || version != seqs.len() as u64 || version != taken {
            return Err(format!(
                "{}: rows {seqs:?}, version {version}, operations {taken}",
                outcome.order
            ));
        }
        rows += seqs.len();
    }
    Ok(rows.to_string())
}
