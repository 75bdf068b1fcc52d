//! What releases before wrote, in the shape of today. When a request is answered by the timer stood in the refund, and
//! stands beside it: it is a deadline, and a copy has none.

use super::LogEntry;
use crate::Json;
use serde_json::{Map, json};

type Fields = Map<String, Json>;

const ANSWER_BY: &str = "answer_by";
const REFUNDS: &str = "refunds";
const REFUND_ID: &str = "refund_id";

/// What a text has in it that may be of a release before; others need no second look.
pub const MAY_BE_OLDER: &str = "\"answer_by\":";

/// The JSON of a shop order as today's.
pub fn shop(node: &mut Json) {
    let Json::Object(fields) = node else { return };
    let Some(Json::Array(refunds)) = fields.get_mut(REFUNDS) else { return };
    let answers = taken_out_of_list(refunds);
    if !answers.is_empty() {
        fields.insert(ANSWER_BY.to_owned(), answers.into());
    }
}

/// A row of the log as today's.
pub fn entry(entry: &mut LogEntry) {
    let (Json::Object(before), Json::Object(after)) = (&mut entry.before, &mut entry.after) else {
        return;
    };
    let nodes: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    for node in nodes {
        let (was, is) = (before.get_mut(&node), after.get_mut(&node));
        match (was, is) {
            // A node that came or went stands whole.
            (Some(whole), None | Some(Json::Null)) | (None | Some(Json::Null), Some(whole)) => {
                shop(whole);
            }
            (Some(Json::Object(was)), Some(Json::Object(is))) => images(was, is),
            _ => {}
        }
    }
}

/// Both images of one node.
fn images(before: &mut Fields, after: &mut Fields) {
    match (before.get_mut(REFUNDS), after.get_mut(REFUNDS)) {
        (Some(Json::Array(was)), Some(Json::Array(is))) => {
            let [was, is] = [was, is].map(|refunds| taken_out_of_list(refunds));
            if was != is {
                before.insert(ANSWER_BY.to_owned(), was.into());
                after.insert(ANSWER_BY.to_owned(), is.into());
            }
        }
        (Some(Json::Object(was)), Some(Json::Object(is))) => {
            let [mut was, mut is] = [was, is].map(taken_out_of_elements);
            let numbers: Vec<String> = was.keys().chain(is.keys()).cloned().collect();
            for number in numbers {
                was.entry(number.clone()).or_insert(Json::Null);
                is.entry(number).or_insert(Json::Null);
            }
            if !was.is_empty() {
                before.insert(ANSWER_BY.to_owned(), was.into());
                after.insert(ANSWER_BY.to_owned(), is.into());
            }
        }
        _ => {}
    }
}

fn taken_out_of_list(refunds: &mut [Json]) -> Vec<Json> {
    let taken = refunds.iter_mut().filter_map(|refund| {
        let fields = refund.as_object_mut()?;
        let at = fields.remove(ANSWER_BY).filter(|at| !at.is_null())?;
        Some(json!({ REFUND_ID: fields.get(REFUND_ID)?, "at": at }))
    });
    taken.collect()
}

/// The same of refunds by their numbers, of which the fields that changed stand, or all.
fn taken_out_of_elements(refunds: &mut Fields) -> Fields {
    let taken = refunds.iter_mut().filter_map(|(number, refund)| {
        let at = refund.as_object_mut()?.remove(ANSWER_BY)?;
        let answer = if at.is_null() { Json::Null } else { json!({ REFUND_ID: number, "at": at }) };
        Some((number.clone(), answer))
    });
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_in_refunds_stands_beside_them_in_both_shapes_of_images() {
        let (mut before, mut after) = (
            json!({"refunds": {"7": {"status": "applied", "answer_by": 9}, "8": null}}),
            json!({"refunds": {"7": {"status": "withdrawn", "answer_by": null},
                               "8": {"refund_id": "8", "answer_by": 20}}}),
        );
        images(before.as_object_mut().unwrap(), after.as_object_mut().unwrap());
        let seven = json!({"refund_id": "7", "at": 9});
        let eight = json!({"refund_id": "8", "at": 20});
        assert_eq!(before["answer_by"], json!({"7": seven, "8": null}));
        assert_eq!(after["answer_by"], json!({"7": null, "8": eight}));
        assert_eq!(after["refunds"]["8"], json!({"refund_id": "8"}));
        let (mut before, mut after) = (
            json!({"refunds": [{"refund_id": "7", "answer_by": 9}]}),
            json!({"refunds": [{"refund_id": "7"}, {"refund_id": "8", "answer_by": 20}]}),
        );
        images(before.as_object_mut().unwrap(), after.as_object_mut().unwrap());
        assert_eq!((&before["answer_by"], &after["answer_by"]), (&json!([seven]), &json!([eight])));
        let mut node = json!({"refunds": [{"refund_id": "7", "answer_by": 9}]});
        shop(&mut node);
        assert_eq!(node, json!({"refunds": [{"refund_id": "7"}], "answer_by": [seven]}));
    }
}
