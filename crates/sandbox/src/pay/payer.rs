//! The payer: pays, fails or goes away, by a request or on a small page. Nothing here is signed: whoever has the
//! address of a payment may pay it.

use super::book::{Payment, Standing};
use super::calls::Call;
use super::merchant::paid_amount;
use super::{Answer, Gateway, Refusal, json};
use http_body_util::Full;
use hyper::Response;
use serde::Deserialize;
use std::sync::Arc;

/// What the payer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    #[default]
    Pay,
    Fail,
    Abandon,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    #[serde(default)]
    outcome: Outcome,
    /// When the money was taken, in milliseconds since 1970; now where it is left out.
    paid_at: Option<i64>,
}

/// Pays, fails or leaves the payment with this number or reference.
pub fn act(gateway: &Arc<Gateway>, id: &str, body: &[u8]) -> Answer {
    match act_on(gateway, id, body) {
        Ok(payment) => json(200, &payment.told(None)),
        Err(refusal) => json(refusal.status, &refusal.body()),
    }
}

fn act_on(gateway: &Arc<Gateway>, id: &str, body: &[u8]) -> Result<Payment, Refusal> {
    let act = read(body).ok_or(Refusal::of(422, "outcome"))?;
    let mut memory = gateway.memory();
    let payment = memory.book.payment(id, gateway.later())?.clone();
    let payment_id = payment.asked.payment_id;
    let plan = memory.plan(&payment_id);
    let payment = memory.book.payment(&payment_id, gateway.later())?;
    match act.outcome {
        Outcome::Pay => {
            let at = act.paid_at.unwrap_or_else(|| gateway.now());
            payment.pay(paid_amount(payment.asked.amount, &plan), at)?;
        }
        Outcome::Fail => payment.fail()?,
        Outcome::Abandon => return Ok(payment.clone()),
    }
    gateway.call(Call::of_payment(payment, &plan));
    Ok(payment.clone())
}

/// Reads JSON, or what the page sends; nothing means to pay.
fn read(body: &[u8]) -> Option<Act> {
    let of = |outcome| Some(Act { outcome, paid_at: None });
    match body {
        b"" | b"outcome=pay" => of(Outcome::Pay),
        b"outcome=fail" => of(Outcome::Fail),
        b"outcome=abandon" => of(Outcome::Abandon),
        json => serde_json::from_slice(json).ok(),
    }
}

/// The page on which a payment is paid.
pub fn page(gateway: &Gateway, id: &str) -> Answer {
    let mut memory = gateway.memory();
    match memory.book.payment(id, gateway.later()) {
        Ok(payment) => html(payment),
        Err(refusal) => json(refusal.status, &refusal.body()),
    }
}

fn html(payment: &Payment) -> Answer {
    let asked = &payment.asked;
    let title = escaped(&asked.title);
    let amount = money(asked.amount, &asked.currency);
    let status = payment.standing.word();
    let button =
        |outcome: &str| format!("<button name=\"outcome\" value=\"{outcome}\">{outcome}</button> ");
    let buttons = match payment.standing {
        Standing::Waiting => ["pay", "fail", "abandon"].map(button).concat(),
        _ => String::new(),
    };
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1>\
         <p>{amount}: {status}</p><form method=\"post\">{buttons}</form>"
    );
    let response = Response::builder().header("content-type", "text/html; charset=utf-8");
    response.body(Full::from(page)).expect("the header is valid as it stands here")
}

/// An amount as people write it. What a gateway is paid with are few currencies; those with other places than two
/// are named here.
fn money(minor: i64, currency: &str) -> String {
    let places = match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    let whole = 10_i64.pow(places);
    let (units, rest) = (minor / whole, minor % whole);
    match places {
        0 => format!("{units} {currency}"),
        places => format!("{units}.{rest:0width$} {currency}", width = places as usize),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_stays_text_on_the_page() {
        assert_eq!(escaped("<b title=\"&\">"), "&lt;b title=&quot;&amp;&quot;&gt;");
    }

    #[test]
    fn an_amount_is_told_as_people_write_it() {
        assert_eq!(money(11_500, "CNY"), "115.00 CNY");
        assert_eq!(money(500, "JPY"), "500 JPY");
        assert_eq!(money(1_005, "KWD"), "1.005 KWD");
    }

    #[test]
    fn the_page_and_programs_say_the_same() {
        let outcome = |body: &[u8]| read(body).map(|act| act.outcome);
        assert_eq!(outcome(b""), Some(Outcome::Pay));
        assert_eq!(outcome(b"outcome=fail"), outcome(br#"{"outcome":"fail"}"#));
        assert_eq!(outcome(br#"{"paid_at":5}"#), Some(Outcome::Pay));
        assert_eq!(outcome(br#"{"outcome":"stall"}"#), None);
        assert_eq!(outcome(br#"{"payed_at":5}"#), None);
    }
}
