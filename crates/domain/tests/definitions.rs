//! The definitions of all operations, walked: nothing of one is missing, and what one part says another does not
//! contradict.

use docket_domain::event;
use docket_domain::operation::{
    Asked, Event, Field, FieldKind, Given, Need, Operation, OperationKind, Sentence, Target,
    TaxAsked, Value,
};
use docket_domain::tree::FreightAsked;
use docket_domain::{ActorKind, Id, Time};
use std::collections::BTreeSet;

const REFUND: Id = Id(7);

/// A value of the kind of `field`; none where it stands beside the operation.
fn value(field: &Field) -> Option<Value> {
    Some(match field.kind {
        FieldKind::Identifier | FieldKind::Title | FieldKind::Words => Value::Text("a".to_owned()),
        FieldKind::Amount => Value::Amount(1),
        FieldKind::Id => Value::Id(REFUND),
        FieldKind::Time => Value::Time(Time(1)),
        FieldKind::Version => Value::Version(1),
        FieldKind::Whole(least, _) => Value::Whole(least),
        FieldKind::YesNo => Value::YesNo(true),
        FieldKind::Freight => Value::Freight(FreightAsked::All),
        FieldKind::Lines(_) => Value::Lines(vec![Asked { order_id: Id(1), quantity: None }]),
        FieldKind::Taxes => Value::Taxes(vec![TaxAsked { order_id: Id(1), tax: 1 }]),
        FieldKind::Labels => Value::Labels(vec!["a".to_owned()]),
        FieldKind::Remark | FieldKind::ShipTo => return None,
    })
}

/// What is made of the fields of `kind` that `given` chooses, and whether all of them were taken.
fn read(kind: OperationKind, given: impl Fn(&Field) -> bool) -> (Option<Operation>, bool) {
    let mut values = Given::default();
    for field in kind.definition().fields.iter().filter(|field| given(field)) {
        if let Some(value) = value(field) {
            values.put(field, value);
        }
    }
    ((kind.definition().read)(&mut values), values.is_empty())
}

#[test]
fn an_operation_is_made_of_its_fields_and_of_nothing_else() {
    for kind in OperationKind::ASKED_FOR {
        let (operation, all) = read(*kind, |_| true);
        assert_eq!(operation.map(|made| made.kind()), Some(*kind));
        assert!(all, "{kind} has a field that it does not take");
        for field in kind.definition().fields {
            let needed = field.need == Need::Required && value(field).is_some();
            let (less, _) = read(*kind, |other| other.name != field.name);
            assert_eq!(less.is_none(), needed, "{kind} without {}", field.name);
        }
    }
    for kind in OperationKind::ALL.iter().filter(|kind| !OperationKind::ASKED_FOR.contains(kind)) {
        assert_eq!(read(*kind, |_| true).0, None, "{kind} is not asked for");
        assert!(kind.definition().fields.is_empty(), "{kind}");
    }
}

#[test]
fn the_fields_of_an_operation_are_called_apart_and_described() {
    for kind in OperationKind::ALL {
        let definition = kind.definition();
        let names: BTreeSet<_> = definition.fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), definition.fields.len(), "{kind} has a field twice");
        for field in definition.fields {
            assert!(!field.meaning.is_empty(), "{kind}.{}", field.name);
            let example: Result<serde_json::Value, _> = serde_json::from_str(field.example);
            assert!(example.is_ok(), "{kind}.{}: {}", field.name, field.example);
        }
        if let Some(one_of) = definition.at_least_one {
            assert!(one_of.fields.iter().all(|name| names.contains(name)), "{kind}");
        }
    }
}

#[test]
fn somebody_may_ask_for_every_operation_and_a_timer_at_one_site() {
    for kind in OperationKind::ALL {
        let definition = kind.definition();
        assert!(!definition.who.is_empty() && !definition.scopes.is_empty(), "{kind}");
        let by_timer = definition.who.contains(&ActorKind::Timer);
        assert_eq!(definition.timer_site.is_some(), by_timer, "{kind}");
    }
}

#[test]
fn an_operation_that_names_a_refund_acts_where_it_is() {
    for kind in OperationKind::ASKED_FOR {
        let definition = kind.definition();
        let names_one = definition.fields.iter().any(|field| field.name == "refund_id");
        let operation = read(*kind, |_| true).0.expect("it is made");
        let named = match definition.target {
            Target::Refund(refund) | Target::RefundOrDue(refund) => refund(&operation),
            Target::At(_) | Target::Any => None,
        };
        assert_eq!(named, names_one.then_some(REFUND), "{kind}");
    }
}

#[test]
fn every_operation_is_told_by_a_word_and_by_a_sentence_in_both_languages() {
    let speaks = |(en, zh): Sentence| {
        !en.is_empty()
            && en.is_ascii()
            && zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    };
    for kind in OperationKind::ALL {
        let definition = kind.definition();
        assert!(speaks(definition.sentence), "{kind}");
        assert!(definition.unusual.is_none_or(|unusual| speaks(unusual.sentence)), "{kind}");
        let words = definition.event.words();
        assert!(!words.is_empty() && words.iter().all(|word| word.starts_with("order.")), "{kind}");
        assert!(words.len() > 1 || matches!(definition.event, Event::Is(_)), "{kind}");
    }
    let words = event::words();
    assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
    assert_eq!(words.len(), 42);
}
