//! Stored numbers in place of words, in trees that a server rendered: it speaks words only. A center of this
//! process renders numbers by itself; both give the same.

use docket_domain::Json;
use docket_domain::words::{CancelKind, Level, OrderType, Platform, Status, StoreStatus, Visible};
use docket_wire::Markets;

/// Replaces the words of a rendered tree by their numbers.
pub fn of_words(tree: &mut Json) {
    let markets = Markets::default();
    replace(tree, "type", |word| OrderType::from_word(word).map(OrderType::code));
    replace(tree, "platform", |word| Platform::from_word(word).map(Platform::code));
    replace(tree, "visible", |word| Visible::from_word(word).map(Visible::code));
    // A market that only the server knows keeps its word, which an import takes as well.
    replace(tree, "market", |word| markets.number(word).map(i64::from));
    of_node(tree);
    for shop in list(tree, "shops") {
        of_node(shop);
        replace(shop, "cancel_kind", |word| CancelKind::from_word(word).map(CancelKind::code));
        list(shop, "items").iter_mut().for_each(of_node);
    }
}

/// What stands on every level.
fn of_node(node: &mut Json) {
    replace(node, "level", |word| Level::from_word(word).map(Level::code));
    replace(node, "status", |word| Status::from_word(word).map(Status::code));
    replace(node, "store_status", |word| StoreStatus::from_word(word).map(StoreStatus::code));
}

fn list<'a>(node: &'a mut Json, name: &str) -> &'a mut [Json] {
    node.get_mut(name).and_then(Json::as_array_mut).map_or(&mut [], Vec::as_mut_slice)
}

fn replace(node: &mut Json, name: &str, code: impl Fn(&str) -> Option<i64>) {
    let Some(value) = node.get_mut(name) else { return };
    if let Some(code) = value.as_str().and_then(code) {
        *value = Json::from(code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_of_all_levels_become_numbers_and_nothing_else_does() {
        let mut tree = json!({
            "level": "payment", "type": "takeaway", "market": "zebra", "platform": "h5", "visible": "yes",
            "status": "closed", "payment_status": "paid", "attempts": [{"status": "open"}],
            "shops": [{"level": "shop", "status": "closed", "cancel_kind": "store_refund",
                       "refunds": [{"status": "refunded"}], "items": [{"level": "item", "status": "paid"}]}],
        });
        of_words(&mut tree);
        let number = |path: &str| tree.pointer(path).and_then(Json::as_i64);
        let paths = ["/level", "/type", "/market", "/platform", "/visible", "/status"];
        let takeaway = OrderType::Takeaway.code();
        assert_eq!(paths.map(number), [1, takeaway, 1, 3, 0, 5].map(Some));
        assert_eq!(number("/shops/0/cancel_kind"), Some(CancelKind::StoreRefund.code()));
        assert_eq!(
            [number("/shops/0/status"), number("/shops/0/items/0/status")],
            [Some(5), Some(2)]
        );
        assert_eq!(tree["payment_status"], "paid");
        assert_eq!(tree["attempts"][0]["status"], "open");
        assert_eq!(tree["shops"][0]["refunds"][0]["status"], "refunded");
    }
}
