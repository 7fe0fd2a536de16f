//! What filters find under a collation.

use bson::doc;
use odm_core::Database;

use super::check;
use crate::case::{Outcome, cases};

cases! { "collation::find":
    equality_ignores_case_and_marks needs(collation),
    inequality needs(collation),
    ranges needs(collation),
    lists_of_values needs(collation),
    elements_of_arrays needs(collation),
    whole_arrays_and_documents needs(collation),
    regular_expressions_ignore_it needs(collation),
    other_types_are_as_ever needs(collation),
    numbers_in_text needs(collation),
    punctuation_can_be_ignored needs(collation),
    case_level needs(collation),
    locales_have_their_own_letters needs(collation),
    quotes_are_told_apart needs(collation),
    the_simple_one_compares_bytes needs(collation),
    projections_compare_so_as_well needs(collation),
    the_id_too needs(collation),
}

/// Strengths 1, 2 and 3 ignore marks and case, case, and nothing.
async fn equality_ignores_case_and_marks(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1 } }, doc! { "ids": [1, 2, 3] }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 3 } }, doc! { "ids": [] }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 4 } }, doc! { "ids": [] }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 5 } }, doc! { "ids": [] }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [] }),
        ],
    )
    .await
}

async fn inequality(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "s": { "$ne": "zebra" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3, 4, 5] }),
            (doc! { "find": "c", "filter": { "s": { "$nin": ["ZEBRA", "Apple"] } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [3, 4, 5] }),
            (doc! { "find": "c", "filter": { "s": { "$not": { "$eq": "APPLE" } } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [3, 4, 5, 6, 7] }),
        ],
    )
    .await
}

async fn ranges(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "APPLE" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [3, 4, 5, 6, 7] }),
            (doc! { "find": "c", "filter": { "s": { "$gte": "APPLE" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3, 4, 5, 6, 7] }),
            (doc! { "find": "c", "filter": { "s": { "$lt": "BANANA" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3] }),
            (doc! { "find": "c", "filter": { "s": { "$lte": "BANANA" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3, 4, 5] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "Z" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": [1, 3, 4, 6, 7] }),
            (doc! { "find": "c", "filter": { "s": { "$gte": "b", "$lt": "c" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [4, 5] }),
        ],
    )
    .await
}

async fn lists_of_values(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "s": { "$in": ["APPLE", "ZEBRA", "nothing"] } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 6, 7] }),
            (doc! { "find": "c", "filter": { "s": { "$in": ["APPLE", "apple"] } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "$or": [{ "s": "APPLE" }, { "s": "ZEBRA" }] }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 6, 7] }),
        ],
    )
    .await
}

async fn elements_of_arrays(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": ["x", "B"], "o": { "k": "v" } }, { "_id": 2, "a": ["X", "b"], "o": { "k": "V" } }, { "_id": 3, "a": "b", "o": { "K": "v" } }, { "_id": 4, "a": [["b"]], "o": [{ "k": "V" }] }, { "_id": 5, "a": { "k": "B" }, "o": "v" }, { "_id": 6, "a": 5 }, { "_id": 7, "a": null }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "a": "b" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3] }),
            (doc! { "find": "c", "filter": { "a": { "$all": ["X", "B"] } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "a": { "$elemMatch": { "$gte": "W" } } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "a": { "$elemMatch": { "$in": ["x"] } } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "a": { "$size": 2 } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
        ],
    )
    .await
}

/// Strings compare so at any depth; names of fields never do.
async fn whole_arrays_and_documents(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": ["x", "B"], "o": { "k": "v" } }, { "_id": 2, "a": ["X", "b"], "o": { "k": "V" } }, { "_id": 3, "a": "b", "o": { "K": "v" } }, { "_id": 4, "a": [["b"]], "o": [{ "k": "V" }] }, { "_id": 5, "a": { "k": "B" }, "o": "v" }, { "_id": 6, "a": 5 }, { "_id": 7, "a": null }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "a": ["x", "b"] }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "a": ["b"] }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [4] }),
            (doc! { "find": "c", "filter": { "o": { "k": "v" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 4] }),
            (doc! { "find": "c", "filter": { "o.k": "V" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 4] }),
            (doc! { "find": "c", "filter": { "a": { "k": "b" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [5] }),
            (doc! { "find": "c", "filter": { "o": { "$gt": { "k": "a" } } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 4] }),
            (doc! { "find": "c", "filter": { "o": { "$elemMatch": { "k": "v" } } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [4] }),
        ],
    )
    .await
}

async fn regular_expressions_ignore_it(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "s": { "$regex": "^a" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1] }),
            (doc! { "find": "c", "filter": { "s": { "$in": ["ZEBRA"] } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [6, 7] }),
            (doc! { "find": "c", "filter": { "s": { "$not": { "$regex": "A" } } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1 } }, doc! { "ids": [1, 3, 4, 6, 7] }),
        ],
    )
    .await
}

