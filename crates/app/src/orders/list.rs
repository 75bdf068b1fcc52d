//! Reading orders: one by any of its numbers, lists by filters, customers' data masked or on record in full.

use crate::access::sight;
use crate::access::{Principal, Scope};
use crate::vault::CustomerData;
use crate::{Answer, App, Error};
use docket_domain::words::{DeliveryStatus, Level, OrderType, RefundAxis, Status, StoreStatus};
use docket_domain::{Gene, Id, Time, Tree};
use docket_store::{Cursor, Filter, Priority, RequestOutcome, Sealed, Sort, Whole, Writes};
use std::sync::Arc;

/// What is asked of a list, as words that were read.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)] // the names are those of the contract
pub struct Orders {
    /// Of which nodes `status` and `store_status` are: of the order where nothing is said.
    pub level: Option<Level>,
    pub id: Option<Id>,
    pub external_id: Option<String>,
    pub client_token: Option<String>,
    pub buyer: Option<String>,
    pub phone: Option<String>,
    pub phone_last4: Option<String>,
    pub shop: Option<String>,
    pub channel: Option<String>,
    pub branch: Option<String>,
    pub place: Option<String>,
    pub sku: Option<String>,
    pub tracking: Option<String>,
    pub status: Option<Status>,
    pub store_status: Option<StoreStatus>,
    pub delivery: Option<DeliveryStatus>,
    pub refund: Option<RefundAxis>,
    pub order_type: Option<OrderType>,
    pub tag: Option<String>,
    pub anomaly: Option<String>,
    pub duplicate: bool,
    pub created: (Option<Time>, Option<Time>),
    pub paid: (Option<Time>, Option<Time>),
    pub updated: (Option<Time>, Option<Time>),
    pub by_update: bool,
    pub limit: usize,
    pub cursor: Option<Cursor>,
}

/// One page.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The orders, newest first, each with its people.
    pub orders: Vec<(Tree, CustomerData)>,
    /// Where the next page goes on.
    pub next: Option<Cursor>,
}

impl App {
    /// The order that any of its numbers names.
    pub async fn order(&self, who: &Principal, id: Id) -> Result<Answer, Error> {
        who.needs(Scope::OrdersRead)?;
        let (mut tree, customer) = self.whole(who, id).await?;
        if !self.seat().is_home_of(&tree.payment.home) {
            // What is to be said of a copy stands beside it.
            let notes = self.store().copy_notes(tree.id()).await?;
            tree.payment.anomalies.extend(notes.into_iter().map(|note| note.anomaly));
        }
        Ok(Answer {
            tree: Arc::new(tree),
            customer,
            replayed: false,
            outcome: RequestOutcome::Changed,
        })
    }

