//! The order of results.

use bson::{Bson, Document, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Has, Refused, check_commands, check_order};
use crate::value::{bin, date, dec, js, js_scope, oid, re, ts};

cases! { "read::sort":
    types_have_an_order,
    numbers_sort_by_value,
    missing_sorts_as_null,
    arrays_sort_by_their_least_or_greatest,
    empty_arrays_sort_before_null,
    arrays_of_arrays_sort_by_their_element_arrays,
    strings_sort_by_bytes,
    documents_sort_field_by_field,
    binary_data_sorts_by_length_then_subtype,
    several_keys_break_ties,
    paths_and_arrays_of_documents,
    the_filter_does_not_change_the_key,
    natural_order_is_insertion_order,
    parallel_arrays_are_refused,
    malformed_sorts_are_refused,
    symbols_in_arrays_do_not_sort_under_a_collation needs(collation),
}

fn values(values: impl IntoIterator<Item = Bson>) -> Vec<Document> {
    (1..).zip(values).map(|(id, value)| doc! { "_id": id, "a": value }).collect()
}

async fn types_have_an_order(db: Database) -> Outcome {
    let docs = values([
        Bson::MaxKey,
        js_scope("x", doc! {}),
        js("x"),
        re("a", ""),
        ts(1, 1),
        date(1),
        false.into(),
        oid(1),
        bin(0, b"x"),
        bson::bson!([[]]),
        bson::bson!({}),
        "".into(),
        dec("1"),
        Bson::Null,
        bson::bson!([]),
        Bson::MinKey,
    ]);
    let descending: Vec<i32> = (1..=16).collect();
    let ascending: Vec<i32> = (1..=16).rev().collect();
    check_order(&db, &docs, &[(doc! { "a": 1 }, &ascending), (doc! { "a": -1 }, &descending)]).await
}

async fn numbers_sort_by_value(db: Database) -> Outcome {
    let docs = values([
        3.into(),
        dec("2.5"),
        2_i64.into(),
        1.5.into(),
        f64::NEG_INFINITY.into(),
        f64::INFINITY.into(),
        f64::NAN.into(),
        (-0.5).into(),
        Bson::Int64(i64::MAX),
        9_223_372_036_854_775_808.0.into(),
        dec("-1E+100"),
        dec("0.1"),
        0.1.into(),
    ]);
    check_order(
        &db,
        &docs,
        &[
            (doc! { "a": 1 }, &[7, 5, 11, 8, 12, 13, 4, 3, 2, 1, 9, 10, 6]),
            (doc! { "a": -1 }, &[6, 10, 9, 1, 2, 3, 4, 13, 12, 8, 11, 5, 7]),
        ],
    )
    .await
}

async fn missing_sorts_as_null(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2 },
        doc! { "_id": 3, "a": null },
        doc! { "_id": 4, "a": Bson::MinKey },
        doc! { "_id": 5, "a": [null, 9] },
    ];
    check_order(
        &db,
        &docs,
        &[
            (doc! { "a": 1, "_id": 1 }, &[4, 2, 3, 5, 1]),
            (doc! { "a": 1, "_id": -1 }, &[4, 5, 3, 2, 1]),
            (doc! { "a": -1, "_id": 1 }, &[5, 1, 2, 3, 4]),
        ],
    )
    .await
}

async fn arrays_sort_by_their_least_or_greatest(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([1, 9]),
        bson::bson!([5]),
        4.into(),
        bson::bson!([2, 8]),
        bson::bson!(["a", 3]),
    ]);
    check_order(
        &db,
        &docs,
        &[(doc! { "a": 1 }, &[1, 4, 5, 3, 2]), (doc! { "a": -1 }, &[5, 1, 4, 2, 3])],
    )
    .await
}

async fn empty_arrays_sort_before_null(db: Database) -> Outcome {
    let docs = values([Bson::Null, bson::bson!([]), 0.into(), Bson::MinKey, bson::bson!([null])]);
    check_order(
        &db,
        &docs,
        &[
            (doc! { "a": 1, "_id": 1 }, &[4, 2, 1, 5, 3]),
            (doc! { "a": -1, "_id": 1 }, &[3, 1, 5, 2, 4]),
        ],
    )
    .await
}

async fn arrays_of_arrays_sort_by_their_element_arrays(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([[2]]),
        bson::bson!([[1, 5]]),
        bson::bson!([[]]),
        bson::bson!([[1], 7]),
    ]);
    check_order(&db, &docs, &[(doc! { "a": 1 }, &[4, 3, 2, 1]), (doc! { "a": -1 }, &[1, 2, 4, 3])])
        .await
}

