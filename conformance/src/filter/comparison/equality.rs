//! `$eq`, `$ne`.

use bson::{Bson, doc};
use odm_core::Database;

use super::{with_a, with_or_without_a};
use crate::case::{Outcome, cases};
use crate::check::check_filters;
use crate::value::{bin, date, dec, js, js_scope, oid, one_of_each_type, re, ts};

cases! { "filter::comparison::equality":
    eq_matches_the_value_or_an_element,
    eq_of_an_array_matches_it_whole_or_as_an_element,
    eq_of_a_document_is_exact,
    eq_null_matches_null_and_missing,
    eq_takes_every_type,
    numbers_are_equal_across_types,
    zeros_are_equal,
    nan_equals_only_nan,
    ne_excludes_if_any_element_is_equal,
    ne_matches_missing,
    binary_subtype_is_part_of_equality,
    strings_are_equal_by_bytes,
    undefined_like_types_are_told_apart,
}

async fn eq_matches_the_value_or_an_element(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2, "a": [1, 2] },
        doc! { "_id": 3, "a": [[1, 2]] },
        doc! { "_id": 4, "a": "1" },
        doc! { "_id": 5, "a": { "a": 1 } },
        doc! { "_id": 6, "b": 1 },
        doc! { "_id": 7, "a": [] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! {}, &[1, 2, 3, 4, 5, 6, 7]),
            (doc! { "a": 1 }, &[1, 2]),
            (doc! { "a": { "$eq": 1 } }, &[1, 2]),
            (doc! { "a": 2 }, &[2]),
            (doc! { "a": 3 }, &[]),
            (doc! { "a": "1" }, &[4]),
            (doc! { "b": 1 }, &[6]),
            (doc! { "a": 1, "b": 1 }, &[]),
            (doc! { "_id": 4 }, &[4]),
            (doc! { "_id": 4.0 }, &[4]),
            (doc! { "_id": 44 }, &[]),
            (doc! { "_id": 2, "a": 2 }, &[2]),
            (doc! { "_id": 2, "a": "1" }, &[]),
        ],
    )
    .await
}

async fn eq_of_an_array_matches_it_whole_or_as_an_element(db: Database) -> Outcome {
    let docs = with_a([
        bson::bson!([1, 2]),
        bson::bson!([[1, 2], 3]),
        bson::bson!([2, 1]),
        bson::bson!([1, 2, 3]),
        bson::bson!([[[1, 2]]]),
        bson::bson!([]),
        bson::bson!([[]]),
        bson::bson!(1),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": [1, 2] }, &[1, 2]),
            (doc! { "a": [1.0, 2_i64] }, &[1, 2]),
            (doc! { "a": { "$eq": [2, 1] } }, &[3]),
            (doc! { "a": [[1, 2]] }, &[5]),
            (doc! { "a": [[1, 2], 3] }, &[2]),
            (doc! { "a": [] }, &[6, 7]),
            (doc! { "a": [[]] }, &[7]),
        ],
    )
    .await
}

async fn eq_of_a_document_is_exact(db: Database) -> Outcome {
    let docs = with_a([
        doc! { "x": 1, "y": 2 },
        doc! { "y": 2, "x": 1 },
        doc! { "x": 1 },
        doc! { "x": 1.0, "y": 2_i64 },
        doc! {},
        doc! { "x": 1, "y": 2, "z": 3 },
        doc! { "x": { "y": 2 } },
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "x": 1, "y": 2 } }, &[1, 4]),
            (doc! { "a": { "y": 2, "x": 1 } }, &[2]),
            (doc! { "a": { "x": 1 } }, &[3]),
            (doc! { "a": {} }, &[5]),
            (doc! { "a": { "$eq": {} } }, &[5]),
            (doc! { "a": { "x": { "y": 2.0 } } }, &[7]),
            (doc! { "a": { "$in": [{ "x": 1 }, { "y": 2 }] } }, &[3]),
            (doc! { "a": { "$ne": { "x": 1, "y": 2 } } }, &[2, 3, 5, 6, 7]),
        ],
    )
    .await
}

