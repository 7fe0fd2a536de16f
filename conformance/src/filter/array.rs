//! `$all`, `$elemMatch` and `$size`.

use bson::{Bson, Document, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{check_filters, check_refused_filters};
use crate::value::{dec, re};

cases! { "filter::array":
    all_needs_every_value,
    all_of_arrays,
    all_of_null_matches_missing,
    all_of_nothing_matches_nothing,
    all_takes_regular_expressions,
    all_of_elem_matches,
    elem_match_needs_one_element,
    elem_match_on_documents,
    elem_match_matches_only_arrays,
    elem_match_on_nested_arrays,
    elem_match_of_nothing,
    elem_match_on_paths,
    elem_match_with_logical_operators,
    size_counts_the_outer_array,
    malformed_operands_are_refused,
}

fn values(values: impl IntoIterator<Item = Bson>) -> Vec<Document> {
    (1..).zip(values).map(|(id, value)| doc! { "_id": id, "a": value }).collect()
}

async fn all_needs_every_value(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([1, 2, 3]),
        bson::bson!([1]),
        bson::bson!(1),
        bson::bson!([2, 1]),
        bson::bson!([]),
        bson::bson!("1"),
        bson::bson!([1.0, 2_i64]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$all": [1] } }, &[1, 2, 3, 4, 7]),
            (doc! { "a": { "$all": [1, 2] } }, &[1, 4, 7]),
            (doc! { "a": { "$all": [2, 1, 1] } }, &[1, 4, 7]),
            (doc! { "a": { "$all": [1, "1"] } }, &[]),
            (doc! { "a": { "$not": { "$all": [1, 2] } } }, &[2, 3, 5, 6]),
        ],
    )
    .await
}

async fn all_of_arrays(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([1, 2]),
        bson::bson!([[1, 2]]),
        bson::bson!([[1, 2], [3]]),
        bson::bson!([2, 1]),
        bson::bson!([[[1, 2]]]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$all": [[1, 2]] } }, &[1, 2, 3]),
            (doc! { "a": { "$all": [[1, 2], [3]] } }, &[3]),
            (doc! { "a": { "$all": [[1, 2], 1] } }, &[1]),
        ],
    )
    .await
}

async fn all_of_null_matches_missing(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1 },
        doc! { "_id": 2, "a": null },
        doc! { "_id": 3, "a": [null, 1] },
        doc! { "_id": 4, "a": [1] },
        doc! { "_id": 5, "a": [] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$all": [null] } }, &[1, 2, 3]),
            (doc! { "a": { "$all": [null, 1] } }, &[3]),
        ],
    )
    .await
}

async fn all_of_nothing_matches_nothing(db: Database) -> Outcome {
    let docs = values([bson::bson!([]), bson::bson!([1]), Bson::Null]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$all": [] } }, &[]),
            (doc! { "a": { "$not": { "$all": [] } } }, &[1, 2, 3]),
        ],
    )
    .await
}

async fn all_takes_regular_expressions(db: Database) -> Outcome {
    let docs = values([
        bson::bson!(["apple", "pear"]),
        bson::bson!(["apple"]),
        bson::bson!("applepear"),
        bson::bson!(["pear"]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$all": [re("^a", ""), re("r$", "")] } }, &[1, 3]),
            (doc! { "a": { "$all": [re("^a", ""), "pear"] } }, &[1]),
        ],
    )
    .await
}

async fn all_of_elem_matches(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([{ "x": 1, "y": 1 }, { "x": 2, "y": 2 }]),
        bson::bson!([{ "x": 1, "y": 2 }, { "x": 2, "y": 1 }]),
        bson::bson!([{ "x": 1, "y": 1 }]),
        bson::bson!({ "x": 1, "y": 1 }),
        bson::bson!([5, 15]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (
                doc! { "a": { "$all": [
                    { "$elemMatch": { "x": 1, "y": 1 } },
                    { "$elemMatch": { "x": 2, "y": { "$gt": 1 } } },
                ] } },
                &[1],
            ),
            (doc! { "a": { "$all": [{ "$elemMatch": { "x": 1, "y": 1 } }] } }, &[1, 3]),
            (
                doc! { "a": { "$all": [
                    { "$elemMatch": { "$lt": 10 } },
                    { "$elemMatch": { "$gt": 10 } },
                ] } },
                &[5],
            ),
        ],
    )
    .await
}

