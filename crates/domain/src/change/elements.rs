//! Lists of facts in the images of the log: by element, so that a row costs what changed and not what the order
//! has seen before.
//!
//! In the place of the list stands `{element: what changed}`: an element is known by its own number where it has
//! one, else by its place, counted from 0. One that is new is null before, one that is gone is null after, and
//! otherwise stands whole; of one that changed the fields that differ stand, null where one was not there, and
//! lists inside it the same way. A list whose elements did not keep their order stands whole. So does every list
//! of a row that was written before there were elements, and both are read.

use crate::Json;
use std::cmp::Ordering;
use std::collections::BTreeSet;

type Fields = serde_json::Map<String, Json>;

/// By what the elements of a list are known.
#[derive(Clone, Copy)]
enum Known {
    /// By this field of theirs.
    By(&'static str),
    /// By their place in the list.
    Place,
}

/// Every list of an order's nodes and of the facts in them, by the name of its field.
const LISTS: &[(&str, Known)] = &[
    ("payments", Known::By("payment_id")),
    ("attempts", Known::By("attempt_id")),
    ("refunds_due", Known::By("refund_id")),
    ("refunds", Known::By("refund_id")),
    ("shipments", Known::By("shipment_id")),
    ("answer_by", Known::By("refund_id")),
    ("again", Known::Place),
    ("anomalies", Known::Place),
    ("coupons", Known::Place),
    ("delivery", Known::Place),
    ("failed_on", Known::Place),
    ("former", Known::Place),
    ("lines", Known::Place),
    ("parts", Known::Place),
    ("rates", Known::Place),
    ("restocked", Known::Place),
    ("returned", Known::Place),
    ("tags", Known::Place),
    ("turns", Known::Place),
];

/// Who said something stands beside what they said: words are forgotten by who wrote them.
const SAID_BY: (&str, &str) = ("reason", "by");

fn known(field: &str) -> Option<Known> {
    LISTS.iter().find(|(name, _)| *name == field).map(|(_, known)| *known)
}

/// The images of a field that changed from `was` to `is`: of lists the elements that differ, else both as they are.
pub(super) fn images(field: &str, was: Json, is: Json) -> (Json, Json) {
    let by_element = match (known(field), elements(&was), elements(&is)) {
        (Some(known), Some(old), Some(new)) => differing(known, old, new),
        _ => None,
    };
    by_element.map_or((was, is), |(before, after)| (before.into(), after.into()))
}

/// The field as `image` has it, on top of what stands there `now`. `other` is the image of the other side: what is
/// null there stands whole in this one.
///
/// # Errors
/// In words, where the image names an element that it cannot be laid on.
pub(super) fn laid(
    field: &str,
    now: Option<&Json>,
    image: &Json,
    other: Option<&Json>,
) -> Result<Json, String> {
    let (Some(known), Json::Object(image)) = (known(field), image) else {
        return Ok(image.clone());
    };
    let now = now.map_or(Some(&[][..]), elements);
    let mut list = now.ok_or_else(|| format!("`{field}` is no list"))?.to_vec();
    let mut named = image
        .iter()
        .map(|(element, part)| number_of(element).map(|number| (number, element, part)))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| format!("`{field}` has elements without a number"))?;
    // What comes back to the end stands there in the order of its numbers.
    named.sort_unstable_by_key(|(number, ..)| *number);
    let (mut gone, mut back) = (BTreeSet::new(), Vec::new());
    for (number, element, part) in named {
        let at = match known {
            Known::By(name) => list.iter().position(|fact| is_numbered(fact, name, element)),
            Known::Place => usize::try_from(number).ok().filter(|at| *at < list.len()),
        };
        let other = other.and_then(|other| other.get(element));
        match (at, part) {
            (Some(at), Json::Null) => {
                gone.insert(at);
            }
            (Some(at), part) => list[at] = element_laid(&list[at], part, other)?,
            (None, Json::Null) => {}
            (None, part) if other.is_some_and(Json::is_null) => back.push(part.clone()),
            (None, _) => return Err(format!("`{field}` has no element {element}")),
        }
    }
    let mut at = 0..;
    list.retain(|_| at.next().is_none_or(|at| !gone.contains(&at)));
    list.append(&mut back);
    Ok(list.into())
}

