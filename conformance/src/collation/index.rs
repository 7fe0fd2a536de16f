//! Indexes with a collation: what they hold apart, refuse, and answer.

use bson::doc;
use odm_core::Database;

use super::check;
use crate::case::{Outcome, cases};

cases! { "collation::index":
    unique_under_a_collation needs(collation),
    unique_of_what_is_there needs(collation),
    listed_with_every_option needs(collation),
    conflicts needs(collation),
    the_same_answers_by_index needs(collation),
    a_simple_index_under_a_collation needs(collation),
    numbers_by_any_index needs(collation),
    nested_strings_by_index needs(collation),
    compound_and_descending needs(collation),
    partial_indexes_compare_so needs(collation),
    sparse_indexes needs(collation),
    bounds_of_an_index needs(collation),
    what_cannot_be needs(collation),
    the_id_index_has_the_collections needs(collation),
}

async fn unique_under_a_collation(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "u", "unique": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": "abc" }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 2, "a": "ABC" }] }, doc! { "n": 0, "codes": [11000] }),
            (doc! { "insert": "c", "documents": [{ "_id": 3, "a": "ábc" }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 4, "a": { "x": "q" } }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 5, "a": { "x": "Q" } }] }, doc! { "n": 0, "codes": [11000] }),
            (doc! { "insert": "c", "documents": [{ "_id": 6, "a": ["n", "N"] }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 7, "a": ["m", "n"] }] }, doc! { "n": 0, "codes": [11000] }),
            (doc! { "insert": "c", "documents": [{ "_id": 8, "a": 5 }, { "_id": 9, "a": 5 }] }, doc! { "n": 1, "codes": [11000] }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": 1 }, "u": { "$set": { "a": "ABC" } } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": 3 }, "u": { "$set": { "a": "Abc" } } }] }, doc! { "n": 0, "nModified": 0, "codes": [11000] }),
        ],
    )
    .await
}

async fn unique_of_what_is_there(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": "abc" }, { "_id": 2, "a": "ABC" }] }, doc! { "n": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "u", "unique": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "code": 11000 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "u", "unique": true, "collation": { "locale": "en" } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "v", "unique": true }] }, doc! { "numIndexesBefore": 2, "numIndexesAfter": 3 }),
        ],
    )
    .await
}

async fn listed_with_every_option(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a", "collation": { "locale": "en" } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "b": 1 }, "name": "b", "collation": { "locale": "fr_CA" } }] }, doc! { "numIndexesBefore": 2, "numIndexesAfter": 3 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "c": 1 }, "name": "c", "collation": { "locale": "simple" } }] }, doc! { "numIndexesBefore": 3, "numIndexesAfter": 4 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "d": 1 }, "name": "d", "collation": { "locale": "th" } }] }, doc! { "numIndexesBefore": 4, "numIndexesAfter": 5 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "e": 1 }, "name": "e", "collation": { "locale": "de@collation=phonebook", "strength": 1, "numericOrdering": true } }] }, doc! { "numIndexesBefore": 5, "numIndexesAfter": 6 }),
            (doc! { "listIndexes": "c" }, doc! { "batch": [{ "v": 2, "key": { "_id": 1 }, "name": "_id_" }, { "v": 2, "key": { "a": 1 }, "name": "a", "collation": { "locale": "en", "caseLevel": false, "caseFirst": "off", "strength": 3, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } }, { "v": 2, "key": { "b": 1 }, "name": "b", "collation": { "locale": "fr_CA", "caseLevel": false, "caseFirst": "off", "strength": 3, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": true, "version": "57.1" } }, { "v": 2, "key": { "c": 1 }, "name": "c" }, { "v": 2, "key": { "d": 1 }, "name": "d", "collation": { "locale": "th", "caseLevel": false, "caseFirst": "off", "strength": 3, "numericOrdering": false, "alternate": "shifted", "maxVariable": "punct", "normalization": true, "backwards": false, "version": "57.1" } }, { "v": 2, "key": { "e": 1 }, "name": "e", "collation": { "locale": "de@collation=phonebook", "caseLevel": false, "caseFirst": "off", "strength": 1, "numericOrdering": true, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } }] }),
        ],
    )
    .await
}

/// The same keys with another collation are another index.
async fn conflicts(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_1", "unique": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_1", "collation": { "locale": "en" } }] }, doc! { "code": 86 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_1" }] }, doc! { "code": 86 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_2", "collation": { "locale": "en" } }] }, doc! { "numIndexesBefore": 2, "numIndexesAfter": 3 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_3" }] }, doc! { "numIndexesBefore": 3, "numIndexesAfter": 4 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_4", "unique": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "code": 85 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_5", "collation": { "locale": "simple" } }] }, doc! { "code": 85 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_1", "unique": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 4, "numIndexesAfter": 4 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_6", "collation": { "locale": "en", "strength": 3 } }] }, doc! { "code": 85 }),
            (doc! { "find": "c", "hint": { "a": 1 } }, doc! { "code": 27 }),
            (doc! { "dropIndexes": "c", "index": { "a": 1 } }, doc! { "code": 181 }),
            (doc! { "dropIndexes": "c", "index": "a_2" }, doc! { "nIndexesWas": 4 }),
        ],
    )
    .await
}

