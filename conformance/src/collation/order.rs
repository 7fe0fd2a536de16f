//! How strings sort, and which are one, under a collation.

use bson::doc;
use odm_core::Database;

use super::check;
use crate::case::{Outcome, cases};

cases! { "collation::order":
    sort_follows_the_locale needs(collation),
    case_first needs(collation),
    numbers_in_order needs(collation),
    accents_from_the_end needs(collation),
    letters_of_a_locale needs(collation),
    least_and_greatest_of_an_array needs(collation),
    among_other_types needs(collation),
    distinct_keeps_the_first_of_equals needs(collation),
    count needs(collation),
    limits_after_sorting needs(collation),
}

async fn sort_follows_the_locale(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [1, 2, 3, 4, 5, 7, 6] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [2, 5, 6, 1, 4, 7, 3] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": -1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [6, 7, 5, 4, 3, 2, 1] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1, "_id": -1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [2, 1, 3, 5, 4, 7, 6] }),
        ],
    )
    .await
}

async fn case_first(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "caseFirst": "upper" } }, doc! { "ids": [2, 1, 3, 5, 4, 6, 7] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "caseFirst": "lower" } }, doc! { "ids": [1, 2, 3, 4, 5, 7, 6] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "caseFirst": "off" } }, doc! { "ids": [1, 2, 3, 4, 5, 7, 6] }),
        ],
    )
    .await
}

async fn numbers_in_order(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "a10" }, { "_id": 1, "s": "a9" }, { "_id": 2, "s": "a1" }, { "_id": 3, "s": "b2" }, { "_id": 4, "s": "a100" }] }, doc! { "n": 5 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "numericOrdering": true } }, doc! { "ids": [2, 1, 0, 4, 3] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [2, 0, 4, 1, 3] }),
        ],
    )
    .await
}

async fn accents_from_the_end(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "cote" }, { "_id": 1, "s": "coté" }, { "_id": 2, "s": "côte" }, { "_id": 3, "s": "côté" }] }, doc! { "n": 4 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "fr" } }, doc! { "ids": [0, 1, 2, 3] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "fr_CA" } }, doc! { "ids": [0, 2, 1, 3] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "fr", "backwards": true } }, doc! { "ids": [0, 2, 1, 3] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "fr_CA", "backwards": false } }, doc! { "ids": [0, 1, 2, 3] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "backwards": true } }, doc! { "ids": [0, 2, 1, 3] }),
        ],
    )
    .await
}

async fn letters_of_a_locale(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "zoo" }, { "_id": 1, "s": "ångström" }, { "_id": 2, "s": "äpple" }, { "_id": 3, "s": "öl" }, { "_id": 4, "s": "apa" }, { "_id": 5, "s": "chico" }, { "_id": 6, "s": "cosa" }, { "_id": 7, "s": "llama" }, { "_id": 8, "s": "luz" }, { "_id": 9, "s": "ñandú" }, { "_id": 10, "s": "nube" }] }, doc! { "n": 11 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [1, 4, 2, 5, 6, 7, 8, 9, 10, 3, 0] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "sv" } }, doc! { "ids": [4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "es" } }, doc! { "ids": [1, 4, 2, 5, 6, 7, 8, 10, 9, 3, 0] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "es@collation=traditional" } }, doc! { "ids": [1, 4, 2, 6, 5, 8, 7, 10, 9, 3, 0] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "de" } }, doc! { "ids": [1, 4, 2, 5, 6, 7, 8, 9, 10, 3, 0] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "cs" } }, doc! { "ids": [1, 4, 2, 6, 5, 7, 8, 9, 10, 3, 0] }),
        ],
    )
    .await
}

async fn least_and_greatest_of_an_array(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": ["b", "Z"] }, { "_id": 2, "a": ["a", "y"] }, { "_id": 3, "a": "B" }, { "_id": 4, "a": [] }, { "_id": 5, "a": { "x": "B" } }, { "_id": 6, "a": { "x": "a" } }, { "_id": 7 }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": {}, "sort": { "a": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [4, 7, 2, 1, 3, 6, 5] }),
            (doc! { "find": "c", "filter": {}, "sort": { "a": -1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [5, 6, 1, 2, 3, 7, 4] }),
            (doc! { "find": "c", "filter": {}, "sort": { "a": 1, "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [4, 7, 2, 1, 3, 6, 5] }),
        ],
    )
    .await
}

async fn among_other_types(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": "x" }, { "_id": 2, "a": 5 }, { "_id": 3, "a": { "k": 1 } }, { "_id": 4, "a": ["X"] }, { "_id": 5, "a": null }, { "_id": 6, "a": true }] }, doc! { "n": 6 }),
            (doc! { "find": "c", "filter": {}, "sort": { "a": 1, "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [5, 2, 1, 4, 3, 6] }),
            (doc! { "find": "c", "filter": {}, "sort": { "a": -1, "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [6, 3, 1, 4, 2, 5] }),
        ],
    )
    .await
}

async fn distinct_keeps_the_first_of_equals(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": ["b", "B", "a"] }, { "_id": 2, "a": "A" }, { "_id": 3, "a": { "x": "A" } }, { "_id": 4, "a": { "x": "a" } }, { "_id": 5, "a": { "X": "a" } }, { "_id": 6, "a": [["A"]] }, { "_id": 7, "a": [["a"]] }] }, doc! { "n": 7 }),
            (doc! { "distinct": "c", "key": "a", "query": {}, "collation": { "locale": "en", "strength": 2 } }, doc! { "values": ["a", "B", { "X": "a" }, { "x": "A" }, ["A"]] }),
            (doc! { "distinct": "c", "key": "a", "query": {}, "collation": { "locale": "en" } }, doc! { "values": ["a", "A", "b", "B", { "X": "a" }, { "x": "a" }, { "x": "A" }, ["a"], ["A"]] }),
            (doc! { "distinct": "c", "key": "a", "query": {} }, doc! { "values": ["A", "B", "a", "b", { "X": "a" }, { "x": "A" }, { "x": "a" }, ["A"], ["a"]] }),
            (doc! { "distinct": "c", "key": "a.x", "query": {}, "collation": { "locale": "en", "strength": 2 } }, doc! { "values": ["A"] }),
            (doc! { "distinct": "c", "key": "a", "query": { "a": "B" }, "collation": { "locale": "en", "strength": 2 } }, doc! { "values": ["a", "B"] }),
        ],
    )
    .await
}

async fn count(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "count": "c", "query": { "s": "APPLE" }, "collation": { "locale": "en", "strength": 2 } }, doc! { "n": 2 }),
            (doc! { "count": "c", "query": { "s": "APPLE" } }, doc! { "n": 0 }),
            (doc! { "count": "c", "query": { "s": { "$gt": "b" } }, "limit": 2, "collation": { "locale": "en", "strength": 2 } }, doc! { "n": 2 }),
            (doc! { "count": "c", "query": { "s": { "$gt": "b" } }, "skip": 3, "collation": { "locale": "en", "strength": 2 } }, doc! { "n": 1 }),
            (doc! { "count": "c", "query": {}, "collation": { "locale": "en", "strength": 2 } }, doc! { "n": 7 }),
        ],
    )
    .await
}

async fn limits_after_sorting(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "limit": 3, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [1, 2, 3] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": -1 }, "skip": 2, "limit": 2, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [5, 4] }),
        ],
    )
    .await
}