async fn eq_null_matches_null_and_missing(db: Database) -> Outcome {
    let docs = with_or_without_a([
        Some(Bson::Null),
        None,
        Some(bson::bson!([null])),
        Some(bson::bson!([1, null])),
        Some(bson::bson!([])),
        Some(bson::bson!({})),
        Some(bson::bson!(0)),
        Some(bson::bson!("")),
        Some(bson::bson!(false)),
        Some(bson::bson!([[null]])),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": null }, &[1, 2, 3, 4]),
            (doc! { "a": { "$eq": null } }, &[1, 2, 3, 4]),
            (doc! { "a": { "$in": [null] } }, &[1, 2, 3, 4]),
            (doc! { "a": { "$ne": null } }, &[5, 6, 7, 8, 9, 10]),
            (doc! { "a": { "$nin": [null] } }, &[5, 6, 7, 8, 9, 10]),
            (doc! { "a": { "$not": { "$eq": null } } }, &[5, 6, 7, 8, 9, 10]),
        ],
    )
    .await
}

async fn eq_takes_every_type(db: Database) -> Outcome {
    let docs = with_a(one_of_each_type());
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": Bson::MinKey }, &[1]),
            (doc! { "a": null }, &[2]),
            (doc! { "a": 1 }, &[3]),
            (doc! { "a": 2_i64 }, &[4]),
            (doc! { "a": 3.5 }, &[5]),
            (doc! { "a": dec("4.5") }, &[6]),
            (doc! { "a": "text" }, &[7]),
            (doc! { "a": { "x": 1 } }, &[8]),
            (doc! { "a": bin(0, b"bytes") }, &[9]),
            (doc! { "a": oid(7) }, &[10]),
            (doc! { "a": false }, &[11]),
            (doc! { "a": true }, &[12]),
            (doc! { "a": date(1_000) }, &[13]),
            (doc! { "a": ts(1, 1) }, &[14]),
            (doc! { "a": { "$eq": re("^a", "i") } }, &[15]),
            (doc! { "a": js("code") }, &[16]),
            (doc! { "a": js_scope("code", doc! { "x": 1 }) }, &[17]),
            (doc! { "a": Bson::MaxKey }, &[18]),
        ],
    )
    .await
}

async fn numbers_are_equal_across_types(db: Database) -> Outcome {
    let docs = with_a([
        Bson::Int32(1),
        Bson::Int64(1),
        Bson::Double(1.0),
        dec("1"),
        dec("1.00"),
        Bson::Boolean(true),
        Bson::String("1".to_owned()),
        Bson::Double(1.1),
        dec("1.1"),
        date(1),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": 1 }, &[1, 2, 3, 4, 5]),
            (doc! { "a": 1_i64 }, &[1, 2, 3, 4, 5]),
            (doc! { "a": 1.0 }, &[1, 2, 3, 4, 5]),
            (doc! { "a": dec("1.0") }, &[1, 2, 3, 4, 5]),
            (doc! { "a": { "$in": [dec("1E0")] } }, &[1, 2, 3, 4, 5]),
            (doc! { "a": true }, &[6]),
            // A double's decimal digits are not its value.
            (doc! { "a": 1.1 }, &[8]),
            (doc! { "a": dec("1.1") }, &[9]),
            (doc! { "a": { "$ne": 1 } }, &[6, 7, 8, 9, 10]),
        ],
    )
    .await
}

async fn zeros_are_equal(db: Database) -> Outcome {
    let docs = with_a([
        Bson::Int32(0),
        Bson::Double(0.0),
        Bson::Double(-0.0),
        dec("-0"),
        dec("0E+10"),
        Bson::Boolean(false),
        Bson::Null,
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": 0 }, &[1, 2, 3, 4, 5]),
            (doc! { "a": -0.0 }, &[1, 2, 3, 4, 5]),
            (doc! { "a": dec("-0.00") }, &[1, 2, 3, 4, 5]),
            (doc! { "a": { "$gt": -0.0 } }, &[]),
            (doc! { "a": { "$lt": 0.0 } }, &[]),
            (doc! { "a": { "$gte": 0_i64 } }, &[1, 2, 3, 4, 5]),
        ],
    )
    .await
}