async fn the_same_answers_by_index(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "s": 1 }, "name": "ci", "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [] }),
            (doc! { "find": "c", "filter": { "s": { "$gte": "b", "$lt": "c" } }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [4, 5] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "B" } }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [4, 5, 6, 7] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1, "_id": 1 }, "hint": "ci", "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3, 4, 5, 6, 7] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "hint": "ci", "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [1, 2, 3, 4, 5, 7, 6] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "hint": "ci", "projection": { "_id": 1 } }, doc! { "ids": [2, 5, 6, 1, 4, 7, 3] }),
            (doc! { "find": "c", "filter": { "s": { "$regex": "^a" } }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1] }),
            (doc! { "find": "c", "filter": { "s": { "$in": ["ZEBRA", "apple"] } }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 6, 7] }),
            (doc! { "count": "c", "query": { "s": "APPLE" }, "hint": "ci", "collation": { "locale": "en", "strength": 2 } }, doc! { "n": 2 }),
            (doc! { "count": "c", "query": { "s": { "$gt": "A" } }, "hint": "ci" }, doc! { "n": 7 }),
        ],
    )
    .await
}

async fn a_simple_index_under_a_collation(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "s": 1 }, "name": "plain" }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "hint": "plain", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "B" } }, "hint": "plain", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [4, 5, 6, 7] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1, "_id": 1 }, "hint": "plain", "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3, 4, 5, 6, 7] }),
            (doc! { "find": "c", "filter": { "s": { "$regex": "^a" } }, "hint": "plain", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1] }),
            (doc! { "find": "c", "filter": { "s": { "$in": ["ZEBRA"] } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [6, 7] }),
        ],
    )
    .await
}

async fn numbers_by_any_index(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": 5 }, { "_id": 2, "a": "5" }, { "_id": 3, "a": 7 }] }, doc! { "n": 3 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "ci", "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "find": "c", "filter": { "a": 5 }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [1] }),
            (doc! { "find": "c", "filter": { "a": { "$gte": 5 } }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [1, 3] }),
            (doc! { "find": "c", "filter": { "a": { "$gte": 5 } }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [1, 3] }),
            (doc! { "find": "c", "filter": { "a": { "$in": [5, "5"] } }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [1, 2] }),
        ],
    )
    .await
}

