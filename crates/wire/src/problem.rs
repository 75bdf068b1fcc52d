//! Problem details (RFC 9457): the body of every answer that is not a success.
//!
//! Which status a refusal has is decided where answers are sent; the codes are the domain's and stay as
//! they are for ever.

use crate::chinese;
use crate::reader::Unreadable;
use crate::view::Number;
use docket_domain::coupon::WhyNot;
use docket_domain::limits::TooMany;
use docket_domain::refusal::CouponRefused;
use docket_domain::{FieldError, Refusal};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The status of a placement that was accepted and rejected afterwards.
const REJECTED: u16 = 409;

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// A URI of the kind of problem: `urn:docket:problem:` and its code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words, the same for every problem of the code.
    pub title: &'static str,
    /// The HTTP status of the answer.
    pub status: u16,
    /// A stable code for programs.
    pub code: &'static str,
    /// This problem in words.
    pub detail: String,
    /// Every wrong field; empty where the fields are not what is wrong.
    pub errors: Vec<WrongField>,
    /// `operation_refused`: the state that does not allow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub state: Option<String>,
    /// `operation_refused` and others: what was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub operation: Option<&'static str>,
    /// `out_of_stock`: of which SKUs there is too little.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub skus: Option<Vec<String>>,
    /// Conflicts: the version, total, price or coins as they are now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub current: Option<i64>,
    /// `not_home`: where the order is at home.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub home: Option<String>,
    /// `not_here`: the site that decides it, `buyers` or `sellers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub site: Option<&'static str>,
    /// `coupon_limit_reached`: which limit, `total`, `per_buyer`, `per_buyer_day` or `per_phone_day`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<&'static str>,
    /// `run_in_progress`: the run that has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub run_id: Option<Number>,
}

/// One wrong field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct WrongField {
    /// Where, as `shops[0].items[2].quantity`; empty for the body as a whole.
    pub field: String,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

impl From<FieldError> for WrongField {
    fn from(FieldError { field, code, message }: FieldError) -> Self {
        Self { field, code, message }
    }
}

impl Problem {
    /// A problem of `code`, answered with `status`.
    pub fn new(status: u16, code: &'static str, title: &'static str, detail: String) -> Self {
        Self {
            kind: format!("urn:docket:problem:{code}"),
            title,
            status,
            code,
            detail,
            errors: Vec::new(),
            state: None,
            operation: None,
            skus: None,
            current: None,
            home: None,
            site: None,
            limit: None,
            run_id: None,
        }
    }

    /// Why a placement that was accepted was rejected afterwards: a conflict with what is, whatever the cause.
    pub fn rejected(code: &'static str, detail: String) -> Self {
        Self::new(REJECTED, code, "The order was not placed", detail)
    }

    /// The same where the domain refused it.
    pub fn rejected_for(refusal: Refusal) -> Self {
        Self::refused(refusal, REJECTED)
    }

    /// A request that cannot be read: 400 where it is no JSON, 422 with every wrong field otherwise.
    pub fn unreadable(why: Unreadable) -> Self {
        let detail = why.to_string();
        match why {
            Unreadable::NotJson(error) => {
                let mut problem =
                    Self::new(400, error.code, "The body is not a JSON document", detail);
                problem.errors = vec![error.into()];
                problem
            }
            Unreadable::Wrong(errors) => Self::invalid(detail, errors),
        }
    }

    /// A request with wrong fields: 422.
    fn invalid(detail: String, errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(422, "invalid", "The request has wrong fields", detail);
        problem.errors = errors.into_iter().map(WrongField::from).collect();
        problem
    }

