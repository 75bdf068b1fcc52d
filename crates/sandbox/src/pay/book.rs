//! The book of payments and refunds: what they are and what may become of them. No HTTP, no waiting; time is an
//! argument. A payment is paid at most once, whatever is asked and how often.

use super::Refusal;
use crate::chance;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const AMOUNT_LIMIT: i64 = 1_000_000_000_000;
const KEY_BYTES_MAX: usize = 64;
const TITLE_BYTES_MAX: usize = 1_024;

/// What a merchant asks for at the start of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Starting {
    pub payment_id: String,
    pub order_id: String,
    pub amount: i64,
    pub currency: String,
    pub title: String,
    pub callback_url: String,
    pub expires_at: i64,
}

/// What a merchant asks for at the start of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refunding {
    pub refund_id: String,
    pub payment_id: String,
    pub amount: i64,
    pub currency: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Waiting,
    Paid { amount: i64, at: i64 },
    Failed,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub asked: Starting,
    pub reference: String,
    pub standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStanding {
    Waiting,
    Done,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub asked: Refunding,
    pub order_id: String,
    pub reference: String,
    pub standing: RefundStanding,
}

/// Payments by the merchant's number, and refunds likewise.
#[derive(Debug)]
pub struct PaymentRecords {
    seed: u64,
    pub payments: BTreeMap<String, Payment>,
    pub refunds: BTreeMap<String, Refund>,
}

const NOT_FOUND: Refusal = Refusal::of(404, "not_found");

impl PaymentRecords {
    pub const fn new(seed: u64) -> Self {
        Self { seed, payments: BTreeMap::new(), refunds: BTreeMap::new() }
    }

    /// Starts a payment, or finds the one that was started with the same number; true for a new one.
    pub fn start(&mut self, asked: Starting, now: i64) -> Result<(Payment, bool), Refusal> {
        check(&asked)?;
        if let Ok(there) = self.payment(&asked.payment_id, now) {
            let same = |payment: &Payment| {
                let Starting { order_id, amount, currency, .. } = &payment.asked;
                (order_id, amount, currency) == (&asked.order_id, &asked.amount, &asked.currency)
            };
            let taken = Refusal::of(409, "payment_id_taken");
            return if same(there) { Ok((there.clone(), false)) } else { Err(taken) };
        }
        let reference = self.reference('p', &asked.payment_id);
        let standing = if now < asked.expires_at { Standing::Waiting } else { Standing::Closed };
        let payment = Payment { asked, reference, standing };
        self.payments.insert(payment.asked.payment_id.clone(), payment.clone());
        Ok((payment, true))
    }

    /// The payment of this number, or reference, as it stands `now`.
    pub fn payment(&mut self, id: &str, now: i64) -> Result<&mut Payment, Refusal> {
        let by_reference = |payment: &&mut Payment| payment.reference == id;
        let payment = if self.payments.contains_key(id) {
            self.payments.get_mut(id)
        } else {
            self.payments.values_mut().find(by_reference)
        };
        let payment = payment.ok_or(NOT_FOUND)?;
        if payment.standing == Standing::Waiting && now >= payment.asked.expires_at {
            payment.standing = Standing::Closed;
        }
        Ok(payment)
    }

    /// Starts a refund that stands as `standing`, or finds the one of the same number; true for a new one.
    pub fn refund(
        &mut self,
        asked: Refunding,
        standing: RefundStanding,
    ) -> Result<(Refund, bool), Refusal> {
        if !is_key(&asked.refund_id) {
            return Err(Refusal::of(422, "refund_id"));
        }
        if let Some(there) = self.refunds.get(&asked.refund_id) {
            let Refunding { payment_id, amount, currency, .. } = &there.asked;
            let same = (payment_id, amount, currency)
                == (&asked.payment_id, &asked.amount, &asked.currency);
            let taken = Refusal::of(409, "refund_id_taken");
            return if same { Ok((there.clone(), false)) } else { Err(taken) };
        }
        let payment = self.payments.get(&asked.payment_id).ok_or(NOT_FOUND)?;
        let Standing::Paid { amount: paid, .. } = payment.standing else {
            return Err(Refusal::of(409, "not_paid"));
        };
        if asked.currency != payment.asked.currency {
            return Err(Refusal::of(422, "currency"));
        }
        // Refunds under way count: their money is on its way back.
        let counts = |refund: &&Refund| {
            refund.asked.payment_id == asked.payment_id && refund.standing != RefundStanding::Failed
        };
        let back: i64 =
            self.refunds.values().filter(counts).map(|refund| refund.asked.amount).sum();
        if !(1..=paid - back).contains(&asked.amount) {
            return Err(Refusal::of(409, "more_than_is_left"));
        }
        let (order_id, reference) =
            (payment.asked.order_id.clone(), self.reference('r', &asked.refund_id));
        let refund = Refund { asked, order_id, reference, standing };
        self.refunds.insert(refund.asked.refund_id.clone(), refund.clone());
        Ok((refund, true))
    }

    /// The refund of this number, of this payment.
    pub fn refund_of(&mut self, payment_id: &str, id: &str) -> Result<&mut Refund, Refusal> {
        let refund = self.refunds.get_mut(id);
        refund.filter(|refund| refund.asked.payment_id == payment_id).ok_or(NOT_FOUND)
    }

