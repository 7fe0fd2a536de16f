//! What the server answers, as tables.

use bson::{Bson, Document, bson, doc};

use super::{FieldPath, Found, LeafArray};
use crate::value::{RawVal, Record, ValueBuf, equal};

/// What is asked of the values that a walk finds.
#[derive(Clone, Copy, Debug)]
enum Predicate {
    /// `1`
    One,
    /// `{$eq: null}`
    Null,
    /// `{$exists: true}`
    Exists,
    /// `{$size: 1}`
    Size,
    /// `{$type: "array"}`
    Array,
    /// `{$eq: [1]}`
    ArrayOfOne,
    /// `{$elemMatch: {$eq: 1}}`
    ElemMatch,
}

fn matches(path: &FieldPath, predicate: Predicate, record: &Record) -> bool {
    let one = ValueBuf::from(1);
    let array = ValueBuf::from_bson(&bson!([1])).unwrap();
    let has = |found: Found<'_>, test: &dyn Fn(RawVal<'_>) -> bool| found.value.is_some_and(test);
    let any = |leaf, test: &dyn Fn(RawVal<'_>) -> bool| path.any(record, leaf, |f| has(f, test));
    match predicate {
        Predicate::One => any(LeafArray::Traverse, &|value| equal(value, one.as_raw())),
        Predicate::Null => {
            path.any(record, LeafArray::Traverse, |found| found.value.is_none_or(RawVal::is_null))
        }
        Predicate::Exists => any(LeafArray::Traverse, &|_| true),
        Predicate::Size => {
            any(LeafArray::Whole, &|value| value.is_array() && value.elements().count() == 1)
        }
        Predicate::Array => any(LeafArray::Traverse, &|value| value.is_array()),
        Predicate::ArrayOfOne => any(LeafArray::Traverse, &|value| equal(value, array.as_raw())),
        Predicate::ElemMatch => any(LeafArray::Whole, &|value| {
            value.is_array() && value.elements().any(|(_, element)| equal(element, one.as_raw()))
        }),
    }
}

/// The values of `a` in the documents that [`MATCHES`] is about; a last document lacks the field.
fn values() -> Vec<Bson> {
    vec![
        bson!(1),
        bson!(null),
        bson!([]),
        bson!([1, 2]),
        bson!([[1]]),
        bson!([[1], 2]),
        bson!({}),
        bson!({ "b": 1 }),
        bson!({ "b": null }),
        bson!({ "b": [] }),
        bson!({ "b": [1] }),
        bson!([{ "b": 1 }]),
        bson!([{ "b": 1 }, {}]),
        bson!([{}]),
        bson!([{ "b": [1, 2] }]),
        bson!([[{ "b": 1 }]]),
        bson!([[{ "b": 1 }], { "b": 2 }]),
        bson!([null]),
        bson!([1, { "b": 3 }]),
        bson!({ "0": 1 }),
        bson!([{ "0": 1 }]),
        bson!([{ "0": 5 }, 1]),
        bson!([[5, 6]]),
        bson!([5, [6, 7]]),
        bson!([{ "b": [{ "c": 1 }] }]),
        bson!([{ "b": { "c": 1 } }]),
        bson!({ "b": [{ "c": 1 }, { "c": [1] }] }),
        bson!([[{ "c": 1 }]]),
        bson!({ "0": { "b": 1 } }),
        bson!([{ "0": { "b": 1 } }]),
        bson!([[[1]]]),
        bson!([{ "b": [] }]),
        bson!([{ "0": [{ "b": 1 }] }]),
        bson!([1, { "1": 1 }]),
        bson!([{ "b": 5 }, { "b": 1 }]),
        bson!([[], 1]),
        bson!([{ "1": 1 }, [1]]),
        bson!({ "b": [[1]] }),
        bson!({ "b": [{ "0": 1 }] }),
        bson!([{ "b": [[1, 2]] }]),
        bson!("x"),
    ]
}

