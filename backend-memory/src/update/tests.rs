use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, Timestamp, doc};
use odm_core::{Error, Filter, Update};

use super::{Applied, ApplyCx, Updater};
use crate::expression::Environment;
use crate::value::Record;

/// 1597 updates of documents with the server's answers: 897 written by hand, the others at random.
#[test]
fn recorded() {
    crate::replay::check(include_str!("testdata/recorded.txt"));
}

const CX: ApplyCx = ApplyCx {
    now: DateTime::from_millis(1234),
    timestamp: Timestamp { time: 5, increment: 6 },
    matched_index: None,
    inserting: false,
};

fn apply(doc: &Document, update: impl Into<Update>) -> Result<Option<Document>, Error> {
    let updater = Updater::compile(&update.into(), &[], &Environment::now(None))?;
    Ok(match updater.apply(&Record::from_document(doc)?, &CX)? {
        Applied::Unchanged | Applied::Rewritten(_) => None,
        Applied::Changed(bytes) => Some(Record::from_bytes(&bytes)?.to_document()),
    })
}

fn check(doc: Document, update: Document, expected: Document) {
    let new = apply(&doc, update.clone()).unwrap();
    // Documents are equal in any order of fields; their text is not.
    assert_eq!(format!("{new:?}"), format!("{:?}", Some(expected)), "{doc} {update}");
}

fn check_error(doc: &Document, update: impl Into<Update>, code: i32) {
    let error = apply(doc, update).unwrap_err();
    assert_eq!(error.code(), Some(code), "{error}");
}

#[test]
fn dates_and_timestamps() {
    let now = Bson::DateTime(CX.now);
    check(
        doc! { "_id": 1, "a": "x" },
        doc! { "$currentDate": { "a": true, "c.d": { "$type": "timestamp" }, "b": true } },
        doc! { "_id": 1, "a": now.clone(), "b": now, "c": { "d": CX.timestamp } },
    );
    let zero = Timestamp { time: 0, increment: 0 };
    check(
        doc! { "_id": 1 },
        doc! { "a": zero, "b": { "c": zero } },
        doc! { "_id": 1, "a": CX.timestamp, "b": { "c": zero } },
    );
    check(doc! { "_id": 1 }, doc! { "$set": { "a": zero } }, doc! { "_id": 1, "a": zero });
}

fn nested(levels: usize) -> Bson {
    (0..levels).fold(Bson::Int32(1), |inner, _| doc! { "a": inner }.into())
}

/// The limits and codes are the server's, of an update.
#[test]
fn limits() {
    let doc = doc! { "_id": 1, "x": [] };
    let path = |parts| vec!["a"; parts].join(".");
    assert!(apply(&doc, doc! { "$set": { path(180): 1 } }).is_ok());
    check_error(&doc, doc! { "$set": { path(181): 1 } }, 15);
    check_error(&doc, doc! { "$set": { path(255): 1 } }, 15);
    assert!(apply(&doc, doc! { "$set": { "b": nested(179) } }).is_ok());
    check_error(&doc, doc! { "$set": { "b": nested(180) } }, 15);
    check_error(&doc, doc! { "$set": { "b.c": nested(179) } }, 15);
    assert!(apply(&doc, doc! { "$push": { "x": nested(178) } }).is_ok());
    check_error(&doc, doc! { "$push": { "x": nested(179) } }, 15);
    check_error(&doc, Update::set("a.".repeat(2_000_000) + "a", 1), 15);

    let large = doc! { "_id": 1, "a": "x".repeat(16 * 1024 * 1024 - 100) };
    check_error(&large, doc! { "$set": { "b": "x".repeat(200) } }, 17_419);
    check_error(&large, doc! { "$push": { "b": "x".repeat(200) } }, 17_419);
    check_error(&large, doc! { "$set": { "b": "x".repeat(16 * 1024 + 200) } }, 10_334);

    let doc = doc! { "_id": 1, "a": [1] };
    assert!(apply(&doc, doc! { "$set": { "a.1500001": 1 } }).is_ok());
    check_error(&doc, doc! { "$set": { "a.1500002": 1 } }, 34);
    check_error(&doc, doc! { "$set": { "a.99999999999999999999": 1 } }, 28);
}

/// The server aborts on this one, so its answer is not to be had.
#[test]
fn two_names_of_one_position_conflict() {
    check_error(&doc! { "_id": 1, "a": [1, 2] }, doc! { "$set": { "a.01": 9, "a.1": 8 } }, 40);
}

#[test]
fn fields_with_one_name_stay() {
    let bytes = [
        &[33, 0, 0, 0][..],
        &[0x10, b'a', 0, 1, 0, 0, 0],
        &[0x10, b'b', 0, 2, 0, 0, 0],
        &[0x10, b'a', 0, 3, 0, 0, 0],
        &[0x10, b'c', 0, 4, 0, 0, 0],
        &[0],
    ]
    .concat();
    let record = Record::from_bytes(&bytes).unwrap();
    let updater = Updater::compile(&Update::set("a", 9), &[], &Environment::now(None)).unwrap();
    let mut expected = bytes;
    expected[7] = 9;
    assert_eq!(updater.apply(&record, &CX).unwrap(), Applied::Changed(expected));
}

#[test]
fn upserts_have_an_id_in_front() {
    let check = |filter: Document, update: Document, expected: Document| {
        let id = || ObjectId::from_bytes([7; 12]);
        let updater =
            Updater::compile(&Update::Raw(update.clone()), &[], &Environment::now(None)).unwrap();
        let bytes = updater.upsert(&Filter::Raw(filter), &CX, id).unwrap();
        assert_eq!(bytes, bson::serialize_to_vec(&expected).unwrap(), "{update}");
    };
    let id = ObjectId::from_bytes([7; 12]);
    check(
        doc! { "b": 1, "a": 2 },
        doc! { "$set": { "c": 1 } },
        doc! { "_id": id, "a": 2, "b": 1, "c": 1 },
    );
    check(doc! { "b": 1 }, doc! { "x": 1 }, doc! { "_id": id, "x": 1 });
    check(doc! { "b": 1 }, doc! { "x": 1, "_id": 5 }, doc! { "_id": 5, "x": 1 });
    check(doc! { "a": 1, "_id": 3 }, doc! { "$inc": { "a": 1 } }, doc! { "_id": 3, "a": 2 });
    check(
        doc! { "a": 1 },
        doc! { "$setOnInsert": { "_id": 9 }, "$currentDate": { "d": true } },
        doc! { "_id": 9, "a": 1, "d": Bson::DateTime(CX.now) },
    );
}

#[test]
fn touched_paths() {
    let updater = |update: Document| {
        Updater::compile(&Update::Raw(update), &[], &Environment::now(None)).unwrap()
    };
    let operators = updater(doc! { "$set": { "a.b": 1 }, "$rename": { "c": "d.e" } });
    for (path, expected) in [
        ("a", true),
        ("a.b", true),
        ("a.x", true),
        ("c", true),
        ("d", true),
        ("b", false),
        ("ab", false),
    ] {
        assert_eq!(operators.touched_paths().may_change(path), expected, "{path}");
    }
    assert!(updater(doc! { "a": 1 }).touched_paths().may_change("b"));
    assert!(updater(doc! { "$set": { "a.$": 1 } }).is_positional());
    assert!(!operators.is_positional());
}
