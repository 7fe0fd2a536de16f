//! What updates and deletes compare under a collation.

use bson::doc;
use odm_core::Database;

use super::check;
use crate::case::{Outcome, cases};

cases! { "collation::write":
    min_and_max needs(collation),
    set_compares_bytes needs(collation),
    pull needs(collation),
    pull_all needs(collation),
    add_to_set needs(collation),
    push_and_sort needs(collation),
    array_filters_and_positions needs(collation),
    updates_find_so needs(collation),
    each_statement_has_its_own needs(collation),
    deletes needs(collation),
    find_and_modify needs(collation),
    ids_are_immutable_to_the_byte needs(collation),
    upserts_take_values_of_the_filter needs(collation),
}

async fn min_and_max(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 0 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$min": { "m": "B" } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 0 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$min": { "m": "A" } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "A", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$max": { "m": "C" } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "C", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$max": { "m": "B" } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 0 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
        ],
    )
    .await
}

async fn set_compares_bytes(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 0 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$set": { "m": "B" } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "B", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$set": { "m": "b" } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 0 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
        ],
    )
    .await
}

async fn pull(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 0 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$pull": { "s": "b" } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "a"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$pull": { "s": { "$in": ["A"] } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$pull": { "s": { "$gt": "A" } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["a"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$pull": { "o": { "k": "b" } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$pull": { "n": { "k": "b", "z": 1 } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [] }] }),
        ],
    )
    .await
}

async fn pull_all(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 0 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$pullAll": { "s": ["b", "A"] } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$pullAll": { "n": [{ "k": "b", "z": 1 }] } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "z": 1, "k": "b" }] }] }),
        ],
    )
    .await
}

async fn add_to_set(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 0 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$addToSet": { "s": "X" } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 0 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$addToSet": { "s": { "$each": ["Q", "q", "X"] } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b", "Q"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$addToSet": { "new": { "$each": ["Q", "q"] } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }], "new": ["Q"] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$addToSet": { "n": { "k": "B", "z": 1 } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 0 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$addToSet": { "s": { "$each": ["c", "D", "e", "f", "g", "H", "h", "i", "J", "X"] } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b", "c", "D", "e", "f", "g", "H", "i", "J"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
        ],
    )
    .await
}

async fn push_and_sort(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 0 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$push": { "s": { "$each": ["A"], "$sort": 1 } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["a", "A", "B", "b", "x"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$push": { "s": { "$each": ["C"], "$sort": -1 } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "C", "B", "b", "a"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$push": { "o": { "$each": [], "$sort": { "k": 1 } } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "a" }, { "k": "B" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$push": { "s": { "$each": ["A"], "$sort": 1, "$slice": 2 } } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["a", "A"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
        ],
    )
    .await
}

async fn array_filters_and_positions(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 0 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$set": { "s.$[e]": "Z" } }, "arrayFilters": [{ "e": "B" }], "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "Z", "a", "Z"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "B" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$set": { "o.$[e].k": "Z" } }, "arrayFilters": [{ "e.k": { "$gte": "b" } }], "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "projection": { "_id": 0 } }, doc! { "batch": [{ "s": ["x", "B", "a", "b"], "m": "b", "o": [{ "k": "Z" }, { "k": "a" }], "n": [{ "k": "B", "z": 1 }, { "z": 1, "k": "b" }, { "k": "b", "z": 1 }] }] }),
            (doc! { "insert": "c", "documents": [{ "_id": 2, "s": ["q", "B"] }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": 2, "s": "b" }, "u": { "$set": { "s.$": "hit" } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "filter": { "_id": 2 }, "projection": { "s": 1 }, "sort": { "_id": 1 } }, doc! { "batch": [{ "_id": 2, "s": ["q", "hit"] }] }),
        ],
    )
    .await
}

async fn updates_find_so(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "update": "c", "updates": [{ "q": { "s": "APPLE" }, "u": { "$set": { "hit": 1 } }, "multi": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 2, "nModified": 2 }),
            (doc! { "update": "c", "updates": [{ "q": { "s": "ZEBRA" }, "u": { "$set": { "hit": 2 } }, "multi": true }] }, doc! { "n": 0, "nModified": 0 }),
            (doc! { "find": "c", "sort": { "_id": 1 } }, doc! { "batch": [{ "_id": 1, "s": "apple", "hit": 1 }, { "_id": 2, "s": "Apple", "hit": 1 }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }),
        ],
    )
    .await
}

