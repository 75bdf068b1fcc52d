//! Which filter of a list leads: the one whose index narrows most gives the candidates, newest first; the
//! rest are tested on them.

use super::{Filter, Sort};
use crate::value::Value;
use docket_domain::words::{DeliveryStatus, RefundAxis, Status, StoreStatus};

/// The one filter whose index gives the candidates of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lead<'a> {
    /// A rare term.
    Term(String),
    /// A telephone, in every way in which it may be kept: its last four digits, and the whole of it.
    Phone(&'a [(i64, i64)]),
    /// The last four digits of a telephone.
    Last4(i64),
    Sku(&'a str),
    Buyer(&'a str),
    Shop(&'a str),
    /// The few shops that the caller may see.
    OnlyShops(&'a [String]),
    Status(Status),
    StoreStatus(StoreStatus),
    /// Nothing narrows: all orders in the order of the page.
    All,
}

/// Shops beyond which a caller's shops are tested order by order rather than looked up each.
const SHOPS_LOOKED_UP: usize = 4;

/// Where candidates come from: a table with a time, a tree and an index over both.
#[derive(Debug)]
pub struct Driver {
    pub table: &'static str,
    pub time: &'static str,
    pub tree: &'static str,
    /// One condition with its values for each branch of a union.
    pub branches: Vec<(&'static str, Vec<Value>)>,
}

impl Lead<'_> {
    /// Where it finds its candidates.
    pub fn driver(&self, sort: Sort) -> Driver {
        let time = match sort {
            Sort::Created => "created_at",
            Sort::Updated => "updated_at",
        };
        let payment = |condition, values| Driver {
            table: "payment_order",
            time,
            tree: "id",
            branches: vec![(condition, values)],
        };
        let of_tree = |table, branches| Driver { table, time, tree: "tree", branches };
        // The index of shop orders leads with their status, so each is asked for in turn.
        let shop = |id: &str| {
            let id = Value::from(id);
            let branch = |status: &Status| {
                ("shop_id = ? AND status = ?", vec![id.clone(), status.code().into()])
            };
            Status::ALL.iter().map(branch).collect::<Vec<_>>()
        };
        match self {
            Self::Term(term) => of_tree("order_term", vec![("term = ?", vec![term.into()])]),
            Self::Phone(ways) => {
                let way = |(last4, phone): &(i64, i64)| {
                    ("last4 = ? AND phone = ?", vec![Value::Int(*last4), Value::Int(*phone)])
                };
                of_tree(by_phone(sort), ways.iter().map(way).collect())
            }
            Self::Last4(last4) => {
                of_tree(by_phone(sort), vec![("last4 = ?", vec![Value::Int(*last4)])])
            }
            Self::Sku(sku) => of_tree("item_order", vec![("sku_id = ?", vec![(*sku).into()])]),
            Self::Buyer(buyer) => payment("buyer_id = ?", vec![(*buyer).into()]),
            Self::Shop(id) => of_tree("shop_order", shop(id)),
            Self::OnlyShops(ids) => {
                of_tree("shop_order", ids.iter().flat_map(|id| shop(id)).collect())
            }
            Self::Status(status) => payment("status = ?", vec![status.code().into()]),
            Self::StoreStatus(status) => payment("store_status = ?", vec![status.code().into()]),
            Self::All => payment("1 = 1", vec![]),
        }
    }
}

/// Where telephones are. Trees of one telephone are few.
const fn by_phone(sort: Sort) -> &'static str {
    match sort {
        Sort::Created => "order_phone",
        Sort::Updated => "order_phone JOIN payment_order ON id = tree",
    }
}

impl Filter {
    /// The rare terms that the filter names, as they are stored, the one that narrows most first.
    pub(super) fn terms(&self) -> impl Iterator<Item = String> {
        let refund = self.refund.filter(|refund| *refund != RefundAxis::None);
        let named = [
            ("external", self.external_id.as_deref()),
            ("token", self.client_token.as_deref()),
            ("tracking", self.tracking.as_deref()),
            ("anomaly", self.anomaly.as_deref()),
            ("tag", self.tag.as_deref()),
            ("refund", refund.map(RefundAxis::word)),
            ("delivery", self.delivery.map(DeliveryStatus::word)),
            ("branch", self.branch.as_deref()),
            ("place", self.place.as_deref().filter(|place| *place != "main")),
            ("channel", self.channel.as_deref()),
        ];
        named.into_iter().filter_map(|(kind, word)| Some(format!("{kind}:{}", word?)))
    }

    /// The filter that leads.
    pub(super) fn lead(&self) -> Lead<'_> {
        if !self.phones.is_empty() {
            return Lead::Phone(&self.phones);
        }
        if let Some(last4) = self.phone_last4 {
            return Lead::Last4(last4);
        }
        if self.sort == Sort::Updated {
            // The other tables know when an order was placed, not when it changed.
            return self.buyer.as_deref().map_or(Lead::All, Lead::Buyer);
        }
        if let Some(term) = self.terms().next() {
            return Lead::Term(term);
        }
        if let Some(sku) = &self.sku {
            return Lead::Sku(sku);
        }
        if let Some(buyer) = &self.buyer {
            return Lead::Buyer(buyer);
        }
        if let Some(shop) = &self.shop {
            return Lead::Shop(shop);
        }
        if let Some(shops) = self.only_shops.as_ref().filter(|shops| shops.len() <= SHOPS_LOOKED_UP)
        {
            return Lead::OnlyShops(shops);
        }
        match (self.status, self.store_status) {
            (Some(status), _) => Lead::Status(status),
            (None, Some(status)) => Lead::StoreStatus(status),
            (None, None) => Lead::All,
        }
    }
}