async fn elem_match_needs_one_element(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([1, 5]),
        bson::bson!([3]),
        bson::bson!(3),
        bson::bson!([3, "x"]),
        bson::bson!([]),
        bson::bson!([[3]]),
        bson::bson!([null]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$elemMatch": { "$gt": 2, "$lt": 4 } } }, &[2, 4]),
            (doc! { "a": { "$elemMatch": { "$eq": 3 } } }, &[2, 4]),
            (doc! { "a": { "$elemMatch": { "$in": [1, "x"] } } }, &[1, 4]),
            (doc! { "a": { "$elemMatch": { "$ne": 3 } } }, &[1, 4, 6, 7]),
            (doc! { "a": { "$elemMatch": { "$not": { "$gt": 2 } } } }, &[1, 4, 6, 7]),
            (doc! { "a": { "$elemMatch": { "$eq": null } } }, &[7]),
            (doc! { "a": { "$elemMatch": { "$exists": true } } }, &[1, 2, 4, 6, 7]),
            (doc! { "a": { "$elemMatch": { "$gt": 2 }, "$size": 1 } }, &[2]),
            (doc! { "a": { "$not": { "$elemMatch": { "$gt": 2 } } } }, &[3, 5, 6, 7]),
            (doc! { "a": { "$elemMatch": { "$regex": "^x" } } }, &[4]),
            (doc! { "a": { "$elemMatch": { "$type": "string" } } }, &[4]),
        ],
    )
    .await
}

async fn elem_match_on_documents(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([{ "x": 1, "y": 1 }, { "x": 2, "y": 2 }]),
        bson::bson!([{ "x": 1, "y": 2 }]),
        bson::bson!([{ "x": [1, 2], "y": 1 }]),
        bson::bson!({ "x": 1, "y": 1 }),
        bson::bson!([1, { "y": 1 }]),
        bson::bson!([{ "x": { "z": 1 } }]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$elemMatch": { "x": 1, "y": 1 } } }, &[1, 3]),
            (doc! { "a": { "$elemMatch": { "x": 1, "y": 2 } } }, &[2]),
            (doc! { "a": { "$elemMatch": { "x": { "$gt": 1 } } } }, &[1, 3]),
            (doc! { "a": { "$elemMatch": { "x.z": 1 } } }, &[6]),
            (doc! { "a": { "$elemMatch": { "x": { "$exists": false } } } }, &[5]),
            (doc! { "a": { "$elemMatch": { "y": { "$ne": 1 } } } }, &[1, 2, 6]),
            (doc! { "a.x": 1, "a.y": 2 }, &[1, 2]),
        ],
    )
    .await
}

async fn elem_match_matches_only_arrays(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": { "0": 5 } },
        doc! { "_id": 2, "a": 5 },
        doc! { "_id": 3, "a": [5] },
        doc! { "_id": 4 },
        doc! { "_id": 5, "a": { "x": [5] } },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$elemMatch": { "$eq": 5 } } }, &[3]),
            (doc! { "a": { "$elemMatch": { "$gte": 0 } } }, &[3]),
            (doc! { "a.x": { "$elemMatch": { "$eq": 5 } } }, &[5]),
        ],
    )
    .await
}

async fn elem_match_on_nested_arrays(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([[1, 2], [3]]),
        bson::bson!([[3, 1]]),
        bson::bson!([1, 3]),
        bson::bson!([{ "0": 1 }]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$elemMatch": { "0": 1 } } }, &[1, 4]),
            (doc! { "a": { "$elemMatch": { "$elemMatch": { "$eq": 3 } } } }, &[1, 2]),
            (doc! { "a": { "$elemMatch": { "$eq": [3] } } }, &[1]),
            (doc! { "a": { "$elemMatch": { "$size": 2 } } }, &[1, 2]),
            (doc! { "a": { "$elemMatch": { "$gt": 2 } } }, &[3]),
        ],
    )
    .await
}

async fn elem_match_of_nothing(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([1]),
        bson::bson!([{}]),
        bson::bson!([[]]),
        bson::bson!([]),
        bson::bson!({}),
        bson::bson!([null]),
    ]);
    check_filters(&db, &docs, &[(doc! { "a": { "$elemMatch": {} } }, &[2, 3])]).await
}

