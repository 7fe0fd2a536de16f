//! What nobody means well by: bytes that are not BSON, documents that are no filter, no update, no command. The engine
//! answers or refuses; it never panics, and its collections stay consistent.

use backend_memory::MemoryBackend;
use odm_core::bson::{Bson, Document, RawDocumentBuf, doc};
use odm_core::{Backend, Insert, OpCx};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::support::ns;

const NAMES: [&str; 64] = [
    "a",
    "b",
    "0",
    "a.b",
    "a.0",
    "_id",
    "",
    "a.",
    ".a",
    "a..b",
    "$",
    "a.$",
    "a.$[]",
    "a.$[x]",
    "$eq",
    "$ne",
    "$gt",
    "$lt",
    "$in",
    "$nin",
    "$and",
    "$or",
    "$nor",
    "$not",
    "$exists",
    "$type",
    "$mod",
    "$regex",
    "$options",
    "$all",
    "$elemMatch",
    "$size",
    "$bitsAllSet",
    "$bitsAnyClear",
    "$jsonSchema",
    "$comment",
    "$expr",
    "$where",
    "$text",
    "$near",
    "$geoWithin",
    "$natural",
    "$set",
    "$unset",
    "$inc",
    "$mul",
    "$min",
    "$max",
    "$rename",
    "$push",
    "$each",
    "$slice",
    "$sort",
    "$position",
    "$addToSet",
    "$pull",
    "$pullAll",
    "$pop",
    "$bit",
    "$currentDate",
    "$setOnInsert",
    "$meta",
    "properties",
    "bsonType",
];

fn scalar() -> impl Strategy<Value = Bson> {
    prop_oneof![
        3 => (-2_i32..4).prop_map(Bson::Int32),
        1 => any::<i32>().prop_map(Bson::Int32),
        1 => any::<i64>().prop_map(Bson::Int64),
        1 => any::<f64>().prop_map(Bson::Double),
        1 => any::<[u8; 16]>().prop_map(|bytes| {
            Bson::Decimal128(odm_core::bson::Decimal128::from_bytes(bytes))
        }),
        1 => any::<i64>().prop_map(|millis| {
            Bson::DateTime(odm_core::bson::DateTime::from_millis(millis))
        }),
        2 => select(NAMES.as_slice()).prop_map(|name| Bson::String(format!("${name}"))),
        1 => "[^\\x00]{0,6}".prop_map(Bson::String),
        1 => select(vec![
            Bson::Null, Bson::Undefined, Bson::MinKey, Bson::MaxKey, Bson::Boolean(true),
            Bson::Double(f64::NAN), Bson::String("(a*)*b".to_owned()),
            Bson::JavaScriptCode("a".to_owned()), Bson::Symbol("a".to_owned()),
        ]),
    ]
}

fn value() -> impl Strategy<Value = Bson> {
    scalar().prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Bson::Array),
            2 => fields(inner).prop_map(Bson::Document),
        ]
    })
}

fn fields(value: impl Strategy<Value = Bson>) -> impl Strategy<Value = Document> {
    let name = select(NAMES.as_slice()).prop_map(str::to_owned);
    vec((name, value), 0..4).prop_map(|fields| fields.into_iter().collect())
}

fn document() -> impl Strategy<Value = Document> {
    fields(value())
}