/// One element as `part` has it: whole where it is new or gone on the other side, else by the fields that differ.
fn element_laid(now: &Json, part: &Json, other: Option<&Json>) -> Result<Json, String> {
    let whole = other.is_some_and(Json::is_null);
    let (false, Json::Object(now), Json::Object(part)) = (whole, now, part) else {
        return Ok(part.clone());
    };
    let mut fields = now.clone();
    for (name, value) in part {
        if value.is_null() {
            fields.remove(name);
            continue;
        }
        let other = other.and_then(|other| other.get(name));
        fields.insert(name.clone(), laid(name, now.get(name), value, other)?);
    }
    Ok(fields.into())
}

/// The elements that differ, before and after; nothing where they did not keep their order.
fn differing(known: Known, old: &[Json], new: &[Json]) -> Option<(Fields, Fields)> {
    let (old, new) = (numbered(known, old)?, numbered(known, new)?);
    let kept = old.iter().zip(&new).take_while(|((was, _), (is, _))| was == is).count();
    let (gone, came) = (&old[kept..], &new[kept..]);
    let still_there = gone.iter().any(|(was, _)| came.iter().any(|(is, _)| was == is));
    if still_there || !is_ascending(gone) || !is_ascending(came) {
        return None;
    }
    let (mut before, mut after) = (Fields::new(), Fields::new());
    for ((number, was), (_, is)) in old.iter().zip(&new).take(kept) {
        if was != is {
            let (was, is) = match (was, is) {
                (Json::Object(was), Json::Object(is)) => fields_differing(was, is),
                _ => ((*was).clone(), (*is).clone()),
            };
            before.insert(number.to_string(), was);
            after.insert(number.to_string(), is);
        }
    }
    for (number, was) in gone {
        before.insert(number.to_string(), (*was).clone());
        after.insert(number.to_string(), Json::Null);
    }
    for (number, is) in came {
        before.insert(number.to_string(), Json::Null);
        after.insert(number.to_string(), (*is).clone());
    }
    Some((before, after))
}

/// The fields in which two states of one element differ.
fn fields_differing(old: &Fields, new: &Fields) -> (Json, Json) {
    let value = |fields: &Fields, name: &str| fields.get(name).cloned().unwrap_or(Json::Null);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let (mut before, mut after) = (Fields::new(), Fields::new());
    for name in names.into_iter().filter(|name| old.get(*name) != new.get(*name)) {
        let (was, is) = images(name, value(old, name), value(new, name));
        before.insert(name.clone(), was);
        after.insert(name.clone(), is);
    }
    let (said, by) = SAID_BY;
    if before.contains_key(said) {
        before.insert(by.to_owned(), value(old, by));
        after.insert(by.to_owned(), value(new, by));
    }
    (before.into(), after.into())
}

/// The elements with the numbers they are known by; nothing where one has none, or two have the same.
fn numbered(known: Known, list: &[Json]) -> Option<Vec<(i64, &Json)>> {
    let numbered = list.iter().zip(0..).map(|(fact, place)| match known {
        Known::By(name) => Some((number_of(fact.get(name)?.as_str()?)?, fact)),
        Known::Place => Some((place, fact)),
    });
    let numbered: Vec<_> = numbered.collect::<Option<_>>()?;
    let different: BTreeSet<i64> = numbered.iter().map(|(number, _)| *number).collect();
    (different.len() == numbered.len()).then_some(numbered)
}

fn is_ascending(elements: &[(i64, &Json)]) -> bool {
    elements.windows(2).all(|pair| pair[0].0.cmp(&pair[1].0) == Ordering::Less)
}

/// The number of an element as its name in an image has it; only the one way to write it counts.
fn number_of(element: &str) -> Option<i64> {
    element.parse().ok().filter(|number: &i64| number.to_string() == element)
}

fn is_numbered(fact: &Json, name: &str, number: &str) -> bool {
    fact.get(name).and_then(Json::as_str) == Some(number)
}