    /// What the domain refused, answered with `status`.
    pub fn refused(refusal: Refusal, status: u16) -> Self {
        let mut problem = Self::new(status, refusal.code(), title(&refusal), refusal.to_string());
        problem.operation = operation(&refusal);
        match refusal {
            Refusal::Invalid(errors) | Refusal::NoSuchLine(errors) | Refusal::TooMuch(errors) => {
                problem.errors = errors.into_iter().map(WrongField::from).collect();
            }
            Refusal::State { state, .. } => problem.state = Some(state),
            Refusal::NotHome { home } => problem.home = Some(home),
            Refusal::NotHere { site } => problem.site = Some(site.word()),
            Refusal::VersionConflict { current, .. } | Refusal::TermsConflict { current, .. } => {
                problem.current = Some(current.into());
            }
            Refusal::TotalMismatch { current, .. } => problem.current = Some(current),
            Refusal::PriceMismatch(prices) => {
                problem.current = prices.first().map(|price| price.current);
                problem.tell(prices.iter().map(|price| (&*price.field, price)));
            }
            Refusal::DiscountTooLarge(discounts) => {
                problem.tell(discounts.iter().map(|discount| (&*discount.field, discount)));
            }
            Refusal::NoSuchPart { what, .. } => {
                // The node stands in the path; everything else in a field of its own.
                let field = match what {
                    "refund" => "refund_id",
                    "attempt" => "attempt_id",
                    "payment" => "payment_id",
                    _ => return problem,
                };
                let detail = problem.detail.clone();
                problem.tell([(field, detail)].into_iter());
            }
            Refusal::RefundReferenceTaken { .. } => {
                let detail = problem.detail.clone();
                problem.tell([("reference", detail)].into_iter());
            }
            Refusal::OutOfStock { skus } => problem.skus = Some(skus),
            Refusal::Coupons(refused) => {
                problem.limit = refused.iter().find_map(|refused| match refused.why {
                    WhyNot::LimitReached { limit, .. } => Some(limit),
                    _ => None,
                });
                let wrong = |refused: CouponRefused| WrongField {
                    message: refused.to_string(),
                    code: refused.why.code(),
                    field: refused.field,
                };
                problem.errors = refused.into_iter().map(wrong).collect();
            }
            Refusal::NotEnoughCoins { available, .. } => problem.current = Some(available),
            _ => {}
        }
        problem
    }

    /// Names fields that are wrong in the way the problem as a whole is.
    fn tell<'f>(&mut self, fields: impl Iterator<Item = (&'f str, impl fmt::Display)>) {
        let code = self.code;
        let wrong = |(field, message): (&str, _)| WrongField {
            field: field.to_owned(),
            code,
            message: format!("{message}"),
        };
        self.errors = fields.map(wrong).collect();
    }
}

/// Tells a problem, as JSON, in Chinese: title, detail and what is wrong with each field.
pub fn in_chinese(problem: &mut serde_json::Value) {
    let say = |text: &mut serde_json::Value| {
        if let Some(zh) = text.as_str().and_then(chinese::of) {
            *text = zh.into();
        }
    };
    say(&mut problem["title"]);
    say(&mut problem["detail"]);
    for error in problem["errors"].as_array_mut().into_iter().flatten() {
        say(&mut error["message"]);
    }
}

const fn operation(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::State { operation, .. }
        | Refusal::Actor { operation, .. }
        | Refusal::WrongLevel { operation, .. }
        | Refusal::AmountUnknown { operation } => Some(operation.word()),
        Refusal::Invalid(_)
        | Refusal::NotHome { .. }
        | Refusal::NotHere { .. }
        | Refusal::VersionConflict { .. }
        | Refusal::TermsConflict { .. }
        | Refusal::TotalMismatch { .. }
        | Refusal::DiscountTooLarge(_)
        | Refusal::PaymentOpen { .. }
        | Refusal::PaymentReferenceTaken { .. }
        | Refusal::RefundReferenceTaken { .. }
        | Refusal::OutOfStock { .. }
        | Refusal::NotEnoughCoins { .. }
        | Refusal::NoSuchPart { .. }
        | Refusal::NoSuchLine(_)
        | Refusal::TooMuch(_)
        | Refusal::PriceMismatch(_)
        | Refusal::TooMany(_)
        | Refusal::Coupons(_)
        | Refusal::Scope { .. } => None,
    }
}