async fn elem_match_on_paths(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": { "b": [1, 5] } },
        doc! { "_id": 2, "a": [{ "b": [3] }, { "b": [9] }] },
        doc! { "_id": 3, "a": [{ "b": 3 }] },
        doc! { "_id": 4, "a": [[3]] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.b": { "$elemMatch": { "$gt": 2, "$lt": 4 } } }, &[2]),
            (doc! { "a.b": { "$elemMatch": { "$gt": 4 } } }, &[1, 2]),
            (doc! { "a.0": { "$elemMatch": { "$eq": 3 } } }, &[4]),
            (doc! { "a.0.b": { "$elemMatch": { "$eq": 3 } } }, &[2]),
        ],
    )
    .await
}

async fn elem_match_with_logical_operators(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([{ "x": 1 }, { "x": 7 }]),
        bson::bson!([{ "x": 3, "y": 1 }]),
        bson::bson!([{ "y": 1 }]),
        bson::bson!([1]),
    ]);
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$elemMatch": { "$or": [{ "x": 7 }, { "y": 1 }] } } }, &[1, 2, 3]),
            (doc! { "a": { "$elemMatch": { "$and": [{ "x": 3 }, { "y": 1 }] } } }, &[2]),
            (doc! { "a": { "$elemMatch": { "$nor": [{ "x": { "$gt": 2 } }] } } }, &[1, 3]),
            (doc! { "a": { "$elemMatch": { "x": { "$not": { "$gt": 2 } } } } }, &[1, 3]),
        ],
    )
    .await
}

async fn size_counts_the_outer_array(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [] },
        doc! { "_id": 2, "a": [1, 2] },
        doc! { "_id": 3, "a": [[1, 2]] },
        doc! { "_id": 4, "a": "xx" },
        doc! { "_id": 5, "a": { "b": [1, 2] } },
        doc! { "_id": 6 },
        doc! { "_id": 7, "a": [{ "b": [1, 2] }, { "b": [] }] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$size": 0 } }, &[1]),
            (doc! { "a": { "$size": 2 } }, &[2, 7]),
            (doc! { "a": { "$size": 2.0 } }, &[2, 7]),
            (doc! { "a": { "$size": 1_i64 } }, &[3]),
            (doc! { "a": { "$size": dec("1.0") } }, &[3]),
            (doc! { "a.b": { "$size": 2 } }, &[5, 7]),
            (doc! { "a.b": { "$size": 0 } }, &[7]),
            (doc! { "a": { "$size": 1_000_000 } }, &[]),
            (doc! { "a": { "$not": { "$size": 0 } } }, &[2, 3, 4, 5, 6, 7]),
        ],
    )
    .await
}

async fn malformed_operands_are_refused(db: Database) -> Outcome {
    check_refused_filters(
        &db,
        &[
            (doc! { "a": { "$all": 1 } }, 2),
            (doc! { "a": { "$all": null } }, 2),
            (doc! { "a": { "$all": { "0": 1 } } }, 2),
            (doc! { "a": { "$all": [{ "$gt": 1 }] } }, 2),
            (doc! { "a": { "$all": [{ "$elemMatch": { "x": 1 } }, 1] } }, 2),
            (doc! { "a": { "$elemMatch": 1 } }, 2),
            (doc! { "a": { "$elemMatch": [] } }, 2),
            (doc! { "a": { "$elemMatch": null } }, 2),
            (doc! { "a": { "$elemMatch": { "$gt": 1, "x": 1 } } }, 2),
            (doc! { "a": { "$elemMatch": { "$unknown": 1 } } }, 2),
            (doc! { "a": { "$size": 2.5 } }, 2),
            (doc! { "a": { "$size": -1 } }, 2),
            (doc! { "a": { "$size": "2" } }, 2),
            (doc! { "a": { "$size": null } }, 2),
            (doc! { "a": { "$in": 1 } }, 2),
            (doc! { "a": { "$in": { "0": 1 } } }, 2),
            (doc! { "a": { "$in": [{ "$gt": 1 }] } }, 2),
            (doc! { "a": { "$nin": null } }, 2),
        ],
    )
    .await
}
