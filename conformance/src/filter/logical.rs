//! `$and`, `$or`, `$nor`, `$not`, and the conjunction that a filter is.

use bson::{Bson, Document, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{check_filters, check_refused_filters};
use crate::value::re;

cases! { "filter::logical":
    fields_are_a_conjunction,
    and_needs_all,
    or_needs_one,
    nor_needs_none,
    logical_operators_nest,
    not_is_the_complement,
    not_takes_several_operators,
    not_takes_a_regular_expression,
    comments_and_constants_are_no_conditions,
    malformed_operands_are_refused,
}

fn docs() -> Vec<Document> {
    vec![
        doc! { "_id": 1, "a": 1, "b": 1 },
        doc! { "_id": 2, "a": 1, "b": 2 },
        doc! { "_id": 3, "a": 2 },
        doc! { "_id": 4, "b": 2 },
        doc! { "_id": 5, "a": [1, 2], "b": [1, 2] },
        doc! { "_id": 6 },
    ]
}

async fn fields_are_a_conjunction(db: Database) -> Outcome {
    check_filters(
        &db,
        &docs(),
        &[
            (doc! { "a": 1, "b": 2 }, &[2, 5]),
            (doc! { "b": 2, "a": 1 }, &[2, 5]),
            (doc! { "a": { "$gt": 1 }, "b": { "$lt": 2 } }, &[5]),
            (doc! { "a": { "$gte": 1, "$ne": 2 } }, &[1, 2]),
            (doc! { "a": 1, "$or": [{ "b": 1 }, { "b": { "$exists": false } }] }, &[1, 5]),
        ],
    )
    .await
}

async fn and_needs_all(db: Database) -> Outcome {
    check_filters(
        &db,
        &docs(),
        &[
            (doc! { "$and": [{ "a": 1 }] }, &[1, 2, 5]),
            (doc! { "$and": [{ "a": 1 }, { "a": 2 }] }, &[5]),
            (doc! { "$and": [{}] }, &[1, 2, 3, 4, 5, 6]),
            (doc! { "$and": [{ "a": 1 }, { "b": 1 }], "_id": { "$lt": 5 } }, &[1]),
            (doc! { "$and": [{ "a": 1, "b": 1 }, { "$and": [{ "_id": 1 }] }] }, &[1]),
        ],
    )
    .await
}

async fn or_needs_one(db: Database) -> Outcome {
    check_filters(
        &db,
        &docs(),
        &[
            (doc! { "$or": [{ "a": 2 }, { "b": 1 }] }, &[1, 3, 5]),
            (doc! { "$or": [{ "a": 9 }] }, &[]),
            (doc! { "$or": [{ "a": 2 }, {}] }, &[1, 2, 3, 4, 5, 6]),
            (doc! { "$or": [{ "_id": 1 }, { "_id": 3 }, { "_id": 1 }] }, &[1, 3]),
            (doc! { "$or": [{ "a": 1, "b": 2 }, { "a": null, "b": null }] }, &[2, 5, 6]),
        ],
    )
    .await
}

async fn nor_needs_none(db: Database) -> Outcome {
    check_filters(
        &db,
        &docs(),
        &[
            (doc! { "$nor": [{ "a": 1 }, { "b": 2 }] }, &[3, 6]),
            (doc! { "$nor": [{ "a": 1, "b": 2 }] }, &[1, 3, 4, 6]),
            (doc! { "$nor": [{}] }, &[]),
            (doc! { "$nor": [{ "a": { "$exists": true } }] }, &[4, 6]),
        ],
    )
    .await
}

async fn logical_operators_nest(db: Database) -> Outcome {
    check_filters(
        &db,
        &docs(),
        &[
            (
                doc! { "$or": [{ "$and": [{ "a": 1 }, { "b": 1 }] }, { "$nor": [{ "a": { "$exists": true } }] }] },
                &[1, 4, 5, 6],
            ),
            (doc! { "$nor": [{ "$nor": [{ "a": 1 }] }] }, &[1, 2, 5]),
            (
                doc! { "$and": [{ "$or": [{ "a": 1 }, { "a": 2 }] }, { "$or": [{ "b": 2 }, { "b": null }] }] },
                &[2, 3, 5],
            ),
        ],
    )
    .await
}

async fn not_is_the_complement(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 3 },
        doc! { "_id": 2, "a": 9 },
        doc! { "_id": 3, "a": "9" },
        doc! { "_id": 4 },
        doc! { "_id": 5, "a": [3, 9] },
        doc! { "_id": 6, "a": null },
        doc! { "_id": 7, "a": [] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$not": { "$gt": 5 } } }, &[1, 3, 4, 6, 7]),
            (doc! { "a": { "$not": { "$eq": 3 } } }, &[2, 3, 4, 6, 7]),
            (doc! { "a": { "$not": { "$exists": true } } }, &[4]),
            (doc! { "a": { "$not": { "$in": [3, null] } } }, &[2, 3, 7]),
            (doc! { "a": { "$not": { "$not": { "$gt": 5 } } } }, &[2, 5]),
            (doc! { "a": { "$not": { "$size": 0 } } }, &[1, 2, 3, 4, 5, 6]),
            (doc! { "a": { "$not": { "$gt": 5 }, "$type": "int" } }, &[1]),
        ],
    )
    .await
}