/// A command with any document in the place of each part.
fn command() -> BoxedStrategy<Document> {
    const OPTIONS: [&str; 20] = [
        "skip",
        "limit",
        "batchSize",
        "hint",
        "min",
        "max",
        "let",
        "collation",
        "sort",
        "fields",
        "projection",
        "comment",
        "maxTimeMS",
        "returnKey",
        "showRecordId",
        "singleBatch",
        "new",
        "upsert",
        "arrayFilters",
        "ordered",
    ];
    let part = || prop_oneof![6 => document().prop_map(Bson::Document), 1 => value()];
    let option = (select(OPTIONS.as_slice()).prop_map(str::to_owned), part());
    let base = (0..10, part(), part()).prop_map(|(kind, first, second)| match kind {
        0 => doc! { "find": "c", "filter": first, "projection": second },
        1 => doc! { "find": "c", "filter": first, "sort": second },
        2 => doc! { "count": "c", "query": first },
        3 => doc! { "distinct": "c", "key": "a.b", "query": first },
        4 => doc! { "update": "c", "updates": [{ "q": first, "u": second, "multi": true }] },
        5 => doc! { "update": "c", "updates": [{ "q": first, "u": second, "upsert": true }] },
        6 => doc! { "findAndModify": "c", "query": first, "update": second },
        7 => doc! { "insert": "c", "documents": [first, second] },
        8 => doc! { "createIndexes": "c", "indexes": [{ "key": first, "name": "i", "partialFilterExpression": second }] },
        _ => doc! { "explain": { "find": "c", "filter": first, "sort": second } },
    });
    (base, proptest::option::of(option))
        .prop_map(|(mut command, option)| {
            command.extend(option);
            command
        })
        .boxed()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.unwrap().block_on(future)
}

