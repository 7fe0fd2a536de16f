//! `$eq`, `$ne`, `$gt`, `$gte`, `$lt`, `$lte`, `$in`, `$nin`.

use bson::{Bson, Document, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::check_filters;
use crate::value::{bin, date, dec, js, js_scope, oid, one_of_each_type, re, ts};

cases! { "filter::comparison":
    eq_matches_the_value_or_an_element,
    eq_of_an_array_matches_it_whole_or_as_an_element,
    eq_of_a_document_is_exact,
    eq_null_matches_null_and_missing,
    eq_takes_every_type,
    numbers_are_equal_across_types,
    numbers_compare_across_types,
    large_numbers_compare_exactly,
    zeros_are_equal,
    nan_equals_only_nan,
    infinities_are_the_ends_of_the_numbers,
    gt_stays_within_type,
    ranges_stay_within_type_for_every_type,
    ranges_on_null_match_only_null_and_missing,
    ranges_on_booleans,
    ranges_on_strings_go_by_bytes,
    ranges_on_dates_and_timestamps_do_not_mix,
    ranges_on_object_ids,
    ranges_on_binary_data_go_by_length_first,
    ranges_on_documents_go_field_by_field,
    ranges_on_arrays_compare_whole_arrays,
    ranges_with_min_and_max_key_match_across_types,
    two_bounds_may_be_met_by_different_elements,
    ne_excludes_if_any_element_is_equal,
    ne_matches_missing,
    in_matches_any_of_the_values,
    in_with_null_matches_missing,
    in_takes_regular_expressions,
    in_of_arrays_matches_them_whole_or_as_elements,
    in_of_nothing_matches_nothing,
    nin_is_the_complement_of_in,
    binary_subtype_is_part_of_equality,
    strings_are_equal_by_bytes,
    undefined_like_types_are_told_apart,
}

fn with_a<T: Into<Bson>>(values: impl IntoIterator<Item = T>) -> Vec<Document> {
    (1..).zip(values).map(|(id, value)| doc! { "_id": id, "a": value.into() }).collect()
}

/// `None` is a document without the field.
fn with_or_without_a(values: impl IntoIterator<Item = Option<Bson>>) -> Vec<Document> {
    (1..)
        .zip(values)
        .map(|(id, value)| match value {
            Some(value) => doc! { "_id": id, "a": value },
            None => doc! { "_id": id },
        })
        .collect()
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

async fn numbers_compare_across_types(db: Database) -> Outcome {
    let docs = with_a([
        Bson::Int32(1),
        Bson::Int64(2),
        Bson::Double(2.5),
        dec("3"),
        Bson::Int32(-1),
        dec("-1.5"),
        Bson::String("2".to_owned()),
        Bson::Null,
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gt": 2 } }, &[3, 4]),
            (doc! { "a": { "$gte": 2.0 } }, &[2, 3, 4]),
            (doc! { "a": { "$lt": dec("2.5") } }, &[1, 2, 5, 6]),
            (doc! { "a": { "$lte": dec("2.5") } }, &[1, 2, 3, 5, 6]),
            (doc! { "a": { "$lt": 0_i64 } }, &[5, 6]),
            (doc! { "a": { "$gt": -1.25, "$lt": 2 } }, &[1, 5]),
        ],
    )
    .await
}

async fn large_numbers_compare_exactly(db: Database) -> Outcome {
    const BEYOND_DOUBLE: i64 = (1 << 53) + 1;
    let docs = with_a([
        Bson::Int64(BEYOND_DOUBLE),
        Bson::Double(9_007_199_254_740_992.0),
        Bson::Int64(i64::MAX),
        Bson::Double(9_223_372_036_854_775_808.0),
        dec("9223372036854775807"),
        Bson::Int64(i64::MIN),
        dec("1E+40"),
        Bson::Double(0.1),
        dec("0.1"),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": BEYOND_DOUBLE }, &[1]),
            (doc! { "a": 9_007_199_254_740_992.0 }, &[2]),
            (doc! { "a": 9_007_199_254_740_992_i64 }, &[2]),
            (doc! { "a": i64::MAX }, &[3, 5]),
            (doc! { "a": { "$gt": i64::MAX } }, &[4, 7]),
            (doc! { "a": { "$lt": 9_223_372_036_854_775_808.0 } }, &[1, 2, 3, 5, 6, 8, 9]),
            (doc! { "a": i64::MIN }, &[6]),
            (doc! { "a": -9_223_372_036_854_775_808.0 }, &[6]),
            (doc! { "a": { "$gt": 1e39 } }, &[7]),
            (doc! { "a": 0.1 }, &[8]),
            (doc! { "a": { "$gt": dec("0.1"), "$lt": 1 } }, &[8]),
            (doc! { "a": { "$lt": 0.1, "$gt": 0 } }, &[9]),
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

async fn infinities_are_the_ends_of_the_numbers(db: Database) -> Outcome {
    let docs = with_a([
        Bson::Double(f64::INFINITY),
        dec("Infinity"),
        Bson::Double(f64::NEG_INFINITY),
        dec("-Infinity"),
        Bson::Double(f64::MAX),
        dec("9.999999999999999999999999999999999E+6144"),
        Bson::Int64(i64::MIN),
        Bson::Double(f64::NAN),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": f64::INFINITY }, &[1, 2]),
            (doc! { "a": dec("-Infinity") }, &[3, 4]),
            (doc! { "a": { "$gt": f64::MAX } }, &[1, 2, 6]),
            (doc! { "a": { "$lt": f64::INFINITY } }, &[3, 4, 5, 6, 7]),
            (doc! { "a": { "$lte": f64::NEG_INFINITY } }, &[3, 4]),
            (doc! { "a": { "$gte": dec("Infinity") } }, &[1, 2]),
        ],
    )
    .await
}

/// A string never matches a numeric bound, whatever its digits say.
async fn gt_stays_within_type(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "n": 5 }, doc! { "_id": 2, "n": "5" }, doc! { "_id": 3 }];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "n": { "$gt": 4 } }, &[1]),
            (doc! { "n": { "$gt": "4" } }, &[2]),
            (doc! { "n": { "$lt": 6 } }, &[1]),
            (doc! { "n": { "$lt": "6" } }, &[2]),
        ],
    )
    .await
}

