//! The default collation of a collection.

use bson::doc;
use odm_core::Database;

use super::check;
use crate::case::{Outcome, cases};

cases! { "collation::catalog":
    operations_have_it needs(collation),
    writes_have_it needs(collation),
    ids_are_unique_under_it needs(collation),
    indexes_have_it needs(collation),
    listed_with_every_option needs(collation),
    the_simple_one_is_none needs(collation),
    what_cannot_be needs(collation),
    a_renamed_collection_keeps_it needs(collation),
    a_locale_must_exist needs(collation),
}

async fn operations_have_it(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "create": "c", "collation": { "locale": "en", "strength": 2 } }, doc! {}),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "simple" } }, doc! { "ids": [] }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1 } }, doc! { "ids": [1, 2, 3] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1, "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [1, 2, 3, 4, 5, 6, 7] }),
            (doc! { "count": "c", "query": { "s": "APPLE" } }, doc! { "n": 2 }),
            (doc! { "count": "c", "query": { "s": "APPLE" }, "collation": { "locale": "simple" } }, doc! { "n": 0 }),
            (doc! { "distinct": "c", "key": "s", "query": {} }, doc! { "values": ["apple", "ápple", "banana", "Zebra"] }),
            (doc! { "distinct": "c", "key": "s", "query": {}, "collation": { "locale": "simple" } }, doc! { "values": ["Apple", "BANANA", "Zebra", "apple", "banana", "zebra", "ápple"] }),
        ],
    )
    .await
}

async fn writes_have_it(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "create": "c", "collation": { "locale": "en", "strength": 2 } }, doc! {}),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "update": "c", "updates": [{ "q": { "s": "APPLE" }, "u": { "$set": { "h": 1 } }, "multi": true }] }, doc! { "n": 2, "nModified": 2 }),
            (doc! { "update": "c", "updates": [{ "q": { "s": "APPLE" }, "u": { "$set": { "h": 2 } }, "multi": true, "collation": { "locale": "simple" } }] }, doc! { "n": 0, "nModified": 0 }),
            (doc! { "find": "c", "filter": { "h": 1 }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [1, 2] }),
            (doc! { "findAndModify": "c", "query": { "s": "ZEBRA" }, "sort": { "_id": 1 }, "remove": true }, doc! { "value": { "_id": 6, "s": "Zebra" }, "lastErrorObject": { "n": 1 } }),
            (doc! { "delete": "c", "deletes": [{ "q": { "s": "ZEBRA" }, "limit": 0, "collation": { "locale": "simple" } }] }, doc! { "n": 0 }),
            (doc! { "delete": "c", "deletes": [{ "q": { "s": "ZEBRA" }, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "find": "c", "sort": { "_id": 1 } }, doc! { "batch": [{ "_id": 1, "s": "apple", "h": 1 }, { "_id": 2, "s": "Apple", "h": 1 }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }] }),
        ],
    )
    .await
}

