//! `$in`, `$nin`.

use bson::doc;
use odm_core::Database;

use super::{with_a, with_or_without_a};
use crate::case::{Outcome, cases};
use crate::check::check_filters;
use crate::value::re;

cases! { "filter::comparison::list":
    in_matches_any_of_the_values,
    in_with_null_matches_missing,
    in_takes_regular_expressions,
    in_of_arrays_matches_them_whole_or_as_elements,
    in_of_nothing_matches_nothing,
    nin_is_the_complement_of_in,
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