    fn reference(&self, kind: char, id: &str) -> String {
        format!("sb{kind}-{:016x}", chance::number(self.seed, &kind.to_string(), id))
    }
}

impl Payment {
    /// Takes the payer's money; once, and only while it waits. A payer who paid another amount than was asked may
    /// put that right.
    pub fn pay(&mut self, amount: i64, at: i64) -> Result<(), Refusal> {
        match self.standing {
            Standing::Waiting => self.standing = Standing::Paid { amount, at },
            Standing::Paid { amount: had, .. } if had != self.asked.amount => {
                self.standing = Standing::Paid { amount, at };
            }
            Standing::Paid { .. } => return Err(Refusal::of(409, "already_paid")),
            Standing::Failed => return Err(Refusal::of(409, "failed")),
            Standing::Closed => return Err(Refusal::of(409, "closed")),
        }
        Ok(())
    }

    /// The payer's try fails.
    pub fn fail(&mut self) -> Result<(), Refusal> {
        if self.standing != Standing::Waiting {
            return Err(Refusal::of(409, "not_waiting"));
        }
        self.standing = Standing::Failed;
        Ok(())
    }

    /// As the merchant is told; `pay_url` is for the payer.
    pub fn told(&self, pay_url: Option<String>) -> Value {
        let Starting { payment_id, order_id, amount, currency, .. } = &self.asked;
        let mut told = json!({
            "payment_id": payment_id, "order_id": order_id, "amount": amount, "currency": currency,
            "status": self.standing.word(), "reference": self.reference,
        });
        match self.standing {
            Standing::Paid { amount, at } => {
                told["paid_amount"] = amount.into();
                told["paid_at"] = at.into();
            }
            Standing::Failed => told["reason"] = "payer_failed".into(),
            Standing::Waiting => told["pay_url"] = pay_url.into(),
            Standing::Closed => {}
        }
        told
    }
}

impl Standing {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Paid { .. } => "paid",
            Self::Failed => "failed",
            Self::Closed => "closed",
        }
    }
}

impl Refund {
    /// As the merchant is told.
    pub fn told(&self) -> Value {
        let Refunding { refund_id, payment_id, amount, currency, .. } = &self.asked;
        let mut told = json!({
            "refund_id": refund_id, "payment_id": payment_id, "order_id": self.order_id,
            "amount": amount, "currency": currency, "status": self.standing.word(),
        });
        match self.standing {
            RefundStanding::Done => told["reference"] = self.reference.clone().into(),
            RefundStanding::Failed => told["reason"] = "refund_failed".into(),
            RefundStanding::Waiting => {}
        }
        told
    }
}

impl RefundStanding {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// Whether `text` may be a number of the merchant's.
pub fn is_key(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

fn check(asked: &Starting) -> Result<(), Refusal> {
    let fields = [
        ("payment_id", is_key(&asked.payment_id)),
        ("order_id", is_key(&asked.order_id)),
        ("amount", (1..AMOUNT_LIMIT).contains(&asked.amount)),
        (
            "currency",
            asked.currency.len() == 3 && asked.currency.bytes().all(|b| b.is_ascii_uppercase()),
        ),
        ("title", asked.title.len() <= TITLE_BYTES_MAX),
        ("callback_url", asked.callback_url.starts_with("http://")),
    ];
    let wrong = fields.into_iter().find(|(_, fits)| !fits);
    wrong.map_or(Ok(()), |(field, _)| Err(Refusal::of(422, field)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked() -> Starting {
        Starting {
            payment_id: "p".to_owned(),
            order_id: "o".to_owned(),
            amount: 100,
            currency: "CNY".to_owned(),
            title: "Tea".to_owned(),
            callback_url: "http://m/".to_owned(),
            expires_at: 50,
        }
    }

    fn refunding(id: u8, amount: i64) -> Refunding {
        Refunding {
            refund_id: id.to_string(),
            payment_id: "p".to_owned(),
            amount,
            currency: "CNY".to_owned(),
            reason: "asked for".to_owned(),
        }
    }

    proptest! {
        #[test]
        fn money_comes_once_and_no_more_goes_back_whatever_is_asked(
            steps in proptest::collection::vec((0..5_u8, 0..60_i64, 0..4_u8), 1..40),
        ) {
            let mut book = PaymentRecords::new(1);
            let mut paid = 0;
            let mut last = None;
            for (step, number, id) in steps {
                let now = number;
                match step {
                    0 => _ = book.start(asked(), now),
                    1 => {
                        let came = book.payment("p", now).and_then(|payment| payment.pay(100, now));
                        paid += i32::from(came.is_ok());
                    }
                    2 => _ = book.payment("p", now).and_then(Payment::fail),
                    3 => _ = book.refund(refunding(id, number), RefundStanding::Waiting),
                    _ => _ = book.refund(refunding(id, number), RefundStanding::Failed),
                }
                // What has ended stays as it ended.
                let standing = book.payments.get("p").map(|payment| payment.standing.clone());
                if let Some(ended) = last.filter(|last| *last != Standing::Waiting) {
                    prop_assert_eq!(standing.as_ref(), Some(&ended));
                }
                last = standing;
                let kept = book.refunds.values().filter(|refund| refund.standing != RefundStanding::Failed);
                let back: i64 = kept.map(|refund| refund.asked.amount).sum();
                prop_assert!(paid <= 1 && back <= i64::from(paid) * 100, "{paid} {back}");
            }
        }
    }
}