async fn nested_strings_by_index(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": ["x", "B"], "o": { "k": "v" } }, { "_id": 2, "a": ["X", "b"], "o": { "k": "V" } }, { "_id": 3, "a": "b", "o": { "K": "v" } }, { "_id": 4, "a": [["b"]], "o": [{ "k": "V" }] }, { "_id": 5, "a": { "k": "B" }, "o": "v" }, { "_id": 6, "a": 5 }, { "_id": 7, "a": null }] }, doc! { "n": 7 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "ci", "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "o": 1 }, "name": "co", "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 2, "numIndexesAfter": 3 }),
            (doc! { "find": "c", "filter": { "a": "b" }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3] }),
            (doc! { "find": "c", "filter": { "a": ["X", "B"] }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "o": { "k": "v" } }, "hint": "co", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 4] }),
            (doc! { "find": "c", "filter": { "o": { "$gte": { "k": "a" } } }, "hint": "co", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 4] }),
            (doc! { "find": "c", "filter": { "a": { "$all": ["x", "b"] } }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
        ],
    )
    .await
}

async fn compound_and_descending(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": "x", "b": "B" }, { "_id": 2, "a": "X", "b": "a" }, { "_id": 3, "a": "y", "b": "c" }, { "_id": 4, "a": "Y", "b": "C" }] }, doc! { "n": 4 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1, "b": -1 }, "name": "ab", "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "find": "c", "filter": { "a": "X" }, "sort": { "b": -1 }, "hint": "ab", "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": {}, "sort": { "a": 1, "b": -1, "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3, 4] }),
            (doc! { "find": "c", "filter": { "a": { "$gte": "Y" }, "b": "C" }, "hint": "ab", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [3, 4] }),
        ],
    )
    .await
}

async fn partial_indexes_compare_so(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "u": 1 }, "name": "u", "unique": true, "partialFilterExpression": { "t": "A" }, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "u": "x", "t": "a" }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 2, "u": "X", "t": "A" }] }, doc! { "n": 0, "codes": [11000] }),
            (doc! { "insert": "c", "documents": [{ "_id": 3, "u": "X", "t": "b" }] }, doc! { "n": 1 }),
            (doc! { "find": "c", "filter": { "u": "X", "t": "A" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1] }),
            (doc! { "find": "c", "filter": { "u": "X", "t": "A" }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [] }),
            (doc! { "find": "c", "filter": { "u": { "$gt": "a" }, "t": "a" }, "hint": "u", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1] }),
        ],
    )
    .await
}

async fn sparse_indexes(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "u": 1 }, "name": "u", "unique": true, "sparse": true, "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "insert": "c", "documents": [{ "_id": 1 }, { "_id": 2 }] }, doc! { "n": 2 }),
            (doc! { "insert": "c", "documents": [{ "_id": 3, "u": "a" }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": 4, "u": "A" }] }, doc! { "n": 0, "codes": [11000] }),
            (doc! { "find": "c", "filter": { "u": "A" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [3] }),
        ],
    )
    .await
}

async fn bounds_of_an_index(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "s": 1 }, "name": "ci", "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "find": "c", "filter": {}, "min": { "s": "B" }, "max": { "s": "C" }, "hint": "ci", "sort": { "s": 1, "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [4, 5] }),
            (doc! { "find": "c", "filter": {}, "min": { "s": "B" }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "code": 51174 }),
            (doc! { "find": "c", "filter": {}, "min": { "s": "B" }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "code": 51174 }),
            (doc! { "find": "c", "filter": {}, "min": { "s": 1 }, "hint": "ci", "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [1, 2, 3, 4, 5, 6, 7] }),
        ],
    )
    .await
}

async fn what_cannot_be(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a", "collation": {} }] }, doc! { "code": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a", "collation": { "locale": "xx" } }] }, doc! { "code": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a", "collation": { "locale": "en", "foo": 1 } }] }, doc! { "code": 40415 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a", "collation": { "strength": 1 } }] }, doc! { "code": 40414 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a", "collation": { "locale": "fr_CA", "strength": 1 } }] }, doc! { "code": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a", "collation": { "locale": "en", "caseFirst": "upper", "strength": 1 } }] }, doc! { "code": 2 }),
        ],
    )
    .await
}

async fn the_id_index_has_the_collections(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1 }] }, doc! { "n": 1 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "en", "strength": 2 } }] }, doc! { "code": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "simple" } }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 1 }),
        ],
    )
    .await
}