async fn strings_sort_by_bytes(db: Database) -> Outcome {
    let docs = values(["b", "B", "a", "é", "aa", "", "~", "日"].map(Bson::from));
    check_order(
        &db,
        &docs,
        &[
            (doc! { "a": 1 }, &[6, 2, 3, 5, 1, 7, 4, 8]),
            (doc! { "a": -1 }, &[8, 4, 7, 1, 5, 3, 2, 6]),
        ],
    )
    .await
}

async fn documents_sort_field_by_field(db: Database) -> Outcome {
    let docs = values([
        bson::bson!({ "x": 1, "y": 1 }),
        bson::bson!({ "x": 1 }),
        bson::bson!({ "y": 0 }),
        bson::bson!({ "x": "0" }),
        bson::bson!({}),
        bson::bson!({ "x": 0, "y": 9 }),
        bson::bson!({ "z": null }),
    ]);
    // By type of the field, then its name, then its value.
    check_order(
        &db,
        &docs,
        &[(doc! { "a": 1 }, &[5, 7, 6, 2, 1, 3, 4]), (doc! { "a": -1 }, &[4, 3, 1, 2, 6, 7, 5])],
    )
    .await
}

async fn binary_data_sorts_by_length_then_subtype(db: Database) -> Outcome {
    let docs = values([
        bin(0, &[1, 2]),
        bin(5, &[1, 2]),
        bin(0, &[9]),
        bin(0, &[]),
        bin(0, &[1, 1]),
        bin(128, &[0, 0]),
    ]);
    check_order(&db, &docs, &[(doc! { "a": 1 }, &[4, 3, 5, 1, 2, 6])]).await
}

async fn several_keys_break_ties(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 2, "b": 1 },
        doc! { "_id": 2, "a": 1, "b": 1 },
        doc! { "_id": 3, "a": 1, "b": 2 },
        doc! { "_id": 4, "a": 2.0 },
        doc! { "_id": 5, "a": 1, "b": 3 },
    ];
    check_order(
        &db,
        &docs,
        &[
            (doc! { "a": 1, "b": 1 }, &[2, 3, 5, 4, 1]),
            (doc! { "a": 1, "b": -1 }, &[5, 3, 2, 1, 4]),
            (doc! { "a": -1, "b": 1 }, &[4, 1, 2, 3, 5]),
            (doc! { "b": 1, "a": 1 }, &[4, 2, 1, 3, 5]),
            (doc! { "a": 1, "_id": -1 }, &[5, 3, 2, 4, 1]),
            (doc! { "_id": -1 }, &[5, 4, 3, 2, 1]),
            (doc! { "a": 1.0, "b": 1_i64 }, &[2, 3, 5, 4, 1]),
        ],
    )
    .await
}

async fn paths_and_arrays_of_documents(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": { "b": 5 } },
        doc! { "_id": 2, "a": [{ "b": 1 }, { "b": 9 }] },
        doc! { "_id": 3, "a": [{ "b": [0, 7] }] },
        doc! { "_id": 4, "a": 1 },
        doc! { "_id": 5, "a": [{ "c": 1 }, { "b": 3 }] },
    ];
    check_order(
        &db,
        &docs,
        &[
            (doc! { "a.b": 1, "_id": 1 }, &[4, 5, 3, 2, 1]),
            (doc! { "a.b": -1, "_id": 1 }, &[2, 3, 1, 5, 4]),
        ],
    )
    .await
}

/// Filtering to `a > 7` still sorts `[9, 1]` by its 1.
async fn the_filter_does_not_change_the_key(db: Database) -> Outcome {
    let docs = values([bson::bson!([9, 1]), 8.into(), bson::bson!([10, 5])]);
    check_order(&db, &docs, &[(doc! { "a": 1 }, &[1, 3, 2])]).await?;
    let command = |sort: i32| {
        doc! { "find": "c", "filter": { "a": { "$gt": 7 } }, "sort": { "a": sort }, "projection": { "_id": 1 } }
    };
    let found = |ids: [i32; 3]| {
        let batch: Vec<Document> = ids.iter().map(|id| doc! { "_id": id }).collect();
        crate::check::Has(doc! { "cursor": {
            "firstBatch": batch, "id": 0_i64, "ns": format!("{}.c", db.name()),
        } })
    };
    check_commands(&db, &[(command(1), found([1, 3, 2])), (command(-1), found([3, 1, 2]))]).await
}