    /// The same with customers' data in full; the reading is recorded first.
    pub async fn reveal(&self, who: &Principal, id: Id) -> Result<Answer, Error> {
        who.needs(Scope::PrivacyRead)?;
        let answer = self.order(who, id).await?;
        let (tree, reader) = (answer.tree.id(), format!("{}:{}", who.id, who.name));
        let record = move |_: &docket_store::View, cx: &mut docket_store::Context<'_>| {
            let number = cx.ids.next(cx.now, Gene(0));
            let statements = vec![Sealed::revealed(number, tree, &reader, cx.now)];
            Ok((Some(Writes { statements, ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Interactive, Vec::new(), record).await?;
        Ok(answer)
    }

    /// A tree the caller may see, and its people as far as they can be opened, both of one moment.
    pub(crate) async fn whole(
        &self,
        who: &Principal,
        id: Id,
    ) -> Result<(Tree, CustomerData), Error> {
        let Some(Whole { tree, customer }) = self.store().whole(id).await? else {
            // What left whole does not change; its people stay.
            let tree = self.tree(who, id).await?;
            let customer = self.customer_of(tree.id()).await?;
            return Ok((tree, customer));
        };
        if !who.sees(&tree) {
            return Err(Error::no_order(id));
        }
        let customer = self.customer(tree.id(), customer.as_ref());
        Ok((tree, customer))
    }

    /// A tree the caller may see.
    pub(crate) async fn tree(&self, who: &Principal, id: Id) -> Result<Tree, Error> {
        let mut tree = self.store().tree(id).await?;
        if tree.is_none()
            && let Some(root) = self.store().root_of(id).await?
        {
            tree = self.store().tree(root).await?;
        }
        if tree.is_none() {
            tree = self.archived_tree(id).await?;
        }
        tree.filter(|tree| who.sees(tree)).ok_or_else(|| Error::no_order(id))
    }

    /// The people of a tree, as far as they can be opened.
    pub(crate) async fn customer_of(&self, tree: Id) -> Result<CustomerData, Error> {
        let found = self.store().customers(&[tree]).await?;
        Ok(self.customer(tree, found.first().map(|(_, sealed)| sealed)))
    }

    /// One page of orders.
    pub async fn orders(&self, who: &Principal, asked: &Orders) -> Result<Listed, Error> {
        who.needs(Scope::OrdersRead)?;
        let mut listed = self.online(who, asked).await?;
        // By its numbers an order is found wherever it is.
        let by_number = asked.external_id.is_some() || asked.id.is_some();
        if by_number && asked.cursor.is_none() {
            listed.orders.extend(self.archived_by_number(who, asked).await?);
        }
        Ok(listed)
    }

    async fn online(&self, who: &Principal, asked: &Orders) -> Result<Listed, Error> {
        let Some(filter) = self.filter(who, asked).await? else {
            return Ok(Listed { orders: Vec::new(), next: None });
        };
        let page = self.store().list_whole(&filter).await?;
        let mut orders = Vec::with_capacity(page.orders.len());
        for Whole { tree, customer } in page.orders {
            let customer = self.customer(tree.id(), customer.as_ref());
            if sight::matches(who, &tree, customer.known(), asked) {
                orders.push((tree, customer));
            }
        }
        Ok(Listed { orders, next: page.next })
    }

    /// What the store is asked for; `None` where nothing can match.
    async fn filter(&self, who: &Principal, asked: &Orders) -> Result<Option<Filter>, Error> {
        let id = match asked.id {
            None => None,
            Some(id) => match self.store().root_of(id).await? {
                Some(root) => Some(root),
                None => return Ok(None),
            },
        };
        let last4 = asked.phone_last4.as_deref().map(|digits| self.inner.vault().last4(digits));
        let mut phones = Vec::new();
        if let Some(phone) = &asked.phone {
            phones = self.inner.vault().asked(phone);
            phones.retain(|(of_phone, _)| last4.is_none_or(|last4| last4 == *of_phone));
            if phones.is_empty() {
                return Ok(None);
            }
        }
        let only = |limit: &[String]| (!limit.is_empty()).then(|| limit.to_vec());
        let asked = asked.clone();
        let of_order = matches!(asked.level, None | Some(Level::Payment));
        let (status, store_status) = (asked.status, asked.store_status);
        let of_shop = status.filter(|_| asked.level == Some(Level::Shop));
        let of_item = status.filter(|_| asked.level == Some(Level::Item));
        Ok(Some(Filter {
            sort: if asked.by_update { Sort::Updated } else { Sort::Created },
            limit: asked.limit,
            cursor: asked.cursor,
            id,
            external_id: asked.external_id,
            client_token: asked.client_token,
            buyer: asked.buyer,
            phones,
            phone_last4: last4,
            shop: asked.shop,
            channel: asked.channel,
            branch: asked.branch,
            place: asked.place,
            sku: asked.sku,
            tracking: asked.tracking,
            status: status.filter(|_| of_order),
            store_status: store_status.filter(|_| of_order),
            item_status: of_item,
            shop_status: (of_shop, store_status.filter(|_| !of_order)),
            delivery: asked.delivery,
            refund: asked.refund,
            order_type: asked.order_type,
            tag: asked.tag,
            anomaly: asked.anomaly,
            duplicate: asked.duplicate,
            created: asked.created,
            paid: asked.paid,
            updated: asked.updated,
            only_shops: only(&who.shops),
            only_places: only(&who.places),
        }))
    }
}