async fn each_statement_has_its_own(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "update": "c", "updates": [{ "q": { "s": "APPLE" }, "u": { "$set": { "h": 1 } }, "multi": true, "collation": { "locale": "en", "strength": 2 } }, { "q": { "s": "APPLE" }, "u": { "$set": { "h": 2 } }, "multi": true }, { "q": { "s": "APPLE" }, "u": { "$set": { "h": 3 } }, "multi": true, "collation": { "locale": "en", "strength": 1 } }] }, doc! { "n": 5, "nModified": 5 }),
            (doc! { "find": "c", "filter": { "h": 3 }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [1, 2, 3] }),
            (doc! { "delete": "c", "deletes": [{ "q": { "s": "APPLE" }, "limit": 0 }, { "q": { "s": "APPLE" }, "limit": 0, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 2 }),
            (doc! { "find": "c", "sort": { "_id": 1 } }, doc! { "batch": [{ "_id": 3, "s": "ápple", "h": 3 }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }),
        ],
    )
    .await
}

async fn deletes(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "delete": "c", "deletes": [{ "q": { "s": "APPLE" }, "limit": 0 }] }, doc! { "n": 0 }),
            (doc! { "delete": "c", "deletes": [{ "q": { "s": "APPLE" }, "limit": 0, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 2 }),
            (doc! { "delete": "c", "deletes": [{ "q": { "s": { "$gte": "z" } }, "limit": 0, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 2 }),
            (doc! { "find": "c", "sort": { "_id": 1 } }, doc! { "batch": [{ "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }] }),
        ],
    )
    .await
}

async fn find_and_modify(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "findAndModify": "c", "query": { "s": "ZEBRA" }, "sort": { "_id": -1 }, "update": { "$set": { "h": 1 } }, "new": true, "collation": { "locale": "en", "strength": 2 } }, doc! { "value": { "_id": 7, "s": "zebra", "h": 1 }, "lastErrorObject": { "n": 1, "updatedExisting": true } }),
            (doc! { "findAndModify": "c", "query": {}, "sort": { "s": -1 }, "remove": true, "collation": { "locale": "en" } }, doc! { "value": { "_id": 6, "s": "Zebra" }, "lastErrorObject": { "n": 1 } }),
            (doc! { "findAndModify": "c", "query": { "s": "nothing" }, "update": { "$set": { "h": 1 } }, "collation": { "locale": "en", "strength": 2 } }, doc! { "value": null, "lastErrorObject": { "n": 0, "updatedExisting": false } }),
            (doc! { "findAndModify": "c", "query": { "_id": 20, "s": "New" }, "update": { "$set": { "h": 1 } }, "upsert": true, "new": true, "collation": { "locale": "en", "strength": 2 } }, doc! { "value": { "_id": 20, "s": "New", "h": 1 }, "lastErrorObject": { "n": 1, "updatedExisting": false, "upserted": 20 } }),
        ],
    )
    .await
}

async fn ids_are_immutable_to_the_byte(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": "abc", "v": 1 }] }, doc! { "n": 1 }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": "ABC" }, "u": { "_id": "ABC", "v": 2 }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 0, "nModified": 0, "codes": [66] }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": "ABC" }, "u": { "$set": { "_id": "ABC" } }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 0, "nModified": 0, "codes": [66] }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": "ABC" }, "u": { "v": 3 }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "find": "c", "sort": { "_id": 1 } }, doc! { "batch": [{ "_id": "abc", "v": 3 }] }),
        ],
    )
    .await
}

async fn upserts_take_values_of_the_filter(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "update": "c", "updates": [{ "q": { "_id": 1, "k": { "$in": ["q", "Q"] } }, "u": { "$set": { "z": 1 } }, "upsert": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 0, "upserted": [{ "index": 0, "_id": 1 }] }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": 2, "k": { "$in": ["q", "Q"] } }, "u": { "$set": { "z": 1 } }, "upsert": true }] }, doc! { "n": 1, "nModified": 0, "upserted": [{ "index": 0, "_id": 2 }] }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": 3, "k": { "$in": ["Q", "q"] } }, "u": { "$set": { "z": 1 } }, "upsert": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 0, "upserted": [{ "index": 0, "_id": 3 }] }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": 4, "$or": [{ "k": "q" }, { "k": "Q" }] }, "u": { "$set": { "z": 1 } }, "upsert": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 1, "nModified": 0, "upserted": [{ "index": 0, "_id": 4 }] }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": 5, "$and": [{ "k": "q" }, { "k": "Q" }] }, "u": { "$set": { "z": 1 } }, "upsert": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "n": 0, "nModified": 0, "codes": [54] }),
            (doc! { "find": "c", "sort": { "_id": 1 } }, doc! { "batch": [{ "_id": 1, "k": "q", "z": 1 }, { "_id": 2, "z": 1 }, { "_id": 3, "k": "Q", "z": 1 }, { "_id": 4, "z": 1 }] }),
        ],
    )
    .await
}
