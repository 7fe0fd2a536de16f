//! `createIndexes`, `listIndexes`, `dropIndexes`.

use bson::{Document, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Answer, Has, Is, Refused, check_commands, expect_docs, filled};

cases! { "index::catalog":
    names_are_made_of_the_keys,
    indexes_are_listed_as_they_were_created,
    creating_one_again_changes_nothing,
    conflicting_indexes_are_refused,
    malformed_indexes_are_refused,
    parallel_arrays_cannot_be_indexed,
    several_are_created_together_or_not_at_all,
    indexes_are_dropped_by_name_or_keys,
    the_id_index_stays,
    replies_have_the_servers_shape,
    positions_in_keys_must_not_be_ambiguous,
}

fn create(index: Document) -> Document {
    doc! { "createIndexes": "c", "indexes": [index] }
}

async fn names_are_made_of_the_keys(db: Database) -> Outcome {
    use odm_core::{Index, IndexKind};
    let collection = filled(&db, &[doc! { "_id": 1 }]).await?;
    for (index, name) in [
        (Index::asc("a"), "a_1"),
        (Index::desc("a"), "a_-1"),
        (Index::asc("a").then("b.c", IndexKind::Descending), "a_1_b.c_-1"),
        (Index::asc("d").named("mine"), "mine"),
    ] {
        let created = collection.create_index(index).await?;
        crate::check::expect_eq("the name", &created.as_str(), &name)?;
    }
    Ok(())
}

async fn indexes_are_listed_as_they_were_created(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    let indexes = [
        doc! { "key": { "a": 1 }, "name": "a_1" },
        doc! { "key": { "b": -1, "c.d": 1.0 }, "name": "two", "unique": true },
        doc! { "key": { "e": 1_i64 }, "name": "e", "unique": false },
    ];
    db.run_command(doc! { "createIndexes": "c", "indexes": indexes.to_vec() }).await?;
    let listed = db.collection("c").list_indexes().await?;
    expect_docs(
        "the indexes",
        &listed,
        &[
            doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" },
            doc! { "v": 2, "key": { "a": 1 }, "name": "a_1" },
            doc! { "v": 2, "key": { "b": -1, "c.d": 1.0 }, "name": "two", "unique": true },
            doc! { "v": 2, "key": { "e": 1_i64 }, "name": "e" },
        ],
    )
}

async fn creating_one_again_changes_nothing(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    let created = |before: i32, after: i32| -> Answer {
        Has(doc! { "numIndexesBefore": before, "numIndexesAfter": after, "ok": 1.0 })
    };
    check_commands(
        &db,
        &[
            (create(doc! { "key": { "a": 1 }, "name": "a_1" }), created(1, 2)),
            (create(doc! { "key": { "a": 1 }, "name": "a_1" }), created(2, 2)),
            (create(doc! { "key": { "a": 1.0 }, "name": "a_1" }), created(2, 2)),
            (create(doc! { "key": { "_id": 1 }, "name": "_id_" }), created(2, 2)),
            (create(doc! { "key": { "a": -1 }, "name": "a_-1" }), created(2, 3)),
        ],
    )
    .await
}

async fn conflicting_indexes_are_refused(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    check_commands(
        &db,
        &[
            (create(doc! { "key": { "a": 1 }, "name": "a_1" }), Has(doc! { "ok": 1.0 })),
            (create(doc! { "key": { "a": 1 }, "name": "other" }), Refused(85)),
            (create(doc! { "key": { "a": 1 }, "name": "a_1", "unique": true }), Refused(86)),
            (create(doc! { "key": { "b": 1 }, "name": "a_1" }), Refused(86)),
            // The same keys with other options are another index.
            (
                create(doc! { "key": { "a": 1 }, "name": "other", "unique": true }),
                Has(doc! { "numIndexesAfter": 3 }),
            ),
        ],
    )
    .await
}