/// The numbers of the documents that the server finds for a path and a predicate.
const MATCHES: &[(&str, Predicate, &[usize])] = &[
    ("a", Predicate::One, &[0, 3, 18, 21, 33, 35]),
    ("a", Predicate::Null, &[1, 17, 41]),
    (
        "a",
        Predicate::Exists,
        &[
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
            24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
        ],
    ),
    ("a", Predicate::Size, &[4, 11, 13, 14, 15, 17, 20, 22, 24, 25, 27, 29, 30, 31, 32, 39]),
    (
        "a",
        Predicate::Array,
        &[
            2, 3, 4, 5, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 27, 29, 30, 31, 32,
            33, 34, 35, 36, 39,
        ],
    ),
    ("a", Predicate::ArrayOfOne, &[4, 5, 36]),
    ("a", Predicate::ElemMatch, &[3, 18, 21, 33, 35]),
    ("a.b", Predicate::One, &[7, 10, 11, 12, 14, 34]),
    ("a.b", Predicate::Null, &[0, 1, 6, 8, 12, 13, 19, 20, 21, 28, 29, 32, 33, 36, 40, 41]),
    ("a.b", Predicate::Exists, &[7, 8, 9, 10, 11, 12, 14, 16, 18, 24, 25, 26, 31, 34, 37, 38, 39]),
    ("a.b", Predicate::Size, &[10, 24, 37, 38, 39]),
    ("a.b", Predicate::Array, &[9, 10, 14, 24, 26, 31, 37, 38, 39]),
    ("a.b", Predicate::ArrayOfOne, &[10, 37]),
    ("a.b", Predicate::ElemMatch, &[10, 14]),
    ("a.0", Predicate::One, &[3, 18, 19, 20, 33]),
    (
        "a.0",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 24, 25, 26, 31, 33, 34, 36, 37, 38,
            39, 40, 41,
        ],
    ),
    (
        "a.0",
        Predicate::Exists,
        &[
            3, 4, 5, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 27, 28, 29, 30,
            31, 32, 33, 34, 35, 36, 39,
        ],
    ),
    ("a.0", Predicate::Size, &[4, 5, 15, 16, 27, 30, 32]),
    ("a.0", Predicate::Array, &[4, 5, 15, 16, 22, 27, 30, 32, 35]),
    ("a.0", Predicate::ArrayOfOne, &[4, 5]),
    ("a.0", Predicate::ElemMatch, &[4, 5]),
    ("a.1", Predicate::One, &[21, 33, 35, 36]),
    (
        "a.1",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 19, 20, 21, 24, 25, 26, 28, 29, 31, 32,
            34, 37, 38, 39, 40, 41,
        ],
    ),
    ("a.1", Predicate::Exists, &[3, 5, 12, 16, 18, 21, 23, 33, 34, 35, 36]),
    ("a.1", Predicate::Size, &[36]),
    ("a.1", Predicate::Array, &[23, 36]),
    ("a.1", Predicate::ArrayOfOne, &[36]),
    ("a.1", Predicate::ElemMatch, &[36]),
    ("a.00", Predicate::One, &[]),
    (
        "a.00",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 19, 20, 21, 24, 25, 26, 28, 29, 31, 32,
            33, 34, 36, 37, 38, 39, 40, 41,
        ],
    ),
    ("a.00", Predicate::Exists, &[]),
    ("a.00", Predicate::Size, &[]),
    ("a.00", Predicate::Array, &[]),
    ("a.00", Predicate::ArrayOfOne, &[]),
    ("a.00", Predicate::ElemMatch, &[]),
    ("a.0.b", Predicate::One, &[11, 12, 14, 15, 16, 28, 29, 32]),
    (
        "a.0.b",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 19, 20, 21, 24, 25, 26, 27, 29, 31, 32,
            33, 34, 36, 37, 38, 39, 40, 41,
        ],
    ),
    ("a.0.b", Predicate::Exists, &[11, 12, 14, 15, 16, 24, 25, 28, 29, 31, 32, 34, 39]),
    ("a.0.b", Predicate::Size, &[24, 39]),
    ("a.0.b", Predicate::Array, &[14, 24, 31, 39]),
    ("a.0.b", Predicate::ArrayOfOne, &[]),
    ("a.0.b", Predicate::ElemMatch, &[14]),
    ("a.b.c", Predicate::One, &[24, 25, 26]),
    (
        "a.b.c",
        Predicate::Null,
        &[0, 1, 6, 7, 8, 11, 12, 13, 16, 18, 19, 20, 21, 28, 29, 32, 33, 34, 36, 38, 40, 41],
    ),
    ("a.b.c", Predicate::Exists, &[24, 25, 26]),
    ("a.b.c", Predicate::Size, &[26]),
    ("a.b.c", Predicate::Array, &[26]),
    ("a.b.c", Predicate::ArrayOfOne, &[26]),
    ("a.b.c", Predicate::ElemMatch, &[26]),
    ("a.0.0", Predicate::One, &[4, 5, 20]),
    (
        "a.0.0",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 24, 25, 26, 27, 28, 29,
            31, 32, 33, 34, 36, 37, 38, 39, 40, 41,
        ],
    ),
    ("a.0.0", Predicate::Exists, &[4, 5, 15, 16, 20, 21, 22, 27, 29, 30, 32]),
    ("a.0.0", Predicate::Size, &[30, 32]),
    ("a.0.0", Predicate::Array, &[30, 32]),
    ("a.0.0", Predicate::ArrayOfOne, &[30]),
    ("a.0.0", Predicate::ElemMatch, &[30]),
    ("a.b.0", Predicate::One, &[10, 14, 38]),
    (
        "a.b.0",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 11, 12, 13, 16, 18, 19, 20, 21, 24, 25, 26, 28, 29, 32, 33, 34, 36, 40,
            41,
        ],
    ),
    ("a.b.0", Predicate::Exists, &[10, 14, 24, 26, 37, 38, 39]),
    ("a.b.0", Predicate::Size, &[37]),
    ("a.b.0", Predicate::Array, &[37, 39]),
    ("a.b.0", Predicate::ArrayOfOne, &[37]),
    ("a.b.0", Predicate::ElemMatch, &[37, 39]),
    ("a.0.1", Predicate::One, &[36]),
    (
        "a.0.1",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 24, 25, 26, 27, 28, 29,
            31, 32, 33, 34, 36, 37, 38, 39, 40, 41,
        ],
    ),
    ("a.0.1", Predicate::Exists, &[22, 36]),
    ("a.0.1", Predicate::Size, &[]),
    ("a.0.1", Predicate::Array, &[]),
    ("a.0.1", Predicate::ArrayOfOne, &[]),
    ("a.0.1", Predicate::ElemMatch, &[]),
    ("a.b.0.c", Predicate::One, &[24, 26]),
    (
        "a.b.0.c",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 11, 12, 13, 16, 18, 19, 20, 21, 24, 25, 26, 28, 29, 32, 33, 34, 36, 38,
            40, 41,
        ],
    ),
    ("a.b.0.c", Predicate::Exists, &[24, 26]),
    ("a.b.0.c", Predicate::Size, &[]),
    ("a.b.0.c", Predicate::Array, &[]),
    ("a.b.0.c", Predicate::ArrayOfOne, &[]),
    ("a.b.0.c", Predicate::ElemMatch, &[]),
    ("a.0.b.0", Predicate::One, &[14]),
    (
        "a.0.b.0",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 24, 25, 26, 27, 28, 29,
            31, 32, 33, 34, 36, 37, 38, 39, 40, 41,
        ],
    ),
    ("a.0.b.0", Predicate::Exists, &[14, 24, 39]),
    ("a.0.b.0", Predicate::Size, &[]),
    ("a.0.b.0", Predicate::Array, &[39]),
    ("a.0.b.0", Predicate::ArrayOfOne, &[]),
    ("a.0.b.0", Predicate::ElemMatch, &[39]),
    ("a.0.0.0", Predicate::One, &[30]),
    (
        "a.0.0.0",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 24, 25, 26, 27, 28, 29,
            31, 32, 33, 34, 36, 37, 38, 39, 40, 41,
        ],
    ),
    ("a.0.0.0", Predicate::Exists, &[30, 32]),
    ("a.0.0.0", Predicate::Size, &[]),
    ("a.0.0.0", Predicate::Array, &[]),
    ("a.0.0.0", Predicate::ArrayOfOne, &[]),
    ("a.0.0.0", Predicate::ElemMatch, &[]),
    ("a.-1", Predicate::One, &[]),
    (
        "a.-1",
        Predicate::Null,
        &[
            0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 19, 20, 21, 24, 25, 26, 28, 29, 31, 32,
            33, 34, 36, 37, 38, 39, 40, 41,
        ],
    ),
    ("a.-1", Predicate::Exists, &[]),
    ("a.-1", Predicate::Size, &[]),
    ("a.-1", Predicate::Array, &[]),
    ("a.-1", Predicate::ArrayOfOne, &[]),
    ("a.-1", Predicate::ElemMatch, &[]),
];