async fn natural_order_is_insertion_order(db: Database) -> Outcome {
    let docs = [3, 1, 2].map(|id| doc! { "_id": id, "a": 1 });
    check_natural(&db, &docs).await
}

async fn check_natural(db: &Database, docs: &[Document]) -> Outcome {
    use crate::check::{all_ids, expect_eq, filled};
    let collection = filled(db, docs).await?;
    let ids = |ids: [i32; 3]| ids.map(Bson::Int32).to_vec();
    expect_eq("as inserted", &all_ids(db).await?, &ids([3, 1, 2]))?;
    collection.update_one(doc! { "_id": 3 }, doc! { "$set": { "a": "x".repeat(5000) } }).await?;
    expect_eq("an update keeps the place", &all_ids(db).await?, &ids([3, 1, 2]))?;
    collection.delete_one(doc! { "_id": 3 }).await?;
    collection.insert_one(&doc! { "_id": 3 }).await?;
    expect_eq("a new document goes to the end", &all_ids(db).await?, &ids([1, 2, 3]))?;
    let sorted =
        |n: i32| doc! { "find": "c", "sort": { "$natural": n }, "projection": { "_id": 1 } };
    let found = |ids: [i32; 3]| {
        let batch: Vec<Document> = ids.iter().map(|id| doc! { "_id": id }).collect();
        crate::check::Has(doc! { "cursor": {
            "firstBatch": batch, "id": 0_i64, "ns": format!("{}.c", db.name()),
        } })
    };
    check_commands(db, &[(sorted(1), found([1, 2, 3])), (sorted(-1), found([3, 2, 1]))]).await
}

async fn parallel_arrays_are_refused(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": [1, 2], "b": [1, 2], "c": { "d": [1], "e": [1] } }];
    crate::check::filled(&db, &docs).await?;
    check_commands(
        &db,
        &[
            (doc! { "find": "c", "sort": { "a": 1, "b": 1 } }, Refused(2)),
            (doc! { "find": "c", "sort": { "c.d": 1, "c.e": -1 } }, Refused(2)),
            // What the first element leads to is refused before the name in the third.
            (
                doc! { "insert": "d", "documents": [{ "a": [[], [], { "0": 0 }] }] },
                Has(doc! { "n": 1 }),
            ),
            (doc! { "find": "d", "sort": { "a.0": 1, "a.1": 1 } }, Refused(2)),
            (doc! { "find": "d", "sort": { "a.0": 1 } }, Refused(16746)),
        ],
    )
    .await
}

async fn malformed_sorts_are_refused(db: Database) -> Outcome {
    let rows: Vec<_> = [
        (doc! { "a": 2 }, 15975),
        (doc! { "a": 0 }, 15975),
        (doc! { "a": "asc" }, 15974),
        (doc! { "a": null }, 15974),
        (doc! { "a": true }, 15974),
        (doc! { "": 1 }, 40352),
        (doc! { "a..b": 1 }, 15998),
        (doc! { ".a": 1 }, 15998),
        (doc! { "a.": 1 }, 40353),
        (doc! { "$a": 1 }, 16410),
        (doc! { "a": { "b": 1 } }, 17312),
    ]
    .into_iter()
    .map(|(sort, code)| (doc! { "find": "missing", "sort": sort }, Refused(code)))
    .collect();
    check_commands(&db, &rows).await?;
    check_commands(&db, &[(doc! { "find": "c", "sort": 1 }, Refused(14))]).await
}

async fn symbols_in_arrays_do_not_sort_under_a_collation(db: Database) -> Outcome {
    let symbol = || Bson::Symbol("a".to_owned());
    let find = |collection: &str, sort: Document| {
        doc! { "find": collection, "sort": sort, "collation": { "locale": "en" } }
    };
    let insert = |collection: &str, doc: Document| {
        (doc! { "insert": collection, "documents": [doc] }, Has(doc! { "n": 1 }))
    };
    check_commands(
        &db,
        &[
            insert("plain", doc! { "a": symbol(), "b": { "c": symbol() }, "n": 1 }),
            (find("plain", doc! { "a": 1, "b.c": 1 }), Has(doc! { "ok": 1.0 })),
            (find("plain", doc! { "b": 1 }), Refused(201)),
            insert("array", doc! { "a": ["x", symbol()], "b": symbol(), "n": [1] }),
            (find("array", doc! { "a": 1 }), Refused(201)),
            (find("array", doc! { "b": 1, "n": 1 }), Refused(201)),
            (find("array", doc! { "n": 1 }), Has(doc! { "ok": 1.0 })),
        ],
    )
    .await
}