async fn malformed_indexes_are_refused(db: Database) -> Outcome {
    let rows: Vec<_> = [
        (doc! { "key": { "a": 0 }, "name": "x" }, 67),
        (doc! { "key": { "a": "unknown" }, "name": "x" }, 67),
        (doc! { "key": { "a": true }, "name": "x" }, 67),
        (doc! { "key": { "a": null }, "name": "x" }, 67),
        (doc! { "key": { "a": {} }, "name": "x" }, 67),
        (doc! { "key": {}, "name": "x" }, 67),
        (doc! { "key": { "": 1 }, "name": "x" }, 67),
        (doc! { "key": { "a.": 1 }, "name": "x" }, 67),
        (doc! { "key": { "$a": 1 }, "name": "x" }, 67),
        (doc! { "key": { "a": 1 }, "name": "" }, 67),
        (doc! { "key": { "a": 1 }, "name": "*" }, 2),
        (doc! { "key": { "a": 1 } }, 9),
        (doc! { "name": "x" }, 9),
        (doc! { "key": 1, "name": "x" }, 14),
        (doc! { "key": { "a": 1 }, "name": 1 }, 14),
        (doc! { "key": { "a": 1 }, "name": "x", "unknown": 1 }, 197),
        (doc! { "key": { "a": 1 }, "name": "x", "unique": "x" }, 14),
        (doc! { "key": { "_id": -1 }, "name": "x" }, 2),
    ]
    .into_iter()
    .map(|(index, code)| (create(index), Refused(code)))
    .collect();
    check_commands(&db, &rows).await?;
    check_commands(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": [] }, Refused(2)),
            (doc! { "createIndexes": "c" }, Refused(40414)),
            (
                doc! { "createIndexes": "", "indexes": [{ "key": { "a": 1 }, "name": "x" }] },
                Refused(73),
            ),
        ],
    )
    .await
}

async fn parallel_arrays_cannot_be_indexed(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1, "a": [1], "b": 1 }]).await?;
    let insert = |doc: Document| doc! { "insert": "c", "documents": [doc] };
    check_commands(
        &db,
        &[
            (create(doc! { "key": { "a": 1, "b": 1 }, "name": "x" }), Has(doc! { "ok": 1.0 })),
            (insert(doc! { "_id": 2, "a": 1, "b": [1, 2] }), Is(doc! { "n": 1, "ok": 1.0 })),
            (insert(doc! { "_id": 3, "a": [1], "b": [1] }), Refused(171)),
            (insert(doc! { "_id": 4, "a": [], "b": [1] }), Refused(171)),
            (
                doc! { "update": "c", "updates": [{ "q": { "_id": 1 }, "u": { "$set": { "b": [2] } } }] },
                Refused(171),
            ),
            (create(doc! { "key": { "b": 1, "a": 1 }, "name": "y" }), Has(doc! { "ok": 1.0 })),
            (
                doc! { "insert": "d", "documents": [{ "a": [1], "b": [1] }] },
                Has(doc! { "n": 1 }),
            ),
            (
                doc! { "createIndexes": "d", "indexes": [{ "key": { "a": 1, "b": 1 }, "name": "x" }] },
                Refused(171),
            ),
        ],
    )
    .await
}

async fn several_are_created_together_or_not_at_all(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 1 }]).await?;
    let two = |unique: bool| {
        doc! { "createIndexes": "c", "indexes": [
            { "key": { "b": 1 }, "name": "b_1" }, { "key": { "a": 1 }, "name": "a_1", "unique": unique },
        ] }
    };
    check_commands(
        &db,
        &[
            (two(true), Refused(11000)),
            (
                create(doc! { "key": { "c": 1 }, "name": "c_1" }),
                Has(doc! { "numIndexesBefore": 1, "numIndexesAfter": 2 }),
            ),
            (two(false), Has(doc! { "numIndexesBefore": 2, "numIndexesAfter": 4 })),
        ],
    )
    .await
}

