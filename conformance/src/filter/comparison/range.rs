//! `$gt`, `$gte`, `$lt`, `$lte`.

use bson::{Bson, doc};
use odm_core::Database;

use super::{with_a, with_or_without_a};
use crate::case::{Outcome, cases};
use crate::check::check_filters;
use crate::value::{bin, date, dec, js, js_scope, oid, one_of_each_type, ts};

cases! { "filter::comparison::range":
    numbers_compare_across_types,
    large_numbers_compare_exactly,
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
