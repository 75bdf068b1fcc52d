//! What of a shop has arrived in a center, and waiting for it.

use super::{Center, Market};
use docket_testkit::within;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

impl Center {
    /// The numbers of a shop's orders, each once.
    pub fn numbers(&self, shop: &str) -> BTreeSet<String> {
        let orders = self.orders(shop);
        let number = |order: &Value| order["external_id"].as_str().expect("a number").to_owned();
        let numbers: BTreeSet<_> = orders.iter().map(number).collect();
        assert_eq!(numbers.len(), orders.len(), "none twice");
        numbers
    }

    /// The packages of a shop's orders, with the number of their order.
    pub fn packages(&self, shop: &str) -> BTreeSet<(String, String)> {
        let mut packages = BTreeSet::new();
        for order in self.orders(shop) {
            let number = order["external_id"].as_str().expect("a number");
            for shipment in order["shops"][0]["shipments"].as_array().expect("shipments") {
                // One that left and has no number yet is none to compare.
                if let Some(package) = shipment["package"].as_str() {
                    packages.insert((number.to_owned(), package.to_owned()));
                }
            }
        }
        packages
    }

    /// Gives a shop the token that it has now, as a new one.
    pub fn renew(&self, market: &Market, nth: usize, shop: &str) -> Value {
        let token = json!({"access_token": market.token(nth)});
        let (status, told) = self.put(&format!("/api/shops/{shop}"), &token);
        assert_eq!(status, 200, "{told:#}");
        told
    }

    /// Waits until no parcel is looked for any more that was not looked for before.
    pub fn has_all_parcels(&self, shop: &str) {
        let looked = within(Duration::from_mins(4), || self.all_looked_for(shop).then_some(()));
        assert!(looked.is_some(), "parcels are still looked for");
    }

    /// Waits until the amounts of every order are known, in a shop whose token allows it.
    pub fn has_all_amounts(&self, shop: &str) {
        let is_told = |order: &Value| order["shops"][0]["freight"].is_i64();
        let told =
            within(Duration::from_mins(4), || self.orders(shop).iter().all(is_told).then_some(()));
        assert!(told.is_some(), "amounts are still unknown");
    }

    fn all_looked_for(&self, shop: &str) -> bool {
        let path = format!("/api/sync/shops/{shop}/orders/enrich-tasks?status=pending&limit=200");
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{cursor}"));
            let tasks = page["tasks"].as_array().expect("tasks");
            if tasks.iter().any(|task| task["looks"] == 0) {
                return false;
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return true,
            }
        }
    }

    /// Every order of a shop, whole.
    pub fn orders(&self, shop: &str) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/api/orders?shop={shop}&limit=200&expand=tree{cursor}"));
            found.extend(page["orders"].as_array().expect("orders").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }
}
