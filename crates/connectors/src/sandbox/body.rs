//! The JSON of the sandbox gateway: what is asked, and what is told, read with every field checked and compared.

use crate::fault::{Compared, Fault, Mismatch};
use crate::payment::{
    Closing, Hint, MerchantKey, Paid, Payment, PaymentState, Refund, RefundState, Start, Started,
};
use docket_domain::Time;
use docket_domain::money::AMOUNT_LIMIT;
use serde::{Deserialize, Serialize};

/// 2100-01-01: a later time is a mistake.
const TIME_LIMIT: i64 = 4_102_444_800_000;
const TEXT_BYTES_MAX: usize = 128;
const URL_BYTES_MAX: usize = 1_024;

#[derive(Serialize)]
pub struct Starting<'a> {
    payment_id: &'a str,
    order_id: &'a str,
    amount: i64,
    currency: &'a str,
    title: &'a str,
    callback_url: &'a str,
    expires_at: i64,
}

impl<'a> Starting<'a> {
    pub fn of(payment: &'a Payment, start: &'a Start) -> Self {
        Self {
            payment_id: payment.key.as_str(),
            order_id: payment.order.as_str(),
            amount: payment.amount,
            currency: payment.currency.code(),
            title: &start.title,
            callback_url: &start.callback_url,
            expires_at: start.expires_at.0,
        }
    }
}

#[derive(Serialize)]
pub struct PaymentAsked<'a> {
    payment_id: &'a str,
}

impl<'a> PaymentAsked<'a> {
    pub fn of(payment: &'a Payment) -> Self {
        Self { payment_id: payment.key.as_str() }
    }
}

#[derive(Serialize)]
pub struct Refunding<'a> {
    refund_id: &'a str,
    payment_id: &'a str,
    amount: i64,
    currency: &'a str,
    reason: &'a str,
}

impl<'a> Refunding<'a> {
    pub fn of(refund: &'a Refund) -> Self {
        Self {
            refund_id: refund.key.as_str(),
            payment_id: refund.payment.as_str(),
            amount: refund.amount,
            currency: refund.currency.code(),
            reason: &refund.reason,
        }
    }
}

#[derive(Serialize)]
pub struct RefundAsked<'a> {
    refund_id: &'a str,
    payment_id: &'a str,
}

impl<'a> RefundAsked<'a> {
    pub fn of(refund: &'a Refund) -> Self {
        Self { refund_id: refund.key.as_str(), payment_id: refund.payment.as_str() }
    }
}

/// What is told of a payment.
#[derive(Deserialize)]
pub struct PaymentTold {
    payment_id: String,
    order_id: String,
    amount: i64,
    currency: String,
    status: String,
    reference: String,
    paid_amount: Option<i64>,
    paid_at: Option<i64>,
    reason: Option<String>,
    pay_url: Option<String>,
    /// Of a reply to a close: what became of that.
    closing: Option<String>,
}

impl PaymentTold {
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        serde_json::from_slice(bytes).map_err(|_| Fault::Garbage { part: "body" })
    }

    /// Compares it with what was asked, and gives its state.
    pub fn state_of(&self, payment: &Payment) -> Result<PaymentState, Fault> {
        let state = self.told()?;
        let paid = if let PaymentState::Paid(paid) = &state { Some(paid) } else { None };
        let amount = |minor: i64| minor.to_string();
        compare(paid, Compared::Payment, payment.key.as_str(), &self.payment_id)?;
        compare(paid, Compared::Order, payment.order.as_str(), &self.order_id)?;
        compare(paid, Compared::Currency, payment.currency.code(), &self.currency)?;
        compare(paid, Compared::Amount, &amount(payment.amount), &amount(self.amount))?;
        if let Some(paid) = paid {
            let (asked, told) = (amount(payment.amount), amount(paid.amount));
            compare(Some(paid), Compared::Amount, &asked, &told)?;
        }
        Ok(state)
    }

    pub fn started(&self, payment: &Payment) -> Result<Started, Fault> {
        match self.state_of(payment)? {
            PaymentState::Waiting => {
                let url = self.pay_url.as_deref().filter(|url| is_url(url));
                let pay_url = url.ok_or(Fault::Garbage { part: "pay_url" })?.to_owned();
                Ok(Started::Open { reference: self.reference()?, pay_url })
            }
            ended => Ok(Started::Ended(ended)),
        }
    }

    /// What became of a close. It must agree with the state: a gateway that says both is not believed.
    pub fn closing(&self, payment: &Payment) -> Result<Closing, Fault> {
        match (self.closing.as_deref(), self.state_of(payment)) {
            (Some("closed"), Ok(PaymentState::Closed | PaymentState::Failed { .. })) => {
                Ok(Closing::Closed)
            }
            (Some("already_paid"), Ok(PaymentState::Paid(_))) => Ok(Closing::AlreadyPaid),
            (Some("try_later"), Ok(PaymentState::Waiting)) => Ok(Closing::TryLater),
            (_, Err(fault)) => Err(fault),
            _ => Err(Fault::Garbage { part: "closing" }),
        }
    }

    /// The state as told, not yet compared with anything.
    fn told(&self) -> Result<PaymentState, Fault> {
        match self.status.as_str() {
            "waiting" => Ok(PaymentState::Waiting),
            "closed" => Ok(PaymentState::Closed),
            "failed" => Ok(PaymentState::Failed { reason: reason(self.reason.as_deref())? }),
            "paid" => {
                let is_amount = |amount: &i64| (1..AMOUNT_LIMIT).contains(amount);
                let amount = self.paid_amount.filter(is_amount);
                let amount = amount.ok_or(Fault::Garbage { part: "paid_amount" })?;
                let paid_at = self.paid_at.filter(|at| (0..TIME_LIMIT).contains(at));
                let paid_at = Time(paid_at.ok_or(Fault::Garbage { part: "paid_at" })?);
                Ok(PaymentState::Paid(Paid { amount, reference: self.reference()?, paid_at }))
            }
            _ => Err(Fault::Garbage { part: "status" }),
        }
    }

    fn reference(&self) -> Result<String, Fault> {
        reference(Some(&self.reference))
    }
}