/// A few documents of many shapes, and an index.
async fn filled() -> MemoryBackend {
    let backend = MemoryBackend::new();
    let database = backend.database("test");
    let docs = [
        doc! { "_id": 0 },
        doc! { "_id": 1, "a": 1, "b": "(a*)*b" },
        doc! { "_id": 2, "a": [1, [2, { "b": 1 }], { "b": [1, 2], "0": 1 }] },
        doc! { "_id": 3, "a": { "b": { "0": null } }, "0": [[[]]] },
        doc! { "_id": 4, "a": [{ "0": [{ "0": [1] }] }], "": 1 },
    ];
    let insert = doc! { "insert": "c", "documents": docs.to_vec() };
    database.run_command(insert).await.unwrap();
    let index = doc! { "key": { "a.b": 1, "b": -1 }, "name": "a_b" };
    database.run_command(doc! { "createIndexes": "c", "indexes": [index] }).await.unwrap();
    backend
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_document_is_answered_or_refused(commands in vec(command(), 1..6)) {
        block_on(async {
            let backend = filled().await;
            for command in commands {
                let _ = backend.database("test").run_command(command).await;
            }
            backend.check_consistency()
        }).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn any_bytes_are_stored_or_refused(interior in vec(any::<u8>(), 0..60)) {
        // What whoever holds the bytes checks is right: the length and the end.
        let length = i32::try_from(interior.len() + 5).unwrap();
        let framed = [&length.to_le_bytes()[..], &interior, &[0]].concat();
        stored_or_refused(framed)?;
    }

    #[test]
    fn damaged_documents_are_stored_or_refused(
        doc in document(),
        damages in vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = RawDocumentBuf::try_from(&doc).unwrap().into_bytes();
        let end = bytes.len() - 1;
        for (at, byte) in damages {
            // Neither the length nor the end: those are checked by whoever holds the bytes.
            if end > 4 {
                bytes[4 + at.index(end - 4)] = byte;
            }
        }
        stored_or_refused(bytes)?;
    }
}

/// Hands the bytes to an insert; what was stored can be read, sorted, changed and indexed.
fn stored_or_refused(bytes: Vec<u8>) -> Result<(), TestCaseError> {
    let Ok(raw) = RawDocumentBuf::from_bytes(bytes) else { return Ok(()) };
    block_on(async {
        let backend = filled().await;
        let inserted =
            backend.insert(&ns("c"), Insert::new(vec![raw]), OpCx::default()).await;
        if let Err(error) = inserted {
            return match error.code() {
                Some(_) => Ok(()),
                None => Err(format!("not a refusal of the server's: {error}")),
            };
        }
        let database = backend.database("test");
        for command in [
            doc! { "find": "c", "filter": { "a.b": { "$gt": 0 }, "b": { "$ne": 1 } } },
            doc! { "find": "c", "sort": { "a": 1, "b.0": -1 }, "projection": { "a.b": 1 } },
            doc! { "distinct": "c", "key": "a" },
            doc! { "update": "c", "updates": [{ "q": {}, "u": { "$set": { "z": 1 } }, "multi": true }] },
            doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a" }] },
        ] {
            let _ = database.run_command(command).await;
        }
        backend.check_consistency()
    })
    .map_err(TestCaseError::fail)
}

/// Nested deeper than the server reads, as a filter, a projection, an update, a document. (Much
/// deeper, it is the tree of a [`Document`] that overflows the stack, when cloned or dropped.)
#[tokio::test]
async fn depth_is_refused() {
    let backend = filled().await;
    let database = backend.database("test");
    for depth in [99, 100, 150, 199, 200, 201, 300] {
        let nested = |name: &str, inner: Bson| {
            (0..depth).fold(inner, |inner, _| Bson::Document(doc! { name: inner }))
        };
        let all = |name: &str| (0..depth).fold(doc! { "a": 1 }, |inner, _| doc! { name: [inner] });
        for filter in [
            all("$and"),
            all("$nor"),
            doc! { "a": nested("$not", doc! { "$gt": 1 }.into()) },
            doc! { "a": nested("$elemMatch", doc! { "$gt": 1 }.into()) },
            doc! { "a": nested("b", 1.into()) },
            doc! { vec!["a"; depth].join("."): 1 },
        ] {
            let _ = database.run_command(doc! { "find": "c", "filter": filter.clone() }).await;
            let _ = database.run_command(doc! { "insert": "c", "documents": [filter] }).await;
        }
        let update = doc! { "$set": { vec!["a"; depth].join("."): 1 } };
        let update = doc! { "q": { "_id": 0 }, "u": update };
        let _ = database.run_command(doc! { "update": "c", "updates": [update] }).await;
        let projection = doc! { "a": nested("b", 1.into()) };
        let _ = database.run_command(doc! { "find": "c", "projection": projection }).await;
    }
    backend.check_consistency().unwrap();
}

/// A pattern that backtracks for ever gives up, and so does not match.
#[tokio::test]
async fn a_pattern_may_not_backtrack_for_ever() {
    let backend = MemoryBackend::new();
    let database = backend.database("test");
    let docs = ["a".repeat(40), "a".repeat(40) + "b"].map(|text| doc! { "a": text });
    database.run_command(doc! { "insert": "c", "documents": docs.to_vec() }).await.unwrap();
    for (pattern, n) in
        [("^(a+)+$", 1), ("^(a|aa)+$", 1), ("(a*)*c", 0), ("^(([a-z])+.)+[A-Z]$", 0)]
    {
        let count = doc! { "count": "c", "query": { "a": { "$regex": pattern } } };
        let reply = database.run_command(count).await.unwrap();
        assert_eq!(reply.get_i32("n").unwrap(), n, "{pattern}");
    }
}

/// Ten thousand values to choose from are looked up, not gone through.
#[tokio::test]
async fn long_lists() {
    let backend = filled().await;
    let database = backend.database("test");
    let values: Vec<i32> = (0..10_000).collect();
    for (filter, n) in [
        (doc! { "a": { "$in": values.clone() } }, 2),
        (doc! { "_id": { "$in": values.clone() } }, 5),
        (doc! { "a": { "$nin": values.clone() } }, 3),
        (doc! { "_id": { "$all": values.clone() } }, 0),
        (
            doc! { "$or": values.iter().map(|n| Bson::from(doc! { "_id": *n })).collect::<Vec<_>>() },
            5,
        ),
    ] {
        let reply = database.run_command(doc! { "count": "c", "query": filter }).await.unwrap();
        assert_eq!(reply.get_i32("n").unwrap(), n);
    }
}
