//! Sparse, partial and expiring indexes.

use bson::doc;
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Has, Refused, check_commands};

cases! { "index::special":
    sparse_indexes_skip_what_is_missing needs(sparse_indexes),
    partial_indexes_hold_only_matches needs(partial_indexes),
    sparse_and_partial_exclude_each_other,
    expiry_needs_a_single_field,
}

async fn sparse_indexes_skip_what_is_missing(db: Database) -> Outcome {
    let index = doc! { "key": { "a": 1 }, "name": "a_1", "unique": true, "sparse": true };
    let insert = |doc: bson::Document| doc! { "insert": "c", "documents": [doc] };
    check_commands(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": [index] }, Has(doc! { "ok": 1.0 })),
            (insert(doc! { "_id": 1 }), Has(doc! { "n": 1 })),
            (insert(doc! { "_id": 2 }), Has(doc! { "n": 1 })),
            (insert(doc! { "_id": 3, "a": null }), Has(doc! { "n": 1 })),
            (insert(doc! { "_id": 4, "a": null }), Refused(11000)),
            (doc! { "count": "c", "query": { "a": null } }, Has(doc! { "n": 3 })),
            (doc! { "count": "c", "query": { "a": { "$exists": false } } }, Has(doc! { "n": 2 })),
        ],
    )
    .await
}

async fn partial_indexes_hold_only_matches(db: Database) -> Outcome {
    let index = doc! {
        "key": { "a": 1 }, "name": "a_1", "unique": true,
        "partialFilterExpression": { "b": { "$gt": 5 } },
    };
    let insert = |doc: bson::Document| doc! { "insert": "c", "documents": [doc] };
    check_commands(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": [index] }, Has(doc! { "ok": 1.0 })),
            (insert(doc! { "_id": 1, "a": 1, "b": 1 }), Has(doc! { "n": 1 })),
            (insert(doc! { "_id": 2, "a": 1, "b": 9 }), Has(doc! { "n": 1 })),
            (insert(doc! { "_id": 3, "a": 1, "b": 9 }), Refused(11000)),
            (
                doc! { "update": "c", "updates": [{ "q": { "_id": 1 }, "u": { "$set": { "b": 9 } } }] },
                Refused(11000),
            ),
            (doc! { "count": "c", "query": { "a": 1 } }, Has(doc! { "n": 2 })),
            (doc! { "count": "c", "query": { "a": 1, "b": { "$gt": 5 } } }, Has(doc! { "n": 1 })),
        ],
    )
    .await
}

async fn sparse_and_partial_exclude_each_other(db: Database) -> Outcome {
    let index = doc! {
        "key": { "a": 1 }, "name": "a_1", "sparse": true, "partialFilterExpression": { "b": 1 },
    };
    check_commands(&db, &[(doc! { "createIndexes": "c", "indexes": [index] }, Refused(67))]).await
}

async fn expiry_needs_a_single_field(db: Database) -> Outcome {
    let compound = doc! { "key": { "a": 1, "b": 1 }, "name": "x", "expireAfterSeconds": 5 };
    let negative = doc! { "key": { "a": 1 }, "name": "x", "expireAfterSeconds": -1 };
    check_commands(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": [compound] }, Refused(67)),
            (doc! { "createIndexes": "c", "indexes": [negative] }, Refused(67)),
        ],
    )
    .await
}
