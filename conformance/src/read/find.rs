//! `find`: what it takes beside the filter, and what its reply looks like.

use bson::{Document, doc};
use odm_core::{Database, Find, Hint, Sort};

use crate::case::{Failure, Outcome, cases};
use crate::check::{
    Answer, Is, Refused, check_commands, expect_code, expect_docs, expect_eq, filled, trees,
};

cases! { "read::find":
    skip_and_limit,
    one_and_none,
    stored_documents_come_back_to_the_byte,
    hints_are_obeyed_and_checked,
    single_batches_close_the_cursor,
    replies_have_the_servers_shape,
    malformed_requests_are_refused,
}

/// Documents with `_id` 1 to 5.
async fn five(db: &Database) -> Result<odm_core::Collection, Failure> {
    filled(db, &(1..=5).map(|id| doc! { "_id": id, "a": -id }).collect::<Vec<_>>()).await
}

async fn skip_and_limit(db: Database) -> Outcome {
    let collection = five(&db).await?;
    let rows: [(u64, u64, &[i32]); 6] = [
        (0, 0, &[1, 2, 3, 4, 5]),
        (0, 2, &[1, 2]),
        (3, 0, &[4, 5]),
        (1, 2, &[2, 3]),
        (4, 9, &[5]),
        (9, 1, &[]),
    ];
    for (skip, limit, ids) in rows {
        for (sort, reversed) in [(Sort::asc("_id"), false), (Sort::asc("a"), true)] {
            let find = Find { skip, limit, sort, ..Find::default() };
            let found = trees(&collection.execute(find).await?.collect().await?)?;
            let expected: Vec<Document> = ids
                .iter()
                .map(|id| if reversed { 6 - id } else { *id })
                .map(|id| doc! { "_id": id, "a": -id })
                .collect();
            expect_docs(&format!("skip {skip} limit {limit} {reversed}"), &found, &expected)?;
        }
    }
    Ok(())
}

async fn one_and_none(db: Database) -> Outcome {
    let collection = five(&db).await?;
    let found = collection.find_one(doc! { "a": { "$lt": -3 } }).await?;
    expect_docs("the first match", &Vec::from_iter(found), &[doc! { "_id": 4, "a": -4 }])?;
    expect_eq("no match", &collection.find_one(doc! { "a": 9 }).await?, &None)?;
    expect_eq("no collection", &db.collection("none").find_one(doc! {}).await?, &None)
}

async fn stored_documents_come_back_to_the_byte(db: Database) -> Outcome {
    let mut doc = doc! { "_id": 1 };
    for (number, value) in crate::value::one_of_each_type().into_iter().enumerate() {
        doc.insert(format!("field{number}"), value);
    }
    doc.extend(doc! {
        "array": [1, [2, [3, []]], { "": null }], "nan": f64::NAN, "minus zero": -0.0,
        "text": "\0 é 日本 😀", "dotted.name": 1, "uuid": crate::value::bin(4, &[7; 16]),
        "symbol": bson::Bson::Symbol("s".to_owned()), "undefined": bson::Bson::Undefined,
    });
    let docs = [doc];
    let found = filled(&db, &docs).await?.find_one(doc! { "_id": 1 }).await?;
    expect_docs("the document", &Vec::from_iter(found), &docs)
}

async fn hints_are_obeyed_and_checked(db: Database) -> Outcome {
    let collection = five(&db).await?;
    let index = doc! { "key": { "a": 1 }, "name": "by a" };
    db.run_command(doc! { "createIndexes": "c", "indexes": [index] }).await?;
    let ids = |hint: Hint| {
        let find = Find {
            filter: doc! { "_id": { "$gt": 3 } }.into(),
            hint: Some(hint),
            ..Find::default()
        };
        async { trees(&collection.execute(find).await?.collect().await?) }
    };
    let natural = [doc! { "_id": 4, "a": -4 }, doc! { "_id": 5, "a": -5 }];
    let by_a = [doc! { "_id": 5, "a": -5 }, doc! { "_id": 4, "a": -4 }];
    expect_docs("natural", &ids(Hint::Keys(doc! { "$natural": 1 })).await?, &natural)?;
    expect_docs("backwards", &ids(Hint::Keys(doc! { "$natural": -1 })).await?, &by_a)?;
    expect_docs("by name", &ids(Hint::from("by a")).await?, &by_a)?;
    expect_docs("by keys", &ids(Hint::Keys(doc! { "a": 1 })).await?, &by_a)?;
    expect_code("no such name", ids(Hint::from("b_1")).await, 2)?;
    expect_code("no such keys", ids(Hint::Keys(doc! { "a": -1 })).await, 2)?;
    Ok(())
}

async fn single_batches_close_the_cursor(db: Database) -> Outcome {
    five(&db).await?;
    let ns = format!("{}.c", db.name());
    let reply = |docs: &[i32]| -> Answer {
        let docs: Vec<_> = docs.iter().map(|id| doc! { "_id": id, "a": -id }).collect();
        Is(doc! { "cursor": { "firstBatch": docs, "id": 0_i64, "ns": &ns }, "ok": 1.0 })
    };
    check_commands(
        &db,
        &[
            (doc! { "find": "c", "batchSize": 2, "singleBatch": true }, reply(&[1, 2])),
            (doc! { "find": "c", "limit": 1, "singleBatch": true }, reply(&[1])),
        ],
    )
    .await
}

async fn replies_have_the_servers_shape(db: Database) -> Outcome {
    five(&db).await?;
    let name = db.name();
    check_commands(
        &db,
        &[
            (
                doc! { "find": "c", "filter": { "_id": 2 } },
                Is(doc! {
                    "cursor": { "firstBatch": [{ "_id": 2, "a": -2 }], "id": 0_i64, "ns": format!("{name}.c") },
                    "ok": 1.0,
                }),
            ),
            (
                doc! { "find": "missing" },
                Is(doc! {
                    "cursor": { "firstBatch": [], "id": 0_i64, "ns": format!("{name}.missing") },
                    "ok": 1.0,
                }),
            ),
            (
                doc! { "find": "c", "sort": { "a": 1 }, "limit": 1, "skip": 1, "projection": { "a": 1, "_id": 0 } },
                Is(doc! {
                    "cursor": { "firstBatch": [{ "a": -4 }], "id": 0_i64, "ns": format!("{name}.c") },
                    "ok": 1.0,
                }),
            ),
        ],
    )
    .await
}

async fn malformed_requests_are_refused(db: Database) -> Outcome {
    check_commands(
        &db,
        &[
            (doc! { "find": "c", "filter": 1 }, Refused(14)),
            (doc! { "find": "c", "limit": -1 }, Refused(51024)),
            (doc! { "find": "c", "skip": -1 }, Refused(51024)),
            (doc! { "find": "c", "batchSize": -1 }, Refused(51024)),
            (doc! { "find": "c", "limit": "1" }, Refused(14)),
            (doc! { "find": "c", "skip": {} }, Refused(14)),
            (doc! { "find": "c", "unknown": 1 }, Refused(40415)),
            (doc! { "find": "" }, Refused(73)),
            (doc! { "find": 1 }, Refused(2)),
            (doc! { "find": "$c" }, Refused(73)),
            (doc! { "find": "c", "hint": 1 }, Refused(9)),
            (doc! { "find": "c", "maxTimeMS": -1 }, Refused(2)),
            (doc! { "find": "c", "filter": { "a": { "$unknown": 1 } } }, Refused(2)),
        ],
    )
    .await
}