async fn ranges_stay_within_type_for_every_type(db: Database) -> Outcome {
    let docs = with_a(one_of_each_type());
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gte": 1 } }, &[3, 4, 5, 6]),
            (doc! { "a": { "$lt": dec("100") } }, &[3, 4, 5, 6]),
            (doc! { "a": { "$gte": "" } }, &[7]),
            (doc! { "a": { "$gte": {} } }, &[8]),
            (doc! { "a": { "$gte": bin(0, b"") } }, &[9]),
            (doc! { "a": { "$gte": oid(0) } }, &[10]),
            (doc! { "a": { "$gte": false } }, &[11, 12]),
            (doc! { "a": { "$lte": true } }, &[11, 12]),
            (doc! { "a": { "$gte": date(0) } }, &[13]),
            (doc! { "a": { "$gte": ts(0, 0) } }, &[14]),
            (doc! { "a": { "$gte": js("") } }, &[16]),
            (doc! { "a": { "$gte": js_scope("", doc! {}) } }, &[17]),
            (doc! { "a": { "$gte": null } }, &[2]),
        ],
    )
    .await
}

async fn ranges_on_null_match_only_null_and_missing(db: Database) -> Outcome {
    let docs = with_or_without_a([
        Some(Bson::Null),
        None,
        Some(bson::bson!(1)),
        Some(bson::bson!([null, 1])),
        Some(bson::bson!([])),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gte": null } }, &[1, 2, 4]),
            (doc! { "a": { "$lte": null } }, &[1, 2, 4]),
            (doc! { "a": { "$gt": null } }, &[]),
            (doc! { "a": { "$lt": null } }, &[]),
            (doc! { "a": { "$not": { "$gte": null } } }, &[3, 5]),
        ],
    )
    .await
}

async fn ranges_on_booleans(db: Database) -> Outcome {
    let docs = with_a([
        Bson::Boolean(false),
        Bson::Boolean(true),
        Bson::Int32(0),
        Bson::Int32(1),
        Bson::Null,
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gt": false } }, &[2]),
            (doc! { "a": { "$gte": false } }, &[1, 2]),
            (doc! { "a": { "$lt": true } }, &[1]),
            (doc! { "a": { "$gt": true } }, &[]),
        ],
    )
    .await
}

async fn ranges_on_strings_go_by_bytes(db: Database) -> Outcome {
    let docs = with_a(["a", "B", "b", "", "aa", "ä", "10", "9"]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gt": "a" } }, &[3, 5, 6]),
            (doc! { "a": { "$lt": "a" } }, &[2, 4, 7, 8]),
            (doc! { "a": { "$gte": "" } }, &[1, 2, 3, 4, 5, 6, 7, 8]),
            (doc! { "a": { "$gt": "z" } }, &[6]),
            (doc! { "a": { "$gt": "10", "$lt": "A" } }, &[8]),
        ],
    )
    .await
}