async fn nan_equals_only_nan(db: Database) -> Outcome {
    let docs = with_a([
        Bson::Double(f64::NAN),
        dec("NaN"),
        Bson::Int32(1),
        Bson::Double(f64::NEG_INFINITY),
        Bson::Null,
        bson::bson!([f64::NAN, 7]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": f64::NAN }, &[1, 2, 6]),
            (doc! { "a": dec("NaN") }, &[1, 2, 6]),
            (doc! { "a": { "$gte": f64::NAN } }, &[1, 2, 6]),
            (doc! { "a": { "$lte": f64::NAN } }, &[1, 2, 6]),
            (doc! { "a": { "$gt": f64::NAN } }, &[]),
            (doc! { "a": { "$lt": f64::NAN } }, &[]),
            (doc! { "a": { "$lt": 5 } }, &[3, 4]),
            (doc! { "a": { "$gt": f64::NEG_INFINITY } }, &[3, 6]),
            (doc! { "a": { "$in": [dec("NaN"), 1] } }, &[1, 2, 3, 6]),
            (doc! { "a": { "$ne": f64::NAN } }, &[3, 4, 5]),
        ],
    )
    .await
}

async fn ne_excludes_if_any_element_is_equal(db: Database) -> Outcome {
    let docs = with_a([
        bson::bson!([1, 2]),
        bson::bson!([2, 3]),
        bson::bson!(1),
        bson::bson!([[1]]),
        bson::bson!([]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$ne": 1 } }, &[2, 4, 5]),
            (doc! { "a": { "$ne": [1, 2] } }, &[2, 3, 4, 5]),
            (doc! { "a": { "$ne": [1] } }, &[1, 2, 3, 5]),
            (doc! { "a": { "$nin": [1, 3] } }, &[4, 5]),
        ],
    )
    .await
}

async fn ne_matches_missing(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2 },
        doc! { "_id": 3, "a": null },
        doc! { "_id": 4, "a": { "b": 1 } },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$ne": 1 } }, &[2, 3, 4]),
            (doc! { "a.b": { "$ne": 1 } }, &[1, 2, 3]),
            (doc! { "a": { "$nin": [1, 2] } }, &[2, 3, 4]),
            (doc! { "a": { "$ne": null } }, &[1, 4]),
        ],
    )
    .await
}

async fn binary_subtype_is_part_of_equality(db: Database) -> Outcome {
    let docs = with_a([bin(0, b"x"), bin(5, b"x"), bin(128, b"x"), "x".into()]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": bin(0, b"x") }, &[1]),
            (doc! { "a": bin(5, b"x") }, &[2]),
            (doc! { "a": { "$in": [bin(128, b"x"), bin(1, b"x")] } }, &[3]),
        ],
    )
    .await
}

async fn strings_are_equal_by_bytes(db: Database) -> Outcome {
    // The same letter composed and decomposed; a NUL inside.
    let docs = with_a(["é", "e\u{301}", "A", "a", "a\0b", "a\0c", ""]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": "é" }, &[1]),
            (doc! { "a": "e\u{301}" }, &[2]),
            (doc! { "a": "a" }, &[4]),
            (doc! { "a": "a\0b" }, &[5]),
            (doc! { "a": { "$gt": "a\0b", "$lt": "b" } }, &[6]),
            (doc! { "a": "" }, &[7]),
        ],
    )
    .await
}

async fn undefined_like_types_are_told_apart(db: Database) -> Outcome {
    let docs = with_a([js("x"), "x".into(), Bson::Symbol("x".to_owned()), js_scope("x", doc! {})]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": js("x") }, &[1]),
            // A symbol is a string that compares as one.
            (doc! { "a": "x" }, &[2, 3]),
            (doc! { "a": js_scope("x", doc! {}) }, &[4]),
        ],
    )
    .await
}