/// A list; one that is left out of its JSON is empty.
fn elements(value: &Json) -> Option<&[Json]> {
    match value {
        Json::Array(elements) => Some(elements),
        Json::Null => Some(&[]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Both images of a change, after it was seen that they lead there and back.
    fn there_and_back(field: &str, was: &Json, is: &Json) -> (Json, Json) {
        let (before, after) = images(field, was.clone(), is.clone());
        assert_eq!(laid(field, Some(is), &before, Some(&after)).as_ref(), Ok(was));
        assert_eq!(laid(field, Some(was), &after, Some(&before)).as_ref(), Ok(is));
        assert_eq!(laid(field, Some(is), &after, Some(&before)).as_ref(), Ok(is), "it fits");
        (before, after)
    }

    #[test]
    fn of_a_list_of_facts_stands_what_changed_by_the_number_of_its_element() {
        let was = json!([{"refund_id": "7", "status": "applied", "answer_by": 9}]);
        let is =
            json!([{"refund_id": "7", "status": "withdrawn"}, {"refund_id": "8", "amount": 5}]);
        let (before, after) = there_and_back("refunds", &was, &is);
        assert_eq!(before, json!({"7": {"status": "applied", "answer_by": 9}, "8": null}));
        let new = json!({"refund_id": "8", "amount": 5});
        assert_eq!(after, json!({"7": {"status": "withdrawn", "answer_by": null}, "8": new}));
    }

    #[test]
    fn lists_inside_of_a_fact_stand_by_element_too() {
        let part = |status: &str| json!({"payment_id": "1", "status": status});
        let was = json!([{"refund_id": "7", "parts": [part("refunding"), part("refunding")]}]);
        let is = json!([{"refund_id": "7", "former": [part("failed")],
            "parts": [part("refunding"), part("refunded")]}]);
        let (before, after) = images("refunds", was, is);
        assert_eq!(
            before,
            json!({"7": {"former": {"0": null}, "parts": {"1": {"status": "refunding"}}}})
        );
        assert_eq!(after["7"]["parts"], json!({"1": {"status": "refunded"}}));
        assert_eq!(after["7"]["former"], json!({"0": part("failed")}));
    }

    #[test]
    fn elements_without_a_number_stand_by_their_place() {
        let words: Vec<String> = (0..12).map(|n| format!("tag-{n}")).collect();
        let (before, after) = there_and_back("tags", &json!(words[..9]), &json!(words));
        assert_eq!(before, json!({"9": null, "10": null, "11": null}));
        assert_eq!(after, json!({"9": "tag-9", "10": "tag-10", "11": "tag-11"}));
        there_and_back("tags", &json!(["a", "b", "c"]), &json!(["b", "c"]));
    }

    #[test]
    fn a_list_whose_elements_did_not_keep_their_order_stands_whole() {
        let fact = |number: &str| json!({"payment_id": number});
        let one_way = json!([fact("1"), fact("2")]);
        for other in [
            json!([fact("2"), fact("1")]),
            json!([fact("3"), fact("1"), fact("2")]),
            json!([fact("2")]),
            json!([fact("1"), fact("2"), fact("9"), fact("8")]),
            json!([fact("1"), fact("1")]),
            json!([{"amount": 5}]),
        ] {
            let (before, after) = there_and_back("payments", &one_way, &other);
            assert_eq!((before, after), (one_way.clone(), other));
        }
    }

    #[test]
    fn who_said_something_stands_beside_it() {
        let was = json!([{"refund_id": "7", "by": "buyer"}]);
        let is = json!([{"refund_id": "7", "by": "buyer", "reason": "broken"}]);
        let (before, after) = there_and_back("refunds", &was, &is);
        assert_eq!(before, json!({"7": {"by": "buyer", "reason": null}}));
        assert_eq!(after, json!({"7": {"by": "buyer", "reason": "broken"}}));
    }

    #[test]
    fn what_is_no_list_of_facts_stands_as_it_is() {
        let (was, is) = (json!(["spring"]), json!({"0": "autumn"}));
        assert_eq!(there_and_back("promotions", &was, &is), (was, is));
    }

    #[test]
    fn an_image_that_names_what_is_not_there_does_not_fit() {
        let now = json!([{"refund_id": "7"}]);
        let changed = json!({"8": {"status": "applied"}});
        assert!(laid("refunds", Some(&now), &changed, Some(&changed)).is_err());
        assert!(laid("refunds", Some(&now), &json!({"x": null}), None).is_err());
        assert!(laid("refunds", Some(&json!(5)), &changed, None).is_err());
    }
}