const fn title(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Invalid(_) => "The request has wrong fields",
        Refusal::State { .. } => "The state of the order does not allow it",
        Refusal::Actor { .. } => "This kind of actor may not ask for it",
        Refusal::NotHome { .. } => "The order is at home elsewhere",
        Refusal::NotHere { .. } => "The other site decides it",
        Refusal::WrongLevel { .. } => "The number is of another level",
        Refusal::VersionConflict { .. } => "The order has changed",
        Refusal::TermsConflict { .. } => "The terms have changed",
        Refusal::TotalMismatch { .. } => "The total is another one",
        Refusal::DiscountTooLarge(_) => "A discount is larger than what is left",
        Refusal::PaymentOpen { .. } => "An attempt to pay is open",
        Refusal::PaymentReferenceTaken { .. } => "The payment reference is taken",
        Refusal::RefundReferenceTaken { .. } => "The reference of this money is taken",
        Refusal::OutOfStock { .. } => "There is not enough stock",
        Refusal::NotEnoughCoins { .. } => "There are not enough coins",
        Refusal::AmountUnknown { .. } => "An amount of the order is unknown",
        Refusal::NoSuchPart { .. } | Refusal::NoSuchLine(_) => "The order has no such part",
        Refusal::TooMuch(_) => "More is asked than is left",
        Refusal::PriceMismatch(_) => "The price is another one",
        Refusal::TooMany(of) => match of {
            TooMany::Refunds(_) => "Too many refunds were asked for",
            TooMany::RefundNews(_) => "Too much was reported of the refund",
            TooMany::Shipments(_) => "The order has had too many shipments",
            TooMany::Payments(_) => "The order has had too many payments",
            TooMany::Attempts(_) => "The order has had too many attempts to pay",
            TooMany::Notes(_) => "The order has had too many notes",
            TooMany::Tags(_) => "There are too many tags",
            TooMany::Extensions(_) => "Receipt was put off too often",
            TooMany::Changes(_) => "The order has had too many changes",
        },
        Refusal::Coupons(_) => "A coupon is not taken",
        Refusal::Scope { .. } => "The key may not do this",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::OperationKind;

    #[test]
    fn a_refused_operation_names_state_and_operation() {
        let refusal = Refusal::State {
            state: "paid".into(),
            operation: OperationKind::Revoke,
            why: "it must not be paid",
        };
        let problem = serde_json::to_value(Problem::refused(refusal, 409)).expect("JSON");
        assert_eq!(problem["code"], "operation_refused");
        assert_eq!(problem["type"], "urn:docket:problem:operation_refused");
        assert_eq!(problem["status"], 409);
        assert_eq!(problem["state"], "paid");
        assert_eq!(problem["operation"], "revoke");
        assert!(problem.get("skus").is_none());
    }

    #[test]
    fn conflicts_name_what_is_current_and_stock_names_its_skus() {
        let conflict = Refusal::TotalMismatch { expected: 1, current: 2 };
        assert_eq!(Problem::refused(conflict, 409).current, Some(2));
        let stock = Refusal::OutOfStock { skus: vec!["1".into()] };
        assert_eq!(Problem::refused(stock, 409).skus.expect("skus"), ["1"]);
    }

    #[test]
    fn no_json_is_answered_otherwise_than_wrong_fields() {
        let error =
            FieldError { field: String::new(), code: "malformed_json", message: "m".into() };
        let problem = Problem::unreadable(Unreadable::NotJson(error.clone()));
        assert_eq!((problem.status, problem.code), (400, "malformed_json"));
        let problem = Problem::unreadable(Unreadable::Wrong(vec![error]));
        assert_eq!((problem.status, problem.code, problem.errors.len()), (422, "invalid", 1));
    }
}