#[test]
fn a_walk_finds_what_the_server_finds() {
    let mut documents: Vec<Document> =
        values().into_iter().map(|value| doc! { "a": value }).collect();
    documents.push(doc! {});
    for (path, predicate, expected) in MATCHES {
        let path = FieldPath::new(path);
        let record = |document| Record::from_document(document).unwrap();
        let found: Vec<usize> = (0..documents.len())
            .filter(|&at| matches(&path, *predicate, &record(&documents[at])))
            .collect();
        assert_eq!(found, *expected, "{path:?} {predicate:?}");
    }
}

/// Which element the server takes for `$` in an update, when the filter asks for an element
/// equal to `operand` (missing fields too, if that is null).
#[test]
fn the_positional_operator() {
    let check = |document: Document, path: &str, operand: Bson, expected: Option<usize>| {
        let record = Record::from_document(&document).unwrap();
        let operand = ValueBuf::from_bson(&operand).unwrap();
        let mut index = None;
        let matched = FieldPath::new(path).any(&record, LeafArray::Traverse, |found| {
            index = found.array_index;
            equal(found.value.unwrap_or(RawVal::NULL), operand.as_raw())
        });
        assert!(matched, "{document} {path}");
        assert_eq!(index, expected, "{document} {path}");
    };
    check(doc! { "a": [1, 5, 2] }, "a", bson!(5), Some(1));
    check(doc! { "a": [1, 5, 2] }, "a.1", bson!(5), None);
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, "a.b", bson!(2), Some(1));
    check(doc! { "a": [{ "b": [1, 2] }, { "b": [3, 4] }] }, "a.b", bson!(4), Some(1));
    check(doc! { "a": { "b": [1, 2, 4] } }, "a.b", bson!(4), Some(2));
    check(doc! { "a": [{ "b": 1 }, { "b": [7, 8, 2] }] }, "a.1.b", bson!(2), Some(2));
    check(doc! { "a": [[1, 2], [3, 4]] }, "a.1.0", bson!(3), None);
    check(doc! { "a": [[1, 2], [3, 4]] }, "a", bson!([3, 4]), Some(1));
    check(doc! { "a": [1, 2] }, "a", bson!([1, 2]), None);
    check(doc! { "a": [{ "0": 9 }, { "0": 5 }] }, "a.0", bson!(5), Some(1));
    check(doc! { "a": [{ "b": 1 }, {}] }, "a.b", bson!(null), Some(1));
    check(doc! { "a": [[{ "b": 1 }], [{ "b": 2 }]] }, "a.1.b", bson!(2), Some(0));
    check(
        doc! { "a": [{ "b": [{ "c": 1 }, { "c": 2 }] }, { "b": [{ "c": 3 }, { "c": 4 }, { "c": 5 }] }] },
        "a.1.b.c",
        bson!(5),
        Some(2),
    );
    check(
        doc! { "a": [{ "b": [{ "c": 1 }, { "c": 2 }] }, { "b": [{ "c": 3 }, { "c": 4 }, { "c": 5 }] }] },
        "a.b.2.c",
        bson!(5),
        Some(1),
    );
}

/// A document built so that a walk without memory would take 2^40 steps.
#[test]
fn numbers_that_are_positions_and_names_do_not_explode() {
    let mut value = bson!(1);
    for _ in 0..80 {
        value = bson!([{ "0": value }]);
    }
    let record = Record::from_document(&doc! { "a": value }).unwrap();
    for length in 1..=170 {
        let path = FieldPath::new(&format!("a{}", ".0".repeat(length)));
        let found = path.any(&record, LeafArray::Traverse, |found| {
            found.value.and_then(RawVal::as_i32) == Some(2)
        });
        assert!(!found);
    }
}
