//! Telephones of orders of the release before, made new: hashed in the one normal form, a hundred orders at a
//! time, once after an upgrade. Until it is done such orders are found by what they were found by before.
//!
//! The same is done once more where another search key took the place of one that was given up, and where a key came
//! back that opens people again: until then these orders are not found by their telephones.

use crate::vault::telephones;
use crate::{App, Error};
use docket_domain::Id;
use docket_store::{Context, Key, Priority, Renewed, View, Writes, only_found_by};
use std::time::Duration;

/// Orders in one transaction: a step that nobody feels.
const STEP: usize = 100;
/// When it is tried again where the database is away.
const AGAIN: Duration = Duration::from_secs(5);

/// Makes them new until none is left, or the center stops.
pub(crate) async fn renew(app: App) {
    let stop = app.inner.background.stopping();
    while !stop.is_cancelled() {
        match app.renew_with_all_keys().await {
            Ok(Renewed::All) => return,
            Ok(Renewed::UpTo(_)) => {}
            Err(error) => {
                tracing::debug!(%error, "telephones are made new later");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(AGAIN) => {}
                }
            }
        }
    }
}

impl App {
    /// One step, where this process has all keys: without, it would pass over people that others can open.
    async fn renew_with_all_keys(&self) -> Result<Renewed, Error> {
        if self.lacks_keys().await? {
            return Err(Error::Unavailable("keys are missing".to_owned()));
        }
        self.renew_telephones().await
    }

    /// One step; says how far it is. Whoever else does the same at the same time does no harm.
    pub async fn renew_telephones(&self) -> Result<Renewed, Error> {
        let Renewed::UpTo(after) = self.store().telephones_renewed().await? else {
            return Ok(Renewed::All);
        };
        let ids = self.store().trees_with_customers(after, STEP).await?;
        let far = ids.last().map_or(Renewed::All, |last| Renewed::UpTo(*last));
        self.renew_telephones_of(ids, far).await?;
        Ok(far)
    }

    async fn renew_telephones_of(&self, ids: Vec<Id>, far: Renewed) -> Result<(), Error> {
        let vault = self.inner.vault();
        let keys = ids.iter().flat_map(|id| [Key::Tree(*id), Key::Customer(*id)]).collect();
        let decide = move |view: &View, _: &mut Context<'_>| {
            let mut writes = Writes { statements: far.keep().to_vec(), ..Writes::default() };
            for id in &ids {
                // Of an order in the archive nothing is found by telephone; it comes back in the new form.
                let (Some(tree), Some(sealed)) = (view.tree(*id)?, view.customer(*id)?) else {
                    continue;
                };
                let Ok(customer) = vault.open_sealed(sealed) else { continue };
                writes.phones_gone.extend(telephones(tree, &vault.phones_gone(&customer)));
                let found_by = telephones(tree, &vault.phones(&customer));
                if vault.search_lost() {
                    writes.statements.push(only_found_by(*id, &found_by));
                }
                writes.phones.extend(found_by);
            }
            Ok((Some(writes), ()))
        };
        self.inner.lane.run(Priority::Bulk, keys, decide).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Vault;
    use crate::{Clock, Orders, Principal, Settings};
    use serde_json::json;

    async fn found(app: &App, phone: &str) -> Vec<Id> {
        let asked = Orders { phone: Some(phone.to_owned()), limit: 9, ..Orders::default() };
        let listed = app.orders(&Principal::local(), &asked).await.unwrap();
        listed.orders.iter().map(|(tree, _)| tree.id()).collect()
    }

    async fn placed(app: &App, phone: &str) -> Id {
        let order = json!({
            "buyer_id": "b1", "currency": "CNY", "actor": {"kind": "buyer"}, "shops": [{
                "shop_id": "11", "ship_to": {"name": "A", "phone": phone},
                "items": [{"sku_id": "a", "quantity": "1", "list_price": 1000}]
            }]
        });
        let markets = &app.settings().markets;
        let read = docket_wire::placement::read(order.to_string().as_bytes(), markets).unwrap();
        app.place(&Principal::local(), read, None).await.unwrap().tree.id()
    }

    /// Stores the telephone of an order as the release before did.
    async fn made_old(app: &App, id: Id) {
        let vault = app.inner.vault();
        let keys = vec![Key::Tree(id), Key::Customer(id)];
        let work = move |view: &View, _: &mut Context<'_>| {
            let (tree, sealed) = (view.tree(id)?.unwrap(), view.customer(id)?.unwrap());
            let customer = vault.open_sealed(sealed).unwrap();
            let all = vault.phones_gone(&customer);
            let writes = Writes {
                phones: telephones(tree, &all[all.len() - 1..]),
                phones_gone: telephones(tree, &all),
                ..Writes::default()
            };
            Ok((Some(writes), ()))
        };
        app.inner.lane.run(Priority::Bulk, keys, work).await.unwrap();
    }

    #[tokio::test]
    async fn telephones_of_the_release_before_are_made_new_in_steps_and_found_meanwhile_as_before()
    {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("docket.db").display());
        let app = App::open(Settings::new(&url), Vault::throw_away(), Clock::System).await.unwrap();
        let (cell, asked) = ("010-88886666转801", "+86 10 8888 6666");
        let mut old = Vec::new();
        for _ in 0..=STEP {
            let id = placed(&app, cell).await;
            made_old(&app, id).await;
            old.push(id);
        }
        let mobile = placed(&app, "13800007777").await;
        assert_eq!(found(&app, asked).await, []);
        assert_eq!(found(&app, cell).await.len(), 9);
        let left =
            |url: String| async move { docket_store::telephones_left(&url).await.unwrap().waiting };
        assert_eq!(left(url.clone()).await, STEP as u64 + 2);
        assert_eq!(app.renew_telephones().await.unwrap(), Renewed::UpTo(old[STEP - 1]));
        assert_eq!(left(url.clone()).await, 2);
        // Broken off and begun again: what is done is not done again, and nothing is left out.
        while app.renew_telephones().await.unwrap() != Renewed::All {}
        assert_eq!(left(url).await, 0);
        assert_eq!(found(&app, asked).await.len(), 9);
        assert_eq!(found(&app, "13800007777").await, [mobile]);
        // The rows of before lead to nobody any more.
        let buyer = docket_wire::Contact { name: None, phone: Some(cell.to_owned()) };
        let customer = docket_wire::Person { buyer, ship_to: Vec::new() };
        let former = app.inner.vault().phones_gone(&customer).pop();
        let phones = Vec::from_iter(former);
        let filter = docket_store::Filter { phones, limit: 9, ..Default::default() };
        assert_eq!(app.store().list(&filter).await.unwrap().ids, []);
        app.stop().await;
    }
}