async fn other_types_are_as_ever(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": ["x", "B"], "o": { "k": "v" } }, { "_id": 2, "a": ["X", "b"], "o": { "k": "V" } }, { "_id": 3, "a": "b", "o": { "K": "v" } }, { "_id": 4, "a": [["b"]], "o": [{ "k": "V" }] }, { "_id": 5, "a": { "k": "B" }, "o": "v" }, { "_id": 6, "a": 5 }, { "_id": 7, "a": null }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "a": 5 }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [6] }),
            (doc! { "find": "c", "filter": { "a": null }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [7] }),
            (doc! { "find": "c", "filter": { "a": { "$gte": 5 } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [6] }),
            (doc! { "find": "c", "filter": { "a": { "$exists": true } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3, 4, 5, 6, 7] }),
            (doc! { "find": "c", "filter": { "a": { "$type": "string" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [1, 2, 3] }),
        ],
    )
    .await
}

async fn numbers_in_text(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "v2" }, { "_id": 1, "s": "v10" }, { "_id": 2, "s": "v02" }, { "_id": 3, "s": "v1" }, { "_id": 4, "s": "10" }, { "_id": 5, "s": "9" }] }, doc! { "n": 6 }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "v2" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "numericOrdering": true } }, doc! { "ids": [1] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "v2" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [] }),
            (doc! { "find": "c", "filter": { "s": "v2" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "numericOrdering": true, "strength": 1 } }, doc! { "ids": [0, 2] }),
        ],
    )
    .await
}

async fn punctuation_can_be_ignored(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "co-op" }, { "_id": 1, "s": "coop" }, { "_id": 2, "s": "co op" }, { "_id": 3, "s": "COOP" }, { "_id": 4, "s": "co_op" }] }, doc! { "n": 5 }),
            (doc! { "find": "c", "filter": { "s": "coop" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "alternate": "shifted" } }, doc! { "ids": [0, 1, 2, 4] }),
            (doc! { "find": "c", "filter": { "s": "coop" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "alternate": "shifted", "maxVariable": "space" } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "s": "coop" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "alternate": "shifted", "strength": 1 } }, doc! { "ids": [0, 1, 2, 3, 4] }),
            (doc! { "find": "c", "filter": { "s": "coop" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1 } }, doc! { "ids": [1, 3] }),
        ],
    )
    .await
}

async fn case_level(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1, "caseLevel": true } }, doc! { "ids": [] }),
            (doc! { "find": "c", "filter": { "s": "Apple" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1, "caseLevel": true } }, doc! { "ids": [2] }),
        ],
    )
    .await
}

async fn locales_have_their_own_letters(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "o" }, { "_id": 1, "s": "ö" }, { "_id": 2, "s": "oe" }, { "_id": 3, "s": "z" }, { "_id": 4, "s": "i" }, { "_id": 5, "s": "ı" }, { "_id": 6, "s": "I" }, { "_id": 7, "s": "İ" }, { "_id": 8, "s": "ss" }, { "_id": 9, "s": "ß" }, { "_id": 10, "s": "n" }, { "_id": 11, "s": "ñ" }] }, doc! { "n": 12 }),
            (doc! { "find": "c", "filter": { "s": "o" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1 } }, doc! { "ids": [0, 1] }),
            (doc! { "find": "c", "filter": { "s": "o" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "sv", "strength": 1 } }, doc! { "ids": [0] }),
            (doc! { "find": "c", "filter": { "s": "oe" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "de@collation=phonebook", "strength": 1 } }, doc! { "ids": [1, 2] }),
            (doc! { "find": "c", "filter": { "s": "ß" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "de", "strength": 1 } }, doc! { "ids": [8, 9] }),
            (doc! { "find": "c", "filter": { "s": "i" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "tr", "strength": 1 } }, doc! { "ids": [4, 7] }),
            (doc! { "find": "c", "filter": { "s": "I" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "tr", "strength": 1 } }, doc! { "ids": [5, 6] }),
            (doc! { "find": "c", "filter": { "s": "n" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "es", "strength": 1 } }, doc! { "ids": [10] }),
        ],
    )
    .await
}