async fn ids_are_unique_under_it(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "create": "c", "collation": { "locale": "en", "strength": 2 } }, doc! {}),
            (doc! { "insert": "c", "documents": [{ "_id": "abc" }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": "ABC" }] }, doc! { "n": 0, "codes": [11000] }),
            (doc! { "insert": "c", "documents": [{ "_id": { "k": "x" } }] }, doc! { "n": 1 }),
            (doc! { "insert": "c", "documents": [{ "_id": { "k": "X" } }] }, doc! { "n": 0, "codes": [11000] }),
            (doc! { "find": "c", "filter": { "_id": "ABC" }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": ["abc"] }),
            (doc! { "find": "c", "filter": { "_id": "ABC" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "simple" } }, doc! { "ids": [] }),
            (doc! { "find": "c", "filter": { "_id": { "k": "X" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [{ "k": "x" }] }),
            (doc! { "find": "c", "filter": { "_id": { "$in": ["ABC", { "k": "X" }] } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1 } }, doc! { "ids": ["abc", { "k": "x" }] }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": "ABC" }, "u": { "$set": { "v": 1 } } }] }, doc! { "n": 1, "nModified": 1 }),
            (doc! { "update": "c", "updates": [{ "q": { "_id": "ABC" }, "u": { "$set": { "v": 2 } }, "collation": { "locale": "simple" } }] }, doc! { "n": 0, "nModified": 0 }),
            (doc! { "delete": "c", "deletes": [{ "q": { "_id": "aBC" }, "limit": 0 }] }, doc! { "n": 1 }),
            (doc! { "find": "c", "sort": { "_id": 1 } }, doc! { "ids": [{ "k": "x" }] }),
        ],
    )
    .await
}

async fn indexes_have_it(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "create": "c", "collation": { "locale": "en", "strength": 2 } }, doc! {}),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_1" }] }, doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a_s", "collation": { "locale": "simple" } }] }, doc! { "numIndexesBefore": 2, "numIndexesAfter": 3 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "b": 1 }, "name": "b_1", "collation": { "locale": "sv" } }] }, doc! { "numIndexesBefore": 3, "numIndexesAfter": 4 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "_id": 1 }, "name": "_id_" }] }, doc! { "numIndexesBefore": 4, "numIndexesAfter": 4 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "en", "strength": 2 } }] }, doc! { "numIndexesBefore": 4, "numIndexesAfter": 4 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "simple" } }] }, doc! { "code": 2 }),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "fr" } }] }, doc! { "code": 2 }),
            (doc! { "listIndexes": "c" }, doc! { "batch": [{ "v": 2, "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "en", "caseLevel": false, "caseFirst": "off", "strength": 2, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } }, { "v": 2, "key": { "a": 1 }, "name": "a_1", "collation": { "locale": "en", "caseLevel": false, "caseFirst": "off", "strength": 2, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } }, { "v": 2, "key": { "a": 1 }, "name": "a_s" }, { "v": 2, "key": { "b": 1 }, "name": "b_1", "collation": { "locale": "sv", "caseLevel": false, "caseFirst": "off", "strength": 3, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } }] }),
            (doc! { "dropIndexes": "c", "index": "*" }, doc! { "nIndexesWas": 4 }),
            (doc! { "listIndexes": "c" }, doc! { "batch": [{ "v": 2, "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "en", "caseLevel": false, "caseFirst": "off", "strength": 2, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } }] }),
        ],
    )
    .await
}

/// What `create` leaves out has plain defaults, whatever the locale has.
async fn listed_with_every_option(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "create": "c", "collation": { "locale": "th" } }, doc! {}),
            (doc! { "listCollections": 1 }, doc! { "batch": [{ "name": "c", "type": "collection", "options": { "collation": { "locale": "th", "caseLevel": false, "caseFirst": "off", "strength": 3, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } }, "idIndex": { "v": 2, "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "th", "caseLevel": false, "caseFirst": "off", "strength": 3, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } } }] }),
            (doc! { "drop": "c" }, doc! { "nIndexesWas": 1 }),
            (doc! { "create": "c", "collation": { "locale": "fr_CA" } }, doc! {}),
            (doc! { "listCollections": 1 }, doc! { "batch": [{ "name": "c", "type": "collection", "options": { "collation": { "locale": "fr_CA", "caseLevel": false, "caseFirst": "off", "strength": 3, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": true, "version": "57.1" } }, "idIndex": { "v": 2, "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "fr_CA", "caseLevel": false, "caseFirst": "off", "strength": 3, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": true, "version": "57.1" } } }] }),
            (doc! { "drop": "c" }, doc! { "nIndexesWas": 1 }),
            (doc! { "create": "c", "collation": { "locale": "vi", "strength": 1 } }, doc! {}),
            (doc! { "listCollections": 1 }, doc! { "batch": [{ "name": "c", "type": "collection", "options": { "collation": { "locale": "vi", "caseLevel": false, "caseFirst": "off", "strength": 1, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } }, "idIndex": { "v": 2, "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "vi", "caseLevel": false, "caseFirst": "off", "strength": 1, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } } }] }),
            (doc! { "listIndexes": "c" }, doc! { "batch": [{ "v": 2, "key": { "_id": 1 }, "name": "_id_", "collation": { "locale": "vi", "caseLevel": false, "caseFirst": "off", "strength": 1, "numericOrdering": false, "alternate": "non-ignorable", "maxVariable": "punct", "normalization": false, "backwards": false, "version": "57.1" } }] }),
        ],
    )
    .await
}

async fn the_simple_one_is_none(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "create": "c", "collation": { "locale": "simple" } }, doc! {}),
            (doc! { "listCollections": 1 }, doc! { "batch": [{ "name": "c", "type": "collection", "options": {}, "idIndex": { "v": 2, "key": { "_id": 1 }, "name": "_id_" } }] }),
            (doc! { "drop": "c" }, doc! { "nIndexesWas": 1 }),
            (doc! { "create": "c", "collation": null }, doc! {}),
            (doc! { "listCollections": 1 }, doc! { "batch": [{ "name": "c", "type": "collection", "options": {}, "idIndex": { "v": 2, "key": { "_id": 1 }, "name": "_id_" } }] }),
        ],
    )
    .await
}

async fn what_cannot_be(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "create": "c", "collation": {} }, doc! { "code": 40414 }),
            (doc! { "create": "c", "collation": { "locale": "xx" } }, doc! { "code": 2 }),
            (
                doc! { "create": "c", "collation": { "locale": "en", "foo": 1 } },
                doc! { "code": 40415 },
            ),
            (
                doc! { "create": "c", "collation": { "locale": "fr_CA", "strength": 1 } },
                doc! { "code": 2 },
            ),
            (
                doc! { "create": "c", "collation": { "locale": "en", "strength": 9 } },
                doc! { "code": 51024 },
            ),
        ],
    )
    .await
}

async fn a_renamed_collection_keeps_it(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "create": "c", "collation": { "locale": "en", "strength": 2 } }, doc! {}),
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "a" }] }, doc! { "n": 1 }),
            (doc! { "drop": "d" }, doc! { "code": 26 }),
            (doc! { "count": "c", "query": { "s": "A" } }, doc! { "n": 1 }),
        ],
    )
    .await
}

/// Wherever one is named.
async fn a_locale_must_exist(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "find": "c", "filter": {}, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "xx" } }, doc! { "code": 2 }),
            (doc! { "count": "c", "query": {}, "collation": { "locale": "en_GB" } }, doc! { "code": 2 }),
            (doc! { "distinct": "c", "key": "a", "query": {}, "collation": { "locale": "EN" } }, doc! { "code": 2 }),
            (doc! { "update": "c", "updates": [{ "q": {}, "u": { "$set": { "a": 1 } }, "collation": { "locale": "xx" } }] }, doc! { "n": 0, "nModified": 0, "codes": [2] }),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0, "collation": { "locale": "zh_Hans" } }] }, doc! { "n": 0, "codes": [2] }),
            (doc! { "findAndModify": "c", "query": {}, "remove": true, "collation": { "locale": "de_DE" } }, doc! { "code": 2 }),
            (doc! { "find": "c", "filter": {}, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 0 } }, doc! { "code": 2 }),
            (doc! { "find": "c", "filter": {}, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 6 } }, doc! { "code": 51024 }),
            (doc! { "find": "c", "filter": {}, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "backwards": true, "strength": 1 } }, doc! { "code": 2 }),
            (doc! { "find": "c", "filter": {}, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "version": "1" } }, doc! { "code": 161 }),
            (doc! { "find": "c", "filter": {}, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "caseFirst": "UPPER" } }, doc! { "code": 2 }),
            (doc! { "find": "c", "filter": {}, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "strength": 1 } }, doc! { "code": 40414 }),
            (doc! { "find": "c", "filter": {}, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "alternate": "x" } }, doc! { "code": 2 }),
        ],
    )
    .await
}
