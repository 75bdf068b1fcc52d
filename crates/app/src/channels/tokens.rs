//! Tokens are looked at once a day, before a run: whether they are still of this shop, until when they are good, and whether
//! they allow what is asked for. What ends soon is told by alerts; what does not fit pauses the shop and says what to do.

use super::amounts;
use super::exchange::{Open, Trouble};
use crate::{App, Error};
use docket_connectors::channel::{Answer, Call, Purpose, TokenInfo};
use docket_domain::time::DAY;
use docket_store::{ChannelShop, Context, Key, Pause, Priority, View, Writes};
use std::sync::Arc;

/// What a token turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Checked {
    /// It is good.
    Good,
    /// It is not, by this cause and sentence.
    Unfit(&'static str, String),
}

impl App {
    /// Looks at the token of a shop where a day has passed since; answers why the shop is paused by it.
    pub(super) async fn check_token(
        &self,
        open: &Open,
    ) -> Result<Result<Option<String>, Trouble>, Error> {
        let now = self.now();
        if open.shop.more.token_checked_at.is_some_and(|at| now.since(at) < DAY) {
            return Ok(Ok(None));
        }
        let told = match self.ask_shop(open, Purpose::Fresh, &Call::TokenInfo).await {
            Ok(heard) => match heard.answer {
                Answer::Token(told) => told,
                _ => return Ok(Ok(None)),
            },
            Err(trouble) => return Ok(Err(trouble)),
        };
        let checked = check(&open.shop, &told, open.connector.capabilities().scopes);
        let (id, unfit, connector) = (open.shop.id, checked.clone(), Arc::clone(&open.connector));
        let work = move |view: &View, cx: &mut Context<'_>| {
            let Some(now) = view.channel_shop(id)? else { return Ok((None, ())) };
            let mut shop = ChannelShop { version: now.version + 1, ..(**now).clone() };
            shop.more.token_checked_at = Some(cx.now);
            shop.more.token_until = told.expires_at;
            if shop.more.scopes != told.scopes {
                amounts::take_scopes(&mut shop.more, &*connector, &told.scopes);
            }
            if let Checked::Unfit(cause, why) = &checked
                && shop.more.paused.is_none()
            {
                let (cause, why) = ((*cause).to_owned(), why.clone());
                shop.more.paused = Some(Pause { at: cx.now, cause, why });
            }
            Ok((Some(Writes { channel_shops: vec![shop], ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Bulk, vec![Key::ChannelShop(id)], work).await?;
        Ok(Ok(match unfit {
            Checked::Good => None,
            Checked::Unfit(cause, why) => {
                tracing::warn!(shop = %id, cause, why, "a shop is paused");
                Some(why)
            }
        }))
    }
}

/// Whether a token is of `shop` and allows what is needed. One that says nothing of what it allows may allow all.
fn check(shop: &ChannelShop, told: &TokenInfo, needed: &[&str]) -> Checked {
    if let (Some(ours), Some(theirs)) = (&shop.more.mall, &told.shop)
        && ours != theirs
    {
        let why = format!(
            "The token is of the shop {theirs}, and this shop is {ours} there. Enter a token of this shop."
        );
        return Checked::Unfit("wrong_shop", why);
    }
    let allows = |scope: &&&str| told.scopes.iter().any(|told| told == **scope);
    let missing: Vec<_> = needed.iter().filter(|scope| !allows(scope)).copied().collect();
    if told.scopes.is_empty() || missing.is_empty() {
        return Checked::Good;
    }
    let missing = missing.join(", ");
    let why = format!(
        "The token does not allow {missing}. Let the marketplace grant the app this permission, then enter the new token."
    );
    Checked::Unfit("scope_missing", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::{Id, Time};
    use docket_store::{Sealed, ShopFacts};

    fn shop(mall: Option<&str>) -> ChannelShop {
        ChannelShop {
            id: Id(1),
            version: 1,
            channel: "temu".to_owned(),
            name: "Garden".to_owned(),
            app_key: "app".to_owned(),
            secret: Sealed { key_id: 1, bytes: Vec::new() },
            token: None,
            created_at: Time(0),
            more: ShopFacts { mall: mall.map(str::to_owned), ..ShopFacts::default() },
        }
    }

    fn token(shop: &str, scopes: &[&str]) -> TokenInfo {
        TokenInfo {
            shop: Some(shop.to_owned()),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            ..TokenInfo::default()
        }
    }

    #[test]
    fn a_token_fits_the_shop_it_is_of_with_the_scopes_that_are_needed() {
        let word = |mall, told: &TokenInfo| match check(&shop(mall), told, &["list", "detail"]) {
            Checked::Good => "good",
            Checked::Unfit(cause, _) => cause,
        };
        assert_eq!(word(Some("7"), &token("7", &["detail", "list", "more"])), "good");
        assert_eq!(word(None, &token("7", &["detail", "list"])), "good", "not known yet");
        assert_eq!(word(Some("7"), &token("7", &[])), "good", "it says nothing of what it allows");
        assert_eq!(word(Some("7"), &token("8", &["detail", "list"])), "wrong_shop");
        assert_eq!(word(Some("7"), &token("7", &["list"])), "scope_missing");
    }
}