async fn ranges_on_dates_and_timestamps_do_not_mix(db: Database) -> Outcome {
    let docs = with_a([date(-1), date(0), date(5_000), ts(0, 1), ts(5, 0), ts(5, 1), 5_000.into()]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gte": date(0) } }, &[2, 3]),
            (doc! { "a": { "$lt": date(0) } }, &[1]),
            (doc! { "a": { "$gt": ts(0, 1) } }, &[5, 6]),
            (doc! { "a": { "$gt": ts(5, 0) } }, &[6]),
            (doc! { "a": { "$lt": ts(5, 0) } }, &[4]),
            (doc! { "a": { "$gte": 0 } }, &[7]),
        ],
    )
    .await
}

async fn ranges_on_object_ids(db: Database) -> Outcome {
    let docs = with_a([oid(1), oid(2), oid(255), "020202020202020202020202".into()]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gt": oid(1) } }, &[2, 3]),
            (doc! { "a": { "$lte": oid(2) } }, &[1, 2]),
            (doc! { "a": oid(2) }, &[2]),
        ],
    )
    .await
}

async fn ranges_on_binary_data_go_by_length_first(db: Database) -> Outcome {
    let docs = with_a([
        bin(0, &[9]),
        bin(0, &[1, 1]),
        bin(5, &[1, 1]),
        bin(0, &[1, 2]),
        bin(0, &[]),
        bin(4, &[0; 16]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gt": bin(0, &[9]) } }, &[2, 3, 4, 6]),
            (doc! { "a": { "$gt": bin(0, &[1, 2]) } }, &[3, 6]),
            (doc! { "a": { "$lt": bin(0, &[1, 1]) } }, &[1, 5]),
            (doc! { "a": { "$gte": bin(5, &[1, 1]) } }, &[3, 6]),
        ],
    )
    .await
}

async fn ranges_on_documents_go_field_by_field(db: Database) -> Outcome {
    let docs = with_a([
        doc! { "x": 1 },
        doc! { "x": 2 },
        doc! { "x": 1, "y": 0 },
        doc! { "w": 9 },
        doc! { "x": "1" },
        doc! {},
        doc! { "x": null },
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gt": { "x": 1 } } }, &[2, 3, 5]),
            (doc! { "a": { "$gte": { "x": 1 } } }, &[1, 2, 3, 5]),
            (doc! { "a": { "$lt": { "x": 1 } } }, &[4, 6, 7]),
            (doc! { "a": { "$gt": {} } }, &[1, 2, 3, 4, 5, 7]),
            (doc! { "a": { "$lt": { "x": 2 } } }, &[1, 3, 4, 6, 7]),
        ],
    )
    .await
}

async fn ranges_on_arrays_compare_whole_arrays(db: Database) -> Outcome {
    let docs = with_a([
        bson::bson!([1, 2]),
        bson::bson!([1, 3]),
        bson::bson!([2]),
        bson::bson!([[1, 3], 0]),
        bson::bson!([]),
        bson::bson!(9),
        bson::bson!([1]),
        bson::bson!(["a"]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gt": [1, 2] } }, &[2, 3, 4, 8]),
            (doc! { "a": { "$gte": [1, 2] } }, &[1, 2, 3, 4, 8]),
            (doc! { "a": { "$lt": [1, 2] } }, &[5, 7]),
            (doc! { "a": { "$lte": [] } }, &[5]),
            (doc! { "a": { "$gt": [] } }, &[1, 2, 3, 4, 7, 8]),
        ],
    )
    .await
}

async fn ranges_with_min_and_max_key_match_across_types(db: Database) -> Outcome {
    let docs = with_or_without_a([
        Some(Bson::MinKey),
        Some(Bson::Int32(1)),
        Some(Bson::String("a".to_owned())),
        Some(Bson::Null),
        None,
        Some(Bson::MaxKey),
        Some(bson::bson!([1])),
        Some(bson::bson!([])),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gt": Bson::MinKey } }, &[2, 3, 4, 5, 6, 7, 8]),
            (doc! { "a": { "$gte": Bson::MinKey } }, &[1, 2, 3, 4, 5, 6, 7, 8]),
            (doc! { "a": { "$lt": Bson::MaxKey } }, &[1, 2, 3, 4, 5, 7, 8]),
            (doc! { "a": { "$lte": Bson::MaxKey } }, &[1, 2, 3, 4, 5, 6, 7, 8]),
            (doc! { "a": { "$lt": Bson::MinKey } }, &[]),
            (doc! { "a": { "$lte": Bson::MinKey } }, &[1]),
            (doc! { "a": { "$gte": Bson::MaxKey } }, &[6]),
        ],
    )
    .await
}

async fn two_bounds_may_be_met_by_different_elements(db: Database) -> Outcome {
    let docs = with_a([
        bson::bson!([1, 5]),
        bson::bson!([3]),
        bson::bson!(3),
        bson::bson!([1]),
        bson::bson!([5]),
        bson::bson!([]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gt": 2, "$lt": 4 } }, &[1, 2, 3]),
            (doc! { "a": { "$gt": 2 }, "$and": [{ "a": { "$lt": 4 } }] }, &[1, 2, 3]),
            (doc! { "a": { "$elemMatch": { "$gt": 2, "$lt": 4 } } }, &[2]),
            (doc! { "a": { "$gte": 1, "$lte": 1 } }, &[1, 4]),
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

async fn in_matches_any_of_the_values(db: Database) -> Outcome {
    let docs = with_a([
        bson::bson!(1),
        bson::bson!("x"),
        bson::bson!([3, 4]),
        bson::bson!(true),
        bson::bson!({ "b": 1 }),
        bson::bson!(5.0),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$in": [1, "x"] } }, &[1, 2]),
            (doc! { "a": { "$in": [4, 9] } }, &[3]),
            (doc! { "a": { "$in": [1, 1, 1.0] } }, &[1]),
            (doc! { "a": { "$in": [true, { "b": 1 }] } }, &[4, 5]),
            (doc! { "a": { "$in": [5, 4, 3, 2, 1] } }, &[1, 3, 6]),
            (doc! { "_id": { "$in": [6, 2, 99] } }, &[2, 6]),
        ],
    )
    .await
}

async fn in_with_null_matches_missing(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": null }, doc! { "_id": 2 }, doc! { "_id": 3, "a": 1 }];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$in": [null, 1] } }, &[1, 2, 3]),
            (doc! { "a": { "$in": [null, 2] } }, &[1, 2]),
            (doc! { "a": { "$nin": [null] } }, &[3]),
        ],
    )
    .await
}

async fn in_takes_regular_expressions(db: Database) -> Outcome {
    let docs = with_a([
        bson::bson!("apple"),
        bson::bson!("Avocado"),
        bson::bson!("pear"),
        bson::bson!(["plum", "apricot"]),
        re("^a", ""),
        bson::bson!(7),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$in": [re("^a", "")] } }, &[1, 4, 5]),
            (doc! { "a": { "$in": [re("^a", "i"), 7] } }, &[1, 2, 4, 6]),
            (doc! { "a": { "$nin": [re("^a", "i")] } }, &[3, 5, 6]),
            (doc! { "a": { "$in": [re("ear$", ""), "apple"] } }, &[1, 3]),
        ],
    )
    .await
}

async fn in_of_arrays_matches_them_whole_or_as_elements(db: Database) -> Outcome {
    let docs = with_a([
        bson::bson!([1, 2]),
        bson::bson!([[1, 2], 3]),
        bson::bson!([1, 2, 3]),
        bson::bson!([]),
        bson::bson!(1),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$in": [[1, 2]] } }, &[1, 2]),
            (doc! { "a": { "$in": [[], 3] } }, &[2, 3, 4]),
            (doc! { "a": { "$nin": [[1, 2]] } }, &[3, 4, 5]),
        ],
    )
    .await
}

async fn in_of_nothing_matches_nothing(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2 }, doc! { "_id": 3, "a": [] }];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$in": [] } }, &[]),
            (doc! { "a": { "$nin": [] } }, &[1, 2, 3]),
            (doc! { "a": { "$not": { "$in": [] } } }, &[1, 2, 3]),
            (doc! { "_id": { "$in": [] } }, &[]),
        ],
    )
    .await
}

async fn nin_is_the_complement_of_in(db: Database) -> Outcome {
    let docs = with_or_without_a([
        Some(bson::bson!(1)),
        Some(bson::bson!([1, 2])),
        Some(bson::bson!("1")),
        None,
        Some(bson::bson!(null)),
        Some(bson::bson!([[1]])),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$nin": [1] } }, &[3, 4, 5, 6]),
            (doc! { "a": { "$nin": [1, null] } }, &[3, 6]),
            (doc! { "a": { "$nin": ["1", 2] } }, &[1, 4, 5, 6]),
            (doc! { "a": { "$not": { "$nin": [1] } } }, &[1, 2]),
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