async fn quotes_are_told_apart(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "o'brien" }, { "_id": 1, "s": "o’brien" }, { "_id": 2, "s": "o‘brien" }, { "_id": 3, "s": "\"x\"" }, { "_id": 4, "s": "“x”" }, { "_id": 5, "s": "O'Brien" }] }, doc! { "n": 6 }),
            (doc! { "find": "c", "filter": { "s": "o'brien" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1 } }, doc! { "ids": [0, 5] }),
            (doc! { "find": "c", "filter": { "s": "O’BRIEN" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1 } }, doc! { "ids": [1] }),
            (doc! { "find": "c", "filter": { "s": "\"X\"" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 1 } }, doc! { "ids": [3] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en" } }, doc! { "ids": [3, 4, 0, 5, 2, 1] }),
        ],
    )
    .await
}

async fn the_simple_one_compares_bytes(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "s": "apple" }, { "_id": 2, "s": "Apple" }, { "_id": 3, "s": "ápple" }, { "_id": 4, "s": "banana" }, { "_id": 5, "s": "BANANA" }, { "_id": 6, "s": "Zebra" }, { "_id": 7, "s": "zebra" }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "simple" } }, doc! { "ids": [] }),
            (doc! { "find": "c", "filter": { "s": "Apple" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "simple" } }, doc! { "ids": [2] }),
            (doc! { "find": "c", "filter": { "s": { "$lt": "a" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "simple" } }, doc! { "ids": [2, 5, 6] }),
            (doc! { "find": "c", "filter": { "s": "APPLE" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": {} }, doc! { "ids": [] }),
        ],
    )
    .await
}

async fn projections_compare_so_as_well(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 1, "a": ["x", "B"], "o": { "k": "v" } }, { "_id": 2, "a": ["X", "b"], "o": { "k": "V" } }, { "_id": 3, "a": "b", "o": { "K": "v" } }, { "_id": 4, "a": [["b"]], "o": [{ "k": "V" }] }, { "_id": 5, "a": { "k": "B" }, "o": "v" }, { "_id": 6, "a": 5 }, { "_id": 7, "a": null }] }, doc! { "n": 7 }),
            (doc! { "find": "c", "filter": {}, "projection": { "a": { "$elemMatch": { "$eq": "b" } } }, "sort": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "batch": [{ "_id": 1, "a": ["B"] }, { "_id": 2, "a": ["b"] }, { "_id": 3 }, { "_id": 4 }, { "_id": 5 }, { "_id": 6 }, { "_id": 7 }] }),
            (doc! { "find": "c", "filter": { "a": "b" }, "projection": { "a.$": 1 }, "sort": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "batch": [{ "_id": 1, "a": ["B"] }, { "_id": 2, "a": ["b"] }, { "_id": 3, "a": "b" }] }),
            (doc! { "find": "c", "filter": {}, "projection": { "o": { "$elemMatch": { "k": "v" } } }, "sort": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "batch": [{ "_id": 1 }, { "_id": 2 }, { "_id": 3 }, { "_id": 4, "o": [{ "k": "V" }] }, { "_id": 5 }, { "_id": 6 }, { "_id": 7 }] }),
        ],
    )
    .await
}

async fn the_id_too(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": "abc" }, { "_id": "ABC" }, { "_id": { "k": "x" } }, { "_id": 5 }] }, doc! { "n": 4 }),
            (doc! { "find": "c", "filter": { "_id": "Abc" }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": ["abc", "ABC"] }),
            (doc! { "find": "c", "filter": { "_id": "abc" }, "sort": { "_id": 1 }, "projection": { "_id": 1 } }, doc! { "ids": ["abc"] }),
            (doc! { "find": "c", "filter": { "_id": { "k": "X" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [{ "k": "x" }] }),
            (doc! { "find": "c", "filter": { "_id": 5 }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [5] }),
            (doc! { "find": "c", "filter": { "_id": { "$in": ["aBc", 5] } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "en", "strength": 2 } }, doc! { "ids": [5, "abc", "ABC"] }),
        ],
    )
    .await
}
