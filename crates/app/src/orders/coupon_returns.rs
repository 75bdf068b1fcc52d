//! One use of a coupon given back by a person: noted on its order, so that what the order counts stays a function
//! of the order, and in the book of the coupon, with the reason.

use crate::access::{Principal, Scope};
use crate::lane::Verdict;
use crate::lane::deadlines::Deadlines;
use crate::lane::deciding::deciding;
use crate::lane::reactions::Changes;
use crate::ledgers::coupons::{CouponOf, may_set, no_coupon, sees};
use crate::{App, Error, Idempotency, Once};
use docket_domain::decide::{self, NotGivenBack};
use docket_domain::operation::{By, OperationKind};
use docket_domain::{Actor, ActorKind, Gene, Id};
use docket_store::{Context, CouponAdjustment, Key, Priority, RequestOutcome, View};
use std::sync::Arc;

/// A use that is to be given back.
#[derive(Debug, Clone)]
pub struct ReturnCoupon {
    /// The code of the coupon.
    pub code: String,
    /// The order that used it, by any of its numbers.
    pub order: Id,
    /// What its book will give as the cause.
    pub reason: String,
    /// Who gives it back; the caller itself where nobody is named.
    pub actor: Option<Actor>,
}

/// The same with everything the piece of work needs.
struct Work {
    asked: ReturnCoupon,
    root: Id,
    who: Principal,
    actor: Actor,
    deadlines: Arc<Deadlines>,
    idempotency: Option<Idempotency>,
}

impl App {
    /// Gives one use back, once.
    pub async fn return_coupon(
        &self,
        who: &Principal,
        asked: ReturnCoupon,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<CouponOf>, Error> {
        who.needs(Scope::Coupons)?;
        let actor = match asked.actor.clone() {
            Some(actor) => who.actor(Some(actor), OperationKind::Note)?,
            None => Actor {
                kind: ActorKind::System,
                id: Some(who.id.to_string()),
                name: Some(who.name.clone()),
            },
        };
        let Some(root) = self.store().root_of(asked.order).await? else {
            return Err(Error::Archived { order: self.tree(who, asked.order).await?.id() });
        };
        let code = asked.code.clone();
        let mut keys = vec![Key::Tree(root), Key::Coupon(code.clone())];
        keys.extend(idempotency.map(|given| Key::Idempotency(given.hash)));
        let work = Work {
            asked,
            root,
            who: who.clone(),
            actor,
            deadlines: Arc::clone(&self.inner.settings.deadlines),
            idempotency,
        };
        let decide = move |view: &View, cx: &mut Context<'_>| work.decide(view, cx);
        let done = self.inner.lane.run(Priority::Interactive, keys, decide).await??;
        let stands = self.coupon(who, &code).await?;
        Ok(done.map(|()| stands))
    }
}

impl Work {
    /// The piece of work: pure, repeatable.
    fn decide(&self, view: &View, cx: &mut Context<'_>) -> Verdict<Result<Once<()>, Error>> {
        if let Some(given) = self.idempotency
            && let Some(earlier) = given.earlier(view)?
        {
            return Ok((None, earlier.map(|_| Once::Before(()))));
        }
        let (code, order) = (&self.asked.code, self.asked.order);
        let coupon = view.coupon(code)?.filter(|coupon| sees(&self.who, coupon));
        let Some(coupon) = coupon else { return Ok((None, Err(no_coupon(code)))) };
        if let Err(error) = may_set(&self.who, coupon.shop_id.as_deref(), "code") {
            return Ok((None, Err(error)));
        }
        let found = view.tree(self.root)?.filter(|tree| self.who.sees(tree));
        let Some(tree) = found else { return Ok((None, Err(Error::no_order(order)))) };
        let by = By { actor: &self.actor, issuer: &self.who.issuer, may_refund_settled: false };
        let reason = &self.asked.reason;
        let given = deciding(cx, tree.id().gene(), &self.deadlines.of(tree), |cx| {
            decide::give_coupon_back(tree, code, reason, by, cx)
        });
        let change = match given {
            Ok(change) => change,
            Err(NotGivenBack::Refused(refusal)) => return Ok((None, Err(refusal.into()))),
            Err(why) => {
                let (code, order) = (code.clone(), tree.id());
                return Ok((None, Err(Error::CouponNotGivenBack { code, order, why })));
            }
        };
        let (mut changes, _) = Changes::one(Some(tree), change);
        let writes = &mut changes.beside;
        let line = CouponAdjustment {
            id: cx.ids.next(cx.now, Gene::of(code)),
            code: code.clone(),
            delta: None,
            active: None,
            reason: reason.clone(),
            actor: format!("{}:{}", self.who.id, self.who.name),
            at: cx.now,
            tree: Some(tree.id()),
        };
        writes.idempotency =
            self.idempotency.map(|given| given.kept(RequestOutcome::Changed, line.id, cx.now));
        writes.statements.push(line.add());
        Ok((Some(changes), Ok(Once::Now(()))))
    }
}
