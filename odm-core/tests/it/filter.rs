//! Filters: the server's codes, and printing.

use odm_core::bson::{Bson, Document, doc};
use odm_core::{ElemMatch, Filter, Predicate};

use crate::recorded;

#[test]
fn codes() {
    recorded::check(include_str!("data/filters.txt"), |doc| Filter::parse(doc).map(drop));
}

/// Every filter that parses prints to a document that parses to the same tree.
#[test]
fn recorded_filters_print_and_parse() {
    recorded::check(include_str!("data/filters.txt"), |doc| {
        let filter = Filter::parse(doc)?;
        let printed = filter.to_document();
        let again = Filter::parse(&printed)
            .unwrap_or_else(|error| panic!("{doc}\nprints as {printed}\n{error}"));
        assert_eq!(format!("{filter:?}"), format!("{again:?}"), "{doc} prints as {printed}");
        Ok(())
    });
}

#[track_caller]
fn check_print(given: Document, printed: Document) {
    let ours = Filter::parse(&given).unwrap().to_document();
    // Documents are equal in any order of fields; their text is not.
    assert_eq!(Bson::from(ours).to_string(), Bson::from(printed).to_string());
}

#[test]
fn prints_as_people_write() {
    let same = |doc: Document| check_print(doc.clone(), doc);
    same(doc! {});
    same(doc! { "a": 1, "b": { "$gt": 2 } });
    same(doc! { "a": { "$gt": 1, "$lt": 5 }, "b": null });
    same(doc! { "b": 1, "$or": [{ "a": 1 }, { "a": { "$exists": false } }] });
    same(doc! { "a": { "$elemMatch": { "b": 1, "c": { "$gt": 2, "$lt": 3 } } } });
    same(doc! { "a": { "$not": { "$gt": 1, "$lt": 5 } } });
    check_print(doc! { "a": { "$eq": 1 } }, doc! { "a": 1 });
    check_print(doc! { "a": { "$eq": { "$gt": 1 } } }, doc! { "a": { "$eq": { "$gt": 1 } } });
    check_print(doc! { "$and": [{ "a": 1 }, { "b": 1 }] }, doc! { "a": 1, "b": 1 });
    check_print(
        doc! { "$and": [{ "a": { "$gt": 1 } }, { "a": { "$gt": 2 } }] },
        doc! { "$and": [{ "a": { "$gt": 1 } }, { "a": { "$gt": 2 } }] },
    );
    check_print(
        doc! { "a": { "$options": "i", "$regex": "x", "$gt": "a" } },
        doc! { "a": { "$regex": "x", "$options": "i", "$gt": "a" } },
    );
}

/// A document names no operator twice, so that the second condition is negated twice.
#[test]
fn prints_two_conditions_of_one_kind_on_an_element() {
    let element = |parts| {
        Filter::Field("a".into(), Predicate::ElemMatch(ElemMatch::Value(parts))).to_document()
    };
    let (low, high) = (Predicate::Gt(1.into()), Predicate::Gt(2.into()));
    assert_eq!(
        Bson::from(element(vec![low.clone(), high.clone()])).to_string(),
        Bson::from(doc! { "a": { "$elemMatch": { "$gt": 1, "$not": { "$not": { "$gt": 2 } } } } })
            .to_string()
    );
    // Two negations cannot be said; what is printed is refused, never read as something else.
    let negations = element(vec![Predicate::Not(vec![low]), Predicate::Not(vec![high])]);
    assert_eq!(Filter::parse(&negations).unwrap_err().code(), Some(2), "{negations}");
}

/// An `$and` nests by two, its array and the document in it: the server takes 99 of them.
#[test]
fn refuses_deep_documents() {
    let nested =
        |times: usize| (0..times).fold(doc! { "a": 1 }, |inner, _| doc! { "$and": [inner] });
    assert!(Filter::parse(&nested(99)).is_ok());
    for times in [100, 5000] {
        assert_eq!(Filter::parse(&nested(times)).unwrap_err().code(), Some(15), "{times}");
    }
}

#[test]
fn operators_are_sorted_and_named_once() {
    let all: Vec<_> = Filter::operators().collect();
    assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
    assert!(Predicate::operators().all(|name| !all.contains(&name)));
}

/// Every keyword of `$jsonSchema` by kinds of operands, and pairs of mistakes.
#[test]
fn codes_of_schemas() {
    recorded::check(include_str!("data/json_schemas.txt"), |doc| Filter::parse(doc).map(drop));
}
