use bson::doc;

use super::*;

fn check(filter: BsonDocument, document: &BsonDocument, expected: &str) {
    let explanation = filter.explain_match(document).unwrap();
    assert_eq!(explanation.to_string().trim_end(), expected.trim_end(), "{filter}");
}

fn refused<T: fmt::Debug>(result: Result<T>, code: i32) {
    assert_eq!(result.unwrap_err().code(), Some(code));
}

#[test]
fn failing_clauses_are_named_with_path_expectation_and_finding() {
    let ada = doc! {
        "_id": 1, "name": "Ada", "age": 17, "tags": ["a", "b"], "address": { "city": "Oslo" },
        "grades": [{ "score": 5, "on": null }, { "score": 12 }, 7],
    };
    check(doc! {}, &ada, "matches");
    check(doc! { "name": "Ada", "age": { "$gte": 17 } }, &ada, "matches");
    check(
        doc! { "name": "Bob", "age": { "$gte": 18, "$lt": 30 } },
        &ada,
        "does not match:\n  name: expected $eq \"Bob\", found string \"Ada\"\n  \
         age: expected $gte 18, found int 17",
    );
    check(
        doc! { "address.zip": { "$exists": true } },
        &ada,
        "does not match:\n  address.zip: expected $exists true, found nothing",
    );
    check(
        doc! { "tags": { "$size": 3 } },
        &ada,
        "does not match:\n  tags: expected $size 3, found array [\"a\", \"b\"]",
    );
    check(
        doc! { "$or": [{ "age": 18 }, { "name": "Bob" }] },
        &ada,
        "does not match:\n  expected one of 2 alternatives to match\n    \
         age: expected $eq 18, found int 17\n    name: expected $eq \"Bob\", found string \"Ada\"",
    );
    check(
        doc! { "$nor": [{ "age": 17 }, { "name": "Bob" }] },
        &ada,
        "does not match:\n  expected no match for { \"age\": 17 }",
    );
    check(
        doc! { "age": { "$not": { "$lt": 18 } } },
        &ada,
        "does not match:\n  age: expected $not { \"$lt\": 18 }, found int 17",
    );
    check(
        doc! { "grades": { "$elemMatch": { "score": { "$gte": 10 }, "on": { "$exists": true } } } },
        &ada,
        "does not match:\n  grades: expected $elemMatch { \"score\": { \"$gte\": 10 }, \"on\": { \"$exists\": true } }, \
         found array [{ \"score\": 5, \"on\": null }, { \"score\": 12 }, 7]\n    \
         grades.0.score: expected $gte 10, found int 5\n    \
         grades.1.on: expected $exists true, found nothing\n    \
         grades.2: expected a document, found int 7",
    );
    check(
        doc! { "tags": { "$elemMatch": { "$gt": "a", "$lt": "b" } } },
        &ada,
        "does not match:\n  tags: expected $elemMatch { \"$gt\": \"a\", \"$lt\": \"b\" }, found array [\"a\", \"b\"]\n    \
         tags.0: expected $gt \"a\", found string \"a\"\n    \
         tags.1: expected $lt \"b\", found string \"b\"",
    );
    refused(doc! { "a": { "$oops": 1 } }.explain_match(&ada), 2);
}

#[test]
fn an_update_is_previewed() {
    let before = doc! { "_id": 1, "n": 1, "list": [1, 5, 9] };
    let preview = |update: BsonDocument| Update::from(update).preview(&before);
    assert_eq!(
        preview(doc! { "$inc": { "n": 2 }, "$set": { "b": 1, "a": 2 } }).unwrap(),
        doc! { "_id": 1, "n": 3, "list": [1, 5, 9], "a": 2, "b": 1 }
    );
    assert_eq!(preview(doc! { "$min": { "n": 5 } }).unwrap(), before);
    assert_eq!(preview(doc! { "n": 7 }).unwrap(), doc! { "_id": 1, "n": 7 });
    refused(preview(doc! { "$set": { "_id": 2 } }), 66);
    refused(preview(doc! { "$inc": { "list": 2 } }), 14);
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, odm_core::Document)]
struct Pupil {
    #[serde(rename = "_id")]
    id: i32,
    name: String,
    grades: Vec<Grade>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, odm_core::Embedded)]
struct Grade {
    score: i32,
}

#[test]
fn typed_filters_and_updates_take_the_struct() {
    let grades = vec![Grade { score: 3 }, Grade { score: 12 }];
    let pupil = Pupil { id: 1, name: "Ada".to_owned(), grades };

    let passed = Pupil::find().filter(|p| p.grades().any(|grade| grade.score().gte(10)));
    assert!(passed.explain_match(&pupil).unwrap().matches());
    let failed = Pupil::find().filter(|p| p.name().starts_with("B"));
    let explanation = failed.explain_match(&pupil).unwrap();
    let [mismatch] = explanation.mismatches() else { panic!("{explanation}") };
    assert_eq!((mismatch.path.as_str(), &mismatch.found[..]), ("name", &["Ada".into()][..]));

    // The positional `$` is the element that the filter met.
    let better = passed.clone().update(|p| p.grades().matched().score().inc(1));
    assert_eq!(better.preview(&pupil).unwrap().grades[1].score, 13);
    assert_eq!(failed.update(|p| p.name().set("Bea")).preview(&pupil).unwrap(), pupil);

    let fields = Pupil::fields();
    let update = fields.name().set("Eve") & fields.grades().push(Grade { score: 1 });
    let changed = update.preview(&pupil).unwrap();
    assert_eq!((changed.name.as_str(), changed.grades.len()), ("Eve", 3));
}
