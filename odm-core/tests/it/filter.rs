//! Filters: the server's codes, and printing.

use odm_core::Filter;
use odm_core::bson::{Bson, Document, doc};

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