async fn indexes_are_dropped_by_name_or_keys(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    let indexes: Vec<_> =
        ["a", "b", "c", "d", "e"].map(|name| doc! { "key": { name: 1 }, "name": name }).to_vec();
    db.run_command(doc! { "createIndexes": "c", "indexes": indexes }).await?;
    let drop = |index: bson::Bson| doc! { "dropIndexes": "c", "index": index };
    check_commands(
        &db,
        &[
            (drop("a".into()), Is(doc! { "nIndexesWas": 6, "ok": 1.0 })),
            (drop("a".into()), Refused(27)),
            (drop(bson::bson!({ "b": 1 })), Is(doc! { "nIndexesWas": 5, "ok": 1.0 })),
            (drop(bson::bson!({ "b": 1 })), Refused(27)),
            (drop(bson::bson!(["c", "d"])), Has(doc! { "nIndexesWas": 4, "ok": 1.0 })),
            (drop("*".into()), Has(doc! { "nIndexesWas": 2, "ok": 1.0 })),
            (doc! { "dropIndexes": "missing", "index": "a" }, Refused(26)),
            (doc! { "dropIndexes": "c" }, Refused(40414)),
            (drop(1.into()), Refused(14)),
        ],
    )
    .await?;
    let listed = db.collection("c").list_indexes().await?;
    expect_docs("what is left", &listed, &[doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" }])
}

async fn the_id_index_stays(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    check_commands(
        &db,
        &[
            (doc! { "dropIndexes": "c", "index": "_id_" }, Refused(72)),
            (doc! { "dropIndexes": "c", "index": { "_id": 1 } }, Refused(72)),
            (doc! { "dropIndexes": "c", "index": "*" }, Has(doc! { "ok": 1.0 })),
            (doc! { "insert": "c", "documents": [{ "_id": 1 }] }, Refused(11000)),
        ],
    )
    .await
}

async fn replies_have_the_servers_shape(db: Database) -> Outcome {
    let index = doc! { "key": { "a": 1 }, "name": "a_1" };
    check_commands(
        &db,
        &[
            (
                create(index.clone()),
                Is(doc! {
                    "numIndexesBefore": 1, "numIndexesAfter": 2, "createdCollectionAutomatically": true,
                    "commitQuorum": "votingMembers", "ok": 1.0,
                }),
            ),
            (
                create(index.clone()),
                Is(doc! {
                    "numIndexesBefore": 2, "numIndexesAfter": 2, "note": "all indexes already exist",
                    "ok": 1.0,
                }),
            ),
            (
                doc! { "listIndexes": "c" },
                Is(doc! {
                    "cursor": {
                        "id": 0_i64, "ns": format!("{}.c", db.name()),
                        "firstBatch": [
                            { "v": 2, "key": { "_id": 1 }, "name": "_id_" },
                            { "v": 2, "key": { "a": 1 }, "name": "a_1" },
                        ],
                    },
                    "ok": 1.0,
                }),
            ),
            (doc! { "listIndexes": "missing" }, Refused(26)),
            (
                doc! { "dropIndexes": "c", "index": "*" },
                Is(doc! {
                    "nIndexesWas": 2, "msg": "non-_id indexes dropped for collection", "ok": 1.0,
                }),
            ),
        ],
    )
    .await
}

async fn positions_in_keys_must_not_be_ambiguous(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1, "a": [5, 6] }]).await?;
    check_commands(
        &db,
        &[
            (create(doc! { "key": { "a.0": 1 }, "name": "x" }), Has(doc! { "ok": 1.0 })),
            (doc! { "insert": "c", "documents": [{ "a": [{ "0": 1 }] }] }, Refused(16746)),
            (doc! { "insert": "c", "documents": [{ "a": { "0": 1 } }] }, Has(doc! { "n": 1 })),
        ],
    )
    .await
}