async fn not_takes_several_operators(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2, "a": 5 },
        doc! { "_id": 3, "a": 9 },
        doc! { "_id": 4, "a": [1, 9] },
        doc! { "_id": 5 },
    ];
    check_filters(
        &db,
        &docs,
        &[
            // The elements of [1, 9] meet the two bounds between them.
            (doc! { "a": { "$not": { "$gt": 3, "$lt": 7 } } }, &[1, 3, 5]),
            (doc! { "a": { "$not": { "$elemMatch": { "$gt": 3, "$lt": 7 } } } }, &[1, 2, 3, 4, 5]),
        ],
    )
    .await
}

async fn not_takes_a_regular_expression(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": "apple" },
        doc! { "_id": 2, "a": "pear" },
        doc! { "_id": 3, "a": 1 },
        doc! { "_id": 4 },
        doc! { "_id": 5, "a": ["pear", "apple"] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$not": re("^a", "") } }, &[2, 3, 4]),
            (doc! { "a": { "$not": { "$regex": "^A", "$options": "i" } } }, &[2, 3, 4]),
            (doc! { "a": { "$not": re("^a", ""), "$exists": true } }, &[2, 3]),
        ],
    )
    .await
}

async fn comments_and_constants_are_no_conditions(db: Database) -> Outcome {
    check_filters(
        &db,
        &docs(),
        &[
            (doc! { "$comment": "why", "a": 2 }, &[3, 5]),
            (doc! { "$comment": 1 }, &[1, 2, 3, 4, 5, 6]),
            (doc! { "$alwaysTrue": 1 }, &[1, 2, 3, 4, 5, 6]),
            (doc! { "$alwaysFalse": 1 }, &[]),
            (doc! { "$or": [{ "$alwaysFalse": 1 }, { "a": 2 }] }, &[3, 5]),
        ],
    )
    .await
}

async fn malformed_operands_are_refused(db: Database) -> Outcome {
    let mut rows = Vec::new();
    for operator in ["$and", "$or", "$nor"] {
        for operand in [
            Bson::Array(vec![]),
            bson::bson!({}),
            bson::bson!({ "a": 1 }),
            bson::bson!(1),
            Bson::Null,
            bson::bson!([1]),
            bson::bson!([{ "a": 1 }, "b"]),
            bson::bson!([[{ "a": 1 }]]),
        ] {
            rows.push((doc! { operator: operand }, 2));
        }
        rows.push((doc! { operator: [{ "a": { "$unknown": 1 } }] }, 2));
        rows.push((doc! { "a": { operator: [{ "b": 1 }] } }, 2));
    }
    for operand in [
        bson::bson!({}),
        bson::bson!(1),
        Bson::Null,
        bson::bson!("a"),
        bson::bson!([]),
        bson::bson!({ "b": 1 }),
        bson::bson!({ "$unknown": 1 }),
    ] {
        rows.push((doc! { "a": { "$not": operand } }, 2));
    }
    rows.push((doc! { "$not": { "a": 1 } }, 2));
    rows.push((doc! { "$alwaysTrue": 2 }, 9));
    check_refused_filters(&db, &rows).await
}