/// What is told of a refund.
#[derive(Deserialize)]
pub struct RefundTold {
    refund_id: String,
    payment_id: String,
    order_id: String,
    amount: i64,
    currency: String,
    status: String,
    reference: Option<String>,
    reason: Option<String>,
}

impl RefundTold {
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        serde_json::from_slice(bytes).map_err(|_| Fault::Garbage { part: "body" })
    }

    /// Compares it with what was asked, and gives its state.
    pub fn state_of(&self, refund: &Refund) -> Result<RefundState, Fault> {
        let (asked, told) = (refund.amount.to_string(), self.amount.to_string());
        compare(None, Compared::Refund, refund.key.as_str(), &self.refund_id)?;
        compare(None, Compared::Payment, refund.payment.as_str(), &self.payment_id)?;
        compare(None, Compared::Order, refund.order.as_str(), &self.order_id)?;
        compare(None, Compared::Currency, refund.currency.code(), &self.currency)?;
        compare(None, Compared::Amount, &asked, &told)?;
        self.told()
    }

    fn told(&self) -> Result<RefundState, Fault> {
        match self.status.as_str() {
            "done" => Ok(RefundState::Done { reference: reference(self.reference.as_deref())? }),
            "waiting" => Ok(RefundState::Waiting),
            "failed" => Ok(RefundState::Failed { reason: reason(self.reason.as_deref())? }),
            _ => Err(Fault::Garbage { part: "status" }),
        }
    }
}

/// What a callback is about.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Called {
    Payment(PaymentTold),
    Refund(RefundTold),
}

/// Reads the body of a callback.
pub fn hint(bytes: &[u8]) -> Result<Hint, Fault> {
    let key = |text: &str| MerchantKey::new(text).map_err(|_| Fault::Garbage { part: "key" });
    match serde_json::from_slice(bytes).map_err(|_| Fault::Garbage { part: "body" })? {
        Called::Payment(payment) => {
            Ok(Hint::Payment { key: key(&payment.payment_id)?, told: payment.told()? })
        }
        Called::Refund(refund) => Ok(Hint::Refund {
            key: key(&refund.refund_id)?,
            payment: key(&refund.payment_id)?,
            told: refund.told()?,
        }),
    }
}

/// The gateway's word for why it refused a request.
pub fn code(bytes: &[u8]) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct Refused {
        code: String,
    }
    let refused: Option<Refused> = serde_json::from_slice(bytes).ok();
    let code = refused.map(|refused| refused.code).filter(|code| is_text(code));
    code.ok_or(Fault::Garbage { part: "code" })
}

fn compare(paid: Option<&Paid>, of: Compared, asked: &str, told: &str) -> Result<(), Fault> {
    if asked == told {
        return Ok(());
    }
    // What was told may be of any length; a log line should not be.
    let told = told.chars().take(TEXT_BYTES_MAX).collect();
    let mismatch = Mismatch { of, asked: asked.to_owned(), told, paid: paid.cloned() };
    Err(Fault::Mismatch(Box::new(mismatch)))
}

fn reference(text: Option<&str>) -> Result<String, Fault> {
    let text = text.and_then(|text| MerchantKey::new(text).ok());
    text.map(|text| text.to_string()).ok_or(Fault::Garbage { part: "reference" })
}

fn reason(text: Option<&str>) -> Result<String, Fault> {
    let text = text.filter(|text| is_text(text));
    text.map(str::to_owned).ok_or(Fault::Garbage { part: "reason" })
}

fn is_text(text: &str) -> bool {
    (1..=TEXT_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn is_url(text: &str) -> bool {
    let is_web = text.starts_with("http://") || text.starts_with("https://");
    is_web && text.len() <= URL_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic())
}
